"""An audit or a change as flat lines: what CSV and Parquet have in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_type_hints

from auditor.diff import Change, Diff
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


REPORT = get_type_hints(ReportRow)
"""The columns of a report, in their order, and their types."""

DIFF = {"state": str, "repository": str, **get_type_hints(Change), "series": str}
"""The same of a change, whose series stand in one cell."""

Line = list[str | int]


NOTHING = GroupedFinding("", "", 0)


def report_lines(result: AuditResult) -> Iterator[Line]:
    """Yield a line per collection, rule and finding; a rule without findings has a line too.

    What was not judged would else look like what passed.
    """
    for collection in result.collections:
        for rule in collection.rules:
            for found in rule.findings or [NOTHING]:
                row = ReportRow(
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
                yield [getattr(row, name) for name in REPORT]


def diff_lines(diff: Diff) -> Iterator[Line]:
    """Yield a line per change."""
    for each in diff.changes:
        cells = {name: getattr(each, name) for name in DIFF}
        yield list({**cells, "series": " ".join(each.series)}.values())
