"""The top level of a data set, in runs: what did not change since the file before is not walked.

A run is found again by comparing bytes, and replayed; everything else goes through
`auditor.reading.walker.walk_elements`. Both ways give the same tokens.
"""

from __future__ import annotations

import struct

from auditor.reading.places import (
    CLASSIFIED,
    CONSTANT,
    LAST_TAGS,
    SEQUENCE,
    Place,
    Run,
    added_up,
    by_comparison,
)
from auditor.reading.walker import TOKEN_LIMIT, Short, Walk, take, walk_elements

_group = struct.Struct("<H").unpack_from
_header = struct.Struct("<IHH").unpack_from

RUN_LIMIT = 4096
"""Bytes of an element that may be part of a run."""

GAIN = 16
"""Walks by which runs may lose before they are left alone for a while."""


def walk_meta(buffer: bytes, position: int, root: Place, walk: Walk) -> int:
    """Walk group 0002, always explicit VR little endian; return where the data set starts.

    Raises
    ------
    Short, Surprise
        As `walk_dataset`.
    """
    return _walk_top(buffer, position, root, walk, False, only_group=2)


def walk_dataset(
    buffer: bytes,
    position: int,
    root: Place,
    walk: Walk,
    implicit: bool,
    *,
    resumed: bool = False,
) -> int:
    """Walk a data set and return where it ends.

    Parameters
    ----------
    buffer
        The file, or its head.
    position
        Where the data set, or the rest of it, starts, in bytes.
    root
        Place of the data set.
    walk
        Gathers what is found; its `size` may be more than `buffer` holds.
    implicit
        Whether the transfer syntax is implicit VR (PS3.5 A.1).
    resumed
        Whether this is the rest of a data set, after a `Short` of ``tail``.

    Raises
    ------
    Short
        If an element ends after `buffer` does.
    Surprise
        If the bytes cannot be explained.
    """
    if resumed:
        return walk_elements(
            buffer, position, walk.size, root, walk, implicit, 0, dict(walk.creators)
        )
    return _walk_top(buffer, position, root, walk, implicit)


def _walk_top(
    buffer: bytes, position: int, root: Place, walk: Walk, implicit: bool, only_group: int = 0
) -> int:
    """Walk the top level, taking runs of unchanged elements in one step.

    The slices of a series differ in a few elements. What stands between those is compared
    with the file before as one piece of bytes; only where it differs is it walked. An
    element that changes in two files running ends a run, so that runs come to fit a series; from
    then on it is taken by itself (`_take_lone`). Where files share too little for that, the loop
    goes from element to element.
    """
    tokens = walk.tokens
    root.walks = number = root.walks + 1
    if root.gain < -GAIN and number % 64 >= 8 and not only_group:
        return walk_elements(buffer, position, walk.size, root, walk, implicit, 0, {})
    opened, taken = len(tokens), 0
    previous = root
    segment: _Segment | None = None
    size = walk.size
    while position < size:
        run = previous.run
        if (
            run is not None
            and buffer.startswith(run.raw, position)
            and run.before == (walk.creators, walk.encodings)
        ):
            if segment is not None:
                segment.finish(buffer, position, previous)
                segment = None
            _replay(run, walk)
            taken += len(run.tokens)
            position += len(run.raw)
            previous = run.last
            continue
        if segment is None and previous.lone is not None and not implicit:
            stop = _take_lone(buffer, position, previous.lone, walk)
            if stop:
                position, previous = stop, previous.lone
                continue
        if only_group and _is_of_another(buffer, position, only_group):
            break
        segment = segment or _Segment(previous, position, walk)
        segment.mark()
        try:
            stop = walk_elements(
                buffer, position, walk.size, root, walk, implicit, 0, walk.creators, single=True
            )
        except Short:
            segment.close(buffer, position, previous)
            raise
        place = tokens[segment.tokens].place
        if _is_volatile(place, buffer, position, stop, number):
            if not segment.close(buffer, position, previous):
                previous.lone = place if _may_be_alone(place) else None
            segment = None
        position, previous = stop, place
    if segment is not None:
        segment.finish(buffer, position, previous)
    root.gain = max(
        -GAIN - 1, min(GAIN, root.gain + (1 if 2 * taken > len(tokens) - opened else -1))
    )
    return position


