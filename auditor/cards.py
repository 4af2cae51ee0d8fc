"""What a scorecard shows beside the rules of a category: claims, referees, what refers to what.

Every card is made of one block of the result, and is left out where the block is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from auditor.charts import Box, Columns, Diagram, ShareBar, diagram, share_bar, year_columns
from auditor.conformance.vocabulary import DCIODVFY, DICOM_VALIDATOR, KINDS
from auditor.result import (
    CollectionResult,
    ConformanceResult,
    Deidentification,
    Expectation,
    InventoryRow,
    ObjectLink,
    Private,
    PrivateCreator,
    Reports,
    RuleResult,
    Segments,
)
from auditor.view import (
    IDENTIFIERS,
    NOT_KNOWN,
    Limits,
    arc_of,
    clean,
    fails,
    left_out,
    percent,
    rank_of,
    size,
    tone_of,
)
from auditor.words import agree, number, plural, with_verb


class Cell(NamedTuple):
    """One cell of a table: a text, what stands small below it, a tone with its word."""

    text: str
    note: str = ""
    tone: str = ""
    code: bool = False


class Line(NamedTuple):
    """One line of a table; `bar` is 0 to 100, and below 0 where none is drawn."""

    cells: tuple[Cell, ...]
    bar: float = -1.0


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the heads of columns of numbers are in `numbers`, by position."""

    title: str
    head: tuple[str, ...]
    numbers: frozenset[int]
    lines: tuple[Line, ...]
    more: str = ""
    hint: str = ""
    wide: bool = False
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """Sentences, then pictures, then tables."""

    title: str
    sentences: tuple[str, ...] = ()
    bars: tuple[ShareBar, ...] = ()
    columns: Columns | None = None
    diagram: Diagram | None = None
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()


def cards(collection: CollectionResult, limits: Limits) -> dict[str, tuple[Card, ...]]:
    """Return the cards of a collection by category."""
    made: dict[str, list[Card | None]] = {
        "deidentification": [_deidentification(collection, limits)],
        "private": [_private(collection.private, limits)],
        "iod": [_conformance(collection.conformance, limits)],
        "segmentation": [
            _segments(collection.segments, limits),
            _links(collection, _of_segmentation, "What segmentations refer to", limits),
        ],
        "structured_report": [
            _reports(collection.reports, limits),
            _links(collection, _of_report, "What the reports refer to", limits),
        ],
        "radiotherapy": [_links(collection, _of_radiotherapy, "What RT objects refer to", limits)],
        "references": [_all_links(collection, limits)],
        "annotation": [_coverage(collection, limits), _beside(collection, limits)],
    }
    return {
        category: present
        for category, each in made.items()
        if (present := tuple(card for card in each if card is not None))
    }


def _part(count: int, whole: int) -> str:
    """Write "12 (40 %)"."""
    return f"{number(count)} ({percent(100 * count / whole)})" if whole else number(count)


def _agree(count: int, whole: int, one: str, many: str) -> str:
    """Return the verb of "1 of 3 files has", "2 of 3 files have", and "0 of 1 file has"."""
    return one if whole == 1 else agree(count, one, many)


def _bar(count: float, whole: float) -> float:
    return arc_of(100 * count / whole) if whole else 0.0


# -- de-identification ---------------------------------------------------------------------

_VERDICTS = {
    "error": ("error", "error"),
    "warning": ("warning", "warning"),
    "info": ("info", "note"),
    "not_evaluated": ("unknown", "one file cannot tell"),
    "pass": ("ok", "as expected"),
}


_NO_VALUE = frozenset({"empty", "a replacement"})
"""What is observed where another rule found something in other objects at the same tag path."""


