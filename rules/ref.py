"""References (PS3.3 10.8): what objects refer to is there, and is what they say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from auditor import CollectionFacts, Finding, TagPath, Units, rule
from auditor.reading.extents import FARTHEST, FLAT
from auditor.standard.sop_classes import (
    ANNOTATIONS,
    FIDUCIALS,
    KEY_OBJECT_SELECTION,
    PARAMETRIC_MAP,
    PRESENTATION_STATES,
    REGISTRATIONS,
    SEGMENTATIONS,
    STRUCTURED_REPORTS,
    VOLUMETRIC_PRESENTATION_STATES,
)

REAL_WORLD_VALUE_MAPPING = "1.2.840.10008.5.1.4.1.1.67"

_REFERENCE = (
    "references.path",
    "references.tag_path",
    "references.ReferencedSOPInstanceUID",
)
_INSTANCE = ("instances.path", "instances.SOPInstanceUID", "instances.SeriesInstanceUID")

# Predecessors, Predecessor Structure Sets and Identical Documents: former and other copies,
# which nobody needs beside the object. Raw data stays at the scanner, and what an image was
# converted from is superseded by it.
_NEEDED = (
    "NOT regexp_matches(tag_path, '[(](0040,A360|0040,A525|3006,0018|0008,9121|0020,9172)[)]')"
)

_TARGET_UNKNOWN = "the target is not in this download, or one of the two does not say"


def _path(text: str) -> TagPath:
    return TagPath(tuple(text.split("/")))


def _quoted(uids: Iterable[str]) -> str:
    return ", ".join(f"'{uid}'" for uid in sorted(uids))


@dataclass(frozen=True, slots=True)
class _Closure:
    """One question about every reference, and what is said where the answer is bad.

    Parameters
    ----------
    resolved
        SQL of a table ``resolved``: path and series of the object, tag path, what is known.
    judged
        Condition in SQL: the question can be answered for a reference.
    wrong
        Message to a condition in SQL.
    reason
        Why it cannot be answered for an object of which no reference can be judged.
    element
        Element of the reference's item that is to blame; the place of the item otherwise.
    """

    resolved: str
    judged: str
    wrong: Mapping[str, str]
    reason: str = ""
    element: str = ""

    def _answers(self, collection: CollectionFacts) -> str:
        """Ask the question once, for each place of each object; return the table of answers."""
        wrong = "".join(
            f", bool_or({condition}) AS wrong{number}"
            for number, condition in enumerate(self.wrong.values())
        )
        return collection.kept(
            self.resolved + "SELECT path, tag_path, any_value(series) AS series, "
            f"bool_or({self.judged}) AS judged{wrong} FROM resolved GROUP BY path, tag_path"
        )

    def units(self, collection: CollectionFacts) -> Units:
        """Judge objects of which a reference can be judged; of the others nothing can be said."""
        # Most collections of images refer to nothing.
        if not collection.count('SELECT count(*) FROM (SELECT 1 FROM "references" LIMIT 1)'):
            return Units(0)
        wrong = " OR ".join(f"wrong{number}" for number in range(len(self.wrong)))
        row = collection.rows(
            "SELECT count(*) FILTER (judged), count(*) FILTER (NOT judged), "
            "count(*) FILTER (wrong) FROM (SELECT bool_or(judged) AS judged, "
            f"bool_or({wrong}) AS wrong FROM {self._answers(collection)} GROUP BY path)"
        )[0]
        return Units(row[0], row[1], self.reason, row[2])

    def findings(self, collection: CollectionFacts) -> Iterator[Finding]:
        """Yield a finding for each place and each series of objects that refer wrongly."""
        answers = self._answers(collection)
        for number, message in enumerate(self.wrong):
            for place, series, count, paths in collection.rows(
                f"SELECT tag_path, series, count(*), min(path, 5) FROM {answers} "
                f"WHERE wrong{number} GROUP BY tag_path, series ORDER BY tag_path, min(path)"
            ):
                at = _path(place)
                yield Finding(
                    message,
                    at / self.element if self.element else at,
                    count=count,
                    examples=tuple(paths),
                    series=series,
                )


# The series that a reference names is here if any instance of it is; where the reference
# names none, another reference of the same object into a series that is here counts.
_FOUND = f"""
WITH there AS (
    SELECT DISTINCT SOPInstanceUID FROM instances WHERE SOPInstanceUID IS NOT NULL
), here AS (
    SELECT DISTINCT SeriesInstanceUID FROM instances WHERE SeriesInstanceUID IS NOT NULL
), named AS (
    SELECT path, ReferencedSOPInstanceUID, min(ReferencedSeriesInstanceUID) AS named_series
    FROM "references" WHERE ReferencedSOPInstanceUID IS NOT NULL
    GROUP BY path, ReferencedSOPInstanceUID
), reached AS (
    SELECT DISTINCT path, named_series FROM named
    WHERE named_series IS NOT NULL
      AND ReferencedSOPInstanceUID IN (SELECT SOPInstanceUID FROM there)
), resolved AS (
    SELECT r.path, r.tag_path, i.SeriesInstanceUID AS series,
           t.SOPInstanceUID IS NOT NULL AS found,
           coalesce(n.named_series IN (SELECT SeriesInstanceUID FROM here), FALSE) AS series_here,
           (r.path, n.named_series) IN (SELECT path, named_series FROM reached) AS others_found
    FROM "references" r
    JOIN named n USING (path, ReferencedSOPInstanceUID)
    JOIN instances i USING (path)
    LEFT JOIN there t ON t.SOPInstanceUID = r.ReferencedSOPInstanceUID
    WHERE {_NEEDED}
)
"""
_BROKEN = _Closure(
    _FOUND,
    "found OR series_here",
    {
        "refers to an instance that is missing from its series": (
            "NOT found AND series_here AND others_found"
        ),
        "none of the instances that it refers to in a series is there, though others are": (
            "NOT found AND series_here AND NOT others_found"
        ),
    },
    "what is referred to is in series that are not in this download",
)


@rule(
    id="REF001",
    category="references",
    severity="error",
    confidence="high",
    scope="collection",
    unit="instance",
    reads=(*_REFERENCE, "references.ReferencedSeriesInstanceUID", *_INSTANCE),
    reference="PS3.3 10.8, C.12.2",
    applies=_BROKEN.units,
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

    Command
    -------
    duckdb -c "SELECT r.collection, r.path, r.tag_path FROM 'OUT/references/*.parquet' r
    ANTI JOIN 'OUT/instances/*.parquet' t ON t.collection = r.collection
    AND t.SOPInstanceUID = r.ReferencedSOPInstanceUID
    SEMI JOIN 'OUT/instances/*.parquet' s ON s.collection = r.collection
    AND s.SeriesInstanceUID = r.ReferencedSeriesInstanceUID
    WHERE NOT regexp_matches(tag_path, '0040,A360|0040,A525|3006,0018|0008,9121|0020,9172')"

    Example
    -------
    A segmentation that refers to slice UIDs from before de-identification. References into
    series that are not in this download are not evaluated.
    """
    yield from _BROKEN.findings(collection)


