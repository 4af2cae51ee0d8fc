"""Rules of parametric maps."""

from __future__ import annotations

from typing import Any

from auditor.standard.sop_classes import PARAMETRIC_MAP, SEGMENTATION
from tests.rules.cases import PLANT, Case, Cases, each, fails, not_applicable, not_evaluated, passes

SHARED, PER_FRAME = "(5200,9229)/(0040,9096)", "(5200,9230)/(0040,9096)"


def mapping(scheme: str = "UCUM", **changed: Any) -> dict[str, Any]:
    units = {"CodeValue": "mm2/s", "CodingSchemeDesignator": scheme, "CodeMeaning": PLANT}
    values = {
        "MeasurementUnitsCodeSequence": [units],
        "QuantityDefinitionSequence": [{"ValueType": "CODE"}],
        **changed,
    }
    return {"RealWorldValueMappingSequence": [values]}


def pmap(shared: dict[str, Any], *frames: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {
        "SOPClassUID": PARAMETRIC_MAP,
        "SharedFunctionalGroupsSequence": [shared],
        "PerFrameFunctionalGroupsSequence": list(frames),
        **values,
    }


def pixels(bits: int, **values: Any) -> dict[str, Any]:
    return {
        "SOPClassUID": PARAMETRIC_MAP,
        "BitsAllocated": bits,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        **values,
    }


cut_short = not_evaluated(pmap(mapping()), file={"complete": "header"})

CASES: Cases = {
    "SEG601": (
        passes(pmap(mapping())),
        passes(pmap({}, mapping(), mapping())),
        fails(pmap({}, {}), at=[SHARED], says=("no real world value mapping for every frame",)),
        fails(pmap({}, mapping(), {}), at=[SHARED]),
        fails(
            pmap(mapping(MeasurementUnitsCodeSequence=[])),
            at=[f"{SHARED}/(0040,08EA)"],
            says=("values without units",),
        ),
        fails(
            pmap({}, mapping("99ACME")),
            at=[f"{PER_FRAME}/(0040,08EA)"],
            says=("units that are no UCUM code",),
        ),
        not_applicable({"SOPClassUID": PARAMETRIC_MAP}),
        not_applicable({**pmap({}), "SOPClassUID": SEGMENTATION}),
        cut_short,
    ),
    "SEG602": (
        passes(pmap(mapping())),
        fails(pmap(mapping(QuantityDefinitionSequence=[])), at=[f"{SHARED}/(0040,9220)"]),
        fails(
            pmap({}, mapping(), mapping(QuantityDefinitionSequence=[])),
            at=[f"{PER_FRAME}/(0040,9220)"],
        ),
        not_applicable(pmap({})),
        not_applicable({**pmap(mapping()), "SOPClassUID": SEGMENTATION}),
        cut_short,
    ),
    "SEG603": (
        passes(pixels(32)),
        passes(pixels(64)),
        passes(pixels(16, BitsStored=16, HighBit=15, PixelRepresentation=0)),
        fails(pixels(8), at=["(0028,0100)"]),
        fails(
            pixels(32, BitsStored=32, HighBit=31, PixelRepresentation=0),
            at=["(0028,0101)", "(0028,0102)", "(0028,0103)"],
        ),
        fails(pixels(16, SamplesPerPixel=3), at=["(0028,0002)"]),
        fails(pixels(32, PhotometricInterpretation="RGB"), at=["(0028,0004)"]),
        not_applicable({"SOPClassUID": PARAMETRIC_MAP}),
        not_applicable({**pixels(8), "SOPClassUID": SEGMENTATION}),
        not_evaluated({"SOPClassUID": PARAMETRIC_MAP}, file={"complete": "header"}),
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)
