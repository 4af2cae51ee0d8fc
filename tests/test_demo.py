"""The demonstration's files: what is said to be planted is there, and only there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import FileDataset

from auditor.demo import NOTE, DemoCollection, build_demo, demo_collections
from auditor.paths import rules_folder
from auditor.registry import load
from auditor.result import read_result

ROOT = Path(__file__).parents[1]
NOT_JUDGED = {"3/0006.dcm", "3/0007.dcm"}
IDENTIFIERS = ("PatientBirthDate", "OtherPatientNames", "InstitutionName")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> list[DemoCollection]:
    return build_demo(tmp_path_factory.mktemp("demo") / "files")


def _of_one_person(objects: Iterable[FileDataset]) -> int:
    """Count patients whose name and birth date are another one's, too."""
    persons: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each in objects:
        if each.get("PatientName") and each.get("PatientBirthDate"):
            persons[str(each.PatientName), each.PatientBirthDate].add(each.PatientID)
    return sum(len(ids) for ids in persons.values() if len(ids) > 1)


def _files(collection: DemoCollection) -> dict[str, Path]:
    paths = (path for path in sorted(collection.path.rglob("*")) if path.is_file())
    return {path.relative_to(collection.path).as_posix(): path for path in paths}


def _objects(collection: DemoCollection) -> list[FileDataset]:
    """Read what can be judged, each with `filename`."""
    return [
        pydicom.dcmread(path, stop_before_pixels=True)
        for name, path in _files(collection).items()
        if name.endswith(".dcm") and name not in NOT_JUDGED
    ]


def _conflicts(objects: Iterable[FileDataset], key: str, value: str) -> int:
    """Count the values of `key` that stand with more than one value of `value`."""
    seen = defaultdict(set)
    for each in objects:
        seen[each[key].value].add(each[value].value)
    return sum(len(values) > 1 for values in seen.values())


def _dangling(objects: list[FileDataset], modality: str, *, series_is_there: bool) -> int:
    """Count the objects of a modality that refer to images that are not there."""
    instances = {each.SOPInstanceUID for each in objects}
    series = {each.SeriesInstanceUID for each in objects}
    dangling = 0
    for each in objects:
        if each.Modality != modality:
            continue
        elements = list(each.iterall())
        referred = {item.value for item in elements if item.keyword == "ReferencedSOPInstanceUID"}
        from_series = {item.value for item in elements if item.keyword == "SeriesInstanceUID"}
        missing = referred - instances - {each.StudyInstanceUID}
        dangling += bool(missing) and (from_series <= series) == series_is_there
    return dangling


def _orphan(each: FileDataset) -> bool:
    """Say whether an object has a private element whose block nobody reserved."""
    return any(
        element.tag.is_private
        and not element.tag.is_private_creator
        and (element.tag.group, element.tag.element >> 8) not in each
        for element in each
    )


def _repeated_numbers(each: FileDataset) -> bool:
    segments = each.get("SegmentSequence", [])
    return len({segment.SegmentNumber for segment in segments}) < len(segments)


