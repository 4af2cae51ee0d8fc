"""For tests of rules: run one rule on facts written down as literals.

Examples
--------
>>> rules = load([rules_folder()])
>>> ask_instance(rules, "DEID101", {"PatientIdentityRemoved": "YES"}).places
['(0012,0063)']
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from auditor.collection import CollectionFacts
from auditor.collection_rules import run_collection_rule
from auditor.conformance.vocabulary import RefereeReport
from auditor.judgement import instance_rules
from auditor.literal import WHOLE, ask_about
from auditor.model import Finding, Outcome, Undecided
from auditor.referee_rules import ask_referee_rule
from auditor.registry import RuleSet, load
from auditor.result import RuleResult
from auditor.store import QUERIED, TableWriter

__all__ = ["Judgement", "ask_collection", "ask_instance", "dataset_of", "load"]

Literal = Mapping[Any, Any]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a rule said.

    Attributes
    ----------
    outcome
        Of the one object, or over the collection.
    findings
        Message and tag path of each.
    counts
        Of a collection rule: what each stands for.
    reasons
        Why it could not evaluate, or not all; of a collection rule also what it raised.
    series
        Of a collection rule: the series of each finding, None where it is of no one.
    examples
        Of a collection rule: the paths that each names.
    units
        Of a collection rule: how many it judged, and how many it could not.
    """

    outcome: Outcome
    findings: tuple[tuple[str, str], ...] = ()
    counts: tuple[int, ...] = ()
    reasons: tuple[str, ...] = ()
    series: tuple[int | None, ...] = ()
    examples: tuple[tuple[str, ...], ...] = field(default=(), compare=False)
    units: tuple[int, int] = field(default=(0, 0), compare=False)

    @property
    def places(self) -> list[str]:
        """The tag paths of the findings, sorted."""
        return sorted({place for _, place in self.findings})


def dataset_of(literal: Literal) -> Dataset:
    """Build a data set from literals.

    Parameters
    ----------
    literal
        Keyword to value; a list of mappings for a sequence. A private element is written as
        ``(group, element): (VR, value)``.
    """
    dataset = Dataset()
    for key, value in literal.items():
        if isinstance(key, tuple):
            vr, held = value
            if vr == "SQ":
                held = [dataset_of(item) for item in held]
            dataset.add_new(key, vr, held)
        elif isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
            setattr(dataset, key, [dataset_of(item) for item in value])
        else:
            setattr(dataset, key, value)
    return dataset


def ask_instance(
    rules: RuleSet,
    rule_id: str,
    literal: Literal,
    *,
    file: Mapping[str, str] | None = None,
    referees: dict[str, RefereeReport] | None = None,
    path: str = "",
) -> Judgement:
    """Run one instance rule on one object, by the way that the engine takes.

    Parameters
    ----------
    rules
        The rule set that holds the rule and the judges that it reads.
    literal
        The data set, see `dataset_of`.
    file
        Facts of the file, by field of `FileFacts`; all is well where none is given.
    referees
        Reports of conformance referees, by name.
    path
        Of the file inside the collection.
    """
    rule = rules.get(rule_id)
    facts = WHOLE._replace(**(file or {}))
    if rule in instance_rules(rules)[1]:
        outcome, findings = ask_referee_rule(rule, referees or {}, {})
    else:
        outcome, findings = ask_about(rule, rules.judges, dataset_of(literal), facts, path)
    if outcome is Outcome.NOT_EVALUATED:
        return Judgement(outcome, reasons=tuple(reason for reason, _ in findings))
    return Judgement(outcome, findings)


def ask_collection(
    rules: RuleSet,
    rule_id: str,
    *,
    instances: Sequence[Mapping[str, Any]] = (),
    references: Sequence[Mapping[str, Any]] = (),
    numbers: Sequence[Mapping[str, Any]] = (),
    extents: Sequence[Mapping[str, Any]] = (),
    companions: Sequence[Mapping[str, Any]] = (),
    keys: Sequence[Mapping[str, Any]] = (),
    frames: Sequence[Mapping[str, Any]] = (),
    entities: Sequence[Mapping[str, Any]] = (),
    masks: Sequence[Mapping[str, Any]] = (),
    people: Sequence[Mapping[str, Any]] = (),
    counted: Sequence[Mapping[str, Any]] = (),
    pixels: Sequence[Mapping[str, Any]] = (),
) -> Judgement:
    """Run one collection rule on tables written down as rows, by the way that the engine takes.

    Parameters
    ----------
    instances, references, numbers, extents, companions, keys, frames, masks, entities, people,
    counted, pixels
        Rows as column name to value; what is not named is null, a status is ``ok``.
        UIDs and patient IDs are numbers, as their keyed hashes are.
    """
    import duckdb

    rule = rules.get(rule_id)
    result = RuleResult(
        id=rule.id,
        category=rule.category,
        severity=rule.severity.value,
        confidence=rule.confidence.value,
        outcome=Outcome.NOT_APPLICABLE.value,
        applicable=0,
        failed=0,
        unit=rule.unit.value,
    )
    found: list[Finding] = []

    def heard(facts: CollectionFacts) -> Iterator[Finding | Undecided]:
        # The engine adds up findings of one message; here each is told apart.
        for each in rule.check(facts):
            if isinstance(each, Finding):
                found.append(each)
            yield each

    given = {
        "instances": instances,
        "references": references,
        "numbers": numbers,
        "extents": extents,
        "companions": companions,
        "keys": keys,
        "frames": frames,
        "entities": entities,
        "masks": masks,
        "people": people,
        "counted": counted,
        "pixels": pixels,
    }
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(":memory:") as connection:
        tables = {}
        for table, rows in given.items():
            tables[table] = Path(folder) / f"{table}.parquet"
            with TableWriter(tables[table], table, "test") as writer:
                writer.add(_rows(table, rows))
        run_collection_rule(replace(rule, check=heard), connection, tables, result)
    reasons = (result.reason,) if result.reason else ()
    if result.outcome == Outcome.ERROR:
        return Judgement(Outcome.ERROR, reasons=reasons)
    return Judgement(
        Outcome(result.outcome),
        tuple((each.message, str(each.tag_path)) for each in found),
        tuple(each.count for each in found),
        reasons=reasons,
        series=tuple(each.series for each in found),
        examples=tuple(each.examples for each in found),
        units=(result.applicable, result.not_evaluated),
    )


def _rows(table: str, rows: Iterable[Mapping[str, Any]]) -> Iterable[tuple[Any, ...]]:
    names = [name for name, _ in QUERIED[table]]
    for row in rows:
        unknown = set(row) - set(names)
        assert not unknown, unknown
        full = {"status": "ok", **row} if table == "instances" else dict(row)
        yield tuple(full.get(name) for name in names)
