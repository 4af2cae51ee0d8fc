"""Make the files that `run.py` measures on.

    python benchmarks/make_data.py bench-data             18,000 slices, 1.4 GB
    python benchmarks/make_data.py bench-data --memory    also 10,000 and 100,000 small slices

The mix is that of a collection: few series, many slices that differ in little. Half of the
slices are pydicom's ``CT_small.dcm`` (262 elements, most of them private), half its
``MR_small.dcm`` (73 elements), and one in nine is a slice as scanners write it (0.5 MB of
pixels, about 130 elements with sequences). Every slice has what is its own: SOP Instance UID
in file meta information and data set, Instance Number, Image Position (Patient), Slice
Location. Every series, study and patient has its own identifiers and dates.

A series is encoded once by pydicom; its slices are that with five elements replaced, so
18,000 files take seconds.
"""

from __future__ import annotations

import argparse
import random
import shutil
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pydicom
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

ROOT_UID = "1.2.826.0.1.3680043.10.1999"
SLICE_SPACING = 2.5


@dataclass(frozen=True)
class Kind:
    """How one kind of slice is made, and how many there are of it.

    The counts are the issue's: 8,000 + 8,000 + 2,000 slices in 160 + 160 + 20 series.
    """

    name: str
    number: int
    make: Callable[[], Dataset]
    series: int
    slices_per_series: int


def main() -> None:
    """Make the folders named on the command line, unless they are there already."""
    parser = argparse.ArgumentParser(description="make the data of the benchmark")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--memory", action="store_true", help="also 10,000 and 100,000 slices")
    arguments = parser.parse_args()
    make_once(
        arguments.folder / "18000",
        Kind("ct", 1, ct_small, 160, 50),
        Kind("mr", 2, mr_small, 160, 50),
        Kind("large", 3, large_slice, 20, 100),
    )
    if arguments.memory:
        for total in (10_000, 100_000):
            # The same series with ten times the slices: memory may follow what is distinct,
            # not what is many.
            make_once(
                arguments.folder / str(total),
                Kind("ct", 1, ct_small, 100, total // 200),
                Kind("mr", 2, mr_small, 100, total // 200),
            )


def make_once(folder: Path, *kinds: Kind) -> None:
    """Write all kinds under `folder`; a folder with its stamp is complete and is kept."""
    stamp = folder.with_name(f"{folder.name}.complete")
    if stamp.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    files = sum(write_kind(folder, kind) for kind in kinds)
    stamp.touch()
    print(f"{folder}: {files} files")


def write_kind(folder: Path, kind: Kind) -> int:
    """Write all series of one kind, four to a patient and two to a study."""
    dataset = kind.make()
    for series in range(kind.series):
        identify(dataset, kind, series)
        patient, study = series // 4, series // 2
        target = folder / f"{kind.name}-{patient:03}" / f"study-{study:03}" / f"series-{series:03}"
        target.mkdir(parents=True)
        for number, content in enumerate(slices(dataset, kind), start=1):
            (target / f"{number:06}.dcm").write_bytes(content)
    return kind.series * kind.slices_per_series


def identify(dataset: Dataset, kind: Kind, series: int) -> None:
    """Give the data set the identifiers and dates of its series, study and patient."""
    patient, study = series // 4, series // 2
    day = f"{2001 + study % 20}{1 + study % 12:02}{1 + study % 28:02}"
    dataset.PatientID = f"BENCH-{kind.number}{patient:05}"
    dataset.PatientName = f"BENCH^{kind.name.upper()}{patient:05}"
    dataset.StudyInstanceUID = f"{ROOT_UID}.{kind.number}.1.{study + 1}"
    dataset.SeriesInstanceUID = f"{ROOT_UID}.{kind.number}.2.{series + 1}"
    dataset.FrameOfReferenceUID = f"{ROOT_UID}.{kind.number}.3.{study + 1}"
    dataset.SeriesNumber = series % 2 + 1
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = day


def slices(dataset: Dataset, kind: Kind) -> Iterator[bytes]:
    """Yield the files of the series that `dataset` stands for.

    Raises
    ------
    ValueError
        If an element to be replaced is not in the encoded data set exactly as expected.
    """
    series = dataset.SeriesInstanceUID

    def own(number: int) -> list[bytes]:
        # Seven digits throughout: the file meta information's group length counts the UID.
        uid = f"{series}.{1_000_000 + number}"
        place = SLICE_SPACING * number
        return [
            element(0x0002, 0x0003, b"UI", uid),
            element(0x0008, 0x0018, b"UI", uid),
            element(0x0020, 0x0013, b"IS", str(number)),
            element(0x0020, 0x0032, b"DS", f"-158.1358\\-179.0358\\{place:.4f}"),
            element(0x0020, 0x1041, b"DS", f"{place:.4f}"),
        ]

    dataset.file_meta.MediaStorageSOPInstanceUID = UID(f"{series}.1000000")
    dataset.SOPInstanceUID = f"{series}.1000000"
    dataset.InstanceNumber = 0
    dataset.ImagePositionPatient = ["-158.1358", "-179.0358", "0.0000"]
    dataset.SliceLocation = "0.0000"
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    between = []
    rest = buffer.getvalue()
    for written in own(0):
        before, found, rest = rest.partition(written)
        if not found:
            raise ValueError(f"the template of {kind.name} has no element as written {written!r}")
        between.append(before)
    for number in range(1, kind.slices_per_series + 1):
        pairs = zip(between, own(number), strict=True)
        yield b"".join([part for pair in pairs for part in pair] + [rest])


def element(group: int, number: int, vr: bytes, value: str) -> bytes:
    """Encode one element, explicit VR little endian (PS3.5 7.1.2), padded to even length."""
    encoded = value.encode("ascii")
    if len(encoded) % 2:
        encoded += b"\0" if vr == b"UI" else b" "
    return struct.pack("<HH2sH", group, number, vr, len(encoded)) + encoded


def ct_small() -> Dataset:
    """Read pydicom's CT slice: 39 kB, 262 elements of which most are private."""
    return pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))


