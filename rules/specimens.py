"""Specimens (PS3.3 C.7.6.22): what the steps of their preparation say (PS3.16 TID 8001)."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Finding, InstanceFacts, Selector, TagPath, rule
from auditor.facts import Item
from auditor.standard.codes import RETIRED_SCHEMES, Concept, is_member, same

_STEPS = ("SpecimenDescriptionSequence", "SpecimenPreparationSequence")
_ITEMS = "SpecimenPreparationStepContentItemSequence"
_NAME, _VALUE = "ConceptNameCodeSequence", "ConceptCodeSequence"
_CODES = ("CodeValue", "CodingSchemeDesignator")
_PATH = TagPath.of(*_STEPS, _ITEMS)

_PROCEDURES = 8111
"""CID of what a step can be, Specimen Preparation Procedure."""

_Concepts = dict[tuple[str, str], tuple[str, tuple[str, ...]]]

_OF_EACH: _Concepts = {
    ("121041", "DCM"): ("Specimen Identifier", ("TEXT",)),
    ("111701", "DCM"): ("Processing type", ("CODE",)),
}
"""Concepts that each step has, TID 8001, with the value types that they may have."""

_OF_KIND: dict[tuple[str, str], _Concepts] = {
    ("17636008", "SCT"): {("17636008", "SCT"): ("Specimen Collection", ("CODE",))},
    ("433465004", "SCT"): {
        ("111704", "DCM"): ("Sampling Method", ("CODE",)),
        ("111705", "DCM"): ("Parent Specimen Identifier", ("TEXT",)),
        ("111707", "DCM"): ("Parent specimen type", ("CODE",)),
    },
    ("127790008", "SCT"): {("424361007", "SCT"): ("Using substance", ("CODE", "TEXT"))},
}
"""Concepts that a collection, a sampling (TID 8002) and a staining (TID 8003) have besides."""


_CODE_READS = tuple(
    ".".join((*_STEPS, _ITEMS, sequence, name)) for sequence in (_NAME, _VALUE) for name in _CODES
)
_READS = (".".join((*_STEPS, _ITEMS, "ValueType")), *_CODE_READS)


def _steps(instance: InstanceFacts) -> list[tuple[Item, ...]]:
    return [
        step.items(_ITEMS)
        for specimen in instance.items(_STEPS[0])
        for step in specimen.items(_STEPS[1])
    ]


def _code(item: Item, sequence: str) -> Concept | None:
    codes = item.items(sequence)
    if not codes:
        return None
    value, scheme = (codes[0].text(name) for name in _CODES)
    return Concept(scheme, value)


def _kinds(items: tuple[Item, ...]) -> Iterator[Concept]:
    """Yield what a step says that it is: the values of its Processing type."""
    for item in items:
        value = _code(item, _VALUE)
        if value is not None and same(_code(item, _NAME), "111701", "DCM"):
            yield value


@rule(
    id="IOD036",
    category="iod",
    severity="warning",
    confidence="medium",
    reads=_READS,
    reference="PS3.3 C.7.6.22.1.3, PS3.16 TID 8001, TID 8002, TID 8003",
    applies=Selector(None, lambda instance: bool(_steps(instance))),
)
def preparation(instance: InstanceFacts) -> Iterator[Finding]:
    """A step of a specimen's preparation lacks what its template asks for.

    Why it matters
    --------------
    Colours mean nothing without the stain, and a slide is found again in the laboratory by the
    block that it was cut from. Programs take both from coded items: what is left out, or coded as
    something else, is as if nobody had done it.

    How to fix
    ----------
    Give each item of Specimen Preparation Sequence (0040,0610) a Specimen Identifier and a
    Processing type; a sampling its method, and identifier and type of the parent; a
    staining the substances; a collection its procedure.

    Command
    -------
    dcmdump +P SpecimenPreparationSequence FILE

    Example
    -------
    A staining without Using substance (424361007, SCT).
    """
    for items in _steps(instance):
        asked = dict(_OF_EACH)
        for value in _kinds(items):
            for kind, more in _OF_KIND.items():
                if same(value, *kind):
                    asked |= more
        for concept, (name, value_types) in asked.items():
            found = [item for item in items if same(_code(item, _NAME), *concept)]
            if not found:
                yield Finding(f"{name} is missing", _PATH)
            elif all(item.text("ValueType") not in value_types for item in found):
                yield Finding(
                    f"the value type of {name} is not {' or '.join(value_types)}",
                    TagPath.of(*_STEPS, _ITEMS, "ValueType"),
                )


@rule(
    id="IOD037",
    category="iod",
    severity="info",
    confidence="medium",
    reads=_CODE_READS,
    reference="PS3.16 TID 8001, CID 8111, 6.1.8",
    applies=Selector(
        None, lambda instance: any(True for items in _steps(instance) for _ in _kinds(items))
    ),
)
def processing_type(instance: InstanceFacts) -> Iterator[Finding]:
    """The processing type of a step of a specimen's preparation is not in its context group.

    Why it matters
    --------------
    The context group may be extended, but only for what is not yet in it. Who looks for slides
    that were frozen or stained by the codes of the standard does not find such a step.

    How to fix
    ----------
    Take the code of CID 8111 that has the meaning; keep another only if there is none. Codes of
    SNOMED that are written the old way are let pass.

    Command
    -------
    dcmdump +P SpecimenPreparationSequence FILE

    Example
    -------
    A local code for a laser ablation.
    """
    for items in _steps(instance):
        for kind in _kinds(items):
            known = kind.scheme in RETIRED_SCHEMES or is_member(kind, _PROCEDURES)
            if kind.value and not known:
                yield Finding(
                    f"the value of Processing type is not in CID {_PROCEDURES}",
                    TagPath.of(*_STEPS, _ITEMS, _VALUE),
                )
