"""Rules of private elements that stand in for an attribute of the standard."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.model import Outcome
from auditor.standard.dictionary import entry_of, keyword_of
from auditor.standard.private_abuse import Row, numbers_of, rows
from auditor.standard.sop_classes import CT_IMAGES, MR_IMAGES, PET_IMAGES
from tests.rules.cases import (
    CUT_SHORT,
    PLANT,
    Case,
    Cases,
    each,
    fails,
    get_rule,
    not_applicable,
    passes,
)
from tests.rules.test_private import csa_header

MR = "1.2.840.10008.5.1.4.1.1.4"
ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
PET = "1.2.840.10008.5.1.4.1.1.128"

B_VALUE = "(0019,xx0C:SIEMENS MR HEADER)"


def private(creator: str, tag: tuple[int, int], vr: str, value: Any) -> dict[Any, Any]:
    """Return one private element with its creator, in block 10."""
    group, number = tag
    return {(group, 0x0010): ("LO", creator), (group, 0x1000 | number): (vr, value)}


def siemens(value: str = "1000", sop_class: str = MR, **public: Any) -> dict[Any, Any]:
    return {
        "SOPClassUID": sop_class,
        **private("SIEMENS MR HEADER", (0x0019, 0x0C), "IS", value),
        **public,
    }


def ge(value: str, **public: Any) -> dict[Any, Any]:
    return {
        "SOPClassUID": MR,
        **private("GEMS_PARM_01", (0x0043, 0x39), "IS", value.split("\\")),
        **public,
    }


def frames(*values: tuple[str, float | None]) -> dict[Any, Any]:
    """Return an enhanced object with a private and a public b-value in each frame."""
    groups: list[dict[Any, Any]] = []
    for theirs, ours in values:
        diffusion = [] if ours is None else [{"DiffusionBValue": ours}]
        groups.append(
            {
                **private("SIEMENS MR HEADER", (0x0019, 0x0C), "IS", theirs),
                "MRDiffusionSequence": diffusion,
            }
        )
    return {"SOPClassUID": ENHANCED_MR, "PerFrameFunctionalGroupsSequence": groups}


FRAME_B_VALUE = "(5200,9230)/(0019,xx0C:SIEMENS MR HEADER)"
PHILIPS = {
    (0x2001, 0x0010): ("LO", "Philips Imaging DD 001"),
    (0x2001, 0x1003): ("FL", 1000.0),
    (0x2005, 0x0010): ("LO", "Philips MR Imaging DD 001"),
    (0x2005, 0x10B0): ("FL", 0.6),
    (0x2005, 0x10B1): ("FL", 0.0),
    (0x2005, 0x10B2): ("FL", 0.8),
}

CASES: Cases = {
    "PRIV301": (
        fails(siemens(), at=[B_VALUE], says=("diffusion b-value: there is no Diffusion b-value",)),
        passes(siemens(DiffusionBValue=1000.0)),
        # Another value is another rule's.
        passes(siemens(DiffusionBValue=500.0)),
        # Empty is not there.
        fails({**siemens(), "DiffusionBValue": None}, at=[B_VALUE]),
        # A b-value of an image's source is not the image's.
        fails(siemens(SourceImageSequence=[{"DiffusionBValue": 1000.0}]), at=[B_VALUE]),
        # Nor is a public attribute in a private sequence public.
        fails(
            {
                **siemens(),
                (0x0029, 0x0010): ("LO", "ACME 1.0"),
                (0x0029, 0x1001): ("SQ", [{"DiffusionBValue": 1000.0}]),
            },
            at=[B_VALUE],
        ),
        fails(frames(("0", None), ("1000", None)), at=[FRAME_B_VALUE]),
        passes(frames(("0", 0.0), ("1000", 1000.0))),
        # By the dictionary, where the VR says nothing.
        fails(
            {
                "SOPClassUID": MR,
                **private("SIEMENS MR HEADER", (0x0019, 0x0C), "UN", b"1000"),
            },
            at=[B_VALUE],
        ),
        # Inside a CSA header.
        fails(
            {
                "SOPClassUID": MR,
                **private("SIEMENS CSA HEADER", (0x0029, 0x10), "OB", csa_header(B_value="1000")),
            },
            at=["(0029,xx10:SIEMENS CSA HEADER)"],
        ),
        not_applicable(
            {
                "SOPClassUID": MR,
                **private("SIEMENS CSA HEADER", (0x0029, 0x10), "OB", csa_header(B_value="")),
            }
        ),
        fails(ge("1000000700\\8\\0\\0"), at=["(0043,xx39:GEMS_PARM_01)"]),
        # Without diffusion the element is there, and zero.
        not_applicable(ge("0\\8\\0\\0")),
        # The direction is one only if there is a b-value: they are general-purpose variables.
        not_applicable({"SOPClassUID": MR, **private("GEMS_ACQU_01", (0x0019, 0xBB), "DS", "0.7")}),
        fails(
            {
                **ge("700\\8\\0\\0", DiffusionBValue=700.0),
                **private("GEMS_ACQU_01", (0x0019, 0xBB), "DS", "0.7"),
            },
            at=["(0019,xxBB:GEMS_ACQU_01)"],
        ),
        fails(
            {"SOPClassUID": MR, **PHILIPS},
            at=[
                "(2001,xx03:Philips Imaging DD 001)",
                "(2005,xxB0:Philips MR Imaging DD 001)",
                "(2005,xxB2:Philips MR Imaging DD 001)",
            ],
        ),
        fails(
            {
                "SOPClassUID": MR,
                **private("Image Private Header", (0x0065, 0x09), "FD", 800.0),
            },
            at=["(0065,xx09:Image Private Header)"],
        ),
        fails(
            {"SOPClassUID": MR, **private("MMCPrivate", (0x0029, 0x30), "FD", 800.0)},
            at=["(0029,xx30:MMCPrivate)"],
        ),
        # That an image is no diffusion image is nothing that is missing.
        not_applicable({"SOPClassUID": MR, **private("MMCPrivate", (0x0029, 0x30), "FD", 0.0)}),
        # Canon: the direction as a comment.
        fails(
            {"SOPClassUID": MR, "ImageComments": "b=1500(0.445,0.000,0.895)"},
            at=["(0020,4000)"],
        ),
        not_applicable({"SOPClassUID": MR, "ImageComments": f"b = {PLANT}"}),
        fails(
            {"SOPClassUID": CT, **private("GEMS_ACQU_01", (0x0019, 0x23), "DS", "55")},
            at=["(0019,xx23:GEMS_ACQU_01)"],
        ),
        fails(
            {
                "SOPClassUID": PET,
                **private("Philips PET Private Group", (0x7053, 0x00), "DS", "0.0004"),
            },
            at=["(7053,xx00:Philips PET Private Group)"],
        ),
        # What a CT holds there is no b-value.
        not_applicable(siemens(sop_class=CT)),
        not_applicable(siemens("")),
        not_applicable({"SOPClassUID": MR, "DiffusionBValue": 1000.0}),
        not_applicable({"PatientName": PLANT}),
        CUT_SHORT,
    ),
    "PRIV302": (
        fails(
            siemens(DiffusionBValue=500.0),
            at=[B_VALUE],
            says=("diffusion b-value: Diffusion b-value has another value",),
        ),
        passes(siemens(DiffusionBValue=1000.0)),
        # Both are rounded.
        passes(siemens(DiffusionBValue=1000.4)),
        passes(siemens()),
        fails(frames(("0", 0.0), ("1000", 2000.0)), at=[FRAME_B_VALUE]),
        # In the order of the frames, and not only as a set.
        fails(frames(("0", 1000.0), ("1000", 0.0)), at=[FRAME_B_VALUE]),
        passes(frames(("0", 0.0), ("1000", 1000.0))),
        # Where some frames say nothing, what is said at all is compared.
        passes(frames(("", 0.0), ("1000", 1000.0))),
        passes(ge("1000000700\\8\\0\\0", DiffusionBValue=700.0)),
        fails(ge("700\\8\\0\\0", DiffusionBValue=1400.0), at=["(0043,xx39:GEMS_PARM_01)"]),
        passes({"SOPClassUID": MR, **PHILIPS, "DiffusionGradientOrientation": [0.6, 0.0, 0.8]}),
        fails(
            {"SOPClassUID": MR, **PHILIPS, "DiffusionGradientOrientation": [0.6, 0.8, 0.0]},
            at=["(2005,xxB2:Philips MR Imaging DD 001)"],
        ),
        # Seconds in one, milliseconds in the other.
        passes(
            {
                "SOPClassUID": CT,
                **private("GEMS_ACQU_01", (0x0019, 0x27), "DS", "500"),
                "RevolutionTime": 0.5,
            }
        ),
        fails(
            {
                "SOPClassUID": CT,
                **private("GEMS_ACQU_01", (0x0019, 0x27), "DS", "500"),
                "RevolutionTime": 0.8,
            },
            at=["(0019,xx27:GEMS_ACQU_01)"],
        ),
        passes(
            {
                "SOPClassUID": CT,
                **private("GEMS_PARM_01", (0x0043, 0x27), "SH", "0.938:1"),
                "SpiralPitchFactor": 0.9375,
            }
        ),
        passes(
            {
                "SOPClassUID": MR,
                **private("GEMS_PARM_01", (0x0043, 0x8A), "CS", "COL"),
                "InPlanePhaseEncodingDirection": "COLUMN",
            }
        ),
        fails(
            {
                "SOPClassUID": MR,
                **private("GEMS_PARM_01", (0x0043, 0x8A), "CS", "COL"),
                "InPlanePhaseEncodingDirection": "ROW",
            },
            at=["(0043,xx8A:GEMS_PARM_01)"],
        ),
        not_applicable(siemens("")),
        CUT_SHORT,
    ),
    "PRIV303": (
        fails(
            siemens(DiffusionBValue=1000.0),
            at=[B_VALUE],
            says=("diffusion b-value: Diffusion b-value says the same",),
        ),
        fails(
            {
                "SOPClassUID": MR,
                **private("SIEMENS MR HEADER", (0x0051, 0x0F), "LO", PLANT),
                "ReceiveCoilName": "HEAD",
            },
            at=["(0051,xx0F:SIEMENS MR HEADER)"],
            says=("receive coil: Receive Coil Name is there, too, in another form",),
        ),
        passes(siemens()),
        passes(siemens(DiffusionBValue=500.0)),
        not_applicable(siemens("")),
        CUT_SHORT,
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


def test_slices_that_differ_in_value_alone_share_their_facts() -> None:
    """The values are compared and not kept: a series of many b-values is one signature."""
    from auditor.engine import Auditor
    from auditor.testing import dataset_of

    auditor = Auditor(_only("PRIV301", "PRIV302", "PRIV303"), b"k" * 32)
    names = {_name(auditor, dataset_of(siemens(str(b), DiffusionBValue=float(b)))) for b in (0, 7)}
    names |= {_name(auditor, dataset_of(siemens("1000", DiffusionBValue=1000.0)))}
    assert len(names) == 1
    names |= {_name(auditor, dataset_of(siemens("1000", DiffusionBValue=2000.0)))}
    assert len(names) == 2


def _only(*ids: str) -> Any:
    from tests.rules.cases import all_rules

    return all_rules().only(ids, ())


def _name(auditor: Any, dataset: Any) -> str:
    import tempfile
    from pathlib import Path

    from pydicom.dataset import FileMetaDataset

    from auditor.packing import unpack
    from auditor.sources import open_source

    dataset.SOPInstanceUID = "1.2.3"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    with tempfile.TemporaryDirectory() as folder:
        dataset.save_as(Path(folder) / "a.dcm", enforce_file_format=True)
        (row,) = unpack(auditor.chunk(open_source(Path(folder)).files()).tables["instances"])
    return str(row[4])


@pytest.mark.parametrize(
    "row", rows(), ids=lambda row: f"{row.creator}-{row.group:04X}{row.number:02X}{row.csa}"
)
def test_a_row_says_what_it_can(row: Row) -> None:
    assert row.of
    assert row.source
    assert row.sop_classes <= CT_IMAGES | MR_IMAGES | PET_IMAGES
    assert all(keyword_of(tag) for tag in row.public)
    if row.creator:
        assert row.group & 1
        assert 0 <= row.number <= 0xFF
    if row.compare in ("number", "vector") and not row.component:
        assert entry_of(row.public[0]).vr.split()[0] in ("DS", "FD", "FL", "IS", "US", "SS", "UL")
    if row.given:
        assert row.given in {other.key for other in rows()}


def test_the_vendors_that_diffusion_needs_are_in_the_table() -> None:
    creators = {row.creator for row in rows() if row.of == "diffusion b-value"}
    assert creators >= {
        "SIEMENS MR HEADER",
        "SIEMENS CSA HEADER",
        "GEMS_PARM_01",
        "Philips Imaging DD 001",
        "Image Private Header",
        "MMCPrivate",
    }
    of_mr = {rows()[number] for number in numbers_of(MR)}
    assert all(row in of_mr for row in rows() if row.of.startswith("diffusion"))


def test_no_value_makes_a_comparison_raise() -> None:
    for row in rows():
        for value in (b"", b"\0", b"\\\\", b"\xff" * 9, b"nan\\inf", b"1e999", b"1" * 400):
            for vr in ("", "UN", "FD", "FL", "US", "DS", "LO"):
                row.says(value, vr)


def test_a_comparison_that_raises_is_its_rules_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from auditor.standard import private_abuse

    monkeypatch.setattr(private_abuse.Row, "agrees", lambda *_: 1 / 0)
    case = siemens("31", DiffusionBValue=31.0)
    assert fails(case).ask(get_rule("PRIV302")).outcome is Outcome.ERROR
