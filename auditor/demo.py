"""Two small generated repositories to try an audit on, one careful and one careless.

Everything in them is artificial: drawn circles, fixed dates, names such as ``PLANTED^IDENTITY``.
The files are the same on every run. What is wrong with the careless one is listed in
``docs/demo.md``, so that what an audit finds can be counted against what is there.

This module needs pydicom at once; import it where the demonstration is asked for.
"""

from __future__ import annotations

import gzip
import shutil
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom.data
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import generate_uid

ROOT_UID = "1.2.826.0.1.3680043.10.1999.7."
SIZE = 32  # rows and columns of every image
SPACING = 4.0  # mm, in all three directions
NOTE = "dicom-audit-demo.txt"
NOTE_TEXT = "Made by `dicom-audit demo`, which replaces the folders beside this file.\n"

Content = Mapping[str, Any]
"""Keyword to value; a mapping or a list of mappings is a sequence."""


@dataclass(frozen=True, slots=True)
class DemoCollection:
    """A collection of the demonstration: its name, who hosts it, where it lies."""

    name: str
    repository: str
    path: Path


def demo_collections(folder: Path) -> list[DemoCollection]:
    """Build the two repositories under `folder` and add the files that come with pydicom.

    Raises
    ------
    FileExistsError
        If `folder` holds something that the demonstration did not make.
    OSError
        If `folder` cannot be written.
    """
    bundled = Path(pydicom.data.__file__).parent
    return [
        *build_demo(folder),
        DemoCollection("test_files", "pydicom", bundled / "test_files"),
        DemoCollection("charset_files", "pydicom", bundled / "charset_files"),
    ]


