"""One walk: in what order things are done, and that no other walk is in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pydicom
import pytest

from auditor import judging, walking
from auditor.asking import Answers
from auditor.audit import audit
from auditor.engine import Partial
from auditor.paths import profiles_folder, rules_folder
from auditor.profile import read_profile
from auditor.registry import load
from auditor.sources import SourceFile, open_source
from auditor.steps import Progress
from auditor.store import AuditFolder
from auditor.tally import Structure
from auditor.walking import Collection, Walk
from auditor.workers import Job, Workers, walk_files

FILES = Path(pydicom.__file__).parent / "data" / "test_files"
NAMES = ("CT_small.dcm", "MR_small.dcm")


def job(key: bytes = b"k" * 32, ocr: int = 0) -> Job:
    return Job((rules_folder(),), ("DEID201",), key, ocr=ocr)


def collection(folder: Path) -> Path:
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_bytes((FILES / name).read_bytes())
    return folder


def files() -> list[SourceFile]:
    return [SourceFile(name, str(FILES / name)) for name in NAMES]


def test_nobody_looks_at_pixels_while_referees_are_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []

    class Told(Answers):
        def ask(self, structures: Mapping[bytes, Structure]) -> None:
            told.append(f"ask about {len(structures)}")

        def wait(self) -> None:
            told.append("wait")

    def looked(_: object) -> list[tuple[object, ...]]:
        told.append("look")
        return []

    monkeypatch.setattr(walking, "read_frames", looked)
    folder = AuditFolder(tmp_path / "out")
    with open_source(collection(tmp_path / "c")) as source, Workers(job(ocr=9), 1) as workers:
        Walk(Collection(source, "c"), workers).finish(folder, 1, Progress(), Told(workers))
    assert told == ["ask about 2", "wait", "look"]


def test_a_walk_in_this_process_is_not_changed_by_another_one() -> None:
    def rows(parts: list[Partial]) -> list[object]:
        return [part.tables["instances"] for part in parts]

    alone = rows(list(walk_files(Workers(job(), 1), files())))
    begun = walk_files(Workers(job(), 1), files())
    other = rows(list(walk_files(Workers(job(b"o" * 32), 1), files())))
    assert rows(list(begun)) == alone != other


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_fails_beside_the_queries_ends_the_audit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int
) -> None:
    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(judging, "judged_rows", broken)
    rules = load([rules_folder()]).only(["DEID201"], ())
    profile = read_profile(profiles_folder() / "default.toml", {"DEID201"})
    with (
        open_source(collection(tmp_path / "c")) as source,
        pytest.raises(OSError, match="No space left"),
    ):
        audit(
            [Collection(source, "c")],
            job=job(),
            jobs=jobs,
            rules=rules,
            profile=profile,
            folder=AuditFolder(tmp_path / "out"),
            progress=Progress(),
        )
