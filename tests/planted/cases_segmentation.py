"""Segmentations, parametric maps and bulk annotations."""

from __future__ import annotations

import warnings
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import highdicom as hd
import numpy as np
from highdicom.ann import (
    AnnotationCoordinateTypeValues,
    AnnotationGroup,
    AnnotationGroupGenerationTypeValues,
    GraphicTypeValues,
    Measurements,
    MicroscopyBulkSimpleAnnotations,
)
from highdicom.pm import ParametricMap, RealWorldValueMapping
from highdicom.seg import (
    SegmentAlgorithmTypeValues,
    Segmentation,
    SegmentationTypeValues,
    SegmentDescription,
)
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    SecondaryCaptureImageStorage,
    VLWholeSlideMicroscopyImageStorage,
)

from auditor.standard.sop_classes import SURFACE_SEGMENTATION
from auditor.testing import dataset_of
from tests.planted.harness import Planted, Release, basic_ct, ct_slice, uid

Change = Callable[[Release], object]

DERIVED = "case-001/derived.dcm"
"""Where the object stands that a case changes, beside the series that it is made from."""

_TYPES = (
    ("Liver", codes.SCT.Tissue, codes.SCT.Liver),
    ("Lesion", codes.cid7150.MorphologicallyAbnormalStructure, codes.SCT.Neoplasm),
)
_ALGORITHM = hd.AlgorithmIdentificationSequence(
    name="outline", version="1.0", family=codes.cid7162.ArtificialIntelligence
)


def described(number: int) -> SegmentDescription:
    label, category, kind = _TYPES[number - 1]
    return SegmentDescription(
        segment_number=number,
        segment_label=label,
        segmented_property_category=category,
        segmented_property_type=kind,
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=_ALGORITHM,
        tracking_uid=uid("tracking", number),
        tracking_id=f"finding {number}",
        anatomic_regions=None if number == 1 else [codes.SCT.Liver],
    )


def masks() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return three slices of two segments that share no pixel, each in two of the slices."""
    planes = np.zeros((3, 16, 16, 2), np.uint8)
    planes[0:2, 2:7, 2:7, 0] = 1
    planes[1:3, 9:12, 9:12, 1] = 1
    return planes


@contextmanager
def _names_of_cases() -> Iterator[None]:
    """Let highdicom take a patient's name of one component, as a release of cases has it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*person name")
        yield


def _cleaned(derived: Dataset, source: Dataset) -> Dataset:
    """Return what highdicom made, de-identified as its source is."""
    for keyword in (
        "PatientIdentityRemoved",
        "DeidentificationMethod",
        "DeidentificationMethodCodeSequence",
        "LongitudinalTemporalInformationModified",
        "BurnedInAnnotation",
        "RecognizableVisualFeatures",
    ):
        setattr(derived, keyword, source[keyword].value)
    for keyword in ("ContentDate", "ContentTime", "SeriesDate", "SeriesTime"):
        if keyword in derived:
            derived[keyword].value = "20000101" if keyword.endswith("Date") else "000000"
    for keyword in (
        "InstanceCreationDate",
        "InstanceCreationTime",
        "DeviceSerialNumber",
        "ContributingEquipmentSequence",
    ):
        if keyword in derived:
            delattr(derived, keyword)
    return derived


def _segment(
    release: Release,
    sources: list[Dataset],
    pixels: np.ndarray[Any, np.dtype[np.uint8]],
    kind: SegmentationTypeValues,
    **more: Any,
) -> None:
    """Add a segmentation of some sources to a release."""
    with _names_of_cases():
        derived = Segmentation(
            source_images=sources,
            pixel_array=pixels,
            segmentation_type=kind,
            segment_descriptions=[described(1), described(2)],
            series_instance_uid=uid("segmented", kind.value),
            series_number=2,
            sop_instance_uid=uid("segmentation", kind.value),
            instance_number=1,
            manufacturer="",
            manufacturer_model_name="outline",
            software_versions="1.0",
            device_serial_number="1",
            **more,
        )
    release.add(DERIVED, _cleaned(derived, sources[0]))


def _segmented(kind: SegmentationTypeValues, **more: Any) -> Release:
    release = basic_ct()
    sources = [ct_slice(1, number) for number in (1, 2, 3)]
    release.add("case-001/3.dcm", sources[2])
    pixels = masks()
    if kind is SegmentationTypeValues.LABELMAP:
        pixels = (pixels[..., 0] + 2 * pixels[..., 1]).astype(np.uint8)
    _segment(release, sources, pixels, kind, **more)
    return release


