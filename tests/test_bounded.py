"""What stands behind a data set, or where it should go on, costs no more than what is in it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom import filereader
from pydicom.data import get_testdata_file
from pydicom.dataelem import RawDataElement

from auditor.conformance.panel import NOT_SHOWN, Panel
from auditor.decoding import WillNotDecode, check_not_deflated, header_of
from auditor.deid_diff.content import decoded
from auditor.pictures import pictures
from auditor.reading import bounded, fallback
from auditor.reading.fallback import lenient
from auditor.reading.stored_pixels import pixels_of
from tests.test_reading import read

CT = "1.2.840.10008.5.1.4.1.1.2"
NAME = "dicom-validator"
WHOLE = Path(str(get_testdata_file("CT_small.dcm"))).read_bytes()
META = WHOLE[: WHOLE.index(b"\x08\0\5\0CS")]
HEADER = WHOLE[: WHOLE.index(b"\x10\0\x10\0PN")]
SEQUENCE = b"\x08\0\x40\x11SQ\0\0"
UNDEFINED, LONG = b"\xff\xff\xff\xff", (1 << 20).to_bytes(4, "little")
ITEM = b"\xfe\xff\0\xe0"
CHARACTER_SET = b"\x08\0\5\0CS\x0a\0ISO_IR 100"
STARTS = {
    "whole": WHOLE,
    "cut in its header": WHOLE[:400],
    "nothing but file meta": META,
    "no preamble": WHOLE[132:500],
    "a sequence without items": HEADER + SEQUENCE + UNDEFINED,
    "an item": HEADER + SEQUENCE + UNDEFINED + ITEM + UNDEFINED,
    "a long item": HEADER + SEQUENCE + LONG + ITEM + (1 << 19).to_bytes(4, "little"),
    "a value without an end": HEADER + b"\x09\0\x10\x10OB\0\0" + UNDEFINED,
}


def seek_pictures(path: str) -> object:
    with lenient():
        return list(pictures(path))


def seek_header(path: str) -> object:
    with lenient():
        return header_of(path)


LOOKS: dict[str, Callable[[str], object]] = {
    "reading": lambda path: read(Path(path)),
    "referees": lambda path: Panel().judge(path, CT, [NAME]),
    "pictures": seek_pictures,
    "stored pixels": lambda path: pixels_of(path, ""),
    "decoding": decoded,
    "header": seek_header,
}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the elements that pydicom makes."""
    counts = [0]

    def counted(*arguments: Any) -> RawDataElement:
        counts[0] += 1
        return RawDataElement(*arguments)

    monkeypatch.setattr(filereader, "RawDataElement", counted)
    return counts


def padded(start: bytes, folder: Path, size: int = 1 << 21) -> Path:
    path = folder / "padded.dcm"
    path.write_bytes(start)
    os.truncate(path, size)
    return path


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_of_zeros_no_elements_are_made(
    tmp_path: Path, made: list[int], start: bytes, look: Callable[[str], object]
) -> None:
    # What raises here is caught where it is asked for.
    with suppress(OSError, WillNotDecode):
        look(str(padded(start, tmp_path)))
    assert made[0] < 2000


def test_a_file_of_any_length_is_done_at_once(tmp_path: Path) -> None:
    """Without a bound this test has no end: there are a thousand million elements."""
    for start in (WHOLE, WHOLE[:400]):
        path = padded(start, tmp_path, 1 << 33)
        for look in LOOKS.values():
            with suppress(WillNotDecode):
                look(str(path))
        path.unlink()


def test_padding_changes_nothing_for_who_looks_at_what_is_before_it(tmp_path: Path) -> None:
    plain = tmp_path / "plain.dcm"
    plain.write_bytes(WHOLE)
    path = padded(WHOLE, tmp_path)
    assert pixels_of(str(path), "") == pixels_of(str(plain), "")
    assert decoded(str(path)) == decoded(str(plain)) != b""
    panel = Panel()
    assert panel.judge(str(path), CT, [NAME]) == panel.judge(str(plain), CT, [NAME])


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_an_element_that_comes_again_and_again_is_taken_so_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: list[int], look: Callable[[str], object]
) -> None:
    monkeypatch.setattr(bounded, "ELEMENT_LIMIT", 300)
    path = tmp_path / "again.dcm"
    path.write_bytes(META + CHARACTER_SET * 10_000)
    with suppress(WillNotDecode):
        look(str(path))
    assert made[0] < 1000


@pytest.mark.parametrize("length", [UNDEFINED, LONG], ids=["undefined", "defined"])
def test_in_an_item_too_it_is_taken_so_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: list[int], length: bytes
) -> None:
    monkeypatch.setattr(bounded, "WORK_LIMIT", 1000)
    path = tmp_path / "again.dcm"
    again = CHARACTER_SET * 60_000
    path.write_bytes(HEADER + SEQUENCE + length + ITEM + length + again)
    with lenient():
        dataset, complete = fallback.read_lazily(str(path))
        if length == UNDEFINED:
            assert complete == "header"
            assert dataset.Modality == "CT"
            assert Panel().judge(str(path), CT, [NAME]) == {NAME: NOT_SHOWN}
        else:
            with pytest.raises(OSError, match="No tag"):
                dataset[0x00081140].value  # noqa: B018
    assert made[0] < 3000


def test_more_elements_than_are_taken_are_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "again.dcm"
    path.write_bytes(META + CHARACTER_SET * 400)
    monkeypatch.setattr(bounded, "ELEMENT_LIMIT", 300)
    assert Panel().judge(str(path), CT, [NAME]) == {NAME: NOT_SHOWN}
    monkeypatch.setattr(bounded, "ELEMENT_LIMIT", 500)
    assert Panel().judge(str(path), CT, [NAME])[NAME].status == "judged"


def test_a_value_of_gigabytes_is_shown_to_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fallback, "INCOMPLETE_LIMIT", 5000)
    text = b"\x08\0\x18\0UI\x0a\x001.2.840.10"
    for tag, status in ((b"\x09\0\x10\x10", "judged"), (b"\x42\0\x11\0", "not_shown")):
        element = tag + b"OB\0\0" + (6000).to_bytes(4, "little") + bytes(6000)
        path = tmp_path / "long.dcm"
        path.write_bytes(META + text + element)
        assert Panel().judge(str(path), CT, [NAME])[NAME].status == status


def test_file_meta_information_without_an_end_is_not_followed(
    tmp_path: Path, made: list[int]
) -> None:
    """What it says at last may be that the data set is deflated."""
    path = tmp_path / "meta.dcm"
    path.write_bytes(META + b"\2\0\x16\0AE\2\0A " * 100_000)
    with pytest.raises(WillNotDecode, match="without an end"):
        check_not_deflated(str(path))
    assert made[0] < 1 << 16


def test_pydicom_makes_sequences_its_own_way_thereafter() -> None:
    before = dict(pydicom.values.converters)
    with lenient():
        assert dict(pydicom.values.converters) != before
    assert dict(pydicom.values.converters) == before
