"""A survey of collections: what each has beyond images, and where in the funnel it is lost.

It asks of any audited collection what the study asked of 83 by hand: is there clinical information
(CI), annotation or segmentation (A/S), a clinical report (CR), and are they in DICOM. Its only
input are results.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from auditor.evidence import notation
from auditor.files import read_text
from auditor.redaction import MODALITIES
from auditor.result import AuditResult, CollectionResult, EvidenceResult, ObjectKind

SCHEMA = "dicom-auditor/survey/1"

STEPS = (
    "found",
    "open, in DICOM, human",
    "something beyond images",
    "SEG or SR",
)
"""The study's funnel; what is not stated loses nobody, and `_title` says so."""

FLAGS = {
    "ci": "clinical information",
    "ci_sr_sufficient": "enough of it to rebuild an SR",
    "a_s": "annotation or segmentation",
    "seg": "as SEG",
    "seg_third_party": "as SEG, by a third party",
    "rt": "as RT Structure Set",
    "cr": "clinical report",
    "sr": "as SR",
    "sr_third_party": "as SR, by a third party",
    "selected": "SEG or SR",
}
"""Columns of the study's table that can be held against ours."""

NOT_EVALUATED = "not evaluated"


class SurveyError(Exception):
    """A file cannot be laid beside the survey; the message is one plain line."""


@dataclass(frozen=True, slots=True)
class SurveyRow:
    """One collection.

    Attributes
    ----------
    pathology, region, access, species, source
        As its publisher states; "" where nothing is stated.
    modalities
        Defined terms of Modality that the objects have.
    subjects
        Distinct Patient IDs; None where no object has one.
    ci, a_s, cr
        In the study's notation.
    formats
        Of annotation: ``SEG``, ``ANN``, ``RTSTRUCT``, ``NIfTI`` and the like.
    annotation_files, traceable_files
        Annotation beside DICOM, and what of it is tied to images.
    patients_joined
        Subjects that clinical tables name.
    columns
        What those tables are about, in words of a fixed vocabulary.
    flags
        By `FLAGS`; None is not evaluated.
    since
        By flag, the date from which an index holds what it says; flags of which no date is known
        are left out.
    step
        How many of `STEPS` it passes, at least 1.
    lost
        Why it passes no more; "" if it passes all.
    """

    name: str
    repository: str
    pathology: str
    region: str
    access: str
    species: str
    source: str
    modalities: tuple[str, ...]
    subjects: int | None
    ci: str
    a_s: str
    cr: str
    formats: tuple[str, ...]
    annotation_files: int
    traceable_files: int
    patients_joined: int
    columns: tuple[str, ...]
    flags: dict[str, bool | None]
    since: dict[str, str]
    step: int
    lost: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the funnel: who passes it, and why others are lost before the next."""

    title: str
    collections: int
    lost: dict[str, int]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How one flag agrees with another table's.

    Attributes
    ----------
    compared
        Collections of which both say yes or no.
    not_evaluated
        Those of which we do not.
    kappa
        Cohen's, None where all of either are of one kind.
    """

    flag: str
    compared: int
    agree: int
    only_there: int
    only_here: int
    not_evaluated: int
    kappa: float | None


@dataclass(frozen=True, slots=True)
class Difference:
    """A flag of one collection on which the two tables differ.

    `since` is the date from which an index holds what is here; "" where none says.
    """

    collection: str
    flag: str
    there: bool
    here: bool
    since: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A table of somebody else's, laid beside the survey.

    Attributes
    ----------
    rows
        How many it has.
    missing
        Its collections that were not surveyed, or cannot be told from others of that name.
    """

    rows: int
    matched: int
    missing: tuple[str, ...]
    agreement: tuple[Agreement, ...]
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """All collections, by repository and name.

    `repeated` says of a name, behind its repository, in how many audits it is, if in several.
    """

    rows: tuple[SurveyRow, ...]
    steps: tuple[Step, ...]
    formats: dict[str, int]
    not_stated: dict[str, int]
    against: Comparison | None = None
    repeated: dict[str, int] = field(default_factory=dict)
    schema: str = field(default=SCHEMA)

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists, dicts, strings and numbers, in a stable order."""
        plain = asdict(self)
        return {"schema": plain.pop("schema"), **plain}


