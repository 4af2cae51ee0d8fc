"""De-identification: what the object claims, and what is seen of the patient all the same.

Claims are those of PS3.15 E, PS3.3 C.12.1 and C.7.1.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor import (
    Element,
    Finding,
    InstanceFacts,
    Place,
    Selector,
    TagPath,
    judge,
    rule,
    summary,
)
from auditor.identifiers import is_blank, looks_like_a_birth_date, looks_like_a_name, words_of
from auditor.standard.confidentiality import METHOD_NAMES, METHODS
from auditor.standard.dictionary import tag_of
from auditor.standard.sop_classes import MEDIA_STORAGE_DIRECTORY

FLAG = "PatientIdentityRemoved"
METHOD = "DeidentificationMethod"
CODES = "DeidentificationMethodCodeSequence"

WITHOUT_PATIENT = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.200.1",  # CT Defined Procedure Protocol
        "1.2.840.10008.5.1.4.1.1.200.3",  # Protocol Approval
        "1.2.840.10008.5.1.4.1.1.200.7",  # XA Defined Procedure Protocol
        "1.2.840.10008.5.1.4.1.1.201.1",  # Inventory
        "1.2.840.10008.5.1.4.38.1",  # Hanging Protocol
        "1.2.840.10008.5.1.4.39.1",  # Color Palette
        "1.2.840.10008.5.1.4.43.1",  # Generic Implant Template
        "1.2.840.10008.5.1.4.44.1",  # Implant Assembly Template
        "1.2.840.10008.5.1.4.45.1",  # Implant Template Group
        MEDIA_STORAGE_DIRECTORY,
    }
)
"""SOP Classes whose IOD has no Patient Module (PS3.3 A.1.4): they are about nobody."""

# The data set of a DICOMDIR has no SOP Class UID; only it has a File-set ID (PS3.3 F.3.2.1).
_OF_A_PATIENT = Selector(
    when=lambda instance: (
        instance.sop_class not in WITHOUT_PATIENT and not instance.has("FileSetID")
    )
)

_CLAIMS = Selector(when=lambda instance: instance.text(FLAG) == "YES")


@rule(
    id="DEID101",
    category="deidentification",
    severity="error",
    confidence="high",
    reads=(FLAG, METHOD, CODES),
    reference="PS3.3 C.7.1.1, PS3.15 E.1.1",
    applies=_CLAIMS,
)
def removed_without_method(instance: InstanceFacts) -> Iterator[Finding]:
    """De-identification is declared but its method is not.

    Why it matters
    --------------
    Nobody can tell what was removed and what was kept, so nobody can rely on the claim.
    The standard requires the method as text or as codes.

    How to fix
    ----------
    Add De-identification Method (0012,0063) or, better, the codes of CID 7050 in
    De-identification Method Code Sequence (0012,0064).

    Command
    -------
    dcmodify -nb -i "(0012,0063)=METHOD" FILE

    Example
    -------
    Patient Identity Removed is YES, and neither (0012,0063) nor (0012,0064) is there.
    """
    if not instance.filled(METHOD) and not instance.filled(CODES):
        yield Finding("neither a method nor a method code is given", TagPath.of(METHOD))


@rule(
    id="DEID102",
    category="deidentification",
    severity="error",
    confidence="high",
    reads=(FLAG, METHOD, CODES),
    reference="PS3.3 C.7.1.1",
    applies=Selector(when=lambda instance: instance.filled(METHOD) or instance.filled(CODES)),
)
def method_without_flag(instance: InstanceFacts) -> Iterator[Finding]:
    """A de-identification method is given but Patient Identity Removed is not YES.

    Why it matters
    --------------
    The object says two things at once. Software that looks at the flag will treat it as
    identified, software that looks at the method as de-identified.

    How to fix
    ----------
    Set Patient Identity Removed (0012,0062) to YES if the identity was removed; take the
    method away if it was not.

    Command
    -------
    dcmodify -nb -i "(0012,0062)=YES-OR-NO" FILE

    Example
    -------
    (0012,0063) holds the name of a profile, and (0012,0062) is missing.
    """
    if instance.text(FLAG) != "YES":
        said = "NO" if instance.text(FLAG) == "NO" else "missing, empty or no legal value"
        yield Finding(f"Patient Identity Removed is {said}", TagPath.of(FLAG))


@rule(
    id="DEID103",
    category="deidentification",
    severity="warning",
    confidence="high",
    reads=(FLAG, METHOD, CODES),
    reference="PS3.15 E.1.1, PS3.16 CID 7050",
    # Where there is no method at all, DEID101 says so: one missing basis is one failure.
    applies=Selector(
        when=lambda instance: (
            instance.text(FLAG) == "YES" and (instance.filled(METHOD) or instance.filled(CODES))
        )
    ),
)
def no_method_codes(instance: InstanceFacts) -> Iterator[Finding]:
    """De-identification is declared without method codes.

    Why it matters
    --------------
    Free text cannot be checked by a machine: which profile was applied, with which options,
    stays a matter of belief. The text alone is legal.

    How to fix
    ----------
    Add De-identification Method Code Sequence (0012,0064) with 113100 (Basic Application
    Confidentiality Profile) and the codes of the options that were used.

    Command
    -------
    dcmodify -nb -i "(0012,0064)[0].(0008,0100)=CODE" FILE
    dcmodify -nb -i "(0012,0064)[0].(0008,0102)=DCM" FILE
    dcmodify -nb -i "(0012,0064)[0].(0008,0104)=CODE-MEANING" FILE

    Example
    -------
    (0012,0063) holds a sentence, (0012,0064) is missing.
    """
    if not instance.filled(CODES):
        yield Finding("no method code is given", TagPath.of(CODES))


@rule(
    id="DEID104",
    category="deidentification",
    severity="warning",
    confidence="high",
    reads=(FLAG, "FileSetID"),
    reference="PS3.3 C.7.1.1",
    applies=_OF_A_PATIENT,
)
def no_claim(instance: InstanceFacts) -> Iterator[Finding]:
    """The object does not say whether the patient's identity was removed.

    Why it matters
    --------------
    A published object without the statement leaves the reader to guess, and a later user to
    prove what nobody wrote down. The attribute is optional (Type 3).

    How to fix
    ----------
    De-identify with a tool that writes Patient Identity Removed (0012,0062), or add it with
    the method when the object was de-identified before.

    Command
    -------
    CTP: <e en="T" t="00120062" n="PatientIdentityRemoved">YES-OR-NO</e>
    CTP: <e en="T" t="00120063" n="DeidentificationMethod">METHOD</e>

    Example
    -------
    (0012,0062) is missing in every slice of a public collection.
    """
    if not instance.filled(FLAG):
        yield Finding("Patient Identity Removed is missing or empty", TagPath.of(FLAG))


@rule(
    id="DEID105",
    category="deidentification",
    severity="info",
    confidence="high",
    reads=(
        f"{CODES}.CodeValue",
        f"{CODES}.CodingSchemeDesignator",
        f"{CODES}.LongCodeValue",
        f"{CODES}.URNCodeValue",
    ),
    reference="PS3.16 CID 7050",
    applies=Selector(when=lambda instance: instance.filled(CODES)),
)
def unknown_method_code(instance: InstanceFacts) -> Iterator[Finding]:
    """A de-identification method code is not one of the standard's.

    Why it matters
    --------------
    Software knows what 113100 to 113112 promise; of any other code it cannot tell what was
    done. The context group is extensible, so another code is allowed.

    How to fix
    ----------
    Use the codes of CID 7050 with the scheme DCM where they say it; explain others in
    De-identification Method (0012,0063).

    Command
    -------
    dcmodify -nb -m "(0012,0064)[N].(0008,0100)=CODE" -m "(0012,0064)[N].(0008,0102)=DCM" FILE
    dcmodify -nb -m "(0012,0064)[N].(0008,0104)=CODE-MEANING" FILE

    Example
    -------
    A code of the scheme 99LOCAL.
    """
    place = TagPath.of(CODES, "CodeValue")
    for item in instance.items(CODES):
        if not any(item.filled(name) for name in ("CodeValue", "LongCodeValue", "URNCodeValue")):
            yield Finding("an item has no code value", place)
        elif item.text("CodingSchemeDesignator") != "DCM" or item.text("CodeValue") not in METHODS:
            yield Finding("a code is not of CID 7050", place)


_LEGAL = {
    FLAG: ("YES", "NO"),
    "BurnedInAnnotation": ("YES", "NO"),
    "RecognizableVisualFeatures": ("YES", "NO"),
    "LongitudinalTemporalInformationModified": ("UNMODIFIED", "MODIFIED", "REMOVED"),
}


@rule(
    id="DEID106",
    category="deidentification",
    severity="error",
    confidence="high",
    reads=tuple(_LEGAL),
    reference="PS3.3 C.7.1.1, C.7.6.1, C.12.1",
    applies=Selector(when=lambda instance: any(instance.filled(name) for name in _LEGAL)),
)
def illegal_flag(instance: InstanceFacts) -> Iterator[Finding]:
    """A de-identification flag has a value that the standard does not know.

    Why it matters
    --------------
    These four attributes have enumerated values. Software that compares with YES reads any
    other spelling as no.

    How to fix
    ----------
    Write YES or NO; for Longitudinal Temporal Information Modified (0028,0303) UNMODIFIED,
    MODIFIED or REMOVED.

    Command
    -------
    dcmodify -nb -m "TAG=YES-OR-NO" FILE

    Example
    -------
    Patient Identity Removed is `Y`, or `True`.
    """
    for name, legal in _LEGAL.items():
        # Each has one value; with several, software may read any of them.
        if instance.filled(name) and not set(instance.values(name)) <= set(legal):
            yield Finding(f"the value is none of {', '.join(legal)}", TagPath.of(name))


@rule(
    id="DEID107",
    category="deidentification",
    severity="error",
    confidence="high",
    reads=(FLAG, "BurnedInAnnotation"),
    reference="PS3.3 C.7.6.1.1.5, PS3.15 E.3.1",
    applies=_CLAIMS,
)
def burned_in(instance: InstanceFacts) -> Iterator[Finding]:
    """Identity is declared removed, and the pixels are declared to identify the patient.

    Why it matters
    --------------
    Burned In Annotation YES says that text in the image is enough to identify the patient
    and the date. Removing attributes does not remove that.

    How to fix
    ----------
    Clean the pixels and set Burned In Annotation (0028,0301) to NO; if the text identifies
    nobody, set it to NO after somebody has looked.

    Command
    -------
    dcmj2pnm --write-png FILE LOOK-AT-IT.png
    dcmodify -nb -i "(0028,0301)=NO" FILE

    Example
    -------
    An ultrasound image with Patient Identity Removed YES and Burned In Annotation YES.
    """
    if "YES" in instance.values("BurnedInAnnotation"):
        yield Finding("Burned In Annotation is YES", TagPath.of("BurnedInAnnotation"))


@rule(
    id="DEID108",
    category="deidentification",
    severity="warning",
    confidence="high",
    reads=(FLAG, "RecognizableVisualFeatures"),
    reference="PS3.3 C.7.6.1, PS3.15 E.3.2",
    applies=_CLAIMS,
)
def recognizable(instance: InstanceFacts) -> Iterator[Finding]:
    """Identity is declared removed, and the image is declared to show who the patient is.

    Why it matters
    --------------
    Recognizable Visual Features YES says that a face, or what can be rendered into one, is
    in the image.

    How to fix
    ----------
    Deface the volume and set Recognizable Visual Features (0028,0302) to NO, or restrict
    who may download it.

    Command
    -------
    dcmdump +sd +r +F +P RecognizableVisualFeatures COLLECTION
    dcmodify -nb -m "(0028,0302)=YES-OR-NO" FILE

    Example
    -------
    A head MR volume with (0028,0302) YES in a collection open to everybody.
    """
    if "YES" in instance.values("RecognizableVisualFeatures"):
        yield Finding(
            "Recognizable Visual Features is YES", TagPath.of("RecognizableVisualFeatures")
        )


@rule(
    id="DEID109",
    category="deidentification",
    severity="warning",
    confidence="medium",
    reads=(FLAG, "EncryptedAttributesSequence", "OriginalAttributesSequence"),
    reference="PS3.15 E.1.1, PS3.3 C.12.1",
    applies=_CLAIMS,
)
def originals_inside(instance: InstanceFacts) -> Iterator[Finding]:
    """A de-identified object carries the attributes that it had before.

    Why it matters
    --------------
    Original Attributes Sequence keeps former values in the clear; Encrypted Attributes
    Sequence keeps them for whoever holds the key, now or later.

    How to fix
    ----------
    Remove Original Attributes Sequence (0400,0561), or check each value in it; publish
    Encrypted Attributes Sequence (0400,0500) only where re-identification is intended, and
    remove it elsewhere.

    Command
    -------
    dcmodify -nb -ea "TAG" FILE

    Example
    -------
    (0400,0561) with the Patient ID that was replaced.
    """
    if instance.filled("OriginalAttributesSequence"):
        yield Finding(
            "former values are kept in the clear", TagPath.of("OriginalAttributesSequence")
        )
    if instance.filled("EncryptedAttributesSequence"):
        yield Finding("former values are kept encrypted", TagPath.of("EncryptedAttributesSequence"))


_PATIENT_NAMES = frozenset(
    tag_of(name) for name in ("PatientName", "OtherPatientNames", "ResponsiblePerson")
)
_CONTACTS = frozenset(
    tag_of(name)
    for name in (
        "PatientAddress",
        "PatientTelephoneNumbers",
        "PatientTelecomInformation",
        "PersonAddress",
        "PersonTelephoneNumbers",
        "PersonTelecomInformation",
        # A birth name is one word, which elsewhere may be a code; here it cannot.
        "PatientBirthName",
        "PatientMotherBirthName",
        "MedicalRecordLocator",
        "MilitaryRank",
        "CountryOfResidence",
        "RegionOfResidence",
        "PatientReligiousPreference",
    )
)
_BIRTH_DATE = tag_of("PatientBirthDate")


@judge(name="person_name", applies=lambda place: place.vr == "PN" and place.tag not in _CONTACTS)
def person_name(element: Element) -> str | None:
    """Whose name it looks like: ``patient``, ``other`` person's; None for nobody's."""
    if not looks_like_a_name(element.text):
        return None
    return "patient" if element.place.tag in _PATIENT_NAMES else "other"


def _is_contact(place: Place) -> bool:
    return place.tag in _CONTACTS or place.tag == _BIRTH_DATE


@judge(name="direct_identifier", applies=_is_contact)
def direct_identifier(element: Element) -> str | None:
    """What an attribute holds that exists only for one person's particulars; None for nothing."""
    text = element.text.strip(" \0")
    if element.place.tag == _BIRTH_DATE:
        return "a birth date" if looks_like_a_birth_date(text) else None
    digits = {each for each in text if each.isdigit()}
    if all(map(is_blank, words_of(text))):
        # Without a word that means anything, only a number can; 000-0000 is none.
        return "a person's particulars" if len(digits) > 1 else None
    return "a person's particulars"


