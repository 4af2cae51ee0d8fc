"""Input that is missing, empty, broken or hostile: one clear line, the right code, no harm."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom import dcmwrite
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from auditor import files
from auditor.result import CollectionResult, read_result
from auditor.sources import Limits
from tests.test_cli import FAILS, RULE, a_rule, dicom_audit, elsewhere, said

__all__ = ["elsewhere"]

CT = Path(str(get_testdata_file("CT_small.dcm")))
QUIET = ("--jobs", 1, "--quiet")


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A folder with one CT slice."""
    folder = tmp_path / "good"
    folder.mkdir()
    (folder / "1.dcm").write_bytes(CT.read_bytes())
    return folder


def collections(out: str = "out") -> list[CollectionResult]:
    return read_result(Path(out) / "result.json").collections


def refused(*arguments: object, code: int, says: str) -> None:
    """Expect one line, the code, and no audit."""
    done = dicom_audit(*arguments)
    assert done.exit_code == code
    assert said(done) == done.stderr.splitlines()
    assert len(said(done)) == 1, done.stderr
    assert says in done.stderr
    assert done.stdout == ""


# -- what the user named ------------------------------------------------------------------


def test_a_missing_path_is_2() -> None:
    refused("scan", "missing", "-o", "out", *QUIET, code=2, says="no such path: missing")
    assert not Path("out").exists()


def test_a_missing_root_of_collections_is_2() -> None:
    refused("scan", "--each", "missing", "-o", "out", code=2, says="no such path: missing")


def test_a_root_of_collections_is_a_folder() -> None:
    Path("file").write_text("")
    refused("scan", "--each", "file", "-o", "out", code=2, says="not a folder: file")


