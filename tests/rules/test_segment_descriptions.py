"""Rules of what segments are said to be."""

from __future__ import annotations

from typing import Any

from auditor.standard.sop_classes import (
    LABEL_MAP_SEGMENTATION,
    MICROSCOPY_BULK_SIMPLE_ANNOTATIONS,
    SEGMENTATION,
    SURFACE_SEGMENTATION,
)
from tests.rules.cases import PLANT, Case, Cases, each, fails, not_applicable, not_evaluated, passes

CT = "1.2.840.10008.5.1.4.1.1.2"


def code(value: str, meaning: str, scheme: str = "SCT") -> dict[str, str]:
    return {"CodeValue": value, "CodingSchemeDesignator": scheme, "CodeMeaning": meaning}


URN = {"URNCodeValue": "urn:oid:2.25.1", "CodeMeaning": PLANT}
TISSUE, LIVER = code("85756007", "Tissue"), code("10200004", "Liver")
ABNORMAL = code("49755003", "Morphologically Abnormal Structure")
NEOPLASM = code("108369006", "Neoplasm")


def seg(*segments: dict[str, Any], sop_class: str = SEGMENTATION, **values: Any) -> dict[str, Any]:
    more = {"SegmentSequence": list(segments)} if segments else {}
    return {"SOPClassUID": sop_class, "Modality": "SEG", **more, **values}


def of(
    category: dict[str, Any] | None = TISSUE, kind: dict[str, Any] | None = LIVER, **more: Any
) -> dict[str, Any]:
    """Return a segment of a category and a type."""
    return {
        "SegmentNumber": 1,
        "SegmentLabel": PLANT,
        "SegmentedPropertyCategoryCodeSequence": [category] if category else [],
        "SegmentedPropertyTypeCodeSequence": [kind] if kind else [],
        **more,
    }


