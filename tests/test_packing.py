"""Rows come back from columns as they were, and tables hold them as if they had not been packed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from auditor.packing import Columns, pack, repeated, unpack
from auditor.store import TABLES, TableWriter

VALUES = st.one_of(st.none(), st.integers(0, 2**64 - 1)), st.one_of(st.none(), st.text(max_size=3))


@given(st.lists(st.tuples(*VALUES), max_size=40))
def test_rows_come_back(rows: list[tuple[Any, ...]]) -> None:
    assert unpack(pack(rows)) == rows


def test_a_value_that_repeats_travels_once() -> None:
    packed = pack([("a", 1), ("a", 2), ("b", 3)])
    assert [values for values, _ in packed.columns] == [("a", "b"), (1, 2, 3)]
    assert [len(numbers) for _, numbers in packed.columns] == [12, 0]


def row(path: str, kind: str, size: int | None, headings: str | None) -> tuple[Any, ...]:
    """Make a row of the table of companions, with what is said here and nothing else."""
    said = {"path": path, "kind": kind, "bytes": size, "headings": headings}
    return tuple(said.get(name) for name, _ in TABLES["companions"])


@given(st.lists(st.tuples(st.text(), st.integers(0, 9))))
def test_a_repeated_value_is_each_of_its_rows(counted: list[tuple[str, int]]) -> None:
    values = [value for value, _ in counted]
    column = repeated(values, [count for _, count in counted])
    rows = [(value,) for value, count in counted for _ in range(count)]
    assert not rows or unpack(Columns(len(rows), (column,))) == rows


def test_tables_hold_packed_rows_among_others_in_order(tmp_path: Path) -> None:
    file = tmp_path / "c.parquet"
    with TableWriter(file, "companions", "ct") as writer:
        writer.add_columns(pack([row("a", "csv", 1, None), row("b", "csv", None, "patient")]))
        writer.add_columns(Columns())
        writer.add([row("c", "xml", 3, None)])
    rows = [(each["path"], each["kind"], each["bytes"], each["headings"]) for each in _rows(file)]
    assert rows == [
        ("a", "csv", 1, None),
        ("b", "csv", None, "patient"),
        ("c", "xml", 3, None),
    ]
    assert {each["collection"] for each in _rows(file)} == {"ct"}


def _rows(file: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(file).to_pylist()
    return rows
