"""Private elements that hold what an attribute of the standard is for (Larobina 2023)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from auditor import (
    Element,
    Finding,
    InstanceFacts,
    Place,
    Selector,
    TagPath,
    comparison,
    judge,
    rule,
    summary,
)
from auditor.redaction import vendor
from auditor.standard.dictionary import keyword_of, name_of, tag_of
from auditor.standard.private_abuse import (
    Row,
    keys,
    numbers_of,
    public_tags,
    rows,
    values,
)

_SOP_CLASS = tag_of("SOPClassUID")
_MANUFACTURER = tag_of("Manufacturer")

_GROUND = frozenset(
    map(
        tag_of,
        (
            "SharedFunctionalGroupsSequence",
            "PerFrameFunctionalGroupsSequence",
            "RadiopharmaceuticalInformationSequence",
        ),
    )
)
"""Sequences that say something of the image itself, not of its sources or of what it was."""

ABSENT, DIFFERENT, EQUAL, BESIDE = "absent", "different", "equal", "beside"
"""What is said of the public attribute; `BESIDE`: it is there, and not comparable."""


def _says_of_the_image(place: Place) -> bool:
    """Whether a place is about the image: top level, or in `_GROUND`, or in a private sequence."""
    outermost, *inner = place.around
    return not inner or outermost.tag in _GROUND or outermost.is_private


def _in_private(place: Place) -> bool:
    return any(step.is_private for step in place.around[:-1])


def _key(place: Place) -> tuple[str, int, int]:
    if place.is_private:
        return place.creator, place.tag >> 16, place.tag & 0xFF
    return "", place.tag >> 16, place.tag & 0xFFFF


def _wanted(place: Place) -> bool:
    if place.vr == "SQ" or place.is_creator:
        return False
    if place.is_private:
        return _key(place) in keys() and _says_of_the_image(place)
    if place.tag == _SOP_CLASS:
        return place.parent is not None and place.parent.parent is None
    # A public attribute inside a private sequence is as private as the sequence.
    known = place.tag in public_tags() or _key(place) in keys()
    return known and _says_of_the_image(place) and not _in_private(place)


# Bounded, and a value is looked at in at most a few forms: most are those of the file before.
@lru_cache(maxsize=4096)
def _said(number: int, value: bytes, vr: str) -> tuple[float | str, ...]:
    return rows()[number].says(value, vr)


@comparison(name="private_abuse", applies=_wanted)
def private_abuse(elements: Sequence[Element]) -> Iterator[tuple[Place, str]]:
    """What the public attribute says for which a private element stands in.

    The class is the outcome (absent, different, equal, beside), what the element holds, and
    the attribute's keyword.
    """
    sop_class = ""
    private: dict[tuple[str, int, int], list[Element]] = {}
    public: dict[int, list[Element]] = {}
    for element in elements:
        if element.place.tag == _SOP_CLASS:
            sop_class = element.text
        elif element.place.is_private:
            private.setdefault(_key(element.place), []).append(element)
        else:
            public.setdefault(element.place.tag, []).append(element)
            private.setdefault(_key(element.place), []).append(element)
    for number in numbers_of(sop_class):
        row = rows()[number]
        found = private.get(row.key, [])
        said = _all_said(number, found)
        if not said or (row.given and not _is_given(row.given, private)):
            continue
        outcome, tag = _against(row, said, public)
        yield found[0].place, f"{outcome}|{row.of}|{keyword_of(tag)}"


def _against(
    row: Row, said: list[tuple[float | str, ...]], public: dict[int, list[Element]]
) -> tuple[str, int]:
    """Return the outcome, and the tag of the public attribute that it is about."""
    for tag in row.public:
        # Only the first can be compared: of the others, that they are there.
        compared = tag == row.public[0] and row.compare != "presence"
        as_text = not compared or row.compare == "text"
        found = [values(each.value, each.place.vr, as_text) for each in public.get(tag, ())]
        theirs = [each for each in found if each]
        if theirs:
            same = row.agrees(said, theirs) if compared else None
            return {None: BESIDE, True: EQUAL, False: DIFFERENT}[same], tag
    return ABSENT, row.public[0]


def _all_said(number: int, found: Sequence[Element]) -> list[tuple[float | str, ...]]:
    said = []
    for element in found:
        place, value = element.place, element.value
        vr = "" if place.implicit else place.vr
        # What is long is not worth keeping: it is a CSA header, of which each image has its own.
        look = _said if len(value) <= 256 else _said.__wrapped__
        said.append(look(number, value, vr))
    return [each for each in said if each]


def _is_given(
    key: tuple[str, int, int], private: dict[tuple[str, int, int], list[Element]]
) -> bool:
    return any(_all_said(number, private.get(key, [])) for number in _numbers_by_key()[key])


@lru_cache(maxsize=1)
def _numbers_by_key() -> dict[tuple[str, int, int], list[int]]:
    numbers: dict[tuple[str, int, int], list[int]] = {}
    for number, row in enumerate(rows()):
        numbers.setdefault(row.key, []).append(number)
    return numbers


_HOLDS = Selector(when=lambda instance: bool(instance.judged("private_abuse")))


def _verdicts(instance: InstanceFacts, *outcomes: str) -> Iterator[tuple[str, str, str, TagPath]]:
    """Yield outcome, what the private element holds, the attribute's name, and the place."""
    for path, verdict in instance.judged("private_abuse"):
        outcome, what, keyword = verdict.split("|")
        if outcome in outcomes:
            yield outcome, what, name_of(tag_of(keyword)), path


