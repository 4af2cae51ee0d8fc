"""The data dictionary (PS3.6) as facts: tag, VR, VM, keyword, name.

It knows nothing of pydicom, whose dictionary costs a fifth of a second to import.
A tag is an int with the group in the high 16 bits.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from auditor.standard.tables import EDITION, read_table

__all__ = ["EDITION", "Entry", "entry_of", "keyword_of", "keywords", "name_of", "tag_of", "vr_of"]


class Entry(NamedTuple):
    """One row of PS3.6. `vr` may name several, as written there: ``US or SS``."""

    vr: str
    vm: str
    keyword: str
    name: str
    retired: bool


_GROUP_LENGTH = Entry("UL", "1", "", "Group Length", True)
_PRIVATE_GROUP_LENGTH = Entry("UL", "1", "", "Private Group Length", True)
_PRIVATE_CREATOR = Entry("LO", "1", "", "Private Creator", False)
_UNKNOWN = Entry("UN", "1", "", "", False)


def tag_of(keyword: str) -> int:
    """Return the tag of a keyword; of a repeating group, that of its first group.

    Raises
    ------
    KeyError
        If the keyword is not in PS3.6.
    """
    return _tables().by_keyword[keyword]


def is_keyword(text: str) -> bool:
    """Whether a text is a keyword of PS3.6."""
    return text in _tables().by_keyword


def keyword_of(tag: int) -> str:
    """Return the keyword, or "" where PS3.6 has none (private, unknown, blank)."""
    return entry_of(tag).keyword


def keywords() -> frozenset[str]:
    """Return every keyword of PS3.6."""
    return frozenset(_tables().by_keyword)


def name_of(tag: int) -> str:
    """Return the attribute's name, or "" if PS3.6 does not know the tag."""
    return entry_of(tag).name


def vr_of(tag: int) -> str:
    """Return the VR as PS3.6 writes it: ``DS``, ``US or SS``; ``UN`` if it is unknown.

    A group length is UL, a private creator LO, every other private element UN
    (PS3.5 7.2, 7.8.1 and 6.2.2).
    """
    return entry_of(tag).vr


# Bounded: a hostile file can hold any number of different unknown tags.
@lru_cache(maxsize=8192)
def entry_of(tag: int) -> Entry:
    """Return the row of PS3.6 for a tag, repeating groups (50xx, 60xx, 7Fxx) included.

    An unknown tag gets a row with VR ``UN`` and an empty name.
    """
    tables = _tables()
    row = tables.by_tag.get(tag)
    if row is not None:
        return _entry(row)
    group, element = tag >> 16, tag & 0xFFFF
    if group & 1:
        if element == 0:
            return _PRIVATE_GROUP_LENGTH
        return _PRIVATE_CREATOR if 0x10 <= element <= 0xFF else _UNKNOWN
    for mask, value, repeated in tables.repeating:
        if tag & mask == value:
            return _entry(repeated)
    return _GROUP_LENGTH if element == 0 else _UNKNOWN


class _Tables(NamedTuple):
    by_tag: dict[int, str]
    by_keyword: dict[str, int]
    repeating: list[tuple[int, int, str]]


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    # Every command pays for this, so a row is taken apart only when it is asked for.
    by_tag: dict[int, str] = {}
    by_keyword: dict[str, int] = {}
    repeating: list[tuple[int, int, str]] = []
    for line in read_table("dictionary.tsv.gz").split("\n"):
        written, keyword, _ = line.split("\t", 2)
        if "x" in written:
            tag = int(written.replace("x", "0"), 16)
            mask = int("".join("0" if digit == "x" else "F" for digit in written), 16)
            repeating.append((mask, tag, line))
        else:
            tag = int(written, 16)
            by_tag[tag] = line
        if keyword:
            by_keyword[keyword] = tag
    return _Tables(by_tag, by_keyword, repeating)


def _entry(row: str) -> Entry:
    _, keyword, vr, vm, name, retired = row.split("\t")
    return Entry(vr, vm, keyword, name, retired == "R")
