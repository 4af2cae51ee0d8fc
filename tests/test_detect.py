"""What is DICOM is decided by content: every way of writing it, and nothing else."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.data import get_testdata_files
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

from auditor.reading.detect import is_dicom

CORPUS = Path(__file__).parents[1].parent / "shared" / "corpus"
ENCODINGS = [(implicit, little) for implicit in (False, True) for little in (False, True)]


def bare(dataset: Dataset, *, implicit: bool, little: bool) -> bytes:
    with DicomBytesIO() as out:
        out.is_implicit_VR, out.is_little_endian = implicit, little
        write_dataset(out, dataset)
        return out.getvalue()


def small() -> Dataset:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = "1.2.3"
    return dataset


def test_prefix_is_enough_whatever_follows() -> None:
    assert is_dicom(bytes(128) + b"DICM") == "part10"
    assert is_dicom(b"#!/bin/sh\n".ljust(128, b"#") + b"DICM" + b"\xff" * 99) == "part10"


@pytest.mark.parametrize(("implicit", "little"), ENCODINGS)
def test_bare_data_set_in_every_encoding(implicit: bool, little: bool) -> None:
    assert is_dicom(bare(small(), implicit=implicit, little=little)) == "no_preamble"


@pytest.mark.parametrize(("implicit", "little"), ENCODINGS)
def test_acr_nema_starts_with_a_group_length(implicit: bool, little: bool) -> None:
    dataset = Dataset()
    dataset.add_new(0x00080001, "UL", 99)
    dataset.add_new(0x00080010, "SH", "ACR-NEMA 2.0")
    dataset.add_new(0x00080020, "DA", "19900101")
    group_length = Dataset()
    group_length.add_new(0x00080000, "UL", 42)
    how = {"implicit": implicit, "little": little}
    assert is_dicom(bare(group_length, **how) + bare(dataset, **how)) == "no_preamble"


def test_file_meta_without_preamble() -> None:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = UID("1.2.3")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    written = bare(meta, implicit=False, little=True)
    assert is_dicom(written) == "no_preamble"
    assert is_dicom(b"DICM" + written) == "no_preamble"


def test_sequence_of_undefined_length_is_looked_into() -> None:
    item = struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
    inner = b"\x08\x00\x00\x01SH\x02\x001 "
    sequence = b"\x08\x00\x06\x00SQ\0\0\xff\xff\xff\xff"
    assert is_dicom(sequence + item + inner + bytes(8)) == "no_preamble"
    assert is_dicom(sequence + inner + item + bytes(8)) == ""


def test_one_or_two_elements_are_no_run() -> None:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 100"
    assert is_dicom(bare(dataset, implicit=False, little=True) + b"\xff" * 40) == ""
    dataset.SOPInstanceUID = "1.2.3"
    assert is_dicom(bare(dataset, implicit=False, little=True) + b"\xff" * 40) == ""


def test_elements_that_do_not_ascend_are_no_run() -> None:
    element = bare(small(), implicit=True, little=True)[:18]
    assert is_dicom(element * 9) == ""


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"DICM is the prefix of a DICOM file. " * 9,
        b"\x7fELF\x02\x01\x01" + bytes(400),
        b"\x08\x00" * 400,
        struct.pack("<300H", *range(8, 308)),
        struct.pack("<300L", *range(8, 308)),
        struct.pack(">300L", *range(8, 308)),
        bytes(4096),
    ],
)
def test_others_are_not_dicom(head: bytes) -> None:
    assert is_dicom(head) == ""


@given(st.text(min_size=1))
def test_text_is_never_dicom(text: str) -> None:
    for encoding in ("utf-8", "utf-16", "utf-16-be"):
        head = text.encode(encoding, "replace")
        if head[128:132] != b"DICM":
            assert is_dicom(head) == ""


@given(st.binary(max_size=600))
def test_random_bytes_are_never_dicom(head: bytes) -> None:
    if head[128:132] != b"DICM":
        assert is_dicom(head) == ""


@given(
    st.binary(max_size=60), st.sampled_from([b"\x08\0\x05\0CS", b"\x02\0\0\0", b"DICM", b"\0\x08"])
)
def test_never_raises(rest: bytes, start: bytes) -> None:
    assert is_dicom(start + rest) in ("", "no_preamble")


@given(st.integers(0, 3), st.text(min_size=1, max_size=40), st.integers(0, 400))
def test_a_bare_data_set_is_found_whatever_it_holds(which: int, text: str, cut: int) -> None:
    implicit, little = ENCODINGS[which]
    dataset = small()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.StudyDescription = text
    head = bare(dataset, implicit=implicit, little=little)
    three = len(bare(dataset[:0x00080017], implicit=implicit, little=little)) + 12
    assert is_dicom(head[: three + cut]) == "no_preamble"


def test_every_bundled_file_is_told_apart() -> None:
    found: dict[str, set[str]] = {"part10": set(), "no_preamble": set(), "": set()}
    for name in get_testdata_files():
        path = Path(name)
        if not path.is_file():
            continue
        found[is_dicom(path.read_bytes()[:4096])].add(path.name)
    assert len(found["part10"]) > 80
    bare_files = {"ExplVR_BigEndNoMeta.dcm", "ExplVR_LitEndNoMeta.dcm", "rtstruct.dcm"}
    assert found["no_preamble"] == bare_files
    # One byte before the data set: no reader of DICOM finds its way in, see test_companions.
    assert {name for name in found[""] if name.endswith(".dcm")} == {"no_meta.dcm"}


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real files is not here")
def test_corpus_is_told_apart() -> None:
    found: dict[str, list[Path]] = {"part10": [], "no_preamble": [], "": []}
    for path in CORPUS.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                found[is_dicom(file.read(4096))].append(path)
    assert len(found["part10"]) == 396
    assert len(found["no_preamble"]) == 5
    assert not [path for path in found[""] if path.suffix in (".dcm", ".lei")]


def test_what_a_head_of_a_kibibyte_tells_the_whole_tells() -> None:
    whole = bare(small(), implicit=True, little=True) + bytes(9000)
    assert is_dicom(whole) == is_dicom(io.BytesIO(whole).read(1024)) == "no_preamble"
