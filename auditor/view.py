"""From an `AuditResult` to what a template prints: words, order, bounds, and no markup.

Everything that a report decides is decided here: which verdict a collection gets, what is
worst, how a number is written, how much of it fits. A template only loops. Every string of a
result passes `clean`, because names, paths and values come from files that nobody vouches for.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from auditor.result import (
    AuditResult,
    CategoryResult,
    CollectionResult,
    GroupedFinding,
    InventoryRow,
    RuleResult,
    WaiverResult,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a result a page shows; what is left out is always counted and named.

    Parameters
    ----------
    rows, sections
        Collections in the overview, and those that also get a section of their own.
    failed, listed
        Rules per collection: those that fail, and those in each folded group.
    places, examples
        Places per failed rule, and paths per place.
    values
        Lines of one inventory table.
    prose
        Characters of one text. Names and values are always cut at `NAME_LENGTH`.
    inline
        Whether each failed rule repeats why it matters and how to fix it. If not, a page
        says so once for all collections, in a list of rules at its end.
    gauges
        Whether a section draws its categories. If not, the overview's numbers must do.
    """

    rows: int
    sections: int
    failed: int
    listed: int
    places: int
    examples: int
    values: int
    prose: int
    inline: bool
    gauges: bool


LEVELS = (
    Limits(500, 60, 200, 500, 20, 5, 40, 1500, True, True),
    Limits(1000, 200, 25, 60, 3, 2, 8, 600, False, True),
    Limits(1500, 600, 5, 0, 0, 0, 0, 400, False, False),
    Limits(2500, 0, 0, 0, 0, 0, 0, 400, False, False),
    Limits(200, 0, 0, 0, 0, 0, 0, 400, False, False),
)
"""From everything to the overview alone: `render` takes the first that fits its size.

The last fits even where every name is as long and as odd as `NAME_LENGTH` and `COLUMNS` allow.
"""

NAME_LENGTH = 200
COLUMNS = 20


# -- what a template gets ------------------------------------------------------------------
# `tone` is one of: error, warning, info, ok, unknown, absent. It selects colour and icon; the
# same thing is always said in words next to it.


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to "may this be released?" in words; `rank` 0 is the worst."""

    rank: int
    tone: str
    headline: str
    sentence: str
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gauge:
    """A score with all that must stand beside it; arcs run from 0 to 100."""

    title: str
    tone: str
    number: str
    arc: float
    coverage_arc: float
    sort: str
    score: str
    checks: str
    passed: str
    applicable: str
    coverage: str
    coverage_short: str
    status: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class PlaceView:
    """All findings with one message at one place; `confidence` only where it is not the rule's."""

    message: str
    attribute: str
    tag_path: str
    count: str
    confidence: str
    examples: tuple[str, ...]
    more: str


@dataclass(frozen=True, slots=True)
class FailedRule:
    """A rule that fails, with what a person needs to act on it."""

    anchor: str
    id: str
    title: str
    category: str
    severity: str
    tone: str
    confidence: str
    share: str
    bar: float
    why: str
    fix: str
    reference: str
    counted: str
    text_link: str
    places: tuple[PlaceView, ...]
    more: str
    gap: str


@dataclass(frozen=True, slots=True)
class FailedGroup:
    """The failed rules of one severity."""

    title: str
    tone: str
    rules: tuple[FailedRule, ...]
    more: str


@dataclass(frozen=True, slots=True)
class ListedRule:
    """A rule in a folded group: one line."""

    id: str
    title: str
    severity: str
    detail: str


@dataclass(frozen=True, slots=True)
class ListedGroup:
    """A folded group: passed, not evaluated, not applicable."""

    title: str
    tone: str
    hint: str
    detail_title: str
    rules: tuple[ListedRule, ...]
    more: str


class Line(NamedTuple):
    """One line of an inventory table; `bar` is its share of the largest, 0 to 100."""

    value: str
    numbers: tuple[str, ...]
    bar: float


@dataclass(frozen=True, slots=True)
class Table:
    """What is in the collection, by one attribute."""

    title: str
    head: tuple[str, ...]
    lines: tuple[Line, ...]
    more: str


class Notation(NamedTuple):
    """One entry of the annotation notation, with its meaning in words."""

    label: str
    code: str
    words: str


