"""Every format: valid in its own terms, inert whatever is in it, and as true as the result."""

from __future__ import annotations

import csv
import io
import json
import lzma
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import junitparser
import pandas as pd
import pytest
from click.testing import CliRunner
from jsonschema import Draft4Validator
from pyarrow import parquet

import auditor
from auditor.cli import main
from auditor.diff import compare
from auditor.formats import FORMATS
from auditor.formats.markdown import MOST_BYTES
from auditor.formats.sarif import uri
from auditor.frames import FAILURES, load
from auditor.model import CATEGORIES
from auditor.result import AuditResult, ResultError, WaiverResult
from tests.audits import Found, write
from tests.sample_result import (
    NASTY,
    SAMPLES,
    audit,
    careful,
    careless,
    collection,
    hostile_audit,
    rule,
)

HERE = Path(__file__).parent
SARIF = Draft4Validator(
    json.loads(lzma.decompress((HERE / "sarif-2.1.0.schema.json.xz").read_bytes())),
    format_checker=Draft4Validator.FORMAT_CHECKER,
)
DAY = date(2026, 1, 1)
SMALL = sorted(set(SAMPLES) - {"huge"})


def waived_audit() -> AuditResult:
    """Build an audit of which one rule is waived in full and one in part."""
    result = audit(careless())
    by_id = {each.id: each for each in result.collections[0].rules}
    for found in by_id["DEID101"].findings:
        found.waived = found.count
    by_id["PRIV101"].findings[0].waived = 1
    result.waivers = [
        WaiverResult("DEID101", {}, "a phantom", "data steward", "2027-01-01", "used", 18_340),
        WaiverResult("SEG101", {"collection": "x"}, "r", "o", "2027-01-01", "unmatched"),
    ]
    return result


def report(name: str, result: AuditResult) -> str:
    return FORMATS[name].report(result).decode("utf-8-sig")


# -- the command --------------------------------------------------------------------------


def test_all_formats_are_written_beside_the_result(tmp_path: Path) -> None:
    write(tmp_path / "a", [Found("DEID201", 1)])
    done = CliRunner().invoke(
        main, ["report", str(tmp_path / "a"), "--format", ",".join(set(FORMATS) - {"json"})]
    )
    assert done.exit_code == 0
    printed = {Path(line) for line in done.stdout.splitlines()}
    expected = {form.file("report") for name, form in FORMATS.items() if name != "json"}
    assert {path.name for path in printed} == expected
    assert all(path.parent == tmp_path / "a" and path.stat().st_size for path in printed)


def test_one_format_is_printed_or_written_elsewhere(tmp_path: Path) -> None:
    write(tmp_path / "a", [])
    base = ["report", str(tmp_path / "a"), "--format"]
    printed = CliRunner().invoke(main, [*base, "markdown", "-o", "-"])
    assert printed.stdout.startswith("## DICOM audit")
    assert CliRunner().invoke(main, [*base, "markdown,csv", "-o", "-"]).exit_code == 2
    written = CliRunner().invoke(main, [*base, "json,csv", "-o", str(tmp_path / "new" / "b")])
    assert written.exit_code == 0
    names = {path.name for path in (tmp_path / "new" / "b").iterdir()}
    assert names == {"report.json", "report.csv"}


@pytest.mark.parametrize("value", ["pdf", "html,pdf", "html;csv"])
def test_an_unknown_format_is_2(tmp_path: Path, value: str) -> None:
    write(tmp_path / "a", [])
    done = CliRunner().invoke(main, ["report", str(tmp_path / "a"), "--format", value])
    assert done.exit_code == 2
    assert "is none of json, html, sarif" in done.stderr


def test_a_second_audit_takes_away_the_reports_of_the_first(tmp_path: Path) -> None:
    write(tmp_path / "a", [Found("DEID201", 1)])
    CliRunner().invoke(main, ["report", str(tmp_path / "a"), "--format", ",".join(FORMATS)])
    (tmp_path / "a" / "report.json").touch()
    write(tmp_path / "a", [])
    assert not list((tmp_path / "a").glob("report*"))


