"""A waiver accepts what it names, until its day, and says so when it does nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from auditor.cli import main
from auditor.result import AuditResult
from auditor.waivers import Waiver, WaiverError, apply, read_waivers, warnings
from tests.audits import Found, write

DAY = date(2026, 1, 1)
KNOWN = ("DEID201", "IOD001")
ONE = """
[[waiver]]
rule = "DEID201"
reason = "a phantom"
owner = "data steward"
expires = 2026-01-01
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "waivers.toml"
    path.write_text(text)
    return path


def test_a_file_is_read(tmp_path: Path) -> None:
    where = 'where = { collection = "ct", series = "00000000000000ff", tag_path = "(0010,0010)" }'
    [first, second] = read_waivers(written(tmp_path, ONE + ONE + where), KNOWN)
    assert first == Waiver("DEID201", "a phantom", "data steward", DAY)
    assert second.where["series"] == "00000000000000ff"
    assert read_waivers(written(tmp_path, "# none yet"), KNOWN) == ()


@pytest.mark.parametrize(
    ("change", "to", "said"),
    [
        ("DEID201", "DEID999", "waiver 1: no rule is called 'DEID999'"),
        ('rule = "DEID201"', "", "waiver 1: rule is missing"),
        ('reason = "a phantom"', 'reason = "  "', "waiver 1: reason is missing"),
        ('owner = "data steward"', "owner = 1", "waiver 1: owner is missing"),
        ("expires = 2026-01-01", "", "waiver 1: expires is not a date"),
        ("2026-01-01", '"2026-01-01"', "waiver 1: expires is not a date"),
        ("2026-01-01", "2026-01-01T00:00:00Z", "waiver 1: expires is not a date"),
        ("expires", "expiry = 2026-01-01\nexpires", "waiver 1: unknown key 'expiry'"),
        ("expires", 'where = "ct"\nexpires', "waiver 1: where is not a table"),
        ("expires", "where = {patient = 'x'}\nexpires", "where: unknown key 'patient'"),
        ("expires", "where = {tag_path = ''}\nexpires", "where: tag_path is not a text"),
        ("expires", "where = {series = '1.2.3'}\nexpires", "series is not the 16 hexadecimal"),
        ("[[waiver]]", "[waiver]", "waiver is not an array of tables"),
        ("[[waiver]]", "[[waivers]]", "unknown key 'waivers'"),
        ("[[waiver]]", "[[waiver", "is not TOML"),
        ("2026-01-01", "1" * 5000, "is not TOML: a number is too long"),
    ],
)
def test_a_wrong_file_is_an_error(tmp_path: Path, change: str, to: str, said: str) -> None:
    assert change in ONE
    with pytest.raises(WaiverError, match=r"waivers waivers\.toml: ") as caught:
        read_waivers(written(tmp_path, ONE.replace(change, to)), KNOWN)
    assert said in str(caught.value)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WaiverError, match=r"cannot be read \(No such file"):
        read_waivers(tmp_path / "waivers.toml", KNOWN)


FOUND = [
    Found("DEID201", 1, 3, tag_path="(0010,0010)"),
    Found("DEID201", 2, 5, tag_path="(0010,0010)"),
    Found("DEID201", None, 7, tag_path="(0040,0275)/(0010,0010)"),
    Found("DEID201", 1, 11, collection="mr"),
    Found("IOD001", 1, 13),
]


def applied(folder: Path, *waivers: Waiver, today: date = DAY) -> AuditResult:
    return apply(write(folder, FOUND, collections=("ct", "mr")), waivers, today)


def waived(result: AuditResult) -> int:
    return sum(
        found.waived
        for each in result.collections
        for rule in each.rules
        for found in rule.findings
    )


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ({}, 26),
        ({"collection": "mr"}, 11),
        ({"collection": "pt"}, 0),
        ({"series": "0000000000000001"}, 14),
        ({"series": "0000000000000001", "collection": "ct"}, 3),
        ({"tag_path": "(0010,0010)"}, 19),
        # All below a sequence; never what only begins with the same letters.
        ({"tag_path": "(0040,0275)"}, 7),
        ({"tag_path": "(0040,027"}, 0),
    ],
)
def test_a_waiver_holds_where_it_says(tmp_path: Path, where: dict[str, str], count: int) -> None:
    result = applied(tmp_path, Waiver("DEID201", "r", "o", DAY, where))
    assert waived(result) == result.waivers[0].count == count
    assert result.waivers[0].state == ("used" if count else "unmatched")


def test_a_waiver_changes_no_verdict(tmp_path: Path) -> None:
    result = applied(tmp_path, Waiver("DEID201", "r", "o", DAY))
    rule = result.collections[0].rules[0]
    assert (rule.outcome, rule.failed, rule.is_waived) == ("fail", 15, True)
    assert not result.collections[0].rules[1].is_waived


