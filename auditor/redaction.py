# ruff: noqa: SIM905 - terms of a vocabulary are read as words, not as a hundred literals.
"""What may leave the machine: keyed hashes, shapes, and words that cannot be a person's.

A value is never written as it is. Equality is kept by a keyed hash, the look by a shape,
and only what a published vocabulary contains is shown in words.
"""

from __future__ import annotations

import os
import re
from hashlib import blake2b

KEY_VARIABLE = "DICOM_AUDIT_KEY"

LEAST_KEY = 20
"""Characters of a key of the environment. Its fingerprint is in every manifest: whoever has one
can try short keys until one fits."""


class WeakKeyError(Exception):
    """The key of the environment is too short; the message is one plain line without it."""


MODALITIES = frozenset(
    "ANN AR ASMT AU BDUS BI BMD CFM CR CT CTPROTOCOL DMS DG DOC DX ECG EEG EMG EOG EPS ES FID "
    "GM HC HD IO IOL IVOCT IVUS KER KO LEN LS M3D MG MR MSP NM OAM OCT OP OPM OPT OPTBSV OPTENF "
    "OPV OSS OT PA PLAN POS PR PT PX REG RESP RF RG RTDOSE RTIMAGE RTINTENT RTPLAN RTRAD "
    "RTRECORD RTSEGANN RTSTRUCT RWV SC SEG SM SMR SR SRF STAIN TEXTUREMAP TG US VA XA "
    "XAPROTOCOL XC".split()
)
"""Defined terms of Modality (0008,0060), PS3.3 C.7.3.1.1.1."""

BODY_PARTS = frozenset(
    "ABDOMEN ABDOMENPELVIS ADRENAL ANKLE AORTA ARM AXILLA BACK BLADDER BRAIN BREAST BRONCHUS "
    "BUTTOCK CALCANEUS CALF CAROTID CEREBELLUM CERVIX CHEEK CHEST CHESTABDOMEN CHESTABDPELVIS "
    "CIRCLEOFWILLIS CLAVICLE COCCYX COLON CORNEA CORONARYARTERY CSPINE CTSPINE DUODENUM EAR "
    "ELBOW ESOPHAGUS EXTREMITY EYE EYELID FACE FEMUR FINGER FOOT GALLBLADDER HAND HEAD HEADNECK "
    "HEART HIP HUMERUS ILEUM ILIUM JAW JEJUNUM KIDNEY KNEE LARYNX LEG LIVER LSPINE LSSPINE LUNG "
    "MAXILLA MEDIASTINUM MOUTH NECK NECKCHEST NECKCHESTABDOMEN NECKCHESTABDPELV NOSE ORBIT "
    "OVARY PANCREAS PAROTID PATELLA PELVIS PENIS PHARYNX PROSTATE RECTUM RIB SCALP SCAPULA "
    "SCLERA SCROTUM SHOULDER SKULL SPINE SPLEEN SSPINE STERNUM STOMACH TESTIS THIGH THUMB "
    "THYMUS THYROID TLSPINE TOE TONGUE TRACHEA TSPINE UTERUS VAGINA VULVA WHOLEBODY WRIST "
    "ZYGOMA".split()
)
"""Defined terms of Body Part Examined (0018,0015), PS3.16 Annex L."""

VOCABULARY = {
    "Modality": MODALITIES,
    "BodyPartExamined": BODY_PARTS,
    "PatientSex": frozenset({"M", "F", "O"}),
    "PatientIdentityRemoved": frozenset({"YES", "NO"}),
    "BurnedInAnnotation": frozenset({"YES", "NO"}),
}

