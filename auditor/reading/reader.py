"""One file to a `Reading`: what is in it, how far it could be read, and what is odd about it."""

from __future__ import annotations

import os
import re
import stat
import zlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from auditor.decoding import WillNotDecode, check_not_deflated
from auditor.model import Comparison
from auditor.reading.columns import COLUMN, GATHERED
from auditor.reading.companions import classify, headings, named
from auditor.reading.contents import Contents, contents
from auditor.reading.detect import is_dicom
from auditor.reading.places import CUT_OFF, FILE_PATH, Compared, Forest, Place, Run, Token, compare
from auditor.reading.runs import walk_dataset, walk_meta
from auditor.reading.spreadsheets import FILE_LIMIT, first_words
from auditor.reading.walker import (
    ITEM,
    SEQUENCE_END,
    TOKEN_LIMIT,
    UNDEFINED,
    Pixels,
    Reference,
    Short,
    Surprise,
    TooMuch,
    Walk,
)
from auditor.standard.sop_classes import (
    DEFLATED,
    MEDIA_STORAGE_DIRECTORY,
    transfer_syntax_name,
)

HEAD = 1 << 14
"""Bytes read first: most headers are shorter, and a longer read costs more than it saves."""

COMPARED_BYTES = 1 << 24
"""Bytes of compared values for which it is remembered what the comparisons said of them."""

_COUNTER = re.compile(
    r"(?:(?<=/)[0-9]{1,2}-[0-9]{1,5}|(?<![0-9])(?<![0-9][-._])0{0,4}[0-9]{1,4}|"
    r"(?<=/)[0-9.]{24,64}|[0-9a-f]{8}-[0-9a-f-]{27})(?=\.[A-Za-z0-9]{1,4}$|$)"
)
"""What counts the files of a folder at the end of their names: it tells nothing of anybody."""

PIXEL_GROUP = 0x7FE0
"""Behind the pixel data, an element has this group or a higher one."""

TRAILING = 1 << 12
"""Bytes behind the pixel data that are looked at."""

KEPT = 8
"""Bytes before a position that a window keeps."""

HEADER_LIMIT = 1 << 28
"""Bytes of elements that somebody looks at, one after the other, that an audit reads."""

META_LIMIT = 1 << 20
"""Bytes of file meta information, beside those read first, that an audit reads."""

TOO_MUCH = "more elements than an audit follows"

INFLATED_LIMIT = 1 << 28
"""Bytes that a deflated data set may have (PS3.5 A.5); more is taken for a bomb."""

IMPLICIT = "1.2.840.10008.1.2"
BIG_ENDIAN = "1.2.840.10008.1.2.2"

REMEMBERED = 256
"""Bytes of UIDs for which it is remembered what they tell."""

TRANSFER_SYNTAX = COLUMN["TransferSyntaxUID"]
META_CLASS, META_INSTANCE = COLUMN["MediaStorageSOPClassUID"], COLUMN["MediaStorageSOPInstanceUID"]
ROWS = COLUMN["Rows"]
SOP_CLASS, SOP_INSTANCE = COLUMN["SOPClassUID"], COLUMN["SOPInstanceUID"]

EXECUTABLES = (
    b"MZ",
    b"#!",
    b"\x7fELF",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
)
"""How programs of Windows, Linux and macOS begin, and scripts."""

PIXEL_FACTS = frozenset(
    {"file:pixels", "file:pixel_bytes", "file:pixel_vr", "file:fragments", "file:offsets"}
)
"""What nobody knows of a data set that breaks off before its pixel data."""