class Fact(NamedTuple):
    """A number with its name."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class CollectionView:
    """One collection's section."""

    anchor: str
    name: str
    repository: str
    verdict: Verdict
    overall: Gauge
    first: tuple[FailedRule, ...]
    gauges: tuple[Gauge, ...]
    failed: tuple[FailedGroup, ...]
    listed: tuple[ListedGroup, ...]
    rules: str
    none: str
    facts: tuple[Fact, ...]
    files: tuple[Fact, ...]
    tables: tuple[Table, ...]
    notation: tuple[Notation, ...]
    notes: tuple[str, ...]
    brief: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One collection in the overview; `mark` names its rule set where several are mixed."""

    link: str
    name: str
    repository: str
    mark: str
    verdict: Verdict
    overall: Gauge
    cells: tuple[Gauge | None, ...]


class RowGroup(NamedTuple):
    """The collections of one repository."""

    title: str
    total: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Collections by categories."""

    caption: str
    columns: tuple[str, ...]
    groups: tuple[RowGroup, ...]
    grouped: bool
    marked: bool
    tally: tuple[Fact, ...]
    more: str


class RuleText(NamedTuple):
    """What is said of a rule once for all collections."""

    anchor: str
    id: str
    title: str
    why: str
    fix: str
    reference: str


@dataclass(frozen=True, slots=True)
class WaiverView:
    """A waiver, and what became of it."""

    rule: str
    where: str
    state: str
    count: str
    reason: str
    owner: str
    expires: str


@dataclass(frozen=True, slots=True)
class ReportView:
    """One audit, of any number of collections."""

    title: str
    heading: str
    subtitle: str
    matrix: Matrix | None
    collections: tuple[CollectionView, ...]
    more: str
    texts: tuple[RuleText, ...]
    waivers: tuple[WaiverView, ...]
    provenance: tuple[Fact, ...]


# -- words and numbers ---------------------------------------------------------------------


@lru_cache(maxsize=2048)
def clean(text: str, length: int = NAME_LENGTH) -> str:
    """Make text safe to look at: one line, nothing invisible, of bounded length.

    Control, direction-changing, zero-width and unassigned characters, lone surrogates and
    marks piled upon one letter are written as their code point, so that they neither act nor
    hide nor cover other text. Escaping markup is left to the template engine.
    """
    kept = text[:length]
    if not (kept.isascii() and kept.isprintable()):
        kept = "".join(_visible(kept))
    return kept if len(text) <= length else f"{kept}… ({number(len(text))} characters)"


def _visible(text: str) -> Iterator[str]:
    marks = 0
    for each, run in groupby(text):
        count = sum(1 for _ in run)
        if unicodedata.combining(each):
            # No script needs more than a few marks on one letter.
            kept = min(count, max(0, 4 - marks))
            marks += count
        else:
            kept = count if each.isprintable() else 0
            marks = 0
        yield each * kept
        if kept < count:
            times = f" x {count - kept}" if count - kept > 1 else ""
            yield " " if each.isspace() else f"⟨U+{ord(each):04X}{times}⟩"


def percent(value: float) -> str:
    """Write 0 to 100 as `tenths` does, with a sign that stays on the same line."""
    return f"{tenths(value)}\u00a0%"


def number(value: int) -> str:
    """Write a count with separators: 12,345."""
    return f"{value:,}"


def tenths(value: float) -> str:
    """Write 0 to 100 with one decimal; only what is exactly 0 or 100 is written so.

    A collection with one defect in a million must not read as 100.
    """
    if value in (0, 100):
        return str(int(value))
    rounded = round(value, 1)
    if rounded <= 0:
        return "< 0.1"
    return f"{min(rounded, 99.9):.1f}"


def plural(count: int, unit: str) -> str:
    """Write a count with its unit: "1 study", "2 studies", "2 series"."""
    if count == 1 or unit == "series":
        word = unit
    elif unit.endswith("y"):
        word = unit[:-1] + "ies"
    else:
        word = unit + "s"
    return f"{number(count)} {word}"


def size(count: int) -> str:
    """Write a number of bytes in decimal units: "1.5 GB"."""
    value = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} bytes" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:,.1f} TB"


def duration(seconds: float) -> str:
    """Write a time span: "12.3 s", "3 min 12 s"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def moment(text: str) -> str:
    """Write an ISO 8601 time for people; what is not one stays as it is."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return text
    zone = f" {name}" if (name := when.tzname()) else ""
    return f"{when:%Y-%m-%d %H:%M}{zone}"


def share_of(failed: int, applicable: int, unit: str) -> str:
    """Write "312 of 340 series (91.8 %)"."""
    total = plural(applicable, clean(unit))
    if applicable <= 0:
        return plural(failed, clean(unit))
    return f"{number(failed)} of {total} ({percent(100 * failed / applicable)})"


def left_out(total: int, shown: int, thing: str) -> str:
    """Say how many are not shown, or nothing when all are."""
    return f"{plural(total - shown, thing)} not shown; see result.json" if total > shown else ""


