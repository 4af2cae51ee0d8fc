"""Counts and nouns in plain English."""

from __future__ import annotations


def number(value: int) -> str:
    """Write a count with separators: 12,345."""
    return f"{value:,}"


def plural(count: int, unit: str) -> str:
    """Write a count with its unit: "1 study", "2 studies", "2 series"."""
    if count == 1 or unit.endswith("series"):
        word = unit
    elif unit.endswith("y"):
        word = unit[:-1] + "ies"
    else:
        word = unit + "s"
    return f"{number(count)} {word}"


def agree(count: int, one: str, many: str) -> str:
    """Return the word that agrees with a count: of 1 it is `one`, else `many`."""
    return one if count == 1 else many


def with_verb(count: int, unit: str, one: str, many: str) -> str:
    """Write a count with its unit and verb: "1 patient has", "2 patients have"."""
    return f"{plural(count, unit)} {agree(count, one, many)}"


def unit_word(unit: str) -> str:
    """Return what a rule's unit is called where people read it.

    What the results call `instance` is the object in one DICOM file: where two files hold one SOP
    Instance UID, rules judge and count both.
    """
    return "object" if unit == "instance" else unit
