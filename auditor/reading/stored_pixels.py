"""The pixel data of a file as it is stored: read piece by piece, and told by a digest."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Any, BinaryIO, NamedTuple

from auditor.reading.places import PIXEL_TAGS
from auditor.reading.walker import ITEM, UNDEFINED
from auditor.standard.sop_classes import DEFLATED

CHUNK = 1 << 20
"""Bytes of pixel data that are in memory at once."""

DIGEST = 16
"""Bytes of a digest."""


class Pixels(NamedTuple):
    """The pixel data of one object, as it is stored.

    Attributes
    ----------
    digest
        Of the bytes of the value, of encapsulated pixel data of its fragments without the
        offset table; empty if there is none.
    blank
        Whether all bytes are the same: such images tell nothing apart.
    problem
        If not empty: why it could not be read, in plain words.
    """

    digest: bytes = b""
    blank: bool = False
    problem: str = ""


def pixels_of(location: str, syntax: str, limit: int | None = None) -> Pixels:
    """Read the pixel data of a file piece by piece. Never raises for what is in it.

    Parameters
    ----------
    location
        The absolute path to open.
    syntax
        Its transfer syntax; a deflated data set is not inflated for this.
    limit
        Bytes of pixel data that are read; of more, nothing is said.
    """
    if syntax in DEFLATED:
        return Pixels(problem="its data set is deflated")
    from auditor.reading.bounded import BoundedFile, take_of
    from auditor.reading.fallback import lenient

    with lenient(), open(location, "rb") as file:  # noqa: PTH123 - the name may not be text
        # pydicom raises whatever its parts raise; a hostile file must not end the comparison.
        try:
            with BoundedFile(location) as bounded:
                dataset, ended = take_of(bounded, defer_size=CHUNK, tags=PIXEL_TAGS)
            there = [tag for tag in sorted(PIXEL_TAGS) if tag in dataset]
            if not there:
                is_unknown = ended == "too much"
                return Pixels(problem="its pixel data is not reached" if is_unknown else "")
            pieces = _pieces(file, dataset.get_item(there[0], keep_deferred=True))
            return _digest(pieces, limit)
        except Exception as error:  # noqa: BLE001
            return Pixels(problem=f"its pixel data cannot be read ({type(error).__name__})")


def _pieces(file: BinaryIO, element: Any) -> Iterator[bytes]:
    file.seek(element.value_tell)
    if element.length != UNDEFINED:
        yield from _read(file, element.length)
        return
    first = True
    while True:
        header = file.read(8)
        if int.from_bytes(header[:4], "little") != ITEM:
            return
        length = int.from_bytes(header[4:], "little")
        if first:
            # The offset table says where fragments lie, not what is in them (PS3.5 A.4).
            file.seek(length, io.SEEK_CUR)
            first = False
        else:
            yield from _read(file, length)


def _read(file: BinaryIO, length: int) -> Iterator[bytes]:
    while length:
        piece = file.read(min(CHUNK, length))
        if not piece:
            return
        length -= len(piece)
        yield piece


def _digest(pieces: Iterable[bytes], limit: int | None) -> Pixels:
    hasher = blake2b(digest_size=DIGEST)
    seen: set[int] = set()
    size = 0
    for piece in pieces:
        size += len(piece)
        if limit is not None and size > limit:
            return Pixels(problem="more pixel data than an audit reads")
        hasher.update(piece)
        if len(seen) < 2:
            seen.update(piece)
    return Pixels(hasher.digest(), len(seen) == 1) if seen else Pixels()