def binary() -> Release:
    """Return CT slices and the binary segmentation of a liver and a lesion in them."""
    return _segmented(SegmentationTypeValues.BINARY)


def fractional() -> Release:
    """Return CT slices and a fractional segmentation."""
    return _segmented(SegmentationTypeValues.FRACTIONAL, max_fractional_value=100)


def label_map() -> Release:
    """Return CT slices and a label map."""
    return _segmented(SegmentationTypeValues.LABELMAP)


def derived(release: Release) -> Dataset:
    return release.instances[DERIVED]


def of_segment(number: int, change: Callable[[Dataset], object]) -> Change:
    """Return what changes the item of one segment."""
    return lambda release: change(derived(release).SegmentSequence[number])


def setting(**values: Any) -> Callable[[Dataset], object]:
    """Return what sets attributes of a data set."""
    return lambda dataset: dataset.update(dataset_of(values))


def of_object(**values: Any) -> Change:
    """Return what sets attributes of the derived object's top level."""
    return lambda release: derived(release).update(dataset_of(values))


def without(*path: str | int) -> Change:
    """Return what takes one attribute out of the derived object."""

    def change(release: Release) -> None:
        place: Any = derived(release)
        for step in path[:-1]:
            place = place[step] if isinstance(step, int) else place[step].value
        del place[path[-1]]

    return change


def code(value: str, scheme: str, meaning: str) -> list[dict[str, str]]:
    return [{"CodeValue": value, "CodingSchemeDesignator": scheme, "CodeMeaning": meaning}]


def radiograph() -> Release:
    """Return a radiograph, which has no frame of reference, and the segmentation of it."""
    source = ct_slice(1, 1)
    for keyword in (
        "FrameOfReferenceUID",
        "PositionReferenceIndicator",
        "ImagePositionPatient",
        "ImageOrientationPatient",
        "SliceThickness",
        "RescaleIntercept",
        "RescaleSlope",
        "KVP",
    ):
        delattr(source, keyword)
    source.update(
        dataset_of(
            {
                "SOPClassUID": ComputedRadiographyImageStorage,
                "Modality": "CR",
                "ImageType": ["ORIGINAL", "PRIMARY"],
                "BodyPartExamined": "CHEST",
                "ViewPosition": "PA",
            }
        )
    )
    release = Release()
    release.add("case-001/1.dcm", source)
    _segment(release, [source], masks()[1:2], SegmentationTypeValues.BINARY)
    return release


def stained() -> dict[str, Any]:
    """Return a staining as a step of a specimen's preparation (PS3.16 TID 8001)."""
    items: list[dict[str, Any]] = [
        {
            "ValueType": "TEXT",
            "ConceptNameCodeSequence": code("121041", "DCM", "Specimen Identifier"),
            "TextValue": "S1",
        }
    ]
    for name, value in (
        (code("111701", "DCM", "Processing type"), code("127790008", "SCT", "Staining")),
        (code("424361007", "SCT", "Using substance"), code("12710003", "SCT", "hematoxylin stain")),
    ):
        items.append(
            {
                "ValueType": "CODE",
                "ConceptNameCodeSequence": name,
                "ConceptCodeSequence": value,
            }
        )
    return {"SpecimenPreparationStepContentItemSequence": items}


