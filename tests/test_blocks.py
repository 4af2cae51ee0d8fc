"""What summaries count, and what the blocks of a result make of it."""

from __future__ import annotations

import io
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid

from auditor import blocks
from auditor.blocks import (
    CREATORS,
    EXPECTED,
    deidentification,
    private,
    segments,
    structured_reports,
)
from auditor.engine import Auditor
from auditor.model import Row, TagPath
from auditor.paths import rules_folder
from auditor.reading.places import Forest, added_up, creator_in
from auditor.reading.reader import Reader
from auditor.registry import RuleSet, load
from auditor.sources import SourceFile, open_source
from auditor.standard.private import Standing
from auditor.structured_report import content
from auditor.tally import NOT_COUNTED, Seen, Tally, count_summary
from auditor.testing import Literal, dataset_of
from tests.rules.documents import code, container, document, group, measurements, num, text

DATA = Path(pydicom.__file__).parent / "data"
CT = "1.2.840.10008.5.1.4.1.1.2"
CREATOR = "SIEMENS CSA HEADER"

OBJECT: Literal = {
    "SOPClassUID": CT,
    "SOPInstanceUID": "1.2.3.4",
    "SeriesInstanceUID": "1.2.3",
    "Manufacturer": "SIEMENS",
    (0x0009, 0x1001): ("LO", "8 bytes."),
    (0x0029, 0x0010): ("LO", CREATOR),
    (0x0029, 0x1008): ("CS", "IMAGE NUM 4 "),
    (0x0029, 0x1010): ("OB", bytes(100)),
    "RequestAttributesSequence": [
        {
            "ScheduledProcedureStepID": "not private",
            (0x0029, 0x0010): ("LO", CREATOR),
            (0x0029, 0x1010): ("OB", bytes(20)),
        }
    ],
    (0x0031, 0x0010): ("LO", "SOMEBODY 12"),
    (0x0031, 0x1000): (
        "SQ",
        [{"PatientComments": "in it 12byt."}, {(0x0031, 0x1001): ("UN", b"12")}],
    ),
}
BYTES = {CREATOR: 12 + 100 + 20, "AAAAAAAA 99": 12 + 2, "no creator": 8}


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load([rules_folder()])


def stored(path: Path, literal: Literal = OBJECT, *, implicit: bool = False) -> SourceFile:
    dataset = dataset_of(literal)
    dataset.file_meta = FileMetaDataset()
    syntax = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", CT)
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[path.name])
    dataset.save_as(path, enforce_file_format=True, implicit_vr=implicit, little_endian=True)
    return SourceFile(path.name, str(path))


def tally_of(rules: RuleSet, *files: SourceFile) -> Tally:
    return Auditor(rules, b"k" * 32).chunk(files).tally


@pytest.mark.parametrize("implicit", [False, True])
def test_bytes_of_private_values_are_counted_by_the_creator_of_the_outermost(
    rules: RuleSet, tmp_path: Path, implicit: bool
) -> None:
    # Three files of one series: what did not change is not walked again, and counts again.
    files = [
        stored(tmp_path / str(n), {**OBJECT, "InstanceNumber": n}, implicit=implicit)
        for n in range(3)
    ]
    tally = tally_of(rules, *files)
    # In implicit VR nobody can tell that a private element of that length is a sequence:
    # its value is all of it, with the headers of two items and of two elements.
    headers = 4 * 8 if implicit else 0
    expected = {**BYTES, "AAAAAAAA 99": BYTES["AAAAAAAA 99"] + headers}
    assert dict(tally.private) == {creator: 3 * size for creator, size in expected.items()}
    assert tally.dicom == sum(Path(file.location).stat().st_size for file in files)


def test_pydicom_counts_the_same_bytes(rules: RuleSet, tmp_path: Path) -> None:
    file = stored(tmp_path / "a")
    # Without preamble and file meta, the fast walker does not read it.
    buffer = io.BytesIO()
    pydicom.dcmwrite(
        buffer, dataset_of(OBJECT), implicit_vr=False, little_endian=True, force_encoding=True
    )
    Path(file.location).write_bytes(buffer.getvalue())
    assert dict(tally_of(rules, file).private) == BYTES


