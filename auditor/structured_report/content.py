"""The content tree of a structured report (PS3.3 C.17.3), in a small model.

It is built once for each signature, and holds what verdicts of structured reports depend on:
value types, relationships, coded concepts, units, template identifiers, and whether there is a
value. It holds no text, name, number, date or UID: two reports that differ in those alone are
one signature.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from auditor.model import TagPath, format_tag
from auditor.standard.dictionary import tag_of

if TYPE_CHECKING:
    from auditor.facts import Item
    from auditor.structured_report.templates import Conformance

CONTENT = "content"
"""What a rule reads that looks at the content tree."""

ITEM_LIMIT = 20_000
"""Content items of one document that are looked at; more are too many to be judged."""

GRAPHIC = "graphic"
"""Name of the judge that says how many points Graphic Data has."""

NUMBERS = "numbers"
"""Name of the comparison that says which of two numbers of a document is larger, where a template's
condition asks for it."""

EXCEEDS, EXCEEDS_NOT = "exceeds", "exceeds not"
"""What it says of two numbers, before the codes of both."""

SEQUENCE = tag_of("ContentSequence")

_CODE = ("CodeValue", "LongCodeValue", "URNCodeValue", "CodingSchemeDesignator", "CodeMeaning")

_KEPT = (
    "SOPClassUID",
    "ValueType",
    "RelationshipType",
    "ContinuityOfContent",
    "ReferencedContentItemIdentifier",
    "GraphicType",
    "TemporalRangeType",
    "ContentTemplateSequence.MappingResource",
    "ContentTemplateSequence.TemplateIdentifier",
    "ReferencedSOPSequence.ReferencedSOPClassUID",
    *(
        f"{sequence}.{keyword}"
        for sequence in (
            "ConceptNameCodeSequence",
            "ConceptCodeSequence",
            "MeasuredValueSequence.MeasurementUnitsCodeSequence",
            "NumericValueQualifierCodeSequence",
        )
        for keyword in _CODE
        if keyword != "CodeMeaning"
    ),
)
"""Attributes of a content item whose value is looked at, by their path inside the item."""

_SEEN = (
    "TextValue",
    "PersonName",
    "DateTime",
    "Date",
    "Time",
    "UID",
    "GraphicData",
    "PixelOriginInterpretation",
    "ReferencedFrameOfReferenceUID",
    "ReferencedSamplePositions",
    "ReferencedTimeOffsets",
    "ReferencedDateTime",
    "MeasuredValueSequence.NumericValue",
    "ReferencedSOPSequence.ReferencedSOPInstanceUID",
)
"""Attributes of which it is looked at whether they have a value."""

_KEPT_TAGS = frozenset(tuple(map(tag_of, path.split("."))) for path in _KEPT)


def is_kept(tags: tuple[int, ...]) -> bool:
    """Whether a rule that reads the content tree sees the value at a place.

    Parameters
    ----------
    tags
        Tags from the top level of the data set down to the element.
    """
    depth = 0
    while depth < len(tags) and tags[depth] == SEQUENCE:
        depth += 1
    return tags[depth:] in _KEPT_TAGS


class Code(NamedTuple):
    """A coded entry (PS3.3 8.8).

    Attributes
    ----------
    value
        Of Code Value, Long Code Value or URN Code Value; "" if none has one.
    scheme
        Coding Scheme Designator.
    has_meaning
        Whether Code Meaning has a value. The meaning itself is not looked at.
    """

    value: str
    scheme: str
    has_meaning: bool = True

    @property
    def is_complete(self) -> bool:
        """Whether it has all that PS3.3 8.8 asks for; a URN needs no scheme."""
        named = self.scheme or self.value.startswith(("urn:", "http:", "https:"))
        return bool(self.value and named and self.has_meaning)


@dataclass(eq=False, slots=True)
class ContentItem:
    """A content item (PS3.3 C.17.3), without any value that is no code.

    Attributes
    ----------
    value_type, relationship
        As written; relationship is "" for the root.
    path
        Tag path of the item: Content Sequence as often as it is nested.
    concept, value
        Concept Name, and the code that is the value of a CODE; None where there is no item.
    units
        Units of a NUM; None where there is no item.
    has_number, has_measurement
        Whether Measured Value Sequence is present, and whether its first item has a Numeric Value.
    measured
        How many items Measured Value Sequence has.
    filled
        Keywords of `_SEEN` and of CS attributes that have a value in this item.
    sop_class
        Referenced SOP Class UID of the first reference.
    points
        What the judge `GRAPHIC` says of Graphic Data; "" where it was not asked.
    template
        Mapping Resource and Template Identifier, "" where there is none.
    target
        Of an item by reference: the path that it names, None for an item by value.
    children
        In their order.
    """

    value_type: str
    relationship: str
    path: TagPath
    concept: Code | None = None
    value: Code | None = None
    units: Code | None = None
    has_number: bool = False
    has_measurement: bool = False
    measured: int = 0
    filled: frozenset[str] = frozenset()
    sop_class: str = ""
    graphic_type: str = ""
    points: str = ""
    template: tuple[str, str] = ("", "")
    target: tuple[int, ...] | None = None
    children: list[ContentItem] = field(default_factory=list)
    parent: ContentItem | None = None

    def at(self, *keywords: str) -> TagPath:
        """Return the tag path of an attribute of this item."""
        path = self.path
        for keyword in keywords:
            path = path / format_tag(tag_of(keyword))
        return path

    def __iter__(self) -> Iterator[ContentItem]:
        """Yield this item and all below it, parents first."""
        waiting = [self]
        while waiting:
            item = waiting.pop()
            yield item
            waiting.extend(reversed(item.children))


class ContentTree:
    """The content tree of one document.

    Parameters
    ----------
    root
        The root content item.
    sop_class
        SOP Class UID of the document.
    is_whole
        Whether all content items are in it: there are not too many.
    compared
        What the comparison `NUMBERS` says at a tag path: a word, and two codes; nothing where it
        was not asked.
    """

    def __init__(
        self,
        root: ContentItem,
        sop_class: str,
        is_whole: bool,
        compared: Iterable[tuple[TagPath, str]] = (),
    ) -> None:
        self.root = root
        self.sop_class = sop_class
        self.is_whole = is_whole
        self.compared = tuple((path, tuple(said.split(": "))) for path, said in compared)

    @cached_property
    def items(self) -> tuple[ContentItem, ...]:
        """All content items, the root first."""
        return tuple(self.root)

    @cached_property
    def conformance(self) -> Conformance | None:
        """What is to be said of the document's template; None if it says that it has none."""
        from auditor.structured_report.templates import check

        return check(self)

    def target(self, identifier: tuple[int, ...]) -> ContentItem | None:
        """Return the item that a Referenced Content Item Identifier names (PS3.3 C.17.3.2.5).

        Its first number is 1 for the root, each further one the position of a child, from 1.
        """
        if not identifier or identifier[0] != 1:
            return None
        item = self.root
        for position in identifier[1:]:
            if not 1 <= position <= len(item.children):
                return None
            item = item.children[position - 1]
        return item


