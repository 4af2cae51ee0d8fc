"""What an instance rule may look at: a view over the tokens of one signature.

The view holds nothing but the signature, so a verdict cannot depend on anything that is
not part of the memo's key. Reading what a rule did not declare raises.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from auditor.conformance.vocabulary import RefereeReport
from auditor.model import TagPath, format_tag
from auditor.reading.places import JUDGE_FAILED, Place, Token, decode, shown_creator
from auditor.reading.reader import PIXEL_FACTS, FileFacts
from auditor.standard.dictionary import tag_of
from auditor.standard.private import PrivateEntry, Standing, private_entry, standing
from auditor.structured_report.content import CONTENT, NUMBERS, ContentTree, build_tree

PRIVATE = "private"
"""What a rule reads that asks which private elements there are."""


class UndeclaredRead(Exception):
    """A rule looked at something that its `reads` does not name.

    Parameters
    ----------
    name
        What it looked at, as `reads` would name it.
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"reads={name!r} is not declared")
        self.name = name


class JudgeRaised(Exception):
    """A judge that the rule depends on raised."""


@dataclass(frozen=True, slots=True)
class PrivateElement:
    """A private data element at one place (PS3.5 7.8).

    Attributes
    ----------
    path
        Its tag path.
    group
        Its group number.
    number
        The last two digits of its element number; the others are the block's.
    creator
        Private creator, as it may be shown: one that is not publicly known is only a shape.
        "" where the element's block is not reserved (PS3.5 7.8.1).
    vr
        As written; "" in implicit VR, where nobody wrote one.
    standing
        What is publicly known of it.
    """

    path: TagPath
    group: int
    number: int
    creator: str
    vr: str
    standing: Standing
    _creator: str = field(repr=False)

    def is_of(self, creator: str) -> bool:
        """Whether its block is reserved by a private creator, shown or not."""
        return self._creator == creator.strip()

    @property
    def entry(self) -> PrivateEntry | None:
        """What is publicly known of it, None if it is in no dictionary."""
        return private_entry(self._creator, self.group << 16 | self.number)


@dataclass(frozen=True, slots=True)
class PrivateBlock:
    """A block that a private creator reserves (PS3.5 7.8.1).

    Attributes
    ----------
    path
        Tag path of the private creator element.
    group
        Its group number.
    creator
        As it may be shown: one that is not publicly known is only a shape.
    holds
        Whether there is an element of the creator in this group, beside the creator.
    """

    path: TagPath
    group: int
    creator: str
    holds: bool
    _creator: str = field(repr=False)

    def is_of(self, creator: str) -> bool:
        """Whether it is reserved by a private creator, shown or not."""
        return self._creator == creator.strip()