@rule(
    id="DEID201",
    category="deidentification",
    severity="error",
    confidence="medium",
    reads=("judge:person_name",),
    reference="PS3.15 Table E.1-1",
)
def patient_name(instance: InstanceFacts) -> Iterator[Finding]:
    """An attribute for the patient's name holds what looks like a name.

    Why it matters
    --------------
    A name is the most direct identifier there is. The Basic Profile empties or replaces it.

    How to fix
    ----------
    Replace Patient's Name by a code of the study, or empty it; remove the other names. If it is
    a phantom's or a made-up name, ignore the finding.

    Command
    -------
    dcmodify -nb -imt -ma "(0010,0010)=CASE-001" FILE
    dcmodify -nb -imt -ea "(0010,1001)" -ea "(0010,2297)" FILE

    Example
    -------
    Two words of letters in Patient's Name (0010,0010). Codes, a single word, and words such
    as ANONYMOUS or PHANTOM are not taken for names.
    """
    for path, verdict in instance.judged("person_name"):
        if verdict == "patient":
            yield Finding("what looks like a patient's or relative's name", path)


@rule(
    id="DEID202",
    category="deidentification",
    severity="error",
    confidence="medium",
    reads=("judge:direct_identifier",),
    reference="PS3.15 Table E.1-1",
)
def particulars(instance: InstanceFacts) -> Iterator[Finding]:
    """An attribute for a person's address, telephone, birth date or the like holds it.

    Why it matters
    --------------
    These attributes exist only to identify or to reach a person. The Basic Profile removes
    or empties them all.

    How to fix
    ----------
    Remove them; where the age matters keep Patient's Age (0010,1010) and empty the birth date.

    Command
    -------
    dcmodify -nb -imt -ea "(0010,1040)" -ea "(0010,2154)" -ea "(0010,2155)" FILE
    dcmodify -nb -imt -ea "(0040,1102)" -ea "(0040,1103)" -ea "(0040,1104)" FILE
    dcmodify -nb -imt -ea "(0010,1005)" -ea "(0010,1060)" -ea "(0010,1090)" FILE
    dcmodify -nb -imt -ea "(0010,1080)" -ea "(0010,2150)" -ea "(0010,2152)" FILE
    dcmodify -nb -imt -ea "(0010,21F0)" -ma "(0010,0030)=" FILE

    Example
    -------
    A full birth date. One on the first of January is taken for coarsened, one before 1850 for
    a placeholder.
    """
    for path, verdict in instance.judged("direct_identifier"):
        yield Finding(f"holds {verdict}", path)


