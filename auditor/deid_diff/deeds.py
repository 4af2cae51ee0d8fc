"""What was done to each element of an object, and whether the claim asks for that."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import islice

from auditor.reading.places import PIXEL_TAGS, Element, Place, Token, decode
from auditor.standard.confidentiality import METHODS, Asked, Method, asked_at
from auditor.standard.dictionary import tag_of
from auditor.standard.private import DEIDENTIFIERS, Standing, standing


class Done(StrEnum):
    """What became of an element."""

    KEPT = "kept"
    REMOVED = "removed"
    EMPTIED = "emptied"
    REPLACED = "replaced"
    SHIFTED = "shifted"
    REMAPPED = "remapped"
    ADDED = "added"


class Verdict(StrEnum):
    """Whether the released object's claim asks for what was done."""

    DISAGREES = "not as claimed"
    UNJUDGED = "cannot be judged"
    MILDER = "other than claimed, nothing kept"
    AS_CLAIMED = "as claimed"
    UNASKED = "the claim says nothing of it"


ORDER = list(Verdict)
"""The worst first."""

_BEST_FIRST = (Verdict.AS_CLAIMED, Verdict.UNJUDGED, Verdict.MILDER, Verdict.DISAGREES)

BEGINNING = 1980
"""Year before which nobody was imaged with DICOM."""

EMPTY, DUMMY, MOMENT, VALUE = "empty", "dummy", "moment", "value"
"""What a value visibly is; `MOMENT` is a date or time that looks true."""

STANDARD_ROOT = "1.2.840.10008."
"""Of UIDs that the standard registers: they stand for no object."""

_IDS = frozenset(
    {
        "AccessionNumber",
        "FillerOrderNumberImagingServiceRequest",
        "OtherPatientIDs",
        "PlacerOrderNumberImagingServiceRequest",
    }
)
_NO_IDS = frozenset({"CodingSchemeExternalID", "DetectorID", "DeviceID", "GantryID"})

_UID = re.compile(r"[0-9]+(?:\.[0-9]+)+")

PATIENT_ID = tag_of("PatientID")
CODES = tag_of("DeidentificationMethodCodeSequence")
FLAG = tag_of("PatientIdentityRemoved")
CHARACTER_SET = tag_of("SpecificCharacterSet")
DESCRIBED = tag_of("PrivateDataElementCharacteristicsSequence")
ICON = tag_of("IconImageSequence")

# What the release says of itself: it is not asked for element by element.
_SAID = frozenset(
    tag_of(keyword)
    for keyword in (
        "PatientIdentityRemoved",
        "DeidentificationMethod",
        "DeidentificationMethodCodeSequence",
        "BurnedInAnnotation",
        "RecognizableVisualFeatures",
        "LongitudinalTemporalInformationModified",
        "PrivateDataElementCharacteristicsSequence",
    )
)

DATES = "birth dates"
IDENTITY = {"PatientName": "names", "PatientID": "IDs", "PatientBirthDate": DATES}
"""Attributes that say who the patient is, and what they hold."""

Tag = int | tuple[int, str]
"""Of a private element: without the block number, with the private creator (PS3.5 7.8.1)."""

Key = tuple["Container", Tag]
Container = tuple[()] | tuple[Key, int]
"""Where an element stands: in which item of which sequence; () for the data set itself."""


def sequence_of(key: Key) -> Key | None:
    """Return the sequence in one of whose items an element stands; None at the top level."""
    return key[0][0] if len(key[0]) == 2 else None


