"""The audit folder: Parquet tables and a manifest. Writes only inside it."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.files import read_text, replace_text
from auditor.packing import Columns, pack, unpack
from auditor.people import PEOPLE
from auditor.reading.columns import COLUMNS, ENTITY_ATTRIBUTES, ENTITY_IDS
from auditor.sources import printable
from auditor.tally import ElementKey, ElementTally

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import parquet

MANIFEST = "manifest.json"
FORMAT = "dicom-auditor/audit/1"
FLUSH = 1 << 14
"""Rows after which a row group is written, so that memory does not follow the files."""
FEW = 64
"""Rows of a table below which they wait for others: of a hundred columns each costs the same."""

_COLUMN_TYPES = {"hash": "uint64", "binary": "int64", "count": "int64", "year": "int64"}

TABLES: dict[str, tuple[tuple[str, str], ...]] = {
    "instances": (
        ("path", "string"),
        ("status", "string"),
        ("reason", "string"),
        ("bytes", "int64"),
        ("signature", "string"),
        *((column.keyword, _COLUMN_TYPES.get(column.form, "string")) for column in COLUMNS),
    ),
    "references": (
        ("path", "string"),
        ("SOPInstanceUID", "uint64"),
        ("SOPClassUID", "string"),
        ("tag_path", "string"),
        ("ReferencedSOPClassUID", "string"),
        ("ReferencedSOPInstanceUID", "uint64"),
        ("ReferencedSeriesInstanceUID", "uint64"),
        ("ReferencedStudyInstanceUID", "uint64"),
        ("FrameOfReferenceUID", "uint64"),
        ("lowest_frame", "int64"),
        ("highest_frame", "int64"),
        ("drawing", "int64"),
        *((f"{end}_{axis}", "double") for axis in "xyz" for end in ("lowest", "highest")),
    ),
    "numbers": (
        ("path", "string"),
        ("tag_path", "string"),
        ("keyword", "string"),
        ("number", "int64"),
    ),
    "extents": (
        ("path", "string"),
        ("first_frame", "int64"),
        ("last_frame", "int64"),
        ("ImagePositionPatient", "string"),
        ("ImageOrientationPatient", "string"),
        ("PixelSpacing", "string"),
        ("SliceThickness", "string"),
        ("step", "double"),
    ),
    "companions": (
        ("path", "string"),
        ("kind", "string"),
        ("bytes", "int64"),
        ("headings", "string"),
        ("form", "string"),
        ("columns", "string"),
        ("rows", "int64"),
    ),
    "keys": (
        ("path", "string"),
        ("role", "string"),
        ("key", "uint64"),
    ),
    "frames": (
        ("path", "string"),
        ("tag_path", "string"),
        ("looked", "int64"),
        ("with_text", "int64"),
        ("kinds", "string"),
        ("reason", "string"),
    ),
    "entities": (
        ("path", "string"),
        ("SOPClassUID", "string"),
        *((keyword, "uint64") for keyword in (*ENTITY_IDS, *ENTITY_ATTRIBUTES)),
    ),
    "masks": (
        ("path", "string"),
        ("kind", "string"),
        ("overlap_said", "string"),
        ("looked", "int64"),
        ("empty", "int64"),
        ("segments", "int64"),
        ("empty_segments", "int64"),
        ("overlap", "string"),
        ("too_high", "int64"),
        ("not_described", "int64"),
        ("reason", "string"),
    ),
    "elements": (
        ("tag_path", "string"),
        ("VR", "string"),
        ("keyword", "string"),
        ("private_creator", "string"),
        ("instances", "int64"),
        ("empty", "int64"),
    ),
    "findings": (
        ("rule", "string"),
        ("category", "string"),
        ("severity", "string"),
        ("confidence", "string"),
        ("unit", "string"),
        ("tag_path", "string"),
        ("message", "string"),
        ("SeriesInstanceUID", "uint64"),
        ("count", "int64"),
        ("example", "string"),
    ),
    "judged": (
        ("signature", "string"),
        ("rule", "string"),
        ("tag_path", "string"),
        ("message", "string"),
    ),
}
"""Table to its columns. UIDs and Patient ID are keyed hashes, see `auditor.redaction`.

