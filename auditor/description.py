"""``collection.toml``: what a publisher says of a collection, which no file of it can show."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Iterator
from typing import Any

from auditor.sources import SourceFile

FILE = "collection.toml"
SIZE = 1 << 16
"""Bytes that are read of it."""

TEXTS = ("title", "access", "species", "pathology", "region", "source")
"""Keys with a text. `access` is ``open``, ``registered`` or ``restricted``, `species` ``human`` or
another."""

ACCESS = ("open", "registered", "restricted")
HOLDS = ("SEG", "SR", "RT", "annotation", "report")
LENGTH = 200


class DescriptionError(Exception):
    """A description cannot be used; the message is one plain line without a value."""


def parse_description(data: bytes) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Read a description.

    Returns
    -------
    tuple
        The texts by key, and what third parties made: ``holds`` (one of `HOLDS`), ``source``.

    Raises
    ------
    DescriptionError
        If it is no TOML, or a key is unknown or has a value that it cannot have.
    """
    return _description(_parsed(data))


def parse_descriptions(data: bytes) -> dict[str, tuple[dict[str, str], list[dict[str, str]]]]:
    """Read descriptions of several collections: a table for each, by its name.

    Raises
    ------
    DescriptionError
        As `parse_description`.
    """
    values = _parsed(data)
    if not all(isinstance(each, dict) for each in values.values()):
        raise DescriptionError("must hold a table for each collection")
    return {name: _description(each) for name, each in values.items()}


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode("utf-8"))
    # Of a number with thousands of digits Python says ValueError, and of what is no TOML too.
    except (ValueError, RecursionError):
        raise DescriptionError("is not TOML in UTF-8") from None


def _description(values: dict[str, Any]) -> tuple[dict[str, str], list[dict[str, str]]]:
    third = values.pop("third_party", [])
    texts: dict[str, str] = {}
    for key, value in values.items():
        if key not in TEXTS:
            raise DescriptionError("has a key that is not known")
        if not isinstance(value, str) or len(value) > LENGTH:
            raise DescriptionError(f"{key} must be a text of at most {LENGTH} characters")
        texts[key] = value.strip()
    if texts.get("access", ACCESS[0]) not in ACCESS:
        raise DescriptionError(f"access must be one of {', '.join(ACCESS)}")
    return texts, _third_parties(third)


def _third_parties(third: object) -> list[dict[str, str]]:
    if not isinstance(third, list) or not all(isinstance(each, dict) for each in third):
        raise DescriptionError("third_party must be a list of tables")
    for each in third:
        if set(each) - {"holds", "source"} or each.get("holds") not in HOLDS:
            raise DescriptionError(f"third_party holds one of {', '.join(HOLDS)}, and has a source")
        source = each.get("source", "")
        if not isinstance(source, str) or len(source) > LENGTH:
            raise DescriptionError("a source must be a text")
    return third


class Description:
    """Notices, among the files of a collection, the one that describes it."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.third_party: list[dict[str, str]] = []
        self.notes: list[str] = []

    def noticing(self, files: Iterable[SourceFile]) -> Iterator[SourceFile]:
        """Yield the files; an archive may not keep what was read."""
        for file in files:
            if file.path == FILE and not file.problem:
                self._read(file.location)
            yield file

    def _read(self, location: str) -> None:
        try:
            descriptor = os.open(location, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                self.texts, self.third_party = parse_description(file.read(SIZE))
        except OSError:
            self.notes.append(f"{FILE} cannot be read.")
        except DescriptionError as error:
            self.notes.append(f"{FILE} {error}: it was not used.")