def bounded_score(value: float | None) -> float | None:
    """Return a score within 0 to 100; what is not a number is not known."""
    # A NaN differs from itself; it may not come out as a score of any kind.
    if value is None or value != value:  # noqa: PLR0124
        return None
    return min(100.0, max(0.0, value))


# -- rules ---------------------------------------------------------------------------------

_SEVERITIES = ("info", "warning", "error")


def rank_of(rule: RuleResult) -> int:
    """Return 0 to 2 by severity; a word that is not known is the worst, never harmless."""
    return _SEVERITIES.index(rule.severity) if rule.severity in _SEVERITIES else 2


def fails(rule: RuleResult) -> bool:
    """Tell whether a rule found anything."""
    return rule.outcome == "fail" or rule.failed > 0


def gap_of(rule: RuleResult) -> int:
    """Return how many units could not be judged; at least 1 where the whole rule could not."""
    units = rule.not_evaluated + rule.errors
    return max(1, units) if rule.outcome in ("not_evaluated", "error") else units


def passes(rule: RuleResult) -> bool:
    """Tell whether all was judged and nothing fails; a pass of nothing is no pass."""
    return rule.outcome == "pass" and not fails(rule) and rule.applicable > 0 and gap_of(rule) == 0


def is_absent(rule: RuleResult) -> bool:
    """Tell whether there was nothing for a rule to judge."""
    return rule.outcome == "not_applicable" and not fails(rule) and gap_of(rule) == 0


def _badness(rule: RuleResult) -> tuple[float, ...]:
    """Sort key, worst first: severity, then share, then number."""
    share = rule.failed / rule.applicable if rule.applicable > 0 else 1.0
    return (-rank_of(rule), -share, -rule.failed)


@dataclass(frozen=True, slots=True)
class _Sorted:
    """The rules of a collection, each in exactly one group."""

    failed: list[RuleResult]
    unjudged: list[RuleResult]
    passed: list[RuleResult]
    absent: list[RuleResult]

    @classmethod
    def of(cls, rules: Iterable[RuleResult]) -> _Sorted:
        groups = cls([], [], [], [])
        for rule in rules:
            if fails(rule):
                groups.failed.append(rule)
            elif passes(rule):
                groups.passed.append(rule)
            elif is_absent(rule):
                groups.absent.append(rule)
            else:
                groups.unjudged.append(rule)
        groups.failed.sort(key=lambda rule: (*_badness(rule), rule.id))
        groups.unjudged.sort(key=lambda rule: (-rank_of(rule), rule.id))
        for group in (groups.passed, groups.absent):
            group.sort(key=lambda rule: rule.id)
        return groups

    def failing(self, rank: int) -> list[RuleResult]:
        return [rule for rule in self.failed if rank_of(rule) == rank]


# -- the verdict ---------------------------------------------------------------------------


def _gaps(collection: CollectionResult) -> tuple[str, ...]:
    """Name what keeps "no error found" from meaning "no error"."""
    counts = collection.counts
    raised = sum(rule.outcome == "error" or rule.errors > 0 for rule in collection.rules)
    blind = sum(rank_of(rule) == 2 and _is_blind(rule) for rule in collection.rules)
    found = (
        (counts.unreadable, "file", "could not be read"),
        (counts.partial, "file", "could be read only in part"),
        (blind, "rule", "of severity error could not be judged everywhere"),
        (raised, "rule", "broke down while running"),
        (collection.rules_left_out, "rule", "switched off by --select or --ignore"),
    )
    return tuple(f"{plural(count, unit)} {what}" for count, unit, what in found if count > 0)


def _is_blind(rule: RuleResult) -> bool:
    """Tell whether a rule did its work but lacked something to judge."""
    return rule.outcome != "error" and rule.errors == 0 and gap_of(rule) > 0


def worst_first(collection: CollectionResult) -> list[RuleResult]:
    """Return the rules that fail with severity error or warning, the worst first."""
    return [rule for rule in _Sorted.of(collection.rules).failed if rank_of(rule) > 0]


