"""From a result to an exit code that a pipeline can trust."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from auditor.model import Severity
from auditor.result import AuditResult, CollectionResult

PASSED, FAILED, USAGE, INCOMPLETE = range(4)
"""The exit codes of every command."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate says: an exit code, and one plain line for each reason."""

    code: int
    reasons: tuple[str, ...]


def incomplete(collection: CollectionResult, unreadable_share: float) -> list[str]:
    """Return why the audit of a collection does not count as complete; empty if it does."""
    counts = collection.counts
    reasons = []
    if not counts.dicom + counts.partial:
        reasons.append("nothing to audit was found")
    bad = counts.unreadable + counts.partial
    if bad and bad > unreadable_share * (bad + counts.dicom):
        reasons.append(
            f"{bad:,} of {bad + counts.dicom:,} DICOM files are unreadable or cut short "
            f"(allowed: {unreadable_share:.1%})"
        )
    reasons += [
        f"rule {rule.id} could not be worked out: {rule.reason or 'it raised'}"
        for rule in collection.rules
        if rule.errors
    ]
    return [f"{collection.name}: {reason}" for reason in reasons]


def failing(collection: CollectionResult, level: Severity) -> list[str]:
    """Return the rules of at least a severity that failed."""
    return [
        f"{collection.name}: {rule.id} ({rule.severity}) failed on {rule.failed:,} of "
        f"{rule.applicable:,} {rule.unit}: {rule.title}"
        for rule in collection.rules
        if rule.failed and Severity(rule.severity).rank >= level.rank
    ]


def decide(
    results: Iterable[AuditResult], fail_on: Severity | None, unreadable_share: float
) -> Decision:
    """Decide: a failure is 1 whatever else is true, an incomplete audit is never a pass.

    Parameters
    ----------
    results
        One or more audits.
    fail_on
        Severity from which a failed rule fails the gate; None never fails it.
    unreadable_share
        0 to 1: share of DICOM files that may be unreadable or cut short.
    """
    collections = [collection for result in results for collection in result.collections]
    broken = [line for each in collections for line in incomplete(each, unreadable_share)]
    if not collections:
        broken.append("nothing to audit was found")
    failed = [line for each in collections for line in failing(each, fail_on)] if fail_on else []
    if failed:
        return Decision(FAILED, (*failed, *broken))
    return Decision(INCOMPLETE if broken else PASSED, tuple(broken))
