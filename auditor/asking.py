"""Asks the referees about each distinct structure: once, and of what is in the cache nobody."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future

from auditor.conformance.cache import VerdictCache, cache_folder
from auditor.conformance.panel import ABSENT, NOT_SHOWN, Panel, Reports, present, settle, stamps
from auditor.conformance.vocabulary import REFEREES, RefereeReport
from auditor.tally import Structure
from auditor.workers import Workers, batches

FEW = 16
"""Questions that are asked in this process: a worker had to load the referees for them.

While files are read there are never more, for the workers are the walk's.
"""

_panel: list[Panel] = []
"""The referees of this process, with what they remember; made when first asked."""

Question = tuple[bytes, Structure, tuple[str, ...]]
"""Digest of a structure, one data set that has it, and the referees to ask."""


def judge_structures(batch: list[Question]) -> dict[bytes, Reports]:
    """Show one representative of each structure to the referees."""
    if not _panel:
        _panel.append(Panel())
    return {
        digest: _panel[0].judge(one.location, one.sop_class, names) for digest, one, names in batch
    }


def ask_referees(workers: Workers, structures: Mapping[bytes, Structure]) -> dict[bytes, Reports]:
    """Get every referee's report on every distinct structure; from the cache what is in it."""
    names = present()
    cache = VerdictCache(cache_folder(), {name: stamps()[name] for name in names})
    known = cache.load(structures)
    reports: dict[bytes, Reports] = {
        digest: dict.fromkeys(set(REFEREES) - set(names), ABSENT) for digest in structures
    }
    for (digest, name), report in known.items():
        reports[digest][name] = report
    questions: list[Question] = []
    for digest, structure in sorted(structures.items()):
        missing = tuple(name for name in names if name not in reports[digest])
        if not structure.is_shown:
            reports[digest].update(dict.fromkeys(missing, NOT_SHOWN))
        elif missing:
            questions.append((digest, structure, missing))
    said: dict[tuple[bytes, str], RefereeReport] = {}
    died = RefereeReport("error", (), "the referee died on this object")
    if len(questions) <= FEW:
        parts = iter([judge_structures(questions)] if questions else [])
    else:
        parts = workers.run(
            judge_structures,
            batches(questions, 16),
            lambda question: {question[0]: dict.fromkeys(question[2], died)},
        )
    for part in parts:
        for digest, answers in part.items():
            reports[digest].update(answers)
            said.update({(digest, name): report for name, report in answers.items()})
    cache.save(said)
    return {digest: settle(each) for digest, each in reports.items()}


class Answers:
    """What the referees say of the structures of one collection.

    About the first ones they are asked while files are still read: most of the time that takes
    is to load the referees, which nothing else need wait for. Asked is about the data set in which
    a structure was seen first, however fast the answers come.
    """

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._first: dict[bytes, Structure] = {}
        self._waiting: dict[bytes, Structure] = {}
        self._asked: Future[dict[bytes, Reports]] | None = None
        self._reports: dict[bytes, Reports] = {}

    def ask(self, structures: Mapping[bytes, Structure]) -> None:
        """Take note of structures that were just seen, and ask about them when it is their turn."""
        for digest, structure in structures.items():
            if digest not in self._first and len(self._first) < FEW:
                self._first[digest] = self._waiting[digest] = structure
        if self._waiting and (self._asked is None or self._asked.done()):
            self.wait()
            waiting, self._waiting = self._waiting, {}
            self._asked = self._workers.aside(lambda: ask_referees(self._workers, waiting))

    def wait(self) -> None:
        """Wait until nobody is asked any more."""
        if self._asked is not None:
            self._reports |= self._asked.result()
            self._asked = None

    def all(self, structures: Mapping[bytes, Structure]) -> dict[bytes, Reports]:
        """Ask about what nobody was asked about, and return the reports on every structure."""
        self.wait()
        rest = {
            digest: self._first.get(digest, structure)
            for digest, structure in structures.items()
            if digest not in self._reports
        }
        return self._reports | ask_referees(self._workers, rest)