Descriptions = dict[str, tuple[dict[str, str], list[dict[str, str]]]]


def survey(results: Iterable[AuditResult], descriptions: Descriptions | None = None) -> Survey:
    """Survey the collections of some audits.

    Parameters
    ----------
    results
        Of the audits.
    descriptions
        What publishers state, by the collection's name; it wins over what the audit found.
    """
    stated = descriptions or {}
    results = list(results)
    # Two collections of one audit may have one name, and are two.
    audits = Counter(
        key
        for result in results
        for key in {(each.repository, each.name) for each in result.collections}
    )
    rows = sorted(
        (_row(each, stated.get(each.name)) for result in results for each in result.collections),
        key=lambda row: (row.repository, row.name),
    )
    steps = tuple(
        Step(
            _title(title, [row for row in rows if row.step >= number]) if number == 2 else title,
            sum(row.step >= number for row in rows),
            dict(
                Counter(row.lost for row in rows if row.step == number and row.lost).most_common()
            ),
        )
        for number, title in enumerate(STEPS, 1)
    )
    return Survey(
        tuple(rows),
        steps,
        dict(Counter(each for row in rows for each in row.formats).most_common()),
        {
            name: sum(not getattr(row, name) for row in rows)
            for name in ("access", "species", "pathology", "region")
        },
        repeated={"/".join(filter(None, key)): n for key, n in sorted(audits.items()) if n > 1},
    )


def _title(title: str, passing: Sequence[SurveyRow]) -> str:
    """Return what is known of all that pass the second step, and of how many it is not stated."""
    words = {"access": "open", "species": "human"}
    known, missing = title.split(", "), dict[int, list[str]]()
    for name, word in words.items():
        count = sum(not getattr(row, name) for row in passing)
        if count:
            missing.setdefault(count, []).append(name)
        if count and count == len(passing):
            known.remove(word)
    said = [
        f"{' and '.join(names)} not stated{'' if count == len(passing) else f' of {count:,}'}"
        for count, names in missing.items()
    ]
    return "; ".join([", ".join(known), *said])


def _row(
    collection: CollectionResult, stated: tuple[dict[str, str], list[dict[str, str]]] | None
) -> SurveyRow:
    objects = collection.objects.kinds if collection.objects else []
    found = collection.evidence or _by_objects(objects)
    described = dict(found.described) if found else {}
    third = list(found.third_party) if found else []
    if stated is not None:
        described, third = {**described, **stated[0]}, [*third, *stated[1]]
    images = sum(each.is_image for each in objects)
    flags, said = _flags(found, images, third)
    forms = [each for each in found.forms if each.form == "annotation"] if found else []
    has_images = bool(images) if collection.objects else collection.counts.instances > 0
    step, lost = _step(described, has_images, flags, forms != [])
    return SurveyRow(
        name=collection.name,
        repository=collection.repository,
        **{
            key: str(described.get(key, ""))
            for key in ("pathology", "region", "access", "species", "source")
        },
        modalities=tuple(
            row.value for row in collection.inventory.get("modality", []) if row.value in MODALITIES
        ),
        subjects=collection.counts.patients if collection.counts.knows_patients else None,
        ci=said["CI"],
        a_s=said["A/S"],
        cr=said["CR"],
        formats=tuple(
            dict.fromkeys(
                [
                    *_segmented(objects, flags["seg"]),
                    *(["RTSTRUCT"] if flags["rt"] else []),
                    *(each.format for each in forms),
                ]
            )
        ),
        annotation_files=sum(each.files for each in forms),
        traceable_files=sum(each.to_images for each in forms),
        patients_joined=found.patients_joined if found else 0,
        columns=tuple(
            dict.fromkeys(word for each in (found.tables if found else []) for word in each.columns)
        ),
        flags=flags,
        since=_since(found),
        step=step,
        lost=lost,
    )


