"""What a companion holds: told by values and published formats, whatever the bytes."""

from __future__ import annotations

import gzip
import io
import json
import os
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.reading.companions import KINDS, classify
from auditor.reading.contents import (
    _SHARED,
    CHUNKS,
    COLUMN_WORDS,
    FORMS,
    KEYS,
    VALUES_LIMIT,
    Contents,
    contents,
    name_keys,
    stem,
)
from auditor.reading.spreadsheets import DIRECTORY_LIMIT

MASK = np.zeros((40, 40, 40), np.int16)
MASK[10:20, 10:20, 10:30] = 3
IMAGE = np.arange(40 * 40 * 40, dtype=np.int16).reshape(40, 40, 40) % 900
UID = "1.2.826.0.1.3680043.10.555.1.2"


def look(tmp_path: Path, data: bytes, name: str = "file") -> Contents:
    path = tmp_path / "file"
    path.write_bytes(data)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return contents(descriptor, classify(data[:16384], len(data), name), len(data))
    finally:
        os.close(descriptor)


def nifti(
    values: np.ndarray, *, intent: int = 0, order: Literal["<", ">"] = "<", two: bool = False
) -> bytes:
    codes = {"int16": 4, "uint8": 2, "float32": 16, "float64": 64}
    data = values.astype(values.dtype.newbyteorder(order)).tobytes()
    code = codes[values.dtype.name]
    if two:
        head = bytearray(544)
        head[:12] = struct.pack(order + "i", 540) + b"n+2\0\r\n\x1a\n"
        struct.pack_into(order + "h", head, 12, code)
        struct.pack_into(order + "q", head, 168, 544)
        struct.pack_into(order + "i", head, 504, intent)
        return bytes(head) + data
    head = bytearray(352)
    struct.pack_into(order + "i", head, 0, 348)
    struct.pack_into(order + "8h", head, 40, 3, 40, 40, 40, 1, 1, 1, 1)
    struct.pack_into(order + "2h", head, 68, intent, code)
    struct.pack_into(order + "f", head, 108, 352)
    head[344:348] = b"n+1\0"
    return bytes(head) + data


def png(values: np.ndarray, depth: int = 8) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    lines = b"".join(b"\0" + line.tobytes() for line in values)
    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], depth, 0, 0, 0, 0)
    packed = zlib.compress(lines)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed[:9])
        + chunk(b"IDAT", packed[9:]) + chunk(b"IEND", b"")
    )  # fmt: skip


def xlsx(*texts: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        body = "".join(f"<si><t>{text}</t></si>" for text in texts)
        book.writestr("xl/sharedStrings.xml", f"<sst>{body}</sst>")
    return buffer.getvalue()


def nrrd(values: np.ndarray, more: str = "", *, packed: bool = False) -> bytes:
    data = values.tobytes()
    encoding = "gzip" if packed else "raw"
    head = f"NRRD0004\ntype: short\ndimension: 3\nendian: little\nencoding: {encoding}\n{more}\n"
    return head.encode() + (gzip.compress(data) if packed else data)


def meta(values: np.ndarray, file: str = "LOCAL") -> bytes:
    head = f"NDims = 3\nDimSize = 40 40 40\nElementType = MET_SHORT\nElementDataFile = {file}\n"
    return head.encode() + values.tobytes()


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (nifti(MASK), "mask"),
        (nifti(MASK, order=">"), "mask"),
        (nifti(MASK, two=True), "mask"),
        (nifti(MASK.astype(np.float32)), "mask"),
        (gzip.compress(nifti(MASK)), "mask"),
        (nifti(IMAGE), "image"),
        (nifti(IMAGE, two=True), "image"),
        (gzip.compress(nifti(IMAGE)), "image"),
        (nifti(MASK.astype(np.float32) / 7), "image"),
        # Nothing but background, and nothing to speak of: not known.
        (nifti(MASK * 0), ""),
        (nifti(MASK[10:12, 9:12]), ""),
        (nifti(MASK * 0, intent=1002), "mask"),
        (nifti(MASK * 0, intent=1002, two=True), "mask"),
        (nrrd(MASK), "mask"),
        (nrrd(IMAGE), "image"),
        (nrrd(MASK, packed=True), "mask"),
        (nrrd(IMAGE, packed=True), "image"),
        (nrrd(IMAGE, "Segment0_ID:=liver\n"), "mask"),
        (nrrd(MASK, "data file: /etc/passwd\n"), ""),
        (meta(MASK), "mask"),
        (meta(IMAGE), "image"),
        (meta(MASK, "/etc/passwd"), ""),
        (png((MASK[15] > 0).astype(np.uint8).repeat(4, 0).repeat(4, 1) * 255), "mask"),
        (png((IMAGE[:10].reshape(100, -1) % 256).astype(np.uint8)), "image"),
        (png(np.zeros((40, 5), np.uint8), depth=1), "mask"),
    ],
)  # fmt: skip
def test_masks_and_images_are_told_apart_by_their_values(
    tmp_path: Path, data: bytes, form: str
) -> None:
    assert look(tmp_path, data).form == form


