"""What may leave the machine: hashes under a key, shapes, and words of published lists."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.equipment import model_name
from auditor.redaction import (
    KEY_VARIABLE,
    LEAST_KEY,
    OTHER,
    VOCABULARY,
    Hasher,
    WeakKeyError,
    audit_key,
    coded,
    shape,
    vendor,
)

SHAPE = re.compile(r"[Aa9? ^=.\-_/\\:,;()]{0,64}…?")


@given(st.text())
def test_a_shape_holds_nothing_of_the_text(text: str) -> None:
    assert SHAPE.fullmatch(shape(text))


@given(st.text(max_size=64))
def test_a_shape_is_as_long_as_the_text(text: str) -> None:
    assert len(shape(text)) == len(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Demo^Person", "Aaaa^Aaaaaa"),
        ("19700101", "99999999"),
        ("DEMO-01 (x)", "AAAA-99 (a)"),
        ("\u00c4\u00f6\u6771\u0663", "Aaa9"),
        ("<script>\x1b[2J\u202e", "?aaaaaa??" + "?9A?"),
        ("a\u0301\u00bd", "a??"),
        ("", ""),
    ],
)
def test_shapes(text: str, expected: str) -> None:
    assert shape(text) == expected


def test_a_long_text_is_cut() -> None:
    assert shape("x" * 65) == "a" * 64 + "…"


@given(st.sampled_from(sorted(VOCABULARY)), st.text())
def test_a_code_is_shown_only_if_the_standard_lists_it(keyword: str, text: str) -> None:
    assert coded(keyword, text) in VOCABULARY[keyword] | {OTHER, ""}


@pytest.mark.parametrize(
    ("keyword", "text", "expected"),
    [
        ("Modality", "CT", "CT"),
        ("Modality", " CT ", "CT"),
        ("Modality", "ct", OTHER),
        ("Modality", "CT\\DEMO", OTHER),
        ("Modality", "", ""),
        ("PatientSex", "M", "M"),
        ("PatientSex", "Demo", OTHER),
        ("BodyPartExamined", "CHEST", "CHEST"),
        ("BodyPartExamined", "DEMO", OTHER),
        ("PatientIdentityRemoved", "YES", "YES"),
    ],
)
def test_codes(keyword: str, text: str, expected: str) -> None:
    assert coded(keyword, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SIEMENS", "Siemens"),
        ("Siemens Healthineers Demo^Person", "Siemens"),
        ("GE MEDICAL SYSTEMS", "GE"),
        ("Philips Medical Systems", "Philips"),
        ("TOSHIBA_MEC", "Canon / Toshiba"),
        ("Gerald's own scanner", OTHER),
        ("Demo^Person", OTHER),
        ("  ", ""),
    ],
)
def test_manufacturers(text: str, expected: str) -> None:
    assert vendor(text) == expected


@given(st.text())
def test_a_manufacturer_is_a_word_of_the_list(text: str) -> None:
    said = vendor(text)
    assert said in (OTHER, "") or said == vendor(said)


@given(st.binary(max_size=99), st.binary(max_size=99))
def test_equal_values_have_equal_hashes_and_others_do_not(one: bytes, other: bytes) -> None:
    hasher = Hasher(b"key")
    assert (hasher(one) == hasher(other)) == (one.rstrip(b" \0") == other.rstrip(b" \0"))
    assert 0 <= hasher(one) < 1 << 64


@given(st.binary(max_size=20))
def test_padding_does_not_tell_values_apart(value: bytes) -> None:
    hasher = Hasher(b"key")
    assert hasher(value) == hasher(value + b"\0") == hasher(value + b" ")


def test_a_hash_needs_its_key() -> None:
    assert Hasher(b"a")(b"DEMO-1") != Hasher(b"b")(b"DEMO-1")


def test_the_key_is_of_the_environment_or_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    for nothing in (None, ""):
        if nothing is None:
            monkeypatch.delenv(KEY_VARIABLE, raising=False)
        else:
            monkeypatch.setenv(KEY_VARIABLE, nothing)
        assert audit_key() != audit_key()
    monkeypatch.setenv(KEY_VARIABLE, "k" * LEAST_KEY)
    one = audit_key()
    assert one == audit_key()
    assert b"kk" not in one
    monkeypatch.setenv(KEY_VARIABLE, "another, longer than a key of a hash may be" * 9)
    assert audit_key() != one
    assert len(audit_key()) == len(one)


@pytest.mark.parametrize("key", ["x", "SECRET-" + "k" * (LEAST_KEY - 8)])
def test_a_key_that_can_be_guessed_is_refused(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, key)
    with pytest.raises(WeakKeyError, match="shorter than 20 characters") as raised:
        audit_key()
    assert "SECRET" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SOMATOM Definition AS+", "Siemens SOMATOM Definition AS"),
        ("Sensation 64", "Siemens SOMATOM Sensation"),
        ("TrioTim", "Siemens MAGNETOM Trio"),
        ("Prisma_fit", "Siemens MAGNETOM Prisma"),
        ("SIGNA_EXCITE", "GE SIGNA EXCITE"),
        ("LightSpeed VCT", "GE LightSpeed VCT"),
        ("Aquilion64", "Canon / Toshiba Aquilion"),
        ("iCT 256", "Philips iCT"),
        ("highdicom", "highdicom"),
        # Words in which a product's name stands by chance.
        ("Dictation", OTHER),
        ("Maria", OTHER),
        ("Force of Demo^Person", OTHER),
        ("  ", ""),
    ],
)
def test_models(text: str, expected: str) -> None:
    assert model_name(text) == expected


@given(st.text())
def test_a_model_is_a_name_of_the_list(text: str) -> None:
    said = model_name(text)
    assert said in (OTHER, "") or said == model_name(said)
