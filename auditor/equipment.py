"""Which product a Manufacturer's Model Name names: a closed list, spellings folded.

The attribute is free text, and people write into it what is theirs. Only names of this list
leave the machine; what is not in it is withheld.
"""

from __future__ import annotations

import re
from functools import lru_cache

from auditor.redaction import OTHER

_FAMILIES = {
    "Siemens": (
        "SOMATOM Definition AS", "SOMATOM Definition Flash", "SOMATOM Definition Edge",
        "SOMATOM Definition", "SOMATOM Force", "SOMATOM Sensation", "SOMATOM Emotion",
        "SOMATOM Perspective", "SOMATOM Drive", "SOMATOM Scope", "SOMATOM Spirit",
        "SOMATOM Confidence", "SOMATOM go", "SOMATOM Plus", "SOMATOM", "NAEOTOM Alpha",
        "Biograph mCT", "Biograph mMR", "Biograph Vision", "Biograph TruePoint", "Biograph",
        "MAGNETOM Avanto", "MAGNETOM Aera", "MAGNETOM Skyra", "MAGNETOM Trio", "MAGNETOM Verio",
        "MAGNETOM Prisma", "MAGNETOM Vida", "MAGNETOM Symphony", "MAGNETOM Sonata",
        "MAGNETOM Espree", "MAGNETOM Essenza", "MAGNETOM Harmony", "MAGNETOM Allegra",
        "MAGNETOM Sola", "MAGNETOM Lumina", "MAGNETOM Amira", "MAGNETOM Terra",
        "MAGNETOM Altea", "MAGNETOM Spectra", "MAGNETOM", "Symbia", "Artis", "MAMMOMAT",
        "Ysio", "Multix", "syngo", "ACUSON",
    ),
    "GE": (
        "LightSpeed VCT", "LightSpeed Pro", "LightSpeed Ultra", "LightSpeed RT", "LightSpeed",
        "BrightSpeed", "HiSpeed", "Revolution", "Optima CT", "Optima MR", "Optima",
        "Discovery MR", "Discovery CT", "Discovery STE", "Discovery ST", "Discovery RX",
        "Discovery IQ", "Discovery MI", "Discovery", "SIGNA HDxt", "SIGNA HDx", "SIGNA EXCITE",
        "SIGNA Architect", "SIGNA Artist", "SIGNA Pioneer", "SIGNA Premier", "SIGNA PET/MR",
        "Genesis SIGNA", "SIGNA", "Senographe", "Senograph", "LOGIQ", "Voluson", "Vivid",
        "Innova", "Definium", "Infinia", "Advantage Workstation",
    ),
    "Philips": (
        "Brilliance", "iCT", "Ingenuity", "IQon", "Mx8000", "Gemini", "Vereos", "Achieva",
        "Ingenia", "Intera", "Gyroscan", "Panorama", "EPIQ", "iU22", "iE33", "HDI 5000",
        "DigitalDiagnost", "Allura", "Azurion", "Pinnacle3", "IntelliSpace",
    ),
    "Canon / Toshiba": (
        "Aquilion ONE", "Aquilion PRIME", "Aquilion", "Asteion", "Vantage", "Aplio", "Infinix",
        "Celesteion", "TITAN",
    ),
    "Hitachi / Fujifilm": ("SCENARIA", "ECLOS", "ECHELON", "OASIS", "AIRIS", "AMULET", "FCR"),
    "United Imaging": ("uMI", "uCT", "uMR", "uDR"),
    "Hologic": ("Selenia Dimensions", "Selenia", "Lorad"),
    "Carestream / Kodak": ("DirectView", "DRX"),
    "Varian": ("Eclipse", "ARIA", "TrueBeam", "Clinac", "Trilogy", "Halcyon", "Ethos"),
    "Elekta": ("Monaco", "Synergy", "Versa HD", "XiO", "Oncentra", "XVI", "Unity"),
    "Accuray": ("TomoTherapy", "CyberKnife"),
    "RaySearch": ("RayStation",),
    "MIM Software": ("MIM",),
    "Leica": ("Aperio", "ScanScope"),
    "Hamamatsu": ("NanoZoomer",),
    "3DHISTECH": ("Pannoramic",),
    "Open source": ("dcmqi", "highdicom", "3D Slicer", "dcmjs", "OHIF", "ePAD", "DCMTK"),
}  # fmt: skip

_NAMES = [
    f"{maker} {family}" if maker != "Open source" else family
    for maker, families in _FAMILIES.items()
    for family in families
]


_ALONE = ("Definition", "Sensation", "Emotion")
"""Of Siemens' CT, what is written without SOMATOM before it; the others are common words."""


def _pattern(family: str) -> str:
    """Match a product where a word begins; between words may be anything that parts words."""
    first, *rest = family.split()
    may_lack = first == "MAGNETOM" or (first == "SOMATOM" and rest and rest[0] in _ALONE)
    gap = r"[\s_-]*"
    if may_lack and rest:
        body = rf"(?:{first}{gap})?{gap.join(rest)}(?:{gap}tim)?"
    else:
        body = gap.join(map(re.escape, (first, *rest)))
    # A number may follow at once (`Aquilion64`); a letter only where the word is a long one.
    end = "" if len(first + "".join(rest)) > 5 and not may_lack else "(?![a-z])"
    return rf"(?<![a-z]){body}{end}"


_ALL = [family for families in _FAMILIES.values() for family in families]


def _surely(family: str) -> str:
    """Return a word without which no name is one of a product."""
    first, *rest = family.casefold().split()
    # Some are written without their first word.
    return max(rest or [first], key=len)


_WORDS = [_surely(family) for family in _ALL]


@lru_cache(maxsize=256)
def _any_of(numbers: tuple[int, ...]) -> re.Pattern[str]:
    """Match one of some products; one of all takes long to compile."""
    return re.compile(
        "|".join(f"(?P<m{number}>{_pattern(_ALL[number])})" for number in numbers), re.IGNORECASE
    )


LONGEST = 128
"""Characters of a model name that are looked at: twice what its VR (LO) allows."""


def model_name(text: str) -> str:
    """Return the product that a Manufacturer's Model Name (0008,1090) names.

    Parameters
    ----------
    text
        As it stands in a file.

    Returns
    -------
    str
        Maker and product of the closed list; "" for an empty text, else `OTHER`.

    Examples
    --------
    >>> model_name("SOMATOM Definition AS+")
    'Siemens SOMATOM Definition AS'
    >>> model_name("TrioTim")
    'Siemens MAGNETOM Trio'
    """
    if not text.strip():
        return ""
    start = text[:LONGEST]
    folded = start.casefold()
    numbers = tuple(number for number, word in enumerate(_WORDS) if word in folded)
    match = _any_of(numbers).search(start) if numbers else None
    return _NAMES[int(str(match.lastgroup)[1:])] if match else OTHER
