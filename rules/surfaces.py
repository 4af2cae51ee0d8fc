"""Surface segmentations (PS3.3 C.8.23, C.27): surfaces, their points, and what refers to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from auditor import (
    Element,
    Finding,
    InstanceFacts,
    Place,
    Undecided,
    comparison,
    for_sop_classes,
    rule,
)
from auditor.reading.places import CUT_OFF
from auditor.standard.sop_classes import SURFACE_SEGMENTATION

SURFACES, SEGMENTS, USED = "SurfaceSequence", "SegmentSequence", "ReferencedSurfaceSequence"
POINTS, NORMALS = "SurfacePointsSequence", "SurfacePointsNormalsSequence"
PRIMITIVES = "SurfaceMeshPrimitivesSequence"

_LISTS = {
    "LongVertexPointIndexList": 1,
    "LongEdgePointIndexList": 2,
    "LongTrianglePointIndexList": 3,
}
"""List of point indices to how many of them make one primitive (C.27.4.1)."""

_INSIDE = ("TriangleStripSequence", "TriangleFanSequence", "LineSequence", "FacetSequence")
_PRIMITIVE = "LongPrimitivePointIndexList"

_WANTED = frozenset(
    {
        ("NumberOfSurfaces",),
        (SURFACES,),
        (SURFACES, "SurfaceNumber"),
        (SURFACES, POINTS, "NumberOfSurfacePoints"),
        (SURFACES, POINTS, "PointCoordinatesData"),
        (SURFACES, NORMALS, "NumberOfVectors"),
        (SURFACES, NORMALS, "VectorDimensionality"),
        (SURFACES, NORMALS, "VectorCoordinateData"),
        *((SURFACES, PRIMITIVES, name) for name in _LISTS),
        *((SURFACES, PRIMITIVES, name, _PRIMITIVE) for name in _INSIDE),
        (SEGMENTS,),
        (SEGMENTS, "SurfaceCount"),
        (SEGMENTS, USED),
        (SEGMENTS, USED, "ReferencedSurfaceNumber"),
    }
)


@dataclass(slots=True)
class _Surface:
    """One item of Surface Sequence: bytes by keyword, and the lists of its primitives."""

    values: dict[str, bytes] = field(default_factory=dict)
    lists: list[tuple[str, bytes]] = field(default_factory=list)

    def number(self, keyword: str) -> int | None:
        """Return a binary number, None without one."""
        value = self.values.get(keyword)
        return int.from_bytes(value, "little") if value else None


@dataclass(slots=True)
class _Segment:
    """One item of Segment Sequence: how many surfaces it says that it has, and which."""

    count: int | None = None
    items: int = 0
    numbers: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Mesh:
    """Surfaces and segments of an object, and where what they say was found.

    Attributes
    ----------
    number
        Number of Surfaces.
    surfaces, segments
        Items.
    places
        A place for each keyword.
    """

    number: int | None = None
    surfaces: list[_Surface] = field(default_factory=list)
    segments: list[_Segment] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)

    def take(self, element: Element) -> None:
        """Take an element, or the start of an item."""
        steps = element.place.keywords
        self.places.setdefault(steps[-1], element.place)
        if steps == (SURFACES,):
            self.surfaces.append(_Surface())
        elif steps == (SEGMENTS,):
            self.segments.append(_Segment())
        elif steps == (SEGMENTS, USED) and self.segments:
            self.segments[-1].items += 1
        elif element.value:
            self._value(steps, element.value)

    def _value(self, steps: tuple[str, ...], value: bytes) -> None:
        name = steps[-1]
        if name == "NumberOfSurfaces":
            self.number = int.from_bytes(value, "little")
        elif name == "SurfaceCount" and self.segments:
            self.segments[-1].count = int.from_bytes(value, "little")
        elif name == "ReferencedSurfaceNumber" and self.segments:
            self.segments[-1].numbers.append(int.from_bytes(value, "little"))
        elif self.surfaces and (name in _LISTS or name == _PRIMITIVE):
            self.surfaces[-1].lists.append((name, value))
        elif self.surfaces:
            self.surfaces[-1].values[name] = value


@comparison(
    name="surfaces", applies=lambda place: place.tag == CUT_OFF or place.keywords in _WANTED
)
def surfaces(elements: Sequence[Element]) -> Iterator[tuple[Place, str]]:
    """What does not add up in the surfaces of an object, in a few words each.

    ``cut off`` where there was more than an audit follows.
    """
    anywhere = elements[0].place
    if elements[-1].place.tag == CUT_OFF:
        yield anywhere, "cut off"
        return
    mesh = _Mesh()
    for element in elements:
        mesh.take(element)
    for name, said in (*_numbers(mesh), *_references(mesh)):
        yield mesh.places.get(name, anywhere), said
    for surface in mesh.surfaces:
        for name, said in (*_points(surface), *_primitives(surface)):
            yield mesh.places.get(name, anywhere), said


Said = Iterator[tuple[str, str]]


def _numbers(mesh: _Mesh) -> Said:
    number, found = mesh.number, mesh.surfaces
    if number is not None and number != len(found):
        yield "NumberOfSurfaces", "number: not as many surfaces as items"
    given = [surface.number("SurfaceNumber") for surface in found]
    if None not in given and sorted(filter(None, given)) != list(range(1, len(found) + 1)):
        yield "SurfaceNumber", "number: surfaces are not numbered from 1 in steps of 1"


def _references(mesh: _Mesh) -> Said:
    numbers = {surface.number("SurfaceNumber") for surface in mesh.surfaces}
    for segment in mesh.segments:
        if segment.count is not None and segment.count != segment.items:
            yield "SurfaceCount", "reference: not as many surfaces as are referred to"
        if not set(segment.numbers) <= numbers:
            yield "ReferencedSurfaceNumber", "reference: a surface that is not there"


def _points(surface: _Surface) -> Said:
    import numpy as np

    points = surface.number("NumberOfSurfacePoints")
    data = surface.values.get("PointCoordinatesData", b"")
    if points is not None and len(data) != 12 * points:
        yield "PointCoordinatesData", "points: not three coordinates for each point"
    elif data and not bool(np.isfinite(np.frombuffer(data[: len(data) // 4 * 4], "<f4")).all()):
        yield "PointCoordinatesData", "points: a coordinate is no number"
    vectors = surface.number("NumberOfVectors")
    if vectors is None:
        return
    if points is not None and vectors != points:
        yield "NumberOfVectors", "points: not one normal for each point"
    normals = surface.values.get("VectorCoordinateData", b"")
    if len(normals) != 4 * vectors * (surface.number("VectorDimensionality") or 3):
        yield "VectorCoordinateData", "points: normals of another length than their number"


def _primitives(surface: _Surface) -> Said:
    import numpy as np

    points = surface.number("NumberOfSurfacePoints")
    for name, value in surface.lists:
        indices = np.frombuffer(value[: len(value) // 4 * 4], "<u4")
        if len(value) % 4 or len(indices) % _LISTS.get(name, 1):
            yield name, "primitive: half a primitive"
        if not len(indices):
            continue
        if int(indices.min()) < 1:
            yield name, "primitive: points are numbered from 1, and this is of 0"
        elif points is not None and int(indices.max()) > points:
            yield name, "primitive: of a point that there is not"


def _said(instance: InstanceFacts, kind: str) -> Iterator[Finding | Undecided]:
    for path, said in instance.judged("surfaces"):
        name, _, words = said.partition(": ")
        if said == "cut off":
            yield Undecided("objects with more surfaces than an audit follows")
        elif name == kind:
            yield Finding(words, path)


_READS = (f"{SURFACES}.SurfaceNumber", "judge:surfaces")
_APPLIES = for_sop_classes(
    SURFACE_SEGMENTATION,
    when=lambda instance: any(item.filled("SurfaceNumber") for item in instance.items(SURFACES)),
)


@rule(
    id="SEG501",
    category="segmentation",
    severity="error",
    confidence="high",
    reads=_READS,
    reference="PS3.3 C.27.1, Table C.27-1",
    applies=_APPLIES,
)
def surface_numbers(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """Surfaces are not numbered from 1, or are not as many as the object says.

    Why it matters
    --------------
    Segments point at surfaces by number.

    How to fix
    ----------
    Number the items of Surface Sequence (0066,0002) from 1 in steps of 1, and write how many
    there are into Number of Surfaces (0066,0001).

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: numbers = [e for e in dataset.iterall() if e.keyword.endswith("SurfaceNumber")]
    pydicom: new = {s.SurfaceNumber: n for n, s in enumerate(dataset.SurfaceSequence, 1)}
    pydicom: for e in numbers: e.value = new[e.value]
    pydicom: dataset.save_as("NEW-FILE")
    dcmodify -nb -m "(0066,0001)=NUMBER" FILE

    Example
    -------
    Number of Surfaces 3 and two items.
    """
    yield from _said(instance, "number")


@rule(
    id="SEG502",
    category="segmentation",
    severity="error",
    confidence="high",
    reads=_READS,
    reference="PS3.3 C.8.23.1, Table C.8.23-1",
    applies=_APPLIES,
)
def surfaces_of_segments(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """A segment refers to a surface that is not there, or to more or fewer than it says.

    Why it matters
    --------------
    What a surface is says only the segment that refers to it.

    How to fix
    ----------
    Refer in Referenced Surface Sequence (0066,002B) to each surface by its number, and write
    the number of references into Surface Count (0066,002A). A surface that was lost is made
    again, from the source.

    Command
    -------
    dcmdump +P SurfaceNumber +P ReferencedSurfaceNumber FILE
    pydicom: dataset = dcmread("FILE")
    pydicom: segments = dataset.SegmentSequence
    pydicom: for s in segments: s.SurfaceCount = len(s.ReferencedSurfaceSequence)
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    A segment with a reference to surface 2 of one.
    """
    yield from _said(instance, "reference")


@rule(
    id="SEG503",
    category="segmentation",
    severity="error",
    confidence="high",
    reads=_READS,
    reference="PS3.3 C.27.2, C.27.3, Tables C.27-1 to C.27-3",
    applies=_APPLIES,
)
def points_of_surfaces(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """The points of a surface, or its normals, are not as many as they should be.

    Why it matters
    --------------
    Coordinates stand one after the other: with one missing, all points behind it are wrong.

    How to fix
    ----------
    Write three coordinates for each of Number Of Surface Points (0066,0015), and one normal of
    three for each, or none at all. What is missing is made again, from the source.

    Command
    -------
    dcmdump +P NumberOfSurfacePoints +P PointCoordinatesData FILE
    dcmdump +P NumberOfVectors +P VectorCoordinateData FILE

    Example
    -------
    Eight points and 23 coordinates.
    """
    yield from _said(instance, "points")


@rule(
    id="SEG504",
    category="segmentation",
    severity="error",
    confidence="high",
    reads=_READS,
    reference="PS3.3 C.27.4, Tables C.27-1 and C.27-4",
    applies=_APPLIES,
)
def primitives_of_surfaces(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """A triangle, an edge or a vertex is of a point that there is not, or is not whole.

    Why it matters
    --------------
    A viewer that trusts the index reads beyond its list of points.

    How to fix
    ----------
    Number points from 1 to Number Of Surface Points (0066,0015); write three for a triangle,
    two for an edge. No tool knows which points were meant: make the object again.

    Command
    -------
    dcmdump +P NumberOfSurfacePoints +P "0066,0023" +P "0066,0041" +P "0066,0043" FILE

    Example
    -------
    Indices from 0, as most software has them.
    """
    yield from _said(instance, "primitive")
