"""JUnit XML: a collection a suite, a rule a test case.

What passes, fails and raises is what a test would. What could not be looked at, does not
apply, or is only information is skipped, with the reason: a runner that counts passes must
not count it.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from auditor.diff import STATES, Change, Diff
from auditor.gate import incomplete
from auditor.result import AuditResult, CollectionResult, RuleResult
from auditor.view import clean
from auditor.words import plural, unit_word

PLACES = 20
"""Findings that are told of a rule."""


def report(result: AuditResult) -> bytes:
    """Return a suite per collection."""
    suites = [_suite(each) for each in result.collections]
    if not suites:
        suites = [_nothing()]
    return _written("dicom-auditor", suites)


def diff(diff: Diff) -> bytes:
    """Return a suite per collection, in which a rule fails if something of it is new."""
    by_rule: dict[tuple[str, str], dict[str, list[Change]]] = {}
    for each in diff.changes:
        by_rule.setdefault((each.repository, each.collection), {}).setdefault(each.rule, []).append(
            each
        )
    suites = []
    for name, rules in sorted(by_rule.items()):
        suite = ET.Element("testsuite", name=_suite_name(*name))
        for rule_id, changes in sorted(rules.items()):
            _change_case(suite, rule_id, changes)
        suites.append(suite)
    return _written("dicom-auditor diff", suites)


def _suite_name(repository: str, name: str) -> str:
    return _text(f"{repository}: {name}" if repository else name)


def _written(name: str, suites: list[ET.Element]) -> bytes:
    root = ET.Element("testsuites", name=name)
    for suite in suites:
        _count(suite, [suite])
        root.append(suite)
    _count(root, suites)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _count(element: ET.Element, suites: Iterable[ET.Element]) -> None:
    cases = [case for suite in suites for case in suite.iter("testcase")]
    element.set("tests", str(len(cases)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(name, str(sum(case.find(tag) is not None for case in cases)))


def _nothing() -> ET.Element:
    suite = ET.Element("testsuite", name="(no collection)")
    case = ET.SubElement(suite, "testcase", classname="audit", name="complete")
    ET.SubElement(case, "error", message="nothing to audit was found")
    return suite


def _suite(collection: CollectionResult) -> ET.Element:
    suite = ET.Element("testsuite", name=_suite_name(collection.repository, collection.name))
    case = ET.SubElement(suite, "testcase", classname="audit", name="complete")
    # What a rule that raised leaves unknown is said at that rule.
    unread = incomplete(_without_rules(collection), 0)
    if unread:
        ET.SubElement(case, "error", message=_text("; ".join(unread)))
    for rule in collection.rules:
        _rule_case(suite, rule)
    return suite


def _without_rules(collection: CollectionResult) -> CollectionResult:
    from dataclasses import replace

    return replace(collection, rules=[])


def _rule_case(suite: ET.Element, rule: RuleResult) -> None:
    name = _text(f"{rule.id} {rule.title}".strip())
    case = ET.SubElement(suite, "testcase", classname=_text(rule.category), name=name)
    failed = f"{rule.failed:,} of {plural(rule.applicable, unit_word(rule.unit))}"
    if rule.failed and rule.is_waived:
        ET.SubElement(case, "skipped", message=_text(f"waived: {failed}"))
    elif rule.failed and rule.severity == "info":
        ET.SubElement(case, "skipped", message=_text(f"for information: {failed}"))
    elif rule.failed:
        failure = ET.SubElement(case, "failure", type=_text(rule.severity), message=_text(failed))
        failure.text = _told(rule)
    elif rule.errors or rule.outcome == "error":
        ET.SubElement(case, "error", message=_text(rule.reason or "the rule raised"))
    elif rule.outcome != "pass" or rule.not_evaluated:
        absent = rule.outcome == "not_applicable"
        why = "not applicable" if absent else "not evaluated"
        ET.SubElement(case, "skipped", message=_text(f"{why}: {rule.reason}".rstrip(": ")))


def _told(rule: RuleResult) -> str:
    lines = [
        f"{found.tag_path} {found.message}: {found.count:,}"
        + (f", of them waived: {found.waived:,}" if found.waived else "")
        + (f" (for example {found.examples[0]})" if found.examples else "")
        for found in rule.findings[:PLACES]
    ]
    if len(rule.findings) > PLACES:
        lines.append(f"{len(rule.findings) - PLACES:,} more")
    lines += [rule.fix, *rule.command.split("\n")]
    return "\n".join(_text(line.strip()) for line in lines if line)


def _change_case(suite: ET.Element, rule_id: str, changes: list[Change]) -> None:
    first = changes[0]
    name = _text(f"{rule_id} {first.title}".strip())
    case = ET.SubElement(suite, "testcase", classname=_text(first.category), name=name)
    counts = {state: sum(getattr(each, state) for each in changes) for state in STATES}
    said = ", ".join(f"{count:,} {state}" for state, count in counts.items() if count)
    if counts["new"] and first.severity != "info":
        failure = ET.SubElement(case, "failure", type=_text(first.severity), message=_text(said))
        lines = [
            f"{each.tag_path} {each.message}: {each.new:,} new (for example {each.example})"
            for each in changes
            if each.new
        ]
        failure.text = "\n".join(_text(line.strip()) for line in lines[:PLACES])
    elif any(count for state, count in counts.items() if state != "fixed"):
        ET.SubElement(case, "skipped", message=_text(said))


def _text(text: str) -> str:
    """Return text that XML can hold: it knows no control characters and no lone surrogates."""
    return clean(text, 2000)
