"""Rows to columns, small enough to hand from one process to another.

Most columns of a chunk of files hold a few distinct values: what travels are those, and a number
for each row. Plain Python, so that a worker need not import what writes Parquet.
"""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple


class Columns(NamedTuple):
    """Rows of one table, by column.

    Attributes
    ----------
    height
        Number of rows.
    columns
        For each column its distinct values in the order of their first row, and for each row
        the number of its value, as int32 in the machine's byte order. Where there are no
        numbers, there is a value for each row.
    """

    height: int = 0
    columns: tuple[tuple[tuple[Any, ...], bytes], ...] = ()


def pack(rows: Sequence[Sequence[Any]]) -> Columns:
    """Return rows, all of one length, as columns."""
    return Columns(len(rows), tuple(_packed(values) for values in zip(*rows, strict=True)))


def _packed(values: tuple[Any, ...]) -> tuple[tuple[Any, ...], bytes]:
    numbers = {value: number for number, value in enumerate(dict.fromkeys(values))}
    if len(numbers) == len(values):
        return values, b""
    return tuple(numbers), array("i", map(numbers.__getitem__, values)).tobytes()


def repeated(values: Sequence[Any], counts: Iterable[int]) -> tuple[tuple[Any, ...], bytes]:
    """Return a column in which each value stands as often as is said, one after the other."""
    numbers = itertools.chain.from_iterable(map(itertools.repeat, range(len(values)), counts))
    return tuple(values), array("i", numbers).tobytes()


def unpack(columns: Columns) -> list[tuple[Any, ...]]:
    """Return the rows that were packed."""
    return list(zip(*(_spread(*each) for each in columns.columns), strict=True))


def _spread(values: tuple[Any, ...], numbers: bytes) -> Iterable[Any]:
    return [values[number] for number in array("i", numbers)] if numbers else values
