"""Places and tokens: where an element can stand, and what of it may be seen.

A `Place` is one (tag path, VR, private creator) in one kind of object. It knows from the
`Plan` how much of a value anybody may look at, and turns a value into a `Token` that holds
just that. Equal tokens are one object, so a tuple of tokens compares and hashes quickly.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Protocol

from auditor.model import Comparison, Judge, TagPath, format_tag
from auditor.redaction import shape
from auditor.standard.dictionary import keyword_of
from auditor.standard.private import is_known_creator

LONG_VRS = {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"}
"""VRs whose explicit header has a 32-bit length (PS3.5 7.1.2)."""

SHORT_VRS = {"AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "PN"} | {
    "SH", "SL", "SS", "ST", "TM", "UI", "UL", "US"
}  # fmt: skip

TEXT_VRS = {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM"} | {
    "UC", "UI", "UR", "UT"
}  # fmt: skip


def vr_code(vr: str) -> int:
    """Return the two letters of a VR as the little-endian number read from a file."""
    return int(struct.unpack("<H", vr.encode("ascii"))[0])


VR_OF_CODE = {vr_code(vr): vr for vr in LONG_VRS | SHORT_VRS}

CONSTANT, CLASSIFIED, SEQUENCE, SPECIAL = range(4)
"""How the walker treats a place: value never looked at; value classified; items; by its role."""

KNOWN_LIMIT = 2048
"""Distinct values remembered per place, so that memory does not follow the files."""

PIXEL_TAGS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})

LAST_TAGS = PIXEL_TAGS | {0xFFFCFFFC}
"""Pixel data, and the padding behind it: with one of them a data set ends as a rule."""

SPECIAL_TAGS = LAST_TAGS | {0x00080005}
"""Specific Character Set and the elements that a data set ends with, which the walker must see."""

FILE_PATH = 0
"""Stands where a tag does, for what is no element: the path of the file in its collection."""

CUT_OFF = 1
"""Stands where a tag does behind the last element that a comparison sees, if there were more."""

NO_CREATOR = "no creator"
"""Stands where a private creator does, for elements whose block none reserves (PS3.5 7.8.1)."""

VALUE_LIMIT = 1 << 16
"""Bytes of a value that a token keeps; a longer one is told apart by its digest."""


class Token:
    """What may be seen of one element, or of the start of one item; or what a comparison said.

    Tokens are compared by identity.
    """

    __slots__ = (
        "classes", "digest", "empty", "is_item", "is_verdict", "place", "structure", "value",
    )  # fmt: skip

    def __init__(
        self,
        place: Place,
        *,
        empty: bool,
        value: bytes | None = None,
        classes: tuple[tuple[str, str], ...] = (),
        structure: bytes = b"",
        is_item: bool = False,
        is_verdict: bool = False,
    ) -> None:
        self.place = place
        self.empty = empty
        self.value = value
        self.classes = classes
        self.is_item = is_item
        self.is_verdict = is_verdict
        head = f"{place.path}\0{place.vr}\0{empty:d}{is_item:d}".encode()
        known = blake2b(head + structure, digest_size=8).digest()
        # A referee sees elements, and nothing of what a comparison says of them.
        self.structure = b"" if is_verdict else known
        # Whether somebody wrote the VR of a private element: none is known in implicit VR.
        seen = repr((value, classes, place.is_private and not place.implicit)).encode()
        self.digest = blake2b(known + seen, digest_size=8).digest()


@dataclass(frozen=True, slots=True)
class Attention:
    """How much of the values at a place may be looked at.

    Parameters
    ----------
    keep
        An instance rule reads the value.
    judges
        Judges that look at it.
    comparisons
        Comparisons that look at it.
    structure
        The verdict of a referee can depend on what `Plan.structure` says of the value.
    column
        Number of the column of the table of instances that it fills, or -1.
    role
        What it means to the table of references: ``instance``, ``class``, ``series``,
        ``study``, ``frame_of_reference``, ``frames``; to that of numbers ``number``; of a
        contour ``shape``, ``contour``, of a frame ``position``; or empty.
    """

    keep: bool = False
    judges: tuple[Judge, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    structure: bool = False
    column: int = -1
    role: str = ""


class Plan(Protocol):
    """Tells what may be looked at in one kind of object; made from what the rules declare."""

    def attention(self, place: Place) -> Attention:
        """Decide for one place."""
        ...

    def structure(self, place: Place, value: bytes, encodings: tuple[str, ...]) -> bytes:
        """Return what a referee's verdict can depend on in a value that is not empty."""
        ...


