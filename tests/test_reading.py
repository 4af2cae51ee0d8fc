"""The two readers agree, and runs of unchanged elements change nothing."""

from __future__ import annotations

import errno
import os
import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, parse_basic_offsets, parse_fragments
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGBaseline8Bit

from auditor.planning import RulesPlan
from auditor.reading import extents, reader
from auditor.reading.columns import COLUMN, COLUMN_OF_TAG, GATHERED
from auditor.reading.extents import Run, frame_runs
from auditor.reading.fallback import lenient, read_with_pydicom
from auditor.reading.places import Attention, Forest, Place, Token
from auditor.reading.reader import HEAD, TOO_MUCH, Reader, Reading
from auditor.reading.walker import UNDEFINED, Reference, Walk, known_vr
from auditor.rows import number_rows
from auditor.standard.sop_classes import DEFLATED
from auditor.testing import dataset_of

SHARED = Path(__file__).parents[1].parent / "shared" / "corpus"
PIXEL_DATA = 0x7FE00010
ENHANCED_MR, SEGMENTATION = "1.2.840.10008.5.1.4.1.1.4.1", "1.2.840.10008.5.1.4.1.1.66.4"
# The folder, not pydicom's look-up: that one downloads what is not bundled.
BUNDLED = sorted(
    path for path in (Path(pydicom.__file__).parent / "data").rglob("*") if path.is_file()
)


class KeepAll:
    """A plan by which every value is seen, so that a token is an element."""

    def attention(self, place: Place) -> Attention:
        at_top = place.parent is not None and place.parent.parent is None
        column = COLUMN_OF_TAG.get(place.tag, -1) if at_top else -1
        return Attention(keep=place.tag != PIXEL_DATA, column=column)

    def structure(self, _: Place, __: bytes, ___: tuple[str, ...]) -> bytes:
        return b""


class KeepNothing(KeepAll):
    """A plan by which no value is seen but those of columns."""

    def attention(self, place: Place) -> Attention:
        return Attention(column=super().attention(place).column)


def forest(plan: type[KeepAll] = KeepAll) -> Forest:
    return Forest(lambda _: plan())


def read(path: Path, trees: Forest | None = None) -> Reading:
    return Reader(trees or forest()).read(str(path))


Flat = tuple[str, str, bytes | None, bool]


def flat(tokens: list[Token]) -> list[Flat]:
    return [(str(t.place.path), t.place.vr, t.value or b"", t.is_item) for t in tokens]


def real_files() -> list[Path]:
    shared = sorted(path for path in SHARED.rglob("*") if path.is_file()) if SHARED.exists() else []
    return BUNDLED + shared


def walked_by_pydicom(path: Path) -> list[Flat]:
    walk = Walk(path.stat().st_size, [None] * len(GATHERED))
    read_with_pydicom(str(path), forest(), walk)
    return flat(walk.tokens)


def in_tag_order(elements: list[Flat]) -> dict[str, object]:
    """Nest elements by tag: pydicom sorts them, and of two with one tag it keeps the last."""
    root: dict[str, object] = {}
    opened: dict[str, dict[str, object]] = {"": root}
    for path, vr, value, is_item in elements:
        container = opened[path.rpartition("/")[0]]
        if is_item:
            opened[path] = {}
            items = container[path]
            assert isinstance(items, list)
            items.append(opened[path])
        else:
            container[path] = [] if vr == "SQ" else (vr, value)
    return root


def without_empty_private_vr(elements: list[Flat]) -> list[Flat]:
    """Forget the VR of empty private UN elements, for which pydicom's dictionary speaks."""
    return [(p, "" if ":" in p and not v and vr != "SQ" else vr, v, i) for p, vr, v, i in elements]


def test_walker_equals_pydicom_on_every_element_of_real_files() -> None:
    compared = 0
    for path in real_files():
        reading = read(path)
        if reading.facts is None or reading.facts.surprise or reading.facts.complete == "header":
            continue
        ours = without_empty_private_vr(flat(reading.tokens))
        theirs = without_empty_private_vr(walked_by_pydicom(path))
        assert in_tag_order(ours) == in_tag_order(theirs), path.name
        compared += 1
    assert compared > 80


def pixels_by_pydicom(path: Path) -> tuple[str, str, str]:
    """Return bytes of native pixel data, or fragments and bytes of offsets, as pydicom has them."""
    with lenient():
        dataset = dcmread(path, force=True)
    for tag in (0x7FE00010, 0x7FE00009, 0x7FE00008):
        if tag not in dataset:
            continue
        raw = dataset.get_item(tag)
        value = raw.value or b""
        if getattr(raw, "length", 0) != UNDEFINED:
            return str(len(value)), "", ""
        fragments, _ = parse_fragments(BytesIO(value))
        return "", str(fragments - 1), str(4 * len(parse_basic_offsets(BytesIO(value))))
    return "", "", ""


def test_pixel_data_is_as_long_as_pydicom_finds_it() -> None:
    kinds = Counter[str]()
    for path in real_files():
        facts = read(path).facts
        if facts is None or facts.complete != "yes" or facts.surprise or facts.syntax in DEFLATED:
            continue
        ours = facts.pixel_bytes, facts.fragments, facts.offsets
        assert ours == pixels_by_pydicom(path), path.name
        kinds[facts.pixels] += 1
    assert kinds["native"] > 20
    assert kinds["encapsulated"] > 20


def test_both_readers_see_native_pixel_data_alike() -> None:
    for path in BUNDLED:
        facts = read(path).facts
        if facts is None or facts.complete == "header" or facts.surprise:
            continue
        walk = Walk(path.stat().st_size, [None] * len(GATHERED))
        read_with_pydicom(str(path), forest(), walk)
        length = str(walk.pixels.length) if walk.pixels and walk.pixels.length >= 0 else ""
        assert facts.pixel_bytes == length, path.name


