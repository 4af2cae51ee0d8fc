"""Rules of templates of structured reports."""

from __future__ import annotations

from typing import cast

from tests.rules.cases import Case, Cases, each, fails, not_applicable, not_evaluated, passes
from tests.rules.documents import (
    CT_EVENT,
    CT_IMAGE,
    DOSE,
    ENHANCED,
    Literal,
    by_reference,
    code,
    coded,
    container,
    ct_dose,
    document,
    group,
    image,
    item,
    key_objects,
    measurements,
    num,
    region,
    text,
    uidref,
    xray_dose,
)

CHILD = "(0040,A730)"
GRANDCHILD = f"{CHILD}/{CHILD}"
IN_GROUP = f"{GRANDCHILD}/{CHILD}"

LENGTH = num("410668003,SCT")
good = (
    passes(measurements(group(LENGTH))),
    passes(measurements(group(region(), template="1410"))),
    passes(ct_dose()),
    passes(key_objects(image())),
)
blank = (
    not_applicable(document(LENGTH)),
    not_applicable(document(LENGTH, template="1500", SOPClassUID=CT_IMAGE)),
    not_evaluated(document(LENGTH, template="5000")),
    not_evaluated(
        document(LENGTH, ContentTemplateSequence=[
            {"MappingResource": "99MINE", "TemplateIdentifier": "1500"}])
    ),
    not_evaluated({"SOPClassUID": ENHANCED}, file={"complete": "header"}),
)  # fmt: skip


def observed(*items: Literal) -> Literal:
    """Return a TID 1500 report with this before its measurements."""
    below = [*items, container("126010", group(LENGTH))]
    return document(*below, template="1500")


TYPED_PERSON, TYPED_DEVICE = (
    code("121005", kind, "HAS OBS CONTEXT") for kind in ("121006", "121007")
)
NAMED = item("PNAME", "HAS OBS CONTEXT", "121008", PersonName="A")
IDENTIFIED = uidref("121012", "HAS OBS CONTEXT")


def alerted(estimate: str, limit: str, *more: Literal) -> Literal:
    """Return the alert details of a scan, with the dose length product that they compare."""
    numbers = (
        num(
            concept,
            MeasuredValueSequence=[
                {
                    "NumericValue": value,
                    "MeasurementUnitsCodeSequence": coded("mGy.cm", "UCUM"),
                }
            ],
        )
        for concept, value in (("113903", limit), ("113905", estimate))
    )
    configured = code("113901", "373066001,SCT"), code("113902", "373067005,SCT")
    return cast("Literal", container("113900", *configured, *numbers, *more))


def checked(*alerts: Literal) -> Literal:
    """Return a CT dose report with these alerts in the dose of its event."""
    *event, dose = CT_EVENT
    return ct_dose(*event, {**dose, "ContentSequence": [*dose["ContentSequence"], *alerts]})


PERSON = item(
    "PNAME", "CONTAINS", "113870", code("113875", "113850", "HAS PROPERTIES"), PersonName="A^B"
)

