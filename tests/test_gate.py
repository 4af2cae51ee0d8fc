"""A failure is 1, an incomplete audit is never a pass."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from auditor.cli import main
from auditor.diff import compare
from auditor.exit_codes import FAILED, INCOMPLETE, PASSED, USAGE
from auditor.frames import Audit
from auditor.gate import (
    LimitError,
    Limits,
    decide,
    read_limit,
)
from auditor.model import Severity
from auditor.result import (
    AuditResult,
    CategoryResult,
    CollectionResult,
    Counts,
    GroupedFinding,
    RuleResult,
    Tool,
)
from tests.audits import Found, write

WHOLE = Counts(files=100, dicom=100)


def a_rule(severity: str = "error", failed: int = 0, errors: int = 0) -> RuleResult:
    return RuleResult(
        f"IOD{100 + failed}", "iod", severity, "high", "", 10, failed, "instance",
        title="A title.", errors=errors,
    )  # fmt: skip


def an_audit(*rules: RuleResult, counts: Counts = WHOLE, times: int = 1) -> AuditResult:
    tool = Tool("0", "0", "2025e", "default", 0.0)
    collection = CollectionResult("ct", "", counts, [], list(rules))
    return AuditResult(tool, [replace(collection) for _ in range(times)])


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("level", [None, *Severity])
def test_a_failure_of_the_level_or_above_fails(severity: Severity, level: Severity | None) -> None:
    decision = decide([an_audit(a_rule(), a_rule(severity, failed=3))], level, 0)
    fails = level is not None and severity.rank >= level.rank
    assert decision.code == (FAILED if fails else PASSED)
    expected = f"ct: IOD103 ({severity}) failed on 3 of 10 objects: A title."
    assert decision.reasons == ((expected,) if fails else ())


@pytest.mark.parametrize(
    ("counts", "share", "complete"),
    [
        (Counts(), 1, False),
        (Counts(files=5, not_dicom=5), 1, False),
        (Counts(files=5, unreadable=5), 1, False),
        (Counts(files=1, partial=1), 1, True),
        (Counts(files=100, dicom=99, unreadable=1), 0.01, True),
        (Counts(files=100, dicom=98, unreadable=1, partial=1), 0.01, False),
        (Counts(files=100, dicom=99, partial=1), 0, False),
        # Files that are not DICOM do not water the share down.
        (Counts(files=10_000, dicom=98, unreadable=2, not_dicom=9_900), 0.01, False),
        (WHOLE, 0, True),
    ],
)
def test_how_much_must_have_been_read(counts: Counts, share: float, complete: bool) -> None:
    decision = decide([an_audit(a_rule(), counts=counts)], Severity.ERROR, share)
    assert decision.code == (PASSED if complete else INCOMPLETE)
    assert bool(decision.reasons) is not complete


def test_a_rule_that_raised_is_incomplete() -> None:
    decision = decide([an_audit(a_rule(errors=1))], None, 0)
    assert decision.code == INCOMPLETE
    assert decision.reasons == ("ct: rule IOD100 could not be worked out: it raised",)


def test_a_failure_outranks_what_is_incomplete_and_both_are_said() -> None:
    audit = an_audit(a_rule(failed=1), a_rule(errors=1), counts=Counts(files=1, unreadable=1))
    decision = decide([audit], Severity.ERROR, 0)
    assert decision.code == FAILED
    assert len(decision.reasons) == 4


def test_every_collection_of_every_audit_counts() -> None:
    good, empty = an_audit(a_rule()), an_audit(counts=Counts())
    assert decide([good, good], Severity.INFO, 0).code == PASSED
    assert decide([good, empty], Severity.INFO, 0).code == INCOMPLETE
    good.collections += empty.collections
    assert decide([good], Severity.INFO, 0).code == INCOMPLETE


def test_nothing_is_no_pass() -> None:
    assert decide([], None, 1).code == INCOMPLETE
    assert decide([an_audit(times=0)], None, 1).code == INCOMPLETE


@given(
    st.lists(
        st.builds(a_rule, st.sampled_from(list(Severity)), st.integers(0, 2), st.integers(0, 2))
    ),
    st.builds(Counts, dicom=st.integers(0, 9), partial=st.integers(0, 9)),
    st.sampled_from([None, *Severity]),
)
def test_a_pass_has_no_reason_and_all_else_has_one(
    rules: list[RuleResult], counts: Counts, level: Severity | None
) -> None:
    decision = decide([an_audit(*rules, counts=counts)], level, 0.1)
    assert (decision.code == PASSED) == (decision.reasons == ())
    if any(rule.errors for rule in rules) or not counts.dicom + counts.partial:
        assert decision.code in (FAILED, INCOMPLETE)


# -- limits -------------------------------------------------------------------------------


def scored(score: float | None, coverage: float = 1.0, overall: float | None = 90) -> AuditResult:
    audit = an_audit(a_rule())
    audit.collections[0].categories = [
        CategoryResult("iod", "IOD", score, coverage, 10, 0, "" if score else "nobody knows")
    ]
    audit.collections[0].overall, audit.collections[0].coverage = overall, coverage
    return audit


@pytest.mark.parametrize(
    ("score", "coverage", "limits", "code"),
    [
        (90, 1, Limits(min_score={"iod": 90}), PASSED),
        (89.9, 1, Limits(min_score={"iod": 90}), FAILED),
        (100, 0.9, Limits(min_score={"iod": 90}), PASSED),
        # Too little was judged: nobody knows, however good the rest is.
        (100, 0.89, Limits(min_score={"iod": 90}), INCOMPLETE),
        (80, 0.1, Limits(min_score={"iod": 90}), FAILED),
        (100, 0.95, Limits(min_score={"iod": 90}, min_coverage={"iod": 96}), INCOMPLETE),
        (100, 0.5, Limits(min_score={"iod": 90}, min_coverage={"iod": 50}), PASSED),
        (100, 0.5, Limits(min_coverage={"iod": 51}), INCOMPLETE),
        (0, 0.5, Limits(min_coverage={"iod": 50}), PASSED),
        (None, 1, Limits(min_score={"iod": 0}), INCOMPLETE),
        (100, 1, Limits(min_score={"segmentation": 0}), INCOMPLETE),
        (0, 1, Limits(min_score={"overall": 90}), PASSED),
        (100, 1, Limits(min_score={"overall": 91}), FAILED),
        (100, 0.8, Limits(min_score={"overall": 90}), INCOMPLETE),
    ],
)
def test_a_score_counts_where_enough_was_judged(
    score: float | None, coverage: float, limits: Limits, code: int
) -> None:
    decision = decide([scored(score, coverage)], limits, 0)
    assert decision.code == code
    assert len(decision.reasons) == (code != PASSED)


OFF = "switched off by --select or --ignore"


@pytest.mark.parametrize(
    ("off", "limits", "reasons"),
    [
        (4, Limits(min_score={"iod": 90}), [f"4 rules of iod were {OFF}"]),
        (1, Limits(min_coverage={"iod": 100}), [f"1 rule of iod was {OFF}"]),
        (4, Limits(min_coverage={"overall": 100}), [f"5 rules were {OFF}"]),
        (4, Limits(min_score={"segmentation": 90}), [f"1 rule of segmentation was {OFF}"]),
        # Nobody asked for it, or it has all of its rules.
        (4, Limits(Severity.ERROR), []),
        (0, Limits(min_score={"iod": 90}), []),
    ],
)
def test_a_score_without_rules_that_were_switched_off_is_no_pass(
    off: int, limits: Limits, reasons: list[str]
) -> None:
    audit = scored(100, overall=100)
    (collection,) = audit.collections
    (iod,) = collection.categories
    other = replace(iod, id="segmentation", rules_left_out=1)
    collection.categories = [replace(iod, rules_left_out=off), other]
    collection.rules_left_out = off + 1
    decision = decide([audit], limits, 0)
    assert decision.reasons == tuple(f"ct: {each}" for each in reasons)
    assert decision.code == (INCOMPLETE if reasons else PASSED)
    # A score that is too low stays a failure.
    iod.score = 80
    collection.categories = [replace(iod, rules_left_out=off), other]
    failed = decide([audit], limits, 0)
    assert failed.code == (FAILED if "iod" in limits.min_score else decision.code)


def test_of_an_older_audit_rules_that_were_switched_off_may_be_of_any_category() -> None:
    audit = scored(100)
    audit.collections[0].rules_left_out = 2
    decision = decide([audit], Limits(min_score={"iod": 90}), 0)
    assert decision.code == INCOMPLETE
    assert decision.reasons == (
        f"ct: 2 rules were {OFF}, and this audit does not say whether any is of iod",
    )
    decision = decide([audit], Limits(min_coverage={"overall": 90}), 0)
    assert decision.reasons == (f"ct: 2 rules were {OFF}",)


def test_no_overall_score_is_no_pass() -> None:
    decision = decide([scored(100, overall=None)], Limits(min_score={"overall": 0}), 0)
    assert decision.code == INCOMPLETE


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (a_rule(), PASSED),
        (replace(a_rule(), failed=1), FAILED),
        (replace(a_rule(), not_evaluated=1), INCOMPLETE),
        (replace(a_rule(), outcome="not_evaluated", applicable=0), INCOMPLETE),
        (replace(a_rule(), outcome="not_applicable", applicable=0), INCOMPLETE),
        (replace(a_rule(), errors=1), INCOMPLETE),
        (replace(a_rule(), id="IOD101"), INCOMPLETE),
    ],
)
def test_a_required_rule_has_to_have_passed(rule: RuleResult, code: int) -> None:
    decision = decide([an_audit(rule)], Limits(require=("IOD100",)), 0)
    assert decision.code == code
    assert bool(decision.reasons) == (code != PASSED)


def test_what_is_waived_does_not_fail() -> None:
    found = GroupedFinding("", "m", 3, waived=3)
    rule = replace(a_rule(failed=3), findings=[found])
    limits = Limits(Severity.ERROR, require=("IOD103",))
    assert decide([an_audit(rule)], limits, 0).code == PASSED
    part = replace(rule, findings=[found, replace(found, waived=2)])
    assert decide([an_audit(part)], limits, 0).code == FAILED
    # A failure that names no finding cannot have been waived.
    assert decide([an_audit(replace(rule, findings=[]))], limits, 0).code == FAILED


def test_an_outcome_of_error_is_incomplete_whatever_was_counted() -> None:
    rule = replace(a_rule(), outcome="error")
    assert decide([an_audit(rule)], None, 0).code == INCOMPLETE


@pytest.mark.parametrize("text", ["iod", "iod=", "iod=x", "iod=101", "iod=-1", "iod=nan", "x=1"])
def test_a_limit_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(LimitError):
        read_limit(text)
    assert read_limit("overall=99.5") == ("overall", 99.5)


# -- a baseline -----------------------------------------------------------------------------


def since(old: Audit, new: Audit, level: Severity = Severity.ERROR) -> int:
    diff = compare(old, new, (), date(2026, 1, 1))
    return decide([new.result], level, 0, diff).code


def test_only_what_is_new_fails(tmp_path: Path) -> None:
    known, other = Found("DEID201", 1, 2), Found("IOD001", 1, severity="warning")
    old = write(tmp_path / "old", [known])
    assert since(old, write(tmp_path / "same", [known])) == PASSED
    assert since(old, write(tmp_path / "less", [Found("DEID201", 1, 1)])) == PASSED
    assert since(old, write(tmp_path / "more", [Found("DEID201", 1, 3)])) == FAILED
    assert since(old, write(tmp_path / "moved", [Found("DEID201", 2, 2)])) == FAILED
    warned = write(tmp_path / "warned", [known, other])
    assert since(old, warned) == PASSED
    assert since(old, warned, Severity.WARNING) == FAILED


def test_what_may_be_new_in_place_of_old_is_not_known(tmp_path: Path) -> None:
    known, nowhere = [Found("DEID201", 1)], [Found("DEID201", None)]
    old = write(tmp_path / "old", nowhere)
    assert since(old, write(tmp_path / "a", nowhere)) == INCOMPLETE
    assert since(old, write(tmp_path / "b", [])) == PASSED
    keyless = write(tmp_path / "c", known, key="")
    assert since(keyless, write(tmp_path / "d", known, key="")) == INCOMPLETE
    assert since(keyless, write(tmp_path / "e", known * 2, key="")) == FAILED
    assert since(keyless, write(tmp_path / "f", [], key="")) == PASSED


def test_what_the_baseline_did_not_look_for_is_not_known(tmp_path: Path) -> None:
    new = write(tmp_path / "new", [Found("DEID201", 1)])
    unasked = write(tmp_path / "old", [], ran=("IOD001",))
    said = decide([new.result], Severity.ERROR, 0, compare(unasked, new, (), date(2026, 1, 1)))
    assert said.code == INCOMPLETE
    assert "1 object not looked for before" in said.reasons[0]


# -- at the command line ----------------------------------------------------------------------


def gate(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["gate", *map(str, arguments)])


def test_error_is_the_level_unless_something_else_is_asked(tmp_path: Path) -> None:
    write(tmp_path / "a", [Found("DEID201", 1)])
    assert gate(tmp_path / "a").exit_code == FAILED
    assert gate(tmp_path / "a", "--require", "IOD001").exit_code == PASSED
    assert gate(tmp_path / "a", "--require", "IOD001", "--fail-on", "error").exit_code == FAILED
    assert gate(tmp_path / "a", "--require", "DEID201").exit_code == FAILED


def test_the_last_line_says_what_was_decided(tmp_path: Path) -> None:
    write(tmp_path / "a", [Found("DEID201", 1)])
    assert gate(tmp_path / "a").stdout == "fail: 1 collection; 1 reason\n"
    assert gate(tmp_path / "a", "--require", "IOD001").stdout.startswith("pass: 1 collection")
    asked = ("--min-score", "iod=0", "--min-coverage", "private=1")
    unknown = gate(tmp_path / "a", *asked)
    assert unknown.exit_code == INCOMPLETE
    things = len(unknown.stderr.splitlines())
    thing = "thing" if things == 1 else "things"
    assert unknown.stdout == (
        f"incomplete: 1 collection; nothing fails, {things} {thing} cannot be known\n"
    )


def test_a_baseline_is_another_audit(tmp_path: Path) -> None:
    write(tmp_path / "old", [Found("DEID201", 1)])
    write(tmp_path / "new", [Found("DEID201", 1), Found("IOD001", 1)])
    against = ("--new-only", "--baseline")
    assert gate(tmp_path / "old", *against, tmp_path / "old").exit_code == PASSED
    done = gate(tmp_path / "new", *against, tmp_path / "old")
    assert done.exit_code == FAILED
    assert "IOD001 (error): 1 new object" in done.stderr
    assert "DEID201" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--new-only",),
        ("--baseline", "a"),
        ("--new-only", "--baseline", "nothing"),
        ("--require", "NONE001"),
        ("--waivers", "nothing.toml"),
    ],
)
def test_a_mistake_is_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a", [])
    done = gate("a", *arguments)
    assert done.exit_code == USAGE
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("option", "limit"),
    [("min-score", "iod"), ("min-score", "none=90"), ("min-coverage", "iod=101")],
)
def test_a_limit_that_means_nothing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str, limit: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a", [])
    done = gate("a", f"--{option}", limit)
    assert done.exit_code == USAGE
    assert f"Invalid value for '--{option}': '{limit}': n" in done.stderr
    (tmp_path / "dicom-audit.toml").write_text(f'{option} = ["{limit}"]')
    done = gate("a")
    assert done.exit_code == USAGE
    assert done.stderr.startswith(f"dicom-audit: dicom-audit.toml: {option}: '{limit}': n")


def test_limits_come_from_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a", [])
    for text, code in {
        'require = ["IOD001"]': PASSED,
        'require = ["SEG101"]': INCOMPLETE,
        'min-score = ["iod=90"]': INCOMPLETE,
        'min-coverage = ["iod=90"]': INCOMPLETE,
        'min-score = ["iod=900"]': USAGE,
    }.items():
        (tmp_path / "dicom-audit.toml").write_text(text)
        assert gate("a").exit_code == code, text
