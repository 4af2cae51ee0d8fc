"""Templates of PS3.16 A, and one interpreter of their rows for all of them.

The table is built by `tools/build_templates.py`. A row says what a content item is (relationship,
value type, concept, value set, units), how many there may be, whether there must be one (M, MC, U,
UC) and what is below it; or it includes the rows of another template.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from auditor.model import TagPath
from auditor.standard.codes import RETIRED_SCHEMES, is_known_group, is_member, same, today
from auditor.standard.sop_classes import KEY_OBJECT_SELECTION
from auditor.structured_report.content import EXCEEDS, Code, ContentItem, ContentTree

_TABLE = Path(__file__).parents[1] / "standard" / "templates.json.gz"

ROOTS = ("1500", "10001", "10011", "2010")
"""Templates of whole documents that are packaged."""

RESOURCE = "DCMR"
"""Mapping Resource of the templates of PS3.16."""


OBSERVER, PERSON, DEVICE = "1002", "1003", "1004"
OBSERVERS = frozenset((OBSERVER, PERSON, DEVICE))
"""Templates of who, or what, observed."""

_TYPES = {PERSON: "121006", DEVICE: "121007"}
"""Observer Type, in DCM, of whom a template is."""

_CALLED = {PERSON: "person", DEVICE: "device"}


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A row of a template.

    Attributes
    ----------
    template
        Identifier of the template that it is a row of; the source's name of a part of one is
        its number with letters after it.
    include
        Template whose rows stand here; "" for a content item.
    relationship
        With the item around it; "" where any is right, or the include says it.
    concept, concept_groups
        Code and scheme of the concept name, or context groups that it is of; neither where
        any is right.
    value_groups, units, units_groups
        What the value, or the units, must be.
    requirement
        M, MC, U or UC.
    condition
        As `tools/build_templates.py` writes it; None where there is none.
    only_then
        Whether it must not be there if the condition does not hold.
    least, most
        How many; `most` is None for any number.
    """

    template: str
    include: str
    relationship: str
    value_type: str
    by_reference: bool
    concept: tuple[str, str] | None
    name: str
    concept_groups: tuple[int, ...]
    value_groups: tuple[int, ...]
    units: str
    units_groups: tuple[int, ...]
    requirement: str
    condition: list[Any] | None
    only_then: bool
    least: int
    most: int | None
    rows: tuple[Row, ...]


class Template(NamedTuple):
    """A template.

    Attributes
    ----------
    extensible
        Whether items that it does not have may be added (PS3.16 6.2.1).
    ordered
        Whether the order of its rows is that of the items.
    rows
        Of its top level.
    """

    extensible: bool
    ordered: bool
    rows: tuple[Row, ...]


class Problem(NamedTuple):
    """Where a document is not what its template says.

    Attributes
    ----------
    kind
        ``missing``, ``number``, ``unexpected``, ``kind``, ``value``, ``units``, ``condition``
        or ``order``.
    message, path
        Of a finding.
    """

    kind: str
    message: str
    path: TagPath


@dataclass(frozen=True, slots=True)
class Conformance:
    """What is to be said of a document by its template.

    Attributes
    ----------
    problems
        In no order.
    undecided
        Why something cannot be said, in plain words; empty if all can.
    is_judged
        Whether the template is packaged: else there are no problems, and a reason.
    """

    problems: frozenset[Problem] = frozenset()
    undecided: frozenset[str] = frozenset()
    is_judged: bool = True


class _Table(NamedTuple):
    templates: dict[str, Template]
    constraints: dict[str, dict[str, dict[str, list[list[str]]]]]


@lru_cache(maxsize=1)
def compared_numbers() -> frozenset[tuple[str, str]]:
    """Return the pairs of DCM codes whose numbers conditions of packaged templates compare."""
    found: set[tuple[str, str]] = set()

    def look(condition: list[Any]) -> None:
        if condition[0] == "exceeds":
            found.add((condition[1], condition[2]))
        elif condition[0] in ("and", "or", "not"):
            for each in condition[1:]:
                look(each)

    waiting = [row for each in _table().templates.values() for row in each.rows]
    while waiting:
        row = waiting.pop()
        waiting.extend(row.rows)
        if row.condition is not None:
            look(row.condition)
    return frozenset(found)


