"""Private data elements (PS3.5 7.8) that are publicly known, and those that are safe to keep.

The table is built by `tools/build_private.py` from pydicom's private dictionary, PS3.15
Table E.3.10-1 and, for vendors that neither has, `private_abuse.toml`. A private element is
named by its private creator, its group and the last two digits of its element number: the
block is an accident of the file (PS3.5 7.8.1).
"""

from __future__ import annotations

import gzip
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

_TABLE = Path(__file__).parent / "private.tsv.gz"

DEIDENTIFIERS = ("CTP",)
"""Private creators of software that de-identifies, which no dictionary lists: what they wrote (the
RSNA Clinical Trial Processor: project and site) is of the release, and was not kept."""


class PrivateEntry(NamedTuple):
    """What is publicly known of one private element.

    Attributes
    ----------
    vr, vm, name
        "" where the dictionary does not know; many of its rows have no name.
    safe
        Whether PS3.15 Table E.3.10-1 lists it.
    """

    vr: str
    vm: str
    name: str
    safe: bool


class Standing(StrEnum):
    """What is publicly known of a private element, from most to least."""

    SAFE = "listed as safe in PS3.15 Table E.3.10-1"
    KNOWN = "known to a public dictionary"
    NAMELESS = "of a known private creator, but nothing is known of it"
    UNKNOWN_CREATOR = "of a private creator that is not publicly known"
    ORPHAN = "of no private creator"


@lru_cache(maxsize=1)
def _blocks() -> dict[str, str]:
    # A creator's rows are taken apart only when one of its elements is met.
    _, _, body = gzip.decompress(_TABLE.read_bytes()).decode().partition("\n")
    blocks = (block.partition("\n") for block in body.rstrip("\n").split("\n\n"))
    return {creator: rows for creator, _, rows in blocks}


def is_known_creator(creator: str) -> bool:
    """Whether a public dictionary lists the private creator, which then may be shown."""
    return creator.strip() in _blocks()


def private_entry(creator: str, tag: int) -> PrivateEntry | None:
    """Return what is publicly known of a private element, None if it is in no dictionary.

    Parameters
    ----------
    creator
        Private creator of its block.
    tag
        Group in the high 16 bits; the block number is not looked at.
    """
    rows = _rows(creator.strip())
    group, element = tag >> 16, tag & 0xFF
    return rows.get(f"{group:04X}{element:02X}") or rows.get(f"{group >> 8:02X}xx{element:02X}")


def standing(creator: str, tag: int) -> Standing:
    """Return what is publicly known of a private element, in a word."""
    if not creator.strip():
        return Standing.ORPHAN
    if not is_known_creator(creator):
        return Standing.UNKNOWN_CREATOR
    entry = private_entry(creator, tag)
    if entry is None or not (entry.name or entry.safe):
        return Standing.NAMELESS
    return Standing.SAFE if entry.safe else Standing.KNOWN


def safe_elements(creator: str) -> frozenset[str]:
    """Return a private creator's elements of PS3.15 Table E.3.10-1, as ``GGGGEE``."""
    return frozenset(step for step, entry in _rows(creator.strip()).items() if entry.safe)


# Bounded: only known creators have rows, but a hostile file can name any number of others.
@lru_cache(maxsize=512)
def _rows(creator: str) -> dict[str, PrivateEntry]:
    rows: dict[str, PrivateEntry] = {}
    for line in _blocks().get(creator, "").splitlines():
        step, vr, vm, name, *safe = line.split("\t")
        rows[step] = PrivateEntry(vr, vm, name, bool(safe))
    return rows
