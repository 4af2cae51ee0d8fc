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

from auditor.model import Severity
from auditor.result import (
    MUST_AGREE,
    CategoryResult,
    CollectionResult,
    Counts,
    RuleResult,
)
from auditor.words import agree, number, plural, unit_word


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a result a page shows; what is left out is always counted and named.

    Parameters
    ----------
    rows, sections
        Collections in the overview, and those that also get a section of their own.
    first
        Things to fix first, per collection.
    failed, listed
        Rules per collection: those that fail, and those in each folded group. Where none that
        fails is shown, a collection is its verdict and what to fix first of it.
    places, examples
        Places per failed rule, and paths per place.
    values
        Lines of one inventory table.
    prose
        Characters of one text. Names and values are always cut at `NAME_LENGTH`.
    inline
        Whether each failed rule repeats why it matters and how to fix it. If not, a page
        says so once for all collections, in a list of rules at its end.
    cards
        Whether a category shows more than its rules.
    """

    rows: int
    sections: int
    first: int
    failed: int
    listed: int
    places: int
    examples: int
    values: int
    prose: int
    inline: bool
    cards: bool


LEVELS = (
    Limits(500, 60, 5, 200, 500, 20, 5, 40, 1500, True, True),
    Limits(1000, 200, 5, 25, 60, 3, 2, 8, 600, False, False),
    Limits(1000, 200, 5, 25, 10, 1, 1, 4, 400, False, False),
    Limits(1000, 200, 5, 10, 3, 1, 1, 3, 400, False, False),
    Limits(1500, 600, 5, 0, 0, 0, 0, 0, 400, False, False),
    Limits(1500, 600, 1, 0, 0, 0, 0, 0, 400, False, False),
    Limits(2500, 0, 0, 0, 0, 0, 0, 0, 400, False, False),
    Limits(200, 0, 0, 0, 0, 0, 0, 0, 400, False, False),
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
    """The answer to "may this be released?" in words; `rank` 0 is the worst.

    `accepted` says what waivers accept of what fails: it changes no verdict. `first` is the id
    of the rule to fix first, "" if there is none. Where a gap decides, `lacking` has a line for
    each reason why rules lack an answer, and `keeps_open` is what an overview has room for.
    """

    rank: int
    tone: str
    headline: str
    sentence: str
    gaps: tuple[str, ...] = ()
    accepted: str = ""
    first: str = ""
    lacking: tuple[str, ...] = ()
    keeps_open: str = ""

    @property
    def start(self) -> str:
        """What stands beside the verdict in an overview: what keeps it open, or what to mend."""
        if self.keeps_open:
            return f"open: {self.keeps_open}"
        return f"first: {clean(self.first, 20)}" if self.first else ""


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


def joined(words: Iterable[str]) -> str:
    """Write "a", "a and b", "a, b and c"."""
    *before, last = words
    return f"{', '.join(before)} and {last}" if before else last


COMPARABILITY = f"Scores of two audits can be compared where {joined(MUST_AGREE)} are the same."
"""The one sentence on it, which every page says."""


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
    word = clean(unit_word(unit))
    total = plural(applicable, word)
    if applicable <= 0:
        return plural(failed, word)
    return f"{number(failed)} of {total} ({percent(100 * failed / applicable)})"


NOT_KNOWN = "not known"
"""Of a count that nobody can take."""


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


def rank_of(rule: RuleResult) -> int:
    """Return 0 to 2 by severity; a word that is not known is the worst, never harmless."""
    return _rank(rule.severity)


@lru_cache(maxsize=16)
def _rank(word: str) -> int:
    # A page of many collections asks a million times.
    return Severity.of(word).rank


def tone_of(rule: RuleResult) -> str:
    """Return the tone of a rule that fails: that of its severity."""
    return Severity.of(rule.severity).value


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
class SortedRules:
    """The rules of a collection, each in exactly one group."""

    failed: list[RuleResult]
    unjudged: list[RuleResult]
    passed: list[RuleResult]
    absent: list[RuleResult]

    @classmethod
    def of(cls, rules: Iterable[RuleResult]) -> SortedRules:
        """Sort rules into the four groups, what is worst first."""
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
        """Return the failed rules of one rank of severity."""
        return [rule for rule in self.failed if rank_of(rule) == rank]


# -- the verdict ---------------------------------------------------------------------------


def _gaps(collection: CollectionResult) -> tuple[str, ...]:
    """Name what keeps "no error found" from meaning "no error"."""
    counts = collection.counts
    raised = sum(rule.outcome == "error" or rule.errors > 0 for rule in collection.rules)
    blind = sum(rank_of(rule) == 2 and is_blind(rule) for rule in collection.rules)
    found = (
        (counts.unreadable, "file", "could not be read"),
        (counts.partial, "file", "could be read only in part"),
        (blind, "rule", "of severity error could not be judged everywhere"),
        (raised, "rule", "broke down while running"),
        (collection.rules_left_out, "rule", "switched off by --select or --ignore"),
    )
    return tuple(f"{plural(count, unit)} {what}" for count, unit, what in found if count > 0)


LACKING_REASONS = 4
"""Reasons that a verdict names, those of most rules; the page has all of them at its end."""

LACKING_RULES = 6
"""Ids that stand with one reason."""


def _lacks_answer(rule: RuleResult) -> bool:
    """Tell whether a rule keeps the verdict open: an error may be where it could not look."""
    return gap_of(rule) > 0 and (rank_of(rule) == 2 or not is_blind(rule))


def _lacking(rules: Iterable[RuleResult]) -> tuple[str, ...]:
    """Say which rules lack an answer, by reason; a reason names the option that would give it."""
    by_reason: dict[str, list[str]] = {}
    for rule in sorted(filter(_lacks_answer, rules), key=lambda rule: rule.id):
        reasons = reason_of(rule.reason) or "no reason was recorded"
        for reason in reasons.split("; "):
            by_reason.setdefault(reason, []).append(clean(rule.id))
    ordered = sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0]))
    said = [f"{_some(ids, LACKING_RULES)}: {reason}" for reason, ids in ordered[:LACKING_REASONS]]
    if left := len(ordered) - len(said):
        said.append(f"{plural(left, 'other reason')}, see what was not evaluated")
    return tuple(said)


def _some(ids: Sequence[str], most: int) -> str:
    """Write "A, B and C", or "A, B and 7 more"."""
    if len(ids) <= most:
        return joined(ids)
    return joined([*ids[: most - 1], f"{number(len(ids) - most + 1)} more"])


def _keeps_open(collection: CollectionResult) -> str:
    """Say in a few words what keeps a verdict open: files before rules, which depend on them."""
    broken = collection.counts.unreadable + collection.counts.partial
    if broken > 0:
        return plural(broken, "broken file")
    lacking = sorted(clean(rule.id, 20) for rule in collection.rules if _lacks_answer(rule))
    if lacking:
        return _some(lacking, 2)
    return f"{plural(collection.rules_left_out, 'rule')} switched off"


def is_blind(rule: RuleResult) -> bool:
    """Tell whether a rule did its work but lacked something to judge."""
    return rule.outcome != "error" and rule.errors == 0 and gap_of(rule) > 0


def affected(rule: RuleResult, counts: Counts) -> int:
    """Return how many objects a failed rule concerns, where it counts another unit about."""
    if rule.unit in ("instance", "file") or counts.instances <= 0:
        return rule.failed
    share = rule.failed / rule.applicable if rule.applicable > 0 else 1.0
    return round(min(1.0, share) * counts.instances)


IDENTIFIERS = ("DEID2", "DEID4")
"""How the ids of rules begin that find names, numbers and addresses of people."""


def to_fix(collection: CollectionResult) -> list[RuleResult]:
    """Return what `most_urgent` does, without what waivers accept altogether."""
    return [rule for rule in most_urgent(collection) if not rule.is_waived]


def most_urgent(collection: CollectionResult) -> list[RuleResult]:
    """Return the rules of severity error or warning that fail, what to fix first in front.

    One error outweighs any number of warnings, since only errors keep a collection from its
    release; among equals, what concerns more objects comes first, then what tells who the
    patient is, and then what is surer.
    What waivers accept altogether comes last.
    """
    sure = ("high", "medium", "low")

    def urgency(rule: RuleResult) -> tuple[bool, int, int, bool, int, str]:
        doubt = sure.index(rule.confidence) if rule.confidence in sure else 0
        reach = affected(rule, collection.counts)
        tells = rule.id.startswith(IDENTIFIERS)
        return (rule.is_waived, -rank_of(rule), -reach, not tells, doubt, rule.id)

    failed = [rule for rule in collection.rules if fails(rule) and rank_of(rule) > 0]
    return sorted(failed, key=urgency)


_EITHER = {"(0012,0064)": "(0012,0063)"}
"""Of De-identification Method and its codes either is enough (PS3.3 C.7.1.1): one defect."""


def first_steps(collection: CollectionResult, most: int) -> list[RuleResult]:
    """Return what to fix first, at most so many and each defect once.

    A rule is left out if all that it found stands at tag paths where one before it, of no
    less reach, found something: whoever mends that one mends both.
    """
    chosen: list[RuleResult] = []
    for rule in to_fix(collection):
        places = _places(rule)
        reach = affected(rule, collection.counts)
        covered = (
            places
            and "" not in places
            and any(
                places <= _places(before) and affected(before, collection.counts) >= reach
                for before in chosen
            )
        )
        if not covered:
            chosen.append(rule)
    return chosen[:most]


def _places(rule: RuleResult) -> set[str]:
    return {_EITHER.get(found.tag_path, found.tag_path) for found in rule.findings}


def verdict_of(collection: CollectionResult) -> Verdict:
    """Return the verdict: a failed error decides, then a gap, then a warning.

    A collection in which something that could hide an error was not judged is never called
    free of errors.
    """
    rules = SortedRules.of(collection.rules)
    errors, warnings = rules.failing(2), rules.failing(1)
    gaps = _gaps(collection)
    accepted = _accepted(errors, warnings)
    first = clean(next((rule.id for rule in to_fix(collection)), ""))
    if errors:
        start = first or clean(most_urgent(collection)[0].id)
        sentence = f"{_rules_fail(len(errors), 'of severity error')}. Start with {start}."
        if all(rule.confidence == "low" for rule in errors):
            sentence += " All of it was found with low confidence: look at the examples first."
        return Verdict(
            0, "error", "Not ready for release", clean(sentence, 400), gaps, accepted, first
        )
    judged = sum(rule.applicable > 0 for rule in collection.rules)
    no_dicom = collection.counts.dicom + collection.counts.partial <= 0
    if no_dicom or not judged:
        why = "No DICOM file was found" if no_dicom else "No rule judged anything"
        return Verdict(1, "unknown", "Nothing to judge", f"{why}. This is not a pass.", gaps)
    if gaps:
        sentence = "No error was found, but not everything could be judged."
        if warnings:
            sentence += f" Besides, {_rules_fail(len(warnings), 'of severity warning')}."
        return Verdict(
            2,
            "unknown",
            "Not decided",
            sentence,
            gaps,
            accepted,
            first,
            _lacking(collection.rules),
            _keeps_open(collection),
        )
    lesser = sum(is_blind(rule) for rule in collection.rules)
    gaps = (f"{plural(lesser, 'rule')} of lower severity",) if lesser else ()
    if warnings:
        sentence = (
            "No rule of severity error fails. "
            f"{_rules_fail(len(warnings), 'of severity warning')}: "
            f"look at {agree(len(warnings), 'it', 'them')} first."
        )
        return Verdict(3, "warning", "Release after review", sentence, gaps, accepted, first)
    sentence = (
        f"Of {plural(judged, 'rule')} that found something to judge, "
        "none fails with severity error or warning."
    )
    return Verdict(4, "ok", "No obstacle to release", sentence, gaps)


def _accepted(errors: list[RuleResult], warnings: list[RuleResult]) -> str:
    """Say what waivers accept: the verdict is about what is there, whoever accepts it."""
    said = [
        (
            f"the rule of severity {severity}"
            if len(rules) == 1
            else f"{'all' if count == len(rules) else number(count)} of the "
            f"{plural(len(rules), 'rule')} of severity {severity}"
        )
        for rules, severity in ((errors, "error"), (warnings, "warning"))
        if (count := sum(rule.is_waived for rule in rules))
    ]
    if not said:
        return ""
    return f"Waivers accept what {' and '.join(said)} found; the gate lets that pass."


def _rules_fail(count: int, which: str) -> str:
    return f"{plural(count, 'rule')} {which} {agree(count, 'fails', 'fail')}"


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
    says_coverage: bool,
    without: str = "not known",
    link: str = "",
) -> Gauge:
    """Put together what is drawn; `without` is said in place of a score that is None."""
    known = bounded_score(score)
    # All of nothing is nothing, whatever share that may be called.
    says_share = says_coverage and (applicable or coverage < 1)
    covered = (bounded_score(100 * coverage) or 0.0) if says_share else 0.0
    passed = max(0, applicable - failed)
    return Gauge(
        title=title,
        tone=tone,
        number=_WITHOUT[without] if known is None else tenths(known),
        arc=arc_of(known or 0.0),
        coverage_arc=arc_of(covered),
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


def arc_of(value: float) -> float:
    """Round for drawing; what is not zero stays visible."""
    return 0.0 if value <= 0 else max(0.5, round(value, 1))


def switched_off(category: CategoryResult) -> str:
    """Say how many rules of a category were switched off: what they would find nobody knows."""
    count = category.rules_left_out
    return f"{plural(count, 'rule')} switched off" if count > 0 else ""


def category_gauge(category: CategoryResult, rules: Sequence[RuleResult], link: str = "") -> Gauge:
    """Return one category's score, with a link to where more is said of it."""
    own = SortedRules.of(rule for rule in rules if rule.category == category.id)
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
    off = switched_off(category)
    if off:
        parts.append(off)
    gaps = bool(blind or off)
    without = "not known"
    if known is None and not off and own.absent and not (own.failed or own.unjudged or own.passed):
        without, parts = "not applicable", ["nothing of this kind in the collection"]
    elif known is None and judged and not gaps and not own.failing(2) and not own.failing(1):
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
        tone=_tone(own, without, known, gaps),
        status="; ".join(parts) or "no defect found",
        # Without a score it is mostly the share of which it is known that nothing applies to it,
        # and reads as if that much had been judged.
        says_coverage=known is not None,
        without=without,
        link=link,
    )


def _tone(own: SortedRules, without: str, known: float | None, gaps: bool) -> str:
    if own.failing(2):
        return "error"
    if own.failing(1):
        return "warning"
    if gaps or (known is None and without == "not known"):
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
        says_coverage=True,
    )


# -- annotation notation -------------------------------------------------------------------

NOTATION_LABELS = {
    "A/S": "Annotations and segmentations (A/S)",
    "CR": "Clinical reports (CR)",
    "CI": "Clinical information (CI)",
}
_NOTATION = re.compile(r"(?P<sign>[YN])(?P<marks>[*Rab]*)(?:\s*\((?P<format>[^()]+)\))?")


def explain_notation(label: str, code: str) -> str:
    """Say in words what a notation such as ``Y*a, YR`` means; empty if it is not the notation.

    The notation is that of Aiello et al. 2021, Table 4.
    """
    in_dicom = {"A/S": "as DICOM SEG or ANN", "CR": "as DICOM SR"}.get(label, "in DICOM")
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
        each.id: category_gauge(each, collection.rules)
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
