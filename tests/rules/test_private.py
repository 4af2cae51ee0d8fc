"""Rules of private data."""

from __future__ import annotations

from typing import Any

from auditor.csa import csa_values
from auditor.testing import ask_collection
from tests.planted.harness import Release, basic_ct, codes, scan
from tests.rules.cases import (
    CUT_SHORT,
    PLANT,
    Case,
    Cases,
    all_rules,
    each,
    fails,
    not_applicable,
    not_evaluated,
    passes,
)

CREATOR = (0x0019, 0x0010)
ELEMENT = (0x0019, 0x1008)
CODES = "DeidentificationMethodCodeSequence"
KEPT = {CREATOR: ("LO", "GEMS_ACQU_01"), ELEMENT: ("LO", PLANT)}


SAFE = {(0x0019, 0x0010): ("LO", "SIEMENS MR HEADER"), (0x0019, 0x100C): ("IS", "1000")}
"""A private element that PS3.15 Table E.3.10-1 lists."""


SAFE_KEPT = ("kept|0019|SIEMENS MR HEADER",)


def slices(*kept: tuple[str, ...]) -> dict[str, Any]:
    """Return the tables of a series of objects that claim 113111, by what each kept."""
    return {
        "instances": [
            {"SeriesInstanceUID": 1, "SOPClassUID": "1.2", "signature": f"s{number}"}
            for number in range(len(kept))
        ],
        "counted": [
            {"signature": f"s{number}", "summary": "safe_private", "said": said}
            for number, some in enumerate(kept)
            for said in ("claims", *some)
        ],
    }


def cut_short(kept: tuple[str, ...]) -> dict[str, Any]:
    """Return the tables of a series of two objects, of which one is cut short in its header."""
    tables = slices(kept, ())
    tables["counted"] = [each for each in tables["counted"] if each["signature"] == "s0"]
    tables["counted"].append({"signature": "s1", "summary": "safe_private", "said": ""})
    return tables


def retains(**more: Any) -> dict[Any, Any]:
    """Return the claim that what is kept of private elements is safe."""
    return {
        "PatientIdentityRemoved": "YES",
        CODES: [item("113100"), item("113111")],
        **more,
    }


def described(status: str, creator: str = "GEMS_ACQU_01", **more: Any) -> dict[str, Any]:
    """Return an item that describes the block of `KEPT`."""
    return {
        "PrivateGroupReference": 0x0019,
        "PrivateCreatorReference": creator,
        "BlockIdentifyingInformationStatus": status,
        **more,
    }


def held(vr: str, value: Any, creator: str = "ACME 1.0") -> dict[Any, Any]:
    """Return one private element of a creator that nobody knows."""
    return {(0x0029, 0x0010): ("LO", creator), (0x0029, 0x1020): (vr, value)}


def csa_header(**tags: str) -> bytes:
    """Build a CSA header of the second form, with one item a tag."""
    header = b"SV10\4\3\2\1" + len(tags).to_bytes(4, "little") + b"M\0\0\0"
    for name, value in tags.items():
        text = value.encode()
        numbers = (1, int.from_bytes(b"LO\0\0", "little"), 19, 1, 77)
        header += name.encode().ljust(64, b"\0")
        header += b"".join(number.to_bytes(4, "little") for number in numbers)
        header += b"".join(number.to_bytes(4, "little") for number in (0, len(text), 77, 0))
        header += text + bytes(-len(text) % 4)
    return header


def item(code: str, scheme: str = "DCM") -> dict[str, Any]:
    return {"CodeValue": code, "CodingSchemeDesignator": scheme}


NO_PRIVATE_TAG = ("a tag that no private element may have",)

