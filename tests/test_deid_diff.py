"""What was done to each element, whether that was claimed, and that no value is told."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pydicom
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset

from auditor.cli import main
from auditor.deid_diff import DeidDiff, MappingError, compare_release, read_mapping
from auditor.deid_diff.deeds import Done, Verdict
from auditor.deid_diff.pairing import pair
from auditor.deid_diff.show import deid_page
from auditor.model import Judge, TagPath
from auditor.paths import rules_folder
from auditor.reading.stored_pixels import Pixels, pixels_of
from auditor.registry import load
from auditor.sources import open_source
from auditor.testing import dataset_of

SCHEMA = json.loads(
    (Path(__file__).parents[1] / "auditor" / "deid-diff.schema.json").read_text("utf-8")
)
LOOK = load([rules_folder()]).judges["confidentiality"]
assert isinstance(LOOK, Judge)

MARK = "Qz7Planted"
"""In every planted text: nothing that is written has another reason to hold it."""

ROOT = "1.2.826.0.1.3680043.10.555"

BASIC, FULL, MODIFIED, DEVICE, UIDS, PRIVATE, PIXEL = (
    "113100", "113106", "113107", "113109", "113110", "113111", "113101"
)  # fmt: skip

Edit = Callable[[Dataset], None]


def ct(patient: int = 1, number: int = 1, study: int = 1) -> Dataset:
    """Return a CT slice with pixels of its own."""
    dataset = dataset_of(
        {
            "SOPClassUID": uid.CTImageStorage,
            "SOPInstanceUID": f"{ROOT}.{patient}.{study}.3.{number}",
            "SeriesInstanceUID": f"{ROOT}.{patient}.{study}.2",
            "StudyInstanceUID": f"{ROOT}.{patient}.{study}.1",
            "FrameOfReferenceUID": f"{ROOT}.{patient}.{study}.4",
            "StudyDate": f"2015031{study}",
            "StudyTime": "101112",
            "SeriesDate": f"2015031{study}",
            "Modality": "CT",
            "InstitutionName": f"{MARK}Hospital",
            "StationName": f"{MARK}CT",
            "PatientName": f"{MARK}^Name{patient}",
            "PatientID": f"{MARK}{patient}",
            "PatientBirthDate": "19470613",
            "AccessionNumber": f"{MARK}9",
            "KVP": "120",
            "InstanceNumber": number,
            "Rows": 2,
            "Columns": 2,
            "BitsAllocated": 8,
            "BitsStored": 8,
            "HighBit": 7,
            "SamplesPerPixel": 1,
            "PixelRepresentation": 0,
            "PhotometricInterpretation": "MONOCHROME2",
            "ReferencedImageSequence": [
                {
                    "ReferencedSOPClassUID": uid.CTImageStorage,
                    "ReferencedSOPInstanceUID": f"{ROOT}.{patient}.{study}.3.{number}",
                }
            ],
            "RequestAttributesSequence": [{"RequestedProcedureDescription": MARK}],
        }
    )
    dataset.PixelData = bytes([patient, number, study, 7])
    return dataset


def new_uids(dataset: Dataset) -> None:
    """Replace each UID of an object by another one, everywhere the same."""
    for element in dataset.iterall():
        if element.VR == "UI" and str(element.value).startswith(ROOT):
            element.value = f"2.25.{str(element.value)[len(ROOT) + 1 :].replace('.', '0')}"


def claim(dataset: Dataset, *codes: str) -> None:
    """Let an object claim a profile and its options."""
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethodCodeSequence = [
        dataset_of({"CodeValue": code, "CodingSchemeDesignator": "DCM"}) for code in codes
    ]


def basic(dataset: Dataset) -> None:
    """Do what the Basic Profile asks, and say so."""
    new_uids(dataset)
    for keyword in ("StudyDate", "StudyTime", "AccessionNumber", "PatientBirthDate"):
        setattr(dataset, keyword, "")
    dataset.PatientName, dataset.PatientID = "ANON", f"P{dataset.PatientID[-1]}"
    for keyword in ("SeriesDate", "InstitutionName", "StationName", "RequestAttributesSequence"):
        delattr(dataset, keyword)
    claim(dataset, BASIC)


def save(path: Path, dataset: Dataset, syntax: str = uid.ExplicitVRLittleEndian) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid.UID(syntax)
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(path, enforce_file_format=True)


def two(folder: Path, originals: list[Dataset], *edits: Edit) -> tuple[Path, Path]:
    """Write the originals, and what became of them by `edits` under other names."""
    for number, dataset in enumerate(originals):
        save(folder / "original" / f"{MARK}{number}.dcm", dataset)
        for edit in edits:
            edit(dataset)
        save(folder / "released" / f"{number:03}.dcm", dataset)
    return folder / "original", folder / "released"


def compare(
    original: Path, released: Path, mapping: list[tuple[str, str]] | None = None
) -> DeidDiff:
    assert isinstance(LOOK, Judge)
    with open_source(original) as old, open_source(released) as new:
        return compare_release(
            old, new, look=LOOK.check, key=b"key", version="0", mapping=mapping or ()
        )


def done(found: DeidDiff, path: str) -> dict[Done, Verdict]:
    return {row.done: row.verdict for row in found.elements if row.tag_path == path}


def run(*arguments: object) -> Any:
    return CliRunner().invoke(main, ["deid-diff", *map(str, arguments)])


# -- Nothing was done, and all was done ---------------------------------------------------


TEXT = st.text("aZ9 ^=\\.Äéß東", max_size=12)


@settings(max_examples=25)
@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                # A name has three representations at most (PS3.5 6.2.1), else writing it warns.
                "PatientName": TEXT.filter(lambda text: text.count("=") < 3),
                "StudyDescription": TEXT,
                "PatientWeight": st.decimals(0, 300, places=2).map(str),
                "StudyDate": st.dates().map(lambda day: f"{day:%Y%m%d}".zfill(8)),
                "Rows": st.integers(0, 65535),
                "RequestAttributesSequence": st.lists(
                    st.fixed_dictionaries({}, optional={"RequestedProcedureDescription": TEXT}),
                    max_size=3,
                ),
                (0x00091001, "private"): st.just(0),
            },
        ),
        min_size=1,
        max_size=3,
    )
)
def test_of_what_is_the_same_all_is_kept(literals: list[dict[Any, Any]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        for number, literal in enumerate(literals):
            private = literal.pop((0x00091001, "private"), None)
            dataset = dataset_of(
                {"SOPClassUID": uid.CTImageStorage, "SOPInstanceUID": f"{ROOT}.{number}", **literal}
            )
            dataset.SpecificCharacterSet = "ISO_IR 192"
            if private is not None:
                dataset.private_block(0x0009, "ANYBODY", create=True).add_new(1, "LO", MARK)
            save(Path(folder) / f"{number}.dcm", dataset)
        found = compare(Path(folder), Path(folder))
    assert found.paired == len(literals)
    assert {row.done for row in found.elements} == {Done.KEPT}
    assert all(each.one_to_one and each.kept == each.values for each in found.mappings)


def test_what_is_as_claimed_passes(tmp_path: Path) -> None:
    found = compare(*two(tmp_path, [ct(1, 1), ct(1, 2), ct(2, 1)], basic))
    assert list(found.disagreements()) == list(found.gaps()) == []
    assert found.code == 0
    assert found.pairs == {"pixels": 3}
    assert done(found, "(0010,0010)") == {Done.REPLACED: Verdict.AS_CLAIMED}
    assert done(found, "(0010,0020)") == {Done.REMAPPED: Verdict.AS_CLAIMED}
    assert done(found, "(0008,0080)") == {Done.REMOVED: Verdict.AS_CLAIMED}
    assert done(found, "(0008,0020)") == {Done.EMPTIED: Verdict.AS_CLAIMED}
    assert done(found, "(0008,0018)") == {Done.REMAPPED: Verdict.AS_CLAIMED}
    assert done(found, "(0018,0060)") == {Done.KEPT: Verdict.UNASKED}
    # References may stay where the UIDs in them were replaced.
    assert done(found, "(0008,1140)/(0008,1155)") == {Done.REMAPPED: Verdict.AS_CLAIMED}
    # What is in a sequence that is gone is gone with it.
    assert done(found, "(0040,0275)") == {Done.REMOVED: Verdict.AS_CLAIMED}
    assert done(found, "(0040,0275)/(0032,1060)") == {}
    assert all(each.one_to_one for each in found.mappings)
    assert found.pixels.same == 3


# -- One thing was done otherwise ---------------------------------------------------------


def _set(keyword: str, value: object) -> Edit:
    return lambda dataset: setattr(dataset, keyword, value)


def _claims(*codes: str) -> Edit:
    return lambda dataset: claim(dataset, *codes)


@pytest.mark.parametrize(
    ("path", "edits", "expected"),
    [
        ("(0010,0010)", [_set("PatientName", f"{MARK}^Name1")], (Done.KEPT, Verdict.DISAGREES)),
        ("(0008,1010)", [_set("StationName", f"{MARK}CT")], (Done.KEPT, Verdict.DISAGREES)),
        ("(0008,1010)", [_set("StationName", "")], (Done.EMPTIED, Verdict.MILDER)),
        ("(0008,1010)", [_set("StationName", "SITE")], (Done.REPLACED, Verdict.MILDER)),
        (
            "(0008,1010)",
            [_set("StationName", f"{MARK}CT"), _claims(BASIC, DEVICE)],
            (Done.KEPT, Verdict.AS_CLAIMED),
        ),
        ("(0008,1010)", [_claims(BASIC, DEVICE)], (Done.REMOVED, Verdict.MILDER)),
        (
            "(0010,0030)",
            [_set("PatientBirthDate", "19470613")],
            (Done.KEPT, Verdict.DISAGREES),
        ),
        (
            "(0010,0030)",
            [_set("PatientBirthDate", "19000101")],
            (Done.REPLACED, Verdict.AS_CLAIMED),
        ),
        (
            "(0010,0030)",
            [_set("PatientBirthDate", "19550302")],
            (Done.SHIFTED, Verdict.UNJUDGED),
        ),
        ("(0008,0021)", [_set("SeriesDate", "20150311")], (Done.KEPT, Verdict.DISAGREES)),
        ("(0008,0021)", [_set("SeriesDate", "20150401")], (Done.SHIFTED, Verdict.DISAGREES)),
        ("(0008,0021)", [_set("SeriesDate", "19000101")], (Done.REPLACED, Verdict.MILDER)),
        (
            "(0008,0021)",
            [_set("SeriesDate", "20150401"), _claims(BASIC, MODIFIED)],
            (Done.SHIFTED, Verdict.AS_CLAIMED),
        ),
        (
            "(0008,0021)",
            [_set("SeriesDate", "20150311"), _claims(BASIC, MODIFIED)],
            (Done.KEPT, Verdict.DISAGREES),
        ),
        (
            "(0008,0021)",
            [_set("SeriesDate", "20150401"), _claims(BASIC, FULL)],
            (Done.SHIFTED, Verdict.DISAGREES),
        ),
        ("(0018,0060)", [_set("KVP", "120.0")], (Done.KEPT, Verdict.UNASKED)),
        ("(0018,0060)", [_set("KVP", "100")], (Done.REPLACED, Verdict.UNASKED)),
        ("(0018,1000)", [_set("DeviceSerialNumber", "1")], (Done.ADDED, Verdict.UNASKED)),
        (
            "(0020,0052)",
            [_set("FrameOfReferenceUID", f"{ROOT}.1.1.4")],
            (Done.KEPT, Verdict.DISAGREES),
        ),
        ("(0020,0052)", [_set("FrameOfReferenceUID", "")], (Done.EMPTIED, Verdict.MILDER)),
        (
            "(0020,0052)",
            [_set("FrameOfReferenceUID", f"{ROOT}.1.1.4"), _claims(BASIC, UIDS)],
            (Done.KEPT, Verdict.AS_CLAIMED),
        ),
        (
            "(0040,0275)",
            [_set("RequestAttributesSequence", [dataset_of({"RequestedProcedureID": "1"})])],
            (Done.REPLACED, Verdict.MILDER),
        ),
        (
            "(0040,0275)",
            [
                _set(
                    "RequestAttributesSequence",
                    [dataset_of({"RequestedProcedureDescription": MARK})],
                )
            ],
            (Done.KEPT, Verdict.DISAGREES),
        ),
    ],
)
def test_an_action_is_told_and_held_against_the_claim(
    tmp_path: Path, path: str, edits: list[Edit], expected: tuple[Done, Verdict]
) -> None:
    found = compare(*two(tmp_path, [ct()], basic, *edits))
    assert done(found, path) == dict([expected])
    if expected[1] is Verdict.DISAGREES:
        assert found.code == 1


def test_a_birth_date_that_was_kept_is_no_dummy(tmp_path: Path) -> None:
    dataset = ct()
    dataset.PatientBirthDate = "19550101"
    found = compare(*two(tmp_path, [dataset], basic, _set("PatientBirthDate", "19550101")))
    assert done(found, "(0010,0030)") == {Done.KEPT: Verdict.UNJUDGED}


@pytest.mark.parametrize(
    ("keyword", "value", "expected"),
    [
        # Removed by the profile, and emptied: the first of January is a day as any other.
        ("SeriesDate", "20240101", Verdict.DISAGREES),
        ("StudyDate", "20240101", Verdict.DISAGREES),
        ("StudyTime", "140000", Verdict.DISAGREES),
        ("StudyTime", "14", Verdict.DISAGREES),
        ("AcquisitionDateTime", "20240101140000", Verdict.DISAGREES),
        ("StudyDate", "19720315", Verdict.DISAGREES),
        # What tells nothing in the original either.
        ("SeriesDate", "19000101", Verdict.MILDER),
        ("StudyDate", "19000101", Verdict.AS_CLAIMED),
        ("StudyTime", "000000", Verdict.AS_CLAIMED),
    ],
)
def test_a_date_of_the_original_that_was_kept_is_no_dummy(
    tmp_path: Path, keyword: str, value: str, expected: Verdict
) -> None:
    dataset = ct()
    setattr(dataset, keyword, value)
    found = compare(*two(tmp_path, [dataset], basic, _set(keyword, value)))
    assert done(found, str(TagPath.of(keyword))) == {Done.KEPT: expected}
    assert found.code == (1 if expected is Verdict.DISAGREES else 0)


@pytest.mark.parametrize(
    ("creator", "element", "codes", "expected"),
    [
        ("ANYBODY", 0x01, (BASIC,), Verdict.DISAGREES),
        ("ANYBODY", 0x01, (BASIC, PRIVATE), Verdict.DISAGREES),
        # PS3.15 Table E.3.10-1: (7053,xx00), SUV Factor.
        ("Philips PET Private Group", 0x00, (BASIC, PRIVATE), Verdict.AS_CLAIMED),
        ("Philips PET Private Group", 0x00, (BASIC,), Verdict.DISAGREES),
    ],
)
def test_private_elements_are_held_against_the_claim(
    tmp_path: Path, creator: str, element: int, codes: tuple[str, ...], expected: Verdict
) -> None:
    dataset = ct()
    dataset.private_block(0x7053, creator, create=True).add_new(element, "DS", "1")
    found = compare(*two(tmp_path, [dataset], basic, lambda each: claim(each, *codes)))
    rows = [row for row in found.elements if row.tag_path.startswith("(7053,")]
    assert [(row.done, row.verdict) for row in rows] == [(Done.KEPT, expected)]


def test_the_block_of_a_private_element_is_an_accident(tmp_path: Path) -> None:
    dataset = ct()
    dataset.private_block(0x0009, "ANYBODY", create=True).add_new(1, "LO", MARK)

    def move(each: Dataset) -> None:
        each.remove_private_tags()
        each.private_block(0x0009, "SOMEBODY", create=True)
        each.private_block(0x0009, "ANYBODY", create=True).add_new(1, "LO", MARK)

    found = compare(*two(tmp_path, [dataset], basic, move))
    private = [row.done for row in found.elements if row.tag_path.startswith("(0009,")]
    assert private == [Done.KEPT]


# -- Across the collection ----------------------------------------------------------------


def test_uids_that_are_merged_or_split_are_no_mapping(tmp_path: Path) -> None:
    def merge(dataset: Dataset) -> None:
        dataset.FrameOfReferenceUID = "2.25.4"

    found = compare(*two(tmp_path / "merged", [ct(1), ct(2)], basic, merge))
    rows = {each.attribute: each for each in found.mappings}
    assert (rows["FrameOfReferenceUID"].merged, rows["FrameOfReferenceUID"].split) == (1, 0)
    assert rows["StudyInstanceUID"].one_to_one
    assert found.code == 1

    def split(dataset: Dataset) -> None:
        dataset.ReferencedImageSequence[0].ReferencedSOPInstanceUID += "1"

    found = compare(*two(tmp_path / "split", [ct(1), ct(2)], basic, split))
    rows = {each.attribute: each for each in found.mappings}
    assert rows["SOPInstanceUID"].one_to_one
    assert rows["all UIDs"].split == 2
    assert any("in different places" in each for each in found.disagreements())


def test_patients_that_become_one_are_a_warning(tmp_path: Path) -> None:
    found = compare(*two(tmp_path, [ct(1), ct(2)], basic, _set("PatientID", "ANON")))
    assert found.code == 0
    assert list(found.warnings()) == ["1 patient ID stands in the release for several patients"]


def _shift(days: Callable[[Dataset], int]) -> Edit:
    def edit(dataset: Dataset) -> None:
        dataset.StudyDate = dataset.SeriesDate = f"201504{10 + days(dataset):02}"
        claim(dataset, BASIC, MODIFIED)

    return edit


def test_dates_of_a_patient_move_together_or_not(tmp_path: Path) -> None:
    slices = [ct(1, study=1), ct(1, study=2), ct(2, study=1)]
    even = compare(*two(tmp_path / "even", slices, basic, _shift(lambda each: each.PixelData[2])))
    assert (even.dates.shifted, even.dates.uneven) == (2, 0)
    assert done(even, "(0008,0020)") == {Done.SHIFTED: Verdict.AS_CLAIMED}
    slices = [ct(1, study=1), ct(1, study=2), ct(2, study=1)]
    odd = compare(*two(tmp_path / "odd", slices, basic, _shift(lambda each: 3 * each.PixelData[2])))
    assert (odd.dates.shifted, odd.dates.uneven) == (1, 1)
    assert list(odd.warnings()) == ["the dates of 1 patient were not all moved alike"]
    slices = [ct(1, study=1), ct(2, study=2)]
    dummy = compare(*two(tmp_path / "dummy", slices, basic, _shift(lambda _: 0)))
    assert dummy.dates.replaced == 2
    assert done(dummy, "(0008,0020)") == {Done.REPLACED: Verdict.AS_CLAIMED}


def test_dates_that_are_gone_are_called_what_was_done_to_them(tmp_path: Path) -> None:
    def spread(dataset: Dataset) -> None:
        """Take the dates of the first away, empty the second's, do both to the third's."""
        patient = dataset.PixelData[0]
        for keyword in ("StudyDate", "SeriesDate"):
            if patient == 1 or (patient == 3 and keyword == "SeriesDate"):
                delattr(dataset, keyword)
            else:
                setattr(dataset, keyword, "" if patient < 4 else "19000101")

    originals = [ct(patient) for patient in (1, 2, 3, 4)]
    dates = compare(*two(tmp_path, originals, spread)).dates
    assert (dates.removed, dates.emptied, dates.emptied_or_removed, dates.replaced) == (1, 1, 1, 1)
    (tmp_path / "empty").mkdir()
    text = deid_page(compare(*two(tmp_path / "empty", [ct()], basic)))
    assert "1 emptied or removed" in text
    assert "1 replaced" not in text


# -- Who belongs to whom ------------------------------------------------------------------


def test_what_cannot_be_paired_is_said_and_is_no_pass(tmp_path: Path) -> None:
    original, released = two(tmp_path, [ct(1, 1), ct(1, 2)], basic)
    (released / "001.dcm").unlink()
    withheld = compare(original, released)
    assert withheld.original.unpaired == {
        "nothing on the other side has its pixels, numbers or UID": 1
    }
    assert withheld.code == 0
    (original / f"{MARK}0.dcm").unlink()
    nothing = compare(original, released)
    assert nothing.code == 3
    assert nothing.paired == 0
    (said,) = nothing.gaps()
    assert "--mapping FILE" in said


def report(number: int) -> Dataset:
    """Return an object without pixels and numbers, which nothing but its UID tells apart."""
    return dataset_of(
        {
            "SOPClassUID": uid.BasicTextSRStorage,
            "SOPInstanceUID": f"{ROOT}.9.{number}",
            "Modality": "SR",
            "PatientName": f"{MARK}^Name{number}",
            "PatientID": f"{MARK}{number}",
        }
    )


def same_names(folder: Path, originals: list[Dataset], *edits: Edit) -> tuple[Path, Path]:
    """Write the originals, and what became of them under the same names."""
    original, released = two(folder, originals, *edits)
    for path in original.iterdir():
        path.rename(original / f"{path.stem[len(MARK) :]:>03}.dcm")
    return original, released


def test_the_same_path_pairs_what_nothing_else_does(tmp_path: Path) -> None:
    def hide(dataset: Dataset) -> None:
        new_uids(dataset)
        dataset.PatientName, dataset.PatientID = "ANON", f"P{dataset.PatientID[-1]}"
        claim(dataset, BASIC)

    pair_of = same_names(tmp_path / "a", [report(1), report(2), ct(3)], hide)
    found = compare(*pair_of)
    assert found.pairs == {"pixels": 1, "path": 2}
    assert done(found, "(0010,0010)") == {Done.REPLACED: Verdict.AS_CLAIMED}
    # One that is known by its pixels lies elsewhere: paths tell nothing.
    original, released = pair_of
    (released / "002.dcm").rename(released / "003.dcm")
    assert compare(original, released).pairs == {"pixels": 1}


def test_a_path_is_not_believed_against_pixels_a_class_or_a_uid(tmp_path: Path) -> None:
    def other_pixels(dataset: Dataset) -> None:
        new_uids(dataset)
        dataset.PixelData = b"\x01\x02\x03\x09"

    def other_class(dataset: Dataset) -> None:
        new_uids(dataset)
        dataset.SOPClassUID = uid.EnhancedSRStorage

    assert compare(*same_names(tmp_path / "pixels", [ct()], other_pixels)).paired == 0
    assert compare(*same_names(tmp_path / "class", [report(1)], other_class)).paired == 0
    # The second object of the release is a copy of the first of the original.
    original, released = same_names(tmp_path / "uid", [report(1), report(2)])
    for name in ("001", "002"):
        shutil.copy(original / "000.dcm", released / f"{name}.dcm")
    (released / "000.dcm").unlink()
    assert compare(original, released).paired == 0


def test_what_vanishes_in_the_middle_is_not_taken_for_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, released = two(tmp_path, [ct(1, 1), ct(1, 2)], basic)

    def pair_and_lose(*sides: Any) -> Any:
        made = pair(*sides)
        (released / "001.dcm").unlink()
        return made

    monkeypatch.setattr("auditor.deid_diff.compare.pair", pair_and_lose)
    found = compare(original, released)
    assert found.paired == 1
    assert found.released.unread == {"it changed while it was compared": 1}
    assert found.code == 3


def test_alike_pixels_are_told_apart_by_what_no_profile_touches(tmp_path: Path) -> None:
    slices = [ct(1, 1), ct(1, 2), ct(1, 3)]
    for each in slices:
        each.PixelData = bytes(4)
    slices[2].InstanceNumber = 2
    found = compare(*two(tmp_path, slices, basic))
    assert found.pairs == {"pixels": 1}
    assert found.released.unpaired == {"several objects have the same pixel data": 2}
    assert found.code == 3


def test_a_mapping_file_pairs_what_nothing_else_does(tmp_path: Path) -> None:
    def change(dataset: Dataset) -> None:
        dataset.PixelData = b"\x01\x02\x03\x04"

    original, released = two(tmp_path, [ct()], basic, change)
    assert compare(original, released).paired == 0
    mapping = tmp_path / "mapping.csv"
    mapping.write_text(f"\ufefforiginal,released\n{ROOT}.1.1.3.1,000.dcm\nnobody,000.dcm1\n")
    lines = read_mapping(mapping)
    found = compare(original, released, lines)
    assert found.pairs == {"mapping": 1}
    assert (found.pixels.changed, found.unused_lines) == (1, 1)
    assert any("no code says so" in each for each in found.warnings())
    for dataset in (pydicom.dcmread(released / "000.dcm"),):
        claim(dataset, BASIC, PIXEL)
        dataset.save_as(released / "000.dcm")
    assert compare(original, released, lines).pixels.changed_as_claimed == 1


@pytest.mark.parametrize(
    "text", ["", "original,released\n", "a,b\n1,2\n", "original,released\n1,2\n1,3\n"]
)
def test_a_mapping_file_that_maps_nothing_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mapping.csv"
    path.write_text(text)
    with pytest.raises(MappingError):
        read_mapping(path)
    save(tmp_path / "a" / "1.dcm", ct())
    assert run(tmp_path / "a", tmp_path / "a", "--mapping", path).exit_code == 2


def test_pixels_are_known_again_however_they_are_compressed(tmp_path: Path) -> None:
    original, released = two(tmp_path, [ct(1, 1), ct(1, 2)], basic)
    for path in released.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.compress(uid.RLELossless, generate_instance_uid=False)
        dataset.save_as(path)
    found = compare(original, released)
    assert found.pairs == {"decoded": 2}
    assert found.pixels.same == 2


def test_fragments_are_read_without_their_table(tmp_path: Path) -> None:
    from pydicom.encaps import encapsulate

    digests = set()
    for number, (fragments, table) in enumerate([(1, True), (1, False), (2, False)]):
        dataset = ct()
        frames = [b"\x01\x02\x03\x04", b"\x05\x06\x07\x08"]
        dataset.PixelData = encapsulate(frames, fragments_per_frame=fragments, has_bot=table)
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        save(tmp_path / f"{number}.dcm", dataset, uid.RLELossless)
        digests.add(pixels_of(str(tmp_path / f"{number}.dcm"), uid.RLELossless))
    assert len(digests) == 1
    assert digests != {Pixels()}


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian])
def test_pixels_are_the_same_in_either_vr_and_read_piece_by_piece(
    tmp_path: Path, syntax: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auditor.reading.stored_pixels.CHUNK", 64)
    dataset = ct()
    dataset.PixelData = bytes(range(200))
    dataset["PixelData"].VR = "OW"
    save(tmp_path / "1.dcm", dataset, syntax)
    expected = Pixels(blake2b(bytes(range(200)), digest_size=16).digest())
    assert pixels_of(str(tmp_path / "1.dcm"), syntax) == expected


def test_objects_without_pixels_are_known_by_their_numbers(tmp_path: Path) -> None:
    def outline(patient: int) -> Dataset:
        dataset = ct(patient)
        del dataset.PixelData
        dataset.SOPClassUID = uid.RTStructureSetStorage
        points = [f"{patient}.{number}" for number in range(99)]
        dataset.ROIContourSequence = [
            dataset_of({"ContourSequence": [dataset_of({"ContourData": points})]})
        ]
        return dataset

    found = compare(*two(tmp_path, [outline(1), outline(2)], basic))
    assert found.pairs == {"content": 2}
    assert found.pixels.none == 2


def test_archives_are_compared_as_folders_are(tmp_path: Path) -> None:
    original, released = two(tmp_path, [ct(1, 1), ct(1, 2)], basic)
    packed = tmp_path / "released.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in released.iterdir():
            archive.write(path, path.name)
    assert compare(original, packed).to_dict() == compare(original, released).to_dict()


# -- What is written ----------------------------------------------------------------------


def test_no_value_of_either_side_is_written(tmp_path: Path) -> None:
    def half(dataset: Dataset) -> None:
        new_uids(dataset)
        dataset.StudyDate = "20150715"
        dataset.PatientName = f"{MARK}^Other"
        dataset.private_block(0x0009, f"{MARK} PRIVATE", create=True).add_new(1, "LO", MARK)
        claim(dataset, BASIC, MODIFIED)

    original, released = two(tmp_path, [ct(1), ct(2)], half)
    (original / "notes.txt").write_text(MARK)
    ended = run(original, released, "-o", tmp_path / "out")
    assert ended.exit_code == 1
    said = {path.name: path.read_text("utf-8") for path in (tmp_path / "out").iterdir()}
    assert set(said) == {"deid-diff.json", "deid-diff.html"}
    for text in (*said.values(), ended.output):
        for planted in (MARK, ROOT, "2.25.", "20150715", "2015031", "101112", "19470613"):
            assert planted not in text.replace(str(tmp_path), "")


def test_json_follows_its_schema_and_names_all_that_is_written(tmp_path: Path) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    found = compare(*two(tmp_path, [ct(1), ct(2)], basic))
    plain = found.to_dict()
    Draft202012Validator(SCHEMA).validate(plain)
    assert set(plain) == set(SCHEMA["properties"]) == set(SCHEMA["required"])
    for name in ("mapping", "element", "collection"):
        row = {
            "mapping": plain["mappings"][0],
            "element": plain["elements"][0],
            "collection": plain["original"],
        }[name]
        assert set(row) == set(SCHEMA["$defs"][name]["properties"])
    assert set(SCHEMA["$defs"]["element"]["properties"]["done"]["enum"]) == set(Done)
    assert set(SCHEMA["$defs"]["element"]["properties"]["verdict"]["enum"]) == set(Verdict)


def test_the_page_shows_every_row(tmp_path: Path) -> None:
    found = compare(*two(tmp_path, [ct(1), ct(2)], basic))
    text = deid_page(found)
    assert all(row.tag_path in text for row in found.elements)
    assert "As the release claims" in text


def test_nothing_is_cut_off_on_a_narrow_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    dataset = ct()
    item: dict[str, Any] = {"ReferencedSOPInstanceUID": f"{ROOT}.9"}
    for keyword in ("ReferencedSeriesSequence", "ReferencedImageSequence") * 3:
        item = {keyword: [dataset_of(item)]}
    dataset.update(dataset_of(item))
    original, released = two(tmp_path, [dataset], lambda each: claim(each, BASIC))
    lines = run(original, released).output.splitlines()
    start = next(index for index, line in enumerate(lines) if " tag path " in line)
    table = lines[start : next(n for n, line in enumerate(lines) if n > start and "…" in line)]
    assert lines[start - 1].startswith("  Asked: X remove")
    assert max(map(len, lines[start - 1 : start + len(table)])) <= 80
    assert table[0].split() == ["attribute", "tag", "path", "asked", "done", "objects", "verdict"]
    said = {" ".join(line[table[0].index("done") :].split()) for line in table[1:]}
    assert said == {"kept 1 not as claimed", "kept 1 other than", "claimed, nothing", "kept", ""}
    # Folded, and complete.
    left, right = table[0].index("tag path"), table[0].index("asked")
    tags = "".join(line[left:right].strip() for line in table[1:])
    assert "(0008,1140)/(0008,1115)/(0008,1140)/(0008,1115)/(0008,1140)/(0008,1115)" in tags


def test_who_is_still_named_is_said_first(tmp_path: Path) -> None:
    def unclaimed(dataset: Dataset) -> None:
        if dataset.PatientID == f"{MARK}2":
            dataset.PatientName, dataset.PatientBirthDate = "ANON", ""

    found = compare(*two(tmp_path / "some", [ct(1, 1), ct(1, 2), ct(2)], unclaimed))
    assert found.unchanged == {"PatientName": 2, "PatientID": 3, "PatientBirthDate": 2}
    first = "unchanged in the release: patients' names in 2, IDs in 3, birth dates in 2 of 3"
    assert next(found.warnings()).startswith(first)
    text = deid_page(found)
    assert 0 < text.index("Unchanged in the release") < text.index("claim no profile")
    assert text.count("Unchanged in the release") == 1
    assert text.index("X remove, Z empty") < text.index('<th scope="col" data-kind="text">Asked')
    assert compare(*two(tmp_path / "none", [ct()], basic)).unchanged == {}


def test_ids_that_look_like_dummies_are_counted_apart(tmp_path: Path) -> None:
    originals = [ct(1), ct(2), ct(3)]
    originals[0].PatientID, originals[1].PatientID = "ANON", "0000"
    found = compare(*two(tmp_path, originals, basic_but_ids))
    assert (found.unchanged, found.unchanged_dummies) == ({"PatientID": 1}, {"PatientID": 2})
    first = (
        "unchanged in the release: patients' IDs in 3 (2 of them look like dummies) of 3 objects"
    )
    assert next(found.warnings()) == first
    (ids,) = (each for each in found.mappings if each.attribute == "PatientID")
    assert (ids.values, ids.kept) == (3, 3)


def basic_but_ids(dataset: Dataset) -> None:
    """Do what the Basic Profile asks, and leave the Patient ID."""
    kept = dataset.PatientID
    basic(dataset)
    dataset.PatientID = kept


def test_without_codes_the_basic_profile_is_taken_as_a_scan_takes_it(tmp_path: Path) -> None:
    def uncoded(dataset: Dataset) -> None:
        del dataset.DeidentificationMethodCodeSequence
        dataset.DeidentificationMethod = "by hand"

    found = compare(*two(tmp_path / "all", [ct(1), ct(2)], basic, uncoded))
    assert (found.code, list(found.gaps())) == (0, [])
    (claimed,) = found.claims
    assert (claimed.codes, claimed.assumed, claimed.instances) == ((), (BASIC,), 2)
    assert any("DEID320" in said for said in found.warnings())
    assert "no code, held against 113100 Basic Profile" in deid_page(found)

    def unflagged(dataset: Dataset) -> None:
        dataset.PatientIdentityRemoved = "NO"

    kept = compare(*two(tmp_path / "kept", [ct(1)], basic_but_ids, uncoded))
    assert (kept.code, done(kept, "(0010,0020)")) == (1, {Done.KEPT: Verdict.DISAGREES})
    # Whoever declares nothing claims nothing.
    nothing = compare(*two(tmp_path / "nothing", [ct(1)], basic, uncoded, unflagged))
    assert (nothing.code, nothing.claims[0].assumed) == (3, ())


def test_what_was_no_identity_before_is_none_after(tmp_path: Path) -> None:
    dataset = ct()
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = "ANON", "", "19000101"
    found = compare(*two(tmp_path, [dataset], lambda each: claim(each, BASIC)))
    # A kept birth date may always be one.
    assert found.unchanged == {"PatientBirthDate": 1}


@pytest.mark.parametrize(
    ("edits", "patient", "uids"),
    [
        ([], "warning", "warning"),
        ([basic], "ok", "ok"),
        ([_claims(BASIC)], "warning", "warning"),
        ([_claims(BASIC, UIDS)], "warning", "ok"),
    ],
)
def test_ids_that_were_all_kept_are_not_shown_as_well_mapped(
    tmp_path: Path, edits: list[Edit], patient: str, uids: str
) -> None:
    text = deid_page(compare(*two(tmp_path, [ct(1), ct(2)], *edits)))
    shown = {
        name: tone
        for tone, name in re.findall(
            r'<tr class="t-(\w+)"><th scope="row">.*?(PatientID|all UIDs)</th>', text
        )
    }
    assert shown == {"PatientID": patient, "all UIDs": uids}


def test_an_object_counts_once_however_often_it_refers(tmp_path: Path) -> None:
    dataset = ct()
    item = dataset.ReferencedImageSequence[0]
    dataset.ReferencedImageSequence = [
        dataset_of({"ReferencedSOPInstanceUID": f"{item.ReferencedSOPInstanceUID}{number}"})
        for number in range(3)
    ]
    found = compare(*two(tmp_path, [dataset], basic))
    assert {row.instances for row in found.elements} == {1}


def test_what_was_written_before_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    original, released = two(tmp_path, [ct()], basic)
    out = tmp_path / "out"
    assert run(original, released, "-o", out).exit_code == 0
    assert run(original, released, "-o", out).exit_code == 0
    (out / "deid-diff.json").write_text("{}")
    assert run(original, released, "-o", out).exit_code == 2
    assert (out / "deid-diff.json").read_text() == "{}"


def test_exit_codes(tmp_path: Path) -> None:
    original, released = two(tmp_path, [ct()], basic)
    assert run(original, released).exit_code == 0
    assert run(original, original).exit_code == 3
    assert run(original, tmp_path / "missing").exit_code == 2
    assert run(original, released, "-o", original / "out").exit_code == 2
    shutil.rmtree(released)
    released.mkdir()
    (released / "odd.dcm").write_bytes(bytes(128) + b"DICM" + bytes(range(256)))
    ended = run(original, released)
    assert ended.exit_code == 3
    assert "no object of the release could be paired" in ended.output.lower()
