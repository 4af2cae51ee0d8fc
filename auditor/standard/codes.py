"""Coded concepts: context groups (PS3.16 B), coding schemes (PS3.16 8), what a code value may be.

The tables are pydicom's, which makes them of PS3.16, and take a moment to load: they are read when
first asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from pydicom.sr.codedict import Collection
    from pydicom.sr.coding import Code

RETIRED_SCHEMES = frozenset({"SRT", "SNM3", "99SDM"})
"""Designators of SNOMED-RT and its forerunners, retired in favour of SCT (PS3.16 8)."""


_MAIN = ("SCT", "DCM", "RADLEX", "LN", "UCUM", "UMLS", "NCIt", "FMA", "MDC", "IBSI")
"""Lexicons that are shown by their name; all others are counted together."""


class Coded(Protocol):
    """Whatever has a code: a `Concept`, or an entry in a report."""

    @property
    def scheme(self) -> str:
        """Coding Scheme Designator."""

    @property
    def value(self) -> str:
        """Code Value, Long Code Value or URN Code Value."""


class Concept(NamedTuple):
    """A code as the standard knows it: value and coding scheme designator (PS3.3 8.1)."""

    scheme: str
    value: str


def is_private(scheme: str) -> bool:
    """Whether a designator is one that anybody may make up (PS3.16 8.2: it begins with 99)."""
    return scheme.startswith("99") and scheme not in RETIRED_SCHEMES


def lexicon(scheme: str) -> str:
    """Return what a Coding Scheme Designator may be shown as."""
    if scheme in RETIRED_SCHEMES:
        return "SNOMED of the old kind (SRT)"
    if scheme in _MAIN:
        return scheme
    if is_private(scheme):
        return "private (99...)"
    return "another scheme" if scheme else "no scheme"


def today(code: Coded) -> Concept:
    """Return the SNOMED CT code that took a SNOMED-RT code's place; any other code as it is.

    A code that none took the place of is SRT's, also under the names that SRT had before: they
    name the same codes (PS3.16 8.1).
    """
    if code.scheme not in RETIRED_SCHEMES:
        return Concept(code.scheme, code.value)
    known = _snomed().get(code.value)
    return Concept("SCT", known) if known else Concept("SRT", code.value)


def same(code: Coded | None, value: str, scheme: str) -> bool:
    """Whether a code is a given one, written today's way or the old way."""
    return code is not None and today(code) == today(Concept(scheme, value))


@lru_cache(maxsize=1)
def _snomed() -> Mapping[str, str]:
    from pydicom.sr import coding

    mapping: Mapping[str, str] = coding.snomed_mapping["SRT"]  # type: ignore[attr-defined]
    return mapping


_FORMER = {7150: {Concept("SCT", "123037004"): "Anatomical Structure"}}
"""What a context group had in earlier editions, by its number, and much data has: CID 7150 had
body structure (T-D000A of SRT), by these words, where it has 91723000 today."""


# Numbers are those of rules and of packaged templates, never a file's.
@cache
def context_group(number: int) -> Mapping[Concept, str]:
    """Return a context group of PS3.16 as concept to code meaning, empty if it is not known.

    It holds the groups in it, and what it had in earlier editions and much data has.
    """
    from pydicom.sr.codedict import codes

    group = getattr(codes, f"cid{number}", None)
    if group is None:
        return {}
    return {
        **_FORMER.get(number, {}),
        **{
            Concept(each.scheme_designator, each.value): each.meaning
            for name in group.dir()
            for each in _named(group, name)
        },
    }


def _named(group: Collection, name: str) -> Iterator[Code]:
    """Yield what pydicom has in a context group under one of its keywords."""
    from pydicom.sr.codedict import codes

    try:
        yield getattr(group, name)
        return
    except RuntimeError:
        # Two schemes have a concept of that name in the group: two of CID 8134 do.
        pass
    for scheme in codes.schemes():
        if name in (concepts := getattr(codes, scheme).concepts):
            yield concepts[name]


