"""Rules of text and faces in pixels, by what attributes say of them."""

from __future__ import annotations

from typing import Any

from tests.rules.cases import (
    CUT_SHORT,
    PLANT,
    Case,
    Cases,
    each,
    fails,
    not_applicable,
    not_evaluated,
    passes,
)

CODES = "DeidentificationMethodCodeSequence"
CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
US = "1.2.840.10008.5.1.4.1.1.6.1"
SC = "1.2.840.10008.5.1.4.1.1.7"
XA = "1.2.840.10008.5.1.4.1.1.12.1"
PDF = "1.2.840.10008.5.1.4.1.1.104.1"
TEXT, FACE = "(0028,0301)", "(0028,0302)"


def image(sop_class: str, *types: str, **values: Any) -> dict[str, Any]:
    """Build an image of a SOP class and an Image Type."""
    return {
        "SOPClassUID": sop_class,
        "ImageType": list(types or ("ORIGINAL", "PRIMARY")),
        "PatientName": PLANT,
        "Rows": 16,
        **values,
    }


def option(code: str) -> dict[str, Any]:
    return {CODES: [{"CodeValue": code}]}


SCREEN = ("DERIVED", "SECONDARY", "SCREEN SAVE")
SCOUT = ("ORIGINAL", "PRIMARY", "LOCALIZER")


def row(path: str, sop_class: str = SC, **values: Any) -> dict[str, Any]:
    """Return a row of the table of instances."""
    return {"path": path, "SOPClassUID": sop_class, "Rows": 16, **values}


def looked(
    path: str, with_text: int = 0, kinds: str = "", reason: str = "", tag_path: str = ""
) -> dict[str, Any]:
    """Return a row of the table of frames."""
    return {
        "path": path,
        "tag_path": tag_path,
        "looked": 2,
        "with_text": with_text,
        "kinds": kinds,
        "reason": reason,
    }


OVERLAY, ICON = "(6000,3000)", "(0088,0200)"


def beside(*kinds: str, said: str = "as made") -> dict[str, Any]:
    """Return two objects with such pictures beside the image."""
    return {
        "instances": [row("1.dcm", CT, signature="a"), row("2.dcm", CT, signature="a")],
        "counted": [
            {"signature": "a", "summary": "pictures", "said": f"{kind}|{said}"} for kind in kinds
        ],
    }