def _deidentification(collection: CollectionResult, limits: Limits) -> Card | None:
    block = collection.deidentification
    if block is None or not block.instances:
        return None
    claims = block.claims[: limits.listed]
    rows = _worst_rows(block, collection.rules)[: limits.listed]
    coded = block.claiming - block.uncoded
    sentences = [
        f"{_part(coded, block.instances)} of {plural(block.instances, 'object')} about a patient "
        f"{_agree(coded, block.instances, 'claims', 'claim')} to be de-identified in a way that "
        "can be looked up."
    ]
    if block.uncoded:
        sentences.append(
            f"{_part(block.uncoded, block.instances)} "
            f"{agree(block.uncoded, 'declares', 'declare')} identity removed; no code says how, so "
            "the Basic Profile is taken."
        )
    if block.foreign:
        sentences.append(
            f"{with_verb(block.foreign, 'object', 'names', 'name')} a method that no published "
            "profile explains: nothing can be held against it."
        )
    if block.not_counted:
        sentences.append(f"{plural(block.not_counted, 'object')} could not be looked at.")
    tables = [
        Table(
            "The claim in words",
            ("What the objects say", "Objects"),
            frozenset({1}),
            tuple(
                Line(
                    (Cell(clean(each.words, 400)), Cell(_part(each.instances, block.instances))),
                    _bar(each.instances, block.instances),
                )
                for each in claims
            ),
            left_out(len(block.claims), len(claims), "claim"),
            wide=True,
        ),
        Table(
            "What tells of de-identification",
            ("Attribute", "Present", "With a value"),
            frozenset({1, 2}),
            tuple(
                Line(
                    (
                        Cell(clean(each.attribute), clean(each.tag_path)),
                        Cell(_part(each.present, block.instances)),
                        Cell(number(each.filled)),
                    ),
                    _bar(each.present, block.instances),
                )
                for each in block.attributes
            ),
            hint="The ten attributes of Aiello et al. 2021, Table 1.",
        ),
    ]
    if rows:
        wrong = sum(each.verdict in ("error", "warning") for each in block.expected)
        tables.append(
            Table(
                "Attribute, expected action, what is there",
                ("Attribute", "Expected", "Observed", "Verdict", "Objects"),
                frozenset({4}),
                tuple(
                    Line(
                        (
                            Cell(clean(each.attribute) or "(private)", clean(each.tag_path)),
                            Cell(clean(each.expected)),
                            Cell(clean(each.observed)),
                            _verdict(each.verdict, fired),
                            Cell(number(each.instances)),
                        )
                    )
                    for each, fired in rows
                ),
                left_out(len(block.expected) + block.more, len(rows), "line"),
                f"{plural(wrong, 'line')} of {number(len(block.expected))} against the profile "
                "that the objects claim (PS3.15 Table E.1-1), worst first. No value is shown.",
                wide=True,
                folded=True,
            )
        )
    return Card("What is claimed, and what is there", tuple(sentences), tables=tuple(tables))


def _worst_rows(
    block: Deidentification, rules: Iterable[RuleResult]
) -> list[tuple[Expectation, RuleResult | None]]:
    """Return the rows worst first, each with the rule that says worse of its tag path than it.

    The profile asks whether a value was replaced, which one file cannot tell; another rule may
    see a name in it.
    """
    worst: dict[str, RuleResult] = {}
    for rule in sorted(rules, key=lambda each: (-rank_of(each), each.id)):
        if rule.id.startswith(IDENTIFIERS) and fails(rule):
            for finding in rule.findings:
                worst.setdefault(finding.tag_path, rule)
    order = list(_VERDICTS)
    ranked = []
    for row in block.expected:
        fired = None if row.observed in _NO_VALUE else worst.get(row.tag_path)
        own = order.index(row.verdict) if row.verdict in order else 0
        raised = order.index(tone_of(fired)) if fired else own
        ranked.append((min(own, raised), row, fired if raised < own else None))
    ranked.sort(key=lambda each: each[0])
    return [(row, fired) for _, row, fired in ranked]


def _verdict(word: str, fired: RuleResult | None) -> Cell:
    tone, said = _VERDICTS.get(word, ("unknown", clean(word)))
    if fired is not None:
        worse, severity = _VERDICTS[tone_of(fired)]
        said = f"{said if tone == 'unknown' else severity} (see {clean(fired.id)})"
        tone = worse
    return Cell(said, tone=tone)


# -- private data --------------------------------------------------------------------------

