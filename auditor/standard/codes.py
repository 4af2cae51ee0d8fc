"""Coded concepts (PS3.16): context groups, retired SNOMED-RT codes, what a code value may be.

The tables come with pydicom and take a moment to load: they are read when first asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

RETIRED_SCHEMES = frozenset({"SRT", "SNM3", "99SDM"})
"""Designators of SNOMED-RT and its forerunners, retired in favour of SCT (PS3.16 8)."""


class Concept(NamedTuple):
    """A code as the standard knows it: value and coding scheme designator (PS3.3 8.1)."""

    scheme: str
    value: str


def today(concept: Concept) -> Concept:
    """Return the SNOMED CT code that took a SNOMED-RT code's place; any other code as it is."""
    if concept.scheme in RETIRED_SCHEMES:
        known = _snomed().get(concept.value)
        if known:
            return Concept("SCT", known)
    return concept


@lru_cache(maxsize=1)
def _snomed() -> Mapping[str, str]:
    from pydicom.sr import coding

    mapping: Mapping[str, str] = coding.snomed_mapping["SRT"]  # type: ignore[attr-defined]
    return mapping


_FORMER = {7150: {Concept("SCT", "123037004"): "Anatomical Structure"}}
"""What a context group had in earlier editions, by its number, and much data has: CID 7150 had
body structure (T-D000A of SRT), by these words, where it has 91723000 today."""


@lru_cache(maxsize=64)
def context_group(number: int) -> Mapping[Concept, str]:
    """Return a context group of PS3.16 as concept to code meaning.

    It holds the groups in it, and what it had in earlier editions and much data has.

    Raises
    ------
    AttributeError
        If pydicom has no context group of that number.
    """
    from pydicom.sr.codedict import codes

    group = getattr(codes, f"cid{number}")
    return {
        **_FORMER.get(number, {}),
        **{
            Concept(each.scheme_designator, each.value): each.meaning
            for each in group.concepts.values()
        },
    }


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
