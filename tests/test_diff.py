"""New, fixed, unchanged: by rule, tag path and series, whatever became of the files' names."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections import Counter
from datetime import date
from pathlib import Path

import pydicom
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid

from auditor.cli import main
from auditor.diff import SERIES, Diff, compare
from auditor.formats.csv import diff as csv_of
from auditor.frames import load
from auditor.redaction import KEY_VARIABLE
from auditor.result import ResultError
from auditor.waivers import Waiver
from tests.audits import Found, older_version, write

DAY = date(2026, 1, 1)


def counts(diff: Diff) -> tuple[int, int, int, int]:
    return (diff.total("new"), diff.total("fixed"), diff.total("unchanged"), diff.total("unseen"))


def test_a_moved_file_changes_nothing(tmp_path: Path) -> None:
    old = write(tmp_path / "a", [Found("DEID201", 1, 3, "old/a.dcm")])
    new = write(tmp_path / "b", [Found("DEID201", 1, 3, "new/place/b.dcm")])
    diff = compare(old, new, (), DAY)
    assert counts(diff) == (0, 0, 3, 0)
    assert diff.by_series
    assert diff.notes == ()
    [change] = diff.changes
    assert (change.state, change.untold) == ("unchanged", 0)
    assert (change.attribute, change.example) == ("PatientName", "new/place/b.dcm")


@pytest.mark.parametrize(
    "other",
    [
        Found("IOD001", 1),
        Found("DEID201", 2),
        Found("DEID201", 1, tag_path="(0010,1001)"),
        Found("DEID201", 1, message="is odd"),
    ],
)
def test_rule_place_message_and_series_tell_findings_apart(tmp_path: Path, other: Found) -> None:
    old = write(tmp_path / "a", [Found("DEID201", 1)])
    diff = compare(old, write(tmp_path / "b", [other]), (), DAY)
    assert counts(diff) == (1, 1, 0, 0)


def test_the_series_in_which_something_changed_are_named(tmp_path: Path) -> None:
    old = write(tmp_path / "a", [Found("DEID201", 1, 2), Found("DEID201", 255, 4)])
    new = write(tmp_path / "b", [Found("DEID201", 1, 2), Found("DEID201", 2, 5, "x.dcm")])
    [change] = compare(old, new, (), DAY).changes
    assert (change.new, change.fixed, change.unchanged) == (5, 4, 2)
    assert (change.series_new, change.series_fixed) == (1, 1)
    assert change.series == ("0000000000000002", "00000000000000ff")
    assert change.example == "x.dcm"
    many = write(tmp_path / "c", [Found("DEID201", n) for n in range(100, 200)])
    [change] = compare(old, many, (), DAY).changes
    assert (change.series_new, len(change.series)) == (100, SERIES)


def test_where_nothing_changed_the_series_of_the_finding_are_named(tmp_path: Path) -> None:
    found = [Found("DEID201", 1), Found("DEID201", 255), Found("DEID201", None)]
    audit = write(tmp_path / "a", found)
    diff = compare(audit, audit, (), DAY)
    [change] = diff.changes
    assert (change.series_new, change.series_fixed) == (0, 0)
    assert change.series == ("0000000000000001", "00000000000000ff")
    for series in change.series:
        waiver = Waiver("DEID201", "r", "o", DAY, {"series": series})
        assert counts(compare(audit, audit, (waiver,), DAY)) == (0, 0, 2, 0)
    [header, row] = list(csv.reader(io.StringIO(csv_of(diff).decode("utf-8-sig"))))
    assert dict(zip(header, row, strict=True))["series"] == " ".join(change.series)
    nameless = write(tmp_path / "b", found, key="")
    [change] = compare(nameless, nameless, (), DAY).changes
    assert change.series == ()


@pytest.mark.parametrize(("first", "second"), [("", ""), ("k", ""), ("k", "other")])
def test_without_one_key_counts_are_compared_and_it_is_said(
    tmp_path: Path, first: str, second: str
) -> None:
    old = write(tmp_path / "a", [Found("DEID201", 1, 3)], key=first)
    new = write(tmp_path / "b", [Found("DEID201", 2, 5)], key=second)
    diff = compare(old, new, (), DAY)
    assert counts(diff) == (2, 0, 3, 0)
    assert not diff.by_series
    assert diff.changes[0].untold == 3
    assert any("DICOM_AUDIT_KEY" in note for note in diff.notes)


def test_what_knows_no_series_is_compared_by_count(tmp_path: Path) -> None:
    old = write(tmp_path / "a", [Found("DEID201", None, 2), Found("DEID201", 1, 1)])
    new = write(tmp_path / "b", [Found("DEID201", None, 2), Found("DEID201", 1, 1)])
    [change] = compare(old, new, (), DAY).changes
    assert (change.new, change.unchanged, change.untold) == (0, 3, 2)


def test_what_was_not_looked_for_is_not_fixed(tmp_path: Path) -> None:
    old = write(tmp_path / "a", [Found("DEID201", 1)])
    for name, new in {
        "the rule was not run": write(tmp_path / "b", [], ran=("IOD001",)),
        "it raised": write(tmp_path / "c", [], errors=1),
        "it could not look": write(tmp_path / "d", [], not_evaluated=1),
        "no such collection": write(tmp_path / "e", [], collections=("mr", "pt")),
    }.items():
        assert counts(compare(old, new, (), DAY)) == (0, 0, 0, 1), name
    assert counts(compare(old, write(tmp_path / "f", []), (), DAY)) == (0, 1, 0, 0)


def test_what_was_not_looked_for_before_is_not_new(tmp_path: Path) -> None:
    new = write(tmp_path / "a", [Found("DEID201", 1, 5)])
    for name, old, sure in (
        ("the rule was not run", write(tmp_path / "b", [], ran=("IOD001",)), 0),
        ("it raised", write(tmp_path / "c", [], errors=1), 0),
        ("it could not look at two", write(tmp_path / "d", [], not_evaluated=2), 3),
        ("it looked", write(tmp_path / "e", []), 5),
    ):
        diff = compare(old, new, (), DAY)
        assert (diff.total("new"), diff.total("unsought")) == (sure, 5 - sure), name
        [change] = diff.changes
        assert change.state == ("new" if sure else "unsought"), name
        assert change.series_new == (1 if sure else 0), name
    both = write(tmp_path / "f", [Found("DEID201", 1, collection="mr")], collections=("ct", "mr"))
    assert counts(compare(write(tmp_path / "g", []), both, (), DAY)) == (1, 0, 0, 0)


def test_it_looked_no_less_than_before(tmp_path: Path) -> None:
    old = write(tmp_path / "a", [Found("DEID201", 1)], not_evaluated=2)
    new = write(tmp_path / "b", [], not_evaluated=2)
    assert counts(compare(old, new, (), DAY)) == (0, 1, 0, 0)


def test_collections_are_paired_by_name_unless_there_is_one(tmp_path: Path) -> None:
    old = write(tmp_path / "a", [Found("DEID201", 1)])
    new = write(tmp_path / "b", [Found("DEID201", 1, collection="v2")], collections=("v2",))
    assert counts(compare(old, new, (), DAY)) == (0, 0, 1, 0)
    two = write(tmp_path / "c", [Found("DEID201", 1, collection="mr")], collections=("mr", "ct"))
    diff = compare(old, two, (), DAY)
    assert counts(diff) == (1, 1, 0, 0)
    assert diff.notes == ("Only the newer audit has the collection mr.",)
    assert [(each.collection, each.state) for each in diff.changes] == [
        ("mr", "new"), ("ct", "fixed"),
    ]  # fmt: skip


def test_information_is_listed_and_not_counted(tmp_path: Path) -> None:
    new = write(tmp_path / "b", [Found("DEID201", 1, severity="info")])
    diff = compare(write(tmp_path / "a", []), new, (), DAY)
    assert counts(diff) == (0, 0, 0, 0)
    assert [each.new for each in diff.changes] == [1]


def test_collections_of_one_name_are_not_mixed_up(tmp_path: Path) -> None:
    found = [Found("DEID201", 1)]
    old = write(tmp_path / "a", found, collections=("ct", "mr"))
    new = write(tmp_path / "b", found, collections=("ct", "mr"))
    for audit in (old, new):
        audit.result.collections[0].repository = "Careful"
        audit.result.collections[1].repository = "Careless"
        audit.result.collections[1].name = "ct"
    [change] = compare(old, new, (), DAY).changes
    assert (change.repository, change.collection, change.unchanged) == ("Careful", "ct", 1)


def test_another_rule_set_is_said(tmp_path: Path) -> None:
    old, new = (write(tmp_path / name, [], ruleset=name) for name in "ab")
    [note] = compare(old, new, (), DAY).notes
    assert "differ in their rule set" in note


def test_other_referees_are_said(tmp_path: Path) -> None:
    old, new = (write(tmp_path / name, []) for name in "ab")
    new.result.tool.referees = "dicom-validator 0.9.0"
    [note] = compare(old, new, (), DAY).notes
    assert "differ in their referees of conformance" in note


def test_what_is_waived_is_in_neither(tmp_path: Path) -> None:
    old = write(tmp_path / "a", [Found("DEID201", 1)])
    new = write(tmp_path / "b", [Found("DEID201", 2), Found("IOD001", 2)])
    waiver = Waiver("DEID201", "r", "o", DAY)
    assert counts(compare(old, new, (waiver,), DAY)) == (1, 0, 0, 0)
    assert counts(compare(old, new, (waiver,), date(2026, 1, 2))) == (2, 1, 0, 0)


def test_a_result_alone_can_be_compared(tmp_path: Path) -> None:
    old = write(tmp_path / "a", [Found("DEID201", 1, 3)])
    write(tmp_path / "b", [Found("DEID201", 1, 4)])
    diff = compare(old, load(tmp_path / "b" / "result.json"), (), DAY)
    assert counts(diff) == (1, 0, 3, 0)
    assert not diff.by_series


def test_an_audit_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "a", [])
    older_version(tmp_path / "a")
    with pytest.raises(ResultError, match="cut short"):
        load(tmp_path / "a")


def test_a_broken_table_is_named(tmp_path: Path) -> None:
    audit = write(tmp_path / "a", [])
    (tmp_path / "a" / "findings" / "0001.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(ResultError, match=r"findings/0001\.parquet cannot be read"):
        compare(audit, audit, (), DAY)


SOME = st.lists(
    st.builds(
        Found,
        st.sampled_from(["DEID201", "IOD001"]),
        st.sampled_from([None, 1, 2]),
        st.integers(1, 3),
        tag_path=st.sampled_from(["", "(0010,0010)"]),
    ),
    max_size=6,
)


@given(SOME, SOME)
def test_counts_add_up(
    tmp_path_factory: pytest.TempPathFactory, before: list[Found], after: list[Found]
) -> None:
    folder = tmp_path_factory.mktemp("audits")
    diff = compare(write(folder / "a", before), write(folder / "b", after), (), DAY)
    assert diff.total("new") + diff.total("unchanged") == sum(each.count for each in after)
    assert diff.total("fixed") + diff.total("unchanged") == sum(each.count for each in before)

    def by_key(found: list[Found]) -> Counter[object]:
        total: Counter[object] = Counter()
        for each in found:
            total[each.rule, each.tag_path, each.series] += each.count
        return total

    assert diff.total("new") == (by_key(after) - by_key(before)).total()


# -- the whole way --------------------------------------------------------------------------


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """Two series of a patient with a name."""
    folder = tmp_path / "ct"
    folder.mkdir()
    dataset = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    dataset.PatientName = "Anybody^Made^Up"
    for number in range(4):
        if number % 2 == 0:
            dataset.SeriesInstanceUID = generate_uid()
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.save_as(folder / f"{number}.dcm")
    return folder


def run(*arguments: object) -> str:
    done = CliRunner().invoke(main, [str(each) for each in arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_an_audit_of_moved_and_mended_files(
    collection: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(KEY_VARIABLE, "a key of a test, long enough")
    run("scan", collection, "-o", "old", "--jobs", 1, "--quiet", "--select", "DEID201")
    moved = tmp_path / "moved"
    shutil.copytree(collection, moved / "deeper")
    for number in (0, 1):
        path = moved / "deeper" / f"{number}.dcm"
        dataset = pydicom.dcmread(path)
        dataset.PatientName = "CASE-001"
        dataset.save_as(path)
    run("scan", moved, "-o", "new", "--jobs", 1, "--quiet", "--select", "DEID201")
    said = json.loads(run("diff", "old", "new", "--format", "json"))
    [change] = said["changes"]
    assert said["by_series"]
    assert (change["new"], change["fixed"], change["unchanged"]) == (0, 2, 2)
    assert change["series_fixed"] == 1
    forms = "json,html,sarif,junit,markdown,csv,parquet,multiqc,codequality"
    run("diff", "old", "new", "--format", forms, "-o", "changes")
    assert len(list(Path("changes").iterdir())) == 9
    for path in Path("changes").iterdir():
        assert b"Anybody" not in path.read_bytes()


def test_several_formats_need_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "a", [])
    arguments = ["diff", str(tmp_path / "a"), str(tmp_path / "a"), "--format", "json,csv"]
    assert CliRunner().invoke(main, arguments).exit_code == 2
