"""Codes of PS3.16, and what can be a SNOMED CT identifier."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.standard.codes import (
    Concept,
    by_meaning,
    context_group,
    is_sct_identifier,
    meaning,
    today,
)

LIVER = Concept("SCT", "10200004")


def test_a_retired_code_is_what_it_was() -> None:
    assert today(Concept("SRT", "T-62000")) == LIVER
    assert today(Concept("99SDM", "T-62000")) == LIVER


@pytest.mark.parametrize("concept", [LIVER, Concept("SRT", "none"), Concept("DCM", "T-62000")])
def test_any_other_code_stays_what_it_is(concept: Concept) -> None:
    assert today(concept) == concept


def test_context_groups_hold_the_groups_in_them() -> None:
    assert context_group(7151)[LIVER] == "Liver"
    assert by_meaning(7151)["liver"] == {LIVER}
    assert Concept("SCT", "85756007") in context_group(7150)
    assert LIVER not in context_group(7150)
    with pytest.raises(AttributeError):
        context_group(99_999)


def test_meanings_are_of_the_scheme() -> None:
    assert meaning(LIVER) == "Liver"
    assert meaning(Concept("DCM", "113076")) == "Segmentation"
    assert not meaning(Concept("DCM", "10200004"))
    assert not meaning(Concept("99ACME", "1"))


# Identifiers of SNOMED CT in PS3.16, of different lengths.
@pytest.mark.parametrize("value", ["10200004", "85756007", "123037004", "2667000"])
def test_identifiers_of_the_standard_check(value: str) -> None:
    assert is_sct_identifier(value)


def test_those_of_the_context_group_check() -> None:
    codes = [each.value for each in context_group(7151) if each.scheme == "SCT"]
    assert len(codes) > 700
    assert all(map(is_sct_identifier, codes))


@given(st.sampled_from(["10200004", "85756007", "123037004"]), st.integers(0, 7), st.integers(1, 9))
def test_one_wrong_digit_is_found(value: str, place: int, more: int) -> None:
    wrong = str((int(value[place]) + more) % 10)
    assert not is_sct_identifier(value[:place] + wrong + value[place + 1 :])


@given(st.sampled_from(["10200004", "85756007", "123037004"]), st.integers(0, 6))
def test_two_swapped_digits_are_found(value: str, place: int) -> None:
    swapped = value[:place] + value[place + 1] + value[place] + value[place + 2 :]
    assert (swapped == value) == is_sct_identifier(swapped)


@pytest.mark.parametrize("value", ["", "12345", "1020000٤", "T-62000", "1" * 19, "-10200004"])
def test_what_is_no_number_of_that_length_is_none(value: str) -> None:
    assert not is_sct_identifier(value)
