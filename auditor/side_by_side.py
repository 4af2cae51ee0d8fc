"""From several results to the comparison page: what a template prints, and no markup.

Scores are comparable where all of `MUST_AGREE` is the same, others are not: every row carries the
letter of its set, and what needs comparable scores (which rule makes the difference, the pair
side by side) is made of the largest set alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import fsum, sqrt
from statistics import median
from typing import NamedTuple

from auditor.charts import Scale, scale
from auditor.result import MUST_AGREE, AuditResult, CollectionResult, RuleResult
from auditor.view import (
    COLUMNS,
    Gauge,
    Member,
    bounded_score,
    category_gauge,
    clean,
    explain_notation,
    fails,
    gap_of,
    is_absent,
    joined,
    left_out,
    ordered_members,
    overall_gauge,
    passes,
    rank_of,
    tenths,
    tone_of,
    verdict_of,
    worst_members,
)
from auditor.words import agree, number, plural, unit_word


@dataclass(frozen=True, slots=True)
class Detail:
    """How much of a comparison a page shows; what is left out is counted and named.

    Parameters
    ----------
    rows
        Collections in the heat map.
    rules
        Rules that some collections fail, or on which they differ.
    named
        Collections named at each of them.
    states
        Whether each rule carries what it said of every collection: with it the page's script
        can lay any two side by side, without it only the two that are laid out already.
    """

    rows: int
    rules: int
    named: int
    states: bool


DETAILS = (
    Detail(1000, 1500, 12, True),
    Detail(1000, 1500, 3, True),
    Detail(1000, 800, 3, True),
    Detail(1000, 400, 3, True),
    Detail(1000, 100, 0, False),
    Detail(200, 0, 0, False),
)
"""From everything to the heat map alone: the first that fits is taken.

The last fits even where every name is as long and as odd as it may be.
"""

LINES = 12
"""Lines of a small multiple: a collection each if there are no more, else a repository."""

PAIR_RULES = 60
"""Rules of the pair that is laid side by side without a script."""

NOTATION = {
    "CI": "clinical information",
    "A/S": "annotation or segmentation",
    "CR": "clinical report",
}
"""Columns of Table 4 of Aiello et al. 2021, and what they stand for."""

NOT_STATED = "not stated"

STEPS = ((100.0, "s0"), (99.0, "s1"), (95.0, "s2"), (80.0, "s3"), (50.0, "s4"), (0.0, "s5"))
"""Scores from which on a cell has a shade; the deeper the shade, the lower the score."""


class RuleSet(NamedTuple):
    """What must agree for scores to be comparable, and who has it."""

    mark: str
    ruleset: str
    standard_edition: str
    profile: str
    referees: str
    versions: str
    collections: str


class Cell(NamedTuple):
    """A score in the heat map: its shade, and the gauge with the numbers beside it."""

    shade: str
    gauge: Gauge


class Code(NamedTuple):
    """One entry of the study's notation, with its meaning in words."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One collection; `rank` is its verdict's, by which rows can be shown and hidden.

    `start` is what keeps the verdict open, or the rule to fix first; "" if there is neither.
    """

    name: str
    repository: str
    mark: str
    tone: str
    verdict: str
    start: str
    rank: int
    codes: tuple[Code, ...]
    cells: tuple[Cell | None, ...]


class HeatGroup(NamedTuple):
    """The collections of one repository, and the medians of their scores if there are several."""

    title: str
    total: str
    medians: tuple[str, ...]
    rows: tuple[HeatRow, ...]


class Choice(NamedTuple):
    """A verdict, how many collections have it, and what selects their rows."""

    tone: str
    headline: str
    total: str
    rank: int


class Shade(NamedTuple):
    """A shade of the legend, and the scores that have it."""

    shade: str
    words: str


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Repositories by collections by categories."""

    columns: tuple[str, ...]
    groups: tuple[HeatGroup, ...]
    grouped: bool
    marked: bool
    choices: tuple[Choice, ...]
    shades: tuple[Shade, ...]
    more: str


class Strip(NamedTuple):
    """One line of a small multiple.

    `dots` are places from 0 to 100, one a score; `middle` is their median's.
    """

    name: str
    tone: str
    dots: tuple[float, ...]
    middle: float
    words: str

    @property
    def scale(self) -> Scale:
        """The picture of the line."""
        return scale(self.dots, self.middle)


