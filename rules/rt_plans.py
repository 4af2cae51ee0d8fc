"""Plans and treatment records (PS3.3 C.8.8.9 to C.8.8.26): whether their parts hold together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from auditor import (
    Element,
    Finding,
    InstanceFacts,
    Item,
    Place,
    TagPath,
    Undecided,
    comparison,
    for_sop_classes,
    rule,
)
from auditor.reading.extents import coordinates, whole_numbers
from auditor.reading.places import CUT_OFF
from auditor.standard.sop_classes import (
    RT_DOSE,
    RT_IMAGE,
    RT_ION_PLAN,
    RT_PLAN,
    RT_STRUCTURE_SET,
    RT_TREATMENT_RECORDS,
)

_PLANS = (RT_PLAN, RT_ION_PLAN)

_FRACTIONS, _SETUPS = "FractionGroupSequence", "ApplicationSetupSequence"
_BEAMS = {
    "BeamSequence": "ControlPointSequence",
    "IonBeamSequence": "IonControlPointSequence",
}
"""Beams of photons and electrons, and of ions, to their control points."""

_NUMBERED = (
    ("BeamSequence", "BeamNumber"),
    ("IonBeamSequence", "BeamNumber"),
    (_FRACTIONS, "FractionGroupNumber"),
    ("DoseReferenceSequence", "DoseReferenceNumber"),
    ("PatientSetupSequence", "PatientSetupNumber"),
    ("ToleranceTableSequence", "ToleranceTableNumber"),
    ("IonToleranceTableSequence", "ToleranceTableNumber"),
    (_SETUPS, "ApplicationSetupNumber"),
    ("SourceSequence", "SourceNumber"),
)
"""Sequences whose items are numbered, each number once in a plan."""

_DOSE_REFERENCE = ("ReferencedDoseReferenceSequence", "ReferencedDoseReferenceNumber")
_REFERRING: tuple[tuple[tuple[str, ...], str], ...] = (
    ((_FRACTIONS, "ReferencedBeamSequence", "ReferencedBeamNumber"), "BeamNumber"),
    (
        (
            _FRACTIONS,
            "ReferencedBrachyApplicationSetupSequence",
            "ReferencedBrachyApplicationSetupNumber",
        ),
        "ApplicationSetupNumber",
    ),
    ((_FRACTIONS, *_DOSE_REFERENCE), "DoseReferenceNumber"),
    *(
        ((beams, *inside), number)
        for beams, points in _BEAMS.items()
        for inside, number in (
            (("ReferencedPatientSetupNumber",), "PatientSetupNumber"),
            (("ReferencedToleranceTableNumber",), "ToleranceTableNumber"),
            ((points, *_DOSE_REFERENCE), "DoseReferenceNumber"),
        )
    ),
    ((_SETUPS, "ChannelSequence", "ReferencedSourceNumber"), "SourceNumber"),
)
"""Where a plan refers to a number of its own, and to which."""

_ALL_NUMBERS = tuple(".".join(path) for path in _NUMBERED)


def _inside(facts: InstanceFacts | Item, path: Sequence[str]) -> Iterator[Item]:
    """Yield the items at the end of a path of sequences."""
    for item in facts.items(path[0]):
        if len(path) == 1:
            yield item
        else:
            yield from _inside(item, path[1:])


def _numbers(facts: InstanceFacts, *path: str) -> list[float]:
    """Return the numbers that an attribute has in the items of a path of sequences."""
    found = (item.number(path[-1]) for item in _inside(facts, path[:-1]))
    return [number for number in found if number is not None]


@rule(
    id="RT201",
    category="radiotherapy",
    severity="error",
    confidence="high",
    reads=_ALL_NUMBERS,
    reference="PS3.3 C.8.8.10 to C.8.8.15, C.8.8.24, C.8.8.25",
    applies=for_sop_classes(
        *_PLANS,
        when=lambda instance: any(instance.filled(sequence) for sequence, _ in _NUMBERED),
    ),
)
def number_twice(instance: InstanceFacts) -> Iterator[Finding]:
    """Two parts of a plan have one number.

    Why it matters
    --------------
    Beams, fraction groups and dose references refer to each other by number. Of two of one
    number nobody knows which is meant: the wrong one may be counted, or summed twice.

    How to fix
    ----------
    Number the items of each sequence anew, and what refers to them with them.

    Command
    -------
    dcmdump +P BeamNumber +P ReferencedBeamNumber +P FractionGroupNumber +P DoseReferenceNumber FILE
    dcmodify -nb -m "TAG=NUMBER" FILE

    Example
    -------
    A beam that was copied with its Beam Number (300A,00C0).
    """
    for path in _NUMBERED:
        given = _numbers(instance, *path)
        if len(set(given)) < len(given):
            yield Finding("two items have one number", TagPath.of(*path))


@rule(
    id="RT202",
    category="radiotherapy",
    severity="error",
    confidence="high",
    reads=(*_ALL_NUMBERS, *(".".join(path) for path, _ in _REFERRING)),
    reference="PS3.3 C.8.8.13 to C.8.8.15, C.8.8.25",
    applies=for_sop_classes(
        *_PLANS,
        when=lambda instance: any(_numbers(instance, *path) for path, _ in _REFERRING),
    ),
)
def number_not_there(instance: InstanceFacts) -> Iterator[Finding]:
    """A plan refers to a beam, setup or dose reference that it does not have.

    Why it matters
    --------------
    The fraction group says which beams are given and how much of each. A beam that is not
    there has no field, and the dose of the plan cannot be what is said.

    How to fix
    ----------
    Remove the reference, or export the plan with all its beams, setups and dose references.

    Command
    -------
    dcmdump +P BeamNumber +P ReferencedBeamNumber +P PatientSetupNumber +P DoseReferenceNumber FILE
    dcmodify -nb -e "(300A,0070)[N].(300C,0004)[M]" FILE

    Example
    -------
    A setup field that was removed from Beam Sequence and not from the fraction group.
    """
    given: dict[str, set[float]] = {}
    for sequence, number in _NUMBERED:
        given.setdefault(number, set()).update(_numbers(instance, sequence, number))
    for path, number in _REFERRING:
        if set(_numbers(instance, *path)) - given[number]:
            yield Finding("refers to an item that does not exist", TagPath.of(*path))


_COUNTED: tuple[tuple[tuple[str, ...], str, str], ...] = (
    ((_FRACTIONS,), "NumberOfBeams", "ReferencedBeamSequence"),
    (
        (_FRACTIONS,),
        "NumberOfBrachyApplicationSetups",
        "ReferencedBrachyApplicationSetupSequence",
    ),
    *(((beams,), "NumberOfControlPoints", points) for beams, points in _BEAMS.items()),
    ((_SETUPS, "ChannelSequence"), "NumberOfControlPoints", "BrachyControlPointSequence"),
    (("TreatmentSessionBeamSequence",), "NumberOfControlPoints", "ControlPointDeliverySequence"),
    (
        ("TreatmentSessionIonBeamSequence",),
        "NumberOfControlPoints",
        "IonControlPointDeliverySequence",
    ),
)
"""Where items are counted, in which attribute, and the sequence that is counted."""

_PLANNED = "NumberOfFractionsPlanned"
_INDEX = "ControlPointIndex"
# What every item has (Type 1): of the others of a control point, positions of leaves among
# them, nothing need be kept.
_OF_ITEM = {
    "ReferencedBeamSequence": "ReferencedBeamNumber",
    "ReferencedBrachyApplicationSetupSequence": "ReferencedBrachyApplicationSetupNumber",
    "ControlPointSequence": _INDEX,
    "IonControlPointSequence": _INDEX,
    "BrachyControlPointSequence": _INDEX,
    "ControlPointDeliverySequence": "DeliveredMeterset",
    "IonControlPointDeliverySequence": "DeliveredMeterset",
}


def _counted(instance: InstanceFacts) -> bool:
    return any(True for path, *_ in _COUNTED for _ in _inside(instance, path))


@rule(
    id="RT203",
    category="radiotherapy",
    severity="error",
    confidence="high",
    reads=(
        f"{_FRACTIONS}.{_PLANNED}",
        *(".".join((*path, count)) for path, count, _ in _COUNTED),
        *(".".join((*path, items, _OF_ITEM[items])) for path, _, items in _COUNTED),
    ),
    reference="PS3.3 C.8.8.13, C.8.8.14, C.8.8.15, C.8.8.21, C.8.8.25, C.8.8.26",
    applies=for_sop_classes(*_PLANS, *RT_TREATMENT_RECORDS, when=_counted),
)
def miscounted(instance: InstanceFacts) -> Iterator[Finding]:
    """Beams, fractions or control points of a plan or treatment record are not counted right.

    Why it matters
    --------------
    A control point that is missing is a segment that is not given. The count is there so that
    the loss is seen, and so is the index, which goes from 0 in steps of 1.

    How to fix
    ----------
    Export the object again; write the number of items into Number of Beams (300A,0080) or
    Number of Control Points (300A,0110), and 0, 1, 2 and so on into Control Point Index
    (300A,0112).

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: beams = dataset.BeamSequence
    pydicom: print([(b.NumberOfControlPoints, len(b.ControlPointSequence)) for b in beams])
    dcmodify -nb -m "(300A,00B0)[N].(300A,0110)=NUMBER" FILE

    Example
    -------
    An arc of 178 control points of which 90 were exported.
    """
    if any(number < 0 for number in _numbers(instance, _FRACTIONS, _PLANNED)):
        yield Finding("less than no fractions", TagPath.of(_FRACTIONS, _PLANNED))
    for path, count, items in _COUNTED:
        for item in _inside(instance, path):
            said = item.number(count)
            inside = item.items(items)
            there = sum(each.has(_OF_ITEM[items]) for each in inside)
            if said is not None and said != there:
                yield Finding("another number of items than is said", TagPath.of(*path, count))
            if _OF_ITEM[items] == _INDEX:
                given = [each.number(_INDEX) for each in inside]
                # An index that is missing, or is no number, is the IOD's matter.
                if None not in given and given != list(range(len(given))):
                    place = TagPath.of(*path, items, _INDEX)
                    yield Finding("control points are not numbered 0, 1, 2 and so on", place)


_WEIGHED: tuple[tuple[tuple[str, ...], str, str, str], ...] = (
    *(
        ((beams,), "FinalCumulativeMetersetWeight", points, "CumulativeMetersetWeight")
        for beams, points in _BEAMS.items()
    ),
    (
        (_SETUPS, "ChannelSequence"),
        "FinalCumulativeTimeWeight",
        "BrachyControlPointSequence",
        "CumulativeTimeWeight",
    ),
)
"""Where weights are summed up to, the sequence of the points, and the sum at each."""

ROUNDED = 1e-3
"""Share of the final weight by which the last one may differ: both are rounded."""


@rule(
    id="RT204",
    category="radiotherapy",
    severity="error",
    confidence="high",
    reads=(
        *(".".join((*path, final)) for path, final, *_ in _WEIGHED),
        *(".".join((*path, points, weight)) for path, _, points, weight in _WEIGHED),
    ),
    reference="PS3.3 C.8.8.14.1, C.8.8.15.6, C.8.8.25",
    applies=for_sop_classes(
        *_PLANS,
        when=lambda instance: any(
            _numbers(instance, *path, points, weight) for path, _, points, weight in _WEIGHED
        ),
    ),
)
def weights(instance: InstanceFacts) -> Iterator[Finding]:
    """The cumulative weights of a beam or channel do not rise from zero to the final weight.

    Why it matters
    --------------
    They say which share of the dose is given up to each control point. Where they fall, or do
    not end where they should, the dose cannot be calculated.

    How to fix
    ----------
    Export the plan again. The first weight is zero, none is less than the one before, and the
    last is the Final Cumulative Meterset Weight (300A,010E).

    Command
    -------
    dcmdump +P FinalCumulativeMetersetWeight +P CumulativeMetersetWeight FILE

    Example
    -------
    Weights up to 0.97 in a beam whose final weight is 1.
    """
    for path, final, points, weight in _WEIGHED:
        for item in _inside(instance, path):
            found = (point.number(weight) for point in item.items(points))
            given = [number for number in found if number is not None]
            if not given:
                continue
            at = TagPath.of(*path, points, weight)
            if given[0]:
                yield Finding("the first weight is not zero", at)
            if sorted(given) != given:
                yield Finding("a weight is less than the one before", at)
            last = item.number(final)
            if last is not None and abs(given[-1] - last) > ROUNDED * abs(last):
                yield Finding("the last weight is not the final one", TagPath.of(*path, final))


@rule(
    id="RT205",
    category="radiotherapy",
    severity="error",
    confidence="high",
    reads=("RTPlanGeometry", "ReferencedStructureSetSequence.ReferencedSOPInstanceUID"),
    reference="PS3.3 C.8.8.9, C.8.8.9.1",
    applies=for_sop_classes(*_PLANS),
)
def geometry(instance: InstanceFacts) -> Iterator[Finding]:
    """A plan does not say on what geometry it is based, or names no structure set for it.

    Why it matters
    --------------
    A plan in a patient is based on a structure set: without it nobody knows where its
    isocentre lies. A plan in the coordinates of the machine needs none.

    How to fix
    ----------
    Write PATIENT or TREATMENT_DEVICE into RT Plan Geometry (300A,000C), with PATIENT also
    Referenced Structure Set Sequence (300C,0060).

    Command
    -------
    dcmodify -nb -i "(300A,000C)=PATIENT-OR-TREATMENT_DEVICE" FILE
    dcmodify -nb -i "(300C,0060)[0].(0008,1150)=1.2.840.10008.5.1.4.1.1.481.3" FILE
    dcmodify -nb -i "(300C,0060)[0].(0008,1155)=UID" FILE

    Example
    -------
    A plan of a patient whose reference to the structure set was removed.
    """
    kind = instance.text("RTPlanGeometry")
    if kind not in ("PATIENT", "TREATMENT_DEVICE"):
        said = "no legal RT Plan Geometry" if kind else "RT Plan Geometry is missing or empty"
        yield Finding(said, TagPath.of("RTPlanGeometry"))
    sets = instance.items("ReferencedStructureSetSequence")
    if kind == "PATIENT" and not any(item.filled("ReferencedSOPInstanceUID") for item in sets):
        yield Finding("names no structure set", TagPath.of("ReferencedStructureSetSequence"))


@rule(
    id="RT206",
    category="radiotherapy",
    severity="info",
    confidence="medium",
    reads=(
        "FractionGroupSequence.ReferencedBeamSequence.ReferencedBeamNumber",
        *(
            f"{beams}.{name}"
            for beams in _BEAMS
            for name in ("BeamNumber", "TreatmentDeliveryType")
        ),
    ),
    reference="PS3.3 C.8.8.13, C.8.8.14",
    applies=for_sop_classes(
        *_PLANS,
        when=lambda instance: (
            instance.filled(_FRACTIONS) and any(instance.filled(beams) for beams in _BEAMS)
        ),
    ),
)
def beam_not_given(instance: InstanceFacts) -> Iterator[Finding]:
    """A beam for treatment is in no fraction group.

    Why it matters
    --------------
    Beams are given as their fraction group says. One that is in none is not given, and adds
    nothing to the dose.

    How to fix
    ----------
    Nothing need be wrong: it may be a beam that was tried. If it was given, add it to the
    fraction group.

    Command
    -------
    dcmdump +P BeamNumber +P TreatmentDeliveryType +P ReferencedBeamNumber FILE

    Example
    -------
    An alternative field that was left in the plan.
    """
    given = set(_numbers(instance, _FRACTIONS, "ReferencedBeamSequence", "ReferencedBeamNumber"))
    for beams in _BEAMS:
        for item in instance.items(beams):
            number = item.number("BeamNumber")
            kind = item.text("TreatmentDeliveryType")
            if kind in ("", "TREATMENT") and number is not None and number not in given:
                yield Finding("a beam is in no fraction group", TagPath.of(beams))


_REVIEW = ("ReviewDate", "ReviewTime", "ReviewerName")


@rule(
    id="RT207",
    category="radiotherapy",
    severity="warning",
    confidence="high",
    reads=("ApprovalStatus", *_REVIEW),
    reference="PS3.3 C.8.8.16 Table C.8-52",
    applies=for_sop_classes(
        *_PLANS,
        RT_STRUCTURE_SET,
        RT_IMAGE,
        when=lambda instance: any(instance.has(name) for name in ("ApprovalStatus", *_REVIEW)),
    ),
)
def approval(instance: InstanceFacts) -> Iterator[Finding]:
    """The approval status is none, or does not agree with what is said of the review.

    Why it matters
    --------------
    It tells contours and plans that somebody has checked from drafts. A status of another
    word tells neither.

    How to fix
    ----------
    Write APPROVED, UNAPPROVED or REJECTED into Approval Status (300E,0002). The first and the
    last have date, time and reviewer beside them, empty where they were taken out; the other
    has none.

    Command
    -------
    dcmodify -nb -i "(300E,0002)=APPROVAL-STATUS" FILE
    dcmodify -nb -i "(300E,0004)=" -i "(300E,0005)=" -i "(300E,0008)=" FILE

    Example
    -------
    APPROVED without Review Date (300E,0004), because de-identification removed it.
    """
    status = instance.text("ApprovalStatus")
    if status not in ("APPROVED", "UNAPPROVED", "REJECTED"):
        said = "not a legal approval status" if status else "the approval status is missing"
        yield Finding(said, TagPath.of("ApprovalStatus"))
    for name in _REVIEW:
        if status in ("APPROVED", "REJECTED") and not instance.has(name):
            yield Finding(f"{status} without it", TagPath.of(name))
        if status == "UNAPPROVED" and instance.filled(name):
            yield Finding("UNAPPROVED with it", TagPath.of(name))


_KINDS: dict[tuple[str, ...], frozenset[str]] = {
    ("ReferencedStructureSetSequence",): frozenset({RT_STRUCTURE_SET}),
    ("ReferencedRTPlanSequence",): frozenset(_PLANS),
    ("ReferencedDoseSequence",): frozenset({RT_DOSE}),
    (_FRACTIONS, "ReferencedDoseSequence"): frozenset({RT_DOSE}),
    ("ReferencedTreatmentRecordSequence",): RT_TREATMENT_RECORDS,
}
_CLASS = "ReferencedSOPClassUID"


@rule(
    id="RT208",
    category="radiotherapy",
    severity="error",
    confidence="high",
    reads=tuple(".".join((*path, _CLASS)) for path in _KINDS),
    reference="PS3.3 C.8.8.3, C.8.8.9, C.8.8.13, C.8.8.17",
    applies=for_sop_classes(
        *_PLANS,
        *RT_TREATMENT_RECORDS,
        RT_DOSE,
        RT_IMAGE,
        when=lambda instance: any(True for path in _KINDS for _ in _inside(instance, path)),
    ),
)
def other_kind(instance: InstanceFacts) -> Iterator[Finding]:
    """A radiotherapy object refers to one of another kind than the sequence is for.

    Why it matters
    --------------
    Software follows the chain from dose over plan to structure set by these sequences. One
    that names another kind of object breaks it.

    How to fix
    ----------
    Refer to a structure set in Referenced Structure Set Sequence (300C,0060), to a plan in
    Referenced RT Plan Sequence (300C,0002), to a dose in Referenced Dose Sequence (300C,0080).

    Command
    -------
    dcmdump +P ReferencedSOPClassUID +P ReferencedSOPInstanceUID FILE
    dcmodify -nb -m "TAG=UID" FILE

    Example
    -------
    A dose whose Referenced RT Plan Sequence names the structure set.
    """
    for path, classes in _KINDS.items():
        for item in _inside(instance, path):
            named = item.text(_CLASS)
            if named and named not in classes:
                yield Finding("names another kind of object", TagPath.of(*path, _CLASS))


_DOSES = {
    "MeasuredDoseReferenceSequence": "MeasuredDoseReferenceNumber",
    "CalculatedDoseReferenceSequence": "CalculatedDoseReferenceNumber",
}
_SESSIONS = ("TreatmentSessionBeamSequence", "TreatmentSessionIonBeamSequence")
_POINTS = {
    "TreatmentSessionBeamSequence": "ControlPointDeliverySequence",
    "TreatmentSessionIonBeamSequence": "IonControlPointDeliverySequence",
}


@rule(
    id="RT209",
    category="radiotherapy",
    severity="error",
    confidence="high",
    reads=(
        *(f"{sequence}.{number}" for sequence, number in _DOSES.items()),
        *(
            f"{session}.Referenced{sequence}.Referenced{number}"
            for session in _SESSIONS
            for sequence, number in _DOSES.items()
        ),
        *(f"{session}.{points}.DeliveredMeterset" for session, points in _POINTS.items()),
    ),
    reference="PS3.3 C.8.8.18, C.8.8.19, C.8.8.21, C.8.8.21.2, C.8.8.26",
    applies=for_sop_classes(
        *RT_TREATMENT_RECORDS,
        when=lambda instance: any(instance.filled(session) for session in _SESSIONS),
    ),
)
def record(instance: InstanceFacts) -> Iterator[Finding]:
    """A treatment record refers to a dose that it does not have, or its meterset falls.

    Why it matters
    --------------
    The record says what was given. Doses that are referred to and missing, and a machine that
    is said to have taken dose back, make it useless to sum up.

    How to fix
    ----------
    Export the record again with its measured and calculated doses; Delivered Meterset
    (3008,0044) is summed up from control point to control point.

    Command
    -------
    dcmdump +P MeasuredDoseReferenceNumber +P ReferencedMeasuredDoseReferenceNumber FILE
    dcmdump +P DeliveredMeterset FILE

    Example
    -------
    A beam that refers to measured dose 2 of a record that has one.
    """
    for sequence, number in _DOSES.items():
        given = set(_numbers(instance, sequence, number))
        for session in _SESSIONS:
            path = (session, f"Referenced{sequence}", f"Referenced{number}")
            if set(_numbers(instance, *path)) - given:
                yield Finding("refers to a dose that does not exist", TagPath.of(*path))
    for session, points in _POINTS.items():
        for item in instance.items(session):
            found = (point.number("DeliveredMeterset") for point in item.items(points))
            metersets = [number for number in found if number is not None]
            if sorted(metersets) != metersets:
                yield Finding(
                    "the delivered meterset falls", TagPath.of(session, points, "DeliveredMeterset")
                )


_KIND, _PAIRS, _BOUNDS = (
    "RTBeamLimitingDeviceType",
    "NumberOfLeafJawPairs",
    "LeafPositionBoundaries",
)
_SET, _SET_TO = "BeamLimitingDevicePositionSequence", "LeafJawPositions"
_LIMITED = {
    "BeamSequence": ("BeamLimitingDeviceSequence", "ControlPointSequence"),
    "IonBeamSequence": ("IonBeamLimitingDeviceSequence", "IonControlPointSequence"),
    **{
        session: ("BeamLimitingDeviceLeafPairsSequence", points)
        for session, points in _POINTS.items()
    },
}
"""Beams to their beam limiting devices, and to the control points that position these."""

_BEAM, _DEVICE, _POSITION = "beam", "device", "position"
_PARTS = {
    TagPath.of(beams, *rest).steps: part
    for beams, (devices, points) in _LIMITED.items()
    for rest, part in (
        ((), _BEAM),
        ((devices,), _DEVICE),
        *(((devices, name), name) for name in (_KIND, _PAIRS, _BOUNDS)),
        ((points, _SET), _POSITION),
        *(((points, _SET, name), name) for name in (_KIND, _SET_TO)),
    )
}
_CUT_SHORT = "cut short"

CLOSED = 1.0
"""Millimetres by which the leaves of a pair may overlap: closed ones are rounded."""


@comparison(name="leaves", applies=lambda place: place.tag == CUT_OFF or place.path.steps in _PARTS)
def leaves(elements: Sequence[Element]) -> Iterator[tuple[Place, str]]:
    """Whether leaves and jaws are as many as is said, and none passes its opposite; a word each."""
    found: list[dict[str, Element]] = []
    for element in elements:
        if element.place.tag == CUT_OFF:
            yield element.place, _CUT_SHORT
            return
        part = _PARTS[element.place.path.steps]
        if part == _BEAM:
            yield from _of_beam(found)
            found = []
        elif part in (_DEVICE, _POSITION):
            found.append({part: element})
        elif found:
            found[-1][part] = element
    yield from _of_beam(found)


def _of_beam(found: Sequence[dict[str, Element]]) -> Iterator[tuple[Place, str]]:
    """Judge the beam limiting devices of a beam, and where its control points put them."""
    pairs: dict[str, set[int]] = {}
    for part in found:
        if _PAIRS not in part:
            continue
        yield part[_PAIRS].place, "counted"
        number = whole_numbers(part[_PAIRS].value)
        if len(number) != 1:
            continue
        pairs.setdefault(_kind(part), set()).add(number[0])
        bounds = part[_BOUNDS].value if _BOUNDS in part else b""
        if bounds and bounds.count(b"\\") != number[0]:
            yield part[_BOUNDS].place, "boundaries"
    for part in found:
        if _SET_TO not in part or not part[_SET_TO].value:
            continue
        # Of two devices of one type nobody knows which is meant.
        said = pairs.get(_kind(part), set())
        place, value = part[_SET_TO].place, part[_SET_TO].value
        if len(said) == 1 and value.count(b"\\") + 1 != 2 * min(said):
            yield place, "positions"
            continue
        numbers = coordinates(value) or []
        half = len(numbers) // 2
        if any(
            one > other + CLOSED for one, other in zip(numbers[:half], numbers[half:], strict=False)
        ):
            yield place, "passed"


def _kind(part: dict[str, Element]) -> str:
    return part[_KIND].text.strip(" \0") if _KIND in part else ""


_OF_LEAVES = {
    "boundaries": "not one boundary more than pairs of leaves",
    "positions": "not two positions for each pair of leaves or jaws",
    "passed": "a leaf or jaw lies beyond its opposite",
}


@rule(
    id="RT210",
    category="radiotherapy",
    severity="error",
    confidence="high",
    reads=("judge:leaves",),
    reference="PS3.3 C.8.8.14, C.8.8.25, C.8.8.21, C.8.8.26",
    applies=for_sop_classes(
        *_PLANS,
        *RT_TREATMENT_RECORDS,
        when=lambda instance: any(
            said in ("counted", _CUT_SHORT) for _, said in instance.judged("leaves")
        ),
    ),
)
def leaf_positions(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """The leaves or jaws of a beam are not as many as is said, or lie beyond their opposites.

    Why it matters
    --------------
    Positions are a list: first those of one side, then those of the other. With one too few each
    leaf behind it is taken for its neighbour, or for its opposite, and the field has another shape.

    How to fix
    ----------
    Export the object again. There are two Leaf/Jaw Positions (300A,011C) for each of the Number of
    Leaf/Jaw Pairs (300A,00BC), and one Leaf Position Boundaries (300A,00BE) more than pairs; the
    first side is the one of the lower coordinates.

    Command
    -------
    dcmdump +P NumberOfLeafJawPairs +P LeafPositionBoundaries +P LeafJawPositions FILE

    Example
    -------
    118 positions of 60 pairs of leaves; jaws at 70 and 9. A millimetre of overlap is tolerated.
    """
    for path, said in instance.judged("leaves"):
        if said == _CUT_SHORT:
            yield Undecided("objects with more beams or control points than are looked at")
        elif said in _OF_LEAVES:
            yield Finding(_OF_LEAVES[said], path)