def _segmented(kinds: Sequence[ObjectKind], there: bool | None) -> list[str]:
    """Return which of SEG and ANN there are; nobody counted kinds of object where none is known."""
    known = {each.kind for each in kinds}
    found = [code for kind, code in _SEGMENTED.items() if kind in known]
    return (found or ["SEG"]) if there else []


_SEGMENTED = {"Segmentation": "SEG", "Microscopy annotation": "ANN"}


def _by_objects(kinds: Sequence[ObjectKind]) -> EvidenceResult | None:
    """Return what kinds of object alone tell, where nobody looked for more."""
    there = {each.kind for each in kinds}
    if not there:
        return None
    return EvidenceResult(
        segmentations=not there.isdisjoint(_SEGMENTED),
        structure_sets="RT Structure Set" in there,
        reports="Structured report" in there,
        beside=False,
    )


def _flags(
    found: EvidenceResult | None, images: int, third: list[dict[str, str]]
) -> tuple[dict[str, bool | None], dict[str, str]]:
    """Return the flags, and the notation."""
    if found is None:
        return dict.fromkeys(FLAGS), dict.fromkeys(("CI", "A/S", "CR"), NOT_EVALUATED)
    said = notation(replace(found, third_party=third), images)
    made = {str(each.get("holds", "")) for each in third}

    def there(here: bool, elsewhere: bool) -> bool | None:
        # That nothing was found says something only where one could look.
        return True if here or elsewhere else False if found.beside else None

    forms = {each.form for each in found.forms}
    flags: dict[str, bool | None] = {
        "ci": there(found.clinical, bool(found.tables)),
        "ci_sr_sufficient": there(False, "b" in said["CI"].partition(" ")[0]),
        "a_s": there(found.segmentations or found.structure_sets, "annotation" in forms),
        "seg": found.segmentations,
        "seg_third_party": found.segmentations and "SEG" in made,
        "rt": found.structure_sets,
        "cr": there(found.reports, "report" in forms),
        "sr": found.reports,
        "sr_third_party": found.reports and "SR" in made,
        "selected": found.segmentations or found.reports,
    }
    for name, flag in (("CI", "ci"), ("A/S", "a_s"), ("CR", "cr")):
        if flags[flag] is None:
            said[name] = NOT_EVALUATED
    return flags, said


def _since(found: EvidenceResult | None) -> dict[str, str]:
    """Return by flag the earliest date of what makes it a yes."""
    dates: dict[str, list[str]] = {}
    for each in found.held if found else []:
        kind = each.holds.lower()
        flags = [
            kind,
            *([f"{kind}_third_party"] if each.third_party else []),
            *(["a_s"] if kind in ("seg", "rt") else ["cr"]),
            *(["selected"] if kind in ("seg", "sr") else []),
        ]
        for flag in flags:
            dates.setdefault(flag, []).append(each.since)
    # One date that is not known may be the earliest.
    return {flag: min(dates[flag]) for flag in FLAGS if flag in dates and "" not in dates[flag]}


def _step(
    described: dict[str, str], has_images: bool, flags: dict[str, bool | None], beside: bool
) -> tuple[int, str]:
    """Return how many steps a collection passes, and why no more."""
    if not has_images:
        return 1, "no image in DICOM"
    if described.get("access", "open") not in ("", "open"):
        return 1, "not open access"
    if described.get("species", "human").casefold() not in ("", "human", "homo sapiens"):
        return 1, "not human"
    beyond = [flags["ci"], flags["a_s"], flags["cr"]]
    if not any(beyond):
        return 2, "only images" if None not in beyond else "not known whether only images"
    if flags["selected"]:
        return 4, ""
    if flags["rt"]:
        return 3, "annotation as RT Structure Set alone"
    if beside:
        return 3, "annotation in other formats alone"
    return 3, "report in text" if flags["cr"] else "clinical information alone"


# -- Another table beside it --------------------------------------------------------------