CASES: Cases = {
    "PRIV001": (
        passes(KEPT),
        fails({ELEMENT: ("LO", PLANT)}, at=["(0019,1008:no creator)"]),
        # The block is another one's.
        fails(
            {CREATOR: ("LO", "GEMS_ACQU_01"), (0x0019, 0x1108): ("LO", PLANT)},
            at=["(0019,1108:no creator)"],
        ),
        # The group is another one's.
        fails(
            {CREATOR: ("LO", "GEMS_ACQU_01"), (0x0021, 0x1008): ("LO", PLANT)},
            at=["(0021,1008:no creator)"],
        ),
        # A creator without a value reserves nothing.
        fails({CREATOR: ("LO", ""), ELEMENT: ("LO", PLANT)}, at=["(0019,1008:no creator)"]),
        # An item of a sequence has to reserve its own blocks (PS3.5 7.8.1).
        fails(
            {
                **KEPT,
                "RequestAttributesSequence": [{ELEMENT: ("LO", PLANT)}],
            },
            at=["(0040,0275)/(0019,1008:no creator)"],
        ),
        passes({"RequestAttributesSequence": [KEPT]}),
        # Below (gggg,0010) nothing can be reserved, nor in the first odd groups.
        fails({(0x3109, 0x000D): ("LO", PLANT)}, at=["(3109,000D)"], says=NO_PRIVATE_TAG),
        fails({(0x0001, 0x0001): ("LO", PLANT)}, at=["(0001,0001)"], says=NO_PRIVATE_TAG),
        fails(
            {(0x0007, 0x0010): ("LO", "GEMS_ACQU_01"), (0x0007, 0x1008): ("LO", PLANT)},
            at=["(0007,xx08:GEMS_ACQU_01)"],
            says=NO_PRIVATE_TAG,
        ),
        passes({(0x0009, 0x0010): ("LO", "GEMS_ACQU_01"), (0x0009, 0x1008): ("LO", PLANT)}),
        # A creator has VR LO and one value; of one that reserves nothing that is used, nobody says.
        fails(
            {**KEPT, CREATOR: ("SH", "GEMS_ACQU_01")},
            at=["(0019,0010)"],
            says=("a private creator of another VR than LO",),
        ),
        fails(
            {**KEPT, CREATOR: ("LO", ["GEMS_ACQU_01", PLANT])},
            at=["(0019,0010)"],
            says=("a private creator with several values",),
        ),
        fails(
            {"RequestAttributesSequence": [{**KEPT, CREATOR: ("SH", "GEMS_ACQU_01")}]},
            at=["(0040,0275)/(0019,0010)"],
        ),
        passes({**KEPT, CREATOR: ("UN", b"GEMS_ACQU_01")}),
        passes({**KEPT, (0x0019, 0x0011): ("SH", PLANT)}),
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
    "PRIV004": (
        fails(
            SAFE,
            at=["(0019,xx0C:SIEMENS MR HEADER)"],
            says=("listed as safe in PS3.15 Table E.3.10-1",),
        ),
        fails(KEPT, at=["(0019,xx08:GEMS_ACQU_01)"]),
        fails(
            {CREATOR: ("LO", "GEMS_ACQU_01"), (0x0019, 0x1023): ("DS", "1")},
            at=["(0019,xx23:GEMS_ACQU_01)"],
            says=("listed as safe in PS3.15 Table E.3.10-1",),
        ),
        fails(
            {CREATOR: ("LO", "GEMS_ACQU_01"), (0x0019, 0x1018): ("LO", PLANT)},
            at=["(0019,xx18:GEMS_ACQU_01)"],
            says=("known to a public dictionary",),
        ),
        fails(
            {CREATOR: ("LO", "GEMS_ACQU_01"), (0x0019, 0x10FE): ("LO", PLANT)},
            at=["(0019,xxFE:GEMS_ACQU_01)"],
            says=("of a known private creator, but nothing is known of it",),
        ),
        fails(
            {CREATOR: ("LO", "ACME 1.0"), ELEMENT: ("LO", PLANT)},
            at=["(0019,xx08:AAAA 9.9)"],
            says=("of a private creator that is not publicly known",),
        ),
        fails(
            {ELEMENT: ("LO", PLANT)},
            at=["(0019,1008:no creator)"],
            says=("of no private creator",),
        ),
        not_applicable({"PatientName": PLANT}),
        CUT_SHORT,
    ),
    "PRIV101": (
        passes({**retains(), **SAFE}),
        fails({**retains(), **KEPT}, at=["(0019,xx08:GEMS_ACQU_01)"]),
        fails({**retains(), **held("LO", PLANT)}, at=["(0029,xx20:AAAA 9.9)"]),
        # The object says itself that it is safe, of a creator that nobody else knows, too.
        passes(
            {
                **retains(PrivateDataElementCharacteristicsSequence=[described("SAFE", "ACME 1")]),
                CREATOR: ("LO", "ACME 1"),
                ELEMENT: ("LO", PLANT),
            }
        ),
        passes(
            {
                **retains(
                    PrivateDataElementCharacteristicsSequence=[
                        described("MIXED", NonidentifyingPrivateElements=[0x08, 0x09])
                    ]
                ),
                **KEPT,
            }
        ),
        fails(
            {
                **retains(
                    PrivateDataElementCharacteristicsSequence=[
                        described("MIXED", NonidentifyingPrivateElements=[0x09])
                    ]
                ),
                **KEPT,
            },
            at=["(0019,xx08:GEMS_ACQU_01)"],
        ),
        # Another block's description says nothing of this one.
        fails(
            {
                **retains(PrivateDataElementCharacteristicsSequence=[described("SAFE", "OTHER")]),
                **KEPT,
            },
            at=["(0019,xx08:GEMS_ACQU_01)"],
        ),
        not_applicable({"PatientIdentityRemoved": "YES", CODES: [item("113100")], **KEPT}),
        not_applicable({CODES: [item("113111")], **KEPT}),
        not_applicable(retains()),
        # Who de-identifies may write of his own.
        not_applicable({**retains(), CREATOR: ("LO", "CTP"), ELEMENT: ("LO", PLANT)}),
        CUT_SHORT,
    ),
    "PRIV102": (
        passes({"PrivateDataElementCharacteristicsSequence": [described("SAFE")], **KEPT}),
        fails(
            {"PrivateDataElementCharacteristicsSequence": [described("SAFE")]},
            at=["(0008,0300)"],
            says=("a block is described that is not there",),
        ),
        fails(
            {"PrivateDataElementCharacteristicsSequence": [described("MAYBE")], **KEPT},
            at=["(0008,0300)"],
            says=("the status of a block is none of SAFE, UNSAFE, MIXED",),
        ),
        fails(
            {"PrivateDataElementCharacteristicsSequence": [described("MIXED")], **KEPT},
            at=["(0008,0300)"],
        ),
        # Unsafe elements may be there as long as nobody says that the identity was removed.
        passes({"PrivateDataElementCharacteristicsSequence": [described("UNSAFE")], **KEPT}),
        fails(
            {
                "PatientIdentityRemoved": "YES",
                "PrivateDataElementCharacteristicsSequence": [described("UNSAFE")],
                **KEPT,
            },
            at=["(0019,xx08:GEMS_ACQU_01)"],
            says=("is there although the object says that it is unsafe",),
        ),
        fails(
            {
                "PatientIdentityRemoved": "YES",
                "PrivateDataElementCharacteristicsSequence": [
                    described(
                        "MIXED",
                        NonidentifyingPrivateElements=[0x09],
                        DeidentificationActionSequence=[
                            {"IdentifyingPrivateElements": [0x08], "DeidentificationAction": "X"}
                        ],
                    )
                ],
                **KEPT,
            },
            at=["(0019,xx08:GEMS_ACQU_01)"],
            says=("is there although it is to be removed by the object",),
        ),
        not_applicable(KEPT),
        CUT_SHORT,
    ),
    "PRIV104": (
        passes(**slices(SAFE_KEPT, SAFE_KEPT)),
        # The summary of an object names what it has, and that it claims to have it.
        fails(
            **slices(SAFE_KEPT, SAFE_KEPT, ()),
            says=[
                "safe elements of SIEMENS MR HEADER in group 0019 are in some objects and not in "
                "others"
            ],
        ),
        # A few of many may be other images.
        passes(**slices(SAFE_KEPT, (), ())),
        # Nothing can be in some objects alone where nothing is, or where there is one object.
        not_applicable(**slices((), ())),
        not_applicable(**slices(SAFE_KEPT)),
        not_applicable(**slices(("private",))),
        # What the list does not have may be safe by another edition of it.
        not_evaluated(**slices(("private",), ())),
        # Of an object that is cut short nobody knows what it has.
        *(not_evaluated(**cut_short(each)) for each in ((), ("private",), SAFE_KEPT)),
        not_applicable(instances=[{"SeriesInstanceUID": 1, "signature": "s0"}]),
        not_evaluated(
            instances=[{"signature": "s0"}],
            counted=[{"signature": "s0", "summary": "safe_private", "said": "claims"}],
        ),
        not_applicable(
            instances=[{"SeriesInstanceUID": 1, "signature": "s0"}],
            counted=[{"signature": "s0", "summary": "uids", "said": "claims"}],
        ),
    ),
    "PRIV103": (
        passes({**retains(), **SAFE}),
        fails(
            {**retains(), (0x2005, 0x0010): ("LO", "Philips MR Imaging DD 001")},
            at=["(2005,0010)"],
        ),
        # Elsewhere the creator has an element: what counts is its own group and its own level.
        fails(
            {
                **retains(),
                (0x2005, 0x0010): ("LO", "Philips MR Imaging DD 001"),
                (0x2007, 0x0010): ("LO", "Philips MR Imaging DD 001"),
                (0x2007, 0x100E): ("FL", 1.0),
            },
            at=["(2005,0010)"],
        ),
        not_applicable({**retains(), (0x0009, 0x0010): ("LO", "GEMS_IDEN_01")}),
        not_applicable({**retains(), (0x0009, 0x0010): ("LO", PLANT)}),
        not_applicable({(0x2005, 0x0010): ("LO", "Philips MR Imaging DD 001")}),
        CUT_SHORT,
    ),
    "PRIV201": (
        passes(SAFE),
        # One text for another is harmless.
        passes({CREATOR: ("LO", "SIEMENS MR HEADER"), (0x0019, 0x100C): ("LO", "1000")}),
        fails(
            {CREATOR: ("LO", "SIEMENS MR HEADER"), (0x0019, 0x100C): ("FD", 1000.0)},
            at=["(0019,xx0C:SIEMENS MR HEADER)"],
            says=("holds reals, and should hold text by the dictionary",),
        ),
        fails(
            {CREATOR: ("LO", "SIEMENS MR HEADER"), (0x0019, 0x100C): ("OB", b"12")},
            at=["(0019,xx0C:SIEMENS MR HEADER)"],
        ),
        # UN says nothing, and a dictionary that does not know says nothing either.
        passes({CREATOR: ("LO", "SIEMENS MR HEADER"), (0x0019, 0x100C): ("UN", b"12")}),
        passes(held("OB", b"12")),
        not_applicable({"PatientName": PLANT}),
        CUT_SHORT,
    ),
    "PRIV202": (
        passes(SAFE),
        fails(
            {CREATOR: ("LO", "SIEMENS MR HEADER"), (0x0019, 0x100C): ("UN", b"1000")},
            at=["(0019,xx0C:SIEMENS MR HEADER)"],
            says=("has VR UN, and is IS by the dictionary",),
        ),
        passes(held("UN", b"12")),
        not_applicable({"PatientName": PLANT}),
        CUT_SHORT,
    ),
    "PRIV203": (
        passes(SAFE),
        fails(held("PN", PLANT), at=["(0029,xx20:AAAA 9.9)"]),
        passes(held("PN", "ANONYMOUS")),
        # The dictionary knows that it is a name, whatever its VR says.
        fails(
            {
                (0x0009, 0x0010): ("LO", "GEMS_GENIE_1"),
                (0x0009, 0x1040): ("LO", PLANT),
                (0x0009, 0x1041): ("LO", "1"),
            },
            at=["(0009,xx40:GEMS_GENIE_1)"],
            says=("holds what looks like a person's name",),
        ),
        fails(
            {(0x0009, 0x0010): ("LO", "GEMS_GENIE_1"), (0x0009, 0x1040): ("UN", PLANT.encode())},
            at=["(0009,xx40:GEMS_GENIE_1)"],
        ),
        # In the midst of bytes, and in what protocols are written in.
        fails(held("OB", b"\1\2\0" + PLANT.encode() + b"\0\3\0"), at=["(0029,xx20:AAAA 9.9)"]),
        fails(
            held("OB", b'<ParamString."PatientName">  { "Tilly Badger"  }\n '),
            at=["(0029,xx20:AAAA 9.9)"],
        ),
        fails(
            held("UN", b'<ParamString."PatientBirthDay"> { "19610423" }'),
            at=["(0029,xx20:AAAA 9.9)"],
            says=("holds what looks like a birth date",),
        ),
        fails(
            held("OB", b'{"PatientID": "48291735", "Institution": 1} '),
            at=["(0029,xx20:AAAA 9.9)"],
            says=("holds what looks like a patient's number",),
        ),
        fails(
            held("OB", b"<InstitutionName>Quaggafield General Infirmary</InstitutionName>"),
            at=["(0029,xx20:AAAA 9.9)"],
            says=("holds what looks like an institution's name",),
        ),
        fails(
            held("OB", csa_header(EchoLinePosition="64", OperatorsName=PLANT)),
            at=["(0029,xx20:AAAA 9.9)"],
        ),
        # Keys without a value, stand-ins, words that only contain a key, and chance.
        passes(held("OB", csa_header(EchoLinePosition="64", OperatorsName=""))),
        passes(held("OB", b'<ParamString."PatientName">  { }\n<ParamLong."X"> { 1 } ')),
        passes(held("OB", b'<ParamString."PatientName">  { "xxxxxxxx" } ')),
        passes(held("OB", csa_header(ImageOrientationPatient="1.0", UsedPatientWeight="70"))),
        passes(held("OB", bytes(range(256)) * 4)),
        not_applicable({"PatientName": PLANT}),
        CUT_SHORT,
    ),
    "PRIV204": (
        passes({"PatientIdentityRemoved": "YES", CODES: [item("113100")], **SAFE}),
        fails(
            {"PatientIdentityRemoved": "YES", CODES: [item("113100")], **held("DA", "20180423")},
            at=["(0029,xx20:AAAA 9.9)"],
        ),
        fails(
            {
                "PatientIdentityRemoved": "YES",
                (0x0009, 0x0010): ("LO", "GEMS_PETD_01"),
                (0x0009, 0x103B): ("UN", b"20180423101500"),
            },
            at=["(0009,xx3B:GEMS_PETD_01)"],
        ),
        passes({"PatientIdentityRemoved": "YES", **held("DA", "")}),
        not_applicable(
            {"PatientIdentityRemoved": "YES", CODES: [item("113106")], **held("DA", "20180423")}
        ),
        not_applicable(
            {"PatientIdentityRemoved": "YES", CODES: [item("113107")], **held("DA", "20180423")}
        ),
        not_applicable(held("DA", "20180423")),
        not_applicable({"PatientIdentityRemoved": "YES"}),
        CUT_SHORT,
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


def test_a_csa_header_is_read_and_a_broken_one_is_survived() -> None:
    whole = csa_header(B_value="1000", OperatorsName="x y", Empty="")
    assert csa_values(whole, ["B_value", "Empty", "Missing", "value"]) == {"B_value": ("1000",)}
    for length in range(len(whole)):
        csa_values(whole[:length], ["B_value", "OperatorsName"])
    huge = whole.replace((77).to_bytes(4, "little"), b"\xff\xff\xff\x7f")
    csa_values(huge, ["B_value"])


def test_of_a_series_one_file_of_each_kind_is_named() -> None:
    tables = slices((), SAFE_KEPT, SAFE_KEPT)
    for number, row in enumerate(tables["instances"]):
        row["path"] = f"{number}.dcm"
    found = ask_collection(all_rules(), "PRIV104", **tables)
    assert found.counts == (1,)
    assert found.examples == (("1.dcm", "0.dcm"),)


def test_of_what_claims_to_keep_safe_elements_there_is_something_to_look_at_or_not() -> None:
    def release(creator: str = "", slices: int = 2) -> Release:
        made = basic_ct()
        made.set(DeidentificationMethodCodeSequence=codes("113100", "113111"))
        if creator:
            made.private(0x0019, creator, 0x0C, "IS", "1000")
        made.instances = {
            path: dataset
            for path, dataset in made.instances.items()
            if int(path.removesuffix(".dcm")[-1]) <= slices
        }
        return made

    some, cut = release("SIEMENS MR HEADER"), release()
    del some.first[0x0019, 0x100C]
    # Behind the Series Instance UID.
    cut.rewrite["case-001/1.dcm"] = lambda whole: whole[: whole.index(b"\x28\x00\x02\x00") + 3]
    results = scan(
        {
            "pass": release("SIEMENS MR HEADER"),
            "fail": some,
            "nothing private": release(),
            "of one object": release("SIEMENS MR HEADER", 1),
            "not on the list": release(PLANT),
            "cut short": cut,
        }
    )
    found = {}
    for name, result in results.items():
        [rule] = [each for each in result.rules if each.id == "PRIV104"]
        found[name] = (rule.outcome, rule.applicable, rule.not_evaluated)
    assert found == {
        "pass": ("pass", 2, 0),
        "fail": ("fail", 2, 0),
        "nothing private": ("not_applicable", 0, 0),
        "of one object": ("not_applicable", 0, 0),
        "not on the list": ("not_evaluated", 0, 2),
        "cut short": ("not_evaluated", 0, 1),
    }
