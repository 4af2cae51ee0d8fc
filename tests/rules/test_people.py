"""Rules of patients, dates and UIDs across a collection."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.registry import RuleSet
from auditor.testing import ask_collection
from tests.rules.cases import (
    CUT_SHORT,
    PLANT,
    Case,
    Cases,
    all_rules,
    each,
    fails,
    get_rule,
    not_applicable,
    not_evaluated,
    passes,
)

MODIFIED = "LongitudinalTemporalInformationModified"
YEAR = 365


def person(patient: int, **said: Any) -> dict[str, Any]:
    return {"PatientID": patient, MODIFIED: "", **said}


def shifted(patient: int, **said: Any) -> dict[str, Any]:
    return {"PatientID": patient, MODIFIED: "MODIFIED", "study": 1000, **said}


def examined(days: list[int], **said: Any) -> list[dict[str, Any]]:
    """Build rows of a patient each, examined on these days; day 0 is a Sunday."""
    return [shifted(number, **{"study": day, **said}) for number, day in enumerate(days)]


EMPTY = "nearly empty, as weekends are before dates are shifted"
WORKING = [7 * week + day for week in range(12) for day in (1, 2, 3, 4, 5)]


def cells(many: int, *alone: int) -> list[dict[str, Any]]:
    """Build rows of many patients of one age, sex and body part, and of some of other ages."""
    same = {"PatientSex": "F", "BodyPartExamined": "CHEST"}
    rows = [person(number, age=50 * 366 + number, **same) for number in range(many)]
    return rows + [
        person(1000 + number, age=years * 366, **same) for number, years in enumerate(alone)
    ]


def image(patient: int, **said: Any) -> dict[str, Any]:
    """Return a row of the table of instances: all are of one size and in one place."""
    return {
        "path": f"{patient}.dcm",
        "PatientID": patient,
        "SeriesInstanceUID": patient,
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
        "TransferSyntaxUID": "1.2.840.10008.1.2.1",
        "Rows": 16,
        "Columns": 16,
        **said,
    }


OTHERWISE = {
    "SOPClassUID": "1.2.840.10008.5.1.4.1.1.4",
    "TransferSyntaxUID": "1.2.840.10008.1.2",
    "Rows": 8,
    "Columns": 8,
    "NumberOfFrames": 2,
    "ImagePositionPatient": "0\\0\\5",
    "ImageOrientationPatient": "1\\0\\0\\0\\1\\0",
    "PixelSpacing": "1\\1",
    "SliceThickness": "5",
    "PatientID": 1,
}


def pixels(patient: int, known: int | None, reason: str = "") -> dict[str, Any]:
    """Return a row of the table of pixels."""
    return {"path": f"{patient}.dcm", "pixels": known, "reason": reason}


SERIES = {"SeriesInstanceUID": 1, "signature": "a"}
DEVICE, OTHER_DEVICE = "device|Siemens|own", "device|GE|own"
SOFTWARE, UNKNOWN = "software||", "unknown||"


def uids(*said: str) -> dict[str, Any]:
    """Build the tables of a collection of a series each, by what is said of its UID."""
    return {
        "instances": [
            {"SeriesInstanceUID": number, "signature": f"s{number}"} for number in range(len(said))
        ],
        "counted": [
            {"signature": f"s{number}", "summary": "uids", "said": each}
            for number, each in enumerate(said)
        ],
    }


SIEMENS = "1.3.12.2.1107.5.2.32.35119.20200314101112123.0.0.0"
CT = "1.2.840.10008.5.1.4.1.1.2"


def claimed(*codes: str, **said: Any) -> dict[str, Any]:
    items = [{"CodeValue": code, "CodingSchemeDesignator": "DCM"} for code in codes]
    return {
        "SOPClassUID": CT,
        "PatientIdentityRemoved": "YES",
        **({"DeidentificationMethodCodeSequence": items} if items else {}),
        **said,
    }


CASES: Cases = {
    "DEID501": (
        # Nobody knows which objects without a Patient ID are of one person.
        not_evaluated(people=[{"StudyInstanceUID": 1, "FrameOfReferenceUID": 1}]),
        passes(
            people=[
                person(1, FrameOfReferenceUID=1, StudyInstanceUID=1),
                person(1, FrameOfReferenceUID=1, StudyInstanceUID=2),
                person(2, FrameOfReferenceUID=2, StudyInstanceUID=3),
            ]
        ),
        fails(
            people=[
                person(1, FrameOfReferenceUID=1, StudyInstanceUID=1),
                person(2, FrameOfReferenceUID=1, StudyInstanceUID=2),
            ],
            at=["(0020,0052)"],
        ),
        # One study of two patients is another rule's.
        passes(
            people=[
                person(1, FrameOfReferenceUID=1, StudyInstanceUID=1),
                person(2, FrameOfReferenceUID=1, StudyInstanceUID=1),
            ]
        ),
        fails(
            people=[person(1, PatientName=7, birth=30), person(2, PatientName=7, birth=30)],
            at=["(0010,0010)"],
        ),
        # Two may have one name, or one birth date.
        passes(
            people=[
                person(1, PatientName=7, birth=30),
                person(2, PatientName=7, birth=31),
                person(3, PatientName=8, birth=30),
            ]
        ),
        fails(
            people=[
                person(1, PatientSex="F", birth=30, study=900),
                person(2, PatientSex="F", birth=30, study=900),
            ],
            at=["(0010,0030)"],
        ),
        passes(
            people=[
                person(1, PatientSex="F", birth=30, study=900),
                person(2, PatientSex="M", birth=30, study=900),
                person(3, PatientSex="F", birth=30, study=901),
            ]
        ),
        # Names alone, and what nobody says, cannot be compared.
        not_evaluated(people=[person(1, PatientName=7), person(2, PatientName=7)]),
        not_applicable(people=[]),
    ),
    "DEID502": (
        # Nobody knows which objects without a Patient ID are of one person.
        not_evaluated(people=[{"StudyInstanceUID": 1, "birth": 5}]),
        passes(
            people=[
                person(1, birth=0, age=40 * YEAR, study=40 * YEAR + 300),
                person(1, birth=0, age=42 * YEAR, study=42 * YEAR + 10),
            ]
        ),
        fails(people=[person(1, birth=1), person(1, birth=2)], at=["(0010,0030)"]),
        fails(
            people=[
                person(1, age=20 * YEAR, study=50 * YEAR),
                person(1, age=64 * YEAR, study=51 * YEAR),
            ],
            at=["(0010,1010)"],
        ),
        # 89 and more may stand for all above.
        passes(
            people=[
                person(1, birth=0, age=90 * YEAR, study=97 * YEAR),
                person(1, birth=0, age=90 * YEAR, study=91 * YEAR),
            ]
        ),
        fails(people=[person(1, birth=0, age=20 * YEAR, study=50 * YEAR)], at=["(0010,1010)"]),
        fails(people=[person(1, birth=500, study=400)], at=["(0010,0030)"]),
        fails(people=[person(1, birth=0, study=130 * 366)], at=["(0010,0030)"]),
        # Shifted dates are another rule's.
        not_evaluated(
            people=[
                shifted(1, age=20 * YEAR, study=50 * YEAR),
                shifted(1, age=64 * YEAR, study=51 * YEAR),
            ]
        ),
        not_evaluated(people=[person(1)]),
    ),
    "DEID503": (
        # Nobody knows which objects without a Patient ID are of one person.
        not_evaluated(people=[{**shifted(1, acquisition=1900), "PatientID": None}]),
        passes(
            people=[
                shifted(1, StudyInstanceUID=1, series=1000, acquisition=1001, age=40 * YEAR),
                shifted(1, StudyInstanceUID=2, study=2000, acquisition=2000, age=42 * YEAR),
            ]
        ),
        fails(
            people=[
                shifted(1, StudyInstanceUID=1, series=1000),
                shifted(1, StudyInstanceUID=1, study=1001, series=1001),
            ],
            at=["(0008,0020)"],
        ),
        fails(people=[shifted(1, acquisition=1200)], at=["(0008,0022)"]),
        fails(people=[shifted(1, series=900)], at=["(0008,0021)"]),
        # What is derived from images is made when it is made.
        passes(people=[shifted(1, series=3000)]),
        fails(
            people=[
                shifted(1, StudyInstanceUID=1, age=40 * YEAR),
                shifted(1, StudyInstanceUID=2, study=5000, age=40 * YEAR),
            ],
            at=["(0008,0020)"],
        ),
        fails(people=[shifted(1, birth=2000)], at=["(0010,0030)"]),
        fails(people=[shifted(1, birth=0, age=40 * YEAR)], at=["(0010,0030)"]),
        not_evaluated(people=[shifted(1)]),
        not_applicable(people=[person(1, study=1000, acquisition=1200)]),
    ),
    "DEID504": (
        # Nobody knows which objects without a Patient ID are of one person.
        not_evaluated(people=[{**each, "PatientID": None} for each in examined(WORKING)]),
        passes(people=examined([11 * number for number in range(60)])),
        fails(
            people=examined(WORKING),
            at=["(0008,0020)"],
            says=[f"Saturdays and Sundays are {EMPTY}"],
        ),
        fails(
            people=examined([day + 2 for day in WORKING]),
            at=["(0008,0020)"],
            says=[f"two other days of the week are {EMPTY}"],
        ),
        not_evaluated(people=examined(WORKING[:30])),
        not_applicable(people=examined(WORKING, **{MODIFIED: "UNMODIFIED"})),
    ),
    "DEID505": (
        passes(**uids(SOFTWARE, SOFTWARE)),
        fails(**uids(DEVICE), at=["(0020,000E)"], says=["under a device's root"]),
        fails(
            **uids(DEVICE, SOFTWARE),
            at=["(0020,000E)"],
            says=["under a device's root, and other series have new UIDs"],
        ),
        fails(
            **uids(DEVICE, OTHER_DEVICE),
            at=["(0020,000E)"],
            says=2 * ["under a device's root, of several manufacturers each"],
        ),
        not_evaluated(**uids(UNKNOWN)),
        not_applicable(instances=[SERIES]),
        not_applicable(
            instances=[SERIES], counted=[{"signature": "a", "summary": "else", "said": DEVICE}]
        ),
    ),
    "DEID506": (
        # Full dates, UIDs and the device are all kept, and it says so.
        passes(
            claimed(
                "113100", "113106", "113109", "113110",
                SeriesInstanceUID=SIEMENS, StudyDate="20200314", DeviceSerialNumber="35119",
            )
        ),
        fails(
            claimed("113100", SeriesInstanceUID="1.2.35119.1", DeviceSerialNumber="035119"),
            at=["(0020,000E)"],
            says=["holds the serial number of the device"],
        ),
        fails(
            claimed("113110", "113107", StudyInstanceUID=SIEMENS, StudyDate="20200314"),
            at=["(0020,000D)"],
            says=["holds a date of the object, and full dates are not claimed to be kept"],
        ),
        fails(
            claimed("113110", "113107", FrameOfReferenceUID=SIEMENS, AcquisitionDate="20190314"),
            at=["(0020,0052)"],
            says=["holds another date than the object, and tells by how much dates were shifted"],
        ),
        fails(
            claimed(SeriesInstanceUID=SIEMENS, StudyDate=""),
            at=["(0020,000E)"],
            says=["holds a date, and the object has none any more"],
        ),
        # A short number, or eight digits in a UID that no device made, may be chance.
        not_applicable(
            claimed("113100", SeriesInstanceUID="1.2.3511.1", DeviceSerialNumber="3511")
        ),
        not_applicable(
            claimed("113100", SeriesInstanceUID="2.25.20200314123456", StudyDate="20190314")
        ),
        not_applicable({"SOPClassUID": CT, "SeriesInstanceUID": SIEMENS, "StudyDate": "20200314"}),
        not_applicable(claimed("113100", PatientName=PLANT, DeviceSerialNumber=PLANT)),
        CUT_SHORT,
    ),
    "DEID507": (
        # Nobody knows which objects without a Patient ID are of one person.
        not_evaluated(
            people=[
                {**each, "PatientID": None, "StudyInstanceUID": number}
                for number, each in enumerate(cells(24))
            ]
        ),
        passes(people=cells(24)),
        fails(
            people=cells(24, 93),
            at=["(0010,1010)"],
            says=["alone with this age, sex and body part"],
        ),
        fails(
            people=cells(24, 93, 93, 20),
            at=["(0010,1010)"],
            says=[
                "alone with this age, sex and body part",
                "one of fewer than 5 with this age, sex and body part",
            ],
        ),
        # An age may follow from dates.
        fails(
            people=[*cells(24), person(99, PatientSex="M", birth=0, study=9000)],
            at=["(0010,1010)"],
        ),
        not_evaluated(people=[person(number) for number in range(24)]),
        not_applicable(people=cells(3, 20)),
    ),
    "DEID508": (
        # Which of them are of one person nobody knows; images of one study are.
        not_evaluated(
            instances=[
                image(1, PatientID=None, StudyInstanceUID=1),
                image(2, PatientID=None, StudyInstanceUID=2),
            ]
        ),
        not_applicable(
            instances=[image(1, PatientID=None, StudyInstanceUID=1), image(2, StudyInstanceUID=1)]
        ),
        passes(instances=[image(1), image(2)], pixels=[pixels(1, 7), pixels(2, 8)]),
        # One patient may have one image twice.
        passes(
            instances=[image(1), image(2), image(3, PatientID=1)],
            pixels=[pixels(1, 7), pixels(2, 8), pixels(3, 7)],
        ),
        fails(
            instances=[image(1), image(2), image(3)],
            pixels=[pixels(1, 7), pixels(2, 7), pixels(3, 8)],
            at=["(0010,0020)"],
            says=["images that are byte for byte the same under two Patient IDs"],
        ),
        not_evaluated(instances=[image(1), image(2)]),
        not_evaluated(
            instances=[image(1), image(2)], pixels=[pixels(1, 7), pixels(2, None, "broken")]
        ),
        # One of them was not read.
        not_evaluated(instances=[image(1), image(2)], pixels=[pixels(1, 7)]),
        # An empty image is like any other.
        not_applicable(
            instances=[image(1), image(2)], pixels=[pixels(1, None), pixels(2, None)]
        ),
        *(
            not_applicable(instances=[image(1), image(2, **{keyword: other})])
            for keyword, other in OTHERWISE.items()
        ),
        not_applicable(instances=[image(1), image(2, status="partial")]),
        not_applicable(instances=[image(1), image(2, PatientID=None)]),
    ),
}  # fmt: skip


@each(CASES)
def test_it_says_what_it_must(rule_id: str, case: Case) -> None:
    case.check(rule_id)


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return all_rules()


def test_a_patient_in_two_findings_fails_once(rules: RuleSet) -> None:
    people = [
        person(1, birth=1, age=20 * YEAR, study=50 * YEAR, path="a"),
        person(1, birth=2, age=20 * YEAR, study=50 * YEAR, path="b"),
        person(2, birth=1, path="c"),
    ]
    said = ask_collection(rules, "DEID502", people=people)
    assert len(said.findings) == 2
    assert said.counts == (1, 1)


def test_many_days_are_no_number_too_large() -> None:
    days = [7 * week + day for week in range(4000) for day in (1, 2, 3, 4, 5)]
    fails(people=examined(days), at=["(0008,0020)"]).check("DEID504")
    passes(people=examined(list(range(20_000)))).check("DEID504")


@pytest.mark.parametrize("rule_id", ["DEID501", "DEID502"])
def test_what_has_no_patient_id_is_not_evaluated_beside_what_has_one(rule_id: str) -> None:
    said = {"FrameOfReferenceUID": 1, "birth": 5}
    people = [person(1, **said), said, {**said, "StudyInstanceUID": 2}]
    assert passes(people=people).ask(get_rule(rule_id)).units == (1, 2)


@pytest.mark.parametrize("rule_id", sorted(CASES))
def test_they_are_of_the_family_of_de_identification(rule_id: str) -> None:
    assert get_rule(rule_id).category == "deidentification"
