"""Rules of consistency within a collection."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.standard.sop_classes import MEDIA_STORAGE_DIRECTORY
from tests.rules.cases import (
    Case,
    Cases,
    each,
    fails,
    get_rule,
    not_applicable,
    not_evaluated,
    passes,
)

# The data set of a DICOMDIR has no SOP Class UID: only its file meta information tells.
DIRECTORY = {"MediaStorageSOPClassUID": MEDIA_STORAGE_DIRECTORY}
HANGING_PROTOCOL = "1.2.840.10008.5.1.4.38.1"
"""An object that is of no patient."""


def series(*rows: tuple[int | None, int | None], **same: Any) -> list[dict[str, Any]]:
    return [{"SeriesInstanceUID": one, "StudyInstanceUID": two, **same} for one, two in rows]


def studies(*rows: tuple[int | None, int | None], **same: Any) -> list[dict[str, Any]]:
    return [{"StudyInstanceUID": study, "PatientID": patient, **same} for study, patient in rows]


def sexes(*rows: tuple[int | None, str | None]) -> list[dict[str, Any]]:
    return [{"PatientID": patient, "PatientSex": sex} for patient, sex in rows]


def modalities(*rows: tuple[int | None, str | None]) -> list[dict[str, Any]]:
    return [{"SeriesInstanceUID": one, "Modality": modality} for one, modality in rows]


def patients(several: int, single: int, **same: Any) -> list[dict[str, Any]]:
    """Build rows of this many patients with two instances, and with one."""
    numbers = [*range(several), *range(several), *range(100, 100 + single)]
    return [
        {"PatientID": patient, "SOPInstanceUID": number, **same}
        for number, patient in enumerate(numbers)
    ]


CASES: Cases = {
    "CONS001": (
        passes(instances=[{"SOPInstanceUID": 1}, {"SOPInstanceUID": 2}]),
        fails(
            instances=[{"SOPInstanceUID": 1}, {"SOPInstanceUID": 1}, {"SOPInstanceUID": 2}],
            at=["(0008,0018)"],
        ),
        # A file that is cut short is a copy all the same.
        fails(
            instances=[{"SOPInstanceUID": 1}, {"SOPInstanceUID": 1, "status": "partial"}],
            at=["(0008,0018)"],
        ),
        # Two without a UID are not two of one UID, and not two of different ones.
        not_evaluated(instances=[{}, {}]),
        not_applicable(instances=[DIRECTORY, DIRECTORY]),
        not_applicable(instances=[{"status": "unreadable"}]),
    ),
    "CONS002": (
        passes(instances=series((1, 1), (1, 1), (2, 1))),
        fails(instances=series((1, 1), (1, 2)), at=["(0020,000D)"]),
        # One that is missing is not another one.
        passes(instances=series((1, 1), (1, None))),
        not_evaluated(instances=series((1, None), (1, None))),
        # Of objects without a Series Instance UID nobody knows which are of one series.
        not_evaluated(instances=series((None, 1), (None, 2))),
        not_applicable(instances=series((None, None), SOPClassUID=HANGING_PROTOCOL)),
        not_applicable(instances=series((1, 1), (1, 2), **DIRECTORY)),
        not_applicable(instances=series((1, 1), (1, 2), status="unreadable")),
    ),
    "CONS003": (
        passes(instances=studies((1, 1), (1, 1), (2, 2))),
        fails(instances=studies((1, 1), (1, 2)), at=["(0010,0020)"]),
        # An emptied Patient ID is nobody's.
        passes(instances=studies((1, 1), (1, None))),
        not_evaluated(instances=studies((1, None))),
        not_evaluated(instances=studies((None, 1), (None, 2))),
        not_applicable(instances=studies((None, None), SOPClassUID=HANGING_PROTOCOL)),
    ),
    "CONS004": (
        passes(instances=sexes((1, "F"), (1, "F"), (2, "M"))),
        fails(instances=sexes((1, "F"), (1, "M")), at=["(0010,0040)"]),
        fails(instances=sexes((1, "F"), (1, "O")), at=["(0010,0040)"]),
        # Empty is no sex, and another spelling is not another one.
        passes(instances=sexes((1, "F"), (1, ""), (1, None))),
        passes(instances=sexes((1, "F"), (1, "(other)"))),
        not_applicable(instances=sexes((1, ""), (2, "(other)"))),
        not_evaluated(instances=sexes((None, "F"), (None, "M"))),
        not_applicable(instances=sexes((None, ""))),
    ),
    "CONS005": (
        passes(instances=modalities((1, "CT"), (1, "CT"), (2, "SEG"))),
        fails(instances=modalities((1, "CT"), (1, "SEG")), at=["(0008,0060)"]),
        fails(instances=modalities((1, "CT"), (1, "(other)")), at=["(0008,0060)"]),
        passes(instances=modalities((1, "CT"), (1, ""), (1, None))),
        not_evaluated(instances=modalities((1, ""), (1, None))),
        not_evaluated(instances=[{"Modality": "CT"}, {"Modality": "MR"}]),
        not_applicable(instances=[{"Modality": "CT", **DIRECTORY}]),
    ),
    "CONS006": (
        passes(instances=patients(several=10, single=10)),
        passes(instances=patients(several=3, single=17)),
        fails(instances=patients(several=2, single=18), at=["(0010,0020)"]),
        fails(instances=patients(several=0, single=20), at=["(0010,0020)"]),
        # A few patients with one image each are a few patients.
        not_applicable(instances=patients(several=0, single=19)),
        # One more, and nobody knows whether it is one of them.
        not_evaluated(instances=[*patients(several=0, single=19), {"StudyInstanceUID": 1}]),
        not_applicable(instances=patients(several=0, single=30, **DIRECTORY)),
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


@pytest.mark.parametrize(
    ("rule_id", "rows"),
    [
        ("CONS002", series((1, 1), (None, 1), (None, 1))),
        ("CONS003", studies((1, 1), (2, None), (2, None), (3, None))),
        ("CONS004", [*sexes((1, "F"), (None, "M")), {"StudyInstanceUID": 1, "PatientSex": "F"}]),
        ("CONS005", modalities((1, "CT"), (2, ""), (None, "CT"))),
    ],
)
def test_what_has_no_identifier_is_not_evaluated_beside_what_has_one(
    rule_id: str, rows: list[dict[str, Any]]
) -> None:
    assert passes(instances=rows).ask(get_rule(rule_id)).units == (1, 2)


@pytest.mark.parametrize(
    ("rule_id", "rows"),
    [
        ("CONS001", [{"SOPInstanceUID": number} for number in (1, 1, 1, 2, 2, 3)]),
        ("CONS002", series((1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (3, 1))),
        ("CONS003", studies((1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (3, 1))),
        ("CONS005", modalities((1, "CT"), (1, "MR"), (2, "CT"), (2, "MR"), (3, "CT"))),
    ],
)
def test_what_is_counted_is_the_unit(rule_id: str, rows: list[dict[str, Any]]) -> None:
    assert sum(fails(instances=rows).ask(get_rule(rule_id)).counts) == 2


def test_a_conflict_is_of_the_series_that_all_of_it_is_in() -> None:
    rows = [
        # Two pairs of copies in series 1, one in series 2, one between both, one in neither.
        *(
            {"SOPInstanceUID": uid, "SeriesInstanceUID": series}
            for uid, series in ((10, 1), (10, 1), (11, 1), (11, 1), (20, 2), (20, 2), (30, 1))
        ),
        {"SOPInstanceUID": 30, "SeriesInstanceUID": 2},
        {"SOPInstanceUID": 40, "SeriesInstanceUID": 1},
        {"SOPInstanceUID": 40},
    ]
    judged = fails(instances=rows).ask(get_rule("CONS001"))
    assert dict(zip(judged.series, judged.counts, strict=True)) == {1: 2, 2: 1, None: 2}


def test_a_study_of_two_patients_is_of_no_one_series() -> None:
    rows = [
        {"StudyInstanceUID": 1, "PatientID": patient, "SeriesInstanceUID": patient}
        for patient in (1, 2)
    ]
    assert fails(instances=rows).ask(get_rule("CONS003")).series == (None,)


# The rules say in terms of what the standard forbids which status of a file they look at.
@pytest.mark.parametrize("status", ["ok", "partial"])
def test_partial_files_count(status: str) -> None:
    rows = [{"SOPInstanceUID": 1, "status": status}] * 2
    assert fails(instances=rows).ask(get_rule("CONS001")).counts == (1,)
