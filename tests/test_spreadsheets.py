"""What heads the columns of a spreadsheet is read, in bounded time and memory, and nothing else."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.engine import Auditor
from auditor.paths import rules_folder
from auditor.reading import spreadsheets
from auditor.reading.spreadsheets import (
    DIRECTORY_LIMIT,
    PART_LIMIT,
    first_words,
    has_small_directory,
)
from auditor.registry import load

OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
TOP = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>MRN</t></is></c></row>'
BELOW = '<row r="2"><c r="A2" t="s"><v>1</v></c><c r="B2"><v>4711</v></c></row>'
STRINGS = "<sst><si><t>Patient &amp; Name</t></si><si><r><t>Bad</t></r><r><t>ger</t></r></si></sst>"


def zipped(**parts: str | bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in parts.items():
            book.writestr(name, content)
    return out.getvalue()


def workbook(sheet: str, strings: str = STRINGS) -> bytes:
    return zipped(
        **{
            "[Content_Types].xml": "<Types/>",
            "xl/sharedStrings.xml": strings,
            "xl/worksheets/sheet1.xml": f"<worksheet><sheetData>{sheet}</sheetData></worksheet>",
        }
    )


def test_a_workbooks_first_rows_are_read() -> None:
    assert first_words(workbook(TOP + BELOW)) == ["Patient & Name", "MRN", "Badger"]


def test_rows_further_below_are_not() -> None:
    rows = "".join(
        f'<row r="{number}"><c t="inlineStr"><is><t>row {number}</t></is></c></row>'
        for number in range(9)
    )
    assert first_words(workbook("<row/>" + rows)) == ["row 0", "row 1", "row 2"]


def test_prefixes_of_namespaces_do_not_matter() -> None:
    sheet = '<x:row><x:c t="s"><x:v>0</x:v></x:c></x:row>'
    strings = "<x:sst><x:si><x:t>DOB</x:t></x:si></x:sst>"
    assert first_words(workbook(sheet, strings)) == ["DOB"]


def test_an_open_document_is_read() -> None:
    row = "<table:table-row><table-cell><text:p>{}</text:p></table-cell></table:table-row>"
    content = "<table:table>" + "".join(map(row.format, ("DOB", "a", "b", "c"))) + "</table:table>"
    assert first_words(zipped(**{"content.xml": content})) == ["DOB", "a", "b"]


def test_all_words_of_an_old_workbook_are_read() -> None:
    book = OLE2 + bytes(600) + b"\x0c\x00\x00Patient name\x03\0\1" + "DOB".encode("utf-16-le")
    words = first_words(book)
    assert words is not None
    assert {"Patient name", "DOB"} <= set(words)


def zip64(size: int) -> bytes:
    """Return a workbook that says in ZIP64 how large its directory is, and a lie before it."""
    book = workbook(TOP)
    at = book.rindex(b"PK\x05\x06")
    end = struct.unpack("<4s4H2LH", book[at:])
    record = struct.pack(
        "<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, end[3], end[4], size, end[6]
    )
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, at, 1)
    return book[:at] + record + locator + book[at:]


def test_a_workbook_in_zip64_is_read() -> None:
    book = workbook(TOP)
    size = struct.unpack("<L", book[-10:-6])[0]
    assert first_words(zip64(size)) == first_words(book) == ["Patient & Name", "MRN"]


def test_no_record_hides_a_large_directory() -> None:
    # The numbers of disks, which are not looked at, make a record that says little.
    large = struct.pack("<4s4s2H2LH", b"PK\x05\x06", b"PK\x05\x06", 1, 1, DIRECTORY_LIMIT + 1, 0, 0)
    assert not has_small_directory(large)
    assert has_small_directory(large.replace(struct.pack("<L", DIRECTORY_LIMIT + 1), bytes(4)))
    assert not has_small_directory(zip64(DIRECTORY_LIMIT + 1))
    assert not has_small_directory(b"")


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04 and no more",
        zipped(**{"word/document.xml": "<a/>"}),
        workbook(TOP)[:-30],
        zipped(**{f"{number:0200}": b"" for number in range(DIRECTORY_LIMIT // 240)}),
        zip64(DIRECTORY_LIMIT + 1),
    ],
    ids=["cut", "no workbook", "without its end", "a large directory", "a large one in ZIP64"],
)
def test_what_cannot_be_read_is_none(data: bytes) -> None:
    assert first_words(data) is None


def test_a_bomb_is_inflated_to_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    part = spreadsheets._part

    def measured(book: zipfile.ZipFile, name: str) -> str:
        sizes.append(len(text := part(book, name)))
        return text

    monkeypatch.setattr(spreadsheets, "_part", measured)
    bomb = workbook("<row>" * (8 * PART_LIMIT), "<si>" * PART_LIMIT)
    assert len(bomb) < PART_LIMIT
    assert first_words(bomb) == []
    assert max(sizes) == PART_LIMIT


def test_an_entity_is_not_looked_up() -> None:
    xml = '<!DOCTYPE x [<!ENTITY a "MRN">]><sst><si><t>&a;</t></si></sst>'
    assert first_words(workbook('<row><c t="s"><v>0</v></c></row>', xml)) == ["&a;"]


@given(st.sampled_from([b"PK", OLE2]), st.binary(max_size=500))
def test_no_bytes_make_it_raise(start: bytes, data: bytes) -> None:
    first_words(start + data)


@given(st.data())
def test_no_damage_makes_it_raise(data: st.DataObject) -> None:
    book = bytearray(workbook(TOP + BELOW))
    for _ in range(3):
        book[data.draw(st.integers(0, len(book) - 1))] = data.draw(st.integers(0, 255))
    first_words(bytes(book))


def test_an_audit_says_what_the_columns_are_for(tmp_path: Path) -> None:
    reader = Auditor(load([rules_folder()]), b"k" * 32)._reader
    # Longer than what is read of a file at first, and one of the two cut short.
    parts: dict[str, str | bytes] = {
        "xl/media/image1.png": random.Random(1).randbytes(40_000),  # noqa: S311
        "xl/sharedStrings.xml": STRINGS,
        "xl/worksheets/sheet1.xml": TOP,
    }
    long = zipped(**parts)
    (tmp_path / "a.xlsx").write_bytes(long)
    (tmp_path / "b.xlsx").write_bytes(long[:-40])
    whole, cut = (reader.read(str(tmp_path / name)) for name in ("a.xlsx", "b.xlsx"))
    assert (whole.status, whole.reason) == (cut.status, cut.reason) == ("not_dicom", "xls")
    assert whole.headings == "name+record number"
    assert cut.headings is None
