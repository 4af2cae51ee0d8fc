"""What is looked at before pixels are decoded: pydicom and its codecs believe what a file says."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO


class WillNotDecode(Exception):
    """Decoding would take more than an audit spends; the message says why, without a value."""


FRAME_BYTES = 1 << 28
"""Bytes that a decoded frame may have: a large mammogram has 50 million."""


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
        If its transfer syntax says that it is deflated.
    """
    from pydicom.filereader import _read_file_meta_info, read_preamble

    from auditor.reading.reader import DEFLATED

    with open(location, "rb") as file:  # noqa: PTH123 - the name may not be text
        # As pydicom does it: how long the file meta information is, is up to the file.
        read_preamble(file, force=True)
        syntax = _read_file_meta_info(file).get("TransferSyntaxUID")
    if syntax in DEFLATED:
        raise WillNotDecode("a deflated data set, which is not inflated")


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
    group 0028 before it. Native pixels and RLE Lossless have no size of their own.

    Raises
    ------
    WillNotDecode
        If one has other rows, columns or components, or says none of them in its head.
    """
    import pydicom
    from pydicom.uid import RLELossless

    shape = ["Rows", "Columns", "SamplesPerPixel"]
    with opened(source) as file:
        header = pydicom.dcmread(file, force=True, stop_before_pixels=True, specific_tags=shape)
        syntax = header.file_meta.get("TransferSyntaxUID")
        if syntax is None or not syntax.is_encapsulated or syntax == RLELossless:
            return
        said = tuple(int(header[name].value) for name in shape)
        # Tag, VR and length of the pixel data, which is in explicit VR (PS3.5 A.4).
        file.seek(12, io.SEEK_CUR)
        is_first = True
        for head in _fragment_heads(file):
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


def _fragment_heads(file: BinaryIO) -> Iterator[bytes]:
    """Yield the first bytes of every fragment behind the offset table (PS3.5 A.4)."""
    from auditor.reading.walker import ITEM

    for number in range(FRAGMENT_LIMIT):
        header = file.read(8)
        if int.from_bytes(header[:4], "little") != ITEM:
            return
        length = int.from_bytes(header[4:], "little")
        start = file.tell()
        if number:
            yield file.read(min(HEAD, length))
        file.seek(start + length)
    raise WillNotDecode("more fragments than an audit looks at")


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
