"""What was found as a page and on a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from auditor.console import console
from auditor.deid_diff.deeds import ORDER, Verdict
from auditor.deid_diff.mapping import PATIENT_ID, Mapping
from auditor.deid_diff.pairing import HOW
from auditor.deid_diff.report import Claimed, Collection, DeidDiff, ElementRow
from auditor.exit_codes import FAILED, PASSED
from auditor.render import page
from auditor.standard.confidentiality import METHOD_NAMES, Method
from auditor.view import Fact, clean
from auditor.words import number, plural

ROWS = 2000
"""Rows on a page; the worst are shown, the rest is counted."""

LINES = 20
"""Rows on a terminal."""

ACTIONS = "X remove, Z empty or replace, D replace, U new UID, K keep, C clean"
"""What PS3.15 Table E.1-1 may ask for; short enough for a line of a terminal."""

TONES = {
    Verdict.DISAGREES: "error",
    Verdict.UNJUDGED: "unknown",
    Verdict.MILDER: "info",
    Verdict.AS_CLAIMED: "ok",
    Verdict.UNASKED: "absent",
}


class _Row(NamedTuple):
    tone: str
    verdict: str
    rank: int
    attribute: str
    tag_path: str
    asked: str
    done: str
    instances: str
    sort: int
    example: str


class _MappingRow(NamedTuple):
    tone: str
    attribute: str
    values: str
    kept: str
    split: str
    merged: str


@dataclass(frozen=True, slots=True)
class _View:
    title: str
    subtitle: str
    tone: str
    statement: str
    notes: tuple[str, ...]
    facts: tuple[Fact, ...]
    claims: tuple[Fact, ...]
    mappings: tuple[_MappingRow, ...]
    rows: tuple[_Row, ...]
    more: str
    actions: str = ACTIONS


def deid_page(found: DeidDiff) -> str:
    """Return the page."""
    left = len(found.elements) - ROWS
    tone, statement = _statement(found)
    return page(
        "deid_diff.html.j2",
        _View(
            title="What de-identification did",
            subtitle=f"{plural(found.paired, 'object')} compared with the original, element by "
            f"element; PS3.15 {found.standard_edition}",
            tone=tone,
            statement=statement,
            notes=tuple(clean(note, 600) for note in _notes(found)),
            facts=_facts(found),
            claims=tuple(
                Fact(_claim(each), plural(each.instances, "object")) for each in found.claims
            ),
            mappings=tuple(_mapping(each, _retains_uids(found)) for each in found.mappings),
            rows=tuple(_row(each) for each in found.elements[:ROWS]),
            more=f"{plural(left, 'row')} not shown; see the JSON" if left > 0 else "",
        ),
    )


def _statement(found: DeidDiff) -> tuple[str, str]:
    """Return the tone and the words of the verdict."""
    if found.code == FAILED:
        return "error", "Not as the release claims"
    if found.code == PASSED:
        return "ok", "As the release claims, as far as a comparison can tell"
    return "unknown", "Not compared in full"


def _notes(found: DeidDiff) -> list[str]:
    # Whom it still shows comes first, whether or not something was claimed.
    said = dict.fromkeys(
        [*found.identities(), *found.disagreements(), *found.gaps(), *found.warnings()]
    )
    return [f"{each[0].upper()}{each[1:]}." for each in said]


def _claim(claim: Claimed) -> str:
    codes = claim.codes or claim.assumed
    if not codes:
        return "no profile that can be looked up"
    said = "; ".join(f"{code} {METHOD_NAMES[code]}" for code in codes)
    return f"no code, held against {said}" if claim.assumed else said


def _facts(found: DeidDiff) -> tuple[Fact, ...]:
    pixels, dates = found.pixels, found.dates
    counts = {
        "Original": _side(found.original),
        "Release": _side(found.released),
        "Paired": ", ".join(f"{number(count)} {HOW[how]}" for how, count in found.pairs.items())
        or "none",
        "Only in the original": _listed(found.original.unpaired),
        "Only in the release": _listed(found.released.unpaired),
        "Not readable in the original": _listed(found.original.unread),
        "Not readable in the release": _listed(found.released.unread),
        "Pixels": _listed(
            {
                "the same": pixels.same,
                "changed, as a code says": pixels.changed_as_claimed,
                "changed, and no code says so": pixels.changed,
                "no pixels": pixels.none,
                "not compared": pixels.not_compared,
            }
        ),
        "Patients by their dates": _listed(
            {
                "shifted, all by one number of days": dates.shifted,
                "kept": dates.kept,
                "moved by different numbers of days": dates.uneven,
                "replaced": dates.replaced,
                "emptied": dates.emptied,
                "removed": dates.removed,
                "emptied or removed": dates.emptied_or_removed,
            }
        ),
    }
    return tuple(Fact(name, clean(value, 600)) for name, value in counts.items() if value)


def _side(side: Collection) -> str:
    return f"{plural(side.files, 'file')}, {plural(side.instances, 'DICOM object')}"


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{number(count)} {words}" for words, count in counts.items() if count)


def _retains_uids(found: DeidDiff) -> bool:
    return all(Method.RETAIN_UIDS in each.codes for each in found.claims)


def _mapping(mapping: Mapping, retains_uids: bool) -> _MappingRow:
    is_uid = mapping.attribute != PATIENT_ID
    tone = "ok"
    if not mapping.one_to_one:
        tone = "error" if is_uid else "warning"
    elif mapping.kept == mapping.values and not (is_uid and retains_uids):
        # One to one, since nothing was done.
        tone = "warning"
    return _MappingRow(
        tone,
        mapping.attribute,
        number(mapping.values),
        number(mapping.kept),
        number(mapping.split),
        number(mapping.merged),
    )


def _row(row: ElementRow) -> _Row:
    return _Row(
        tone=TONES[row.verdict],
        verdict=str(row.verdict),
        rank=ORDER.index(row.verdict),
        attribute=clean(row.attribute),
        tag_path=clean(row.tag_path, 400),
        asked=row.asked,
        done=str(row.done),
        instances=number(row.instances),
        sort=row.instances,
        example=clean(row.example, 400),
    )


def print_deid_diff(found: DeidDiff) -> None:
    """Print the verdict, what was paired, and the worst rows."""
    from rich.table import Table
    from rich.text import Text

    screen = console()
    screen.print(Text(_statement(found)[1], style="bold"))
    for note in _notes(found):
        screen.print(Text(f"  {clean(note, 600)}"))
    for fact in _facts(found):
        screen.print(Text(f"  {fact.name}: {fact.value}"))
    for claim in found.claims:
        screen.print(Text(f"  Claimed by {number(claim.instances)}: {_claim(claim)}"))
    if found.mappings:
        table = Table(box=None, pad_edge=True)
        table.add_column("ids")
        for title in ("values", "kept", "became several", "merged"):
            table.add_column(title, justify="right")
        for mapping in found.mappings:
            table.add_row(*_mapping(mapping, _retains_uids(found))[1:])
        screen.print(table)
    table = Table(box=None, pad_edge=True, collapse_padding=True)
    # A tag path may be longer than any line: it folds, and what is said of it stays whole.
    for title in ("attribute", "tag path"):
        table.add_column(title, overflow="fold")
    for title in ("asked", "done"):
        table.add_column(title, no_wrap=True)
    table.add_column("objects", justify="right", no_wrap=True)
    table.add_column("verdict", width=len(Verdict.UNJUDGED))
    shown = [row for row in found.elements if row.verdict is not Verdict.UNASKED][:LINES]
    for each in map(_row, shown):
        table.add_row(
            Text(each.attribute), Text(each.tag_path), each.asked, each.done, each.instances,
            each.verdict,
        )  # fmt: skip
    if shown:
        screen.print(Text(f"  Asked: {ACTIONS}."))
        screen.print(table)
    left = len(found.elements) - len(shown)
    if left:
        screen.print(Text(f"  … and {plural(left, 'more row')}, see the report"))
