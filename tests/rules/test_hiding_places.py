"""Rules of where an identity hides in a file: elsewhere than in what is cleaned."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.data import get_testdata_file

from auditor.planning import RulesPlan
from auditor.reading.places import Forest
from auditor.reading.reader import FileFacts, Reader
from tests.rules.cases import (
    CUT_SHORT,
    PLANT,
    Case,
    Cases,
    all_rules,
    each,
    fails,
    not_applicable,
    not_evaluated,
    passes,
)

CODES = "DeidentificationMethodCodeSequence"
CLAIM = {"PatientIdentityRemoved": "YES"}
CDA = "1.2.840.10008.5.1.4.1.1.104.2"
SOURCE = (0x0002, 0x0016)
OVERLAY = {(0x6002, 0x0010): ("US", 16), (0x6002, 0x0011): ("US", 16)}
PADDING = (0xFFFC, 0xFFFC)


def document(content: bytes) -> dict[Any, Any]:
    return {**CLAIM, (0x0042, 0x0011): ("OB", content + b"\0" * (len(content) % 2))}


def option(code: str) -> dict[str, Any]:
    return {CODES: [{"CodeValue": code}]}


CASES: Cases = {
    "FILE020": (
        passes(),
        passes(file={"trailing": "zeros"}),
        fails(file={"trailing": "other"}),
        fails(file={"trailing": "text"}, says=("bytes behind the pixel data that are no element",)),
    ),
    "DEID461": (
        passes({"PatientName": PLANT}),
        passes(file={"trailing": "other"}),
        fails(file={"trailing": "text"}, says=("readable text behind the pixel data",)),
        passes({PADDING: ("OB", bytes(64) + b"  12345678  ")}),
        fails(
            {PADDING: ("OB", bytes(64) + PLANT.encode())},
            at=["(FFFC,FFFC)"],
            says=("the padding holds readable text",),
        ),
        CUT_SHORT,
    ),
    "DEID462": (
        passes({**CLAIM, SOURCE: ("AE", "DCMTK_STORESCU")}),
        passes({**CLAIM, SOURCE: ("AE", "SIEMENS_CT")}),
        passes({**CLAIM, SOURCE: ("AE", "")}),
        fails(
            {**CLAIM, SOURCE: ("AE", "QUAGGA_CT1")},
            at=["(0002,0016)"],
            says=("an AE title that names no known software",),
        ),
        not_applicable({SOURCE: ("AE", "QUAGGA_CT1")}),
        CUT_SHORT,
    ),
    "DEID463": (
        passes({**CLAIM, "PatientName": PLANT}),
        fails({**CLAIM, (0x0002, 0x0102): ("OB", PLANT.encode())}, at=["(0002,0102)"]),
        not_applicable({(0x0002, 0x0102): ("OB", PLANT.encode())}),
        CUT_SHORT,
    ),
    "DEID464": (
        fails(
            OVERLAY,
            at=["(6002,3000)"],
            says=("an overlay, and no method code says that graphics were cleaned",),
        ),
        # Without its size, and with all of it.
        fails({(0x6000, 0x3000): ("OB", b"\1\2")}, at=["(6000,3000)"]),
        fails({**OVERLAY, (0x6002, 0x3000): ("OB", b"\1\2")}, at=["(6002,3000)"]),
        passes({**OVERLAY, **option("113103")}),
        fails({**OVERLAY, **option("113101")}, at=["(6002,3000)"]),
        fails(
            {"IconImageSequence": [{"Rows": 64}]},
            at=["(0088,0200)"],
            says=("an icon, and no method code says that pixels were cleaned",),
        ),
        passes({"IconImageSequence": [{"Rows": 64}], **option("113101")}),
        # At any depth, as in a DICOMDIR.
        fails(
            {"DirectoryRecordSequence": [{"IconImageSequence": [{"Rows": 64}]}]},
            at=["(0004,1220)/(0088,0200)"],
        ),
        not_applicable({"Rows": 64, "PatientName": PLANT}),
        CUT_SHORT,
    ),
    "DEID466": (
        passes(document(b"%PDF-1.4 stream\nBT (Nothing to report) Tj ET endstream")),
        fails(
            document(
                b"%PDF-1.4 stream\nBT [(Seen by D) -20 (r. Qu) -7 (agga)] TJ ET endstream",
            ),
            at=["(0042,0011)"],
            says=["a document holds what looks like a person's name"],
        ),
        fails(document(b"<a><b>MRN</b> <i>4711082</i></a>"), at=["(0042,0011)"]),
        # A scan has no text, and nothing says that nobody's name is in the picture.
        not_evaluated(document(b"%PDF-1.4 stream\n\xff\xd8\xff endstream")),
        not_applicable(document(b"")),
        not_applicable({**document(b"MRN 4711082"), "PatientIdentityRemoved": "NO"}),
        CUT_SHORT,
    ),
    "DEID465": (
        passes({**CLAIM, "SOPClassUID": CDA, "MIMETypeOfEncapsulatedDocument": "text/plain"}),
        fails(
            {**CLAIM, "SOPClassUID": CDA, "MIMETypeOfEncapsulatedDocument": "text/XML"},
            at=["(0042,0011)"],
        ),
        not_applicable({"SOPClassUID": CDA, "MIMETypeOfEncapsulatedDocument": "text/XML"}),
        not_applicable({**CLAIM, "MIMETypeOfEncapsulatedDocument": "text/XML"}),
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


def facts_of(path: Path, content: bytes) -> FileFacts:
    path.write_bytes(content)
    rules = all_rules()
    reader = Reader(Forest(lambda uid: RulesPlan(uid, rules.rules[:0], rules.judges)))
    facts = reader.read(str(path)).facts
    assert facts is not None
    return facts


def bundled(name: str) -> bytes:
    return Path(str(get_testdata_file(name))).read_bytes()


def longer_than_the_head(name: str) -> bytes:
    """Return a file whose pixel data ends behind what is read first."""
    dataset = pydicom.dcmread(str(get_testdata_file(name)))
    dataset.Rows, dataset.Columns, dataset.PixelData = 512, 512, bytes(512 * 512 * 2)
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


CONTENTS: list[Callable[[], bytes]] = [
    lambda: bundled("CT_small.dcm"),  # with padding
    lambda: bundled("MR_small_implicit.dcm"),
    lambda: bundled("MR_small_RLE.dcm"),
    lambda: bundled("JPEG2000.dcm"),
    lambda: bundled("rtdose.dcm"),
    lambda: longer_than_the_head("MR_small.dcm"),
]


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize(
    ("behind", "said"),
    [
        (b"", ""),
        (bytes(1), "zeros"),
        (bytes(512), "zeros"),
        (b"\r\n", "zeros"),
        (b"Quagga Zelda, MRN 7041385, exported", "text"),
        (b"\x01\x02\x99\xfe" * 40, "other"),
    ],
)
def test_what_stands_behind_the_pixel_data(
    tmp_path: Path, content: Callable[[], bytes], behind: bytes, said: str
) -> None:
    facts = facts_of(tmp_path / "a.dcm", content() + behind)
    assert facts.trailing == said
    assert facts.complete == "yes"
    assert not facts.surprise


def test_an_element_that_breaks_off_is_not_taken_for_what_stands_behind(tmp_path: Path) -> None:
    padded = bundled("MR_small_implicit.dcm") + b"\xfc\xff\xfc\xff\x10\x00\x00\x00abc"
    facts = facts_of(tmp_path / "a.dcm", padded)
    assert (facts.complete, facts.trailing) == ("header", "")


def test_small_pixel_data_that_is_the_same_in_each_file(tmp_path: Path) -> None:
    """A run of unchanged elements must not hide where the pixel data ends."""
    dataset = pydicom.dcmread(str(get_testdata_file("MR_small.dcm")))
    dataset.Rows = dataset.Columns = 4
    dataset.PixelData = bytes(32)
    rules = all_rules()
    reader = Reader(Forest(lambda uid: RulesPlan(uid, rules.rules[:0], rules.judges)))
    for number in range(6):
        path = tmp_path / f"{number}.dcm"
        dataset.save_as(path)
        path.write_bytes(path.read_bytes() + b"Quagga was here")
        facts = reader.read(str(path)).facts
        assert facts is not None
        assert facts.trailing == "text"