@dataclass(slots=True)
class Flat:
    """The elements of one object by where they stand, outer ones before inner ones.

    Attributes
    ----------
    starts
        At what number among the elements a sequence is.
    items
        How many items it has.
    encodings
        Defined terms of Specific Character Set in force in an item.
    """

    elements: dict[Key, Token] = field(default_factory=dict)
    starts: dict[Key, int] = field(default_factory=dict)
    items: dict[Key, int] = field(default_factory=dict)
    encodings: dict[Container, tuple[str, ...]] = field(default_factory=dict)

    def text(self, container: Container, tag: int) -> str:
        """Return the value of an element as text, "" if there is none."""
        token = self.elements.get((container, tag))
        return decode(token.value or b"", self.encodings[container]).strip() if token else ""

    def below(self, sequence: Key) -> list[tuple[Tag, bytes]]:
        """Return what is in a sequence, at every depth, without padding."""
        inside: set[Key | None] = {sequence}
        found = []
        for key, token in islice(self.elements.items(), self.starts[sequence], None):
            if sequence_of(key) not in inside:
                break
            inside.add(key)
            found.append((key[1], (token.value or b"").rstrip(b" \0")))
        return found


def flatten(tokens: Iterable[Token]) -> Flat:
    """Gather the elements that a flat signature stands for; private creators are left out."""
    flat = Flat()
    containers: dict[Place | None, Container] = {}
    flat.encodings[()] = ()
    for token in tokens:
        place = token.place
        container = containers.get(place.parent, ())
        key: Key = (container, _tag(place))
        if token.is_item:
            number = flat.items.get(key, 0)
            flat.items[key] = number + 1
            inner: Container = (key, number)
            containers[place] = inner
            flat.encodings[inner] = flat.encodings[container]
        elif not (place.is_creator or token.is_verdict or _is_length(place.tag)):
            flat.elements[key] = token
            if place.vr == "SQ":
                flat.starts[key] = len(flat.elements)
            elif place.tag == CHARACTER_SET and token.value is not None:
                terms = token.value.rstrip(b" \0").decode("latin-1").split("\\")
                flat.encodings[container] = tuple(term.strip() for term in terms)
    return flat


def _is_length(tag: int) -> bool:
    # Group lengths (PS3.5 7.2) say nothing of what is in a group.
    return tag & 0xFFFF == 0


def _tag(place: Place) -> Tag:
    tag = place.tag
    return (tag & 0xFFFF00FF, place.creator) if tag >> 16 & 1 else tag


@dataclass(frozen=True, slots=True)
class Claim:
    """What a released object says of its own de-identification.

    Attributes
    ----------
    sop_class
        Its SOP Class UID.
    codes
        Codes of CID 7050; none if it claims no profile that can be looked up.
    is_assumed
        Whether no code is given, and the Basic Profile is taken as rule DEID320 does.
    describes
        Whether it describes private elements of its own.
    """

    sop_class: str
    codes: frozenset[str]
    is_assumed: bool
    describes: bool


def claim_of(flat: Flat, sop_class: str) -> Claim:
    """Return what an object claims."""
    value, scheme = tag_of("CodeValue"), tag_of("CodingSchemeDesignator")
    codes: set[str] = set()
    sequence: Key = ((), CODES)
    for number in range(flat.items.get(sequence, 0)):
        item: Container = (sequence, number)
        code = flat.text(item, value)
        if code in METHODS and flat.text(item, scheme) == "DCM":
            codes.add(code)
    flag = flat.text((), FLAG)
    if flag == "NO":
        codes.clear()
    is_assumed = flag == "YES" and not flat.items.get(sequence)
    if is_assumed:
        codes = {Method.BASIC_PROFILE}
    return Claim(sop_class, frozenset(codes), is_assumed, ((), DESCRIBED) in flat.elements)


