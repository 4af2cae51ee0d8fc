"""Which kinds of object there are, and which refer to which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from auditor.collection import connect
from auditor.objects import kind_of, objects
from auditor.result import ObjectKind, ObjectLink, ObjectsResult
from auditor.standard.sop_classes import (
    KEY_OBJECT_SELECTION,
    MEDIA_STORAGE_DIRECTORY,
    RADIOTHERAPY,
    RT_STRUCTURE_SET,
    SEGMENTATION,
    STRUCTURED_REPORTS,
)
from auditor.store import TABLES, WALKED, TableWriter

ROOT = "1.2.840.10008.5.1.4.1.1."
CT, SR = ROOT + "2", ROOT + "88.34"


def counted(folder: Path, **given: Sequence[Mapping[str, Any]]) -> ObjectsResult:
    """Count objects in tables that are written down as rows."""
    files = {table: folder / f"{table}.parquet" for table in WALKED}
    for table, file in files.items():
        names = [name for name, _ in TABLES[table]]
        with TableWriter(file, table, "ct") as writer:
            writer.add([[row.get(name) for name in names] for row in given.get(table, ())])
    with connect(folder) as connection:
        return objects(connection, files)


def instance(uid: int, sop_class: str, series: int, patient: int = 1) -> dict[str, Any]:
    return {
        "path": str(uid), "status": "ok", "SOPClassUID": sop_class, "SOPInstanceUID": uid,
        "SeriesInstanceUID": series, "PatientID": patient,
    }  # fmt: skip


def reference(uid: int, target: int, sop_class: str) -> dict[str, Any]:
    return {
        "SOPInstanceUID": uid,
        "ReferencedSOPInstanceUID": target,
        "ReferencedSOPClassUID": sop_class,
    }


def test_nothing_is_of_no_kind(tmp_path: Path) -> None:
    assert counted(tmp_path) == ObjectsResult()


def test_objects_are_counted_by_kind_and_by_what_they_refer_to(tmp_path: Path) -> None:
    made = counted(
        tmp_path,
        instances=[
            *(instance(n, CT, series=1 + n // 3, patient=n // 3) for n in range(6)),
            instance(5, CT, series=2, patient=1),  # a second file of one instance
            instance(10, SEGMENTATION, series=10),
            instance(11, SEGMENTATION, series=11),
            instance(12, SR, series=12),
            instance(13, MEDIA_STORAGE_DIRECTORY, series=13),
        ],
        references=[
            reference(10, 0, CT),
            reference(10, 0, CT),
            reference(10, 1, CT),
            reference(11, 99, CT),
            # It is a CT image, whatever the reference says.
            reference(12, 5, SR),
            reference(12, 10, SEGMENTATION),
            # A study is no object that could be in a collection.
            reference(12, 77, "1.2.840.10008.3.1.2.3.1"),
        ],
    )
    assert made.kinds == [
        ObjectKind("CT image", True, 6, 2, 2),
        ObjectKind("Segmentation", False, 2, 2, 1),
        ObjectKind("Structured report", False, 1, 1, 1),
    ]
    assert made.links == [
        ObjectLink("Segmentation", "CT image", False, 1, 1, 1),
        ObjectLink("Segmentation", "CT image", True, 1, 1, 2),
        ObjectLink("Structured report", "CT image", True, 1, 1, 1),
        ObjectLink("Structured report", "Segmentation", True, 1, 1, 1),
    ]


def test_kinds_go_by_sop_class() -> None:
    assert kind_of(CT) == ("CT image", True)
    assert kind_of(RT_STRUCTURE_SET) == ("RT Structure Set", False)
    assert kind_of(KEY_OBJECT_SELECTION) == ("Key object selection", False)
    assert {kind_of(uid)[0] for uid in STRUCTURED_REPORTS} == {"Structured report", "Dose report"}
    assert all(kind_of(uid)[0].startswith(("RT ", "Other RT")) for uid in RADIOTHERAPY)
    assert kind_of(ROOT + "9.1.1") == ("Waveform", False)
    assert kind_of(ROOT + "104.1") == ("Document", False)
    assert kind_of("1.2.3") == kind_of("") == ("Other object", False)
