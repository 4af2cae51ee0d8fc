"""References: segmentations, reports, key objects, registrations beside their CT."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import highdicom as hd
import numpy as np
from highdicom.ko import KeyObjectSelection, KeyObjectSelectionDocument
from highdicom.sr import CodedConcept
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import CTImageStorage

from auditor.testing import dataset_of
from tests.planted.cases_conformance import enhanced
from tests.planted.cases_rt import SLICES, at, ct, made_up, of_patient, refers, slice_of
from tests.planted.harness import Planted, Release, ct_slice, uid

SEG, REPORT, KEYS, OTHER_KEYS, REGISTRATION, STATE = (
    f"case-001/{name}.dcm"
    for name in ("segmentation", "report", "keys", "other_keys", "registration", "state")
)
REGISTRATION_CLASS = "1.2.840.10008.5.1.4.1.1.66.1"
STATE_CLASS = "1.2.840.10008.5.1.4.1.1.11.1"
FRAMES, LISTED = "PerFrameFunctionalGroupsSequence", ("ReferencedSeriesSequence", 0)
SOURCE = ("DerivationImageSequence", 0, "SourceImageSequence", 0)

Change = Callable[[Release], object]


def images() -> list[Dataset]:
    """Return the slices of the CT, with a name that highdicom takes for a person's."""
    made = [ct_slice(1, number) for number in range(1, SLICES + 1)]
    for each in made:
        each.PatientName = "CASE-001^"
    return made


def plain(made: Dataset) -> Dataset:
    """Return what highdicom made as it is read back: its sequences refuse what is wrong."""
    buffer = io.BytesIO()
    made.save_as(buffer)
    buffer.seek(0)
    dataset = dcmread(buffer)
    dataset.PatientName = "CASE-001"
    return dataset


def segmentation(sources: Sequence[Dataset] = (), slices: int = SLICES) -> Dataset:
    """Return a segmentation of the CT, or of other images, with a frame for each slice."""
    made = hd.seg.Segmentation(
        source_images=sources or images(),
        pixel_array=np.ones((slices, 16, 16), dtype=np.uint8),
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[
            hd.seg.SegmentDescription(
                segment_number=1,
                segment_label="lung",
                segmented_property_category=codes.SCT.Organ,
                segmented_property_type=codes.SCT.Lung,
                algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
                tracking_uid=uid("tracked"),
                tracking_id="lung",
            )
        ],
        series_instance_uid=uid("series of", "segmentation"),
        series_number=3,
        sop_instance_uid=uid("segmentation"),
        instance_number=1,
        manufacturer="",
        manufacturer_model_name="",
        software_versions="1",
        device_serial_number="",
    )
    return plain(made)


def key_objects(name: str, instances: Sequence[Dataset]) -> Dataset:
    """Return a key object selection of these."""
    content = KeyObjectSelection(
        document_title=codes.DCM.OfInterest,
        referenced_objects=list(instances),
        observer_person_context=None,
    )
    made = KeyObjectSelectionDocument(
        evidence=list(instances),
        content=content,
        series_instance_uid=uid("series of", name),
        series_number=4,
        sop_instance_uid=uid(name),
        instance_number=1,
        manufacturer="",
    )
    return plain(made)


def report(segments: Dataset) -> Dataset:
    """Return a report of an image of the CT and of a frame of the segmentation."""
    seen = images()
    items = [
        hd.sr.ImageContentItem(
            name=CodedConcept("121112", "DCM", "Source of Measurement"),
            referenced_sop_class_uid=each.SOPClassUID,
            referenced_sop_instance_uid=each.SOPInstanceUID,
            referenced_frame_numbers=frames,
            referenced_segment_numbers=picked,
            relationship_type=hd.sr.RelationshipTypeValues.CONTAINS,
        )
        for each, frames, picked in (
            (seen[0], None, None),
            (segments, [SLICES], None),
            (segments, None, [1]),
        )
    ]
    content = hd.sr.ContainerContentItem(
        name=CodedConcept("126000", "DCM", "Imaging Measurement Report")
    )
    content.ContentSequence = hd.sr.ContentSequence(items)
    made = hd.sr.ComprehensiveSR(
        evidence=[*seen, segments],
        content=content,
        series_instance_uid=uid("series of", "report"),
        series_number=5,
        sop_instance_uid=uid("report"),
        instance_number=1,
        manufacturer="",
    )
    return plain(made)


