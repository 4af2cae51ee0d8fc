"""Rules of the numbers that place pixels and give them their meaning."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.model import Outcome
from tests.rules.cases import PLANT, Case, Cases, each, fails, get_rule, not_applicable, passes

DIRECTION, SPACING, SLOPE = "(0020,0037)", "(0028,0030)", "(0028,1053)"
WINDOW = "(0028,1051)"
ORIENTATION, SHARED = (0x0020, 0x0037), "SharedFunctionalGroupsSequence"


def facing(*numbers: str) -> dict[str, Any]:
    return {"PatientName": PLANT, "ImageOrientationPatient": list(numbers)}


def spaced(rows: str, columns: str, **values: Any) -> dict[str, Any]:
    return {"Rows": 7, "Columns": 9, "PixelSpacing": [rows, columns], **values}


CASES: Cases = {
    "IOD034": (
        passes(facing("1", "0", "0", "0", "1", "0")),
        # Oblique, as old writers round it.
        passes(facing("0.707", "0.707", "0", "-0.707", "0.707", "0")),
        passes(spaced("0.5", "1e-3")),
        # Along a single row or column there is no distance (10.7.1.3).
        passes(spaced("0", "0.5", Rows=1)),
        passes(spaced("0", "0", Rows=1, Columns=1)),
        passes({"RescaleSlope": "-1.5"}),
        fails(
            facing("1", "0", "0", "1", "0", "0"),
            at=[DIRECTION],
            says=("the directions of rows and columns are not at right angles",),
        ),
        fails(
            facing("1", "1", "0", "0", "0", "1"),
            at=[DIRECTION],
            says=("a direction of rows or columns is no unit vector",),
        ),
        fails(facing("0", "0", "0", "0", "0", "0"), at=[DIRECTION]),
        fails(spaced("0", "0"), at=[SPACING], says=("a pixel spacing is zero",)),
        fails(spaced("0.5", "0", Rows=1), at=[SPACING]),
        fails(spaced("0.5", "-0.5"), at=[SPACING], says=("a pixel spacing is below zero",)),
        fails({"RescaleSlope": "0.0"}, at=[SLOPE], says=("the rescale slope is zero",)),
        fails(
            {SHARED: [{"PixelMeasuresSequence": [{"PixelSpacing": ["0", "0"]}]}]},
            at=[f"(5200,9229)/(0028,9110)/{SPACING}"],
        ),
        # C.11.2.1.2.1: a linear window is the default, and no narrower than 1.
        passes({"WindowWidth": ["1", "400"]}),
        fails({"WindowWidth": "0"}, at=[WINDOW], says=("a window width is not above zero",)),
        fails({"WindowWidth": ["400", "-1"]}, at=[WINDOW]),
        fails(
            {"WindowWidth": "0.5"}, at=[WINDOW], says=("the width of a linear window is below 1",)
        ),
        fails({"WindowWidth": "0.5", "VOILUTFunction": "LINEAR"}, at=[WINDOW]),
        passes({"WindowWidth": "0.5", "VOILUTFunction": "SIGMOID"}),
        passes({"WindowWidth": "0.5", "VOILUTFunction": "LINEAR_EXACT"}),
        fails({"WindowWidth": "0", "VOILUTFunction": "LINEAR_EXACT"}, at=[WINDOW]),
        # The function of another item is not its own.
        fails(
            {
                "VOILUTFunction": "SIGMOID",
                "SoftcopyVOILUTSequence": [{"WindowWidth": "0.5"}],
            },
            at=[f"(0028,3110)/{WINDOW}"],
        ),
        not_applicable({"WindowWidth": ""}),
        # What is no number, or not so many, others say.
        not_applicable({ORIENTATION: ("LO", PLANT)}),
        not_applicable(facing("1", "0", "0")),
        not_applicable({"RescaleSlope": ""}),
        not_applicable({"VOILUTFunction": "SIGMOID"}),
        not_applicable({"PatientName": PLANT}),
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


@pytest.mark.parametrize("value", ["nan", "inf", "1e999", "\\" * 300, "0\\" * 99])
def test_no_number_makes_the_judges_raise(value: str) -> None:
    odd = {tag: ("DS", value.encode()) for tag in (ORIENTATION, (0x0028, 0x0030), (0x0028, 0x1053))}
    assert passes(odd).ask(get_rule("IOD034")).outcome is Outcome.NOT_APPLICABLE
