"""Markdown for the summary of a step in a pipeline: what decides, and what to fix first."""

from __future__ import annotations

import re
from collections.abc import Iterable

from auditor.diff import Diff
from auditor.result import AuditResult, CategoryResult, CollectionResult
from auditor.view import clean, most_urgent, percent, switched_off, tenths, verdict_of
from auditor.words import number, plural, unit_word, with_verb

MOST_BYTES = 60_000
"""Less than the 64 KiB at which a summary is cut, wherever that happens to be."""

RULES = 10
"""Failed rules that are listed of one collection; of many, all have few."""

_ICONS = {0: "❌", 1: "❔", 2: "❔", 3: "⚠️", 4: "✅"}


def report(result: AuditResult) -> bytes:
    """Return the verdict on each collection, its scores, and its worst rules."""
    collections = sorted(
        result.collections, key=lambda each: (verdict_of(each).rank, each.repository, each.name)
    )
    blocks = [["## DICOM audit"]]
    if not collections:
        blocks.append(["**Nothing to judge.** This is not a pass."])
    if len(collections) > 1:
        blocks += _overview(collections)
    for each in collections:
        blocks += _collection(each)
    blocks += _waivers(result)
    tool = result.tool
    foot = (
        f"dicom-auditor {escaped(tool.version)}, rule set {escaped(tool.ruleset)}, "
        f"edition {escaped(tool.standard_edition)}, profile {escaped(tool.profile)}"
    )
    return _fitted(blocks, foot)


def diff(diff: Diff) -> bytes:
    """Return the changes, new ones first."""
    counts = ", ".join(
        f"{number(diff.total(name))} {words}"
        for name, words in (
            ("new", "new"),
            ("unsought", "not looked for before"),
            ("fixed", "fixed"),
            ("unchanged", "unchanged"),
            ("unseen", "not looked for"),
        )
    )
    blocks = [["## DICOM audit: changes", f"Errors and warnings: **{counts}**."]]
    if diff.notes:
        blocks.append(["\n".join(f"- {escaped(note)}" for note in diff.notes)])
    blocks += _table(
        ("state", "rule", "severity", "where", "new", "fixed", "unchanged"),
        (
            (
                each.state,
                f"{escaped(each.rule)} {escaped(each.title)}",
                escaped(each.severity),
                f"{escaped(each.collection)}: {escaped(each.tag_path)} {escaped(each.message)}",
                number(each.new),
                number(each.fixed),
                number(each.unchanged),
            )
            for each in diff.changes
        ),
    )
    return _fitted(blocks, "")


def _overview(collections: Iterable[CollectionResult]) -> list[list[str]]:
    rows = []
    for each in collections:
        verdict = verdict_of(each)
        rows.append(
            (
                escaped(_name(each)),
                f"{_ICONS[verdict.rank]} {verdict.headline}",
                _score(each.overall),
                percent(100 * each.coverage),
                number(each.counts.dicom),
            )
        )
    return _table(("collection", "verdict", "score", "coverage", "DICOM files"), rows)


def _name(collection: CollectionResult) -> str:
    repository, name = collection.repository, collection.name
    return f"{repository}: {name}" if repository else name


def _collection(collection: CollectionResult) -> list[list[str]]:
    verdict = verdict_of(collection)
    head = [
        f"### {escaped(_name(collection))}",
        f"{_ICONS[verdict.rank]} **{verdict.headline}.** {escaped(verdict.sentence)}",
    ]
    if verdict.gaps:
        head.append(escaped("Not fully judged: " + "; ".join(verdict.gaps) + "."))
    head += [f"- {escaped(line, 400)}" for line in verdict.lacking]
    failed = most_urgent(collection)
    blocks = [head]
    blocks += _table(
        ("category", "score", "coverage", "passed"),
        (
            (
                escaped(each.title),
                _score(each.score),
                percent(100 * each.coverage) if each.score is not None else "-",
                _passed(each),
            )
            for each in collection.categories
        ),
    )
    blocks += _table(
        ("rule", "severity", "failed", "how to fix"),
        (
            (
                f"{escaped(rule.id)} {escaped(rule.title)}",
                escaped(rule.severity) + (" (waived)" if rule.is_waived else ""),
                f"{number(rule.failed)} of "
                + escaped(plural(rule.applicable, unit_word(rule.unit))),
                escaped(rule.fix, 400),
            )
            for rule in failed[:RULES]
        ),
    )
    if len(failed) > RULES:
        blocks.append([with_verb(len(failed) - RULES, "more rule", "fails", "fail") + "."])
    return blocks


def _passed(category: CategoryResult) -> str:
    """Say how many checks passed, or why there are none, and what nobody looked for."""
    said = escaped(category.reason)
    if category.applicable:
        said = f"{number(category.applicable - category.failed)} of {number(category.applicable)}"
    return "; ".join(filter(None, (said, switched_off(category))))


def _waivers(result: AuditResult) -> list[list[str]]:
    if not result.waivers:
        return []
    rows = [
        (
            escaped(each.rule),
            escaped(", ".join(f"{name} {value}" for name, value in each.where.items())),
            each.state if each.state in ("used", "expired", "unmatched") else "",
            number(each.count),
            escaped(each.reason, 400),
            escaped(each.owner),
            escaped(each.expires),
        )
        for each in result.waivers
    ]
    head = ("rule", "where", "state", "findings", "reason", "owner", "until")
    return [["### Waivers"], *_table(head, rows)]


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[list[str]]:
    """Return a block of the head with the first line, and a block for each other line."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    if not lines:
        return []
    top = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return [["\n".join([*top, lines[0]])], *([_CONTINUED + line] for line in lines[1:])]


_CONTINUED = "\0"
"""Marks a block that is a further line of the table before it."""


def _fitted(blocks: list[list[str]], foot: str) -> bytes:
    """Join as many blocks as fit, and say how much was left out."""
    tail = f"\n\n<sub>{foot}</sub>\n" if foot else "\n"
    left = MOST_BYTES - len(tail.encode()) - 100
    text = ""
    for position, block in enumerate(blocks):
        body = "\n\n".join(block)
        continued = body.startswith(_CONTINUED)
        piece = ("\n" if continued else "\n\n" if text else "") + body.removeprefix(_CONTINUED)
        left -= len(piece.encode())
        if left < 0:
            text += f"\n\nToo long for a summary: {len(blocks) - position:,} parts are left out."
            break
        text += piece
    return (text + tail).encode()


def _score(value: float | None) -> str:
    return "-" if value is None else tenths(value)


def escaped(text: str, length: int = 200) -> str:
    """Return text that is text in Markdown, also in a cell: no markup, link or mention."""
    shown = re.sub(r"([\\`*_\[\]#|~$])", r"\\\1", clean(text, length).strip())
    # What would be a link without any markup, and what only at the start of a line.
    shown = re.sub(r"(?i)(?<=www)\.|:(?=//)", r"\\\g<0>", shown)
    shown = re.sub(r"^(\d+(?=[.)](?:\s|$))|(?=[-+=]))", r"\1\\", shown)
    shown = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # An escape does not keep a name from being called.
    return shown.replace("@", "@<!-- -->")