class FileFacts(NamedTuple):
    """What a file says beside its data set. Each field is one of a few words, or a number.

    Attributes
    ----------
    preamble
        ``absent``, ``zero``, ``tiff``, ``executable``, ``text``, ``other`` (PS3.10 7.1).
    meta
        ``present``, ``absent``, ``incomplete``: the File Meta Information (PS3.10 7.1).
    sop_class, sop_instance
        Whether file meta and data set agree: ``same``, ``different``, ``absent``.
    complete
        ``yes``, ``pixel data`` (that is cut short), ``header`` (the data set is).
    identified
        Whether the data set has SOP Class and SOP Instance UID (PS3.3 C.12.1): ``yes``,
        ``no SOP Class UID``, ``no SOP Instance UID``, ``neither``; ``directory`` for a
        DICOMDIR, which needs none (PS3.10 8).
    surprise
        Why the walker gave up and pydicom read the file; empty if it did not.
    syntax
        Transfer Syntax UID of the file meta information; ``unknown`` for one that PS3.6 does
        not have, empty where there is none.
    pixels
        How the pixel data stands there: ``native``, ``float``, ``double`` (Float and Double
        Float Pixel Data), ``encapsulated``; empty without any.
    pixel_bytes
        Bytes of native pixel data as declared; empty if it is not native.
    pixel_vr
        VR of encapsulated pixel data; empty where none is written, or it is not encapsulated.
    fragments, offsets
        Of encapsulated pixel data: how many fragments it has without the Basic Offset Table,
        and bytes of that table; empty where nobody counted.
    trailing
        What stands behind the pixel data and is no element: ``zeros``, ``text``, ``other``;
        empty if nothing does.
    """

    preamble: str
    meta: str
    sop_class: str = "absent"
    sop_instance: str = "absent"
    complete: str = "yes"
    identified: str = "yes"
    surprise: str = ""
    trailing: str = ""
    syntax: str = ""
    pixels: str = ""
    pixel_bytes: str = ""
    pixel_vr: str = ""
    fragments: str = ""
    offsets: str = ""


@dataclass(slots=True)
class Reading:
    """What one file gave.

    Attributes
    ----------
    status
        ``ok``, ``partial``, ``unreadable`` or ``not_dicom``.
    reason
        Why it is not ``ok``, in plain words; for ``not_dicom`` the kind of companion.
    size
        Bytes.
    facts
        None unless the file is DICOM.
    tokens
        The signature.
    columns
        Raw values, by `auditor.reading.columns.GATHERED`.
    references
        References to other instances.
    numbers
        Numbers of parts of the object, numbers that refer to such, and where its frames lie.
    sop_class
        SOP Class UID whose rules and tables apply: the data set's own, else file meta's.
    headings
        Of a companion that is a table: what its headings name, see
        `auditor.reading.companions.headings`.
    contents
        Of a companion: what it holds.
    private
        Bytes of private data elements, by the creator of the outermost.
    """

    status: str
    reason: str
    size: int
    facts: FileFacts | None
    tokens: list[Token]
    columns: list[bytes | None]
    references: list[Reference] = field(default_factory=list)
    sop_class: str = ""
    headings: str | None = None
    contents: Contents | None = None
    private: list[tuple[str, int]] = field(default_factory=list)
    numbers: list[tuple[Place, bytes]] = field(default_factory=list)


@lru_cache(maxsize=1024)
def _uncounted(name: str) -> str:
    """Return the name of a file without what counts it; many folders count alike."""
    return _COUNTER.sub("#", name)


def unreadable(reason: str, size: int = 0) -> Reading:
    """Return the reading of a file that gave nothing."""
    return Reading("unreadable", reason, size, None, [], [None] * len(GATHERED))


