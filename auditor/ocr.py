"""Text in pixels: a bounded sample of images is read by an OCR engine, the riskiest kinds first.

The engine is the extra ``ocr``; its models come inside its wheel, nothing is downloaded. What
it reads stays in memory: only how many frames hold text, and what kinds of identifier it looks
like, goes into the table of frames.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from auditor.decoding import (
    FRAME_BYTES,
    WillNotDecode,
    check_codestreams,
    check_not_deflated,
    header_of,
)
from auditor.identifiers import signs
from auditor.model import Confidence, TagPath
from auditor.standard.sop_classes import OFTEN_WITH_TEXT

if TYPE_CHECKING:
    import numpy as np

    from auditor.pictures import Get

    Pixels = np.ndarray[Any, np.dtype[Any]]

SIDE = 2000
"""Pixels to which the engine shrinks the longer side of what it is given."""

SURE = 0.6
"""Score of the engine from which what it read is taken for text."""

PICTURE = "picture"
"""The judge that sees overlays and icons."""

_WORD = re.compile(r"[^\W_]{3}")
"""A laterality marker, L or R, is no text in this sense, nor is a scratch that looks like one."""

Row = tuple[str, str, int, int, str, str]
"""Path, tag path of a picture beside the image ("" for the image itself), frames looked at, frames
with text, kinds of identifier, why it was not looked at."""


def is_available() -> bool:
    """Whether the extra ``ocr`` is installed."""
    return all(importlib.util.find_spec(name) for name in ("rapidocr", "onnxruntime"))


class Image(NamedTuple):
    """An image that may be looked at.

    Attributes
    ----------
    sop_class
        SOP Class UID.
    series
        Keyed hash of Series Instance UID.
    path
        Place inside the collection.
    location
        The absolute path to open.
    has_pixels
        Whether it is an image; a report may have an icon, too.
    has_pictures
        Whether overlays or icons stand beside it.
    """

    sop_class: str
    series: int | None
    path: str
    location: str
    has_pixels: bool = True
    has_pictures: bool = False


class Chosen(NamedTuple):
    """An image that is looked at; what is said of it stands at `Image`."""

    path: str
    location: str
    has_pixels: bool = True
    has_pictures: bool = False


class Sample:
    """The images to look at: of kinds that often have text all, of the others one a series.

    Of these, one with overlays or icons comes first, and is looked at beside one without.

    Parameters
    ----------
    limit
        How many at most; memory follows it, and not the collection.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: dict[object, tuple[int, Chosen]] = {}

    def add(self, images: Iterable[Image]) -> None:
        """Consider some images. The order in which images come does not matter."""
        for image in images:
            risky = image.sop_class in OFTEN_WITH_TEXT
            key = image.path if risky else (image.series, image.has_pictures)
            found = (0 if risky else 1 if image.has_pictures else 2, Chosen(*image[2:]))
            self._kept[key] = min(self._kept.get(key, found), found)
        if len(self._kept) > 8 * self._limit:
            ordered = sorted(self._kept.items(), key=lambda item: item[1])
            self._kept = dict(ordered[: self._limit])

    def chosen(self) -> list[Chosen]:
        """Return the chosen, in the order in which they are looked at."""
        return [each for _, each in sorted(self._kept.values())[: self._limit]]


def read_frames(chosen: Iterable[Chosen]) -> Iterator[Row]:
    """Look for text in the first and the middle frame of images and of what stands beside them.

    Yields
    ------
    tuple
        See `Row`.
    """
    engine = _engine()
    for image in chosen:
        if image.has_pixels:
            yield _row(engine, image.path, "", _frames(image.location))
        if image.has_pictures:
            yield from _beside(engine, image)


