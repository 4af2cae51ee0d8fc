"""Rules about a whole collection, asked of its tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from auditor.collection import CollectionFacts, Tables
from auditor.judgement import blame
from auditor.model import Finding, Outcome, Rule, Selector, Undecided, Units
from auditor.outcomes import fill_result
from auditor.result import RuleResult
from auditor.tally import EXAMPLES, Confidences, Place, RuleTally, Seen

if TYPE_CHECKING:
    import duckdb


def run_collection_rule(
    rule: Rule,
    connection: duckdb.DuckDBPyConnection,
    tables: Tables,
    result: RuleResult,
) -> RuleTally:
    """Run one collection rule, put what it found into its result, and return it."""
    assert not isinstance(rule.applies, Selector)
    try:
        facts = CollectionFacts(connection, tables, rule.reads)
        units = _units(rule.applies(facts))
        confidences: Confidences = {}
        grouped, series = _grouped(rule.check(facts) if units.judged else (), confidences)
    except Exception as error:  # noqa: BLE001 - whatever a rule raises is its own error
        result.errors = 1
        result.outcome = Outcome.ERROR.value
        result.reason = f"the rule raised {blame(error)}"
        return RuleTally()
    if units.failed is None:
        failed = min(sum(count for count, _ in grouped.values()), units.judged)
    else:
        failed = units.failed
    tally = RuleTally(
        passed=units.judged - failed,
        failed=failed,
        not_evaluated=units.not_evaluated,
        findings=grouped,
        series=series,
    )
    fill_result(result, tally, confidences)
    if units.not_evaluated:
        result.reason = units.reason
    return tally


def _units(units: object) -> Units:
    """Refuse a denominator that cannot be one.

    Raises
    ------
    TypeError
        If it is no `Units`, or a number in it is negative, or more fail than were judged.
    """
    if not isinstance(units, Units):
        raise TypeError("applies must return Units")
    if min(units.judged, units.not_evaluated, units.failed or 0) < 0:
        raise TypeError("Units cannot be negative")
    if (units.failed or 0) > units.judged:
        raise TypeError("more units fail than were judged")
    return units


def _grouped(
    said: Iterable[Finding | Undecided], confidences: Confidences
) -> tuple[dict[Place, tuple[int, list[str]]], dict[Place, dict[int | None, Seen]]]:
    """Add up findings of one message at one tag path, in the order of the rule; also by series.

    Where a finding has a confidence of its own, it goes into `confidences`.

    Raises
    ------
    TypeError
        If it says that it cannot judge: a collection rule says so by its `Units`.
    """
    grouped: dict[Place, tuple[int, dict[str, None]]] = {}
    series: dict[Place, dict[int | None, Seen]] = {}
    for finding in said:
        if isinstance(finding, Undecided):
            raise TypeError("a collection rule is undecided by its Units")
        key = (finding.message, str(finding.tag_path))
        if finding.confidence:
            confidences[key] = finding.confidence.value
        count, examples = grouped.get(key, (0, {}))
        if len(examples) < EXAMPLES:
            # The rule's own order: two files of a pair stand beside each other.
            examples |= dict.fromkeys(finding.examples)
        grouped[key] = (count + finding.count, examples)
        first = Seen(finding.count, next(iter(finding.examples), ""))
        at = series.setdefault(key, {})
        if finding.series in at:
            at[finding.series].add(first)
        else:
            at[finding.series] = first
    kept = {key: (count, list(paths)[:EXAMPLES]) for key, (count, paths) in grouped.items()}
    return kept, series
