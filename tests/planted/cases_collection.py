"""Patients, dates and UIDs across a collection."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from tests.planted.harness import Planted, Release, codes, ct_slice, ct_with_options, uid

SIEMENS = "1.3.12.2.1107.5.1.4.54321.20010412101500123.0.0"
"""As a scanner makes a UID: root, serial number, moment."""


def with_uids(root: str, *, every: bool = True) -> Callable[[Release], None]:
    """Return what gives the series, or the first patient's, UIDs under a root."""

    def change(release: Release) -> None:
        for number, dataset in enumerate(release.datasets):
            if every or number < 2:
                dataset.SeriesInstanceUID = f"{root}{number // 2}"

    return change


def one_image(release: Release) -> None:
    release.datasets[2].PixelData = release.first.PixelData


def retains_uids(release: Release) -> None:
    """Claim to retain UIDs, beside what is claimed already."""
    claimed = [item.CodeValue for item in release.first.DeidentificationMethodCodeSequence]
    release.set(DeidentificationMethodCodeSequence=codes(*claimed, "113110"))


def true_dates_in_uids(release: Release) -> None:
    retains_uids(release)
    release.set(SeriesInstanceUID=SIEMENS, StudyDate="20020101")


def many(days: Callable[[int], int]) -> Callable[[], Release]:
    """Return what makes a release of sixty patients, each examined on a day, in two slices."""

    def make() -> Release:
        whole = ct_with_options()
        method = whole.first.DeidentificationMethodCodeSequence
        release = Release()
        for patient in range(60):
            day = (date(2001, 4, 1) + timedelta(days(patient))).strftime("%Y%m%d")
            for number in (1, 2):
                dataset = ct_slice(patient, number)
                dataset.DeidentificationMethodCodeSequence = method
                dataset.LongitudinalTemporalInformationModified = "MODIFIED"
                dataset.StudyDate = day
                dataset.PatientSex, dataset.PatientAge = "F", "054Y"
                release.add(f"case-{patient:03d}/{number}.dcm", dataset)
        return release

    return make


spread = many(lambda patient: patient * 11)
"""Sixty patients, whose days fall on all days of the week alike."""


