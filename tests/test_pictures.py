"""Overlays and icons: they are found, read as they are encoded, and looked into for text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
)

from auditor import ocr
from auditor.audit import audit
from auditor.decoding import WillNotDecode
from auditor.ocr import Chosen, Image, Sample, read_frames
from auditor.paths import profiles_folder, rules_folder
from auditor.pictures import Overlay, pictures
from auditor.profile import read_profile
from auditor.registry import load
from auditor.sources import open_source
from auditor.steps import Progress
from auditor.store import AuditFolder
from auditor.walking import Collection
from auditor.workers import Job
from tests.planted.harness import ct_slice
from tests.test_decoding import codestream

OVERLAY, ICON = "(6000,3000)", "(0088,0200)"

PLANES = np.random.default_rng(1).integers(0, 2, (3, 5, 9), np.uint8)
"""Frames of 45 bits, of which only the first begins with a byte."""


def with_overlay(dataset: Dataset, planes: Any = PLANES, group: int = 0x6000) -> Dataset:
    bits = np.packbits(planes.ravel(), bitorder="little").tobytes()
    dataset.add_new((group, 0x0010), "US", planes.shape[1])
    dataset.add_new((group, 0x0011), "US", planes.shape[2])
    dataset.add_new((group, 0x0015), "IS", len(planes))
    dataset.add_new((group, 0x0040), "CS", "G")
    dataset.add_new((group, 0x0050), "SS", [1, 1])
    dataset.add_new((group, 0x0100), "US", 1)
    dataset.add_new((group, 0x0102), "US", 0)
    dataset.add_new((group, 0x3000), "OW", bits + bytes(len(bits) % 2))
    return dataset


def icon(pixels: Any) -> Dataset:
    item = Dataset()
    item.SamplesPerPixel, item.PhotometricInterpretation = 1, "MONOCHROME2"
    item.Rows, item.Columns = pixels.shape
    item.BitsAllocated = item.BitsStored = 8
    item.HighBit, item.PixelRepresentation = 7, 0
    item.PixelData = pixels.tobytes()
    item["PixelData"].VR = "OB"
    return item


def save(dataset: Dataset, path: Path, syntax: UID = ExplicitVRLittleEndian) -> str:
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(path, enforce_file_format=True)
    return str(path)


def asked(monkeypatch: pytest.MonkeyPatch, text: str = "Dr. Quagga") -> list[Any]:
    """Let an engine read this in all that is not of one colour; return what it is shown."""
    shown: list[Any] = []

    def read(_: object, pixels: Any) -> str:
        shown.append(pixels)
        return text if pixels.any() else ""

    monkeypatch.setattr(ocr, "_engine", lambda: None)
    monkeypatch.setattr(ocr, "_text", read)
    return shown


@pytest.mark.parametrize(
    "syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]
)
def test_the_frames_of_an_overlay_are_read_as_they_are_packed(tmp_path: Path, syntax: UID) -> None:
    dataset = with_overlay(ct_slice(1, 1))
    with_overlay(dataset, 1 - PLANES[:1], 0x6002)
    if syntax == ExplicitVRBigEndian:
        for group in (0x6000, 0x6002):
            # As words of 16 bits, each with its first byte last (PS3.5 7.3).
            value = dataset[group, 0x3000].value
            dataset[group, 0x3000].value = np.frombuffer(value, "<u2").astype(">u2").tobytes()
    found = {str(path): get() for path, get in pictures(save(dataset, tmp_path / "a", syntax))}
    assert sorted(found) == [OVERLAY, "(6002,3000)"]
    first, second = found[OVERLAY], found["(6002,3000)"]
    assert isinstance(first, Overlay)
    assert isinstance(second, Overlay)
    assert (first.frames, second.frames) == (3, 1)
    for number in range(3):
        assert (first.frame(number) == PLANES[number]).all()
    assert (second.frame(0) == 1 - PLANES[0]).all()


@pytest.mark.parametrize("start", [0, 128])
@pytest.mark.parametrize("count", [1, 4])
def test_an_overlay_in_unused_bits_is_read(tmp_path: Path, start: int, count: int) -> None:
    planes = np.random.default_rng(2).integers(0, 2, (count, 16, 16), np.uint8)
    place = Path(save(in_unused_bits(ct_slice(1, 1), planes), tmp_path / "a"))
    # What begins with DICM is read from there.
    place.write_bytes(place.read_bytes()[start:])
    [(_, get)] = pictures(str(place))
    overlay = get()
    assert isinstance(overlay, Overlay)
    assert overlay.frames == min(count, 2)
    for number, of in enumerate(sorted({0, count // 2})):
        assert (overlay.frame(number) == planes[of]).all()


def test_the_first_and_the_middle_frame_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planes = np.zeros((5, 5, 9), np.uint8)
    planes[2, 1, 1] = 1
    place = save(with_overlay(ct_slice(1, 1), planes), tmp_path / "a")
    shown = asked(monkeypatch)
    [_, row] = read_frames([Chosen("a", place, has_pictures=True)])
    assert row == ("a", OVERLAY, 2, 1, "name", "")
    assert [int(pixels.sum()) for pixels in shown[1:]] == [0, 3 * 255]


def test_lines_of_one_pixel_are_left_in_what_is_made_smaller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plane = np.zeros((1, 4001, 3), np.uint8)
    plane[0, 1, 1] = plane[0, 4000, 2] = 1
    place = save(with_overlay(ct_slice(1, 1), plane), tmp_path / "a")
    shown = asked(monkeypatch)
    list(read_frames([Chosen("a", place, has_pixels=False, has_pictures=True)]))
    assert [pixels.shape for pixels in shown] == [(2001, 2, 3)]
    assert [int(pixels.sum()) for pixels in shown] == [2 * 3 * 255]


@pytest.mark.parametrize("around", ["", "DirectoryRecordSequence", "ContentSequence"])
@pytest.mark.parametrize("undefined", [False, True])
def test_icons_are_found_at_any_depth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, around: str, undefined: bool
) -> None:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.88.11", "2.25.1"
    outer = dataset
    if around:
        outer = Dataset()
        setattr(dataset, around, [Dataset(), outer])
        dataset[around].is_undefined_length = undefined
    outer.IconImageSequence = [icon(np.arange(64, dtype=np.uint8).reshape(8, 8))]
    outer["IconImageSequence"].is_undefined_length = undefined
    shown = asked(monkeypatch)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    # pydicom writes records into nothing but a DICOMDIR.
    written = DicomBytesIO()
    written.is_little_endian, written.is_implicit_VR = True, False
    write_file_meta_info(written, dataset.file_meta, enforce_standard=False)
    write_dataset(written, dataset)
    (tmp_path / "a").write_bytes(bytes(128) + b"DICM" + written.getvalue())
    [row] = read_frames([Chosen("a", str(tmp_path / "a"), has_pixels=False, has_pictures=True)])
    place = {"": "", "DirectoryRecordSequence": "(0004,1220)/", "ContentSequence": "(0040,A730)/"}
    assert row == ("a", place[around] + ICON, 1, 1, "name", "")
    assert shown[0].shape == (8, 8, 3)


def compressed_icon(rows: int) -> Dataset:
    """Return an image in JPEG with an icon in JPEG that says to have so many rows."""
    dataset = ct_slice(1, 1)
    dataset.Rows, dataset.Columns, dataset.BitsAllocated = 16, 24, 8
    dataset.BitsStored, dataset.HighBit = 8, 7
    dataset.PixelData = encapsulate([codestream("JPEG", 16, 24)])
    dataset["PixelData"].VR = "OB"
    item = icon(np.zeros((rows, 8), np.uint8))
    item.PixelData = encapsulate([codestream("JPEG", 8, 8)])
    item["PixelData"].is_undefined_length = True
    dataset.IconImageSequence = [item]
    return dataset


def test_a_compressed_icon_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = save(compressed_icon(8), tmp_path / "a", JPEGBaseline8Bit)
    shown = asked(monkeypatch)
    [_, row] = read_frames([Chosen("a", place, has_pictures=True)])
    assert row == ("a", ICON, 1, 0, "", "")
    assert [pixels.shape for pixels in shown] == [(16, 24, 3), (8, 8, 3)]


def test_a_codestream_of_another_size_reaches_no_decoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = save(compressed_icon(9), tmp_path / "a", JPEGBaseline8Bit)
    shown = asked(monkeypatch)
    [row] = read_frames([Chosen("a", place, has_pixels=False, has_pictures=True)])
    assert row == ("a", ICON, 0, 0, "", "pixels of another size than the header says")
    assert shown == []


def without_data(dataset: Dataset) -> None:
    with_overlay(dataset)
    del dataset[0x6000, 0x3000]


def in_unused_bits(dataset: Dataset, planes: Any = None) -> Dataset:
    """Add an overlay in bit 13 of pixels of 12 bits, which is there as random as they are."""
    words = np.frombuffer(dataset.PixelData, "<u2").reshape(1, 16, 16)
    planes = (words & 1).astype(np.uint8) if planes is None else planes
    dataset.NumberOfFrames = len(planes)
    dataset.PixelData = (words | planes.astype("<u2") << 13).tobytes()
    with_overlay(dataset, planes)
    dataset[0x6000, 0x0100].value, dataset[0x6000, 0x0102].value = 16, 13
    del dataset[0x6000, 0x3000]
    return dataset


def of_another_size(dataset: Dataset) -> None:
    in_unused_bits(dataset)
    dataset[0x6000, 0x0010].value = 8


def in_used_bits(dataset: Dataset) -> None:
    in_unused_bits(dataset)
    dataset[0x6000, 0x0102].value = 11


def in_missing_bits(dataset: Dataset) -> None:
    in_unused_bits(dataset)
    dataset.NumberOfFrames = 3


def shortened(dataset: Dataset) -> None:
    with_overlay(dataset)[0x6000, 0x3000].value = bytes(16)


def enlarged(dataset: Dataset) -> None:
    with_overlay(dataset)[0x6000, 0x0010].value = 65_000
    dataset[0x6000, 0x0011].value = 65_000


def without_rows(dataset: Dataset) -> None:
    with_overlay(dataset)[0x6000, 0x0010].value = 0


def empty_icon(dataset: Dataset) -> None:
    dataset.IconImageSequence = [icon(np.zeros((8, 8), np.uint8))]
    del dataset.IconImageSequence[0].PixelData


def short_icon(dataset: Dataset) -> None:
    dataset.IconImageSequence = [icon(np.zeros((8, 8), np.uint8))]
    dataset.IconImageSequence[0].Rows = 9


@pytest.mark.parametrize(
    ("change", "place", "reason"),
    [
        (without_data, OVERLAY, "an overlay without data"),
        (of_another_size, OVERLAY, "an overlay in the bits of pixels that are not as it says"),
        (in_used_bits, OVERLAY, "an overlay in bits of the image itself"),
        (in_missing_bits, OVERLAY, "an overlay whose data is shorter than its size says"),
        (shortened, OVERLAY, "an overlay whose data is shorter than its size says"),
        (enlarged, OVERLAY, "more pixels than an audit looks at"),
        (without_rows, OVERLAY, "an overlay without pixels"),
        (empty_icon, ICON, "an icon without pixels"),
        (short_icon, ICON, "pixels that cannot be decoded"),
    ],
)
def test_what_is_not_looked_at_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Any, place: str, reason: str
) -> None:
    dataset = ct_slice(1, 1)
    change(dataset)
    asked(monkeypatch)
    location = save(dataset, tmp_path / "a")
    [row] = read_frames([Chosen("a", location, has_pixels=False, has_pictures=True)])
    assert row[:5] == ("a", place, 0, 0, "")
    assert row[5].startswith(reason)


def test_of_compressed_pixels_no_unused_bits_are_read(tmp_path: Path) -> None:
    dataset = in_unused_bits(ct_slice(1, 1))
    dataset.PixelData = encapsulate([bytes(1024)])
    dataset["PixelData"].VR = "OB"
    [(_, get)] = pictures(save(dataset, tmp_path / "a", JPEGBaseline8Bit))
    with pytest.raises(WillNotDecode, match="pixels that are not as it says"):
        get()


def test_no_more_pictures_than_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = ct_slice(1, 1)
    dataset.IconImageSequence = [icon(np.zeros((8, 8), np.uint8))] * 3
    place = save(dataset, tmp_path / "a")
    monkeypatch.setattr("auditor.pictures.PICTURE_LIMIT", 2)
    asked(monkeypatch)
    rows = list(read_frames([Chosen("a", place, has_pixels=False, has_pictures=True)]))
    assert [row[5] for row in rows] == ["", "", "more overlays and icons than an audit looks at"]


def test_what_is_deflated_is_not_inflated(tmp_path: Path) -> None:
    place = save(with_overlay(ct_slice(1, 1)), tmp_path / "a", DeflatedExplicitVRLittleEndian)
    with pytest.raises(WillNotDecode, match="not inflated"):
        list(pictures(place))


def test_sequences_are_not_followed_for_ever(tmp_path: Path) -> None:
    dataset = Dataset()
    dataset.IconImageSequence = [icon(np.zeros((8, 8), np.uint8))]
    for _ in range(30):
        outer = Dataset()
        outer.ContentSequence = [dataset]
        dataset = outer
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.88.11", "2.25.1"
    [row] = ocr._beside(None, Chosen("a", save(dataset, tmp_path / "a")))
    assert row[:5] == ("a", ICON, 0, 0, "")
    assert "RecursionError" in row[5]


def test_what_has_pictures_comes_before_what_has_none() -> None:
    sample = Sample(3)
    plain = [Image("1.2", 1, f"a/{number}", "") for number in range(3)]
    pictured = [Image("1.2", 1, f"b/{number}", "", has_pictures=True) for number in range(3)]
    sample.add([*plain, *pictured, Image("1.2.840.10008.5.1.4.1.1.7", 2, "c", "")])
    assert [each.path for each in sample.chosen()] == ["c", "b/0", "a/0"]


@pytest.mark.parametrize("limit", [0, 5])
def test_an_audit_looks_into_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    (tmp_path / "in").mkdir()
    report = Dataset()
    report.SOPClassUID, report.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.88.11", "2.25.1"
    report.IconImageSequence = [icon(np.arange(64, dtype=np.uint8).reshape(8, 8))]
    save(with_overlay(ct_slice(1, 1)), tmp_path / "in" / "a.dcm")
    save(with_overlay(ct_slice(2, 1), 0 * PLANES), tmp_path / "in" / "b.dcm")
    save(report, tmp_path / "in" / "c.dcm")
    asked(monkeypatch)
    rules = load([rules_folder()])
    profile = read_profile(profiles_folder() / "default.toml", [each.id for each in rules.rules])
    ids = ("PIX013", "PIX014")
    rules = rules.only(ids, ())
    with open_source(tmp_path / "in") as source:
        [result], _ = audit(
            [Collection(source, "one")],
            job=Job(rules.folders, ids, b"k" * 32, ocr=limit),
            jobs=1,
            rules=rules,
            profile=profile,
            folder=AuditFolder(tmp_path / "out"),
            progress=Progress(),
        )
    said = {
        each.id: (each.outcome, each.applicable, each.failed, each.not_evaluated)
        for each in result.rules
    }
    if not limit:
        assert said == dict.fromkeys(ids, ("not_evaluated", 0, 0, 3))
        return
    assert said == dict.fromkeys(ids, ("fail", 3, 2, 0))
    places = {(each.tag_path, *each.examples) for rule in result.rules for each in rule.findings}
    assert places == {(OVERLAY, "a.dcm"), (ICON, "c.dcm")}