# -- what all have in common -----------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("sample", SMALL)
def test_the_same_result_gives_the_same_bytes(name: str, sample: str) -> None:
    first, second = (FORMATS[name].report(SAMPLES[sample]()) for _ in range(2))
    assert first == second
    assert first


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"json", "parquet"}))
def test_no_character_of_a_hostile_name_acts(name: str) -> None:
    text = FORMATS[name].report(hostile_audit()).decode("utf-8-sig")
    for bad in ("\x1b", "\u202e", "\u200b", "\0", "\ud800"):
        assert bad not in text
    # JSON and CSV are no markup; whoever shows them escapes them.
    if name not in ("sarif", "codequality", "csv"):
        assert "<script>alert" not in text
        assert "<img" not in text


@pytest.mark.parametrize("name", FORMATS)
def test_a_change_can_be_written_in_every_format(name: str, tmp_path: Path) -> None:
    old = write(tmp_path / "a", [Found("DEID201", 1, 3), Found("IOD001", 1, message="gone")])
    new = write(tmp_path / "b", [Found("DEID201", 2, 4), Found("DEID201", 1, 3)])
    written = FORMATS[name].diff(compare(old, new, (), DAY))
    if name == "parquet":
        table = parquet.read_table(io.BytesIO(written)).to_pylist()
        assert [(each["state"], each["new"], each["fixed"]) for each in table] == [
            ("new", 4, 0), ("fixed", 0, 1),
        ]  # fmt: skip
    else:
        assert b"DEID201" in written or name == "multiqc"
    assert written == FORMATS[name].diff(compare(old, new, (), DAY))


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"json", "parquet"}))
def test_no_character_of_a_hostile_change_acts(name: str, tmp_path: Path) -> None:
    # Tables hold no lone surrogates: the reader of names writes them as an escape.
    nasty = [text for text in NASTY if text.isprintable() or "\ud800" not in text]
    found = [Found("DEID201", 1, path=text, message=text, tag_path=text) for text in nasty]
    old = write(tmp_path / "a", [])
    diff = compare(
        old, write(tmp_path / "b", [*found, Found("DEID201", 1, message="\x1b[31m")]), (), DAY
    )
    text = FORMATS[name].diff(replace(diff, notes=tuple(nasty))).decode("utf-8-sig")
    assert "\x1b" not in text
    if name not in ("sarif", "codequality", "csv"):
        assert "<script>alert" not in text
        assert "<img" not in text


def test_a_page_is_green_only_if_nothing_can_be_hidden(tmp_path: Path) -> None:
    known = [Found("DEID201", 1)]
    old = write(tmp_path / "a", known)
    for tone, new in {
        "ok": write(tmp_path / "same", known),
        "warning": write(tmp_path / "more", known * 2),
        "unknown": write(tmp_path / "unseen", [], ran=("IOD001",)),
    }.items():
        page = FORMATS["html"].diff(compare(old, new, (), DAY)).decode()
        assert f'class="verdict small t-{tone}"' in page
    unasked = write(tmp_path / "unsought", [], ran=("IOD001",))
    page = FORMATS["html"].diff(compare(unasked, old, (), DAY)).decode()
    assert 'class="verdict small t-unknown"' in page
    assert "1 not looked for before" in page
    keyless = write(tmp_path / "keyless", known, key="")
    assert b"small t-unknown" in FORMATS["html"].diff(compare(old, keyless, (), DAY))


# -- SARIF ---------------------------------------------------------------------------------


def sarif(result: AuditResult) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(report("sarif", result))
    SARIF.validate(log)
    return dict(log["runs"][0])


def test_the_schema_can_refuse() -> None:
    log = json.loads(report("sarif", audit(careless())))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert not SARIF.is_valid(log)


