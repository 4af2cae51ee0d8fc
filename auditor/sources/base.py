"""What every source has in common: a listed file, bounds, names that are safe to print."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple, Protocol, Self


class SourceError(Exception):
    """What the user named cannot be audited. The message is one plain line."""


class SourceFile(NamedTuple):
    """One file of a collection, not opened yet.

    Attributes
    ----------
    path
        The place inside the collection, ``/`` between names, see `printable`. Unique.
    location
        The absolute path to open. It may hold surrogate escapes; never print it.
    problem
        If not empty: why the file must not be opened, in plain words.
    """

    path: str
    location: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for what an archive may unpack to. The free disk is a bound of its own.

    Attributes
    ----------
    members
        How many files. The largest public collections have millions of instances, but are
        not delivered in one archive.
    bytes
        How much in total.
    ratio
        How many times the packed size, for each member and in total. It only counts from
        256 MiB on: an empty segmentation mask deflates a thousand times and is no bomb.
    """

    members: int = 1_000_000
    bytes: int = 256 << 30
    ratio: float = 200.0


class Source(Protocol):
    """A collection as a list of files. A context manager: leaving it removes what it unpacked.

    Attributes
    ----------
    name
        Default name of the collection, safe to print.
    root
        Absolute path of the folder or file that is audited; never print it.
    links
        How many links were not followed because their target is listed at its own place.
        Counted while listing.
    notes
        Plain sentences for the report. Filled while listing.
    """

    name: str
    root: str
    links: int
    notes: list[str]

    def files(self) -> Iterator[SourceFile]:
        """List the files in an order that depends on their names alone."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def printable(name: str) -> str:
    r"""Return a name that is safe to print and to put in JSON, different for different names.

    Undecodable bytes become ``\xff``; control characters, invisible ones and those that turn
    the direction of text become ``\x1b`` or ``\u202e``; a backslash becomes two, so that no
    name can pretend to be another one escaped.
    """
    if name.isprintable() and "\\" not in name:
        return name
    return "".join(map(_escape, name))


def _escape(character: str) -> str:
    code = ord(character)
    if character == "\\":
        return "\\\\"
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    if 0xDC80 <= code <= 0xDCFF:  # how Python keeps a byte of a name that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


class Unopened:
    """A collection that was asked for and could not be opened: nothing, and a note."""

    def __init__(self, name: str) -> None:
        self.name, self.root, self.links = name, "", 0
        self.notes = ["It was asked for and could not be opened: nothing in it was audited."]

    def files(self) -> Iterator[SourceFile]:
        """List nothing."""
        return iter(())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None
