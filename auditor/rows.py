"""What a file says, as rows of the tables, with nothing in them that may not be written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import inf
from operator import itemgetter
from typing import Any

from auditor.equipment import model_name
from auditor.reading.columns import (
    CHARACTER_SET,
    COLUMN,
    COLUMNS,
    ENTITY_ATTRIBUTES,
    ENTITY_ID_NUMBERS,
    ENTITY_NUMBERS,
    plain,
)
from auditor.reading.extents import (
    PLANES,
    Box,
    around,
    decimals,
    drawn,
    frame_range,
    frame_runs,
    whole_numbers,
)
from auditor.reading.places import Place
from auditor.reading.reader import Reading
from auditor.redaction import Hasher, coded, shape, vendor
from auditor.standard.sop_classes import sop_class_name, transfer_syntax_name

_NOT_YET = object()
"""Stands in a row for what was not met before."""


class FileRows:
    """Turns raw values into what the tables may hold."""

    def __init__(self, hasher: Hasher, show_values: bool) -> None:
        self._hash = hasher
        self._show = show_values
        forms: dict[str, Callable[[bytes, str], Any]] = {
            "hash": lambda value, _: hasher(value) if value.strip(b" \0") else None,
            "uid": lambda value, _: self._uid(value),
            "code": self._code,
            "vendor": self._vendor,
            "model": self._model,
            "year": lambda value, _: _year(value),
            "binary": lambda value, _: _binary(value),
            "count": lambda value, _: _counted(value),
            "decimals": lambda value, _: decimals(value),
        }
        self._write = [(column.keyword, forms[column.form]) for column in COLUMNS]
        self._known: list[dict[bytes | None, Any]] = [{None: None} for _ in COLUMNS]
        self._plain: dict[tuple[str, bytes, bytes | None], int | None] = {}
        self._targets: dict[bytes, int] = {}

    def row(self, columns: list[bytes | None]) -> list[Any]:
        """Return the row of one instance."""
        # Most columns of most files were met before: they are looked up in one step.
        values = columns[: len(COLUMNS)]
        row = [known.get(value, _NOT_YET) for known, value in zip(self._known, values, strict=True)]
        number = -1
        for _ in range(row.count(_NOT_YET)):
            number = row.index(_NOT_YET, number + 1)
            keyword, write = self._write[number]
            known = self._known[number]
            if len(known) > 2048:
                known.clear()
                known[None] = None
            value = columns[number]
            row[number] = known[value] = write(value or b"", keyword)
        return row

    def entity(self, path: str, reading: Reading) -> tuple[Any, ...]:
        """Return the row of what an instance says of its patient, study, series and equipment."""
        columns = reading.columns
        ids = (columns[number] for number in ENTITY_ID_NUMBERS)
        return (
            path,
            self._uid(reading.sop_class.encode("latin-1")),
            *(self._hash(each) if each and each.strip(b" \0") else None for each in ids),
            *(
                self._attribute(keyword, columns[number], columns[CHARACTER_SET])
                for keyword, number in zip(ENTITY_ATTRIBUTES, ENTITY_NUMBERS, strict=True)
            ),
        )

    def _attribute(self, keyword: str, value: bytes | None, declared: bytes | None) -> int | None:
        if not value or not value.strip(b" \0"):
            return None
        key = (keyword, value, None if value.isascii() else declared)
        if key in self._plain:
            return self._plain[key]
        terms = (declared or b"").rstrip(b" \0").decode("latin-1").split("\\")
        compared = plain(keyword, value, tuple(term.strip() for term in terms))
        if len(self._plain) > 2048:
            self._plain.clear()
        hashed = self._hash(compared) if compared else None
        if len(value) <= 1024:
            self._plain[key] = hashed
        return hashed

    def references(self, path: str, row: list[Any], reading: Reading) -> Iterator[tuple[Any, ...]]:
        """Yield the distinct references of one instance, and what is drawn in their targets."""
        # By place, class and UIDs of the target, frames that are named, and plane of the drawing.
        distinct: dict[tuple[Any, ...], _Reach] = {}
        frames: dict[bytes, tuple[int, int] | None] = {}
        drawings, count, told_apart = 0, 0, True
        for each in reading.references:
            uids = each.sop_instance, each.series, each.study, each.frame_of_reference
            target = str(each.place.path), each.sop_class, uids
            named: tuple[int, int] | None = None
            if each.frames:
                if each.frames not in frames:
                    frames[each.frames] = frame_range(each.frames)
                named = frames[each.frames]
            found = drawn(each.points) if each.points else None
            if found is not None:
                plane, boxes = found
                if min(plane) == inf:
                    # Another contour may lie in another plane.
                    count += 1
                    plane = (*plane, count)
                key = (*target, named or (), plane)
                if key in distinct or drawings < MOST_DRAWINGS:
                    drawings += key not in distinct
                    distinct.setdefault(key, _Reach(named)).add_boxes(boxes)
                    continue
                told_apart = False
            distinct.setdefault((*target, (), ()), _Reach()).add_frames(named)
        instance, sop_class = row[COLUMN["SOPInstanceUID"]], row[COLUMN["SOPClassUID"]]
        number = 0
        for (place, target_class, uids, _, plane), reach in sorted(
            distinct.items(), key=itemgetter(0)
        ):
            number += bool(plane)
            for sides in reach.boxes or ((None,) * 6,):
                yield (
                    path,
                    instance,
                    sop_class,
                    place,
                    self._uid(target_class),
                    *map(self._hashed, uids),
                    *(reach.frames or (None, None)),
                    number if plane and told_apart else None,
                    *sides,
                )

    def _hashed(self, uid: bytes) -> int | None:
        """Return the hash of a UID, which many objects may refer to."""
        known = self._targets.get(uid)
        if known is None and uid.strip(b" \0"):
            known = self._hash(uid)
            if len(self._targets) > 2048:
                self._targets.clear()
            if len(uid) <= UID_LIMIT:
                self._targets[uid] = known
        return known

    def _uid(self, value: bytes) -> str:
        uid = value.rstrip(b" \0").decode("latin-1")
        if not uid or self._show or sop_class_name(uid) or transfer_syntax_name(uid):
            return uid
        return f"(not registered: {shape(uid)})"

    def _code(self, value: bytes, keyword: str) -> str:
        text = value.rstrip(b" \0").decode("latin-1")
        return text if self._show else coded(keyword, text)

    def _vendor(self, value: bytes, _: str) -> str:
        text = value.rstrip(b" \0").decode("latin-1")
        return text if self._show else vendor(text)

    def _model(self, value: bytes, _: str) -> str:
        text = value.rstrip(b" \0").decode("latin-1")
        return text if self._show else model_name(text)


def number_rows(
    path: str, numbers: Iterable[tuple[Place, bytes]]
) -> Iterator[tuple[str, str, str, int]]:
    """Yield the rows of the table of numbers for one instance; what is no number has none."""
    distinct = {each for each in numbers if each[0].keyword not in PLANES}
    for place, value in sorted(distinct, key=lambda each: (str(each[0].path), each[1])):
        for number in whole_numbers(value, place.vr == "US"):
            if 0 <= number <= COUNT_LIMIT:
                yield path, str(place.path), place.keyword, number


def extent_rows(
    path: str, numbers: Iterable[tuple[Place, bytes]], frames: int | None
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the table of extents for one instance, if its frames say where they are."""
    for run in frame_runs(numbers, frames):
        yield path, *run


