"""A rule that cannot know says so, and a sequence is judged by having an item."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from auditor import Element, Finding, InstanceFacts, Undecided, judge, rule
from auditor.model import Outcome
from auditor.registry import RuleSet
from auditor.tally import Seen, count_rule
from auditor.testing import ask_instance


@judge(name="there", applies=lambda place: place.tag in (0x00400275, 0x00100010))
def there(element: Element) -> str:
    return f"{element.place.vr} of {len(element.value)} bytes"


@rule(
    id="DEID991",
    category="deidentification",
    severity="error",
    confidence="high",
    reads=("PatientName", "PatientID"),
    reference="PS3.3",
)
def doubtful(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    if instance.has("PatientName"):
        yield Undecided("objects with a name")
    if instance.has("PatientID"):
        yield Finding("an ID")


@rule(
    id="DEID992",
    category="deidentification",
    severity="error",
    confidence="high",
    reads=("judge:there",),
    reference="PS3.3",
)
def lists(instance: InstanceFacts) -> Iterator[Finding]:
    for path, verdict in instance.judged("there"):
        yield Finding(verdict, path)


RULES = RuleSet((doubtful, lists), {"there": there}, (), "")


@pytest.mark.parametrize(
    ("dataset", "outcome", "reasons"),
    [
        ({}, Outcome.PASS, ()),
        ({"PatientName": ""}, Outcome.NOT_EVALUATED, ("objects with a name",)),
        ({"PatientID": ""}, Outcome.FAIL, ()),
        # What is known to be wrong is wrong, whatever else is not known.
        ({"PatientName": "", "PatientID": ""}, Outcome.FAIL, ()),
    ],
)
def test_what_cannot_be_known_is_no_pass(
    dataset: dict[str, str], outcome: Outcome, reasons: tuple[str, ...]
) -> None:
    said = ask_instance(RULES, "DEID991", dataset)
    assert (said.outcome, said.reasons) == (outcome, reasons)
    assert bool(said.findings) == (outcome is Outcome.FAIL)


@pytest.mark.parametrize("by_series", [False, True])
def test_reasons_are_gathered_and_are_no_findings(by_series: bool) -> None:
    counted = count_rule(
        [
            (Outcome.NOT_EVALUATED, (("one", ""), ("two", "")), {1: Seen(2, "a")}),
            (Outcome.NOT_EVALUATED, (("two", ""),), {2: Seen(1, "b")}),
            (Outcome.FAIL, (("found", ""),), {3: Seen(1, "c")}),
        ],
        by_series,
    )
    assert counted.reasons == {"one", "two"}
    assert set(counted.findings) == {("found", "")}
    assert (counted.not_evaluated, counted.failed) == ((2, 1) if by_series else (3, 1))


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([], ()),
        ([{}], (("SQ of 0 bytes", "(0040,0275)"),)),
        (
            [{"PatientName": "A"}, {}],
            (("PN of 2 bytes", "(0040,0275)/(0010,0010)"), ("SQ of 0 bytes", "(0040,0275)")),
        ),
    ],
)
def test_a_sequence_is_judged_if_it_has_an_item(
    items: list[dict[str, str]], said: tuple[tuple[str, str], ...]
) -> None:
    judged = ask_instance(RULES, "DEID992", {"RequestAttributesSequence": items})
    assert judged.findings == said
