"""What values say in numbers: the frames that a reference names, the box around its points."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.reading.places import Place

PLANES = {
    "ImagePositionPatient": "(0020,9113)",
    "ImageOrientationPatient": "(0020,9116)",
    "SliceThickness": "(0028,9110)",
}
"""What says where a frame lies, and the macro that has it (PS3.3 C.7.6.16.2.1, .3 and .4)."""

Box = tuple[float, float, float, float, float, float]
"""Lowest and highest x, y and z, in mm in the patient's coordinate system (PS3.3 C.7.6.2.1.1)."""

LONGEST = 1 << 22
"""Bytes of coordinates that are looked at: a contour of a hundred thousand points has as many."""

FARTHEST = 1e5
"""Millimetres that no coordinate of a patient exceeds, and record numbers do."""


def whole_numbers(value: bytes, binary: bool = False) -> list[int]:
    """Return the numbers of an integer string, or of 16 bits each (PS3.5 6.2, IS and US).

    None where one of the values is no number.
    """
    if binary:
        return [int.from_bytes(value[at : at + 2], "little") for at in range(0, len(value) - 1, 2)]
    try:
        return [int(part) for part in value.rstrip(b" \0").split(b"\\")]
    except ValueError:
        return []


def frame_range(value: bytes) -> tuple[int, int] | None:
    """Return the lowest and the highest number of a Referenced Frame Number (PS3.3 10.3).

    None where there is none, or one of the values is no number.
    """
    numbers = whole_numbers(value)
    if not numbers:
        return None
    # What does not fit a table is out of every range.
    low, high = (max(-(2**31), min(2**31, each)) for each in (min(numbers), max(numbers)))
    return low, high


def coordinates(value: bytes) -> list[float] | None:
    """Return the numbers of a decimal string (PS3.5 6.2, DS) of coordinates in mm.

    None where one of the values is no number, or none that can be a coordinate; and where
    there are more than anybody draws.
    """
    if len(value) > LONGEST:
        return None
    try:
        numbers = list(map(float, value.rstrip(b" \0").split(b"\\")))
    except ValueError:
        return None
    # No comparison holds for what is not a number.
    return numbers if all(abs(number) < FARTHEST for number in numbers) else None


def box(value: bytes) -> Box | None:
    """Return the box around points (PS3.3 C.8.8.6.3), None if the value holds none."""
    numbers = coordinates(value)
    if numbers is None or len(numbers) % 3:
        return None
    x, y, z = numbers[0::3], numbers[1::3], numbers[2::3]
    return min(x), max(x), min(y), max(y), min(z), max(z)


def around(one: Box | None, other: Box | None) -> Box | None:
    """Return the box around two boxes."""
    if one is None or other is None:
        return one or other
    return (
        min(one[0], other[0]), max(one[1], other[1]),
        min(one[2], other[2]), max(one[3], other[3]),
        min(one[4], other[4]), max(one[5], other[5]),
    )  # fmt: skip


def decimals(value: bytes) -> str | None:
    """Write at most six decimal numbers in one way, None if that is not what they are."""
    numbers = coordinates(value) if len(value) <= 128 else None
    if numbers is None or len(numbers) > 6:
        return None
    return "\\".join(f"{number:.8g}" for number in numbers)


def frames_extent(
    said: Iterable[tuple[Place, bytes]], frames: int | None
) -> tuple[Box, str | None, str | None] | None:
    """Return how far the frames of an image reach (PS3.3 C.7.6.16.2.3 and C.7.6.16.2.4).

    Parameters
    ----------
    said
        Elements of `PLANES`, among others.
    frames
        As Number of Frames has it.

    Returns
    -------
    tuple or None
        The box around the positions of all frames; their orientation and slice thickness, None
        where they have none or several. None where not every frame says where it is.
    """
    reach: Box | None = None
    count = 0
    others: dict[str, set[str | None]] = {"ImageOrientationPatient": set(), "SliceThickness": set()}
    for place, value in said:
        if place.keyword in others:
            others[place.keyword].add(decimals(value))
        elif place.keyword == "ImagePositionPatient":
            point = box(value)
            if point is None:
                return None
            shared = place.path.steps[0] == "(5200,9229)"
            count += frames or 0 if shared else 1
            reach = around(reach, point)
    if reach is None or count != frames:
        return None
    orientation, thickness = (
        next(iter(each)) if len(each) == 1 else None for each in others.values()
    )
    return reach, orientation, thickness