@lru_cache(maxsize=1)
def _table() -> _Table:
    _, _, body = gzip.decompress(_TABLE.read_bytes()).decode().partition("\n")
    raw = json.loads(body)
    templates = {
        tid: Template(
            each["extensible"], each["ordered"], tuple(_row(tid, row) for row in each["rows"])
        )
        for tid, each in raw["templates"].items()
    }
    return _Table(templates, raw["constraints"])


def _row(tid: str, raw: dict[str, Any]) -> Row:
    concept = raw.get("concept")
    return Row(
        template=tid,
        include=raw.get("include", ""),
        relationship=raw["relationship"],
        value_type=raw.get("value_type", ""),
        by_reference=raw.get("by_reference", False),
        concept=(concept[0], concept[1]) if concept else None,
        name=raw.get("name", ""),
        concept_groups=tuple(raw.get("concept_groups", ())),
        value_groups=tuple(raw.get("value_groups", ())),
        units=raw.get("units", ""),
        units_groups=tuple(raw.get("units_groups", ())),
        requirement=raw["requirement"],
        condition=raw.get("condition"),
        only_then=raw.get("only_then", False) or raw["requirement"] == "UC",
        least=raw["least"],
        most=raw["most"],
        rows=tuple(_row(tid, row) for row in raw.get("rows", ())),
    )


def template(tid: str) -> Template:
    """Return a packaged template.

    Raises
    ------
    KeyError
        If it is not packaged.
    """
    return _table().templates[tid]


def constraints(sop_class: str) -> dict[str, dict[str, list[list[str]]]] | None:
    """Return what PS3.3 A.35 lets the content of a SOP Class be; None if that is not packaged.

    Returns
    -------
    Value type of the source to relationship to two lists of value types of the target: by value
    or by reference, and those of them that may be by reference.
    """
    return _table().constraints.get(sop_class)


@dataclass(slots=True, eq=False)
class _Leaf:
    """A row in its place: what the includes around it make of it."""

    row: Row
    relationship: str
    by_reference: bool
    most: int | None
    is_once: bool
    index: int = 0
    alike: tuple[int, ...] = ()
    """Indexes of the rows of this scope that the same items fill, its own included."""
    rivals: frozenset[int] = frozenset()
    """Indexes of the rows that are there in its stead: each one's condition names the other."""

    @property
    def key(self) -> tuple[object, ...]:
        """What an item is matched by."""
        row = self.row
        return row.value_type, self.relationship, self.by_reference, row.concept, row.concept_groups

    @property
    def name(self) -> str:
        row = self.row
        if row.name:
            return row.name
        if row.concept_groups:
            return f"a concept of CID {row.concept_groups[0]}"
        return f"a {row.value_type} item"


@dataclass(slots=True, eq=False)
class _Group:
    """Rows that are there together: those below an item, or of an included template."""

    include: Row | None
    members: list[_Leaf | _Group] = field(default_factory=list)
    indexes: frozenset[int] = frozenset()

    def leaves(self) -> Iterator[_Leaf]:
        for member in self.members:
            if isinstance(member, _Leaf):
                yield member
            else:
                yield from member.leaves()


# Bounded by the number of packaged rows.
@lru_cache(maxsize=4096)
def _scope(row: Row) -> tuple[_Group, tuple[_Leaf, ...]]:
    """Return the rows below a row with all includes put in their places."""
    group = _Group(None)
    _expand(group, row.rows, "", False, 1, True, ())
    leaves = tuple(group.leaves())
    by_key: dict[tuple[object, ...], list[int]] = {}
    for index, leaf in enumerate(leaves):
        leaf.index = index
        by_key.setdefault(leaf.key, []).append(index)
    for leaf in leaves:
        leaf.alike = tuple(by_key[leaf.key])
        leaf.rivals = frozenset(
            other.index
            for other in leaves
            if _called(other) in _excluded(leaf.row.condition)
            and _called(leaf) in _excluded(other.row.condition)
        )
    _index(group)
    return group, leaves


def _called(leaf: _Leaf) -> tuple[str, str]:
    """Return what a condition calls a row by: value type, and code of the concept."""
    if leaf.by_reference:
        return "REFERENCE", ""
    return leaf.row.value_type, leaf.row.concept[0] if leaf.row.concept else ""


def _excluded(condition: list[Any] | None) -> set[tuple[str, str]]:
    """Return the rows of which, by a condition, there must be none."""
    if condition is None:
        return set()
    if condition[0] in ("and", "or"):
        return set().union(*map(_excluded, condition[1:]))
    if condition[0] != "count" or condition[1] != 0 or condition[3:] != ["=", 0]:
        return set()
    name, *inside = condition[2][0]
    codes = _codes(inside[0]) if inside else [""]
    return {(name, code) for code in codes}


