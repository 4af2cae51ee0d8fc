"""Rules of what structured reports hold."""

from __future__ import annotations

from typing import Any

from auditor.model import Outcome
from auditor.structured_report import content
from tests.rules.cases import (
    PLANT,
    Case,
    Cases,
    all_rules,
    each,
    fails,
    not_applicable,
    not_evaluated,
    passes,
)
from tests.rules.documents import (
    BASIC,
    COLON_CAD,
    CT_IMAGE,
    ENHANCED,
    THREE_D,
    by_reference,
    code,
    coded,
    container,
    document,
    image,
    item,
    num,
    region,
    text,
    uidref,
)

TRIAL = "1.2.840.10008.5.1.4.1.1.88.1"
CHILD = "(0040,A730)"
GRANDCHILD = f"{CHILD}/{CHILD}"

cut_short = not_evaluated({"SOPClassUID": ENHANCED}, file={"complete": "header"})
no_report = not_applicable(document(SOPClassUID=CT_IMAGE))
no_measurement = not_applicable(document(text("121106")))


def scoord3d(kind: str, numbers: list[float]) -> Any:
    return item(
        "SCOORD3D",
        "CONTAINS",
        "121231",
        GraphicType=kind,
        GraphicData=numbers,
        ReferencedFrameOfReferenceUID="2.25.3",
    )


def meant(value: str, scheme: str, words: str) -> Any:
    """Return an item whose value is a code with these words."""
    return code("121071", value, ConceptCodeSequence=coded(value, scheme, CodeMeaning=words))


TRIANGLE = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0]

