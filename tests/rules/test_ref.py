"""Rules of references between objects."""

from __future__ import annotations

from typing import Any

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

CT = "1.2.840.10008.5.1.4.1.1.2"
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"
SEG = "1.2.840.10008.5.1.4.1.1.66.4"
PLACE = "(0008,1115)/(0008,114A)"
PREDECESSORS = "(0040,A360)/(0008,1115)/(0008,1199)"


def image(instance: int, **changed: Any) -> dict[str, Any]:
    return {
        "path": f"ct/{instance}.dcm",
        "SOPInstanceUID": instance,
        "SOPClassUID": CT,
        "SeriesInstanceUID": 1,
        "PatientID": 1,
        **changed,
    }


SEGMENTATION = image(99, path="seg.dcm", SOPClassUID=SEG, SeriesInstanceUID=9)


def refers(instance: int | None, **changed: Any) -> dict[str, Any]:
    return {
        "path": "seg.dcm",
        "tag_path": PLACE,
        "ReferencedSOPInstanceUID": instance,
        "ReferencedSOPClassUID": CT,
        "ReferencedSeriesInstanceUID": 1,
        **changed,
    }


HERE = [image(1), image(2), SEGMENTATION]

CASES: Cases = {
    "REF001": (
        passes(instances=HERE, references=[refers(1), refers(2)]),
        fails(instances=HERE, references=[refers(1), refers(3)], at=[PLACE]),
        # Another reference of the object says in which series the instance is.
        fails(
            instances=HERE,
            references=[
                refers(3),
                refers(3, tag_path="(5200,9230)/(0008,9124)", ReferencedSeriesInstanceUID=None),
            ],
            at=[PLACE, "(5200,9230)/(0008,9124)"],
        ),
        # Former versions of a report need not be there.
        not_applicable(
            instances=HERE,
            references=[refers(3, tag_path=PREDECESSORS)],
        ),
        passes(instances=HERE, references=[refers(1), refers(3, tag_path=PREDECESSORS)]),
        # Into a series that was not downloaded; into no series that is named.
        not_evaluated(instances=HERE, references=[refers(3, ReferencedSeriesInstanceUID=7)]),
        not_evaluated(instances=HERE, references=[refers(3, ReferencedSeriesInstanceUID=None)]),
        not_evaluated(instances=[SEGMENTATION], references=[refers(1)]),
        not_applicable(instances=HERE),
        not_applicable(instances=HERE, references=[refers(None)]),
    ),
    "REF002": (
        passes(instances=HERE, references=[refers(1)]),
        fails(
            instances=HERE,
            references=[refers(1, ReferencedSOPClassUID=ENHANCED_CT)],
            at=[f"{PLACE}/(0008,1150)"],
        ),
        # Of two copies one is what the reference says.
        passes(
            instances=[*HERE, image(1, path="copy.dcm", SOPClassUID=ENHANCED_CT)],
            references=[refers(1), refers(1, ReferencedSOPClassUID=ENHANCED_CT)],
        ),
        not_evaluated(instances=HERE, references=[refers(1, ReferencedSOPClassUID="")]),
        not_evaluated(instances=HERE, references=[refers(1, ReferencedSOPClassUID=None)]),
        not_evaluated(instances=[image(1, SOPClassUID=None), SEGMENTATION], references=[refers(1)]),
        not_evaluated(instances=HERE, references=[refers(3)]),
        not_applicable(instances=HERE),
    ),
    "REF003": (
        passes(instances=HERE, references=[refers(1)]),
        fails(instances=[image(1, PatientID=2), SEGMENTATION], references=[refers(1)], at=[PLACE]),
        # Of two copies one is the patient's.
        passes(instances=[*HERE, image(1, path="copy.dcm", PatientID=2)], references=[refers(1)]),
        # An emptied Patient ID is nobody's.
        not_evaluated(instances=[image(1, PatientID=None), SEGMENTATION], references=[refers(1)]),
        not_evaluated(
            instances=[image(1), {**SEGMENTATION, "PatientID": None}], references=[refers(1)]
        ),
        not_evaluated(instances=HERE, references=[refers(3)]),
        not_applicable(instances=HERE),
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


def test_what_is_counted_is_the_object_that_refers() -> None:
    references = [refers(instance, path=path) for instance in (3, 4) for path in ("seg.dcm", "b")]
    rows = [*HERE, {**SEGMENTATION, "path": "b", "SOPInstanceUID": 98}]
    said = fails(instances=rows, references=references).ask(get_rule("REF001"))
    assert said.counts == (2,)
