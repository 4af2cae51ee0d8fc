"""Rules of the confidentiality profile, and what their judge sees in a value."""

from __future__ import annotations

from typing import Any

from tests.rules.cases import (
    CUT_SHORT,
    PLANT,
    Case,
    Cases,
    each,
    fails,
    not_applicable,
    not_evaluated,
    passes,
)

FLAG, CODES = "(0012,0062)", "(0012,0064)"
MODIFIED, BURNED_IN, FEATURES = "(0028,0303)", "(0028,0301)", "(0028,0302)"
CT = "1.2.840.10008.5.1.4.1.1.2"
SEG = "1.2.840.10008.5.1.4.1.1.66.4"
RT_PLAN = "1.2.840.10008.5.1.4.1.1.481.5"
BASIC, PIXELS, FACES, GRAPHICS, CONTENT, DESCRIPTORS, FULL, SHIFTED = map(
    str, range(113100, 113108)
)
PATIENT, DEVICE, UIDS, PRIVATE, INSTITUTION = map(str, range(113108, 113113))

NOT_SIEMENS = "1.3.6.1.4.1.14519.5.2.1.20091019112233"
SIEMENS = "1.3.12.2.1107.5.2.32.35162.2009101911223312345678901"


def claimed(*codes: str, scheme: str = "DCM", **values: Any) -> dict[str, Any]:
    """Build a CT that claims to be de-identified by these method codes."""
    made: dict[str, Any] = {"SOPClassUID": CT, "PatientIdentityRemoved": "YES", **values}
    if codes:
        made["DeidentificationMethodCodeSequence"] = [
            {"CodeValue": code, "CodingSchemeDesignator": scheme, "CodeMeaning": PLANT}
            for code in codes
        ]
    return made


def item(**values: Any) -> dict[str, Any]:
    """Build a CT whose claim has one code, written as given."""
    return {**claimed(), "DeidentificationMethodCodeSequence": [values]}


def meaning(words: str) -> dict[str, Any]:
    """Build a CT that claims the Basic Profile in these words."""
    return item(CodeValue=BASIC, CodingSchemeDesignator="DCM", CodeMeaning=words)


FOREIGN = claimed("99", scheme="99LOCAL", PatientComments=PLANT, StationName=PLANT)
IN_ITEM = [{"StationName": PLANT, "PatientID": PLANT}]

