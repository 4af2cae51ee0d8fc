"""A collection rule sees the columns that it declares, of one collection, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from auditor import collection
from auditor.collection import CollectionFacts, connect, hold
from auditor.collection_rules import _grouped
from auditor.model import Confidence, Finding, TagPath
from auditor.store import WALKED, TableWriter
from auditor.tally import Place


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(tmp_path) as connection:
        yield connection


def tables(folder: Path, *paths: str) -> dict[str, Path]:
    """Write the tables of a collection of companions."""
    folder.mkdir(exist_ok=True)
    files = {table: folder / f"{table}.parquet" for table in WALKED}
    for table, file in files.items():
        with TableWriter(file, table, "ct") as writer:
            if table == "companions":
                writer.add((path, "csv", 1, None, "", "", 0) for path in paths)
    return files


def test_declared_columns_can_be_asked(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    reads = ("companions.path", "companions.kind")
    facts = CollectionFacts(connection, tables(tmp_path / "t", "a", "b"), reads)
    assert facts.rows("SELECT * FROM companions ORDER BY path") == [("a", "csv"), ("b", "csv")]
    assert facts.rows("SELECT path FROM companions WHERE path > ?", ["a"]) == [("b",)]
    assert facts.count("SELECT count(*) FROM companions") == 2


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT bytes FROM companions",
        "SELECT collection FROM companions",
        "SELECT path FROM instances",
        "SELECT count(*) FROM findings",
        "SELEC",
    ],
)
def test_nothing_else_can_be_asked(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection, sql: str
) -> None:
    facts = CollectionFacts(connection, tables(tmp_path / "t", "a"), ("companions.path",))
    with pytest.raises(duckdb.Error):
        facts.rows(sql)


def test_a_rule_does_not_see_what_the_one_before_it_declared(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    files = tables(tmp_path / "t", "a")
    CollectionFacts(connection, files, ("companions.kind", "instances.path"))
    facts = CollectionFacts(connection, files, ("companions.path",))
    assert facts.rows("SELECT * FROM companions") == [("a",)]
    with pytest.raises(duckdb.Error):
        facts.rows("SELECT path FROM instances")


def test_a_column_that_does_not_exist_is_an_error(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    with pytest.raises(duckdb.Error):
        CollectionFacts(connection, tables(tmp_path / "t"), ("companions.colour",))


def test_a_count_of_nothing_is_none(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    facts = CollectionFacts(connection, tables(tmp_path / "t"), ("companions.bytes",))
    assert facts.count("SELECT sum(bytes) FROM companions") == 0
    assert facts.count("SELECT bytes FROM companions") == 0


@pytest.mark.parametrize(("name", "pattern_also_fits"), [("o[1]", "o1"), ("o*", "ox"), ("o'", "o")])
def test_a_path_is_a_path_and_no_pattern(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection, name: str, pattern_also_fits: str
) -> None:
    tables(tmp_path / pattern_also_fits, "of another audit")
    facts = CollectionFacts(connection, tables(tmp_path / name, "a"), ("companions.path",))
    assert facts.rows("SELECT path FROM companions") == [("a",)]


def test_the_database_swaps_into_the_audit_folder_and_asks_no_network(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    def setting(name: str) -> object:
        return connection.execute("SELECT current_setting(?)", [name]).fetchall()[0][0]

    assert Path(str(setting("temp_directory"))).parent == tmp_path
    assert setting("autoinstall_known_extensions") is False
    assert setting("autoload_known_extensions") is False


def test_findings_are_added_up_by_place_and_by_series() -> None:
    here = TagPath.of("Modality")
    confidences: dict[Place, str] = {}
    grouped, series = _grouped(
        [
            Finding("x", here, count=2, examples=("b", "c"), series=7),
            Finding("x", here, count=1, examples=("a",), series=7),
            Finding("x", here, count=4, examples=("d",), series=8),
            Finding("x", here),
            Finding("y", count=1, series=7, confidence=Confidence.HIGH),
        ],
        confidences,
    )
    assert confidences == {("y", ""): "high"}
    assert grouped == {
        ("x", "(0008,0060)"): (8, ["b", "c", "a", "d"]),
        ("y", ""): (1, []),
    }
    counts = {
        place: {key: (seen.count, seen.path) for key, seen in at.items()}
        for place, at in series.items()
    }
    assert counts == {
        ("x", "(0008,0060)"): {7: (3, "a"), 8: (4, "d"), None: (1, "")},
        ("y", ""): {7: (1, "")},
    }


def test_a_series_is_a_hash() -> None:
    with pytest.raises(TypeError):
        Finding("x", series="1.2.3")  # type: ignore[arg-type]


def test_short_tables_are_read_once_and_long_ones_stay_where_they_are(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = tables(tmp_path / "t", "a", "b")
    monkeypatch.setattr(collection, "HELD_ROWS", 1)
    with connect(tmp_path, 2) as other:
        where = hold(other, files, 2)
        assert other.execute("SELECT current_setting('threads')").fetchall() == [(2,)]
    assert {table for table, place in where.items() if place == files[table]} == {"companions"}
    monkeypatch.undo()
    where = hold(connection, files, 2)
    assert all(isinstance(place, str) for place in where.values())
    assert connection.execute("SELECT current_setting('threads')").fetchall() == [(1,)]
