"""One rule, or one summary, asked about one object; whatever it raises is its own error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from auditor.facts import InstanceFacts, UndeclaredRead
from auditor.model import Finding, Outcome, Rule, Scope, Selector, Summary, Undecided
from auditor.planning import applies_to
from auditor.reading.reader import FileFacts
from auditor.registry import RuleSet, is_rule_module
from auditor.standard.dictionary import is_keyword
from auditor.tally import (
    NOT_COUNTED,
    UNKNOWN,
    Counted,
)

CUT_SHORT = "objects whose header is cut short"
"""Why an instance rule could not look: half a data set would make it say what is not so."""


def is_referee_rule(rule: Rule) -> bool:
    """Whether a rule reads a conformance referee's report: it runs after the walk."""
    return any(name.startswith("referee:") for name in rule.reads)


def instance_rules(rules: RuleSet) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """Return the instance rules that run while walking, and those that wait for referees."""
    instance = [rule for rule in rules.rules if rule.scope is Scope.INSTANCE]
    return (
        tuple(rule for rule in instance if not is_referee_rule(rule)),
        tuple(rule for rule in instance if is_referee_rule(rule)),
    )


def ask(
    rule: Rule, facts: InstanceFacts, sop_class: str, file: FileFacts
) -> tuple[Outcome, tuple[tuple[str, str], ...]]:
    """Ask one rule about one object: whether it applies, then what it finds.

    With the outcome come its findings; of one that is not evaluated, the reasons.
    """
    if not applies_to(rule, sop_class):
        return Outcome.NOT_APPLICABLE, ()
    selector = rule.applies
    if file.complete == "header" and not facts.reaches(rule.reads):
        may_not_apply = isinstance(selector, Selector) and selector.when is not None
        return Outcome.NOT_EVALUATED, UNKNOWN if may_not_apply else ((CUT_SHORT, ""),)
    view = facts.for_rule(rule.reads)
    # Whatever a rule raises is that rule's error and nobody else's.
    try:
        if isinstance(selector, Selector) and selector.when and not selector.when(view):
            return Outcome.NOT_APPLICABLE, ()
        return conclude(rule.check(view))
    except Exception as error:  # noqa: BLE001
        return Outcome.ERROR, ((f"the rule raised {blame(error)}", ""),)


def count(summary: Summary, facts: InstanceFacts, sop_class: str, file: FileFacts) -> Counted:
    """Have a summary count in one object; of what it cannot, that is all it says."""
    if not applies_to(summary, sop_class):
        return ()
    if file.complete == "header" and not facts.reaches(summary.reads):
        return ((NOT_COUNTED, 1),)
    view = facts.for_rule(summary.reads)
    # Whatever a summary raises must not end the audit.
    try:
        if summary.applies.when and not summary.applies.when(view):
            return ()
        return tuple(sorted(Counter(summary.count(view)).items()))
    except Exception:  # noqa: BLE001
        return ((NOT_COUNTED, 1),)


def conclude(
    said: Iterable[Finding | Undecided],
) -> tuple[Outcome, tuple[tuple[str, str], ...]]:
    """Return the outcome of what a rule said of one object, with its findings or reasons."""
    found: set[tuple[str, str]] = set()
    undecided: set[tuple[str, str]] = set()
    for each in said:
        if isinstance(each, Undecided):
            undecided.add((each.reason, ""))
        else:
            found.add((each.message, str(each.tag_path)))
    if found:
        return Outcome.FAIL, tuple(sorted(found))
    if undecided:
        return Outcome.NOT_EVALUATED, tuple(sorted(undecided))
    return Outcome.PASS, ()


def blame(error: BaseException) -> str:
    """Name the type of what a rule raised, and the innermost line of a rule's file.

    The text of an exception stays home: it can quote a value. Of a read that is not declared
    the attribute is named, if it is one of the standard's.
    """
    what = line = ""
    if isinstance(error, UndeclaredRead) and all(map(is_keyword, error.name.split("."))):
        what = f" of {error.name}"
    trace = error.__traceback__
    while trace is not None:
        if is_rule_module(trace.tb_frame.f_globals.get("__name__", "")):
            file = Path(trace.tb_frame.f_code.co_filename).name
            line = f" at {file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return type(error).__name__ + what + line