_VENDORS = {
    "GE": r"\bge\b|general electric|gems\b|ge healthcare",
    "Siemens": r"siemens|acuson|\bcps\b",
    "Philips": r"philips|adac|marconi|picker",
    "Canon / Toshiba": r"canon|toshiba",
    "Hitachi / Fujifilm": r"hitachi|fuji",
    "United Imaging": r"united imaging|\buih\b",
    "Hologic": r"hologic|lorad",
    "Agfa": r"agfa",
    "Carestream / Kodak": r"carestream|kodak",
    "Konica Minolta": r"konica|minolta",
    "Varian": r"varian",
    "Elekta": r"elekta|\bcms\b|impac",
    "Accuray / TomoTherapy": r"accuray|tomotherapy",
    "RaySearch": r"raysearch",
    "Brainlab": r"brainlab",
    "MIM Software": r"\bmim\b",
    "Mortara": r"mortara",
    "Demo Scanners": r"^demo scanners$",
    "Samsung": r"samsung|medison",
    "Mindray": r"mindray",
    "Bruker": r"bruker",
    "Leica": r"leica|aperio",
    "Hamamatsu": r"hamamatsu",
    "3DHISTECH": r"3dhistech",
    "Zeiss": r"zeiss",
    "Heidelberg Engineering": r"heidelberg",
    "Topcon": r"topcon",
    "Merge": r"merge",
    "Vital Images": r"vital images",
    "TeraRecon": r"terarecon",
    "QIICR": r"qiicr|dcmqi",
    "highdicom": r"highdicom|imaging data commons",
    "pydicom": r"pydicom",
    "OFFIS": r"offis|dcmtk",
    "dcm4che": r"dcm4che",
    "OHIF / dcmjs": r"ohif|dcmjs",
    "Cornerstone": r"cornerstone",
    "3D Slicer": r"slicer",
    "ITK": r"\bitk\b",
    "PixelMed": r"pixelmed",
}
_VENDOR = re.compile(
    "|".join(f"(?P<v{number}>{pattern})" for number, pattern in enumerate(_VENDORS.values())),
    re.IGNORECASE,
)
_VENDOR_NAMES = list(_VENDORS)

OTHER = "(withheld)"
"""Stands for a value that is in no published vocabulary and therefore not shown."""


def audit_key() -> bytes:
    """Return the key of the hashes: of the environment, or random and then forgotten.

    A fixed key makes the hashes of two audits comparable; whoever knows it can test a
    guess against them, so it is to be kept like a password.

    Raises
    ------
    WeakKeyError
        If the environment has a key of fewer than `LEAST_KEY` characters.
    """
    named = os.environ.get(KEY_VARIABLE)
    if named and len(named) < LEAST_KEY:
        raise WeakKeyError(
            f"{KEY_VARIABLE} is shorter than {LEAST_KEY} characters and could be guessed: give it "
            f"at least {LEAST_KEY} random ones, or unset it"
        )
    return blake2b(named.encode(), digest_size=32).digest() if named else os.urandom(32)


def key_name(key: bytes) -> str:
    """Return what tells the key of the environment from others; "" for a random key.

    Two audits of one name hash alike: their series can be told to be the same.
    """
    if not os.environ.get(KEY_VARIABLE):
        return ""
    return blake2b(b"which key", key=key, digest_size=8).hexdigest()


class Hasher:
    """Keyed 64-bit hashes of values."""

    def __init__(self, key: bytes) -> None:
        self._base = blake2b(key=key, digest_size=8)

    def __call__(self, value: bytes) -> int:
        """Hash a value without its padding."""
        hasher = self._base.copy()
        hasher.update(value.rstrip(b" \0"))
        return int.from_bytes(hasher.digest(), "little")


def shape(text: str) -> str:
    """Return what a text looks like and nothing of what it says.

    Examples
    --------
    >>> shape("Doe^John 1970")
    'Aaa^Aaaa 9999'
    """
    out = []
    for character in text[:64]:
        if character.isdigit():
            out.append("9")
        elif character.isalpha():
            out.append("A" if character.isupper() else "a")
        else:
            out.append(character if character in " ^=.-_/\\:,;()" else "?")
    return "".join(out) + ("…" if len(text) > 64 else "")


def coded(keyword: str, text: str) -> str:
    """Return a coded value if its vocabulary has it, else `OTHER`."""
    text = text.strip()
    return text if not text or text in VOCABULARY[keyword] else OTHER


def vendor(text: str) -> str:
    """Return the manufacturer that a free text names, spellings folded, else `OTHER`."""
    if not text.strip():
        return ""
    match = _VENDOR.search(text)
    return _VENDOR_NAMES[int(str(match.lastgroup)[1:])] if match else OTHER
