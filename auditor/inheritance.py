"""Defects that derived objects inherit: said once, where they come from.

A segmentation, structure set or report takes what it says of the patient and the study from
the images that it is made of (PS3.3 A.1.2: it is the same patient and study). A defect there
is one defect, of the images, however many objects were made of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from auditor.collection import CollectionFacts, Tables
from auditor.model import TagPath
from auditor.standard.entities import INHERITED
from auditor.tally import EXAMPLES, RuleTally, Seen

if TYPE_CHECKING:
    import duckdb

_PLACES = frozenset(str(TagPath.of(keyword)) for keyword in INHERITED)

Sources = Mapping[int | None, Collection[int | None]]
"""Of a series of derived objects, the series that they refer to."""


def sources(connection: duckdb.DuckDBPyConnection, tables: Tables) -> Sources:
    """Return which series refer to which others that are here, by their keyed hashes."""
    facts = CollectionFacts(
        connection,
        tables,
        (
            "references.path",
            "references.ReferencedSOPInstanceUID",
            "instances.path",
            "instances.SOPInstanceUID",
            "instances.SeriesInstanceUID",
        ),
    )
    found: dict[int | None, list[int | None]] = {}
    for derived, source in facts.rows(
        "SELECT DISTINCT i.SeriesInstanceUID, t.SeriesInstanceUID "
        'FROM "references" r JOIN instances i USING (path) '
        "JOIN instances t ON t.SOPInstanceUID = r.ReferencedSOPInstanceUID "
        "WHERE i.SeriesInstanceUID <> t.SeriesInstanceUID ORDER BY ALL"
    ):
        found.setdefault(derived, []).append(source)
    return found


def attribute_to_sources(tally: RuleTally, known: Sources) -> None:
    """Put what a rule found of a patient or a study to the series that it was taken from.

    A finding stays where none of the series that are referred to has it: then it was made
    with the object. Counts over all series stay as they are.
    """
    for place, at in tally.series.items():
        if place[1].partition("/")[0] not in _PLACES:
            continue
        origins = {series: _origin(series, at, known) for series in at}
        inherited: dict[int | None, int] = {}
        for series, origin in origins.items():
            if origin != series:
                inherited[origin] = inherited.get(origin, 0) + at[series].count
        if not inherited:
            continue
        tally.inherited[place] = sum(inherited.values())
        tally.series[place] = {
            series: Seen(seen.count + inherited.get(series, 0), seen.path)
            for series, seen in at.items()
            if origins[series] == series
        }
        count, _ = tally.findings[place]
        paths = sorted(seen.path for seen in tally.series[place].values())
        tally.findings[place] = (count, paths[:EXAMPLES])


def _origin(series: int | None, at: Mapping[int | None, Seen], known: Sources) -> int | None:
    """Return the series in which a finding begins that one has: by references, at their end.

    Of several, the one with the smallest path. Where objects refer to each other in a circle
    nobody can tell, and it is the circle's.
    """
    reached: set[int | None] = set()
    ends: set[int | None] = set()
    waiting = [series]
    while waiting:
        each = waiting.pop()
        if each in reached:
            continue
        reached.add(each)
        further = [source for source in known.get(each, ()) if source in at]
        if not further:
            ends.add(each)
        waiting += further
    return min(ends or reached, key=lambda each: at[each].path)