def verdict_of(collection: CollectionResult) -> Verdict:
    """Return the verdict: a failed error decides, then a gap, then a warning.

    A collection in which something that could hide an error was not judged is never called
    free of errors.
    """
    rules = _Sorted.of(collection.rules)
    errors, warnings = rules.failing(2), rules.failing(1)
    gaps = _gaps(collection)
    if errors:
        sentence = f"{_rules_fail(len(errors), 'of severity error')}. Start with {errors[0].id}."
        if all(rule.confidence == "low" for rule in errors):
            sentence += " All of it was found with low confidence: look at the examples first."
        return Verdict(0, "error", "Not ready for release", clean(sentence, 400), gaps)
    judged = sum(rule.applicable > 0 for rule in collection.rules)
    no_dicom = collection.counts.dicom + collection.counts.partial <= 0
    if no_dicom or not judged:
        why = "No DICOM file was found" if no_dicom else "No rule judged anything"
        return Verdict(1, "unknown", "Nothing to judge", f"{why}. This is not a pass.", gaps)
    if gaps:
        sentence = "No error was found, but not everything could be judged."
        if warnings:
            sentence += f" Besides, {_rules_fail(len(warnings), 'of severity warning')}."
        return Verdict(2, "unknown", "Not decided", sentence, gaps)
    lesser = sum(_is_blind(rule) for rule in collection.rules)
    gaps = (f"{plural(lesser, 'rule')} of lower severity",) if lesser else ()
    if warnings:
        sentence = (
            "No rule of severity error fails. "
            f"{_rules_fail(len(warnings), 'of severity warning')}: look at them first."
        )
        return Verdict(3, "warning", "Release after review", sentence, gaps)
    sentence = (
        f"Of {plural(judged, 'rule')} that found something to judge, "
        "none fails with severity error or warning."
    )
    return Verdict(4, "ok", "No obstacle to release", sentence, gaps)


def _rules_fail(count: int, which: str) -> str:
    return f"{plural(count, 'rule')} {which} {'fails' if count == 1 else 'fail'}"


# -- scores --------------------------------------------------------------------------------


def _gauge(
    title: str,
    score: float | None,
    coverage: float,
    applicable: int,
    failed: int,
    *,
    tone: str,
    status: str,
    without: str = "not known",
    link: str = "",
) -> Gauge:
    """Put together what is drawn; `without` is said in place of a score that is None."""
    known = bounded_score(score)
    # What applied to nothing covered nothing, whatever share that may be called.
    covered = (bounded_score(100 * coverage) or 0.0) if applicable else 0.0
    says_coverage = without == "not known"
    passed = max(0, applicable - failed)
    return Gauge(
        title=title,
        tone=tone,
        number=_WITHOUT[without] if known is None else tenths(known),
        arc=_arc(known or 0.0),
        coverage_arc=_arc(covered),
        sort="" if known is None else f"{known:.6g}",
        score=without if known is None else f"{tenths(known)} of 100",
        checks=f"{number(passed)} of {plural(applicable, 'check')} passed" if applicable else "",
        passed=number(passed),
        applicable=number(applicable) if applicable else "",
        coverage=f"coverage {percent(covered)}" if says_coverage else "",
        coverage_short=percent(covered) if says_coverage else "",
        status=status,
        link=link,
    )


_WITHOUT = {"not known": "?", "not applicable": "n/a", "not scored": "\u2013"}
_STATES = ("not known", "not applicable", "not evaluated", "not scored")


def reason_of(text: str) -> str:
    """Return why there is no score, without the word that is printed beside it anyway."""
    state, _, rest = text.partition(": ")
    return clean(rest if rest and state in _STATES else text)


def _arc(value: float) -> float:
    """Round for drawing; what is not zero stays visible."""
    return 0.0 if value <= 0 else max(0.5, round(value, 1))


def category_gauge(
    category: CategoryResult, rules: Sequence[RuleResult], anchors: dict[str, str]
) -> Gauge:
    """Return one category's score, with a link to the first of its failed rules."""
    own = _Sorted.of(rule for rule in rules if rule.category == category.id)
    known = bounded_score(category.score)
    judged = any(rule.applicable > 0 for rule in (*own.failed, *own.passed, *own.unjudged))
    blind = [rule for rule in (*own.failed, *own.unjudged) if rank_of(rule) and gap_of(rule)]
    parts = [
        plural(len(found), word)
        for rank, word in ((2, "error"), (1, "warning"), (0, "note"))
        if (found := own.failing(rank))
    ]
    if blind:
        parts.append(f"{plural(len(blind), 'rule')} not fully judged")
    without = "not known"
    if known is None and own.absent and not (own.failed or own.unjudged or own.passed):
        without, parts = "not applicable", ["nothing of this kind in the collection"]
    elif known is None and judged and not blind and not own.failing(2) and not own.failing(1):
        without = "not scored"
        parts.append("for information only")
    elif known is None:
        # The same absence of a number has many causes; none of them may look like a pass.
        ran = own.failed or own.unjudged or own.passed
        why = "nothing could be judged" if ran else "no rule was run"
        parts.append(reason_of(category.reason) or why)
    return _gauge(
        clean(category.title or category.id),
        known,
        category.coverage,
        category.applicable,
        category.failed,
        tone=_tone(own, without, known, bool(blind)),
        status="; ".join(parts) or "no defect found",
        without=without,
        link=next((anchors[rule.id] for rule in own.failed if rule.id in anchors), ""),
    )


