"""From what the rules declare to what the reader keeps: one plan for each kind of object."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from auditor.conformance.dciodvfy import READ_BY_VALUE, shown
from auditor.conformance.dicom_validator import tags_read_by_value
from auditor.conformance.legality import fault_of
from auditor.facts import PRIVATE
from auditor.model import Comparison, Judge, Rule, Selector, Summary
from auditor.reading.columns import COLUMN_OF_TAG
from auditor.reading.extents import PLANES, SHARED_GROUPS
from auditor.reading.places import JUDGE_FAILED, Attention, Place
from auditor.standard.dictionary import tag_of
from auditor.standard.sop_classes import SEGMENTATIONS
from auditor.structured_report.content import CONTENT, is_kept

_ROLES = {
    0x00081150: "class",
    0x00081155: "instance",
    0x00081160: "frames",
    0x0020000D: "study",
    0x0020000E: "series",
    0x00200052: "frame_of_reference",
    0x00640003: "frame_of_reference",  # of the source of a deformable registration
    0x30060042: "shape",
    0x30060050: "contour",
}

NUMBERS = {
    "BeamNumber": "ReferencedBeamNumber",
    "FractionGroupNumber": "ReferencedFractionGroupNumber",
    "ApplicationSetupNumber": "ReferencedBrachyApplicationSetupNumber",
    "ROINumber": "ReferencedROINumber",
    "SegmentNumber": "ReferencedSegmentNumber",
}
"""Numbers of parts of an object to the attributes by which other objects refer to them."""

_NUMBER_TAGS = frozenset(tag_of(each) for pair in NUMBERS.items() for each in pair)

_PER_FRAME = "(5200,9230)"
_PLANES = {tag_of(keyword): macro for keyword, macro in PLANES.items()}

_REFERENCED_STUDIES = tag_of("RTReferencedStudySequence")
"""Its items name a study by what is elsewhere the UID of an instance (PS3.3 C.8.8.5)."""

# These point at what is no composite instance in an archive: nothing to find there.
_NOT_INSTANCES = frozenset(
    tag_of(keyword)
    for keyword in (
        "ReferencedStudySequence",
        "ReferencedPatientSequence",
        "ReferencedPerformedProcedureStepSequence",
        "ReferencedVisitSequence",
        "ReferencedPatientAliasSequence",
        "ReferencedInterpretationSequence",
        "ReferencedResultsSequence",
    )
)

_FORMER = tag_of("OriginalAttributesSequence")
"""What is in it was so once (PS3.3 C.12.1): no reference of today."""


def applies_to(rule: Rule | Summary, sop_class: str | None) -> bool:
    """Whether a rule can apply to objects of a SOP class, as far as its selector tells."""
    selector = rule.applies
    return (
        not isinstance(selector, Selector)
        or selector.sop_classes is None
        or sop_class in selector.sop_classes
    )


def _looking(judge: Judge, place: Place) -> Judge | None:
    """Return the judge if it looks at a place; one that cannot say fails on what is there."""
    try:
        return judge if judge.applies(place) else None
    except Exception:  # noqa: BLE001 - whatever a judge raises is its rules' error
        return replace(judge, check=_cannot_say)


def _cannot_say(_: object) -> str:
    return JUDGE_FAILED


def _comparing(comparison: Comparison, place: Place) -> Comparison | None:
    """Return the comparison if it wants a place; one that cannot say fails on what is there."""
    try:
        return comparison if comparison.applies(place) else None
    except Exception:  # noqa: BLE001 - whatever a comparison raises is its rules' error
        return replace(comparison, check=_cannot_compare)


def _cannot_compare(_: object) -> Iterable[tuple[Place, str]]:
    raise TypeError("it cannot say what it wants to see")


class RulesPlan:
    """What the reader keeps of one kind of object.

    Parameters
    ----------
    sop_class
        Its SOP Class UID; None for the File Meta Information.
    rules
        The instance rules of the audit, and its summaries.
    judges
        Judges and comparisons by name; only those that a rule reads are asked.
    """

    def __init__(
        self,
        sop_class: str | None,
        rules: Iterable[Rule | Summary],
        judges: dict[str, Judge | Comparison],
    ) -> None:
        reads = {name for rule in rules if applies_to(rule, sop_class) for name in rule.reads}
        self._keep = frozenset(
            tuple(tag_of(keyword) for keyword in name.split("."))
            for name in reads
            if ":" not in name and name not in (PRIVATE, CONTENT) and sop_class is not None
        )
        self._content = CONTENT in reads and sop_class is not None
        asked = [judges[name[6:]] for name in sorted(reads) if name.startswith("judge:")]
        self._judges = tuple(each for each in asked if isinstance(each, Judge))
        self._comparisons = tuple(each for each in asked if isinstance(each, Comparison))
        self._meta = sop_class is None
        # Nothing is drawn on a segmentation: its frames need not be found by others. How far they
        # reach is of interest.
        self._drawn_on = sop_class not in SEGMENTATIONS
        if sop_class is None:
            self._by_value: frozenset[int] = frozenset()
            self._read_by_first: frozenset[int] = frozenset()
        else:
            self._read_by_first = tags_read_by_value(sop_class)
            self._by_value = self._read_by_first | READ_BY_VALUE

    def attention(self, place: Place) -> Attention:
        """Decide what may be looked at there."""
        parent = place.parent
        assert parent is not None
        at_top = parent.parent is None
        inherited = not at_top and parent.attention.keep
        column = COLUMN_OF_TAG.get(place.tag, -1) if at_top else -1
        if (place.tag >> 16 == 2) != self._meta:
            column = -1
        role = "" if self._meta else self._role(place, parent, at_top)
        tags = place.tags
        return Attention(
            keep=inherited
            or tags in self._keep
            or (self._content and is_kept(tags))
            or place.is_creator
            or place.tag == 0x00080005,
            judges=tuple(
                asked for judge in self._judges if (asked := _looking(judge, place)) is not None
            ),
            comparisons=tuple(
                wanting
                for each in self._comparisons
                if (wanting := _comparing(each, place)) is not None
            ),
            structure=not self._meta
            and not place.is_private
            and (place.is_text or place.tag in self._by_value),
            column=column,
            role=role,
        )

    def _role(self, place: Place, parent: Place, at_top: bool) -> str:
        if place.tag in _NUMBER_TAGS:
            return "number"
        if at_top:
            return ""
        if place.tag in _PLANES:
            return self._plane(place.keyword, parent.path.steps)
        role = _ROLES.get(place.tag, "")
        if not role or parent.tag in _NOT_INSTANCES:
            return ""
        if parent.tag == _REFERENCED_STUDIES:
            return {"instance": "study", "class": ""}.get(role, role)
        step: Place | None = parent
        while step is not None:
            if step.tag == _FORMER:
                return ""
            step = step.parent
        return role

    def _plane(self, keyword: str, steps: tuple[str, ...]) -> str:
        """Return the role of what says where a frame lies (PS3.3 C.7.6.16.2)."""
        if steps not in ((_PER_FRAME, PLANES[keyword]), (SHARED_GROUPS, PLANES[keyword])):
            return ""
        if keyword == "ImagePositionPatient" and steps[0] == _PER_FRAME:
            return "place" if self._drawn_on else "position"
        alike = steps[0] == SHARED_GROUPS and keyword != "ImagePositionPatient"
        return "number" if self._drawn_on or alike else ""

    def structure(self, place: Place, value: bytes, encodings: tuple[str, ...]) -> bytes:
        """Return what a referee can depend on: both referees' stand-ins follow from it.

        That is legality and what a condition reads, as `auditor.conformance.dicom_validator`
        defines it, and what `auditor.conformance.dciodvfy.shown` makes of the value.
        """
        fault = fault_of(place.vr, value, encodings) if place.is_text else ""
        legal = b"!" + fault.encode() if fault else b""
        read = b"=" + value if place.tag in self._read_by_first else b""
        return legal + read + b"~" + shown(place.tag, place.vr, value)
