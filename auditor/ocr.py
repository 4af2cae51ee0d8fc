"""Text in pixels: a bounded sample of images is read by an OCR engine, the riskiest kinds first.

The engine is the extra ``ocr``; its models come inside its wheel, nothing is downloaded. What
it reads stays in memory: only how many frames hold text, and what kinds of identifier it looks
like, goes into the table of frames.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from auditor.decoding import WillNotDecode, check_codestreams, check_not_deflated
from auditor.identifiers import signs
from auditor.model import Confidence
from auditor.standard.sop_classes import OFTEN_WITH_TEXT

if TYPE_CHECKING:
    import numpy as np

    Pixels = np.ndarray[Any, np.dtype[Any]]

SAMPLE_LIMIT = 1 << 24
"""Samples of a frame that may be decoded; a larger one is not looked at."""

SIDE = 2000
"""Pixels to which the engine shrinks the longer side of what it is given."""

SURE = 0.6
"""Score of the engine from which what it read is taken for text."""

_WORD = re.compile(r"[^\W_]{3}")
"""A laterality marker, L or R, is no text in this sense, nor is a scratch that looks like one."""

Row = tuple[str, int, int, str, str]
"""Path, frames looked at, frames with text, kinds of identifier, why it was not looked at."""


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
    """

    sop_class: str
    series: int | None
    path: str
    location: str


class Sample:
    """The images to look at: of kinds that often have text all, of the others one a series.

    Parameters
    ----------
    limit
        How many at most; memory follows it, and not the collection.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: dict[object, tuple[int, str, str]] = {}

    def add(self, images: Iterable[Image]) -> None:
        """Consider some images. The order in which images come does not matter."""
        for image in images:
            risky = image.sop_class in OFTEN_WITH_TEXT
            key = image.path if risky else image.series
            found = (0 if risky else 1, image.path, image.location)
            self._kept[key] = min(self._kept.get(key, found), found)
        if len(self._kept) > 8 * self._limit:
            ordered = sorted(self._kept.items(), key=lambda item: item[1])
            self._kept = dict(ordered[: self._limit])

    def chosen(self) -> list[tuple[str, str]]:
        """Return path and location of the chosen, in the order in which they are looked at."""
        ordered = sorted(self._kept.values())[: self._limit]
        return [(path, location) for _, path, location in ordered]


def read_frames(chosen: Iterable[tuple[str, str]]) -> Iterator[Row]:
    """Look for text in the first and the middle frame of each image.

    Parameters
    ----------
    chosen
        Path inside the collection, and where to read it.

    Yields
    ------
    tuple
        See `Row`.
    """
    engine = _engine()
    for path, location in chosen:
        looked = with_text = 0
        kinds: set[str] = set()
        reason = ""
        # A codec raises whatever its parts raise, and a hostile file must not end the audit.
        try:
            for pixels in _frames(location):
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
        yield path, looked, with_text, "+".join(sorted(kinds)), reason


def _engine() -> Any:
    from rapidocr import RapidOCR

    return RapidOCR(params={"Global.log_level": "critical"})


class _TooLarge(Exception):
    """A frame has more pixels than an audit decodes."""


def _frames(location: str) -> Iterator[Pixels]:
    """Yield the first and the middle frame, as the engine wants them: eight bits, three colours."""
    import numpy as np
    import pydicom
    from pydicom.pixels.utils import iter_pixels

    from auditor.reading.fallback import lenient

    with lenient():
        check_not_deflated(location)
        shape = ["Rows", "Columns", "SamplesPerPixel", "NumberOfFrames"]
        dataset = pydicom.dcmread(location, force=True, specific_tags=shape)
        samples = int(dataset.get("SamplesPerPixel") or 1)
        if int(dataset.Rows) * int(dataset.Columns) * samples > SAMPLE_LIMIT:
            raise _TooLarge
        check_codestreams(location)
        count = int(dataset.get("NumberOfFrames") or 1)
        for frame in iter_pixels(location, indices=sorted({0, count // 2})):
            # Never less than the engine would look at.
            step = max(1, max(frame.shape[:2]) // SIDE)
            pixels = frame[::step, ::step].astype(np.float32)
            low, high = float(pixels.min()), float(pixels.max())
            pixels -= low
            pixels *= 255 / ((high - low) or 1)
            grey = pixels.astype(np.uint8)
            yield grey if grey.ndim == 3 else np.stack([grey] * 3, axis=-1)


def _text(engine: Any, pixels: Pixels) -> str:
    """Return the words in a frame, line by line; "" if there are none."""
    said = engine(pixels)
    return "\n".join(
        text
        for text, score in zip(said.txts or (), said.scores or (), strict=True)
        if score >= SURE and _WORD.search(text)
    )
