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
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from auditor.identifiers import signs
from auditor.model import Confidence
from auditor.ocr import _engine, _text

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
    figures = table()
    DOCUMENT.write_text(f"{head}{BEGIN}\n{figures}\n{END}{tail}", encoding="utf-8")
    sys.stdout.write(figures + "\n")


if __name__ == "__main__":
    main()
