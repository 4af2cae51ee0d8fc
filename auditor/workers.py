"""Runs tasks in order, in this process or in several, whoever dies of them."""

from __future__ import annotations

import gc
import itertools
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import TypeVar

from auditor.engine import Auditor, Partial
from auditor.packing import pack
from auditor.reading.columns import (
    COLUMNS,
)
from auditor.registry import RuleSet, load
from auditor.sources import SourceFile

CHUNK = 512
"""Files per task: long enough to hide the cost of a task, short enough to retry by hand."""

AHEAD = 6
"""Tasks that wait for each worker, so that none is idle while this process writes."""

SELDOM = (20_000, 20, 100)
"""When to look for garbage that refers to itself: of that a walk makes next to none."""

READER_DIED = "the reader died on this file"

S = TypeVar("S")
T = TypeVar("T")


class WorkersError(Exception):
    """There can be no other processes here; the message is one plain line."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker must know to judge files as every other worker does; it is picklable."""

    folders: tuple[Path, ...]
    rule_ids: tuple[str, ...]
    key: bytes
    show_values: bool = False
    ocr: int = 0
    """Images in whose pixels to look for text."""
    masks: int = 0
    """Segmentations whose pixels to look at."""
    twins: int = 0
    """Images of different patients whose pixels to compare."""


_here: list[Auditor] = []
"""The auditor of a worker, which is told what to do once and then gets only files."""


def _start_worker(job: Job, rules: RuleSet | None) -> None:
    # What a terminal says, it says to all processes at once: the first one heeds it, for all.
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    gc.set_threshold(*SELDOM)
    Thread(target=_end_with_parent, daemon=True).start()
    _here[:] = [make_auditor(job, rules)]


