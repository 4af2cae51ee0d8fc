"""Private data (PS3.5 7.8): whose it is, what is known of it, and whether the claim allows it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor import (
    CollectionFacts,
    Element,
    Finding,
    InstanceFacts,
    Item,
    Selector,
    TagPath,
    Units,
    judge,
    rule,
    summary,
)
from auditor.csa import csa_values
from auditor.facts import PrivateElement
from auditor.identifiers import (
    looks_like_a_birth_date,
    looks_like_a_name,
    looks_like_a_record_number,
    stands_for_nobody,
)
from auditor.reading.places import NO_CREATOR, creator_in
from auditor.standard.private import (
    DEIDENTIFIERS,
    Standing,
    is_known_creator,
    private_entry,
    safe_elements,
)

FLAG = "PatientIdentityRemoved"
CODES = "DeidentificationMethodCodeSequence"
DESCRIBED = "PrivateDataElementCharacteristicsSequence"
ACTIONS = "DeidentificationActionSequence"

_NEVER_PRIVATE = frozenset({0x0001, 0x0003, 0x0005, 0x0007, 0xFFFF})
"""Odd groups that are no private ones (PS3.5 7.8)."""

_HAS_PRIVATE = Selector(when=lambda instance: bool(instance.private()))


def _kept(instance: InstanceFacts) -> list[PrivateElement]:
    """Return the private elements that were there before somebody de-identified the object."""
    return [each for each in instance.private() if not any(map(each.is_of, DEIDENTIFIERS))]


_CREATOR_VRS = frozenset({"LO", "UN", ""})
"""UN is what a program writes that does not look into private data (PS3.5 6.2.2)."""

_CREATOR_FAULTS = {
    "VR": "a private creator of another VR than LO",
    "values": "a private creator with several values",
}


@judge(name="private_creator", applies=lambda place: place.is_creator)
def private_creator(element: Element) -> str | None:
    """Say what is wrong with a private creator: it has VR LO and one value (PS3.5 7.8.1)."""
    if element.place.vr not in _CREATOR_VRS:
        return "VR"
    return "values" if b"\\" in element.value else None


@rule(
    id="PRIV001",
    category="private",
    severity="error",
    confidence="high",
    reads=("private", "judge:private_creator"),
    reference="PS3.5 7.8, 7.8.1",
    applies=_HAS_PRIVATE,
)
def orphan(instance: InstanceFacts) -> Iterator[Finding]:
    """A private element has no private creator, one that is none, or a tag that none may have.

    Why it matters
    --------------
    Nobody can say what it holds: it can be neither used nor shown to be harmless. Tools that
    keep known-safe private elements cannot know this one.

    How to fix
    ----------
    Remove the element, or restore the creator that reserves its block, (gggg,0010) to (gggg,00FF),
    with VR LO and one value. In groups 0001 to 0007 and FFFF, and below (gggg,0010), nothing can
    be reserved. Where there is no creator, its place has the whole number of the element.

    Command
    -------
    dcmodify -nb -ea "TAG" FILE

    Example
    -------
    (0019,1008) without (0019,0010).
    """
    for element in instance.private():
        below = not creator_in(element.path)
        if element.group in _NEVER_PRIVATE or below:
            yield Finding("a tag that no private element may have", element.path)
        elif not element.creator:
            yield Finding("no private creator reserves its block", element.path)
    holding = {block.path for block in instance.private_blocks() if block.holds}
    for path, fault in instance.judged("private_creator"):
        if path in holding:
            yield Finding(_CREATOR_FAULTS[fault], path)


@rule(
    id="PRIV002",
    category="private",
    severity="info",
    confidence="high",
    reads=("private",),
    reference="PS3.5 7.8",
    applies=_HAS_PRIVATE,
)
def by_creator(instance: InstanceFacts) -> Iterator[Finding]:
    """Which private creators' elements there are.

    Why it matters
    --------------
    Private elements hold what the public ones do not, for better (acquisition physics) and
    for worse (copies of identifiers). Whose they are is the first thing to know.

    How to fix
    ----------
    Nothing is wrong yet. Keep the known-safe elements of PS3.15 Table E.3.10-1, and remove
    what nobody can account for.

    Command
    -------
    duckdb -c "SELECT collection, private_creator, count(*), max(instances)
    FROM 'OUT/elements/*.parquet'
    WHERE private_creator <> '' OR tag_path LIKE '%no creator)'
    GROUP BY ALL"

    Example
    -------
    Elements of `SIEMENS MR HEADER` in 300 of 300 instances.
    """
    for creator in sorted({element.creator for element in instance.private()}):
        if not creator:
            yield Finding("private elements without a private creator")
        elif is_known_creator(creator):
            yield Finding(f"private elements of {creator}")
        else:
            # Anything can be written there, a name too: only its shape is known here.
            yield Finding(f"private elements of a creator that is not widely known ({creator})")


@rule(
    id="PRIV004",
    category="private",
    severity="info",
    confidence="high",
    reads=("private",),
    reference="PS3.5 7.8, PS3.15 Table E.3.10-1",
    applies=_HAS_PRIVATE,
)
def standing_of_each(instance: InstanceFacts) -> Iterator[Finding]:
    """What is publicly known of each private element.

    Why it matters
    --------------
    An element is safe to keep if somebody who knows it said so. Of one that stands in a public
    dictionary it is at least known what it is for; of the others nobody outside can tell.

    How to fix
    ----------
    Nothing is wrong yet. Keep what PS3.15 Table E.3.10-1 lists; look the others up in the
    vendor's conformance statement; remove what nobody can account for.

    Command
    -------
    duckdb -c "SELECT collection, tag_path, VR, private_creator, instances
    FROM 'OUT/elements/*.parquet'
    WHERE private_creator <> '' OR tag_path LIKE '%no creator)'"

    Example
    -------
    (0019,xx0C) of `SIEMENS MR HEADER` is listed as safe; the private creator of (0009,xx01)
    is not publicly known.
    """
    for element in instance.private():
        yield Finding(str(element.standing), element.path)


@rule(
    id="PRIV003",
    category="private",
    severity="warning",
    confidence="medium",
    reads=(
        "private",
        "PatientIdentityRemoved",
        "DeidentificationMethodCodeSequence.CodeValue",
    ),
    reference="PS3.15 E.3.10",
    applies=Selector(
        when=lambda instance: (
            instance.text("PatientIdentityRemoved") == "YES" and bool(instance.private())
        )
    ),
)
def kept_without_option(instance: InstanceFacts) -> Iterator[Finding]:
    """Private elements were kept although the declared method does not retain them.

    Why it matters
    --------------
    The Basic Profile removes all private elements; keeping the safe ones is an option with a
    code of its own, 113111. Without it nobody has said that these were looked at.

    How to fix
    ----------
    Remove the private elements, or keep only known-safe ones and add 113111 (Retain Safe
    Private Option) to De-identification Method Code Sequence (0012,0064).

    Command
    -------
    dcmodify -nb -ep FILE
    CTP: <r en="T" t="privategroups">Remove private groups</r>

    Example
    -------
    Patient Identity Removed YES, codes without 113111, and forty private elements.
    """
    codes = {
        item.text("CodeValue") for item in instance.items("DeidentificationMethodCodeSequence")
    }
    if "113111" not in codes:
        said = "the method codes lack 113111" if codes else "no method code says so"
        yield Finding(
            f"private elements were kept and {said}",
            TagPath.of("DeidentificationMethodCodeSequence"),
        )


def _retains(instance: InstanceFacts) -> bool:
    """Whether the object claims that what it keeps of private elements is safe."""
    return instance.text(FLAG) == "YES" and any(
        item.text("CodeValue") == "113111" for item in instance.items(CODES)
    )


def _described(instance: InstanceFacts) -> Iterator[tuple[Item, int, str]]:
    """Yield the items that describe a block, with its group and private creator."""
    for item in instance.items(DESCRIBED):
        group, creator = item.number("PrivateGroupReference"), item.text("PrivateCreatorReference")
        if group is not None and creator:
            yield item, int(group), creator


def _numbers(item: Item, keyword: str) -> set[int]:
    return {int(value) & 0xFF for value in item.values(keyword) if value.isdigit()}


@rule(
    id="PRIV101",
    category="private",
    severity="warning",
    confidence="medium",
    reads=(
        "private",
        FLAG,
        f"{CODES}.CodeValue",
        f"{DESCRIBED}.PrivateGroupReference",
        f"{DESCRIBED}.PrivateCreatorReference",
        f"{DESCRIBED}.BlockIdentifyingInformationStatus",
        f"{DESCRIBED}.NonidentifyingPrivateElements",
    ),
    reference="PS3.15 E.3.10",
    applies=Selector(when=lambda instance: _retains(instance) and bool(_kept(instance))),
)
def kept_though_not_safe(instance: InstanceFacts) -> Iterator[Finding]:
    """The claim is that only safe private elements were kept, and one is not known to be safe.

    Why it matters
    --------------
    With 113111 the reader trusts that somebody who knows these elements found nothing in them
    that identifies. Of this one neither the standard's table nor the object itself says so.

    How to fix
    ----------
    Remove the element. If the vendor's conformance statement says that it is safe, say so in
    Private Data Element Characteristics Sequence (0008,0300), which is there for that.

    Command
    -------
    dcmodify -nb -ea "TAG" FILE

    Example
    -------
    113111, and an element of `GEMS_IDEN_01` that is neither in PS3.15 Table E.3.10-1 nor
    described in (0008,0300).
    """
    described = list(_described(instance))
    for element in _kept(instance):
        if element.standing is Standing.SAFE or any(
            element.group == group and element.is_of(creator) and _is_safe(item, element.number)
            for item, group, creator in described
        ):
            continue
        yield Finding(f"kept as safe, and {element.standing}", element.path)


def _is_safe(item: Item, number: int) -> bool:
    status = item.text("BlockIdentifyingInformationStatus")
    return status == "SAFE" or number in _numbers(item, "NonidentifyingPrivateElements")


@rule(
    id="PRIV102",
    category="private",
    severity="error",
    confidence="high",
    reads=(
        "private",
        f"{DESCRIBED}.PrivateGroupReference",
        f"{DESCRIBED}.PrivateCreatorReference",
        f"{DESCRIBED}.BlockIdentifyingInformationStatus",
        f"{DESCRIBED}.NonidentifyingPrivateElements",
        f"{DESCRIBED}.{ACTIONS}.IdentifyingPrivateElements",
        f"{DESCRIBED}.{ACTIONS}.DeidentificationAction",
        FLAG,
    ),
    reference="PS3.3 C.12.1, PS3.15 E.3.10",
    applies=Selector(when=lambda instance: instance.filled(DESCRIBED)),
)
def described_otherwise(instance: InstanceFacts) -> Iterator[Finding]:
    """What the object says of its private blocks is not what is there.

    Why it matters
    --------------
    Private Data Element Characteristics Sequence (0008,0300) tells software which private
    elements it may keep. If it is wrong, software that believes it publishes what it should
    have removed, or removes what it could have kept.

    How to fix
    ----------
    Make the sequence anew from what the object holds: one item for each block, with its group,
    private creator and status; for MIXED the elements that identify nobody.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: item = Dataset()
    pydicom: item.PrivateGroupReference, item.PrivateCreatorReference = GROUP, "PRIVATE-CREATOR"
    pydicom: item.BlockIdentifyingInformationStatus = "SAFE-UNSAFE-OR-MIXED"
    pydicom: dataset.PrivateDataElementCharacteristicsSequence = [item]
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    A block described as UNSAFE whose elements are still there though Patient Identity Removed
    is YES, or an element with action X that was not removed.
    """
    removed = instance.text(FLAG) == "YES"
    place = TagPath.of(DESCRIBED)
    top = [element for element in instance.private() if len(element.path.steps) == 1]
    blocks = [block for block in instance.private_blocks() if len(block.path.steps) == 1]
    for item, group, creator in _described(instance):
        status = item.text("BlockIdentifyingInformationStatus")
        if status not in ("SAFE", "UNSAFE", "MIXED"):
            yield Finding("the status of a block is none of SAFE, UNSAFE, MIXED", place)
        if not any(block.group == group and block.is_of(creator) for block in blocks):
            yield Finding("a block is described that is not there", place)
            continue
        safe = _numbers(item, "NonidentifyingPrivateElements")
        if status == "MIXED" and not safe:
            yield Finding("a block is MIXED, and no element is named that identifies nobody", place)
        doomed: set[int] = set()
        for action in item.items(ACTIONS):
            if action.text("DeidentificationAction") == "X":
                doomed |= _numbers(action, "IdentifyingPrivateElements")
        for element in top:
            if not removed or element.group != group or not element.is_of(creator):
                continue
            if element.number in doomed:
                yield Finding("is there although it is to be removed by the object", element.path)
            elif status == "UNSAFE" and element.number not in safe:
                yield Finding("is there although the object says that it is unsafe", element.path)


@rule(
    id="PRIV103",
    category="private",
    severity="warning",
    confidence="low",
    reads=("private", FLAG, f"{CODES}.CodeValue"),
    reference="PS3.15 E.3.10",
    applies=Selector(when=lambda instance: _retains(instance) and bool(_safe_blocks(instance))),
)
def safe_removed(instance: InstanceFacts) -> Iterator[Finding]:
    """Known-safe private elements were removed under a claim of keeping them.

    Why it matters
    --------------
    The option is there so that images stay usable: without a scale slope or a b-value some
    cannot be processed any more. Who reads 113111 expects them.

    How to fix
    ----------
    De-identify anew with a tool that knows PS3.15 Table E.3.10-1; or do not claim 113111, and
    remove the private creator with the block that it reserves.

    Command
    -------
    duckdb -c "SELECT collection, tag_path, count, example FROM 'OUT/findings/*.parquet'
    WHERE rule = 'PRIV103'"

    Example
    -------
    The private creator `Philips MR Imaging DD 001` of group 2005, and none of its elements.
    """
    for path, group in _safe_blocks(instance):
        holds = any(block.path == path and block.holds for block in instance.private_blocks())
        if not holds:
            yield Finding(f"its block is empty, and {len(group)} elements of it are safe", path)


def _safe_blocks(instance: InstanceFacts) -> list[tuple[TagPath, frozenset[str]]]:
    """Return the reserved blocks whose creator has known-safe elements in that group."""
    return [
        (block.path, safe)
        for block in instance.private_blocks()
        if is_known_creator(block.creator)
        and (
            safe := frozenset(
                step for step in safe_elements(block.creator) if step[:4] == f"{block.group:04X}"
            )
        )
    ]


_KINDS = (
    ("text", "AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT"),
    ("integers", "AT SL SS SV UL US UV"),
    ("reals", "FD FL OD OF"),
    ("bytes", "OB OL OV OW"),
    ("a sequence", "SQ"),
)
_KIND = {vr: kind for kind, vrs in _KINDS for vr in vrs.split()}


def _kinds(element: PrivateElement) -> tuple[str | None, str | None]:
    """Return the kinds of the VR that is written and of the one in the dictionary."""
    entry = element.entry
    return _KIND.get(element.vr), _KIND.get(entry.vr if entry else "")


@rule(
    id="PRIV201",
    category="private",
    severity="info",
    confidence="low",
    reads=("private",),
    reference="PS3.5 6.2",
    applies=Selector(when=lambda instance: any(each.vr for each in instance.private())),
)
def other_vr(instance: InstanceFacts) -> Iterator[Finding]:
    """A private element has a VR of another kind than the public dictionary says.

    Why it matters
    --------------
    Software that goes by the dictionary reads text as numbers, or numbers as bytes. Either the
    file was converted by software that guessed, or the vendor changed the element and the
    dictionary does not know.

    How to fix
    ----------
    Compare with the vendor's conformance statement. Correct the VR if a conversion broke it.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: dataset.add_new(TAG, "VR", VALUE)
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    An element with VR OB that the dictionary has as DS. One text for another, or one integer
    for another, is not reported.
    """
    for element in instance.private():
        here, there = _kinds(element)
        if here and there and here != there:
            yield Finding(f"holds {here}, and should hold {there} by the dictionary", element.path)


@rule(
    id="PRIV202",
    category="private",
    severity="info",
    confidence="high",
    reads=("private",),
    reference="PS3.5 6.2.2",
    applies=Selector(when=lambda instance: any(each.vr for each in instance.private())),
)
def unknown_vr(instance: InstanceFacts) -> Iterator[Finding]:
    """A private element has VR UN although a public dictionary knows its VR.

    Why it matters
    --------------
    What is in it cannot be read without a dictionary, nor searched for names. Software that
    converts implicit to explicit VR without one leaves it so.

    How to fix
    ----------
    Convert anew with software that has a private dictionary: pydicom's
    `convert_private_tags`-like look-up, DCMTK with `private.dic`.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: elements = list(dataset.iterall())
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    (0019,xx23) of `GEMS_ACQU_01` with VR UN; by the dictionary it is DS.
    """
    for element in instance.private():
        entry = element.entry
        if element.vr == "UN" and entry and entry.vr:
            yield Finding(f"has VR UN, and is {entry.vr} by the dictionary", element.path)


BLOB_LIMIT = 1 << 18
"""Bytes of a private value that are searched for identifiers."""

_OPAQUE = frozenset({"OB", "OW", "UN"})

_NAMED = re.compile(
    rb"(?P<key>Patients?[_ ]?(?:Name|ID|Birth[_ ]?(?:Date|Day))|Institution[_ ]?(?:Name|Address)|"
    rb"(?:Operator|Physician)s?[_ ]?Name)[\"'>\s:={]{1,12}(?P<value>[^\"'<>{}\x00\r\n]{2,64})",
    re.IGNORECASE,
)
"""What protocols inside private elements are written in: XProtocol, ASCCONV, XML and JSON."""

_WORDS = tuple(
    spelling
    for word in (b"Patient", b"Institution", b"Operator", b"Physician")
    for spelling in (word, word.lower(), word.upper())
)
"""What a key begins with. Looked for one by one: that is many times faster than a pattern."""

_FAMILY = re.compile(rb"[A-Z][A-Za-z'.-]{2,40}\Z")
_GIVEN = re.compile(rb"\^[A-Z][A-Za-z'. -]{2,40}")
"""A name by PS3.5 6.2 in the midst of bytes: long enough not to be there by chance."""

HITS_LIMIT = 1024
"""Places in one value that are looked at for the sake of one word, or of a caret."""

_CSA_TAGS = ("PatientsName", "PatientName", "OperatorsName", "InstitutionName")


@judge(
    name="private_identifier",
    applies=lambda place: place.is_private and not place.is_creator and place.vr != "SQ",
)
def private_identifier(element: Element) -> str | None:
    """What identifies somebody in a private element: by its VR, or in the midst of its bytes."""
    place, value = element.place, element.value
    if place.vr in _OPAQUE:
        entry = private_entry(place.creator, place.tag)
        vr = entry.vr if entry else ""
        if vr not in ("PN", "DA", "DT") and not (vr and vr not in _OPAQUE):
            return _in_blob(value[:BLOB_LIMIT])
    else:
        vr = place.vr
        entry = private_entry(place.creator, place.tag) if vr in ("LO", "SH", "ST", "LT") else None
        if entry and entry.vr == "PN":
            vr = "PN"
    if vr == "PN":
        return "a person's name" if looks_like_a_name(element.text) else None
    if vr in ("DA", "DT"):
        return "a date" if looks_like_a_birth_date(element.text) else None
    return None


def _in_blob(value: bytes) -> str | None:
    for at in _places(value, b"^"):
        given = _GIVEN.match(value, at)
        family = _FAMILY.search(value, max(0, at - 41), at) if given else None
        if given and family and looks_like_a_name((family[0] + given[0]).decode("latin-1")):
            return "a person's name"
    named = False
    for word in _WORDS:
        for at in _places(value, word):
            named = True
            match = _NAMED.match(value, at)
            found = match and _by_key(
                match["key"].decode().lower(), match["value"].decode("latin-1")
            )
            if found:
                return found
    if named:
        for name, texts in csa_values(value, _CSA_TAGS).items():
            for text in texts:
                found = _by_key(name.lower(), text)
                if found:
                    return found
    return None


def _places(value: bytes, word: bytes) -> Iterator[int]:
    at = value.find(word)
    for _ in range(HITS_LIMIT):
        if at < 0:
            return
        yield at
        at = value.find(word, at + len(word))


def _by_key(key: str, text: str) -> str | None:
    text = text.strip()
    if "birth" in key:
        return "a birth date" if looks_like_a_birth_date(text) else None
    if key.endswith("id"):
        return "a patient's number" if looks_like_a_record_number(text) else None
    if key.startswith("institution"):
        named = sum(map(str.isalpha, text)) > 3 and not stands_for_nobody(text)
        return "an institution's name" if named else None
    return "a person's name" if looks_like_a_name(text) else None


@rule(
    id="PRIV203",
    category="private",
    severity="error",
    confidence="medium",
    reads=("judge:private_identifier", "private"),
    reference="PS3.15 E.3.10",
    applies=_HAS_PRIVATE,
)
def holds_identifiers(instance: InstanceFacts) -> Iterator[Finding]:
    """A private element holds what identifies a person.

    Why it matters
    --------------
    Private elements hold copies of what the public ones say, and protocols with all that was
    typed at the scanner, inside of bytes that no header editor shows.

    How to fix
    ----------
    Remove the element. If the rest of it is needed, have the vendor's software write it
    without the identifiers.

    Command
    -------
    dcmodify -nb -ea "TAG" FILE

    Example
    -------
    A name beside the key of a patient's name in a protocol inside (0029,xx20) of
    `SIEMENS CSA HEADER`, or with a caret in the midst of bytes. What is compressed or
    encrypted cannot be looked into, and bytes behind the first quarter of a megabyte are not.
    """
    for path, verdict in instance.judged("private_identifier"):
        if verdict != "a date":
            yield Finding(f"holds what looks like {verdict}", path)


@rule(
    id="PRIV204",
    category="private",
    severity="warning",
    confidence="medium",
    reads=("judge:private_identifier", FLAG, f"{CODES}.CodeValue", "private"),
    reference="PS3.15 E.3.6",
    applies=Selector(
        when=lambda instance: (
            instance.text(FLAG) == "YES"
            and bool(instance.private())
            and not any(
                item.text("CodeValue") in ("113106", "113107") for item in instance.items(CODES)
            )
        )
    ),
)
def holds_dates(instance: InstanceFacts) -> Iterator[Finding]:
    """A private element holds a date although no option retains dates.

    Why it matters
    --------------
    A date in a private element tells when the patient was examined, also after the public
    dates were shifted or removed; together they tell by how much.

    How to fix
    ----------
    Remove the element, or claim and apply one of the options for longitudinal temporal
    information (113106, 113107) to it as well.

    Command
    -------
    dcmodify -nb -ea "TAG" FILE

    Example
    -------
    A full date in (0009,xx3B) of `GEMS_PETD_01`, and codes without 113106 and 113107.
    """
    for path, verdict in instance.judged("private_identifier"):
        if verdict == "a date":
            yield Finding("holds a date, and no option retains dates", path)


@summary(
    name="private",
    category="private",
    reads=("private", "judge:private_identifier"),
    applies=_HAS_PRIVATE,
)
def whose_and_what(instance: InstanceFacts) -> Iterator[tuple[str, ...]]:
    """Whose private elements an object has, what is known of them, and what is in them.

    Rows: ``object``; ``objects``, creator; ``standing``, creator, name of a `Standing`, for
    each element; ``found``, creator, what was found in an element or is wrong with it.
    """
    yield ("object",)
    for creator in sorted({element.creator or NO_CREATOR for element in instance.private()}):
        yield "objects", creator
    for element in instance.private():
        creator = element.creator or NO_CREATOR
        yield "standing", creator, element.standing.name
        here, there = _kinds(element)
        if here and there and here != there:
            yield "found", creator, "other_vr"
        elif element.vr == "UN" and element.entry and element.entry.vr:
            yield "found", creator, "unread"
    for path, verdict in instance.judged("private_identifier"):
        creator = creator_in(path)
        if creator:
            yield "found", creator, "dates" if verdict == "a date" else "identifiers"


@summary(
    name="safe_private",
    category="private",
    reads=("private", FLAG, f"{CODES}.CodeValue"),
    applies=Selector(when=_retains),
    joined=True,
)
def known_safe(instance: InstanceFacts) -> Iterator[tuple[str, ...]]:
    """Whose known-safe private elements an object has that claims to keep them.

    Rows: ``claims``; ``private``, if it has any private element, safe or not; ``kept``, group and
    creator.
    """
    yield ("claims",)
    if instance.private():
        yield ("private",)
    yield from sorted(
        {
            ("kept", f"{element.group:04X}", element.creator)
            for element in instance.private()
            if element.standing is Standing.SAFE and len(element.path.steps) == 1
        }
    )


_CLAIMS = (
    "SELECT SeriesInstanceUID, SOPClassUID, signature, path FROM instances "
    "JOIN counted USING (signature) WHERE summary = 'safe_private' AND said = 'claims'"
)
_CLAIMING = f"{_CLAIMS} AND SeriesInstanceUID IS NOT NULL"
_KEPT = (
    "SELECT SeriesInstanceUID, SOPClassUID, said, count(*) AS have, min(path) AS path "
    f"FROM ({_CLAIMING}) JOIN counted USING (signature) "
    "WHERE summary = 'safe_private' AND starts_with(said, 'kept|') GROUP BY ALL"
)
_SIZES = f"SELECT SeriesInstanceUID, SOPClassUID, count(*) AS size FROM ({_CLAIMING}) GROUP BY ALL"
# Half of a series is not a few odd images of it that never had them.
_LOST = (
    f"SELECT * FROM ({_KEPT}) JOIN ({_SIZES}) USING (SeriesInstanceUID, SOPClassUID) "
    "WHERE have < size AND 2 * have >= size"
)


_JUDGED = (
    f"SELECT SeriesInstanceUID FROM ({_KEPT}) "
    f"JOIN ({_SIZES}) USING (SeriesInstanceUID, SOPClassUID) WHERE size > 1"
)
# Of an object whose header is cut short the summary says nothing: it may have them, or not.
_OTHERS = (
    "SELECT count(*) > 1 AND count(*) FILTER (signature IN (SELECT signature FROM counted "
    "WHERE summary = 'safe_private' AND said = 'private')) > 0 AS unlisted, "
    "SeriesInstanceUID IN (SELECT SeriesInstanceUID FROM instances JOIN counted USING (signature) "
    "WHERE summary = 'safe_private' AND said = '') AS cut_short "
    f"FROM ({_CLAIMING}) WHERE SeriesInstanceUID NOT IN ({_JUDGED}) GROUP BY SeriesInstanceUID"
)


def _comparable(collection: CollectionFacts) -> Units:
    """Return the series to judge.

    A series of one object cannot differ in itself, and one without any private element has none
    that some objects kept: of them there is nothing to look at.
    """
    judged = collection.count(f"SELECT count(DISTINCT SeriesInstanceUID) FROM ({_JUDGED})")
    failed = collection.count(f"SELECT count(DISTINCT SeriesInstanceUID) FROM ({_LOST})")
    nameless = collection.count(f"SELECT count(*) FROM ({_CLAIMS}) WHERE SeriesInstanceUID IS NULL")
    [(others, unlisted, cut_short)] = collection.rows(
        "SELECT count(*) FILTER (unlisted OR cut_short), count(*) FILTER (unlisted), "
        f"count(*) FILTER (cut_short) FROM ({_OTHERS})"
    )
    reasons = {
        "series whose private elements are none that are known to be safe": unlisted,
        "series with objects that could not be looked at": cut_short,
        "objects without a Series Instance UID": nameless,
    }
    reason = "; ".join(said for said, count in reasons.items() if count)
    return Units(judged, others + nameless, reason, failed)


@rule(
    id="PRIV104",
    category="private",
    severity="warning",
    confidence="low",
    scope="collection",
    unit="series",
    reads=(
        "instances.SeriesInstanceUID",
        "instances.SOPClassUID",
        "instances.signature",
        "instances.path",
        "counted.signature",
        "counted.summary",
        "counted.said",
    ),
    reference="PS3.15 E.3.10",
    applies=_comparable,
)
def removed_from_some(collection: CollectionFacts) -> Iterator[Finding]:
    """Known-safe private elements are kept in some objects of a series, and not in others.

    Why it matters
    --------------
    What one slice needs to be scaled or reconstructed, its neighbours need, too: software that
    takes it from the first reads the others wrong, or refuses the series.

    How to fix
    ----------
    De-identify the series anew, all of it with one configuration. If the scanner wrote them into
    some images only, nothing is wrong.

    Command
    -------
    duckdb -c "SELECT collection, tag_path, count, example FROM 'OUT/findings/*.parquet'
    WHERE rule = 'PRIV104'"

    Example
    -------
    113111, and known-safe elements of `Philips MR Imaging DD 001` in 90 of 100 images of a
    series. A private creator whose block was emptied is PRIV103; what was removed from all
    objects nobody can see.
    """
    for series, said, kept, path in collection.rows(
        f"SELECT SeriesInstanceUID, said, path, (SELECT min(path) FROM ({_CLAIMING}) AS other "
        "WHERE other.SeriesInstanceUID = lost.SeriesInstanceUID AND "
        "other.SOPClassUID IS NOT DISTINCT FROM lost.SOPClassUID AND other.signature NOT IN "
        "(SELECT signature FROM counted WHERE summary = 'safe_private' AND said = lost.said)) "
        f"FROM ({_LOST}) AS lost ORDER BY path, said"
    ):
        _, group, creator = said.split("|", 2)
        yield Finding(
            f"safe elements of {creator} in group {group} are in some objects and not in others",
            examples=(kept, path),
            series=series,
        )
