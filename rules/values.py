"""Values as they are encoded: UIDs, dates and times, and text in its declared character set."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Sequence

from auditor import (
    Element,
    Finding,
    InstanceFacts,
    Place,
    Selector,
    Undecided,
    comparison,
    judge,
    rule,
)
from auditor.conformance.legality import pieces, value_is_legal

# -- Unique identifiers ----------------------------------------------------------------------

_UID = re.compile(rb"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))*")
# Most UIDs, as they were before they get a second look: no root of the standard's or of UUIDs.
_PLAIN = re.compile(rb"1\.(?!2\.840\.10008\.)(?:[0-9]|[123][0-9])(?:\.(?:0|[1-9][0-9]*))+\0?")
_OURS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
_STANDARDS = b"1.2.840.10008."

_UID_FAULTS = {
    "long": "a UID has more than 64 characters",
    "characters": "a UID holds something else than numbers with a point between them",
    "zeros": "a component of a UID begins with a zero",
    "root": "a UID begins with a root that does not exist",
    "uuid": "a UID of the root for UUIDs is larger than a UUID",
    "standard": "an instance has a UID of the standard's own root",
}


@judge(name="uid", applies=lambda place: place.vr == "UI" and not place.is_private)
def uid(element: Element) -> str | None:
    """Say what is wrong with a UID (PS3.5 9.1, annex B): the first fault of its first bad value."""
    if len(element.value) <= 64 and _PLAIN.fullmatch(element.value):
        return None
    for value in element.value.split(b"\\"):
        fault = _uid_fault(value.rstrip(b"\0"), element.place.keyword)
        if fault:
            return fault
    return None


def _uid_fault(value: bytes, keyword: str) -> str | None:
    if not value:
        return None
    if len(value) > 64:
        return "long"
    if not _UID.fullmatch(value):
        return "zeros" if re.fullmatch(rb"[0-9]+(?:\.[0-9]+)*", value) else "characters"
    arcs = value.split(b".", 3)
    # ISO/IEC 8824: three roots, of which the first two have forty branches.
    if arcs[0] not in (b"0", b"1", b"2") or len(arcs) < 2:
        return "root"
    if arcs[0] != b"2" and int(arcs[1]) >= 40:
        return "root"
    if arcs[:2] == [b"2", b"25"] and len(arcs) > 2 and int(arcs[2]) >> 128:
        return "uuid"
    taken = keyword in _OURS and value.startswith(_STANDARDS) and not _is_well_known(value)
    return "standard" if taken else None


def _is_well_known(value: bytes) -> bool:
    """Whether PS3.6 registers a UID: palettes and such are instances of the standard's own."""
    from pydicom.uid import UID

    known = UID(value.decode("ascii"))
    return known.name != known


@rule(
    id="IOD031",
    category="iod",
    severity="error",
    confidence="high",
    reads=("judge:uid",),
    reference="PS3.5 9.1, 6.2, B",
)
def uid_not_valid(instance: InstanceFacts) -> Iterator[Finding]:
    """A UID is not valid.

    Why it matters
    --------------
    Archives, and links between objects, hang on UIDs. A database may cut one that is too long
    or read away a leading zero, and then the link leads nowhere, or to another object.

    How to fix
    ----------
    Replace the UID everywhere in the collection by a valid one, by one mapping: at most 64
    characters, numbers without leading zeros with points between them, of a root that is
    registered; without one of your own, 2.25 and a UUID as a number. The File Meta Information
    has those of the data set; Implementation Class UID (0002,0012) is the one of the program that
    writes the file, so of the one that writes it anew.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: uids = [e for e in dataset.iterall() if e.VR == "UI" and e.value == "UID"]
    pydicom: for e in uids: e.value = generate_uid(entropy_srcs=["SECRET", e.value])
    pydicom: dataset.file_meta.pop("ImplementationClassUID", None)
    pydicom: dataset.save_as("NEW-FILE", enforce_file_format=True)

    Example
    -------
    An old Study Instance UID with a time of day as a component: 1.2.3.0930.
    """
    for path, fault in instance.judged("uid"):
        yield Finding(_UID_FAULTS[fault], path)


# -- Dates and times -------------------------------------------------------------------------

