"""The fast walker: steps through a little-endian data set and looks values up, not into.

It converts nothing. Where something surprises it, it stops and says what: the caller then
asks pydicom.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from auditor.reading.places import (
    CLASSIFIED,
    CONSTANT,
    LAST_TAGS,
    PIXEL_TAGS,
    SEQUENCE,
    VR_OF_CODE,
    Compared,
    Place,
    Run,
    Token,
    shortened,
)
from auditor.standard.dictionary import vr_of

UNDEFINED = 0xFFFFFFFF
# Tags as one little-endian number: element in the high 16 bits, group in the low ones.
ITEM, ITEM_END, SEQUENCE_END = 0xE000FFFE, 0xE00DFFFE, 0xE0DDFFFE
DEPTH_LIMIT = 48
TOKEN_LIMIT = 2_000_000
GROWTH_LIMIT = 600_000
"""Elements of a file that an audit follows, and what it may add to a forest that is full."""

COMPARED_LIMIT = 65_536
COMPARED_VALUE = 1 << 26
"""Elements that comparisons see of a file, and bytes that one of them may have."""

COLUMN_LIMIT = 4096
"""Bytes of a value that a column keeps: much is remembered by it."""

DERIVATION = ("(5200,9230)", "(0008,9124)")
"""Where a frame says what it is made from: Derivation Image Sequence (PS3.3 C.7.6.16.2.6)."""

UN = 0x4E55

_explicit = struct.Struct("<IHH").unpack_from
_implicit = struct.Struct("<II").unpack_from
_long = struct.Struct("<I").unpack_from


class Surprise(Exception):
    """The bytes are not what the walker knows how to step over; the message says why."""


class TooMuch(Exception):
    """The file has more elements than an audit follows; pydicom is not asked either."""


class Short(Exception):
    """The bytes end before an element does.

    Attributes
    ----------
    position
        Where the element starts that does not fit.
    inside
        ``header`` or ``pixel data``, which are incomplete in a whole file; ``tail`` if the
        walk can go on from `position` in a buffer that holds the rest of the file;
        ``fragments`` if it can from behind the fragments that begin there.
    """

    def __init__(self, position: int, inside: str = "header") -> None:
        super().__init__(position, inside)
        self.position = position
        self.inside = inside


@dataclass(slots=True)
class Reference:
    """A reference to another instance, as found (PS3.3 10.8): bytes, not yet decoded."""

    place: Place
    sop_instance: bytes
    sop_class: bytes = b""
    series: bytes = b""
    study: bytes = b""
    frame_of_reference: bytes = b""
    frames: bytes = b""
    """Referenced Frame Number, as a text of numbers."""
    points: bytes = b""
    """Contour Data of a contour in a plane, or Image Position (Patient) of a frame, that names
    this instance and no other."""


class Pixels(NamedTuple):
    """How the pixel data of the top level stands there; nothing of what is in it.

    Attributes
    ----------
    tag
        Of Pixel Data, Float or Double Float Pixel Data.
    length
        Bytes of native pixel data as declared; -1 if it is encapsulated (PS3.5 A.4).
    fragments
        Of encapsulated pixel data, without the Basic Offset Table; -1 where nobody counted.
    offsets
        Bytes of its Basic Offset Table; -1 where nobody looked.
    vr
        Of encapsulated pixel data, as written; "" in implicit VR.
    """

    tag: int
    length: int
    fragments: int = -1
    offsets: int = -1
    vr: str = ""


@dataclass(slots=True)
class Walk:
    """What a walk gathers.

    Attributes
    ----------
    size
        Length of the file (of the inflated data set, if it is deflated) in bytes.
    tokens
        The signature so far.
    columns
        Raw values for the table of instances, by column number.
    references
        References to other instances, in order.
    numbers
        Numbers of parts of an object, numbers that refer to such, and where frames lie, in order.
    encodings
        Defined terms of Specific Character Set in force.
    sop_class
        The Referenced SOP Class UID that waits for its instance.
    named
        Series, study and frame of reference that the item, or one around it, has named.
    planar
        Whether the contour at hand lies in a plane, by its Contour Geometric Type.
    framed
        References found before the frame at hand began.
    creators
        Private creators of the top level so far; replaced, never changed.
    compared
        Elements that comparisons want, and whole runs; of a sequence that one wants, its place
        without a value where each item begins.
    cut_off
        Whether comparisons would have wanted more than is kept for them.
    pixels_end
        Where the pixel data, or the padding behind it, ends, and how many tokens there were by
        then; 0 before that.
    pixels
        How the pixel data stands there; None before it, or without any.
    private
        Bytes of private data elements, by the creator of the outermost, in order.
    pending
        Columns filled since the last run, see `_Segment`.
    """

    size: int
    columns: list[bytes | None]
    tokens: list[Token] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    numbers: list[tuple[Place, bytes]] = field(default_factory=list)
    encodings: tuple[str, ...] = ()
    sop_class: bytes = b""
    named: tuple[bytes, bytes, bytes] = (b"", b"", b"")
    planar: bool = False
    framed: int = 0
    creators: dict[int, str] = field(default_factory=dict)
    compared: list[Compared | Run] = field(default_factory=list)
    cut_off: bool = False
    pixels_end: tuple[int, int] = (0, 0)
    pixels: Pixels | None = None
    private: list[tuple[str, int]] = field(default_factory=list)
    pending: list[tuple[int, bytes]] = field(default_factory=list)
    _kept: tuple[Any, ...] = ()

    @property
    def _lists(self) -> tuple[list[Any], ...]:
        return self.tokens, self.compared, self.references, self.numbers, self.private

    def compare(self, place: Place, value: bytes) -> None:
        """Keep an element for the comparisons that want it, as far as there is room."""
        if len(self.compared) < COMPARED_LIMIT and len(value) <= COMPARED_VALUE:
            self.compared.append((place, value, self.encodings))
        else:
            self.cut_off = True

    def enter(self, depth: int) -> tuple[Any, ...]:
        """Begin an item, that many sequences deep; return what holds outside of it."""
        outer = self.encodings, self.named, self.planar
        self.planar = False
        if not depth:
            self.framed = len(self.references)
        return outer

    def leave(self, outer: tuple[Any, ...]) -> None:
        """End an item: nothing of what it said holds outside, in this file or the next."""
        self.encodings, self.named, self.planar = outer
        self.sop_class = b""

    def keep(self) -> None:
        """Remember what there is, between two elements of the top level, to come back to it."""
        more = (
            self.cut_off,
            self.framed,
            self.pixels_end,
            self.pixels,
            self.encodings,
            self.creators,
        )
        self._kept = tuple(map(len, self._lists)), list(self.columns), more

    def rewind(self) -> None:
        """Forget all since `keep`."""
        lengths, columns, others = self._kept
        for each, length in zip(self._lists, lengths, strict=True):
            del each[length:]
        self.columns[:] = columns
        self.cut_off, self.framed, self.pixels_end, self.pixels = others[:4]
        self.encodings, self.creators = others[4:]
        self.sop_class, self.named, self.planar = b"", (b"", b"", b""), False

    def move(self, distance: int) -> None:
        """Count positions from `distance` bytes further on; the walk is between two elements."""
        stop, tokens = self.pixels_end
        self.size -= distance
        self.pixels_end = (max(stop - distance, 0), tokens)
        self.keep()


def walk_elements(
    buffer: bytes,
    position: int,
    end: int,
    place: Place,
    walk: Walk,
    implicit: bool,
    depth: int,
    creators: dict[int, str],
    *,
    delimited: bool = False,
    single: bool = False,
) -> int:
    """Walk the elements of one level, and all that is inside them.

    Parameters
    ----------
    buffer
        The file, or its head.
    position, end
        Where the level starts and where it ends at the latest, in bytes.
    place
        Place of the data set, or of the sequence whose item this is.
    walk
        Gathers what is found; its `size` may be more than `buffer` holds.
    implicit
        Whether elements are in implicit VR (PS3.5 A.1).
    depth
        Sequences around the level.
    creators
        Private creators of this level so far, by group << 8 | block.
    delimited
        Whether an item delimiter ends the level.
    single
        Whether to stop after one element.

    Returns
    -------
    int
        Where the level, or the element, ends.

    Raises
    ------
    Short
        If an element ends after `buffer` does.
    Surprise
        If the bytes cannot be explained.
    """
    # One loop for every level: what it does per element decides the speed of an audit.
    tokens = walk.tokens
    append = tokens.append
    encodings = walk.encodings
    kids = place.kids
    mark = len(walk.references)
    limit = len(buffer)
    while position < end:
        if position + 8 > limit:
            raise Short(position)
        if len(tokens) > TOKEN_LIMIT:
            raise TooMuch
        if implicit:
            wire, length = _implicit(buffer, position)
            code = 0
            start = position + 8
            kid = kids.get(wire) if not wire & 1 else None
            if kid is None:
                if wire == ITEM_END and delimited:
                    return start
                kid = _find(place, wire, "", creators)
        else:
            wire, code, length = _explicit(buffer, position)
            kid = kids.get(wire) if not wire & 1 else None
            if kid is None or kid.code != code:
                if wire == ITEM_END and delimited:
                    return position + 8
                vr = VR_OF_CODE.get(code)
                if vr is None:
                    raise Surprise("an element has a VR that does not exist")
                kid = _find(place, wire, vr, creators)
            if kid.long or code == UN:
                if position + 12 > limit:
                    raise Short(position)
                length = _long(buffer, position + 8)[0]
                start = position + 12
            else:
                start = position + 8
        if length == UNDEFINED:
            stop = start
        else:
            stop = start + length
            if stop > limit or stop > end:
                if stop > end and end < walk.size:
                    raise Surprise("an element is longer than what it stands in")
                pixels = kid.tag in PIXEL_TAGS
                if depth or not (pixels or (kid.mode == CONSTANT and stop <= end)):
                    raise Short(position)
                # What nobody looks at is never read: only whether all of it is there.
                append(kid.full)
                if pixels:
                    walk.pixels = Pixels(kid.tag, length)
                    if stop > end:
                        raise Short(position, "pixel data")
                if kid.tag in LAST_TAGS:
                    walk.pixels_end = (stop, len(tokens))
                if kid.owner is not None:
                    walk.private.append((kid.owner, length))
                if stop == end:
                    return end
                raise Short(stop, "tail")
        mode = kid.mode
        if mode == SEQUENCE or length == UNDEFINED:
            # PS3.5 6.2.2: what is inside an element of unknown VR is in implicit VR.
            inside = implicit or code == UN
            if (length == UNDEFINED and kid.vr == "UN") or inside is not kid.implicit:
                kid = place.child(kid.tag, "SQ", kid.creator, implicit=inside)
            position = _items(buffer, start, stop, length, kid, walk, inside, depth, end)
            if depth == 0 and kid.tag in PIXEL_TAGS:
                walk.pixels_end = (position, len(tokens))
        else:
            if mode == CONSTANT:
                append(kid.full if length else kid.empty)
            elif mode == CLASSIFIED:
                value = buffer[start:stop]
                token = kid.known.get(value)
                append(token if token is not None else kid.classify(value, encodings))
            else:
                value = buffer[start:stop]
                take(kid, value, walk, creators, mark)
                encodings = walk.encodings
                if depth == 0 and kid.tag in LAST_TAGS:
                    walk.pixels_end = (stop, len(tokens))
                    if kid.tag in PIXEL_TAGS:
                        walk.pixels = Pixels(kid.tag, length)
            if kid.owner is not None:
                walk.private.append((kid.owner, length))
            position = stop
        if single:
            return position
    if delimited:
        raise Surprise("an item without its end")
    return position


def known_vr(tag: int, vr: str) -> str:
    """Return the VR that an element is read with.

    Parameters
    ----------
    tag
        Group in the high 16 bits.
    vr
        As written in the file, empty in implicit VR. Where it is none or UN, PS3.6 knows
        better (PS3.5 6.2.2); where PS3.6 leaves a choice, PS3.5 A.1 has OW for pixels.
    """
    if vr and (vr != "UN" or tag >> 16 & 1):
        return vr
    known = vr_of(tag)
    return "OW" if "OW" in known else known[:2]


def _find(place: Place, wire: int, vr: str, creators: dict[int, str]) -> Place:
    """Find the place of an element that the quick look-up does not know."""
    tag = (wire & 0xFFFF) << 16 | wire >> 16
    group, element = tag >> 16, tag & 0xFFFF
    if group in (0, 0xFFFE):
        raise Surprise(
            "an item begins or ends outside of a sequence"
            if group
            else "an element of a command (group 0000) stands in the data set"
        )
    creator = ""
    if group & 1 and element > 0xFF:
        creator = creators.get(tag >> 8, "")
    forest = place.forest
    if forest.is_overgrown or forest.made > forest.LIMIT + GROWTH_LIMIT:
        raise TooMuch
    kid = place.child(tag, known_vr(tag, vr), creator)
    if not group & 1:
        place.kids[wire] = kid
    return kid


def take(kid: Place, value: bytes, walk: Walk, creators: dict[int, str], mark: int) -> None:
    """Take an element with its value: every role that it can have, none of the haste.

    Parameters
    ----------
    kid
        Its place.
    value
        Its bytes, little endian, padding included.
    walk
        Gathers what is found.
    creators
        Private creators of this level so far, by group << 8 | block.
    mark
        References found before this item began.
    """
    seen = kid.attention
    if seen.column >= 0:
        kept = value if len(value) <= COLUMN_LIMIT else shortened(value, COLUMN_LIMIT)
        walk.columns[seen.column] = kept
        walk.pending.append((seen.column, kept))
    if seen.comparisons:
        walk.compare(kid, value)
    if seen.role:
        _refer(seen.role, kid, value, walk, mark)
    if kid.is_creator:
        creator = value.strip(b" \0").decode("latin-1")
        block = kid.tag >> 16 << 8 | kid.tag & 0xFF
        if creators is walk.creators:
            walk.creators = {**creators, block: creator}
        else:
            creators[block] = creator
    elif kid.tag == 0x00080005:
        terms = value.rstrip(b" \0").decode("latin-1").split("\\")
        walk.encodings = tuple(term.strip() for term in terms)
    if kid.is_judged:
        walk.tokens.append(kid.known.get(value) or kid.classify(value, walk.encodings))
    else:
        walk.tokens.append(kid.full if value else kid.empty)


def _refer(role: str, kid: Place, value: bytes, walk: Walk, mark: int) -> None:
    if role == "number":
        walk.numbers.append((kid, value))
    elif role == "class":
        walk.sop_class = value
    elif role == "instance":
        assert kid.parent is not None
        walk.references.append(Reference(kid.parent, value, walk.sop_class, *walk.named))
        walk.sop_class = b""
    elif role == "frames":
        if len(walk.references) > mark and walk.references[-1].place is kid.parent:
            walk.references[-1].frames = value
    elif role == "shape":
        walk.planar = value.startswith(b"CLOSED")
    elif role == "contour":
        # Of a contour in several images nothing says which of them a point lies in.
        if walk.planar and len(walk.references) == mark + 1:
            walk.references[mark].points = value
        walk.planar = False
    elif role in ("position", "place"):
        if role == "place":
            walk.numbers.append((kid, value))
        # A frame says what it is made from before it says where it is: tags ascend.
        frame = [
            each
            for each in walk.references[walk.framed :]
            if each.place.path.steps[:2] == DERIVATION
        ]
        if len(frame) == 1:
            frame[0].points = value
    else:
        # Tags ascend: an item names its series before what is in sequences of higher groups
        # (PS3.3 C.8.8.5), and after what is in those of lower ones (PS3.3 10.3).
        series, study, frame_of_reference = walk.named
        walk.named = (
            value if role == "series" else series,
            value if role == "study" else study,
            value if role == "frame_of_reference" else frame_of_reference,
        )
        for reference in walk.references[mark:]:
            if not getattr(reference, role):
                setattr(reference, role, value)


def _items(
    buffer: bytes,
    position: int,
    stop: int,
    length: int,
    place: Place,
    walk: Walk,
    implicit: bool,
    depth: int,
    end: int,
) -> int:
    """Walk the items of a sequence, or the fragments of encapsulated pixel data."""
    if depth >= DEPTH_LIMIT:
        raise Surprise(f"sequences are nested deeper than {DEPTH_LIMIT}")
    if length == UNDEFINED:
        stop = end
    fragments = place.tag in PIXEL_TAGS
    if not fragments and place.vr != "SQ":
        raise Surprise("an element of undefined length that is no sequence")
    walk.tokens.append(place.full)
    limit = len(buffer)
    offsets = count = -1
    vr = "" if place.implicit else place.vr
    if fragments and depth == 0:
        if length != UNDEFINED:
            raise Surprise("pixel data that is a sequence")
        walk.pixels = Pixels(place.tag, -1, vr=vr)
        if limit < end:
            raise Short(position, "fragments")
    while position < stop:
        if position + 8 > limit:
            raise Short(position, "pixel data" if fragments and depth == 0 else "header")
        wire, size = _implicit(buffer, position)
        position += 8
        if wire == SEQUENCE_END and length == UNDEFINED:
            if fragments and depth == 0:
                walk.pixels = Pixels(place.tag, -1, max(count, 0), max(offsets, 0), vr)
            return position
        if wire != ITEM:
            raise Surprise("a sequence holds something that is not an item")
        if fragments:
            count += 1
            offsets = size if count == 0 else offsets
            position += size
            if size == UNDEFINED or position > end:
                raise Short(position, "pixel data" if depth == 0 else "header")
            if count > TOKEN_LIMIT:
                raise TooMuch
            continue
        walk.tokens.append(place.item)
        if place.attention.comparisons:
            walk.compare(place, b"")
        if len(walk.tokens) > TOKEN_LIMIT:
            raise TooMuch
        outer = walk.enter(depth)
        if size == UNDEFINED:
            position = walk_elements(
                buffer, position, stop, place, walk, implicit, depth + 1, {}, delimited=True
            )
        else:
            if position + size > stop:
                raise Surprise("an item is longer than its sequence")
            position = walk_elements(
                buffer, position, position + size, place, walk, implicit, depth + 1, {}
            )
        walk.leave(outer)
    if length == UNDEFINED:
        raise Short(position, "pixel data" if fragments and depth == 0 else "header")
    return position
