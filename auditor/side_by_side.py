"""From several results to the comparison page: what a template prints, and no markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from auditor.result import AuditResult
from auditor.view import (
    LEVELS,
    Limits,
    Matrix,
    Member,
    clean,
    collection_matrix,
    number,
    ordered_members,
    plural,
    verdict_of,
)


class RuleSet(NamedTuple):
    """What must agree for scores to be comparable, and who has it."""

    mark: str
    ruleset: str
    standard_edition: str
    profile: str
    versions: str
    collections: str


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """Several audits side by side."""

    title: str
    subtitle: str
    comparable: bool
    statement: str
    explanation: str
    sets: tuple[RuleSet, ...]
    differing: tuple[str, ...]
    matrix: Matrix


_MUST_AGREE = ("rule set", "edition of the standard", "profile")


def comparison_view(results: Sequence[AuditResult], limits: Limits = LEVELS[0]) -> ComparisonView:
    """Return the page of several audits, and whether their scores may be compared at all."""
    by_set: dict[tuple[str, str, str], list[AuditResult]] = {}
    for result in results:
        tool = result.tool
        key = (tool.ruleset, tool.standard_edition, tool.profile)
        by_set.setdefault(key, []).append(result)
    marks = {key: _mark(position) for position, key in enumerate(by_set)}
    differing = tuple(
        name for position, name in enumerate(_MUST_AGREE) if len({k[position] for k in by_set}) > 1
    )
    unrecorded = tuple(
        name for position, name in enumerate(_MUST_AGREE) if any(not k[position] for k in by_set)
    )
    members = ordered_members(
        Member(each, verdict_of(each), marks[key] if len(by_set) > 1 else "")
        for key, own in by_set.items()
        for result in own
        for each in result.collections
    )
    statement, explanation = _comparability(len(by_set), differing, unrecorded)
    audits = plural(len(results), "audit")
    return ComparisonView(
        title="DICOM audits compared",
        subtitle=f"{plural(len(members), 'collection')} from {audits}",
        comparable=not differing and not unrecorded,
        statement=statement,
        explanation=explanation,
        sets=tuple(_rule_set(marks[key], key, own) for key, own in list(by_set.items())[:100]),
        differing=differing,
        matrix=collection_matrix(members, "Collections by category", {}, limits.rows),
    )


def _comparability(
    sets: int, differing: tuple[str, ...], unrecorded: tuple[str, ...]
) -> tuple[str, str]:
    if sets == 0:
        return "There is nothing to compare", "No audit was given."
    if differing:
        return (
            "These scores are not comparable",
            f"The audits differ in {_and(differing)}. Compare only rows with the same letter.",
        )
    if unrecorded:
        return (
            "It is not known whether these scores are comparable",
            f"Not recorded: {_and(unrecorded)}.",
        )
    return (
        "These scores are comparable",
        f"All audits have the same {_and(_MUST_AGREE)}.",
    )


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _mark(position: int) -> str:
    """Letters A to Z, then numbers."""
    return chr(ord("A") + position) if position < 26 else str(position + 1)


def _rule_set(mark: str, key: tuple[str, str, str], results: list[AuditResult]) -> RuleSet:
    ruleset, edition, profile = (clean(each, 80) or "not recorded" for each in key)
    versions = sorted({result.tool.version for result in results})
    return RuleSet(
        mark,
        ruleset,
        edition,
        profile,
        clean(", ".join(versions)),
        number(sum(len(result.collections) for result in results)),
    )
