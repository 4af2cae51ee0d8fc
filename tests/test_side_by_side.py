"""What the comparison page says: who compares with whom, what differs, and what is left out."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.result import MUST_AGREE, AuditResult, CollectionResult, RuleResult
from auditor.side_by_side import DETAILS, STEPS, Compared, ComparisonView, Detail, RuleRow
from tests.sample_result import (
    TOOL,
    audit,
    careful,
    careless,
    collection,
    empty,
    many,
    review,
    rule,
    undecided,
)


def comparison_view(results: list[AuditResult], detail: Detail = DETAILS[0]) -> ComparisonView:
    return Compared(results).view(detail)


def test_same_rules_are_comparable() -> None:
    page = comparison_view([audit(careful()), audit(careless())])
    assert page.comparable
    assert page.differing == ()
    assert not page.heat.marked
    assert [each.mark for each in page.sets] == ["A"]


@pytest.mark.parametrize(("name", "field"), MUST_AGREE.items())
def test_what_differs_is_named(name: str, field: str) -> None:
    other = audit(careless())
    other.tool = replace(TOOL)
    setattr(other.tool, field, "another")
    page = comparison_view([audit(careful()), other])
    assert not page.comparable
    assert page.differing == (name,)
    assert name in page.explanation
    marks = {row.name: row.mark for group in page.heat.groups for row in group.rows}
    assert marks == {"careful-ct-lung": "A", "careless-mixed": "B"}


def test_version_alone_does_not_matter() -> None:
    other = audit(careless())
    other.tool = replace(TOOL, version="9.9", elapsed_s=1.0)
    page = comparison_view([audit(careful()), other])
    assert page.comparable
    assert page.sets[0].versions == "0.1.0, 9.9"


def test_rule_set_that_was_not_recorded_is_not_comparable() -> None:
    blank = audit(careless())
    blank.tool = replace(TOOL, ruleset="")
    page = comparison_view([blank])
    assert not page.comparable
    assert "not known" in page.statement


def test_the_legend_has_the_shades_that_cells_have() -> None:
    view = comparison_view([audit(careful())])
    assert [each.shade for each in view.heat.shades] == [shade for _, shade in STEPS]
    assert [each.words for each in view.heat.shades] == [
        *("100", "99 and more", "95 and more", "80 and more", "50 and more", "below 50")
    ]


def test_nothing_to_compare() -> None:
    page = comparison_view([])
    assert page.statement == "There is nothing to compare"
    assert page.heat.groups == ()


def test_many_rule_sets_have_marks_of_their_own() -> None:
    results = []
    for position in range(30):
        one = audit(careful())
        one.tool = replace(TOOL, ruleset=str(position))
        results.append(one)
    marks = [each.mark for each in comparison_view(results).sets]
    assert len(set(marks)) == 30
    assert marks[25:27] == ["Z", "27"]


# -- the heat map


def test_a_cell_is_shaded_by_its_score_and_marked_by_the_worst_that_fails() -> None:
    view = comparison_view([audit(careless())])
    [row] = [row for group in view.heat.groups for row in group.rows]
    cells = dict(zip(view.heat.columns, row.cells, strict=True))
    assert {
        name: (cell.shade, cell.gauge.tone) for name, cell in cells.items() if cell is not None
    } == {
        "Overall": ("s4", "error"),
        "File integrity": ("s1", "error"),
        "De-identification": ("s5", "error"),
        "Private data": ("s4", "error"),
        "IOD conformance": ("su", "warning"),
        "Segmentation": ("s0", "ok"),
        "Structured reports": ("sa", "absent"),
        "Radiotherapy": ("sa", "absent"),
        "References": ("su", "unknown"),
        "Consistency": ("s1", "warning"),
        "Annotation": ("sa", "info"),
    }


def test_the_notation_is_not_guessed() -> None:
    one, other = careful(), careful()
    one.annotation = {"A/S": "Y*", "CR": "N"}
    other.annotation = {"A/S": "perhaps"}
    other.name = "other"
    view = comparison_view([audit(one, other)])
    codes = {row.name: row.codes for group in view.heat.groups for row in group.rows}
    assert [code.code for code in codes["careful-ct-lung"]] == ["not stated", "Y*", "N"]
    assert [code.words for code in codes["careful-ct-lung"]] == ["", "as DICOM SEG or ANN", "none"]
    assert [code.code for code in codes["other"]] == ["not stated", "perhaps", "not stated"]


def test_a_repository_of_several_has_medians_of_what_is_known() -> None:
    made = [careful(), undecided(), review()]
    for score, one in zip((90.0, 70.0, 10.0), made, strict=True):
        one.overall = score
    made[1].overall = None
    view = comparison_view([audit(*made)])
    medians = {group.title: group.medians[0] for group in view.heat.groups}
    assert medians == {"Careful Archive": "90.0", "No repository named": ""}


# -- small multiples


def test_few_collections_are_a_bar_each_and_many_a_strip_a_repository() -> None:
    few = comparison_view([audit(careful(), empty())])
    overall = few.panels[0]
    assert [(line.name, line.words) for line in overall.strips] == [
        ("careful-ct-lung", "100"),
        ("empty", "not known"),
    ]
    lots = comparison_view([many(40, 10)])
    assert [line.name for line in lots.panels[0].strips] == [f"Repository {n}" for n in range(7)]
    assert lots.panels[0].strips[0].words.startswith("median ")
    assert lots.dotted


def test_a_strip_says_how_many_have_a_score() -> None:
    made = [collection(f"c{place}", "One") for place in range(14)]
    for place, one in enumerate(made):
        one.overall = None if place < 4 else 80.0 + place
    [line] = comparison_view([audit(*made)]).panels[0].strips
    assert line.words == "median 88.5, 84.0 to 93.0; 10 of 14 have a score"
    assert line.dots == tuple(80.0 + place for place in range(4, 14))
    for one in made:
        one.overall = None
    [line] = comparison_view([audit(*made)]).panels[0].strips
    assert (line.words, line.dots) == ("none of 14 has a score", ())


def test_repositories_that_are_not_drawn_are_counted() -> None:
    made = [collection(f"c{place}", f"Repository {place:02}") for place in range(20)]
    panel = comparison_view([audit(*made)]).panels[0]
    assert len(panel.strips) == 12
    assert panel.more == "8 smaller repositories not shown"


# -- rules


def rows(*made: CollectionResult) -> dict[str, RuleRow]:
    return {each.id: each for each in comparison_view([audit(*made)]).rules}


def test_the_rule_that_divides_collections_comes_first() -> None:
    view = comparison_view(
        [
            audit(
                collection("a", changed=[rule("DEID101", "fail", 400, 400)]),
                collection("b", changed=[rule("CONS101", "fail", 400, 4)]),
            )
        ]
    )
    assert [(each.id, each.effect) for each in view.rules] == [
        # Half of the two fail wholly: 50 points of standard deviation; 1 % apart: half a point.
        ("DEID101", "50.0"),
        ("CONS101", "0.5"),
    ]
    first = view.rules[0]
    assert first.counted == "fails in 1 of 2 collections"
    assert (first.lowest, first.highest) == ("0", "100")
    assert [(part.kind, part.start, part.width) for part in first.bar] == [
        ("all", 0.0, 50.0),
        ("pass", 50.0, 50.0),
    ]
    assert [(each.name, each.share) for each in first.named] == [("a", "400 of 400 fail")]
    assert view.agreed == "16 rules found no defect in any collection"


def test_a_rule_that_fails_everywhere_alike_has_no_effect_and_is_shown() -> None:
    bad = rule("DEID101", "fail", 300, 100)
    shown = rows(collection("a", changed=[bad]), collection("b", changed=[bad]))
    assert list(shown) == ["DEID101"]
    assert shown["DEID101"].effect == "0"
    assert shown["DEID101"].counted == "fails in 2 of 2 collections"


def test_information_has_no_effect() -> None:
    assert rows(careful(), review())["ANNO101"].effect == "0"


def test_what_could_be_judged_here_and_not_there_is_a_difference() -> None:
    blind = rule("REF101", "not_evaluated", 0, not_evaluated=4)
    shown = rows(collection("a", changed=[blind]), collection("b"))["REF101"]
    assert shown.counted == "fails in 0 of 2 collections, not judged in 1"
    assert [part.kind for part in shown.bar] == ["unknown", "pass"]
    assert shown.effect == "0"


def test_rules_that_say_nothing_are_counted_by_why() -> None:
    made = careful()
    made.rules = [
        rule("REF101", "not_evaluated", 0, not_evaluated=4),
        rule("RT101", "not_applicable", 0),
        rule("SR101", "not_applicable", 0),
        rule("FILE101"),
    ]
    view = comparison_view([audit(made)])
    assert view.rules == ()
    assert view.agreed == (
        "1 rule found no defect in any collection; 1 rule could be judged in none; "
        "2 rules had nothing to judge"
    )


_STATE = re.compile(r"(\d+)/(\d+)f|(\d*)([pnqe-])")


def decoded(states: str) -> list[str]:
    """Read states as the page's script does."""
    made: list[str] = []
    for failed, applicable, times, letter in _STATE.findall(states):
        made += [f"{failed}/{applicable}"] if failed else [letter] * int(times or 1)
    return made


