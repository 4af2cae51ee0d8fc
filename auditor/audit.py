"""One audit from sources to result: walks, asks, queries, scores, writes the tables."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self

from auditor.asking import FEW, ask_referees
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
from auditor.conformance.panel import Reports
from auditor.conformance.summary import summarise
from auditor.description import FILE as DESCRIPTION
from auditor.description import SIZE as DESCRIPTION_SIZE
from auditor.description import DescriptionError, parse_description
from auditor.evidence import evidence, notation
from auditor.inheritance import Sources, sources
from auditor.inventory import Inventory, private_elements
from auditor.judgement import instance_rules
from auditor.masks import Chosen, died, read_masks
from auditor.model import (
    CATEGORIES,
    Rule,
    Scope,
    Unit,
)
from auditor.objects import objects
from auditor.ocr import Sample, read_frames
from auditor.outcomes import blank_result, judged_rows, record, write_findings
from auditor.people import PEOPLE_LIMIT, PersonRow, merge_people
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
from auditor.sources import Source, SourceFile
from auditor.store import WALKED, AuditFolder, TableWriter, element_rows
from auditor.tally import Judged, RuleTally, Tally, count_rule
from auditor.twins import Row as TwinRow
from auditor.twins import choose, read_pixels
from auditor.twins import died as died_comparing
from auditor.words import plural
from auditor.workers import Job, Workers, batches, walk_files

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection to audit; `label` is what tables call it, if not by its name."""

    source: Source
    name: str
    repository: str = ""
    label: str = ""


class Unopened:
    """A collection that was asked for and could not be opened: nothing, and a note."""

    def __init__(self, name: str) -> None:
        self.name, self.root, self.links = name, "", 0
        self.notes = ["It was asked for and could not be opened: nothing in it was audited."]

    def files(self) -> Iterator[SourceFile]:
        """List nothing."""
        return iter(())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


@dataclass(slots=True)
class Progress:
    """Told how far an audit has come.

    Attributes
    ----------
    files
        Called with the number of files just read.
    step
        Called with a few words when something else than reading begins.
    """

    files: Callable[[int], None] = lambda _: None
    step: Callable[[str], None] = lambda _: None


