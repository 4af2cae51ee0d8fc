"""The columns of the tables of instances and entities, and which attribute fills each."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter

from auditor.reading.places import decode
from auditor.standard import entities
from auditor.standard.dictionary import tag_of, vr_of


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table of instances.

    Attributes
    ----------
    keyword
        Attribute of the data set's top level, or of the file meta information.
    form
        How the value is written: ``hash`` (keyed, 64 bits), ``uid`` (shown if the standard
        registers it), ``code`` (shown if it is in a known vocabulary), ``vendor`` and ``model``
        (likewise), ``year`` (of a date, nothing else of it), ``binary`` (a number of 16 bits),
        ``count`` (a decimal number, shown if it is small enough to be a count and no record
        number), ``decimals`` (numbers that can be coordinates), ``passing`` (in no table).
    """

    keyword: str
    form: str


COLUMNS = (
    Column("TransferSyntaxUID", "uid"),
    Column("MediaStorageSOPClassUID", "uid"),
    Column("MediaStorageSOPInstanceUID", "hash"),
    Column("SOPClassUID", "uid"),
    Column("SOPInstanceUID", "hash"),
    Column("SeriesInstanceUID", "hash"),
    Column("StudyInstanceUID", "hash"),
    Column("PatientID", "hash"),
    Column("PatientName", "hash"),
    Column("FrameOfReferenceUID", "hash"),
    Column("Modality", "code"),
    Column("Manufacturer", "vendor"),
    Column("ManufacturerModelName", "model"),
    Column("StudyDate", "year"),
    Column("BodyPartExamined", "code"),
    Column("PatientSex", "code"),
    Column("PatientIdentityRemoved", "code"),
    Column("BurnedInAnnotation", "code"),
    Column("Rows", "binary"),
    Column("Columns", "binary"),
    Column("NumberOfFrames", "count"),
    Column("ImagePositionPatient", "decimals"),
    Column("ImageOrientationPatient", "decimals"),
    Column("PixelSpacing", "decimals"),
    Column("SliceThickness", "decimals"),
)

ENTITY_IDS = (
    "PatientID",
    "IssuerOfPatientID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
)
"""What tells patients, studies, series and frames of reference apart."""

ENTITY_ATTRIBUTES = (
    *entities.PATIENT,
    *entities.STUDY,
    *entities.SERIES,
    *entities.EQUIPMENT,
    *entities.FRAME_OF_REFERENCE,
)
"""Columns of the table of entities, in their order."""

_PASSING = dict.fromkeys(
    (
        *("PatientBirthDate", "PatientAge", "SeriesDate", "AcquisitionDate"),
        "LongitudinalTemporalInformationModified",
        "SpecificCharacterSet",
        *ENTITY_IDS,
        *ENTITY_ATTRIBUTES,
    )
)

GATHERED = (
    *COLUMNS,
    *(
        Column(keyword, "passing")
        for keyword in _PASSING
        if keyword not in {column.keyword for column in COLUMNS}
    ),
)
"""All that the walker gathers: the columns of the table, what `auditor.people` looks at, and the
table of entities."""

COLUMN_OF_TAG = {tag_of(column.keyword): number for number, column in enumerate(GATHERED)}

COLUMN = {column.keyword: number for number, column in enumerate(GATHERED)}
"""Number of a column; those of the table come first."""

CHARACTER_SET = COLUMN["SpecificCharacterSet"]
ENTITY_ID_NUMBERS = tuple(COLUMN[keyword] for keyword in ENTITY_IDS)
ENTITY_NUMBERS = tuple(COLUMN[keyword] for keyword in ENTITY_ATTRIBUTES)

_KEYS = (COLUMN["SOPClassUID"], *ENTITY_ID_NUMBERS, *ENTITY_NUMBERS)

entity_key = itemgetter(CHARACTER_SET, *_KEYS)
"""Of the raw values of a file, those that its row in the table of entities depends on."""


def plain(keyword: str, value: bytes, encodings: tuple[str, ...]) -> bytes:
    """Return a value as it is compared: two spellings of one value are equal (PS3.5 6.2).

    Padding, zeros at the end of a fraction and empty components of a name say nothing.

    Parameters
    ----------
    keyword
        Of `ENTITY_ATTRIBUTES`, by which PS3.6 knows the VR.
    value
        The element's bytes, padding included.
    encodings
        Defined terms of Specific Character Set of the data set.
    """
    vr = vr_of(tag_of(keyword))
    if vr in ("FD", "US", "US or SS"):
        return value
    text = decode(value, encodings).strip()
    parts = [text] if vr in ("ST", "LT", "UT") else text.split("\\")
    return "\\".join(_plain(vr, part.strip(" ")) for part in parts).encode("utf-8", "replace")


def _plain(vr: str, text: str) -> str:
    if vr == "PN":
        return "=".join(group.rstrip("^ ") for group in text.split("=")).rstrip("=")
    if vr == "TM" and "." in text:
        return text.rstrip("0").rstrip(".")
    if vr in ("DS", "IS"):
        try:
            return repr(float(text))
        except ValueError:
            return text
    return text
