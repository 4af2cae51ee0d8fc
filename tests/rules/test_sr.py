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
from tests.rules.documents import code, container, document, num, text

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
        not_evaluated(instances=[{"SOPClassUID": ENHANCED}]),
        not_applicable(instances=[{"SeriesInstanceUID": 1, "SOPClassUID": SECONDARY_CAPTURE}]),
        not_applicable(
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
    "SR003": (
        fails(
            document(container("121070", text("121071"), text("121106"))),
            says=("free text in a container",),
        ),
        fails(
            document(container("121070", text("121071")), container("121076", text("121077"))),
            says=("organised items: text under several headings",),
        ),
        fails(
            document(container("121070", text("121071"), num("410668003,SCT"))),
            says=("a coded lexicon: there are coded items or measurements",),
        ),
        # What is around it says nothing of the patient.
        fails(
            document(code("121005", "121006", "HAS OBS CONTEXT"), text("121071")),
            says=("free text in a container",),
        ),
        fails(document(), says=("no text, no coded item and no measurement",)),
        not_applicable(document(SOPClassUID=KEY_OBJECT_SELECTION)),
        not_applicable(document(SOPClassUID=TRIAL)),
        cut_short,
    ),
    "SR004": (
        fails(document(text("121071")), says=("none of the items are coded or measured",)),
        fails(
            document(text("121071"), num("410668003,SCT")),
            says=("half or more of the items are coded or measured",),
        ),
        fails(
            document(text("121071"), text("121071"), code("121071", "1,99X")),
            says=("less than half of the items are coded or measured",),
        ),
        fails(
            document(code("121071", "1,99X"), text("121050", "HAS CONCEPT MOD")),
            says=("all of the items are coded or measured",),
        ),
        not_applicable(document()),
        not_applicable(document(SOPClassUID=SECONDARY_CAPTURE)),
        cut_short,
    ),
    "SR005": (
        passes(document(ConceptNameCodeSequence=None)),
        fails(
            document(
                code("121071", "1,99X"),
                code("G-C0E3,SRT", "RID1,RADLEX"),
                num("113043", "mm,UCUM"),
                text(f"1,{PLANT}"),
            ),
            says=(
                "codes of DCM",
                "codes of RADLEX",
                "codes of SNOMED of the old kind (SRT)",
                "codes of UCUM",
                "codes of another scheme",
                "codes of private (99...)",
            ),
        ),
        not_applicable(document(SOPClassUID=SECONDARY_CAPTURE)),
        cut_short,
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
