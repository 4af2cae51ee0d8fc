"""HTML: one page that loads nothing."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.diff import Change, Diff
from auditor.model import Severity
from auditor.render import page, report_page
from auditor.result import AuditResult
from auditor.view import clean, moment
from auditor.words import number, plural

ROWS = 2000
"""Changes on a page; the worst are shown, the rest is counted."""


def report(result: AuditResult) -> bytes:
    """Return the scorecard."""
    return report_page(result).encode()


@dataclass(frozen=True, slots=True)
class _Row:
    tone: str
    collection: str
    rule: str
    title: str
    severity: str
    attribute: str
    tag_path: str
    message: str
    counts: str
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


COUNTED = {
    "new": "new",
    "unsought": "not looked for before",
    "fixed": "fixed",
    "unchanged": "unchanged",
    "unseen": "not looked for",
}
"""Counts of a change, and what they are called."""


def diff(diff: Diff) -> bytes:
    """Return a table of changes."""
    counts = ", ".join(f"{number(diff.total(name))} {words}" for name, words in COUNTED.items())
    left = len(diff.changes) - ROWS
    view = _DiffView(
        title="What changed between two DICOM audits",
        subtitle=f"from {_made(diff.old.started)} to {_made(diff.new.started)}",
        tone="warning" if diff.total("new") else "unknown" if _is_open(diff) else "ok",
        statement=f"Errors and warnings: {counts}",
        notes=tuple(clean(note, 600) for note in diff.notes),
        rows=tuple(_row(each) for each in diff.changes[:ROWS]),
        more=f"{plural(left, 'change')} not shown; see the other formats" if left > 0 else "",
    )
    return page("diff.html.j2", view).encode()


def _is_open(diff: Diff) -> bool:
    """Tell whether something new may be hidden: then nothing is green."""
    return bool(diff.notes or any(map(diff.total, ("unsought", "unseen", "untold"))))


def _made(started: str) -> str:
    return clean(moment(started)) or "an unknown time"


def _row(change: Change) -> _Row:
    tones = {"unsought": "unknown", "unchanged": "absent", "unseen": "unknown", "fixed": "ok"}
    counts = {words: getattr(change, name) for name, words in COUNTED.items()}
    return _Row(
        tone=tones.get(change.state, Severity.of(change.severity).value),
        collection=clean(change.collection),
        rule=clean(change.rule),
        title=clean(change.title, 400),
        severity=clean(change.severity),
        attribute=clean(change.attribute),
        tag_path=clean(change.tag_path, 400),
        message=clean(change.message, 600),
        counts=", ".join(f"{number(count)} {words}" for words, count in counts.items() if count),
        example=clean(change.example, 400),
    )