class Reader:
    """Reads files into readings, with one forest of places.

    Parameters
    ----------
    forest
        Places of the elements; the caller replaces the reader when it is full.
    """

    def __init__(self, forest: Forest) -> None:
        self._forest = forest
        self._meta = forest.tree(None)
        self._compared: dict[tuple[Comparison, tuple[Compared | Run, ...]], tuple[Token, ...]] = {}
        self._told: dict[tuple[str, bool, tuple[Compared | Run, ...]], tuple[Token, ...]] = {}
        self._compared_bytes = 0
        self._path = self._meta.child(FILE_PATH, "")

    def read(self, location: str, path: str = "") -> Reading:
        """Read one file. Never raises for what is in it, never follows a link.

        Parameters
        ----------
        location
            The absolute path to open.
        path
            The place inside the collection, which a comparison may look at.
        """
        self._forest.grown = 0
        try:
            descriptor = os.open(
                location, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
            )
        except OSError as error:
            return unreadable(_words(error))
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return unreadable("not a regular file")
            head = os.read(descriptor, HEAD)
            return self._read(descriptor, location, head, status.st_size, path)
        except OSError as error:
            return unreadable(_words(error))
        finally:
            os.close(descriptor)

    def _read(self, descriptor: int, location: str, head: bytes, size: int, path: str) -> Reading:
        if head[128:132] != b"DICM":
            return self._without_preamble(descriptor, location, head, size, path)
        walk = Walk(size, [None] * len(GATHERED))
        facts = FileFacts(_preamble(head), "present")
        try:
            try:
                start = walk_meta(head, 132, self._meta, walk)
            except Short:
                # Private information of the file meta may be of any length (PS3.10 7.1).
                head += os.pread(descriptor, META_LIMIT, len(head))
                walk = Walk(size, [None] * len(GATHERED))
                start = walk_meta(head, 132, self._meta, walk)
            walk.keep()
            syntax = _uid(walk.columns[TRANSFER_SYNTAX])
            if not syntax:
                raise Surprise("the file meta information names no transfer syntax")
            # pydicom strips more than padding, and then finds another syntax.
            if syntax != syntax.strip():
                raise Surprise("the transfer syntax has characters around it that no UID has")
            if syntax == BIG_ENDIAN:
                raise Surprise("big endian")
            if syntax == IMPLICIT and _has_vr(head, start):
                raise Surprise("explicit VR where the transfer syntax says implicit")
            if syntax in DEFLATED:
                complete = self._inflated(descriptor, start, walk)
            else:
                complete, trailing = self._stored(descriptor, head, start, walk, syntax == IMPLICIT)
                facts = facts._replace(trailing=trailing)
        except Surprise as surprise:
            return self._ask_pydicom(location, size, facts, str(surprise), path)
        except TooMuch:
            complete = "header"
        except Short:
            return unreadable("ends inside the file meta information", size)
        if self._forest.is_overgrown or self._forest.is_too_much(walk.tokens):
            # How far it was followed depends on the files before: nothing of it is taken.
            return unreadable(TOO_MUCH, size)
        self.compare(walk, path)
        return _reading(walk, facts._replace(complete=complete), size)

    def _without_preamble(
        self, descriptor: int, location: str, head: bytes, size: int, path: str
    ) -> Reading:
        """Read what does not begin as a file of PS3.10: DICOM all the same, or a companion."""
        how = is_dicom(head)
        if not how:
            kind = classify(head, size, location.rpartition(os.sep)[2])
            if kind == "dicom_damaged":
                return unreadable("DICOM whose start is lost", size)
            reading = unreadable(kind, size)
            reading.status, reading.headings = "not_dicom", headings(head, kind)
            if kind == "xls" and size <= FILE_LIMIT:
                words = first_words(head + _rest(descriptor, size - len(head)))
                reading.headings = None if words is None else named(words)
            reading.contents = contents(descriptor, kind, size)
            return reading
        absent = FileFacts("absent", "absent")
        return self._ask_pydicom(location, size, absent, how, path)

    def compare(self, walk: Walk, path: str) -> None:
        """Add what the comparisons say, each asked once per distinct set of its values.

        What is remembered is found by the runs that brought the values, not by each value:
        first for all comparisons at once, as most files of a series differ in none of them.
        """
        if not walk.compared:
            return
        if self._path.attention.comparisons:
            folder, slash, name = path.rpartition("/")
            path = folder + _uncounted(slash + name)
        whole = (path, walk.cut_off, tuple(walk.compared))
        tokens = self._told.get(whole)
        if tokens is None:
            if self._compared_bytes > COMPARED_BYTES:
                self._compared.clear()
                self._told.clear()
                self._compared_bytes = 0
            asked = self._wanted(walk, path).items()
            tokens = tuple(token for each, parts in asked for token in self._ask(each, parts))
            self._compared_bytes += 256
            self._told[whole] = tokens
        walk.tokens += tokens

    def _wanted(self, walk: Walk, path: str) -> dict[Comparison, list[Compared | Run]]:
        """Return which comparison wants what of an object."""
        wanted: dict[Comparison, list[Compared | Run]] = {}
        for each in walk.compared:
            asks = each.compared if isinstance(each, Run) else each[0].attention.comparisons
            for comparison in asks:
                wanted.setdefault(comparison, []).append(each)
        for comparison in self._path.attention.comparisons:
            if comparison in wanted:
                name = path.encode("utf-8", "replace")
                wanted[comparison].append((self._path, name, ("ISO_IR 192",)))
        if walk.cut_off:
            # What is said of a kind of object is said in its own tree.
            last = walk.compared[-1]
            place = (last.last if isinstance(last, Run) else last[0]).root
            cut_off = place.child(CUT_OFF, "")
            for comparison in cut_off.attention.comparisons:
                if comparison in wanted:
                    wanted[comparison].append((cut_off, b"", ()))
        return wanted

    def _ask(self, comparison: Comparison, parts: list[Compared | Run]) -> tuple[Token, ...]:
        key = (comparison, tuple(parts))
        tokens = self._compared.get(key)
        if tokens is None:
            elements: list[Compared] = []
            for each in parts:
                if isinstance(each, Run):
                    elements += each.compared[comparison]
                    self._compared_bytes += len(each.raw)
                else:
                    elements.append(each)
                    self._compared_bytes += len(each[1]) + 256
            tokens = self._compared[key] = compare(comparison, elements)
        return tokens

    def _stored(
        self, descriptor: int, head: bytes, start: int, walk: Walk, implicit: bool
    ) -> tuple[str, str]:
        """Walk a data set as it is stored; return `FileFacts.complete` and `trailing`.

        It is walked in a window of the file, which grows where the header is longer, and
        moves on over what is not read. A file is not mapped into memory: where a disk fails
        or the file is cut short meanwhile, reading says so, and a map kills the process.

        Raises
        ------
        TooMuch
            If the header is longer than `HEADER_LIMIT`.
        Surprise
            If the bytes cannot be explained.
        """
        window, base, position = head, 0, start
        while True:
            try:
                if base:
                    root = self._forest.tree(_class(walk), implicit)
                    walk_dataset(window, position, root, walk, implicit, resumed=True)
                else:
                    self._dataset(window, position, walk, implicit)
                return "yes", ""
            except Surprise as surprise:
                return _ended(window, walk, surprise)
            except Short as short:
                if short.inside == "header":
                    longer = _longer(descriptor, base, window, walk)
                    if len(longer) > len(window):
                        window = longer
                        continue
                if short.inside in ("header", "pixel data"):
                    return _ended(window, walk, short)
                stop = short.position
                if short.inside == "fragments":
                    stop = _fragments(descriptor, base, stop, walk)
                    if not stop:
                        return "pixel data", ""
                    if stop == walk.size:
                        return "yes", ""
                # Some bytes are kept, so that no position is 0, which says "none".
                distance, position = stop - KEPT, KEPT
                base += distance
                walk.move(distance)
                window = os.pread(descriptor, HEAD, base)

    def _inflated(self, descriptor: int, start: int, walk: Walk) -> str:
        """Inflate and walk a deflated data set; return `FileFacts.complete`."""
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        with os.fdopen(os.dup(descriptor), "rb") as file:
            file.seek(start)
            packed = file.read(INFLATED_LIMIT)
        try:
            data = inflater.decompress(packed, INFLATED_LIMIT)
        except zlib.error:
            return "header"
        walk.size = len(data)
        try:
            self._dataset(data, 0, walk, False)
        except Short as short:
            # What is not inflated to its end is not shown to anybody who would do it.
            return short.inside if inflater.eof else "header"
        except Surprise:
            # pydicom would inflate all there is: it is not asked.
            return "header"
        return "yes" if inflater.eof else "header"

    def _dataset(self, buffer: bytes, start: int, walk: Walk, implicit: bool) -> None:
        """Walk a data set in the tree of its own SOP class.

        The file meta information names it in time, as a rule; where the data set disagrees,
        it is walked again.
        """
        named = walk.columns[META_CLASS]
        guess = _class(walk)
        try:
            walk_dataset(buffer, start, self._forest.tree(guess, implicit), walk, implicit)
        finally:
            actual = guess if walk.columns[SOP_CLASS] == named else _class(walk)
            if actual != guess:
                walk.rewind()
                walk_dataset(buffer, start, self._forest.tree(actual, implicit), walk, implicit)

    def _ask_pydicom(
        self, location: str, size: int, facts: FileFacts, surprise: str, path: str
    ) -> Reading:
        from auditor.reading.fallback import CannotRead, read_with_pydicom

        # pydicom inflates all there is, however much that be.
        if _would_inflate(location):
            return unreadable("not well formed, and its data set is or may be deflated", size)
        walk = Walk(size, [None] * len(GATHERED))
        facts = facts._replace(surprise=surprise)
        try:
            complete, meta = read_with_pydicom(location, self._forest, walk)
        except CannotRead as error:
            return unreadable(str(error), size)
        if self._forest.is_overgrown or self._forest.is_too_much(walk.tokens):
            return unreadable(TOO_MUCH, size)
        self.compare(walk, path)
        return _reading(walk, facts._replace(complete=complete, meta=meta), size)


