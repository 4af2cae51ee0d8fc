"""Dose-volume histograms of RT Dose (PS3.3 C.8.8.4): their terms, their data, their statistics."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from auditor import (
    Element,
    Finding,
    InstanceFacts,
    Place,
    TagPath,
    Undecided,
    comparison,
    for_sop_classes,
    rule,
)
from auditor.reading.extents import LONGEST
from auditor.reading.places import CUT_OFF
from auditor.standard.sop_classes import RT_DOSE

_DVH, _ROIS = "DVHSequence", "DVHReferencedROISequence"
_STRUCTURES = "ReferencedStructureSetSequence"
_TERMS = {
    "DVHType": {"DIFFERENTIAL", "CUMULATIVE", "NATURAL"},
    "DoseUnits": {"GY", "RELATIVE"},
}
"""Enumerated values of what says how to read a histogram."""

_NAMED = (*_TERMS, "DoseType", "DVHVolumeUnits")
"""What each histogram says; of the last two the terms are defined, and RT302's matter."""

_CONTRIBUTION = "DVHROIContributionType"


@rule(
    id="RT307",
    category="radiotherapy",
    severity="error",
    confidence="high",
    reads=(
        f"{_STRUCTURES}.ReferencedSOPInstanceUID",
        *(f"{_DVH}.{name}" for name in _NAMED),
        f"{_DVH}.DVHDoseScaling",
        f"{_DVH}.{_ROIS}.ReferencedROINumber",
        f"{_DVH}.{_ROIS}.{_CONTRIBUTION}",
    ),
    reference="PS3.3 C.8.8.4 Table C.8-40",
    applies=for_sop_classes(RT_DOSE, when=lambda instance: bool(instance.items(_DVH))),
)
def terms(instance: InstanceFacts) -> Iterator[Finding]:
    """A dose-volume histogram does not say of what it is, or how to read it.

    Why it matters
    --------------
    A cumulative curve and a differential one, grays and per cent, hold the same kind of numbers.
    Without type, units, scaling and ROI a curve is of nothing, and plans that are compared by it
    are compared wrongly.

    How to fix
    ----------
    Write terms of the standard into DVH Type (3004,0001), Dose Units (3004,0002), Dose Type
    (3004,0004) and DVH Volume Units (3004,0054), a scaling above zero into DVH Dose Scaling
    (3004,0052), the ROIs with INCLUDED or EXCLUDED into DVH Referenced ROI Sequence (3004,0060),
    and their structure set into Referenced Structure Set Sequence (300C,0060).

    Command
    -------
    dcmodify -nb -i "(3004,0050)[N].(3004,0054)=CM3" FILE

    Example
    -------
    A DVH Type of INTEGRAL, where the standard has CUMULATIVE. Volume units and dose types of
    one's own are told by RT302.
    """
    if not any(item.filled("ReferencedSOPInstanceUID") for item in instance.items(_STRUCTURES)):
        yield Finding("names no structure set that its ROIs are of", TagPath.of(_STRUCTURES))
    for item in instance.items(_DVH):
        for name in _NAMED:
            term = item.text(name)
            if not term:
                yield Finding("missing", TagPath.of(_DVH, name))
            elif term not in _TERMS.get(name, (term,)):
                yield Finding("no term of the standard", TagPath.of(_DVH, name))
        factor = item.number("DVHDoseScaling")
        if factor is None or not factor > 0:
            yield Finding("the scaling is not above zero", TagPath.of(_DVH, "DVHDoseScaling"))
        rois = item.items(_ROIS)
        if not any(roi.filled("ReferencedROINumber") for roi in rois):
            yield Finding("names no ROI", TagPath.of(_DVH, _ROIS))
        for roi in rois:
            if (term := roi.text(_CONTRIBUTION)) not in ("INCLUDED", "EXCLUDED"):
                said = "no term of the standard" if term else "missing"
                yield Finding(said, TagPath.of(_DVH, _ROIS, _CONTRIBUTION))


def _path(*keywords: str) -> tuple[str, ...]:
    return TagPath.of(*keywords).steps


_TYPE, _BINS, _DATA = "DVHType", "DVHNumberOfBins", "DVHData"
_UNITS = "DVHVolumeUnits"
_LOW, _HIGH, _MEAN = "DVHMinimumDose", "DVHMaximumDose", "DVHMeanDose"
_SEEN = {_path(_DVH): ""} | {
    _path(_DVH, name): name for name in (_TYPE, _UNITS, _BINS, _DATA, _LOW, _HIGH, _MEAN)
}

ROUNDING = 1e-3
"""Share of the largest number by which numbers may be off: they are rounded, and interpolated."""

WHOLE = 101
"""Per cent of its volume that an ROI may have: volumes are of voxels, and rounded."""

CUT_SHORT = "cut short"
"""Verdict class of more, or longer, histograms than are looked at."""


@comparison(
    name="histograms",
    applies=lambda place: place.tag == CUT_OFF or place.path.steps in _SEEN,
)
def histograms(elements: Sequence[Element]) -> Iterator[tuple[Place, str]]:
    """What is wrong with the numbers of dose-volume histograms, in a word each."""
    here: dict[str, Element] = {}
    for element in elements:
        if element.place.tag == CUT_OFF:
            yield element.place, CUT_SHORT
            return
        name = _SEEN[element.place.path.steps]
        if name:
            here[name] = element
        else:
            yield from _histogram(here)
            here = {}
    yield from _histogram(here)


