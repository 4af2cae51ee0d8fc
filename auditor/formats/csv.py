"""CSV that a spreadsheet opens without running anything in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

from auditor.diff import Diff
from auditor.formats.rows import DIFF, REPORT, Line, diff_lines, report_lines
from auditor.result import AuditResult
from auditor.view import clean


def report(result: AuditResult) -> bytes:
    """Return a line per finding."""
    return _written(REPORT, report_lines(result))


def diff(diff: Diff) -> bytes:
    """Return a line per change."""
    return _written(DIFF, diff_lines(diff))


def _written(columns: Mapping[str, type], lines: Iterable[Line]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([cell(value) for value in line] for line in lines)
    # Without a mark at its start, the most used spreadsheet takes UTF-8 for something else.
    return text.getvalue().encode("utf-8-sig")


def cell(value: str | int) -> str:
    """Return a cell that no spreadsheet takes for a formula, a command or a link to a program.

    Spaces before the sign are skipped by some, and wide forms of it are taken by others.
    """
    if isinstance(value, int):
        return str(value)
    shown = clean(value, 2000)
    return f"'{shown}" if shown.lstrip()[:1] in _STARTS else shown


_STARTS = (*"=+-@|%", "\uff1d", "\uff0b", "\uff0d", "\uff20")
