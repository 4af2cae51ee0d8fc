"""Coded concepts: context groups (PS3.16 B), coding schemes (PS3.16 8), today's code of an old one.

Codes and context groups are pydicom's, which makes them of PS3.16. They are loaded when the
first structured report asks.
"""

from __future__ import annotations

from functools import lru_cache
from typing import cast

from auditor.standard.codes import RETIRED_SCHEMES
from auditor.structured_report.content import Code

_MAIN = ("SCT", "DCM", "RADLEX", "LN", "UCUM", "UMLS", "NCIt", "FMA", "MDC", "IBSI")
"""Lexicons that are shown by their name; all others are counted together."""


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


@lru_cache(maxsize=4096)
def todays(value: str, scheme: str) -> tuple[str, str]:
    """Return a code with its scheme, an old SNOMED code as the one in SCT that has its meaning."""
    if scheme not in RETIRED_SCHEMES:
        return value, scheme
    from pydicom.sr._snomed_dict import mapping

    code = mapping["SRT"].get(value)
    return (code, "SCT") if code else (value, "SRT")


def same(code: Code | None, value: str, scheme: str) -> bool:
    """Whether a code is a given one, written today's way or the old way."""
    return code is not None and todays(code.value, code.scheme) == todays(value, scheme)


@lru_cache(maxsize=1)
def _concepts() -> dict[str, dict[str, dict[str, tuple[str, list[int]]]]]:
    """Return scheme to keyword to code to meaning and context groups."""
    from pydicom.sr._concepts_dict import concepts

    return cast("dict[str, dict[str, dict[str, tuple[str, list[int]]]]]", concepts)


@lru_cache(maxsize=1)
def _groups() -> dict[int, frozenset[tuple[str, str]]]:
    groups: dict[int, set[tuple[str, str]]] = {}
    for scheme, by_keyword in _concepts().items():
        for by_code in by_keyword.values():
            for value, (_, numbers) in by_code.items():
                for number in numbers:
                    groups.setdefault(number, set()).add((value, scheme))
    return {number: frozenset(codes) for number, codes in groups.items()}


def is_known_group(number: int) -> bool:
    """Whether it is known what is in a context group."""
    return number in _groups()


def is_member(code: Code, number: int) -> bool:
    """Whether a code is in a context group, written today's way or the old way."""
    return todays(code.value, code.scheme) in _groups().get(number, frozenset())


@lru_cache(maxsize=1)
def _dcm() -> tuple[frozenset[str], int]:
    codes = frozenset(code for by_code in _concepts()["DCM"].values() for code in by_code)
    return codes, max(int(code) for code in codes if code.isdecimal())


def is_dcm_code(value: str) -> bool | None:
    """Whether PS3.16 D defines a code in the scheme DCM; None if a newer edition may.

    Codes are numbers that are given out in turn: one above the last that is known may be new.
    """
    codes, last = _dcm()
    if value in codes:
        return True
    is_new = len(value) == 6 and value.isascii() and value.isdecimal() and int(value) > last
    return None if is_new else False
