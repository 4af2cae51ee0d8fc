"""Private elements that hold what an attribute of the standard is for: the curated table.

Larobina 2023 calls it abuse: what is written there is lost to whoever reads the standard's
attributes, and lost to everybody once private elements are removed. The rows are facts from
public sources, each with its own; see the head of the table for what a row says.
"""

from __future__ import annotations

import re
import struct
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from auditor.csa import csa_values
from auditor.standard.dictionary import tag_of
from auditor.standard.private import private_entry
from auditor.standard.sop_classes import CT_IMAGES, MR_IMAGES, PET_IMAGES

_TABLE = Path(__file__).with_name("private_abuse.toml")

OBJECTS = {"MR": MR_IMAGES, "CT": CT_IMAGES, "PT": PET_IMAGES}
COMPARISONS = ("number", "vector", "text", "presence")

TOLERANCE = 0.01
"""Share by which two numbers that say the same may differ: both are rounded for display."""

FRAMES_LIMIT = 4096
"""Values that are compared one by one; more are compared as sets."""

Key = tuple[str, int, int]
"""Private creator, group, last two digits of the element; of a public one "" and all digits."""

_FORMATS = {"FD": "d", "FL": "f", "SL": "i", "SS": "h", "UL": "I", "US": "H"}
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class Row:
    """One private element, and the attributes that are there for what it holds.

    The fields are those of the table; `public` are tags, the first is compared.
    """

    of: str
    sop_classes: frozenset[str]
    creator: str
    group: int
    number: int
    public: tuple[int, ...]
    compare: str
    source: str
    csa: str = ""
    vr: str = ""
    pattern: str = ""
    part: int | None = None
    component: int | None = None
    factors: tuple[float, ...] = (1.0,)
    modulo: float = 0.0
    blank: frozenset[float] = frozenset()
    given: Key | None = None

    @property
    def key(self) -> Key:
        """What its private element is found by."""
        return self.creator, self.group, self.number

    def says(self, value: bytes, vr: str) -> tuple[float | str, ...]:
        """Return what a value of the private element says; () if it says nothing.

        Parameters
        ----------
        value
            Bytes of the value, little endian.
        vr
            As written; where that is none or UN, the dictionary's is taken.
        """
        if self.csa:
            said: Sequence[Any] = csa_values(value, [self.csa]).get(self.csa, ())
            said = said if self.compare == "text" else tuple(_floats(said))
        elif self.pattern:
            match = re.match(self.pattern, value.decode("latin-1"))
            said = tuple(_floats(match.groups())) if match else ()
        else:
            said = values(value, self._vr(vr), self.compare == "text" or self._is_text(vr))
        if self.part is not None:
            said = said[self.part : self.part + 1]
        if self.modulo:
            said = tuple(number % self.modulo for number in said)
        if said and all(each in self.blank for each in said):
            return ()
        return tuple(said)

    def _is_text(self, vr: str) -> bool:
        # Where only presence is asked, a text that is no number says something too.
        return self.compare == "presence" and not self.blank and self._vr(vr) not in _FORMATS

    def _vr(self, vr: str) -> str:
        if vr not in ("", "UN", "OB", "OW"):
            return vr
        entry = private_entry(self.creator, self.group << 16 | self.number)
        return self.vr or (entry.vr if entry else "")

    def agrees(
        self, private: Sequence[tuple[float | str, ...]], public: Sequence[tuple[float | str, ...]]
    ) -> bool | None:
        """Whether the private values say what the public ones do; None if nobody can tell.

        Both have an entry for each frame that says something; where the numbers of frames
        differ, what is said at all is compared.
        """
        if self.compare == "presence" or not private or not public:
            return None
        ours = list(public)
        if self.component is not None:
            if not all(len(each) > self.component for each in ours):
                return None
            ours = [(each[self.component],) for each in ours]
        if len(private) == len(ours):
            return all(map(self._same, private, ours))
        theirs, mine = list(dict.fromkeys(private)), list(dict.fromkeys(ours))
        if len(theirs) * len(mine) > FRAMES_LIMIT:
            return None
        return all(any(self._same(one, other) for other in mine) for one in theirs)

    def _same(self, private: tuple[float | str, ...], public: tuple[float | str, ...]) -> bool:
        if self.compare == "number":
            private, public = private[:1], public[:1]
        if len(private) != len(public):
            return False
        return all(map(self._equal, private, public))

    def _equal(self, private: float | str, public: float | str) -> bool:
        if isinstance(private, str) or isinstance(public, str):
            # COL here is COLUMN there, and a short text may have been cut to fit its VR.
            return str(public).startswith(str(private)) or str(private).startswith(str(public))
        # A component of a direction is at most 1: one near 0 is not compared by share.
        return any(
            abs(private * factor - public) <= TOLERANCE * max(abs(public), factor)
            for factor in self.factors
        )


def values(value: bytes, vr: str, as_text: bool = False) -> tuple[float | str, ...]:
    """Return the numbers in a value, or its texts; () for what is neither."""
    code = _FORMATS.get(vr)
    if code:
        count = len(value) // struct.calcsize(code)
        numbers = struct.unpack_from(f"<{count}{code}", value)
        return tuple(float(number) for number in numbers if abs(number) < 1e30)  # NaN too
    texts = value.decode("latin-1").rstrip(" \0").split("\\")
    if as_text:
        return tuple(text.strip(" \0").upper() for text in texts if text.strip(" \0"))
    return tuple(_floats(texts))


def _floats(texts: Iterable[str]) -> Iterable[float]:
    """Yield the number that each text starts with: ``0.938:1`` is a pitch."""
    for text in texts:
        match = _NUMBER.match(text.strip())
        if match:
            yield float(match[0])


@lru_cache(maxsize=1)
def rows() -> tuple[Row, ...]:
    """Return the table.

    Raises
    ------
    ValueError, KeyError
        If a row says what it cannot.
    """
    return tuple(map(_row, tomllib.loads(_TABLE.read_text(encoding="utf-8"))["row"]))


def _row(written: dict[str, Any]) -> Row:
    if written["compare"] not in COMPARISONS:
        raise ValueError(f"a row compares by {written['compare']!r}")
    group, number = (int(part, 16) for part in written.pop("element").split(","))
    given = written.pop("given", None)
    if given:
        other_group, other = (int(part, 16) for part in given[1].split(","))
        given = (given[0], other_group, other)
    objects = written.pop("objects").split()
    return Row(
        sop_classes=frozenset().union(*(OBJECTS[each] for each in objects)),
        group=group,
        number=number,
        public=tuple(map(tag_of, written.pop("public"))),
        factors=tuple(map(float, written.pop("factors", (1,)))),
        blank=frozenset(map(float, written.pop("blank", ()))),
        given=given,
        **written,
    )


@lru_cache(maxsize=1)
def keys() -> frozenset[Key]:
    """Return what private elements of the table are found by."""
    return frozenset(row.key for row in rows()) | {row.given for row in rows() if row.given}


@lru_cache(maxsize=1)
def public_tags() -> frozenset[int]:
    """Return the tags of the attributes that the table names."""
    return frozenset(tag for row in rows() for tag in row.public)


@lru_cache(maxsize=64)
def numbers_of(sop_class: str) -> tuple[int, ...]:
    """Return the numbers of the rows that mean something in objects of a SOP Class."""
    return tuple(number for number, row in enumerate(rows()) if sop_class in row.sop_classes)
