"""Pixel data, UIDs, character sets, and what objects say of what they share.

Each defect has a twin that is clean: the release that it is planted in.
"""

from __future__ import annotations

from collections.abc import Callable

from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, EnhancedCTImageStorage, JPEGBaseline8Bit, RLELossless

from auditor.reading.fallback import lenient
from auditor.testing import dataset_of
from tests.planted.cases_segmentation import tiled
from tests.planted.harness import Planted, Release, basic_ct, ct_slice, uid

PIXELS = 0x7FE00010


def _unstained(release: Release) -> None:
    (step,) = release.first.SpecimenDescriptionSequence[0].SpecimenPreparationSequence
    del step.SpecimenPreparationStepContentItemSequence[-1]


def _overlay(dataset: Dataset) -> None:
    for element, vr, value in (
        (0x10, "US", 16),
        (0x11, "US", 16),
        (0x40, "CS", "G"),
        (0x50, "SS", [1, 1]),
        (0x100, "US", 1),
        (0x102, "US", 0),
        (0x3000, "OW", bytes(16)),
    ):
        dataset.add_new((0x6000, element), vr, value)


def _own_type(release: Release) -> None:
    (step,) = release.first.SpecimenDescriptionSequence[0].SpecimenPreparationSequence
    for item in step.SpecimenPreparationStepContentItemSequence:
        if item.ConceptNameCodeSequence[0].CodeValue == "111701":
            (code,) = item.ConceptCodeSequence
            code.CodeValue, code.CodingSchemeDesignator = "L1", "99LOCAL"


def _each(change: Callable[[Dataset], object]) -> Callable[[Release], None]:
    def of_all(release: Release) -> None:
        for dataset in release.datasets:
            change(dataset)

    return of_all


def _first(change: Callable[[Dataset], object]) -> Callable[[Release], object]:
    return lambda release: change(release.first)


def _set(**values: object) -> Callable[[Dataset], None]:
    def change(dataset: Dataset) -> None:
        with lenient():
            for keyword, value in values.items():
                setattr(dataset, keyword, value)

    return change


def _compress(dataset: Dataset, syntax: str = RLELossless, fragments: int = 1) -> None:
    """Put fragments where the pixels were: nobody reads what is in them."""
    dataset.PixelData = encapsulate([b"\0" * 64] * fragments, has_bot=False)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = UID(syntax)


def rle_ct() -> Release:
    """Return the CT in RLE Lossless, one fragment for each image."""
    release = basic_ct()
    for dataset in release.datasets:
        _compress(dataset)
    return release


def jpeg_ct() -> Release:
    """Return the CT in JPEG Baseline, as its attributes say."""
    release = basic_ct()
    for dataset in release.datasets:
        _compress(dataset, JPEGBaseline8Bit)
        dataset.BitsAllocated = dataset.BitsStored = 8
        dataset.HighBit = 7
        dataset.LossyImageCompression = "01"
        dataset.LossyImageCompressionRatio = "10"
        dataset.LossyImageCompressionMethod = "ISO_10918_1"
        dataset.ImageType = ["DERIVED", "PRIMARY", "AXIAL"]
    return release


def latin_ct() -> Release:
    """Return the CT with a name in ISO 8859-1, declared."""
    release = basic_ct()
    for dataset in release.datasets:
        dataset.SpecificCharacterSet = "ISO_IR 100"
        dataset.PositionReferenceIndicator = "Nähe"
    return release


def enhanced_ct() -> Release:
    """Return an enhanced CT of two patients, each with two frames along one stack."""
    release = Release()
    for patient in (1, 2):
        release.add(f"case-{patient:03d}/1.dcm", enhanced(patient))
    return release


