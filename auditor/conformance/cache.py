"""Verdicts of the referees on disk, so that a second audit asks nobody twice.

What is kept is kinds of error at tag paths of the standard, by a digest of structure,
referee and its version. No value of a file is in it, nor its name. The cache is in the
user's cache folder; `DICOM_AUDIT_CACHE` names another, or is ``off``.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path

from auditor.conformance.vocabulary import KINDS, OF_OLDER_LISTS, IodError, RefereeReport
from auditor.model import TagPath

ENVIRONMENT = "DICOM_AUDIT_CACHE"

LIMIT = 50_000
"""Verdicts that are kept, of about a kilobyte each; the oldest go first."""

_KINDS = {*KINDS, *OF_OLDER_LISTS}

_KEPT = ("judged", "unknown_sop_class", "no_sop_class")
"""Statuses worth keeping: an error may be another one's fault, and may pass."""


def cache_folder() -> Path | None:
    """Return the folder of the cache, None if it is switched off."""
    said = os.environ.get(ENVIRONMENT, "")
    if said:
        return None if said.lower() == "off" else Path(said)
    try:
        if sys.platform == "win32":
            base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        elif sys.platform == "darwin":
            base = Path.home() / "Library" / "Caches"
        else:
            base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:  # nobody's home
        return None
    return base / "dicom-auditor" if base.is_absolute() else None


class VerdictCache:
    """Keeps reports; whatever is wrong with it, it is only empty.

    Parameters
    ----------
    folder
        Where it is, made when first written to; None for a cache that keeps nothing.
    stamps
        By referee, what its verdicts depend on beside the structure.
    """

    def __init__(self, folder: Path | None, stamps: dict[str, str]) -> None:
        self._file = folder / "verdicts.sqlite" if folder else None
        self._stamps = stamps

    def load(self, structures: Iterable[bytes]) -> dict[tuple[bytes, str], RefereeReport]:
        """Return the reports that there are, by structure and referee."""
        found: dict[tuple[bytes, str], RefereeReport] = {}
        if self._file is None or not self._file.exists():
            return found
        wanted = {
            self._key(structure, referee): (structure, referee)
            for structure in structures
            for referee in self._stamps
        }

        def look(connection: sqlite3.Connection) -> None:
            for key, place in wanted.items():
                row = connection.execute(
                    "SELECT report FROM verdicts WHERE key = ?", [key]
                ).fetchone()
                report = _read(row[0]) if row else None
                if report is not None:
                    found[place] = report

        self._try(look)
        return found

    def save(self, reports: dict[tuple[bytes, str], RefereeReport]) -> None:
        """Add reports, by structure and referee."""
        now = int(time.time())
        rows = [
            (self._key(structure, referee), json.dumps(asdict(report)), now)
            for (structure, referee), report in reports.items()
            if report.status in _KEPT and referee in self._stamps
        ]
        if self._file is None or not rows:
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
        except OSError:
            return

        def add(connection: sqlite3.Connection) -> None:
            connection.executemany("INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?)", rows)
            connection.execute(
                "DELETE FROM verdicts WHERE rowid IN (SELECT rowid FROM verdicts"
                " ORDER BY saved DESC, rowid DESC LIMIT -1 OFFSET ?)",
                [LIMIT],
            )
            connection.commit()

        self._try(add)

    def _key(self, structure: bytes, referee: str) -> bytes:
        stamp = f"{referee} {self._stamps[referee]}".encode()
        return blake2b(structure + stamp, digest_size=16).digest()

    def _try(self, action: Callable[[sqlite3.Connection], None]) -> None:
        """Do something with the database; what goes wrong is not worth an audit."""
        assert self._file is not None
        try:
            with closing(sqlite3.connect(self._file, timeout=5)) as connection:
                connection.execute(
                    "CREATE TABLE IF NOT EXISTS verdicts"
                    " (key BLOB PRIMARY KEY, report TEXT NOT NULL, saved INTEGER NOT NULL)"
                )
                action(connection)
        except sqlite3.OperationalError:
            return  # locked, read-only or full
        except sqlite3.DatabaseError:
            # Not a database any more: make room for one.
            with suppress(OSError):
                self._file.unlink(missing_ok=True)


def _read(text: object) -> RefereeReport | None:
    """Return the report that was written, None if it is none."""
    try:
        plain = json.loads(str(text))
        errors = tuple(
            IodError(
                each["kind"],
                TagPath(tuple(map(str, each["tag_path"]["steps"]))),
                str(each["module"]),
                str(each["type"]),
            )
            for each in plain["errors"]
        )
        status, reason = str(plain["status"]), str(plain["reason"])
        held_back = tuple(map(str, plain["held_back"]))
        read, unread = map(int, plain["conditions"])
        unshown = tuple(map(int, plain["unshown"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if status not in _KEPT or any(error.kind not in _KINDS for error in errors):
        return None
    return RefereeReport(status, errors, reason, held_back, (read, unread), unshown)