def _tone(own: _Sorted, without: str, known: float | None, blind: bool) -> str:
    if own.failing(2):
        return "error"
    if own.failing(1):
        return "warning"
    if blind or (known is None and without == "not known"):
        return "unknown"
    if own.failed:
        return "info"
    return "absent" if known is None else "ok"


def overall_gauge(collection: CollectionResult, verdict: Verdict) -> Gauge:
    """Return the overall score."""
    scored = [each for each in collection.categories if each.applicable > 0]
    return _gauge(
        "Overall",
        collection.overall,
        collection.coverage,
        sum(each.applicable for each in scored),
        sum(each.failed for each in scored),
        tone=verdict.tone,
        status="" if bounded_score(collection.overall) is not None else "see the categories",
    )


# -- one collection ------------------------------------------------------------------------


def _place(finding: GroupedFinding, rule: RuleResult, limits: Limits) -> PlaceView:
    shown = tuple(clean(each) for each in finding.examples[: limits.examples])
    return PlaceView(
        message=clean(finding.message, limits.prose),
        attribute=clean(finding.attribute),
        tag_path=clean(finding.tag_path),
        count=plural(finding.count, clean(rule.unit))
        + (f", {number(finding.waived)} waived" if finding.waived else ""),
        # A result of before findings had one says nothing.
        confidence="" if finding.confidence == rule.confidence else clean(finding.confidence),
        examples=shown,
        more=left_out(len(finding.examples), len(shown), "example"),
    )


def _failed_rule(
    rule: RuleResult, anchor: str, text_link: str, titles: dict[str, str], limits: Limits
) -> FailedRule:
    unit = clean(rule.unit)
    places = sorted(rule.findings, key=lambda each: (-each.count, each.tag_path, each.message))
    shown = tuple(_place(each, rule, limits) for each in places[: limits.places])
    gap = gap_of(rule)
    return FailedRule(
        anchor=anchor,
        id=clean(rule.id),
        title=clean(rule.title) or "(no title)",
        category=titles.get(rule.category, clean(rule.category)),
        severity=clean(rule.severity),
        tone=_SEVERITIES[rank_of(rule)],
        confidence=clean(rule.confidence),
        share=share_of(rule.failed, rule.applicable, rule.unit),
        bar=_arc(100 * rule.failed / rule.applicable if rule.applicable > 0 else 100),
        why="" if text_link else clean(rule.why, limits.prose),
        fix="" if text_link else clean(rule.fix, limits.prose),
        reference=clean(rule.reference),
        counted=f"per {unit}",
        text_link=text_link,
        places=shown,
        more=left_out(len(places), len(shown), "place"),
        gap=": ".join(
            filter(None, (f"{plural(gap, unit)} could not be judged", reason_of(rule.reason)))
        )
        if gap
        else "",
    )


_GROUP_TITLES = {2: "Errors", 1: "Warnings", 0: "Notes"}


def _failed_groups(
    rules: _Sorted,
    anchor: str,
    titles: dict[str, str],
    text_links: dict[str, str],
    limits: Limits,
) -> tuple[FailedGroup, ...]:
    groups = []
    left = limits.failed
    position = 0
    for rank, title in _GROUP_TITLES.items():
        found = rules.failing(rank)
        shown = found[:left]
        left -= len(shown)
        views = []
        for rule in shown:
            position += 1
            link = text_links.get(rule.id, "")
            views.append(_failed_rule(rule, f"{anchor}r{position}", link, titles, limits))
        if found:
            groups.append(
                FailedGroup(
                    title=f"{title} ({number(len(found))})",
                    tone=_SEVERITIES[rank],
                    rules=tuple(views),
                    more=left_out(len(found), len(shown), "rule"),
                )
            )
    return tuple(groups)


def _unjudged_detail(rule: RuleResult) -> str:
    words = []
    if rule.outcome == "error" or rule.errors:
        words.append("the rule broke down while running")
    if rule.not_evaluated or rule.errors:
        unjudged = plural(rule.not_evaluated + rule.errors, clean(rule.unit))
        words.append(f"{unjudged} not judged, {number(rule.applicable)} judged")
    elif rule.outcome == "pass":
        words.append("nothing was judged")
    words.append(reason_of(rule.reason) or ("" if words else "no reason was recorded"))
    return "; ".join(filter(None, words))


