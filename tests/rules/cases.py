"""Cases of rules as literals: what a rule is shown, and what it must say of it.

Each module here holds a table ``CASES`` of rule id to cases. `test_every_rule` sees to it
that every rule has a case that passes, one that fails and one that gives no verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import pytest
from pydicom import config

from auditor.model import Outcome, Rule, Scope
from auditor.paths import rules_folder
from auditor.reading.fallback import lenient
from auditor.registry import RuleSet, load
from auditor.testing import Judgement, ask_collection, ask_instance

PLANT = "Quagga^Zelda"
"""Stands in a case for a value that no finding may repeat; it looks like a person's name."""

OTHER_PLANT = "Badger^Tilly"
"""Takes its place in a second run, which must find the same; of one shape with the first."""

Cases = Mapping[str, Sequence["Case"]]


@lru_cache(maxsize=1)
def all_rules() -> RuleSet:
    """Load the rules of the repository, once."""
    return load([rules_folder()])


def get_rule(rule_id: str) -> Rule:
    """Return a rule of the repository."""
    return all_rules().get(rule_id)


@dataclass(frozen=True)
class Case:
    """What one rule is shown, and what it must say.

    Parameters
    ----------
    outcome
        What the rule must say.
    dataset, file, path
        For an instance rule, see `auditor.testing.ask_instance`.
    instances, references, numbers, extents, companions, keys, frames, masks, entities, people,
    counted, pixels
        For a collection rule, see `auditor.testing.ask_collection`. A row without a path
        gets one.
    at
        Tag paths of the findings, sorted.
    says
        Messages of the findings, sorted; not looked at if it is empty.
    """

    outcome: Outcome
    dataset: Mapping[Any, Any] = field(default_factory=dict)
    file: Mapping[str, str] = field(default_factory=dict)
    path: str = ""
    instances: Sequence[Mapping[str, Any]] = ()
    references: Sequence[Mapping[str, Any]] = ()
    numbers: Sequence[Mapping[str, Any]] = ()
    extents: Sequence[Mapping[str, Any]] = ()
    companions: Sequence[Mapping[str, Any]] = ()
    keys: Sequence[Mapping[str, Any]] = ()
    frames: Sequence[Mapping[str, Any]] = ()
    entities: Sequence[Mapping[str, Any]] = ()
    masks: Sequence[Mapping[str, Any]] = ()
    people: Sequence[Mapping[str, Any]] = ()
    counted: Sequence[Mapping[str, Any]] = ()
    pixels: Sequence[Mapping[str, Any]] = ()
    at: tuple[str, ...] = ()
    says: tuple[str, ...] = ()

    def ask(self, rule: Rule, plant: str = PLANT) -> Judgement:
        """Run a rule, which may declare to read less than the repository's, on this case."""
        rules = replace(all_rules(), rules=(rule,))
        if rule.scope is Scope.COLLECTION:
            return ask_collection(
                rules,
                rule.id,
                instances=_with_paths(_plant(self.instances, plant)),
                references=_with_paths(_plant(self.references, plant)),
                numbers=_with_paths(_plant(self.numbers, plant)),
                extents=_plant(self.extents, plant),
                companions=_with_paths(_plant(self.companions, plant)),
                keys=_with_paths(_plant(self.keys, plant)),
                frames=_with_paths(_plant(self.frames, plant)),
                entities=_with_paths(_plant(self.entities, plant)),
                masks=_with_paths(_plant(self.masks, plant)),
                people=_with_paths(_plant(self.people, plant)),
                counted=_plant(self.counted, plant),
                pixels=_plant(self.pixels, plant),
            )
        with _careless():
            return ask_instance(
                rules,
                rule.id,
                _plant(self.dataset, plant),
                file=self.file,
                path=_plant(self.path, plant),
            )

    def check(self, rule_id: str) -> None:
        """Run the rule, and assert that it says what it must and nothing of the values."""
        rule = get_rule(rule_id)
        said = self.ask(rule)
        assert said.outcome is self.outcome, said
        assert said.places == sorted(self.at), said
        if self.says:
            assert sorted(message for message, _ in said.findings) == sorted(self.says)
        for text in (text for finding in said.findings for text in finding):
            assert not any(part in text for part in PLANT.split("^")), text
        assert self.ask(rule, OTHER_PLANT) == said


@contextmanager
def _careless() -> Iterator[None]:
    """Let pydicom write what is wrong on purpose without a word, and restore its settings."""
    before = config.settings.writing_validation_mode
    with lenient():
        config.settings.writing_validation_mode = config.IGNORE
        try:
            yield
        finally:
            config.settings.writing_validation_mode = before


def passes(dataset: Mapping[Any, Any] | None = None, **shown: Any) -> Case:
    """Make a case that the rule must pass."""
    return Case(Outcome.PASS, dataset or {}, **shown)


def fails(
    dataset: Mapping[Any, Any] | None = None, *, at: Sequence[str] = ("",), **shown: Any
) -> Case:
    """Make a case that the rule must fail, at these tag paths."""
    return Case(Outcome.FAIL, dataset or {}, at=tuple(at), **shown)


def not_applicable(dataset: Mapping[Any, Any] | None = None, **shown: Any) -> Case:
    """Make a case that the rule has nothing to say of."""
    return Case(Outcome.NOT_APPLICABLE, dataset or {}, **shown)


def not_evaluated(dataset: Mapping[Any, Any] | None = None, **shown: Any) -> Case:
    """Make a case that the rule would judge, but could not look at."""
    return Case(Outcome.NOT_EVALUATED, dataset or {}, **shown)


CUT_SHORT = not_evaluated(file={"complete": "header"})
"""A file whose data set breaks off: what is not seen may stand behind the break."""


def each(cases: Cases) -> pytest.MarkDecorator:
    """Parametrise a test ``(rule_id, case)`` by a table of cases."""
    return pytest.mark.parametrize(
        ("rule_id", "case"),
        [
            pytest.param(rule_id, case, id=f"{rule_id}-{number}-{case.outcome}")
            for rule_id, some in cases.items()
            for number, case in enumerate(some)
        ],
    )


def _plant(literal: Any, plant: str) -> Any:
    if isinstance(literal, str):
        return literal.replace(PLANT, plant)
    if isinstance(literal, Mapping):
        return {key: _plant(value, plant) for key, value in literal.items()}
    if isinstance(literal, list | tuple):
        return type(literal)(_plant(value, plant) for value in literal)
    return literal


def _with_paths(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return list(_numbered(rows))


def _numbered(rows: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for number, row in enumerate(rows):
        yield {"path": f"{PLANT}/{number}.dcm", **row}