@dataclass(slots=True, eq=False)
class Deed:
    """What was done at one place, under one claim; one object for many instances.

    Attributes
    ----------
    path
        Tag path.
    keyword
        Of a public attribute.
    vr
        As it was.
    asked
        What Table E.1-1 asks for; None if it has no row, or nothing is claimed.
    done
        What became of it; for a date that `SHIFTED` until all dates of a patient are known.
    days, to
        By how many days a date was moved, and the day it was moved to; None where that is not
        the question. Never shown: it leads back to the true date.
    temporal
        Whether it is a date or time that an option retains (PS3.15 E.3.6).
    standing
        Of a private element: what is publicly known of it.
    only_refers
        Whether it is a sequence of references by UID.
    is_whole
        Whether it is a sequence that is judged with all that is in it.
    """

    path: str
    keyword: str
    vr: str
    asked: frozenset[str] | None
    done: Done
    before: str
    after: str
    days: int | None
    to: int | None
    temporal: bool
    standing: Standing | None
    claim: Claim
    only_refers: bool
    is_whole: bool

    def verdict(self, done: Done) -> Verdict:
        """Tell whether the claim asks for `done`."""
        if self.asked is None:
            return Verdict.UNASKED
        if not self.claim.codes:
            return Verdict.UNJUDGED
        if done is Done.ADDED:
            return Verdict.UNASKED
        if self.standing is not None:
            return self._private(done)
        # Where the type of an attribute is not known, each may be the right action.
        verdicts = [self._public(action, done) for action in self.asked]
        return min(verdicts, key=_BEST_FIRST.index)

    def _private(self, done: Done) -> Verdict:
        retains = Method.RETAIN_SAFE_PRIVATE in self.claim.codes
        kept = done is Done.KEPT and self.before != EMPTY
        if self.standing is Standing.SAFE and retains:
            return Verdict.AS_CLAIMED if done is Done.KEPT else Verdict.MILDER
        if done is Done.REMOVED:
            return Verdict.AS_CLAIMED
        if retains and self.claim.describes:
            return Verdict.UNJUDGED
        return Verdict.DISAGREES if kept else Verdict.MILDER

    def _public(self, action: str, done: Done) -> Verdict:
        kept = done is Done.KEPT
        if kept and self.before == DUMMY and self.keyword == "PatientBirthDate":
            # Some are born on the first of January: only a value that was put there is a dummy.
            return Verdict.UNJUDGED
        if kept and self.before in (EMPTY, DUMMY) and action != "X":
            return Verdict.AS_CLAIMED
        if action == "K":
            return self._retained(done)
        if action == "C":
            return self._cleaned(done)
        if kept:
            gone = self.before in (EMPTY, DUMMY) or self.only_refers or self._is_registered
            return Verdict.MILDER if gone else Verdict.DISAGREES
        if done is Done.SHIFTED:
            # A date that was moved still tells intervals, which takes an option to retain.
            return Verdict.DISAGREES if action == "X" else Verdict.UNJUDGED
        wanted = {
            "X": {Done.REMOVED},
            "Z": {Done.EMPTIED, Done.REPLACED, Done.REMAPPED},
            "D": {Done.REPLACED, Done.REMAPPED},
            "U": {Done.REMAPPED},
        }[action]
        return Verdict.AS_CLAIMED if done in wanted else Verdict.MILDER

    def _retained(self, done: Done) -> Verdict:
        if done is Done.KEPT or self.before == EMPTY:
            return Verdict.AS_CLAIMED
        # What the claim says to be the original's and is another value misleads.
        altered = done in (Done.SHIFTED, Done.REMAPPED) or (
            done is Done.REPLACED and self.after != DUMMY
        )
        return Verdict.DISAGREES if altered and self.vr != "SQ" else Verdict.MILDER

    def _cleaned(self, done: Done) -> Verdict:
        if done is not Done.KEPT:
            return Verdict.AS_CLAIMED
        # A date that was to be modified is the same; a time of day may stay beside it.
        if self.before == MOMENT and self.temporal and self.vr in ("DA", "DT"):
            return Verdict.DISAGREES
        return Verdict.UNJUDGED

    @property
    def leaves_identity(self) -> bool:
        """Whether a name, an ID or a birth date of the patient is there as it was, and no dummy.

        Of a kept birth date nobody can tell that it is one.
        """
        if self.done is not Done.KEPT or self.keyword not in IDENTITY:
            return False
        return self.before != EMPTY and (self.before != DUMMY or IDENTITY[self.keyword] == DATES)

    @property
    def leaves_dummy(self) -> bool:
        """Whether a name or an ID of the patient is there as it was, and looks like a dummy."""
        is_kept = self.done is Done.KEPT and self.before == DUMMY
        return is_kept and IDENTITY.get(self.keyword, DATES) != DATES

    @property
    def _is_registered(self) -> bool:
        return self.before == "registered"


