"""Every command, every option, every exit code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import click
import pydicom
import pytest
from click.testing import CliRunner, Result
from pydicom.data import get_testdata_file

import auditor
from auditor.cli import main
from auditor.formats import FORMATS
from auditor.model import CATEGORIES
from auditor.paths import profiles_folder, rules_folder
from auditor.registry import load, ruleset_of
from auditor.result import read_result
from auditor.standard import confidentiality, editions
from auditor.standard.tables import EDITION
from tests.sample_result import audit, careful, careless

RULE = '''
from collections.abc import Iterator

from auditor import Finding, InstanceFacts, rule


@rule(
    id="{id}",
    category="{category}",
    severity="{severity}",
    confidence="high",
    reads=("Modality",),
    reference="none",
)
def made(instance: InstanceFacts) -> Iterator[Finding]:
    """A rule of a test.

    Why it matters
    --------------
    It tests.

    How to fix
    ----------
    Not.
    """
    {body}
'''
PRIVATE = {rule.id for rule in load([rules_folder()]).rules if rule.category == "private"}

FAILS = 'yield Finding("always")'


def a_rule(folder: Path, body: str = FAILS, id: str = "CONS901", severity: str = "error") -> Path:
    """Write a folder with one rule of its own."""
    folder.mkdir()
    text = RULE.format(id=id, category="consistency", severity=severity, body=body)
    (folder / f"made_{folder.name}.py").write_text(text)
    return folder


def dicom_audit(*arguments: object) -> Result:
    """Run a command in this process; what it prints is in `stdout` and `stderr`."""
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def said(result: Result) -> list[str]:
    """Return the lines on stderr that are no progress."""
    return [line for line in result.stderr.splitlines() if line.startswith("dicom-audit: ")]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run where no configuration lies."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """Two CT slices of one series, in a folder."""
    folder = tmp_path / "ct"
    folder.mkdir()
    dataset = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    for number in (1, 2):
        dataset.SOPInstanceUID += str(number)
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.save_as(folder / f"{number}.dcm")
    return folder


@pytest.fixture
def out(collection: Path, tmp_path: Path) -> Path:
    """An audit of the collection."""
    assert dicom_audit("scan", collection, "-o", "out", "--jobs", 1, "--quiet").exit_code == 0
    return tmp_path / "out"


def outcomes(out: Path, number: int = 0) -> dict[str, str]:
    result = read_result(out / "result.json")
    return {rule.id: rule.outcome for rule in result.collections[number].rules}


# -- scan -------------------------------------------------------------------------------


def test_scan_writes_the_audit_and_prints_the_scorecard(collection: Path, tmp_path: Path) -> None:
    done = dicom_audit("scan", collection, "-o", "out", "--jobs", 1)
    assert done.exit_code == 0
    assert said(done) == []
    assert "  2 files = 2 DICOM + 0 partial + 0 unreadable + 0 not DICOM" in done.stdout
    for title in CATEGORIES.values():
        assert title in done.stdout
    written = {path.name for path in (tmp_path / "out").iterdir()}
    tables = {"instances", "references", "numbers", "companions", "keys", "frames", "masks"}
    tables |= {"entities", "extents"}
    tables |= {"elements", "findings", "judged"}
    assert written == {"result.json", "report.html", "manifest.json"} | tables
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["complete"] is True
    assert manifest["collections"] == ["ct"]
    result = read_result(tmp_path / "out" / "result.json")
    assert result.tool.standard_edition == EDITION
    assert result.tool.confidentiality_edition == confidentiality.EDITION
    assert result.tool.ruleset == ruleset_of(load([rules_folder()]))


def test_without_patient_ids_nobody_knows_the_patients(collection: Path, tmp_path: Path) -> None:
    for file in collection.iterdir():
        dataset = pydicom.dcmread(file)
        dataset.PatientID = ""
        dataset.save_as(file)
    done = dicom_audit("scan", collection, "-o", "out", "--jobs", 1)
    assert "patients not known, as no object has a Patient ID" in done.stdout
    assert "0 patients" not in done.stdout
    of_patients = {"CONS003", "CONS004", "CONS021", "DEID501", "DEID502"}
    found = outcomes(tmp_path / "out")
    assert {found[rule_id] for rule_id in of_patients} == {"not_evaluated"}
    page = (tmp_path / "out" / "report.html").read_text()
    assert "not known" in page
    assert "Patients are not known: no object has a Patient ID." in page


def test_scan_is_quiet_when_asked(collection: Path) -> None:
    done = dicom_audit("scan", collection, "-o", "out", "--jobs", 1, "--quiet")
    assert (done.stdout, done.stderr) == ("", "")


def test_each_path_is_a_collection_of_its_own_name(collection: Path) -> None:
    other = collection.parent / "more" / "ct"
    other.mkdir(parents=True)
    (other / "1.dcm").write_bytes((collection / "1.dcm").read_bytes())
    alone = collection / "1.dcm"
    dicom_audit("scan", collection, other, alone, "-o", "out", "--jobs", 1, "--repository", "Host")
    collections = read_result(Path("out/result.json")).collections
    assert [each.name for each in collections] == ["ct", "ct (2)", "1.dcm"]
    assert [each.counts.files for each in collections] == [2, 1, 1]
    assert {each.repository for each in collections} == {"Host"}


def test_name_is_for_one_collection(collection: Path) -> None:
    dicom_audit("scan", collection, "-o", "out", "--jobs", 1, "--name", "Named \x1b[31m")
    assert read_result(Path("out/result.json")).collections[0].name == "Named \\x1b[31m"
    done = dicom_audit("scan", collection, collection, "-o", "o2", "--name", "Named")
    assert done.exit_code == 2
    assert len(said(done)) == 1


def test_every_subfolder_is_a_collection(collection: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    for name in ("b", "a", ".hidden"):
        (root / name).mkdir()
        (root / name / "1.dcm").write_bytes((collection / "1.dcm").read_bytes())
    (root / "loose.dcm").write_bytes((collection / "1.dcm").read_bytes())
    assert dicom_audit("scan", "--each", root, "-o", "out", "--jobs", 1).exit_code == 0
    collections = read_result(Path("out/result.json")).collections
    assert [each.name for each in collections] == ["a", "b"]


def test_two_processes_give_the_result_of_one(collection: Path, tmp_path: Path) -> None:
    texts = []
    for jobs in (1, 2):
        dicom_audit("scan", collection, "-o", f"out{jobs}", "--jobs", jobs, "--quiet")
        plain = json.loads((tmp_path / f"out{jobs}" / "result.json").read_text())
        plain["tool"].update(elapsed_s=0, started="")
        texts.append(json.dumps(plain))
    assert texts[0] == texts[1]


def test_more_rules_are_loaded_and_change_the_rule_set(collection: Path, tmp_path: Path) -> None:
    more = ("--rules", a_rule(tmp_path / "mine"), "--rules", a_rule(tmp_path / "m2", id="CONS902"))
    dicom_audit("scan", collection, "-o", "out", "--jobs", 1, *more)
    assert outcomes(Path("out"))["CONS901"] == outcomes(Path("out"))["CONS902"] == "fail"
    ruleset = read_result(Path("out/result.json")).tool.ruleset
    assert ruleset != ruleset_of(load([rules_folder()]))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--select", "DEID101", "--select", "FILE002"), {"FILE002", "DEID101"}),
        (("--select", "private"), PRIVATE),
        (("--select", "private", "--ignore", "PRIV002"), PRIVATE - {"PRIV002"}),
    ],
)
def test_rules_are_selected(collection: Path, options: tuple[str, ...], expected: set[str]) -> None:
    dicom_audit("scan", collection, "-o", "out", "--jobs", 1, *options)
    assert set(outcomes(Path("out"))) == expected
    assert read_result(Path("out/result.json")).tool.ruleset != ruleset_of(load([rules_folder()]))


def test_a_category_can_be_ignored(collection: Path) -> None:
    dicom_audit("scan", collection, "-o", "out", "--jobs", 1, "--ignore", "iod")
    categories = {
        rule.category for rule in read_result(Path("out/result.json")).collections[0].rules
    }
    assert categories
    assert "iod" not in categories


def test_rules_that_were_switched_off_are_known_by_category(collection: Path) -> None:
    ignored = ("--ignore", "FILE001", "--ignore", "FILE002", "--ignore", "private")
    dicom_audit("scan", collection, "-o", "out", "--jobs", 1, *ignored)
    (made,) = read_result(Path("out/result.json")).collections
    left_out = {each.id: each.rules_left_out for each in made.categories if each.rules_left_out}
    assert left_out == {"integrity": 2, "private": len(PRIVATE)}
    assert made.rules_left_out == 2 + len(PRIVATE)
    passing = dicom_audit("gate", "out", "--min-score", "integrity=0", "--min-coverage", "iod=0")
    assert passing.exit_code == 3
    assert "2 rules of integrity were switched off" in passing.stderr


@pytest.mark.parametrize(
    "options",
    [
        ("--select", "NONE001"),
        ("--ignore", "no-category"),
        ("--select", "private", "--ignore", "private"),
    ],
)
def test_a_selection_that_means_nothing_is_refused(
    collection: Path, options: tuple[str, ...]
) -> None:
    done = dicom_audit("scan", collection, "-o", "out", *options)
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1
    assert not Path("out").exists()


def a_profile(path: Path, change: str = "", to: str = "") -> Path:
    from auditor.paths import profiles_folder

    text = (profiles_folder() / "default.toml").read_text()
    assert change in text
    path.write_text(text.replace(change, to, 1))
    return path


def test_a_profile_re_levels_and_weighs(collection: Path, tmp_path: Path) -> None:
    profile = a_profile(tmp_path / "p.toml", "[severities]", '[severities]\nCONS901 = "info"')
    more = ("--rules", a_rule(tmp_path / "mine"))
    options = ("-o", "out", "--jobs", 1, *more, "--fail-on", "warning", "--ignore", "DEID104")
    assert dicom_audit("scan", collection, *options).exit_code == 1
    done = dicom_audit("scan", collection, *options, "--profile", profile)
    assert done.exit_code == 0, done.stderr
    found = {rule.id: rule for rule in read_result(Path("out/result.json")).collections[0].rules}
    assert (found["CONS901"].severity, found["CONS901"].weight) == ("info", 0)


@pytest.mark.parametrize(
    ("severity", "fail_on", "code"),
    [
        ("error", None, 0),
        ("error", "error", 1),
        ("warning", "error", 0),
        ("warning", "warning", 1),
        ("info", "warning", 0),
    ],
)
def test_fail_on_decides_the_exit_code(
    collection: Path, tmp_path: Path, severity: str, fail_on: str | None, code: int
) -> None:
    more = ("--rules", a_rule(tmp_path / "mine", severity=severity), "--select", "CONS901")
    level = ("--fail-on", fail_on) if fail_on else ()
    done = dicom_audit("scan", collection, "-o", "out", "--jobs", 1, *more, *level)
    assert done.exit_code == code
    assert len(said(done)) == code
    if code:
        assert f"CONS901 ({severity}) failed on 2 of 2 object" in said(done)[0]


def test_a_second_scan_replaces_the_first(collection: Path, out: Path) -> None:
    (collection / "2.dcm").unlink()
    dicom_audit("scan", collection / "1.dcm", collection, "-o", out, "--jobs", 1)
    assert len(list((out / "instances").iterdir())) == 2
    dicom_audit("scan", collection, "-o", out, "--jobs", 1)
    assert len(list((out / "instances").iterdir())) == 1
    assert read_result(out / "result.json").collections[0].counts.files == 1


def test_show_values_is_loud(collection: Path) -> None:
    loud = dicom_audit("scan", collection, "-o", "out", "--jobs", 1, "--quiet", "--show-values")
    assert loud.exit_code == 0
    assert "WARNING: --show-values" in loud.stderr
    assert "persons" in loud.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("scan",),
        ("scan", "-o", "out"),
        ("scan", "ct", "--each", "ct", "-o", "out"),
        ("scan", "ct"),
        ("scan", "ct", "-o", "out", "--jobs", "0"),
        ("scan", "ct", "-o", "out", "--fail-on", "never"),
        ("scan", "ct", "-o", "out", "--no-such-option"),
        ("gate",),
        ("gate", "nothing"),
        ("report", "nothing"),
        ("report", "ct"),
        ("compare", "-o", "x.html"),
        ("compare", "nothing", "-o", "x.html"),
        ("explain",),
        ("explain", "NONE001"),
        ("rules", "--rules", "nothing"),
        ("no-such-command",),
    ],
)
def test_a_mistake_in_the_command_is_2(collection: Path, arguments: tuple[str, ...]) -> None:
    assert collection.name == "ct"
    done = dicom_audit(*arguments)
    assert done.exit_code == 2
    assert done.stderr
    assert "Traceback" not in done.stderr
    assert not Path("out").exists()
    assert not Path("x.html").exists()


# -- configuration ----------------------------------------------------------------------


def test_options_come_from_a_file(collection: Path, tmp_path: Path) -> None:
    a_rule(tmp_path / "mine")
    a_profile(tmp_path / "mine.toml", 'name = "default"', 'name = "mine"')
    Path("dicom-audit.toml").write_text(
        'repository = "Host"\njobs = 1\nrules = ["mine"]\nselect = ["CONS901", "private"]\n'
        'ignore = ["PRIV002"]\nprofile = "mine.toml"\nfail-on = "error"\nquiet = true\n'
        "show-values = true\n"
    )
    done = dicom_audit("scan", collection, "-o", "out")
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "WARNING" in done.stderr
    result = read_result(Path("out/result.json"))
    assert result.tool.profile.startswith("mine (")
    assert result.collections[0].repository == "Host"
    assert set(outcomes(Path("out"))) == {"CONS901"} | PRIVATE - {"PRIV002"}


def test_the_command_line_wins(collection: Path, tmp_path: Path) -> None:
    a_rule(tmp_path / "mine")
    Path("dicom-audit.toml").write_text(
        'repository = "Host"\nrules = ["mine"]\nselect = ["CONS901"]\nfail-on = "warning"\n'
        "quiet = true\nshow-values = true\njobs = 1\n"
    )
    options = ("--repository", "Other", "--select", "FILE002", "--fail-on", "error")
    done = dicom_audit("scan", collection, "-o", "out", *options, "--no-quiet", "--no-show-values")
    assert done.exit_code == 0
    assert "File integrity" in done.stdout
    assert "WARNING" not in done.stderr
    assert set(outcomes(Path("out"))) == {"FILE002"}
    assert read_result(Path("out/result.json")).collections[0].repository == "Other"


def test_other_commands_follow_the_same_file(collection: Path, tmp_path: Path) -> None:
    a_rule(tmp_path / "mine")
    Path("dicom-audit.toml").write_text('rules = ["mine"]\nfail-on = "warning"\njobs = 1\n')
    assert "CONS901" in dicom_audit("rules").stdout
    assert dicom_audit("explain", "CONS901").exit_code == 0
    dicom_audit("scan", collection, "-o", "out", "--select", "CONS901", "--fail-on", "error")
    a_profile(tmp_path / "mine.toml", "[severities]", '[severities]\nCONS901 = "warning"')
    # The audit's own rules may be named in a profile although gate loads none of them.
    assert dicom_audit("gate", "out", "--profile", "mine.toml").exit_code == 1


def test_pyproject_is_read_where_there_is_no_file_of_its_own(collection: Path) -> None:
    Path("pyproject.toml").write_text('[tool.dicom-audit]\nrepository = "Project"\n')
    dicom_audit("scan", collection, "-o", "out", "--jobs", 1)
    assert read_result(Path("out/result.json")).collections[0].repository == "Project"


# -- report, compare, gate ----------------------------------------------------------------


def test_report_writes_the_page_again(out: Path) -> None:
    page = out / "report.html"
    before = page.read_bytes()
    page.unlink()
    done = dicom_audit("report", out)
    assert done.exit_code == 0
    assert Path(done.stdout.strip()) == page
    assert page.read_bytes() == before


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_report_replaces_the_one_before(name: str, out: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("not ours", encoding="utf-8")
    command = ["report", str(out), "--format", name, "-o", str(tmp_path / "reports")]
    for _ in range(2):
        assert CliRunner().invoke(main, command).exit_code == 0
    (written,) = (tmp_path / "reports").iterdir()
    written.unlink()
    written.symlink_to(elsewhere)
    assert CliRunner().invoke(main, command).exit_code == 0
    assert elsewhere.read_text(encoding="utf-8") == "not ours"


def test_a_page_of_somebody_else_is_not_replaced(out: Path, tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    page.write_text("<!DOCTYPE html><p>mine", encoding="utf-8")
    answer = CliRunner().invoke(main, ["compare", str(out), "-o", str(page)])
    assert answer.exit_code == 2
    assert page.read_text(encoding="utf-8") == "<!DOCTYPE html><p>mine"
    page.unlink()
    for _ in range(2):
        assert CliRunner().invoke(main, ["compare", str(out), "-o", str(page)]).exit_code == 0


def test_report_takes_a_result_without_its_folder(out: Path, tmp_path: Path) -> None:
    (tmp_path / "sent").mkdir()
    alone = tmp_path / "sent" / "site-1.json"
    alone.write_bytes((out / "result.json").read_bytes())
    assert dicom_audit("report", alone).exit_code == 0
    assert (tmp_path / "sent" / "report.html").is_file()


def test_report_of_one_collection_of_many(tmp_path: Path) -> None:
    collections = [
        replace(each, name=name, repository=repository)
        for each, name, repository in (
            (careful(), "a", "X"),
            (careless(), "b", "X"),
            (careful(), "b", "Y"),
        )
    ]
    audit(*collections).write(tmp_path / "result.json")
    whole = tmp_path / "result.json"
    one = json.loads(
        dicom_audit("report", whole, "--format", "json", "--only", "a", "-o", "-").stdout
    )
    assert [each["name"] for each in one["collections"]] == ["a"]
    dicom_audit("report", whole, "--only", "Y/b", "-o", tmp_path / "one")
    page = (tmp_path / "one" / "report.html").read_text("utf-8")
    assert "No obstacle to release" in page
    assert "Not ready for release" not in page


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--only", "c", "-o", "-"), "has no collection c"),
        (("--only", "b", "-o", "-"), "several are called b"),
        (("--only", "a"), "needs -o"),
    ],
)
def test_report_of_no_one_collection_is_2(
    arguments: tuple[str, ...], why: str, tmp_path: Path
) -> None:
    collections = [replace(careful(), name=name) for name in ("a", "b", "b")]
    audit(*collections).write(tmp_path / "result.json")
    result = dicom_audit("report", tmp_path / "result.json", *arguments)
    assert result.exit_code == 2
    assert why in result.stderr
    assert not (tmp_path / "report.html").exists()


def test_report_prints_the_result(out: Path) -> None:
    done = dicom_audit("report", out, "--format", "json")
    assert done.exit_code == 0
    assert json.loads(done.stdout) == json.loads((out / "result.json").read_text())


def test_compare_writes_one_page(out: Path) -> None:
    done = dicom_audit("compare", out, out, "-o", "side-by-side.html")
    assert done.exit_code == 0
    assert done.stdout.strip() == "side-by-side.html"
    assert "ct" in Path("side-by-side.html").read_text()


@pytest.mark.parametrize("page", ["missing/page.html", "out"])
def test_a_page_that_cannot_be_written_is_2(out: Path, page: str) -> None:
    done = dicom_audit("compare", out, "-o", page)
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1


def test_gate_decides_from_the_result_alone(collection: Path, tmp_path: Path) -> None:
    more = ("--rules", a_rule(tmp_path / "mine", severity="warning"))
    dicom_audit("scan", collection, "-o", "out", "--jobs", 1, *more, "--select", "CONS901")
    assert dicom_audit("gate", "out").exit_code == 0
    assert dicom_audit("gate", "out", "--fail-on", "warning").exit_code == 1


def test_gate_takes_its_limit_from_the_profile(collection: Path, tmp_path: Path) -> None:
    half = collection / "2.dcm"
    half.write_bytes(half.read_bytes()[:2000])
    lenient = a_profile(
        tmp_path / "lenient.toml", "unreadable_share = 0.01", "unreadable_share = 1"
    )
    scan = ("scan", collection, "-o", "out", "--jobs", 1)
    assert dicom_audit(*scan).exit_code == 3
    assert dicom_audit(*scan, "--profile", lenient, "--ignore", "FILE002").exit_code == 0
    # The limit that the audit was made with goes with it; --profile names another.
    assert dicom_audit("gate", "out").exit_code == 0
    strict = a_profile(tmp_path / "strict.toml", "unreadable_share = 0.01", "unreadable_share = 0")
    assert dicom_audit("gate", "out", "--profile", strict).exit_code == 3
    assert dicom_audit("gate", "out", "--profile", lenient).exit_code == 0


def test_gate_prints_a_foreign_result_as_text(out: Path) -> None:
    text = (out / "result.json").read_text()
    title = "The object does not say"
    assert title in text
    (out / "result.json").write_text(text.replace(title, "\\u001b[31m\\nfake: "))
    done = dicom_audit("gate", out, "--fail-on", "warning")
    assert done.exit_code == 1
    assert "⟨U+001B⟩[31m fake: " in done.stderr
    assert all(line.startswith("dicom-audit: ") for line in done.stderr.splitlines())


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": "other/1"}', "\0"])
def test_what_is_no_result_is_2(out: Path, text: str) -> None:
    (out / "result.json").write_text(text)
    for command in (("gate", out), ("report", out), ("compare", out, "-o", "x.html")):
        done = dicom_audit(*command)
        assert done.exit_code == 2
        assert len(done.stderr.splitlines()) == 1


# -- rules, explain, standard, demo -------------------------------------------------------


def test_rules_are_listed() -> None:
    done = dicom_audit("rules")
    assert done.exit_code == 0
    listed = [line.split()[0] for line in done.stdout.splitlines()]
    assert listed == [rule.id for rule in load([rules_folder()]).rules]


@pytest.mark.parametrize("name", ["DEID101", "deid101"])
def test_a_rule_is_explained(name: str) -> None:
    done = dicom_audit("explain", name)
    assert done.exit_code == 0
    for part in ("DEID101", "Why it matters:", "How to fix:", "Reads:", "Reference: PS3"):
        assert part in done.stdout


def test_the_edition_in_use_is_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    done = dicom_audit("standard")
    assert (done.exit_code, done.stdout) == (0, f"{EDITION} (in use)\n")


def test_an_edition_that_cannot_be_fetched_is_2() -> None:
    done = dicom_audit("standard", "--fetch", "yesterday")
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1


def test_an_edition_is_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from auditor.standard.iods import IodTable

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(editions, "fetch_edition", lambda edition: IodTable(edition, {}, {}))
    done = dicom_audit("standard", "--fetch", "2026a")
    assert done.exit_code == 0
    assert done.stdout.startswith("2026a is in ")


def test_demo_writes_a_comparison_and_prints_where() -> None:
    done = dicom_audit("demo", "-o", "demo", "--jobs", 1)
    assert done.exit_code == 0
    page = Path("demo/comparison.html")
    assert done.stdout.splitlines()[-1] == str(page)
    text = page.read_text()
    result = read_result(Path("demo/audit/result.json"))
    repositories = {each.repository for each in result.collections}
    assert repositories == {"Careful Archive", "Careless Host", "pydicom"}
    assert all(name in text for name in repositories)
    # What its segmentations hold was counted by a rule set, and not by a test.
    assert "What is segmented" in Path("demo/audit/report.html").read_text("utf-8")


# -- all of them --------------------------------------------------------------------------


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_explains_itself_and_every_option(command: str) -> None:
    done = dicom_audit(command, "--help")
    assert done.exit_code == 0
    assert main.commands[command].help
    options = [each for each in main.commands[command].params if isinstance(each, click.Option)]
    assert [option.name for option in options if not option.help] == []


def test_the_list_of_commands_fits_80_columns() -> None:
    done = CliRunner().invoke(main, ["--help"], terminal_width=80)
    assert done.exit_code == 0
    listed = done.stdout.partition("Commands:")[2]
    assert all(name in listed for name in main.commands)
    assert "..." not in listed


def test_a_pipe_that_nobody_reads_is_no_verdict(collection: Path) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    with os.fdopen(writes, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "auditor", "scan", collection, "-o", "out", "--jobs", "1"],
            stdout=closed,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
            check=False,
        )
    assert done.returncode == 3, done.stderr


def test_ids_of_rules_are_taken_in_small_letters_too(out: Path, collection: Path) -> None:
    assert dicom_audit("gate", out, "--require", "file001").exit_code == 0
    assert dicom_audit("explain", "file001").stdout.startswith("FILE001")
    scan = ("scan", collection, "-o", "few", "--jobs", 1, "--quiet")
    assert dicom_audit(*scan, "--select", "file001,integrity", "--ignore", "file005").exit_code == 0
    assert "FILE005" not in outcomes(Path("few"))
    Path("w.toml").write_text(
        '[[waiver]]\nrule = "deid104"\nreason = "r"\nowner = "o"\nexpires = 2999-01-01\n'
    )
    assert dicom_audit("gate", out, "--waivers", "w.toml").exit_code in (0, 1)
    text = (profiles_folder() / "default.toml").read_text()
    Path("p.toml").write_text(text.replace("[severities]\n", '[severities]\nfile005 = "error"\n'))
    assert dicom_audit(*scan, "--profile", "p.toml").exit_code == 0


def test_explain_tells_how_a_rule_of_ones_own_is_found(tmp_path: Path) -> None:
    done = dicom_audit("explain", "CONS901")
    assert done.exit_code == 2
    assert said(done)[0].endswith("; of rules of your own, give --rules FOLDER")
    own = a_rule(tmp_path / "own")
    assert dicom_audit("explain", "cons901", "--rules", own).exit_code == 0


def test_a_defect_ends_with_3_and_without_a_value(
    collection: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("Quoted^Person")

    monkeypatch.setattr("auditor.terminal.summarise", broken)
    done = dicom_audit("scan", collection, "-o", "out", "--jobs", 1)
    assert done.exit_code == 3
    assert "Quoted" not in done.stdout + done.stderr
    assert re.search(r"ValueError at cli\.py:\d+", said(done)[0])


def test_an_interrupted_audit_is_incomplete(
    collection: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("auditor.judging.judge_collection", interrupt)
    done = dicom_audit("scan", collection, "-o", "out", "--jobs", 1)
    assert done.exit_code == 3
    assert json.loads(Path("out/manifest.json").read_text())["complete"] is False
    assert dicom_audit("gate", "out").exit_code == 2


def test_a_terminal_that_lacks_letters_is_no_reason_to_end(
    collection: Path, tmp_path: Path
) -> None:
    named = collection.rename(tmp_path / "\u6771\u4eac")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    environment["PYTHONPATH"] = str(Path(auditor.__file__).parents[1])
    command = [sys.executable, "-m", "auditor", "scan", str(named), "-o", "out", "--jobs", "1"]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"\\u6771" in done.stdout


def test_the_result_says_how_it_was_made_and_not_where(collection: Path, tmp_path: Path) -> None:
    options = ("--name", "a b", "--select", "FILE001", "--select", "references", "--no-show-values")
    dicom_audit("scan", collection, "-o", "out", "--quiet", *options)
    command = read_result(tmp_path / "out" / "result.json").tool.command
    wanted = "--name 'a b' --select FILE001 --select references --no-show-values"
    assert command == f"dicom-audit scan {collection.name} {wanted}"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a full device")
@pytest.mark.parametrize(
    ("arguments", "code"), [(["rules"], 0), (["rules", "--nope"], 2), (["explain", "NO1"], 2)]
)
def test_a_process_ends_with_the_code_of_its_command(arguments: list[str], code: int) -> None:
    """It ends at once, and what it said must have been written by then."""
    command = [sys.executable, "-m", "auditor", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == code
    assert done.stdout if code == 0 else done.stderr
    with Path("/dev/full").open("wb") as full:
        unheard = subprocess.run(
            command, env=environment, stdout=full, stderr=subprocess.DEVNULL, check=False
        )
    # What nobody could read is no verdict.
    assert unheard.returncode == (3 if code == 0 else code)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a full device")
def test_what_cannot_be_said_is_no_verdict(collection: Path) -> None:
    """Exit code 1 is that of a gate that failed, and of nothing else."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    scan = f"scan {collection} -o out --jobs 1 --select FILE006 --fail-on error"
    for command, code in (
        (f"{scan} >/dev/null 2>/dev/full", 3),
        ("rules >&-", 0),
        ("rules >&- 2>&-", 0),
        ("rules >/dev/full 2>/dev/full", 3),
    ):
        done = subprocess.run(
            ["/bin/sh", "-c", f"{sys.executable} -m auditor {command}"],
            env=environment,
            capture_output=True,
            check=False,
        )
        assert done.returncode == code, command
        assert b"Traceback" not in done.stdout + done.stderr
    done = subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} -m auditor rules >/dev/full"],
        env=environment,
        capture_output=True,
        check=False,
    )
    assert b"cannot be read or written: No space left on device" in done.stderr
