"""AuditResult: what an audit found, the only input of reports, gate and comparison.

`result.json` is a published contract (`result.schema.json` beside this file). Fields may
be added under the same version; a name or a meaning never changes under it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from auditor.files import read_text, replace_text
from auditor.model import Confidence, Outcome, Severity

T = TypeVar("T")

SCHEMA = "dicom-auditor/result/1"


class ResultError(Exception):
    """A file is not a result of this version."""


@dataclass(slots=True)
class Tool:
    """What made the result. Scores of two compare only where `MUST_AGREE` is the same.

    `command` is how it was called, with file names alone of paths; `referees` those of
    conformance that were there, with their versions; `confidentiality_edition` that of PS3.15
    Annex E, by which de-identification is judged.
    """

    version: str
    ruleset: str
    standard_edition: str
    profile: str
    elapsed_s: float
    python: str = ""
    started: str = ""
    unreadable_share: float = 0.01
    command: str = ""
    referees: str = ""
    confidentiality_edition: str = ""


MUST_AGREE = {
    "rule set": "ruleset",
    "edition of the standard": "standard_edition",
    "profile": "profile",
    "referees of conformance": "referees",
}
"""What must be the same of two results for scores to be comparable: in words, and in `Tool`."""


@dataclass(slots=True)
class GroupedFinding:
    """All findings of one rule with one message at one tag path.

    `count` is in the rule's unit and exact; `examples` are paths inside the collection;
    `confidence` is the rule's, or its own where the rule is surer of some than of others;
    `waived` says how many of `count` a waiver accepts, `inherited` how many are of derived
    objects that took it from the images that they were made of.
    """

    tag_path: str
    message: str
    count: int
    examples: list[str] = field(default_factory=list)
    attribute: str = ""
    confidence: str = ""
    waived: int = 0
    inherited: int = 0


@dataclass(slots=True)
class RuleResult:
    """What one rule said of one collection.

    ``applicable = passed + failed``; units that could not be judged stand apart in
    `not_evaluated` and `errors` and are never a pass. `unknown` is how many of `not_evaluated`
    may be nothing that the rule applies to.
    """

    id: str
    category: str
    severity: str
    confidence: str
    outcome: str
    applicable: int
    failed: int
    unit: str
    title: str = ""
    why: str = ""
    fix: str = ""
    command: str = ""
    reference: str = ""
    scope: str = "instance"
    not_evaluated: int = 0
    unknown: int = 0
    errors: int = 0
    not_applicable: int = 0
    weight: float = 0.0
    reason: str = ""
    findings: list[GroupedFinding] = field(default_factory=list)

    @property
    def is_waived(self) -> bool:
        """Whether the rule failed and waivers accept all that it found."""
        return bool(self.failed and self.findings) and all(
            finding.waived >= finding.count for finding in self.findings
        )


@dataclass(slots=True)
class CategoryResult:
    """One category's score.

    `score` is 0 to 100, or None when nothing could be judged or a weighted rule raised throughout;
    `coverage` is the share, 0 to 1, of the weighted units that could be judged. It says nothing of
    `rules_left_out`, which is how many rules of the category were switched off by --select or
    --ignore: nobody knows what units those have.
    """

    id: str
    title: str
    score: float | None
    coverage: float
    applicable: int
    failed: int
    reason: str = ""
    rules_left_out: int = 0


@dataclass(slots=True)
class Counts:
    """How many there are. ``files = dicom + partial + unreadable + not_dicom``."""

    files: int = 0
    dicom: int = 0
    not_dicom: int = 0
    partial: int = 0
    unreadable: int = 0
    instances: int = 0
    series: int = 0
    studies: int = 0
    patients: int = 0
    bytes: int = 0
    signatures: int = 0
    links: int = 0

    @property
    def knows_patients(self) -> bool:
        """Whether the patients could be counted: not if no object has a Patient ID."""
        return self.patients > 0 or self.instances == 0


@dataclass(slots=True)
class InventoryRow:
    """One line of a table of what is in the collection; `bytes` is of its files."""

    value: str
    instances: int
    series: int
    bytes: int = 0


@dataclass(slots=True)
class IodResult:
    """What the conformance referees say of the files of one SOP Class.

    `iod` and `sop_class` are the names in PS3.3 and PS3.6; where there is no IOD, `state` says
    why: ``retired``, ``directory`` (a DICOMDIR), ``service`` (stores nothing), ``private``,
    ``unknown`` (under DICOM's root, not in PS3.6), ``none`` (no SOP Class UID).
    ``files = clean + with errors + unjudged``.
    """

    iod: str
    sop_class: str
    state: str = ""
    files: int = 0
    structures: int = 0
    clean: int = 0
    unjudged: int = 0

    def add(self, other: IodResult) -> None:
        """Add the counts of another, of the same name."""
        self.files += other.files
        self.structures += other.structures
        self.clean += other.clean
        self.unjudged += other.unjudged


@dataclass(slots=True)
class ModuleResult:
    """A module with errors: its clause of PS3.3, in how many files, how many distinct defects."""

    name: str
    clause: str
    files: int
    defects: int


@dataclass(slots=True)
class Disagreement:
    """What `referee` alone says of files that both judged; `kind` is one of the vocabulary."""

    kind: str
    tag_path: str
    attribute: str
    referee: str
    files: int


@dataclass(slots=True)
class ConformanceResult:
    """What the conformance referees say of a collection; all counts are files.

    Attributes
    ----------
    structures
        Distinct data sets that were shown to the referees.
    judged, clean
        Judged by at least one referee; of them without an error from any.
    both, verdicts
        Judged by both, all of it; of them by who finds an error: ``neither``, ``both``, or a
        referee.
    cut_short, foreign
        Judged by none: incomplete data sets, and the others by why (`IodResult.state`, or
        ``not judged`` where the IOD is known and no referee could).
    """

    structures: int = 0
    judged: int = 0
    clean: int = 0
    both: int = 0
    cut_short: int = 0
    verdicts: dict[str, int] = field(default_factory=dict)
    foreign: dict[str, int] = field(default_factory=dict)
    iods: list[IodResult] = field(default_factory=list)
    modules: list[ModuleResult] = field(default_factory=list)
    modules_left_out: int = 0
    disagreements: list[Disagreement] = field(default_factory=list)
    disagreements_left_out: int = 0


@dataclass(slots=True)
class ObjectKind:
    """Objects of one kind, by SOP Class; `is_image` tells what is annotated from what does."""

    kind: str
    is_image: bool
    instances: int
    series: int
    patients: int


@dataclass(slots=True)
class ObjectLink:
    """Objects of one kind that refer to objects of another.

    `objects` refer, out of `series` series of theirs, to `targets` distinct objects; `present`
    tells whether these are in the collection.
    """

    source: str
    target: str
    present: bool
    objects: int
    series: int
    targets: int


@dataclass(slots=True)
class ObjectsResult:
    """Which kinds of object there are, and which refer to which."""

    kinds: list[ObjectKind] = field(default_factory=list)
    links: list[ObjectLink] = field(default_factory=list)


@dataclass(slots=True)
class Claim:
    """What objects say of their own de-identification: in words, and the codes of CID 7050."""

    words: str
    codes: list[str]
    instances: int


@dataclass(slots=True)
class CarriedAttribute:
    """An attribute that tells of de-identification, and how many objects carry it."""

    tag_path: str
    attribute: str
    present: int
    filled: int


@dataclass(slots=True)
class Expectation:
    """What the claimed profile asks for at a tag path, and what is there.

    `verdict` is a severity where that is wrong, else ``not_evaluated`` (one file cannot tell) or
    ``pass``.
    """

    tag_path: str
    attribute: str
    expected: str
    observed: str
    verdict: str
    instances: int


@dataclass(slots=True)
class Deidentification:
    """The claim of a collection, held against what is in it.

    `instances` are the objects about a patient, which `claims` and `attributes` are about;
    `claiming` those of them whose claim can be held against them, which `expected` is about:
    worst first, `more` rows are left out. `uncoded` of those declare identity removed without
    a code that says how: the Basic Profile is taken. `not_counted` objects could not be looked
    at.
    """

    instances: int = 0
    claims: list[Claim] = field(default_factory=list)
    attributes: list[CarriedAttribute] = field(default_factory=list)
    claiming: int = 0
    uncoded: int = 0
    foreign: int = 0
    expected: list[Expectation] = field(default_factory=list)
    more: int = 0
    not_counted: int = 0


@dataclass(slots=True)
class Reports:
    """What structured reports of a collection are made of.

    `structure` counts documents by how structured they are: ``free_text`` in a container,
    ``organised`` items under headings, a ``coded`` lexicon, ``empty``, ``too_large`` to be looked
    at. `templates` counts them by the number of the declared template, ``none``, or ``other``
    where it is not packaged; `conformance` those with one: ``conforming``, ``not_conforming``,
    ``not_evaluated``. `coded` and `text` count the items that say something of the patient (CODE
    and NUM; TEXT), `share` is that of the coded. `lexicons` counts coded entries by scheme.
    """

    instances: int = 0
    structure: dict[str, int] = field(default_factory=dict)
    templates: dict[str, int] = field(default_factory=dict)
    conformance: dict[str, int] = field(default_factory=dict)
    coded: int = 0
    text: int = 0
    share: float = 0.0
    lexicons: dict[str, int] = field(default_factory=dict)
    not_counted: int = 0


@dataclass(slots=True)
class PrivateCreator:
    """The private elements of one private creator.

    `elements` counts places once an instance, and is what `standing` adds up to: ``safe``,
    ``known``, ``nameless``, ``unknown_creator``, ``orphan``. `found` counts those that hold
    ``identifiers`` or ``dates``, have another VR than the dictionary (``other_vr``) or are UN
    though it knows better (``unread``). `bytes` are those of their values, nested ones too;
    `share` is their share, 0 to 1, of the bytes of all DICOM files.
    """

    creator: str
    elements: int
    instances: int
    bytes: int
    share: float
    standing: dict[str, int] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class PrivateVendor:
    """Series of one manufacturer: all, those with private elements, and abuse in them.

    Of the last: a private element says what an attribute of the standard is for, which is
    ``absent``, ``different``, ``equal``, or there and not comparable (``beside``).
    """

    manufacturer: str
    series: int
    private: int = 0
    absent: int = 0
    different: int = 0
    equal: int = 0
    beside: int = 0


@dataclass(slots=True)
class Private:
    """Private data of a collection: most bytes first, `more` creators are left out."""

    instances: int = 0
    bytes: int = 0
    share: float = 0.0
    creators: list[PrivateCreator] = field(default_factory=list)
    more: int = 0
    vendors: list[PrivateVendor] = field(default_factory=list)
    not_counted: int = 0


@dataclass(slots=True)
class SegmentKind:
    """Segments, or groups of annotations, of one category and one type.

    `category` and `type` are meanings of codes of PS3.16, "" where the code is in none of its
    context groups; `segments` of the kind are in `instances` objects.
    """

    category: str
    type: str
    segments: int
    instances: int


@dataclass(slots=True)
class Segments:
    """What is segmented or annotated in how many objects, and how it was drawn.

    `kinds` are the most frequent first, `more` of them are left out; `drawn` counts segments by
    algorithm type, under "" those without a legal one; `not_counted` objects could not be read.
    """

    instances: int
    segments: int
    kinds: list[SegmentKind] = field(default_factory=list)
    more: int = 0
    drawn: dict[str, int] = field(default_factory=dict)
    not_counted: int = 0


@dataclass(slots=True)
class EvidenceForm:
    """Files beside DICOM of one format that hold the same.

    `form` is ``annotation``, ``report``, ``table``, or ``image`` that was converted. `to_images`
    are tied to images by UIDs, name or folder, `to_patients` of the others to a patient; `example`
    is a path.
    """

    format: str
    form: str
    files: int
    to_images: int
    to_patients: int
    example: str = ""


@dataclass(slots=True)
class EvidenceTable:
    """A clinical table that joins to the collection's patients.

    `rows` were looked at, `patients` of the collection are in its key columns; `columns` says in
    words of our own what its headings name; `names_images` whether it names objects too.
    """

    path: str
    format: str
    rows: int
    patients: int
    columns: list[str] = field(default_factory=list)
    names_images: bool = False


@dataclass(slots=True)
class EvidenceHeld:
    """What a repository's index lists of one kind, `holds` (SEG, RT or SR), from one maker.

    `since` is the date of the first version of the repository that has any of it, "" if the index
    does not say.
    """

    holds: str
    third_party: bool
    since: str = ""


@dataclass(slots=True)
class EvidenceResult:
    """What a collection has beyond images.

    `segmentations`, `structure_sets` and `reports` tell whether there are SEG or ANN, RT Structure
    Sets, and SR about patients; `beside` whether files beside DICOM could be looked at, which an
    index of a repository does not list. `patients_joined` is how many patients clinical tables
    name. `described` and `third_party` are what its publisher says in ``collection.toml``, or the
    repository in its index: nothing there is taken from the objects. `clinical` says that the
    repository has clinical tables, into which nobody looked; `held` is what its index lists.
    """

    segmentations: bool = False
    structure_sets: bool = False
    reports: bool = False
    beside: bool = True
    forms: list[EvidenceForm] = field(default_factory=list)
    tables: list[EvidenceTable] = field(default_factory=list)
    tables_left_out: int = 0
    patients_joined: int = 0
    described: dict[str, str] = field(default_factory=dict)
    third_party: list[dict[str, str]] = field(default_factory=list)
    clinical: bool = False
    held: list[EvidenceHeld] = field(default_factory=list)


@dataclass(slots=True)
class CollectionResult:
    """One collection: counts, scores, rules, inventory, annotation notation.

    `private_elements` counts private data elements by creator, each place once an instance;
    `rules_left_out` is how many rules were switched off by --select or --ignore.
    `deidentification`, `private`, `segments` and `reports` are None where no rule of their
    category ran.
    """

    name: str
    repository: str
    counts: Counts
    categories: list[CategoryResult]
    rules: list[RuleResult]
    overall: float | None = None
    coverage: float = 0.0
    inventory: dict[str, list[InventoryRow]] = field(default_factory=dict)
    annotation: dict[str, str] = field(default_factory=dict)
    companions: dict[str, int] = field(default_factory=dict)
    private_elements: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    rules_left_out: int = 0
    conformance: ConformanceResult | None = None
    objects: ObjectsResult | None = None
    deidentification: Deidentification | None = None
    private: Private | None = None
    reports: Reports | None = None
    segments: Segments | None = None
    evidence: EvidenceResult | None = None


@dataclass(slots=True)
class WaiverResult:
    """A waiver and what became of it.

    `state` is ``used``, ``expired`` or ``unmatched``; `count` is in units of what it waived.
    """

    rule: str
    where: dict[str, str]
    reason: str
    owner: str
    expires: str
    state: str
    count: int = 0


@dataclass(slots=True)
class AuditResult:
    """Everything that is written to ``result.json``; `waivers` only once they were applied."""

    tool: Tool
    collections: list[CollectionResult]
    schema: str = SCHEMA
    waivers: list[WaiverResult] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists, dicts, strings and numbers, in a stable order."""
        plain = _plain(self)
        return {"schema": plain.pop("schema"), **plain}

    def write(self, path: Path) -> None:
        """Write UTF-8 JSON in a stable order."""
        text = json.dumps(self.to_dict(), indent=1, ensure_ascii=False, allow_nan=False)
        replace_text(path, text + "\n")


def _plain(value: Any) -> Any:
    """Return what `dataclasses.asdict` does, in half of its time: nothing here needs a copy."""
    kind: Any = type(value)
    if kind is str or kind is int or kind is float or value is None:
        return value
    if kind is list or kind is tuple:
        return [_plain(each) for each in value]
    if kind is dict:
        return {key: _plain(each) for key, each in value.items()}
    names = _names(kind)
    return {name: _plain(getattr(value, name)) for name in names} if names else value


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind)) if is_dataclass(kind) else ()