def test_a_reader_that_has_read_before_counts_as_a_new_one(rules: RuleSet) -> None:
    shared = Auditor(rules, b"k" * 32)
    counted = 0
    with open_source(DATA) as source:
        for file in source.files():
            if file.problem:
                continue
            readings = [shared._reader.read(file.location) for _ in range(2)]
            alone = Reader(Forest(shared._forest._plan)).read(file.location)
            for reading in readings:
                assert dict(added_up(reading.private)) == dict(added_up(alone.private)), file.path
            counted += bool(alone.private)
    assert counted > 20


def test_a_row_counts_as_often_as_it_is_yielded_in_each_object() -> None:
    parts: list[tuple[tuple[tuple[Row, int], ...], dict[int | None, Seen]]] = [
        (((("a",), 2),), {1: Seen(3, "x"), None: Seen(1, "y")}),
        (((("a",), 1), (("b",), 1)), {1: Seen(5, "z")}),
    ]
    assert count_summary(parts, by_series=False) == {("a",): 13, ("b",): 5}
    assert count_summary(parts, by_series=True) == {("a",): 2, ("b",): 1}


def test_a_summary_that_raises_says_that_it_could_not_count(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.py").write_text(
        "from auditor import summary\n"
        "@summary(name='claim', category='integrity', reads=('Modality',))\n"
        "def count(instance):\n    'Nothing.'\n    yield (instance.text('PatientID'),)\n"
    )
    broken = load([tmp_path / "rules"])
    tally = tally_of(broken, stored(tmp_path / "a"))
    rows = blocks.summaries(broken, tally)
    assert rows == {"claim": {NOT_COUNTED: 1}}
    block = deidentification(rows)
    assert block is not None
    assert (block.not_counted, block.instances) == (1, 0)


def test_nobody_counts_what_no_rule_asks_for(rules: RuleSet) -> None:
    assert {each.name for each in rules.summaries} >= {"abuse", "claim", "private", "profile"}
    only = rules.only(["deidentification"], ())
    names = {each.name for each in only.summaries}
    assert names >= {"claim", "profile"}
    assert not names & {"abuse", "private"}
    assert private({}, Tally()) is None
    assert deidentification({}) is None
    assert segments({}) is None


def test_the_private_block_says_whose_elements_there_are(rules: RuleSet, tmp_path: Path) -> None:
    tally = tally_of(rules, stored(tmp_path / "a"), stored(tmp_path / "b"))
    block = private(blocks.summaries(rules, tally), tally)
    assert block is not None
    assert block.instances == 2
    assert block.bytes == 2 * sum(BYTES.values())
    assert block.share == block.bytes / tally.dicom
    assert [each.creator for each in block.creators] == list(BYTES)
    csa, somebody, orphans = block.creators
    # Each place once an instance: at the top two, and one in a sequence.
    assert (csa.elements, csa.instances, csa.standing) == (6, 2, {"known": 6})
    assert somebody.standing == {"unknown_creator": 2}
    # One in its item has no creator there (PS3.5 7.8.1); its bytes are of the sequence's.
    assert orphans.standing == {"orphan": 4}
    assert (orphans.elements, orphans.bytes) == (4, 16)
    assert sum(each.share for each in block.creators) == pytest.approx(block.share)


def test_a_private_date_and_a_name_are_found_by_creator(rules: RuleSet, tmp_path: Path) -> None:
    literal = {
        "SOPClassUID": CT,
        (0x0009, 0x0010): ("LO", "SOMEBODY 12"),
        (0x0009, 0x1001): ("PN", "Muster^Maria"),
        (0x0009, 0x1002): ("DA", "19570314"),
        (0x0019, 0x0010): ("LO", "GEMS_ACQU_01"),
        (0x0019, 0x1023): ("UN", b"12"),
    }
    tally = tally_of(rules, stored(tmp_path / "a", literal))
    block = private(blocks.summaries(rules, tally), tally)
    assert block is not None
    found = {each.creator: each.found for each in block.creators}
    assert found == {
        "AAAAAAAA 99": {"dates": 1, "identifiers": 1},
        "GEMS_ACQU_01": {"unread": 1},
    }


