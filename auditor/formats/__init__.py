"""What an audit, or the change from one to another, can be written as: one writer a module.

A writer turns an `AuditResult` (`report`) or a `Diff` (`diff`) into bytes. It decides
nothing: what fails, and what is waived, is in what it is given. Names, paths and messages
come from files that nobody vouches for, so each writer makes them inert in its own format.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.diff import Diff
    from auditor.result import AuditResult


@dataclass(frozen=True, slots=True)
class Format:
    """One format: the module of its writer, and how its files end."""

    module: str
    ending: str

    def file(self, stem: str) -> str:
        """Return the name of a file, ``report`` or ``diff`` being its stem."""
        return stem + self.ending

    def report(self, result: AuditResult) -> bytes:
        """Write an audit."""
        return bytes(import_module(f"auditor.formats.{self.module}").report(result))

    def diff(self, diff: Diff) -> bytes:
        """Write what changed from one audit to another."""
        return bytes(import_module(f"auditor.formats.{self.module}").diff(diff))


FORMATS = {
    "json": Format("plain", ".json"),
    "html": Format("html", ".html"),
    "sarif": Format("sarif", ".sarif"),
    "junit": Format("junit", ".junit.xml"),
    "markdown": Format("markdown", ".md"),
    "csv": Format("csv", ".csv"),
    "parquet": Format("parquet", ".parquet"),
    "multiqc": Format("multiqc", "_mqc.json"),
    "codequality": Format("codequality", ".codequality.json"),
}
"""Name to format, in the order in which they are listed."""


def report_files() -> list[str]:
    """Return the names of the files in which the reports of an audit are."""
    return [form.file("report") for form in FORMATS.values()]
