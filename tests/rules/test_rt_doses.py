"""Rules of dose grids, RT images, and the chain from dose to structure set."""

from __future__ import annotations

from typing import Any

from auditor.standard.sop_classes import RT_DOSE, RT_IMAGE, RT_PLAN, RT_STRUCTURE_SET
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

PLANS, GROUPS = "(300C,0002)", "(300C,0002)/(300C,0020)"
OFFSETS, POINTER = "(3004,000C)", "(0028,0009)"


def dose(**changed: Any) -> dict[str, Any]:
    """Build the dose of a plan, of three planes."""
    made: dict[str, Any] = {
        "SOPClassUID": RT_DOSE,
        "DoseUnits": "GY",
        "DoseType": "PHYSICAL",
        "DoseSummationType": "PLAN",
        "DoseComment": PLANT,
        "DoseGridScaling": "0.001",
        "GridFrameOffsetVector": [0, 2.5, 5],
        "FrameIncrementPointer": 0x3004000C,
        "NumberOfFrames": 3,
        "ImagePositionPatient": [-20, -20, 100],
        "Rows": 8,
        "Columns": 8,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 32,
        "PixelRepresentation": 0,
        "ReferencedRTPlanSequence": [planned()],
    }
    return {name: value for name, value in {**made, **changed}.items() if value is not None}


def planned(*groups: dict[str, Any]) -> dict[str, Any]:
    return {
        "ReferencedSOPInstanceUID": "2.25.3",
        "ReferencedFractionGroupSequence": list(groups),
    }


GROUP = {"ReferencedFractionGroupNumber": 1}
OF_BEAM = {**GROUP, "ReferencedBeamSequence": [{"ReferencedBeamNumber": 1}]}
OF_SETUP = {
    **GROUP,
    "ReferencedBrachyApplicationSetupSequence": [{"ReferencedBrachyApplicationSetupNumber": 1}],
}


