"""A tally is a commutative monoid: parts may be added in any order and any grouping."""

from __future__ import annotations

import copy
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from auditor.model import Outcome
from auditor.tally import (
    EXAMPLES,
    UNKNOWN,
    ElementTally,
    Judged,
    Seen,
    SignatureTally,
    Structure,
    Tally,
    Verdict,
    count_rule,
)

VERDICTS = [
    Verdict((Outcome.PASS,), ((),), (((("a",), 2),),)),
    Verdict((Outcome.FAIL,), ((("wrong", "(0010,0010)"),),)),
    Verdict((Outcome.NOT_APPLICABLE,), ((),)),
]

paths = st.text("abc/", min_size=1, max_size=4)
seen = st.builds(Seen, st.integers(1, 9), paths)
series = st.dictionaries(st.one_of(st.none(), st.integers(0, 3)), seen, min_size=1, max_size=3)


@st.composite
def tallies(draw: st.DrawFn) -> Tally:
    tally = Tally(
        files=Counter(draw(st.dictionaries(st.sampled_from(["ok", "partial"]), st.integers(1, 9)))),
        size=draw(st.integers(0, 99)),
    )
    for number in draw(st.sets(st.integers(0, 2))):
        # The verdict is a function of the signature: equal digests have equal verdicts.
        structure = b"s%d" % number
        tally.signatures[b"%d" % number] = SignatureTally(
            VERDICTS[number], structure, f"{number}", draw(series)
        )
        path = draw(paths)
        tally.structures[structure] = Structure("1.2", path, "/" + path)
    tally.private.update(draw(st.dictionaries(st.sampled_from("ab"), st.integers(1, 9))))
    tally.dicom = draw(st.integers(0, 99))
    for number in draw(st.sets(st.integers(0, 2))):
        key = (f"(0010,00{number}0)", "LO", "", "")
        tally.elements[key] = ElementTally(draw(st.integers(1, 9)), draw(st.integers(0, 1)))
    return tally


def added(*parts: Tally) -> Tally:
    total = Tally()
    for part in parts:
        total.merge(part)
    return total


@given(tallies(), tallies(), tallies())
def test_merging_is_associative(one: Tally, two: Tally, three: Tally) -> None:
    assert added(added(one, two), three) == added(one, added(two, three))


@given(tallies(), tallies())
def test_merging_is_commutative(one: Tally, two: Tally) -> None:
    assert added(one, two) == added(two, one)


@given(tallies())
def test_nothing_added_changes_nothing(one: Tally) -> None:
    assert added(one) == one == added(Tally(), one, Tally())


@given(tallies(), tallies())
def test_what_is_merged_is_not_changed_and_not_shared(one: Tally, two: Tally) -> None:
    before = copy.deepcopy(two)
    total = added(one, two)
    total.merge(two)
    assert two == before


def test_a_finding_is_counted_per_instance_with_its_first_paths() -> None:
    place = ("wrong", "(0010,0010)")
    tally = count_rule(
        [
            (Outcome.FAIL, (place,), {1: Seen(3, "b"), 2: Seen(4, "a")}),
            (Outcome.PASS, (), {1: Seen(5, "c")}),
            (Outcome.NOT_EVALUATED, (), {3: Seen(1, "d")}),
        ],
        by_series=False,
    )
    assert (tally.failed, tally.passed, tally.not_evaluated) == (7, 5, 1)
    assert tally.findings == {place: (7, ["a", "b"])}


def test_a_series_has_the_worst_outcome_of_its_instances() -> None:
    place = ("wrong", "")
    tally = count_rule(
        [
            (Outcome.FAIL, (place,), {1: Seen(1, "x")}),
            (Outcome.PASS, (), {1: Seen(99, "a"), 2: Seen(1, "y")}),
            (Outcome.NOT_APPLICABLE, (), {2: Seen(1, "z")}),
            (Outcome.ERROR, (("raised", ""),), {4: Seen(1, "e")}),
            (Outcome.NOT_EVALUATED, (), {2: Seen(1, "n"), 5: Seen(1, "n")}),
        ],
        by_series=True,
    )
    assert (tally.failed, tally.passed, tally.not_evaluated, tally.errors) == (1, 0, 2, 1)
    assert tally.findings[place] == (1, ["x"])


def test_what_may_not_apply_is_counted_apart() -> None:
    cut: Judged = (Outcome.NOT_EVALUATED, UNKNOWN, {1: Seen(3, "a"), 2: Seen(1, "b")})
    rest: list[Judged] = [
        (Outcome.NOT_EVALUATED, (("something else", ""),), {3: Seen(5, "c")}),
        (Outcome.PASS, (), {2: Seen(7, "d")}),
        (Outcome.NOT_APPLICABLE, (), {1: Seen(9, "e")}),
    ]
    tally = count_rule([cut, *rest], by_series=False)
    assert (tally.not_evaluated, tally.unknown) == (9, 4)
    # Of series 2 it is known that the rule applies, of series 1 it is not.
    tally = count_rule([cut, *rest], by_series=True)
    assert (tally.not_evaluated, tally.unknown) == (3, 1)


def test_examples_are_bounded_and_counts_exact() -> None:
    place = ("wrong", "")
    tally = count_rule(
        [(Outcome.FAIL, (place,), {number: Seen(2, f"{number:03}") for number in range(500)})],
        by_series=False,
    )
    count, examples = tally.findings[place]
    assert (count, examples) == (1000, [f"{number:03}" for number in range(EXAMPLES)])


def test_equal_verdicts_of_other_processes_are_kept_once() -> None:
    total = Tally()
    for number in range(20):
        verdict = Verdict((Outcome.FAIL,), ((("a finding", "(0010,0010)"),),))
        part = Tally(signatures={bytes([number]): SignatureTally(verdict, None)})
        total.merge(copy.deepcopy(part))
    assert len({id(each.verdict) for each in total.signatures.values()}) == 1
