"""One file to a `Reading`: what is in it, how far it could be read, and what is odd about it."""

from __future__ import annotations

import mmap
import os
import stat
import zlib
from dataclasses import dataclass, field
from typing import NamedTuple

from auditor.reading.columns import COLUMN, COLUMNS
from auditor.reading.companions import classify
from auditor.reading.detect import is_dicom
from auditor.reading.places import Forest, Token
from auditor.reading.runs import walk_dataset, walk_meta
from auditor.reading.walker import Buffer, Reference, Short, Surprise, TooMuch, Walk
from auditor.standard.sop_classes import MEDIA_STORAGE_DIRECTORY

HEAD = 1 << 14
"""Bytes read first: most headers are shorter, and a longer read costs more than it saves."""

INFLATED_LIMIT = 1 << 28
"""Bytes that a deflated data set may have (PS3.5 A.5); more is taken for a bomb."""

IMPLICIT = "1.2.840.10008.1.2"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
DEFLATED = {
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.4.95",
    "1.2.840.10008.1.2.4.205",
}

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


class FileFacts(NamedTuple):
    """What a file says beside its data set. Each field is one of a few words.

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
    """

    preamble: str
    meta: str
    sop_class: str = "absent"
    sop_instance: str = "absent"
    complete: str = "yes"
    identified: str = "yes"
    surprise: str = ""


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
        Raw values, by `auditor.reading.columns.COLUMNS`.
    references
        References to other instances.
    sop_class
        SOP Class UID whose rules and tables apply: the data set's own, else file meta's.
    """

    status: str
    reason: str
    size: int
    facts: FileFacts | None
    tokens: list[Token]
    columns: list[bytes | None]
    references: list[Reference] = field(default_factory=list)
    sop_class: str = ""


def unreadable(reason: str, size: int = 0) -> Reading:
    """Return the reading of a file that gave nothing."""
    return Reading("unreadable", reason, size, None, [], [None] * len(COLUMNS))


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

    def read(self, location: str) -> Reading:
        """Read one file. Never raises for what is in it, never follows a link."""
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
            return self._read(descriptor, location, head, status.st_size)
        except OSError as error:
            return unreadable(_words(error))
        finally:
            os.close(descriptor)

    def _read(self, descriptor: int, location: str, head: bytes, size: int) -> Reading:
        part10 = head[128:132] == b"DICM"
        if not part10:
            how = is_dicom(head)
            if not how:
                name = location.rpartition(os.sep)[2]
                kind = classify(head, size, name)
                if kind == "dicom_damaged":
                    return unreadable("DICOM whose start is lost", size)
                reading = unreadable(kind, size)
                reading.status = "not_dicom"
                return reading
            return self._ask_pydicom(location, head, size, FileFacts("absent", "absent"), how)
        walk = Walk(size, [None] * len(COLUMNS))
        facts = FileFacts(_preamble(head), "present")
        try:
            start = walk_meta(head, 132, self._meta, walk)
            walk.keep()
            syntax = _uid(walk.columns[TRANSFER_SYNTAX])
            if not syntax:
                raise Surprise("the file meta information names no transfer syntax")
            if syntax == BIG_ENDIAN:
                raise Surprise("big endian")
            if syntax in DEFLATED:
                complete = self._inflated(descriptor, start, walk)
            else:
                complete = self._stored(descriptor, head, start, walk, syntax == IMPLICIT)
        except Surprise as surprise:
            return self._ask_pydicom(location, head, size, facts, str(surprise))
        except TooMuch:
            complete = "header"
        except Short:
            return unreadable("ends inside the file meta information", size)
        return _reading(walk, facts._replace(complete=complete), size)

    def _stored(self, descriptor: int, head: bytes, start: int, walk: Walk, implicit: bool) -> str:
        """Walk a data set that is stored as it is; return `FileFacts.complete`."""
        try:
            self._dataset(head, start, walk, implicit)
            return "yes"
        except Short as short:
            if len(head) >= walk.size or short.inside == "pixel data":
                return short.inside
            position = short.position
            if short.inside == "header":
                position = start
                walk.rewind()
        # The file is longer than what was read: the system pages in what the walk touches.
        with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as whole:
            walk.size = len(whole)
            try:
                if position == start:
                    self._dataset(whole, start, walk, implicit)
                else:
                    root = self._forest.tree(_class(walk), implicit)
                    walk_dataset(whole, position, root, walk, implicit, resumed=True)
            except Short as short:
                return short.inside
        return "yes"

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

    def _dataset(self, buffer: Buffer, start: int, walk: Walk, implicit: bool) -> None:
        """Walk a data set in the tree of its own SOP class.

        The file meta information names it in time, as a rule; where the data set disagrees,
        it is walked again.
        """
        guess = _class(walk)
        try:
            walk_dataset(buffer, start, self._forest.tree(guess, implicit), walk, implicit)
        finally:
            actual = _class(walk)
            if actual != guess:
                walk.rewind()
                walk_dataset(buffer, start, self._forest.tree(actual, implicit), walk, implicit)

    def _ask_pydicom(
        self, location: str, head: bytes, size: int, facts: FileFacts, surprise: str
    ) -> Reading:
        from auditor.reading.fallback import CannotRead, read_with_pydicom

        # pydicom inflates all there is, however much that be.
        if any(uid.encode() in head for uid in DEFLATED):
            return unreadable("a deflated data set in a file that is not well formed", size)
        walk = Walk(size, [None] * len(COLUMNS))
        facts = facts._replace(surprise=surprise)
        try:
            complete, meta = read_with_pydicom(location, self._forest, walk)
        except CannotRead as error:
            return unreadable(str(error), size)
        return _reading(walk, facts._replace(complete=complete, meta=meta), size)


def _reading(walk: Walk, facts: FileFacts, size: int) -> Reading:
    columns = walk.columns
    if facts.meta == "present" and not (
        columns[TRANSFER_SYNTAX] and columns[META_CLASS] and columns[META_INSTANCE]
    ):
        facts = facts._replace(meta="incomplete")
    facts = facts._replace(
        identified=_identified(columns),
        sop_class=_agree(columns[META_CLASS], columns[SOP_CLASS]),
        sop_instance=_agree(columns[META_INSTANCE], columns[SOP_INSTANCE]),
    )
    status, reason = "ok", ""
    if facts.complete != "yes":
        status, reason = "partial", f"the {facts.complete} is cut short"
    return Reading(status, reason, size, facts, walk.tokens, columns, walk.references, _class(walk))


def _class(walk: Walk) -> str:
    """Return the SOP class as far as it is known: the data set's own, else file meta's."""
    return _uid(walk.columns[SOP_CLASS]) or _uid(walk.columns[META_CLASS])


def _identified(columns: list[bytes | None]) -> str:
    if _uid(columns[META_CLASS]) == MEDIA_STORAGE_DIRECTORY and columns[ROWS] is None:
        return "directory"
    lacks = not _uid(columns[SOP_CLASS]), not _uid(columns[SOP_INSTANCE])
    return {
        (False, False): "yes",
        (True, False): "no SOP Class UID",
        (False, True): "no SOP Instance UID",
        (True, True): "neither",
    }[lacks]


def _agree(meta: bytes | None, dataset: bytes | None) -> str:
    if not meta or not dataset:
        return "absent"
    return "same" if meta.rstrip(b" \0") == dataset.rstrip(b" \0") else "different"


def _preamble(head: bytes) -> str:
    preamble = head[:128]
    if not preamble.strip(b"\0"):
        return "zero"
    if preamble.startswith(EXECUTABLES):
        return "executable"
    if preamble[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "tiff"
    text = preamble.strip(b"\0 ")
    if text and all(0x20 <= byte < 0x7F or byte in b"\t\r\n" for byte in text):
        return "text"
    return "other"


def _uid(value: bytes | None) -> str:
    return (value or b"").rstrip(b" \0").decode("latin-1")


def _words(error: OSError) -> str:
    return (error.strerror or "cannot be read").lower()