def test_the_vr_of_encapsulated_pixel_data_is_as_written() -> None:
    seen = set()
    for path in real_files():
        facts = read(path).facts
        if facts is None or facts.complete != "yes" or facts.surprise or facts.syntax in DEFLATED:
            continue
        if facts.pixels != "encapsulated":
            assert facts.pixel_vr == "", path.name
            continue
        walk = Walk(path.stat().st_size, [None] * len(GATHERED))
        read_with_pydicom(str(path), forest(), walk)
        assert walk.pixels is not None
        assert facts.pixel_vr == walk.pixels.vr, path.name
        seen.add(facts.pixel_vr)
    assert "OB" in seen


def test_of_pixel_data_that_is_cut_the_declared_length_is_known(tmp_path: Path) -> None:
    (original,) = [each for each in BUNDLED if each.name == "CT_small.dcm"]
    whole = dcmread(original)
    path = tmp_path / "cut.dcm"
    path.write_bytes(original.read_bytes()[:-4000])
    facts = read(path).facts
    assert facts is not None
    assert facts.complete == "pixel data"
    assert facts.pixel_bytes == str(len(whole.PixelData))


def plain_pydicom(dataset: Dataset, parents: str = "") -> Iterator[tuple[str, str]]:
    """Tag path and VR of every element, by pydicom's own iteration and nothing of ours."""
    for element in dataset:
        path = f"{parents}({element.tag.group:04X},{element.tag.elem:04X})"
        yield path, element.VR
        if element.VR == "SQ":
            for item in element.value:
                yield from plain_pydicom(item, path + "/")


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small.dcm", "rtplan.dcm", "test-SR.dcm"])
def test_public_elements_are_those_that_pydicom_iterates(name: str) -> None:
    (path,) = [each for each in BUNDLED if each.name == name]
    with lenient():
        dataset = dcmread(path)
        theirs = [each for each in plain_pydicom(dataset) if "US or SS" not in each[1]]
    ours = [
        (place, vr)
        for place, vr, _, is_item in flat(read(path).tokens)
        if not is_item and not place.startswith("(0002,")
    ]
    public = [each for each in ours if ":" not in each[0]]
    assert public == [each for each in theirs if int(each[0][-10:-6], 16) % 2 == 0 or
                      0x10 <= int(each[0][-5:-1], 16) <= 0xFF]  # fmt: skip


texts = st.text(st.characters(codec="ascii", exclude_characters="\\\x1b"), max_size=12)
simple = st.one_of(
    st.tuples(st.sampled_from(["PatientName", "PatientID", "StudyDescription"]), texts),
    st.tuples(st.sampled_from(["Rows", "Columns"]), st.integers(0, 65535)),
    st.tuples(st.just("SliceThickness"), st.sampled_from(["1", "2.5", "-3e2"])),
    st.tuples(st.just("SimpleFrameList"), st.lists(st.integers(0, 2**32 - 1), min_size=2)),
)


@st.composite
def datasets(draw: st.DrawFn, depth: int = 2) -> Dataset:
    dataset = Dataset()
    for keyword, value in draw(st.lists(simple, max_size=6)):
        setattr(dataset, keyword, value)
    if draw(st.booleans()):
        block = dataset.private_block(0x0019, "GEMS_ACQU_01", create=True)
        block.add_new(0x23, "DS", "1.5")
        block.add_new(0x40, "OB", draw(st.binary(max_size=8)).ljust(8, b"\1"))
    if depth:
        keyword = draw(st.sampled_from(["ReferencedImageSequence", "SourceImageSequence"]))
        items = draw(st.lists(datasets(depth - 1), max_size=3))
        setattr(dataset, keyword, Sequence(items))
        element = dataset[keyword]
        element.is_undefined_length = draw(st.booleans())
        for item in items:
            item.is_undefined_length_sequence_item = draw(st.booleans())
    return dataset


def stored(dataset: Dataset, syntax: str, folder: Path) -> Path:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax  # type: ignore[assignment]
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"  # type: ignore[assignment]
    meta.MediaStorageSOPInstanceUID = "2.25.1"  # type: ignore[assignment]
    dataset.file_meta = meta
    path = folder / "generated.dcm"
    with lenient():
        dcmwrite(path, dataset, enforce_file_format=True)
    return path


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(datasets(), st.sampled_from([ExplicitVRLittleEndian, ImplicitVRLittleEndian]))
def test_walker_equals_pydicom_on_generated_data_sets(
    tmp_path: Path, dataset: Dataset, syntax: str
) -> None:
    path = stored(dataset, syntax, tmp_path)
    reading = read(path)
    assert reading.status == "ok"
    assert reading.facts is not None
    assert not reading.facts.surprise
    assert flat(reading.tokens) == walked_by_pydicom(path)


def test_runs_change_nothing_on_real_files() -> None:
    """One forest for all files, twice and backwards, gives what a fresh one gives."""
    files = real_files()
    fresh = {path: flat(read(path).tokens) for path in files}
    rows = {path: read(path).columns for path in files}
    reader = Reader(forest())
    for path in [*files, *files, *reversed(files)]:
        reading = reader.read(str(path))
        assert flat(reading.tokens) == fresh[path], path.name
        assert reading.columns == rows[path], path.name


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(datasets(), min_size=2, max_size=6), st.data())
def test_runs_change_nothing_in_a_series(
    tmp_path: Path, variants: list[Dataset], data: st.DataObject
) -> None:
    """Slices that differ here and there, in any order, with and without private blocks."""
    paths = []
    for number, variant in enumerate(variants):
        folder = tmp_path / str(number)
        folder.mkdir(exist_ok=True)
        paths.append(stored(variant, ExplicitVRLittleEndian, folder))
    reader = Reader(forest())
    for number in data.draw(st.lists(st.integers(0, len(paths) - 1), max_size=30)):
        assert flat(reader.read(str(paths[number])).tokens) == flat(read(paths[number]).tokens)


def test_runs_are_used() -> None:
    """The series of one header is walked in few steps; else the speed is gone unnoticed."""
    (path,) = [each for each in BUNDLED if each.name == "CT_small.dcm"]
    trees = forest()
    reader = Reader(trees)
    for _ in range(4):
        reader.read(str(path))
    root = trees.tree("1.2.840.10008.5.1.4.1.1.2", False)
    assert root.run is not None
    assert len(root.run.tokens) > 200