def audit_collection(
    collection: Collection,
    number: int,
    *,
    job: Job,
    rules: RuleSet,
    profile: Profile,
    folder: AuditFolder,
    workers: Workers,
    progress: Progress,
) -> CollectionResult:
    """Audit one collection and write its tables.

    Parameters
    ----------
    collection
        Where its files come from, and what to call it.
    number
        Its number in the audit, which names its Parquet files.
    job
        How many objects to look at in their pixels.
    rules, profile
        What to judge by.
    folder
        The audit folder.
    workers
        Runs the reading and the referees.
    progress
        Is told how far the audit has come.
    """
    # What takes time and no other part waits for is done beside it, where there are processes.
    database = workers.aside(lambda: connect(folder.path, workers.count))
    walking, waiting = instance_rules(rules)
    tally, described, people, reports = _walk(
        collection, number, folder, workers, progress, job, bool(waiting)
    )
    pixels = _compare_pixels(collection.source, number, folder, workers, progress, job.twins)
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
    if waiting:
        progress.step(
            f"conformance to the standard, of {plural(len(tally.structures), 'kind')} of data set"
        )
    rest = {digest: one for digest, one in tally.structures.items() if digest not in reports}
    asked = workers.aside(lambda: ask_referees(workers, rest) if waiting else {})
    counted = workers.aside(
        lambda: [count_rule(parts, rule.unit is Unit.SERIES) for rule, parts in walked]
    )
    progress.step("rules over the whole collection")
    files = {table: folder.file(table, number) for table in WALKED}
    label = collection.label or collection.name
    with (
        TableWriter(folder.file("findings", number), "findings", label) as findings,
        TableWriter(folder.file("judged", number), "judged", label) as judged,
        TemporaryDirectory() as passing,
    ):
        summed = joined(rules, tally)
        files |= _passing_tables(Path(passing), collection.name, people, summed, pixels)
        with database.result() as connection:
            tables = hold(connection, files, workers.count)
            there = _query(connection, tables, collection, tally, rules, workers.count, results)
        for rule, found in there.found:
            write_findings(findings, results[rule.id], found)
        for (rule, parts), total in zip(walked, counted.result(), strict=True):
            record(rule, total, there.sources, results[rule.id], findings)
            judged.add(judged_rows(rule, signatures, parts))
        reports |= asked.result()
        for rule in waiting:
            parts, confidences, reason = count_referee_rule(rule, tally, reports)
            total = count_rule(parts, rule.unit is Unit.SERIES)
            record(rule, total, there.sources, results[rule.id], findings, confidences)
            judged.add(judged_rows(rule, signatures, parts))
            results[rule.id].reason = "; ".join(filter(None, (results[rule.id].reason, reason)))
    with TableWriter(folder.file("elements", number), "elements", label) as writer:
        writer.add(element_rows(tally.elements))
    there.evidence.described = described.texts
    there.evidence.third_party = described.third_party
    categories = [
        score_category(each, [result for result in results.values() if result.category == each])
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
            *described.notes,
            *_people_notes(people),
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
    # A query is planned by one thread, however many may run it.
    with ThreadPoolExecutor(cores) as threads:
        said = [
            threads.submit(run_collection_rule, rule, connection, tables, results[rule.id])
            for rule in queried
        ]
        linked = threads.submit(sources, connection, tables)
        beyond = threads.submit(evidence, connection, tables)
        related = threads.submit(objects, connection, tables)
        there = Inventory(connection, tables)
        return _Queried(
            found=[(rule, each.result()) for rule, each in zip(queried, said, strict=True)],
            sources=linked.result(),
            counts=there.counts(tally, collection.source.links),
            inventory=there.tables(),
            companions=there.companions(),
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


def _walk(
    collection: Collection,
    number: int,
    folder: AuditFolder,
    workers: Workers,
    progress: Progress,
    job: Job,
    asks: bool,
) -> tuple[Tally, _Described, dict[PersonRow, str], dict[bytes, Reports]]:
    """Read all files once, and write the tables of what was in them; return the rest.

    Where referees are to be asked, those in this process are about the first structures: most
    of the time that takes is to load them, which others need not wait for.
    """
    tally, sample, segmented = Tally(), Sample(job.ocr), Chosen(job.masks)
    described = _Described()
    people: dict[PersonRow, str] = {}
    asked: Future[dict[bytes, Reports]] | None = None
    with ExitStack() as stack:
        writers = {
            table: stack.enter_context(
                TableWriter(folder.file(table, number), table, collection.label or collection.name)
            )
            for table in WALKED
        }
        for part in walk_files(workers, described.noticing(collection.source.files())):
            tally.merge(part.tally)
            for table, columns in part.tables.items():
                writers[table].add_columns(columns)
            sample.add(part.images)
            segmented.add(part.masks)
            merge_people(people, part.people)
            progress.files(sum(part.tally.files.values()))
            if asks and asked is None and tally.structures:
                first = dict(islice(tally.structures.items(), FEW))
                asked = workers.aside(partial(ask_referees, workers, first))
        # pydicom, with which both look at files, is set up for one of them at a time.
        reports = asked.result() if asked else {}
        _look_at_pixels(sample, segmented, writers, workers, progress)
    return tally, described, people, reports


class _Described:
    """Notices, among the files of a collection, the one that describes it."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.third_party: list[dict[str, str]] = []
        self.notes: list[str] = []

    def noticing(self, files: Iterable[SourceFile]) -> Iterator[SourceFile]:
        """Yield the files; an archive may not keep what was read."""
        for file in files:
            if file.path == DESCRIPTION and not file.problem:
                self._read(file.location)
            yield file

    def _read(self, location: str) -> None:
        try:
            descriptor = os.open(location, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                self.texts, self.third_party = parse_description(file.read(DESCRIPTION_SIZE))
        except OSError:
            self.notes.append(f"{DESCRIPTION} cannot be read.")
        except DescriptionError as error:
            self.notes.append(f"{DESCRIPTION} {error}: it was not used.")


def _look_at_pixels(
    sample: Sample,
    masks: Chosen,
    writers: Mapping[str, TableWriter],
    workers: Workers,
    progress: Progress,
) -> None:
    """Look at the pixels of what was chosen while walking, and write what they say."""
    if images := sample.chosen():
        progress.step(f"text in the pixels of {len(images)} images")
        writers["frames"].add(list(read_frames(images)))
    if segmentations := masks.all():
        progress.step(f"the pixels of {len(segmentations)} segmentations")
        for rows in workers.run(read_masks, batches(segmentations, 4), died):
            writers["masks"].add(rows)


def _compare_pixels(
    source: Source,
    number: int,
    folder: AuditFolder,
    workers: Workers,
    progress: Progress,
    twins: int,
) -> list[TwinRow]:
    """Look at the pixels of images that may be the same under two Patient IDs."""
    if not twins:
        return []
    with connect(folder.path, workers.count) as connection:
        images = choose(connection, folder.file("instances", number), source, twins)
    progress.step(f"the pixels of {len(images)} images of different patients")
    read = workers.run(read_pixels, batches(images, 16), died_comparing)
    return [row for rows in read for row in rows]


def audit(
    collections: Sequence[Collection],
    *,
    job: Job,
    jobs: int,
    rules: RuleSet,
    profile: Profile,
    folder: AuditFolder,
    progress: Progress,
    meanwhile: Callable[[], None] = lambda: None,
) -> tuple[list[CollectionResult], float]:
    """Audit collections one after the other; return the results and the seconds it took.

    Where other processes read the files, this one does `meanwhile` what can be done beside.
    """
    start = time.perf_counter()
    results = []
    with Workers(job, jobs, rules) as workers:
        if workers.count > 1:
            workers.aside(meanwhile)
        for number, collection in enumerate(collections, 1):
            progress.step(f"reading {collection.name}")
            results.append(
                audit_collection(
                    collection,
                    number,
                    job=job,
                    rules=rules,
                    profile=profile,
                    folder=folder,
                    workers=workers,
                    progress=progress,
                )
            )
    return results, time.perf_counter() - start