_DAY = rb"[12]\d{3}(?:0[1-9]|1[0-2])(?:0[1-9]|1\d|2[0-8])"
_CLOCK = rb"(?:[01]\d|2[0-3])(?:[0-5]\d){2}(?:\.\d{1,6})?"
# Most values, as they were before they get a second look.
_SURELY = {
    "DA": re.compile(_DAY),
    "DT": re.compile(_DAY + rb"(?:" + _CLOCK + rb" ?)?"),
    "TM": re.compile(_CLOCK + rb" ?"),
}
_DATE = re.compile(rb" *(\d{4})(\d\d)(\d\d)")
_OFFSET = re.compile(rb"[ \d.]{4,22}([+-]\d{4}) *\Z")
_ZONE = re.compile(rb"(?<=\d)[+-]\d{4}[ \0]*\Z")

_DATE_FAULTS = {
    "form": "a date or time has a form, or a number in it, that its VR does not allow",
    "range": "a range of dates or times, as only a query has one",
    "day": "a date is no day of the calendar",
    "offset": "the time zone of a date and time is none on Earth",
}


@judge(name="date", applies=lambda place: place.vr in _SURELY and not place.is_private)
def date(element: Element) -> str | None:
    """Say what is wrong with a date or time (PS3.5 6.2): the first fault of its first bad value."""
    vr, value = element.place.vr, element.value
    if _SURELY[vr].fullmatch(value):
        return None
    if not value_is_legal(vr, value, ()):
        return "form"
    # One by one: there may be millions.
    faults = (_date_fault(vr, each) for piece in pieces(value) for each in piece.split(b"\\"))
    return next(filter(None, faults), None)


def _date_fault(vr: str, value: bytes) -> str | None:
    # What is legal has a hyphen only between two values, but for a time zone in DT.
    if b"-" in (value if vr != "DT" else _ZONE.sub(b"", value)):
        return "range"
    if vr == "TM":
        return None
    if match := _DATE.match(value):
        year, month, day = map(int, match.groups())
        if not 1 <= month <= 12 or not 1 <= day <= monthrange(year or 2000, month)[1]:
            return "day"
    if offset := _OFFSET.match(value):
        hours_and_minutes = int(offset[1])
        if (
            not -1200 <= hours_and_minutes <= 1400
            or abs(hours_and_minutes) % 100 > 59
            or offset[1] == b"-0000"  # RFC 2822 has it for local time; PS3.5 6.2 has not
        ):
            return "offset"
    return None


@rule(
    id="IOD038",
    category="iod",
    severity="error",
    confidence="high",
    reads=("judge:date",),
    reference="PS3.5 6.2",
)
def date_not_valid(instance: InstanceFacts) -> Iterator[Finding]:
    """A date or time is none.

    Why it matters
    --------------
    A database takes another day for a 30 February, or refuses the object; intervals between
    examinations are then wrong. Software reads different things from a time with colons.

    How to fix
    ----------
    Write dates as YYYYMMDD and times as HHMMSS, without points and colons, with the true value of
    the source; a range (20230101-20230131) is for queries, an object has one value. A tool that
    moves dates must do so by the calendar: add days to a date, never to the number in it.

    Command
    -------
    dcmodify -nb -m "TAG=VALUE" FILE

    Example
    -------
    Study Date is a 31 April, or written as 2023.04.30.
    """
    for path, fault in instance.judged("date"):
        yield Finding(_DATE_FAULTS[fault], path)


# -- UIDs of what an object is in ------------------------------------------------------------

_ENTITIES = {
    0x0020000D: "study",
    0x0020000E: "series",
    0x00200052: "frame of reference",
}
"""By tag, what a UID of the top level names.

Not SOP Instance UID: it differs from object to object, and what looks at it is asked for each.
"""


@comparison(
    name="entity_uids",
    applies=lambda place: (
        place.tag in _ENTITIES and place.parent is not None and place.parent.parent is None
    ),
)
def entity_uids(elements: Sequence[Element]) -> Iterator[tuple[Place, str]]:
    """Which UIDs of study, series and frame of reference are one: ``as the series``."""
    named: dict[bytes, str] = {}
    for element in elements:
        uid = element.value.rstrip(b" \0")
        if not uid:
            continue
        name = _ENTITIES[element.place.tag]
        if uid in named:
            yield element.place, f"as the {named[uid]}"
        elif named:
            yield element.place, "its own"
        named.setdefault(uid, name)


