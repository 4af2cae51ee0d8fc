"""Waivers: findings that somebody accepts, until a day, for a reason, in their own name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.files import TomlError, read_toml
from auditor.result import AuditResult, CollectionResult, RuleResult, WaiverResult

if TYPE_CHECKING:
    import pyarrow as pa

    from auditor.frames import Audit


class WaiverError(Exception):
    """A file of waivers cannot be used; the message is one plain line."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """One accepted finding; see ``docs/gate.md``.

    Attributes
    ----------
    where
        Of `WHERE`, what it is limited to. A tag path stands for all below it as well.
    expires
        The last day on which it holds.
    """

    rule: str
    reason: str
    owner: str
    expires: date
    where: Mapping[str, str] = field(default_factory=dict)


WHERE = ("collection", "series", "tag_path")
_KEYS = ("rule", "reason", "owner", "expires", "where")


def read_waivers(path: Path, rule_ids: Iterable[str]) -> tuple[Waiver, ...]:
    """Read and validate a file of waivers.

    Parameters
    ----------
    path
        A TOML file with an array of tables ``waiver``.
    rule_ids
        Rules that exist: a waiver of another would never do what its author believes.

    Raises
    ------
    WaiverError
        On the first thing that is missing, unknown or of a wrong kind.
    """
    try:
        return _waivers(read_toml(path), set(rule_ids))
    except (TomlError, _Wrong) as error:
        raise WaiverError(f"waivers {path.name}: {error}") from None


class _Wrong(Exception):
    """Something in a file of waivers is wrong; the caller adds which file it is."""


def _waivers(raw: dict[str, Any], known: set[str]) -> tuple[Waiver, ...]:
    for key in raw:
        if key != "waiver":
            raise _Wrong(f"unknown key {key!r}")
    given = raw.get("waiver", [])
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise _Wrong("waiver is not an array of tables")
    return tuple(_waiver(each, f"waiver {n}", known) for n, each in enumerate(given, 1))


def _waiver(given: dict[str, Any], name: str, known: set[str]) -> Waiver:
    for key in given:
        if key not in _KEYS:
            raise _Wrong(f"{name}: unknown key {key!r}")
    for key in ("rule", "reason", "owner"):
        if not isinstance(given.get(key), str) or not given[key].strip():
            raise _Wrong(f"{name}: {key} is missing")
    rule_id = given["rule"].upper()
    if rule_id not in known:
        raise _Wrong(f"{name}: no rule is called {given['rule']!r}")
    expires = given.get("expires")
    # A time of day is a date to Python.
    if not isinstance(expires, date) or isinstance(expires, datetime):
        raise _Wrong(f"{name}: expires is not a date")
    where = given.get("where", {})
    if not isinstance(where, dict):
        raise _Wrong(f"{name}: where is not a table")
    for key, value in where.items():
        if key not in WHERE:
            raise _Wrong(f"{name}: where: unknown key {key!r}")
        if not isinstance(value, str) or not value:
            raise _Wrong(f"{name}: where: {key} is not a text")
    if "series" in where and not re.fullmatch("[0-9a-f]{16}", where["series"]):
        raise _Wrong(f"{name}: where: series is not the 16 hexadecimal digits of its hash")
    return Waiver(rule_id, given["reason"], given["owner"], expires, where)


def waived(failures: pa.Table, waiver: Waiver) -> pa.BooleanArray:
    """Tell which lines of `Audit.failures` a waiver stands for, were it not expired."""
    from pyarrow import compute

    wanted = compute.equal(failures["rule"], waiver.rule)
    if "collection" in waiver.where:
        named = compute.equal(failures["collection"], waiver.where["collection"])
        wanted = compute.and_(wanted, named)
    if "tag_path" in waiver.where:
        path = waiver.where["tag_path"]
        at = compute.equal(failures["tag_path"], path)
        below = compute.starts_with(failures["tag_path"], pattern=f"{path}/")
        wanted = compute.and_(wanted, compute.or_(at, below))
    if "series" in waiver.where:
        series = _uint64(int(waiver.where["series"], 16))
        known = compute.fill_null(compute.equal(failures["SeriesInstanceUID"], series), False)
        wanted = compute.and_(wanted, known)
    return wanted


def _uint64(value: int) -> pa.Scalar[Any]:
    import pyarrow as pa

    return pa.scalar(value, pa.uint64())


def outstanding(audit: Audit, waivers: Sequence[Waiver], today: date) -> pa.Table:
    """Return `Audit.failures` without what waivers accept today."""
    from pyarrow import compute

    failures = audit.failures()
    for waiver in waivers:
        if today <= waiver.expires:
            failures = failures.filter(compute.invert(waived(failures, waiver)))
    return failures


def apply(audit: Audit, waivers: Sequence[Waiver], today: date) -> AuditResult:
    """Return the result with what is waived counted apart, and what became of each waiver.

    Scores and verdicts of rules stay what they are: a waiver accepts a finding, it does not
    make it untrue.
    """
    from pyarrow import compute

    failures = audit.failures()
    accepted = None
    states = []
    for waiver in waivers:
        mask = waived(failures, waiver)
        count = compute.sum(failures.filter(mask)["count"]).as_py() or 0
        expired = today > waiver.expires
        state = "expired" if expired else "used" if count else "unmatched"
        states.append(
            WaiverResult(
                waiver.rule,
                dict(waiver.where),
                waiver.reason,
                waiver.owner,
                waiver.expires.isoformat(),
                state,
                count,
            )
        )
        if not expired:
            accepted = mask if accepted is None else compute.or_(accepted, mask)
    counts: Counter[tuple[int, str, str, str]] = Counter()
    if accepted is not None:
        chosen = failures.filter(accepted)
        names = ("number", "rule", "tag_path", "message", "count")
        for *key, count in zip(*(chosen[name].to_pylist() for name in names), strict=True):
            counts[tuple(key)] += count
    collections = [
        _with(number, each, counts) for number, each in enumerate(audit.result.collections)
    ]
    return replace(audit.result, collections=collections, waivers=states)


def _with(
    number: int, collection: CollectionResult, counts: Counter[tuple[int, str, str, str]]
) -> CollectionResult:
    def rule_with(rule: RuleResult) -> RuleResult:
        findings = [
            replace(
                found,
                waived=min(found.count, counts[number, rule.id, found.tag_path, found.message]),
            )
            for found in rule.findings
        ]
        return replace(rule, findings=findings)

    return replace(collection, rules=[rule_with(rule) for rule in collection.rules])


def warnings(result: AuditResult) -> list[str]:
    """Return a plain line for each waiver that does not do what its author believes."""
    said = {"expired": "expired on {}", "unmatched": "matches nothing in this audit"}
    return [
        f"waiver of {each.rule}{_limits(each)}: {said[each.state].format(each.expires)}{_why(each)}"
        for each in result.waivers
        if each.state in said
    ]


def _why(waiver: WaiverResult) -> str:
    if waiver.state != "unmatched" or "series" not in waiver.where:
        return ""
    return "; series are known only in audits made with one DICOM_AUDIT_KEY"


def _limits(waiver: WaiverResult) -> str:
    limits = ", ".join(f"{name} {value}" for name, value in waiver.where.items())
    return f" ({limits})" if limits else ""