_STANDING = {
    "orphan": "without a creator",
    "unknown_creator": "of a creator nobody knows",
    "nameless": "of a known creator, not in its dictionary",
    "known": "known, not listed as safe",
    "safe": "listed as safe (PS3.15 E.3.10)",
}
_FOUND = {
    "identifiers": ("holds", "hold", "what looks like an identifier"),
    "dates": ("holds", "hold", "dates"),
    "other_vr": ("has", "have", "another VR than the dictionary"),
    "unread": ("is", "are", "UN though the dictionary knows better"),
}


def _standing(each: PrivateCreator) -> Cell:
    """Say what is known of a creator's elements, the worst first; that word is the verdict."""
    said = [
        f"{number(count)} {words}"
        for key, words in _STANDING.items()
        if (count := each.standing.get(key, 0))
    ]
    found = [
        f"{number(count)} {agree(count, one, many)} {words}"
        for key, (one, many, words) in _FOUND.items()
        if (count := each.found.get(key, 0))
    ]
    if each.found.get("identifiers"):
        tone, word = "error", "identifies"
    elif each.standing.get("orphan"):
        tone, word = "error", "unusable"
    elif set(each.standing) <= {"safe"}:
        tone, word = "ok", "safe"
    elif each.standing.get("unknown_creator"):
        tone, word = "unknown", "unknown"
    else:
        tone, word = "warning", "not known to be safe"
    return Cell(word, "; ".join(said + found), tone)


def _private(block: Private | None, limits: Limits) -> Card | None:
    if block is None or not block.creators:
        return None
    shown = block.creators[: limits.listed]
    most = max((each.bytes for each in shown), default=0)
    tables = [
        Table(
            "By private creator",
            ("Private creator", "Verdict", "Elements", "Objects", "Bytes", "Share of DICOM bytes"),
            frozenset({2, 3, 4, 5}),
            tuple(
                Line(
                    (
                        Cell(clean(each.creator)),
                        _standing(each),
                        Cell(number(each.elements)),
                        Cell(number(each.instances)),
                        Cell(size(each.bytes)),
                        Cell(percent(100 * each.share)),
                    ),
                    _bar(each.bytes, most),
                )
                for each in shown
            ),
            left_out(len(block.creators) + block.more, len(shown), "creator"),
            "A creator that is in no published dictionary is shown by the shape of its name.",
            wide=True,
        )
    ]
    vendors = [each for each in block.vendors if each.private][: limits.values]
    if vendors:
        tables.append(
            Table(
                "Private in place of public, by manufacturer (series)",
                ("Manufacturer", "Series", "Private", "Public absent", "Differs", "Equal"),
                frozenset({1, 2, 3, 4, 5}),
                tuple(
                    Line(
                        (
                            Cell(clean(each.manufacturer)),
                            Cell(number(each.series)),
                            Cell(_part(each.private, each.series)),
                            Cell(_part(each.absent, each.private)),
                            Cell(_part(each.different, each.private)),
                            Cell(_part(each.equal, each.private)),
                        ),
                        _bar(each.absent + each.different, each.private),
                    )
                    for each in vendors
                ),
                hint="Private: series with private elements. Of these: a private element says what "
                "an attribute of the standard is for, which is absent, differs or is equal.",
                wide=True,
            )
        )
    sentence = (
        f"{with_verb(block.instances, 'object', 'holds', 'hold')} private elements, "
        f"{size(block.bytes)} in all: {percent(100 * block.share)} of the bytes of its DICOM files."
    )
    return Card("Whose private data, and what is known of it", (sentence,), tables=tuple(tables))


# -- conformance ---------------------------------------------------------------------------

_STATES = {
    "retired": "retired SOP Class: the edition has no IOD for it",
    "directory": "directory of a file-set: it has no IOD",
    "service": "SOP Class of a service: it stores nothing",
    "private": "private SOP Class: no IOD is published",
    "unknown": "SOP Class that this edition does not have",
    "none": "no SOP Class UID",
    "not judged": "no referee could judge it",
}


