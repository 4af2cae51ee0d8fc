# ruff: noqa: SIM905 - words of a vocabulary are read as words, not as a hundred literals.
"""What a text looks like: a person's name, a number, an address, and what only looks like one.

Pure functions of one text, cheap enough for every distinct text of a collection: a pattern
is tried only where the text has what it cannot do without (a digit, an ``@``). They say how
sure they are; how bad it is, is a rule's business. `docs/accuracy.md` has measured figures.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

from auditor.model import Confidence
from auditor.redaction import BODY_PARTS, MODALITIES

LIMIT = 1 << 15
"""Characters of a text that are looked at."""

HIGH, MEDIUM, LOW = Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW

KINDS = {
    "name": "a person's name",
    "record number": "a patient's, case or insurance number",
    "national id": "a number that a state gives to a person",
    "phone": "a telephone number",
    "email": "an e-mail address",
    "url": "a web address",
    "ip": "an IP address",
    "user path": "a path with the name of a user",
    "address": "a street address",
    "date": "a date",
    "age": "an age over 89",
    "script": "words in a script in which only what is labelled is found",
}
"""Kind of identifier to plain words."""


class Sign(NamedTuple):
    """What a text looks like it holds, and how sure that is."""

    kind: str
    confidence: Confidence


# --- Names and what stands in for one ---------------------------------------------------

_NOBODY = re.compile(
    r"anon\w*|deid\w*|(de)?ident(ified|ification)|pseud\w*|remov\w*|redact\w*|unknown\w*|"
    r"unnamed|noname|dummy|demo|sample|example|synthetic|simulated|phantom\w*|sphere|volunteer\w*|"
    r"healthy|control|patient\w*|subject\w*|tests?|testing|study|research|project|regression|"
    r"operator|physician|doctor|reader|reviewer|observer|technologist|staff|user|admin\w*|"
    r"service|system|software|"
    r"ct|mri|pet|spect|qa|qc|acr|nema|breast|brain|lung|liver|prostate|abdomen|pelvis|thorax|"
    r"knee|spine|stroke|perfusion|"
    r"philips|siemens|toshiba|hitachi|pixelmed|slicer|dcmtk|dcmqi|qiicr|highdicom|pydicom|"
    r"匿名\w*|患者\w*|测试|測試|テスト|аноним\w*"
)
"""Words that stand in for a name, or name a thing: with one of them the value is nobody's."""

_BLANK = re.compile(
    r"x+|z+|na?|nn|nil|null|none|no|not|given|name|first|last|middle|mid|pre|prefix|suffix|family|"
    r"surname|(first|last|fore)name|enter|text|by|the|of|sub|case|water|ge|mr|us|nm|"
    r"drs?|prof|md|phd|mrs|miss|sir"
)
"""Words that say nothing, though some may be a person's: only a value of such words is blank."""

_TITLES = {"dr", "prof", "md", "phd", "mrs", "miss", "sir"}
_WORD = re.compile("(?:[^\\W\\d_]|\N{REPLACEMENT CHARACTER})+")
_EASTERN = re.compile("[\u3005\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff66-\uff9f]+")
"""Han, kana and hangul, in which one character is a word and a name needs no space."""

_INSIDE = " .'\N{RIGHT SINGLE QUOTATION MARK}-"
"""What is written inside a name beside letters."""


def words_of(text: str) -> list[str]:
    """Return the words in a text, in lower case and without accents."""
    plain = unicodedata.normalize("NFKD", text)
    joined = "".join(each for each in plain if not unicodedata.combining(each))
    return _WORD.findall(joined.casefold())


def is_blank(word: str) -> bool:
    """Whether a word, as `words_of` gives it, says nothing or stands for nobody."""
    return bool(_NOBODY.fullmatch(word) or _BLANK.fullmatch(word))


def stands_for_nobody(text: str) -> bool:
    """Whether a text has a word that replaces a name, or only words that say nothing."""
    return _nobody(words_of(text))


def _nobody(words: list[str]) -> bool:
    return any(_NOBODY.fullmatch(word) for word in words) or all(
        _BLANK.fullmatch(word) for word in words
    )


def _is_lettered(text: str) -> bool:
    """Whether a part of a name holds letters, and otherwise only what names are written with."""
    return any(map(_is_letter, text)) and all(_is_letter(each) or each in _INSIDE for each in text)


def _is_letter(character: str) -> bool:
    # What is not ASCII is one, a name in a wrongly declared character set included.
    return character.isalpha() or not (character.isascii() or character.isdecimal())


def _letters(text: str) -> int:
    return sum(map(_is_letter, text)) + len(_EASTERN.findall(text))