CASES: Cases = {
    "SR201": (
        *good,
        # Who authorized a scan is asked for above the alert value alone (TID 10015, row 9).
        passes(checked(alerted("199.5", "200"))),
        passes(checked(alerted("1e3", "200", PERSON))),
        fails(
            checked(alerted("1e3", "200")),
            at=[f"{IN_GROUP}/{CHILD}"],
            says=("TID 1020: Person Name is missing",),
        ),
        # Items at one tag path are not told apart; what is no number is not compared.
        not_evaluated(checked(alerted("1e3", "200"), alerted("1", "200"))),
        not_evaluated(checked(alerted("nan", "200"))),
        fails(
            document(template="1500"),
            at=[CHILD],
            says=(
                "TID 1500: there is none of Imaging Measurements, Derived Imaging Measurements, "
                "Qualitative Evaluations",
            ),
        ),
        # A planar region without its region; by the other templates nothing would be missing.
        fails(measurements(group(LENGTH, template="1410")), at=[IN_GROUP]),
        passes(measurements(group(LENGTH, template="1501"))),
        # A region is in an image.
        fails(
            measurements(group(region(ContentSequence=None), template="1410")),
            at=[f"{IN_GROUP}/{CHILD}"],
        ),
        # An algorithm has a name and a version, once it is named at all.
        fails(
            measurements(group(LENGTH, text("111001", "HAS CONCEPT MOD"))),
            at=[IN_GROUP],
            says=("TID 4019: Algorithm Version is missing",),
        ),
        passes(
            measurements(
                group(LENGTH, text("111001", "HAS CONCEPT MOD"), text("111003", "HAS CONCEPT MOD"))
            )
        ),
        # What MC asks for: of a device its UID, of a person the name.
        fails(
            observed(code("121005", "121007", "HAS OBS CONTEXT")),
            at=[CHILD],
            says=("TID 1004: Device Observer UID is missing",),
        ),
        # Each observer has its own: the name of the first is not that of the second.
        fails(
            observed(TYPED_PERSON, NAMED, TYPED_PERSON, TYPED_DEVICE, IDENTIFIED),
            at=[CHILD],
            says=("TID 1003: Person Observer Name is missing",),
        ),
        # What has another value type is there, see SR203.
        passes(observed(TYPED_PERSON, text("121008", "HAS OBS CONTEXT"))),
        fails(
            observed(TYPED_DEVICE, NAMED, TYPED_DEVICE, IDENTIFIED),
            at=[CHILD],
            says=("TID 1004: Device Observer UID is missing",),
        ),
        fails(ct_dose(total=()), at=[GRANDCHILD]),
        fails(ct_dose(*CT_EVENT[:-1]), at=[GRANDCHILD]),
        # A localizer of constant angle has no dose of its own (TID 10013, row 21).
        passes(ct_dose(CT_EVENT[0], code("113820", "113805"), *CT_EVENT[2:-1])),
        # Two templates have the total and the reference point in common; one item is both.
        passes(xray_dose()),
        # Of an integrated projection radiograph only one of them is asked for.
        passes(
            xray_dose(
                num("113722", "Gy.m2,UCUM"),
                num("113725", "Gy,UCUM"),
                code("113780", "113860"),
                device="113958",
            )
        ),
        fails(
            xray_dose(num("113725", "Gy,UCUM"), code("113780", "113860"), device="113958"),
            at=[GRANDCHILD],
            says=("TID 10007: Dose Area Product Total is missing",),
        ),
        # Text or code, one of which is there.
        fails(
            xray_dose(num("113722", "Gy.m2,UCUM"), num("113725", "Gy,UCUM"), device="113958"),
            at=[GRANDCHILD],
            says=("TID 10007: Reference Point Definition is missing",),
        ),
        fails(key_objects(text("113012")), at=[CHILD]),
        fails(key_objects(image(), title="113001"), at=[CHILD]),
        passes(key_objects(code("113011", "111207", "HAS CONCEPT MOD"), image(), title="113001")),
        *blank,
    ),
    "SR202": (
        *good,
        passes(measurements(group(LENGTH, LENGTH))),
        fails(
            measurements(
                group(text("112039", "HAS OBS CONTEXT"), text("112039", "HAS OBS CONTEXT"), LENGTH)
            ),
            at=[IN_GROUP],
        ),
        fails(
            document(container("126010", group(LENGTH)), container("126010"), template="1500"),
            at=[CHILD],
        ),
        # Sub-totals are two at least, if there are any.
        fails(
            ct_dose(
                *CT_EVENT,
                total=num(
                    "130745",
                    "mGy.cm,UCUM",
                    "CONTAINS",
                    code("113835", "113691", "HAS PROPERTIES"),
                ),
            ),
            at=[GRANDCHILD],
        ),
        *blank,
    ),
    "SR203": (
        *good,
        fails(
            observed(text("121008", "HAS OBS CONTEXT")),
            at=[f"{CHILD}/(0040,A040)"],
            says=("TID 1003: the value type of Person Observer Name is not PNAME",),
        ),
        fails(
            measurements(group(uidref("112040", "CONTAINS"), LENGTH)),
            at=[f"{IN_GROUP}/(0040,A010)"],
        ),
        # What a template does not have at all may be added to an extensible one.
        passes(measurements(group(text("121106"), LENGTH))),
        *blank,
    ),
    "SR204": (
        *good,
        fails(document(template="1500", title="121070"), at=["(0040,A043)"]),
        fails(
            document(template="10011", title="126000", SOPClassUID=DOSE),
            at=["(0040,A043)"],
        ),
        fails(
            observed(code("121005", "121008", "HAS OBS CONTEXT")),
            at=[f"{CHILD}/(0040,A168)"],
            says=("TID 1002: the value of Observer Type is not in CID 270",),
        ),
        # The list that an old code was taken from was another.
        passes(observed(code("121005", "T-A0100,SRT", "HAS OBS CONTEXT"))),
        # Today's code and the old one are one concept.
        passes(
            measurements(
                group(
                    code(
                        "G-C0E3,SRT",
                        "T-28000,SRT",
                        "HAS CONCEPT MOD",
                        code("G-C171,SRT", "G-A101,SRT", "HAS CONCEPT MOD"),
                    ),
                    LENGTH,
                )
            )
        ),
        *blank,
    ),
    "SR205": (
        *good,
        fails(
            ct_dose(total=num("113813", "Gy.cm,UCUM")),
            at=[f"{GRANDCHILD}/(0040,A300)/(0040,08EA)"],
            says=("TID 10012: the units of CT Dose Length Product Total are not mGy.cm",),
        ),
        # So a former edition of the template had it.
        passes(ct_dose(total=num("113813", "mGycm,UCUM"))),
        *blank,
    ),
    "SR206": (
        *good,
        fails(key_objects(image(), num("410668003,SCT")), at=[CHILD]),
        *blank,
    ),
    "SR207": (
        *good,
        # Of a condition that says when there must be one, nothing follows of when there may.
        passes(ct_dose(CT_EVENT[0], code("113820", "113805"), *CT_EVENT[2:])),
        fails(
            measurements(group(region(), image("121214"), image("121233"), template="1410")),
            at=[IN_GROUP],
        ),
        # A person and a device, each by itself, are no contradiction.
        passes(observed(TYPED_PERSON, NAMED, TYPED_DEVICE, IDENTIFIED)),
        passes(observed(TYPED_DEVICE, IDENTIFIED, TYPED_PERSON, NAMED)),
        # The type of a person may be left out; of another type nothing is known.
        passes(observed(NAMED, TYPED_DEVICE, IDENTIFIED)),
        passes(observed(TYPED_DEVICE, IDENTIFIED, NAMED)),
        passes(observed(code("121005", "1,99X", "HAS OBS CONTEXT"), NAMED)),
        fails(
            observed(TYPED_DEVICE, NAMED, IDENTIFIED),
            at=[CHILD],
            says=("TID 1003: Person Observer Name is there, and the observer is a device",),
        ),
        fails(
            observed(TYPED_PERSON, NAMED, IDENTIFIED),
            at=[CHILD],
            says=("TID 1004: Device Observer UID is there, and the observer is a person",),
        ),
        *blank,
    ),
    "SR208": (
        *good,
        fails(
            observed(
                item("PNAME", "HAS OBS CONTEXT", "121029", PersonName="A"),
                uidref("121028", "HAS OBS CONTEXT"),
            ),
            at=[CHILD],
        ),
        # TID 1500 has an order that is not significant.
        passes(
            document(
                container("126010", group(LENGTH)),
                code("121058", "1,99X", "HAS CONCEPT MOD"),
                template="1500",
            )
        ),
        *blank,
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


def test_an_item_by_reference_is_matched_by_what_it_refers_to() -> None:
    derived = num("410668003,SCT", "mm,UCUM", "CONTAINS", by_reference("R", 1, 1, 1))
    derived["ContentSequence"][0]["RelationshipType"] = "INFERRED FROM"
    passes(measurements(group(region(), template="1410"), group(derived))).check("SR203")
