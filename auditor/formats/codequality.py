"""The JSON that GitLab reads as a report of code quality."""

from __future__ import annotations

from typing import Any

from auditor.diff import Change, Diff
from auditor.formats.plain import dumped
from auditor.formats.sarif import fingerprint, uri
from auditor.result import AuditResult
from auditor.view import clean
from auditor.words import plural, unit_word

_SEVERITIES = {"info": "info", "warning": "minor", "error": "critical"}


def report(result: AuditResult) -> bytes:
    """Return an issue per finding that is not waived, and one per rule that raised."""
    issues = []
    for collection in result.collections:
        for rule in collection.rules:
            names = (collection.repository, collection.name, rule.id)
            if rule.errors or rule.outcome == "error":
                issues.append(_issue(names, "error", "The rule could not be worked out.", "", ""))
            issues += [
                _issue(
                    (*names, found.tag_path, found.message),
                    rule.severity,
                    f"{rule.title} {found.message} ({plural(found.count, unit_word(rule.unit))})",
                    found.tag_path,
                    next(iter(found.examples), ""),
                )
                for found in rule.findings
                if rule.failed and found.waived < found.count
            ]
    return dumped(issues)


def diff(diff: Diff) -> bytes:
    """Return an issue per finding that is new, or was not looked for before."""
    return dumped(
        [
            _issue(
                (each.repository, each.collection, each.rule, each.tag_path, each.message),
                each.severity,
                f"{each.title} {each.message} ({_counted(each)})",
                each.tag_path,
                each.example,
            )
            for each in diff.changes
            if each.new or each.unsought
        ]
    )


def _counted(change: Change) -> str:
    if change.new:
        return plural(change.new, f"new {unit_word(change.unit)}")
    return f"{plural(change.unsought, unit_word(change.unit))} not looked for before"


def _issue(
    names: tuple[str, ...], severity: str, text: str, tag_path: str, path: str
) -> dict[str, Any]:
    return {
        "description": clean(f"{names[1]}: {tag_path} {text}", 800),
        "check_name": clean(names[2]),
        "fingerprint": fingerprint(*names),
        "severity": _SEVERITIES.get(severity, "critical"),
        # A file of pixels has no lines, and the form asks for one.
        "location": {"path": uri(path), "lines": {"begin": 1}},
    }