class Forest:
    """The trees of places of all kinds of object met so far, and how large they have grown.

    Parameters
    ----------
    plan
        Makes the plan of a kind of object from its SOP Class UID, and with None that of the
        File Meta Information.
    """

    LIMIT = 400_000
    """Places, tokens and remembered values, after which the forest is to be made anew."""

    PLACE_LIMIT = 20_000
    """Places that one file may have: each is planned for, and objects have some hundreds."""

    DISTINCT_LIMIT = 150_000
    """Distinct tokens that one file may have."""

    def __init__(self, plan: Callable[[str | None], Plan]) -> None:
        self._plan = plan
        self._trees: dict[tuple[str | None, bool], Place] = {}
        self.made = 0
        self.grown = 0

    def tree(self, sop_class: str | None, implicit: bool = False) -> Place:
        """Return the root for a SOP class, or with None for group 0002."""
        key = (sop_class, implicit)
        root = self._trees.get(key)
        if root is None:
            root = self._trees[key] = Place(
                self, self._plan(sop_class), None, 0, "", implicit=implicit
            )
        return root

    def is_too_much(self, tokens: Sequence[Token]) -> bool:
        """Whether one file has more places or distinct tokens than an audit follows.

        What other files have is no matter: a file is read in any order, by any process.
        """
        return len(tokens) > self.PLACE_LIMIT and (
            len({token.place for token in tokens}) > self.PLACE_LIMIT
            or len(set(tokens)) > self.DISTINCT_LIMIT
        )

    @property
    def is_full(self) -> bool:
        """Whether memory asks for a new forest."""
        # After a file that was left too: the next must not find its places, and be followed.
        return self.made > self.LIMIT or self.is_overgrown

    @property
    def is_overgrown(self) -> bool:
        """Whether one file, since `grown` was set to 0, has added more than it may."""
        return self.grown > self.PLACE_LIMIT


@dataclass(slots=True)
class Element:
    """One distinct element, as a judge sees it.

    Attributes
    ----------
    place
        Tag path, VR, keyword and private creator.
    value
        The bytes of the value, little endian, padding included; none for a sequence, which
        is judged once if it has an item.
    encodings
        Defined terms of Specific Character Set (0008,0005) in force.
    """

    place: Place
    value: bytes
    encodings: tuple[str, ...] = ()
    _text: str | None = field(default=None, repr=False)

    @property
    def text(self) -> str:
        """The value as text, backslashes kept; undecodable bytes become U+FFFD."""
        if self._text is None:
            self._text = decode(self.value, self.encodings)
        return self._text


@dataclass(slots=True, eq=False)
class Run:
    """Elements that follow each other and were the same in the file before.

    Attributes
    ----------
    raw
        Their bytes.
    tokens
        Their tokens.
    columns
        What they put into the table of instances: column number and value.
    compared
        What they put before each comparison.
    private
        Bytes of private data elements, by the creator of the outermost.
    references, numbers
        What they refer to, see `auditor.reading.walker.Walk`.
    before, after
        Private creators and character set in force before and after them.
    last
        Place of the last one.
    carries
        Whether there is anything beside tokens and columns.
    """

    raw: bytes
    tokens: list[Token]
    columns: list[tuple[int, bytes]]
    compared: dict[Comparison, list[Compared]]
    private: tuple[tuple[str, int], ...]
    references: list[Any]
    numbers: list[tuple[Place, bytes]]
    before: tuple[dict[int, str], tuple[str, ...]]
    after: tuple[dict[int, str], tuple[str, ...]]
    last: Place
    carries: bool = field(init=False)

    def __post_init__(self) -> None:
        self.carries = bool(self.compared or self.private or self.references or self.numbers)