def _is_name(group: str) -> bool:
    """Judge one component group of one person name."""
    words = words_of(group)
    if _nobody(words):
        return False
    if "@" in group:
        return True
    if "^" not in group:
        group = group.replace(",", "^")
    components = [part.strip() for part in group.split("^")]
    named = [part for part in components[:3] if part]
    if len(named) == 1:
        (only,) = named
        if _EASTERN.fullmatch(only):
            return 2 <= len(only) <= 4
        if any(components[3:]) or not _TITLES.isdisjoint(words):
            return any(len(word) > 1 and not _BLANK.fullmatch(word) for word in words)
        named = only.split()
        if not all(_is_lettered(part) for part in named):
            return False
        named = [part for part in named if not all(map(_BLANK.fullmatch, words_of(part)))]
        return sum(_letters(part) > 1 for part in named) > 1
    lettered = [part for part in named if _is_lettered(part)]
    return len(lettered) > 1 and any(_letters(part) > 1 for part in lettered)


def looks_like_a_name(text: str) -> bool:
    r"""Whether one of the person names in a value (PS3.5 6.2, VR PN) looks like a person's.

    It does if a component group (alphabetic, ideographic or phonetic) has two components or
    two words of letters, a title, or two to four Han, kana or hangul characters, and no word
    that stands for nobody. A single word may be a code and is not taken for a name.

    Parameters
    ----------
    text
        The value, decoded: names apart by ``\``, groups by ``=``, components by ``^``.
    """
    return any(_is_name(group) for group in re.split(r"[\\=]", text) if group.strip(" ^"))


def looks_like_a_birth_date(text: str) -> bool:
    """Whether a value names the day on which somebody who was ever imaged was born.

    A first of January is taken for a date that was coarsened, as is one without month or day;
    one digit repeated and a year before 1850 are placeholders.
    """
    digits = re.sub(r"\D", "", text)
    if len(digits) < 8:
        return bool(words_of(text)) and bool(digits)
    year, month, day = digits[:4], digits[4:6], digits[6:8]
    return (
        len(set(digits[:8])) > 1
        and int(year) >= 1850
        and "00" not in (month, day)
        and (month, day) != ("01", "01")
    )


_RECORD_NUMBER = re.compile(r"[A-Za-z]{0,2}[-.]?(?:\d[-./ ]?){5,14}[A-Za-z]?")


def looks_like_a_record_number(text: str) -> bool:
    """Whether an identifier looks like one that a hospital gave, not one that a study did.

    That is five to fourteen digits with next to no letters, not all the same or in a row.
    ``TCGA-02-0001``, ``sub-001`` and UIDs are a study's.
    """
    text = text.strip()
    if not _RECORD_NUMBER.fullmatch(text) or text.count(".") > 2:
        return False
    digits = re.sub(r"\D", "", text)
    return (
        len(set(digits)) > 1
        and digits not in "01234567890123456789"
        and len(digits.lstrip("0")) > 3
    )


# --- Words that are no person's ---------------------------------------------------------

_GIVEN = frozenset(
    "aaron abdul abdullah adam agnieszka ahmed akira alan alejandro alex alexander alexandra ali "
    "alice amanda amina amy ana anastasia andrea andreas andrew angela anita anja ann anna anne "
    "annette antonio anthony arthur barbara beatrice benjamin bernard bernd betty birgit bjorn "
    "bob brandon brenda brian brigitte bruno carl carla carlos carmen caroline catherine "
    "charles charlotte chen christian christina christine christopher claire claudia craig "
    "cynthia daniel daniela david deborah denise dennis diana diego dieter dimitri dmitri dmitry "
    "dominique donald donna dorothy douglas edward elena elisabeth elizabeth ellen emily emma "
    "eric erik erika ernst eva fatima felix fernando florian francesca francesco francis "
    "francois frank frederic friedrich gabriel gabriele gary george georg gerald gerhard giovanni "
    "giulia giuseppe gregory guillaume gunther hans harald harold heather heidi heinz helen "
    "helena helga henri henrik henry hassan hiroshi hussein ibrahim igor ingrid irene isabel "
    "isabelle ivan jacob jacques james jan jane janet jason javier jean jeffrey jennifer jessica "
    "joan joanna jochen johan johann johannes john jonathan jorge jose joseph joshua juan judith "
    "julia julie jurgen karen karin karl katarzyna katharina katherine kathleen kelly kenneth "
    "kenji kevin klaus kristina lars larry laura lauren laurent lena leonardo linda lisa lorenzo "
    "louis louise lucas luca lucia luis luigi maciej magdalena manfred manuel marco marcus "
    "margaret maria mariana "
    "marie mario marta martha martin martina mary mateusz matthew matthias melissa "
    "michael michel michelle miguel mohamed mohammad mohammed monika muhammad nancy natalia "
    "natalie nathalie nicholas nicola nicolas nikolai nicole nina olga oliver olivier omar oscar "
    "pablo pamela paolo patricia patrick paul paula pedro peter petra philippe pierre rachel "
    "rafael raj ralf ralph raymond rebecca regina renate richard robert roberto roger roland "
    "ronald rosa rudolf ruth ryan sabine salvatore samantha samuel sandra sara sarah satoshi "
    "scott sergei sergey sergio sharon simone sofia sophie stefan stefanie stephan stephanie "
    "stephen steven susan susanne svetlana takashi tatiana teresa theresa thomas timothy tobias "
    "ulrich ulrike ursula valentina vanessa vera veronica victor victoria viktor vincent virginia "
    "vladimir walter wilhelm william wolfgang xavier yasmin yoko yuki yusuf yvonne zelda".split()
)
"""Given names that are common somewhere and in English, German and French no other word."""

