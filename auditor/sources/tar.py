"""Reads a tar archive, plain or compressed, forward only and within bounds.

Not the standard library's ``tarfile``: it reads extension headers of any size into memory,
keeps every member, matches them with expressions that take quadratic time (CVE-2024-6232)
and, in versions still in use, follows a negative size backwards for ever (CVE-2025-8194).
A hostile archive must not decide how long an audit takes. The formats are those of POSIX
(ustar, pax) and of GNU tar (long names); sparse files are refused.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from auditor.sources.members import CHUNK, ArchiveError, Member, Meter, link_target

_BLOCK = 512
_EXTENSION_BYTES = 1 << 20
"""More than a path and extended attributes need."""
_XZ_MEMORY = 256 << 20
"""Four times what ``xz -9`` needs; the format allows 4 GiB."""
_PROBLEMS = {
    b"3": "a device, which is not opened",
    b"4": "a device, which is not opened",
    b"6": "a pipe, which is not opened",
    b"S": "a sparse file, which is not unpacked",
    b"M": "a part of a file that is continued from another archive",
}
_DAMAGED = (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def is_tar(location: str) -> bool:
    """Return whether a file is a tar archive, compressed or not."""
    with ExitStack() as stack:
        try:
            return _header(_open(stack, location).read(_BLOCK)) is not None
        except _DAMAGED:
            return False


def tar_members(location: str, meter: Meter) -> Iterator[Member]:
    """Read the members in the order in which they stand.

    What stands after an end mark is read too: archives that were put one after the other
    must not lose their rest.

    Raises
    ------
    ArchiveError
        If the archive is cut off, damaged, or beyond the bounds.
    """
    with ExitStack() as stack:
        stream = _Stream(_open(stack, location), meter)
        extended: dict[str, str] = {}
        ended = False
        while block := stream.block():
            if not block.strip(b"\0"):
                ended = True
                continue
            header = _header(block)
            if header is None:
                raise ArchiveError("data after its end" if ended else "a header is damaged")
            ended = False
            if header.kind in b"xgLK":
                extended.update(_extension(header.kind, stream.extension(header.size)))
                continue
            # Whatever these say, no data follows (pax: "typeflag").
            size = 0 if header.kind in b"123456" else header.size
            size = _decimal(extended["size"]) if "size" in extended else size
            content = stream.content(size)
            member = _member(header, extended, content)
            if member is not None:
                yield member
            for _ in content:  # what nobody wanted
                pass
            stream.pad(size)
            extended = {}
        if extended or not ended:
            raise ArchiveError("it is cut off: there is no end mark")


def _member(header: _Header, extended: dict[str, str], content: Iterator[bytes]) -> Member | None:
    """Return what a header describes, or None for a folder or the label of an archive."""
    name = extended.get("path", header.name)
    link = extended.get("linkpath", header.link)
    regular = header.kind in b"\x0007"
    if header.kind in b"5V" or (regular and name.endswith("/")):
        return None
    if header.kind == b"1":
        return Member(name, link=link_target("", link))
    if header.kind == b"2":
        return Member(name, link=link_target(name, link))
    if any(key.startswith("GNU.sparse.") for key in extended):
        return Member(name, problem=_PROBLEMS[b"S"])
    if regular:
        return Member(name, content)
    return Member(name, problem=_PROBLEMS.get(header.kind, "a kind of member that is not known"))


def _extension(kind: bytes, data: bytes) -> dict[str, str]:
    """Return what an extension header says of the next member; a global one is not needed."""
    if kind == b"x":
        return _pax(data)
    if kind == b"g":
        return {}
    return {"path" if kind == b"L" else "linkpath": _text(data)}


@dataclass(frozen=True, slots=True)
class _Header:
    name: str
    size: int
    kind: bytes
    link: str


def _header(block: bytes) -> _Header | None:
    """Return the header that a block holds, or None if its checksum says that it is none."""
    if len(block) != _BLOCK:
        return None
    checksum, size = _number(block[148:156]), _number(block[124:136])
    if checksum is None or size is None:
        return None
    # The sum is taken with its own field blank; old writers took the bytes as signed.
    plain = block[:148] + b" " * 8 + block[156:]
    unsigned = sum(plain)
    if checksum not in (unsigned, unsigned - 256 * sum(byte > 127 for byte in plain)):
        return None
    name = _text(block[0:100])
    if block[257:263] == b"ustar\0" and block[345:346] != b"\0":
        name = f"{_text(block[345:500])}/{name}"
    return _Header(name, size, block[156:157], _text(block[157:257]))


def _number(field: bytes) -> int | None:
    """Return a number that stands in octal digits or, as GNU writes large ones, in base 256."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.split(b"\0")[0].strip()
    try:
        return int(digits or b"0", 8) if b"_" not in digits and digits[:1] not in b"+-" else None
    except ValueError:
        return None


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode("utf-8", "surrogateescape")


