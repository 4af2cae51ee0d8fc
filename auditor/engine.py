"""The loop: files to tallies, by one process or several, every verdict asked for once."""

from __future__ import annotations

import gc
import itertools
import os
import sys
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from hashlib import blake2b
from math import inf
from multiprocessing import get_context, parent_process
from operator import itemgetter
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

from auditor.conformance.panel import ITEM_LIMIT
from auditor.equipment import model_name
from auditor.facts import InstanceFacts, UndeclaredRead
from auditor.masks import LOOKED_AT, Where
from auditor.model import Finding, Outcome, Rule, Scope, Selector, Summary, Undecided
from auditor.ocr import PICTURE, Image
from auditor.packing import Columns, pack
from auditor.people import People, PersonRow
from auditor.planning import RulesPlan, applies_to
from auditor.reading.columns import (
    CHARACTER_SET,
    COLUMN,
    COLUMNS,
    ENTITY_ATTRIBUTES,
    ENTITY_ID_NUMBERS,
    ENTITY_NUMBERS,
    entity_key,
    plain,
)
from auditor.reading.contents import Contents, name_keys
from auditor.reading.extents import (
    PLANES,
    Box,
    around,
    decimals,
    drawn,
    frame_range,
    frame_runs,
    whole_numbers,
)
from auditor.reading.places import Forest, Place, Token
from auditor.reading.reader import FileFacts, Reader, Reading, unreadable
from auditor.redaction import Hasher, coded, shape, vendor
from auditor.registry import RuleSet, is_rule_module, load
from auditor.sources import SourceFile
from auditor.standard.dictionary import is_keyword
from auditor.standard.sop_classes import sop_class_name, transfer_syntax_name
from auditor.tally import (
    NOT_COUNTED,
    Counted,
    ElementTally,
    Seen,
    SignatureTally,
    Structure,
    Tally,
    Verdict,
)

CHUNK = 512
"""Files per task: long enough to hide the cost of a task, short enough to retry by hand."""

AHEAD = 6
"""Tasks that wait for each worker, so that none is idle while this process writes."""

MEMO_TOKENS = 4_000_000
"""Tokens in the keys of the memo, after which it is emptied."""

CUT_SHORT = "objects whose header is cut short"
"""Why an instance rule could not look: half a data set would make it say what is not so."""

READER_DIED = "the reader died on this file"

T = TypeVar("T")

Rows = dict[str, list[tuple[Any, ...]]]
"""Table to rows for it, in the order of its columns."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker must know to judge files as every other worker does; it is picklable."""

    folders: tuple[Path, ...]
    rule_ids: tuple[str, ...]
    key: bytes
    show_values: bool = False
    ocr: int = 0
    """Images in whose pixels to look for text."""
    masks: int = 0
    """Segmentations whose pixels to look at."""
    twins: int = 0
    """Images of different patients whose pixels to compare."""


@dataclass(slots=True)
class Partial:
    """What a chunk of files gave: the tally, and what to write into which table."""

    tally: Tally = field(default_factory=Tally)
    tables: dict[str, Columns] = field(default_factory=dict)
    images: list[Image] = field(default_factory=list)
    masks: list[Where] = field(default_factory=list)
    people: dict[PersonRow, str] = field(default_factory=dict)
    """Rows of the table of people, each with the smallest path at which it was seen."""


@dataclass(slots=True, eq=False)
class _Entry:
    """What the memo keeps of one signature."""

    digest: bytes
    name: str
    verdict: Verdict
    structure: bytes | None
    tokens: tuple[Token, ...]
    series: dict[int | None, Seen] = field(default_factory=dict)


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