def _would_inflate(location: str) -> bool:
    """Whether pydicom finds a transfer syntax that makes it inflate a file, wherever it stands."""
    from auditor.reading.fallback import lenient

    with lenient():
        try:
            check_not_deflated(location)
        except WillNotDecode:
            return True
        except Exception:  # noqa: BLE001 - pydicom will raise it again, and inflate nothing
            return False
    return False


def _longer(descriptor: int, base: int, window: bytes, walk: Walk) -> bytes:
    """Return more of the file from `base`, for a new walk from there; no more if there is none.

    Raises
    ------
    TooMuch
        If the window is as long as an audit lets it become.
    """
    if len(window) >= walk.size:
        return window
    if len(window) >= HEADER_LIMIT:
        raise TooMuch
    longer = os.pread(descriptor, min(64 * len(window), HEADER_LIMIT), base)
    if len(longer) > len(window):
        walk.rewind()
    return longer


def _fragments(descriptor: int, base: int, position: int, walk: Walk) -> int:
    """Step over the fragments of encapsulated pixel data (PS3.5 A.4), which are not read.

    Returns
    -------
    int
        Where they end, from `base`; 0 if the file ends before they do.

    Raises
    ------
    TooMuch
        If they are more than an audit follows.
    Surprise
        If something else stands among them.
    """
    assert walk.pixels is not None
    count = offsets = -1
    while True:
        item = os.pread(descriptor, 8, base + position)
        if len(item) < 8:
            return 0
        tag, size = int.from_bytes(item[:4], "little"), int.from_bytes(item[4:], "little")
        position += 8
        if tag == SEQUENCE_END:
            walk.pixels = walk.pixels._replace(fragments=max(count, 0), offsets=max(offsets, 0))
            walk.pixels_end = (position, len(walk.tokens))
            return position
        if tag != ITEM:
            raise Surprise("a sequence holds something that is not an item")
        count += 1
        offsets = size if count == 0 else offsets
        position += size
        if size == UNDEFINED or position > walk.size:
            return 0
        if count > TOKEN_LIMIT:
            raise TooMuch


