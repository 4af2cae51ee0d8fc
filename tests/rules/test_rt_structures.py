"""Rules of structure sets: contours, names, frames of reference, observations."""

from __future__ import annotations

import importlib
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.reading import extents
from auditor.standard.nomenclature import is_nomenclature
from auditor.standard.sop_classes import RT_STRUCTURE_SET
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

RT_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"
CONTOUR = "(3006,0039)/(3006,0040)"
TYPE, COUNT, DATA = (f"{CONTOUR}/(3006,{end})" for end in ("0042", "0046", "0050"))
IMAGE = f"{CONTOUR}/(3006,0016)/(0008,1155)"
NAME = "(3006,0020)/(3006,0026)"

SQUARE = [0, 0, 5, 8, 0, 5, 8, 8, 5, 0, 8, 5]


def contour(
    data: Any = SQUARE, kind: str | None = "CLOSED_PLANAR", count: Any = None, **more: Any
) -> dict[str, Any]:
    """Build a contour, with the right number of points unless another is given."""
    points = len(data) // 3 if count is None else count
    made = {"NumberOfContourPoints": points, "ContourData": data, **more}
    return made if kind is None else {"ContourGeometricType": kind, **made}


def drawn(*contours: dict[str, Any]) -> dict[str, Any]:
    """Build a structure set of one ROI with these contours."""
    return {
        "SOPClassUID": RT_STRUCTURE_SET,
        "StructureSetROISequence": [{"ROINumber": 1, "ROIName": PLANT}],
        "ROIContourSequence": [{"ReferencedROINumber": 1, "ContourSequence": list(contours)}],
    }


def named(*names: str | None) -> dict[str, Any]:
    """Build a structure set of ROIs of these names."""
    return {
        "SOPClassUID": RT_STRUCTURE_SET,
        "StructureSetROISequence": [
            {"ROINumber": number} | ({} if name is None else {"ROIName": name})
            for number, name in enumerate(names)
        ],
    }


def framed(listed: list[str], *frames: str) -> dict[str, Any]:
    """Build a structure set that lists frames of reference, with ROIs in these."""
    return {
        "SOPClassUID": RT_STRUCTURE_SET,
        "ReferencedFrameOfReferenceSequence": [{"FrameOfReferenceUID": uid} for uid in listed],
        "StructureSetROISequence": [
            {"ROINumber": number, "ReferencedFrameOfReferenceUID": uid}
            for number, uid in enumerate(frames)
        ],
    }


def on_images(listed: list[str], *images: str) -> dict[str, Any]:
    """Build a structure set that lists images, with contours in these."""
    return {
        **drawn(
            *(contour(ContourImageSequence=[{"ReferencedSOPInstanceUID": uid}]) for uid in images)
        ),
        "ReferencedFrameOfReferenceSequence": [
            {
                "FrameOfReferenceUID": "2.25.9",
                "RTReferencedStudySequence": [
                    {
                        "RTReferencedSeriesSequence": [
                            {
                                "ContourImageSequence": [
                                    {"ReferencedSOPInstanceUID": uid} for uid in listed
                                ]
                            }
                        ]
                    }
                ],
            }
        ],
    }


def observed(*observations: tuple[Any, list[int]]) -> dict[str, Any]:
    """Build a structure set of the ROIs 1 and 2: numbers of observations, related ROIs."""
    return {
        "SOPClassUID": RT_STRUCTURE_SET,
        "StructureSetROISequence": [{"ROINumber": 1}, {"ROINumber": 2}],
        "RTROIObservationsSequence": [
            {
                "ReferencedROINumber": 1,
                "RTRelatedROISequence": [{"ReferencedROINumber": each} for each in related],
            }
            | ({} if number is None else {"ObservationNumber": number})
            for number, related in observations
        ],
    }


def turned(points: list[float], angle: float) -> list[float]:
    """Turn points about the first axis."""
    cosine, sine = math.cos(angle), math.sin(angle)
    out: list[float] = []
    for at in range(0, len(points), 3):
        x, y, z = points[at : at + 3]
        out += [round(each, 4) for each in (x, cosine * y - sine * z, sine * y + cosine * z)]
    return out


