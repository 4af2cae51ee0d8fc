"""What changed from one audit to another: new, fixed, unchanged, by rule, tag path, series.

A finding is the same as another if rule, message, tag path and series agree; where its file
lies does not matter. A series is known by the keyed hash of its UID, so two audits can be
told apart by series only if they were made with one key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from auditor.frames import Audit
from auditor.model import Severity
from auditor.result import MUST_AGREE, AuditResult, CollectionResult, RuleResult, Tool
from auditor.waivers import Waiver, outstanding

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA = "dicom-auditor/diff/1"
STATES = ("new", "unsought", "unchanged", "unseen", "fixed")
"""What may become of a finding, the worst first: each counts it in a `Change`."""

SERIES = 20
"""Series that are named for each change."""


@dataclass(frozen=True, slots=True)
class Change:
    """One finding of one rule at one tag path, in both audits.

    Attributes
    ----------
    new, fixed, unchanged
        How many there are only now, only before, and in both, in units of the rule. Where
        `untold` is not 0 they are the least that there can be.
    unseen
        How many there were before that the newer audit did not look for.
    unsought
        How many there are now that the older audit did not look for: they may be old.
    untold
        Of `unchanged`, how many are in no known series: they may be new ones in place of old.
    series
        Hashes of series in which something is new or fixed; where nothing is, of those that have
        the finding: a waiver may name them. At most `SERIES`.
    example
        A path at which it is new; else one at which it is, or was.
    """

    collection: str
    repository: str
    rule: str
    title: str
    category: str
    severity: str
    confidence: str
    unit: str
    tag_path: str
    attribute: str
    message: str
    new: int
    fixed: int
    unchanged: int
    unseen: int
    unsought: int
    untold: int
    series_new: int
    series_fixed: int
    series: tuple[str, ...]
    example: str

    @property
    def state(self) -> str:
        """What matters most: ``new``, ``unsought``, ``unchanged``, ``unseen`` or ``fixed``."""
        return next((name for name in STATES if getattr(self, name)), "fixed")


@dataclass(frozen=True, slots=True)
class Diff:
    """All changes from one audit to another, the worst first.

    Attributes
    ----------
    by_series
        Whether series could be told apart.
    notes
        What keeps the two from being compared like for like, in plain lines.
    new_result
        The newer audit, which has the texts of the rules.
    """

    old: Tool
    new: Tool
    by_series: bool
    notes: tuple[str, ...]
    changes: tuple[Change, ...]
    new_result: AuditResult = field(repr=False)

    def total(self, name: str) -> int:
        """Return how many errors and warnings are in one of `STATES`.

        What a rule of severity info finds is a fact and no defect: it is listed, not counted.
        """
        return sum(getattr(each, name) for each in self.changes if each.severity != "info")

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists, dicts, strings and numbers, in a stable order."""
        return {
            "schema": SCHEMA,
            "old": asdict(self.old),
            "new": asdict(self.new),
            "by_series": self.by_series,
            "notes": list(self.notes),
            "changes": [{"state": each.state, **asdict(each)} for each in self.changes],
        }


_SQL = """
WITH both_audits AS (
    SELECT 0 AS side, number, rule, tag_path, message, {series} AS series,
           sum("count") AS n, min(example) AS example
    FROM old_failures GROUP BY ALL
    UNION ALL
    SELECT 1, number, rule, tag_path, message, {series}, sum("count"), min(example)
    FROM new_failures GROUP BY ALL
), paired AS (
    SELECT number, rule, tag_path, message, series,
           coalesce(sum(n) FILTER (side = 0), 0) AS before,
           coalesce(sum(n) FILTER (side = 1), 0) AS now,
           min(example) FILTER (side = 1) AS example, min(example) AS former
    FROM both_audits GROUP BY number, rule, tag_path, message, series
)
SELECT number, rule, tag_path, message,
       sum(greatest(now - before, 0))::BIGINT,
       sum(greatest(before - now, 0))::BIGINT,
       sum(least(before, now))::BIGINT,
       coalesce(sum(least(before, now)) FILTER (series IS NULL), 0)::BIGINT,
       count(series) FILTER (now > before),
       count(series) FILTER (before > now),
       coalesce(
           min(format('{{:016x}}', series), {kept}) FILTER (series IS NOT NULL AND now <> before),
           min(format('{{:016x}}', series), {kept}) FILTER (series IS NOT NULL)),
       coalesce(min(example) FILTER (now > before), min(example), min(former), '')
FROM paired GROUP BY number, rule, tag_path, message
"""


