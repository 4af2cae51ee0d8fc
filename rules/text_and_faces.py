"""Text in the pixels of images, and faces.

Attributes say what was made of the pixels; whether somebody looked, no attribute proves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from auditor import (
    CollectionFacts,
    Finding,
    InstanceFacts,
    Selector,
    TagPath,
    Undecided,
    Units,
    for_sop_classes,
    rule,
    summary,
)
from auditor.identifiers import KINDS
from auditor.standard.sop_classes import (
    ANGIOGRAPHY,
    CT_IMAGES,
    MR_IMAGES,
    OFTEN_WITH_TEXT,
    PHOTOGRAPHY,
    SECONDARY_CAPTURE,
    ULTRASOUND,
)

BURNED_IN = "BurnedInAnnotation"
FACE = "RecognizableVisualFeatures"
CODES = "DeidentificationMethodCodeSequence"

ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"

_RISKS = {
    **dict.fromkeys(ULTRASOUND, "an ultrasound image"),
    **dict.fromkeys(SECONDARY_CAPTURE, "a secondary capture"),
    **dict.fromkeys(ANGIOGRAPHY, "an angiogram"),
    **dict.fromkeys(PHOTOGRAPHY, "an endoscopic or photographic image"),
    ENCAPSULATED_PDF: "a document",
}

_READS = (BURNED_IN, f"{CODES}.CodeValue")


def _codes(instance: InstanceFacts) -> set[str]:
    return {item.text("CodeValue") for item in instance.items(CODES)}


def _is_said_clean(instance: InstanceFacts) -> bool:
    """Whether the object says that no text in the image identifies the patient."""
    return instance.text(BURNED_IN) == "NO" or "113101" in _codes(instance)


def _said(instance: InstanceFacts, keyword: str) -> str:
    text = instance.text(keyword)
    return text if text in ("YES", "NO") else "missing"


@rule(
    id="PIX001",
    category="deidentification",
    severity="warning",
    confidence="medium",
    reads=(*_READS, "Rows"),
    reference="PS3.3 C.7.6.1.1.5, PS3.15 E.3.1",
    applies=for_sop_classes(
        *_RISKS,
        when=lambda instance: instance.filled("Rows") or instance.sop_class == ENCAPSULATED_PDF,
    ),
)
def burned_in_not_excluded(instance: InstanceFacts) -> Iterator[Finding]:
    """An image of a kind that often has text in its pixels is not said to have none.

    Why it matters
    --------------
    Ultrasound machines draw the patient's name into the image, secondary captures copy a whole
    screen. Whoever downloads the image sees it; no attribute has to be read.

    How to fix
    ----------
    Look at the images, clean the pixels where it is needed, and set Burned In Annotation
    (0028,0301) to NO or declare 113101 (Clean Pixel Data Option).

    Command
    -------
    dcmj2pnm --write-png FILE LOOK-AT-IT.png
    dcmodify -nb -i "(0028,0301)=YES-OR-NO" FILE

    Example
    -------
    An ultrasound loop without (0028,0301).
    """
    if not _is_said_clean(instance):
        kind = _RISKS[instance.sop_class]
        yield Finding(
            f"{kind}, and Burned In Annotation is {_said(instance, BURNED_IN)}",
            TagPath.of(BURNED_IN),
        )


_SCREEN = re.compile(
    r"(scr(een)?[ _-]?(save|shot|cap(ture)?|copy)s?|dose[ _-]?(info|report|sum\w*|sheet)|"
    r"patient[ _-]?protocol|prot(ocol)?|report|screen|snapshot|results?[ _-]?page)"
    r"([ _-]\w+)?",
    re.IGNORECASE,
)


def _is_screen(instance: InstanceFacts) -> bool:
    if any(_SCREEN.fullmatch(value) for value in instance.values("ImageType")[2:]):
        return True
    # Scanned document, scanned image, digitized film (PS3.3 C.8.6.1).
    return instance.text("ConversionType") in ("SD", "SI", "DF")


@rule(
    id="PIX002",
    category="deidentification",
    severity="error",
    confidence="medium",
    reads=(*_READS, "ImageType", "ConversionType"),
    reference="PS3.3 C.7.6.1.1.5, C.8.6.1, PS3.15 E.3.1",
    applies=Selector(when=_is_screen),
)
def screen_not_excluded(instance: InstanceFacts) -> Iterator[Finding]:
    """A screen capture, dose report or scan of paper is not said to be free of identifying text.

    Why it matters
    --------------
    These are pictures of text: as a rule with the patient's name and the date in a corner.

    How to fix
    ----------
    Leave them out of a release, or look at each, clean it and set Burned In Annotation
    (0028,0301) to NO.

    Command
    -------
    dcmj2pnm --write-png FILE LOOK-AT-IT.png
    dcmodify -nb -i "(0028,0301)=YES-OR-NO" FILE

    Example
    -------
    Image Type (0008,0008) with SCREEN SAVE, and no (0028,0301).
    """
    if not _is_said_clean(instance):
        yield Finding(
            f"a picture of text, and Burned In Annotation is {_said(instance, BURNED_IN)}",
            TagPath.of(BURNED_IN),
        )


@rule(
    id="PIX003",
    category="deidentification",
    severity="warning",
    confidence="low",
    reads=(*_READS, "ImageType"),
    reference="PS3.3 C.7.6.1.1.5, C.8.2.1.1.1, PS3.15 E.3.1",
    applies=for_sop_classes(
        *CT_IMAGES, when=lambda instance: "LOCALIZER" in instance.values("ImageType")
    ),
)
def scout_not_excluded(instance: InstanceFacts) -> Iterator[Finding]:
    """A CT localizer (scout, topogram) is not said to be free of identifying text.

    Why it matters
    --------------
    Some scanners draw the planned slices and the patient's data into this image and into no
    other of the study, so that nobody sees it who looks at the slices.

    How to fix
    ----------
    Look at the localizers of each scanner model, and set Burned In Annotation (0028,0301) to NO.

    Command
    -------
    dcmj2pnm --write-png FILE LOOK-AT-IT.png
    dcmodify -nb -i "(0028,0301)=YES-OR-NO" FILE

    Example
    -------
    Image Type (0008,0008) ORIGINAL, PRIMARY, LOCALIZER, and no (0028,0301).
    """
    if not _is_said_clean(instance):
        yield Finding(
            f"a localizer, and Burned In Annotation is {_said(instance, BURNED_IN)}",
            TagPath.of(BURNED_IN),
        )


_HEAD_PARTS = frozenset(
    {
        "HEAD",
        "BRAIN",
        "SKULL",
        "FACE",
        "ORBIT",
        "EYE",
        "NOSE",
        "MAXILLA",
        "JAW",
        "MANDIBLE",
        "SINUS",
    }
    | {"HEADNECK", "ZYGOMA", "IAC", "TMJ", "EAR", "WHOLEBODY", "SELLA", "PITUITARY"}
)
_HEAD_CODES = frozenset(
    # SRT and SCT codes of CID 4: head, brain, face, head and neck, orbit, skull, whole body.
    {"T-D1100", "69536005", "T-A0100", "12738006", "T-D1200", "89545001", "T-D1000", "774007"}
    | {"T-D1480", "363654007", "T-11100", "89546000", "T-D0010", "38266002"}
)

_FACE_READS = (
    FACE,
    f"{CODES}.CodeValue",
    "BodyPartExamined",
    "AnatomicRegionSequence.CodeValue",
    "ImageType",
    "Rows",
)


def _shows_a_body(instance: InstanceFacts) -> bool:
    """Whether it is a slice or a volume: a localizer, or a picture of text, shows no surface."""
    types = instance.values("ImageType")
    return (
        instance.filled("Rows")
        and "LOCALIZER" not in types
        and not any(_SCREEN.fullmatch(value) for value in types[2:])
    )


def _part(instance: InstanceFacts) -> str:
    """Return ``head``, ``other`` or "" if the object does not say what it shows."""
    part = re.sub(r"[^A-Z]", "", instance.text("BodyPartExamined").upper())
    codes = {item.text("CodeValue") for item in instance.items("AnatomicRegionSequence")} - {""}
    if part in _HEAD_PARTS or codes & _HEAD_CODES:
        return "head"
    return "other" if part or codes else ""


@rule(
    id="PIX004",
    category="deidentification",
    severity="info",
    confidence="medium",
    reads=_FACE_READS,
    reference="PS3.3 C.7.6.1, PS3.15 E.3.2",
    applies=for_sop_classes(
        *CT_IMAGES | MR_IMAGES,
        when=lambda instance: _shows_a_body(instance) and _part(instance) != "other",
    ),
)
def face_not_excluded(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """A CT or MR of the head is not said to show no face.

    Why it matters
    --------------
    A surface rendered from such a volume shows the face; software has matched it to photographs.

    How to fix
    ----------
    Deface the volume and declare 113102 (Clean Recognizable Visual Features Option), with
    Recognizable Visual Features (0028,0302) NO. If there is no face in it (a few slices of the
    brain), set NO after somebody has looked.

    Command
    -------
    dcmj2pnm --write-png FILE LOOK-AT-IT.png
    dcmodify -nb -i "(0028,0302)=YES-OR-NO" FILE

    Example
    -------
    Body Part Examined (0018,0015) HEAD and no (0028,0302). Where the object does not say what
    part of the body it shows, this is not evaluated.
    """
    if instance.text(FACE) == "NO" or "113102" in _codes(instance):
        return
    if not _part(instance):
        yield Undecided("images that do not say what part of the body they show")
        return
    yield Finding(
        f"a head, and Recognizable Visual Features is {_said(instance, FACE)}", TagPath.of(FACE)
    )


_MARKS = ", ".join(f"'{uid}'" for uid in sorted(OFTEN_WITH_TEXT))

_OPTION = "scan --ocr N looks at N of them, with the extra `ocr`"
_READ = "reason = '' AND looked > 0"
_LOOKED = f"tag_path = '' AND {_READ}"
"""Frames of the image itself, and of no overlay or icon beside it."""


def _looked_at(collection: CollectionFacts) -> Units:
    """Judge the images that were looked at; those that often have text should have been."""
    looked = collection.count(f"SELECT count(*) FROM frames WHERE {_LOOKED}")
    not_looked = collection.count(
        "SELECT count(*) FROM instances WHERE Rows IS NOT NULL AND "
        f"(SOPClassUID IN ({_MARKS}) AND path NOT IN (SELECT path FROM frames WHERE tag_path = '') "
        f"OR path IN (SELECT path FROM frames WHERE tag_path = '' AND NOT ({_LOOKED})))"
    )
    return Units(
        looked,
        not_looked,
        "images of kinds that often have text, whose pixels were not looked at, or cannot be read "
        f"({_OPTION})",
    )


def _looked_for_identifiers(collection: CollectionFacts) -> Units:
    """Count an image once, however many kinds of identifier are in its pixels."""
    failed = collection.count(
        f"SELECT count(*) FROM frames WHERE {_LOOKED} AND with_text > 0 AND kinds <> ''"
    )
    return _looked_at(collection)._replace(failed=failed)


_FRAMES = (
    "frames.path",
    "frames.tag_path",
    "frames.looked",
    "frames.with_text",
    "frames.reason",
    "instances.path",
    "instances.SOPClassUID",
    "instances.Rows",
)


@rule(
    id="PIX011",
    category="deidentification",
    severity="error",
    confidence="medium",
    scope="collection",
    unit="file",
    reads=(*_FRAMES, "frames.kinds"),
    reference="PS3.3 C.7.6.1.1.5, PS3.15 E.3.1",
    applies=_looked_for_identifiers,
)
def identifier_in_pixels(collection: CollectionFacts) -> Iterator[Finding]:
    """Text in the pixels looks like an identifier.

    Why it matters
    --------------
    Everybody who opens the image reads it. No change of attributes removes it.

    How to fix
    ----------
    Clean the pixels of all images of that machine and protocol, not only of those found here:
    only a sample is looked at. The command is for a single frame that is not compressed:
    `dcmdjpeg` makes it so.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: pixels = dataset.pixel_array.copy()
    pydicom: pixels[TOP:BOTTOM, LEFT:RIGHT] = 0
    pydicom: dataset.PixelData = pixels.tobytes()
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    A name and a date in the corner of a screen capture. With `--ocr 200`, two frames of each of
    at most 200 images are read by an OCR engine; what it read is not kept.
    """
    for kind, title in KINDS.items():
        for count, paths in collection.rows(
            f"SELECT count(*), min(path, 5) FROM frames WHERE {_LOOKED} AND with_text > 0 AND "
            "list_contains(string_split(kinds, '+'), ?) HAVING count(*) > 0",
            [kind],
        ):
            yield Finding(
                f"pixels hold text that looks like {title}", count=count, examples=tuple(paths)
            )


@rule(
    id="PIX012",
    category="deidentification",
    severity="warning",
    confidence="medium",
    scope="collection",
    unit="file",
    reads=(*_FRAMES, "instances.BurnedInAnnotation"),
    reference="PS3.3 C.7.6.1.1.5, PS3.15 E.3.1",
    applies=_looked_at,
)
def text_in_pixels(collection: CollectionFacts) -> Iterator[Finding]:
    """There is text in the pixels, and nobody says that it identifies no one.

    Why it matters
    --------------
    Text may be a scale or a name. The one who made the release has to have looked, and Burned
    In Annotation (0028,0301) NO is how to say so.

    How to fix
    ----------
    Look at the images of that machine; clean them, or set Burned In Annotation to NO.

    Command
    -------
    dcmj2pnm --write-png FILE LOOK-AT-IT.png
    dcmodify -nb -i "(0028,0301)=YES-OR-NO" FILE

    Example
    -------
    A frame of an ultrasound loop with a line of text and without (0028,0301).
    """
    for count, paths in collection.rows(
        "SELECT count(*), min(path, 5) FROM frames JOIN instances USING (path) "
        f"WHERE {_LOOKED} AND with_text > 0 "
        "AND coalesce(BurnedInAnnotation, '') <> 'NO' HAVING count(*) > 0"
    ):
        yield Finding(
            "text in the pixels, and Burned In Annotation is not NO",
            count=count,
            examples=tuple(paths),
        )


_CLEANED_BY = {"overlay": "113103", "icon": "113101"}
"""Graphics, and pixels (CID 7050)."""


@summary(
    name="pictures",
    category="deidentification",
    reads=("judge:picture", f"{CODES}.CodeValue"),
    applies=Selector(when=lambda instance: bool(instance.judged("picture"))),
    joined=True,
)
def pictures_beside(instance: InstanceFacts) -> Iterator[tuple[str, ...]]:
    """Which pictures stand beside the image, ``overlay`` or ``icon``, ``cleaned`` or ``as made``.

    Cleaned is what a method code says of them.
    """
    codes = _codes(instance)
    for kind in sorted({kind for _, kind in instance.judged("picture")}):
        yield kind, "cleaned" if _CLEANED_BY[kind] in codes else "as made"


_PICTURES = (
    *("frames.path", "frames.tag_path", "frames.looked", "frames.with_text", "frames.reason"),
    *("instances.path", "instances.signature", "counted.signature", "counted.summary"),
)

_IDENTIFIES = f"{_READ} AND with_text > 0 AND kinds <> ''"
_NOT_CLEANED = (
    f"{_READ} AND with_text > 0 AND path IN (SELECT path FROM instances JOIN counted USING "
    "(signature) WHERE summary = 'pictures' AND said = "
    "if(suffix(tag_path, '(0088,0200)'), 'icon', 'overlay') || '|as made')"
)


def _pictures(wrong: str) -> Callable[[CollectionFacts], Units]:
    """Judge objects of which every overlay and icon was looked at, or one was and is wrong."""

    def units(collection: CollectionFacts) -> Units:
        there = collection.count(
            "SELECT count(DISTINCT path) FROM instances JOIN counted USING (signature) "
            "WHERE summary = 'pictures'"
        )
        failed, passed = collection.rows(
            "SELECT count(*) FILTER (failed), count(*) FILTER (looked_at AND NOT failed) FROM ("
            f"SELECT bool_or({wrong}) AS failed, bool_and({_READ}) AS looked_at FROM frames "
            "WHERE tag_path <> '' GROUP BY path)"
        )[0]
        return Units(
            failed + passed,
            max(there - failed - passed, 0),
            f"overlays and icons into which nobody looked, or that cannot be read ({_OPTION})",
            failed,
        )

    return units


@rule(
    id="PIX013",
    category="deidentification",
    severity="error",
    confidence="medium",
    scope="collection",
    unit="file",
    reads=(*_PICTURES, "frames.kinds"),
    reference="PS3.3 C.9.2, C.7.6.1.1.6, PS3.15 E.3.1, E.3.3",
    applies=_pictures(_IDENTIFIES),
)
def identifier_in_pictures(collection: CollectionFacts) -> Iterator[Finding]:
    """Text in an overlay or an icon looks like an identifier.

    Why it matters
    --------------
    Viewers draw overlays over the image, and an icon is a copy of it from before its pixels were
    cleaned. Cleaning the pixel data changes neither.

    How to fix
    ----------
    Remove the overlays (60xx) and Icon Image Sequence (0088,0200) of all images of that machine.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: overlays = [e.tag for e in dataset if e.tag.group >> 8 == 0x60]
    pydicom: for tag in overlays: del dataset[tag]
    pydicom: dataset.pop("IconImageSequence", None)
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    An overlay with the patient's name. With `--ocr 200`, two frames of each overlay and the icons
    of at most 200 objects are read by an OCR engine; what it read is not kept.
    """
    for kind, title in KINDS.items():
        for tag_path, count, paths in collection.rows(
            "SELECT tag_path, count(DISTINCT path), min(DISTINCT path, 5) FROM frames "
            f"WHERE tag_path <> '' AND {_IDENTIFIES} "
            "AND list_contains(string_split(kinds, '+'), ?) GROUP BY tag_path ORDER BY tag_path",
            [kind],
        ):
            yield Finding(
                f"an {_kind_of(tag_path)} holds text that looks like {title}",
                TagPath(tuple(tag_path.split("/"))),
                count=count,
                examples=tuple(paths),
            )


def _kind_of(tag_path: str) -> str:
    return "icon" if tag_path.endswith("(0088,0200)") else "overlay"


@rule(
    id="PIX014",
    category="deidentification",
    severity="warning",
    confidence="medium",
    scope="collection",
    unit="file",
    reads=(*_PICTURES, "counted.said"),
    reference="PS3.3 C.9.2, C.7.6.1.1.6, PS3.15 E.3.1, E.3.3",
    applies=_pictures(_NOT_CLEANED),
)
def text_in_pictures(collection: CollectionFacts) -> Iterator[Finding]:
    """There is text in an overlay or an icon, and no method code says that it was cleaned.

    Why it matters
    --------------
    Text may be a scale or a name. The one who made the release has to have looked.

    How to fix
    ----------
    Remove the overlays (60xx) and Icon Image Sequence (0088,0200), or clean them and declare
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
    An overlay with the technique, the laterality and the technologist's initials.
    """
    for tag_path, count, paths in collection.rows(
        "SELECT tag_path, count(DISTINCT path), min(DISTINCT path, 5) FROM frames "
        f"WHERE tag_path <> '' AND {_NOT_CLEANED} GROUP BY tag_path ORDER BY tag_path"
    ):
        kind = _kind_of(tag_path)
        cleaned = "graphics were" if kind == "overlay" else "pixels were"
        yield Finding(
            f"text in an {kind}, and no method code says that {cleaned} cleaned",
            TagPath(tuple(tag_path.split("/"))),
            count=count,
            examples=tuple(paths),
        )
