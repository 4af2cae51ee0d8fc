"""The survey: the study's table and its funnel from results alone, and how another table agrees."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from auditor.cli import main
from auditor.formats import FORMATS
from auditor.render import write_comparison
from auditor.result import (
    AuditResult,
    CollectionResult,
    Counts,
    EvidenceForm,
    EvidenceHeld,
    EvidenceResult,
    EvidenceTable,
    InventoryRow,
    ObjectKind,
    ObjectsResult,
    Tool,
)
from auditor.survey import FLAGS, STEPS, Difference, SurveyError, lay_beside, survey
from auditor.survey_view import MISSING, REPEATED, repeated, survey_csv, survey_json, survey_page
from auditor.view import clean

TOOL = Tool("0", "0", "2025e", "default", 0.0)
CT = ObjectKind("CT image", True, 9, 1, 2)
SEG = ObjectKind("Segmentation", False, 1, 1, 1)
MASKS = EvidenceForm("NIfTI", "annotation", 4, 3, 1, "masks/1.nii.gz")
REPORT = EvidenceForm("XML", "report", 1, 1, 0)
TABLE = EvidenceTable("a.csv", "CSV", 9, 2, ["patient", "age"])


def collection(
    name: str = "ct", evidence: EvidenceResult | None = None, *kinds: ObjectKind
) -> CollectionResult:
    return CollectionResult(
        name,
        "Archive",
        Counts(files=9, dicom=9, instances=9, patients=2),
        [],
        [],
        inventory={"modality": [InventoryRow("CT", 9, 1), InventoryRow("(withheld)", 1, 1)]},
        objects=ObjectsResult(list(kinds or (CT,))),
        evidence=evidence,
    )


def made(*collections: CollectionResult) -> AuditResult:
    return AuditResult(TOOL, list(collections))


def one(evidence: EvidenceResult | None, *kinds: ObjectKind) -> Any:
    return survey([made(collection("ct", evidence, *kinds))]).rows[0]


def test_bulk_annotations_are_not_called_segmentations() -> None:
    annotations = replace(SEG, kind="Microscopy annotation")
    assert one(None, CT, annotations).formats == ("ANN",)
    assert one(None, CT, SEG, annotations).formats == ("SEG", "ANN")
    assert one(EvidenceResult(segmentations=True), CT, annotations).formats == ("ANN",)
    assert one(EvidenceResult(), CT).formats == ()


@pytest.mark.parametrize(
    ("evidence", "step", "lost"),
    [
        (EvidenceResult(), 2, "only images"),
        (EvidenceResult(beside=False), 2, "not known whether only images"),
        (None, 2, "not known whether only images"),
        (EvidenceResult(described={"access": "restricted"}), 1, "not open access"),
        (EvidenceResult(described={"species": "mouse"}), 1, "not human"),
        (EvidenceResult(described={"species": "Human", "access": "open"}), 2, "only images"),
        (EvidenceResult(tables=[TABLE]), 3, "clinical information alone"),
        (EvidenceResult(forms=[MASKS]), 3, "annotation in other formats alone"),
        (EvidenceResult(forms=[REPORT]), 3, "report in text"),
        (EvidenceResult(structure_sets=True), 3, "annotation as RT Structure Set alone"),
        (EvidenceResult(segmentations=True), 4, ""),
        (EvidenceResult(reports=True, beside=False), 4, ""),
    ],
)
def test_a_collection_is_lost_at_one_step_for_one_reason(
    evidence: EvidenceResult | None, step: int, lost: str
) -> None:
    row = one(evidence)
    assert (row.step, row.lost) == (step, lost)


def test_a_collection_without_an_image_is_not_in_dicom() -> None:
    assert one(EvidenceResult(segmentations=True), SEG).lost == "no image in DICOM"


def test_a_row_says_what_there_is_and_what_is_stated() -> None:
    row = one(
        EvidenceResult(
            segmentations=True,
            structure_sets=True,
            forms=[MASKS, REPORT],
            tables=[TABLE],
            patients_joined=2,
            described={"pathology": "Lung cancer"},
            third_party=[{"holds": "SEG"}],
        )
    )
    assert (row.ci, row.a_s, row.cr) == ("Yb (CSV)", "Y*a, YR, Y (NIfTI)", "Y (XML)")
    assert row.formats == ("SEG", "RTSTRUCT", "NIfTI")
    assert (row.annotation_files, row.traceable_files) == (4, 3)
    assert (row.pathology, row.region, row.access) == ("Lung cancer", "", "")
    assert row.modalities == ("CT",)
    assert row.columns == ("patient", "age")
    assert row.flags == {
        "ci": True,
        "ci_sr_sufficient": True,
        "a_s": True,
        "seg": True,
        "seg_third_party": True,
        "rt": True,
        "cr": True,
        "sr": False,
        "sr_third_party": False,
        "selected": True,
    }


def test_what_could_not_be_looked_for_is_not_evaluated_and_never_no() -> None:
    row = one(EvidenceResult(beside=False))
    assert row.ci == row.a_s == row.cr == "not evaluated"
    assert {flag for flag, said in row.flags.items() if said is None} == {
        "ci", "ci_sr_sufficient", "a_s", "cr"
    }  # fmt: skip
    assert one(EvidenceResult(beside=False, segmentations=True)).a_s == "Y*"


def test_subjects_without_patient_ids_are_not_known() -> None:
    nobody = replace(collection(), counts=Counts(files=9, dicom=9, instances=9))
    found = survey([made(nobody, collection("b"))])
    assert {row.name: row.subjects for row in found.rows} == {"ct": None, "b": 2}
    page = survey_page(found).decode()
    assert "2 subjects (and those of 1 collection, not known)" in page
    rows = csv.DictReader(io.StringIO(survey_csv(found).decode("utf-8-sig")))
    assert {row["n_samples"] for row in rows} == {"not evaluated", "2"}


def test_where_nobody_looked_the_kinds_of_object_tell_what_they_can() -> None:
    report = replace(SEG, kind="Structured report")
    structures = replace(SEG, kind="RT Structure Set")
    row = one(None, CT, SEG, report, structures)
    assert (row.ci, row.a_s, row.cr) == ("not evaluated", "Y*, YR", "Y*")
    assert one(None, CT).flags["seg"] is False
    assert one(None, CT).flags["a_s"] is None
    bare = collection("ct")
    bare.objects = None
    row = survey([made(bare)]).rows[0]
    assert set(row.flags.values()) == {None}
    assert row.lost == "not known whether only images"


def test_the_funnel_adds_up() -> None:
    found = survey(
        [
            made(collection("a", EvidenceResult()), collection("b", EvidenceResult(reports=True))),
            made(
                collection("c", EvidenceResult(forms=[MASKS])),
                collection("d", EvidenceResult(), SEG),
            ),
        ]
    )
    unstated = "in DICOM; access and species not stated"
    assert [step.title for step in found.steps] == [STEPS[0], unstated, *STEPS[2:]]
    assert [step.collections for step in found.steps] == [4, 3, 2, 1]
    for step, after in zip(found.steps, found.steps[1:], strict=False):
        assert step.collections - sum(step.lost.values()) == after.collections
    assert found.formats == {"NIfTI": 1}
    assert found.not_stated == {"access": 4, "species": 4, "pathology": 4, "region": 4}


@pytest.mark.parametrize(
    ("described", "title"),
    [
        ([{"access": "open", "species": "human"}] * 2, "open, in DICOM, human"),
        ([{"access": "open"}] * 2, "open, in DICOM; species not stated"),
        ([{"access": "open"}, {}], "open, in DICOM; access not stated of 1; species not stated"),
        # Who is lost there is not asked.
        ([{"access": "open", "species": "human"}, {"access": "restricted"}], STEPS[1]),
        ([{"access": "restricted"}], STEPS[1]),
        (
            [{"access": "open", "species": "human"}, {}],
            "open, in DICOM, human; access and species not stated of 1",
        ),
    ],
)
def test_the_funnel_says_no_more_than_is_stated(
    described: list[dict[str, str]], title: str
) -> None:
    found = survey(
        [
            made(collection(str(number), EvidenceResult(described=each)))
            for number, each in enumerate(described)
        ]
    )
    assert found.steps[1].title == title


def test_a_description_given_wins_over_the_collections_own() -> None:
    own = EvidenceResult(segmentations=True, described={"region": "Chest", "access": "open"})
    stated = ({"access": "restricted"}, [{"holds": "SEG", "source": "others"}])
    row = survey([made(collection("ct", own))], {"ct": stated, "other": ({}, [])}).rows[0]
    assert (row.region, row.access, row.a_s) == ("Chest", "restricted", "Y*a")


INDEXED = EvidenceResult(
    segmentations=True,
    structure_sets=True,
    beside=False,
    third_party=[{"holds": "SEG", "source": "others"}],
    clinical=True,
    held=[
        EvidenceHeld("RT", False, "2021-04-10"),
        EvidenceHeld("SEG", False, "2022-01-12"),
        EvidenceHeld("SEG", True, "2023-08-14"),
    ],
)


def test_an_index_tells_who_made_it_and_since_when() -> None:
    row = one(INDEXED)
    assert (row.ci, row.a_s, row.cr) == ("Y", "Y*, Y*a, YR", "not evaluated")
    assert row.flags["ci"] is row.flags["seg_third_party"] is True
    assert row.flags["ci_sr_sufficient"] is row.flags["cr"] is None
    assert row.since == {
        "a_s": "2021-04-10",
        "seg": "2022-01-12",
        "seg_third_party": "2023-08-14",
        "rt": "2021-04-10",
        "selected": "2022-01-12",
    }
    # One date that is not known may be the first.
    unknown = replace(INDEXED, held=[*INDEXED.held, EvidenceHeld("SR", False)])
    assert one(unknown).since == {
        flag: day for flag, day in row.since.items() if flag != "selected"
    }
    clinical = EvidenceResult(beside=False, clinical=True)
    assert one(clinical).lost == "clinical information alone"


def test_a_difference_has_the_date_from_which_the_index_holds_it(tmp_path: Path) -> None:
    found = survey([made(collection("ct", INDEXED))])
    beside = lay_beside(found, table(tmp_path / "t.csv", "ct,yes,no,x"))
    assert beside.differences == (Difference("ct", "seg", False, True, "2022-01-12"),)
    page = survey_page(replace(found, against=beside)).decode()
    assert "Held here since" in page
    assert "<small>2021-04-10</small>" in page
    assert "Tied to images" not in page
    [line] = csv.DictReader(io.StringIO(survey_csv(found).decode("utf-8-sig")))
    assert (line["seg_since"], line["rt_since"], line["sr_since"]) == (
        "2022-01-12", "2021-04-10", ""
    )  # fmt: skip


# -- Another table ------------------------------------------------------------------------


def table(path: Path, *rows: str, columns: str = "dataset,ci,seg,unknown") -> Path:
    path.write_text("\n".join([columns, *rows]) + "\n")
    return path


def test_agreement_is_counted_by_flag_and_named_by_row(tmp_path: Path) -> None:
    yes, no = EvidenceResult(segmentations=True), EvidenceResult(tables=[TABLE])
    found = survey(
        [
            made(
                collection("NSCLC_Radiomics", yes),
                collection("Head-Neck", no),
                collection("hidden", EvidenceResult(beside=False)),
                collection("d", yes),
            )
        ]
    )
    path = table(
        tmp_path / "t.csv",
        "NSCLC-Radiomics (ACRIN 1),False,True,x",
        "Head\u2013Neck,False,False,x",
        "hidden,True,True,x",
        "D,no,perhaps,x",
        "Elsewhere,True,True,x",
    )
    beside = lay_beside(found, path)
    assert (beside.rows, beside.matched, beside.missing) == (5, 4, ("Elsewhere",))
    ci, seg = beside.agreement
    assert (ci.flag, ci.compared, ci.agree, ci.only_here, ci.not_evaluated) == ("ci", 3, 2, 1, 1)
    assert ci.kappa is None  # There, nobody has any: chance would agree as well.
    assert (seg.compared, seg.agree, seg.only_there, seg.not_evaluated) == (3, 2, 1, 0)
    assert beside.differences == (
        Difference("Head\u2013Neck", "ci", False, True, ""),
        Difference("hidden", "seg", True, False, ""),
    )


def test_of_one_name_the_host_tells_which(tmp_path: Path) -> None:
    twin = replace(collection("ct", EvidenceResult()), repository="Other place")
    found = survey([made(collection("ct", EvidenceResult(segmentations=True)), twin)])
    (tmp_path / "own.csv").write_bytes(survey_csv(found))
    own = lay_beside(found, tmp_path / "own.csv")
    assert (own.matched, own.missing, own.differences) == (2, (), ())
    unsaid = table(tmp_path / "t.csv", "ct,yes", columns="dataset,seg")
    assert lay_beside(found, unsaid).missing == ("ct",)
    elsewhere = table(tmp_path / "u.csv", "ct,Nowhere,yes", columns="dataset,host,seg")
    assert lay_beside(found, elsewhere).missing == ("ct",)
    # A name that stands for one collection needs no host.
    alone = survey([made(collection("ct", EvidenceResult()))])
    assert lay_beside(alone, elsewhere).matched == 1


def test_a_list_that_is_cut_says_so(tmp_path: Path) -> None:
    rows = [f"other {number},yes" for number in range(MISSING + 43)]
    beside = lay_beside(survey([]), table(tmp_path / "t.csv", *rows, columns="dataset,seg"))
    page = survey_page(replace(survey([]), against=beside)).decode()
    assert f"other {MISSING - 1} and 43 more" in page


@given(st.lists(st.booleans(), min_size=2, max_size=20))
def test_who_agrees_in_all_has_a_kappa_of_one_or_none(said: list[bool]) -> None:
    import tempfile

    found = survey(
        [
            made(
                *(
                    collection(f"c{number}", EvidenceResult(segmentations=each))
                    for number, each in enumerate(said)
                )
            )
        ]
    )
    rows = [f"C-{number},{each}" for number, each in enumerate(said)]
    with tempfile.TemporaryDirectory() as folder:
        beside = lay_beside(found, table(Path(folder) / "t.csv", *rows, columns="dataset,seg"))
    assert beside.differences == ()
    assert beside.agreement[0].agree == len(said)
    assert beside.agreement[0].kappa == (1.0 if len(set(said)) == 2 else None)


@pytest.mark.parametrize("text", ["", "dataset,ci\n", "name,ci\na,True\n", "dataset,color\na,1\n"])
def test_a_table_without_flags_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(SurveyError):
        lay_beside(survey([]), path)


def test_the_studys_own_table_can_be_laid_beside(shared: Path) -> None:
    found = survey([made(collection("LIDC-IDRI", EvidenceResult(segmentations=True)))])
    beside = lay_beside(found, shared / "study" / "table4.csv")
    assert (beside.rows, beside.matched) == (83, 1)
    assert [each.flag for each in beside.agreement] == list(FLAGS)


# -- What is written ----------------------------------------------------------------------

HOSTILE = "</script><b>=cmd|'\u202e"


def test_pages_and_tables_hold_every_collection_and_nothing_raw(tmp_path: Path) -> None:
    described = dict.fromkeys(("pathology", "region", "source"), HOSTILE)
    found = survey(
        [
            made(
                collection(HOSTILE, EvidenceResult(described=described)),
                collection("b", EvidenceResult(segmentations=True, forms=[MASKS])),
            )
        ]
    )
    beside = lay_beside(found, table(tmp_path / "t.csv", "b,True,False,x", f'"{HOSTILE}",no,no,x'))
    whole = replace(found, against=beside)
    page = survey_page(whole).decode()
    assert clean(HOSTILE) != HOSTILE
    assert "<b>=cmd" not in page
    assert "\u202e" not in page
    assert page.count('<div class="stage">') == len(STEPS)
    assert "of 4 files" in page
    plain = json.loads(survey_json(whole))
    assert plain["schema"] == "dicom-auditor/survey/1"
    assert [row["name"] for row in plain["rows"]] == sorted([HOSTILE, "b"])
    rows = list(csv.DictReader(io.StringIO(survey_csv(whole).decode("utf-8-sig"))))
    assert {row["dataset"] for row in rows} == {"b", clean(HOSTILE)}
    assert not any(value.startswith(("=", "+", "@")) for row in rows for value in row.values())
    # What was written as CSV can be laid beside another survey; a name made safe is another name.
    (tmp_path / "own.csv").write_bytes(survey_csv(found))
    own = lay_beside(found, tmp_path / "own.csv")
    assert own.differences == ()
    assert (own.rows, own.matched) == (2, 1)


def test_an_empty_table_is_as_wide_as_its_head() -> None:
    page = survey_page(survey([])).decode()
    table = page[page.index('<table id="surveyed"') :].partition("</table>")[0]
    assert f'colspan="{table.count("<th scope")}"' in table


def test_what_the_notation_means_is_said_in_the_same_words_everywhere(tmp_path: Path) -> None:
    whole = made(collection("b", EvidenceResult(segmentations=True, forms=[MASKS])))
    whole.collections[0].annotation = {"A/S": "Y*"}
    write_comparison([whole], tmp_path / "c.html")
    pages = [
        FORMATS["html"].report(whole).decode(),
        (tmp_path / "c.html").read_text("utf-8"),
        survey_page(survey([whole])).decode(),
    ]
    said = [re.findall(r"CI: clinical information;[^<]*not DICOM\.", page) for page in pages]
    assert [len(each) for each in said] == [1, 1, 1]
    assert len({*map(str, said)}) == 1


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["survey", *map(str, arguments)])


def test_the_command_writes_what_is_asked_and_prints_the_funnel(tmp_path: Path) -> None:
    made(collection("a", EvidenceResult(reports=True))).write(tmp_path / "result.json")
    (tmp_path / "describe.toml").write_text('[a]\npathology = "Glioma"\n')
    page = tmp_path / "survey.html"
    ended = run(tmp_path, "-o", page, "--describe", tmp_path / "describe.toml")
    assert ended.exit_code == 0, ended.output
    assert "Glioma" in page.read_text()
    assert "1 SEG or SR" in ended.output
    assert "Not stated: access of 1, species of 1, region of 1." in ended.output
    for form in ("csv", "json"):
        assert run(tmp_path, "--format", form).exit_code == 0
        # A survey may be written anew, and nothing else is written over.
        for _ in range(2):
            file = tmp_path / f"s.{form}"
            assert run(tmp_path, "--format", form, "-o", file).exit_code == 0
        file.write_text("mine")
        assert run(tmp_path, "--format", form, "-o", file).exit_code == 2
        assert file.read_text() == "mine"


def test_a_collection_of_several_audits_counts_in_each_and_it_is_said(tmp_path: Path) -> None:
    names = ("a", "b", "c")
    for name in names:
        each = collection("ct", EvidenceResult())
        # In the third, two collections of one audit have one name, and another host's has it.
        more = [collection("ct", EvidenceResult()) for _ in range(2)] if name == "c" else []
        for other in more:
            other.repository = "Elsewhere"
        (tmp_path / name).mkdir()
        made(each, *more).write(tmp_path / name / "result.json")
    page = tmp_path / "s.html"
    for outs, said in ((("a", "b"), "2 of the audits and counts twice"), (names, "3 times.")):
        ended = run(*(tmp_path / out for out in outs), "-o", page)
        assert ended.exit_code == 0
        [line] = ended.stderr.splitlines()
        assert line.startswith("dicom-audit: warning: Archive/ct is in ")
        assert said in line
        assert "Elsewhere" not in line
        assert line.partition("warning: ")[2] in page.read_text()
    assert run(tmp_path / "a", "-o", page).stderr == ""
    assert "of the audits" not in page.read_text()
    plain = json.loads(run(tmp_path / "a", tmp_path / "a", "--format", "json").stdout)
    assert plain["repeated"] == {"Archive/ct": 2}
    many = made(*(collection(f"{n}", EvidenceResult()) for n in range(REPEATED + 2)))
    assert repeated(survey([many, many])).endswith("; 2 more collections are in several.")


def test_wrong_calls_are_refused(tmp_path: Path) -> None:
    made(collection("a", EvidenceResult())).write(tmp_path / "result.json")
    assert run(tmp_path).exit_code == 2
    page = tmp_path / "s.html"
    (tmp_path / "wrong.toml").write_text("a = 1\n")
    assert run(tmp_path, "-o", page, "--describe", tmp_path / "wrong.toml").exit_code == 2
    assert run(tmp_path, "-o", page, "--describe", tmp_path / "none.toml").exit_code == 2
    assert run(tmp_path, "-o", page, "--against", tmp_path / "wrong.toml").exit_code == 2
    assert run(tmp_path, "-o", page, "--against", tmp_path / "none.csv").exit_code == 2
    made().write(tmp_path / "result.json")
    assert run(tmp_path, "-o", page).exit_code == 3
