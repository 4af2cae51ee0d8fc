"""Rules of microscopy bulk simple annotations."""

from __future__ import annotations

from array import array
from typing import Any

import pytest

from auditor.standard.sop_classes import MICROSCOPY_BULK_SIMPLE_ANNOTATIONS
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

CT = "1.2.840.10008.5.1.4.1.1.2"
GROUP = "(006A,0002)"
SINGLE, DOUBLE, LIST = f"{GROUP}/(0066,0016)", f"{GROUP}/(0066,0022)", f"{GROUP}/(0066,0040)"
MEASURED = f"{GROUP}/(0066,0121)/(0066,0132)"


def floats(*values: float) -> bytes:
    return array("f", values).tobytes()


def indices(*values: int) -> bytes:
    return array("I", values).tobytes()


def group(number: int = 1, **changed: Any) -> dict[str, Any]:
    """Return a group of two points in two dimensions."""
    values: dict[str, Any] = {
        "AnnotationGroupNumber": number,
        "AnnotationGroupUID": f"2.25.{number}",
        "AnnotationGroupLabel": PLANT,
        "AnnotationGroupGenerationType": "AUTOMATIC",
        "AnnotationGroupAlgorithmIdentificationSequence": [{"AlgorithmName": PLANT}],
        "NumberOfAnnotations": 2,
        "GraphicType": "POINT",
        "PointCoordinatesData": floats(1, 2, 3, 4),
        **changed,
    }
    return {name: value for name, value in values.items() if value is not None}


def ann(*groups: dict[str, Any], flat: bool = True) -> dict[str, Any]:
    return {
        "SOPClassUID": MICROSCOPY_BULK_SIMPLE_ANNOTATIONS,
        "AnnotationCoordinateType": "2D" if flat else "3D",
        "AnnotationGroupSequence": list(groups),
    }


def polygons(**changed: Any) -> dict[str, Any]:
    """Return a group of two triangles in two dimensions."""
    return group(
        **{
            "GraphicType": "POLYGON",
            "PointCoordinatesData": floats(*range(12)),
            "LongPrimitivePointIndexList": indices(1, 7),
            **changed,
        }
    )


def measured(values: bytes, **more: Any) -> dict[str, Any]:
    item = {"FloatingPointValues": values, **more}
    return ann(group(MeasurementsSequence=[{"MeasurementValuesSequence": [item]}]))


NOT_THIS = (
    not_applicable(ann()),
    not_applicable({"SOPClassUID": CT}),
    not_evaluated(ann(group()), file={"complete": "header"}),
)

CASES: Cases = {
    "SEG401": (
        passes(ann(group(1), group(2))),
        passes(ann(group(2), group(1))),
        fails(ann(group(2)), at=[f"{GROUP}/(0040,A180)"]),
        fails(ann(group(1), group(1, AnnotationGroupUID="2.25.9")), at=[f"{GROUP}/(0040,A180)"]),
        fails(
            ann(group(1), group(2, AnnotationGroupUID="2.25.1")),
            at=[f"{GROUP}/(006A,0003)"],
            says=("two groups have one UID",),
        ),
        not_applicable(ann(group(AnnotationGroupNumber=None))),
        *NOT_THIS,
    ),
    "SEG402": (
        passes(ann(group())),
        passes(
            ann(
                group(
                    AnnotationGroupGenerationType="MANUAL",
                    AnnotationGroupAlgorithmIdentificationSequence=None,
                )
            )
        ),
        fails(
            ann(group(AnnotationGroupAlgorithmIdentificationSequence=[])),
            at=[f"{GROUP}/(006A,0008)"],
            says=("AUTOMATIC without an identified algorithm",),
        ),
        fails(
            ann(group(AnnotationGroupGenerationType="ROBOT")),
            at=[f"{GROUP}/(006A,0007)"],
            says=("not a legal generation type",),
        ),
        fails(
            ann(group(AnnotationGroupGenerationType="")),
            at=[f"{GROUP}/(006A,0007)"],
            says=("missing or empty",),
        ),
        *NOT_THIS,
    ),
    "SEG403": (
        passes(ann(group())),
        passes(ann(polygons())),
        passes(ann(group(PointCoordinatesData=floats(*range(6))), flat=False)),
        # All points in one plane: Z stands once.
        passes(ann(group(CommonZCoordinateValue=1.0), flat=False)),
        passes(ann(group(GraphicType="ELLIPSE", PointCoordinatesData=floats(*range(16))))),
        passes(
            ann(
                group(
                    PointCoordinatesData=None,
                    DoublePointCoordinatesData=array("d", [1, 2, 3, 4]).tobytes(),
                )
            )
        ),
        fails(
            ann(group(NumberOfAnnotations=3)),
            at=[SINGLE],
            says=("not as many as the annotations have",),
        ),
        fails(ann(group(GraphicType="RECTANGLE")), at=[SINGLE]),
        fails(
            ann(group(PointCoordinatesData=floats(1, 2, 3))),
            at=[SINGLE],
            says=("coordinates of half a point",),
        ),
        fails(
            ann(group(PointCoordinatesData=floats(1, 2, 3, float("nan")))),
            at=[SINGLE],
            says=("a coordinate is no number",),
        ),
        fails(
            ann(group(DoublePointCoordinatesData=bytes(32))),
            at=[DOUBLE],
            says=("single and double coordinates",),
        ),
        *NOT_THIS,
    ),
    "SEG404": (
        passes(ann(group())),
        passes(ann(polygons())),
        fails(
            ann(polygons(LongPrimitivePointIndexList=indices(0, 6))),
            at=[LIST],
            says=("does not rise from 1",),
        ),
        fails(
            ann(polygons(LongPrimitivePointIndexList=indices(1, 1))),
            at=[LIST],
            says=("does not rise from 1",),
        ),
        fails(
            ann(polygons(LongPrimitivePointIndexList=indices(1, 13))),
            at=[LIST],
            says=("points behind the coordinates",),
        ),
        fails(
            ann(polygons(LongPrimitivePointIndexList=indices(1, 5, 9))),
            at=[LIST],
            says=("not as long as there are annotations",),
        ),
        fails(
            ann(polygons(LongPrimitivePointIndexList=None)),
            at=[GROUP],
            says=("missing for POLYGON",),
        ),
        fails(ann(group(LongPrimitivePointIndexList=indices(1, 3))), at=[LIST]),
        *NOT_THIS,
    ),
    "SEG405": (
        passes(ann(group())),
        passes(measured(floats(1, 2))),
        passes(measured(floats(1), AnnotationIndexList=indices(2))),
        fails(measured(floats(1)), at=[f"{MEASURED}/(0066,0125)"]),
        fails(
            measured(floats(1, 2), AnnotationIndexList=indices(2)),
            at=[f"{MEASURED}/(0066,0125)"],
        ),
        fails(
            measured(floats(1), AnnotationIndexList=indices(0)),
            at=[f"{MEASURED}/(006A,0011)"],
        ),
        fails(
            measured(floats(1), AnnotationIndexList=indices(3)),
            at=[f"{MEASURED}/(006A,0011)"],
        ),
        *NOT_THIS,
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


@pytest.mark.parametrize("rule_id", ["SEG401", "SEG403", "SEG404", "SEG405"])
def test_what_was_cut_off_is_not_known(rule_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.reading.walker.COMPARED_LIMIT", 4)
    case = not_evaluated(ann(group(), group()))
    case.check(rule_id)
    assert case.ask(get_rule(rule_id)).reasons == (
        "objects with more annotations than an audit follows",
    )
