"""Where the parts of a picture stand: pure geometry, drawn as SVG by the templates.

A picture never stands alone: `label` says what it shows, and the same numbers are in a table
or a legend beside it. Lengths are in units of the picture's own view box.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Segment(NamedTuple):
    """A part of a bar that stands for a whole; it starts at `x` of 100."""

    x: float
    width: float
    tone: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class ShareBar:
    """A bar whose parts add up to a whole; `parts` has those of no width, too."""

    label: str
    parts: tuple[Segment, ...]


def share_bar(label: str, parts: Sequence[tuple[str, str, int, str]]) -> ShareBar | None:
    """Lay parts side by side on a bar 100 wide; None if there is nothing to share.

    Parameters
    ----------
    label
        What the whole is.
    parts
        Tone, name, size and how the size is written, in order.
    """
    total = sum(size for _, _, size, _ in parts)
    if total <= 0:
        return None
    made, x = [], 0.0
    for tone, name, size, value in parts:
        width = 100 * size / total
        made.append(Segment(round(x, 2), round(width, 2), tone, name, value))
        x += width
    return ShareBar(label, tuple(made))


class Scale(NamedTuple):
    """Scores on a line from 0 to 100, as paths of an SVG.

    `reach` is the bar of a single score, `dots` are several, `middle` is their median; what there
    is not is empty.
    """

    reach: str = ""
    dots: str = ""
    middle: str = ""


def scale(dots: Sequence[float], middle: float) -> Scale:
    """Put scores from 0 to 100 on a line that is 200 long and begins at 4."""
    if len(dots) == 1:
        return Scale(reach=f"M4 6h{round(dots[0] * 2, 1)}")
    if not dots:
        return Scale()
    return Scale(
        dots="".join(f"M{round(4 + each * 2, 1)} 6h0" for each in dots),
        middle=f"M{round(4 + middle * 2, 1)} 1v10",
    )


class Column(NamedTuple):
    """One column, from its upper left corner down to the axis; `mark` is written below it."""

    x: float
    y: float
    height: float
    mark: str

    @property
    def middle(self) -> float:
        """Where the mark is centred."""
        return self.x + COLUMN / 2


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns over a row of years."""

    label: str
    width: float
    height: float
    column: float
    columns: tuple[Column, ...]

    @property
    def below(self) -> float:
        """The line on which marks are written."""
        return self.height - 4

    @property
    def axis(self) -> str:
        """The path of the line below the columns: half a unit lower, so that it is sharp."""
        return f"M8 {self.height - MARKS + 0.5}H{self.width - 8}"


COLUMN, GAP, TALL, MARKS = 14.0, 4.0, 90.0, 18.0
MOST_YEARS = 60
"""More are no picture any more: they are a table."""


def year_columns(label: str, counts: Mapping[int, int]) -> Columns | None:
    """Draw a column for every year from the first to the last; None if one, or too many."""
    present = [year for year, count in counts.items() if count > 0]
    if not present or not 0 < max(present) - min(present) < MOST_YEARS:
        return None
    first, last, most = min(present), max(present), max(counts.values())
    made = []
    for position, year in enumerate(range(first, last + 1)):
        count = counts.get(year, 0)
        # What is there is never too small to be seen.
        height = max(1.5, TALL * count / most) if count else 0.0
        step = 1 if last - first < 3 else 5
        mark = str(year) if year in (first, last) or _is_marked(year, first, last, step) else ""
        x = 14 + position * (COLUMN + GAP)
        made.append(Column(x, round(TALL - height, 1), round(height, 1), mark))
    width = 28 + len(made) * (COLUMN + GAP) - GAP
    return Columns(label, width, TALL + MARKS, COLUMN, tuple(made))


def _is_marked(year: int, first: int, last: int, step: int) -> bool:
    """Whether a year is written: a round one, and not where it would touch the first or last."""
    return year % step == 0 and (step == 1 or (year - first > 2 and last - year > 2))


class Node(NamedTuple):
    """A box of a diagram; `ghost` where it stands for what is not there."""

    x: float
    y: float
    title: str
    detail: str
    ghost: bool

    @property
    def text_x(self) -> float:
        """Where both lines of text begin."""
        return self.x + 12

    @property
    def title_y(self) -> float:
        """The line on which the title is written."""
        return self.y + 19

    @property
    def detail_y(self) -> float:
        """The line on which the detail is written."""
        return self.y + 36


