"""Audits collections one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from auditor.steps import Progress
from auditor.store import AuditFolder
from auditor.walking import Collection, Walk
from auditor.workers import Job, Workers

if TYPE_CHECKING:
    from auditor.profile import Profile
    from auditor.registry import RuleSet
    from auditor.result import CollectionResult


def audit(
    collections: Sequence[Collection],
    *,
    job: Job,
    jobs: int,
    rules: RuleSet,
    profile: Profile,
    folder: AuditFolder,
    progress: Progress,
    meanwhile: Callable[[], None] = lambda: None,
) -> tuple[list[CollectionResult], float]:
    """Audit collections; return the results and the seconds it took.

    Other processes begin with the files before this one loads what judges the collection, and
    does `meanwhile` what can be done beside.
    """
    start = time.perf_counter()
    results = []
    with Workers(job, jobs, rules) as workers:
        for number, collection in enumerate(collections, 1):
            progress.step(f"reading {collection.name}")
            walk = Walk(collection, workers)
            from auditor.judging import judge_collection

            if workers.count > 1 and number == 1:
                workers.aside(meanwhile)
            results.append(
                judge_collection(
                    walk,
                    number,
                    rules=rules,
                    profile=profile,
                    folder=folder,
                    progress=progress,
                )
            )
    return results, time.perf_counter() - start
