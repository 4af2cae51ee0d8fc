"""The columns of the table of instances, and which attribute fills each."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.standard.dictionary import tag_of


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

GATHERED = (
    *COLUMNS,
    Column("PatientBirthDate", "passing"),
    Column("PatientAge", "passing"),
    Column("SeriesDate", "passing"),
    Column("AcquisitionDate", "passing"),
    Column("LongitudinalTemporalInformationModified", "passing"),
)
"""All that the walker gathers: the columns of the table, and what `auditor.people` looks at."""

COLUMN_OF_TAG = {tag_of(column.keyword): number for number, column in enumerate(GATHERED)}

COLUMN = {column.keyword: number for number, column in enumerate(GATHERED)}
"""Number of a column; those of the table come first."""