def _replay(run: Run, walk: Walk) -> None:
    """Add what a run has brought before."""
    walk.tokens += run.tokens
    for column, value in run.columns:
        walk.columns[column] = value
    if run.carries:
        walk.references += run.references
        walk.numbers += run.numbers
        walk.private += run.private
        if run.compared:
            walk.compared.append(run)
    walk.creators, walk.encodings = run.after


def _is_of_another(buffer: bytes, position: int, group: int) -> bool:
    """Whether the element there is of another group.

    Raises
    ------
    Short
        If the buffer ends before that can be seen.
    """
    if position + 8 > len(buffer):
        raise Short(position)
    return bool(_group(buffer, position)[0] != group)


def _may_be_alone(place: Place) -> bool:
    """Whether an element is one that `_take_lone` can take."""
    plain = not (place.is_private or place.long or place.mode == SEQUENCE)
    return plain or place.tag in LAST_TAGS


def _take_lone(buffer: bytes, position: int, place: Place, walk: Walk) -> int:
    """Take an element in explicit VR that is another in each file, and follows what it did.

    Returns
    -------
    int
        Where it ends; 0 if something else stands there, or not all of it.

    Raises
    ------
    Short, Surprise
        As `walk_dataset`.
    """
    if place.tag in LAST_TAGS:
        # Whatever stands there: behind it there is no more than a run or two to miss.
        assert place.parent is not None
        return walk_elements(
            buffer, position, walk.size, place.parent, walk, False, 0, walk.creators, single=True
        )
    start = position + 8
    if start > len(buffer) or len(walk.tokens) > TOKEN_LIMIT:
        return 0
    wire, code, length = _header(buffer, position)
    stop: int = start + length
    if wire != place.wire or code != place.code or stop > len(buffer) or stop > walk.size:
        return 0
    mode = place.mode
    if mode == CONSTANT:
        walk.tokens.append(place.full if length else place.empty)
    elif mode == CLASSIFIED:
        value = buffer[start:stop]
        walk.tokens.append(place.known.get(value) or place.classify(value, walk.encodings))
    else:
        take(place, buffer[start:stop], walk, walk.creators, len(walk.references))
    return stop


def _is_volatile(place: Place, buffer: bytes, start: int, stop: int, number: int) -> bool:
    """Whether an element differs from file to file, as far as the files so far tell."""
    if place.volatile or stop - start > RUN_LIMIT:
        return True
    raw = buffer[start:stop]
    if raw != place.last:
        if place.last is not None:
            place.volatile = place.changed == number - 1
            place.changed = number
        place.last = raw
    return place.volatile


class _Segment:
    """Elements walked one by one since an anchor, which may become the run after it."""

    __slots__ = (
        "_anchor", "_before", "_columns", "_compared", "_first", "_marked", "_numbers", "_private",
        "_references", "_start", "_walk", "tokens",
    )  # fmt: skip

    def __init__(self, anchor: Place, start: int, walk: Walk) -> None:
        self._anchor, self._start, self._walk = anchor, start, walk
        self._first = len(walk.tokens)
        self._before = (walk.creators, walk.encodings)
        self._columns: list[tuple[int, bytes]] = []
        self._compared = len(walk.compared)
        self._private = len(walk.private)
        self._references, self._numbers = len(walk.references), len(walk.numbers)
        walk.pending = self._columns

    def mark(self) -> None:
        """Remember the state before the next element, where the segment may have to end."""
        walk = self._walk
        self.tokens = len(walk.tokens)
        self._marked = (
            (walk.creators, walk.encodings),
            len(self._columns),
            len(walk.compared),
            len(walk.private),
            len(walk.references),
            len(walk.numbers),
        )

    def finish(self, buffer: bytes, stop: int, last: Place) -> None:
        """Make a run of all that was walked."""
        self.mark()
        self.close(buffer, stop, last)

    def close(self, buffer: bytes, stop: int, last: Place) -> bool:
        """Make a run of what was walked before the mark; say whether there is any."""
        if stop <= self._start:
            return False
        after, columns, compared, private, references, numbers = self._marked
        self._anchor.run = Run(
            buffer[self._start : stop],
            self._walk.tokens[self._first : self.tokens],
            self._columns[:columns],
            by_comparison(
                each
                for each in self._walk.compared[self._compared : compared]
                # In a segment nothing is replayed.
                if not isinstance(each, Run)
            ),
            added_up(self._walk.private[self._private : private]),
            self._walk.references[self._references : references],
            self._walk.numbers[self._numbers : numbers],
            self._before,
            after,
            last,
        )
        return True
