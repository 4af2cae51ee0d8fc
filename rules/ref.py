"""References (PS3.3 10.8): what derived objects refer to is there, and is what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from auditor import CollectionFacts, Finding, TagPath, Units, rule

_TABLES = (
    "references.path",
    "references.tag_path",
    "references.ReferencedSOPInstanceUID",
    "references.ReferencedSOPClassUID",
    "references.ReferencedSeriesInstanceUID",
    "instances.path",
    "instances.SOPInstanceUID",
    "instances.SOPClassUID",
    "instances.SeriesInstanceUID",
    "instances.PatientID",
)

# The series that a reference names is here if any instance of it is; where the reference
# names none, another reference of the same object into a series that is here counts.
_RESOLVED = """
WITH there AS (
    -- Copies under one UID may differ: whichever fits is the one that is meant.
    SELECT SOPInstanceUID, list(DISTINCT SOPClassUID) FILTER (SOPClassUID <> '') AS classes,
           list(DISTINCT PatientID) FILTER (PatientID IS NOT NULL) AS patients
    FROM instances WHERE SOPInstanceUID IS NOT NULL GROUP BY SOPInstanceUID
), series AS (
    SELECT DISTINCT SeriesInstanceUID FROM instances WHERE SeriesInstanceUID IS NOT NULL
), named AS (
    SELECT path, ReferencedSOPInstanceUID,
           min(ReferencedSeriesInstanceUID) AS ReferencedSeriesInstanceUID
    FROM "references" WHERE ReferencedSOPInstanceUID IS NOT NULL
    GROUP BY path, ReferencedSOPInstanceUID
), resolved AS (
    SELECT r.path, r.tag_path, r.ReferencedSOPClassUID, i.PatientID,
           t.SOPInstanceUID IS NOT NULL AS found, t.classes, t.patients,
           coalesce(
               n.ReferencedSeriesInstanceUID IN (SELECT SeriesInstanceUID FROM series), FALSE
           ) AS series_here
    FROM "references" r
    JOIN named n USING (path, ReferencedSOPInstanceUID)
    JOIN instances i USING (path)
    LEFT JOIN there t ON t.SOPInstanceUID = r.ReferencedSOPInstanceUID
)
"""


def _path(text: str) -> TagPath:
    return TagPath(tuple(text.split("/")))


_SERIES_NOT_HERE = "what is referred to is in series that are not in this download"
_TARGET_UNKNOWN = "the target is not in this download, or one of the two does not say"


def _referring(
    judged: str, wrong: str, reason: str, among: str = "TRUE"
) -> Callable[[CollectionFacts], Units]:
    """Judge objects of which a reference can be judged; of the others nothing can be said."""

    def units(collection: CollectionFacts) -> Units:
        row = collection.rows(
            _RESOLVED + "SELECT count(*) FILTER (judged), count(*) FILTER (NOT judged), "
            f"count(*) FILTER (wrong) FROM (SELECT bool_or({judged}) AS judged, "
            f"bool_or({wrong}) AS wrong FROM resolved WHERE {among} GROUP BY path)"
        )[0]
        return Units(row[0], row[1], reason, row[2])

    return units


# Predecessor and Identical Documents Sequence: former and other copies of a report, which
# nobody needs beside it.
_BROKEN = "(NOT found AND series_here)"
_NEEDED = "NOT regexp_matches(tag_path, '^[(]0040,(A360|A525)[)]')"


@rule(
    id="REF001",
    category="references",
    severity="error",
    confidence="high",
    scope="collection",
    unit="instance",
    reads=_TABLES,
    reference="PS3.3 10.8, C.12.2",
    applies=_referring("found OR series_here", _BROKEN, _SERIES_NOT_HERE, _NEEDED),
)
def broken(collection: CollectionFacts) -> Iterator[Finding]:
    """An object refers to an instance that is missing from a series that is here.

    Why it matters
    --------------
    The annotation belongs to an image that nobody can open. The series is here, so it is not
    a matter of what was downloaded: the image was dropped, or its UID was changed in one
    place and not in the other.

    How to fix
    ----------
    Download the missing instances; where UIDs were replaced, replace them by one mapping in
    all objects of the collection, references included.

    Example
    -------
    A segmentation that refers to slice UIDs from before de-identification. References into
    series that are not in this download are not evaluated.
    """
    for place, count, paths in collection.rows(
        _RESOLVED + "SELECT tag_path, count(DISTINCT path), min(DISTINCT path, 5) FROM resolved "
        f"WHERE {_NEEDED} AND {_BROKEN} GROUP BY tag_path ORDER BY tag_path"
    ):
        yield Finding(
            "refers to an instance that is not in its series",
            _path(place),
            count=count,
            examples=tuple(paths),
        )


_CLASS_KNOWN = "(found AND classes IS NOT NULL AND coalesce(ReferencedSOPClassUID, '') <> '')"
_OTHER_CLASS = f"({_CLASS_KNOWN} AND NOT list_contains(classes, ReferencedSOPClassUID))"
_PATIENT_KNOWN = "(found AND patients IS NOT NULL AND PatientID IS NOT NULL)"
_OTHER_PATIENT = f"({_PATIENT_KNOWN} AND NOT list_contains(patients, PatientID))"


@rule(
    id="REF002",
    category="references",
    severity="error",
    confidence="high",
    scope="collection",
    unit="instance",
    reads=_TABLES,
    reference="PS3.3 10.8 Table 10-11",
    applies=_referring(_CLASS_KNOWN, _OTHER_CLASS, _TARGET_UNKNOWN),
)
def wrong_class(collection: CollectionFacts) -> Iterator[Finding]:
    """An object refers to an instance by another SOP class than it has.

    Why it matters
    --------------
    Software opens the target as what the reference says it is, and fails or misreads it.

    How to fix
    ----------
    Write the target's SOP Class UID into Referenced SOP Class UID (0008,1150).

    Example
    -------
    A reference that says CT Image Storage; the target is an Enhanced CT image.
    """
    for place, count, paths in collection.rows(
        _RESOLVED + "SELECT tag_path, count(DISTINCT path), min(DISTINCT path, 5) FROM resolved "
        f"WHERE {_OTHER_CLASS} "
        "GROUP BY tag_path ORDER BY tag_path"
    ):
        yield Finding(
            "the target has another SOP class",
            _path(place) / "(0008,1150)",
            count=count,
            examples=tuple(paths),
        )


@rule(
    id="REF003",
    category="references",
    severity="error",
    confidence="high",
    scope="collection",
    unit="instance",
    reads=_TABLES,
    reference="PS3.3 C.12.2, C.7.1.1",
    applies=_referring(_PATIENT_KNOWN, _OTHER_PATIENT, _TARGET_UNKNOWN),
)
def other_patient(collection: CollectionFacts) -> Iterator[Finding]:
    """An object refers to an instance of another patient.

    Why it matters
    --------------
    An annotation on another patient's image is wrong, or one of the two has the wrong
    Patient ID: both are found out too late.

    How to fix
    ----------
    Give objects and the images they are made from one Patient ID, by one mapping.

    Example
    -------
    A structure set whose Patient ID was replaced by another rule than that of its CT.
    """
    for place, count, paths in collection.rows(
        _RESOLVED + "SELECT tag_path, count(DISTINCT path), min(DISTINCT path, 5) FROM resolved "
        f"WHERE {_OTHER_PATIENT} "
        "GROUP BY tag_path ORDER BY tag_path"
    ):
        yield Finding(
            "the target belongs to another patient",
            _path(place),
            count=count,
            examples=tuple(paths),
        )
