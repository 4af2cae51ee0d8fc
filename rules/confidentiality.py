"""The confidentiality profile: what an object claims, held against what is in it (PS3.15 E).

The judge says of each attribute of Table E.1-1 what its value visibly is; what the claim asks
for comes from the table. Whether a value that could be a dummy is one, nobody can see.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor import (
    Element,
    Finding,
    InstanceFacts,
    Place,
    Selector,
    TagPath,
    Undecided,
    judge,
    rule,
    summary,
)
from auditor.standard.confidentiality import (
    DATES,
    METHOD_MEANINGS,
    METHOD_NAMES,
    METHODS,
    OPTIONS,
    Asked,
    Method,
    Row,
    asked_at,
    confidentiality_table,
)
from auditor.standard.dictionary import tag_of

FLAG = "PatientIdentityRemoved"
CODES = "DeidentificationMethodCodeSequence"
MODIFIED = "LongitudinalTemporalInformationModified"
BURNED_IN = "BurnedInAnnotation"
FEATURES = "RecognizableVisualFeatures"
CODE_READS = (FLAG, f"{CODES}.CodeValue", f"{CODES}.CodingSchemeDesignator")
PROFILE_READS = (*CODE_READS, "judge:confidentiality")


# -- What a value visibly is ------------------------------------------------------------------

EMPTY, REPLACED, MOMENT, DEVICE, ITEMS, VALUE = (
    "empty", "replaced", "moment", "device", "items", "value"
)  # fmt: skip
"""Verdict classes. `VALUE`: something is there, and nobody can see whether it is a dummy."""

_REPLACEMENT = re.compile(
    r"anon\w*|deid\w*|identified|pseudo\w*|remov\w*|redact\w*|mask\w*|delet\w*|eras\w*|blank\w*|"
    r"empty|dummy|unknown|unspecified|undefined"
)
"""Words that say that a value was taken away; numbers beside them tell dummies apart."""

_NOTHING = re.compile(
    r"de|not|available|given|provided|applicable|null|nil|none|no|na|n|a|name|value|x+|z+"
)
"""Words that say nothing; with a number beside them it may be the number that does."""

_WORD = re.compile(r"[^\W\d_]+")

# Which edition of a context group is meant says when a table was published, not when a
# patient was there.
_NO_MOMENTS = frozenset({tag_of("ContextGroupVersion"), tag_of("ContextGroupLocalVersion")})

_BIRTH_DATE = tag_of("PatientBirthDate")

_MADE_BY_DEVICES = (
    b"1.3.12.2.1107.5.",  # Siemens
    b"1.2.840.113619.",  # GE
    b"1.3.46.670589.",  # Philips
    b"1.2.392.200036.9",  # Toshiba, Canon, Hitachi, Fujifilm, Konica Minolta
    b"1.2.156.112605.",  # United Imaging
    b"1.2.840.113681.",  # Hologic
    b"1.2.840.113704.",  # Philips, formerly Marconi and Picker
)
"""Roots under which scanners make UIDs; a de-identifier makes them under its own."""

_STAMP = re.compile(
    rb"\.(?:19[89]\d|20\d\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{4,})?(?=\.|$)"
)
"""A component of a UID that starts with a date: those scanners write when they make one."""


def _is_in_profile(place: Place) -> bool:
    return not place.is_private and confidentiality_table().row(place.tag) is not None


@judge(name="confidentiality", applies=_is_in_profile)
def visible(element: Element) -> str:
    """What the value of an attribute of Table E.1-1 visibly is: see `EMPTY` and the others."""
    place, value = element.place, element.value
    if place.vr == "SQ":
        return ITEMS
    if not (value.strip(b" \0") if place.is_text else value):
        return EMPTY
    if place.vr == "UI":
        # Every file has new ones.
        made = value.startswith(_MADE_BY_DEVICES) and _STAMP.search(value.rstrip(b" \0"))
        return DEVICE if made else VALUE
    if not place.is_text:
        return VALUE
    if place.vr in ("DA", "DT", "TM"):
        if place.tag in _NO_MOMENTS:
            return VALUE
        parts = [part.strip(" \0") for part in value.decode("latin-1").split("\\")]
        since = "1890" if place.tag == _BIRTH_DATE else "1980"
        return MOMENT if any(_is_moment(place.vr, part, since) for part in parts) else REPLACED
    return REPLACED if _says_replaced(element.text) else VALUE


def _is_moment(vr: str, text: str, since: str) -> bool:
    """Whether a date or time may be a true one: of an examination, or of a birth.

    The first of January and a full hour are what dummies are made of, as are the years before
    `since`: before there was DICOM, or before anybody was born who was imaged with it.
    """
    digits = text.replace(".", "" if vr != "TM" else ".").replace("-", "").replace(":", "")
    if vr == "TM":
        return len(digits) >= 4 and digits[:6].isdecimal() and digits[2:6].strip("0") != ""
    year, day = digits[:4], digits[4:8]
    if len(day) < 4 or not digits[:8].isdecimal():
        return False
    return since <= year <= "2099" and day != "0101" and "00" not in (day[:2], day[2:])


def _says_replaced(text: str) -> bool:
    words = _WORD.findall(text.casefold())
    said = [word for word in words if _REPLACEMENT.fullmatch(word)]
    if any(word not in said and not _NOTHING.fullmatch(word) for word in words):
        return False
    return bool(said) or len({each for each in text if each.isdigit()}) <= 1


# -- What is claimed, and what that asks for --------------------------------------------------


def _codes(instance: InstanceFacts) -> frozenset[str]:
    """Return the codes of CID 7050 that an object claims."""
    return frozenset(
        item.text("CodeValue")
        for item in instance.items(CODES)
        if item.text("CodingSchemeDesignator") == "DCM" and item.text("CodeValue") in METHODS
    )


_CLAIMS = Selector(when=lambda instance: instance.text(FLAG) == "YES")
_CODED = Selector(when=lambda instance: instance.filled(CODES) and instance.text(FLAG) != "NO")
_CLAIMS_ANY = Selector(
    when=lambda instance: (
        instance.text(FLAG) == "YES" or (instance.filled(CODES) and instance.text(FLAG) != "NO")
    )
)
_UNCODED = Selector(
    when=lambda instance: instance.text(FLAG) == "YES" and not instance.filled(CODES)
)

FOREIGN = Undecided("objects whose method codes are none of the standard's")


_ICON = TagPath.of("IconImageSequence").steps[0]


def _evidence(
    instance: InstanceFacts, codes: frozenset[str]
) -> Iterator[tuple[TagPath, Asked, str]]:
    """Yield what is there of what the profile asks something for.

    What stands in a sequence that is to be removed goes with it, and is not told apart.
    """
    sop_class = instance.sop_class
    removed: set[tuple[str, ...]] = set()
    # A sequence comes before what is in it.
    for path, verdict in instance.judged("confidentiality"):
        steps = path.steps
        # Icons are pixels: whether they were cleaned with the image, their presence does not say.
        if steps[-1] == _ICON and Method.CLEAN_PIXEL_DATA in codes:
            continue
        if removed and any(steps[:depth] in removed for depth in range(1, len(steps))):
            continue
        asked = asked_at(sop_class, path, codes)
        assert asked is not None  # the judge looks at nothing else
        if verdict == ITEMS and asked.removes:
            removed.add(steps)
        yield path, asked, verdict


def _only_refers(row: Row, verdict: str) -> bool:
    """Whether it is a sequence of references, harmless where the UIDs in it were replaced."""
    return verdict == ITEMS and set(row.options) == {Method.RETAIN_UIDS}


def _is_temporal(row: Row) -> bool:
    """Whether an option retains it as longitudinal temporal information (PS3.15 E.3.6).

    Patient's Birth Date is not retained by any: it goes by its own row.
    """
    return not DATES.isdisjoint(row.options)


def _kept(asked: Asked, verdict: str) -> bool:
    """Whether a value is there, visibly not replaced, that was to be removed.

    Dates and times that an option retains are apart.
    """
    if verdict == MOMENT and not _is_temporal(asked.row):
        return asked.removes
    return (
        asked.removes
        and verdict not in (EMPTY, REPLACED, MOMENT)
        and not _only_refers(asked.row, verdict)
    )


@rule(
    id="DEID301",
    category="deidentification",
    severity="error",
    confidence="high",
    reads=PROFILE_READS,
    reference="PS3.15 Table E.1-1",
    applies=_CODED,
)
def kept_what_none_keeps(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """An attribute is kept that the claimed profile removes, and that no option keeps.

    Why it matters
    --------------
    The codes promise that it is gone. These are the attributes that the standard removes
    whatever else is kept: other patient IDs, admission, insurance, addresses, requests.

    How to fix
    ----------
    Remove the attribute at every depth, or empty it where the finding says so (the first
    command); or take back the claim. A tool that claims 113100 has to know all rows of the table.

    Command
    -------
    dcmodify -nb -ma "TAG=" FILE
    dcmodify -nb -ea "TAG" FILE

    Example
    -------
    Method code 113100, and Other Patient IDs (0010,1000) with a value in an item of Request
    Attributes Sequence (0040,0275). Patient's Birth Date (0010,0030), which no option keeps; the
    first of January and years before 1890 are taken for dummies.
    """
    codes = _codes(instance)
    if not codes:
        yield FOREIGN
        return
    for path, asked, verdict in _evidence(instance, codes):
        if asked.row.options:
            continue
        if _kept(asked, verdict):
            yield Finding("kept, and the claimed profile removes it", path)
        # Of another value nobody can see whether it is a dummy.
        elif verdict == MOMENT and asked.replaces:
            yield Finding("kept, and the claimed profile empties or replaces it", path)


@rule(
    id="DEID302",
    category="deidentification",
    severity="info",
    confidence="high",
    reads=PROFILE_READS,
    reference="PS3.15 Table E.1-1",
    applies=_CODED,
)
def emptied_instead(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """An attribute is emptied or replaced that the claimed profile removes.

    Why it matters
    --------------
    Nobody is identified by it. It still is not what the profile says, and an empty attribute
    tells which tool was used, or that there was something to hide.

    How to fix
    ----------
    Remove the attribute. Where the object's IOD requires it, nothing needs to be done: such
    attributes are not reported.

    Command
    -------
    dcmodify -nb -ea "TAG" FILE

    Example
    -------
    Method code 113100, and Institution Address (0008,0081) of zero length.
    """
    codes = _codes(instance)
    if not codes:
        yield FOREIGN
        return
    for path, asked, verdict in _evidence(instance, codes):
        if not asked.removes:
            continue
        if verdict == EMPTY:
            yield Finding("emptied, and the claimed profile removes it", path)
        elif verdict == REPLACED:
            yield Finding("replaced, and the claimed profile removes it", path)
        elif _only_refers(asked.row, verdict):
            yield Finding("references are kept, and the claimed profile removes them", path)


@rule(
    id="DEID303",
    category="deidentification",
    severity="warning",
    confidence="high",
    reads=PROFILE_READS,
    reference="PS3.15 Table E.1-1, E.3",
    applies=_CODED,
)
def kept_without_option(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """An attribute is kept that only an option keeps, and that option is not claimed.

    Why it matters
    --------------
    The standard allows to keep device, institution, patient characteristics or cleaned
    descriptions, if the object says so. A user who reads the codes takes them for removed.

    How to fix
    ----------
    Add the option's code to De-identification Method Code Sequence (0012,0064) if that is
    what was done; else remove the attribute, or empty it where the finding says so (the first
    command): Patient's Sex (0010,0040) has to be there.

    Command
    -------
    dcmodify -nb -ma "TAG=" FILE
    dcmodify -nb -ea "TAG" FILE

    Example
    -------
    Method code 113100 alone, and Station Name (0008,1010) with a value: that takes 113109
    (Retain Device Identity Option).
    """
    codes = _codes(instance)
    if not codes:
        yield FOREIGN
        return
    for path, asked, verdict in _evidence(instance, codes):
        if asked.row.options and _kept(asked, verdict):
            yield Finding(f"kept, and the claim lacks {_lacking(asked.row)}", path)
        elif _is_patients_sex(path, asked, verdict):
            yield Finding(f"kept and not emptied, and the claim lacks {_lacking(asked.row)}", path)


_SEX = TagPath.of("PatientSex")


def _is_patients_sex(path: TagPath, asked: Asked, verdict: str) -> bool:
    # The one attribute of its option that is emptied and not removed. A dummy may stand there,
    # but of three legal values a patient's sex is none.
    return path == _SEX and asked.actions == {"Z"} and verdict == VALUE


def _lacking(row: Row) -> str:
    return " or ".join(f"{code} ({METHOD_NAMES[code]})" for code in sorted(row.options))


def _moments(instance: InstanceFacts, codes: frozenset[str]) -> Iterator[TagPath]:
    for path, asked, verdict in _evidence(instance, codes):
        if verdict == MOMENT and (asked.removes or asked.replaces) and _is_temporal(asked.row):
            yield path


@rule(
    id="DEID304",
    category="deidentification",
    severity="error",
    confidence="medium",
    reads=(*PROFILE_READS[1:], MODIFIED),
    reference="PS3.3 C.12.1, PS3.15 E.2",
    applies=Selector(when=lambda instance: instance.text(MODIFIED) == "REMOVED"),
)
def dates_removed_and_there(instance: InstanceFacts) -> Iterator[Finding]:
    """Dates are declared removed, and there are dates or times.

    Why it matters
    --------------
    Longitudinal Temporal Information Modified REMOVED tells a user that no date in the object
    is true. A date of service together with an institution finds the patient again.

    How to fix
    ----------
    Empty, remove or replace the date. If dates were kept or shifted, say UNMODIFIED or
    MODIFIED in (0028,0303) and claim 113106 or 113107.

    Command
    -------
    CTP: <e en="T" t="00080020" n="StudyDate">@empty()</e>
    dcmodify -nb -ma "TAG=" FILE

    Example
    -------
    (0028,0303) is REMOVED, and Acquisition Time (0008,0032) is 14 minutes past an hour. The
    first of January, full hours and years before 1980 are taken for dummies. Patient's Birth Date
    (0010,0030) is not asked for here: see DEID202 and DEID301.
    """
    # The attribute says it, whatever the codes say: that they contradict is another rule's.
    for path in _moments(instance, _codes(instance) - DATES):
        yield Finding("a date or time that looks true, and all are declared removed", path)


@rule(
    id="DEID305",
    category="deidentification",
    severity="warning",
    confidence="medium",
    reads=(*PROFILE_READS, MODIFIED),
    reference="PS3.15 Table E.1-1, E.3.6",
    applies=Selector(
        when=lambda instance: (
            instance.filled(CODES)
            and instance.text(FLAG) != "NO"
            and instance.text(MODIFIED) != "REMOVED"
        )
    ),
)
def dates_without_option(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """Dates are kept, and no option that retains them is claimed.

    Why it matters
    --------------
    Without the option the profile removes or replaces all dates and times. Nobody can tell
    whether those that are there are true, shifted or made up.

    How to fix
    ----------
    Claim 113106 (full dates) or 113107 (modified dates) and say UNMODIFIED or MODIFIED in
    Longitudinal Temporal Information Modified (0028,0303); or remove the dates.

    Command
    -------
    dcmodify -nb -i "(0028,0303)=UNMODIFIED-MODIFIED-OR-REMOVED" FILE
    pydicom: dataset = dcmread("FILE")
    highdicom: code = CodedConcept("CODE", "DCM", "CODE-MEANING")
    pydicom: dataset.DeidentificationMethodCodeSequence.append(code)
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    Method code 113100 alone, and Study Date (0008,0020) in the middle of a year.
    """
    codes = _codes(instance)
    if not codes:
        yield FOREIGN
        return
    for path in _moments(instance, codes):
        yield Finding("a date or time that looks true, and no option retains it", path)


_DATES_SAID = {
    "UNMODIFIED": Method.RETAIN_FULL_DATES,
    "MODIFIED": Method.RETAIN_MODIFIED_DATES,
}


def _steps(instance: InstanceFacts) -> int:
    """Return how many de-identifications the codes tell of, one after the other."""
    values = [item.text("CodeValue") for item in instance.items(CODES)]
    return values.count(Method.BASIC_PROFILE)


@rule(
    id="DEID306",
    category="deidentification",
    severity="error",
    confidence="high",
    reads=(*CODE_READS, MODIFIED, BURNED_IN, FEATURES),
    reference="PS3.15 E.2, E.3.1, E.3.2, E.3.6",
    applies=_CODED,
)
def contradiction(instance: InstanceFacts) -> Iterator[Finding]:
    """The parts of the claim contradict each other.

    Why it matters
    --------------
    One of them is wrong, and a user cannot tell which: whether dates are true, whether the
    pixels were cleaned.

    How to fix
    ----------
    Make codes and attributes say what was done: (0028,0303) is REMOVED without an option for
    dates, UNMODIFIED with 113106, MODIFIED with 113107; (0028,0301) is NO with 113101, and
    (0028,0302) is NO with 113102.

    Command
    -------
    dcmdump +P "0012,0064" +P "0028,0301" +P "0028,0302" +P "0028,0303" FILE
    dcmodify -nb -i "(0028,0303)=UNMODIFIED-MODIFIED-OR-REMOVED" FILE

    Example
    -------
    The codes 113106 and 113107 together; or 113107 with (0028,0303) UNMODIFIED.
    """
    codes, place = _codes(instance), TagPath.of(CODES)
    dates, said = codes & DATES, instance.text(MODIFIED)
    # Dates that one de-identification modified, a second one may retain in full.
    if dates == DATES and _steps(instance) < 2:
        yield Finding("dates are claimed to be full and to be modified", place)
    if said == "REMOVED" and dates:
        yield Finding(
            "dates are declared removed, and an option retains them", TagPath.of(MODIFIED)
        )
    elif codes and said in _DATES_SAID and _DATES_SAID[said] not in codes:
        claimed = "another option for dates" if dates else "no option for dates"
        yield Finding(
            f"dates are declared {said.lower()}, and {claimed} is claimed", TagPath.of(MODIFIED)
        )
    if Method.CLEAN_PIXEL_DATA in codes and "YES" in instance.values(BURNED_IN):
        yield Finding("pixels are claimed clean, and declared not to be", TagPath.of(BURNED_IN))
    if Method.CLEAN_VISUAL_FEATURES in codes and "YES" in instance.values(FEATURES):
        yield Finding("features are claimed clean, and declared not to be", TagPath.of(FEATURES))


@rule(
    id="DEID307",
    category="deidentification",
    severity="warning",
    confidence="high",
    reads=CODE_READS,
    reference="PS3.15 E.3, PS3.16 CID 7050",
    applies=Selector(
        when=lambda instance: (
            instance.text(FLAG) != "NO" and not OPTIONS.isdisjoint(_codes(instance))
        )
    ),
)
def option_without_profile(instance: InstanceFacts) -> Iterator[Finding]:
    """An option is claimed without the profile that it is an option of.

    Why it matters
    --------------
    An option only says what is done otherwise. Without the profile nothing is said of all the
    rest: names, identifiers, UIDs.

    How to fix
    ----------
    Add 113100 (Basic Application Confidentiality Profile) if it was applied.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    highdicom: code = CodedConcept("CODE", "DCM", "CODE-MEANING")
    pydicom: dataset.DeidentificationMethodCodeSequence.append(code)
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    The codes 113105 and 113107 without 113100.
    """
    if Method.BASIC_PROFILE not in _codes(instance):
        yield Finding("the claim lacks 113100, the Basic Profile", TagPath.of(CODES))


@rule(
    id="DEID308",
    category="deidentification",
    severity="warning",
    confidence="high",
    reads=(*CODE_READS, MODIFIED, BURNED_IN, FEATURES),
    reference="PS3.15 E.2, E.3.1, E.3.2, E.3.6",
    applies=Selector(when=lambda instance: instance.text(FLAG) != "NO" and bool(_codes(instance))),
)
def claim_not_completed(instance: InstanceFacts) -> Iterator[Finding]:
    """An attribute is missing that the claimed profile or option adds.

    Why it matters
    --------------
    The profile makes the object say itself whether its dates are true, and the options for
    pixels and faces make it say that it was cleaned. Software reads that, and not the codes.

    How to fix
    ----------
    Add Longitudinal Temporal Information Modified (0028,0303); with 113101 Burned In
    Annotation (0028,0301) NO; with 113102 Recognizable Visual Features (0028,0302) NO.

    Command
    -------
    dcmodify -nb -i "(0028,0303)=UNMODIFIED-MODIFIED-OR-REMOVED" FILE
    dcmodify -nb -i "(0028,0301)=YES-OR-NO" -i "(0028,0302)=YES-OR-NO" FILE

    Example
    -------
    Method code 113100, and no (0028,0303).
    """
    codes = _codes(instance)
    for code, name in (
        (None, MODIFIED),
        (Method.CLEAN_PIXEL_DATA, BURNED_IN),
        (Method.CLEAN_VISUAL_FEATURES, FEATURES),
    ):
        if (code is None or code in codes) and not instance.filled(name):
            yield Finding("the claimed method adds this attribute", TagPath.of(name))


_BY_MEANING = {words.casefold(): code for code, words in METHOD_MEANINGS.items()}


@rule(
    id="DEID309",
    category="deidentification",
    severity="warning",
    confidence="high",
    reads=(*CODE_READS, f"{CODES}.CodeMeaning"),
    reference="PS3.16 CID 7050, PS3.3 8.3",
    applies=_CODED,
)
def wrong_code(instance: InstanceFacts) -> Iterator[Finding]:
    """A method code is given in the wrong scheme, is no method's, or is said to mean another one.

    Why it matters
    --------------
    The number and its scheme are the code. Software that looks for 113100 in the scheme DCM
    does not find it elsewhere, and takes a DCM code of another meaning for nothing. People go by
    the meaning.

    How to fix
    ----------
    Give each method in the scheme DCM, with the number of CID 7050. A code of another scheme
    is allowed, see DEID105; so is a code that is there twice, after two de-identifications.

    Command
    -------
    dcmodify -nb -m "(0012,0064)[N].(0008,0100)=CODE" -m "(0012,0064)[N].(0008,0102)=DCM" FILE
    dcmodify -nb -m "(0012,0064)[N].(0008,0104)=CODE-MEANING" FILE

    Example
    -------
    113100 with Coding Scheme Designator (0008,0102) `99LOCAL`, or `dcm`; 113100 with the meaning
    Retain Safe Private Option.
    """
    place = TagPath.of(CODES, "CodeValue")
    for item in instance.items(CODES):
        value, scheme = item.text("CodeValue"), item.text("CodingSchemeDesignator")
        known = value in METHODS
        if known and scheme != "DCM":
            yield Finding(
                "a number of CID 7050 in another scheme than DCM",
                TagPath.of(CODES, "CodingSchemeDesignator"),
            )
        elif scheme == "DCM" and value and not known:
            yield Finding("a DCM code that is no method of CID 7050", place)
        # Other words for a method are allowed; those of another method are not.
        named = _BY_MEANING.get(item.text("CodeMeaning").casefold(), value)
        if known and named != value:
            yield Finding("the meaning is that of another method", TagPath.of(CODES, "CodeMeaning"))


@rule(
    id="DEID310",
    category="deidentification",
    severity="info",
    confidence="medium",
    reads=PROFILE_READS,
    reference="PS3.15 Table E.1-1, E.3.9",
    applies=_CODED,
)
def not_replaced(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """A value was to be replaced and is visibly the one that the device wrote.

    Why it matters
    --------------
    A UID that a scanner made leads back to the original image in the hospital's archive, and
    often holds the scanner's serial number and the time.

    How to fix
    ----------
    Replace all instance UIDs, consistently across the collection; or claim 113110 (Retain
    UIDs Option).

    Command
    -------
    CTP: <e en="T" t="00080018" n="SOPInstanceUID">@hashuid(@UIDROOT,this)</e>
    CTP: <e en="T" t="0020000D" n="StudyInstanceUID">@hashuid(@UIDROOT,this)</e>
    CTP: <e en="T" t="0020000E" n="SeriesInstanceUID">@hashuid(@UIDROOT,this)</e>
    CTP: <e en="T" t="00081155" n="ReferencedSOPInstanceUID">@hashuid(@UIDROOT,this)</e>
    CTP: <e en="T" t="00200052" n="FrameOfReferenceUID">@hashuid(@UIDROOT,this)</e>

    Example
    -------
    Method code 113100 alone, and a Study Instance UID (0020,000D) under a manufacturer's root
    with a date in it. Of any other UID, number or text, one file does not tell whether it was
    replaced: then the rule does not judge.
    """
    codes = _codes(instance)
    if not codes:
        yield FOREIGN
        return
    for path, asked, verdict in _evidence(instance, codes):
        if not asked.replaces:
            continue
        if verdict == DEVICE:
            yield Finding("a UID as a manufacturer's device makes it", path)
        elif verdict in (VALUE, ITEMS):
            yield Undecided("objects whose values may or may not have been replaced")


@rule(
    id="DEID320",
    category="deidentification",
    severity="warning",
    confidence="medium",
    reads=(FLAG, CODES, MODIFIED, "judge:confidentiality"),
    reference="PS3.15 Table E.1-1",
    applies=_UNCODED,
)
def kept_without_codes(instance: InstanceFacts) -> Iterator[Finding]:
    """Identity is declared removed, no code says how, and there is what the Basic Profile removes.

    Why it matters
    --------------
    Without codes nobody can tell whether these were kept on purpose. Each of them is on the
    standard's list of what may identify a patient, a person of staff, a place or a day.

    How to fix
    ----------
    Add the method codes, with those of the options that keep these attributes; remove what
    was kept by mistake. Where the object must have a value there (Type 1), as Presentation Creation
    Date (0070,0082) of a presentation state, put a dummy in its place.

    Command
    -------
    dcmodify -nb -i "(0012,0064)[0].(0008,0100)=CODE" FILE
    dcmodify -nb -i "(0012,0064)[0].(0008,0102)=DCM" FILE
    dcmodify -nb -i "(0012,0064)[0].(0008,0104)=CODE-MEANING" FILE
    dcmodify -nb -m "TAG=DUMMY" FILE
    dcmodify -nb -ea "TAG" FILE

    Example
    -------
    Patient Identity Removed YES, no code, and Station Name (0008,1010) with a value.
    """
    for path, asked, verdict in _evidence(instance, frozenset()):
        if _kept(asked, verdict):
            yield Finding("kept, and no code says that it may be", path)
        # Where dates are declared removed, another rule has said it.
        elif verdict == MOMENT and asked.removes and instance.text(MODIFIED) == "":
            yield Finding("a date or time that looks true, and no code says that it may stay", path)


# -- The same, counted ------------------------------------------------------------------------

_ACTION_WORDS = {
    "X": "remove",
    "Z": "empty",
    "D": "replace",
    "U": "replace the UID",
    "K": "keep",
    "C": "clean",
}
_OBSERVED_WORDS = {
    EMPTY: "empty",
    REPLACED: "a replacement",
    MOMENT: "a date or time that looks true",
    DEVICE: "a UID as a device makes it",
    ITEMS: "items",
    VALUE: "a value",
}


def _judged(path: TagPath, asked: Asked, verdict: str, no_dates: bool) -> str:
    """Return how bad what is there is, as the rules above say: a severity, or an outcome."""
    if verdict == MOMENT and (asked.removes or asked.replaces):
        return "error" if no_dates or not _is_temporal(asked.row) else "warning"
    if asked.removes:
        if _kept(asked, verdict):
            return "warning" if asked.row.options else "error"
        return "info"
    if asked.replaces and verdict == DEVICE:
        return "info"
    if _is_patients_sex(path, asked, verdict):
        return "warning"
    unseen = verdict in (VALUE, ITEMS) and (asked.replaces or "C" in asked.actions)
    return "not_evaluated" if unseen else "pass"


@summary(
    name="profile",
    category="deidentification",
    reads=(*PROFILE_READS, MODIFIED),
    applies=_CLAIMS_ANY,
)
def profile(instance: InstanceFacts) -> Iterator[tuple[str, ...]]:
    """What the claimed profile asks for at each place, and what is there.

    Rows: ``object`` or, where no code is one of the standard's, ``foreign``; ``uncoded``;
    ``place``, tag path, what is asked for, what is seen, and how bad that is. A claim without
    codes is held against the Basic Profile.
    """
    codes = _codes(instance)
    if instance.filled(CODES) and not codes:
        yield ("foreign",)
        return
    yield ("object",)
    if not codes:
        yield ("uncoded",)
    no_dates = instance.text(MODIFIED) == "REMOVED"
    for path, asked, verdict in _evidence(instance, codes - DATES if no_dates else codes):
        words = " or ".join(_ACTION_WORDS[each] for each in _ACTION_WORDS if each in asked.actions)
        judged = _judged(path, asked, verdict, no_dates)
        yield "place", str(path), words, _OBSERVED_WORDS[verdict], judged
