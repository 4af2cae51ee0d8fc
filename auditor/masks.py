"""The masks of segmentations: whether anything is in them, of a bounded number of objects.

Everything else about a segmentation stands in its header. What is set in which frame does
not: that takes a look at the pixels, which an audit does only where it is asked to
(``scan --masks N``), after the walk, one frame at a time. What is kept of an object is a row
of numbers.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from auditor.decoding import FRAME_BYTES
from auditor.standard.sop_classes import LABEL_MAP_SEGMENTATION, SEGMENTATION

if TYPE_CHECKING:
    import numpy as np
    from pydicom.dataset import Dataset

    Pixels = np.ndarray[Any, np.dtype[Any]]

LOOKED_AT = frozenset({SEGMENTATION, LABEL_MAP_SEGMENTATION})
"""SOP classes whose pixels are masks."""

OBJECT_LIMIT = 1 << 30
"""Samples of an object that are looked at: some seconds' work."""

COUNT_LIMIT = 1 << 20
"""Frames of an object that are looked at."""

PLANES_LIMIT = 1 << 27
"""Bytes of masks that are kept to see which segments share a pixel."""


class Row(NamedTuple):
    """What the pixels of one object say.

    Attributes
    ----------
    path
        Place inside the collection.
    kind
        Segmentation Type, "" if it is none of the standard's.
    overlap_said
        Segments Overlap, "" if it is none of the standard's.
    looked
        Frames that were looked at; 0 where a reason says why none was.
    empty
        Frames without a pixel.
    segments
        Segments that have frames; in a label map, segments that are described.
    empty_segments
        Those of them without a pixel.
    overlap
        ``yes`` or ``no``: whether two segments of BINARY masks share a pixel; "" if unknown.
    too_high
        Frames with a value above Maximum Fractional Value.
    not_described
        Frames of a label map with a value that no segment describes.
    reason
        Why it was not looked at, in plain words.
    """

    path: str
    kind: str = ""
    overlap_said: str = ""
    looked: int = 0
    empty: int = 0
    segments: int = 0
    empty_segments: int = 0
    overlap: str = ""
    too_high: int = 0
    not_described: int = 0
    reason: str = ""


Where = tuple[str, str]
"""Path inside the collection, and where to read it."""


