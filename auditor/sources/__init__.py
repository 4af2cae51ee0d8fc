"""Where the files of a collection come from: a folder, one file, a zip or tar archive.

A source lists files and opens none of them. It never follows a link out of what the user
named, never writes there, and hides nothing: what must not be opened is listed with the
reason, so that an audit of a damaged or hostile download cannot look complete.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from auditor.sources.base import Limits, Source, SourceError, SourceFile, Unopened, printable
from auditor.sources.folder import Folder, SingleFile

__all__ = [
    "Limits",
    "Source",
    "SourceError",
    "SourceFile",
    "Unopened",
    "each_collection",
    "open_source",
    "printable",
]

_LIMITS = Limits()


def open_source(path: Path, *, limits: Limits = _LIMITS, work: Path | None = None) -> Source:
    """Open what the user named, whatever it is called: its content decides what it is.

    Parameters
    ----------
    path
        A folder, a file, or a ``.zip``, ``.tar``, ``.tar.gz``, ``.tar.bz2`` or ``.tar.xz``.
        A link is followed here, and only here: the user named it. An office document is one
        file, although it is a zip inside.
    limits
        Bounds for what is unpacked from an archive.
    work
        Where an archive may make its temporary folder; the system's place by default.

    Returns
    -------
    Source
        To be used in a ``with`` statement: leaving it removes what was unpacked.

    Raises
    ------
    SourceError
        If the path is missing, cannot be read, or is neither a folder nor a regular file; on
        entering the ``with`` statement, if an archive finds no place to be unpacked.
    """
    shown = printable(os.fspath(path))
    try:
        root = os.path.realpath(path, strict=True)
        mode = Path(root).stat().st_mode
        name = printable(path.absolute().name or path.resolve().name) or "/"
        if stat.S_ISDIR(mode):
            with os.scandir(root):  # a folder that cannot be listed must not look empty
                return Folder(root, name)
        if not stat.S_ISREG(mode):
            raise SourceError(f"neither a folder nor a regular file: {shown}")
        # Most collections are folders, which need none of the modules that archives do.
        from auditor.sources.archive import Archive, archive_kind

        kind = archive_kind(root)
        return Archive(root, name, kind, limits, work) if kind else SingleFile(root, name)
    except FileNotFoundError:
        raise SourceError(f"no such path: {shown}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a valid path"
        raise SourceError(f"cannot read {shown}: {reason}") from None


def each_collection(root: Path) -> list[Path]:
    """Return the immediate subfolders of a folder, sorted by the bytes of their names.

    Hidden ones (``.git``, ``.datalad``, ``.Trash``) are left out: beside collections they
    are what tools keep for themselves. Inside a collection nothing hidden is left out but a
    ``.git`` folder. Links to folders are left out as well, since they may lead anywhere; to
    audit one, name it.

    Raises
    ------
    SourceError
        If `root` is missing, is not a folder, or cannot be listed.
    """
    shown = printable(os.fspath(root))
    try:
        with os.scandir(root) as entries:
            names = [
                each.name
                for each in entries
                if not each.name.startswith(".") and each.is_dir(follow_symlinks=False)
            ]
    except FileNotFoundError:
        raise SourceError(f"no such path: {shown}") from None
    except NotADirectoryError:
        raise SourceError(f"not a folder: {shown}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a valid path"
        raise SourceError(f"cannot list {shown}: {reason}") from None
    return [Path(root) / name for name in sorted(names, key=os.fsencode)]
