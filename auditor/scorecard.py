"""From an `AuditResult` to the report page: a section for each collection, what to fix first.

As in `auditor.view`, all is decided here and in `auditor.cards`, and the template only loops.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from auditor.cards import Card, cards, inventory
from auditor.result import (
    AuditResult,
    CategoryResult,
    CollectionResult,
    GroupedFinding,
    RuleResult,
    WaiverResult,
)
from auditor.view import (
    LEVELS,
    NOT_KNOWN,
    NOTATION_LABELS,
    Fact,
    Gauge,
    Limits,
    Matrix,
    Member,
    Notation,
    SortedRules,
    Verdict,
    affected,
    arc_of,
    category_gauge,
    clean,
    collection_matrix,
    duration,
    explain_notation,
    fails,
    first_steps,
    gap_of,
    left_out,
    moment,
    ordered_members,
    overall_gauge,
    rank_of,
    reason_of,
    share_of,
    size,
    to_fix,
    tone_of,
    verdict_of,
    worst_members,
)
from auditor.words import number, plural, unit_word


@dataclass(frozen=True, slots=True)
class PlaceView:
    """All findings with one message at one place; `confidence` only where it is not the rule's."""

    message: str
    attribute: str
    tag_path: str
    count: str
    confidence: str
    examples: tuple[str, ...]
    more: str


@dataclass(frozen=True, slots=True)
class FailedRule:
    """A rule that fails, with what a person needs to act on it."""

    anchor: str
    id: str
    title: str
    category: str
    severity: str
    tone: str
    confidence: str
    share: str
    bar: float
    why: str
    fix: str
    command: tuple[str, ...]
    reference: str
    counted: str
    text_link: str
    places: tuple[PlaceView, ...]
    more: str
    gap: str


@dataclass(frozen=True, slots=True)
class ListedRule:
    """A rule in a folded group: one line."""

    id: str
    title: str
    severity: str
    detail: str


@dataclass(frozen=True, slots=True)
class ListedGroup:
    """A folded group: passed, not evaluated, not applicable."""

    title: str
    tone: str
    hint: str
    detail_title: str
    rules: tuple[ListedRule, ...]
    more: str


class Step(NamedTuple):
    """One of the things to fix first; `link` leads to its findings, or to what is said of it.

    `attribute` and `tag_path` are where most of it is, `example` a path inside the collection.
    """

    link: str
    id: str
    title: str
    severity: str
    tone: str
    confidence: str
    impact: str
    why: str
    fix: str
    command: tuple[str, ...]
    reference: str
    attribute: str
    tag_path: str
    example: str


@dataclass(frozen=True, slots=True)
class Section:
    """One category of a collection."""

    anchor: str
    title: str
    gauge: Gauge
    failed: tuple[FailedRule, ...]
    more: str
    cards: tuple[Card, ...]
    listed: tuple[ListedGroup, ...]


class Unjudged(NamedTuple):
    """Why something was not evaluated, and in which rules."""

    reason: str
    rules: tuple[str, ...]
    severity: str
    tone: str


@dataclass(frozen=True, slots=True)
class CollectionView:
    """One collection; `brief` where it is shown by what to fix first alone."""

    anchor: str
    name: str
    repository: str
    verdict: Verdict
    overall: Gauge
    first: tuple[Step, ...]
    first_more: str
    sections: tuple[Section, ...]
    rules: str
    none: str
    unjudged: tuple[Unjudged, ...]
    unjudged_more: str
    facts: tuple[Fact, ...]
    files: tuple[Fact, ...]
    inventory: tuple[Card, ...]
    notation: tuple[Notation, ...]
    notes: tuple[str, ...]
    notes_folded: bool
    brief: bool


class RuleText(NamedTuple):
    """What is said of a rule once for all collections."""

    anchor: str
    id: str
    title: str
    why: str
    fix: str
    command: tuple[str, ...]
    reference: str


@dataclass(frozen=True, slots=True)
class WaiverView:
    """A waiver, and what became of it."""

    rule: str
    where: str
    state: str
    count: str
    reason: str
    owner: str
    expires: str