class Auditor:
    """Judges files, one chunk after the other, with the memos of one process.

    Parameters
    ----------
    rules
        Its instance rules that read no referee are asked, and its summaries.
    key
        Of the hashes.
    show_values
        Whether values are written as they are.
    sample
        Whether to name images in whose pixels text may be looked for.
    masks
        Whether to name segmentations whose pixels may be looked at.
    """

    def __init__(
        self,
        rules: RuleSet,
        key: bytes,
        show_values: bool = False,
        sample: bool = False,
        masks: bool = False,
    ) -> None:
        self._rules, _ = instance_rules(rules)
        self._summaries = rules.summaries
        self._judges = rules.judges
        self._sample = sample
        self._masks = masks
        self._hash = Hasher(key)
        self._columns = _Columns(self._hash, show_values)
        self._people = People(self._hash)
        self._verdicts: dict[Verdict, Verdict] = {}
        # Rows of entities that this chunk has, by their hash: a value may be of any size.
        self._entities: set[int] = set()
        self._renew()

    def _renew(self) -> None:
        self._forest = Forest(
            lambda uid: RulesPlan(uid, (*self._rules, *self._summaries), self._judges)
        )
        self._reader = Reader(self._forest)
        self._memo: dict[tuple[str, FileFacts, tuple[Token, ...]], _Entry] = {}
        self._memo_tokens = 0
        self._verdicts.clear()

    def chunk(self, files: Iterable[SourceFile]) -> Partial:
        """Read and judge some files."""
        partial = Partial()
        rows: Rows = defaultdict(list)
        touched: list[_Entry] = []
        self._entities.clear()
        for file in files:
            if file.problem:
                reading = unreadable(file.problem)
            else:
                # The reader survives what is in a file; were it not so, the run must.
                try:
                    reading = self._reader.read(file.location, file.path)
                except Exception as error:  # noqa: BLE001
                    reading = unreadable(f"the reader failed on it ({type(error).__name__})")
            self._count(file, reading, partial, rows, touched)
            if self._forest.is_full:
                self._fold(touched, partial.tally)
                self._renew()
        self._fold(touched, partial.tally)
        partial.tables = {table: pack(each) for table, each in rows.items()}
        return partial

    def _count(
        self,
        file: SourceFile,
        reading: Reading,
        partial: Partial,
        rows: Rows,
        touched: list[_Entry],
    ) -> None:
        tally = partial.tally
        tally.files[reading.status] += 1
        tally.size += reading.size
        if reading.status == "not_dicom":
            self._companion(file, reading, rows)
            return
        tally.dicom += reading.size
        for creator, size in reading.private:
            tally.private[creator] += size
        row = self._columns.row(reading.columns)
        name = ""
        if reading.facts is not None:
            entry = self._judge(reading, reading.facts)
            name = entry.name
            series = row[COLUMN["SeriesInstanceUID"]]
            seen = entry.series.get(series)
            if seen is None:
                if not entry.series:
                    touched.append(entry)
                entry.series[series] = Seen(1, file.path)
                self._represent(entry, file, reading, tally)
                if self._sample and (image := _image(file, reading, row, entry.tokens)):
                    partial.images.append(image)
            else:
                seen.count += 1
                seen.path = min(seen.path, file.path)
            if reading.facts.identified != "directory":
                self._people.add(reading.columns, file.path, partial.people)
                known = hash(entity_key(reading.columns))
                if known not in self._entities:
                    self._entities.add(known)
                    rows["entities"].append(self._columns.entity(file.path, reading))
            if self._masks and reading.sop_class in LOOKED_AT:
                partial.masks.append((file.path, file.location))
            if reading.references:
                rows["references"] += self._columns.references(file.path, row, reading)
            if reading.numbers:
                rows["numbers"] += number_rows(file.path, reading.numbers)
                frames = row[COLUMN["NumberOfFrames"]]
                rows["extents"] += extent_rows(file.path, reading.numbers, frames)
        rows["instances"].append(
            (file.path, reading.status, reading.reason, reading.size, name, *row)
        )

    def _companion(self, file: SourceFile, reading: Reading, rows: Rows) -> None:
        there = reading.contents or Contents()
        rows["companions"].append(
            (
                file.path, reading.reason, reading.size, reading.headings, there.form,
                there.columns, there.rows,
            )
        )  # fmt: skip
        for role, keys in (("name", name_keys(file.path)), *there.keys.items()):
            rows["keys"].extend((file.path, role, self._hash(key)) for key in sorted(keys))

    def _represent(self, entry: _Entry, file: SourceFile, reading: Reading, tally: Tally) -> None:
        if entry.structure is None:
            return
        known = tally.structures.get(entry.structure)
        if known is None or file.path < known.path:
            tally.structures[entry.structure] = Structure(
                reading.sop_class, file.path, file.location, _is_shown(entry.tokens)
            )

    def _judge(self, reading: Reading, facts: FileFacts) -> _Entry:
        tokens = tuple(reading.tokens)
        key = (reading.sop_class, facts, tokens)
        entry = self._memo.get(key)
        if entry is None:
            if self._memo_tokens > MEMO_TOKENS:
                self._memo.clear()
                self._memo_tokens = 0
            entry = self._memo[key] = self._new_entry(reading.sop_class, facts, tokens)
            self._memo_tokens += len(tokens) + 64
        return entry

    def _new_entry(self, sop_class: str, file: FileFacts, tokens: tuple[Token, ...]) -> _Entry:
        start = sop_class.encode()
        digest = blake2b(start + repr(tuple(file)).encode(), digest_size=16)
        digest.update(b"".join(token.digest for token in tokens))
        structure = None
        if file.complete != "header":
            whole = start + b"".join(token.structure for token in tokens)
            structure = blake2b(whole, digest_size=16).digest()
        verdict = self.verdict(sop_class, file, tokens)
        return _Entry(
            digest.digest(),
            f"{self._hash(digest.digest()):016x}",
            self._verdicts.setdefault(verdict, verdict),
            structure,
            tokens,
        )

    def verdict(self, sop_class: str, file: FileFacts, tokens: Sequence[Token]) -> Verdict:
        """Ask every rule and every summary about one signature, memo or not."""
        facts = InstanceFacts(tokens, file, sop_class=sop_class)
        answers = [ask(rule, facts, sop_class, file) for rule in self._rules]
        return Verdict(
            tuple(outcome for outcome, _ in answers),
            tuple(found for _, found in answers),
            tuple(count(each, facts, sop_class, file) for each in self._summaries),
        )

    def _fold(self, touched: list[_Entry], tally: Tally) -> None:
        """Move what the entries counted into the tally, and count elements by signature."""
        for entry in touched:
            known = tally.signatures.get(entry.digest)
            if known is None:
                known = tally.signatures[entry.digest] = SignatureTally(
                    entry.verdict, entry.structure, entry.name
                )
            count = 0
            for series, seen in entry.series.items():
                count += seen.count
                if series in known.series:
                    known.series[series].add(seen)
                else:
                    known.series[series] = seen
            entry.series = {}
            places: dict[Any, bool] = {}
            for token in entry.tokens:
                if not token.is_item:
                    places[token.place] = places.get(token.place, False) or token.empty
            for place, empty in places.items():
                key = (str(place.path), place.vr, place.keyword, place.shown_creator)
                total = tally.elements.setdefault(key, ElementTally())
                total.instances += count
                total.empty += count if empty else 0
        touched.clear()


