"""What `dicom-audit deid-diff` says: counts, tag paths and words, and no value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from auditor.deid_diff.deeds import IDENTITY, ORDER, Done, Verdict
from auditor.deid_diff.mapping import ALL_UIDS, PATIENT_ID, Mapping
from auditor.exit_codes import FAILED, INCOMPLETE, PASSED
from auditor.words import agree, plural, with_verb

SCHEMA = "dicom-auditor/deid-diff/1"


@dataclass(frozen=True, slots=True)
class Collection:
    """What there is on one side.

    Attributes
    ----------
    files
        How many there are: `instances`, `other`, and those of `unread`.
    instances
        DICOM objects that can be compared.
    other
        Files that are no DICOM object.
    unread
        Files that cannot be compared, by reason.
    unpaired
        Objects without a partner, by reason.
    """

    files: int
    instances: int
    other: int
    unread: dict[str, int]
    unpaired: dict[str, int]


@dataclass(frozen=True, slots=True)
class Claimed:
    """One claim: codes of CID 7050, none if no profile is claimed that can be looked up.

    `assumed` are the codes that are taken in place of those, where identity is declared removed
    and no code says how.
    """

    codes: tuple[str, ...]
    instances: int
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ElementRow:
    """What was done at one tag path, in how many instances.

    Attributes
    ----------
    asked
        Actions of Table E.1-1 of which each may be the right one, as ``X`` or ``D/Z``; ""
        where the table has no row.
    example
        Path of a released object, the smallest.
    """

    tag_path: str
    attribute: str
    asked: str
    done: Done
    verdict: Verdict
    instances: int
    example: str


@dataclass(frozen=True, slots=True)
class Dates:
    """How the dates of patients were moved, of those that an option retains.

    Attributes
    ----------
    shifted
        Patients all of whose dates were moved by the same number of days.
    kept
        Patients all of whose dates are the same.
    uneven
        Patients whose dates were moved by different numbers of days: intervals are lost.
    replaced
        Patients with dates in the original, and none but dummies in the release.
    removed, emptied, emptied_or_removed
        Patients none of whose dates is left, by what was done to them.
    """

    shifted: int = 0
    kept: int = 0
    uneven: int = 0
    replaced: int = 0
    removed: int = 0
    emptied: int = 0
    emptied_or_removed: int = 0


@dataclass(frozen=True, slots=True)
class PixelCounts:
    """What became of the pixels of paired objects.

    Attributes
    ----------
    changed_as_claimed
        Where 113101 (Clean Pixel Data) or 113102 (Clean Recognizable Visual Features) says so.
    changed
        Where no code says so.
    none
        Objects without pixel data.
    not_compared
        Compressed otherwise, and too large or not to be decoded here; or not readable.
    """

    same: int = 0
    changed_as_claimed: int = 0
    changed: int = 0
    none: int = 0
    not_compared: int = 0


@dataclass(frozen=True, slots=True)
class DeidDiff:
    """All that was found.

    Attributes
    ----------
    pairs
        How many objects were paired, by the way they were.
    unchanged
        In how many objects the patient's name, ID and birth date have a value that is no dummy,
        and the same as in the original; by keyword.
    unchanged_dummies
        In how many more objects name and ID are the same, and look like dummies.
    unused_lines
        Lines of the mapping file that name no object, or one that is paired already.
    elements
        The worst first.
    """

    version: str
    standard_edition: str
    original: Collection
    released: Collection
    pairs: dict[str, int]
    unused_lines: int
    claims: tuple[Claimed, ...]
    unchanged: dict[str, int]
    unchanged_dummies: dict[str, int]
    elements: tuple[ElementRow, ...]
    mappings: tuple[Mapping, ...]
    dates: Dates
    pixels: PixelCounts

    @property
    def paired(self) -> int:
        """How many objects were compared."""
        return sum(self.pairs.values())

    def identities(self) -> Iterator[str]:
        """Yield what still says who the patients are, in plain words."""
        kept = []
        for keyword, count in self.unchanged.items():
            # The table of ids counts what looks like a dummy, too.
            alike = self.unchanged_dummies.get(keyword, 0)
            look = agree(alike, "looks like a dummy", "look like dummies")
            but = f" ({alike:,} of them {look})" if alike else ""
            kept.append(f"{IDENTITY[keyword]} in {count + alike:,}{but}")
        if kept:
            whom, of = ", ".join(kept), plural(self.paired, "object")
            yield f"unchanged in the release: patients' {whom} of {of}"

    def disagreements(self) -> Iterator[str]:
        """Yield what is not as the release claims, in plain words."""
        rows = [row for row in self.elements if row.verdict is Verdict.DISAGREES]
        if rows:
            places = "a place" if len(rows) == 1 else f"{len(rows):,} places"
            yield f"at {places} something else was done than the release claims"
        for mapping in self.mappings:
            if mapping.attribute != ALL_UIDS:
                continue
            if mapping.split:
                who = with_verb(mapping.split, "UID", "was", "were")
                yield f"{who} replaced by different ones in different places"
            if mapping.merged:
                who = with_verb(mapping.merged, "UID", "stands", "stand")
                yield f"{who} in the release for several of the original"

    def gaps(self) -> Iterator[str]:
        """Yield what could not be compared, or not held against a claim, in plain words."""
        if not self.paired:
            yield (
                "no object of the release could be paired with one of the original: --mapping "
                "FILE says which was made from which"
            )
            return
        released = self.released
        unpaired = sum(released.unpaired.values())
        if unpaired:
            yield f"{plural(unpaired, 'released object')} could not be paired"
        if released.unread:
            unread = sum(released.unread.values())
            yield f"{plural(unread, 'released file')} could not be read in full"
        unclaimed = sum(each.instances for each in self.claims if not (each.codes or each.assumed))
        if unclaimed:
            who = with_verb(unclaimed, "released object", "claims", "claim")
            yield f"{who} no profile by a code of CID 7050"

    def warnings(self) -> Iterator[str]:
        """Yield what no claim speaks against, and somebody should look at."""
        yield from self.identities()
        assumed = sum(each.instances for each in self.claims if each.assumed)
        if assumed:
            who = with_verb(assumed, "released object", "declares", "declare")
            yield (
                f"{who} identity removed and no code says how: held against the Basic Profile, "
                "as rule DEID320 of a scan does"
            )
        for mapping in self.mappings:
            if mapping.attribute == PATIENT_ID and mapping.split:
                who = with_verb(mapping.split, "patient", "has", "have")
                yield f"{who} several IDs in the release"
            if mapping.attribute == PATIENT_ID and mapping.merged:
                who = with_verb(mapping.merged, "patient ID", "stands", "stand")
                yield f"{who} in the release for several patients"
        if self.dates.uneven:
            yield f"the dates of {plural(self.dates.uneven, 'patient')} were not all moved alike"
        if self.pixels.changed:
            changed = plural(self.pixels.changed, "object")
            yield f"the pixels of {changed} changed, and no code says so"
        if self.unused_lines:
            who = with_verb(self.unused_lines, "mapping line", "names", "name")
            yield f"{who} no object that is there"

    @property
    def code(self) -> int:
        """The exit code: 0 pass, 1 not as claimed, 3 incomplete."""
        if any(True for _ in self.disagreements()):
            return FAILED
        return INCOMPLETE if any(True for _ in self.gaps()) else PASSED

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists, dicts, strings and numbers, in a stable order."""
        plain = asdict(self)
        for row in plain["elements"]:
            row["done"], row["verdict"] = str(row["done"]), str(row["verdict"])
        for claim in plain["claims"]:
            claim["codes"], claim["assumed"] = list(claim["codes"]), list(claim["assumed"])
        return {
            "schema": SCHEMA,
            "code": self.code,
            "disagreements": list(self.disagreements()),
            "gaps": list(self.gaps()),
            "warnings": list(self.warnings()),
            **{
                name: list(value) if isinstance(value, tuple) else value
                for name, value in plain.items()
            },
        }


def order(row: ElementRow) -> tuple[Any, ...]:
    """Return what sorts rows: the worst first, then the most frequent."""
    return ORDER.index(row.verdict), -row.instances, row.tag_path, row.asked, row.done