@pytest.mark.parametrize("sample", SMALL)
def test_sarif_is_valid_and_complete(sample: str) -> None:
    result = SAMPLES[sample]()
    run = sarif(result)
    rules = run["tool"]["driver"]["rules"]
    failing = [
        (one.id, found.message)
        for each in result.collections
        for one in each.rules
        if one.failed
        for found in one.findings
    ]
    assert len(run["results"]) == len(failing)
    for each in run["results"]:
        assert each["level"] in ("error", "warning", "note")
        assert rules[each["ruleIndex"]]["id"] == each["ruleId"]
        assert each["partialFingerprints"]
        # Code scanning refuses a result without a file.
        where = each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert not re.match(r"[a-z]+:|/|\.\./", where)
    for one in rules:
        assert one["help"]["text"]
        assert one["help"]["markdown"]


def test_sarif_levels_are_those_of_the_rules() -> None:
    levels = {each["ruleId"]: each["level"] for each in sarif(audit(careless()))["results"]}
    assert levels["DEID101"] == "error"
    assert levels["DEID103"] == "warning"
    assert levels["ANNO101"] == "note"


def test_a_fingerprint_survives_moved_files_and_tells_findings_apart() -> None:
    first, moved = audit(careless()), audit(careless())
    for one in moved.collections[0].rules:
        for found in one.findings:
            found.examples = ["elsewhere.dcm"]
            found.count += 1
    prints = [
        [each["partialFingerprints"]["dicomAuditFinding/v1"] for each in sarif(result)["results"]]
        for result in (first, moved)
    ]
    assert sorted(prints[0]) == sorted(prints[1])
    assert len(set(prints[0])) == len(prints[0])


def test_what_is_waived_is_suppressed() -> None:
    suppressed = {
        each["ruleId"]: each["suppressions"][0]
        for each in sarif(waived_audit())["results"]
        if "suppressions" in each
    }
    assert set(suppressed) == {"DEID101"}
    assert suppressed["DEID101"]["status"] == "accepted"
    assert "a phantom (data steward, until 2027-01-01)" in suppressed["DEID101"]["justification"]


def test_an_incomplete_audit_is_no_success() -> None:
    for result, complete in (
        (audit(careful()), True),
        (audit(careless()), False),
        (SAMPLES["empty"](), False),
        (SAMPLES["nothing"](), False),
    ):
        [invocation] = sarif(result)["invocations"]
        assert invocation["executionSuccessful"] is complete
        assert bool(invocation["toolExecutionNotifications"]) is not complete


def test_code_scanning_takes_so_many_results_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.formats.sarif.MOST", 3)
    run = sarif(audit(careless()))
    assert [each["level"] for each in run["results"]] == ["error"] * 3
    said = run["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"]
    assert "results of the lowest level are left out" in said


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a b/ü.dcm", "a%20b/%C3%BC.dcm"),
        ("/etc/passwd", "etc/passwd"),
        ("../../x", "x"),
        ("javascript:alert(1)", "javascript%3Aalert%281%29"),
        ("a/./b//c", "a/b/c"),
        ("..", "."),
        ("", "."),
    ],
)
def test_a_place_is_relative_to_the_collection(path: str, expected: str) -> None:
    assert uri(path) == expected


def test_a_change_has_its_baseline_state(tmp_path: Path) -> None:
    old = write(tmp_path / "a", [Found("DEID201", 1), Found("IOD001", 1)])
    new = write(tmp_path / "b", [Found("DEID201", 1), Found("DEID201", 1, message="new")])
    log = json.loads(FORMATS["sarif"].diff(compare(old, new, (), DAY)))
    SARIF.validate(log)
    states = [(each["ruleId"], each["baselineState"]) for each in log["runs"][0]["results"]]
    assert sorted(states) == [
        ("DEID201", "new"), ("DEID201", "unchanged"), ("IOD001", "absent"),
    ]  # fmt: skip


# -- JUnit -----------------------------------------------------------------------------------


