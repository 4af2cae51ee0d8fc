"""Rules of dose-volume histograms."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.standard.sop_classes import RT_DOSE, RT_PLAN
from tests.rules.cases import PLANT, Case, Cases, each, fails, not_applicable, not_evaluated, passes

DVH, ROIS = "(3004,0050)", "(3004,0050)/(3004,0060)"
BINS, DATA = f"{DVH}/(3004,0056)", f"{DVH}/(3004,0058)"
FALLING = [1, 9, 1, 9, 1, 4, 1, 0]


def histogram(**changed: Any) -> dict[str, Any]:
    """Build a cumulative histogram of four bins."""
    made: dict[str, Any] = {
        "DVHType": "CUMULATIVE",
        "DoseUnits": "GY",
        "DoseType": "PHYSICAL",
        "DVHDoseScaling": 1,
        "DVHVolumeUnits": "CM3",
        "DVHNumberOfBins": 4,
        "DVHData": FALLING,
        "DVHReferencedROISequence": [
            {"DVHROIContributionType": "INCLUDED", "ReferencedROINumber": 1}
        ],
        "DVHMinimumDose": "0.5",
        "DVHMaximumDose": "4",
        "DVHMeanDose": "2.1",
    }
    return {name: value for name, value in {**made, **changed}.items() if value is not None}


def dose(*histograms: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """Build a dose with histograms of a structure set."""
    return {
        "SOPClassUID": RT_DOSE,
        "DoseComment": PLANT,
        "ReferencedStructureSetSequence": [{"ReferencedSOPInstanceUID": "2.25.3"}],
        "DVHSequence": list(histograms),
        **changed,
    }


def with_one(**changed: Any) -> dict[str, Any]:
    return dose(histogram(), histogram(**changed))


GENERAL = (
    not_applicable(dose()),
    not_applicable(dose(histogram(), SOPClassUID=RT_PLAN)),
    not_evaluated(dose(histogram()), file={"complete": "header"}),
)
CASES: Cases = {
    "RT307": (
        passes(dose(histogram())),
        passes(
            dose(
                histogram(
                    DVHType="NATURAL",
                    DVHVolumeUnits="PER_U",
                    DoseUnits="RELATIVE",
                    DoseType="EFFECTIVE",
                )
            )
        ),
        fails(
            with_one(DVHType="INTEGRAL"),
            at=[f"{DVH}/(3004,0001)"],
            says=("no term of the standard",),
        ),
        fails(with_one(DoseUnits="CGY"), at=[f"{DVH}/(3004,0002)"]),
        fails(with_one(DVHVolumeUnits=None), at=[f"{DVH}/(3004,0054)"], says=("missing",)),
        # Of these two the terms are defined, and not all that there may be.
        passes(with_one(DVHVolumeUnits="CC", DoseType="BIOLOGICAL")),
        fails(with_one(DVHType=None), at=[f"{DVH}/(3004,0001)"], says=("missing",)),
        fails(with_one(DVHDoseScaling=0), at=[f"{DVH}/(3004,0052)"]),
        fails(with_one(DVHDoseScaling=None), at=[f"{DVH}/(3004,0052)"]),
        fails(with_one(DVHReferencedROISequence=[]), at=[ROIS], says=("names no ROI",)),
        fails(
            with_one(DVHReferencedROISequence=[{"ReferencedROINumber": 1}]),
            at=[f"{ROIS}/(3004,0062)"],
        ),
        fails(dose(histogram(), ReferencedStructureSetSequence=[]), at=["(300C,0060)"]),
        *GENERAL,
    ),
    "RT308": (
        passes(dose(histogram(), histogram())),
        # Rounding, and what a dose of zero width means, are no defects.
        passes(with_one(DVHData=[0, 9, 1, "9.001", 1, 4, 1, "-0.001"])),
        passes(with_one(DVHType="DIFFERENTIAL", DVHData=[1, 0, 1, 9, 1, 4, 1, 0])),
        fails(
            with_one(DVHNumberOfBins=5),
            at=[BINS],
            says=("another number of bins than the data has",),
        ),
        fails(with_one(DVHNumberOfBins=None), at=[DATA]),
        fails(with_one(DVHData=FALLING[:-1]), at=[DATA]),
        fails(with_one(DVHData=["nan", *FALLING[1:]]), at=[DATA]),
        fails(with_one(DVHData=[-1, *FALLING[1:]]), at=[DATA], says=("a bin of negative width",)),
        fails(with_one(DVHData=[*FALLING[:-1], -2]), at=[DATA], says=("a negative volume",)),
        fails(
            with_one(DVHData=[1, 0, *FALLING[2:]]),
            at=[DATA],
            says=("a cumulative histogram that rises",),
        ),
        passes(with_one(DVHVolumeUnits="PERCENT", DVHData=[1, "100.4", *FALLING[2:]])),
        passes(with_one(DVHVolumeUnits="CM3", DVHData=[1, 150, *FALLING[2:]])),
        passes(with_one(DVHVolumeUnits="PERCENT", DVHType="NATURAL", DVHData=[1, 150] * 4)),
        *(
            fails(
                with_one(DVHVolumeUnits="PERCENT", DVHType=kind, DVHData=[1, 150, *FALLING[2:]]),
                at=[DATA],
                says=("more than a hundred per cent of a volume",),
            )
            for kind in ("CUMULATIVE", "DIFFERENTIAL")
        ),
        not_applicable(dose(histogram(DVHData=None))),
        *GENERAL,
    ),
    "RT309": (
        passes(dose(histogram())),
        passes(with_one(DVHMinimumDose=2, DVHMeanDose=2, DVHMaximumDose="1.999")),
        fails(with_one(DVHMeanDose=210), at=[f"{DVH}/(3004,0072)"]),
        fails(with_one(DVHMinimumDose=3), at=[f"{DVH}/(3004,0074)"]),
        fails(with_one(DVHMinimumDose=5, DVHMeanDose=None), at=[f"{DVH}/(3004,0072)"]),
        not_applicable(dose(histogram(DVHMeanDose=None, DVHMinimumDose=None))),
        not_applicable(dose(histogram(DVHMeanDose="nan", DVHMinimumDose=None))),
        *GENERAL,
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


def test_longer_data_than_anybody_writes_are_not_evaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.rules.cases import get_rule

    module = get_rule("RT308").check.__globals__
    monkeypatch.setitem(module, "LONGEST", 8)
    not_evaluated(dose(histogram())).check("RT308")