def _decimal(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise ArchiveError("a member's extended header is damaged")
    return int(text)


def _pax(data: bytes) -> dict[str, str]:
    """Return the records of a pax extended header: length, space, key=value, newline."""
    records: dict[str, str] = {}
    at = 0
    while at < len(data) and data[at] != 0:
        space = data.find(b" ", at, at + 20)
        if space < 0:
            raise ArchiveError("a member's extended header is damaged")
        length = _decimal(data[at:space].decode("latin-1"))
        key, equals, value = data[space + 1 : at + length - 1].partition(b"=")
        if not equals or at + length > len(data) or data[at + length - 1] != 0x0A:
            raise ArchiveError("a member's extended header is damaged")
        # A value may hold a NUL: it stays, for the name to be refused.
        records[key.decode("utf-8", "replace")] = value.decode("utf-8", "surrogateescape")
        at += length
    return records


class _Stream:
    """The unpacked bytes of an archive, read forward; every byte goes through the meter."""

    def __init__(self, file: _Readable, meter: Meter) -> None:
        self._file = file
        self._meter = meter

    def block(self) -> bytes:
        """Return the next 512 bytes, or b"" at the end."""
        first = self._read(_BLOCK)
        return first + self._exactly(_BLOCK - len(first)) if first else b""

    def extension(self, size: int) -> bytes:
        """Return the data of an extension header."""
        if size > _EXTENSION_BYTES:
            raise ArchiveError("a member's extended header is too large")
        data = self._exactly(size)
        self.pad(size)
        return data

    def content(self, size: int) -> Iterator[bytes]:
        """Return the data of a member, chunk by chunk."""
        while size:
            chunk = self._read(min(size, CHUNK))
            if not chunk:
                raise ArchiveError("it is cut off in the middle of a member")
            size -= len(chunk)
            yield chunk

    def pad(self, size: int) -> None:
        """Skip to the next block after data of this size."""
        self._exactly(-size % _BLOCK)

    def _exactly(self, size: int) -> bytes:
        return b"".join(self.content(size))

    def _read(self, size: int) -> bytes:
        try:
            data = self._file.read(size)
        except EOFError:
            raise ArchiveError("it is cut off: its compressed data has no end") from None
        except _DAMAGED:
            raise ArchiveError("its compressed data is damaged") from None
        self._meter.add(len(data))
        return data


def _open(stack: ExitStack, location: str) -> _Readable:
    """Open an archive for reading what is in it; the stack closes it."""
    file = stack.enter_context(Path(location).open("rb"))  # noqa: SIM115 - the stack closes it
    head = file.read(6)
    file.seek(0)
    if head.startswith(b"\x1f\x8b"):
        return cast(_Readable, stack.enter_context(gzip.GzipFile(fileobj=file)))
    if head.startswith(b"BZh"):
        return stack.enter_context(bz2.BZ2File(file))
    if head.startswith(b"\xfd7zXZ\0"):
        return _Xz(file)
    return file


class _Xz:
    """Like ``lzma.LZMAFile``, which cannot be told how much memory it may use."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._packed = b""
        self._stream: lzma.LZMADecompressor | None = None

    def read(self, size: int, /) -> bytes:
        """Return up to `size` unpacked bytes; b"" at the end."""
        data = b""
        while not data:
            if self._stream is None or self._stream.eof:
                # Several streams may follow each other, each padded with NULs to four bytes.
                self._packed = self._rest().lstrip(b"\0")
                while not self._packed and (more := self._file.read(CHUNK)):
                    self._packed = more.lstrip(b"\0")
                if not self._packed:
                    return b""
                self._stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
            elif self._stream.needs_input:
                self._packed = self._file.read(CHUNK)
                if not self._packed:
                    raise EOFError
            data = self._stream.decompress(self._packed, size)
            self._packed = b""
        return data

    def _rest(self) -> bytes:
        return self._stream.unused_data if self._stream is not None else b""
