"""What a file is that is not DICOM: by its bytes, whatever it is called."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.data import get_testdata_file

from auditor.reading.companions import HEADINGS, KINDS, classify, headings

CORPUS = Path(__file__).parents[1].parent / "shared" / "corpus"


def nifti1(order: str, magic: bytes = b"n+1\0") -> bytes:
    head = bytearray(352)
    struct.pack_into(order + "i", head, 0, 348)
    struct.pack_into(order + "8h", head, 40, 3, 4, 4, 4, 1, 1, 1, 1)
    head[344:348] = magic
    return bytes(head)


def nifti2(order: str) -> bytes:
    return struct.pack(order + "i", 540) + b"n+2\0\r\n\x1a\n" + bytes(540)


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, name)
    return out.getvalue()


def gzipped(content: bytes) -> bytes:
    # Without the time: it would be part of a test's name, which all processes must agree in.
    return gzip.compress(content, mtime=0)


def tarred() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    return out.getvalue()


OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
META_IMAGE = b"ObjectType = Image\nNDims = 3\nDimSize = 4 4 4\nElementType = MET_SHORT\n"

EXAMPLES: list[tuple[str, bytes, str]] = [
    ("nifti", nifti1("<"), "a.nii"),
    ("nifti", nifti1(">"), "no name that helps"),
    ("nifti", nifti1("<", b"ni1\0"), "a.hdr"),
    ("nifti", nifti2("<"), "a.nii"),
    ("nifti", nifti2(">"), "a.nii"),
    ("nifti", gzipped(nifti1(">") + bytes(99_999)), "a.nii.gz"),
    ("nifti", gzipped(nifti2("<")), "a"),
    ("analyze", nifti1("<", b"\0\0\0\0")[:348], "a.hdr"),
    ("analyze", nifti1(">", b"\0\0\0\0")[:348], "a.hdr"),
    ("nrrd", b"NRRD0004\n# comment\ntype: short\n", "a.seg.nrrd"),
    ("metaimage", META_IMAGE + b"ElementDataFile = a.raw\n", "a.mhd"),
    ("metaimage", META_IMAGE + b"ElementDataFile = LOCAL\n\0\1\2\xff", "a.mha"),
    ("csv", b"id,age\n1,2\n", "a.csv"),
    ("csv", b"id\tage\n1\t2\n", "a.TSV"),
    ("csv", "gr\u00f6\u00dfe;1\n".encode("latin-1") * 9, "a.csv"),
    ("csv", "id,age\n".encode("utf-16"), "a.csv"),
    ("text", b"id,age\n1,2\n", "a.txt"),
    ("text", b"[1] see there", "refs"),
    ("text", b"[section]\nkey = 1\n", "a.ini"),
    ("text", b"<html><body>", "a.html"),
    ("xls", zipped("[Content_Types].xml", "xl/workbook.xml"), "a.xlsx"),
    ("xls", zipped("docProps/app.xml", "xl/workbook.xml"), "a.bin"),
    ("xls", OLE2 + bytes(999) + "Workbook".encode("utf-16-le"), "a"),
    ("xls", OLE2 + bytes(999), "a.xls"),
    ("office", OLE2 + bytes(999), "a.doc"),
    ("office", zipped("[Content_Types].xml", "word/document.xml"), "a.docx"),
    ("office", b"{\\rtf1", "a.rtf"),
    ("archive", zipped("a.dcm", "b.dcm"), "a.zip"),
    ("archive", tarred(), "a.tar"),
    ("archive", gzipped(tarred()), "a.tar.gz"),
    ("archive", bz2.compress(b"a"), "a.bz2"),
    ("archive", lzma.compress(b"a"), "a.xz"),
    ("xml", b'\xef\xbb\xbf<?xml version="1.0"?><a/>', "a"),
    ("xml", b"<Annotations MicronsPerPixel='1'>", "a.xml"),
    ("json", b'{"a": 1}', "a"),
    ("json", b"[1, 2]", "a"),
    ("json", b'{"a": 1}\n{"a": 2}\n', "a.jsonl"),
    ("json", json.dumps({"a": "b" * 9999}).encode(), "cut off"),
    ("png", b"\x89PNG\r\n\x1a\n\0\0", "a.csv"),
    ("jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF", "a.dcm"),
    ("jpeg", b"\0\0\0\x0cjP  \r\n\x87\n", "a.jp2"),
    ("tiff", b"II*\0\x08\0\0\0", "a.svs"),
    ("tiff", b"MM\0*\0\0\0\x08", "a.tif"),
    ("tiff", b"II+\0\x08\0\0\0\x10", "a.tif"),
    ("image", b"GIF89a\x01\0", "a.gif"),
    ("image", b"P5\n4 4\n255\n\0\xff\xfe\xfd", "a.pgm"),
    ("hdf5", b"\x89HDF\r\n\x1a\n\0", "a.h5"),
    ("hdf5", bytes(512) + b"\x89HDF\r\n\x1a\n\0", "a.h5"),
    ("matlab", b"MATLAB 5.0 MAT-file, Platform: x".ljust(124) + b"\0\1IM", "a.mat"),
    ("matlab", b"MATLAB 7.3 MAT-file".ljust(512) + b"\x89HDF\r\n\x1a\n", "a.mat"),
    ("numpy", b"\x93NUMPY\1\0v\0", "a.npy"),
    ("pdf", b"%PDF-1.7\n%\xe2\xe3", "a.pdf"),
    ("text", b"plain words\n", "README"),
    ("other", b"\x7fELF\x02\x01\x01\0", "a.dcm"),
    ("other", bytes(999), "a.raw"),
    ("dicom_gzip", gzipped(bytes(128) + b"DICM"), "a.dcm.gz"),
    (
        "dicom_damaged",
        bytes(140) + b"\x02\0\x02\0UI\x1a\x001.2.840.10008.5.1.4.1.1.2\0",
        "a.dcm",
    ),
]


@pytest.mark.parametrize(("kind", "head", "name"), EXAMPLES)
def test_kind(kind: str, head: bytes, name: str) -> None:
    size = len(head)
    assert classify(head[:4096], size, name) == kind


def test_every_kind_has_an_example_and_a_title() -> None:
    assert {kind for kind, _, _ in EXAMPLES} | {"empty"} == set(KINDS)
    assert all(KINDS.values())


def test_an_empty_file_is_empty_and_an_unread_one_is_not() -> None:
    assert classify(b"", 0, "a.nii") == "empty"
    assert classify(b"", 9, "a.nii") == "other"


def test_a_name_decides_nothing_that_bytes_tell() -> None:
    for kind, head, _ in EXAMPLES:
        if kind in ("png", "nifti", "hdf5", "tiff", "pdf", "nrrd"):
            assert classify(head[:4096], len(head), "a.csv") == kind


def test_a_gzip_bomb_is_inflated_for_a_moment_only() -> None:
    bomb = gzipped(bytes(50_000_000))
    assert classify(bomb[:32768], len(bomb), "a.nii.gz") == "archive"


@given(st.binary(max_size=900), st.integers(1, 1 << 40), st.text(max_size=9))
def test_any_bytes_have_a_kind(head: bytes, size: int, name: str) -> None:
    assert classify(head, size, name) in KINDS


@given(st.sampled_from(EXAMPLES), st.integers(0, 600), st.binary(max_size=4))
def test_damaged_examples_have_a_kind(
    example: tuple[str, bytes, str], at: int, noise: bytes
) -> None:
    _, head, name = example
    damaged = head[:at] + noise + head[at + len(noise) :]
    assert classify(damaged, max(len(damaged), 1), name) in KINDS


@given(st.integers(1, 40_000), st.sampled_from([b"[", b'{"a":', b"<a>", b" ", b"P1 ", b"#"]))
def test_deep_and_repeated_text_has_a_kind(times: int, part: bytes) -> None:
    head = (part * times)[:32768]
    assert classify(head, len(head), "a") in KINDS


def test_bundled_files_that_no_reader_finds_its_way_into_are_shown_as_what_they_are() -> None:
    for name, kind in (("no_meta.dcm", "dicom_damaged"), ("zipMR.gz", "dicom_gzip")):
        path = Path(str(get_testdata_file(name)))
        assert classify(path.read_bytes()[:32768], path.stat().st_size, name) == kind


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real files is not here")
def test_corpus_companions() -> None:
    kinds = {
        ".json": "json",
        ".nrrd": "nrrd",
        ".nii": "nifti",
        ".gz": "nifti",
        ".png": "png",
        ".jpg": "jpeg",
        ".csv": "csv",
        ".xlsx": "xls",
        ".xml": "xml",
        ".md": "text",
    }
    seen = 0
    for path in CORPUS.rglob("*"):
        if path.is_file() and path.suffix in kinds:
            with path.open("rb") as file:
                head = file.read(4096)
            assert classify(head, path.stat().st_size, path.name) == kinds[path.suffix], path
            seen += 1
    assert seen > 150


@pytest.mark.parametrize(
    ("head", "kind", "named"),
    [
        (b"patient_name,DateOfBirth,stage\nx,y,z\n", "csv", "name+birth date"),
        (b"# a comment\nPatient's Name;MRN;ZIP\n", "csv", "name+record number+contact"),
        (b"Vorname\tGeburtsdatum\n", "csv", "name+birth date"),
        (b"\xef\xbb\xbfsurname,dob\n", "csv", "name+birth date"),
        # What is called a name is not a person's as a rule.
        (b"name,series_name,file name,StudyName,label,value\n", "csv", ""),
        # What stands below the headings is not read.
        (b"id,stage\npatient_name,1\n", "csv", ""),
        (b'{"cases": [{"MRN": "1", "PatientName": "Quagga"}]}', "json", "name+record number"),
        (b'{"PatientID": "1"}', "json", ""),
        (b"", "csv", ""),
        (b"patient_name", "text", None),
        (b"patient_name", "xls", None),
        (b"\0\1patient_name", "csv", None),
    ],
)
def test_what_the_headings_of_a_table_name(head: bytes, kind: str, named: str | None) -> None:
    assert headings(head, kind) == (named if head else None)


@given(st.binary(max_size=300), st.sampled_from(sorted(KINDS)))
def test_headings_of_anything_are_words(head: bytes, kind: str) -> None:
    named = headings(head, kind)
    assert named is None or set(named.split("+")) <= {"", *HEADINGS}
