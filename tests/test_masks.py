"""What is set in the pixels of segmentations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydicom.dataset import FileMetaDataset
from pydicom.pixels.utils import pack_bits
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, RLELossless

from auditor import masks
from auditor.cli import main
from auditor.masks import Chosen, Row, read_mask, read_masks
from auditor.result import read_result
from auditor.standard.sop_classes import LABEL_MAP_SEGMENTATION, SEGMENTATION
from auditor.testing import dataset_of

Frames = np.ndarray[Any, np.dtype[Any]]


def write(
    path: Path,
    frames: Frames,
    segments: Sequence[int],
    planes: Sequence[int],
    kind: str = "BINARY",
    **changed: Any,
) -> str:
    """Write a segmentation: frames, and of each its segment and its plane."""
    bits = {"BINARY": 1, "FRACTIONAL": 8, "LABELMAP": 16}[kind]
    per_frame = [
        {
            "PlanePositionSequence": [{"ImagePositionPatient": [0, 0, plane]}],
            "SegmentIdentificationSequence": [{"ReferencedSegmentNumber": segment}],
        }
        for segment, plane in zip(segments, planes, strict=True)
    ]
    literal = {
        "SOPClassUID": LABEL_MAP_SEGMENTATION if kind == "LABELMAP" else SEGMENTATION,
        "SOPInstanceUID": "2.25.1",
        "Rows": frames.shape[1],
        "Columns": frames.shape[2],
        "NumberOfFrames": str(len(frames)),
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": bits,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": 0,
        "SegmentationType": kind,
        "SegmentsOverlap": "NO",
        "SegmentSequence": [{"SegmentNumber": number} for number in sorted(set(segments))],
        "PerFrameFunctionalGroupsSequence": per_frame,
        **changed,
    }
    dataset = dataset_of({name: value for name, value in literal.items() if value is not None})
    packed = pack_bits(frames.astype(np.uint8)) if bits == 1 else frames.tobytes()
    dataset.PixelData = packed + b"\0" * (len(packed) % 2)
    dataset["PixelData"].VR = "OW" if bits == 16 else "OB"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)
    return str(path)


def planes(*filled: int) -> Frames:
    """Return a frame for each number, with so many pixels set from its start."""
    frames = np.zeros((len(filled), 3, 5), np.uint8)
    for frame, count in zip(frames, filled, strict=True):
        frame.flat[:count] = 1
    return frames


def look(path: Path, *given: Any, **more: Any) -> Row:
    return read_mask("a", write(path / "a.dcm", *given, **more))


def test_masks_that_are_right(tmp_path: Path) -> None:
    # Fifteen pixels a frame: no frame but the first begins at a byte.
    assert look(tmp_path, planes(3, 15, 1), [1, 1, 2], [1, 2, 3]) == Row(
        "a", "BINARY", "NO", 3, 0, 2, 0, "no"
    )


def test_a_segment_without_a_pixel(tmp_path: Path) -> None:
    row = look(tmp_path, planes(3, 0, 0), [1, 2, 1], [1, 1, 2])
    assert (row.empty, row.segments, row.empty_segments) == (2, 2, 1)


def test_nothing_is_set(tmp_path: Path) -> None:
    row = look(tmp_path, planes(0, 0), [1, 2], [1, 1])
    assert (row.looked, row.empty, row.empty_segments) == (2, 2, 2)


@pytest.mark.parametrize(
    ("segments", "where", "overlap"),
    [
        ([1, 2], [1, 1], "yes"),
        ([1, 2], [1, 2], "no"),
        # Two frames of one segment may share what they like.
        ([1, 1], [1, 1], "no"),
    ],
)
def test_segments_that_share_a_pixel(
    tmp_path: Path, segments: list[int], where: list[int], overlap: str
) -> None:
    assert look(tmp_path, planes(2, 1), segments, where).overlap == overlap


def test_segments_beside_each_other_share_none(tmp_path: Path) -> None:
    frames = planes(4, 0)
    frames[1].flat[4:8] = 1
    assert look(tmp_path, frames, [1, 2], [1, 1]).overlap == "no"


def test_more_planes_than_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masks, "PLANES_LIMIT", 3)
    assert look(tmp_path, planes(1, 1, 1, 1), [1, 1, 2, 2], [1, 2, 1, 2]).overlap == ""


def test_the_segments_of_a_full_tiling_follow_each_other(tmp_path: Path) -> None:
    row = look(
        tmp_path,
        planes(1, 2, 0, 0),
        [1, 1, 2, 2],
        [0, 0, 0, 0],
        PerFrameFunctionalGroupsSequence=None,
    )
    assert (row.segments, row.empty_segments, row.overlap) == (2, 1, "no")


def test_values_above_the_maximum(tmp_path: Path) -> None:
    frames = planes(1, 1) * 100
    row = look(tmp_path, frames, [1, 1], [1, 2], "FRACTIONAL", MaximumFractionalValue=100)
    assert (row.kind, row.too_high, row.overlap) == ("FRACTIONAL", 0, "")
    row = look(tmp_path, frames, [1, 1], [1, 2], "FRACTIONAL", MaximumFractionalValue=99)
    assert row.too_high == 2


def test_labels_that_no_segment_describes(tmp_path: Path) -> None:
    frames = planes(1, 1).astype(np.uint16) * 300
    numbers = [{"SegmentNumber": number} for number in (0, 7, 300)]
    row = look(tmp_path, frames, [0, 0], [1, 2], "LABELMAP", SegmentSequence=numbers)
    assert (row.not_described, row.segments, row.empty_segments) == (0, 3, 1)
    row = look(tmp_path, frames, [0, 0], [1, 2], "LABELMAP", SegmentSequence=numbers[:2])
    assert row.not_described == 2
    # The background has to be described as well (PS3.3 C.8.20.2.3.3).
    row = look(tmp_path, frames, [0, 0], [1, 2], "LABELMAP", SegmentSequence=numbers[2:])
    assert row.not_described == 2


def test_compressed_masks(tmp_path: Path) -> None:
    import pydicom

    frames = planes(1, 0) * 7
    path = write(tmp_path / "a.dcm", frames, [1, 1], [1, 2], "FRACTIONAL")
    dataset = pydicom.dcmread(path)
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.save_as(path)
    row = read_mask("a", path)
    assert (row.looked, row.empty, row.reason) == (2, 1, "")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"Rows": 65535, "Columns": 65535}, "more pixels than an audit looks at"),
        # A third as many pixels in three colours, or in 32 bits, are as much to decode.
        (
            {"Rows": 9500, "Columns": 9500, "SamplesPerPixel": 3, "BitsAllocated": 8},
            "more pixels than an audit looks at",
        ),
        (
            {"Rows": 9500, "Columns": 9500, "BitsAllocated": 32},
            "more pixels than an audit looks at",
        ),
        ({"NumberOfFrames": "99999999"}, "more pixels than an audit looks at"),
        (
            {"Rows": 1, "Columns": 1, "NumberOfFrames": "2000000"},
            "more pixels than an audit looks at",
        ),
        ({"NumberOfFrames": "0"}, "pixels that cannot be decoded"),
        ({"SegmentSequence": []}, "pixels that cannot be decoded"),
        ({"Rows": 4}, "pixels that cannot be decoded"),
        ({"BitsAllocated": 7}, "pixels that cannot be decoded"),
    ],
)
def test_what_cannot_be_looked_at_says_why(
    tmp_path: Path, changed: dict[str, Any], reason: str
) -> None:
    more = {"PerFrameFunctionalGroupsSequence": None, **changed}
    row = look(tmp_path, planes(1, 1), [1, 1], [1, 2], **more)
    assert row.reason.startswith(reason), row
    assert row.looked == 0


def test_what_is_deflated_is_not_inflated(tmp_path: Path) -> None:
    import pydicom

    path = write(tmp_path / "a.dcm", planes(1, 1), [1, 1], [1, 2])
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.save_as(path)
    row = read_mask("a", path)
    assert (row.looked, row.reason) == (0, "a deflated data set, which is not inflated")


@given(st.binary(max_size=400))
@settings(max_examples=30)
def test_no_bytes_make_it_raise(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("odd") / "a.dcm"
    path.write_bytes(bytes(128) + b"DICM" + content)
    assert read_masks([("a", str(path))])[0].reason


@given(arrays(np.uint8, (3, 3, 5), elements=st.integers(0, 1)))
@settings(max_examples=40, deadline=None)
def test_it_counts_what_numpy_counts(
    tmp_path_factory: pytest.TempPathFactory, frames: Frames
) -> None:
    row = look(tmp_path_factory.mktemp("any"), frames, [1, 2, 2], [1, 1, 2])
    assert row.empty == sum(not frame.any() for frame in frames)
    assert row.empty_segments == (not frames[0].any()) + (not frames[1:].any())
    assert row.overlap == ("yes" if (frames[0] & frames[1]).any() else "no")


def test_those_with_the_smallest_paths_are_chosen() -> None:
    chosen = Chosen(2)
    for number in reversed(range(40)):
        chosen.add([(f"{number:02}", "somewhere")])
    assert [path for path, _ in chosen.all()] == ["00", "01"]
    assert not Chosen(0).all()


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_scan_looks_where_it_is_asked_to(tmp_path: Path, jobs: str) -> None:
    (tmp_path / "data").mkdir()
    write(tmp_path / "data" / "a.dcm", planes(0, 0), [1, 2], [1, 1])
    write(tmp_path / "data" / "b.dcm", planes(1, 1), [1, 2], [1, 1])
    outcomes, reasons = {}, {}
    for count in ("0", "1", "9"):
        out = tmp_path / f"out{count}"
        arguments = ["scan", str(tmp_path / "data"), "-o", str(out), "--quiet", "--jobs", jobs]
        done = CliRunner().invoke(main, [*arguments, "--masks", count, "--select", "SEG302,SEG304"])
        assert done.exit_code == 0, done.output
        rules = {each.id: each for each in read_result(out / "result.json").collections[0].rules}
        outcomes[count] = [
            (rules[name].outcome, rules[name].applicable, rules[name].not_evaluated)
            for name in ("SEG302", "SEG304")
        ]
        reasons[count] = rules["SEG302"].reason
    option = "segmentations whose pixels were not looked at (scan --masks N looks at N of them)"
    assert reasons == {"0": option, "1": option, "9": ""}
    assert outcomes["0"] == [("not_evaluated", 0, 2)] * 2
    # The other one is not known: that is no pass.
    assert outcomes["1"] == [("fail", 1, 1), ("not_evaluated", 1, 1)]
    assert outcomes["9"] == [("fail", 2, 0), ("fail", 2, 0)]


def test_the_option_is_not_named_where_it_was_given_in_vain(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write(tmp_path / "data" / "a.dcm", planes(1, 1), [1, 2], [1, 2], NumberOfFrames=9)
    arguments = ["scan", str(tmp_path / "data"), "-o", str(tmp_path / "out"), "--quiet"]
    CliRunner().invoke(main, [*arguments, "--jobs", "1", "--masks", "9", "--select", "SEG304"])
    (rule,) = read_result(tmp_path / "out" / "result.json").collections[0].rules
    assert (rule.outcome, rule.not_evaluated) == ("not_evaluated", 1)
    assert rule.reason == (
        "segmentations whose pixels were looked at and do not tell, or cannot be read"
    )