def is_known_group(number: int) -> bool:
    """Whether it is known what is in a context group."""
    return bool(context_group(number))


def is_member(code: Coded, number: int) -> bool:
    """Whether a code is in a context group, written today's way or the old way."""
    return today(code) in context_group(number)


@lru_cache(maxsize=64)
def by_meaning(number: int) -> Mapping[str, frozenset[Concept]]:
    """Return the concepts of a context group of PS3.16 by their code meanings, in lower case."""
    found: dict[str, set[Concept]] = {}
    for concept, words in context_group(number).items():
        found.setdefault(words.casefold(), set()).add(concept)
    return {words: frozenset(concepts) for words, concepts in found.items()}


def meaning(concept: Concept) -> str:
    """Return the meaning that PS3.16 gives a concept of its context groups, "" if it is in none."""
    return _meanings(concept.scheme).get(concept.value, "")


@lru_cache(maxsize=16)
def _meanings(scheme: str) -> Mapping[str, str]:
    from pydicom.sr.codedict import codes

    if scheme not in codes.schemes():
        return {}
    # One code may stand under several names: the first is as good as any.
    found: dict[str, str] = {}
    for each in getattr(codes, scheme).concepts.values():
        found.setdefault(each.value, each.meaning)
    return found


def is_said_of_another(code: Coded, words: str) -> bool:
    """Whether words are PS3.16's meaning of another code of a scheme, and not of this one.

    Other words for a code are allowed (PS3.3 8.3), so nothing is said of those that are no code's,
    nor of a code that PS3.16 does not have. What a former edition called a code it may be called;
    and where a heading is a plural, its singular is not meant as that of the item below it.
    """
    concept, said = Concept(code.scheme, code.value), words.strip().casefold()
    named = _by_words(code.scheme).get(said, frozenset((code.value,)))
    own = {meaning(concept), *(group.get(concept, "") for group in _FORMER.values())} - {""}
    same_words = said.rstrip("s") in {words.casefold().rstrip("s") for words in own}
    return code.value not in named and bool(own) and not same_words


@lru_cache(maxsize=16)
def _by_words(scheme: str) -> Mapping[str, frozenset[str]]:
    """Return the codes of a scheme by their meanings in PS3.16, in lower case."""
    from pydicom.sr.codedict import codes

    if scheme not in codes.schemes():
        return {}
    found: dict[str, set[str]] = {}
    for each in getattr(codes, scheme).concepts.values():
        found.setdefault(each.meaning.casefold(), set()).add(each.value)
    return {words: frozenset(values) for words, values in found.items()}


def is_dcm_code(value: str) -> bool | None:
    """Whether PS3.16 D defines a code in the scheme DCM; None if a newer edition may.

    Codes are numbers that are given out in turn: one above the last that is known may be new.
    """
    if value in _meanings("DCM"):
        return True
    is_new = len(value) == 6 and value.isascii() and value.isdecimal() and int(value) > _last_dcm()
    return None if is_new else False


@lru_cache(maxsize=1)
def _last_dcm() -> int:
    return max(int(value) for value in _meanings("DCM") if value.isdecimal())


# fmt: off
_DIHEDRAL = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)
_PERMUTED = (
    "0123456789", "1576283094", "5803796142", "8916043527",
    "9453126870", "4286573901", "2793806415", "7046913258",
)
# fmt: on


def is_sct_identifier(value: str) -> bool:
    """Whether a text can be a SNOMED CT identifier: 6 to 18 digits, the last one checks them.

    The check digit is Verhoeff's, which finds every wrong digit and every swapped pair.
    """
    if not (value.isascii() and value.isdigit() and 6 <= len(value) <= 18):
        return False
    check = 0
    for place, digit in enumerate(reversed(value)):
        check = int(_DIHEDRAL[check][int(_PERMUTED[place % 8][int(digit)])])
    return check == 0
