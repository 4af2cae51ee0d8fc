"""Annotation: in what form it comes (PS3.4 B.5, and the formats beside DICOM)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor import (
    CollectionFacts,
    Element,
    Finding,
    InstanceFacts,
    TagPath,
    Units,
    for_sop_classes,
    judge,
    rule,
)
from auditor.evidence import ANNOTATION_KINDS, READS, tied
from auditor.standard.sop_classes import (
    ANNOTATIONS,
    CT_IMAGES,
    MR_IMAGES,
    PET_IMAGES,
    RT_STRUCTURE_SET,
    SECONDARY_CAPTURE,
    SEGMENTATIONS,
)

_IN_DICOM = tuple(sorted(SEGMENTATIONS | ANNOTATIONS | {RT_STRUCTURE_SET}))


def _forms(collection: CollectionFacts) -> tuple[int, list[tuple[str, int, list[str]]]]:
    """Return how many instances annotate in DICOM, and companions that do, by kind."""
    marks = ", ".join("?" for _ in _IN_DICOM)
    inside = collection.count(
        f"SELECT count(*) FROM instances WHERE SOPClassUID IN ({marks})", _IN_DICOM
    )
    beside = collection.rows(
        f"SELECT kind, count(*), min(path, 5) FROM {tied(collection)} "
        "WHERE form = 'annotation' GROUP BY kind ORDER BY kind"
    )
    return inside, [(kind, count, paths) for kind, count, paths in beside]


def _annotated(collection: CollectionFacts) -> Units:
    inside, beside = _forms(collection)
    return Units(1 if inside or beside else 0)


@rule(
    id="ANNO001",
    category="annotation",
    severity="info",
    confidence="medium",
    scope="collection",
    unit="collection",
    reads=READS,
    reference="PS3.4 B.5",
    applies=_annotated,
)
def forms(collection: CollectionFacts) -> Iterator[Finding]:
    """In which forms annotations come.

    Why it matters
    --------------
    DICOM objects say what they annotate, in which image, by whom. In other formats this lives
    in file names and read-me files.

    How to fix
    ----------
    Nothing is wrong: this says what there is. A companion counts as an annotation if its bytes
    say so (few values, outlines of a known format); where they do not, if its path does (mask,
    seg, label, roi and the like).

    Command
    -------
    duckdb -c "SELECT collection, SOPClassUID, count(*) FROM 'OUT/instances/*.parquet'
    GROUP BY ALL"
    duckdb -c "SELECT collection, kind, form, count(*) FROM 'OUT/companions/*.parquet'
    GROUP BY ALL"

    Example
    -------
    Segmentations in DICOM, and NIfTI files in a folder `masks`.
    """
    inside, beside = _forms(collection)
    if inside:
        yield Finding("annotations in DICOM (SEG, RT Structure Set or ANN)")
    for kind, _, paths in beside:
        yield Finding(f"annotations in {ANNOTATION_KINDS[kind]}", examples=tuple(paths))


@rule(
    id="ANNO002",
    category="annotation",
    severity="warning",
    confidence="low",
    scope="collection",
    unit="collection",
    reads=READS,
    reference="PS3.3 A.51, A.19",
    applies=_annotated,
)
def not_in_dicom(collection: CollectionFacts) -> Iterator[Finding]:
    """Annotations come only in formats other than DICOM.

    Why it matters
    --------------
    Nothing ties them to patient, study and image but a file name; a viewer does not find
    them, and a query for segmentations returns nothing.

    How to fix
    ----------
    Convert masks to Segmentation objects, for example with dcmqi's itkimage2segimage or with
    highdicom, and publish both.

    Command
    -------
    highdicom: Segmentation(source_images, mask, SegmentationTypeValues.BINARY, segments, ...)

    Example
    -------
    CT in DICOM, and the masks as NIfTI.
    """
    inside, beside = _forms(collection)
    if beside and not inside:
        paths = sorted(path for _, _, found in beside for path in found)
        yield Finding("no annotation is in DICOM", examples=tuple(paths[:5]))


def _annotating_files(collection: CollectionFacts) -> Units:
    annotating = f"SELECT count(*) FROM {tied(collection)} WHERE form = 'annotation'"
    return Units(collection.count(annotating))


@rule(
    id="ANNO003",
    category="annotation",
    severity="warning",
    confidence="medium",
    scope="collection",
    unit="file",
    reads=READS,
    reference="PS3.3 C.7.6.1.1.3",
    applies=_annotating_files,
)
def untraceable(collection: CollectionFacts) -> Iterator[Finding]:
    """An annotation beside DICOM is tied to no image.

    Why it matters
    --------------
    Whoever uses it has to guess which series it was drawn on. A mask on the wrong series, or
    on one of two of the same patient, is not noticed.

    How to fix
    ----------
    Give it the name of its image, put it in the folder of its one series, or write the UIDs of
    series and instances into it or into a table beside it. A Segmentation object has them.

    Command
    -------
    duckdb -c "SELECT collection, tag_path, count, example FROM 'OUT/findings/*.parquet'
    WHERE rule = 'ANNO003'"
    highdicom: Segmentation(source_images, mask, SegmentationTypeValues.BINARY, segments, ...)

    Example
    -------
    `masks/0007.nii.gz`, and no DICOM file is called 0007. A patient's ID in the name tells the
    patient, and not which of the series.
    """
    for tie, message in (
        ("patient", "tied to a patient and to none of the images"),
        ("", "tied to nothing in the collection"),
    ):
        rows = collection.rows(
            f"SELECT count(*), min(path, 5) FROM {tied(collection)} "
            "WHERE form = 'annotation' AND tie = ? HAVING count(*) > 0",
            [tie],
        )
        for count, paths in rows:
            yield Finding(message, count=count, examples=tuple(paths))


_MASK = re.compile(
    r"\b(?:roi|seg(?:mentation)?|binary|lesion|tumou?r|nodule|brain|lungs?|liver|prostate|organ)"
    r"[ _-]*masks?\b|\bmasks?[ _-]*images?\b|\blabel[ _-]?maps?\b|"
    r"^\W*(?:seg|segmentations?|masks?|rois?)\W*$",
    re.IGNORECASE,
)
"""A mask of plastic that holds a patient's head is a mask too: the word alone is not enough."""


