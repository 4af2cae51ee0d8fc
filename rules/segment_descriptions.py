"""What segments are said to be (PS3.3 C.8.20.4): codes, tracking, anatomy, the kind of pixel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from auditor import Finding, InstanceFacts, Item, TagPath, for_sop_classes, rule, summary
from auditor.standard.codes import (
    RETIRED_SCHEMES,
    Concept,
    by_meaning,
    context_group,
    is_sct_identifier,
    meaning,
    today,
)
from auditor.standard.sop_classes import (
    ANNOTATIONS,
    LABEL_MAP_SEGMENTATION,
    SEGMENTATION,
    SEGMENTATIONS,
)

SEGMENTS, GROUPS = "SegmentSequence", "AnnotationGroupSequence"
_CATEGORY, _TYPE = "SegmentedPropertyCategoryCodeSequence", "SegmentedPropertyTypeCodeSequence"
_REGION = "AnatomicRegionSequence"
_ANATOMY = (_REGION, "PrimaryAnatomicStructureSequence")
_ANNOTATED = ("AnnotationPropertyCategoryCodeSequence", "AnnotationPropertyTypeCodeSequence")

# Sequences of codes in an item, and the sequences of codes inside of those codes.
_MODIFIERS = {
    _TYPE: "SegmentedPropertyTypeModifierCodeSequence",
    _ANNOTATED[1]: "AnnotationPropertyTypeModifierCodeSequence",
    _REGION: "AnatomicRegionModifierSequence",
    _ANATOMY[1]: "PrimaryAnatomicStructureModifierSequence",
}
_CODES = {SEGMENTS: (_CATEGORY, _TYPE, *_ANATOMY), GROUPS: (*_ANNOTATED, *_ANATOMY)}
_OF_CODE = ("CodeValue", "LongCodeValue", "URNCodeValue", "CodingSchemeDesignator", "CodeMeaning")


def _reading(*sequences: str) -> tuple[str, ...]:
    """Return what a rule reads that looks at the codes in some sequences."""
    return tuple(f"{sequence}.{name}" for sequence in sequences for name in _OF_CODE)


_READS = _reading(
    *(f"{outer}.{name}" for outer, names in _CODES.items() for name in names),
    *(
        f"{outer}.{name}.{_MODIFIERS[name]}"
        for outer, names in _CODES.items()
        for name in names
        if name in _MODIFIERS
    ),
)

_WITH_CODES = for_sop_classes(
    *SEGMENTATIONS,
    *ANNOTATIONS,
    when=lambda instance: any(True for _ in _codes(instance)),
)
_WITH_SEGMENTS = for_sop_classes(
    *SEGMENTATIONS, when=lambda instance: instance.filled("SegmentSequence")
)
_PIXEL_SEG = for_sop_classes(SEGMENTATION, LABEL_MAP_SEGMENTATION)


class _Code(NamedTuple):
    """A code in an object: where, in which sequence, what it is and what it says it means."""

    path: TagPath
    sequence: str
    concept: Concept
    meaning: str


def _code(path: TagPath, sequence: str, item: Item) -> _Code | None:
    """Return a code, in one of the three forms of its value (PS3.3 8.1); None without one."""
    value = next(filter(None, map(item.text, ("CodeValue", "LongCodeValue", "URNCodeValue"))), "")
    concept = Concept(item.text("CodingSchemeDesignator"), value)
    return _Code(path, sequence, concept, item.text("CodeMeaning")) if value else None


def _codes(instance: InstanceFacts) -> Iterator[_Code]:
    """Yield the codes that say what segments, or groups of annotations, are and where."""
    for outer, names in _CODES.items():
        for item in instance.items(outer):
            for name in names:
                for code in item.items(name):
                    found = _code(TagPath.of(outer, name), name, code)
                    if found:
                        yield found
                    modifier = _MODIFIERS.get(name)
                    for inner in code.items(modifier) if modifier else ():
                        found = _code(
                            TagPath.of(outer, name, modifier or ""), modifier or "", inner
                        )
                        if found:
                            yield found


def _known(item: Item, sequence: str) -> str:
    """Return the standard's meaning of the first code of a sequence, "" if it is not known."""
    for code in item.items(sequence)[:1]:
        found = _code(TagPath(), sequence, code)
        if found:
            now = today(found.concept)
            group = context_group(7150 if sequence in (_CATEGORY, _ANNOTATED[0]) else 7151)
            return group.get(now) or meaning(now)
    return ""


