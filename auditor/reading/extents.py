"""What values say in numbers: frames that are named, where contours and where frames lie."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from math import inf
from operator import mul
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from auditor.reading.places import Place

PLANES = {
    "ImagePositionPatient": "(0020,9113)",
    "ImageOrientationPatient": "(0020,9116)",
    "PixelSpacing": "(0028,9110)",
    "SliceThickness": "(0028,9110)",
}
"""What says where a frame lies, and the macro that has it (PS3.3 C.7.6.16.2.1, .3 and .4)."""

SHARED_GROUPS = "(5200,9229)"
"""Shared Functional Groups Sequence: what is in it holds for every frame (PS3.3 C.7.6.16.1)."""

Box = tuple[float, float, float, float, float, float]
"""Lowest and highest x, y and z, in mm in the patient's coordinate system (PS3.3 C.7.6.2.1.1)."""

LONGEST = 1 << 22
"""Bytes of coordinates that are looked at: a contour of a hundred thousand points has as many."""

FARTHEST = 1e5
"""Millimetres that no coordinate of a patient exceeds, and record numbers do."""

MOST_RUNS = 10_000
"""Runs of frames of one image that are followed: as many as frames where no two are alike."""

STRAY = 1e-3
"""Millimetres by which a frame of a run may lie beside where the run puts it."""

FLAT = 0.01
"""Millimetres within which a contour in a plane across an axis keeps its coordinate."""


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


def around(one: Box, other: Box) -> Box:
    """Return the box around two boxes."""
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


def drawn(value: bytes) -> tuple[tuple[float, ...], tuple[Box, ...]] | None:
    """Return what tells whether points lie in an image, wherever that lies.

    Of points in a plane across an axis that is the box around them: each of its sides has a
    point, and points of several contours in one such plane are no more than one box. Of all
    others it is the points that reach farthest along the axes.

    Parameters
    ----------
    value
        Contour Data, or Image Position (Patient) (PS3.3 C.8.8.6.3).

    Returns
    -------
    tuple or None
        The coordinates x, y and z that all points have, `math.inf` for one in which they differ;
        and boxes. None if the value holds no points.
    """
    numbers = coordinates(value)
    if numbers is None or len(numbers) % 3:
        return None
    axes = numbers[0::3], numbers[1::3], numbers[2::3]
    low, high = tuple(map(min, axes)), tuple(map(max, axes))
    one, two, three = (
        round(start, 2) if end - start <= FLAT else inf
        for start, end in zip(low, high, strict=True)
    )
    if min(one, two, three) < inf:
        whole = (low[0], high[0], low[1], high[1], low[2], high[2])
        return (one, two, three), (whole,)
    ends = {axis.index(end(axis)): None for axis in axes for end in (min, max)}
    points = ([axis[number] for axis in axes] for number in ends)
    return (inf, inf, inf), tuple((x, x, y, y, z, z) for x, y, z in points)


class Run(NamedTuple):
    """Frames one after the other that lie alike, each as far from the one before.

    Attributes
    ----------
    first, last
        Numbers of frames, from 1.
    position
        Image Position (Patient) of the first, as `decimals` writes it; None of a segmentation,
        of which only is kept what all its frames share.
    orientation, spacing, thickness
        Image Orientation (Patient), Pixel Spacing and Slice Thickness of them all, written
        likewise; None where they do not say.
    step
        Millimetres from one to the next along the normal of their plane.
    """

    first: int
    last: int
    position: str | None
    orientation: str | None
    spacing: str | None
    thickness: str | None
    step: float


def frame_runs(said: Iterable[tuple[Place, bytes]], frames: int | None) -> list[Run]:
    """Return where each frame of an image lies (PS3.3 C.7.6.16.2.1, .3 and .4).

    A stack of evenly spaced frames is one run: what is kept of an image follows its shape, and
    not the number of its frames.

    Parameters
    ----------
    said
        Elements of `PLANES`, among others, in the order of the object.
    frames
        As Number of Frames has it.

    Returns
    -------
    list
        Empty where not every frame says where it lies and how it is turned, and where there are
        more runs than `MOST_RUNS`.
    """
    values: defaultdict[tuple[str, bool], list[bytes]] = defaultdict(list)
    for place, value in said:
        if place.keyword in PLANES:
            values[place.keyword, place.path.steps[0] == SHARED_GROUPS].append(value)
    if not frames or not values:
        return []
    if not any(values.get((keyword, False)) for keyword in PLANES):
        # What all frames share is looked at once.
        if not values.get(("ImagePositionPatient", True)):
            _, turn, size, thick = (_of_each_frame(name, values, 1)[0] for name in PLANES)
            about = decimals(turn), decimals(size), decimals(thick)
            return [Run(1, frames, None, *about, step=0.0)] if turn else []
        return [run._replace(last=frames) for run in _runs(values, 1)]
    return _runs(values, frames)


def _runs(values: Mapping[tuple[str, bool], list[bytes]], frames: int) -> list[Run]:
    runs: list[Run] = []
    first, alike, across = (0.0, 0.0, 0.0), [b""], None
    for number, (position, *about) in enumerate(
        zip(*(_of_each_frame(keyword, values, frames) for keyword in PLANES), strict=True), 1
    ):
        point = _three(position)
        if about != alike:
            across = _normal(about[0])
        if point is None or across is None:
            return []
        if runs and about == alike:
            run = runs[-1]
            count = number - run.first
            apart = [end - start for start, end in zip(first, point, strict=True)]
            step = run.step if count > 1 else sum(map(mul, across, apart))
            if all(
                abs(there - count * step * each) <= STRAY
                for there, each in zip(apart, across, strict=True)
            ):
                runs[-1] = run._replace(last=number, step=step)
                continue
        if len(runs) == MOST_RUNS:
            return []
        first, alike = point, about
        orientation, spacing, thickness = map(decimals, about)
        runs.append(
            Run(number, number, decimals(position), orientation, spacing, thickness, step=0.0)
        )
    return runs


def _of_each_frame(
    keyword: str, values: Mapping[tuple[str, bool], list[bytes]], frames: int
) -> list[bytes]:
    """Return a value for each frame, empty ones where not all have one, and no more than one."""
    shared, own = values.get((keyword, True), []), values.get((keyword, False), [])
    if len(shared) == 1 and not own:
        return shared * frames
    return own if len(own) == frames and not shared else [b""] * frames


def _three(position: bytes) -> tuple[float, float, float] | None:
    numbers = coordinates(position) if len(position) <= 128 else None
    return None if numbers is None or len(numbers) != 3 else (numbers[0], numbers[1], numbers[2])


def _normal(orientation: bytes) -> tuple[float, float, float] | None:
    """Return the cross product of the directions of row and column (PS3.3 C.7.6.2.1.1)."""
    numbers = coordinates(orientation) if len(orientation) <= 128 else None
    if numbers is None or len(numbers) != 6:
        return None
    a, b, c, d, e, f = numbers
    return b * f - c * e, c * d - a * f, a * e - b * d
