"""Frames of multi-frame objects, segmentations first (PS3.3 C.7.6.16, C.7.6.17, A.51.5).

Frames differ in every object. A comparison looks at all of them at once and leaves a word
for each thing that is wrong: no position, no UID and no index becomes part of a signature.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from auditor import (
    Element,
    Finding,
    InstanceFacts,
    Place,
    Selector,
    Undecided,
    comparison,
    for_sop_classes,
    judge,
    rule,
)
from auditor.model import format_tag
from auditor.reading.places import CUT_OFF
from auditor.standard.dictionary import name_of, tag_of
from auditor.standard.sop_classes import (
    FUNCTIONAL_GROUPS,
    HEIGHT_MAP_SEGMENTATION,
    LABEL_MAP_SEGMENTATION,
    PARAMETRIC_MAP,
    RT_DOSE,
    SEGMENTATION,
)

_SEG = (SEGMENTATION, LABEL_MAP_SEGMENTATION)
_FRAMED = (*_SEG, HEIGHT_MAP_SEGMENTATION, PARAMETRIC_MAP)
_BITPLANES = (SEGMENTATION, HEIGHT_MAP_SEGMENTATION)
"""SOP classes of which each frame is of one segment."""

PER_FRAME, SHARED = "PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"
INDEX, INDICES = "DimensionIndexSequence", "DimensionIndexValues"
ORGANIZATION = "DimensionOrganizationSequence"
SEGMENT = ("SegmentIdentificationSequence", "ReferencedSegmentNumber")
POSITION = ("PlanePositionSequence", "ImagePositionPatient")
ORIENTATION = ("PlaneOrientationSequence", "ImageOrientationPatient")
SPACING = ("PixelMeasuresSequence", "PixelSpacing")
_SLIDE = "PlanePositionSlideSequence"
ON_SLIDE = tuple(
    (_SLIDE, name)
    for name in (
        "XOffsetInSlideCoordinateSystem",
        "YOffsetInSlideCoordinateSystem",
        "ZOffsetInSlideCoordinateSystem",
        "ColumnPositionInTotalImagePixelMatrix",
        "RowPositionInTotalImagePixelMatrix",
    )
)
IN_STACK = ("FrameContentSequence", "InStackPositionNumber")
SOURCE = ("DerivationImageSequence", "SourceImageSequence", "ReferencedSOPInstanceUID")

_IN_FRAME = (
    ("FrameContentSequence", INDICES),
    IN_STACK,
    SEGMENT,
    POSITION,
    ORIENTATION,
    SPACING,
    SOURCE,
)
_TOP = (
    ("FrameOfReferenceUID",),
    ("ConcatenationUID",),
    ("NumberOfFrames",),
    ("Rows",),
    ("Columns",),
    ("TotalPixelMatrixRows",),
    ("TotalPixelMatrixColumns",),
    ("TotalPixelMatrixFocalPlanes",),
    ("NumberOfOpticalPaths",),
    ("OpticalPathSequence", "OpticalPathIdentifier"),
    ("DimensionOrganizationType",),
    ("SegmentationType",),
    ("SegmentsOverlap",),
    ("SegmentSequence", "SegmentNumber"),
    (ORGANIZATION, "DimensionOrganizationUID"),
    (INDEX,),
    (INDEX, "DimensionOrganizationUID"),
    (INDEX, "DimensionIndexPointer"),
    (INDEX, "FunctionalGroupPointer"),
    (PER_FRAME,),
    (SHARED,),
)

Tags = tuple[int, ...]


def _tags(*keywords: str) -> Tags:
    return tuple(tag_of(keyword) for keyword in keywords)


_FRAME = {_tags(*names): _tags(*names) for names in (*_IN_FRAME, *ON_SLIDE)}
_WANTED = {_tags(*names) for names in _TOP} | {
    (tag_of(group), *tags) for group in (PER_FRAME, SHARED) for tags in _FRAME
}


@dataclass(slots=True)
class _Frames:
    """What an object says of its frames: bytes by tags, and where each was found.

    Attributes
    ----------
    top
        Values of the top level, and of what it lists.
    shared
        Values of the shared functional groups.
    each
        Values of the functional groups of each frame.
    places
        One place for each tags.
    dimensions
        Items of Dimension Index Sequence: values by tag.
    cut_off
        Whether there was more than an audit follows.
    """

    top: dict[Tags, list[bytes]] = field(default_factory=dict)
    shared: dict[Tags, list[bytes]] = field(default_factory=dict)
    each: list[dict[Tags, list[bytes]]] = field(default_factory=list)
    places: dict[Tags, Place] = field(default_factory=dict)
    dimensions: list[dict[int, bytes]] = field(default_factory=list)
    cut_off: bool = False

    def text(self, *keywords: str) -> str:
        """Return the first value of the top level as text."""
        values = self.top.get(_tags(*keywords))
        return values[0].rstrip(b" \0").decode("latin-1").strip() if values else ""

    def number(self, *keywords: str) -> int | None:
        """Return the first value of the top level as a whole number."""
        values = self.top.get(_tags(*keywords))
        return _number(values[0], self.places[_tags(*keywords)].vr) if values else None

    def numbers(self, *keywords: str) -> list[int | None]:
        """Return values of all items as whole numbers."""
        tags = _tags(*keywords)
        return [_number(value, self.places[tags].vr) for value in self.top.get(tags, ())]

    def of(self, frame: dict[Tags, list[bytes]], tags: Tags) -> tuple[bytes, ...]:
        """Return values in the functional groups of a frame, its own or the shared ones."""
        return tuple(frame.get(tags) or self.shared.get(tags) or ())


def _number(value: bytes, vr: str) -> int | None:
    if vr in ("US", "UL"):
        return int.from_bytes(value[: 2 if vr == "US" else 4], "little") if value else None
    try:
        return int(value.strip(b" \0")[:16])
    except ValueError:
        return None


def _gather(elements: Sequence[Element]) -> _Frames:
    found = _Frames()
    per_frame, shared, index = (tag_of(name) for name in (PER_FRAME, SHARED, INDEX))
    known: dict[Place, Tags] = {}
    for element in elements:
        place = element.place
        steps = known.get(place)
        if steps is None:
            steps = known[place] = place.tags
        if steps == (CUT_OFF,):
            found.cut_off = True
        elif steps == (per_frame,):
            found.places.setdefault(steps, place)
            found.each.append({})
        elif steps == (index,):
            found.places.setdefault(steps, place)
            found.dimensions.append({})
        elif steps[0] == per_frame:
            found.places.setdefault(steps[1:], place)
            if found.each and element.value:
                found.each[-1].setdefault(steps[1:], []).append(element.value)
        elif steps[0] == shared:
            if len(steps) > 1 and element.value:
                found.places.setdefault(steps[1:], place)
                found.shared.setdefault(steps[1:], []).append(element.value)
        elif element.value:
            found.places.setdefault(steps, place)
            found.top.setdefault(steps, []).append(element.value)
            if steps[0] == index and found.dimensions:
                found.dimensions[-1][steps[1]] = element.value
    return found


@comparison(name="frames", applies=lambda place: place.tag == CUT_OFF or place.tags in _WANTED)
def frames(elements: Sequence[Element]) -> Iterator[tuple[Place, str]]:
    """What is wrong with the frames of an object, in a few words each.

    Each class starts with the name of its kind; `cut off` where there were too many to tell.
    """
    found = _gather(elements)
    anywhere = elements[0].place
    if found.cut_off:
        yield anywhere, "cut off"
        return
    markers = {
        "per frame": bool(found.each),
        "counted": found.number("NumberOfFrames") is not None,
        "tiles": found.text("DimensionOrganizationType") == "TILED_FULL",
        "dimensions": bool(found.dimensions),
        "overlap": bool(found.each) and found.text("SegmentsOverlap") == "YES",
    }
    for marker, there in markers.items():
        if there:
            yield anywhere, marker
    for check in (_count, _segments, _dimensions, _indices, _twins, _planes, _sources):
        for tags, said in check(found):
            yield found.places.get(tags, anywhere), said


Said = Iterator[tuple[Tags, str]]


def _count(found: _Frames) -> Said:
    """How many frames there are, by the number, by the items and by the tiles."""
    number, place = found.number("NumberOfFrames"), _tags("NumberOfFrames")
    if number is None:
        # Of one frame the missing number alone says nothing wrong of the items.
        if len(found.each) > 1:
            yield _tags(PER_FRAME), "count: frames, and no number of them"
    elif number < 1:
        yield place, "count: less than one frame"
    elif found.each and number != len(found.each):
        yield place, "count: not as many frames as items of functional groups"
    elif found.text("DimensionOrganizationType") == "TILED_FULL":
        tiles, planes = _tiles(found), found.number("TotalPixelMatrixFocalPlanes")
        # Where the focal planes are not counted, each of them has all tiles.
        right = not tiles or (number == tiles * planes if planes else number % tiles == 0)
        if not right and not found.text("ConcatenationUID"):
            yield place, "count: not as many frames as TILED_FULL has tiles"
    elif not found.each:
        yield place, "count: frames without functional groups of each"


def _tiles(found: _Frames) -> int | None:
    """Return how many tiles a focal plane has, of all segments or optical paths (C.7.6.17.3)."""
    sides = [
        (found.number(f"TotalPixelMatrix{side}"), found.number(side))
        for side in ("Rows", "Columns")
    ]
    tiles = 1
    if not found.text("SegmentationType"):
        # Images have a channel for each optical path.
        tiles = found.number("NumberOfOpticalPaths") or len(
            found.top.get(_tags("OpticalPathSequence", "OpticalPathIdentifier"), ())
        )
    elif found.text("SegmentationType") != "LABELMAP":
        tiles = len(found.numbers("SegmentSequence", "SegmentNumber"))
    for whole, tile in sides:
        if not whole or not tile:
            return None
        tiles *= -(-whole // tile)
    return tiles or None


def _segments(found: _Frames) -> Said:
    """Whether each frame names a segment that there is, and each segment has a frame."""
    tags = _tags(*SEGMENT)
    if found.text("SegmentationType") == "LABELMAP":
        return
    described = {
        number for number in found.numbers("SegmentSequence", "SegmentNumber") if number is not None
    }
    if not described:
        return
    used: set[int | None] = set()
    vr = found.places[tags].vr if tags in found.places else "US"
    for frame in found.each:
        named = found.of(frame, tags)
        if not named:
            yield _tags(PER_FRAME), "segment: a frame names none"
        elif len(named) > 1 or (vr == "US" and len(named[0]) > 2):
            yield tags, "segment: a frame names several"
        else:
            used.add(_number(named[0], vr))
    if used - described:
        yield tags, "segment: a frame names one that is not described"
    if found.each and described - used:
        yield _tags("SegmentSequence", "SegmentNumber"), "empty: no frame is of it"


_POINTED = {
    _tags(names[-1])[0]: _tags(*names) for names in (SEGMENT, POSITION, *ON_SLIDE, IN_STACK)
}
"""What dimensions of segmentations and of stacks point to, and where it stands."""

_GROUP_OF = {tag: tags[0] for tag, tags in _POINTED.items()} | {
    tag_of(keyword): tag_of("FrameContentSequence")
    for keyword in ("StackID", "TemporalPositionIndex", "FrameAcquisitionNumber")
}
"""The functional group that has what dimensions point to, where no other has it (C.7.6.16.2)."""

_ROUNDED = 0.01
"""Millimetres by which numbers of one position may differ."""


def _dimensions(found: _Frames) -> Said:
    """Whether dimensions are of an organization that is listed, and point to what there is."""
    organizations = set(found.top.get(_tags(ORGANIZATION, "DimensionOrganizationUID"), ()))
    for uid in found.top.get(_tags(INDEX, "DimensionOrganizationUID"), ()):
        if organizations and uid not in organizations:
            yield (
                _tags(INDEX, "DimensionOrganizationUID"),
                "dimension: of an organization that is not listed",
            )
    for target in _targets(found):
        if found.text("DimensionOrganizationType") == "TILED_FULL":
            continue  # which leaves out where a tile is (C.7.6.17.3)
        having = sum(bool(found.of(frame, target)) for frame in found.each)
        if having < len(found.each):
            who = "a frame does not have" if having else "no frame has"
            yield _tags(INDEX, "DimensionIndexPointer"), f"dimension: points to what {who}"
    pointer, group = _tags("DimensionIndexPointer", "FunctionalGroupPointer")
    for each in found.dimensions:
        right = _GROUP_OF.get(_tag_in(each.get(pointer, b"")))
        if right and group in each and _tag_in(each[group]) != right:
            yield (
                _tags(INDEX, "FunctionalGroupPointer"),
                "dimension: names another functional group than has what it points to",
            )


def _tag_in(value: bytes) -> int:
    """Return the tag that a value of VR AT is."""
    return int.from_bytes(value[:2], "little") << 16 | int.from_bytes(value[2:4], "little")


def _targets(found: _Frames) -> list[Tags]:
    """Return what dimensions point to, as far as it is known where that stands."""
    tags = map(_tag_in, found.top.get(_tags(INDEX, "DimensionIndexPointer"), ()))
    return [_POINTED[tag] for tag in tags if tag in _POINTED]


def _indices(found: _Frames) -> Said:
    """Whether each frame has an index of each dimension, and one that fits the frame."""
    targets = _targets(found)
    place = _tags("FrameContentSequence", INDICES)
    indexed: dict[tuple[bytes, Tags], bytes] = {}
    for frame in found.each if found.dimensions else ():
        values = frame.get(place)
        if not values:
            yield _tags(PER_FRAME), "index: a frame has none"
        elif len(values) > 1 or len(values[0]) != 4 * len(found.dimensions):
            yield place, "index: not one for each dimension"
        elif any(not any(values[0][at : at + 4]) for at in range(0, len(values[0]), 4)):
            yield place, "index: below 1"
        elif not _holds(found, frame, values[0], targets, indexed):
            yield place, "index: that of a frame that lies elsewhere, or is of another segment"
    stacked = _tags(*IN_STACK)
    for frame in found.each:
        if any(_number(value, "UL") == 0 for value in frame.get(stacked, ())):
            yield stacked, "index: In-Stack Position Number below 1"


def _holds(
    found: _Frames,
    frame: dict[Tags, list[bytes]],
    index: bytes,
    targets: Sequence[Tags],
    indexed: dict[tuple[bytes, Tags], bytes],
) -> bool:
    """Whether what dimensions point to is in a frame what it was in others of all its indices.

    Frames may share all indices where they differ in what is no dimension (C.7.6.17).
    """
    for target in targets:
        here = b"\\".join(found.of(frame, target)).strip(b" \0")
        there = indexed.setdefault((index, target), here)
        if (
            here
            and there
            and here != there
            and not (found.places[target].vr == "DS" and _near(here, there))
        ):
            return False
    return True


def _near(one: bytes, other: bytes) -> bool:
    """Whether two decimal strings are the same numbers, or near; True if one is not of numbers."""
    try:
        pairs = zip(one.split(b"\\"), other.split(b"\\"), strict=True)
        return all(abs(float(a) - float(b)) < _ROUNDED for a, b in pairs)
    except ValueError:
        return True


def _position(found: _Frames, frame: dict[Tags, list[bytes]]) -> tuple[bytes, ...]:
    """Return what tells the plane of a frame: a position, or else the images it is made from."""
    patient = found.of(frame, _tags(*POSITION))
    slide = tuple(value for names in ON_SLIDE for value in found.of(frame, _tags(*names)))
    return patient or slide or found.of(frame, _tags(*SOURCE))


def _twins(found: _Frames) -> Said:
    """Whether two frames are told apart by nothing: segment, index, place, source."""
    if found.text("DimensionOrganizationType") == "TILED_FULL":
        return
    keys = [
        (
            found.of(frame, _tags(*SEGMENT)),
            found.of(frame, _tags("FrameContentSequence", INDICES)),
            _position(found, frame),
            found.of(frame, _tags(*SOURCE)),
        )
        for frame in found.each
    ]
    if any(count > 1 for key, count in Counter(keys).items() if any(key)):
        yield _tags(PER_FRAME), "twins: two frames differ in nothing"
    planes: dict[tuple[bytes, ...], set[tuple[bytes, ...]]] = {}
    for segment, _, plane, _ in keys:
        planes.setdefault(plane, set()).add(segment)
    if (
        keys
        and found.text("SegmentsOverlap") == "YES"
        and all(len(s) == 1 for s in planes.values())
    ):
        yield _tags("SegmentsOverlap"), "overlap: YES, and no plane has frames of two segments"


def _planes(found: _Frames) -> Said:
    """Whether a frame has a place: all of one, or an image that it is made from."""
    if found.text("DimensionOrganizationType") == "TILED_FULL":
        return
    for frame in found.each:
        if found.of(frame, _tags(*POSITION)):
            for names, what in ((ORIENTATION, "orientation"), (SPACING, "pixel spacing")):
                if not found.of(frame, _tags(*names)):
                    yield _tags(*POSITION), f"plane: a position without {what}"
            if not found.text("FrameOfReferenceUID"):
                yield _tags(*POSITION), "plane: a position without a frame of reference"
        elif not _position(found, frame):
            yield _tags(PER_FRAME), "plane: a frame has neither a position nor a source image"


def _sources(found: _Frames) -> Said:
    """Whether frames name the images that they are made from."""
    used = [found.of(frame, _tags(*SOURCE)) for frame in found.each]
    if any(used) and not all(used):
        yield _tags(PER_FRAME), "unsourced: a source image is named in some frames only"
    elif used and not any(used):
        yield _tags(PER_FRAME), "unsourced: no frame names a source image"


def _having(*markers: str, among: tuple[str, ...] = _FRAMED) -> Selector:
    """Apply to objects of which the comparison says that there is something to judge."""
    return for_sop_classes(
        *among,
        when=lambda instance: any(
            said in (*markers, "cut off") for _, said in instance.judged("frames")
        ),
    )


def _said(instance: InstanceFacts, kind: str) -> Iterator[Finding | Undecided]:
    """Give a finding for each class of one kind; nothing is known of what was cut off."""
    for path, said in instance.judged("frames"):
        name, _, words = said.partition(": ")
        if said == "cut off":
            yield Undecided("objects with more frames than an audit follows")
        elif words and name == kind:
            yield Finding(words, path)


_READS = ("judge:frames",)


@rule(
    id="SEG201",
    category="segmentation",
    severity="error",
    confidence="high",
    reads=_READS,
    reference="PS3.3 C.7.6.16.1, C.7.6.17.3",
    applies=_having("counted", "per frame"),
)
def number_of_frames(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """The number of frames is not that of the functional groups, or of the tiles.

    Why it matters
    --------------
    Item n describes frame n. With an item too few or too many, each frame behind it is placed
    where another one belongs.

    How to fix
    ----------
    Write one item of Per-Frame Functional Groups Sequence (5200,9230) for each frame, and their
    number into Number of Frames (0028,0008). TILED_FULL may do without the items: then the
    frames are tiles times focal planes times segments. Where frames or items were lost, make
    the object again.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: items = dataset.PerFrameFunctionalGroupsSequence
    pydicom: print(dataset.NumberOfFrames, len(items))
    dcmodify -nb -m "(0028,0008)=NUMBER" FILE

    Example
    -------
    Number of Frames 13 and 12 items.
    """
    yield from _said(instance, "count")


@rule(
    id="SEG202",
    category="segmentation",
    severity="error",
    confidence="high",
    reads=_READS,
    reference="PS3.3 C.8.20.3.1, Table C.8.20-3",
    applies=_having("per frame", among=_BITPLANES),
)
def frame_of_no_segment(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """A frame names no segment, several, or one that is not described.

    Why it matters
    --------------
    A mask of nothing known: a viewer drops it, or draws it as part of another segment.

    How to fix
    ----------
    Write into each frame's Segment Identification Sequence (0062,000A) one Referenced Segment
    Number (0062,000B) that is a Segment Number (0062,0004) of this object.

    Command
    -------
    dcmdump +P SegmentNumber +P ReferencedSegmentNumber FILE
    dcmodify -nb -i "(5200,9230)[N].(0062,000A)[0].(0062,000B)=NUMBER" FILE

    Example
    -------
    Frames of segment 3 in an object that describes 1 and 2.
    """
    yield from _said(instance, "segment")


@rule(
    id="SEG203",
    category="segmentation",
    severity="warning",
    confidence="high",
    reads=_READS,
    reference="PS3.3 C.8.20.2, C.8.20.3.1",
    applies=_having("per frame", among=_BITPLANES),
)
def segment_of_no_frame(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """A segment is described, and no frame is of it.

    Why it matters
    --------------
    The list of segments promises an organ that is nowhere. Whoever trains on it cannot tell
    whether it was not found, not looked for, or lost.

    How to fix
    ----------
    Leave the segment out, or write its frames. To say that a segment was looked for and not
    found, an empty frame of it is clearer than none. The others are numbered anew with their
    frames, see SEG104; what refers to them from other objects changes with them, see REF014.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: numbers = [e for e in dataset.iterall() if e.keyword.endswith("SegmentNumber")]
    pydicom: used = sorted({e.value for e in numbers if e.keyword.startswith("Referenced")})
    pydicom: for e in numbers: e.value = used.index(e.value) + 1 if e.value in used else 0
    pydicom: dataset.SegmentSequence = [s for s in dataset.SegmentSequence if s.SegmentNumber]
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    A list of 104 organs, of which 60 are in the volume.
    """
    yield from _said(instance, "empty")


@rule(
    id="SEG204",
    category="segmentation",
    severity="error",
    confidence="high",
    reads=_READS,
    reference="PS3.3 C.7.6.17, C.7.6.17.1, C.7.6.17.2",
    applies=_having("dimensions"),
)
def dimensions_do_not_fit(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """The dimensions of the frames do not fit together.

    Why it matters
    --------------
    A reader sorts and finds frames by their dimension indices. With another number of indices
    than dimensions it reads the slice where the segment stands.

    How to fix
    ----------
    Give each frame as many Dimension Index Values (0020,9157) as Dimension Index Sequence
    (0020,9222) has items, from 1; list each Dimension Organization UID (0020,9164); point only
    to what all frames have, and with Functional Group Pointer (0020,9167) to the group it is in.

    Command
    -------
    dcmdump +P DimensionOrganizationUID +P DimensionIndexPointer +P DimensionIndexValues FILE
    dcmodify -nb -m "(5200,9230)[N].(0020,9111)[0].(0020,9157)=INDEX-VALUES" FILE

    Example
    -------
    Two dimensions, segment and position, and one index in a frame; or the indices of one frame
    in another that lies elsewhere.
    """
    yield from _said(instance, "index")
    yield from _said(instance, "dimension")


@rule(
    id="IOD026",
    category="iod",
    severity="error",
    confidence="high",
    reads=_READS,
    reference="PS3.3 C.7.6.16.1, C.7.6.17, C.7.6.17.1, C.7.6.17.3",
    applies=_having("per frame", "tiles", among=tuple(FUNCTIONAL_GROUPS.difference(_FRAMED))),
)
def frames_do_not_fit(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """The frames of an image are not as many as are described, or not along its dimensions.

    Why it matters
    --------------
    Item n of the functional groups describes frame n, and its indices say where the frame is
    in the volume, in time or among echoes. Where they do not fit, slices are sorted wrong. Of
    segmentations and parametric maps SEG201 and SEG204 say it.

    How to fix
    ----------
    Write one item of Per-Frame Functional Groups Sequence (5200,9230) for each frame, their
    number into Number of Frames (0028,0008), and as many Dimension Index Values (0020,9157),
    from 1, as Dimension Index Sequence (0020,9222) has items. TILED_FULL may do without the
    items: then the frames are tiles times focal planes times optical paths. Where frames or
    items were lost, make the object again.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: items = dataset.PerFrameFunctionalGroupsSequence
    pydicom: print(dataset.NumberOfFrames, len(items))
    dcmodify -nb -m "(0028,0008)=NUMBER" FILE

    Example
    -------
    An enhanced CT of 40 frames from which one item was removed; a whole slide image of 75 tiles
    and 25 frames; two frames at different positions with the same indices, of which one is the
    position's.
    """
    for kind in ("count", "index", "dimension"):
        yield from _said(instance, kind)


_INCREMENT = tag_of("FrameIncrementPointer")
_FOLLOWED = frozenset(
    tag_of(keyword)
    for keyword in (  # noqa: SIM905 - twenty quotation marks would say no more
        "FrameTime FrameTimeVector PageNumberVector FrameLabelVector FramePrimaryAngleVector "
        "FrameSecondaryAngleVector SliceLocationVector DisplayWindowLabelVector "
        "RWaveTimeVector BscanCycleTimeVector EnergyWindowVector DetectorVector PhaseVector "
        "RotationVector RRIntervalVector TimeSlotVector SliceVector AngularViewVector "
        "TimeSliceVector TriggerVector GridFrameOffsetVector"
    ).split()
)
"""What frames follow each other by; few objects have any, so all of them can be looked for."""

_ELSEWHERE, _THERE = "elsewhere", "there"


@comparison(
    name="increment",
    applies=lambda place: (
        (place.tag == _INCREMENT or place.tag in _FOLLOWED)
        and place.parent is not None
        and place.parent.parent is None
    ),
)
def increment(elements: Sequence[Element]) -> Iterator[tuple[Place, str]]:
    """Name what Frame Increment Pointer points to and is not there; else say that it is."""
    there = {element.place.tag for element in elements}
    for element in elements:
        place, value = element.place, element.value
        # Written with another VR it holds no tags.
        if place.tag != _INCREMENT or place.vr != "AT" or not value:
            continue
        for start in range(0, len(value) - 3, 4):
            group, number = (
                int.from_bytes(value[at : at + 2], "little") for at in (start, start + 2)
            )
            tag = group << 16 | number
            if tag not in _FOLLOWED:
                yield place, _ELSEWHERE
            else:
                yield place, _THERE if tag in there else f"{name_of(tag)} {format_tag(tag)}"


@rule(
    id="IOD027",
    category="iod",
    severity="error",
    confidence="high",
    reads=("judge:increment", "NumberOfFrames"),
    reference="PS3.3 C.7.6.6.1.1",
    applies=Selector(
        when=lambda instance: (
            bool(instance.judged("increment"))
            and not (instance.sop_class == RT_DOSE and (instance.number("NumberOfFrames") or 0) > 1)
        )
    ),
)
def increment_points_nowhere(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """Frame Increment Pointer names an attribute that is not there.

    Why it matters
    --------------
    The attribute that it names says what changes from frame to frame: time, angle, energy
    window. Without it a player does not know how fast the frames follow each other, and a
    reader of slices not where they lie; some programs crash. Of doses of several frames RT304
    says it.

    How to fix
    ----------
    Write the attribute, or point Frame Increment Pointer (0028,0009) to the one that is there.

    Command
    -------
    dcmdump +P FrameIncrementPointer FILE
    dcmodify -nb -i "TAG=VALUE" FILE

    Example
    -------
    An ultrasound clip that points to Frame Time (0018,1063), which was removed.
    """
    for path, said in instance.judged("increment"):
        if said == _ELSEWHERE:
            yield Undecided("a pointer to an attribute by which frames do not follow as a rule")
        elif said != _THERE:
            yield Finding(f"it points to {said}, which is not there", path)


@rule(
    id="SEG205",
    category="segmentation",
    severity="warning",
    confidence="high",
    reads=_READS,
    reference="PS3.3 C.7.6.17, C.7.6.16.2.3",
    applies=_having("per frame"),
)
def frames_alike(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """Two frames have the same segment, the same indices, the same position and source.

    Why it matters
    --------------
    Two masks for one plane of one segment: a reader takes the first, the last, or both.

    How to fix
    ----------
    Write one frame for a plane of a segment; where there is another dimension, such as time,
    name it in Dimension Index Sequence (0020,9222). No tool takes a frame out again: make the
    object anew.

    Command
    -------
    dcmdump +P DimensionIndexValues +P ReferencedSegmentNumber +P ImagePositionPatient FILE

    Example
    -------
    A frame that was written twice.
    """
    yield from _said(instance, "twins")


@rule(
    id="SEG206",
    category="segmentation",
    severity="error",
    confidence="high",
    reads=_READS,
    reference="PS3.3 A.51.5.1, C.7.6.16.2.3, C.7.4.1",
    applies=_having("per frame"),
)
def frame_nowhere(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """A frame is in no place: its position is incomplete, and no source image stands in.

    Why it matters
    --------------
    A mask is worth something where it can be laid over the image. A position without
    orientation, spacing or frame of reference does not say where, nor does none at all.

    How to fix
    ----------
    Write Plane Position, Plane Orientation and Pixel Measures, and the source's Frame of
    Reference UID (0020,0052). A mask of a projection image, which has none of these, names the
    image in Derivation Image Sequence (0008,9124) instead, and has its rows and columns.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: source = dcmread("SOURCE")
    highdicom: orientation = PlaneOrientationSequence("PATIENT", source.ImageOrientationPatient)
    pydicom: dataset.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence = orientation
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    Image Position (Patient) in each frame, and Image Orientation (Patient) in none.
    """
    yield from _said(instance, "plane")


@rule(
    id="SEG207",
    category="segmentation",
    severity="warning",
    confidence="medium",
    reads=_READS,
    reference="PS3.3 C.8.20.2.3, Table C.8.20-2",
    applies=_having("overlap", among=(SEGMENTATION,)),
)
def overlap_without_plane(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """Segments Overlap is YES, and no plane has frames of two segments.

    Why it matters
    --------------
    The flag spares a reader the look at every pixel. Wrong, it costs a conversion to a label
    map that would have been possible. What is to be seen in pixels alone tells SEG304.

    How to fix
    ----------
    Write NO into Segments Overlap (0062,0013).

    Command
    -------
    dcmodify -nb -m "(0062,0013)=NO" FILE

    Example
    -------
    Two segments in slices of their own, and YES.
    """
    yield from _said(instance, "overlap")


@rule(
    id="SEG209",
    category="segmentation",
    severity="info",
    confidence="high",
    reads=_READS,
    reference="PS3.3 A.51.5, C.7.6.16.2.6",
    applies=_having("per frame", among=_SEG),
)
def frames_without_source(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """Frames do not name the image that they segment.

    Why it matters
    --------------
    With a position a mask can be laid over any image of the same frame of reference, and it is
    legal to leave it at that. That it was drawn on this image, not on one of another phase,
    says only the reference.

    How to fix
    ----------
    Nothing has to be, where frames have positions. Name the source in each frame's Derivation
    Image Sequence (0008,9124).

    Command
    -------
    highdicom: Segmentation(source_images, mask, SegmentationTypeValues.BINARY, segments, ...)

    Example
    -------
    A segmentation made from a NIfTI mask.
    """
    yield from _said(instance, "unsourced")


_MEANT = {
    _tags("DerivationImageSequence", "DerivationCodeSequence"): b"113076",
    _tags(
        "DerivationImageSequence", "SourceImageSequence", "PurposeOfReferenceCodeSequence"
    ): b"121322",
}
"""Codes of a segmentation's derivation and of its sources' purpose (A.51.5.1)."""

_CODES = {(*tags, tag_of("CodeValue")): value for tags, value in _MEANT.items()}


@judge(
    name="derivation",
    applies=lambda place: place.keyword == "CodeValue" and place.tags[1:] in _CODES,
)
def derivation(element: Element) -> str:
    """Whether it is the code that PS3.3 A.51.5.1 asks for at this place."""
    right = element.value.strip(b" \0") == _CODES[element.place.tags[1:]]
    return "as it must be" if right else "another code"


@rule(
    id="SEG210",
    category="segmentation",
    severity="error",
    confidence="high",
    reads=("judge:derivation",),
    reference="PS3.3 A.51.5.1",
    applies=for_sop_classes(*_SEG, when=lambda instance: bool(instance.judged("derivation"))),
)
def derivation_is_another(instance: InstanceFacts) -> Iterator[Finding]:
    """A segmentation's derivation, or the purpose of its source images, has another code.

    Why it matters
    --------------
    The code tells the image that was segmented from one that is referred to for another
    reason. The standard fixes it, so that software can rely on it.

    How to fix
    ----------
    Write (113076, DCM, Segmentation) into Derivation Code Sequence (0008,9215) and (121322,
    DCM, Source Image for Image Processing Operation) into Purpose of Reference Code Sequence
    (0040,A170).

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: coded = [e for e in dataset.iterall() if e.keyword == "KEYWORD"]
    highdicom: code = CodedConcept("CODE", "DCM", "CODE-MEANING")
    pydicom: for e in coded: e.value = [code]
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    113085 (spatial resampling) as the derivation of a segmentation.
    """
    for path, said in instance.judged("derivation"):
        if said == "another code":
            yield Finding("a code other than the standard fixes here", path)
