"""Text inside an encapsulated document: PDF, XML and plain text, as far as that is simple.

No document is rendered. Of a PDF the strings are read that its page streams show in the clear or
deflated; letters by a font's own numbers are not, and that nothing could be read is said.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

LIMIT = 1 << 22
"""Bytes of a document that are looked at."""

STREAMS, STREAM_LIMIT = 64, 1 << 18
"""Streams of a PDF that are inflated, and bytes of each."""

TEXT_LIMIT = 1 << 16
"""Characters that are returned."""

_STREAM = re.compile(rb"stream\r?\n")
# A string that does not end is passed over as a whole: each byte is looked at once.
_SHOWN = re.compile(
    rb"\(((?:[^()\\]|\\.)*+)(\)?)|<([0-9A-Fa-f\s]*+)>|(\]\s*TJ|Tj|T\*|ET|Td|TD|Tm|'|\")", re.DOTALL
)
_INFORMATION = re.compile(
    rb"/(?:Author|Title|Subject|Keywords)\s{0,8}\(((?:[^()\\]|\\.){0,256}+)\)", re.DOTALL
)
_ESCAPED = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_TAG = re.compile(r"<[^<>]*>")
_LETTERS = re.compile(r"[^\W\d_]{2}")


def text_in(data: bytes) -> str | None:
    """Return the text of a document, None if there is none that can be read here.

    Parameters
    ----------
    data
        The document: the first `LIMIT` bytes of it are looked at.
    """
    data = data[:LIMIT].rstrip(b"\0")
    if data.lstrip()[:5] == b"%PDF-":
        text = " ".join(_of_pdf(data))
    elif _CONTROL.search(data[:1024]) or not data:
        return None
    else:
        text = _TAG.sub(" ", data.decode("utf-8", "replace"))
    text = text[:TEXT_LIMIT].strip()
    return text if _LETTERS.search(text) else None


def _of_pdf(data: bytes) -> Iterator[str]:
    """Yield the strings of a PDF (ISO 32000-1, 7.3.4, 9.4.3) that are text in the plain."""
    for match in _INFORMATION.finditer(data):
        yield _decoded(_unescaped(match[1]))
    at, size = 0, 0
    for _ in range(STREAMS):
        start = _STREAM.search(data, at)
        if start is None or size > TEXT_LIMIT:
            return
        end = data.find(b"endstream", start.end())
        at = end if end >= 0 else len(data)
        content = data[start.end() : at]
        if b"FlateDecode" in data[max(0, start.start() - 512) : start.start()]:
            try:
                content = zlib.decompressobj().decompress(content, STREAM_LIMIT)
            except zlib.error:
                continue
        text = _shown(content[:STREAM_LIMIT])
        size += len(text)
        yield text
        at += len(b"endstream")


def _shown(content: bytes) -> str:
    """Return the strings that a page's stream shows; those of one operator are one word."""
    parts: list[str] = []
    line: list[bytes] = []
    for match in _SHOWN.finditer(content):
        if match[4] is not None:
            parts.append(_decoded(b"".join(line)))
            line.clear()
        elif match[3] is not None:
            digits = b"".join(match[3].split())
            line.append(bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii")))
        elif match[2]:
            line.append(_unescaped(match[1]))
    return " ".join(filter(None, parts))


def _unescaped(text: bytes) -> bytes:
    return _ESCAPED.sub(
        lambda match: bytes([int(match[1], 8) & 255]) if match[1].isdigit() else match[1], text
    )


def _decoded(text: bytes) -> str:
    """Return text in the plain, "" for the numbers of a font's own letters."""
    if text.startswith(b"\xfe\xff"):
        return text[2:].decode("utf-16-be", "replace")
    plain = text.decode("latin-1")
    return plain if plain.isprintable() or plain.replace("\n", " ").isprintable() else ""
