"""Annotation: in what form it comes (PS3.4 B.5, and the formats beside DICOM)."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import CollectionFacts, Finding, Units, rule
from auditor.inventory import ANNOTATION_KINDS, ANNOTATION_NAME
from auditor.standard.sop_classes import ANNOTATIONS, RT_STRUCTURE_SET, SEGMENTATIONS

_IN_DICOM = tuple(sorted(SEGMENTATIONS | ANNOTATIONS | {RT_STRUCTURE_SET}))
_READS = ("instances.SOPClassUID", "companions.path", "companions.kind")


def _forms(collection: CollectionFacts) -> tuple[int, list[tuple[str, int, list[str]]]]:
    """Return how many instances annotate in DICOM, and companions that seem to, by kind."""
    marks = ", ".join("?" for _ in _IN_DICOM)
    inside = collection.count(
        f"SELECT count(*) FROM instances WHERE SOPClassUID IN ({marks})", _IN_DICOM
    )
    beside = [
        (kind, count, paths)
        for kind, count, paths in collection.rows(
            "SELECT kind, count(*), min(path, 5) FROM companions "
            "WHERE regexp_matches(path, ?) GROUP BY kind ORDER BY kind",
            [ANNOTATION_NAME],
        )
        if kind in ANNOTATION_KINDS
    ]
    return inside, beside


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
    reads=_READS,
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
    Nothing is wrong: this says what there is. A companion counts as an annotation if its path
    says so (mask, seg, label, roi and the like).

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
    reads=_READS,
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
