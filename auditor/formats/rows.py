"""An audit or a change as flat lines: what CSV and Parquet have in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from auditor.diff import Diff
from auditor.result import AuditResult, GroupedFinding


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One finding of one rule in one collection."""

    repository: str
    collection: str
    rule: str
    title: str
    category: str
    severity: str
    confidence: str
    outcome: str
    unit: str
    applicable: int
    failed: int
    not_evaluated: int
    errors: int
    reason: str
    tag_path: str
    attribute: str
    message: str
    count: int
    waived: int
    example: str


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One change."""

    state: str
    repository: str
    collection: str
    rule: str
    title: str
    category: str
    severity: str
    confidence: str
    unit: str
    tag_path: str
    attribute: str
    message: str
    new: int
    fixed: int
    unchanged: int
    unseen: int
    unsought: int
    untold: int
    series_new: int
    series_fixed: int
    series: str
    example: str


def names(kind: type[ReportRow | DiffRow]) -> list[str]:
    """Return the columns, in their order."""
    return [field.name for field in fields(kind)]


def values(row: ReportRow | DiffRow) -> list[str | int]:
    """Return the cells, in the order of the columns."""
    return [getattr(row, name) for name in names(type(row))]


NOTHING = GroupedFinding("", "", 0)


def report_rows(result: AuditResult) -> Iterator[ReportRow]:
    """Yield a line per collection, rule and finding; a rule without findings has a line too.

    What was not judged would else look like what passed.
    """
    for collection in result.collections:
        for rule in collection.rules:
            for found in rule.findings or [NOTHING]:
                yield ReportRow(
                    repository=collection.repository,
                    collection=collection.name,
                    rule=rule.id,
                    title=rule.title,
                    category=rule.category,
                    severity=rule.severity,
                    confidence=found.confidence or rule.confidence,
                    outcome=rule.outcome,
                    unit=rule.unit,
                    applicable=rule.applicable,
                    failed=rule.failed,
                    not_evaluated=rule.not_evaluated,
                    errors=rule.errors,
                    reason=rule.reason,
                    tag_path=found.tag_path,
                    attribute=found.attribute,
                    message=found.message,
                    count=found.count,
                    waived=found.waived,
                    example=next(iter(found.examples), ""),
                )


def diff_rows(diff: Diff) -> Iterator[DiffRow]:
    """Yield a line per change."""
    for each in diff.changes:
        named = {name: getattr(each, name) for name in names(DiffRow)}
        yield DiffRow(**{**named, "series": " ".join(each.series)})
