"""Parquet: the lines of the CSV, with types."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import get_type_hints

from auditor.diff import Diff
from auditor.formats.rows import DiffRow, ReportRow, diff_rows, report_rows, values
from auditor.result import AuditResult


def report(result: AuditResult) -> bytes:
    """Return a line per finding."""
    return _written(ReportRow, report_rows(result))


def diff(diff: Diff) -> bytes:
    """Return a line per change."""
    return _written(DiffRow, diff_rows(diff))


def _written(kind: type[ReportRow | DiffRow], rows: Iterable[ReportRow | DiffRow]) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    types = {str: pa.string(), int: pa.int64()}
    schema = pa.schema([(name, types[hint]) for name, hint in get_type_hints(kind).items()])
    cells = ([_encodable(value) for value in values(row)] for row in rows)
    columns = list(zip(*cells, strict=True)) or [()] * len(schema)
    table = pa.table([list(column) for column in columns], schema=schema)
    file = io.BytesIO()
    parquet.write_table(table, file, compression="zstd")
    return file.getvalue()


def _encodable(value: str | int) -> str | int:
    """Write a lone surrogate as its escape: UTF-8 has no place for it."""
    if isinstance(value, int):
        return value
    return value.encode("utf-8", "backslashreplace").decode()