_PLAIN = frozenset(
    "abdomen adult afterload alzheimer aaa angio angiography ankle annotation anterior arm "
    "arterial artery ascending axial back bone bowel bws calf carotid cerebral cervical chest "
    "child clavicle colon contrast coronal coronary cranium crane cyst delayed dermatology "
    "descending diffusion disk disc dynamic elbow enhanced exam examination face femur finger "
    "fluid foot forearm genou groin halswirbelsaeule hals hand head heart hepatic hip hws hospital "
    "humerus image imaging infant inferior interventional jaw joint kidney kidneys knie kopf left "
    "leg ligament lobe localizer long lower lumbar lws lymph mandible mass measurement medial "
    "median mediastinum muscle myocardium neck nerve nodule node nose oblique orbit ovary pancreas "
    "paranasal pediatric peds phase portal posterior protocol radiology radius recon renal report "
    "rib right room routine sacrum sagittal scan schaedel schadel scout series short shoulder "
    "sinus skin skull small soft spleen standard sternum stomach sup superior temporal tete thigh "
    "throat tibia tissue transverse tumor tumour ulna ultrasound upper uterus vein venous ventral "
    "ventricle vertebra view volume wall white whole wirbelsaeule wrist year years "
    # Things that carry a person's name.
    "baker barrett bland couinaud crohn fowler foley gleason hounsfield huntington krukenberg "
    "lewis lisfranc maddrey monte carlo parkinson scarpa trendelenburg valsalva wilms wilson "
    "student gauss kalman fourier markov bayes poisson stokes rayleigh lorentz".split()
)


@cache
def _no_names() -> frozenset[str]:
    """Words that are not taken for a name: the standard's own, and what is written of images."""
    from auditor.standard.dictionary import keywords

    found = {part.lower() for part in BODY_PARTS | MODALITIES} | _PLAIN
    for keyword in keywords():
        found.update(part.lower() for part in re.findall(r"[A-Z][a-z]+", keyword))
    return frozenset(found)


def is_no_name(word: str) -> bool:
    """Whether a word means something else than a name, or nothing, where images are described."""
    folded = words_of(word)
    return not folded or any(each in _no_names() or is_blank(each) for each in folded)


def _may_be_a_name(word: str) -> bool:
    return not is_no_name(word)


# --- The patterns -----------------------------------------------------------------------

_CAPITAL = "[A-Z\u00c0-\u00de\u0104-\u017d]"
_SMALL = "[a-z\u00df-\u00ff\u0105-\u017e]"
_PROPER = rf"(?:{_CAPITAL}['\u2019])?{_CAPITAL}{_SMALL}{{1,30}}(?:-{_CAPITAL}{_SMALL}{{1,30}})?"
_ANY_CASE = r"(?:[^\W\d_]|['\u2019-]){2,30}"