_SAID = st.sampled_from(["p", "n", "q", "e", "-", "1/4", "4/4", "3/12"])


def _result(said: str) -> RuleResult:
    if "/" in said:
        failed, applicable = map(int, said.split("/"))
        return rule("DEID101", "fail", applicable, failed)
    outcome, applicable = {
        "p": ("pass", 3),
        "n": ("not_applicable", 0),
        "q": ("not_evaluated", 0),
        "e": ("error", 0),
    }[said]
    return rule("DEID101", outcome, applicable)


@given(st.lists(_SAID, min_size=1, max_size=30))
def test_states_can_be_read_back(said: list[str]) -> None:
    made = []
    for place, one in enumerate(said):
        each = empty()
        # A repository each keeps them in their order.
        each.repository = f"{place:02}"
        each.rules = [] if one == "-" else [_result(one)]
        made.append(each)
    for row in comparison_view([audit(*made)]).rules:
        assert decoded(row.states) == said


# -- two side by side


def test_the_lowest_and_the_highest_stand_side_by_side() -> None:
    pair = comparison_view([audit(careless(), careful(), empty())]).pair
    assert pair is not None
    assert (pair.left.name, pair.right.name) == ("careless-mixed", "careful-ct-lung")
    apart = {line.title: line.difference for line in pair.lines}
    assert apart["Segmentation"] == "0"
    assert apart["De-identification"] == "+51.6"
    assert apart["File integrity"] == "+ < 0.1"
    assert apart["Radiotherapy"] == apart["References"] == ""
    rules = {each.id: (each.left, each.right) for each in pair.rules}
    assert rules["DEID101"] == ("18,340 of 18,340 fail", "passes")
    assert rules["IOD102"] == ("broke down", "passes")
    assert rules["REF101"] == ("not evaluated", "passes")
    assert "SEG101" not in rules