def test_a_private_creator_in_a_run_still_names_what_follows(tmp_path: Path) -> None:
    """A creator that changes between two files changes the path of elements that did not."""
    paths = []
    for number, creator in enumerate(["GEMS_ACQU_01", "GEMS_ACQU_01", "SPI", "GEMS_ACQU_01"]):
        dataset = Dataset()
        dataset.PatientID = str(number)
        dataset.private_block(0x0019, creator, create=True).add_new(0x23, "DS", "1.5")
        folder = tmp_path / str(number)
        folder.mkdir()
        paths.append(stored(dataset, ExplicitVRLittleEndian, folder))
    reader = Reader(forest())
    for path in [*paths, *paths]:
        assert flat(reader.read(str(path)).tokens) == flat(read(path).tokens)


# What the reader says of files that are not whole, or not what they seem.


def small(**attributes: object) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    dataset.SOPInstanceUID = "2.25.1"
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def with_pixels(**attributes: object) -> Dataset:
    dataset = small(Rows=64, Columns=64, BitsAllocated=16, PixelRepresentation=0, **attributes)
    dataset.add_new(PIXEL_DATA, "OW", b"\1\2" * 64 * 64)
    return dataset


def test_a_file_cut_inside_pixel_data(tmp_path: Path) -> None:
    path = stored(with_pixels(), ExplicitVRLittleEndian, tmp_path)
    path.write_bytes(path.read_bytes()[:-100])
    reading = read(path)
    assert (reading.status, reading.facts and reading.facts.complete) == ("partial", "pixel data")


def test_a_file_cut_inside_the_header(tmp_path: Path) -> None:
    path = stored(small(StudyDescription="x" * 60), ExplicitVRLittleEndian, tmp_path)
    path.write_bytes(path.read_bytes()[:-20])
    reading = read(path)
    assert (reading.status, reading.facts and reading.facts.complete) == ("partial", "header")


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("padding", [b"\0", b"\xff"], ids=["zeros", "ones"])
def test_an_image_padded_where_its_pixels_should_be_is_cut(
    tmp_path: Path, syntax: str, padding: bytes
) -> None:
    dataset = with_pixels()
    path = stored(dataset, syntax, tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole + padding * 4096)
    assert read(path).status == "ok"
    path.write_bytes(whole[: whole.index(b"\x28\0\x10\0")] + padding * 4096)
    reading = read(path)
    assert (reading.status, reading.reason) == ("partial", "the header is cut short")


def test_of_what_need_not_have_pixels_padding_says_nothing(tmp_path: Path) -> None:
    dataset = small(SOPClassUID="1.2.840.10008.5.1.4.1.1.481.3")
    path = stored(dataset, ExplicitVRLittleEndian, tmp_path)
    path.write_bytes(path.read_bytes() + bytes(4096))
    assert read(path).status == "ok"