@rule(
    id="IOD035",
    category="iod",
    severity="warning",
    confidence="high",
    reads=("judge:entity_uids",),
    reference="PS3.5 9",
    applies=Selector(when=lambda instance: bool(instance.judged("entity_uids"))),
)
def one_uid_for_several(instance: InstanceFacts) -> Iterator[Finding]:
    """One UID names several things: study, series or frame of reference.

    Why it matters
    --------------
    A UID identifies one thing. A database that keeps studies and series by UID
    overwrites one with another, and a link cannot say which of them it means.

    How to fix
    ----------
    Give each a UID of its own, by one mapping over the whole collection.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: dataset[TAG].value = generate_uid(entropy_srcs=["SECRET", "TAG", dataset[TAG].value])
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    A study of one series, whose Series Instance UID is the Study Instance UID.
    """
    for path, said in instance.judged("entity_uids"):
        if said != "its own":
            yield Finding(f"the same UID {said}", path)


# -- Character sets --------------------------------------------------------------------------

_TEXTS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""VRs that Specific Character Set is for (PS3.5 6.1.2.3)."""

_CODECS = {
    "100": "latin_1",
    "101": "iso8859_2",
    "109": "iso8859_3",
    "110": "iso8859_4",
    "126": "iso8859_7",
    "127": "iso8859_6",
    "138": "iso8859_8",
    "144": "iso8859_5",
    "148": "iso8859_9",
    "166": "iso8859_11",
    "203": "iso8859_15",
}
"""By number in ISO-IR, the codec of a set of single bytes (PS3.3 C.12.1.1.2)."""

_MULTI_BYTE = {"ISO_IR 192": "utf-8", "GB18030": "gb18030", "GBK": "gbk"}
"""Sets that stand alone: without code extensions (PS3.3 C.12.1.1.2)."""

_DEFAULT = frozenset({"", "ISO_IR 6", "ISO 2022 IR 6"})
_EXTENSIONS = frozenset(
    f"ISO 2022 IR {number}" for number in ("6", "13", "58", "87", "149", "159", *_CODECS)
)
_TERMS = (
    _DEFAULT
    | _EXTENSIONS
    | frozenset(_MULTI_BYTE)
    | {"ISO_IR 13", *(f"ISO_IR {number}" for number in _CODECS)}
)

_DELIMITERS = re.compile(rb"[\\^=\n\f\r\t]")


@judge(
    name="character-set",
    applies=lambda place: place.vr in _TEXTS or place.tag == 0x00080005,
)
def character_set(element: Element) -> str | None:
    """Say what is wrong with text beyond ASCII, or with what declares its character set.

    ``undeclared``, ``undecodable``, ``escape`` of a text, ``cannot say`` where the declared
    set is none of the standard's; ``unknown``, ``alone``, ``extension`` of Specific Character
    Set itself.
    """
    value: bytes = element.value
    if element.place.tag == 0x00080005:
        terms = value.rstrip(b" \0").decode("latin-1").split("\\")
        return _declaration(tuple(term.strip() for term in terms))
    if value.isascii() and 0x1B not in value:
        return None
    return _text_fault(value.rstrip(b" \0"), element.encodings)


def _declaration(terms: tuple[str, ...]) -> str | None:
    if not _TERMS.issuperset(terms):
        return "unknown"
    if len(terms) > 1:
        if not set(_MULTI_BYTE).isdisjoint(terms):
            return "alone"
        if not set(terms) - _DEFAULT <= _EXTENSIONS:
            return "extension"
    return None


def _text_fault(value: bytes, terms: tuple[str, ...]) -> str | None:
    terms = terms or ("",)
    if _declaration(terms):
        return "cannot say"
    first = terms[0]
    if len(terms) == 1 and first not in _EXTENSIONS - _DEFAULT:
        if 0x1B in value:
            return "escape"
        return _simple_fault(value, first)
    # What comes before an escape sequence, again after each delimiter, is in the first set.
    for part in _DELIMITERS.split(value):
        start = part.partition(b"\x1b")[0]
        if not start.isascii() and (fault := _simple_fault(start, first)):
            return fault
    return _escape_fault(value, terms)


def _simple_fault(value: bytes, term: str) -> str | None:
    """Judge a text without escape sequences."""
    if term in _DEFAULT:
        return None if value.isascii() else "undeclared"
    number = term.rpartition(" ")[2]
    if number == "13":
        # JIS X 0201: katakana in one half of the table, nothing else in it (PS3.5 6.1.2.2).
        return None if all(byte < 0x80 or 0xA1 <= byte <= 0xDF for byte in value) else "undecodable"
    codec = _MULTI_BYTE.get(term) or _CODECS.get(number)
    if codec is None:
        # Sets that are reached by escape sequences only: before one, there is ASCII.
        return None if value.isascii() else "undeclared"
    # 0x80 to 0x9F are no characters in the sets of single bytes (PS3.5 6.1.2.1).
    if term not in _MULTI_BYTE and any(0x80 <= byte < 0xA0 for byte in value):
        return "undecodable"
    try:
        value.decode(codec)
    except UnicodeDecodeError:
        return "undecodable"
    return None


def _escape_fault(value: bytes, terms: tuple[str, ...]) -> str | None:
    if 0x1B not in value:
        return None
    if any(term.endswith(" 203") for term in terms):
        return "cannot say"  # newer than the decoder
    from pydicom.charset import convert_encodings, decode_bytes

    from auditor.reading.fallback import strict

    with strict():
        try:
            decode_bytes(value, convert_encodings(list(terms)), set(b"\\^=\n\f\r\t"))
        except UnicodeError:
            return "undecodable"
        except (LookupError, ValueError):
            return "escape"
    return None


_FAULTS = {
    "undecodable": "text that is none in the declared character set",
    "escape": "text with an escape sequence to a character set that is not declared",
    "unknown": "Specific Character Set names none of the standard's character sets",
    "alone": "Specific Character Set adds others to a set that stands alone",
    "extension": "Specific Character Set names several sets, and one that is not for that",
}


@rule(
    id="IOD032",
    category="iod",
    severity="error",
    confidence="high",
    reads=("judge:character-set",),
    reference="PS3.3 C.12.1.1.2, PS3.5 6.1.2.2",
)
def character_set_not_declared(instance: InstanceFacts) -> Iterator[Finding]:
    """There is text beyond ASCII, and no character set is declared for it.

    Why it matters
    --------------
    Every reader guesses another set: names come out wrong, searches do not find them, and
    tools that look for identifiers in text do not recognise them.

    How to fix
    ----------
    Find out which set the software used that wrote the text, and declare it in Specific
    Character Set (0008,0005); or convert the text to UTF-8 and declare ISO_IR 192.

    Command
    -------
    dcmodify -nb -i "(0008,0005)=CHARACTER-SET" FILE

    Example
    -------
    A name with an umlaut in ISO 8859-1, and no (0008,0005).
    """
    for path, fault in instance.judged("character-set"):
        if fault == "undeclared":
            yield Finding("text beyond ASCII, and no character set is declared for it", path)


@rule(
    id="IOD033",
    category="iod",
    severity="error",
    confidence="high",
    reads=("judge:character-set",),
    reference="PS3.3 C.12.1.1.2, PS3.5 6.1.2.2, 6.1.2.5",
)
def text_of_another_character_set(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """Text is not in the character set that is declared.

    Why it matters
    --------------
    A strict reader stops at it; a lenient one shows other characters than were meant, or
    drops them.

    How to fix
    ----------
    Find out which set the text is in and declare that one. Software that anonymises or merges
    objects often writes UTF-8 beneath a declaration of another set.

    Command
    -------
    dcmodify -nb -m "(0008,0005)=CHARACTER-SET" FILE

    Example
    -------
    ISO_IR 192 (UTF-8) is declared and a name is in ISO 8859-1; ISO_IR 100 is declared and
    there is an escape sequence.
    """
    for path, fault in instance.judged("character-set"):
        if fault in _FAULTS:
            yield Finding(_FAULTS[fault], path)
        elif fault == "cannot say":
            yield Undecided("text in a character set that nobody knows how to read")