def _agreement(
    says: str,
    column: str,
    message: str,
    among: str = "TRUE",
    excused: str = "FALSE",
    element: str = "",
) -> _Closure:
    """Hold what a reference, or the object that refers, says of the target against that.

    Parameters
    ----------
    says
        What is said, in SQL: ``r`` is the reference, ``i`` the object that it stands in.
    column
        Column of the target that it must equal.
    message
        What is said where it does not.
    among
        Which references are looked at, in SQL.
    excused
        What excuses a target that says otherwise, in SQL.
    element
        As `_Closure` has it.
    """
    # Copies under one UID may differ: whichever fits is the one that is meant.
    resolved = f"""
WITH there AS (
    SELECT SOPInstanceUID,
           list(DISTINCT {column}) FILTER (CAST({column} AS VARCHAR) <> '') AS there
    FROM instances
    WHERE SOPInstanceUID IN (SELECT ReferencedSOPInstanceUID FROM "references")
    GROUP BY SOPInstanceUID
), resolved AS (
    SELECT r.path, r.tag_path, i.SeriesInstanceUID AS series,
           coalesce(t.there IS NOT NULL AND CAST({says} AS VARCHAR) <> '', FALSE) AS known,
           known AND NOT list_contains(t.there, {says}) AND NOT {excused} AS wrong
    FROM "references" r
    JOIN instances i USING (path)
    LEFT JOIN there t ON t.SOPInstanceUID = r.ReferencedSOPInstanceUID
    WHERE r.ReferencedSOPInstanceUID IS NOT NULL AND {among}
)
"""
    return _Closure(resolved, "known", {message: "wrong"}, _TARGET_UNKNOWN, element)


_CLASS = _agreement(
    "r.ReferencedSOPClassUID",
    "SOPClassUID",
    "the target has another SOP class",
    element="(0008,1150)",
)


@rule(
    id="REF002",
    category="references",
    severity="error",
    confidence="high",
    scope="collection",
    unit="instance",
    reads=(*_REFERENCE, "references.ReferencedSOPClassUID", *_INSTANCE, "instances.SOPClassUID"),
    reference="PS3.3 10.8 Table 10-11",
    applies=_CLASS.units,
)
def wrong_class(collection: CollectionFacts) -> Iterator[Finding]:
    """An object refers to an instance by another SOP class than it has.

    Why it matters
    --------------
    Software opens the target as what the reference says it is, and fails or misreads it.

    How to fix
    ----------
    Write the target's SOP Class UID into Referenced SOP Class UID (0008,1150).

    Command
    -------
    duckdb -c "SELECT r.collection, r.path, r.tag_path, t.path FROM 'OUT/references/*.parquet' r
    JOIN 'OUT/instances/*.parquet' t ON t.collection = r.collection
    AND t.SOPInstanceUID = r.ReferencedSOPInstanceUID
    WHERE r.ReferencedSOPClassUID <> t.SOPClassUID"
    dcmodify -nb -m "TAG=UID" FILE

    Example
    -------
    A reference that says CT Image Storage; the target is an Enhanced CT image.
    """
    yield from _CLASS.findings(collection)


_PATIENT = _agreement("i.PatientID", "PatientID", "the target belongs to another patient")