class Edge(NamedTuple):
    """An arrow of a diagram, as paths of an SVG, and where its number is written."""

    path: str
    head: str
    ghost: bool
    label: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Diagram:
    """Boxes in layers, arrows from the left to what they point at."""

    label: str
    width: float
    height: float
    box_width: float
    box_height: float
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    @property
    def view_width(self) -> float:
        """The width with room for the lines around boxes at the edge."""
        return self.width + 4

    @property
    def view_box(self) -> str:
        """What is seen: above the boxes there is room for arrows and their numbers."""
        return f"-2 -18 {self.view_width} {self.height + 22}"


class Box(NamedTuple):
    """What a diagram is made of: `layer` 0 is what is pointed at, at the right."""

    key: tuple[str, bool]
    layer: int
    title: str
    detail: str
    ghost: bool


WIDE, HIGH, BETWEEN, BELOW = 178.0, 46.0, 92.0, 16.0


def diagram(
    label: str,
    boxes: Sequence[Box],
    arrows: Sequence[tuple[tuple[str, bool], tuple[str, bool], str]],
) -> Diagram:
    """Stand boxes in columns by their layers and draw arrows between them.

    Parameters
    ----------
    label
        What the picture shows, in words.
    boxes
        In each layer from the top.
    arrows
        From a box to a box, by key, and what is written on it.
    """
    layers = sorted({box.layer for box in boxes}, reverse=True)
    places: dict[tuple[str, bool], Node] = {}
    tallest = max(sum(box.layer == layer for box in boxes) for layer in layers)
    height = tallest * (HIGH + BELOW) - BELOW
    for position, layer in enumerate(layers):
        own = [box for box in boxes if box.layer == layer]
        top = (height - (len(own) * (HIGH + BELOW) - BELOW)) / 2
        for number, box in enumerate(own):
            x, y = position * (WIDE + BETWEEN), top + number * (HIGH + BELOW)
            places[box.key] = Node(x, round(y, 1), box.title, box.detail, box.ghost)
    edges = tuple(
        _edge(places[source], places[target], said)
        for source, target, said in arrows
        if source != target
    )
    width = len(layers) * (WIDE + BETWEEN) - BETWEEN
    # Room for what goes in an arc below the lowest boxes.
    height += HIGH / 2 if len(layers) > 2 else 0
    return Diagram(label, width, height, WIDE, HIGH, tuple(places.values()), edges)


def _edge(source: Node, target: Node, label: str) -> Edge:
    y1, y2 = source.y + HIGH / 2, target.y + HIGH / 2
    if target.x > source.x:
        # Short of the box, so that the head of the arrow ends at its edge.
        x1, x2 = source.x + WIDE, target.x - 7
        # Past other boxes it goes in an arc below: behind one it would seem to end there.
        sag = HIGH if x2 - x1 > BETWEEN else 0.0
        bend = min(60.0, (x2 - x1) / 2)
        path = f"M{x1:g} {y1:g}C{x1 + bend:g} {y1 + sag:g} {x2 - bend:g} {y2 + sag:g} {x2:g} {y2:g}"
        head = f"M{x2:g} {y2 - 4:g}l7 4l-7 4z"
        # Near its start, where it has not met other arrows; an arc is below them there.
        y = y1 + (y2 - y1) * 0.12 + (sag * 0.6 + 12 if sag else 0)
        return Edge(path, head, target.ghost, label, round(x1 + 26, 1), round(y, 1) - 4)
    # Against the order, where objects refer to each other in a circle: above both.
    x1, x2, top = source.x + WIDE / 2, target.x + WIDE / 2, min(source.y, target.y)
    path = f"M{x1:g} {source.y:g}C{x1:g} {top - 14:g} {x2:g} {top - 14:g} {x2:g} {target.y - 7:g}"
    head = f"M{x2 - 4:g} {target.y - 7:g}l4 7l4 -7z"
    return Edge(path, head, target.ghost, label, round((x1 + x2) / 2, 1), round(top - 8, 1) - 4)
