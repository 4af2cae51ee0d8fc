# ruff: noqa: SIM905 - keywords are read as words, not as a hundred literals.
"""Attributes that are of an entity and not of an image: the same in all objects of it.

PS3.3 A.1.2 has each module of an IOD describe one information entity. What a module of the
patient, study, series, equipment or frame of reference entity holds is the same in all objects
of that patient, study, series or frame of reference (PS3.3 C.7.1 to C.7.5). Attributes are
left out that are an entity's identifier; that another rule compares (Patient's Sex, Modality);
that say what was done to the object (Patient Identity Removed, De-identification Method);
Pixel Padding Value, which follows the pixels; and sequences.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

from auditor.standard.sop_classes import PERFORMED_PROTOCOLS, PROJECTIONS

PATIENT = tuple(
    (
        "PatientName TypeOfPatientID PatientBirthDate PatientBirthTime "
        "PatientBirthDateInAlternativeCalendar PatientDeathDateInAlternativeCalendar "
        "PatientAlternativeCalendar QualityControlSubject StrainDescription StrainNomenclature "
        "StrainAdditionalInformation OtherPatientNames EthnicGroups PatientSpeciesDescription "
        "PatientBreedDescription ResponsiblePerson ResponsiblePersonRole ResponsibleOrganization "
        "PatientComments ClinicalTrialSponsorName ClinicalTrialProtocolID "
        "ClinicalTrialProtocolName ClinicalTrialSiteID ClinicalTrialSiteName "
        "ClinicalTrialSubjectID ClinicalTrialSubjectReadingID "
        "ClinicalTrialProtocolEthicsCommitteeName "
        "ClinicalTrialProtocolEthicsCommitteeApprovalNumber"
    ).split()
)
"""Of the Patient and Clinical Trial Subject Modules (PS3.3 C.7.1)."""

STUDY = tuple(
    (
        "StudyDate StudyTime AccessionNumber ReferringPhysicianName ConsultingPhysicianName "
        "StudyDescription PhysiciansOfRecord NameOfPhysiciansReadingStudy "
        "AdmittingDiagnosesDescription PatientAge PatientSize PatientBodyMassIndex "
        "MeasuredAPDimension MeasuredLateralDimension PatientWeight MedicalAlerts Allergies "
        "Occupation SmokingStatus AdditionalPatientHistory PregnancyStatus LastMenstrualDate "
        "PatientSexNeutered StudyID RequestingService ReasonForVisit AdmissionID "
        "ServiceEpisodeID ServiceEpisodeDescription PatientState ClinicalTrialTimePointID "
        "ClinicalTrialTimePointDescription LongitudinalTemporalOffsetFromEvent "
        "LongitudinalTemporalEventType"
    ).split()
)
"""Of the General Study, Patient Study and Clinical Trial Study Modules (PS3.3 C.7.2)."""

SERIES = tuple(
    (
        "SeriesDate SeriesTime SeriesDescription PerformingPhysicianName OperatorsName "
        "AnatomicalOrientationType ClinicalTrialCoordinatingCenterName ClinicalTrialSeriesID "
        "ClinicalTrialSeriesDescription BodyPartExamined ProtocolName PatientPosition "
        "SeriesNumber Laterality SmallestPixelValueInSeries LargestPixelValueInSeries "
        "PerformedProcedureStepStartDate PerformedProcedureStepStartTime "
        "PerformedProcedureStepEndDate PerformedProcedureStepEndTime PerformedProcedureStepID "
        "PerformedProcedureStepDescription CommentsOnThePerformedProcedureStep"
    ).split()
)
"""Of the General Series and Clinical Trial Series Modules (PS3.3 C.7.3)."""

EQUIPMENT = tuple(
    (
        "Manufacturer InstitutionName InstitutionAddress StationName "
        "InstitutionalDepartmentName ManufacturerModelName DeviceSerialNumber DeviceUID GantryID "
        "SoftwareVersions SpatialResolution DateOfLastCalibration TimeOfLastCalibration "
        "DateOfManufacture DateOfInstallation"
    ).split()
)
"""Of the General Equipment Module (PS3.3 C.7.5.1): a series is made by one equipment."""

FRAME_OF_REFERENCE = ("PositionReferenceIndicator",)
"""Of the Frame of Reference Module (PS3.3 C.7.4.1), beside its UID."""

INHERITED = frozenset(
    {
        *PATIENT,
        *STUDY,
        *(
            "AdmittingDiagnosesCodeSequence BreedRegistrationSequence "
            "ClinicalTrialTimePointTypeCodeSequence ConsentForClinicalTrialUseSequence "
            "ConsultingPhysicianIdentificationSequence DeidentificationMethod "
            "DeidentificationMethodCodeSequence EthnicGroupCodeSequence GenderIdentitySequence "
            "GeneticModificationsSequence GroupOfPatientsIdentificationSequence "
            "HistologicalDiagnosesCodeSequence IssuerOfAccessionNumberSequence "
            "IssuerOfAdmissionIDSequence IssuerOfClinicalTrialProtocolID "
            "IssuerOfClinicalTrialSiteID IssuerOfClinicalTrialSubjectID "
            "IssuerOfClinicalTrialSubjectReadingID IssuerOfClinicalTrialTimePointID "
            "IssuerOfPatientID IssuerOfPatientIDQualifiersSequence "
            "IssuerOfServiceEpisodeIDSequence OtherClinicalTrialProtocolIDsSequence "
            "OtherPatientIDsSequence PatientBreedCodeSequence PatientID PatientIdentityRemoved "
            "PatientSex PatientSizeCodeSequence PatientSpeciesCodeSequence "
            "PersonNamesToUseSequence PhysiciansOfRecordIdentificationSequence "
            "PhysiciansReadingStudyIdentificationSequence PrimaryDiagnosisCodeSequence "
            "PrincipalDiagnosisCodeSequence ProcedureCodeSequence "
            "ReasonForPerformedProcedureCodeSequence ReasonForVisitCodeSequence "
            "ReferencedPatientPhotoSequence ReferencedPatientSequence ReferencedStudySequence "
            "ReferringPhysicianIdentificationSequence RequestingServiceCodeSequence "
            "SecondaryDiagnosesCodeSequence SexParametersForClinicalUseCategorySequence "
            "SourcePatientGroupIdentificationSequence StrainCodeSequence StrainStockSequence "
            "StudyInstanceUID ThirdPersonPronounsSequence"
        ).split(),
    }
)
"""All attributes of the patient and the study: a derived object takes them from its images."""

BY_IMAGE = {"PatientPosition": PROJECTIONS, "ProtocolName": PERFORMED_PROTOCOLS}
"""Attributes of the series that are the image's in objects of some SOP Classes."""

COMPARED_TABLE = "entities_compared.tsv.gz"
"""Which SOP Classes dcentvfy knows, and which attributes it does not compare in them."""


@lru_cache(maxsize=1)
def _not_compared() -> dict[str, frozenset[str]]:
    packed = Path(__file__).with_name(COMPARED_TABLE).read_bytes()
    _, _, body = gzip.decompress(packed).decode().partition("\n")
    rows = (line.split("\t") for line in body.split("\n"))
    return {
        uid: frozenset(attributes.split(" "))
        for uids, attributes in rows
        for uid in uids.split(" ")
    }


def compared_by_dcentvfy(keyword: str) -> tuple[str, ...]:
    """Return the SOP Classes in whose objects dcentvfy, too, takes an attribute for an entity's.

    That of two objects of any of them it reports the attribute when it differs within the
    entity was found by asking it, with made-up values (`tools/ask_dcentvfy.py`).
    """
    return tuple(sorted(uid for uid, without in _not_compared().items() if keyword not in without))