def _codes(condition: list[Any]) -> list[str]:
    """Return the codes of concept names that a condition asks for."""
    if condition[0] in ("and", "or"):
        return [code for each in condition[1:] for code in _codes(each)]
    return [condition[5]] if condition[0] == "is" and condition[2:4] == ["concept", "cv"] else []


def _index(group: _Group) -> None:
    group.indexes = frozenset(leaf.index for leaf in group.leaves())
    for member in group.members:
        if isinstance(member, _Group):
            _index(member)


def _expand(
    group: _Group,
    rows: Sequence[Row],
    relationship: str,
    by_reference: bool,
    times: int | None,
    is_once: bool,
    inside: tuple[str, ...],
) -> None:
    for row in rows:
        most = None if times is None or row.most is None else times * row.most
        related = row.relationship or relationship
        if row.include:
            if row.include in inside:
                continue
            sub = _Group(row)
            group.members.append(sub)
            _expand(
                sub,
                template(row.include).rows,
                related,
                by_reference or row.by_reference,
                most,
                is_once and row.most == 1,
                (*inside, row.include),
            )
        else:
            referred = by_reference or row.by_reference
            group.members.append(_Leaf(row, related, referred, most, is_once))


def check(tree: ContentTree) -> Conformance | None:
    """Check a document by the template that it declares, or that its SOP Class has.

    Returns
    -------
    None if it declares none. Of a template that is not packaged it is said that it is not.
    """
    resource, tid = tree.root.template
    if not tree.is_whole:
        return Conformance(undecided=frozenset({"too many content items"}), is_judged=False)
    if tree.sop_class == KEY_OBJECT_SELECTION:
        # PS3.3 A.35.4.3.1.2: it is the only one.
        tid = "2010"
    elif not tid:
        return None
    elif resource not in ("", RESOURCE) or tid not in ROOTS:
        reason = "the template that is named is none of those that are packaged"
        return Conformance(undecided=frozenset({reason}), is_judged=False)
    return _Check(tree).document(template(tid).rows[0])


class _Result(NamedTuple):
    problems: frozenset[Problem]
    undecided: frozenset[str]
    matched: int