def compare(old: Audit, new: Audit, waivers: Sequence[Waiver], today: date) -> Diff:
    """Compare two audits, apart from what waivers accept in either.

    Collections are the same if name and repository agree; two audits of one collection each
    are of the same one, whatever its name.

    Raises
    ------
    ResultError
        If the tables of an audit cannot be read.
    """
    import duckdb

    by_series = bool(old.key) and old.key == new.key
    pairs = _pairs(old.result, new.result)
    sql = _SQL.format(kept=SERIES, series="SeriesInstanceUID" if by_series else "NULL::UBIGINT")
    with duckdb.connect(":memory:") as connection:
        # By default it swaps into the current folder, which may be the collection.
        connection.execute("SET temp_directory = ''")
        connection.register("new_failures", outstanding(new, waivers, today))
        connection.register("old_failures", _numbered(outstanding(old, waivers, today), pairs))
        rows = connection.execute(sql).fetchall()
    before = {pairs[number]: each for number, each in enumerate(old.result.collections)}
    now = dict(enumerate(new.result.collections))
    changes = [_change(row, before, now) for row in rows]
    changes.sort(key=_order)
    return Diff(
        old.result.tool,
        new.result.tool,
        by_series,
        tuple(_notes(old, new, by_series, pairs)),
        tuple(changes),
        new.result,
    )


def _pairs(old: AuditResult, new: AuditResult) -> list[int]:
    """Return the number in the newer audit of each collection of the older; below 0 if none."""
    if len(old.collections) == len(new.collections) == 1:
        return [0]
    there = {(each.repository, each.name): n for n, each in enumerate(new.collections)}
    return [
        there.get((each.repository, each.name), -1 - n) for n, each in enumerate(old.collections)
    ]


def _numbered(failures: pa.Table, pairs: list[int]) -> pa.Table:
    """Return the failures of the older audit with the newer one's numbers of collections."""
    import pyarrow as pa

    numbers = pa.array(pairs, pa.int64()).take(failures["number"].combine_chunks())
    return failures.set_column(failures.column_names.index("number"), "number", numbers)


def _change(
    row: tuple[Any, ...], before: dict[int, CollectionResult], now: dict[int, CollectionResult]
) -> Change:
    number, rule_id, tag_path, message, new, fixed, unchanged, untold, *rest = row
    series_new, series_fixed, series, example = rest
    was, is_now = _rule(before.get(number), rule_id), _rule(now.get(number), rule_id)
    rule = is_now or was
    unseen = 0
    if not _looked(was, is_now):
        unseen, fixed, series_fixed = fixed, 0, 0
    # A collection that is new is: its findings are, too.
    unsought = _unsought(new, was, is_now) if number in before else 0
    new -= unsought
    series_new = series_new if new else 0
    collection = now.get(number) or before[number]
    attributes = [
        found.attribute
        for each in (is_now, was)
        for found in (each.findings if each else ())
        if (found.tag_path, found.message) == (tag_path, message)
    ]
    return Change(
        collection=collection.name,
        repository=collection.repository,
        rule=rule_id,
        title=rule.title if rule else "",
        category=rule.category if rule else "",
        severity=rule.severity if rule else "error",
        confidence=rule.confidence if rule else "",
        unit=rule.unit if rule else "",
        tag_path=tag_path,
        attribute=next(iter(attributes), ""),
        message=message,
        new=new,
        fixed=fixed,
        unchanged=unchanged,
        unseen=unseen,
        unsought=unsought,
        untold=untold,
        series_new=series_new,
        series_fixed=series_fixed,
        series=tuple(series or ()),
        example=example,
    )


def _rule(collection: CollectionResult | None, rule_id: str) -> RuleResult | None:
    rules = collection.rules if collection else ()
    return next((rule for rule in rules if rule.id == rule_id), None)


def _looked(there: RuleResult | None, here: RuleResult | None) -> bool:
    """Whether what only `there` is said is not so here, or only was not looked for here."""
    if here is None or here.errors or here.outcome == "error":
        return False
    return here.not_evaluated <= (there.not_evaluated if there else 0)


def _unsought(new: int, was: RuleResult | None, now: RuleResult | None) -> int:
    """Return how many of the findings that are only there now were not looked for before."""
    if _looked(now, was):
        return 0
    if was is None or was.errors or was.outcome == "error":
        return new
    # No more of them can be in what could not be judged then.
    return min(new, was.not_evaluated)


def _order(change: Change) -> tuple[Any, ...]:
    return (
        STATES.index(change.state),
        -Severity.of(change.severity).rank,
        change.repository,
        change.collection,
        change.rule,
        change.tag_path,
        change.message,
    )


def differing(old: Tool, new: Tool) -> list[str]:
    """Return what two audits must agree in to be compared like for like, and do not."""
    return [
        name for name, field in MUST_AGREE.items() if getattr(old, field) != getattr(new, field)
    ]


def _notes(old: Audit, new: Audit, by_series: bool, pairs: list[int]) -> list[str]:
    notes = [
        f"The audits differ in their {name}: a change may come from that."
        for name in differing(old.result.tool, new.result.tool)
    ]
    if not by_series:
        notes.append(
            "Series cannot be told apart, since the audits were not made with one "
            "DICOM_AUDIT_KEY: counts are compared, and a new finding can hide behind a fixed one."
        )
    notes += [
        f"Only the older audit has the collection {each.name}."
        for number, each in zip(pairs, old.result.collections, strict=True)
        if number < 0
    ]
    notes += [
        f"Only the newer audit has the collection {each.name}."
        for number, each in enumerate(new.result.collections)
        if number not in pairs
    ]
    return notes