def read_result(path: Path) -> AuditResult:
    """Read a ``result.json``.

    Raises
    ------
    ResultError
        If the file is missing, not JSON, or not of schema `SCHEMA`.
    """
    try:
        plain = json.loads(read_text(path))
    except OSError as error:
        raise ResultError(f"cannot read {path.name}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ResultError(f"{path.name} is not JSON") from error
    if not isinstance(plain, dict) or plain.get("schema") != SCHEMA:
        raise ResultError(f"{path.name} is not a result of schema {SCHEMA}")
    try:
        return AuditResult(
            tool=_make(Tool, plain["tool"]),
            collections=[_collection(each) for each in plain["collections"]],
            waivers=[WaiverResult(**each) for each in plain.get("waivers", [])],
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ResultError(f"{path.name} does not follow schema {SCHEMA}") from error


def _collection(plain: dict[str, Any]) -> CollectionResult:
    return _make(
        CollectionResult,
        {
            **plain,
            "counts": _make(Counts, plain["counts"]),
            "categories": [_make(CategoryResult, each) for each in plain["categories"]],
            "rules": [_rule(each) for each in plain["rules"]],
            "inventory": {
                name: [_make(InventoryRow, row) for row in rows]
                for name, rows in plain.get("inventory", {}).items()
            },
            "conformance": _parts(
                ConformanceResult,
                plain.get("conformance"),
                iods=IodResult,
                modules=ModuleResult,
                disagreements=Disagreement,
            ),
            "objects": _parts(
                ObjectsResult, plain.get("objects"), kinds=ObjectKind, links=ObjectLink
            ),
            "deidentification": _parts(
                Deidentification,
                plain.get("deidentification"),
                claims=Claim,
                attributes=CarriedAttribute,
                expected=Expectation,
            ),
            "reports": _parts(Reports, plain.get("reports")),
            "private": _parts(
                Private, plain.get("private"), creators=PrivateCreator, vendors=PrivateVendor
            ),
            "segments": _parts(Segments, plain.get("segments"), kinds=SegmentKind),
            "evidence": _parts(
                EvidenceResult,
                plain.get("evidence"),
                forms=EvidenceForm,
                tables=EvidenceTable,
                held=EvidenceHeld,
            ),
        },
    )


def _parts(cls: type[T], plain: dict[str, Any] | None, **lists: type[Any]) -> T | None:
    """Make a block that holds lists of parts."""
    if plain is None:
        return None
    made = {
        name: [_make(part, each) for each in plain.get(name, [])] for name, part in lists.items()
    }
    return _make(cls, {**plain, **made})


def _rule(plain: dict[str, Any]) -> RuleResult:
    rule = _make(
        RuleResult,
        {**plain, "findings": [_make(GroupedFinding, each) for each in plain["findings"]]},
    )
    Severity(rule.severity), Confidence(rule.confidence), Outcome(rule.outcome)
    return rule


def _make(cls: type[T], plain: dict[str, Any]) -> T:
    """Make a part of a result from what JSON holds: a name more is no error, a type is.

    Raises
    ------
    TypeError
        If a field without a default is missing, or one is of another type.
    """
    hints = get_type_hints(cls)
    given = {name: plain[name] for name in hints if name in plain}
    for name, value in given.items():
        hint = hints[name]
        kinds = get_args(hint) if isinstance(hint, UnionType) else (get_origin(hint) or hint,)
        kinds = (*kinds, int) if float in kinds else kinds
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise TypeError(f"{name} is of another type")
    return cls(**given)
