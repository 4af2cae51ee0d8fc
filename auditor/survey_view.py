"""A survey as a page, as CSV, and on a terminal."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import NamedTuple

from auditor.console import console
from auditor.formats.csv import cell
from auditor.render import page
from auditor.survey import FLAGS, NOT_EVALUATED, Comparison, Survey, SurveyRow
from auditor.view import NOT_KNOWN, clean, explain_notation, percent
from auditor.words import agree, number, plural

ROWS = 3000
"""Collections on a page, and differences from another table; the rest is counted."""

REASONS = 4
"""Reasons for a loss that the picture names; the JSON has them all."""

DATED = ("seg", "rt", "sr")
"""Flags whose dates the CSV has: those of the others follow."""

MISSING = 40
"""Collections of another table that are named where they were not surveyed."""

REPEATED = 5
"""Collections that are named where they are in several audits."""

NOT_STATED = "not stated"


class StepView(NamedTuple):
    """One bar of the funnel; `start` and `width` are percent of the widest."""

    title: str
    total: str
    start: float
    width: float
    lost: str


class RowView(NamedTuple):
    """One collection."""

    name: str
    repository: str
    pathology: str
    region: str
    modalities: str
    subjects: str
    subjects_sort: int
    ci: Cell
    a_s: Cell
    cr: Cell
    traceable: str
    traceable_sort: str
    clinical: str
    step: int
    outcome: str


class Cell(NamedTuple):
    """A notation, with what it says in words, and the date from which an index holds it."""

    text: str
    tone: str
    words: str
    since: str = ""


class FormatView(NamedTuple):
    """In how many collections annotation comes in one format."""

    name: str
    total: str
    share: float


class AgreementView(NamedTuple):
    """How one flag agrees with another table."""

    flag: str
    compared: str
    agree: str
    only_there: str
    only_here: str
    not_evaluated: str
    kappa: str


class DifferenceView(NamedTuple):
    """One flag of one collection on which two tables differ."""

    collection: str
    flag: str
    there: str
    here: str
    since: str


@dataclass(frozen=True, slots=True)
class SurveyView:
    """The page; columns that no row fills are not `traced`, `joined` or `dated`."""

    title: str
    subtitle: str
    steps: tuple[StepView, ...]
    stated: str
    repeated: str
    formats: tuple[FormatView, ...]
    rows: tuple[RowView, ...]
    traced: bool
    joined: bool
    dated: bool
    more: str
    against: str
    missing: str
    agreement: tuple[AgreementView, ...]
    differences: tuple[DifferenceView, ...]
    differences_more: str


def survey_page(made: Survey) -> bytes:
    """Return the page."""
    left = len(made.rows) - ROWS
    nobody = sum(row.subjects is None for row in made.rows)
    unknown = f" (and those of {plural(nobody, 'collection')}, not known)" if nobody else ""
    against = made.against
    unlike = len(against.differences) - ROWS if against else 0
    return page(
        "survey.html.j2",
        SurveyView(
            title="Beyond images: a survey",
            subtitle=f"{plural(len(made.rows), 'collection')}, "
            f"{plural(sum(row.subjects or 0 for row in made.rows), 'subject')}{unknown}",
            steps=_steps(made),
            stated=_stated(made),
            repeated=repeated(made),
            formats=_formats(made),
            rows=tuple(map(_row, made.rows[:ROWS])),
            traced=any(row.annotation_files for row in made.rows),
            joined=any(row.patients_joined for row in made.rows),
            dated=any(row.since for row in made.rows),
            more=f"{plural(left, 'collection')} not shown; see the CSV" if left > 0 else "",
            against=_against(against) if against else "",
            missing=_missing(against) if against else "",
            agreement=tuple(_agreement(against)) if against else (),
            differences=tuple(_differences(against)) if against else (),
            differences_more=f"{plural(unlike, 'difference')} not shown; see the JSON"
            if unlike > 0
            else "",
        ),
    ).encode()


def _steps(made: Survey) -> tuple[StepView, ...]:
    whole = max(1, made.steps[0].collections)
    views = []
    for step in made.steps:
        # A bar that is not empty can be seen.
        width = max(100 * step.collections / whole, 0.5 if step.collections else 0.0)
        views.append(
            StepView(
                step.title,
                number(step.collections),
                round((100 - width) / 2, 2),
                round(width, 2),
                _reasons(step.lost),
            )
        )
    return tuple(views)


def _reasons(lost: dict[str, int]) -> str:
    """Return who is lost after a step, and why."""
    some = [f"{number(count)} {why}" for why, count in list(lost.items())[:REASONS]]
    if more := sum(list(lost.values())[REASONS:]):
        some.append(f"{number(more)} for other reasons")
    return "; ".join(some)


def _stated(made: Survey) -> str:
    words = {"access": "access", "species": "species", "pathology": "pathology", "region": "region"}
    missing = [
        f"{word} of {number(made.not_stated[name])}"
        for name, word in words.items()
        if made.not_stated.get(name)
    ]
    return (
        f"Not stated: {', '.join(missing)}. What is not stated loses no collection."
        if missing
        else ""
    )


def repeated(made: Survey) -> str:
    """Return which collections count more than once, subjects and all."""
    some = [
        f"{clean(name)} is in {number(count)} of the audits and counts "
        f"{'twice' if count == 2 else f'{number(count)} times'}"
        for name, count in list(made.repeated.items())[:REPEATED]
    ]
    left = len(made.repeated) - REPEATED
    if left > 0:
        some.append(f"{plural(left, 'more collection')} {agree(left, 'is', 'are')} in several")
    return f"{'; '.join(some)}." if some else ""


def _formats(made: Survey) -> tuple[FormatView, ...]:
    annotated = sum(bool(row.formats) for row in made.rows)
    return tuple(
        FormatView(
            clean(name),
            f"{number(count)} of {number(annotated)}",
            round(100 * count / annotated, 1),
        )
        for name, count in made.formats.items()
    )


def _row(row: SurveyRow) -> RowView:
    share = 100 * row.traceable_files / row.annotation_files if row.annotation_files else None
    joined = f"{number(row.patients_joined)} of {plural(row.subjects or 0, 'subject')}"
    return RowView(
        name=clean(row.name) or "(no name)",
        repository=clean(row.repository),
        pathology=clean(row.pathology) or NOT_STATED,
        region=clean(row.region) or NOT_STATED,
        modalities=clean(", ".join(row.modalities)) or "-",
        subjects=NOT_KNOWN if row.subjects is None else number(row.subjects),
        subjects_sort=row.subjects or 0,
        ci=_cell("CI", row.ci),
        a_s=_cell("A/S", row.a_s, row.since.get("a_s", "")),
        cr=_cell("CR", row.cr, row.since.get("cr", "")),
        traceable="-"
        if share is None
        else f"{percent(share)} of {plural(row.annotation_files, 'file')}",
        traceable_sort="" if share is None else f"{share:.3f}",
        clinical=clean(f"{joined}: {', '.join(row.columns)}", 400) if row.patients_joined else "-",
        step=row.step,
        outcome=clean(row.lost) or "SEG or SR",
    )


def _cell(label: str, said: str, since: str = "") -> Cell:
    text = clean(said)
    if text == NOT_EVALUATED:
        return Cell(text, "unknown", text)
    tone = "absent" if text == "N" else "ok" if "*" in text else "info"
    return Cell(text, tone, explain_notation(label, text), clean(since))


def _against(against: Comparison) -> str:
    return (
        f"{number(against.matched)} of its {plural(against.rows, 'row')} were surveyed; "
        f"they differ in {plural(len(against.differences), 'flag')}."
    )


def _missing(against: Comparison) -> str:
    missing = ", ".join(clean(name, 80) for name in against.missing[:MISSING])
    if left := len(against.missing[MISSING:]):
        missing += f" and {number(left)} more"
    return f"Not surveyed, or several of that name: {missing}." if missing else ""


def _agreement(against: Comparison) -> list[AgreementView]:
    return [
        AgreementView(
            FLAGS[each.flag],
            number(each.compared),
            number(each.agree),
            number(each.only_there),
            number(each.only_here),
            number(each.not_evaluated),
            "-" if each.kappa is None else f"{each.kappa:.2f}",
        )
        for each in against.agreement
    ]


def _differences(against: Comparison) -> list[DifferenceView]:
    words = {True: "yes", False: "no"}
    return [
        DifferenceView(
            clean(each.collection),
            FLAGS[each.flag],
            words[each.there],
            words[each.here],
            clean(each.since),
        )
        for each in against.differences[:ROWS]
    ]


def survey_json(made: Survey) -> bytes:
    """Return all of it as JSON."""
    return json.dumps(made.to_dict(), indent=1).encode() + b"\n"


def survey_csv(made: Survey) -> bytes:
    """Return a line per collection, with the study's columns of flags."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(
        [
            "dataset", "host", "pathology", "region", "modality", "n_samples", "access", "species",
            "source", "ci_raw", "as_raw", "cr_raw", *FLAGS, "formats", "annotation_files",
            "traceable_files", "patients_joined", "step", "lost",
            *(f"{flag}_since" for flag in DATED),
        ]
    )  # fmt: skip
    words = {True: "True", False: "False", None: NOT_EVALUATED}
    for row in made.rows:
        values: tuple[str | int, ...] = (
            row.name, row.repository, row.pathology or NOT_STATED, row.region or NOT_STATED,
            ", ".join(row.modalities),
            NOT_EVALUATED if row.subjects is None else row.subjects, row.access or NOT_STATED,
            row.species or NOT_STATED, row.source or NOT_STATED, row.ci, row.a_s, row.cr,
            *(words[row.flags[flag]] for flag in FLAGS), ";".join(row.formats),
            row.annotation_files, row.traceable_files, row.patients_joined, row.step, row.lost,
            *(row.since.get(flag, "") for flag in DATED),
        )  # fmt: skip
        writer.writerow(map(cell, values))
    return text.getvalue().encode("utf-8-sig")


def print_survey(made: Survey) -> None:
    """Print the funnel, and how it agrees with another table."""
    from rich.table import Table
    from rich.text import Text

    shown = console()
    for step in made.steps:
        shown.print(Text(f"{number(step.collections):>7} {step.title}"))
        for why, count in step.lost.items():
            shown.print(Text(f"        - {number(count)} {why}"))
    if stated := _stated(made):
        shown.print(Text(stated))
    if made.against is None:
        return
    shown.print(Text(f"{_against(made.against)} {_missing(made.against)}".rstrip()))
    table = Table(box=None, pad_edge=False)
    table.add_column("flag")
    for title in ("compared", "agree", "only there", "only here", "not eval.", "kappa"):
        table.add_column(title, justify="right", no_wrap=True)
    for agreement in _agreement(made.against):
        table.add_row(*agreement)
    shown.print(table)
    for each in _differences(made.against):
        shown.print(
            Text(
                f"  {each.collection}: {each.flag}: there {each.there}, here {each.here}"
                + (f" since {each.since}" if each.since else "")
            )
        )