def _conformance(block: ConformanceResult | None, limits: Limits) -> Card | None:
    if block is None or not block.structures + block.cut_short:
        return None
    foreign = sum(block.foreign.values())
    whole = block.judged + foreign + block.cut_short
    sentences = [
        "The standard has an Information Object Definition (IOD) for each kind of object: what it "
        "must hold. Referees are programs that hold files against it: dicom-validator and, where "
        "it is installed, dciodvfy.",
        f"{_part(block.clean, block.judged)} of {plural(block.judged, 'judged file')} "
        f"{_agree(block.clean, block.judged, 'has', 'have')} no error from either referee. "
        f"{with_verb(block.structures, 'distinct data set', 'stands', 'stand')} for "
        f"{agree(block.judged, 'it', 'all of them')}.",
    ]
    bars = [
        share_bar(
            "Files by what the referees find",
            (
                ("ok", "no error", block.clean, _part(block.clean, whole)),
                (
                    "error",
                    "with an error",
                    block.judged - block.clean,
                    _part(block.judged - block.clean, whole),
                ),
                (
                    "unknown",
                    "not judged",
                    whole - block.judged,
                    _part(whole - block.judged, whole),
                ),
            ),
        )
    ]
    if block.both:
        who = block.verdicts
        bars.append(
            share_bar(
                "Files that both referees judged, by who finds an error",
                tuple(
                    (tone, name, who.get(key, 0), _part(who.get(key, 0), block.both))
                    for tone, name, key in (
                        ("ok", "neither", "neither"),
                        ("error", "both", "both"),
                        ("warning", f"only {DICOM_VALIDATOR}", DICOM_VALIDATOR),
                        ("info", f"only {DCIODVFY}", DCIODVFY),
                    )
                ),
            )
        )
    sentences += [
        f"{plural(count, 'file')}: {_STATES.get(key, clean(key))}."
        for key, count in sorted(block.foreign.items())
    ]
    if block.cut_short:
        sentences.append(f"{plural(block.cut_short, 'file')}: cut short, and so not judged.")
    return Card(
        "What the referees say",
        tuple(sentences),
        tuple(bar for bar in bars if bar is not None),
        tables=tuple(_conformance_tables(block, limits)),
    )


def _conformance_tables(block: ConformanceResult, limits: Limits) -> Iterable[Table]:
    shown = block.iods[: limits.values]
    yield Table(
        "IODs in use",
        ("IOD", "Files", "Distinct", "Without error"),
        frozenset({1, 2, 3}),
        tuple(
            Line(
                (
                    Cell(
                        clean(each.iod) or _STATES.get(each.state, clean(each.state)),
                        clean(each.sop_class),
                    ),
                    Cell(number(each.files)),
                    Cell(number(each.structures)),
                    Cell(
                        _part(each.clean, each.files - each.unjudged)
                        if each.files > each.unjudged
                        else "not judged"
                    ),
                ),
                _bar(each.clean, each.files - each.unjudged),
            )
            for each in shown
        ),
        left_out(len(block.iods), len(shown), "line"),
    )
    if block.modules:
        modules = block.modules[: limits.values]
        yield Table(
            "Modules with errors, the worst first",
            ("Module", "Files", "Distinct defects"),
            frozenset({1, 2}),
            tuple(
                Line(
                    (
                        Cell(
                            clean(each.name), f"PS3.3 {clean(each.clause)}" if each.clause else ""
                        ),
                        Cell(number(each.files)),
                        Cell(number(each.defects)),
                    ),
                    _bar(each.files, block.judged),
                )
                for each in modules
            ),
            left_out(len(block.modules) + block.modules_left_out, len(modules), "module"),
        )
    if block.disagreements:
        differing = block.disagreements[: limits.values]
        yield Table(
            "Where the referees disagree",
            ("Attribute", "What", "Said only by", "Files"),
            frozenset({3}),
            tuple(
                Line(
                    (
                        Cell(clean(each.attribute) or "(private)", clean(each.tag_path)),
                        Cell(KINDS.get(each.kind, clean(each.kind))),
                        Cell(clean(each.referee)),
                        Cell(number(each.files)),
                    )
                )
                for each in differing
            ),
            left_out(
                len(block.disagreements) + block.disagreements_left_out, len(differing), "line"
            ),
            "Found with medium confidence: one of two says so.",
            wide=True,
            folded=True,
        )


# -- what refers to what -------------------------------------------------------------------

