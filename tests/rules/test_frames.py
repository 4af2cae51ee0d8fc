"""Rules of the frames of segmentations and parametric maps."""

from __future__ import annotations

import io
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from pydicom import dcmwrite

from auditor.planning import RulesPlan
from auditor.reading.columns import GATHERED
from auditor.reading.places import Forest
from auditor.reading.reader import Reader
from auditor.reading.runs import walk_dataset
from auditor.reading.walker import Walk
from auditor.standard.sop_classes import (
    HEIGHT_MAP_SEGMENTATION,
    LABEL_MAP_SEGMENTATION,
    PARAMETRIC_MAP,
    RT_DOSE,
    SEGMENTATION,
)
from auditor.testing import dataset_of
from tests.rules.cases import (
    Case,
    Cases,
    all_rules,
    each,
    fails,
    get_rule,
    not_applicable,
    not_evaluated,
    passes,
)

CT = "1.2.840.10008.5.1.4.1.1.2"
CLIP = "1.2.840.10008.5.1.4.1.1.3.1"
VECTORS = {"EnergyWindowVector": [1, 2], "DetectorVector": [1, 2]}
PER_FRAME = "(5200,9230)"
SEGMENT = f"{PER_FRAME}/(0062,000A)/(0062,000B)"
INDICES = f"{PER_FRAME}/(0020,9111)/(0020,9157)"
POSITION = f"{PER_FRAME}/(0020,9113)/(0020,0032)"


def code(value: str) -> list[dict[str, str]]:
    return [{"CodeValue": value, "CodingSchemeDesignator": "DCM", "CodeMeaning": "words"}]


def derived(*uids: str) -> list[dict[str, Any]]:
    sources = [
        {
            "ReferencedSOPClassUID": CT,
            "ReferencedSOPInstanceUID": uid,
            "PurposeOfReferenceCodeSequence": code("121322"),
        }
        for uid in uids
    ]
    return [{"DerivationCodeSequence": code("113076"), "SourceImageSequence": sources}]


def frame(segment: int, plane: int) -> dict[str, Any]:
    return {
        "DerivationImageSequence": derived(f"2.25.{plane}"),
        "FrameContentSequence": [{"DimensionIndexValues": [segment, plane]}],
        "PlanePositionSequence": [{"ImagePositionPatient": [0, 0, plane]}],
        "SegmentIdentificationSequence": [{"ReferencedSegmentNumber": segment}],
    }


