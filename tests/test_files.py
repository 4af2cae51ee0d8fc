"""`dicom-audit files` lists every file that a finding is of."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import UID

import auditor
from auditor.demo import build_demo
from auditor.paths import profiles_folder, rules_folder
from auditor.profile import read_profile
from auditor.registry import load
from auditor.result import ResultError
from auditor.scanning import Scan, Wanted
from auditor.workers import Job
from tests.test_cli import dicom_audit, elsewhere, said

__all__ = ["elsewhere"]

NAMED = ("b.dcm", "c/d.dcm")


def folder_of(
    folder: Path, named: tuple[str, ...], names: tuple[str, ...] = ("a.dcm", *NAMED)
) -> Path:
    """Slices of one series, some of which hold a name."""
    dataset = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    dataset.PatientIdentityRemoved = "YES"
    for number, name in enumerate(names, 1):
        dataset.PatientName = "Mueller^Anna" if name in named else ""
        dataset.InstanceNumber = number
        dataset.SOPInstanceUID = UID(f"1.2.3.{number}")
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        dataset.save_as(folder / name)
    return folder


def scan(*arguments: object) -> None:
    dicom_audit("scan", *arguments, "-o", "out", "--jobs", 1, "--quiet")


def test_every_file_is_listed_and_no_other(tmp_path: Path) -> None:
    scan(folder_of(tmp_path / "ct", NAMED))
    result = dicom_audit("files", "out", "deid201")
    assert (result.exit_code, result.stdout.splitlines()) == (0, list(NAMED))
    for place in ("(0010,0010)", "0010,0010", " (0010, 0010)"):
        at = dicom_audit("files", "out", "DEID201", "--tag-path", place)
        assert (at.stdout.split(), at.stderr) == ([*NAMED], "")
    for place in ("(0010,0020)", "10,10", "()"):
        result = dicom_audit("files", "out", "DEID201", "--tag-path", place)
        assert (result.exit_code, result.stdout) == (2, "")
        [line] = said(result)
        assert f"DEID201 has no finding at {place}; it has (0010,0010)" in line


def test_a_place_below_a_private_creator_may_be_written_without_brackets() -> None:
    from auditor.cli import _place_meant
    from auditor.result import GroupedFinding, RuleResult

    places = ["(0040,a730)/(0009,xx01 MAKER A)", *(f"(0010,100{n})" for n in range(6))]
    rule = RuleResult("PRIV101", "private", "error", "high", "fail", 1, 1, "instance")
    rule.findings = [GroupedFinding(place, "what is wrong", 1) for place in places]
    assert _place_meant("0040,A730/0009,xx01 maker a", [rule]) == places[0]


def test_a_rule_that_found_nothing_says_why_no_file_is_listed(tmp_path: Path) -> None:
    scan(folder_of(tmp_path / "ct", NAMED))
    for rule, outcome in (("FILE001", "pass"), ("PIX004", "not evaluated"), ("CONS001", "pass")):
        for more in ((), ("--tag-path", "0010,0010")):
            result = dicom_audit("files", "out", rule, *more)
            assert (result.exit_code, result.stdout) == (0, "")
            assert said(result) == [f"dicom-audit: {rule} has no finding: {outcome}"]


@pytest.mark.skipif(sys.platform == "win32", reason="the loop is of a POSIX shell")
def test_the_loop_of_the_page_meets_files_of_odd_names(tmp_path: Path) -> None:
    odd = ("-dash.dcm", " lead.dcm", "c/trail.dcm ", "quo'te $HOME.dcm")
    scan(folder_of(tmp_path / "ct", odd, odd))
    page = html.unescape(Path("out/report.html").read_text("utf-8"))
    loop = next(each for each in re.findall("<code>(.*?)</code>", page) if "| while" in each)
    assert loop in Path(__file__).parents[1].joinpath("docs/report.md").read_text("utf-8").replace(
        "DEID201", "RULE"
    ).replace('dcmodify -nb -m "(0010,0010)="', "COMMAND")
    program = f"'{sys.executable}' -m auditor"
    for words, meant in (
        ("dicom-audit", program),
        ("OUT", f"'{Path('out').resolve()}'"),
        ("RULE", "DEID201"),
        ("COMMAND", "ls"),
    ):
        loop = loop.replace(words, meant)
    met = subprocess.run(
        ["/bin/sh", "-c", loop], cwd=tmp_path / "ct", capture_output=True, text=True, check=True
    )
    assert met.stderr == ""
    assert sorted(met.stdout.splitlines()) == sorted(f"./{name}" for name in odd)


def test_a_rule_of_a_referee_has_files_too(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "ct", ())
    dataset = pydicom.dcmread(folder / "b.dcm")
    del dataset.ImageType
    dataset.save_as(folder / "b.dcm")
    scan(folder)
    listed = dicom_audit("files", "out", "IOD001", "--tag-path", "(0008,0008)").stdout
    assert listed.splitlines() == ["b.dcm"]


def test_of_several_collections_each_path_begins_with_its_own(tmp_path: Path) -> None:
    folder_of(tmp_path / "all" / "one", NAMED[:1])
    folder_of(tmp_path / "all" / "two", NAMED[1:])
    scan("--each", tmp_path / "all")
    assert dicom_audit("files", "out", "DEID201").stdout.split() == ["one/b.dcm", "two/c/d.dcm"]
    only = dicom_audit("files", "out", "DEID201", "--only", "two")
    # A command is run in the folder of the collection, wherever that is.
    assert only.stdout.split() == ["c/d.dcm"]
    [line] = said(dicom_audit("files", "out", "FILE001"))
    assert line.endswith("FILE001 has no finding: pass in 2 collections")


def test_a_rule_about_the_collection_that_counts_files_lists_them(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "ct", ())
    for name in ("x.txt", "c/y.txt"):
        (folder / name).touch()
    scan(folder)
    assert dicom_audit("files", "out", "FILE005").stdout.split() == ["c/y.txt", "x.txt"]
    passed = dicom_audit("files", "out", "CONS001")
    assert (passed.exit_code, passed.stdout) == (0, "")


def test_collections_of_one_name_are_told_apart_by_their_repositories(tmp_path: Path) -> None:
    folders = [folder_of(tmp_path / each / "ct", NAMED[:1]) for each in ("a", "b")]
    rules = load([rules_folder()])
    profile = read_profile(profiles_folder() / "default.toml", [each.id for each in rules.rules])
    job = Job(rules.folders, tuple(each.id for each in rules.rules), b"k" * 32)
    wanted = [Wanted(each, "ct", f"Host {each.parent.name}") for each in folders]
    Scan(tmp_path / "out", rules, profile, 1, "", quiet=True).files(wanted, job, print)
    listed = dicom_audit("files", "out", "DEID201").stdout.splitlines()
    assert listed == ["Host a/ct/b.dcm", "Host b/ct/b.dcm"]
    only = dicom_audit("files", "out", "DEID201", "--only", "Host b/ct").stdout.splitlines()
    assert only == ["b.dcm"]
    # Commands group by this column.
    tables = auditor.load(tmp_path / "out").instances()
    assert set(tables["collection"]) == {"Host a/ct", "Host b/ct"}


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("NONE1", "no rule NONE1"),
        ("CONS001", "CONS001 compares files, and the audit kept pairs of them"),
        ("CONS002", "CONS002 counts series and not files"),
        ("DEID452", "the audit kept 5 of the 6 files that DEID452 found"),
    ],
)
def test_what_has_no_list_is_said_in_one_line(tmp_path: Path, rule: str, says: str) -> None:
    folder = folder_of(tmp_path / "ct", ())
    dataset = pydicom.dcmread(folder / "a.dcm")
    dataset.StudyInstanceUID += ".1"
    dataset.save_as(folder / "copy.dcm")
    for number in range(6):
        (folder / f"{number}.pdf").write_bytes(b"%PDF-1.4\n%%EOF\n")
    scan(folder)
    result = dicom_audit("files", "out", rule)
    assert result.exit_code == 2
    [line] = said(result)
    assert says in line


def test_an_audit_that_did_not_keep_it_says_so(tmp_path: Path) -> None:
    scan(folder_of(tmp_path / "ct", NAMED))
    (tmp_path / "out" / "judged" / "0001.parquet").unlink()
    result = dicom_audit("files", "out", "DEID201")
    assert (result.exit_code, len(said(result))) == (2, 1)
    with pytest.raises(ResultError):
        auditor.load(tmp_path / "out").files("DEID201")


def test_as_many_files_are_listed_as_are_counted(tmp_path: Path) -> None:
    build_demo(tmp_path / "in")
    scan("--each", tmp_path / "in" / "careless-host")
    audit = auditor.load(tmp_path / "out")
    looked = 0
    for collection in audit.result.collections:
        for rule in collection.rules:
            if rule.scope != "instance" or rule.unit != "instance" or rule.outcome == "error":
                continue
            files = audit.files(rule.id)
            mine = files[files["collection"] == collection.name]
            assert mine["path"].nunique() == rule.failed, rule.id
            looked += rule.failed > 0
    assert looked > 20
