"""Outcomes to scores: every number with its coverage, and nothing unseen is a pass."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model import CATEGORIES, Confidence, Outcome, Severity
from auditor.profile import Profile
from auditor.result import CategoryResult, RuleResult
from auditor.scoring import overall, rule_outcome, score_category

PROFILE = Profile(
    "test",
    dict.fromkeys(Severity, 1.0),
    dict.fromkeys(Confidence, 1.0),
    {**dict.fromkeys(CATEGORIES, 1.0), "annotation": 0.0, "iod": 3.0},
)


def a_rule(
    passed: int, failed: int = 0, unseen: int = 0, errors: int = 0, weight: float = 1
) -> RuleResult:
    outcome = rule_outcome(passed, failed, unseen, errors)
    return RuleResult(
        "IOD901", "iod", "error", "high", outcome, passed + failed, failed, "instance",
        not_evaluated=unseen, errors=errors, weight=weight,
    )  # fmt: skip


def category(
    id: str, score: float | None, coverage: float = 1, failed: int = 0, reason: str = ""
) -> CategoryResult:
    return CategoryResult(id, id, score, coverage, 1, failed, reason)


counts = st.integers(0, 10**7)
rules = st.lists(
    st.builds(
        a_rule, counts, counts, counts, st.just(0), st.sampled_from([0.0, 0.3, 0.9, 2.1, 3, 10])
    ),
    max_size=6,
)


@pytest.mark.parametrize(
    ("counted", "outcome"),
    [
        ((0, 0, 0, 0), Outcome.NOT_APPLICABLE),
        ((1, 0, 0, 0), Outcome.PASS),
        ((9, 1, 9, 9), Outcome.FAIL),
        ((9, 0, 9, 1), Outcome.ERROR),
        ((9, 0, 1, 0), Outcome.NOT_EVALUATED),
        ((0, 0, 1, 0), Outcome.NOT_EVALUATED),
    ],
)
def test_the_outcome_of_a_rule(counted: tuple[int, int, int, int], outcome: Outcome) -> None:
    assert rule_outcome(*counted) is outcome


@given(counts, counts, counts, counts)
def test_only_what_was_seen_whole_passes(
    passed: int, failed: int, unseen: int, errors: int
) -> None:
    passes = rule_outcome(passed, failed, unseen, errors) is Outcome.PASS
    assert passes == (passed > 0 and not failed and not unseen and not errors)


def test_a_score_is_the_weighted_pass_rate() -> None:
    scored = score_category("iod", [a_rule(75, 25, weight=3), a_rule(0, 10, weight=1)])
    assert scored.score == 56.2  # of 3 * 0.75 in 4, and 56.25 rounds to even
    assert (scored.coverage, scored.applicable, scored.failed) == (1, 110, 35)
    assert scored.title == CATEGORIES["iod"]


def test_what_could_not_be_judged_lowers_the_coverage_alone() -> None:
    scored = score_category("iod", [a_rule(50, unseen=50, weight=3), a_rule(10, weight=1)])
    assert (scored.score, scored.coverage) == (100, (3 * 0.5 + 1) / 4)


@pytest.mark.parametrize(
    ("others", "unknown", "coverage"),
    [(0, 1, 0.0), (1, 1, 0.5), (3, 1, 0.75), (10**7, 1, 0.9999), (0, 0, 1.0)],
)
def test_what_may_not_apply_weighs_no_more_than_its_share(
    others: int, unknown: int, coverage: float
) -> None:
    """One file cut short among many that are no such object says little of a category."""
    rule = replace(a_rule(0, unseen=unknown), not_applicable=others, unknown=unknown)
    scored = score_category("iod", [rule])
    assert (scored.score, scored.coverage) == (None, coverage)


def test_what_applies_and_was_not_seen_is_not_hidden_by_what_does_not_apply() -> None:
    rule = replace(a_rule(0, unseen=10), not_applicable=10**6)
    assert score_category("iod", [rule]).coverage == 0
    rule = replace(a_rule(6, unseen=3), not_applicable=7, unknown=1)
    # Six of eight, as far as is known, and that is known of fifteen of sixteen.
    assert score_category("iod", [rule]).coverage == round(15 / 16 * 6 / 8, 4)


def test_a_rule_without_weight_is_not_counted() -> None:
    scored = score_category("iod", [a_rule(10), a_rule(0, 10, weight=0)])
    assert (scored.score, scored.applicable, scored.failed) == (100, 10, 0)


def test_what_does_not_apply_is_not_counted() -> None:
    assert score_category("iod", [a_rule(1, 1), a_rule(0)]).score == 50


@pytest.mark.parametrize(
    ("given_rules", "coverage", "reason"),
    [
        ([], 0, "not run"),
        ([a_rule(0)], 1, "not applicable"),
        ([a_rule(0, unseen=5)], 0, "not evaluated"),
        ([a_rule(5, weight=0)], 1, "not scored"),
    ],
)
def test_nothing_judged_is_no_score_and_says_why(
    given_rules: list[RuleResult], coverage: float, reason: str
) -> None:
    scored = score_category("iod", given_rules)
    assert scored.score is None
    assert scored.coverage == coverage
    assert scored.reason.startswith(reason)


def test_rules_that_were_switched_off_are_known_and_no_absence() -> None:
    scored = score_category("iod", [a_rule(10)], 2)
    # Nobody knows what they would have judged: the share is of those that were run.
    assert (scored.score, scored.coverage, scored.rules_left_out) == (100, 1, 2)
    scored = score_category("iod", [a_rule(0)], 2)
    assert scored.score is None
    assert scored.reason.startswith("not evaluated")
    assert score_category("iod", [], 2).reason.startswith("not run")


def test_a_rule_that_raised_makes_its_category_unknown() -> None:
    scored = score_category("iod", [a_rule(100), a_rule(0, errors=1)])
    assert scored.score is None
    assert scored.reason == "not known: IOD901 could not be worked out"
    assert score_category("iod", [a_rule(100), a_rule(0, errors=1, weight=0)]).score == 100


def test_one_object_of_which_a_rule_or_its_referee_died_costs_coverage_alone() -> None:
    scored = score_category("iod", [a_rule(100), a_rule(98, 1, errors=1)])
    assert (scored.score, scored.coverage, scored.reason) == (99.5, 0.995, "")
    scored = score_category("iod", [a_rule(10**7, errors=1)])
    assert (scored.score, scored.coverage) == (100, 0.9999)


def test_rounding_hides_neither_a_failure_nor_what_was_not_seen() -> None:
    scored = score_category("iod", [a_rule(10**7, 1)])
    assert scored.score == 99.9
    scored = score_category("iod", [a_rule(10**7, unseen=1)])
    assert scored.coverage == 0.9999


@given(rules)
def test_scores_stay_within_bounds(given_rules: list[RuleResult]) -> None:
    scored = score_category("iod", given_rules)
    weighted = [rule for rule in given_rules if rule.weight]
    assert 0 <= scored.coverage <= 1
    gap = any(rule.not_evaluated for rule in weighted)
    assert (scored.coverage == 1) == (bool(given_rules) and not gap)
    assert (scored.score is None) == (not any(rule.applicable for rule in weighted))
    assert (scored.score is None) == bool(scored.reason)
    if scored.score is not None:
        assert 0 <= scored.score <= 100
        assert (scored.score == 100) == (scored.failed == 0)


@given(rules, st.randoms(use_true_random=False))
def test_the_order_of_rules_is_no_matter(given_rules: list[RuleResult], chance: object) -> None:
    again = list(given_rules)
    chance.shuffle(again)  # type: ignore[attr-defined]
    first, second = score_category("iod", given_rules), score_category("iod", again)
    # Sums of floats differ in their last digit, and so may what is rounded.
    assert first.score == pytest.approx(second.score, abs=0.11)
    assert first.coverage == pytest.approx(second.coverage, abs=0.00011)


def test_the_overall_score_weighs_categories() -> None:
    given_categories = [category("iod", 100), category("references", 0), category("annotation", 0)]
    assert overall(given_categories, PROFILE) == (75, 1)


def test_a_category_that_does_not_apply_is_not_counted() -> None:
    assert overall([category("iod", 80), category("references", None)], PROFILE) == (80, 1)


def test_a_category_that_could_not_be_looked_at_lowers_the_coverage() -> None:
    unseen = category("iod", None, 0, reason="not evaluated: none of what is here could be judged")
    assert overall([unseen, category("references", 80)], PROFILE) == (80, 0.25)
    assert overall([unseen], PROFILE) == (None, 0)


def test_an_unknown_category_makes_the_whole_unknown() -> None:
    unknown = category("iod", None, 0.5, reason="not known: IOD901 could not be worked out")
    assert overall([unknown, category("references", 100)], PROFILE) == (None, (1.5 + 1) / 4)
    weightless = replace(unknown, id="annotation")
    assert overall([weightless, category("references", 100)], PROFILE) == (100, 1)


def test_nothing_is_no_score() -> None:
    assert overall([], PROFILE) == (None, 0)
    assert overall([category("annotation", 100)], PROFILE) == (None, 0)


def test_the_overall_score_hides_neither_a_failure_nor_what_was_not_seen() -> None:
    near = [category("iod", 99.9, 0.9999, failed=1)] + [
        category(name, 100) for name in CATEGORIES if name not in ("iod", "annotation")
    ]
    profile = replace(PROFILE, category_weights={**PROFILE.category_weights, "iod": 0.001})
    assert overall(near, profile) == (99.9, 0.9999)
    # What weighs nothing takes nothing away.
    weightless = [category("iod", 100), category("annotation", 0, failed=3)]
    assert overall(weightless, PROFILE) == (100, 1)
