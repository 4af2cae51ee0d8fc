"""Rules of identifiers in text, of the study's own values elsewhere, of paths and companions."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.model import Outcome
from tests.rules.cases import (
    CUT_SHORT,
    PLANT,
    Case,
    Cases,
    each,
    fails,
    get_rule,
    not_applicable,
    not_evaluated,
    passes,
)

COMMENTS, STUDY, SERIES = "(0020,4000)", "(0008,1030)", "(0008,103E)"
CODES = "DeidentificationMethodCodeSequence"


def private(vr: str, value: Any, **more: Any) -> dict[Any, Any]:
    """Build a data set with a private element in group 0009."""
    return {(0x0009, 0x0010): ("LO", "MADE UP"), (0x0009, 0x1001): (vr, value), **more}


PRIVATE = "(0009,xx01:AAAA AA)"

CASES: Cases = {
    "DEID401": (
        passes({"StudyDescription": "CT CHEST", "SeriesDescription": "Head^Brain"}),
        passes({"ImageComments": "Dr. ANONYMOUS", "PatientName": PLANT}),
        fails(
            {"ImageComments": "seen by Dr. Quagga"},
            at=[COMMENTS],
            says=("text holds what looks like a person's name",),
        ),
        fails({"SeriesDescription": "John^Quagga"}, at=[SERIES]),
        # At every depth, in a report's text too.
        fails(
            {"ContentSequence": [{"ContentSequence": [{"TextValue": "signed by Zelda Quagga"}]}]},
            at=["(0040,A730)/(0040,A730)/(0040,A160)"],
        ),
        fails(private("LT", "Patient name: Quagga, Zelda"), at=[PRIVATE]),
        # What an attribute is for is the profile's business.
        passes({"InstitutionName": "Dr. Quagga Hospital", "PatientID": "Dr. Quagga"}),
        CUT_SHORT,
    ),
    "DEID402": (
        passes({"ImageComments": "ROI 7041385 mm3", "PatientName": PLANT}),
        fails(
            {"ImageComments": "MRN 7041385"},
            at=[COMMENTS],
            says=("text holds what looks like a patient's, case or insurance number",),
        ),
        fails(
            private("SH", "212-17-4821"),
            at=[PRIVATE],
            says=("text holds what looks like a number that a state gives to a person",),
        ),
        CUT_SHORT,
    ),
    "DEID403": (
        passes({"ImageComments": "support@vendor.com", "PatientName": PLANT}),
        passes({"PatientAddress": "12 Quagga Street"}),
        fails({"ImageComments": "call 555-234-2048"}, at=[COMMENTS]),
        fails({"StudyDescription": "to zelda@quagga.org"}, at=[STUDY]),
        fails(
            {"ImageComments": "12 Quagga Street, (555) 234-2048"},
            at=[COMMENTS],
            says=(
                "text holds what looks like a street address",
                "text holds what looks like a telephone number",
            ),
        ),
        CUT_SHORT,
    ),
    "DEID404": (
        passes({"ImageComments": "http://dicom.nema.org/", "SoftwareVersions": "192.168.1.4"}),
        fails({"ImageComments": "http://pacs.quagga.org/"}, at=[COMMENTS]),
        fails({"ImageComments": "from 192.168.1.4"}, at=[COMMENTS]),
        fails(private("ST", "/home/quagga/out/1.dcm"), at=[PRIVATE]),
        CUT_SHORT,
    ),
    "DEID405": (
        passes({"SeriesDescription": "T2 1.2.3", "StudyDate": "20030715"}),
        fails({"SeriesDescription": "compared to 2003-07-15"}, at=[SERIES]),
        fails(
            {CODES: [{"CodeValue": "113107"}], "SeriesDescription": "compared to 2003-07-15"},
            at=[SERIES],
        ),
        # Full dates are retained, and said to be.
        not_applicable(
            {CODES: [{"CodeValue": "113106"}], "SeriesDescription": "compared to 2003-07-15"}
        ),
        CUT_SHORT,
    ),
    "DEID406": (
        passes({"PatientAge": "089Y", "ImageComments": "90 % phase, 90Y, age < 90"}),
        passes({"PatientAge": "095M"}),
        # What the rule says to write instead.
        passes({"PatientAge": "090Y"}),
        fails({"PatientAge": "093Y"}, at=["(0010,1010)"], says=("an age over 89",)),
        fails({"ImageComments": "a 93 year old"}, at=[COMMENTS]),
        CUT_SHORT,
    ),
    "DEID407": (
        passes({"SeriesDescription": "µ-map, 5°"}),
        fails(
            {"SpecificCharacterSet": "ISO_IR 192", "SeriesDescription": "胸部検査"},
            at=[SERIES],
            says=("words in a script in which only what is labelled is found",),
        ),
        fails(
            {"SpecificCharacterSet": "ISO_IR 192", (0x0008, 0x103E): ("UN", b"Sch\xe4del")},
            at=[SERIES],
            says=("text that the declared character set cannot have written",),
        ),
        CUT_SHORT,
    ),
    "DEID408": (
        passes({"ImageComments": "MRN 7041385"}),
        fails(
            {"ImageComments": "see 7041385"},
            at=[COMMENTS],
            says=("text holds what may be a patient's, case or insurance number",),
        ),
        # As VR PN writes a name; in a description it may be a protocol.
        fails(private("LO", PLANT), at=[PRIVATE]),
        passes({"SeriesDescription": "Wombat^Routine"}),
        # A word of a vocabulary.
        passes({"ConceptNameCodeSequence": [{"CodeMeaning": "John Quagga"}]}),
        CUT_SHORT,
    ),
    "DEID411": (
        passes({"PatientName": PLANT, "StudyDescription": "CT CHEST"}),
        fails(
            {"PatientName": PLANT, "StudyDescription": f"for {PLANT}"},
            at=[STUDY],
            says=("text repeats the patient's name of the same object",),
        ),
        # In any order, and in a vendor's header among bytes that are no text.
        fails({"PatientName": "Wombat^Tilly", "ImageComments": "TILLY_WOMBAT"}, at=[COMMENTS]),
        fails(
            private("OB", b"\0\1\xff\2Wombat^Tilly\0\0", PatientName="Wombat^Tilly"),
            at=[PRIVATE],
            says=("a private element repeats the patient's name of the same object",),
        ),
        # A family name alone, if it is rare; one that means something is not looked for.
        fails({"PatientName": "Wombat^Tilly", "ImageComments": "wombat"}, at=[COMMENTS]),
        passes({"PatientName": "Short^Tilly", "ImageComments": "short axis"}),
        # As a word of its own.
        passes({"PatientName": "Wombat^Tilly", "ImageComments": "wombats tillys"}),
        fails({"PatientID": "7041385", "ImageComments": "no. 7041385"}, at=[COMMENTS]),
        passes({"PatientID": "7041385", "ImageComments": "no. 70413859"}),
        fails(
            {"PatientBirthDate": "19700203", "ImageComments": "3.2.1970 03.02.1970"}, at=[COMMENTS]
        ),
        fails(
            {
                "PatientName": PLANT,
                "ContentSequence": [{"ContentSequence": [{"TextValue": f"{PLANT}, prone"}]}],
            },
            at=["(0040,A730)/(0040,A730)/(0040,A160)"],
        ),
        # The name of somebody else is another rule's.
        passes({"ReferringPhysicianName": PLANT, "PatientID": "7041385", "ImageComments": PLANT}),
        # A code of the study, or nobody: there is nothing to look for.
        not_applicable({"PatientID": "sub-001", "StudyDescription": "sub-001"}),
        not_applicable({"PatientName": "ANON", "StudyDescription": "ANON"}),
        not_applicable({"PatientBirthDate": "19000101", "ImageComments": "19000101"}),
        CUT_SHORT,
    ),
    "DEID412": (
        passes({"ReferringPhysicianName": PLANT, "StudyDescription": "CT CHEST"}),
        fails({"OperatorsName": PLANT, "ImageComments": f"scanned by {PLANT}"}, at=[COMMENTS]),
        fails(
            private("LO", "Quagga General", InstitutionName="QUAGGA GENERAL"),
            at=[PRIVATE],
            says=("a private element repeats the institution of the same object",),
        ),
        passes({"InstitutionName": "General", "OperatorsName": PLANT, "ImageComments": "general"}),
        passes({"PatientName": PLANT, "ImageComments": PLANT}),
        not_applicable({"OperatorsName": "REMOVED", "ImageComments": "REMOVED"}),
        CUT_SHORT,
    ),
    "DEID413": (
        passes({"PatientName": PLANT}, path="case-1/1.dcm"),
        fails(
            {"PatientName": PLANT},
            at=[""],
            path=f"out/{PLANT}/1.dcm",
            says=("the path holds the patient's name",),
        ),
        fails({"PatientID": "7041385"}, at=[""], path="P7041385/IM_7041385.dcm"),
        passes({"PatientID": "7041385"}, path="70413859.dcm"),
        not_applicable({"PatientName": "ANON"}, path="ANON/1.dcm"),
        CUT_SHORT,
    ),
    "DEID414": (
        passes(instances=[{"path": "TCGA-02-0001/Head^Brain/1.dcm"}, {"path": "1.2.840.1/2.dcm"}]),
        passes(companions=[{"path": "README first.txt"}, {"path": "20030715_rev2.csv"}]),
        fails(
            instances=[{"path": f"{PLANT}/1.dcm"}, {"path": f"{PLANT}/2.dcm"}, {"path": "3.dcm"}],
            at=[""],
            says=("a path holds what looks like a person's name",),
        ),
        fails(companions=[{"path": "MRN_7041385.pdf"}], at=[""]),
        not_applicable(),
    ),
    "DEID452": (
        fails(
            companions=[{"kind": "pdf"}, {"kind": "office"}, {"kind": "csv"}],
            at=[""],
            says=("a document that was not looked into",),
        ),
        not_applicable(companions=[{"kind": "csv"}, {"kind": "png"}]),
    ),
    "DEID451": (
        passes(companions=[{"kind": "csv", "headings": ""}]),
        fails(
            companions=[
                {"kind": "csv", "headings": "name+birth date"},
                {"kind": "csv", "headings": "name"},
                {"kind": "pdf", "headings": None},
            ],
            at=[""],
            says=("a column for birth dates", "a column for names of persons"),
        ),
        not_evaluated(companions=[{"kind": "xls"}]),
        not_applicable(companions=[{"kind": "pdf"}]),
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


@pytest.mark.parametrize(
    ("character_set", "text"),
    [
        ("ISO_IR 100", "gesehen von Dr. Müller-Quagga"),
        ("ISO_IR 101", "seen by Dr. Čermák"),
        ("ISO_IR 192", "vu par Mme. Quéagga"),
        ("GB18030", "seen by Dr. Quagga"),
        (["", "ISO 2022 IR 87"], "seen by Dr. Quagga"),
    ],
)
def test_a_name_in_text_in_any_character_set(character_set: Any, text: str) -> None:
    dataset = {"SpecificCharacterSet": character_set, "ImageComments": text}
    assert passes(dataset).ask(get_rule("DEID401")).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("character_set", "text"),
    [
        ("ISO_IR 144", "пациент осмотрен"),
        ("ISO_IR 126", "εξέταση θώρακος"),
        ("ISO_IR 127", "فحص الصدر"),
        ("ISO_IR 138", "בדיקת חזה"),
        ("ISO_IR 166", "ตรวจทรวงอก"),
        ("GB18030", "胸部平扫"),
        (["", "ISO 2022 IR 87"], "胸部検査"),
        (["", "ISO 2022 IR 149"], "환자 검사"),
    ],
)
def test_a_script_in_any_character_set(character_set: Any, text: str) -> None:
    dataset = {"SpecificCharacterSet": character_set, "ImageComments": text}
    assert passes(dataset).ask(get_rule("DEID407")).outcome is Outcome.FAIL


def test_the_studys_own_name_in_another_script() -> None:
    dataset = {
        "SpecificCharacterSet": "ISO_IR 144",
        "PatientName": "Люксембург^Иван",
        "ImageComments": "иван люксембург",
    }
    assert passes(dataset).ask(get_rule("DEID411")).outcome is Outcome.FAIL


def test_each_slice_is_compared_with_its_own_values() -> None:
    """A run of unchanged elements is replayed, and must not bring another patient's verdict."""
    rule = get_rule("DEID411")
    for name, outcome in (("Quagga^Zelda", Outcome.FAIL), ("Badger^Tilly", Outcome.PASS)):
        dataset = {"PatientName": name, "ImageComments": "zelda quagga"}
        assert passes(dataset).ask(rule).outcome is outcome
