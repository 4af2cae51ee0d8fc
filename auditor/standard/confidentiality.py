"""PS3.15 Table E.1-1 as facts: what the Basic Profile and its options do to each attribute.

Actions are the table's own: ``X`` removes, ``Z`` empties (or puts a dummy), ``D`` puts a
dummy, ``U`` puts another UID, ``K`` keeps, ``C`` cleans. A compound action such as ``X/Z/D``
is the first one that the attribute's type in the object's IOD permits.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from auditor.model import TagPath, parse_tag
from auditor.standard.iods import packaged_iods

EDITION = "2026d"
"""Edition of PS3.15 whose Table E.1-1 is packaged."""

_TABLE = Path(__file__).parent / "confidentiality.tsv.gz"
_PRIVATE = "private"


class Method(StrEnum):
    """Codes of CID 7050 "De-identification Method" (PS3.16), in the scheme DCM."""

    BASIC_PROFILE = "113100"
    CLEAN_PIXEL_DATA = "113101"
    CLEAN_VISUAL_FEATURES = "113102"
    CLEAN_GRAPHICS = "113103"
    CLEAN_STRUCTURED_CONTENT = "113104"
    CLEAN_DESCRIPTORS = "113105"
    RETAIN_FULL_DATES = "113106"
    RETAIN_MODIFIED_DATES = "113107"
    RETAIN_PATIENT = "113108"
    RETAIN_DEVICE = "113109"
    RETAIN_UIDS = "113110"
    RETAIN_SAFE_PRIVATE = "113111"
    RETAIN_INSTITUTION = "113112"


METHOD_NAMES: dict[str, str] = {
    Method.BASIC_PROFILE: "Basic Profile",
    Method.CLEAN_PIXEL_DATA: "Clean Pixel Data",
    Method.CLEAN_VISUAL_FEATURES: "Clean Recognizable Visual Features",
    Method.CLEAN_GRAPHICS: "Clean Graphics",
    Method.CLEAN_STRUCTURED_CONTENT: "Clean Structured Content",
    Method.CLEAN_DESCRIPTORS: "Clean Descriptors",
    Method.RETAIN_FULL_DATES: "Retain Full Dates",
    Method.RETAIN_MODIFIED_DATES: "Retain Modified Dates",
    Method.RETAIN_PATIENT: "Retain Patient Characteristics",
    Method.RETAIN_DEVICE: "Retain Device Identity",
    Method.RETAIN_UIDS: "Retain UIDs",
    Method.RETAIN_SAFE_PRIVATE: "Retain Safe Private",
    Method.RETAIN_INSTITUTION: "Retain Institution Identity",
}
"""Short names of the profile and its options (PS3.15 E.2, E.3), by code."""

METHOD_MEANINGS: dict[str, str] = {
    Method.BASIC_PROFILE: "Basic Application Confidentiality Profile",
    Method.CLEAN_PIXEL_DATA: "Clean Pixel Data Option",
    Method.CLEAN_VISUAL_FEATURES: "Clean Recognizable Visual Features Option",
    Method.CLEAN_GRAPHICS: "Clean Graphics Option",
    Method.CLEAN_STRUCTURED_CONTENT: "Clean Structured Content Option",
    Method.CLEAN_DESCRIPTORS: "Clean Descriptors Option",
    Method.RETAIN_FULL_DATES: "Retain Longitudinal Temporal Information Full Dates Option",
    Method.RETAIN_MODIFIED_DATES: "Retain Longitudinal Temporal Information Modified Dates Option",
    Method.RETAIN_PATIENT: "Retain Patient Characteristics Option",
    Method.RETAIN_DEVICE: "Retain Device Identity Option",
    Method.RETAIN_UIDS: "Retain UIDs Option",
    Method.RETAIN_SAFE_PRIVATE: "Retain Safe Private Option",
    Method.RETAIN_INSTITUTION: "Retain Institution Identity Option",
}
"""Code meanings of CID 7050, by code."""

METHODS = frozenset(Method)
"""All of them; the context group is extensible."""

OPTIONS = METHODS - {Method.BASIC_PROFILE}
"""What may be claimed beside the Basic Profile (PS3.15 E.3)."""

DATES = frozenset({Method.RETAIN_FULL_DATES, Method.RETAIN_MODIFIED_DATES})
"""The two options that retain longitudinal temporal information (PS3.15 E.3.6)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of Table E.1-1.

    Attributes
    ----------
    basic
        Action of the Basic Profile, compound as written: ``X/Z/D``.
    options
        Options that do otherwise: ``K`` or ``C`` by code.
    """

    basic: str
    options: dict[str, str] = field(hash=False)

    def action(self, claimed: frozenset[str]) -> str:
        """Return what is asked for under a claim; where options differ, the one that keeps."""
        asked = {action for code, action in self.options.items() if code in claimed}
        return "K" if "K" in asked else "C" if "C" in asked else self.basic


class Table:
    """The rows of Table E.1-1 by tag, repeating groups and private elements included."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.by_tag: dict[int, Row] = {}
        self.repeating: list[tuple[int, int, Row]] = []
        self.private = Row("X", {})
        for line in lines:
            written, basic, options = line.split("\t")
            row = Row(basic, {option[1:]: option[0] for option in options.split()})
            if written == _PRIVATE:
                self.private = row
            elif "x" in written:
                mask = int("".join("0" if digit == "x" else "F" for digit in written), 16)
                # The group repeats in even steps; odd ones are private.
                self.repeating.append((mask | 0x10000, int(written.replace("x", "0"), 16), row))
            else:
                self.by_tag[int(written, 16)] = row

    def __len__(self) -> int:
        return len(self.by_tag) + len(self.repeating) + 1

    def row(self, tag: int) -> Row | None:
        """Return the row that is about a tag, group in the high 16 bits; None for none."""
        row = self.by_tag.get(tag)
        if row is not None:
            return row
        if tag >> 16 & 1:
            return self.private
        return next((row for mask, value, row in self.repeating if tag & mask == value), None)


