"""Images of two patients: which are read, and which are the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from auditor import twins
from auditor.audit import audit
from auditor.collection import connect
from auditor.paths import profiles_folder, rules_folder
from auditor.profile import read_profile
from auditor.registry import load
from auditor.result import RuleResult
from auditor.sources import open_source
from auditor.steps import Progress
from auditor.store import TABLES, AuditFolder, TableWriter
from auditor.twins import choose, read_pixels
from auditor.walking import Collection
from auditor.workers import Job
from tests.planted.harness import Release, basic_ct, ct_slice


def judged(release: Release, folder: Path, limit: int, jobs: int = 1) -> RuleResult:
    """Audit a release, and return what DEID508 says."""
    release.write(folder / "in")
    rules = load([rules_folder()])
    profile = read_profile(profiles_folder() / "default.toml", [each.id for each in rules.rules])
    rules = rules.only(["DEID508"], ())
    with open_source(folder / "in") as source:
        [result], _ = audit(
            [Collection(source, "one")],
            job=Job(rules.folders, ("DEID508",), b"k" * 32, twins=limit),
            jobs=jobs,
            rules=rules,
            profile=profile,
            folder=AuditFolder(folder / "out"),
            progress=Progress(),
        )
    assert not list((folder / "out").rglob("pixels*"))
    return result.rules[0]


def same(*numbers: int) -> Release:
    """Return the clean CT of two patients, with these slices of the first in the second, too."""
    release = basic_ct()
    for number in numbers:
        first = release.instances[f"case-001/{number}.dcm"]
        release.instances[f"case-002/{number}.dcm"].PixelData = first.PixelData
    return release


def counts(result: RuleResult) -> tuple[str, int, int, int]:
    return result.outcome, result.applicable, result.failed, result.not_evaluated


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_same_pixels_under_two_ids_are_found(tmp_path: Path, jobs: int) -> None:
    result = judged(same(2), tmp_path, 100, jobs)
    assert counts(result) == ("fail", 4, 2, 0)
    [finding] = result.findings
    assert finding.count == 2
    assert finding.examples == ["case-001/2.dcm", "case-002/2.dcm"]


def test_the_clean_twin_passes(tmp_path: Path) -> None:
    assert counts(judged(basic_ct(), tmp_path, 100)) == ("pass", 4, 0, 0)


def test_nothing_is_read_without_being_asked(tmp_path: Path) -> None:
    assert counts(judged(same(1), tmp_path, 0)) == ("not_evaluated", 0, 0, 4)


def test_what_the_bound_leaves_out_is_counted(tmp_path: Path) -> None:
    assert counts(judged(same(1, 2), tmp_path, 2)) == ("fail", 2, 2, 2)


def test_images_of_one_value_do_not_count(tmp_path: Path) -> None:
    release = basic_ct()
    for dataset in release.datasets:
        dataset.PixelData = bytes(512)
    assert counts(judged(release, tmp_path, 100)) == ("not_applicable", 0, 0, 0)


def test_what_is_not_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = Release()
    release.add("a.dcm", ct_slice(1, 1))
    release.add("b.dcm", ct_slice(1, 1))
    release.instances["b.dcm"].file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    release.add("c.dcm", ct_slice(1, 1))
    del release.instances["c.dcm"].PixelData
    release.companions["d.dcm"] = b""
    release.write(tmp_path)
    monkeypatch.setattr(twins, "BYTES_LIMIT", 511)
    rows = read_pixels([(name, str(tmp_path / name)) for name in ("a.dcm", "b.dcm", "c.dcm", "e")])
    assert [row.pixels for row in rows] == [None] * 4
    assert [row.reason for row in rows] == [
        "more pixel data than an audit reads",
        "a deflated data set, which is not inflated",
        "no pixel data",
        "a file that cannot be read (FileNotFoundError)",
    ]


class Listed:
    """A source that lists what it is told."""

    name = root = ""
    links = 0

    def __init__(self, paths: list[str]) -> None:
        self.notes: list[str] = []
        self._paths = paths

    def files(self) -> Any:
        from auditor.sources import SourceFile

        return (SourceFile(path, f"/{path}") for path in self._paths)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        return None


@pytest.mark.parametrize("step", [1, 7, 39])
def test_of_each_series_one_comes_first_and_the_same(tmp_path: Path, step: int) -> None:
    names = [name for name, _ in TABLES["instances"]]
    rows = [
        {
            "path": f"{patient}/{number}", "status": "ok", "PatientID": patient, "Rows": 16,
            "SeriesInstanceUID": patient, "ImagePositionPatient": f"0\\\\0\\\\{number}",
        }
        for patient in range(4)
        for number in range(10)
    ]  # fmt: skip
    rows = [rows[step * number % 40] for number in range(40)]
    with TableWriter(tmp_path / "i", "instances", "one") as writer:
        writer.add([tuple(row.get(name) for name in names) for row in rows])
    with connect(tmp_path) as connection:
        source = Listed([str(row["path"]) for row in rows])
        chosen = choose(connection, tmp_path / "i", source, 4)
        whole = choose(connection, tmp_path / "i", source, 100)
    assert len({path.partition("/")[2] for path, _ in chosen}) == 1
    assert {path.partition("/")[0] for path, _ in chosen} == {"0", "1", "2", "3"}
    assert len(whole) == 40