CASES: Cases = {
    "SR103": (
        passes(document(text("121106"), num("121206"), image())),
        passes(document(SOPClassUID=BASIC)),
        fails(document(num("121206"), SOPClassUID=BASIC), at=[f"{CHILD}/(0040,A040)"]),
        fails(document(scoord3d("POINT", [1.0, 2.0, 3.0])), at=[f"{CHILD}/(0040,A040)"]),
        passes(document(scoord3d("POINT", [1.0, 2.0, 3.0]), SOPClassUID=THREE_D)),
        fails(document(item("LOUD", "CONTAINS")), at=[f"{CHILD}/(0040,A040)"]),
        fails(document(text("121106", ValueType=None)), at=[f"{CHILD}/(0040,A040)"]),
        # By reference an item has none (PS3.3 C.17.3).
        passes(
            document(text("121106"), text("121106", "CONTAINS"), by_reference("CONTAINS", 1, 1))
        ),
        fails(
            document(container(None, text("121106", ValueType=""))),
            at=[f"{GRANDCHILD}/(0040,A040)"],
        ),
        not_evaluated(document(text("121106"), SOPClassUID=COLON_CAD)),
        no_report,
        not_applicable(document(SOPClassUID=TRIAL)),
        cut_short,
    ),
    "SR104": (
        passes(document(text("121106"), num("121206"), image())),
        passes(document(num("121206"), by_reference("CONTAINS", 1, 1))),
        fails(document(text("121106", "HAS PROPERTIES")), at=[f"{CHILD}/(0040,A010)"]),
        fails(document(num("121206", relationship="HAS CONCEPT MOD")), at=[f"{CHILD}/(0040,A010)"]),
        fails(document(text("121106", RelationshipType=None)), at=[f"{CHILD}/(0040,A010)"]),
        fails(document(text("121106", "BELONGS TO")), at=[f"{CHILD}/(0040,A010)"]),
        # Enhanced SR has no relationships by reference (PS3.3 A.35.2.3.1.2).
        fails(
            document(
                num("121206"),
                num("121207", "mm,UCUM", "CONTAINS", by_reference("INFERRED FROM", 1, 1)),
                SOPClassUID=ENHANCED,
            ),
            at=[f"{GRANDCHILD}/(0040,A010)"],
            says=("NUM INFERRED FROM NUM by reference, which the SOP class does not have",),
        ),
        passes(
            document(
                num("121206"),
                num("121207", "mm,UCUM", "CONTAINS", by_reference("INFERRED FROM", 1, 1)),
            )
        ),
        not_evaluated(document(text("121106"), SOPClassUID=COLON_CAD)),
        no_report,
        cut_short,
    ),
    "SR105": (
        passes(document(text("121106"), code("121071", "1,99X"), uidref("112040"), image())),
        # A measurement that was not made has an empty sequence, a container needs no name.
        passes(document(num("121206", MeasuredValueSequence=[]), container(None))),
        passes(document(by_reference("CONTAINS", 1))),
        fails(document(text("121106", TextValue="")), at=[f"{CHILD}/(0040,A160)"]),
        fails(document(text("121106", TextValue=None)), at=[f"{CHILD}/(0040,A160)"]),
        fails(document(text("121106", ConceptNameCodeSequence=None)), at=[f"{CHILD}/(0040,A043)"]),
        fails(
            document(code("121071", "1,99X", ConceptCodeSequence=[])), at=[f"{CHILD}/(0040,A168)"]
        ),
        fails(document(uidref("112040", UID=None)), at=[f"{CHILD}/(0040,A124)"]),
        fails(document(num("121206", MeasuredValueSequence=None)), at=[f"{CHILD}/(0040,A300)"]),
        fails(
            document(
                num("121206", MeasuredValueSequence=[{"MeasurementUnitsCodeSequence": coded("mm")}])
            ),
            at=[f"{CHILD}/(0040,A300)/(0040,A30A)"],
        ),
        # No item or one (Table C.18.1-1).
        fails(
            document(
                num(
                    "121206",
                    MeasuredValueSequence=[
                        {"NumericValue": "1", "MeasurementUnitsCodeSequence": coded("mm", "UCUM")},
                        {"NumericValue": "2", "MeasurementUnitsCodeSequence": coded("mm", "UCUM")},
                    ],
                )
            ),
            at=[f"{CHILD}/(0040,A300)"],
            says=("a NUM has several measured values",),
        ),
        fails(document(image(ReferencedSOPSequence=[])), at=[f"{CHILD}/(0008,1199)"]),
        fails(
            document(image(ReferencedSOPSequence=[{"ReferencedSOPClassUID": CT_IMAGE}])),
            at=[f"{CHILD}/(0008,1199)"],
        ),
        fails(document(container("121070", ContinuityOfContent=None)), at=[f"{CHILD}/(0040,A050)"]),
        fails(
            document(container(None, region(GraphicData=None))),
            at=[f"{GRANDCHILD}/(0070,0022)"],
        ),
        no_report,
        cut_short,
    ),
    "SR106": (
        passes(document(text("121106"), code("121071", "1,99X"), num("121206"))),
        passes(
            document(
                text(
                    "121106",
                    ConceptNameCodeSequence=[{"URNCodeValue": "urn:oid:1.2", "CodeMeaning": PLANT}],
                )
            )
        ),
        fails(
            document(text("121106", ConceptNameCodeSequence=coded("121106", ""))),
            at=[f"{CHILD}/(0040,A043)"],
        ),
        fails(
            document(
                code("121071", "1,99X", ConceptCodeSequence=coded("1", "99X", CodeMeaning=""))
            ),
            at=[f"{CHILD}/(0040,A168)"],
        ),
        fails(
            document(container("121070", num("121206", ",UCUM"))),
            at=[f"{GRANDCHILD}/(0040,A300)/(0040,08EA)"],
        ),
        no_report,
        cut_short,
    ),
    "SR107": (
        passes(document(num("121206"), num("121207", "g/ml{SUVbw},UCUM"))),
        # Of another scheme it is for SR108 to say; without a value there are no units.
        passes(document(num("121206", "furlong,99X"), num("121206", MeasuredValueSequence=[]))),
        fails(document(num("121206", "HU,UCUM")), at=[f"{CHILD}/(0040,A300)/(0040,08EA)"]),
        fails(
            document(container(None, num("121206", MeasuredValueSequence=[{"NumericValue": "1"}]))),
            at=[f"{GRANDCHILD}/(0040,A300)/(0040,08EA)"],
        ),
        no_measurement,
        no_report,
        cut_short,
    ),
    "SR108": (
        passes(document(num("121206"))),
        fails(document(num("121206", "mm,99X")), at=[f"{CHILD}/(0040,A300)/(0040,08EA)"]),
        no_measurement,
        cut_short,
    ),
    "SR109": (
        passes(document(num("121206"), by_reference("CONTAINS", 1, 1))),
        fails(document(by_reference("CONTAINS", 1, 2)), at=[f"{CHILD}/(0040,DB73)"]),
        fails(document(by_reference("CONTAINS", 2, 1)), at=[f"{CHILD}/(0040,DB73)"]),
        # To itself, and to what is around it.
        fails(document(by_reference("CONTAINS", 1, 1)), at=[f"{CHILD}/(0040,DB73)"]),
        fails(
            document(container("121070", by_reference("CONTAINS", 1, 1))),
            at=[f"{GRANDCHILD}/(0040,DB73)"],
            says=("an item by reference refers to an item that it is part of",),
        ),
        not_applicable(document(num("121206"))),
        no_report,
        cut_short,
    ),
    "SR110": (
        passes(document(region(), region("ELLIPSE", 8), region("POINT", 2))),
        passes(document(region("POLYLINE", 40), region("MULTIPOINT", 2))),
        passes(document(scoord3d("POLYGON", TRIANGLE + TRIANGLE[:3]), SOPClassUID=THREE_D)),
        # Without any value, SR105 says so.
        passes(document(region(GraphicData=None))),
        fails(document(region("CIRCLE", 8)), at=[f"{CHILD}/(0070,0022)"]),
        fails(document(region("POLYLINE", 2)), at=[f"{CHILD}/(0070,0022)"]),
        fails(document(region("POLYLINE", 5)), at=[f"{CHILD}/(0070,0022)"]),
        fails(document(region("ELLIPSOID", 12)), at=[f"{CHILD}/(0070,0023)"]),
        fails(
            document(scoord3d("POLYGON", [*TRIANGLE, 2.0, 2.0, 2.0]), SOPClassUID=THREE_D),
            at=[f"{CHILD}/(0070,0022)"],
        ),
        fails(document(scoord3d("POLYGON", TRIANGLE)), at=[f"{CHILD}/(0070,0022)"]),
        no_measurement,
        no_report,
        cut_short,
    ),
    "SR111": (
        passes(document(text("121106"), code("121071", "1,99X"))),
        # Above the last code that is known there may be new ones.
        passes(document(text("199999"))),
        fails(document(text("1211060")), at=[f"{CHILD}/(0040,A043)"]),
        fails(document(code("121071", "100000")), at=[f"{CHILD}/(0040,A168)"]),
        passes(document(text("363698007,SCT"), code("121071", "69536005,SCT"))),
        # Too short; a digit that does not check the others; the old way.
        fails(document(code("121071", "12345,SCT")), at=[f"{CHILD}/(0040,A168)"]),
        fails(
            document(text("363698008,SCT")),
            at=[f"{CHILD}/(0040,A043)"],
            says=("the value is no SNOMED CT identifier",),
        ),
        fails(document(code("121071", "T-A0100,SCT")), at=[f"{CHILD}/(0040,A168)"]),
        no_report,
        cut_short,
    ),
    "SR114": (
        passes(document(text("121106"), meant("27925004", "SCT", "Nodule"))),
        passes(document(meant("27925004", "SCT", "nodule "), meant("121106", "DCM", "Comment"))),
        # Other words, other languages; what nobody has a meaning for; what it was called before.
        passes(document(meant("27925004", "SCT", "Knoten"), meant("64033007", "SCT", "Niere"))),
        passes(document(meant("1", "99X", "Kidney"), meant("12345", "SCT", "Kidney"))),
        passes(document(meant("123037004", "SCT", "Anatomical Structure"))),
        passes(document(meant("121070", "DCM", "Finding"), meant("121071", "DCM", "Findings"))),
        passes(document(meant("T-D000A", "SRT", "Anatomical structure"))),
        fails(
            document(text("121106"), meant("27925004", "SCT", "Kidney")),
            at=[f"{CHILD}/(0040,A168)/(0008,0104)"],
            says=("the meaning is that of another code",),
        ),
        fails(
            document(container(None, meant("27925004", "SCT", "kidney"))),
            at=[f"{GRANDCHILD}/(0040,A168)/(0008,0104)"],
        ),
        fails(
            document(
                ConceptNameCodeSequence=coded("126001", CodeMeaning="Imaging Measurement Report")
            ),
            at=["(0040,A043)/(0008,0104)"],
        ),
        # The code of one item and the meaning of the next are not one code.
        passes(
            document(
                text("27925004,SCT"),
                code("121071", "1", ConceptCodeSequence=[{"CodeMeaning": "Kidney"}]),
            )
        ),
        no_report,
        cut_short,
    ),
    "SR112": (
        passes(document(code("121071", "69536005,SCT"))),
        fails(document(code("121071", "T-A0100,SRT")), at=[f"{CHILD}/(0040,A168)"]),
        fails(document(text("G-C0E3,99SDM")), at=[f"{CHILD}/(0040,A043)"]),
        no_report,
        cut_short,
    ),
    "SR113": (
        passes(document(num("121206"), text("1,99X"))),
        passes(document(num("G-A22A,99SDM"))),
        fails(document(num("1,99X")), at=[f"{CHILD}/(0040,A043)"]),
        no_measurement,
        cut_short,
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


def test_what_is_too_large_is_not_evaluated(monkeypatch: Any) -> None:
    monkeypatch.setattr(content, "ITEM_LIMIT", 3)
    large = document(text("121106"), text("121106"), num("121206"), num("121206"))
    rules = [rule for rule in all_rules().rules if "content" in rule.reads]
    for rule in rules:
        template = "1500" if rule.id.startswith("SR2") else None
        said = passes(large | document(template=template, ContentSequence=None)).ask(rule)
        assert said.outcome is Outcome.NOT_EVALUATED, rule.id
        assert len(said.reasons) == 1, rule.id
