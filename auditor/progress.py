"""Shows how far an audit has come: a bar, plain lines, or nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from auditor.steps import Progress


@contextmanager
def progress(quiet: bool, total: int | None) -> Iterator[Progress]:
    """Show progress: a bar on a terminal, plain lines elsewhere, nothing if quiet.

    Parameters
    ----------
    total
        Number of files, if it is known: then the time left is shown.
    """
    if quiet:
        yield Progress()
        return
    if not sys.stderr.isatty():
        import click

        yield Progress(step=lambda words: click.echo(_clean(words), err=True))
        return
    from rich.markup import escape
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    from auditor.console import console

    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} files"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("left"),
        console=console(stderr=True),
    )
    task = bar.add_task("", total=total, rate="")

    def read(count: int) -> None:
        bar.advance(task, count)
        speed = bar.tasks[0].speed
        bar.update(task, rate=f"{speed:,.0f} files/s" if speed else "")

    def step(words: str) -> None:
        # Not before: the bar has a thread, and workers start faster while there is none.
        bar.start()
        bar.update(task, description=escape(_clean(words)))

    try:
        yield Progress(files=read, step=step)
    finally:
        bar.stop()


def _clean(words: str) -> str:
    # What shows results is loaded for the first words, which are said when files are being read.
    from auditor.view import clean

    return clean(words)