def lay_beside(made: Survey, path: Path) -> Comparison:
    """Compare with a table that has a column ``dataset`` and some of `FLAGS`, yes or no.

    Names are compared by their letters and digits, with and without what is in brackets. Of
    several collections of one name, the column ``host`` tells which one is meant.

    Raises
    ------
    SurveyError
        If the file cannot be read or has no such column.
    """
    try:
        rows = list(csv.DictReader(read_text(path).removeprefix("\ufeff").splitlines()))
    except OSError as error:
        raise SurveyError(f"cannot be read ({error.strerror})") from None
    except (UnicodeDecodeError, csv.Error):
        raise SurveyError("is no CSV in UTF-8") from None
    if not rows or "dataset" not in rows[0] or not set(FLAGS) & set(rows[0]):
        raise SurveyError("lacks lines, a column `dataset`, or a column of flags")
    by_name: dict[str, list[SurveyRow]] = {}
    for row in made.rows:
        for key in _keys(row.name):
            by_name.setdefault(key, []).append(row)
    pairs = []
    missing = []
    for each in rows:
        name = each["dataset"] or ""
        ours = _meant(name, each.get("host") or "", by_name)
        if ours is None:
            missing.append(name)
        else:
            pairs.append((name, each, ours))
    flags = [flag for flag in FLAGS if flag in rows[0]]
    return Comparison(
        len(rows),
        len(pairs),
        tuple(missing),
        tuple(
            _agreement(flag, [(_yes(there[flag]), ours.flags[flag]) for _, there, ours in pairs])
            for flag in flags
        ),
        tuple(
            Difference(name, flag, said, here, ours.since.get(flag, ""))
            for name, there, ours in pairs
            for flag in flags
            if (said := _yes(there[flag])) is not None
            and (here := ours.flags[flag]) is not None
            and said != here
        ),
    )


def _meant(name: str, host: str, by_name: dict[str, list[SurveyRow]]) -> SurveyRow | None:
    """Return the collection of a name; None if there is none, or several and no telling which."""
    keys = _keys(name)
    named = next((by_name[key] for key in keys if key in by_name), [])
    exact = [row for row in named if _keys(row.name)[0] == keys[0]] or named
    there = [row for row in exact if host and _keys(row.repository)[0] == _keys(host)[0]]
    if there:
        return there[0]
    return exact[0] if len(exact) == 1 else None


def _keys(name: str) -> list[str]:
    """Return a name by which collections are matched, in full and without what is in brackets."""
    forms = (name, re.sub(r"\([^()]*\)", "", name))
    return list(dict.fromkeys(re.sub(r"[\W_]", "", form.casefold()) for form in forms))


def _yes(text: str | None) -> bool | None:
    words = {"true": True, "yes": True, "y": True, "1": True, "false": False, "no": False} | {
        "n": False, "0": False
    }  # fmt: skip
    return words.get((text or "").strip().casefold())


def _agreement(flag: str, pairs: Sequence[tuple[bool | None, bool | None]]) -> Agreement:
    both = [(there, here) for there, here in pairs if there is not None and here is not None]
    count = Counter(both)
    compared = len(both)
    agree = count[True, True] + count[False, False]
    only_there, only_here = count[True, False], count[False, True]
    return Agreement(
        flag,
        compared,
        agree,
        only_there,
        only_here,
        sum(there is not None and here is None for there, here in pairs),
        _kappa(count[True, True], only_there, only_here, count[False, False]),
    )


def _kappa(both: int, only_there: int, only_here: int, neither: int) -> float | None:
    """Return Cohen's kappa; None where either side gives one answer to all.

    It would be 0 there whatever the other side says: an index that cannot say no is no evidence
    of agreement by chance.
    """
    every = both + only_there + only_here + neither
    there, here = both + only_there, both + only_here
    if 0 in (there, here) or every in (there, here):
        return None
    by_chance = there * here + (every - there) * (every - here)
    return round(((both + neither) * every - by_chance) / (every * every - by_chance), 3)
