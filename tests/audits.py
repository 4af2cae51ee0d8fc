"""Audits on disk for tests of what reads them: a result, and its table of findings by series."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from auditor.formats import report_files
from auditor.frames import Audit, load
from auditor.result import AuditResult, CollectionResult, Counts, GroupedFinding, RuleResult, Tool
from auditor.store import MANIFEST, AuditFolder, TableWriter

NAME = "(0010,0010)"


@dataclass(frozen=True)
class Found:
    """A finding in one series."""

    rule: str
    series: int | None = None
    count: int = 1
    path: str = "a.dcm"
    tag_path: str = NAME
    message: str = "is there"
    collection: str = "ct"
    severity: str = "error"


def write(
    folder: Path,
    found: Iterable[Found],
    key: str = "k",
    ran: Iterable[str] = ("DEID201", "IOD001"),
    collections: tuple[str, ...] = ("ct",),
    ruleset: str = "0",
    errors: int = 0,
    not_evaluated: int = 0,
) -> Audit:
    """Write an audit folder of these findings; rules that found nothing passed."""
    audit_folder = AuditFolder(folder, report_files())
    results = []
    every = list(found)
    for number, name in enumerate(collections, 1):
        own = [each for each in every if each.collection == name]
        with TableWriter(audit_folder.file("findings", number), "findings", name) as writer:
            writer.add(
                (
                    each.rule, "iod", each.severity, "high", "instance", each.tag_path,
                    each.message, each.series, each.count, each.path,
                )
                for each in own
            )  # fmt: skip
        for table in ("instances", "references", "numbers", "extents", "companions", "elements"):
            with TableWriter(audit_folder.file(table, number), table, name):
                pass
        rules = [_rule(rule, own, errors, not_evaluated) for rule in ran]
        results.append(CollectionResult(name, "", Counts(files=9, dicom=9), [], rules))
    AuditResult(Tool("0", ruleset, "2025e", "default", 0.0), results).write(folder / "result.json")
    audit_folder.finish({"collections": list(collections), "key": key})
    return load(folder)


def _rule(rule_id: str, found: Iterable[Found], errors: int, not_evaluated: int) -> RuleResult:
    own = [each for each in found if each.rule == rule_id]
    places = sorted({(each.tag_path, each.message) for each in own})
    groups = [
        GroupedFinding(
            path,
            message,
            sum(each.count for each in own if (each.tag_path, each.message) == (path, message)),
            [each.path for each in own if (each.tag_path, each.message) == (path, message)][:5],
            "PatientName",
        )
        for path, message in places
    ]
    failed = sum(each.count for each in own)
    return RuleResult(
        rule_id, "iod", own[0].severity if own else "error", "high", "fail" if failed else "pass",
        100, failed, "instance", title=f"Title of {rule_id}.", findings=groups,
        errors=errors, not_evaluated=not_evaluated,
    )  # fmt: skip


def older_version(folder: Path) -> None:
    """Make an audit look as one that was cut short."""
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps({**manifest, "complete": False}))
