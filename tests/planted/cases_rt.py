"""Radiotherapy: structure sets, plans, doses, images and records beside their CT."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, EnhancedCTImageStorage, SecondaryCaptureImageStorage

from auditor.standard.sop_classes import RT_DOSE, RT_IMAGE, RT_PLAN, RT_STRUCTURE_SET
from auditor.testing import dataset_of
from tests.planted.cases_conformance import enhanced
from tests.planted.harness import Planted, Release, ct_slice, uid

RT_RECORD = "1.2.840.10008.5.1.4.1.1.481.4"
STRUCTURES, PLAN, DOSE, IMAGE, RECORD = (
    f"case-001/{name}.dcm" for name in ("structures", "plan", "dose", "image", "record")
)
FRAME = uid("frame", 1)
SLICES = 3

Change = Callable[[Release], object]


def ct() -> Release:
    """Return a CT of one patient."""
    release = Release()
    for number in range(1, SLICES + 1):
        release.add(f"case-001/ct/{number}.dcm", ct_slice(1, number))
    return release


def made_up(release: Release) -> Release:
    """Say that nobody was taken out of a release, in which there never was anybody."""
    release.drop(
        "DeidentificationMethod",
        "DeidentificationMethodCodeSequence",
        "LongitudinalTemporalInformationModified",
    )
    release.set(PatientIdentityRemoved="NO")
    return release


def refers(sop_class: str, instance: str) -> dict[str, str]:
    return {"ReferencedSOPClassUID": sop_class, "ReferencedSOPInstanceUID": instance}


def slice_of(number: int) -> dict[str, str]:
    return refers(CTImageStorage, uid("instance", 1, number))


def other(kind: str) -> str:
    """Return the UID of an object of the patient."""
    return uid(kind, 1)


def of_patient(kind: str, sop_class: str, modality: str, **changed: Any) -> Dataset:
    """Return an object in the study of the CT."""
    return dataset_of(
        {
            "SOPClassUID": sop_class,
            "SOPInstanceUID": other(kind),
            "StudyInstanceUID": uid("study", 1),
            "SeriesInstanceUID": other(f"series of {kind}"),
            "StudyDate": "",
            "StudyTime": "",
            "AccessionNumber": "",
            "ReferringPhysicianName": "",
            "Modality": modality,
            "Manufacturer": "",
            "OperatorsName": "",
            "PatientName": "CASE-001",
            "PatientID": "CASE-001",
            "PatientBirthDate": "",
            "PatientSex": "",
            "StudyID": "",
            "SeriesNumber": "2",
            "InstanceNumber": "1",
            **changed,
        }
    )


def square(number: int, size: float = 8, z: float | None = None) -> dict[str, Any]:
    """Return a closed contour in a slice of the CT."""
    height = 5.0 * number if z is None else z
    points = [2, 2, height, 2 + size, 2, height, 2 + size, 2 + size, height, 2, 2 + size, height]
    return {
        "ContourImageSequence": [slice_of(number)],
        "ContourGeometricType": "CLOSED_PLANAR",
        "NumberOfContourPoints": 4,
        "ContourData": points,
    }


def structures() -> Dataset:
    """Return a structure set of two ROIs, each drawn in every slice."""
    names = {1: "Lung_L", 2: "PTVp1"}
    series = {
        "SeriesInstanceUID": uid("series", 1),
        "ContourImageSequence": [slice_of(number) for number in range(1, SLICES + 1)],
    }
    study = {
        **refers("1.2.840.10008.3.1.2.3.1", uid("study", 1)),
        "RTReferencedSeriesSequence": [series],
    }
    return of_patient(
        "structures",
        RT_STRUCTURE_SET,
        "RTSTRUCT",
        StructureSetLabel="RTSTRUCT",
        StructureSetDate="",
        StructureSetTime="",
        ReferencedFrameOfReferenceSequence=[
            {"FrameOfReferenceUID": FRAME, "RTReferencedStudySequence": [study]}
        ],
        StructureSetROISequence=[
            {
                "ROINumber": number,
                "ReferencedFrameOfReferenceUID": FRAME,
                "ROIName": name,
                "ROIGenerationAlgorithm": "",
            }
            for number, name in names.items()
        ],
        ROIContourSequence=[
            {
                "ReferencedROINumber": number,
                "ContourSequence": [square(each) for each in range(1, SLICES + 1)],
            }
            for number in names
        ],
        RTROIObservationsSequence=[
            {
                "ObservationNumber": number,
                "ReferencedROINumber": number,
                "RTROIInterpretedType": "",
                "ROIInterpreter": "",
            }
            for number in names
        ],
        ApprovalStatus="UNAPPROVED",
    )


def drawn_in(*frames: int | None) -> Release:
    """Return an enhanced CT of two frames, and a structure set with a contour in each of these."""
    release, made = Release(), structures()
    release.add("case-001/ct.dcm", enhanced(1))
    whole = refers(EnhancedCTImageStorage, uid("instance", 1, 1))
    study = made.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]
    study.RTReferencedSeriesSequence[0].update(dataset_of({"ContourImageSequence": [whole]}))
    contours = [
        {
            **square(number),
            "ContourImageSequence": [{**whole, "ReferencedFrameNumber": frame} if frame else whole],
        }
        for number, frame in enumerate(frames, 1)
    ]
    for each in made.ROIContourSequence:
        each.update(dataset_of({"ContourSequence": contours}))
    release.add(STRUCTURES, made)
    return made_up(release)


def in_frames() -> Release:
    """Return contours in the frames of an enhanced CT that they name."""
    return drawn_in(1, 2)


def in_an_image() -> Release:
    """Return contours that name an enhanced CT and no frame of it."""
    return drawn_in(None, None)


def plan() -> Dataset:
    """Return a plan of two beams."""
    points = [
        {"ControlPointIndex": at, "CumulativeMetersetWeight": weight}
        for at, weight in enumerate((0, 0.5, 1))
    ]
    return of_patient(
        "plan",
        RT_PLAN,
        "RTPLAN",
        RTPlanLabel="PLAN",
        RTPlanDate="",
        RTPlanTime="",
        RTPlanGeometry="PATIENT",
        FractionGroupSequence=[
            {
                "FractionGroupNumber": 1,
                "NumberOfFractionsPlanned": 25,
                "NumberOfBeams": 2,
                "NumberOfBrachyApplicationSetups": 0,
                "ReferencedBeamSequence": [{"ReferencedBeamNumber": each} for each in (1, 2)],
            }
        ],
        BeamSequence=[
            {
                "BeamNumber": number,
                "BeamType": "STATIC",
                "RadiationType": "PHOTON",
                "TreatmentDeliveryType": "TREATMENT",
                "FinalCumulativeMetersetWeight": 1,
                "NumberOfControlPoints": 3,
                "ControlPointSequence": points,
            }
            for number in (1, 2)
        ],
        ReferencedStructureSetSequence=[refers(RT_STRUCTURE_SET, other("structures"))],
        ApprovalStatus="APPROVED",
        ReviewDate="",
        ReviewTime="",
        ReviewerName="",
    )


def dose() -> Dataset:
    """Return the dose of the plan, of three planes."""
    dataset = of_patient(
        "dose",
        RT_DOSE,
        "RTDOSE",
        FrameOfReferenceUID=FRAME,
        PositionReferenceIndicator="",
        ImagePositionPatient=[0, 0, 5],
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        PixelSpacing=[2, 2],
        SliceThickness="",
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        NumberOfFrames=3,
        FrameIncrementPointer=0x3004000C,
        Rows=8,
        Columns=8,
        BitsAllocated=16,
        BitsStored=16,
        HighBit=15,
        PixelRepresentation=0,
        DoseUnits="GY",
        DoseType="PHYSICAL",
        DoseSummationType="PLAN",
        GridFrameOffsetVector=[0, 5, 10],
        DoseGridScaling="0.001",
        ReferencedRTPlanSequence=[refers(RT_PLAN, other("plan"))],
        ReferencedStructureSetSequence=[refers(RT_STRUCTURE_SET, other("structures"))],
        DVHSequence=[
            {
                "DVHReferencedROISequence": [
                    {"ReferencedROINumber": 1, "DVHROIContributionType": "INCLUDED"}
                ],
                "DVHType": "CUMULATIVE",
                "DoseUnits": "GY",
                "DoseType": "PHYSICAL",
                "DVHDoseScaling": 1,
                "DVHVolumeUnits": "CM3",
                "DVHNumberOfBins": 3,
                "DVHData": [1, 8, 1, 5, 1, 0],
                "DVHMinimumDose": "0.5",
                "DVHMaximumDose": 2,
                "DVHMeanDose": "1.5",
            }
        ],
    )
    dataset.add_new((0x7FE0, 0x0010), "OW", bytes(2 * 3 * 8 * 8))
    return dataset


def image() -> Dataset:
    """Return a portal image of the first beam."""
    dataset = of_patient(
        "image",
        RT_IMAGE,
        "RTIMAGE",
        ImageType=["ORIGINAL", "PRIMARY", "PORTAL"],
        ConversionType="",
        BurnedInAnnotation="NO",
        RTImageLabel="IMAGE",
        ReportedValuesOrigin="OPERATOR",
        RTImagePlane="NORMAL",
        ImagePlanePixelSpacing=[0.5, 0.5],
        RTImageSID="1500",
        RadiationMachineSAD="1000",
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        Rows=8,
        Columns=8,
        BitsAllocated=16,
        BitsStored=16,
        HighBit=15,
        PixelRepresentation=0,
        ReferencedRTPlanSequence=[refers(RT_PLAN, other("plan"))],
        ReferencedBeamNumber=1,
    )
    dataset.add_new((0x7FE0, 0x0010), "OW", bytes(2 * 8 * 8))
    return dataset


def record() -> Dataset:
    """Return the record of the first beam."""
    return of_patient(
        "record",
        RT_RECORD,
        "RTRECORD",
        TreatmentDate="",
        TreatmentTime="",
        ReferencedRTPlanSequence=[refers(RT_PLAN, other("plan"))],
        MeasuredDoseReferenceSequence=[{"MeasuredDoseReferenceNumber": 1}],
        TreatmentSessionBeamSequence=[
            {
                "ReferencedBeamNumber": 1,
                "CurrentFractionNumber": 1,
                "NumberOfControlPoints": 2,
                "ReferencedMeasuredDoseReferenceSequence": [
                    {"ReferencedMeasuredDoseReferenceNumber": 1}
                ],
                "ControlPointDeliverySequence": [{"DeliveredMeterset": each} for each in (0, 100)],
            }
        ],
    )


def course() -> Release:
    """Return the CT of a patient with structure set, plan, dose, portal image and record."""
    release = ct()
    for path, dataset in (
        (STRUCTURES, structures()),
        (PLAN, plan()),
        (DOSE, dose()),
        (IMAGE, image()),
        (RECORD, record()),
    ):
        release.add(path, dataset)
    return made_up(release)


def structures_alone() -> Release:
    """Return a structure set without the CT that it was drawn on."""
    release = Release()
    release.add(STRUCTURES, structures())
    return made_up(release)


def sets(path: str, **values: Any) -> Change:
    """Return what sets attributes of one object."""
    return lambda release: release.instances[path].update(dataset_of(values))


def drops(path: str, keyword: str) -> Change:
    """Return what takes an attribute out of one object."""
    return lambda release: delattr(release.instances[path], keyword)


def at(path: str, *steps: str | int, **values: Any) -> Change:
    """Return what sets attributes of one item: sequences and numbers of items lead to it."""

    def change(release: Release) -> None:
        item: Any = release.instances[path]
        for step in steps:
            item = item[step]
        item.update(dataset_of(values))

    return change


ROI, CONTOUR, OBSERVATION = (
    "StructureSetROISequence",
    "ROIContourSequence",
    "RTROIObservationsSequence",
)
FIRST = (CONTOUR, 0, "ContourSequence", 0)
LISTED = ("ReferencedFrameOfReferenceSequence", 0)
BEAMS, GROUP = "BeamSequence", ("FractionGroupSequence", 0)
MOVED = [2, 2, 5, 10, 2, 5, 10, 10, 5, 2, 10, 12]
BESIDE = [502, 2, 5, 510, 2, 5, 510, 10, 5, 502, 10, 5]
BEHIND = [2, 2, 15, 10, 2, 15, 10, 10, 15, 2, 10, 15]


def cut_off(release: Release) -> None:
    contour = release.instances[STRUCTURES][CONTOUR][0]["ContourSequence"][0]
    contour.ContourData = list(contour.ContourData)[:-1]


def second_series(release: Release) -> None:
    """Draw on a slice of another series, which is there and not listed."""
    dataset = ct_slice(1, 1)
    new = {"SeriesInstanceUID": uid("second series"), "SOPInstanceUID": uid("second image")}
    dataset.update(dataset_of(new))
    release.add("case-001/second.dcm", dataset)
    made_up(release)
    at(STRUCTURES, *FIRST, "ContourImageSequence", 0, ReferencedSOPInstanceUID=uid("second image"))(
        release
    )


def undrawn(release: Release) -> None:
    del release.instances[STRUCTURES][CONTOUR].value[1]


def relates(number: int) -> list[dict[str, Any]]:
    return [{"ReferencedROINumber": number}]


def renamed(release: Release) -> None:
    """Give the structure set a new UID, and leave what refers to it."""
    dataset = release.instances[STRUCTURES]
    dataset.update(dataset_of({"SOPInstanceUID": uid("new")}))
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID


def picture_of_a_plan(release: Release) -> None:
    dataset = release.instances[IMAGE]
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    dataset.Modality = "RTPLAN"


CASES = (
    Planted(
        "picture", "A secondary capture of a plan whose Modality is RTPLAN", picture_of_a_plan,
        ("RT002",), course,
    ),
    Planted(
        "roi twice", "Two ROIs with one ROI Number", at(STRUCTURES, ROI, 1, ROINumber=1),
        ("RT101",), course,
    ),
    Planted(
        "contour of nothing", "Contours of an ROI that does not exist",
        at(STRUCTURES, CONTOUR, 0, ReferencedROINumber=7), ("RT101", "RT102"), course,
    ),
    Planted("empty", "An ROI without contours", undrawn, ("RT102",), course),
    Planted("cut off", "Contour Data that lacks its last number", cut_off, ("RT103",), course),
    Planted(
        "miscounted points", "Number of Contour Points is one more than there are",
        at(STRUCTURES, *FIRST, NumberOfContourPoints=5), ("RT103",), course,
    ),
    Planted(
        "no plane", "A planar contour whose last point lies in the next slice",
        at(STRUCTURES, *FIRST, ContourData=MOVED), ("RT104",), course,
    ),
    Planted(
        "line", "A closed contour of points on one line",
        at(
            STRUCTURES, *FIRST, NumberOfContourPoints=3,
            ContourData=[2, 2, 5, 4, 4, 5, 6, 6, 5],
        ),
        ("RT105",), course,
    ),
    Planted(
        "names", "Two ROIs with one ROI Name", at(STRUCTURES, ROI, 1, ROIName="LUNG_L"),
        ("RT106",), course,
    ),
    Planted(
        "words of the clinic", "An ROI that is not named by the nomenclature",
        at(STRUCTURES, ROI, 1, ROIName="target, small"), ("RT107",), course,
    ),
    Planted(
        "frame of an roi", "An ROI in a frame of reference that is not listed",
        at(STRUCTURES, ROI, 0, ReferencedFrameOfReferenceUID=uid("other frame")), ("RT108",),
        course,
    ),
    Planted(
        "other series", "A contour on an image of a series that the structure set does not list",
        second_series, ("RT109",), course,
    ),
    Planted(
        "colour", "An ROI whose colour has a part above 255",
        at(STRUCTURES, CONTOUR, 0, ROIDisplayColor=[300, 0, 0]), ("RT111",), course,
    ),
    Planted(
        "observations", "Two observations with one number",
        at(STRUCTURES, OBSERVATION, 1, ObservationNumber=1), ("RT110",), course,
    ),
    Planted(
        "related", "An observation that relates an ROI that was deleted",
        at(STRUCTURES, OBSERVATION, 0, RTRelatedROISequence=relates(9)), ("RT110",), course,
    ),
    Planted(
        "frame of the list", "A structure set that lists another frame of reference than its CT's",
        at(STRUCTURES, *LISTED, FrameOfReferenceUID=uid("other frame")), ("REF007", "RT108"),
        course,
    ),
    Planted(
        "off the slice", "A contour 5 mm off the slice that it names",
        at(STRUCTURES, *FIRST, **square(1, z=10)), ("REF013",), course,
    ),
    Planted(
        "beyond the image", "A contour that leaves the image that it names",
        at(STRUCTURES, *FIRST, **square(1, size=40)), ("REF013",), course,
    ),
    Planted(
        "other frame", "A contour of the first frame of an enhanced CT that names the second",
        at(STRUCTURES, *FIRST, "ContourImageSequence", 0, ReferencedFrameNumber=2), ("REF013",),
        in_frames,
    ),
    Planted(
        "beside the frame", "A contour in the plane of its frame, 500 mm beside rows and columns",
        at(STRUCTURES, *FIRST, ContourData=BESIDE), ("REF013",), in_frames,
    ),
    Planted(
        "no frame", "A contour that names an enhanced CT and lies in the plane of no frame of it",
        at(STRUCTURES, *FIRST, ContourData=BEHIND), ("REF013",), in_an_image,
    ),
    Planted(
        "beams", "Two beams with one number", at(PLAN, BEAMS, 1, BeamNumber=1),
        ("RT201", "RT202"), course,
    ),
    Planted(
        "beam of the group", "A fraction group that refers to a beam that was removed",
        at(PLAN, *GROUP, "ReferencedBeamSequence", 1, ReferencedBeamNumber=3), ("RT202", "RT206"),
        course,
    ),
    Planted(
        "points", "A beam with fewer control points than it says",
        at(PLAN, BEAMS, 0, NumberOfControlPoints=4), ("RT203",), course,
    ),
    Planted(
        "leaves", "A collimator of two pairs of leaves with two boundaries",
        at(
            PLAN, BEAMS, 0,
            BeamLimitingDeviceSequence=[
                {
                    "RTBeamLimitingDeviceType": "MLCX",
                    "NumberOfLeafJawPairs": "2",
                    "LeafPositionBoundaries": [0, 5],
                }
            ],
        ),
        ("RT210",), course,
    ),
    Planted(
        "number of beams", "Number of Beams that differs from the beams of the fraction group",
        at(PLAN, *GROUP, NumberOfBeams=3), ("RT203",), course,
    ),
    Planted(
        "weights", "A cumulative meterset weight that falls",
        at(PLAN, BEAMS, 0, "ControlPointSequence", 1, CumulativeMetersetWeight=2), ("RT204",),
        course,
    ),
    Planted(
        "final weight", "A last weight that is not the final one",
        at(PLAN, BEAMS, 0, FinalCumulativeMetersetWeight=2), ("RT204",), course,
    ),
    Planted(
        "no structure set", "A plan for a patient that names no structure set",
        drops(PLAN, "ReferencedStructureSetSequence"), ("RT205",), course,
    ),
    Planted(
        "approved", "APPROVED without Review Date", drops(PLAN, "ReviewDate"), ("RT207",), course
    ),
    Planted(
        "status", "An Approval Status that is no term", sets(STRUCTURES, ApprovalStatus="YES"),
        ("RT207",), course,
    ),
    Planted(
        "kind", "A dose whose Referenced RT Plan Sequence names the structure set",
        at(
            DOSE, "ReferencedRTPlanSequence", 0,
            **refers(RT_STRUCTURE_SET, other("structures")),
        ),
        ("RT208",), course,
    ),
    Planted(
        "new structure set", "A structure set with a new UID, and a plan that names the old one",
        renamed, ("RT502",), course,
    ),
    Planted(
        "other plan", "A dose of a plan that is not there, though another is",
        at(DOSE, "ReferencedRTPlanSequence", 0, ReferencedSOPInstanceUID=uid("old plan")),
        ("RT502",), course,
    ),
    Planted(
        "measured", "A record that refers to a measured dose that it does not have",
        drops(RECORD, "MeasuredDoseReferenceSequence"), ("RT209",), course,
    ),
    Planted("unit", "A dose in CGY", sets(DOSE, DoseUnits="CGY"), ("RT301",), course),
    Planted(
        "sum", "A Dose Summation Type that is no term", sets(DOSE, DoseSummationType="TOTAL"),
        ("RT302",), course,
    ),
    Planted(
        "scaling", "A Dose Grid Scaling of 0", sets(DOSE, DoseGridScaling="0"), ("RT303",), course
    ),
    Planted(
        "offsets", "One offset fewer than the dose has planes",
        sets(DOSE, GridFrameOffsetVector=[0, 5]), ("RT304",), course,
    ),
    Planted(
        "turned offsets", "Offsets that rise and fall",
        sets(DOSE, GridFrameOffsetVector=[0, 10, 5]), ("RT304",), course,
    ),
    Planted(
        "beam of the dose", "A dose of one beam that names no beam",
        sets(DOSE, DoseSummationType="BEAM"), ("RT305",), course,
    ),
    Planted(
        "signed", "A dose of signed pixels", sets(DOSE, PixelRepresentation=1), ("RT306",), course
    ),
    Planted(
        "frame of the dose", "A dose in a frame of reference of its own",
        sets(DOSE, FrameOfReferenceUID=uid("other frame")), ("RT501",), course,
    ),
    Planted(
        "histogram type", "A dose-volume histogram that is neither cumulative nor differential",
        at(DOSE, "DVHSequence", 0, DVHType="TOTAL"), ("RT307",), course,
    ),
    Planted(
        "histogram units", "A dose-volume histogram in CC",
        at(DOSE, "DVHSequence", 0, DVHVolumeUnits="CC"), ("RT302",), course,
    ),
    Planted(
        "histogram cut", "A dose-volume histogram that lost its last bin",
        at(DOSE, "DVHSequence", 0, DVHData=[1, 8, 1, 5]), ("RT308",), course,
    ),
    Planted(
        "histogram kind", "A differential histogram that is called cumulative",
        at(DOSE, "DVHSequence", 0, DVHData=[1, 0, 1, 8, 1, 5]), ("RT308",), course,
    ),
    Planted(
        "histogram mean", "A mean dose in cGy between a minimum and a maximum in Gy",
        at(DOSE, "DVHSequence", 0, DVHMeanDose=150), ("RT309",), course,
    ),
    Planted(
        "histogram roi", "A dose-volume histogram of an ROI that the structure set does not have",
        at(DOSE, "DVHSequence", 0, "DVHReferencedROISequence", 0, ReferencedROINumber=9),
        ("RT503",), course,
    ),
    Planted(
        "beam of the image", "A portal image of a beam of no plan",
        drops(IMAGE, "ReferencedRTPlanSequence"), ("RT401",), course,
    ),
    Planted(
        "beam of the record", "A treatment record of a beam that the plan does not have",
        at(RECORD, "TreatmentSessionBeamSequence", 0, ReferencedBeamNumber=3), ("RT503",), course,
    ),
    Planted(
        "roi of the plan", "A prescription to an ROI that the structure set does not have",
        sets(
            PLAN,
            DoseReferenceSequence=[{"DoseReferenceNumber": 1, "ReferencedROINumber": 9}],
        ),
        ("RT503",), course,
    ),
    # Beside no CT: what is wrong in the structure set itself is found all the same.
    Planted(
        "without its images", "The same contour cut off, in a structure set without its CT",
        cut_off, ("RT103",), structures_alone,
    ),
)  # fmt: skip
