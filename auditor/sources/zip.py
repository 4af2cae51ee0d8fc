"""Reads a zip archive within bounds; what is left of one whose directory is lost, too."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from auditor.sources.members import (
    BOMB_BYTES,
    CHUNK,
    ArchiveError,
    Member,
    MemberError,
    Meter,
    link_target,
)

_LOCAL = struct.Struct("<4sHHHHHLLLHH")
"""A local file header (APPNOTE 4.3.7) without its name and extra field."""
_ENCRYPTED = 0x0041
"""General purpose bits 0 (encrypted) and 6 (strong encryption)."""
_SIZE_FOLLOWS = 0x0008
_UTF8 = 0x0800
_STORED, _DEFLATED, _BZIP2 = 0, 8, 12
_ENTRY_BYTES = 160
"""What one member takes in the directory of an archive: 46 and a long name."""


def is_zip(location: str, head: bytes) -> bool:
    """Return whether a file is a zip archive, and not an office document that is a zip inside."""
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return False
    try:
        with _Bounded(location, 1 << 20) as file, zipfile.ZipFile(file) as archive:
            return "[Content_Types].xml" not in archive.NameToInfo
    except Exception:  # noqa: BLE001 - too large for a document, or damaged in any way
        return True


def zip_members(location: str, meter: Meter) -> Iterator[Member]:
    """Read the members in the order of the archive's directory.

    Without a directory that can be read the members are found one after the other.

    Raises
    ------
    ArchiveError
        If the archive is cut off, damaged, or beyond the bounds.
    """
    with ExitStack() as stack:
        lost = ""
        try:
            file = stack.enter_context(_Bounded(location, _ENTRY_BYTES * meter.limits.members))
            archive = stack.enter_context(zipfile.ZipFile(file))
        except ArchiveError as stop:
            lost = str(stop)
        except Exception:  # noqa: BLE001 - BadZipFile, struct.error, UnicodeDecodeError, ...
            lost = "its directory is missing or damaged"
        if lost:
            yield from _salvage(location, meter)
            raise ArchiveError(lost)
        for info in archive.infolist():
            if not info.is_dir():
                yield _member(archive, info, meter)
        # The directory of a zip in the zip, where the outer one is cut off, would hide the rest.
        file.seek(0)
        starts = {info.header_offset for info in archive.infolist()}
        if file.read(4) == b"PK\x03\x04" and 0 not in starts:
            raise ArchiveError("its directory leaves out what it starts with")


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, meter: Meter) -> Member:
    # Some writers on Windows separate names with a backslash, against APPNOTE 4.4.17.
    member = Member(info.orig_filename.replace("\\", "/"))
    kind = stat.S_IFMT(info.external_attr >> 16)
    member.problem = _unreadable(info.flag_bits, info.compress_type)
    if not member.problem and kind == stat.S_IFLNK:
        member.link = _link(archive, info, meter)
    elif not member.problem and kind not in (0, stat.S_IFREG):
        member.problem = "not a regular file"
    elif not member.problem:
        member.data = _content(archive, info, meter)
    return member


def _unreadable(flags: int, method: int) -> str:
    if flags & _ENCRYPTED:
        return "it is encrypted"
    if method not in (_STORED, _DEFLATED, _BZIP2):
        # LZMA (14) is left out as well: its header says how much memory reading takes.
        return f"it is compressed in a way that is not supported (method {method})"
    return ""


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, meter: Meter) -> Iterator[bytes]:
    bomb = max(BOMB_BYTES, int(meter.limits.ratio * info.compress_size))
    try:
        with archive.open(info) as file:
            while chunk := file.read(CHUNK):
                meter.add(len(chunk))
                bomb -= len(chunk)
                if bomb < 0:
                    raise MemberError(
                        f"it unpacks to more than {meter.limits.ratio:g} times its size"
                    )
                yield chunk
    except (MemberError, ArchiveError):
        raise
    except Exception:  # noqa: BLE001 - a wrong checksum, damaged data, overlaps, ...
        raise MemberError("its data is damaged or cut off") from None


def _link(archive: zipfile.ZipFile, info: zipfile.ZipInfo, meter: Meter) -> str:
    if info.file_size > 4096:
        return ""
    try:
        target = b"".join(_content(archive, info, meter)).decode("utf-8", "surrogateescape")
    except MemberError:
        return ""
    return link_target(info.filename, target)


class _Bounded(io.FileIO):
    """A file of which no large part is read into memory at once, as a directory would be."""

    def __init__(self, location: str, bound: int) -> None:
        super().__init__(location)
        self._bound = max(bound, CHUNK)

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > self._bound:
            raise ArchiveError("its directory is too large")
        return super().read(-1 if size is None else size) or b""


def _salvage(location: str, meter: Meter) -> Iterator[Member]:
    """Read the members of an archive without a directory, one after the other."""
    with Path(location).open("rb") as file:
        while (fixed := file.read(_LOCAL.size)).startswith(b"PK\x03\x04"):
            if len(fixed) < _LOCAL.size:
                return
            _, _, flags, method, _, _, crc, packed, _, names, extra = _LOCAL.unpack(fixed)
            name = file.read(names).decode("utf-8" if flags & _UTF8 else "cp437", "surrogateescape")
            file.seek(extra, io.SEEK_CUR)
            start = file.tell()
            known = not flags & _SIZE_FOLLOWS and packed != 0xFFFFFFFF
            member = Member(name.replace("\\", "/"), problem=_unreadable(flags, method))
            if not member.problem and method == _DEFLATED:
                member.data = _inflate(file, crc if known else None, meter)
            elif not member.problem and method == _STORED and known:
                member.data = _copy(file, packed, crc, meter)
            elif not member.problem:
                member.problem = "its size stands in the lost directory of the archive"
            if not name.endswith(("/", "\\")):
                yield member
            if known:
                file.seek(start + packed)
                continue
            try:
                for _ in member.data:  # only its data tells where it ends
                    pass
            except MemberError:
                return
            start = file.tell()
            # A record of 12 to 24 bytes with the sizes stands between.
            after = file.read(28)
            found = [at for mark in (b"PK\x03\x04", b"PK\x01\x02") if (at := after.find(mark)) >= 0]
            if not found:
                return
            file.seek(start + min(found))


def _inflate(file: BinaryIO, crc: int | None, meter: Meter) -> Iterator[bytes]:
    """Inflate a member from where the file stands, and leave the file at the member's end."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    unpacked = 0
    while not inflater.eof:
        packed = inflater.unconsumed_tail or file.read(CHUNK)
        try:
            chunk = inflater.decompress(packed, CHUNK)
        except zlib.error:
            raise MemberError("its data is damaged") from None
        if not packed and not chunk:
            raise MemberError("its data is cut off")
        meter.add(len(chunk))
        unpacked = zlib.crc32(chunk, unpacked)
        yield chunk
    file.seek(-len(inflater.unused_data), io.SEEK_CUR)
    if crc is not None and unpacked != crc:
        raise MemberError("its data is damaged")


def _copy(file: BinaryIO, size: int, crc: int, meter: Meter) -> Iterator[bytes]:
    """Return the data of a member that is stored as it is."""
    unpacked = 0
    while size:
        chunk = file.read(min(size, CHUNK))
        if not chunk:
            raise MemberError("its data is cut off")
        size -= len(chunk)
        meter.add(len(chunk))
        unpacked = zlib.crc32(chunk, unpacked)
        yield chunk
    if unpacked != crc:
        raise MemberError("its data is damaged")