def _listed_groups(rules: _Sorted, limits: Limits) -> tuple[ListedGroup, ...]:
    groups = (
        (
            "Not evaluated",
            "unknown",
            "These rules could not be judged, or not everywhere. None of them is a pass.",
            "Reason",
            [(rule, _unjudged_detail(rule)) for rule in rules.unjudged],
        ),
        (
            "Passed",
            "ok",
            "Everything that these rules apply to was judged, and nothing fails.",
            "Judged",
            [(rule, plural(rule.applicable, clean(rule.unit))) for rule in rules.passed],
        ),
        (
            "Not applicable",
            "absent",
            "The collection holds nothing that these rules are about. They count neither way.",
            "Reason",
            [
                (rule, reason_of(rule.reason) or "Nothing of this kind in the collection.")
                for rule in rules.absent
            ],
        ),
    )
    return tuple(
        ListedGroup(
            f"{title} ({number(len(found))})",
            tone,
            hint,
            detail_title,
            tuple(_listed_rule(rule, detail) for rule, detail in found[: limits.listed]),
            left_out(len(found), limits.listed, "rule"),
        )
        for title, tone, hint, detail_title, found in groups
        if found
    )


def _listed_rule(rule: RuleResult, detail: str) -> ListedRule:
    return ListedRule(
        id=clean(rule.id),
        title=clean(rule.title),
        severity=clean(rule.severity),
        detail=detail,
    )


_TABLES = {
    "modality": "Modality",
    "manufacturer": "Manufacturer",
    "sop_class": "SOP Class",
    "transfer_syntax": "Transfer syntax",
}


def _heading(key: str) -> str:
    return _TABLES.get(key) or clean(key.replace("_", " ").capitalize())


def _inventory(name: str, rows: Sequence[InventoryRow], limits: Limits) -> Table:
    ordered = sorted(rows, key=lambda row: (-row.instances, row.value))
    shown = ordered[: limits.values]
    most = max((row.instances for row in ordered), default=0)
    return Table(
        title=_heading(name),
        head=("Value", "Instances", "Series"),
        lines=tuple(
            Line(
                clean(row.value) or "(empty)",
                (number(row.instances), number(row.series)),
                _arc(100 * row.instances / most if most else 0),
            )
            for row in shown
        ),
        more=left_out(len(ordered), len(shown), "line"),
    )


def _private(found: dict[str, int], limits: Limits) -> Table:
    """Show whose the private elements are, with the share of each creator."""
    ordered = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    shown, total = ordered[: limits.values], sum(found.values())
    return Table(
        title="Private elements by creator",
        head=("Private creator", "Elements", "Share"),
        lines=tuple(
            Line(
                clean(name),
                (number(count), percent(100 * count / total if total else 0)),
                _arc(100 * count / total if total else 0),
            )
            for name, count in shown
        ),
        more=left_out(len(ordered), len(shown), "line"),
    )


def _companions(found: dict[str, int], limits: Limits) -> Table:
    ordered = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = ordered[: limits.values]
    most = max(found.values(), default=0)
    return Table(
        title="Files beside DICOM",
        head=("Format", "Files"),
        lines=tuple(
            Line(clean(name), (number(count),), _arc(100 * count / most if most else 0))
            for name, count in shown
        ),
        more=left_out(len(ordered), len(shown), "line"),
    )


_NOTATION_LABELS = {
    "A/S": "Annotations and segmentations (A/S)",
    "CR": "Clinical reports (CR)",
    "CI": "Clinical information (CI)",
}
_NOTATION = re.compile(r"(?P<sign>[YN])(?P<marks>[*Rab]*)(?:\s*\((?P<format>[^()]+)\))?")


def explain_notation(label: str, code: str) -> str:
    """Say in words what a notation such as ``Y*a, YR`` means; empty if it is not the notation.

    The notation is that of Aiello et al. 2021, Table 4.
    """
    in_dicom = {"A/S": "as DICOM SEG", "CR": "as DICOM SR"}.get(label, "in DICOM")
    said = []
    for part in code.split(", "):
        found = _NOTATION.fullmatch(part.strip())
        if found is None:
            return ""
        if found["sign"] == "N":
            said.append("none")
            continue
        marks = found["marks"]
        words = [in_dicom] if "*" in marks else []
        if "R" in marks:
            words.append("as DICOM RT")
        if found["format"]:
            words.append(f"as {clean(found['format'])}")
        if "a" in marks:
            words.append("by a third party")
        if "b" in marks:
            words.append("enough to rebuild a structured report")
        said.append(", ".join(words) or "present")
    return "; ".join(said)