@rule(
    id="PRIV301",
    category="private",
    severity="info",
    confidence="medium",
    reads=("judge:private_abuse",),
    reference="PS3.5 7.8, PS3.15 Table E.3.10-1",
    unit="series",
    applies=_HOLDS,
)
def only_in_private(instance: InstanceFacts) -> Iterator[Finding]:
    """What an attribute of the standard is for is found only in a private element.

    Why it matters
    --------------
    Software that reads the standard's attributes does not see it, and whoever removes the
    private elements, as the Basic Profile does, loses it for good: b-values without which
    diffusion cannot be computed, factors without which an uptake is a number without a unit.

    How to fix
    ----------
    Write the public attribute before anything is removed, by hand or with the converter of the
    vendor (the enhanced objects have a place for nearly all of it). Where that cannot be done,
    keep the private element with 113111 (Retain Safe Private Option).

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: dataset.KEYWORD = dataset[TAG].value
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    A diffusion b-value in (0019,xx0C) of `SIEMENS MR HEADER`, and no Diffusion b-value
    (0018,9087). The elements that are looked for are those of a curated table; that nothing
    is found does not say that nothing is hidden.
    """
    for _, what, name, path in _verdicts(instance, ABSENT):
        yield Finding(f"{what}: there is no {name}", path)


@rule(
    id="PRIV302",
    category="private",
    severity="warning",
    confidence="medium",
    reads=("judge:private_abuse",),
    reference="PS3.5 7.8, PS3.15 Table E.3.10-1",
    unit="series",
    applies=_HOLDS,
)
def contradiction(instance: InstanceFacts) -> Iterator[Finding]:
    """A private element and the attribute of the standard do not say the same.

    Why it matters
    --------------
    One of the two is wrong, and software that reads one computes something else than
    software that reads the other. Often somebody corrected, converted or emptied only one.

    How to fix
    ----------
    Find out which is right: the scanner as a rule wrote the private one. Correct the public
    attribute, and remove the private element if it is the one that is wrong.

    Command
    -------
    dcmdump +P "GGGG,EEEE" FILE
    dcmodify -nb -m "TAG=VALUE" FILE

    Example
    -------
    A b-value of one gradient in (2001,xx03) of `Philips Imaging DD 001`, another in Diffusion
    b-value (0018,9087). Numbers are the same if they differ by less than one in a hundred.
    """
    for _, what, name, path in _verdicts(instance, DIFFERENT):
        yield Finding(f"{what}: {name} has another value", path)


@rule(
    id="PRIV303",
    category="private",
    severity="info",
    confidence="medium",
    reads=("judge:private_abuse",),
    reference="PS3.5 7.8, PS3.15 Table E.3.10-1",
    unit="series",
    applies=_HOLDS,
)
def redundant(instance: InstanceFacts) -> Iterator[Finding]:
    """A private element repeats what the attribute of the standard says.

    Why it matters
    --------------
    It can be removed without loss. Two places for one fact are two places to forget when it
    is changed.

    How to fix
    ----------
    Nothing has to be: read the public attribute. When private elements are removed, these
    are not missed.

    Command
    -------
    dcmodify -nb -ea "TAG" FILE

    Example
    -------
    The same b-value in (0019,xx0C) of `SIEMENS MR HEADER` and in Diffusion b-value
    (0018,9087). Where the two are written in forms that cannot be compared, it says so.
    """
    for outcome, what, name, path in _verdicts(instance, EQUAL, BESIDE):
        said = "says the same" if outcome == EQUAL else "is there, too, in another form"
        yield Finding(f"{what}: {name} {said}", path)


@judge(
    name="manufacturer",
    applies=lambda place: place.tag == _MANUFACTURER and len(place.path.steps) == 1,
)
def manufacturer(element: Element) -> str | None:
    """Which manufacturer is named, spellings folded; withheld if it is not publicly known."""
    return vendor(element.text) or None


@summary(
    name="abuse",
    category="private",
    unit="series",
    reads=("judge:manufacturer", "private", "judge:private_abuse"),
)
def by_vendor(instance: InstanceFacts) -> Iterator[tuple[str, ...]]:
    """Series of each manufacturer, by what its private elements stand in for.

    Rows: manufacturer, and ``series``, ``private`` (it has private elements), or what is said
    of a public attribute: ``absent``, ``different``, ``equal``, ``beside``.
    """
    name = next((verdict for _, verdict in instance.judged("manufacturer")), "")
    yield name, "series"
    if instance.private():
        yield name, "private"
    for outcome in sorted(
        {verdict.partition("|")[0] for _, verdict in instance.judged("private_abuse")}
    ):
        yield name, outcome
