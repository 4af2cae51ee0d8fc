"""Profiles: weights, limits and re-levelling, read from TOML and validated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

from auditor.files import TomlError, read_toml
from auditor.model import CATEGORIES, Confidence, Rule, Severity


class ProfileError(Exception):
    """A profile cannot be used; the message is one plain line."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How outcomes become scores; see ``profiles/default.toml``.

    Attributes
    ----------
    unreadable_share
        0 to 1: share of files that may be unreadable or partial in a complete audit.
    """

    name: str
    severity_weights: dict[Severity, float]
    confidence_factors: dict[Confidence, float]
    category_weights: dict[str, float]
    rule_weights: dict[str, float] = field(default_factory=dict)
    severities: dict[str, Severity] = field(default_factory=dict)
    unreadable_share: float = 0.01

    @property
    def stamp(self) -> str:
        """Name and digest: two profiles of one name and other weights are two profiles."""
        return f"{self.name} ({blake2b(repr(self).encode(), digest_size=4).hexdigest()})"

    def severity(self, rule: Rule) -> Severity:
        """Return a rule's severity, re-levelled where the profile says so."""
        return self.severities.get(rule.id, rule.severity)

    def weight(self, rule: Rule) -> float:
        """Return what a rule weighs in its category."""
        if rule.id in self.rule_weights:
            return self.rule_weights[rule.id]
        return self.severity_weights[self.severity(rule)] * self.confidence_factors[rule.confidence]


_TABLES = (
    "severity_weights",
    "confidence_factors",
    "category_weights",
    "rule_weights",
    "severities",
    "limits",
)


def read_profile(path: Path, rule_ids: Iterable[str]) -> Profile:
    """Read and validate a profile.

    Parameters
    ----------
    path
        A TOML file in the form of ``profiles/default.toml``.
    rule_ids
        Rules that exist: a profile that names another is wrong.

    Raises
    ------
    ProfileError
        On the first thing that is missing, unknown or out of range.
    """
    try:
        return _profile(read_toml(path), set(rule_ids))
    except (TomlError, _Wrong) as error:
        raise ProfileError(f"profile {path.name}: {error}") from None


class _Wrong(Exception):
    """Something in a profile is wrong; the caller adds which profile it is."""


def _profile(raw: dict[str, Any], known: set[str]) -> Profile:
    for key in raw:
        if key not in ("name", *_TABLES):
            raise _Wrong(f"unknown key {key!r}")
    name = raw.get("name")
    if not isinstance(name, str) or not name:
        raise _Wrong("name is missing")
    tables: dict[str, dict[str, Any]] = {}
    for table in _TABLES:
        tables[table] = raw.get(table, {})
        if not isinstance(tables[table], dict):
            raise _Wrong(f"{table} is not a table")
    for table in ("rule_weights", "severities"):
        given = tables[table]
        for rule_id in given:
            if rule_id.upper() not in known:
                raise _Wrong(f"{table}: no rule is called {rule_id!r}")
        tables[table] = {rule_id.upper(): value for rule_id, value in given.items()}
        if len(tables[table]) < len(given):
            raise _Wrong(f"{table}: a rule is named twice")
    return Profile(
        name=name,
        severity_weights=_complete(tables, "severity_weights", Severity),
        confidence_factors=_complete(tables, "confidence_factors", Confidence),
        category_weights=_complete(tables, "category_weights", CATEGORIES),
        rule_weights={
            rule_id: _number(value, f"rule_weights.{rule_id}", MOST)
            for rule_id, value in tables["rule_weights"].items()
        },
        severities=_severities(tables["severities"]),
        unreadable_share=_limits(tables["limits"]),
    )


MOST = 1_000_000
"""No weight is larger: sums of weights stay exact enough to be printed."""


def _number(value: Any, where: str, most: float) -> float:
    # true is a number to Python; NaN compares with nothing.
    if type(value) not in (int, float) or not 0 <= value <= most:
        raise _Wrong(f"{where} is not a number from 0 to {most:,}")
    return float(value)


def _severities(given: dict[str, Any]) -> dict[str, Severity]:
    severities = {}
    for rule_id, level in given.items():
        if level not in list(Severity):
            raise _Wrong(f"severities.{rule_id} is none of {', '.join(Severity)}")
        severities[rule_id] = Severity(level)
    return severities


def _limits(given: dict[str, Any]) -> float:
    for key in given:
        if key != "unreadable_share":
            raise _Wrong(f"limits: unknown key {key!r}")
    return _number(given.get("unreadable_share", 0.01), "limits.unreadable_share", 1)


_Key = TypeVar("_Key", bound=str)


def _complete(
    tables: dict[str, dict[str, Any]], table: str, keys: Iterable[_Key]
) -> dict[_Key, float]:
    given, wanted = tables[table], list(keys)
    for key in given:
        if key not in wanted:
            raise _Wrong(f"{table}: unknown key {key!r}")
    for key in wanted:
        if key not in given:
            raise _Wrong(f"{table}: {key} is missing")
    return {key: _number(given[key], f"{table}.{key}", MOST) for key in wanted}