@pytest.mark.parametrize("made", [[careful()], [careful(), empty()], [empty(), empty()], []])
def test_without_two_scores_there_is_no_pair(made: list[CollectionResult]) -> None:
    assert comparison_view([audit(*made)]).pair is None


def test_two_that_are_alike_are_still_two() -> None:
    pair = comparison_view([audit(collection("a"), collection("b"))]).pair
    assert pair is not None
    assert {pair.left.name, pair.right.name} == {"a", "b"}
    assert pair.rules == ()


def test_what_is_not_comparable_is_not_compared() -> None:
    other = replace(TOOL, ruleset="another")
    bad = [rule("DEID101", "fail", 400, 400)]
    results = [
        audit(collection("a"), collection("b", changed=[rule("CONS101", "fail", 400, 4)])),
        audit(collection("c", changed=bad), tool=other),
    ]
    view = comparison_view(results)
    assert view.base == (
        "Only of the 2 collections with letter A: the others were not judged by the same rules."
    )
    assert [each.id for each in view.rules] == ["CONS101"]
    assert decoded(view.rules[0].states).count("-") == 1
    assert view.pair is not None
    assert {view.pair.left.name, view.pair.right.name} == {"a", "b"}


# -- how much fits


def test_less_detail_leaves_out_and_says_so() -> None:
    compared = Compared([many(30, 40)])
    whole, less = compared.view(DETAILS[0]), compared.view(Detail(30, 5, 2, False))
    assert len(whole.rules) > 5 == len(less.rules)
    assert less.more_rules == f"{len(whole.rules) - 5} rules not shown; see result.json"
    assert less.heat.more == whole.heat.more == ""
    assert {each.states for each in less.rules} == {""}
    assert all(len(each.named) <= 2 for each in less.rules)
    fewer = compared.view(Detail(10, 0, 0, False))
    assert sum(len(group.rows) for group in fewer.heat.groups) == 10
    assert fewer.heat.more == "20 collections not shown; see result.json"
    assert fewer.pair is None


def test_a_weight_that_is_no_number_weighs_nothing() -> None:
    made = audit(collection("a", changed=[rule("DEID101", "fail", 4, 4)]), collection("b"))
    for one in made.collections:
        for each in one.rules:
            each.weight = float("nan")
    assert {each.effect for each in comparison_view([made]).rules} == {"0"}


def test_the_first_screen_says_what_may_be_released_and_what_to_fix_first() -> None:
    view = comparison_view([audit(careful(), careless()), audit(empty())])
    assert view.subtitle == (
        "3 collections from 2 audits: 1 not ready for release, 1 nothing to judge, "
        "1 no obstacle to release"
    )
    rows = {row.name: row.start for group in view.heat.groups for row in group.rows}
    assert rows == {"careless-mixed": "first: DEID101", "careful-ct-lung": "", "empty": ""}
    assert comparison_view([]).subtitle == "0 collections from 0 audits"
