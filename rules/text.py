"""Identifiers in text: in any attribute of free text, at every depth, private ones included.

What a text looks like is `auditor.identifiers`' business. What attributes exist for (an
address, an identifier) is the confidentiality profile's; here it is about where nobody
looks for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from auditor import (
    CollectionFacts,
    Element,
    Finding,
    InstanceFacts,
    Place,
    Selector,
    Units,
    comparison,
    judge,
    rule,
)
from auditor.identifiers import (
    KINDS,
    LIMIT,
    is_blank,
    is_no_name,
    is_written_like_a_name,
    looks_like_a_birth_date,
    looks_like_a_name,
    looks_like_a_record_number,
    signs,
    words_of,
)
from auditor.model import Confidence
from auditor.reading.companions import HEADINGS
from auditor.reading.places import FILE_PATH
from auditor.standard.dictionary import tag_of
from auditor.standard.private import private_entry

CODES = "DeidentificationMethodCodeSequence"

_TEXT = frozenset({"LO", "SH", "ST", "LT", "UT", "UC", "UR"})

_NO_FREE_TEXT = re.compile(
    # Identifiers, numbers, codes, versions and places of reach: what they hold is said by
    # what they are for, and the profile's table has them.
    r".*(ID|IDs|UID|Number|Numbers|Code|CodeValue|Version|Versions|Designator|URL|URI|Address|"
    r"TelecomInformation|TelephoneNumbers|Locator|MACAddress|Sequence|Identifier|ModelName|"
    r"KeyFingerprint|BarcodeValue|Registry|InstitutionName|ResponsibleOrganization)"
)


_NO_FREE_PRIVATE = re.compile(r"version|software|serial|uid|model|type|\bid\b", re.IGNORECASE)


def _is_free_text(place: Place) -> bool:
    if place.vr not in _TEXT or place.is_creator:
        return False
    if place.is_private:
        known = private_entry(place.creator, place.tag)
        return known is None or _NO_FREE_PRIVATE.search(known.name) is None
    return _NO_FREE_TEXT.fullmatch(place.keyword or "?") is None


_PROTOCOLS = frozenset({"LO", "SH"})
"""VRs in which an attribute of the standard may hold ``Head^Routine``, which is no name."""


@judge(name="identifier_in_text", applies=lambda place: place.vr == "AS" or _is_free_text(place))
def identifier_in_text(element: Element) -> str | None:
    """What kinds of identifier a text looks like it holds, a ``?`` behind an unsure one."""
    if element.place.vr == "AS":
        return "age" if any(map(_is_old, element.text.split("\\"))) else None
    text = element.text
    found = {
        kind + ("?" if confidence is Confidence.LOW else "") for kind, confidence in signs(text)
    }
    if (element.place.is_private or element.place.vr not in _PROTOCOLS) and any(
        map(is_written_like_a_name, text.split("\\"))
    ):
        found.add("name?")
    if "\N{REPLACEMENT CHARACTER}" in text:
        found.add("not decoded")
    if element.place.keyword == "CodeMeaning":
        # Words of a vocabulary, among them numbers and names of persons (Wilson's disease).
        found = {kind for kind in found if not kind.endswith("?")}
    return "+".join(sorted(found)) or None


def _is_old(age: str) -> bool:
    # 090Y stands for all ages above 89: it is what they are replaced by.
    age = age.strip()
    return len(age) == 4 and age[3] == "Y" and age[:3].isdigit() and int(age[:3]) > 90


def _found(instance: InstanceFacts, *kinds: str) -> Iterator[Finding]:
    """Yield a finding for each place and kind that the judge is sure enough of."""
    for path, said in instance.judged("identifier_in_text"):
        for kind in said.split("+"):
            if kind in kinds:
                yield Finding(f"text holds what looks like {KINDS[kind]}", path)


@rule(
    id="DEID401",
    category="deidentification",
    severity="error",
    confidence="medium",
    reads=("judge:identifier_in_text",),
    reference="PS3.15 E.3.5",
)
def name_in_text(instance: InstanceFacts) -> Iterator[Finding]:
    """Free text holds what looks like a person's name.

    Why it matters
    --------------
    Descriptions, comments and reports are typed by people, about people. Emptying Patient's
    Name (0010,0010) does not touch them.

    How to fix
    ----------
    Remove the text, or clean it by hand or with a tool made for free text, and declare 113105
    (Clean Descriptors Option) or 113104 (Clean Structured Content Option). An attribute that must
    have a value (Type 1), as a text item's of a report, gets a word instead: the second command.

    Command
    -------
    dcmodify -nb -ma "TAG=" FILE
    dcmodify -nb -m "TAG=REMOVED" FILE

    Example
    -------
    A title with a word behind it, a label such as *Patient name:*, or a common given name next
    to another word, in Image Comments (0020,4000) or a text item of a report.
    """
    yield from _found(instance, "name")


@rule(
    id="DEID402",
    category="deidentification",
    severity="error",
    confidence="medium",
    reads=("judge:identifier_in_text",),
    reference="PS3.15 E.3.5",
)
def number_in_text(instance: InstanceFacts) -> Iterator[Finding]:
    """Free text holds what looks like a number that stands for a person.

    Why it matters
    --------------
    A medical record number or a social security number leads to one person, and to nobody else.

    How to fix
    ----------
    Remove the text, or the number from it; where the attribute must have a value (Type 1), put a
    word in its place.

    Command
    -------
    dcmodify -nb -ma "TAG=" FILE
    dcmodify -nb -m "TAG=REMOVED" FILE

    Example
    -------
    *MRN* with six digits behind it; three, two and four digits with hyphens between.
    """
    yield from _found(instance, "record number", "national id")


@rule(
    id="DEID403",
    category="deidentification",
    severity="error",
    confidence="medium",
    reads=("judge:identifier_in_text",),
    reference="PS3.15 E.3.5",
)
def contact_in_text(instance: InstanceFacts) -> Iterator[Finding]:
    """Free text holds what looks like a telephone number, an e-mail or a street address.

    Why it matters
    --------------
    It reaches the patient, or the physician who treats few of this kind.

    How to fix
    ----------
    Remove the text, or the address from it; where the attribute must have a value (Type 1), put a
    word in its place.

    Command
    -------
    dcmodify -nb -ma "TAG=" FILE
    dcmodify -nb -m "TAG=REMOVED" FILE

    Example
    -------
    *call* and ten digits in Study Comments (0032,4000).
    """
    yield from _found(instance, "phone", "email", "address")


@rule(
    id="DEID404",
    category="deidentification",
    severity="warning",
    confidence="medium",
    reads=("judge:identifier_in_text",),
    reference="PS3.15 E.3.5",
)
def network_in_text(instance: InstanceFacts) -> Iterator[Finding]:
    """Free text holds a web or IP address, or a path with the name of a user.

    Why it matters
    --------------
    It names the institution's machines, and a user's folder is as a rule named for a person.

    How to fix
    ----------
    Remove it; where the attribute must have a value (Type 1), as the text of a specimen's
    preparation step, put a word in its place. Addresses of standards and vendors are not reported.

    Command
    -------
    dcmodify -nb -ma "TAG=" FILE
    dcmodify -nb -m "TAG=REMOVED" FILE

    Example
    -------
    A private element with the path of the file that it was made from.
    """
    yield from _found(instance, "url", "ip", "user path")


def _dates_are_not_kept(instance: InstanceFacts) -> bool:
    return "113106" not in {item.text("CodeValue") for item in instance.items(CODES)}


@rule(
    id="DEID405",
    category="deidentification",
    severity="warning",
    confidence="medium",
    reads=("judge:identifier_in_text", f"{CODES}.CodeValue"),
    reference="PS3.15 E.3.5, E.3.6",
    applies=Selector(when=_dates_are_not_kept),
)
def date_in_text(instance: InstanceFacts) -> Iterator[Finding]:
    """Free text holds what looks like a date.

    Why it matters
    --------------
    Dates in attributes of VR DA are removed or shifted; the same date in a sentence stays, and
    gives away by how much the others were shifted.

    How to fix
    ----------
    Remove the date, or shift it with the others; where the attribute must have a value (Type 1),
    put a word in its place. Objects that declare 113106 (Retain Longitudinal Temporal Information
    Full Dates Option) are not asked.

    Command
    -------
    dcmodify -nb -ma "TAG=" FILE
    dcmodify -nb -m "TAG=REMOVED" FILE

    Example
    -------
    *compared to* and a day in Series Description (0008,103E).
    """
    yield from _found(instance, "date")


@rule(
    id="DEID406",
    category="deidentification",
    severity="warning",
    confidence="high",
    reads=("judge:identifier_in_text",),
    reference="PS3.15 E.3.7",
)
def age_over_89(instance: InstanceFacts) -> Iterator[Finding]:
    """An age over 89 years is given.

    Why it matters
    --------------
    There are few people of that age, so that it singles somebody out; some laws name it among
    the identifiers, however old the other patients are.

    How to fix
    ----------
    Write 090Y for all of them, or remove it.

    Command
    -------
    dcmodify -nb -ma "(0010,1010)=090Y" FILE

    Example
    -------
    Patient's Age (0010,1010) of 094Y, or the same in a comment.
    """
    yield from _found_age(instance)


def _found_age(instance: InstanceFacts) -> Iterator[Finding]:
    for path, said in instance.judged("identifier_in_text"):
        if "age" in said.split("+"):
            yield Finding("an age over 89", path)


@rule(
    id="DEID407",
    category="deidentification",
    severity="info",
    confidence="medium",
    reads=("judge:identifier_in_text",),
    reference="PS3.15 E.3.5, PS3.5 6.1",
)
def text_not_searched(instance: InstanceFacts) -> Iterator[Finding]:
    """Text is in a script, or in a character set, in which identifiers were not looked for.

    Why it matters
    --------------
    The patterns know names and addresses in Latin letters. In other scripts they find what a
    label, a title or the marks of a date tell, and nothing else: text is not clean because nothing
    was found.

    How to fix
    ----------
    Have somebody read it who can. Where it is not in the declared Specific Character Set
    (0008,0005), declare the right one.

    Command
    -------
    dcmdump +P "GGGG,EEEE" FILE
    dcmodify -nb -m "(0008,0005)=CHARACTER-SET" FILE
    dcmdump +U8 +P "GGGG,EEEE" FILE

    Example
    -------
    A description in Cyrillic, Han or Arabic script; bytes that the declared character set does
    not have.
    """
    for path, said in instance.judged("identifier_in_text"):
        kinds = said.split("+")
        if "script?" in kinds:
            yield Finding(KINDS["script"], path)
        if "not decoded" in kinds:
            yield Finding("text that the declared character set cannot have written", path)


@rule(
    id="DEID408",
    category="deidentification",
    severity="info",
    confidence="low",
    reads=("judge:identifier_in_text",),
    reference="PS3.15 E.3.5",
)
def perhaps_in_text(instance: InstanceFacts) -> Iterator[Finding]:
    """Free text holds what may be an identifier, or may be something else.

    Why it matters
    --------------
    Eight digits may be a case number or a serial number; only somebody who knows the data can
    tell. It is worth a look before a release, and no reason to hold it.

    How to fix
    ----------
    Look at the places that are named, once for the collection. Where the attribute must have a
    value (Type 1), put a word in the place of what has to go.

    Command
    -------
    dcmdump +sd +r +F +P "GGGG,EEEE" COLLECTION
    dcmodify -nb -ma "TAG=" FILE
    dcmodify -nb -m "TAG=REMOVED" FILE

    Example
    -------
    Eight digits that could be a day; two words of which one is a common given name.
    """
    for path, said in instance.judged("identifier_in_text"):
        for kind in said.split("+"):
            if kind.endswith("?") and kind != "script?":
                yield Finding(f"text holds what may be {KINDS[kind[:-1]]}", path)


# --- The study's own values -------------------------------------------------------------

_OWNERS = {
    "the patient's name": (
        "PatientName",
        "OtherPatientNames",
        "PatientBirthName",
        "PatientMotherBirthName",
        "ResponsiblePerson",
    ),
    "the patient's or the case's number": (
        "PatientID",
        "OtherPatientIDs",
        "AccessionNumber",
        "AdmissionID",
    ),
    "the birth date": ("PatientBirthDate",),
    "a physician's or an operator's name": (
        "ReferringPhysicianName",
        "PerformingPhysicianName",
        "OperatorsName",
        "PhysiciansOfRecord",
        "NameOfPhysiciansReadingStudy",
        "RequestingPhysician",
        "ConsultingPhysicianName",
    ),
    "the institution": ("InstitutionName",),
}
_OWNER_OF = {tag_of(name): owner for owner, names in _OWNERS.items() for name in names}

_PATIENTS = ("the patient's name", "the patient's or the case's number", "the birth date")
_OTHERS = ("a physician's or an operator's name", "the institution")

_BLOBS = frozenset({"OB", "UN"})
_OTHER_NAMES = frozenset({"IssuerOfPatientID", "DeidentificationMethod"})


class _Sought(NamedTuple):
    """What is looked for: all words must be there, as words of their own."""

    owner: str
    words: tuple[str, ...]
    encoded: tuple[bytes, ...]

    def is_in(self, text: str) -> bool:
        """Whether all words stand in a text, which is in lower case."""
        return all(
            re.search(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", text) for word in self.words
        )


@lru_cache(maxsize=256)
def _sought(own: tuple[tuple[str, str], ...]) -> tuple[_Sought, ...]:
    """Return what to look for, of what an object says of its patient and its staff."""
    found: dict[tuple[str, tuple[str, ...]], None] = {}
    for owner, text in own:
        for words in _needles(owner, text):
            found.setdefault((owner, words))
    # A hostile object may have any number of names.
    return tuple(
        _Sought(owner, words, tuple(word.encode() for word in words))
        for owner, words in list(found)[:32]
    )


def _needles(owner: str, text: str) -> Iterator[tuple[str, ...]]:
    """Yield groups of words; a placeholder, and a study's own code, is nobody's value."""
    for value in text.split("\\"):
        if owner.endswith("name"):
            yield from _name_needles(value)
        elif owner == "the birth date":
            digits = re.sub(r"\D", "", value)
            if len(digits) == 8 and looks_like_a_birth_date(digits):
                year, month, day = digits[:4], digits[4:6], digits[6:]
                for parts in ((year, month, day), (day, month, year), (month, day, year)):
                    yield from ((mark.join(parts),) for mark in ("-", "/", "."))
                yield (digits,)
        elif owner == "the institution":
            words = words_of(value)
            # A word alone (`General`) says nothing.
            if len(words) > 1 and sum(map(len, words)) > 8 and not any(map(is_blank, words)):
                yield (value.strip().casefold(),)
        elif looks_like_a_record_number(value):
            yield (value.strip().casefold(),)


def _name_needles(value: str) -> Iterator[tuple[str, ...]]:
    for group in value.split("="):
        if looks_like_a_name(group):
            parts = re.split(r"[\^,]|(?<!\^) ", group) if "^" not in group else group.split("^")
            named = [part.strip().casefold() for part in parts[:2] if len(part.strip()) > 1]
            if len(named) > 1:
                yield tuple(named)
            # A rare family name is enough, one that means something (Young, Short) is not.
            if named and len(named[0]) > 5 and not any(map(is_no_name, named)):
                yield (named[0],)


def _is_searched(place: Place) -> bool:
    if place.tag in _OWNER_OF or place.is_creator or place.keyword in _OTHER_NAMES:
        return False
    if place.vr in _BLOBS:
        return place.is_private
    return place.vr in _TEXT


@comparison(
    name="own_values",
    applies=lambda place: place.tag in _OWNER_OF or _is_searched(place),
)
def own_values(elements: Sequence[Element]) -> Iterator[tuple[Place, str]]:
    """Where a value of the patient, the staff or the institution reappears, and whose it is."""
    own = [each for each in elements if each.place.tag in _OWNER_OF and each.value]
    sought = _sought_of(own)
    if not sought:
        return
    yield own[0].place, "sought"
    for element in elements:
        if element.place.tag not in _OWNER_OF:
            for owner in _found_in(element, sought):
                yield element.place, owner


@comparison(
    name="own_values_in_path",
    applies=lambda place: place.tag == FILE_PATH or place.tag in _OWNER_OF,
)
def own_values_in_path(elements: Sequence[Element]) -> Iterator[tuple[Place, str]]:
    """Whose value stands in the path of the file inside the collection."""
    own = [each for each in elements if each.place.tag in _OWNER_OF and each.value]
    sought = _sought_of(own)
    if not sought:
        return
    yield own[0].place, "sought"
    for element in elements:
        if element.place.tag == FILE_PATH:
            for owner in _found_in(element, sought):
                yield element.place, owner


def _sought_of(own: Sequence[Element]) -> tuple[_Sought, ...]:
    return _sought(tuple((_OWNER_OF[each.place.tag], each.text) for each in own))


def _found_in(element: Element, sought: tuple[_Sought, ...]) -> Iterator[str]:
    """Yield whose values are in an element: first by its bytes, which costs next to nothing."""
    low = element.value[: 2 * LIMIT].lower()
    plain = low.isascii() or element.place.vr in _BLOBS
    text = ""
    for each in sought:
        if plain and not all(word in low for word in each.encoded):
            continue
        if not text:
            text = low.decode("latin-1") if plain else element.text.casefold()
        if each.is_in(text):
            yield each.owner


def _seek(judge: str) -> Selector:
    return Selector(when=lambda instance: bool(instance.judged(judge)))


def _reappears(instance: InstanceFacts, owners: Sequence[str]) -> Iterator[Finding]:
    for path, said in instance.judged("own_values"):
        if said in owners:
            where = "a private element" if _is_private(path.steps[-1]) else "text"
            yield Finding(f"{where} repeats {said} of the same object", path)


def _is_private(step: str) -> bool:
    return int(step[4], 16) % 2 == 1


@rule(
    id="DEID411",
    category="deidentification",
    severity="error",
    confidence="high",
    reads=("judge:own_values",),
    reference="PS3.15 E.3.5, E.3.10",
    applies=_seek("own_values"),
)
def patient_reappears(instance: InstanceFacts) -> Iterator[Finding]:
    """The patient's name, number or birth date stands in text or private data too.

    Why it matters
    --------------
    Whoever cleans only the attributes that are made for them leaves them there.

    How to fix
    ----------
    Clean these places with the attributes themselves; where one must have a value (Type 1), put a
    word in its place. Codes that a study gave, and values that stand for nobody, are not looked
    for.

    Command
    -------
    dcmodify -nb -ma "TAG=" FILE
    dcmodify -nb -m "TAG=REMOVED" FILE

    Example
    -------
    The family name from Patient's Name (0010,0010) in a vendor's private header.
    """
    yield from _reappears(instance, _PATIENTS)


@rule(
    id="DEID412",
    category="deidentification",
    severity="warning",
    confidence="high",
    reads=("judge:own_values",),
    reference="PS3.15 E.3.5, E.3.10",
    applies=_seek("own_values"),
)
def staff_reappears(instance: InstanceFacts) -> Iterator[Finding]:
    """A physician's name or the institution's stands in text or private data too.

    Why it matters
    --------------
    Where and by whom a patient was seen narrows down who it is.

    How to fix
    ----------
    Clean these places with the attributes themselves; where one must have a value (Type 1), put a
    word in its place.

    Command
    -------
    dcmodify -nb -ma "TAG=" FILE
    dcmodify -nb -m "TAG=REMOVED" FILE

    Example
    -------
    The institution's name in the protocol that a scanner keeps in its private header.
    """
    yield from _reappears(instance, _OTHERS)


@rule(
    id="DEID413",
    category="deidentification",
    severity="error",
    confidence="high",
    reads=("judge:own_values_in_path",),
    reference="PS3.10 8.2, PS3.15 E.1.1",
    applies=_seek("own_values_in_path"),
)
def path_repeats(instance: InstanceFacts) -> Iterator[Finding]:
    """The path of the file repeats a name, a number or a date of its object.

    Why it matters
    --------------
    Names of files and folders are shown in every listing, log and archive, and no tool that
    cleans objects looks at them.

    How to fix
    ----------
    Name files and folders for UIDs or for codes of the study.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: Path("FILE").rename(Path("NEW-FOLDER", f"{dataset.SOPInstanceUID}.dcm"))

    Example
    -------
    A folder that is named for the patient.
    """
    for _, said in instance.judged("own_values_in_path"):
        if said != "sought":
            yield Finding(f"the path holds {said}")


# --- Paths and companions ---------------------------------------------------------------

_PATHS = (
    "SELECT DISTINCT part FROM (SELECT unnest(string_split(path, '/')) AS part FROM "
    "(SELECT path FROM instances UNION ALL SELECT path FROM companions)) "
    # What a name, an address or a labelled number cannot do without.
    "WHERE regexp_matches(part, '[\\^@,]|[A-Za-z]{2}[ _][A-Za-z]{2}|[0-9]{3}-[0-9]{2}-[0-9]{4}|"
    "[A-Za-z][ _-]?[0-9]{5}') ORDER BY part LIMIT 100000"
)


def _parts(collection: CollectionFacts) -> Iterator[tuple[str, str]]:
    """Yield parts of paths that look like an identifier, with what it looks like."""
    for (part,) in collection.rows(_PATHS):
        bare = re.sub(r"\.[A-Za-z0-9]{1,4}$", "", part)
        for kind, confidence in signs(bare.replace("_", " ")):
            if kind in _IN_PATHS and confidence is not Confidence.LOW:
                yield part, kind
        if is_written_like_a_name(bare):
            yield part, "name"


_IN_PATHS = ("name", "record number", "national id", "phone", "email", "address")


def _every_path(collection: CollectionFacts) -> Units:
    return Units(
        collection.count(
            "SELECT (SELECT count(*) FROM instances) + (SELECT count(*) FROM companions)"
        )
    )


@rule(
    id="DEID414",
    category="deidentification",
    severity="warning",
    confidence="medium",
    scope="collection",
    unit="file",
    reads=("instances.path", "companions.path"),
    reference="PS3.10 8.2",
    applies=_every_path,
)
def identifier_in_path(collection: CollectionFacts) -> Iterator[Finding]:
    """The name of a file or folder looks like a person's name, number or address.

    Why it matters
    --------------
    Names of files and folders are shown in every listing, log and archive, and no tool that
    cleans objects looks at them. Here the name itself is looked at; DEID413 compares it with
    what the object says.

    How to fix
    ----------
    Name files and folders for UIDs or for codes of the study.

    Command
    -------
    mv FILE-OR-FOLDER CODE

    Example
    -------
    A folder `FAMILY^GIVEN`, a file `MRN_` with seven digits.
    """
    found: dict[str, list[str]] = {}
    for part, kind in _parts(collection):
        found.setdefault(kind, []).append(part)
    # A file is counted once, for the first of what its path holds.
    counted: list[str] = []
    for kind in filter(found.__contains__, _IN_PATHS):
        [(count, paths)] = collection.rows(
            "SELECT count(*), min(path, 5) FROM (SELECT string_split(path, '/') AS parts, path "
            "FROM (SELECT path FROM instances UNION ALL SELECT path FROM companions)) "
            "WHERE list_has_any(parts, ?) AND NOT list_has_any(parts, ?)",
            [found[kind], counted],
        )
        counted += found[kind]
        if count:
            yield Finding(
                f"a path holds what looks like {KINDS[kind]}", count=count, examples=tuple(paths)
            )


def _tables_beside(collection: CollectionFacts) -> Units:
    row = collection.rows(
        "SELECT count(*) FILTER (headings IS NOT NULL), "
        "count(*) FILTER (kind = 'xls' AND headings IS NULL), "
        "count(*) FILTER (headings <> '') FROM companions"
    )[0]
    return Units(row[0], row[1], "spreadsheets that cannot be opened, or are too large", row[2])


@rule(
    id="DEID451",
    category="deidentification",
    severity="warning",
    confidence="medium",
    scope="collection",
    unit="file",
    reads=("companions.path", "companions.kind", "companions.headings"),
    reference="PS3.15 E.1.1",
    applies=_tables_beside,
)
def companion_names_people(collection: CollectionFacts) -> Iterator[Finding]:
    """A table beside the images has a column for names, birth dates or record numbers.

    Why it matters
    --------------
    The objects may be clean and the spreadsheet that came with them is not: it links every
    code back to its person.

    How to fix
    ----------
    Look into the column. Remove it, or keep the table where only those can read it who may.

    Command
    -------
    duckdb -c "COPY (SELECT * EXCLUDE (HEADING) FROM read_csv('TABLE.csv', all_varchar = true))
    TO 'NEW-TABLE.csv'"

    Example
    -------
    A CSV whose first line has `patient_name` and `date_of_birth`, or a workbook with such a row
    among the first of a sheet. Only the headings are read, not what stands below them; of an old
    workbook (XLS) every text is compared, as it does not simply say which stands on top.
    """
    for heading, title in HEADINGS.items():
        for count, paths in collection.rows(
            "SELECT count(*), min(path, 5) FROM companions "
            "WHERE list_contains(string_split(headings, '+'), ?) HAVING count(*) > 0",
            [heading],
        ):
            yield Finding(f"a column for {title}", count=count, examples=tuple(paths))


_UNOPENED = "SELECT count(*), min(path, 5) FROM companions WHERE kind IN ('pdf', 'office')"


@rule(
    id="DEID452",
    category="deidentification",
    severity="info",
    confidence="high",
    scope="collection",
    unit="file",
    reads=("companions.path", "companions.kind"),
    reference="PS3.15 E.1.1",
    applies=lambda collection: Units(collection.count(_UNOPENED)),
)
def documents_beside(collection: CollectionFacts) -> Iterator[Finding]:
    """Documents lie beside the images, into which nobody has looked.

    Why it matters
    --------------
    A report, a letter or a consent in PDF names its patient on the first page. It is no table
    whose headings could be read, and is not opened here.

    How to fix
    ----------
    Have somebody read them, once, before the release. Protocols and papers may stay.

    Command
    -------
    duckdb -c "SELECT collection, path, kind FROM 'OUT/companions/*.parquet'
    WHERE kind IN ('pdf', 'office')"

    Example
    -------
    A PDF in each patient's folder.
    """
    for count, paths in collection.rows(_UNOPENED):
        yield Finding(
            "a document that was not looked into", count=count, examples=tuple(paths or ())
        )
