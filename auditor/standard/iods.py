"""The IODs of PS3.3 as facts, in the shape that dicom-validator wants.

An IOD has modules (and, for multi-frame objects, functional group macros) with a usage; a
module has attributes with a type; each may have a condition. What a condition looks at is
in machine-readable form; one that could not be read is left out, and then neither the
presence nor the absence of the attribute is an error. `otherwise` marks an attribute that may
be there though its condition does not hold. Of a list of values, `defined` says that it is one of
defined terms, and `current` that it is known to be that of newer editions than the one that it was
read from.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from auditor.model import parse_tag
from auditor.standard.tables import EDITION, read_table

Level = dict[str, Any]
"""Attributes of a module, a macro or the items of a sequence, by ``(gggg,eeee)``."""

ALWAYS_READ = frozenset({0x00080005, 0x00080016})
"""Specific Character Set, by which values are decoded, and SOP Class UID."""

FUNCTIONAL_GROUPS = frozenset({0x52009229, 0x52009230})
"""Shared and Per-frame Functional Groups Sequence, whose items hold the IOD's macros."""


@dataclass(frozen=True, slots=True)
class IodTable:
    """One edition's IODs.

    Parameters
    ----------
    edition
        Of the standard, as ``2025e``.
    iods
        By SOP Class UID: ``modules`` and ``group_macros``, each by name.
    modules
        By section or table of PS3.3: their attributes and what they include.
    """

    edition: str
    iods: dict[str, dict[str, Any]]
    modules: dict[str, Level]
    _read: dict[str, frozenset[int]] = field(default_factory=dict)

    def tags_read_by_value(self, sop_class_uid: str) -> frozenset[int]:
        """Return tags whose value, not only their presence, a condition or a list of values reads.

        At any depth; without `ALWAYS_READ` for a SOP Class that the table does not have.
        """
        if sop_class_uid not in self.iods:
            return frozenset()
        known = self._read.get(sop_class_uid)
        if known is None:
            tags = set(ALWAYS_READ)
            iod = self.iods[sop_class_uid]
            seen: set[str] = set()
            for module in (*iod["modules"].values(), *iod["group_macros"].values()):
                tags.update(_read_by_condition(module.get("cond")))
                tags.update(self._read_below(module["ref"], seen))
            known = self._read[sop_class_uid] = frozenset(tags)
        return known

    def conditions(self, sop_class_uid: str) -> tuple[int, int]:
        """Count the conditions of an IOD: those in machine-readable form, and the others.

        Of modules and functional groups, and of attributes of Type 1C and 2C in them; what
        several of them include is counted once.

        Raises
        ------
        KeyError
            If the table does not have the SOP Class.
        """
        iod = self.iods[sop_class_uid]
        parts = (*iod["modules"].values(), *iod["group_macros"].values())
        # Of type UF a condition says only where a functional group may not stand.
        counted = Counter(
            "cond" in part and part["cond"]["type"] != "UF" for part in parts if part["use"] == "C"
        )
        seen: set[str] = set()
        for part in parts:
            counted.update(self._conditional(part["ref"], seen))
        return counted[True], counted[False]

    def value_lists(self, sop_class_uid: str) -> tuple[int, int, int, int]:
        """Count the attributes of an IOD that have lists of values.

        Of enumerated values, current and older; and of defined terms, the same. Of an older list
        nobody knows whether newer editions still have it. Lists of what several modules include
        are counted once.

        Raises
        ------
        KeyError
            If the table does not have the SOP Class.
        """
        iod = self.iods[sop_class_uid]
        counted: Counter[tuple[bool, bool]] = Counter()
        seen: set[str] = set()
        for part in (*iod["modules"].values(), *iod["group_macros"].values()):
            for attribute in self._every(part["ref"], seen):
                for defined in (False, True):
                    listed = [e for e in attribute.get("enums", ()) if ("defined" in e) == defined]
                    if listed:
                        counted[defined, all("current" in each for each in listed)] += 1
        kinds = ((False, True), (False, False), (True, True), (True, False))
        enumerated, older, terms, older_terms = (counted[kind] for kind in kinds)
        return enumerated, older, terms, older_terms

    def _conditional(self, reference: str, seen: set[str]) -> Iterator[bool]:
        """Yield of each conditional attribute of a module whether its condition is readable."""
        for attribute in self._every(reference, seen):
            if attribute["type"].endswith("C"):
                yield "cond" in attribute

    def _every(self, reference: str, seen: set[str]) -> Iterator[dict[str, Any]]:
        """Yield each attribute of a module at any depth, of what it includes too, once."""
        if reference in seen or reference == "FuncGroup":
            return
        seen.add(reference)
        levels: list[Level] = [self.modules[reference]]
        while levels:
            for key, value in levels.pop().items():
                if key == "include":
                    for included in value:
                        yield from self._every(included["ref"], seen)
                    continue
                yield value
                if "items" in value:
                    levels.append(value["items"])

    def top_tags(self, reference: str) -> frozenset[int]:
        """Return the tags that a module has at its top level, of included macros too."""
        return frozenset(self._top_tags(reference, set()))

    def _top_tags(self, reference: str, seen: set[str]) -> Iterator[int]:
        if reference in seen:
            return
        seen.add(reference)
        for key, value in self.modules[reference].items():
            if key == "include":
                for included in value:
                    if included["ref"] != "FuncGroup":
                        yield from self._top_tags(included["ref"], seen)
            else:
                yield tag_of_key(key)

    def types_at(self, sop_class_uid: str, path: tuple[int, ...]) -> frozenset[str] | None:
        """Return the types that an object's modules give an attribute at a place.

        Parameters
        ----------
        sop_class_uid
            Names the IOD.
        path
            Tags of the sequences around the attribute, outermost first, and its own.

        Returns
        -------
        frozenset of str
            ``1``, ``1C``, ``2``, ``2C``, ``3``; several where modules differ, none where the
            IOD does not have the attribute there. None if the table cannot tell: it does not
            have the SOP Class, or not what the sequence holds.
        """
        found = self._found_at(sop_class_uid, path)
        return None if found is None else frozenset(value["type"] for value in found)

    def may_be_present_otherwise(self, sop_class_uid: str, path: tuple[int, ...]) -> bool:
        """Whether an attribute may be there though the condition that requires it does not hold.

        So one of the IOD's modules says: always, or where a second condition holds, whichever
        that is.

        Parameters
        ----------
        sop_class_uid, path
            As for `types_at`.
        """
        return any("otherwise" in each for each in self._found_at(sop_class_uid, path) or ())

    def terms_at(self, sop_class_uid: str, path: tuple[int, ...]) -> list[dict[str, Any]]:
        """Return the lists of defined terms of an attribute at a place, under no condition.

        Parameters
        ----------
        sop_class_uid, path
            As for `types_at`.
        """
        found = self._found_at(sop_class_uid, path) or ()
        lists = (each for attribute in found for each in attribute.get("enums", ()))
        return [each for each in lists if "defined" in each and "cond" not in each]

    def _found_at(self, sop_class_uid: str, path: tuple[int, ...]) -> list[dict[str, Any]] | None:
        """Return what each module says of an attribute at a place, None as `types_at`."""
        iod = self.iods.get(sop_class_uid)
        if iod is None:
            return None
        levels: list[Level] = [self.modules[each["ref"]] for each in iod["modules"].values()]
        for depth, tag in enumerate(path):
            found = [value for level in levels for value in self._attributes(level, tag, set())]
            if depth == len(path) - 1:
                return found
            if tag in FUNCTIONAL_GROUPS:
                macros = iod["group_macros"].values()
                levels = [self.modules[each["ref"]] for each in macros]
            else:
                levels = [value["items"] for value in found if value.get("items")]
            if not levels:
                return None
        return None

    def _attributes(self, level: Level, tag: int, seen: set[str]) -> Iterator[dict[str, Any]]:
        """Yield what a level says of a tag, of included macros too."""
        for key, value in level.items():
            if key == "include":
                for included in value:
                    reference = included["ref"]
                    if reference != "FuncGroup" and reference not in seen:
                        seen.add(reference)
                        yield from self._attributes(self.modules[reference], tag, seen)
            elif tag_of_key(key) == tag:
                yield value

    def _read_below(self, reference: str, seen: set[str]) -> set[int]:
        # The macros of SR content items include themselves.
        if reference in seen or reference == "FuncGroup":
            return set()
        seen.add(reference)
        return self._read_in(self.modules[reference], seen)

    def _read_in(self, level: Level, seen: set[str]) -> set[int]:
        tags: set[int] = set()
        for key, value in level.items():
            if key == "include":
                for included in value:
                    tags |= _read_by_condition(included.get("cond"))
                    tags |= self._read_below(included["ref"], seen)
                continue
            tags |= _read_by_condition(value.get("cond"))
            if "enums" in value:
                tags.add(tag_of_key(key))
                for each in value["enums"]:
                    tags |= _read_by_condition(each.get("cond"))
            if "items" in value:
                tags |= self._read_in(value["items"], seen)
        return tags