_DRAWN = {SEGMENTS: "SegmentAlgorithmType", GROUPS: "AnnotationGroupGenerationType"}
_WAYS = frozenset({"AUTOMATIC", "SEMIAUTOMATIC", "MANUAL"})


@summary(
    name="segments",
    category="segmentation",
    reads=(
        *_reading(*(f"{outer}.{name}" for outer, names in _CODES.items() for name in names[:2])),
        *(f"{outer}.{name}" for outer, name in _DRAWN.items()),
    ),
    applies=for_sop_classes(*SEGMENTATIONS, *ANNOTATIONS),
)
def what_is_segmented(instance: InstanceFacts) -> Iterator[tuple[str, ...]]:
    """What is segmented or annotated, in the standard's words, and how it was drawn.

    Rows: ``object``; for each segment, or group of annotations, ``segment``, category and type,
    each the meaning of a code of PS3.16 or "" where it is none; the same once an object as
    ``objects``; ``drawn``, the algorithm type or "". Labels are free text, and stay out.
    """
    yield ("object",)
    kinds = set()
    for outer, names in _CODES.items():
        for item in instance.items(outer):
            kind = (_known(item, names[0]), _known(item, names[1]))
            kinds.add(kind)
            way = item.text(_DRAWN[outer])
            yield "segment", *kind
            yield "drawn", way if way in _WAYS else ""
    for kind in sorted(kinds):
        yield "objects", *kind


@rule(
    id="SEG108",
    category="segmentation",
    severity="error",
    confidence="high",
    reads=("SegmentSequence.TrackingID", "SegmentSequence.TrackingUID"),
    reference="PS3.3 C.8.20.4, Table C.8.20-4",
    applies=for_sop_classes(
        *SEGMENTATIONS,
        when=lambda instance: any(
            item.has(name)
            for item in instance.items(SEGMENTS)
            for name in ("TrackingID", "TrackingUID")
        ),
    ),
)
def tracking(instance: InstanceFacts) -> Iterator[Finding]:
    """A segment has a Tracking ID without a Tracking UID, or the UID without the ID.

    Why it matters
    --------------
    Together they tell that the lesion of this object is the lesion of the one before: the UID
    for software, the ID for people. Each requires the other (Type 1C).

    How to fix
    ----------
    Write both Tracking ID (0062,0020) and Tracking UID (0062,0021), or neither.

    Command
    -------
    dcmodify -nb -i "(0062,0002)[N].(0062,0020)=TRACKING-ID" FILE
    dcmodify -nb -i "(0062,0002)[N].(0062,0021)=UID" FILE

    Example
    -------
    A Tracking UID in a segment without a Tracking ID.
    """
    for item in instance.items(SEGMENTS):
        for name, other in (("TrackingID", "TrackingUID"), ("TrackingUID", "TrackingID")):
            if item.filled(other) and not item.filled(name):
                yield Finding("missing where the other one is given", TagPath.of(SEGMENTS, name))
            elif item.has(name) and not item.filled(name):
                yield Finding("present without a value", TagPath.of(SEGMENTS, name))


@rule(
    id="SEG109",
    category="segmentation",
    severity="warning",
    confidence="high",
    reads=_READS,
    reference="PS3.16 8, Table 8-1",
    applies=_WITH_CODES,
)
def retired_code(instance: InstanceFacts) -> Iterator[Finding]:
    """A segment is described by a retired SNOMED-RT code.

    Why it matters
    --------------
    DICOM replaced SNOMED-RT (SRT) by SNOMED CT (SCT) codes. Software that searches for today's
    code does not find this segment, and the old codes are licensed for old objects only.

    How to fix
    ----------
    Write the SCT code that the finding names, with Coding Scheme Designator SCT.

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
    T-62000 of SRT, which is 10200004 of SCT today: liver.
    """
    for code in _codes(instance):
        if code.concept.scheme in RETIRED_SCHEMES:
            now = today(code.concept)
            # A value that is in no table may be anything: it stays home.
            said = (
                f"{code.concept.scheme} {code.concept.value} is retired: today SCT {now.value}"
                if now.scheme == "SCT"
                else "a code of a retired scheme, without a SNOMED CT code in PS3.16"
            )
            yield Finding(said, code.path)