def colored(*color: int) -> dict[str, Any]:
    """Return a structure set with an ROI of this colour."""
    return {**without_contours(), "ROIContourSequence": [{"ROIDisplayColor": list(color)}]}


def without_contours() -> dict[str, Any]:
    return {"SOPClassUID": RT_STRUCTURE_SET, "StructureSetROISequence": [{"ROINumber": 1}]}


cut_short = not_evaluated(drawn(contour()), file={"complete": "header"})
NOT_ONE = (
    not_applicable(without_contours()),
    not_applicable({**drawn(contour()), "SOPClassUID": RT_DOSE}),
    cut_short,
)

CASES: Cases = {
    "RT103": (
        passes(drawn(contour(), contour([1, 2, 5], "POINT"))),
        passes(drawn(contour([0, 0, 0, 5, 5, 5], "OPEN_NONPLANAR"))),
        # One number may be written in several ways.
        passes(drawn(contour(count="+4"))),
        fails(drawn(contour(count=5)), at=[COUNT]),
        fails(drawn(contour(), contour(SQUARE[:-1], count=4)), at=[DATA]),
        fails(drawn(contour(["1e9", 0, 0])), at=[DATA]),
        fails(drawn(contour("", count=0)), at=[DATA]),
        fails(drawn(contour(kind="ROUND")), at=[TYPE], says=("not a contour geometric type",)),
        fails(drawn(contour(SQUARE, "POINT")), at=[DATA]),
        fails(
            drawn(contour(SQUARE[:6])),
            at=[DATA],
            says=("a closed contour of fewer than three points",),
        ),
        # What an item lacks is not taken from the item before; its IOD asks for it.
        passes(drawn(contour(), {"ContourData": SQUARE[:6]})),
        passes(drawn({"ContourGeometricType": "CLOSED_PLANAR"}, {"ContourData": SQUARE[:6]})),
        *NOT_ONE,
    ),
    "RT104": (
        passes(drawn(contour())),
        passes(drawn(contour(turned([float(each) for each in SQUARE], 0.7)))),
        # Coordinates are rounded.
        passes(drawn(contour([*SQUARE[:-1], 5.1]))),
        fails(drawn(contour([*SQUARE[:-1], 6])), at=[DATA]),
        fails(drawn(contour([*SQUARE[:-1], 6], "OPEN_PLANAR")), at=[DATA]),
        fails(drawn(contour([*SQUARE[:-1], 6], "CLOSEDPLANAR_XOR")), at=[DATA]),
        passes(drawn(contour([*SQUARE[:-1], 6], "OPEN_NONPLANAR"))),
        passes(drawn(contour([*SQUARE[:-1], 6], None))),
        *NOT_ONE,
    ),
    "RT105": (
        passes(drawn(contour())),
        fails(
            drawn(contour([*SQUARE, *SQUARE[:3]])),
            at=[DATA],
            says=("a closed contour that repeats its first point",),
        ),
        # Areas of opposite directions are areas.
        passes(drawn(contour([0, 0, 5, 8, 8, 5, 8, 0, 5, 0, 8, 5]))),
        fails(
            drawn(contour([0, 0, 5, 4, 4, 5, 8, 8, 5])),
            at=[DATA],
            says=("a closed contour that encloses nothing",),
        ),
        passes(drawn(contour([0, 0, 5, 4, 4, 5, 0, 0, 5], "OPEN_PLANAR"))),
        *NOT_ONE,
    ),
    "RT106": (
        passes(named(PLANT, f"{PLANT} 2")),
        # Names that were taken out are no names.
        passes(named("", None, "", PLANT)),
        fails(named(PLANT, PLANT), at=[NAME]),
        fails(named("Lung_L", "LUNG_L "), at=[NAME]),
        not_applicable(named(PLANT)),
        not_applicable({**named(PLANT, PLANT), "SOPClassUID": RT_DOSE}),
        not_evaluated(named(PLANT, PLANT), file={"complete": "header"}),
    ),
    "RT107": (
        passes(named("Lung_L", "PTVp1_5040")),
        fails(
            named("Lung_L", PLANT), at=[NAME], says=("some ROI names are not of the common ones",)
        ),
        fails(named(PLANT), at=[NAME], says=("no ROI name is of the common ones",)),
        not_evaluated(named("", None)),
        not_applicable({"SOPClassUID": RT_STRUCTURE_SET}),
        not_evaluated(named(PLANT), file={"complete": "header"}),
    ),
    "RT108": (
        passes(framed(["2.25.1", "2.25.2"], "2.25.2")),
        fails(framed(["2.25.1"], "2.25.1", "2.25.2"), at=["(3006,0020)/(3006,0024)"]),
        passes(framed(["2.25.1"], "")),
        not_applicable(framed([], "2.25.2")),
        not_applicable(framed(["2.25.1"])),
        not_evaluated(framed(["2.25.1"], "2.25.2"), file={"complete": "header"}),
    ),
    "RT109": (
        passes(on_images(["2.25.1", "2.25.2"], "2.25.2", "2.25.1")),
        fails(on_images(["2.25.1"], "2.25.1", "2.25.2"), at=[IMAGE]),
        # Where no image is listed there is no list (Type 3).
        not_applicable(on_images([], "2.25.2")),
        not_applicable(without_contours()),
        not_evaluated(on_images(["2.25.1"], "2.25.2"), file={"complete": "header"}),
    ),
    "RT111": (
        passes(colored(255, 0, 128)),
        fails(
            colored(300, 0, 0),
            at=["(3006,0039)/(3006,002A)"],
            says=("a part of the colour is not from 0 to 255",),
        ),
        fails(colored(0, -1, 0), at=["(3006,0039)/(3006,002A)"]),
        not_applicable(colored()),
        not_applicable(without_contours()),
        not_evaluated(colored(300, 0, 0), file={"complete": "header"}),
    ),
    "RT110": (
        passes(observed((1, [2]), (2, []), (None, []))),
        fails(
            observed((1, []), ("01", [])),
            at=["(3006,0080)/(3006,0082)"],
            says=("two observations have one number",),
        ),
        fails(
            observed((1, [3])),
            at=["(3006,0080)/(3006,0030)/(3006,0084)"],
            says=("relates an ROI that does not exist",),
        ),
        not_applicable(without_contours()),
        not_evaluated(observed((1, [3])), file={"complete": "header"}),
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


@pytest.mark.parametrize("rule_id", ["RT103", "RT104", "RT105"])
def test_more_contours_than_are_looked_at_are_not_passed(
    rule_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auditor.reading.walker.COMPARED_LIMIT", 20)
    not_evaluated(drawn(*[contour()] * 9)).check(rule_id)


@pytest.mark.parametrize("rule_id", ["RT103", "RT104", "RT105"])
def test_a_contour_that_nobody_draws_is_not_passed(
    rule_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extents, "LONGEST", 20)
    module = importlib.import_module(get_rule(rule_id).check.__module__)
    monkeypatch.setattr(module, "LONGEST", 20)
    not_evaluated(drawn(contour())).check(rule_id)


def test_more_contours_than_are_looked_at_are_in_images_of_which_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("auditor.reading.walker.COMPARED_LIMIT", 5)
    not_evaluated(on_images(["2.25.1"], *["2.25.1"] * 9)).check("RT109")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-200, 200), st.integers(-200, 200)), min_size=3, max_size=12),
    st.floats(0, 3),
)
def test_what_lies_in_a_plane_does_however_it_is_turned(
    points: list[tuple[int, int]], angle: float
) -> None:
    flat = [float(number) for x, y in points for number in (x, y, 7)]
    said = drawn(contour(turned(flat, angle)))
    assert passes(said).ask(get_rule("RT104")).outcome == "pass"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Lung_L", True),
        ("Lungs", True),
        ("SpinalCord_PRV05", True),
        ("Glnd_Submand_R", True),
        ("zBladder", True),
        ("Kidney_R-PTV", True),
        ("PTV", True),
        ("PTV!_5040", True),
        ("CTVn2_4500", True),
        ("GTVp1", True),
        ("lung_l", False),
        ("Left lung", False),
        ("Lung left", False),
        ("Lung_L_Lung_L_Lung_L", False),
        ("PTV 50", False),
        (PLANT, False),
    ],
)
def test_names_of_the_nomenclature(name: str, expected: bool) -> None:
    assert is_nomenclature(name) is expected


@given(st.text(max_size=60))
def test_any_name_is_survived(name: str) -> None:
    is_nomenclature(name)