def mr_small() -> Dataset:
    """Read pydicom's MR slice: 10 kB, 73 elements."""
    return pydicom.dcmread(str(get_testdata_file("MR_small.dcm")))


def large_slice() -> Dataset:
    """Make a CT slice as a scanner writes and a trial de-identifies it: 0.5 MB, 130 elements."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    for keyword, value in LARGE.items():
        setattr(dataset, keyword, value)
    for keyword, items in LARGE_SEQUENCES.items():
        setattr(dataset, keyword, [_item(each) for each in items])
    block = dataset.private_block(0x0019, "BENCH SCANNER 01", create=True)
    for offset in range(12):
        block.add_new(offset, "DS", f"{offset}.5")
    # Noise, as a file system that compresses would otherwise make reading it too cheap.
    dataset.PixelData = random.Random(0).randbytes(512 * 512 * 2)
    dataset["PixelData"].VR = "OW"
    return dataset


def _item(content: dict[str, object]) -> Dataset:
    """Make a sequence item; a value that is a dict is a sequence of one item in it."""
    item = Dataset()
    for keyword, value in content.items():
        setattr(item, keyword, [_item(value)] if isinstance(value, dict) else value)
    return item


def _code(value: str, scheme: str, meaning: str) -> dict[str, object]:
    return {"CodeValue": value, "CodingSchemeDesignator": scheme, "CodeMeaning": meaning}


LARGE: dict[str, object] = {
    "SpecificCharacterSet": "ISO_IR 100",
    "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
    "InstanceCreationDate": "20040119",
    "InstanceCreationTime": "072731",
    "SOPClassUID": CTImageStorage,
    "StudyTime": "072730",
    "SeriesTime": "072800",
    "AcquisitionTime": "072810",
    "ContentDate": "20040119",
    "ContentTime": "072811",
    "AccessionNumber": "",
    "Modality": "CT",
    "Manufacturer": "Bench Scanners",
    "InstitutionName": "",
    "ReferringPhysicianName": "",
    "StationName": "BENCH",
    "StudyDescription": "CT CHEST",
    "SeriesDescription": "THIN SOFT",
    "InstitutionalDepartmentName": "",
    "ManufacturerModelName": "Bench 64",
    "PatientBirthDate": "",
    "PatientSex": "O",
    "PatientAge": "060Y",
    "PatientSize": "1.75",
    "PatientWeight": "75",
    "EthnicGroup": "",
    "PatientComments": "",
    "PatientIdentityRemoved": "YES",
    "DeidentificationMethod": "Basic profile",
    "ContrastBolusAgent": "NONE",
    "BodyPartExamined": "CHEST",
    "ScanOptions": "HELICAL MODE",
    "SliceThickness": "2.5",
    "KVP": "120",
    "SpacingBetweenSlices": "2.5",
    "DataCollectionDiameter": "500",
    "DeviceSerialNumber": "000000",
    "SoftwareVersions": "1.0",
    "ProtocolName": "CHEST",
    "ContrastBolusRoute": "",
    "ReconstructionDiameter": "360",
    "DistanceSourceToDetector": "949",
    "DistanceSourceToPatient": "541",
    "GantryDetectorTilt": "0",
    "TableHeight": "150",
    "RotationDirection": "CW",
    "ExposureTime": "500",
    "XRayTubeCurrent": "300",
    "Exposure": "150",
    "FilterType": "BODY",
    "GeneratorPower": "36000",
    "FocalSpots": "1.2",
    "DateOfLastCalibration": "20040118",
    "TimeOfLastCalibration": "060000",
    "ConvolutionKernel": "STANDARD",
    "PatientPosition": "FFS",
    "RevolutionTime": 0.5,
    "SingleCollimationWidth": 0.625,
    "TotalCollimationWidth": 40.0,
    "TableSpeed": 78.75,
    "TableFeedPerRotation": 39.375,
    "SpiralPitchFactor": 0.984375,
    "CTDIvol": 10.0,
    "StudyID": "1",
    "AcquisitionNumber": "1",
    "ImageOrientationPatient": ["1", "0", "0", "0", "1", "0"],
    "ImagesInAcquisition": "100",
    "PositionReferenceIndicator": "SN",
    "SamplesPerPixel": 1,
    "PhotometricInterpretation": "MONOCHROME2",
    "Rows": 512,
    "Columns": 512,
    "PixelSpacing": ["0.703125", "0.703125"],
    "BitsAllocated": 16,
    "BitsStored": 16,
    "HighBit": 15,
    "PixelRepresentation": 1,
    "BurnedInAnnotation": "NO",
    "LongitudinalTemporalInformationModified": "MODIFIED",
    "WindowCenter": ["40", "-600"],
    "WindowWidth": ["400", "1500"],
    "WindowCenterWidthExplanation": ["SOFT", "LUNG"],
    "RescaleIntercept": "-1024",
    "RescaleSlope": "1",
    "RescaleType": "HU",
    "PerformedProcedureStepID": "1",
    "PerformedProcedureStepDescription": "CT CHEST",
}

LARGE_SEQUENCES: dict[str, list[dict[str, object]]] = {
    "DeidentificationMethodCodeSequence": [
        _code("113100", "DCM", "Basic Application Confidentiality Profile"),
        _code("113107", "DCM", "Retain Longitudinal Temporal Information Modified Dates Option"),
    ],
    "ProcedureCodeSequence": [_code("169069000", "SCT", "CT of chest")],
    "AnatomicRegionSequence": [_code("43799004", "SCT", "Thoracic cavity")],
    "ReferencedStudySequence": [
        {
            "ReferencedSOPClassUID": "1.2.840.10008.3.1.2.3.1",
            "ReferencedSOPInstanceUID": f"{ROOT_UID}.9.1",
        }
    ],
    "RequestAttributesSequence": [
        {"ScheduledProcedureStepID": "1", "RequestedProcedureID": "1"},
    ],
}

if __name__ == "__main__":
    main()
