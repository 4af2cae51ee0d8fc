"""The conformance referee: its verdicts, and that they depend on the structure alone."""

from __future__ import annotations

import logging
import tracemalloc
import warnings
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, config
from pydicom.data import get_testdata_file
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.tag import Tag

from auditor.conformance import dicom_validator
from auditor.conformance.dicom_validator import (
    HELD_BACK,
    DicomValidatorReferee,
    StandIn,
    tags_read_by_value,
)
from auditor.conformance.legality import (
    SURELY_LEGAL,
    fault_of,
    lenient,
    value_is_legal,
)
from auditor.conformance.vocabulary import (
    KINDS,
    REFEREES,
    IodError,
    RefereeReport,
    agree,
)
from auditor.judgement import is_referee_rule
from auditor.model import Confidence, TagPath
from auditor.reading.places import TEXT_VRS
from auditor.registry import load
from auditor.standard.dictionary import tag_of, vr_of
from auditor.standard.iods import IodTable, packaged_iods

CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
RT_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"
XA = "1.2.840.10008.5.1.4.1.1.12.1"
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"
ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
ENHANCED_MR_COLOR = "1.2.840.10008.5.1.4.1.1.4.3"
SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.33"
SECRET = "Zebra^Quagga"  # noqa: S105 - stands for a name

REAL = [
    "CT_small.dcm",
    "MR_small.dcm",
    "test-SR.dcm",
    "rtplan.dcm",
    "rtdose.dcm",
    "liver_1frame.dcm",
]


@pytest.fixture(scope="module")
def referee() -> DicomValidatorReferee:
    return DicomValidatorReferee()


def dataset(sop_class: str = CT, **values: Any) -> Dataset:
    made = Dataset()
    made.SOPClassUID = sop_class
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def item(**values: Any) -> Dataset:
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def real(name: str) -> Dataset:
    path = get_testdata_file(name, download=False)
    assert isinstance(path, str)
    return pydicom.dcmread(path, stop_before_pixels=True)


def encoded(data: Dataset, *, implicit: bool = False) -> Dataset:
    """The data set as it comes from a file: with raw elements."""
    stream = BytesIO()
    data.save_as(stream, implicit_vr=implicit, little_endian=True)
    stream.seek(0)
    return pydicom.dcmread(stream, force=True)


def places(report: RefereeReport, kind: str) -> set[str]:
    assert report.status == "judged", report.reason
    return {str(error.tag_path) for error in report.errors if error.kind == kind}


def path(*keywords: str) -> str:
    return str(TagPath.of(*keywords))


# -- verdicts -------------------------------------------------------------------------------


def test_missing_and_empty(referee: DicomValidatorReferee) -> None:
    report = referee.judge(dataset(CT, Modality="", PatientName=SECRET, KVP=None))
    missing, empty = places(report, "missing"), places(report, "empty")
    assert {path("Rows"), path("PatientID"), path("StudyInstanceUID")} <= missing
    assert not missing & {path("PatientName"), path("KVP"), path("Modality")}
    assert path("Modality") in empty
    assert path("KVP") not in empty  # Type 2
    found = {error.tag_path: error for error in report.errors if error.kind == "missing"}
    assert found[TagPath.of("PatientID")].type == "2"
    assert found[TagPath.of("PatientID")].module == "Patient"


def test_an_empty_person_name_is_empty(referee: DicomValidatorReferee) -> None:
    """Which dicom-validator itself does not see: its value is no str."""
    verifying = item(
        VerifyingObserverName="", VerificationDateTime="2020", VerifyingOrganization="X"
    )
    report = referee.judge(dataset(COMPREHENSIVE_SR, VerifyingObserverSequence=[verifying]))
    assert path("VerifyingObserverSequence", "VerifyingObserverName") in places(report, "empty")


def test_not_allowed(referee: DicomValidatorReferee) -> None:
    presentation = dataset(
        "1.2.840.10008.5.1.4.1.1.11.1",
        ModalityLUTSequence=[item(LUTDescriptor=[1, 0, 8], ModalityLUTType="HU", LUTData=b"\0\0")],
        RescaleIntercept="0",
        RescaleSlope="1",
        RescaleType="HU",
    )
    assert places(referee.judge(presentation), "not_allowed")
    del presentation.RescaleIntercept
    assert not places(referee.judge(presentation), "not_allowed")


def test_unexpected(referee: DicomValidatorReferee) -> None:
    report = referee.judge(dataset(CT, PatientTelephoneNumbers="1"))
    assert places(report, "unexpected") == {path("PatientTelephoneNumbers")}
    inside = dataset(CT, ReferencedStudySequence=[item(PatientTelephoneNumbers="1")])
    assert places(referee.judge(inside), "unexpected") == {
        path("ReferencedStudySequence", "PatientTelephoneNumbers")
    }