@lru_cache(maxsize=1)
def confidentiality_table() -> Table:
    """Read the packaged table, once."""
    stamp, _, body = gzip.decompress(_TABLE.read_bytes()).decode().partition("\n")
    assert stamp.startswith(f"# DICOM {EDITION}; ")
    return Table(body.splitlines())


def permitted(action: str, types: frozenset[str] | None) -> frozenset[str]:
    """Resolve a compound action by an attribute's type.

    Parameters
    ----------
    action
        As in the table: ``X/Z/D``.
    types
        Types that the modules of the object's IOD give the attribute at its place; empty
        where they do not have it, which is as good as Type 3; None if that is not known.

    Returns
    -------
    frozenset of str
        The simple actions of which each may be the right one. There is one, but where
        modules differ, where a type has a condition, or where the type is not known.
    """
    choices = action.rstrip("*").split("/")
    if len(choices) == 1 or types is None:
        return frozenset(choices)
    return frozenset(
        _first(choices, demanded)
        for each in types or {"3"}
        for demanded in ({each[0], "3"} if each.endswith("C") else {each})
    )


def _first(choices: list[str], demanded: str) -> str:
    """Return the first choice that leaves what a type demands: nothing, presence, a value."""
    enough = {"3": "XZDU", "2": "ZDU", "1": "DU"}[demanded]
    return next((choice for choice in choices if choice in enough), choices[-1])


@dataclass(frozen=True, slots=True)
class Asked:
    """What the table asks for at one place.

    Attributes
    ----------
    row
        Its row.
    actions
        The simple actions of which each may be the right one, see `permitted`.
    """

    row: Row
    actions: frozenset[str]

    @property
    def removes(self) -> bool:
        """Whether nothing but removal is right."""
        return self.actions == {"X"}

    @property
    def replaces(self) -> bool:
        """Whether the attribute may be there, and its value has to go."""
        return not self.removes and self.actions <= set("XZDU")


# Bounded: a hostile file can make any number of places.
@lru_cache(maxsize=8192)
def asked_at(sop_class: str, path: TagPath, codes: frozenset[str]) -> Asked | None:
    """Return what the table asks for at a place of an object; None if it has no row for it.

    Parameters
    ----------
    sop_class
        SOP Class UID of the object, whose IOD resolves compound actions.
    path
        Of a public element, or of a private one.
    codes
        What is claimed.
    """
    public = [step for step in path.steps if ":" not in step]
    whole = len(public) == len(path.steps)
    tags = tuple(map(parse_tag, public))
    table = confidentiality_table()
    row = table.private if ":" in path.steps[-1] else table.row(tags[-1])
    if row is None:
        return None
    action = row.action(codes)
    types = packaged_iods().types_at(sop_class, tags) if "/" in action and whole else None
    return Asked(row, permitted(action, types))