class Panel(NamedTuple):
    """One category of all collections."""

    title: str
    strips: tuple[Strip, ...]
    more: str


class Segment(NamedTuple):
    """A part of a bar, in percent of its length, and what it stands for."""

    kind: str
    start: float
    width: float


class Named(NamedTuple):
    """A collection that fails a rule, and how much of it."""

    name: str
    share: str


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule that some collections fail, or that could be judged in some and not in others.

    `states` holds what it said of each row of the heat map, in their order: ``p`` passes,
    ``n`` not applicable, ``q`` not evaluated, ``e`` broke down, ``-`` not run, each with a
    number before it if it comes several times in a row, and ``3/12f`` where 3 of 12 fail.
    """

    id: str
    title: str
    category: str
    tone: str
    severity: str
    unit: str
    bar: tuple[Segment, ...]
    failing: int
    counted: str
    lowest: str
    highest: str
    lowest_sort: str
    effect: str
    effect_sort: str
    named: tuple[Named, ...]
    more: str
    states: str


class PairLine(NamedTuple):
    """A category, or the overall score, of two collections."""

    title: str
    left: Cell | None
    right: Cell | None
    difference: str


class PairRule(NamedTuple):
    """What one rule says of two collections."""

    id: str
    title: str
    tone: str
    severity: str
    unit: str
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two collections side by side; `left` and `right` are rows of the heat map."""

    left: HeatRow
    right: HeatRow
    codes: tuple[tuple[str, Code, Code], ...]
    lines: tuple[PairLine, ...]
    rules: tuple[PairRule, ...]
    more: str


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """Several audits side by side.

    `base` says in words, and `base_mark` by letter, of which collections rules are compared;
    both are empty if it is all of them. `dotted` is whether a line of a small multiple is many
    collections, `told` whether rules carry their states.
    """

    title: str
    subtitle: str
    comparable: bool
    statement: str
    explanation: str
    sets: tuple[RuleSet, ...]
    differing: tuple[str, ...]
    heat: HeatMap
    panels: tuple[Panel, ...]
    dotted: bool
    base: str
    base_mark: str
    told: bool
    rules: tuple[RuleRow, ...]
    agreed: str
    more_rules: str
    pair: Pair | None


# -- the heat map --------------------------------------------------------------------------


class _Row(NamedTuple):
    """A collection on its way to the page; `scores` is the overall one, then by column."""

    member: Member
    shown: HeatRow
    scores: tuple[float | None, ...]


def _cell(gauge: Gauge, score: float | None) -> Cell:
    if score is None:
        return Cell("su" if gauge.score == "not known" else "sa", gauge)
    return Cell(next(shade for least, shade in STEPS if score >= least), gauge)


def _row(member: Member, columns: Iterable[str]) -> _Row:
    collection = member.collection
    rules: dict[str, list[RuleResult]] = {}
    for rule in collection.rules:
        rules.setdefault(rule.category, []).append(rule)
    categories = {each.id: each for each in collection.categories}
    cells: list[Cell | None] = []
    scores: list[float | None] = []
    for column in columns:
        category = categories.get(column)
        score = None if category is None else bounded_score(category.score)
        scores.append(score)
        cells.append(
            None
            if category is None
            else _cell(category_gauge(category, rules.get(column, ())), score)
        )
    overall = bounded_score(collection.overall)
    verdict = member.verdict
    return _Row(
        member,
        HeatRow(
            name=clean(collection.name) or "(no name)",
            repository=clean(collection.repository),
            mark=member.mark,
            tone=verdict.tone,
            verdict=verdict.headline,
            start=verdict.start,
            rank=verdict.rank,
            codes=tuple(_code(label, collection) for label in NOTATION),
            cells=(_cell(overall_gauge(collection, verdict), overall), *cells),
        ),
        (overall, *scores),
    )


def _code(label: str, collection: CollectionResult) -> Code:
    code = clean(collection.annotation.get(label, ""))
    return Code(code, explain_notation(label, code)) if code else Code(NOT_STATED, "")


