"""A failure is 1, an incomplete audit is never a pass."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.gate import FAILED, INCOMPLETE, PASSED, decide
from auditor.model import Severity
from auditor.result import AuditResult, CollectionResult, Counts, RuleResult, Tool

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
    expected = f"ct: IOD103 ({severity}) failed on 3 of 10 instance: A title."
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