@dataclass(frozen=True, slots=True)
class ReportView:
    """One audit, of any number of collections; `shortened` says how to get what is left out."""

    title: str
    heading: str
    subtitle: str
    shortened: str
    matrix: Matrix | None
    collections: tuple[CollectionView, ...]
    more: str
    texts: tuple[RuleText, ...]
    waivers: tuple[WaiverView, ...]
    provenance: tuple[Fact, ...]


# -- one collection ------------------------------------------------------------------------


def _place(finding: GroupedFinding, rule: RuleResult, limits: Limits) -> PlaceView:
    shown = tuple(clean(each) for each in finding.examples[: limits.examples])
    return PlaceView(
        message=clean(finding.message, limits.prose),
        attribute=clean(finding.attribute),
        tag_path=clean(finding.tag_path),
        count=plural(finding.count, clean(unit_word(rule.unit)))
        + (f", {number(finding.waived)} waived" if finding.waived else "")
        + (f", {number(finding.inherited)} inherited" if finding.inherited else ""),
        # A result of before findings had one says nothing.
        confidence="" if finding.confidence == rule.confidence else clean(finding.confidence),
        examples=shown,
        more=left_out(len(finding.examples), len(shown), "example"),
    )


def _failed_rule(
    rule: RuleResult,
    anchor: str,
    text_link: str,
    titles: dict[str, str],
    limits: Limits,
    several: bool,
) -> FailedRule:
    unit = clean(unit_word(rule.unit))
    places = sorted(rule.findings, key=lambda each: (-each.count, each.tag_path, each.message))
    shown = tuple(_place(each, rule, limits) for each in places[: limits.places])
    gap = gap_of(rule)
    return FailedRule(
        anchor=anchor,
        id=clean(rule.id),
        title=clean(rule.title) or "(no title)",
        category=titles.get(rule.category, clean(rule.category)),
        severity=clean(rule.severity),
        tone=tone_of(rule),
        confidence=clean(rule.confidence),
        share=share_of(rule.failed, rule.applicable, rule.unit),
        bar=arc_of(100 * rule.failed / rule.applicable if rule.applicable > 0 else 100),
        why="" if text_link else clean(rule.why, limits.prose),
        fix="" if text_link else clean(rule.fix, limits.prose),
        command=() if text_link else _command(rule, limits, several),
        reference=clean(rule.reference),
        counted=f"per {unit}",
        text_link=text_link,
        places=shown,
        more=left_out(len(places), len(shown), "place"),
        gap=": ".join(
            filter(None, (f"{plural(gap, unit)} could not be judged", reason_of(rule.reason)))
        )
        if gap
        else "",
    )


def _unjudged_detail(rule: RuleResult) -> str:
    words = []
    if rule.outcome == "error" or rule.errors:
        words.append("the rule broke down while running")
    if rule.not_evaluated or rule.errors:
        unjudged = plural(rule.not_evaluated + rule.errors, clean(unit_word(rule.unit)))
        words.append(f"{unjudged} not judged, {number(rule.applicable)} judged")
    elif rule.outcome == "pass":
        words.append("nothing was judged")
    words.append(reason_of(rule.reason) or ("" if words else "no reason was recorded"))
    return "; ".join(filter(None, words))


def _listed_groups(rules: SortedRules, limits: Limits) -> tuple[ListedGroup, ...]:
    groups = (
        (
            "Not evaluated",
            "unknown",
            "These rules could not be judged, or not everywhere. None of them is a pass.",
            "Reason",
            [(rule, _unjudged_detail(rule)) for rule in rules.unjudged],
        ),
        (
            "Passed",
            "ok",
            "Everything that these rules apply to was judged, and nothing fails.",
            "Judged",
            [(rule, plural(rule.applicable, clean(unit_word(rule.unit)))) for rule in rules.passed],
        ),
        (
            "Not applicable",
            "absent",
            "The collection holds nothing that these rules are about. They count neither way.",
            "Reason",
            [
                (rule, reason_of(rule.reason) or "Nothing of this kind in the collection.")
                for rule in rules.absent
            ],
        ),
    )
    return tuple(
        ListedGroup(
            f"{title} ({number(len(found))})",
            tone,
            hint,
            detail_title,
            tuple(_listed_rule(rule, detail) for rule, detail in found[: limits.listed]),
            left_out(len(found), limits.listed, "rule"),
        )
        for title, tone, hint, detail_title, found in groups
        if found
    )