def test_invalid_value(referee: DicomValidatorReferee) -> None:
    data = dataset(CT, StudyDate="20200101", StudyTime="0000")
    assert not places(referee.judge(data), "characters")
    data["StudyTime"] = DataElement(Tag("StudyTime"), "TM", "00:00", already_converted=True)
    assert places(referee.judge(encoded(data)), "characters") == {path("StudyTime")}


def test_incomplete_module(referee: DicomValidatorReferee) -> None:
    """Image Plane is a user option in a secondary capture, and mandatory in CT."""
    values = {"SliceThickness": "1", "ImagePositionPatient": [0, 0, 0]}
    capture = referee.judge(dataset(SECONDARY_CAPTURE, **values))
    assert places(capture, "incomplete_module") == {path("ImageOrientationPatient")} | {
        path("PixelSpacing")
    }
    assert path("ImageOrientationPatient") in places(
        referee.judge(dataset(CT, **values)), "missing"
    )


def test_functional_group_in_both_sequences(referee: DicomValidatorReferee) -> None:
    measures = item(PixelMeasuresSequence=[item(PixelSpacing=[1, 1], SliceThickness="1")])
    both = dataset(
        ENHANCED_CT,
        SharedFunctionalGroupsSequence=[measures],
        PerFrameFunctionalGroupsSequence=[measures],
    )
    assert places(referee.judge(both), "functional_group") == {
        path("PerFrameFunctionalGroupsSequence", "PixelMeasuresSequence")
    }
    both.PerFrameFunctionalGroupsSequence = [item(FrameContentSequence=[item()])]
    report = referee.judge(both)
    assert not places(report, "functional_group")
    assert not any("(0028,9110)" in place for place in places(report, "missing"))


def test_frame_content_is_never_shared(referee: DicomValidatorReferee) -> None:
    content = item(FrameContentSequence=[item(FrameAcquisitionNumber=1)])
    shared = dataset(
        SEGMENTATION,
        SharedFunctionalGroupsSequence=[content],
        PerFrameFunctionalGroupsSequence=[item()],
    )
    assert places(referee.judge(shared), "functional_group") == {
        path("SharedFunctionalGroupsSequence", "FrameContentSequence")
    }


def test_content_items_need_what_their_value_type_needs(referee: DicomValidatorReferee) -> None:
    def problems(**values: Any) -> set[str]:
        content = item(RelationshipType="CONTAINS", **values)
        report = referee.judge(dataset(COMPREHENSIVE_SR, ContentSequence=[content]))
        return {place for place in places(report, "missing") if place.startswith("(0040,A730)/")}

    code = item(CodeValue="1", CodingSchemeDesignator="X", CodeMeaning="X")
    named: dict[str, Any] = {"ConceptNameCodeSequence": [code]}
    assert problems(ValueType="TEXT", TextValue="X", **named) == set()
    assert problems(ValueType="TEXT", **named) == {path("ContentSequence", "TextValue")}
    assert problems(ValueType="NUM", **named) == {path("ContentSequence", "MeasuredValueSequence")}
    assert path("ContentSequence", "GraphicType") in problems(ValueType="SCOORD", **named)
    # A relationship by reference has no value type, whatever stands above it.
    assert problems(ReferencedContentItemIdentifier=[1, 2]) == set()


def test_modified_attributes_may_be_any(referee: DicomValidatorReferee) -> None:
    original = item(
        ModifiedAttributesSequence=[item(PatientID="X", Rows=1)],
        AttributeModificationDateTime="2020",
        ModifyingSystem="X",
        SourceOfPreviousValues="X",
        ReasonForTheAttributeModification="CORRECT",
    )
    report = referee.judge(dataset(CT, OriginalAttributesSequence=[original]))
    assert not [error for error in report.errors if error.tag_path.steps[0] == "(0400,0561)"]


def test_a_condition_reads_the_value_that_it_numbers(referee: DicomValidatorReferee) -> None:
    """Value 3 of Image Type, and not Value 2: the packaged numbers fit dicom-validator's."""
    plane = dataset(XA, ImageType=["ORIGINAL", "PRIMARY", "BIPLANE A"])
    assert path("ReferencedImageSequence") in places(referee.judge(plane), "missing")
    plane.ImageType = ["ORIGINAL", "BIPLANE A", "SINGLE PLANE"]
    assert path("ReferencedImageSequence") not in places(referee.judge(plane), "missing")


@pytest.mark.parametrize("sequences", [["IR"], ["SE", "IR"], ["EP", "SE", "IR"]])
def test_a_condition_on_any_value(referee: DicomValidatorReferee, sequences: list[str]) -> None:
    inversion, others = path("InversionTime"), [each for each in sequences if each != "IR"]
    assert inversion in places(referee.judge(dataset(MR, ScanningSequence=sequences)), "missing")
    without = dataset(MR, ScanningSequence=[*others, "GR"])
    assert inversion not in places(referee.judge(without), "missing")
    without.InversionTime = "100"
    assert inversion in places(referee.judge(without), "not_allowed")