def _reading(walk: Walk, facts: FileFacts, size: int) -> Reading:
    columns = walk.columns
    named = columns[TRANSFER_SYNTAX], columns[META_CLASS], columns[SOP_CLASS]
    meta, instance = columns[META_INSTANCE], columns[SOP_INSTANCE]
    # What hostile files name is of any length: that is not remembered.
    short = sum(map(len, filter(None, named))) <= REMEMBERED
    tell = _with_what_elements_tell if short else _with_what_elements_tell.__wrapped__
    facts = tell(
        facts,
        *named,
        bool(meta),
        bool(instance and instance.rstrip(b" \0")),
        _agree(meta, instance),
        columns[ROWS] is None,
        walk.pixels,
    )
    status, reason = "ok", ""
    if facts.complete != "yes":
        status, reason = "partial", f"the {facts.complete} is cut short"
    return Reading(
        status,
        reason,
        size,
        facts,
        walk.tokens,
        columns,
        walk.references,
        _class(walk),
        private=walk.private,
        numbers=walk.numbers,
    )


@lru_cache(maxsize=1024)
def _with_what_elements_tell(
    facts: FileFacts,
    syntax: bytes | None,
    meta_class: bytes | None,
    sop_class: bytes | None,
    names_instance: bool,
    has_instance: bool,
    instances: str,
    no_rows: bool,
    pixels: Pixels | None,
) -> FileFacts:
    """Add to file facts what the elements tell; most files of a series tell the same.

    Parameters
    ----------
    facts
        What is known from reading the file.
    syntax, meta_class, sop_class
        Transfer syntax and SOP class of the file meta information, SOP class of the data set.
    names_instance, has_instance
        Whether the file meta information, and the data set, have a SOP Instance UID.
    instances
        Whether these agree.
    no_rows
        Whether there is no Rows (0028,0010).
    pixels
        How the pixel data stands there.
    """
    if facts.meta == "present" and not (syntax and meta_class and names_instance):
        facts = facts._replace(meta="incomplete")
    identified = {
        (True, True): "yes",
        (False, True): "no SOP Class UID",
        (True, False): "no SOP Instance UID",
        (False, False): "neither",
    }[bool(_uid(sop_class)), has_instance]
    if no_rows and _uid(meta_class) == MEDIA_STORAGE_DIRECTORY:
        identified = "directory"
    return facts._replace(
        identified=identified,
        sop_class=_agree(meta_class, sop_class),
        sop_instance=instances,
        syntax=_syntax(syntax),
        **(_pixels(pixels) if pixels is not None else {}),
    )