def build_tree(
    root: Item, sop_class: str, compared: Iterable[tuple[TagPath, str]] = ()
) -> ContentTree:
    """Build the content tree of a data set, with what the comparison `NUMBERS` said of it."""
    top = _item(root, TagPath(), None)
    waiting = [(root, top)]
    count = 1
    while waiting:
        item, node = waiting.pop()
        path = node.at("ContentSequence")
        for child in item.items("ContentSequence"):
            count += 1
            if count > ITEM_LIMIT:
                return ContentTree(top, sop_class, False, compared)
            made = _item(child, path, node)
            node.children.append(made)
            waiting.append((child, made))
    return ContentTree(top, sop_class, True, compared)


def _item(item: Item, path: TagPath, parent: ContentItem | None) -> ContentItem:
    measured = item.items("MeasuredValueSequence")
    references = item.items("ReferencedSOPSequence")
    templates = item.items("ContentTemplateSequence")
    filled = {keyword for keyword in _SEEN if "." not in keyword and item.filled(keyword)}
    filled |= {
        keyword
        for keyword in ("ContinuityOfContent", "GraphicType", "TemporalRangeType")
        if item.filled(keyword)
    }
    if references and references[0].filled("ReferencedSOPInstanceUID"):
        filled.add("ReferencedSOPSequence")
    target = None
    if parent is not None and item.has("ReferencedContentItemIdentifier"):
        # Written with another VR it is no list of numbers: then it names nothing.
        target = tuple(
            int(text) if text.isdecimal() else 0
            for text in item.values("ReferencedContentItemIdentifier")
        )
    return ContentItem(
        value_type=item.text("ValueType"),
        relationship=item.text("RelationshipType"),
        path=path,
        concept=_code(item, "ConceptNameCodeSequence"),
        value=_code(item, "ConceptCodeSequence"),
        units=_code(measured[0], "MeasurementUnitsCodeSequence") if measured else None,
        has_number=item.has("MeasuredValueSequence"),
        has_measurement=bool(measured) and measured[0].filled("NumericValue"),
        measured=len(measured),
        filled=frozenset(filled),
        sop_class=references[0].text("ReferencedSOPClassUID") if references else "",
        graphic_type=item.text("GraphicType"),
        points=item.said("GraphicData", GRAPHIC),
        template=(
            (templates[0].text("MappingResource"), templates[0].text("TemplateIdentifier"))
            if templates
            else ("", "")
        ),
        target=target,
        parent=parent,
    )


def _code(item: Item, keyword: str) -> Code | None:
    codes = item.items(keyword)
    if not codes:
        return None
    first = codes[0]
    value = next(
        (
            text
            for name in ("CodeValue", "LongCodeValue", "URNCodeValue")
            if (text := first.text(name))
        ),
        "",
    )
    return Code(value, first.text("CodingSchemeDesignator"), first.filled("CodeMeaning"))
