"""SOP Classes and transfer syntaxes (PS3.4 B.5, PS3.6 A): names, IODs, families.

A family is what rules apply to. It goes by SOP Class, never by Modality, which any object
may carry.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from auditor.standard.tables import read_table

_STORAGE = "1.2.840.10008.5.1.4.1.1."


def _storage(*ends: str) -> frozenset[str]:
    return frozenset(_STORAGE + end for end in ends)


SEGMENTATION = _STORAGE + "66.4"
SURFACE_SEGMENTATION = _STORAGE + "66.5"
LABEL_MAP_SEGMENTATION = _STORAGE + "66.7"
HEIGHT_MAP_SEGMENTATION = _STORAGE + "66.8"
RT_IMAGE = _STORAGE + "481.1"
RT_DOSE = _STORAGE + "481.2"
RT_STRUCTURE_SET = _STORAGE + "481.3"
RT_PLAN = _STORAGE + "481.5"
RT_ION_PLAN = _STORAGE + "481.8"
KEY_OBJECT_SELECTION = _STORAGE + "88.59"
PARAMETRIC_MAP = _STORAGE + "30"
MICROSCOPY_BULK_SIMPLE_ANNOTATIONS = _STORAGE + "91.1"
MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"
"""The DICOMDIR of a file-set (PS3.3 F, PS3.10 8)."""

OF_NO_PATIENT = _storage("200.1", "200.3", "200.7", "201.1") | {
    *(f"1.2.840.10008.5.1.4.{end}.1" for end in (38, 39, 43, 44, 45)),
    MEDIA_STORAGE_DIRECTORY,
}
"""Protocols, palettes, templates of implants and the like, which have neither patient nor study
(PS3.4 GG), and the directory of a file-set."""

SEGMENTATIONS = frozenset(
    {SEGMENTATION, SURFACE_SEGMENTATION, LABEL_MAP_SEGMENTATION, HEIGHT_MAP_SEGMENTATION}
)

STRUCTURED_REPORTS = _storage(
    "79.1",  # Macular Grid Thickness and Volume Report: an SR in all but its number
    *(f"88.{end}" for end in (1, 2, 3, 4)),  # the retired trial classes
    *(f"88.{end}" for end in (11, 22, 33, 34, 35, 40, 50, 65, 67, 68, 69)),
    *(f"88.{end}" for end in (70, 71, 72, 73, 74, 75, 76, 77)),
)
"""Structured report documents (PS3.3 A.35), Key Object Selection apart."""

GREYS = {
    _STORAGE + "2": ("MONOCHROME1", "MONOCHROME2"),
    _STORAGE + "4": ("MONOCHROME1", "MONOCHROME2"),
    _STORAGE + "128": ("MONOCHROME2",),
    RT_DOSE: ("MONOCHROME2",),
}
"""Photometric Interpretations of CT, MR and PET images and doses, in any transfer syntax (PS3.3
C.8.2.1, C.8.3.1, C.8.9.4, C.8.8.3)."""

RADIOTHERAPY = _storage(*(f"481.{end}" for end in range(1, 26))) | {
    "1.2.840.10008.5.1.4.34.1",  # RT Beams Delivery Instruction - Trial, retired
    "1.2.840.10008.5.1.4.34.7",  # RT Beams Delivery Instruction
    "1.2.840.10008.5.1.4.34.10",  # RT Brachy Application Setup Delivery Instruction
}

RT_TREATMENT_RECORDS = _storage("481.4", "481.6", "481.7", "481.9")
"""Of beams, of brachytherapy, the summary, and of ion beams."""

RT_SECOND_GENERATION = _storage(*(f"481.{end}" for end in range(10, 26)))
"""From RT Physician Intent to RT Patient Position Acquisition Instruction (PS3.3 A.86)."""

PRESENTATION_STATES = _storage(*(f"11.{end}" for end in range(1, 13)), "9.100.1", "9.100.2")

VOLUMETRIC_PRESENTATION_STATES = _storage(*(f"11.{end}" for end in range(6, 12)))
"""Presentation states of volumes and of blended images, which list what they refer to by series."""

REGISTRATIONS = _storage("66.1", "66.3")

FIDUCIALS = _storage("66.2")

ANNOTATIONS = frozenset({MICROSCOPY_BULK_SIMPLE_ANNOTATIONS})

CT_IMAGES = _storage("2", "2.1", "2.2")
MR_IMAGES = _storage("4", "4.1", "4.3", "4.4")
PET_IMAGES = _storage("128", "130", "128.1")
"""Images of a modality: classic, enhanced, colour and legacy converted (PS3.4 B.5)."""

PROJECTIONS = _storage("1.1", "1.1.1", "1.2", "1.2.1", "1.3", "1.3.1", "481.1")
"""Images whose Patient Position may be another one in each (PS3.3 C.8.11.5, C.8.8.2)."""

PERFORMED_PROTOCOLS = _storage("200.2", "200.8")

ULTRASOUND = _storage("3", "3.1", "6", "6.1", "6.2")
SECONDARY_CAPTURE = _storage("7", "7.1", "7.2", "7.3", "7.4")
ANGIOGRAPHY = _storage("12.1", "12.1.1", "12.2", "12.2.1")
PHOTOGRAPHY = _storage("77.1.1", "77.1.1.1", "77.1.4", "77.1.4.1")
OFTEN_WITH_TEXT = ULTRASOUND | SECONDARY_CAPTURE | ANGIOGRAPHY | PHOTOGRAPHY
"""Images of kinds into which machines and people write text."""


IMAGES = _storage(
    *("1", "1.1", "1.1.1", "1.2", "1.2.1", "1.3", "1.3.1", "2", "2.1", "2.2", "3.1", "4", "4.1"),
    *("4.3", "4.4", "6.1", "6.2", "6.3", "7", "7.1", "7.2", "7.3", "7.4", "12.1", "12.1.1", "12.2"),
    *("12.2.1", "13.1.1", "13.1.2", "13.1.3", "13.1.4", "13.1.5", "14.1", "14.2", "20", "66.4"),
    *("66.7", "77.1.1", "77.1.1.1", "77.1.2", "77.1.2.1", "77.1.3", "77.1.4", "77.1.4.1"),
    *("77.1.5.1", "77.1.5.2", "77.1.5.4", "77.1.5.5", "77.1.5.6", "77.1.5.7", "77.1.5.8", "77.1.6"),
    *("77.1.7", "77.1.8", "77.1.9", "81.1", "82.1", "128", "128.1", "130", "481.1", "481.23"),
    "481.24",
)
"""Of whose IOD the Image Pixel Module is mandatory (PS3.3 A)."""

FUNCTIONAL_GROUPS = _storage(
    *("2.1", "2.2", "4.1", "4.2", "4.3", "4.4", "6.2", "6.3", "7.2", "7.3", "7.4", "12.1.1"),
    *("12.2.1", "13.1.1", "13.1.2", "13.1.3", "13.1.4", "13.1.5", "14.1", "14.2", "30", "66.4"),
    *("66.7", "66.8", "77.1.5.4", "77.1.5.8", "77.1.6", "77.1.8", "77.1.9", "128.1", "130"),
    "481.23",
)
"""Of whose IOD the Multi-frame Functional Groups Module is a part, one item a frame (PS3.3 A)."""

_SYNTAX = "1.2.840.10008.1.2"

NATIVE = frozenset(_SYNTAX + end for end in ("", ".1", ".1.99", ".2")) | {"1.2.840.10008.1.20"}
"""Transfer syntaxes in which pixel data is native (PS3.5 A.1, A.2, A.3, A.5)."""

ELSEWHERE = frozenset(_SYNTAX + end for end in (".4.94", ".4.95", ".4.204", ".4.205"))
"""Transfer syntaxes of which the pixel data is with a provider (PS3.5 A.6, A.7)."""

VIDEO = frozenset(
    f"{_SYNTAX}.4.{end}{kind}" for end in range(100, 107) for kind in ("", ".1")
) | frozenset(_SYNTAX + end for end in (".4.107", ".4.108"))
"""Transfer syntaxes in which frames are not encoded one by one (PS3.5 A.4.5 to A.4.7)."""

RLE = _SYNTAX + ".5"

_JPEG_LOSSY = (*range(50, 57), *range(59, 65))

LOSSY = {
    **dict.fromkeys((f"{_SYNTAX}.4.{end}" for end in _JPEG_LOSSY), "ISO_10918_1"),
    **{
        f"{_SYNTAX}.4.{end}{kind}": method
        for ends, method in (
            (range(100, 102), "ISO_13818_2"),
            (range(102, 107), "ISO_14496_10"),
        )
        for end in ends
        for kind in ("", ".1")
    },
    **dict.fromkeys((f"{_SYNTAX}.4.107", f"{_SYNTAX}.4.108"), "ISO_23008_2"),
}
"""Transfer syntaxes that nothing lossless is encoded in, with the defined term of their Lossy
Image Compression Method (PS3.3 C.7.6.1.1.5.1). JPEG 2000 and near-lossless JPEG-LS may be
used without loss."""

DEFLATED = frozenset(
    {"1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205"}
)
"""Transfer syntaxes of data sets that are deflated (PS3.5 A.5, and JPIP Referenced Deflate)."""


def encapsulates(syntax: str) -> bool:
    """Whether the pixel data of a registered transfer syntax is encapsulated (PS3.5 A.4)."""
    return (syntax.startswith((_SYNTAX + ".4.", _SYNTAX + ".8.")) and syntax not in ELSEWHERE) or (
        syntax in (RLE, _SYNTAX + ".1.98")
    )


def sop_class_name(uid: str) -> str:
    """Return the name in PS3.6 of a SOP Class, retired ones included; "" if unknown."""
    return _tables().sop_classes.get(uid, "")


def iod_of(uid: str) -> str:
    """Return the name of the IOD that PS3.3 defines for a SOP Class.

    "" for a retired, private or unknown SOP Class and for one that stores nothing.
    """
    return _tables().iods.get(uid, "")


def transfer_syntax_name(uid: str) -> str:
    """Return the name in PS3.6 of a transfer syntax, retired ones included; "" if unknown."""
    return _tables().transfer_syntaxes.get(uid, "")


class _Tables(NamedTuple):
    sop_classes: dict[str, str]
    iods: dict[str, str]
    transfer_syntaxes: dict[str, str]


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    tables = _Tables({}, {}, {})
    for line in read_table("uids.tsv.gz").split("\n"):
        kind, uid, name, iod = line.split("\t")
        if kind == "Transfer Syntax":
            tables.transfer_syntaxes[uid] = name
        else:
            tables.sop_classes[uid] = name
            if iod:
                tables.iods[uid] = iod
    return tables
