"""SARIF 2.1.0, for code scanning: a rule a rule, a finding at one tag path a result.

The model is the standard's own and the whole of it is one dict, which a test holds against
the published schema; a library of classes for it would be a dependency and no less code.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from auditor.diff import STATES, Change, Diff
from auditor.formats.plain import dumped
from auditor.gate import incomplete
from auditor.result import AuditResult, CollectionResult, GroupedFinding, RuleResult, Tool
from auditor.view import clean
from auditor.words import plural, unit_word

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

MOST = 25_000
"""Results in a file: code scanning refuses one that has more."""

_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_STATES = {
    "new": "new", "unsought": "new", "unchanged": "unchanged", "unseen": "absent",
    "fixed": "absent",
}  # fmt: skip


def report(result: AuditResult) -> bytes:
    """Return a run with a result per finding; what is waived in full is suppressed."""
    reasons = _reasons(result)
    rules = [rule for collection in result.collections for rule in collection.rules]
    index = _Rules(rules)
    results = [
        _result(index, collection, rule, found, reasons.get(rule.id, ""))
        for collection in result.collections
        for rule in collection.rules
        if rule.failed
        for found in rule.findings
    ]
    return dumped(_log(result.tool, index, results, _notifications(result)))


def diff(diff: Diff) -> bytes:
    """Return a run with a result per change, and what became of it as its baseline state."""
    rules = [rule for collection in diff.new_result.collections for rule in collection.rules]
    index = _Rules(rules)
    results = [_changed(index, each) for each in diff.changes]
    notes = [_notification("note", each) for each in diff.notes]
    return dumped(_log(diff.new, index, results, [*notes, *_notifications(diff.new_result)]))


class _Rules:
    """The rules of a run, each once, and where each is in the list."""

    def __init__(self, rules: Iterable[RuleResult]) -> None:
        self.by_id = {rule.id: rule for rule in rules}
        self.index = {name: number for number, name in enumerate(self.by_id)}

    def described(self) -> list[dict[str, Any]]:
        return [_described(rule) for rule in self.by_id.values()]

    def of(self, rule_id: str) -> dict[str, Any]:
        """Name a rule in a result; one that only the older audit had is not in the list."""
        named: dict[str, Any] = {"ruleId": clean(rule_id)}
        if rule_id in self.index:
            named["ruleIndex"] = self.index[rule_id]
        return named


def _log(
    tool: Tool, rules: _Rules, results: list[dict[str, Any]], notifications: list[dict[str, Any]]
) -> dict[str, Any]:
    order = ("error", "warning", "note")
    results.sort(key=lambda each: order.index(each["level"]))
    if len(results) > MOST:
        more = f"{len(results) - MOST:,} results of the lowest level are left out."
        notifications.append(_notification("warning", more))
    complete = all(each["level"] != "error" for each in notifications)
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "dicom-auditor",
                        "semanticVersion": clean(tool.version),
                        "rules": rules.described(),
                        "properties": {
                            "ruleset": clean(tool.ruleset),
                            "standardEdition": clean(tool.standard_edition),
                            "profile": clean(tool.profile),
                        },
                    }
                },
                "invocations": [
                    {
                        "executionSuccessful": complete,
                        "toolExecutionNotifications": notifications,
                    }
                ],
                "columnKind": "unicodeCodePoints",
                "results": results[:MOST],
            }
        ],
    }


def _described(rule: RuleResult) -> dict[str, Any]:
    title, why, fix = (clean(each, 2000) for each in (rule.title, rule.why, rule.fix))
    reference = clean(rule.reference, 400)
    # A query goes over several lines: they stay lines.
    command = [clean(line, 400) for line in rule.command.split("\n") if line]
    parts = {
        "Why it matters": why,
        "How to fix": fix,
        "Command": "\n".join(command),
        "Reference": reference,
    }
    said = {name: text for name, text in parts.items() if text}
    text = "\n\n".join(f"{name}: {each}" for name, each in said.items())
    # Indented lines are code, which no mark in them can end.
    marks = {name: _markdown(each) for name, each in said.items()}
    marks |= {"Command": "\n\n" + "\n".join(f"    {line}" for line in command)} if command else {}
    marked = "\n\n".join(f"**{name}.** {each}" for name, each in marks.items())
    return {
        "id": clean(rule.id),
        "shortDescription": {"text": title or clean(rule.id)},
        "fullDescription": {"text": why or title or clean(rule.id)},
        "help": {"text": text or title or clean(rule.id), "markdown": marked or clean(rule.id)},
        "defaultConfiguration": {"level": _level(rule.severity)},
        "properties": {
            "tags": ["DICOM", clean(rule.category)],
            "precision": clean(rule.confidence),
            "problem.severity": {"info": "recommendation"}.get(rule.severity, rule.severity),
        },
    }


def _markdown(text: str) -> str:
    from auditor.formats.markdown import escaped

    return escaped(text)


def _level(severity: str) -> str:
    # A word that is not known counts as the worst, never as harmless.
    return _LEVELS.get(severity, "error")


def _result(
    rules: _Rules,
    collection: CollectionResult,
    rule: RuleResult,
    found: GroupedFinding,
    reason: str,
) -> dict[str, Any]:
    made: dict[str, Any] = {
        **rules.of(rule.id),
        "level": _level(rule.severity),
        "message": {"text": _message(rule.title, found.message, found.count, rule.unit)},
        "locations": [_location(collection.name, found.tag_path, each) for each in
                      found.examples[:1] or [""]],
        "relatedLocations": [
            _location(collection.name, found.tag_path, each) for each in found.examples[1:]
        ],
        "partialFingerprints": _fingerprint(
            collection.repository, collection.name, rule.id, found.tag_path, found.message
        ),
        "occurrenceCount": max(1, found.count),
        "properties": {"collection": clean(collection.name), "waived": found.waived},
    }  # fmt: skip
    if found.waived >= found.count > 0:
        made["suppressions"] = [{"kind": "external", "status": "accepted", "justification": reason}]
    return made


def _changed(rules: _Rules, change: Change) -> dict[str, Any]:
    count = change.new or change.unsought or change.unchanged or change.unseen or change.fixed
    state = "updated" if change.new and change.unchanged else _STATES[change.state]
    return {
        **rules.of(change.rule),
        "level": _level(change.severity),
        "message": {"text": _message(change.title, change.message, count, change.unit)},
        "locations": [_location(change.collection, change.tag_path, change.example)],
        "partialFingerprints": _fingerprint(
            change.repository, change.collection, change.rule, change.tag_path, change.message
        ),
        "baselineState": state,
        "occurrenceCount": max(1, count),
        "properties": {
            "collection": clean(change.collection),
            **{name: getattr(change, name) for name in ("state", *STATES, "untold")},
        },
    }


def _message(title: str, message: str, count: int, unit: str) -> str:
    # Square brackets would be a link to a place in the result.
    counted = clean(plural(count, unit_word(unit)))
    text = f"{clean(title, 400)} {clean(message, 600)} ({counted})".strip()
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")


def _location(collection: str, tag_path: str, path: str) -> dict[str, Any]:
    """Return a place. Code scanning refuses a result without a file: it gets the folder."""
    location: dict[str, Any] = {"physicalLocation": {"artifactLocation": {"uri": uri(path)}}}
    if tag_path:
        location["logicalLocations"] = [
            {
                "fullyQualifiedName": clean(f"{collection}/{tag_path}", 800),
                "name": clean(tag_path, 400),
                "kind": "element",
            }
        ]
    return location


def uri(path: str) -> str:
    """Return a path inside the collection as a relative reference that leads nowhere else."""
    parts = [each for each in path.split("/") if each not in ("", ".", "..")]
    return "/".join(quote(each, safe="", errors="replace") for each in parts) or "."


def fingerprint(*parts: str) -> str:
    """Return what names a finding wherever its files lie."""
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return sha256(text).hexdigest()


def _fingerprint(*parts: str) -> dict[str, str]:
    return {"dicomAuditFinding/v1": fingerprint(*parts)}


def _reasons(result: AuditResult) -> dict[str, str]:
    """Return why what is waived of a rule is waived."""
    reasons: dict[str, list[str]] = {}
    for each in result.waivers:
        if each.state == "used":
            said = f"{clean(each.reason, 600)} ({clean(each.owner)}, until {clean(each.expires)})"
            reasons.setdefault(each.rule, []).append(said)
    return {rule: "; ".join(said) for rule, said in reasons.items()}


def _notifications(result: AuditResult) -> list[dict[str, Any]]:
    """Say what keeps the audit from being complete."""
    if not result.collections:
        return [_notification("error", "nothing to audit was found")]
    return [
        _notification("error", line) for each in result.collections for line in incomplete(each, 0)
    ]


def _notification(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": clean(text, 600)}}
