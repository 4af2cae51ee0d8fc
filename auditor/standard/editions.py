"""Other editions of the standard than the packaged one, fetched by dicom-validator's reader.

A fetched edition is read from the standard itself, so it has that edition's enumerated values,
where the packaged ones are of another; and its conditions are as dicom-validator reads them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from auditor.standard.iods import IodTable
from auditor.standard.tables import EDITION

TIMEOUT_S = 60.0
"""Silence of the network after which a download is given up."""

_EDITION = re.compile(r"\d{4}[a-h]")


class StandardError(Exception):
    """An edition cannot be had; the message is one plain line."""


def default_folder() -> Path:
    """Return where fetched editions are kept: in the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "dicom-auditor" / "standard"


def installed_editions(folder: Path | None = None) -> tuple[str, ...]:
    """Return the editions that can be used without a network, the packaged one first."""
    folder = folder or default_folder()
    try:
        names = sorted(each.name for each in folder.iterdir() if _EDITION.fullmatch(each.name))
    except OSError:
        names = []
    fetched = (name for name in names if (folder / name / "json" / "iod_info.json").is_file())
    return (EDITION, *(name for name in fetched if name != EDITION))


def fetch_edition(edition: str, folder: Path | None = None) -> IodTable:
    """Return an edition, from the folder or, if it is not there, from the standard's site.

    Takes some minutes and 100 MB the first time.

    Parameters
    ----------
    edition
        As ``2026a``, or ``current``.
    folder
        Where fetched editions are kept; `default_folder` if not given.

    Raises
    ------
    StandardError
        If there is no such edition, no network, or no room to write it.
    """
    from dicom_validator.spec_reader.edition_reader import EditionReader

    folder = folder or default_folder()
    if edition != "current" and not _EDITION.fullmatch(edition):
        raise StandardError(f"{edition!r} is no edition of the standard: they are called 2026a")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _silent_network():
            reader = EditionReader(folder)
            found = reader.get_edition(edition)
            if found is None:
                raise StandardError(
                    f"edition {edition} cannot be fetched: no network, or none such"
                )
            info = reader.dicom_info_for_edition(found)
    except StandardError:
        raise
    except Exception as error:
        raise StandardError(
            f"edition {edition} cannot be fetched ({type(error).__name__})"
        ) from error
    return IodTable(found, info.iods, info.modules)


@contextmanager
def _silent_network() -> Iterator[None]:
    """Keep dicom-validator from logging to stdout and from waiting for ever."""
    import logging
    import socket

    root, handler, timeout = logging.getLogger(), logging.NullHandler(), socket.getdefaulttimeout()
    root.addHandler(handler)
    socket.setdefaulttimeout(TIMEOUT_S)
    try:
        yield
    finally:
        socket.setdefaulttimeout(timeout)
        root.removeHandler(handler)
