"""Results to look at and to test with: careful, careless, empty, hostile, huge.

Everything is invented. `python -m tests.sample_result FOLDER` writes their pages.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from auditor.result import (
    AuditResult,
    CarriedAttribute,
    CategoryResult,
    Claim,
    CollectionResult,
    ConformanceResult,
    Counts,
    Deidentification,
    Disagreement,
    EvidenceForm,
    EvidenceResult,
    EvidenceTable,
    Expectation,
    GroupedFinding,
    InventoryRow,
    IodResult,
    ModuleResult,
    ObjectKind,
    ObjectLink,
    ObjectsResult,
    Private,
    PrivateCreator,
    PrivateVendor,
    Reports,
    RuleResult,
    SegmentKind,
    Segments,
    Tool,
)

CATEGORIES = {
    "integrity": "File integrity",
    "deidentification": "De-identification",
    "private": "Private data",
    "iod": "IOD conformance",
    "segmentation": "Segmentation",
    "structured_report": "Structured reports",
    "radiotherapy": "Radiotherapy",
    "references": "References",
    "consistency": "Consistency",
    "annotation": "Annotation",
}

# id, category, severity, confidence, unit, title, why, fix, reference
_RULES = [
    (
        "FILE101", "integrity", "error", "high", "file", "A file ends before its data does",
        "A length in the file runs past its end, so the download or the copy was cut. What is "
        "missing is usually pixel data, and viewers show it as black.",
        "Transfer the file again and compare checksums with the source.",
        "PS3.5 7.1",
    ),
    (
        "FILE102", "integrity", "error", "high", "file",
        "The file meta information names another object than the data set",
        "A receiver files the object by its meta information; two names for one object make it "
        "be found twice or not at all.",
        "Write the file meta information again from the data set.",
        "PS3.10 7.1",
    ),
    (
        "FILE103", "integrity", "warning", "high", "file", "The preamble carries something to run",
        "The 128 bytes before the prefix can hold the start of a program, so that one file is "
        "an image and an executable at once.",
        "Set the preamble to zeros, unless it is a TIFF header that is wanted.",
        "PS3.10 7.1",
    ),
    (
        "DEID101", "deidentification", "error", "high", "instance",
        "De-identification is declared but its method is not",
        "Nobody can tell what was removed and what was kept, so nobody can judge the risk that "
        "is left.",
        "Write De-identification Method or its code sequence with the codes of the profile and "
        "the options that were used.",
        "PS3.3 C.7.1.1, PS3.15 E.1.1",
    ),
    (
        "DEID102", "deidentification", "error", "high", "instance",
        "A direct identifier is present",
        "Names, addresses and record numbers identify a person without any other data.",
        "Remove or replace what Table E.1-1 of PS3.15 lists for the Basic Profile, and audit "
        "again before the release.",
        "PS3.15 Table E.1-1",
    ),
    (
        "DEID103", "deidentification", "warning", "medium", "series",
        "Nothing says whether text is burned into the pixels",
        "Ultrasound and secondary captures often show name and date in the picture.",
        "Look at the pixels, then write Burned In Annotation.",
        "PS3.3 C.7.6.1",
    ),
    (
        "PIX101", "deidentification", "warning", "low", "series",
        "A head scan is not defaced, or does not say so",
        "A face can be rendered from a head CT or MR and recognised.",
        "Deface the images, or state in Recognizable Visual Features that none is left.",
        "PS3.3 C.7.6.1",
    ),
    (
        "PRIV101", "private", "error", "high", "instance",
        "A private element has no private creator",
        "Without its creator nobody can know what the element means or whether it identifies "
        "anybody.",
        "Remove the element.",
        "PS3.5 7.8.1",
    ),
    (
        "PRIV102", "private", "info", "high", "instance",
        "A private element is not known to be safe",
        "PS3.15 lists the private elements that identify nobody. Others may.",
        "Keep what is listed, remove the rest.",
        "PS3.15 E.3.10",
    ),
    (
        "IOD101", "iod", "warning", "high", "instance",
        "An attribute that the IOD requires is missing",
        "Software relies on what is required. Without it an image may not be placed in space.",
        "Take the value from the source; do not invent one.",
        "PS3.3 A",
    ),
    (
        "IOD102", "iod", "warning", "medium", "instance",
        "A value is not among those that are defined",
        "A reader that branches on the value takes the wrong way or none.",
        "Use one of the defined terms.",
        "PS3.3",
    ),
    (
        "SEG101", "segmentation", "error", "high", "instance",
        "Segment numbers are not unique or not in order",
        "Frames refer to segments by number; two segments of one number cannot be told apart.",
        "Number the segments 1, 2, 3 …",
        "PS3.3 C.8.20.2",
    ),
    (
        "SR101", "structured_report", "warning", "high", "instance",
        "A measurement report follows no template",
        "TID 1500 is what makes a measurement readable by a machine.",
        "Write the report with TID 1500.",
        "PS3.16 TID 1500",
    ),
    (
        "RT101", "radiotherapy", "warning", "high", "instance",
        "A structure set has a region without contours",
        "An empty region is read as an organ that is not there.",
        "Remove the region or draw it.",
        "PS3.3 C.8.8.6",
    ),
    (
        "REF101", "references", "error", "high", "instance",
        "A referenced image is not in the collection",
        "A segmentation without its image cannot be used.",
        "Add the image, or name the collection that holds it.",
        "PS3.3 C.12.1.1",
    ),
    (
        "CONS101", "consistency", "error", "high", "instance",
        "One SOP Instance UID stands for two different objects",
        "Archives keep one of the two and drop the other without a word.",
        "Give each object a UID of its own.",
        "PS3.5 9",
    ),
    (
        "CONS102", "consistency", "warning", "high", "patient",
        "The sex of one patient differs between objects",
        "Either two people share an identifier or a value is wrong.",
        "Find out which, in the source.",
        "PS3.3 C.7.1.1",
    ),
    (
        "ANNO101", "annotation", "info", "medium", "collection",
        "Annotations are in a format that is not DICOM",
        "They lose their connection with the images, and each reader must be written anew.",
        "Convert them to DICOM SEG or RTSTRUCT and keep the originals.",
        "Aiello et al. 2021",
    ),
]  # fmt: skip

_PLACES = {
    "FILE101": [("", "", "the pixel data ends too early")],
    "DEID101": [
        ("DeidentificationMethod", "(0012,0063)", "absent while Patient Identity Removed is YES"),
        ("DeidentificationMethodCodeSequence", "(0012,0064)", "empty"),
    ],
    "DEID102": [
        ("InstitutionAddress", "(0008,0081)", "has a value"),
        ("OtherPatientIDs", "(0010,1000)", "has a value"),
        (
            "RequestAttributesSequence > ScheduledProcedureStepDescription",
            "(0040,0275)/(0040,0007)",
            "looks like a telephone number",
        ),
    ],
    "PRIV101": [("", "(0019,1003)", "no private creator reserves the block")],
    "PRIV102": [("SIEMENS CSA HEADER", '(0029,"SIEMENS CSA HEADER",10)', "not in the list")],
    "IOD101": [
        ("FrameOfReferenceUID", "(0020,0052)", "missing, type 1"),
        (
            "SharedFunctionalGroupsSequence > PixelMeasuresSequence",
            "(5200,9229)/(0028,9110)",
            "missing, required by a condition that holds",
        ),
    ],
}

TOOL = Tool(
    version="0.1.0",
    ruleset="sha256:5f0c9d41c2b3a7e8",
    standard_edition="2025e",
    confidentiality_edition="2026d",
    profile="default",
    elapsed_s=12.34,
    python="3.12.4",
    started="2025-11-04T09:30:00+00:00",
    referees="dicom-validator 0.9.0, dciodvfy 20260901",
)


def rule(
    id: str,
    outcome: str = "pass",
    applicable: int = 400,
    failed: int = 0,
    *,
    not_evaluated: int = 0,
    errors: int = 0,
    reason: str = "",
) -> RuleResult:
    """Build what one of the sample's rules said."""
    _, category, severity, confidence, unit, title, why, fix, reference = next(
        each for each in _RULES if each[0] == id
    )
    places = _PLACES.get(id, [("", "", title.lower())]) if failed else []
    findings = [
        GroupedFinding(
            tag_path=path,
            message=message,
            count=max(1, failed // (position + 1)),
            examples=[f"patient-{n:03}/series-{position}/{n:05}.dcm" for n in range(1, 6)],
            attribute=attribute,
        )
        for position, (attribute, path, message) in enumerate(places)
    ]
    return RuleResult(
        id=id,
        category=category,
        severity=severity,
        confidence=confidence,
        outcome=outcome,
        applicable=applicable,
        failed=failed,
        unit=unit,
        title=title,
        why=why,
        fix=fix,
        reference=reference,
        not_evaluated=not_evaluated,
        errors=errors,
        # As the default profile has it: what is for information only does not score.
        weight=0.0 if severity == "info" else 1.0,
        reason=reason,
        findings=findings,
    )


def collection(
    name: str,
    repository: str = "",
    *,
    changed: list[RuleResult] | None = None,
    scale: int = 400,
) -> CollectionResult:
    """Build a collection in which all rules pass but those that are given."""
    by_id = {each.id: each for each in changed or []}
    rules = [by_id.get(each[0]) or rule(each[0], applicable=scale) for each in _RULES]
    categories = []
    for key, title in CATEGORIES.items():
        every = [each for each in rules if each.category == key]
        own = [each for each in every if each.weight]
        applicable = sum(each.applicable for each in own)
        failed = sum(each.failed for each in own)
        blind = sum(each.not_evaluated + each.errors for each in own)
        known = applicable > 0 and not any(each.outcome == "error" for each in own)
        categories.append(
            CategoryResult(
                id=key,
                title=title,
                score=100 * (applicable - failed) / applicable if known else None,
                coverage=applicable / (applicable + blind) if applicable + blind else 0.0,
                applicable=applicable,
                failed=failed,
                reason="" if known else _reason(every, own),
            )
        )
    scores = [each.score for each in categories if each.score is not None]
    return CollectionResult(
        name=name,
        repository=repository,
        counts=Counts(
            files=scale + 12,
            dicom=scale,
            not_dicom=12,
            instances=scale,
            series=scale // 40,
            studies=scale // 80,
            patients=scale // 100,
            bytes=scale * 526_336,
            signatures=scale // 50,
        ),
        categories=categories,
        rules=rules,
        overall=sum(scores) / len(scores) if scores else None,
        coverage=0.97,
        inventory={
            "modality": [InventoryRow("CT", scale - 50, 7), InventoryRow("MR", 50, 3)],
            "manufacturer": [
                InventoryRow("SIEMENS", scale - 100, 6),
                InventoryRow("GE MEDICAL SYSTEMS", 90, 3),
                InventoryRow("", 10, 1),
            ],
            "sop_class": [
                InventoryRow("CT Image Storage", scale - 50, 7),
                InventoryRow("MR Image Storage", 46, 2),
                InventoryRow("Segmentation Storage", 4, 1),
            ],
            "transfer_syntax": [
                InventoryRow("Explicit VR Little Endian", scale - 4, 9),
                InventoryRow("JPEG 2000 Image Compression (Lossless Only)", 4, 1),
            ],
        },
        annotation={"A/S": "Y*a, YR, Y (NIfTI)", "CR": "N", "CI": "Yb (CSV)"},
        companions={"NIfTI": 6, "CSV": 4, "other": 2},
        deidentification=_deidentification(scale),
        private=_private(scale),
        reports=_reports(scale),
        segments=Segments(
            4,
            9,
            [SegmentKind("Tissue", "Liver", 8, 4), SegmentKind("", "", 1, 1)],
            0,
            {"MANUAL": 9},
        ),
        evidence=EvidenceResult(
            segmentations=True,
            structure_sets=True,
            forms=[EvidenceForm("NIfTI", "annotation", 6, 4, 1, "masks/1.nii.gz")],
            tables=[EvidenceTable("clinical.csv", "CSV", 90, 80, ["patient", "age"])],
            patients_joined=80,
            described={"pathology": "Lung cancer", "access": "open"},
            third_party=[{"holds": "SEG", "source": "another group"}],
        ),
        conformance=_conformance(scale),
        objects=_objects(scale),
    )


def _deidentification(scale: int) -> Deidentification:
    words = (
        "identity removed: YES; method: Basic Profile (113100), free text; dates: REMOVED; "
        "text in the pixels: NO; recognizable features: not said"
    )
    return Deidentification(
        instances=scale,
        claims=[Claim(words, ["113100"], scale)],
        attributes=[
            CarriedAttribute("(0012,0062)", "Patient Identity Removed", scale, scale),
            CarriedAttribute("(0028,0302)", "Recognizable Visual Features", 0, 0),
        ],
        claiming=scale,
        expected=[
            Expectation(
                "(0010,1000)", "Other Patient IDs", "remove", "a value", "error", scale // 2
            ),
            Expectation("(0008,0080)", "Institution Name", "remove", "empty", "info", scale),
            Expectation(
                "(0020,000D)",
                "Study Instance UID",
                "replace the UID",
                "a value",
                "not_evaluated",
                scale,
            ),
        ],
    )


def _conformance(scale: int) -> ConformanceResult:
    return ConformanceResult(
        structures=5,
        judged=scale - 4,
        clean=scale - 60,
        both=scale - 4,
        verdicts={"neither": scale - 60, "both": 50, "dciodvfy": 6},
        foreign={"retired": 3, "private": 1},
        iods=[
            IodResult("CT Image", "CT Image Storage", "", scale - 4, 4, scale - 60, 0),
            IodResult("", "", "private", 1, 1, 0, 1),
        ],
        modules=[ModuleResult("General Series", "C.7.3.1", 56, 2)],
        disagreements=[Disagreement("defined_term", "(0008,0060)", "Modality", "dciodvfy", 6)],
    )


def _objects(scale: int) -> ObjectsResult:
    return ObjectsResult(
        [
            ObjectKind("CT image", True, scale - 50, 7, 4),
            ObjectKind("Segmentation", False, 4, 1, 1),
            ObjectKind("Structured report", False, 2, 2, 1),
            ObjectKind("RT Structure Set", False, 1, 1, 1),
        ],
        [
            ObjectLink("Segmentation", "CT image", True, 4, 1, 300),
            ObjectLink("Structured report", "CT image", True, 2, 2, 9),
            ObjectLink("Structured report", "Segmentation", True, 2, 2, 4),
            ObjectLink("RT Structure Set", "MR image", False, 1, 1, 80),
        ],
    )


def _private(scale: int) -> Private:
    return Private(
        instances=scale // 2,
        bytes=9000,
        share=0.02,
        creators=[
            PrivateCreator(
                "SIEMENS CSA HEADER", 3 * scale, scale // 2, 8000, 0.018, {"known": 3 * scale}
            ),
            PrivateCreator(
                "Aaaaa 99",
                scale,
                scale // 2,
                1000,
                0.002,
                {"unknown_creator": scale},
                {"identifiers": 2},
            ),
        ],
        vendors=[PrivateVendor("Siemens", 6, 5, 4, 1, 3, 2), PrivateVendor("GE", 3)],
    )


def _reports(scale: int) -> Reports:
    return Reports(
        instances=scale,
        structure={"coded": scale - 1, "free_text": 1},
        templates={"1500": scale - 1, "none": 1},
        conformance={"conforming": scale - 2, "not_conforming": 1},
        coded=9 * scale,
        text=scale,
        share=0.9,
        lexicons={"SCT": 8 * scale, "DCM": 5 * scale, "private (99...)": 1},
    )


def _reason(every: list[RuleResult], weighted: list[RuleResult]) -> str:
    if not weighted and any(each.applicable for each in every):
        return "not scored: what was found is information only"
    return next((each.reason for each in weighted if each.reason), "")


def careful() -> CollectionResult:
    """Build a collection with nothing against its release."""
    nothing = "No RT object in the collection."
    return collection(
        "careful-ct-lung",
        "Careful Archive",
        changed=[
            rule("RT101", "not_applicable", 0, reason=nothing),
            rule("SR101", "not_applicable", 0, reason="No structured report in the collection."),
            rule("ANNO101", "fail", 1, 1),
        ],
    )


def careless() -> CollectionResult:
    """Build a collection with much against its release, and some of it not judged."""
    result = collection(
        "careless-mixed",
        "Careless Host",
        scale=18_340,
        changed=[
            rule("FILE101", "fail", 18_340, 3),
            rule("DEID101", "fail", 18_340, 18_340),
            rule("DEID102", "fail", 18_340, 611),
            rule("DEID103", "fail", 340, 312, not_evaluated=2, reason="Two series have no image."),
            rule("PRIV101", "fail", 18_340, 9_004),
            rule("PRIV102", "fail", 18_340, 17_000),
            rule("IOD101", "fail", 18_340, 1),
            rule("IOD102", "error", 0, 0, errors=18_340, reason="ZeroDivisionError in the rule."),
            rule("SR101", "not_applicable", 0, reason="No structured report in the collection."),
            rule("RT101", "not_applicable", 0, reason="No RT object in the collection."),
            rule("CONS102", "fail", 17, 2),
            rule("REF101", "not_evaluated", 0, not_evaluated=4, reason="No table of references."),
            rule("PIX101", "pass", 300, not_evaluated=40, reason="No body part is given."),
            rule("ANNO101", "fail", 1, 1),
        ],
    )
    result.counts.unreadable = 2
    result.counts.partial = 3
    result.counts.files += 5
    result.notes = ["2 links that lead out of the collection were not followed."]
    result.counts.links = 2
    return result


def undecided() -> CollectionResult:
    """Build a collection in which no error is found and not all was looked at."""
    result = collection(
        "undecided-seg",
        "Careful Archive",
        changed=[rule("REF101", "not_evaluated", 0, not_evaluated=4, reason="No references.")],
    )
    result.counts.unreadable = 1
    result.counts.files += 1
    return result


def review() -> CollectionResult:
    """Build a collection with warnings alone."""
    return collection("review-mr-brain", "", changed=[rule("IOD101", "fail", 400, 30)])


def million() -> CollectionResult:
    """Build a collection of 1,000,000 instances with more against it than any has.

    450 rules, all of which fail, each at 400 places; 200 lines in every table.
    """
    result = collection("million", "Large Archive", scale=1_000_000)
    one = rule("DEID102", "fail", 1_000_000, 400_000)
    places = [
        replace(one.findings[0], tag_path=f"(0010,{n:04X})", message=f"message {n}")
        for n in range(400)
    ]
    result.rules = [
        replace(one, id=f"{family}{n:03}", category=category, findings=places)
        for family, category in (("DEID", "deidentification"), ("IOD", "iod"), ("SEG", "seg"))
        for n in range(150)
    ]
    for block, name in (
        (result.conformance, "iods"),
        (result.conformance, "modules"),
        (result.conformance, "disagreements"),
        (result.objects, "links"),
        (result.private, "creators"),
        (result.deidentification, "expected"),
        (result.deidentification, "claims"),
    ):
        setattr(block, name, (getattr(block, name) * 200)[:200])
    return result


def empty() -> CollectionResult:
    """Build a collection with nothing in it: all scores null, no rule."""
    return CollectionResult(
        name="empty",
        repository="",
        counts=Counts(),
        categories=[
            CategoryResult(key, title, None, 0.0, 0, 0, "No DICOM file was found.")
            for key, title in CATEGORIES.items()
        ],
        rules=[],
    )


NASTY = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>'",
    "</style></script><!--",
    "{{ 7*7 }}{% raw %}",
    "\u202egnp.exe\u200b\u0000\x1b[31m\ud800",
    "z" * 10_000,
    "ש" * 30 + "ع" * 30,
    "e" + "\u0301" * 400,
    "=cmd()|' /C calc'!A0",
]