def _facts(collection: CollectionResult) -> tuple[Fact, ...]:
    counts = collection.counts
    return (
        Fact("Patients", number(counts.patients)),
        Fact("Studies", number(counts.studies)),
        Fact("Series", number(counts.series)),
        Fact("Instances", number(counts.instances)),
        Fact("Files", number(counts.files)),
        Fact("Size", size(counts.bytes)),
    )


def _files(collection: CollectionResult) -> tuple[Fact, ...]:
    counts = collection.counts
    return (
        Fact("DICOM, read to the end", number(counts.dicom)),
        Fact("DICOM, read only in part", number(counts.partial)),
        Fact("Unreadable", number(counts.unreadable)),
        Fact("Not DICOM", number(counts.not_dicom)),
        Fact("Files in all", number(counts.files)),
        Fact("Links, not followed", number(counts.links)),
        Fact("Distinct kinds of data set", number(counts.signatures)),
    )


def _collection(
    collection: CollectionResult, anchor: str, text_links: dict[str, str], limits: Limits
) -> CollectionView:
    rules = _Sorted.of(collection.rules)
    verdict = verdict_of(collection)
    titles = {each.id: clean(each.title or each.id) for each in collection.categories}
    failed = _failed_groups(rules, anchor, titles, text_links, limits)
    shown = [rule for group in failed for rule in group.rules]
    anchors = dict(zip((rule.id for rule in rules.failed), (r.anchor for r in shown), strict=False))
    urgent = [rule for rule in shown if rule.tone == (shown[0].tone if shown else "")]
    tables = [_inventory(name, rows, limits) for name, rows in collection.inventory.items() if rows]
    if collection.private_elements:
        tables.append(_private(collection.private_elements, limits))
    if collection.companions:
        tables.append(_companions(collection.companions, limits))
    return CollectionView(
        anchor=anchor,
        name=clean(collection.name) or "(no name)",
        repository=clean(collection.repository),
        verdict=verdict,
        overall=overall_gauge(collection, verdict),
        first=tuple(urgent[:3]) if limits.places and urgent and urgent[0].tone != "info" else (),
        gauges=tuple(
            category_gauge(each, collection.rules, anchors) for each in collection.categories
        )
        if limits.gauges
        else (),
        failed=failed,
        listed=_listed_groups(rules, limits),
        rules=(
            f"{plural(len(collection.rules), 'rule')}: {number(len(rules.failed))} failed, "
            f"{number(len(rules.unjudged))} not evaluated, {number(len(rules.passed))} passed, "
            f"{number(len(rules.absent))} not applicable"
        ),
        none="" if failed else "No rule fails." if collection.rules else "No rule was run.",
        facts=_facts(collection),
        files=_files(collection),
        tables=tuple(tables) if limits.values else (),
        notation=tuple(
            Notation(
                _NOTATION_LABELS.get(label, clean(label)),
                clean(code),
                explain_notation(label, code),
            )
            for label, code in collection.annotation.items()
        ),
        notes=tuple(clean(note, limits.prose) for note in collection.notes[:20])
        + ((more,) if (more := left_out(len(collection.notes), 20, "note")) else ()),
        brief=limits.places == 0,
    )


# -- many collections ----------------------------------------------------------------------


class Member(NamedTuple):
    """A collection on its way into a matrix."""

    collection: CollectionResult
    verdict: Verdict
    mark: str


def ordered_members(members: Iterable[Member]) -> list[Member]:
    """Order by repository, and within one worst first; those without a repository come last."""
    return sorted(
        members,
        key=lambda each: (
            each.collection.repository == "",
            each.collection.repository.casefold(),
            each.verdict.rank,
            -1.0 if (score := bounded_score(each.collection.overall)) is None else score,
            each.collection.name,
        ),
    )


def worst_members(members: list[Member], count: int) -> list[Member]:
    """Keep the worst, in their order: what does not fit is what needs the reader least."""
    if len(members) <= count:
        return members
    ranked = sorted(range(len(members)), key=lambda index: members[index].verdict.rank)
    return [members[index] for index in sorted(ranked[:count])]


