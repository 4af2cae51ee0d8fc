"""What highdicom writes, which was not written for us: no rule of reports has a finding on it."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import Any

import highdicom
import numpy as np
import pytest
from highdicom import sr
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import SegmentationStorage

from tests.planted.harness import Release, basic_ct, reported, scan, uid

MASK = highdicom.UID(uid("mask"))


def tracked(name: str) -> Any:
    return sr.TrackingIdentifier(uid=highdicom.UID(uid(name)), identifier=name)


def measured(name: Any = codes.SCT.Diameter, unit: Any = codes.UCUM.Millimeter, **more: Any) -> Any:
    return sr.Measurement(name=name, value=3.0, unit=unit, **more)


def numbered(name: Any) -> Any:
    return sr.NumContentItem(
        name=name, value=1.0, unit=codes.UCUM.Millimeter, relationship_type="HAS PROPERTIES"
    )


VOLUME = (codes.SCT.Volume, codes.UCUM.CubicMillimeter)
SITE = sr.FindingSite(
    codes.SCT.Lung, laterality=codes.SCT.Left, topographical_modifier=codes.SCT.Apical
)
SAID = sr.QualitativeEvaluation(name=codes.DCM.LevelOfSignificance, value=codes.SCT.Yes)
CORNERS = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 0, 0]])
LIMIT = Code("121412", "DCM", "Normal Range lower limit")


def images() -> list[Dataset]:
    made = list(basic_ct().instances.values())[:2]
    for image in made:
        image.PatientName = "A^B"
    return made


def segmented(image: Dataset) -> dict[str, Any]:
    return {
        "referenced_segment": sr.ReferencedSegmentationFrame(
            highdicom.UID(SegmentationStorage),
            MASK,
            1,
            1,
            sr.SourceImageForSegmentation.from_source_image(image),
        )
    }


def groups() -> dict[str, Any]:
    planar = sr.PlanarROIMeasurementsAndQualitativeEvaluations
    volumetric = sr.VolumetricROIMeasurementsAndQualitativeEvaluations
    plain = sr.MeasurementsAndQualitativeEvaluations
    first, second = images()
    algorithm = sr.AlgorithmIdentification(name="a", version="1", parameters=["p", "q"])
    properties = sr.MeasurementProperties(
        normality=codes.SCT.Normal,
        measurement_statistical_properties=sr.MeasurementStatisticalProperties(
            values=[numbered(codes.SCT.Mean)], description="of a population"
        ),
        normal_range_properties=sr.NormalRangeProperties(
            values=[numbered(LIMIT)], description="of a range", authority="an authority"
        ),
    )
    segment = (highdicom.UID(SegmentationStorage), MASK, 1)
    in_image = sr.SourceImageForRegion.from_source_image(first)
    line = np.array([[1.0, 1.0], [2.0, 2.0], [1.0, 1.0]])
    return {
        "a frame of a segmentation, and all that a measurement can have": planar(
            tracked("frame"),
            **segmented(first),
            measurements=[
                measured(
                    algorithm_id=algorithm,
                    finding_sites=[SITE],
                    derivation=codes.SCT.Mean,
                    properties=properties,
                    referenced_images=[sr.SourceImageForMeasurement.from_source_image(first)],
                )
            ],
            finding_category=codes.SCT.MorphologicallyAbnormalStructure,
            session="a session",
            algorithm_id=algorithm,
        ),
        "a polygon in space": planar(
            tracked("polygon"),
            referenced_region=sr.ImageRegion3D("POLYGON", CORNERS, first.FrameOfReferenceUID),
            measurements=[measured()],
        ),
        "a region that nothing is measured in": planar(
            tracked("region"),
            referenced_region=sr.ImageRegion("POLYLINE", line, in_image),
            qualitative_evaluations=[SAID],
            finding_sites=[SITE],
        ),
        "a segment of images": volumetric(
            tracked("segment"),
            referenced_segment=sr.ReferencedSegment(
                *segment,
                source_images=[
                    sr.SourceImageForSegmentation.from_source_image(image)
                    for image in (first, second)
                ],
            ),
            measurements=[measured(*VOLUME)],
            time_point_context=sr.TimePointContext(time_point="1", time_point_order=1),
        ),
        "a segment of a series": volumetric(
            tracked("series"),
            referenced_segment=sr.ReferencedSegment(
                *segment,
                source_series=sr.SourceSeriesForSegmentation(highdicom.UID(uid("series"))),
            ),
            measurements=[measured(*VOLUME)],
        ),
        "a surface": volumetric(
            tracked("surface"),
            referenced_volume_surface=sr.VolumeSurface(
                "ELLIPSOID",
                np.arange(18.0).reshape(6, 3),
                first.FrameOfReferenceUID,
                source_images=[sr.SourceImageForSegmentation.from_source_image(first)],
            ),
            measurements=[measured()],
        ),
        "coordinates of a measurement": plain(
            tracked("coordinates"),
            measurements=[
                measured(
                    referenced_coordinates=[
                        sr.CoordinatesForMeasurement("POLYLINE", line, in_image)
                    ]
                ),
                measured(*VOLUME, tracking_identifier=tracked("of a measurement")),
            ],
            qualitative_evaluations=[SAID],
            finding_type=codes.SCT.Nodule,
        ),
        "images of a group": plain(
            tracked("images"),
            source_images=[sr.SourceImageForMeasurementGroup.from_source_image(first)],
            measurements=[measured()],
        ),
    }


NAMES = tuple(groups())


def report(number: int, group: Any) -> Dataset:
    person = sr.ObserverContext(
        observer_type=codes.DCM.Person,
        observer_identifying_attributes=sr.PersonObserverIdentifyingAttributes(
            name="A^B", login_name="ab", organization_name="an organization"
        ),
    )
    device = sr.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
            uid=highdicom.UID(uid("device")), name="a device", serial_number="1"
        ),
    )
    sources = images()
    mask = deepcopy(sources[0])
    mask.SOPClassUID, mask.SOPInstanceUID = SegmentationStorage, MASK
    mask.SeriesInstanceUID = uid("masks")
    content = sr.MeasurementReport(
        observation_context=sr.ObservationContext(
            observer_person_context=person, observer_device_context=device
        ),
        procedure_reported=[codes.LN.CTUnspecifiedBodyRegion, codes.LN.CTUnspecifiedBodyRegion],
        imaging_measurements=[group],
        referenced_images=sources if number % 2 else None,
        language_of_content_item_and_descendants=sr.LanguageOfContentItemAndDescendants(
            sr.CodedConcept("en", "RFC5646", "English")
        ),
    )
    return sr.Comprehensive3DSR(
        evidence=[*sources, mask],
        content=content[0],
        series_instance_uid=uid("report", number),
        series_number=number + 1,
        sop_instance_uid=uid(number),
        instance_number=1,
        manufacturer="",
    )


@cache
def found() -> dict[str, dict[str, str]]:
    releases = {}
    for number, (name, group) in enumerate(groups().items()):
        releases[name] = Release()
        releases[name].add("report.dcm", report(number, group))
    return {name: reported(result) for name, result in scan(releases).items()}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_wrong_with_it(name: str) -> None:
    said = {
        rule: severity
        for rule, severity in found()[name].items()
        if rule.startswith("SR") and severity != "info"
    }
    assert said == {}


@pytest.mark.parametrize("name", NAMES)
def test_it_was_looked_at(name: str) -> None:
    assert {"SR001", "SR003", "SR005"} <= set(found()[name])
