"""Rules of file integrity."""

from __future__ import annotations

import pytest

from auditor.model import Outcome
from tests.rules.cases import (
    PLANT,
    Case,
    Cases,
    each,
    fails,
    get_rule,
    not_applicable,
    passes,
)

META_CLASS = "Media Storage SOP Class UID (0002,0002) is not the data set's SOP Class UID"
META_INSTANCE = "Media Storage SOP Instance UID (0002,0003) is not the data set's SOP Instance UID"

CASES: Cases = {
    "FILE001": (
        passes(instances=[{}, {"status": "partial", "reason": "the pixel data is cut short"}]),
        fails(
            instances=[
                {},
                {"status": "unreadable", "reason": "permission denied"},
                {"status": "unreadable", "reason": "not a regular file"},
            ],
            says=("unreadable: not a regular file", "unreadable: permission denied"),
        ),
        not_applicable(companions=[{"kind": "png"}]),
    ),
    "FILE002": (
        passes({"PatientName": PLANT}),
        fails(file={"complete": "pixel data"}, says=("the pixel data is cut short",)),
        fails(
            file={"complete": "header"},
            says=("the data set is cut short, or cannot be read to its end",),
        ),
    ),
    "FILE003": (
        passes(),
        fails(file={"meta": "absent"}, says=("the File Meta Information is missing",)),
        fails(file={"meta": "incomplete"}),
        # A break in the data set takes nothing away from what stands before it.
        passes(file={"complete": "header"}),
        fails(file={"meta": "incomplete", "complete": "header"}),
    ),
    "FILE004": (
        passes(),
        fails(file={"sop_instance": "different"}, says=(META_INSTANCE,)),
        fails(file={"sop_class": "different"}, says=(META_CLASS,)),
        fails(
            file={"sop_class": "different", "sop_instance": "different"},
            says=(META_CLASS, META_INSTANCE),
        ),
        # One that differs is enough, though the other cannot be compared.
        fails(file={"sop_class": "absent", "sop_instance": "different"}, says=(META_INSTANCE,)),
        not_applicable(file={"sop_class": "absent", "sop_instance": "absent"}),
        # That one agrees says nothing of the other.
        not_applicable(file={"sop_instance": "absent"}),
    ),
    "FILE005": (
        passes(instances=[{}], companions=[{"kind": "csv"}]),
        fails(companions=[{"kind": "empty"}, {"kind": "csv"}], says=("the file is empty",)),
        # Version control and tools keep such files on purpose.
        passes(companions=[{"kind": "empty", "path": "masks/.gitkeep"}]),
        passes(companions=[{"kind": "empty", "path": ".nomedia"}]),
        fails(companions=[{"kind": "empty", "path": ".hidden/1.dcm"}]),
        not_applicable(),
    ),
    "FILE006": (
        passes(),
        passes(file={"preamble": "tiff"}),
        passes(file={"preamble": "text"}),
        fails(file={"preamble": "executable"}),
        not_applicable(file={"preamble": "absent"}),
    ),
    "FILE007": (
        passes(),
        passes(file={"preamble": "other"}),
        fails(file={"preamble": "text"}, says=("the preamble holds readable text",)),
        not_applicable(file={"preamble": "absent"}),
    ),
    "FILE008": (
        passes(),
        fails(
            file={"surprise": "an item is longer than its sequence"},
            says=("not encoded as declared: an item is longer than its sequence",),
        ),
        passes(file={"surprise": "big endian"}),
        # Legal: only the audit does not follow.
        passes(file={"surprise": "sequences are nested deeper than 48"}),
        passes(file={"surprise": "more elements than an audit follows"}),
        # FILE003 says that.
        passes(
            file={
                "surprise": "the file meta information names no transfer syntax",
                "meta": "incomplete",
            }
        ),
        # Nothing was declared.
        not_applicable(file={"meta": "absent", "surprise": "no_preamble"}),
    ),
    "FILE010": (
        passes(instances=[{}], companions=[{"kind": "csv"}]),
        fails(companions=[{"kind": "dicom_gzip"}], says=("a DICOM file packed with gzip",)),
        not_applicable(),
    ),
    "FILE009": (
        passes(),
        fails(file={"identified": "no SOP Class UID"}, at=["(0008,0016)"]),
        fails(file={"identified": "no SOP Instance UID"}, at=["(0008,0018)"]),
        fails(file={"identified": "neither"}, at=["(0008,0016)", "(0008,0018)"]),
        not_applicable(file={"identified": "directory"}),
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


def test_counts_are_of_files() -> None:
    rows = [{"status": "unreadable", "reason": "permission denied"}] * 3
    said = fails(instances=rows).ask(get_rule("FILE001"))
    assert said.counts == (3,)
    said = fails(companions=[{"kind": "empty"}] * 2).ask(get_rule("FILE005"))
    assert said.counts == (2,)


@pytest.mark.parametrize("rule_id", ["FILE002", "FILE003", "FILE006", "FILE007", "FILE008"])
def test_what_a_file_says_is_judged_even_if_its_data_set_breaks_off(rule_id: str) -> None:
    said = passes(file={"complete": "header"}).ask(get_rule(rule_id))
    assert said.outcome in (Outcome.PASS, Outcome.FAIL)
