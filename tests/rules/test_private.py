"""Rules of private data."""

from __future__ import annotations

from typing import Any

from tests.rules.cases import CUT_SHORT, PLANT, Case, Cases, each, fails, not_applicable, passes

CREATOR = (0x0019, 0x0010)
ELEMENT = (0x0019, 0x1008)
CODES = "DeidentificationMethodCodeSequence"
KEPT = {CREATOR: ("LO", "GEMS_ACQU_01"), ELEMENT: ("LO", PLANT)}


def item(code: str, scheme: str = "DCM") -> dict[str, Any]:
    return {"CodeValue": code, "CodingSchemeDesignator": scheme}


CASES: Cases = {
    "PRIV001": (
        passes(KEPT),
        fails({ELEMENT: ("LO", PLANT)}, at=["(0019,xx08:no creator)"]),
        # The block is another one's.
        fails(
            {CREATOR: ("LO", "GEMS_ACQU_01"), (0x0019, 0x1108): ("LO", PLANT)},
            at=["(0019,xx08:no creator)"],
        ),
        # The group is another one's.
        fails(
            {CREATOR: ("LO", "GEMS_ACQU_01"), (0x0021, 0x1008): ("LO", PLANT)},
            at=["(0021,xx08:no creator)"],
        ),
        # A creator without a value reserves nothing.
        fails({CREATOR: ("LO", ""), ELEMENT: ("LO", PLANT)}, at=["(0019,xx08:no creator)"]),
        # An item of a sequence has to reserve its own blocks (PS3.5 7.8.1).
        fails(
            {
                **KEPT,
                "RequestAttributesSequence": [{ELEMENT: ("LO", PLANT)}],
            },
            at=["(0040,0275)/(0019,xx08:no creator)"],
        ),
        passes({"RequestAttributesSequence": [KEPT]}),
        # Below (gggg,0010) nothing can be reserved.
        fails({(0x3109, 0x000D): ("LO", PLANT)}, at=["(3109,000D)"]),
        # The creator alone, and a group length, hold nothing.
        not_applicable({CREATOR: ("LO", "GEMS_ACQU_01")}),
        not_applicable({(0x0019, 0x0000): ("UL", 12)}),
        not_applicable({"PatientName": PLANT}),
        CUT_SHORT,
    ),
    "PRIV002": (
        # It says what there is: with private elements it always has something to say.
        fails(KEPT, says=("private elements of GEMS_ACQU_01",)),
        fails(
            {ELEMENT: ("LO", PLANT)},
            says=("private elements without a private creator",),
        ),
        # Anybody can write anything there, a name too.
        fails(
            {CREATOR: ("LO", f"{PLANT} 1970"), ELEMENT: ("LO", "1")},
            says=("private elements of a creator that is not widely known (Aaaaaa^Aaaaa 9999)",),
        ),
        fails(
            {
                **KEPT,
                (0x0043, 0x0010): ("LO", "GEMS_PARM_01"),
                (0x0043, 0x1039): ("LO", PLANT),
            },
            says=("private elements of GEMS_ACQU_01", "private elements of GEMS_PARM_01"),
        ),
        not_applicable({"PatientName": PLANT}),
        CUT_SHORT,
    ),
    "PRIV003": (
        passes({"PatientIdentityRemoved": "YES", CODES: [item("113100"), item("113111")], **KEPT}),
        fails(
            {"PatientIdentityRemoved": "YES", CODES: [item("113100")], **KEPT},
            at=["(0012,0064)"],
            says=("private elements were kept and the method codes lack 113111",),
        ),
        fails(
            {"PatientIdentityRemoved": "YES", "DeidentificationMethod": PLANT, **KEPT},
            at=["(0012,0064)"],
            says=("private elements were kept and no method code says so",),
        ),
        fails(
            {"PatientIdentityRemoved": "YES", CODES: [{"CodeMeaning": PLANT}], **KEPT},
            at=["(0012,0064)"],
        ),
        not_applicable({"PatientIdentityRemoved": "YES", "PatientName": PLANT}),
        not_applicable({"PatientIdentityRemoved": "NO", **KEPT}),
        not_applicable(KEPT),
        CUT_SHORT,
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)
