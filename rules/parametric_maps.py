"""Parametric maps (PS3.3 A.75, C.8.32): what a pixel value means, and how it is stored."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Finding, InstanceFacts, Item, TagPath, for_sop_classes, rule
from auditor.standard.sop_classes import PARAMETRIC_MAP

SHARED, PER_FRAME = "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"
MAPPING, UNITS = "RealWorldValueMappingSequence", "MeasurementUnitsCodeSequence"
QUANTITY = "QuantityDefinitionSequence"


def _reads(*names: str) -> tuple[str, ...]:
    return tuple(f"{group}.{MAPPING}.{name}" for group in (SHARED, PER_FRAME) for name in names)


_PMAP = for_sop_classes(
    PARAMETRIC_MAP,
    when=lambda instance: any(instance.filled(name) for name in (SHARED, PER_FRAME)),
)


def _mappings(instance: InstanceFacts) -> Iterator[tuple[TagPath, Item]]:
    for group in (SHARED, PER_FRAME):
        for item in instance.items(group):
            for mapping in item.items(MAPPING):
                yield TagPath.of(group, MAPPING), mapping


@rule(
    id="SEG601",
    category="segmentation",
    severity="error",
    confidence="high",
    reads=_reads(f"{UNITS}.CodeValue", f"{UNITS}.CodingSchemeDesignator"),
    reference="PS3.3 A.75.4, C.7.6.16.2.11",
    applies=_PMAP,
)
def value_without_meaning(instance: InstanceFacts) -> Iterator[Finding]:
    """A parametric map does not say what its values are, or in which units.

    Why it matters
    --------------
    A map of numbers without units measures nothing: diffusion in mm2/s and in um2/s differ by
    a million.

    How to fix
    ----------
    Write Real World Value Mapping Sequence (0040,9096), shared or for each frame, with the
    UCUM code of the units in Measurement Units Code Sequence (0040,08EA).

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: groups = dataset.SharedFunctionalGroupsSequence[0]
    pydicom: mapping = groups.RealWorldValueMappingSequence[0]
    highdicom: units = CodedConcept("UNIT", "UCUM", "UNIT")
    pydicom: mapping.MeasurementUnitsCodeSequence = [units]
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    An ADC map without Measurement Units Code Sequence.
    """
    shared = any(item.filled(MAPPING) for item in instance.items(SHARED))
    frames = instance.items(PER_FRAME)
    if not shared and not (frames and all(item.filled(MAPPING) for item in frames)):
        yield Finding("no real world value mapping for every frame", TagPath.of(SHARED, MAPPING))
    for path, mapping in _mappings(instance):
        units = mapping.items(UNITS)
        if not any(code.filled("CodeValue") for code in units):
            yield Finding("values without units", TagPath((*path.steps, "(0040,08EA)")))
        elif any(code.text("CodingSchemeDesignator") != "UCUM" for code in units):
            yield Finding("units that are no UCUM code", TagPath((*path.steps, "(0040,08EA)")))


@rule(
    id="SEG602",
    category="segmentation",
    severity="info",
    confidence="high",
    reads=_reads(f"{QUANTITY}.ValueType"),
    reference="PS3.3 C.7.6.16.2.11, Table C.7.6.16-12b",
    applies=for_sop_classes(
        PARAMETRIC_MAP, when=lambda instance: any(True for _ in _mappings(instance))
    ),
)
def quantity_not_named(instance: InstanceFacts) -> Iterator[Finding]:
    """A parametric map does not say by a code which quantity it maps.

    Why it matters
    --------------
    Units do not tell an apparent from a true diffusion coefficient, or SUV by weight from SUV
    by surface.

    How to fix
    ----------
    Nothing has to be (Type 3). Add Quantity Definition Sequence (0040,9220) to the mapping.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: groups = dataset.SharedFunctionalGroupsSequence[0]
    highdicom: quantity = CodedConcept("CODE", "SCHEME", "CODE-MEANING")
    highdicom: item = CodeContentItem(codes.SCT.Quantity, quantity)
    pydicom: groups.RealWorldValueMappingSequence[0].QuantityDefinitionSequence = [item]
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    An ADC map whose only name is its Series Description.
    """
    for path, mapping in _mappings(instance):
        if not any(each.filled("ValueType") for each in mapping.items(QUANTITY)):
            yield Finding("no coded quantity", TagPath((*path.steps, "(0040,9220)")))


_OF_FLOAT = ("BitsStored", "HighBit", "PixelRepresentation")


@rule(
    id="SEG603",
    category="segmentation",
    severity="error",
    confidence="high",
    reads=("BitsAllocated", "SamplesPerPixel", "PhotometricInterpretation", *_OF_FLOAT),
    reference="PS3.3 C.8.32.2, C.7.6.24, C.7.6.25",
    applies=for_sop_classes(PARAMETRIC_MAP, when=lambda instance: instance.filled("BitsAllocated")),
)
def pixels_of_a_map(instance: InstanceFacts) -> Iterator[Finding]:
    """The pixels of a parametric map are described as what they cannot be.

    Why it matters
    --------------
    A reader takes the kind of number from the bits: 32 are single floats, 64 double floats,
    16 whole numbers.

    How to fix
    ----------
    Set Bits Allocated (0028,0100) to 16, 32 or 64, with one sample a pixel and MONOCHROME2;
    leave out Bits Stored, High Bit and Pixel Representation of floats.

    Command
    -------
    dcmodify -nb -imt -e "(0028,0101)" -e "(0028,0102)" -e "(0028,0103)" FILE

    Example
    -------
    Floats with Pixel Representation 1.
    """
    bits = instance.text("BitsAllocated")
    if bits not in ("16", "32", "64"):
        yield Finding("neither 16, 32 nor 64", TagPath.of("BitsAllocated"))
    for name in _OF_FLOAT if bits in ("32", "64") else ():
        if instance.has(name):
            yield Finding("present, and the pixels are floats", TagPath.of(name))
    if instance.filled("SamplesPerPixel") and instance.text("SamplesPerPixel") != "1":
        yield Finding("not one sample a pixel", TagPath.of("SamplesPerPixel"))
    if instance.text("PhotometricInterpretation") not in ("", "MONOCHROME2"):
        yield Finding("not MONOCHROME2", TagPath.of("PhotometricInterpretation"))