def good() -> dict[str, Any]:
    """Return a segmentation of two segments, in two of three slices each."""
    pointers = (0x0062000B, 0x00200032)
    return {
        "SOPClassUID": SEGMENTATION,
        "FrameOfReferenceUID": "2.25.100",
        "ReferencedSeriesSequence": [
            {
                "ReferencedInstanceSequence": [
                    {"ReferencedSOPClassUID": CT, "ReferencedSOPInstanceUID": f"2.25.{plane}"}
                    for plane in (1, 2, 3)
                ],
                "SeriesInstanceUID": "2.25.101",
            }
        ],
        "DimensionOrganizationSequence": [{"DimensionOrganizationUID": "2.25.102"}],
        "DimensionIndexSequence": [
            {"DimensionOrganizationUID": "2.25.102", "DimensionIndexPointer": pointer}
            for pointer in pointers
        ],
        "NumberOfFrames": "4",
        "Rows": 8,
        "Columns": 8,
        "SegmentationType": "BINARY",
        "SegmentSequence": [{"SegmentNumber": 1}, {"SegmentNumber": 2}],
        "SharedFunctionalGroupsSequence": [
            {
                "PlaneOrientationSequence": [{"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}],
                "PixelMeasuresSequence": [{"PixelSpacing": [1, 1]}],
            }
        ],
        "PerFrameFunctionalGroupsSequence": [frame(1, 1), frame(1, 2), frame(2, 2), frame(2, 3)],
    }


def tiled(**changed: Any) -> dict[str, Any]:
    """Return a TILED_FULL segmentation: 20 x 20 in tiles of 8 x 8, two segments."""
    literal = good()
    del literal["PerFrameFunctionalGroupsSequence"]
    return literal | {
        "DimensionOrganizationType": "TILED_FULL",
        "TotalPixelMatrixRows": 20,
        "TotalPixelMatrixColumns": 20,
        "NumberOfFrames": "18",
        **changed,
    }


def label_map() -> dict[str, Any]:
    """Return a label map of the same."""

    def change(literal: dict[str, Any]) -> None:
        literal.update(
            SOPClassUID=LABEL_MAP_SEGMENTATION, SegmentationType="LABELMAP", NumberOfFrames="2"
        )
        frames(literal)[:] = frames(literal)[:1] + frames(literal)[2:3]
        for each_frame in frames(literal):
            del each_frame["SegmentIdentificationSequence"]
        literal["DimensionIndexSequence"][0]["DimensionIndexPointer"] = 0x00209056

    return changed(change)


def projection() -> dict[str, Any]:
    """Return a mask of a radiograph, which has no frame of reference."""

    def change(literal: dict[str, Any]) -> None:
        del literal["FrameOfReferenceUID"], literal["DimensionIndexSequence"][1]
        literal.update(NumberOfFrames="2", SharedFunctionalGroupsSequence=[{}])
        frames(literal)[:] = [frame(1, 1), frame(2, 1)]
        for each_frame in frames(literal):
            del each_frame["PlanePositionSequence"]
            content = each_frame["FrameContentSequence"][0]
            content["DimensionIndexValues"] = content["DimensionIndexValues"][:1]

    return changed(change)


def frames(literal: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = literal["PerFrameFunctionalGroupsSequence"]
    return found


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    literal = deepcopy(good())
    change(literal)
    return literal


def with_frame(number: int, **groups: Any) -> dict[str, Any]:
    """Return it with functional groups of one frame replaced, or taken out if None."""

    def change(literal: dict[str, Any]) -> None:
        one = frames(literal)[number]
        one.update(groups)
        for name in [name for name, value in groups.items() if value is None]:
            del one[name]

    return changed(change)


def having(**values: Any) -> dict[str, Any]:
    return changed(lambda literal: literal.update(values))


def pointing_into(*groups: int, make: Callable[[], dict[str, Any]] = good) -> dict[str, Any]:
    """Return it with the functional group of each dimension."""
    literal = deepcopy(make())
    for each_dimension, group in zip(literal["DimensionIndexSequence"], groups, strict=True):
        each_dimension["FunctionalGroupPointer"] = group
    return literal


POINTER = "(0020,9222)/(0020,9165)"
NOT_THIS = (not_applicable({"SOPClassUID": CT}), not_evaluated(good(), file={"complete": "header"}))

ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"
SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
MULTI_FRAME_CAPTURE = "1.2.840.10008.5.1.4.1.1.7.2"


def enhanced(**values: Any) -> dict[str, Any]:
    """Return an enhanced CT of four frames, by stack and position."""

    def change(literal: dict[str, Any]) -> None:
        del literal["SegmentSequence"], literal["SegmentationType"]
        literal["DimensionIndexSequence"][0]["DimensionIndexPointer"] = 0x00209056
        for each_frame in frames(literal):
            del each_frame["SegmentIdentificationSequence"]
        literal.update(values, SOPClassUID=values.get("SOPClassUID", ENHANCED_CT))

    return changed(change)


def slide(**changed: Any) -> dict[str, Any]:
    """Return a whole slide image of 25 tiles, in two focal planes and by three optical paths."""
    return {
        "SOPClassUID": SLIDE,
        "DimensionOrganizationType": "TILED_FULL",
        "NumberOfFrames": "150",
        "Rows": 10,
        "Columns": 10,
        "TotalPixelMatrixRows": 50,
        "TotalPixelMatrixColumns": 50,
        "TotalPixelMatrixFocalPlanes": 2,
        "NumberOfOpticalPaths": 3,
        **changed,
    }


def indexed(*values: int) -> list[dict[str, Any]]:
    """Return four frames, the second of which has these indices."""
    made = [frame(1, plane) for plane in range(1, 5)]
    made[1]["FrameContentSequence"] = [{"DimensionIndexValues": list(values)}]
    return made


def clip(**changed: Any) -> dict[str, Any]:
    """Return an ultrasound clip whose frames follow by time."""
    made = {
        "SOPClassUID": CLIP,
        "NumberOfFrames": "2",
        "FrameIncrementPointer": 0x00181063,
        "FrameTime": "33",
        **changed,
    }
    return {keyword: value for keyword, value in made.items() if value is not None}


CASES: Cases = {
    "IOD027": (
        passes(clip()),
        passes(clip(FrameIncrementPointer=[0x00540010, 0x00540020], **VECTORS)),
        passes(clip(NumberOfFrames="1")),
        fails(
            clip(FrameTime=None),
            at=["(0028,0009)"],
            says=("it points to Frame Time (0018,1063), which is not there",),
        ),
        fails(clip(FrameIncrementPointer=[0x00181063, 0x00181065]), at=["(0028,0009)"]),
        fails(clip(FrameIncrementPointer=0x00540010), at=["(0028,0009)"]),
        # One in an item is none of the object.
        fails(
            clip(FrameTime=None, SourceImageSequence=[{"FrameTime": "33"}]),
            at=["(0028,0009)"],
        ),
        fails(
            clip(SOPClassUID=RT_DOSE, NumberOfFrames="1", FrameIncrementPointer=0x3004000C),
            at=["(0028,0009)"],
        ),
        not_evaluated(clip(FrameIncrementPointer=0x00200013, InstanceNumber="1")),
        not_applicable(clip(FrameIncrementPointer=None)),
        not_applicable(clip(FrameIncrementPointer="")),
        # Of several planes of a dose RT304 says it.
        not_applicable(clip(SOPClassUID=RT_DOSE, FrameIncrementPointer=0x3004000C)),
    ),
    "IOD026": (
        passes(enhanced()),
        passes(pointing_into(0x00209111, 0x00209113, make=enhanced)),
        fails(
            pointing_into(0x00209111, 0x00209111, make=enhanced),
            at=["(0020,9222)/(0020,9167)"],
        ),
        fails(pointing_into(0x00209113, 0x00209113, make=enhanced), at=["(0020,9222)/(0020,9167)"]),
        # Of tiles in full, where they are is not said (C.7.6.17.3).
        passes(
            enhanced(
                DimensionOrganizationType="TILED_FULL",
                PerFrameFunctionalGroupsSequence=[
                    {"FrameContentSequence": [{"DimensionIndexValues": [1, at]}]}
                    for at in range(1, 5)
                ],
            )
        ),
        fails(
            enhanced(NumberOfFrames="5"),
            at=["(0028,0008)"],
            says=("not as many frames as items of functional groups",),
        ),
        fails(
            enhanced(NumberOfFrames=None), at=[PER_FRAME], says=("frames, and no number of them",)
        ),
        fails(
            enhanced(PerFrameFunctionalGroupsSequence=indexed(1)),
            at=[INDICES],
            says=("not one for each dimension",),
        ),
        fails(enhanced(PerFrameFunctionalGroupsSequence=indexed(1, 0)), at=[INDICES]),
        fails(
            enhanced(
                DimensionOrganizationSequence=[{"DimensionOrganizationUID": "2.25.9"}],
            ),
            at=["(0020,9222)/(0020,9164)"],
        ),
        passes(slide()),
        passes(
            slide(
                NumberOfOpticalPaths=None,
                OpticalPathSequence=[{"OpticalPathIdentifier": str(each)} for each in range(3)],
            )
        ),
        # How many focal planes, or paths, there are is not known.
        passes(slide(TotalPixelMatrixFocalPlanes=None)),
        passes(slide(NumberOfOpticalPaths=None)),
        passes(slide(NumberOfFrames="50", ConcatenationUID="2.25.7")),
        fails(
            slide(TotalPixelMatrixColumns=150),
            at=["(0028,0008)"],
            says=("not as many frames as TILED_FULL has tiles",),
        ),
        fails(slide(NumberOfOpticalPaths=4), at=["(0028,0008)"]),
        fails(slide(TotalPixelMatrixFocalPlanes=None, NumberOfFrames="80"), at=["(0028,0008)"]),
        # Of a slide in sparse tiles the items say it.
        not_applicable(slide(DimensionOrganizationType="TILED_SPARSE")),
        fails(
            enhanced(PerFrameFunctionalGroupsSequence=indexed(1, 1)),
            at=[INDICES],
            says=("that of a frame that lies elsewhere, or is of another segment",),
        ),
        fails(
            changed(
                lambda literal: (
                    literal.update(enhanced()),
                    frames(literal)[1]["FrameContentSequence"][0].update(InStackPositionNumber=0),
                )
            ),
            at=[f"{PER_FRAME}/(0020,9111)/(0020,9057)"],
            says=("In-Stack Position Number below 1",),
        ),
        # These may be without functional groups, segmentations have rules of their own.
        not_applicable(
            enhanced(SOPClassUID=MULTI_FRAME_CAPTURE, PerFrameFunctionalGroupsSequence=None)
        ),
        not_applicable(having(NumberOfFrames="5")),
        not_applicable(enhanced(SOPClassUID=CT)),
        not_evaluated(enhanced(), file={"complete": "header"}),
    ),
    "SEG201": (
        passes(good()),
        passes(tiled()),
        passes(label_map()),
        passes(tiled(TotalPixelMatrixFocalPlanes=2, NumberOfFrames="36")),
        passes(
            tiled(
                SOPClassUID=LABEL_MAP_SEGMENTATION, SegmentationType="LABELMAP", NumberOfFrames="9"
            )
        ),
        # The tiles of a concatenation are in several objects.
        passes(tiled(NumberOfFrames="6", ConcatenationUID="2.25.7")),
        # How many there should be is not known.
        passes(tiled(TotalPixelMatrixRows=None)),
        fails(
            having(NumberOfFrames="5"),
            at=["(0028,0008)"],
            says=("not as many frames as items of functional groups",),
        ),
        fails(having(NumberOfFrames="0"), at=["(0028,0008)"], says=("less than one frame",)),
        fails(
            tiled(NumberOfFrames="9"),
            at=["(0028,0008)"],
            says=("not as many frames as TILED_FULL has tiles",),
        ),
        fails(
            tiled(DimensionOrganizationType="TILED_SPARSE"),
            at=["(0028,0008)"],
            says=("frames without functional groups of each",),
        ),
        fails({**having(NumberOfFrames="9"), "SOPClassUID": PARAMETRIC_MAP}, at=["(0028,0008)"]),
        fails(
            having(NumberOfFrames=None),
            at=[PER_FRAME],
            says=("frames, and no number of them",),
        ),
        fails(having(NumberOfFrames=""), at=[PER_FRAME]),
        # That the number of a single frame is missing is its IOD's matter.
        passes(having(NumberOfFrames=None, PerFrameFunctionalGroupsSequence=[frame(1, 1)])),
        not_applicable(having(NumberOfFrames=None, PerFrameFunctionalGroupsSequence=None)),
        *NOT_THIS,
    ),
    "SEG202": (
        passes(good()),
        fails(
            with_frame(1, SegmentIdentificationSequence=[{"ReferencedSegmentNumber": 3}]),
            at=[SEGMENT],
            says=("a frame names one that is not described",),
        ),
        fails(
            with_frame(1, SegmentIdentificationSequence=None),
            at=[PER_FRAME],
            says=("a frame names none",),
        ),
        fails(
            with_frame(1, SegmentIdentificationSequence=[{"ReferencedSegmentNumber": [1, 2]}]),
            at=[SEGMENT],
            says=("a frame names several",),
        ),
        # Of a surface scan's kin too; a label map names segments by pixel.
        fails(
            {
                **with_frame(0, SegmentIdentificationSequence=None),
                "SOPClassUID": HEIGHT_MAP_SEGMENTATION,
            },
            at=[PER_FRAME],
        ),
        # One segment for all frames may stand in the shared groups.
        passes(
            changed(
                lambda literal: (
                    literal["SharedFunctionalGroupsSequence"][0].update(
                        SegmentIdentificationSequence=[{"ReferencedSegmentNumber": 2}]
                    ),
                    frames(literal)[2].pop("SegmentIdentificationSequence"),
                )
            )
        ),
        not_applicable(label_map()),
        not_applicable(tiled()),
        *NOT_THIS,
    ),
    "SEG203": (
        passes(good()),
        fails(
            having(SegmentSequence=[{"SegmentNumber": number} for number in (1, 2, 3)]),
            at=["(0062,0002)/(0062,0004)"],
        ),
        # A label map may describe what is not in it (PS3.3 C.8.20.2.3).
        not_applicable(label_map()),
        not_applicable(tiled()),
        *NOT_THIS,
    ),
    "SEG204": (
        passes(good()),
        passes(projection()),
        passes(label_map()),
        passes(tiled()),
        fails(
            with_frame(2, FrameContentSequence=[{"DimensionIndexValues": [2]}]),
            at=[INDICES],
            says=("not one for each dimension",),
        ),
        fails(
            with_frame(2, FrameContentSequence=[{"DimensionIndexValues": [2, 0]}]),
            at=[INDICES],
            says=("below 1",),
        ),
        fails(with_frame(2, FrameContentSequence=None), at=[PER_FRAME], says=("a frame has none",)),
        # A gap is none: indices count within all objects of a dimension organization.
        passes(with_frame(3, FrameContentSequence=[{"DimensionIndexValues": [2, 9]}])),
        # One position may be written in two ways.
        passes(
            having(
                NumberOfFrames="5",
                PerFrameFunctionalGroupsSequence=[
                    *frames(good()),
                    frame(2, 3)
                    | {"PlanePositionSequence": [{"ImagePositionPatient": ["0.0", "0", "3.001"]}]},
                ],
            )
        ),
        # Of a frame without a position nobody knows whether its index is right.
        fails(
            with_frame(
                1,
                PlanePositionSequence=None,
                FrameContentSequence=[{"DimensionIndexValues": [1, 1]}],
            ),
            at=[POINTER],
            says=("points to what a frame does not have",),
        ),
        # Segment and position are each in one functional group (C.7.6.16.2).
        passes(pointing_into(0x0062000A, 0x00209113)),
        fails(
            pointing_into(0x0062000A, 0x00209111),
            at=["(0020,9222)/(0020,9167)"],
            says=("names another functional group than has what it points to",),
        ),
        fails(pointing_into(0x00209113, 0x0062000A), at=["(0020,9222)/(0020,9167)"]),
        passes(
            with_frame(
                1,
                PlanePositionSequence=[{(0x0020, 0x0032): ("LO", "x")}],
                FrameContentSequence=[{"DimensionIndexValues": [1, 1]}],
            )
        ),
        *(
            fails(
                with_frame(2, FrameContentSequence=[{"DimensionIndexValues": index}]),
                at=[INDICES],
                says=("that of a frame that lies elsewhere, or is of another segment",),
            )
            for index in ([1, 1], [1, 2], [2, 3])
        ),
        fails(
            having(DimensionOrganizationSequence=[{"DimensionOrganizationUID": "2.25.9"}]),
            at=["(0020,9222)/(0020,9164)"],
        ),
        fails(
            changed(
                lambda literal: literal["DimensionIndexSequence"][1].update(
                    DimensionIndexPointer=0x0048021E
                )
            ),
            at=[POINTER],
            says=("points to what no frame has",),
        ),
        not_applicable(having(DimensionIndexSequence=[])),
        *NOT_THIS,
    ),
    "SEG205": (
        passes(good()),
        passes(label_map()),
        passes(projection()),
        fails(changed(lambda literal: frames(literal).append(frame(2, 3))), at=[PER_FRAME]),
        # The same plane, at another index: another dimension tells them apart.
        passes(
            changed(
                lambda literal: frames(literal).append(
                    {**frame(2, 3), "FrameContentSequence": [{"DimensionIndexValues": [2, 4]}]}
                )
            )
        ),
        not_applicable(tiled()),
        *NOT_THIS,
    ),
    "SEG206": (
        passes(good()),
        passes(label_map()),
        passes(projection()),
        # On a slide the orientation is the object's (PS3.3 C.8.12.4).
        passes(
            with_frame(
                0,
                PlanePositionSequence=None,
                PlanePositionSlideSequence=[{"XOffsetInSlideCoordinateSystem": "1"}],
            )
        ),
        fails(
            changed(
                lambda literal: literal["SharedFunctionalGroupsSequence"][0].pop(
                    "PlaneOrientationSequence"
                )
            ),
            at=[POSITION],
            says=("a position without orientation",),
        ),
        fails(
            changed(
                lambda literal: literal["SharedFunctionalGroupsSequence"][0].pop(
                    "PixelMeasuresSequence"
                )
            ),
            at=[POSITION],
            says=("a position without pixel spacing",),
        ),
        fails(
            having(FrameOfReferenceUID=""),
            at=[POSITION],
            says=("a position without a frame of reference",),
        ),
        fails(
            with_frame(3, PlanePositionSequence=None, DerivationImageSequence=None),
            at=[PER_FRAME],
            says=("a frame has neither a position nor a source image",),
        ),
        not_applicable(tiled()),
        *NOT_THIS,
    ),
    "SEG207": (
        passes(having(SegmentsOverlap="YES")),
        fails(
            {
                **with_frame(2, PlanePositionSequence=[{"ImagePositionPatient": [0, 0, 9]}]),
                "SegmentsOverlap": "YES",
            },
            at=["(0062,0013)"],
        ),
        # Two frames of one image are of one plane.
        passes({**projection(), "SegmentsOverlap": "YES"}),
        not_applicable(having(SegmentsOverlap="NO")),
        not_applicable(tiled(SegmentsOverlap="YES")),
        *NOT_THIS,
    ),
    "SEG209": (
        passes(good()),
        fails(
            with_frame(1, DerivationImageSequence=None),
            at=[PER_FRAME],
            says=("a source image is named in some frames only",),
        ),
        fails(
            changed(
                lambda literal: [one.pop("DerivationImageSequence") for one in frames(literal)]
            ),
            at=[PER_FRAME],
            says=("no frame names a source image",),
        ),
        not_applicable(tiled()),
        not_applicable({**good(), "SOPClassUID": PARAMETRIC_MAP}),
        *NOT_THIS,
    ),
    "SEG210": (
        passes(good()),
        fails(
            changed(
                lambda literal: frames(literal)[0]["DerivationImageSequence"][0].update(
                    DerivationCodeSequence=code("113085")
                )
            ),
            at=[f"{PER_FRAME}/(0008,9124)/(0008,9215)/(0008,0100)"],
        ),
        fails(
            changed(
                lambda literal: frames(literal)[3]["DerivationImageSequence"][0][
                    "SourceImageSequence"
                ][0].update(PurposeOfReferenceCodeSequence=code("121329"))
            ),
            at=[f"{PER_FRAME}/(0008,9124)/(0008,2112)/(0040,A170)/(0008,0100)"],
        ),
        not_applicable(tiled()),
        not_applicable({**good(), "SOPClassUID": PARAMETRIC_MAP}),
        *NOT_THIS,
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


OF_FRAMES = [rule_id for rule_id in CASES if rule_id not in ("SEG210", "IOD027")]


@pytest.mark.parametrize("rule_id", OF_FRAMES)
def test_what_was_cut_off_is_not_known(rule_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.reading.walker.COMPARED_LIMIT", 9)
    made = enhanced() if rule_id == "IOD026" else good()
    case = not_evaluated({**made, "SegmentsOverlap": "YES"})
    case.check(rule_id)
    assert case.ask(get_rule(rule_id)).reasons == (
        "objects with more frames than an audit follows",
    )


def test_what_differs_from_object_to_object_leaves_no_trace() -> None:
    """Positions, UIDs and indices of frames that are right are in no signature."""

    def move(literal: dict[str, Any]) -> None:
        literal.update(FrameOfReferenceUID="2.25.200")
        for one in frames(literal):
            one["PlanePositionSequence"][0]["ImagePositionPatient"][2] += 7

    rules = [get_rule(rule_id) for rule_id in CASES]
    judges = all_rules().judges
    signatures = []
    for literal in (good(), changed(move)):
        buffer = io.BytesIO()
        dcmwrite(buffer, dataset_of(literal), implicit_vr=False, little_endian=True)
        data = buffer.getvalue()
        forest = Forest(lambda uid: RulesPlan(uid, rules, judges))
        walk = Walk(len(data), [None] * len(GATHERED))
        walk_dataset(data, 0, forest.tree(SEGMENTATION), walk, False)
        Reader(forest).compare(walk, "")
        signatures.append([token.digest for token in walk.tokens])
    assert signatures[0] == signatures[1]
