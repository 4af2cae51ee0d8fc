"""Decides by content alone whether a file is DICOM."""

from __future__ import annotations

import struct

_LONG = frozenset(
    (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
)
"""VRs with two reserved bytes and a length of four (PS3.5 7.1.2)."""
_SHORT = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_UNDEFINED = 0xFFFFFFFF
_ITEM = 0xFFFEE000
_ENOUGH = 3
"""Elements that must follow each other before a file without a prefix is taken for DICOM."""


def is_dicom(head: bytes) -> str:
    """Return how a file is DICOM, or "" if it is not.

    A file with the prefix of PS3.10 7.1 is DICOM, whatever follows: how bad it is, the reader
    says. Without the prefix a file is DICOM if it starts with a plausible run of elements:
    data sets written bare, ACR-NEMA files, file meta information without its preamble.

    Parameters
    ----------
    head
        The first bytes of the file: all of it, or 1 KiB and more.

    Returns
    -------
    str
        ``"part10"``: a preamble of 128 bytes and ``DICM``. ``"no_preamble"``: ``DICM`` at the
        start, or a data set that starts bare. ``""``: not DICOM.
    """
    if head[128:132] == b"DICM":
        return "part10"
    if head.startswith(b"DICM"):
        return "no_preamble" if _bare(head[4:], enough=1) else ""
    return "no_preamble" if _bare(head, enough=_ENOUGH) else ""


def _bare(head: bytes, enough: int) -> bool:
    """Return whether a run of elements starts here, in any of the four plain encodings."""
    # A data set starts in group 0002 or 0008, so that in either byte order one of the first
    # two bytes is NUL: this alone leaves out all text.
    for order, group in (("<", head[:2]), (">", head[1::-1])):
        if group in (b"\x02\x00", b"\x08\x00"):
            return _run(head, order, True, enough) or _run(head, order, False, enough)
    return False


def _run(head: bytes, order: str, explicit: bool, enough: int) -> bool:
    """Return whether as many elements follow each other, each of them whole in `head`.

    Tags ascend and VRs exist. Without VRs there is less to go by: lengths must be even then.
    The first item of a sequence counts as an element; in it, tags start again.
    """
    header = struct.Struct(order + "HHL")
    at, last, in_sequence = 0, -1, False
    for _ in range(enough):
        if at + 12 > len(head):
            return False
        group, number, length = header.unpack_from(head, at)
        tag = group << 16 | number
        at += 8
        if in_sequence:
            if tag != _ITEM:
                return False
            last, in_sequence = -1, False
            continue
        vr = head[at - 4 : at - 2]
        if explicit and vr in _SHORT:
            length = int.from_bytes(head[at - 2 : at], "little" if order == "<" else "big")
        elif explicit:
            if vr not in _LONG or head[at - 2 : at] != b"\0\0":
                return False
            (length,) = struct.unpack_from(order + "L", head, at)
            at += 4
        in_sequence = length == _UNDEFINED and (not explicit or vr in (b"SQ", b"UN"))
        if not in_sequence:
            at += length
        if tag <= last or at > len(head) or not (explicit or in_sequence or length % 2 == 0):
            return False
        last = tag
    return True