def cases(text: str) -> dict[str, list[Any]]:
    """Return what a reader of JUnit files makes of each test case."""
    suites = junitparser.JUnitXml.fromstring(text.encode())
    found: dict[str, list[Any]] = {}
    for suite in suites:
        own = list(suite)
        assert suite.tests == len(own)
        for kind, count in (
            (junitparser.Failure, suite.failures),
            (junitparser.Error, suite.errors),
            (junitparser.Skipped, suite.skipped),
        ):
            assert count == sum(isinstance(each, kind) for case in own for each in case.result)
        found |= {case.name.split()[0]: case.result for case in own}
    assert suites.tests == sum(suite.tests for suite in suites)
    return found


def test_a_rule_is_a_test_case() -> None:
    result = waived_audit()
    found = cases(report("junit", result))
    assert set(found) == {"complete", *(each.id for each in result.collections[0].rules)}
    kinds = {name: type(each[0]).__name__ if each else "" for name, each in found.items()}
    assert kinds["FILE101"] == "Failure"
    assert kinds["DEID103"] == "Failure"
    assert kinds["IOD102"] == "Error"
    assert kinds["complete"] == "Error"
    # None of these is a pass, and none is counted as one.
    for name in ("DEID101", "SR101", "REF101", "PIX101", "ANNO101"):
        assert kinds[name] == "Skipped", name
    assert kinds["IOD101"] == "Failure"
    passed = {name for name, kind in kinds.items() if not kind}
    outcomes = {each.id: each.outcome for each in result.collections[0].rules}
    assert passed
    assert {outcomes[name] for name in passed} == {"pass"}
    assert "for example patient-001" in found["FILE101"][0].text


@pytest.mark.parametrize("sample", SMALL)
def test_junit_is_xml(sample: str) -> None:
    assert cases(report("junit", SAMPLES[sample]()))


@pytest.mark.parametrize("sample", ["empty", "nothing"])
def test_an_empty_audit_does_not_pass_as_no_tests(sample: str) -> None:
    [error] = cases(report("junit", SAMPLES[sample]()))["complete"]
    assert "nothing to audit was found" in error.message


def test_only_what_is_new_fails_a_change(tmp_path: Path) -> None:
    old = write(tmp_path / "a", [Found("DEID201", 1), Found("IOD001", 1)])
    new = write(tmp_path / "b", [Found("DEID201", 2), Found("IOD001", 1)])
    found = cases(FORMATS["junit"].diff(compare(old, new, (), DAY)).decode())
    assert isinstance(found["DEID201"][0], junitparser.Failure)
    assert isinstance(found["IOD001"][0], junitparser.Skipped)


# -- Markdown --------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", sorted(SAMPLES))
def test_a_summary_fits(sample: str) -> None:
    written = FORMATS["markdown"].report(SAMPLES[sample]())
    assert len(written) <= MOST_BYTES < 64 * 1024


def test_what_is_left_out_of_a_summary_is_said() -> None:
    text = report("markdown", SAMPLES["huge"]())
    assert re.search(r"Too long for a summary: [\d,]+ parts are left out", text)
    assert text.endswith("</sub>\n")
    assert "left out" not in report("markdown", audit(careless()))


def test_a_summary_has_what_decides() -> None:
    text = report("markdown", waived_audit())
    assert "**Not ready for release.**" in text
    for title in CATEGORIES.values():
        assert f"| {title} |" in text
    assert "| FILE101 " in text
    assert "| DEID101 |" in text
    assert "| a phantom | data steward | 2027-01-01 |" in text
    assert "This is not a pass" in report("markdown", SAMPLES["nothing"]())


def test_a_summary_starts_with_what_its_verdict_starts_with() -> None:
    # Most series of the collection fail the one; of objects fewer fail it than the other.
    series = replace(rule("SEG101", "fail", 12, 9), unit="series")
    objects = rule("DEID101", "fail", 400, 20)
    made = collection("a", changed=[series, objects])
    for waived, order in ((False, ["SEG101", "DEID101"]), (True, ["DEID101", "SEG101"])):
        for found in series.findings:
            found.waived = found.count if waived else 0
        text = report("markdown", audit(made))
        assert f"Start with {order[0]}." in text
        listed = re.findall(r"^\| ([A-Z]+\d+) .*\|$", text.replace("\\", ""), re.MULTILINE)
        assert listed == order