_TITLED = re.compile(
    r"\b(?:(?:[Dd]r|DR|[Pp]rof|PROF|[Mm]me|Mrs|Ms|Mr|Sra|Dra)\.|Dr|Prof|Mr|Mrs|Herrn?|Frau|"
    rf"Monsieur|Madame|Signora?|Señora?)[ ]?(?:(?:[Dd]r|[Mm]ed|{_CAPITAL})\.[ ]?){{0,3}}"
    rf"((?:(?:van|von|der|de|del|di|la|le|zu)[ ]){{0,3}}(?:{_PROPER}|{_CAPITAL}{{3,30}}))"
)
_NAME_LABEL = re.compile(
    r"\b(?:(?:patients?|pat|subjects?|last|first|family|given|sur|full|maiden|vor|nach|physicians?|"
    r"operators?|doctors?|mothers?|fathers?)(?:['\u2019]s)?[ ._-]?name|patientenname|nom|pr[ée]nom|"
    r"nombre|apellidos?|cognome|"
    r"(?:referr(?:ed|ing)|request(?:ed|ing)|perform(?:ed|ing)|read(?:ing)?|report(?:ed|ing)|"
    r"dictated|signed|approved|verified|reviewed|attending|scanned|acquired|examined)"
    r"[ ](?:by|md|phys(?:ician)?|radiologist|doctor)|radiologist|technologist|tech|operator|"
    r"patient|pt|überweiser|befunder|untersucher|patientin)"
    rf"[ ]?(?::|=|[ ]-[ ])[ ]*({_ANY_CASE})(?:[ ,^]+({_ANY_CASE}))?",
    re.IGNORECASE,
)
_SIGNED = re.compile(
    r"\b(?:signed|dictated|reported|referred|approved|verified|reviewed|scanned|performed)[ ]by[ ]"
    rf"({_PROPER}[ ]{_PROPER})",
    re.IGNORECASE,
)
_PAIR = re.compile(
    rf"(?<![\w^])({_ANY_CASE})(?:\^|,[ ]?|[ ](?:{_CAPITAL}\.[ ])?|_)({_ANY_CASE})(?![\w])"
)
_CARETS = re.compile(rf"{_ANY_CASE}\^{_ANY_CASE}(?:\^(?:{_ANY_CASE}|[^\W\d_]\.?)?){{0,3}}")

_EMAIL = re.compile(
    r"(?<![\w.+-])([\w.+-]{1,64})@((?:[A-Za-z0-9-]{1,63}\.){1,6}[A-Za-z]{2,24})(?![\w-])"
)
_NO_EMAIL = re.compile(
    r"(?:no-?reply|support|info|sales|service|help\w*|admin|webmaster|contact|dicom)|"
    r"(?:x+|anon\w*|user|name|nobody|none)",
    re.IGNORECASE,
)
_RESERVED_HOST = re.compile(
    r"(?:.*\.)?(?:example(?:\.(?:com|org|net|edu))?|invalid|test|localhost|local)", re.IGNORECASE
)
_URL = re.compile(
    r"\b(?:https?|ftps?|sftp|file|rtsp)://([^\s/\\:?#]{1,253})|\bwww\.([\w.-]{1,253})"
)
_PUBLIC_HOST = re.compile(
    r"(?:.*\.)?(?:nema\.org|dicomstandard\.org|w3\.org|hl7\.org|loinc\.org|snomed\.info|"
    r"ihtsdo\.org|nih\.gov|doi\.org|github\.(?:com|io)|creativecommons\.org|radlex\.org|purl\.\w+|"
    r"cancerimagingarchive\.net|siemens\.com|philips\.com|gehealthcare\.com|ge\.com|"
    r"dclunie\.com|schemas?\.[\w.]+|iso\.org|ieee\.org|unitsofmeasure\.org|openmicroscopy\.org|"
    r"microsoft\.com|bioontology\.org|dcmtk\.org|pydicom\.\w+|orcid\.org)",
    re.IGNORECASE,
)
_USER_PATH = re.compile(
    r"(?:[A-Za-z]:[\\/]|[\\/])(?:users|home|documents and settings|utilisateurs|benutzer)[\\/]"
    r"([A-Za-z][\w.-]{1,40})[\\/]",
    re.IGNORECASE,
)
_NO_USER = re.compile(
    r"public|default|all|share[ds]?|admin\w*|root|user\d*|medcom|sdc|service|system|data|dicom|"
    r"lost\+found|guest|test|anon\w*|ctuser|mruser|ge|local",
    re.IGNORECASE,
)

_IP = re.compile(r"(?<![\w.])(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(:\d{2,5})?(?![\w.]|[ ]?%)")
_IP_LABEL = re.compile(r"\b(?:ip|host|server|addr\w*|ping|node|gateway)\b", re.IGNORECASE)
_IP6 = re.compile(r"(?<![\w:])(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}(?![\w:])")

_NANP = re.compile(
    r"(?<![\w.+/-])(?:1[-. ])?(?:\([2-9]\d{2}\)[ -]?|[2-9]\d{2}([-. ]))[2-9]\d{2}"
    r"(?(1)\1|[-. ])\d{4}(?![\w.]\d|\w|-\d)"
)
_INTERNATIONAL = re.compile(
    r"(?<![\w.])(?:\+|00)[1-9]\d{0,2}(?:[ ./-]|\(0\)|\(\d{1,4}\)){1,3}"
    r"(?:\d{1,5}[ ./-]?){2,6}(?![\d.]\d)"
)
_E164 = re.compile(r"(?<![\w.])\+[1-9]\d{9,14}(?![\w.])")
_PHONE_LABEL = re.compile(
    r"(?<![^\W_])(?:tel(?:efon|ephone|\.?[ ]?nr|\.?[ ]?no)?|phone|fax|mobile|mobil|cell|handy|"
    r"pager|call|ph|tlf|tél|durchwahl)(?:[ ]?(?:no|nr|number))?[ ]?[.:#=]*[ ]*"
    r"[+(]?\d(?:[ ()./-]{0,3}\d){5,14}(?![\d])",
    re.IGNORECASE,
)

