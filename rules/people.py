"""De-identification of a collection: whether patients, dates and UIDs fit together in it.

What is compared is not shown: names and IDs are keyed hashes, dates have lost their year.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from auditor import (
    CollectionFacts,
    Element,
    Finding,
    InstanceFacts,
    Place,
    Selector,
    TagPath,
    Units,
    comparison,
    judge,
    rule,
    summary,
)
from auditor.collection import nameless
from auditor.model import Confidence
from auditor.standard.confidentiality import METHODS, Method
from auditor.standard.dictionary import tag_of
from auditor.twins import CANDIDATES, COLUMNS, HOW_MANY, NAMELESS

FLAG = "PatientIdentityRemoved"
CODES = "DeidentificationMethodCodeSequence"
MODIFIED = "LongitudinalTemporalInformationModified"

_FEWEST = 20
"""Patients below which each is alone in most cells, and nothing is learned from it."""

SMALL = 5
"""Patients below which a cell counts as small, as it does in published tables."""

# Ages are cut to whole years, and what was written at the reception is off by some months.
_AGE_SLACK = 800
"""Days by which an age and two dates may disagree."""

_DATE_SLACK = 31
"""Days that the acquisition of an image may lie from the date of its study."""

_OLDEST = 125 * 366
"""Days that nobody has lived."""

# An age of 89 years or more may be a cap that stands for all above it.
_CAPPED = 32_500

_PAIR = "[min(path), max(path)]"
_PAIRS = "flatten(list(list_sort(pair) ORDER BY list_sort(pair))[:3])"


def _people(*columns: str) -> tuple[str, ...]:
    ids = ("PatientID", "StudyInstanceUID", "SeriesInstanceUID")
    names = dict.fromkeys((*ids, *columns))
    return tuple(f"people.{column}" for column in names)


# Who has no Patient ID is compared with nobody.
_KNOWN = "(FROM people WHERE PatientID IS NOT NULL)"


def _unknown(collection: CollectionFacts, among: str = "TRUE") -> int:
    """Return how many patients there may be who have no Patient ID."""
    # The table has no objects that are of no patient by their kind.
    return collection.count(f"SELECT {nameless('PatientID', among, 'NULL')} FROM people")


def _why(other: int, said: str, unknown: int) -> str:
    """Return why some patients are not evaluated."""
    no_id = "objects without a Patient ID: nobody knows which are of one person"
    return "; ".join([said] * (other > 0) + [no_id] * (unknown > 0))


_TWO_IDS = {
    "patients share a frame of reference": (
        # Where the study is the same, too, another rule has said it.
        f"SELECT list(DISTINCT PatientID) AS ids, {_PAIR} AS pair FROM {_KNOWN} "
        "WHERE FrameOfReferenceUID IS NOT NULL GROUP BY FrameOfReferenceUID "
        "HAVING count(DISTINCT PatientID) > 1 AND count(DISTINCT StudyInstanceUID) > 1",
        TagPath.of("FrameOfReferenceUID"),
    ),
    "patients have one name and one birth date": (
        f"SELECT list(DISTINCT PatientID) AS ids, {_PAIR} AS pair FROM {_KNOWN} "
        "WHERE PatientName IS NOT NULL AND birth IS NOT NULL GROUP BY PatientName, birth "
        "HAVING count(DISTINCT PatientID) > 1",
        TagPath.of("PatientName"),
    ),
    "patients have one birth date and one sex, and were examined on one day": (
        f"SELECT list(DISTINCT PatientID) AS ids, {_PAIR} AS pair FROM {_KNOWN} "
        "WHERE birth IS NOT NULL AND study IS NOT NULL AND PatientSex IN ('F', 'M', 'O') "
        "GROUP BY birth, PatientSex, study HAVING count(DISTINCT PatientID) > 1",
        TagPath.of("PatientBirthDate"),
    ),
}


def _told_apart(collection: CollectionFacts) -> Units:
    judged, other = collection.rows(
        "SELECT count(*) FILTER (known), count(*) FILTER (NOT known) FROM (SELECT bool_or("
        "FrameOfReferenceUID IS NOT NULL OR (birth IS NOT NULL AND (PatientName IS NOT NULL "
        "OR (study IS NOT NULL AND PatientSex IN ('F', 'M', 'O'))))) AS known "
        f"FROM {_KNOWN} GROUP BY PatientID)"
    )[0]
    together = " UNION ALL ".join(f"SELECT ids FROM ({sql})" for sql, _ in _TWO_IDS.values())
    failed = collection.count(
        f"SELECT count(DISTINCT id) FROM (SELECT unnest(ids) AS id FROM ({together}))"
    )
    unknown = _unknown(collection)
    said = _why(other, "patients of whom nothing is left to compare", unknown)
    return Units(judged, other + unknown, said, failed)


@rule(
    id="DEID501",
    category="deidentification",
    severity="warning",
    confidence="medium",
    scope="collection",
    unit="patient",
    reads=_people(
        "path",
        "PatientName",
        "PatientSex",
        "StudyInstanceUID",
        "FrameOfReferenceUID",
        "birth",
        "study",
    ),
    reference="PS3.3 C.7.1.1, C.7.4.1; PS3.15 E.1.1",
    applies=_told_apart,
)
def one_under_several_ids(collection: CollectionFacts) -> Iterator[Finding]:
    """One patient seems to have several Patient IDs.

    Why it matters
    --------------
    Images of one person land in training and in test data, and are counted as two. Where some
    of them kept a name or a date, they tell who the others are.

    How to fix
    ----------
    Replace Patient IDs by one mapping for the whole collection, follow-up studies included. If
    the patients are two, replace the Frame of Reference UID (0020,0052) of each by its own.

    Command
    -------
    CTP: <e en="T" t="00100020" n="PatientID">@lookup(this,ptid)</e>
    dcmodify -nb -m "(0020,0052)=UID" FILE

    Example
    -------
    Two Patient IDs with one Frame of Reference UID in two studies; or with one birth date, one
    sex and one day of examination, as chance hardly gives to two. The first of January and names
    such as `ANON` are not compared. Studies of two patients are CONS003.
    """
    for message, (sql, place) in _TWO_IDS.items():
        for count, paths in collection.rows(
            f"SELECT (SELECT count(DISTINCT id) FROM (SELECT unnest(ids) AS id FROM ({sql}))), "
            f"{_PAIRS} FROM ({sql}) HAVING count(*) > 0"
        ):
            yield Finding(message, place, count=count, examples=tuple(paths))


def _failing(queries: dict[str, tuple[str, TagPath]]) -> str:
    return " UNION ".join(f"SELECT PatientID FROM ({sql})" for sql, _ in queries.values())


def _one_by_one(
    collection: CollectionFacts, queries: dict[str, tuple[str, TagPath]]
) -> Iterator[Finding]:
    """Yield a finding for each query that names patients, with a pair of files."""
    for message, (sql, place) in queries.items():
        for count, paths in collection.rows(
            f"SELECT count(DISTINCT PatientID), {_PAIRS} FROM ({sql}) HAVING count(*) > 0"
        ):
            yield Finding(message, place, count=count, examples=tuple(paths))


def _by_patient(where: str, having: str) -> str:
    return (
        f"SELECT PatientID, {_PAIR} AS pair FROM {_KNOWN} WHERE {where} "
        f"GROUP BY PatientID HAVING {having}"
    )


_AS_IT_WAS = f"{MODIFIED} NOT IN ('MODIFIED', 'REMOVED')"
_AGED = f"age < {_CAPPED} AND study IS NOT NULL"
_NOT_OF_ONE_AGE = f"max(study - age) - min(study - age) > {_AGE_SLACK}"
_BORN_OTHERWISE = f"abs(study - birth - age) > {_AGE_SLACK}"
_UNBORN = f"(study < birth OR study - birth > {_OLDEST})"

_TWO_PERSONS = {
    "a patient has several birth dates": (
        _by_patient("birth IS NOT NULL", "count(DISTINCT birth) > 1"),
        TagPath.of("PatientBirthDate"),
    ),
    "the ages of a patient at its studies are not those of one person": (
        _by_patient(f"{_AGED} AND {_AS_IT_WAS}", _NOT_OF_ONE_AGE),
        TagPath.of("PatientAge"),
    ),
    "age and birth date of a patient do not agree": (
        _by_patient(f"{_AGED} AND {_AS_IT_WAS} AND {_BORN_OTHERWISE}", "TRUE"),
        TagPath.of("PatientAge"),
    ),
    "a patient was born after a study, or more than 125 years before": (
        _by_patient(f"{_UNBORN} AND {_AS_IT_WAS}", "TRUE"),
        TagPath.of("PatientBirthDate"),
    ),
}


def _with_an_age(collection: CollectionFacts) -> Units:
    judged, other = collection.rows(
        "SELECT count(*) FILTER (known), count(*) FILTER (NOT known) FROM (SELECT bool_or("
        f"birth IS NOT NULL OR ({_AGED} AND {_AS_IT_WAS})) AS known FROM {_KNOWN} "
        "GROUP BY PatientID)"
    )[0]
    failed = collection.count(f"SELECT count(*) FROM ({_failing(_TWO_PERSONS)})")
    unknown = _unknown(collection)
    said = _why(other, "patients without a birth date, and without ages", unknown)
    return Units(judged, other + unknown, said, failed)


@rule(
    id="DEID502",
    category="deidentification",
    severity="warning",
    confidence="medium",
    scope="collection",
    unit="patient",
    reads=_people("path", MODIFIED, "birth", "age", "study"),
    reference="PS3.3 C.7.1.1, C.7.2.2",
    applies=_with_an_age,
)
def several_under_one_id(collection: CollectionFacts) -> Iterator[Finding]:
    """One Patient ID seems to stand for several patients, or for one of an impossible age.

    Why it matters
    --------------
    Two persons are counted as one, and follow-up is computed between strangers. An age that
    does not fit its date shows that one of the two was changed and the other forgotten.

    How to fix
    ----------
    Compare with the clinical table, then correct the ID, the age or the birth date. Dates that
    were shifted have to say so in Longitudinal Temporal Information Modified (0028,0303).

    Command
    -------
    dcmdump +sd +r +F +P PatientID +P PatientAge +P PatientBirthDate +P StudyDate COLLECTION
    dcmodify -nb -m "TAG=VALUE" FILE

    Example
    -------
    020Y in one study and 064Y in another a year later. An age may be off by two years, and ages
    of 89 and more, which often stand for all above, are not compared. Two sexes are CONS004.
    """
    yield from _one_by_one(collection, _TWO_PERSONS)


_SHIFTED = f"{MODIFIED} = 'MODIFIED'"
_SHIFTED_APART = {
    "a study has several dates": (
        f"SELECT PatientID, {_PAIR} AS pair FROM {_KNOWN} WHERE {_SHIFTED} AND study IS NOT NULL "
        "AND StudyInstanceUID IS NOT NULL GROUP BY PatientID, StudyInstanceUID "
        "HAVING count(DISTINCT study) > 1",
        TagPath.of("StudyDate"),
    ),
    "images were acquired more than a month from the date of their study": (
        _by_patient(f"{_SHIFTED} AND abs(acquisition - study) > {_DATE_SLACK}", "TRUE"),
        TagPath.of("AcquisitionDate"),
    ),
    "a series was made more than a month before its study": (
        _by_patient(f"{_SHIFTED} AND study - series > {_DATE_SLACK}", "TRUE"),
        TagPath.of("SeriesDate"),
    ),
    "the ages of a patient do not fit the time between its studies": (
        _by_patient(f"{_SHIFTED} AND {_AGED}", _NOT_OF_ONE_AGE),
        TagPath.of("StudyDate"),
    ),
    "the birth date of a patient was not shifted with its studies": (
        _by_patient(f"{_SHIFTED} AND ({_UNBORN} OR ({_AGED} AND {_BORN_OTHERWISE}))", "TRUE"),
        TagPath.of("PatientBirthDate"),
    ),
}


def _shifted(collection: CollectionFacts) -> Units:
    judged, other = collection.rows(
        "SELECT count(*) FILTER (known), count(*) FILTER (NOT known) FROM (SELECT "
        "bool_or(acquisition IS NOT NULL OR series IS NOT NULL OR birth IS NOT NULL) "
        f"OR count(DISTINCT study) FILTER (age < {_CAPPED}) > 1 AS known "
        f"FROM {_KNOWN} WHERE {_SHIFTED} AND study IS NOT NULL GROUP BY PatientID)"
    )[0]
    failed = collection.count(f"SELECT count(*) FROM ({_failing(_SHIFTED_APART)})")
    unknown = _unknown(collection, f"{_SHIFTED} AND study IS NOT NULL")
    said = _why(other, "patients with one date, which nothing can be held against", unknown)
    return Units(judged, other + unknown, said, failed)


@rule(
    id="DEID503",
    category="deidentification",
    severity="warning",
    confidence="medium",
    scope="collection",
    unit="patient",
    reads=_people(
        "path", MODIFIED, "StudyInstanceUID", "birth", "age", "study", "series", "acquisition"
    ),
    reference="PS3.15 E.3.6",
    applies=_shifted,
)
def shifted_apart(collection: CollectionFacts) -> Iterator[Finding]:
    """Dates of one patient were not shifted by the same amount.

    Why it matters
    --------------
    The option for modified dates keeps the intervals: what follows when is why it is there.
    Where dates were shifted one by one, follow-up and uptake times are wrong; and the one that
    was forgotten gives the shift of the others away.

    How to fix
    ----------
    Shift all dates of a patient by one amount, in every study and at every depth, dates of
    birth included. Take the amount from a secret of the patient, not of the file. Start from
    the originals: what was shifted unevenly is not shifted back.

    Command
    -------
    pydicom: dataset = dcmread("ORIGINAL")
    pydicom: dates = [e for e in dataset.iterall() if e.VR in ("DA", "DT") and e.value]
    pydicom: for e in dates: e.value = f"{DA(e.value[:8]) + timedelta(DAYS):%Y%m%d}{e.value[8:]}"
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    Longitudinal Temporal Information Modified (0028,0303) is MODIFIED, and Acquisition Date
    (0008,0022) lies 200 days after Study Date (0008,0020). The order of studies is not known
    from shifted dates alone: it is compared with ages, where there are any.
    """
    yield from _one_by_one(collection, _SHIFTED_APART)


_DAYS_ENOUGH = 40
"""Days of examination from which on the days of the week tell something."""

_CHANCE = 1e-4
"""How unlikely two empty days of the week must be, were the days drawn by chance."""


def _days(collection: CollectionFacts) -> list[int]:
    """Return how many days of examination fall on each day of the week, Sunday first."""
    counts = dict(
        collection.rows(
            f"SELECT study % 7, count(*) FROM (SELECT DISTINCT PatientID, study FROM {_KNOWN} "
            f"WHERE {_SHIFTED} AND study IS NOT NULL) GROUP BY ALL"
        )
    )
    return [counts.get(day, 0) for day in range(7)]


def _enough_days(collection: CollectionFacts) -> Units:
    days = sum(_days(collection))
    unknown = _unknown(collection, f"{_SHIFTED} AND study IS NOT NULL")
    if not days and not unknown:
        return Units(0)
    few = days < _DAYS_ENOUGH
    said = _why(days, f"fewer than {_DAYS_ENOUGH} days of examination", unknown)
    return Units(int(not few), int(few), said)


def _chance(few: int, days: int) -> float:
    """Return how likely so few of so many days fall on two given days of the week."""
    share = 2 / 7
    if few >= share * days:
        return 1.0
    # By logarithms: the coefficients of thousands of days are no float.
    whole = math.lgamma(days + 1)
    return math.fsum(
        math.exp(
            whole
            - math.lgamma(hits + 1)
            - math.lgamma(days - hits + 1)
            + hits * math.log(share)
            + (days - hits) * math.log(1 - share)
        )
        for hits in range(few + 1)
    )


@rule(
    id="DEID504",
    category="deidentification",
    severity="info",
    confidence="low",
    scope="collection",
    unit="collection",
    reads=_people(MODIFIED, "study"),
    reference="PS3.15 E.3.6",
    applies=_enough_days,
)
def days_of_the_week(collection: CollectionFacts) -> Iterator[Finding]:
    """Shifted dates still show the week.

    Why it matters
    --------------
    Hospitals examine few patients on weekends. If two neighbouring days of the week are nearly
    empty, all patients were shifted by the same number of days, or by whole weeks, or not at
    all: one known date of one patient then gives all the others away.

    How to fix
    ----------
    Shift each patient by an amount of its own, in days and not in weeks. If weekdays were kept
    on purpose, say so in De-identification Method (0012,0063).

    Command
    -------
    pydicom: dataset = dcmread("ORIGINAL")
    pydicom: dates = [e for e in dataset.iterall() if e.VR in ("DA", "DT") and e.value]
    pydicom: for e in dates: e.value = f"{DA(e.value[:8]) + timedelta(DAYS):%Y%m%d}{e.value[8:]}"
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    Longitudinal Temporal Information Modified (0028,0303) is MODIFIED, and of 300 days of
    examination two are Saturdays or Sundays: by chance it would be 86.
    """
    days = _days(collection)
    total = sum(days)
    # Sunday and Saturday are the last pair.
    for first, second in pairwise((*days, days[0])):
        if _chance(first + second, total) < _CHANCE:
            break
    else:
        return
    on_weekends = _chance(days[0] + days[6], total) < _CHANCE
    said = "Saturdays and Sundays are" if on_weekends else "two other days of the week are"
    yield Finding(
        f"{said} nearly empty, as weekends are before dates are shifted", TagPath.of("StudyDate")
    )


# -- UIDs -------------------------------------------------------------------------------------

_DEVICES = (
    ("1.3.12.2.1107.5.", ("Siemens",)),
    ("1.2.840.113619.", ("GE",)),
    ("1.3.46.670589.", ("Philips",)),
    ("1.2.840.113704.", ("Philips",)),
    ("1.2.392.200036.9", ("Canon / Toshiba", "Hitachi / Fujifilm", "Konica Minolta")),
    ("1.2.156.112605.", ("United Imaging",)),
    ("1.2.840.113681.", ("Hologic",)),
)
"""Roots under which devices make UIDs, with the manufacturers as `auditor.redaction` names them."""

_MAKERS = dict(_DEVICES)

_SOFTWARE = (
    "2.25.",  # PS3.5 B.2: made of a UUID
    "1.3.6.1.4.1.14519.5.2.1.",  # The Cancer Imaging Archive
    "1.2.826.0.1.3680043.8.498.",  # pydicom
    "1.2.826.0.1.3680043.2.1143.",  # GDCM
    "1.2.276.0.7230010.3.",  # DCMTK
    "1.2.40.0.13.1.",  # dcm4che
    "1.3.6.1.4.1.9590.100.1.2.",  # MATLAB
)
"""Roots under which software makes UIDs that came after the scanner."""

_SERIES = tag_of("SeriesInstanceUID")


@judge(
    name="uid_root",
    applies=lambda place: place.tag == _SERIES and len(place.path.steps) == 1,
)
def uid_root(element: Element) -> str | None:
    """Under whose root the Series Instance UID stands, which a scanner as a rule makes."""
    for root in (*_MAKERS, *_SOFTWARE):
        if element.text.startswith(root):
            return root
    return None


def _codes(instance: InstanceFacts) -> frozenset[str]:
    return frozenset(
        item.text("CodeValue")
        for item in instance.items(CODES)
        if item.text("CodingSchemeDesignator") == "DCM" and item.text("CodeValue") in METHODS
    )


def _replaces_uids(instance: InstanceFacts) -> bool:
    codes = _codes(instance)
    return (
        instance.text(FLAG) != "NO"
        and Method.BASIC_PROFILE in codes
        and Method.RETAIN_UIDS not in codes
    )


CODE_READS = (FLAG, f"{CODES}.CodeValue", f"{CODES}.CodingSchemeDesignator")


@summary(
    name="uids",
    category="deidentification",
    reads=(*CODE_READS, "judge:uid_root", "judge:manufacturer"),
    applies=Selector(when=_replaces_uids),
    joined=True,
)
def uids(instance: InstanceFacts) -> Iterator[tuple[str, ...]]:
    """Where UIDs are claimed to be replaced: whose root is that of the series.

    Rows: ``device`` and the first of its makers, if a device made it; ``software``, if the
    object is a device's and software made it after the device; ``unknown``.
    """
    root = next((verdict for _, verdict in instance.judged("uid_root")), "")
    made_by = next((verdict for _, verdict in instance.judged("manufacturer")), "")
    if root in _MAKERS:
        yield "device", _MAKERS[root][0], "own" if made_by in _MAKERS[root] else "other"
    elif root and any(made_by in makers for makers in _MAKERS.values()):
        yield "software", "", ""
    else:
        yield "unknown", "", ""


_BY_SERIES = (
    "SELECT SeriesInstanceUID AS series, min(split_part(said, '|', 1)) AS kind, "
    "min(split_part(said, '|', 2)) AS maker, min(path) AS path "
    "FROM instances JOIN counted USING (signature) "
    "WHERE summary = 'uids' AND SeriesInstanceUID IS NOT NULL GROUP BY SeriesInstanceUID"
)


def _roots(collection: CollectionFacts) -> Units:
    judged, other, failed = collection.rows(
        "SELECT count(*) FILTER (kind <> 'unknown'), count(*) FILTER (kind = 'unknown'), "
        f"count(*) FILTER (kind = 'device') FROM ({_BY_SERIES})"
    )[0]
    return Units(judged, other, "series whose UID is under a root that tells nothing", failed)


@rule(
    id="DEID505",
    category="deidentification",
    severity="warning",
    confidence="medium",
    scope="collection",
    unit="series",
    reads=(
        "instances.SeriesInstanceUID",
        "instances.signature",
        "instances.path",
        "counted.signature",
        "counted.summary",
        "counted.said",
    ),
    reference="PS3.15 E.3.9, Table E.1-1; PS3.5 9.1",
    applies=_roots,
)
def not_replaced_uids(collection: CollectionFacts) -> Iterator[Finding]:
    """UIDs are claimed to be replaced, and these are the device's.

    Why it matters
    --------------
    A UID that a scanner made leads back to the original in the hospital's archive. The Basic
    Profile replaces every one; a tool that knew only some leaves a way back.

    How to fix
    ----------
    Replace all instance UIDs by one mapping for the whole collection, under a root of your own
    or 2.25; or claim 113110 (Retain UIDs Option).

    Command
    -------
    CTP: <e en="T" t="00080018" n="SOPInstanceUID">@hashuid(@UIDROOT,this)</e>
    CTP: <e en="T" t="0020000D" n="StudyInstanceUID">@hashuid(@UIDROOT,this)</e>
    CTP: <e en="T" t="0020000E" n="SeriesInstanceUID">@hashuid(@UIDROOT,this)</e>
    CTP: <e en="T" t="00081155" n="ReferencedSOPInstanceUID">@hashuid(@UIDROOT,this)</e>
    CTP: <e en="T" t="00200052" n="FrameOfReferenceUID">@hashuid(@UIDROOT,this)</e>

    Example
    -------
    Method code 113100 without 113110, and a Series Instance UID under the root of the scanner's
    manufacturer. Where other series got new UIDs, or where those of several manufacturers each
    are under their own, that is as good as certain. A root of which nothing is known is not
    judged: an institution's or a de-identifier's look alike.
    """
    rows = collection.rows(
        f"SELECT series, kind, maker, path FROM ({_BY_SERIES}) WHERE kind <> 'unknown' "
        "ORDER BY path"
    )
    replaced = any(kind == "software" for _, kind, _, _ in rows)
    makers = {maker for _, kind, maker, _ in rows if kind == "device"}
    place = TagPath.of("SeriesInstanceUID")
    if replaced:
        said, sure = "under a device's root, and other series have new UIDs", Confidence.HIGH
    elif len(makers) > 1:
        said, sure = "under a device's root, of several manufacturers each", Confidence.HIGH
    else:
        said, sure = "under a device's root", Confidence.MEDIUM
    for series, kind, _, path in rows:
        if kind == "device":
            yield Finding(said, place, examples=(path,), series=series, confidence=sure)


_SERIAL = tag_of("DeviceSerialNumber")
_DATES = frozenset(map(tag_of, ("StudyDate", "SeriesDate", "AcquisitionDate")))
_UIDS = frozenset(map(tag_of, ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")))

_STAMP = re.compile(
    r"\.((?:19[89]\d|20\d\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?:\d{4,})?(?=\.|$)"
)
"""A component that starts with a date, as devices write when they make a UID."""

SERIAL, SAME, OTHER, ONLY = "serial", "same", "other", "only"
"""What a UID holds: the serial number; a date of the object, another one, one where it has none."""


def _is_wanted(place: Place) -> bool:
    return len(place.path.steps) == 1 and place.tag in {_SERIAL} | _DATES | _UIDS


@comparison(name="uid_trail", applies=_is_wanted)
def uid_trail(elements: Sequence[Element]) -> Iterator[tuple[Place, str]]:
    """What a UID holds of the object that it is of: see `SERIAL` and the others."""
    serial, dates, found = "", set(), []
    for element in elements:
        text = element.text.strip()
        if element.place.tag in _UIDS:
            found.append((element.place, text))
        elif element.place.tag == _SERIAL:
            serial = text.lstrip("0")
        elif len(text) == 8 and text.isdecimal():
            dates.add(text)
    for place, uid in found:
        # A short number stands in many UIDs by chance.
        if len(serial) > 4 and serial.isdecimal() and serial in uid.split("."):
            yield place, SERIAL
        stamps = set(_STAMP.findall(uid))
        if stamps & dates:
            yield place, SAME
        # Elsewhere than in a device's UID eight digits may be a date by chance.
        elif stamps and uid.startswith(tuple(_MAKERS)):
            yield place, OTHER if dates else ONLY


_TRAILS = {
    SAME: "holds a date of the object, and full dates are not claimed to be kept",
    OTHER: "holds another date than the object, and tells by how much dates were shifted",
    ONLY: "holds a date, and the object has none any more",
}


@rule(
    id="DEID506",
    category="deidentification",
    severity="warning",
    confidence="medium",
    unit="series",
    reads=(*CODE_READS, "judge:uid_trail"),
    reference="PS3.15 E.3.6, E.3.8, E.3.9; PS3.5 9.1",
    applies=Selector(
        when=lambda instance: (
            bool(instance.judged("uid_trail"))
            and instance.text(FLAG) != "NO"
            and (instance.text(FLAG) == "YES" or instance.filled(CODES))
        )
    ),
)
def trail_in_a_uid(instance: InstanceFacts) -> Iterator[Finding]:
    """A UID holds the scanner's serial number, or a date that was to go.

    Why it matters
    --------------
    Scanners make UIDs of their serial number and the time. Dates that were shifted or removed
    from all other attributes still stand there, and one of them gives the shift of all away.

    How to fix
    ----------
    Replace the UIDs. To retain them (113110) means to retain what they hold: the date, which
    takes 113106 (full dates), and the device, which takes 113109.

    Command
    -------
    CTP: <e en="T" t="00080018" n="SOPInstanceUID">@hashuid(@UIDROOT,this)</e>
    CTP: <e en="T" t="0020000D" n="StudyInstanceUID">@hashuid(@UIDROOT,this)</e>
    CTP: <e en="T" t="0020000E" n="SeriesInstanceUID">@hashuid(@UIDROOT,this)</e>
    CTP: <e en="T" t="00081155" n="ReferencedSOPInstanceUID">@hashuid(@UIDROOT,this)</e>
    CTP: <e en="T" t="00200052" n="FrameOfReferenceUID">@hashuid(@UIDROOT,this)</e>

    Example
    -------
    113110 and 113107 (modified dates), and a Series Instance UID with the day of the scan. Times
    in other forms than a date's (seconds since 1970) are not known, nor are serial numbers of
    fewer than five digits, or those that are not in Device Serial Number (0018,1000) any more.
    """
    codes = _codes(instance)
    for path, verdict in instance.judged("uid_trail"):
        if verdict == SERIAL:
            if not {Method.RETAIN_UIDS, Method.RETAIN_DEVICE} <= codes:
                yield Finding("holds the serial number of the device", path)
        elif Method.RETAIN_FULL_DATES not in codes:
            yield Finding(_TRAILS[verdict], path)


# -- Small cells ------------------------------------------------------------------------------

_CELLS = (
    "SELECT PatientID, min(path) AS path, "
    # One more: a year is not a whole number of days, and an age in years was rounded to days.
    "floor((min(coalesce(age, study - birth)) + 1) / 365.25) AS years, "
    f"min(PatientSex) AS sex, min(nullif(BodyPartExamined, '')) AS part FROM {_KNOWN} "
    "WHERE PatientSex IN ('F', 'M', 'O') AND coalesce(age, study - birth) >= 0 "
    "GROUP BY PatientID"
)
_COUNTED_CELLS = f"SELECT *, count(*) OVER (PARTITION BY years, sex, part) AS many FROM ({_CELLS})"


def _enough_patients(collection: CollectionFacts) -> Units:
    patients = collection.count("SELECT count(DISTINCT PatientID) FROM people")
    judged = collection.count(f"SELECT count(*) FROM ({_CELLS})")
    unknown = _unknown(collection)
    if patients + unknown < _FEWEST:
        return Units(0)
    if patients < _FEWEST:
        return Units(0, patients + unknown, _why(0, "", unknown))
    other = patients - judged
    return Units(judged, other + unknown, _why(other, "patients without sex and age", unknown))


@rule(
    id="DEID507",
    category="deidentification",
    severity="info",
    confidence="high",
    scope="collection",
    unit="patient",
    reads=_people("path", "PatientSex", "BodyPartExamined", "birth", "age", "study"),
    reference="PS3.15 E.1.1 (risk of re-identification), E.3.7",
    applies=_enough_patients,
)
def small_cells(collection: CollectionFacts) -> Iterator[Finding]:
    """How many patients are alone, or nearly, with their age, sex and body part.

    Why it matters
    --------------
    Who knows that somebody is in the collection, and of what age and sex, finds the images of a
    patient who is alone in that cell, whatever else was removed.

    How to fix
    ----------
    Nothing has to be wrong. For a small collection of a known clinic, remove ages or cut them
    to classes, or leave patients of rare ages out.

    Command
    -------
    dcmodify -nb -imt -ea "(0010,1010)" FILE
    dcmodify -nb -imt -ma "(0010,0030)=" FILE

    Example
    -------
    One man of 93 years among 200 patients. Cells are of whole years, sex and Body Part Examined
    (0018,0015); an age is taken from the dates where it is not given.
    """
    for alone, few, alone_paths, few_paths in collection.rows(
        f"SELECT count(*) FILTER (many = 1), count(*) FILTER (many > 1 AND many < {SMALL}), "
        "min(path, 3) FILTER (many = 1), "
        f"min(path, 3) FILTER (many > 1 AND many < {SMALL}) FROM ({_COUNTED_CELLS})"
    ):
        place = TagPath.of("PatientAge")
        if alone:
            yield Finding(
                "alone with this age, sex and body part",
                place,
                count=alone,
                examples=tuple(alone_paths),
            )
        if few:
            yield Finding(
                f"one of fewer than {SMALL} with this age, sex and body part",
                place,
                count=few,
                examples=tuple(few_paths),
            )


_READ = (
    "SELECT path, PatientID, alike, pixels, "
    "min(PatientID) OVER (PARTITION BY alike) <> max(PatientID) OVER (PARTITION BY alike) AS pair, "
    "min(PatientID) OVER (PARTITION BY alike, pixels) <> "
    "max(PatientID) OVER (PARTITION BY alike, pixels) AS twin "
    f"FROM ({CANDIDATES}) JOIN pixels USING (path) WHERE pixels IS NOT NULL"
)


def _compared(collection: CollectionFacts) -> Units:
    """Judge images that were read with one of another patient; an empty one does not count."""
    possible = collection.count(HOW_MANY)
    unknown = collection.count(NAMELESS)
    said = (
        "images of different patients that may be the same, and whose pixels were not compared "
        "(scan --twins N looks at N of them)"
    )
    if not collection.count("SELECT count(*) FROM pixels"):
        return Units(0, possible + unknown, _why(possible, said, unknown))
    judged, failed = collection.rows(
        f"SELECT count(*) FILTER (pair), count(*) FILTER (twin) FROM {collection.kept(_READ)}"
    )[0]
    blank = collection.count("SELECT count(*) FROM pixels WHERE pixels IS NULL AND reason = ''")
    other = max(possible - judged - blank, 0)
    return Units(judged, other + unknown, _why(other, said, unknown), failed)


@rule(
    id="DEID508",
    category="deidentification",
    severity="warning",
    confidence="medium",
    scope="collection",
    unit="file",
    reads=(*COLUMNS, "pixels.path", "pixels.pixels", "pixels.reason"),
    reference="PS3.3 C.7.1.1, C.7.6.3; PS3.15 E.1.1",
    applies=_compared,
)
def one_image_of_two_patients(collection: CollectionFacts) -> Iterator[Finding]:
    """Images are the same under two Patient IDs.

    Why it matters
    --------------
    One patient has two Patient IDs, or an image lies with the wrong patient. In training and in
    test data, it is counted as two; what was left out of one copy may stand in the other.

    How to fix
    ----------
    Find out whose images they are. If they are of one patient, replace Patient IDs by one mapping
    for the whole collection; else remove the copy that is wrong.

    Command
    -------
    duckdb -c "SELECT collection, tag_path, count, example FROM 'OUT/findings/*.parquet'
    WHERE rule = 'DEID508'"
    CTP: <e en="T" t="00100020" n="PatientID">@lookup(this,ptid)</e>

    Example
    -------
    One CT under two Patient IDs. With `--twins 1000`, the pixel data of at most 1000 images is
    read: of images that agree in SOP class, transfer syntax, size and place with one of another
    patient. Images of one value throughout do not count. A page that a machine always sends, as a
    logo, may be the same and mean nothing.
    """
    for count, paths in collection.rows(
        f"SELECT sum(images), {_PAIRS} FROM (SELECT sum(images) AS images, list(path) AS pair FROM "
        "(SELECT alike, pixels, count(*) AS images, min(path) AS path "
        f"FROM {collection.kept(_READ)} WHERE twin GROUP BY alike, pixels, PatientID) "
        "GROUP BY alike, pixels) HAVING count(*) > 0"
    ):
        yield Finding(
            "images that are byte for byte the same under two Patient IDs",
            TagPath.of("PatientID"),
            count=int(count),
            examples=tuple(paths),
        )
