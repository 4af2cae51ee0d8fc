"""What is looked at before pixels are decoded: pydicom and its codecs believe what a file says."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, BinaryIO

from auditor.standard.sop_classes import DEFLATED

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


class WillNotDecode(Exception):
    """Decoding would take more than an audit spends; the message says why, without a value."""


FRAME_BYTES = 1 << 28
"""Bytes that a decoded frame may have: a large mammogram has 50 million."""


META_LIMIT = 1 << 16
"""Reads of file meta information: private information there may be of any length (PS3.10 7.1)."""


@contextmanager
def opened(source: str | BinaryIO) -> Iterator[BinaryIO]:
    """Open a file by its name, or take one that is open from its beginning."""
    if isinstance(source, str):
        with open(source, "rb") as file:  # noqa: PTH123 - the name may not be text
            yield file
    else:
        source.seek(0)
        yield source


def check_not_deflated(location: str) -> None:
    """Make sure that pydicom would not inflate a file: it inflates all there is (PS3.5 A.5).

    Raises
    ------
    WillNotDecode
        If its transfer syntax says that it is deflated, or may say so later than it is looked for.
    """
    from pydicom.filereader import _read_file_meta_info, read_preamble

    from auditor.reading.bounded import BoundedFile

    with BoundedFile(location, META_LIMIT) as file:
        # As pydicom does it: how long the file meta information is, is up to the file.
        if read_preamble(file, force=True) is None and file.read(4) != b"DICM":
            file.seek(0)
        syntax = _read_file_meta_info(file).get("TransferSyntaxUID")
        if file.bound.is_over:
            raise WillNotDecode("file meta information without an end")
    if syntax in DEFLATED:
        raise WillNotDecode("a deflated data set, which is not inflated")


def header_of(source: str | BinaryIO, keywords: Iterable[str] = ()) -> tuple[Dataset, int]:
    """Read what stands before the pixel data; return it, and where that begins, if anywhere.

    Parameters
    ----------
    source
        Where the file is, or the file.
    keywords
        The attributes that are wanted; by default all.

    Raises
    ------
    WillNotDecode
        If it has no end: pydicom's decoders would look for the pixel data behind it for ever.
    """
    from auditor.reading.bounded import DEFER, at_pixel_data, bounded, take_of

    with bounded(source) as file:
        taken = take_of(file, defer_size=DEFER, tags=keywords, stop_when=at_pixel_data)
        if taken.ended:
            raise WillNotDecode("a header that is not followed by its pixels")
        return taken.dataset, file.tell()


FRAGMENT_LIMIT = 1 << 20
"""Fragments of encapsulated pixel data whose heads are looked at."""

HEAD = 1 << 16
"""Bytes of a codestream in which its head is looked for, marker by marker."""

_SOI, _SOC_SIZ = b"\xff\xd8", b"\xff\x4f\xff\x51"
_FRAME_HEADS = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}
"""Markers SOF0 to SOF15 (ITU-T T.81 table B.1) and SOF55 (T.87): how large the image is."""


def check_codestreams(source: str | BinaryIO) -> None:
    """Make sure that every codestream is as large as the header says: decoders allocate by it.

    Pixel data is read as pydicom's decoders find it: the first there is, behind the elements of
    group 0028 before it. Native pixels have no size of their own; RLE Lossless has none in its
    head, and is counted where it may become larger than an audit decodes.

    Raises
    ------
    WillNotDecode
        If one has other rows, columns or components, or says none of them in its head.
    """
    from pydicom.uid import RLELossless

    shape = ["Rows", "Columns", "SamplesPerPixel"]
    header, start = header_of(source, shape)
    syntax = header.file_meta.get("TransferSyntaxUID")
    if syntax is None or not syntax.is_encapsulated:
        return
    said = tuple(int(header[name].value) for name in shape)
    with opened(source) as file:
        # Tag, VR and length of the pixel data, which is in explicit VR (PS3.5 A.4).
        file.seek(start + 12)
        if syntax == RLELossless:
            for length in _fragments(file):
                if length > FRAME_BYTES:
                    raise WillNotDecode("more pixels than an audit looks at")
                if 64 * length > FRAME_BYTES:
                    _check_rle(file.read(length), said[0] * said[1])
            return
        is_first = True
        for length in _fragments(file):
            head = file.read(min(HEAD, length))
            # What begins like no codestream goes on with the one before it.
            if is_first or head.startswith((_SOI, _SOC_SIZ[:2])) or _JP2 in head[:12]:
                size = size_of_codestream(head)
                if size is None:
                    raise WillNotDecode("compressed pixels that do not begin with their size")
                if size != said:
                    raise WillNotDecode("pixels of another size than the header says")
            is_first = False


_JP2 = b"jP  "
"""What the first box of a JP2 file has behind its length (ITU-T T.800 I.5.1)."""


def _fragments(file: BinaryIO) -> Iterator[int]:
    """Yield the length of every fragment behind the offset table (PS3.5 A.4), the file at it."""
    from auditor.reading.walker import ITEM

    for number in range(FRAGMENT_LIMIT):
        header = file.read(8)
        if int.from_bytes(header[:4], "little") != ITEM:
            return
        length = int.from_bytes(header[4:], "little")
        start = file.tell()
        if number:
            yield length
        file.seek(start + length)
    raise WillNotDecode("more fragments than an audit looks at")


def _check_rle(frame: bytes, pixels: int) -> None:
    """Make sure that no segment of a frame becomes much more than the frame's pixels (PS3.5 G.3).

    Two bytes may stand for 128, and pydicom decodes a segment to its end before it counts.

    Raises
    ------
    WillNotDecode
        If one has twice as many bytes as there are pixels: padding is less.
    """
    count, *places = struct.unpack("<16L", frame[:64])
    offsets = places[:count]
    for start, end in pairwise([*offsets, len(frame)]):
        made, position = 0, start
        while position < min(end, len(frame)):
            head = frame[position]
            if head < 128:
                made += head + 1
                position += head + 2
            else:
                made += 257 - head if head > 128 else 0
                position += 2 if head > 128 else 1
            if made > 2 * pixels:
                raise WillNotDecode("pixels of another size than the header says")


def size_of_codestream(head: bytes) -> tuple[int, int, int] | None:
    """Return rows, columns and components by the head of a codestream, None if it has no such.

    Parameters
    ----------
    head
        Of JPEG and JPEG-LS from SOI (ITU-T T.81 B.2), of JPEG 2000 from SOC (T.800 A.5.1);
        a JP2 file, which DICOM does not want there, has none.
    """
    if head.startswith(_SOC_SIZ):
        siz = head[4:42]
        if len(siz) < 38:
            return None
        right, bottom, left, top = struct.unpack_from(">4I", siz, 4)
        return bottom - top, right - left, struct.unpack_from(">H", siz, 36)[0]
    if not head.startswith(_SOI):
        return None
    position = 2
    while position + 10 <= len(head) and head[position] == 0xFF:
        marker = head[position + 1]
        if marker == 0xFF:
            position += 1  # fill bytes (T.81 B.1.1.2)
            continue
        if marker in _FRAME_HEADS:
            rows, columns, components = struct.unpack_from(">HHB", head, position + 5)
            return rows, columns, components
        if marker == 0x01 or 0xD0 <= marker <= 0xDA or marker == 0xDE:
            return None  # none before the scan, a hierarchy, or what has no place there
        position += 2 + int.from_bytes(head[position + 2 : position + 4], "big")
    return None
