"""Codes of PS3.16, and what can be a SNOMED CT identifier."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.standard.codes import (
    RETIRED_SCHEMES,
    Concept,
    by_meaning,
    context_group,
    is_dcm_code,
    is_known_group,
    is_member,
    is_private,
    is_sct_identifier,
    lexicon,
    meaning,
    same,
    today,
)

LIVER = Concept("SCT", "10200004")


def test_a_retired_code_is_what_it_was() -> None:
    assert today(Concept("SRT", "T-62000")) == LIVER
    assert today(Concept("99SDM", "T-62000")) == LIVER


def test_a_retired_code_without_a_successor_is_one_under_each_name() -> None:
    every = {today(Concept(scheme, "none")) for scheme in RETIRED_SCHEMES}
    assert every == {Concept("SRT", "none")}


@pytest.mark.parametrize("concept", [LIVER, Concept("SRT", "none"), Concept("DCM", "T-62000")])
def test_any_other_code_stays_what_it_is(concept: Concept) -> None:
    assert today(concept) == concept


def test_context_groups_hold_the_groups_in_them() -> None:
    assert context_group(7151)[LIVER] == "Liver"
    assert by_meaning(7151)["liver"] == {LIVER}
    assert Concept("SCT", "85756007") in context_group(7150)
    assert LIVER not in context_group(7150)


def test_a_group_that_is_not_known_is_empty() -> None:
    assert context_group(99_999) == {}
    assert is_known_group(7021)
    assert not is_known_group(99_999)


def test_two_schemes_may_have_a_name_in_one_group() -> None:
    assert {Concept("FMA", "276650"), Concept("NEU", "2063")} <= set(context_group(8134))
    assert by_meaning(8134)["arcuate fasciculus"] == {
        Concept("FMA", "276650"),
        Concept("NEU", "2063"),
    }


def test_every_group_is_what_pydicom_has() -> None:
    from pydicom.sr._concepts_dict import concepts

    groups: dict[int, set[Concept]] = {}
    every: dict[str, Any] = dict(concepts)
    for scheme, by_keyword in every.items():
        for by_code in by_keyword.values():
            for value, (_, numbers) in by_code.items():
                for number in numbers:
                    groups.setdefault(number, set()).add(Concept(scheme, value))
    former = {Concept("SCT", "123037004")}
    for number, group in groups.items():
        assert set(context_group(number)) - former == group - former


def test_members_are_written_todays_way_or_the_old_way() -> None:
    assert is_member(Concept("DCM", "126000"), 7021)
    assert is_member(Concept("SRT", "G-A101"), 244)
    assert not is_member(Concept("SCT", "126000"), 7021)
    # What a group had in earlier editions is no error of a report, either.
    assert is_member(Concept("SCT", "123037004"), 7150)
    assert is_member(Concept("SRT", "T-D000A"), 7150)


def test_codes_are_compared_as_they_are_today() -> None:
    assert same(Concept("SRT", "G-C0E3"), "363698007", "SCT")
    assert same(Concept("SNM3", "none"), "none", "SRT")
    assert not same(Concept("DCM", "G-C0E3"), "363698007", "SCT")
    assert not same(None, "363698007", "SCT")


def test_codes_of_dcm() -> None:
    assert is_dcm_code("121058")
    assert is_dcm_code("100000") is False
    assert is_dcm_code("999999") is None
    assert is_dcm_code("") is False


def test_a_scheme_is_shown_only_if_it_is_known() -> None:
    assert lexicon("SCT") == "SCT"
    assert lexicon("99SMITH") == "private (99...)"
    assert lexicon("SMITH") == "another scheme"
    assert not is_private("99SDM")


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
