"""Rules of IOD conformance: what the referees said, as findings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auditor import TagPath
from auditor.conformance.vocabulary import OLDER_LIST, OLDER_TERMS, IodError, RefereeReport
from auditor.judgement import is_referee_rule
from auditor.model import Outcome
from auditor.paths import rules_folder
from auditor.referee_rules import _referee_reason, ask_referee_rule, referee_notes
from auditor.registry import RuleSet, load
from auditor.testing import ask_instance

PLACE = TagPath.of("RequestAttributesSequence", "StudyID")
CLEAN = RefereeReport("judged")
DIED = RefereeReport("error", (), "dciodvfy took too long")
ABSENT = RefereeReport("absent", (), "dicom3tools is not installed")
FOREIGN = RefereeReport("unknown_sop_class", (), "no IOD")

KIND_OF_RULE = {
    "IOD001": ("missing", "1"),
    "IOD002": ("missing", "2"),
    "IOD003": ("empty", "1"),
    "IOD004": ("not_allowed", "1C"),
    "IOD005": ("unexpected", ""),
    "IOD006": ("characters", ""),
    "IOD007": ("functional_group", ""),
    "IOD008": ("incomplete_module", "1"),
    "IOD009": ("enumerated_value", ""),
    "IOD010": ("defined_term", ""),
    "IOD011": ("vm", ""),
    "IOD012": ("vr", ""),
    "IOD013": ("not_allowed_empty", "2C"),
    "IOD014": ("missing", "1C"),
    "IOD015": ("missing", "2C"),
    "IOD017": ("length", ""),
}


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load([rules_folder()])


def reports(first: RefereeReport, second: RefereeReport) -> dict[str, RefereeReport]:
    return {"dicom-validator": first, "dciodvfy": second}


def said(rule_id: str) -> RefereeReport:
    kind, attribute_type = KIND_OF_RULE[rule_id]
    return RefereeReport("judged", (IodError(kind, PLACE, "General Series", attribute_type),))


@pytest.mark.parametrize("rule_id", KIND_OF_RULE)
def test_pass_and_fail_with_the_tag_path(rules: RuleSet, rule_id: str) -> None:
    good = ask_instance(rules, rule_id, {}, referees=reports(CLEAN, CLEAN))
    assert good.outcome is Outcome.PASS
    bad = ask_instance(rules, rule_id, {}, referees=reports(CLEAN, said(rule_id)))
    assert (bad.outcome, bad.places) == (Outcome.FAIL, [str(PLACE)])
    others = [other for other in KIND_OF_RULE if other != rule_id]
    for other in others:
        judgement = ask_instance(rules, other, {}, referees=reports(CLEAN, said(rule_id)))
        assert judgement.outcome is Outcome.PASS, other


def test_conditions_for_no_machine_lower_the_coverage(rules: RuleSet) -> None:
    unread = replace(CLEAN, conditions=(7, 3))
    of_it = ask_instance(rules, "IOD016", {}, referees=reports(unread, CLEAN))
    assert of_it.outcome is Outcome.NOT_EVALUATED
    assert of_it.reasons == ("of 10 conditions of an IOD, 3 are for no machine",)
    every = reports(replace(CLEAN, conditions=(7, 0)), CLEAN)
    assert ask_instance(rules, "IOD016", {}, referees=every).outcome is Outcome.PASS
    foreign = reports(FOREIGN, FOREIGN)
    assert ask_instance(rules, "IOD016", {}, referees=foreign).outcome is Outcome.NOT_EVALUATED


@pytest.mark.parametrize(("rule_id", "why"), [("IOD009", OLDER_LIST), ("IOD010", OLDER_TERMS)])
def test_a_value_in_no_older_list_is_no_pass_where_nobody_newer_judged(
    rules: RuleSet, rule_id: str, why: str
) -> None:
    rule, unsure = rules.get(rule_id), replace(CLEAN, held_back=(why,))
    for second in (ABSENT, DIED):
        outcome, said_of_it = ask_referee_rule(rule, reports(unsure, second), {})
        assert outcome is Outcome.NOT_EVALUATED
        assert "list of 2020" in said_of_it[0][0]
    assert ask_referee_rule(rule, reports(unsure, CLEAN), {})[0] is Outcome.PASS
    assert ask_referee_rule(rule, reports(CLEAN, ABSENT), {})[0] is Outcome.PASS


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "StudyDate", "StudyTime"])
def test_what_has_a_rule_of_its_own_is_said_once(rules: RuleSet, keyword: str) -> None:
    place = TagPath.of(keyword)
    wrong = RefereeReport("judged", (IodError("characters", place, "General Study", "1"),))
    said_of_it = ask_instance(rules, "IOD006", {}, referees=reports(wrong, wrong))
    assert said_of_it.outcome is Outcome.PASS


def test_every_rule_is_here(rules: RuleSet) -> None:
    assert {rule.id for rule in rules.rules if is_referee_rule(rule)} == {"IOD016", *KIND_OF_RULE}


@pytest.mark.parametrize(
    ("first", "second", "of_both", "of_second"),
    [
        (CLEAN, CLEAN, Outcome.PASS, Outcome.PASS),
        (CLEAN, DIED, Outcome.PASS, Outcome.ERROR),
        (CLEAN, ABSENT, Outcome.PASS, Outcome.NOT_EVALUATED),
        (DIED, CLEAN, Outcome.PASS, Outcome.PASS),
        (DIED, DIED, Outcome.ERROR, Outcome.ERROR),
        (DIED, ABSENT, Outcome.ERROR, Outcome.NOT_EVALUATED),
        (FOREIGN, FOREIGN, Outcome.NOT_EVALUATED, Outcome.NOT_EVALUATED),
    ],
)
def test_who_did_not_judge_is_never_a_pass(
    rules: RuleSet,
    first: RefereeReport,
    second: RefereeReport,
    of_both: Outcome,
    of_second: Outcome,
) -> None:
    asked = reports(first, second)
    assert ask_referee_rule(rules.get("IOD001"), asked, {})[0] is of_both
    assert ask_referee_rule(rules.get("IOD011"), asked, {})[0] is of_second


def test_overlays_that_no_referee_was_shown_are_no_pass(rules: RuleSet) -> None:
    partly = RefereeReport("judged", unshown=(0x6002,))
    wrong = replace(said("IOD011"), unshown=(0x6002,))
    for rule, second, outcome in (
        ("IOD011", partly, Outcome.NOT_EVALUATED),
        ("IOD011", wrong, Outcome.FAIL),
        ("IOD001", partly, Outcome.PASS),
    ):
        assert ask_referee_rule(rules.get(rule), reports(CLEAN, second), {})[0] is outcome
    reason = _referee_reason(rules.get("IOD011"), [reports(CLEAN, partly)], False)
    assert reason == "overlays of one object that differ, of which the referee is shown the first"


def test_how_sure_a_finding_is(rules: RuleSet) -> None:
    rule = rules.get("IOD001")
    confidences: dict[tuple[str, str], str] = {}
    for second in (CLEAN, said("IOD001")):
        ask_referee_rule(rule, reports(said("IOD001"), second), confidences)
    by_end = {message.split("according to ")[1]: sure for (message, _), sure in confidences.items()}
    assert by_end == {"dicom-validator": "medium", "dicom-validator and dciodvfy": "high"}


def test_what_could_not_be_judged_is_said(rules: RuleSet) -> None:
    held_back = RefereeReport("judged", (), "", ("a reason",))
    notes = referee_notes([reports(held_back, DIED), reports(held_back, ABSENT)])
    assert notes == [
        "Not counted as an error, though dicom-validator reports one in 2 kinds of data set: "
        "a reason.",
        "dciodvfy could not finish on 1 kind of data set; what the other referee says of "
        "them stands.",
        "dciodvfy is not installed: one referee judged.",
    ]
    asked = [reports(CLEAN, ABSENT)]
    assert _referee_reason(rules.get("IOD011"), asked, False) == (
        "a referee that is not installed (extra `referee`)"
    )
    assert _referee_reason(rules.get("IOD001"), asked, False) == ""


def test_frames_of_a_single_frame_sop_class_are_not_a_value_to_mend(rules: RuleSet) -> None:
    error = IodError("enumerated_value", TagPath.of("NumberOfFrames"), "", "")
    report = RefereeReport("judged", (error,))
    outcome, found = ask_referee_rule(rules.get("IOD009"), reports(CLEAN, report), {})
    assert outcome is Outcome.FAIL
    assert "this SOP class holds one frame" in found[0][0]