@pytest.mark.parametrize("plan", [KeepAll, KeepNothing])
def test_a_window_of_any_size_gives_the_same(
    plan: type[KeepAll], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not in the first window is read in another, or stepped over."""
    paths = [path for path in real_files() if read(path).facts is not None]
    before = [_all_of(read(path, forest(plan))) for path in paths]
    monkeypatch.setattr(reader, "HEAD", 1024)
    for path, expected in zip(paths, before, strict=True):
        assert _all_of(read(path, forest(plan))) == expected, path.name
    assert len(paths) > 80


def _all_of(reading: Reading) -> tuple[object, ...]:
    references = [
        (str(each.place.path), each.sop_instance, each.sop_class, each.series, each.frames)
        for each in reading.references
    ]
    private = Counter[str]()
    for creator, size in reading.private:
        private[creator] += size
    return (
        reading.status,
        reading.facts,
        flat(reading.tokens),
        reading.columns,
        references,
        private,
    )


def test_what_nobody_looks_at_is_stepped_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = small(ICCProfile=bytes(300_000), Rows=8, Columns=8)
    dataset.PixelData = encapsulate([bytes(200_000)] * 3)
    dataset["PixelData"].VR = "OB"
    dataset.add_new(0xFFFCFFFC, "OB", bytes(40))
    path = stored(dataset, JPEGBaseline8Bit, tmp_path)
    assert path.stat().st_size > 900_000
    lengths: list[int] = []

    def pread(descriptor: int, length: int, offset: int) -> bytes:
        lengths.append(length)
        return os.pread(descriptor, length, offset)

    monkeypatch.setattr(reader, "os", SimpleNamespace(**{**vars(os), "pread": pread}))
    reading = read(path, forest(KeepNothing))
    assert reading.status == "ok"
    elements = [place for place, *_ in walked_by_pydicom(path)]
    assert [place for place, *_ in flat(reading.tokens)] == elements
    assert sum(lengths) <= 2 * reader.HEAD + 8 * 8


def test_a_file_that_shrinks_while_it_is_read_is_cut_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = small()
    dataset.OtherPatientIDsSequence = [small(PatientComments="x" * 60) for _ in range(500)]
    path = stored(dataset, ExplicitVRLittleEndian, tmp_path)
    monkeypatch.setattr(reader, "os", SimpleNamespace(**{**vars(os), "pread": lambda *_: b""}))
    reading = read(path)
    assert (reading.status, reading.facts and reading.facts.complete) == ("partial", "header")


def test_a_disk_that_fails_while_a_file_is_read_costs_that_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = small()
    dataset.OtherPatientIDsSequence = [small(PatientComments="x" * 60) for _ in range(500)]
    path = stored(dataset, ExplicitVRLittleEndian, tmp_path)

    def pread(*_: int) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(reader, "os", SimpleNamespace(**{**vars(os), "pread": pread}))
    reading = read(path)
    assert (reading.status, reading.reason) == ("unreadable", "input/output error")


def test_a_header_longer_than_is_read_is_partial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = small()
    dataset.OtherPatientIDsSequence = [small(PatientComments="x" * 60) for _ in range(900)]
    path = stored(dataset, ExplicitVRLittleEndian, tmp_path)
    monkeypatch.setattr(reader, "HEADER_LIMIT", 1 << 15)
    assert read(path).status == "partial"


def test_pixel_data_beyond_the_head_is_not_needed(tmp_path: Path) -> None:
    dataset = small(Rows=512, Columns=512)
    dataset.add_new(PIXEL_DATA, "OW", bytes(512 * 512 * 2))
    reading = read(stored(dataset, ExplicitVRLittleEndian, tmp_path))
    assert reading.status == "ok"


def test_elements_after_pixel_data_are_read(tmp_path: Path) -> None:
    dataset = with_pixels()
    dataset.add_new(0xFFFCFFFC, "OB", b"\0" * 40)
    reading = read(stored(dataset, ExplicitVRLittleEndian, tmp_path))
    assert [str(token.place.path) for token in reading.tokens][-1] == "(FFFC,FFFC)"


def test_meta_that_disagrees(tmp_path: Path) -> None:
    path = stored(small(), ExplicitVRLittleEndian, tmp_path)
    data = path.read_bytes()
    where = data.rindex(b"2.25.1")
    path.write_bytes(data[:where] + b"2.25.2" + data[where + 6 :])
    facts = read(path).facts
    assert facts is not None
    assert (facts.sop_class, facts.sop_instance) == ("same", "different")


def test_rules_go_by_the_sop_class_of_the_data_set(tmp_path: Path) -> None:
    dataset = small()
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    assert read(stored(dataset, ExplicitVRLittleEndian, tmp_path)).sop_class.endswith(".1.1.4")


@pytest.mark.parametrize(
    ("preamble", "said"),
    [
        (b"\0" * 128, "zero"),
        (b"MZ".ljust(128, b"\0"), "executable"),
        (b"\x7fELF".ljust(128, b"\1"), "executable"),
        (b"#!/bin/sh\n".ljust(128, b"\0"), "executable"),
        (b"II*\0".ljust(128, b"\1"), "tiff"),
        (b"exported by a program".ljust(128, b"\0"), "text"),
        (b"\xff\xfe\x01".ljust(128, b"\2"), "other"),
    ],
)
def test_preamble(tmp_path: Path, preamble: bytes, said: str) -> None:
    path = stored(small(), ExplicitVRLittleEndian, tmp_path)
    path.write_bytes(preamble + path.read_bytes()[128:])
    facts = read(path).facts
    assert facts is not None
    assert facts.preamble == said


def test_a_link_is_not_opened(tmp_path: Path) -> None:
    path = stored(small(), ExplicitVRLittleEndian, tmp_path)
    link = tmp_path / "link.dcm"
    link.symlink_to(path)
    assert read(link).status == "unreadable"


def test_a_fifo_does_not_hang(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe")
    assert read(tmp_path / "pipe").reason == "not a regular file"


def test_a_missing_file_is_unreadable_and_says_why(tmp_path: Path) -> None:
    reading = read(tmp_path / "gone.dcm")
    assert (reading.status, reading.reason) == ("unreadable", "no such file or directory")


def deflated(payload: bytes, tmp_path: Path) -> Path:
    path = stored(small(), "1.2.840.10008.1.2.1.99", tmp_path)
    data = path.read_bytes()
    group = struct.unpack_from("<I", data, 140)[0]
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    path.write_bytes(data[: 144 + group] + packer.compress(payload) + packer.flush())
    return path


def test_a_deflate_bomb_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.reading.reader.INFLATED_LIMIT", 1 << 16)
    path = deflated(bytes(1 << 20), tmp_path)
    reading = read(path)
    assert (reading.status, reading.reason) == ("partial", "the header is cut short")


def test_deflated_is_read(tmp_path: Path) -> None:
    reading = read(stored(small(PatientID="x1"), "1.2.840.10008.1.2.1.99", tmp_path))
    assert reading.status == "ok"
    assert reading.columns[COLUMN["PatientID"]] == b"x1"


@pytest.mark.parametrize("around", [" ", "\n", "\x0b", "\t"])
def test_a_deflated_syntax_is_not_hidden_by_what_stands_before_it(
    around: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pydicom strips it and would inflate whatever there is."""

    def never(*_: object) -> None:
        raise AssertionError("pydicom was asked")

    monkeypatch.setattr("auditor.reading.fallback.read_with_pydicom", never)
    path = stored(small(), ExplicitVRLittleEndian, tmp_path)
    # Three characters more than the syntax that it takes the place of, and one before them.
    data = path.read_bytes().replace(
        struct.pack("<H", 20) + b"1.2.840.10008.1.2.1\0",
        struct.pack("<H", 24) + f"{around}1.2.840.10008.1.2.1.99 ".encode(),
    )
    path.write_bytes(data[:140] + struct.pack("<I", data[140] + 4) + data[144:])
    assert read(path).status == "unreadable"


def test_explicit_vr_in_a_file_that_says_implicit_is_no_length(tmp_path: Path) -> None:
    """The letters of a VR are a length, too, of a value in which a whole data set has room."""
    path = stored(small(), ImplicitVRLittleEndian, tmp_path)
    data = path.read_bytes()
    start = 144 + data[140]
    inside = struct.pack("<HH2sHI", 0x0008, 0xFF01, b"SQ", 0, 0)
    padded = inside + bytes(8 + struct.unpack("<H2x", b"SQ\0\0")[0] - len(inside))
    path.write_bytes(data[:start] + padded + data[start:])
    reading = read(path)
    assert reading.facts is not None
    assert reading.facts.surprise == "explicit VR where the transfer syntax says implicit"


def nested(levels: int) -> bytes:
    element = struct.pack("<HH2sHI", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF)
    return (element + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)) * levels


def test_deep_nesting_ends(tmp_path: Path) -> None:
    path = stored(small(), ExplicitVRLittleEndian, tmp_path)
    path.write_bytes(path.read_bytes() + nested(5000))
    assert read(path).status in ("partial", "unreadable")


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_is_survived(tmp_path: Path, data: st.DataObject) -> None:
    """Whatever bytes are changed or cut, a reading comes back."""
    name = data.draw(st.sampled_from(["test-SR.dcm", "MR_small_RLE.dcm", "rtplan.dcm"]))
    (path,) = [each for each in BUNDLED if each.name == name]
    damaged = bytearray(path.read_bytes()[: data.draw(st.integers(1, 9000))])
    for _ in range(data.draw(st.integers(1, 6))):
        where = data.draw(st.integers(0, len(damaged) - 1))
        damaged[where] = data.draw(st.integers(0, 255))
    broken = tmp_path / "damaged.dcm"
    broken.write_bytes(damaged)
    assert read(broken).status in ("ok", "partial", "unreadable", "not_dicom")


