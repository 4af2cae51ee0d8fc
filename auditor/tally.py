"""The mergeable count: what was found, how often, in which series, with the first path.

A tally is a commutative monoid: `Tally()` is its zero and `merge` its addition, so what the
workers of one audit count may be added in any order and grouping. It holds no identifier:
series are keyed hashes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from auditor.model import Outcome, Row

Place = tuple[str, str]
"""Message and tag path of a finding."""

Confidences = dict[Place, str]
"""How sure a finding is, where that is not what its rule is."""

Counted = tuple[tuple[Row, int], ...]
"""What a summary counted in one object: rows, each with how often."""

NOT_COUNTED: Row = ()
"""The row for an object in which a summary could not count."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the instance rules say of one signature, in the order of the rule set.

    `counted` is what the summaries counted in it, in their order.
    """

    outcomes: tuple[Outcome, ...]
    findings: tuple[tuple[Place, ...], ...]
    counted: tuple[Counted, ...] = ()


@dataclass(slots=True)
class Seen:
    """How often something was seen, and the smallest path at which."""

    count: int
    path: str

    def add(self, other: Seen) -> None:
        """Add what was seen elsewhere."""
        self.count += other.count
        self.path = min(self.path, other.path)


@dataclass(slots=True)
class SignatureTally:
    """The files that share one signature.

    Attributes
    ----------
    verdict
        Of the instance rules that read no referee's report.
    structure
        Digest of what referees can depend on; None where the data set is incomplete.
    name
        What the table of instances calls it.
    series
        By keyed hash of Series Instance UID; None where there is none.
    """

    verdict: Verdict
    structure: bytes | None
    name: str = ""
    series: dict[int | None, Seen] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Number of files."""
        return sum(seen.count for seen in self.series.values())


@dataclass(slots=True)
class Structure:
    """A data set to be shown to the referees in place of all that have its structure.

    Attributes
    ----------
    sop_class
        SOP Class UID.
    path
        Place inside the collection.
    location
        The absolute path to open.
    is_shown
        Whether it has no more items than a referee is shown. That, too, is the structure's:
        whoever else has it has as many items.
    """

    sop_class: str
    path: str
    location: str
    is_shown: bool = True


@dataclass(slots=True)
class ElementTally:
    """How many instances have an element, and in how many it is empty."""

    instances: int = 0
    empty: int = 0


ElementKey = tuple[str, str, str, str]
"""Tag path, VR, keyword, private creator."""


@dataclass(slots=True)
class Tally:
    """All that was counted in a part of a collection."""

    files: Counter[str] = field(default_factory=Counter)
    size: int = 0
    signatures: dict[bytes, SignatureTally] = field(default_factory=dict)
    structures: dict[bytes, Structure] = field(default_factory=dict)
    elements: dict[ElementKey, ElementTally] = field(default_factory=dict)
    dicom: int = 0
    """Bytes of the files that are DICOM."""
    private: Counter[str] = field(default_factory=Counter)
    """Bytes of private data elements, by private creator as it may be shown."""
    _verdicts: dict[Verdict, Verdict] = field(default_factory=dict, repr=False, compare=False)
    """One of each that is equal: what another process made comes as a copy each time."""

    def merge(self, other: Tally) -> None:
        """Add another tally to this one; `other` is not changed and shares nothing."""
        self.files.update(other.files)
        self.size += other.size
        self.dicom += other.dicom
        self.private.update(other.private)
        for digest, theirs in other.signatures.items():
            ours = self.signatures.get(digest)
            if ours is None:
                verdict = self._verdicts.setdefault(theirs.verdict, theirs.verdict)
                ours = SignatureTally(verdict, theirs.structure, theirs.name)
                self.signatures[digest] = ours
            _add_series(ours.series, theirs.series)
        for digest, structure in other.structures.items():
            known = self.structures.get(digest)
            if known is None or structure.path < known.path:
                self.structures[digest] = structure
        for key, element in other.elements.items():
            total = self.elements.setdefault(key, ElementTally())
            total.instances += element.instances
            total.empty += element.empty


def _add_series(ours: dict[int | None, Seen], theirs: Mapping[int | None, Seen]) -> None:
    for series, seen in theirs.items():
        if series in ours:
            ours[series].add(seen)
        else:
            ours[series] = Seen(seen.count, seen.path)