def test_what_two_waivers_name_is_counted_once(tmp_path: Path) -> None:
    both = Waiver("DEID201", "r", "o", DAY), Waiver("DEID201", "r", "o", DAY, {"collection": "mr"})
    assert waived(applied(tmp_path, *both)) == 26


def test_a_rule_is_waived_only_if_all_of_it_is(tmp_path: Path) -> None:
    result = applied(tmp_path, Waiver("DEID201", "r", "o", DAY, {"tag_path": "(0010,0010)"}))
    assert [each.rules[0].is_waived for each in result.collections] == [False, True]


def test_an_expired_waiver_does_nothing_and_says_so(tmp_path: Path) -> None:
    result = applied(tmp_path, Waiver("DEID201", "r", "o", DAY), today=date(2026, 1, 2))
    assert waived(result) == 0
    assert result.waivers[0].state == "expired"
    assert warnings(result) == ["waiver of DEID201: expired on 2026-01-01"]


def test_an_unmatched_waiver_says_so(tmp_path: Path) -> None:
    result = applied(tmp_path, Waiver("IOD001", "r", "o", DAY, {"collection": "mr"}))
    assert warnings(result) == ["waiver of IOD001 (collection mr): matches nothing in this audit"]
    result = applied(tmp_path, Waiver("IOD001", "r", "o", DAY, {"series": "00000000000000ff"}))
    [warning] = warnings(result)
    assert warning.endswith(
        "matches nothing in this audit; series are known only in audits made with one "
        "DICOM_AUDIT_KEY"
    )


# -- at the command line --------------------------------------------------------------------


def dicom_audit(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


def valid(text: str, days: int = 1) -> str:
    day = datetime.now(UTC).date() + timedelta(days=days)
    return text.replace("2026-01-01", day.isoformat())


def test_the_gate_lets_a_waived_finding_pass(tmp_path: Path) -> None:
    write(tmp_path / "a", [Found("DEID201", 1)])
    waivers = written(tmp_path, valid(ONE))
    assert dicom_audit("gate", tmp_path / "a").exit_code == 1
    done = dicom_audit("gate", tmp_path / "a", "--waivers", waivers)
    assert (done.exit_code, done.stderr) == (0, "")
    written(tmp_path, valid(ONE, days=-1))
    done = dicom_audit("gate", tmp_path / "a", "--waivers", waivers)
    assert done.exit_code == 1
    assert "warning: waiver of DEID201: expired on" in done.stderr


def test_an_unknown_rule_is_2(tmp_path: Path) -> None:
    write(tmp_path / "a", [])
    waivers = written(tmp_path, ONE.replace("DEID201", "NONE001"))
    for command in (("gate", tmp_path / "a"), ("report", tmp_path / "a")):
        done = dicom_audit(*command, "--waivers", waivers)
        assert done.exit_code == 2
        assert "no rule is called 'NONE001'" in done.stderr


def test_a_rule_that_was_not_run_is_unmatched(tmp_path: Path) -> None:
    write(tmp_path / "a", [])
    waivers = written(tmp_path, valid(ONE.replace("DEID201", "SEG101")))
    done = dicom_audit("gate", tmp_path / "a", "--waivers", waivers)
    assert done.exit_code == 0
    assert "warning: waiver of SEG101: matches nothing" in done.stderr


def test_the_configuration_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a", [Found("DEID201", 1)])
    written(tmp_path, valid(ONE))
    (tmp_path / "dicom-audit.toml").write_text('waivers = "waivers.toml"\n')
    assert dicom_audit("gate", "a").exit_code == 0


def test_every_report_shows_the_waiver(tmp_path: Path) -> None:
    write(tmp_path / "a", [Found("DEID201", 1, 4)])
    waivers = written(tmp_path, valid(ONE))
    forms = "json,html,sarif,markdown,csv,junit"
    into = ("-o", tmp_path / "out", "--waivers", waivers)
    assert dicom_audit("report", tmp_path / "a", "--format", forms, *into).exit_code == 0
    texts = {path.name: path.read_text("utf-8-sig") for path in (tmp_path / "out").iterdir()}
    for name in ("report.json", "report.html", "report.sarif", "report.md"):
        assert "a phantom" in texts[name], name
        assert "data steward" in texts[name], name
    assert "4 waived" in texts["report.html"] or "4 objects, 4 waived" in texts["report.html"]
    assert '"4","4","a.dcm"' in texts["report.csv"]
    assert "waived: 4 of 100 object" in texts["report.junit.xml"]