class _Check:
    """One document held against one template."""

    def __init__(self, tree: ContentTree) -> None:
        self._tree = tree
        self._known: dict[tuple[int, int], _Result] = {}
        self._counted: dict[tuple[int, int], bool] = {}

    def document(self, row: Row) -> Conformance:
        root = self._tree.root
        result = self._item(root, row)
        problems = set(result.problems)
        if row.concept and not same(root.concept, *row.concept):
            message = f"TID {_number(row.template)}: the document title is not {row.name}"
            problems.add(Problem("value", message, root.at("ConceptNameCodeSequence")))
        elif not row.concept and not _in_groups(root.concept, row.concept_groups):
            message = (
                f"TID {_number(row.template)}: the document title is {_not_in(row.concept_groups)}"
            )
            problems.add(Problem("value", message, root.at("ConceptNameCodeSequence")))
        return Conformance(frozenset(problems), result.undecided)

    def _item(self, item: ContentItem, row: Row) -> _Result:
        """Hold an item, and all below it, against a row."""
        key = (id(item), id(row))
        if key not in self._known:
            self._known[key] = self._hold(item, row)
        return self._known[key]

    def _hold(self, item: ContentItem, row: Row) -> _Result:
        problems: set[Problem] = set()
        undecided: set[str] = set()
        matched = 1
        if item.target is not None:
            # What is below it is said where it stands.
            return _Result(frozenset(), frozenset(), matched)
        problems.update(_of_values(item, row))
        group, leaves = _scope(row)
        filled: dict[int, list[ContentItem]] = {}
        order: dict[str, int] = {}
        observed: list[tuple[Row, ContentItem]] = []
        extensible = template(row.template).extensible
        for child in item.children:
            leaf, result = self._match(child, leaves, filled)
            if leaf is not None and result is not None:
                problems |= result.problems
                undecided |= result.undecided
                matched += result.matched
                problems.update(_of_order(leaf, order, child))
            else:
                leaf = self._meant(child, leaves)
                if leaf is not None:
                    problems.add(_of_kind(leaf, self._seen(child), child))
                elif not extensible and leaves:
                    tid = _number(row.template)
                    message = f"TID {tid}, which is not extensible, has no such content item"
                    problems.add(Problem("unexpected", message, child.path))
            if leaf is not None:
                filled.setdefault(leaf.index, []).append(child)
                if leaf.row.template in OBSERVERS:
                    observed.append((leaf.row, child))
        problems.update(_of_observers(observed, item))
        said = _Said(problems, undecided)
        self._group(group, leaves, item, filled, said)
        said.finish(item)
        return _Result(frozenset(problems), frozenset(undecided), matched)

    def _seen(self, item: ContentItem) -> ContentItem:
        """Return what an item by reference refers to, else itself."""
        if item.target is None:
            return item
        return self._tree.target(item.target) or item

    def _match(
        self, child: ContentItem, leaves: Sequence[_Leaf], filled: dict[int, list[ContentItem]]
    ) -> tuple[_Leaf | None, _Result | None]:
        """Return the row that an item is, the one that fits best."""
        seen = self._seen(child)
        fits: list[tuple[float, _Leaf]] = []
        for leaf in leaves:
            if leaf.row.value_type != seen.value_type:
                continue
            if leaf.relationship and leaf.relationship != child.relationship:
                continue
            if leaf.by_reference is (child.target is None):
                continue
            fit = _fit(seen.concept, leaf.row)
            if fit:
                fits.append((fit, leaf))
        if not fits:
            return None, None
        best = max(fit for fit, _ in fits)
        tied = [leaf for fit, leaf in fits if fit == best]
        declared = [leaf for leaf in tied if _number(leaf.row.template) == child.template[1]]
        results = [(leaf, self._item(child, leaf.row)) for leaf in declared or tied]

        def rank(pair: tuple[_Leaf, _Result]) -> tuple[int, int, bool, bool]:
            leaf, result = pair
            is_open = not leaf.row.value_groups
            return -result.matched, len(result.problems), leaf.index in filled, is_open

        return min(results, key=rank)

    def _meant(self, child: ContentItem, leaves: Sequence[_Leaf]) -> _Leaf | None:
        """Return the row whose concept an item has that is of another kind than the row."""
        seen = self._seen(child)
        if child.target is not None:
            return None
        for leaf in leaves:
            if leaf.row.concept and not leaf.by_reference and same(seen.concept, *leaf.row.concept):
                return leaf
        return None

    def _group(
        self,
        group: _Group,
        leaves: Sequence[_Leaf],
        item: ContentItem,
        filled: dict[int, list[ContentItem]],
        said: _Said,
    ) -> None:
        """Say what is missing of a group, too many, or there against its condition."""
        for member in group.members:
            if isinstance(member, _Leaf):
                self._leaf(member, leaves, item, filled, said)
                continue
            include = member.include
            assert include is not None
            # An item that other rows ask for too does not tell that this template is there.
            invoked = any(member.indexes.issuperset(leaves[index].alike) for index in filled)
            required: bool | None = include.requirement == "M"
            if not invoked and include.requirement == "MC":
                required = self._holds(include.condition, item)
            if required is None:
                said.undecided.add(_unknown(include.template))
            # Of rows that need not be there, and are not, there is nothing to say.
            if invoked or required:
                self._group(member, leaves, item, filled, said)

    def _leaf(
        self,
        leaf: _Leaf,
        leaves: Sequence[_Leaf],
        item: ContentItem,
        filled: dict[int, list[ContentItem]],
        said: _Said,
    ) -> None:
        row = leaf.row
        # Two includes may have the same row: one item is what both ask for.
        found = [child for index in leaf.alike for child in filled.get(index, ())]
        conditional = row.requirement in ("MC", "UC")
        if not found and row.requirement in ("U", "UC"):
            return
        holds = self._holds(row.condition, item) if conditional else None
        tid = _number(row.template)
        if not found:
            if row.requirement == "M":
                said.missing(f"TID {tid}: {leaf.name} is missing", item)
            elif row.requirement == "MC" and holds:
                said.missing_by_condition(leaf)
            elif row.requirement == "MC" and holds is None:
                said.undecided.add(_unknown(row.template))
            return
        most = _together([leaves[index].most for index in leaf.alike])
        place = found[0].path
        if most is not None and len(found) > most:
            message = f"TID {tid}: {leaf.name} is there more often than it may be"
            said.problems.add(Problem("number", message, place))
        elif len(found) < row.least:
            message = f"TID {tid}: {leaf.name} is there less often than it must be"
            said.problems.add(Problem("number", message, place))
        instead = leaf.is_once and not leaf.rivals.isdisjoint(filled)
        if holds is False and row.only_then and instead:
            message = f"TID {tid}: {leaf.name} is there, and what excludes it too"
            said.problems.add(Problem("condition", message, place))

    def _holds(self, condition: list[Any] | None, item: ContentItem) -> bool | None:
        """Evaluate a condition of a row below an item; None if that cannot be known."""
        if condition is None:
            return None
        kind = condition[0]
        if kind in ("and", "or"):
            said = [self._holds(each, item) for each in condition[1:]]
            decisive: bool = kind == "or"
            if decisive in said:
                return decisive
            return None if None in said else not decisive
        if kind == "not":
            inside = self._holds(condition[1], item)
            return None if inside is None else not inside
        if kind == "count":
            return self._counts(condition, item)
        if kind == "is":
            above = _above(item, condition[1])
            return above is not None and _is(above, condition)
        assert kind == "exceeds"
        return self._exceeds(condition[1], condition[2], item)

    def _exceeds(self, code: str, other: str, item: ContentItem) -> bool | None:
        """Whether of two numbers below an item the first is larger; None where that is not known.

        Items at one tag path are not told apart: if they differ in that, nobody knows.
        """
        place = item.at("ContentSequence", "MeasuredValueSequence", "NumericValue")
        said = {
            word == EXCEEDS
            for path, (word, *codes) in self._tree.compared
            if path == place and codes == [code, other]
        }
        return said.pop() if len(said) == 1 else None

    def _counts(self, condition: list[Any], item: ContentItem) -> bool:
        up: int = condition[1]
        steps: list[list[Any]] = condition[2]
        operator: str = condition[3]
        number: int = condition[4]
        above = self._tree.root if up < 0 else _above(item, up)
        # Of many items below one the same is asked: it is counted once.
        key = (id(above), id(condition))
        if key in self._counted:
            return self._counted[key]
        found: Sequence[ContentItem] = above.children if above is not None else ()
        if up < 0:
            found = self._tree.items
        for depth, step in enumerate(steps):
            name, *inside = step
            found = [
                each
                for each in found
                if _is_called(each, name) and (not inside or self._holds(inside[0], each))
            ]
            if depth + 1 < len(steps):
                found = [child for each in found for child in each.children]
        holds = len(found) == number if operator == "=" else len(found) > number
        self._counted[key] = holds
        return holds


