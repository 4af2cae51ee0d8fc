"""Defects of patient and study are said once, where derived objects take them from."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.inheritance import Sources, attribute_to_sources
from auditor.model import TagPath
from auditor.standard.dictionary import tag_of
from auditor.standard.entities import INHERITED
from auditor.standard.iods import packaged_iods
from auditor.tally import RuleTally, Seen
from tests.planted.harness import Release, basic_ct, scan, uid

BIRTH, ROWS = str(TagPath.of("PatientBirthDate")), str(TagPath.of("Rows"))
CT, SEG, REPORT = 1, 2, 3


def tally(*series: int, place: str = BIRTH, each: int = 10) -> RuleTally:
    key = ("it is missing", place)
    at: dict[int | None, Seen] = {one: Seen(each, f"{one}.dcm") for one in series}
    paths = [seen.path for seen in at.values()]
    return RuleTally(
        failed=each * len(series),
        findings={key: (each * len(series), paths)},
        series={key: at},
    )


def attributed(found: RuleTally, known: Sources) -> dict[int | None, tuple[int, int]]:
    """Return series to how many it has, and how many of those are inherited: ten are its own."""
    before = found.failed, {key: count for key, (count, _) in found.findings.items()}
    attribute_to_sources(found, known)
    assert before == (found.failed, {key: count for key, (count, _) in found.findings.items()})
    (key,) = found.series
    after = {one: (seen.count, seen.count - 10) for one, seen in found.series[key].items()}
    assert found.inherited.get(key, 0) == sum(inherited for _, inherited in after.values())
    return after


def test_what_a_segmentation_takes_from_its_images_is_theirs() -> None:
    found = tally(CT, SEG)
    assert attributed(found, {SEG: [CT]}) == {CT: (20, 10)}
    assert found.findings["it is missing", BIRTH] == (20, ["1.dcm"])


def test_a_report_on_a_segmentation_takes_it_from_the_images() -> None:
    assert attributed(tally(CT, SEG, REPORT), {REPORT: [SEG], SEG: [CT]}) == {CT: (30, 20)}


def test_what_the_images_do_not_have_is_the_segmentations() -> None:
    assert attributed(tally(SEG), {SEG: [CT]}) == {SEG: (10, 0)}


def test_what_is_of_the_image_is_not_inherited() -> None:
    assert attributed(tally(CT, SEG, place=ROWS), {SEG: [CT]}) == {CT: (10, 0), SEG: (10, 0)}


def test_series_that_nobody_refers_to_stay_apart() -> None:
    assert attributed(tally(CT, SEG), {}) == {CT: (10, 0), SEG: (10, 0)}


@given(
    there=st.sets(st.integers(1, 6), min_size=1),
    known=st.dictionaries(st.integers(1, 6), st.lists(st.integers(1, 6), max_size=4)),
)
def test_nothing_is_lost_whatever_refers_to_what(there: set[int], known: Sources) -> None:
    after = attributed(tally(*there), known)
    assert sum(count for count, _ in after.values()) == 10 * len(there)
    assert set(after) <= there


def test_they_are_the_attributes_of_patient_and_study() -> None:
    table = packaged_iods()
    modules: Iterable[str] = ("C.7.1.1", "C.7.1.3", "C.7.2.1", "C.7.2.2", "C.7.2.3")
    of_both = {tag for module in modules for tag in table.top_tags(module)}
    assert {tag_of(keyword) for keyword in INHERITED} == of_both


@pytest.mark.parametrize("of_the_images", [True, False])
def test_an_audit_says_it_once(of_the_images: bool) -> None:
    """A second series refers to the first; both have a UID of the study that is none."""
    release: Release = basic_ct()
    images, derived = release.datasets[:2], release.datasets[2:]
    for number, dataset in enumerate(derived, 1):
        dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.33"
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        dataset.CurrentRequestedProcedureEvidenceSequence = []
        reference = type(dataset)()
        reference.ReferencedSOPClassUID = images[0].SOPClassUID
        reference.ReferencedSOPInstanceUID = uid("instance", 1, number)
        dataset.CurrentRequestedProcedureEvidenceSequence = [reference]
        dataset.StudyInstanceUID = "7.7"
    for dataset in images if of_the_images else ():
        dataset.StudyInstanceUID = "7.7"
    (rule,) = [rule for rule in scan({"one": release})["one"].rules if rule.id == "IOD031"]
    (finding,) = rule.findings
    assert (finding.count, finding.inherited) == ((4, 2) if of_the_images else (2, 0))
