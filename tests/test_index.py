"""What is said of a repository from its index: no more than the index knows."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from auditor.cli import main
from auditor.index import audit_index, why_not
from auditor.model import Scope, Unit
from auditor.paths import profiles_folder, rules_folder
from auditor.profile import read_profile
from auditor.registry import RuleSet, load
from auditor.result import (
    CollectionResult,
    EvidenceHeld,
    EvidenceResult,
    InventoryRow,
    RuleResult,
)
from auditor.sources import SourceError
from auditor.sources.idc import VALUES, Index, asked
from auditor.store import AuditFolder

CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
SEG = "1.2.840.10008.5.1.4.1.1.66.4"
SR = "1.2.840.10008.5.1.4.1.1.88.34"
RT = "1.2.840.10008.5.1.4.1.1.481.3"
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"

COLUMNS = {
    "collection_id": "VARCHAR", "analysis_result_id": "VARCHAR", "PatientID": "VARCHAR",
    "SeriesInstanceUID": "VARCHAR", "StudyInstanceUID": "VARCHAR", "PatientSex": "VARCHAR",
    "Modality": "VARCHAR", "SOPClassUID": "VARCHAR", "TransferSyntaxUID": "VARCHAR",
    "Manufacturer": "VARCHAR", "ManufacturerModelName": "VARCHAR", "instanceCount": "BIGINT",
    "license_short_name": "VARCHAR", "series_init_idc_version": "BIGINT",
    "crdc_series_uuid": "VARCHAR", "series_size_MB": "DOUBLE",
}  # fmt: skip

RULES = load([rules_folder()])

Rows = Sequence[dict[str, Any]]


def series(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "collection_id": "one",
        "analysis_result_id": None,
        "PatientID": "PLANTED-7",
        "SeriesInstanceUID": f"1.2.3.{number}",
        "StudyInstanceUID": "1.2.9",
        "PatientSex": "F",
        "Modality": "CT",
        "SOPClassUID": CT,
        "TransferSyntaxUID": EXPLICIT,
        "Manufacturer": "PLANTED SIEMENS",
        "ManufacturerModelName": "PLANTED",
        "instanceCount": 100,
        "license_short_name": "CC BY 4.0",
        "series_init_idc_version": 3,
        "crdc_series_uuid": f"0000-{number:04}",
        "series_size_MB": 1.5,
    } | changed


def write(folder: Path, rows: Rows, clinical: Sequence[str] = ()) -> Index:
    """Write an index as the package has it."""
    import duckdb

    with duckdb.connect(":memory:") as connection:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in COLUMNS.items())
        connection.execute(f"CREATE TABLE t ({columns})")
        marks = f"({', '.join('?' for _ in COLUMNS)})"
        for row in rows:
            values = [row[name] for name in COLUMNS]
            connection.execute("INSERT INTO t VALUES " + marks, values)  # noqa: S608 - marks
        connection.execute(f"COPY t TO '{folder / 'idc_index.parquet'}'")
        connection.execute(
            "CREATE TABLE c (collection_id VARCHAR, collection_name VARCHAR, species VARCHAR, "
            "cancer_types VARCHAR, tumor_locations VARCHAR, supporting_data VARCHAR)"
        )
        connection.execute(
            "INSERT INTO c VALUES ('two', 'Two', 'Human', 'X', NULL, 'Image Analyses')"
        )
        for name in clinical:
            connection.execute(
                "INSERT INTO c VALUES (?, 'One', 'Mouse', NULL, 'Lung', 'Genomics, Clinical')",
                [name],
            )
        connection.execute(f"COPY c TO '{folder / 'collections_index.parquet'}'")
        connection.execute("CREATE TABLE d (idc_version BIGINT, version_timestamp VARCHAR)")
        connection.execute("INSERT INTO d VALUES (3, '2021-07-13'), (7, '2022-01-12')")
        connection.execute(f"COPY d TO '{folder / 'version_metadata_index.parquet'}'")
    return Index(folder, "25.0.1")


Audited = Callable[..., list[CollectionResult]]


@pytest.fixture
def audited(tmp_path: Path) -> Audited:
    """Audit an index of these rows."""

    def run(
        *rows: dict[str, Any],
        wanted: Sequence[str] = (),
        clinical: Sequence[str] = (),
        rules: RuleSet = RULES,
    ) -> list[CollectionResult]:
        (tmp_path / "index").mkdir()
        index = write(tmp_path / "index", rows, clinical)
        ids = {rule.id for rule in rules.rules}
        return audit_index(
            index,
            wanted,
            rules=rules,
            profile=read_profile(profiles_folder() / "default.toml", ids),
            folder=AuditFolder(tmp_path / "out"),
            key=b"k" * 32,
            threads=1,
        )[0]

    return run


def one(results: list[CollectionResult]) -> dict[str, RuleResult]:
    [collection] = results
    return {rule.id: rule for rule in collection.rules}


# -- what an index can answer


def test_a_rule_is_asked_only_if_the_index_holds_all_that_it_reads() -> None:
    asked_ids = {rule.id for rule in RULES.rules if not why_not(rule)}
    assert {"SEG001", "SEG002", "SR002", "RT002", "CONS003", "CONS004"} <= asked_ids
    # A file that cannot be read, a series of two modalities: an index cannot show either.
    assert not asked_ids & {"FILE001", "CONS001", "CONS002", "CONS005", "DEID101", "PRIV001"}
    for rule in RULES.rules:
        if rule.id in asked_ids and rule.scope is Scope.INSTANCE:
            assert set(rule.reads) <= set(VALUES)
        elif rule.id in asked_ids:
            assert rule.unit not in (Unit.FILE, Unit.INSTANCE)


def test_what_an_index_cannot_answer_is_not_evaluated(audited: Audited) -> None:
    rules = one(audited(series(1), series(2)))
    identity = rules["DEID101"]
    assert (identity.outcome, identity.not_evaluated, identity.unit) == (
        "not_evaluated",
        2,
        "series",
    )
    assert identity.reason == "an index does not hold what this rule reads"
    inside = rules["CONS005"]
    assert (inside.outcome, inside.not_evaluated) == ("not_evaluated", 2)
    assert "cannot be compared with each other" in inside.reason
    assert rules["CONS001"].not_evaluated == 200
    passed = {each.id for each in rules.values() if each.outcome == "pass"}
    assert passed == {each for each in passed if not why_not(RULES.get(each))}


def test_what_is_about_objects_that_are_not_there_is_not_applicable(audited: Audited) -> None:
    rules = one(audited(series(1)))
    assert rules["SEG101"].outcome == rules["RT003"].outcome == "not_applicable"
    assert rules["SEG101"].reason == ""


def test_sop_class_decides_and_a_modality_that_lies_is_found(audited: Audited) -> None:
    results = audited(
        series(1, Modality="SEG"), series(2, Modality="SEG", SOPClassUID=SEG), series(3)
    )
    found = one(results)["SEG002"]
    assert (found.outcome, found.applicable, found.failed, found.unit) == ("fail", 2, 1, "series")
    assert [each.examples for each in found.findings] == [["0000-0001"]]
    assert results[0].annotation == {"A/S": "Y*"}


def test_a_value_that_the_index_leaves_empty_is_not_judged(audited: Audited) -> None:
    rules = one(audited(series(1, Modality=None), series(2, Modality=""), series(3)))
    seg = rules["SEG002"]
    assert (seg.not_evaluated, seg.not_applicable) == (2, 1)
    assert seg.reason == "the index gives no value, which may be absent or empty"


def test_collection_rules_see_one_row_a_series(audited: Audited) -> None:
    rules = one(
        audited(
            series(1),
            series(2, PatientID="other", PatientSex="M"),
            series(3, StudyInstanceUID="1.2.10", PatientSex="M"),
        )
    )
    study = rules["CONS003"]
    assert (study.outcome, study.applicable, study.failed) == ("fail", 2, 1)
    sex = rules["CONS004"]
    assert (sex.outcome, sex.applicable, sex.failed) == ("fail", 2, 1)


# -- what there is


def test_objects_are_counted_and_not_lines(audited: Audited) -> None:
    [made] = audited(
        series(1),
        series(2, SOPClassUID=MR, Modality="MR", instanceCount=7, PatientID="b"),
        series(3, SOPClassUID=SEG, instanceCount=1, StudyInstanceUID="1.2.10"),
    )
    counts = made.counts
    assert (counts.files, counts.dicom, counts.instances) == (108, 108, 108)
    assert (counts.series, counts.studies, counts.patients) == (3, 2, 2)
    assert counts.bytes == 4_500_000
    assert made.repository == "NCI Imaging Data Commons"
    assert made.objects is not None
    assert [(each.kind, each.instances, each.patients) for each in made.objects.kinds] == [
        ("CT image", 100, 1),
        ("MR image", 7, 1),
        ("Segmentation", 1, 1),
    ]
    assert "version 25.0.1, not from files" in made.notes[0]


def test_what_a_third_party_made_is_kept_apart(audited: Audited) -> None:
    [made] = audited(
        series(1),
        series(2, SOPClassUID=SEG, analysis_result_id="their_masks"),
        series(3, SOPClassUID=SEG),
        series(4, SOPClassUID=SR, analysis_result_id="their_reports"),
        series(5, SOPClassUID=RT, analysis_result_id="their_masks"),
    )
    assert made.annotation == {"A/S": "Y*, Y*a, YRa", "CR": "Y*a"}
    assert made.inventory["made_by"] == [
        InventoryRow("original", 200, 2),
        InventoryRow("their_masks", 200, 2),
        InventoryRow("their_reports", 100, 1),
    ]
    assert (
        made.notes[1] == "3 of its series were made by third parties: their_masks, their_reports."
    )


def test_the_survey_is_told_who_made_what_and_since_when(audited: Audited) -> None:
    first, second = audited(
        series(1, SOPClassUID=SEG, analysis_result_id="b"),
        series(2, SOPClassUID=SEG, analysis_result_id="a", series_init_idc_version=7),
        series(3, SOPClassUID=SR, analysis_result_id="a", series_init_idc_version=7),
        series(4, SOPClassUID=SR, series_init_idc_version=8),
        series(5, collection_id="two"),
        clinical=["one"],
    )
    assert first.evidence == EvidenceResult(
        segmentations=True,
        reports=True,
        beside=False,
        described={"access": "open", "title": "One", "species": "Mouse", "region": "Lung"},
        third_party=[{"holds": "SEG", "source": "a, b"}, {"holds": "SR", "source": "a"}],
        clinical=True,
        held=[
            EvidenceHeld("SEG", True, "2021-07-13"),
            # Of version 8 the package has no date.
            EvidenceHeld("SR", False, ""),
            EvidenceHeld("SR", True, "2022-01-12"),
        ],
    )
    assert second.evidence is not None
    assert not second.evidence.segmentations
    assert not second.evidence.clinical
    assert second.evidence.described["pathology"] == "X"


def test_a_licence_may_hold_a_semicolon_and_there_may_be_several(audited: Audited) -> None:
    [made] = audited(
        series(1, license_short_name="Terms and Conditions; May 21"),
        series(2, instanceCount=1),
        series(3, license_short_name=None, instanceCount=2),
    )
    assert made.inventory["license"] == [
        InventoryRow("Terms and Conditions; May 21", 100, 1),
        InventoryRow("(not given)", 2, 1),
        InventoryRow("CC BY 4.0", 1, 1),
    ]


def test_several_transfer_syntaxes_of_one_series_are_named(audited: Audited) -> None:
    [made] = audited(series(1, TransferSyntaxUID=f"{IMPLICIT},{EXPLICIT}"))
    assert made.inventory["transfer_syntax"] == [
        InventoryRow("Implicit VR Little Endian + Explicit VR Little Endian", 100, 1)
    ]


def test_what_the_repository_does_not_say_is_not_stated(audited: Audited) -> None:
    made = audited(series(1), series(2, collection_id="two"), clinical=["one"])
    assert [each.annotation for each in made] == [{"CI": "Y"}, {}]


def test_no_value_of_a_person_or_machine_is_written(audited: Audited, tmp_path: Path) -> None:
    from dataclasses import asdict

    made = audited(series(1), series(2, PatientSex="M", Modality="SEG"))
    written = json.dumps([asdict(each) for each in made])
    written += "".join(
        each.read_bytes().decode("latin-1") for each in (tmp_path / "out").rglob("*.parquet")
    )
    assert "PLANTED" not in written
    assert "1.2.3." not in written
    assert made[0].inventory["manufacturer"] == [InventoryRow("Siemens", 200, 2)]


# -- which collections


def test_collections_are_chosen_by_id_however_it_is_written(audited: Audited) -> None:
    made = audited(
        series(1, collection_id="tcga_brca"),
        series(2, collection_id="nlst"),
        wanted=["TCGA-BRCA"],
    )
    assert [each.name for each in made] == ["tcga_brca"]


def test_a_collection_that_is_not_there_is_named(audited: Audited) -> None:
    with pytest.raises(SourceError, match=r"no such collection in the index: x\\u202e"):
        audited(series(1), wanted=["one", "X\u202e"])


def test_an_index_of_other_columns_is_refused(tmp_path: Path) -> None:
    import duckdb

    with duckdb.connect(":memory:") as connection:
        connection.execute(f"COPY (SELECT 1 AS a) TO '{tmp_path / 'idc_index.parquet'}'")
        with pytest.raises(SourceError, match=r"cannot be read \(BinderException\)"):
            Index(tmp_path, "1").read(connection, [], b"k")


def test_a_name_is_asked_for_by_its_prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert asked([Path("idc:")]) == []
    assert asked([Path("idc:a"), Path("idc:b")]) == ["a", "b"]
    assert asked([Path("idc:a"), Path("idc:")]) == []
    assert asked([Path("folder")]) is None
    with pytest.raises(SourceError, match="two audits"):
        asked([Path("idc:a"), Path("folder")])
    Path("idc:").mkdir()
    assert asked([Path("idc:")]) is None


# -- the command


def scan(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["scan", *map(str, arguments)])


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    """An index where the package would be."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "index").mkdir()
    rows = [series(1), series(2, collection_id="two", SOPClassUID=SEG)]
    index = write(tmp_path / "index", rows)
    monkeypatch.setattr(Index, "installed", lambda: index)
    return index


