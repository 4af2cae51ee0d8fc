"""What is looked at before pixels are decoded: a codestream cannot be larger than is said."""

from __future__ import annotations

import struct
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, RLELossless

from auditor import ocr
from auditor.decoding import WillNotDecode, _check_rle, check_codestreams, size_of_codestream
from auditor.deid_diff.content import decoded
from auditor.masks import read_mask
from auditor.ocr import Chosen, read_frames
from tests.planted.harness import ct_slice

KINDS = {"JPEG": JPEGBaseline8Bit, "JPEG2000": JPEG2000Lossless}


def codestream(kind: str, rows: int, columns: int, mode: str = "L") -> bytes:
    options: dict[str, Any] = {"no_jp2": True} if kind == "JPEG2000" else {}
    buffer = BytesIO()
    Image.new(mode, (columns, rows)).save(buffer, kind, **options)
    return buffer.getvalue()


def write(path: Path, kind: str, frames: list[bytes], **values: Any) -> str:
    """Write an image of 16 rows and 24 columns around codestreams."""
    dataset = ct_slice(1, 1)
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = 16, 24, len(frames)
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    dataset.PixelData = encapsulate(frames)
    dataset["PixelData"].VR = "OB"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = KINDS[kind]
    dataset.save_as(path, enforce_file_format=True)
    return str(path)


