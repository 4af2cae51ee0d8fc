"""Rules of the form in which annotations come."""

from __future__ import annotations

from auditor.standard.sop_classes import RT_STRUCTURE_SET, SEGMENTATION
from tests.rules.cases import Case, Cases, each, fails, get_rule, not_applicable, passes

CT = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}
SEG = {"SOPClassUID": SEGMENTATION}
RTSTRUCT = {"SOPClassUID": RT_STRUCTURE_SET}
MASK = {"path": "masks/1.nii.gz", "kind": "nifti"}
IN_DICOM = "annotations in DICOM (SEG, RT Structure Set or ANN)"

CASES: Cases = {
    "ANNO001": (
        # It says what there is: where anything annotates it always has something to say.
        fails(instances=[CT, SEG], says=(IN_DICOM,)),
        fails(instances=[RTSTRUCT], companions=[{"kind": "text"}], says=(IN_DICOM,)),
        fails(
            instances=[CT],
            companions=[MASK, {"path": "masks/1.nrrd", "kind": "nrrd"}],
            says=("annotations in NIfTI", "annotations in NRRD"),
        ),
        not_applicable(instances=[CT], companions=[{"path": "t1/1.nii.gz", "kind": "nifti"}]),
        # A name does not make an annotation of what cannot hold one.
        not_applicable(instances=[CT], companions=[{"path": "masks/readme", "kind": "text"}]),
        not_applicable(),
    ),
    "ANNO002": (
        passes(instances=[CT, SEG]),
        passes(instances=[CT, RTSTRUCT], companions=[MASK]),
        fails(instances=[CT], companions=[MASK], says=("no annotation is in DICOM",)),
        not_applicable(instances=[CT]),
        not_applicable(companions=[{"path": "t1/1.nii.gz", "kind": "nifti"}]),
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


def test_one_collection_is_counted() -> None:
    assert fails(companions=[MASK, MASK]).ask(get_rule("ANNO002")).counts == (1,)
