"""One audit from sources to result: walks, asks, queries, scores, writes the tables."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self

from auditor.blocks import (
    attribute_of,
    deidentification,
    joined,
    private,
    segments,
    structured_reports,
    summaries,
)
from auditor.collection import CollectionFacts, hold
from auditor.conformance.summary import summarise
from auditor.conformance.vocabulary import RefereeReport
from auditor.description import FILE as DESCRIPTION
from auditor.description import SIZE as DESCRIPTION_SIZE
from auditor.description import DescriptionError, parse_description
from auditor.engine import (
    CUT_SHORT,
    Job,
    Workers,
    ask_referees,
    batches,
    blame,
    conclude,
    instance_rules,
    walk_files,
)
from auditor.evidence import evidence, notation
from auditor.facts import InstanceFacts
from auditor.inheritance import Sources, attribute_to_sources, sources
from auditor.inventory import Inventory, private_elements
from auditor.masks import Chosen, died, read_masks
from auditor.model import (
    CATEGORIES,
    Finding,
    Outcome,
    Rule,
    Scope,
    Selector,
    Undecided,
    Unit,
    Units,
)
from auditor.objects import objects
from auditor.ocr import Sample, read_frames
from auditor.people import PEOPLE_LIMIT, PersonRow, merge_people
from auditor.profile import Profile
from auditor.reading.reader import FileFacts
from auditor.registry import RuleSet
from auditor.result import (
    CollectionResult,
    GroupedFinding,
    RuleResult,
)
from auditor.scoring import overall, rule_outcome, score_category
from auditor.sources import Source, SourceFile
from auditor.store import WALKED, AuditFolder, TableWriter, element_rows
from auditor.tally import EXAMPLES, Judged, Place, RuleTally, Seen, Tally, count_rule
from auditor.twins import Row as TwinRow
from auditor.twins import choose, read_pixels
from auditor.twins import died as died_comparing
from auditor.words import plural

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection to audit."""

    source: Source
    name: str
    repository: str = ""


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
    rules: RuleSet,
    profile: Profile,
    folder: AuditFolder,
    workers: Workers,
    progress: Progress,
    ocr: int = 0,
    masks: int = 0,
    twins: int = 0,
) -> CollectionResult:
    """Audit one collection and write its tables.

    Parameters
    ----------
    collection
        Where its files come from, and what to call it.
    number
        Its number in the audit, which names its Parquet files.
    rules, profile
        What to judge by.
    folder
        The audit folder.
    workers
        Runs the reading and the referees.
    progress
        Is told how far the audit has come.
    ocr
        Images in whose pixels to look for text.
    masks
        Segmentations whose pixels to look at.
    twins
        Images of different patients whose pixels to compare.
    """
    with TableWriter(folder.file("findings", number), "findings", collection.name) as findings:
        return _audit_collection(
            collection,
            number,
            rules=rules,
            profile=profile,
            folder=folder,
            workers=workers,
            progress=progress,
            ocr=ocr,
            masks=masks,
            twins=twins,
            findings=findings,
        )