_BASELINE = {_CATEGORY: 7150, _TYPE: 7151}


@rule(
    id="SEG110",
    category="segmentation",
    severity="info",
    confidence="high",
    reads=_reading(f"{SEGMENTS}.{_CATEGORY}", f"{SEGMENTS}.{_TYPE}"),
    reference="PS3.3 C.8.20.4, PS3.16 CID 7150, CID 7151",
    applies=_WITH_SEGMENTS,
)
def outside_context_group(instance: InstanceFacts) -> Iterator[Finding]:
    """A segment's category or type is in none of the context groups of the standard.

    Why it matters
    --------------
    The context groups are baseline: another code is allowed. Who selects segments by the codes
    of the standard will not find it.

    How to fix
    ----------
    Use a code of CID 7150 for the category and of CID 7151 for the type where one says the
    same. Codes of a private scheme (99...) need a Coding Scheme Identification Sequence.

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
    A local code for a label of one's own software.
    """
    for item in instance.items(SEGMENTS):
        for name, group in _BASELINE.items():
            for code in item.items(name):
                found = _code(TagPath.of(SEGMENTS, name), name, code)
                if found and today(found.concept) not in context_group(group):
                    private = found.concept.scheme.startswith("99")
                    scheme = "a private coding scheme" if private else "another code"
                    yield Finding(f"{scheme}, not in CID {group}", found.path)


@rule(
    id="SEG111",
    category="segmentation",
    severity="error",
    confidence="medium",
    reads=_READS,
    reference="PS3.3 8.1, 8.3, PS3.16 CID 7150, CID 7151",
    applies=_WITH_CODES,
)
def code_is_not_what_it_says(instance: InstanceFacts) -> Iterator[Finding]:
    """A code is no code of its scheme, or its meaning is that of another code.

    Why it matters
    --------------
    Software goes by the code, people by the meaning. Where the two differ, one of them is told
    that a kidney is a liver.

    How to fix
    ----------
    Look the code up in PS3.16, and write value, scheme and meaning of one row. The last digit
    of a SNOMED CT identifier checks the others: a wrong one is a typing error.

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
    64033007 of SCT (kidney) with the meaning Liver.
    """
    for code in _codes(instance):
        now, group = today(code.concept), _BASELINE.get(code.sequence, 7151)
        known = context_group(group).get(now, "")
        if now.scheme == "SCT" and not meaning(now) and not is_sct_identifier(now.value):
            yield Finding("the value is no SNOMED CT identifier", code.path)
        said = code.meaning.casefold()
        named = by_meaning(group).get(said)
        # Other words for a code are allowed (PS3.3 8.3); those of another code are not.
        if named and known and now not in named:
            yield Finding("the meaning is that of another code", code.path)


@rule(
    id="SEG112",
    category="segmentation",
    severity="warning",
    confidence="medium",
    reads=("SegmentSequence.SegmentLabel",),
    reference="PS3.3 C.8.20.4, Table C.8.20-4",
    applies=for_sop_classes(
        *SEGMENTATIONS, when=lambda instance: len(instance.items("SegmentSequence")) > 1
    ),
)
def label_twice(instance: InstanceFacts) -> Iterator[Finding]:
    """Two segments of one object have the same label.

    Why it matters
    --------------
    The label is what a viewer lists. Of two equal ones nobody knows which is which, and
    software that keys by label loses one of them.

    How to fix
    ----------
    Number or name the labels apart: lesion 1, lesion 2.

    Command
    -------
    dcmodify -nb -m "(0062,0002)[N].(0062,0005)=LABEL" FILE

    Example
    -------
    Two segments labelled Lesion.
    """
    labels = Counter(item.text("SegmentLabel") for item in instance.items(SEGMENTS))
    if any(count > 1 for label, count in labels.items() if label):
        yield Finding("two segments have one label", TagPath.of(SEGMENTS, "SegmentLabel"))


_ABNORMAL = Concept("SCT", "49755003")  # morphologically abnormal structure, CID 7150


