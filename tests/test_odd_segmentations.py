"""Nothing that stands where frames, groups or surfaces should makes a rule raise."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model import Outcome
from auditor.standard.dictionary import tag_of, vr_of
from auditor.standard.sop_classes import (
    LABEL_MAP_SEGMENTATION,
    MICROSCOPY_BULK_SIMPLE_ANNOTATIONS,
    PARAMETRIC_MAP,
    SEGMENTATION,
    SURFACE_SEGMENTATION,
)
from tests.rules import test_bulk_annotations, test_frames, test_surfaces
from tests.rules.cases import get_rule, passes

FRAMES = (
    "NumberOfFrames",
    "SegmentsOverlap",
    "DimensionOrganizationType",
    "TotalPixelMatrixRows",
    "TotalPixelMatrixColumns",
    "Rows",
    "Columns",
    "SegmentSequence",
    "SegmentNumber",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "DimensionIndexSequence",
    "DimensionIndexPointer",
    "DimensionOrganizationUID",
    "FrameContentSequence",
    "DimensionIndexValues",
    "SegmentIdentificationSequence",
    "ReferencedSegmentNumber",
    "PlanePositionSequence",
    "ImagePositionPatient",
    "DerivationImageSequence",
    "DerivationCodeSequence",
    "SourceImageSequence",
    "ReferencedSOPInstanceUID",
    "CodeValue",
)
GROUPS = (
    "AnnotationGroupSequence",
    "AnnotationGroupNumber",
    "NumberOfAnnotations",
    "GraphicType",
    "PointCoordinatesData",
    "DoublePointCoordinatesData",
    "LongPrimitivePointIndexList",
    "MeasurementsSequence",
    "MeasurementValuesSequence",
    "FloatingPointValues",
    "AnnotationIndexList",
)
SURFACES = (
    "NumberOfSurfaces",
    "SurfaceSequence",
    "SurfaceNumber",
    "SurfacePointsSequence",
    "NumberOfSurfacePoints",
    "PointCoordinatesData",
    "SurfacePointsNormalsSequence",
    "NumberOfVectors",
    "VectorCoordinateData",
    "SurfaceMeshPrimitivesSequence",
    "LongTrianglePointIndexList",
    "FacetSequence",
    "LongPrimitivePointIndexList",
    "SegmentSequence",
    "SurfaceCount",
    "ReferencedSurfaceSequence",
    "ReferencedSurfaceNumber",
)

Literal = dict[Any, Any]


def literals(names: tuple[str, ...]) -> st.SearchStrategy[Literal]:
    """Build data sets of some attributes, in any sequence, of any length and of odd VRs."""
    tags = [(tag_of(name) >> 16, tag_of(name) & 0xFFFF) for name in names]
    sequences = [tag for tag, name in zip(tags, names, strict=True) if vr_of(tag_of(name)) == "SQ"]
    value = st.one_of(
        st.tuples(st.sampled_from(["CS", "LO"]), st.sampled_from(["", "1", "POINT", "YES"])),
        st.tuples(st.sampled_from(["US", "UL"]), st.integers(0, 9)),
        st.tuples(st.sampled_from(["OB", "OF", "OL"]), st.binary(max_size=13)),
    )

    def within(children: st.SearchStrategy[Literal]) -> st.SearchStrategy[Literal]:
        items = st.tuples(st.just("SQ"), st.lists(children, max_size=3))
        return st.builds(
            lambda values, nested: values | nested,
            st.dictionaries(st.sampled_from(tags), value, max_size=6),
            st.dictionaries(st.sampled_from(sequences), items, max_size=4),
        )

    return st.recursive(st.just({}), within, max_leaves=20)


def shown(names: tuple[str, ...], *sop_classes: str) -> st.SearchStrategy[Literal]:
    """Build objects of some SOP classes."""
    classes = st.sampled_from([{(0x0008, 0x0016): ("UI", uid)} for uid in sop_classes])
    return st.builds(lambda literal, of: literal | of, literals(names), classes)


KINDS = {
    "frames": (
        shown(FRAMES, SEGMENTATION, LABEL_MAP_SEGMENTATION, PARAMETRIC_MAP),
        st.sampled_from(sorted(test_frames.CASES)),
    ),
    "groups": (
        shown(GROUPS, MICROSCOPY_BULK_SIMPLE_ANNOTATIONS),
        st.sampled_from(sorted(test_bulk_annotations.CASES)),
    ),
    "surfaces": (
        shown(SURFACES, SURFACE_SEGMENTATION),
        st.sampled_from(sorted(test_surfaces.CASES)),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_it_does_not_raise(kind: str, data: st.DataObject) -> None:
    literals, rule_ids = KINDS[kind]
    answer = passes(data.draw(literals)).ask(get_rule(data.draw(rule_ids)))
    assert answer.outcome is not Outcome.ERROR, answer
