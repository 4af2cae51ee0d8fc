"""Which released object was made from which original one."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from auditor.deid_diff.content import EveryValue, decoded, imprint
from auditor.files import read_text
from auditor.reading.columns import COLUMN, COLUMN_OF_TAG
from auditor.reading.places import Forest
from auditor.reading.reader import Reader
from auditor.reading.stored_pixels import Pixels, pixels_of
from auditor.sources import Source

DECODED_COUNT = 2000
"""Objects of a collection that are decoded at most to find their partners."""

HOW = {
    "mapping": "by the mapping file",
    "uid": "by the same SOP Instance UID",
    "pixels": "by the same pixel data",
    "decoded": "by the same pixels in another transfer syntax",
    "content": "by the same numbers, coordinates or samples",
    "path": "by the same path",
}
"""Ways in which objects are paired, in the order in which they are tried."""

_NO_PARTNER = "nothing on the other side has its pixels, numbers or UID"
_AMBIGUOUS = "several objects have the same pixel data"
_NOTHING_TO_GO_BY = "it has no pixels or numbers to be known by"


class MappingError(Exception):
    """A mapping file cannot be used; the message is one plain line without a value."""


@dataclass(slots=True, eq=False)
class Instance:
    """One readable DICOM object of a collection.

    Attributes
    ----------
    path, location
        See `auditor.sources.SourceFile`.
    sop_class
        SOP Class UID, "" if there is none.
    uid
        SOP Instance UID, "" if there is none.
    syntax
        Transfer syntax.
    pixels
        Of the stored pixel data.
    imprint, telling
        See `auditor.deid_diff.content.imprint`.
    """

    path: str
    location: str
    sop_class: str
    uid: str
    syntax: str
    pixels: Pixels
    imprint: bytes
    telling: bool


@dataclass(slots=True)
class Side:
    """One of the two collections.

    Attributes
    ----------
    files
        How many files there are.
    other
        Files that are no DICOM instance, by what they are.
    unread
        Files that cannot be compared, by reason.
    """

    files: int = 0
    other: int = 0
    unread: Counter[str] = field(default_factory=Counter)
    instances: list[Instance] = field(default_factory=list)


@dataclass(slots=True)
class Pairs:
    """Who belongs to whom.

    Attributes
    ----------
    pairs
        Original, released, and how it is known: a key of `HOW`.
    original_only, released_only
        How many objects have no partner, by reason.
    unused
        Lines of the mapping file that name an object that is not there.
    """

    pairs: list[tuple[Instance, Instance, str]] = field(default_factory=list)
    original_only: Counter[str] = field(default_factory=Counter)
    released_only: Counter[str] = field(default_factory=Counter)
    unused: int = 0


def new_reader() -> tuple[Forest, Reader]:
    """Return a reader that keeps every value, with its places."""
    forest = Forest(lambda sop_class: EveryValue(COLUMN_OF_TAG, sop_class is None))
    return forest, Reader(forest)


def gather(source: Source, step: Callable[[int], None]) -> Side:
    """Read every file of a collection once, pixels included, and keep what knows it again."""
    side = Side()
    forest, reader = new_reader()
    for file in source.files():
        side.files += 1
        step(1)
        if file.problem:
            side.unread[file.problem] += 1
            continue
        if forest.is_full:
            forest, reader = new_reader()
        reading = reader.read(file.location)
        if reading.status == "not_dicom" or (
            reading.facts is not None and reading.facts.identified == "directory"
        ):
            side.other += 1
        elif reading.status != "ok":
            side.unread[reading.reason] += 1
        else:
            uid, syntax = (
                (reading.columns[COLUMN[keyword]] or b"").rstrip(b" \0").decode("latin-1")
                for keyword in ("SOPInstanceUID", "TransferSyntaxUID")
            )
            side.instances.append(
                Instance(
                    file.path,
                    file.location,
                    reading.sop_class,
                    uid,
                    syntax,
                    pixels_of(file.location, syntax),
                    *imprint(reading.tokens),
                )
            )
    return side


def read_mapping(path: Path) -> list[tuple[str, str]]:
    """Read a mapping file: CSV, in UTF-8, with a line of headings.

    Returns
    -------
    list of tuple
        What the columns ``original`` and ``released`` hold, line by line: a SOP Instance UID,
        or a path inside the collection.

    Raises
    ------
    MappingError
        If it cannot be read, lacks a column, or names an object of one side twice.
    """
    try:
        # A spreadsheet begins a file with a byte order mark.
        lines = read_text(path).removeprefix("\ufeff").splitlines()
        rows = list(csv.DictReader(lines))
    except OSError as error:
        raise MappingError(f"cannot be read ({error.strerror})") from None
    except (UnicodeDecodeError, csv.Error):
        raise MappingError("is no CSV in UTF-8") from None
    if not rows or not {"original", "released"} <= set(rows[0]):
        raise MappingError("lacks lines, or the headings `original` and `released`")
    pairs = [((row["original"] or "").strip(), (row["released"] or "").strip()) for row in rows]
    pairs = [pair for pair in pairs if all(pair)]
    for column in zip(*pairs, strict=True):
        if len(set(column)) < len(column):
            raise MappingError("names an object twice in one column")
    return pairs


def pair(original: Side, released: Side, mapping: Iterable[tuple[str, str]]) -> Pairs:
    """Find out who belongs to whom. Where two candidates are alike, nobody is paired."""
    made = Pairs()
    left = dict.fromkeys(original.instances)
    right = dict.fromkeys(released.instances)

    def join(found: Iterable[tuple[Instance, Instance]], how: str) -> None:
        for old, new in found:
            del left[old], right[new]
            made.pairs.append((old, new, how))

    join(_mapped(original, released, mapping, made), "mapping")
    join(_alike(left, right, lambda each: each.uid), "uid")
    join(_alike(left, right, lambda each: not each.pixels.blank and each.pixels.digest), "pixels")
    # A volume has slices of nothing but air: what else they hold tells them apart.
    both = lambda each: each.pixels.digest and (each.pixels.digest, each.imprint)  # noqa: E731
    join(_alike(left, right, both), "pixels")
    join(_recoded(left, right), "decoded")
    bulk = lambda each: not each.pixels.digest and each.telling and each.imprint  # noqa: E731
    join(_alike(left, right, bulk), "content")
    if all(old.path == new.path for old, new, how in made.pairs if how != "mapping"):
        join(_placed(left, right), "path")
    for alone, others, counted in (
        (left, right, made.original_only),
        (right, left, made.released_only),
    ):
        digests = {each.pixels.digest for each in others if each.pixels.digest}
        counted.update(_why(each, digests) for each in alone)
    made.pairs.sort(key=lambda each: each[1].path)
    return made


def _why(alone: Instance, others: set[bytes]) -> str:
    if alone.pixels.problem:
        return alone.pixels.problem
    if alone.pixels.digest in others:
        return _AMBIGUOUS
    return _NO_PARTNER if alone.pixels.digest or alone.telling else _NOTHING_TO_GO_BY


def _mapped(
    original: Side, released: Side, mapping: Iterable[tuple[str, str]], made: Pairs
) -> Iterator[tuple[Instance, Instance]]:
    sides = [
        {
            **_unique(side.instances, lambda each: each.uid),
            **{each.path: each for each in side.instances},
        }
        for side in (original, released)
    ]
    taken: set[Instance] = set()
    for named in mapping:
        old, new = (side.get(name) for side, name in zip(sides, named, strict=True))
        if old is None or new is None or {old, new} & taken:
            made.unused += 1
        else:
            taken |= {old, new}
            yield old, new


def _alike(
    left: Iterable[Instance], right: Iterable[Instance], key: Callable[[Instance], object]
) -> list[tuple[Instance, Instance]]:
    """Return pairs of one key that is there once on either side; what is false is no key."""
    there = _unique(right, key)
    return [(old, there[known]) for known, old in _unique(left, key).items() if known in there]


def _unique(
    instances: Iterable[Instance], key: Callable[[Instance], object]
) -> dict[object, Instance]:
    found: dict[object, Instance | None] = {}
    for each in instances:
        known = key(each)
        if known:
            found[known] = None if known in found else each
    return {known: each for known, each in found.items() if each is not None}


def _recoded(
    left: dict[Instance, None], right: dict[Instance, None]
) -> list[tuple[Instance, Instance]]:
    """Pair what has been compressed or decompressed, if there is not too much of it."""
    images = [[each for each in side if each.pixels.digest] for side in (left, right)]
    syntaxes = [_syntaxes(side) for side in images]
    if (
        not all(images)
        or len(syntaxes[0] | syntaxes[1]) < 2
        or max(map(len, images)) > DECODED_COUNT
    ):
        return []
    known = {each: decoded(each.location) for side in images for each in side}
    return _alike(images[0], images[1], lambda each: not each.pixels.blank and known[each])


def _placed(
    left: dict[Instance, None], right: dict[Instance, None]
) -> list[tuple[Instance, Instance]]:
    """Pair objects at the same path, of one SOP Class, where nothing speaks against it.

    A path is the weakest of what ties them: a release may be numbered anew. So it is asked only
    where no pair that is known otherwise stands at two paths.
    """
    if max(len(left), len(right)) > DECODED_COUNT and _syntaxes(left) != _syntaxes(right):
        return []
    there = {each.path: each for each in right}
    uids = {each.uid for each in left} & {each.uid for each in right} - {""}
    return [
        (old, new)
        for old in left
        if (new := there.get(old.path)) is not None
        and old.sop_class == new.sop_class
        and (old.uid == new.uid or not {old.uid, new.uid} & uids)
        and same_pixels(old, new) != "changed"
    ]


def _syntaxes(instances: Iterable[Instance]) -> set[str]:
    return {each.syntax for each in instances}


def same_pixels(old: Instance, new: Instance) -> str:
    """Return ``same``, ``changed``, ``none``, or ``not compared`` for two paired objects."""
    if old.pixels.problem or new.pixels.problem:
        return "not compared"
    if old.pixels.digest == new.pixels.digest:
        return "same" if old.pixels.digest else "none"
    if old.syntax == new.syntax or not (old.pixels.digest and new.pixels.digest):
        return "changed"
    before, after = decoded(old.location), decoded(new.location)
    if not before or not after:
        return "not compared"
    return "same" if before == after else "changed"


def digest64(value: bytes, key: bytes) -> int:
    """Return a keyed number that stands for a value."""
    return int.from_bytes(blake2b(value, key=key, digest_size=8).digest(), "little")