def test_unknown_vr_of_a_public_attribute_is_the_dictionarys() -> None:
    assert known_vr(0x00100010, "UN") == "PN"
    assert known_vr(0x00191008, "UN") == "UN"
    assert known_vr(PIXEL_DATA, "") == "OW"


def test_reading_leaves_pydicoms_settings_alone() -> None:
    from pydicom import config

    before = config.settings.reading_validation_mode
    with lenient():
        assert config.settings.reading_validation_mode == config.IGNORE
    assert config.settings.reading_validation_mode == before


def test_a_file_that_begins_with_dicm_is_read(tmp_path: Path) -> None:
    path = stored(small(PatientID="x1"), ExplicitVRLittleEndian, tmp_path)
    path.write_bytes(path.read_bytes()[128:])
    reading = read(path)
    assert (reading.status, reading.columns[COLUMN["PatientID"]]) == ("ok", b"x1")


@pytest.mark.parametrize(("kept", "inside"), [(0.66, "pixel data"), (0.05, "header")])
def test_what_pydicom_reads_cut_short_is_partial(tmp_path: Path, kept: float, inside: str) -> None:
    (path,) = [each for each in BUNDLED if each.name == "ExplVR_BigEnd.dcm"]
    data = path.read_bytes()
    cut = tmp_path / "cut.dcm"
    cut.write_bytes(data[: int(len(data) * kept)])
    reading = read(cut)
    assert (reading.status, reading.facts and reading.facts.complete) == ("partial", inside)


# What one file leaves behind must not be found in the next.


def everything(reading: Reading) -> tuple[object, ...]:
    """All that a reading says, references included."""
    references = [
        (str(each.place.path), *(getattr(each, slot) for slot in each.__slots__[1:]))
        for each in reading.references
    ]
    facts = (reading.status, reading.facts, reading.sop_class, reading.columns)
    return (flat(reading.tokens), references, *facts)


class Referring(KeepAll):
    """A plan that also gathers references, as the plan of the rules does."""

    _plan = RulesPlan("1.2", (), {})

    def attention(self, place: Place) -> Attention:
        seen = super().attention(place)
        return Attention(keep=seen.keep, column=seen.column, role=self._plan.attention(place).role)


def referring() -> Forest:
    return Forest(lambda _: Referring())


def by_target(reading: Reading) -> dict[str, Reference]:
    """The references of a reading by the UID that each refers to."""
    return {each.sop_instance.rstrip(b"\0").decode(): each for each in reading.references}


def reference(number: int, *, named: bool = True) -> Dataset:
    item = Dataset()
    if named:
        item.ReferencedSOPClassUID = f"1.2.{number}"
    item.ReferencedSOPInstanceUID = f"2.25.{number}"
    return item


def test_a_series_is_known_to_what_stands_after_it_in_its_item(tmp_path: Path) -> None:
    """In a structure set the series is named before its images (PS3.3 C.8.8.5)."""
    series = Dataset()
    series.SeriesInstanceUID = "2.25.99"
    series.ContourImageSequence = [reference(1), reference(2)]
    earlier = Dataset()
    earlier.ReferencedSOPSequence = [reference(3)]
    earlier.SeriesInstanceUID = "2.25.98"
    dataset = small(ReferencedSeriesSequence=[earlier], RTReferencedSeriesSequence=[series])
    dataset.SourceImageSequence = [reference(4)]
    path = stored(dataset, ExplicitVRLittleEndian, tmp_path)
    found = by_target(read(path, referring()))
    assert {uid: each.series.rstrip(b"\0") for uid, each in found.items()} == {
        "2.25.1": b"2.25.99", "2.25.2": b"2.25.99", "2.25.3": b"2.25.98", "2.25.4": b"",
    }  # fmt: skip


def structures() -> Dataset:
    """A structure set that refers to images in every way that one can."""
    series = Dataset()
    series.SeriesInstanceUID = "2.25.99"
    series.ContourImageSequence = [reference(1), reference(2)]
    study = reference(7, named=False)  # the UID of the study (PS3.3 C.8.8.5)
    study.RTReferencedSeriesSequence = [series]
    frame = Dataset()
    frame.FrameOfReferenceUID = "2.25.6"
    frame.RTReferencedStudySequence = [study]
    contours = []
    for kind, targets in (
        ("CLOSED_PLANAR", [3]),
        ("CLOSED_PLANAR", [4, 5]),
        ("OPEN_NONPLANAR", [6]),
        ("CLOSED_PLANAR", []),
    ):
        contour = Dataset()
        contour.ContourImageSequence = [reference(each) for each in targets]
        contour.ContourGeometricType = kind
        contour.ContourData = [0, 0, 5, 1, 0, 5, 1, 1, 5]
        contours.append(contour)
    roi = Dataset()
    roi.ContourSequence = contours
    return small(ReferencedFrameOfReferenceSequence=[frame], ROIContourSequence=[roi])


def test_what_stands_around_a_reference_is_known_to_it(tmp_path: Path) -> None:
    path = stored(structures(), ExplicitVRLittleEndian, tmp_path)
    found = by_target(read(path, referring()))
    named = {
        uid: tuple(
            part.rstrip(b"\0") for part in (each.series, each.study, each.frame_of_reference)
        )
        for uid, each in found.items()
    }
    inside = b"2.25.99", b"2.25.7", b"2.25.6"
    assert named == {
        "2.25.1": inside, "2.25.2": inside,
        **{f"2.25.{number}": (b"", b"", b"") for number in (3, 4, 5, 6)},
    }  # fmt: skip
    # Where a contour stands in several images, or in no plane, it says nothing of an image.
    assert {uid for uid, each in found.items() if each.points} == {"2.25.3"}


