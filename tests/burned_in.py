"""How much burned-in text is found: images that are generated, with text and without.

``python -m tests.burned_in`` writes the figures into `DOCUMENT`. It needs the extra ``ocr``, and
a minute or two: no test holds the figures against the code.
"""

from __future__ import annotations

import itertools
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from auditor.identifiers import signs
from auditor.model import Confidence
from auditor.ocr import Chosen, _engine, _text, read_frames
from tests.planted.harness import ct_slice
from tests.test_pictures import icon, save, with_overlay

if TYPE_CHECKING:
    Pixels = np.ndarray[Any, np.dtype[Any]]

DOCUMENT = Path(__file__).parents[1] / "docs" / "accuracy.md"
BEGIN = "<!-- burned in: begin -->"
END = "<!-- burned in: end -->"

SIZE = 512
HEIGHTS = (8, 10, 14, 20, 32)
"""Of the letters, in pixels."""

CONTRASTS = (220, 80, 40)
"""Grey levels of 255 between letters and what is around them."""

TEXTS = ("Name: Badger, Tilly", "MRN 4711082", "Dr. Quagga 1957-03-14")
"""Each holds an identifier of another kind; nobody is called so."""

GROUNDS = ("dark", "gradient", "speckle", "phantom")


class Planted(NamedTuple):
    """What is in an image; a height of 0 stands for no text."""

    ground: str
    height: int = 0
    contrast: int = 0
    text: str = ""
    number: int = 0


def images() -> Iterator[Planted]:
    """Yield every image: with text each combination, without as many of each ground."""
    for ground, height, contrast, text in itertools.product(GROUNDS, HEIGHTS, CONTRASTS, TEXTS):
        yield Planted(ground, height, contrast, text)
    for ground, number in itertools.product(GROUNDS, range(15)):
        yield Planted(ground, number=number)


def draw(planted: Planted) -> Pixels:
    """Return the pixels of an image, eight bits in three colours, the same on every run."""
    from PIL import Image, ImageDraw, ImageFont

    random = np.random.default_rng(
        [GROUNDS.index(planted.ground), planted.height, planted.contrast, planted.number]
    )
    across, down = np.meshgrid(np.arange(SIZE), np.arange(SIZE))
    if planted.ground == "dark":
        grey = np.full((SIZE, SIZE), 10.0)
    elif planted.ground == "gradient":
        grey = across * (30 / SIZE)
    elif planted.ground == "speckle":
        # A fan of coherent noise, as ultrasound has.
        fan = np.abs(across - SIZE / 2) < down * 0.6
        grey = np.where(fan, random.rayleigh(12, (SIZE, SIZE)), 2.0)
    else:
        # A body with holes, as a slice has.
        body = (across - 256) ** 2 / 200**2 + (down - 256) ** 2 / 150**2 < 1
        hole = (across - 180 - 5 * planted.number) ** 2 + (down - 250) ** 2 < 40**2
        grey = np.where(body & ~hole, 90.0, 15.0) + random.normal(0, 4, (SIZE, SIZE))
    if planted.text:
        mask = Image.new("L", (SIZE, SIZE), 0)
        font = ImageFont.load_default(planted.height / 0.72)
        ImageDraw.Draw(mask).text((12, 10), planted.text, fill=255, font=font)
        grey = grey + np.asarray(mask, float) * (planted.contrast / 255)
    return np.stack([np.clip(grey, 0, 255).astype(np.uint8)] * 3, axis=-1)


def measure() -> tuple[Counter[Planted], Counter[Planted], Counter[str]]:
    """Return which images text was found in, in which an identifier, and how many were read."""
    engine = _engine()
    text: Counter[Planted] = Counter()
    identifier: Counter[Planted] = Counter()
    read: Counter[str] = Counter()
    for planted in images():
        said = _text(engine, draw(planted))
        text[planted] += bool(said)
        identifier[planted] += any(sure is not Confidence.LOW for _, sure in signs(said))
        read["with" if planted.text else "without"] += 1
    return text, identifier, read


class Beside(NamedTuple):
    """A picture beside an image; a height of 0 stands for no text.

    Attributes
    ----------
    kind
        ``overlay``, or the number of rows and columns of an icon.
    has_lines
        Whether there are lines in it: a frame, a circle, a scale.
    """

    kind: str
    height: int = 0
    text: str = ""
    has_lines: bool = False


ICONS = ("64", "128", "256")


