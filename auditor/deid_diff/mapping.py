"""Whether ids and UIDs were mapped one to one, across all objects of a collection."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass

from auditor.deid_diff.deeds import Mapped
from auditor.deid_diff.pairing import digest64

ALL_UIDS = "all UIDs"
PATIENT_ID = "PatientID"
OTHER = "other UIDs"

SHOWN = (
    PATIENT_ID,
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SOPInstanceUID",
    "FrameOfReferenceUID",
)
"""Attributes with a line of their own."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """How the values of one attribute, or all UIDs, were mapped.

    Attributes
    ----------
    values
        Distinct values of the original that have one in the release.
    kept
        How many of them are the same there.
    split
        How many became several.
    merged
        How many values of the release stand for several of the original.
    """

    attribute: str
    values: int
    kept: int
    split: int
    merged: int

    @property
    def one_to_one(self) -> bool:
        """Whether each value became one, and each another one."""
        return not (self.split or self.merged)


class Mappings:
    """Gathers ids before and after; 17 bytes for each distinct pair, and not the values.

    Parameters
    ----------
    key
        Of the hashes.
    """

    RECENT = 100_000
    """Pairs that are known not to be new, so that most are gathered once."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._kinds = array("B")
        self._before = array("Q")
        self._after = array("Q")
        self._recent: set[tuple[int, bytes, bytes]] = set()

    def add(self, mapped: Iterable[Mapped]) -> None:
        """Gather the ids of one object."""
        for each in mapped:
            if not each.is_uid and each.keyword != PATIENT_ID:
                continue
            kind = SHOWN.index(each.keyword) if each.keyword in SHOWN else len(SHOWN)
            pair = (kind, each.before, each.after)
            if pair in self._recent:
                continue
            if len(self._recent) >= self.RECENT:
                self._recent.clear()
            self._recent.add(pair)
            self._kinds.append(kind)
            self._before.append(digest64(each.before, self._key))
            self._after.append(digest64(each.after, self._key))

    def rows(self) -> list[Mapping]:
        """Return one line for each attribute that was there, and one for all UIDs."""
        import duckdb
        import pyarrow as pa

        pairs = pa.table(  # noqa: F841 - DuckDB finds it by its name
            {
                "kind": pa.array(self._kinds, pa.uint8()),
                "old": pa.array(self._before, pa.uint64()),
                "new": pa.array(self._after, pa.uint64()),
            }
        )
        with duckdb.connect(":memory:") as connection:
            # By default it swaps into the current folder, which may be the collection.
            connection.execute("SET temp_directory = ''")
            found = connection.execute(_SQL).fetchall()
        names = (*SHOWN, OTHER, ALL_UIDS)
        return [Mapping(names[kind], *counts) for kind, *counts in found]


_SQL = f"""
WITH every AS (
    SELECT DISTINCT kind, old, new FROM pairs
    UNION
    SELECT DISTINCT {len(SHOWN) + 1}, old, new FROM pairs WHERE kind > 0
), forward AS (
    SELECT kind, old, count(*) > 1 AS split, bool_or(old = new) AS kept FROM every GROUP BY ALL
), backward AS (
    SELECT kind, new, count(*) > 1 AS merged FROM every GROUP BY ALL
)
SELECT kind, count(*), count(*) FILTER (kept), count(*) FILTER (split),
       (SELECT count(*) FROM backward WHERE backward.kind = forward.kind AND merged)
FROM forward GROUP BY kind ORDER BY kind
"""  # noqa: S608 - of nothing but a number