def decoders_asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Count from now on what reaches a decoder, which gives nothing."""
    asked: list[object] = []

    def iter_pixels(*arguments: object, **_: object) -> list[object]:
        asked.append(arguments)
        return []

    monkeypatch.setattr("pydicom.pixels.utils.iter_pixels", iter_pixels)
    monkeypatch.setattr(ocr, "_engine", lambda: None)
    return asked


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_is_as_large_as_it_says_is_decoded(tmp_path: Path, kind: str) -> None:
    frame = codestream(kind, 16, 24)
    location = write(tmp_path / "a.dcm", kind, [frame, frame])
    check_codestreams(location)
    assert decoded(location)


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("odd", [(17, 24, "L"), (16, 4000, "L"), (16, 24, "RGB")])
@pytest.mark.parametrize("place", [0, 1])
def test_a_codestream_of_another_size_reaches_no_decoder(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    odd: tuple[int, int, str],
    place: int,
) -> None:
    frames = [codestream(kind, 16, 24)] * 2
    frames[place] = codestream(kind, *odd)
    segments: dict[str, Any] = {"SegmentSequence": [], "SegmentationType": "FRACTIONAL"}
    location = write(tmp_path / "a.dcm", kind, frames, **segments)
    asked = decoders_asked(monkeypatch)
    reason = "pixels of another size than the header says"
    assert list(read_frames([Chosen("a", location)])) == [("a", "", 0, 0, "", reason)]
    assert read_mask("a", location).reason == reason
    assert decoded(location) == b""
    assert asked == []


def test_a_frame_of_too_many_samples_reaches_no_decoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = {"Rows": 8192, "Columns": 16384, "SamplesPerPixel": 3}
    location = write(tmp_path / "a.dcm", "JPEG", [codestream("JPEG", 16, 24)], **size)
    asked = decoders_asked(monkeypatch)
    [row] = read_frames([Chosen("a", location)])
    assert row[5] == "more pixels than an audit looks at"
    assert asked == []


def test_of_a_large_frame_the_engine_is_given_no_more_than_it_looks_at(tmp_path: Path) -> None:
    frame = codestream("JPEG", 8, 6000)
    location = write(tmp_path / "a.dcm", "JPEG", [frame], Rows=8, Columns=6000)
    given_shapes = [pixels.shape for pixels in ocr._frames(location)]
    assert given_shapes == [(3, 2000, 3)]


@pytest.mark.parametrize(
    "name",
    ["JPEG-LL.dcm", "JPGExtended.dcm", "JPEG2000.dcm", "emri_small_jpeg_2k_lossless.dcm",
     "MR_small_jpeg_ls_lossless.dcm", "MR_small_RLE.dcm", "CT_small.dcm",
     "color3d_jpeg_baseline.dcm"],
)  # fmt: skip
def test_real_codestreams_are_as_large_as_they_say(name: str) -> None:
    location = get_testdata_file(name, download=False)
    if location is None:
        pytest.skip("not among the files that come with pydicom")
    check_codestreams(str(location))


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xff\xd8\xff\xda" + bytes(40),
        b"\xff\xd8\xff\xde" + bytes(40),
        b"\xff\x4f\xff\x51" + bytes(8),
        struct.pack(">L", 12) + b"jP  \r\n\x87\n" + codestream("JPEG2000", 16, 24),
    ],
)
def test_what_says_no_size(head: bytes) -> None:
    assert size_of_codestream(head) is None


@given(st.binary(max_size=200), st.sampled_from([b"", b"\xff\xd8\xff", b"\xff\x4f\xff\x51"]))
def test_no_bytes_make_it_raise(content: bytes, start: bytes) -> None:
    size_of_codestream(start + content)


def test_what_says_no_size_is_not_said_to_have_another(tmp_path: Path) -> None:
    box = struct.pack(">L", 12) + b"jP  \r\n\x87\n" + codestream("JPEG2000", 16, 24)
    location = write(tmp_path / "a.dcm", "JPEG2000", [codestream("JPEG2000", 16, 24), box])
    with pytest.raises(WillNotDecode, match="do not begin with their size"):
        check_codestreams(location)


def test_fragments_are_not_followed_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = codestream("JPEG", 16, 24)
    location = write(tmp_path / "a.dcm", "JPEG", [frame] * 4)
    monkeypatch.setattr("auditor.decoding.FRAGMENT_LIMIT", 4)
    with pytest.raises(WillNotDecode, match="more fragments"):
        check_codestreams(location)


def run_lengths(tmp_path: Path, segment: bytes, pixels: int) -> str:
    """Write an image in RLE Lossless of a row of 8 bits, whose segment is this."""
    head = struct.pack("<16L", 1, 64, *[0] * 14)
    dataset = ct_slice(1, 1)
    dataset.Rows, dataset.Columns = 1, pixels
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.PixelData = encapsulate([head + segment + bytes(len(segment) % 2)])
    dataset["PixelData"].VR = "OB"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = RLELossless
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    return str(tmp_path / "a.dcm")


RUN, LITERAL, NOTHING = b"\x81\7", b"\x01\1\2", b"\x80"
"""128 bytes, two bytes and none (PS3.5 G.3.2)."""


@pytest.mark.parametrize(
    ("segment", "pixels"),
    [
        (RUN * 40, 128 * 40),
        (LITERAL * 100, 200),
        (NOTHING * 300 + RUN, 128),
        # Padding, and what some writers add to a row.
        (RUN * 3, 200),
    ],
)
def test_run_lengths_of_as_many_pixels_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, segment: bytes, pixels: int
) -> None:
    monkeypatch.setattr("auditor.decoding.FRAME_BYTES", 6000)
    location = run_lengths(tmp_path, segment, pixels)
    check_codestreams(location)
    assert decoded(location)


def test_run_lengths_that_grow_reach_no_decoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auditor.decoding.FRAME_BYTES", 6000)
    location = run_lengths(tmp_path, RUN * 400, 128)
    asked = decoders_asked(monkeypatch)
    reason = "pixels of another size than the header says"
    assert list(read_frames([Chosen("a", location)])) == [("a", "", 0, 0, "", reason)]
    assert decoded(location) == b""
    monkeypatch.setattr("auditor.decoding.FRAME_BYTES", 800)
    [row] = read_frames([Chosen("a", location)])
    assert row[5] == "more pixels than an audit looks at"
    assert asked == []


def test_run_lengths_that_may_not_grow_are_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auditor.decoding._check_rle", lambda *_: 1 / 0)
    check_codestreams(run_lengths(tmp_path, RUN * 400, 128))


@given(st.binary(max_size=200), st.integers(0, 20))
def test_no_run_lengths_make_it_hang(content: bytes, pixels: int) -> None:
    head = struct.pack("<16L", 15, *range(15))
    with suppress(WillNotDecode, struct.error):
        _check_rle(head + content, pixels)
    with suppress(WillNotDecode, struct.error):
        _check_rle(content, pixels)