def _listed_rule(rule: RuleResult, detail: str) -> ListedRule:
    return ListedRule(
        id=clean(rule.id),
        title=clean(rule.title),
        severity=clean(rule.severity),
        detail=detail,
    )


def _facts(collection: CollectionResult) -> tuple[Fact, ...]:
    counts = collection.counts
    return (
        Fact("Patients", number(counts.patients) if counts.knows_patients else NOT_KNOWN),
        Fact("Studies", number(counts.studies)),
        Fact("Series", number(counts.series)),
        Fact("Different objects", number(counts.instances)),
        Fact("DICOM files", number(counts.dicom + counts.partial)),
        Fact("Files in all", number(counts.files)),
        Fact("Size", size(counts.bytes)),
    )


def _files(collection: CollectionResult) -> tuple[Fact, ...]:
    counts = collection.counts
    return (
        Fact("DICOM, read to the end", number(counts.dicom)),
        Fact("DICOM, read only in part", number(counts.partial)),
        Fact("Unreadable", number(counts.unreadable)),
        Fact("Not DICOM", number(counts.not_dicom)),
        Fact("Files in all", number(counts.files)),
        Fact("Links, not followed", number(counts.links)),
        Fact("Distinct kinds of data set", number(counts.signatures)),
    )


def _command(rule: RuleResult, limits: Limits, several: bool) -> tuple[str, ...]:
    """Return the lines of a rule's command, and what lists its files of one of the collections."""
    lines = rule.command.split("\n")[:8] if rule.command else []
    if rule.scope == "instance" and "FILE" in rule.command:
        only = " --only NAME" if several else ""
        lines.append(f"# FILE: each that is listed by  dicom-audit files OUT {rule.id}{only}")
    return tuple(clean(line, limits.prose) for line in lines)


def _steps(
    collection: CollectionResult,
    anchors: dict[str, str],
    text_links: dict[str, str],
    limits: Limits,
    several: bool,
) -> tuple[Step, ...]:
    """Return what to fix first; what is said once for all collections is not said here."""
    made = []
    for rule in first_steps(collection, limits.first):
        said = "" if rule.id in anchors else text_links.get(rule.id, "")
        found = min(rule.findings, key=_telling, default=None)
        made.append(
            Step(
                anchors.get(rule.id, said),
                clean(rule.id),
                clean(rule.title) or "(no title)",
                clean(rule.severity),
                tone_of(rule),
                clean(rule.confidence),
                _impact(rule, collection),
                "" if said else clean(rule.why, limits.prose),
                "" if said else clean(rule.fix, limits.prose),
                () if said else _command(rule, limits, several),
                "" if said else clean(rule.reference),
                clean(found.attribute) if found else "",
                clean(found.tag_path) if found else "",
                clean(found.examples[0]) if found and found.examples else "",
            )
        )
    return tuple(made)


def _telling(finding: GroupedFinding) -> tuple[bool, int, str, str]:
    """Sort key, first what a person can look at: findings with an example, then by number."""
    return (not finding.examples, -finding.count, finding.tag_path, finding.message)


def _impact(rule: RuleResult, collection: CollectionResult) -> str:
    """Say how much a rule concerns: its own count, and objects where it counts another unit."""
    share = share_of(rule.failed, rule.applicable, rule.unit)
    if rule.unit in ("instance", "file") or not collection.counts.instances:
        return share
    return f"{share}, about {plural(affected(rule, collection.counts), 'object')}"