class Chosen:
    """The segmentations to look at: those with the smallest paths.

    Parameters
    ----------
    limit
        How many at most; memory follows it, and not the collection.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: list[Where] = []

    def add(self, objects: Iterable[Where]) -> None:
        """Consider some objects. The order in which they come does not matter."""
        self._kept.extend(objects)
        if len(self._kept) > 8 * self._limit:
            self._kept = heapq.nsmallest(self._limit, self._kept)

    def all(self) -> list[Where]:
        """Return the chosen, in the order in which they are looked at."""
        return heapq.nsmallest(self._limit, self._kept)


def read_masks(chosen: Sequence[Where]) -> list[Row]:
    """Look at the pixels of some objects."""
    return [read_mask(*each) for each in chosen]


def died(where: Where) -> list[Row]:
    """Return the row of an object on which the reader died."""
    return [Row(where[0], reason="the reader died on it")]


def read_mask(path: str, location: str) -> Row:
    """Look at the pixels of one object. Never raises for what is in it."""
    from auditor.decoding import WillNotDecode, check_codestreams, check_not_deflated
    from auditor.reading.fallback import lenient

    with lenient():
        # A codec raises whatever its parts raise, and a hostile file must not end the audit.
        try:
            check_not_deflated(location)
            check_codestreams(location)
            return _Masks(location).row(path)
        except WillNotDecode as error:
            return Row(path, reason=str(error))
        except _TooLarge:
            return Row(path, reason="more pixels than an audit looks at")
        except Exception as error:  # noqa: BLE001
            # The text of an exception can quote the file; its type cannot.
            return Row(path, reason=f"pixels that cannot be decoded ({type(error).__name__})")


class _TooLarge(Exception):
    """An object has more pixels than an audit looks at."""


class _Masks:
    """The masks of one object, and what its header says of them."""

    def __init__(self, location: str) -> None:
        from auditor.decoding import header_of

        self._location = location
        header, _ = header_of(location)
        kind, said = (str(header.get(name, "")) for name in ("SegmentationType", "SegmentsOverlap"))
        self._kind = kind if kind in ("BINARY", "FRACTIONAL", "LABELMAP") else ""
        self._overlap_said = said if said in ("YES", "NO", "UNDEFINED") else ""
        self._size, self._frames = (
            int(header.Rows) * int(header.Columns),
            int(header.NumberOfFrames),
        )
        samples = self._size * int(header.get("SamplesPerPixel") or 1)
        # One bit becomes a byte when it is decoded.
        width = -(-int(header.get("BitsAllocated") or 8) // 8)
        whole = samples * self._frames
        if samples * width > FRAME_BYTES or self._frames > COUNT_LIMIT or whole > OBJECT_LIMIT:
            raise _TooLarge
        if min(self._size, self._frames) < 1:
            raise ValueError("there is no pixel")
        self._packed = header.get("BitsAllocated") == 1
        self._numbers = [int(each.SegmentNumber) for each in header.SegmentSequence]
        self._maximum = int(header.get("MaximumFractionalValue") or 255)
        self._segments, self._planes = self._places(header)

    def _places(self, header: Dataset) -> tuple[list[int], list[object]]:
        """Return the segment and the plane of each frame."""
        items = header.get("PerFrameFunctionalGroupsSequence")
        if items:
            shared = (header.get("SharedFunctionalGroupsSequence") or [None])[0]
            return [_segment_of(item, shared) for item in items], [
                _plane_of(item) for item in items
            ]
        # TILED_FULL (PS3.3 C.7.6.17.3): all tiles of a segment, then those of the next.
        tiles = max(1, self._frames // len(self._numbers))
        last = len(self._numbers) - 1
        frames = range(self._frames)
        return (
            [self._numbers[min(frame // tiles, last)] for frame in frames],
            [frame % tiles for frame in frames],
        )

    def row(self, path: str) -> Row:
        """Look at all frames, one after the other."""
        row = Row(path, self._kind, self._overlap_said)
        look = self._label_map if self._kind == "LABELMAP" else self._bitplanes
        return look(row, self._decoded())

    def _decoded(self) -> Iterator[Pixels]:
        """Yield the frames, one dimension each."""
        import numpy as np
        from pydicom.pixels.utils import iter_pixels

        from auditor.reading.bounded import BoundedFile, take_of

        pixels = b""
        if self._packed:
            tags = ["PixelData", "BitsAllocated"]
            with BoundedFile(self._location) as file:
                whole = take_of(file, tags=tags).dataset
            if not whole["PixelData"].is_undefined_length:
                pixels = whole.PixelData
        if not pixels:
            # Colours of a palette are of no interest here: stored values say which segment.
            for frame in iter_pixels(self._location, raw=True):
                yield frame.ravel()
            return
        # pydicom decodes frame by frame only where each begins at a byte, and they need not:
        # one bit follows the other through all frames (PS3.5 8.1.1, PS3.3 C.8.20.2.1).
        if 8 * len(pixels) < self._size * self._frames:
            raise ValueError("the pixel data is too short")
        for start in range(0, self._size * self._frames, self._size):
            end = start + self._size
            part = np.frombuffer(pixels, np.uint8)[start // 8 : -(-end // 8)]
            bits = np.unpackbits(part, bitorder="little")
            yield bits[start % 8 : start % 8 + self._size]

    def _label_map(self, row: Row, frames: Iterable[Pixels]) -> Row:
        import numpy as np

        looked = empty = wrong = 0
        described = np.zeros(1 << 16, bool)
        described[[number for number in self._numbers if 0 <= number < 1 << 16]] = True
        seen = np.zeros(1 << 16, bool)
        for frame in frames:
            there = np.zeros(1 << 16, bool)
            there[frame] = True
            looked += 1
            empty += not there[1:].any()
            wrong += bool((there & ~described).any())
            seen |= there
        return row._replace(
            looked=looked,
            empty=empty,
            segments=int(described.sum()),
            empty_segments=int((described & ~seen).sum()),
            not_described=wrong,
        )

    def _bitplanes(self, row: Row, frames: Iterable[Pixels]) -> Row:
        looked = empty = wrong = 0
        seen: set[int] = set()
        overlap = _Overlap(self._planes)
        # strict=False: what has more or fewer frames than it says is told by SEG201.
        for segment, plane, frame in zip(self._segments, self._planes, frames, strict=False):
            highest = int(frame.max())
            looked += 1
            empty += not highest
            if highest:
                seen.add(segment)
            wrong += self._kind == "FRACTIONAL" and highest > self._maximum
            if self._kind == "BINARY":
                overlap.add(plane, segment, frame)
        described = set(self._segments) & set(self._numbers)
        return row._replace(
            looked=looked,
            empty=empty,
            segments=len(described),
            empty_segments=len(described - seen),
            overlap=overlap.said if self._kind == "BINARY" else "",
            too_high=wrong,
        )


def _segment_of(item: Dataset, shared: Dataset | None) -> int:
    for groups in (item, shared):
        if groups is not None and groups.get("SegmentIdentificationSequence"):
            return int(groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
    return 0


def _plane_of(item: Dataset) -> object:
    """Return what tells the plane of a frame: its position, or the images it is made from."""
    for name in ("PlanePositionSequence", "PlanePositionSlideSequence"):
        if item.get(name):
            return tuple(str(element.value) for element in item[name].value[0])
    return tuple(
        str(source.get("ReferencedSOPInstanceUID"))
        for derived in item.get("DerivationImageSequence") or ()
        for source in derived.get("SourceImageSequence") or ()
    )


class _Overlap:
    """Whether frames of two segments in one plane share a pixel.

    Parameters
    ----------
    planes
        Of all frames: what is kept of a plane is let go with its last one.
    """

    def __init__(self, planes: Sequence[object]) -> None:
        self._left = Counter(planes)
        self._union: dict[object, tuple[set[int], Pixels]] = {}
        self._bytes = 0
        self.said = "no"

    def add(self, plane: object, segment: int, frame: Pixels) -> None:
        """Lay a frame over those of its plane."""
        import numpy as np

        self._left[plane] -= 1
        if self.said != "no":
            return
        bits = np.packbits(frame != 0)
        segments, union = self._union.pop(plane, (set(), bits))
        if segments:
            self._bytes -= bits.nbytes
        # Two frames of one segment may share what they like.
        if segments - {segment} and segment not in segments and bool((union & bits).any()):
            self.said = "yes"
        elif self._left[plane]:
            self._bytes += bits.nbytes
            self._union[plane] = (segments | {segment}, union | bits)
            if self._bytes > PLANES_LIMIT:
                self.said = ""