def _ended(buffer: bytes, walk: Walk, problem: Short | Surprise) -> tuple[str, str]:
    """Return `FileFacts.complete` and `trailing` of a data set that cannot be walked on.

    The pixel data is the last element as a rule. What stands behind it and cannot be an
    element, as tags ascend (PS3.5 7.1), does not make the data set incomplete.

    Raises
    ------
    Surprise
        If `problem` is one that is not explained so.
    """
    position, tokens = walk.pixels_end
    rest = buffer[position : position + TRAILING]
    if not position or int.from_bytes(rest[:2], "little") >= PIXEL_GROUP:
        if isinstance(problem, Surprise):
            raise problem
        return problem.inside, ""
    del walk.tokens[tokens:]
    return "yes", _looks(rest)


def _looks(rest: bytes) -> str:
    """Return in a word what bytes look like that should not be there."""
    text = rest.strip(b"\0 \r\n")
    if not text:
        return "zeros"
    return "text" if _is_text(text) else "other"


def _is_text(text: bytes) -> bool:
    return bool(text) and all(0x20 <= byte < 0x7F or byte in b"\t\r\n" for byte in text)


def _class(walk: Walk) -> str:
    """Return the SOP class as far as it is known: the data set's own, else file meta's."""
    for value in (walk.columns[SOP_CLASS], walk.columns[META_CLASS]):
        uid = (_known_uid if value and len(value) <= REMEMBERED else _uid)(value)
        if uid:
            return uid
    return ""


def _agree(meta: bytes | None, dataset: bytes | None) -> str:
    if not meta or not dataset:
        return "absent"
    return "same" if meta.rstrip(b" \0") == dataset.rstrip(b" \0") else "different"


_PIXELS = {0x7FE00008: "float", 0x7FE00009: "double", 0x7FE00010: "native"}


def _pixels(pixels: Pixels) -> dict[str, str]:
    """Return the file facts of pixel data."""
    if pixels.length >= 0:
        return {"pixels": _PIXELS[pixels.tag], "pixel_bytes": str(pixels.length)}
    if pixels.fragments < 0:
        return {"pixels": "encapsulated", "pixel_vr": pixels.vr}
    return {
        "pixels": "encapsulated",
        "pixel_vr": pixels.vr,
        "fragments": str(pixels.fragments),
        "offsets": str(pixels.offsets),
    }


def _syntax(value: bytes | None) -> str:
    uid = _uid(value)
    return uid if not uid or transfer_syntax_name(uid) else "unknown"


def _preamble(head: bytes) -> str:
    preamble = head[:128]
    if not preamble.strip(b"\0"):
        return "zero"
    if preamble.startswith(EXECUTABLES):
        return "executable"
    if preamble[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "tiff"
    return "text" if _is_text(preamble.strip(b"\0 ")) else "other"


def _rest(descriptor: int, size: int) -> bytes:
    """Read so many bytes more, or what is left."""
    parts = []
    while size > 0 and (part := os.read(descriptor, size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _has_vr(head: bytes, position: int) -> bool:
    """Whether an element seems to have a VR: two letters, in implicit VR a length above 16 KB."""
    letters = head[position + 4 : position + 6]
    return len(letters) == 2 and letters.isalpha() and letters.isupper()


def _uid(value: bytes | None) -> str:
    return (value or b"").rstrip(b" \0").decode("latin-1")


_known_uid = lru_cache(maxsize=1024)(_uid)


def _words(error: OSError) -> str:
    return (error.strerror or "cannot be read").lower()