COUNTS: dict[str, Callable[[DemoCollection, list[FileDataset]], int]] = {
    "empty file": lambda where, _: sum(not path.stat().st_size for path in _files(where).values()),
    "file that ends in its header": lambda where, _: sum(
        _ends_in(path, header=True) for path in _files(where).values()
    ),
    "file that ends in its pixel data": lambda where, _: sum(
        _ends_in(path, header=False) for path in _files(where).values()
    ),
    "preamble that starts like a Windows program": lambda where, _: sum(
        path.read_bytes().startswith(b"MZ") for path in _files(where).values()
    ),
    "file meta information names another instance": lambda _, objects: sum(
        each.file_meta.MediaStorageSOPInstanceUID != each.SOPInstanceUID for each in objects
    ),
    "identity declared removed, method not given": lambda _, objects: sum(
        each.get("PatientIdentityRemoved") == "YES"
        and "DeidentificationMethod" not in each
        and "DeidentificationMethodCodeSequence" not in each
        for each in objects
    ),
    "identity declared not removed": lambda _, objects: sum(
        each.get("PatientIdentityRemoved") == "NO" for each in objects
    ),
    "nothing said about de-identification": lambda _, objects: sum(
        "PatientIdentityRemoved" not in each for each in objects
    ),
    "direct identifiers present": lambda _, objects: sum(
        any(each.get(keyword) for keyword in IDENTIFIERS) for each in objects
    ),
    "markup or a formula as Study Description": lambda _, objects: sum(
        each.get("StudyDescription", "").startswith(("<", "=")) for each in objects
    ),
    "private element without private creator": lambda _, objects: sum(map(_orphan, objects)),
    "SOP Instance UID used by two files": lambda _, objects: sum(
        number > 1 for number in Counter(each.SOPInstanceUID for each in objects).values()
    ),
    "series in two studies": lambda _, objects: _conflicts(
        objects, "SeriesInstanceUID", "StudyInstanceUID"
    ),
    "series of two modalities": lambda _, objects: _conflicts(
        objects, "SeriesInstanceUID", "Modality"
    ),
    "patient of two sexes": lambda _, objects: _conflicts(objects, "PatientID", "PatientSex"),
    "segmentation of images missing from a series that is there": lambda _, objects: _dangling(
        objects, "SEG", series_is_there=True
    ),
    "structure set of a series that is not there": lambda _, objects: _dangling(
        objects, "RTSTRUCT", series_is_there=False
    ),
    "burned-in annotation declared": lambda _, objects: sum(
        each.get("BurnedInAnnotation") == "YES" for each in objects
    ),
    "secondary capture not said to be free of text": lambda _, objects: sum(
        each.SOPClassUID.startswith("1.2.840.10008.5.1.4.1.1.7")
        and "BurnedInAnnotation" not in each
        for each in objects
    ),
    "segment without label": lambda _, objects: sum(
        "SegmentLabel" not in segment
        for each in objects
        for segment in each.get("SegmentSequence", [])
    ),
    "segment number used twice": lambda _, objects: sum(map(_repeated_numbers, objects)),
    "structured report without template": lambda _, objects: sum(
        each.Modality == "SR" and "ContentTemplateSequence" not in each for each in objects
    ),
    "one name and birth date under several patient IDs": lambda _, objects: _of_one_person(objects),
    # A patient of one image, where no patient has more.
    "image that is its own patient": lambda _, objects: (
        len(objects) if len({each.PatientID for each in objects}) == len(objects) else 0
    ),
    "Conversion Type missing": lambda _, objects: sum(
        each.Modality == "MG" and "ConversionType" not in each for each in objects
    ),
    "NIfTI file": lambda where, _: sum(name.endswith(".nii.gz") for name in _files(where)),
    "NRRD file": lambda where, _: sum(name.endswith(".nrrd") for name in _files(where)),
    "PNG file": lambda where, _: sum(name.endswith(".png") for name in _files(where)),
    "CSV file": lambda where, _: sum(name.endswith(".csv") for name in _files(where)),
}


def _ends_in(path: Path, *, header: bool) -> bool:
    """Say whether an encoded image ends before (in) its pixel data."""
    content = path.read_bytes()
    if content[128:132] != b"DICM" or path.name in {"sr.dcm", "rtstruct.dcm"}:
        return False
    pixel_data = content.rfind(b"\xe0\x7f\x10\x00O")  # (7FE0,0010), VR OB or OW
    if header or pixel_data < 0:
        return header and pixel_data < 0
    length = int.from_bytes(content[pixel_data + 8 : pixel_data + 12], "little")
    return pixel_data + 12 + length > len(content)


def _documented() -> list[list[str]]:
    """Read the table of `docs/demo.md`: collection, what is planted, number, unit, found by."""
    text = (ROOT / "docs" / "demo.md").read_text(encoding="utf-8")
    table = text.partition("<!-- planted -->")[2].partition("<!-- /planted -->")[0]
    return [line.strip("| ").split(" | ") for line in table.strip().splitlines()[2:]]


def test_the_careless_host_holds_exactly_what_the_table_says(demo: list[DemoCollection]) -> None:
    counted = {
        (each.name, planted): number
        for each in demo
        if each.repository == "Careless Host"
        for objects in [_objects(each)]
        for planted, count in COUNTS.items()
        if (number := count(each, objects))
    }
    assert counted == {(row[0], row[1]): int(row[2]) for row in _documented()}