CASES: Cases = {
    "DEID301": (
        passes(claimed(BASIC, PatientName=PLANT, StudyDate="")),
        fails(
            claimed(BASIC, OtherPatientIDs=PLANT),
            at=["(0010,1000)"],
            says=("kept, and the claimed profile removes it",),
        ),
        # No option keeps it.
        fails(
            claimed(BASIC, FULL, DEVICE, PATIENT, INSTITUTION, OtherPatientIDs=PLANT),
            at=["(0010,1000)"],
        ),
        # Every depth; and what stands in a sequence that has to go is not told apart.
        fails(
            claimed(BASIC, OtherPatientIDsSequence=[{"OtherPatientIDs": PLANT}]),
            at=["(0010,1002)"],
        ),
        fails(
            claimed(BASIC, UIDS, SourceImageSequence=[{"OtherPatientIDs": PLANT}]),
            at=["(0008,2112)/(0010,1000)"],
        ),
        # Emptied or visibly replaced it tells nothing.
        passes(claimed(BASIC, OtherPatientIDs="")),
        passes(claimed(BASIC, OtherPatientIDs="REMOVED")),
        passes(claimed(BASIC, OtherPatientIDsSequence=[])),
        # X/Z/D, by its type in the IOD: optional in a CT.
        fails(claimed(BASIC, OperatorsName=PLANT), at=["(0008,1070)"]),
        # X/Z, by its type: a reviewer is Type 2C where approval is.
        fails({**claimed(BASIC, ReviewerName=PLANT), "SOPClassUID": CT}, at=["(300E,0008)"]),
        passes({**claimed(BASIC, ReviewerName=PLANT), "SOPClassUID": RT_PLAN}),
        # Of a SOP Class without an IOD nobody knows the types.
        passes({**claimed(BASIC, OperatorsName=PLANT), "SOPClassUID": "1.2.3"}),
        fails(
            {**claimed(BASIC, OtherPatientIDs=PLANT), "SOPClassUID": "1.2.3"}, at=["(0010,1000)"]
        ),
        # An icon was cleaned with the image, perhaps.
        fails(claimed(BASIC, IconImageSequence=[{"Rows": 1}]), at=["(0088,0200)"]),
        passes(claimed(BASIC, PIXELS, IconImageSequence=[{"Rows": 1}])),
        # The claim is in the codes; the flag may be missing, but it must not deny.
        fails(
            {**claimed(BASIC, OtherPatientIDs=PLANT), "PatientIdentityRemoved": ""},
            at=["(0010,1000)"],
        ),
        # Dates that no option retains, whatever is claimed for dates.
        fails(
            claimed(BASIC, FULL, PatientBirthDate="19550617", PatientBirthTime="101517"),
            at=["(0010,0030)", "(0010,0032)"],
            says=(
                "kept, and the claimed profile empties or replaces it",
                "kept, and the claimed profile removes it",
            ),
        ),
        # Many who were imaged with DICOM were born before there was any.
        fails(claimed(BASIC, PatientBirthDate="18900102"), at=["(0010,0030)"]),
        passes(claimed(BASIC, PatientBirthDate="18891231")),
        passes(claimed(BASIC, PatientBirthDate="19550101")),
        passes(claimed(BASIC, PatientBirthDate="")),
        not_applicable({**claimed(BASIC, OtherPatientIDs=PLANT), "PatientIdentityRemoved": "NO"}),
        not_applicable(claimed(OtherPatientIDs=PLANT)),
        not_evaluated(FOREIGN),
        CUT_SHORT,
    ),
    "DEID302": (
        passes(claimed(BASIC, StudyDate="", PatientName="")),
        fails(
            claimed(BASIC, InstitutionAddress=""),
            at=["(0008,0081)"],
            says=("emptied, and the claimed profile removes it",),
        ),
        fails(
            claimed(BASIC, AcquisitionDate="19000101"),
            at=["(0008,0022)"],
            says=("replaced, and the claimed profile removes it",),
        ),
        fails(
            claimed(BASIC, ReferencedImageSequence=[{"ReferencedSOPInstanceUID": "1.2"}]),
            at=["(0008,1140)"],
            says=("references are kept, and the claimed profile removes them",),
        ),
        passes(claimed(BASIC, UIDS, ReferencedImageSequence=[{"ReferencedSOPInstanceUID": "1.2"}])),
        # Kept: another rule's.
        passes(claimed(BASIC, InstitutionAddress=PLANT)),
        not_applicable(claimed(InstitutionAddress="")),
        not_applicable(item()["DeidentificationMethodCodeSequence"][0]),
        not_applicable({**claimed(BASIC), "PatientIdentityRemoved": "NO"}),
        not_evaluated(FOREIGN),
        CUT_SHORT,
    ),
    "DEID303": (
        passes(claimed(BASIC, PatientSex="", StationName="")),
        fails(
            claimed(BASIC, StationName=PLANT),
            at=["(0008,1010)"],
            says=("kept, and the claim lacks 113109 (Retain Device Identity)",),
        ),
        passes(claimed(BASIC, DEVICE, StationName=PLANT)),
        fails(
            claimed(BASIC, StudyDescription=PLANT),
            at=["(0008,1030)"],
            says=("kept, and the claim lacks 113105 (Clean Descriptors)",),
        ),
        passes(claimed(BASIC, DESCRIPTORS, StudyDescription=PLANT)),
        fails(claimed(BASIC, InstitutionName=PLANT), at=["(0008,0080)"]),
        passes(claimed(BASIC, INSTITUTION, InstitutionName=PLANT)),
        fails(claimed(BASIC, PatientAge="054Y"), at=["(0010,1010)"]),
        passes(claimed(BASIC, PATIENT, PatientAge="054Y")),
        # Z: a dummy may stand there, but a sex is none.
        fails(claimed(BASIC, PatientSex="F"), at=["(0010,0040)"]),
        passes(claimed(BASIC, PATIENT, PatientSex="F")),
        # Either option would do.
        fails(
            claimed(BASIC, PatientState=PLANT),
            at=["(0038,0500)"],
            says=(
                "kept, and the claim lacks "
                "113105 (Clean Descriptors) or 113108 (Retain Patient Characteristics)",
            ),
        ),
        # Overlays, whose groups repeat, and curves.
        fails(
            claimed(BASIC) | {(0x6002, 0x3000): ("OW", b"\1\2")},
            at=["(6002,3000)"],
            says=("kept, and the claim lacks 113103 (Clean Graphics)",),
        ),
        fails(claimed(BASIC) | {(0x5004, 0x0110): ("US", 1)}, at=["(5004,0110)"]),
        passes(claimed(BASIC, GRAPHICS) | {(0x6002, 0x3000): ("OW", b"\1\2")}),
        # Type 1 in Enhanced General Equipment, which a segmentation has: replaced, perhaps.
        passes({**claimed(BASIC, DeviceSerialNumber=PLANT), "SOPClassUID": SEG}),
        fails(claimed(BASIC, DeviceSerialNumber=PLANT), at=["(0018,1000)"]),
        # Every depth.
        fails(claimed(BASIC, UIDS, SourceImageSequence=IN_ITEM), at=["(0008,2112)/(0008,1010)"]),
        not_applicable(claimed(StationName=PLANT)),
        not_applicable({**claimed(BASIC, StationName=PLANT), "PatientIdentityRemoved": "NO"}),
        not_evaluated(FOREIGN),
        CUT_SHORT,
    ),
    "DEID304": (
        passes(
            claimed(
                BASIC,
                LongitudinalTemporalInformationModified="REMOVED",
                StudyDate="",
                ContentDate="20000101",
                SeriesTime="120000",
                AcquisitionDateTime="19000101000000",
            )
        ),
        fails(
            claimed(LongitudinalTemporalInformationModified="REMOVED", StudyDate="20040119"),
            at=["(0008,0020)"],
            says=("a date or time that looks true, and all are declared removed",),
        ),
        fails(
            claimed(
                BASIC,
                UIDS,
                LongitudinalTemporalInformationModified="REMOVED",
                SourceImageSequence=[{"ContentTime": "101517.25"}],
                AcquisitionDateTime="20040119101517+0100",
            ),
            at=["(0008,002A)", "(0008,2112)/(0008,0033)"],
        ),
        # What no row is about; and what no option for dates is about.
        passes(claimed(LongitudinalTemporalInformationModified="REMOVED", ExposureTime="1")),
        passes(
            claimed(LongitudinalTemporalInformationModified="REMOVED", PatientBirthDate="19550617")
        ),
        not_applicable(claimed(BASIC, StudyDate="20040119")),
        not_applicable(
            claimed(LongitudinalTemporalInformationModified="MODIFIED", StudyDate="20040119")
        ),
        CUT_SHORT,
    ),
    "DEID305": (
        passes(claimed(BASIC, StudyDate="")),
        passes(claimed(BASIC, FULL, StudyDate="20040119")),
        passes(claimed(BASIC, SHIFTED, StudyDate="20040119", AcquisitionTime="101517")),
        fails(
            claimed(BASIC, StudyDate="20040119", AcquisitionTime="101517"),
            at=["(0008,0020)", "(0008,0032)"],
            says=("a date or time that looks true, and no option retains it",) * 2,
        ),
        # Nobody was imaged with DICOM before 1980. No option retains a birth date: see DEID301.
        passes(claimed(BASIC, StudyDate="19550617", PatientBirthDate="19550617")),
        # Two options would do, and one does.
        passes(claimed(BASIC, DEVICE, DateOfLastDetectorCalibration="20040119")),
        # The version of a context group is no date of a patient.
        passes(
            claimed(
                BASIC, DESCRIPTORS, AnatomicRegionSequence=[{"ContextGroupVersion": "20040119"}]
            )
        ),
        # Declared removed: another rule's.
        not_applicable(
            claimed(BASIC, LongitudinalTemporalInformationModified="REMOVED", StudyDate="20040119")
        ),
        not_applicable(claimed(StudyDate="20040119")),
        not_applicable({**claimed(BASIC, StudyDate="20040119"), "PatientIdentityRemoved": "NO"}),
        not_evaluated(FOREIGN),
        CUT_SHORT,
    ),
    "DEID306": (
        passes(claimed(BASIC, LongitudinalTemporalInformationModified="REMOVED")),
        passes(claimed(BASIC, FULL, LongitudinalTemporalInformationModified="UNMODIFIED")),
        passes(claimed(BASIC, SHIFTED, LongitudinalTemporalInformationModified="MODIFIED")),
        passes(claimed(BASIC, PIXELS, FACES, BurnedInAnnotation="NO")),
        passes(claimed(BASIC, BurnedInAnnotation="YES", RecognizableVisualFeatures="YES")),
        fails(
            claimed(BASIC, FULL, SHIFTED),
            at=[CODES],
            says=("dates are claimed to be full and to be modified",),
        ),
        # One de-identification after another: each says what it did.
        passes(
            claimed(BASIC, SHIFTED, BASIC, FULL, LongitudinalTemporalInformationModified="MODIFIED")
        ),
        fails(
            claimed(BASIC, SHIFTED, LongitudinalTemporalInformationModified="REMOVED"),
            at=[MODIFIED],
            says=("dates are declared removed, and an option retains them",),
        ),
        fails(
            claimed(BASIC, SHIFTED, LongitudinalTemporalInformationModified="UNMODIFIED"),
            at=[MODIFIED],
            says=("dates are declared unmodified, and another option for dates is claimed",),
        ),
        fails(
            claimed(BASIC, LongitudinalTemporalInformationModified="MODIFIED"),
            at=[MODIFIED],
            says=("dates are declared modified, and no option for dates is claimed",),
        ),
        fails(claimed(BASIC, PIXELS, BurnedInAnnotation="YES"), at=[BURNED_IN]),
        fails(claimed(BASIC, FACES, RecognizableVisualFeatures="YES"), at=[FEATURES]),
        # Of codes that are none of the standard's nobody knows what they contradict.
        passes(claimed("99", scheme="99X", LongitudinalTemporalInformationModified="MODIFIED")),
        not_applicable(claimed(LongitudinalTemporalInformationModified="MODIFIED")),
        not_applicable({**claimed(BASIC, FULL, SHIFTED), "PatientIdentityRemoved": "NO"}),
        CUT_SHORT,
    ),
    "DEID307": (
        passes(claimed(BASIC, DESCRIPTORS)),
        fails(
            claimed(DESCRIPTORS, SHIFTED),
            at=[CODES],
            says=("the claim lacks 113100, the Basic Profile",),
        ),
        fails(claimed(PIXELS), at=[CODES]),
        not_applicable(claimed(BASIC)),
        not_applicable(claimed(DESCRIPTORS, scheme="99X")),
        not_applicable({**claimed(DESCRIPTORS), "PatientIdentityRemoved": "NO"}),
        not_applicable(claimed()),
        CUT_SHORT,
    ),
    "DEID308": (
        passes(claimed(BASIC, LongitudinalTemporalInformationModified="REMOVED")),
        fails(claimed(BASIC), at=[MODIFIED], says=("the claimed method adds this attribute",)),
        fails(claimed(BASIC, LongitudinalTemporalInformationModified=""), at=[MODIFIED]),
        fails(
            claimed(BASIC, PIXELS, FACES, LongitudinalTemporalInformationModified="REMOVED"),
            at=[BURNED_IN, FEATURES],
        ),
        passes(
            claimed(
                BASIC,
                PIXELS,
                FACES,
                LongitudinalTemporalInformationModified="REMOVED",
                BurnedInAnnotation="NO",
                RecognizableVisualFeatures="NO",
            )
        ),
        not_applicable(claimed()),
        not_applicable(claimed("99", scheme="99X")),
        not_applicable({**claimed(BASIC), "PatientIdentityRemoved": "NO"}),
        CUT_SHORT,
    ),
    "DEID309": (
        passes(claimed(BASIC, DESCRIPTORS)),
        # Another scheme's own code is allowed; two de-identifications say the same twice.
        passes(claimed("99", scheme="99X")),
        passes(claimed(BASIC, BASIC)),
        passes(item(CodeMeaning=PLANT)),
        passes(meaning("basic application confidentiality profile")),
        passes(meaning("Profil de base")),
        fails(
            meaning("Retain Safe Private Option"),
            at=[f"{CODES}/(0008,0104)"],
            says=("the meaning is that of another method",),
        ),
        fails(
            claimed(BASIC, scheme="99X"),
            at=[f"{CODES}/(0008,0102)"],
            says=("a number of CID 7050 in another scheme than DCM",),
        ),
        fails(item(CodeValue=BASIC), at=[f"{CODES}/(0008,0102)"]),
        fails(
            claimed(BASIC, "113014"),
            at=[f"{CODES}/(0008,0100)"],
            says=("a DCM code that is no method of CID 7050",),
        ),
        not_applicable(claimed()),
        not_applicable({**claimed("113014"), "PatientIdentityRemoved": "NO"}),
        CUT_SHORT,
    ),
    "DEID310": (
        passes(claimed(BASIC, StudyDate="", PatientName="ANON")),
        passes(claimed(BASIC, UIDS, StudyInstanceUID=SIEMENS)),
        fails(
            claimed(BASIC, StudyInstanceUID=SIEMENS, SOPInstanceUID="1.2"),
            at=["(0020,000D)"],
            says=("a UID as a manufacturer's device makes it",),
        ),
        fails(
            claimed(BASIC, UIDS)
            | claimed(BASIC, ReferencedSeriesSequence=[{"SeriesInstanceUID": SIEMENS}]),
            at=["(0008,1115)/(0020,000E)"],
        ),
        # Whether these were replaced, they do not say.
        not_evaluated(claimed(BASIC, StudyInstanceUID="1.2")),
        not_evaluated(claimed(BASIC, StudyInstanceUID=NOT_SIEMENS)),
        not_evaluated(claimed(BASIC, StudyInstanceUID="1.3.12.2.1107.5.2.1")),
        not_evaluated(claimed(BASIC, AccessionNumber="12345")),
        not_applicable(claimed(StudyInstanceUID=SIEMENS)),
        not_applicable(
            {**claimed(BASIC, StudyInstanceUID=SIEMENS), "PatientIdentityRemoved": "NO"}
        ),
        not_evaluated(FOREIGN),
        CUT_SHORT,
    ),
    "DEID320": (
        passes(claimed(PatientName=PLANT, StudyDate="20040119")),
        fails(
            claimed(StationName=PLANT),
            at=["(0008,1010)"],
            says=("kept, and no code says that it may be",),
        ),
        fails(claimed(OtherPatientIDs=PLANT), at=["(0010,1000)"]),
        fails(
            claimed(SeriesDate="20040119"),
            at=["(0008,0021)"],
            says=("a date or time that looks true, and no code says that it may stay",),
        ),
        passes(claimed(SeriesDate="20040119", LongitudinalTemporalInformationModified="MODIFIED")),
        passes(claimed(SeriesDate="20040101", StationName="ANON1")),
        not_applicable(claimed(BASIC, StationName=PLANT)),
        not_applicable({"SOPClassUID": CT, "StationName": PLANT}),
        CUT_SHORT,
    ),
}


@each(CASES)
def test_it_says_what_it_must(rule_id: str, case: Case) -> None:
    case.check(rule_id)