@pytest.mark.usefixtures("installed")
def test_scan_of_an_index_gives_an_audit_like_any_other() -> None:
    done = scan("idc:", "-o", "out", "--jobs", 1)
    assert done.exit_code == 0, done.output
    result = json.loads(Path("out/result.json").read_text("utf-8"))
    assert [each["name"] for each in result["collections"]] == ["one", "two"]
    assert result["tool"]["command"] == "dicom-audit scan idc:"
    assert Path("out/report.html").is_file()
    for command in (("compare", "out", "-o", "c.html"), ("report", "out"), ("gate", "out")):
        done = CliRunner().invoke(main, list(command))
        # What could not be judged is no pass: a gate on it is incomplete, and not broken.
        assert done.exit_code in (0, 3), done.output


@pytest.mark.usefixtures("installed")
def test_rules_that_an_index_was_not_asked_are_known_by_category() -> None:
    scan("idc:one", "-o", "out", "--jobs", 1, "--ignore", "DEID101", "--ignore", "FILE001")
    result = json.loads(Path("out/result.json").read_text("utf-8"))
    left_out = {
        each["id"]: each["rules_left_out"] for each in result["collections"][0]["categories"]
    }
    assert {name: count for name, count in left_out.items() if count} == {
        "deidentification": 1,
        "integrity": 1,
    }


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("idc:three",), "no such collection in the index: three"),
        (("idc:", "index"), "two audits"),
        (("idc:", "--name", "x"), "an index has its own names"),
        (("idc:", "--ocr", "0", "--show-values"), "an index has its own names"),
    ],
)
def test_what_an_index_cannot_do_is_a_mistake(arguments: tuple[str, ...], says: str) -> None:
    done = scan(*arguments, "-o", "out")
    assert done.exit_code == 2
    assert says in done.stderr


def test_without_the_extra_it_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib import metadata

    def absent(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(metadata, "distribution", absent)
    done = scan("idc:", "-o", "out")
    assert done.exit_code == 2
    assert "pip install '.[idc]' in a clone" in done.stderr


def test_the_packaged_index_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("idc_index_data", reason="the extra `idc` is not installed")
    monkeypatch.chdir(tmp_path)
    done = scan("idc:4d_lung", "-o", "out", "--jobs", 1, "--quiet")
    assert done.exit_code == 0, done.output
    [made] = json.loads(Path("out/result.json").read_text("utf-8"))["collections"]
    # The study's Table 4 of 2021 says the same of it: RT, and no SEG.
    assert made["annotation"] == {"A/S": "YR"}
    assert made["counts"]["patients"] == 20


def test_an_index_without_dates_of_its_versions_says_none(tmp_path: Path) -> None:
    import duckdb

    index = write(tmp_path, [series(1)])
    with duckdb.connect(":memory:") as connection:
        assert index.dates(connection) == {3: "2021-07-13", 7: "2022-01-12"}
        (tmp_path / "version_metadata_index.parquet").unlink()
        assert index.dates(connection) == {}