_SEGMENTING = frozenset({"Segmentation", "Microscopy annotation", "Parametric map"})


def _of_segmentation(link: ObjectLink) -> bool:
    return link.source in _SEGMENTING


def _of_report(link: ObjectLink) -> bool:
    return link.source in ("Structured report", "Key object selection", "Dose report")


def _of_radiotherapy(link: ObjectLink) -> bool:
    return link.source.startswith(("RT ", "Other RT"))


BOXES, ARROWS = 12, 16
"""Of a diagram: what is more is in the table beside it."""

Key = tuple[str, bool]


def _layers(links: Sequence[ObjectLink], images: frozenset[str]) -> dict[Key, int]:
    """Return how far each kind is from what it is about: 0 is an image, or is not there."""
    keys = {(each.source, True) for each in links} | {(each.target, each.present) for each in links}
    layers = {key: int(key[1] and key[0] not in images) for key in sorted(keys)}
    # As often as there can be layers; kinds that refer to each other would never come to rest.
    for _ in range(3):
        for each in links:
            source, target = (each.source, True), (each.target, each.present)
            if source != target and layers[source]:
                layers[source] = min(3, max(layers[source], layers[target] + 1))
    return layers


def _links(
    collection: CollectionResult,
    wanted: Callable[[ObjectLink], bool],
    title: str,
    limits: Limits,
) -> Card | None:
    """Draw the links of some kinds of object; none of them refers to anything: no card."""
    block = collection.objects
    links = [each for each in block.links if wanted(each)] if block else []
    if block is None or not links:
        return None
    images = frozenset(kind.kind for kind in block.kinds if kind.is_image)
    drawn = sorted(links, key=lambda each: -each.objects)[:ARROWS]
    layers = _layers(drawn, images)
    kinds = {kind.kind: kind for kind in block.kinds}
    boxes = []
    for key, layer in sorted(layers.items(), key=lambda item: (item[1], not item[0][1], item[0])):
        name, present = key
        kind = kinds.get(name)
        if present and kind is not None:
            of = f"{plural(kind.instances, 'object')} in {plural(kind.series, 'series')}"
        else:
            of = "not in the collection"
        boxes.append(Box(key, layer, clean(name), of, not present))
    boxes = boxes[:BOXES]
    here = {box.key for box in boxes}
    arrows = [
        (source, target, number(each.objects))
        for each in drawn
        if (source := (each.source, True)) in here
        and (target := (each.target, each.present)) in here
    ]
    said = "; ".join(_in_words(each) for each in drawn)
    return Card(
        title,
        ("A number on an arrow counts the objects that refer to something at its end.",),
        diagram=diagram(f"{title}: {said}", boxes, arrows),
        tables=(_link_table("The same as a table", links, limits, folded=True),),
    )


def _in_words(link: ObjectLink) -> str:
    are = agree(link.targets, "is", "are")
    where = "in the collection" if link.present else f"that {are} not in the collection"
    return (
        f"{number(link.objects)} of kind {clean(link.source)} "
        f"{agree(link.objects, 'refers', 'refer')} to "
        f"{number(link.targets)} of kind {clean(link.target)} {where}"
    )


def _link_table(
    title: str, links: Sequence[ObjectLink], limits: Limits, *, folded: bool = False
) -> Table:
    shown = links[: limits.listed]
    return Table(
        title,
        ("These", "refer to", "Objects", "Series", "Targets"),
        frozenset({2, 3, 4}),
        tuple(
            Line(
                (
                    Cell(clean(each.source)),
                    Cell(clean(each.target))
                    if each.present
                    else Cell(clean(each.target), "not in the collection", "unknown"),
                    Cell(number(each.objects)),
                    Cell(number(each.series)),
                    Cell(number(each.targets)),
                )
            )
            for each in shown
        ),
        left_out(len(links), len(shown), "line"),
        wide=True,
        folded=folded,
    )


_DRAWN = {
    "MANUAL": ("ok", "by hand"),
    "SEMIAUTOMATIC": ("info", "by hand and program"),
    "AUTOMATIC": ("absent", "by a program"),
    "": ("unknown", "not said"),
}
"""Segment Algorithm Type (PS3.3 C.8.20.4) and Annotation Group Generation Type (C.37.1.2): tone,
what it means."""


