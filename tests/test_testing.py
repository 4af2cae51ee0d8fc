"""The helper for tests of rules says what an audit would say: it goes the engine's way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from auditor import CollectionFacts, Finding, Undecided, Units, rule
from auditor.model import Outcome
from auditor.registry import RuleSet
from auditor.testing import Judgement, ask_collection

Check = Callable[[CollectionFacts], Iterator[Finding | Undecided]]


def nothing(_: CollectionFacts) -> Iterator[Finding | Undecided]:
    """Find nothing."""
    yield from ()


def two(_: CollectionFacts) -> Iterator[Finding | Undecided]:
    """Find one thing in two series."""
    yield Finding("found", series=1)
    yield Finding("found", series=2)


def undecided(_: CollectionFacts) -> Iterator[Finding | Undecided]:
    """Say what only an instance rule may."""
    yield Undecided("not known")


def ask(units: Any, check: Check = nothing) -> Judgement:
    """Ask a rule that has these units."""
    made = rule(
        id="CONS901",
        category="consistency",
        severity="error",
        confidence="high",
        scope="collection",
        unit="series",
        reads=("instances.path",),
        reference="PS3.5",
        applies=lambda _: units,
    )
    rules = RuleSet((made(check),), {}, (), "")
    return ask_collection(rules, "CONS901", instances=[{"path": "a"}])


@pytest.mark.parametrize(
    ("units", "outcome"),
    [
        (Units(0), Outcome.NOT_APPLICABLE),
        (Units(2), Outcome.PASS),
        (Units(1, 1, "no image"), Outcome.NOT_EVALUATED),
        (Units(1, 1, "no image", failed=0), Outcome.NOT_EVALUATED),
        (Units(0, 1, "no image"), Outcome.NOT_EVALUATED),
        (Units(2, failed=1), Outcome.FAIL),
    ],
)
def test_the_outcome_is_that_of_the_audit(units: Units, outcome: Outcome) -> None:
    said = ask(units)
    assert said.outcome is outcome
    assert said.reasons == ((units.reason,) if units.reason else ())


@pytest.mark.parametrize("units", [Units(-1), Units(1, -1), Units(1, failed=2), 3, (1, 2)])
def test_units_that_cannot_be_are_an_error(units: object) -> None:
    said = ask(units)
    assert said.outcome is Outcome.ERROR
    assert "TypeError" in said.reasons[0]


def test_a_collection_rule_cannot_be_undecided() -> None:
    assert ask(Units(1), undecided).outcome is Outcome.ERROR


def test_findings_of_one_message_are_told_apart() -> None:
    said = ask(Units(2), two)
    assert (said.outcome, said.counts, said.series) == (Outcome.FAIL, (1, 1), (1, 2))
