"""For tests of rules: run one rule on facts written down as literals.

Examples
--------
>>> rules = load([rules_folder()])
>>> ask_instance(rules, "DEID101", {"PatientIdentityRemoved": "YES"}).places
['(0012,0063)']
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from auditor.collection import CollectionFacts
from auditor.conformance.vocabulary import RefereeReport
from auditor.facts import InstanceFacts
from auditor.judgement import instance_rules
from auditor.literal import WHOLE, ask_about
from auditor.model import Finding, Outcome, Selector
from auditor.registry import RuleSet, load
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
        Of an instance rule: why it could not evaluate.
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
        view = InstanceFacts((), facts, referees, rule.reads)
        said = [each for each in rule.check(view) if isinstance(each, Finding)]
        found = tuple((each.message, str(each.tag_path)) for each in said)
        return Judgement(Outcome.FAIL if found else Outcome.PASS, found)
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
    """Run one collection rule on tables written down as rows.

    Parameters
    ----------
    instances, references, numbers, extents, companions, keys, frames, masks, entities, people,
    counted, pixels
        Rows as column name to value; what is not named is null, a status is ``ok``.
        UIDs and patient IDs are numbers, as their keyed hashes are.
    """
    import duckdb

    rule = rules.get(rule_id)
    assert not isinstance(rule.applies, Selector)
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
        facts = CollectionFacts(connection, tables, rule.reads)
        judged, not_evaluated, *_ = rule.applies(facts)
        if not judged:
            blank = Outcome.NOT_EVALUATED if not_evaluated else Outcome.NOT_APPLICABLE
            return Judgement(blank, units=(judged, not_evaluated))
        found = [each for each in rule.check(facts) if isinstance(each, Finding)]
    return Judgement(
        Outcome.FAIL if found else Outcome.PASS,
        tuple((each.message, str(each.tag_path)) for each in found),
        tuple(each.count for each in found),
        series=tuple(each.series for each in found),
        examples=tuple(each.examples for each in found),
        units=(judged, not_evaluated),
    )


def _rows(table: str, rows: Iterable[Mapping[str, Any]]) -> Iterable[tuple[Any, ...]]:
    names = [name for name, _ in QUERIED[table]]
    for row in rows:
        unknown = set(row) - set(names)
        assert not unknown, unknown
        full = {"status": "ok", **row} if table == "instances" else dict(row)
        yield tuple(full.get(name) for name in names)
