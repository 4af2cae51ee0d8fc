"""Text in pixels: which images are looked at, and what is found in them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from auditor.audit import audit
from auditor.cli import main
from auditor.deid_diff.content import decoded
from auditor.masks import read_mask
from auditor.ocr import Chosen, Image, Sample, is_available, read_frames
from auditor.paths import profiles_folder, rules_folder
from auditor.profile import read_profile
from auditor.registry import load
from auditor.sources import open_source
from auditor.steps import Progress
from auditor.store import AuditFolder
from auditor.walking import Collection
from auditor.workers import Job
from tests.planted.harness import ct_slice

US = "1.2.840.10008.5.1.4.1.1.6.1"
CT = "1.2.840.10008.5.1.4.1.1.2"

needs_ocr = pytest.mark.skipif(not is_available(), reason="the extra `ocr` is not installed")


def images() -> list[Image]:
    return [
        *(Image(CT, series, f"ct/{series}/{n}.dcm", "") for series in range(3) for n in range(3)),
        *(Image(US, 9, f"us/{n}.dcm", "") for n in range(3)),
    ]


def chosen(limit: int, some: list[Image]) -> list[str]:
    sample = Sample(limit)
    for image in some:
        sample.add([image])
    return [each.path for each in sample.chosen()]


def test_the_riskiest_come_first_and_of_the_others_one_a_series() -> None:
    found = ["us/0.dcm", "us/1.dcm", "us/2.dcm", "ct/0/0.dcm", "ct/1/0.dcm", "ct/2/0.dcm"]
    assert chosen(10, images()) == found
    assert chosen(4, images()) == found[:4]


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_the_order_of_the_images_does_not_matter(limit: int) -> None:
    assert chosen(limit, images()) == chosen(limit, images()[::-1])


def test_memory_follows_the_limit() -> None:
    sample = Sample(4)
    sample.add(Image(US, 1, f"{number:05d}.dcm", "") for number in range(1000))
    assert len(sample._kept) <= 32
    assert [each.path for each in sample.chosen()] == [f"{number:05d}.dcm" for number in range(4)]


def test_nothing_is_looked_at_without_being_asked() -> None:
    assert chosen(0, images()) == []


def written(text: str, frames: int = 1, **values: Any) -> Dataset:
    """Return an image with text in it."""
    import numpy as np
    from PIL import Image as Picture
    from PIL import ImageDraw, ImageFont

    picture = Picture.new("L", (512, 256), 20)
    font = ImageFont.load_default(22)
    ImageDraw.Draw(picture).text((16, 16), text, fill=255, font=font)
    plain = np.full((256, 512), 20, np.uint16)
    # Only in the middle, where there are several.
    stack = [plain] * frames
    stack[frames // 2] = np.asarray(picture, np.uint16)
    dataset = ct_slice(1, 1)
    dataset.Rows, dataset.Columns = 256, 512
    if frames > 1:
        dataset.NumberOfFrames = frames
    dataset.PixelData = np.stack(stack).tobytes()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def save(dataset: Dataset, path: Path) -> str:
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)
    return str(path)


@needs_ocr
@pytest.mark.parametrize("frames", [1, 5])
def test_text_is_found_and_not_kept(tmp_path: Path, frames: int) -> None:
    place = save(written("Dr. Quagga 2003-07-15", frames), tmp_path / "a.dcm")
    [row] = read_frames([Chosen("a.dcm", place)])
    looked = 1 if frames == 1 else 2
    assert row == ("a.dcm", "", looked, 1, "date+name", "")


@needs_ocr
@pytest.mark.parametrize("text", ["", "R"])
def test_no_text(tmp_path: Path, text: str) -> None:
    place = save(written(text), tmp_path / "a.dcm")
    assert list(read_frames([Chosen("a.dcm", place)])) == [("a.dcm", "", 1, 0, "", "")]


@needs_ocr
def test_what_cannot_be_decoded_is_said(tmp_path: Path) -> None:
    broken = Path(str(get_testdata_file("CT_small.dcm"))).read_bytes()[:-20_000]
    (tmp_path / "a.dcm").write_bytes(broken)
    huge = written("Quagga")
    huge.Rows = huge.Columns = 60_000
    place = save(huge, tmp_path / "b.dcm")
    rows = list(read_frames([Chosen("a.dcm", str(tmp_path / "a.dcm")), Chosen("b.dcm", place)]))
    assert [row[1:5] for row in rows] == [("", 0, 0, "")] * 2
    assert rows[0][5].startswith("pixels that cannot be decoded")
    assert rows[1][5] == "more pixels than an audit looks at"


@pytest.mark.parametrize("before", [0, 1 << 16])
def test_what_is_deflated_is_not_inflated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    import zlib

    import pydicom
    from pydicom.uid import DeflatedExplicitVRLittleEndian

    dataset = pydicom.dcmread(save(written("Quagga"), tmp_path / "a.dcm"))
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    # However far behind the first bytes the transfer syntax stands.
    dataset.file_meta.FileMetaInformationVersion = bytes(2 + before)
    dataset.save_as(tmp_path / "a.dcm")
    inflated: list[int] = []
    monkeypatch.setattr(zlib, "decompress", lambda data, *_: inflated.append(len(data)))
    monkeypatch.setattr("auditor.ocr._engine", lambda: None)
    [row] = read_frames([Chosen("a.dcm", str(tmp_path / "a.dcm"))])
    assert row == ("a.dcm", "", 0, 0, "", "a deflated data set, which is not inflated")
    assert decoded(str(tmp_path / "a.dcm")) == b""
    assert read_mask("a.dcm", str(tmp_path / "a.dcm")).reason == row[5]
    assert inflated == []


@needs_ocr
def test_an_audit_finds_text_in_pixels(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    save(written("Dr. Quagga 2003-07-15"), tmp_path / "in" / "a.dcm")
    rules = load([rules_folder()])
    profile = read_profile(profiles_folder() / "default.toml", [each.id for each in rules.rules])
    rules = rules.only(["PIX011", "PIX012"], ())
    job = Job(rules.folders, ("PIX011", "PIX012"), b"k" * 32, ocr=5)
    with open_source(tmp_path / "in") as source:
        [result], _ = audit(
            [Collection(source, "one")],
            job=job,
            jobs=1,
            rules=rules,
            profile=profile,
            folder=AuditFolder(tmp_path / "out"),
            progress=Progress(),
        )
    found = {each.id: each.outcome for each in result.rules}
    # Burned In Annotation is NO, which PIX011 does not believe.
    assert found == {"PIX011": "fail", "PIX012": "pass"}


def test_the_extra_is_there_or_it_is_not() -> None:
    assert is_available() == all(map(importlib.util.find_spec, ("rapidocr", "onnxruntime")))


def test_without_the_extra_it_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("auditor.ocr.is_available", lambda: False)
    done = CliRunner().invoke(main, ["scan", "ct", "-o", "out", "--ocr", "1"])
    assert done.exit_code == 2
    assert "--ocr needs the extra `ocr`: pip install '.[ocr]' in a clone" in done.stderr