def enhanced(patient: int) -> Dataset:
    """Return two slices of the CT as the frames of one image."""
    dataset, second = ct_slice(patient, 1), ct_slice(patient, 2)
    frames = [
        {
            "FrameContentSequence": [
                {"StackID": "1", "InStackPositionNumber": at, "DimensionIndexValues": [1, at]}
            ],
            "PlanePositionSequence": [{"ImagePositionPatient": list(one.ImagePositionPatient)}],
        }
        for at, one in enumerate((dataset, second), 1)
    ]
    shared = {
        "PixelMeasuresSequence": [{"PixelSpacing": [1, 1], "SliceThickness": "5"}],
        "PlaneOrientationSequence": [{"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}],
        "PixelValueTransformationSequence": [
            {"RescaleIntercept": "-1024", "RescaleSlope": "1", "RescaleType": "HU"}
        ],
    }
    organization = uid("dimensions", patient)
    dimensions = [
        {
            "DimensionOrganizationUID": organization,
            "DimensionIndexPointer": pointer,
            "FunctionalGroupPointer": 0x00209111,
        }
        for pointer in (0x00209056, 0x00209057)
    ]
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
        delattr(dataset, keyword)
    for keyword in ("SliceThickness", "RescaleIntercept", "RescaleSlope", "KVP"):
        delattr(dataset, keyword)
    dataset.update(
        dataset_of(
            {
                "SOPClassUID": EnhancedCTImageStorage,
                "ImageType": ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"],
                "NumberOfFrames": "2",
                "DimensionOrganizationSequence": [{"DimensionOrganizationUID": organization}],
                "DimensionIndexSequence": dimensions,
                "SharedFunctionalGroupsSequence": [shared],
                "PerFrameFunctionalGroupsSequence": frames,
            }
        )
    )
    dataset["PixelData"].value += second.PixelData
    return dataset


def _one_item_less(release: Release) -> None:
    release.first.PerFrameFunctionalGroupsSequence.pop()


def _one_index(release: Release) -> None:
    """Index the second frame by one of two dimensions."""
    frame = release.first.PerFrameFunctionalGroupsSequence[1]
    frame.FrameContentSequence[0].DimensionIndexValues = [1]


def _as_the_study(dataset: Dataset) -> None:
    dataset.SeriesInstanceUID = dataset.StudyInstanceUID


def _in_words(dataset: Dataset) -> None:
    dataset["PixelData"].VR = "OW"


def _pixels(length: int) -> Callable[[Dataset], None]:
    return _set(PixelData=b"\0" * length)


def _raw(old: bytes, new: bytes) -> Callable[[Release], None]:
    def change(release: Release) -> None:
        path = next(iter(release.instances))
        release.rewrite[path] = lambda content: content.replace(old, new)

    return change


def _drop(keyword: str) -> Callable[[Release], None]:
    return lambda release: release.drop(keyword)


def _syntax(uid: str) -> Callable[[Release], None]:
    def change(release: Release) -> None:
        path = next(iter(release.instances))
        old = b"1.2.840.10008.1.2.5\0"
        release.rewrite[path] = lambda content: content.replace(old, uid.encode().ljust(20, b"\0"))

    return change


CASES = (
    Planted("short", "Pixel data of half the length", _each(_pixels(256)), ("FILE021",)),
    Planted(
        "frames", "two frames, and pixels of one", _first(_set(NumberOfFrames="2")), ("FILE021",)
    ),
    Planted("long", "two bytes more than there are pixels", _first(_pixels(514)), ("FILE022",)),
    Planted("none", "an image without Pixel Data", _first(lambda d: d.pop(PIXELS)), ("FILE025",)),
    Planted(
        "fragments",
        "a frame less than Number of Frames, in fragments",
        _first(_set(NumberOfFrames="2")),
        ("FILE023",),
        rle_ct,
    ),
    Planted(
        "rle",
        "RLE Lossless in two fragments a frame",
        _first(lambda dataset: _compress(dataset, fragments=2)),
        ("FILE023",),
        rle_ct,
    ),
    Planted(
        "words",
        "fragments in Pixel Data of VR OW",
        _first(_in_words),
        ("FILE026",),
        rle_ct,
    ),
    Planted(
        "native syntax",
        "fragments beneath Explicit VR Little Endian",
        _syntax("1.2.840.10008.1.2.1"),
        ("FILE024",),
        rle_ct,
    ),
    Planted(
        "samples", "MONOCHROME2 of three samples", _first(_set(SamplesPerPixel=3)), ("IOD021",)
    ),
    Planted("stored", "17 bits stored in 16", _first(_set(BitsStored=17)), ("IOD021",)),
    Planted("high bit", "High Bit 15 of 12 bits stored", _first(_set(HighBit=15)), ("IOD022",)),
    Planted(
        "colours",
        "JPEG Baseline with PALETTE COLOR",
        _first(_set(PhotometricInterpretation="PALETTE COLOR")),
        ("IOD023",),
        jpeg_ct,
    ),
    Planted(
        "bits",
        "JPEG Baseline of 16 bits",
        _first(_set(BitsAllocated=16, BitsStored=16, HighBit=15)),
        ("IOD023",),
        jpeg_ct,
    ),
    Planted(
        "denied",
        "JPEG Baseline, and Lossy Image Compression is 00",
        _first(_set(LossyImageCompression="00")),
        ("IOD024",),
        jpeg_ct,
    ),
    Planted(
        "method",
        "JPEG Baseline, and the method is JPEG 2000",
        _first(_set(LossyImageCompressionMethod="ISO_15444_1")),
        ("IOD024",),
        jpeg_ct,
    ),
    Planted(
        "not said",
        "JPEG Baseline without Lossy Image Compression",
        _drop("LossyImageCompression"),
        ("IOD025",),
        jpeg_ct,
    ),
    Planted(
        "ratios",
        "two methods of compression and one ratio",
        _first(_set(LossyImageCompressionMethod=["ISO_15444_1", "ISO_10918_1"])),
        ("IOD025",),
        jpeg_ct,
    ),
    Planted(
        "frame without item",
        "an enhanced CT from which the functional groups of one frame are removed",
        _one_item_less,
        ("IOD026",),
        enhanced_ct,
    ),
    Planted(
        "one index",
        "a frame of an enhanced CT with one index, for two dimensions",
        _one_index,
        ("IOD026",),
        enhanced_ct,
    ),
    Planted(
        "increment to nothing",
        "an image whose Frame Increment Pointer names Frame Time, which is not there",
        _first(_set(FrameIncrementPointer=0x00181063)),
        ("IOD027",),
    ),
    Planted(
        "no stain",
        "a slide with a staining that does not say with what",
        _unstained,
        ("IOD036",),
        tiled,
    ),
    Planted(
        "overlay",
        "an overlay of half its length",
        _first(_overlay),
        ("FILE027",),
    ),
    Planted(
        "own type of processing",
        "a slide processed in a way of one's own",
        _own_type,
        ("IOD037",),
        tiled,
    ),
    Planted(
        "one direction",
        "rows and columns in the same direction",
        _first(_set(ImageOrientationPatient=[1, 0, 0, 1, 0, 0])),
        ("IOD034",),
    ),
    Planted("no spacing", "Pixel Spacing of 0", _first(_set(PixelSpacing=[0, 0])), ("IOD034",)),
    Planted("no slope", "Rescale Slope of 0", _first(_set(RescaleSlope="0")), ("IOD034",)),
    Planted("no width", "Window Width of 0", _first(_set(WindowWidth="0")), ("IOD034",)),
    Planted(
        "one UID",
        "a series with the UID of its study",
        _each(_as_the_study),
        ("IOD035",),
    ),
    Planted("no day", "a 30 February", _first(_set(StudyDate="20230230")), ("IOD038",)),
    Planted(
        "no day elsewhere",
        "a 31 April in an attribute that is not of the IOD",
        _first(_set(DateOfSecondaryCapture="20230431")),
        ("IOD038",),
    ),
    Planted("range", "a range of dates", _first(_set(StudyDate="20230101-20230131")), ("IOD038",)),
    Planted("colons", "a time with colons", _first(_set(StudyTime="10:15")), ("IOD038",)),
    Planted(
        "long UID",
        "a UID of 65 characters",
        _first(_set(FrameOfReferenceUID="2." + "1" * 63)),
        ("IOD031",),
    ),
    Planted(
        "zero",
        "a UID with a leading zero",
        _first(_set(FrameOfReferenceUID="2.25.01")),
        ("IOD031",),
    ),
    Planted(
        "root", "a UID of a root that is none", _first(_set(FrameOfReferenceUID="7.1")), ("IOD031",)
    ),
    Planted(
        "own root",
        "an instance with a UID of the standard's root",
        _first(_set(SOPInstanceUID="1.2.840.10008.7.7")),
        ("IOD031",),
    ),
    Planted(
        "undeclared",
        "an umlaut and no Specific Character Set",
        _drop("SpecificCharacterSet"),
        ("IOD032",),
        latin_ct,
    ),
    Planted(
        "other set",
        "an umlaut in ISO 8859-1 beneath ISO_IR 192",
        _raw(b"ISO_IR 100", b"ISO_IR 192"),
        ("IOD033",),
        latin_ct,
    ),
    Planted(
        "escape",
        "an escape sequence beneath ISO_IR 100",
        _raw(b"N\xe4he", b"\x1b$)C"),
        ("IOD033",),
        latin_ct,
    ),
    Planted(
        "patient",
        "one slice with another Patient's Name",
        _first(_set(PatientName="CASE-009")),
        ("CONS021",),
    ),
    Planted(
        "study",
        "one slice with another Study ID",
        lambda release: _two(release, "StudyID"),
        ("CONS022",),
    ),
    Planted(
        "series",
        "one slice with another Protocol Name",
        lambda release: _two(release, "ProtocolName"),
        ("CONS023",),
    ),
    Planted(
        "equipment",
        "one slice of another Manufacturer",
        lambda release: _two(release, "Manufacturer"),
        ("CONS023",),
    ),
    Planted(
        "two frames of reference",
        "one slice in another frame of reference",
        _first(_set(FrameOfReferenceUID="2.25.77")),
        ("CONS023",),
    ),
    Planted(
        "reference point",
        "two reference points for one frame of reference",
        lambda release: _two(release, "PositionReferenceIndicator"),
        ("CONS024",),
    ),
)


def _two(release: Release, keyword: str) -> None:
    """Give the slices of the first patient two values."""
    first, second, *_ = release.datasets
    setattr(first, keyword, "1")
    setattr(second, keyword, "2")