def slide() -> Dataset:
    """Return one level of a whole slide image: 32 by 32 pixels in four tiles."""
    dataset = ct_slice(1, 1)
    for keyword in (
        "ImagePositionPatient",
        "ImageOrientationPatient",
        "SliceThickness",
        "PixelSpacing",
        "RescaleIntercept",
        "RescaleSlope",
        "KVP",
    ):
        delattr(dataset, keyword)
    white = {"CodeValue": "111744", "CodingSchemeDesignator": "DCM", "CodeMeaning": "Brightfield"}
    dataset.update(
        dataset_of(
            {
                "SOPClassUID": VLWholeSlideMicroscopyImageStorage,
                "Modality": "SM",
                "ImageType": ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"],
                "NumberOfFrames": "4",
                "TotalPixelMatrixRows": 32,
                "TotalPixelMatrixColumns": 32,
                "TotalPixelMatrixFocalPlanes": 1,
                "TotalPixelMatrixOriginSequence": [
                    {
                        "XOffsetInSlideCoordinateSystem": "1",
                        "YOffsetInSlideCoordinateSystem": "1",
                    }
                ],
                "ImageOrientationSlide": [0, 1, 0, 1, 0, 0],
                "ImagedVolumeWidth": 0.32,
                "ImagedVolumeHeight": 0.32,
                "ImagedVolumeDepth": 1.0,
                "BitsAllocated": 8,
                "BitsStored": 8,
                "HighBit": 7,
                "DimensionOrganizationType": "TILED_FULL",
                "ContainerIdentifier": "S1",
                "SpecimenDescriptionSequence": [
                    {
                        "SpecimenIdentifier": "S1",
                        "SpecimenUID": uid("specimen", 1),
                        "SpecimenPreparationSequence": [stained()],
                    }
                ],
                "OpticalPathSequence": [
                    {
                        "OpticalPathIdentifier": "1",
                        "IlluminationTypeCodeSequence": [white],
                    }
                ],
                "SharedFunctionalGroupsSequence": [
                    {
                        "PixelMeasuresSequence": [
                            {"PixelSpacing": [0.01, 0.01], "SliceThickness": "0.01"}
                        ]
                    }
                ],
            }
        )
    )
    dataset.PixelData = bytes(range(256)) * 4
    dataset["PixelData"].VR = "OB"
    return dataset


def tiled() -> Release:
    """Return a slide and a TILED_FULL segmentation of it, which describes no frame by itself."""
    release, source = Release(), slide()
    release.add("case-001/1.dcm", source)
    whole = np.zeros((1, 32, 32, 2), np.uint8)
    whole[0, 4:20, 4:20, 0] = 1
    whole[0, 20:28, 20:28, 1] = 1
    _segment(
        release,
        [source],
        whole,
        SegmentationTypeValues.BINARY,
        tile_pixel_array=True,
        tile_size=(16, 16),
        dimension_organization_type="TILED_FULL",
        omit_empty_frames=False,
    )
    return release


def parametric_map() -> Release:
    """Return CT slices and a map of floats made from them."""
    release = basic_ct()
    sources = [ct_slice(1, number) for number in (1, 2)]
    mapping = RealWorldValueMapping(
        lut_label="ratio",
        lut_explanation="a ratio of two images",
        unit=codes.UCUM.NoUnits,
        value_range=(0.0, 1.0),
        slope=1.0,
        intercept=0.0,
        quantity_definition=Code("113069", "DCM", "Apparent Diffusion Coefficient"),
    )
    with _names_of_cases():
        made = ParametricMap(
            source_images=sources,
            pixel_array=np.full((2, 16, 16), 0.5, np.float32),
            series_instance_uid=uid("map", 1),
            series_number=3,
            sop_instance_uid=uid("map", 2),
            instance_number=1,
            manufacturer="",
            manufacturer_model_name="outline",
            software_versions="1.0",
            device_serial_number="1",
            contains_recognizable_visual_features=False,
            real_world_value_mappings=[mapping],
            voi_lut_transformations=[hd.VOILUTTransformation(window_center=0.5, window_width=1.0)],
        )
    release.add(DERIVED, _cleaned(made, sources[0]))
    return release


def _group(number: int, kind: GraphicTypeValues, data: list[Any]) -> AnnotationGroup:
    return AnnotationGroup(
        number=number,
        uid=uid("group", number),
        label=f"nuclei {number}",
        annotated_property_category=codes.SCT.Tissue,
        annotated_property_type=codes.SCT.Neoplasm,
        graphic_type=kind,
        graphic_data=data,
        algorithm_type=AnnotationGroupGenerationTypeValues.AUTOMATIC,
        algorithm_identification=_ALGORITHM,
        measurements=[
            Measurements(
                name=codes.SCT.Area,
                values=np.ones(len(data), np.float32),
                unit=codes.UCUM.SquareMicrometer,
            )
        ],
    )


