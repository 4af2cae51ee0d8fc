"""Reads all files of a collection once, and writes the tables of what is in them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.description import Description
from auditor.masks import Chosen, died, read_masks
from auditor.ocr import Sample, read_frames
from auditor.people import PersonRow, merge_people
from auditor.sources import Source
from auditor.steps import Progress
from auditor.store import WALKED, AuditFolder, TableWriter
from auditor.tally import Tally
from auditor.workers import Workers, batches, walk_files

if TYPE_CHECKING:
    from auditor.asking import Answers


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection to audit; `label` is what tables call it, if not by its name."""

    source: Source
    name: str
    repository: str = ""
    label: str = ""

    @property
    def shown(self) -> str:
        """What tables call it."""
        return self.label or self.name


class Walk:
    """One walk over the files of a collection.

    Where there are other processes, they read the first files as soon as it is made: what is
    needed when they are read can be loaded meanwhile.

    Attributes
    ----------
    collection, workers
        Whose files are read, and by whom.
    tally, people
        What was counted so far.
    described
        What the collection says of itself.
    """

    def __init__(self, collection: Collection, workers: Workers) -> None:
        self.collection = collection
        self.workers = workers
        self.tally = Tally()
        self.people: dict[PersonRow, str] = {}
        self.described = Description()
        self._sample, self._segmented = Sample(workers.job.ocr), Chosen(workers.job.masks)
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
                    TableWriter(folder.file(table, number), table, self.collection.shown)
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
            for rows in self.workers.run(read_masks, batches(segmentations, 4), died):
                writers["masks"].add(rows)