def test_a_dose_on_a_grid_is_an_image(referee: DicomValidatorReferee) -> None:
    missing = places(referee.judge(dataset(RT_DOSE, Rows=4)), "missing")
    assert {path("Columns"), path("InstanceNumber"), path("PixelSpacing")} <= missing
    histogram = places(referee.judge(dataset(RT_DOSE)), "missing")
    assert not {path("Columns"), path("InstanceNumber"), path("PixelSpacing")} & histogram


def test_report_is_sorted_distinct_and_of_known_kinds(referee: DicomValidatorReferee) -> None:
    for name in REAL:
        errors = referee.judge(real(name)).errors
        assert list(errors) == sorted(set(errors))
        assert {error.kind for error in errors} <= set(KINDS)
        assert all(error.type in ("", "1", "1C", "2", "2C", "3") for error in errors)


def test_good_files_are_clean(referee: DicomValidatorReferee, shared: Path) -> None:
    """Objects that the field's reference validator finds nothing missing in."""
    folder = shared / "corpus" / "ImagingDataCommons+highdicom"
    files = sorted(folder.rglob("seg_image_ct_*.dcm"))
    assert files
    for file in files:
        report = referee.judge(pydicom.dcmread(file, stop_before_pixels=True))
        assert report.status == "judged"
        assert not places(report, "missing") | places(report, "not_allowed"), file.name


# -- not judged -------------------------------------------------------------------------------


def test_no_sop_class(referee: DicomValidatorReferee) -> None:
    assert referee.judge(Dataset()).status == "no_sop_class"
    assert referee.judge(dataset("")).status == "no_sop_class"
    two = Dataset()
    two.add(DataElement(Tag("SOPClassUID"), "UI", [CT, MR], already_converted=True))
    assert referee.judge(two).status == "no_sop_class"


def test_a_sop_class_that_only_the_file_meta_information_says(
    referee: DicomValidatorReferee,
) -> None:
    data = dataset(CT)
    complete = referee.judge(data)
    del data.SOPClassUID
    lacking = referee.judge(data, CT)
    assert set(lacking.errors) - set(complete.errors) == {
        IodError("missing", TagPath.of("SOPClassUID"), "SOP Common", "1")
    }
    # Its condition reads the attribute.
    gone = places(complete, "missing") - places(lacking, "missing")
    assert gone == {path("PatientPosition")}
    empty = referee.judge(dataset(""), CT)
    assert path("SOPClassUID") in places(empty, "empty")


def test_one_odd_element_does_not_keep_the_others_from_being_judged(
    referee: DicomValidatorReferee, tmp_path: Path
) -> None:
    """Of a value that it left in the file, pydicom wants to know the VR once more."""
    file = tmp_path / "odd.dcm"
    data = dataset(CT, PatientName="X")
    data.add_new(0x00081030, "LO", "X" * 64)
    expected = referee.judge(encoded(data))
    data.save_as(file, implicit_vr=False, little_endian=True)
    written = file.read_bytes()
    one = written.index(b"\x08\0\x30\x10LO")
    odd = b"\x08\0\x30\x10XX" + (1500).to_bytes(2, "little") + b"X" * 1500
    file.write_bytes(written[:one] + odd + written[one + 8 + 64 :])
    read = pydicom.dcmread(file, force=True, defer_size=1024)
    with pytest.raises(NotImplementedError):
        read.get_item(0x00081030)
    report = referee.judge(pydicom.dcmread(file, force=True, defer_size=1024))
    assert report.status == "judged", report.reason
    # PS3.6 has LO for it, and so many characters are too many.
    assert set(report.errors) - set(expected.errors) == {
        IodError("length", TagPath.of("StudyDescription"), "General Study", "3")
    }


