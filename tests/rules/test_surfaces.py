"""Rules of surface segmentations."""

from __future__ import annotations

from array import array
from typing import Any

import pytest

from auditor.standard.sop_classes import SEGMENTATION, SURFACE_SEGMENTATION
from tests.rules.cases import (
    Case,
    Cases,
    each,
    fails,
    get_rule,
    not_applicable,
    not_evaluated,
    passes,
)

SURFACE, SEGMENT = "(0066,0002)", "(0062,0002)"
POINTS = f"{SURFACE}/(0066,0011)/(0066,0016)"
TRIANGLES = f"{SURFACE}/(0066,0013)/(0066,0041)"


def floats(*values: float) -> bytes:
    return array("f", values).tobytes()


def indices(*values: int) -> bytes:
    return array("I", values).tobytes()


def surface(number: int = 1, **changed: Any) -> dict[str, Any]:
    """Return a surface of one triangle."""
    values: dict[str, Any] = {
        "SurfaceNumber": number,
        "SurfacePointsSequence": [
            {"NumberOfSurfacePoints": 3, "PointCoordinatesData": floats(*range(9))}
        ],
        "SurfacePointsNormalsSequence": [],
        "SurfaceMeshPrimitivesSequence": [{"LongTrianglePointIndexList": indices(1, 2, 3)}],
        **changed,
    }
    return {name: value for name, value in values.items() if value is not None}


def with_points(number: int, data: bytes) -> dict[str, Any]:
    item = {"NumberOfSurfacePoints": number, "PointCoordinatesData": data}
    return mesh(surface(SurfacePointsSequence=[item]))


def with_normals(number: int, data: bytes) -> dict[str, Any]:
    item = {"NumberOfVectors": number, "VectorDimensionality": 3, "VectorCoordinateData": data}
    return mesh(surface(SurfacePointsNormalsSequence=[item]))


def with_primitives(**lists: Any) -> dict[str, Any]:
    return mesh(surface(SurfaceMeshPrimitivesSequence=[lists]))


def mesh(*surfaces: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """Return a segmentation with one segment that refers to all of its surfaces."""
    references = [{"ReferencedSurfaceNumber": each["SurfaceNumber"]} for each in surfaces]
    return {
        "SOPClassUID": SURFACE_SEGMENTATION,
        "NumberOfSurfaces": len(surfaces),
        "SurfaceSequence": list(surfaces),
        "SegmentSequence": [
            {
                "SegmentNumber": 1,
                "SurfaceCount": len(surfaces),
                "ReferencedSurfaceSequence": references,
            }
        ],
        **changed,
    }


def segment(count: int, *numbers: int) -> list[dict[str, Any]]:
    references = [{"ReferencedSurfaceNumber": number} for number in numbers]
    return [{"SegmentNumber": 1, "SurfaceCount": count, "ReferencedSurfaceSequence": references}]


NOT_THIS = (
    not_applicable(mesh()),
    not_applicable({**mesh(surface()), "SOPClassUID": SEGMENTATION}),
    not_evaluated(mesh(surface()), file={"complete": "header"}),
)

CASES: Cases = {
    "SEG501": (
        passes(mesh(surface())),
        passes(mesh(surface(2), surface(1))),
        fails(mesh(surface(), NumberOfSurfaces=2), at=["(0066,0001)"]),
        fails(mesh(surface(2)), at=[f"{SURFACE}/(0066,0003)"]),
        fails(mesh(surface(1), surface(1)), at=[f"{SURFACE}/(0066,0003)"]),
        *NOT_THIS,
    ),
    "SEG502": (
        passes(mesh(surface(1), surface(2))),
        fails(
            mesh(surface(), SegmentSequence=segment(2, 1)),
            at=[f"{SEGMENT}/(0066,002A)"],
            says=("not as many surfaces as are referred to",),
        ),
        fails(
            mesh(surface(), SegmentSequence=segment(2, 1, 2)),
            at=[f"{SEGMENT}/(0066,002B)/(0066,002C)"],
            says=("a surface that is not there",),
        ),
        # That each surface belongs to a segment, nothing asks for.
        passes(mesh(surface(1), surface(2), SegmentSequence=segment(1, 1))),
        *NOT_THIS,
    ),
    "SEG503": (
        passes(mesh(surface())),
        passes(with_normals(3, floats(*range(9)))),
        fails(with_points(3, floats(*range(8))), at=[POINTS]),
        fails(with_points(4, floats(*range(9))), at=[POINTS]),
        passes(
            mesh(
                surface(
                    SurfacePointsSequence=[{"PointCoordinatesData": bytes(6)}],
                    SurfaceMeshPrimitivesSequence=None,
                )
            )
        ),
        fails(
            with_points(1, floats(1, 2, float("inf"))),
            at=[POINTS],
            says=("a coordinate is no number",),
        ),
        fails(
            with_normals(2, floats(*range(6))),
            at=[f"{SURFACE}/(0066,0012)/(0066,001E)"],
            says=("not one normal for each point",),
        ),
        fails(with_normals(3, floats(*range(6))), at=[f"{SURFACE}/(0066,0012)/(0066,0021)"]),
        *NOT_THIS,
    ),
    "SEG504": (
        passes(mesh(surface())),
        passes(with_primitives(LongEdgePointIndexList=indices(1, 2, 2, 3))),
        passes(with_primitives(FacetSequence=[{"LongPrimitivePointIndexList": indices(1, 2, 3)}])),
        fails(
            with_primitives(LongTrianglePointIndexList=indices(0, 1, 2)),
            at=[TRIANGLES],
            says=("points are numbered from 1, and this is of 0",),
        ),
        fails(
            with_primitives(LongTrianglePointIndexList=indices(2, 3, 4)),
            at=[TRIANGLES],
            says=("of a point that there is not",),
        ),
        fails(
            with_primitives(LongTrianglePointIndexList=indices(1, 2)),
            at=[TRIANGLES],
            says=("half a primitive",),
        ),
        fails(
            with_primitives(LongEdgePointIndexList=indices(1, 2, 3)),
            at=[f"{SURFACE}/(0066,0013)/(0066,0042)"],
        ),
        fails(
            with_primitives(FacetSequence=[{"LongPrimitivePointIndexList": indices(1, 2, 9)}]),
            at=[f"{SURFACE}/(0066,0013)/(0066,0034)/(0066,0040)"],
        ),
        *NOT_THIS,
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


@pytest.mark.parametrize("rule_id", CASES)
def test_what_was_cut_off_is_not_known(rule_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.reading.walker.COMPARED_LIMIT", 4)
    case = not_evaluated(mesh(surface()))
    case.check(rule_id)
    assert case.ask(get_rule(rule_id)).reasons == (
        "objects with more surfaces than an audit follows",
    )
