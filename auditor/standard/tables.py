"""Reads the packaged tables of the standard. `tools/build_standard.py` writes them."""

from __future__ import annotations

import gzip
from pathlib import Path

EDITION = "2025e"
"""Edition of the standard that the packaged tables were built from."""

_FOLDER = Path(__file__).parent


def read_table(name: str) -> str:
    """Return the text of a packaged table without its stamp, the first line.

    Raises
    ------
    RuntimeError
        If the table is of another edition than `EDITION`: a half-rebuilt package.
    """
    stamp, _, body = gzip.decompress((_FOLDER / name).read_bytes()).decode().partition("\n")
    if not stamp.startswith(f"# DICOM {EDITION}; "):
        raise RuntimeError(f"the packaged table {name} is not of edition {EDITION}")
    return body