def bulk_annotations() -> Release:
    """Return a slide and bulk annotations of it: three points, and two triangles."""
    release, source = Release(), slide()
    release.add("case-001/1.dcm", source)
    points = [np.array([[x, x]], np.float32) for x in (3.0, 9.0, 27.0)]
    triangles = [np.array([[x, x], [x + 4, x], [x, x + 4]], np.float32) for x in (2.0, 12.0)]
    with _names_of_cases():
        made = MicroscopyBulkSimpleAnnotations(
            source_images=[source],
            annotation_coordinate_type=AnnotationCoordinateTypeValues.SCOORD,
            annotation_groups=[
                _group(1, GraphicTypeValues.POINT, points),
                _group(2, GraphicTypeValues.POLYGON, triangles),
            ],
            series_instance_uid=uid("annotations", 1),
            series_number=2,
            sop_instance_uid=uid("annotations", 2),
            instance_number=1,
            manufacturer="",
            manufacturer_model_name="outline",
            software_versions="1.0",
            device_serial_number="1",
        )
    release.add(DERIVED, _cleaned(made, source))
    return release


def surface() -> Release:
    """Return CT slices and a surface segmentation: a tetrahedron."""
    release = basic_ct()
    source = ct_slice(1, 1)
    corners = [0, 0, 0, 5, 0, 0, 0, 5, 0, 0, 0, 5]
    triangles = [1, 2, 3, 1, 2, 4, 1, 3, 4, 2, 3, 4]
    made = dataset_of(
        {
            "SOPClassUID": SURFACE_SEGMENTATION,
            "SOPInstanceUID": uid("surface", 1),
            "SeriesInstanceUID": uid("surface", 2),
            "Modality": "SEG",
            "SeriesNumber": "4",
            "InstanceNumber": "1",
            "ContentLabel": "SURFACE",
            "ContentDate": "",
            "ContentTime": "",
            "NumberOfSurfaces": 1,
            "SegmentSequence": [
                {
                    "SegmentNumber": 1,
                    "SegmentLabel": "Liver",
                    "SegmentAlgorithmType": "MANUAL",
                    "SegmentedPropertyCategoryCodeSequence": code("85756007", "SCT", "Tissue"),
                    "SegmentedPropertyTypeCodeSequence": code("10200004", "SCT", "Liver"),
                    "SurfaceCount": 1,
                    "ReferencedSurfaceSequence": [{"ReferencedSurfaceNumber": 1}],
                }
            ],
            "SurfaceSequence": [
                {
                    "SurfaceNumber": 1,
                    "FiniteVolume": "YES",
                    "Manifold": "YES",
                    "SurfacePointsSequence": [
                        {
                            "NumberOfSurfacePoints": 4,
                            "PointCoordinatesData": array("f", corners).tobytes(),
                        }
                    ],
                    "SurfacePointsNormalsSequence": [],
                    "SurfaceMeshPrimitivesSequence": [
                        {"LongTrianglePointIndexList": array("I", triangles).tobytes()}
                    ],
                }
            ],
        }
    )
    for keyword in (
        "StudyInstanceUID",
        "FrameOfReferenceUID",
        "PatientName",
        "PatientID",
        "PatientBirthDate",
        "PatientSex",
        "StudyDate",
        "StudyTime",
        "StudyID",
        "AccessionNumber",
        "ReferringPhysicianName",
        "Manufacturer",
    ):
        setattr(made, keyword, source[keyword].value)
    release.add(DERIVED, _cleaned(made, source))
    return release


def secondary_capture() -> Release:
    """Return a mask as a secondary capture, with the Modality that it has."""
    release = basic_ct()
    for dataset in release.datasets:
        dataset.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    release.set(SOPClassUID=SecondaryCaptureImageStorage, ConversionType="WSD", Modality="OT")
    return release


def drawn(*frames: Sequence[int]) -> Change:
    """Return what sets the pixels of a binary mask: of each frame those from one to another."""

    def change(release: Release) -> None:
        pixels = np.zeros((len(frames), 256), np.uint8)
        for frame, (start, end) in zip(pixels, frames, strict=True):
            frame[start:end] = 1
        derived(release).PixelData = np.packbits(pixels, bitorder="little").tobytes()

    return change


def twice(release: Release) -> None:
    """Write the last frame a second time, pixels too."""
    dataset = derived(release)
    groups = dataset.PerFrameFunctionalGroupsSequence
    groups.append(deepcopy(groups[-1]))
    dataset.NumberOfFrames = len(groups)
    dataset.PixelData += dataset.PixelData[-32:]


def third_segment(release: Release) -> None:
    """Describe a segment of which there is no frame."""
    segments = derived(release).SegmentSequence
    segments.append(deepcopy(segments[0]))
    segments[-1].SegmentNumber = 3
    segments[-1].SegmentLabel = "Spleen"


