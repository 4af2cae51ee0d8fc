"""Reading and writing the tool's own small files without being led astray."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def read_text(path: Path) -> str:
    """Read a text file; a pipe or a device, which may never end, is refused.

    Raises
    ------
    OSError
        If it is missing, no regular file, or cannot be read.
    UnicodeDecodeError
        If it is not UTF-8.
    """
    if path.exists() and not path.is_file():
        raise OSError(0, "not a regular file")
    return path.read_text(encoding="utf-8")


def replace_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all.

    What stood at `path` is replaced: a link to elsewhere goes, and elsewhere stays as it was.

    Raises
    ------
    OSError
        If it cannot be written; then what was there is still there.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        # A temporary file is private; what it becomes is as open as any other new file.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)  # noqa: PTH101
        os.replace(temporary, path)  # noqa: PTH105
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