@rule(
    id="DEID203",
    category="deidentification",
    severity="warning",
    confidence="medium",
    reads=("judge:person_name",),
    reference="PS3.15 Table E.1-1",
)
def other_name(instance: InstanceFacts) -> Iterator[Finding]:
    """An attribute for a physician's, operator's or other person's name holds one.

    Why it matters
    --------------
    Staff are persons too, and a physician's name narrows down where and when the patient was.

    How to fix
    ----------
    Empty or remove these attributes, at every depth: the Basic Profile lists them all. Where
    one has to have a value, write a code.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: names = [e for e in dataset.iterall() if e.VR == "PN" and e.value]
    pydicom: for e in names: e.value = e.value if e.keyword == "PatientName" else "CODE"
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    Two words of letters in Referring Physician's Name (0008,0090), or in the observer of a
    structured report.
    """
    for path, verdict in instance.judged("person_name"):
        if verdict == "other":
            yield Finding("what looks like a person's name", path)


_DESCRIBED = "PrivateDataElementCharacteristicsSequence"
_ACTIONS = "DeidentificationActionSequence"
_ENCRYPTED = "EncryptedAttributesSequence"
_ORIGINAL = "OriginalAttributesSequence"

# Title in the words of the claim, keyword, and the values that the standard enumerates.
_SAID = (
    ("dates", "LongitudinalTemporalInformationModified", {"UNMODIFIED", "MODIFIED", "REMOVED"}),
    ("text in the pixels", "BurnedInAnnotation", {"YES", "NO"}),
    ("recognizable features", "RecognizableVisualFeatures", {"YES", "NO"}),
)