def _audit_collection(
    collection: Collection,
    number: int,
    *,
    rules: RuleSet,
    profile: Profile,
    folder: AuditFolder,
    workers: Workers,
    progress: Progress,
    ocr: int,
    masks: int,
    twins: int,
    findings: TableWriter,
) -> CollectionResult:
    tally, described, people = _walk(collection, number, folder, workers, progress, ocr, masks)
    pixels = _compare_pixels(collection.source, number, folder, workers, progress, twins)
    notes = [*collection.source.notes, *described.notes, *_people_notes(people)]
    results = {rule.id: blank_result(rule, profile) for rule in rules.rules}
    walking, waiting = instance_rules(rules)
    walked: list[tuple[Rule, RuleTally]] = []
    for index, rule in enumerate(walking):
        parts: list[Judged] = [
            (each.verdict.outcomes[index], each.verdict.findings[index], each.series)
            for each in tally.signatures.values()
        ]
        walked.append((rule, count_rule(parts, rule.unit is Unit.SERIES)))
    if waiting:
        progress.step(
            f"conformance to the standard, of {plural(len(tally.structures), 'kind')} of data set"
        )
    # Where there are more processes than this one, they ask while the tables are queried here.
    asked = workers.aside(lambda: ask_referees(workers, tally.structures) if waiting else {})
    progress.step("rules over the whole collection")
    files = {table: folder.file(table, number) for table in WALKED}
    with (
        connect(folder.path, workers.count) as connection,
        TemporaryDirectory() as passing,
    ):
        files |= _passing_tables(
            Path(passing), collection.name, people, joined(rules, tally), pixels
        )
        tables = hold(connection, files)
        there = Inventory(connection, tables)
        queried = [rule for rule in rules.rules if rule.scope is Scope.COLLECTION]
        # A query is planned by one thread, however many may run it.
        with ThreadPoolExecutor(workers.count) as threads:
            counted_rules = [
                threads.submit(run_collection_rule, rule, connection, tables, results[rule.id])
                for rule in queried
            ]
            linked = threads.submit(sources, connection, tables)
            beyond = threads.submit(evidence, connection, tables)
            related = threads.submit(objects, connection, tables)
            for rule, queries in zip(queried, counted_rules, strict=True):
                write_findings(findings, results[rule.id], queries.result())
            counts = there.counts(tally, collection.source.links)
            inventory, companions = there.tables(), there.companions()
            known, found, kinds = linked.result(), beyond.result(), related.result()
    for rule, counted in walked:
        _record(rule, counted, known, results[rule.id], findings)
    reports = asked.result()
    notes += _referee_notes(reports.values())
    conformance = summarise(tally, reports) if waiting else None
    for rule in waiting:
        confidences: dict[tuple[str, str], str] = {}
        answers = {
            digest: _ask_referee_rule(rule, report, confidences)
            for digest, report in reports.items()
        }
        parts = [
            (*_answer(answers, each.structure), each.series) for each in tally.signatures.values()
        ]
        counted = count_rule(parts, rule.unit is Unit.SERIES)
        _record(rule, counted, known, results[rule.id], findings, confidences)
        cut_short = any(each.structure is None for each in tally.signatures.values())
        reasons = results[rule.id].reason, _referee_reason(rule, reports.values(), cut_short)
        results[rule.id].reason = "; ".join(filter(None, reasons))
    found.described, found.third_party = described.texts, described.third_party
    with TableWriter(folder.file("elements", number), "elements", collection.name) as writer:
        writer.add(element_rows(tally.elements))
    categories = [
        score_category(each, [result for result in results.values() if result.category == each])
        for each in CATEGORIES
    ]
    score, coverage = overall(categories, profile)
    rows = summaries(rules, tally)
    return CollectionResult(
        name=collection.name,
        repository=collection.repository,
        counts=counts,
        categories=categories,
        rules=list(results.values()),
        overall=score,
        coverage=coverage,
        inventory=inventory,
        annotation=notation(found, sum(each.is_image for each in kinds.kinds)),
        companions=companions,
        private_elements=private_elements(tally.elements),
        notes=notes,
        conformance=conformance,
        objects=kinds,
        deidentification=deidentification(rows),
        private=private(rows, tally),
        reports=structured_reports(rows),
        segments=segments(rows),
        evidence=found,
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
    ocr: int,
    masks: int,
) -> tuple[Tally, _Described, dict[PersonRow, str]]:
    """Read all files once, and write the tables of what was in them; return the rest."""
    tally, sample, segmented, described = Tally(), Sample(ocr), Chosen(masks), _Described()
    people: dict[PersonRow, str] = {}
    with ExitStack() as stack:
        writers = {
            table: stack.enter_context(
                TableWriter(folder.file(table, number), table, collection.name)
            )
            for table in WALKED
        }
        for partial in walk_files(workers, described.noticing(collection.source.files())):
            tally.merge(partial.tally)
            for table, columns in partial.tables.items():
                writers[table].add_columns(columns)
            sample.add(partial.images)
            segmented.add(partial.masks)
            merge_people(people, partial.people)
            progress.files(sum(partial.tally.files.values()))
        _look_at_pixels(sample, segmented, writers, workers, progress)
    return tally, described, people


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


