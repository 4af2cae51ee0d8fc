"""What a collection rule may look at: the columns it declares, by SQL."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.standard.sop_classes import OF_NO_PATIENT

if TYPE_CHECKING:
    import duckdb


_INSIDE = {
    "PatientID": "DISTINCT coalesce(StudyInstanceUID, SeriesInstanceUID, 0)",
    "StudyInstanceUID": "DISTINCT coalesce(SeriesInstanceUID, 0)",
    "SeriesInstanceUID": "*",
}


def nameless(identifier: str, among: str = "TRUE", sop_class: str = "SOPClassUID") -> str:
    """Return SQL of how many patients, studies or series there may be that have no identifier.

    Of objects without a Patient ID nobody knows which are of one person: at most as many persons
    as they have studies. Such a patient is not evaluated, and never *not applicable*.

    Parameters
    ----------
    identifier
        ``PatientID``, ``StudyInstanceUID`` or ``SeriesInstanceUID``.
    among
        Which objects are counted, in SQL.
    sop_class
        SQL of the SOP Class UID: what is of no patient by its kind lacks nothing.
    """
    others = ", ".join(f"'{uid}'" for uid in sorted(OF_NO_PATIENT))
    return (
        f"count({_INSIDE[identifier]}) FILTER ({identifier} IS NULL AND ({among}) "
        f"AND coalesce({sop_class}, '') NOT IN ({others}))"
    )


Tables = Mapping[str, Path | str]
"""Name of a table to its Parquet file, or to the name of a table in the connection."""

HELD_ROWS = 50_000
"""Rows up to which a table is read once for all queries; of a longer one each reads its columns."""


def connect(folder: Path, threads: int = 1) -> duckdb.DuckDBPyConnection:
    """Open a database in memory that asks no network and swaps into the audit folder."""
    import duckdb

    connection = duckdb.connect(":memory:")
    # The rules' SQL reads the audit's own tables; it installs nothing and asks no network.
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET autoload_known_extensions = false")
    # By default it swaps into the current folder, which may be the collection.
    connection.execute("SET temp_directory = ?", [str(folder / "swap")])
    connection.execute("SET threads = ?", [threads])
    return connection


def hold(
    connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Path], threads: int = 1
) -> Tables:
    """Read the short ones of some tables into the connection; return where each is now.

    Where all are short, one thread is left to each query.
    """

    def held(table: str) -> Path | str:
        rows = _relation(tables[table])
        with connection.cursor() as cursor:
            ((count,),) = cursor.execute(f"SELECT count(*) FROM {rows}").fetchall()  # noqa: S608
            if count > HELD_ROWS:
                return tables[table]
            name = f"held {table}"
            cursor.execute(f'CREATE TABLE "{name}" AS SELECT * FROM {rows}')  # noqa: S608
            return name

    with ThreadPoolExecutor(threads) as pool:
        where = dict(zip(tables, pool.map(held, tables), strict=True))
    if all(isinstance(each, str) for each in where.values()):
        # So few rows are read by one thread: others of the same query would only be in the way.
        connection.execute("SET threads = 1")
    return where


class CollectionFacts:
    """The tables of one collection, restricted to what a rule declares in `reads`.

    Parameters
    ----------
    connection
        DuckDB connection in which the views are made.
    tables
        Where each table is.
    reads
        ``TABLE.COLUMN`` of each column that may be looked at.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        tables: Tables,
        reads: Iterable[str],
    ) -> None:
        # A cursor has temporary views and tables of its own: what the rule before made is
        # not there, and what this one makes goes with it.
        self._cursor = connection.cursor()
        self._kept: dict[str, str] = {}
        columns: dict[str, list[str]] = {}
        for name in reads:
            table, _, column = name.partition(".")
            columns.setdefault(table, []).append(column)
        for table, wanted in columns.items():
            if table not in tables:
                continue
            # A column outside the view does not exist for the rule: its SQL fails.
            chosen = ", ".join(f'"{column}"' for column in wanted)
            self._cursor.execute(
                f'CREATE TEMP VIEW "{table}" AS SELECT {chosen} FROM {_relation(tables[table])}'  # noqa: S608 - our own names
            )

    def rows(self, sql: str, parameters: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query over the declared columns and return its rows.

        Raises
        ------
        duckdb.Error
            If the query is wrong or names a column that the rule did not declare.
        """
        return self._cursor.execute(sql, list(parameters)).fetchall()

    def kept(self, sql: str) -> str:
        """Run a query once and keep its rows for further queries of this rule.

        Returns
        -------
        str
            Name of the table that holds them; for the same query the same table.
        """
        if sql not in self._kept:
            name = f"kept{len(self._kept)}"
            self._cursor.execute(f"CREATE TEMP TABLE {name} AS {sql}")
            self._kept[sql] = name
        return self._kept[sql]

    def count(self, sql: str, parameters: Iterable[Any] = ()) -> int:
        """Run a query that gives one number."""
        rows = self.rows(sql, parameters)
        return int(rows[0][0] or 0) if rows else 0


def _relation(table: Path | str) -> str:
    if isinstance(table, str):
        return f'"{table}"'
    # A path is a pattern to DuckDB: unescaped, `out[1]` would read `out1`.
    quoted = glob.escape(str(table)).replace("'", "''")
    return f"read_parquet('{quoted}')"
