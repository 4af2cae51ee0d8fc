"""The table of people: what is compared of patients, and what of it can be told."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pydicom
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from auditor import people
from auditor.cli import main
from auditor.people import PEOPLE, PEOPLE_LIMIT, People, PersonRow, merge_people
from auditor.reading.columns import COLUMN, GATHERED
from auditor.redaction import Hasher
from auditor.store import TABLES
from auditor.testing import dataset_of

NAMES = [name for name, _ in PEOPLE]
CT = "1.2.840.10008.5.1.4.1.1.2"


def row_of(key: bytes = b"k", **values: bytes) -> dict[str, Any]:
    columns: list[bytes | None] = [None] * len(GATHERED)
    for keyword, value in {"PatientID": b"p1", **values}.items():
        columns[COLUMN[keyword]] = value
    rows: dict[PersonRow, str] = {}
    People(Hasher(key)).add(columns, "a.dcm", rows)
    ((row, path),) = rows.items()
    return dict(zip(NAMES, (*row, path), strict=True))


def test_a_row_has_what_can_be_compared() -> None:
    row = row_of(
        PatientName=b"Quagga^Zelda ",
        PatientSex=b"F ",
        PatientAge=b"042Y",
        StudyDate=b"20200314",
        SeriesDate=b"20200315",
        PatientBirthDate=b"19780313",
        FrameOfReferenceUID=b"1.2.3\0",
        LongitudinalTemporalInformationModified=b"MODIFIED",
    )
    assert row["PatientSex"] == "F"
    assert row["age"] == round(42 * 365.25)
    assert row["series"] - row["study"] == 1
    assert row["study"] - row["birth"] == (date(2020, 3, 14) - date(1978, 3, 13)).days
    # Sundays are 0, as in Python's ordinals; this was a Saturday.
    assert row["study"] % 7 == 6
    assert row["LongitudinalTemporalInformationModified"] == "MODIFIED"
    assert row["path"] == "a.dcm"
    assert None not in (row["PatientName"], row["FrameOfReferenceUID"])


@given(st.binary(min_size=1, max_size=8), st.binary(min_size=1, max_size=8))
def test_no_date_can_be_told_without_the_key(one: bytes, other: bytes) -> None:
    first, second = (row_of(key, StudyDate=b"20200314") for key in (one, other))
    assert (first["study"] == second["study"]) == (one == other)
    assert first["study"] % 7 == second["study"] % 7


@pytest.mark.parametrize(
    ("keyword", "value", "column"),
    [
        ("StudyDate", b"20200101", "study"),
        ("StudyDate", b"20201301", "study"),
        ("StudyDate", b"00010203", "study"),
        ("StudyDate", b"2020\xb9\xb214", "study"),
        ("StudyDate", b"", "study"),
        ("PatientAge", b"42", "age"),
        ("PatientAge", b"042y", "age"),
        ("PatientName", b"ANON", "PatientName"),
        ("PatientName", b"", "PatientName"),
        ("FrameOfReferenceUID", b"1.2.840.10008.1.4.1.1", "FrameOfReferenceUID"),
        ("StudyInstanceUID", b"\0", "StudyInstanceUID"),
    ],
)
def test_a_dummy_is_nothing_to_compare(keyword: str, value: bytes, column: str) -> None:
    assert row_of(**{keyword: value})[column] is None


def test_what_is_in_no_vocabulary_is_not_in_the_table() -> None:
    row = row_of(
        PatientSex=b"Quagga",
        BodyPartExamined=b"Zelda",
        LongitudinalTemporalInformationModified=b"Quagga",
    )
    assert not any(plant in str(row) for plant in ("Quagga", "Zelda"))


@pytest.mark.parametrize(
    ("sop_class", "known"),
    [(b"1.2.840.10008.5.1.4.1.1.2\0", 1), (None, 1), (b"1.2.840.10008.5.1.4.38.1\0", 0)],
)
def test_an_object_without_a_patient_is_of_nobody_knows_whom(
    sop_class: bytes | None, known: int
) -> None:
    rows: dict[PersonRow, str] = {}
    columns: list[bytes | None] = [None] * len(GATHERED)
    columns[COLUMN["SOPClassUID"]] = sop_class
    People(Hasher(b"k")).add(columns, "a", rows)
    # A hanging protocol has no patient.
    assert len(rows) == known
    assert all(row[0] is None for row in rows)


paths = st.dictionaries(st.integers(0, 5).map(lambda n: (n,)), st.text("abc", min_size=1))


@given(paths, paths)
def test_rows_are_merged_in_any_order(
    one: dict[PersonRow, str], other: dict[PersonRow, str]
) -> None:
    forth, back = dict(one), dict(other)
    merge_people(forth, other)
    merge_people(back, one)
    assert forth == back


def test_the_table_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert PEOPLE_LIMIT >= 100_000
    monkeypatch.setattr(people, "PEOPLE_LIMIT", 3)
    rows: dict[PersonRow, str] = {}
    merge_people(rows, {(number,): "a" for number in range(9)})
    merge_people(rows, {(number,): "0" for number in range(9)})
    assert rows == {(0,): "0", (1,): "0", (2,): "0"}


def store(path: Path, **said: Any) -> None:
    dataset = dataset_of(
        {"SOPClassUID": CT, "SOPInstanceUID": f"1.2.{path.stem}", "PatientID": "P1", **said}
    )
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    pydicom.dcmwrite(path, dataset, enforce_file_format=True)


def test_an_audit_compares_patients_and_keeps_no_table_of_them(tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    store(files / "1", PatientBirthDate="19700314")
    store(files / "2", PatientBirthDate="19710314")
    codes = [{"CodeValue": "113100", "CodingSchemeDesignator": "DCM"}]
    store(
        files / "3",
        PatientID="P2",
        Manufacturer="SIEMENS",
        PatientIdentityRemoved="YES",
        DeidentificationMethodCodeSequence=codes,
        SeriesInstanceUID="1.3.12.2.1107.5.1",
    )
    out = tmp_path / "out"
    done = CliRunner().invoke(main, ["scan", str(files), "-o", str(out), "--quiet"])
    assert done.exit_code == 0, done.output
    (collection,) = json.loads((out / "result.json").read_text())["collections"]
    rules = {rule["id"]: rule for rule in collection["rules"]}
    assert (rules["DEID502"]["failed"], rules["DEID502"]["not_evaluated"]) == (1, 1)
    assert rules["DEID502"]["findings"][0]["examples"] == ["1", "2"]
    assert [each["message"] for each in rules["DEID505"]["findings"]] == ["under a device's root"]
    tables = {path.name for path in out.iterdir() if path.is_dir()}
    assert tables == set(TABLES)
    for table in tables:
        schema = pq.read_schema(out / table / "0001.parquet")
        assert not set(schema.names) & {"birth", "age", "study", "acquisition"}
        # The table of entities has it as a keyed hash.
        if "PatientBirthDate" in schema.names:
            assert schema.field("PatientBirthDate").type == "uint64"
