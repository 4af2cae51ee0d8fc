"""Rules of specimens."""

from __future__ import annotations

from typing import Any

from tests.rules.cases import PLANT, Case, Cases, each, fails, not_applicable, not_evaluated, passes

SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
STEPS = "(0040,0560)/(0040,0610)/(0040,0612)"
STAINING, SAMPLING, COLLECTION = ("127790008", "433465004", "17636008")


def coded(value: str, scheme: str = "SCT") -> list[dict[str, str]]:
    return [{"CodeValue": value, "CodingSchemeDesignator": scheme, "CodeMeaning": "words"}]


def text(concept: str, scheme: str = "DCM") -> dict[str, Any]:
    return {
        "ValueType": "TEXT",
        "ConceptNameCodeSequence": coded(concept, scheme),
        "TextValue": PLANT,
    }


def code(concept: str, value: str, scheme: str = "DCM", of: str = "SCT") -> dict[str, Any]:
    return {
        "ValueType": "CODE",
        "ConceptNameCodeSequence": coded(concept, scheme),
        "ConceptCodeSequence": coded(value, of),
    }


IDENTIFIER = text("121041")
STAIN = code("424361007", "12710003", "SCT")
SAMPLED = (code("111704", "122459003"), text("111705"), code("111707", "430861001"))


def kind(value: str, of: str = "SCT") -> dict[str, Any]:
    return code("111701", value, of=of)


def slide(*steps: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    """Build a slide with these steps of preparation."""
    return {
        "SOPClassUID": SLIDE,
        "SpecimenDescriptionSequence": [
            {
                "SpecimenPreparationSequence": [
                    {"SpecimenPreparationStepContentItemSequence": list(step)} for step in steps
                ]
            }
        ],
    }


CASES: Cases = {
    "IOD036": (
        passes(
            slide(
                (IDENTIFIER, kind(SAMPLING), *SAMPLED),
                (IDENTIFIER, kind(STAINING), STAIN, STAIN),
                (IDENTIFIER, kind(STAINING), text("424361007", "SCT")),
                (IDENTIFIER, kind(COLLECTION), code("17636008", "65801008", "SCT")),
            )
        ),
        # Codes of the old kind are the same.
        passes(
            slide(
                (IDENTIFIER, kind("P3-00003", "SRT"), code("G-C350", "C-22968", "SRT", of="SRT")),
            )
        ),
        fails(
            slide((IDENTIFIER, kind(SAMPLING), *SAMPLED), (IDENTIFIER, kind(STAINING))),
            at=[STEPS],
            says=("Using substance is missing",),
        ),
        fails(slide((IDENTIFIER, kind("P3-00003", "SRT"))), at=[STEPS]),
        # An empty item is none.
        fails(slide((IDENTIFIER, kind(STAINING), {})), at=[STEPS]),
        fails(
            slide((kind(SAMPLING), *SAMPLED[:2])),
            at=[STEPS],
            says=("Parent specimen type is missing", "Specimen Identifier is missing"),
        ),
        fails(slide((IDENTIFIER,)), at=[STEPS], says=("Processing type is missing",)),
        fails(slide((IDENTIFIER, kind(COLLECTION))), at=[STEPS]),
        # The context group may be extended, see IOD037.
        passes(slide((IDENTIFIER, kind("L1", "99LOCAL")))),
        fails(
            slide((code("121041", "12710003"), kind(STAINING), STAIN)),
            at=[f"{STEPS}/(0040,A040)"],
            says=("the value type of Specimen Identifier is not TEXT",),
        ),
        not_applicable(slide()),
        not_applicable({"SOPClassUID": SLIDE}),
        not_evaluated(slide((IDENTIFIER,)), file={"complete": "header"}),
    ),
    "IOD037": (
        passes(slide((IDENTIFIER, kind(SAMPLING), *SAMPLED), (IDENTIFIER, kind(STAINING)))),
        passes(slide((kind("P3-00003", "SRT"),), (kind(""), kind(STAINING)))),
        *(
            fails(
                slide((kind(STAINING),), (IDENTIFIER, kind(value, scheme))),
                at=[f"{STEPS}/(0040,A168)"],
                says=("the value of Processing type is not in CID 8111",),
            )
            for value, scheme in (("12710003", "SCT"), ("L1", "99LOCAL"))
        ),
        not_applicable(slide((IDENTIFIER,))),
        not_applicable({"SOPClassUID": SLIDE}),
        not_evaluated(slide((kind(STAINING),)), file={"complete": "header"}),
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)