CASES: Cases = {
    "PIX001": (
        passes(image(US, BurnedInAnnotation="NO")),
        passes(image(SC, **option("113101"))),
        fails(
            image(US),
            at=[TEXT],
            says=("an ultrasound image, and Burned In Annotation is missing",),
        ),
        fails(
            image(XA, BurnedInAnnotation="YES"),
            at=[TEXT],
            says=("an angiogram, and Burned In Annotation is YES",),
        ),
        fails({"SOPClassUID": PDF}, at=[TEXT]),
        fails(image(SC, BurnedInAnnotation=PLANT), at=[TEXT]),
        # No code but the one for pixels.
        fails(image(SC, **option("113102")), at=[TEXT]),
        not_applicable(image(CT)),
        # No image in it.
        not_applicable({"SOPClassUID": SC}),
    ),
    "PIX002": (
        passes(image(SC, *SCREEN, BurnedInAnnotation="NO")),
        fails(
            image(SC, *SCREEN),
            at=[TEXT],
            says=("a picture of text, and Burned In Annotation is missing",),
        ),
        # Under another SOP class too, which is how a scanner sends its dose report.
        fails(image(CT, "DERIVED", "SECONDARY", "DOSE_INFO"), at=[TEXT]),
        fails(image(CT, "DERIVED", "SECONDARY", "OTHER", "CT_SOM5 PROT", "PROT"), at=[TEXT]),
        fails(image(SC, ConversionType="SD", **option("113100")), at=[TEXT]),
        passes(image(SC, ConversionType="SD", **option("113101"))),
        not_applicable(image(SC, ConversionType="WSD")),
        not_applicable(image(CT, "ORIGINAL", "PRIMARY", "AXIAL")),
        CUT_SHORT,
    ),
    "PIX003": (
        passes(image(CT, *SCOUT, BurnedInAnnotation="NO")),
        passes(image(CT, *SCOUT, **option("113101"))),
        fails(
            image(CT, *SCOUT),
            at=[TEXT],
            says=("a localizer, and Burned In Annotation is missing",),
        ),
        not_applicable(image(CT, "ORIGINAL", "PRIMARY", "AXIAL")),
        not_applicable(image(MR, *SCOUT)),
    ),
    "PIX004": (
        passes(image(CT, BodyPartExamined="HEAD", RecognizableVisualFeatures="NO")),
        passes(image(MR, BodyPartExamined="BRAIN", **option("113102"))),
        fails(
            image(MR, BodyPartExamined="HEAD"),
            at=[FACE],
            says=("a head, and Recognizable Visual Features is missing",),
        ),
        fails(
            image(CT, BodyPartExamined="HEAD", RecognizableVisualFeatures="YES"),
            at=[FACE],
            says=("a head, and Recognizable Visual Features is YES",),
        ),
        fails(image(CT, AnatomicRegionSequence=[{"CodeValue": "69536005"}]), at=[FACE]),
        fails(image(CT, BodyPartExamined="HEAD", **option("113101")), at=[FACE]),
        # What part of the body it is, nobody says; that it has no face, somebody may.
        not_evaluated(image(CT)),
        not_evaluated(image(CT, AnatomicRegionSequence=[])),
        passes(image(CT, RecognizableVisualFeatures="NO")),
        not_applicable(image(CT, BodyPartExamined="CHEST")),
        not_applicable(image(CT, AnatomicRegionSequence=[{"CodeValue": "51185008"}])),
        not_applicable(image(CT, *SCOUT, BodyPartExamined="HEAD")),
        not_applicable(image(MR, *SCREEN, BodyPartExamined="HEAD")),
        not_applicable(image(US, BodyPartExamined="HEAD")),
        not_applicable({"SOPClassUID": CT, "BodyPartExamined": "HEAD"}),
    ),
    "PIX011": (
        passes(instances=[row("1.dcm")], frames=[looked("1.dcm"), looked("2.dcm", 1)]),
        fails(
            instances=[row("1.dcm")],
            frames=[looked("1.dcm", 1, "date+name"), looked("2.dcm", 1, "name")],
            at=[""],
            says=(
                "pixels hold text that looks like a date",
                "pixels hold text that looks like a person's name",
            ),
        ),
        # What was found in a file that could not be read to its end is not counted.
        not_evaluated(
            instances=[row("1.dcm")], frames=[looked("1.dcm", 1, "name", reason="broken")]
        ),
        not_evaluated(instances=[row("1.dcm")]),
        not_evaluated(instances=[row("1.dcm", CT)], frames=[looked("1.dcm", reason="broken")]),
        not_applicable(instances=[row("1.dcm", CT)]),
        not_applicable(instances=[{"path": "1.dcm", "SOPClassUID": SC}]),
    ),
    "PIX012": (
        passes(instances=[row("1.dcm")], frames=[looked("1.dcm")]),
        passes(instances=[row("1.dcm", BurnedInAnnotation="NO")], frames=[looked("1.dcm", 1)]),
        fails(
            instances=[row("1.dcm"), row("2.dcm", BurnedInAnnotation="YES")],
            frames=[looked("1.dcm", 1), looked("2.dcm", 1)],
            at=[""],
            says=("text in the pixels, and Burned In Annotation is not NO",),
        ),
        not_evaluated(instances=[row("1.dcm")], frames=[looked("1.dcm", reason="broken")]),
        # An overlay is no frame of the image.
        not_evaluated(instances=[row("1.dcm")], frames=[looked("1.dcm", 1, tag_path=OVERLAY)]),
        not_applicable(instances=[row("1.dcm", CT)]),
    ),
    "PIX013": (
        passes(
            **beside("overlay"),
            frames=[
                looked("1.dcm", 1, "date"),
                looked("1.dcm", 1, tag_path=OVERLAY),
                looked("2.dcm", tag_path=OVERLAY),
            ],
        ),
        fails(
            **beside("overlay", "icon"),
            frames=[
                looked("1.dcm", 1, "date+name", tag_path=OVERLAY),
                looked("1.dcm", tag_path=ICON),
                looked("2.dcm", 1, "name", tag_path=ICON),
                looked("2.dcm", 1, "name", tag_path=ICON),
            ],
            at=[OVERLAY, ICON],
            says=(
                "an overlay holds text that looks like a date",
                "an overlay holds text that looks like a person's name",
                "an icon holds text that looks like a person's name",
            ),
        ),
        fails(
            instances=[row("1.dcm", CT, signature="a")],
            counted=beside("icon", said="cleaned")["counted"],
            frames=[looked("1.dcm", 1, "name", tag_path=f"(0004,1220)/{ICON}")],
            at=[f"(0004,1220)/{ICON}"],
        ),
        not_evaluated(**beside("icon")),
        not_evaluated(**beside("overlay"), frames=[looked("1.dcm", 1, tag_path=OVERLAY)]),
        not_evaluated(
            **beside("overlay"),
            frames=[
                looked("1.dcm", tag_path=OVERLAY),
                looked("1.dcm", 1, "name", "broken", tag_path="(6002,3000)"),
            ],
        ),
        not_applicable(instances=[row("1.dcm")], frames=[looked("1.dcm", 1, "name")]),
    ),
    "PIX014": (
        passes(
            **beside("overlay", said="cleaned"),
            frames=[looked(path, 1, tag_path=OVERLAY) for path in ("1.dcm", "2.dcm")],
        ),
        passes(
            **beside("icon"),
            frames=[looked(path, tag_path=ICON) for path in ("1.dcm", "2.dcm")],
        ),
        # Into the icon of the other nobody looked.
        not_evaluated(**beside("icon"), frames=[looked("1.dcm", tag_path=ICON)]),
        fails(
            **beside("overlay", "icon"),
            frames=[looked("1.dcm", 1, tag_path=OVERLAY), looked("2.dcm", 1, tag_path=ICON)],
            at=[OVERLAY, ICON],
            says=(
                "text in an overlay, and no method code says that graphics were cleaned",
                "text in an icon, and no method code says that pixels were cleaned",
            ),
        ),
        not_evaluated(**beside("overlay")),
        not_evaluated(**beside("icon"), frames=[looked("1.dcm", 1, reason="x", tag_path=ICON)]),
        not_applicable(instances=[row("1.dcm")], frames=[looked("1.dcm", 1)]),
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)
