"""Templates of structured reports (PS3.16 A): what the declared one asks for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from auditor import (
    Element,
    Finding,
    InstanceFacts,
    Place,
    Selector,
    Undecided,
    comparison,
    rule,
)
from auditor.reading.places import CUT_OFF
from auditor.standard.dictionary import tag_of
from auditor.standard.sop_classes import KEY_OBJECT_SELECTION, STRUCTURED_REPORTS
from auditor.structured_report.content import EXCEEDS, EXCEEDS_NOT, NUMBERS
from auditor.structured_report.templates import compared_numbers

WITH_TEMPLATE = Selector(
    STRUCTURED_REPORTS | {KEY_OBJECT_SELECTION},
    lambda instance: instance.content().conformance is not None,
)
"""Documents that name a template, and those whose SOP class has just one."""


_CONTENT = tag_of("ContentSequence")
_CONCEPT = (tag_of("ConceptNameCodeSequence"), tag_of("CodeValue"))
_NUMBER = (tag_of("MeasuredValueSequence"), tag_of("NumericValue"))


_DEEP = 4
"""Content items that a number which is compared lies in: those of TID 10015 are in the details of a
check, in the dose, of an event, of a document. What lies higher is not looked at."""


def _depth(place: Place) -> int:
    """Return how many content items a place lies in; 0 if it is none that is compared."""
    inside: tuple[int, ...] = ()
    step: Place | None = place
    while step is not None and step.parent is not None and step.tag != _CONTENT:
        inside = (step.tag, *inside)
        step = step.parent
    depth = 0
    while step is not None and step.parent is not None:
        if step.tag != _CONTENT:
            return 0
        depth += 1
        step = step.parent
    if inside in (_CONCEPT, _NUMBER):
        return depth if depth >= _DEEP else 0
    return depth if inside == () and depth >= _DEEP - 1 else 0


@comparison(name=NUMBERS, applies=lambda place: place.tag == CUT_OFF or bool(_depth(place)))
def numbers(elements: Sequence[Element]) -> Iterator[tuple[Place, str]]:
    """Which of two numbers is larger, where a template's condition compares the two.

    Nothing else of a number leaves it: a word, and the codes of the two concepts.
    """
    wanted = {code for pair in compared_numbers() for code in pair}
    found: list[tuple[Place, str]] = []
    concept = ""
    # By depth of an item, the numbers of those below it.
    below: dict[int, dict[str, Element]] = {}
    depths: dict[Place, int] = {}
    for element in elements:
        place = element.place
        if place.tag == CUT_OFF:
            return
        depth = depths.get(place)
        if depth is None:
            depth = depths[place] = _depth(place)
        if place.tag == _CONTENT:
            concept = ""
            for ended in [level for level in below if level >= depth]:
                found += _compared(below.pop(ended))
        elif place.tag == _CONCEPT[-1]:
            concept = element.text.strip() if len(element.value) < 16 else ""
        elif concept in wanted:
            # Tags ascend: a number stands behind its concept, and before the items below it.
            below.setdefault(depth - 1, {})[concept] = element
    for last in below.values():
        found += _compared(last)
    yield from dict.fromkeys(found)


def _compared(numbers: dict[str, Element]) -> Iterator[tuple[Place, str]]:
    """Compare the numbers of items below one."""
    for pair in sorted(compared_numbers()):
        try:
            larger, smaller = (float(numbers[code].text) for code in pair)
        except (KeyError, ValueError):
            continue
        if not (math.isfinite(larger) and math.isfinite(smaller)):
            continue
        word = EXCEEDS if larger > smaller else EXCEEDS_NOT
        yield numbers[pair[0]].place, ": ".join((word, *pair))


def _problems(instance: InstanceFacts, *kinds: str) -> Iterator[Finding | Undecided]:
    """Yield what is wrong by the template, of some kinds, or why it cannot be said."""
    said = instance.content().conformance
    if said is None:
        return
    for problem in said.problems:
        if problem.kind in kinds:
            yield Finding(problem.message, problem.path)
    if not said.is_judged or "missing" in kinds:
        for reason in said.undecided:
            yield Undecided(reason)


@rule(
    id="SR201",
    category="structured_report",
    severity="error",
    confidence="medium",
    reads=("content", f"judge:{NUMBERS}"),
    reference="PS3.16 6.1.7, A",
    applies=WITH_TEMPLATE,
)
def missing(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """A content item that the template asks for is missing.

    Why it matters
    --------------
    Who names a template promises that its items are there. Software that was made for it fails,
    or takes a measurement for another.

    How to fix
    ----------
    Add the item that the template requires (M, or MC and the condition holds), or name no
    template.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    highdicom: item = CodeContentItem(NAME, VALUE, relationship_type="RELATIONSHIP-TYPE")
    pydicom: dataset.ContentSequence.append(item)
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    A planar region of interest (TID 1410) without a region.
    """
    yield from _problems(instance, "missing")


@rule(
    id="SR202",
    category="structured_report",
    severity="error",
    confidence="medium",
    reads=("content",),
    reference="PS3.16 6.1.6, A",
    applies=WITH_TEMPLATE,
)
def number(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """A content item is there more often, or less often, than the template has it.

    Why it matters
    --------------
    Of two items where one is asked for, software takes either.

    How to fix
    ----------
    Keep the number of items that the template's value multiplicity (VM) allows.

    Command
    -------
    dsrdump +Pn -Er -Ec -Ee FILE
    pydicom: dataset = dcmread("FILE")
    pydicom: del dataset.ContentSequence[N]
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    Two tracking identifiers in one measurement group.
    """
    yield from _problems(instance, "number")


@rule(
    id="SR203",
    category="structured_report",
    severity="error",
    confidence="medium",
    reads=("content",),
    reference="PS3.16 6.1.3, 6.1.4, A",
    applies=WITH_TEMPLATE,
)
def other_kind(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """A content item has another value type or relationship than the template gives it.

    Why it matters
    --------------
    Software looks for a name, a value type and a relationship together: an item that differs in
    one of them is not found.

    How to fix
    ----------
    Write Value Type (0040,A040) and Relationship Type (0040,A010) as the row of the template has
    them.

    Command
    -------
    dsrdump +Pn -Er -Ec -Ee FILE
    dcmodify -nb -m "(0040,A730)[N].(0040,A040)=VALUE-TYPE" FILE
    dcmodify -nb -m "(0040,A730)[N].(0040,A010)=RELATIONSHIP-TYPE" FILE

    Example
    -------
    Person Observer Name as TEXT and not as PNAME.
    """
    yield from _problems(instance, "kind")


@rule(
    id="SR204",
    category="structured_report",
    severity="info",
    confidence="medium",
    reads=("content",),
    reference="PS3.16 6.1.8, 6.2.5, A, B",
    applies=WITH_TEMPLATE,
)
def value_sets(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """A code is not in the context group that the template takes it from.

    Why it matters
    --------------
    A defined context group is what all reports by the template choose from. Most may be
    extended, but only for what is not yet in them. Codes of SNOMED that are written the old way
    are let pass: their group was another.

    How to fix
    ----------
    Take the code of the context group that has the meaning; add another only if there is none.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: items = [i for e in dataset.iterall() if e.VR == "SQ" for i in e.value]
    pydicom: coded = [i for i in items if i.get("CodeValue") == "OLD-CODE"]
    highdicom: code = CodedConcept("CODE", "SCHEME", "CODE-MEANING")
    pydicom: for i in coded: i.update(code)
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    An Observer Type that is neither person nor device.
    """
    yield from _problems(instance, "value")


@rule(
    id="SR205",
    category="structured_report",
    severity="warning",
    confidence="medium",
    reads=("content",),
    reference="PS3.16 6.1.8, A",
    applies=WITH_TEMPLATE,
)
def template_units(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """A measurement has other units than the template gives it.

    Why it matters
    --------------
    A dose that is in mGy in one report and in Gy in the next is a thousand times too high when
    reports are added up without a look at their units.

    How to fix
    ----------
    Convert the number into the units of the template.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: measured = dataset.ContentSequence[N].MeasuredValueSequence[0]
    pydicom: measured.NumericValue *= FACTOR
    highdicom: units = CodedConcept("UNIT", "UCUM", "UNIT")
    pydicom: measured.MeasurementUnitsCodeSequence = [units]
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    CT Dose Length Product Total in Gy.cm and not in mGy.cm.
    """
    yield from _problems(instance, "units")


@rule(
    id="SR206",
    category="structured_report",
    severity="error",
    confidence="medium",
    reads=("content",),
    reference="PS3.16 6.2.1, A",
    applies=WITH_TEMPLATE,
)
def not_extensible(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """There is content that the template, which is not extensible, does not have.

    Why it matters
    --------------
    Of a template that is not extensible software may expect that there is nothing else.

    How to fix
    ----------
    Take the item out, or put it where the template has it.

    Command
    -------
    dsrdump +Pn -Er -Ec -Ee FILE
    pydicom: dataset = dcmread("FILE")
    pydicom: del dataset.ContentSequence[N]
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    A measurement in a Key Object Selection.
    """
    yield from _problems(instance, "unexpected")


@rule(
    id="SR207",
    category="structured_report",
    severity="warning",
    confidence="medium",
    reads=("content",),
    reference="PS3.16 6.1.7, A",
    applies=WITH_TEMPLATE,
)
def against_condition(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """A content item is there, and one that excludes it by a condition of the template.

    Why it matters
    --------------
    Where a template has two ways to say one thing, both at once may contradict each other.

    How to fix
    ----------
    Keep the one that the condition allows.

    Command
    -------
    dsrdump +Pn -Er -Ec -Ee FILE
    pydicom: dataset = dcmread("FILE")
    pydicom: del dataset.ContentSequence[N]
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    A planar region of interest with a contour and a segmentation; the name of a person where the
    Observer Type is Device.
    """
    yield from _problems(instance, "condition")


@rule(
    id="SR208",
    category="structured_report",
    severity="info",
    confidence="medium",
    reads=("content",),
    reference="PS3.16 6.2.2, A",
    applies=WITH_TEMPLATE,
)
def order(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """Content items are not in the order of the template, whose order is significant.

    Why it matters
    --------------
    Where the order is significant, a reader may show or understand items by it.

    How to fix
    ----------
    Write the items in the order of the template's rows.

    Command
    -------
    dsrdump +Pn -Er -Ec -Ee FILE
    pydicom: dataset = dcmread("FILE")
    pydicom: items = dataset.ContentSequence
    pydicom: items.insert(NEW, items.pop(OLD))
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    A subject's name before the class of the subject.
    """
    yield from _problems(instance, "order")
