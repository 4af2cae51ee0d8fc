"""Rules of references between objects."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model import Outcome
from auditor.reading.extents import decimals, drawn
from tests.rules.cases import (
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
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"
SR = "1.2.840.10008.5.1.4.1.1.88.33"
KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"
RT_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"
RT_STRUCTURES = "1.2.840.10008.5.1.4.1.1.481.3"
SEG = "1.2.840.10008.5.1.4.1.1.66.4"
PLACE = "(0008,1115)/(0008,114A)"
FRAME = f"{PLACE}/(0008,1160)"
DERIVED = "(5200,9230)/(0008,9124)/(0008,2112)"
OTHER_STUDIES = "(0008,1200)/(0008,1115)/(0008,1199)"
CONTENT = "(0040,A730)/(0008,1199)"
SEGMENT = f"{CONTENT}/(0062,000B)"
EVIDENCE = "(0040,A375)/(0008,1115)/(0008,1199)"
CONTOURS = "(3006,0039)/(3006,0040)/(3006,0016)"
PREDECESSORS = "(0040,A360)/(0008,1115)/(0008,1199)"


def image(instance: int, **changed: Any) -> dict[str, Any]:
    return {
        "path": f"ct/{instance}.dcm",
        "SOPInstanceUID": instance,
        "SOPClassUID": CT,
        "SeriesInstanceUID": 1,
        "StudyInstanceUID": 1,
        "FrameOfReferenceUID": 1,
        "PatientID": 1,
        **changed,
    }


SEGMENTATION = image(99, path="seg.dcm", SOPClassUID=SEG, SeriesInstanceUID=9)
STRUCTURES = image(99, path="seg.dcm", SOPClassUID=RT_STRUCTURES, SeriesInstanceUID=9)


def report(**changed: Any) -> dict[str, Any]:
    row = image(98, path="sr.dcm", SOPClassUID=SR, SeriesInstanceUID=8, FrameOfReferenceUID=None)
    return {**row, **changed}


def slice_at(instance: int, z: float = 0, **changed: Any) -> dict[str, Any]:
    """Return a slice of 64 pixels of 1 mm and 3 mm thick, from the origin of its plane."""
    return image(
        instance,
        **{
            "ImagePositionPatient": f"0\\0\\{z}",
            "ImageOrientationPatient": "1\\0\\0\\0\\1\\0",
            "PixelSpacing": "1\\1",
            "SliceThickness": "3",
            "Rows": 64,
            "Columns": 64,
            **changed,
        },
    )


def oblique(instance: int) -> dict[str, Any]:
    """Return a slice that is turned about its row, so that y and z grow together."""
    return slice_at(instance, ImageOrientationPatient="1\\0\\0\\0\\0.8\\0.6")


FRAMED = slice_at(
    1, NumberOfFrames=9, ImagePositionPatient=None, ImageOrientationPatient=None, PixelSpacing=None
)


def run(**changed: Any) -> dict[str, Any]:
    """Return where nine frames lie, 3 mm apart and thick."""
    row = {
        "path": FRAMED["path"],
        "first_frame": 1,
        "last_frame": 9,
        "ImagePositionPatient": "0\\0\\0",
        "ImageOrientationPatient": "1\\0\\0\\0\\1\\0",
        "PixelSpacing": "1\\1",
        "SliceThickness": "3",
        "step": 3,
    }
    return {**row, **changed}


OBLIQUE = run(ImageOrientationPatient="1\\0\\0\\0\\0.8\\0.6")
"""The same stack, turned about its row: it grows along (0, -0.6, 0.8)."""


def turned(frame: int, across: float = 0) -> list[dict[str, Any]]:
    """Return points of a contour in a frame of `OBLIQUE`, so much further along its columns."""
    y, z = -1.8 * (frame - 1) + 0.8 * across, 2.4 * (frame - 1) + 0.6 * across
    return [
        contour(lowest_x=x, highest_x=x, **at("y", y + 8 * part), **at("z", z + 6 * part))
        for x, part in ((5, 0), (20, 1), (5, 2), (2, 1))
    ]


def at(axis: str, *ends: float) -> dict[str, float]:
    """Return the columns of a box in one coordinate."""
    return {f"lowest_{axis}": ends[0], f"highest_{axis}": ends[-1]}


def naming(lowest: int, highest: int | None = None) -> dict[str, int]:
    """Return the columns of a reference that names frames."""
    return {"lowest_frame": lowest, "highest_frame": highest or lowest}


def refers(instance: int | None, **changed: Any) -> dict[str, Any]:
    return {
        "path": "seg.dcm",
        "tag_path": PLACE,
        "SOPClassUID": SEG,
        "ReferencedSOPInstanceUID": instance,
        "ReferencedSOPClassUID": CT,
        "ReferencedSeriesInstanceUID": 1,
        **changed,
    }


def frames(lowest: int, highest: int) -> dict[str, Any]:
    return refers(1, lowest_frame=lowest, highest_frame=highest)


def refers_in_report(instance: int, **changed: Any) -> dict[str, Any]:
    row = refers(instance, path="sr.dcm", tag_path=CONTENT, SOPClassUID=SR)
    return {**row, "ReferencedSeriesInstanceUID": None, **changed}


def points(start: int, end: int, **changed: Any) -> dict[str, Any]:
    """Return a reference from one object to another, in the content of a report."""
    return refers_in_report(end, **{"SOPInstanceUID": start, **changed})


def contour(**changed: Any) -> dict[str, Any]:
    """Return a reference to a slice in which contours lie, as far as this box reaches."""
    box = {"lowest_x": 1, "highest_x": 9, "lowest_y": 1, "highest_y": 9}
    box |= {"lowest_z": 0, "highest_z": 0, "drawing": 1}
    return refers(1, tag_path=CONTOURS, SOPClassUID=RT_STRUCTURES, **{**box, **changed})


def frame_at(z: float, **changed: Any) -> dict[str, Any]:
    """Return a reference to a slice that a frame at this z is made from."""
    box = {**at("x", 0), **at("y", 0), **at("z", z), "drawing": 1}
    return refers(1, tag_path=DERIVED, **{**box, **changed})


def picks(number: int, **changed: Any) -> dict[str, Any]:
    """Return a number by which a report refers to a segment."""
    row = {"path": "sr.dcm", "tag_path": SEGMENT, "keyword": "ReferencedSegmentNumber"}
    return {**row, "number": number, **changed}


def numbered(number: int, **changed: Any) -> dict[str, Any]:
    """Return the number of a segment."""
    row = {"path": "seg.dcm", "tag_path": "(0062,0002)/(0062,0004)", "keyword": "SegmentNumber"}
    return {**row, "number": number, **changed}


HERE = [image(1), image(2), SEGMENTATION]
ELSEWHERE = [
    image(1, StudyInstanceUID=2),
    image(2, StudyInstanceUID=2),
    SEGMENTATION,
    report(),
]

CASES: Cases = {
    "REF001": (
        passes(instances=HERE, references=[refers(1), refers(2)]),
        fails(instances=HERE, references=[refers(1), refers(3)], at=[PLACE]),
        # Another reference of the object says in which series the instance is.
        fails(
            instances=HERE,
            references=[
                refers(3),
                refers(3, tag_path="(5200,9230)/(0008,9124)", ReferencedSeriesInstanceUID=None),
            ],
            at=[PLACE, "(5200,9230)/(0008,9124)"],
        ),
        # Whether other instances of the series are found tells what happened.
        fails(
            instances=HERE,
            references=[refers(1), refers(3)],
            at=[PLACE],
            says=("refers to an instance that is missing from its series",),
        ),
        fails(
            instances=HERE,
            references=[refers(3), refers(4)],
            at=[PLACE],
            says=(
                "none of the instances that it refers to in a series is there, though others are",
            ),
        ),
        # That another one is found of which no series is named says nothing of this series.
        fails(
            instances=HERE,
            references=[refers(1, ReferencedSeriesInstanceUID=None), refers(3)],
            at=[PLACE],
            says=(
                "none of the instances that it refers to in a series is there, though others are",
            ),
        ),
        # Instances that name no UID are no answer.
        fails(
            instances=[*HERE, image(5, SOPInstanceUID=None, SeriesInstanceUID=None)],
            references=[refers(3)],
            at=[PLACE],
        ),
        # Former versions of a report, raw data, and what was converted need not be there.
        *(
            not_applicable(instances=HERE, references=[refers(3, tag_path=place)])
            for place in (
                PREDECESSORS,
                "(3006,0018)",
                "(0008,9121)/(0008,1115)/(0008,1199)",
                "(5200,9230)/(0020,9172)",
            )
        ),
        passes(instances=HERE, references=[refers(1), refers(3, tag_path=PREDECESSORS)]),
        # Into a series that was not downloaded; into no series that is named.
        not_evaluated(instances=HERE, references=[refers(3, ReferencedSeriesInstanceUID=7)]),
        not_evaluated(instances=HERE, references=[refers(3, ReferencedSeriesInstanceUID=None)]),
        not_evaluated(instances=[SEGMENTATION], references=[refers(1)]),
        not_applicable(instances=HERE),
        not_applicable(instances=HERE, references=[refers(None)]),
    ),
    "REF002": (
        passes(instances=HERE, references=[refers(1)]),
        fails(
            instances=HERE,
            references=[refers(1, ReferencedSOPClassUID=ENHANCED_CT)],
            at=[f"{PLACE}/(0008,1150)"],
        ),
        # Of two copies one is what the reference says.
        passes(
            instances=[*HERE, image(1, path="copy.dcm", SOPClassUID=ENHANCED_CT)],
            references=[refers(1), refers(1, ReferencedSOPClassUID=ENHANCED_CT)],
        ),
        not_evaluated(instances=HERE, references=[refers(1, ReferencedSOPClassUID="")]),
        not_evaluated(instances=HERE, references=[refers(1, ReferencedSOPClassUID=None)]),
        not_evaluated(instances=[image(1, SOPClassUID=None), SEGMENTATION], references=[refers(1)]),
        not_evaluated(instances=HERE, references=[refers(3)]),
        not_applicable(instances=HERE),
    ),
    "REF003": (
        passes(instances=HERE, references=[refers(1)]),
        fails(instances=[image(1, PatientID=2), SEGMENTATION], references=[refers(1)], at=[PLACE]),
        # Of two copies one is the patient's.
        passes(instances=[*HERE, image(1, path="copy.dcm", PatientID=2)], references=[refers(1)]),
        # An emptied Patient ID is nobody's.
        not_evaluated(instances=[image(1, PatientID=None), SEGMENTATION], references=[refers(1)]),
        not_evaluated(
            instances=[image(1), {**SEGMENTATION, "PatientID": None}], references=[refers(1)]
        ),
        not_evaluated(instances=HERE, references=[refers(3)]),
        not_applicable(instances=HERE),
    ),
    "REF004": (
        passes(instances=HERE, references=[refers(1)]),
        fails(instances=HERE, references=[refers(1, ReferencedSeriesInstanceUID=7)], at=[PLACE]),
        # Of two copies one is in the series that is named.
        passes(
            instances=[*HERE, image(1, path="copy.dcm", SeriesInstanceUID=7)],
            references=[refers(1, ReferencedSeriesInstanceUID=7)],
        ),
        not_evaluated(instances=HERE, references=[refers(3)]),
        not_evaluated(
            instances=[image(1, SeriesInstanceUID=None), SEGMENTATION], references=[refers(1)]
        ),
        not_applicable(instances=HERE, references=[refers(1, ReferencedSeriesInstanceUID=None)]),
    ),
    "REF005": (
        passes(instances=HERE, references=[refers(1, ReferencedStudyInstanceUID=1)]),
        fails(instances=HERE, references=[refers(1, ReferencedStudyInstanceUID=2)], at=[PLACE]),
        not_evaluated(instances=HERE, references=[refers(3, ReferencedStudyInstanceUID=1)]),
        not_applicable(instances=HERE, references=[refers(1)]),
    ),
    "REF006": (
        passes(instances=HERE, references=[refers(1)]),
        fails(instances=ELSEWHERE, references=[refers(1)], at=[PLACE]),
        # The study is named for this instance, or for another one only.
        passes(
            instances=ELSEWHERE,
            references=[
                refers(1, tag_path=OTHER_STUDIES, ReferencedStudyInstanceUID=2),
                refers(1, tag_path=DERIVED),
            ],
        ),
        fails(
            instances=ELSEWHERE,
            references=[
                refers(2, tag_path=OTHER_STUDIES, ReferencedStudyInstanceUID=2),
                refers(1, tag_path=DERIVED),
            ],
            at=[DERIVED],
        ),
        fails(
            instances=[*ELSEWHERE, report(SOPInstanceUID=8)],
            references=[refers_in_report(1)],
            at=[CONTENT],
        ),
        not_evaluated(instances=ELSEWHERE, references=[refers(3)]),
        # A former report is in a former study; a dose need not list anything.
        not_applicable(instances=ELSEWHERE, references=[refers(1, tag_path=PREDECESSORS)]),
        not_applicable(instances=ELSEWHERE, references=[refers(1, SOPClassUID=RT_DOSE)]),
    ),
    "REF007": (
        passes(instances=HERE, references=[refers(1, FrameOfReferenceUID=1)]),
        fails(instances=HERE, references=[refers(1, FrameOfReferenceUID=2)], at=[PLACE]),
        not_evaluated(instances=HERE, references=[refers(3, FrameOfReferenceUID=2)]),
        not_evaluated(
            instances=[image(1, FrameOfReferenceUID=None), SEGMENTATION],
            references=[refers(1, FrameOfReferenceUID=2)],
        ),
        not_applicable(instances=HERE, references=[refers(1)]),
    ),
    "REF008": (
        passes(instances=HERE, references=[refers(1, tag_path=DERIVED)]),
        fails(
            instances=[image(1, FrameOfReferenceUID=2), SEGMENTATION],
            references=[refers(1, tag_path=DERIVED)],
            at=[DERIVED],
        ),
        # A CR has no frame of reference, nor has its segmentation.
        not_evaluated(
            instances=[image(1, FrameOfReferenceUID=None), SEGMENTATION],
            references=[refers(1, tag_path=DERIVED)],
        ),
        # It may be laid over what it was not made from.
        not_applicable(
            instances=[image(1, FrameOfReferenceUID=2), SEGMENTATION], references=[refers(1)]
        ),
    ),
    "REF009": (
        passes(instances=[image(1, NumberOfFrames=9), SEGMENTATION], references=[frames(1, 9)]),
        # What says nothing of frames has one.
        passes(instances=HERE, references=[frames(1, 1)]),
        fails(instances=HERE, references=[frames(1, 2)], at=[FRAME]),
        fails(
            instances=[image(1, NumberOfFrames=9), SEGMENTATION],
            references=[frames(3, 10)],
            at=[FRAME],
        ),
        # Frame 0 is nowhere, whatever the target.
        fails(instances=[SEGMENTATION], references=[frames(0, 8)], at=[FRAME]),
        # Of two copies one has the frame.
        passes(
            instances=[*HERE, image(1, path="copy.dcm", NumberOfFrames=9)],
            references=[frames(9, 9)],
        ),
        not_evaluated(instances=[SEGMENTATION], references=[frames(1, 9)]),
        not_applicable(instances=HERE, references=[refers(1)]),
    ),
    "REF010": (
        passes(
            instances=[report()],
            references=[refers_in_report(1), refers_in_report(1, tag_path=EVIDENCE)],
        ),
        passes(
            instances=[report()],
            references=[
                refers_in_report(1),
                refers_in_report(1, tag_path=EVIDENCE.replace("A375", "A385")),
            ],
        ),
        fails(
            instances=[report()],
            references=[
                refers_in_report(1),
                refers_in_report(2),
                refers_in_report(1, tag_path=EVIDENCE),
            ],
            at=[CONTENT],
        ),
        fails(
            instances=[report(SOPClassUID=KEY_OBJECTS)],
            references=[refers_in_report(1, SOPClassUID=KEY_OBJECTS)],
            at=[CONTENT],
        ),
        # Another document's evidence is not this one's.
        fails(
            instances=[report(), report(path="other.dcm")],
            references=[
                refers_in_report(1),
                refers_in_report(1, tag_path=EVIDENCE, path="other.dcm"),
            ],
            at=[CONTENT],
        ),
        not_applicable(instances=[report()], references=[refers_in_report(1, tag_path=EVIDENCE)]),
        not_applicable(instances=HERE, references=[refers(1)]),
    ),
    "REF011": (
        passes(instances=HERE, references=[refers(1), refers(1, tag_path=DERIVED)]),
        passes(
            instances=HERE,
            references=[refers(1, tag_path=OTHER_STUDIES), refers(1, tag_path=DERIVED)],
        ),
        fails(instances=HERE, references=[refers(2), refers(1, tag_path=DERIVED)], at=[DERIVED]),
        # It lists nothing.
        fails(instances=HERE, references=[refers(1, tag_path=DERIVED)], at=[DERIVED]),
        not_applicable(instances=HERE, references=[refers(1)]),
        # A structure set lists images in its own way.
        not_applicable(
            instances=HERE,
            references=[refers(1, tag_path="(3006,0010)", SOPClassUID=RT_STRUCTURES)],
        ),
    ),
    "REF012": (
        passes(
            instances=[report(), report(path="b.dcm", SOPInstanceUID=7)],
            references=[points(98, 7), points(7, 1, path="b.dcm")],
        ),
        fails(
            instances=[report(), report(path="b.dcm", SOPInstanceUID=7)],
            references=[points(98, 7), points(7, 98, path="b.dcm")],
            at=[CONTENT],
        ),
        fails(instances=[report()], references=[points(98, 98)], at=[CONTENT]),
        fails(
            instances=[SEGMENTATION],
            references=[points(99, 99, path="seg.dcm", tag_path=DERIVED, SOPClassUID=SEG)],
            at=[DERIVED],
        ),
        # A plan and its dose name each other.
        not_applicable(
            instances=[report(), report(path="b.dcm", SOPInstanceUID=7)],
            references=[
                points(98, 7, SOPClassUID=RT_DOSE, tag_path="(300C,0002)"),
                points(7, 98, path="b.dcm", SOPClassUID=RT_DOSE, tag_path="(300C,0080)"),
            ],
        ),
        not_applicable(instances=[report()], references=[points(98, 1)]),
    ),
    "REF014": (
        passes(
            instances=[report(), SEGMENTATION],
            references=[refers_in_report(99)],
            numbers=[picks(2), numbered(1), numbered(2)],
        ),
        fails(
            instances=[report(), SEGMENTATION],
            references=[refers_in_report(99)],
            numbers=[picks(2), picks(3), numbered(1), numbered(2)],
            at=[SEGMENT],
        ),
        # Another place refers to another segmentation.
        fails(
            instances=[report(), SEGMENTATION, {**SEGMENTATION, "path": "b", "SOPInstanceUID": 97}],
            references=[refers_in_report(99), refers_in_report(97, tag_path=EVIDENCE)],
            numbers=[picks(3), numbered(1), numbered(3, path="b")],
            at=[SEGMENT],
        ),
        not_evaluated(instances=[report()], references=[refers_in_report(99)], numbers=[picks(1)]),
        # A segmentation's own frames refer to no other object; nor does a mere reference.
        not_applicable(
            instances=[SEGMENTATION],
            references=[refers(1)],
            numbers=[picks(9, path="seg.dcm", tag_path="(5200,9230)/(0062,000A)/(0062,000B)")],
        ),
        not_applicable(instances=[report(), SEGMENTATION], references=[refers_in_report(99)]),
    ),
    "REF013": (
        passes(instances=[slice_at(1), STRUCTURES], references=[contour()]),
        # Half a slice is tolerated, and a pixel.
        passes(
            instances=[slice_at(1), STRUCTURES],
            references=[contour(lowest_z=-1.4, highest_z=1.4, lowest_x=-0.9, highest_x=63.9)],
        ),
        fails(
            instances=[slice_at(1), STRUCTURES],
            references=[contour(lowest_z=3, highest_z=3)],
            at=[CONTOURS],
            says=("lies off the plane of the image it names",),
        ),
        fails(
            instances=[slice_at(1), STRUCTURES],
            references=[contour(lowest_z=0, highest_z=3)],
            at=[CONTOURS],
        ),
        fails(
            instances=[slice_at(1), STRUCTURES],
            references=[contour(highest_y=90)],
            at=[CONTOURS],
            says=("reaches beyond the image it names",),
        ),
        # In an oblique image only what is certainly outside is told.
        passes(
            instances=[oblique(1), STRUCTURES],
            references=[contour(**at("y", 0, 8), **at("z", 0, 6))],
        ),
        # Wherever its highest point is, it is too high.
        fails(
            instances=[oblique(1), STRUCTURES],
            references=[contour(highest_z=30)],
            at=[CONTOURS],
        ),
        fails(
            instances=[oblique(1), STRUCTURES],
            references=[contour(lowest_z=50, highest_z=60)],
            at=[CONTOURS],
        ),
        # The place of a frame is a point.
        passes(instances=[slice_at(1), SEGMENTATION], references=[frame_at(0)]),
        passes(instances=[oblique(1), SEGMENTATION], references=[frame_at(0)]),
        fails(instances=[slice_at(1), SEGMENTATION], references=[frame_at(3)], at=[DERIVED]),
        fails(instances=[oblique(1), SEGMENTATION], references=[frame_at(3)], at=[DERIVED]),
        # Of two copies one lies there.
        passes(
            instances=[slice_at(1), slice_at(1, z=3, path="copy.dcm"), STRUCTURES],
            references=[contour(lowest_z=3, highest_z=3)],
        ),
        # Of a frame that is turned about its row as well: points tell where a box would not.
        passes(instances=[oblique(1), STRUCTURES], references=turned(1)),
        fails(
            instances=[oblique(1), STRUCTURES],
            references=turned(2),
            at=[CONTOURS],
            says=("lies off the plane of the image it names",),
        ),
        fails(
            instances=[oblique(1), STRUCTURES],
            references=turned(1, across=50),
            at=[CONTOURS],
            says=("reaches beyond the image it names",),
        ),
        # A contour lies in the frame that it names, and in its rows and columns.
        passes(
            instances=[FRAMED, STRUCTURES],
            references=[contour(**at("z", 6), **naming(3))],
            extents=[run()],
        ),
        passes(
            instances=[FRAMED, STRUCTURES],
            references=[contour(**at("z", 4.6, 7.4), **at("x", -0.9, 63.9), **naming(3))],
            extents=[run()],
        ),
        fails(
            instances=[FRAMED, STRUCTURES],
            references=[contour(**naming(3))],
            extents=[run()],
            at=[CONTOURS],
            says=("lies off the plane of the frame it names",),
        ),
        fails(
            instances=[FRAMED, STRUCTURES],
            references=[contour(**at("x", 500, 510), **at("z", 6), **naming(3))],
            extents=[run()],
            at=[CONTOURS],
            says=("reaches beyond the image it names",),
        ),
        # Each drawing by itself: one of them is in its frame.
        fails(
            instances=[FRAMED, STRUCTURES],
            references=[
                contour(**at("z", 6), **naming(3)),
                contour(**at("z", 6), **naming(4), drawing=2),
            ],
            extents=[run()],
            at=[CONTOURS],
            says=("lies off the plane of the frame it names",),
        ),
        # Frames from the top to the bottom, and frames that have no order.
        passes(
            instances=[FRAMED, STRUCTURES],
            references=[contour(**at("z", -6), **naming(3))],
            extents=[run(step=-3)],
        ),
        fails(
            instances=[FRAMED, STRUCTURES],
            references=[contour(**at("z", 6), **naming(3))],
            extents=[run(step=-3)],
            at=[CONTOURS],
        ),
        passes(
            instances=[FRAMED, STRUCTURES],
            references=[contour(**at("z", 40), **naming(8))],
            extents=[
                run(last_frame=7),
                run(first_frame=8, last_frame=8, ImagePositionPatient="0\\0\\40", step=0),
                run(first_frame=9, ImagePositionPatient="0\\0\\-9", step=0),
            ],
        ),
        # Pixels are larger than a millimetre: rows and columns reach further.
        passes(
            instances=[FRAMED, STRUCTURES],
            references=[contour(**at("x", 120), **at("y", 180), **naming(1))],
            extents=[run(PixelSpacing="3\\2")],
        ),
        fails(
            instances=[FRAMED, STRUCTURES],
            references=[contour(**at("x", 180), **at("y", 120), **naming(1))],
            extents=[run(PixelSpacing="3\\2")],
            at=[CONTOURS],
        ),
        # One that names no frame may lie in any, and in rows and columns there.
        passes(
            instances=[FRAMED, STRUCTURES],
            references=[contour(), contour(**at("z", 24), drawing=2)],
            extents=[run()],
        ),
        fails(
            instances=[FRAMED, STRUCTURES],
            references=[contour(**at("z", 1.5))],
            extents=[run(SliceThickness="1")],
            at=[CONTOURS],
            says=("lies in no plane of the image it names",),
        ),
        fails(
            instances=[FRAMED, STRUCTURES],
            references=[contour(**at("z", 24), **at("y", -500, -490))],
            extents=[run()],
            at=[CONTOURS],
            says=("reaches beyond the image it names",),
        ),
        # Across the planes of an oblique stack, though each of its points is near to one of them.
        passes(instances=[FRAMED, STRUCTURES], references=turned(4), extents=[OBLIQUE]),
        fails(
            instances=[FRAMED, STRUCTURES],
            references=turned(1)[:2] + turned(4)[2:],
            extents=[OBLIQUE],
            at=[CONTOURS],
        ),
        passes(
            instances=[FRAMED, STRUCTURES],
            references=[{**each, **naming(4)} for each in turned(4)],
            extents=[OBLIQUE],
        ),
        fails(
            instances=[FRAMED, STRUCTURES],
            references=[{**each, **naming(3)} for each in turned(4)],
            extents=[OBLIQUE],
            at=[CONTOURS],
        ),
        # Of a contour in several frames nobody knows which of its points lies where.
        not_evaluated(
            instances=[FRAMED, STRUCTURES],
            references=[contour(**naming(1, 9))],
            extents=[run()],
        ),
        # REF009 finds a frame that is not there.
        not_evaluated(
            instances=[FRAMED, STRUCTURES],
            references=[contour(**naming(12))],
            extents=[run()],
        ),
        # Without the size of pixels a contour is off the plane, or nothing is known.
        fails(
            instances=[FRAMED, STRUCTURES],
            references=[contour(**naming(3))],
            extents=[run(PixelSpacing=None)],
            at=[CONTOURS],
        ),
        *(
            not_evaluated(
                instances=[FRAMED, STRUCTURES],
                references=[contour(**named)],
                extents=[run(**bad)],
            )
            for named in ({}, naming(1))
            for bad in (
                {"PixelSpacing": None},
                {"PixelSpacing": "0\\0"},
                {"ImageOrientationPatient": None},
                {"ImageOrientationPatient": "0\\0\\0\\0\\0\\0"},
                {"ImageOrientationPatient": "2\\0\\0\\0\\0.5\\0"},
            )
        ),
        # It may lie in the frame that does not say how it is turned.
        not_evaluated(
            instances=[FRAMED, STRUCTURES],
            references=[contour(**at("z", 30))],
            extents=[
                run(last_frame=8),
                run(first_frame=9, ImageOrientationPatient="0\\0\\0\\0\\0\\0"),
            ],
        ),
        # More than is told apart, or than is compared.
        not_evaluated(
            instances=[FRAMED, STRUCTURES], references=[contour(drawing=None)], extents=[run()]
        ),
        not_evaluated(
            instances=[FRAMED, STRUCTURES],
            references=[contour(drawing=number) for number in range(1001)],
            extents=[run(first_frame=number, last_frame=number) for number in range(1, 1001)],
        ),
        # A frame lies in the one that it is made from, or between those.
        passes(
            instances=[FRAMED, SEGMENTATION],
            references=[frame_at(13, **naming(5))],
            extents=[run()],
        ),
        fails(
            instances=[FRAMED, SEGMENTATION],
            references=[frame_at(13, **naming(4))],
            extents=[run()],
            at=[DERIVED],
            says=("lies off the plane of the frame it names",),
        ),
        *(
            Case(
                outcome,
                instances=[FRAMED, SEGMENTATION],
                references=[frame_at(z, **named)],
                extents=extents,
                at=(DERIVED,) if outcome is Outcome.FAIL else (),
                says=said if outcome is Outcome.FAIL else (),
            )
            for said in [("lies before the first or behind the last frame that it is made from",)]
            for extents in (
                [run()],
                [
                    run(last_frame=5),
                    run(first_frame=6, last_frame=9, ImagePositionPatient="0\\0\\15"),
                ],
            )
            for outcome, z, named in (
                (Outcome.PASS, 12.5, {}),
                (Outcome.PASS, 25.4, {}),
                (Outcome.FAIL, 27, {}),
                (Outcome.FAIL, -2, {}),
                (Outcome.PASS, 12.5, naming(2, 8)),
                (Outcome.FAIL, 24, naming(2, 8)),
                (Outcome.FAIL, 0, naming(2, 8)),
            )
        ),
        passes(
            instances=[FRAMED, SEGMENTATION],
            references=[frame_at(0, **at("y", -14.4), **at("z", 19.2), **naming(9))],
            extents=[OBLIQUE],
        ),
        fails(
            instances=[FRAMED, SEGMENTATION],
            references=[frame_at(40)],
            extents=[OBLIQUE],
            at=[DERIVED],
        ),
        # Frames that are turned each in its own way lie between nothing; one of them lies there.
        not_evaluated(
            instances=[FRAMED, SEGMENTATION],
            references=[frame_at(90)],
            extents=[run(last_frame=5), {**OBLIQUE, "first_frame": 6}],
        ),
        fails(
            instances=[FRAMED, SEGMENTATION],
            references=[frame_at(90, **naming(2))],
            extents=[run(last_frame=5), {**OBLIQUE, "first_frame": 6}],
            at=[DERIVED],
        ),
        # In another frame of reference the same numbers are another place.
        not_evaluated(
            instances=[slice_at(1, FrameOfReferenceUID=2), SEGMENTATION], references=[frame_at(9)]
        ),
        fails(
            instances=[slice_at(1, FrameOfReferenceUID=None), SEGMENTATION],
            references=[frame_at(9)],
            at=[DERIVED],
        ),
        # An image of one frame with functional groups; a copy of it that says it by itself.
        passes(
            instances=[{**FRAMED, "NumberOfFrames": 1}, STRUCTURES],
            references=[contour()],
            extents=[run(last_frame=1, step=0)],
        ),
        fails(
            instances=[{**FRAMED, "NumberOfFrames": 1}, STRUCTURES],
            references=[contour(**at("z", 3))],
            extents=[run(last_frame=1, step=0)],
            at=[CONTOURS],
            says=("lies off the plane of the image it names",),
        ),
        passes(
            instances=[slice_at(1, NumberOfFrames=1), STRUCTURES],
            references=[contour(**at("z", 3))],
            extents=[run(last_frame=1, step=0, ImagePositionPatient="0\\0\\3")],
        ),
        # What names a frame is nearer to it than to the next, however thick they are.
        *(
            Case(
                outcome,
                instances=[FRAMED, STRUCTURES],
                references=[contour(**at("z", z), **naming(frame))],
                extents=[run(SliceThickness=thickness, step=step)],
                at=(CONTOURS,) if outcome is Outcome.FAIL else (),
            )
            for outcome, thickness, step, z, frame in (
                (Outcome.FAIL, None, 1, 0, 3),
                (Outcome.PASS, None, 1, 2.4, 3),
                (Outcome.FAIL, "10", 2.5, 0, 2),
                (Outcome.FAIL, "10", -2.5, 0, 2),
                (Outcome.PASS, "10", 2.5, 1.2, 1),
                (Outcome.FAIL, "1", 0.6, 0, 2),
                # Frames of several times in one plane: nobody knows how thick it is.
                (Outcome.PASS, None, 0, 0.4, 3),
                (Outcome.NOT_EVALUATED, None, 0, 2, 3),
                (Outcome.NOT_EVALUATED, "0", 0, 2, 3),
                (Outcome.PASS, "5", 0.001, 2, 3),
            )
        ),
        passes(instances=[slice_at(1, SliceThickness=None), STRUCTURES], references=[contour()]),
        *(
            not_evaluated(
                instances=[slice_at(1, SliceThickness=bad), STRUCTURES],
                references=[contour(**at("z", 2))],
            )
            for bad in (None, "", "0", "nan", "inf")
        ),
        # Whichever copy is meant: of one nobody knows.
        not_evaluated(
            instances=[
                slice_at(1, z=9),
                slice_at(1, path="copy.dcm", SliceThickness=None),
                STRUCTURES,
            ],
            references=[contour(**at("z", 2))],
        ),
        # A frame of a segmentation may be larger than its image, and shares something with it.
        *(
            Case(
                outcome,
                instances=[image_, {**SEGMENTATION, "Rows": 40, "Columns": 50}],
                references=[frame_at(0, **at("x", x), **at("y", y))],
                extents=[*there, run(path="seg.dcm", ImagePositionPatient=None, step=0, **shape)],
                at=(DERIVED,) if outcome is Outcome.FAIL else (),
                says=("lies beside the rows and columns of the image it names",)
                if outcome is Outcome.FAIL
                else (),
            )
            for image_, there in ((slice_at(1), []), (FRAMED, [run()]))
            for outcome, x, y, shape in (
                (Outcome.PASS, 0, 0, {}),
                (Outcome.PASS, -30, 60, {}),
                (Outcome.FAIL, 200, 0, {}),
                (Outcome.FAIL, 0, 200, {}),
                (Outcome.FAIL, -60, 0, {}),
                (Outcome.FAIL, 0, -50, {}),
                (Outcome.PASS, -60, 0, {"PixelSpacing": "1\\2"}),
                (Outcome.PASS, 100, 90, {"ImageOrientationPatient": "-1\\0\\0\\0\\-1\\0"}),
                (Outcome.FAIL, -9, 0, {"ImageOrientationPatient": "-1\\0\\0\\0\\-1\\0"}),
                (Outcome.PASS, 200, 0, {"PixelSpacing": None}),
                (Outcome.PASS, 200, 0, {"ImageOrientationPatient": None}),
            )
        ),
        passes(
            instances=[slice_at(1), SEGMENTATION],
            references=[frame_at(0, **at("x", 200))],
        ),
        # Nothing is known of frames that do not say where; nor of an image that is not here.
        not_evaluated(instances=[FRAMED, STRUCTURES], references=[contour()]),
        not_evaluated(
            instances=[slice_at(1, ImagePositionPatient="1\\2"), STRUCTURES],
            references=[contour()],
        ),
        not_evaluated(
            instances=[slice_at(1, PixelSpacing=None), STRUCTURES], references=[contour()]
        ),
        not_evaluated(instances=[STRUCTURES], references=[contour()]),
        not_applicable(instances=[slice_at(1), STRUCTURES], references=[refers(1)]),
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


def test_what_is_counted_is_the_object_that_refers() -> None:
    references = [refers(instance, path=path) for instance in (3, 4) for path in ("seg.dcm", "b")]
    rows = [*HERE, {**SEGMENTATION, "path": "b", "SOPInstanceUID": 98}]
    said = fails(instances=rows, references=references).ask(get_rule("REF001"))
    assert said.counts == (2,)


def test_findings_know_the_series_of_the_object_that_refers() -> None:
    rule = get_rule("REF001")
    assert rule.unit == "instance"
    references = [refers(3), refers(3, path="b")]
    rows = [*HERE, {**SEGMENTATION, "path": "b", "SOPInstanceUID": 98, "SeriesInstanceUID": 5}]
    said = fails(instances=rows, references=references).ask(rule)
    assert said.counts == (1, 1)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30))
def test_a_circle_is_a_way_back(edges: list[tuple[int, int]]) -> None:
    """Against the definition, by all ways of up to as many steps as there are nodes."""
    reached = {node: {end for start, end in edges if start == node} for node in range(10)}
    for _ in range(10):
        for ends in reached.values():
            ends |= {further for end in ends for further in reached[end]}
    rows = [report(path=f"{node}.dcm", SOPInstanceUID=node) for node in range(10)]
    references = [points(start, end, path=f"{start}.dcm") for start, end in edges]
    said = fails(instances=rows, references=references).ask(get_rule("REF012"))
    circular = {node for node in range(10) if node in reached[node]}
    assert sum(said.counts) == len(circular)


DIRECTIONS = st.tuples(*[st.floats(-1, 1)] * 6).filter(
    lambda each: np.linalg.norm(np.cross(each[:3], each[3:])) > 0.2
)


@given(DIRECTIONS, st.lists(st.tuples(st.floats(0, 30), st.floats(0, 30)), min_size=3, max_size=9))
@settings(max_examples=10, deadline=None)
def test_a_contour_is_where_it_is_however_the_image_is_turned(
    directions: tuple[float, ...], points: list[tuple[float, float]]
) -> None:
    row = np.array(directions[:3]) / np.linalg.norm(directions[:3])
    normal = np.cross(row, directions[3:])
    normal /= np.linalg.norm(normal)
    column = np.cross(normal, row)
    start = np.array([10, -20, 30])
    stack = run(
        ImageOrientationPatient=decimals(written(*row, *column)),
        ImagePositionPatient=decimals(written(*start)),
        PixelSpacing="0.5\\0.5",
    )

    def says(along: float, across: float = 0, **named: int) -> Outcome:
        moved = [start + (u + across) * row + v * column + along * normal for u, v in points]
        found = drawn(written(*np.concatenate(moved)))
        assert found is not None
        boxes = [
            {f"{end}_{axis}": number for (axis, end), number in zip(SIDES, box, strict=True)}
            for box in found[1]
        ]
        contours = [contour(**box, **named) for box in boxes]
        case = fails(instances=[FRAMED, STRUCTURES], references=contours, extents=[stack])
        return case.ask(get_rule("REF013")).outcome

    assert says(6, **naming(3)) is says(7.4, **naming(3)) is says(6) is Outcome.PASS
    assert says(6, **naming(4)) is says(7.6, **naming(3)) is says(-1.6) is Outcome.FAIL
    assert says(6, across=80, **naming(3)) is says(6, across=-80) is Outcome.FAIL


SIDES = tuple((axis, end) for axis in "xyz" for end in ("lowest", "highest"))


def written(*numbers: float) -> bytes:
    return "\\".join(f"{number:.6f}" for number in numbers).encode()