def registration() -> Dataset:
    """Return a registration of the CT onto itself."""
    matrix = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    item = {
        "ReferencedImageSequence": [slice_of(number) for number in range(1, SLICES + 1)],
        "FrameOfReferenceUID": uid("frame", 1),
        "MatrixRegistrationSequence": [
            {
                "RegistrationTypeCodeSequence": [],
                "MatrixSequence": [
                    {
                        "FrameOfReferenceTransformationMatrix": matrix,
                        "FrameOfReferenceTransformationMatrixType": "RIGID",
                    }
                ],
            }
        ],
    }
    return of_patient(
        "registration",
        REGISTRATION_CLASS,
        "REG",
        FrameOfReferenceUID=uid("frame", 1),
        PositionReferenceIndicator="",
        ContentDate="20010412",
        ContentTime="101500",
        ContentLabel="REGISTRATION",
        ContentDescription="",
        ContentCreatorName="",
        RegistrationSequence=[item],
        ReferencedSeriesSequence=[series()],
    )


def series() -> dict[str, Any]:
    """Return what lists all slices of the CT under their series."""
    return {
        "SeriesInstanceUID": uid("series", 1),
        "ReferencedInstanceSequence": [slice_of(number) for number in range(1, SLICES + 1)],
    }


def presentation_state() -> Dataset:
    """Return a presentation state of the CT."""
    listed = {
        "SeriesInstanceUID": uid("series", 1),
        "ReferencedImageSequence": [slice_of(number) for number in range(1, SLICES + 1)],
    }
    return of_patient("state", STATE_CLASS, "PR", ReferencedSeriesSequence=[listed])


def framed() -> Release:
    """Return an enhanced CT of two frames, and a segmentation of them."""
    release = Release()
    image = enhanced(1)
    release.add("case-001/ct.dcm", image)
    image.PatientName = "CASE-001^"
    release.add(SEG, segmentation([image], slices=2))
    image.PatientName = "CASE-001"
    return made_up(release)


def study() -> Release:
    """Return a CT with all that refers to it."""
    release = ct()
    segments = segmentation()
    for path, dataset in (
        (SEG, segments),
        (REPORT, report(segments)),
        (KEYS, key_objects("keys", images())),
        (OTHER_KEYS, key_objects("other_keys", [images()[0], segments])),
        (REGISTRATION, registration()),
        (STATE, presentation_state()),
    ):
        release.add(path, dataset)
    return made_up(release)


def derived_alone() -> Release:
    """Return the same without the CT: of most references nothing can be said."""
    release = study()
    for path in [path for path in release.instances if "/ct/" in path]:
        del release.instances[path]
    return release


def without(*numbers: int) -> Change:
    """Return what leaves slices out."""

    def change(release: Release) -> None:
        for number in numbers:
            del release.instances[f"case-001/ct/{number}.dcm"]

    return change


def replaced(keyword: str, path: str | None = None) -> Change:
    """Return what replaces a UID in the images of the CT, or in one object, and nowhere else."""

    def change(release: Release) -> None:
        for name, dataset in release.instances.items():
            if name == path or (path is None and "/ct/" in name):
                dataset.update(dataset_of({keyword: uid("new", getattr(dataset, keyword))}))
                dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID

    return change


def other_patient(release: Release) -> None:
    release.instances[SEG].PatientID = "CASE-002"


def frame_zero(release: Release) -> None:
    item = dataset_of({"ReferencedFrameNumber": 0})
    release.instances[REPORT].ContentSequence[1].ReferencedSOPSequence[0].update(item)


def unlisted(path: str, *steps: str | int) -> Change:
    """Return what takes the last item out of a sequence."""

    def change(release: Release) -> None:
        item: Any = release.instances[path]
        for step in steps:
            item = item[step]
        del item.value[-1]

    return change


def circle(release: Release) -> None:
    """Let two key object selections name each other, in evidence as in content."""
    for path, other in ((KEYS, OTHER_KEYS), (OTHER_KEYS, KEYS)):
        target = release.instances[other]
        named = refers(target.SOPClassUID, target.SOPInstanceUID)
        dataset = release.instances[path]
        last = Dataset()
        last.update(dataset.ContentSequence[-1])
        last.ReferencedSOPSequence = [dataset_of(named)]
        dataset.ContentSequence.append(last)
        listed = {
            "StudyInstanceUID": target.StudyInstanceUID,
            "ReferencedSeriesSequence": [
                {"SeriesInstanceUID": target.SeriesInstanceUID, "ReferencedSOPSequence": [named]}
            ],
        }
        dataset.CurrentRequestedProcedureEvidenceSequence.append(dataset_of(listed))