def _poison(block: Any, text: Callable[[int], str]) -> None:
    """Put a text into every field of a block that holds one, lists and dicts included."""
    for position, each in enumerate(fields(block)):
        held = getattr(block, each.name)
        if isinstance(held, str):
            setattr(block, each.name, text(position))
        elif isinstance(held, dict):
            setattr(block, each.name, {text(n): value for n, value in enumerate(held.values())})
        elif isinstance(held, list) and held and isinstance(held[0], str):
            setattr(block, each.name, [text(n) for n in range(len(held))])
        elif isinstance(held, list):
            for part in held:
                _poison(part, text)


def hostile(values: list[str] | None = None) -> CollectionResult:
    """Build a collection in which every string is one that wants to do harm."""
    texts = values or NASTY

    def text(position: int) -> str:
        return texts[position % len(texts)]

    result = careless()
    result.name, result.repository = text(0), text(1)
    result.notes = list(texts)
    result.annotation = {text(each): text(each + 1) for each in range(len(texts))}
    result.companions = dict.fromkeys(texts, 1)
    result.inventory = {
        text(key): [InventoryRow(each, 9, 1) for each in texts] for key in range(len(texts))
    }
    for block in (result.deidentification, result.private, result.conformance, result.objects):
        _poison(block, text)
    for position, category in enumerate(result.categories):
        category.title, category.reason = text(position), text(position + 3)
    for position, each in enumerate(result.rules):
        each.title, each.why, each.fix, each.reference, each.reason, each.unit, each.confidence = (
            text(position + offset) for offset in range(7)
        )
        each.command = "\n".join(texts)
        each.findings = [GroupedFinding(one, one, 7, list(texts), one) for one in texts]
    return result


