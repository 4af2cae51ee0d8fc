"""Where to print for a person: tables, colours, a bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def console(*, stderr: bool = False) -> Console:
    """Return where to print; whether anybody reads on is the command's to say."""
    from rich.console import Console

    class Ours(Console):
        def on_broken_pipe(self) -> None:
            # Rich ends the process with 1, which is a gate that failed.
            raise BrokenPipeError

    return Ours(stderr=stderr, highlight=False, soft_wrap=not stderr)