def ask(
    rule: Rule, facts: InstanceFacts, sop_class: str, file: FileFacts
) -> tuple[Outcome, tuple[tuple[str, str], ...]]:
    """Ask one rule about one object: whether it applies, then what it finds.

    With the outcome come its findings; of one that is not evaluated, the reasons.
    """
    if not applies_to(rule, sop_class):
        return Outcome.NOT_APPLICABLE, ()
    if file.complete == "header" and not facts.reaches(rule.reads):
        return Outcome.NOT_EVALUATED, ((CUT_SHORT, ""),)
    view = facts.for_rule(rule.reads)
    selector = rule.applies
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


_NOT_YET = object()
"""Stands in a row for what was not met before."""


class _Columns:
    """Turns raw values into what the tables may hold."""

    def __init__(self, hasher: Hasher, show_values: bool) -> None:
        self._hash = hasher
        self._show = show_values
        forms: dict[str, Callable[[bytes, str], Any]] = {
            "hash": lambda value, _: hasher(value) if value.strip(b" \0") else None,
            "uid": lambda value, _: self._uid(value),
            "code": self._code,
            "vendor": self._vendor,
            "model": self._model,
            "year": lambda value, _: _year(value),
            "binary": lambda value, _: _binary(value),
            "count": lambda value, _: _counted(value),
            "decimals": lambda value, _: decimals(value),
        }
        self._write = [(column.keyword, forms[column.form]) for column in COLUMNS]
        self._known: list[dict[bytes | None, Any]] = [{None: None} for _ in COLUMNS]
        self._plain: dict[tuple[str, bytes, bytes | None], int | None] = {}
        self._targets: dict[bytes, int] = {}

    def row(self, columns: list[bytes | None]) -> list[Any]:
        """Return the row of one instance."""
        # Most columns of most files were met before: they are looked up in one step.
        values = columns[: len(COLUMNS)]
        row = [known.get(value, _NOT_YET) for known, value in zip(self._known, values, strict=True)]
        number = -1
        for _ in range(row.count(_NOT_YET)):
            number = row.index(_NOT_YET, number + 1)
            keyword, write = self._write[number]
            known = self._known[number]
            if len(known) > 2048:
                known.clear()
                known[None] = None
            value = columns[number]
            row[number] = known[value] = write(value or b"", keyword)
        return row

    def entity(self, path: str, reading: Reading) -> tuple[Any, ...]:
        """Return the row of what an instance says of its patient, study, series and equipment."""
        columns = reading.columns
        ids = (columns[number] for number in ENTITY_ID_NUMBERS)
        return (
            path,
            self._uid(reading.sop_class.encode("latin-1")),
            *(self._hash(each) if each and each.strip(b" \0") else None for each in ids),
            *(
                self._attribute(keyword, columns[number], columns[CHARACTER_SET])
                for keyword, number in zip(ENTITY_ATTRIBUTES, ENTITY_NUMBERS, strict=True)
            ),
        )

    def _attribute(self, keyword: str, value: bytes | None, declared: bytes | None) -> int | None:
        if not value or not value.strip(b" \0"):
            return None
        key = (keyword, value, None if value.isascii() else declared)
        if key in self._plain:
            return self._plain[key]
        terms = (declared or b"").rstrip(b" \0").decode("latin-1").split("\\")
        compared = plain(keyword, value, tuple(term.strip() for term in terms))
        if len(self._plain) > 2048:
            self._plain.clear()
        hashed = self._hash(compared) if compared else None
        if len(value) <= 1024:
            self._plain[key] = hashed
        return hashed

    def references(self, path: str, row: list[Any], reading: Reading) -> Iterator[tuple[Any, ...]]:
        """Yield the distinct references of one instance, and what is drawn in their targets."""
        # By place, class and UIDs of the target, frames that are named, and plane of the drawing.
        distinct: dict[tuple[Any, ...], _Reach] = {}
        frames: dict[bytes, tuple[int, int] | None] = {}
        drawings, count, told_apart = 0, 0, True
        for each in reading.references:
            uids = each.sop_instance, each.series, each.study, each.frame_of_reference
            target = str(each.place.path), each.sop_class, uids
            named: tuple[int, int] | None = None
            if each.frames:
                if each.frames not in frames:
                    frames[each.frames] = frame_range(each.frames)
                named = frames[each.frames]
            found = drawn(each.points) if each.points else None
            if found is not None:
                plane, boxes = found
                if min(plane) == inf:
                    # Another contour may lie in another plane.
                    count += 1
                    plane = (*plane, count)
                key = (*target, named or (), plane)
                if key in distinct or drawings < MOST_DRAWINGS:
                    drawings += key not in distinct
                    distinct.setdefault(key, _Reach(named)).add_boxes(boxes)
                    continue
                told_apart = False
            distinct.setdefault((*target, (), ()), _Reach()).add_frames(named)
        instance, sop_class = row[COLUMN["SOPInstanceUID"]], row[COLUMN["SOPClassUID"]]
        number = 0
        for (place, target_class, uids, _, plane), reach in sorted(
            distinct.items(), key=itemgetter(0)
        ):
            number += bool(plane)
            for sides in reach.boxes or ((None,) * 6,):
                yield (
                    path,
                    instance,
                    sop_class,
                    place,
                    self._uid(target_class),
                    *map(self._hashed, uids),
                    *(reach.frames or (None, None)),
                    number if plane and told_apart else None,
                    *sides,
                )

    def _hashed(self, uid: bytes) -> int | None:
        """Return the hash of a UID, which many objects may refer to."""
        known = self._targets.get(uid)
        if known is None and uid.strip(b" \0"):
            known = self._hash(uid)
            if len(self._targets) > 2048:
                self._targets.clear()
            if len(uid) <= UID_LIMIT:
                self._targets[uid] = known
        return known

    def _uid(self, value: bytes) -> str:
        uid = value.rstrip(b" \0").decode("latin-1")
        if not uid or self._show or sop_class_name(uid) or transfer_syntax_name(uid):
            return uid
        return f"(not registered: {shape(uid)})"

    def _code(self, value: bytes, keyword: str) -> str:
        text = value.rstrip(b" \0").decode("latin-1")
        return text if self._show else coded(keyword, text)

    def _vendor(self, value: bytes, _: str) -> str:
        text = value.rstrip(b" \0").decode("latin-1")
        return text if self._show else vendor(text)

    def _model(self, value: bytes, _: str) -> str:
        text = value.rstrip(b" \0").decode("latin-1")
        return text if self._show else model_name(text)


