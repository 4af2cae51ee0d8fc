"""What the readers of archives share: a member, the meter that bounds them, two exceptions."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from auditor.sources.base import Limits

CHUNK = 256 << 10
BOMB_BYTES = 256 << 20
"""From here on the ratio of unpacked to packed size counts, see `Limits`."""


class MemberError(Exception):
    """One member cannot be read; the others can. The message says why, in plain words."""


class ArchiveError(Exception):
    """Nothing more of the archive can or may be read. The message says why."""


def _nothing() -> Iterator[bytes]:
    return iter(())


@dataclass(slots=True)
class Member:
    """One member of an archive, folders left out.

    `data` may be read once, before the next member is asked for. `link` is where a link
    leads: a path inside the archive, or "" if it leads out.
    """

    name: str
    data: Iterator[bytes] = field(default_factory=_nothing)
    problem: str = ""
    link: str | None = None


class Meter:
    """Adds up what an archive unpacks to, whether it is kept or skipped.

    Parameters
    ----------
    limits
        The bounds.
    packed
        Size of the archive in bytes.
    room
        Called with each count of bytes; raises `ArchiveError` if the disk runs full.
    """

    def __init__(self, limits: Limits, packed: int, room: Callable[[int], None]) -> None:
        self.limits = limits
        self._ratio_bytes = max(BOMB_BYTES, int(limits.ratio * packed))
        self._room = room
        self._bytes = 0
        self._members = 0
        # A million names of the greatest length would fill the memory, not the disk.
        self._names = 512 * limits.members

    def member(self, name: str) -> None:
        """Count one member.

        Raises
        ------
        ArchiveError
            If there are too many, or their names are too long together.
        """
        self._members += 1
        self._names -= len(name)
        if self._members > self.limits.members:
            raise ArchiveError(f"it has more than {self.limits.members:,} members")
        if self._names < 0:
            raise ArchiveError("the names of its members are too long")

    def add(self, count: int) -> None:
        """Count unpacked bytes.

        Raises
        ------
        ArchiveError
            If they are too many, in total or for the size of the archive, or for the disk.
        """
        self._bytes += count
        if self._bytes > self.limits.bytes:
            raise ArchiveError(f"it unpacks to more than {self.limits.bytes:,} bytes")
        if self._bytes > self._ratio_bytes:
            raise ArchiveError(f"it unpacks to more than {self.limits.ratio:g} times its size")
        self._room(count)


def link_target(name: str, target: str) -> str:
    """Return where a symbolic link leads inside the archive, or "" if it leads out."""
    if target.startswith(("/", "\\")) or "\0" in target:
        return ""
    inside = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
    return "" if inside in (".", "..") or inside.startswith(("../", "/")) else inside
