"""Words at the head of a spreadsheet: what its first rows say, and nothing else of it.

A workbook is a zip of XML (Office Open XML, OpenDocument) or an OLE2 file. The XML is read tag by
tag: no entity is looked up, nothing outside is fetched, and what is inflated is bounded.
"""

from __future__ import annotations

import html
import io
import re
import zipfile
import zlib
from collections.abc import Iterator

FILE_LIMIT = 1 << 24
"""Bytes of a workbook; a larger one is not opened."""

DIRECTORY_LIMIT = 1 << 20
"""Bytes of the directory of a zip: each entry of it takes memory."""

TAIL = (1 << 16) + 128
"""Bytes at the end of a zip in which it says how large its directory is."""

PART_LIMIT = 1 << 20
"""Bytes that are inflated of one part of a workbook."""

SHEETS, ROWS, WORDS = 8, 3, 2048
"""Sheets that are looked at, rows with text in each, and words in all."""

_TOKEN = re.compile(r"<([^<>]*)>|([^<>]+)")
_CELL_TYPE = re.compile(r"""\bt=["'](\w+)["']""")
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_END = re.compile(rb"PK\x05\x06(?=.{8}(.{4}))", re.DOTALL)
_END_64 = re.compile(rb"PK\x06\x06(?=.{36}(.{8}))", re.DOTALL)
_RUNS = re.compile(rb"[\x20-\x7e]{3,64}|(?:[\x20-\x7e]\x00){3,64}")


def first_words(data: bytes) -> list[str] | None:
    """Return the texts in the first rows of a workbook's sheets.

    Parameters
    ----------
    data
        The whole file.

    Returns
    -------
    list of str or None
        None if it is no workbook that can be read here. Of an OLE2 workbook (XLS) all texts that
        stand in it in the plain: which of them head a column it does not say so simply.
    """
    if len(data) > FILE_LIMIT:
        return None
    if not data.startswith(b"PK"):
        return [_plain(run) for run in _RUNS.findall(data[: 4 * PART_LIMIT])[:WORDS]]
    if not has_small_directory(data[-TAIL:]):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            names = book.namelist()
            if "content.xml" in names:
                return _open_document(_part(book, "content.xml"))[:WORDS]
            texts = []
            if "xl/sharedStrings.xml" in names:
                texts = list(_shared(_part(book, "xl/sharedStrings.xml")))
            sheets = [name for name in names if _SHEET.fullmatch(name)][:SHEETS]
            words = [word for name in sheets for word in _sheet(_part(book, name), texts)]
            return words[:WORDS] if sheets else None
    # What a broken, encrypted or oddly packed zip raises.
    except (
        zipfile.BadZipFile, zlib.error, OSError, EOFError, KeyError, ValueError,
        RuntimeError, NotImplementedError,
    ):  # fmt: skip
        return None


def _plain(run: bytes) -> str:
    return run.replace(b"\0", b"").decode("ascii")


def has_small_directory(tail: bytes) -> bool:
    """Whether the directory of a zip is one that may be read: its size stands at the end.

    Parameters
    ----------
    tail
        The last `TAIL` bytes of the zip. Whatever in them may be taken for the record with the
        size must have a small one (APPNOTE 4.3.16), and so that of ZIP64 (4.3.14), which goes
        before it.
    """
    sizes = [match[1] for each in (_END, _END_64) for match in each.finditer(tail)]
    return bool(sizes) and all(int.from_bytes(size, "little") <= DIRECTORY_LIMIT for size in sizes)


def _part(book: zipfile.ZipFile, name: str) -> str:
    with book.open(name) as part:
        return part.read(PART_LIMIT).decode("utf-8", "replace")


def _tokens(xml: str) -> Iterator[tuple[str, str, str]]:
    """Yield name of a tag (``/name`` for its end), its attributes; or "" and text."""
    for match in _TOKEN.finditer(xml):
        if match[2] is not None:
            yield "", "", html.unescape(match[2])
            continue
        name, _, attributes = match[1].partition(" ")
        end = "/" if name.startswith("/") else ""
        yield end + name.strip("/").rpartition(":")[2], attributes, ""


def _shared(xml: str) -> Iterator[str]:
    """Yield the shared strings of a workbook (ECMA-376 18.4.8), in their order."""
    text: list[str] = []
    inside = False
    for name, _, said in _tokens(xml):
        if name == "si":
            text = []
        elif name in ("t", "/t"):
            inside = name == "t"
        elif inside and not name:
            text.append(said)
        elif name == "/si":
            yield "".join(text)


def _sheet(xml: str, shared: list[str]) -> list[str]:
    """Return the texts in the first rows of a sheet (ECMA-376 18.3.1.73)."""
    words: list[str] = []
    kind, inside, rows, before = "", False, 0, 0
    for name, attributes, said in _tokens(xml):
        if name == "c":
            match = _CELL_TYPE.search(attributes)
            kind = match[1] if match else ""
        elif name in ("v", "t", "/v", "/t"):
            inside = name in ("v", "t")
        elif inside and not name and kind == "s":
            if said.isdecimal() and len(said) < 9 and int(said) < len(shared):
                words.append(shared[int(said)])
        elif inside and not name and kind in ("str", "inlineStr"):
            words.append(said)
        elif name == "/row":
            rows += len(words) > before
            before = len(words)
        if rows == ROWS or len(words) > WORDS:
            break
    return words


def _open_document(xml: str) -> list[str]:
    """Return the texts in the first rows of each table (OpenDocument 1.3, 9.1)."""
    words: list[str] = []
    inside, rows, before = False, 0, 0
    for name, _, said in _tokens(xml):
        if name == "table":
            rows = 0
        elif name in ("p", "/p"):
            inside = name == "p"
        elif inside and not name and rows < ROWS:
            words.append(said)
        elif name == "/table-row":
            rows += len(words) > before
            before = len(words)
        if len(words) > WORDS:
            break
    return words