def apart(release: Release) -> None:
    """Move the second segment to planes of its own, and say that segments overlap."""
    dataset = derived(release)
    dataset.SegmentsOverlap = "YES"
    for number, frame in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        frame.update(
            dataset_of({"PlanePositionSequence": [{"ImagePositionPatient": [0, 0, 5 * number]}]})
        )


def nowhere(release: Release) -> None:
    """Take position and source from one frame."""
    frame = derived(release).PerFrameFunctionalGroupsSequence[2]
    del frame.PlanePositionSequence, frame.DerivationImageSequence


def other_uids(release: Release) -> None:
    """Replace the UIDs of the sources in the frames, and not in the list of them."""
    for frame in derived(release).PerFrameFunctionalGroupsSequence:
        for source in frame.DerivationImageSequence[0].SourceImageSequence:
            source.ReferencedSOPInstanceUID = uid("other", source.ReferencedSOPInstanceUID)


def of_group(number: int, **values: Any) -> Change:
    return lambda release: (
        derived(release).AnnotationGroupSequence[number].update(dataset_of(values))
    )


def one_value_less(release: Release) -> None:
    measured = derived(release).AnnotationGroupSequence[0].MeasurementsSequence[0]
    values = measured.MeasurementValuesSequence[0]
    values.FloatingPointValues = values.FloatingPointValues[:-4]


_SHARED, _PER_FRAME = "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"
_TYPE, _CATEGORY = "SegmentedPropertyTypeCodeSequence", "SegmentedPropertyCategoryCodeSequence"
_MAPPING = (_SHARED, 0, "RealWorldValueMappingSequence", 0)
_SURFACE = ("SurfaceSequence", 0)


def at(*path: str | int, **values: Any) -> Change:
    """Return what sets attributes somewhere inside of the derived object."""

    def change(release: Release) -> None:
        place: Any = derived(release)
        for step in path:
            place = place[step] if isinstance(step, int) else place[step].value
        place.update(dataset_of(values))

    return change