def test_abuse_is_counted_in_series_of_a_manufacturer(rules: RuleSet, tmp_path: Path) -> None:
    diffusion = {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.4",
        "Manufacturer": "SIEMENS",
        (0x0019, 0x0010): ("LO", "SIEMENS MR HEADER"),
        (0x0019, 0x100C): ("IS", "1000"),
    }
    objects: list[Literal] = [
        {**diffusion, "SeriesInstanceUID": "1.1"},
        {**diffusion, "SeriesInstanceUID": "1.1", "InstanceNumber": "2"},
        {**diffusion, "SeriesInstanceUID": "1.2", "DiffusionBValue": 1000.0},
        {"SOPClassUID": CT, "SeriesInstanceUID": "1.3", "Manufacturer": "SIEMENS"},
        {"SOPClassUID": CT, "SeriesInstanceUID": "1.4", "Manufacturer": "Nobody^Knows"},
    ]
    files = [stored(tmp_path / str(n), each) for n, each in enumerate(objects)]
    tally = tally_of(rules, *files)
    block = private(blocks.summaries(rules, tally), tally)
    assert block is not None
    siemens, other = block.vendors
    assert (siemens.manufacturer, siemens.series, siemens.private) == ("Siemens", 3, 2)
    assert (siemens.absent, siemens.equal, siemens.different) == (1, 1, 0)
    # Who made it is told only of manufacturers that are publicly known.
    assert (other.manufacturer, other.series, other.private) == ("(withheld)", 1, 0)


def claimed(**said: object) -> Literal:
    return {
        "SOPClassUID": CT,
        "PatientIdentityRemoved": "YES",
        "DeidentificationMethodCodeSequence": [
            {"CodeValue": code, "CodingSchemeDesignator": "DCM"} for code in ("113107", "113100")
        ],
        "LongitudinalTemporalInformationModified": "MODIFIED",
        **said,
    }


def test_the_claim_is_said_in_words(rules: RuleSet, tmp_path: Path) -> None:
    files = [
        stored(tmp_path / "a", claimed(BurnedInAnnotation="NO", DeidentificationMethod="secret")),
        stored(tmp_path / "b", claimed(BurnedInAnnotation="PERHAPS")),
        stored(tmp_path / "c", {"SOPClassUID": CT, "DeidentificationMethod": ""}),
    ]
    tally = tally_of(rules, *files)
    block = deidentification(blocks.summaries(rules, tally))
    assert block is not None
    assert block.instances == 3
    words = {each.words: each.codes for each in block.claims}
    dates = "dates: MODIFIED"
    method = "method: Basic Profile (113100), Retain Modified Dates (113107)"
    features = "recognizable features: not said"
    assert words == {
        f"identity removed: YES; {method}, free text; {dates}; text in the pixels: NO; {features}":
            ["113100", "113107"],
        f"identity removed: YES; {method}; {dates}; text in the pixels: no legal value; {features}":
            ["113100", "113107"],
        "identity removed: not said; method: not said; dates: not said; "
        f"text in the pixels: not said; {features}": [],
    }  # fmt: skip
    carried = {each.tag_path: (each.present, each.filled) for each in block.attributes}
    assert len(carried) == 10
    assert carried["(0012,0062)"] == (2, 2)
    assert carried["(0012,0063)"] == (2, 1)
    assert carried["(0028,0301)"] == (2, 2)
    assert carried["(0008,0300)/(0008,0305)"] == (0, 0)