def _heat(rows: Sequence[_Row], columns: dict[str, str], total: Sequence[Member]) -> HeatMap:
    groups = []
    for repository, found in groupby(rows, key=lambda each: each.member.collection.repository):
        own = list(found)
        groups.append(
            HeatGroup(
                clean(repository) or "No repository named",
                plural(len(own), "collection"),
                tuple(
                    _median([row.scores[place] for row in own]) if len(own) > 1 else ""
                    for place in range(len(columns) + 1)
                ),
                tuple(each.shown for each in own),
            )
        )
    tally = Counter((m.verdict.rank, m.verdict.headline, m.verdict.tone) for m in total)
    return HeatMap(
        columns=("Overall", *columns.values()),
        groups=tuple(groups),
        grouped=any(each.member.collection.repository for each in rows),
        marked=any(each.member.mark for each in rows),
        choices=tuple(
            Choice(tone, headline, number(count), rank)
            for (rank, headline, tone), count in sorted(tally.items())
        ),
        shades=tuple(_shades()),
        more=left_out(len(total), len(rows), "collection"),
    )


def _shades() -> Iterator[Shade]:
    """Yield what the shades of cells mean, from the highest score to the lowest."""
    for (least, shade), (above, _) in zip(STEPS, (STEPS[0], *STEPS), strict=False):
        if least == 100:
            yield Shade(shade, tenths(least))
        elif least:
            yield Shade(shade, f"{least:g} and more")
        else:
            yield Shade(shade, f"below {above:g}")


def _median(scores: Iterable[float | None]) -> str:
    known = [score for score in scores if score is not None]
    return tenths(median(known)) if known else ""


# -- small multiples -----------------------------------------------------------------------


def _panels(rows: Sequence[_Row], columns: dict[str, str]) -> Iterator[Panel]:
    by_repository: dict[str, list[_Row]] = {}
    for row in rows:
        by_repository.setdefault(row.shown.repository or "No repository named", []).append(row)
    largest = sorted(by_repository.items(), key=lambda item: -len(item[1]))[:LINES]
    kept = {name for name, _ in largest}
    for place, title in enumerate(("Overall", *columns.values())):
        if len(rows) <= LINES:
            strips = [_bar(row, place) for row in rows]
            more = ""
        else:
            strips = [
                _strip(name, [row.scores[place] for row in own])
                for name, own in by_repository.items()
                if name in kept
            ]
            left = len(by_repository) - len(strips)
            more = f"{number(left)} smaller repositories not shown" if left > 1 else ""
            more = "1 smaller repository not shown" if left == 1 else more
        yield Panel(title, tuple(strips), more)


def _bar(row: _Row, place: int) -> Strip:
    cell, score = row.shown.cells[place], row.scores[place]
    if cell is None:
        return Strip(row.shown.name, "absent", (), 0.0, "no rule")
    if score is None:
        return Strip(row.shown.name, cell.gauge.tone, (), 0.0, cell.gauge.score)
    drawn = round(score, 1)
    return Strip(row.shown.name, cell.gauge.tone, (drawn,), drawn, tenths(score))


def _strip(name: str, scores: Sequence[float | None]) -> Strip:
    known = sorted(score for score in scores if score is not None)
    if not known:
        return Strip(name, "absent", (), 0.0, f"none of {number(len(scores))} has a score")
    words = f"median {tenths(median(known))}"
    if known[0] < known[-1]:
        words += f", {tenths(known[0])} to {tenths(known[-1])}"
    if len(known) < len(scores):
        words += f"; {number(len(known))} of {number(len(scores))} have a score"
    # What falls on one place is one dot: the number of collections must not make the picture.
    dots = tuple(sorted({round(score, 1) for score in known}))
    return Strip(name, "info", dots, round(median(known), 1), words)


# -- rules ---------------------------------------------------------------------------------


class _Said(NamedTuple):
    """What one rule said of the collections that may be compared."""

    any: RuleResult
    by_row: dict[int, RuleResult]


def _kind(rule: RuleResult) -> str:
    """Return one letter, as in `RuleRow.states`."""
    if fails(rule):
        return "f"
    if passes(rule):
        return "p"
    if is_absent(rule):
        return "n"
    return "e" if rule.outcome == "error" or rule.errors else "q"


def _rate(rule: RuleResult) -> float | None:
    """Return how much of what could be judged passes, in percent; None if nothing could be."""
    if rule.applicable <= 0:
        return 0.0 if fails(rule) else None
    return 100 * (1 - min(rule.failed, rule.applicable) / rule.applicable)


