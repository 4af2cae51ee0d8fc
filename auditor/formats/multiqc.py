"""MultiQC custom content: a table of scores, a collection a sample."""

from __future__ import annotations

from html import escape
from typing import Any

from auditor.diff import Diff
from auditor.formats.plain import dumped
from auditor.gate import incomplete
from auditor.result import AuditResult, CollectionResult
from auditor.view import clean, verdict_of

_SCORE = {"min": 0, "max": 100, "scale": "RdYlGn", "format": "{:,.1f}"}
_COUNT = {"min": 0, "scale": "OrRd", "format": "{:,.0f}"}


def report(result: AuditResult) -> bytes:
    """Return scores by category; what has no score has no number."""
    titles = {each.id: each.title for one in result.collections for each in one.categories}
    headers: dict[str, Any] = {
        "verdict": {"title": "Verdict", "description": "May it be released?"},
        "overall": {"title": "Overall", "description": "Score over all categories", **_SCORE},
        "coverage": {
            "title": "Coverage",
            "description": "Percent of the weighted checks that could be judged",
            "suffix": "%",
            **_SCORE,
        },
    }
    for name, title in titles.items():
        shown = _inert(title)
        headers[_key(name)] = {"title": shown, "description": f"Score: {shown}", **_SCORE}
    headers |= {
        "errors": {"title": "Errors", "description": "Failed rules of severity error", **_COUNT},
        "warnings": {
            "title": "Warnings", "description": "Failed rules of severity warning", **_COUNT
        },
        "gaps": {
            "title": "Gaps", "description": "What keeps the audit from being complete", **_COUNT
        },
        "files": {"title": "DICOM", "description": "DICOM files", **_COUNT},
    }  # fmt: skip
    samples = _samples([(each.repository, each.name) for each in result.collections])
    lines = map(_line, result.collections)
    data = dict(zip(samples, lines, strict=True))
    tool = result.tool
    description = (
        f"Scores are weighted pass rates, 0 to 100; a gap is not a pass. Rule set "
        f"{_inert(tool.ruleset)}, edition {_inert(tool.standard_edition)}, "
        f"profile {_inert(tool.profile)}."
    )
    return dumped(_table("dicom_audit", "DICOM audit", description, headers, data))


def diff(diff: Diff) -> bytes:
    """Return counts of new, fixed and unchanged findings by collection."""
    headers = {
        name: {"title": title, "description": said, **_COUNT}
        for name, title, said in (
            ("new", "New", "Findings that the older audit does not have"),
            ("unsought", "Not looked for before", "Findings that the older audit did not look for"),
            ("fixed", "Fixed", "Findings that the newer audit does not have"),
            ("unchanged", "Unchanged", "Findings of both"),
            ("unseen", "Not looked for", "Findings that the newer audit did not look for"),
        )
    }
    names = sorted({(each.repository, each.collection) for each in diff.changes})
    data = {name: dict.fromkeys(headers, 0) for name in names}
    for each in diff.changes:
        for name in headers:
            data[each.repository, each.collection][name] += getattr(each, name)
    lines = dict(zip(_samples(names), data.values(), strict=True))
    description = " ".join(map(_inert, diff.notes)) or "Changes between two audits."
    return dumped(_table("dicom_audit_diff", "DICOM audit: changes", description, headers, lines))


def _table(
    name: str, title: str, description: str, headers: dict[str, Any], data: dict[str, Any]
) -> dict[str, Any]:
    return {
        "id": name,
        "section_name": title,
        "description": description,
        "plot_type": "table",
        "pconfig": {"id": f"{name}_table", "title": title, "col1_header": "Collection"},
        "headers": headers,
        "data": data or {"(no collection)": {}},
    }


def _line(collection: CollectionResult) -> dict[str, Any]:
    failed = [rule.severity for rule in collection.rules if rule.failed and not rule.is_waived]
    line: dict[str, Any] = {
        "verdict": _inert(verdict_of(collection).headline),
        "coverage": 100 * collection.coverage,
        "errors": failed.count("error"),
        "warnings": failed.count("warning"),
        "gaps": len(incomplete(collection, 0)),
        "files": collection.counts.dicom,
    }
    if collection.overall is not None:
        line["overall"] = collection.overall
    scores = {_key(each.id): each.score for each in collection.categories}
    return line | {name: score for name, score in scores.items() if score is not None}


def _key(name: str) -> str:
    return f"score_{_inert(name)}"


def _samples(names: list[tuple[str, str]]) -> list[str]:
    """Name a line for each repository and collection.

    MultiQC cuts a name at a slash and at what it takes for the ending of a file, and makes one
    line of two that are then alike: the number keeps them apart.
    """
    shown = [f"{repository}: {name}" if repository else name for repository, name in names]
    shown = [each.replace("/", "\u2215") for each in shown]
    if len(shown) == 1:
        return [_inert(shown[0]) or "(no name)"]
    return [f"{number}. {_inert(each)}" for number, each in enumerate(shown, 1)]


def _inert(text: str) -> str:
    """Return text that MultiQC may put into its page: it escapes nothing."""
    return escape(clean(text))