def on_working_days(release: Release) -> None:
    """Examine nobody on a weekend: the first of April 2001 was a Sunday."""
    for number, dataset in enumerate(release.datasets):
        week, weekday = divmod(number // 2, 5)
        day = date(2001, 4, 1) + timedelta(week * 7 + weekday + 1)
        dataset.StudyDate = day.strftime("%Y%m%d")


def alone(release: Release) -> None:
    for dataset in release.datasets[:2]:
        dataset.PatientAge = "083Y"


def patients(release: Release, keyword: str, *values: str) -> None:
    """Give each of two patients a value."""
    for number, dataset in enumerate(release.datasets):
        setattr(dataset, keyword, values[number // 2])


def one_frame(release: Release) -> None:
    release.set(FrameOfReferenceUID="2.25.1")


def one_person(release: Release) -> None:
    release.set(PatientName="Badger^Tilly", PatientBirthDate="19470314")


def one_day(release: Release) -> None:
    release.set(PatientBirthDate="19470314")


def two_births(release: Release) -> None:
    release.first.PatientBirthDate = "19470314"
    release.datasets[1].PatientBirthDate = "19570314"


def two_ages(release: Release) -> None:
    release.set(LongitudinalTemporalInformationModified="UNMODIFIED")
    release.first.PatientAge = "020Y"


def shifted_otherwise(keyword: str, value: str) -> Callable[[Release], None]:
    """Return what gives the first object another date than the shifted ones."""
    return lambda release: setattr(release.first, keyword, value)


def other_age(release: Release) -> None:
    """Give one patient's second study a date ten years later, at the same age."""
    second = release.datasets[1]
    second.StudyInstanceUID, second.StudyDate = "2.25.2", "20110412"


def with_serial(release: Release) -> None:
    release.set(DeviceSerialNumber="54321", SeriesInstanceUID="2.25.7.54321")


def of_one(release: Release) -> None:
    """Take the safe private element out of one slice of a patient."""
    del release.first[0x0019, 0x100C]
    del release.first[0x0019, 0x0010]


def own_and_other(release: Release) -> None:
    """Give each patient's series a UID under the root of its own manufacturer."""
    patients(release, "Manufacturer", "SIEMENS", "GE MEDICAL SYSTEMS")
    patients(release, "SeriesInstanceUID", "1.3.12.2.1107.5.1.1", "1.2.840.113619.2.1")


def copied(release: Release) -> None:
    release.add("case-001/again.dcm", release.first)


def other_sex(release: Release) -> None:
    release.first.PatientSex = "M"


def each_its_own_patient(release: Release) -> None:
    for number, dataset in enumerate(release.datasets):
        dataset.PatientID = dataset.PatientName = f"CASE-{number + 1:03d}"
        dataset.StudyInstanceUID = uid("study of an image", number)
        dataset.SeriesInstanceUID = uid("series of an image", number)
        dataset.FrameOfReferenceUID = uid("frame of an image", number)


def of_first(**values: str) -> Callable[[Release], None]:
    """Give the first of two slices another value than the second has."""

    def change(release: Release) -> None:
        for keyword, value in values.items():
            setattr(release.first, keyword, value)

    return change


CASES = (
    Planted(
        "shared frame", "one frame of reference in studies of two patients", one_frame,
        ("DEID501",), ct_with_options,
    ),
    Planted(
        "one person", "one name and one birth date under two Patient IDs", one_person,
        ("DEID501",), ct_with_options,
    ),
    Planted(
        "one day", "one birth date, sex and day of examination under two Patient IDs", one_day,
        ("DEID501",), ct_with_options,
    ),
    Planted(
        "one image", "a slice that is the same under two Patient IDs", one_image,
        ("DEID508",), ct_with_options,
    ),
    Planted(
        "two births", "two birth dates under one Patient ID", two_births,
        ("DEID502",), ct_with_options,
    ),
    Planted(
        "two ages", "ages of 20 and of 54 on one day under one Patient ID", two_ages,
        ("DEID502",), ct_with_options,
    ),
    Planted(
        "study of two days", "a study of which one slice was shifted by another amount",
        shifted_otherwise("StudyDate", "20010512"), ("DEID503",), ct_with_options,
    ),
    Planted(
        "acquired later", "an Acquisition Date that was not shifted with the study's",
        shifted_otherwise("AcquisitionDate", "20020707"), ("DEID503",), ct_with_options,
    ),
    Planted(
        "made before", "a Series Date that was not shifted with the study's",
        shifted_otherwise("SeriesDate", "19990707"), ("DEID503",), ct_with_options,
    ),
    Planted(
        "ten years and no older", "two studies ten years apart, at one age", other_age,
        ("DEID503",), ct_with_options,
    ),
    Planted(
        "unborn", "a birth date after the shifted study",
        shifted_otherwise("PatientBirthDate", "20050707"), ("DEID503",), ct_with_options,
    ),
    Planted(
        "working days", "shifted dates of sixty patients, none of them on a weekend",
        on_working_days, ("DEID504",), spread,
    ),
    Planted(
        "device's root", "series under the root of the scanner's manufacturer",
        with_uids("1.3.12.2.1107.5.1."), ("DEID505",), ct_with_options,
    ),
    Planted(
        "one forgotten", "one of two series kept the UID that the scanner made",
        with_uids("1.3.12.2.1107.5.1.", every=False), ("DEID505",), ct_with_options,
    ),
    Planted(
        "two makers", "series of two manufacturers, each under its own root", own_and_other,
        ("DEID505",), ct_with_options,
    ),
    Planted(
        "date in a UID", "UIDs are retained, and hold the true date of shifted studies",
        true_dates_in_uids,
        ("DEID506",), ct_with_options,
    ),
    Planted(
        "serial number in a UID", "a UID with the serial number of the scanner", with_serial,
        ("DEID506",), ct_with_options,
    ),
    Planted(
        "alone", "one patient of another age than fifty-nine others", alone, ("DEID507",), spread,
    ),
    Planted(
        "of one slice", "with 113111, safe private elements that one slice of two lacks", of_one,
        ("PRIV104",), ct_with_options,
    ),
    Planted("copied", "one instance in two files", copied, ("CONS001",)),
    Planted(
        "series of two studies", "one slice of a series in another study",
        of_first(StudyInstanceUID="2.25.1"), ("CONS002",),
    ),
    Planted(
        "study of two patients", "one slice of a study under another Patient ID",
        of_first(PatientID="CASE-003"), ("CONS003",),
    ),
    Planted("other sex", "a patient of two sexes", other_sex, ("CONS004",), ct_with_options),
    Planted(
        "two modalities", "one slice of a CT series with Modality MR",
        of_first(Modality="MR"), ("CONS005",),
    ),
    Planted(
        "a patient an image", "each slice under a Patient ID of its own", each_its_own_patient,
        ("CONS006",), spread,
    ),
)  # fmt: skip