A reference has a row for each distinct target at a place, with what the items around it name:
series, study and frame of reference. Frames are the lowest and the highest that it names. What is
drawn in that image alone, and the frames that are made from it alone, have rows of their own, with
x, y and z in mm: for each set of frames and each plane across an axis the box around contours or
positions, for each other contour the points that reach farthest along the axes, each as a box.
Drawing numbers them in the object; rows of one number are of one contour. There is no number where
there are too many to tell them apart, see `auditor.rows.MOST_DRAWINGS`.

Entities have a row for each distinct set of what objects say of their patient, study, series,
equipment and frame of reference, with one path of it: keyed hashes of values as they are
compared, see `auditor.reading.columns.plain`.

Frames have a row for each image in whose pixels text was looked for, and one for each overlay and
icon beside it, with its tag path.

A number has a row for each that a part of an object has, or that refers to a part of another.

An extent has a row for each run of frames of an image with functional groups whose frames all say
where they lie and how they are turned: the position of the first, in mm, how far along the normal
each is from the one before, and what they have in common, see `auditor.reading.extents.frame_runs`.

A key is what in a companion may name an object or a patient, hashed as their UIDs and IDs are:
``uid``, ``name`` (a part of its path) or ``column`` (a value of that column, or of any).

A finding has a row for each series that it was made in (none where its rule knows no series),
with how often there and one example: `count` adds up to what ``result.json`` says. What derived
objects inherit is counted in the row of the series that they take it from.

Judged has a row for each finding and signature: with the signatures of the instances, it says of
which files a finding is. What a rule over the whole collection finds is not in it.
"""

PASSING: dict[str, tuple[tuple[str, str], ...]] = {
    "people": PEOPLE,
    "counted": (("signature", "string"), ("summary", "string"), ("said", "string")),
    "pixels": (("path", "string"), ("pixels", "uint64"), ("reason", "string")),
}
"""Tables for collection rules that no audit keeps, see `auditor.people`, `Summary.joined` and
`auditor.twins`."""

QUERIED = {**TABLES, **PASSING}

WALKED = (
    "instances", "references", "numbers", "extents", "companions", "keys", "frames", "masks",
    "entities",
)  # fmt: skip
"""Tables that are written while walking or right after, and that collection rules may query.