@dataclass(slots=True)
class RuleTally:
    """What one instance rule found, counted in its unit; of findings also in which series.

    Of those, `inherited` says how many are of objects that took it from others.

    Of what it could not judge, `reasons` say why; `unknown` is how much of it may be nothing
    that the rule applies to.
    """

    passed: int = 0
    failed: int = 0
    not_applicable: int = 0
    not_evaluated: int = 0
    unknown: int = 0
    errors: int = 0
    findings: dict[Place, tuple[int, list[str]]] = field(default_factory=dict)
    reasons: set[str] = field(default_factory=set)
    series: dict[Place, dict[int | None, Seen]] = field(default_factory=dict)
    inherited: dict[Place, int] = field(default_factory=dict)


EXAMPLES = 6
"""Paths kept for each finding."""

# Where one series holds several outcomes, the first of these is the series' outcome.
_WORST = {
    outcome: rank
    for rank, outcome in enumerate(
        (
            Outcome.FAIL,
            Outcome.ERROR,
            Outcome.NOT_EVALUATED,
            Outcome.PASS,
            Outcome.NOT_APPLICABLE,
        )
    )
}
_FIELD = {
    Outcome.PASS: "passed",
    Outcome.FAIL: "failed",
    Outcome.NOT_APPLICABLE: "not_applicable",
    Outcome.NOT_EVALUATED: "not_evaluated",
    Outcome.ERROR: "errors",
}

UNKNOWN: tuple[Place, ...] = (
    ("objects whose header is cut short before it tells whether this applies", ""),
)
"""What is said of an object of which not even that is known."""

Judged = tuple[Outcome, tuple[Place, ...], dict[int | None, Seen]]


def count_rule(parts: Iterable[Judged], by_series: bool) -> RuleTally:
    """Count what one rule said, per instance or per series.

    Parameters
    ----------
    parts
        For each signature: outcome, findings (or why there are none), where it was seen.
    by_series
        Count series; a series has the worst outcome of its instances.
    """
    total = RuleTally()
    worst: dict[int | None, Outcome] = {}
    found: dict[Place, dict[int | None, Seen]] = {}
    counts: Counter[Outcome] = Counter()
    # Series of which nothing but objects cut short speaks, and others.
    unsure: set[int | None] = set()
    sure: set[int | None] = set()
    for outcome, findings, series in parts:
        is_unknown = findings == UNKNOWN
        if by_series:
            if outcome is not Outcome.NOT_APPLICABLE:
                (unsure if is_unknown else sure).update(series)
            for key in series:
                if key not in worst or _WORST[outcome] < _WORST[worst[key]]:
                    worst[key] = outcome
        else:
            objects = sum(seen.count for seen in series.values())
            counts[outcome] += objects
            total.unknown += objects if is_unknown else 0
        if outcome is Outcome.NOT_EVALUATED:
            total.reasons.update(reason for reason, _ in findings)
            continue
        for place in findings:
            _add_series(found.setdefault(place, {}), series)
    counts.update(worst.values())
    total.unknown += len(unsure - sure)
    for outcome, name in _FIELD.items():
        setattr(total, name, counts[outcome])
    for place, at in found.items():
        count = len(at) if by_series else sum(seen.count for seen in at.values())
        total.findings[place] = (count, sorted(seen.path for seen in at.values())[:EXAMPLES])
        if by_series:
            for seen in at.values():
                seen.count = 1
    total.series = found
    return total


def count_summary(
    parts: Iterable[tuple[Counted, dict[int | None, Seen]]], by_series: bool
) -> dict[Row, int]:
    """Add up what one summary counted.

    Parameters
    ----------
    parts
        For each signature: what was counted in an object of it, and where it was seen.
    by_series
        Count the series in which a row was, and not how often it was.
    """
    total: Counter[Row] = Counter()
    series: dict[Row, set[int | None]] = {}
    for counted, seen in parts:
        objects = sum(each.count for each in seen.values())
        for row, times in counted:
            if by_series:
                series.setdefault(row, set()).update(seen)
            else:
                total[row] += times * objects
    return {row: len(keys) for row, keys in series.items()} if by_series else dict(total)