def itself(release: Release) -> None:
    """Let a frame be made from the segmentation that it belongs to."""
    dataset = release.instances[SEG]
    named = refers(dataset.SOPClassUID, dataset.SOPInstanceUID)
    source = dataset[FRAMES][0]["DerivationImageSequence"][0]["SourceImageSequence"][0]
    source.update(dataset_of(named))


EVIDENCE = ("CurrentRequestedProcedureEvidenceSequence", 0)
_INSTANCES = (*EVIDENCE, "ReferencedSeriesSequence", 0, "ReferencedSOPSequence")

CASES = (
    Planted("slice", "A slice of the CT is left out", without(2), ("REF001",), study),
    Planted(
        "new instances", "SOP Instance UIDs of the CT are replaced, and no reference to them",
        replaced("SOPInstanceUID"), ("REF001",), study,
    ),
    Planted(
        "class", "A segmentation that refers to a slice as an MR image",
        at(SEG, FRAMES, 0, *SOURCE, ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.4"),
        ("REF002",), study,
    ),
    Planted(
        "patient", "A segmentation with the Patient ID of another patient", other_patient,
        ("REF003",), study,
    ),
    Planted(
        "new series", "The CT's Series Instance UID is replaced, and no reference to it",
        replaced("SeriesInstanceUID"), ("REF004",), study,
    ),
    Planted(
        "new study", "The CT's Study Instance UID is replaced, and no reference to it",
        replaced("StudyInstanceUID"), ("REF005", "REF006"), study,
    ),
    Planted(
        "study of its own", "A segmentation in a study of its own",
        replaced("StudyInstanceUID", SEG), ("REF006",), study,
    ),
    Planted(
        "registered frame", "A registration that names another frame of reference than its images'",
        at(REGISTRATION, "RegistrationSequence", 0, FrameOfReferenceUID=uid("other frame")),
        ("REF007",), study,
    ),
    Planted(
        "frame of the segmentation", "A segmentation in a frame of reference of its own",
        replaced("FrameOfReferenceUID", SEG), ("REF008",), study,
    ),
    Planted("frame 0", "A report on frame 0 of a segmentation", frame_zero, ("REF009",), study),
    Planted(
        "frame too many", "A report on a frame that the segmentation does not have",
        at(
            REPORT, "ContentSequence", 1, "ReferencedSOPSequence", 0,
            ReferencedFrameNumber=SLICES + 1,
        ),
        ("REF009",), study,
    ),
    Planted(
        "segment", "A report on a segment that the segmentation does not have",
        at(REPORT, "ContentSequence", 2, "ReferencedSOPSequence", 0, ReferencedSegmentNumber=3),
        ("REF014",), study,
    ),
    Planted(
        "evidence of the report", "A report whose evidence lacks an image of the content",
        at(REPORT, *_INSTANCES, 0, ReferencedSOPInstanceUID=uid("instance", 1, 2)),
        ("REF010",), study,
    ),
    Planted(
        "evidence of key objects", "A key object selection whose evidence lacks its last image",
        unlisted(KEYS, *_INSTANCES), ("REF010",), study,
    ),
    Planted(
        "listed by the segmentation", "A segmentation that does not list its last slice",
        unlisted(SEG, *LISTED, "ReferencedInstanceSequence"), ("REF011",), study,
    ),
    Planted(
        "listed by the registration", "A registration that does not list its last slice",
        unlisted(REGISTRATION, *LISTED, "ReferencedInstanceSequence"), ("REF011",), study,
    ),
    Planted(
        "circle", "Two key object selections that name each other", circle, ("REF012",), study
    ),
    Planted("itself", "A segmentation made from itself", itself, ("REF012",), study),
    Planted(
        "off the slice", "A frame of a segmentation 5 mm off the slice that it is made from",
        at(SEG, FRAMES, 0, "PlanePositionSequence", 0, ImagePositionPatient=[0, 0, 10]),
        ("REF013",), study,
    ),
    Planted(
        "off the frame", "A frame of a segmentation that names another frame of an enhanced CT",
        at(SEG, FRAMES, 0, *SOURCE, ReferencedFrameNumber=1), ("REF013",), framed,
    ),
    Planted(
        "presented", "A presentation state of a slice that is not in its series",
        at(
            STATE, *LISTED, "ReferencedImageSequence", 0,
            **refers(CTImageStorage, uid("instance", 1, 99)),
        ),
        ("REF001",), study,
    ),
    # Beside no CT: what the object itself says of it is found all the same.
    Planted(
        "evidence without images", "The same gap in the evidence, without the CT",
        unlisted(KEYS, *_INSTANCES), ("REF010",), derived_alone,
    ),
)  # fmt: skip
