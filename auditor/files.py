"""Reading and writing the tool's own small files without being led astray."""

from __future__ import annotations

import os
import tempfile
import tomllib
from pathlib import Path
from typing import Any


class TomlError(Exception):
    """A file is no TOML, or cannot be read: the rest of a sentence that begins with its name."""


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


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file of the user's own: what is wrong with it may be quoted.

    Raises
    ------
    TomlError
        If it is missing, no regular file, cannot be read, or is no TOML.
    """
    try:
        return tomllib.loads(read_text(path))
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        what = f"is not TOML: {error}"
    # Of a number with thousands of digits Python says ValueError.
    except (ValueError, RecursionError):
        what = "is not TOML: a number is too long, or it is nested too deep"
    raise TomlError(what)


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
