"""Build the packaged table of structured report templates (PS3.16 A) and constraints (PS3.3 A.35).

Run as ``python tools/build_templates.py SR_TEMPLATES_XML``. The source is the XML with which
PixelMed validates structured reports; taken are its facts: rows with nesting, relationship, value
type, concept, multiplicity, requirement, condition, value set and units, and for each SOP Class
which value types may have which. See `auditor.structured_report.templates` for the form.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

TABLE = Path(__file__).parents[1] / "auditor" / "standard" / "templates.json.gz"

STAMP = "# PS3.16 templates, PS3.3 A.35 constraints: PixelMed 20250211"

ROOTS = ("1500", "10001", "10011", "2010")
"""Templates that are packaged, with all that they include."""

Row = dict[str, Any]

_GROUPS = {"7010_WithTCE": [7010], "PMP_10034_PLUS_7011": [10034, 7011]}
"""Context groups that the source made up of those of the standard."""


def main() -> None:
    """Write the table."""
    source = ET.parse(sys.argv[1]).getroot()  # noqa: S314 - a file of our own choice
    defined = {each.get("tid", ""): each for each in source.iter("definetemplate")}
    templates: dict[str, Row] = {}
    waiting = list(ROOTS)
    while waiting:
        tid = waiting.pop()
        if tid in templates:
            continue
        rows = [_row(each) for each in _rows(defined[tid])]
        _mend(tid, rows)
        templates[tid] = {
            "extensible": defined[tid].get("extensible") == "T",
            "ordered": defined[tid].get("ordersignificant") == "T",
            "rows": rows,
        }
        waiting.extend(row["include"] for row in _all(rows) if "include" in row)
    table = {"templates": dict(sorted(templates.items())), "constraints": _constraints(source)}
    text = f"{STAMP}\n{json.dumps(table, separators=(',', ':'), sort_keys=True)}\n"
    TABLE.write_bytes(gzip.compress(text.encode(), mtime=0))


def _rows(element: ET.Element) -> Iterator[ET.Element]:
    return (each for each in element if each.tag in ("templatecontentitem", "includetemplate"))


def _all(rows: list[Row]) -> Iterator[Row]:
    for row in rows:
        yield row
        yield from _all(row.get("rows", []))


def _row(element: ET.Element) -> Row:
    get = element.get
    relationship = " ".join((get("relationship") or "").split())
    row: Row = {
        "row": get("row") or "",
        "relationship": relationship.removeprefix("R-"),
        "requirement": get("requiredType") or "U",
        "least": int(get("vmmin") or 1),
        "most": None if (get("vmmax") or "n").endswith("n") else int(get("vmmax") or 1),
    }
    if relationship.startswith("R-"):
        row["by_reference"] = True
    if get("condition"):
        row["condition"] = Condition(get("condition") or "").parse()
    if get("mbpo") == "F":
        row["only_then"] = True
    if element.tag == "includetemplate":
        return row | {"include": get("tid")}
    row["value_type"] = (get("valueType") or "").upper()
    if get("cvConceptName"):
        row["concept"] = [get("cvConceptName"), get("csdConceptName")]
        row["name"] = get("cmConceptName")
    if groups := _context_groups(get("conceptNameCID")):
        row["concept_groups"] = groups
    if (groups := _context_groups(get("valueSetCID"))) and get("valueSetBDE") != "B":
        row["value_groups"] = groups
    if get("cvUnits"):
        row["units"] = get("cvUnits")
    if groups := _context_groups(get("unitsCID")):
        row["units_groups"] = groups
    if rows := [_row(each) for each in _rows(element)]:
        row["rows"] = rows
    return row


def _context_groups(name: str | None) -> list[int]:
    """Return the numbers of context groups; none for one that the source made up."""
    if not name:
        return []
    if name in _GROUPS:
        return _GROUPS[name]
    return [int(part) for part in name.split("_")] if re.fullmatch(r"[\d_]+", name) else []


_TOKEN = re.compile(
    r"\s*(count|number|not|and|or|//|\.\.|[a-z]\w*|@\w+|'[^']*'|\d+|!=|>=|<=|[=<>()\[\]/])"
)


class Condition:
    """Reads a condition of the source into nested lists.

    Parameters
    ----------
    text
        In the source's language, a part of XPath.

    Notes
    -----
    ``["or" | "and", ...]``, ``["not", x]``, ``["count", up, steps, operator, number]`` with
    `up` how many levels above the row's parent the path starts (-1: anywhere in the document)
    and `steps` of value type and what holds of it, ``["is", up, "concept" | "value" |
    "relationship", "cv" | "csd" | "", "=" | "!=", text]``, and ``["exceeds", code, other]``: of
    two NUM below the row's parent, both of DCM, that of the first concept is the larger number.
    """

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)
        assert "".join(self._tokens) == "".join(text.split()), text
        self._at = 0

    def parse(self) -> list[Any]:
        """Return the whole."""
        whole = self._or()
        assert self._at == len(self._tokens), self._tokens[self._at :]
        return whole

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, *expected: str) -> str:
        token = self._peek()
        assert not expected or token in expected, (token, expected)
        self._at += 1
        return token

    def _or(self) -> list[Any]:
        parts = [self._and()]
        while self._peek() == "or":
            self._take()
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else ["or", *parts]

    def _and(self) -> list[Any]:
        parts = [self._one()]
        while self._peek() == "and":
            self._take()
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else ["and", *parts]

    def _one(self) -> list[Any]:
        if self._peek() == "not":
            self._take()
            return ["not", self._bracketed()]
        if self._peek() == "(":
            return self._bracketed()
        if self._peek() == "count":
            self._take()
            self._take("(")
            up, steps = self._path()
            self._take(")")
            operator, number = ">", 0
            if self._peek() in ("=", ">"):
                operator, number = self._take(), int(self._take())
            return ["count", up, steps, operator, number]
        if self._peek() == "number":
            larger = self._number()
            self._take(">")
            return ["exceeds", larger, self._number()]
        up, names = self._names()
        operator = self._take("=", "!=")
        what = names[0].removeprefix("@")
        which = names[1].removeprefix("@") if len(names) > 1 else ""
        return ["is", up, what, which, operator, self._take()[1:-1]]

    def _number(self) -> str:
        """Return the code of the concept whose number is taken."""
        self._take("number")
        self._take("(")
        up, steps = self._path()
        self._take(")")
        (value_type, inside), *_ = steps
        assert (up, value_type) == (0, "NUM"), steps
        code, scheme = (part[5] for part in inside[1:])
        assert scheme == "DCM", steps
        return str(code)

    def _bracketed(self) -> list[Any]:
        self._take("(")
        inside = self._or()
        self._take(")")
        return inside

    def _names(self) -> tuple[int, list[str]]:
        up, names = 0, []
        while self._peek() == "..":
            self._take()
            self._take("/")
            up += 1
        names.append(self._take())
        while self._peek() == "/":
            self._take()
            names.append(self._take())
        return up, names

    def _path(self) -> tuple[int, list[list[Any]]]:
        up = 0
        if self._peek() == "//":
            self._take()
            up = -1
        while self._peek() == "..":
            self._take()
            self._take("/")
            up += 1
        steps = [self._step()]
        while self._peek() == "/":
            self._take()
            steps.append(self._step())
        return up, steps

    def _step(self) -> list[Any]:
        name = self._take().upper()
        if self._peek() != "[":
            return [name]
        self._take()
        inside = self._or()
        self._take("]")
        return [name, inside]


def _has(*items: tuple[str, str], operator: str = ">") -> list[Any]:
    """Return a condition: there is, or with ``=`` there is not, one of these DCM concepts."""
    parts: list[list[Any]] = [
        ["count", 0, [[value_type, ["is", 0, "concept", "cv", "=", code]]], operator, 0]
        for value_type, code in items
    ]
    joint = "or" if operator == ">" else "and"
    return parts[0] if len(parts) == 1 else [joint, *parts]


def _method(*codes: str) -> list[Any]:
    """Return a condition: Measurement Method, beside the row, is one of these of DCM."""
    inside = ["or", *(["is", 0, "value", "cv", "=", code] for code in codes)]
    method = ["is", 0, "concept", "cv", "=", "370129005"]
    return ["count", 0, [["CODE", ["and", method, inside]]], ">", 0]


REGION, SURFACE, SPACE = "111030", "121231", "130488"
FRAME, SEGMENT, IMAGES, SERIES = "121214", "121191", "121233", "121232"


def _mend(tid: str, rows: list[Row]) -> None:
    """Put right what the source has otherwise than PS3.16, or cannot say in its language."""
    by_row: dict[str, Row] = {}
    for row in _all(rows):
        by_row.setdefault(row["row"], row)
    if tid in ("1410", "1411"):
        _mend_regions(tid, rows[0]["rows"], by_row)
    elif tid in _MENDS:
        _MENDS[tid](by_row)


def _mend_report(row: dict[str, Row]) -> None:
    row["4"]["most"] = None
    # Conditions by which the source tells the three kinds of measurement group apart.
    for number in ("7", "8", "9"):
        row[number]["requirement"] = "U"
        row[number].pop("condition")


def _mend_measurements(row: dict[str, Row]) -> None:
    # A group may have a site and a finding, and nothing that is measured.
    row["5"]["requirement"] = "U"


def _mend_group(row: dict[str, Row]) -> None:
    row["10h"]["relationship"] = "SELECTED FROM"


def _mend_library(row: dict[str, Row]) -> None:
    row["4"]["most"] = None


def _mend_pet(row: dict[str, Row]) -> None:
    # They belong to Glucose, row 12, which is optional.
    row["13"]["requirement"] = row["14"]["requirement"] = "U"


def _mend_key_objects(row: dict[str, Row]) -> None:
    # The condition is about the title, and the context group about the value.
    for number, titles, group in (("3", ("113001", "113010"), 7011), ("4", ("113013",), 7012)):
        row[number].pop("concept_groups")
        row[number].pop("only_then", None)
        row[number]["value_groups"] = [group]
        row[number]["condition"] = [
            "or",
            *(["is", 0, "concept", "cv", "=", title] for title in titles),
        ]


def _mend_source(row: dict[str, Row]) -> None:
    # The reference point is that of Dose (RP), row 1.
    for number, other in (("2", "CODE"), ("3", "TEXT")):
        dose = _has(("NUM", "113738"))
        row[number]["condition"] = ["and", dose, _has((other, "113780"), operator="=")]


def _mend_event(row: dict[str, Row]) -> None:
    # The source's paths start now at the row, now at its parent; here it is the parent.
    row["29"]["condition"] = [
        "or",
        *(["is", 0, "value", "cv", "=", code] for code in ("113800", "113802")),
    ]
    for number, codes in (
        ("32", ("113934", "113936")),
        ("33", ("113935", "113936")),
        ("34", ("113934", "113935", "113936", "113937")),
        ("34a", ("113988", "113989")),
        ("34c", ("113988", "113989")),
        ("34e", ("113981",)),
        ("34f", ("113989",)),
    ):
        row[number]["condition"] = _method(*codes)
        row[number].pop("only_then", None)


_MENDS: dict[str, Callable[[dict[str, Row]], None]] = {
    "1419": _mend_measurements,
    "1500": _mend_report,
    "1501": _mend_group,
    "1600": _mend_library,
    "1607": _mend_pet,
    "2010": _mend_key_objects,
    "10003b": _mend_source,
    "10013": _mend_event,
}
"""By template what puts its rows right, by their number."""


def _mend_regions(tid: str, rows: list[Row], by_row: dict[str, Row]) -> None:
    """Let a region be given in the newer ways too; there is exactly one way in a group."""
    planar = tid == "1410"
    ways = [("SCOORD", REGION), ("SCOORD3D", REGION), ("COMPOSITE", SPACE)]
    ways += [("IMAGE", FRAME)] if planar else [("IMAGE", SEGMENT), ("SCOORD3D", SURFACE)]
    by_row["5"]["most"] = 1 if planar else None
    numbers = {("SCOORD", REGION): "5", ("IMAGE", FRAME): "7", ("IMAGE", SEGMENT): "7"}
    numbers["SCOORD3D", SURFACE] = "10"
    for way in ways:
        row = by_row.get(numbers.get(way, ""))
        if row is None:
            row = {**by_row["5"], "value_type": way[0], "concept": [way[1], "DCM"]}
            row.pop("rows")
            row["row"] = "5a" if way[1] == REGION else "10a"
            if way[1] == SPACE:
                row["name"], row["most"] = "Region in Space", 1
            rows.insert(rows.index(by_row["5"]) + 1, row)
        row["condition"] = _has(*(other for other in ways if other != way), operator="=")
        row["only_then"] = True
    if not planar:
        made = _has(("IMAGE", SEGMENT), ("SCOORD3D", SURFACE))
        for number, other in (("11", ("UIDREF", SERIES)), ("12", ("IMAGE", IMAGES))):
            by_row[number]["condition"] = ["and", _has(other, operator="="), made]


def _constraints(source: ET.Element) -> dict[str, Any]:
    """Return SOP Class UID to value type to relationship to value types, and by reference."""
    named: dict[str, Any] = {}
    for each in source.iter("definecontentitemconstraints"):
        allowed: dict[str, Any] = {}
        for parent in each:
            for child in parent:
                place = allowed.setdefault((parent.get("name") or "").upper(), {})
                kinds = place.setdefault(child.get("relationship"), [[], []])
                by_reference = child.get("byreference") == "T"
                kinds[0].append((child.get("name") or "").upper())
                if by_reference:
                    kinds[1].append((child.get("name") or "").upper())
        named[each.get("name") or ""] = allowed
    return {
        iod.get("sopclass") or "": named[used.get("name") or ""]
        for iod in source.iter("defineiod")
        for used in iod.iter("invokecontentitemconstraints")
    }


if __name__ == "__main__":
    main()
