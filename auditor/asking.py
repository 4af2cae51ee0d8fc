"""Asks the referees about each distinct structure: once, and of what is in the cache nobody."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.conformance.cache import VerdictCache, cache_folder
from auditor.conformance.panel import ABSENT, NOT_SHOWN, Panel, Reports, present, settle, stamps
from auditor.conformance.vocabulary import REFEREES, RefereeReport
from auditor.tally import Structure
from auditor.workers import Workers, batches

FEW = 16
"""Questions that are asked in this process: a worker had to load the referees for them."""

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
