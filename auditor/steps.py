"""What an audit tells whoever watches it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Progress:
    """Told how far an audit has come.

    Attributes
    ----------
    files
        Called with the number of files just read.
    step
        Called with a few words when something else than reading begins.
    """

    files: Callable[[int], None] = lambda _: None
    step: Callable[[str], None] = lambda _: None