@dataclass(slots=True)
class _Reach:
    """The frames that references to one target at one place name, and what is drawn there."""

    frames: tuple[int, int] | None = None
    boxes: tuple[Box, ...] = ()

    def add_boxes(self, more: tuple[Box, ...]) -> None:
        """Add what is drawn in the same plane across an axis; what is in none comes once."""
        self.boxes = (around(self.boxes[0], more[0]),) if self.boxes else more

    def add_frames(self, more: tuple[int, int] | None) -> None:
        if self.frames and more:
            self.frames = min(self.frames[0], more[0]), max(self.frames[1], more[1])
        else:
            self.frames = self.frames or more


MOST_DRAWINGS = 50_000
"""Planes across an axis and contours in none of one object that are told apart."""

UID_LIMIT = 256
"""Bytes of a UID that is remembered: four times what one may have."""

COUNT_LIMIT = 100_000
"""What no number of frames exceeds, and record numbers do."""


def _year(value: bytes) -> int | None:
    """Return the year of a date (DA, PS3.5 6.2), of which a date in error tells none."""
    year = value[:4]
    return int(year) if year.isdigit() and 1900 <= int(year) < 2100 else None


def _binary(value: bytes) -> int | None:
    return int.from_bytes(value, "little") if len(value) == 2 else None


def _counted(value: bytes) -> int | None:
    try:
        number = int(value.rstrip(b" \0"))
    except ValueError:
        return None
    return number if 0 <= number <= COUNT_LIMIT else None