def beside() -> Iterator[Beside]:
    """Yield every overlay and icon: with text each combination, without as many lines."""
    for text, has_lines, height in itertools.product(TEXTS, (False, True), (*HEIGHTS, 0)):
        yield Beside("overlay", height, text if height else "", has_lines)
    for text, size, height in itertools.product(TEXTS, ICONS, (*HEIGHTS[:3], 0)):
        yield Beside(size, height, text if height else "")


def write_beside(planted: Beside, place: Path) -> bool:
    """Write a CT slice with the picture; return whether all of the text is in it."""
    from PIL import Image, ImageDraw, ImageFont

    size = SIZE if planted.kind == "overlay" else int(planted.kind)
    mask = Image.new("1" if planted.kind == "overlay" else "L", (size, size), 0)
    pen = ImageDraw.Draw(mask)
    fits = True
    if planted.text:
        font = ImageFont.load_default(planted.height / 0.72)
        pen.text((4, 4), planted.text, fill=255, font=font)
        fits = 4 + pen.textlength(planted.text, font) <= size
    if planted.has_lines:
        pen.rectangle((0, 0, size - 1, size - 1), outline=255)
        pen.ellipse((180, 200, 330, 350), outline=255)
        for tick in range(100, 420, 20):
            pen.line((size - 20, tick, size - 8, tick), fill=255)
    dataset = ct_slice(1, 1)
    if planted.kind == "overlay":
        with_overlay(dataset, np.asarray(mask, np.uint8)[np.newaxis])
    else:
        across, down = np.meshgrid(np.arange(size), np.arange(size))
        body = (across / size - 0.5) ** 2 / 0.16 + (down / size - 0.55) ** 2 / 0.1 < 1
        grey = np.where(body, 90, 15) + np.asarray(mask, float) * 0.6
        dataset.IconImageSequence = [icon(np.clip(grey, 0, 255).astype(np.uint8))]
    save(dataset, place)
    return fits


def table_beside() -> str:
    """Return the figures of overlays and icons as Markdown."""
    found: Counter[tuple[str, int, int]] = Counter()
    with TemporaryDirectory() as folder:
        place = Path(folder) / "a.dcm"
        for planted in beside():
            fits = write_beside(planted, place)
            [row] = read_frames([Chosen("a", str(place), has_pixels=False, has_pictures=True)])
            found[planted.kind, planted.height if fits else -1, bool(row[3])] += 1
    lines = ["| letters of | overlay | " + " | ".join(f"icon of {each}" for each in ICONS) + " |"]
    lines.append("|---|" + "---:|" * (1 + len(ICONS)))
    names = {0: "no text", -1: "larger than the icon"}
    for height in (*HEIGHTS, -1, 0):
        cells = []
        for kind in ("overlay", *ICONS):
            yes, no = (found[kind, height, said] for said in (1, 0))
            cells.append(f"{yes} of {yes + no}" if yes + no else "")
        lines.append(f"| {names.get(height, f'{height} pixels')} | {' | '.join(cells)} |")
    return "\n".join(lines)


def table() -> str:
    """Return the figures as Markdown."""
    text, identifier, read = measure()
    false = sum(count for planted, count in text.items() if not planted.text)
    found = sum(text.values()) - false
    lines = [
        f"Text is found in {found} of {read['with']} images with text, and in {false} of "
        f"{read['without']} without; of the text that is planted, {sum(identifier.values())} are "
        "told to hold an identifier.",
        "",
        "| letters of | " + " | ".join(f"contrast {each}" for each in CONTRASTS) + " |",
        "|---|" + "---:|" * len(CONTRASTS),
    ]
    for height in HEIGHTS:
        cells = []
        for contrast in CONTRASTS:
            some = [each for each in text if (each.height, each.contrast) == (height, contrast)]
            cells.append(f"{sum(text[each] for each in some)} of {len(some)}")
        lines.append(f"| {height} pixels | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Write the figures into `DOCUMENT`."""
    document = DOCUMENT.read_text(encoding="utf-8")
    head, _, rest = document.partition(BEGIN)
    _, _, tail = rest.partition(END)
    figures = f"{table()}\n\nIn overlays and icons, text is found in\n\n{table_beside()}"
    DOCUMENT.write_text(f"{head}{BEGIN}\n{figures}\n{END}{tail}", encoding="utf-8")
    sys.stdout.write(figures + "\n")


if __name__ == "__main__":
    main()
