"""The audit folder: tables and a manifest, and nothing of anybody else's is touched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from auditor import store
from auditor.packing import pack
from auditor.store import (
    FORMAT,
    MANIFEST,
    TABLES,
    AuditFolder,
    StoreError,
    TableWriter,
    element_rows,
)
from auditor.tally import ElementTally

COMPANIONS = [
    ("a.csv", "csv", 3, "name", "table", "age", 2),
    ("b/\u6771.json", "json", None, None, None, None, None),
]


def manifest(folder: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    return said


def test_a_new_folder_is_an_audit_that_is_not_complete(tmp_path: Path) -> None:
    folder = AuditFolder(tmp_path / "a" / "out")
    assert manifest(folder.path)["format"] == FORMAT
    assert manifest(folder.path)["complete"] is False
    assert {path.name for path in folder.path.iterdir()} == {*TABLES, MANIFEST}
    folder.finish({"collections": ["ct"]})
    assert manifest(folder.path)["complete"] is True
    assert manifest(folder.path)["collections"] == ["ct"]


def test_the_manifest_says_what_the_columns_are(tmp_path: Path) -> None:
    folder = AuditFolder(tmp_path)
    for table, columns in manifest(folder.path)["tables"].items():
        with TableWriter(folder.file(table, 1), table, "ct"):
            pass
        schema = parquet.read_schema(folder.file(table, 1))
        assert schema.names == ["collection", *(name for name, _ in columns)]
        assert [str(kind) for kind in schema.types[1:]] == [kind for _, kind in columns]


def test_an_earlier_audit_is_taken_away(tmp_path: Path) -> None:
    folder = AuditFolder(tmp_path)
    for number in (1, 2):
        with TableWriter(folder.file("companions", number), "companions", "ct") as writer:
            writer.add(COMPANIONS)
    for name in ("result.json", "report.html", "notes.txt"):
        (tmp_path / name).write_text("old")
    folder.finish({})
    AuditFolder(tmp_path, ["report.html", "report.csv"])
    assert manifest(tmp_path)["complete"] is False
    assert list(tmp_path.rglob("*.parquet")) == []
    # What the audit did not write is not the audit's to remove.
    assert {path.name for path in tmp_path.iterdir()} == {*TABLES, MANIFEST, "notes.txt"}


@pytest.mark.parametrize("text", [None, "", "[]", '{"format": "another/1"}', "\xff"])
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path, text: str | None) -> None:
    (tmp_path / "result.json").write_text("mine")
    if text is not None:
        (tmp_path / MANIFEST).write_text(text, encoding="latin-1")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(StoreError, match="the folder is not empty and holds no audit"):
        AuditFolder(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_manifest_that_is_a_folder_is_none(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).mkdir()
    with pytest.raises(StoreError, match="holds no audit"):
        AuditFolder(tmp_path)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(StoreError, match="out: cannot be written"):
        AuditFolder(tmp_path / "out")


def test_a_hostile_name_is_said_as_text(tmp_path: Path) -> None:
    (tmp_path / "\x1b[2J").write_text("mine")
    with pytest.raises(StoreError, match=r"\\x1b\[2J: cannot be written"):
        AuditFolder(tmp_path / "\x1b[2J")


@pytest.mark.parametrize("flush", [1, 2, 3, 50_000])
def test_rows_come_back_as_they_were_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flush: int
) -> None:
    monkeypatch.setattr(store, "FLUSH", flush)
    with TableWriter(tmp_path / "c.parquet", "companions", "ct") as writer:
        for row in COMPANIONS * 2:
            writer.add([row])
    table = parquet.read_table(tmp_path / "c.parquet")
    names = table.column_names[1:]
    assert [tuple(row[name] for name in names) for row in table.to_pylist()] == COMPANIONS * 2
    assert table["collection"].to_pylist() == ["ct"] * 4
    groups = parquet.ParquetFile(tmp_path / "c.parquet").metadata.num_row_groups
    assert groups == -(-4 // flush)


@pytest.mark.parametrize("heights", [(1, 2), (100, 1, 1, 90), (1, 100, 63, 64), (200,)])
def test_rows_keep_their_order_however_many_come_at_once(
    heights: tuple[int, ...], tmp_path: Path
) -> None:
    """Few rows wait for others; what comes after them must not overtake them."""
    rows = [(f"{number:04}", "", "", number) for number in range(sum(heights))]
    remaining = iter(rows)
    with TableWriter(tmp_path / "one", "numbers", "ct") as writer:
        for height in heights:
            writer.add_columns(pack([next(remaining) for _ in range(height)]))
    written = parquet.read_table(tmp_path / "one").to_pylist()
    assert [(row["path"], row["number"]) for row in written] == [
        (path, number) for path, _, _, number in rows
    ]


def test_a_table_without_rows_is_a_table(tmp_path: Path) -> None:
    with TableWriter(tmp_path / "c.parquet", "companions", "ct"):
        pass
    assert parquet.read_table(tmp_path / "c.parquet").num_rows == 0


def test_hashes_keep_all_their_bits(tmp_path: Path) -> None:
    row = ("1.dcm", 2**64 - 1, "1.2", "(0008,1140)", "1.2", 2**63, *[None] * 12)
    with TableWriter(tmp_path / "r.parquet", "references", "ct") as writer:
        writer.add([row])
    [read] = parquet.read_table(tmp_path / "r.parquet").to_pylist()
    assert tuple(read.values())[1:] == row


def test_a_row_of_another_length_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="argument 2 is"),
        TableWriter(tmp_path / "c.parquet", "companions", "ct") as writer,
    ):
        writer.add([("a.csv", "csv")])


def test_elements_are_sorted_by_place() -> None:
    elements = {
        ("(0010,0020)", "LO", "PatientID", ""): ElementTally(4, 1),
        ("(0008,0060)", "CS", "Modality", ""): ElementTally(3, 0),
    }
    assert element_rows(elements) == [
        ("(0008,0060)", "CS", "Modality", "", 3, 0),
        ("(0010,0020)", "LO", "PatientID", "", 4, 1),
    ]


def test_private_elements_are_counted_by_creator() -> None:
    from auditor.inventory import private_elements
    from auditor.tally import ElementTally

    counted = private_elements(
        {
            ("(0019,xx08:GEMS_ACQU_01)", "DS", "", "GEMS_ACQU_01"): ElementTally(3),
            ("(0008,1140)/(0019,xx09:GEMS_ACQU_01)", "DS", "", "GEMS_ACQU_01"): ElementTally(2),
            ("(0019,1008:no creator)", "UN", "", ""): ElementTally(7),
            ("(0019,0010)", "LO", "", ""): ElementTally(9),
            ("(0010,0020)", "LO", "PatientID", ""): ElementTally(9),
        }
    )
    assert counted == {"no creator": 7, "GEMS_ACQU_01": 5}