_PHONE_ASKED = re.compile(
    r"\b(?:call|phone|ring|reach)[ ](?:me|us|him|her|them|back|patient)[ ](?:back[ ])?(?:at|on)"
    r"[ :]*(?!(?:18|19|20)\d\d[-/.]?\d)[+(]?\d(?:[ ()./-]{0,3}\d){6,14}(?![\d])",
    re.IGNORECASE,
)
_THREE_THREE_FOUR = re.compile(r"(?<![\w.+/-])(\d{3})-(\d{3})-(\d{4})(?![\w-]|\.\d)")
"""As North America writes a number, whether or not one of these digits can be given to anybody."""

_SSN = re.compile(r"(?<![\w.-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-]|\.\d)")
_CPF = re.compile(r"(?<![\w.])\d{3}\.\d{3}\.\d{3}-\d{2}(?![\w.])")
_AHV = re.compile(r"(?<![\w.])756\.\d{4}\.\d{4}\.\d{2}(?![\w.])")
_NORDIC = re.compile(r"(?<![\w.-])(?:19|20)?(\d{2})(\d{2})(\d{2})[-+](\d{4})(?![\w-]|\.\d)")
_NHS = re.compile(r"(?<![\w.])\d{3}[ ]\d{3}[ ]\d{4}(?![\w.]|[ ]\d)")
_LABELLED_NUMBER = re.compile(
    r"(?<![^\W_])(?:m\.?r\.?n|medical record(?: no| number)?|(?:pat(?:ient(?:en)?)?|hospital|"
    r"case|fall|chart|visit|record|insurance|versicherten|aufnahme|dossier|encounter)"
    r"[ ._-]?(?:id|nr|no|num(?:ber|mer)?|#)|patid|fallnummer|pid|"
    r"acc(?:ession)?[ ._-]?(?:no|nr|number|#)|"
    r"ssn|social security(?: no| number)?|nhs(?: no| number)?|cpr|personnummer|h\.?n|urn?|ipp|nip|"
    r"dni)"
    r"[ ]?(?:[.:#=-]|is)*[ ]*([A-Za-z]{0,3}[-.]?\d(?:[ ./-]?\d){3,13})(?!\d|[.]\d)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.+-])[A-Za-z]?\d{7,10}(?![\w.-])")

_STREET_WORDS = (
    r"street|str|st|avenue|ave|av|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|place|pl|square|"
    r"sq|terrace|parkway|pkwy|highway|hwy|crescent|close|way|row|circle"
)
_STREET = re.compile(
    rf"(?<![\w.])\d{{1,5}}[a-zA-Z]?,?[ ](?:[NSEW]\.?[ ])?(?:[A-Z][\w'\u2019.-]{{0,30}}[ ]){{1,3}}"
    rf"(?i:({_STREET_WORDS}))\b(?![-/\d])"
)
_STREET_AFTER = re.compile(
    r"\b(?:[A-Z\u00c0-\u00de][\w-]{0,30}(?i:stra(?:ß|ss)e|str\.|gasse|allee|platz|damm|ufer|straat|"
    r"laan|gracht|plein|gatan|vägen|vej|gade|veien))[ ]?\d{1,4}[a-zA-Z]?\b|"
    r"\b(?:[A-Z\u00c0-\u00de][\w-]{0,30}(?:weg|ring))[ ]\d{1,4}[a-zA-Z]?(?=$|[,;\n])"
)
_STREET_BEFORE = re.compile(
    r"\b\d{1,4}(?:[ ]?(?:bis|ter))?,?[ ](?:rue|avenue|boulevard|chemin|place|quai|allée|impasse)[ ]"
    rf"(?:(?:de|du|des|la|le|l'|d')[ ]?){{0,3}}{_CAPITAL}|"
    r"\b(?:Calle|Avenida|Via|Viale|Piazza|Corso|Rua|Plaza|Paseo|Largo)[ ](?:(?:de|del|della|di|da|"
    rf"do|la|los|las)[ ]){{0,3}}{_PROPER}(?:[ ]{_PROPER})?,?[ ](?:n\.?[º°o]?[ ]?)?\d{{1,4}}\b"
)
_BOX = re.compile(r"\bP\.?[ ]?O\.?[ ]?Box[ ]\d{1,6}\b|\bPostfach[ ]\d|\bBP[ ]\d{3,5}\b")
_ZIP = re.compile(
    r"\b[A-Z][a-z]+,[ ](?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|"
    r"O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY])[ ]\d{5}(?:-\d{4})?\b"
)