@pytest.mark.parametrize("uid", ["1.2.840.113619.4.26", "1.2.840.10008.5.1.4.1.1.6", "nonsense"])
def test_unknown_sop_class(referee: DicomValidatorReferee, uid: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = referee.judge(dataset(uid))
    assert (report.status, report.errors) == ("unknown_sop_class", ())


def test_every_iod_can_be_judged(referee: DicomValidatorReferee) -> None:
    for uid in packaged_iods().iods:
        report = referee.judge(dataset(uid))
        assert report.status == "judged", (uid, report.reason)
        assert path("SOPInstanceUID") in places(report, "missing")


def test_nothing_that_it_says_is_a_value(referee: DicomValidatorReferee) -> None:
    data = dataset(CT, PatientName=SECRET, StudyID=SECRET, PatientTelephoneNumbers=SECRET)
    for keyword, vr in (("StudyDate", "DA"), ("Modality", "CS"), ("KVP", "DS"), ("Rows", "US")):
        data.add(DataElement(Tag(keyword), vr, SECRET, already_converted=True))
    report = referee.judge(data)
    assert places(report, "length") | places(report, "characters")
    assert SECRET not in repr(report)


def deep(levels: int) -> Dataset:
    inner = item(ValueType="TEXT")
    for _ in range(levels):
        inner = item(ValueType="CONTAINER", ContentSequence=[inner])
    inner.SOPClassUID = COMPREHENSIVE_SR
    return inner


HOSTILE: dict[str, Callable[[], Dataset]] = {
    "a number of three bytes": lambda: raw(CT, "Rows", "US", b"abc"),
    "a number that a condition reads, of three bytes": lambda: raw(CT, "BitsStored", "US", b"abc"),
    "a private number of three bytes": lambda: raw(CT, 0x00091001, "US", b"abc"),
    "a VR that there is not": lambda: raw(CT, "PatientID", "??", b"ab"),
    "a sequence of rubbish": lambda: raw(CT, "ReferencedStudySequence", "SQ", b"rubbish!"),
    "a sequence as text": lambda: raw(CT, "ReferencedStudySequence", "LO", b"text"),
    "a character set that there is not": lambda: raw(CT, "SpecificCharacterSet", "CS", b"RUBBISH "),
    "an image type of many values": lambda: raw(CT, "ImageType", "CS", b"\\" * 10_000),
    "markup": lambda: raw(CT, "StudyID", "SH", b"<script>alert(1)</script>"),
    "a deep tree": lambda: deep(60),
    "a bottomless tree": lambda: deep(5000),
    "values of every wrong kind": lambda: raw(CT, "ImageType", "UN", b"\xff\xfe\x00"),
}


def raw(sop_class: str, tag: str | int, vr: str, value: bytes) -> Dataset:
    made = dataset(sop_class)
    place = Tag(tag)
    made._dict[place] = RawDataElement(place, vr, len(value), value, 0, False, True)
    return made


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_data_sets(
    referee: DicomValidatorReferee, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    data = HOSTILE[name]()
    report = referee.judge(data)
    assert report.status in ("judged", "error")
    assert capfd.readouterr() == ("", "")


def test_only_rubbish_that_cannot_be_taken_apart_is_an_error(
    referee: DicomValidatorReferee,
) -> None:
    statuses = {name: referee.judge(make()).status for name, make in HOSTILE.items()}
    errors = {name for name, status in statuses.items() if status == "error"}
    assert errors <= {"a sequence of rubbish", "a bottomless tree"}


# -- silence and settings ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a deep tree", "a sequence of rubbish", "markup"])
def test_settings_of_pydicom_are_put_back(referee: DicomValidatorReferee, name: str) -> None:
    logger = logging.getLogger("pydicom")

    def state() -> tuple[object, ...]:
        return (
            config.settings.reading_validation_mode,
            config.settings.writing_validation_mode,
            config.replace_un_with_known_vr,
            config.convert_wrong_length_to_UN,
            logger.disabled,
            tuple(warnings.filters),
            tuple(logging.getLogger().handlers),
        )

    before = state()
    referee.judge(HOSTILE[name]())
    value_is_legal("CS", b"\xff", ())
    assert state() == before


def test_values_are_not_logged(
    referee: DicomValidatorReferee, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        referee.judge(raw(CT, "StudyDate", "DA", SECRET.encode()))
        value_is_legal("DS", SECRET.encode(), ())
    assert SECRET not in caplog.text


def test_what_is_judged_is_not_changed(referee: DicomValidatorReferee) -> None:
    data = real("CT_small.dcm")
    before = {tag: data.get_item(tag) for tag in list(data.keys())}
    referee.judge(data)
    assert {tag: data.get_item(tag) for tag in list(data.keys())} == before


# -- the verdict is a function of the structure -------------------------------------------------

_OTHER = {
    "AE": b"OTHER",
    "AS": b"042Y",
    "CS": b"OTHER",
    "DA": b"19991231",
    "DS": b"-1.5e3\\7",
    "DT": b"19991231235959.5",
    "IS": b"-12\\13",
    "TM": b"235959.123456",
    "UI": b"1.2.3.4\\5.6",
    "UR": b"http://other",
}


def scrambled(data: Dataset, read: frozenset[int]) -> Dataset:
    """Another data set with the same structure: no value is left that need not be."""
    made = Dataset()
    for tag in list(data.keys()):
        element = data.get_item(tag)
        vr = element.VR or vr_of(tag)[:2]
        if vr == "SQ" or isinstance(element.value, pydicom.Sequence):
            items = [scrambled(each, read) for each in data[tag].value]
            made.add(DataElement(tag, "SQ", items))
        elif tag in read or not isinstance(element, RawDataElement) or not element.value:
            made[tag] = element
        elif not value_is_legal(vr, element.value, ()):
            made._dict[tag] = element
        else:
            other = b"Other" if vr in TEXT_VRS else b"\1" * 8
            value = _OTHER.get(vr, other)
            made._dict[tag] = element._replace(value=value, length=len(value))
    return made


@pytest.mark.parametrize("name", REAL)
def test_values_that_no_condition_reads_do_not_matter(
    referee: DicomValidatorReferee, name: str
) -> None:
    data = real(name)
    read = tags_read_by_value(data.SOPClassUID)
    other = scrambled(real(name), read)
    assert other != data
    assert referee.judge(other) == referee.judge(real(name))


def directly(table: IodTable, data: Dataset) -> set[IodError]:
    """What dicom-validator says of the data set itself, values and all."""
    for element in list(data):
        if element.tag.is_private or element.tag.element == 0 or element.tag >= 0x7FE00000:
            del data[element.tag]
        elif element.VR == "SQ":
            for each in element.value:
                directly(IodTable("", {}, {}), each)
    if not table.iods:
        return set()
    with lenient():
        found = dicom_validator._validate(table, data.SOPClassUID, data)
        return {
            error for error, case in found if not any(holds(error, case) for _, holds in HELD_BACK)
        }


def test_a_stand_in_gets_the_verdict_of_the_data_set_itself(
    referee: DicomValidatorReferee,
) -> None:
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    judged = 0
    for file in sorted(folder.rglob("*.dcm")):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                data = pydicom.dcmread(file, stop_before_pixels=True)
            report = referee.judge(data)
            if report.status != "judged":
                continue
            judged += 1
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                assert set(report.errors) == directly(packaged_iods(), data), file.name
        except pydicom.errors.InvalidDicomError:
            continue
    assert judged > 60


def test_items_with_one_structure_are_shown_once() -> None:
    frames = [item(FrameContentSequence=[item(FrameLabel=f"{n}")]) for n in range(50)]
    frames.append(item(FrameContentSequence=[item(FrameLabel="")]))
    data = dataset(ENHANCED_CT, PerFrameFunctionalGroupsSequence=frames)
    shown, _ = StandIn(tags_read_by_value(ENHANCED_CT)).of(encoded(data))
    assert len(shown.PerFrameFunctionalGroupsSequence) == 2


def test_a_stand_in_has_no_values() -> None:
    data = encoded(dataset(CT, PatientName=SECRET, StudyID=SECRET, KVP="77"))
    shown, _ = StandIn(tags_read_by_value(CT)).of(data)
    assert SECRET not in str(shown)
    assert "77" not in str(shown)


@pytest.mark.parametrize("implicit", [True, False])
def test_transfer_syntax_does_not_matter(referee: DicomValidatorReferee, *, implicit: bool) -> None:
    """Nor does it for attributes that are newer than pydicom's dictionary."""
    data = dataset(
        CT,
        SmallestImagePixelValue=5,
        PixelRepresentation=0,
        ImageType=["ORIGINAL", "PRIMARY", "AXIAL"],
        ReferencedStudySequence=[item(ReferencedSOPClassUID=CT)],
    )
    code = item(CodeValue="1", CodingSchemeDesignator="X")
    data.add(DataElement(Tag(0x00081301), "SQ", [code]))  # Principal Diagnosis Code Sequence
    report = referee.judge(encoded(data, implicit=implicit))
    assert report == referee.judge(data)
    assert path("PrincipalDiagnosisCodeSequence", "CodeMeaning") in places(report, "missing")


def test_what_is_written_as_unknown_is_read_by_the_dictionary(
    referee: DicomValidatorReferee,
) -> None:
    """As the walker reads it; the elements of this file are all explicit UN."""
    report = referee.judge(real("rtdose_rle_1frame.dcm"))
    assert places(report, "missing") == {path("OperatorsName")}
    assert places(report, "characters") == {
        path("ReferencedRTPlanSequence", "ReferencedSOPInstanceUID")
    }


# -- held back ----------------------------------------------------------------------------------


def in_one_only() -> Dataset:
    return dataset(
        "1.2.840.10008.5.1.4.1.1.2.2",
        SharedFunctionalGroupsSequence=[item(UnassignedSharedConvertedAttributesSequence=[item()])],
        PerFrameFunctionalGroupsSequence=[item(FrameContentSequence=[item()])],
    )


def accelerated(sop_class: str) -> Dataset:
    """Return an original of parallel acquisition that lacks what tells how much faster it is."""
    kind = item(FrameType=["ORIGINAL", "PRIMARY", "OTHER", "NONE"])
    groups = item(
        MRImageFrameTypeSequence=[kind],
        MRSpectroscopyFrameTypeSequence=[kind],
        MRModifierSequence=[item(ParallelAcquisition="YES")],
    )
    return dataset(
        sop_class,
        ImageType=["ORIGINAL", "PRIMARY", "OTHER", "NONE"],
        SharedFunctionalGroupsSequence=[groups],
        PerFrameFunctionalGroupsSequence=[item()],
    )


def test_spectroscopy_needs_what_images_do_not(referee: DicomValidatorReferee) -> None:
    factor = path(
        "SharedFunctionalGroupsSequence",
        "MRModifierSequence",
        "ParallelReductionFactorSecondInPlane",
    )
    spectroscopy = referee.judge(accelerated("1.2.840.10008.5.1.4.1.1.4.2"))
    assert factor in places(spectroscopy, "missing")
    assert factor not in places(referee.judge(accelerated(ENHANCED_MR)), "missing")


def optional_modules_in_common() -> Dataset:
    """Attributes that only optional modules of the IOD have, and two of them each."""
    table = packaged_iods()
    for uid, known in table.iods.items():
        tags: dict[int, list[str]] = {}
        for module in known["modules"].values():
            for tag in table.top_tags(module["ref"]):
                tags.setdefault(tag, []).append(module["use"])
        for tag, uses in sorted(tags.items()):
            if len(uses) > 1 and set(uses) == {"U"} and tag < 0x60000000:
                made = dataset(uid)
                made.add(DataElement(Tag(tag), "UN", b"?", already_converted=True))
                return made
    raise AssertionError("no two optional modules have anything in common")


CAPTURES = "1.2.840.10008.5.1.4.1.1.7.2"

CASES: list[tuple[str, Callable[[], Dataset]]] = [
    ("retired", lambda: dataset(CT, StudyComments="X")),
    ("any item", lambda: dataset(CT, ReferencedStudySequence=[item(SpecificCharacterSet="X")])),
    ("optional modules", optional_modules_in_common),
    (
        "lacks",
        lambda: dataset(
            ENHANCED_MR_COLOR,
            SharedFunctionalGroupsSequence=[item(PixelMeasuresSequence=[])],
        ),
    ),
    ("both sequences", in_one_only),
    ("Second In-plane", lambda: accelerated(ENHANCED_MR)),
    ("IOD021", lambda: dataset(CT, PhotometricInterpretation="RGB")),
    (
        "IOD027",
        lambda: dataset(CAPTURES, NumberOfFrames="2", FrameIncrementPointer=[0x182001, 0x182002]),
    ),
]


@pytest.mark.parametrize(("reason", "make"), CASES)
def test_known_false_errors_are_held_back(
    referee: DicomValidatorReferee, reason: str, make: Callable[[], Dataset]
) -> None:
    data = make()
    table = packaged_iods()
    with lenient():
        shown, _ = StandIn(tags_read_by_value(data.SOPClassUID)).of(data)
        held = {
            error
            for error, case in dicom_validator._validate(table, data.SOPClassUID, shown)
            for why, holds in HELD_BACK
            if reason in why and holds(error, case)
        }
    assert held, "dicom-validator says it no longer: take the entry out"
    assert not held & set(referee.judge(data).errors)


def test_each_entry_is_tested() -> None:
    assert [sum(reason in why for reason, _ in CASES) for why, _ in HELD_BACK] == [1] * len(
        HELD_BACK
    )


# -- is a value legal? ---------------------------------------------------------------------------

_EXPLICIT = sorted(TEXT_VRS | {"OB", "US", "FD", "AT"})
_ALPHABETS = [
    b"0123456789",
    b"0123456789.+-eE ",
    b"0123456789.\\",
    b"ABCXYZ_ 0189\\",
    b"019YMWD:/-",
    b"azAZ09 ^=~<>\"'\t\r\n\x1b$B(J\\",
    bytes(range(256)),
]
_ENCODINGS: list[tuple[str, ...]] = [
    (),
    ("",),
    ("ISO_IR 100",),
    ("ISO_IR 192",),
    ("", "ISO 2022 IR 87"),
    ("rubbish",),
]


@st.composite
def values(draw: st.DrawFn) -> bytes:
    alphabet = list(draw(st.sampled_from(_ALPHABETS)))
    longest = draw(st.sampled_from([3, 8, 20, 70]))
    value = bytes(draw(st.lists(st.sampled_from(alphabet), max_size=longest)))
    return value * draw(st.sampled_from([1, 1, 1, 30])) + draw(st.sampled_from([b"", b" ", b"\0"]))


def dicom_validator_finds_legal(vr: str, value: bytes, encodings: tuple[str, ...]) -> bool:
    """Ask dicom-validator itself, of a file with that element and an IOD with that attribute."""
    tag = Tag(0x00080105)
    table = IodTable(
        "", {CT: {"modules": {"M": {"ref": "M", "use": "M"}}, "group_macros": {}}},
        {"M": {"(0008,0105)": {"type": "3"}}},
    )  # fmt: skip
    data = dataset(CT)
    if encodings:
        place = Tag("SpecificCharacterSet")
        data.add(DataElement(place, "CS", list(encodings), already_converted=True))
    with lenient():
        read = encoded(data)
        read._dict[tag] = RawDataElement(tag, vr, len(value), value, 0, False, True)
        errors = [error for error, _ in dicom_validator._validate(table, CT, read)]
    return not any(error.kind in ("length", "characters") for error in errors)


@given(st.sampled_from(sorted(TEXT_VRS)), values(), st.sampled_from(_ENCODINGS))
def test_value_is_legal_if_dicom_validator_finds_it_so(
    vr: str, value: bytes, encodings: tuple[str, ...]
) -> None:
    assert value_is_legal(vr, value, encodings) == dicom_validator_finds_legal(vr, value, encodings)


@pytest.mark.parametrize("name", REAL)
def test_values_of_real_files_are_legal_as_dicom_validator_finds(name: str) -> None:
    def elements(data: Dataset) -> Iterator[RawDataElement]:
        for tag in list(data.keys()):
            element = data.get_item(tag)
            if isinstance(element, RawDataElement) and element.VR in TEXT_VRS:
                yield element
            elif element.VR == "SQ":
                for each in data[tag].value:
                    yield from elements(each)

    distinct = {(str(each.VR), each.value or b"") for each in elements(real(name))}
    for vr, value in distinct:
        assert value_is_legal(vr, value, ()) == dicom_validator_finds_legal(vr, value, ()), vr


@pytest.mark.parametrize(
    ("vr", "legal", "illegal"),
    [
        ("AE", b"STORE ", b"A" * 17),
        ("AS", b"042Y", b"42Y "),
        ("CS", b"AXIAL\\A B_1 ", b"Axial "),
        ("DA", b"20200229", b"2020-02-29"),
        ("DS", b" 1.5\\-2e3 ", b"1,5 "),
        ("DT", b"20200101120000.5+0100", b"2020/01"),
        ("IS", b"-12 ", b"1.5 "),
        ("LO", "café".encode("latin-1"), b"x" * 65),
        ("LT", b"a\r\nb" * 100, b"x" * 10241),
        ("SH", b"sixteen letters.", b"seventeen letters"),
        ("ST", b"x\\y", b"x" * 1025),
        ("TM", b"235959.1", b"23:59"),
        ("UI", b"1.2.840.10008.1\0", b"1.02"),
        ("UR", b"https://example.org ", b"a b"),
        ("PN", b"Zebra^Quagga", None),
        ("US", b"\1\0", None),
        ("OB", b"\xff", None),
    ],
)
def test_legal_and_illegal(vr: str, legal: bytes, illegal: bytes | None) -> None:
    assert value_is_legal(vr, legal, ("ISO_IR 100",))
    assert illegal is None or not value_is_legal(vr, illegal, ("ISO_IR 100",))


_ONE_EACH = {
    "AE": b"STORE", "AS": b"042Y", "CS": b"AXIAL", "DA": b"20201231", "DS": b"-1.5e3",
    "DT": b"20201231120000.5", "IS": b"-12", "LO": b"a b", "SH": b"a b", "TM": b"235960.5",
    "UI": b"1.20.3",
}  # fmt: skip


@pytest.mark.parametrize(("vr", "one"), _ONE_EACH.items())
def test_a_long_value_takes_no_memory_for_each_of_its_values(vr: str, one: bytes) -> None:
    pattern = SURELY_LEGAL[vr]
    for tail in (one, b"\x80"):
        value = (one + b"\\") * 50_000 + tail
        tracemalloc.start()
        try:
            assert bool(pattern.match(value)) is (tail == one)
            assert tracemalloc.get_traced_memory()[1] < len(value) / 2
        finally:
            tracemalloc.stop()


@given(st.sampled_from(sorted(_ONE_EACH)), st.data())
def test_values_are_surely_legal_if_each_is(vr: str, data: st.DataObject) -> None:
    """No value has a shorter beginning that is taken for the whole of it."""
    pattern = SURELY_LEGAL[vr]
    each = data.draw(
        st.lists(
            st.sampled_from([*_ONE_EACH.values(), b"", b"1", b".5", b"0", b"10", b"2020"])
            | st.from_regex(pattern, fullmatch=True).map(lambda value: value.split(b"\\")[0]),
            min_size=1,
        )
    )
    assert bool(pattern.match(b"\\".join(each))) is all(map(pattern.match, each))


def test_length_is_counted_in_characters() -> None:
    japanese = "日" * 40
    assert value_is_legal("LO", japanese.encode(), ("ISO_IR 192",))
    assert not value_is_legal("LO", japanese.encode(), ("ISO_IR 100",))


@given(st.sampled_from(_EXPLICIT), values())
def test_empty_is_nothing_but_padding(vr: str, value: bytes) -> None:
    shown, _ = StandIn(frozenset()).of(raw(CT, "StudyID", vr, value))
    blank = not (value.strip(b" \0") if vr in TEXT_VRS else value)
    assert (shown["StudyID"].value in ("", None)) == blank


# -- the rules ------------------------------------------------------------------------------------


class Facts:
    """The least that the rules need of facts: what each referee says."""

    def __init__(self, *errors: IodError, second: Iterable[IodError] | None = None) -> None:
        said = errors if second is None else tuple(second)
        self._reports = {
            "dicom-validator": RefereeReport("judged", errors),
            "dciodvfy": RefereeReport("judged", said),
        }

    def referee(self, name: str) -> RefereeReport:
        return self._reports[name]


@pytest.fixture(scope="module")
def rules() -> dict[str, Any]:
    loaded = load([Path(__file__).parents[1] / "rules"])
    return {rule.id: rule for rule in loaded.rules if is_referee_rule(rule)}


@pytest.mark.parametrize(
    ("rule_id", "kind", "attribute_type"),
    [
        ("IOD001", "missing", "1"),
        ("IOD014", "missing", "1C"),
        ("IOD002", "missing", "2"),
        ("IOD003", "empty", "1C"),
        ("IOD004", "not_allowed", "1C"),
        ("IOD005", "unexpected", ""),
        ("IOD006", "characters", "3"),
        ("IOD017", "length", "3"),
        ("IOD007", "functional_group", ""),
        ("IOD008", "incomplete_module", "2"),
        ("IOD009", "enumerated_value", ""),
        ("IOD010", "defined_term", ""),
        ("IOD011", "vm", ""),
        ("IOD012", "vr", ""),
    ],
)
def test_each_rule_finds_its_kind_of_error(
    rules: dict[str, Any], rule_id: str, kind: str, attribute_type: str
) -> None:
    place = TagPath.of("RequestAttributesSequence", "StudyID")
    facts = Facts(IodError(kind, place, "General Series", attribute_type))
    findings = {name: list(rule.check(facts)) for name, rule in rules.items()}
    assert [name for name, found in findings.items() if found] == [rule_id]
    (finding,) = findings[rule_id]
    assert finding.tag_path == place
    assert "Study ID (0020,0010)" in finding.message
    assert "General Series" in finding.message
    assert all(not list(rule.check(Facts())) for rule in rules.values())


def test_an_attribute_that_two_modules_want_is_one_finding(rules: dict[str, Any]) -> None:
    place = TagPath.of("BitsStored")
    errors = [IodError("missing", place, module, "1") for module in ("CT Image", "Image Pixel")]
    (finding,) = rules["IOD001"].check(Facts(*errors, second=()))
    assert finding.message == (
        "Bits Stored (0028,0101) is missing (Type 1, CT Image; Type 1, Image Pixel), "
        "according to dicom-validator"
    )
    assert finding.confidence is Confidence.MEDIUM


def test_what_both_say_is_one_finding_of_high_confidence(rules: dict[str, Any]) -> None:
    place = TagPath.of("Laterality")
    first = IodError("missing", place, "General Series", "2C")
    second = IodError("missing", place, "GeneralSeries", "2C")
    (finding,) = rules["IOD015"].check(Facts(first, second=[second]))
    assert finding.message == (
        "Laterality (0020,0060) is missing, and its condition holds (Type 2C, General Series), "
        "according to dicom-validator and dciodvfy"
    )
    assert finding.confidence is Confidence.HIGH


def test_one_defect_that_the_referees_name_differently_is_one() -> None:
    place = TagPath.of("PixelSpacing")
    reports = {
        "dicom-validator": RefereeReport(
            "judged", (IodError("incomplete_module", place, "Image Plane", "1"),)
        ),
        "dciodvfy": RefereeReport("judged", (IodError("missing", place, "ImagePlane", "1"),)),
    }
    (opinion,) = agree(reports)
    assert (opinion.kind, opinion.referees) == ("incomplete_module", REFEREES)
    assert agree({"dciodvfy": reports["dciodvfy"]})[0].kind == "missing"


def test_who_did_not_judge_says_nothing() -> None:
    died = RefereeReport("error", (), "took too long")
    said = RefereeReport("judged", (IodError("missing", TagPath.of("Rows"), "M", "1"),))
    (opinion,) = agree({"dicom-validator": said, "dciodvfy": died})
    assert opinion.referees == ("dicom-validator",)


def test_every_kind_has_a_rule(rules: dict[str, Any]) -> None:
    def found(kind: str) -> Iterable[str]:
        facts = Facts(IodError(kind, TagPath.of("Rows"), "M", "1"))
        return [name for name, rule in rules.items() if list(rule.check(facts))]

    assert all(len(list(found(kind))) == 1 for kind in KINDS)


def test_of_another_sop_class_no_value_is_read() -> None:
    assert tag_of("Rows") not in tags_read_by_value("1.2.3")


@pytest.mark.parametrize("vr", ["AE", "CS", "DA", "DS", "IS", "LO", "LT", "SH", "ST", "TM", "UI"])
def test_a_value_without_end_is_illegal_and_no_pattern_is_asked(
    vr: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "auditor.conformance.legality._pydicom_finds_legal", lambda *_: pytest.fail("it was asked")
    )
    assert fault_of(vr, b"1." * (1 << 17), ()) == "length"


def test_of_many_values_each_is_judged() -> None:
    many = b"\\".join([b"1.5"] * 100_000)
    assert fault_of("DS", many, ()) == ""
    assert fault_of("DS", many + b"\\x", ()) == "characters"
    assert fault_of("DS", many + b"\\" + b"1" * 17 + b"\\" + many, ()) == "length"