@pytest.mark.parametrize(
    ("text", "name", "form"),
    [
        ("<LidcReadMessage><readingSession/></LidcReadMessage>", "1.xml", "contours"),
        ('<?xml version="1.0"?><ImageAnnotationCollection/>', "1.xml", "contours"),
        ("<annotation><bndbox><xmin>1</xmin></bndbox></annotation>", "1.xml", "contours"),
        ('<eCitation><AbstractText Label="FINDINGS">x</AbstractText></eCitation>', "", "report"),
        ("<invoice><line/></invoice>", "1.xml", ""),
        ('{"images": [], "annotations": [{"bbox": [1, 2, 3, 4]}]}', "1.json", "contours"),
        ('{"shapes": [{"points": []}]}', "1.json", "contours"),
        ('{"findings": "normal"}', "1.json", "report"),
        ('{"version": 1}', "1.json", ""),
        ('[{"patient_id": "1", "age": 3}]', "1.json", "table"),
        ("FINDINGS: clear.\n\nIMPRESSION: normal.\n", "1.txt", "report"),
        ("Findings are described in the paper.\nImpression is all.\n", "1.txt", ""),
        ("0 0.5 0.5 0.1 0.1\n1 0.2 0.2 0.1 0.1\n", "1.txt", "contours"),
        ("10 20 30 40 50\n", "1.txt", ""),
        ("patient_id,age\n1,2\n", "1.csv", "table"),
        ("seriesuid,coordX,coordY,coordZ,class\n1,2,3,4,5\n", "1.csv", "contours"),
        ("patientId;x;y;width;height\n1;2;3;4;5\n", "1.csv", "contours"),
        ("uid,findings,impression\n1,2,3\n", "1.csv", "report"),
    ],
)
def test_text_is_told_by_the_words_of_its_format(
    tmp_path: Path, text: str, name: str, form: str
) -> None:
    assert look(tmp_path, text.encode(), name).form == form


def test_a_table_tells_what_its_columns_are_for_and_its_keys(tmp_path: Path) -> None:
    text = "note,Patient ID,Age (years),Overall.Stage,SeriesInstanceUID,favourite colour\n"
    text += f"# a comment\nx,P-1,60,II,{UID},red\ny,P-2,,,,blue\n"
    found = look(tmp_path, text.encode(), "clinical.csv")
    assert found.columns == "patient+series+age+stage or grade"
    assert found.rows == 2
    assert found.keys["column 1"] == {b"P-1", b"P-2"}
    assert found.keys["column 4"] == found.keys["uid"] == {UID.encode()}
    # What is no key is not taken.
    assert not any(b"red" in values for values in found.keys.values())


def test_a_workbook_is_looked_at_by_its_texts(tmp_path: Path) -> None:
    found = look(tmp_path, xlsx("PatientID", "Gender", "P-1", "P-2"), "clinical.xlsx")
    assert (found.form, found.columns) == ("table", "patient+sex")
    assert {b"P-1", b"P-2"} <= found.keys["column"]


def test_a_workbook_with_a_large_directory_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = struct.pack("<L", DIRECTORY_LIMIT + 1)
    data = xlsx("PatientID")[:-10] + size + bytes(6)
    opened: list[object] = []
    monkeypatch.setattr(zipfile, "ZipFile", opened.append)
    found = look(tmp_path, data, "clinical.xlsx")
    assert (found.form, found.columns, opened) == ("table", "", [])


def test_a_tag_that_does_not_end_is_looked_at_once(tmp_path: Path) -> None:
    # The text of the tag before it, and none that begins further in front.
    assert [match.start() for match in _SHARED.finditer(b"<t <t <t >P-1</t>")] == [6]
    found = look(tmp_path, xlsx("<t " * 300_000, "P-1"), "clinical.xlsx")
    assert found.keys["column"] == {b"P-1"}


def test_uids_of_the_standard_are_nobodys(tmp_path: Path) -> None:
    text = f'<a imageSOP_UID="{UID}" class="1.2.840.10008.5.1.4.1.1.2" version="1.2.3.4.5"/>'
    assert look(tmp_path, text.encode()).keys == {"uid": {UID.encode()}}


def test_keys_are_bounded(tmp_path: Path) -> None:
    lines = "".join(f"{number},{UID}.{number}\n" for number in range(3 * KEYS))
    found = look(tmp_path, f"patient,image\n{lines}".encode(), "a.csv")
    assert max(map(len, found.keys.values())) <= KEYS
    assert sum(map(len, found.keys.values())) <= 4 * KEYS


@pytest.mark.parametrize(
    ("path", "bare"),
    [
        ("a/0007.nii.gz", "0007"),
        ("a/0007_seg.nii.gz", "0007"),
        ("a/0007.seg.nrrd", "0007"),
        ("LUNG-1-mask-label.png", "LUNG-1"),
        ("mask.png", "mask"),
        ("a.b/c", "c"),
    ],
)
def test_the_stem_leaves_out_what_says_that_it_annotates(path: str, bare: str) -> None:
    assert stem(path) == bare


