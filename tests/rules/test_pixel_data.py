"""Rules of pixel data: its length, its fragments, and what attributes say of it."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom.pixels.encoders.base import ENCODING_PROFILES

from auditor.model import Rule
from auditor.standard.iods import packaged_iods
from auditor.standard.sop_classes import (
    ELSEWHERE,
    IMAGES,
    LOSSY,
    NATIVE,
    RLE,
    VIDEO,
    encapsulates,
    transfer_syntax_name,
)
from tests.rules.cases import (
    PLANT,
    Case,
    each,
    fails,
    get_rule,
    not_applicable,
    not_evaluated,
    passes,
)

CT = "1.2.840.10008.5.1.4.1.1.2"
REPORT = "1.2.840.10008.5.1.4.1.1.88.11"
EXPLICIT = "1.2.840.10008.1.2.1"
BASELINE = "1.2.840.10008.1.2.4.50"
EXTENDED = "1.2.840.10008.1.2.4.51"
LOSSLESS = "1.2.840.10008.1.2.4.70"
JPEG_2000_LOSSLESS, JPEG_2000 = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"
MPEG2 = "1.2.840.10008.1.2.4.100"
JPIP = "1.2.840.10008.1.2.4.94"
PIXELS, BASIC = "(7FE0,0010)", {"BitsAllocated": 16, "BitsStored": 12, "HighBit": 11}

PET = "1.2.840.10008.5.1.4.1.1.128"
GREY: dict[str, Any] = {
    **BASIC,
    "PatientName": PLANT,
    "Rows": 3,
    "Columns": 5,
    "SamplesPerPixel": 1,
    "PhotometricInterpretation": "MONOCHROME2",
}
BYTES = {**GREY, "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
BITS = {**GREY, "BitsAllocated": 1, "BitsStored": 1, "HighBit": 0, "NumberOfFrames": "7"}
SUBSAMPLED = {
    **BYTES,
    "Columns": 6,
    "SamplesPerPixel": 3,
    "PhotometricInterpretation": "YBR_FULL_422",
}


def overlay(group: int = 0x6000, **changed: Any) -> dict[Any, Any]:
    made = {"rows": 8, "columns": 8, "bits": 1, "data": bytes(8), "frames": None, **changed}
    tags = {
        "rows": (0x10, "US"),
        "columns": (0x11, "US"),
        "frames": (0x15, "IS"),
        "bits": (0x100, "US"),
        "data": (0x3000, "OW"),
    }
    return {
        (group, tags[name][0]): (tags[name][1], value)
        for name, value in made.items()
        if value is not None
    }


ICON: dict[str, Any] = {
    "Rows": 3,
    "Columns": 4,
    "SamplesPerPixel": 1,
    "BitsAllocated": 8,
    "PixelData": bytes(12),
}
SHORT = ("the pixel data is shorter than rows, columns, frames, samples and bits ask for",)
LONG = ("the pixel data is longer than rows, columns, frames, samples and bits ask for",)


def native(length: int, kind: str = "native", syntax: str = EXPLICIT) -> dict[str, str]:
    return {"pixels": kind, "pixel_bytes": str(length), "syntax": syntax}


def encapsulated(fragments: int, offsets: int = 0, syntax: str = BASELINE) -> dict[str, str]:
    return {
        "pixels": "encapsulated",
        "fragments": str(fragments),
        "offsets": str(offsets),
        "syntax": syntax,
    }


NEITHER_LENGTH = (
    passes(GREY, file=native(30)),
    # 15 bytes, and one that makes their number even.
    passes(BYTES, file=native(16)),
    # 7 frames of 15 bits follow each other without a gap: 105 bits.
    passes(BITS, file=native(14)),
    # For each two pixels two Y, one CB and one CR: 3 x 6 x 2 bytes.
    passes(SUBSAMPLED, file=native(36)),
    passes({**GREY, "NumberOfFrames": "4"}, file=native(120)),
    passes({**GREY, "NumberOfFrames": ""}, file=native(30)),
    passes(GREY, file=native(60, "float")),
    passes(GREY, file=native(120, "double")),
    # Without file meta information nobody knows the syntax; the length is what it is.
    passes(GREY, file=native(30, syntax="")),
    not_evaluated({**GREY, (0x0028, 0x0008): ("CS", PLANT)}, file=native(30)),
    not_evaluated({**GREY, "NumberOfFrames": "0"}, file=native(30)),
    not_evaluated({"Rows": 3}, file=native(30)),
    # Twelve bits in twelve, of the editions before 2014.
    not_evaluated({**GREY, "BitsAllocated": 12}, file=native(30)),
    not_evaluated(GREY, file={**native(30), "complete": "header"}),
    not_applicable(GREY, file=encapsulated(1)),
    not_applicable(GREY),
    # FILE024 says that it should not be native.
    not_applicable(GREY, file=native(30, syntax=BASELINE)),
)

CASES = {
    "FILE021": (
        *NEITHER_LENGTH,
        fails(GREY, file=native(29), at=[PIXELS], says=SHORT),
        fails(BYTES, file=native(14), at=[PIXELS]),
        fails(BITS, file=native(13), at=[PIXELS]),
        fails(SUBSAMPLED, file=native(35), at=[PIXELS]),
        fails({**GREY, "SamplesPerPixel": 3}, file=native(30), at=[PIXELS]),
        fails({**GREY, "NumberOfFrames": "2"}, file=native(30), at=[PIXELS]),
        fails(GREY, file=native(59, "float"), at=["(7FE0,0008)"]),
        fails(GREY, file=native(118, "double"), at=["(7FE0,0009)"]),
        passes(GREY, file=native(32)),
    ),
    "FILE022": (
        *NEITHER_LENGTH,
        fails(GREY, file=native(32), at=[PIXELS], says=LONG),
        fails(BYTES, file=native(18), at=[PIXELS]),
        fails(SUBSAMPLED, file=native(54), at=[PIXELS]),
        passes(GREY, file=native(28)),
    ),
    "FILE023": (
        passes({"NumberOfFrames": "2"}, file=encapsulated(2)),
        passes({"NumberOfFrames": "2"}, file=encapsulated(2, 8)),
        # A frame may be in several fragments, except in RLE.
        passes({}, file=encapsulated(5)),
        passes({}, file=encapsulated(5, 4)),
        fails({}, file=encapsulated(5, syntax=RLE), at=[PIXELS]),
        fails(
            {"NumberOfFrames": "3"},
            file=encapsulated(2),
            at=[PIXELS],
            says=("there are fewer fragments than frames",),
        ),
        fails({}, file=encapsulated(0), at=[PIXELS]),
        fails(
            {"NumberOfFrames": "2"},
            file=encapsulated(2, 4),
            at=[PIXELS],
            says=("the Basic Offset Table has not one entry for each frame",),
        ),
        passes({(0x7FE0, 0x0001): ("OV", bytes(8))}, file=encapsulated(1)),
        fails({(0x7FE0, 0x0001): ("OV", bytes(16))}, file=encapsulated(1), at=["(7FE0,0001)"]),
        fails({(0x7FE0, 0x0001): ("OV", bytes(10))}, file=encapsulated(1), at=["(7FE0,0001)"]),
        not_evaluated({(0x0028, 0x0008): ("CS", PLANT)}, file=encapsulated(1)),
        not_evaluated({}, file={"pixels": "encapsulated", "syntax": BASELINE}),
        not_applicable({"NumberOfFrames": "90"}, file=encapsulated(1, syntax=MPEG2)),
        not_applicable({}, file=native(2)),
    ),
    "FILE024": (
        passes(file=native(2)),
        passes(file=native(2, syntax=JPIP)),
        passes(file=encapsulated(1)),
        passes(file=encapsulated(1, syntax="1.2.840.10008.1.2.1.98")),
        fails(file=encapsulated(1, syntax=EXPLICIT), at=[PIXELS]),
        fails(file=native(2, syntax=BASELINE), at=[PIXELS]),
        fails(file=native(2, "float", syntax=RLE), at=["(7FE0,0008)"]),
        not_applicable(),
        not_applicable(file=native(2, syntax="unknown")),
        not_applicable(file=native(2, syntax="")),
    ),
    "FILE026": (
        passes(file={**encapsulated(1), "pixel_vr": "OB"}),
        fails(
            file={**encapsulated(1), "pixel_vr": "OW"},
            at=[PIXELS],
            says=("encapsulated pixel data has VR OW",),
        ),
        # Nobody wrote one.
        not_applicable(file=encapsulated(1)),
        not_applicable(file=native(2)),
    ),
    "FILE027": (
        passes({"PatientName": PLANT, **overlay()}),
        passes(overlay(data=bytes(10))),
        passes(overlay(rows=16, frames="4", data=bytes(64))),
        passes({"IconImageSequence": [ICON]}),
        fails(
            {"PatientName": PLANT, **overlay(data=bytes(6))},
            at=["(6000,3000)"],
            says=("the overlay is shorter than its rows and columns ask for",),
        ),
        fails({**overlay(), **overlay(0x601E, frames="2")}, at=["(601E,3000)"]),
        fails(
            {"IconImageSequence": [{**ICON, "PixelData": bytes(8)}]},
            at=["(0088,0200)/(7FE0,0010)"],
            says=("the icon is shorter than its rows and columns ask for",),
        ),
        not_evaluated(overlay(columns=None)),
        not_evaluated({"IconImageSequence": [ICON, {**ICON, "Rows": 2}]}),
        not_applicable(GREY),
        # In the unused bits of the pixels, as old editions had it.
        not_applicable(overlay(bits=16, data=None)),
    ),
    "FILE025": (
        passes({"SOPClassUID": CT}, file=native(2)),
        passes({"SOPClassUID": CT}, file=native(2, "float")),
        fails({"SOPClassUID": CT}, at=[PIXELS], says=("an image without pixel data",)),
        # A dose is an image where it has rows.
        fails({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.481.2", "Rows": 2}, at=[PIXELS]),
        not_applicable({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.481.2"}),
        passes({"SOPClassUID": CT}, file={"syntax": JPIP}),
        passes({"SOPClassUID": CT, "PixelDataProviderURL": "http://zoo"}),
        not_applicable({"SOPClassUID": REPORT}),
        # Nobody but its maker knows what a private class has.
        not_applicable({"SOPClassUID": "1.2.3", "Rows": 2}),
        # The break may have been before the pixel data.
        not_evaluated({"SOPClassUID": CT}, file={"complete": "header"}),
    ),
    "IOD021": (
        passes(GREY),
        passes(SUBSAMPLED),
        passes({**GREY, "PhotometricInterpretation": PLANT, "SamplesPerPixel": 7}),
        fails({**GREY, "SamplesPerPixel": 3}, at=["(0028,0002)"]),
        fails({**GREY, "PhotometricInterpretation": "RGB"}, at=["(0028,0002)"]),
        fails({**SUBSAMPLED, "PlanarConfiguration": 1}, at=["(0028,0006)"]),
        fails({**GREY, "PlanarConfiguration": 2}, at=["(0028,0006)"]),
        fails({**GREY, "PixelRepresentation": 2}, at=["(0028,0103)"]),
        fails({**GREY, "BitsStored": 17}, at=["(0028,0101)"]),
        fails({**GREY, "HighBit": 9}, at=["(0028,0102)"]),
        fails({**GREY, "HighBit": 16}, at=["(0028,0102)"]),
        passes({**GREY, "HighBit": 15}),
        passes({**GREY, "SOPClassUID": CT}),
        passes({**GREY, "SOPClassUID": PET}),
        fails(
            {**GREY, "SOPClassUID": CT, "PhotometricInterpretation": "MONOCROME2"},
            at=["(0028,0004)"],
        ),
        fails(
            {**GREY, "SOPClassUID": PET, "PhotometricInterpretation": "MONOCHROME1"},
            at=["(0028,0004)"],
        ),
        not_applicable({"SamplesPerPixel": 3, "PhotometricInterpretation": "MONOCHROME2"}),
    ),
    "IOD022": (
        passes(GREY),
        passes(BITS),
        fails({**GREY, "HighBit": 15}, at=["(0028,0102)"]),
        # What no edition allowed is a contradiction: IOD021.
        passes({**GREY, "HighBit": 9}),
        passes({**GREY, "HighBit": 16}),
        passes({**GREY, "BitsStored": 17}),
        fails({**GREY, "BitsAllocated": 12}, at=["(0028,0100)"]),
        not_applicable({"HighBit": 3, "BitsStored": 1}),
    ),
    "IOD023": (
        passes(BYTES, file=encapsulated(1)),
        passes({**BYTES, "PhotometricInterpretation": "RGB"}, file=encapsulated(1)),
        fails(
            {**BYTES, "PhotometricInterpretation": "YBR_FULL"},
            file=encapsulated(1),
            at=["(0028,0004)"],
            says=("the transfer syntax does not have this Photometric Interpretation",),
        ),
        fails(GREY, file=encapsulated(1), at=["(0028,0100)"]),
        passes(GREY, file=encapsulated(1, syntax=EXTENDED)),
        fails(
            {**GREY, "BitsStored": 13}, file=encapsulated(1, syntax=EXTENDED), at=["(0028,0101)"]
        ),
        passes(GREY, file=encapsulated(1, syntax=LOSSLESS)),
        passes(GREY, file=native(30)),
        passes(
            {**BYTES, "PhotometricInterpretation": "YBR_ICT"},
            file=encapsulated(1, syntax=JPEG_2000),
        ),
        fails(
            {**BYTES, "PhotometricInterpretation": "YBR_ICT"}, file=native(15), at=["(0028,0004)"]
        ),
        # Binary segmentations: one bit, and grey.
        passes(BITS, file=encapsulated(7, syntax=RLE)),
        passes(BITS, file=encapsulated(7, syntax=JPEG_2000_LOSSLESS)),
        passes(BITS, file=encapsulated(7, syntax=JPEG_2000)),
        fails(
            {**BITS, "PhotometricInterpretation": "RGB"},
            file=encapsulated(7, syntax=RLE),
            at=["(0028,0100)"],
        ),
        fails(BITS, file=encapsulated(7, syntax=LOSSLESS), at=["(0028,0100)"]),
        not_applicable({}, file=encapsulated(1)),
        not_applicable(GREY, file=encapsulated(1, syntax=MPEG2)),
        not_applicable(GREY),
    ),
    "IOD024": (
        passes({"LossyImageCompression": "01"}, file=encapsulated(1)),
        passes({}, file=encapsulated(1)),
        fails({"LossyImageCompression": "00"}, file=encapsulated(1), at=["(0028,2110)"]),
        passes({"LossyImageCompressionMethod": "ISO_10918_1"}, file=encapsulated(1)),
        passes(
            {"LossyImageCompressionMethod": ["ISO_15444_1", "ISO_10918_1"]}, file=encapsulated(1)
        ),
        fails({"LossyImageCompressionMethod": PLANT}, file=encapsulated(1), at=["(0028,2114)"]),
        fails(
            {"LossyImageCompressionMethod": "ISO_10918_1"},
            file=encapsulated(1, syntax=MPEG2),
            at=["(0028,2114)"],
        ),
        # It may have been used without loss.
        not_applicable({"LossyImageCompression": "00"}, file=encapsulated(1, syntax=JPEG_2000)),
        not_applicable({"LossyImageCompression": "00"}, file=native(2, syntax=BASELINE)),
    ),
    "IOD025": (
        passes({"LossyImageCompression": "01"}, file=encapsulated(1)),
        fails({}, file=encapsulated(1), at=["(0028,2110)"]),
        # FILE024: nothing is compressed there.
        not_applicable({}, file=native(2, syntax=BASELINE)),
        # Once lost, lost for ever: also where it was decompressed.
        fails({"LossyImageCompressionRatio": "10"}, at=["(0028,2110)"]),
        fails(
            {"LossyImageCompression": "00", "LossyImageCompressionMethod": "ISO_10918_1"},
            at=["(0028,2110)"],
        ),
        passes(
            {
                "LossyImageCompression": "01",
                "LossyImageCompressionRatio": ["10", "2"],
                "LossyImageCompressionMethod": ["ISO_10918_1", "ISO_10918_1"],
            }
        ),
        fails(
            {
                "LossyImageCompression": "01",
                "LossyImageCompressionRatio": "10",
                "LossyImageCompressionMethod": ["ISO_10918_1", "ISO_10918_1"],
            },
            at=["(0028,2112)"],
        ),
        not_applicable({"LossyImageCompression": "00"}),
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


@pytest.mark.parametrize("rule", [get_rule("FILE021"), get_rule("FILE022")], ids=lambda r: r.id)
@pytest.mark.parametrize("rows", ["65535", "2147483647"])
def test_numbers_of_any_size_make_no_rule_raise(rule: Rule, rows: str) -> None:
    huge = {**GREY, "NumberOfFrames": rows}
    assert passes(huge, file=native(2)).ask(rule).outcome.value in ("fail", "pass", "not_evaluated")


def test_images_are_those_of_the_table() -> None:
    table = packaged_iods()
    mandatory = {
        uid
        for uid, iod in table.iods.items()
        for module in iod["modules"].values()
        if module["ref"] == "C.7.6.3" and module["use"] == "M"
    }
    assert mandatory == IMAGES


def test_syntaxes_are_of_the_standard_and_of_one_kind() -> None:
    for uid in (*NATIVE, *ELSEWHERE, *VIDEO, *LOSSY, RLE):
        assert transfer_syntax_name(uid), uid
    for uid in (*VIDEO, *LOSSY, RLE):
        assert encapsulates(uid)
    for uid in NATIVE | ELSEWHERE:
        assert not encapsulates(uid)


@pytest.mark.parametrize("syntax", sorted(ENCODING_PROFILES))
def test_what_pydicom_can_encode_is_allowed(syntax: str) -> None:
    """pydicom has the same tables of PS3.5 8.2; nothing in them may be reported."""
    rule = get_rule("IOD023")
    for interpretation, samples, _, allocated, stored in ENCODING_PROFILES[syntax]:  # type: ignore[index]
        for each_allocated in allocated:
            for each_stored in stored:
                if each_stored <= each_allocated:
                    shown = {
                        "PhotometricInterpretation": interpretation,
                        "SamplesPerPixel": samples,
                        "BitsAllocated": each_allocated,
                        "BitsStored": each_stored,
                    }
                    case = passes(shown, file=encapsulated(1, syntax=syntax))
                    assert case.ask(rule).outcome is case.outcome, shown
