"""Loads folders of rules, validates what they say of themselves, refuses duplicates."""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from auditor.conformance.vocabulary import REFEREES
from auditor.facts import PRIVATE
from auditor.judging_code import code_digest
from auditor.model import (
    ANY,
    CATEGORIES,
    FAMILIES,
    Comparison,
    Judge,
    Rule,
    Scope,
    Selector,
    Summary,
    Unit,
)
from auditor.reading.reader import FileFacts
from auditor.sources import printable
from auditor.standard.dictionary import tag_of
from auditor.store import PASSING, QUERIED, WALKED
from auditor.structured_report.content import CONTENT

T = TypeVar("T")

RULE_ID = re.compile(r"([A-Z]+)([0-9]{3})")

PACKAGE = "dicom_auditor_rules_"
"""How the made-up package of every folder of rules begins."""


def is_rule_module(name: str) -> bool:
    """Whether a module was loaded from a folder of rules."""
    return name.startswith(PACKAGE)


class RegistryError(Exception):
    """A folder of rules cannot be used; the message is one plain line."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules, judges and summaries of an audit.

    Attributes
    ----------
    rules
        In order of category and id.
    judges
        Judges and comparisons, by name.
    folders
        Where they came from, so that a worker can load the same.
    digest
        Hash of ids and source text: two audits compare only if it is the same.
    left_out
        How many rules `only` has taken away, by category.
    summaries
        What is counted beside, in order of name.
    """

    rules: tuple[Rule, ...]
    judges: dict[str, Judge | Comparison]
    folders: tuple[Path, ...]
    digest: str
    left_out: Mapping[str, int] = field(default_factory=dict)
    summaries: tuple[Summary, ...] = ()

    def only(self, select: Iterable[str], ignore: Iterable[str]) -> RuleSet:
        """Keep the rules named by id or category; an empty `select` names all.

        Raises
        ------
        RegistryError
            If a name is neither a rule's id nor a category.
        """
        select, ignore = (
            tuple(name if name in CATEGORIES else name.upper() for name in names)
            for names in (select, ignore)
        )
        known = {rule.id for rule in self.rules} | set(CATEGORIES)
        for name in (*select, *ignore):
            if name not in known:
                raise RegistryError(f"no rule and no category is called {name!r}")
        kept = tuple(
            rule
            for rule in self.rules
            if (not select or {rule.id, rule.category} & set(select))
            and not {rule.id, rule.category} & set(ignore)
        )
        names = ",".join(rule.id for rule in kept)
        digest = blake2b(f"{self.digest}:{names}".encode(), digest_size=8).hexdigest()
        if len(kept) == len(self.rules):
            digest = self.digest
        left_out = Counter(self.left_out)
        left_out.update(rule.category for rule in self.rules)
        left_out.subtract(rule.category for rule in kept)
        categories = {rule.category for rule in kept}
        summaries = tuple(each for each in self.summaries if each.category in categories)
        return RuleSet(kept, self.judges, self.folders, digest, dict(+left_out), summaries)

    def get(self, rule_id: str) -> Rule:
        """Return one rule; its id may be written in small letters.

        Raises
        ------
        RegistryError
            If there is none of that id.
        """
        for rule in self.rules:
            if rule.id == rule_id.upper():
                return rule
        raise RegistryError(f"no rule is called {rule_id!r}")


def load(folders: Sequence[Path]) -> RuleSet:
    """Import every ``*.py`` of the folders and gather rules, judges and summaries.

    A folder becomes a package of a made-up name, so that two folders may hold files of the
    same name and nothing of them is importable by accident.

    Raises
    ------
    RegistryError
        If a folder is missing or has none of them, a file does not import, or a rule says
        something of itself that cannot be true.
    """
    rules: dict[str, Rule] = {}
    judges: dict[str, Judge | Comparison] = {}
    summaries: dict[str, Summary] = {}
    digest = blake2b(digest_size=8)
    for folder in folders:
        has_any = False
        for file, source, module in _modules(folder):
            digest.update(file.name.encode() + b"\0" + source + b"\0")
            for thing in vars(module).values():
                has_any |= isinstance(thing, Rule | Judge | Comparison | Summary)
                if isinstance(thing, Rule):
                    _register(rules, thing.id, thing, "rule", _problems, file)
                elif isinstance(thing, Judge | Comparison):
                    _register(judges, thing.name, thing, "judge", lambda _: (), file)
                elif isinstance(thing, Summary):
                    _register(summaries, thing.name, thing, "summary", _summary_problems, file)
        # Whoever names a folder wants it to judge. Judges alone are enough: rules of another
        # folder can read them.
        if not has_any:
            where = printable(str(folder))
            raise RegistryError(f"no rule in {where} (subfolders are not looked into)")
    order = list(CATEGORIES)
    ordered = sorted(rules.values(), key=lambda rule: (order.index(rule.category), rule.id))
    reading = [(f"rule {rule.id}", rule.reads) for rule in ordered]
    reading += [(f"summary {each.name}", each.reads) for each in summaries.values()]
    for reader, reads in reading:
        for name in reads:
            if name.startswith("judge:") and name[6:] not in judges:
                raise RegistryError(f"{reader} reads {name}, which does not exist")
    by_name = tuple(summaries[name] for name in sorted(summaries))
    return RuleSet(tuple(ordered), judges, tuple(folders), digest.hexdigest(), summaries=by_name)


