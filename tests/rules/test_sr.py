"""Rules of structured reports."""

from __future__ import annotations

from typing import Any

from auditor.standard.sop_classes import KEY_OBJECT_SELECTION
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

ENHANCED = "1.2.840.10008.5.1.4.1.1.88.22"
TRIAL = "1.2.840.10008.5.1.4.1.1.88.1"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
TITLE = [{"CodeValue": "126000", "CodingSchemeDesignator": "DCM", "CodeMeaning": PLANT}]


def report(**changed: Any) -> dict[str, Any]:
    made = {
        "SOPClassUID": ENHANCED,
        "Modality": "SR",
        "ValueType": "CONTAINER",
        "ConceptNameCodeSequence": TITLE,
        "CompletionFlag": "COMPLETE",
        "VerificationFlag": "UNVERIFIED",
        "ContentSequence": [{"ValueType": "TEXT", "TextValue": PLANT}],
    }
    return {name: value for name, value in (made | changed).items() if value is not None}


cut_short = not_evaluated({"SOPClassUID": ENHANCED, "Modality": "SR"}, file={"complete": "header"})

CASES: Cases = {
    "SR001": (
        passes(instances=[{"SeriesInstanceUID": 1, "SOPClassUID": SECONDARY_CAPTURE}]),
        passes(
            instances=[{"SeriesInstanceUID": 1, "SOPClassUID": SECONDARY_CAPTURE, "Modality": "SR"}]
        ),
        fails(
            instances=[
                {"SeriesInstanceUID": 1, "SOPClassUID": ENHANCED},
                {"SeriesInstanceUID": 2, "SOPClassUID": KEY_OBJECT_SELECTION},
            ],
            says=("Enhanced SR Storage", "Key Object Selection Document Storage"),
        ),
        not_applicable(),
    ),
    "SR002": (
        passes(report()),
        passes({"Modality": "SR", "SOPClassUID": KEY_OBJECT_SELECTION}),
        fails(report(SOPClassUID=SECONDARY_CAPTURE), at=["(0008,0060)"]),
        fails(report(SOPClassUID=None), at=["(0008,0060)"]),
        not_applicable({"Modality": "OT", "SOPClassUID": SECONDARY_CAPTURE}),
        # A report under another modality is a report.
        not_applicable(report(Modality="DOC")),
        CUT_SHORT,
    ),
    "SR101": (
        passes(report()),
        passes(report(CompletionFlag="PARTIAL", VerificationFlag="VERIFIED")),
        fails(report(ValueType="TEXT"), at=["(0040,A040)"]),
        fails(report(ValueType=None), at=["(0040,A040)"]),
        fails(report(ConceptNameCodeSequence=None), at=["(0040,A043)"]),
        fails(report(ConceptNameCodeSequence=[]), at=["(0040,A043)"]),
        fails(report(ConceptNameCodeSequence=[{"CodeValue": "126000"}]), at=["(0040,A043)"]),
        fails(report(CompletionFlag=""), at=["(0040,A491)"]),
        fails(report(CompletionFlag="DONE"), at=["(0040,A491)"]),
        fails(report(VerificationFlag=None), at=["(0040,A493)"]),
        # What stands in an item is not the root's.
        fails(
            report(
                ValueType=None,
                ContentSequence=[{"ValueType": "CONTAINER", "TextValue": PLANT}],
            ),
            at=["(0040,A040)"],
        ),
        # A key object selection has neither flag; the trial classes are no longer described.
        not_applicable({"SOPClassUID": KEY_OBJECT_SELECTION, "Modality": "KO"}),
        not_applicable(report(SOPClassUID=TRIAL, CompletionFlag=None)),
        not_applicable({"SOPClassUID": SECONDARY_CAPTURE, "Modality": "SR"}),
        cut_short,
    ),
    "SR102": (
        passes(report(ContentTemplateSequence=[{"TemplateIdentifier": "1500"}])),
        fails(report(), at=["(0040,A504)"]),
        fails(report(ContentTemplateSequence=[]), at=["(0040,A504)"]),
        fails(report(ContentTemplateSequence=[{"MappingResource": "DCMR"}]), at=["(0040,A504)"]),
        fails(report(ContentTemplateSequence=[{"TemplateIdentifier": ""}]), at=["(0040,A504)"]),
        not_applicable({"SOPClassUID": SECONDARY_CAPTURE}),
        cut_short,
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


def test_presence_counts_series() -> None:
    rows = [{"SeriesInstanceUID": series, "SOPClassUID": ENHANCED} for series in (1, 1, 2)]
    assert fails(instances=rows).ask(get_rule("SR001")).counts == (2,)