def test_the_careful_archive_holds_none_of_it(demo: list[DemoCollection]) -> None:
    for each in demo:
        if each.repository == "Careful Archive":
            objects = _objects(each)
            assert objects
            found = {what: count(each, objects) for what, count in COUNTS.items()}
            assert not any(found.values()), found


def test_the_careful_archive_declares_how_it_was_deidentified(demo: list[DemoCollection]) -> None:
    for each in demo:
        if each.repository == "Careful Archive":
            for dataset in _objects(each):
                codes = {item.CodeValue for item in dataset.DeidentificationMethodCodeSequence}
                assert dataset.PatientIdentityRemoved == "YES"
                assert "113100" in codes
                assert dataset.DeidentificationMethod


def _failing(root: Path, out: Path) -> dict[str, set[str]]:
    """Audit every collection of a repository; return the rules that fail, bar the informing."""
    # The exit code is not looked at: the careless host has unreadable files beyond what is allowed.
    command = [sys.executable, "-m", "auditor", "scan", "--each", str(root)]
    command += ["-o", str(out), "--quiet"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (out / "result.json").is_file(), done.stderr
    result = read_result(out / "result.json")
    return {
        collection.name: {
            rule.id
            for rule in collection.rules
            if rule.outcome != "pass" and rule.failed and rule.severity != "info"
        }
        for collection in result.collections
    }


def test_an_audit_of_the_careful_archive_finds_nothing(
    demo: list[DemoCollection], tmp_path: Path
) -> None:
    assert _failing(demo[0].path.parent, tmp_path / "audit") == {
        "brain-mr": set(),
        "lung-ct": set(),
    }


def test_an_audit_of_the_careless_host_finds_all_that_is_planted_and_nothing_else(
    demo: list[DemoCollection], tmp_path: Path
) -> None:
    severities = {rule.id: rule.severity for rule in load([rules_folder()]).rules}
    expected: dict[str, set[str]] = defaultdict(set)
    for collection, *_, found_by in _documented():
        named = re.findall(r"\b[A-Z]+\d{3}\b", "" if "none:" in found_by else found_by)
        expected[collection] |= {name for name in named if severities[name] != "info"}
    assert _failing(demo[-1].path.parent, tmp_path / "audit") == expected


def test_dciodvfy_finds_no_error_in_the_careful_archive(demo: list[DemoCollection]) -> None:
    judge = shutil.which("dciodvfy", path=str(Path(sys.executable).parent))
    if judge is None:
        pytest.skip("dciodvfy is not installed")
    for each in demo:
        if each.repository == "Careful Archive":
            for path in _files(each).values():
                done = subprocess.run(
                    [judge, str(path)], capture_output=True, text=True, check=False
                )
                report = (done.stdout + done.stderr).splitlines()
                assert not [line for line in report if line.startswith("Error")], path.name


def test_two_runs_write_the_same_bytes(demo: list[DemoCollection], tmp_path: Path) -> None:
    for first, second in zip(demo, build_demo(tmp_path / "again"), strict=True):
        contents = {name: path.read_bytes() for name, path in _files(first).items()}
        assert contents == {name: path.read_bytes() for name, path in _files(second).items()}


def test_a_second_run_replaces_the_first(tmp_path: Path) -> None:
    [first, *_] = build_demo(tmp_path)
    stray = first.path / "stray.txt"
    stray.touch()
    build_demo(tmp_path)
    assert not stray.exists()


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "careful-archive" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(FileExistsError, match="not made by the demonstration"):
        build_demo(tmp_path)
    assert mine.read_text() == "mine"
    assert not (tmp_path / NOTE).exists()


def test_the_demonstration_is_small(demo: list[DemoCollection]) -> None:
    paths = [path for each in demo for path in _files(each).values()]
    assert len(paths) < 150
    assert sum(path.stat().st_size for path in paths) < 3_000_000


def test_pydicoms_own_files_are_part_of_it(tmp_path: Path) -> None:
    collections = demo_collections(tmp_path)
    bundled = [each for each in collections if each.repository == "pydicom"]
    assert {each.name for each in bundled} == {"test_files", "charset_files"}
    assert sum(len(_files(each)) for each in bundled) > 100
    assert len({(each.repository, each.name) for each in collections}) == len(collections)