@rule(
    id="SEG113",
    category="segmentation",
    severity="info",
    confidence="medium",
    reads=(
        *_reading(f"{SEGMENTS}.{_CATEGORY}"),
        *(f"{SEGMENTS}.{name}" for name in _ANATOMY),
    ),
    reference="PS3.3 Table C.8.20-4, Table 10-7b",
    applies=for_sop_classes(
        *SEGMENTATIONS,
        when=lambda instance: any(_is_abnormal(item) for item in instance.items(SEGMENTS)),
    ),
)
def lesion_nowhere(instance: InstanceFacts) -> Iterator[Finding]:
    """A lesion is segmented, and no anatomic region says where.

    Why it matters
    --------------
    The type of an organ's segment implies where it is; that of a lesion does not. Who looks
    for lesions of the liver cannot select this one.

    How to fix
    ----------
    Nothing has to be (Type 3). Add Anatomic Region Sequence (0008,2218) to the segment.

    Command
    -------
    dcmodify -nb -i "(0062,0002)[N].(0008,2218)[0].(0008,0100)=CODE" FILE
    dcmodify -nb -i "(0062,0002)[N].(0008,2218)[0].(0008,0102)=SCHEME" FILE
    dcmodify -nb -i "(0062,0002)[N].(0008,2218)[0].(0008,0104)=CODE-MEANING" FILE

    Example
    -------
    Neoplasm, in whatever organ.
    """
    for item in instance.items(SEGMENTS):
        if _is_abnormal(item) and not any(item.filled(name) for name in _ANATOMY):
            yield Finding("a lesion without an anatomic region", TagPath.of(SEGMENTS, _REGION))


def _is_abnormal(item: Item) -> bool:
    codes = (_code(TagPath(), _CATEGORY, code) for code in item.items(_CATEGORY))
    return any(code is not None and today(code.concept) == _ABNORMAL for code in codes)


_FRACTIONAL = ("SegmentationFractionalType", "MaximumFractionalValue")


@rule(
    id="SEG114",
    category="segmentation",
    severity="error",
    confidence="high",
    reads=("SegmentationType", *_FRACTIONAL),
    reference="PS3.3 C.8.20.2.3, Table C.8.20-2, PS3.5 7.4.2",
    applies=for_sop_classes(
        SEGMENTATION,
        LABEL_MAP_SEGMENTATION,
        when=lambda instance: any(instance.has(name) for name in _FRACTIONAL),
    ),
)
def fractional_scale(instance: InstanceFacts) -> Iterator[Finding]:
    """The scale of a fractional segmentation cannot be right, or is none of its kind.

    Why it matters
    --------------
    A fraction is the pixel value over Maximum Fractional Value. Pixels have 8 bits: with a
    maximum of 0 there is no fraction, with one above 255 none reaches 1.

    How to fix
    ----------
    Set Maximum Fractional Value (0062,000E) to what stands for 1, at most 255; leave it and
    Segmentation Fractional Type (0062,0010) out where the type is not FRACTIONAL.

    Command
    -------
    dcmodify -nb -m "(0062,000E)=MAXIMUM" FILE
    dcmodify -nb -imt -e "(0062,000E)" -e "(0062,0010)" FILE

    Example
    -------
    Maximum Fractional Value 1000.
    """
    if instance.text("SegmentationType") != "FRACTIONAL":
        for name in _FRACTIONAL:
            if instance.has(name):
                yield Finding("present, and the type is not FRACTIONAL", TagPath.of(name))
        return
    maximum = instance.number("MaximumFractionalValue")
    if maximum is not None and not 1 <= maximum <= 255:
        said = "0" if maximum < 1 else "more than 8 bits hold"
        yield Finding(f"Maximum Fractional Value is {said}", TagPath.of("MaximumFractionalValue"))


_ALLOCATED = {"BINARY": (1,), "FRACTIONAL": (8,), "LABELMAP": (8, 16)}
"""By Segmentation Type, the bits that a pixel may have; all of them are stored."""

_OF_ALL = {"SamplesPerPixel": "1", "PixelRepresentation": "0"}