def test_one_more_rule_fails() -> None:
    failing = [rule(each.id, "fail", 400, 1) for each in collection("a").rules]
    kept = [each for each in failing if each.severity != "info"][:11]
    assert "\n1 more rule fails.\n" in report("markdown", audit(collection("a", changed=kept)))


def test_a_table_stays_a_table() -> None:
    lines = report("markdown", hostile_audit()).splitlines()
    for line in lines:
        if line.startswith("|"):
            # An escaped bar is text.
            assert len(re.findall(r"(?<!\\)\|", line)) in (5, 6, 8), line


@pytest.mark.parametrize(
    "text", ["https://x.example", "www.x.example", "@owner", "[a](b)", "![a](b)", "`code`", "#12"]
)
def test_no_name_becomes_a_link_or_calls_somebody(text: str) -> None:
    named = replace(careful(), name=text)
    assert not re.search(rf"(?<!\\){re.escape(text)}", report("markdown", audit(named)))


# -- CSV and Parquet -------------------------------------------------------------------------


def test_no_cell_starts_a_formula() -> None:
    nasty = [*NASTY, "+1", "-1", "@a", "\t=1", " =1", "\r=1", "%0A", "|x", "\uff1dcmd()"]
    rows = list(csv.reader(io.StringIO(report("csv", hostile_audit(nasty)))))
    cells = [cell for row in rows for cell in row]
    assert any("cmd()" in cell for cell in cells)
    for cell in cells:
        assert not cell.lstrip().startswith(("=", "+", "-", "@", "|", "%", "\uff1d"))


def test_csv_and_parquet_say_the_same_and_all_of_it() -> None:
    result = waived_audit()
    frame = pd.read_csv(io.StringIO(report("csv", result)), keep_default_na=False)
    table = parquet.read_table(io.BytesIO(FORMATS["parquet"].report(result)))
    assert list(frame.columns) == table.column_names
    assert frame.to_dict("list") == table.to_pydict()
    # A rule that could not be judged has a line, too: it must not look like one that passed.
    lines = frame.set_index("rule")
    assert set(lines.index) == {each.id for each in result.collections[0].rules}
    assert lines.loc["IOD102", "outcome"] == "error"
    assert lines.loc["REF101", "not_evaluated"] == 4
    waived = frame[frame["rule"] == "DEID101"]
    assert list(waived["waived"]) == list(waived["count"])


# -- code quality ----------------------------------------------------------------------------