class Place:
    """One place of one kind of object; a node of the tree of tag paths."""

    __slots__ = (
        "attention", "changed", "code", "creator", "empty", "forest", "full", "gain",
        "implicit", "is_creator", "is_judged", "is_private", "is_text", "item", "keyword",
        "kids", "known", "last", "lone", "long", "mode", "others", "owner", "parent", "path",
        "plan", "run", "tag", "tokens", "volatile", "vr", "walks", "wire",
    )  # fmt: skip

    def __init__(
        self,
        forest: Forest,
        plan: Plan,
        parent: Place | None,
        tag: int,
        vr: str,
        creator: str = "",
        implicit: bool = False,
    ) -> None:
        self.forest = forest
        self.plan = plan
        self.parent = parent
        self.tag = tag
        # As it is read from a file: element in the high 16 bits, group in the low ones.
        self.wire = (tag & 0xFFFF) << 16 | tag >> 16
        self.vr = vr
        self.implicit = implicit
        self.code = vr_code(vr) if vr else 0
        self.long = vr in LONG_VRS
        self.creator = creator
        # Whether the group number is odd, and whether it reserves a block (PS3.5 7.8).
        self.is_private = bool(tag >> 16 & 1)
        self.is_creator = self.is_private and 0x10 <= tag & 0xFFFF <= 0xFF
        self.keyword = "" if self.is_private else keyword_of(tag)
        self.path: TagPath = parent.path / _step(tag, creator) if parent else TagPath()
        # Whose private data a value here is: that of the creator of the outermost element.
        self.owner: str | None = parent.owner if parent else None
        if self.owner is None and self.is_private and tag & 0xFFFF and not self.is_creator:
            self.owner = shown_creator(creator) if creator else NO_CREATOR
        self.kids: dict[int, Place] = {}
        self.others: dict[tuple[int, str, str, bool], Place] = {}
        self.known: dict[bytes | tuple[tuple[str, ...], bytes], Token] = {}
        self.tokens: dict[tuple[object, ...], Token] = {}
        # What the walker remembers of the file before, see `auditor.reading.runs`.
        self.run: Run | None = None
        self.lone: Place | None = None
        self.last: bytes | None = None
        self.changed = self.walks = self.gain = 0
        # Never part of a run: the walker marks where they end.
        self.volatile = tag in LAST_TAGS
        self.is_text = vr in TEXT_VRS
        self.attention = plan.attention(self) if parent else Attention()
        self.empty = self._token(True, None, (), b"")
        self.full = self._token(False, None, (), b"")
        # What judges say of a sequence is said of its items: one without any holds nothing.
        self.item = Token(self, empty=False, is_item=True, classes=self._classes(b"", ()))
        seen = self.attention
        self.is_judged = bool(self.is_text or seen.keep or seen.judges or seen.structure)
        self.mode = self._mode()

    def _mode(self) -> int:
        seen = self.attention
        if self.vr == "SQ":
            return SEQUENCE
        if seen.column >= 0 or seen.role or self.is_creator or self.tag in SPECIAL_TAGS:
            return SPECIAL
        if seen.comparisons:
            return SPECIAL
        if self.is_judged:
            return CLASSIFIED
        return CONSTANT

    @property
    def around(self) -> tuple[Place, ...]:
        """The sequences that it lies in, outermost first, and the place itself."""
        steps: list[Place] = []
        step: Place | None = self
        while step is not None and step.parent is not None:
            steps.append(step)
            step = step.parent
        return tuple(reversed(steps))

    @property
    def tags(self) -> tuple[int, ...]:
        """The tags of the sequences that it lies in, and its own."""
        return tuple(step.tag for step in self.around)

    @property
    def keywords(self) -> tuple[str, ...]:
        """The keywords of the sequences that it lies in, and its own."""
        return tuple(step.keyword for step in self.around)

    @property
    def root(self) -> Place:
        """The place of the data set that this one is in."""
        place = self
        while place.parent is not None:
            place = place.parent
        return place

    @property
    def shown_creator(self) -> str:
        """The private creator as it may be shown."""
        return shown_creator(self.creator) if self.creator else ""

    def child(self, tag: int, vr: str, creator: str = "", *, implicit: bool = False) -> Place:
        """Return the place of an element inside this one, made on first use.

        Parameters
        ----------
        tag
            Group in the high 16 bits.
        vr
            VR as written, or by the dictionary in implicit VR.
        creator
            Private creator of the element's block.
        implicit
            Whether it is in implicit VR although this one is not (PS3.5 6.2.2).
        """
        implicit = implicit or self.implicit
        key = (tag, vr, creator, implicit)
        place = self.others.get(key)
        if place is None:
            place = self.others[key] = Place(
                self.forest, self.plan, self, tag, vr, creator, implicit
            )
            self.forest.made += 1
            self.forest.grown += 1
        return place

    def classify(self, value: bytes, encodings: tuple[str, ...]) -> Token:
        """Return the token of a value: judged once per distinct value."""
        # Only what is the same in every character set may be looked up without it.
        plain = value.isascii() and 0x1B not in value
        short = value if len(value) <= 256 else blake2b(value, digest_size=16).digest()
        key = short if plain else (encodings, short)
        token = self.known.get(key)
        if token is None:
            if len(self.known) >= KNOWN_LIMIT:
                self.forest.made -= len(self.known)
                self.known.clear()
            token = self.known[key] = self._judge(value, encodings)
            self.forest.made += 1
        return token

    def _judge(self, value: bytes, encodings: tuple[str, ...]) -> Token:
        seen = self.attention
        blank = not (value.strip(b" \0") if self.is_text else value)
        classes = self._classes(value, encodings)
        structure = b""
        if seen.structure and not blank:
            structure = self.plan.structure(self, value, encodings)
        return self._token(blank, value if seen.keep else None, classes, structure)

    def verdict(self, comparison: str, verdict: str) -> Token:
        """Return the token that says what a comparison said of an element here."""
        key = (comparison, verdict)
        token = self.tokens.get(key)
        if token is None:
            token = self.tokens[key] = Token(self, empty=False, classes=(key,), is_verdict=True)
            self.forest.made += 1
        return token

    def _classes(self, value: bytes, encodings: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """Return what the judges say of a value."""
        judges = self.attention.judges
        if not judges:
            return ()
        element = Element(self, value, encodings)
        said = []
        for judge in judges:
            verdict = _verdict(judge, element)
            if verdict is not None:
                said.append((judge.name, verdict))
        return tuple(said)

    def _token(
        self,
        empty: bool,
        value: bytes | None,
        classes: tuple[tuple[str, str], ...],
        structure: bytes,
    ) -> Token:
        if value is not None and len(value) > VALUE_LIMIT:
            value = shortened(value, VALUE_LIMIT)
        key = (empty, value, classes, structure)
        token = self.tokens.get(key)
        if token is None:
            token = self.tokens[key] = Token(
                self, empty=empty, value=value, classes=classes, structure=structure
            )
            self.forest.made += 1
        return token


def shortened(value: bytes, limit: int) -> bytes:
    """Return the start of a value with a digest of all of it: different for different values."""
    return value[:limit] + blake2b(value, digest_size=16).digest()


Compared = tuple[Place, bytes, tuple[str, ...]]
"""What is put before comparisons: place, bytes of the value, character set in force."""


def shown_creator(creator: str) -> str:
    """Return a private creator that is publicly known, else only its shape.

    Anything can be written there, a name too.
    """
    return creator if is_known_creator(creator) else shape(creator) or NO_CREATOR


JUDGE_FAILED = "!"
"""Verdict class of a judge that raised; a rule that reads it gets outcome `error`."""


def _verdict(judge: Judge, element: Element) -> str | None:
    try:
        verdict: Any = judge.check(element)
        return verdict if verdict is None or isinstance(verdict, str) else JUDGE_FAILED
    except Exception:  # noqa: BLE001 - whatever a judge raises is its rules' error
        return JUDGE_FAILED


def added_up(sizes: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """Add up sizes by creator."""
    total: dict[str, int] = {}
    for creator, size in sizes:
        total[creator] = total.get(creator, 0) + size
    return tuple(total.items())


def by_comparison(compared: Iterable[Compared]) -> dict[Comparison, list[Compared]]:
    """Group elements by the comparisons that want them."""
    wanted: dict[Comparison, list[Compared]] = {}
    for each in compared:
        for comparison in each[0].attention.comparisons:
            wanted.setdefault(comparison, []).append(each)
    return wanted


def compare(comparison: Comparison, compared: Iterable[Compared]) -> tuple[Token, ...]:
    """Ask a comparison about elements of one object; return a token for each verdict."""
    elements = [Element(*each) for each in compared]
    name = comparison.name
    try:
        said: list[tuple[Any, Any]] = list(comparison.check(elements))
        return tuple(
            dict.fromkeys(
                place.verdict(name, verdict if isinstance(verdict, str) else JUDGE_FAILED)
                for place, verdict in said
            )
        )
    except Exception:  # noqa: BLE001 - whatever a comparison raises is its rules' error
        return (elements[0].place.verdict(name, JUDGE_FAILED),)


def _step(tag: int, creator: str) -> str:
    if not (tag >> 16 & 1 and tag & 0xFFFF > 0xFF):
        return format_tag(tag)
    shown = shown_creator(creator)
    # Where nobody reserved a block, its number cannot be looked up in the object.
    block = f"{tag >> 8 & 0xFF:02X}" if shown == NO_CREATOR else "xx"
    return f"({tag >> 16:04X},{block}{tag & 0xFF:02X}:{shown})"


def creator_in(path: TagPath) -> str:
    """Return the private creator of a private element, "" for another, as its path shows it."""
    last = path.steps[-1] if path.steps else ""
    return last[11:-1] if last[10:11] == ":" else ""


def decode(value: bytes, encodings: tuple[str, ...]) -> str:
    """Decode text by Specific Character Set (PS3.5 6.1), never raising.

    Parameters
    ----------
    value
        Bytes with their padding, which is taken off.
    encodings
        Defined terms of (0008,0005); empty for the default repertoire.
    """
    value = value.rstrip(b" \0")
    if value.isascii() and 0x1B not in value:
        return value.decode("ascii")
    import warnings

    from pydicom.charset import convert_encodings, decode_bytes

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            names = convert_encodings(list(encodings) or ["ISO_IR 6"])
            return decode_bytes(value, names, set(b"\\^=\n\f\r\t"))
        except (LookupError, ValueError, AttributeError):
            return value.decode("ascii", "replace")
