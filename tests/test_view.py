"""What a report says: verdicts, order, numbers in words, and what it leaves out."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.formats import FORMATS
from auditor.render import report_page
from auditor.result import CategoryResult, CollectionResult, Counts, GroupedFinding, RuleResult
from auditor.scorecard import report_view
from auditor.terminal import summarise
from auditor.view import (
    LEVELS,
    clean,
    duration,
    explain_notation,
    first_steps,
    moment,
    size,
    tenths,
    to_fix,
    verdict_of,
)
from auditor.words import plural, unit_word
from tests.sample_result import (
    audit,
    careful,
    careless,
    collection,
    empty,
    huge,
    review,
    rule,
    undecided,
)

# -- words and numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.0, "0"),
        (1e-9, "< 0.1"),
        (0.04, "< 0.1"),
        (50, "50.0"),
        (93.25, "93.2"),
        (99.96, "99.9"),
        (99.99999999, "99.9"),
        (100, "100"),
    ],
)
def test_only_exact_bounds_are_written_as_bounds(value: float, text: str) -> None:
    assert tenths(value) == text


@given(st.floats(0, 100))
def test_100_and_0_are_never_rounded_to(value: float) -> None:
    assert (tenths(value) == "100") == (value == 100)
    assert (tenths(value) == "0") == (value == 0)


@pytest.mark.parametrize(
    ("count", "unit", "text"),
    [
        (1, "study", "1 study"),
        (2, "study", "2 studies"),
        (1, "series", "1 series"),
        (2, "series", "2 series"),
        (2, "new series", "2 new series"),
        (2, "new study", "2 new studies"),
        (0, "patient", "0 patients"),
        (12345, "instance", "12,345 instances"),
    ],
)
def test_plural(count: int, unit: str, text: str) -> None:
    assert plural(count, unit) == text


def test_sizes_and_times() -> None:
    assert [size(each) for each in (0, 999, 1000, 1_500_000_000, 2 * 10**15)] == [
        "0 bytes",
        "999 bytes",
        "1.0 kB",
        "1.5 GB",
        "2,000.0 TB",
    ]
    assert [duration(each) for each in (0.04, 59.9, 192, 7260)] == [
        "0.0 s",
        "59.9 s",
        "3 min 12 s",
        "2 h 1 min",
    ]
    assert moment("2025-11-04T09:30:05+00:00") == "2025-11-04 09:30 UTC"
    assert moment("yesterday") == "yesterday"


def test_clean_shows_what_hides() -> None:
    assert clean("a\u202eb\u200b\x00\ud800\n") == "a⟨U+202E⟩b⟨U+200B⟩⟨U+0000⟩⟨U+D800⟩ "
    assert clean("e" + "\u0301" * 100) == "e" + "\u0301" * 4 + "⟨U+0301 x 96⟩"
    assert clean("x" * 10_000) == "x" * 200 + "… (10,000 characters)"


def test_clean_keeps_every_script() -> None:
    for text in ("Müller", "山田太郎", "שלום", "Nguyễn", "e\u0301"):
        assert clean(text) == text


@given(st.text(st.characters(), max_size=300))
def test_clean_text_is_short_visible_and_encodable(text: str) -> None:
    cleaned = clean(text)
    assert cleaned.isprintable()
    assert len(cleaned) <= 200 * 10 + 30
    cleaned.encode()
    assert not any(unicodedata.category(each) in ("Cc", "Cf", "Cs") for each in cleaned)


@pytest.mark.parametrize(
    ("label", "code", "words"),
    [
        ("A/S", "N", "none"),
        ("A/S", "Y*", "as DICOM SEG or ANN"),
        ("A/S", "Y*a, YR", "as DICOM SEG or ANN, by a third party; as DICOM RT"),
        ("A/S", "Y (XLS), Y*a, YR", "as XLS; as DICOM SEG or ANN, by a third party; as DICOM RT"),
        ("CR", "Y*", "as DICOM SR"),
        ("CI", "Yb (CSV)", "as CSV, enough to rebuild a structured report"),
        ("CI", "Y", "present"),
        ("A/S", "perhaps", ""),
        ("A/S", "", ""),
    ],
)
def test_notation_in_words(label: str, code: str, words: str) -> None:
    assert explain_notation(label, code) == words


# -- the verdict


@pytest.mark.parametrize(
    ("made", "headline"),
    [
        (careless(), "Not ready for release"),
        (undecided(), "Not decided"),
        (review(), "Release after review"),
        (careful(), "No obstacle to release"),
        (empty(), "Nothing to judge"),
    ],
)
def test_verdicts(made: CollectionResult, headline: str) -> None:
    assert verdict_of(made).headline == headline


def test_verdict_names_what_to_start_with_and_what_was_not_judged() -> None:
    verdict = verdict_of(careless())
    assert verdict.sentence == "4 rules of severity error fail. Start with DEID101."
    assert verdict.gaps == (
        "2 files could not be read",
        "3 files could be read only in part",
        "1 rule of severity error could not be judged everywhere",
        "1 rule broke down while running",
    )


@pytest.mark.parametrize(
    "made",
    [
        rule("REF101", "not_evaluated", 0),
        rule("REF101", "not_evaluated", 399, not_evaluated=1),
        rule("REF101", "pass", 399, not_evaluated=1),
        rule("IOD101", "error", 399, errors=1),
        rule("ANNO101", "error", 0),
    ],
)
def test_what_was_not_judged_is_never_an_all_clear(made: RuleResult) -> None:
    assert verdict_of(collection("c", changed=[made])).headline == "Not decided"


@pytest.mark.parametrize("status", ["unreadable", "partial"])
def test_file_that_was_not_read_is_never_an_all_clear(status: str) -> None:
    made = careful()
    setattr(made.counts, status, 1)
    assert verdict_of(made).headline == "Not decided"


def test_not_decided_names_the_rules_that_lack_an_answer_by_reason() -> None:
    made = collection("c", changed=[rule("PRIV101", "fail", 400, 3)])
    option = "pixels were not looked at (scan --masks N looks at N of them)"
    made.rules += [
        replace(rule("REF101", "not_evaluated", 0, not_evaluated=2), id=f"SEG30{n}", reason=reason)
        for n, reason in ((4, option), (3, f"not evaluated: {option}"), (5, f"no item; {option}"))
    ]
    made.rules = [
        replace(each, severity="warning") if each.id == "PRIV101" else each for each in made.rules
    ]
    verdict = verdict_of(made)
    assert verdict.headline == "Not decided"
    assert verdict.lacking == (f"SEG303, SEG304 and SEG305: {option}", "SEG305: no item")
    # An overview names what keeps the verdict open, and not the warning to fix first.
    assert (verdict.first, verdict.start) == ("PRIV101", "open: SEG303 and 2 more")


def test_what_a_verdict_lacks_is_bounded() -> None:
    made = careful()
    blind = rule("REF101", "not_evaluated", 0, not_evaluated=2)
    made.rules += [
        replace(blind, id=f"REF{n}", reason=f"reason {n % 7}" if n % 2 else "cut short")
        for n in range(200, 220)
    ]
    verdict = verdict_of(made)
    assert verdict.lacking[0] == "REF200, REF202, REF204, REF206, REF208 and 5 more: cut short"
    assert len(verdict.lacking) == 5
    assert verdict.lacking[-1] == "4 other reasons, see what was not evaluated"
    assert verdict.start == "open: REF200 and 19 more"


def test_a_file_that_nobody_could_read_keeps_the_verdict_open_before_any_rule() -> None:
    assert verdict_of(undecided()).start == "open: 1 broken file"


def test_what_the_verdict_lacks_is_in_the_page_and_on_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (line,) = verdict_of(undecided()).lacking
    assert line == "REF101: No references."
    assert f"<bdi>{line}</bdi>" in report_page(audit(undecided()))
    summarise(audit(undecided()), Path("out"))
    assert f"    {line}\n" in capsys.readouterr().out
    assert not verdict_of(careless()).lacking


def test_lesser_gap_is_said_and_does_not_decide() -> None:
    made = collection("c", changed=[rule("IOD101", "not_evaluated", 0, not_evaluated=4)])
    verdict = verdict_of(made)
    assert verdict.headline == "No obstacle to release"
    assert verdict.gaps == ("1 rule of lower severity",)


def test_low_confidence_is_said() -> None:
    bad = rule("DEID102", "fail", 400, 3)
    bad.confidence = "low"
    assert "low confidence" in verdict_of(collection("c", changed=[bad])).sentence


def test_nothing_judged_is_no_pass() -> None:
    made = careful()
    made.rules = [rule("RT101", "not_applicable", 0), rule("SR101", "pass", 0)]
    assert verdict_of(made).headline == "Nothing to judge"


_RULES = st.builds(
    RuleResult,
    id=st.text(st.characters(codec="ascii"), max_size=5),
    category=st.sampled_from(["integrity", "iod", "unheard_of"]),
    severity=st.sampled_from(["info", "warning", "error", "fatal"]),
    confidence=st.sampled_from(["low", "high"]),
    outcome=st.sampled_from(["pass", "fail", "not_applicable", "not_evaluated", "error", "?"]),
    applicable=st.integers(0, 3),
    failed=st.integers(0, 3),
    unit=st.just("series"),
    not_evaluated=st.integers(0, 2),
    errors=st.integers(0, 2),
)
_COUNTS = st.builds(
    Counts, dicom=st.integers(0, 1), partial=st.integers(0, 1), unreadable=st.integers(0, 1)
)
_SCORES = st.none() | st.floats()
_COLLECTIONS = st.builds(
    CollectionResult,
    name=st.text(max_size=5),
    repository=st.sampled_from(["", "a", "b"]),
    counts=_COUNTS,
    categories=st.lists(
        st.builds(
            CategoryResult,
            id=st.sampled_from(["integrity", "iod"]),
            title=st.text(max_size=5),
            score=_SCORES,
            coverage=st.floats(),
            applicable=st.integers(0, 3),
            failed=st.integers(0, 3),
        ),
        max_size=3,
    ),
    rules=st.lists(_RULES, max_size=6),
    overall=_SCORES,
    coverage=st.floats(),
)


@given(_COLLECTIONS)
def test_every_rule_is_shown_once_and_none_passes_by_omission(made: CollectionResult) -> None:
    (shown,) = report_view(audit(made)).collections
    failed = [each.id for section in shown.sections for each in section.failed]
    listed: dict[str, list[str]] = {}
    for section in shown.sections:
        for group in section.listed:
            listed.setdefault(group.tone, []).extend(each.id for each in group.rules)
    every = failed + [each for ids in listed.values() for each in ids]
    assert sorted(every) == sorted(clean(each.id) for each in made.rules)
    passed = [
        clean(each.id)
        for each in made.rules
        if each.outcome == "pass"
        and each.applicable > 0
        and each.failed == each.not_evaluated == each.errors == 0
    ]
    assert sorted(listed.get("ok", [])) == sorted(passed)


@given(_COLLECTIONS)
def test_all_clear_needs_all_to_be_clear(made: CollectionResult) -> None:
    if verdict_of(made).tone != "ok":
        return
    assert made.counts.unreadable == made.counts.partial == 0
    assert made.counts.dicom > 0
    for each in made.rules:
        assert each.severity == "info" or (each.failed == 0 and each.outcome != "fail")
        assert each.outcome != "error"
        assert each.errors == 0
        if each.severity in ("error", "fatal"):
            assert each.outcome != "not_evaluated"
            assert each.not_evaluated == 0


# -- one collection


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (["IOD101"], "1 rule of severity warning fails: look at it first."),
        (["IOD101", "SR101"], "2 rules of severity warning fail: look at them first."),
    ],
)
def test_one_warning_is_it_and_more_are_them(ids: list[str], said: str) -> None:
    made = collection("a", changed=[rule(each, "fail", 400, 1) for each in ids])
    assert verdict_of(made).sentence == f"No rule of severity error fails. {said}"


@pytest.mark.parametrize(
    ("ids", "said"),
    [(["SEG101"], "what the rule of"), (["SEG101", "REF101"], "what all of the 2 rules of")],
)
def test_what_is_accepted_of_one_rule_is_that_of_the_rule(ids: list[str], said: str) -> None:
    made = collection("a", changed=[rule(each, "fail", 400, 1) for each in ids])
    for each in made.rules:
        for found in each.findings:
            found.waived = found.count
    assert said in verdict_of(made).accepted


def test_rules_come_worst_first() -> None:
    (shown,) = report_view(audit(careless())).collections
    assert {
        section.title: [rule.id for rule in section.failed]
        for section in shown.sections
        if section.failed
    } == {
        "File integrity": ["FILE101"],
        "De-identification": ["DEID101", "DEID102", "DEID103"],
        "Private data": ["PRIV101", "PRIV102"],
        "IOD conformance": ["IOD101"],
        "Consistency": ["CONS102"],
        "Annotation": ["ANNO101"],
    }


def test_errors_are_to_be_fixed_before_warnings_and_then_by_instances() -> None:
    (shown,) = report_view(audit(careless())).collections
    assert [(step.id, step.impact) for step in shown.first] == [
        ("DEID101", "18,340 of 18,340 objects (100\u00a0%)"),
        ("PRIV101", "9,004 of 18,340 objects (49.1\u00a0%)"),
        ("DEID102", "611 of 18,340 objects (3.3\u00a0%)"),
        ("FILE101", "3 of 18,340 files (< 0.1\u00a0%)"),
        # 312 of 340 series are more of the collection than 2 of 17 patients.
        ("DEID103", "312 of 340 series (91.8\u00a0%), about 16,830 objects"),
    ]
    assert shown.first_more == "2 other rules of severity error or warning below"
    assert "Start with DEID101." in shown.verdict.sentence


def at(rule_id: str, *paths: str, failed: int = 400, confidence: str = "high") -> RuleResult:
    made = rule(rule_id, "fail", 400, failed)
    made.severity, made.confidence, made.unit = "error", confidence, "instance"
    made.findings = [GroupedFinding(path, "is wrong", failed) for path in paths]
    return made


def test_among_equals_people_come_before_paper_and_a_defect_comes_once() -> None:
    method, name = "(0012,0063)", "(0010,0010)"
    people = at("DEID102", name, confidence="medium")
    rules = [
        at("DEID101", method),
        at("IOD101", method, "(0012,0064)"),
        people,
        at("FILE101", ""),
        # Less than all of it is mended with what comes before.
        at("PRIV101", method, "(0012,0062)", failed=390),
    ]
    made = collection("c", changed=rules)
    people.id = "DEID201"
    (shown,) = report_view(audit(made)).collections
    assert [step.id for step in shown.first] == ["DEID201", "DEID101", "FILE101", "PRIV101"]
    assert shown.first_more == "1 other rule of severity error or warning below"


def test_what_concerns_more_is_no_repetition() -> None:
    few, many = at("DEID101", "(0012,0063)", failed=3), at("DEID102", "(0012,0063)")
    many.severity = "warning"
    (shown,) = report_view(audit(collection("c", changed=[few, many]))).collections
    assert [step.id for step in shown.first] == ["DEID101", "DEID102"]


def test_what_is_to_be_fixed_has_its_command_and_its_clause() -> None:
    bad = rule("DEID102", "fail", 400, 30)
    bad.command = "dcmodify -ea (0010,1000) FILE\ndcmdump FILE"
    (shown,) = report_view(audit(collection("c", changed=[bad]))).collections
    (step,) = shown.first
    assert step.command == (
        "dcmodify -ea (0010,1000) FILE",
        "dcmdump FILE",
        "# FILE: each that is listed by  dicom-audit files OUT DEID102",
    )
    assert step.reference == "PS3.15 Table E.1-1"
    failed = next(each for section in shown.sections for each in section.failed)
    assert (failed.command, failed.anchor) == (step.command, step.link)


def test_waivers_change_no_verdict_and_are_not_to_be_fixed() -> None:
    bad, other = rule("DEID101", "fail", 400, 400), rule("DEID102", "fail", 400, 30)
    for finding in bad.findings:
        finding.waived = finding.count
    (shown,) = report_view(audit(collection("c", changed=[bad, other]))).collections
    assert shown.verdict.headline == "Not ready for release"
    assert "Start with DEID102." in shown.verdict.sentence
    assert [step.id for step in shown.first] == ["DEID102"]
    said = "Waivers accept what 1 of the 2 rules of severity error found; the gate lets that pass."
    assert shown.verdict.accepted == said


def test_what_was_not_evaluated_is_said_with_its_reason() -> None:
    (shown,) = report_view(audit(careless())).collections
    said = {each.reason: (each.rules, each.severity) for each in shown.unjudged}
    assert said == {
        "No table of references.": (("REF101",), "error"),
        "Two series have no image.": (("DEID103",), "warning"),
        "No body part is given.": (("PIX101",), "warning"),
        "the rule broke down: ZeroDivisionError in the rule.": (("IOD102",), "warning"),
    }
    assert shown.unjudged[0].severity == "error"


def test_gauges_say_score_coverage_and_both_numbers() -> None:
    (shown,) = report_view(audit(careless())).collections
    gauges = {each.title: each for each in (section.gauge for section in shown.sections)}
    integrity = gauges["File integrity"]
    assert (integrity.number, integrity.tone) == ("99.9", "error")
    assert integrity.checks == "55,017 of 55,020 checks passed"
    assert integrity.coverage == "coverage 100\u00a0%"
    assert gauges["Segmentation"].tone == "ok"


def test_null_scores_say_what_they_are_and_why() -> None:
    (shown,) = report_view(audit(careless())).collections
    gauges = {each.title: each for each in (section.gauge for section in shown.sections)}
    unknown, absent = gauges["References"], gauges["Radiotherapy"]
    assert (unknown.number, unknown.score, unknown.tone) == ("?", "not known", "unknown")
    assert unknown.status == "1 rule not fully judged; No table of references."
    assert (absent.number, absent.score, absent.tone) == ("n/a", "not applicable", "absent")
    assert absent.coverage == ""
    broken = gauges["IOD conformance"]
    assert (broken.score, broken.tone) == ("not known", "warning")
    assert "ZeroDivisionError" in broken.status


def test_information_alone_is_not_scored() -> None:
    (shown,) = report_view(audit(careful())).collections
    gauge = shown.sections[-1].gauge
    assert (gauge.title, gauge.score, gauge.tone) == ("Annotation", "not scored", "info")
    assert gauge.coverage == ""
    assert gauge.status == "1 note; for information only"
    made = careful()
    made.rules[-1] = rule("ANNO101", "pass", 1)
    (shown,) = report_view(audit(made)).collections
    assert (shown.sections[-1].gauge.score, shown.sections[-1].gauge.tone) == (
        "not scored",
        "absent",
    )


def test_a_category_with_rules_switched_off_is_not_green(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = careful()
    made.rules_left_out = 9
    integrity, *_, annotation = made.categories
    integrity.rules_left_out, annotation.rules_left_out = 4, 1
    segmentation, radiotherapy = (
        next(each for each in made.categories if each.id == name)
        for name in ("segmentation", "radiotherapy")
    )
    # Of one all that was run does not apply, of the other nothing was run.
    segmentation.rules_left_out, radiotherapy.rules_left_out = 1, 3
    segmentation.score = radiotherapy.score = None
    segmentation.reason, radiotherapy.reason = "not evaluated: nothing here", "not run: no rule"
    absent = [rule(each.id, "not_applicable") for each in made.rules if "SEG" in each.id]
    made.rules = [each for each in made.rules if not each.id.startswith(("SEG", "RT"))] + absent
    (shown,) = report_view(audit(made)).collections
    gauges = {each.title: each for each in (section.gauge for section in shown.sections)}
    whole = gauges["File integrity"]
    assert (whole.number, whole.tone, whole.status) == ("100", "unknown", "4 rules switched off")
    none, part = gauges["Radiotherapy"], gauges["Segmentation"]
    assert (none.score, none.tone) == (part.score, part.tone) == ("not known", "unknown")
    assert none.status == "3 rules switched off; not run: no rule"
    assert part.status == "1 rule switched off; nothing here"
    assert gauges["Annotation"].tone == "unknown"
    assert gauges["Annotation"].score == "not known"
    summarise(audit(made), Path("out"))
    lines = capsys.readouterr().out.splitlines()
    row = next(line for line in lines if "File integrity" in line)
    assert row.rstrip().endswith("4 rules switched off")
    markdown = FORMATS["markdown"].report(audit(made)).decode()
    row = next(line for line in markdown.splitlines() if "File integrity" in line)
    assert row.endswith("; 4 rules switched off |")


def test_state_is_not_said_twice() -> None:
    reason = "not evaluated: objects without a SOP class"
    failed = rule("IOD101", "fail", 397, 2, not_evaluated=3, reason=reason)
    blind = rule("IOD102", "not_evaluated", 397, not_evaluated=3, reason=reason)
    (shown,) = report_view(audit(collection("c", changed=[failed, blind]))).collections
    gap = "3 objects could not be judged: objects without a SOP class"
    conformance = next(each for each in shown.sections if each.title == "IOD conformance")
    assert conformance.failed[0].gap == gap
    assert conformance.listed[0].rules[0].detail == (
        "3 objects not judged, 397 judged; objects without a SOP class"
    )


def test_category_without_a_rule_is_not_known() -> None:
    made = empty()
    # Nothing out of nothing is not "all of it".
    made.coverage = made.categories[0].coverage = 1.0
    (shown,) = report_view(audit(made)).collections
    assert {each.tone for each in (section.gauge for section in shown.sections)} == {"unknown"}
    gauges = [each.gauge for each in shown.sections]
    assert shown.overall.coverage == "coverage 0\u00a0%"
    assert {each.coverage for each in gauges} == {""}
    assert shown.none == "No rule was run."


def test_without_a_score_a_category_shows_no_coverage() -> None:
    made = careful()
    integrity = made.categories[0]
    # One of 26 objects is cut short: of the others it is known that they are nothing of the kind.
    for each in made.rules:
        if each.category == integrity.id:
            each.outcome, each.applicable, each.not_evaluated = "not_evaluated", 0, 1
    integrity.score, integrity.coverage, integrity.applicable = None, 0.9615, 0
    integrity.reason = "not evaluated: what may belong here could not be judged"
    page = report_view(audit(made, careful()))
    (gauge,) = [
        section.gauge
        for each in page.collections
        for section in each.sections
        if section.title == "File integrity" and section.gauge.score == "not known"
    ]
    assert (gauge.coverage, gauge.coverage_short, gauge.coverage_arc) == ("", "", 0)
    for shown in (report_page(audit(made)), report_page(audit(made, careful()))):
        assert "96.1" not in shown
        assert "96.2" not in shown


@pytest.mark.parametrize("score", [float("nan"), None])
def test_score_that_is_no_number_is_not_known(score: float | None) -> None:
    made = careful()
    made.overall = score
    (shown,) = report_view(audit(made)).collections
    assert shown.overall.score == "not known"


def test_low_coverage_is_not_green() -> None:
    made = collection("c", changed=[rule("REF101", "pass", 1, not_evaluated=399)])
    (shown,) = report_view(audit(made)).collections
    (gauge,) = [each.gauge for each in shown.sections if each.title == "References"]
    assert gauge.number == "100"
    assert gauge.tone == "unknown"
    assert gauge.status == "1 rule not fully judged"


def test_all_four_statuses_of_files_are_shown() -> None:
    (shown,) = report_view(audit(careless())).collections
    assert {each.name: each.value for each in shown.files} == {
        "DICOM, read to the end": "18,340",
        "DICOM, read only in part": "3",
        "Unreadable": "2",
        "Not DICOM": "12",
        "Files in all": "18,357",
        "Links, not followed": "2",
        "Distinct kinds of data set": "366",
    }


def test_what_is_left_out_is_counted() -> None:
    bad = rule("DEID102", "fail", 400, 30)
    bad.findings *= 40
    (shown,) = report_view(audit(collection("c", changed=[bad]))).collections
    failed = shown.sections[1].failed[0]
    assert len(failed.places) == LEVELS[0].places
    assert failed.more == "100 places not shown; see result.json"


def test_a_finding_says_how_sure_it_is_where_that_is_not_the_rules() -> None:
    bad = rule("DEID102", "fail", failed=4)
    bad.confidence = "high"
    one = bad.findings[0]
    bad.findings = [
        replace(one, message=message, confidence=confidence)
        for message, confidence in (("a", "high"), ("b", "medium"), ("c", ""))
    ]
    (shown,) = report_view(audit(collection("c", changed=[bad]))).collections
    places = shown.sections[1].failed[0].places
    assert [each.confidence for each in places] == ["", "medium", ""]


# -- several collections


def test_overview_is_by_repository_and_worst_first() -> None:
    page = report_view(audit(careful(), careless(), undecided(), review()))
    assert page.matrix is not None
    assert [(group.title, [row.name for row in group.rows]) for group in page.matrix.groups] == [
        ("Careful Archive", ["undecided-seg", "careful-ct-lung"]),
        ("Careless Host", ["careless-mixed"]),
        ("No repository named", ["review-mr-brain"]),
    ]
    anchors = {each.anchor: each.name for each in page.collections}
    for group in page.matrix.groups:
        for row in group.rows:
            assert anchors[row.link] == row.name


def test_the_overview_says_what_to_fix_first() -> None:
    page = report_view(audit(careful(), careless(), review()))
    assert page.matrix is not None
    first = {row.name: row.verdict.first for group in page.matrix.groups for row in group.rows}
    assert first["careful-ct-lung"] == ""
    assert first["careless-mixed"] == "DEID101"
    assert first["review-mr-brain"] == to_fix(review())[0].id


def test_the_terminal_names_it_under_the_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    summarise(audit(careful(), careless(), undecided(), review()), Path("out"))
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0].split() == [
        "collection", "verdict", "score", "cover", "DICOM", "broken", "other"
    ]  # fmt: skip
    assert any(line.endswith("first: DEID101") for line in lines)
    assert any(line.endswith("open: 1 broken file") for line in lines)
    # The names are whole.
    for name in ("careful-ct-lung", "careless-mixed", "undecided-seg", "review-mr-brain"):
        assert any(line.startswith(name) for line in lines)


def test_one_collection_needs_no_overview() -> None:
    assert report_view(audit(careful())).matrix is None


def test_what_does_not_fit_is_the_least_bad() -> None:
    page = report_view(huge(40), replace(LEVELS[0], rows=20, sections=10))
    assert page.matrix is not None
    rows = [row for group in page.matrix.groups for row in group.rows]
    assert {row.verdict.headline for row in rows} == {"Not ready for release", "Not decided"}
    assert {each.verdict.headline for each in page.collections} == {"Not ready for release"}
    assert page.matrix.more == "20 collections not shown; see result.json"
    assert sum(int(each.value) for each in page.matrix.tally) == 40


def test_rule_texts_are_said_once_for_many_collections() -> None:
    page = report_view(huge(8), LEVELS[1])
    texts = {each.anchor: each.id for each in page.texts}
    assert len(set(texts.values())) == len(texts)
    for one in page.collections:
        for section in one.sections:
            for each in section.failed:
                assert not each.why
                assert texts[each.text_link] == each.id


def test_a_short_section_still_has_what_to_fix_first_and_an_example() -> None:
    made = huge(8)
    for level in LEVELS:
        page = report_view(made, level)
        assert bool(page.shortened) == (level != LEVELS[0])
        assert "--only NAME" in page.shortened or not page.shortened
        assert bool(page.collections) == bool(level.sections)
        texts = {each.anchor: each.id for each in page.texts}
        for one in page.collections:
            by_name = next(each for each in made.collections if each.name == one.name)
            due = [rule.id for rule in first_steps(by_name, level.first)]
            # The verdict and the list name the same rule.
            assert [step.id for step in one.first] == due
            assert one.verdict.first == (due[0] if due else "")
            for step in one.first:
                rule = next(each for each in by_name.rules if each.id == step.id)
                paths = [path for found in rule.findings for path in found.examples]
                assert step.example in paths if paths else not step.example
                if one.brief:
                    assert texts[step.link] == step.id
                    assert not step.fix
            if one.brief and len(to_fix(by_name)) > len(due):
                assert one.first_more.endswith("not shown; see result.json")


def test_the_page_says_how_its_commands_are_run() -> None:
    told = "Run commands on a copy"
    assert "dicom-audit files OUT RULE | while" in report_page(audit(commanding()))
    # Where what is said of a rule is said once, this is, too; nothing to run needs no telling.
    assert report_page(audit(commanding(), commanding())).count(told) == 2
    assert told not in report_page(audit(careful()))


def test_a_page_of_several_collections_asks_for_the_files_of_one() -> None:
    other = commanding()
    other.name = "other"
    several, single = report_page(audit(commanding(), other)), report_page(audit(commanding()))
    assert several.count("dicom-audit files OUT RULE --only NAME |") == 2
    assert "dicom-audit files OUT RULE |" not in several
    assert "dicom-audit files OUT RULE |" in single
    # It may be of one of the collections of an audit, by `report --only`.
    assert "(with <code>--only NAME</code> after RULE" in single
    for level in LEVELS[:6]:
        page = report_view(audit(commanding(), other), level)
        steps = [step for each in page.collections for step in each.first]
        commands = [each.command for each in steps] + [each.command for each in page.texts]
        lines = [command[-1] for command in commands if command]
        assert lines
        assert all(line.endswith(" --only NAME") for line in lines)


def commanding() -> CollectionResult:
    """Build a collection whose first defect has a command that mends it."""
    made = careless()
    to_fix(made)[0].command = 'dcmodify -nb -m "TAG=DUMMY" FILE'
    return made


def test_the_page_of_one_collection_is_as_full_as_it_can_be() -> None:
    assert not report_view(audit(careless()), LEVELS[1]).shortened


def test_reasons_that_do_not_fit_are_counted() -> None:
    made = careless()
    for number, each in enumerate(made.rules):
        each.outcome, each.reason = "not_evaluated", f"reason {number}"
    (shown,) = report_view(audit(made), replace(LEVELS[1], listed=2)).collections
    assert len(shown.unjudged) == 2
    assert shown.unjudged_more == f"{len(made.rules) - 2} reasons not shown; see result.json"


def test_one_word_stands_for_what_rules_count(capsys: pytest.CaptureFixture[str]) -> None:
    made = careless()
    (shown,) = report_view(audit(made)).collections
    facts = {fact.name: fact.value for fact in shown.facts}
    assert facts["Different objects"] == f"{made.counts.instances:,}"
    assert facts["DICOM files"] == f"{made.counts.dicom + made.counts.partial:,}"
    made.counts.instances -= 2
    summarise(audit(made), Path("out"))
    said = capsys.readouterr().out
    assert "different objects in 18," in said
    assert "Rules count objects by file" in said
    assert " instances" not in said
    assert (unit_word("instance"), unit_word("series")) == ("object", "series")


def test_both_editions_of_the_standard_are_named() -> None:
    named = {fact.name: fact.value for fact in report_view(audit(careless())).provenance}
    assert named["Edition of the DICOM standard"] == "2025e"
    assert named["De-identification by PS3.15 of edition"] == "2026d"
