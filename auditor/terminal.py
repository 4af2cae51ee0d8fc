"""What a person sees on the terminal when an audit is done: the scorecard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from auditor.console import console
from auditor.result import AuditResult, CollectionResult
from auditor.view import clean, first_steps, percent, switched_off, tenths, to_fix, verdict_of
from auditor.words import number, plural, unit_word

if TYPE_CHECKING:
    from rich.console import Console

DETAILED = 3
"""Collections up to which each gets its own table of categories."""

WORST = 5
"""Rules that are named below a collection's table."""


def summarise(result: AuditResult, out: Path) -> None:
    """Print the scorecard: in detail for a few collections, a line each for many."""
    from rich.text import Text

    shown = console()
    if len(result.collections) <= DETAILED:
        for collection in result.collections:
            _print_one(shown, collection)
    else:
        _print_many(shown, result.collections)
    shown.print(Text(f"report: {out / 'report.html'}"))


def _files(collection: CollectionResult) -> str:
    counts = collection.counts
    return (
        f"{plural(counts.files, 'file')} = {number(counts.dicom)} DICOM + "
        f"{number(counts.partial)} partial + {number(counts.unreadable)} unreadable + "
        f"{number(counts.not_dicom)} not DICOM"
    )


def _score(score: float | None) -> str:
    return "-" if score is None else tenths(score)


def _print_one(shown: Console, collection: CollectionResult) -> None:
    from rich.table import Table
    from rich.text import Text

    counts, verdict = collection.counts, verdict_of(collection)
    objects = counts.dicom + counts.partial
    patients = "patients not known, as no object has a Patient ID"
    if counts.knows_patients:
        patients = plural(counts.patients, "patient")
    shown.print(Text.assemble((clean(collection.name), "bold"), f": {verdict.headline}"))
    shown.print(Text(f"  {verdict.sentence}"))
    if verdict.gaps:
        shown.print(Text(f"  Not fully judged: {'; '.join(verdict.gaps)}."))
    for line in verdict.lacking:
        shown.print(Text(f"    {line}"))
    shown.print(Text(f"  {_files(collection)}"))
    shown.print(
        Text(
            f"  {plural(counts.instances, 'different object')} in {plural(objects, 'DICOM file')}, "
            f"{plural(counts.series, 'series')}, {plural(counts.studies, 'study')}, "
            f"{patients}"
        )
    )
    if objects != counts.instances:
        shown.print(Text("  Rules count objects by file: one that is in two files counts twice."))
    table = Table(box=None, pad_edge=True)
    table.add_column("category")
    for title in ("score", "coverage", "passed / judged"):
        table.add_column(title, justify="right")
    table.add_column("")
    for category in collection.categories:
        passed = category.applicable - category.failed
        table.add_row(
            category.title,
            _score(category.score),
            percent(100 * category.coverage) if category.score is not None else "-",
            f"{number(passed)} / {number(category.applicable)}",
            Text("; ".join(filter(None, (clean(category.reason), switched_off(category))))),
        )
    table.add_row(
        "overall", _score(collection.overall), percent(100 * collection.coverage), style="bold"
    )
    shown.print(table)
    worst = first_steps(collection, WORST)
    for rule in worst:
        share = f"{number(rule.failed)} of {plural(rule.applicable, unit_word(rule.unit))}"
        shown.print(Text(clean(f"  {rule.severity:7} {rule.id}  {rule.title}  ({share})")))
    if left := len(to_fix(collection)) - len(worst):
        shown.print(Text(f"  … and {plural(left, 'more rule')}, see the report"))
    for note in collection.notes:
        shown.print(Text(clean(f"  note: {note}")))
    shown.print()


def _print_many(shown: Console, collections: list[CollectionResult]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column("collection", overflow="fold", min_width=14)
    table.add_column("verdict", no_wrap=True)
    # Partial and unreadable together: eighty columns have to hold the names, too.
    kinds = {
        "DICOM": ("dicom",),
        "broken": ("partial", "unreadable"),
        "other": ("not_dicom",),
    }
    for title in ("score", "cover", *kinds):
        table.add_column(title, justify="right", no_wrap=True)
    several = len({each.repository for each in collections}) > 1
    for each in sorted(
        collections, key=lambda each: (each.repository, verdict_of(each).rank, each.name)
    ):
        named = several and each.repository
        name = (f"{each.repository}:", each.name) if named else (each.name,)
        verdict = verdict_of(each)
        table.add_row(
            Text("\n".join(map(clean, name))),
            Text(verdict.headline + (f"\n  {verdict.start}" if verdict.start else "")),
            _score(each.overall),
            percent(100 * each.coverage),
            *(number(sum(getattr(each.counts, kind) for kind in own)) for own in kinds.values()),
        )
    shown.print(table)