def number_rows(
    path: str, numbers: Iterable[tuple[Place, bytes]]
) -> Iterator[tuple[str, str, str, int]]:
    """Yield the rows of the table of numbers for one instance; what is no number has none."""
    distinct = {each for each in numbers if each[0].keyword not in PLANES}
    for place, value in sorted(distinct, key=lambda each: (str(each[0].path), each[1])):
        for number in whole_numbers(value, place.vr == "US"):
            if 0 <= number <= COUNT_LIMIT:
                yield path, str(place.path), place.keyword, number


def extent_rows(
    path: str, numbers: Iterable[tuple[Place, bytes]], frames: int | None
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the table of extents for one instance, if its frames say where they are."""
    for run in frame_runs(numbers, frames):
        yield path, *run


@dataclass(slots=True)
class _Reach:
    """The frames that references to one target at one place name, and what is drawn there."""

    frames: tuple[int, int] | None = None
    boxes: tuple[Box, ...] = ()

    def add_boxes(self, more: tuple[Box, ...]) -> None:
        """Add what is drawn in the same plane across an axis; what is in none comes once."""
        self.boxes = (around(self.boxes[0], more[0]),) if self.boxes else more

    def add_frames(self, more: tuple[int, int] | None) -> None:
        if self.frames and more:
            self.frames = min(self.frames[0], more[0]), max(self.frames[1], more[1])
        else:
            self.frames = self.frames or more


MOST_DRAWINGS = 50_000
"""Planes across an axis and contours in none of one object that are told apart."""

UID_LIMIT = 256
"""Bytes of a UID that is remembered: four times what one may have."""

COUNT_LIMIT = 100_000
"""What no number of frames exceeds, and record numbers do."""


def _year(value: bytes) -> int | None:
    """Return the year of a date (DA, PS3.5 6.2), of which a date in error tells none."""
    year = value[:4]
    return int(year) if year.isdigit() and 1900 <= int(year) < 2100 else None


def _binary(value: bytes) -> int | None:
    return int.from_bytes(value, "little") if len(value) == 2 else None


def _counted(value: bytes) -> int | None:
    try:
        number = int(value.rstrip(b" \0"))
    except ValueError:
        return None
    return number if 0 <= number <= COUNT_LIMIT else None


_here: list[Auditor] = []
"""The auditor of this process: a worker is told what to do once and then gets only files."""


def _start_worker(job: Job, rules: RuleSet | None) -> None:
    if parent_process() is not None:
        Thread(target=_end_with_parent, daemon=True).start()
    _here[:] = [make_auditor(job, rules)]


def _end_with_parent() -> None:
    """Wait for the end of the process that made this one: nobody else would tell a worker."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def make_auditor(job: Job, rules: RuleSet | None = None) -> Auditor:
    """Make the auditor that a job describes, in whatever process this is.

    Its rules are loaded unless they are given.
    """
    if rules is None:
        every = load(job.folders)
        wanted = set(job.rule_ids)
        rules = every.only([rule.id for rule in every.rules if rule.id in wanted], ())
    return Auditor(rules, job.key, job.show_values, bool(job.ocr), bool(job.masks))


def _work(files: list[tuple[str, ...]]) -> Partial:
    return _here[0].chunk(SourceFile(*file) for file in files)


class Workers:
    """Runs tasks in order, in this process or in several; a context manager.

    A task that kills its worker is retried alone in a fresh process.

    Parameters
    ----------
    job
        What every worker must know.
    count
        Processes; 1 runs in this one.
    rules
        Those of the job, where they are loaded already; a new process loads them itself.
    """

    def __init__(self, job: Job, count: int, rules: RuleSet | None = None) -> None:
        self._job = job
        self._rules = rules
        self.count = count
        self._pool: ProcessPoolExecutor | None = None
        if count == 1:
            _start_worker(job, rules)

    def __enter__(self) -> Workers:
        # What is loaded by now stays, and no walk need look through it for garbage.
        gc.freeze()
        if self.count > 1:
            # Workers start up while this process gets ready to write.
            pool = self._fresh(self.count)
            for _ in range(self.count):
                pool.submit(int)
        return self

    def __exit__(self, *_: object) -> None:
        gc.unfreeze()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _fresh(self, count: int) -> ProcessPoolExecutor:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        is_copy = _may_fork()
        self._pool = ProcessPoolExecutor(
            count,
            mp_context=get_context("fork" if is_copy else "spawn"),
            initializer=_start_worker,
            initargs=(self._job, self._rules if is_copy else None),
        )
        return self._pool

    def aside(self, work: Callable[[], T]) -> Future[T]:
        """Do something that leaves this process idle, as `run` does, beside what follows here.

        With one process it is done at once.
        """
        if self.count > 1:
            thread = ThreadPoolExecutor(1)
            future = thread.submit(work)
            thread.shutdown(wait=False)
            return future
        done: Future[T] = Future()
        done.set_result(work())
        return done

    def run(
        self,
        task: Callable[[list[Any]], T],
        batches: Iterable[list[Any]],
        died: Callable[[Any], T],
    ) -> Iterator[T]:
        """Yield the results of a task on each batch, in the order of the batches.

        Parameters
        ----------
        task
            Module-level function of a batch.
        batches
            Lists of things; taken only as fast as results are used.
        died
            What to yield for a single thing on which a worker died.
        """
        if self.count == 1:
            for batch in batches:
                yield task(batch)
            return
        pool = self._pool or self._fresh(self.count)
        waiting: deque[tuple[list[Any], Future[T]]] = deque()
        source = iter(batches)
        while True:
            while len(waiting) < AHEAD * self.count:
                more = next(source, None)
                if more is None:
                    break
                waiting.append((more, _submit(pool, task, more)))
            if not waiting:
                return
            batch, future = waiting.popleft()
            try:
                yield future.result()
                continue
            except BrokenProcessPool:
                pass
            # Nobody can tell whose fault it was: this batch goes alone, the rest anew.
            yield from self._alone(task, batch, died)
            pool = self._fresh(self.count)
            waiting = deque((other, _submit(pool, task, other)) for other, _ in waiting)

    def _alone(
        self, task: Callable[[list[Any]], T], batch: list[Any], died: Callable[[Any], T]
    ) -> Iterator[T]:
        try:
            yield self._fresh(1).submit(task, batch).result()
            return
        except BrokenProcessPool:
            pass
        pool = self._fresh(1)
        try:
            pool.submit(int).result()
        except BrokenProcessPool as broken:
            # Then it is no file's fault, and no file may be blamed.
            raise RuntimeError("worker processes cannot start here") from broken
        for thing in batch:
            try:
                yield pool.submit(task, [thing]).result()
            except BrokenProcessPool:
                yield died(thing)
                pool = self._fresh(1)


def _may_fork() -> bool:
    """Whether this process may be copied, which saves each worker its start-up.

    A copy has only the thread that made it: a lock that another one held would stay locked.
    Linux alone tells all threads of a process, those of libraries in C included.
    """
    try:
        return sys.platform == "linux" and len([*Path("/proc/self/task").iterdir()]) == 1
    except OSError:
        return False


def _submit(
    pool: ProcessPoolExecutor, task: Callable[[list[Any]], T], batch: list[Any]
) -> Future[T]:
    try:
        return pool.submit(task, batch)
    except BrokenProcessPool as broken:
        future: Future[T] = Future()
        future.set_exception(broken)
        return future


def batches(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut into lists of at most `size`."""
    source = iter(things)
    while batch := list(itertools.islice(source, size)):
        yield batch


def walk_files(workers: Workers, files: Iterable[SourceFile]) -> Iterator[Partial]:
    """Read and judge all files; yields the parts in order."""
    # Plain tuples: they go to another process in a quarter of the time.
    return workers.run(_work, batches(map(tuple, files), CHUNK), _dead)


def _dead(file: tuple[str, ...]) -> Partial:
    path, *_ = file
    partial = Partial()
    partial.tally.files["unreadable"] += 1
    empty = [None] * len(COLUMNS)
    row = (path, "unreadable", READER_DIED, 0, "", *empty)
    partial.tables["instances"] = pack([row])
    return partial


def _is_shown(tokens: Sequence[Token]) -> bool:
    """Say whether a referee is shown a data set: one of too many items is shown to none."""
    if len(tokens) <= ITEM_LIMIT:
        return True
    return sum(token.is_item for token in tokens) <= ITEM_LIMIT


def _image(
    file: SourceFile, reading: Reading, row: Sequence[Any], tokens: Sequence[Token]
) -> Image | None:
    """Return what there is to look at in a file: pixels of its own, or overlays and icons."""
    has_pixels = bool(row[COLUMN["Rows"]])
    has_pictures = any(name == PICTURE for token in tokens for name, _ in token.classes)
    if not has_pixels and not has_pictures:
        return None
    series = row[COLUMN["SeriesInstanceUID"]]
    return Image(reading.sop_class, series, file.path, file.location, has_pixels, has_pictures)


def available_cores() -> int:
    """Return how many processes can run at once here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
