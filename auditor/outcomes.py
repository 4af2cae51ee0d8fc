"""What was counted of a rule, as its result and as rows of the table of findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from auditor.blocks import attribute_of
from auditor.inheritance import Sources, attribute_to_sources
from auditor.model import Outcome, Rule
from auditor.packing import Columns, repeated
from auditor.profile import Profile
from auditor.result import GroupedFinding, RuleResult
from auditor.scoring import rule_outcome
from auditor.store import TableWriter
from auditor.tally import Confidences, Judged, RuleTally, SignatureTally


def blank_result(rule: Rule, profile: Profile) -> RuleResult:
    """Return the result of a rule that was not asked yet."""
    return RuleResult(
        id=rule.id,
        category=rule.category,
        severity=profile.severity(rule).value,
        confidence=rule.confidence.value,
        outcome=Outcome.NOT_APPLICABLE.value,
        applicable=0,
        failed=0,
        unit=rule.unit.value,
        title=rule.doc.title,
        why=rule.doc.why,
        fix=rule.doc.fix,
        command=rule.doc.command,
        reference=rule.reference,
        scope=rule.scope.value,
        weight=profile.weight(rule),
    )


def inherits(rule: Rule) -> bool:
    """Whether what a rule finds in derived objects may be a defect of what they are made from."""
    return rule.category == "iod"


def record(
    rule: Rule,
    counted: RuleTally,
    known: Sources,
    result: RuleResult,
    findings: TableWriter,
    confidences: Confidences,
) -> None:
    """Put what an instance rule found into its result and the table of findings."""
    if inherits(rule):
        attribute_to_sources(counted, known)
    fill_result(result, counted, confidences)
    write_findings(findings, result, counted)


def fill_result(
    result: RuleResult, tally: RuleTally, confidences: Confidences | None = None
) -> None:
    """Put what was counted into a rule's result; a finding may be surer than its rule is."""
    sure = confidences or {}
    result.applicable = tally.passed + tally.failed
    result.failed = tally.failed
    result.not_applicable = tally.not_applicable
    result.not_evaluated = tally.not_evaluated
    result.unknown = tally.unknown
    result.errors = tally.errors
    reasons = set(tally.reasons)
    if tally.errors:
        reasons.update(message for message, place in tally.findings if not place)
    result.reason = "; ".join(sorted(reasons))
    result.outcome = rule_outcome(
        tally.passed, tally.failed, tally.not_evaluated, tally.errors
    ).value
    result.findings = [
        GroupedFinding(
            place,
            message,
            count,
            examples,
            attribute_of(place),
            sure.get((message, place), result.confidence),
            inherited=tally.inherited.get((message, place), 0),
        )
        for (message, place), (count, examples) in sorted(
            tally.findings.items(), key=lambda item: (-item[1][0], item[0])
        )
    ]


def write_findings(writer: TableWriter, result: RuleResult, tally: RuleTally) -> None:
    """Write what one rule found, by series; what is of no one series has a row without."""
    series = [tally.series[each.message, each.tag_path] for each in result.findings]
    said = [
        (
            result.id,
            result.category,
            result.severity,
            each.confidence,
            result.unit,
            each.tag_path,
            each.message,
        )
        for each in result.findings
    ]
    seen = [one for each in series for one in each.values()]
    if not seen:
        return
    writer.add_columns(
        Columns(
            len(seen),
            (
                # A finding of many series says the same in each: it is written down once.
                *(repeated(values, map(len, series)) for values in zip(*said, strict=True)),
                (tuple(chain.from_iterable(series)), b""),
                (tuple(one.count for one in seen), b""),
                (tuple(one.path for one in seen), b""),
            ),
        )
    )


def judged_rows(
    rule: Rule, signatures: Iterable[SignatureTally], parts: Iterable[Judged]
) -> Iterator[tuple[str, str, str, str]]:
    """Yield the rows of the table of what is judged: one for each finding and signature."""
    for signature, (outcome, found, _) in zip(signatures, parts, strict=True):
        if outcome is Outcome.FAIL:
            for message, place in found:
                yield signature.name, rule.id, place, message