def _segments(block: Segments | None, limits: Limits) -> Card | None:
    """Show what is segmented and how it was drawn: codes of the standard, never labels."""
    if block is None or not block.instances:
        return None
    sentences = [
        f"{plural(block.segments, 'segment')} in {plural(block.instances, 'object')}; a group of "
        "annotations counts as one."
    ]
    if block.not_counted:
        sentences.append(f"{plural(block.not_counted, 'object')} could not be looked at.")
    drawn = share_bar(
        "How they were drawn",
        tuple(
            (tone, name, count, _part(count, block.segments))
            for way, (tone, name) in _DRAWN.items()
            if (count := block.drawn.get(way, 0))
        ),
    )
    shown = block.kinds[: limits.values]
    most = max((each.segments for each in shown), default=0)
    table = Table(
        "By category and type, in the standard's words",
        ("Category", "Type", "Segments", "Objects"),
        frozenset({2, 3}),
        tuple(
            Line(
                (
                    *(
                        Cell(clean(words))
                        if words
                        else Cell("another code, or none", "", "unknown")
                        for words in (each.category, each.type)
                    ),
                    Cell(number(each.segments)),
                    Cell(number(each.instances)),
                ),
                _bar(each.segments, most),
            )
            for each in shown
        ),
        left_out(len(block.kinds) + block.more, len(shown), "line"),
        "Labels of segments are free text, and stay out of this page.",
        wide=True,
    )
    return Card(
        "What is segmented",
        tuple(sentences),
        bars=(drawn,) if drawn else (),
        tables=(table,) if table.lines else (),
    )


_LEVELS = {
    "coded": ("ok", "a coded lexicon", "coded items or measurements: can be searched and counted"),
    "organised": ("info", "organised items", "text under several headings"),
    "free_text": ("absent", "free text in a container", "for people to read"),
    "empty": ("unknown", "nothing said", "no text, no coded item and no measurement"),
    "too_large": ("unknown", "too large to be looked at", ""),
}
"""Levels of structure, from most to least: tone, name, what it means (Aiello et al. 2021)."""

_CONFORMANCE = {
    "conforming": "holds what its template asks for",
    "not_conforming": "differs from its template",
    "not_evaluated": "could not be held against its template",
}


def _reports(block: Reports | None, limits: Limits) -> Card | None:
    """Show how structured the reports are, how coded, by which lexicons and templates."""
    if block is None or not block.instances:
        return None
    said = block.coded + block.text
    bars = (
        share_bar(
            "Reports by their level of structure",
            tuple(
                (tone, name, count, _part(count, block.instances))
                for key, (tone, name, _) in _LEVELS.items()
                if (count := block.structure.get(key, 0))
            ),
        ),
        share_bar(
            "Items that say something of the patient",
            (
                ("ok", "coded or measured", block.coded, _part(block.coded, said)),
                ("absent", "text", block.text, _part(block.text, said)),
            ),
        ),
    )
    sentences = [f"{plural(block.instances, 'structured report')}, without key object selections."]
    if block.not_counted:
        sentences.append(f"{plural(block.not_counted, 'report')} could not be looked at.")
    levels = tuple(
        Line((Cell(name, words), Cell(number(count))), _bar(count, block.instances))
        for key, (_, name, words) in _LEVELS.items()
        if (count := block.structure.get(key, 0))
    )
    judged = tuple(
        Line((Cell(words), Cell(number(count))), _bar(count, block.instances))
        for key, words in _CONFORMANCE.items()
        if (count := block.conformance.get(key, 0))
    )
    tables = (
        Table("Level of structure", ("Level", "Reports"), frozenset({1}), levels),
        _most(
            "Lexicons in use",
            ("Coding scheme", "Coded entries"),
            block.lexicons,
            limits,
            "Names, values and units; an entry that occurs twice counts twice.",
        ),
        _most(
            "Templates declared",
            ("Template (PS3.16)", "Reports"),
            {_TEMPLATES.get(key, f"TID {key}"): count for key, count in block.templates.items()},
            limits,
        ),
        Table(
            "Held against the declared template", ("The report", "Reports"), frozenset({1}), judged
        ),
    )
    return Card(
        "How structured the reports are",
        tuple(sentences),
        tuple(bar for bar in bars if bar is not None),
        tables=tuple(table for table in tables if table.lines),
    )


