"""Pure functions from outcomes to scores. Every score comes with its coverage."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.model import CATEGORIES, Outcome
from auditor.profile import Profile
from auditor.result import CategoryResult, RuleResult


def rule_outcome(passed: int, failed: int, not_evaluated: int, errors: int) -> Outcome:
    """Return the outcome of a rule over a collection from the outcomes of its units.

    A failure outranks all; then that the rule raised; then that something could not be
    looked at. Only a rule that looked at everything, and at something, passes.
    """
    if failed:
        return Outcome.FAIL
    if errors:
        return Outcome.ERROR
    if not_evaluated:
        return Outcome.NOT_EVALUATED
    return Outcome.PASS if passed else Outcome.NOT_APPLICABLE


def score_category(category: str, rules: Sequence[RuleResult], left_out: int = 0) -> CategoryResult:
    """Score one category, of which so many rules were switched off.

    ``score = 100 * sum(w * passed / applicable) / sum(w)`` over rules with something
    applicable, ``coverage = sum(w * covered) / sum(w)`` over rules with something
    to judge, where ``w`` is the rule's weight, see `_covered`. The score is None if nothing was
    judged, or a rule with a weight could be worked out of nothing that it was asked of: then nobody
    knows. One that raised, or whose referee died, on some objects has judged the others: those
    count, and the rest lowers the coverage.
    """
    weighted = [rule for rule in rules if rule.weight > 0]
    score_sum = weight_sum = covered = to_cover = 0.0
    for rule in weighted:
        if rule.applicable:
            weight_sum += rule.weight
            score_sum += rule.weight * (rule.applicable - rule.failed) / rule.applicable
        if rule.applicable or rule.not_evaluated or rule.errors:
            to_cover += rule.weight
            covered += rule.weight * _covered(rule)
    raised = [rule.id for rule in weighted if rule.errors and not rule.applicable]
    reason = ""
    score: float | None = None
    if not rules:
        reason = "not run: no rule of this category was asked"
    elif raised:
        reason = f"not known: {', '.join(raised)} could not be worked out"
    elif weight_sum:
        score = round(100 * score_sum / weight_sum, 1)
        # Rounding must not turn a failure into a clean record.
        if score == 100 and any(rule.failed for rule in weighted):
            score = 99.9
    elif covered:
        reason = "not evaluated: what may belong here could not be judged, nothing else does"
    elif to_cover:
        reason = "not evaluated: none of what is here could be judged"
    elif any(rule.applicable for rule in rules):
        reason = "not scored: what was found is information only"
    elif left_out:
        # The category is there, for all that anybody knows: some of it was not looked for.
        reason = "not evaluated: the rules that were run have nothing here to judge"
    else:
        reason = "not applicable: nothing here to judge"
    return CategoryResult(
        id=category,
        title=CATEGORIES[category],
        score=score,
        coverage=_coverage(covered, to_cover) if rules else 0.0,
        applicable=sum(rule.applicable for rule in weighted),
        failed=sum(rule.failed for rule in weighted),
        reason=reason,
        rules_left_out=left_out,
    )


def _covered(rule: RuleResult) -> float:
    """Return the share that could be judged of what a rule applies to.

    Times the share of which it is known whether the rule applies: an object whose header is
    cut short may be anything, and does not weigh as much as all others.
    """
    known = rule.not_applicable + rule.applicable + rule.not_evaluated + rule.errors - rule.unknown
    units = rule.applicable + rule.not_evaluated + rule.errors - rule.unknown
    if not known:
        return 0.0
    # In this order, so that a whole share is exactly 1.
    return (known / (known + rule.unknown)) * (rule.applicable / units if units else 1.0)


def _coverage(covered: float, to_cover: float) -> float:
    """Return a share that is 1 only if it is whole; also where there was nothing to cover."""
    if covered == to_cover:
        return 1.0
    return min(round(covered / to_cover, 4), 0.9999)


def overall(categories: Sequence[CategoryResult], profile: Profile) -> tuple[float | None, float]:
    """Return the score over all categories, and its coverage.

    None if a category with a weight is unknown because a rule raised throughout, or none is scored.
    A category that could not be looked at has no score, and counts in the coverage.
    """
    weighted = [(profile.category_weights[each.id], each) for each in categories]
    weighted = [(weight, each) for weight, each in weighted if weight]
    score_sum = weight_sum = covered = to_cover = 0.0
    for weight, each in weighted:
        if each.score is not None:
            score_sum += weight * each.score
            weight_sum += weight
        if each.score is not None or each.coverage < 1:
            covered += weight * each.coverage
            to_cover += weight
    coverage = _coverage(covered, to_cover) if to_cover else 0.0
    if not weight_sum or any(each.reason.startswith("not known") for _, each in weighted):
        return None, coverage
    score = round(score_sum / weight_sum, 1)
    if score == 100 and any(each.failed for _, each in weighted):
        score = 99.9
    return score, coverage
