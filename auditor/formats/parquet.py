"""Parquet: the lines of the CSV, with types."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping

from auditor.diff import Diff
from auditor.formats.rows import DIFF, REPORT, Line, diff_lines, report_lines
from auditor.result import AuditResult


def report(result: AuditResult) -> bytes:
    """Return a line per finding."""
    return _written(REPORT, report_lines(result))


def diff(diff: Diff) -> bytes:
    """Return a line per change."""
    return _written(DIFF, diff_lines(diff))


def _written(columns: Mapping[str, type], lines: Iterable[Line]) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    types = {str: pa.string(), int: pa.int64()}
    schema = pa.schema([(name, types[kind]) for name, kind in columns.items()])
    cells = ([_encodable(value) for value in line] for line in lines)
    filled = list(zip(*cells, strict=True)) or [()] * len(schema)
    table = pa.table([list(column) for column in filled], schema=schema)
    file = io.BytesIO()
    parquet.write_table(table, file, compression="zstd")
    return file.getvalue()


def _encodable(value: str | int) -> str | int:
    """Write a lone surrogate as its escape: UTF-8 has no place for it."""
    if isinstance(value, int):
        return value
    return value.encode("utf-8", "backslashreplace").decode()
