"""Rules of segmentations."""

from __future__ import annotations

from typing import Any

from auditor.standard.sop_classes import (
    HEIGHT_MAP_SEGMENTATION,
    LABEL_MAP_SEGMENTATION,
    PARAMETRIC_MAP,
    SEGMENTATION,
    SURFACE_SEGMENTATION,
)
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

CT = "1.2.840.10008.5.1.4.1.1.2"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
CODE = [{"CodeValue": "85756007", "CodingSchemeDesignator": "SCT", "CodeMeaning": PLANT}]


def seg(sop_class: str = SEGMENTATION, **values: Any) -> dict[str, Any]:
    return {"SOPClassUID": sop_class, "Modality": "SEG", **values}


def segments(*numbers: int | None, sop_class: str = SEGMENTATION) -> dict[str, Any]:
    items = [
        {"SegmentLabel": PLANT} | ({} if number is None else {"SegmentNumber": number})
        for number in numbers
    ]
    return seg(sop_class, SegmentSequence=items)


def described(**changed: Any) -> dict[str, Any]:
    item = {
        "SegmentNumber": 1,
        "SegmentLabel": PLANT,
        "SegmentAlgorithmType": "SEMIAUTOMATIC",
        "SegmentAlgorithmName": PLANT,
        "SegmentedPropertyCategoryCodeSequence": CODE,
        "SegmentedPropertyTypeCodeSequence": CODE,
    }
    item = {name: value for name, value in (item | changed).items() if value is not None}
    return seg(SegmentSequence=[item])


cut_short = not_evaluated(seg(), file={"complete": "header"})


def optional(**changed: Any) -> dict[str, Any]:
    """Return a segmentation whose segment has all that may be said of it."""
    segment = {
        "SegmentNumber": 1,
        "SegmentAlgorithmType": "AUTOMATIC",
        "SegmentDescription": PLANT,
        "DefinitionSourceSequence": [{"ReferencedSOPInstanceUID": "2.25.1"}],
        "SegmentationAlgorithmIdentificationSequence": [{"AlgorithmName": PLANT}],
    }
    return seg(SegmentsOverlap="NO", SegmentSequence=[{**segment, **changed}])


