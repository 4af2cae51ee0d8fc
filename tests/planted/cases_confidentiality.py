"""Claims held against the confidentiality profile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.planted.harness import Planted, Release, codes, ct_with_options

SIEMENS = "1.3.12.2.1107.5.2.32.35162.20091019112233123456789"
"""A UID as a scanner makes it, with its serial number and the time."""


def setting(**values: Any) -> Any:
    """Return a change that sets attributes of every instance."""
    return lambda release: release.set(**values)


def dropping(*keywords: str) -> Any:
    """Return a change that takes attributes out of every instance."""
    return lambda release: release.drop(*keywords)


def claiming(*values: str, **others: Any) -> Any:
    """Return a change of the method codes, and of other attributes."""
    return setting(DeidentificationMethodCodeSequence=codes(*values), **others)


def all_of(*changes: Callable[[Release], object]) -> Any:
    """Return a change made of several, one after the other."""
    return lambda release: [change(release) for change in changes]


def without_codes(**values: Any) -> Any:
    """Return a change that takes the method codes away and sets attributes."""
    return all_of(dropping("DeidentificationMethodCodeSequence"), setting(**values))


def wrong_scheme(release: Release) -> None:
    for dataset in release.datasets:
        for item in dataset.DeidentificationMethodCodeSequence:
            item.CodingSchemeDesignator = "99LOCAL"


def wrong_number(release: Release) -> None:
    for dataset in release.datasets:
        dataset.DeidentificationMethodCodeSequence[0].CodeValue = "113014"


def overlay(release: Release) -> None:
    for dataset in release.datasets:
        dataset.add_new((0x6002, 0x3000), "OW", bytes(32))


def curve(release: Release) -> None:
    for dataset in release.datasets:
        dataset.add_new((0x5000, 0x3000), "OW", bytes(32))


def one_slice(release: Release) -> None:
    release.first.StationName = "CTAWP7"


CASES = (
    # What the claim says of itself.
    Planted(
        "flag without a method",
        "Patient Identity Removed is YES, and no method is named",
        dropping("DeidentificationMethod", "DeidentificationMethodCodeSequence"),
        ("DEID101",),
    ),
    Planted(
        "method without the flag",
        "a method and its codes are given, and Patient Identity Removed is missing",
        dropping("PatientIdentityRemoved"),
        ("DEID102", "DEID104"),
    ),
    Planted(
        "method and the flag denies",
        "a method is given, and Patient Identity Removed is NO",
        setting(PatientIdentityRemoved="NO"),
        ("DEID102",),
    ),
    Planted(
        "text without codes",
        "the method is given as text only",
        dropping("DeidentificationMethodCodeSequence"),
        ("DEID103",),
    ),
    Planted(
        "illegal flag",
        "Patient Identity Removed is Y",
        setting(PatientIdentityRemoved="Y"),
        ("DEID106",),
    ),
    Planted(
        "number in another scheme",
        "the code 113100 in a local coding scheme",
        wrong_scheme,
        ("DEID105", "DEID309"),
    ),
    Planted(
        "number mistyped", "113014 in the place of 113104", wrong_number, ("DEID105", "DEID309")
    ),
    Planted(
        "option without the profile",
        "options are claimed, and the Basic Profile is not",
        claiming("113105", "113107", LongitudinalTemporalInformationModified="MODIFIED"),
        ("DEID307",),
    ),
    # Parts of the claim against each other.
    Planted(
        "full and modified dates",
        "dates are claimed to be retained in full and to be modified",
        claiming("113100", "113106", "113107"),
        ("DEID306",),
        of=ct_with_options,
    ),
    Planted(
        "modified dates declared unmodified",
        "modified dates are claimed, and declared UNMODIFIED",
        setting(LongitudinalTemporalInformationModified="UNMODIFIED"),
        ("DEID306",),
        of=ct_with_options,
    ),
    Planted(
        "retained dates declared removed",
        "dates are claimed to be retained, and declared REMOVED",
        setting(LongitudinalTemporalInformationModified="REMOVED"),
        ("DEID304", "DEID306"),
        of=ct_with_options,
    ),
    Planted(
        "dates declared modified without an option",
        "dates are declared MODIFIED, and no option says so",
        setting(LongitudinalTemporalInformationModified="MODIFIED"),
        ("DEID306",),
    ),
    Planted(
        "clean pixels with burned-in text",
        "pixels are claimed clean, and Burned In Annotation is YES",
        claiming("113100", "113101", BurnedInAnnotation="YES"),
        ("DEID107", "DEID306"),
    ),
    Planted(
        "clean features that are recognizable",
        "faces are claimed removed, and Recognizable Visual Features is YES",
        claiming("113100", "113102", RecognizableVisualFeatures="YES"),
        ("DEID108", "DEID306"),
    ),
    Planted(
        "nothing said of dates",
        "Longitudinal Temporal Information Modified is missing",
        dropping("LongitudinalTemporalInformationModified"),
        ("DEID308",),
    ),
    Planted(
        "clean pixels and nothing said",
        "pixels are claimed clean, and Burned In Annotation is missing",
        all_of(claiming("113100", "113101"), dropping("BurnedInAnnotation")),
        ("DEID308",),
    ),
    # What was to be removed.
    Planted(
        "other patient ID",
        "Other Patient IDs with a value",
        setting(OtherPatientIDs="4711-0815"),
        ("DEID301",),
    ),
    Planted(
        "admission",
        "Admission ID with a value",
        setting(AdmissionID="A-22-4711"),
        ("DEID301",),
    ),
    Planted(
        "insurance and address",
        "Insurance Plan Identification and Institution Address with values",
        setting(InsurancePlanIdentification="PLAN 4", InstitutionAddress="Hill 4, Smallville"),
        ("DEID301",),
    ),
    Planted(
        "in a sequence",
        "Other Patient IDs in an item of Other Patient IDs Sequence",
        setting(OtherPatientIDsSequence=[{"PatientID": "4711-0815", "TypeOfPatientID": "TEXT"}]),
        ("DEID301",),
    ),
    Planted(
        "two sequences deep",
        "Current Patient Location in a sequence in a sequence",
        setting(
            AnatomicRegionSequence=[
                {"AnatomicRegionModifierSequence": [{"CurrentPatientLocation": "WARD 4711"}]}
            ],
        ),
        ("DEID301",),
    ),
    Planted(
        "one slice of four",
        "Station Name kept in one slice, removed in all others",
        one_slice,
        ("DEID303",),
    ),
    Planted(
        "emptied, not removed",
        "Institution Name is emptied where the profile removes it",
        setting(InstitutionName=""),
        ("DEID302",),
    ),
    # What only an option retains.
    Planted(
        "device",
        "Station Name and Device Serial Number, and the claim does not retain devices",
        setting(StationName="CTAWP7", DeviceSerialNumber="35162"),
        ("DEID303",),
    ),
    Planted(
        "institution",
        "Institution Name, and the claim does not retain institutions",
        setting(InstitutionName="Smallville General"),
        ("DEID303",),
    ),
    Planted(
        "patient characteristics",
        "Patient's Age, Weight and Sex, and the claim does not retain them",
        setting(PatientAge="054Y", PatientWeight="71", PatientSex="F"),
        ("DEID303",),
    ),
    Planted(
        "descriptions",
        "Study and Series Description, and the claim does not clean descriptors",
        setting(StudyDescription="CT CHEST", SeriesDescription="5mm axial"),
        ("DEID303",),
    ),
    Planted(
        "overlay",
        "overlay data in the second overlay group, and the claim does not clean graphics",
        overlay,
        ("DEID303",),
    ),
    Planted("curve", "curve data, and the claim does not clean graphics", curve, ("DEID303",)),
    Planted(
        "references",
        "Referenced Image Sequence, and the claim does not retain UIDs",
        setting(
            ReferencedImageSequence=[
                {
                    "ReferencedSOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
                    "ReferencedSOPInstanceUID": "2.25.4711",
                }
            ]
        ),
        ("DEID302",),
    ),
    # Dates.
    Planted(
        "dates and none are said to be there",
        "Study Date and Time look true, and dates are declared removed",
        setting(StudyDate="20040119", StudyTime="101517"),
        ("DEID304",),
    ),
    Planted(
        "date in a sequence",
        "a Scheduled Procedure Step Start Date in Request Attributes Sequence, dates removed",
        claiming(
            "113100",
            "113105",
            RequestAttributesSequence=[{"ScheduledProcedureStepStartDate": "20040119"}],
        ),
        ("DEID304",),
    ),
    Planted(
        "dates without an option",
        "Acquisition Date looks true, no option retains dates, nothing is said of them",
        all_of(
            dropping("LongitudinalTemporalInformationModified"), setting(AcquisitionDate="20040119")
        ),
        ("DEID305", "DEID308"),
    ),
    Planted(
        "calibration date",
        "Date of Last Calibration looks true, and neither devices nor dates are retained",
        setting(DateOfLastCalibration="20040119"),
        ("DEID304",),
    ),
    # What was to be replaced.
    Planted(
        "UID of a scanner",
        "Study Instance UID as a scanner makes it, with date and serial number",
        setting(StudyInstanceUID=SIEMENS),
        ("DEID310",),
    ),
    Planted(
        "UID of a scanner in a reference",
        "a reference to a series by the UID that a scanner made",
        setting(ReferencedSeriesSequence=[{"SeriesInstanceUID": SIEMENS}]),
        ("DEID310",),
    ),
    # A claim in words only.
    Planted(
        "station without codes",
        "no codes, and Station Name is kept",
        without_codes(StationName="CTAWP7"),
        ("DEID320",),
    ),
    Planted(
        "identifier without codes",
        "no codes, and Other Patient IDs is kept",
        without_codes(OtherPatientIDs="4711-0815"),
        ("DEID320",),
    ),
    Planted(
        "dates without codes",
        "no codes, nothing said of dates, and Series Date looks true",
        all_of(
            dropping("LongitudinalTemporalInformationModified"),
            without_codes(SeriesDate="20040119"),
        ),
        ("DEID320",),
    ),
    # Former values.
    Planted(
        "former values",
        "Original Attributes Sequence with a former Patient ID",
        setting(
            OriginalAttributesSequence=[{"ModifiedAttributesSequence": [{"PatientID": "4711"}]}]
        ),
        ("DEID109", "DEID301"),
    ),
    # The claim about private elements.
    Planted(
        "private elements without the option",
        "private elements, and the claim does not retain safe ones",
        lambda release: release.private(0x0019, "SIEMENS MR HEADER", 0x0C, "IS", "1000"),
        ("PRIV003",),
    ),
)
