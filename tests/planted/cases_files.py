"""Files: what can be read of them, and what they say of themselves."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable

from pydicom import dcmread
from pydicom.uid import MRImageStorage

from tests.planted.harness import Planted, Release, ct_slice

META = 132
"""Where the File Meta Information begins: behind preamble and prefix (PS3.10 7.1)."""


def rewritten(change: Callable[[bytes], bytes]) -> Callable[[Release], None]:
    """Plant something in the bytes of the first file."""

    def of_first(release: Release) -> None:
        release.rewrite[next(iter(release.instances))] = change

    return of_first


def preamble(start: bytes) -> Callable[[Release], None]:
    """Plant the start of a preamble."""
    return rewritten(lambda content: start + content[len(start) :])


def without_meta(content: bytes) -> bytes:
    """Return what stands behind the File Meta Information, whose first element is its length."""
    return content[META + 12 + int.from_bytes(content[META + 8 : META + 12], "little") :]


def implicit(content: bytes) -> bytes:
    """Return a file in implicit VR whose meta information says explicit."""
    dataset = dcmread(io.BytesIO(content))
    written = io.BytesIO()
    dataset.save_as(written, implicit_vr=True, little_endian=True, force_encoding=True)
    return written.getvalue()


def first_in_meta(keyword: str, value: str) -> Callable[[Release], None]:
    """Plant a UID of the data set otherwise where it stands first, in the meta information."""

    def change(release: Release) -> None:
        old = str(release.first[keyword].value).encode()
        rewritten(lambda content: content.replace(old, value.encode().ljust(len(old), b"\0"), 1))(
            release
        )

    return change


def empty_file(release: Release) -> None:
    release.companions["case-001/3.dcm"] = b""


def packed(release: Release) -> None:
    """Plant one instance packed with gzip, beside the others."""
    release.add("case-001/3.dcm.gz", ct_slice(1, 3))
    release.rewrite["case-001/3.dcm.gz"] = gzip.compress


CASES = (
    Planted(
        "lost start", "A file that ends inside its File Meta Information",
        rewritten(lambda content: content[: META + 30]), ("FILE001",),
    ),
    Planted(
        "cut pixels", "A file cut short inside its pixel data",
        rewritten(lambda content: content[:-100]), ("FILE002",),
    ),
    Planted(
        "cut header", "A file cut short before its pixel data",
        rewritten(lambda content: content[:-700]), ("FILE002",),
    ),
    Planted(
        "no meta", "A file without preamble and File Meta Information",
        rewritten(without_meta), ("FILE003",),
    ),
    Planted(
        "other class", "File Meta Information that names another SOP class",
        first_in_meta("SOPClassUID", MRImageStorage), ("FILE004",),
    ),
    Planted(
        "other instance", "File Meta Information that names another instance",
        first_in_meta("SOPInstanceUID", "2.25.1"), ("FILE004",),
    ),
    Planted("empty", "A file without content among the slices", empty_file, ("FILE005",)),
    Planted("program", "A preamble that begins as a program of Windows does",
            preamble(b"MZ\x90\0"), ("FILE006",)),
    Planted("script", "A preamble that begins as a script does",
            preamble(b"#!/bin/sh\n"), ("FILE006",)),
    Planted("text", "A preamble with a sentence in it",
            preamble(b"exported by the archive of the zoo"), ("FILE007",)),
    Planted(
        "implicit", "Implicit VR beneath Explicit VR Little Endian",
        rewritten(implicit), ("FILE008",),
    ),
    Planted(
        "nameless", "An object without SOP Instance UID",
        lambda release: delattr(release.first, "SOPInstanceUID"), ("FILE009",),
    ),
    Planted("packed", "An instance packed with gzip among the slices", packed, ("FILE010",)),
    Planted(
        "behind", "Bytes behind the data set that are no element",
        rewritten(lambda content: content + bytes(range(1, 64))), ("FILE020",),
    ),
)  # fmt: skip
