"""Segmentations (PS3.3 C.8.20): which there are, and what each says of itself and its segments."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import (
    CollectionFacts,
    Finding,
    InstanceFacts,
    Selector,
    TagPath,
    for_sop_classes,
    rule,
)
from auditor.inventory import SERIES_READS, series_where_any
from auditor.standard.sop_classes import (
    ANNOTATIONS,
    HEIGHT_MAP_SEGMENTATION,
    LABEL_MAP_SEGMENTATION,
    PARAMETRIC_MAP,
    SEGMENTATION,
    SEGMENTATIONS,
    SURFACE_SEGMENTATION,
    sop_class_name,
)

_PIXEL_SEG = for_sop_classes(SEGMENTATION, LABEL_MAP_SEGMENTATION)
_WITH_SEGMENTS = for_sop_classes(
    *SEGMENTATIONS, when=lambda instance: instance.filled("SegmentSequence")
)


@rule(
    id="SEG001",
    category="segmentation",
    severity="info",
    confidence="high",
    scope="collection",
    unit="series",
    reads=SERIES_READS,
    reference="PS3.4 B.5",
    applies=series_where_any(SEGMENTATIONS),
)
def presence(collection: CollectionFacts) -> Iterator[Finding]:
    """Which series are segmentations, by SOP class.

    Why it matters
    --------------
    A segmentation in DICOM carries what it segments, in what and by whom; a mask in another
    format carries a shape.

    How to fix
    ----------
    Nothing is wrong: this says what there is.

    Command
    -------
    duckdb -c "SELECT collection, SOPClassUID, count(DISTINCT SeriesInstanceUID)
    FROM 'OUT/instances/*.parquet' GROUP BY ALL"

    Example
    -------
    12 of 80 series are Segmentation Storage.
    """
    for uid, count, paths in collection.rows(
        "SELECT SOPClassUID, count(DISTINCT SeriesInstanceUID), min(path, 5) FROM instances "
        "WHERE SeriesInstanceUID IS NOT NULL GROUP BY SOPClassUID ORDER BY SOPClassUID"
    ):
        if uid in SEGMENTATIONS:
            yield Finding(sop_class_name(uid), count=count, examples=tuple(paths))


@rule(
    id="SEG002",
    category="segmentation",
    severity="warning",
    confidence="high",
    reads=("Modality",),
    reference="PS3.3 C.7.3.1.1.1, PS3.4 B.5",
    applies=Selector(when=lambda instance: instance.text("Modality") == "SEG"),
)
def modality_only(instance: InstanceFacts) -> Iterator[Finding]:
    """Modality says SEG but the SOP class is no segmentation.

    Why it matters
    --------------
    Software finds segmentations by SOP class. A mask stored as Secondary Capture names no
    segment, no source image and no position.

    How to fix
    ----------
    Encode the mask as a Segmentation object, for example with highdicom or dcmqi.

    Command
    -------
    highdicom: Segmentation(source_images, mask, SegmentationTypeValues.BINARY, segments, ...)

    Example
    -------
    An ROI mask in a Secondary Capture image whose Modality is SEG.
    """
    if instance.sop_class not in SEGMENTATIONS:
        yield Finding("Modality is SEG, the SOP class is not", TagPath.of("Modality"))


@rule(
    id="SEG101",
    category="segmentation",
    severity="error",
    confidence="high",
    reads=("ImageType",),
    reference="PS3.3 C.8.20.2, Tables C.8.20-2 and C.8.20-5",
    applies=for_sop_classes(SEGMENTATION, LABEL_MAP_SEGMENTATION, HEIGHT_MAP_SEGMENTATION),
)
def derived(instance: InstanceFacts) -> Iterator[Finding]:
    r"""The Image Type of a segmentation is not DERIVED\PRIMARY.

    Why it matters
    --------------
    A segmentation is made from images; software that selects originals by Image Type would
    take it for one.

    How to fix
    ----------
    Set Image Type (0008,0008) to DERIVED\PRIMARY. It has no further values.

    Command
    -------
    dcmodify -nb -i "(0008,0008)=DERIVED\PRIMARY" FILE

    Example
    -------
    ORIGINAL\PRIMARY copied from the source image.
    """
    if instance.values("ImageType") != ("DERIVED", "PRIMARY"):
        yield Finding("Image Type is not DERIVED\\PRIMARY", TagPath.of("ImageType"))


@rule(
    id="SEG102",
    category="segmentation",
    severity="error",
    confidence="high",
    reads=(
        "SegmentationType",
        "SegmentationFractionalType",
        "MaximumFractionalValue",
    ),
    reference="PS3.3 C.8.20.2, Table C.8.20-2",
    applies=_PIXEL_SEG,
)
def segmentation_type(instance: InstanceFacts) -> Iterator[Finding]:
    """The Segmentation Type is missing, not its SOP class's, or lacks what it asks for.

    Why it matters
    --------------
    Without it a reader cannot know what a pixel value means: in or out, how likely, or which
    segment.

    How to fix
    ----------
    Write BINARY or FRACTIONAL in (0062,0001), in a Label Map Segmentation LABELMAP; for
    FRACTIONAL also Segmentation Fractional Type (0062,0010) and Maximum Fractional Value
    (0062,000E).

    Command
    -------
    dcmodify -nb -i "(0062,0001)=SEGMENTATION-TYPE" FILE
    dcmodify -nb -i "(0062,0010)=PROBABILITY-OR-OCCUPANCY" -i "(0062,000E)=MAXIMUM" FILE

    Example
    -------
    FRACTIONAL without Maximum Fractional Value: 255 could be anything.
    """
    kind = instance.text("SegmentationType")
    is_label_map = instance.sop_class == LABEL_MAP_SEGMENTATION
    if kind not in (("LABELMAP",) if is_label_map else ("BINARY", "FRACTIONAL")):
        said = "none of its SOP class's" if kind else "missing or empty"
        yield Finding(f"Segmentation Type is {said}", TagPath.of("SegmentationType"))
    if kind == "FRACTIONAL":
        if instance.text("SegmentationFractionalType") not in ("PROBABILITY", "OCCUPANCY"):
            yield Finding(
                "FRACTIONAL without a legal Segmentation Fractional Type",
                TagPath.of("SegmentationFractionalType"),
            )
        if not instance.filled("MaximumFractionalValue"):
            yield Finding(
                "FRACTIONAL without Maximum Fractional Value", TagPath.of("MaximumFractionalValue")
            )


@rule(
    id="SEG103",
    category="segmentation",
    severity="error",
    confidence="high",
    reads=("SegmentSequence.SegmentNumber",),
    reference="PS3.3 C.8.20.2.4, Table C.8.20-4",
    applies=for_sop_classes(*SEGMENTATIONS),
)
def segment_numbers(instance: InstanceFacts) -> Iterator[Finding]:
    """Segments are missing, or their numbers are not unique.

    Why it matters
    --------------
    Frames and pixels point at segments by number: with none, or two of one number, nobody
    knows what is segmented.

    How to fix
    ----------
    Give every item of Segment Sequence (0062,0002) its own Segment Number (0062,0004).

    Command
    -------
    dcmdump +P SegmentNumber +P ReferencedSegmentNumber FILE
    dcmodify -nb -i "(0062,0002)[N].(0062,0004)=NUMBER" FILE

    Example
    -------
    Two items with Segment Number 1.
    """
    items = instance.items("SegmentSequence")
    if not items:
        yield Finding("there is no segment", TagPath.of("SegmentSequence"))
        return
    numbers = [item.text("SegmentNumber") for item in items]
    place = TagPath.of("SegmentSequence", "SegmentNumber")
    if "" in numbers:
        yield Finding("a segment has no number", place)
    given = [number for number in numbers if number]
    if len(set(given)) < len(given):
        yield Finding("two segments have one number", place)


@rule(
    id="SEG104",
    category="segmentation",
    severity="error",
    confidence="high",
    reads=("SegmentSequence.SegmentNumber",),
    reference="PS3.3 C.8.20.2.4",
    applies=for_sop_classes(
        *SEGMENTATIONS - {LABEL_MAP_SEGMENTATION},
        when=lambda instance: instance.filled("SegmentSequence"),
    ),
)
def numbers_in_steps_of_one(instance: InstanceFacts) -> Iterator[Finding]:
    """The segment numbers do not go from 1 in steps of 1.

    Why it matters
    --------------
    The standard asks for it, and readers use the number as an index. Label maps are free to
    number otherwise.

    How to fix
    ----------
    Renumber the segments, and the Referenced Segment Numbers of the frames with them. What
    refers to them from other objects changes with them, see REF014.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: new = {s.SegmentNumber: n for n, s in enumerate(dataset.SegmentSequence, 1)}
    pydicom: numbers = [e for e in dataset.iterall() if e.keyword.endswith("SegmentNumber")]
    pydicom: for e in numbers: e.value = new[e.value]
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    Segments 2 and 5 of a tool's label list.
    """
    numbers = [item.number("SegmentNumber") for item in instance.items("SegmentSequence")]
    given = sorted({number for number in numbers if number is not None})
    if given and given != [float(number) for number in range(1, len(given) + 1)]:
        yield Finding(
            "segment numbers do not go from 1 in steps of 1",
            TagPath.of("SegmentSequence", "SegmentNumber"),
        )


_AUTOMATIC = frozenset({"AUTOMATIC", "SEMIAUTOMATIC"})
_IDENTIFICATION = "SegmentationAlgorithmIdentificationSequence"
_OF_SEGMENT = (
    "SegmentLabel",
    "SegmentAlgorithmType",
    "SegmentedPropertyCategoryCodeSequence",
    "SegmentedPropertyTypeCodeSequence",
)


@rule(
    id="SEG105",
    category="segmentation",
    severity="error",
    confidence="high",
    reads=(
        "SegmentSequence.SegmentAlgorithmType",
        "SegmentSequence.SegmentAlgorithmName",
        "SegmentSequence.SegmentLabel",
        "SegmentSequence.SegmentationAlgorithmIdentificationSequence",
        "SegmentSequence.SegmentedPropertyCategoryCodeSequence",
        "SegmentSequence.SegmentedPropertyTypeCodeSequence",
    ),
    reference="PS3.3 C.8.20.2, Tables C.8.20-2, C.8.20-4 and C.8.20-5",
    applies=_WITH_SEGMENTS,
)
def described(instance: InstanceFacts) -> Iterator[Finding]:
    """A segment is not described: label, algorithm, category or type is missing.

    Why it matters
    --------------
    A segment without a coded category and type is a coloured shape; without the algorithm
    nobody knows whether a person or a program drew it.

    How to fix
    ----------
    Write the four attributes in every item, and Segment Algorithm Name (0062,0009) unless
    the algorithm type is MANUAL; a Surface Segmentation names the algorithm at the surface,
    a Height Map Segmentation also identifies it, in (0062,0007).
    highdicom's SegmentDescription asks for all of them.

    Command
    -------
    highdicom: SegmentDescription(number, label, category, type, algorithm_type, algorithm)

    Example
    -------
    SEMIAUTOMATIC without Segment Algorithm Name.
    """
    sop_class = instance.sop_class
    for item in instance.items("SegmentSequence"):
        for name in _OF_SEGMENT:
            if not item.filled(name):
                yield Finding("missing or empty in a segment", TagPath.of("SegmentSequence", name))
        kind = item.text("SegmentAlgorithmType")
        place = TagPath.of("SegmentSequence", "SegmentAlgorithmType")
        if kind and kind not in ("AUTOMATIC", "SEMIAUTOMATIC", "MANUAL"):
            yield Finding("not a legal algorithm type", place)
        if kind not in _AUTOMATIC or sop_class == SURFACE_SEGMENTATION:
            continue
        if not item.filled("SegmentAlgorithmName"):
            yield Finding(
                f"{kind} without an algorithm name",
                TagPath.of("SegmentSequence", "SegmentAlgorithmName"),
            )
        if sop_class == HEIGHT_MAP_SEGMENTATION and not item.filled(_IDENTIFICATION):
            yield Finding(
                f"{kind} in a height map without an identified algorithm",
                TagPath.of("SegmentSequence", _IDENTIFICATION),
            )


@rule(
    id="SEG106",
    category="segmentation",
    severity="error",
    confidence="high",
    reads=("InstanceNumber",),
    reference="PS3.3 Table 10-12",
    applies=for_sop_classes(*SEGMENTATIONS, *ANNOTATIONS, PARAMETRIC_MAP),
)
def no_instance_number(instance: InstanceFacts) -> Iterator[Finding]:
    """A segmentation, a parametric map or a bulk annotation has no Instance Number.

    Why it matters
    --------------
    Software sorts and names objects of a series by it; of segmentations, parametric maps and
    bulk annotations it is required (Type 1), while images may leave it empty.

    How to fix
    ----------
    Give each segmentation of the series a number in Instance Number (0020,0013).

    Command
    -------
    dcmodify -nb -i "(0020,0013)=NUMBER" FILE

    Example
    -------
    An empty (0020,0013), as it is legal in a CT image.
    """
    if not instance.filled("InstanceNumber"):
        yield Finding("Instance Number is missing or empty", TagPath.of("InstanceNumber"))


@rule(
    id="SEG107",
    category="segmentation",
    severity="info",
    confidence="high",
    reads=(
        "SegmentsOverlap",
        "SegmentSequence.SegmentAlgorithmType",
        "SegmentSequence.SegmentDescription",
        "SegmentSequence.DefinitionSourceSequence",
        "SegmentSequence.SegmentationAlgorithmIdentificationSequence",
    ),
    reference="PS3.3 C.8.20.2, Table C.8.20-4",
    applies=for_sop_classes(
        SEGMENTATION,
        LABEL_MAP_SEGMENTATION,
        when=lambda instance: instance.filled("SegmentSequence"),
    ),
)
def optional_description(instance: InstanceFacts) -> Iterator[Finding]:
    """Which optional attributes that describe segments are left out.

    Why it matters
    --------------
    None is required (Type 3). They say in words what a segment is, which program of which
    version drew it, what it was defined by, and whether segments may share pixels: what
    whoever trains on it asks first.

    How to fix
    ----------
    Nothing is wrong. Fill them where it is known: highdicom's SegmentDescription takes them.

    Command
    -------
    dcmodify -nb -i "(0062,0002)[N].(0062,0006)=DESCRIPTION" FILE
    highdicom: SegmentDescription(number, label, category, type, algorithm_type, algorithm)

    Example
    -------
    Segments drawn by a program, without Segmentation Algorithm Identification Sequence.
    """
    if not instance.filled("SegmentsOverlap"):
        yield Finding("Segments Overlap is not given", TagPath.of("SegmentsOverlap"))
    for item in instance.items("SegmentSequence"):
        for name in ("SegmentDescription", "DefinitionSourceSequence"):
            if not item.filled(name):
                yield Finding("not given for a segment", TagPath.of("SegmentSequence", name))
        if item.text("SegmentAlgorithmType") in _AUTOMATIC and not item.filled(_IDENTIFICATION):
            yield Finding(
                "not given for a segment that a program drew",
                TagPath.of("SegmentSequence", _IDENTIFICATION),
            )