def _sections(
    collection: CollectionResult, anchor: str, failed: dict[int, FailedRule], limits: Limits
) -> tuple[Section, ...]:
    """Return a section for each category; rules of no category in the result come last."""
    own_cards = cards(collection, limits) if limits.cards else {}
    made = []
    by_id: dict[str, CategoryResult] = {}
    for category in collection.categories:
        by_id.setdefault(category.id, category)
    for rule in collection.rules:
        if rule.category not in by_id:
            name = rule.category
            by_id[name] = CategoryResult(name, name, None, 0.0, 0, 0, "not in the result")
    for position, each in enumerate(by_id.values(), 1):
        rules = SortedRules.of(rule for rule in collection.rules if rule.category == each.id)
        shown = tuple(failed[id(rule)] for rule in rules.failed if id(rule) in failed)
        link = f"{anchor}s{position}"
        made.append(
            Section(
                link,
                clean(each.title or each.id),
                category_gauge(each, collection.rules, link),
                shown,
                left_out(len(rules.failed), len(shown), "failed rule"),
                own_cards.get(each.id, ()),
                _listed_groups(rules, limits),
            )
        )
    return tuple(made)


def _unjudged(rules: SortedRules) -> tuple[Unjudged, ...]:
    """Group what could not be judged by its reason, the worst severity first."""
    reasons: dict[str, list[RuleResult]] = {}
    for rule in (*rules.failed, *rules.unjudged):
        if gap_of(rule):
            broke = rule.outcome == "error" or rule.errors > 0
            said = reason_of(rule.reason) or "no reason was recorded"
            reasons.setdefault(f"the rule broke down: {said}" if broke else said, []).append(rule)
    made = []
    for reason, own in reasons.items():
        worst = max(own, key=rank_of)
        ids = tuple(clean(rule.id) for rule in own)
        made.append((-rank_of(worst), Unjudged(reason, ids, clean(worst.severity), "unknown")))
    made.sort(key=lambda item: (item[0], item[1].rules))
    return tuple(each for _, each in made)


def _collection(
    collection: CollectionResult,
    anchor: str,
    text_links: dict[str, str],
    limits: Limits,
    several: bool,
) -> CollectionView:
    rules = SortedRules.of(collection.rules)
    verdict = verdict_of(collection)
    titles = {each.id: clean(each.title or each.id) for each in collection.categories}
    shown = {
        id(rule): _failed_rule(
            rule, f"{anchor}r{position}", text_links.get(rule.id, ""), titles, limits, several
        )
        for position, rule in enumerate(rules.failed[: limits.failed], 1)
    }
    brief = limits.failed == 0
    anchors = {rule.id: shown[id(rule)].anchor for rule in rules.failed if id(rule) in shown}
    unjudged = () if brief else _unjudged(rules)
    steps = _steps(collection, anchors, text_links, limits, several)
    others = _others(len(to_fix(collection)) - len(steps), brief) if steps else ""
    return CollectionView(
        anchor=anchor,
        name=clean(collection.name) or "(no name)",
        repository=clean(collection.repository),
        verdict=verdict,
        overall=overall_gauge(collection, verdict),
        first=steps,
        first_more=others,
        sections=() if brief else _sections(collection, anchor, shown, limits),
        rules=_summary(len(collection.rules), rules),
        none="" if rules.failed else "No rule fails." if collection.rules else "No rule was run.",
        unjudged=unjudged[: limits.listed],
        unjudged_more=left_out(len(unjudged), limits.listed, "reason"),
        facts=_facts(collection),
        files=_files(collection),
        inventory=inventory(collection, limits),
        notation=tuple(
            Notation(
                NOTATION_LABELS.get(label, clean(label)),
                clean(code),
                explain_notation(label, code),
            )
            for label, code in collection.annotation.items()
        ),
        notes=tuple(clean(note, limits.prose) for note in collection.notes[:20])
        + ((more,) if (more := left_out(len(collection.notes), 20, "note")) else ()),
        # Many are the referees'; what matters most of them is in the verdict.
        notes_folded=len(collection.notes) > 2,
        brief=brief,
    )


def _summary(count: int, rules: SortedRules) -> str:
    parts = (
        (rules.failing(2), "failed with severity error"),
        (rules.failing(1), "failed with severity warning"),
        (rules.failing(0), "noted something"),
        (rules.unjudged, "not evaluated"),
        (rules.passed, "passed"),
        (rules.absent, "not applicable"),
    )
    said = ", ".join(f"{number(len(found))} {words}" for found, words in parts)
    return f"{plural(count, 'rule')}: {said}"