def _end_with_parent() -> None:
    """Wait for the end of the process that made this one: nobody else would tell a worker."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def make_auditor(job: Job, rules: RuleSet | None = None) -> Auditor:
    """Make the auditor that a job describes, in whatever process this is.

    Its rules are loaded unless they are given.
    """
    if rules is None:
        every = load(job.folders)
        wanted = set(job.rule_ids)
        rules = every.only([rule.id for rule in every.rules if rule.id in wanted], ())
    return Auditor(rules, job.key, job.show_values, bool(job.ocr), bool(job.masks))


def _work(files: list[tuple[str, ...]]) -> Partial:
    return _chunk(_here[0], files)


def _chunk(auditor: Auditor, files: list[tuple[str, ...]]) -> Partial:
    return auditor.chunk(SourceFile(*file) for file in files)


class Workers:
    """Runs tasks in order, in this process or in several; a context manager.

    A task that kills its worker is retried alone in a fresh process. Where no process can be
    started, `WorkersError` is raised.

    Parameters
    ----------
    job
        What every worker must know.
    count
        Processes; 1 runs in this one.
    rules
        Those of the job, where they are loaded already; a new process loads them itself.
    """

    def __init__(self, job: Job, count: int, rules: RuleSet | None = None) -> None:
        self.job = job
        self.count = count
        self._rules = rules
        self._pool: ProcessPoolExecutor | None = None
        self._is_copied = False
        self._threshold = gc.get_threshold()
        self._auditor = make_auditor(job, rules) if count == 1 else None

    def __enter__(self) -> Workers:
        # What is loaded by now stays, and no walk need look through it for garbage. What is
        # counted stays, too: to look for it as often as Python does is a twentieth of the time.
        gc.freeze()
        gc.set_threshold(*SELDOM)
        if self.count > 1:
            # Workers start up while this process gets ready to write.
            try:
                pool = self._fresh(self.count)
                for _ in range(self.count):
                    pool.submit(int)
            except (OSError, ImportError, NotImplementedError) as error:
                # A sandbox may have no shared memory, or let nobody start a process.
                why = error.strerror if isinstance(error, OSError) else type(error).__name__
                raise WorkersError(f"worker processes cannot start here ({why})") from error
        return self

    def __exit__(self, *_: object) -> None:
        gc.unfreeze()
        gc.set_threshold(*self._threshold)
        if self._pool is not None:
            # Nobody waits for what nobody wants any more: workers end by themselves. Where they
            # were started anew, what they waited on has a name, and is to be taken away.
            self._pool.shutdown(wait=not self._is_copied, cancel_futures=True)

    def _fresh(self, count: int) -> ProcessPoolExecutor:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        self._is_copied = _may_fork()
        self._pool = ProcessPoolExecutor(
            count,
            mp_context=get_context("fork" if self._is_copied else "spawn"),
            initializer=_start_worker,
            initargs=(self.job, self._rules if self._is_copied else None),
        )
        return self._pool

    @property
    def reads(self) -> Callable[[list[tuple[str, ...]]], Partial]:
        """The task that reads and judges files, in whatever process it runs."""
        return partial(_chunk, self._auditor) if self._auditor else _work

    def aside(self, work: Callable[[], T]) -> Future[T]:
        """Do something in a thread beside what follows here; with one process, at once.

        It pays for what waits, and for what needs no other process while these are busy. What is
        shared with what follows is the work's to keep apart: only one thread writes into a table
        or a result, all others leave the tally as it is, only one is in pydicom, whose settings
        are everybody's, and only one uses `run`.
        """
        if self.count > 1:
            thread = ThreadPoolExecutor(1)
            future = thread.submit(work)
            thread.shutdown(wait=False)
            return future
        done: Future[T] = Future()
        done.set_result(work())
        return done

    def run(
        self,
        task: Callable[[list[S]], T],
        batches: Iterable[list[S]],
        died: Callable[[S], T],
    ) -> Iterator[T]:
        """Yield the results of a task on each batch, in the order of the batches.

        Other processes begin at once, not when the first result is asked for.

        Parameters
        ----------
        task
            Module-level function of a batch.
        batches
            Lists of things; taken only as fast as results are used.
        died
            What to yield for a single thing on which a worker died.
        """
        if self.count == 1:
            return map(task, batches)
        source = iter(batches)
        waiting: deque[tuple[list[S], Future[T]]] = deque()
        self._submit(task, source, waiting)
        return self._results(task, source, waiting, died)

    def _submit(
        self,
        task: Callable[[list[S]], T],
        source: Iterator[list[S]],
        waiting: deque[tuple[list[S], Future[T]]],
    ) -> None:
        pool = self._pool or self._fresh(self.count)
        for batch in itertools.islice(source, AHEAD * self.count - len(waiting)):
            waiting.append((batch, _submit(pool, task, batch)))

    def _results(
        self,
        task: Callable[[list[S]], T],
        source: Iterator[list[S]],
        waiting: deque[tuple[list[S], Future[T]]],
        died: Callable[[S], T],
    ) -> Iterator[T]:
        while waiting:
            batch, future = waiting.popleft()
            try:
                result = future.result()
            except BrokenProcessPool:
                # Nobody can tell whose fault it was: this batch goes alone, the rest anew.
                yield from self._alone(task, batch, died)
                pool = self._fresh(self.count)
                waiting = deque((other, _submit(pool, task, other)) for other, _ in waiting)
            else:
                yield result
            self._submit(task, source, waiting)

    def _alone(
        self, task: Callable[[list[S]], T], batch: list[S], died: Callable[[S], T]
    ) -> Iterator[T]:
        try:
            yield self._fresh(1).submit(task, batch).result()
            return
        except BrokenProcessPool:
            pass
        pool = self._fresh(1)
        try:
            pool.submit(int).result()
        except BrokenProcessPool as broken:
            # Then it is no file's fault, and no file may be blamed.
            raise WorkersError("worker processes cannot start here") from broken
        for thing in batch:
            try:
                yield pool.submit(task, [thing]).result()
            except BrokenProcessPool:
                yield died(thing)
                pool = self._fresh(1)


def _may_fork() -> bool:
    """Whether this process may be copied, which saves each worker its start-up.

    A copy has only the thread that made it: a lock that another one held would stay locked.
    Linux alone tells all threads of a process, those of libraries in C included.
    """
    try:
        return sys.platform == "linux" and len([*Path("/proc/self/task").iterdir()]) == 1
    except OSError:
        return False


def _submit(pool: ProcessPoolExecutor, task: Callable[[list[S]], T], batch: list[S]) -> Future[T]:
    try:
        return pool.submit(task, batch)
    except BrokenProcessPool as broken:
        future: Future[T] = Future()
        future.set_exception(broken)
        return future


def batches(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut into lists of at most `size`."""
    source = iter(things)
    while batch := list(itertools.islice(source, size)):
        yield batch


def walk_files(workers: Workers, files: Iterable[SourceFile]) -> Iterator[Partial]:
    """Read and judge all files; yields the parts in order."""
    # Plain tuples: they go to another process in a quarter of the time.
    return workers.run(workers.reads, batches(map(tuple, files), CHUNK), _dead)


def _dead(file: tuple[str, ...]) -> Partial:
    path, *_ = file
    partial = Partial()
    partial.tally.files["unreadable"] += 1
    empty = [None] * len(COLUMNS)
    row = (path, "unreadable", READER_DIED, 0, "", *empty)
    partial.tables["instances"] = pack([row])
    return partial


def available_cores() -> int:
    """Return how many processes can run at once here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