@rule(
    id="REF003",
    category="references",
    severity="error",
    confidence="high",
    scope="collection",
    unit="instance",
    reads=(*_REFERENCE, *_INSTANCE, "instances.PatientID"),
    reference="PS3.3 C.12.2, C.7.1.1",
    applies=_PATIENT.units,
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

    Command
    -------
    duckdb -c "SELECT r.collection, r.path, r.tag_path, t.path FROM 'OUT/references/*.parquet' r
    JOIN 'OUT/instances/*.parquet' i USING (collection, path)
    JOIN 'OUT/instances/*.parquet' t ON t.collection = r.collection
    AND t.SOPInstanceUID = r.ReferencedSOPInstanceUID
    WHERE i.PatientID <> t.PatientID"
    dcmodify -nb -m "(0010,0020)=CASE-001" FILE

    Example
    -------
    A structure set whose Patient ID was replaced by another rule than that of its CT.
    """
    yield from _PATIENT.findings(collection)


_SERIES = _agreement(
    "r.ReferencedSeriesInstanceUID",
    "SeriesInstanceUID",
    "the target is in another series than is named",
    "r.ReferencedSeriesInstanceUID IS NOT NULL",
)


@rule(
    id="REF004",
    category="references",
    severity="error",
    confidence="high",
    scope="collection",
    unit="instance",
    reads=(*_REFERENCE, "references.ReferencedSeriesInstanceUID", *_INSTANCE),
    reference="PS3.3 C.12.2, C.17.2.1, C.8.8.5",
    applies=_SERIES.units,
)
def other_series(collection: CollectionFacts) -> Iterator[Finding]:
    """An object lists an instance under another series than it belongs to.

    Why it matters
    --------------
    Archives are asked for a series first and for its instances then: what is listed under
    the wrong one is not found although it is there.

    How to fix
    ----------
    List the instance under the Series Instance UID (0020,000E) that stands in it.

    Command
    -------
    duckdb -c "SELECT r.collection, r.path, r.tag_path, t.path FROM 'OUT/references/*.parquet' r
    JOIN 'OUT/instances/*.parquet' t ON t.collection = r.collection
    AND t.SOPInstanceUID = r.ReferencedSOPInstanceUID
    WHERE r.ReferencedSeriesInstanceUID <> t.SeriesInstanceUID"
    dcmodify -nb -m "TAG=UID" FILE

    Example
    -------
    A segmentation whose source series got a new UID that its Referenced Series Sequence
    does not know.
    """
    yield from _SERIES.findings(collection)


_STUDY = _agreement(
    "r.ReferencedStudyInstanceUID",
    "StudyInstanceUID",
    "the target is in another study than is named",
    "r.ReferencedStudyInstanceUID IS NOT NULL",
)


@rule(
    id="REF005",
    category="references",
    severity="error",
    confidence="high",
    scope="collection",
    unit="instance",
    reads=(
        *_REFERENCE,
        "references.ReferencedStudyInstanceUID",
        *_INSTANCE,
        "instances.StudyInstanceUID",
    ),
    reference="PS3.3 C.12.2, C.17.2.1, C.8.8.5",
    applies=_STUDY.units,
)
def other_study(collection: CollectionFacts) -> Iterator[Finding]:
    """An object lists an instance under another study than it belongs to.

    Why it matters
    --------------
    Archives are asked for a study first: what is listed under the wrong one is not found
    although it is there.

    How to fix
    ----------
    List the instance under the Study Instance UID (0020,000D) that stands in it; in a
    structure set that is RT Referenced Study Sequence (3006,0012).

    Command
    -------
    duckdb -c "SELECT r.collection, r.path, r.tag_path, t.path FROM 'OUT/references/*.parquet' r
    JOIN 'OUT/instances/*.parquet' t ON t.collection = r.collection
    AND t.SOPInstanceUID = r.ReferencedSOPInstanceUID
    WHERE r.ReferencedStudyInstanceUID <> t.StudyInstanceUID"
    dcmodify -nb -m "TAG=UID" FILE

    Example
    -------
    A report whose evidence names the study's UID from before de-identification.
    """
    yield from _STUDY.findings(collection)


# Where the Common Instance Reference Module is mandatory, or is so for whoever refers (PS3.3
# A.51 and others); and documents, whose evidence is sorted by study (PS3.3 C.17.2).
_LISTING = (
    SEGMENTATIONS
    | REGISTRATIONS
    | FIDUCIALS
    | ANNOTATIONS
    | VOLUMETRIC_PRESENTATION_STATES
    | {PARAMETRIC_MAP, REAL_WORLD_VALUE_MAPPING}
)
_DOCUMENTS = STRUCTURED_REPORTS | {KEY_OBJECT_SELECTION}

_UNLISTED = _agreement(
    "i.StudyInstanceUID",
    "StudyInstanceUID",
    "the target is in another study, which is not named",
    f"{_NEEDED} AND r.SOPClassUID IN ({_quoted(_LISTING | _DOCUMENTS)})",
    "(r.path, r.ReferencedSOPInstanceUID) IN (SELECT (path, ReferencedSOPInstanceUID) "
    'FROM "references" WHERE ReferencedStudyInstanceUID IS NOT NULL)',
)


@rule(
    id="REF006",
    category="references",
    severity="error",
    confidence="high",
    scope="collection",
    unit="instance",
    reads=(
        *_REFERENCE,
        "references.SOPClassUID",
        "references.ReferencedStudyInstanceUID",
        *_INSTANCE,
        "instances.StudyInstanceUID",
    ),
    reference="PS3.3 C.12.2 Table C.12-8, C.17.2.1",
    applies=_UNLISTED.units,
)
def unnamed_study(collection: CollectionFacts) -> Iterator[Finding]:
    """An object refers into another study and does not name that study.

    Why it matters
    --------------
    Who wants the images of a segmentation or a report asks for them in its own study, and
    finds none. Without the study's UID nobody knows where to look.

    How to fix
    ----------
    List instances of other studies in Studies Containing Other Referenced Instances Sequence
    (0008,1200), in a report in its evidence sequences; or correct the Study Instance UID of
    whichever object has the wrong one.

    Command
    -------
    duckdb -c "SELECT r.collection, r.path, r.tag_path, t.path FROM 'OUT/references/*.parquet' r
    JOIN 'OUT/instances/*.parquet' i USING (collection, path)
    JOIN 'OUT/instances/*.parquet' t ON t.collection = r.collection
    AND t.SOPInstanceUID = r.ReferencedSOPInstanceUID
    WHERE i.StudyInstanceUID <> t.StudyInstanceUID AND r.ReferencedStudyInstanceUID IS NULL"

    Example
    -------
    A segmentation that was stored in a study of its own.
    """
    yield from _UNLISTED.findings(collection)


_FRAME_NAMED = _agreement(
    "r.FrameOfReferenceUID",
    "FrameOfReferenceUID",
    "the target has another frame of reference than is named",
    "r.FrameOfReferenceUID IS NOT NULL",
)


@rule(
    id="REF007",
    category="references",
    severity="error",
    confidence="high",
    scope="collection",
    unit="instance",
    reads=(
        *_REFERENCE,
        "references.FrameOfReferenceUID",
        *_INSTANCE,
        "instances.FrameOfReferenceUID",
    ),
    reference="PS3.3 C.8.8.5.1, C.20.2, C.20.3",
    applies=_FRAME_NAMED.units,
)
def other_frame_of_reference(collection: CollectionFacts) -> Iterator[Finding]:
    """An object names images under another frame of reference than they have.

    Why it matters
    --------------
    Coordinates mean a place only in their frame of reference. Contours or transformations
    that name another one than the images are drawn in the wrong place, or not at all.

    How to fix
    ----------
    Write the images' Frame of Reference UID (0020,0052) into the structure set or the
    registration; replace UIDs by one mapping in all objects.

    Command
    -------
    duckdb -c "SELECT r.collection, r.path, r.tag_path, t.path FROM 'OUT/references/*.parquet' r
    JOIN 'OUT/instances/*.parquet' t ON t.collection = r.collection
    AND t.SOPInstanceUID = r.ReferencedSOPInstanceUID
    WHERE r.FrameOfReferenceUID <> t.FrameOfReferenceUID"
    dcmodify -nb -m "TAG=UID" FILE

    Example
    -------
    A structure set whose frame of reference kept its UID when that of the CT was replaced.
    """
    yield from _FRAME_NAMED.findings(collection)


# Source Image Sequence, in the functional groups of a frame or of the whole object.
_DERIVED = "regexp_matches(r.tag_path, '[(]0008,2112[)]$')"
_FRAME_DERIVED = _agreement(
    "i.FrameOfReferenceUID",
    "FrameOfReferenceUID",
    "lies in another frame of reference than its source",
    f"{_DERIVED} AND r.SOPClassUID IN ({_quoted(SEGMENTATIONS | {PARAMETRIC_MAP})})",
)


@rule(
    id="REF008",
    category="references",
    severity="warning",
    confidence="medium",
    scope="collection",
    unit="instance",
    reads=(
        *_REFERENCE,
        "references.SOPClassUID",
        *_INSTANCE,
        "instances.FrameOfReferenceUID",
    ),
    reference="PS3.3 C.7.4.1, C.7.6.16.2.6",
    applies=_FRAME_DERIVED.units,
)
def derived_in_other_frame(collection: CollectionFacts) -> Iterator[Finding]:
    """A segmentation or map lies in another frame of reference than the images it is made from.

    Why it matters
    --------------
    Viewers lay a segmentation over its images by position, which they do not where the
    frames of reference differ.

    How to fix
    ----------
    Write the images' Frame of Reference UID (0020,0052); where it was resampled into another
    space, add a Spatial Registration object.

    Command
    -------
    duckdb -c "SELECT r.collection, r.path, r.tag_path, t.path FROM 'OUT/references/*.parquet' r
    JOIN 'OUT/instances/*.parquet' i USING (collection, path)
    JOIN 'OUT/instances/*.parquet' t ON t.collection = r.collection
    AND t.SOPInstanceUID = r.ReferencedSOPInstanceUID
    WHERE i.FrameOfReferenceUID <> t.FrameOfReferenceUID"
    dcmodify -nb -m "(0020,0052)=UID" FILE

    Example
    -------
    A segmentation for which a new Frame of Reference UID was made up.
    """
    yield from _FRAME_DERIVED.findings(collection)


# An image without Number of Frames has one.
_FRAMES = """
WITH there AS (
    SELECT SOPInstanceUID, max(coalesce(NumberOfFrames, 1)) AS frames FROM instances
    WHERE SOPInstanceUID IN (SELECT ReferencedSOPInstanceUID FROM "references")
    GROUP BY SOPInstanceUID
), resolved AS (
    SELECT r.path, r.tag_path, i.SeriesInstanceUID AS series,
           t.frames IS NOT NULL OR r.lowest_frame < 1 AS known,
           coalesce(r.highest_frame > t.frames, FALSE) OR r.lowest_frame < 1 AS out_of_range
    FROM "references" r
    JOIN instances i USING (path)
    LEFT JOIN there t ON t.SOPInstanceUID = r.ReferencedSOPInstanceUID
    WHERE r.lowest_frame IS NOT NULL
)
"""
_OUT_OF_RANGE = _Closure(
    _FRAMES,
    "known",
    {"refers to a frame that the target does not have": "out_of_range"},
    _TARGET_UNKNOWN,
    "(0008,1160)",
)


@rule(
    id="REF009",
    category="references",
    severity="error",
    confidence="high",
    scope="collection",
    unit="instance",
    reads=(
        *_REFERENCE,
        "references.lowest_frame",
        "references.highest_frame",
        *_INSTANCE,
        "instances.NumberOfFrames",
    ),
    reference="PS3.3 10.3 Table 10-3",
    applies=_OUT_OF_RANGE.units,
)
def frame_out_of_range(collection: CollectionFacts) -> Iterator[Finding]:
    """An object refers to a frame that its target does not have.

    Why it matters
    --------------
    The annotation belongs to a picture that is not there; counting from 0, all others are
    one picture off, and nothing shows it.

    How to fix
    ----------
    Number frames from 1 to Number of Frames (0028,0008) in Referenced Frame Number
    (0008,1160).

    Command
    -------
    duckdb -c "SELECT r.collection, r.path, r.tag_path, t.path FROM 'OUT/references/*.parquet' r
    LEFT JOIN 'OUT/instances/*.parquet' t ON t.collection = r.collection
    AND t.SOPInstanceUID = r.ReferencedSOPInstanceUID
    WHERE r.lowest_frame < 1
    OR t.path <> '' AND r.highest_frame > coalesce(t.NumberOfFrames, 1)"
    dcmodify -nb -m "TAG=NUMBER" FILE

    Example
    -------
    Frame 0 of a multi-frame image, written by a program that counts from 0.
    """
    yield from _OUT_OF_RANGE.findings(collection)


def _listed(classes: Iterable[str], referring: str, listing: str, message: str) -> _Closure:
    """Ask of references of these SOP classes, in some places, whether others list them."""
    resolved = f"""
WITH here AS (
    SELECT path, tag_path, ReferencedSOPInstanceUID FROM "references"
    WHERE ReferencedSOPInstanceUID IS NOT NULL AND {_NEEDED}
      AND SOPClassUID IN ({_quoted(classes)})
), resolved AS (
    SELECT path, tag_path, i.SeriesInstanceUID AS series,
           (path, ReferencedSOPInstanceUID) NOT IN (
               SELECT (path, ReferencedSOPInstanceUID) FROM here WHERE {listing}) AS missing
    FROM here JOIN instances i USING (path) WHERE {referring}
)
"""
    return _Closure(resolved, "TRUE", {message: "missing"})


# Content Sequence; Current Requested Procedure Evidence and Pertinent Other Evidence Sequence.
_EVIDENCE = _listed(
    _DOCUMENTS,
    "tag_path LIKE '(0040,A730)/%'",
    "regexp_matches(tag_path, '^[(]0040,A3[78]5[)]')",
    "an instance of the content is not in the evidence",
)


@rule(
    id="REF010",
    category="references",
    severity="error",
    confidence="high",
    scope="collection",
    unit="instance",
    reads=(*_REFERENCE, "references.SOPClassUID", "instances.path", "instances.SeriesInstanceUID"),
    reference="PS3.3 C.17.2, C.17.6.2",
    applies=_EVIDENCE.units,
)
def evidence_incomplete(collection: CollectionFacts) -> Iterator[Finding]:
    """A report or a key object selection refers to an instance that its evidence does not list.

    Why it matters
    --------------
    The content names an instance by its own UID only; the evidence says in which series and
    study it is. Without that no archive can be asked for it.

    How to fix
    ----------
    List every instance of the content in Current Requested Procedure Evidence Sequence
    (0040,A375), or of other procedures in Pertinent Other Evidence Sequence (0040,A385).

    Command
    -------
    duckdb -c "SELECT collection, path, ReferencedSOPInstanceUID FROM 'OUT/references/*.parquet'
    WHERE tag_path LIKE '(0040,A730)%'
    EXCEPT SELECT collection, path, ReferencedSOPInstanceUID FROM 'OUT/references/*.parquet'
    WHERE tag_path LIKE '(0040,A375)%' OR tag_path LIKE '(0040,A385)%'"

    Example
    -------
    A measurement on a segmentation, of which the evidence lists only the CT.
    """
    yield from _EVIDENCE.findings(collection)


# Referenced Series and Studies Containing Other Referenced Instances Sequence.
_COMMON = "regexp_matches(tag_path, '^[(]0008,(1115|1200)[)]')"
_COMMON_LISTED = _listed(
    _LISTING, f"NOT {_COMMON}", _COMMON, "the target is not listed under its series"
)


@rule(
    id="REF011",
    category="references",
    severity="error",
    confidence="high",
    scope="collection",
    unit="instance",
    reads=(*_REFERENCE, "references.SOPClassUID", "instances.path", "instances.SeriesInstanceUID"),
    reference="PS3.3 C.12.2 Table C.12-8",
    applies=_COMMON_LISTED.units,
)
def common_references_incomplete(collection: CollectionFacts) -> Iterator[Finding]:
    """An object refers to an instance that it does not list under its series.

    Why it matters
    --------------
    Frames and items name an instance by its own UID only; the Common Instance Reference
    Module says in which series and study it is. Without that no archive can be asked for it.

    How to fix
    ----------
    List every instance that is referred to in Referenced Series Sequence (0008,1115), or for
    other studies in Studies Containing Other Referenced Instances Sequence (0008,1200).

    Command
    -------
    duckdb -c "SELECT collection, tag_path, count, example FROM 'OUT/findings/*.parquet'
    WHERE rule = 'REF011'"
    dcmodify -nb -i "(0008,1115)[N].(0008,114A)[M].(0008,1155)=UID" FILE
    dcmodify -nb -i "(0008,1115)[N].(0008,114A)[M].(0008,1150)=SOP-CLASS-UID" FILE

    Example
    -------
    A segmentation of twenty slices that lists the first one; UIDs that were replaced in the frames,
    and not in Referenced Series Sequence.
    """
    yield from _COMMON_LISTED.findings(collection)


# Only what is made from something, or shows or names it: a plan and its dose, a plan and its
# images, two localizers may refer to each other.
_EDGES = f"""
SELECT DISTINCT r.SOPInstanceUID, r.ReferencedSOPInstanceUID, r.path, r.tag_path,
       i.SeriesInstanceUID
FROM "references" r JOIN instances i USING (path)
WHERE r.ReferencedSOPInstanceUID IN (SELECT SOPInstanceUID FROM "references") AND {_NEEDED}
  AND ({_DERIVED} OR r.SOPClassUID IN ({_quoted(_DOCUMENTS | PRESENTATION_STATES)}))
ORDER BY r.path, r.tag_path
"""


def _in_cycles(edges: Iterable[tuple[int, int]]) -> set[int]:
    """Return the nodes from which a way leads back to them.

    That is Tarjan's algorithm for strongly connected components, without recursion.
    """
    ways: dict[int, list[int]] = {}
    for start, end in edges:
        ways.setdefault(start, []).append(end)
    order: dict[int, int] = {}
    lowest: dict[int, int] = {}
    path: list[int] = []
    on_path: set[int] = set()
    found = {start for start, ends in ways.items() if start in ends}
    for root, ends in ways.items():
        if root in order:
            continue
        walk = [(root, iter(ends))]
        while walk:
            node, rest = walk[-1]
            if node not in order:
                order[node] = lowest[node] = len(order)
                path.append(node)
                on_path.add(node)
            following = next(rest, None)
            if following is None:
                walk.pop()
                if walk:
                    above = walk[-1][0]
                    lowest[above] = min(lowest[above], lowest[node])
                if lowest[node] == order[node]:
                    component = {node}
                    while (last := path.pop()) != node:
                        component.add(last)
                    on_path -= component
                    if len(component) > 1:
                        found |= component
            elif following in on_path:
                lowest[node] = min(lowest[node], order[following])
            elif following not in order and following in ways:
                walk.append((following, iter(ways[following])))
    return found


def _with_edges(collection: CollectionFacts) -> Units:
    rows = collection.rows(_EDGES)
    inside = _in_cycles((row[0], row[1]) for row in rows)
    return Units(
        len({row[2] for row in rows}),
        failed=len({row[2] for row in rows if row[0] in inside and row[1] in inside}),
    )


@rule(
    id="REF012",
    category="references",
    severity="error",
    confidence="high",
    scope="collection",
    unit="instance",
    reads=(
        *_REFERENCE,
        "references.SOPInstanceUID",
        "references.SOPClassUID",
        "instances.path",
        "instances.SeriesInstanceUID",
    ),
    reference="PS3.3 C.7.6.12.4, C.7.6.16.2.6, C.17",
    applies=_with_edges,
)
def cycle(collection: CollectionFacts) -> Iterator[Finding]:
    """Objects are made from each other, or name each other, in a circle.

    Why it matters
    --------------
    An object is made from others that were there before it. In a circle none was: UIDs were
    mixed up, and software that follows the references does not come to an end.

    How to fix
    ----------
    Find out which object was there first, and give what it refers to the right UID. The command
    shows circles of two; the report has the others.

    Command
    -------
    duckdb -c "SELECT a.collection, a.path, b.path FROM 'OUT/references/*.parquet' a
    JOIN 'OUT/references/*.parquet' b USING (collection)
    WHERE a.ReferencedSOPInstanceUID = b.SOPInstanceUID
    AND a.SOPInstanceUID = b.ReferencedSOPInstanceUID"

    Example
    -------
    Two key object selections that name each other; a segmentation made from itself.
    """
    rows = collection.rows(_EDGES)
    inside = _in_cycles((row[0], row[1]) for row in rows)
    found: dict[tuple[str, int | None], dict[str, None]] = {}
    for start, end, path, place, series in rows:
        if start in inside and end in inside:
            found.setdefault((place, series), {})[path] = None
    for (place, series), paths in found.items():
        yield Finding(
            "what is referred to leads back to the object itself",
            _path(place),
            count=len(paths),
            examples=tuple(paths)[:5],
            series=series,
        )


def _vector(column: str, numbers: int) -> str:
    """Return SQL for the numbers that a column of decimals holds, NULL if they are not so many."""
    split = f"TRY_CAST(string_split(i.{column}, '\\') AS DOUBLE[])"
    return f"CASE WHEN len({split}) = {numbers} THEN {split} END"


_TOLERANCE = 0.5
"""Millimetres by which a position may differ whatever the slice thickness."""

_AXES = tuple(enumerate("xyz", 1))

_MOST_PAIRS = 1_000_000
"""Drawings of one object times runs of frames of one image that are held against each other."""

_MOST_NAMED = 20_000_000
"""The same where each names its frame, and all but one run is passed over."""

_THICKNESS = "TRY_CAST(i.SliceThickness AS DOUBLE)"
_HALF = (
    f"CASE WHEN {_THICKNESS} > 0 AND {_THICKNESS} < {FARTHEST} "
    f"THEN greatest({_THICKNESS} / 2, {_TOLERANCE}) END"
)
_DRAWN_ON = (
    'SOPInstanceUID IN (SELECT ReferencedSOPInstanceUID FROM "references" '
    "WHERE lowest_x IS NOT NULL)"
)


def _plane() -> str:
    """Return SQL for where the plane of an image, or of the first frame of a run, lies."""
    position, orientation = (
        _vector("ImagePositionPatient", 3),
        _vector("ImageOrientationPatient", 6),
    )
    return (
        f"{position} AS p, {orientation} AS o, {_vector('PixelSpacing', 2)} AS s, {_HALF} AS half"
    )


def _reach(vector: str, top: str, bottom: str) -> str:
    """Return SQL for how far a drawing surely reaches along a vector, from the image's position.

    Each side of a box has a point of the drawing. So a point lies at least as high as the lowest
    of the highest side along the vector, and one at least as low as the highest of the lowest.
    For a point, and for a plane across an axis, that is exact.

    Parameters
    ----------
    vector
        Name of the columns with its numbers, without x, y and z.
    top, bottom
        Names of the columns that are made.
    """
    ends = [[f"{vector}{axis} * d.{end}_{axis}" for end in ("lowest", "highest")] for axis in "xyz"]
    low, high = (
        " + ".join(f"{pick}({one}, {other})" for one, other in ends)
        for pick in ("least", "greatest")
    )
    side = ", ".join(f"abs({other} - {one})" for one, other in ends)
    return (
        f"{low} + greatest({side}) - {vector}0 AS {top}, "
        f"{high} - greatest({side}) - {vector}0 AS {bottom}"
    )


def _numbers(vector: str, name: str, first: int = 1) -> str:
    """Return SQL for the numbers of a vector, and where the image's position is along it."""
    numbers = [f"{vector}[{first + number}]" for number in range(3)]
    named = ", ".join(
        f"{number} AS {name}{axis}" for number, axis in zip(numbers, "xyz", strict=True)
    )
    along = " + ".join(f"{number} * p[{axis}]" for axis, number in enumerate(numbers, 1))
    return f"{named}, {along} AS {name}0"


# Of the points of one drawing that which reaches farthest; the rest is the same for all.
_TOGETHER = {
    "max": "above rightmost lowermost",
    "min": "below leftmost uppermost",
    "any_value": "contour several spanning turn slack pixel width height step start stop "
    "u_low u_high v_low v_high",
}
_SUMS = ", ".join(
    f"{pick}({name}) AS {name}" for pick, names in _TOGETHER.items() for name in names.split()
)


def _any(condition: str) -> str:
    """Return SQL for whether one of several answers is yes: NULL where one that is unknown may."""
    return (
        f"CASE WHEN bool_or({condition}) THEN TRUE "
        f"WHEN bool_and(({condition}) IS NOT NULL) THEN FALSE END"
    )


def _ends(vector: str) -> str:
    """Return SQL for how far a frame reaches along a vector of another image, from its position.

    A contour has no size beyond its points; of a frame whose size is not known it is NULL.
    """
    across, down = (
        " + ".join(f"{vector}{axis} * h.{side}{axis}" for axis in "xyz") for side in "ab"
    )
    return ", ".join(
        f"CASE WHEN d.contour THEN 0 ELSE {pick}({across}, 0 * ({across})) "
        f"+ {pick}({down}, 0 * ({down})) END AS {vector}_{end}"
        for pick, end in (("least", "low"), ("greatest", "high"))
    )


# One geometry for images of one frame and of several: what is drawn is held against each plane
# that it may mean. That is the plane of the image, or of the frame that is named; of a contour
# that names no frame, any of them (PS3.3 10.3: the reference is to all). A frame that is made from
# several others may lie between them. Copies under one UID may differ: whichever fits is meant.
_PLACED = f"""
WITH drawn AS (
    SELECT r.*, r.ReferencedSOPInstanceUID AS target, i.SeriesInstanceUID AS series,
           i.FrameOfReferenceUID AS frame_of_reference,
           r.tag_path LIKE '(3006,0039)/%' AS contour,
           lowest_frame IS NULL OR lowest_frame <> highest_frame AS spanning,
           count(*) OVER (PARTITION BY r.path, r.ReferencedSOPInstanceUID) AS drawings
    FROM "references" r JOIN instances i USING (path)
    WHERE r.lowest_x IS NOT NULL
), planes AS (
    SELECT path AS copy, SOPInstanceUID, FrameOfReferenceUID, FALSE AS several,
           0 AS first_frame, 0 AS last_frame, 0 AS step, NULL AS half_step, {_plane()},
           i."Rows" AS rows, i."Columns" AS columns
    FROM instances i
    WHERE coalesce(NumberOfFrames, 1) = 1 AND {_DRAWN_ON}
    UNION ALL
    SELECT path, SOPInstanceUID, FrameOfReferenceUID, coalesce(NumberOfFrames, 1) > 1,
           first_frame, last_frame, step,
           -- Frames of several times or echoes lie in one plane.
           CASE WHEN abs(step) > {FLAT} THEN abs(step) / 2 END, {_plane()}, rows, columns
    FROM extents i JOIN (
        SELECT path, SOPInstanceUID, FrameOfReferenceUID, NumberOfFrames, "Rows" AS rows,
               "Columns" AS columns
        FROM instances WHERE {_DRAWN_ON}
    ) USING (path)
), normals AS (
    SELECT *, [o[2]*o[6] - o[3]*o[5], o[3]*o[4] - o[1]*o[6], o[1]*o[5] - o[2]*o[4]] AS n
    FROM planes WHERE p IS NOT NULL AND o IS NOT NULL
), scalars AS (
    SELECT copy, SOPInstanceUID, FrameOfReferenceUID, several, first_frame, last_frame, step,
           half, half_step, hash(o) AS turn,
           {_numbers("n", "n")}, {_numbers("o", "u")}, {_numbers("o", "v", first=4)},
           CASE WHEN s[1] > 0 AND s[2] > 0 THEN greatest(s[1], s[2]) END AS pixel,
           s[2] * (columns - 1) AS width, s[1] * (rows - 1) AS height
    FROM normals
), sound AS (
    -- What is no direction measures nothing; a contour may lie in the very frame that has none.
    SELECT * FROM scalars
    QUALIFY bool_and(nx * nx + ny * ny + nz * nz BETWEEN 0.98 AND 1.02
                     AND ux * ux + uy * uy + uz * uz BETWEEN 0.98 AND 1.02)
            OVER (PARTITION BY copy, several)
), asked AS (
    SELECT * FROM drawn d JOIN (
        SELECT SOPInstanceUID AS target, count(*) AS runs FROM sound GROUP BY ALL
    ) USING (target)
    WHERE drawing IS NOT NULL
      AND drawings * runs <= CASE WHEN spanning THEN {_MOST_PAIRS} ELSE {_MOST_NAMED} END
), sized AS (
    SELECT path, {_vector("ImageOrientationPatient", 6)} AS o, {_vector("PixelSpacing", 2)} AS s,
           rows, columns
    FROM extents i JOIN (
        SELECT path, "Rows" AS rows, "Columns" AS columns FROM instances
        WHERE path IN (SELECT path FROM drawn WHERE NOT contour)
    ) USING (path)
), shapes AS (
    -- From its position a frame reaches as far as its first row (a) and its first column (b) do.
    SELECT DISTINCT path, greatest(s[1], s[2]) AS pixel,
           {", ".join(f"o[{n}] * s[2] * (columns - 1) AS a{axis}" for n, axis in _AXES)},
           {", ".join(f"o[{n + 3}] * s[1] * (rows - 1) AS b{axis}" for n, axis in _AXES)}
    FROM sized
    QUALIFY min(hash(o, s)) OVER (PARTITION BY path) = max(hash(o, s)) OVER (PARTITION BY path)
), measured AS (
    SELECT d.path, d.drawing, t.copy, t.first_frame, d.contour, t.several,
           t.several AND d.spanning AS spanning, t.turn, t.width, t.height,
           t.pixel + CASE WHEN d.contour THEN 0 ELSE h.pixel END AS pixel,
           -- What names one frame is nearer to it than to the next, however thick they are.
           CASE WHEN t.several AND d.spanning THEN coalesce(t.half, t.half_step)
                ELSE least(t.half, t.half_step) END + 1e-3 AS slack,
           {_ends("u")}, {_ends("v")},
           t.step, greatest(coalesce(d.lowest_frame, 0) - t.first_frame, 0) AS start,
           least(coalesce(d.highest_frame, t.last_frame), t.last_frame) - t.first_frame AS stop,
           {_reach("n", "above", "below")},
           {_reach("u", "rightmost", "leftmost")},
           {_reach("v", "lowermost", "uppermost")}
    FROM asked d JOIN sound t ON t.SOPInstanceUID = d.target LEFT JOIN shapes h ON h.path = d.path
    -- In another frame of reference the same numbers are another place.
    WHERE (d.contour OR coalesce(d.frame_of_reference = t.FrameOfReferenceUID, TRUE))
      AND (NOT t.several OR d.lowest_frame IS NULL
           OR (d.lowest_frame <= t.last_frame AND d.highest_frame >= t.first_frame
               -- Of a contour in several frames nothing says which of them a point lies in.
               AND NOT (d.contour AND d.spanning)))
), whole AS (
    SELECT path, drawing, copy, first_frame, {_SUMS}
    FROM measured GROUP BY path, drawing, copy, first_frame
), nearest AS (
    SELECT *, step * CASE WHEN step = 0 THEN 0 ELSE
               greatest(start, least(stop, round((above + below) / 2 / step))) END AS plane
    FROM whole
), placed AS (
    -- Of a slice of which nobody knows how thick it is, what lies near is in it.
    SELECT *, CASE WHEN above <= plane + coalesce(slack, {_TOLERANCE})
                        AND below >= plane - coalesce(slack, {_TOLERANCE}) THEN TRUE
                   WHEN slack IS NOT NULL THEN FALSE END AS here,
           -- A frame may reach beyond the image, and must share something with it.
           coalesce(rightmost + u_low <= width + pixel AND leftmost + u_high >= -pixel
                    AND lowermost + v_low <= height + pixel AND uppermost + v_high >= -pixel,
                    CASE WHEN NOT contour THEN TRUE END) AS inside
    FROM nearest
), copies AS (
    SELECT path, drawing, bool_or(several) AS several, bool_or(spanning AND NOT contour) AS among,
           min(turn) = max(turn) AS parallel, {_any("inside")} AS inside,
           CASE WHEN min(above - greatest(start * step, stop * step)
                         - coalesce(slack, {_TOLERANCE})) <= 0
                     AND max(below - least(start * step, stop * step)
                             + coalesce(slack, {_TOLERANCE})) >= 0 THEN TRUE
                WHEN bool_and(slack IS NOT NULL) THEN FALSE END AS between,
           {_any("here")} AS here, {_any("here AND inside")} AS fits
    FROM placed GROUP BY path, drawing, copy
), answers AS (
    SELECT path, drawing, bool_or(several) AS several, bool_or(among) AS among,
           {_any("CASE WHEN among THEN between ELSE here END")} AS here,
           {_any("CASE WHEN among THEN between AND inside ELSE fits END")} AS fits
    FROM copies WHERE NOT among OR parallel GROUP BY path, drawing
), resolved AS (
    SELECT d.path, tag_path, series, fits IS NOT NULL AS judged,
           NOT here AND NOT several AS off,
           NOT here AND several AND NOT spanning AS off_frame,
           NOT here AND several AND spanning AND NOT among AS off_all,
           NOT here AND several AND among AS outside,
           NOT fits AND contour AND here IS DISTINCT FROM FALSE AS beyond,
           NOT fits AND NOT contour AND here IS DISTINCT FROM FALSE AS beside
    FROM drawn d LEFT JOIN answers USING (path, drawing)
)
"""
_OUTSIDE = _Closure(
    _PLACED,
    "judged",
    {
        "lies off the plane of the image it names": "off",
        "lies off the plane of the frame it names": "off_frame",
        "lies in no plane of the image it names": "off_all",
        "lies before the first or behind the last frame that it is made from": "outside",
        "reaches beyond the image it names": "beyond",
        "lies beside the rows and columns of the image it names": "beside",
    },
    "the image that is named is not in this download, or does not say where each of its frames "
    "lies, how it is turned and thick and how large its pixels are, or there is more than can be "
    "followed",
)


@rule(
    id="REF013",
    category="references",
    severity="warning",
    confidence="high",
    scope="collection",
    unit="instance",
    reads=(
        *_REFERENCE,
        "references.lowest_frame",
        "references.highest_frame",
        "references.drawing",
        *(f"references.{end}_{axis}" for axis in "xyz" for end in ("lowest", "highest")),
        *_INSTANCE,
        "instances.FrameOfReferenceUID",
        "instances.NumberOfFrames",
        "instances.ImagePositionPatient",
        "instances.ImageOrientationPatient",
        "instances.PixelSpacing",
        "instances.SliceThickness",
        "instances.Rows",
        "instances.Columns",
        "extents.path",
        "extents.first_frame",
        "extents.last_frame",
        "extents.ImagePositionPatient",
        "extents.ImageOrientationPatient",
        "extents.PixelSpacing",
        "extents.SliceThickness",
        "extents.step",
    ),
    reference="PS3.3 C.8.8.6, C.7.6.2.1.1, C.7.6.16.2.3, C.7.6.16.2.6",
    applies=_OUTSIDE.units,
)
def outside_the_source(collection: CollectionFacts) -> Iterator[Finding]:
    """A contour, or a frame of a segmentation, lies off the slices of the image that it names.

    Why it matters
    --------------
    What is drawn elsewhere than the image lies belongs to another slice, or to another
    patient's anatomy: measured and trained on, it is wrong, and a viewer that goes by the
    reference shows it in the wrong slice.

    How to fix
    ----------
    Find out whether the reference or the coordinates are right. Where a contour names another frame
    than it lies in, write that one's number into Referenced Frame Number (0008,1160). Where images
    were resampled or turned, transform the contours with them. What lies elsewhere is drawn again.

    Command
    -------
    duckdb -c "SELECT collection, tag_path, count, example FROM 'OUT/findings/*.parquet'
    WHERE rule = 'REF013'"
    dcmdump +P ImagePositionPatient +P ImageOrientationPatient +P PixelSpacing IMAGE

    Example
    -------
    Contours 5 mm off the slice that Contour Image Sequence names; contours of the first frame that
    name the third; a contour beside the rows and columns of the image; a frame of a segmentation
    above the last frame of the enhanced MR image that it is made from, or with nothing of it over
    the rows and columns of its image. Half a slice and a pixel are tolerated, and what names one
    frame may lie no nearer to the next; of a slice of unknown thickness only what lies within half
    a millimetre is judged. A contour that names an image and no frame of it may lie in any of its
    frames; a frame of a segmentation that names none, or several, may lie between them. Contours
    that name several images or frames are not looked at, nor frames that are made from several
    images. Where a frame lies is taken from the functional groups. Of other images of several
    frames (nuclear medicine, doses, projections, volumes of ultrasound) nothing is judged, nor of
    images of more than 100,000 frames, or of 10,000 that are not evenly spaced, nor of objects with
    more than 50,000 contours.
    """
    yield from _OUTSIDE.findings(collection)


# An item names the segments beside the segmentation: both stand in one place.
_SEGMENTS = f"""
WITH segmentations AS (
    SELECT path, SOPInstanceUID FROM instances
    WHERE SOPClassUID IN ({_quoted(SEGMENTATIONS)}) AND SOPInstanceUID IS NOT NULL
), targets AS (
    SELECT DISTINCT r.path, r.tag_path AS place, s.path AS target
    FROM "references" r JOIN segmentations s ON s.SOPInstanceUID = r.ReferencedSOPInstanceUID
), given AS (
    SELECT DISTINCT t.path, t.place, n.number
    FROM targets t JOIN numbers n ON n.path = t.target AND n.keyword = 'SegmentNumber'
), picked AS (
    SELECT path, number, tag_path, regexp_replace(tag_path, '/[^/]*$', '') AS place
    FROM numbers WHERE keyword = 'ReferencedSegmentNumber'
), resolved AS (
    SELECT p.path, p.tag_path, i.SeriesInstanceUID AS series,
           (p.path, p.place) IN (SELECT (path, place) FROM targets) AS known,
           (p.path, p.place, p.number) NOT IN (SELECT (path, place, number) FROM given) AS missing
    FROM picked p JOIN instances i USING (path)
    WHERE (p.path, p.place) IN (SELECT (path, tag_path) FROM "references")
)
"""
_NO_SEGMENT = _Closure(
    _SEGMENTS,
    "known",
    {"refers to a segment that the segmentation does not have": "known AND missing"},
    "the segmentation is not in this download",
)


@rule(
    id="REF014",
    category="references",
    severity="error",
    confidence="high",
    scope="collection",
    unit="instance",
    reads=(
        *_REFERENCE,
        "numbers.path",
        "numbers.tag_path",
        "numbers.keyword",
        "numbers.number",
        *_INSTANCE,
        "instances.SOPClassUID",
    ),
    reference="PS3.3 10.3 Table 10-3, C.18.4",
    applies=_NO_SEGMENT.units,
)
def segment_not_there(collection: CollectionFacts) -> Iterator[Finding]:
    """An object refers to a segment that the segmentation does not have.

    Why it matters
    --------------
    A measurement belongs to a segment. Of one that is not there nobody knows what was
    measured.

    How to fix
    ----------
    Write a Segment Number (0062,0004) of the segmentation into Referenced Segment Number
    (0062,000B), or refer to the segmentation that the number is of.

    Command
    -------
    duckdb -c "SELECT collection, tag_path, count, example FROM 'OUT/findings/*.parquet'
    WHERE rule = 'REF014'"
    dcmodify -nb -m "TAG=NUMBER" FILE

    Example
    -------
    A report on segment 3 of a segmentation that was written anew with one.
    """
    yield from _NO_SEGMENT.findings(collection)