def test_a_root_without_collections_is_3(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    refused("scan", "--each", "root", "-o", "out", code=3, says="no subfolder to audit: root")


def test_the_rest_is_audited_where_one_path_is_missing(good: Path) -> None:
    done = dicom_audit("scan", "missing", good, "-o", "out", *QUIET)
    assert done.exit_code == 3
    assert said(done) == [
        "dicom-audit: no such path: missing",
        "dicom-audit: missing: nothing to audit was found",
    ]
    missing, audited = collections()
    assert (missing.name, missing.counts.files, missing.overall) == ("missing", 0, None)
    assert "could not be opened" in missing.notes[0]
    assert audited.counts.dicom == 1
    # Whoever has only the result is told the same.
    assert dicom_audit("gate", "out", "--fail-on", "error").exit_code == 3


def test_an_absolute_path_that_is_missing_stays_out_of_the_result(
    good: Path, tmp_path: Path
) -> None:
    dicom_audit("scan", good, tmp_path / "nobodys-home" / "missing", "-o", "out", *QUIET)
    for file in ("result.json", "report.html", "manifest.json"):
        assert "nobodys-home" not in Path("out", file).read_text()
        assert str(tmp_path) not in Path("out", file).read_text()


def test_an_empty_folder_is_3_and_no_pass(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused("scan", "empty", "-o", "out", *QUIET, code=3, says="empty: nothing to audit was found")
    [empty] = collections()
    assert empty.overall is None
    assert {each.score for each in empty.categories} == {None}
    assert {rule.outcome for rule in empty.rules} == {"not_applicable"}
    assert Path("out/report.html").is_file()
    assert dicom_audit("gate", "out").exit_code == 3


def test_a_folder_without_dicom_is_3(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.dcm").write_text("not what its name says")
    done = dicom_audit("scan", "texts", "-o", "out", *QUIET)
    assert done.exit_code == 3
    assert collections()[0].counts.not_dicom == 1


def deny(monkeypatch: pytest.MonkeyPatch, call: str, *names: str) -> None:
    """Make a call of `os` fail for some names, as it does for others than root."""
    real = getattr(os, call)

    def denied(path: Any = ".", *arguments: Any, **options: Any) -> Any:
        if isinstance(path, str | os.PathLike) and Path(path).name in names:
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return real(path, *arguments, **options)

    monkeypatch.setattr(os, call, denied)


def test_an_unreadable_folder_is_3(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deny(monkeypatch, "scandir", good.name)
    refused("scan", "good", "-o", "out", *QUIET, code=3, says="cannot read good: Permission denied")


def test_an_unreadable_root_of_collections_is_3(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deny(monkeypatch, "scandir", good.name)
    refused("scan", "--each", "good", "-o", "out", code=3, says="cannot list good: Permission")


def test_the_rest_is_audited_where_one_folder_is_unreadable(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (good / "closed").mkdir()
    (good / "closed" / "2.dcm").write_bytes(CT.read_bytes())
    deny(monkeypatch, "scandir", "closed")
    done = dicom_audit("scan", good, "-o", "out", *QUIET)
    assert done.exit_code == 3
    assert len(said(done)) == 1
    [audited] = collections()
    assert (audited.counts.dicom, audited.counts.unreadable) == (1, 1)
    [finding] = next(rule for rule in audited.rules if rule.id == "FILE001").findings
    assert finding.examples == ["closed"]
    assert "Permission denied" in finding.message


def test_the_rest_is_audited_where_one_file_is_unreadable(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (good / "closed.dcm").write_bytes(CT.read_bytes())
    deny(monkeypatch, "open", "closed.dcm")
    assert dicom_audit("scan", good, "-o", "out", *QUIET).exit_code == 3
    [audited] = collections()
    assert (audited.counts.dicom, audited.counts.unreadable) == (1, 1)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_is_listed_and_never_opened(good: Path) -> None:
    os.mkfifo(good / "pipe.dcm")
    assert dicom_audit("scan", good, "-o", "out", *QUIET).exit_code == 3
    assert collections()[0].counts.unreadable == 1


def test_a_link_out_is_not_followed(good: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.dcm").write_bytes(CT.read_bytes())
    (good / "link.dcm").symlink_to(tmp_path / "secret.dcm")
    (good / "round").symlink_to(good)
    assert dicom_audit("scan", good, "-o", "out", *QUIET).exit_code == 3
    [audited] = collections()
    assert (audited.counts.dicom, audited.counts.unreadable) == (1, 2)


# -- archives -----------------------------------------------------------------------------


def a_zip(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, CT.read_bytes())
    return path


def a_tar(path: Path, *names: str) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = CT.stat().st_size
            archive.addfile(member, io.BytesIO(CT.read_bytes()))
    return path


@pytest.mark.parametrize("make", [a_zip, a_tar])
def test_an_archive_is_a_collection(make: Any, tmp_path: Path) -> None:
    archive = make(tmp_path / "ct.packed", "1.dcm", "a/2.dcm")
    assert dicom_audit("scan", archive, "-o", "out", *QUIET).exit_code == 0
    assert collections()[0].counts.dicom == 2


@pytest.mark.parametrize("make", [a_zip, a_tar])
@pytest.mark.parametrize("name", ["../escaped.dcm", "/var/../escaped.dcm", "a/../../escaped.dcm"])
def test_names_that_lead_out_are_told_and_the_rest_is_audited(
    make: Any, name: str, tmp_path: Path
) -> None:
    archive = make(tmp_path / "hostile.packed", "good.dcm", name)
    done = dicom_audit("scan", archive, "-o", "out", *QUIET)
    assert done.exit_code == 3
    assert len(said(done)) == 1
    [audited] = collections()
    assert (audited.counts.dicom, audited.counts.unreadable) == (1, 1)
    assert not list(tmp_path.rglob("escaped.dcm"))
    assert not Path("/escaped.dcm").exists()


@pytest.mark.parametrize(
    "limits", [Limits(members=1), Limits(bytes=50_000)], ids=["members", "bytes"]
)
def test_a_bomb_is_stopped_and_what_came_before_is_audited(
    limits: Limits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    defaults = {"limits": limits, "work": None}
    monkeypatch.setattr("auditor.sources.open_source.__kwdefaults__", defaults)
    archive = a_zip(tmp_path / "bomb.zip", "1.dcm", "2.dcm", "3.dcm")
    done = dicom_audit("scan", archive, "-o", "out", *QUIET)
    assert done.exit_code == 3
    assert len(said(done)) == 1
    [audited] = collections()
    assert audited.counts.dicom == 1
    assert audited.counts.unreadable >= 1
    assert "not read to its end" in audited.notes[0]


def test_an_archive_that_is_cut_off_is_incomplete(tmp_path: Path) -> None:
    archive = a_tar(tmp_path / "ct.tar.gz", "1.dcm", "2.dcm")
    archive.write_bytes(archive.read_bytes()[:-2000])
    assert dicom_audit("scan", archive, "-o", "out", *QUIET).exit_code == 3
    assert "not read to its end" in collections()[0].notes[0]


def test_an_archive_without_room_is_incomplete_and_the_rest_is_audited(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    archive = a_zip(tmp_path / "ct.zip", "1.dcm")
    monkeypatch.setattr("auditor.sources.archive.tempfile.TemporaryDirectory", full)
    done = dicom_audit("scan", archive, good, "-o", "out", *QUIET)
    assert done.exit_code == 3
    packed, folder = collections()
    assert packed.counts.dicom == 0
    assert "could not be opened" in packed.notes[0]
    assert folder.counts.dicom == 1


# -- configuration ------------------------------------------------------------------------

BROKEN = [
    ('colour = "red"', "unknown key 'colour'"),
    ("jobs = 'many'", "jobs must be a whole number"),
    ("jobs = true", "jobs must be a whole number"),
    ("jobs = 0", "jobs: 0 is not in the range x>=1."),
    ("masks = -1", "masks: -1 is not in the range x>=0."),
    ("select = 'iod'", "select must be a list of texts"),
    ("select = [1]", "select must be a list of texts"),
    ("quiet = 1", "quiet must be true or false"),
    ("fail-on = 'never'", "fail-on: 'never' is not one of 'warning', 'error'."),
    ("fail-on = 'info'", "fail-on: 'info' is not one of 'warning', 'error'."),
    ("repository", "is not TOML"),
    ("a = " + "[" * 5000, "is not TOML"),
    ("\0", "is not TOML"),
]


@pytest.mark.parametrize(("text", "says"), BROKEN, ids=range(len(BROKEN)))
def test_a_broken_configuration_is_2_and_names_the_key(good: Path, text: str, says: str) -> None:
    Path("dicom-audit.toml").write_text(text)
    refused("scan", good, "-o", "out", code=2, says=f"dicom-audit.toml: {says}")
    Path("dicom-audit.toml").unlink()
    if "TOML" not in says:
        Path("pyproject.toml").write_text(f"[tool.dicom-audit]\n{text}")
        refused("scan", good, "-o", "out", code=2, says=f"pyproject.toml: {says}")


@pytest.mark.parametrize("text", ["tool = 3", "[tool]\ndicom-audit = 'on'"])
def test_a_pyproject_of_another_shape_is_2(good: Path, text: str) -> None:
    Path("pyproject.toml").write_text(text)
    refused("scan", good, "-o", "out", code=2, says="is not a table")


def test_a_configuration_that_is_no_text_is_2(good: Path) -> None:
    Path("dicom-audit.toml").write_bytes(b"\xff\xfe")
    refused("scan", good, "-o", "out", code=2, says="dicom-audit.toml: is not TOML")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "cannot be read (No such file or directory)"),
        ("name", "is not TOML"),
        ("name = 'x'\ncolour = 1", "unknown key 'colour'"),
        ("name = 'x'", "severity_weights: info is missing"),
    ],
)
def test_a_broken_profile_is_2(good: Path, text: str | None, says: str) -> None:
    if text is not None:
        Path("p.toml").write_text(text)
    refused("scan", good, "-o", "out", "--profile", "p.toml", code=2, says=f"p.toml: {says}")


def test_a_download_does_not_configure_its_own_audit(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (good / "dicom-audit.toml").write_text('rules = ["."]\nshow-values = true\n')
    (good / "mine.py").write_text("raise SystemExit('it ran')")
    monkeypatch.chdir(good)
    for what in (".", good, good.parent):
        refused("scan", what, "-o", "/dev/null/x", code=2, says="dicom-audit.toml is inside")
    refused("scan", "--each", "..", "-o", "/dev/null/x", code=2, says="dicom-audit.toml is inside")


# -- rules --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("def", "SyntaxError"),
        ("raise ValueError('a\\nb')", "ValueError: a"),
        ("raise ValueError", "ValueError"),
        ("import sys; sys.exit(0)", "SystemExit: 0"),
        ("def f(): f()\nf()", "RecursionError"),
    ],
)
def test_a_rule_file_that_does_not_import_is_2(
    good: Path, tmp_path: Path, text: str, says: str
) -> None:
    folder = tmp_path / "rules-of-a-test"
    folder.mkdir()
    (folder / "broken.py").write_text(text)
    for command in (("scan", good, "-o", "out"), ("rules",), ("explain", "DEID101")):
        refused(*command, "--rules", folder, code=2, says=f"broken.py does not import: {says}")
    assert not Path("out").exists()


def test_a_missing_folder_of_rules_is_2(good: Path) -> None:
    refused(
        "scan", good, "-o", "out", "--rules", "none", code=2, says="no such folder of rules: no"
    )


def test_a_folder_without_a_rule_is_2(good: Path, tmp_path: Path) -> None:
    for name in ("around", "empty"):
        (tmp_path / name).mkdir()
    # The rule is one folder further down.
    a_rule(tmp_path / "around" / "our-rules")
    for name in ("around", "empty"):
        folder = tmp_path / name
        says = f"no rule in {folder} (subfolders are not looked into)"
        for command in (("scan", good, "-o", "out"), ("rules",), ("explain", "DEID101")):
            refused(*command, "--rules", folder, code=2, says=says)
    assert not Path("out").exists()


def test_a_rule_of_an_id_that_exists_is_2(good: Path, tmp_path: Path) -> None:
    first, second = a_rule(tmp_path / "a"), a_rule(tmp_path / "b")
    arguments = ("--rules", first, "--rules", second)
    refused("scan", good, "-o", "out", *arguments, code=2, says="rule CONS901 exists twice")


@pytest.mark.parametrize(
    "body",
    [
        "raise ValueError('Quoted^Person')",
        "yield from ()\n    raise ValueError('Quoted^Person')",
        "yield Finding(instance.text('PatientName'))",  # not declared
        "yield from instance.private()",  # neither
        "yield 1",
        "raise RecursionError('Quoted^Person')",
    ],
)
def test_a_rule_that_raises_is_an_error_and_the_run_goes_on(
    good: Path, tmp_path: Path, body: str
) -> None:
    done = dicom_audit(
        "scan", good, "-o", "out", *QUIET, "--rules", a_rule(tmp_path / "raising", body)
    )
    assert done.exit_code == 3
    [line] = said(done)
    assert "rule CONS901 could not be worked out" in line
    assert "Quoted" not in done.stderr + Path("out/result.json").read_text()
    [audited] = collections()
    found = {rule.id: rule for rule in audited.rules}
    assert (found["CONS901"].outcome, found["CONS901"].errors) == ("error", 1)
    assert found["CONS901"].applicable == 0
    assert found["FILE002"].outcome == "pass"
    [category] = [each for each in audited.categories if each.id == "consistency"]
    assert category.score is None
    assert "CONS901" in category.reason
    assert audited.overall is None
    assert dicom_audit("gate", "out").exit_code == 3


COLLECTION_RULE = RULE.replace(
    'reads=("Modality",)', 'scope="collection", reads=({reads})'
).replace(
    '    reference="none",\n', '    reference="none",\n    applies=lambda facts: {applies},\n'
)


@pytest.mark.parametrize(
    ("applies", "body"),
    [
        ("Units(1)", "raise ValueError('Quoted^Person')\n    yield"),
        ("Units(1)", "yield Finding(instance.rows('SELECT PatientID FROM instances'))"),
        ("Units(1)", "yield Finding(instance.rows('SELECT kind FROM companions'))"),
        ("Units(1 // 0)", "yield Finding('x')"),
        ("None", "yield Finding('x')"),
    ],
)
def test_a_collection_rule_that_raises_is_an_error(
    good: Path, tmp_path: Path, applies: str, body: str
) -> None:
    folder = tmp_path / "raising"
    folder.mkdir()
    text = COLLECTION_RULE.format(
        id="CONS901", category="consistency", severity="error", body=body, applies=applies,
        reads='"instances.path",',
    )  # fmt: skip
    (folder / "made.py").write_text(text.replace("import Finding", "import Units, Finding"))
    done = dicom_audit("scan", good, "-o", "out", *QUIET, "--rules", folder)
    assert done.exit_code == 3
    assert "Quoted" not in done.stderr + Path("out/result.json").read_text()
    found = {rule.id: rule for rule in collections()[0].rules}
    assert found["CONS901"].outcome == "error"
    assert found["CONS003"].outcome != "error"


# -- the audit folder ---------------------------------------------------------------------


def snapshot(folder: Path) -> dict[str, tuple[Any, ...]]:
    """Return what can be told of everything in a folder, and of the folder."""
    told: dict[str, tuple[Any, ...]] = {}
    for path in (folder, *sorted(folder.rglob("*"))):
        state = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        told[str(path)] = (state.st_mode, state.st_mtime_ns, state.st_ino, state.st_size, content)
    return told


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_is_audited_is_not_changed(good: Path, tmp_path: Path, jobs: int) -> None:
    (good / "empty").mkdir()
    (good / "part.dcm").write_bytes(CT.read_bytes()[:3000])
    (good / "bare.dcm").write_bytes(CT.read_bytes()[132:])
    (good / "table.csv").write_text("a,b\n")
    (good / "link").symlink_to("1.dcm")
    a_zip(good / "more.zip", "1.dcm")
    for path in good.iterdir():
        if not path.is_symlink():
            os.utime(path, ns=(1_000_000_000, 1_000_000_000))
    before = snapshot(good)
    dicom_audit("scan", good, good / "more.zip", "-o", "out", "--jobs", jobs, "--quiet")
    assert len(collections()) == 2
    assert snapshot(good) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["good", "out"]


@pytest.mark.parametrize("where", ["good", "good/out", "good/a/b", "good/../good/out", "link/out"])
def test_an_audit_inside_the_collection_is_refused(good: Path, where: str) -> None:
    Path("link").symlink_to(good)
    before = snapshot(good)
    refused("scan", "good", "-o", where, code=2, says="must not be inside each other")
    refused("scan", "link", "-o", where, code=2, says="must not be inside each other")
    assert snapshot(good) == before


def test_an_audit_beside_the_collections_of_one_root_is_refused(good: Path) -> None:
    """The next run would take it for a collection."""
    refused("scan", "--each", good.parent, "-o", "out", code=2, says="inside each other")


def test_a_collection_inside_the_audit_folder_is_refused(good: Path) -> None:
    dicom_audit("scan", good, "-o", "out", *QUIET)
    before = snapshot(Path("out"))
    refused("scan", "out/instances", "-o", "out", code=2, says="inside each other")
    refused("scan", "out/result.json", "-o", "out", code=2, says="inside each other")
    assert snapshot(Path("out")) == before


def test_rules_inside_the_collection_are_refused(good: Path) -> None:
    """Importing them would write their bytecode there."""
    a_rule(good / "rules")
    before = snapshot(good)
    refused("scan", good, "-o", "out", "--rules", good / "rules", code=2, says="a folder of rules")
    assert snapshot(good) == before


def test_an_audit_folder_that_is_a_file_is_2(good: Path) -> None:
    Path("out").write_text("mine")
    refused("scan", good, "-o", "out", *QUIET, code=2, says="out: cannot be written (File exists)")
    refused(
        "scan", good, "-o", "out/in", *QUIET, code=2, says="cannot be written (Not a directory)"
    )
    assert Path("out").read_text() == "mine"


@pytest.mark.parametrize(
    "manifest", [None, "", "{", "[]", "[" * 5000, '{"format": "other"}', '{"name": "a web page"}']
)
def test_a_folder_that_holds_something_else_is_left_alone(good: Path, manifest: str | None) -> None:
    Path("out").mkdir()
    Path("out/report.html").write_text("mine")
    if manifest is not None:
        Path("out/manifest.json").write_text(manifest)
    before = snapshot(Path("out"))
    refused("scan", good, "-o", "out", *QUIET, code=2, says="not empty and holds no audit")
    assert snapshot(Path("out")) == before


def test_a_full_disk_is_an_incomplete_audit(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = files.replace_text

    def full(path: Path, text: str) -> None:
        if path.name == "result.json":
            raise OSError(28, "No space left on device")
        real(path, text)

    monkeypatch.setattr("auditor.result.replace_text", full)
    refused("scan", good, "-o", "out", *QUIET, code=3, says="out: cannot be written (No space left")
    assert json.loads(Path("out/manifest.json").read_text())["complete"] is False


# -- damage -------------------------------------------------------------------------------


def damaged() -> Iterator[bytes]:
    """Yield one file in many states of disrepair; the same ones each time."""
    whole = CT.read_bytes()[:6000]
    chance = random.Random(7)  # noqa: S311 - damage, not a secret
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 3, 30))):
            at = chance.randrange(128, 5000)
            data[at : at + chance.choice((0, 1, 2, 4))] = chance.randbytes(chance.choice((1, 2, 4)))
        yield bytes(data)
    for _ in range(20):
        yield whole[: chance.randrange(0, 6000)]
    yield b"\0" * 128 + b"DICM" + b"\xff" * 64
    yield b"\0" * 128 + b"DICM"
    yield b"\x08\0\5\0CS" * 400
    # Sequences in sequences, each of undefined length, deeper than any stack.
    yield whole[:400] + b"\x08\0\x15\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff" * 5000


@pytest.mark.parametrize("jobs", [1, 2])
def test_damaged_files_are_all_accounted_for(tmp_path: Path, jobs: int) -> None:
    folder = tmp_path / "damaged"
    folder.mkdir()
    files = list(damaged())
    for number, data in enumerate(files):
        (folder / f"{number:03d}.dcm").write_bytes(data)
    done = dicom_audit("scan", folder, "-o", "out", "--jobs", jobs, "--quiet")
    assert done.exit_code == 3
    assert all("Traceback" not in line for line in done.stderr.splitlines())
    counts = collections()[0].counts
    assert counts.files == len(files)
    assert counts.files == counts.dicom + counts.partial + counts.unreadable + counts.not_dicom
    # All are the start of a longer file, so none of them is whole.
    assert counts.dicom == 0
    assert counts.partial


def test_hostile_texts_are_judged_and_never_shown(good: Path) -> None:
    dataset = pydicom.dcmread(good / "1.dcm")
    dataset.PatientName = "<script>^alert"
    dataset.StudyDescription = "=cmd()"
    dataset.save_as(good / "1.dcm")
    done = dicom_audit("scan", good, "-o", "out", "--jobs", 1)
    assert done.exit_code == 0
    for file in ("result.json", "report.html"):
        text = Path("out", file).read_text()
        assert "<script>^alert" not in text
        assert "=cmd()" not in text


def test_a_rule_that_passes_is_no_error(good: Path, tmp_path: Path) -> None:
    """The counterpart of the rules that raise above."""
    dicom_audit("scan", good, "-o", "out", *QUIET, "--rules", a_rule(tmp_path / "r", FAILS))
    assert {rule.id: rule.errors for rule in collections()[0].rules}["CONS901"] == 0


# -- led astray ---------------------------------------------------------------------------


def test_a_link_in_the_audit_folder_is_not_followed(good: Path) -> None:
    elsewhere_kept = Path("kept")
    elsewhere_kept.mkdir()
    (elsewhere_kept / "clinical.parquet").write_bytes(b"mine")
    assert dicom_audit("scan", good, "-o", "out", *QUIET).exit_code == 0
    for file in Path("out/instances").iterdir():
        file.unlink()
    Path("out/instances").rmdir()
    Path("out/instances").symlink_to(elsewhere_kept.absolute())
    refused("scan", good, "-o", "out", *QUIET, code=2, says="out: instances in it is a link")
    assert [file.name for file in elsewhere_kept.iterdir()] == ["clinical.parquet"]


def test_a_report_that_is_a_link_is_replaced_and_its_target_stays(good: Path) -> None:
    assert dicom_audit("scan", good, "-o", "out", *QUIET).exit_code == 0
    Path("target").write_text("mine")
    Path("out/report.html").unlink()
    Path("out/report.html").symlink_to(Path("target").absolute())
    dicom_audit("report", "out")
    assert Path("target").read_text() == "mine"


def test_a_comparison_does_not_overwrite_what_is_no_page(good: Path) -> None:
    assert dicom_audit("scan", good, "-o", "out", *QUIET).exit_code == 0
    before = CT.read_bytes()
    Path("image.dcm").write_bytes(before)
    refused("compare", "out", "-o", "image.dcm", code=2, says="image.dcm: is there already")
    assert Path("image.dcm").read_bytes() == before


def test_a_pipe_where_a_file_belongs_does_not_hang(good: Path) -> None:
    os.mkfifo("pipe")
    refused("gate", "pipe", code=2, says="pipe")
    refused("scan", good, "-o", "out", "--profile", "pipe", code=2, says="profile pipe")
    assert dicom_audit("scan", good, "-o", "out", *QUIET).exit_code == 0
    refused("gate", "out", "--waivers", "pipe", code=2, says="waivers pipe: cannot be read (not a")
    os.mkfifo("dicom-audit.toml")
    refused("rules", code=2, says="dicom-audit.toml: cannot be read (not a regular file)")


def test_what_each_leaves_out_is_said() -> None:
    Path("root/one").mkdir(parents=True)
    Path("root/one/a.dcm").write_bytes(CT.read_bytes())
    Path("root/loose.dcm").write_bytes(CT.read_bytes())
    Path("root/.hidden").mkdir()
    done = dicom_audit("scan", "--each", "root", "-o", "out", *QUIET)
    assert "2 entries of root are no collection" in done.stderr
    Path("root/loose.dcm").unlink()
    done = dicom_audit("scan", "--each", "root", "-o", "out", *QUIET)
    assert "1 entry of root is no collection" in done.stderr
    assert "and is not audited" in done.stderr


@pytest.mark.parametrize("command", [("scan",), ("deid-diff", CT)])
def test_a_short_key_is_refused_before_anything_is_written(
    command: tuple[object, ...], good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DICOM_AUDIT_KEY", "nineteen characters")
    refused(*command, good, "-o", "out", code=2, says="DICOM_AUDIT_KEY is shorter than 20")
    assert not Path("out").exists()


def test_no_rule_raises_where_identifiers_are_missing(tmp_path: Path) -> None:
    classes = {
        "sc": "1.2.840.10008.5.1.4.1.1.7",
        "seg": "1.2.840.10008.5.1.4.1.1.66.4",
        "sr": "1.2.840.10008.5.1.4.1.1.88.33",
        "rt": "1.2.840.10008.5.1.4.1.1.481.3",
    }
    for number, (name, uid) in enumerate(classes.items(), 1):
        for with_class in (True, False):
            dataset = Dataset()
            dataset.file_meta = FileMetaDataset()
            dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            dataset.file_meta.MediaStorageSOPClassUID = UID(uid)
            dataset.file_meta.MediaStorageSOPInstanceUID = UID(f"1.2.{number}")
            if with_class:
                dataset.SOPClassUID = uid
            dataset.SOPInstanceUID = f"1.2.{number}"
            dataset.Rows, dataset.Columns = 8, 8
            folder = tmp_path / "in"
            folder.mkdir(exist_ok=True)
            dcmwrite(folder / f"{name}-{with_class}.dcm", dataset, enforce_file_format=True)
    dicom_audit("scan", tmp_path / "in", "-o", "out", *QUIET)
    [collection] = collections()
    assert {rule.id: rule.reason for rule in collection.rules if rule.outcome == "error"} == {}


def test_a_result_of_nothing_but_brackets_is_no_result(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text("[" * 200_000, encoding="utf-8")
    refused("gate", tmp_path, code=2, says="is not JSON")
