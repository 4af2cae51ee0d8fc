"""Text in encapsulated documents: what is in the plain is read, bounded, and never raises."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import documents
from auditor.documents import LIMIT, STREAM_LIMIT, TEXT_LIMIT, text_in


def pdf(content: bytes, *, deflated: bool = True, head: bytes = b"") -> bytes:
    packed = zlib.compress(content) if deflated else content
    name = b"/Filter /FlateDecode " if deflated else b""
    return b"%PDF-1.7\n" + head + b"1 0 obj << " + name + b">> stream\r\n" + packed + b"\nendstream"


@pytest.mark.parametrize("deflated", [True, False])
def test_the_strings_of_a_page_are_its_text(deflated: bool) -> None:
    page = b"BT /F1 12 Tf (Patient:) Tj 0 -14 Td [(Bad) -3.5 (ger)] TJ <54696C6C79> Tj ET"
    assert text_in(pdf(page, deflated=deflated)) == "Patient: Badger Tilly"


def test_what_is_escaped_is_written_out() -> None:
    assert text_in(pdf(rb"BT (a\(b\) \101bc) Tj ET")) == "a(b) Abc"


def test_the_information_of_a_document_is_text_too() -> None:
    assert text_in(pdf(b"", head=b"<< /Author (Badger) /Producer (x) >> ")) == "Badger"


def test_letters_by_a_fonts_own_numbers_are_no_text() -> None:
    assert text_in(pdf(b"BT <00010002> Tj <0003001F> Tj ET")) is None


@pytest.mark.parametrize(
    "data", [b"", b"\0\0", b"%PDF-1.7", b"ab\0c", b"12 34", b"\x89PNG\r\n\x1a\n"]
)
def test_where_there_is_no_text_there_is_none(data: bytes) -> None:
    assert text_in(data) is None


def test_of_xml_the_text_between_tags_is_read() -> None:
    said = text_in(b"<?xml version='1.0'?><name><given>Tilly</given><family>Badger</family></name>")
    assert said is not None
    assert said.split() == ["Tilly", "Badger"]


def test_a_string_that_does_not_end_is_passed_over_once() -> None:
    assert text_in(pdf(b"BT (Bad(ger) Tj ET")) == "ger"
    # Were it looked at again from each bracket in it, there would be no end of it.
    endless = b"(" + rb"\(" * 9
    assert [match.span() for match in documents._SHOWN.finditer(endless)] == [(0, len(endless))]
    assert text_in(pdf(b"(" + rb"\(" * STREAM_LIMIT)) is None


def test_it_is_bounded() -> None:
    bomb = pdf(b"(" + b"ab " * STREAM_LIMIT * 20 + b") Tj")
    assert len(bomb) < STREAM_LIMIT
    assert text_in(bomb) is None
    long = text_in(b"word " * LIMIT)
    assert long is not None
    assert len(long) <= TEXT_LIMIT
    many = b"%PDF-1.7 " + b"stream\n(ab) Tj endstream " * 1000
    assert (text_in(many) or "").count("ab") == documents.STREAMS


@given(st.sampled_from([b"", b"%PDF-1.7 stream\n", b"<"]), st.binary(max_size=300))
def test_no_bytes_make_it_raise(start: bytes, data: bytes) -> None:
    text_in(start + data)


@given(
    st.lists(st.sampled_from([b"(", b")", b"<", b">", b"\\", b"[", b"] TJ", b"A", b"1 ", b"Tj "]))
)
def test_no_strings_make_it_raise(parts: list[bytes]) -> None:
    text_in(b"%PDF-1.7 stream\n" + b"".join(parts))