def test_what_is_asked_for_stands_beside_what_is_there_worst_first(
    rules: RuleSet, tmp_path: Path
) -> None:
    literal = claimed(
        OtherPatientNames="Muster^Maria",
        StationName="MR1",
        InstitutionName="",
        StudyInstanceUID="1.2.3",
        StudyDate="20200314",
        PatientID="",
    )
    tally = tally_of(rules, stored(tmp_path / "a", literal), stored(tmp_path / "b", claimed()))
    block = deidentification(blocks.summaries(rules, tally))
    assert block is not None
    assert (block.claiming, block.uncoded) == (2, 0)
    rows = [(each.attribute, each.expected, each.observed, each.verdict) for each in block.expected]
    assert rows[:2] == [
        ("Other Patient Names", "remove", "a value", "error"),
        ("Station Name", "remove", "a value", "warning"),
    ]
    assert ("Study Instance UID", "replace the UID", "a value", "not_evaluated") in rows
    assert ("Patient ID", "empty", "empty", "pass") in rows
    assert ("Study Date", "clean", "a date or time that looks true", "pass") in rows
    assert not any(each in str(block) for each in ("Muster", "MR1", "20200314"))


def test_a_claim_of_removed_dates_is_held_against_dates(rules: RuleSet, tmp_path: Path) -> None:
    literal = claimed(LongitudinalTemporalInformationModified="REMOVED", StudyDate="20200314")
    tally = tally_of(rules, stored(tmp_path / "a", literal))
    block = deidentification(blocks.summaries(rules, tally))
    assert block is not None
    assert ("(0008,0020)", "error") in [(each.tag_path, each.verdict) for each in block.expected]


def test_a_claim_without_a_code_is_counted_apart(rules: RuleSet, tmp_path: Path) -> None:
    uncoded: Literal = {"SOPClassUID": CT, "PatientIdentityRemoved": "YES"}
    tally = tally_of(rules, stored(tmp_path / "a", uncoded), stored(tmp_path / "b", claimed()))
    block = deidentification(blocks.summaries(rules, tally))
    assert block is not None
    assert (block.claiming, block.uncoded, block.foreign) == (2, 1, 0)


def test_codes_of_another_scheme_ask_for_nothing(rules: RuleSet, tmp_path: Path) -> None:
    literal: Literal = {
        "SOPClassUID": CT,
        "PatientIdentityRemoved": "YES",
        "DeidentificationMethodCodeSequence": [{"CodeValue": "1", "CodingSchemeDesignator": "99X"}],
        "OtherPatientNames": "Muster^Maria",
    }
    tally = tally_of(rules, stored(tmp_path / "a", literal))
    block = deidentification(blocks.summaries(rules, tally))
    assert block is not None
    assert (block.foreign, block.claiming, block.expected) == (1, 0, [])


def test_blocks_are_bounded_and_say_what_they_leave_out() -> None:
    places: dict[Row, int] = {
        ("place", f"(0010,{n:04X})", "remove", "a value", verdict): n + 1
        for n in range(150)
        for verdict in ("error", "pass")
    }
    block = deidentification({"profile": places})
    assert block is not None
    assert (len(block.expected), block.more) == (EXPECTED, 300 - EXPECTED)
    assert {each.verdict for each in block.expected} == {"error"}
    assert block.expected[0].instances == 150
    tally = Tally()
    tally.private.update({f"A{n}": n for n in range(500)})
    whose = private({"private": {}}, tally)
    assert whose is not None
    assert (len(whose.creators), whose.more) == (CREATORS, 300)


def test_every_standing_has_a_name_in_the_result() -> None:
    assert {each.name.lower() for each in Standing} == {
        "safe", "known", "nameless", "unknown_creator", "orphan",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("step", "creator"),
    [
        ("(0029,xx10:A B)", "A B"),
        ("(0029,1010:no creator)", "no creator"),
        ("(0029,0010)", ""),
        ("(0010,0010)", ""),
    ],
)
def test_a_tag_path_names_the_creator(step: str, creator: str) -> None:
    assert creator_in(TagPath(("(0040,0275)", step))) == creator