def _states(said: dict[int, RuleResult], rows: int) -> str:
    letters = []
    for position in range(rows):
        rule = said.get(position)
        kind = "-" if rule is None else _kind(rule)
        letters.append(f"{rule.failed}/{rule.applicable}f" if rule and kind == "f" else kind)
    made = []
    for letter, run in groupby(letters):
        count = sum(1 for _ in run)
        made.append(letter * count if letter[-1] == "f" or count < 3 else f"{count}{letter}")
    return "".join(made)


def _rules(rows: Sequence[_Row], base: set[int]) -> dict[str, _Said]:
    """Return what each rule said of the rows of the base, by their place."""
    found: dict[str, _Said] = {}
    for position, row in enumerate(rows):
        if position in base:
            for rule in row.member.collection.rules:
                found.setdefault(rule.id, _Said(rule, {})).by_row[position] = rule
    return found


def _effect(said: _Said) -> float:
    """Return what a rule does to scores: the spread of its pass rate, times its weight.

    The spread is the standard deviation over the collections in which it could judge anything,
    in points (0 to 50).
    """
    rates = _rates(said)
    # Rates that are all alike must give 0, whatever their rounding.
    if not rates or min(rates) == max(rates):
        return 0.0
    mean = fsum(rates) / len(rates)
    spread = sqrt(fsum((rate - mean) ** 2 for rate in rates) / len(rates))
    return spread * _weight(said.any.weight)


def _rates(said: _Said) -> list[float]:
    return [rate for each in said.by_row.values() if (rate := _rate(each)) is not None]


def _weight(weight: float) -> float:
    """Return a weight that can be multiplied with: what is no number weighs nothing."""
    return weight if 0 <= weight < 1e6 else 0.0


def _rule_row(
    said: _Said, effect: float, rows: Sequence[_Row], titles: dict[str, str], detail: Detail
) -> RuleRow:
    rule = said.any
    kinds = {position: _kind(each) for position, each in said.by_row.items()}
    applies = sum(kind != "n" for kind in kinds.values())
    rates = _rates(said)
    failing = sorted(
        (position for position, kind in kinds.items() if kind == "f"),
        key=lambda position: (_rate(said.by_row[position]) or 0.0, position),
    )
    named = tuple(
        Named(rows[position].shown.name, _fail_words(said.by_row[position]))
        for position in failing[: detail.named]
    )
    counted = f"fails in {number(len(failing))} of {plural(applies, 'collection')}"
    blind = sum(kind in "qe" for kind in kinds.values())
    if blind:
        counted += f", not judged in {number(blind)}"
    return RuleRow(
        id=clean(rule.id),
        title=clean(rule.title) or "(no title)",
        category=titles.get(rule.category, clean(rule.category)),
        tone=tone_of(rule),
        severity=clean(rule.severity),
        unit=clean(unit_word(rule.unit)),
        bar=tuple(_segments(said, kinds, applies)),
        failing=len(failing),
        counted=counted,
        lowest=tenths(min(rates)) if rates else "",
        highest=tenths(max(rates)) if rates else "",
        lowest_sort=f"{min(rates):.6g}" if rates else "",
        effect=f"{effect:.1f}" if effect >= 0.05 else "< 0.1" if effect > 0 else "0",
        effect_sort=f"{effect:.6g}",
        named=named,
        more=left_out(len(failing), len(named), "collection") if detail.named else "",
        states=_states(said.by_row, len(rows)) if detail.states else "",
    )


def _segments(said: _Said, kinds: dict[int, str], applies: int) -> Iterator[Segment]:
    """Yield the parts of the bar: fails wholly, fails in part, not judged, passes."""
    parts = Counter(
        ("all" if (_rate(said.by_row[position]) or 0) <= 0 else "part") if kind == "f" else kind
        for position, kind in kinds.items()
        if kind != "n"
    )
    counts = (
        ("all", parts["all"]),
        ("part", parts["part"]),
        ("unknown", parts["q"] + parts["e"]),
        ("pass", parts["p"]),
    )
    start = 0.0
    for kind, count in counts:
        if count:
            width = 100 * count / applies
            yield Segment(kind, round(start, 1), round(width, 1))
            start += width


def _fail_words(rule: RuleResult) -> str:
    fail = agree(rule.failed, "fails", "fail")
    return f"{number(rule.failed)} of {number(rule.applicable)} {fail}"


