"""From what summaries counted to the blocks of a result: claim, private data, segments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from auditor.model import Outcome, Row, Severity, TagPath, Unit, parse_tag
from auditor.registry import RuleSet
from auditor.result import (
    CarriedAttribute,
    Claim,
    Deidentification,
    Expectation,
    Private,
    PrivateCreator,
    PrivateVendor,
    Reports,
    SegmentKind,
    Segments,
)
from auditor.standard.dictionary import name_of
from auditor.tally import NOT_COUNTED, Tally, count_summary

CLAIMS = 20
"""Distinct claims that a result holds, the most frequent first."""

EXPECTED = 100
"""Places that are held against the profile, the worst first."""

CREATORS = 200
"""Private creators, those with most bytes first; a shape of one that is not known is one."""

KINDS = 200
"""Kinds of segment, the most frequent first."""

CARRIED = (
    TagPath.of("PrivateDataElementCharacteristicsSequence"),
    TagPath.of("PrivateDataElementCharacteristicsSequence", "DeidentificationActionSequence"),
    TagPath.of("PatientIdentityRemoved"),
    TagPath.of("DeidentificationMethod"),
    TagPath.of("DeidentificationMethodCodeSequence"),
    TagPath.of("BurnedInAnnotation"),
    TagPath.of("RecognizableVisualFeatures"),
    TagPath.of("LongitudinalTemporalInformationModified"),
    TagPath.of("EncryptedAttributesSequence"),
    TagPath.of("OriginalAttributesSequence"),
)
"""Attributes that a de-identified object carries (Aiello et al. 2021, Table 1)."""

# Worst first.
_ORDER = (
    Severity.ERROR,
    Severity.WARNING,
    Severity.INFO,
    Outcome.NOT_EVALUATED,
    Outcome.PASS,
)

Counts = Mapping[Row, int]


def summaries(rules: RuleSet, tally: Tally) -> dict[str, dict[Row, int]]:
    """Add up what every summary of a rule set counted, by its name."""
    return {
        each.name: count_summary(
            ((one.verdict.counted[index], one.series) for one in tally.signatures.values()),
            each.unit is Unit.SERIES,
        )
        for index, each in enumerate(rules.summaries)
    }


def joined(rules: RuleSet, tally: Tally) -> Iterator[tuple[str, str, str]]:
    """Yield the rows of the table ``counted``: signature, summary, and what it said."""
    for index, summary in enumerate(rules.summaries):
        if summary.joined:
            for one in tally.signatures.values():
                for row, _ in one.verdict.counted[index]:
                    yield one.name, summary.name, "|".join(row)


def attribute_of(tag_path: str) -> str:
    """Return the name in PS3.6 of the last step of a tag path, "" if it has none."""
    last = tag_path.rpartition("/")[2]
    try:
        return name_of(parse_tag(last))
    except ValueError:
        return ""


def deidentification(counted: Mapping[str, Counts]) -> Deidentification | None:
    """Make the block of the claim, None if nothing counted it.

    Parameters
    ----------
    counted
        Rows by name of their summary; those of ``claim`` and ``profile`` are read.
    """
    if "claim" not in counted and "profile" not in counted:
        return None
    claim, profile = counted.get("claim", {}), counted.get("profile", {})
    claims = sorted(_of("claim", claim), key=lambda each: (-each[1], each[0]))
    carried = dict(_of("attribute", claim))
    places = sorted(_of("place", profile), key=_badness)
    return Deidentification(
        instances=claim.get(("object",), 0),
        claims=[
            Claim(words, codes.split("+") if codes else [], count)
            for (words, codes), count in claims[:CLAIMS]
        ],
        attributes=[
            CarriedAttribute(
                str(path),
                attribute_of(str(path)),
                carried.get((str(path), "present"), 0),
                carried.get((str(path), "filled"), 0),
            )
            for path in CARRIED
        ],
        claiming=profile.get(("object",), 0),
        uncoded=profile.get(("uncoded",), 0),
        foreign=profile.get(("foreign",), 0),
        expected=[
            Expectation(path, attribute_of(path), expected, observed, verdict, count)
            for (path, expected, observed, verdict), count in places[:EXPECTED]
        ],
        more=max(0, len(places) - EXPECTED),
        not_counted=max(claim.get(NOT_COUNTED, 0), profile.get(NOT_COUNTED, 0)),
    )


def private(counted: Mapping[str, Counts], tally: Tally) -> Private | None:
    """Make the block of private data, None if nothing counted it.

    Parameters
    ----------
    counted
        Rows by name of their summary; those of ``private`` and ``abuse`` are read.
    tally
        Holds the bytes, by creator.
    """
    if "private" not in counted and "abuse" not in counted:
        return None
    rows, vendors = counted.get("private", {}), counted.get("abuse", {})
    creators: dict[str, PrivateCreator] = {}
    for creator, size in tally.private.items():
        creators[creator] = PrivateCreator(creator, 0, 0, size, _share(size, tally.dicom))
    for (creator,), count in _of("objects", rows):
        one = creators.setdefault(creator, PrivateCreator(creator, 0, 0, 0, 0.0))
        one.instances = count
    for (creator, standing), count in sorted(_of("standing", rows)):
        one = creators[creator]
        one.standing[standing.lower()] = count
        one.elements += count
    for (creator, what), count in sorted(_of("found", rows)):
        if creator in creators:
            creators[creator].found[what] = count
    ordered = sorted(creators.values(), key=lambda each: (-each.bytes, each.creator))
    total = sum(tally.private.values())
    return Private(
        instances=rows.get(("object",), 0),
        bytes=total,
        share=_share(total, tally.dicom),
        creators=ordered[:CREATORS],
        more=max(0, len(ordered) - CREATORS),
        vendors=_vendors(vendors),
        not_counted=max(rows.get(NOT_COUNTED, 0), vendors.get(NOT_COUNTED, 0)),
    )


def segments(counted: Mapping[str, Counts]) -> Segments | None:
    """Make the block of segments, None if nothing counted it.

    Parameters
    ----------
    counted
        Rows by name of their summary; those of ``segments`` are read.
    """
    if "segments" not in counted:
        return None
    rows = counted["segments"]
    objects = dict(_of("objects", rows))
    kinds = sorted(_of("segment", rows), key=lambda each: (-each[1], each[0]))
    return Segments(
        instances=rows.get(("object",), 0),
        segments=sum(count for _, count in kinds),
        kinds=[
            SegmentKind(category, kind, count, objects.get((category, kind), 0))
            for (category, kind), count in kinds[:KINDS]
        ],
        more=max(0, len(kinds) - KINDS),
        drawn={way: count for (way,), count in sorted(_of("drawn", rows))},
        not_counted=rows.get(NOT_COUNTED, 0),
    )


def structured_reports(counted: Mapping[str, Counts]) -> Reports | None:
    """Make the block of structured reports, None if nothing counted it.

    Parameters
    ----------
    counted
        Rows by name of their summary; those of ``reports`` are read.
    """
    if "reports" not in counted:
        return None
    rows = counted["reports"]
    coded, text = rows.get(("said", "coded"), 0), rows.get(("said", "text"), 0)
    return Reports(
        instances=rows.get(("object",), 0),
        structure=_by_word("structure", rows),
        templates=_by_word("template", rows),
        conformance=_by_word("conformance", rows),
        coded=coded,
        text=text,
        share=_share(coded, coded + text),
        lexicons=_by_word("lexicon", rows),
        not_counted=rows.get(NOT_COUNTED, 0),
    )


def _by_word(kind: str, rows: Counts) -> dict[str, int]:
    """Return the counts of rows of one kind and one word, most first."""
    found = sorted(_of(kind, rows), key=lambda each: (-each[1], each[0]))
    return {word: count for (word,), count in found}


def _vendors(counted: Counts) -> list[PrivateVendor]:
    found: dict[str, dict[str, int]] = {}
    for row, count in counted.items():
        if row != NOT_COUNTED:
            name, what = row
            found.setdefault(name or "(not given)", {})[what] = count
    made = [PrivateVendor(name, **numbers) for name, numbers in found.items()]
    return sorted(made, key=lambda each: (-each.series, each.manufacturer))


def _of(kind: str, rows: Counts) -> list[tuple[Row, int]]:
    """Return the rest of the rows of one kind, with their counts."""
    return [(row[1:], count) for row, count in rows.items() if row and row[0] == kind]


def _badness(place: tuple[Row, int]) -> tuple[int, int, Row]:
    row, count = place
    return _ORDER.index(row[3]), -count, row


def _share(size: int, whole: int) -> float:
    return min(1.0, size / whole) if whole else 0.0
