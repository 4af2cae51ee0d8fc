"""Numbers that place pixels and give them their meaning: directions, spacing, slope, window."""

from __future__ import annotations

import math
from collections.abc import Iterator
from operator import mul

from auditor import Element, Finding, InstanceFacts, Selector, judge, rule

_TOLERANCE = 2e-3
"""Three decimals are enough: half a thousandth for each of three numbers, in two vectors."""


def _decimals(element: Element) -> list[float] | None:
    """Return the values as numbers, None if one is none: that it is not, IOD006 says."""
    try:
        numbers = [float(value) for value in element.value[:256].strip(b" \0").split(b"\\")]
    except ValueError:
        return None
    return numbers if all(map(math.isfinite, numbers)) else None


@judge(
    name="orientation",
    applies=lambda place: place.keyword == "ImageOrientationPatient" and place.vr == "DS",
)
def orientation(element: Element) -> str | None:
    """Whether the directions of row and column are unit vectors at right angles (C.7.6.2.1.1)."""
    numbers = _decimals(element)
    if numbers is None or len(numbers) != 6:
        return None
    row, column = numbers[:3], numbers[3:]
    if any(abs(math.hypot(*vector) - 1) > _TOLERANCE for vector in (row, column)):
        return "not unit"
    if abs(sum(map(mul, row, column))) > _TOLERANCE:
        return "not orthogonal"
    return "right"


@judge(name="spacing", applies=lambda place: place.keyword == "PixelSpacing" and place.vr == "DS")
def spacing(element: Element) -> str | None:
    """Whether spacing of rows and columns is above zero; which is zero otherwise (10.7.1.3)."""
    numbers = _decimals(element)
    if numbers is None or len(numbers) != 2:
        return None
    if min(numbers) < 0:
        return "negative"
    zero = [side for side, number in zip(("rows", "columns"), numbers, strict=True) if not number]
    return " ".join(("zero", *zero)) if zero else "right"


@judge(name="slope", applies=lambda place: place.keyword == "RescaleSlope" and place.vr == "DS")
def slope(element: Element) -> str | None:
    """Whether a rescale slope keeps values apart."""
    numbers = _decimals(element)
    if numbers is None or len(numbers) != 1:
        return None
    return "right" if numbers[0] else "zero"


@judge(name="window", applies=lambda place: place.keyword == "WindowWidth" and place.vr == "DS")
def window(element: Element) -> str | None:
    """Whether window widths are above zero, and at least 1, as a linear one is (C.11.2.1.2.1)."""
    numbers = _decimals(element)
    if numbers is None:
        return None
    if min(numbers) <= 0:
        return "not above zero"
    return "right" if min(numbers) >= 1 else "below 1"


@judge(name="window_function", applies=lambda place: place.keyword == "VOILUTFunction")
def window_function(element: Element) -> str | None:
    """Whether a window is another than a linear one, which it is by default (C.11.2.1.3)."""
    return "another" if element.text.strip() not in ("", "LINEAR") else None


_JUDGES = ("orientation", "spacing", "slope", "window")
_SIDES = {"rows": "Rows", "columns": "Columns"}


@rule(
    id="IOD034",
    category="iod",
    severity="error",
    confidence="high",
    reads=(*(f"judge:{name}" for name in _JUDGES), "judge:window_function", "Rows", "Columns"),
    reference="PS3.3 C.7.6.2.1.1, 10.7.1.3, C.11.1.1.2, C.11.2.1.2",
    applies=Selector(
        when=lambda instance: any(instance.judged(name) for name in _JUDGES),
    ),
)
def geometry_impossible(instance: InstanceFacts) -> Iterator[Finding]:
    """Directions, spacing, slope or window of the pixels cannot be what is written.

    Why it matters
    --------------
    From these numbers follow where a pixel is and what it measures. Directions that are not at
    right angles shear the volume, a spacing of 0 leaves it without extent, and a slope of 0
    makes one value of all. By a window without a width a viewer divides: it shows nothing.

    How to fix
    ----------
    Restore Image Orientation (Patient) (0020,0037), Pixel Spacing (0028,0030) or Rescale Slope
    (0028,1053) from the source images. A spacing may be 0 only along a single row or column.
    Window Width (0028,1051) is at least 1, and above 0 where VOI LUT Function (0028,1056) is not
    LINEAR; where nobody knows a good one, leave it and Window Center (0028,1050) out.

    Command
    -------
    dcmdump +P ImageOrientationPatient +P PixelSpacing +P RescaleSlope +P WindowWidth SOURCE
    dcmodify -nb -m "TAG=VALUE" FILE

    Example
    -------
    Row and column of Image Orientation (Patient) have the same direction.
    """
    for path, said in instance.judged("orientation"):
        if said == "not unit":
            yield Finding("a direction of rows or columns is no unit vector", path)
        elif said == "not orthogonal":
            yield Finding("the directions of rows and columns are not at right angles", path)
    for path, said in instance.judged("spacing"):
        word, *sides = said.split(" ")
        if word == "negative":
            yield Finding("a pixel spacing is below zero", path)
        elif any(instance.text(_SIDES[side]) != "1" for side in sides):
            yield Finding("a pixel spacing is zero", path)
    for path, said in instance.judged("slope"):
        if said == "zero":
            yield Finding("the rescale slope is zero", path)
    # Of several frames nobody tells which function is whose.
    others = {path.steps[:-1] for path, _ in instance.judged("window_function")}
    for path, said in instance.judged("window"):
        if said == "not above zero":
            yield Finding("a window width is not above zero", path)
        elif said == "below 1" and path.steps[:-1] not in others:
            yield Finding("the width of a linear window is below 1", path)