_WORDS = {
    "p": "passes",
    "n": "not applicable",
    "q": "not evaluated",
    "e": "broke down",
    "-": "not run",
}
"""Said also by the page's script."""


def _said_words(rule: RuleResult | None) -> str:
    if rule is None:
        return _WORDS["-"]
    kind = _kind(rule)
    return _fail_words(rule) if kind == "f" else _WORDS[kind]


# -- two side by side ----------------------------------------------------------------------


def _pair(
    rows: Sequence[_Row],
    base: set[int],
    columns: dict[str, str],
    ordered: Sequence[_Said],
) -> Pair | None:
    """Lay the lowest and the highest overall score side by side."""
    scored = [
        (score, position)
        for position, row in enumerate(rows)
        if position in base and (score := row.scores[0]) is not None
    ]
    if len(scored) < 2:
        return None
    _, left = min(scored)
    # Of the highest, the first: but never the same row, where all are alike.
    _, right = max((score, -position) for score, position in scored if position != left)
    right = -right
    one, two = rows[left], rows[right]
    lines = [
        PairLine(
            title,
            one.shown.cells[place],
            two.shown.cells[place],
            _difference(one.scores[place], two.scores[place]),
        )
        for place, title in enumerate(("Overall", *columns.values()))
    ]
    rules = []
    for said in ordered:
        words = [_said_words(said.by_row.get(position)) for position in (left, right)]
        if words[0] != words[1]:
            rule = said.any
            rules.append(
                PairRule(
                    clean(rule.id),
                    clean(rule.title) or "(no title)",
                    tone_of(rule),
                    clean(rule.severity),
                    clean(unit_word(rule.unit)),
                    *words,
                )
            )
    codes = zip(NOTATION, one.shown.codes, two.shown.codes, strict=True)
    return Pair(
        left=one.shown,
        right=two.shown,
        codes=tuple(codes),
        lines=tuple(lines),
        rules=tuple(rules[:PAIR_RULES]),
        more=left_out(len(rules), PAIR_RULES, "rule"),
    )


def _difference(left: float | None, right: float | None) -> str:
    """Write how far the right is above the left, in points; only equal scores are 0."""
    if left is None or right is None:
        return ""
    apart = right - left
    if apart == 0:
        return "0"
    sign = "+" if apart > 0 else "\u2212"
    size = tenths(abs(apart))
    return f"{sign} {size}" if size.startswith("<") else sign + size


# -- the page ------------------------------------------------------------------------------


class Compared:
    """Several results, worked out once; `view` makes a page of them, in as much detail as asked.

    Parameters
    ----------
    results
        Audits, each of any number of collections.
    """

    def __init__(self, results: Sequence[AuditResult]) -> None:
        self._results = results
        by_set: dict[tuple[str, ...], list[AuditResult]] = {}
        for result in results:
            key = tuple(getattr(result.tool, field) for field in MUST_AGREE.values())
            by_set.setdefault(key, []).append(result)
        self._by_set = by_set
        self._marks = {key: _mark(position) for position, key in enumerate(by_set)}
        self._members = ordered_members(
            Member(each, verdict_of(each), self._marks[key] if len(by_set) > 1 else "")
            for key, own in by_set.items()
            for result in own
            for each in result.collections
        )
        titles = {
            each.id: clean(each.title or each.id)
            for member in self._members
            for each in member.collection.categories
        }
        self._columns = dict(list(titles.items())[:COLUMNS])
        self._rows = [_row(each, self._columns) for each in self._members]

    def view(self, detail: Detail = DETAILS[0]) -> ComparisonView:
        """Return the page, and whether the scores may be compared at all."""
        kept = {id(each) for each in worst_members(self._members, detail.rows)}
        rows = [each for each in self._rows if id(each.member) in kept]
        keys = self._by_set
        differing = tuple(
            name for place, name in enumerate(MUST_AGREE) if len({k[place] for k in keys}) > 1
        )
        unrecorded = tuple(
            name for place, name in enumerate(MUST_AGREE) if any(not k[place] for k in keys)
        )
        statement, explanation = _comparability(len(keys), differing, unrecorded)
        base, about, base_mark = self._base(rows)
        said = _rules(rows, base)
        effects = {each: _effect(what) for each, what in said.items()}
        ordered = sorted(
            said.values(),
            key=lambda each: (-effects[each.any.id], -rank_of(each.any), each.any.id),
        )
        telling = [each for each in ordered if effects[each.any.id] > 0 or _differs(each)]
        return ComparisonView(
            title="DICOM audits compared",
            subtitle=f"{plural(len(self._members), 'collection')} from "
            f"{plural(len(self._results), 'audit')}{_verdicts(self._members)}",
            comparable=not differing and not unrecorded,
            statement=statement,
            explanation=explanation,
            sets=tuple(
                _rule_set(self._marks[key], key, own) for key, own in list(keys.items())[:100]
            ),
            differing=differing,
            heat=_heat(rows, self._columns, self._members),
            panels=tuple(_panels(rows, self._columns)) if len(rows) > 1 and detail.rules else (),
            dotted=len(rows) > LINES,
            base=about,
            base_mark=base_mark,
            told=detail.states,
            rules=tuple(
                _rule_row(each, effects[each.any.id], rows, self._columns, detail)
                for each in telling[: detail.rules]
            ),
            agreed=_agreed(ordered, telling),
            more_rules=left_out(len(telling), detail.rules, "rule"),
            pair=_pair(rows, base, self._columns, telling) if detail.rules else None,
        )

    @staticmethod
    def _base(rows: Sequence[_Row]) -> tuple[set[int], str, str]:
        """Return the rows that may be compared with each other, what they are, their letter."""
        by_mark = Counter(row.member.mark for row in rows)
        if len(by_mark) < 2:
            return set(range(len(rows))), "", ""
        mark, count = by_mark.most_common(1)[0]
        return (
            {position for position, row in enumerate(rows) if row.member.mark == mark},
            f"Only of the {plural(count, 'collection')} with letter {mark}: the others were "
            "not judged by the same rules.",
            mark,
        )


