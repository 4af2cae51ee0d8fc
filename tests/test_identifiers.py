# ruff: noqa: RUF001 - letters of other scripts look like Latin ones, and are meant.
"""What a text looks like, and that the published figures are those of the code."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.identifiers import (
    KINDS,
    is_written_like_a_name,
    looks_like_a_record_number,
    signs,
    stands_for_nobody,
)
from auditor.model import Confidence
from auditor.reading.places import decode
from tests import labelled_values
from tests.labelled_values import DOCUMENT, measure, negatives, positives

CORPUS = Path(__file__).parents[1].parent / "shared" / "corpus"


def kinds(text: str) -> set[str]:
    return {kind for kind, _ in signs(text)}


def sure(text: str) -> set[str]:
    return {kind for kind, confidence in signs(text) if confidence is not Confidence.LOW}


def test_the_labelled_set_is_large_enough() -> None:
    assert len({each.text for each in positives()}) >= 400
    assert len({each.text for each in negatives()}) >= 2000
    assert {each.kind for each in positives()} == set(KINDS)


def test_the_figures_in_the_document_are_those_of_the_code() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert labelled_values.renew(document) == document


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "script"])
def test_what_is_sure_is_right(kind: str) -> None:
    score = measure()[kind]
    assert score.sure / (score.sure + score.false_sure) >= 0.98
    assert score.any / score.positives >= 0.7


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Dr. Quagga", "name"),
        ("signed by Zoltan Quagga", "name"),
        ("MRN: 7041385", "record number"),
        ("212-17-4821", "national id"),
        ("fax 030/4501204", "phone"),
        ("zelda@quagga.org", "email"),
        ("https://pacs.quagga.org/", "url"),
        ("2001:0db8:0000:0000:0000:ff00:0042:8329", "ip"),
        ("D:/Users/quagga/out.dcm", "user path"),
        ("12 Quagga Avenue", "address"),
        ("on 2003-07-15", "date"),
        ("a 93 year old", "age"),
    ],
)
def test_an_identifier(text: str, kind: str) -> None:
    assert kind in sure(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "GE MEDICAL SYSTEMS",
        "Head^Brain",
        "DR CHEST PA",
        "MR BRAIN",
        "-123.45\\67.891\\-412.125",
        "1.2.840.10008.5.1.4.1.1.2",
        "512x512x120",
        "Yttrium 90Y",
        "90 % phase",
        "age < 90",
        "follow-up 12 months",
        "Gleason score 3+4",
        "http://dicom.nema.org/medical",
        "support@vendor.com",
        "4.1.2.0",
        "sub-001",
        "TCGA-02-0001",
        "REMOVED",
        "Patient name: ANONYMOUS",
        "1900-01-01",
        "call back on 2003-99-15 10",
        "call us at 20030715",
        "000-000-0000",
        "100-200-3000-4000",
        "reach at 120-340-560",
    ],
)
def test_what_is_none(text: str) -> None:
    assert not sure(text)


@pytest.mark.parametrize(
    ("sure_one", "unsure_one", "kind"),
    [
        ("MRN 7041385", "see 7041385", "record number"),
        ("192.168.0.7", "141.42.206.111", "ip"),
        ("dated 20030715", "exp20030715", "date"),
        ("John^Quagga", "John Quagga", "name"),
        ("(555) 234-2048", "555.234.2048", "phone"),
        # Where no exchange begins with 1: a slip, or what is written for an example.
        ("call me at 555-123-4567", "555-123-4567", "phone"),
        ("reach us on 030 4501204", "see 123-456-7890", "phone"),
    ],
)
def test_how_sure_it_is(sure_one: str, unsure_one: str, kind: str) -> None:
    assert kind in sure(sure_one)
    assert kind in kinds(unsure_one) - sure(unsure_one)


@pytest.mark.parametrize("text", ["212-17-4821", "000-17-4821", "666-17-4821", "212-00-4821"])
def test_a_number_that_nobody_can_have(text: str) -> None:
    assert ("national id" in sure(text)) == (text == "212-17-4821")


@pytest.mark.parametrize(
    ("text", "right"),
    [("943 476 5919", True), ("943 476 5918", False), ("111 111 1111", False)],
)
def test_check_digits(text: str, right: bool) -> None:
    assert ("national id" in sure(text)) == right


def test_a_name_as_vr_pn_writes_it() -> None:
    assert is_written_like_a_name("Quagga^Brunhilda")
    assert is_written_like_a_name("QUAGGA^BRUNHILDA^M^^")
    assert not is_written_like_a_name("Head^Brain")
    assert not is_written_like_a_name("ANON^PATIENT")
    assert not is_written_like_a_name("Quagga")


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("7041385", True),
        ("H-7041385", True),
        ("70.413.85", True),
        ("TCGA-02-0001", False),
        ("sub-001", False),
        ("1.2.826.0.1.3680043", False),
        ("12345", False),
        ("000000", False),
        ("1111111", False),
        ("0042", False),
    ],
)
def test_a_number_of_a_hospital(text: str, right: bool) -> None:
    assert looks_like_a_record_number(text) == right


def test_words_that_stand_for_nobody() -> None:
    assert stands_for_nobody("Removed by the tool")
    assert stands_for_nobody("xxx")
    assert not stands_for_nobody("Quagga")


@given(st.text(max_size=400))
def test_any_text_is_taken(text: str) -> None:
    found = signs(text)
    assert len({kind for kind, _ in found}) == len(found)
    assert kinds(text) <= set(KINDS)


@pytest.mark.parametrize(
    "unit", ["A-", "1 ", "a@a.", "1.", "(1)", "Dr. ", "A B ", "\\home/", "1-", "Aa"]
)
def test_a_long_text_is_looked_at_in_no_time(unit: str) -> None:
    """A pattern that looks back over and over would not come to an end here."""
    assert kinds(unit * (1 << 18)) <= set(KINDS)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="there is no folder of shared data")
def test_descriptions_of_real_files_are_not_taken_for_identifiers() -> None:
    import pydicom

    from auditor.reading.fallback import lenient

    wanted = ["StudyDescription", "SeriesDescription", "ProtocolName", "Manufacturer", "ROIName"]
    seen = set()
    with lenient():
        for path in sorted(CORPUS.rglob("*.dcm")):
            dataset = pydicom.dcmread(path, force=True, specific_tags=wanted)
            seen |= {str(element.value) for element in dataset}
    assert len(seen) > 100
    assert not [kind for text in seen for kind in sure(text)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("CT 患者氏名: 山猫花子", "name"),
        ("ФИО: Барсуков", "name"),
        ("山猫様 胸部", "name"),
        ("환자번호: 4711082", "record number"),
        ("2001년 3월 12일", "date"),
        ("昭和40年2月生", "date"),
    ],
)
def test_an_identifier_in_another_script(text: str, kind: str) -> None:
    assert kind in sure(text)


@pytest.mark.parametrize(
    "text", ["患者様", "患者: 匿名", "врач: нет", "胸部単純CT", "3年後", "姓名："]
)
def test_words_in_another_script_that_name_nobody(text: str) -> None:
    assert not sure(text)


@pytest.mark.parametrize(
    ("terms", "codec"),
    [
        ("ISO_IR 13", "shift_jis"),
        ("\\ISO 2022 IR 87", "iso2022_jp"),
        ("\\ISO 2022 IR 149", "euc_kr"),
        ("ISO_IR 144", "iso8859_5"),
        ("ISO_IR 126", "iso8859_7"),
        ("ISO_IR 127", "iso8859_6"),
        ("ISO_IR 138", "iso8859_8"),
        ("ISO_IR 166", "iso8859_11"),
        ("ISO_IR 192", "utf-8"),
        ("GB18030", "gb18030"),
        ("GBK", "gbk"),
    ],
)
def test_a_labelled_number_is_found_in_every_character_set(terms: str, codec: str) -> None:
    labels = {
        "shift_jis": "ｶﾙﾃ MRN",
        "iso2022_jp": "患者ID",
        "euc_kr": "환자번호",
        "iso8859_5": "номер карты",
        "iso8859_7": "MRN ασθενής",
        "iso8859_6": "رقم الملف",
        "iso8859_8": "מספר תיק",
        "iso8859_11": "เลขประจำตัวผู้ป่วย",
        "utf-8": "患者番号",
        "gb18030": "病历号",
        "gbk": "住院号",
    }
    text = f"{labels[codec]}: 4711082"
    # Of Korean, the escape sequence comes first (PS3.5 I.2).
    written = b"\x1b$)C" * (codec == "euc_kr") + text.encode(codec)
    value = decode(written, tuple(terms.split("\\")))
    assert value == text
    assert "record number" in {kind for kind, _ in signs(value)}
