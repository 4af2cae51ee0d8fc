"""One scan: opens what the user named, audits it, writes the audit folder with its report."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.audit import audit
from auditor.exit_codes import INCOMPLETE, USAGE
from auditor.formats import report_files
from auditor.progress import progress
from auditor.redaction import key_name
from auditor.sources import Source, SourceError, Unopened, open_source, printable
from auditor.store import AuditFolder
from auditor.walking import Collection
from auditor.workers import Job, available_cores

if TYPE_CHECKING:
    from auditor.profile import Profile
    from auditor.registry import RuleSet
    from auditor.result import AuditResult, CollectionResult


class NothingToAuditError(Exception):
    """Nothing of what was named can be opened; `code` is the exit code that says why."""

    def __init__(self, code: int) -> None:
        super().__init__("nothing that was named can be opened")
        self.code = code


@dataclass(frozen=True, slots=True)
class Wanted:
    """A collection that the user asked for; without a name it is called as its source is."""

    path: Path
    name: str = ""
    repository: str = ""


@dataclass(frozen=True, slots=True)
class Scan:
    """What every scan needs to know, whatever it reads.

    Attributes
    ----------
    out
        The audit folder.
    rules, profile
        What to judge by.
    jobs
        Processes; None for as many as there are cores.
    command
        How it was called, as far as the result depends on it.
    quiet
        Whether to show no progress.
    """

    out: Path
    rules: RuleSet
    profile: Profile
    jobs: int | None
    command: str
    quiet: bool

    def files(self, wanted: list[Wanted], job: Job, say: Callable[[str], None]) -> AuditResult:
        """Audit folders, files and archives; `say` is told of each that cannot be opened.

        Raises
        ------
        NothingToAuditError
            If none of them can be opened.
        StoreError
            If the audit folder cannot be made.
        OSError
            If it cannot be written.
        """
        started = _now()
        with ExitStack() as stack:
            collections: list[Collection] = []
            for each in wanted:
                try:
                    source: Source = stack.enter_context(open_source(each.path))
                except SourceError as error:
                    say(str(error))
                    # It stays in the result: an audit of the rest must not look like one of all.
                    source = Unopened(printable(each.path.absolute().name))
                name = _unique(each.name or source.name, each.repository, collections)
                collections.append(Collection(source, name, each.repository))
            collections = _told_apart(collections)
            if all(isinstance(each.source, Unopened) for each in collections):
                there = all(os.access(each.path, os.F_OK) for each in wanted)
                raise NothingToAuditError(INCOMPLETE if there else USAGE)
            folder = AuditFolder(self.out, report_files())
            with progress(self.quiet, self._total(wanted)) as shown:
                results, elapsed = audit(
                    collections,
                    job=job,
                    jobs=self.jobs or available_cores(),
                    rules=self.rules,
                    profile=self.profile,
                    folder=folder,
                    progress=shown,
                    meanwhile=_load_what_follows,
                )
            return self._finished(folder, results, elapsed, started, job.key)

    def index(self, wanted: list[str], repository: str, key: bytes) -> AuditResult:
        """Audit collections of an index of a repository, without their files.

        Raises
        ------
        SourceError
            If there is no index, or not of what is wanted.
        StoreError
            If the audit folder cannot be made.
        OSError
            If it cannot be written.
        """
        from auditor.index import audit_index
        from auditor.sources.idc import Index

        started = _now()
        index = Index.installed()
        folder = AuditFolder(self.out, report_files())
        with progress(self.quiet, None) as shown:
            results, elapsed = audit_index(
                index,
                wanted,
                rules=self.rules,
                profile=self.profile,
                folder=folder,
                key=key,
                threads=self.jobs or available_cores(),
                repository=repository,
                step=shown.step,
            )
        return self._finished(folder, results, elapsed, started, key)

    def _total(self, wanted: list[Wanted]) -> int | None:
        """Count the files beforehand where somebody watches the time left, and it is cheap."""
        watched = not self.quiet and sys.stderr.isatty()
        if not watched or not all(each.path.is_dir() for each in wanted):
            return None
        total = 0
        for each in wanted:
            try:
                with open_source(each.path) as source:
                    total += sum(1 for _ in source.files())
            except SourceError:
                continue
        return total

    def _finished(
        self,
        folder: AuditFolder,
        results: list[CollectionResult],
        elapsed: float,
        started: str,
        key: bytes,
    ) -> AuditResult:
        """Write result, report and manifest."""
        from auditor.provenance import provenance
        from auditor.render import write_report
        from auditor.result import AuditResult

        tool = provenance(
            self.rules, self.profile, elapsed=elapsed, started=started, command=self.command
        )
        for audited in results:
            audited.rules_left_out = sum(self.rules.left_out.values())
        result = AuditResult(tool, results)
        result.write(folder.path / "result.json")
        write_report(result, folder.path / "report.html")
        folder.finish({"collections": [each.name for each in results], "key": key_name(key)})
        return result


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _load_what_follows() -> None:
    """Load what is needed when all files are read."""
    from auditor.render import compile_report

    compile_report()


def _told_apart(collections: list[Collection]) -> list[Collection]:
    """Label collections of several repositories that have one name: tables have no repository."""
    names = Counter(each.name for each in collections)
    return [
        replace(each, label=f"{each.repository}/{each.name}") if names[each.name] > 1 else each
        for each in collections
    ]


def _unique(name: str, repository: str, collections: list[Collection]) -> str:
    taken = {each.name for each in collections if each.repository == repository}
    number = 2
    unique = name
    while unique in taken:
        unique = f"{name} ({number})"
        number += 1
    return unique
