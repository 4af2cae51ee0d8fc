"""Rules of radiotherapy objects."""

from __future__ import annotations

from typing import Any

from auditor.standard.sop_classes import RT_STRUCTURE_SET
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

RT_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
ROI = "(3006,0020)/(3006,0022)"
CONTOUR = "(3006,0039)/(3006,0084)"
OBSERVATION = "(3006,0080)/(3006,0084)"


def structures(
    rois: list[Any] | None,
    contours: dict[Any, list[int]] | None = None,
    observations: list[Any] | None = None,
) -> dict[str, Any]:
    """Build a structure set: numbers of ROIs, points of their contours, observed numbers."""
    made: dict[str, Any] = {"SOPClassUID": RT_STRUCTURE_SET, "Modality": "RTSTRUCT"}
    if rois is not None:
        made["StructureSetROISequence"] = [
            {"ROIName": PLANT} | ({} if number is None else {"ROINumber": number})
            for number in rois
        ]
    if contours is not None:
        made["ROIContourSequence"] = [
            ({} if number is None else {"ReferencedROINumber": number})
            | {"ContourSequence": [{"NumberOfContourPoints": count} for count in points]}
            for number, points in contours.items()
        ]
    if observations is not None:
        made["RTROIObservationsSequence"] = [
            {"ObservationNumber": 1} | ({} if number is None else {"ReferencedROINumber": number})
            for number in observations
        ]
    return made


cut_short = not_evaluated(structures([1]), file={"complete": "header"})

CASES: Cases = {
    "RT001": (
        not_evaluated(instances=[{"SOPClassUID": RT_DOSE}]),
        not_applicable(instances=[{"SeriesInstanceUID": 1, "SOPClassUID": SECONDARY_CAPTURE}]),
        not_applicable(
            instances=[
                {"SeriesInstanceUID": 1, "SOPClassUID": SECONDARY_CAPTURE, "Modality": "RTDOSE"}
            ]
        ),
        fails(
            instances=[
                {"SeriesInstanceUID": 1, "SOPClassUID": RT_STRUCTURE_SET},
                {"SeriesInstanceUID": 2, "SOPClassUID": RT_DOSE},
            ],
            says=("RT Dose Storage", "RT Structure Set Storage"),
        ),
        not_applicable(),
    ),
    "RT002": (
        passes({"SOPClassUID": RT_DOSE, "Modality": "RTDOSE"}),
        fails(
            {"SOPClassUID": SECONDARY_CAPTURE, "Modality": "RTPLAN", "PatientName": PLANT},
            at=["(0008,0060)"],
        ),
        fails({"Modality": "RTSTRUCT"}, at=["(0008,0060)"]),
        not_applicable({"SOPClassUID": SECONDARY_CAPTURE, "Modality": "OT"}),
        not_applicable({"SOPClassUID": RT_DOSE}),
        CUT_SHORT,
    ),
    "RT003": (
        fails(
            {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.481.12"},
            at=["(0008,0016)"],
            says=("not checked by the rules of radiotherapy: RT Radiation Set Storage",),
        ),
        not_applicable({"SOPClassUID": RT_DOSE}),
    ),
    "RT101": (
        passes(structures([1, 2], {1: [3]}, [1, 2])),
        # One number may be written in several ways (PS3.5 6.2, IS).
        passes(structures([7], {"07": [3]}, ["+7"])),
        fails(structures([1, 1]), at=[ROI], says=("two ROIs have one number",)),
        fails(structures([1, None]), at=[ROI], says=("an ROI has no number",)),
        fails(structures([None, None]), at=[ROI], says=("an ROI has no number",)),
        fails(
            structures([1, 2], {7: [3]}),
            at=[CONTOUR],
            says=("refers to an ROI that does not exist",),
        ),
        fails(structures([1, 2], {1: [3]}, [1, 9]), at=[OBSERVATION]),
        fails(structures([1], {None: [3]}), at=[CONTOUR], says=("refers to no ROI",)),
        # An ROI without a number is not what a reference without a number means.
        fails(structures([None], None, [None]), at=[ROI, OBSERVATION]),
        # Contours of ROIs that are not there at all.
        fails(structures(None, {1: [3]}), at=[CONTOUR]),
        not_applicable(structures(None)),
        not_applicable(structures([])),
        not_applicable({"SOPClassUID": RT_DOSE, "StructureSetROISequence": [{"ROINumber": 1}]}),
        cut_short,
    ),
    "RT102": (
        passes(structures([1, 2], {1: [3], 2: [0, 5]})),
        passes(structures([1], {"01": [3]})),
        fails(structures([1, 2], {1: [3]}), at=["(3006,0020)"], says=("an ROI without contours",)),
        fails(structures([1]), at=["(3006,0020)"]),
        fails(structures([1], {1: []}), at=["(3006,0020)"]),
        # A contour of no points is none.
        fails(structures([1], {1: [0]}), at=["(3006,0020)"]),
        not_applicable(structures(None, {1: [3]})),
        not_applicable({"SOPClassUID": RT_DOSE}),
        cut_short,
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


def test_presence_counts_series() -> None:
    rows = [{"SeriesInstanceUID": series, "SOPClassUID": RT_DOSE} for series in (1, 1, 2)]
    assert fails(instances=rows).ask(get_rule("RT001")).counts == (2,)
