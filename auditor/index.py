# ruff: noqa: S608 - what stands in a query is this file's own, never a value from an index.
"""One audit from an index to results: rules that it can answer, and counts by SOP class."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from auditor.collection import connect
from auditor.collection_rules import run_collection_rule
from auditor.evidence import CLINICAL_REPORTS, notation
from auditor.inventory import SHOWN
from auditor.literal import ask_about
from auditor.model import CATEGORIES, Outcome, Rule, Scope, Selector, Unit
from auditor.objects import kind_of
from auditor.outcomes import blank_result, fill_result, write_findings
from auditor.profile import Profile
from auditor.reading.fallback import lenient
from auditor.redaction import coded, vendor
from auditor.registry import RuleSet
from auditor.result import (
    CollectionResult,
    Counts,
    EvidenceHeld,
    EvidenceResult,
    InventoryRow,
    ObjectKind,
    ObjectsResult,
    RuleResult,
)
from auditor.scoring import overall, score_category
from auditor.sources.idc import REPOSITORY, SERIES, VALUES, About, Index
from auditor.standard.sop_classes import (
    ANNOTATIONS,
    RT_STRUCTURE_SET,
    SEGMENTATIONS,
    sop_class_name,
    transfer_syntax_name,
)
from auditor.store import AuditFolder, TableWriter
from auditor.tally import EXAMPLES, RuleTally, Seen

if TYPE_CHECKING:
    import duckdb

_HERE = "here"

_IDS = ("SeriesInstanceUID", "StudyInstanceUID", "PatientID")
_COLUMNS = frozenset(
    f"instances.{name}"
    for name in ("path", "status", "SOPClassUID", "Modality", "PatientSex", *_IDS)
) | {"instances.MediaStorageSOPClassUID"}
"""What collection rules may read: an index has no vocabulary-checked vendors, and no frames."""

_ONE_A_SERIES = frozenset(
    f"instances.{name}" for name in ("StudyInstanceUID", "PatientID", "Modality", "PatientSex")
)
"""Of which a series has one in the index, however many its objects have."""

_HOLDS = {
    "SEG": SEGMENTATIONS | ANNOTATIONS,
    "RT": frozenset({RT_STRUCTURE_SET}),
    "SR": CLINICAL_REPORTS,
}
"""What a third party can have made, as a description of a collection calls it, by SOP class."""

_LACKS = "an index does not hold what this rule reads"
_INSIDE = "an index has one line a series: objects in it cannot be compared with each other"
_EMPTY = "the index gives no value, which may be absent or empty"


def why_not(rule: Rule) -> str:
    """Return why an index cannot answer a rule; "" if it can."""
    if rule.scope is Scope.INSTANCE:
        return "" if set(rule.reads) <= set(VALUES) else _LACKS
    if rule.unit in (Unit.FILE, Unit.INSTANCE) or not set(rule.reads) <= _COLUMNS:
        return _LACKS
    return _INSIDE if rule.unit is Unit.SERIES and _ONE_A_SERIES & set(rule.reads) else ""


def audit_index(
    index: Index,
    wanted: Sequence[str],
    *,
    rules: RuleSet,
    profile: Profile,
    folder: AuditFolder,
    key: bytes,
    threads: int,
    repository: str = "",
    step: Callable[[str], None] = lambda _: None,
) -> tuple[list[CollectionResult], float]:
    """Audit collections of an index; return the results and the seconds it took.

    Parameters
    ----------
    index
        Where the series are.
    wanted
        Ids of collections; none for all.
    rules, profile
        What to judge by.
    folder
        The audit folder; of the tables, only findings are written.
    key
        Of the hashes in them.
    threads
        That the queries may use.
    repository
        What to call the repository, if not as it calls itself.
    step
        Told what is done next.

    Raises
    ------
    SourceError
        If the index cannot be read, or a collection is not in it.
    """
    start = time.perf_counter()
    columns = ", ".join(f'"{name.partition(".")[2]}"' for name in sorted(_COLUMNS))
    step(f"reading the index, version {index.version}")
    with connect(folder.path, threads) as connection:
        names = index.read(connection, wanted, key)
        about = index.about(connection)
        counted = _instance_rules(connection, rules)
        facts = _Facts(connection, index.dates(connection))
        results = []
        # A thousand small questions, each over before a second thread has begun.
        connection.execute("SET threads = 1")
        for number, name in enumerate(names, 1):
            step(f"rules over {name}")
            connection.execute(
                f'CREATE OR REPLACE TABLE "{_HERE}" AS SELECT {columns} FROM "{SERIES}" '
                "WHERE collection = ?",
                [name],
            )
            counts = facts.counts(name)
            made = []
            with TableWriter(folder.file("findings", number), "findings", name) as findings:
                for rule in rules.rules:
                    result = blank_result(rule, profile)
                    tally = _judge(rule, result, connection, counted, facts, name)
                    write_findings(findings, result, tally)
                    made.append(result)
            results.append(
                _collection(
                    name,
                    repository or REPOSITORY,
                    counts,
                    made,
                    rules.left_out,
                    profile,
                    facts,
                    index,
                    facts.evidence(name, about.get(name, About({}, False))),
                )
            )
    return results, time.perf_counter() - start


def _collection(
    name: str,
    repository: str,
    counts: Counts,
    rules: list[RuleResult],
    left_out: Mapping[str, int],
    profile: Profile,
    facts: _Facts,
    index: Index,
    found: EvidenceResult,
) -> CollectionResult:
    categories = [
        score_category(
            each, [rule for rule in rules if rule.category == each], left_out.get(each, 0)
        )
        for each in CATEGORIES
    ]
    score, coverage = overall(categories, profile)
    return CollectionResult(
        name=name,
        repository=repository,
        counts=counts,
        categories=categories,
        rules=rules,
        overall=score,
        coverage=coverage,
        inventory=facts.inventory(name),
        # Of what is not there nothing is said: it may come in another format.
        annotation={label: code for label, code in notation(found, 0).items() if code != "N"},
        notes=facts.notes(name, index),
        objects=facts.objects(name),
        evidence=found,
    )


# -- rules ---------------------------------------------------------------------------------


def _instance_rules(
    connection: duckdb.DuckDBPyConnection, rules: RuleSet
) -> dict[str, dict[str, RuleTally]]:
    """Ask what holds for a series once for each combination of values, over all collections.

    Returns
    -------
    dict
        Rule to collection to what was found, counted in series.
    """
    made: dict[str, dict[str, RuleTally]] = {}
    for rule in rules.rules:
        if rule.scope is not Scope.INSTANCE or why_not(rule):
            continue
        columns = ("SOPClassUID", *(name for name in rule.reads if name != "SOPClassUID"))
        listed = ", ".join(f'"{name}"' for name in columns)
        rows = connection.execute(
            f'SELECT collection, count(*), min(path), {listed} FROM "{SERIES}" GROUP BY ALL '
            "ORDER BY ALL"
        ).fetchall()
        ask = lru_cache(maxsize=None)(_asker(rule, rules, columns))
        by_collection: dict[str, RuleTally] = defaultdict(RuleTally)
        # What an index gives may be no legal value; then it is that, and no warning.
        with lenient():
            answers = [ask(*values) for _, _, _, *values in rows]
        for (collection, series, path, *_), answer in zip(rows, answers, strict=True):
            _count(by_collection[collection], *answer, series, path)
        made[rule.id] = dict(by_collection)
    return made


_Answer = tuple[Outcome, tuple[tuple[str, str], ...]]


def _asker(rule: Rule, rules: RuleSet, columns: Sequence[str]) -> Callable[..., _Answer]:
    selector = rule.applies
    classes = selector.sop_classes if isinstance(selector, Selector) else None

    def ask(*values: str | None) -> _Answer:
        if classes is not None and values[0] not in classes:
            return Outcome.NOT_APPLICABLE, ()
        given = {name: value for name, value in zip(columns, values, strict=True) if value}
        if len(given) < len(columns):
            return Outcome.NOT_EVALUATED, ((_EMPTY, ""),)
        return ask_about(rule, rules.judges, given)

    return ask


def _count(
    tally: RuleTally, outcome: Outcome, said: Iterable[tuple[str, str]], series: int, path: str
) -> None:
    if outcome is Outcome.PASS:
        tally.passed += series
    elif outcome is Outcome.NOT_APPLICABLE:
        tally.not_applicable += series
    elif outcome is Outcome.NOT_EVALUATED:
        tally.not_evaluated += series
        tally.reasons.update(reason for reason, _ in said)
        return
    elif outcome is Outcome.ERROR:
        tally.errors += series
    else:
        tally.failed += series
    for place in said:
        count, examples = tally.findings.get(place, (0, []))
        tally.findings[place] = (count + series, [*examples, path][:EXAMPLES])
        seen = tally.series.setdefault(place, {})
        if None in seen:
            seen[None].add(Seen(series, path))
        else:
            seen[None] = Seen(series, path)


def _judge(
    rule: Rule,
    result: RuleResult,
    connection: duckdb.DuckDBPyConnection,
    counted: dict[str, dict[str, RuleTally]],
    facts: _Facts,
    name: str,
) -> RuleTally:
    """Put what an index can say of a rule into its result, and return it."""
    reason = why_not(rule)
    if rule.scope is Scope.INSTANCE:
        # Whatever it counts in files, here it counts lines of the index.
        result.unit = Unit.SERIES.value
    if not reason and rule.scope is Scope.COLLECTION:
        return run_collection_rule(rule, connection, {"instances": _HERE}, result)
    tally = counted[rule.id].get(name, RuleTally()) if not reason else RuleTally()
    if reason:
        tally.not_evaluated = facts.could_apply(rule, name)
        tally.reasons.add(reason)
    fill_result(result, tally)
    if not tally.not_evaluated:
        result.reason = ""
    return tally


# -- counts --------------------------------------------------------------------------------


class _Facts:
    """What there is in each collection, from one query a question over all of them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, dates: dict[int, str]) -> None:
        self._connection, self._dates = connection, dates
        self._counts = self._by_collection(
            "sum(instances), count(*), count(DISTINCT StudyInstanceUID), "
            "count(DISTINCT PatientID), sum(bytes), count(third_party), "
            "list_sort(list(DISTINCT third_party) FILTER (third_party IS NOT NULL))"
        )
        self._classes = self._by_collection(
            "coalesce(SOPClassUID, '') AS uid, coalesce(third_party, '') AS other, count(*), "
            "min(since)",
            grouped=True,
        )
        self._kinds = self._objects()
        tables: dict[str, tuple[str, Callable[[str], str]]] = {
            "modality": ("Modality", lambda value: coded("Modality", value)),
            "manufacturer": ("Manufacturer", vendor),
            "sop_class": ("SOPClassUID", lambda value: sop_class_name(value) or value),
            "transfer_syntax": ("TransferSyntaxUID", _syntaxes),
            # One string may hold a `;`, and is still one licence.
            "license": ("license", str),
            "made_by": ("third_party", lambda value: value or "original"),
            "first_in_version": ("since", str),
        }
        self._tables = {
            name: (
                self._by_collection(
                    f"coalesce(CAST(\"{column}\" AS VARCHAR), '') AS value, "
                    "sum(instances), count(*)",
                    grouped=True,
                ),
                shown,
            )
            for name, (column, shown) in tables.items()
        }

    def _by_collection(
        self, columns: str, *, grouped: bool = False
    ) -> dict[str, list[tuple[Any, ...]]]:
        rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        group = "ALL ORDER BY ALL" if grouped else "collection"
        for collection, *rest in self._connection.execute(
            f'SELECT collection, {columns} FROM "{SERIES}" GROUP BY {group}'
        ).fetchall():
            rows[collection].append(tuple(rest))
        return rows

    def _objects(self) -> dict[str, list[tuple[str, bool, int, int, int]]]:
        uids = sorted({uid for rows in self._classes.values() for uid, *_ in rows})
        kinds: dict[str, list[tuple[str, bool, int, int, int]]] = defaultdict(list)
        if not uids:
            return kinds
        for collection, kind, is_image, instances, series, patients in self._connection.execute(
            f"WITH kinds(uid, kind, is_image) AS (VALUES {', '.join('(?, ?, ?)' for _ in uids)}) "
            "SELECT collection, kind, is_image, sum(instances) AS n, count(*), "
            f'count(DISTINCT PatientID) FROM "{SERIES}" JOIN kinds '
            "ON uid = coalesce(SOPClassUID, '') GROUP BY collection, kind, is_image "
            "ORDER BY collection, n DESC, kind",
            [value for uid in uids for value in (uid, *kind_of(uid))],
        ).fetchall():
            kinds[collection].append((kind, is_image, int(instances), series, patients))
        return kinds

    def counts(self, name: str) -> Counts:
        """Return how many there are; each object is a file of its own in the repository."""
        instances, series, studies, patients, size, *_ = self._counts[name][0]
        return Counts(
            files=int(instances),
            dicom=int(instances),
            instances=int(instances),
            series=series,
            studies=studies,
            patients=patients,
            bytes=int(size),
        )

    def could_apply(self, rule: Rule, name: str) -> int:
        """Return how many units a rule that was not asked may apply to."""
        selector = rule.applies
        if isinstance(selector, Selector):
            return sum(
                series
                for uid, _, series, _ in self._classes[name]
                if selector.sop_classes is None or uid in selector.sop_classes
            )
        counts = self.counts(name)
        units = {
            Unit.SERIES: counts.series,
            Unit.STUDY: counts.studies,
            Unit.PATIENT: counts.patients,
            Unit.COLLECTION: 1,
        }
        return units.get(rule.unit, counts.instances)

    def inventory(self, name: str) -> dict[str, list[InventoryRow]]:
        """Return objects and series by attribute, licence, maker and first version."""
        made = {}
        for table, (rows, shown) in self._tables.items():
            added: dict[str, list[int]] = defaultdict(lambda: [0, 0])
            for value, instances, series in rows[name]:
                both = added[shown(value) or "(not given)"]
                both[0] += int(instances)
                both[1] += series
            ordered = sorted(added.items(), key=lambda item: (-item[1][0], item[0]))
            made[table] = [InventoryRow(value, *both) for value, both in ordered[:SHOWN]]
        return made

    def evidence(self, name: str, about: About) -> EvidenceResult:
        """Return what there is beyond images, as far as it is in DICOM or the repository says."""
        makers: dict[str, set[str]] = defaultdict(set)
        first: dict[tuple[str, bool], list[int]] = defaultdict(list)
        for uid, maker, _, since in self._classes[name]:
            for holds, classes in _HOLDS.items():
                if uid in classes:
                    makers[holds].add(maker)
                    first[holds, maker != ""] += [] if since is None else [since]
        return EvidenceResult(
            segmentations="SEG" in makers,
            structure_sets="RT" in makers,
            reports="SR" in makers,
            beside=False,
            described=about.described,
            third_party=[
                {"holds": holds, "source": ", ".join(sorted(made - {""}))}
                for holds, made in sorted(makers.items())
                if made - {""}
            ],
            clinical=about.clinical,
            held=[
                EvidenceHeld(holds, third, self._dates.get(min(since), "") if since else "")
                for (holds, third), since in sorted(first.items())
            ],
        )

    def objects(self, name: str) -> ObjectsResult:
        """Return objects by kind; an index knows no references."""
        return ObjectsResult([ObjectKind(*row) for row in self._kinds[name]])

    def notes(self, name: str, index: Index) -> list[str]:
        """Say where the result is from, and who made what is in it."""
        *_, third, makers = self._counts[name][0]
        said = [
            f"Read from the repository's index, version {index.version}, not from files: one line "
            "a series, with the values of one of its objects."
        ]
        if third:
            made = "was made by a third party" if third == 1 else "were made by third parties"
            said.append(f"{third:,} of its series {made}: {', '.join(makers)}.")
        return said


@lru_cache(maxsize=1024)
def _syntaxes(uids: str) -> str:
    """Name the transfer syntaxes of a series, several where its objects differ."""
    return " + ".join(transfer_syntax_name(uid) or uid for uid in uids.split(",") if uid)
