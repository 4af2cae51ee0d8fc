# ruff: noqa: S608 - what stands in a query is this file's own, never a value from a collection.
"""Which kinds of object a collection has, and which refer to which."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from auditor.collection import CollectionFacts, Tables
from auditor.result import ObjectKind, ObjectLink, ObjectsResult
from auditor.standard import sop_classes as known

if TYPE_CHECKING:
    import duckdb

_ROOT = "1.2.840.10008.5.1.4.1.1."
_KINDS: tuple[tuple[str, Iterable[str], bool], ...] = (
    ("CT image", known.CT_IMAGES, True),
    ("MR image", known.MR_IMAGES, True),
    ("PET image", known.PET_IMAGES, True),
    ("Ultrasound image", known.ULTRASOUND, True),
    ("Secondary capture", known.SECONDARY_CAPTURE, True),
    ("Angiography or fluoroscopy", known.ANGIOGRAPHY, True),
    ("Photograph or endoscopy", known.PHOTOGRAPHY, True),
    ("X-ray image", [_ROOT + end for end in ("1", "1.1", "1.1.1", "1.3", "1.3.1")], True),
    ("Mammogram", [_ROOT + end for end in ("1.2", "1.2.1", "13.1.3", "13.1.4", "13.1.5")], True),
    ("NM image", [_ROOT + end for end in ("5", "20")], True),
    ("Microscopy image", [_ROOT + end for end in ("77.1.2", "77.1.3", "77.1.6")], True),
    ("Segmentation", known.SEGMENTATIONS, False),
    ("Microscopy annotation", known.ANNOTATIONS, False),
    ("Parametric map", (known.PARAMETRIC_MAP,), False),
    ("RT Structure Set", (known.RT_STRUCTURE_SET,), False),
    ("RT Plan", [_ROOT + end for end in ("481.5", "481.8")], False),
    ("RT Dose", (_ROOT + "481.2",), False),
    ("RT Image", (_ROOT + "481.1",), False),
    ("Other RT object", known.RADIOTHERAPY, False),
    ("Dose report", [_ROOT + end for end in ("88.67", "88.68", "88.73", "88.76")], False),
    ("Structured report", known.STRUCTURED_REPORTS, False),
    ("Key object selection", (known.KEY_OBJECT_SELECTION,), False),
    ("Presentation state", known.PRESENTATION_STATES, False),
    ("Registration", known.REGISTRATIONS, False),
    ("Fiducials", known.FIDUCIALS, False),
    ("Real world value mapping", (_ROOT + "67",), False),
)
_KIND_OF = {uid: (kind, image) for kind, uids, image in reversed(_KINDS) for uid in uids}
"""Of two kinds that name a SOP Class the first has it."""


def kind_of(sop_class: str) -> tuple[str, bool]:
    """Return the kind of object that a SOP Class makes, and whether that is an image."""
    if sop_class in _KIND_OF:
        return _KIND_OF[sop_class]
    iod = known.iod_of(sop_class)
    for word, kind in (("Waveform", "Waveform"), ("ECG", "Waveform"), ("Encapsulated", "Document")):
        if word in iod:
            return kind, False
    return ("Other image", True) if "Image" in iod else ("Other object", False)


_READS = (
    "instances.status",
    "instances.SOPClassUID",
    "instances.MediaStorageSOPClassUID",
    "instances.SOPInstanceUID",
    "instances.SeriesInstanceUID",
    "instances.PatientID",
    "references.SOPInstanceUID",
    "references.ReferencedSOPClassUID",
    "references.ReferencedSOPInstanceUID",
)

_NOT_STORED = "1.2.840.10008.3."
"""Under which are SOP Classes of studies, visits and procedure steps: managed, never stored."""

LINKS = 60
"""Links that are kept, those of most objects first."""


def objects(connection: duckdb.DuckDBPyConnection, tables: Tables) -> ObjectsResult:
    """Count objects by kind, and references by the kinds at both ends.

    Parameters
    ----------
    connection
        In which the views are made.
    tables
        The collection's, by name.
    """
    facts = CollectionFacts(connection, tables, _READS)
    uids = {
        uid
        for (uid,) in facts.rows(
            "SELECT DISTINCT coalesce(SOPClassUID, MediaStorageSOPClassUID, '') FROM instances "
            "UNION SELECT DISTINCT coalesce(ReferencedSOPClassUID, '') FROM \"references\""
        )
    }
    if not uids:
        return ObjectsResult()
    rows = ", ".join("(?, ?, ?)" for _ in uids)
    given = [value for uid in sorted(uids) for value in (uid, *kind_of(uid))]
    common = (
        f"WITH kinds(uid, kind, is_image) AS (VALUES {rows}), "
        "here AS (SELECT kind, is_image, SOPInstanceUID AS uid, SeriesInstanceUID AS series, "
        "PatientID AS patient FROM instances JOIN kinds "
        "ON kinds.uid = coalesce(SOPClassUID, MediaStorageSOPClassUID, '') "
        "WHERE status IN ('ok', 'partial') "
        f"AND kinds.uid <> '{known.MEDIA_STORAGE_DIRECTORY}') "
    )
    kinds = facts.rows(
        common + "SELECT kind, is_image, count(DISTINCT uid) + count(*) FILTER (uid IS NULL) AS n, "
        "count(DISTINCT series), count(DISTINCT patient) FROM here "
        "GROUP BY kind, is_image ORDER BY n DESC, kind",
        given,
    )
    # A reference may name another SOP Class than the object has that is there: this one counts.
    links = facts.rows(
        common + ", one AS (SELECT uid, min(kind) AS kind, min(series) AS series FROM here "
        "WHERE uid IS NOT NULL GROUP BY uid), "
        "pairs AS (SELECT DISTINCT SOPInstanceUID AS source, ReferencedSOPInstanceUID AS target, "
        'ReferencedSOPClassUID AS class FROM "references" '
        "WHERE SOPInstanceUID IS NOT NULL AND ReferencedSOPInstanceUID IS NOT NULL "
        f"AND coalesce(ReferencedSOPClassUID, '') NOT LIKE '{_NOT_STORED}%') "
        "SELECT a.kind, coalesce(b.kind, kinds.kind) AS target_kind, "
        "b.kind IS NOT NULL AS present, "
        "count(DISTINCT source) AS n, count(DISTINCT a.series), count(DISTINCT target) "
        "FROM pairs JOIN one AS a ON a.uid = source LEFT JOIN one AS b ON b.uid = target "
        "LEFT JOIN kinds ON kinds.uid = coalesce(class, '') "
        f"GROUP BY ALL ORDER BY n DESC, a.kind, target_kind, present LIMIT {LINKS}",
        given,
    )
    return ObjectsResult(
        [ObjectKind(*row) for row in kinds],
        [ObjectLink(*row) for row in links],
    )
