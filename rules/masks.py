"""Masks: what is in the pixels of segmentations, as far as they were looked at.

Pixels are looked at only where an audit is asked to (``scan --masks N``), see
`auditor.masks`. Without it these rules are not evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from auditor import CollectionFacts, Finding, TagPath, Units, rule
from auditor.standard.sop_classes import LABEL_MAP_SEGMENTATION, SEGMENTATION

_CLASSES = f"SOPClassUID IN ('{SEGMENTATION}', '{LABEL_MAP_SEGMENTATION}')"
_NOT_LOOKED = "segmentations whose pixels were not looked at (scan --masks N looks at N of them)"
_NO_ANSWER = "segmentations whose pixels were looked at and do not tell, or cannot be read"
_LOOKED = "reason = '' AND looked > 0"
_TABLES = (
    "masks.path",
    "masks.looked",
    "masks.reason",
    "instances.path",
    "instances.SOPClassUID",
)


def _judging(applies: str, unknown: str = "FALSE") -> Callable[[CollectionFacts], Units]:
    """Judge those that were looked at and to which it applies; of the others nothing is known."""

    def units(collection: CollectionFacts) -> Units:
        judged = collection.count(
            f"SELECT count(*) FROM masks WHERE {_LOOKED} AND {applies} AND NOT ({unknown})"
        )
        not_looked = collection.count(
            f"SELECT count(*) FROM instances WHERE {_CLASSES} AND path NOT IN "
            f"(SELECT path FROM masks WHERE {_LOOKED} AND NOT ({applies} AND {unknown}))"
        )
        untried = collection.count(
            f"SELECT count(*) FROM instances WHERE {_CLASSES} AND path NOT IN "
            "(SELECT path FROM masks)"
        )
        said = [_NOT_LOOKED] * (untried > 0) + [_NO_ANSWER] * (not_looked > untried)
        return Units(judged, not_looked, "; ".join(said))

    return units


def _found(
    collection: CollectionFacts, wrong: str, message: str, path: TagPath
) -> Iterator[Finding]:
    for count, paths in collection.rows(
        f"SELECT count(*), min(path, 5) FROM masks WHERE {_LOOKED} AND {wrong} HAVING count(*) > 0"
    ):
        yield Finding(message, path, count=count, examples=tuple(paths))


_BITPLANES = "kind IN ('BINARY', 'FRACTIONAL')"


@rule(
    id="SEG301",
    category="segmentation",
    severity="warning",
    confidence="high",
    scope="collection",
    unit="instance",
    reads=(*_TABLES, "masks.kind", "masks.empty", "masks.empty_segments"),
    reference="PS3.3 C.8.20.2, C.8.20.2.3",
    applies=_judging(_BITPLANES),
)
def empty_segment(collection: CollectionFacts) -> Iterator[Finding]:
    """A segment has frames, and not one pixel in them is set.

    Why it matters
    --------------
    The list of segments names an organ that is nowhere in the mask. As a label it says "none
    here"; as an accident of a conversion it says nothing, and the two look alike.

    How to fix
    ----------
    Look whether the mask was lost on the way. Leave a segment out that was not drawn. What was
    lost is made again, from the source.

    Command
    -------
    duckdb -c "SELECT collection, path, empty_segments FROM 'OUT/masks/*.parquet'
    WHERE empty_segments BETWEEN 1 AND segments - 1 AND kind <> 'LABELMAP'"

    Example
    -------
    A segment whose pixels were cut to another extent. A label map may describe what is not in
    it, and is not looked at here.
    """
    yield from _found(
        collection,
        f"{_BITPLANES} AND empty_segments > 0 AND empty < looked",
        "a segment without a pixel",
        TagPath.of("SegmentSequence"),
    )


@rule(
    id="SEG302",
    category="segmentation",
    severity="warning",
    confidence="high",
    scope="collection",
    unit="instance",
    reads=(*_TABLES, "masks.empty"),
    reference="PS3.3 A.51.1, C.8.20.2.3",
    applies=_judging("TRUE"),
)
def empty_mask(collection: CollectionFacts) -> Iterator[Finding]:
    """No pixel of a whole segmentation is set.

    Why it matters
    --------------
    It segments nothing. Counted as annotated, the series is not.

    How to fix
    ----------
    Find out whether nothing was found or the mask was lost; say the former in a report, and
    leave the object out. What was lost is made again, from the source.

    Command
    -------
    duckdb -c "SELECT collection, path, looked FROM 'OUT/masks/*.parquet'
    WHERE empty = looked AND looked > 0"

    Example
    -------
    A conversion that wrote probabilities below 1 as whole numbers.
    """
    yield from _found(collection, "empty = looked", "no pixel is set", TagPath.of("PixelData"))


@rule(
    id="SEG303",
    category="segmentation",
    severity="error",
    confidence="high",
    scope="collection",
    unit="instance",
    reads=(*_TABLES, "masks.kind", "masks.too_high", "masks.not_described"),
    reference="PS3.3 C.8.20.2.3, Table C.8.20-2",
    applies=_judging("kind IN ('FRACTIONAL', 'LABELMAP')"),
)
def value_that_cannot_be(collection: CollectionFacts) -> Iterator[Finding]:
    """A pixel has a value that means nothing: above the maximum, or of no segment.

    Why it matters
    --------------
    A fraction above 1 is none. A label that no segment describes is a shape without a name.

    How to fix
    ----------
    Scale to Maximum Fractional Value (0062,000E). Describe every value of a label map in
    Segment Sequence (0062,0002), the background too: (125040, DCM, Background). The pixels are
    made again, from the source.

    Command
    -------
    duckdb -c "SELECT collection, path FROM 'OUT/masks/*.parquet'
    WHERE too_high > 0 OR not_described > 0"

    Example
    -------
    A label map with value 7 and segments 1 to 6.
    """
    yield from _found(
        collection,
        "too_high > 0",
        "values above Maximum Fractional Value",
        TagPath.of("MaximumFractionalValue"),
    )
    yield from _found(
        collection,
        "not_described > 0",
        "values of a label map that no segment describes",
        TagPath.of("SegmentSequence", "SegmentNumber"),
    )


@rule(
    id="SEG304",
    category="segmentation",
    severity="error",
    confidence="high",
    scope="collection",
    unit="instance",
    reads=(*_TABLES, "masks.kind", "masks.overlap", "masks.overlap_said"),
    reference="PS3.3 C.8.20.2.3, Table C.8.20-2",
    applies=_judging("kind = 'BINARY' AND overlap_said = 'NO'", "overlap = ''"),
)
def overlap_denied(collection: CollectionFacts) -> Iterator[Finding]:
    """Segments Overlap is NO, and two segments share pixels.

    Why it matters
    --------------
    A reader that trusts it writes one label a pixel: of two segments that share pixels, one
    loses them without a word.

    How to fix
    ----------
    Write YES into Segments Overlap (0062,0013), or UNDEFINED where nobody looked.

    Command
    -------
    duckdb -c "SELECT collection, path FROM 'OUT/masks/*.parquet'
    WHERE kind = 'BINARY' AND overlap_said = 'NO' AND overlap = 'yes'"
    dcmodify -nb -m "(0062,0013)=YES-OR-UNDEFINED" FILE

    Example
    -------
    A tumour inside an organ that was segmented whole, and NO.
    """
    yield from _found(
        collection,
        "kind = 'BINARY' AND overlap_said = 'NO' AND overlap = 'yes'",
        "NO, and two segments share pixels",
        TagPath.of("SegmentsOverlap"),
    )


@rule(
    id="SEG305",
    category="segmentation",
    severity="info",
    confidence="high",
    scope="collection",
    unit="instance",
    reads=(*_TABLES, "masks.empty"),
    reference="PS3.3 C.8.20.2, C.7.6.17.3",
    applies=_judging("TRUE"),
)
def empty_frames(collection: CollectionFacts) -> Iterator[Finding]:
    """Some frames of a segmentation have no pixel.

    Why it matters
    --------------
    A frame that is empty and one that is left out say the same in more bytes; who counts
    annotated slices by frames counts too many.

    How to fix
    ----------
    Nothing is wrong. Leave empty frames out (`omit_empty_frames` of highdicom), except where
    TILED_FULL asks for all.

    Command
    -------
    duckdb -c "SELECT collection, path, looked, empty FROM 'OUT/masks/*.parquet'
    WHERE empty > 0 AND empty < looked"

    Example
    -------
    A lesion in 5 of 200 frames, of which 200 are written.
    """
    yield from _found(
        collection,
        "empty > 0 AND empty < looked",
        "frames without a pixel",
        TagPath.of("PerFrameFunctionalGroupsSequence"),
    )
