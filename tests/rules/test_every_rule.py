"""What holds of every rule: it is tested, documented, discreet, and reads what it declares."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.facts import Item
from auditor.judgement import is_referee_rule
from auditor.model import ANY, Outcome, Rule, Scope
from auditor.standard.dictionary import keyword_of, tag_of, vr_of
from auditor.structured_report.content import _KEPT, _SEEN, CONTENT
from tests.rules.cases import PLANT, Case, all_rules, get_rule, passes

CASES: dict[str, tuple[Case, ...]] = {}
for _file in sorted(Path(__file__).parent.glob("test_*.py")):
    # Rules that show a referee's report have no facts of their own: that module tests them.
    if _file.stem not in (Path(__file__).stem, "test_iod"):
        for _id, _some in importlib.import_module(f"tests.rules.{_file.stem}").CASES.items():
            assert _id not in CASES, f"{_id} has cases in two modules"
            CASES[_id] = tuple(_some)

RULES = [rule for rule in all_rules().rules if not is_referee_rule(rule)]
INSTANCE_RULES = [rule for rule in RULES if rule.scope is Scope.INSTANCE]

CONTENT_KEYWORDS = frozenset(
    step for path in (*_KEPT, *_SEEN, "ContentSequence", "CodeMeaning") for step in path.split(".")
)
"""All that is asked of an item when the content tree of a report is built."""

BLANK = {Outcome.NOT_APPLICABLE, Outcome.NOT_EVALUATED}
SAYS_WHAT_THERE_IS = {
    *("RT001", "RT003", "SEG001", "SR001", "SR003", "SR004"),
    *("ANNO001", "DEID452", "PRIV002", "PRIV004"),
}
"""Rules of severity info that have a finding wherever they apply: they cannot pass."""

every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)


def is_about_the_file_alone(rule: Rule) -> bool:
    """Whether nothing can keep a rule from judging: it applies always, and needs no data set."""
    return rule.applies is ANY and all(name.startswith("file:") for name in rule.reads)


@every_rule
def test_it_has_cases_that_pass_fail_and_give_no_verdict(rule: Rule) -> None:
    outcomes = {case.outcome for case in CASES.get(rule.id, ())}
    assert Outcome.FAIL in outcomes
    if rule.id in SAYS_WHAT_THERE_IS:
        assert rule.severity == "info"
        assert Outcome.PASS not in outcomes
    else:
        assert Outcome.PASS in outcomes
    if is_about_the_file_alone(rule):
        assert not outcomes & BLANK
    else:
        assert outcomes & BLANK


def test_no_case_is_of_a_rule_that_does_not_exist() -> None:
    assert set(CASES) == {rule.id for rule in RULES}


@every_rule
def test_it_says_what_it_is_about(rule: Rule) -> None:
    assert all((rule.doc.title, rule.doc.why, rule.doc.fix, rule.doc.command, rule.doc.example))
    assert rule.doc.title.endswith(".")
    assert not rule.doc.title.endswith("..")
    assert rule.reference.startswith("PS3.")


@every_rule
def test_its_messages_are_words(rule: Rule) -> None:
    """A message is printed, and counted by its text: it starts small and ends without a stop."""
    messages = [message for answer in says(rule.id) for message, _ in answer.findings]
    assert messages
    for message in messages:
        assert message == message.strip()
        assert not message.endswith(".")
        assert "\n" not in message


def said(rule: Rule) -> Iterator[Any]:
    """Yield what a rule says of each of its cases; the type of what it raises, if it does."""
    for case in CASES[rule.id]:
        try:
            yield case.ask(rule)
        except Exception as error:  # noqa: BLE001 - whatever a query raises is an answer here
            yield type(error)


@cache
def says(rule_id: str) -> tuple[Any, ...]:
    """Return what a rule says of each of its cases, asked once."""
    return tuple(said(get_rule(rule_id)))


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        pytest.param(rule, name, id=f"{rule.id}-{name}")
        for rule in RULES
        for name in rule.reads
        if not (rule.scope is Scope.INSTANCE and "." in name)
    ],
)
def test_it_needs_all_that_it_declares(rule: Rule, name: str) -> None:
    fewer = replace(rule, reads=tuple(other for other in rule.reads if other != name))
    assert any(less != full for less, full in zip(said(fewer), says(rule.id), strict=True))


@pytest.mark.parametrize("rule", INSTANCE_RULES, ids=lambda rule: rule.id)
def test_it_asks_in_items_for_what_it_declares(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    """An item does not refuse: what a rule asks it is watched, and compared with `reads`."""
    asked = set(asked_of_items(rule, monkeypatch))
    declared = {step for name in rule.reads if "." in name for step in name.split(".")}
    leaves = {name.split(".")[-1] for name in rule.reads if "." in name}
    if CONTENT in rule.reads:
        asked -= CONTENT_KEYWORDS - leaves
    assert asked <= declared | set(rule.reads)
    assert leaves <= asked


def asked_of_items(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    keywords: list[str] = []
    with monkeypatch.context() as patched:
        for name in ("has", "filled", "values", "items"):
            true = getattr(Item, name)

            def watch(item: Item, keyword: str, true: Any = true) -> Any:
                keywords.append(keyword)
                return true(item, keyword)

            patched.setattr(Item, name, watch)
        list(said(rule))
    return iter(keywords)


READ = sorted(
    {
        (tag_of(step) >> 16, tag_of(step) & 0xFFFF)
        for rule in INSTANCE_RULES
        for name in rule.reads
        if ":" not in name and name not in ("private", CONTENT)
        for step in name.split(".")
    }
    | {(tag_of(step) >> 16, tag_of(step) & 0xFFFF) for step in CONTENT_KEYWORDS}
    | {(0x0008, 0x0090), (0x0010, 0x0010), (0x0010, 0x0030), (0x0010, 0x1040), (0x0009, 0x1001)}
)
SEQUENCES = [(group, element) for group, element in READ if vr_of(group << 16 | element) == "SQ"]
TEXT = st.sampled_from(
    [PLANT, "", "YES", "CONTAINER", "SEG", "1", "-1", "FRACTIONAL", "\\\\", "^="]
)
SOP_CLASSES = sorted(
    {
        uid
        for rule in INSTANCE_RULES
        if not callable(rule.applies)
        for uid in rule.applies.sop_classes or ()
    }
)


def elements(children: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[Any, Any]]:
    """Build data sets of what rules read, some of it with a VR that it should not have."""
    value = st.one_of(
        st.tuples(st.sampled_from(["LO", "PN", "CS", "LT"]), TEXT),
        st.tuples(st.sampled_from(["US", "UL"]), st.integers(0, 9)),
    )
    items = st.tuples(st.just("SQ"), st.lists(children, max_size=2))
    return st.builds(
        lambda values, sequences: values | sequences,
        st.dictionaries(st.sampled_from(READ), value, max_size=6),
        st.dictionaries(st.sampled_from(SEQUENCES), items, max_size=3),
    )


DATASETS: st.SearchStrategy[dict[Any, Any]] = st.recursive(st.just({}), elements, max_leaves=12)


@settings(max_examples=200)
@given(
    rule_id=st.sampled_from([rule.id for rule in INSTANCE_RULES]),
    dataset=DATASETS,
    sop_class=st.sampled_from(["", *SOP_CLASSES]),
)
def test_nothing_that_a_file_holds_makes_a_rule_raise_or_talk(
    rule_id: str, dataset: dict[Any, Any], sop_class: str
) -> None:
    answer = passes({**dataset, (0x0008, 0x0016): ("UI", sop_class)}).ask(get_rule(rule_id))
    assert answer.outcome is not Outcome.ERROR, answer
    for text in (text for finding in answer.findings for text in finding):
        assert not any(part in text for part in PLANT.split("^"))


def test_a_sequence_where_a_value_belongs_is_no_value() -> None:
    dataset: dict[Any, Any] = {(0x0012, 0x0062): ("SQ", [{}]), "DeidentificationMethod": PLANT}
    assert passes(dataset).ask(get_rule("DEID102")).outcome is Outcome.FAIL


def test_the_names_in_messages_are_the_standards() -> None:
    """Each place that a rule points at is an attribute of PS3.6, or a private element."""
    for rule in RULES:
        for place in {at for case in CASES[rule.id] for at in case.at if at}:
            for step in place.split("/"):
                group, _, element = step.strip("()").partition(",")
                if int(group, 16) % 2 == 0:
                    assert keyword_of(int(group + element, 16)), (rule.id, step)