@lru_cache(maxsize=1)
def packaged_iods() -> IodTable:
    """Read the packaged table of edition `EDITION`; about 25 ms, once."""
    plain = json.loads(read_table("iods.json.gz"))
    iods = {uid: plain["iods"][name] for uid, name in plain["sop_classes"].items()}
    return IodTable(EDITION, iods, plain["modules"])


@lru_cache(maxsize=1)
def packaged_tags_read_by_value() -> dict[str, frozenset[int]]:
    """Read `IodTable.tags_read_by_value` of every SOP Class as it was when the table was built."""
    read: dict[str, frozenset[int]] = {}
    for line in read_table("read_by_value.tsv.gz").split("\n"):
        uid, tags = line.split("\t")
        read[uid] = frozenset(int(tag, 16) for tag in tags.split(" "))
    return read


def tag_of_key(key: str) -> int:
    """Return the tag of a key such as ``(0010,0010)``; of ``(60xx,3000)`` the first group's."""
    return parse_tag(key.replace("x", "0"))


def _read_by_condition(condition: dict[str, Any] | None) -> set[int]:
    if condition is None:
        return set()
    tags: set[int] = set()
    for part in (*condition.get("and", ()), *condition.get("or", ())):
        tags |= _read_by_condition(part)
    tags |= _read_by_condition(condition.get("other_cond"))
    # "has a value" asks for no more than presence, unless it is about the second or a later one.
    operator = condition.get("op")
    only_presence = operator in (None, "+", "-") or (operator == "++" and not condition["index"])
    if not only_presence:
        tags.add(tag_of_key(condition["tag"]))
    return tags
