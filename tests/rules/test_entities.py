"""Rules of what objects say of the entities that they share, and the values as compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from auditor.engine import Auditor
from auditor.packing import unpack
from auditor.paths import rules_folder
from auditor.reading.columns import ENTITY_ATTRIBUTES, ENTITY_IDS, plain
from auditor.registry import load
from auditor.sources import open_source
from auditor.standard import entities
from auditor.standard.dictionary import tag_of, vr_of
from auditor.standard.iods import packaged_iods
from auditor.standard.sop_classes import PROJECTIONS
from tests.planted.harness import basic_ct
from tests.rules.cases import (
    PLANT,
    Case,
    each,
    fails,
    get_rule,
    not_applicable,
    not_evaluated,
    passes,
)

DIFFERS = "differs between objects of one {}, by our tables alone"
BOTH = "differs between objects of one {}, by our tables and dcentvfy's"
NAME, DATE, MODEL = "(0010,0010)", "(0008,0020)", "(0008,1090)"
FRAME, POSITION, INDICATOR = "(0020,0052)", "(0018,5100)", "(0020,1040)"
ACCESSION = "(0008,0050)"
CT = "1.2.840.10008.5.1.4.1.1.2"
HANGING_PROTOCOL = "1.2.840.10008.5.1.4.38.1"
"""An object that is of no patient."""
# Table A-1 of PS3.6 has it, dcentvfy does not.
UNKNOWN = "1.2.840.10008.5.1.4.1.1.9.4.2"
(PROJECTION,) = PROJECTIONS & {"1.2.840.10008.5.1.4.1.1.1.1"}


def rows(*some: dict[str, Any], **of_all: Any) -> list[dict[str, Any]]:
    return [{**of_all, **each} for each in some]


CASES = {
    "CONS021": (
        passes(entities=rows({"PatientName": 1}, {"PatientName": 1}, PatientID=7)),
        # What one object leaves out contradicts nothing.
        passes(entities=rows({"PatientName": 1}, {}, PatientID=7)),
        passes(
            entities=rows({"PatientID": 1, "PatientName": 1}, {"PatientID": 2, "PatientName": 2})
        ),
        fails(
            entities=rows({"PatientName": 1}, {"PatientName": 2}, PatientID=7),
            at=[NAME],
            says=(DIFFERS.format("patient"),),
        ),
        fails(
            entities=rows({"PatientName": 1}, {"PatientName": 2}, PatientID=7, SOPClassUID=CT),
            at=[NAME],
            says=(BOTH.format("patient"),),
        ),
        # Of one patient objects differ that it compares, of the other such that it does not know.
        fails(
            entities=rows(
                {"PatientID": 7, "PatientName": 1, "SOPClassUID": CT},
                {"PatientID": 7, "PatientName": 2, "SOPClassUID": CT},
                {"PatientID": 8, "PatientName": 1, "SOPClassUID": CT},
                {"PatientID": 8, "PatientName": 2, "SOPClassUID": UNKNOWN},
            ),
            at=[NAME],
            says=(BOTH.format("patient"), DIFFERS.format("patient")),
        ),
        # Two hospitals may have given one number to two persons.
        passes(
            entities=rows(
                {"PatientName": 1, "IssuerOfPatientID": 1},
                {"PatientName": 2, "IssuerOfPatientID": 2},
                PatientID=7,
            )
        ),
        not_evaluated(entities=rows({"PatientName": 1}, {"PatientName": 2})),
        not_applicable(entities=rows({}, SOPClassUID=HANGING_PROTOCOL)),
    ),
    "CONS022": (
        passes(entities=rows({"StudyDate": 1}, {"StudyDate": 1}, StudyInstanceUID=7)),
        fails(
            entities=rows({"StudyDate": 1}, {"StudyDate": 2}, StudyInstanceUID=7),
            at=[DATE],
            says=(DIFFERS.format("study"),),
        ),
        fails(
            entities=rows(
                {"AccessionNumber": 1, "StudyDate": 1},
                {"AccessionNumber": 2, "StudyDate": 2},
                StudyInstanceUID=7,
                SOPClassUID=CT,
            ),
            at=[DATE, ACCESSION],
            says=(BOTH.format("study"), DIFFERS.format("study")),
        ),
        not_evaluated(entities=rows({"StudyDate": 1}, {"StudyDate": 2})),
        not_applicable(entities=rows({}, SOPClassUID=HANGING_PROTOCOL)),
    ),
    "CONS023": (
        passes(entities=rows({"ManufacturerModelName": 1}, {}, SeriesInstanceUID=7)),
        fails(
            entities=rows(
                {"ManufacturerModelName": 1, "FrameOfReferenceUID": 1},
                {"ManufacturerModelName": 2, "FrameOfReferenceUID": 2},
                SeriesInstanceUID=7,
            ),
            at=[MODEL, FRAME],
        ),
        fails(
            entities=rows(
                {"PatientPosition": 1},
                {"PatientPosition": 2},
                SeriesInstanceUID=7,
                SOPClassUID=CT,
            ),
            at=[POSITION],
        ),
        # The positions of a projection are the image's.
        passes(
            entities=rows(
                {"PatientPosition": 1},
                {"PatientPosition": 2},
                SeriesInstanceUID=7,
                SOPClassUID=PROJECTION,
            )
        ),
        not_evaluated(instances=[{}]),
        not_applicable(instances=[{"SOPClassUID": HANGING_PROTOCOL}]),
    ),
    "CONS024": (
        passes(
            entities=rows(
                {"SeriesInstanceUID": 1, "FrameOfReferenceUID": 1, "PositionReferenceIndicator": 1},
                {"SeriesInstanceUID": 2, "FrameOfReferenceUID": 2, "PositionReferenceIndicator": 2},
            )
        ),
        fails(
            entities=rows(
                {"SeriesInstanceUID": 1, "PositionReferenceIndicator": 1},
                {"SeriesInstanceUID": 2, "PositionReferenceIndicator": 2},
                FrameOfReferenceUID=7,
            ),
            at=[INDICATOR],
            says=(DIFFERS.format("frame of reference"),),
        ),
        # dcentvfy looks at frames of reference within a series.
        fails(
            entities=rows(
                {"SeriesInstanceUID": 1, "PositionReferenceIndicator": 1},
                {"SeriesInstanceUID": 1, "PositionReferenceIndicator": 2},
                {"SeriesInstanceUID": 2, "PositionReferenceIndicator": 2},
                FrameOfReferenceUID=7,
                SOPClassUID=CT,
            ),
            at=[INDICATOR],
            says=(BOTH.format("frame of reference"), DIFFERS.format("frame of reference")),
        ),
        not_applicable(entities=rows({"SeriesInstanceUID": 1, "PositionReferenceIndicator": 1})),
        not_evaluated(instances=[{"FrameOfReferenceUID": 7}]),
        not_applicable(instances=[{}]),
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


def test_an_entity_counts_once_in_each_of_its_attributes() -> None:
    shown = rows(
        {"StudyDate": 1, "StudyTime": 1},
        {"StudyDate": 2, "StudyTime": 2},
        {"StudyDate": 3, "StudyTime": 2},
        StudyInstanceUID=7,
    )
    assert fails(entities=shown).ask(get_rule("CONS022")).counts == (1, 1)


IES = {
    "PATIENT": ("C.7.1.1", "C.7.1.3"),
    "STUDY": ("C.7.2.1", "C.7.2.2", "C.7.2.3"),
    "SERIES": ("C.7.3.1", "C.7.3.2"),
    "EQUIPMENT": ("C.7.5.1", "C.7.5.2"),
    "FRAME_OF_REFERENCE": ("C.7.4.1",),
}
# Series modules of some IODs stand in for the General Series Module, and say the same.
SERIES_MODULES = "Series"


@pytest.mark.parametrize("entity", IES)
def test_attributes_are_of_the_entity_and_of_no_image(entity: str) -> None:
    table = packaged_iods()
    general = {tag for module in IES[entity] for tag in table.top_tags(module)}
    every = {module for modules in IES.values() for module in modules}
    for keyword in getattr(entities, entity):
        tag = tag_of(keyword)
        assert tag in general, keyword
        assert vr_of(tag) != "SQ"
        for uid, iod in table.iods.items():
            if uid in entities.BY_IMAGE.get(keyword, ()) or "Patient" not in iod["modules"]:
                continue
            for name, module in iod["modules"].items():
                if module["ref"] not in every and SERIES_MODULES not in name:
                    assert tag not in table.top_tags(module["ref"]), (keyword, name)


def test_every_attribute_is_of_one_entity() -> None:
    assert len(set(ENTITY_ATTRIBUTES)) == len(ENTITY_ATTRIBUTES)
    assert not set(ENTITY_ATTRIBUTES) & {*ENTITY_IDS, "PatientSex", "Modality"}


@pytest.mark.parametrize(
    ("keyword", "one", "other"),
    [
        ("PatientName", b"Quagga^Zelda^^ ", b"Quagga^Zelda"),
        ("PatientName", b"Quagga^Zelda==", b"Quagga^Zelda^"),
        ("StudyTime", b"101500.000000", b"101500"),
        ("PatientWeight", b"070.0 ", b"70"),
        ("SeriesNumber", b" 3", b"3 "),
        ("SoftwareVersions", b"A1\\ B2 ", b"A1 \\B2"),
        ("DeviceUID", b"1.2.3\0", b"1.2.3"),
    ],
)
def test_spellings_of_one_value_are_equal(keyword: str, one: bytes, other: bytes) -> None:
    assert plain(keyword, one, ()) == plain(keyword, other, ())


@pytest.mark.parametrize(
    ("keyword", "one", "other"),
    [
        ("PatientName", b"Quagga^Zelda", b"Quagga^Tilly"),
        ("PatientName", b"^Zelda", b"Zelda"),
        ("StudyTime", b"101500", b"1015"),
        ("PatientWeight", b"70", b"7"),
        ("PatientComments", b"a\\b", b"a\\ b"),
        ("StudyDescription", b"100", b"1"),
    ],
)
def test_values_that_differ_stay_apart(keyword: str, one: bytes, other: bytes) -> None:
    assert plain(keyword, one, ()) != plain(keyword, other, ())


def test_one_text_in_two_character_sets_is_equal() -> None:
    name = "Quägga^Zelda"
    as_latin = plain("PatientName", name.encode("latin-1"), ("ISO_IR 100",))
    assert as_latin == plain("PatientName", name.encode(), ("ISO_IR 192",))


def entity_rows(tmp_path: Path, *changed: tuple[int, str, str]) -> list[tuple[Any, ...]]:
    release = basic_ct()
    datasets: list[Dataset] = list(release.instances.values())
    for number, keyword, value in changed:
        setattr(datasets[number], keyword, value)
    release.write(tmp_path)
    auditor = Auditor(load([rules_folder()]), b"k" * 32)
    with open_source(tmp_path) as source:
        partial = auditor.chunk(source.files())
    return unpack(partial.tables["entities"])


def test_objects_that_say_the_same_share_a_row(tmp_path: Path) -> None:
    # Two patients with two slices each.
    assert len(entity_rows(tmp_path)) == 2


def test_what_differs_is_a_row_of_its_own_and_no_value(tmp_path: Path) -> None:
    table = entity_rows(tmp_path, (1, "StationName", PLANT))
    assert len(table) == 3
    assert "Quagga" not in repr(table)
    assert all(isinstance(cell, int | None) for row in table for cell in row[2:])
