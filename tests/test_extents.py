"""How far references and contours reach."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.reading.extents import (
    Box,
    around,
    coordinates,
    decimals,
    drawn,
    frame_range,
    whole_numbers,
)

NUMBERS = st.floats(-9e4, 9e4, allow_nan=False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"3", (3, 3)),
        (b"7\\3\\5 ", (3, 7)),
        (b"0", (0, 0)),
        (b"-1\\2", (-1, 2)),
        (b"", None),
        (b"x", None),
        (b"1\\", None),
        (b"1" * 5000, None),
        (b"99999999999", (2**31, 2**31)),
    ],
)
def test_frames_from_lowest_to_highest(value: bytes, expected: tuple[int, int] | None) -> None:
    assert frame_range(value) == expected


@pytest.mark.parametrize(
    ("value", "binary", "expected"),
    [
        (b"07\\+8 ", False, [7, 8]),
        (b"x", False, []),
        (b"", False, []),
        (b"\x07\x00\x00\x01", True, [7, 256]),
        (b"\x07", True, []),
    ],
)
def test_whole_numbers(value: bytes, binary: bool, expected: list[int]) -> None:
    assert whole_numbers(value, binary) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"1\\2\\3\\-4\\5\\3\\0\\0\\3 ", ((inf, inf, 3), ((-4, 1, 0, 5, 3, 3),))),
        (b"1\\2\\3\\-4\\5\\3.004", ((inf, inf, 3), ((-4, 1, 2, 5, 3, 3.004),))),
        (b"1\\2\\3", ((1, 2, 3), ((1, 1, 2, 2, 3, 3),))),
        (b"1\\2\\3\\1\\7\\3", ((1, inf, 3), ((1, 1, 2, 7, 3, 3),))),
    ],
)
def test_what_is_drawn_across_an_axis_is_a_box(
    value: bytes, expected: tuple[tuple[float, ...], object]
) -> None:
    assert drawn(value) == expected


def test_what_is_drawn_elsewhere_is_the_points_that_reach_farthest() -> None:
    found = drawn(b"0\\0\\0\\9\\1\\1\\2\\9\\2\\5\\5\\4\\4\\4\\3")
    assert found is not None
    plane, boxes = found
    assert plane == (inf, inf, inf)
    points = ((0, 0, 0), (9, 1, 1), (2, 9, 2), (5, 5, 4))
    assert sorted(boxes) == [(x, x, y, y, z, z) for x, y, z in sorted(points)]


@pytest.mark.parametrize(
    "value", [b"", b"1\\2", b"1\\2\\x", b"nan\\0\\0", b"1\\2\\inf", b"19700203\\0\\0"]
)
def test_what_is_no_point_is_not_drawn(value: bytes) -> None:
    assert drawn(value) is None


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=2, max_size=8), st.data())
def test_boxes_add_up(points: list[tuple[float, float]], data: st.DataObject) -> None:
    def box(some: list[tuple[float, float]]) -> Box:
        found = drawn("\\".join(f"{x}\\{y}\\5" for x, y in some).encode())
        assert found is not None
        return found[1][0]

    cut = data.draw(st.integers(1, len(points) - 1))
    assert around(box(points[:cut]), box(points[cut:])) == box(points)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (b"1.50\\-0\\+2 ", "1.5\\-0\\2"),
        (b"3", "3"),
        (b"", None),
        (b"1\\2\\3\\4\\5\\6\\7", None),
        (b"A12", None),
        (b"19700203", None),
        (b"1" * 200, None),
    ],
)
def test_coordinates_are_written_in_one_way(value: bytes, written: str | None) -> None:
    assert decimals(value) == written


@given(st.binary(max_size=40))
def test_any_bytes_are_survived(value: bytes) -> None:
    for function in (frame_range, coordinates, drawn, decimals, whole_numbers):
        function(value)
