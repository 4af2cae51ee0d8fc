"""Structured reports as literals, for cases of rules."""

from __future__ import annotations

from typing import Any

from tests.rules.cases import PLANT

BASIC = "1.2.840.10008.5.1.4.1.1.88.11"
ENHANCED = "1.2.840.10008.5.1.4.1.1.88.22"
COMPREHENSIVE = "1.2.840.10008.5.1.4.1.1.88.33"
THREE_D = "1.2.840.10008.5.1.4.1.1.88.34"
COLON_CAD = "1.2.840.10008.5.1.4.1.1.88.69"
KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"
DOSE = "1.2.840.10008.5.1.4.1.1.88.67"
CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"

Literal = dict[str, Any]


def coded(value: str, scheme: str = "DCM", **changed: Any) -> list[Literal]:
    """Return a code sequence of one item."""
    made = {"CodeValue": value, "CodingSchemeDesignator": scheme, "CodeMeaning": PLANT} | changed
    return [{name: value for name, value in made.items() if value is not None}]


def item(
    kind: str, relationship: str, name: str | None = None, *below: Literal, **more: Any
) -> Any:
    """Return a content item; a name is a code of DCM, or ``CODE,SCHEME``."""
    made: Literal = {"RelationshipType": relationship, "ValueType": kind}
    if name:
        made["ConceptNameCodeSequence"] = coded(*name.split(","))
    if below:
        made["ContentSequence"] = list(below)
    return {key: value for key, value in (made | more).items() if value is not None}


def container(name: str | None, *below: Literal, **more: Any) -> Any:
    return item("CONTAINER", "CONTAINS", name, *below, **{"ContinuityOfContent": "SEPARATE"} | more)


def text(name: str, relationship: str = "CONTAINS", **more: Any) -> Any:
    return item("TEXT", relationship, name, **{"TextValue": PLANT} | more)


def code(
    name: str, value: str, relationship: str = "CONTAINS", *below: Literal, **more: Any
) -> Any:
    sequence = {"ConceptCodeSequence": coded(*value.split(","))}
    return item("CODE", relationship, name, *below, **sequence | more)


def num(
    name: str, units: str = "mm,UCUM", relationship: str = "CONTAINS", *below: Literal, **more: Any
) -> Any:
    measured = {"NumericValue": "1", "MeasurementUnitsCodeSequence": coded(*units.split(","))}
    return item("NUM", relationship, name, *below, **{"MeasuredValueSequence": [measured]} | more)


def uidref(name: str, relationship: str = "CONTAINS", **more: Any) -> Any:
    return item("UIDREF", relationship, name, **{"UID": "2.25.1"} | more)


def image(name: str | None = None, relationship: str = "CONTAINS", **more: Any) -> Any:
    reference = [{"ReferencedSOPClassUID": CT_IMAGE, "ReferencedSOPInstanceUID": "2.25.2"}]
    return item("IMAGE", relationship, name, **{"ReferencedSOPSequence": reference} | more)


def region(kind: str = "CIRCLE", numbers: int = 4, **more: Any) -> Any:
    """Return an Image Region, in an image."""
    shape = {"GraphicType": kind, "GraphicData": [1.0 + number for number in range(numbers)]}
    below = {"ContentSequence": [image(relationship="SELECTED FROM")]}
    return item("SCOORD", "CONTAINS", "111030", **shape | below | more)


def by_reference(relationship: str, *positions: int) -> Any:
    return {
        "RelationshipType": relationship,
        "ReferencedContentItemIdentifier": list(positions),
    }


def document(
    *below: Literal, title: str = "126000", template: str | None = None, **changed: Any
) -> Literal:
    """Return a document with these content items."""
    made: Literal = {
        "SOPClassUID": COMPREHENSIVE,
        "Modality": "SR",
        "ValueType": "CONTAINER",
        "ContinuityOfContent": "SEPARATE",
        "ConceptNameCodeSequence": coded(*title.split(",")),
        "CompletionFlag": "COMPLETE",
        "VerificationFlag": "UNVERIFIED",
        "ContentSequence": list(below),
    }
    if template:
        made["ContentTemplateSequence"] = [
            {"MappingResource": "DCMR", "TemplateIdentifier": template}
        ]
    return {name: value for name, value in (made | changed).items() if value is not None}


