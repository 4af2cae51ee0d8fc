"""Cards of the scorecard, and the geometry of their pictures."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from auditor.cards import Card, Table, cards, inventory
from auditor.charts import Scale, scale, share_bar, year_columns
from auditor.result import (
    CollectionResult,
    ConformanceResult,
    Deidentification,
    Disagreement,
    EvidenceForm,
    EvidenceResult,
    EvidenceTable,
    Expectation,
    GroupedFinding,
    InventoryRow,
    IodResult,
    ModuleResult,
    ObjectKind,
    ObjectLink,
    ObjectsResult,
    Private,
    PrivateCreator,
    Reports,
    RuleResult,
    SegmentKind,
    Segments,
)
from auditor.view import LEVELS
from tests.sample_result import collection, rule

FULL = LEVELS[0]


def of(made: CollectionResult, category: str) -> Card:
    (card,) = cards(made, FULL)[category]
    return card


def of_all(made: CollectionResult) -> list[Card]:
    return [card for each in cards(made, FULL).values() for card in each]


def texts(table: Table) -> list[list[str]]:
    return [[cell.text for cell in line.cells] for line in table.lines]


def with_objects(links: list[ObjectLink]) -> CollectionResult:
    made = collection("c")
    made.reports = made.segments = None
    kinds = [
        ObjectKind("CT image", True, 300, 3, 2),
        ObjectKind("Segmentation", False, 2, 2, 1),
        ObjectKind("Structured report", False, 1, 1, 1),
    ]
    made.objects, made.evidence = ObjectsResult(kinds, links), None
    return made


def test_without_blocks_there_are_no_cards() -> None:
    bare = collection("c")
    bare.deidentification = bare.private = bare.conformance = bare.objects = None
    bare.reports = bare.segments = None
    bare.evidence = EvidenceResult()
    assert cards(bare, FULL) == {}
    bare.evidence = None
    assert cards(bare, FULL) == {}


# -- de-identification


def profiled(*rows: Expectation, uncoded: int = 0) -> CollectionResult:
    """Return a collection of 25 objects that claim, without findings."""
    made = collection("c")
    made.rules = []
    made.deidentification = Deidentification(
        instances=25, claiming=25, uncoded=uncoded, expected=list(rows)
    )
    return made


def fired(id: str, severity: str, path: str) -> RuleResult:
    """Return a rule that found something at a tag path of all objects."""
    return replace(
        rule("DEID101", "fail", 25, 25),
        id=id,
        severity=severity,
        findings=[GroupedFinding(path, "found", 25)],
    )


NAME = Expectation("(0010,0010)", "Patient's Name", "empty", "a value", "not_evaluated", 25)


def test_a_claim_without_a_code_is_not_said_to_be_one_that_can_be_looked_up() -> None:
    assert of(profiled(uncoded=5), "deidentification").sentences == (
        "20 (80.0\xa0%) of 25 objects about a patient claim to be de-identified in a way that can "
        "be looked up.",
        "5 (20.0\xa0%) declare identity removed; no code says how, so the Basic Profile is taken.",
    )
    assert len(of(profiled(), "deidentification").sentences) == 1


def test_one_object_is_spoken_of_as_one() -> None:
    made = collection("c")
    made.deidentification = Deidentification(instances=1, claiming=1, uncoded=1, foreign=1)
    assert of(made, "deidentification").sentences == (
        "0 (0\xa0%) of 1 object about a patient claims to be de-identified in a way that can be "
        "looked up.",
        "1 (100\xa0%) declares identity removed; no code says how, so the Basic Profile is taken.",
        "1 object names a method that no published profile explains: nothing can be held against "
        "it.",
    )
    creator = PrivateCreator("A", 1, 1, 9, 0.5, {"safe": 1}, {"dates": 1, "unread": 2})
    made.private = Private(instances=1, bytes=9, share=0.5, creators=[creator])
    [sentence] = of(made, "private").sentences
    assert sentence.startswith("1 object holds private elements, 9 bytes in all")
    # Not of the collection, which has other files too: its size is on the same page.
    assert sentence.endswith(": 50.0\u00a0% of the bytes of its DICOM files.")
    assert of(made, "private").tables[0].head[-1] == "Share of DICOM bytes"
    assert (
        of(made, "private").tables[0].lines[0].cells[1].note
        == "1 listed as safe (PS3.15 E.3.10); 1 holds dates; "
        "2 are UN though the dictionary knows better"
    )
    made.conformance = ConformanceResult(structures=1, judged=1, clean=1)
    assert of(made, "iod").sentences[1] == (
        "1 (100\xa0%) of 1 judged file has no error from either referee. "
        "1 distinct data set stands for it."
    )
    made.conformance = ConformanceResult(structures=1, judged=3, clean=1)
    assert of(made, "iod").sentences[1] == (
        "1 (33.3\xa0%) of 3 judged files has no error from either referee. "
        "1 distinct data set stands for all of them."
    )


def test_a_row_is_as_bad_as_the_worst_that_was_found_of_people_at_its_tag_path() -> None:
    dated = Expectation("(0010,0030)", "Birth", "empty", "a date", "warning", 25)
    made = profiled(
        Expectation("(0008,1010)", "Station Name", "remove", "a value", "warning", 25),
        dated,
        Expectation("(0010,0010)", "Patient's Name", "empty", "a replacement", "pass", 5),
        Expectation("(0020,0010)", "Study ID", "empty", "a value", "not_evaluated", 25),
        NAME,
    )
    made.rules = [
        fired("DEID201", "error", NAME.tag_path),
        fired("DEID203", "warning", NAME.tag_path),
        fired("DEID202", "error", dated.tag_path),
        # What rules of the profile say of other objects at the same tag path is not this row's.
        fired("DEID303", "warning", "(0020,0010)"),
    ]
    table = of(made, "deidentification").tables[-1]
    assert [(row[0], row[3]) for row in texts(table)] == [
        ("Birth", "error (see DEID202)"),
        ("Patient's Name", "one file cannot tell (see DEID201)"),
        ("Station Name", "warning"),
        ("Study ID", "one file cannot tell"),
        ("Patient's Name", "as expected"),
    ]
    assert [line.cells[3].tone for line in table.lines] == [
        "error", "error", "warning", "unknown", "ok",
    ]  # fmt: skip


# -- annotation


def test_what_lies_beside_dicom_is_shown_with_its_ties() -> None:
    made = collection("c")
    made.counts.patients = 100
    made.objects = None
    made.evidence = EvidenceResult(
        forms=[EvidenceForm("NIfTI", "annotation", 6, 3, 1, "masks/<1>.nii.gz")],
        tables=[EvidenceTable("clinical.csv", "CSV", 90, 80, ["patient", "age"])],
        tables_left_out=2,
        patients_joined=80,
        described={"pathology": "Lung\u202e cancer", "region": ""},
        third_party=[{"holds": "SEG", "source": "others"}],
    )
    card = of(made, "annotation")
    assert card.sentences == (
        "Clinical tables name 80 (80.0\xa0%) of 100 patients.",
        "Its publisher states: pathology: Lung⟨U+202E⟩ cancer; SEG by a third party others.",
    )
    forms, tables = card.tables
    assert texts(forms) == [
        ["NIfTI", "annotation", "6", "3 (50.0\xa0%)", "1 (16.7\xa0%)", "masks/<1>.nii.gz"]
    ]
    assert texts(tables) == [["clinical.csv", "80 (80.0\xa0%)", "90", "patient, age"]]
    assert tables.lines[0].bar == 80.0
    assert "2" in tables.more


# -- conformance


def test_what_the_referees_say_adds_up() -> None:
    made = collection("c")
    made.conformance = ConformanceResult(
        structures=3,
        judged=10,
        clean=4,
        both=10,
        cut_short=1,
        verdicts={"neither": 4, "both": 5, "dciodvfy": 1},
        foreign={"retired": 2},
        iods=[IodResult("CT Image", "CT Image Storage", "", 10, 2, 4, 0)],
        modules=[ModuleResult("General Series", "C.7.3.1", 6, 2)],
        modules_left_out=3,
        disagreements=[Disagreement("missing", "(0008,0060)", "Modality", "dciodvfy", 1)],
    )
    card = of(made, "iod")
    files, both = card.bars
    assert [(part.name, part.value) for part in files.parts] == [
        ("no error", "4 (30.8\u00a0%)"),
        ("with an error", "6 (46.2\u00a0%)"),
        ("not judged", "3 (23.1\u00a0%)"),
    ]
    assert [part.value.split()[0] for part in both.parts] == ["4", "5", "0", "1"]
    assert "2 files: retired SOP Class: the edition has no IOD for it." in card.sentences
    assert "1 file: cut short, and so not judged." in card.sentences
    # Whoever has never heard the two words is told.
    assert "Information Object Definition (IOD)" in card.sentences[0]
    assert "Referees are programs" in card.sentences[0]
    iods, modules, differing = card.tables
    assert texts(iods) == [["CT Image", "10", "2", "4 (40.0\u00a0%)"]]
    assert modules.lines[0].cells[0].note == "PS3.3 C.7.3.1"
    assert modules.more == "3 modules not shown; see result.json"
    assert texts(differing)[0][1:] == ["a Type 1 or 2 attribute is missing", "dciodvfy", "1"]


def test_what_nobody_judged_has_no_error_and_no_pass() -> None:
    made = collection("c")
    made.conformance = ConformanceResult(
        structures=1, foreign={"private": 2}, iods=[IodResult("", "", "private", 2, 1, 0, 2)]
    )
    card = of(made, "iod")
    assert [part.value for part in card.bars[0].parts] == [
        "0 (0\u00a0%)",
        "0 (0\u00a0%)",
        "2 (100\u00a0%)",
    ]
    assert texts(card.tables[0]) == [
        ["private SOP Class: no IOD is published", "2", "1", "not judged"]
    ]


# -- what refers to what


def test_arrows_go_from_what_refers_to_what_it_refers_to() -> None:
    made = with_objects(
        [
            ObjectLink("Segmentation", "CT image", True, 2, 2, 9),
            ObjectLink("Segmentation", "MR image", False, 1, 1, 4),
            ObjectLink("Structured report", "Segmentation", True, 1, 1, 2),
        ]
    )
    drawn = of(made, "segmentation").diagram
    assert drawn is not None
    by_title = {node.title: node for node in drawn.nodes}
    assert set(by_title) == {"Segmentation", "CT image", "MR image"}
    assert by_title["Segmentation"].x < by_title["CT image"].x == by_title["MR image"].x
    assert [(edge.label, edge.ghost) for edge in drawn.edges] == [("2", False), ("1", True)]
    assert by_title["MR image"].ghost
    assert by_title["MR image"].detail == "not in the collection"
    assert "2 of kind Segmentation refer to 9 of kind CT image in the collection" in drawn.label
    assert of(made, "structured_report").diagram is not None
    assert "radiotherapy" not in cards(made, FULL)
    (bar,) = of(made, "references").bars
    assert [part.value for part in bar.parts] == ["11 (73.3\u00a0%)", "4 (26.7\u00a0%)"]


_NAMES = ["CT image", "Segmentation", "Structured report", "RT Plan", "RT Dose", "Other object"]
_LINKS = st.builds(
    ObjectLink,
    st.sampled_from(_NAMES),
    st.sampled_from(_NAMES),
    st.booleans(),
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(1, 9),
)


@given(st.lists(_LINKS, max_size=30))
def test_boxes_never_overlap_and_stay_in_the_picture(links: list[ObjectLink]) -> None:
    for each in cards(with_objects(links), FULL).values():
        for card in each:
            if card.diagram is None:
                continue
            drawn = card.diagram
            places = {(node.x, node.y) for node in drawn.nodes}
            assert len(places) == len(drawn.nodes)
            for node in drawn.nodes:
                assert 0 <= node.x <= drawn.width - drawn.box_width
                assert 0 <= node.y <= drawn.height - drawn.box_height
                for other in drawn.nodes:
                    same_column = other is not node and other.x == node.x
                    assert not same_column or abs(other.y - node.y) >= drawn.box_height


def test_patients_are_counted_by_kind_images_first() -> None:
    (table,) = of(with_objects([]), "annotation").tables
    assert [line.cells[0].text for line in table.lines] == [
        "CT image",
        "Segmentation",
        "Structured report",
    ]
    assert table.hint == "Of 4 patients, by Patient ID; kinds go by SOP Class."
    assert table.lines[0].cells[1].text == "2 (50.0\u00a0%)"


def test_reports_are_shown_by_level_of_structure_coded_share_and_lexicon() -> None:
    made = collection("c")
    made.objects = None
    made.reports = Reports(
        instances=9,
        structure={"free_text": 6, "coded": 2, "too_large": 1},
        templates={"none": 6, "1500": 2, "other": 1},
        conformance={"not_conforming": 2},
        coded=30,
        text=10,
        share=0.75,
        lexicons={"SCT": 40, "private (99...)": 2},
        not_counted=1,
    )
    card = of(made, "structured_report")
    assert card.sentences == (
        "9 structured reports, without key object selections.",
        "1 report could not be looked at.",
    )
    structure, items = card.bars
    assert [(part.name, part.value) for part in structure.parts] == [
        ("a coded lexicon", "2 (22.2\u00a0%)"),
        ("free text in a container", "6 (66.7\u00a0%)"),
        ("too large to be looked at", "1 (11.1\u00a0%)"),
    ]
    assert [part.value for part in items.parts] == ["30 (75.0\u00a0%)", "10 (25.0\u00a0%)"]
    assert [(table.title, texts(table)) for table in card.tables] == [
        (
            "Level of structure",
            [
                ["a coded lexicon", "2"],
                ["free text in a container", "6"],
                ["too large to be looked at", "1"],
            ],
        ),
        ("Lexicons in use", [["SCT", "40"], ["private (99...)", "2"]]),
        (
            "Templates declared",
            [["none is declared", "6"], ["TID 1500", "2"], ["one that was not looked at", "1"]],
        ),
        ("Held against the declared template", [["differs from its template", "2"]]),
    ]


def test_a_collection_without_reports_has_no_card_of_them() -> None:
    made = collection("c")
    made.objects = None
    for none in (None, Reports()):
        made.reports = none
        assert "structured_report" not in cards(made, FULL)


def test_reports_that_say_nothing_have_no_bar_of_items() -> None:
    made = collection("c")
    made.objects, made.reports = None, Reports(instances=1, structure={"empty": 1})
    (bar,) = of(made, "structured_report").bars
    assert [part.name for part in bar.parts] == ["nothing said"]


def test_segments_are_named_by_the_standards_words() -> None:
    made = collection("c")
    made.objects = None
    made.segments = Segments(
        instances=5,
        segments=9,
        kinds=[SegmentKind("", "", 6, 2), SegmentKind("Tissue", "Liver", 3, 3)],
        drawn={"": 1, "AUTOMATIC": 6, "MANUAL": 2},
        not_counted=1,
    )
    card = of(made, "segmentation")
    assert card.title == "What is segmented"
    assert card.sentences == (
        "9 segments in 5 objects; a group of annotations counts as one.",
        "1 object could not be looked at.",
    )
    assert texts(card.tables[0]) == [
        ["another code, or none", "another code, or none", "6", "2"],
        ["Tissue", "Liver", "3", "3"],
    ]
    (bar,) = card.bars
    assert [(part.name, part.value) for part in bar.parts] == [
        ("by hand", "2 (22.2\xa0%)"),
        ("by a program", "6 (66.7\xa0%)"),
        ("not said", "1 (11.1\xa0%)"),
    ]


def test_segmentations_that_could_not_be_looked_at_are_counted() -> None:
    made = collection("c")
    made.objects, made.segments = None, Segments(instances=1, segments=0, not_counted=1)
    card = of(made, "segmentation")
    assert (card.bars, card.tables) == ((), ())
    assert "1 object could not be looked at." in card.sentences


def test_without_segments_nothing_is_shown() -> None:
    made = collection("c")
    made.objects, made.segments = None, Segments(instances=0, segments=0)
    assert "segmentation" not in cards(made, FULL)


# -- pictures


@given(st.lists(st.integers(0, 10**7), max_size=6))
def test_parts_of_a_bar_fill_it(sizes: list[int]) -> None:
    bar = share_bar("x", [("ok", "a", size, "") for size in sizes])
    if not sum(sizes):
        assert bar is None
        return
    assert bar is not None
    assert abs(sum(part.width for part in bar.parts) - 100) < 0.05 * len(sizes)
    assert all(part.x >= 0 and part.x + part.width <= 100.05 for part in bar.parts)


def test_scores_stand_on_a_line_from_4_to_204() -> None:
    assert scale((), 0) == Scale()
    assert scale((84.2,), 84.2) == Scale(reach="M4 6h168.4")
    assert scale((0.0, 100.0), 50.0) == Scale(dots="M4.0 6h0M204.0 6h0", middle="M104.0 1v10")


@given(st.dictionaries(st.integers(1900, 2099), st.integers(0, 10**6)))
def test_years_have_a_column_each(counts: dict[int, int]) -> None:
    drawn = year_columns("x", counts)
    present = [year for year, count in counts.items() if count]
    if drawn is None:
        assert len(present) < 2 or max(present) - min(present) >= 60
        return
    assert len(drawn.columns) == max(present) - min(present) + 1
    assert sum(each.height > 0 for each in drawn.columns) == len(present)
    assert drawn.columns[0].mark == str(min(present))
    assert drawn.columns[-1].mark == str(max(present))
    for each in drawn.columns:
        assert each.height >= 0
        assert each.y >= 0
        assert each.x + drawn.column <= drawn.width


def test_what_there_is_comes_with_its_size() -> None:
    made = collection("c")
    made.inventory = {
        "study_year": [InventoryRow("2001", 5, 1, 100), InventoryRow("(not given)", 7, 1, 10)],
        "modality": [InventoryRow("CT", 5, 1, 2_000_000)],
    }
    made.companions = {"csv": 2}
    by_title = {card.title: card for card in inventory(made, FULL)}
    assert list(by_title) == ["Year of study", "Modality", "Files beside DICOM"]
    made.private = None
    made.private_elements = {"SIEMENS CSA HEADER": 3}
    assert inventory(made, FULL)[2].title == "Private elements by creator"
    assert texts(by_title["Modality"].tables[0]) == [["CT", "5", "1", "2.0 MB"]]
    assert by_title["Year of study"].columns is None
    made.inventory["study_year"].append(InventoryRow("1998", 1, 1, 1))
    card = inventory(made, FULL)[0]
    assert card.columns is not None
    assert card.tables[0].folded
    assert [line.cells[0].text for line in card.tables[0].lines] == ["(not given)", "1998", "2001"]