def test_frames_belong_to_the_reference_of_their_item(tmp_path: Path) -> None:
    first, second = reference(1), reference(2)
    first.ReferencedFrameNumber = [3, 7]
    loose = Dataset()
    loose.ReferencedFrameNumber = 9
    dataset = small(SourceImageSequence=[first, second, loose])
    found = by_target(read(stored(dataset, ExplicitVRLittleEndian, tmp_path), referring()))
    assert [found[uid].frames.strip() for uid in ("2.25.1", "2.25.2")] == [b"3\\7", b""]


def frames(*sources: list[int]) -> Dataset:
    """A multi-frame image; each frame is made from these and lies at its own z."""
    items = []
    for number, targets in enumerate(sources):
        derived, plane, item = Dataset(), Dataset(), Dataset()
        derived.SourceImageSequence = [reference(each) for each in targets]
        plane.ImagePositionPatient = [0, 0, number]
        item.DerivationImageSequence = [derived]
        item.PlanePositionSequence = [plane]
        items.append(item)
    return small(ReferencedImageSequence=[reference(9)], PerFrameFunctionalGroupsSequence=items)


def test_a_frame_lies_where_the_one_image_does_that_it_is_made_from(tmp_path: Path) -> None:
    path = stored(frames([1], [2, 3], [], [4]), ExplicitVRLittleEndian, tmp_path)
    found = by_target(read(path, referring()))
    points = {uid: each.points.strip() for uid, each in found.items() if each.points}
    assert points == {"2.25.1": rb"0.0\0.0\0.0", "2.25.4": rb"0.0\0.0\3.0"}


def stack(*positions: list[float] | None, shared: dict[str, Any] | None = None) -> Dataset:
    """A multi-frame image of 3 mm; a frame without a position does not say where it lies."""
    macros = {
        "PlaneOrientationSequence": [{"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}],
        "PixelMeasuresSequence": [{"SliceThickness": 3}],
    } | (shared or {})
    return dataset_of(
        {
            "SOPClassUID": ENHANCED_MR,
            "SOPInstanceUID": "2.25.1",
            "NumberOfFrames": len(positions),
            "SharedFunctionalGroupsSequence": [macros],
            "PerFrameFunctionalGroupsSequence": [
                {"PlanePositionSequence": [{"ImagePositionPatient": each}]} if each else {}
                for each in positions
            ],
        }
    )


def position(*numbers: float) -> dict[str, Any]:
    return {"PlanePositionSequence": [{"ImagePositionPatient": list(numbers)}]}


def stack_run(first: int, last: int, position: str | None, step: float = 0, **changed: Any) -> Run:
    """Where frames of `stack` lie."""
    made = Run(first, last, position, r"1\0\0\0\1\0", None, "3", step)
    return made._replace(**changed)


SHEARED = [[0.0, number, 3.0 * number] for number in range(3)]
TURNED = {"PlaneOrientationSequence": [{"ImageOrientationPatient": [1, 0, 0, 0, 0.8, 0.6]}]}
SPACED = {"PixelMeasuresSequence": [{"PixelSpacing": [2, 3], "SliceThickness": 3}]}


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        (stack([0, 2, 0], [0, 2, 3], [0, 2, 6]), [stack_run(1, 3, r"0\2\0", 3)]),
        (stack([0, 2, 6], [0, 2, 3], [0, 2, 0]), [stack_run(1, 3, r"0\2\6", -3)]),
        # A stack that is there twice; a gap; frames that are moved within their plane.
        (
            stack([0, 2, 0], [0, 2, 3], [0, 2, 0], [0, 2, 3]),
            [stack_run(1, 2, r"0\2\0", 3), stack_run(3, 4, r"0\2\0", 3)],
        ),
        (
            stack([0, 2, 0], [0, 2, 3], [0, 2, 7]),
            [stack_run(1, 2, r"0\2\0", 3), stack_run(3, 3, r"0\2\7")],
        ),
        (
            stack(*SHEARED),
            [stack_run(1, 1, r"0\0\0"), stack_run(2, 2, r"0\1\3"), stack_run(3, 3, r"0\2\6")],
        ),
        (
            stack([0, 0, 0], [0, -1.8, 2.4], shared=TURNED),
            [stack_run(1, 2, r"0\0\0", 3, orientation=r"1\0\0\0\0.8\0.6")],
        ),
        (stack([0, 2, 0], shared=SPACED), [stack_run(1, 1, r"0\2\0", spacing=r"2\3")]),
        # All frames in one place.
        (stack(None, None, shared=position(1, 2, 3)), [stack_run(1, 2, r"1\2\3")]),
        # Each frame must say where it is, once, and how it is turned.
        (stack([0, 2, 0], None), []),
        (stack([0, 2, 0], shared=position(1, 2, 3)), []),
        (stack([0, 2, 19700203]), []),
        (stack([0, 2]), []),
        (stack([0, 2, 0], shared={"PlaneOrientationSequence": []}), []),
        (
            stack(
                [0, 2, 0],
                shared={"PlaneOrientationSequence": [{"ImageOrientationPatient": [1, 0, 0]}]},
            ),
            [],
        ),
        (
            stack([0, 2, 0], shared={"PixelMeasuresSequence": []}),
            [stack_run(1, 1, r"0\2\0", thickness=None)],
        ),
    ],
)
def test_where_the_frames_of_an_image_lie(
    dataset: Dataset, expected: list[Run], tmp_path: Path
) -> None:
    several = Reader(Forest(lambda sop_class: RulesPlan(sop_class, (), {})))
    path = stored(dataset, ExplicitVRLittleEndian, tmp_path)
    bare = tmp_path / "bare"
    bare.write_bytes(path.read_bytes()[132:])
    for each in (path, path, bare):
        reading = several.read(str(each))
        runs = frame_runs(reading.numbers, dataset.NumberOfFrames)
        assert [run._replace(step=round(run.step, 6)) for run in runs] == expected
        assert not list(number_rows("a", reading.numbers))
    # Nothing is drawn on a segmentation: of interest is how far its frames reach.
    dataset.SOPClassUID = SEGMENTATION
    reading = several.read(str(stored(dataset, ExplicitVRLittleEndian, tmp_path)))
    assert all(run.position is None for run in frame_runs(reading.numbers, dataset.NumberOfFrames))