def _together(mosts: list[int | None]) -> int | None:
    return None if None in mosts else sum(most or 0 for most in mosts)


class _Said:
    """Gathers what is said of one item."""

    def __init__(self, problems: set[Problem], undecided: set[str]) -> None:
        self.problems = problems
        self.undecided = undecided
        self._missed: list[_Leaf] = []

    def missing(self, message: str, item: ContentItem) -> None:
        self.problems.add(Problem("missing", message, item.at("ContentSequence")))

    def missing_by_condition(self, leaf: _Leaf) -> None:
        self._missed.append(leaf)

    def finish(self, item: ContentItem) -> None:
        """Say what is missing; of several of which one would do, as one thing."""
        groups: list[list[_Leaf]] = []
        for leaf in self._missed:
            near = [group for group in groups if any(leaf.index in one.rivals for one in group)]
            groups = [group for group in groups if group not in near]
            groups.append([*(one for group in near for one in group), leaf])
        for group in groups:
            names = list(dict.fromkeys(leaf.name for leaf in group))
            said = f"{names[0]} is missing"
            if len(names) > 1:
                said = f"there is none of {', '.join(names)}"
            self.missing(f"TID {_number(group[0].row.template)}: {said}", item)


def _fit(concept: Code | None, row: Row) -> float:
    """Return how well a concept name fits a row: 0 for not at all."""
    if row.concept:
        return 3.0 if same(concept, *row.concept) else 0.0
    if row.concept_groups:
        if _in_groups(concept, row.concept_groups):
            return 2.0
        # A context group may be extended; where the item must be there, this is it.
        return 0.5 if row.requirement == "M" else 0.0
    return 1.0


def _in_groups(code: Code | None, groups: Sequence[int]) -> bool:
    return code is not None and any(is_member(code, group) for group in groups)


def _not_in(groups: Sequence[int]) -> str:
    return f"not in {' or '.join(f'CID {group}' for group in groups)}"


