"""Structure sets (PS3.3 C.8.8.5, C.8.8.6, C.8.8.8): contours, names, and what they stand on.

Contours differ everywhere. Comparisons look at all of them at once and leave a word for what
is wrong: no coordinate, no name and no UID becomes part of a signature.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from auditor import (
    Element,
    Finding,
    InstanceFacts,
    Place,
    TagPath,
    Undecided,
    comparison,
    for_sop_classes,
    judge,
    rule,
)
from auditor.reading.extents import LONGEST, coordinates
from auditor.reading.places import CUT_OFF
from auditor.standard.nomenclature import is_nomenclature
from auditor.standard.sop_classes import RT_STRUCTURE_SET

_CONTOUR = ("ROIContourSequence", "ContourSequence")
_TYPE, _COUNT, _DATA = "ContourGeometricType", "NumberOfContourPoints", "ContourData"
_IMAGE = ("ContourImageSequence", "ReferencedSOPInstanceUID")
_FRAME = "ReferencedFrameOfReferenceSequence"
_LISTED_IMAGE = (_FRAME, "RTReferencedStudySequence", "RTReferencedSeriesSequence", *_IMAGE)
_ROI = "StructureSetROISequence"
_OBSERVATION = "RTROIObservationsSequence"

Point = tuple[float, float, float]


def _path(*keywords: str) -> tuple[str, ...]:
    return TagPath.of(*keywords).steps


_CONTOURS = {
    _path(*_CONTOUR): "",
    _path(*_CONTOUR, _TYPE): _TYPE,
    _path(*_CONTOUR, _COUNT): _COUNT,
    _path(*_CONTOUR, _DATA): _DATA,
}

TYPES = {"POINT", "OPEN_PLANAR", "OPEN_NONPLANAR", "CLOSED_PLANAR", "CLOSEDPLANAR_XOR"}
"""Enumerated values of Contour Geometric Type (PS3.3 C.8.8.6.1)."""

FLAT = 0.2
"""Millimetres by which a point may leave the plane of its contour: coordinates are rounded."""

THERE = "there"
"""Verdict class that says only that there is something to judge."""

CUT_SHORT = "contours"
"""Verdict class of an object with more contours, or longer ones, than are looked at."""


@comparison(
    name="contours",
    applies=lambda place: place.tag == CUT_OFF or place.path.steps in _CONTOURS,
)
def contours(elements: Sequence[Element]) -> Iterator[tuple[Place, str]]:
    """What is wrong with contours: their numbers, or their geometry, in a word each.

    `THERE` where there are any.
    """
    yield elements[0].place, THERE
    here: dict[str, Element] = {}
    for element in elements:
        if element.place.tag == CUT_OFF:
            yield element.place, CUT_SHORT
            return
        name = _CONTOURS[element.place.path.steps]
        if name == _DATA:
            here[_DATA] = element
            yield from _contour(here)
            here = {}
        elif name:
            here[name] = element
        else:
            here = {}


def _contour(here: dict[str, Element]) -> Iterator[tuple[Place, str]]:
    """Judge one contour that has data."""
    data = here[_DATA]
    if len(data.value) > LONGEST:
        yield data.place, CUT_SHORT
        return
    numbers = coordinates(data.value)
    if numbers is None:
        yield data.place, "numbers"
        return
    if len(numbers) % 3:
        yield data.place, "triplets"
        return
    points = list(zip(numbers[0::3], numbers[1::3], numbers[2::3], strict=True))
    if _COUNT in here and here[_COUNT].text.strip() != "":
        try:
            said = int(here[_COUNT].text)
        except ValueError:
            said = -1
        if said != len(points):
            yield here[_COUNT].place, "count"
    kind = here[_TYPE].text.strip() if _TYPE in here else ""
    if kind and kind not in TYPES:
        yield here[_TYPE].place, "type"
    elif kind == "POINT":
        if len(points) > 1:
            yield data.place, "point"
    elif kind.startswith("CLOSED"):
        yield from ((data.place, word) for word in _closed(points))
    elif kind == "OPEN_PLANAR" and not _is_flat(points):
        yield data.place, "plane"


def _closed(points: Sequence[Point]) -> Iterator[str]:
    """Judge the points of a closed contour in a plane."""
    if len(points) < 3:
        yield "few"
        return
    if points[0] == points[-1]:
        yield "repeated"
    normal = _normal(points)
    if normal is None:
        yield "nothing"
    elif not _is_flat(points):
        yield "plane"


def _normal(points: Sequence[Point]) -> Point | None:
    """Return the unit normal of points that lie in a plane; None if they lie on one line.

    It is that of a wide triangle of them: what encloses an area twice in opposite directions
    has no sum of areas to take it from, and that of a narrow one is of rounding alone.
    """
    first = points[0]
    far = _less(max(points, key=lambda point: math.dist(first, point)), first)
    wide = max((_cross(far, _less(point, first)) for point in points), key=_length)
    length = _length(wide)
    # As far as from the line, for numbers of three decimals.
    if length <= 1e-3 * _length(far):
        return None
    return wide[0] / length, wide[1] / length, wide[2] / length


def _less(one: Point, other: Point) -> Point:
    return one[0] - other[0], one[1] - other[1], one[2] - other[2]


def _cross(one: Point, other: Point) -> Point:
    return (
        one[1] * other[2] - one[2] * other[1],
        one[2] * other[0] - one[0] * other[2],
        one[0] * other[1] - one[1] * other[0],
    )


def _length(one: Point) -> float:
    return math.hypot(*one)


def _is_flat(points: Sequence[Point]) -> bool:
    """Whether points lie in one plane, up to `FLAT`."""
    # Most contours lie across an axis.
    for numbers in zip(*points, strict=True):
        if max(numbers) - min(numbers) <= FLAT:
            return True
    normal = _normal(points)
    if normal is None:
        return True
    heights = [sum(a * b for a, b in zip(normal, point, strict=True)) for point in points]
    return max(heights) - min(heights) <= 2 * FLAT


_HAS_CONTOURS = for_sop_classes(
    RT_STRUCTURE_SET, when=lambda instance: bool(instance.judged("contours"))
)
_MANY = "structure sets with more contours, or longer ones, than are looked at"

_MALFORMED = {
    "numbers": "contour data that is not of coordinates",
    "triplets": "contour data that is not of points with three coordinates",
    "count": "another number of points than the contour data has",
    "type": "not a contour geometric type",
    "point": "a contour of type POINT with several points",
    "few": "a closed contour of fewer than three points",
}


def _said(instance: InstanceFacts, words: dict[str, str]) -> Iterator[Finding | Undecided]:
    for path, word in instance.judged("contours"):
        if word == CUT_SHORT:
            yield Undecided(_MANY)
        elif word in words:
            yield Finding(words[word], path)


@rule(
    id="RT103",
    category="radiotherapy",
    severity="error",
    confidence="high",
    reads=("judge:contours",),
    reference="PS3.3 C.8.8.6, C.8.8.6.1, C.8.8.6.3",
    applies=_HAS_CONTOURS,
)
def malformed_contour(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """The points of a contour are not what it says that they are.

    Why it matters
    --------------
    A list of points that is cut short or shifted by one number is another outline, and no
    viewer shows that it is.

    How to fix
    ----------
    Write x, y and z of each point into Contour Data (3006,0050), and their number into Number
    of Contour Points (3006,0046); one point for type POINT, three or more for a closed contour.
    Where points were lost, export the structure set again.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: rois = [r for r in dataset.ROIContourSequence if "ContourSequence" in r]
    pydicom: contours = [c for r in rois for c in r.ContourSequence]
    pydicom: print([c.NumberOfContourPoints - len(c.ContourData) / 3 for c in contours])

    Example
    -------
    Contour data that an export cut off at 16384 characters.
    """
    yield from _said(instance, _MALFORMED)


@rule(
    id="RT104",
    category="radiotherapy",
    severity="error",
    confidence="medium",
    reads=("judge:contours",),
    reference="PS3.3 C.8.8.6.1",
    applies=_HAS_CONTOURS,
)
def contour_not_in_a_plane(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """A contour that is said to lie in a plane does not.

    Why it matters
    --------------
    Masks and volumes are made plane by plane: of a contour that leaves its plane programs
    take what they like.

    How to fix
    ----------
    Export the contours again by slice, or give those that follow a curve in space the type
    OPEN_NONPLANAR.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: contour = dataset.ROIContourSequence[N].ContourSequence[M]
    pydicom: contour.ContourGeometricType = "CONTOUR-TYPE"
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    A CLOSED_PLANAR contour whose last points are those of the next slice. 0.2 mm to each
    side are tolerated.
    """
    yield from _said(instance, {"plane": "a planar contour whose points are in no plane"})


@rule(
    id="RT105",
    category="radiotherapy",
    severity="info",
    confidence="medium",
    reads=("judge:contours",),
    reference="PS3.3 C.8.8.6.1",
    applies=_HAS_CONTOURS,
)
def contour_encloses_nothing(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """A closed contour encloses nothing, or repeats its first point at its end.

    Why it matters
    --------------
    A closed contour is closed without that its first point stands there twice: programs that
    look for its edges find one of no length. One that encloses nothing is lost in a mask.

    How to fix
    ----------
    Leave the repeated point out, and contours that have no area.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: rois = [r for r in dataset.ROIContourSequence if "ContourSequence" in r]
    pydicom: long = [c for r in rois for c in r.ContourSequence if len(c.ContourData) > 9]
    pydicom: again = [c for c in long if c.ContourData[:3] == c.ContourData[-3:]]
    pydicom: for c in again: c.ContourData = c.ContourData[:-3]; c.NumberOfContourPoints -= 1
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    Three points on one line, where a structure ends between two slices.
    """
    yield from _said(
        instance,
        {
            "nothing": "a closed contour that encloses nothing",
            "repeated": "a closed contour that repeats its first point",
        },
    )


_NAME = _path(_ROI, "ROIName")


@comparison(name="roi_names", applies=lambda place: place.path.steps == _NAME)
def roi_names(elements: Sequence[Element]) -> Iterator[tuple[Place, str]]:
    """Whether two ROIs have one name; capitals and spaces at the ends tell none apart."""
    if len(elements) > 1:
        yield elements[0].place, THERE
    names = [name for element in elements if (name := element.text.strip().casefold())]
    if len(set(names)) < len(names):
        yield elements[0].place, "twice"


@rule(
    id="RT106",
    category="radiotherapy",
    severity="warning",
    confidence="high",
    reads=("judge:roi_names",),
    reference="PS3.3 C.8.8.5",
    applies=for_sop_classes(
        RT_STRUCTURE_SET, when=lambda instance: bool(instance.judged("roi_names"))
    ),
)
def duplicate_name(instance: InstanceFacts) -> Iterator[Finding]:
    """Two ROIs of a structure set have one name.

    Why it matters
    --------------
    Programs that read structure sets look ROIs up by name, and keep the last or the first
    one: the other is lost without a word.

    How to fix
    ----------
    Give each ROI its own ROI Name (3006,0026), or remove the copy.

    Command
    -------
    dcmodify -nb -m "(3006,0020)[N].(3006,0026)=NAME" FILE

    Example
    -------
    An organ that was drawn by hand and by a program, both under its plain name.
    """
    for path, word in instance.judged("roi_names"):
        if word != THERE:
            yield Finding("two ROIs have one name", path)


@judge(name="nomenclature", applies=lambda place: place.path.steps == _NAME)
def nomenclature(element: Element) -> str:
    """Whether an ROI is named as the report of AAPM Task Group 263 asks."""
    name = element.text.strip()
    if not name:
        return "none"
    return "known" if is_nomenclature(name) else "other"


@rule(
    id="RT107",
    category="radiotherapy",
    severity="info",
    confidence="low",
    reads=("judge:nomenclature",),
    reference="PS3.3 C.8.8.5; AAPM report 263",
    applies=for_sop_classes(
        RT_STRUCTURE_SET, when=lambda instance: bool(instance.judged("nomenclature"))
    ),
)
def names_by_nomenclature(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """ROIs are not named by the nomenclature of AAPM Task Group 263.

    Why it matters
    --------------
    One organ has a dozen names, and whoever pools structure sets begins with a table of them.
    The report gives each one name.

    How to fix
    ----------
    Nothing is wrong. Name organs by the report's list, targets by its pattern; or add a code
    in RT ROI Identification Code Sequence (3006,0086). Only the common names of the list are
    known here.

    Command
    -------
    dcmodify -nb -m "(3006,0020)[N].(3006,0026)=NAME" FILE

    Example
    -------
    An organ in the words of the clinic, where the report says Lung_L.
    """
    words = {word for _, word in instance.judged("nomenclature")} - {"none"}
    place = TagPath.of(_ROI, "ROIName")
    if words == {"known", "other"}:
        yield Finding("some ROI names are not of the common ones", place)
    elif words == {"other"}:
        yield Finding("no ROI name is of the common ones", place)
    elif not words:
        yield Undecided("structure sets without a name of an ROI")


_ROI_FRAME = _path(_ROI, "ReferencedFrameOfReferenceUID")
_LISTED_FRAME = _path(_FRAME, "FrameOfReferenceUID")


@comparison(
    name="roi_frames",
    applies=lambda place: place.path.steps in (_ROI_FRAME, _LISTED_FRAME),
)
def roi_frames(elements: Sequence[Element]) -> Iterator[tuple[Place, str]]:
    """Whether ROIs lie in frames of reference that the structure set lists."""
    listed = {each.text for each in elements if each.place.path.steps == _LISTED_FRAME}
    if not listed or all(each.place.path.steps == _LISTED_FRAME for each in elements):
        return
    yield elements[0].place, THERE
    for each in elements:
        if each.place.path.steps == _ROI_FRAME and each.text and each.text not in listed:
            yield each.place, "not listed"


@rule(
    id="RT108",
    category="radiotherapy",
    severity="error",
    confidence="high",
    reads=("judge:roi_frames",),
    reference="PS3.3 C.8.8.5, C.8.8.5.1",
    applies=for_sop_classes(
        RT_STRUCTURE_SET,
        when=lambda instance: bool(instance.judged("roi_frames")),
    ),
)
def roi_frame_not_listed(instance: InstanceFacts) -> Iterator[Finding]:
    """An ROI lies in a frame of reference that the structure set does not list.

    Why it matters
    --------------
    The list says which images lie in a frame of reference. An ROI in another one lies over no
    image at all.

    How to fix
    ----------
    Write a Frame of Reference UID (0020,0052) of the list into Referenced Frame of Reference
    UID (3006,0024); replace UIDs in both by one mapping.

    Command
    -------
    dcmodify -nb -m "(3006,0020)[N].(3006,0024)=UID" FILE

    Example
    -------
    De-identification that replaced the UID in the list and not in the ROIs.
    """
    for path, word in instance.judged("roi_frames"):
        if word != THERE:
            yield Finding("the frame of reference is not in the list of the structure set", path)


_OF_CONTOUR, _OF_LIST = _path(*_CONTOUR, *_IMAGE), _path(*_LISTED_IMAGE)


@comparison(
    name="contour_images",
    applies=lambda place: place.tag == CUT_OFF or place.path.steps in (_OF_CONTOUR, _OF_LIST),
)
def contour_images(elements: Sequence[Element]) -> Iterator[tuple[Place, str]]:
    """Whether contours lie in images that the structure set lists."""
    if elements[-1].place.tag == CUT_OFF:
        yield elements[-1].place, CUT_SHORT
        elements = elements[:-1]
    listed = {each.text for each in elements if each.place.path.steps == _OF_LIST}
    # The list is optional (Type 3), and so is to say in which image a contour lies.
    if not listed or all(each.place.path.steps == _OF_LIST for each in elements):
        return
    yield elements[0].place, THERE
    for each in elements:
        if each.place.path.steps == _OF_CONTOUR and each.text not in listed:
            yield each.place, "not listed"


@rule(
    id="RT109",
    category="radiotherapy",
    severity="warning",
    confidence="high",
    reads=("judge:contour_images",),
    reference="PS3.3 C.8.8.5, C.8.8.6",
    applies=for_sop_classes(
        RT_STRUCTURE_SET,
        when=lambda instance: bool(instance.judged("contour_images")),
    ),
)
def contour_image_not_listed(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """A contour lies in an image that is not among those of the structure set.

    Why it matters
    --------------
    Programs load the images that the structure set lists, and lay the contours over them: one
    that names another image is left out, or drawn where it does not belong.

    How to fix
    ----------
    List every image on which contours were drawn in Contour Image Sequence (3006,0016) of its
    RT Referenced Series.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: study = dataset.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]
    pydicom: image = Dataset()
    pydicom: image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = "SOP-CLASS-UID", "UID"
    pydicom: study.RTReferencedSeriesSequence[N].ContourImageSequence.append(image)
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    Contours on a second series, of which the structure set lists only the first.
    """
    for path, word in instance.judged("contour_images"):
        if word == CUT_SHORT:
            yield Undecided(_MANY)
        elif word != THERE:
            yield Finding("the image is not in the list of the structure set", path)


@judge(
    name="roi_color",
    applies=lambda place: place.path.steps == _path("ROIContourSequence", "ROIDisplayColor"),
)
def roi_color(element: Element) -> str | None:
    """Whether red, green and blue are 0 to 255; that they are numbers, and three, others say."""
    try:
        numbers = [int(value) for value in element.value[:64].strip(b" \0").split(b"\\")]
    except ValueError:
        return None
    return "right" if all(0 <= number <= 255 for number in numbers) else "out of range"


@rule(
    id="RT111",
    category="radiotherapy",
    severity="warning",
    confidence="high",
    reads=("judge:roi_color",),
    reference="PS3.3 C.8.8.6",
    applies=for_sop_classes(
        RT_STRUCTURE_SET, when=lambda instance: bool(instance.judged("roi_color"))
    ),
)
def color_of_an_roi(instance: InstanceFacts) -> Iterator[Finding]:
    """The colour of an ROI has a number below 0 or above 255.

    Why it matters
    --------------
    Programs keep a byte for each of red, green and blue: some refuse the structure set, others
    draw another colour, so that a reader takes one organ for another.

    How to fix
    ----------
    Write red, green and blue from 0 to 255 into ROI Display Color (3006,002A), or leave it out.

    Command
    -------
    dcmodify -nb -m "(3006,0039)[N].(3006,002A)=VALUE" FILE

    Example
    -------
    A colour of 16 bits for each of its parts: 65535 instead of 255.
    """
    for path, said in instance.judged("roi_color"):
        if said == "out of range":
            yield Finding("a part of the colour is not from 0 to 255", path)


@rule(
    id="RT110",
    category="radiotherapy",
    severity="error",
    confidence="high",
    reads=(
        f"{_ROI}.ROINumber",
        f"{_OBSERVATION}.ObservationNumber",
        f"{_OBSERVATION}.RTRelatedROISequence.ReferencedROINumber",
    ),
    reference="PS3.3 C.8.8.8",
    applies=for_sop_classes(RT_STRUCTURE_SET, when=lambda instance: instance.filled(_OBSERVATION)),
)
def observations(instance: InstanceFacts) -> Iterator[Finding]:
    """Observations of ROIs have one number, or relate ROIs that do not exist.

    Why it matters
    --------------
    The observation says what an ROI is for: target, organ, or outline of the patient. Two of
    one number, or a target inside of an ROI that is not there, tell nothing.

    How to fix
    ----------
    Give each observation its own Observation Number (3006,0082); relate only ROIs of this
    structure set.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: observations = dataset.RTROIObservationsSequence
    pydicom: for n, each in enumerate(observations, 1): each.ObservationNumber = n
    pydicom: dataset.save_as("NEW-FILE")
    dcmodify -nb -e "(3006,0080)[N].(3006,0030)" FILE

    Example
    -------
    A boost that is related to a target which was deleted.
    """
    given = {item.number("ROINumber") for item in instance.items(_ROI)}
    observed = instance.items(_OBSERVATION)
    numbers = [
        number for item in observed if (number := item.number("ObservationNumber")) is not None
    ]
    if len(set(numbers)) < len(numbers):
        yield Finding(
            "two observations have one number", TagPath.of(_OBSERVATION, "ObservationNumber")
        )
    related = {
        each.number("ReferencedROINumber")
        for item in observed
        for each in item.items("RTRelatedROISequence")
    }
    if related - given - {None}:
        yield Finding(
            "relates an ROI that does not exist",
            TagPath.of(_OBSERVATION, "RTRelatedROISequence", "ReferencedROINumber"),
        )