@dataclass(slots=True)
class Mapped:
    """One value of an identifier before and after.

    Attributes
    ----------
    keyword
        Of the attribute; "" for a UID in a private element.
    is_uid
        Whether it is a UID; else it is the id of a patient, a study or the like.
    """

    keyword: str
    is_uid: bool
    before: bytes
    after: bytes


class Comparer:
    """Compares pairs of objects; what is the same as in the pair before is not judged again.

    Parameters
    ----------
    look
        Says what a value visibly is: the judge `confidentiality` of the rules.
    """

    LIMIT = 200_000
    """Deeds remembered."""

    def __init__(self, look: Callable[[Element], str | None]) -> None:
        self._look = look
        self._known: dict[tuple[object, ...], Deed | None] = {}

    def forget(self) -> None:
        """Forget what is remembered: the tokens that it goes by are made anew."""
        self._known.clear()

    def compare(self, old: Flat, new: Flat, claim: Claim) -> tuple[set[Deed], list[Mapped]]:
        """Return what was done to the elements of one object, and its ids before and after."""
        if len(self._known) > self.LIMIT:
            self.forget()
        deeds = set(self._new(old, new, claim))
        mapped: list[Mapped] = []
        gone: set[Key | None] = set()  # sequences that are no more
        whole: set[Key | None] = set()  # sequences that are judged as one
        for key, before in old.elements.items():
            around = sequence_of(key)
            if around in gone:
                gone.add(key)
                continue
            if around in whole:
                whole.add(key)
            if _is_told_apart(before.place):
                continue
            if key in new.elements:
                mapped += _mapped(before.place, before, new.elements[key])
            if before.place.vr == "SQ" and not new.items.get(key):
                gone.add(key)
            deed = None if around in whole else self._deed(key, old, new, claim)
            if deed is not None:
                deeds.add(deed)
                if deed.is_whole:
                    whole.add(key)
        return deeds, mapped

    def _new(self, old: Flat, new: Flat, claim: Claim) -> Iterator[Deed]:
        """Yield what is only in the release; what is in a new sequence came with it."""
        for key, after in new.elements.items():
            around = sequence_of(key)
            if key in old.elements or (around is not None and around not in old.elements):
                continue
            if not _is_told_apart(after.place):
                deed = self._plain(after, Done.ADDED, claim, EMPTY)
                if deed is not None:
                    yield deed

    def _deed(self, key: Key, old: Flat, new: Flat, claim: Claim) -> Deed | None:
        container = key[0]
        before, after = old.elements[key], new.elements.get(key)
        if before.place.vr == "SQ":
            asked = _asked(before.place, claim)
            whole = asked is not None and not _goes_on(asked, before.place, claim)
            done = _done_to_items(key, old, new, whole=whole)
            return self._plain(before, done, claim, VALUE if old.items.get(key) else EMPTY)
        encodings = old.encodings[container], new.encodings.get(container, ())
        known = (before, after, encodings, claim)
        if known not in self._known:
            done = self._done(before, after, encodings)
            looks = self._seen(before, encodings[0]), self._seen(after, encodings[1])
            if done is Done.KEPT and looks[0] == DUMMY and _tells_when(before):
                looks = MOMENT, MOMENT
            days, to = _moved(before, after) if done in (Done.KEPT, Done.SHIFTED) else (None, None)
            self._known[known] = _deed(before.place, claim, done, looks, days, to)
        return self._known[known]

    def _plain(self, token: Token, done: Done, claim: Claim, look: str) -> Deed | None:
        """Return the deed of a sequence, or of something new: it has no two values."""
        known = (token, done, claim, look)
        if known not in self._known:
            self._known[known] = _deed(token.place, claim, done, (look, look), None, None)
        return self._known[known]

    def _seen(self, token: Token | None, encodings: tuple[str, ...]) -> str:
        """Return what a value visibly is."""
        if token is None or token.empty:
            return EMPTY
        place = token.place
        if place.vr == "UI":
            values = _values(token)
            return "registered" if all(each.startswith(STANDARD_ROOT) for each in values) else VALUE
        if place.is_private:
            return VALUE
        said = self._look(Element(place, token.value or b"", encodings))
        return {"empty": EMPTY, "replaced": DUMMY, "moment": MOMENT}.get(said or "", VALUE)

    def _done(
        self,
        before: Token,
        after: Token | None,
        encodings: tuple[tuple[str, ...], tuple[str, ...]],
    ) -> Done:
        place = before.place
        if after is None:
            return Done.REMOVED
        if before.empty:
            return Done.KEPT if after.empty else Done.ADDED
        if after.empty:
            return Done.EMPTIED
        if _is_same(before, after, encodings):
            return Done.KEPT
        if place.vr == "UI":
            legal = all(map(_UID.fullmatch, _values(after)))
            return Done.REMAPPED if legal else Done.REPLACED
        if _is_id(place):
            return Done.REMAPPED
        moved = _moved(before, after)[0]
        if moved and self._seen(after, encodings[1]) != DUMMY:
            return Done.SHIFTED
        return Done.REPLACED