def of(kind: str, *plans: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return dose(DoseSummationType=kind, ReferencedRTPlanSequence=list(plans), **changed)


def image(**changed: Any) -> dict[str, Any]:
    """Build a portal image of a beam."""
    made: dict[str, Any] = {
        "SOPClassUID": RT_IMAGE,
        "ImageType": ["ORIGINAL", "PRIMARY", "PORTAL"],
        "ReportedValuesOrigin": "ACTUAL",
        "RTImageLabel": PLANT,
        "RTImagePlane": "NORMAL",
        "ImagePlanePixelSpacing": [0.4, 0.4],
        "RTImageSID": 1500,
        "RadiationMachineSAD": 1000,
        "ReferencedRTPlanSequence": [planned()],
        "ReferencedBeamNumber": 1,
    }
    return {name: value for name, value in {**made, **changed}.items() if value is not None}


def row(kind: str, instance: int, **changed: Any) -> dict[str, Any]:
    return {
        "path": f"{instance}.dcm",
        "SOPInstanceUID": instance,
        "SOPClassUID": kind,
        "SeriesInstanceUID": instance,
        "StudyInstanceUID": 1,
        "FrameOfReferenceUID": None,
        **changed,
    }


DOSE = row(RT_DOSE, 1, FrameOfReferenceUID=7)
PLAN = row(RT_PLAN, 2)
STRUCTURES = row(RT_STRUCTURE_SET, 3)


def link(start: int, end: int | None, place: str, **changed: Any) -> dict[str, Any]:
    return {
        "path": f"{start}.dcm",
        "tag_path": place,
        "ReferencedSOPInstanceUID": end,
        **changed,
    }


def listing(frame: int) -> dict[str, Any]:
    """Return a reference by which a structure set lists a frame of reference."""
    place = "(3006,0010)/(3006,0012)/(3006,0014)/(3006,0016)"
    return link(3, 9, place, SOPClassUID=RT_STRUCTURE_SET, FrameOfReferenceUID=frame)


TO_PLAN, TO_STRUCTURES = link(1, 2, PLANS), link(2, 3, "(300C,0060)")

OF_DOSE = f"{GROUPS}/(300C,0004)/(300C,0006)"
OF_DVH = "(3004,0050)/(3004,0060)/(3006,0084)"
TO_AN_ROI = "(300A,0010)/(3006,0084)"


def used(
    path: int, number: int, keyword: str = "ReferencedBeamNumber", place: str = OF_DOSE
) -> dict[str, Any]:
    """Return a number by which an object refers to a part of another."""
    return {"path": f"{path}.dcm", "tag_path": place, "keyword": keyword, "number": number}


def has(path: int, number: int, keyword: str = "BeamNumber") -> dict[str, Any]:
    """Return the number of a part of an object."""
    return used(path, number, keyword, "(300A,00B0)/(300A,00C0)")


cut_short = not_evaluated({"SOPClassUID": RT_DOSE}, file={"complete": "header"})
a_plan = not_applicable({**dose(), "SOPClassUID": RT_PLAN})
no_grid = not_applicable(dose(Rows=None))

CASES: Cases = {
    "RT301": (
        passes(dose()),
        passes(dose(DoseUnits="RELATIVE")),
        fails(dose(DoseUnits="CGY"), at=["(3004,0002)"], says=("not a legal unit of dose",)),
        fails(dose(DoseUnits=None), at=["(3004,0002)"], says=("the unit of dose is missing",)),
        a_plan,
        cut_short,
    ),
    "RT302": (
        passes(dose()),
        fails(dose(DoseType=None), at=["(3004,0004)"], says=("missing",)),
        fails(
            dose(DoseSummationType="TOTAL"), at=["(3004,000A)"], says=("no term of the standard",)
        ),
        # What a histogram lacks tells RT307.
        passes(dose(DVHSequence=[{"DoseType": "EFFECTIVE", "DVHVolumeUnits": "PER_U"}, {}])),
        fails(
            dose(DVHSequence=[{"DoseType": "BIOLOGICAL", "DVHVolumeUnits": "CC"}]),
            at=["(3004,0050)/(3004,0004)", "(3004,0050)/(3004,0054)"],
            says=("no term of the standard", "no term of the standard"),
        ),
        a_plan,
        cut_short,
    ),
    "RT303": (
        passes(dose()),
        fails(dose(DoseGridScaling=None), at=["(3004,000E)"]),
        fails({**dose(DoseGridScaling=None), (0x3004, 0x000E): ("LO", "x")}, at=["(3004,000E)"]),
        fails(dose(DoseGridScaling="nan"), at=["(3004,000E)"]),
        fails(
            dose(DoseGridScaling="0"),
            at=["(3004,000E)"],
            says=("the scaling is not above zero",),
        ),
        no_grid,
        a_plan,
        cut_short,
    ),
    "RT304": (
        passes(dose()),
        passes(dose(GridFrameOffsetVector=[0, -2.5, -5])),
        # Of axial planes, the offsets may be the positions themselves.
        passes(dose(GridFrameOffsetVector=[100, 102.5, 105])),
        passes(dose(NumberOfFrames=None, GridFrameOffsetVector=[0], FrameIncrementPointer=None)),
        # How many frames there are is not known.
        passes({**dose(NumberOfFrames=None), (0x0028, 0x0008): ("LO", "1A")}),
        fails(
            dose(NumberOfFrames=4), at=[OFFSETS], says=("another number of offsets than of frames",)
        ),
        fails(dose(NumberOfFrames=None), at=[OFFSETS]),
        fails(dose(GridFrameOffsetVector=[0, 5, 2.5]), at=[OFFSETS]),
        fails(dose(GridFrameOffsetVector=[0, 5, 5]), at=[OFFSETS]),
        fails(dose(GridFrameOffsetVector=[50, 52.5, 55]), at=[OFFSETS]),
        fails(
            {**dose(GridFrameOffsetVector=None), (0x3004, 0x000C): ("LO", ["a", "b", "c"])},
            at=[OFFSETS],
        ),
        fails(
            dose(GridFrameOffsetVector=None), at=[OFFSETS], says=("several frames and no offsets",)
        ),
        fails(dose(FrameIncrementPointer=None), at=[POINTER]),
        # Frame Time is how far apart images of a film are, and no place.
        fails(
            dose(FrameIncrementPointer=0x00181063),
            at=[POINTER],
            says=("the increment is not that of the offsets",),
        ),
        fails(dose(FrameIncrementPointer=[0x3004000C, 0x00181063]), at=[POINTER]),
        # A single frame needs none, whatever it says.
        passes(dose(NumberOfFrames=1, GridFrameOffsetVector=[0], FrameIncrementPointer=0x00181063)),
        not_applicable(dose(GridFrameOffsetVector=None, NumberOfFrames=None)),
        a_plan,
        cut_short,
    ),
    "RT305": (
        passes(dose()),
        passes(of("MULTI_PLAN", planned(), planned())),
        passes(of("FRACTION", planned(GROUP))),
        passes(of("BEAM", planned(OF_BEAM))),
        passes(of("BRACHY", planned(OF_SETUP))),
        passes(
            dose(
                DoseSummationType="RECORD",
                ReferencedRTPlanSequence=None,
                ReferencedTreatmentRecordSequence=[{"ReferencedSOPInstanceUID": "2.25.4"}],
            )
        ),
        passes(of("PLAN_OVERVIEW")),
        fails(of("PLAN"), at=[PLANS], says=("names no plan",)),
        fails(of("PLAN", {}), at=[PLANS]),
        fails(of("PLAN", planned(), planned()), at=[PLANS], says=("names several plans",)),
        fails(of("MULTI_PLAN", planned()), at=[PLANS], says=("a sum of plans names one",)),
        fails(of("FRACTION", planned()), at=[GROUPS]),
        fails(of("BEAM", planned()), at=[GROUPS]),
        fails(of("BEAM", planned(GROUP)), at=[f"{GROUPS}/(300C,0004)"], says=("names no beam",)),
        fails(of("BRACHY", planned(OF_BEAM)), at=[f"{GROUPS}/(300C,000A)"]),
        fails(of("RECORD"), at=["(3008,0030)"], says=("names no treatment record",)),
        not_applicable(of("TOTAL")),
        a_plan,
        cut_short,
    ),
    "RT306": (
        passes(dose()),
        passes(dose(PixelRepresentation=1, DoseType="ERROR")),
        fails(dose(PixelRepresentation=1), at=["(0028,0103)"]),
        fails(dose(BitsAllocated=8), at=["(0028,0100)"]),
        fails(dose(SamplesPerPixel=3), at=["(0028,0002)"]),
        fails(dose(PhotometricInterpretation="MONOCHROME1"), at=["(0028,0004)"]),
        no_grid,
        a_plan,
        cut_short,
    ),
    "RT401": (
        passes(image()),
        passes(image(RTImagePlane="NON_NORMAL", RTImageOrientation="")),
        passes(image(ImagePlanePixelSpacing=None, RTImageSID="", RadiationMachineSAD=None)),
        passes(image(ImageType=["ORIGINAL", "PRIMARY", "DRR"], ReportedValuesOrigin=None)),
        fails(image(RTImagePlane=None), at=["(3002,000C)"]),
        fails(image(RTImagePlane="TILTED"), at=["(3002,000C)"]),
        fails(image(RTImagePlane="NON_NORMAL"), at=["(3002,0010)"]),
        fails(image(RTImageSID=-1500), at=["(3002,0026)"]),
        fails(
            {**image(RadiationMachineSAD=None), (0x3002, 0x0022): ("LO", "far")},
            at=["(3002,0022)"],
        ),
        fails(image(ImagePlanePixelSpacing=[0.4, 0]), at=["(3002,0011)"]),
        fails(image(ReportedValuesOrigin=None), at=["(3002,000A)"]),
        fails(
            image(ReferencedRTPlanSequence=None), at=["(300C,0006)"], says=("a number of no plan",)
        ),
        not_applicable(dose()),
        not_evaluated({"SOPClassUID": RT_IMAGE}, file={"complete": "header"}),
    ),
    "RT501": (
        passes(instances=[DOSE, PLAN, STRUCTURES], references=[TO_PLAN, TO_STRUCTURES, listing(7)]),
        # The plan itself says where it lies; the structure set may list several.
        passes(
            instances=[DOSE, {**PLAN, "FrameOfReferenceUID": 7}, STRUCTURES],
            references=[TO_PLAN, TO_STRUCTURES, listing(8)],
        ),
        fails(
            instances=[DOSE, PLAN, STRUCTURES],
            references=[TO_PLAN, TO_STRUCTURES, listing(8)],
            at=["(0020,0052)"],
        ),
        fails(
            instances=[DOSE, {**STRUCTURES, "FrameOfReferenceUID": 8}],
            references=[link(1, 3, "(300C,0060)")],
            at=["(0020,0052)"],
        ),
        not_evaluated(instances=[DOSE, PLAN], references=[TO_PLAN]),
        not_evaluated(
            instances=[{**DOSE, "FrameOfReferenceUID": None}, {**PLAN, "FrameOfReferenceUID": 8}],
            references=[TO_PLAN],
        ),
        not_applicable(instances=[DOSE], references=[TO_PLAN]),
        not_applicable(instances=[PLAN, STRUCTURES], references=[TO_STRUCTURES, listing(7)]),
    ),
    "RT503": (
        passes(
            instances=[DOSE, PLAN], references=[TO_PLAN], numbers=[used(1, 3), has(2, 3), has(2, 4)]
        ),
        fails(
            instances=[DOSE, PLAN],
            references=[TO_PLAN],
            numbers=[used(1, 3), used(1, 5), has(2, 3)],
            at=[OF_DOSE],
        ),
        # The ROI of a dose-volume histogram is one of its structure set.
        fails(
            instances=[DOSE, STRUCTURES],
            references=[link(1, 3, "(300C,0060)")],
            numbers=[used(1, 9, "ReferencedROINumber", OF_DVH), has(3, 1, "ROINumber")],
            at=[OF_DVH],
        ),
        # A beam of that number is not a fraction group of that number.
        fails(
            instances=[DOSE, PLAN],
            references=[TO_PLAN],
            numbers=[used(1, 3), has(2, 3, "FractionGroupNumber")],
            at=[OF_DOSE],
        ),
        # Of a sum of plans, one has it.
        passes(
            instances=[DOSE, PLAN, row(RT_PLAN, 4)],
            references=[TO_PLAN, link(1, 4, PLANS)],
            numbers=[used(1, 3), has(4, 3)],
        ),
        # A plan to an ROI of its structure set; its own beams are another rule's.
        fails(
            instances=[PLAN, STRUCTURES],
            references=[TO_STRUCTURES],
            numbers=[
                used(2, 9, "ReferencedROINumber", TO_AN_ROI),
                used(2, 7),
                has(3, 1, "ROINumber"),
            ],
            at=[TO_AN_ROI],
        ),
        not_evaluated(instances=[DOSE], references=[TO_PLAN], numbers=[used(1, 3)]),
        not_applicable(instances=[PLAN], references=[link(2, 9, PLANS)], numbers=[used(2, 7)]),
        not_applicable(instances=[DOSE, PLAN], references=[TO_PLAN], numbers=[has(2, 3)]),
    ),
    "RT502": (
        passes(instances=[DOSE, PLAN, STRUCTURES], references=[TO_PLAN, TO_STRUCTURES]),
        fails(
            instances=[DOSE, PLAN, STRUCTURES],
            references=[TO_PLAN, link(2, 99, "(300C,0060)")],
            at=["(300C,0060)"],
            says=("names a structure set that is not here, though its study has others",),
        ),
        fails(instances=[DOSE, PLAN], references=[link(1, 99, PLANS)], at=[PLANS]),
        # Of another study's plan nothing follows; nor of a dose without any plan beside it.
        not_evaluated(
            instances=[DOSE, {**PLAN, "StudyInstanceUID": 2}], references=[link(1, 99, PLANS)]
        ),
        not_evaluated(instances=[DOSE], references=[link(1, 99, PLANS)]),
        not_evaluated(
            instances=[DOSE, row(RT_DOSE, 5, SOPInstanceUID=None)], references=[link(1, 99, PLANS)]
        ),
        # The plan that was there before need not be.
        not_applicable(instances=[PLAN], references=[link(2, 99, PLANS)]),
        not_applicable(instances=[DOSE, PLAN]),
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


def test_what_is_counted_is_the_object_that_refers() -> None:
    rows = [DOSE, row(RT_DOSE, 5), PLAN]
    references = [link(1, 99, PLANS), link(1, 98, PLANS), link(5, 99, PLANS)]
    assert fails(instances=rows, references=references).ask(get_rule("RT502")).counts == (1, 1)
