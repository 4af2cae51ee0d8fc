"""Private elements: what is known of them, what they hold, and what they stand in for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydicom.uid import MRImageStorage, PositronEmissionTomographyImageStorage

from tests.planted.harness import Planted, Release, basic_ct, codes, ct_with_options
from tests.rules.test_private import csa_header

Change = Callable[[Release], object]


def mr_with_options() -> Release:
    """Return an MR that retains safe private elements, and says in public what they say."""
    release = ct_with_options()
    release.drop("KVP", "RescaleIntercept", "RescaleSlope")
    release.set(
        SOPClassUID=MRImageStorage,
        Modality="MR",
        DiffusionBValue=1000.0,
        DiffusionGradientOrientation=[0.6, 0.0, 0.8],
        ScanningSequence="SE",
        SequenceVariant="NONE",
        ScanOptions="",
        MRAcquisitionType="2D",
        EchoTime="80",
        EchoTrainLength="1",
        StudyDescription="MR HEAD",
        SeriesDescription="diffusion",
    )
    for dataset in release.datasets:
        dataset.file_meta.MediaStorageSOPClassUID = MRImageStorage
    release.private(0x0019, "SIEMENS MR HEADER", 0x0E, "FD", [0.6, 0.0, 0.8])
    return release


def pet_with_options() -> Release:
    """Return a PET that retains safe private elements."""
    release = ct_with_options()
    release.drop("KVP")
    release.set(
        SOPClassUID=PositronEmissionTomographyImageStorage,
        Modality="PT",
        Units="BQML",
        StudyDescription="PET HEAD",
        SeriesDescription="corrected",
    )
    for dataset in release.datasets:
        dataset.file_meta.MediaStorageSOPClassUID = PositronEmissionTomographyImageStorage
    return release


def adds(group: int, creator: str, number: int, vr: str, value: Any) -> Change:
    """Return what adds one private element to every instance."""
    return lambda release: release.private(group, creator, number, vr, value)


def blob(content: bytes) -> Change:
    """Return what adds bytes, as a scanner's protocol, to every instance."""
    padded = content + b" " * (len(content) % 2)
    return adds(0x0029, "SIEMENS CSA HEADER", 0x20, "OB", padded)


def orphan(release: Release) -> None:
    for dataset in release.datasets:
        dataset.add_new((0x0009, 0x1001), "LO", "A1")


def orphan_in_an_item(release: Release) -> None:
    for dataset in release.datasets:
        dataset.DeidentificationMethodCodeSequence[0].add_new((0x0009, 0x1001), "LO", "A1")


def emptied_block(release: Release) -> None:
    for dataset in release.datasets:
        dataset.add_new((0x2005, 0x0010), "LO", "Philips MR Imaging DD 001")


def describes(status: str, creator: str = "SIEMENS MR HEADER", **more: Any) -> Change:
    """Return what describes a block of every instance."""
    item = {
        "PrivateGroupReference": 0x0019,
        "PrivateCreatorReference": creator,
        "BlockIdentifyingInformationStatus": status,
        **more,
    }
    return lambda release: release.set(PrivateDataElementCharacteristicsSequence=[item])


def wrong_vr(release: Release) -> None:
    for dataset in release.datasets:
        dataset[0x0019, 0x100C].value = None
        del dataset[0x0019, 0x100C]
        dataset.add_new((0x0019, 0x100C), "FD", 1000.0)


def unread(release: Release) -> None:
    for dataset in release.datasets:
        del dataset[0x0019, 0x100C]
        dataset.add_new((0x0019, 0x100C), "UN", b"1000")


def two_creators_in_one(release: Release) -> None:
    release.private(0x0019, "GEMS_ACQU_01", 0x27, "DS", "500")
    for dataset in release.datasets:
        dataset.add_new((0x0019, 0x0010), "LO", ["GEMS_ACQU_01", "GEMS_PARM_01"])


