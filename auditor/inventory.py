# ruff: noqa: S608 - what stands in a query is this file's own, never a value from a collection.
"""What there is in a collection, apart from any judgement: counts and kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from auditor.collection import CollectionFacts, Tables, nameless
from auditor.model import Units
from auditor.reading.places import NO_CREATOR
from auditor.standard.sop_classes import (
    MEDIA_STORAGE_DIRECTORY,
    sop_class_name,
    transfer_syntax_name,
)
from auditor.tally import ElementKey, ElementTally, Tally

if TYPE_CHECKING:
    import duckdb

    from auditor.result import Counts, InventoryRow

SHOWN = 40
"""Rows of an inventory table, most frequent first."""

_READS = (
    "instances.status",
    "instances.SOPClassUID",
    "instances.MediaStorageSOPClassUID",
    "instances.SOPInstanceUID",
    "instances.SeriesInstanceUID",
    "instances.StudyInstanceUID",
    "instances.PatientID",
    "instances.Modality",
    "instances.Manufacturer",
    "instances.ManufacturerModelName",
    "instances.BodyPartExamined",
    "instances.StudyDate",
    "instances.Rows",
    "instances.Columns",
    "instances.bytes",
    "instances.TransferSyntaxUID",
    "companions.kind",
)

# What is counted as an instance: a composite object that could be read, not a directory of them.
IS_INSTANCE = (
    "status IN ('ok', 'partial') AND coalesce(SOPClassUID, MediaStorageSOPClassUID, '') "
    f"<> '{MEDIA_STORAGE_DIRECTORY}'"
)


SERIES_READS = (
    "instances.path",
    "instances.status",
    "instances.SOPClassUID",
    "instances.MediaStorageSOPClassUID",
    "instances.SeriesInstanceUID",
)
"""What has to be declared to ask for `series_where_any`."""


def series_where_any(sop_classes: Iterable[str]) -> Callable[[CollectionFacts], Units]:
    """Return what a rule applies to that says which series are of a kind, by SOP class.

    These are all series, since it says how many of them are; none where no object is of the kind:
    there it has nothing to say. Nobody knows the series of objects that do not name it.
    """
    wanted = sorted(sop_classes)

    def units(collection: CollectionFacts) -> Units:
        unknown = nameless("SeriesInstanceUID", IS_INSTANCE)
        for known, nobodys in collection.rows(
            f"SELECT count(DISTINCT SeriesInstanceUID), {unknown} FROM instances "
            "HAVING bool_or(list_contains(?, SOPClassUID))",
            [wanted],
        ):
            return Units(known, nobodys, "objects without a Series Instance UID")
        return Units(0)

    return units


# Files of one SOP Instance UID are one instance; those without one are one each.
_INSTANCES = "count(DISTINCT SOPInstanceUID) + count(*) FILTER (SOPInstanceUID IS NULL)"


_TABLES: dict[str, tuple[str, Callable[[str], str]]] = {
    "modality": ("Modality", str),
    "manufacturer": ("Manufacturer", str),
    "model": ("ManufacturerModelName", str),
    "body_part": ("BodyPartExamined", str),
    "study_year": ("StudyDate", str),
    "matrix": ("Columns || ' x ' || Rows", str),
    "sop_class": ("SOPClassUID", sop_class_name),
    "transfer_syntax": ("TransferSyntaxUID", transfer_syntax_name),
}
"""Name of a table to the SQL of what it counts by, and how to write that."""


class Inventory:
    """Counts over the tables of one collection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, tables: Tables) -> None:
        self._facts = CollectionFacts(connection, tables, _READS)

    def counts(self, tally: Tally, links: int) -> Counts:
        """Return how many files, instances, series, studies and patients there are."""
        from auditor.result import Counts

        row = self._facts.rows(
            f"SELECT {_INSTANCES}, "
            "count(DISTINCT SeriesInstanceUID), count(DISTINCT StudyInstanceUID), "
            f"count(DISTINCT PatientID) FROM instances WHERE {IS_INSTANCE}"
        )[0]
        return Counts(
            files=sum(tally.files.values()),
            dicom=tally.files["ok"],
            not_dicom=tally.files["not_dicom"],
            partial=tally.files["partial"],
            unreadable=tally.files["unreadable"],
            instances=row[0],
            series=row[1],
            studies=row[2],
            patients=row[3],
            bytes=tally.size,
            signatures=len(tally.signatures),
            links=links,
        )

    def tables(self) -> dict[str, list[InventoryRow]]:
        """Return instances, series and bytes by what `_TABLES` names."""
        from auditor.result import InventoryRow

        return {
            name: [
                InventoryRow(title(value) or value or "(not given)", instances, series, size)
                for value, instances, series, size in self._facts.rows(
                    f"SELECT coalesce(CAST({column} AS VARCHAR), '') AS value, {_INSTANCES} AS n, "
                    "count(DISTINCT SeriesInstanceUID), CAST(sum(bytes) AS BIGINT) "
                    f"FROM instances WHERE {IS_INSTANCE} "
                    f"GROUP BY value ORDER BY n DESC, value LIMIT {SHOWN}"
                )
            ]
            for name, (column, title) in _TABLES.items()
        }

    def companions(self) -> dict[str, int]:
        """Return files that are not DICOM, by kind, most frequent first."""
        rows = self._facts.rows(
            "SELECT kind, count(*) AS n FROM companions GROUP BY kind ORDER BY n DESC, kind"
        )
        return dict(rows)


def private_elements(elements: Mapping[ElementKey, ElementTally]) -> dict[str, int]:
    """Count private data elements by creator, most frequent first.

    An element is counted once an instance and place. Where no creator reserves its block
    (PS3.5 7.8.1), it is of ``no creator``.
    """
    counted: dict[str, int] = {}
    for (path, _, _, creator), element in elements.items():
        if ":" in path.rpartition("/")[2]:
            name = creator or NO_CREATOR
            counted[name] = counted.get(name, 0) + element.instances
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))