_MONTHS = (
    r"jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|févr?(?:ier)?|mar(?:ch|s)?|märz?|apr(?:il)?|"
    r"avr(?:il)?|ma[iy]|jun[ie]?|juin|jul[iy]?|juil(?:let)?|aug(?:ust)?|août|"
    r"sep(?:t(?:ember|embre)?)?|o[ck]t(?:ober|obre)?|nov(?:ember|embre)?|de[cz](?:ember)?|déc(?:embre)?"
)
_ISO_DATE = re.compile(r"(?<![\w.-])((?:18|19|20)\d{2})([-/.])(\d{1,2})\2(\d{1,2})(?![\d]|[-.]\d)")
_DAY_FIRST = re.compile(
    r"(?<![\w.-])(\d{1,2})([-/.])(\d{1,2})\2((?:18|19|20)\d{2}|\d{2})(?![\w]|[-./]\d)"
)
_NAMED_DATE = re.compile(
    rf"(?<![\w.])(\d{{1,2}})(?:st|nd|rd|th|\.)?[ -]?(?:of )?(?:{_MONTHS})\.?[ ,-]{{0,2}}"
    r"((?:19|20)\d{2})\b|"
    rf"\b(?:{_MONTHS})\.?[ ](\d{{1,2}})(?:st|nd|rd|th)?,?[ ]((?:19|20)\d{{2}})\b",
    re.IGNORECASE,
)
_COMPACT_DATE = re.compile(
    r"(?<!\d)(?<!\d\.)((?:19|20)\d{2})(\d{2})(\d{2})(?:[ T_-]?\d{4,6})?(?![\d.])"
)
_DATE_LABEL = re.compile(
    r"(?<![^\W_])(?:dob|d\.o\.b\.?|born|birth ?date|date|geb(?:oren|\.)?|datum|née?|nato|on|am|"
    r"dated|exam(?:ined)?|prior|previous|compared?)\W",
    re.IGNORECASE,
)

_AGE = re.compile(
    r"(?<![\w.,/-])(9\d|1[01]\d|12[0-5])[ -]?(?:years?\b|yrs?\b|yo\b|y/o\b|y\.o\.|jahre?\b|"
    r"jährige?r?\b|ans\b|años\b|anni\b|jaar\b)|"
    r"(?<![^\W_])(?:age|aged|alter|âge|edad)[ ]?[:=]?[ ]?(9\d|1[01]\d|12[0-5])\b(?!\.\d|[ ]?%)|"
    r"\b(?:0(9\d)|(1[01]\d))Y\b",
    re.IGNORECASE,
)
_NO_AGE = re.compile(
    r"(?:<|>|=|≤|≥|up to|until|over|under|above|below|minimum|maximum|min|max|to|-|"
    r"\u2013)[ ]?$|follow",
    re.IGNORECASE,
)

_FOREIGN = re.compile(
    "[\u0370-\u03ff\u1f00-\u1fff]{3,}|[\u0400-\u052f]{2,}|[\u0530-\u058f]{2,}|[\u0590-\u05ff]{2,}|"
    "[\u0600-\u06ff\u0750-\u077f]{2,}|[\u0900-\u0dff]{2,}|[\u0e00-\u0e7f]{2,}|[\u10a0-\u10ff]{2,}|"
    "[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff66-\uff9f]{2,}"
)

_DIGIT = re.compile(r"\d")
_HAS_DIGITS = re.compile(r"\d\D{0,4}\d")
_PLACEHOLDER_YEARS = {"1800", "1900", "1899"}


def signs(text: str) -> tuple[Sign, ...]:
    r"""Return what a text looks like it holds, each kind once, by the order of `KINDS`.

    Parameters
    ----------
    text
        Decoded text; several values may be apart by ``\``.
    """
    text = text[:LIMIT]
    found: dict[str, Confidence] = {}
    for kind, confidence in _found(text):
        if kind not in found or found[kind] is LOW or confidence is HIGH:
            found[kind] = confidence
    return tuple(Sign(kind, found[kind]) for kind in KINDS if kind in found)


def _found(text: str) -> Iterator[Sign]:
    if "@" in text:
        yield from _emails(text)
    if "://" in text or "www." in text:
        yield from _urls(text)
    if "\\" in text or "/" in text:
        yield from _user_paths(text)
    if _DIGIT.search(text):
        yield from _addresses(text)
        if _HAS_DIGITS.search(text):
            for look in _WITH_DIGITS:
                yield from look(text)
    yield from _names(text)
    if not text.isascii():
        # Most collections have none: what only they need is not made ready at each start.
        from auditor.scripts import foreign_signs

        yield from (Sign(*each) for each in foreign_signs(text))
        if _FOREIGN.search(text):
            yield Sign("script", LOW)


