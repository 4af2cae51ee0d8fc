"""One collection from its walk to its result: asks, queries, scores, writes the tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from auditor.asking import Answers
from auditor.blocks import (
    deidentification,
    joined,
    private,
    segments,
    structured_reports,
    summaries,
)
from auditor.collection import Tables, connect, hold
from auditor.collection_rules import run_collection_rule
from auditor.conformance.summary import summarise
from auditor.evidence import evidence, notation
from auditor.inheritance import Sources, sources
from auditor.inventory import Inventory, private_elements
from auditor.judgement import instance_rules
from auditor.model import (
    CATEGORIES,
    Rule,
    Scope,
    Unit,
)
from auditor.objects import objects
from auditor.outcomes import blank_result, inherits, judged_rows, record, write_findings
from auditor.people import PEOPLE_LIMIT, PersonRow
from auditor.profile import Profile
from auditor.referee_rules import count_referee_rule, referee_notes
from auditor.registry import RuleSet
from auditor.result import (
    CollectionResult,
    Counts,
    EvidenceResult,
    InventoryRow,
    ObjectsResult,
    RuleResult,
)
from auditor.scoring import overall, score_category
from auditor.sources import Source
from auditor.steps import Progress
from auditor.store import WALKED, AuditFolder, TableWriter, element_rows
from auditor.tally import Confidences, Judged, RuleTally, Tally, count_rule
from auditor.twins import Row as TwinRow
from auditor.twins import choose, read_pixels
from auditor.twins import died as died_comparing
from auditor.walking import Collection, Walk
from auditor.words import plural
from auditor.workers import Workers, batches

if TYPE_CHECKING:
    import duckdb


def judge_collection(
    walk: Walk,
    number: int,
    *,
    rules: RuleSet,
    profile: Profile,
    folder: AuditFolder,
    progress: Progress,
) -> CollectionResult:
    """Judge one collection, whose walk has begun, and write its tables.

    Parameters
    ----------
    walk
        The walk over its files.
    number
        Its number in the audit, which names its Parquet files.
    rules, profile
        What to judge by.
    folder
        The audit folder.
    progress
        Is told how far the audit has come.
    """
    collection, workers = walk.collection, walk.workers
    # What takes time and no other part waits for is done beside it, where there are processes.
    database = workers.aside(lambda: connect(folder.path, workers.count))
    walking, waiting = instance_rules(rules)
    answers = Answers(workers) if waiting else None
    walk.finish(folder, number, progress, answers)
    tally = walk.tally
    pixels = _compare_pixels(collection.source, number, folder, workers, progress)
    results = {rule.id: blank_result(rule, profile) for rule in rules.rules}
    signatures = tally.signatures.values()
    walked: list[tuple[Rule, list[Judged]]] = [
        (
            rule,
            [
                (each.verdict.outcomes[index], each.verdict.findings[index], each.series)
                for each in signatures
            ],
        )
        for index, rule in enumerate(walking)
    ]
    conformance = (
        f"conformance to the standard, of {plural(len(tally.structures), 'kind')} of data set"
    )
    if waiting:
        progress.step(conformance)
    asked = workers.aside(lambda: answers.all(tally.structures) if answers else {})
    progress.step("rules over the whole collection")
    files = {table: folder.file(table, number) for table in WALKED}
    with (
        TableWriter(folder.file("findings", number), "findings", collection.shown) as findings,
        TableWriter(folder.file("judged", number), "judged", collection.shown) as judged,
        TemporaryDirectory() as passing,
    ):

        def write(
            said: Iterable[tuple[Rule, list[Judged]]], known: Sources, sure: Confidences
        ) -> None:
            for rule, parts in said:
                total = count_rule(parts, rule.unit is Unit.SERIES)
                record(rule, total, known, results[rule.id], findings, sure)
                judged.add(judged_rows(rule, signatures, parts))

        # What most rules say can be written before it is known which series refer to which others.
        alone = [each for each in walked if not inherits(each[0])]
        written = workers.aside(lambda: write(alone, {}, {}))
        summed = joined(rules, tally)
        files |= _passing_tables(Path(passing), collection.name, walk.people, summed, pixels)
        try:
            with database.result() as connection:
                tables = hold(connection, files, workers.count)
                there = _query(connection, tables, collection, tally, rules, workers.count, results)
        finally:
            # Two tables are its own until it is done: they must not be closed under it.
            wait([written])
        written.result()
        for rule, found in there.found:
            write_findings(findings, results[rule.id], found)
        write((each for each in walked if inherits(each[0])), there.sources, {})
        if not asked.done():
            progress.step(conformance)
        reports = asked.result()
        for rule in waiting:
            parts, confidences, reason = count_referee_rule(rule, tally, reports)
            write([(rule, parts)], there.sources, confidences)
            results[rule.id].reason = "; ".join(filter(None, (results[rule.id].reason, reason)))
    with TableWriter(folder.file("elements", number), "elements", collection.shown) as writer:
        writer.add(element_rows(tally.elements))
    there.evidence.described = walk.described.texts
    there.evidence.third_party = walk.described.third_party
    categories = [
        score_category(
            each,
            [result for result in results.values() if result.category == each],
            rules.left_out.get(each, 0),
        )
        for each in CATEGORIES
    ]
    score, coverage = overall(categories, profile)
    rows = summaries(rules, tally)
    return CollectionResult(
        name=collection.name,
        repository=collection.repository,
        counts=there.counts,
        categories=categories,
        rules=list(results.values()),
        overall=score,
        coverage=coverage,
        inventory=there.inventory,
        annotation=notation(there.evidence, sum(each.is_image for each in there.objects.kinds)),
        companions=there.companions,
        private_elements=private_elements(tally.elements),
        notes=[
            *collection.source.notes,
            *walk.described.notes,
            *_people_notes(walk.people),
            *referee_notes(reports.values()),
        ],
        conformance=summarise(tally, reports) if waiting else None,
        objects=there.objects,
        deidentification=deidentification(rows),
        private=private(rows, tally),
        reports=structured_reports(rows),
        segments=segments(rows),
        evidence=there.evidence,
    )


@dataclass(slots=True)
class _Queried:
    """What the tables of a collection say."""

    found: list[tuple[Rule, RuleTally]]
    sources: Sources
    counts: Counts
    inventory: dict[str, list[InventoryRow]]
    companions: dict[str, int]
    evidence: EvidenceResult
    objects: ObjectsResult


def _query(
    connection: duckdb.DuckDBPyConnection,
    tables: Tables,
    collection: Collection,
    tally: Tally,
    rules: RuleSet,
    cores: int,
    results: Mapping[str, RuleResult],
) -> _Queried:
    """Ask the tables all that is to be asked; what rules say goes into `results`, too."""
    queried = [rule for rule in rules.rules if rule.scope is Scope.COLLECTION]
    # A query is planned by one thread, however many may run it. What takes longest comes first,
    # or one thread would be left with it when the others are done.
    with ThreadPoolExecutor(cores) as threads:
        there = Inventory(connection, tables)
        listed = threads.submit(
            lambda: (
                there.counts(tally, collection.source.links), there.tables(), there.companions()
            )
        )  # fmt: skip
        related = threads.submit(objects, connection, tables)
        beyond = threads.submit(evidence, connection, tables)
        linked = threads.submit(sources, connection, tables)
        said = [
            threads.submit(run_collection_rule, rule, connection, tables, results[rule.id])
            for rule in queried
        ]
        counts, inventory, companions = listed.result()
        return _Queried(
            counts=counts,
            inventory=inventory,
            companions=companions,
            found=[(rule, each.result()) for rule, each in zip(queried, said, strict=True)],
            sources=linked.result(),
            evidence=beyond.result(),
            objects=related.result(),
        )


def _people_notes(people: dict[PersonRow, str]) -> list[str]:
    """Say so where the table of people is not whole."""
    if len(people) < PEOPLE_LIMIT:
        return []
    return [
        "There are more combinations of patient, study and dates than are compared: rules about "
        f"patients know the first {PEOPLE_LIMIT:,}."
    ]


def _passing_tables(
    folder: Path,
    collection: str,
    people: dict[PersonRow, str],
    counted: Iterable[tuple[str, str, str]],
    pixels: Iterable[TwinRow],
) -> dict[str, Path]:
    """Write what collection rules may query and the audit does not keep."""
    rows: dict[str, Iterable[Sequence[object]]] = {
        "people": ((*row, path) for row, path in people.items()),
        "counted": counted,
        "pixels": pixels,
    }
    for table, some in rows.items():
        with TableWriter(folder / table, table, collection) as writer:
            for row in some:
                writer.add([row])
    return {table: folder / table for table in rows}


def _compare_pixels(
    source: Source,
    number: int,
    folder: AuditFolder,
    workers: Workers,
    progress: Progress,
) -> list[TwinRow]:
    """Look at the pixels of images that may be the same under two Patient IDs."""
    twins = workers.job.twins
    if not twins:
        return []
    with connect(folder.path, workers.count) as connection:
        images = choose(connection, folder.file("instances", number), source, twins)
    progress.step(f"the pixels of {len(images)} images of different patients")
    read = workers.run(read_pixels, batches(images, 16), died_comparing)
    return [row for rows in read for row in rows]