CASES = (
    Planted(
        "modality only",
        "a mask as a secondary capture whose Modality says SEG",
        lambda release: release.set(Modality="SEG"),
        ("SEG002",),
        secondary_capture,
    ),
    Planted(
        "original",
        "Image Type ORIGINAL, as the source has it",
        of_object(ImageType=["ORIGINAL", "PRIMARY"]),
        ("SEG101",),
        binary,
    ),
    Planted(
        "no instance number",
        "Instance Number is empty",
        of_object(InstanceNumber=None),
        ("SEG106",),
        binary,
    ),
    Planted(
        "no segmentation type",
        "Segmentation Type is missing",
        without("SegmentationType"),
        ("SEG102",),
        binary,
    ),
    Planted(
        "binary label map",
        "a label map that says BINARY",
        of_object(SegmentationType="BINARY"),
        ("SEG102", "SEG115"),
        label_map,
    ),
    Planted(
        "no maximum",
        "FRACTIONAL without Maximum Fractional Value",
        without("MaximumFractionalValue"),
        ("SEG102",),
        fractional,
    ),
    Planted(
        "maximum of 1000",
        "Maximum Fractional Value 1000, which 8 bits do not hold",
        of_object(MaximumFractionalValue=1000),
        ("SEG114",),
        fractional,
    ),
    Planted(
        "binary with a fractional type",
        "BINARY with a Segmentation Fractional Type",
        of_object(SegmentationFractionalType="OCCUPANCY"),
        ("SEG114",),
        binary,
    ),
    Planted(
        "two of one number",
        "two segments with number 1",
        of_segment(1, setting(SegmentNumber=1)),
        ("SEG103",),
        binary,
    ),
    Planted(
        "numbers 1 and 3",
        "segments 1 and 3",
        of_segment(1, setting(SegmentNumber=3)),
        ("SEG104", "SEG202"),
        binary,
    ),
    Planted(
        "no label",
        "a segment without a label",
        of_segment(0, setting(SegmentLabel="")),
        ("SEG105",),
        binary,
    ),
    Planted(
        "no algorithm name",
        "AUTOMATIC without the name of the algorithm",
        without("SegmentSequence", 0, "SegmentAlgorithmName"),
        ("SEG105",),
        binary,
    ),
    Planted(
        "algorithm type",
        "Segment Algorithm Type DEEP",
        of_segment(0, setting(SegmentAlgorithmType="DEEP")),
        ("SEG105",),
        binary,
    ),
    Planted(
        "no category",
        "a segment without a property category",
        without("SegmentSequence", 0, _CATEGORY),
        ("SEG105",),
        binary,
    ),
    Planted(
        "tracking without an ID",
        "a Tracking UID without a Tracking ID",
        without("SegmentSequence", 0, "TrackingID"),
        ("SEG108",),
        binary,
    ),
    Planted(
        "retired code",
        "T-62000 of SNOMED-RT for the liver",
        of_segment(0, setting(**{_TYPE: code("T-62000", "SRT", "Liver")})),
        ("SEG109",),
        binary,
    ),
    Planted(
        "own code",
        "a property type of a private coding scheme",
        of_segment(0, setting(**{_TYPE: code("L1", "99OWN", "Liver")})),
        ("SEG110",),
        binary,
    ),
    Planted(
        "wrong digit",
        "a SNOMED CT identifier with one wrong digit",
        of_segment(0, setting(**{_TYPE: code("10200005", "SCT", "Liver")})),
        ("SEG111",),
        binary,
    ),
    Planted(
        "code of another organ",
        "the code of the kidney with the meaning Liver",
        of_segment(0, setting(**{_TYPE: code("64033007", "SCT", "Liver")})),
        ("SEG111",),
        binary,
    ),
    Planted(
        "one label",
        "two segments with one label",
        of_segment(1, setting(SegmentLabel="Liver")),
        ("SEG112",),
        binary,
    ),
    Planted(
        "lesion nowhere",
        "a lesion without an anatomic region",
        without("SegmentSequence", 1, "AnatomicRegionSequence"),
        ("SEG113",),
        binary,
    ),
    Planted(
        "a byte a pixel",
        "a BINARY mask with 8 bits a pixel",
        of_object(BitsAllocated=8, BitsStored=8, HighBit=7),
        ("SEG115",),
        binary,
    ),
    Planted(
        "overlapping label map",
        "a label map whose segments overlap, it says",
        of_object(SegmentsOverlap="YES"),
        ("SEG116",),
        label_map,
    ),
    Planted(
        "a frame too many",
        "Number of Frames is one more than there are",
        of_object(NumberOfFrames="5"),
        ("SEG201",),
        binary,
    ),
    Planted(
        "an item too few",
        "one frame has no item of functional groups",
        without(_PER_FRAME, 3),
        ("SEG201",),
        binary,
    ),
    Planted(
        "tiles",
        "a TILED_FULL segmentation with a frame too few",
        of_object(NumberOfFrames="7"),
        ("SEG201",),
        tiled,
    ),
    Planted(
        "frame of no segment",
        "a frame of segment 9 of two",
        at(_PER_FRAME, 1, "SegmentIdentificationSequence", 0, ReferencedSegmentNumber=9),
        ("SEG202",),
        binary,
    ),
    Planted(
        "frame without a segment",
        "a frame that names no segment",
        without(_PER_FRAME, 1, "SegmentIdentificationSequence"),
        ("SEG202",),
        binary,
    ),
    Planted(
        "segment of no frame",
        "a third segment that no frame is of",
        third_segment,
        ("SEG203",),
        binary,
    ),
    Planted(
        "an index too few",
        "one index in a frame of two dimensions",
        at(_PER_FRAME, 1, "FrameContentSequence", 0, DimensionIndexValues=[1]),
        ("SEG204",),
        binary,
    ),
    Planted(
        "other organization",
        "dimensions of an organization that is not listed",
        at("DimensionOrganizationSequence", 0, DimensionOrganizationUID=uid("other")),
        ("SEG204",),
        binary,
    ),
    Planted("frame twice", "a frame that was written twice", twice, ("SEG205",), binary),
    Planted(
        "no orientation",
        "positions without an orientation",
        without(_SHARED, 0, "PlaneOrientationSequence"),
        ("SEG206",),
        binary,
    ),
    Planted(
        "no frame of reference",
        "positions without a frame of reference",
        without("FrameOfReferenceUID"),
        ("SEG206",),
        binary,
    ),
    Planted(
        "nowhere",
        "a frame without position and source image",
        nowhere,
        ("SEG206", "SEG209"),
        binary,
    ),
    Planted(
        "mask of no image",
        "a mask of a radiograph that names no radiograph",
        without(_PER_FRAME, 0, "DerivationImageSequence"),
        ("SEG206", "SEG209"),
        radiograph,
    ),
    Planted(
        "planes apart",
        "Segments Overlap YES, and segments in planes of their own",
        apart,
        ("SEG207",),
        binary,
    ),
    Planted(
        "source not listed",
        "UIDs of sources replaced in the frames, and not in Referenced Series Sequence",
        other_uids,
        ("REF011",),
        binary,
    ),
    Planted(
        "other derivation",
        "a derivation code other than that of a segmentation",
        at(
            _PER_FRAME,
            0,
            "DerivationImageSequence",
            0,
            DerivationCodeSequence=code("113085", "DCM", "Spatial resampling"),
        ),
        ("SEG210",),
        binary,
    ),
    Planted(
        "empty segment",
        "no pixel in the frames of the second segment",
        drawn((0, 9), (0, 9), (0, 0), (0, 0)),
        ("SEG301", "SEG305"),
        binary,
    ),
    Planted(
        "empty mask",
        "no pixel in any frame",
        drawn((0, 0), (0, 0), (0, 0), (0, 0)),
        ("SEG302",),
        binary,
    ),
    Planted(
        "fraction above 1",
        "fractions above Maximum Fractional Value",
        of_object(MaximumFractionalValue=50),
        ("SEG303",),
        fractional,
    ),
    Planted(
        "label without a segment",
        "a label that no segment describes",
        without("SegmentSequence", 2),
        ("SEG303",),
        label_map,
    ),
    Planted(
        "overlap denied",
        "two segments with a pixel in common, and Segments Overlap NO",
        drawn((0, 9), (0, 9), (8, 12), (8, 12)),
        ("SEG304",),
        binary,
    ),
    Planted(
        "two groups of one number",
        "two groups of annotations with number 1",
        of_group(1, AnnotationGroupNumber=1),
        ("SEG401",),
        bulk_annotations,
    ),
    Planted(
        "nobody's nuclei",
        "AUTOMATIC annotations without an algorithm",
        without("AnnotationGroupSequence", 0, "AnnotationGroupAlgorithmIdentificationSequence"),
        ("SEG402",),
        bulk_annotations,
    ),
    Planted(
        "an annotation too many",
        "Number of Annotations 4, and three points",
        of_group(0, NumberOfAnnotations=4),
        ("SEG403", "SEG405"),
        bulk_annotations,
    ),
    Planted(
        "indices from 0",
        "polygons that start at index 0",
        of_group(1, LongPrimitivePointIndexList=array("I", [0, 6]).tobytes()),
        ("SEG404",),
        bulk_annotations,
    ),
    Planted(
        "a value too few",
        "one area less than annotations",
        one_value_less,
        ("SEG405",),
        bulk_annotations,
    ),
    Planted(
        "two surfaces of one",
        "Number of Surfaces 2, and one surface",
        of_object(NumberOfSurfaces=2),
        ("SEG501",),
        surface,
    ),
    Planted(
        "surface that is not there",
        "a segment that refers to surface 2 of one",
        at("SegmentSequence", 0, "ReferencedSurfaceSequence", 0, ReferencedSurfaceNumber=2),
        ("SEG502",),
        surface,
    ),
    Planted(
        "points of a surface",
        "five points, and coordinates of four",
        at(*_SURFACE, "SurfacePointsSequence", 0, NumberOfSurfacePoints=5),
        ("SEG503",),
        surface,
    ),
    Planted(
        "triangles from 0",
        "triangles whose points are numbered from 0",
        at(
            *_SURFACE,
            "SurfaceMeshPrimitivesSequence",
            0,
            LongTrianglePointIndexList=array("I", [0, 1, 2, 1, 2, 3]).tobytes(),
        ),
        ("SEG504",),
        surface,
    ),
    Planted(
        "no units",
        "a map without units",
        without(*_MAPPING, "MeasurementUnitsCodeSequence"),
        ("SEG601",),
        parametric_map,
    ),
    Planted(
        "own units",
        "a map in units of a local scheme",
        at(*_MAPPING, MeasurementUnitsCodeSequence=code("au", "99OWN", "arbitrary")),
        ("SEG601",),
        parametric_map,
    ),
    Planted(
        "no quantity",
        "a map that does not name its quantity",
        without(*_MAPPING, "QuantityDefinitionSequence"),
        ("SEG602",),
        parametric_map,
    ),
    Planted(
        "signed floats",
        "floats with Pixel Representation",
        of_object(PixelRepresentation=1),
        ("SEG603",),
        parametric_map,
    ),
)
