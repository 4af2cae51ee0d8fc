"""RT Dose and RT Image (PS3.3 C.8.8.2, C.8.8.3): grid, units, and what they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from auditor import CollectionFacts, Finding, InstanceFacts, TagPath, Units, for_sop_classes, rule
from auditor.model import format_tag
from auditor.standard.dictionary import tag_of
from auditor.standard.sop_classes import (
    RT_DOSE,
    RT_IMAGE,
    RT_ION_PLAN,
    RT_PLAN,
    RT_STRUCTURE_SET,
    RT_TREATMENT_RECORDS,
)


@rule(
    id="RT301",
    category="radiotherapy",
    severity="error",
    confidence="high",
    reads=("DoseUnits",),
    reference="PS3.3 C.8.8.3 Table C.8-39",
    applies=for_sop_classes(RT_DOSE),
)
def units(instance: InstanceFacts) -> Iterator[Finding]:
    """The dose has no unit, or none that is legal.

    Why it matters
    --------------
    A grid in grays and one in per cent look alike. Without the unit no dose can be compared
    or summed.

    How to fix
    ----------
    Write GY or RELATIVE into Dose Units (3004,0002).

    Command
    -------
    dcmodify -nb -i "(3004,0002)=GY-OR-RELATIVE" FILE

    Example
    -------
    cGy, for which the scaling is 0.01 and the unit GY.
    """
    unit = instance.text("DoseUnits")
    if unit not in ("GY", "RELATIVE"):
        said = "not a legal unit of dose" if unit else "the unit of dose is missing"
        yield Finding(said, TagPath.of("DoseUnits"))


_SUMMED = {
    "PLAN", "MULTI_PLAN", "PLAN_OVERVIEW", "FRACTION", "BEAM", "BRACHY", "FRACTION_SESSION",
    "BEAM_SESSION", "BRACHY_SESSION", "CONTROL_POINT", "RECORD",
}  # fmt: skip
_TYPES = {"PHYSICAL", "EFFECTIVE", "ERROR"}
_OF_HISTOGRAM = {"DoseType": _TYPES, "DVHVolumeUnits": {"CM3", "PERCENT", "PER_U"}}
"""Defined terms of a dose-volume histogram; RT307 tells which are missing."""


@rule(
    id="RT302",
    category="radiotherapy",
    severity="warning",
    confidence="high",
    reads=("DoseType", "DoseSummationType", *(f"DVHSequence.{name}" for name in _OF_HISTOGRAM)),
    reference="PS3.3 C.8.8.3 Table C.8-39, C.8.8.4 Table C.8-40",
    applies=for_sop_classes(RT_DOSE),
)
def kind_of_dose(instance: InstanceFacts) -> Iterator[Finding]:
    """The dose, or a histogram of it, does not say of what kind it is, or what it sums up.

    Why it matters
    --------------
    Physical and effective dose differ by what tissue makes of them; the dose of a plan and of
    one beam by a factor. Pooling them without knowing is wrong.

    How to fix
    ----------
    Write a term of the standard into Dose Type (3004,0004) and Dose Summation Type (3004,000A),
    and into Dose Type and DVH Volume Units (3004,0054) of each histogram.

    Command
    -------
    dcmodify -nb -i "(3004,0004)=DOSE-TYPE" -i "(3004,000A)=DOSE-SUMMATION-TYPE" FILE

    Example
    -------
    A summation type of TOTAL, where the standard has PLAN or MULTI_PLAN; volumes in CC, where it
    has CM3.
    """
    for name, terms in (("DoseType", _TYPES), ("DoseSummationType", _SUMMED)):
        term = instance.text(name)
        if term not in terms:
            yield Finding("no term of the standard" if term else "missing", TagPath.of(name))
    for item in instance.items("DVHSequence"):
        for name, terms in _OF_HISTOGRAM.items():
            if item.filled(name) and item.text(name) not in terms:
                yield Finding("no term of the standard", TagPath.of("DVHSequence", name))


@rule(
    id="RT303",
    category="radiotherapy",
    severity="error",
    confidence="high",
    reads=("Rows", "DoseGridScaling"),
    reference="PS3.3 C.8.8.3 Table C.8-39",
    applies=for_sop_classes(RT_DOSE, when=lambda instance: instance.filled("Rows")),
)
def scaling(instance: InstanceFacts) -> Iterator[Finding]:
    """The dose grid has no scaling, or one that is not above zero.

    Why it matters
    --------------
    The pixels are counts; only times the scaling are they a dose. With none, programs take
    the counts for grays.

    How to fix
    ----------
    Write the dose of one count, in the unit of the grid, into Dose Grid Scaling (3004,000E).

    Command
    -------
    dcmodify -nb -i "(3004,000E)=DOSE-OF-ONE-COUNT" FILE

    Example
    -------
    A scaling of 0, which turns every dose into none.
    """
    factor = instance.number("DoseGridScaling")
    if factor is None:
        yield Finding("the scaling is missing or no number", TagPath.of("DoseGridScaling"))
    elif not factor > 0:
        yield Finding("the scaling is not above zero", TagPath.of("DoseGridScaling"))


_OFFSETS = "GridFrameOffsetVector"
NEAR = 0.01
"""Millimetres by which two positions of one plane may differ: they are rounded."""


def _offsets(instance: InstanceFacts) -> list[float] | None:
    try:
        return [float(value) for value in instance.values(_OFFSETS)]
    except ValueError:
        return None


@rule(
    id="RT304",
    category="radiotherapy",
    severity="error",
    confidence="high",
    reads=("NumberOfFrames", _OFFSETS, "ImagePositionPatient", "FrameIncrementPointer"),
    reference="PS3.3 C.8.8.3.2, C.7.6.6",
    applies=for_sop_classes(
        RT_DOSE,
        when=lambda instance: (
            instance.filled(_OFFSETS) or (instance.number("NumberOfFrames") or 0) > 1
        ),
    ),
)
def planes(instance: InstanceFacts) -> Iterator[Finding]:
    """The planes of a dose grid are not where its frames are.

    Why it matters
    --------------
    The vector says how far each frame lies from the first. With one offset too few, or with
    offsets that turn back, the dose lies in the wrong place along the patient.

    How to fix
    ----------
    Write one offset for each frame into Grid Frame Offset Vector (3004,000C), rising or
    falling, from 0 (or, of axial planes, from the z of the first), and its tag into Frame
    Increment Pointer (0028,0009).

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: dataset.GridFrameOffsetVector = OFFSETS
    pydicom: dataset.FrameIncrementPointer = 0x3004000C
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    A grid that was cropped, with the vector of before.
    """
    place = TagPath.of(_OFFSETS)
    offsets = _offsets(instance)
    # Without Number of Frames there is one; with one that is no number, who knows.
    frames = instance.number("NumberOfFrames") if instance.filled("NumberOfFrames") else 1
    if offsets is None:
        yield Finding("an offset is no number", place)
        return
    if not offsets:
        yield Finding("several frames and no offsets", place)
        return
    if frames is not None and len(offsets) != frames:
        yield Finding("another number of offsets than of frames", place)
    steps = [later - earlier for earlier, later in pairwise(offsets)]
    if not (all(step > 0 for step in steps) or all(step < 0 for step in steps)):
        yield Finding("the offsets neither rise nor fall throughout", place)
    position = instance.values("ImagePositionPatient")
    if offsets[0] and len(position) == 3:
        try:
            apart = abs(offsets[0] - float(position[2]))
        except ValueError:
            apart = 0
        if apart > NEAR:
            yield Finding("the first offset is neither zero nor where the grid lies", place)
    if len(offsets) > 1:
        pointers = instance.values("FrameIncrementPointer")
        if not instance.filled("FrameIncrementPointer"):
            yield Finding("several frames and no increment", TagPath.of("FrameIncrementPointer"))
        # Written with another VR it has no values, and nobody knows.
        elif pointers and pointers != (format_tag(tag_of(_OFFSETS)),):
            yield Finding(
                "the increment is not that of the offsets", TagPath.of("FrameIncrementPointer")
            )


_PLANS = "ReferencedRTPlanSequence"
_GROUPS = "ReferencedFractionGroupSequence"
_OF_PLAN = _SUMMED - {"PLAN_OVERVIEW", "RECORD"}
_OF_FRACTION = _OF_PLAN - {"PLAN", "MULTI_PLAN"}
_OF_BEAM = {"BEAM", "BEAM_SESSION", "CONTROL_POINT"}
_OF_BRACHY = {"BRACHY", "BRACHY_SESSION"}


@rule(
    id="RT305",
    category="radiotherapy",
    severity="error",
    confidence="high",
    reads=(
        "DoseSummationType",
        f"{_PLANS}.ReferencedSOPInstanceUID",
        f"{_PLANS}.{_GROUPS}.ReferencedFractionGroupNumber",
        f"{_PLANS}.{_GROUPS}.ReferencedBeamSequence.ReferencedBeamNumber",
        f"{_PLANS}.{_GROUPS}.ReferencedBrachyApplicationSetupSequence."
        "ReferencedBrachyApplicationSetupNumber",
        "ReferencedTreatmentRecordSequence.ReferencedSOPInstanceUID",
    ),
    reference="PS3.3 C.8.8.3 Table C.8-39",
    applies=for_sop_classes(
        RT_DOSE, when=lambda instance: instance.text("DoseSummationType") in _SUMMED
    ),
)
def belongs_to(instance: InstanceFacts) -> Iterator[Finding]:
    """The dose does not name the plan, fraction group, beam or record that it is of.

    Why it matters
    --------------
    A dose of one beam without the beam cannot be summed; a dose without its plan is a cloud
    of numbers.

    How to fix
    ----------
    Name the plan in Referenced RT Plan Sequence (300C,0002), and in it as far down as the
    summation type says: fraction group, beams or brachytherapy setups. A sum of several plans
    names each of them.

    Command
    -------
    dcmodify -nb -i "(300C,0002)[0].(0008,1150)=1.2.840.10008.5.1.4.1.1.481.5" FILE
    dcmodify -nb -i "(300C,0002)[0].(0008,1155)=UID" FILE
    dcmodify -nb -i "(300C,0002)[0].(300C,0020)[0].(300C,0022)=NUMBER" FILE

    Example
    -------
    Dose Summation Type BEAM, and a plan without Referenced Fraction Group Sequence.
    """
    kind = instance.text("DoseSummationType")
    plans = [item for item in instance.items(_PLANS) if item.filled("ReferencedSOPInstanceUID")]
    if kind == "RECORD":
        records = instance.items("ReferencedTreatmentRecordSequence")
        if not any(item.filled("ReferencedSOPInstanceUID") for item in records):
            yield Finding(
                "names no treatment record", TagPath.of("ReferencedTreatmentRecordSequence")
            )
    if kind not in _OF_PLAN:
        return
    if not plans:
        yield Finding("names no plan", TagPath.of(_PLANS))
    elif (len(plans) > 1) is not (kind == "MULTI_PLAN"):
        said = "a sum of plans names one" if kind == "MULTI_PLAN" else "names several plans"
        yield Finding(said, TagPath.of(_PLANS))
    for plan in plans:
        groups = plan.items(_GROUPS)
        if kind in _OF_FRACTION and not any(
            group.filled("ReferencedFractionGroupNumber") for group in groups
        ):
            yield Finding("names no fraction group", TagPath.of(_PLANS, _GROUPS))
        for sequence, number, kinds, what in (
            ("ReferencedBeamSequence", "ReferencedBeamNumber", _OF_BEAM, "beam"),
            (
                "ReferencedBrachyApplicationSetupSequence",
                "ReferencedBrachyApplicationSetupNumber",
                _OF_BRACHY,
                "brachytherapy setup",
            ),
        ):
            for group in groups:
                if kind in kinds and not any(item.filled(number) for item in group.items(sequence)):
                    yield Finding(f"names no {what}", TagPath.of(_PLANS, _GROUPS, sequence))


@rule(
    id="RT306",
    category="radiotherapy",
    severity="error",
    confidence="high",
    reads=(
        "Rows",
        "SamplesPerPixel",
        "PhotometricInterpretation",
        "BitsAllocated",
        "PixelRepresentation",
        "DoseType",
    ),
    reference="PS3.3 C.8.8.3.4",
    applies=for_sop_classes(RT_DOSE, when=lambda instance: instance.filled("Rows")),
)
def pixels(instance: InstanceFacts) -> Iterator[Finding]:
    """The pixels of a dose grid are of a kind that a dose cannot be.

    Why it matters
    --------------
    Programs read 16 or 32 bits without sign and multiply them by the scaling. What is stored
    otherwise is read as another dose.

    How to fix
    ----------
    Store one sample of 16 or 32 bits, MONOCHROME2, without sign unless the Dose Type is ERROR.
    The command stops where a dose is below zero.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: assert dataset.pixel_array.min() >= 0
    pydicom: dataset.PixelRepresentation = 0
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    Signed pixels, from an array of a numerical library.
    """
    for name, wanted in (("SamplesPerPixel", (1,)), ("BitsAllocated", (16, 32))):
        given = instance.number(name)
        if given is not None and given not in wanted:
            yield Finding("not as a dose is stored", TagPath.of(name))
    colour = instance.text("PhotometricInterpretation")
    if colour and colour != "MONOCHROME2":
        yield Finding("not as a dose is stored", TagPath.of("PhotometricInterpretation"))
    if instance.number("PixelRepresentation") == 1 and instance.text("DoseType") != "ERROR":
        yield Finding("a dose that may be negative", TagPath.of("PixelRepresentation"))


_POSITIVE = ("RTImageSID", "RadiationMachineSAD", "ImagePlanePixelSpacing")


@rule(
    id="RT401",
    category="radiotherapy",
    severity="warning",
    confidence="high",
    reads=(
        "RTImagePlane",
        "RTImageOrientation",
        *_POSITIVE,
        "ImageType",
        "ReportedValuesOrigin",
        "ReferencedBeamNumber",
        "ReferencedFractionGroupNumber",
        f"{_PLANS}.ReferencedSOPInstanceUID",
    ),
    reference="PS3.3 C.8.8.2 Table C.8-38",
    applies=for_sop_classes(RT_IMAGE),
)
def rt_image(instance: InstanceFacts) -> Iterator[Finding]:
    """An RT image does not say how its plane lies to the beam, or of which plan its beam is.

    Why it matters
    --------------
    Portal images and reconstructed radiographs are laid over each other to measure how far
    the patient has moved: millimetres follow from plane, distances and spacing.

    How to fix
    ----------
    Write NORMAL or NON_NORMAL into RT Image Plane (3002,000C), with the latter RT Image
    Orientation (3002,0010); lengths above zero, or none; where a beam is named, its plan in
    Referenced RT Plan Sequence (300C,0002).

    Command
    -------
    dcmodify -nb -i "(3002,000C)=NORMAL-OR-NON_NORMAL" FILE
    dcmodify -nb -i "(300C,0002)[0].(0008,1150)=1.2.840.10008.5.1.4.1.1.481.5" FILE
    dcmodify -nb -i "(300C,0002)[0].(0008,1155)=UID" FILE

    Example
    -------
    Referenced Beam Number 3 of no plan.
    """
    plane = instance.text("RTImagePlane")
    if plane not in ("NORMAL", "NON_NORMAL"):
        said = "not a legal RT Image Plane" if plane else "RT Image Plane is missing or empty"
        yield Finding(said, TagPath.of("RTImagePlane"))
    if plane == "NON_NORMAL" and not instance.has("RTImageOrientation"):
        yield Finding("NON_NORMAL without it", TagPath.of("RTImageOrientation"))
    for name in _POSITIVE:
        for value in instance.values(name):
            try:
                positive = not value or float(value) > 0
            except ValueError:
                positive = False
            if not positive:
                yield Finding("a length that is not above zero", TagPath.of(name))
    kind = instance.values("ImageType")[2:3]
    if kind in (("SIMULATOR",), ("PORTAL",)) and not instance.has("ReportedValuesOrigin"):
        yield Finding("missing in a simulator or portal image", TagPath.of("ReportedValuesOrigin"))
    plans = instance.items(_PLANS)
    named = any(item.filled("ReferencedSOPInstanceUID") for item in plans)
    for name in ("ReferencedBeamNumber", "ReferencedFractionGroupNumber"):
        if instance.filled(name) and not named:
            yield Finding("a number of no plan", TagPath.of(name))


_CHAIN = (
    "references.path",
    "references.tag_path",
    "references.ReferencedSOPInstanceUID",
    "instances.path",
    "instances.SOPClassUID",
    "instances.SOPInstanceUID",
    "instances.SeriesInstanceUID",
)

# The plan of a dose, and the structure sets of a dose or of its plan: Referenced RT Plan and
# Referenced Structure Set Sequence. A structure set lies in the frames of reference that it lists.
_FRAMES = f"""
WITH links AS (
    SELECT r.path, r.tag_path, t.path AS target
    FROM "references" r JOIN instances t ON t.SOPInstanceUID = r.ReferencedSOPInstanceUID
    WHERE r.tag_path IN ('(300C,0002)', '(300C,0060)')
), chain AS (
    SELECT path, target FROM links
    UNION
    SELECT a.path, b.target FROM links a JOIN links b ON b.path = a.target
), lies AS (
    SELECT path, FrameOfReferenceUID AS frame FROM instances WHERE FrameOfReferenceUID IS NOT NULL
    UNION
    SELECT path, FrameOfReferenceUID FROM "references"
    WHERE FrameOfReferenceUID IS NOT NULL AND SOPClassUID = '{RT_STRUCTURE_SET}'
), doses AS (
    SELECT d.path, any_value(d.SeriesInstanceUID) AS series,
           any_value(d.FrameOfReferenceUID) IS NOT NULL AND count(l.frame) > 0 AS known,
           count(*) FILTER (l.frame = d.FrameOfReferenceUID) > 0 AS same
    FROM instances d JOIN chain c ON c.path = d.path LEFT JOIN lies l ON l.path = c.target
    WHERE d.SOPClassUID = '{RT_DOSE}' GROUP BY d.path
)
"""


def _doses_with_frames(collection: CollectionFacts) -> Units:
    row = collection.rows(
        _FRAMES + "SELECT count(*) FILTER (known), count(*) FILTER (NOT known), "
        "count(*) FILTER (known AND NOT same) FROM doses"
    )[0]
    return Units(row[0], row[1], "doses whose plan and structure set do not say", row[2])


@rule(
    id="RT501",
    category="radiotherapy",
    severity="warning",
    confidence="medium",
    scope="collection",
    unit="instance",
    reads=(
        *_CHAIN,
        "references.SOPClassUID",
        "references.FrameOfReferenceUID",
        "instances.FrameOfReferenceUID",
    ),
    reference="PS3.3 C.8.8.3, C.7.4.1",
    applies=_doses_with_frames,
)
def dose_in_other_frame(collection: CollectionFacts) -> Iterator[Finding]:
    """A dose lies in another frame of reference than its plan and its structure set.

    Why it matters
    --------------
    The dose of an organ is read where its contours lie. In another frame of reference the
    same coordinates are another place.

    How to fix
    ----------
    Write the frame of reference of plan and structure set into the dose; where the dose was
    carried to another image, add the Spatial Registration object.

    Command
    -------
    duckdb -c "SELECT collection, tag_path, count, example FROM 'OUT/findings/*.parquet'
    WHERE rule = 'RT501'"
    dcmodify -nb -m "(0020,0052)=UID" FILE

    Example
    -------
    A dose grid for which a new Frame of Reference UID (0020,0052) was made up.
    """
    for series, count, paths in collection.rows(
        _FRAMES + "SELECT series, count(*), min(path, 5) FROM doses WHERE known AND NOT same "
        "GROUP BY series ORDER BY min(path)"
    ):
        yield Finding(
            "lies in another frame of reference than plan and structure set",
            TagPath.of("FrameOfReferenceUID"),
            count=count,
            examples=tuple(paths),
            series=series,
        )


_TARGETS = {
    "(300C,0060)": ("structure set", (RT_STRUCTURE_SET,)),
    "(300C,0002)": ("plan", (RT_PLAN, RT_ION_PLAN)),
    "(300C,0080)": ("dose", (RT_DOSE,)),
    "(3008,0030)": ("treatment record", tuple(sorted(RT_TREATMENT_RECORDS))),
}
_KIND_OF = " ".join(
    f"WHEN SOPClassUID IN ({', '.join(repr(uid) for uid in uids)}) THEN '{place}'"
    for place, (_, uids) in _TARGETS.items()
)

# These sequences name no series: whether the target's would be here is told by others of its
# kind in the study of the object that refers. A plan's earlier plans need not be there.
_LINKS = f"""
WITH kinds AS (
    SELECT *, CASE {_KIND_OF} END AS kind FROM instances
), here AS (
    SELECT DISTINCT StudyInstanceUID, kind FROM kinds
    WHERE kind IS NOT NULL AND StudyInstanceUID IS NOT NULL
), links AS (
    SELECT r.path, r.tag_path, k.SeriesInstanceUID AS series,
           r.ReferencedSOPInstanceUID IN (
               SELECT SOPInstanceUID FROM kinds WHERE SOPInstanceUID IS NOT NULL) AS found,
           h.kind IS NOT NULL AS others
    FROM "references" r JOIN kinds k USING (path)
    LEFT JOIN here h ON h.StudyInstanceUID = k.StudyInstanceUID AND h.kind = r.tag_path
    WHERE r.ReferencedSOPInstanceUID IS NOT NULL AND k.kind IS NOT NULL AND k.kind <> r.tag_path
      AND r.tag_path IN ({", ".join(repr(place) for place in _TARGETS)})
)
"""


def _linked(collection: CollectionFacts) -> Units:
    row = collection.rows(
        _LINKS + "SELECT count(*) FILTER (judged), count(*) FILTER (NOT judged), "
        "count(*) FILTER (wrong) FROM (SELECT bool_or(found OR others) AS judged, "
        "bool_or(others AND NOT found) AS wrong FROM links GROUP BY path)"
    )[0]
    return Units(row[0], row[1], "what is referred to is of a kind not in this download", row[2])


@rule(
    id="RT502",
    category="radiotherapy",
    severity="warning",
    confidence="medium",
    scope="collection",
    unit="instance",
    reads=(*_CHAIN, "instances.StudyInstanceUID"),
    reference="PS3.3 C.8.8.3, C.8.8.9, C.8.8.17",
    applies=_linked,
)
def chain_broken(collection: CollectionFacts) -> Iterator[Finding]:
    """A dose, plan or record belongs to a plan or structure set that is missing from its study.

    Why it matters
    --------------
    Dose, plan and structure set tell something only together. The study has others of the
    kind, so it is not a matter of what was downloaded: the right one was left out, or its UID
    was changed in one place and not in the other.

    How to fix
    ----------
    Add the object that is named; where UIDs were replaced, replace them by one mapping in all
    objects of the collection, references included.

    Command
    -------
    duckdb -c "SELECT collection, tag_path, count, example FROM 'OUT/findings/*.parquet'
    WHERE rule = 'RT502'"

    Example
    -------
    A plan that names a structure set of before de-identification, beside the new one.
    """
    for place, series, count, paths in collection.rows(
        _LINKS + "SELECT tag_path, series, count(DISTINCT path), min(DISTINCT path, 5) FROM links "
        "WHERE others AND NOT found GROUP BY tag_path, series ORDER BY tag_path, min(path)"
    ):
        yield Finding(
            f"names a {_TARGETS[place][0]} that is not here, though its study has others",
            TagPath((place,)),
            count=count,
            examples=tuple(paths),
            series=series,
        )


# Where an object names what its numbers are of, and whose numbers they are there.
_NUMBERED = {
    "ReferencedBeamNumber": ("BeamNumber", "(300C,0002)"),
    "ReferencedFractionGroupNumber": ("FractionGroupNumber", "(300C,0002)"),
    "ReferencedBrachyApplicationSetupNumber": ("ApplicationSetupNumber", "(300C,0002)"),
    "ReferencedROINumber": ("ROINumber", "(300C,0060)"),
}
_PARTS = ", ".join(f"('{refers}', '{has}', '{at}')" for refers, (has, at) in _NUMBERED.items())

_OF_A_PLAN = ", ".join(repr(uid) for uid in (RT_DOSE, RT_IMAGE, *sorted(RT_TREATMENT_RECORDS)))

# A plan refers to its own beams by the same attribute: those are the matter of RT202.
_NUMBERS = f"""
WITH kinds(refers, has, place) AS (VALUES {_PARTS}), targets AS (
    SELECT DISTINCT r.path, r.tag_path AS place, t.path AS target
    FROM "references" r JOIN instances t ON t.SOPInstanceUID = r.ReferencedSOPInstanceUID
    WHERE r.tag_path IN ('(300C,0002)', '(300C,0060)')
), given AS (
    SELECT DISTINCT t.path, n.keyword, n.number, t.place
    FROM targets t JOIN numbers n ON n.path = t.target
), named AS (
    SELECT n.path, n.tag_path, i.SeriesInstanceUID AS series,
           (n.path, k.place) IN (SELECT (path, place) FROM targets) AS known,
           (n.path, k.has, n.number, k.place) NOT IN (
               SELECT (path, keyword, number, place) FROM given) AS missing
    FROM numbers n JOIN kinds k ON k.refers = n.keyword JOIN instances i ON i.path = n.path
    WHERE i.SOPClassUID IN ({_OF_A_PLAN})
       OR (i.SOPClassUID IN ('{RT_PLAN}', '{RT_ION_PLAN}') AND k.has = 'ROINumber')
)
"""


def _with_numbers(collection: CollectionFacts) -> Units:
    row = collection.rows(
        _NUMBERS + "SELECT count(*) FILTER (judged), count(*) FILTER (NOT judged), "
        "count(*) FILTER (wrong) FROM (SELECT bool_or(known) AS judged, "
        "bool_or(known AND missing) AS wrong FROM named GROUP BY path)"
    )[0]
    return Units(row[0], row[1], "what the numbers are of is not in this download", row[2])


@rule(
    id="RT503",
    category="radiotherapy",
    severity="error",
    confidence="high",
    scope="collection",
    unit="instance",
    reads=(
        "references.path",
        "references.tag_path",
        "references.ReferencedSOPInstanceUID",
        "numbers.path",
        "numbers.tag_path",
        "numbers.keyword",
        "numbers.number",
        "instances.path",
        "instances.SOPClassUID",
        "instances.SOPInstanceUID",
        "instances.SeriesInstanceUID",
    ),
    reference="PS3.3 C.8.8.3, C.8.8.9, C.8.8.10, C.8.8.21",
    applies=_with_numbers,
)
def number_of_nothing(collection: CollectionFacts) -> Iterator[Finding]:
    """A dose, image, record or plan names a beam, fraction group or ROI that its target lacks.

    Why it matters
    --------------
    A dose of beam 3 of a plan with two beams, or a prescription to an ROI that is not drawn,
    is of nothing: it was made from another version of the plan or the structure set.

    How to fix
    ----------
    Add the version of the plan or structure set that the numbers are of, and refer to it; or
    correct the numbers.

    Command
    -------
    duckdb -c "SELECT collection, tag_path, count, example FROM 'OUT/findings/*.parquet'
    WHERE rule = 'RT503'"

    Example
    -------
    A treatment record of a beam that was removed when the plan was copied.
    """
    for place, series, count, paths in collection.rows(
        _NUMBERS
        + "SELECT tag_path, series, count(DISTINCT path), min(DISTINCT path, 5) FROM named "
        "WHERE known AND missing GROUP BY tag_path, series ORDER BY tag_path, min(path)"
    ):
        yield Finding(
            "a number that the object that is named does not have",
            TagPath(tuple(place.split("/"))),
            count=count,
            examples=tuple(paths),
            series=series,
        )
