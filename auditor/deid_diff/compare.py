"""Reads two collections, pairs their objects, and gathers what was done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from auditor.deid_diff.deeds import (
    IDENTITY,
    MOMENT,
    PATIENT_ID,
    Comparer,
    Deed,
    Done,
    Verdict,
    claim_of,
    flatten,
)
from auditor.deid_diff.mapping import Mappings
from auditor.deid_diff.pairing import (
    HOW,
    Instance,
    Side,
    digest64,
    gather,
    new_reader,
    pair,
    same_pixels,
)
from auditor.deid_diff.report import (
    Claimed,
    Collection,
    Dates,
    DeidDiff,
    ElementRow,
    PixelCounts,
    order,
)
from auditor.reading.places import Element
from auditor.sources import Source
from auditor.standard.confidentiality import EDITION, Method

_CLEANS_PIXELS = {Method.CLEAN_PIXEL_DATA, Method.CLEAN_VISUAL_FEATURES}


def _ignore(_: int) -> None:
    return None


def compare_release(
    original: Source,
    released: Source,
    *,
    look: Callable[[Element], str | None],
    key: bytes,
    version: str,
    mapping: Iterable[tuple[str, str]] = (),
    step: Callable[[int], None] = _ignore,
) -> DeidDiff:
    """Compare a collection with what was released of it.

    Parameters
    ----------
    original, released
        Opened sources.
    look
        Says what a value visibly is: the judge ``confidentiality`` of the rules.
    key
        Of the hashes that stand for ids while they are compared.
    version
        Of this software.
    mapping
        Who belongs to whom, see `auditor.deid_diff.pairing.read_mapping`.
    step
        Called with how many files were read.
    """
    sides = gather(original, step), gather(released, step)
    pairs = pair(*sides, mapping)
    found = _Gathered(look, key)
    ways: Counter[str] = Counter()
    for old, new, how in pairs.pairs:
        if found.add(old, new):
            ways[how] += 1
        else:
            sides[1].unread["it changed while it was compared"] += 1
    return DeidDiff(
        version=version,
        standard_edition=EDITION,
        original=_collection(sides[0], pairs.original_only),
        released=_collection(sides[1], pairs.released_only),
        pairs={how: ways[how] for how in HOW if ways[how]},
        unused_lines=pairs.unused,
        claims=found.claimed(),
        unchanged=found.unchanged(),
        unchanged_dummies=found.dummies(),
        elements=found.rows(),
        mappings=tuple(found.mappings.rows()),
        dates=found.dates(),
        pixels=PixelCounts(**found.pixels),
    )


def _collection(side: Side, unpaired: Counter[str]) -> Collection:
    return Collection(
        side.files,
        len(side.instances),
        side.other,
        dict(sorted(side.unread.items())),
        dict(sorted(unpaired.items())),
    )


@dataclass(slots=True)
class _Patient:
    """How the dates of one patient were moved, as far as an option retains them."""

    days: set[int] = field(default_factory=set)
    to: set[int] = field(default_factory=set)
    others: set[Done] = field(default_factory=set)


class _Row(NamedTuple):
    """A row of the result without its counts, see `ElementRow`."""

    tag_path: str
    attribute: str
    asked: str
    done: Done
    verdict: Verdict


def _row(deed: Deed, done: Done) -> _Row:
    asked = "/".join(action for action in "XZDUCK" if action in (deed.asked or ()))
    return _Row(deed.path, deed.keyword, asked, done, deed.verdict(done))


def _of_identity(counts: Counter[str]) -> dict[str, int]:
    return {keyword: counts[keyword] for keyword in IDENTITY if counts[keyword]}


class _Gathered:
    """What was done to all pairs so far; memory follows distinct deeds and patients."""

    def __init__(self, look: Callable[[Element], str | None], key: bytes) -> None:
        self.mappings = Mappings(key)
        self.pixels: Counter[str] = Counter()
        self._key = key
        self._comparer = Comparer(look)
        self._readers = [new_reader(), new_reader()]
        self._claims: Counter[tuple[tuple[str, ...], bool]] = Counter()
        self._unchanged: Counter[str] = Counter()
        self._dummies: Counter[str] = Counter()
        self._patients: dict[int, _Patient] = {}
        self._counts: Counter[_Row | tuple[Deed, int]] = Counter()
        self._examples: dict[_Row | tuple[Deed, int], str] = {}

    def add(self, old: Instance, new: Instance) -> bool:
        """Compare one pair; return whether both could still be read."""
        if any(forest.is_full for forest, _ in self._readers):
            self._readers = [new_reader(), new_reader()]
            self._comparer.forget()
        readings = [
            reader.read(each.location)
            for each, (_, reader) in zip((old, new), self._readers, strict=True)
        ]
        if any(reading.status != "ok" for reading in readings):
            return False
        before, after = (flatten(reading.tokens) for reading in readings)
        claim = claim_of(after, readings[1].sop_class)
        self._claims[tuple(sorted(claim.codes)), claim.is_assumed] += 1
        self._see(old, new, bool(claim.codes & _CLEANS_PIXELS))
        deeds, mapped = self._comparer.compare(before, after, claim)
        self.mappings.add(mapped)
        identifier = before.text((), PATIENT_ID)
        patient = digest64(identifier.encode(), self._key) if identifier else 0
        left = {deed.keyword for deed in deeds if deed.leaves_identity}
        self._unchanged.update(left)
        self._dummies.update({deed.keyword for deed in deeds if deed.leaves_dummy} - left)
        rows: set[_Row | tuple[Deed, int]] = set()
        for deed in deeds:
            # What became of a date is known when all dates of the patient are.
            is_open = deed.done is Done.SHIFTED
            rows.add((deed, patient) if is_open else _row(deed, deed.done))
            if patient and deed.temporal and deed.before == MOMENT and deed.vr in ("DA", "DT"):
                seen = self._patients.setdefault(patient, _Patient())
                if deed.days is not None and deed.to is not None:
                    seen.days.add(deed.days)
                    seen.to.add(deed.to)
                else:
                    seen.others.add(deed.done)
        self._counts.update(rows)
        for row in rows:
            # Pairs come in the order of the paths of the release.
            self._examples.setdefault(row, new.path)
        return True

    def _see(self, old: Instance, new: Instance, may_change: bool) -> None:
        state = same_pixels(old, new).replace(" ", "_")
        self.pixels["changed_as_claimed" if state == "changed" and may_change else state] += 1

    def claimed(self) -> tuple[Claimed, ...]:
        """Return the claims, the most frequent first."""
        ordered = sorted(self._claims.items(), key=lambda each: (-each[1], each[0]))
        return tuple(
            Claimed((), count, codes) if is_assumed else Claimed(codes, count)
            for (codes, is_assumed), count in ordered
        )

    def unchanged(self) -> dict[str, int]:
        """Return in how many objects each attribute that says who the patient is was kept."""
        return _of_identity(self._unchanged)

    def dummies(self) -> dict[str, int]:
        """Return in how many objects such an attribute was kept that looks like a dummy."""
        return _of_identity(self._dummies)

    def _one_dummy(self) -> bool:
        """Whether all dates of all patients became one: none was moved."""
        moved = [each for each in self._patients.values() if each.days]
        to = set().union(*(each.to for each in moved)) if moved else set()
        days = set().union(*(each.days for each in moved)) if moved else set()
        return len(to) == 1 and len(days) > 1

    def _state(self, patient: _Patient, one_dummy: bool) -> str:
        if not patient.days and patient.others <= {Done.EMPTIED, Done.REMOVED}:
            return "_or_".join(sorted(patient.others))
        if not patient.days or one_dummy or (len(patient.to) == 1 and len(patient.days) > 1):
            return "replaced"
        if len(patient.days) > 1:
            return "uneven"
        return "kept" if patient.days == {0} else "shifted"

    def dates(self) -> Dates:
        """Return how the dates of patients were moved."""
        one_dummy = self._one_dummy()
        return Dates(**Counter(self._state(each, one_dummy) for each in self._patients.values()))

    def rows(self) -> tuple[ElementRow, ...]:
        """Return what was done at each tag path, the worst first."""
        one_dummy = self._one_dummy()
        counts: Counter[_Row] = Counter()
        examples: dict[_Row, str] = {}
        for found, count in self._counts.items():
            if isinstance(found, _Row):
                row = found
            else:
                deed, patient = found
                row = _row(deed, self._moved(deed, patient, one_dummy))
            counts[row] += count
            example = self._examples[found]
            examples[row] = min(examples.get(row, example), example)
        rows = [ElementRow(*row, count, examples[row]) for row, count in counts.items()]
        return tuple(sorted(rows, key=order))

    def _moved(self, deed: Deed, patient: int, one_dummy: bool) -> Done:
        """Return whether a date was shifted with the others of its patient, or replaced."""
        known = self._patients.get(patient)
        if known is None or not known.days:
            return Done.SHIFTED
        even = self._state(known, one_dummy) == "shifted" and deed.days in known.days
        return Done.SHIFTED if even else Done.REPLACED