@rule(
    id="SEG115",
    category="segmentation",
    severity="error",
    confidence="high",
    reads=(
        "SegmentationType",
        "BitsAllocated",
        "BitsStored",
        "HighBit",
        "SamplesPerPixel",
        "PixelRepresentation",
        "PhotometricInterpretation",
    ),
    reference="PS3.3 C.8.20.2, C.8.20.2.1, Table C.8.20-2",
    applies=for_sop_classes(
        SEGMENTATION,
        LABEL_MAP_SEGMENTATION,
        when=lambda instance: instance.text("SegmentationType") in _ALLOCATED,
    ),
)
def pixels_of_the_type(instance: InstanceFacts) -> Iterator[Finding]:
    """The pixels are described otherwise than the Segmentation Type allows.

    Why it matters
    --------------
    A reader takes the bits from the type: a mask of one byte a pixel that says BINARY is read
    as eight pixels a byte, or not at all.

    How to fix
    ----------
    BINARY has 1 bit a pixel, FRACTIONAL 8, LABELMAP 8 or 16, all of them stored, unsigned, one
    sample a pixel, MONOCHROME2 (a label map may also be PALETTE COLOR). The command packs a
    mask of zeros and ones, one bit a pixel, and stops at any other value.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: dataset.PixelData = pack_bits(dataset.pixel_array)
    pydicom: dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 1, 1, 0
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    BINARY with Bits Allocated 8.
    """
    kind = instance.text("SegmentationType")
    for name, wanted in _OF_ALL.items():
        if instance.filled(name) and instance.text(name) != wanted:
            yield Finding(f"not as {kind} has it", TagPath.of(name))
    yield from _bits_of_the_type(instance, kind)
    colours = {"MONOCHROME2"} | ({"PALETTE COLOR"} if kind == "LABELMAP" else set())
    photometric = instance.text("PhotometricInterpretation")
    if photometric and photometric not in colours:
        yield Finding(f"not as {kind} has it", TagPath.of("PhotometricInterpretation"))


def _bits_of_the_type(instance: InstanceFacts, kind: str) -> Iterator[Finding]:
    """Name the first of three attributes that is wrong: the others follow from it."""
    allocated, stored, high = map(instance.number, ("BitsAllocated", "BitsStored", "HighBit"))
    if allocated is not None and allocated not in _ALLOCATED[kind]:
        yield Finding(f"not as {kind} has it", TagPath.of("BitsAllocated"))
    elif allocated is not None and stored is not None and stored != allocated:
        less = stored < allocated
        said = "not all allocated bits are stored" if less else "more bits stored than allocated"
        yield Finding(said, TagPath.of("BitsStored"))
    elif allocated is None and stored is not None and stored not in _ALLOCATED[kind]:
        yield Finding(f"not as {kind} has it", TagPath.of("BitsStored"))
    elif stored is not None and high is not None and high != stored - 1:
        yield Finding("not the last of the stored bits", TagPath.of("HighBit"))


@rule(
    id="SEG116",
    category="segmentation",
    severity="error",
    confidence="high",
    reads=("SegmentsOverlap", "SegmentationType"),
    reference="PS3.3 C.8.20.2.3, Table C.8.20-2",
    applies=for_sop_classes(
        SEGMENTATION,
        LABEL_MAP_SEGMENTATION,
        when=lambda instance: instance.filled("SegmentsOverlap"),
    ),
)
def overlap_cannot_be(instance: InstanceFacts) -> Iterator[Finding]:
    """Segments Overlap is no legal value, or says what cannot be.

    Why it matters
    --------------
    NO tells a reader that one label a pixel is enough to hold all segments. In a label map
    nothing else is possible. Whether YES is true of the frames tells SEG207.

    How to fix
    ----------
    Write NO, YES or UNDEFINED in Segments Overlap (0062,0013); NO in a label map.

    Command
    -------
    dcmodify -nb -m "(0062,0013)=NO-YES-OR-UNDEFINED" FILE

    Example
    -------
    YES in a label map.
    """
    said = instance.text("SegmentsOverlap")
    place = TagPath.of("SegmentsOverlap")
    if said not in ("YES", "NO", "UNDEFINED"):
        yield Finding("not a legal value", place)
    elif instance.text("SegmentationType") == "LABELMAP" and said != "NO":
        yield Finding("a label map, and Segments Overlap is not NO", place)