def _emails(text: str) -> Iterator[Sign]:
    for match in _EMAIL.finditer(text):
        if not (_NO_EMAIL.fullmatch(match[1]) or _RESERVED_HOST.fullmatch(match[2])):
            yield Sign("email", HIGH)


def _urls(text: str) -> Iterator[Sign]:
    for match in _URL.finditer(text):
        host = match[1] or match[2]
        if not (_PUBLIC_HOST.fullmatch(host) or _RESERVED_HOST.fullmatch(host)):
            yield Sign("url", MEDIUM)


def _user_paths(text: str) -> Iterator[Sign]:
    for match in _USER_PATH.finditer(text):
        if not _NO_USER.fullmatch(match[1]):
            yield Sign("user path", MEDIUM)


def _ips(text: str) -> Iterator[Sign]:
    for match in _IP.finditer(text):
        parts = [int(part) for part in match.groups()[:4]]
        if max(parts) > 255 or parts[0] in (0, 127, 255) or parts[3] == 255:
            continue
        named = match[5] or _IP_LABEL.search(text[max(0, match.start() - 24) : match.start()])
        inner = parts[:2] == [192, 168] or (parts[0] == 172 and 16 <= parts[1] <= 31)
        if named or inner:
            yield Sign("ip", HIGH if named else MEDIUM)
        elif sum(part > 31 for part in parts) > 1:
            # A version has small numbers: 10.0.1.5 can be either, and is taken for one.
            yield Sign("ip", LOW)
    if _IP6.search(text):
        yield Sign("ip", HIGH)


def _phones(text: str) -> Iterator[Sign]:
    if _PHONE_LABEL.search(text) or _PHONE_ASKED.search(text) or _E164.search(text):
        yield Sign("phone", HIGH)
    if any(len(set("".join(match.groups()))) > 2 for match in _THREE_THREE_FOUR.finditer(text)):
        yield Sign("phone", LOW)
    for match in _INTERNATIONAL.finditer(text):
        if 8 <= sum(each.isdigit() for each in match[0]) <= 17 and not _is_number_row(match[0]):
            yield Sign("phone", HIGH)
    for match in _NANP.finditer(text):
        # 3-3-4 with points may be a version; with spaces, a row of numbers.
        sure = "(" in match[0] or "-" in match[0]
        yield Sign("phone", MEDIUM if sure else LOW)


def _is_number_row(text: str) -> bool:
    """Whether signed numbers stand in a row, as coordinates do."""
    return bool(re.fullmatch(r"[+]?\d+\.\d+(?:[ /-]\d+\.\d+)*[ ./-]?", text))


def _national_ids(text: str) -> Iterator[Sign]:
    if _SSN.search(text):
        yield Sign("national id", MEDIUM)
    for pattern, check in (
        (_CPF, _cpf),
        (_AHV, _ean),
        (_NHS, _nhs),
    ):
        for match in pattern.finditer(text):
            if check([int(each) for each in match[0] if each.isdigit()]):
                yield Sign("national id", MEDIUM)
    for match in _NORDIC.finditer(text):
        first, month, last = int(match[1]), int(match[2]), int(match[3])
        # Sweden writes year, month, day and has a check digit; Denmark day, month, year.
        swedish = _luhn("".join(match.groups())) and 1 <= last <= 31
        if 1 <= month <= 12 and (swedish or 1 <= first <= 31):
            yield Sign("national id", MEDIUM if swedish else LOW)


def _cpf(digits: list[int]) -> bool:
    """Check the two last digits of a Brazilian CPF (weights 10 to 2, then 11 to 2, mod 11)."""
    if len(set(digits)) == 1:
        return False
    for count in (9, 10):
        total = sum((count + 1 - place) * digits[place] for place in range(count))
        if (total * 10 % 11) % 10 != digits[count]:
            return False
    return True


def _ean(digits: list[int]) -> bool:
    """Check the last digit of an EAN-13, as the Swiss number has it (weights 1 and 3)."""
    return sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10 == 0


def _nhs(digits: list[int]) -> bool:
    """Check the last digit of an NHS number (weights 10 to 2, mod 11)."""
    check = 11 - sum((10 - place) * digits[place] for place in range(9)) % 11
    return check != 10 and check % 11 == digits[9] and len(set(digits)) > 1