_TEMPLATES = {"none": "none is declared", "other": "one that was not looked at"}


def _most(
    title: str, head: tuple[str, str], counts: Mapping[str, int], limits: Limits, hint: str = ""
) -> Table:
    shown = list(counts.items())[: limits.values]
    most = max(counts.values(), default=0)
    return Table(
        title,
        head,
        frozenset({1}),
        tuple(
            Line((Cell(clean(name)), Cell(number(count))), _bar(count, most))
            for name, count in shown
        ),
        left_out(len(counts), len(shown), "line"),
        hint,
    )


def _all_links(collection: CollectionResult, limits: Limits) -> Card | None:
    links = collection.objects.links if collection.objects else []
    if not links:
        return None
    there = sum(each.targets for each in links if each.present)
    gone = sum(each.targets for each in links if not each.present)
    bar = share_bar(
        "Objects that others refer to",
        (
            ("ok", "in the collection", there, _part(there, there + gone)),
            ("unknown", "not in the collection", gone, _part(gone, there + gone)),
        ),
    )
    return Card(
        "What refers to what",
        bars=(bar,) if bar else (),
        tables=(_link_table("By kind of object", links, limits),),
        notes=("What is not in the collection may be in another: that alone is no error.",),
    )


def _coverage(collection: CollectionResult, limits: Limits) -> Card | None:
    """Show how many patients have objects of each kind."""
    kinds = collection.objects.kinds if collection.objects else []
    patients, known = collection.counts.patients, collection.counts.knows_patients
    if not kinds:
        return None
    shown = sorted(kinds, key=lambda kind: (not kind.is_image, -kind.patients))[: limits.values]
    return Card(
        "Patients by kind of object",
        tables=(
            Table(
                "Patients that have at least one",
                ("Kind of object", "Patients", "Series", "Objects"),
                frozenset({1, 2, 3}),
                tuple(
                    Line(
                        (
                            Cell(clean(each.kind)),
                            Cell(_part(each.patients, patients) if known else NOT_KNOWN),
                            Cell(number(each.series)),
                            Cell(number(each.instances)),
                        ),
                        _bar(each.patients, patients),
                    )
                    for each in shown
                ),
                left_out(len(kinds), len(shown), "kind"),
                f"Of {plural(patients, 'patient')}, by Patient ID; kinds go by SOP Class."
                if known
                else "Patients are not known: no object has a Patient ID. Kinds go by SOP Class.",
                wide=True,
            ),
        ),
    )


_FORMS = {
    "annotation": "annotation",
    "report": "reports in text",
    "table": "tables",
    "image": "converted images",
}


def _beside(collection: CollectionResult, limits: Limits) -> Card | None:
    """Show what files beside DICOM hold, what they are tied to, and what the publisher states."""
    found = collection.evidence
    if found is None or not (found.forms or found.described or found.third_party):
        return None
    stated = [f"{name}: {value}" for name, value in found.described.items() if value]
    stated += [
        " ".join(
            filter(None, (f"{each.get('holds', '')} by a third party", each.get("source", "")))
        )
        for each in found.third_party
    ]
    forms, tables = found.forms[: limits.listed], found.tables[: limits.listed]
    patients = collection.counts.patients
    shown = []
    if forms:
        shown.append(
            Table(
                "What files beside DICOM hold",
                (
                    "Format",
                    "Holds",
                    "Files",
                    "Tied to images",
                    "Tied to a patient alone",
                    "Example",
                ),
                frozenset({2, 3, 4}),
                tuple(
                    Line(
                        (
                            Cell(clean(each.format)),
                            Cell(_FORMS.get(each.form, "other")),
                            Cell(number(each.files)),
                            Cell(_part(each.to_images, each.files)),
                            Cell(_part(each.to_patients, each.files)),
                            Cell(clean(each.example), code=True),
                        ),
                    )
                    for each in forms
                ),
                left_out(len(found.forms), len(forms), "form"),
                "Told by the bytes, else by the path; tied by UIDs, names and folders.",
                wide=True,
            )
        )
    if tables:
        shown.append(
            Table(
                "Clinical tables that join to Patient ID",
                ("Table", "Patients", "Rows looked at", "Columns about"),
                frozenset({1, 2}),
                tuple(
                    Line(
                        (
                            Cell(clean(each.path), code=True),
                            Cell(_part(each.patients, patients)),
                            Cell(number(each.rows)),
                            Cell(clean(", ".join(each.columns), 400)),
                        ),
                        _bar(each.patients, patients),
                    )
                    for each in tables
                ),
                left_out(len(found.tables) + found.tables_left_out, len(tables), "table"),
                "Columns are named in words of our own: no heading and no value is shown.",
                wide=True,
            )
        )
    sentences = []
    if found.tables:
        sentences.append(
            f"Clinical tables name {_part(found.patients_joined, patients)} of "
            f"{plural(patients, 'patient')}."
        )
    if stated:
        sentences.append(f"Its publisher states: {clean('; '.join(stated), 1000)}.")
    return Card("Beside DICOM", tuple(sentences), tables=tuple(shown))


