"""Write which lists of enumerated values dciodvfy has too, by asking the installed program.

    python tools/ask_dciodvfy.py

The packaged lists are of an edition of 2020; the program is newer. It is shown made-up objects of
each SOP Class: with a value that is in no list, and with one value of the lists after the other.
Where it finds fault with the first, with all that other lists of the attribute have, and with
none of the others, the list is as the program has it. `build_standard.py` marks the lists that
`current_enumerations.tsv` names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pydicom import Dataset
from pydicom.dataelem import DataElement
from pydicom.sequence import Sequence

from auditor.conformance.dciodvfy import DciodvfyReferee, stand_in, tags_of
from auditor.conformance.legality import lenient
from auditor.standard.dictionary import tag_of, vr_of
from auditor.standard.iods import FUNCTIONAL_GROUPS, Level, packaged_iods, tag_of_key

WRITTEN = Path(__file__).with_name("current_enumerations.tsv")

Source = tuple[str, str]
"""Section or table of PS3.3, and the tags from there to an attribute with a list."""

TagPlace = tuple[int, ...]
Values = dict[int, list[Any]]
"""Enumerated values by number of the value, 0 for each."""

CONTENT, VALUE_TYPE = tag_of("ContentSequence"), tag_of("ValueType")
VALUE_TYPES = (
    "TEXT", "NUM", "CODE", "DATE", "TIME", "DATETIME", "UIDREF", "PNAME", "COMPOSITE", "IMAGE",
    "WAVEFORM", "SCOORD", "SCOORD3D", "TCOORD", "CONTAINER",
)  # fmt: skip
"""Of content items: which macro of attributes an item has follows from it (PS3.3 C.17.3)."""

LEGAL = {"AS": "030Y", "AT": 0x00080005, "DA": "20010101", "DS": "1", "DT": "2001"} | {
    "IS": "1", "TM": "10", "UI": "1.2.3", **dict.fromkeys(("FD", "FL"), 1.0),
    **dict.fromkeys(("SL", "SS", "SV", "UL", "US", "UV"), 1),
    **dict.fromkeys(("OB", "OD", "OF", "OL", "OV", "OW", "UN"), b"\0\0"),
}  # fmt: skip
"""By VR, what an attribute without a list is given; of any other VR, an X."""


@dataclass
class Node:
    """What an IOD has at one place."""

    lists: list[tuple[Source, Values]] = field(default_factory=list)
    levels: list[tuple[str, str, Level]] = field(default_factory=list)
    items: dict[int, Node] = field(default_factory=dict)

    @property
    def values(self) -> Values:
        """The values that all lists there have."""
        common: Values = {}
        for _, lists in self.lists:
            for index, values in lists.items():
                known = common.get(index, values)
                common[index] = [each for each in known if each in values]
        return common

    @property
    def is_number(self) -> bool:
        """Whether the values are numbers."""
        return isinstance(next(iter(self.lists[0][1].values()))[0], int)


def attributes(ref: str, steps: str, level: Level) -> Iterator[tuple[str, str, str, Any]]:
    """Yield table, steps in it, key and rest of each attribute, of included macros too."""
    for included in level.get("include", ()):
        if included["ref"] not in (ref, "FuncGroup"):
            yield from attributes(included["ref"], "", packaged_iods().modules[included["ref"]])
    for key, value in level.items():
        if key != "include":
            yield ref, f"{steps}{key}", key, value


def tree(
    levels: list[tuple[str, str, Level]], macros: list[str], depth: int = 0
) -> dict[int, Node]:
    """Return what levels of attributes hold, to a depth at which they repeat themselves."""
    nodes: dict[int, Node] = {}
    for level in levels:
        for ref, steps, key, value in attributes(*level):
            tag = tag_of_key(key)
            node = nodes.setdefault(tag, Node())
            lists = {e.get("index", 0): e["val"] for e in value.get("enums", ()) if "cond" not in e}
            if lists:
                node.lists.append(((ref, steps), lists))
            if "items" in value:
                node.levels.append((ref, steps, value["items"]))
            if tag in FUNCTIONAL_GROUPS and not depth:
                node.levels = [(each, "", packaged_iods().modules[each]) for each in macros]
    for tag, node in nodes.items():
        if node.levels and depth < (1 if tag == CONTENT else 3):
            node.items = tree(node.levels, macros, depth + 1)
    return nodes


@cache
def nodes_of(uid: str) -> dict[int, Node]:
    """Return what the IOD of a SOP Class has."""
    iod = packaged_iods().iods[uid]
    modules = [each["ref"] for each in iod["modules"].values()]
    macros = [each["ref"] for each in iod["group_macros"].values()]
    return tree([(each, "", packaged_iods().modules[each]) for each in modules], macros)


def sources(nodes: dict[int, Node]) -> set[Source]:
    """Return all lists at and below some places."""
    here = {source for node in nodes.values() for source, _ in node.lists}
    return here.union(*(sources(node.items) for node in nodes.values()))


def places(nodes: dict[int, Node], path: TagPlace = ()) -> Iterator[tuple[TagPlace, Node]]:
    """Yield the places that have a list."""
    for tag, node in nodes.items():
        if node.lists:
            yield (*path, tag), node
        yield from places(node.items, (*path, tag))


def made(
    nodes: dict[int, Node],
    wanted: set[Source],
    choose: Callable[[TagPlace, Node], Any],
    path: TagPlace = (),
) -> Dataset:
    """Return a data set with all that is there, of sequences those that lead to wanted lists."""
    dataset = Dataset()
    for tag, node in nodes.items():
        if tag >> 16 & 1 or not 0x0008_0000 <= tag < 0x7FE0_0000:
            continue
        vr, here = vr_of(tag).split(" ")[0], (*path, tag)
        value: Any
        if vr == "SQ":
            if not sources(node.items) & wanted:
                continue
            value = [made(node.items, wanted, choose, here)]
            for each in VALUE_TYPES if tag == CONTENT else ():
                value.append(made(node.items, wanted, choose, here))
                value[-1].ValueType = each
            value = Sequence(value)
        elif node.lists:
            value = choose(here, node)
        else:
            value = LEGAL.get(vr, "X")
        dataset.add(DataElement(tag, vr, value))
    return dataset


def nth(node: Node, number: int) -> Any:
    """Return the values of an attribute, each by the number of one in its list."""
    values, last = node.values, max(node.values)
    chosen = [
        values[index][number % len(values[index])] if values.get(index) else OTHER[node.is_number]
        for index in range(min(last, 1), last + 1)
    ]
    return chosen if len(chosen) > 1 else chosen[0]


def none(node: Node, strangers: list[Any], number: int) -> Any:
    """Return values of which none is in its list: one that no list has, or one of other lists."""
    foreign = [each for each in strangers if all(each not in own for own in node.values.values())]
    one = [OTHER[node.is_number], *foreign][number % (len(foreign) + 1)]
    return [one] * max(node.values) if max(node.values) else one


OTHER = {True: 99, False: "ZZ9"}
"""What no list has, of numbers and of texts."""


class Asked:
    """The program, and what it was found to have.

    Parameters
    ----------
    uids
        SOP Classes that it is asked about.
    """

    def __init__(self, uids: Iterable[str]) -> None:
        self._program = DciodvfyReferee()
        self.current: set[Source] = set()
        self._listed: dict[int, list[Any]] = {}
        for uid in uids:
            for path, node in places(nodes_of(uid)):
                known = self._listed.setdefault(path[-1], [])
                every = (v for _, lists in node.lists for values in lists.values() for v in values)
                known += [each for each in dict.fromkeys(every) if each not in known]

    def about(self, uid: str) -> None:
        """Ask about the lists of an IOD that were not found yet."""
        nodes = nodes_of(uid)
        wanted = sources(nodes) - self.current
        if not wanted:
            return
        there = {
            path: node
            for path, node in places(nodes)
            if not wanted.isdisjoint(source for source, _ in node.lists)
        }

        def blamed(choose: Callable[[TagPlace, Node], Any]) -> set[TagPlace]:
            dataset = made(nodes, wanted, choose)
            dataset.SOPClassUID = uid
            with lenient():
                report = self._program.judge_file(stand_in(dataset, uid))
            return {
                tuple(tags_of(each)) for each in report.errors if each.kind == "enumerated_value"
            }

        # A wrong value may undo the condition by which another attribute is looked at: each is
        # wrong once with all others, and once with some.
        read: set[TagPlace] | None = None
        most = max(len(self._listed[path[-1]]) for path in there)
        for number in range(min(most, STRANGERS) + 1):
            wrong = set()
            for part in range(PARTS + 1):
                wrong |= blamed(
                    lambda path, node, part=part, number=number: (  # type: ignore[misc]
                        none(node, self._listed[path[-1]], number)
                        if part in (sum(path) % PARTS, PARTS)
                        else nth(node, 0)
                    )
                )
            read = wrong if read is None else read & wrong
        longest = max(len(each) for node in there.values() for each in node.values.values())
        denied: set[TagPlace] = set()
        for number in range(longest):
            denied |= blamed(lambda _, node, number=number: nth(node, number))  # type: ignore[misc]
        for path in (read or set()) - denied:
            node = there.get(path, Node())
            self.current |= {source for source, values in node.lists if values == node.values}


PARTS = 2
"""Into how many parts the places are cut of which some are wrong."""

STRANGERS = 6
"""Values of other lists that are asked about at once: each takes some files."""


def main() -> None:
    """Ask about every SOP Class, and write."""
    asked = Asked(packaged_iods().iods)
    for uid in packaged_iods().iods:
        asked.about(uid)
        print(uid, len(asked.current), flush=True)
    WRITTEN.write_text(
        "".join(f"{ref}\t{steps}\n" for ref, steps in sorted(asked.current)), encoding="utf-8"
    )
    print(f"{len(asked.current)} lists are as dciodvfy has them")


if __name__ == "__main__":
    main()