def test_parts_of_a_path_may_be_a_patient() -> None:
    keys = name_keys("host/P-1/masks/P-1_0007_seg.nii.gz")
    assert {b"P-1", b"P-1_0007"} <= keys


STARTS = (
    nifti(MASK)[:600],
    nifti(MASK, two=True)[:700],
    gzip.compress(nifti(MASK)[:5000]),
    nrrd(MASK)[:300],
    nrrd(MASK, packed=True)[:300],
    meta(MASK)[:300],
    png(np.zeros((9, 9), np.uint8)),
    xlsx("a", "b"),
    b'{"a": [{"b": ',
    b"<?xml version='1.0'?><a>",
    b"a,b\n",
    b"FINDINGS: a\n",
)


@given(
    st.sampled_from(STARTS),
    st.binary(max_size=400),
    st.integers(0, 900),
    st.sampled_from(sorted(KINDS)),
)
def test_no_bytes_raise(start: bytes, more: bytes, at: int, kind: str) -> None:
    import tempfile

    data = start[:at] + more + start[at + len(more) :]
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        for name in {kind, classify(data, len(data), "a.csv")}:
            found = contents(file.fileno(), name, len(data))
            assert found.form in {"", *FORMS}
            assert set(filter(None, found.columns.split("+"))) <= set(COLUMN_WORDS)


@pytest.mark.parametrize(
    "data",
    [
        b"\n" * (1 << 20),
        b" " * (1 << 20) + b"x",
        b"1 0.5 0.5 0.5 0.5\n\n" * 50_000 + b"x",
        b"1." * (1 << 19),
        b"-" * (1 << 20),
        ("a," * (1 << 19)).encode(),
        b'{"a":' * 100_000,
        b'"' + b"a" * (1 << 20),
    ],
)
@pytest.mark.parametrize("kind", ["text", "csv", "xml", "json"])
def test_no_text_takes_long(tmp_path: Path, data: bytes, kind: str) -> None:
    # A pattern that tries every split would not end here.
    path = tmp_path / "file"
    path.write_bytes(data)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        assert contents(descriptor, kind, len(data)).form in {"", *FORMS}
    finally:
        os.close(descriptor)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    head = nifti(MASK * 0)[:352]
    bomb = gzip.compress(head + bytes(200 << 20), 9)
    assert look(tmp_path, bomb).form == ""


def endless(monkeypatch: pytest.MonkeyPatch, head: bytes, filling: bytes, kind: str) -> list[int]:
    """Look into a file that begins so and goes on so; return the bytes each reading asked for."""
    asked: list[int] = []

    def pread(_: int, length: int, at: int) -> bytes:
        asked.append(length)
        assert len(asked) < 2 * CHUNKS, "it goes on for ever"
        skip = (at - len(head)) % len(filling) if at > len(head) else 0
        return (head[at : at + length] + (filling * (length // len(filling) + 2))[skip:])[:length]

    monkeypatch.setattr(os, "pread", pread)
    assert contents(0, kind, 1 << 40).form == ""
    return asked


@pytest.mark.parametrize(
    ("filling", "readings"),
    [
        # A sparse file: chunks without a name.
        (b"\0", 3),
        # Chunks with nothing in them, and with a byte that makes no picture.
        (b"\0\0\0\0IDAT\0\0\0\0", CHUNKS + 1),
        (b"\0\0\0\x01IDAT\0\0\0\0\0", 8),
    ],
)
def test_a_png_without_an_end_is_left(
    monkeypatch: pytest.MonkeyPatch, filling: bytes, readings: int
) -> None:
    head = png(np.zeros((1, 1), np.uint8))[:33]
    asked = endless(monkeypatch, head, filling, "png")
    assert len(asked) <= readings
    # Nothing is read of a chunk but what is in it.
    assert max(asked[1:]) == 8


GZIP = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"


@pytest.mark.parametrize(
    ("head", "filling", "most"),
    [
        # The stream ends, the file does not.
        (gzip.compress(nifti(MASK)[:352] + bytes(64)), b"\0", 2),
        # A name that does not end (RFC 1952, 2.3.1), and blocks with nothing in them (RFC 1951).
        (GZIP[:3] + b"\x08" + GZIP[4:], b"a", VALUES_LIMIT >> 18),
        (GZIP, b"\0\0\0\xff\xff", VALUES_LIMIT >> 18),
    ],
)
def test_a_gzip_without_an_end_is_left(
    monkeypatch: pytest.MonkeyPatch, head: bytes, filling: bytes, most: int
) -> None:
    assert len(endless(monkeypatch, head, filling, "nifti")) <= 1 + most


def test_json_of_records_needs_no_form(tmp_path: Path) -> None:
    records = [{"subject": f"S{number}", "gender": "F"} for number in range(3)]
    found = look(tmp_path, json.dumps(records).encode(), "a.json")
    assert (found.columns, found.rows) == ("patient+sex", 3)
    assert found.keys["column 0"] == {b"S0", b"S1", b"S2"}