def _deed(
    place: Place,
    claim: Claim,
    done: Done,
    looks: tuple[str, str],
    days: int | None,
    to: int | None,
) -> Deed | None:
    asked = _asked(place, claim)
    if asked is None and place.tag >> 16 == 2:
        return None  # of the file, which is another one
    options = asked.row.options if asked else {}
    return Deed(
        path=str(place.path),
        keyword=place.keyword,
        vr=place.vr,
        asked=asked.actions if asked else None,
        done=done,
        before=looks[0],
        after=looks[1],
        days=days,
        to=to,
        temporal=Method.RETAIN_MODIFIED_DATES in options,
        standing=standing(place.creator, place.tag) if place.is_private else None,
        claim=claim,
        only_refers=asked is not None and _only_refers(asked, place),
        is_whole=asked is not None and place.vr == "SQ" and not _goes_on(asked, place, claim),
    )


def _is_told_apart(place: Place) -> bool:
    """Whether an element is compared in another way, or not at all."""
    outermost = place
    while outermost.parent is not None and outermost.parent.parent is not None:
        outermost = outermost.parent
    at_top = outermost is place
    return (
        outermost.tag in _SAID
        or outermost.tag == CHARACTER_SET
        or (at_top and place.tag in PIXEL_TAGS)
        or place.creator in DEIDENTIFIERS
    )


def _only_refers(asked: Asked, place: Place) -> bool:
    return place.vr == "SQ" and set(asked.row.options) == {Method.RETAIN_UIDS}


def _goes_on(asked: Asked, place: Place, claim: Claim) -> bool:
    """Whether what is in a sequence is judged by itself.

    What is in one that is to be removed, emptied or replaced goes with it; references stay in
    one that holds nothing else, if the UIDs in them are replaced.
    """
    return not claim.codes or _only_refers(asked, place) or bool(asked.actions & {"K", "C"})


def _asked(place: Place, claim: Claim) -> Asked | None:
    if place.tag == ICON and Method.CLEAN_PIXEL_DATA in claim.codes:
        return None  # an icon may have been cleaned as the image was
    return asked_at(claim.sop_class, place.path, claim.codes)