def test_of_a_segmentation_what_its_frames_share_is_kept(tmp_path: Path) -> None:
    dataset = stack([0, 2, 0], [0, 2, 9], [0, 2, 3])
    dataset.SOPClassUID = SEGMENTATION
    path = stored(dataset, ExplicitVRLittleEndian, tmp_path)
    reading = read(path, Forest(lambda sop_class: RulesPlan(sop_class, (), {})))
    (shared,) = frame_runs(reading.numbers, 3)
    assert shared == stack_run(1, 3, None, step=0)


def test_each_frame_may_say_how_it_is_turned(tmp_path: Path) -> None:
    dataset = stack([0, 2, 0], [0, 2, 3], [0, 2, 3])
    del dataset.SharedFunctionalGroupsSequence
    other = {"PlaneOrientationSequence": [{"ImageOrientationPatient": [0, 1, 0, 1, 0, 0]}]}
    for number, each in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        each.update(dataset_of({**(TURNED if number < 2 else other), **SPACED}))
    reading = read(stored(dataset, ExplicitVRLittleEndian, tmp_path), referring())
    assert [(run.first, run.last, run.orientation) for run in frame_runs(reading.numbers, 3)] == [
        (1, 1, r"1\0\0\0\0.8\0.6"),
        (2, 2, r"1\0\0\0\0.8\0.6"),
        (3, 3, r"0\1\0\1\0\0"),
    ]
    # One of three does not say it.
    del dataset.PerFrameFunctionalGroupsSequence[1].PlaneOrientationSequence
    reading = read(stored(dataset, ExplicitVRLittleEndian, tmp_path), referring())
    assert frame_runs(reading.numbers, 3) == []


def test_what_is_kept_of_an_image_follows_its_shape_and_not_its_frames(tmp_path: Path) -> None:
    path = stored(stack([0, 2, 0]), ExplicitVRLittleEndian, tmp_path)
    numbers = read(path, referring()).numbers
    (place,) = [each for each, _ in numbers if each.keyword == "ImagePositionPatient"]
    others = [each for each in numbers if each[0] is not place]

    def runs(heights: list[int]) -> list[Run]:
        said = [(place, b"0\\2\\%d" % height) for height in heights]
        return frame_runs([*others, *said], len(heights))

    assert len(runs(list(range(50_000)))) == 1
    assert len(runs(list(range(50)) * 200)) == 200
    uneven = [number % 7 * (number % 11) for number in range(4 * extents.MOST_RUNS)]
    assert runs(uneven) == []


def test_numbers_are_found_in_items_and_outside_and_do_not_depend_on_the_files_before(
    tmp_path: Path,
) -> None:
    reader = Reader(referring())
    for number in (3, 3, 3, 4, 3):
        beam = Dataset()
        beam.ReferencedBeamNumber = number
        dataset = small(ReferencedBeamSequence=[beam, beam])
        dataset.ReferencedFractionGroupNumber = 7
        reading = reader.read(str(stored(dataset, ExplicitVRLittleEndian, tmp_path)))
        assert [(place.keyword, value.strip()) for place, value in reading.numbers] == [
            ("ReferencedBeamNumber", str(number).encode()),
            ("ReferencedBeamNumber", str(number).encode()),
            ("ReferencedFractionGroupNumber", b"7"),
        ]


def test_what_was_referred_to_once_is_no_reference(tmp_path: Path) -> None:
    former = Dataset()
    former.SourceImageSequence = [reference(1)]
    modified = Dataset()
    modified.ModifiedAttributesSequence = [former]
    dataset = small(OriginalAttributesSequence=[modified], SourceImageSequence=[reference(2)])
    reading = read(stored(dataset, ExplicitVRLittleEndian, tmp_path), referring())
    assert set(by_target(reading)) == {"2.25.2"}


def test_both_readers_find_the_same_references(tmp_path: Path) -> None:
    for number, dataset in enumerate((structures(), frames([1], [2, 3], [4]))):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = stored(dataset, ExplicitVRLittleEndian, folder)
        bare = folder / "bare"
        bare.write_bytes(path.read_bytes()[132:])
        assert everything(read(bare, referring()))[1] == everything(read(path, referring()))[1]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.booleans(), max_size=4), min_size=2, max_size=6), st.data())
def test_references_do_not_depend_on_the_files_before(
    tmp_path: Path, shapes: list[list[bool]], data: st.DataObject
) -> None:
    paths = []
    for number, shape in enumerate(shapes):
        dataset = small(PatientID=str(number % 2))
        dataset.ReferencedImageSequence = [reference(at, named=named) for at, named in
                                           enumerate(shape)]  # fmt: skip
        trailing = Dataset()
        trailing.ReferencedSOPClassUID = "1.2.3"
        dataset.ReferencedStudySequence = [trailing]
        dataset.SourceImageSequence = [reference(7, named=False)]
        folder = tmp_path / str(number)
        folder.mkdir(exist_ok=True)
        paths.append(stored(dataset, ExplicitVRLittleEndian, folder))
    reader = Reader(referring())
    for number in data.draw(st.lists(st.integers(0, len(paths) - 1), max_size=20)):
        ours = everything(reader.read(str(paths[number])))
        assert ours == everything(read(paths[number], referring()))


def test_a_sop_class_of_any_name_is_no_other_tree(tmp_path: Path) -> None:
    dataset = small(PatientID="x1")
    with lenient():
        dataset.SOPClassUID = "meta"
    reading = read(stored(dataset, ExplicitVRLittleEndian, tmp_path))
    assert reading.columns[COLUMN["PatientID"]] == b"x1"


@pytest.mark.parametrize("start", [0, 132])
def test_no_file_adds_places_without_end(tmp_path: Path, start: int) -> None:
    dataset = small()
    for group in range(0x0009, 0x0009 + 2 * 100, 2):
        dataset.add_new((group, 0x0010), "LO", "BADGER")
        dataset.add_new((group, 0x1001), "LO", "x")
    path = stored(dataset, ExplicitVRLittleEndian, tmp_path)
    path.write_bytes(path.read_bytes()[start:])
    trees = forest()
    whole = read(path, trees)
    assert whole.facts is not None
    assert (whole.facts.complete, trees.is_full) == ("yes", False)
    # Each new place is asked for once: what they cost is counted so.
    assert trees.grown > 200
    for _ in range(2):
        few = forest()
        few.PLACE_LIMIT = 50
        cut = read(path, few)
        assert (cut.status, cut.reason) == ("unreadable", TOO_MUCH)
        assert (few.grown, few.is_full) == (51, True)
    # Nor does it matter which places another file has made.
    trees.PLACE_LIMIT = 50
    assert read(path, trees).reason == TOO_MUCH


