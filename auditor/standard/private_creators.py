"""Private creators (PS3.5 7.8.1) that are publicly known, and so may be shown."""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

_TABLE = Path(__file__).parent / "private_creators.txt.gz"


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    lines = gzip.decompress(_TABLE.read_bytes()).decode().splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def is_known_creator(creator: str) -> bool:
    """Whether a public dictionary lists the creator."""
    return creator.strip() in _known()
