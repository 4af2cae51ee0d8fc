"""From a result to an exit code that a pipeline can trust."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from auditor.exit_codes import FAILED, INCOMPLETE, PASSED
from auditor.model import CATEGORIES, Severity
from auditor.result import AuditResult, CollectionResult
from auditor.words import agree, plural, unit_word, with_verb

if TYPE_CHECKING:
    from auditor.diff import Diff

OVERALL = "overall"
"""Stands where a category may, for the score over all categories."""

COVERAGE = 90.0
"""Percent of a category's checks that must have been judged before its score can pass."""


class LimitError(Exception):
    """A limit means nothing; the message is one plain line."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an audit has to meet.

    Attributes
    ----------
    fail_on
        Severity from which a failed rule fails the gate; None never fails it.
    require
        Rules that must have passed in every collection, on everything they applied to.
    min_score, min_coverage
        By category or `OVERALL`, 0 to 100. A category with a least score has `COVERAGE` as
        its least coverage unless another is given.
    """

    fail_on: Severity | None = None
    require: tuple[str, ...] = ()
    min_score: Mapping[str, float] = field(default_factory=dict)
    min_coverage: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate says: an exit code, and one plain line for each reason."""

    code: int
    reasons: tuple[str, ...]


@dataclass(slots=True)
class _Reasons:
    """Why not: what failed, and what nobody can know."""

    failed: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def read_limit(text: str) -> tuple[str, float]:
    """Read ``CATEGORY=NUMBER``.

    Raises
    ------
    LimitError
        If there is no such category, or the number is not from 0 to 100.
    """
    name, _, value = text.partition("=")
    if name not in (*CATEGORIES, OVERALL):
        raise LimitError(f"{text!r}: no category is called {name!r}")
    try:
        number = float(value)
    except ValueError:
        number = -1
    if not 0 <= number <= 100:  # a NaN is not
        raise LimitError(f"{text!r}: not a number from 0 to 100")
    return name, number


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
        if rule.errors or rule.outcome == "error"
    ]
    return [f"{collection.name}: {reason}" for reason in reasons]


def failing(collection: CollectionResult, level: Severity) -> list[str]:
    """Return the rules of at least a severity that failed, bar those that are waived."""
    return [
        f"{collection.name}: {rule.id} ({rule.severity}) failed on {rule.failed:,} of "
        f"{plural(rule.applicable, unit_word(rule.unit))}: {rule.title}"
        for rule in collection.rules
        if rule.failed and Severity.of(rule.severity).rank >= level.rank and not rule.is_waived
    ]


def _required(collection: CollectionResult, wanted: Iterable[str], reasons: _Reasons) -> None:
    """Ask required rules for a yes: what was not asked, or not answered, is none."""
    rules = {rule.id: rule for rule in collection.rules}
    for rule_id in wanted:
        rule = rules.get(rule_id)
        name = f"{collection.name}: required rule {rule_id}"
        if rule is None:
            reasons.unknown.append(f"{name} was not run")
        elif rule.failed and not rule.is_waived:
            judged = plural(rule.applicable, unit_word(rule.unit))
            reasons.failed.append(f"{name} failed on {rule.failed:,} of {judged}")
        elif rule.not_evaluated or rule.errors or rule.outcome in ("not_evaluated", "error"):
            reasons.unknown.append(f"{name} could not look at everything")
        elif not rule.applicable:
            reasons.unknown.append(f"{name} found nothing to judge")


def _switched_off(collection: CollectionResult, name: str) -> Iterator[str]:
    """Say how many rules of a category were not run: no coverage tells, as nobody knew their units.

    A result of before categories counted them has a number for the whole alone, which may be of
    any category.
    """
    by_category = {each.id: each.rules_left_out for each in collection.categories}
    placed = sum(by_category.values())
    count = max(placed, collection.rules_left_out) if name == OVERALL else by_category.get(name, 0)
    if count:
        of = "" if name == OVERALL else f" of {name}"
        yield (
            f"{plural(count, 'rule')}{of} {agree(count, 'was', 'were')} switched off "
            "by --select or --ignore"
        )
    elif name != OVERALL and (unplaced := collection.rules_left_out - placed) > 0:
        yield (
            f"{with_verb(unplaced, 'rule', 'was', 'were')} switched off by --select or --ignore, "
            f"and this audit does not say whether {agree(unplaced, 'it is', 'any is')} of {name}"
        )


def _scored(collection: CollectionResult, limits: Limits, reasons: _Reasons) -> None:
    """Judge scores, where enough of the category could be judged."""
    known = {each.id: (each.score, each.coverage, each.reason) for each in collection.categories}
    known[OVERALL] = (collection.overall, collection.coverage, "")
    for name in (*CATEGORIES, OVERALL):
        least = limits.min_score.get(name)
        covered = limits.min_coverage.get(name, COVERAGE if least is not None else 0.0)
        if least is None and name not in limits.min_coverage:
            continue
        reasons.unknown += [f"{collection.name}: {off}" for off in _switched_off(collection, name)]
        score, coverage, why = known.get(name, (None, 0.0, "not in this audit"))
        if score is not None and least is not None and score < least:
            reasons.failed.append(
                f"{collection.name}: the score of {name} is {score:g}, less than {least:g}"
            )
        elif score is None:
            reasons.unknown.append(f"{collection.name}: {name} has no score: {why or 'not known'}")
        elif 100 * coverage < covered:
            reasons.unknown.append(
                f"{collection.name}: only {coverage:.1%} of {name} could be judged "
                f"(at least: {covered:g}%)"
            )


def _only_new(diff: Diff, level: Severity, reasons: _Reasons) -> None:
    """Only what the baseline has not fails; what may be new in place of old is not known."""
    hidden = 0
    for each in diff.changes:
        if Severity.of(each.severity).rank < level.rank:
            continue
        what, unit = f"{each.collection}: {each.rule} ({each.severity})", unit_word(each.unit)
        place = f"{each.tag_path} {each.message}".strip()
        if each.new:
            reasons.failed.append(f"{what}: {plural(each.new, f'new {unit}')}: {place}")
        elif each.unsought:
            reasons.unknown.append(
                f"{what}: {plural(each.unsought, unit)} not looked for before: {place}"
            )
        elif each.untold and diff.by_series:
            reasons.unknown.append(
                f"{what}: {plural(each.untold, unit)} in no known series may be old or new: {place}"
            )
        else:
            hidden += bool(each.untold)
    if hidden:
        reasons.unknown.append(
            f"{with_verb(hidden, 'finding', 'is', 'are')} in the baseline, too, "
            f"and new ones could hide {agree(hidden, 'in it', 'among them')}: "
            "make both audits with one DICOM_AUDIT_KEY"
        )


def decide(
    results: Iterable[AuditResult],
    limits: Limits | Severity | None,
    unreadable_share: float,
    diff: Diff | None = None,
) -> Decision:
    """Decide: a failure is 1 whatever else is true, an incomplete audit is never a pass.

    Parameters
    ----------
    results
        One or more audits.
    limits
        What they have to meet; a severity alone is that of `Limits.fail_on`.
    unreadable_share
        0 to 1: share of DICOM files that may be unreadable or cut short.
    diff
        Changes since a baseline: then only what is new fails for its severity.
    """
    if not isinstance(limits, Limits):
        limits = Limits(limits)
    collections = [collection for result in results for collection in result.collections]
    reasons = _Reasons()
    if diff is not None and limits.fail_on:
        _only_new(diff, limits.fail_on, reasons)
    for each in collections:
        if diff is None and limits.fail_on:
            reasons.failed += failing(each, limits.fail_on)
        _required(each, limits.require, reasons)
        _scored(each, limits, reasons)
        reasons.unknown += incomplete(each, unreadable_share)
    if not collections:
        reasons.unknown.append("nothing to audit was found")
    if reasons.failed:
        return Decision(FAILED, (*reasons.failed, *reasons.unknown))
    return Decision(INCOMPLETE if reasons.unknown else PASSED, tuple(reasons.unknown))
