"""Rules about what the conformance referees report, asked once for each distinct structure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from auditor.conformance.vocabulary import RefereeReport
from auditor.facts import InstanceFacts
from auditor.judgement import CUT_SHORT, blame, conclude
from auditor.model import Finding, Outcome, Rule
from auditor.reading.reader import FileFacts
from auditor.tally import Confidences, Judged, Tally
from auditor.words import plural


def count_referee_rule(
    rule: Rule, tally: Tally, reports: dict[bytes, dict[str, RefereeReport]]
) -> tuple[list[Judged], Confidences, str]:
    """Ask a rule about every report; return what it says of each signature, and why not of all."""
    confidences: Confidences = {}
    answers = {
        digest: ask_referee_rule(rule, report, confidences) for digest, report in reports.items()
    }
    parts: list[Judged] = [
        (*_answer(answers, each.structure), each.series) for each in tally.signatures.values()
    ]
    cut_short = any(each.structure is None for each in tally.signatures.values())
    reason = _referee_reason(rule, reports.values(), cut_short)
    return parts, confidences, reason


def ask_referee_rule(
    rule: Rule, reports: dict[str, RefereeReport], confidences: Confidences
) -> tuple[Outcome, tuple[tuple[str, str], ...]]:
    """Ask a rule about the reports on one structure, of those referees that judged it.

    A referee that does not know the SOP class could not look. One that died takes nothing
    from what another says; only where no other judged, it is an error. Where none was shown
    all overlays, nothing found is no pass. What the rule is less or more sure of than of the
    rest goes into `confidences`.
    """
    read = {name[8:]: reports[name[8:]] for name in rule.reads}
    if not any(report.status == "judged" for report in read.values()):
        reasons = [report.reason for report in read.values() if report.status == "error"]
        if reasons:
            return Outcome.ERROR, ((f"the referee could not finish: {reasons[0]}", ""),)
        return Outcome.NOT_EVALUATED, ()
    facts = InstanceFacts((), FileFacts("", ""), reports, rule.reads)
    try:
        said = list(rule.check(facts))
        concluded = conclude(said)
    except Exception as error:  # noqa: BLE001 - whatever a rule raises is its own error
        return Outcome.ERROR, ((f"the rule raised {blame(error)}", ""),)
    if concluded[0] is Outcome.PASS and _are_overlays_unshown(read.values()):
        return Outcome.NOT_EVALUATED, ()
    for each in said:
        if isinstance(each, Finding) and each.confidence:
            confidences[each.message, str(each.tag_path)] = each.confidence.value
    return concluded


def _are_overlays_unshown(reports: Iterable[RefereeReport]) -> bool:
    """Whether none that judged a data set was shown all of its overlays."""
    return all(report.unshown for report in reports if report.status == "judged")


def _answer(
    answers: dict[bytes, tuple[Outcome, tuple[tuple[str, str], ...]]], structure: bytes | None
) -> tuple[Outcome, tuple[tuple[str, str], ...]]:
    if structure is None:
        return Outcome.NOT_EVALUATED, ()
    return answers[structure]


def _referee_reason(
    rule: Rule, reports: Iterable[dict[str, RefereeReport]], cut_short: bool
) -> str:
    reasons = {
        "unknown_sop_class": "SOP classes that the standard's table does not have",
        "no_sop_class": "objects without a SOP class",
        "absent": "a referee that is not installed (extra `referee`)",
        "not_shown": "objects with more items than a referee is shown",
        "unshown": "overlays of one object that differ, of which the referee is shown the first",
    }
    met = set()
    for each in reports:
        read = [each[name[8:]] for name in rule.reads]
        statuses = {report.status for report in read}
        if "judged" not in statuses:
            met |= statuses
        elif _are_overlays_unshown(read):
            met.add("unshown")
    said = [text for status, text in reasons.items() if status in met]
    if cut_short:
        said.append(CUT_SHORT)
    return "; ".join(said)


def referee_notes(reports: Iterable[dict[str, RefereeReport]]) -> list[str]:
    """Say what the referees reported and is not shown, and what they could not judge."""
    held_back: Counter[tuple[str, str]] = Counter()
    failed: Counter[str] = Counter()
    absent: set[str] = set()
    for each in reports:
        for name, report in each.items():
            held_back.update((name, why) for why in report.held_back)
            failed[name] += report.status == "error"
            absent |= {name} if report.status == "absent" else set()
    notes = [
        f"Not counted as an error, though {name} reports one in "
        f"{plural(count, 'kind')} of data set: {why}."
        for (name, why), count in sorted(held_back.items())
    ]
    notes += [
        f"{name} could not finish on {plural(count, 'kind')} of data set; what the other referee "
        "says of them stands."
        for name, count in sorted(failed.items())
        if count
    ]
    return notes + [f"{name} is not installed: one referee judged." for name in sorted(absent)]