# -- inventory -----------------------------------------------------------------------------

_TITLES = {
    "modality": "Modality",
    "manufacturer": "Manufacturer",
    "model": "Model",
    "body_part": "Body part",
    "study_year": "Year of study",
    "matrix": "Columns by rows",
    "sop_class": "SOP Class",
    "transfer_syntax": "Transfer syntax",
}


def inventory(collection: CollectionResult, limits: Limits) -> tuple[Card, ...]:
    """Return what is in a collection, a card for each attribute, without empty ones."""
    if not limits.values:
        return ()
    made = [_inventory(name, rows, limits) for name, rows in collection.inventory.items() if rows]
    if collection.private is None and collection.private_elements:
        # No rule of that category ran; that there are private elements is known all the same.
        title, head = "Private elements by creator", ("Private creator", "Elements")
        made.append(_counted(title, head, collection.private_elements, limits))
    if collection.companions:
        head = ("Format", "Files")
        made.append(_counted("Files beside DICOM", head, collection.companions, limits))
    return tuple(made)


def _inventory(name: str, rows: Sequence[InventoryRow], limits: Limits) -> Card:
    ordered = sorted(rows, key=lambda row: (-row.instances, row.value))
    shown = ordered[: limits.values]
    most = max((row.instances for row in ordered), default=0)
    title = _TITLES.get(name) or clean(name.replace("_", " ").capitalize())
    columns = None
    if name == "study_year":
        years = {int(row.value): row.instances for row in rows if row.value.isdecimal()}
        columns = year_columns(f"Different objects by year of study, {_span(years)}", years)
        shown = sorted(shown, key=lambda row: row.value) if columns else shown
    # Results of before sizes were counted have none.
    sized = any(row.bytes for row in shown)
    table = Table(
        title,
        ("Value", "Different objects", "Series", *(["Size"] if sized else [])),
        frozenset({1, 2, 3}),
        tuple(
            Line(
                (
                    Cell(clean(row.value) or "(empty)"),
                    Cell(number(row.instances)),
                    Cell(number(row.series)),
                    *([Cell(size(row.bytes))] if sized else []),
                ),
                _bar(row.instances, most),
            )
            for row in shown
        ),
        left_out(len(ordered), len(shown), "line"),
        folded=columns is not None,
    )
    return Card(title, columns=columns, tables=(table,))


def _span(years: dict[int, int]) -> str:
    if not years:
        return "none"
    return str(min(years)) if len(years) == 1 else f"{min(years)} to {max(years)}"


def _counted(title: str, head: tuple[str, str], found: dict[str, int], limits: Limits) -> Card:
    ordered = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = ordered[: limits.values]
    most = max(found.values(), default=0)
    table = Table(
        title,
        head,
        frozenset({1}),
        tuple(
            Line((Cell(clean(name)), Cell(number(count))), _bar(count, most))
            for name, count in shown
        ),
        left_out(len(ordered), len(shown), "line"),
    )
    return Card(title, tables=(table,))
