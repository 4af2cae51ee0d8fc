"""Structured reports (PS3.3 C.17): presence by SOP class, and what every document needs."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import (
    CollectionFacts,
    Finding,
    InstanceFacts,
    Selector,
    TagPath,
    Undecided,
    for_sop_classes,
    rule,
    summary,
)
from auditor.inventory import SERIES_READS, series_where_any
from auditor.standard.codes import lexicon
from auditor.standard.sop_classes import (
    KEY_OBJECT_SELECTION,
    STRUCTURED_REPORTS,
    sop_class_name,
)
from auditor.structured_report.content import Code, ContentItem, ContentTree
from auditor.structured_report.templates import ROOTS, Conformance

_OF_ALL_KINDS = STRUCTURED_REPORTS | {KEY_OBJECT_SELECTION}
_SR = for_sop_classes(*STRUCTURED_REPORTS)

_TRIALS = frozenset(f"1.2.840.10008.5.1.4.1.1.88.{end}" for end in (1, 2, 3, 4))
"""Retired trial SOP Classes: PS3.3 says no longer what they had to hold."""


@rule(
    id="SR001",
    category="structured_report",
    severity="info",
    confidence="high",
    scope="collection",
    unit="series",
    reads=SERIES_READS,
    reference="PS3.4 B.5",
    applies=series_where_any(_OF_ALL_KINDS),
)
def presence(collection: CollectionFacts) -> Iterator[Finding]:
    """Which series are structured reports, by SOP class.

    Why it matters
    --------------
    A report in DICOM is tied to patient, study and images by their identifiers; a report in
    a spreadsheet is tied to them by hope.

    How to fix
    ----------
    Nothing is wrong: this says what there is.

    Command
    -------
    duckdb -c "SELECT collection, SOPClassUID, count(DISTINCT SeriesInstanceUID)
    FROM 'OUT/instances/*.parquet' GROUP BY ALL"

    Example
    -------
    6 of 80 series are Comprehensive 3D SR.
    """
    for uid, count, paths in collection.rows(
        "SELECT SOPClassUID, count(DISTINCT SeriesInstanceUID), min(path, 5) FROM instances "
        "WHERE SeriesInstanceUID IS NOT NULL GROUP BY SOPClassUID ORDER BY SOPClassUID"
    ):
        if uid in _OF_ALL_KINDS:
            yield Finding(
                sop_class_name(uid) or "a structured report", count=count, examples=tuple(paths)
            )


@rule(
    id="SR002",
    category="structured_report",
    severity="warning",
    confidence="high",
    reads=("Modality",),
    reference="PS3.3 C.7.3.1.1.1, PS3.4 B.5",
    applies=Selector(when=lambda instance: instance.text("Modality") == "SR"),
)
def modality_only(instance: InstanceFacts) -> Iterator[Finding]:
    """Modality says SR but the SOP class is no structured report.

    Why it matters
    --------------
    Software finds reports by SOP class. A picture of a report cannot be searched, and its
    measurements cannot be used.

    How to fix
    ----------
    Encode the report as a structured report, or give the object the modality that made it.

    Command
    -------
    dcmodify -nb -m "(0008,0060)=MODALITY" FILE

    Example
    -------
    A scanned page in a Secondary Capture image whose Modality is SR.
    """
    if instance.sop_class not in STRUCTURED_REPORTS | {KEY_OBJECT_SELECTION}:
        yield Finding("Modality is SR, the SOP class is not", TagPath.of("Modality"))


@rule(
    id="SR101",
    category="structured_report",
    severity="error",
    confidence="high",
    reads=(
        "ValueType",
        "ConceptNameCodeSequence.CodeMeaning",
        "CompletionFlag",
        "VerificationFlag",
    ),
    reference="PS3.3 C.17.2, C.17.3",
    applies=for_sop_classes(*STRUCTURED_REPORTS - _TRIALS),
)
def document(instance: InstanceFacts) -> Iterator[Finding]:
    """The document lacks its root, its title or its state.

    Why it matters
    --------------
    A reader shows the title, and decides by the state whether the report is final. The root
    of every report is a container with a coded title.

    How to fix
    ----------
    Write Value Type CONTAINER, Concept Name Code Sequence (0040,A043), Completion Flag
    (0040,A491) COMPLETE or PARTIAL, and Verification Flag (0040,A493).

    Command
    -------
    dcmodify -nb -i "(0040,A491)=COMPLETE-OR-PARTIAL" -i "(0040,A493)=VERIFIED-OR-UNVERIFIED" FILE
    dcmodify -nb -i "(0040,A043)[0].(0008,0100)=CODE" -i "(0040,A043)[0].(0008,0102)=SCHEME" FILE
    dcmodify -nb -i "(0040,A043)[0].(0008,0104)=CODE-MEANING" FILE

    Example
    -------
    A report whose Completion Flag is empty.
    """
    if instance.text("ValueType") != "CONTAINER":
        yield Finding("the root is not a CONTAINER", TagPath.of("ValueType"))
    if not any(item.filled("CodeMeaning") for item in instance.items("ConceptNameCodeSequence")):
        yield Finding("the document has no coded title", TagPath.of("ConceptNameCodeSequence"))
    if instance.text("CompletionFlag") not in ("COMPLETE", "PARTIAL"):
        yield Finding("Completion Flag has no legal value", TagPath.of("CompletionFlag"))
    if instance.text("VerificationFlag") not in ("VERIFIED", "UNVERIFIED"):
        yield Finding("Verification Flag has no legal value", TagPath.of("VerificationFlag"))


@rule(
    id="SR102",
    category="structured_report",
    severity="info",
    confidence="high",
    reads=("ContentTemplateSequence.TemplateIdentifier",),
    reference="PS3.3 C.18.8.1.2",
    applies=_SR,
)
def no_template(instance: InstanceFacts) -> Iterator[Finding]:
    """The report does not say which template it follows.

    Why it matters
    --------------
    With a template, TID 1500 for measurements for example, software knows where to find what.
    The template must be named only where one was used in a way that the reader must know.

    How to fix
    ----------
    Make the report by a template and name it in Content Template Sequence (0040,A504).

    Command
    -------
    dcmodify -nb -i "(0040,A504)[0].(0040,DB00)=TEMPLATE" -i "(0040,A504)[0].(0008,0105)=DCMR" FILE

    Example
    -------
    Measurements in containers of a program's own making.
    """
    items = instance.items("ContentTemplateSequence")
    if not any(item.filled("TemplateIdentifier") for item in items):
        yield Finding("no template is named", TagPath.of("ContentTemplateSequence"))


_CONTEXT = frozenset({"HAS OBS CONTEXT", "HAS CONCEPT MOD", "HAS ACQ CONTEXT"})
"""Relationships of what says around what something was found, and not what."""

_DOCUMENTS = for_sop_classes(*STRUCTURED_REPORTS - _TRIALS)

_TOO_MANY = Undecided("documents with more content items than are looked at")


def _said(tree: ContentTree) -> Iterator[ContentItem]:
    """Yield the items that hold what the report says: no containers, no context."""
    for item in tree.items:
        if item.value_type in ("TEXT", "CODE", "NUM") and item.relationship not in _CONTEXT:
            yield item


def _codes(tree: ContentTree) -> Iterator[Code]:
    """Yield the coded entries of the content: names, values, units."""
    for item in tree.items:
        for code in (item.concept, item.value, item.units):
            if code is not None and code.value:
                yield code


_LEVELS = {
    "coded": "a coded lexicon: there are coded items or measurements",
    "organised": "organised items: text under several headings",
    "free_text": "free text in a container",
    "empty": "no text, no coded item and no measurement",
}
"""How structured a report can be, from most to least."""


def _level(tree: ContentTree) -> str:
    """Return how structured a report is, a word of `_LEVELS`."""
    items = list(_said(tree))
    if any(item.value_type in ("CODE", "NUM") for item in items):
        return "coded"
    if len({id(item.parent) for item in items}) > 1:
        return "organised"
    return "free_text" if items else "empty"


@rule(
    id="SR003",
    category="structured_report",
    severity="info",
    confidence="high",
    reads=("content",),
    reference="PS3.3 C.17.3, PS3.16 A",
    applies=_DOCUMENTS,
)
def structure(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """How structured the report is: free text, organised items, or a coded lexicon.

    Why it matters
    --------------
    Free text in a container is read by people. Items under headings can be shown side by side.
    Coded items can be searched and counted.

    How to fix
    ----------
    Nothing is wrong: this says what there is.

    Command
    -------
    dsrdump +Pt FILE

    Example
    -------
    A report whose findings are codes and measurements.
    """
    if not instance.content().is_whole:
        yield _TOO_MANY
        return
    yield Finding(_LEVELS[_level(instance.content())])


@rule(
    id="SR004",
    category="structured_report",
    severity="info",
    confidence="high",
    reads=("content",),
    reference="PS3.3 C.17.3",
    applies=for_sop_classes(
        *STRUCTURED_REPORTS - _TRIALS,
        when=lambda instance: not instance.content().is_whole or any(_said(instance.content())),
    ),
)
def coded_share(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """How much of what the report says is coded or measured, and how much is text.

    Why it matters
    --------------
    Text is for one language and for people; what is coded or measured can be used by software.

    How to fix
    ----------
    Nothing is wrong: this says what there is.

    Command
    -------
    dsrdump +Pc FILE

    Example
    -------
    Half or more of the items are coded.
    """
    if not instance.content().is_whole:
        yield _TOO_MANY
        return
    items = list(_said(instance.content()))
    coded = sum(item.value_type != "TEXT" for item in items)
    if not coded:
        share = "none"
    elif coded == len(items):
        share = "all"
    else:
        share = "half or more" if 2 * coded >= len(items) else "less than half"
    yield Finding(f"{share} of the items are coded or measured")


@rule(
    id="SR005",
    category="structured_report",
    severity="info",
    confidence="high",
    reads=("content",),
    reference="PS3.16 8",
    applies=_DOCUMENTS,
)
def lexicons(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """Which coding schemes the report uses.

    Why it matters
    --------------
    Reports can be put together where they share a lexicon. A private scheme is known only to who
    made it.

    How to fix
    ----------
    Nothing is wrong: this says what there is.

    Command
    -------
    dsrdump +Pc FILE

    Example
    -------
    Names are of DCM, findings of SCT, units of UCUM.
    """
    if not instance.content().is_whole:
        yield _TOO_MANY
        return
    for code in _codes(instance.content()):
        yield Finding(f"codes of {lexicon(code.scheme)}")


@summary(
    name="reports",
    category="structured_report",
    reads=("content",),
    applies=_DOCUMENTS,
)
def made_of(instance: InstanceFacts) -> Iterator[tuple[str, ...]]:
    """What a report is made of.

    Rows: ``object``; ``structure``, a word of `_LEVELS` or ``too_large``; ``template``, number
    of the declared template if it is packaged; ``conformance`` to it; ``said``, ``coded`` or
    ``text``, for each item that says something; ``lexicon``, name, for each coded entry.
    """
    tree = instance.content()
    yield ("object",)
    declared = tree.root.template[1]
    yield "template", (declared if declared in ROOTS else "other") if declared else "none"
    said = tree.conformance
    if said is not None:
        yield "conformance", _verdict(said)
    if not tree.is_whole:
        yield "structure", "too_large"
        return
    yield "structure", _level(tree)
    for item in _said(tree):
        yield "said", "text" if item.value_type == "TEXT" else "coded"
    for code in _codes(tree):
        yield "lexicon", lexicon(code.scheme)


def _verdict(said: Conformance) -> str:
    # Codes outside a context group, units and order are warnings, and no breach of the template.
    if any(
        problem.kind in ("missing", "number", "kind", "unexpected") for problem in said.problems
    ):
        return "not_conforming"
    return "not_evaluated" if said.undecided else "conforming"