def _differs(said: _Said) -> bool:
    """Tell whether a rule fails somewhere, or could judge here what it could not there."""
    kinds = {_kind(each) for each in said.by_row.values()}
    return "f" in kinds or ("p" in kinds and not kinds <= {"p", "n"})


def _agreed(every: Sequence[_Said], telling: Sequence[_Said]) -> str:
    """Say what became of the rules that are not listed, so that none is missed."""
    listed = {each.any.id for each in telling}
    clear = blind = idle = 0
    for each in every:
        if each.any.id in listed:
            continue
        judged = any(rule.applicable > 0 for rule in each.by_row.values())
        unjudged = any(gap_of(rule) for rule in each.by_row.values())
        clear += judged
        blind += unjudged and not judged
        idle += not unjudged and not judged
    counts = (
        (clear, "found no defect in any collection"),
        (blind, "could be judged in none"),
        (idle, "had nothing to judge"),
    )
    return "; ".join(f"{plural(count, 'rule')} {what}" for count, what in counts if count)


def _verdicts(members: Sequence[Member]) -> str:
    """Say how many collections have each verdict, the worst first."""
    tally = Counter((each.verdict.rank, each.verdict.headline) for each in members)
    said = [f"{number(count)} {headline.lower()}" for (_, headline), count in sorted(tally.items())]
    return f": {', '.join(said)}" if said else ""


def _comparability(
    sets: int, differing: tuple[str, ...], unrecorded: tuple[str, ...]
) -> tuple[str, str]:
    if sets == 0:
        return "There is nothing to compare", "No audit was given."
    if differing:
        return (
            "These scores are not comparable",
            f"The audits differ in {joined(differing)}. Compare only rows with the same letter.",
        )
    if unrecorded:
        return (
            "It is not known whether these scores are comparable",
            f"Not recorded: {joined(unrecorded)}.",
        )
    return (
        "These scores are comparable",
        f"All audits have the same {joined(MUST_AGREE)}.",
    )


def _mark(position: int) -> str:
    """Letters A to Z, then numbers."""
    return chr(ord("A") + position) if position < 26 else str(position + 1)


def _rule_set(mark: str, key: tuple[str, ...], results: list[AuditResult]) -> RuleSet:
    ruleset, edition, profile, referees = (clean(each, 80) or "not recorded" for each in key)
    versions = sorted({result.tool.version for result in results})
    return RuleSet(
        mark,
        ruleset,
        edition,
        profile,
        referees,
        clean(", ".join(versions)),
        number(sum(len(result.collections) for result in results)),
    )
