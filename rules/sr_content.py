"""Content of structured reports (PS3.3 C.17.3, A.35): items, relationships, codes, units."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence

from auditor import (
    Element,
    Finding,
    InstanceFacts,
    Place,
    Selector,
    Undecided,
    comparison,
    for_sop_classes,
    judge,
    rule,
)
from auditor.reading.places import CUT_OFF
from auditor.standard.codes import (
    RETIRED_SCHEMES,
    Concept,
    is_dcm_code,
    is_private,
    is_said_of_another,
    is_sct_identifier,
    meaning,
)
from auditor.standard.dictionary import tag_of
from auditor.standard.sop_classes import KEY_OBJECT_SELECTION, STRUCTURED_REPORTS
from auditor.structured_report.content import GRAPHIC, ContentItem
from auditor.structured_report.templates import constraints
from auditor.structured_report.ucum import is_unit

TRIALS = frozenset(f"1.2.840.10008.5.1.4.1.1.88.{end}" for end in (1, 2, 3, 4))
"""Retired trial SOP Classes: PS3.3 says no longer what they had to hold."""

DOCUMENTS = for_sop_classes(*(STRUCTURED_REPORTS - TRIALS), KEY_OBJECT_SELECTION)

TOO_MANY = Undecided("documents with more content items than are looked at")

VALUE_OF = {
    "TEXT": ("TextValue",),
    "PNAME": ("PersonName",),
    "DATETIME": ("DateTime",),
    "DATE": ("Date",),
    "TIME": ("Time",),
    "UIDREF": ("UID",),
    "COMPOSITE": ("ReferencedSOPSequence",),
    "IMAGE": ("ReferencedSOPSequence",),
    "WAVEFORM": ("ReferencedSOPSequence",),
    "SCOORD": ("GraphicData", "GraphicType"),
    "SCOORD3D": ("GraphicData", "GraphicType", "ReferencedFrameOfReferenceUID"),
    "TCOORD": ("TemporalRangeType",),
    "CONTAINER": ("ContinuityOfContent",),
}
"""Attributes that are the value of an item of a value type, all of Type 1 (PS3.3 C.17.3, C.18)."""

VALUE_TYPES = frozenset(VALUE_OF) | {"CODE", "NUM", "TABLE"}

NAMED = frozenset({"TEXT", "NUM", "CODE", "DATETIME", "DATE", "TIME", "UIDREF", "PNAME"})
"""Value types whose items must have a concept name (PS3.3 C.17.3)."""

RELATIONSHIPS = frozenset(
    {
        "CONTAINS",
        "HAS OBS CONTEXT",
        "HAS CONCEPT MOD",
        "HAS PROPERTIES",
        "HAS ACQ CONTEXT",
        "INFERRED FROM",
        "SELECTED FROM",
    }
)


def _has(wanted: Callable[[ContentItem], bool]) -> Selector:
    """Select documents that have such an item; of one that is too large nobody knows."""

    def has(instance: InstanceFacts) -> bool:
        tree = instance.content()
        return not tree.is_whole or any(map(wanted, tree.items))

    return Selector(DOCUMENTS.sop_classes, has)


def _is_measurement(item: ContentItem) -> bool:
    return item.value_type == "NUM"


@rule(
    id="SR103",
    category="structured_report",
    severity="error",
    confidence="high",
    reads=("content",),
    reference="PS3.3 C.17.3, A.35",
    applies=DOCUMENTS,
)
def value_types(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """A content item has no value type, or one that its SOP class does not have.

    Why it matters
    --------------
    The value type says which attribute holds the value. A reader skips an item without one, and
    software for a SOP class is not made for the value types of another.

    How to fix
    ----------
    Write Value Type (0040,A040) in each content item that is not by reference; use the SOP class
    that has what the report needs: measurements need Enhanced SR or Comprehensive SR, coordinates
    in three dimensions Comprehensive 3D SR.

    Command
    -------
    dsrdump +Pn -Er -Ec -Ee FILE
    dcmodify -nb -i "(0040,A730)[N].(0040,A040)=VALUE-TYPE" FILE

    Example
    -------
    A NUM in a Basic Text SR.
    """
    tree = instance.content()
    if not tree.is_whole:
        yield TOO_MANY
    allowed = constraints(tree.sop_class)
    legal = None
    if allowed is not None:
        legal = {"CONTAINER"} | set(allowed)
        legal |= {kind for by in allowed.values() for kinds in by.values() for kind in kinds[0]}
    for item in tree.items:
        if item.target is not None:
            continue
        if not item.value_type:
            yield Finding("a content item has no value type", item.at("ValueType"))
        elif item.value_type not in VALUE_TYPES:
            yield Finding("a content item has an unknown value type", item.at("ValueType"))
        elif legal is not None and item.value_type not in legal:
            message = f"the SOP class has no content items of value type {item.value_type}"
            yield Finding(message, item.at("ValueType"))
    if allowed is None:
        yield Undecided("value types of this SOP class are not packaged")


@rule(
    id="SR104",
    category="structured_report",
    severity="error",
    confidence="high",
    reads=("content",),
    reference="PS3.3 C.17.3.2.4, A.35",
    applies=DOCUMENTS,
)
def relationships(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """A content item stands to the one around it in no relationship that the SOP class has.

    Why it matters
    --------------
    The relationship says what an item is to the one around it: its part, its property, what it
    was inferred from. In the wrong one a finding becomes a context, or is passed over.

    How to fix
    ----------
    Write in Relationship Type (0040,A010) one that the table of relationship content constraints
    of the SOP class has for the two value types.

    Command
    -------
    dsrdump +Pn -Er -Ec -Ee FILE
    dcmodify -nb -i "(0040,A730)[N].(0040,A010)=RELATIONSHIP-TYPE" FILE

    Example
    -------
    A container that HAS PROPERTIES a text.
    """
    tree = instance.content()
    if not tree.is_whole:
        yield TOO_MANY
    allowed = constraints(tree.sop_class)
    for item in tree.items:
        if item.parent is None:
            continue
        place = item.at("RelationshipType")
        if not item.relationship:
            yield Finding("a content item has no relationship", place)
            continue
        if item.relationship not in RELATIONSHIPS:
            yield Finding("a content item has an unknown relationship", place)
            continue
        seen = item if item.target is None else tree.target(item.target)
        if allowed is None or seen is None:
            continue
        source, target = item.parent.value_type, seen.value_type
        if not {source, target} <= VALUE_TYPES:
            continue
        kinds, by_reference = allowed.get(source, {}).get(item.relationship, [[], []])
        if target not in kinds:
            yield Finding(
                f"{source} {item.relationship} {target}, which the SOP class does not have", place
            )
        elif item.target is not None and target not in by_reference:
            yield Finding(
                f"{source} {item.relationship} {target} by reference, "
                "which the SOP class does not have",
                place,
            )
    if allowed is None:
        yield Undecided("relationships of this SOP class are not packaged")


@rule(
    id="SR105",
    category="structured_report",
    severity="error",
    confidence="high",
    reads=("content",),
    reference="PS3.3 C.17.3, C.18.1 to C.18.9",
    applies=DOCUMENTS,
)
def values(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """A content item has no name, or not one value.

    Why it matters
    --------------
    A content item is a question and an answer: name and value. Without the name nobody knows
    what was answered; without the value nothing was, and of two values one is wrong.

    How to fix
    ----------
    Write Concept Name Code Sequence (0040,A043) in all items but references, coordinates and
    containers without a heading, and the attribute that holds the value of the value type. A
    measurement that could not be made has an empty Measured Value Sequence (0040,A300); any
    other has one item in it.

    Command
    -------
    dsrdump +Pn -Er -Ec -Ee FILE
    pydicom: dataset = dcmread("FILE")
    highdicom: name = CodedConcept("CODE", "SCHEME", "CODE-MEANING")
    pydicom: dataset.ContentSequence[N].ConceptNameCodeSequence = [name]
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    A TEXT whose Text Value is empty.
    """
    tree = instance.content()
    if not tree.is_whole:
        yield TOO_MANY
    for item in tree.items:
        if item.target is not None:
            continue
        kind = item.value_type
        if kind in NAMED and item.concept is None:
            yield Finding(f"a {kind} has no concept name", item.at("ConceptNameCodeSequence"))
        for keyword in VALUE_OF.get(kind, ()):
            if keyword not in item.filled:
                yield Finding(f"a {kind} has no value", item.at(keyword))
        if kind == "CODE" and item.value is None:
            yield Finding("a CODE has no value", item.at("ConceptCodeSequence"))
        if kind == "NUM" and not item.has_number:
            yield Finding("a NUM has no Measured Value Sequence", item.at("MeasuredValueSequence"))
        elif kind == "NUM" and item.measured and not item.has_measurement:
            place = item.at("MeasuredValueSequence", "NumericValue")
            yield Finding("a NUM has a measured value without a number", place)
        if kind == "NUM" and item.measured > 1:
            yield Finding("a NUM has several measured values", item.at("MeasuredValueSequence"))


@rule(
    id="SR106",
    category="structured_report",
    severity="error",
    confidence="high",
    reads=("content",),
    reference="PS3.3 8.8",
    applies=DOCUMENTS,
)
def codes(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """A coded entry in the content lacks its value, its scheme or its meaning.

    Why it matters
    --------------
    A value without its coding scheme says nothing, and a code without its meaning cannot be
    shown to a person.

    How to fix
    ----------
    Write Code Value (0008,0100) (or its long or URN form), Coding Scheme Designator (0008,0102)
    and Code Meaning (0008,0104) in each coded entry.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: items = [i for e in dataset.iterall() if e.VR == "SQ" for i in e.value]
    pydicom: coded = [i for i in items if i.get("CodeValue") == "CODE"]
    pydicom: for i in coded: i.CodingSchemeDesignator, i.CodeMeaning = "SCHEME", "CODE-MEANING"
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    A finding whose Coding Scheme Designator is empty.
    """
    if not instance.content().is_whole:
        yield TOO_MANY
    for item in instance.content().items:
        for code, where in (
            (item.concept, ("ConceptNameCodeSequence",)),
            (item.value, ("ConceptCodeSequence",)),
            (item.units, ("MeasuredValueSequence", "MeasurementUnitsCodeSequence")),
        ):
            if code is not None and not code.is_complete:
                yield Finding("a coded entry is not complete", item.at(*where))


@rule(
    id="SR107",
    category="structured_report",
    severity="error",
    confidence="high",
    reads=("content",),
    reference="PS3.3 C.18.1",
    applies=_has(_is_measurement),
)
def units(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """A measurement has no units, or units that UCUM does not have.

    Why it matters
    --------------
    A number without units is no measurement. Software that converts or compares needs the code,
    and takes it by the grammar of UCUM.

    How to fix
    ----------
    Write Measurement Units Code Sequence (0040,08EA) in each item of Measured Value Sequence
    (0040,A300), with a code of UCUM, case sensitive: mm, cm3, [hnsf'U]; 1 where there are none.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: items = [i for e in dataset.iterall() if e.VR == "SQ" for i in e.value]
    pydicom: units = [i for i in items if i.get("CodeValue") == "WRONG-UNIT"]
    pydicom: for i in units: i.CodeValue, i.CodingSchemeDesignator = "UNIT", "UCUM"
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    The code HU in the scheme UCUM.
    """
    if not instance.content().is_whole:
        yield TOO_MANY
    for item in instance.content().items:
        place = item.at("MeasuredValueSequence", "MeasurementUnitsCodeSequence")
        if item.units is None:
            if item.value_type == "NUM" and item.has_measurement:
                yield Finding("a measurement has no units", place)
        elif item.units.scheme == "UCUM" and not is_unit(item.units.value):
            yield Finding("the units of a measurement are none of UCUM", place)


@rule(
    id="SR108",
    category="structured_report",
    severity="warning",
    confidence="high",
    reads=("content",),
    reference="PS3.3 C.18.1, PS3.16 7.2.2, CID 82",
    applies=_has(_is_measurement),
)
def units_scheme(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """The units of a measurement are of another scheme than UCUM.

    Why it matters
    --------------
    The standard's units are UCUM's. Software that reads measurements does not know others.

    How to fix
    ----------
    Write the units in UCUM, with Coding Scheme Designator (0008,0102) UCUM.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: items = [i for e in dataset.iterall() if e.VR == "SQ" for i in e.value]
    pydicom: units = [i for i in items if i.get("CodeValue") == "WRONG-UNIT"]
    pydicom: for i in units: i.CodeValue, i.CodingSchemeDesignator = "UNIT", "UCUM"
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    Millimetres in the scheme 99UNITS.
    """
    if not instance.content().is_whole:
        yield TOO_MANY
    for item in instance.content().items:
        if item.units is not None and item.units.scheme not in ("", "UCUM"):
            place = item.at("MeasuredValueSequence", "MeasurementUnitsCodeSequence")
            yield Finding("units of another scheme than UCUM", place)


@rule(
    id="SR109",
    category="structured_report",
    severity="error",
    confidence="high",
    reads=("content",),
    reference="PS3.3 C.17.3.2.4, C.17.3.2.5",
    applies=_has(lambda item: item.target is not None),
)
def by_reference(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    r"""An item by reference refers to nothing, or to an item that it is part of.

    Why it matters
    --------------
    By reference a report says from what a conclusion was drawn. A reference into nothing loses
    that; one to an item around it sends a reader in circles.

    How to fix
    ----------
    Write in Referenced Content Item Identifier (0040,DB73) the positions on the way from the
    root, which is 1, to the item, and correct them when items are added or taken away.

    Command
    -------
    dsrdump +Pn -Er -Ec -Ee FILE
    dcmodify -nb -m "(0040,A730)[N].(0040,DB73)=POSITIONS" FILE

    Example
    -------
    1\3\9 where the third item has four.
    """
    tree = instance.content()
    if not tree.is_whole:
        yield TOO_MANY
        return
    for item in tree.items:
        if item.target is None:
            continue
        place = item.at("ReferencedContentItemIdentifier")
        found = tree.target(item.target)
        if found is None or found.target is not None:
            yield Finding("an item by reference refers to no content item", place)
        elif _is_around(found, item):
            yield Finding("an item by reference refers to an item that it is part of", place)


def _is_around(outer: ContentItem, inner: ContentItem) -> bool:
    above: ContentItem | None = inner
    while above is not None:
        if above is outer:
            return True
        above = above.parent
    return False


POINT_LIMIT = 25
"""Numbers of Graphic Data that are counted: no graphic type asks for more."""


@judge(name=GRAPHIC, applies=lambda place: place.tag == tag_of("GraphicData") and place.vr == "FL")
def graphic(element: Element) -> str | None:
    """How many numbers Graphic Data has, and whether the last point is the first."""
    count = len(element.value) // 4
    numbers = struct.unpack(f"<{count}f", element.value[: count * 4])
    closed = count > 3 and numbers[:3] == numbers[-3:]
    return f"{min(count, POINT_LIMIT)}{' of 2' if count % 2 == 0 else ''}" + (
        f"{' of 3' if count % 3 == 0 else ''}{' closed' if closed else ''}"
    )


POINTS = {
    "SCOORD": {"POINT": (1, 1), "MULTIPOINT": (1, 0), "POLYLINE": (2, 0)}
    | {"CIRCLE": (2, 2), "ELLIPSE": (4, 4)},
    "SCOORD3D": {"POINT": (1, 1), "MULTIPOINT": (1, 0), "POLYLINE": (2, 0)}
    | {"POLYGON": (4, 0), "ELLIPSE": (4, 4), "ELLIPSOID": (6, 6)},
}
"""By value type and graphic type the least and the most points; 0 for any (PS3.3 C.18.6, C.18.9).

A polygon is a triangle at least, whose last point is its first.
"""


@rule(
    id="SR110",
    category="structured_report",
    severity="error",
    confidence="high",
    reads=("content", "judge:graphic"),
    reference="PS3.3 C.18.6.1, C.18.9.1",
    applies=_has(lambda item: item.value_type in POINTS),
)
def coordinates(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """Coordinates are not as many as their graphic type asks for.

    Why it matters
    --------------
    A circle is its centre and a point on it, an ellipse the ends of its axes. With another
    number of points the region cannot be drawn or measured.

    How to fix
    ----------
    Write in Graphic Data (0070,0022) column and row (in three dimensions x, y and z) of as many
    points as Graphic Type (0070,0023) asks for. Points that were lost are drawn again.

    Command
    -------
    dcmdump +P GraphicType +P GraphicData FILE

    Example
    -------
    A CIRCLE of four points.
    """
    if not instance.content().is_whole:
        yield TOO_MANY
    for item in instance.content().items:
        by_type = POINTS.get(item.value_type)
        if by_type is None or not item.graphic_type:
            continue
        if item.graphic_type not in by_type:
            message = f"the graphic type is none of {item.value_type}"
            yield Finding(message, item.at("GraphicType"))
            continue
        instance.judged(GRAPHIC)
        if not item.points or "GraphicData" not in item.filled:
            continue
        axes = 2 if item.value_type == "SCOORD" else 3
        number = int(item.points.split()[0])
        least, most = by_type[item.graphic_type]
        place = item.at("GraphicData")
        if f" of {axes}" not in item.points:
            yield Finding(f"coordinates are not points of {axes} numbers", place)
        elif number < least * axes or (most and number > most * axes):
            message = f"{item.graphic_type} has another number of points than it must have"
            yield Finding(message, place)
        elif item.graphic_type == "POLYGON" and "closed" not in item.points:
            yield Finding("POLYGON does not end at its first point", place)


@rule(
    id="SR111",
    category="structured_report",
    severity="warning",
    confidence="medium",
    reads=("content",),
    reference="PS3.16 8.1, D",
    applies=DOCUMENTS,
)
def codes_that_cannot_be(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """A code claims to be of DCM or SNOMED CT, and is none that these have.

    Why it matters
    --------------
    DCM is the standard's own scheme, SNOMED CT that of most of its codes. A code that they do
    not have is a slip or was made up, and no software knows it.

    How to fix
    ----------
    Look the code up in PS3.16 Annex D, or in SNOMED CT, where the last digit of an identifier
    checks the others; write a code of one's own in a scheme that begins with 99.

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
    (1210058, DCM) where (121058, DCM), Procedure reported, is meant.
    """
    if not instance.content().is_whole:
        yield TOO_MANY
    for item in instance.content().items:
        for code, keyword in (
            (item.concept, "ConceptNameCodeSequence"),
            (item.value, "ConceptCodeSequence"),
        ):
            if code is None or not code.value:
                continue
            if code.scheme == "DCM" and is_dcm_code(code.value) is False:
                yield Finding("a code of DCM that DCM does not have", item.at(keyword))
            elif (
                code.scheme == "SCT"
                and not is_sct_identifier(code.value)
                and not meaning(Concept("SCT", code.value))
            ):
                yield Finding("the value is no SNOMED CT identifier", item.at(keyword))


@rule(
    id="SR112",
    category="structured_report",
    severity="info",
    confidence="high",
    reads=("content",),
    reference="PS3.16 8.1",
    applies=DOCUMENTS,
)
def old_codes(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """Codes of SNOMED are written the old way.

    Why it matters
    --------------
    Codes like T-A0100 of the schemes SRT, SNM3 and 99SDM were replaced by numbers in the scheme
    SCT. Reports of both kinds are found together only by software that knows both.

    How to fix
    ----------
    Write the code of SCT that PS3.16 has for the concept. Reports that are older need no change.

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
    (G-C0E3, SRT), Finding Site, is today (363698007, SCT).
    """
    if not instance.content().is_whole:
        yield TOO_MANY
    for item in instance.content().items:
        for code, keyword in (
            (item.concept, "ConceptNameCodeSequence"),
            (item.value, "ConceptCodeSequence"),
        ):
            if code is not None and code.scheme in RETIRED_SCHEMES:
                yield Finding("a code of SNOMED is written the old way", item.at(keyword))


@rule(
    id="SR113",
    category="structured_report",
    severity="info",
    confidence="high",
    reads=("content",),
    reference="PS3.16 8.2",
    applies=_has(_is_measurement),
)
def measurement_names(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """What was measured is named by a private code.

    Why it matters
    --------------
    Measurements of several centres can be put together only where they have the same name.

    How to fix
    ----------
    Name the measurement by a code of DCM, SCT, LN or IBSI where there is one.

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
    (99VOL, 99MYLAB) for a volume.
    """
    if not instance.content().is_whole:
        yield TOO_MANY
    for item in instance.content().items:
        if (
            item.value_type == "NUM"
            and item.concept is not None
            and is_private(item.concept.scheme)
        ):
            yield Finding("a measurement has a private name", item.at("ConceptNameCodeSequence"))


_CONTENT = tag_of("ContentSequence")
_ENTRIES = frozenset(map(tag_of, ("ConceptNameCodeSequence", "ConceptCodeSequence")))
_VALUE, _SCHEME, _MEANING = map(tag_of, ("CodeValue", "CodingSchemeDesignator", "CodeMeaning"))
_ANOTHER = "another code's"
_LONGEST = 64
"""Characters of a Code Meaning (LO), in bytes no more than PS3.16 has in any of its own."""


def _is_of_entry(place: Place) -> bool:
    """Whether it is the code of an item's name or value, or what such a code consists of."""
    step: Place | None = place
    if place.tag in (_VALUE, _SCHEME, _MEANING):
        step = place.parent
    if step is None or step.tag not in _ENTRIES:
        return False
    step = step.parent
    while step is not None and step.tag == _CONTENT:
        step = step.parent
    return step is not None and step.parent is None


@comparison(name="meanings", applies=lambda place: place.tag == CUT_OFF or _is_of_entry(place))
def meanings(elements: Sequence[Element]) -> Iterator[tuple[Place, str]]:
    """Whether the meaning of a code is that of another; nothing else of a meaning leaves it."""
    found: dict[Place, None] = {}
    value = scheme = ""
    for element in elements:
        tag = element.place.tag
        if tag == CUT_OFF:
            return
        if tag in _ENTRIES:
            value = scheme = ""
        elif len(element.value) > _LONGEST:
            continue
        elif tag == _VALUE:
            value = element.text.strip(" \0")
        elif tag == _SCHEME:
            scheme = element.text.strip(" \0")
        elif value and is_said_of_another(Concept(scheme, value), element.text.strip(" \0")):
            found[element.place] = None
    for place in found:
        yield place, _ANOTHER


@rule(
    id="SR114",
    category="structured_report",
    severity="warning",
    confidence="medium",
    reads=("content", "judge:meanings"),
    reference="PS3.3 8.3, PS3.16 B, D",
    applies=DOCUMENTS,
)
def meaning_of_another(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """The meaning that is written beside a code is that of another code.

    Why it matters
    --------------
    Software goes by the code, people by the meaning. Where the two differ, one of them is told
    that a kidney is a nodule.

    How to fix
    ----------
    Look the code up in PS3.16, and write value and meaning of one row. Other words for a code, and
    other languages, are allowed.

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
    (27925004, SCT), a nodule, with the meaning Kidney. Codes of SNOMED that are written the old way
    are let pass.
    """
    if not instance.content().is_whole:
        yield TOO_MANY
    for path, said in instance.judged("meanings"):
        if said == _ANOTHER:
            yield Finding("the meaning is that of another code", path)