def _others(count: int, brief: bool) -> str:
    if count <= 0:
        return ""
    where = "not shown; see result.json" if brief else "below"
    return f"{plural(count, 'other rule')} of severity error or warning {where}"


# -- pages ---------------------------------------------------------------------------------


def _provenance(result: AuditResult) -> tuple[Fact, ...]:
    tool = result.tool
    fields = (
        ("Program", f"dicom-auditor {tool.version}"),
        ("Rule set", tool.ruleset),
        ("Edition of the DICOM standard", tool.standard_edition),
        ("De-identification by PS3.15 of edition", tool.confidentiality_edition),
        ("Profile", tool.profile),
        ("Referees of conformance", tool.referees),
        ("Started", moment(tool.started)),
        ("Command", tool.command),
        ("Time taken", duration(tool.elapsed_s)),
        ("Python", tool.python),
        ("Result schema", result.schema),
    )
    return tuple(Fact(name, clean(value, 400) or "not recorded") for name, value in fields)


ONLY = (
    "This page is shortened, to stay small. `dicom-audit report OUT --only NAME -o FOLDER` writes "
    "the full page of one collection, in another folder; OUT is the folder of this audit."
)
"""What stands on the page of several collections where not all of it fits."""


def _waiver(waiver: WaiverResult) -> WaiverView:
    where = ", ".join(f"{name} {value}" for name, value in waiver.where.items())
    return WaiverView(
        clean(waiver.rule),
        clean(where) or "everywhere",
        clean(waiver.state),
        number(waiver.count),
        clean(waiver.reason, 400),
        clean(waiver.owner),
        clean(waiver.expires),
    )


def _texts(members: Iterable[Member], limits: Limits, several: bool) -> dict[str, RuleText]:
    """Return what is said once of every rule that fails somewhere."""
    if limits.inline:
        return {}
    failed = {rule.id: rule for each in members for rule in each.collection.rules if fails(rule)}
    return {
        rule_id: RuleText(
            f"t{position}",
            clean(rule_id),
            clean(rule.title),
            clean(rule.why, limits.prose),
            clean(rule.fix, limits.prose),
            _command(rule, limits, several),
            clean(rule.reference),
        )
        for position, (rule_id, rule) in enumerate(sorted(failed.items())[:500], 1)
    }


def report_view(result: AuditResult, limits: Limits = LEVELS[0]) -> ReportView:
    """Return the page of one audit: an overview if it has several collections, then each."""
    members = ordered_members(Member(each, verdict_of(each), "") for each in result.collections)
    several = len(members) > 1
    detailed = worst_members(members, limits.sections)
    links = {id(each.collection): f"c{position}" for position, each in enumerate(detailed, 1)}
    texts = _texts(detailed, limits, several)
    text_links = {key: text.anchor for key, text in texts.items()}
    single = members[0].collection if len(members) == 1 else None
    heading = clean(single.name) or "(no name)" if single else plural(len(members), "collection")
    return ReportView(
        title=f"DICOM audit: {heading}",
        heading=heading,
        subtitle=_subtitle(result, single.repository if single else ""),
        shortened=ONLY if several and limits != LEVELS[0] else "",
        matrix=collection_matrix(members, "All collections", links, limits.rows)
        if several
        else None,
        collections=tuple(
            _collection(each.collection, links[id(each.collection)], text_links, limits, several)
            for each in detailed
        ),
        more=left_out(len(members), len(detailed), "collection") if detailed else "",
        texts=tuple(texts.values()),
        waivers=tuple(_waiver(each) for each in result.waivers[: limits.rows]),
        provenance=_provenance(result),
    )


def _subtitle(result: AuditResult, repository: str) -> str:
    tool = result.tool
    parts = (
        repository,
        f"audited {moment(tool.started)}" if tool.started else "",
        f"DICOM standard {tool.standard_edition}" if tool.standard_edition else "",
        f"profile {tool.profile}" if tool.profile else "",
    )
    return " · ".join(clean(part) for part in parts if part)
