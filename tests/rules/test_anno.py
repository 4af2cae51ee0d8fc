"""Rules of the form in which annotations come."""

from __future__ import annotations

from auditor.standard.sop_classes import RT_STRUCTURE_SET, SEGMENTATION
from tests.rules.cases import PLANT, Case, Cases, each, fails, get_rule, not_applicable, passes

CT = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}
SEG = {"SOPClassUID": SEGMENTATION}
RTSTRUCT = {"SOPClassUID": RT_STRUCTURE_SET}
MASK = {"path": "masks/1.nii.gz", "kind": "nifti"}
IMAGE = {
    **CT,
    "path": "ct/0007.dcm",
    "SOPInstanceUID": 1,
    "SeriesInstanceUID": 2,
    "PatientID": 3,
}
OUTLINES = {"path": "reader/1.xml", "kind": "xml", "form": "contours"}
TABLE = {"path": "clinical.csv", "kind": "csv", "form": "table", "columns": "patient+age"}
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
        # Bytes say more than a name: this one is an image, and that one a mask.
        not_applicable(companions=[{**MASK, "form": "image"}]),
        fails(companions=[{"path": "t1/1.nii.gz", "kind": "nifti", "form": "mask"}]),
    ),
    "ANNO003": (
        # Its name is an image's, apart from what says that it annotates.
        passes(instances=[IMAGE], companions=[{"path": "masks/0007_seg.nii.gz", "kind": "nifti"}]),
        # It names the series, or the instance.
        passes(
            instances=[IMAGE],
            companions=[OUTLINES],
            keys=[{"path": OUTLINES["path"], "role": "uid", "key": 2}],
        ),
        # Its folder, with all below, has the images of one series; of two.
        passes(instances=[IMAGE], companions=[{"path": "mask.png", "kind": "png"}]),
        passes(
            instances=[IMAGE, {**SEG, "path": "ct/seg.dcm", "SeriesInstanceUID": 6}],
            companions=[{"path": "ct/mask.png", "kind": "png"}],
        ),
        passes(instances=[IMAGE], companions=[{"path": "ct/mask.png", "kind": "png"}]),
        fails(
            instances=[IMAGE, {**IMAGE, "path": "ct/0008.dcm", "SeriesInstanceUID": 5}],
            companions=[{"path": "ct/mask.png", "kind": "png"}],
            says=("tied to nothing in the collection",),
        ),
        fails(
            instances=[IMAGE],
            companions=[OUTLINES, MASK],
            keys=[
                {"path": OUTLINES["path"], "role": "name", "key": 3},
                # A patient's ID is no UID, and a UID no name.
                {"path": MASK["path"], "role": "name", "key": 2},
                {"path": MASK["path"], "role": "uid", "key": 3},
            ],
            says=(
                "tied to a patient and to none of the images",
                "tied to nothing in the collection",
            ),
        ),
        not_applicable(instances=[IMAGE], companions=[{"kind": "text"}]),
    ),
    "ANNO004": (
        not_applicable({**CT, "SeriesDescription": f"Head with mask {PLANT}"}),
        not_applicable(CT),
        fails(
            {**CT, "SeriesDescription": f"ROI mask images {PLANT}"},
            at=("(0008,103E)",),
            says=("described as masks, stored as images",),
        ),
        fails({**CT, "SeriesDescription": "label map"}, at=("(0008,103E)",)),
        passes({**SEG, "SeriesDescription": "Segmentation"}),
    ),
    "ANNO005": (
        passes(
            instances=[IMAGE],
            companions=[TABLE],
            keys=[{"path": TABLE["path"], "role": "column 0", "key": 3}],
        ),
        fails(
            instances=[IMAGE],
            companions=[TABLE],
            keys=[
                {"path": TABLE["path"], "role": "column 0", "key": 9},
                {"path": TABLE["path"], "role": "name", "key": 3},
            ],
            says=("none of its patients is in the collection",),
        ),
        not_applicable(instances=[IMAGE], companions=[{**TABLE, "columns": "age"}]),
        # Headings alone: it is about nobody.
        not_applicable(instances=[IMAGE], companions=[TABLE]),
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


def test_one_collection_is_counted() -> None:
    assert fails(companions=[MASK, MASK]).ask(get_rule("ANNO002")).counts == (1,)
