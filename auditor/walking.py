"""Reads all files of a collection once, and writes the tables of what is in them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from auditor.description import FILE as DESCRIPTION
from auditor.description import SIZE as DESCRIPTION_SIZE
from auditor.description import DescriptionError, parse_description
from auditor.masks import Chosen, died, read_masks
from auditor.ocr import Sample, read_frames
from auditor.people import PersonRow, merge_people
from auditor.sources import Source, SourceFile
from auditor.store import WALKED, AuditFolder, TableWriter
from auditor.tally import Tally
from auditor.workers import Job, Workers, batches, walk_files

if TYPE_CHECKING:
    from auditor.asking import Answers


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection to audit; `label` is what tables call it, if not by its name."""

    source: Source
    name: str
    repository: str = ""
    label: str = ""


class Unopened:
    """A collection that was asked for and could not be opened: nothing, and a note."""

    def __init__(self, name: str) -> None:
        self.name, self.root, self.links = name, "", 0
        self.notes = ["It was asked for and could not be opened: nothing in it was audited."]

    def files(self) -> Iterator[SourceFile]:
        """List nothing."""
        return iter(())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


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


class Description:
    """Notices, among the files of a collection, the one that describes it."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.third_party: list[dict[str, str]] = []
        self.notes: list[str] = []

    def noticing(self, files: Iterable[SourceFile]) -> Iterator[SourceFile]:
        """Yield the files; an archive may not keep what was read."""
        for file in files:
            if file.path == DESCRIPTION and not file.problem:
                self._read(file.location)
            yield file

    def _read(self, location: str) -> None:
        try:
            descriptor = os.open(location, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                self.texts, self.third_party = parse_description(file.read(DESCRIPTION_SIZE))
        except OSError:
            self.notes.append(f"{DESCRIPTION} cannot be read.")
        except DescriptionError as error:
            self.notes.append(f"{DESCRIPTION} {error}: it was not used.")


class Walk:
    """One walk over the files of a collection.

    Where there are other processes, they read the first files as soon as it is made: what is
    needed when they are read can be loaded meanwhile.

    Attributes
    ----------
    tally, people
        What was counted so far.
    described
        What the collection says of itself.
    """

    def __init__(self, collection: Collection, workers: Workers, job: Job) -> None:
        self.tally = Tally()
        self.people: dict[PersonRow, str] = {}
        self.described = Description()
        self._label = collection.label or collection.name
        self._workers = workers
        self._sample, self._segmented = Sample(job.ocr), Chosen(job.masks)
        self._parts = walk_files(workers, self.described.noticing(collection.source.files()))

    def finish(
        self, folder: AuditFolder, number: int, progress: Progress, answers: Answers | None
    ) -> None:
        """Read all files, and look at pixels where that was asked for; write the tables.

        Parameters
        ----------
        folder, number
            The audit folder, and the number of the collection in it.
        progress
            Is told how many files were read.
        answers
            Is told which structures there are, if referees are to be asked about them.
        """
        with ExitStack() as stack:
            writers = {
                table: stack.enter_context(
                    TableWriter(folder.file(table, number), table, self._label)
                )
                for table in WALKED
            }
            for part in self._parts:
                self.tally.merge(part.tally)
                for table, columns in part.tables.items():
                    writers[table].add_columns(columns)
                self._sample.add(part.images)
                self._segmented.add(part.masks)
                merge_people(self.people, part.people)
                progress.files(sum(part.tally.files.values()))
                if answers:
                    answers.ask(part.tally.structures)
            if answers:
                # pydicom, with which both look at files, is set up for one of them at a time.
                answers.wait()
            self._look_at_pixels(writers, progress)

    def _look_at_pixels(self, writers: Mapping[str, TableWriter], progress: Progress) -> None:
        """Look at the pixels of what was chosen while walking, and write what they say."""
        if images := self._sample.chosen():
            progress.step(f"text in the pixels of {len(images)} images")
            writers["frames"].add(list(read_frames(images)))
        if segmentations := self._segmented.all():
            progress.step(f"the pixels of {len(segmentations)} segmentations")
            for rows in self._workers.run(read_masks, batches(segmentations, 4), died):
                writers["masks"].add(rows)
