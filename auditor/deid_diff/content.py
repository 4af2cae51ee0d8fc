"""What an object shows, whoever it is said to show: its pixels, and what no profile touches."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from auditor.reading.places import PIXEL_TAGS, Attention, Place, Token
from auditor.reading.stored_pixels import DIGEST
from auditor.standard.confidentiality import confidentiality_table

DECODED_LIMIT = 1 << 26
"""Bytes of pixels that are decoded of one object, to compare it with another encoding."""

TELLING = 256
"""Bytes of numbers, beside pixels, by which an object without pixels may be known again."""

_BULK = frozenset({"DS", "FD", "FL", "OB", "OD", "OF", "OL", "OV", "OW", "UN"})
"""VRs of coordinates, samples and documents; a description in them would be a wonder."""

_SAID_OF_RELEASE = frozenset({0x00280301, 0x00280302, 0x00280303, 0x00080005})
"""What a de-identifier writes of its own, beside group 0012; and the character set."""


def decoded(location: str) -> bytes:
    """Return the digest of decoded pixels, the same in every lossless transfer syntax.

    Returns
    -------
    bytes
        Empty where they are too many (`DECODED_LIMIT`) or cannot be decoded here.
    """
    from pydicom.pixels.utils import iter_pixels

    from auditor.decoding import check_codestreams, check_not_deflated, header_of
    from auditor.reading.fallback import lenient

    hasher = blake2b(digest_size=DIGEST)
    with lenient():
        # A codec raises whatever its parts raise.
        try:
            check_not_deflated(location)
            shape = ["Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "BitsAllocated"]
            dataset, _ = header_of(location, shape)
            values = int(dataset.Rows) * int(dataset.Columns) * int(dataset.SamplesPerPixel)
            frames = int(dataset.get("NumberOfFrames") or 1)
            if values * frames * int(dataset.BitsAllocated) > 8 * DECODED_LIMIT:
                return b""
            check_codestreams(location)
            for frame in iter_pixels(location, raw=True):
                hasher.update(repr((frame.shape, frame.dtype.str)).encode())
                hasher.update(frame.tobytes())
        except Exception:  # noqa: BLE001
            return b""
    return hasher.digest()


class EveryValue:
    """The plan of a reader that keeps every value but the pixels, and judges nothing."""

    def __init__(self, columns: dict[int, int], meta: bool) -> None:
        self._columns = columns
        self._meta = meta

    def attention(self, place: Place) -> Attention:
        """Decide what may be looked at there: all."""
        parent = place.parent
        at_top = parent is not None and parent.parent is None
        own = at_top and (place.tag >> 16 == 2) == self._meta
        column = self._columns.get(place.tag, -1) if own else -1
        return Attention(keep=not (at_top and place.tag in PIXEL_TAGS), column=column)

    def structure(self, *_: object) -> bytes:
        """Return what a referee may look at: there is none."""
        return b""


def imprint(tokens: Iterable[Token]) -> tuple[bytes, bool]:
    """Return the digest of what no profile touches, and whether it tells objects apart.

    These are the public elements that Table E.1-1 has no row for, at any depth, unless they
    stand in a sequence that it has one for: the same before and after de-identification.
    """
    hasher = blake2b(digest_size=DIGEST)
    telling = 0
    for token in tokens:
        place, value = token.place, token.value
        if value is None or token.is_verdict or not _is_left_alone(place):
            continue
        value = value.rstrip(b" \0") if place.is_text else value
        hasher.update(f"{place.path}\0{len(value)}\0".encode() + value)
        telling += len(value) if place.vr in _BULK else 0
    return hasher.digest(), telling >= TELLING


def _is_left_alone(place: Place) -> bool:
    table = confidentiality_table()
    return not any(
        tag >> 16 in (2, 0x12) or tag in _SAID_OF_RELEASE or table.row(tag) is not None
        for tag in place.tags
    )