def _record(
    rule: Rule,
    counted: RuleTally,
    known: Sources,
    result: RuleResult,
    findings: TableWriter,
    confidences: dict[tuple[str, str], str] | None = None,
) -> None:
    """Put what an instance rule found into its result and the table of findings."""
    if rule.category == "iod":
        attribute_to_sources(counted, known)
    fill_result(result, counted, confidences)
    write_findings(findings, result, counted)


def fill_result(
    result: RuleResult, tally: RuleTally, confidences: dict[tuple[str, str], str] | None = None
) -> None:
    """Put what was counted into a rule's result; a finding may be surer than its rule is."""
    sure = confidences or {}
    result.applicable = tally.passed + tally.failed
    result.failed = tally.failed
    result.not_applicable = tally.not_applicable
    result.not_evaluated = tally.not_evaluated
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


def _ask_referee_rule(
    rule: Rule, reports: dict[str, RefereeReport], confidences: dict[tuple[str, str], str]
) -> tuple[Outcome, tuple[tuple[str, str], ...]]:
    """Ask a rule about the reports on one structure, of those referees that judged it.

    A referee that does not know the SOP class could not look. One that died takes nothing
    from what another says; only where no other judged, it is an error. What the rule is
    less or more sure of than of the rest goes into `confidences`.
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
    for each in said:
        if isinstance(each, Finding) and each.confidence:
            confidences[each.message, str(each.tag_path)] = each.confidence.value
    return concluded


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
        "absent": "a referee that is not installed",
        "not_shown": "objects with more items than a referee is shown",
    }
    met = set()
    for each in reports:
        statuses = {each[name[8:]].status for name in rule.reads}
        if "judged" not in statuses:
            met |= statuses
    said = [text for status, text in reasons.items() if status in met]
    if cut_short:
        said.append(CUT_SHORT)
    return "; ".join(said)


def _referee_notes(reports: Iterable[dict[str, RefereeReport]]) -> list[str]:
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


def connect(folder: Path, threads: int = 1) -> duckdb.DuckDBPyConnection:
    """Open a database in memory that asks no network and swaps into the audit folder."""
    import duckdb

    connection = duckdb.connect(":memory:")
    # The rules' SQL reads the audit's own tables; it installs nothing and asks no network.
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET autoload_known_extensions = false")
    # By default it swaps into the current folder, which may be the collection.
    connection.execute("SET temp_directory = ?", [str(folder / "swap")])
    connection.execute("SET threads = ?", [threads])
    return connection


def run_collection_rule(
    rule: Rule,
    connection: duckdb.DuckDBPyConnection,
    tables: Mapping[str, Path | str],
    result: RuleResult,
) -> RuleTally:
    """Run one collection rule, put what it found into its result, and return it."""
    assert not isinstance(rule.applies, Selector)
    try:
        facts = CollectionFacts(connection, tables, rule.reads)
        units = _units(rule.applies(facts))
        confidences: dict[Place, str] = {}
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
    said: Iterable[Finding | Undecided], confidences: dict[Place, str]
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


def write_findings(writer: TableWriter, result: RuleResult, tally: RuleTally) -> None:
    """Write what one rule found, by series; what is of no one series has a row without."""
    for finding in result.findings:
        start = (
            result.id,
            result.category,
            result.severity,
            finding.confidence,
            result.unit,
            finding.tag_path,
            finding.message,
        )
        series = tally.series[finding.message, finding.tag_path]
        writer.add((*start, key, seen.count, seen.path) for key, seen in series.items())


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
    with Workers(job, jobs) as workers:
        if workers.count > 1:
            workers.aside(meanwhile)
        for number, collection in enumerate(collections, 1):
            progress.step(f"reading {collection.name}")
            results.append(
                audit_collection(
                    collection,
                    number,
                    rules=rules,
                    profile=profile,
                    folder=folder,
                    workers=workers,
                    progress=progress,
                    ocr=job.ocr,
                    masks=job.masks,
                    twins=job.twins,
                )
            )
    return results, time.perf_counter() - start
