"""The conformance referees: whether a data set is what its SOP Class says it is (PS3.3, PS3.4).

What a referee is shown is a stand-in: the structure of the data set without its values. A
verdict therefore depends on the structure alone, may be given once for all data sets that
share it, and cannot leak a value. The structure is the sequence, item by item, of

- tag path and VR (as written; by PS3.6 in implicit VR and where UN is written),
- whether the value is empty: a text of nothing but spaces and NULs is,
- whether a text is legal for its VR: `value_is_legal`,
- the value itself where a condition reads it: `tags_read_by_value`.

Private elements, group lengths and elements from (7FE0,0000) on are not part of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from auditor.model import TagPath, format_tag
from auditor.reading.walker import known_vr
from auditor.standard.dictionary import entry_of
from auditor.standard.iods import (
    IodTable,
    packaged_iods,
    packaged_tags_read_by_value,
)

if TYPE_CHECKING:
    import pydicom
    from pydicom.dataelem import DataElement, RawDataElement
    from pydicom.tag import BaseTag

KINDS = {
    "missing": "a Type 1 or 2 attribute is missing",
    "incomplete_module": "a Type 1 or 2 attribute of a module that need not be there is missing",
    "empty": "a Type 1 attribute is empty",
    "not_allowed": "an attribute is present where its condition forbids it",
    "unexpected": "an attribute is in no module of the IOD",
    "enumerated_value": "a value is none of the enumerated values",
    "invalid_value": "a value is not legal for its VR",
    "functional_group": "a functional group is in the wrong sequence, or in both",
}


@dataclass(frozen=True, slots=True, order=True)
class IodError:
    """One thing that a referee found wrong; never with a value.

    Parameters
    ----------
    kind
        One of `KINDS`.
    tag_path
        Items are not numbered.
    module
        Module or functional group macro that asks for it; "" where none does.
    type
        ``1``, ``1C``, ``2``, ``2C``, ``3``, or "".
    """

    kind: str
    tag_path: TagPath
    module: str
    type: str


@dataclass(frozen=True, slots=True)
class RefereeReport:
    """What a referee says of one data set.

    Parameters
    ----------
    status
        ``judged``, ``unknown_sop_class`` (retired or private), ``no_sop_class``, ``error``.
        Only ``judged`` without errors is a pass.
    errors
        Sorted and distinct.
    reason
        In plain words, why there is no verdict.
    """

    status: str
    errors: tuple[IodError, ...] = ()
    reason: str = ""


class DicomValidatorReferee:
    """Judges by dicom-validator, in memory and silently.

    Parameters
    ----------
    table
        The edition of the standard to judge by; the packaged one by default.
    """

    name = "dicom-validator"

    def __init__(self, table: IodTable | None = None) -> None:
        from importlib.metadata import version

        self._table = table or packaged_iods()
        self.edition: str = self._table.edition
        self.version: str = version("dicom-validator")

    def judge(self, dataset: pydicom.Dataset) -> RefereeReport:
        """Judge one data set; never raises, never changes it."""
        try:
            with _lenient():
                return self._judge(dataset)
        except Exception as error:  # noqa: BLE001 - what is judged is hostile
            return RefereeReport("error", (), f"dicom-validator stopped: {type(error).__name__}")

    def _judge(self, dataset: pydicom.Dataset) -> RefereeReport:
        sop_class = sop_class_of(dataset)
        if not sop_class:
            return RefereeReport("no_sop_class", (), "there is no SOP Class UID")
        if sop_class not in self._table.iods:
            return RefereeReport(
                "unknown_sop_class", (), f"PS3.3 {self.edition} has no IOD for the SOP Class"
            )
        shown = StandIn(self._table.tags_read_by_value(sop_class)).of(dataset)
        shown.SOPClassUID = sop_class
        iod = self._table.iods[sop_class]
        errors = {
            error
            for error, case in _validate(self._table, iod, shown)
            if not any(holds(error, case) for _, holds in HELD_BACK)
        }
        return RefereeReport("judged", tuple(sorted(errors)))


def tags_read_by_value(sop_class_uid: str) -> frozenset[int]:
    """Return tags whose value the verdict of the packaged edition can depend on.

    At any depth of an object of that SOP Class; empty if the edition has no IOD for it.
    """
    return packaged_tags_read_by_value().get(sop_class_uid, frozenset())


def sop_class_of(dataset: pydicom.Dataset) -> str:
    """Return the SOP Class UID without padding, or "" if it is missing or not one UID."""
    element = dataset.get_item(0x00080016) if 0x00080016 in dataset else None
    value = None if element is None else element.value
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return value.strip(" \0") if isinstance(value, str) else ""


# -- Is a value legal for its VR? ---------------------------------------------------------


def _values(one: str) -> re.Pattern[bytes]:
    return re.compile(rf"(?:{one})(?:\\(?:{one}))*\Z".encode())


_DAY = r"(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])"
_HOUR = r"(?:[01]\d|2[0-3])"
_CLOCK = rf"{_HOUR}(?:[0-5]\d(?:(?:60|[0-5]\d)(?:\.\d{{1,6}})?)?)?"
_PRINTABLE = r"[\x20-\x5B\x5D-\x7E]"

_SURELY_LEGAL: dict[str, re.Pattern[bytes]] = {
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
    surely = _SURELY_LEGAL.get(vr)
    if surely is None:
        return True
    # pydicom takes no NUL for padding in these two.
    stripped = value.rstrip(b" " if vr in ("AE", "UR") else b" \0")
    if not stripped or surely.match(stripped):
        return True
    with _lenient():
        return _pydicom_finds_legal(vr, value, encodings)


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
    return _legal(vr, element.value)


def _legal(vr: str, value: Any) -> bool:
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
def _lenient() -> Iterator[None]:
    """Let pydicom take values as they are, silently; its settings are put back.

    Its log records and warnings hold values.
    """
    import logging
    import warnings

    from pydicom import config

    logger = logging.getLogger("pydicom")
    before = (
        config.settings.reading_validation_mode,
        config.replace_un_with_known_vr,
        logger.disabled,
    )
    config.settings.reading_validation_mode = config.IGNORE
    config.replace_un_with_known_vr, logger.disabled = False, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        config.settings.reading_validation_mode = before[0]
        config.replace_un_with_known_vr, logger.disabled = before[1:]


# -- What the referee is shown -------------------------------------------------------------

_LEGAL: dict[str, Any] = {
    "AS": "001Y",
    "AT": 0,
    "DA": "20000101",
    "DS": "0",
    "DT": "2000",
    "IS": "0",
    "TM": "00",
    "UI": "0",
    **dict.fromkeys(("FD", "FL"), 0.0),
    **dict.fromkeys(("SL", "SS", "SV", "UL", "US", "UV"), 0),
    **dict.fromkeys(("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"), "X"),
}
"""By VR, a value that is legal; of any other VR, bytes."""

_ILLEGAL = {"LO": "X" * 65, "LT": "X" * 10241, "SH": "X" * 17, "ST": "X" * 1025, "AE": "X" * 17}
"""By VR, a text that is not legal; of any other VR, a quotation mark."""

TEXT_VRS = frozenset(_SURELY_LEGAL) | {"PN", "UC", "UT"}


class StandIn:
    """Makes data sets that have the structure of others and none of their values.

    Parameters
    ----------
    read_by_value
        Tags whose values are kept.
    """

    def __init__(self, read_by_value: frozenset[int]) -> None:
        self._read_by_value = read_by_value

    def of(self, dataset: pydicom.Dataset) -> pydicom.Dataset:
        """Return the stand-in of a data set. Of items with one structure, only one is in it."""
        return self._of(dataset, ())[0]

    def _of(
        self, dataset: pydicom.Dataset, encodings: tuple[str, ...]
    ) -> tuple[pydicom.Dataset, _Structure]:
        from pydicom import Dataset

        shown = Dataset()
        structure: list[object] = []
        if 0x00080005 in dataset:
            encodings = _terms(dataset.get_item(0x00080005))
        for tag in sorted(dataset.keys()):
            if tag.is_private or tag.element == 0 or not 0x0004_0000 <= tag < 0x7FE0_0000:
                continue
            element, its = self._element(dataset, tag, encodings)
            structure.append((int(tag), its))
            shown.add(element)
        return shown, tuple(structure)

    def _element(
        self, dataset: pydicom.Dataset, tag: BaseTag, encodings: tuple[str, ...]
    ) -> tuple[DataElement, _Structure]:
        from pydicom import Sequence
        from pydicom.dataelem import DataElement, RawDataElement

        element = dataset.get_item(tag)
        vr = known_vr(int(tag), str(element.VR or ""))
        if isinstance(element, RawDataElement):
            raw, value = element, element.value or b""
            if vr == "SQ":
                # What is in an unknown is in implicit VR (PS3.5 6.2.2 note 4).
                implicit = raw.is_implicit_VR or raw.VR == "UN"
                element = _convert(raw._replace(is_implicit_VR=implicit), vr, encodings)
            else:
                empty = not (value.strip(b" \0") if vr in TEXT_VRS else value)
                if empty or tag not in self._read_by_value:
                    return _without_value(tag, vr, empty, value_is_legal(vr, value, encodings))
                return _with_value(raw, vr, encodings), (vr, value)
        if vr != "SQ" and not isinstance(element.value, Sequence):
            held = element.value
            if isinstance(held, bytes) and vr in TEXT_VRS:
                empty, legal = not held.strip(b" \0"), value_is_legal(vr, held, encodings)
            else:
                empty, legal = held is None or held in ("", b""), _legal(vr, held)
            if empty or tag not in self._read_by_value:
                return _without_value(tag, vr, empty, legal or vr not in TEXT_VRS)
            return element, (vr, repr(held))
        distinct: dict[_Structure, pydicom.Dataset] = {}
        for item in element.value or ():
            shown, structure = self._of(item, encodings)
            distinct.setdefault(structure, shown)
        return DataElement(tag, "SQ", Sequence(list(distinct.values()))), ("SQ", *distinct)


_Structure = tuple[object, ...]


def _terms(element: DataElement | RawDataElement) -> tuple[str, ...]:
    value = element.value
    if isinstance(value, bytes):
        value = value.rstrip(b" \0").decode("latin-1").split("\\")
    values = [value] if isinstance(value, str) else value or ()
    return tuple(str(term).strip() for term in values)


def _convert(raw: RawDataElement, vr: str, encodings: tuple[str, ...]) -> DataElement:
    from pydicom.charset import convert_encodings
    from pydicom.dataelem import convert_raw_data_element

    encoding = convert_encodings(list(encodings))
    return convert_raw_data_element(raw._replace(VR=vr), encoding=encoding)


def _with_value(raw: RawDataElement, vr: str, encodings: tuple[str, ...]) -> DataElement:
    from pydicom.dataelem import DataElement

    try:
        return _convert(raw, vr, encodings)
    except Exception:  # noqa: BLE001
        # Bytes that are no number: present, and equal to nothing.
        return DataElement(raw.tag, "UN", b"?", already_converted=True)


def _without_value(
    tag: BaseTag, vr: str, empty: bool, legal: bool
) -> tuple[DataElement, _Structure]:
    from pydicom.dataelem import DataElement

    value: Any
    if empty:
        value = "" if vr in TEXT_VRS else None
    elif legal:
        value = _LEGAL.get(vr, b"?")
    else:
        value = _ILLEGAL.get(vr, '"')
    return DataElement(tag, vr, value, already_converted=True), (vr, empty, legal)


# -- What dicom-validator says, and what of it is held back ----------------------------------


@dataclass(frozen=True, slots=True)
class _Case:
    """All that decides whether an error is held back."""

    table: IodTable
    iod: dict[str, Any]
    shown: pydicom.Dataset
    scope: str


_SHARED, _PER_FRAME = "(5200,9229)", "(5200,9230)"

_IN_ANY_ITEM = frozenset(
    format_tag(tag)
    for tag in (
        0x00080005,  # Specific Character Set, PS3.3 C.12.1.1.2
        0x4FFE0001,  # MAC Parameters Sequence, PS3.3 C.12.1.1.3
        0xFFFAFFFA,  # Digital Signatures Sequence, the same
        0xFFFCFFFC,  # Data Set Trailing Padding, PS3.10 7.2
    )
)


def _is_retired(error: IodError, _case: _Case) -> bool:
    return error.kind == "unexpected" and entry_of(_last_tag(error)).retired


def _stands_in_any_item(error: IodError, _case: _Case) -> bool:
    return error.kind == "unexpected" and error.tag_path.steps[-1] in _IN_ANY_ITEM


def _is_in_a_repeating_group(error: IodError, _case: _Case) -> bool:
    return error.kind == "unexpected" and _last_tag(error) >> 24 in (0x50, 0x60)


def _is_in_a_module_of_the_iod(error: IodError, case: _Case) -> bool:
    if error.kind != "unexpected" or len(error.tag_path.steps) > 1:
        return False
    tag = _last_tag(error)
    references = (module["ref"] for module in case.iod["modules"].values())
    return any(tag in case.table.top_tags(reference) for reference in references)


def _has_no_macros_to_compare_with(error: IodError, case: _Case) -> bool:
    steps = error.tag_path.steps
    return (
        error.kind == "unexpected"
        and not case.iod["group_macros"]
        and steps[0] in (_SHARED, _PER_FRAME)
        and len(steps) == 2
    )


def _is_not_in_both(error: IodError, case: _Case) -> bool:
    if case.scope != "BothFuncGroups":
        return False
    tag = _last_tag(error)
    return not all(
        any(tag in item for sequence in _at(case.shown, (group,)) for item in sequence.value)
        for group in (_SHARED, _PER_FRAME)
    )


HELD_BACK: tuple[tuple[str, Callable[[IodError, _Case], bool]], ...] = (
    ("a retired attribute may stay where an earlier edition had it (PS3.6 6)", _is_retired),
    ("the attribute may stand in any data set and any item", _stands_in_any_item),
    ("of a repeating group dicom-validator knows the first only", _is_in_a_repeating_group),
    (
        "dicom-validator skips optional modules that have no attribute to themselves, and then "
        "does not expect what they have",
        _is_in_a_module_of_the_iod,
    ),
    ("the table lacks the functional group macros of this IOD", _has_no_macros_to_compare_with),
    (
        "dicom-validator takes a required macro without an error for one in both sequences, "
        "also when it is in one and optional in the other",
        _is_not_in_both,
    ),
)
"""Known false errors of dicom-validator: why each is one, and how it is told."""


def _last_tag(error: IodError) -> int:
    step = error.tag_path.steps[-1]
    return int(step[1:5] + step[6:10], 16)


def _at(dataset: pydicom.Dataset, steps: tuple[str, ...]) -> Iterator[DataElement]:
    tag = int(steps[0][1:5] + steps[0][6:10], 16)
    if tag not in dataset:
        return
    if len(steps) == 1:
        yield dataset[tag]
    elif dataset[tag].VR == "SQ":
        for item in dataset[tag].value:
            yield from _at(item, steps[1:])


_KIND_OF_CODE = {
    "TagMissing": "missing",
    "TagEmpty": "empty",
    "TagUnexpected": "unexpected",
    "TagNotAllowed": "not_allowed",
    "EnumValueNotAllowed": "enumerated_value",
    "InvalidValue": "invalid_value",
    "InvalidSequence": "invalid_value",
}


def _validate(
    table: IodTable, iod: dict[str, Any], shown: pydicom.Dataset
) -> Iterator[tuple[IodError, _Case]]:
    from dicom_validator.validator.dicom_info import DicomInfo
    from dicom_validator.validator.error_handler import NullValidationResultHandler
    from dicom_validator.validator.iod_validator import IODValidator
    from dicom_validator.validator.validation_result import Status

    class Validator(IODValidator):
        def _tag_matches(self, tag_value: Any, operator: Any, values: list[Any]) -> bool:
            # A value of a kind that cannot be compared (bytes, an item) equals nothing.
            try:
                return bool(super()._tag_matches(tag_value, operator, values))
            except Exception:  # noqa: BLE001
                return False

    info = DicomInfo({}, table.iods, table.modules)
    result = Validator(shown, info, error_handler=NullValidationResultHandler()).validate()
    if result.status not in (Status.Passed, Status.Failed):
        raise RuntimeError(result.status.name)
    for module, errors in result.module_errors.items():
        for place, error in errors.items():
            path = TagPath(tuple(format_tag(tag) for tag in (*(place.parents or ()), place.tag)))
            scope = error.scope.name
            kind = _KIND_OF_CODE[error.code.name]
            if kind == "not_allowed" and scope != "General":
                kind = "functional_group"
            elif kind == "missing" and len(path.steps) == 1 and _may_be_absent(iod, module):
                kind = "incomplete_module"
            attribute_type = str(getattr(error.type, "value", error.type))
            yield (
                IodError(
                    kind,
                    path,
                    "" if module == "General" else module,
                    "" if attribute_type == "Undefined" else attribute_type,
                ),
                _Case(table, iod, shown, scope),
            )


def _may_be_absent(iod: dict[str, Any], name: str) -> bool:
    """Whether a module is optional, or required by a condition that nobody could read."""
    module = iod["modules"].get(name)
    return module is not None and module["use"] != "M" and "cond" not in module
