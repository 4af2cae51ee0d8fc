"""A zip or tar archive as a source: unpacked within bounds into a temporary folder of our own.

Members are written to numbered files, so that no name in an archive ever reaches the file
system. A member that cannot be trusted is listed with its problem and the rest is audited;
where reading had to stop, a last entry says so, so that the archive cannot look complete.
"""

from __future__ import annotations

import errno
import re
import shutil
import tempfile
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from auditor.sources.base import Limits, SourceError, SourceFile, printable
from auditor.sources.members import ArchiveError, Member, MemberError, Meter
from auditor.sources.tar import is_tar, tar_members
from auditor.sources.zip import is_zip, zip_members

_SUFFIX = re.compile(r"\.(zip|tar|tgz|tbz2?|txz|tar\.(gz|bz2|xz))$", re.IGNORECASE)
_NAME_BYTES = 4096
"""No longer name can be opened on any system that we know (PATH_MAX)."""
_FREE_BYTES = 1 << 30
"""What unpacking always leaves free on the disk, for the audit itself and for others."""
_FREE_EVERY = 16 << 20


def archive_kind(location: str) -> str:
    """Return "zip", "tar" or, for anything else, "". Decided by content.

    Raises
    ------
    OSError
        If the file cannot be opened.
    """
    with Path(location).open("rb") as file:
        head = file.read(512)
    if head[128:132] == b"DICM":  # a preamble may hold anything
        return ""
    if is_zip(location, head):
        return "zip"
    return "tar" if is_tar(location) else ""


class Archive:
    """The members of one archive, in the order of their names.

    The first listing unpacks; leaving the ``with`` statement removes what was unpacked.
    """

    def __init__(
        self, location: str, name: str, kind: str, limits: Limits, work: Path | None
    ) -> None:
        self.root = location
        self.name = _SUFFIX.sub("", name) or name
        self.links = 0
        self.notes: list[str] = []
        self._kind = kind
        self._limits = limits
        self._work = work
        self._size = Path(location).stat().st_size
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._files: list[SourceFile] | None = None

    def __enter__(self) -> Self:
        """Make the temporary folder.

        Raises
        ------
        SourceError
            If there is no place for it.
        """
        try:
            self._folder = tempfile.TemporaryDirectory(
                prefix="dicom-audit-", dir=self._work, ignore_cleanup_errors=True
            )
        except OSError as error:
            raise SourceError(f"cannot unpack {self.name}: {error.strerror}") from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._files = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def files(self) -> Iterator[SourceFile]:
        """List the members; only inside the ``with`` statement."""
        if self._folder is None:
            raise RuntimeError("an archive is listed inside its `with` statement")
        if self._files is None:
            self._files = self._unpack(Path(self._folder.name))
        yield from self._files

    def _unpack(self, folder: Path) -> list[SourceFile]:
        meter = Meter(self._limits, self._size, _Room(folder))
        unpacking = _Unpacking(self.root, folder, meter)
        members = zip_members if self._kind == "zip" else tar_members
        self.links = 0
        self.notes.clear()
        try:
            for member in members(self.root, meter):
                unpacking.take(member)
        except (ArchiveError, OSError) as error:
            reason = error if isinstance(error, ArchiveError) else "it can no longer be read"
            self.notes.append(f"The archive was not read to its end: {reason}.")
            unpacking.end(f"the archive was not read to its end: {reason}")
        self.links, files = unpacking.listing()
        return files


class _Room:
    """Raises `ArchiveError` when too little of the disk would stay free; asked for each chunk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._unasked = _FREE_EVERY

    def __call__(self, count: int) -> None:
        self._unasked += count
        if self._unasked >= _FREE_EVERY:
            self._unasked = 0
            if shutil.disk_usage(self._folder).free < _FREE_BYTES + _FREE_EVERY:
                raise ArchiveError("too little disk is free to unpack it")


class _Unpacking:
    """Members so far: their files, their paths, and links that wait for the whole list."""

    def __init__(self, archive: str, folder: Path, meter: Meter) -> None:
        self._archive = archive
        self._folder = folder
        self._meter = meter
        self._files: dict[str, SourceFile] = {}
        self._links: list[tuple[str, str]] = []
        self._last = ""
        self._number = 1

    def take(self, member: Member) -> None:
        """Unpack one member, or note why not."""
        self._meter.member(member.name)
        name, problem = _place(member.name)
        path = printable(name)
        if path in self._files:
            problem = problem or "another member of the archive has the same name"
            path = self._unused(path)
        problem = problem or member.problem
        location = self._folder / f"{len(self._files):07d}"
        if not problem and member.link is not None:
            self._links.append((path, member.link))
            problem = "a link to something that is not in the archive"
        elif not problem:
            # Listed before it is written: what stops the writing stops the listing too.
            self._files[path] = SourceFile(path, self._archive, "its data is not complete")
            problem = _write(member, location)
        self._files[path] = SourceFile(path, self._archive if problem else str(location), problem)

    def end(self, problem: str) -> None:
        """Add the entry that tells that there is more than is listed."""
        self._last = self._unused("(rest of the archive)")
        self._files[self._last] = SourceFile(self._last, self._archive, problem)

    def listing(self) -> tuple[int, list[SourceFile]]:
        """Return how many links lead to listed members, and the files in order."""
        last = self._files.pop(self._last, None)
        paths = sorted(self._files)
        found = 0
        for path, target in self._links:
            wanted = printable(target)
            at = bisect_left(paths, wanted + "/")
            if wanted in self._files or (at < len(paths) and paths[at].startswith(wanted + "/")):
                found += 1
                del self._files[path]
        files = [self._files[path] for path in paths if path in self._files]
        return found, files if last is None else [*files, last]

    def _unused(self, path: str) -> str:
        unused = path
        while unused in self._files:
            # Never counted from one again: a million equal names must not take for ever.
            self._number += 1
            unused = f"{path} ({self._number})"
        return unused


def _write(member: Member, location: Path) -> str:
    """Write a member's data, and return a problem or ""; with a problem nothing is left."""
    try:
        with location.open("xb") as out:
            out.writelines(member.data)
    except MemberError as error:
        location.unlink(missing_ok=True)
        return str(error)
    except ArchiveError:
        location.unlink(missing_ok=True)
        raise
    except OSError as error:  # not from reading: this is our own disk
        location.unlink(missing_ok=True)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise ArchiveError("the disk is full" if full else "it cannot be unpacked here") from None
    return ""


def _place(name: str) -> tuple[str, str]:
    """Return where a member stands in the collection, and why it cannot be trusted or ""."""
    names = re.split(r"[/\\]", name)
    plain = "/".join(each for each in name.split("/") if each not in ("", "."))
    if "\0" in name:
        return plain, "its name holds a NUL character"
    if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
        return plain, "its name is an absolute path"
    if ".." in names:
        return plain, "its name leads out of the archive"
    if len(name) > _NAME_BYTES:
        return plain[:_NAME_BYTES], "its name is too long to be opened anywhere"
    if not plain:
        return "(no name)", "it has no name"
    return plain, ""