So may they those of `PASSING`."""


class StoreError(Exception):
    """The audit folder cannot be used; the message is one plain line."""


class AuditFolder:
    """One audit on disk: a folder per table, a Parquet file per collection in each.

    Parameters
    ----------
    path
        Made if it is missing. A folder that holds something else is refused.
    reports
        Names of files that were written of an earlier audit in it, and go.

    Raises
    ------
    StoreError
        If the folder is not empty and not an audit, or cannot be written.
    """

    def __init__(self, path: Path, reports: Iterable[str] = ()) -> None:
        self.path = path
        shown = printable(str(path))
        try:
            path.mkdir(parents=True, exist_ok=True)
            if any(path.iterdir()) and not _is_audit(path):
                raise StoreError(f"{shown}: the folder is not empty and holds no audit")
            self._write_manifest({"complete": False})
            for table in TABLES:
                if (path / table).is_symlink():
                    raise StoreError(f"{shown}: {table} in it is a link, and leads elsewhere")
                (path / table).mkdir(exist_ok=True)
                for old in (path / table).glob("[0-9][0-9][0-9][0-9].parquet"):
                    old.unlink()
            # What was written of an earlier audit must not be taken for what this one says.
            (path / "result.json").unlink(missing_ok=True)
            for report in reports:
                (path / report).unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"{shown}: cannot be written ({error.strerror})") from error

    def file(self, table: str, number: int) -> Path:
        """Return the Parquet file of one table of the collection of that number."""
        return table_file(self.path, table, number)

    def finish(self, facts: dict[str, Any]) -> None:
        """Write the manifest; an audit without it, or not complete, was cut short."""
        self._write_manifest({"complete": True, **facts})

    def _write_manifest(self, facts: dict[str, Any]) -> None:
        text = json.dumps({"format": FORMAT, **facts, "tables": TABLES}, indent=1)
        replace_text(self.path / MANIFEST, text + "\n")


def table_file(folder: Path, table: str, number: int) -> Path:
    """Return the Parquet file of one table of the collection of that number, from 1."""
    return folder / table / f"{number:04d}.parquet"


def _is_audit(path: Path) -> bool:
    """Whether a folder was made by this class: many things have a ``manifest.json``."""
    try:
        manifest = json.loads(read_text(path / MANIFEST))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(manifest, dict) and manifest.get("format") == FORMAT


class TableWriter:
    """Writes rows of one table in bounded memory; a context manager."""

    def __init__(self, file: Path, table: str, collection: str) -> None:
        self._file = file
        self._columns = QUERIED[table]
        self._collection = collection
        self._rows: list[Sequence[Any]] = []
        self._batches: list[pa.RecordBatch] = []
        self._waiting = 0

    @cached_property
    def _schema(self) -> pa.Schema:
        import pyarrow as pa

        return pa.schema(
            [("collection", pa.dictionary(pa.int32(), pa.string()))]
            + [(name, pa.type_for_alias(kind)) for name, kind in self._columns]
        )

    @cached_property
    def _writer(self) -> parquet.ParquetWriter:
        # Not before there is something to write: meanwhile the first files are read.
        from pyarrow import parquet

        return parquet.ParquetWriter(self._file, self._schema, compression="zstd")

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._writer.close()

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows, each in the order of `QUERIED`."""
        self._rows.extend(rows)
        if len(self._rows) >= FLUSH:
            self._flush()

    def add_columns(self, columns: Columns) -> None:
        """Add rows that were packed into columns, these in the order of `TABLES`."""
        if columns.height < FEW:
            self.add(unpack(columns))
            return
        self._convert()
        self._add_batch(columns)
        if self._waiting >= FLUSH:
            self._flush()

    def _add_batch(self, columns: Columns) -> None:
        import pyarrow as pa

        first = pa.DictionaryArray.from_arrays(
            _numbers(bytes(4 * columns.height)), _array([self._collection], "string")
        )
        rest = [
            _spread(_array(values, kind), numbers)
            for (values, numbers), (_, kind) in zip(columns.columns, self._columns, strict=True)
        ]
        self._batches.append(pa.RecordBatch.from_arrays([first, *rest], schema=self._schema))
        self._waiting += columns.height

    def _convert(self) -> None:
        if self._rows:
            rows, self._rows = self._rows, []
            self._add_batch(pack(rows))

    def _flush(self) -> None:
        import pyarrow as pa

        self._convert()
        if self._batches:
            self._writer.write_table(pa.Table.from_batches(self._batches))
            self._batches.clear()
            self._waiting = 0


_TYPE_CODES = {"int64": "q", "uint64": "Q", "double": "d"}


def _array(values: Sequence[Any], kind: str) -> pa.Array[Any]:
    """Make a column. `pyarrow.array` would do, and import pandas for it, at every start."""
    import numpy as np
    import pyarrow as pa

    if kind == "string":
        builder = pa.lib.StringBuilder()
        builder.append_values(values)
        return builder.finish()
    there = None
    if None in values:
        known = np.array([value is not None for value in values])
        there = pa.py_buffer(np.packbits(known, bitorder="little"))
        values = [value or 0 for value in values]
    held = pa.py_buffer(array(_TYPE_CODES[kind], values))
    return pa.Array.from_buffers(pa.type_for_alias(kind), len(values), [there, held])


def _spread(values: pa.Array[Any], numbers: bytes) -> pa.Array[Any]:
    """Write each value where its number stands; without numbers they stand right already."""
    return values.take(_numbers(numbers)) if numbers else values


def _numbers(numbers: bytes) -> pa.Array[Any]:
    import pyarrow as pa

    return pa.Array.from_buffers(pa.int32(), len(numbers) // 4, [None, pa.py_buffer(numbers)])


def element_rows(elements: dict[ElementKey, ElementTally]) -> list[tuple[Any, ...]]:
    """Return the rows of the table of elements, sorted by tag path."""
    return [(*key, element.instances, element.empty) for key, element in sorted(elements.items())]
