"""Write which lists of values dciodvfy has too, by asking the installed program.

    python tools/ask_dciodvfy.py

The packaged lists are of an edition of 2020; the program is newer. It is shown made-up objects of
each SOP Class: with a value that is in no list, and with one value of the lists after the other.
Where it finds fault with the first, with all that other lists of the attribute have, with every
word that the program itself holds, and with none of the others, the list is as the program has it.
So are enumerated values and defined terms told apart: it has another word for each.
`build_standard.py` marks the lists that `current_lists.tsv` names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pydicom import Dataset
from pydicom.dataelem import DataElement
from pydicom.sequence import Sequence

from auditor.conformance.dciodvfy import DciodvfyReferee, find_program, run, stand_in, tags_of
from auditor.conformance.legality import lenient
from auditor.standard.dictionary import tag_of, vr_of
from auditor.standard.iods import FUNCTIONAL_GROUPS, Level, packaged_iods, tag_of_key

WRITTEN = Path(__file__).with_name("current_lists.tsv")

Source = tuple[str, str, str]
"""Section or table of PS3.3, the tags from there to an attribute with a list, and what that has."""

KINDS = {"enumerated_value": "enumerated", "defined_term": "defined"}
"""What the program says of a value, to what the list has then."""

EITHER = tuple(KINDS.values())

TagPlace = tuple[int, ...]
Values = dict[int, list[Any]]
"""Values of lists by number of the value, 0 for each."""

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

    def values_of(self, kind: str) -> Values:
        """Return the same of what lists of a kind are about."""
        numbers = {index for source, lists in self.lists if source[2] == kind for index in lists}
        return {index: values for index, values in self.values.items() if index in numbers}

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
    levels: list[tuple[str, str, Level]], macros: list[str], kinds: tuple[str, ...], depth: int = 0
) -> dict[int, Node]:
    """Return what levels of attributes hold, to a depth at which they repeat themselves."""
    nodes: dict[int, Node] = {}
    for level in levels:
        for ref, steps, key, value in attributes(*level):
            tag = tag_of_key(key)
            node = nodes.setdefault(tag, Node())
            listed = [each for each in value.get("enums", ()) if "cond" not in each]
            for kind in kinds:
                of_kind = [each for each in listed if ("defined" in each) == (kind == "defined")]
                if of_kind:
                    lists = {each.get("index", 0): each["val"] for each in of_kind}
                    node.lists.append(((ref, steps, kind), lists))
            if "items" in value:
                node.levels.append((ref, steps, value["items"]))
            if tag in FUNCTIONAL_GROUPS and not depth:
                node.levels = [(each, "", packaged_iods().modules[each]) for each in macros]
    for tag, node in nodes.items():
        if node.levels and depth < (1 if tag == CONTENT else 3):
            node.items = tree(node.levels, macros, kinds, depth + 1)
    return nodes


@cache
def nodes_of(uid: str, kinds: tuple[str, ...] = EITHER) -> dict[int, Node]:
    """Return what the IOD of a SOP Class has, with lists of some kinds."""
    iod = packaged_iods().iods[uid]
    modules = [each["ref"] for each in iod["modules"].values()]
    macros = [each["ref"] for each in iod["group_macros"].values()]
    return tree([(each, "", packaged_iods().modules[each]) for each in modules], macros, kinds)


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


def same(values: Values, others: Values) -> bool:
    """Whether lists have the same values, in whatever order."""
    return {i: set(v) for i, v in values.items()} == {i: set(v) for i, v in others.items()}


def is_of_each(node: Node) -> bool:
    """Whether there is one list of texts, for each of the values."""
    return list(node.values) == [0] and not node.is_number and bool(node.values[0])


def none(node: Node, strangers: list[Any], number: int) -> Any:
    """Return values of which none is in its list: one that no list has, or one of other lists."""
    foreign = [each for each in strangers if all(each not in own for own in node.values.values())]
    one = [OTHER[node.is_number], *foreign][number % (len(foreign) + 1)]
    return [one] * max(node.values) if max(node.values) else one


OTHER = {True: 99, False: "ZZ9"}
"""What no list has, of numbers and of texts."""


def words_of(program: bytes) -> Iterator[str]:
    """Yield what can be a code string among the texts of a program, and at their ends.

    A text that another one ends with is kept with it.
    """
    for text in _TEXT.findall(program):
        for start in range(len(text) - 1):
            if _WORD.fullmatch(word := text[start:].decode()):
                yield word


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
        self.longer: dict[Source, set[str]] = {}
        program = find_program()
        assert program is not None
        self._path = program
        self.words = set(words_of(program.read_bytes()))
        self._listed: dict[int, list[Any]] = {}
        for uid in uids:
            for path, node in places(nodes_of(uid)):
                known = self._listed.setdefault(path[-1], [])
                every = (v for _, lists in node.lists for values in lists.values() for v in values)
                known += [each for each in dict.fromkeys(every) if each not in known]
                self.words.update(each for each in known if isinstance(each, str))

    def about(self, uid: str) -> None:
        """Ask about the lists of an IOD that were not found yet.

        Of enumerated values, before there are terms, by which conditions look at others, too.
        """
        for kinds in (EITHER[:1], EITHER):
            self._about(uid, kinds)

    def _about(self, uid: str, kinds: tuple[str, ...]) -> None:
        nodes = nodes_of(uid, kinds)
        wanted = sources(nodes) - self.current
        if not wanted:
            return
        there = {
            path: node
            for path, node in places(nodes)
            if not wanted.isdisjoint(source for source, _ in node.lists)
        }

        def blamed(choose: Callable[[TagPlace, Node], Any]) -> set[tuple[TagPlace, str]]:
            dataset = made(nodes, wanted, choose)
            dataset.SOPClassUID = uid
            with lenient():
                report = self._program.judge_file(stand_in(dataset, uid))
            return {
                (tuple(tags_of(each)), KINDS[each.kind])
                for each in report.errors
                if each.kind in KINDS
            }

        # A wrong value may undo the condition by which another attribute is looked at: each is
        # wrong once with all others, and once with some.
        read: set[tuple[TagPlace, str]] | None = None
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
        denied: set[tuple[TagPlace, str]] = set()
        longest = max(len(each) for node in there.values() for each in node.values.values())
        for number in range(min(longest, STRANGERS)):
            denied |= blamed(lambda _, node, number=number: nth(node, number))  # type: ignore[misc]
        denied |= blamed(lambda _, node: node.values[0] if is_of_each(node) else nth(node, 0))
        found = [
            (path, source)
            for path, kind in sorted((read or set()) - denied)
            for source, values in there.get(path, Node()).lists
            if source[2] == kind and same(values, there[path].values_of(kind))
        ]
        place_of = {source: path for path, source in found}
        more = self._more(nodes, wanted, {path: there[path] for path in place_of.values()}, uid)
        for source, path in place_of.items():
            if path in more:
                self.longer[source] = more[path]
            else:
                self.current.add(source)

    def _more(
        self, nodes: dict[int, Node], wanted: set[Source], some: dict[TagPlace, Node], uid: str
    ) -> dict[TagPlace, set[str]]:
        """Return which words the program takes at some places beyond the lists there.

        Of a list for each value many are asked at once, after one that is in it; of others nothing.
        """
        some = {path: node for path, node in some.items() if is_of_each(node)}
        more: dict[TagPlace, set[str]] = {path: set() for path in some}
        words = sorted(self.words)
        for start in range(0, len(words) if some else 0, AT_ONCE):
            asked = {
                path: [
                    word for word in words[start : start + AT_ONCE] if word not in node.values[0]
                ]
                for path, node in some.items()
            }

            def choose(path: TagPlace, node: Node) -> Any:
                return [nth(node, 0), *asked[path]] if path in asked else nth(node, 0)  # noqa: B023 - asked at once

            dataset = made(nodes, wanted, choose)
            dataset.SOPClassUID = uid
            with lenient():
                _, output = run(self._path, stand_in(dataset, uid))
            taken = {path: set(its) for path, its in asked.items()}
            for line in _UNRECOGNIZED.finditer(output.decode("latin-1")):
                tags = tuple(
                    int(group + element, 16) for group, element in _TAG.findall(line["path"])
                )
                taken.get(tags, set()).discard(line["word"].strip())
            for path, its in taken.items():
                # Where it objects to none of them it did not look.
                more[path] |= its if its != set(asked[path]) else set()
        return {path: words for path, words in more.items() if words}


PARTS = 2
"""Into how many parts the places are cut of which some are wrong."""

AT_ONCE = 300
"""Words that are asked about at once: the program does not read much longer values."""

_TEXT = re.compile(rb"(?<=\0)[A-Za-z0-9_ ]{2,40}(?=\0)")
_WORD = re.compile(r"[A-Z0-9][A-Z0-9_ ]{0,14}[A-Z0-9]")

_UNRECOGNIZED = re.compile(r"<(?P<path>/\S+)> - Unrecognized [a-z ]+ = <(?P<word>[^>]*)>")
_TAG = re.compile(r"\((\w{4}),(\w{4})\)")

STRANGERS = 6
"""Values of other lists that are asked about at once: each takes some files."""


def main() -> None:
    """Ask about every SOP Class, and write."""
    asked = Asked(packaged_iods().iods)
    for uid in packaged_iods().iods:
        asked.about(uid)
        print(uid, len(asked.current), flush=True)
    WRITTEN.write_text(
        "".join("\t".join(each) + "\n" for each in sorted(asked.current)), encoding="utf-8"
    )
    for source, words in sorted(asked.longer.items()):
        if source not in asked.current:
            print("has more:", *source, sorted(words)[:20])
    print(f"{len(asked.current)} lists are as dciodvfy has them")


if __name__ == "__main__":
    main()