class Reads:
    """What a rule declares, to be asked about each thing that it looks at.

    Parameters
    ----------
    names
        Its `reads`. ``Sequence.Attribute`` allows that attribute and the sequences around
        it; ``Sequence`` all that is in it.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._whole = frozenset(names)
        self._allowed = set(_with_parents(self._whole))

    def check(self, name: str) -> None:
        """Refuse what is not declared.

        Raises
        ------
        UndeclaredRead
            If neither the name nor a sequence around it is declared.
        """
        if name in self._allowed:
            return
        steps = name.split(".")
        if not any(".".join(steps[:count]) in self._whole for count in range(1, len(steps))):
            raise UndeclaredRead(name)
        self._allowed.add(name)


class Item:
    """One item of a sequence, or the data set itself: attributes by keyword.

    A missing attribute, one without a value and one with a value are three things:
    `has` tells the first from the others, `text` and `values` are empty for both.
    """

    __slots__ = ("_encodings", "_inside", "_reads", "_sequences", "_tokens")

    def __init__(self, encodings: tuple[str, ...] = ()) -> None:
        self._tokens: dict[int, Token] = {}
        self._sequences: dict[int, list[Item]] = {}
        self._encodings = encodings
        self._reads: Reads | None = None
        self._inside = ""

    def _for(self, reads: Reads | None, inside: str) -> Item:
        """Return the same item, for a rule that declares `reads`, in a sequence of that path."""
        item = Item(self._encodings)
        item._tokens, item._sequences = self._tokens, self._sequences
        item._reads, item._inside = reads, inside
        return item

    def _tag(self, keyword: str) -> int:
        """Return the tag of an attribute that may be looked at."""
        if self._reads is not None:
            self._reads.check(f"{self._inside}.{keyword}")
        return tag_of(keyword)

    def has(self, keyword: str) -> bool:
        """Whether the attribute is present, with or without a value."""
        return self._tag(keyword) in self._tokens

    def filled(self, keyword: str) -> bool:
        """Whether the attribute is present with a value, or with at least one item."""
        tag = self._tag(keyword)
        if tag in self._sequences:
            return bool(self._sequences[tag])
        token = self._tokens.get(tag)
        return token is not None and not token.empty

    def text(self, keyword: str) -> str:
        """Return the first value as text, "" if there is none."""
        values = self.values(keyword)
        return values[0] if values else ""

    def values(self, keyword: str) -> tuple[str, ...]:
        """Return all values as text: numbers in decimal, tags as `format_tag` writes them."""
        token = self._tokens.get(self._tag(keyword))
        if token is None or token.empty or token.place.vr == "SQ":
            return ()
        if token.value is None:
            raise UndeclaredRead(keyword)
        return _values(token, self._encodings)

    def number(self, keyword: str) -> float | None:
        """Return the first value as a number, None if it is missing or is none."""
        try:
            return float(self.text(keyword))
        except ValueError:
            return None

    def said(self, keyword: str, judge: str) -> str:
        """Return what a judge said of the attribute's value, "" if nothing."""
        token = self._tokens.get(self._tag(keyword))
        return dict(token.classes).get(judge, "") if token is not None else ""

    def items(self, keyword: str) -> tuple[Item, ...]:
        """Return the items of a sequence; none if it is missing or empty."""
        items = self._sequences.get(self._tag(keyword), ())
        inside = f"{self._inside}.{keyword}" if self._inside else keyword
        return tuple(item._for(self._reads, inside) for item in items)


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
    sop_class
        See the attribute.

    Attributes
    ----------
    sop_class
        SOP Class UID by which the rules are chosen: the data set's own, else that of the file
        meta information. Every rule may look at it.
    """

    def __init__(
        self,
        tokens: Sequence[Token],
        file: FileFacts,
        referees: dict[str, RefereeReport] | None = None,
        reads: Iterable[str] | None = None,
        sop_class: str = "",
    ) -> None:
        self.sop_class = sop_class
        self._tokens = tokens
        self._file = file
        self._referees = referees or {}
        self._reads = None if reads is None else Reads(reads)
        self._whole = self

    def for_rule(self, reads: Iterable[str]) -> InstanceFacts:
        """Return the same facts, restricted to what a rule declares."""
        view = InstanceFacts(self._tokens, self._file, self._referees, reads, self.sop_class)
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
            (name.startswith("file:") and name not in PIXEL_FACTS)
            or (
                ":" not in name
                and name not in (PRIVATE, CONTENT)
                and tag_of(name.partition(".")[0]) < last
            )
            for name in reads
        )

    def _declared(self, name: str) -> None:
        if self._reads is not None:
            self._reads.check(name)

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
        return tuple(item._for(self._reads, keyword) for item in self._root.items(keyword))

    def judged(self, judge: str) -> tuple[tuple[TagPath, str], ...]:
        """Return what a judge or a comparison said: distinct (tag path, verdict class), sorted.

        Raises
        ------
        JudgeRaised
            If the judge raised on an element of this object.
        """
        self._declared(f"judge:{judge}")
        said = self._whole._said.get(judge, ())
        if any(verdict == JUDGE_FAILED for _, verdict in said):
            raise JudgeRaised(judge)
        return said

    @cached_property
    def _said(self) -> dict[str, tuple[tuple[TagPath, str], ...]]:
        """What every judge said, gathered once for all rules."""
        said: dict[str, set[tuple[TagPath, str]]] = {}
        for token in self._tokens:
            for name, verdict in token.classes:
                said.setdefault(name, set()).add((token.place.path, verdict))
        return {name: tuple(sorted(some)) for name, some in said.items()}

    def private(self) -> tuple[PrivateElement, ...]:
        """Return the distinct private data elements, sorted by tag path and VR."""
        self._declared(PRIVATE)
        return self._whole._private

    def private_blocks(self) -> tuple[PrivateBlock, ...]:
        """Return the distinct blocks that private creators reserve, sorted by tag path."""
        self._declared(PRIVATE)
        return self._whole._blocks

    @cached_property
    def _private(self) -> tuple[PrivateElement, ...]:
        places = {
            token.place
            for token in self._tokens
            if token.place.is_private
            and not token.place.is_creator
            and token.place.tag & 0xFFFF  # a group length (PS3.5 7.2) holds nothing
        }
        return tuple(sorted(set(map(_private_element, places)), key=_by_place))

    @cached_property
    def _blocks(self) -> tuple[PrivateBlock, ...]:
        filled = {(each.path.steps[:-1], each.group, each._creator) for each in self._private}
        blocks = set()
        for token in self._tokens:
            if token.place.is_creator and not token.empty:
                creator = (token.value or b"").strip(b" \0").decode("latin-1")
                path, group = token.place.path, token.place.tag >> 16
                holds = (path.steps[:-1], group, creator) in filled
                blocks.add(PrivateBlock(path, group, shown_creator(creator), holds, creator))
        return tuple(sorted(blocks, key=lambda block: (block.path, block._creator)))

    def content(self) -> ContentTree:
        """Return the content tree of a structured report."""
        self._declared(CONTENT)
        return self._whole._content

    @cached_property
    def _content(self) -> ContentTree:
        return build_tree(self._root, self._root.text("SOPClassUID"), self._said.get(NUMBERS, ()))

    def file(self, fact: str) -> str:
        """Return a fact of the file: a field of `FileFacts`."""
        self._declared(f"file:{fact}")
        return str(getattr(self._file, fact))

    def referee(self, name: str) -> RefereeReport:
        """Return the report of a conformance referee."""
        self._declared(f"referee:{name}")
        return self._referees[name]


def _private_element(place: Place) -> PrivateElement:
    return PrivateElement(
        place.path,
        place.tag >> 16,
        place.tag & 0xFF,
        place.shown_creator,
        "" if place.implicit else place.vr,
        standing(place.creator, place.tag),
        place.creator,
    )


def _by_place(element: PrivateElement) -> tuple[TagPath, str, str]:
    return element.path, element._creator, element.vr


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
        if token.is_verdict:
            continue
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

    if vr == "AT":
        halves = struct.unpack(f"<{len(value) // 4 * 2}H", value[: len(value) // 4 * 4])
        return tuple(
            format_tag(group << 16 | element)
            for group, element in zip(halves[::2], halves[1::2], strict=True)
        )
    code = _FORMATS.get(vr)
    if code is None:
        return ()
    size = struct.calcsize(code)
    return struct.unpack(f"<{len(value) // size}{code}", value[: len(value) // size * size])