def test_a_header_cut_short_is_not_counted_as_if_it_were_whole(
    rules: RuleSet, tmp_path: Path
) -> None:
    file = stored(tmp_path / "a", claimed(OtherPatientNames="Muster^Maria"))
    path = Path(file.location)
    path.write_bytes(path.read_bytes()[:-10])
    tally = tally_of(rules, file)
    rows = blocks.summaries(rules, tally)
    assert rows["profile"] == {NOT_COUNTED: 1}


def segmentation(*kinds: tuple[str, str, str]) -> Literal:
    """Return a segmentation; of each segment scheme, code of the type, algorithm type."""
    tissue = {"CodeValue": "85756007", "CodingSchemeDesignator": "SCT", "CodeMeaning": "secret"}
    return {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.66.4",
        "SegmentSequence": [
            {
                "SegmentLabel": "secret",
                "SegmentAlgorithmType": way,
                "SegmentedPropertyCategoryCodeSequence": [tissue],
                "SegmentedPropertyTypeCodeSequence": [
                    {"CodeValue": value, "CodingSchemeDesignator": scheme, "CodeMeaning": "secret"}
                ],
            }
            for scheme, value, way in kinds
        ],
    }


def test_segments_are_named_in_the_words_of_the_standard(rules: RuleSet, tmp_path: Path) -> None:
    liver, retired = ("SCT", "10200004", "MANUAL"), ("SRT", "T-62000", "MANUAL")
    own = ("99X", "secret", "SECRET")
    files = [
        stored(tmp_path / "a", segmentation(liver, liver, own)),
        stored(tmp_path / "b", segmentation(retired)),
        stored(tmp_path / "c", {"SOPClassUID": CT}),
    ]
    block = segments(blocks.summaries(rules, tally_of(rules, *files)))
    assert block is not None
    assert (block.instances, block.segments, block.drawn) == (2, 4, {"": 1, "MANUAL": 3})
    kinds = [(each.category, each.type, each.segments, each.instances) for each in block.kinds]
    assert kinds == [("Tissue", "Liver", 3, 2), ("Tissue", "", 1, 1)]
    assert "secret" not in str(block).lower()


def test_what_reports_are_made_of_is_counted(rules: RuleSet, tmp_path: Path) -> None:
    conforming = measurements(group(num("410668003,SCT"), code("121071", "1,99MINE")))
    reports = [
        conforming,
        conforming,
        document(text("121106"), text("121106"), template="1500"),
        document(container("121070", text("121071")), container("121070", text("121071"))),
        document(template="99MINE"),
        # It says who observed, and nothing of what was seen.
        document(code("121005", "121007", "HAS OBS CONTEXT")),
        OBJECT,
    ]
    files = [stored(tmp_path / str(n), literal) for n, literal in enumerate(reports)]
    block = structured_reports(blocks.summaries(rules, tally_of(rules, *files)))
    assert block is not None
    assert block.instances == 6
    assert block.structure == {"coded": 2, "empty": 2, "free_text": 1, "organised": 1}
    assert block.templates == {"1500": 3, "none": 2, "other": 1}
    assert block.conformance == {"conforming": 2, "not_conforming": 1, "not_evaluated": 1}
    assert (block.coded, block.text, block.share) == (4, 4, 0.5)
    assert block.lexicons["private (99...)"] == 2
    assert block.lexicons["UCUM"] == 2
    assert block.lexicons["SCT"] == 2
    # Titles, headings, and names: of two reports 4 each, and of the others 3, 5, 1 and 3.
    assert block.lexicons["DCM"] == 8 + 3 + 5 + 1 + 3
    assert structured_reports({}) is None


def test_a_report_that_is_too_large_is_counted_as_that(
    rules: RuleSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "ITEM_LIMIT", 2)
    file = stored(tmp_path / "1", document(text("121106"), text("121106"), template="1500"))
    block = structured_reports(blocks.summaries(rules, tally_of(rules, file)))
    assert block is not None
    assert block.structure == {"too_large": 1}
    assert block.conformance == {"not_evaluated": 1}
    assert block.lexicons == {}
