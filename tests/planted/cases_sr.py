"""Structured reports.

Made with highdicom and pydicom beside their source CT: a planar and a volumetric region and a group
of measurements by TID 1500, a key object selection, and a CT radiation dose report by TID 10011.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import lru_cache
from typing import Any

import highdicom
import numpy as np
from highdicom import ko, sr
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import read_dataset
from pydicom.sr.codedict import codes as known
from pydicom.sr.coding import Code
from pydicom.uid import SegmentationStorage

from auditor.testing import dataset_of
from tests.planted.harness import Planted, Release, basic_ct, codes, uid
from tests.rules.documents import ct_dose

PLANAR, VOLUMETRIC, GROUP = "reports/planar.dcm", "reports/volumetric.dcm", "reports/group.dcm"
KEYS, DOSE = "reports/keys.dcm", "reports/dose.dcm"


def coded(value: str, scheme: str = "DCM", meaning: str = "meaning") -> list[dict[str, str]]:
    """Return a code sequence of one item."""
    made = {"CodeValue": value, "CodingSchemeDesignator": scheme, "CodeMeaning": meaning}
    return [{name: text for name, text in made.items() if text}]


def _measurement(value: float, **more: Any) -> sr.Measurement:
    return sr.Measurement(
        name=known.SCT.Diameter,
        value=value,
        unit=known.UCUM.Millimeter,
        algorithm_id=sr.AlgorithmIdentification(name="ruler", version="1"),
        **more,
    )


def _region(image: Dataset) -> sr.ImageRegion:
    return sr.ImageRegion(
        graphic_type=sr.GraphicTypeValues.CIRCLE,
        graphic_data=np.array([[4.0, 4.0], [8.0, 4.0]]),
        source_image=sr.SourceImageForRegion.from_source_image(image),
    )


def _tracked(name: str) -> dict[str, Any]:
    return {
        "tracking_identifier": sr.TrackingIdentifier(uid=highdicom.UID(uid(name)), identifier=name),
        "finding_type": known.SCT.Nodule,
        "finding_sites": [sr.FindingSite(known.SCT.Lung, laterality=known.SCT.Left)],
    }


@lru_cache(maxsize=1)
def _made() -> tuple[tuple[str, Dataset], ...]:
    images = list(basic_ct().instances.values())[:2]
    for image in images:
        # highdicom wants to be told that there is one component only.
        image.PatientName = "CASE-001^"
    groups: dict[str, Any] = {
        PLANAR: sr.PlanarROIMeasurementsAndQualitativeEvaluations(
            **_tracked("planar"),
            referenced_region=_region(images[0]),
            measurements=[_measurement(4.0)],
            qualitative_evaluations=[
                sr.QualitativeEvaluation(name=known.DCM.LevelOfSignificance, value=known.SCT.Yes)
            ],
        ),
        VOLUMETRIC: sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
            **_tracked("volumetric"),
            referenced_regions=[_region(image) for image in images],
            measurements=[_measurement(4.0), _measurement(5.0)],
        ),
        GROUP: sr.MeasurementsAndQualitativeEvaluations(
            **_tracked("group"), measurements=[_measurement(6.0)]
        ),
    }
    observer = sr.ObserverContext(
        observer_type=known.DCM.Device,
        observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
            uid=highdicom.UID(uid("observer"))
        ),
    )
    made: dict[str, Dataset] = {}
    for number, (path, group) in enumerate(groups.items(), 1):
        content = sr.MeasurementReport(
            observation_context=sr.ObservationContext(observer_device_context=observer),
            procedure_reported=known.LN.CTUnspecifiedBodyRegion,
            imaging_measurements=[group],
            referenced_images=images,
        )
        made[path] = sr.Comprehensive3DSR(content=content[0], **_head(images, path, number))
    selection = ko.KeyObjectSelection(
        document_title=known.DCM.OfInterest,
        referenced_objects=images,
        observer_device_context=observer,
    )
    made[KEYS] = ko.KeyObjectSelectionDocument(content=selection, **_head(images, KEYS, 4))
    dose = dataset_of(ct_dose())
    for name in ("StudyInstanceUID", "PatientName", "PatientID", "PatientBirthDate", "PatientSex"):
        dose.add(deepcopy(images[0][name]))
    dose.update(dataset_of({"SOPInstanceUID": uid(DOSE), "SeriesInstanceUID": uid(DOSE, "series")}))
    for item in items(dose):
        if "TextValue" in item:
            item.TextValue = "A"
    made[DOSE] = dose
    return tuple((path, _released(dataset)) for path, dataset in made.items())


def _head(images: list[Dataset], path: str, number: int) -> dict[str, Any]:
    return {
        "evidence": images,
        "series_instance_uid": uid(path, "series"),
        "series_number": 10 + number,
        "sop_instance_uid": uid(path),
        "instance_number": 1,
        "manufacturer": "",
    }


def _released(made: Dataset) -> Dataset:
    """Return a report de-identified as the CT beside it is, as a plain data set.

    What highdicom makes refuses defects.
    """
    plain = Dataset(made)
    plain.file_meta = FileMetaDataset()
    buffer = io.BytesIO()
    plain.save_as(buffer, implicit_vr=False, little_endian=True, enforce_file_format=False)
    buffer.seek(0)
    dataset = Dataset(read_dataset(buffer, is_implicit_VR=False, is_little_endian=True))
    for element in dataset.iterall():
        if element.keyword == "CodeMeaning":
            element.value = "meaning"
    dataset.PatientName = "CASE-001"
    for keyword in ("ContentDate", "ContentTime", "StudyDate", "StudyTime"):
        if keyword in dataset:
            setattr(dataset, keyword, "")
    for keyword in (
        "InstanceCreationDate",
        "InstanceCreationTime",
        "SeriesDate",
        "SeriesTime",
        "ContributingEquipmentSequence",
        "SoftwareVersions",
        "DeviceSerialNumber",
        "ManufacturerModelName",
    ):
        if keyword in dataset:
            delattr(dataset, keyword)
    dataset.update(
        dataset_of(
            {
                "PatientIdentityRemoved": "YES",
                "DeidentificationMethod": "PS3.15 Basic Application Level Confidentiality Profile",
                "DeidentificationMethodCodeSequence": codes("113100", "113104", "113107"),
                "LongitudinalTemporalInformationModified": "MODIFIED",
            }
        )
    )
    return dataset


def reports() -> Release:
    """Return the CT with reports made of it."""
    release = basic_ct()
    for path, dataset in _made():
        release.add(path, deepcopy(dataset))
    return release


def items(dataset: Dataset) -> Iterator[Dataset]:
    """Yield all content items, the root first."""
    yield dataset
    for child in dataset.get("ContentSequence", ()):
        yield from items(child)


def named(dataset: Dataset, code: str) -> Dataset:
    """Return the first content item of a concept."""
    return next(
        item
        for item in items(dataset)
        if any(name.CodeValue == code for name in item.get("ConceptNameCodeSequence", ()))
    )


def drop(dataset: Dataset, code: str) -> None:
    """Take the first content item of a concept out, with all below it."""
    gone = named(dataset, code)
    for item in items(dataset):
        if "ContentSequence" in item and gone in list(item.ContentSequence):
            item.ContentSequence = [child for child in item.ContentSequence if child is not gone]
            if not item.ContentSequence:
                del item.ContentSequence


def change(path: str, code: str, **values: Any) -> Callable[[Release], None]:
    """Return what sets attributes of a content item."""

    def plant(release: Release) -> None:
        named(release.instances[path], code).update(dataset_of(values))

    return plant


def without(path: str, code: str, *keywords: str) -> Callable[[Release], None]:
    """Return what takes attributes of a content item out, or the whole item."""

    def plant(release: Release) -> None:
        if not keywords:
            drop(release.instances[path], code)
        item = named(release.instances[path], code) if keywords else Dataset()
        for keyword in keywords:
            delattr(item, keyword)

    return plant


def add(path: str, code: str, literal: dict[str, Any]) -> Callable[[Release], None]:
    """Return what adds a content item below one."""

    def plant(release: Release) -> None:
        item = named(release.instances[path], code)
        item.ContentSequence = [*item.get("ContentSequence", ()), dataset_of(literal)]

    return plant


def units(path: str, code: str, value: str, scheme: str = "UCUM") -> Callable[[Release], None]:
    """Return what writes other units."""

    def plant(release: Release) -> None:
        (measured,) = named(release.instances[path], code).MeasuredValueSequence
        measured.MeasurementUnitsCodeSequence = [dataset_of(coded(value, scheme)[0])]

    return plant


def as_class(path: str, sop_class: str) -> Callable[[Release], None]:
    """Return what writes a report under another SOP class."""

    def plant(release: Release) -> None:
        dataset = release.instances.pop(path)
        dataset.SOPClassUID = sop_class
        release.add(path, dataset)

    return plant


def template(path: str, number: str) -> Callable[[Release], None]:
    """Return what names a template in the measurement group."""
    return change(
        path,
        "125007",
        ContentTemplateSequence=[{"MappingResource": "DCMR", "TemplateIdentifier": number}],
    )


def end_first(release: Release) -> None:
    """Plant End of X-Ray Irradiation before its start."""
    root = release.instances[DOSE]
    begin, end = (named(root, code) for code in ("113809", "113810"))
    swapped = {id(begin): end, id(end): begin}
    root.ContentSequence = [swapped.get(id(item), item) for item in root.ContentSequence]


DIAMETER, REGION, GROUPED, TRACKING = "81827009", "111030", "125007", "112039"
REFERENCE = {
    "RelationshipType": "CONTAINS",
    "ReferencedContentItemIdentifier": [1, 9, 9],
}
AGAIN = {
    "RelationshipType": "HAS OBS CONTEXT",
    "ValueType": "TEXT",
    "ConceptNameCodeSequence": coded(TRACKING),
    "TextValue": "again",
}
FRAME = {
    "RelationshipType": "CONTAINS",
    "ValueType": "IMAGE",
    "ConceptNameCodeSequence": coded("121214"),
    "ReferencedSOPSequence": [
        {
            "ReferencedSOPClassUID": SegmentationStorage,
            "ReferencedSOPInstanceUID": uid(1),
        }
    ],
}
ENHANCED, BASIC = "1.2.840.10008.5.1.4.1.1.88.22", "1.2.840.10008.5.1.4.1.1.88.11"
NOTHING: Code = known.DCM.OfInterest


def _case(name: str, plants: str, plant: Callable[[Release], object], *rules: str) -> Planted:
    return Planted(name, plants, plant, rules, reports)


CASES = (
    _case("num in basic text", "measurements in a Basic Text SR", as_class(PLANAR, BASIC), "SR103"),
    _case(
        "no value type",
        "a content item without Value Type",
        without(GROUP, TRACKING, "ValueType"),
        "SR103",
    ),
    _case(
        "unknown value type",
        "a content item of value type FREETEXT",
        change(GROUP, TRACKING, ValueType="FREETEXT"),
        "SR103",
    ),
    _case(
        "illegal relationship",
        "a measurement that is a HAS CONCEPT MOD of its group",
        change(GROUP, DIAMETER, RelationshipType="HAS CONCEPT MOD"),
        "SR104",
    ),
    _case(
        "no relationship",
        "a content item without Relationship Type",
        without(GROUP, DIAMETER, "RelationshipType"),
        "SR104",
    ),
    _case(
        "reference in enhanced",
        "a group by reference in an Enhanced SR, which has no references inside the document",
        lambda release: (
            add(GROUP, GROUPED, REFERENCE | {"ReferencedContentItemIdentifier": [1, 1]})(release),
            as_class(GROUP, ENHANCED)(release),
        ),
        "SR104",
    ),
    _case(
        "no text value", "a TEXT without Text Value", without(GROUP, TRACKING, "TextValue"), "SR105"
    ),
    _case(
        "no code value",
        "a CODE without Concept Code Sequence",
        without(GROUP, "121071", "ConceptCodeSequence"),
        "SR105",
    ),
    _case(
        "no measured value",
        "a NUM without Measured Value Sequence",
        without(GROUP, DIAMETER, "MeasuredValueSequence"),
        "SR105",
    ),
    _case(
        "no graphic data",
        "a region without Graphic Data",
        without(PLANAR, REGION, "GraphicData"),
        "SR105",
    ),
    _case(
        "code without scheme",
        "a finding whose code has no Coding Scheme Designator",
        change(GROUP, "121071", ConceptCodeSequence=coded("27925004", "")),
        "SR106",
    ),
    _case(
        "code without meaning",
        "a finding whose code has no Code Meaning",
        change(GROUP, "121071", ConceptCodeSequence=coded("27925004", "SCT", "")),
        "SR106",
    ),
    _case(
        "no units",
        "a measurement without units",
        change(GROUP, DIAMETER, MeasuredValueSequence=[{"NumericValue": "6"}]),
        "SR107",
    ),
    _case(
        "units not of ucum",
        "a diameter in millimeters as MM of UCUM",
        units(GROUP, DIAMETER, "MM"),
        "SR107",
    ),
    _case(
        "units of another scheme",
        "a diameter in units of a private scheme",
        units(GROUP, DIAMETER, "mm", "99UNITS"),
        "SR108",
    ),
    _case(
        "reference into nothing",
        "an item by reference to a position that is not there",
        add(GROUP, GROUPED, REFERENCE),
        "SR109",
    ),
    _case(
        "reference to an ancestor",
        "an item by reference to the root",
        add(GROUP, GROUPED, REFERENCE | {"ReferencedContentItemIdentifier": [1]}),
        "SR109",
    ),
    _case(
        "circle of three points",
        "a circle of three points",
        change(PLANAR, REGION, GraphicData=[4.0, 4.0, 8.0, 4.0, 9.0, 9.0]),
        "SR110",
    ),
    _case(
        "half a point",
        "a polyline of two points and a half",
        change(PLANAR, REGION, GraphicType="POLYLINE", GraphicData=[4.0, 4.0, 8.0, 4.0, 9.0]),
        "SR110",
    ),
    _case(
        "made up code of dcm",
        "a concept name in DCM that DCM does not have",
        change(GROUP, "121071", ConceptNameCodeSequence=coded("12107")),
        "SR111",
    ),
    _case(
        "meaning of another",
        "a finding with the meaning of another code",
        change(GROUP, "121071", ConceptCodeSequence=coded("27925004", "SCT", "Kidney")),
        "SR114",
    ),
    _case(
        "old code",
        "a finding coded in SRT",
        change(GROUP, "121071", ConceptCodeSequence=coded("M-03010", "SRT")),
        "SR112",
    ),
    _case(
        "private measurement",
        "a measurement named by a private code",
        change(GROUP, DIAMETER, ConceptNameCodeSequence=coded("DIAM", "99MINE")),
        "SR113",
    ),
    _case(
        "no template",
        "a report that does not say which template it follows",
        lambda release: delattr(release.instances[GROUP], "ContentTemplateSequence"),
        "SR102",
    ),
    _case(
        "no imaging measurements",
        "TID 1500 without any of its three kinds of content",
        without(GROUP, "126010"),
        "SR201",
    ),
    _case(
        "no region",
        "a group of TID 1410 without its region",
        without(PLANAR, REGION),
        "SR201",
    ),
    _case(
        "no image of the region",
        "a region that is in no image",
        without(PLANAR, REGION, "ContentSequence"),
        "SR201",
    ),
    _case(
        "volumetric without region",
        "a group of measurements that names TID 1411 and has no region",
        template(GROUP, "1411"),
        "SR201",
    ),
    _case(
        "no algorithm version",
        "an algorithm with a name and without a version",
        without(GROUP, "111003"),
        "SR201",
    ),
    _case(
        "no device observer uid",
        "an observer that is a device and has no UID",
        without(GROUP, "121012"),
        "SR201",
    ),
    _case(
        "two tracking identifiers",
        "a measurement group with two tracking identifiers",
        add(GROUP, GROUPED, AGAIN),
        "SR202",
    ),
    _case(
        "two regions in a planar group",
        "a planar group with two regions",
        lambda release: named(release.instances[PLANAR], GROUPED).ContentSequence.append(
            deepcopy(named(release.instances[PLANAR], REGION))
        ),
        "SR202",
    ),
    _case(
        "tracking uid as text",
        "a Tracking Unique Identifier as TEXT",
        change(GROUP, "112040", ValueType="TEXT", TextValue="1"),
        "SR203",
    ),
    _case(
        "other title",
        "a TID 1500 report under the title Of Interest",
        lambda release: release.instances[GROUP].update(
            dataset_of({"ConceptNameCodeSequence": coded(NOTHING.value)})
        ),
        "SR204",
    ),
    _case(
        "laterality of another list",
        "a laterality that is no laterality",
        change(GROUP, "272741003", ConceptCodeSequence=coded("39607008", "SCT")),
        "SR204",
    ),
    _case(
        "region and segmentation",
        "a planar group with a region and a segmentation",
        add(PLANAR, GROUPED, FRAME),
        "SR207",
    ),
    _case(
        "end before start",
        "a dose report that gives the end of irradiation before its start",
        end_first,
        "SR208",
    ),
    _case(
        "no completion flag",
        "a report without Completion Flag",
        lambda release: delattr(release.instances[GROUP], "CompletionFlag"),
        "SR101",
    ),
    _case(
        "root is text",
        "a report whose root is TEXT",
        lambda release: setattr(release.instances[GROUP], "ValueType", "TEXT"),
        "SR101",
    ),
    _case(
        "picture of a report",
        "images whose Modality is SR",
        lambda release: setattr(release.first, "Modality", "SR"),
        "SR002",
    ),
    _case("no dose total", "a dose report without its total", without(DOSE, "113813"), "SR201"),
    _case("no ct dose", "a CT acquisition without its dose", without(DOSE, "113829"), "SR201"),
    _case(
        "dose in other units",
        "a dose length product in Gy.cm",
        units(DOSE, "113838", "Gy.cm"),
        "SR205",
    ),
    _case(
        "two end times",
        "a dose report with two ends of irradiation",
        lambda release: release.instances[DOSE].ContentSequence.append(
            deepcopy(named(release.instances[DOSE], "113810"))
        ),
        "SR202",
    ),
    _case(
        "nothing selected",
        "a key object selection of nothing",
        lambda release: setattr(
            release.instances[KEYS],
            "ContentSequence",
            [item for item in release.instances[KEYS].ContentSequence if item.ValueType != "IMAGE"],
        ),
        "SR201",
    ),
    _case(
        "rejected without reason",
        "images rejected for quality, and no reason",
        lambda release: release.instances[KEYS].update(
            dataset_of({"ConceptNameCodeSequence": coded("113001")})
        ),
        "SR201",
    ),
    _case(
        "measurement in a selection",
        "a comment in a key object selection, whose template is not extensible",
        add(
            KEYS,
            "113000",
            AGAIN | {"RelationshipType": "CONTAINS", "ConceptNameCodeSequence": coded("121106")},
        ),
        "SR206",
    ),
)