def test_file_meta_information_may_be_longer_than_what_is_read_first(tmp_path: Path) -> None:
    path = stored(small(PatientID="x1"), ExplicitVRLittleEndian, tmp_path)
    data = path.read_bytes()
    (group,) = struct.unpack_from("<I", data, 140)
    end = 144 + group
    more = struct.pack("<HH2sH", 2, 0x0100, b"UI", 4) + b"1.2\0"
    more += struct.pack("<HH2sHI", 2, 0x0102, b"OB", 0, 2 * HEAD) + bytes(2 * HEAD)
    path.write_bytes(
        data[:140] + struct.pack("<I", group + len(more)) + data[144:end] + more + data[end:]
    )
    reading = read(path)
    assert reading.status == "ok"
    assert reading.columns[COLUMN["PatientID"]] == b"x1"


def test_what_an_item_says_does_not_hold_outside_of_it(tmp_path: Path) -> None:
    # A contour without points, then a sequence of the same with points: nothing of the first.
    shape, points = Dataset(), Dataset()
    shape.ContourGeometricType = "CLOSED_PLANAR"
    points.ContourImageSequence = [Dataset()]
    points.ContourImageSequence[0].ReferencedSOPInstanceUID = "1.2.3"
    points.ContourData = [1, 2, 3]
    dataset = small()
    dataset.ContourSequence = [shape, points]
    path = stored(dataset, ExplicitVRLittleEndian, tmp_path)
    reader = Reader(referring())
    for _ in range(4):
        assert [each.points for each in reader.read(str(path)).references] == [b""]


@pytest.mark.parametrize("start", [0, 128, 132])
@pytest.mark.parametrize("before", [0, 1 << 16])
def test_a_deflated_data_set_is_never_pydicoms_to_inflate(
    tmp_path: Path, start: int, before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("pydicom was asked")

    monkeypatch.setattr("auditor.reading.fallback.read_with_pydicom", never)
    path = deflated(bytes(1 << 16), tmp_path)
    data = path.read_bytes()
    # A long version before the transfer syntax puts that behind what is read first.
    group, version = struct.unpack_from("<I8xI", data, 140)
    head = data[:140] + struct.pack("<I", group + before) + data[144:152]
    data = head + struct.pack("<I", version + before) + bytes(before) + data[156:]
    assert (data.find(b"1.2.840.10008.1.2.1.99") > HEAD) == bool(before)
    path.write_bytes(data[start:])
    status = read(path).status
    # Without DICM, what begins with so long an element is not taken for DICOM.
    assert status == "not_dicom" if before and start == 132 else status in ("partial", "unreadable")


def test_of_deflated_pixels_that_are_cut_nobody_is_shown_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auditor.reading.reader.INFLATED_LIMIT", 1 << 12)
    path = stored(with_pixels(), "1.2.840.10008.1.2.1.99", tmp_path)
    facts = read(path).facts
    assert facts is not None
    assert facts.complete == "header"


def test_more_elements_than_are_followed_is_partial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.reading.walker.TOKEN_LIMIT", 50)
    (path,) = [each for each in BUNDLED if each.name == "CT_small.dcm"]
    assert read(path).status == "partial"


def test_pydicom_says_nothing_while_it_reads(caplog: pytest.LogCaptureFixture) -> None:
    """Its messages quote values."""
    with lenient():
        small(SOPInstanceUID="no UID, but a name")
    assert not caplog.records


@pytest.mark.parametrize("defined", [True, False], ids=["defined", "undefined"])
@pytest.mark.parametrize("big", [True, False], ids=["big", "little"])
@pytest.mark.parametrize("deferred", [True, False], ids=["deferred", "at hand"])
def test_without_the_walker_too_many_items_are_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, defined: bool, big: bool, deferred: bool
) -> None:
    from pydicom import filereader

    made: list[int] = []
    make = filereader.read_sequence_item

    def counted(*arguments: Any, **named: Any) -> Any:
        made.append(1)
        return make(*arguments, **named)

    monkeypatch.setattr(filereader, "read_sequence_item", counted)
    monkeypatch.setattr("auditor.reading.fallback.ITEM_LIMIT", 30)
    if deferred:
        monkeypatch.setattr("auditor.reading.fallback.DEFER", 100)
    for count in (30, 31):
        dataset = Dataset()
        dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
        dataset.ReferencedImageSequence = [Dataset() for _ in range(count)]
        dataset["ReferencedImageSequence"].is_undefined_length = not defined
        dataset.PatientID = "a"
        dataset.save_as(tmp_path / "a.dcm", implicit_vr=False, little_endian=not big)
        made.clear()
        walk = Walk((tmp_path / "a.dcm").stat().st_size, [None] * len(GATHERED))
        complete, _ = read_with_pydicom(str(tmp_path / "a.dcm"), forest(), walk)
        kept = [path for path, *_ in flat(walk.tokens)]
        assert kept[0] == "(0008,0016)"
        if count == 30:
            assert (complete, len(made) >= 30, kept[-1]) == ("yes", True, "(0010,0020)")
        else:
            assert (complete, made, len(kept)) == ("header", [], 1)


def test_without_the_walker_the_tokens_of_items_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = Dataset()
    dataset.ReferencedImageSequence = [Dataset() for _ in range(30)]
    dataset.save_as(tmp_path / "a.dcm", implicit_vr=False, little_endian=False)
    monkeypatch.setattr("auditor.reading.fallback.TOKEN_LIMIT", 20)
    walk = Walk((tmp_path / "a.dcm").stat().st_size, [None] * len(GATHERED))
    assert read_with_pydicom(str(tmp_path / "a.dcm"), forest(), walk)[0] == "header"
    assert len(walk.tokens) == 21