def _done_to_items(key: Key, old: Flat, new: Flat, *, whole: bool) -> Done:
    """Return what was done to a sequence; its items may be judged one by one, or as a whole."""
    if key not in new.elements:
        return Done.REMOVED
    before, after = old.items.get(key, 0), new.items.get(key, 0)
    if not before:
        return Done.ADDED if after else Done.KEPT
    if not after:
        return Done.EMPTIED
    if whole and (key not in new.starts or old.below(key) != new.below(key)):
        return Done.REPLACED
    return Done.KEPT


def _is_same(
    before: Token, after: Token, encodings: tuple[tuple[str, ...], tuple[str, ...]]
) -> bool:
    one, other = before.value or b"", after.value or b""
    if not before.place.is_text or (one == other and one.isascii()):
        return one == other
    texts = [
        decode(value, terms).strip() for value, terms in zip((one, other), encodings, strict=True)
    ]
    if before.place.vr in ("DS", "IS"):
        return _numbers(texts[0]) == _numbers(texts[1])
    return texts[0] == texts[1]


def _numbers(text: str) -> list[float | str]:
    """Return numbers, however they are written."""
    found: list[float | str] = []
    for part in text.split("\\"):
        try:
            found.append(float(part))
        except ValueError:
            found.append(part.strip())
    return found


def _values(token: Token) -> list[str]:
    return [part.strip(" \0") for part in (token.value or b"").decode("latin-1").split("\\")]


def _dates(token: Token) -> list[date]:
    """Return the dates in a value of DA or DT; none if one of them is none."""
    if token.place.vr not in ("DA", "DT"):
        return []
    try:
        return [
            date(int(text[:4]), int(text[4:6]), int(text[6:8]))
            for text in (part.replace(".", "") for part in _values(token))
        ]
    except ValueError:
        return []


def _tells_when(token: Token) -> bool:
    """Whether a date or time of the original may be a true one.

    In one file the first of January and a full hour are taken for dummies. In the original
    people are examined on that day and at that hour too, and what was kept was not put there.
    A birth date is told apart, see `Deed`; the first of January of a year before DICOM, and
    midnight, are what a device writes that knows none.
    """
    if token.place.keyword == "PatientBirthDate":
        return False
    if token.place.vr == "TM":
        times = (value.replace(":", "").replace(".", "") for value in _values(token))
        return any(time.isdecimal() and time.strip("0") for time in times)
    return any(day.year >= BEGINNING or (day.month, day.day) != (1, 1) for day in _dates(token))


def _moved(before: Token, after: Token | None) -> tuple[int | None, int | None]:
    """Return by how many days all dates in a value were moved, and the day of the first now.

    None where there are none, or where they were moved by different numbers of days.
    """
    pairs = _dates(before), _dates(after) if after is not None else []
    if not pairs[0] or len(pairs[0]) != len(pairs[1]):
        return None, None
    days = {(new - old).days for old, new in zip(*pairs, strict=True)}
    return (days.pop(), pairs[1][0].toordinal()) if len(days) == 1 else (None, None)


def _is_id(place: Place) -> bool:
    keyword = place.keyword
    return keyword in _IDS or (keyword.endswith("ID") and keyword not in _NO_IDS)


def _mapped(place: Place, before: Token, after: Token) -> Iterator[Mapped]:
    """Yield the ids of an element before and after, where both are there."""
    if before.empty or after.empty or not (place.vr == "UI" or _is_id(place)):
        return
    values = _values(before), _values(after)
    if len(values[0]) != len(values[1]):
        return
    for old, new in zip(*values, strict=True):
        if place.vr == "UI" and (old.startswith(STANDARD_ROOT) or new.startswith(STANDARD_ROOT)):
            continue
        if old and new:
            yield Mapped(
                place.keyword, place.vr == "UI", old.encode("latin-1"), new.encode("latin-1")
            )
