"""JSON: what there is, as it is."""

from __future__ import annotations

import json
from typing import Any

from auditor.diff import Diff
from auditor.result import AuditResult


def dumped(plain: Any) -> bytes:
    """Return UTF-8 JSON that is read by people, too."""
    text = json.dumps(plain, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    # A lone surrogate cannot be encoded; so written it is JSON's own escape of it.
    return text.encode("utf-8", "backslashreplace")


def report(result: AuditResult) -> bytes:
    """Return what ``result.json`` holds."""
    return dumped(result.to_dict())


def diff(diff: Diff) -> bytes:
    """Return all changes."""
    return dumped(diff.to_dict())
