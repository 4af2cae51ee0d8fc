# ruff: noqa: PTH112, PTH113, PTH115 - millions of paths are strings: `Path` would be slow.
"""A folder, or one file, as a source.

Links. A link to something inside the collection is not followed but counted: its target is
listed at its own place. A link that leads out, leads nowhere or leads to a folder around
itself is listed with its problem.

git-annex. In a collection kept by git-annex or DataLad each file is a link to its content
under ``.git/annex/objects``. The folder ``.git`` is not data and is not listed (a note says
so), and such a link is the file: it is listed under the name that the user knows. Two names
for one content are two files, as they are in a plain copy of the collection.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from operator import attrgetter
from types import TracebackType
from typing import Self

from auditor.sources.base import SourceFile, printable

_name = attrgetter("name")


class _Plain:
    """What a source has that unpacks nothing."""

    def __init__(self, root: str, name: str) -> None:
        self.root = root
        self.name = name
        self.links = 0
        self.notes: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None


class SingleFile(_Plain):
    """One file that is no archive: a collection of one."""

    def files(self) -> Iterator[SourceFile]:
        """List the file."""
        yield SourceFile(self.name, self.root)


class Folder(_Plain):
    """The files below a folder, depth first, names sorted by their bytes.

    Memory follows the folders between the root and the current file, not the collection.
    """

    def files(self) -> Iterator[SourceFile]:
        """List the files; the counts of links and the notes are complete at the end."""
        self.links = 0
        self.notes.clear()
        skipped = 0
        problem, entries = _list(self.root)
        if problem:
            yield SourceFile(".", self.root, problem)
        # One iterator for each folder between the root and here, not a recursion: a hostile
        # tree may be deeper than Python's stack.
        open_folders = [("", iter(entries))]
        while open_folders:
            above, remaining = open_folders[-1]
            for entry in remaining:
                path = above + printable(entry.name)
                if _is_file(entry):
                    yield SourceFile(path, entry.path)
                elif entry.name == ".git" and _is_folder(entry, follow=True):
                    skipped += 1
                elif _is_folder(entry, follow=False):
                    problem, entries = _list(entry.path)
                    if problem:
                        yield SourceFile(path, entry.path, problem)
                    open_folders.append((path + "/", iter(entries)))
                    break
                elif listed := self._no_file(path, entry):
                    yield listed
            else:
                open_folders.pop()
        if skipped:
            folders = "1 folder" if skipped == 1 else f"{skipped:,} folders"
            self.notes.append(f"Not audited: {folders} named .git (version control, not data).")

    def _no_file(self, path: str, entry: os.DirEntry[str]) -> SourceFile | None:
        """Return how a link or something special is listed, or None if it is only counted."""
        if not entry.is_symlink():
            return SourceFile(path, entry.path, _special(entry))
        listed = self._link(path, entry.path)
        self.links += listed is None
        return listed

    def _link(self, path: str, location: str) -> SourceFile | None:
        """Return how a link is listed, or None if its target is listed at its own place."""
        try:
            target = os.path.realpath(location, strict=True)
        except FileNotFoundError:
            if ".git/annex/objects/" in _read_link(location):
                return SourceFile(path, location, "its content was not fetched (git-annex)")
            return SourceFile(path, location, "a link to something that does not exist")
        except OSError:
            return SourceFile(path, location, "a link that cannot be followed to an end")
        inside = _below(self.root, target)
        if inside is None:
            if "/.git/annex/objects/" in target.replace(os.sep, "/"):
                return SourceFile(
                    path,
                    location,
                    "a link to git-annex content outside the audited folder:"
                    " audit the whole data set, or unlock its files",
                )
            return SourceFile(path, location, "a link that leads out of the collection")
        if _below(target, location) is not None and os.path.isdir(target):
            return SourceFile(path, location, "a link to a folder that contains it")
        if ".git" in inside.split("/"):
            if "annex/objects/" in inside and os.path.isfile(target):
                return SourceFile(path, target)
            return SourceFile(path, location, "a link into a .git folder, which is not audited")
        return None


def _list(folder: str) -> tuple[str, list[os.DirEntry[str]]]:
    """Return a problem or "", and the sorted entries that could be listed."""
    entries: list[os.DirEntry[str]] = []
    problem = ""
    try:
        with os.scandir(folder) as listing:
            entries.extend(listing)
    except OSError as error:
        problem = f"the folder cannot be listed ({error.strerror or 'unknown reason'})"
    # Among names of ASCII that is the same order, and sooner found.
    plain = "".join(map(_name, entries)).isascii()
    entries.sort(key=_name if plain else lambda entry: os.fsencode(entry.name))
    return problem, entries


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a regular file, and no link to one."""
    try:
        return entry.is_file(follow_symlinks=False)
    except OSError:
        return False


def _is_folder(entry: os.DirEntry[str], *, follow: bool) -> bool:
    try:
        return entry.is_dir(follow_symlinks=follow)
    except OSError:
        return False


def _special(entry: os.DirEntry[str]) -> str:
    """Return why an entry that is neither file, folder nor link must not be opened."""
    try:
        os.lstat(entry.path)
    except OSError as error:
        return f"the file cannot be looked at ({error.strerror or 'unknown reason'})"
    # Opening a pipe waits for ever, opening a device may do anything.
    return "not a regular file (a pipe, socket or device)"


def _below(folder: str, path: str) -> str | None:
    """Return the path relative to the folder, "/" between names, or None if not below it."""
    if path == folder:
        return ""
    base = folder.rstrip(os.sep) + os.sep
    return path[len(base) :].replace(os.sep, "/") if path.startswith(base) else None


def _read_link(location: str) -> str:
    try:
        return os.readlink(location).replace(os.sep, "/")
    except OSError:
        return ""
