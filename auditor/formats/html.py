"""HTML: one page that loads nothing."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.diff import Change, Diff
from auditor.render import page, report_page
from auditor.result import AuditResult
from auditor.view import clean, number, plural

ROWS = 2000
"""Changes on a page; the worst are shown, the rest is counted."""


def report(result: AuditResult) -> bytes:
    """Return the scorecard."""
    return report_page(result).encode()


@dataclass(frozen=True, slots=True)
class _Row:
    state: str
    tone: str
    collection: str
    rule: str
    title: str
    severity: str
    attribute: str
    tag_path: str
    message: str
    counts: tuple[str, ...]
    example: str


@dataclass(frozen=True, slots=True)
class _DiffView:
    title: str
    subtitle: str
    tone: str
    statement: str
    notes: tuple[str, ...]
    rows: tuple[_Row, ...]
    more: str


COUNTED = ("new", "fixed", "unchanged", "unseen")


def diff(diff: Diff) -> bytes:
    """Return a table of changes."""
    new = any(each.new for each in diff.changes)
    counts = ", ".join(f"{number(diff.total(name))} {name}" for name in COUNTED)
    left = len(diff.changes) - ROWS
    view = _DiffView(
        title="What changed between two DICOM audits",
        subtitle=f"from {_made(diff.old.started)} to {_made(diff.new.started)}",
        tone="warning" if new else "unknown" if not diff.by_series else "ok",
        statement=f"Findings: {counts}",
        notes=tuple(clean(note, 600) for note in diff.notes),
        rows=tuple(_row(each) for each in diff.changes[:ROWS]),
        more=f"{plural(left, 'change')} not shown; see the other formats" if left > 0 else "",
    )
    return page("diff.html.j2", view).encode()


def _made(started: str) -> str:
    return clean(started) or "an unknown time"


def _row(change: Change) -> _Row:
    tones = {"new": "error", "unchanged": "warning", "unseen": "unknown"}
    return _Row(
        state=change.state,
        tone=tones.get(change.state, "ok"),
        collection=clean(change.collection),
        rule=clean(change.rule),
        title=clean(change.title, 400),
        severity=clean(change.severity),
        attribute=clean(change.attribute),
        tag_path=clean(change.tag_path, 400),
        message=clean(change.message, 600),
        counts=tuple(number(getattr(change, name)) for name in COUNTED),
        example=clean(change.example, 400),
    )