def hostile_audit(values: list[str] | None = None) -> AuditResult:
    """Build an audit of which every string is one that wants to do harm."""
    texts = values or NASTY
    first, *rest = (texts * 6)[:6]
    version, edition, profile, python, started = rest
    tool = Tool(version, first, edition, profile, 1.0, python, started)
    return AuditResult(tool, [hostile(texts)])


def audit(*collections: CollectionResult, tool: Tool = TOOL) -> AuditResult:
    """Build an audit of these collections."""
    return AuditResult(tool, list(collections))


def huge(count: int = 500) -> AuditResult:
    """Build an audit of many collections, each with as many findings as one could fear."""
    made = []
    for position in range(count):
        each = (careful, careless, review, undecided)[position % 4]()
        each.name = f"collection-{position:04}"
        each.repository = f"Host {position % 9}"
        for one in each.rules:
            one.findings *= 20
        made.append(each)
    return audit(*made)


def many(collections: int = 500, rules: int = 1000) -> AuditResult:
    """Build an audit of so many collections and rules, of which no two collections agree."""
    parts = list(CATEGORIES)
    made = []
    for place in range(collections):
        one = collection(f"collection-{place:04}", f"Repository {place % 7}")
        one.rules = []
        for position in range(rules):
            # A few numbers that share no factor: every rule divides the collections elsewhere.
            odd = (place * 31 + position * 17) % 23
            severity = ("error", "warning", "info")[position % 3]
            unit = ("instance", "series", "file")[position % 3]
            failed = 1 + (place * position) % 399 if odd < 4 else 0
            outcome = "fail" if failed else "not_applicable" if odd > 15 else "pass"
            one.rules.append(
                RuleResult(
                    id=f"R{position:04}",
                    category=parts[position % len(parts)],
                    severity=severity,
                    confidence="high",
                    outcome=outcome,
                    applicable=0 if outcome == "not_applicable" else 400,
                    failed=failed,
                    unit=unit,
                    title=f"What rule {position} is about, in a line of the usual length",
                    weight=0.0 if severity == "info" else 1.0,
                )
            )
        for each in one.categories:
            own = [rule for rule in one.rules if rule.category == each.id and rule.weight]
            each.applicable = sum(rule.applicable for rule in own)
            each.failed = sum(rule.failed for rule in own)
            each.score = 100 * (1 - each.failed / max(1, each.applicable))
            each.coverage = 1.0
        one.overall = sum(each.score or 0 for each in one.categories) / len(one.categories)
        made.append(one)
    return audit(*made)


SAMPLES: dict[str, Callable[[], AuditResult]] = {
    "careful": lambda: audit(careful()),
    "careless": lambda: audit(careless()),
    "undecided": lambda: audit(undecided()),
    "review": lambda: audit(review()),
    "empty": lambda: audit(empty()),
    "nothing": audit,
    "several": lambda: audit(careless(), careful(), undecided(), review(), empty()),
    "hostile": hostile_audit,
    "huge": huge,
}


if __name__ == "__main__":
    import sys
    from dataclasses import replace
    from pathlib import Path

    from auditor.render import write_comparison, write_report

    folder = Path(sys.argv[1])
    for name, build in SAMPLES.items():
        write_report(build(), folder / f"{name}.html")
    other = replace(TOOL, ruleset="sha256:0a11", standard_edition="2024c", started="")
    write_comparison(
        [audit(careful(), careless()), audit(review()), audit(undecided(), empty())],
        folder / "comparable.html",
    )
    write_comparison(
        [audit(careful(), careless()), audit(review(), undecided(), tool=other)],
        folder / "not-comparable.html",
    )
    write_comparison([huge()], folder / "comparison-huge.html")
    write_comparison([many()], folder / "comparison-many.html")
