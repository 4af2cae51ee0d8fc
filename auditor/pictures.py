"""Pictures beside the image: overlays and icons, which have pixels of their own.

An overlay is a plane of bits (PS3.3 C.9.2), an icon an image in an item of a sequence (PS3.3
C.7.6.1.1.6). Either may show what was cleaned from the image.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from auditor.decoding import FRAME_BYTES, WillNotDecode, check_not_deflated, opened
from auditor.model import TagPath, format_tag
from auditor.reading.fallback import ITEM_LIMIT, as_read, items_in, read_lazily, stored_bytes
from auditor.reading.walker import UNDEFINED, known_vr

if TYPE_CHECKING:
    import numpy as np
    from pydicom.dataset import Dataset

    Pixels = np.ndarray[Any, np.dtype[Any]]

PICTURE_LIMIT = 64
"""Pictures beside one image that are looked at; a DICOMDIR may have an icon in each record."""

BYTES_LIMIT = 1 << 28
"""Bytes of an overlay that are read."""

TOO_MUCH = "more pixels than an audit looks at"

DEPTH_LIMIT = 16
"""Sequences inside each other in which an icon is looked for."""

ICON = 0x00880200
_ICON_BYTES = b"\x88\x00\x00\x02", b"\x00\x88\x02\x00"
"""Its tag in little and in big endian."""

_OF_AN_ICON = (
    *("SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "Rows", "Columns"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
)


class Overlay(NamedTuple):
    """A plane of bits, in one frame or several.

    Attributes
    ----------
    bits
        Overlay Data: one bit follows the other through all frames (PS3.5 8.1.2).
    rows, columns, frames
        How large a frame is, and how many there are.
    """

    bits: bytes
    rows: int
    columns: int
    frames: int

    def frame(self, number: int) -> Pixels:
        """Return one frame, whose pixels are 0 and 1."""
        import numpy as np

        size = self.rows * self.columns
        start, end = number * size, (number + 1) * size
        part = np.frombuffer(self.bits, np.uint8)[start // 8 : -(-end // 8)]
        bits = np.unpackbits(part, bitorder="little")[start % 8 : start % 8 + size]
        return bits.reshape(self.rows, self.columns)


Get = Callable[[], Overlay | io.BytesIO]
"""Gets an overlay, or an icon as a file of its own: a decoder takes it as it takes an image.