def build_demo(folder: Path) -> list[DemoCollection]:
    """Write the two generated repositories under `folder`, replacing those of an earlier run.

    Raises
    ------
    FileExistsError
        If `folder` holds something that the demonstration did not make.
    OSError
        If `folder` cannot be written.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / NOTE).is_file():
        raise FileExistsError(f"{folder} is not empty and was not made by the demonstration")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NOTE).write_text(NOTE_TEXT, encoding="utf-8")
    careful, careless = folder / "careful-archive", folder / "careless-host"
    for each in (careful, careless):
        shutil.rmtree(each, ignore_errors=True)
    _careful_lung(careful / "lung-ct")
    _careful_brain(careful / "brain-mr")
    _careless_chest(careless / "chest-ct")
    _careless_brain(careless / "brain-mr")
    _careless_breast(careless / "breast-sc")
    return [
        DemoCollection("lung-ct", "Careful Archive", careful / "lung-ct"),
        DemoCollection("brain-mr", "Careful Archive", careful / "brain-mr"),
        DemoCollection("chest-ct", "Careless Host", careless / "chest-ct"),
        DemoCollection("brain-mr", "Careless Host", careless / "brain-mr"),
        DemoCollection("breast-sc", "Careless Host", careless / "breast-sc"),
    ]


# The collections ------------------------------------------------------------------------


def _careful_lung(folder: Path) -> None:
    """Two patients: a CT series with its SEG, its RTSTRUCT and an SR that measures the SEG."""
    for number in (1, 2):
        patient = _deidentified(f"LUNG-{number:03}", "F" if number == 1 else "M")
        series = _ct_series(patient, "careful", f"lung{number}")
        segmentation = _segmentation(series, series[2:5])
        _write_series(folder / f"LUNG-{number:03}" / "ct", series)
        _write(folder / f"LUNG-{number:03}" / "seg.dcm", segmentation)
        _write(folder / f"LUNG-{number:03}" / "sr.dcm", _report(series, segmentation))
        _write(folder / f"LUNG-{number:03}" / "rtstruct.dcm", _structure_set(series))


def _careful_brain(folder: Path) -> None:
    """Two patients: an MR series with its SEG, and one private element known to be safe."""
    for number in (1, 2):
        patient = _deidentified(f"BRAIN-{number:03}", "M" if number == 1 else "F")
        series = _mr_series(patient, "careful", f"brain{number}")
        for image in series:
            # In the list of safe private attributes (PS3.15 Table E.3.10-1), and the method
            # code sequence says that these are retained (113111).
            image.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(
                0x0C, "IS", "1000"
            )
        _write_series(folder / f"BRAIN-{number:03}" / "mr", series)
        _write(folder / f"BRAIN-{number:03}" / "seg.dcm", _segmentation(series, series[3:6]))


def _careless_chest(folder: Path) -> None:
    """Broken files, identifiers under the flag that says there are none, foreign formats."""
    first, second, third = (
        _ct_series(_identified(f"DEMO-{number}"), "careless", f"chest{number}")
        for number in (1, 2, 3)
    )
    for image in first:
        # Group 0029, element 1010, and nobody reserved the block 10 (PS3.5 7.8.1).
        image.add_new(0x00291010, "LO", "NOT RESERVED")
    for image in second[4:]:
        image.StudyInstanceUID = _uid("careless", "chest2", "another study")
    third[0].StudyDescription = "<script>alert('demo')</script>"
    third[1].StudyDescription = "=HYPERLINK(0)"
    third[1].BurnedInAnnotation = "YES"
    segmentation = _segmentation(first, first[2:5])
    name = ("careless", "chest1")
    _refer(
        segmentation, [_image(_identified("DEMO-1"), CT, name, number) for number in (9, 10, 11)]
    )

    _write_series(folder / "1", first)
    _write_series(folder / "2", second)
    _write_series(folder / "3", third)
    _write(folder / "1" / "seg.dcm", segmentation)
    _write(folder / "copy" / "0001.dcm", first[0])
    twin = _ct_series(_identified("DEMO-1"), "careless", "chest1")[1]
    twin.PixelData = bytes(len(twin.PixelData))
    _write(folder / "copy" / "0002.dcm", twin)
    # The first place of the UID is in the file meta information; all UIDs made here are of one
    # length.
    other = _uid("careless", "another object")
    renamed = _encode(third[2]).replace(third[2].SOPInstanceUID.encode(), other.encode(), 1)
    (folder / "3" / "0003.dcm").write_bytes(renamed)
    (folder / "3" / "0004.dcm").write_bytes(b"MZ" + _encode(third[3])[2:])
    (folder / "3" / "0005.dcm").write_bytes(_encode(third[4])[:-SIZE])  # ends in the pixel data
    (folder / "3" / "0006.dcm").write_bytes(_encode(third[5])[: 3 * SIZE**2 // 4])  # in the header
    (folder / "3" / "0007.dcm").write_bytes(b"")
    (folder / "1" / "lesion.nii.gz").write_bytes(_nifti())
    (folder / "2" / "lesion.nrrd").write_bytes(_nrrd())
    (folder / "clinical.csv").write_text("PatientID,outcome\nDEMO-1,0\nDEMO-2,1\n")


def _careless_brain(folder: Path) -> None:
    """One patient of two sexes, a series of two modalities, objects that lack what they need."""
    patient = {**_identified("DEMO-4"), "PatientIdentityRemoved": "NO"}
    series = _mr_series(patient, "careless", "brain4")
    for image in series[:4]:
        image.PatientSex = "F"
    for image in series[6:]:
        image.Modality = "CT"
    unlabelled = _segmentation(series, series[3:6])
    segment = unlabelled.SegmentSequence[0]
    del segment.SegmentLabel
    unlabelled.SegmentSequence.append(segment)
    report = _report(series, unlabelled)
    del report.ContentTemplateSequence
    structure_set = _structure_set(_mr_series(patient, "careless", "never uploaded"))
    _write_series(folder / "mr", series)
    _write(folder / "seg.dcm", unlabelled)
    _write(folder / "sr.dcm", report)
    _write(folder / "rtstruct.dcm", structure_set)
    (folder / "tumour.nrrd").write_bytes(_nrrd())


def _careless_breast(folder: Path) -> None:
    """Every image is its own patient, every outline a PNG, and nothing tells how it was made."""
    rows = ["image,PatientID,pathology"]
    for number in range(1, 25):
        side = "LEFT" if number % 2 else "RIGHT"
        name = f"DEMO_{(number + 1) // 2:05}_{side}_CC_{number}"
        image = _secondary_capture(name, number)
        _write(folder / name / "image.dcm", image)
        (folder / name / "mask.png").write_bytes(_png())
        rows.append(f"{name}/image.dcm,{name},BENIGN")
    (folder / "outlines.csv").write_text("\n".join(rows) + "\n")


# Patients -------------------------------------------------------------------------------


def _deidentified(name: str, sex: str) -> Content:
    """Describe a patient as PS3.15 E.1.1 leaves one, with the options that were applied."""
    return {
        "PatientName": f"{name}^",  # a name without components is the retired form
        "PatientID": name,
        "PatientBirthDate": "",
        "PatientSex": sex,
        "PatientAge": "060Y",
        "PatientIdentityRemoved": "YES",
        "DeidentificationMethod": "PS3.15 Basic Profile with options, generated example",
        "DeidentificationMethodCodeSequence": [
            _code("113100", "DCM", "Basic Application Confidentiality Profile"),
            _code("113105", "DCM", "Clean Descriptors Option"),
            _code(
                "113107", "DCM", "Retain Longitudinal Temporal Information Modified Dates Option"
            ),
            _code("113108", "DCM", "Retain Patient Characteristics Option"),
            _code("113111", "DCM", "Retain Safe Private Option"),
        ],
        "LongitudinalTemporalInformationModified": "MODIFIED",
        "ReferringPhysicianName": "",
        "AccessionNumber": "",
        "StudyID": "",
    }


def _identified(patient_id: str) -> Content:
    """Describe a patient whom nobody de-identified, though the flag says so.

    The values are plainly planted, but not words such as DEMO: a rule may rightly take those
    for nobody's.
    """
    return {
        "PatientName": "PLANTED^IDENTITY",
        "PatientID": patient_id,
        "PatientBirthDate": "19010203",
        "PatientSex": "M",
        "OtherPatientNames": "PLANTED^ALIAS",
        "PatientIdentityRemoved": "YES",
        "ReferringPhysicianName": "PLANTED^REFERRER",
        "InstitutionName": "PLANTED HOSPITAL",
        "InstitutionAddress": "1 PLANTED STREET",
        "AccessionNumber": "PLANTED1",
        "StudyID": "1",
    }


# Images ---------------------------------------------------------------------------------

CT: Content = {
    "SOPClassUID": uid.CTImageStorage,
    "Modality": "CT",
    "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
    "SeriesDescription": "Phantom, soft tissue",
    "BodyPartExamined": "CHEST",
    "KVP": "120",
    "RescaleIntercept": "-1024",
    "RescaleSlope": "1",
    "RescaleType": "HU",
    "WindowCenter": "40",
    "WindowWidth": "400",
}
MR: Content = {
    "SOPClassUID": uid.MRImageStorage,
    "Modality": "MR",
    "ImageType": ["ORIGINAL", "PRIMARY", "OTHER"],
    "SeriesDescription": "Phantom, T2 weighted",
    "BodyPartExamined": "HEAD",
    "ScanningSequence": "SE",
    "SequenceVariant": "NONE",
    "ScanOptions": "",
    "MRAcquisitionType": "2D",
    "RepetitionTime": "4000",
    "EchoTime": "90",
    "EchoTrainLength": "1",
    "MagneticFieldStrength": "3",
}


def _ct_series(patient: Content, *name: str) -> list[Dataset]:
    return [_image(patient, CT, name, number) for number in range(1, 9)]


def _mr_series(patient: Content, *name: str) -> list[Dataset]:
    return [_image(patient, MR, name, number) for number in range(1, 9)]


def _image(patient: Content, modality: Content, name: Sequence[str], number: int) -> Dataset:
    """Make one slice of a drawn phantom: a disc with a brighter disc in it."""
    return _dataset(
        {
            **patient,
            **modality,
            **_of_study(name),
            **_equipment(),
            **_plane(name),
            "SOPInstanceUID": _uid(*name, "image", str(number)),
            "SeriesInstanceUID": _uid(*name, "images"),
            "SeriesNumber": 1,
            "AcquisitionNumber": 1,
            "InstanceNumber": number,
            **_of_content(),
            "AcquisitionDate": "20000101",
            "AcquisitionTime": "100100",
            "PatientPosition": "HFS",
            "SliceThickness": SPACING,
            "PixelSpacing": [SPACING, SPACING],
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
            "ImagePositionPatient": _position(number),
            "BurnedInAnnotation": "NO",
            "RecognizableVisualFeatures": "NO",
            "SamplesPerPixel": 1,
            "PhotometricInterpretation": "MONOCHROME2",
            "Rows": SIZE,
            "Columns": SIZE,
            "BitsAllocated": 16,
            "BitsStored": 16,
            "HighBit": 15,
            "PixelRepresentation": 0,
            "PixelData": struct.pack(
                f"<{SIZE * SIZE}H",
                *(1100 if lesion else 1024 if body else 24 for body, lesion in _phantom(number)),
            ),
        }
    )


def _secondary_capture(name: str, number: int) -> Dataset:
    """Make a Secondary Capture without the Conversion Type that it needs (PS3.3 C.8.6.1)."""
    return _dataset(
        {
            "SOPClassUID": uid.SecondaryCaptureImageStorage,
            "SOPInstanceUID": _uid("careless", "breast", str(number)),
            "StudyInstanceUID": _uid("careless", "breast study", str(number)),
            "SeriesInstanceUID": _uid("careless", "breast series", str(number)),
            "PatientName": f"{name}^",
            "PatientID": name,
            "PatientBirthDate": "",
            "PatientSex": "",
            "StudyDate": "20000101",
            "StudyTime": "100000",
            "StudyID": "",
            "AccessionNumber": "",
            "ReferringPhysicianName": "",
            "Modality": "MG",
            "SeriesNumber": 1,
            "InstanceNumber": 1,
            "BodyPartExamined": "BREAST",
            "Laterality": "L" if "LEFT" in name else "R",
            "PatientOrientation": "",
            "SamplesPerPixel": 1,
            "PhotometricInterpretation": "MONOCHROME2",
            "Rows": SIZE,
            "Columns": SIZE,
            "BitsAllocated": 8,
            "BitsStored": 8,
            "HighBit": 7,
            "PixelRepresentation": 0,
            "PixelData": bytes(200 if lesion else 90 for _, lesion in _phantom(4)),
        }
    )


def _of_study(name: Sequence[str]) -> Content:
    """Return what all objects of a study share."""
    return {
        "StudyInstanceUID": _uid(*name, "study"),
        "StudyDate": "20000101",
        "StudyTime": "100000",
        "SeriesDate": "20000101",
        "SeriesTime": "100000",
    }


def _of_content() -> Content:
    return {"ContentDate": "20000101", "ContentTime": "100200"}


def _equipment() -> Content:
    return {
        "Manufacturer": "Demo Scanners",
        "ManufacturerModelName": "Demo One",
        "DeviceSerialNumber": "0",
        "SoftwareVersions": "1",
    }


def _plane(name: Sequence[str]) -> Content:
    return {
        "FrameOfReferenceUID": _uid(*name, "frame of reference"),
        "PositionReferenceIndicator": "",
    }


def _position(number: int) -> list[float]:
    """Return the centre of the first voxel of a slice, in mm."""
    corner = -SPACING * (SIZE - 1) / 2
    return [corner, corner, SPACING * number]


def _phantom(number: int) -> list[tuple[bool, bool]]:
    """Say of every pixel of a slice whether it is in the body and whether in the lesion."""
    middle = (SIZE - 1) / 2
    squares = [
        ((row - middle) ** 2, (column - middle) ** 2)
        for row in range(SIZE)
        for column in range(SIZE)
    ]
    return [(sum(each) < 200, sum(each) < 16 and 3 <= number <= 6) for each in squares]


# Objects that refer to images -----------------------------------------------------------


def _segmentation(series: Sequence[Dataset], images: Sequence[Dataset]) -> Dataset:
    """Make a binary SEG of one segment with a frame for each of `images`."""
    series_name = str(series[0].SeriesInstanceUID)
    organization = _uid(series_name, "dimensions")
    frames = [
        {
            "FrameContentSequence": {"DimensionIndexValues": [1, index]},
            "PlanePositionSequence": {"ImagePositionPatient": list(image.ImagePositionPatient)},
        }
        for index, image in enumerate(images, start=1)
    ]
    dataset = _dataset(
        {
            **_inherited(series[0]),
            **_equipment(),
            "SOPClassUID": uid.SegmentationStorage,
            "SOPInstanceUID": _uid(series_name, "seg"),
            "SeriesInstanceUID": _uid(series_name, "seg series"),
            "Modality": "SEG",
            "SeriesNumber": 2,
            "SeriesDescription": "Phantom, segmentation",
            "InstanceNumber": 1,
            "FrameOfReferenceUID": series[0].FrameOfReferenceUID,
            "PositionReferenceIndicator": "",
            "ImageType": ["DERIVED", "PRIMARY"],
            **_of_content(),
            "ContentLabel": "LESION",
            "ContentDescription": "Lesion of a phantom",
            "ContentCreatorName": "",
            "BurnedInAnnotation": "NO",
            "LossyImageCompression": "00",
            "SegmentationType": "BINARY",
            "SegmentsOverlap": "NO",
            "SegmentSequence": [
                {
                    "SegmentNumber": 1,
                    "SegmentLabel": "Lesion",
                    "SegmentDescription": "The brighter disc",
                    "SegmentAlgorithmType": "AUTOMATIC",
                    "SegmentAlgorithmName": "Drawn",
                    "SegmentationAlgorithmIdentificationSequence": {
                        "AlgorithmFamilyCodeSequence": _code(
                            "123110", "DCM", "Artificial Intelligence"
                        ),
                        "AlgorithmName": "Drawn",
                        "AlgorithmVersion": "1",
                    },
                    "SegmentedPropertyCategoryCodeSequence": _code(
                        "49755003", "SCT", "Morphologically Altered Structure"
                    ),
                    "SegmentedPropertyTypeCodeSequence": _code("52988006", "SCT", "Lesion"),
                }
            ],
            "DimensionOrganizationSequence": [{"DimensionOrganizationUID": organization}],
            "DimensionIndexSequence": [
                {
                    "DimensionOrganizationUID": organization,
                    "DimensionIndexPointer": 0x0062000B,  # Referenced Segment Number
                    "FunctionalGroupPointer": 0x0062000A,
                },
                {
                    "DimensionOrganizationUID": organization,
                    "DimensionIndexPointer": 0x00200032,  # Image Position (Patient)
                    "FunctionalGroupPointer": 0x00209113,
                },
            ],
            "SharedFunctionalGroupsSequence": [
                {
                    "PixelMeasuresSequence": {
                        "PixelSpacing": [SPACING, SPACING],
                        "SliceThickness": SPACING,
                        "SpacingBetweenSlices": SPACING,
                    },
                    "PlaneOrientationSequence": {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]},
                    "SegmentIdentificationSequence": {"ReferencedSegmentNumber": 1},
                }
            ],
            "PerFrameFunctionalGroupsSequence": frames,
            "NumberOfFrames": len(frames),
            "SamplesPerPixel": 1,
            "PhotometricInterpretation": "MONOCHROME2",
            "Rows": SIZE,
            "Columns": SIZE,
            "BitsAllocated": 1,
            "BitsStored": 1,
            "HighBit": 0,
            "PixelRepresentation": 0,
            "PixelData": b"".join(_mask(int(image.InstanceNumber)) for image in images),
        }
    )
    _refer(dataset, images)
    return dataset


def _refer(segmentation: Dataset, images: Sequence[Dataset]) -> None:
    """Let the frames of a SEG say that they come from `images`, one each (PS3.3 C.7.6.16.2.6)."""
    for frame, image in zip(segmentation.PerFrameFunctionalGroupsSequence, images, strict=True):
        source = {
            **_reference(image),
            "PurposeOfReferenceCodeSequence": _code(
                "121322", "DCM", "Source image for image processing operation"
            ),
        }
        derivation = {
            "DerivationCodeSequence": _code("113076", "DCM", "Segmentation"),
            "SourceImageSequence": source,
        }
        frame.DerivationImageSequence = [_dataset(derivation)]
    segmentation.ReferencedSeriesSequence = [
        _dataset(
            {
                "SeriesInstanceUID": images[0].SeriesInstanceUID,
                "ReferencedInstanceSequence": [_reference(image) for image in images],
            }
        )
    ]


def _structure_set(series: Sequence[Dataset]) -> Dataset:
    """Make an RT Structure Set with one ROI, drawn as a square on the third image."""
    series_name, image = str(series[0].SeriesInstanceUID), series[2]
    frame_of_reference = image.FrameOfReferenceUID
    depth = image.ImagePositionPatient[2]
    corners = [(-16, -16), (16, -16), (16, 16), (-16, 16)]
    return _dataset(
        {
            **_inherited(series[0]),
            **_equipment(),
            "SOPClassUID": uid.RTStructureSetStorage,
            "SOPInstanceUID": _uid(series_name, "rtstruct"),
            "SeriesInstanceUID": _uid(series_name, "rtstruct series"),
            "Modality": "RTSTRUCT",
            "SeriesNumber": 3,
            "SeriesDescription": "Phantom, structure set",
            "OperatorsName": "",
            "InstanceNumber": 1,
            "FrameOfReferenceUID": frame_of_reference,
            "PositionReferenceIndicator": "",
            "StructureSetLabel": "Lesion",
            "StructureSetDate": "20000101",
            "StructureSetTime": "100300",
            "ApprovalStatus": "UNAPPROVED",
            "ReferencedFrameOfReferenceSequence": [
                {
                    "FrameOfReferenceUID": frame_of_reference,
                    "RTReferencedStudySequence": {
                        # Detached Study Management, retired, and still what this refers to.
                        "ReferencedSOPClassUID": "1.2.840.10008.3.1.2.3.1",
                        "ReferencedSOPInstanceUID": image.StudyInstanceUID,
                        "RTReferencedSeriesSequence": {
                            "SeriesInstanceUID": image.SeriesInstanceUID,
                            "ContourImageSequence": [_reference(each) for each in series],
                        },
                    },
                }
            ],
            "StructureSetROISequence": [
                {
                    "ROINumber": 1,
                    "ReferencedFrameOfReferenceUID": frame_of_reference,
                    "ROIName": "Lesion",
                    "ROIGenerationAlgorithm": "AUTOMATIC",
                }
            ],
            "ROIContourSequence": [
                {
                    "ReferencedROINumber": 1,
                    "ROIDisplayColor": [255, 0, 0],
                    "ContourSequence": {
                        "ContourImageSequence": _reference(image),
                        "ContourGeometricType": "CLOSED_PLANAR",
                        "NumberOfContourPoints": len(corners),
                        "ContourData": [part for x, y in corners for part in (x, y, depth)],
                    },
                }
            ],
            "RTROIObservationsSequence": [
                {
                    "ObservationNumber": 1,
                    "ReferencedROINumber": 1,
                    "RTROIInterpretedType": "GTV",
                    "ROIInterpreter": "",
                }
            ],
        }
    )


def _report(series: Sequence[Dataset], segmentation: Dataset) -> Dataset:
    """Make an SR of TID 1500 with one volumetric measurement group (TID 1411)."""
    series_name = str(series[0].SeriesInstanceUID)
    voxel = SPACING**3
    volume = voxel * sum(byte.bit_count() for byte in segmentation.PixelData)
    segment = {
        "RelationshipType": "CONTAINS",
        "ValueType": "IMAGE",
        "ConceptNameCodeSequence": _code("121191", "DCM", "Referenced Segment"),
        "ReferencedSOPSequence": {**_reference(segmentation), "ReferencedSegmentNumber": 1},
    }
    group = _container(
        "125007",
        "Measurement Group",
        "CONTAINS",
        [
            _text("112039", "Tracking Identifier", "Lesion 1", "HAS OBS CONTEXT"),
            _uid_reference(
                "112040",
                "Tracking Unique Identifier",
                _uid(series_name, "lesion"),
                "HAS OBS CONTEXT",
            ),
            _concept("121071", "Finding", _code("52988006", "SCT", "Lesion"), "CONTAINS"),
            segment,
            _uid_reference("121232", "Source series for segmentation", series_name, "CONTAINS"),
            _number(_code("118565006", "SCT", "Volume"), volume, _code("mm3", "UCUM", "mm3")),
        ],
        template="1411",
    )
    library = _container(
        "126200",
        "Image Library Group",
        "CONTAINS",
        [
            {
                "RelationshipType": "CONTAINS",
                "ValueType": "IMAGE",
                "ReferencedSOPSequence": _reference(image),
            }
            for image in series
        ],
    )
    country = {
        **_concept("121046", "Country of Language", _code("US", "ISO3166_1", "United States"), ""),
        "RelationshipType": "HAS CONCEPT MOD",
    }
    language = _concept(
        "121049", "Language of Content Item and Descendants", _code("eng", "RFC5646", "English"), ""
    )
    content = [
        {**language, "RelationshipType": "HAS CONCEPT MOD", "ContentSequence": [country]},
        _concept("121005", "Observer Type", _code("121007", "DCM", "Device"), "HAS OBS CONTEXT"),
        _uid_reference(
            "121012", "Device Observer UID", _uid("careful", "observer"), "HAS OBS CONTEXT"
        ),
        _concept(
            "121058",
            "Procedure reported",
            _code("363679005", "SCT", "Imaging procedure"),
            "HAS CONCEPT MOD",
        ),
        _container("111028", "Image Library", "CONTAINS", [library], template="1600"),
        _container("126010", "Imaging Measurements", "CONTAINS", [group]),
    ]
    root = _container("126000", "Imaging Measurement Report", "", content, template="1500")
    del root["RelationshipType"]
    return _dataset(
        {
            **_inherited(series[0]),
            **_equipment(),
            **root,
            "SOPClassUID": uid.Comprehensive3DSRStorage,
            "SOPInstanceUID": _uid(series_name, "sr"),
            "SeriesInstanceUID": _uid(series_name, "sr series"),
            "Modality": "SR",
            "SeriesNumber": 4,
            "SeriesDescription": "Phantom, measurements",
            "InstanceNumber": 1,
            **_of_content(),
            "CompletionFlag": "COMPLETE",
            "VerificationFlag": "UNVERIFIED",
            "ReferencedPerformedProcedureStepSequence": [],
            "PerformedProcedureCodeSequence": [],
            "CurrentRequestedProcedureEvidenceSequence": [
                {
                    "StudyInstanceUID": series[0].StudyInstanceUID,
                    "ReferencedSeriesSequence": [
                        {
                            "SeriesInstanceUID": objects[0].SeriesInstanceUID,
                            "ReferencedSOPSequence": [_reference(each) for each in objects],
                        }
                        for objects in (list(series), [segmentation])
                    ],
                }
            ],
        }
    )


def _inherited(image: Dataset) -> dict[str, Any]:
    """Return what an object made from `image` says of patient and study like the image does."""
    shared = (*_deidentified("", ""), *_identified(""), *_of_study(()))
    return {keyword: image[keyword].value for keyword in shared if keyword in image}


def _reference(dataset: Dataset) -> Content:
    return {
        "ReferencedSOPClassUID": dataset.SOPClassUID,
        "ReferencedSOPInstanceUID": dataset.SOPInstanceUID,
    }


def _code(value: str, scheme: str, meaning: str) -> Content:
    return {"CodeValue": value, "CodingSchemeDesignator": scheme, "CodeMeaning": meaning}


def _container(
    code: str,
    meaning: str,
    relationship: str,
    content: Sequence[Content],
    template: str = "",
) -> dict[str, Any]:
    item: dict[str, Any] = {
        "RelationshipType": relationship,
        "ValueType": "CONTAINER",
        "ConceptNameCodeSequence": _code(code, "DCM", meaning),
        "ContinuityOfContent": "SEPARATE",
        "ContentSequence": content,
    }
    if template:
        item["ContentTemplateSequence"] = {
            "MappingResource": "DCMR",
            "TemplateIdentifier": template,
        }
    return item


def _concept(code: str, meaning: str, value: Content, relationship: str) -> Content:
    return {
        "RelationshipType": relationship,
        "ValueType": "CODE",
        "ConceptNameCodeSequence": _code(code, "DCM", meaning),
        "ConceptCodeSequence": value,
    }


def _text(code: str, meaning: str, value: str, relationship: str) -> Content:
    return {
        "RelationshipType": relationship,
        "ValueType": "TEXT",
        "ConceptNameCodeSequence": _code(code, "DCM", meaning),
        "TextValue": value,
    }


def _uid_reference(code: str, meaning: str, value: str, relationship: str) -> Content:
    return {
        "RelationshipType": relationship,
        "ValueType": "UIDREF",
        "ConceptNameCodeSequence": _code(code, "DCM", meaning),
        "UID": value,
    }


def _number(name: Content, value: float, unit: Content) -> Content:
    return {
        "RelationshipType": "CONTAINS",
        "ValueType": "NUM",
        "ConceptNameCodeSequence": name,
        "MeasuredValueSequence": {
            "NumericValue": value,
            "MeasurementUnitsCodeSequence": unit,
        },
    }


# Encoding -------------------------------------------------------------------------------


def _uid(*name: str) -> str:
    """Derive a UID from a name: the same name gives the same UID everywhere."""
    return str(generate_uid(prefix=ROOT_UID, entropy_srcs=["dicom-audit demo", *name]))


def _dataset(content: Content) -> Dataset:
    """Make a data set of keywords; a mapping is a sequence of one item, a list of them of more."""
    dataset = Dataset()
    for keyword, value in content.items():
        if isinstance(value, Mapping):
            plain: Any = [_dataset(value)]
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            plain = [_dataset(item) for item in value]
        else:
            plain = value
        setattr(dataset, keyword, plain)
    if "PixelData" in dataset:
        dataset["PixelData"].VR = "OB" if dataset.BitsAllocated <= 8 else "OW"
    return dataset


def _write_series(folder: Path, series: Sequence[Dataset]) -> None:
    for image in series:
        _write(folder / f"{int(image.InstanceNumber):04}.dcm", image)


def _write(path: Path, dataset: Dataset) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_encode(dataset))


def _encode(dataset: Dataset) -> bytes:
    """Encode a Part 10 file."""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    # pydicom would put its own version here, and the files would differ with it.
    dataset.file_meta.ImplementationClassUID = uid.UID(ROOT_UID + "1")
    dataset.file_meta.ImplementationVersionName = "DICOM_AUDIT_DEMO"
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _mask(number: int) -> bytes:
    """Pack the lesion of a slice, first pixel in the lowest bit (PS3.5 8.1.1)."""
    bits = "".join("1" if lesion else "0" for _, lesion in _phantom(number))
    return int(bits[::-1], 2).to_bytes(SIZE * SIZE // 8, "little")


# Annotation in other formats. They are stored, not compressed: what a compressor writes
# depends on its version.


def _nifti() -> bytes:
    """Return a gzipped NIfTI-1 file with one slice of 8-bit labels."""
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)  # sizeof_hdr
    struct.pack_into("<8h", header, 40, 3, SIZE, SIZE, 1, 1, 1, 1, 1)  # dim
    struct.pack_into("<2h", header, 70, 2, 8)  # datatype: unsigned char, bitpix
    struct.pack_into("<4f", header, 76, 1, SPACING, SPACING, SPACING)  # pixdim
    struct.pack_into("<f", header, 108, 352)  # vox_offset
    header[344:348] = b"n+1\0"
    return gzip.compress(bytes(header) + _labels(), compresslevel=0, mtime=0)


def _nrrd() -> bytes:
    header = f"NRRD0004\ntype: unsigned char\ndimension: 2\nsizes: {SIZE} {SIZE}\nencoding: raw\n\n"
    return header.encode("ascii") + _labels()


def _png() -> bytes:
    """Return an 8-bit grey PNG."""

    def chunk(name: bytes, content: bytes) -> bytes:
        body = name + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    labels = _labels()
    # Every row starts with the number of its filter, 0: none.
    rows = b"".join(b"\0" + labels[start : start + SIZE] for start in range(0, len(labels), SIZE))
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">2I5B", SIZE, SIZE, 8, 0, 0, 0, 0)),
            chunk(b"IDAT", zlib.compress(rows, level=0)),
            chunk(b"IEND", b""),
        ]
    )


def _labels() -> bytes:
    return bytes(int(lesion) for _, lesion in _phantom(4))