def group(*below: Literal, template: str | None = None) -> Any:
    """Return a Measurement Group."""
    more: Literal = {}
    if template:
        more["ContentTemplateSequence"] = [
            {"MappingResource": "DCMR", "TemplateIdentifier": template}
        ]
    return container("125007", *below, **more)


def measurements(*below: Literal, **changed: Any) -> Literal:
    """Return a TID 1500 report with these in Imaging Measurements."""
    return document(container("126010", *below), **{"template": "1500", **changed})


CT_EVENT = (
    code("123014", "69536005,SCT"),
    code("113820", "116152004,SCT"),
    uidref("113769"),
    container(
        "113822",
        num("113824", "s,UCUM"),
        num("113825"),
        num("113826"),
        num("113827"),
        num("113828", "{ratio},UCUM"),
        num("113823", "{X-Ray sources},UCUM"),
        container(
            "113831",
            text("113832"),
            num("113733", "kV,UCUM"),
            num("113833", "mA,UCUM"),
            num("113734", "mA,UCUM"),
            num("113834", "s,UCUM"),
        ),
    ),
    container(
        "113829",
        num("113830", "mGy,UCUM"),
        code("113835", "113691"),
        num("113838", "mGy.cm,UCUM"),
    ),
)
"""What a CT Acquisition of TID 10013 must hold."""


def ct_dose(*event: Literal, total: Any = None) -> Literal:
    """Return a CT radiation dose report, TID 10011, with this in its one event."""
    dose = num("113813", "mGy.cm,UCUM") if total is None else total
    return document(
        code(
            "121058",
            "77477000,SCT",
            "HAS CONCEPT MOD",
            code("363703001,SCT", "261004008,SCT", "HAS CONCEPT MOD"),
        ),
        code("121005", "121007", "HAS OBS CONTEXT"),
        uidref("121012", "HAS OBS CONTEXT"),
        item("DATETIME", "HAS OBS CONTEXT", "113809", DateTime="20010412101500"),
        item("DATETIME", "HAS OBS CONTEXT", "113810", DateTime="20010412101600"),
        code("113705", "113014", "HAS OBS CONTEXT", uidref("110180", "HAS PROPERTIES")),
        container("113811", num("113812", "{events},UCUM"), *([dose] if dose else [])),
        container("113819", *(event or CT_EVENT)),
        code("113854", "113856"),
        title="113701",
        template="10011",
        SOPClassUID=DOSE,
    )


def key_objects(*below: Literal, title: str = "113000") -> Literal:
    """Return a Key Object Selection."""
    return document(
        *below,
        title=title,
        template="2010",
        SOPClassUID=KEY_OBJECTS,
        Modality="KO",
        CompletionFlag=None,
        VerificationFlag=None,
    )


def xray_dose(*accumulated: Literal, **device: str) -> Literal:
    """Return a fluoroscopy dose report, TID 10001, without events, with this accumulated dose."""
    total = accumulated or (
        num("113722", "Gy.m2,UCUM"),
        num("113725", "Gy,UCUM"),
        num("113727", "Gy.m2,UCUM"),
        num("113729", "Gy,UCUM"),
        num("113855", "s,UCUM"),
        code("113780", "113860"),
    )
    return document(
        code(
            "121058",
            "113704",
            "HAS CONCEPT MOD",
            code("363703001,SCT", "261004008,SCT", "HAS CONCEPT MOD"),
        ),
        code("122142", device.get("device", "113957")),
        code("121005", "121007", "HAS OBS CONTEXT"),
        uidref("121012", "HAS OBS CONTEXT"),
        code("113705", "113014", "HAS OBS CONTEXT", uidref("110180", "HAS PROPERTIES")),
        container("113702", code("113764", "113622", "HAS CONCEPT MOD"), *total),
        code("113854", "113866"),
        title="113701",
        template="10001",
        SOPClassUID=DOSE,
    )