CASES: Cases = {
    "SEG001": (
        not_applicable(instances=[{"SeriesInstanceUID": 1, "SOPClassUID": CT}]),
        fails(
            instances=[
                {"SeriesInstanceUID": 1, "SOPClassUID": CT, "Modality": "CT"},
                {"SeriesInstanceUID": 2, "SOPClassUID": SEGMENTATION},
                {"SeriesInstanceUID": 3, "SOPClassUID": SURFACE_SEGMENTATION},
            ],
            says=("Segmentation Storage", "Surface Segmentation Storage"),
        ),
        # By SOP class: what only calls itself one is none.
        not_applicable(
            instances=[
                {"SeriesInstanceUID": 1, "SOPClassUID": SECONDARY_CAPTURE, "Modality": "SEG"}
            ]
        ),
        not_evaluated(instances=[{"SOPClassUID": SEGMENTATION}]),
        not_applicable(instances=[{"SOPClassUID": CT}]),
        not_applicable(),
    ),
    "SEG002": (
        passes(seg()),
        passes(seg(SURFACE_SEGMENTATION)),
        passes(seg(LABEL_MAP_SEGMENTATION)),
        fails(seg(SECONDARY_CAPTURE, PatientName=PLANT), at=["(0008,0060)"]),
        fails({"Modality": "SEG", "PatientName": PLANT}, at=["(0008,0060)"]),
        not_applicable({"SOPClassUID": SECONDARY_CAPTURE, "Modality": "OT"}),
        not_applicable({"SOPClassUID": SECONDARY_CAPTURE}),
        CUT_SHORT,
    ),
    "SEG101": (
        passes(seg(ImageType=["DERIVED", "PRIMARY"])),
        fails(seg(ImageType=["ORIGINAL", "PRIMARY"], PatientName=PLANT), at=["(0008,0008)"]),
        fails(seg(ImageType=["DERIVED", "SECONDARY"]), at=["(0008,0008)"]),
        # PS3.3 C.8.20.2.1 allows no further value.
        fails(seg(ImageType=["DERIVED", "PRIMARY", "AXIAL"]), at=["(0008,0008)"]),
        fails(seg(ImageType="DERIVED"), at=["(0008,0008)"]),
        fails(seg(ImageType=""), at=["(0008,0008)"]),
        fails(seg(), at=["(0008,0008)"]),
        not_applicable({"SOPClassUID": CT, "ImageType": ["ORIGINAL", "PRIMARY"]}),
        # It is no image.
        not_applicable(seg(SURFACE_SEGMENTATION)),
        # It stands before all that was read, so it is not behind the break.
        fails(seg(), file={"complete": "header"}, at=["(0008,0008)"]),
    ),
    "SEG102": (
        passes(seg(SegmentationType="BINARY")),
        passes(
            seg(
                SegmentationType="FRACTIONAL",
                SegmentationFractionalType="OCCUPANCY",
                MaximumFractionalValue=255,
            )
        ),
        passes(seg(LABEL_MAP_SEGMENTATION, SegmentationType="LABELMAP")),
        fails(
            seg(PatientName=PLANT),
            at=["(0062,0001)"],
            says=("Segmentation Type is missing or empty",),
        ),
        fails(
            seg(SegmentationType=""),
            at=["(0062,0001)"],
            says=("Segmentation Type is missing or empty",),
        ),
        fails(
            seg(SegmentationType="LABELMAP"),
            at=["(0062,0001)"],
            says=("Segmentation Type is none of its SOP class's",),
        ),
        fails(seg(LABEL_MAP_SEGMENTATION, SegmentationType="BINARY"), at=["(0062,0001)"]),
        fails(seg(SegmentationType="QUAGGA"), at=["(0062,0001)"]),
        fails(seg(SegmentationType="FRACTIONAL"), at=["(0062,000E)", "(0062,0010)"]),
        fails(
            seg(
                SegmentationType="FRACTIONAL",
                SegmentationFractionalType="QUAGGA",
                MaximumFractionalValue=1,
            ),
            at=["(0062,0010)"],
        ),
        fails(
            seg(SegmentationType="FRACTIONAL", SegmentationFractionalType="PROBABILITY"),
            at=["(0062,000E)"],
        ),
        not_applicable(seg(SURFACE_SEGMENTATION)),
        not_applicable({"SOPClassUID": CT, "Modality": "SEG"}),
        cut_short,
    ),
    "SEG103": (
        passes(segments(1, 2)),
        passes(segments(7, 3, sop_class=LABEL_MAP_SEGMENTATION)),
        fails(seg(PatientName=PLANT), at=["(0062,0002)"], says=("there is no segment",)),
        fails(seg(SegmentSequence=[]), at=["(0062,0002)"]),
        fails(
            segments(1, 1), at=["(0062,0002)/(0062,0004)"], says=("two segments have one number",)
        ),
        fails(segments(1, None), at=["(0062,0002)/(0062,0004)"], says=("a segment has no number",)),
        # Two without a number have not the same number.
        fails(
            segments(None, None),
            at=["(0062,0002)/(0062,0004)"],
            says=("a segment has no number",),
        ),
        not_applicable({"SOPClassUID": CT}),
        cut_short,
    ),
    "SEG104": (
        passes(segments(1)),
        # In whatever order.
        passes(segments(2, 1, 3)),
        fails(segments(2, 3), at=["(0062,0002)/(0062,0004)"]),
        fails(segments(1, 3), at=["(0062,0002)/(0062,0004)"]),
        fails(segments(0, 1), at=["(0062,0002)/(0062,0004)"]),
        # That numbers are missing or repeated says SEG103.
        passes(segments(1, 1, 2)),
        passes(segments(None)),
        fails(segments(2, 5, sop_class=SURFACE_SEGMENTATION), at=["(0062,0002)/(0062,0004)"]),
        not_applicable(segments(2, 5, sop_class=LABEL_MAP_SEGMENTATION)),
        not_applicable(seg(SegmentSequence=[])),
        cut_short,
    ),
    "SEG106": (
        passes(seg(InstanceNumber="1")),
        fails(seg(), at=["(0020,0013)"]),
        fails(seg(PARAMETRIC_MAP), at=["(0020,0013)"]),
        fails(seg(InstanceNumber=None), at=["(0020,0013)"]),
        not_applicable({"SOPClassUID": CT}),
        cut_short,
    ),
    "SEG107": (
        passes(optional()),
        passes(
            optional(SegmentAlgorithmType="MANUAL", SegmentationAlgorithmIdentificationSequence=[])
        ),
        fails({**optional(), "SegmentsOverlap": None}, at=["(0062,0013)"]),
        fails(optional(SegmentDescription=""), at=["(0062,0002)/(0062,0006)"]),
        fails(optional(DefinitionSourceSequence=[]), at=["(0062,0002)/(0008,1156)"]),
        fails(
            optional(SegmentationAlgorithmIdentificationSequence=[]),
            at=["(0062,0002)/(0062,0007)"],
        ),
        not_applicable(seg()),
        not_applicable({"SOPClassUID": CT}),
        cut_short,
    ),
    "SEG105": (
        passes(described()),
        passes(described(SegmentAlgorithmType="MANUAL", SegmentAlgorithmName=None)),
        fails(described(SegmentLabel=None), at=["(0062,0002)/(0062,0005)"]),
        fails(described(SegmentLabel=""), at=["(0062,0002)/(0062,0005)"]),
        fails(described(SegmentAlgorithmType=None), at=["(0062,0002)/(0062,0008)"]),
        fails(
            described(SegmentAlgorithmType="ROBOT"),
            at=["(0062,0002)/(0062,0008)"],
            says=("not a legal algorithm type",),
        ),
        fails(
            described(SegmentAlgorithmName=None),
            at=["(0062,0002)/(0062,0009)"],
            says=("SEMIAUTOMATIC without an algorithm name",),
        ),
        fails(
            described(SegmentedPropertyCategoryCodeSequence=None), at=["(0062,0002)/(0062,0003)"]
        ),
        # A sequence without an item holds nothing.
        fails(described(SegmentedPropertyTypeCodeSequence=[]), at=["(0062,0002)/(0062,000F)"]),
        # One good segment does not make up for a bad one.
        fails(
            seg(SegmentSequence=[described()["SegmentSequence"][0], {"SegmentNumber": 2}]),
            at=[
                "(0062,0002)/(0062,0003)",
                "(0062,0002)/(0062,0005)",
                "(0062,0002)/(0062,0008)",
                "(0062,0002)/(0062,000F)",
            ],
        ),
        # A surface names its algorithm elsewhere; a height map has to identify it.
        passes({**described(SegmentAlgorithmName=None), "SOPClassUID": SURFACE_SEGMENTATION}),
        fails(
            {**described(), "SOPClassUID": HEIGHT_MAP_SEGMENTATION},
            at=["(0062,0002)/(0062,0007)"],
        ),
        not_applicable(seg()),
        not_applicable({"SOPClassUID": CT}),
        cut_short,
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


def test_presence_counts_series() -> None:
    rows = [{"SeriesInstanceUID": series, "SOPClassUID": SEGMENTATION} for series in (1, 1, 2)]
    assert fails(instances=rows).ask(get_rule("SEG001")).counts == (2,)