def binary(**changed: Any) -> dict[str, Any]:
    pixels = {"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0}
    return seg(
        **{
            "SegmentationType": "BINARY",
            "SamplesPerPixel": 1,
            "PixelRepresentation": 0,
            "PhotometricInterpretation": "MONOCHROME2",
            **pixels,
            **changed,
        }
    )


def label_map(bits: int, **changed: Any) -> dict[str, Any]:
    return {
        **binary(SegmentationType="LABELMAP", BitsAllocated=bits, BitsStored=bits),
        "HighBit": bits - 1,
        "SOPClassUID": LABEL_MAP_SEGMENTATION,
        **changed,
    }


def fractional(**changed: Any) -> dict[str, Any]:
    start = {"SegmentationType": "FRACTIONAL", "SegmentationFractionalType": "OCCUPANCY"}
    return seg(**{**start, "MaximumFractionalValue": 255, **changed})


cut_short = not_evaluated(seg(), file={"complete": "header"})
CATEGORY, KIND, REGION = (
    f"(0062,0002)/{tag}" for tag in ("(0062,0003)", "(0062,000F)", "(0008,2218)")
)

CASES: Cases = {
    "SEG108": (
        passes(seg(of(TrackingID=PLANT, TrackingUID="2.25.1"))),
        fails(seg(of(TrackingID=PLANT)), at=["(0062,0002)/(0062,0021)"]),
        fails(
            seg(of(TrackingUID="2.25.1"), sop_class=SURFACE_SEGMENTATION),
            at=["(0062,0002)/(0062,0020)"],
        ),
        fails(
            seg(of(TrackingID="", TrackingUID="2.25.1")),
            at=["(0062,0002)/(0062,0020)"],
            says=("missing where the other one is given",),
        ),
        fails(
            seg(of(TrackingID="")),
            at=["(0062,0002)/(0062,0020)"],
            says=("present without a value",),
        ),
        # One good segment does not make up for a bad one.
        fails(
            seg(of(TrackingID=PLANT, TrackingUID="2.25.1"), of(TrackingUID="2.25.2")),
            at=["(0062,0002)/(0062,0020)"],
        ),
        not_applicable(seg(of())),
        not_applicable({"SOPClassUID": CT}),
        cut_short,
    ),
    "SEG109": (
        passes(seg(of())),
        passes(seg(of(URN))),
        fails(
            seg(of(code("T-D0050", "Tissue", "SRT"))),
            at=[CATEGORY],
            says=("SRT T-D0050 is retired: today SCT 85756007",),
        ),
        fails(
            seg(of(AnatomicRegionSequence=[code(PLANT, PLANT, "SRT")])),
            at=[REGION],
            says=("a code of a retired scheme, without a SNOMED CT code in PS3.16",),
        ),
        # A modifier inside of a code.
        fails(
            seg(
                of(
                    kind={
                        **LIVER,
                        "SegmentedPropertyTypeModifierCodeSequence": [
                            code("G-A100", "Right", "SRT")
                        ],
                    }
                )
            ),
            at=[f"{KIND}/(0062,0011)"],
        ),
        fails(
            {
                "SOPClassUID": MICROSCOPY_BULK_SIMPLE_ANNOTATIONS,
                "AnnotationGroupSequence": [
                    {"AnnotationPropertyTypeCodeSequence": [code("T-62000", "Liver", "SRT")]}
                ],
            },
            at=["(006A,0002)/(006A,000A)"],
        ),
        not_applicable(seg(of(None, None))),
        not_applicable({"SOPClassUID": CT}),
        cut_short,
    ),
    "SEG110": (
        passes(seg(of())),
        passes(seg(of(code("123037004", "Anatomical Structure")))),
        # Retired, but in the group as what it is today: SEG109 says that.
        passes(seg(of(code("T-D0050", "Tissue", "SRT"), code("T-62000", "Liver", "SRT")))),
        fails(
            seg(of(kind=code(PLANT, PLANT, "99ACME"))),
            at=[KIND],
            says=("a private coding scheme, not in CID 7151",),
        ),
        fails(seg(of(kind=URN)), at=[KIND], says=("another code, not in CID 7151",)),
        fails(seg(of(LIVER)), at=[CATEGORY], says=("another code, not in CID 7150",)),
        fails(seg(of(code("10200004", "Liver", "DCM"))), at=[CATEGORY]),
        not_applicable(seg()),
        not_applicable({"SOPClassUID": CT}),
        cut_short,
    ),
    "SEG111": (
        passes(seg(of())),
        # Other words for the same are allowed.
        passes(seg(of(kind=code("10200004", "The whole liver")))),
        passes(seg(of(kind=code("10200004", "LIVER")))),
        passes(seg(of(kind=code("12", PLANT, "99ACME")))),
        passes(seg(of(URN))),
        # What CID 7150 had before.
        passes(seg(of(code("123037004", "Anatomical Structure")))),
        fails(
            seg(of(kind=code("10200005", "Liver"))),
            at=[KIND],
            says=("the value is no SNOMED CT identifier",),
        ),
        fails(seg(of(kind=code(PLANT, PLANT))), at=[KIND]),
        fails(
            seg(of(kind=code("64033007", "Liver"))),
            at=[KIND],
            says=("the meaning is that of another code",),
        ),
        not_applicable(seg()),
        not_applicable({"SOPClassUID": CT}),
        cut_short,
    ),
    "SEG112": (
        passes(seg({"SegmentLabel": f"{PLANT} 1"}, {"SegmentLabel": f"{PLANT} 2"})),
        # Without a label is not with the same: SEG105 says that.
        passes(seg({"SegmentLabel": ""}, {"SegmentLabel": ""})),
        fails(
            seg({"SegmentLabel": PLANT}, {"SegmentLabel": PLANT}), at=["(0062,0002)/(0062,0005)"]
        ),
        not_applicable(seg({"SegmentLabel": PLANT})),
        not_applicable({"SOPClassUID": CT}),
        cut_short,
    ),
    "SEG113": (
        passes(seg(of(ABNORMAL, NEOPLASM, AnatomicRegionSequence=[LIVER]))),
        passes(seg(of(ABNORMAL, NEOPLASM, PrimaryAnatomicStructureSequence=[LIVER]))),
        fails(seg(of(ABNORMAL, NEOPLASM)), at=[REGION]),
        fails(
            seg(of(code("M-01000", "Morphologically Altered Structure", "SRT"), NEOPLASM)),
            at=[REGION],
        ),
        # An organ's segment says where it is.
        not_applicable(seg(of(), of(URN))),
        not_applicable({"SOPClassUID": CT}),
        cut_short,
    ),
    "SEG114": (
        passes(fractional()),
        passes(fractional(MaximumFractionalValue=1)),
        # That it is missing says SEG102.
        passes(fractional(MaximumFractionalValue=None)),
        fails(
            fractional(MaximumFractionalValue=0),
            at=["(0062,000E)"],
            says=("Maximum Fractional Value is 0",),
        ),
        fails(fractional(MaximumFractionalValue=256), at=["(0062,000E)"]),
        fails(fractional(SegmentationType="BINARY"), at=["(0062,000E)", "(0062,0010)"]),
        not_applicable(seg(SegmentationType="BINARY")),
        not_applicable({"SOPClassUID": CT}),
        cut_short,
    ),
    "SEG115": (
        passes(binary()),
        passes(fractional(BitsAllocated=8, BitsStored=8, HighBit=7)),
        passes(label_map(8)),
        passes(label_map(16, PhotometricInterpretation="PALETTE COLOR")),
        # The others follow from the first.
        fails(
            binary(BitsAllocated=8, BitsStored=8, HighBit=7),
            at=["(0028,0100)"],
            says=("not as BINARY has it",),
        ),
        fails(
            binary(BitsStored=8, HighBit=7),
            at=["(0028,0101)"],
            says=("more bits stored than allocated",),
        ),
        fails(fractional(BitsAllocated=16), at=["(0028,0100)"]),
        fails(binary(PixelRepresentation=1), at=["(0028,0103)"]),
        fails(binary(SamplesPerPixel=3), at=["(0028,0002)"]),
        fails(binary(PhotometricInterpretation="PALETTE COLOR"), at=["(0028,0004)"]),
        fails(
            label_map(16, BitsStored=8, HighBit=7),
            at=["(0028,0101)"],
            says=("not all allocated bits are stored",),
        ),
        fails(label_map(8, HighBit=15), at=["(0028,0102)"]),
        fails(label_map(32), at=["(0028,0100)"]),
        not_applicable(seg()),
        not_applicable({"SOPClassUID": CT}),
        cut_short,
    ),
    "SEG116": (
        passes(seg(SegmentationType="BINARY", SegmentsOverlap="NO")),
        passes(seg({"SegmentNumber": 1}, {"SegmentNumber": 2}, SegmentsOverlap="YES")),
        passes(
            seg(sop_class=LABEL_MAP_SEGMENTATION, SegmentationType="LABELMAP", SegmentsOverlap="NO")
        ),
        fails(seg(SegmentsOverlap=PLANT), at=["(0062,0013)"], says=("not a legal value",)),
        fails(
            seg(
                sop_class=LABEL_MAP_SEGMENTATION,
                SegmentationType="LABELMAP",
                SegmentsOverlap="UNDEFINED",
            ),
            at=["(0062,0013)"],
        ),
        # No value is forbidden outside of label maps (Table C.8.20-2); the frames tell (SEG207).
        passes(seg({"SegmentNumber": 1}, SegmentationType="BINARY", SegmentsOverlap="YES")),
        not_applicable(seg()),
        not_applicable({"SOPClassUID": CT}),
        cut_short,
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)
