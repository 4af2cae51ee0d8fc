"""Radiotherapy objects (PS3.3 C.8.8): presence by SOP class, and whether ROIs hold together."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import (
    CollectionFacts,
    Finding,
    InstanceFacts,
    Selector,
    TagPath,
    for_sop_classes,
    rule,
)
from auditor.inventory import SERIES_READS, series_where_any
from auditor.standard.sop_classes import (
    RADIOTHERAPY,
    RT_SECOND_GENERATION,
    RT_STRUCTURE_SET,
    sop_class_name,
)

_MODALITIES = frozenset(
    {"RTSTRUCT", "RTPLAN", "RTDOSE", "RTIMAGE", "RTRECORD", "RTINTENT", "RTSEGANN", "RTRAD"}
)


@rule(
    id="RT001",
    category="radiotherapy",
    severity="info",
    confidence="high",
    scope="collection",
    unit="series",
    reads=SERIES_READS,
    reference="PS3.4 B.5",
    applies=series_where_any(RADIOTHERAPY),
)
def presence(collection: CollectionFacts) -> Iterator[Finding]:
    """Which series are radiotherapy objects, by SOP class.

    Why it matters
    --------------
    ROIs live in the structure set; plan, dose and treatment record refer to it. A collection
    with one and without the others answers only some questions.

    How to fix
    ----------
    Nothing is wrong: this says what there is.

    Command
    -------
    duckdb -c "SELECT collection, SOPClassUID, count(DISTINCT SeriesInstanceUID)
    FROM 'OUT/instances/*.parquet' GROUP BY ALL"

    Example
    -------
    20 of 80 series are RT Structure Set Storage.
    """
    for uid, count, paths in collection.rows(
        "SELECT SOPClassUID, count(DISTINCT SeriesInstanceUID), min(path, 5) FROM instances "
        "WHERE SeriesInstanceUID IS NOT NULL GROUP BY SOPClassUID ORDER BY SOPClassUID"
    ):
        if uid in RADIOTHERAPY:
            yield Finding(sop_class_name(uid) or "an RT object", count=count, examples=tuple(paths))


@rule(
    id="RT002",
    category="radiotherapy",
    severity="warning",
    confidence="high",
    reads=("Modality",),
    reference="PS3.3 C.8.8.1, PS3.4 B.5",
    applies=Selector(when=lambda instance: instance.text("Modality") in _MODALITIES),
)
def modality_only(instance: InstanceFacts) -> Iterator[Finding]:
    """Modality names a radiotherapy object but the SOP class is none.

    Why it matters
    --------------
    Software finds structure sets, plans and doses by SOP class. What only calls itself one
    carries none of its attributes.

    How to fix
    ----------
    Export the object again as what it is, or correct its modality.

    Command
    -------
    dcmodify -nb -m "(0008,0060)=MODALITY" FILE

    Example
    -------
    A picture of a plan in a Secondary Capture image whose Modality is RTPLAN.
    """
    if instance.sop_class not in RADIOTHERAPY:
        yield Finding("Modality is radiotherapy's, the SOP class is not", TagPath.of("Modality"))


@rule(
    id="RT003",
    category="radiotherapy",
    severity="info",
    confidence="high",
    reads=("SOPClassUID",),
    reference="PS3.3 A.86",
    applies=for_sop_classes(*RT_SECOND_GENERATION),
)
def second_generation(instance: InstanceFacts) -> Iterator[Finding]:
    """Which objects are of radiotherapy's second generation, and not checked by RT rules.

    Why it matters
    --------------
    They are built otherwise than structure set, plan and dose. Their conformance, references
    and identifiers are checked as those of all objects are; whether their parts hold together
    is not.

    How to fix
    ----------
    Nothing is wrong: this says what was not looked at.

    Command
    -------
    duckdb -c "SELECT collection, message, count, example FROM 'OUT/findings/*.parquet'
    WHERE rule = 'RT003'"

    Example
    -------
    A C-Arm Photon-Electron Radiation object.
    """
    name = sop_class_name(instance.text("SOPClassUID") or instance.sop_class)
    yield Finding(f"not checked by the rules of radiotherapy: {name}", TagPath.of("SOPClassUID"))


_REFERRING = ("ROIContourSequence", "RTROIObservationsSequence")


@rule(
    id="RT101",
    category="radiotherapy",
    severity="error",
    confidence="high",
    reads=(
        "StructureSetROISequence.ROINumber",
        "ROIContourSequence.ReferencedROINumber",
        "RTROIObservationsSequence.ReferencedROINumber",
    ),
    reference="PS3.3 C.8.8.5, C.8.8.6, C.8.8.8",
    applies=for_sop_classes(
        RT_STRUCTURE_SET,
        when=lambda instance: any(
            instance.filled(name) for name in ("StructureSetROISequence", *_REFERRING)
        ),
    ),
)
def roi_links(instance: InstanceFacts) -> Iterator[Finding]:
    """ROIs, their contours and their observations do not fit together.

    Why it matters
    --------------
    Name, contours and interpretation of an ROI stand in three sequences that refer to each
    other by number. A number that is not there is a contour of nothing.

    How to fix
    ----------
    Give each ROI its own ROI Number (3006,0022), and refer only to numbers that exist. Where
    what a number is of was lost, export the structure set again.

    Command
    -------
    dcmdump +P ROINumber +P ReferencedROINumber FILE
    dcmodify -nb -m "TAG=NUMBER" FILE

    Example
    -------
    Contours for ROI 7 where the structure set has ROIs 1 to 5.
    """
    place = TagPath.of("StructureSetROISequence", "ROINumber")
    # As numbers: an IS may be written 7, +7 or 07.
    numbers = [item.number("ROINumber") for item in instance.items("StructureSetROISequence")]
    if None in numbers:
        yield Finding("an ROI has no number", place)
    given = [number for number in numbers if number is not None]
    if len(set(given)) < len(given):
        yield Finding("two ROIs have one number", place)
    for sequence in _REFERRING:
        place = TagPath.of(sequence, "ReferencedROINumber")
        referred = {item.number("ReferencedROINumber") for item in instance.items(sequence)}
        if None in referred:
            yield Finding("refers to no ROI", place)
        if referred - {None} - set(given):
            yield Finding("refers to an ROI that does not exist", place)


@rule(
    id="RT102",
    category="radiotherapy",
    severity="info",
    confidence="high",
    reads=(
        "StructureSetROISequence.ROINumber",
        "ROIContourSequence.ReferencedROINumber",
        "ROIContourSequence.ContourSequence.NumberOfContourPoints",
    ),
    reference="PS3.3 C.8.8.6",
    applies=for_sop_classes(
        RT_STRUCTURE_SET, when=lambda instance: instance.filled("StructureSetROISequence")
    ),
)
def empty_roi(instance: InstanceFacts) -> Iterator[Finding]:
    """An ROI has no contour.

    Why it matters
    --------------
    It may be a placeholder of a planning template, or a structure that was lost on export.

    How to fix
    ----------
    Remove ROIs that were never drawn; export again where a contour is missing.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: contours = dataset.ROIContourSequence
    pydicom: drawn = {c.ReferencedROINumber for c in contours if "ContourSequence" in c}
    pydicom: print({roi.ROINumber for roi in dataset.StructureSetROISequence} - drawn)

    Example
    -------
    Twelve ROIs of a template, of which nine were drawn.
    """
    drawn = {
        item.number("ReferencedROINumber")
        for item in instance.items("ROIContourSequence")
        if any(contour.number("NumberOfContourPoints") for contour in item.items("ContourSequence"))
    }
    numbers = {item.number("ROINumber") for item in instance.items("StructureSetROISequence")}
    if numbers - {None} - drawn:
        yield Finding("an ROI without contours", TagPath.of("StructureSetROISequence"))