def dates_in_private(release: Release) -> None:
    release.set(DeidentificationMethodCodeSequence=codes("113100", "113111"))
    release.private(0x0009, "GEMS_PETD_01", 0x3B, "DT", "20180423101500")


def only_in_a_csa_header(release: Release) -> None:
    release.drop("DiffusionBValue")
    release.private(0x0029, "SIEMENS CSA HEADER", 0x10, "OB", csa_header(B_value="1000"))


def another_rotation_time(release: Release) -> None:
    release.set(RevolutionTime=0.8)
    release.private(0x0019, "GEMS_ACQU_01", 0x27, "DS", "500")


def same_rotation_time(release: Release) -> None:
    release.set(RevolutionTime=0.8)
    release.private(0x0019, "GEMS_ACQU_01", 0x27, "DS", "0.8")


def in_another_slice(release: Release) -> None:
    first = release.first
    first.DiffusionBValue = 2000.0


CASES = (
    Planted(
        "orphan",
        "a private element whose block nobody reserves",
        orphan,
        ("PRIV001", "PRIV003"),
    ),
    Planted(
        "orphan in an item",
        "a private element without a creator inside a sequence",
        orphan_in_an_item,
        ("PRIV001",),
    ),
    Planted(
        "creator of two values",
        "a private creator with two values",
        two_creators_in_one,
        ("PRIV001", "PRIV003"),
    ),
    Planted(
        "kept without the option",
        "private elements, and no code that says that they were kept",
        adds(0x0019, "SIEMENS MR HEADER", 0x0C, "IS", "1000"),
        ("PRIV002", "PRIV003", "PRIV004"),
        basic_ct,
    ),
    Planted(
        "not in the table",
        "with 113111, an element that is known, but not listed as safe",
        adds(0x0009, "GEMS_IDEN_01", 0x02, "SH", "A1"),
        ("PRIV101",),
        ct_with_options,
    ),
    Planted(
        "unknown creator",
        "with 113111, an element of a private creator that nobody knows",
        adds(0x0009, "ACME 1.0", 0x02, "SH", "A1"),
        ("PRIV101",),
        ct_with_options,
    ),
    Planted(
        "block not there",
        "the object describes a private block that it does not have",
        describes("SAFE", "GEMS_PARM_01"),
        ("PRIV102",),
        ct_with_options,
    ),
    Planted(
        "unsafe block kept",
        "the object says that a block identifies somebody, and still has it",
        describes("UNSAFE"),
        ("PRIV102",),
        ct_with_options,
    ),
    Planted(
        "mixed block without a list",
        "the object says that some elements of a block are safe, and not which",
        describes("MIXED"),
        ("PRIV102",),
        ct_with_options,
    ),
    Planted(
        "doomed element kept",
        "the object says that an element is removed, and still has it",
        describes(
            "MIXED",
            NonidentifyingPrivateElements=[0x0D],
            DeidentificationActionSequence=[
                {"IdentifyingPrivateElements": [0x0C], "DeidentificationAction": "X"}
            ],
        ),
        ("PRIV102",),
        ct_with_options,
    ),
    Planted(
        "safe elements removed",
        "with 113111, the block of a creator with safe elements is empty",
        emptied_block,
        ("PRIV103",),
        ct_with_options,
    ),
    Planted(
        "wrong VR",
        "a private element with a VR that the dictionary does not have for it",
        wrong_vr,
        ("PRIV201",),
        ct_with_options,
    ),
    Planted(
        "unread",
        "a private element with VR UN that a dictionary could have read",
        unread,
        ("PRIV202",),
        ct_with_options,
    ),
    Planted(
        "name by its VR",
        "a person's name in a private element with VR PN",
        adds(0x0029, "SIEMENS CSA HEADER", 0x30, "PN", "Quagga^Zelda"),
        ("PRIV203",),
        ct_with_options,
    ),
    Planted(
        "name by the dictionary",
        "a person's name in a private element that the dictionary has as a name",
        adds(0x0009, "GEMS_GENIE_1", 0x40, "LO", "Quagga^Zelda"),
        ("PRIV203",),
        ct_with_options,
    ),
    Planted(
        "name between bytes",
        "a person's name with carets in the midst of private bytes",
        blob(b"\1\2\0\0Quagga^Zelda^M\0\0\3"),
        ("PRIV203",),
        ct_with_options,
    ),
    Planted(
        "name in a protocol",
        "a person's name in a protocol inside a private element",
        blob(b'<ParamString."PatientName"> { "Zelda Quagga" }'),
        ("PRIV203",),
        ct_with_options,
    ),
    Planted(
        "birth date in a protocol",
        "a birth date in a protocol inside a private element",
        blob(b'<ParamString."PatientBirthDay"> { "19610423" }'),
        ("PRIV203",),
        ct_with_options,
    ),
    Planted(
        "record number in a protocol",
        "a patient's number in XML inside a private element",
        blob(b"<PatientID>48291735</PatientID>"),
        ("PRIV203",),
        ct_with_options,
    ),
    Planted(
        "institution in a protocol",
        "an institution's name in XML inside a private element",
        blob(b"<InstitutionName>Quaggafield General Infirmary</InstitutionName>"),
        ("PRIV203",),
        ct_with_options,
    ),
    Planted(
        "operator in a CSA header",
        "an operator's name in a CSA header",
        blob(csa_header(OperatorsName="Quagga^Zelda")),
        ("PRIV203",),
        ct_with_options,
    ),
    Planted(
        "date in a private element",
        "a date in a private element, and no option that retains dates",
        dates_in_private,
        ("PRIV204",),
        ct_with_options,
    ),
    Planted(
        "b-value only in private",
        "a diffusion b-value that only a private element has",
        lambda release: release.drop("DiffusionBValue"),
        ("PRIV301",),
        mr_with_options,
    ),
    Planted(
        "direction only in private",
        "a diffusion direction that only a private element has",
        lambda release: release.drop("DiffusionGradientOrientation"),
        ("PRIV301",),
        mr_with_options,
    ),
    Planted(
        "b-value only in a CSA header",
        "a diffusion b-value that only a CSA header has",
        only_in_a_csa_header,
        ("PRIV301",),
        mr_with_options,
    ),
    Planted(
        "another b-value",
        "a private and a public b-value that differ, in one slice of four",
        in_another_slice,
        ("PRIV302",),
        mr_with_options,
    ),
    Planted(
        "the same again",
        "a private element that repeats a CT's rotation time",
        same_rotation_time,
        ("PRIV303",),
        ct_with_options,
    ),
    Planted(
        "another direction",
        "a private and a public diffusion direction that differ",
        lambda release: release.set(DiffusionGradientOrientation=[0.0, 0.6, 0.8]),
        ("PRIV302",),
        mr_with_options,
    ),
    Planted(
        "scale slope of Philips",
        "a scale slope, and no real world value mapping",
        adds(0x2005, "Philips MR Imaging DD 001", 0x0E, "FL", 0.003),
        ("PRIV301",),
        mr_with_options,
    ),
    Planted(
        "SUV factor of Philips",
        "a factor for SUV that only a private element has",
        adds(0x7053, "Philips PET Private Group", 0x00, "DS", "0.00039"),
        ("PRIV301",),
        pet_with_options,
    ),
    Planted(
        "table feed of GE",
        "a CT's table feed that only a private element has",
        adds(0x0019, "GEMS_ACQU_01", 0x23, "DS", "55.0"),
        ("PRIV301",),
        ct_with_options,
    ),
    Planted(
        "another rotation time",
        "a CT's private and public rotation time differ",
        another_rotation_time,
        ("PRIV302",),
        ct_with_options,
    ),
)
