"""Reading with pydicom what the walker will not: same tokens, at pydicom's speed."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from pydicom import config
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_deferred_data_element
from pydicom.filewriter import write_data_element
from pydicom.valuerep import VR
from pydicom.values import converters

from auditor.reading.bounded import DEFER, Taken, bounded, convert_sequence, take_of
from auditor.reading.places import (
    CONSTANT,
    LONG_VRS,
    PIXEL_TAGS,
    SEQUENCE,
    SHORT_VRS,
    Forest,
    Place,
)
from auditor.reading.walker import (
    DEPTH_LIMIT,
    TOKEN_LIMIT,
    UNDEFINED,
    Pixels,
    Walk,
    known_vr,
    take,
)
from auditor.standard.sop_classes import ELSEWHERE, IMAGES

INCOMPLETE_LIMIT = 1 << 28
"""Bytes read of a file that lacks its preamble."""

ITEM_LIMIT = 200_000
"""Items that pydicom is let make: it makes a data set of each before anybody can count them."""

_ZEROS = bytes(DEFER)

_ITEM_TAGS = b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00"
"""What every item begins with (PS3.5 7.5), in little and in big endian."""

WIDTHS = {"AT": 2, "OW": 2, "SS": 2, "US": 2, "FL": 4, "OF": 4, "OL": 4, "SL": 4, "UL": 4} | {
    "FD": 8, "OD": 8, "OV": 8, "SV": 8, "UV": 8
}  # fmt: skip


class CannotRead(Exception):
    """Not even pydicom gets anything out of the file."""


class _Cut(Exception):
    """A value is longer than what is left of the file; says what is cut short."""


@contextmanager
def lenient() -> Iterator[None]:
    """Let pydicom take values as they are, silently; its settings are put back.

    Its log records and warnings hold values. Of a sequence it makes no more than of a file.
    """
    before = config.settings._reading_validation_mode, config.logger.disabled
    convert = converters[VR.SQ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config.settings.reading_validation_mode = config.IGNORE
        config.logger.disabled = True
        converters[VR.SQ] = convert_sequence
        try:
            yield
        finally:
            converters[VR.SQ] = convert
            config.settings._reading_validation_mode, config.logger.disabled = before


@contextmanager
def strict() -> Iterator[None]:
    """Let pydicom raise where it would guess, silently; its settings are put back."""
    with lenient():
        config.settings.reading_validation_mode = config.RAISE
        yield


def read_with_pydicom(location: str, forest: Forest, walk: Walk) -> tuple[str, str]:
    """Read a file with pydicom and feed what it holds to `walk`.

    Returns
    -------
    tuple of str
        ``FileFacts.complete`` and ``FileFacts.meta``.

    Raises
    ------
    CannotRead
        If there is not one element.
    """
    with lenient():
        # pydicom raises whatever its parts raise; a hostile file must not end the audit.
        try:
            dataset, complete = read_lazily(location)
        except Exception as error:  # noqa: BLE001
            raise CannotRead(_words(error)) from None
        try:
            meta = dataset.file_meta
            _feed(meta, forest.tree(None), walk, location, False, 0)
            if not len(dataset) and not len(meta):
                raise CannotRead("holds no element that can be read")
            sop_class = _class(dataset)
            implicit = bool(dataset.original_encoding[0])
            _feed(dataset, forest.tree(sop_class, implicit), walk, location, implicit, 0)
        except CannotRead:
            raise
        except _Cut as cut:
            complete = str(cut)
        except Exception:  # noqa: BLE001
            complete = "header"
    return complete, "present" if len(meta) else "absent"


def as_read(location: str) -> Any:
    """Return what pydicom is to read: what follows DICM, if a file begins with that."""
    with open(location, "rb") as file:  # noqa: PTH123 - the name may not be text
        if file.read(4) == b"DICM":
            return io.BytesIO(file.read(INCOMPLETE_LIMIT))
    return location


def read_lazily(location: str) -> tuple[Dataset, str]:
    """Read a file, long values left in it; of too much up to the first large sequence.

    That is the first of undefined length: pydicom would make all of it at once. Too much are many
    items, and zeros inside of a sequence up to the end of the file.

    Returns
    -------
    tuple
        What was read, and ``FileFacts.complete`` as far as that says it.
    """
    if not has_too_many_items(location):
        with bounded(as_read(location)) as file:
            # pydicom raises whatever its parts raise, where it is stopped as where bytes are wrong.
            try:
                taken = take_of(file, defer_size=DEFER)
            except Exception:
                if not file.bound.is_over:
                    raise
            else:
                if not file.bound.is_over:
                    return taken.dataset, "header" if _is_cut_short(taken) else "yes"
    with bounded(as_read(location)) as file:
        return take_of(file, defer_size=DEFER, stop_when=_is_made_at_once).dataset, "header"


def _class(dataset: Dataset) -> str:
    named = dataset.get("SOPClassUID") or dataset.file_meta.get("MediaStorageSOPClassUID")
    return str(named or "")


def _is_cut_short(taken: Taken) -> bool:
    """Whether what was taken of a file is not its whole data set.

    Padding stands behind a whole one as behind one that was cut. Where an object must have pixel
    data and has none it was cut before that; of others nothing says which element is the last.
    """
    if taken.ended != "padding":
        return bool(taken.ended)
    dataset = taken.dataset
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    return (
        _class(dataset) in IMAGES
        and syntax not in ELSEWHERE
        and not any(tag in dataset for tag in PIXEL_TAGS)
    )


def _is_made_at_once(tag: int, _: str | None, length: int) -> bool:
    return length == UNDEFINED and tag not in PIXEL_TAGS


def _count_items(file: BinaryIO, length: int) -> int:
    """Return how many items begin in the next bytes of a file at most; more than enough is enough.

    It stands where it began thereafter.
    """
    start = file.tell()
    before, count = b"", 0
    while length > 0 and count <= ITEM_LIMIT:
        piece = file.read(min(DEFER, length))
        if not piece:
            break
        length -= len(piece)
        # Of a tag that lies across two pieces the first has at most three bytes. Where there are
        # but zeros, as in a file that was never filled, one is found in the first byte at most.
        window = before + (piece[:3] if piece == _ZEROS else piece)
        count += sum(map(window.count, _ITEM_TAGS))
        before = window[-3:]
    file.seek(start)
    return count


def has_too_many_items(location: str) -> bool:
    """Whether pydicom may make more items of a file than it is let make, however it reads it."""
    with open(location, "rb") as file:  # noqa: PTH123 - the name may not be text
        return _count_items(file, INCOMPLETE_LIMIT) > ITEM_LIMIT


def has_too_long_a_value(dataset: Dataset) -> bool:
    """Whether one who looks at a data set would get a value of gigabytes into memory.

    Pixel data and private values nobody looks at.
    """
    for tag in sorted(dataset.keys()):
        element: Any = dataset.get_item(tag, keep_deferred=True)
        if tag in PIXEL_TAGS or (tag.is_private and element.VR != "SQ"):
            continue
        if isinstance(element, RawDataElement) and INCOMPLETE_LIMIT < element.length < UNDEFINED:
            return True
    return False


def items_in(element: Any, location: str) -> int:
    """Return how many items a sequence has at most that is not converted yet, at any depth."""
    if not isinstance(element, RawDataElement):
        return 0
    if element.value is not None or not element.length:
        return _count_items(io.BytesIO(element.value or b""), element.length)
    with open(location, "rb") as file:  # noqa: PTH123 - the name may not be text
        file.seek(element.value_tell)
        return _count_items(file, element.length)


def _words(error: BaseException) -> str:
    # The text of an exception can quote the file; its type cannot.
    return f"pydicom cannot read it ({type(error).__name__})"


def _feed(
    dataset: Dataset, place: Place, walk: Walk, location: str, implicit: bool, depth: int
) -> None:
    if depth > DEPTH_LIMIT:
        raise RecursionError
    creators: dict[int, str] = {}
    mark = len(walk.references)
    items = 0
    for tag in sorted(dataset.keys()):
        # What pydicom left in the file it would convert on the way, items and all.
        element: Any = dataset.get_item(tag, keep_deferred=True)
        written = str(element.VR or "")
        if written not in LONG_VRS | SHORT_VRS:
            written = ""
        # In implicit VR pydicom names some VRs itself; only a sequence is to be believed.
        vr = known_vr(int(tag), "" if implicit and written != "SQ" else written)
        group, number = int(tag) >> 16, int(tag) & 0xFFFF
        creator = creators.get(group << 8 | number >> 8, "") if group & 1 and number > 0xFF else ""
        if vr == "SQ":
            _check_length(element)
            items += 0 if depth else items_in(element, location)
            _check(items, ITEM_LIMIT)
            element = dataset[tag]
        kid = place.child(int(tag), vr, creator)
        if len(walk.tokens) > TOKEN_LIMIT or kid.forest.is_overgrown:
            raise RecursionError
        _measure(element, int(tag), depth, walk)
        if isinstance(element, RawDataElement) and _is_cut(element, walk.size):
            walk.tokens.append(kid.full)
            raise _Cut("pixel data" if int(tag) in PIXEL_TAGS and not depth else "header")
        if kid.mode == SEQUENCE:
            walk.tokens.append(kid.full)
            for item in element.value or ():
                _check(len(walk.tokens), TOKEN_LIMIT)
                walk.tokens.append(kid.item)
                if kid.attention.comparisons:
                    walk.compare(kid, b"")
                outer = walk.enter(depth)
                _feed(item, kid, walk, location, implicit, depth + 1)
                walk.leave(outer)
            continue
        if kid.owner is not None:
            raw = isinstance(element, RawDataElement)
            size = element.length if raw else len(encoded(element))
            walk.private.append((kid.owner, size))
        if kid.mode == CONSTANT:
            full = element.length if isinstance(element, RawDataElement) else element.value
            walk.tokens.append(kid.full if full else kid.empty)
        else:
            _check_length(element)
            take(kid, stored_bytes(element, dataset, location), walk, creators, mark)


def _check(count: int, limit: int) -> None:
    if count > limit:
        raise RecursionError


def _check_length(element: Any) -> None:
    """Make sure that a value which is looked at is none of gigabytes: pydicom reads it at once."""
    if isinstance(element, RawDataElement) and element.length != UNDEFINED:
        _check(element.length, INCOMPLETE_LIMIT)


def _measure(element: Any, tag: int, depth: int, walk: Walk) -> None:
    """Note how long pixel data of the top level is; nobody counts its fragments here."""
    if not depth and tag in PIXEL_TAGS and isinstance(element, RawDataElement):
        if element.length == UNDEFINED:
            walk.pixels = Pixels(tag, -1, vr=element.VR or "")
        else:
            walk.pixels = Pixels(tag, element.length)


def _is_cut(element: RawDataElement, size: int) -> bool:
    if element.length == UNDEFINED:
        return False
    if element.value is None:
        return element.value_tell + element.length > size
    return len(element.value) < element.length


def stored_bytes(element: Any, dataset: Dataset, location: str) -> bytes:
    """Return a value's bytes as a little-endian file would hold them."""
    if isinstance(element, DataElement):
        return encoded(element)
    raw: RawDataElement = element
    if raw.value is None and raw.length:
        raw = read_deferred_data_element(dataset.fileobj_type, location, None, raw)
    return little_endian(raw)


def little_endian(raw: RawDataElement) -> bytes:
    """Return a value's bytes as a little-endian file would hold them."""
    value = raw.value or b""
    width = WIDTHS.get(raw.VR or "", 1)
    if not raw.is_little_endian and width > 1:
        whole = len(value) - len(value) % width
        swapped = bytearray(value)
        for offset in range(width):
            swapped[offset:whole:width] = value[width - 1 - offset : whole : width]
        return bytes(swapped)
    return value


def encoded(element: DataElement) -> bytes:
    """Write a value that pydicom has already converted back to bytes."""
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, True
    write_data_element(buffer, element)
    return buffer.getvalue()[8:]
