"""What objects say of the patient, study, series and frame of reference that they share.

PS3.3 A.1.2: an attribute of an information entity is the same in all objects of it. Only values
are compared: that one object leaves out what another says contradicts nothing. A second opinion
is that of dcentvfy, which says of each attribute in each SOP Class whether it is an entity's: with
it confidence is high, else medium.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from auditor import CollectionFacts, Finding, TagPath, Units, rule
from auditor.collection import nameless
from auditor.inventory import IS_INSTANCE
from auditor.model import Confidence
from auditor.standard.entities import (
    BY_IMAGE,
    EQUIPMENT,
    FRAME_OF_REFERENCE,
    PATIENT,
    SERIES,
    STUDY,
    compared_by_dcentvfy,
)

_PATIENT = "struct_pack(a := PatientID, b := IssuerOfPatientID)"
_SERIES_READS = ("SeriesInstanceUID", "FrameOfReferenceUID")
_UIDS = ("StudyInstanceUID", "SeriesInstanceUID")


def _reads(*columns: str) -> tuple[str, ...]:
    return tuple(f"entities.{column}" for column in ("path", "SOPClassUID", *columns))


def _value(attribute: str) -> str:
    """Return SQL of an attribute's value, none where it is the image's own."""
    if attribute not in BY_IMAGE:
        return attribute
    classes = ", ".join(f"'{uid}'" for uid in sorted(BY_IMAGE[attribute]))
    return f"CASE WHEN SOPClassUID NOT IN ({classes}) THEN {attribute} END"


_OBJECTS = tuple(
    f"instances.{column}"
    for column in ("status", "SOPClassUID", "MediaStorageSOPClassUID", "SeriesInstanceUID")
)


def _nameless(collection: CollectionFacts, known: str, among: str = "TRUE") -> int:
    # Each object may be a series of its own, and not each has a row among the entities.
    if known != "SeriesInstanceUID":
        return collection.count(f"SELECT {nameless(known, among)} FROM entities")
    sop_class = "coalesce(SOPClassUID, MediaStorageSOPClassUID)"
    return collection.count(
        f"SELECT {nameless(known, among, sop_class)} FROM instances WHERE {IS_INSTANCE}"
    )


def _units(
    unit: str, known: str, attributes: tuple[str, ...]
) -> Callable[[CollectionFacts], Units]:
    """Judge entities by their identifier; what has none cannot be put together."""
    titles = {"PatientID": "Patient ID", "StudyInstanceUID": "Study Instance UID"}
    reason = f"objects without a {titles.get(known, 'Series Instance UID')}"

    def units(collection: CollectionFacts) -> Units:
        differs = " OR ".join(f"min({_value(each)}) <> max({_value(each)})" for each in attributes)
        row = collection.rows(
            "SELECT count(*), count(*) FILTER (differs) FROM "
            f"(SELECT coalesce({differs}, FALSE) AS differs FROM entities "
            f"WHERE {known} IS NOT NULL GROUP BY {unit})"
        )[0]
        unknown = _nameless(collection, known)
        return Units(row[0], unknown, reason, row[1])

    return units


def _differing(
    collection: CollectionFacts, unit: str, known: str, attributes: tuple[str, ...], what: str
) -> Iterator[Finding]:
    """Yield a finding for each attribute that differs within entities, with two files of each."""
    counts = ", ".join(f"count(*) FILTER (a{number})" for number in range(len(attributes)))
    differ = ", ".join(
        f"min({_value(each)}) <> max({_value(each)}) AS a{number}"
        for number, each in enumerate(attributes)
    )
    row = collection.rows(
        f"SELECT {counts} FROM (SELECT {differ} FROM entities "
        f"WHERE {known} IS NOT NULL GROUP BY {unit})"
    )[0]
    for attribute, count in zip(attributes, row, strict=True):
        if not count:
            continue
        value = _value(attribute)
        for agreed, number, paths in collection.rows(
            "SELECT agreed, count(*), flatten(list(list_sort(pair) ORDER BY list_sort(pair))[:3]) "
            f"FROM (SELECT {_both_say_so(attribute, value)} AS agreed, "
            f"[arg_min(path, ({value}, path)), arg_max(path, ({value}, path))] AS pair "
            f"FROM entities WHERE {known} IS NOT NULL AND {value} IS NOT NULL "
            f"GROUP BY {unit} HAVING min({value}) <> max({value})) GROUP BY agreed "
            "ORDER BY agreed DESC"
        ):
            yield _finding(what, attribute, agreed, number, paths)


def _both_say_so(attribute: str, value: str) -> str:
    """Return SQL of whether objects differ of which dcentvfy compares the attribute."""
    classes = ", ".join(f"'{uid}'" for uid in compared_by_dcentvfy(attribute))
    if not classes:
        return "FALSE"
    among = f"FILTER (SOPClassUID IN ({classes}))"
    return f"coalesce(min({value}) {among} <> max({value}) {among}, FALSE)"


def _finding(what: str, attribute: str, agreed: bool, count: int, paths: list[str]) -> Finding:
    return Finding(
        f"{what}, by our tables and dcentvfy's" if agreed else f"{what}, by our tables alone",
        TagPath.of(attribute),
        count=count,
        examples=tuple(paths),
        confidence=Confidence.HIGH if agreed else Confidence.MEDIUM,
    )


@rule(
    id="CONS021",
    category="consistency",
    severity="warning",
    confidence="high",
    scope="collection",
    unit="patient",
    reads=_reads(*_UIDS, "PatientID", "IssuerOfPatientID", *PATIENT),
    reference="PS3.3 A.1.2, C.7.1",
    applies=_units(_PATIENT, "PatientID", PATIENT),
)
def patient_differs(collection: CollectionFacts) -> Iterator[Finding]:
    """What objects say of one patient differs.

    Why it matters
    --------------
    Either two persons share a Patient ID, or some objects were de-identified in another way
    than the rest: then they still say what the others hide.

    How to fix
    ----------
    Give each person an ID of their own; else write one value into all objects of the patient,
    derived ones included.

    Command
    -------
    duckdb -c "SELECT collection, tag_path, count, example FROM 'OUT/findings/*.parquet'
    WHERE rule = 'CONS021'"
    dcmodify -nb -m "TAG=VALUE" FILE

    Example
    -------
    Patient's Name was replaced in the CT and kept in its structure set.
    """
    yield from _differing(
        collection, _PATIENT, "PatientID", PATIENT, "differs between objects of one patient"
    )


@rule(
    id="CONS022",
    category="consistency",
    severity="warning",
    confidence="high",
    scope="collection",
    unit="study",
    reads=_reads(*_UIDS, *STUDY),
    reference="PS3.3 A.1.2, C.7.2",
    applies=_units("StudyInstanceUID", "StudyInstanceUID", STUDY),
)
def study_differs(collection: CollectionFacts) -> Iterator[Finding]:
    """What objects say of one study differs.

    Why it matters
    --------------
    An archive keeps what came first and shows that for all: which date, age or description a
    reader sees depends on the order in which objects arrived.

    How to fix
    ----------
    Copy the study's attributes from the images into what is derived from them, and shift dates
    of one patient by one offset.

    Command
    -------
    duckdb -c "SELECT collection, tag_path, count, example FROM 'OUT/findings/*.parquet'
    WHERE rule = 'CONS022'"
    dcmodify -nb -m "TAG=VALUE" FILE

    Example
    -------
    A segmentation has the day it was drawn as Study Date.
    """
    yield from _differing(
        collection,
        "StudyInstanceUID",
        "StudyInstanceUID",
        STUDY,
        "differs between objects of one study",
    )


_OF_A_SERIES = ("FrameOfReferenceUID", *SERIES, *EQUIPMENT)


@rule(
    id="CONS023",
    category="consistency",
    severity="warning",
    confidence="high",
    scope="collection",
    unit="series",
    reads=(*_reads(*_SERIES_READS, *SERIES, *EQUIPMENT), *_OBJECTS),
    reference="PS3.3 A.1.2, C.7.3, C.7.4.1.1.1, C.7.5.1",
    applies=_units("SeriesInstanceUID", "SeriesInstanceUID", _OF_A_SERIES),
)
def series_differs(collection: CollectionFacts) -> Iterator[Finding]:
    """What objects say of one series, or of the equipment that made it, differs.

    Why it matters
    --------------
    Series are loaded as one: by the protocol, position or machine that the first object names.
    Objects of two frames of reference are not in one space.

    How to fix
    ----------
    Give objects that were made in another way a series of their own; else write one value
    into all objects of the series.

    Command
    -------
    duckdb -c "SELECT collection, tag_path, count, example FROM 'OUT/findings/*.parquet'
    WHERE rule = 'CONS023'"
    dcmodify -nb -m "TAG=VALUE" FILE

    Example
    -------
    Two machines, or two frames of reference, in one series.
    """
    yield from _differing(
        collection,
        "SeriesInstanceUID",
        "SeriesInstanceUID",
        _OF_A_SERIES,
        "differs between objects of one series",
    )


# Of a frame of reference nobody counts; its series are what is right or wrong.
_CONTRADICTED = (
    "FrameOfReferenceUID IN (SELECT FrameOfReferenceUID FROM entities "
    "WHERE FrameOfReferenceUID IS NOT NULL GROUP BY FrameOfReferenceUID "
    "HAVING min(PositionReferenceIndicator) <> max(PositionReferenceIndicator))"
)


def _series_with_a_frame(collection: CollectionFacts) -> Units:
    judged, failed = collection.rows(
        "SELECT count(DISTINCT SeriesInstanceUID), "
        f"count(DISTINCT SeriesInstanceUID) FILTER ({_CONTRADICTED}) FROM entities "
        "WHERE FrameOfReferenceUID IS NOT NULL AND SeriesInstanceUID IS NOT NULL"
    )[0]
    unknown = _nameless(collection, "SeriesInstanceUID", "FrameOfReferenceUID IS NOT NULL")
    return Units(judged, unknown, "objects without a Series Instance UID", failed)


@rule(
    id="CONS024",
    category="consistency",
    severity="warning",
    confidence="high",
    scope="collection",
    unit="series",
    reads=(
        *_reads("SeriesInstanceUID", "FrameOfReferenceUID", *FRAME_OF_REFERENCE),
        *_OBJECTS,
        "instances.FrameOfReferenceUID",
    ),
    reference="PS3.3 A.1.2, C.7.4.1",
    applies=_series_with_a_frame,
)
def frame_of_reference_differs(collection: CollectionFacts) -> Iterator[Finding]:
    """What objects say of one frame of reference differs.

    Why it matters
    --------------
    Coordinates of one frame of reference have one origin. Where objects name two reference
    points for it, either the point is wrong or the UID is shared by two spaces.

    How to fix
    ----------
    Find out which; give each space a Frame of Reference UID of its own.

    Command
    -------
    duckdb -c "SELECT collection, tag_path, count, example FROM 'OUT/findings/*.parquet'
    WHERE rule = 'CONS024'"
    dcmodify -nb -m "TAG=VALUE" FILE

    Example
    -------
    Position Reference Indicator is XY in one series and SN in another of the same frame.
    """
    both = _both_say_so("PositionReferenceIndicator", "PositionReferenceIndicator")
    # dcentvfy looks at frames of reference series by series.
    within = (
        "SELECT SeriesInstanceUID FROM entities WHERE SeriesInstanceUID IS NOT NULL "
        f"AND FrameOfReferenceUID IS NOT NULL GROUP BY SeriesInstanceUID, FrameOfReferenceUID "
        f"HAVING {both}"
    )
    for agreed, count, paths in collection.rows(
        f"SELECT SeriesInstanceUID IN ({within}) AS agreed, count(DISTINCT SeriesInstanceUID), "
        f"min(path, 5) FROM entities WHERE SeriesInstanceUID IS NOT NULL AND {_CONTRADICTED} "
        "GROUP BY agreed ORDER BY agreed DESC"
    ):
        yield _finding(
            "differs between objects of one frame of reference",
            "PositionReferenceIndicator",
            agreed,
            count,
            paths,
        )