def _luhn(digits: str) -> bool:
    """Check the last digit by Luhn's sum, as the Swedish number has it."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _record_numbers(text: str) -> Iterator[Sign]:
    for match in _LABELLED_NUMBER.finditer(text):
        digits = re.sub(r"\D", "", match[1])
        if len(set(digits)) > 1:
            yield Sign("record number", HIGH if len(digits) >= 6 else MEDIUM)
    for match in _NUMBER.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if len(set(digits)) > 2 and not _COMPACT_DATE.fullmatch(digits):
            yield Sign("record number", LOW)


def _addresses(text: str) -> Iterator[Sign]:
    for match in _STREET.finditer(text):
        # "3 View Dr" is none; a court, a way and a doctor have other meanings.
        between = match[0].split()[1:-1]
        if all(_may_be_a_place(word) for word in between):
            whole = match[1].lower() in ("street", "avenue", "road", "boulevard", "lane", "drive")
            yield Sign("address", HIGH if whole else MEDIUM)
    if _BOX.search(text) or _ZIP.search(text) or _STREET_AFTER.search(text):
        yield Sign("address", MEDIUM)
    if _STREET_BEFORE.search(text):
        yield Sign("address", MEDIUM)


def _may_be_a_place(word: str) -> bool:
    return not any(each in _PLAIN or each in ("ct", "mr", "us") for each in words_of(word))


def _dates(text: str) -> Iterator[Sign]:
    labelled = _DATE_LABEL.search(text) is not None
    for match in _ISO_DATE.finditer(text):
        if _is_day(match[1], match[3], match[4]):
            yield Sign("date", HIGH if labelled else MEDIUM)
    for match in _DAY_FIRST.finditer(text):
        short = len(match[4]) == 2
        # Two digits for the year: 1.2.03 is a version unless a label says that it is a day.
        if (not short or (labelled and match[2] != "-")) and (
            _is_day(match[4], match[3], match[1]) or _is_day(match[4], match[1], match[3])
        ):
            yield Sign("date", HIGH if labelled else MEDIUM)
    for match in _NAMED_DATE.finditer(text):
        if _is_day(match[2] or match[4], "1", match[1] or match[3], any_first=True):
            yield Sign("date", HIGH)
    for match in _COMPACT_DATE.finditer(text):
        if _is_day(match[1], match[2], match[3]):
            yield Sign("date", MEDIUM if labelled else LOW)


def _is_day(year: str, month: str, day: str, *, any_first: bool = False) -> bool:
    """Whether year, month and day can be a day that tells something of somebody."""
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31) or year in _PLACEHOLDER_YEARS:
        return False
    if len(year) == 4 and not 1880 <= int(year) <= 2060:
        return False
    # Coarsened to a year, or the first day of a clock.
    return any_first or (int(month), int(day)) != (1, 1)


def _ages(text: str) -> Iterator[Sign]:
    for match in _AGE.finditer(text):
        if not _NO_AGE.search(text[max(0, match.start() - 12) : match.start()]):
            yield Sign("age", HIGH if match[1] else MEDIUM)


def _names(text: str) -> Iterator[Sign]:
    for match in _TITLED.finditer(text):
        if _may_be_a_name(match[1]):
            yield Sign("name", HIGH)
    for match in _NAME_LABEL.finditer(text):
        said = [word for word in (match[1], match[2]) if word]
        if all(map(_may_be_a_name, said)):
            yield Sign("name", HIGH if len(said) > 1 else MEDIUM)
    for match in _SIGNED.finditer(text):
        if all(map(_may_be_a_name, match[1].split())):
            yield Sign("name", HIGH)
    # A pair of words is a name if one of them is a common given name and neither means anything.
    position = 0
    while (pair := _PAIR.search(text, position)) is not None:
        position = pair.start(2)
        first, second = words_of(pair[1]), words_of(pair[2])
        if (
            (_GIVEN.intersection(first[:1]) or _GIVEN.intersection(second[:1]))
            and _may_be_a_name(pair[1])
            and _may_be_a_name(pair[2])
            and _is_cased(pair[1]) == _is_cased(pair[2])
            and _is_cased(pair[1])
        ):
            between = text[pair.end(1) : pair.start(2)]
            yield Sign("name", MEDIUM if between[0] in "^," else LOW)


def _is_cased(word: str) -> str:
    """Whether a word is written as a name is: its case, or nothing if it is not."""
    return "a" if word[0].isupper() and (word.isupper() or word[1:] != word[1:].upper()) else ""


_WITH_DIGITS: tuple[Callable[[str], Iterator[Sign]], ...] = (
    _ips,
    _phones,
    _national_ids,
    _record_numbers,
    _dates,
    _ages,
)


def is_written_like_a_name(text: str) -> bool:
    """Whether a whole text is written as VR PN writes a name, of words that mean nothing else.

    Only where no protocol is named (``Head^Routine``) does this say anything.
    """
    text = text.strip(" ^")
    return (
        "^" in text
        and _CARETS.fullmatch(text) is not None
        and all(map(_may_be_a_name, filter(None, text.split("^"))))
    )
