"""What an instance rule may look at: a view over the tokens of one signature.

The view holds nothing but the signature, so a verdict cannot depend on anything that is
not part of the memo's key. Reading what a rule did not declare raises.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from auditor.conformance.vocabulary import RefereeReport
from auditor.model import TagPath
from auditor.reading.places import JUDGE_FAILED, Place, Token, decode
from auditor.reading.reader import FileFacts
from auditor.standard.dictionary import tag_of

PRIVATE = "private"
"""What a rule reads that asks which private elements there are."""


class UndeclaredRead(Exception):
    """A rule looked at something that its `reads` does not name."""


class JudgeRaised(Exception):
    """A judge that the rule depends on raised."""


class Item:
    """One item of a sequence, or the data set itself: attributes by keyword.

    A missing attribute, one without a value and one with a value are three things:
    `has` tells the first from the others, `text` and `values` are empty for both.
    """

    __slots__ = ("_encodings", "_sequences", "_tokens")

    def __init__(self, encodings: tuple[str, ...] = ()) -> None:
        self._tokens: dict[int, Token] = {}
        self._sequences: dict[int, list[Item]] = {}
        self._encodings = encodings

    def has(self, keyword: str) -> bool:
        """Whether the attribute is present, with or without a value."""
        return tag_of(keyword) in self._tokens

    def filled(self, keyword: str) -> bool:
        """Whether the attribute is present with a value, or with at least one item."""
        tag = tag_of(keyword)
        if tag in self._sequences:
            return bool(self._sequences[tag])
        token = self._tokens.get(tag)
        return token is not None and not token.empty

    def text(self, keyword: str) -> str:
        """Return the first value as text, "" if there is none."""
        values = self.values(keyword)
        return values[0] if values else ""

    def values(self, keyword: str) -> tuple[str, ...]:
        """Return all values as text; numbers are written in decimal."""
        token = self._tokens.get(tag_of(keyword))
        if token is None or token.empty or token.place.vr == "SQ":
            return ()
        if token.value is None:
            raise UndeclaredRead(f"the value of {keyword} is not declared")
        return _values(token, self._encodings)

    def number(self, keyword: str) -> float | None:
        """Return the first value as a number, None if it is missing or is none."""
        try:
            return float(self.text(keyword))
        except ValueError:
            return None

    def items(self, keyword: str) -> tuple[Item, ...]:
        """Return the items of a sequence; none if it is missing or empty."""
        return tuple(self._sequences.get(tag_of(keyword), ()))

    def keywords(self) -> Iterator[str]:
        """Yield the keywords of all attributes that the standard knows."""
        for token in self._tokens.values():
            if token.place.keyword:
                yield token.place.keyword


class InstanceFacts:
    """The read-only view of one signature that an instance rule gets.

    Parameters
    ----------
    tokens
        The signature.
    file
        What the file says beside its data set.
    referees
        Reports of the conformance referees, by name.
    reads
        What may be looked at; None for all of it.
    """

    def __init__(
        self,
        tokens: Sequence[Token],
        file: FileFacts,
        referees: dict[str, RefereeReport] | None = None,
        reads: Iterable[str] | None = None,
    ) -> None:
        self._tokens = tokens
        self._file = file
        self._referees = referees or {}
        self._reads = None if reads is None else frozenset(_with_parents(reads))
        self._whole = self

    def for_rule(self, reads: Iterable[str]) -> InstanceFacts:
        """Return the same facts, restricted to what a rule declares."""
        view = InstanceFacts(self._tokens, self._file, self._referees, reads)
        view._whole = self._whole
        return view

    def reaches(self, reads: Iterable[str]) -> bool:
        """Whether all that is named stands before the point where a cut data set ends.

        Tags ascend (PS3.5 7.1): what comes before the last element that was found, which may
        itself be incomplete, is known to be there or not to be.
        """
        last = 0
        for token in self._tokens:
            parent = token.place.parent
            if parent is not None and parent.parent is None:
                last = token.place.tag
        return all(
            name.startswith("file:")
            or (":" not in name and name != PRIVATE and tag_of(name.partition(".")[0]) < last)
            for name in reads
        )

    def _declared(self, name: str) -> None:
        if self._reads is not None and name not in self._reads:
            raise UndeclaredRead(f"reads={name!r} is not declared")

    @property
    def _root(self) -> Item:
        """The tree of items, built once for all rules."""
        return self._whole._built

    @cached_property
    def _built(self) -> Item:
        return build_items(self._tokens)

    def has(self, keyword: str) -> bool:
        """Whether the attribute is present at the top level."""
        self._declared(keyword)
        return self._root.has(keyword)

    def filled(self, keyword: str) -> bool:
        """Whether the attribute is present with a value or an item."""
        self._declared(keyword)
        return self._root.filled(keyword)

    def text(self, keyword: str) -> str:
        """Return the first value as text, "" if there is none."""
        self._declared(keyword)
        return self._root.text(keyword)

    def values(self, keyword: str) -> tuple[str, ...]:
        """Return all values as text."""
        self._declared(keyword)
        return self._root.values(keyword)

    def number(self, keyword: str) -> float | None:
        """Return the first value as a number, None if it is missing or is none."""
        self._declared(keyword)
        return self._root.number(keyword)

    def items(self, keyword: str) -> tuple[Item, ...]:
        """Return the items of a top-level sequence."""
        self._declared(keyword)
        return self._root.items(keyword)

    def judged(self, judge: str) -> tuple[tuple[TagPath, str], ...]:
        """Return what a judge said: distinct (tag path, verdict class), sorted.

        Raises
        ------
        JudgeRaised
            If the judge raised on an element of this object.
        """
        self._declared(f"judge:{judge}")
        said = {
            (token.place.path, verdict)
            for token in self._tokens
            for name, verdict in token.classes
            if name == judge
        }
        if any(verdict == JUDGE_FAILED for _, verdict in said):
            raise JudgeRaised(judge)
        return tuple(sorted(said))

    def private(self) -> tuple[tuple[TagPath, str], ...]:
        """Return the private data elements: distinct (tag path, private creator), sorted.

        The creator is "" where the element's block is not reserved (PS3.5 7.8.1); one that
        is not publicly known is only a shape.
        """
        self._declared(PRIVATE)
        return tuple(
            sorted(
                {
                    (token.place.path, token.place.shown_creator)
                    for token in self._tokens
                    if token.place.is_private
                    and not token.place.is_creator
                    and token.place.tag & 0xFFFF  # a group length (PS3.5 7.2) holds nothing
                }
            )
        )

    def file(self, fact: str) -> str:
        """Return a fact of the file: a field of `FileFacts`."""
        self._declared(f"file:{fact}")
        return str(getattr(self._file, fact))

    def referee(self, name: str) -> RefereeReport:
        """Return the report of a conformance referee."""
        self._declared(f"referee:{name}")
        return self._referees[name]


def _with_parents(reads: Iterable[str]) -> Iterator[str]:
    for name in reads:
        yield name
        if ":" not in name:
            steps = name.split(".")
            yield from (".".join(steps[:count]) for count in range(1, len(steps)))


def build_items(tokens: Iterable[Token]) -> Item:
    """Build the tree of items that a flat signature stands for."""
    root = Item()
    open_items: dict[Place | None, Item] = {}
    for token in tokens:
        place = token.place
        parent = place.parent
        container = open_items.get(parent)
        if container is None:
            # Only the roots have no item of their own: file meta and data set are one view.
            container = open_items[parent] = root
        if token.is_item:
            item = Item(container._encodings)
            container._sequences.setdefault(place.tag, []).append(item)
            open_items[place] = item
            continue
        if place.vr == "SQ":
            container._sequences[place.tag] = []
        elif place.tag == 0x00080005 and token.value is not None:
            container._encodings = _values(token, ())
        container._tokens[place.tag] = token
    return root


def _values(token: Token, encodings: tuple[str, ...]) -> tuple[str, ...]:
    place, value = token.place, token.value or b""
    if place.is_text:
        text = decode(value, encodings)
        if place.vr in ("LT", "ST", "UT", "UR"):
            return (text,)
        return tuple(part.strip(" \0") for part in text.split("\\"))
    return tuple(str(number) for number in _numbers(place.vr, value))


_FORMATS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "UV": "Q", "SV": "q", "FL": "f", "FD": "d"}


def _numbers(vr: str, value: bytes) -> tuple[Any, ...]:
    import struct

    code = _FORMATS.get(vr)
    if code is None:
        return ()
    size = struct.calcsize(code)
    return struct.unpack(f"<{len(value) // size}{code}", value[: len(value) // size * size])