def ruleset_of(rules: RuleSet) -> str:
    """Return what stands for all that judges: the rules, and the code and tables that they use.

    Two audits of different such digests may differ for no reason of the data.
    """
    return blake2b((rules.digest + code_digest()).encode(), digest_size=8).hexdigest()


def _register(
    known: dict[str, T],
    name: str,
    thing: T,
    kind: str,
    problems: Callable[[T], Iterable[str]],
    file: Path,
) -> None:
    """Add a thing to those of its kind; one that another file imports is there already."""
    if known.get(name) is thing:
        return
    for problem in problems(thing):
        raise RegistryError(f"{file.name}: {kind} {name}: {problem}")
    if name in known:
        raise RegistryError(f"{file.name}: {kind} {name} exists twice")
    known[name] = thing


def _modules(folder: Path) -> Iterator[tuple[Path, bytes, ModuleType]]:
    if not folder.is_dir():
        raise RegistryError(f"no such folder of rules: {printable(str(folder))}")
    folder = folder.resolve()
    package = _package(folder)
    for file in sorted(folder.glob("*.py")):
        if file.stem == "__init__":
            continue
        try:
            source = file.read_bytes()
        except OSError as error:
            raise RegistryError(f"{file.name}: cannot be read ({error.strerror})") from error
        yield file, source, _import(package, file)


def _package(folder: Path) -> str:
    name = PACKAGE + blake2b(str(folder).encode(), digest_size=6).hexdigest()
    if name not in sys.modules:
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        sys.modules[name] = importlib.util.module_from_spec(spec)
    return name


def _import(package: str, file: Path) -> ModuleType:
    try:
        return importlib.import_module(f"{package}.{file.stem}")
    # Whatever a rule file raises, and be it that it wants to end the process.
    except (Exception, SystemExit) as error:
        said = ": ".join([type(error).__name__, *str(error).splitlines()[:1]])
        raise RegistryError(f"{file.name} does not import: {said}") from error


def _problems(rule: Rule) -> Iterator[str]:
    """Yield what a rule says of itself that cannot be true."""
    match = RULE_ID.fullmatch(rule.id)
    if not match:
        yield "the id is not letters and three digits"
    elif match[1] not in FAMILIES:
        yield f"the id starts with none of {', '.join(FAMILIES)}"
    elif rule.category != FAMILIES[match[1]]:
        yield f"a rule of {match[1]} belongs to the category {FAMILIES[match[1]]}"
    for part in ("title", "why", "fix"):
        if not getattr(rule.doc, part):
            yield f"the docstring has no {part}"
    if not rule.reference:
        yield "no reference is given"
    if not rule.reads:
        yield "reads is empty"
    if rule.scope is Scope.INSTANCE:
        yield from _instance_problems(rule)
    else:
        if isinstance(rule.applies, Selector):
            yield "applies of a collection rule must be a function that returns Units"
        yield from filter(None, map(_collection_read, rule.reads))


def _instance_problems(rule: Rule) -> Iterator[str]:
    if not isinstance(rule.applies, Selector):
        yield "applies of an instance rule must be a Selector"
    if rule.unit not in (Unit.INSTANCE, Unit.SERIES):
        yield "an instance rule counts instances or series"
    yield from filter(None, map(_instance_read, rule.reads))
    of_referees = [name.startswith("referee:") for name in rule.reads]
    if any(of_referees) and (not all(of_referees) or rule.applies is not ANY):
        # It is asked about a structure, which many objects share: it sees nothing else.
        yield "a rule that reads referees reads nothing else and applies to any object"


def _summary_problems(summary: Summary) -> Iterator[str]:
    """Yield what a summary says of itself that cannot be true."""
    if summary.category not in CATEGORIES:
        yield "it is of no category"
    if summary.unit not in (Unit.INSTANCE, Unit.SERIES):
        yield "a summary counts instances or series"
    if not summary.doc:
        yield "it has no docstring"
    if any(name.startswith("referee:") for name in summary.reads):
        yield "a summary reads no referee"
    yield from filter(None, map(_instance_read, summary.reads))


def _instance_read(name: str) -> str:
    kind, colon, rest = name.partition(":")
    if not colon:
        try:
            for keyword in name.split("."):
                if tag_of(keyword) >> 16 == 2:
                    return f"{name!r} is of the file meta information: read a file:FACT"
        except KeyError:
            return "" if name in (PRIVATE, CONTENT) else f"PS3.6 has no attribute {name!r}"
        return ""
    if kind == "file" and rest not in FileFacts._fields:
        return f"there is no file fact {rest!r}"
    if kind == "referee" and rest not in REFEREES:
        return f"there is no referee {rest!r}"
    if kind not in ("file", "judge", "referee"):
        return f"{name!r} is nothing that can be read"
    return ""


def _collection_read(name: str) -> str:
    table, _, column = name.partition(".")
    tables = (*WALKED, *PASSING)
    if table not in tables or column not in dict(QUERIED[table]):
        return f"{name!r} is no TABLE.COLUMN of {', '.join(tables)}"
    return ""