def test_code_quality_has_what_gitlab_asks_for() -> None:
    issues = json.loads(report("codequality", waived_audit()))
    for each in issues:
        assert set(each) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert each["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert each["location"]["lines"]["begin"] == 1
        assert not each["location"]["path"].startswith("/")
    assert len({each["fingerprint"] for each in issues}) == len(issues)
    names = {each["check_name"] for each in issues}
    assert "DEID101" not in names  # it is waived
    assert {"FILE101", "PRIV101", "IOD102"} <= names


# -- MultiQC ---------------------------------------------------------------------------------


def multiqc(folder: Path) -> tuple[dict[str, dict[Any, Any]], str]:
    """Run MultiQC over a folder; return the lines of its table, and its page."""
    command = [sys.executable, "-m", "multiqc", "--quiet", "--no-ansi", "-o", "made", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [table] = (folder / "made" / "multiqc_data").glob("multiqc_dicom_audit*.txt")
    frame = pd.read_csv(table, sep="\t", index_col=0)
    lines = {str(name): dict(line) for name, line in frame.to_dict("index").items()}
    return lines, (folder / "made" / "multiqc_report.html").read_text("utf-8")


def test_multiqc_renders_the_scores(tmp_path: Path) -> None:
    pytest.importorskip("multiqc", reason="MultiQC is not installed")
    # Names that MultiQC would cut until they are one.
    twins = [replace(careless(), name=name, repository="") for name in ("a/ct.gz", "b/ct.fastq")]
    hostile = replace(careful(), name=NASTY[0])
    result = audit(careful(), *twins, hostile)
    (tmp_path / "report_mqc.json").write_bytes(FORMATS["multiqc"].report(result))
    lines, page = multiqc(tmp_path)
    assert len(lines) == 4
    first = next(line for name, line in lines.items() if "careful-ct-lung" in name)
    assert first["score_integrity"] == 100
    assert first["verdict"] == "No obstacle to release"
    assert first["gaps"] == 0
    second = next(line for name, line in lines.items() if name.startswith("2."))
    assert second["gaps"] > 0
    failed = [each for each in twins[0].rules if each.failed and each.severity == "error"]
    assert second["errors"] == len(failed) > 1
    # A rule broke down: there is no score, and no number stands for it.
    assert pd.isna(second["score_iod"])
    assert "DICOM audit" in page
    assert "<script>alert(1)" not in page


def test_multiqc_renders_changes(tmp_path: Path) -> None:
    pytest.importorskip("multiqc", reason="MultiQC is not installed")
    old = write(tmp_path / "a", [Found("DEID201", 1)])
    new = write(tmp_path / "b", [Found("DEID201", 2, 7)])
    (tmp_path / "c").mkdir()
    made = FORMATS["multiqc"].diff(compare(old, new, (), DAY))
    (tmp_path / "c" / "diff_mqc.json").write_bytes(made)
    lines, _ = multiqc(tmp_path / "c")
    assert lines == {"ct": {"new": 7, "fixed": 1, "unchanged": 0, "unseen": 0, "unsought": 0}}


# -- pandas ----------------------------------------------------------------------------------


def test_findings_are_a_frame_by_series(tmp_path: Path) -> None:
    large = 2**64 - 1
    write(
        tmp_path, [Found("DEID201", large, 3), Found("DEID201", None, 2)], collections=("a", "ct")
    )
    found = auditor.load(tmp_path).findings()
    assert list(found["count"]) == [3, 2]
    # Rounded to a floating-point number, it would be another series.
    assert found["SeriesInstanceUID"][0] == large
    assert pd.isna(found["SeriesInstanceUID"][1])
    assert set(found["title"]) == {"Title of DEID201."}
    assert set(found["collection"]) == {"ct"}
    assert set(FAILURES) < set(found.columns)


def test_every_table_is_a_frame(tmp_path: Path) -> None:
    loaded = write(tmp_path, [])
    assert list(loaded.rules()["id"]) == ["DEID201", "IOD001"]
    assert loaded.collections()["dicom"][0] == 9
    for table in (
        "instances",
        "references",
        "numbers",
        "extents",
        "elements",
        "companions",
        "categories",
        "findings",
    ):
        assert getattr(loaded, table)().empty


def test_counts_add_up_to_the_result(tmp_path: Path) -> None:
    loaded = write(tmp_path, [Found("DEID201", 1, 3), Found("DEID201", 2, 4)])
    [rule_result] = [each for each in loaded.result.collections[0].rules if each.failed]
    assert loaded.findings()["count"].sum() == rule_result.failed == 7


def test_a_result_alone_has_findings_and_no_tables(tmp_path: Path) -> None:
    result = audit(careless())
    result.write(tmp_path / "sent.json")
    loaded = load(tmp_path / "sent.json")
    found = loaded.findings()
    assert found["SeriesInstanceUID"].isna().all()
    failed = {each.id for each in result.collections[0].rules if each.findings}
    assert set(found["rule"]) == failed
    with pytest.raises(ResultError, match="the table of instances is not with this result"):
        loaded.instances()


def test_the_example_runs(tmp_path: Path) -> None:
    write(tmp_path, [Found("DEID201", 1, 3), Found("DEID201", 2, 4), Found("IOD001", 1)])
    script = HERE.parent / "examples" / "dataframes.py"
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)],
        env={"PYTHONPATH": str(HERE.parent), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"ct +DEID201 +Title of DEID201\. +7 +2 +a\.dcm", done.stdout)