Raises `WillNotDecode` for what is not looked at, and whatever pydicom raises."""


def pictures(location: str) -> Iterator[tuple[TagPath, Get]]:
    """Find the overlays and icons of a file: where each stands, and what gets it.

    Raises
    ------
    WillNotDecode
        If the file is deflated, not read to its end, or has more items or pictures than an audit
        looks at.
    """
    check_not_deflated(location)
    dataset, complete = read_lazily(location)
    if complete != "yes":
        raise WillNotDecode("a data set that is not read to its end")
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    for number, found in enumerate(_found(dataset, location, syntax)):
        if number == PICTURE_LIMIT:
            raise WillNotDecode("more overlays and icons than an audit looks at")
        yield found


def _found(dataset: Dataset, location: str, syntax: str | None) -> Iterator[tuple[TagPath, Get]]:
    for group in range(0x6000, 0x6020, 2):
        if (group, 0x0010) in dataset:
            path = TagPath((format_tag(group << 16 | 0x3000),))
            yield path, partial(_overlay, dataset, location, group)
    for path, item in _icons(dataset, location, TagPath()):
        yield path, partial(_icon, item, location, syntax)


def _overlay(dataset: Dataset, location: str, group: int) -> Overlay:
    """Read one overlay (PS3.3 C.9.2)."""
    rows, columns = (int(dataset[group, element].value) for element in (0x0010, 0x0011))
    frames = (group, 0x0015) in dataset and dataset[group, 0x0015].value
    frames = int(frames or 1)
    if min(rows, columns, frames) < 1:
        raise WillNotDecode("an overlay without pixels")
    if rows * columns > FRAME_BYTES:
        raise WillNotDecode(TOO_MUCH)
    if (group, 0x3000) not in dataset:
        return _unused_bits(dataset, location, group, (rows, columns))
    element: Any = dataset.get_item((group, 0x3000), keep_deferred=True)
    if (getattr(element, "length", 0) or 0) > BYTES_LIMIT:
        raise WillNotDecode(TOO_MUCH)
    bits = stored_bytes(element, dataset, location)
    if 8 * len(bits) < rows * columns * frames:
        raise WillNotDecode("an overlay whose data is shorter than its size says")
    return Overlay(bits, rows, columns, frames)


def _unused_bits(dataset: Dataset, location: str, group: int, shape: tuple[int, int]) -> Overlay:
    """Read an overlay that is one of the bits that pixels do not use (retired in PS3.3-2004).

    Of native pixels only, the first and the middle frame.
    """
    import numpy as np

    position, width = (int(dataset[group, element].value) for element in (0x0102, 0x0100))
    if width not in (8, 16, 32) or not 0 <= position < width:
        raise WillNotDecode("an overlay without data")
    pixels: Any = dataset.get_item("PixelData", keep_deferred=True)
    last, stored = int(dataset.HighBit), int(dataset.BitsStored)
    said = (int(dataset.Rows), int(dataset.Columns), int(dataset.BitsAllocated))
    samples = int(dataset.get("SamplesPerPixel") or 1)
    if pixels.length == UNDEFINED or said != (*shape, width) or samples != 1:
        raise WillNotDecode("an overlay in the bits of pixels that are not as it says")
    if last - stored < position <= last:
        raise WillNotDecode("an overlay in bits of the image itself")
    size = shape[0] * shape[1] * width // 8
    if size > FRAME_BYTES:
        raise WillNotDecode(TOO_MUCH)
    numbers = sorted({0, int(dataset.get("NumberOfFrames") or 1) // 2})
    order = "<" if pixels.is_little_endian else ">"
    planes = []
    with opened(as_read(location)) as file:
        for number in numbers:
            file.seek(pixels.value_tell + number * size)
            words = np.frombuffer(file.read(size), f"{order}u{width // 8}")
            if 8 * words.nbytes < shape[0] * shape[1] * width:
                raise WillNotDecode("an overlay whose data is shorter than its size says")
            planes.append((words >> position & 1).astype(np.uint8))
    bits = np.packbits(np.concatenate(planes), bitorder="little").tobytes()
    return Overlay(bits, *shape, len(planes))


def _icons(
    dataset: Dataset, location: str, place: TagPath, items: int = 0
) -> Iterator[tuple[TagPath, Dataset]]:
    """Find the items of every Icon Image Sequence: an image, a record, a reference may have one."""
    if len(place.steps) > DEPTH_LIMIT:
        raise RecursionError
    for tag in sorted(dataset.keys()):
        element: Any = dataset.get_item(tag, keep_deferred=True)
        if known_vr(int(tag), str(element.VR or "")) != "SQ":
            continue
        # What pydicom has not converted yet holds an icon only if it holds its tag.
        raw = getattr(element, "value", None)
        if isinstance(raw, bytes) and tag != ICON and not any(each in raw for each in _ICON_BYTES):
            continue
        items += 0 if place.steps else items_in(element, location)
        if items > ITEM_LIMIT:
            raise WillNotDecode("more items than an audit reads")
        path = place / format_tag(int(tag))
        for item in dataset[tag].value or ():
            if int(tag) == ICON:
                yield path, item
            else:
                yield from _icons(item, location, path)


def _icon(item: Dataset, location: str, syntax: str | None) -> io.BytesIO:
    """Write an icon as a file of its own (PS3.3 C.7.6.1.1.6).

    Pixels of undefined length are encoded as the transfer syntax says, others are native, whatever
    that be (PS3.5 A.4).
    """
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian

    if "PixelData" not in item:
        raise WillNotDecode("an icon without pixels")
    icon = Dataset()
    for keyword in _OF_AN_ICON:
        if keyword in item:
            icon[keyword] = item[keyword]
    element: Any = item.get_item("PixelData")
    encapsulated = item["PixelData"].is_undefined_length
    icon.PixelData = stored_bytes(element, item, location)
    icon["PixelData"].VR = "OB" if encapsulated or icon.get("BitsAllocated", 0) <= 8 else "OW"
    icon["PixelData"].is_undefined_length = encapsulated
    icon.file_meta = FileMetaDataset()
    icon.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    if encapsulated and syntax:
        icon.file_meta.TransferSyntaxUID = UID(syntax)
    written = io.BytesIO()
    icon.save_as(written)
    return written