_CARRIED = (_DESCRIBED, FLAG, METHOD, CODES, *(each for _, each, _ in _SAID), _ENCRYPTED, _ORIGINAL)


def _value(instance: InstanceFacts, keyword: str, legal: set[str]) -> str:
    text = instance.text(keyword)
    return text if text in legal else "no legal value" if text else "not said"


@summary(
    name="claim",
    category="deidentification",
    reads=(
        "FileSetID",
        FLAG,
        METHOD,
        f"{CODES}.CodeValue",
        f"{CODES}.CodingSchemeDesignator",
        *(keyword for _, keyword, _ in _SAID),
        # Whether these are there: what is read in them is short, and of a few values.
        f"{_DESCRIBED}.{_ACTIONS}.DeidentificationAction",
        f"{_ENCRYPTED}.EncryptedContentTransferSyntaxUID",
        f"{_ORIGINAL}.ReasonForTheAttributeModification",
    ),
    applies=_OF_A_PATIENT,
)
def claim(instance: InstanceFacts) -> Iterator[tuple[str, ...]]:
    """What an object claims of its de-identification, and which attributes it claims it by.

    Rows: ``object``; ``claim``, its words, its codes; ``attribute``, tag path, ``present`` or
    ``filled``. The attributes are those that a de-identified object carries (Aiello et al.
    2021, Table 1).
    """
    yield ("object",)
    codes = [
        (item.text("CodeValue"), item.text("CodingSchemeDesignator"))
        for item in instance.items(CODES)
    ]
    known = sorted({value for value, scheme in codes if scheme == "DCM" and value in METHODS})
    said = [f"{METHOD_NAMES[value]} ({value})" for value in known]
    if any(value not in known or scheme != "DCM" for value, scheme in codes):
        said.append("a code that is none of CID 7050")
    if instance.filled(METHOD):
        said.append("free text")
    words = [f"identity removed: {_value(instance, FLAG, {'YES', 'NO'})}"]
    words.append(f"method: {', '.join(said) or 'not said'}")
    words += [f"{title}: {_value(instance, keyword, legal)}" for title, keyword, legal in _SAID]
    yield "claim", "; ".join(words), "+".join(known)
    carried = {
        TagPath.of(keyword): (instance.has(keyword), instance.filled(keyword))
        for keyword in _CARRIED
    }
    described = instance.items(_DESCRIBED)
    carried[TagPath.of(_DESCRIBED, _ACTIONS)] = (
        any(item.has(_ACTIONS) for item in described),
        any(item.filled(_ACTIONS) for item in described),
    )
    for path, (present, filled) in carried.items():
        if present:
            yield "attribute", str(path), "present"
        if filled:
            yield "attribute", str(path), "filled"