def _of_values(item: ContentItem, row: Row) -> Iterator[Problem]:
    tid = _number(row.template)
    name = row.name or "the item"
    groups = row.value_groups
    if (
        groups
        and item.value is not None
        and item.value.value
        # The group that an old code was taken from is that of a former edition.
        and item.value.scheme not in RETIRED_SCHEMES
        and all(map(is_known_group, groups))
        and not _in_groups(item.value, groups)
    ):
        message = f"TID {tid}: the value of {name} is {_not_in(groups)}"
        yield Problem("value", message, item.at("ConceptCodeSequence"))
    if item.units is None or not item.units.value:
        return
    place = item.at("MeasuredValueSequence", "MeasurementUnitsCodeSequence")
    # Former editions of the dose templates lost the dot: Gym2.
    if row.units and item.units.value not in (row.units, row.units.replace(".", "")):
        yield Problem("units", f"TID {tid}: the units of {name} are not {row.units}", place)
    groups = row.units_groups
    if groups and all(map(is_known_group, groups)) and not _in_groups(item.units, groups):
        yield Problem("units", f"TID {tid}: the units of {name} are {_not_in(groups)}", place)


def _of_order(leaf: _Leaf, order: dict[str, int], child: ContentItem) -> Iterator[Problem]:
    """Say whether an item stands before one that it must follow."""
    tid = leaf.row.template
    if not leaf.is_once or not template(tid).ordered:
        return
    if leaf.index < order.get(tid, 0):
        message = f"TID {_number(tid)}: {leaf.name} stands behind what it must precede"
        yield Problem("order", message, child.path)
    order[tid] = max(order.get(tid, 0), leaf.index)


def _of_observers(found: Sequence[tuple[Row, ContentItem]], item: ContentItem) -> Iterator[Problem]:
    """Say whether observers have the items of their types (PS3.16 TID 1002).

    Observers follow each other, in a significant order, and a person's type may be left out: so a
    person may begin behind a device, but nothing of a device stands behind a person.
    """
    starts = [index for index, (row, _) in enumerate(found) if row.template == OBSERVER]
    for start, end in pairwise((*starts, len(found))):
        kind = found[start][1].value
        wanted = next((tid for tid, code in _TYPES.items() if same(kind, code, "DCM")), "")
        if not wanted:
            continue
        rows = [row for row, _ in found[start + 1 : end]]
        first = template(wanted).rows[0]
        if first not in rows:
            message = f"TID {wanted}: {first.name} is missing"
            yield Problem("missing", message, item.at("ContentSequence"))
        templates = [row.template for row in rows]
        device = len(templates) - templates[::-1].index(DEVICE) if DEVICE in templates else 0
        for row, child in found[start + 1 : start + 1 + device]:
            if row.template != wanted:
                message = f"TID {row.template}: {row.name} is there, and the observer is a "
                yield Problem("condition", message + _CALLED[wanted], child.path)


def _of_kind(leaf: _Leaf, seen: ContentItem, child: ContentItem) -> Problem:
    differs = "value type" if leaf.row.value_type != seen.value_type else "relationship"
    attribute = "ValueType" if differs == "value type" else "RelationshipType"
    wanted = leaf.row.value_type if differs == "value type" else leaf.relationship
    message = f"TID {_number(leaf.row.template)}: the {differs} of {leaf.name} is not {wanted}"
    return Problem("kind", message, child.at(attribute))


def _unknown(tid: str) -> str:
    return f"a condition of TID {_number(tid)} cannot be evaluated"


@lru_cache(maxsize=256)
def _number(tid: str) -> str:
    """Return the number of a template, of a part that the source made of one too."""
    return "".join(letter for letter in tid if letter.isdecimal())


def _above(item: ContentItem, levels: int) -> ContentItem | None:
    found: ContentItem | None = item
    for _ in range(levels):
        found = found.parent if found is not None else None
    return found


def _is_called(item: ContentItem, name: str) -> bool:
    if name == "REFERENCE":
        return item.target is not None
    return item.target is None and item.value_type == name


def _is(item: ContentItem, condition: list[Any]) -> bool:
    _, _, what, which, operator, text = condition
    if what == "relationship":
        found = item.relationship
    else:
        code = item.concept if what == "concept" else item.value
        if code is None:
            return False
        now = today(code)
        found = now.value if which == "cv" else now.scheme
    return bool((found == text) is (operator == "="))