def _beside(engine: Any, image: Chosen) -> Iterator[Row]:
    """Look for text in the overlays and icons of an object."""
    from auditor.pictures import pictures
    from auditor.reading.fallback import lenient

    # What ends the search for them leaves icons that nobody found.
    place = str(TagPath.of("IconImageSequence"))
    with lenient():
        try:
            for place_of_one, get in pictures(image.location):
                yield _row(engine, image.path, str(place_of_one), _frames_of(get))
        except WillNotDecode as error:
            yield image.path, place, 0, 0, "", str(error)
        except Exception as error:  # noqa: BLE001
            reason = f"overlays and icons that cannot be read ({type(error).__name__})"
            yield image.path, place, 0, 0, "", reason


def _row(engine: Any, path: str, tag_path: str, frames: Iterable[Pixels]) -> Row:
    """Look for text in some frames."""
    looked = with_text = 0
    kinds: set[str] = set()
    reason = ""
    # A codec raises whatever its parts raise, and a hostile file must not end the audit.
    try:
        for pixels in frames:
            looked += 1
            text = _text(engine, pixels)
            with_text += bool(text)
            kinds.update(
                kind for kind, confidence in signs(text) if confidence is not Confidence.LOW
            )
    except WillNotDecode as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001
        # The text of an exception can quote the file; its type cannot.
        reason = f"pixels that cannot be decoded ({type(error).__name__})"
    return path, tag_path, looked, with_text, "+".join(sorted(kinds)), reason


def _engine() -> Any:
    from rapidocr import RapidOCR

    return RapidOCR(params={"Global.log_level": "critical"})


def _frames(source: str | BinaryIO) -> Iterator[Pixels]:
    """Yield the first and the middle frame, as the engine wants them: eight bits, three colours."""
    from pydicom.pixels.utils import iter_pixels

    from auditor.reading.fallback import lenient

    with lenient():
        if isinstance(source, str):
            check_not_deflated(source)
        shape = ["Rows", "Columns", "SamplesPerPixel", "NumberOfFrames", "BitsAllocated"]
        dataset, _ = header_of(source, shape)
        samples = int(dataset.get("SamplesPerPixel") or 1)
        width = -(-int(dataset.get("BitsAllocated") or 8) // 8)
        if int(dataset.Rows) * int(dataset.Columns) * samples * width > FRAME_BYTES:
            raise WillNotDecode("more pixels than an audit looks at")
        check_codestreams(source)
        count = int(dataset.get("NumberOfFrames") or 1)
        for frame in iter_pixels(source, indices=sorted({0, count // 2})):
            # Never less than the engine would look at.
            step = max(1, max(frame.shape[:2]) // SIDE)
            yield _grey(frame[::step, ::step])


def _frames_of(get: Get) -> Iterator[Pixels]:
    """Yield the same of an overlay or an icon."""
    import numpy as np

    from auditor.pictures import Overlay

    picture = get()
    if not isinstance(picture, Overlay):
        yield from _frames(picture)
        return
    for number in sorted({0, picture.frames // 2}):
        frame = picture.frame(number)
        step = max(1, max(frame.shape) // SIDE)
        # A line may be one pixel wide: it is in the smaller picture, too.
        rows = np.maximum.reduceat(frame, np.arange(0, frame.shape[0], step), axis=0)
        yield _grey(np.maximum.reduceat(rows, np.arange(0, frame.shape[1], step), axis=1))


def _grey(frame: Pixels) -> Pixels:
    """Return a frame in eight bits and three colours."""
    import numpy as np

    pixels = frame.astype(np.float32)
    low, high = float(pixels.min()), float(pixels.max())
    pixels -= low
    pixels *= 255 / ((high - low) or 1)
    grey = pixels.astype(np.uint8)
    return grey if grey.ndim == 3 else np.stack([grey] * 3, axis=-1)


def _text(engine: Any, pixels: Pixels) -> str:
    """Return the words in a frame, line by line; "" if there are none."""
    said = engine(pixels)
    return "\n".join(
        text
        for text, score in zip(said.txts or (), said.scores or (), strict=True)
        if score >= SURE and _WORD.search(text)
    )
