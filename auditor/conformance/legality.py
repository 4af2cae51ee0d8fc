"""Whether a value is legal for its VR (PS3.5 6.2), as pydicom and so dicom-validator find."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def _values(one: str) -> re.Pattern[bytes]:
    # Possessive: a way back for each of a million values would take 95 times their bytes.
    return re.compile(rf"(?:{one})(?:\\(?:{one}))*+\Z".encode())


_DAY = r"(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])"
_HOUR = r"(?:[01]\d|2[0-3])"
_CLOCK = rf"{_HOUR}(?:[0-5]\d(?:(?:60|[0-5]\d)(?:\.\d{{1,6}})?)?)?"
_PRINTABLE = r"[\x20-\x5B\x5D-\x7E]"

SURELY_LEGAL: dict[str, re.Pattern[bytes]] = {
    "AE": _values(_PRINTABLE + "{0,16}"),
    "AS": _values(r"\d\d\d[DWMY]"),
    "CS": _values("[A-Z0-9 _]{0,16}"),
    "DA": _values(rf"\d{{4}}{_DAY}"),
    "DS": _values(r"(?=[^\\]{1,16}(?:\\|\Z))[+\-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+\-]?\d{1,2})?"),
    "DT": _values(rf"\d{{4}}(?:{_DAY}(?:{_CLOCK})?)?"),
    "IS": _values(r"[+\-]?\d{1,9}"),
    "LO": _values(_PRINTABLE + "{0,64}"),
    "LT": re.compile(rb"[\t\n\f\r\x20-\x7E]{0,10240}\Z"),
    "SH": _values(_PRINTABLE + "{0,16}"),
    "ST": re.compile(rb"[\t\n\f\r\x20-\x7E]{0,1024}\Z"),
    "TM": _values(_CLOCK),
    "UI": _values(r"(?=[^\\]{1,64}(?:\\|\Z))(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))*"),
    "UR": re.compile(rb"[A-Za-z_\d:/?#\[\]@!$&'()*+,;=%\-.~]*\Z"),
}
"""What pydicom surely finds legal: most values there are. It decides on all others."""


def value_is_legal(vr: str, value: bytes, encodings: tuple[str, ...]) -> bool:
    """Say whether pydicom finds every value of an element legal for its VR (PS3.5 6.2).

    Texts only: of PN, UC, UT, and all VRs that are not text pydicom checks nothing.

    Parameters
    ----------
    vr
        VR as written; by PS3.6 in implicit VR and where UN is written.
    value
        The element's bytes, little endian, padding included.
    encodings
        Values of Specific Character Set (0008,0005) in force; empty for the default.
    """
    surely = SURELY_LEGAL.get(vr)
    if surely is None:
        return True
    if len(value) <= PIECE:
        return _is_legal(vr, value, encodings)
    if vr in _ONE_VALUE:
        # No character of a legal one takes so many bytes; of UR alone there is no longest.
        return vr == "UR" and bool(surely.match(value.rstrip(b" ")))
    return all(
        len(piece) <= 2 * PIECE and _is_legal(vr, piece, encodings) for piece in pieces(value)
    )


def _is_legal(vr: str, value: bytes, encodings: tuple[str, ...]) -> bool:
    # pydicom takes no NUL for padding in these two.
    stripped = value.rstrip(b" " if vr in ("AE", "UR") else b" \0")
    if not stripped or SURELY_LEGAL[vr].match(stripped):
        return True
    with lenient():
        return _pydicom_finds_legal(vr, value, encodings)


PIECE = 1 << 16
"""Bytes of a value that are judged at once: patterns take many times what they look at."""

_ONE_VALUE = frozenset({"LT", "ST", "UR", "UT"})
"""VRs in which a backslash is a character like others (PS3.5 6.2)."""


def pieces(value: bytes) -> Iterator[bytes]:
    """Cut what may be millions of values where one ends, into pieces of `PIECE` bytes or more."""
    start = 0
    while len(value) - start > PIECE and (stop := value.find(b"\\", start + PIECE)) >= 0:
        yield value[start:stop]
        start = stop + 1
    yield value[start:]


LONGEST = {"AE": 16, "AS": 4, "CS": 16, "DA": 8, "DS": 16, "DT": 26, "IS": 12, "LO": 64} | {
    "LT": 10240, "SH": 16, "ST": 1024, "TM": 16, "UI": 64
}  # fmt: skip
"""By VR, the characters that a value has at most (PS3.5 table 6.2-1)."""

_NO_SHORTER = frozenset({"AS", "DA"})
"""VRs whose values all have one length."""


def fault_of(vr: str, value: bytes, encodings: tuple[str, ...]) -> str:
    """Say what is wrong with a value that is not legal: ``length`` or ``characters``; else "".

    Parameters
    ----------
    vr, value, encodings
        As for `value_is_legal`.
    """
    if value_is_legal(vr, value, encodings):
        return ""
    wrong = any(_has_other_length(vr, len(part.strip(b" \0"))) for part in _parts(vr, value))
    return "length" if wrong else "characters"


def _parts(vr: str, value: bytes) -> Iterator[bytes]:
    """Yield the values of an element one by one: there may be millions."""
    if vr in _ONE_VALUE:
        yield value
        return
    for piece in pieces(value):
        yield from piece.split(b"\\")


def decoded_faults(vr: str, value: Any) -> set[str]:
    """Return what is wrong with the values of an element that is not legal, as `fault_of`."""
    from pydicom.multival import MultiValue

    values = value if isinstance(value, (MultiValue, list)) else [value]
    return {
        "length" if _has_other_length(vr, len(str(one))) else "characters"
        for one in values
        if not decoded_is_legal(vr, one)
    }


def _has_other_length(vr: str, length: int) -> bool:
    longest = LONGEST.get(vr)
    return longest is not None and (
        length > longest or (vr in _NO_SHORTER and 0 < length < longest)
    )


def _pydicom_finds_legal(vr: str, value: bytes, encodings: tuple[str, ...]) -> bool:
    from pydicom.charset import convert_encodings
    from pydicom.dataelem import RawDataElement, convert_raw_data_element
    from pydicom.tag import BaseTag

    # The tag says nothing but to pydicom's messages, which nobody sees.
    raw = RawDataElement(BaseTag(0x00080000), vr, len(value), value, 0, False, True)
    try:
        encoding = convert_encodings(list(encodings))
    except (AttributeError, LookupError, TypeError, ValueError):
        # A character set that Python cannot even look up: the text cannot be judged legal.
        return False
    element = convert_raw_data_element(raw, encoding=encoding)
    return decoded_is_legal(vr, element.value)


def decoded_is_legal(vr: str, value: Any) -> bool:
    """Say what dicom-validator makes of a decoded value, in its own way."""
    from pydicom import config
    from pydicom.multival import MultiValue
    from pydicom.valuerep import validate_value

    if value is None or (isinstance(value, str) and not value):
        return True
    for one in value if isinstance(value, (MultiValue, list)) else [value]:
        try:
            validate_value(vr, str(one) if vr in ("DS", "IS") else one, config.RAISE)
        except ValueError:
            return False
    return True


@contextmanager
def lenient() -> Iterator[None]:
    """Quiet pydicom, and let it take UN for UN: what is read is judged as it is written."""
    from pydicom import config

    from auditor.reading.fallback import lenient as quiet

    before = config.replace_un_with_known_vr
    with quiet():
        config.replace_un_with_known_vr = False
        try:
            yield
        finally:
            config.replace_un_with_known_vr = before
