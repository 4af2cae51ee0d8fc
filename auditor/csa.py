"""Siemens CSA headers: the values of chosen tags, without reading the rest.

The form is not published; it is what open-source readers agree on. A header is a list of
tags; each has a name of 64 bytes, VM, VR and a number of items, and each item four numbers,
of which one tells its length, and a text padded to four bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

ITEMS_LIMIT = 4096
"""Items of one tag that are read: a mosaic has a slice time for each of its slices."""

_TAG = struct.Struct("<i4siii").unpack_from
_ITEM = struct.Struct("<4i").unpack_from
_NAME = 64


def csa_values(header: bytes, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the values of tags of a CSA header, by name; a tag without values is left out.

    Parameters
    ----------
    header
        Value of (0029,xx10) or (0029,xx20) of `SIEMENS CSA HEADER`.
    names
        Names of tags.

    Returns
    -------
    dict of str to tuple of str
        Empty for what is no CSA header.
    """
    second = header[:4] == b"SV10"
    start = 16 if second else 8
    if len(header) < start + 84:
        return {}
    # In the first form, the number of items of the first tag is added to every length.
    added = 0 if second else _TAG(header, start + _NAME)[3]
    values = {}
    for name in names:
        at = _find(header, name)
        held = _items(header, at + _NAME, second, added) if at >= 0 else ()
        if held:
            values[name] = held
    return values


def _find(header: bytes, name: str) -> int:
    """Return where a tag starts. Text before the NUL of its name is somebody else's."""
    wanted = name.encode() + b"\0"
    at = header.find(wanted)
    while at > 0 and (header[at - 1 : at].isalnum() or header[at - 1 : at] == b"_"):
        at = header.find(wanted, at + 1)
    return at


def _items(header: bytes, position: int, second: bool, added: int) -> tuple[str, ...]:
    if position + 20 > len(header):
        return ()
    count = _TAG(header, position)[3]
    if not 0 <= count <= ITEMS_LIMIT:
        return ()
    position += 20
    texts = []
    for _ in range(count):
        if position + 16 > len(header):
            break
        numbers = _ITEM(header, position)
        length = numbers[1] if second else numbers[0] - added
        position += 16
        if not 0 <= length <= len(header) - position:
            break
        text = header[position : position + length].partition(b"\0")[0].decode("latin-1").strip()
        if text:
            texts.append(text)
        position += length + -length % 4
    return tuple(texts)