@judge(name="mask", applies=lambda place: place.keyword == "SeriesDescription")
def says_mask(element: Element) -> str | None:
    """Whether a description says that the series holds masks."""
    return "mask" if _MASK.search(element.text) else None


_PICTURES = SECONDARY_CAPTURE | CT_IMAGES | MR_IMAGES | PET_IMAGES


def _holds_masks(instance: InstanceFacts) -> bool:
    # Images that nobody calls masks are no annotation: that they pass would say nothing.
    return instance.sop_class in SEGMENTATIONS or bool(instance.judged("mask"))


@rule(
    id="ANNO004",
    category="annotation",
    severity="warning",
    confidence="medium",
    unit="series",
    reads=("judge:mask",),
    reference="PS3.3 A.51, A.8",
    applies=for_sop_classes(*sorted(SEGMENTATIONS | _PICTURES), when=_holds_masks),
)
def mask_as_image(instance: InstanceFacts) -> Iterator[Finding]:
    """A series is described as masks and stored as images.

    Why it matters
    --------------
    A query for segmentations does not find it, a viewer shows it as a picture, and nothing in it
    says which image it belongs to or what was outlined.

    How to fix
    ----------
    Convert it to Segmentation objects that refer to their images, for example with highdicom.

    Command
    -------
    highdicom: Segmentation(source_images, mask, SegmentationTypeValues.BINARY, segments, ...)

    Example
    -------
    Secondary Capture images with Series Description (0008,103E) `ROI mask images`. That the
    Modality is SEG is SEG002. Series of segmentations pass; a collection without masks has
    nothing to judge here.
    """
    if instance.sop_class in _PICTURES:
        yield Finding("described as masks, stored as images", TagPath.of("SeriesDescription"))


_KEYED = "has_keys AND list_contains(string_split(columns, '+'), 'patient')"


def _keyed_tables(collection: CollectionFacts) -> Units:
    return Units(collection.count(f"SELECT count(*) FROM {tied(collection)} WHERE {_KEYED}"))


@rule(
    id="ANNO005",
    category="annotation",
    severity="warning",
    confidence="medium",
    scope="collection",
    unit="file",
    reads=READS,
    reference="PS3.3 C.7.1.1",
    applies=_keyed_tables,
)
def table_joins_nothing(collection: CollectionFacts) -> Iterator[Finding]:
    """A table has a column of patients, and none of them is in the collection.

    Why it matters
    --------------
    Age, stage and outcome cannot be put beside the images: the table uses other IDs than Patient
    ID (0010,0020), or is about other patients.

    How to fix
    ----------
    Write into the table what Patient ID says in the objects, letter by letter; or publish which
    of its IDs is which.

    Command
    -------
    duckdb -c "COPY (SELECT * REPLACE ('PREFIX' || HEADING AS HEADING)
    FROM read_csv('TABLE.csv', all_varchar = true)) TO 'NEW-TABLE.csv'"

    Example
    -------
    `clinical.csv` with a column `patient_id` of numbers, while Patient ID has a prefix before
    them. The first mebibyte is looked at, and key columns that its headings name.
    """
    rows = collection.rows(
        f"SELECT count(*), min(path, 5) FROM {tied(collection)} "
        f"WHERE {_KEYED} AND NOT joins HAVING count(*) > 0"
    )
    for count, paths in rows:
        yield Finding(
            "none of its patients is in the collection", count=count, examples=tuple(paths)
        )
