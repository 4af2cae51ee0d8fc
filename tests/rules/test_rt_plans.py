"""Rules of plans and treatment records."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.standard.sop_classes import (
    RT_DOSE,
    RT_IMAGE,
    RT_ION_PLAN,
    RT_PLAN,
    RT_STRUCTURE_SET,
)
from tests.rules.cases import (
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

RT_RECORD = "1.2.840.10008.5.1.4.1.1.481.4"
ION_RECORD = "1.2.840.10008.5.1.4.1.1.481.9"

GROUP, BEAM, SETUP = "(300A,0070)", "(300A,00B0)", "(300A,0230)"
ION_BEAM = "(300A,03A2)"


def plan(**changed: Any) -> dict[str, Any]:
    """Build a plan of two beams in one fraction group, with all that refers to each other."""
    made: dict[str, Any] = {
        "SOPClassUID": RT_PLAN,
        "RTPlanLabel": PLANT,
        "RTPlanGeometry": "PATIENT",
        "DoseReferenceSequence": [{"DoseReferenceNumber": 1}],
        "FractionGroupSequence": [group(1, 2)],
        "PatientSetupSequence": [{"PatientSetupNumber": 1}],
        "ToleranceTableSequence": [{"ToleranceTableNumber": 1}],
        "BeamSequence": [beam(1), beam(2)],
        "ReferencedStructureSetSequence": [refers(RT_STRUCTURE_SET)],
    }
    return {name: value for name, value in {**made, **changed}.items() if value is not None}


def group(*beams: int, **changed: Any) -> dict[str, Any]:
    return {
        "FractionGroupNumber": 1,
        "NumberOfBeams": len(beams),
        "ReferencedBeamSequence": [{"ReferencedBeamNumber": number} for number in beams],
        "ReferencedDoseReferenceSequence": [{"ReferencedDoseReferenceNumber": 1}],
        "NumberOfBrachyApplicationSetups": 0,
        **changed,
    }


def beam(number: int, weights: tuple[Any, ...] = (0, 0.5, 1), **changed: Any) -> dict[str, Any]:
    return {
        "BeamNumber": number,
        "BeamName": PLANT,
        "FinalCumulativeMetersetWeight": 1,
        "NumberOfControlPoints": len(weights),
        "ControlPointSequence": [
            {"ControlPointIndex": at, "CumulativeMetersetWeight": weight}
            for at, weight in enumerate(weights)
        ],
        "ReferencedPatientSetupNumber": 1,
        "ReferencedToleranceTableNumber": 1,
        **changed,
    }


def points(*indices: Any) -> list[dict[str, Any]]:
    """Build control points of these indices."""
    return [{"ControlPointIndex": index, "CumulativeMetersetWeight": 0} for index in indices]


def ion_plan(*weights: Any) -> dict[str, Any]:
    """Build a plan of one ion beam."""
    made = beam(1, weights)
    made["IonControlPointSequence"] = made.pop("ControlPointSequence")
    return plan(SOPClassUID=RT_ION_PLAN, BeamSequence=None, IonBeamSequence=[made])


def brachy(*weights: Any, source: int = 1) -> dict[str, Any]:
    """Build a plan of one channel of one brachytherapy setup."""
    channel = {
        "ChannelNumber": 1,
        "FinalCumulativeTimeWeight": 1,
        "NumberOfControlPoints": len(weights),
        "ReferencedSourceNumber": source,
        "BrachyControlPointSequence": [
            {"ControlPointIndex": at, "CumulativeTimeWeight": weight}
            for at, weight in enumerate(weights)
        ],
    }
    setup = {"ApplicationSetupNumber": 1, "ChannelSequence": [channel]}
    groups = group(
        NumberOfBrachyApplicationSetups=1,
        ReferencedBrachyApplicationSetupSequence=[{"ReferencedBrachyApplicationSetupNumber": 1}],
    )
    return plan(
        BeamSequence=None,
        FractionGroupSequence=[groups],
        SourceSequence=[{"SourceNumber": 1}],
        ApplicationSetupSequence=[setup],
    )


def limited(**changed: Any) -> dict[str, Any]:
    """Build a plan of two beams, of jaws and three pairs of leaves, with two control points."""
    given = {
        "NumberOfLeafJawPairs": 3,
        "LeafPositionBoundaries": [-30, -10, 10, 30],
        "LeafJawPositions": [-5, -9, -5, 5, 9, "4.9"],
        **changed,
    }
    jaws = {"RTBeamLimitingDeviceType": "ASYMX", "NumberOfLeafJawPairs": 1}
    mlc = {"RTBeamLimitingDeviceType": "MLCX"}
    one = beam(1)
    one["BeamLimitingDeviceSequence"] = [
        jaws,
        mlc
        | {
            name: given[name]
            for name in ("NumberOfLeafJawPairs", "LeafPositionBoundaries")
            if given[name] is not None
        },
    ]
    first, *others = one["ControlPointSequence"]
    one["ControlPointSequence"] = [
        first
        | {
            "BeamLimitingDevicePositionSequence": [
                {"RTBeamLimitingDeviceType": "ASYMX", "LeafJawPositions": given.get("jaws", [0, 9])}
            ]
        },
        *(
            other
            | {
                "BeamLimitingDevicePositionSequence": [
                    mlc | {"LeafJawPositions": given["LeafJawPositions"]}
                ]
            }
            for other in others
        ),
    ]
    return plan(BeamSequence=[one, beam(2)])


def ion_limited(pairs: int) -> dict[str, Any]:
    """Build an ion plan of a beam of jaws."""
    literal = ion_plan(0, 1)
    (one,) = literal["IonBeamSequence"]
    jaws = {"RTBeamLimitingDeviceType": "X"}
    one["IonBeamLimitingDeviceSequence"] = [jaws | {"NumberOfLeafJawPairs": pairs}]
    one["IonControlPointSequence"][0]["BeamLimitingDevicePositionSequence"] = [
        jaws | {"LeafJawPositions": [-5, 5]}
    ]
    return literal


def delivered(*positions: float) -> dict[str, Any]:
    """Build the record of a beam of jaws."""
    literal = record(0, 1)
    (one,) = literal["TreatmentSessionBeamSequence"]
    jaws = {"RTBeamLimitingDeviceType": "X"}
    one["BeamLimitingDeviceLeafPairsSequence"] = [jaws | {"NumberOfLeafJawPairs": 1}]
    one["ControlPointDeliverySequence"][0]["BeamLimitingDevicePositionSequence"] = [
        jaws | {"LeafJawPositions": list(positions)}
    ]
    return literal


def refers(sop_class: str) -> dict[str, Any]:
    return {"ReferencedSOPClassUID": sop_class, "ReferencedSOPInstanceUID": "2.25.3"}


def record(
    *metersets: float,
    measured: tuple[int, ...] = (1,),
    refers_to: int = 1,
    count: int | None = None,
) -> dict[str, Any]:
    """Build the record of one beam."""
    session = {
        "NumberOfControlPoints": len(metersets) if count is None else count,
        "ReferencedMeasuredDoseReferenceSequence": [
            {"ReferencedMeasuredDoseReferenceNumber": refers_to}
        ],
        "ControlPointDeliverySequence": [{"DeliveredMeterset": each} for each in metersets],
    }
    return {
        "SOPClassUID": RT_RECORD,
        "MeasuredDoseReferenceSequence": [
            {"MeasuredDoseReferenceNumber": number} for number in measured
        ],
        "TreatmentSessionBeamSequence": [session],
    }


def ion_record(*metersets: float) -> dict[str, Any]:
    made = record(*metersets)
    (session,) = made.pop("TreatmentSessionBeamSequence")
    session["IonControlPointDeliverySequence"] = session.pop("ControlPointDeliverySequence")
    return {**made, "SOPClassUID": ION_RECORD, "TreatmentSessionIonBeamSequence": [session]}


def reviewed(status: str | None, *names: str, **changed: Any) -> dict[str, Any]:
    """Build what is said of a review."""
    said = {"ReviewDate": "20010412", "ReviewTime": "101500", "ReviewerName": PLANT}
    made: dict[str, Any] = {name: said[name] for name in names} | changed
    made["SOPClassUID"] = RT_PLAN
    return made if status is None else {**made, "ApprovalStatus": status}


ALL = ("ReviewDate", "ReviewTime", "ReviewerName")

cut_short = not_evaluated({"SOPClassUID": RT_PLAN}, file={"complete": "header"})
empty_plan = not_applicable({"SOPClassUID": RT_PLAN})
a_dose = not_applicable({**plan(), "SOPClassUID": RT_DOSE})

BOUNDARIES = f"{BEAM}/(300A,00B6)/(300A,00BE)"
POSITIONS = f"{BEAM}/(300A,0111)/(300A,011A)/(300A,011C)"
COUNTED_WRONG = ("not two positions for each pair of leaves or jaws",)

CASES: Cases = {
    "RT210": (
        passes(limited()),
        passes(ion_limited(1)),
        passes(delivered(-5, 5)),
        # Closed leaves may overlap by what is rounded.
        passes(limited(LeafJawPositions=[-5, 9, -5, 5, "8.5", 5])),
        # What is no number, and a count that is missing, are their VR's and their IOD's matter.
        passes(limited(NumberOfLeafJawPairs=None)),
        passes(limited(NumberOfLeafJawPairs=[3, 3])),
        passes(limited(LeafPositionBoundaries=None, LeafJawPositions=["nan"] * 6)),
        passes(limited(LeafJawPositions="")),
        fails(
            limited(LeafJawPositions=[-5, -9, 5, 9]),
            at=[POSITIONS],
            says=COUNTED_WRONG,
        ),
        fails(
            limited(NumberOfLeafJawPairs=2),
            at=[BOUNDARIES, POSITIONS],
            says=("not one boundary more than pairs of leaves", *COUNTED_WRONG),
        ),
        fails(limited(LeafPositionBoundaries=[-30, -10, 10]), at=[BOUNDARIES]),
        fails(
            limited(jaws=[70, 9]),
            at=[POSITIONS],
            says=("a leaf or jaw lies beyond its opposite",),
        ),
        fails(ion_limited(2), at=[f"{ION_BEAM}/(300A,03A8)/(300A,011A)/(300A,011C)"]),
        fails(delivered(-5, 5, 6), at=["(3008,0020)/(3008,0040)/(300A,011A)/(300A,011C)"]),
        not_applicable(plan()),
        not_applicable({**limited(), "SOPClassUID": RT_DOSE}),
        not_evaluated(limited(), file={"complete": "header"}),
    ),
    "RT201": (
        passes(plan()),
        passes(brachy(0, 1)),
        fails(plan(BeamSequence=[beam(1), beam(1)]), at=[f"{BEAM}/(300A,00C0)"]),
        # One number may be written in several ways.
        fails(plan(BeamSequence=[beam(1), {"BeamNumber": "01"}]), at=[f"{BEAM}/(300A,00C0)"]),
        fails(plan(FractionGroupSequence=[group(), group()]), at=[f"{GROUP}/(300A,0071)"]),
        fails(
            plan(DoseReferenceSequence=[{"DoseReferenceNumber": 1}] * 2),
            at=["(300A,0010)/(300A,0012)"],
        ),
        passes(plan(BeamSequence=[{"BeamName": PLANT}] * 2)),
        empty_plan,
        a_dose,
        cut_short,
    ),
    "RT202": (
        passes(plan()),
        passes(brachy(0, 1)),
        passes(ion_plan(0, 1) | {"FractionGroupSequence": [group(1)]}),
        fails(plan(FractionGroupSequence=[group(1, 7)]), at=[f"{GROUP}/(300C,0004)/(300C,0006)"]),
        fails(ion_plan(0, 1), at=[f"{GROUP}/(300C,0004)/(300C,0006)"]),
        fails(plan(DoseReferenceSequence=None), at=[f"{GROUP}/(300C,0050)/(300C,0051)"]),
        fails(plan(PatientSetupSequence=None), at=[f"{BEAM}/(300C,006A)"]),
        fails(plan(ToleranceTableSequence=None), at=[f"{BEAM}/(300C,00A0)"]),
        fails(brachy(0, 1, source=2), at=[f"{SETUP}/(300A,0280)/(300C,000E)"]),
        fails(
            brachy(0, 1) | {"ApplicationSetupSequence": [{"ApplicationSetupNumber": 2}]},
            at=[f"{GROUP}/(300C,000A)/(300C,000C)"],
        ),
        not_applicable({"SOPClassUID": RT_PLAN, "BeamSequence": [{"BeamNumber": 1}]}),
        a_dose,
        cut_short,
    ),
    "RT203": (
        passes(plan()),
        passes(brachy(0, 1)),
        passes(ion_plan(0, 1)),
        passes(record(0, 1)),
        passes(ion_record(0, 1)),
        fails(
            plan(FractionGroupSequence=[group(1, 2, NumberOfBeams=3)]), at=[f"{GROUP}/(300A,0080)"]
        ),
        fails(
            plan(BeamSequence=[beam(1), beam(2, NumberOfControlPoints=2)]),
            at=[f"{BEAM}/(300A,0110)"],
        ),
        fails(
            ion_plan(0, 1) | {"IonBeamSequence": [{"NumberOfControlPoints": 2}]},
            at=[f"{ION_BEAM}/(300A,0110)"],
        ),
        fails(record(0, 1, count=3), at=["(3008,0020)/(300A,0110)"]),
        fails(
            plan(BeamSequence=[beam(1, (0, 1), ControlPointSequence=points(1, 2))]),
            at=[f"{BEAM}/(300A,0111)/(300A,0112)"],
            says=("control points are not numbered 0, 1, 2 and so on",),
        ),
        fails(
            plan(BeamSequence=[beam(1, (0, 1), ControlPointSequence=points(0, 0))]),
            at=[f"{BEAM}/(300A,0111)/(300A,0112)"],
        ),
        fails(
            plan(BeamSequence=[beam(1, (0, 0.5, 1), ControlPointSequence=points(0, 2, 1))]),
            at=[f"{BEAM}/(300A,0111)/(300A,0112)"],
        ),
        passes(plan(FractionGroupSequence=[group(1, 2, NumberOfFractionsPlanned=0)])),
        fails(
            plan(FractionGroupSequence=[group(1, 2, NumberOfFractionsPlanned=-3)]),
            at=[f"{GROUP}/(300A,0078)"],
            says=("less than no fractions",),
        ),
        # What has no value is not numbered otherwise.
        passes(plan(BeamSequence=[beam(1, (0, 1), ControlPointSequence=points(0, ""))])),
        # A count that is missing is its IOD's matter.
        passes(plan(FractionGroupSequence=[{"FractionGroupNumber": 1}])),
        empty_plan,
        a_dose,
        cut_short,
    ),
    "RT204": (
        passes(plan()),
        passes(brachy(0, 0.25, 1)),
        passes(ion_plan(0, 1)),
        # A segment in which nothing is given; rounding; what is left empty.
        passes(plan(BeamSequence=[beam(1, (0, 0.3, 0.3, 0.9999))])),
        passes(plan(BeamSequence=[beam(1, (0, "", 1))])),
        passes(plan(BeamSequence=[beam(1, FinalCumulativeMetersetWeight=None), beam(2)])),
        fails(
            plan(BeamSequence=[beam(1, (0.1, 1))]),
            at=[f"{BEAM}/(300A,0111)/(300A,0134)"],
            says=("the first weight is not zero",),
        ),
        fails(
            plan(BeamSequence=[beam(1, (0, 0.6, 0.5, 1))]),
            at=[f"{BEAM}/(300A,0111)/(300A,0134)"],
            says=("a weight is less than the one before",),
        ),
        fails(plan(BeamSequence=[beam(1, (0, 0.97))]), at=[f"{BEAM}/(300A,010E)"]),
        fails(ion_plan(0, 2), at=[f"{ION_BEAM}/(300A,010E)"]),
        fails(brachy(0, 2), at=[f"{SETUP}/(300A,0280)/(300A,02C8)"]),
        not_applicable(plan(BeamSequence=[beam(1, ())])),
        a_dose,
        cut_short,
    ),
    "RT205": (
        passes(plan()),
        passes(plan(RTPlanGeometry="TREATMENT_DEVICE", ReferencedStructureSetSequence=None)),
        fails(plan(ReferencedStructureSetSequence=None), at=["(300C,0060)"]),
        fails(plan(ReferencedStructureSetSequence=[{}]), at=["(300C,0060)"]),
        fails(plan(RTPlanGeometry=None), at=["(300A,000C)"]),
        fails(plan(RTPlanGeometry="ROOM"), at=["(300A,000C)"], says=("no legal RT Plan Geometry",)),
        a_dose,
        cut_short,
    ),
    "RT206": (
        passes(plan()),
        fails(plan(FractionGroupSequence=[group(1)]), at=[BEAM]),
        fails(ion_plan(0, 1) | {"FractionGroupSequence": [group()]}, at=[ION_BEAM]),
        # A field for setting up is in no fraction group.
        passes(
            plan(
                FractionGroupSequence=[group(1)],
                BeamSequence=[beam(1), beam(2, TreatmentDeliveryType="SETUP")],
            )
        ),
        not_applicable(plan(BeamSequence=None)),
        not_applicable(plan(FractionGroupSequence=None)),
        cut_short,
    ),
    "RT207": (
        passes(reviewed("APPROVED", *ALL)),
        passes(reviewed("UNAPPROVED")),
        # What was taken out leaves the attribute empty.
        passes(reviewed("REJECTED", "ReviewDate", "ReviewTime", ReviewerName="")),
        passes(reviewed("UNAPPROVED", ReviewerName="")),
        fails(reviewed("APPROVED", "ReviewDate", "ReviewTime"), at=["(300E,0008)"]),
        fails(reviewed("REJECTED"), at=["(300E,0004)", "(300E,0005)", "(300E,0008)"]),
        fails(reviewed("UNAPPROVED", "ReviewerName"), at=["(300E,0008)"]),
        fails(reviewed("YES"), at=["(300E,0002)"], says=("not a legal approval status",)),
        fails(reviewed(None, *ALL), at=["(300E,0002)"], says=("the approval status is missing",)),
        fails({**reviewed("OK"), "SOPClassUID": RT_STRUCTURE_SET}, at=["(300E,0002)"]),
        fails({**reviewed("OK"), "SOPClassUID": RT_IMAGE}, at=["(300E,0002)"]),
        not_applicable({"SOPClassUID": RT_PLAN}),
        not_applicable({**reviewed("OK"), "SOPClassUID": RT_DOSE}),
        not_evaluated(reviewed("OK"), file={"complete": "header"}),
    ),
    "RT208": (
        passes(plan()),
        passes({"SOPClassUID": RT_DOSE, "ReferencedRTPlanSequence": [refers(RT_ION_PLAN)]}),
        passes({"SOPClassUID": RT_DOSE, "ReferencedRTPlanSequence": [{}]}),
        fails(
            {"SOPClassUID": RT_DOSE, "ReferencedRTPlanSequence": [refers(RT_STRUCTURE_SET)]},
            at=["(300C,0002)/(0008,1150)"],
        ),
        fails(
            plan(ReferencedStructureSetSequence=[refers(RT_PLAN)]),
            at=["(300C,0060)/(0008,1150)"],
        ),
        fails(
            plan(FractionGroupSequence=[group(1, 2, ReferencedDoseSequence=[refers(RT_PLAN)])]),
            at=[f"{GROUP}/(300C,0080)/(0008,1150)"],
        ),
        fails(
            {"SOPClassUID": RT_RECORD, "ReferencedTreatmentRecordSequence": [refers(RT_DOSE)]},
            at=["(3008,0030)/(0008,1150)"],
        ),
        not_applicable({"SOPClassUID": RT_DOSE}),
        cut_short,
    ),
    "RT209": (
        passes(record(0, 5, 5, 9)),
        passes(ion_record(0, 9)),
        fails(record(0, 9, refers_to=2), at=["(3008,0020)/(3008,0080)/(3008,0082)"]),
        fails(record(0, 9, 5), at=["(3008,0020)/(3008,0040)/(3008,0044)"]),
        fails(ion_record(9, 5), at=["(3008,0021)/(3008,0041)/(3008,0044)"]),
        fails(
            {
                "SOPClassUID": RT_RECORD,
                "CalculatedDoseReferenceSequence": [{"CalculatedDoseReferenceNumber": 1}],
                "TreatmentSessionBeamSequence": [
                    {
                        "ReferencedCalculatedDoseReferenceSequence": [
                            {"ReferencedCalculatedDoseReferenceNumber": 3}
                        ]
                    }
                ],
            },
            at=["(3008,0020)/(3008,0090)/(3008,0092)"],
        ),
        not_applicable({"SOPClassUID": RT_RECORD}),
        not_applicable({**record(0, 9, 5), "SOPClassUID": RT_PLAN}),
        not_evaluated(record(0, 9), file={"complete": "header"}),
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


@pytest.mark.parametrize("word", ["x", " ", "1e999", "nan", "-"])
@pytest.mark.parametrize("rule_id", ["RT201", "RT202", "RT203", "RT204", "RT206"])
def test_what_is_no_number_is_survived(rule_id: str, word: str) -> None:
    points = [{(0x300A, 0x0134): ("LO", word)}] * 2
    beams = [
        {(0x300A, 0x00C0): ("LO", word), (0x300A, 0x010E): ("LO", word)}
        | {"ControlPointSequence": points}
    ]
    groups = [
        {(0x300A, 0x0080): ("LO", word), "ReferencedBeamSequence": [{"ReferencedBeamNumber": 1}]}
    ]
    odd = plan(FractionGroupSequence=groups, BeamSequence=beams)
    assert passes(odd).ask(get_rule(rule_id)).outcome != "error"
