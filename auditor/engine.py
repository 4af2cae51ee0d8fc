"""The loop of one process: files to a tally and rows, every verdict asked for once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from auditor.conformance.vocabulary import ITEM_LIMIT
from auditor.facts import InstanceFacts
from auditor.judgement import ask, count, instance_rules
from auditor.masks import LOOKED_AT, Where
from auditor.ocr import PICTURE, Image
from auditor.packing import Columns, pack
from auditor.people import People, PersonRow
from auditor.planning import RulesPlan
from auditor.reading.columns import (
    COLUMN,
    entity_key,
)
from auditor.reading.contents import Contents, name_keys
from auditor.reading.places import Forest, Token
from auditor.reading.reader import FileFacts, Reader, Reading, unreadable
from auditor.redaction import Hasher
from auditor.registry import RuleSet
from auditor.rows import FileRows, extent_rows, number_rows
from auditor.sources import SourceFile
from auditor.tally import (
    ElementTally,
    Seen,
    SignatureTally,
    Structure,
    Tally,
    Verdict,
)

MEMO_TOKENS = 4_000_000
"""Tokens in the keys of the memo, after which it is emptied."""

Rows = dict[str, list[tuple[Any, ...]]]
"""Table to rows for it, in the order of its columns."""


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
        self._columns = FileRows(self._hash, show_values)
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
