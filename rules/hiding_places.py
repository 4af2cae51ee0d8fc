"""Where an identity hides: elsewhere in a file than in the attributes that are cleaned.

The preamble (FILE006, FILE007), the File Meta Information, graphics and pictures beside the
image, documents inside an object, and bytes behind the data set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor import (
    Element,
    Finding,
    InstanceFacts,
    Place,
    Selector,
    TagPath,
    Undecided,
    for_sop_classes,
    judge,
    rule,
)
from auditor.documents import text_in
from auditor.identifiers import KINDS, is_blank, signs, words_of
from auditor.model import Confidence
from auditor.redaction import MODALITIES, OTHER, vendor
from auditor.standard.dictionary import tag_of

FLAG = "PatientIdentityRemoved"
CODES = "DeidentificationMethodCodeSequence"

_CLAIMS = Selector(when=lambda instance: instance.text(FLAG) == "YES")


@rule(
    id="FILE020",
    category="integrity",
    severity="warning",
    confidence="medium",
    reads=("file:trailing",),
    reference="PS3.10 7.2",
)
def bytes_behind(instance: InstanceFacts) -> Iterator[Finding]:
    """Behind the data set stand bytes that are part of no element.

    Why it matters
    --------------
    Readers stop there or trip over them: some take them for an element and refuse the file.
    What they hold no tool shows.

    How to fix
    ----------
    Read the object and write it again. Zeros and line ends alone are not reported.

    Command
    -------
    dcmconv +st "7FE0,0010" FILE NEW-FILE

    Example
    -------
    A trailer of the archive from which the file was exported.
    """
    if instance.file("trailing") in ("text", "other"):
        yield Finding("bytes behind the pixel data that are no element")


@rule(
    id="DEID461",
    category="deidentification",
    severity="warning",
    confidence="medium",
    reads=("file:trailing", "judge:padding"),
    reference="PS3.10 7.2, PS3.15 Table E.1-1",
)
def text_behind(instance: InstanceFacts) -> Iterator[Finding]:
    """Readable text stands behind the data set or in its padding.

    Why it matters
    --------------
    No de-identification tool looks there, and no reader shows it.

    How to fix
    ----------
    Read the object and write it again without Data Set Trailing Padding (FFFC,FFFC).

    Command
    -------
    dcmconv +st "7FE0,0010" FILE NEW-FILE

    Example
    -------
    The text of an order that an archive appended to the file.
    """
    if instance.file("trailing") == "text":
        yield Finding("readable text behind the pixel data")
    for path, _ in instance.judged("padding"):
        yield Finding("the padding holds readable text", path)


_READABLE = re.compile(rb"[\x20-\x7e\t\r\n]{6,}")


@judge(name="padding", applies=lambda place: place.tag == tag_of("DataSetTrailingPadding"))
def padding(element: Element) -> str | None:
    """Whether padding holds words where it should hold zeros."""
    found = _READABLE.search(element.value[: 1 << 16])
    return "text" if found and re.search(rb"[A-Za-z]{3}", found[0]) else None


_AE_TITLES = frozenset(
    {
        "SourceApplicationEntityTitle",
        "SendingApplicationEntityTitle",
        "ReceivingApplicationEntityTitle",
    }
)
_TOOL = re.compile(
    r"any|scu|scp|store\w*|get\w*|find\w*|move\w*|echo\w*|ae|aet|title|pacs|pynetdicom\w*|client|"
    r"server|archive|dcm\w*|dicom\w*|ctp|rsna|orthanc|clunie\w*|osirix|horos|conquest\w*|xnat|"
    r"mirth|posda|nbia|tcia|kitware|matlab|ge|ris|ws|workstation|node|local|main|our|your|my|src|"
    r"dest|source|destination|default|none",
)


@judge(name="ae_title", applies=lambda place: place.keyword in _AE_TITLES)
def ae_title(element: Element) -> str | None:
    """Whether an AE title says more than which software or which kind of machine it is."""
    text = element.text.strip()
    words = words_of(text)
    if not words or vendor(text) != OTHER:
        return None
    known = all(
        _TOOL.fullmatch(word) or is_blank(word) or word.upper() in MODALITIES for word in words
    )
    return None if known else "named"


@rule(
    id="DEID462",
    category="deidentification",
    severity="info",
    confidence="low",
    reads=("judge:ae_title", FLAG),
    reference="PS3.10 7.1",
    applies=_CLAIMS,
)
def ae_titles(instance: InstanceFacts) -> Iterator[Finding]:
    """The File Meta Information keeps the AE title of a machine.

    Why it matters
    --------------
    Many hospitals put their name and the place of the machine into it. Tools that clean the data
    set leave group 0002 as it was.

    How to fix
    ----------
    Write the File Meta Information anew: it needs none of these titles.

    Command
    -------
    dcmconv +Fm FILE NEW-FILE

    Example
    -------
    Source Application Entity Title (0002,0016) with the letters of a hospital. Names of software
    and vendors are not reported.
    """
    for path, _ in instance.judged("ae_title"):
        yield Finding("an AE title that names no known software", path)


@judge(
    name="private_meta",
    applies=lambda place: (
        place.keyword in ("PrivateInformation", "PrivateInformationCreatorUID")
        # Of group 0002 too, only the odd groups are private.
        or (place.tag >> 16 == 2 and place.vr == "UN" and not place.keyword)
    ),
)
def private_meta(element: Element) -> str | None:
    """Whether private information is in the File Meta Information."""
    return "filled" if element.value.strip(b"\0 ") else None


@rule(
    id="DEID463",
    category="deidentification",
    severity="warning",
    confidence="high",
    reads=("judge:private_meta", FLAG),
    reference="PS3.10 7.1",
    applies=_CLAIMS,
)
def private_in_meta(instance: InstanceFacts) -> Iterator[Finding]:
    """The File Meta Information of a de-identified object holds private information.

    Why it matters
    --------------
    Anything can be in it, and tools that clean the data set leave group 0002 as it was.

    How to fix
    ----------
    Write the File Meta Information anew, without (0002,0100) and (0002,0102).

    Command
    -------
    dcmconv +Fm FILE NEW-FILE

    Example
    -------
    (0002,0102) with the export protocol of a workstation.
    """
    for path, _ in instance.judged("private_meta"):
        yield Finding("private information is kept", path)


def _picture(place: Place) -> str:
    """Say what kind of picture beside the image an attribute is of."""
    assert place.parent is not None
    # Whichever there is: a viewer may know the size, or find the overlay in the pixels' bits.
    if place.tag >> 24 == 0x60 and place.tag & 0xFFFF in (0x0010, 0x3000):
        return "overlay"
    if place.keyword == "Rows" and place.parent.keyword == "IconImageSequence":
        return "icon"
    return ""


@judge(name="picture", applies=lambda place: bool(_picture(place)))
def picture(element: Element) -> str | None:
    """Which kind of picture stands beside the image: ``overlay`` or ``icon``."""
    return _picture(element.place)


@rule(
    id="DEID464",
    category="deidentification",
    severity="info",
    confidence="high",
    reads=("judge:picture", f"{CODES}.CodeValue"),
    reference="PS3.15 E.3.3, Table E.1-1",
    applies=Selector(when=lambda instance: bool(instance.judged("picture"))),
)
def pictures(instance: InstanceFacts) -> Iterator[Finding]:
    """An overlay or an icon stands beside the image.

    Why it matters
    --------------
    Text may be drawn in an overlay, and an icon is a small copy of the image as it was before
    its pixels were cleaned. Text in them is looked for by PIX013 and PIX014.

    How to fix
    ----------
    Remove Icon Image Sequence (0088,0200) and the overlays (60xx), or clean them and declare
    113103 (Clean Graphics Option) for overlays and 113101 (Clean Pixel Data Option) for icons.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: overlays = [e.tag for e in dataset if e.tag.group >> 8 == 0x60]
    pydicom: for tag in overlays: del dataset[tag]
    pydicom: dataset.pop("IconImageSequence", None)
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    An overlay with the laterality, drawn by hand, and the technologist's initials.
    """
    codes = {item.text("CodeValue") for item in instance.items(CODES)}
    overlays: set[TagPath] = set()
    for path, kind in instance.judged("picture"):
        if kind == "overlay" and "113103" not in codes:
            group = path.steps[-1][1:5]
            data = TagPath((*path.steps[:-1], f"({group},3000)"))
            if data not in overlays:
                overlays.add(data)
                yield Finding(
                    "an overlay, and no method code says that graphics were cleaned", data
                )
        elif kind == "icon" and "113101" not in codes:
            yield Finding(
                "an icon, and no method code says that pixels were cleaned",
                TagPath(path.steps[:-1]),
            )


_CDA = "1.2.840.10008.5.1.4.1.1.104.2"
"""Encapsulated CDA Storage (PS3.4 B.5)."""


@rule(
    id="DEID465",
    category="deidentification",
    severity="warning",
    confidence="medium",
    reads=("MIMETypeOfEncapsulatedDocument", FLAG),
    reference="PS3.3 A.45.2, PS3.15 Table E.1-1",
    applies=for_sop_classes(_CDA, when=lambda instance: instance.text(FLAG) == "YES"),
)
def document_with_a_header(instance: InstanceFacts) -> Iterator[Finding]:
    """A de-identified object holds a clinical document that names its patient by its own rules.

    Why it matters
    --------------
    A CDA document has a header with the patient, the author and the institution. Cleaning the
    attributes around it does not change the document.

    How to fix
    ----------
    Clean or replace the document. Its text is searched by DEID466, its structure is not.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: Path("DOCUMENT").write_bytes(dataset.EncapsulatedDocument)
    pydicom: dataset.EncapsulatedDocument = Path("CLEAN-DOCUMENT").read_bytes()
    pydicom: dataset.EncapsulatedDocumentLength = len(dataset.EncapsulatedDocument)
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    A discharge letter in an Encapsulated CDA object.
    """
    if instance.text("MIMETypeOfEncapsulatedDocument").lower() in ("text/xml", "application/xml"):
        yield Finding(
            "a clinical document, whose header names the patient",
            TagPath.of("EncapsulatedDocument"),
        )


@judge(
    name="document",
    applies=lambda place: place.keyword == "EncapsulatedDocument" and len(place.path.steps) == 1,
)
def document(element: Element) -> str | None:
    """What kinds of identifier the text of an encapsulated document looks like it holds.

    ``-`` if it has none, ``?`` if its text cannot be read here.
    """
    if not element.value.strip(b"\0"):
        return None
    text = text_in(element.value)
    if text is None:
        return "?"
    sure = {kind for kind, confidence in signs(text) if confidence is not Confidence.LOW}
    return "+".join(sorted(sure)) or "-"


@rule(
    id="DEID466",
    category="deidentification",
    severity="error",
    confidence="medium",
    reads=("judge:document", FLAG),
    reference="PS3.3 A.45, PS3.15 Table E.1-1",
    applies=Selector(
        when=lambda instance: instance.text(FLAG) == "YES" and bool(instance.judged("document"))
    ),
)
def document_holds_identifiers(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """A document inside a de-identified object holds what looks like an identifier.

    Why it matters
    --------------
    A report in a PDF begins with the patient's name, number and birth date, and ends with a
    signature. Tools that clean attributes leave it as it was.

    How to fix
    ----------
    Clean or replace the document, or remove the object.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: Path("DOCUMENT").write_bytes(dataset.EncapsulatedDocument)
    pydicom: dataset.EncapsulatedDocument = Path("CLEAN-DOCUMENT").read_bytes()
    pydicom: dataset.EncapsulatedDocumentLength = len(dataset.EncapsulatedDocument)
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    *Patient name:* in an Encapsulated PDF. Of a PDF the text is read that stands there as text;
    a scan of paper, or letters by a font's own numbers, cannot be read here and are not judged.
    """
    for path, said in instance.judged("document"):
        if said == "?":
            yield Undecided("documents whose text cannot be read here")
        elif said != "-":
            for kind in said.split("+"):
                yield Finding(f"a document holds what looks like {KINDS[kind]}", path)
