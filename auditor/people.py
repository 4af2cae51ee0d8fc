"""Who and when: what collection rules compare of patients, and no audit keeps.

A row stands for all objects of one patient, study and series that say the same of sex, age and
dates. Names and IDs are keyed hashes. Dates are days since a day that only the audit's key
knows: intervals and days of the week are true, and no date can be told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from operator import itemgetter

from auditor.identifiers import stands_for_nobody
from auditor.reading.columns import COLUMN
from auditor.redaction import Hasher, coded
from auditor.standard.sop_classes import OF_NO_PATIENT

PEOPLE: tuple[tuple[str, str], ...] = (
    ("PatientID", "uint64"),
    ("PatientName", "uint64"),
    ("PatientSex", "string"),
    ("BodyPartExamined", "string"),
    ("StudyInstanceUID", "uint64"),
    ("SeriesInstanceUID", "uint64"),
    ("FrameOfReferenceUID", "uint64"),
    ("LongitudinalTemporalInformationModified", "string"),
    ("birth", "int64"),
    ("age", "int64"),
    ("study", "int64"),
    ("series", "int64"),
    ("acquisition", "int64"),
    ("path", "string"),
)
"""Columns of the table of people. Age is in days; the names in lower case are dates.

Null is what an object does not say, or says with a dummy: a name that stands for nobody, the
first of January, a frame of reference that the standard registers. Rows without a Patient ID are
of patients of whom nobody knows who they are.
"""

PersonRow = tuple[int | str | None, ...]
"""A row without its path."""

PEOPLE_LIMIT = 1_000_000
"""Rows of one collection; more do not fit what an audit may take of memory."""

_READ = tuple(
    COLUMN[keyword]
    for keyword in (
        "PatientID",
        "PatientName",
        "PatientSex",
        "BodyPartExamined",
        "StudyInstanceUID",
        "SeriesInstanceUID",
        "FrameOfReferenceUID",
        "LongitudinalTemporalInformationModified",
        "PatientBirthDate",
        "PatientAge",
        "StudyDate",
        "SeriesDate",
        "AcquisitionDate",
    )
)
_read = itemgetter(*_READ)
_SOP_CLASS = COLUMN["SOPClassUID"]

_AGE = re.compile(rb"([0-9]{3})([DWMY])")
_DAYS = {b"D": 1.0, b"W": 7.0, b"M": 30.4375, b"Y": 365.25}
_DATES = ("UNMODIFIED", "MODIFIED", "REMOVED")
_REGISTERED = b"1.2.840.10008."
"""Root of the UIDs that the standard registers: a frame of reference of an atlas is nobody's."""


class People:
    """Makes rows of raw values, each distinct combination once.

    Parameters
    ----------
    hasher
        Of names and IDs; the day that dates are counted from follows from its key.
    """

    def __init__(self, hasher: Hasher) -> None:
        self._hash = hasher
        # Whole weeks: a rule may look at the day of the week.
        self._start = hasher(b"the day that dates are counted from") % 1_000_000 * 7
        self._known: dict[tuple[bytes | None, ...], PersonRow] = {}

    def add(self, columns: list[bytes | None], path: str, rows: dict[PersonRow, str]) -> None:
        """Add what one object says to rows, unless they have it.

        Parameters
        ----------
        columns
            Raw values, by `auditor.reading.columns.GATHERED`.
        path
            Of the file in its collection.
        rows
            Each with the smallest path at which it was seen.
        """
        key = _read(columns)
        row = self._known.get(key)
        if row is None:
            if len(self._known) > 4096:
                self._known.clear()
            row = self._known[key] = self._row(*key)
        if row[0] is None and _text(columns[_SOP_CLASS]) in OF_NO_PATIENT:
            return
        if row not in rows or path < rows[row]:
            rows[row] = path

    def _row(
        self,
        patient: bytes | None,
        name: bytes | None,
        sex: bytes | None,
        part: bytes | None,
        study: bytes | None,
        series: bytes | None,
        frame: bytes | None,
        modified: bytes | None,
        birth: bytes | None,
        age: bytes | None,
        *dates: bytes | None,
    ) -> PersonRow:
        registered = frame is not None and frame.startswith(_REGISTERED)
        said = _text(modified)
        return (
            self._hashed(patient),
            # A text in any character set: only that it stands for somebody matters here.
            None if stands_for_nobody(_text(name)) else self._hashed(name),
            coded("PatientSex", _text(sex)),
            coded("BodyPartExamined", _text(part)),
            self._hashed(study),
            self._hashed(series),
            None if registered else self._hashed(frame),
            said if said in _DATES else "",
            self._day(birth),
            _age(age),
            *map(self._day, dates),
        )

    def _hashed(self, value: bytes | None) -> int | None:
        return self._hash(value) if value and value.strip(b" \0") else None

    def _day(self, value: bytes | None) -> int | None:
        text = _text(value).replace(".", "")
        # What dummies are made of, as rules/confidentiality.py has it.
        if len(text) != 8 or not text.isdecimal() or text.endswith("0101"):
            return None
        try:
            day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
        except ValueError:
            return None
        return day.toordinal() + self._start if 1880 <= day.year <= 2099 else None


def merge_people(rows: dict[PersonRow, str], more: Mapping[PersonRow, str]) -> None:
    """Add rows that were made elsewhere, up to `PEOPLE_LIMIT`."""
    for row, path in more.items():
        if row in rows:
            rows[row] = min(rows[row], path)
        elif len(rows) < PEOPLE_LIMIT:
            rows[row] = path


def _text(value: bytes | None) -> str:
    return (value or b"").decode("latin-1").strip(" \0")


def _age(value: bytes | None) -> int | None:
    """Return an age (AS, PS3.5 6.2) in days, None for none."""
    match = _AGE.fullmatch((value or b"").strip(b" \0"))
    return round(int(match[1]) * _DAYS[match[2]]) if match else None
