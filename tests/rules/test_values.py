"""Rules of values as they are encoded: UIDs, dates and times, and character sets."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model import Outcome
from tests.rules.cases import CUT_SHORT, PLANT, Case, each, fails, get_rule, not_applicable, passes

DESCRIPTION, NAME, SET = (0x0008, 0x1030), "(0008,1030)", "(0008,0005)"
UMLAUT = "Quägga"
UTF8, LATIN1 = UMLAUT.encode(), UMLAUT.encode("latin-1")


def text(value: bytes, terms: str | list[str] | None = None) -> dict[Any, Any]:
    """Return a data set with a description of these bytes, by a declared character set."""
    declared: dict[Any, Any] = {} if terms is None else {"SpecificCharacterSet": terms}
    return {**declared, DESCRIPTION: ("LO", value)}


def uids(value: str) -> dict[str, object]:
    return {"PatientName": PLANT, "StudyInstanceUID": value}


def entities(**values: str) -> dict[str, str]:
    """Return the UIDs of an object and of what it is in, each its own."""
    return {
        "SOPInstanceUID": "1.2.5",
        "StudyInstanceUID": "1.2.3",
        "SeriesInstanceUID": "1.2.4",
        "FrameOfReferenceUID": "1.2.6",
        **values,
    }


def study_date(value: str) -> dict[str, object]:
    return {"PatientName": PLANT, "StudyDate": value}


JAPANESE = "やまだ".encode("iso2022_jp")
KOREAN = b"\x1b$)C" + "김희중".encode("euc_kr")

CASES = {
    "IOD035": (
        passes(entities()),
        fails(
            entities(SeriesInstanceUID="1.2.3"),
            at=["(0020,000E)"],
            says=("the same UID as the study",),
        ),
        fails(entities(FrameOfReferenceUID="1.2.4"), at=["(0020,0052)"]),
        fails(dict.fromkeys(entities(), "1.2.3"), at=["(0020,000E)", "(0020,0052)"]),
        # What is padded is the same, and what is empty is not.
        fails(
            {(0x0020, 0x000D): ("UI", b"1.2.3\0"), (0x0020, 0x000E): ("UI", b"1.2.3")},
            at=["(0020,000E)"],
        ),
        passes(entities(SOPInstanceUID="", FrameOfReferenceUID="")),
        # In an item they are those of another object.
        passes(
            {**entities(), "ReferencedStudySequence": [{"SeriesInstanceUID": "1.2.3"}]},
        ),
        not_applicable({"PatientName": PLANT}),
        not_applicable({"StudyInstanceUID": "1.2.3"}),
    ),
    "IOD031": (
        passes({"PatientName": PLANT}),
        passes(uids("1.2.3")),
        passes(uids("")),
        passes(uids("2.25." + str(2**128 - 1))),
        passes(uids("1.2.0.4")),
        passes(uids("2." + "2" * 62)),
        # The standard's own: a class, a well-known frame of reference, a colour palette.
        passes({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}),
        passes({"FrameOfReferenceUID": "1.2.840.10008.1.4.1.1"}),
        passes({"SOPInstanceUID": "1.2.840.10008.1.5.1"}),
        fails(
            uids("1." + "2" * 63),
            at=["(0020,000D)"],
            says=("a UID has more than 64 characters",),
        ),
        fails(
            uids("1.2.03"), at=["(0020,000D)"], says=("a component of a UID begins with a zero",)
        ),
        fails(uids(f"1.2.{PLANT}"), at=["(0020,000D)"]),
        fails(uids("1..2"), at=["(0020,000D)"]),
        fails(uids("1.2."), at=["(0020,000D)"]),
        fails(
            uids("3.2"), at=["(0020,000D)"], says=("a UID begins with a root that does not exist",)
        ),
        fails(uids("1.40.2"), at=["(0020,000D)"]),
        fails(uids("0"), at=["(0020,000D)"]),
        fails(uids("2.25." + str(2**128)), at=["(0020,000D)"]),
        fails({"SOPInstanceUID": "1.2.840.10008.7.7.7"}, at=["(0008,0018)"]),
        fails(
            {"ReferencedStudySequence": [{"ReferencedSOPInstanceUID": "1.02"}]},
            at=["(0008,1110)/(0008,1155)"],
        ),
        fails(
            {"FailedAttributesSequence": [], "RelatedGeneralSOPClassUID": ["1.2", "9.9"]},
            at=["(0008,001A)"],
        ),
        CUT_SHORT,
    ),
    "IOD038": (
        passes({"PatientName": PLANT}),
        passes(study_date("20230228")),
        passes(study_date("20240229")),
        passes(study_date("")),
        passes({"StudyTime": "235960.5"}),
        passes({"StudyTime": "10"}),
        fails(
            study_date("20230229"),
            at=["(0008,0020)"],
            says=("a date is no day of the calendar",),
        ),
        fails(study_date("2023.02.28"), at=["(0008,0020)"]),
        fails(study_date(PLANT), at=["(0008,0020)"]),
        fails(
            {"StudyTime": "12:00"},
            at=["(0008,0030)"],
            says=("a date or time has a form, or a number in it, that its VR does not allow",),
        ),
        fails({"StudyTime": "250000"}, at=["(0008,0030)"]),
        fails(
            {"AcquisitionDateTime": "20230228101500+1500"},
            at=["(0008,002A)"],
            says=("the time zone of a date and time is none on Earth",),
        ),
        fails(
            {"StudyTime": "101010-111111"},
            at=["(0008,0030)"],
            says=("a range of dates or times, as only a query has one",),
        ),
        # In no module of the IOD, and in a sequence of none.
        fails({"DateOfSecondaryCapture": "20230431"}, at=["(0018,1012)"]),
        fails(
            {"ReferencedStudySequence": [{"DateOfLastCalibration": ["20230101", "20230231"]}]},
            at=["(0008,1110)/(0018,1200)"],
        ),
        # What a private element means nobody knows.
        passes({(0x0009, 0x0010): ("LO", "MAKER"), (0x0009, 0x1001): ("DA", "20230231")}),
        CUT_SHORT,
    ),
    "IOD032": (
        passes({"PatientName": PLANT}),
        passes(text(UTF8, "ISO_IR 192")),
        passes(text(LATIN1, "ISO_IR 100")),
        fails(text(LATIN1), at=[NAME]),
        fails(text(UTF8), at=[NAME]),
        fails(text(UTF8, "ISO_IR 6"), at=[NAME]),
        fails(text(UTF8, ""), at=[NAME]),
        # Before an escape sequence the first set is in force, and that is the default one.
        fails(text(LATIN1, ["", "ISO 2022 IR 100"]), at=[NAME]),
        passes(text(b"\x1b-A" + LATIN1, ["", "ISO 2022 IR 100"])),
        passes(text(JAPANESE, ["", "ISO 2022 IR 87"])),
        passes(text(KOREAN, ["", "ISO 2022 IR 149"])),
        fails(text(KOREAN[4:], ["", "ISO 2022 IR 149"]), at=[NAME]),
        # The declaration of an item is the item's (PS3.3 C.12.1.1.2).
        passes({"ReferencedStudySequence": [text(UTF8, "ISO_IR 192")]}),
        fails({"ReferencedStudySequence": [text(UTF8)]}, at=["(0008,1110)/(0008,1030)"]),
        # IOD033 says of those.
        passes(text(LATIN1, "ISO_IR 192")),
        CUT_SHORT,
    ),
    "IOD033": (
        passes({"PatientName": PLANT}),
        passes(text(UTF8)),
        passes(text(UTF8, "ISO_IR 192")),
        passes(text(LATIN1, "ISO_IR 100")),
        passes(text(UMLAUT.encode("gb18030"), "GB18030")),
        passes(text("ﾔﾏﾀﾞ".encode("shift_jis"), "ISO_IR 13")),
        passes(text("Ω".encode("iso8859_7"), "ISO_IR 126")),
        passes(text(b"\x1b-A" + LATIN1, ["ISO 2022 IR 6", "ISO 2022 IR 100"])),
        passes(text(JAPANESE, ["", "ISO 2022 IR 87"])),
        passes(text(KOREAN, ["", "ISO 2022 IR 149"])),
        fails(
            text(LATIN1, "ISO_IR 192"),
            at=[NAME],
            says=("text that is none in the declared character set",),
        ),
        fails(text("名".encode(), "ISO_IR 100"), at=[NAME]),
        fails(text("山".encode("shift_jis"), "ISO_IR 13"), at=[NAME]),
        fails(text(b"\xff", "ISO_IR 126"), at=[NAME]),
        fails(text(b"\x1b$B;3\x1b(B", "ISO_IR 100"), at=[NAME]),
        fails(
            text(b"\x1b$B;3\x1b(B"),
            at=[NAME],
            says=("text with an escape sequence to a character set that is not declared",),
        ),
        fails(text(KOREAN, ["", "ISO 2022 IR 87"]), at=[NAME]),
        fails({"SpecificCharacterSet": PLANT}, at=[SET]),
        fails({"SpecificCharacterSet": ["ISO_IR 192", "ISO 2022 IR 87"]}, at=[SET]),
        fails({"SpecificCharacterSet": ["ISO_IR 100", "ISO 2022 IR 87"]}, at=[SET]),
        # Nobody knows what the text is in; that nobody does is said of the declaration.
        fails(text(LATIN1, "ISO_IR 7"), at=[SET]),
        CUT_SHORT,
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


SINGLE = ("", "ISO_IR 13", "ISO_IR 100", "ISO_IR 192", "GB18030", "nothing")
TERMS = st.sampled_from(
    (*SINGLE, "ISO 2022 IR 87", "ISO 2022 IR 149", "ISO 2022 IR 203", "ISO 2022 GBK")
)


@given(value=st.binary(max_size=40), terms=st.lists(TERMS, max_size=3))
def test_no_bytes_make_the_judge_raise(value: bytes, terms: list[str]) -> None:
    for rule_id in ("IOD032", "IOD033"):
        said = passes(text(value.replace(b"\\", b""), terms)).ask(get_rule(rule_id))
        assert said.outcome is not Outcome.ERROR


@given(word=st.text(st.characters(codec="latin-1", min_codepoint=0xA0), min_size=1, max_size=20))
def test_what_is_written_as_declared_is_not_reported(word: str) -> None:
    for term, codec in (("ISO_IR 100", "latin-1"), ("ISO_IR 192", "utf-8")):
        for rule_id in ("IOD032", "IOD033"):
            said = passes(text(word.encode(codec), term)).ask(get_rule(rule_id))
            assert said.outcome is Outcome.PASS


@pytest.mark.parametrize("value", [b"9" * 5000, b"1." * 3000, b"\xff" * 99, b"\0\0 1"])
def test_no_uid_makes_the_judge_raise(value: bytes) -> None:
    said = passes({(0x0020, 0x000D): ("UI", value.decode("latin-1"))}).ask(get_rule("IOD031"))
    assert said.outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("vr", "value", "outcome"),
    [
        ("DA", b"19000229", Outcome.FAIL),
        ("DA", b"20000229", Outcome.PASS),
        ("DA", b"20230431", Outcome.FAIL),
        ("DA", b"20230100", Outcome.FAIL),
        ("DA", b"20230132", Outcome.FAIL),
        ("DA", b"20231301", Outcome.FAIL),
        ("DA", b"00000101", Outcome.PASS),
        ("DA", b" ", Outcome.PASS),
        ("DA", b"20200229\\" * 20_000 + b"20230229", Outcome.FAIL),
        ("DA", b"20200229\\" * 20_000 + b"20240229", Outcome.PASS),
        ("DT", b"20230230101500", Outcome.FAIL),
        ("DT", b"20230228101500.5+0100", Outcome.PASS),
        ("DT", b"20230228101500.5+1400", Outcome.PASS),
        ("DT", b"20230228101500-1200", Outcome.PASS),
        ("DT", b"20230228101500-1300", Outcome.FAIL),
        ("DT", b"20230228101500+0060", Outcome.FAIL),
        ("DT", b"2023010125", Outcome.FAIL),
        ("DT", b"2023", Outcome.PASS),
        ("DT", b"202302", Outcome.PASS),
        # Ranges are for queries; a hyphen before four digits of a DT is its time zone.
        ("DA", b"20230101-20230102", Outcome.FAIL),
        ("DA", b"-20230102", Outcome.FAIL),
        ("DA", b"20230101-", Outcome.FAIL),
        ("DA", b"20230101\\20230101-", Outcome.FAIL),
        ("DT", b"20230101-20230102", Outcome.FAIL),
        ("DT", b"20230101101500-0500-20230102", Outcome.FAIL),
        ("DT", b"-2023", Outcome.FAIL),
        ("DT", b"2023-", Outcome.FAIL),
        ("DT", b"20230101-0500", Outcome.PASS),
        ("TM", b"101010-111111", Outcome.FAIL),
        ("TM", b"-111111", Outcome.FAIL),
        ("TM", b"101010-", Outcome.FAIL),
        ("DT", b"20230228101500-0000", Outcome.FAIL),
        ("DT", b"20230228101500+0000", Outcome.PASS),
        ("TM", b"126060", Outcome.FAIL),
        ("TM", b"1015 ", Outcome.PASS),
        ("LO", b"20230230", Outcome.PASS),
    ],
)
def test_a_date_is_a_day_of_the_calendar(vr: str, value: bytes, outcome: Outcome) -> None:
    assert passes({(0x0018, 0x1012): (vr, value)}).ask(get_rule("IOD038")).outcome is outcome


@given(value=st.dates().map(lambda day: day.strftime("%Y%m%d").zfill(8)))
def test_every_day_is_one(value: str) -> None:
    assert passes(study_date(value)).ask(get_rule("IOD038")).outcome is Outcome.PASS