def collection_matrix(
    members: list[Member], caption: str, links: dict[int, str], rows: int
) -> Matrix:
    """Return collections by categories; the worst where not all fit."""
    columns = {
        each.id: clean(each.title or each.id)
        for member in members
        for each in member.collection.categories
    }
    columns = dict(list(columns.items())[:COLUMNS])
    shown = worst_members(members, rows)
    groups = []
    for repository, found in groupby(shown, key=lambda each: each.collection.repository):
        own = list(found)
        groups.append(
            RowGroup(
                clean(repository) or "No repository named",
                plural(len(own), "collection"),
                tuple(_row(each, list(columns), links) for each in own),
            )
        )
    tally = Counter((each.verdict.rank, each.verdict.headline) for each in members)
    tones = {each.verdict.headline: each.verdict.tone for each in members}
    return Matrix(
        caption=caption,
        columns=tuple(columns.values()),
        groups=tuple(groups),
        grouped=any(each.collection.repository for each in shown),
        marked=any(each.mark for each in shown),
        tally=tuple(
            Fact(headline, number(count), tones[headline])
            for (_, headline), count in sorted(tally.items())
        ),
        more=left_out(len(members), len(shown), "collection"),
    )


def _row(member: Member, columns: list[str], links: dict[int, str]) -> Row:
    collection = member.collection
    cells = {
        each.id: category_gauge(each, collection.rules, {})
        for each in collection.categories
        if each.id in columns
    }
    return Row(
        link=links.get(id(collection), ""),
        name=clean(collection.name) or "(no name)",
        repository=clean(collection.repository),
        mark=member.mark,
        verdict=member.verdict,
        overall=overall_gauge(collection, member.verdict),
        cells=tuple(cells.get(column) for column in columns),
    )


# -- pages ---------------------------------------------------------------------------------


def _provenance(result: AuditResult) -> tuple[Fact, ...]:
    tool = result.tool
    fields = (
        ("Program", f"dicom-auditor {tool.version}"),
        ("Rule set", tool.ruleset),
        ("Edition of the DICOM standard", tool.standard_edition),
        ("Profile", tool.profile),
        ("Started", moment(tool.started)),
        ("Time taken", duration(tool.elapsed_s)),
        ("Python", tool.python),
        ("Result schema", result.schema),
    )
    return tuple(Fact(name, clean(value, 400) or "not recorded") for name, value in fields)


def _waiver(waiver: WaiverResult) -> WaiverView:
    where = ", ".join(f"{name} {value}" for name, value in waiver.where.items())
    return WaiverView(
        clean(waiver.rule),
        clean(where) or "everywhere",
        clean(waiver.state),
        number(waiver.count),
        clean(waiver.reason, 400),
        clean(waiver.owner),
        clean(waiver.expires),
    )


def _texts(members: Iterable[Member], limits: Limits) -> dict[str, RuleText]:
    """Return what is said once of every rule that fails somewhere."""
    if limits.inline:
        return {}
    failed = {rule.id: rule for each in members for rule in each.collection.rules if fails(rule)}
    return {
        rule_id: RuleText(
            f"t{position}",
            clean(rule_id),
            clean(rule.title),
            clean(rule.why, limits.prose),
            clean(rule.fix, limits.prose),
            clean(rule.reference),
        )
        for position, (rule_id, rule) in enumerate(sorted(failed.items())[:500], 1)
    }


def report_view(result: AuditResult, limits: Limits = LEVELS[0]) -> ReportView:
    """Return the page of one audit: an overview if it has several collections, then each."""
    members = ordered_members(Member(each, verdict_of(each), "") for each in result.collections)
    detailed = worst_members(members, limits.sections)
    links = {id(each.collection): f"c{position}" for position, each in enumerate(detailed, 1)}
    texts = _texts(detailed, limits)
    text_links = {key: text.anchor for key, text in texts.items()}
    single = members[0].collection if len(members) == 1 else None
    heading = clean(single.name) or "(no name)" if single else plural(len(members), "collection")
    return ReportView(
        title=f"DICOM audit: {heading}",
        heading=heading,
        subtitle=_subtitle(result, single.repository if single else ""),
        matrix=collection_matrix(members, "All collections", links, limits.rows)
        if len(members) > 1
        else None,
        collections=tuple(
            _collection(each.collection, links[id(each.collection)], text_links, limits)
            for each in detailed
        ),
        more=left_out(len(members), len(detailed), "collection") if detailed else "",
        texts=tuple(texts.values()),
        waivers=tuple(_waiver(each) for each in result.waivers[: limits.rows]),
        provenance=_provenance(result),
    )


def _subtitle(result: AuditResult, repository: str) -> str:
    tool = result.tool
    parts = (
        repository,
        f"audited {moment(tool.started)}" if tool.started else "",
        f"DICOM standard {tool.standard_edition}" if tool.standard_edition else "",
        f"profile {tool.profile}" if tool.profile else "",
    )
    return " · ".join(clean(part) for part in parts if part)