def _histogram(here: dict[str, Element]) -> Iterator[tuple[Place, str]]:
    """Judge one histogram."""
    if _DATA in here:
        yield here[_DATA].place, "data"
        for name, word in _of_data(here):
            yield here[name].place, word
    given = [(name, _numbers(here[name])) for name in (_LOW, _MEAN, _HIGH) if name in here]
    doses = [(name, said[0]) for name, said in given if said is not None and len(said) == 1]
    if len(doses) > 1:
        yield here[doses[0][0]].place, "statistics"
    slack = ROUNDING * max((abs(dose) for _, dose in doses), default=0)
    for (_, less), (name, more) in pairwise(doses):
        if less > more + slack:
            yield here[name].place, "order"


def _of_data(here: dict[str, Element]) -> Iterator[tuple[str, str]]:
    """Judge the data: pairs of a bin's width and a volume (PS3.3 Table C.8-40)."""
    if len(here[_DATA].value) > LONGEST:
        yield _DATA, CUT_SHORT
        return
    data = _numbers(here[_DATA])
    if data is None:
        yield _DATA, "numbers"
        return
    bins = _numbers(here[_BINS]) if _BINS in here else None
    if len(data) % 2:
        yield _DATA, "pairs"
    elif bins is None or bins != [len(data) / 2]:
        yield _BINS if _BINS in here else _DATA, "bins"
    else:
        widths, volumes = data[0::2], data[1::2]
        slack = ROUNDING * max(map(abs, volumes))
        if min(widths) < 0:
            yield _DATA, "width"
        if min(volumes) < -slack:
            yield _DATA, "volume"
        kind, unit = (
            here[name].text.strip(" \0") if name in here else "" for name in (_TYPE, _UNITS)
        )
        # In a natural histogram volumes are for a width that is not that of the bins.
        if unit == "PERCENT" and kind in ("CUMULATIVE", "DIFFERENTIAL") and max(volumes) > WHOLE:
            yield _DATA, "percent"
        if kind == "CUMULATIVE" and any(
            later > earlier + slack for earlier, later in pairwise(volumes)
        ):
            yield _DATA, "rising"


def _numbers(element: Element) -> list[float] | None:
    """Return the numbers of a decimal string; None where one of them is none."""
    try:
        numbers = [float(part) for part in element.value.rstrip(b" \0").split(b"\\")]
    except ValueError:
        return None
    return numbers if all(map(math.isfinite, numbers)) else None


_MANY = "doses with more histograms, or longer ones, than are looked at"
_WRONG = {
    "numbers": "data that is not of numbers",
    "pairs": "data that is not of pairs of a dose and a volume",
    "bins": "another number of bins than the data has",
    "width": "a bin of negative width",
    "volume": "a negative volume",
    "percent": "more than a hundred per cent of a volume",
    "rising": "a cumulative histogram that rises",
}


def _said(instance: InstanceFacts, words: dict[str, str]) -> Iterator[Finding | Undecided]:
    for path, word in instance.judged("histograms"):
        if word == CUT_SHORT:
            yield Undecided(_MANY)
        elif word in words:
            yield Finding(words[word], path)


def _holds(word: str, instance: InstanceFacts) -> bool:
    return any(said in (word, CUT_SHORT) for _, said in instance.judged("histograms"))


@rule(
    id="RT308",
    category="radiotherapy",
    severity="error",
    confidence="high",
    reads=("judge:histograms",),
    reference="PS3.3 C.8.8.4 Table C.8-40",
    applies=for_sop_classes(RT_DOSE, when=lambda instance: _holds("data", instance)),
)
def data(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """The data of a dose-volume histogram are not a histogram.

    Why it matters
    --------------
    Data are pairs: the width of a bin, and a volume. With one number too few each dose is read as
    a volume. A volume that received a high dose received each lower one, so a cumulative curve
    never rises: one that does is differential, or broken.

    How to fix
    ----------
    Write width and volume of each bin into DVH Data (3004,0058), half as many as numbers into DVH
    Number of Bins (3004,0056), and what kind of curve it is into DVH Type (3004,0001); what the
    volumes are in, into DVH Volume Units (3004,0054).

    Command
    -------
    dcmdump +P DVHType +P DVHNumberOfBins +P DVHData FILE

    Example
    -------
    A differential histogram that is called CUMULATIVE, or cubic centimetres that are called
    PERCENT. A thousandth of the largest volume is tolerated, and a hundredth of the whole.
    """
    yield from _said(instance, _WRONG)


@rule(
    id="RT309",
    category="radiotherapy",
    severity="warning",
    confidence="high",
    reads=("judge:histograms",),
    reference="PS3.3 C.8.8.4 Table C.8-40",
    applies=for_sop_classes(RT_DOSE, when=lambda instance: _holds("statistics", instance)),
)
def statistics(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """Minimum, mean and maximum dose of a histogram are not in this order.

    Why it matters
    --------------
    Whether a plan is accepted is decided by such numbers. If the mean is above the maximum, one of
    them is in another unit, or of another ROI.

    How to fix
    ----------
    Compute DVH Minimum Dose (3004,0070), DVH Mean Dose (3004,0074) and DVH Maximum Dose (3004,0072)
    anew, in the units that the histogram's Dose Units (3004,0002) says.

    Command
    -------
    dcmdump +P DVHMinimumDose +P DVHMeanDose +P DVHMaximumDose FILE

    Example
    -------
    A mean in cGy between a minimum and a maximum in Gy.
    """
    yield from _said(instance, {"order": "less than what it cannot be less than"})
