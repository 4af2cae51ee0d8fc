"""Every planted defect is reported, and nothing is where nothing was planted."""

from __future__ import annotations

import pytest

from auditor.paths import rules_folder
from auditor.registry import load
from tests.planted.harness import (
    BEGIN,
    DOCUMENT,
    END,
    UNPLANTED,
    Planted,
    all_cases,
    clean_releases,
    detect,
    renew,
    rules_at_work,
)

PLANTED = [
    pytest.param(topic, case, id=f"{topic}-{case.name}".replace(" ", "-"))
    for topic, cases in all_cases().items()
    for case in cases
]


@pytest.mark.parametrize(("topic", "case"), PLANTED)
def test_a_planted_defect_is_reported(topic: str, case: Planted) -> None:
    assert case.rules
    assert {rule.id for rule in rules_at_work().rules} >= set(case.rules)
    missing = set(case.rules) - detect().cases[topic, case.name]
    assert not missing, missing


@pytest.mark.parametrize("name", clean_releases())
def test_a_clean_release_stays_clean(name: str) -> None:
    assert not detect().clean[name]


def test_cases_have_names_of_their_own() -> None:
    for topic, cases in all_cases().items():
        names = [case.name for case in cases]
        assert len(names) == len(set(names)), topic


def test_each_rule_has_a_planted_defect_or_a_reason_for_none() -> None:
    planted = {rule for cases in all_cases().values() for case in cases for rule in case.rules}
    excused = [rule for rules in UNPLANTED.values() for rule in rules]
    known = {rule.id for rule in load([rules_folder()]).rules}
    assert sorted(known - planted) == sorted(excused)


def test_the_table_in_the_document_is_of_these_cases() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert document.count(BEGIN) == document.count(END) == 1
    assert renew(document) == document
