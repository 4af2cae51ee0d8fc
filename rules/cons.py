"""Consistency of a collection: identifiers that must be unique, and attributes that must agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from auditor import CollectionFacts, Finding, TagPath, Units, rule
from auditor.collection import nameless
from auditor.inventory import IS_INSTANCE

# A directory of a file-set is no instance of the collection; its data set has no SOP Class UID.
# Whoever is to mend a conflict needs both sides of it: two files of each unit.
_PAIRS = "flatten(list(list_sort(pair) ORDER BY list_sort(pair))[:3])"

# A conflict is of a series if all of it is in that one; of none if it is between several.
_ITS_SERIES = (
    "CASE WHEN min(SeriesInstanceUID) = max(SeriesInstanceUID) "
    "AND count(SeriesInstanceUID) = count(*) THEN min(SeriesInstanceUID) END"
)
_BY_SERIES = "GROUP BY series ORDER BY min(list_sort(pair))"


_CLASS = "coalesce(SOPClassUID, MediaStorageSOPClassUID)"


def _holding(
    unit: str, column: str, reason: str = "objects that do not say"
) -> Callable[[CollectionFacts], Units]:
    """Judge units that hold a value of a column; of the others nothing can be said."""

    def units(collection: CollectionFacts) -> Units:
        known, silent = collection.rows(
            "SELECT count(*) FILTER (known), count(*) FILTER (NOT known) FROM "
            f"(SELECT count({column}) > 0 AS known FROM instances "
            f"WHERE {IS_INSTANCE} AND {unit} IS NOT NULL GROUP BY {unit})"
        )[0]
        unknown = collection.count(
            f"SELECT {nameless(unit, sop_class=_CLASS)} FROM instances WHERE {IS_INSTANCE}"
        )
        return Units(known, silent + unknown, reason)

    return units


def _conflicts(
    collection: CollectionFacts, unit: str, column: str, message: str, place: TagPath
) -> Iterator[Finding]:
    """Yield one finding a series for the units that hold more than one value of a column."""
    for series, count, paths in collection.rows(
        f"SELECT series, count(*), {_PAIRS} FROM (SELECT {_ITS_SERIES} AS series, "
        f"[arg_min(path, ({column}, path)), arg_max(path, ({column}, path))] AS pair "
        f"FROM instances WHERE {IS_INSTANCE} AND {unit} IS NOT NULL AND {column} IS NOT NULL "
        f"GROUP BY {unit} HAVING count(DISTINCT {column}) > 1) {_BY_SERIES}"
    ):
        yield Finding(message, place, count=count, examples=tuple(paths), series=series)


_FILES = (
    "instances.path",
    "instances.status",
    "instances.SOPClassUID",
    "instances.MediaStorageSOPClassUID",
)
_BASE = (*_FILES, "instances.SeriesInstanceUID")
_NO_ID = "objects without a Patient ID: nobody knows which are of one person"


def _instances(collection: CollectionFacts) -> Units:
    row = collection.rows(
        "SELECT count(DISTINCT SOPInstanceUID), count(*) FILTER (SOPInstanceUID IS NULL) "
        f"FROM instances WHERE {IS_INSTANCE}"
    )[0]
    return Units(row[0], row[1], "objects without a SOP Instance UID")


@rule(
    id="CONS001",
    category="consistency",
    severity="error",
    confidence="high",
    scope="collection",
    unit="instance",
    reads=(*_BASE, "instances.SOPInstanceUID"),
    reference="PS3.3 C.12.1, PS3.5 9",
    applies=_instances,
)
def duplicate_instance(collection: CollectionFacts) -> Iterator[Finding]:
    """One SOP Instance UID stands in several files.

    Why it matters
    --------------
    An archive keeps one of them and drops the others; counts of images are wrong, and two
    different objects under one UID cannot be told apart by any reference.

    How to fix
    ----------
    Remove copies; give objects that differ a SOP Instance UID each.

    Command
    -------
    duckdb -csv -c "SELECT collection, SOPInstanceUID, path
    FROM 'OUT/instances/*.parquet' WHERE SOPInstanceUID IS NOT NULL
    QUALIFY count(*) OVER (PARTITION BY collection, SOPInstanceUID) > 1 ORDER BY ALL"
    cmp FILE OTHER-FILE
    dcmodify -nb -gin FILE

    Example
    -------
    The same slice in two folders of the download.
    """
    for series, count, paths in collection.rows(
        f"SELECT series, count(*), {_PAIRS} FROM (SELECT {_ITS_SERIES} AS series, "
        f"[min(path), max(path)] AS pair FROM instances "
        f"WHERE {IS_INSTANCE} AND SOPInstanceUID IS NOT NULL GROUP BY SOPInstanceUID "
        f"HAVING count(*) > 1) {_BY_SERIES}"
    ):
        yield Finding(
            "a SOP Instance UID stands in more than one file",
            TagPath.of("SOPInstanceUID"),
            count=count,
            examples=tuple(paths),
            series=series,
        )


@rule(
    id="CONS002",
    category="consistency",
    severity="error",
    confidence="high",
    scope="collection",
    unit="series",
    reads=(*_BASE, "instances.StudyInstanceUID"),
    reference="PS3.3 A.1.2",
    applies=_holding("SeriesInstanceUID", "StudyInstanceUID"),
)
def series_in_two_studies(collection: CollectionFacts) -> Iterator[Finding]:
    """One series belongs to several studies.

    Why it matters
    --------------
    A series is part of exactly one study. Archives split it or refuse it.

    How to fix
    ----------
    Replace Series and Study Instance UIDs by one mapping for the whole collection.

    Command
    -------
    duckdb -csv -c "SELECT collection, SeriesInstanceUID, StudyInstanceUID, path
    FROM 'OUT/instances/*.parquet' WHERE SeriesInstanceUID IS NOT NULL
    QUALIFY min(StudyInstanceUID) OVER (PARTITION BY collection, SeriesInstanceUID)
    <> max(StudyInstanceUID) OVER (PARTITION BY collection, SeriesInstanceUID) ORDER BY ALL"
    dcmodify -nb -m "(0020,000D)=UID" FILE

    Example
    -------
    Half of the slices kept their Study Instance UID and half got a new one.
    """
    yield from _conflicts(
        collection,
        "SeriesInstanceUID",
        "StudyInstanceUID",
        "a series has more than one Study Instance UID",
        TagPath.of("StudyInstanceUID"),
    )


@rule(
    id="CONS003",
    category="consistency",
    severity="error",
    confidence="high",
    scope="collection",
    unit="study",
    reads=(*_BASE, "instances.StudyInstanceUID", "instances.PatientID"),
    reference="PS3.3 A.1.2",
    applies=_holding("StudyInstanceUID", "PatientID", _NO_ID),
)
def study_of_two_patients(collection: CollectionFacts) -> Iterator[Finding]:
    """One study belongs to several patients.

    Why it matters
    --------------
    Images of one examination are counted as different persons', and a split into training and
    test data by patient leaks.

    How to fix
    ----------
    Give all objects of a study the same Patient ID.

    Command
    -------
    duckdb -csv -c "SELECT collection, StudyInstanceUID, PatientID, path
    FROM 'OUT/instances/*.parquet' WHERE StudyInstanceUID IS NOT NULL
    QUALIFY min(PatientID) OVER (PARTITION BY collection, StudyInstanceUID)
    <> max(PatientID) OVER (PARTITION BY collection, StudyInstanceUID) ORDER BY ALL"
    dcmodify -nb -m "(0010,0020)=CASE-001" FILE

    Example
    -------
    Images and segmentation of one study with differently replaced Patient IDs.
    """
    yield from _conflicts(
        collection,
        "StudyInstanceUID",
        "PatientID",
        "a study has more than one Patient ID",
        TagPath.of("PatientID"),
    )


# Illegal spellings of one sex are not two sexes.
_SEX = "CASE WHEN PatientSex IN ('F', 'M', 'O') THEN PatientSex END"


def _with_a_sex(collection: CollectionFacts) -> Units:
    row = collection.rows(
        f"SELECT count(DISTINCT PatientID), {nameless('PatientID', sop_class=_CLASS)} "
        f"FROM instances WHERE {IS_INSTANCE} AND {_SEX} IS NOT NULL"
    )[0]
    return Units(row[0], row[1], _NO_ID)


@rule(
    id="CONS004",
    category="consistency",
    severity="warning",
    confidence="high",
    scope="collection",
    unit="patient",
    reads=(*_BASE, "instances.StudyInstanceUID", "instances.PatientID", "instances.PatientSex"),
    reference="PS3.3 C.7.1.1",
    applies=_with_a_sex,
)
def conflicting_sex(collection: CollectionFacts) -> Iterator[Finding]:
    """One patient has several sexes.

    Why it matters
    --------------
    Either one Patient ID stands for two persons, or a demographic value is wrong.

    How to fix
    ----------
    Find out which: compare with the clinical table, then correct the ID or the value.

    Command
    -------
    duckdb -csv -c "SELECT collection, PatientID, PatientSex, path
    FROM 'OUT/instances/*.parquet' WHERE PatientID IS NOT NULL AND PatientSex IN ('F', 'M', 'O')
    QUALIFY min(PatientSex) OVER (PARTITION BY collection, PatientID)
    <> max(PatientSex) OVER (PARTITION BY collection, PatientID) ORDER BY ALL"
    dcmodify -nb -m "(0010,0040)=VALUE" FILE

    Example
    -------
    F in the CT, M in the structure set.
    """
    yield from _conflicts(
        collection,
        "PatientID",
        _SEX,
        "a patient has more than one sex",
        TagPath.of("PatientSex"),
    )


_MODALITY = "nullif(Modality, '')"


@rule(
    id="CONS005",
    category="consistency",
    severity="error",
    confidence="high",
    scope="collection",
    unit="series",
    reads=(*_BASE, "instances.Modality"),
    reference="PS3.3 A.1.4, C.7.3.1",
    applies=_holding("SeriesInstanceUID", _MODALITY),
)
def mixed_modality(collection: CollectionFacts) -> Iterator[Finding]:
    """One series holds several modalities.

    Why it matters
    --------------
    A series is of one modality. Viewers sort and load by series, and would mix a CT slice
    with its segmentation.

    How to fix
    ----------
    Give derived objects a series of their own.

    Command
    -------
    duckdb -csv -c "SELECT collection, SeriesInstanceUID, Modality, path
    FROM 'OUT/instances/*.parquet' WHERE SeriesInstanceUID IS NOT NULL AND Modality <> ''
    QUALIFY min(Modality) OVER (PARTITION BY collection, SeriesInstanceUID)
    <> max(Modality) OVER (PARTITION BY collection, SeriesInstanceUID) ORDER BY ALL"
    dcmodify -nb -m "(0020,000E)=UID" FILE

    Example
    -------
    Screen captures stored in the series of the images that they show.
    """
    yield from _conflicts(
        collection,
        "SeriesInstanceUID",
        _MODALITY,
        "a series has more than one modality",
        TagPath.of("Modality"),
    )


_FEWEST = 20
"""Patients below which one image each says nothing."""


def _patients_with_images(collection: CollectionFacts) -> Units:
    patients, unknown = collection.rows(
        f"SELECT count(DISTINCT PatientID), {nameless('PatientID', sop_class=_CLASS)} "
        f"FROM instances WHERE {IS_INSTANCE}"
    )[0]
    if patients >= _FEWEST:
        return Units(1)
    return Units(0, int(patients + unknown >= _FEWEST), _NO_ID)


@rule(
    id="CONS006",
    category="consistency",
    severity="warning",
    confidence="low",
    scope="collection",
    unit="collection",
    reads=(*_BASE, "instances.StudyInstanceUID", "instances.PatientID", "instances.SOPInstanceUID"),
    reference="PS3.3 C.7.1.1 (Patient ID identifies a patient)",
    applies=_patients_with_images,
)
def a_patient_an_image(collection: CollectionFacts) -> Iterator[Finding]:
    """Almost every image is its own patient.

    Why it matters
    --------------
    Where Patient ID carries side, view or lesion, one person counts several times: numbers of
    patients are wrong, and images of one person land in training and in test data.

    How to fix
    ----------
    Give every person one Patient ID; side and view have attributes of their own. If there is
    one image a person, nothing is wrong.

    Command
    -------
    duckdb -c "SELECT collection, count(DISTINCT PatientID), count(DISTINCT SOPInstanceUID)
    FROM 'OUT/instances/*.parquet' GROUP BY ALL"
    CTP: <e en="T" t="00100020" n="PatientID">@lookup(this,ptid)</e>

    Example
    -------
    A mammography collection of 1,566 persons with 6,671 Patient IDs.
    """
    for patients, single, paths in collection.rows(
        "SELECT count(*), count(*) FILTER (n = 1), min(path, 5) FROM (SELECT PatientID, "
        "count(DISTINCT SOPInstanceUID) AS n, min(path) AS path FROM instances "
        f"WHERE {IS_INSTANCE} AND PatientID IS NOT NULL GROUP BY PatientID)"
    ):
        if single >= 0.9 * patients:
            yield Finding(
                "nine of ten patients or more have one instance each",
                TagPath.of("PatientID"),
                examples=tuple(paths),
            )
