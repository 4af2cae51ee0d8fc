"""What pydicom is let take of a file: it takes elements as long as there are bytes.

Behind a cut header, or behind a whole data set, files are padded up to their length: where space
was allocated before a download broke off, or an export fills its blocks. pydicom makes an element
(0000,0000) of every eight zeros, and a sparse file has any number.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from auditor.reading.places import PIXEL_TAGS

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

DEFER = 1 << 20
"""Bytes from which pydicom leaves a value in the file."""

ELEMENT_LIMIT = 1 << 16
"""Elements of the top level that are taken of one data set: PS3.6 has a tenth of it. Each is there
at most once (PS3.5 7.1), but pydicom takes one as often as it comes."""

WORK_LIMIT = 4_000_000
"""Reads of one file or sequence, as many as the elements that the walker follows may take."""

PIECE = 64
"""Bytes that count as one read more, in a long one: 256 MB of a file may be searched."""

_SEARCHED = 1 << 13
"""Bytes that pydicom reads at once to find an end; what is more is one value, taken whole."""

_ZEROS = bytes(8)

_PADDING = {(0, 0), (0xFFFFFFFF, 0xFFFFFFFF)}
"""Tag and length of what is made of padding: no data set has elements of these (PS3.5 7.1)."""

StopWhen = Callable[[int, str | None, int], bool]


class _Bound:
    """Ends a file before its end: where nothing but zeros follows, or after much reading."""

    def __init__(self, limit: int) -> None:
        self.is_over = False
        self._left = limit
        self._zeros_end = -1

    def of(self, data: bytes, end: Callable[[], int]) -> bytes:
        """Return what pydicom is to get of bytes read, which end there."""
        self._left -= 1 + min(len(data), _SEARCHED) // PIECE
        if data == _ZEROS:
            # One may be a value, or a header that is none; behind it none can begin.
            here = end()
            self.is_over |= here == self._zeros_end + 8
            self._zeros_end = here
        self.is_over |= self._left < 0
        return b"" if self.is_over else data


class BoundedFile(io.BufferedReader):
    """A file of which pydicom gets no more than an audit spends."""

    def __init__(self, location: str, limit: int | None = None) -> None:
        super().__init__(io.FileIO(location))
        self.bound = _Bound(WORK_LIMIT if limit is None else limit)

    def read(self, size: int | None = -1) -> bytes:
        """Read bytes; none any more where the bound is reached."""
        return self.bound.of(super().read(size), self.tell)


class BoundedBytes(io.BytesIO):
    """The same of bytes in memory."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.bound = _Bound(WORK_LIMIT)

    def read(self, size: int | None = -1) -> bytes:
        """Read bytes; none any more where the bound is reached."""
        return self.bound.of(super().read(size), self.tell)


def bounded(source: str | BinaryIO) -> BoundedFile | BoundedBytes:
    """Open a file by its location, or one that is open already from its start."""
    if isinstance(source, str):
        return BoundedFile(source)
    source.seek(0)
    return BoundedBytes(source.read())


class Taken(NamedTuple):
    """What pydicom took of a file.

    Attributes
    ----------
    dataset
        What it made; of a sequence in which it was stopped, nothing may be left.
    ended
        Why it went no further: ``padding`` stands where an element of the top level should,
        ``too much`` (there is more than it is let take, or zeros stand inside of a sequence);
        empty if it read to the end, or stopped where it was asked to.
    """

    dataset: Dataset
    ended: str = ""


def take_of(
    file: BoundedFile | BoundedBytes,
    *,
    defer_size: int | None = None,
    tags: Iterable[int | str] = (),
    stop_when: StopWhen | None = None,
) -> Taken:
    """Read a file with pydicom, as far as an audit follows it.

    Parameters
    ----------
    file
        Read from where it stands.
    defer_size
        Bytes from which pydicom leaves a value in the file.
    tags
        The elements that are wanted, as tags or keywords; by default all.
    stop_when
        Where to stop besides, by tag, VR and length of an element of the top level.

    Raises
    ------
    Exception
        Whatever the parts of pydicom raise.
    """
    from pydicom.filereader import read_partial
    from pydicom.tag import Tag

    count, ended = 0, ""

    def stops(tag: int, vr: str | None, length: int) -> bool:
        nonlocal count, ended
        count += 1
        if (tag, length) in _PADDING:
            ended = "padding"
        elif count > ELEMENT_LIMIT:
            ended = "too much"
        return bool(ended) or (stop_when is not None and stop_when(tag, vr, length))

    dataset = read_partial(
        file,
        stops,
        defer_size=defer_size,
        force=True,
        specific_tags=[Tag(each) for each in tags] or None,
    )
    return Taken(dataset, "too much" if file.bound.is_over else ended)


def at_pixel_data(tag: int, _: str | None, __: int) -> bool:
    """Whether the pixel data begins here."""
    return tag in PIXEL_TAGS


def convert_sequence(
    value: bytes,
    is_implicit: bool,
    is_little_endian: bool,
    encoding: Any = None,
    offset: int = 0,
) -> Any:
    """Make the items of a sequence whose bytes pydicom has, in place of its own `convert_SQ`."""
    from pydicom.charset import default_encoding
    from pydicom.filereader import read_sequence

    return read_sequence(
        BoundedBytes(value),
        is_implicit,
        is_little_endian,
        len(value),
        encoding or [default_encoding],
        offset,
    )
