"""Microscopy bulk simple annotations (PS3.3 C.37.1): groups, and the lists of numbers in them.

The lists are long and different everywhere. A comparison adds them up and leaves a word for
each thing that does not add up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from auditor import (
    Element,
    Finding,
    InstanceFacts,
    Place,
    TagPath,
    Undecided,
    comparison,
    for_sop_classes,
    rule,
)
from auditor.reading.places import CUT_OFF
from auditor.standard.sop_classes import ANNOTATIONS

if TYPE_CHECKING:
    import numpy as np

    Indices = np.ndarray[Any, np.dtype[Any]]

GROUPS, MEASUREMENTS = "AnnotationGroupSequence", "MeasurementsSequence"
VALUES = "MeasurementValuesSequence"
_IN_GROUP = frozenset(
    {
        "AnnotationGroupNumber",
        "AnnotationGroupUID",
        "NumberOfAnnotations",
        "GraphicType",
        "CommonZCoordinateValue",
        "PointCoordinatesData",
        "DoublePointCoordinatesData",
        "LongPrimitivePointIndexList",
    }
)
_IN_VALUES = frozenset({"FloatingPointValues", "AnnotationIndexList"})


def _wanted(place: Place) -> bool:
    *around, name = place.keywords
    if name in (GROUPS, "AnnotationCoordinateType"):
        return not around
    if around == [GROUPS]:
        return name in _IN_GROUP
    if around == [GROUPS, MEASUREMENTS]:
        return name == VALUES
    return around == [GROUPS, MEASUREMENTS, VALUES] and name in _IN_VALUES


@dataclass(slots=True)
class _Group:
    """One item of Annotation Group Sequence: bytes by keyword, and its measurements."""

    values: dict[str, bytes] = field(default_factory=dict)
    measured: list[dict[str, bytes]] = field(default_factory=list)

    def text(self, keyword: str) -> str:
        """Return a value as text."""
        return self.values.get(keyword, b"").strip(b" \0").decode("latin-1")

    def number(self, keyword: str) -> int | None:
        """Return a binary number, None without one."""
        value = self.values.get(keyword)
        return int.from_bytes(value, "little") if value else None


def _indices(value: bytes) -> Indices:
    """Return a list of VR OL."""
    import numpy as np

    return np.frombuffer(value[: len(value) // 4 * 4], "<u4")


@comparison(name="bulk_annotations", applies=lambda place: place.tag == CUT_OFF or _wanted(place))
def bulk_annotations(elements: Sequence[Element]) -> Iterator[tuple[Place, str]]:
    """What does not add up in groups of annotations, in a few words each.

    ``cut off`` where there was more than an audit follows.
    """
    groups: list[_Group] = []
    places: dict[str, Place] = {}
    flat = False
    for element in elements:
        name = element.place.keyword
        if element.place.tag == CUT_OFF:
            yield elements[0].place, "cut off"
            return
        places.setdefault(name, element.place)
        if name == GROUPS:
            groups.append(_Group())
        elif name == "AnnotationCoordinateType":
            flat = element.text == "2D"
        elif groups and name == VALUES:
            groups[-1].measured.append({})
        elif groups and name in _IN_VALUES and groups[-1].measured:
            groups[-1].measured[-1][name] = element.value
        elif groups and name in _IN_GROUP:
            groups[-1].values[name] = element.value
    for name, said in _numbering(groups):
        yield places.get(name, elements[0].place), said
    for group in groups:
        for name, said in (*_points(group, flat), *_lists(group), *_measured(group)):
            yield places.get(name, elements[0].place), said


Said = Iterator[tuple[str, str]]


def _numbering(groups: Sequence[_Group]) -> Said:
    numbers = [group.number("AnnotationGroupNumber") for group in groups]
    if None not in numbers and sorted(filter(None, numbers)) != list(range(1, len(groups) + 1)):
        yield "AnnotationGroupNumber", "group: numbers do not go from 1 in steps of 1"
    uids = [uid for group in groups if (uid := group.text("AnnotationGroupUID"))]
    if len(set(uids)) < len(uids):
        yield "AnnotationGroupUID", "group: two groups have one UID"


_POINTS = {"POINT": 1, "RECTANGLE": 4, "ELLIPSE": 4}
"""Points of one annotation, where all have as many (C.37.1.2.1.1)."""

_DATA = {"PointCoordinatesData": 4, "DoublePointCoordinatesData": 8}
"""Attribute to bytes of a coordinate."""


def _coordinates(group: _Group) -> tuple[str, int]:
    """Return which attribute holds the coordinates, and how many; "" unless one does."""
    given = [name for name in _DATA if group.values.get(name)]
    if len(given) != 1:
        return "", 0
    return given[0], len(group.values[given[0]]) // _DATA[given[0]]


def _points(group: _Group, flat: bool) -> Said:
    import numpy as np

    given = [name for name in _DATA if group.values.get(name)]
    if len(given) > 1:
        yield given[1], "points: single and double coordinates"
    name, coordinates = _coordinates(group)
    if not name:
        return
    value = group.values[name]
    size = _DATA[name]
    dimensions = 2 if flat or group.values.get("CommonZCoordinateValue") else 3
    if len(value) % size or coordinates % dimensions:
        yield name, "points: coordinates of half a point"
        return
    if not bool(np.isfinite(np.frombuffer(value, f"<f{size}")).all()):
        yield name, "points: a coordinate is no number"
    number, each = group.number("NumberOfAnnotations"), _POINTS.get(group.text("GraphicType"))
    if number is not None and each and coordinates // dimensions != number * each:
        yield name, "points: not as many as the annotations have"


def _lists(group: _Group) -> Said:
    name = "LongPrimitivePointIndexList"
    kind, value = group.text("GraphicType"), group.values.get(name)
    if kind in _POINTS:
        if value:
            yield name, "list: of annotations that all have as many points"
        return
    if kind not in ("POLYLINE", "POLYGON"):
        return
    if not value:
        yield GROUPS, f"list: missing for {kind}"
        return
    starts = _indices(value)
    number = group.number("NumberOfAnnotations")
    if len(value) % 4 or (number is not None and len(starts) != number):
        yield name, "list: not as long as there are annotations"
    if not len(starts):
        return
    rising = bool((starts[1:] > starts[:-1]).all())
    data, coordinates = _coordinates(group)
    if starts[0] != 1 or not rising:
        yield name, "list: does not rise from 1"
    elif data and starts[-1] > coordinates:
        yield name, "list: points behind the coordinates"


def _measured(group: _Group) -> Said:
    number = group.number("NumberOfAnnotations")
    if number is None:
        return
    for values in group.measured:
        wanted, measured = number, values.get("FloatingPointValues", b"")
        listed = values.get("AnnotationIndexList")
        if listed:
            indices = _indices(listed)
            wanted = len(indices)
            if wanted and (int(indices.min()) < 1 or int(indices.max()) > number):
                yield "AnnotationIndexList", "measured: an annotation that there is not"
        if len(measured) != 4 * wanted:
            yield "FloatingPointValues", "measured: not one value for each annotation"


def _said(instance: InstanceFacts, kind: str) -> Iterator[Finding | Undecided]:
    for path, said in instance.judged("bulk_annotations"):
        name, _, words = said.partition(": ")
        if said == "cut off":
            yield Undecided("objects with more annotations than an audit follows")
        elif name == kind:
            yield Finding(words, path)


_READS = (f"{GROUPS}.AnnotationGroupNumber", "judge:bulk_annotations")
_ANN = for_sop_classes(
    *ANNOTATIONS,
    when=lambda instance: any(
        item.filled("AnnotationGroupNumber") for item in instance.items(GROUPS)
    ),
)


@rule(
    id="SEG401",
    category="segmentation",
    severity="error",
    confidence="high",
    reads=_READS,
    reference="PS3.3 C.37.1.2, Table C.37.1-2",
    applies=_ANN,
)
def group_numbers(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """Groups of annotations are not numbered from 1, or two have one UID.

    Why it matters
    --------------
    Number and UID are how other objects, and a viewer's list, point at a group.

    How to fix
    ----------
    Number the items of Annotation Group Sequence (006A,0002) from 1 in steps of 1, and give
    each an Annotation Group UID (006A,0003) of its own.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: groups = dataset.AnnotationGroupSequence
    pydicom: for n, group in enumerate(groups, 1): group.AnnotationGroupNumber = n
    pydicom: dataset.save_as("NEW-FILE")
    dcmodify -nb -m "(006A,0002)[N].(006A,0003)=UID" FILE

    Example
    -------
    Two groups with number 1.
    """
    yield from _said(instance, "group")


@rule(
    id="SEG402",
    category="segmentation",
    severity="error",
    confidence="high",
    reads=(
        f"{GROUPS}.AnnotationGroupGenerationType",
        f"{GROUPS}.AnnotationGroupAlgorithmIdentificationSequence",
    ),
    reference="PS3.3 C.37.1.2, Table C.37.1-2",
    applies=for_sop_classes(*ANNOTATIONS, when=lambda instance: instance.filled(GROUPS)),
)
def who_drew(instance: InstanceFacts) -> Iterator[Finding]:
    """A group of annotations does not say how it came about, or by which algorithm.

    Why it matters
    --------------
    Whether a person or a program marked ten thousand nuclei decides whether they can be
    trained on, and which version of a program decides whether they can be made again.

    How to fix
    ----------
    Write AUTOMATIC, SEMIAUTOMATIC or MANUAL into Annotation Group Generation Type (006A,0007);
    unless it is MANUAL, identify the algorithm in (006A,0008).

    Command
    -------
    dcmodify -nb -i "(006A,0002)[N].(006A,0007)=AUTOMATIC-SEMIAUTOMATIC-OR-MANUAL" FILE
    pydicom: dataset = dcmread("FILE")
    highdicom: algorithm = AlgorithmIdentificationSequence("NAME", FAMILY, "VERSION")
    pydicom: group = dataset.AnnotationGroupSequence[N]
    pydicom: group.AnnotationGroupAlgorithmIdentificationSequence = algorithm
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    AUTOMATIC without Annotation Group Algorithm Identification Sequence.
    """
    name = "AnnotationGroupAlgorithmIdentificationSequence"
    for item in instance.items(GROUPS):
        kind = item.text("AnnotationGroupGenerationType")
        place = TagPath.of(GROUPS, "AnnotationGroupGenerationType")
        if kind not in ("AUTOMATIC", "SEMIAUTOMATIC", "MANUAL"):
            yield Finding("not a legal generation type" if kind else "missing or empty", place)
        elif kind != "MANUAL" and not item.filled(name):
            yield Finding(f"{kind} without an identified algorithm", TagPath.of(GROUPS, name))


@rule(
    id="SEG403",
    category="segmentation",
    severity="error",
    confidence="high",
    reads=_READS,
    reference="PS3.3 C.37.1.2.1.1, Table C.37.1-2",
    applies=_ANN,
)
def points_and_annotations(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """The coordinates are not those of as many annotations as there should be.

    Why it matters
    --------------
    Coordinates stand one after the other without a mark between. With one too few, every
    annotation behind it is drawn from the halves of two.

    How to fix
    ----------
    Write X and Y (with Z where the coordinates are 3D and share no plane) of each point: one
    point for a POINT, four for a RECTANGLE or an ELLIPSE; single or double, not both. No tool
    knows which are right: make the object again.

    Command
    -------
    dcmdump +P "006A,000C" +P GraphicType +P "0066,0016" +P "0066,0022" FILE

    Example
    -------
    Number of Annotations 100 of type ELLIPSE, and 399 points.
    """
    yield from _said(instance, "points")


@rule(
    id="SEG404",
    category="segmentation",
    severity="error",
    confidence="high",
    reads=_READS,
    reference="PS3.3 C.37.1.2.1.1, Table C.37.1-2",
    applies=_ANN,
)
def where_outlines_start(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """The list of where each polygon starts does not fit the annotations.

    Why it matters
    --------------
    Polygons have as many points as they like; only the list tells where one ends.

    How to fix
    ----------
    For POLYGON and POLYLINE, write into Long Primitive Point Index List (0066,0040) the index
    of each annotation's first coordinate, from 1 on; leave it out for other types. The command
    is for a list that starts at 0; another is made again.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: group = dataset.AnnotationGroupSequence[N]
    pydicom: starts = np.frombuffer(group.LongPrimitivePointIndexList, "<u4")
    pydicom: group.LongPrimitivePointIndexList = (starts + 1).tobytes()
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    A list that starts at 0.
    """
    yield from _said(instance, "list")


@rule(
    id="SEG405",
    category="segmentation",
    severity="error",
    confidence="high",
    reads=_READS,
    reference="PS3.3 C.37.1.2.1, Table C.37.1-2",
    applies=_ANN,
)
def measurements(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """There is not one measurement for each annotation, or one for an annotation that is not.

    Why it matters
    --------------
    Values belong to annotations by their order alone: one missing moves all that follow to
    the wrong nucleus.

    How to fix
    ----------
    Write a value for each annotation into Floating Point Values (0066,0125), or list those that
    were measured in Annotation Index List (006A,0011), by numbers from 1. No tool knows which
    is missing: make the object again.

    Command
    -------
    dcmdump +P "006A,000C" +P "006A,0011" +P "0066,0125" FILE

    Example
    -------
    100 annotations, and 99 areas.
    """
    yield from _said(instance, "measured")
