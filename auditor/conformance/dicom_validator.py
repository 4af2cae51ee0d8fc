"""The first referee: dicom-validator, which judges by the attribute tables of PS3.3.

What it is shown is a stand-in: the structure of the data set without its values. A
verdict therefore depends on the structure alone, may be given once for all data sets that
share it, and cannot leak a value. The structure is the sequence, item by item, of

- tag path and VR (as written; by PS3.6 in implicit VR and where UN is written),
- whether the value is empty: a text of nothing but spaces and NULs is,
- whether a text is legal for its VR, or has a wrong length or characters: `fault_of`,
- the value itself where a condition or a list of values reads it: `tags_read_by_value`.

Overlays beyond the first are shown each as the first (`judge_overlays`). Private elements, group
lengths and elements from (7FE0,0000) on are not part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from auditor.conformance.legality import (
    LONGEST,
    decoded_faults,
    fault_of,
    lenient,
)
from auditor.conformance.overlays import judge_overlays
from auditor.conformance.vocabulary import (
    DICOM_VALIDATOR,
    NO_OLDER_TERM,
    NOT_IN_OLDER_LIST,
    IodError,
    RefereeReport,
)
from auditor.model import TagPath, format_tag, parse_tag
from auditor.reading.places import LONG_VRS, SHORT_VRS, TEXT_VRS
from auditor.reading.walker import UNDEFINED, known_vr
from auditor.standard.dictionary import entry_of, tag_of
from auditor.standard.iods import (
    IodTable,
    packaged_iods,
    packaged_tags_read_by_value,
)
from auditor.standard.sop_classes import GREYS

if TYPE_CHECKING:
    import pydicom
    from dicom_validator.validator.validation_result import DicomTag
    from pydicom.dataelem import DataElement, RawDataElement
    from pydicom.tag import BaseTag


class DicomValidatorReferee:
    """Judges by dicom-validator, in memory and silently.

    Parameters
    ----------
    table
        The edition of the standard to judge by; the packaged one by default.
    """

    name = DICOM_VALIDATOR

    def __init__(self, table: IodTable | None = None) -> None:
        from importlib.metadata import version

        self._table = table or packaged_iods()
        self.edition: str = self._table.edition
        self.version: str = version("dicom-validator")
        self._known: dict[tuple[object, ...], RefereeReport] = {}

    def judge(self, dataset: pydicom.Dataset, sop_class: str | None = None) -> RefereeReport:
        """Judge one data set; never raises, never changes it.

        Parameters
        ----------
        dataset
            With or without its file meta information, which is not looked at.
        sop_class
            SOP Class UID to judge by, "" for none; by default what the data set says.
        """
        try:
            with lenient():
                uid = sop_class_of(dataset, sop_class)
                return judge_overlays(dataset, lambda part: self._judge(part, uid))
        except Exception as error:  # noqa: BLE001 - what is judged is hostile
            return RefereeReport("error", (), f"dicom-validator stopped: {type(error).__name__}")

    def no_verdict(self, sop_class: str) -> RefereeReport | None:
        """Return the report on an object that no IOD of the edition fits, None if one does."""
        if not sop_class:
            return RefereeReport("no_sop_class", (), "there is no SOP Class UID")
        if sop_class not in self._table.iods:
            return RefereeReport(
                "unknown_sop_class", (), f"PS3.3 {self.edition} has no IOD for the SOP Class"
            )
        return None

    def _judge(self, dataset: pydicom.Dataset, sop_class: str) -> RefereeReport:
        none = self.no_verdict(sop_class)
        if none is not None:
            return none
        shown, structure = StandIn(self._table.tags_read_by_value(sop_class)).of(dataset)
        key = (sop_class, structure)
        report = self._known.get(key)
        if report is None:
            if len(self._known) > KNOWN_LIMIT:
                self._known.clear()
            if shown.get("SOPClassUID"):
                shown.SOPClassUID = sop_class
            report = self._known[key] = self._judge_shown(sop_class, shown)
        return report

    def _judge_shown(self, sop_class: str, shown: pydicom.Dataset) -> RefereeReport:
        errors, held_back = set(), set()
        for error, case in _validate(self._table, sop_class, shown):
            reason = next((why for why, holds in HELD_BACK if holds(error, case)), "")
            if reason:
                held_back.add(reason)
            else:
                errors.add(place_of_missing(error, shown))
        return RefereeReport(
            "judged",
            tuple(sorted(errors)),
            "",
            tuple(sorted(held_back)),
            self._table.conditions(sop_class),
        )


KNOWN_LIMIT = 1024
"""Structures whose report is remembered."""


def tags_read_by_value(sop_class_uid: str) -> frozenset[int]:
    """Return tags whose value the verdict of the packaged edition can depend on.

    At any depth of an object of that SOP Class; empty if the edition has no IOD for it.
    """
    return packaged_tags_read_by_value().get(sop_class_uid, frozenset())


def sop_class_of(dataset: pydicom.Dataset, given: str | None = None) -> str:
    """Return the SOP Class UID without padding, or "" if it is missing or not one UID.

    Where one is given, as from the file meta information, that is it.
    """
    if given is not None:
        return given
    element = held(dataset, 0x00080016) if 0x00080016 in dataset else None
    value = None if element is None else element.value
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return value.strip(" \0") if isinstance(value, str) else ""


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

_TOO_LONG = {vr: "1" * (longest + 1) for vr, longest in LONGEST.items()}
_UNFIT = {"AE": "\x7f", "AS": '"' * 4, "DA": '"' * 8, "UR": '"'}
"""By VR, a text of a wrong length, and one that is wrong but for that; else a quotation mark."""


class StandIn:
    """Makes data sets that have the structure of others and none of their values.

    Parameters
    ----------
    read_by_value
        Tags whose values are kept.
    """

    def __init__(self, read_by_value: frozenset[int]) -> None:
        self._read_by_value = read_by_value

    def of(self, dataset: pydicom.Dataset) -> tuple[pydicom.Dataset, tuple[object, ...]]:
        """Return the stand-in of a data set, and its structure.

        Of items with one structure, only one is in it.
        """
        return self._of(dataset, ())

    def _of(
        self, dataset: pydicom.Dataset, encodings: tuple[str, ...]
    ) -> tuple[pydicom.Dataset, _Structure]:
        from pydicom import Dataset

        shown = Dataset()
        structure: list[object] = []
        if 0x00080005 in dataset:
            encodings = _terms(held(dataset, 0x00080005))
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

        element = held(dataset, tag)
        vr = known_vr(int(tag), str(element.VR or ""))
        if isinstance(element, RawDataElement):
            raw, value = element, element.value or b""
            if vr != "SQ":
                empty = not (value.strip(b" \0") if vr in TEXT_VRS else value)
                if empty or tag not in self._read_by_value:
                    return _without_value(tag, vr, empty, fault_of(vr, value, encodings))
                return _with_value(raw, vr, encodings), (vr, value)
        elif vr != "SQ" and not isinstance(element.value, Sequence):
            decoded = element.value
            if isinstance(decoded, bytes) and vr in TEXT_VRS:
                empty, fault = not decoded.strip(b" \0"), fault_of(vr, decoded, encodings)
            else:
                empty = decoded is None or decoded in ("", b"")
                fault = max(decoded_faults(vr, decoded), default="")
            if empty or tag not in self._read_by_value:
                return _without_value(tag, vr, empty, fault if vr in TEXT_VRS else "")
            return element, (vr, repr(decoded))
        distinct: dict[_Structure, pydicom.Dataset] = {}
        for item in items_of(dataset, tag, encodings):
            shown, structure = self._of(item, encodings)
            distinct.setdefault(structure, shown)
        return DataElement(tag, "SQ", Sequence(list(distinct.values()))), ("SQ", *distinct)


_Structure = tuple[object, ...]


VRS = LONG_VRS | SHORT_VRS
"""All that there are (PS3.5 6.2)."""


def held(dataset: pydicom.Dataset, tag: int) -> DataElement | RawDataElement:
    """Return an element that there is, as it was written, also where pydicom would not read it.

    What pydicom left in the file it would read again by its VR, and convert: one that does not
    exist stops it. The walker takes such a VR for UN, and so must who judges.
    """
    from pydicom.dataelem import RawDataElement

    element: DataElement | RawDataElement = dataset.get_item(tag, keep_deferred=True)
    if not isinstance(element, RawDataElement):
        return element
    if element.VR and element.VR not in VRS:
        element = element._replace(VR="UN")
    if element.value is not None or not element.length:
        return element
    name = getattr(dataset, "filename", None)
    if element.length == UNDEFINED or not name:
        return dataset.get_item(tag)
    with open(name, "rb") as file:  # noqa: PTH123 - the name may not be text
        file.seek(element.value_tell)
        return element._replace(value=file.read(element.length))


def items_of(
    dataset: pydicom.Dataset, tag: int, encodings: tuple[str, ...] = ()
) -> Iterable[pydicom.Dataset]:
    """Return the items of a sequence, also of one that is written as UN."""
    from pydicom.dataelem import RawDataElement

    element = held(dataset, tag)
    if isinstance(element, RawDataElement):
        # What is in an unknown is in implicit VR (PS3.5 6.2.2 note 4).
        implicit = element.is_implicit_VR or element.VR == "UN"
        element = _convert(element._replace(is_implicit_VR=implicit), "SQ", encodings)
    items: Iterable[pydicom.Dataset] = element.value or ()
    return items


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
    tag: BaseTag, vr: str, empty: bool, fault: str
) -> tuple[DataElement, _Structure]:
    from pydicom.dataelem import DataElement

    value: Any
    if empty:
        value = "" if vr in TEXT_VRS else None
    elif not fault:
        value = _LEGAL.get(vr, b"?")
    else:
        value = _TOO_LONG[vr] if fault == "length" else _UNFIT.get(vr, '"')
    return DataElement(tag, vr, value, already_converted=True), (vr, empty, fault)


# -- What dicom-validator says, and what of it is held back ----------------------------------


@dataclass(frozen=True, slots=True)
class _Case:
    """All that decides whether an error is held back."""

    table: IodTable
    sop_class: str
    iod: dict[str, Any]
    shown: pydicom.Dataset
    scope: str


SHARED, PER_FRAME = "(5200,9229)", "(5200,9230)"
"""Steps of the sequences that hold functional groups: of all frames, and of each."""

_SPECTROSCOPY = "1.2.840.10008.5.1.4.1.1.4.2"
_SECOND_IN_PLANE = tag_of("ParallelReductionFactorSecondInPlane")


def is_for_spectroscopy_only(error: IodError, sop_class: str) -> bool:
    """Whether what is missing is asked for in another kind of object (PS3.3 C.8.13.5.5).

    The condition that both referees read is but the second of two.
    """
    return (
        error.kind == "missing"
        and _last_tag(error) == _SECOND_IN_PLANE
        and sop_class != _SPECTROSCOPY
    )


def place_of_missing(error: IodError, dataset: pydicom.Dataset) -> IodError:
    """Say where a functional group is missing: if some frames have it, it is of each frame.

    Of one in neither sequence the referees name that of all frames.
    """
    steps = error.tag_path.steps
    if error.kind != "missing" or len(steps) != 2 or steps[0] != SHARED:
        return error
    group = parse_tag(PER_FRAME)
    if group not in dataset or not any(
        _last_tag(error) in frame for frame in items_of(dataset, group)
    ):
        return error
    return replace(error, tag_path=TagPath((PER_FRAME, steps[1])))


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
        and steps[0] in (SHARED, PER_FRAME)
        and len(steps) == 2
    )


def _is_not_in_both(error: IodError, case: _Case) -> bool:
    if case.scope != "BothFuncGroups":
        return False
    tag = _last_tag(error)
    return not all(
        any(tag in item for sequence in _at(case.shown, (group,)) for item in sequence.value)
        for group in (SHARED, PER_FRAME)
    )


_KIND_OF_LIST = {
    (False, True): "enumerated_value",
    (False, False): NOT_IN_OLDER_LIST,
    (True, True): "defined_term",
    (True, False): NO_OLDER_TERM,
}
"""What a value outside of a list is, by whether that is one of terms, and a current one."""

_PHOTOMETRIC_INTERPRETATION = (format_tag(tag_of("PhotometricInterpretation")),)


def is_said_by_a_rule(error: IodError, sop_class: str) -> bool:
    """Whether IOD021 says of an object that its Photometric Interpretation is not enumerated."""
    return error.tag_path.steps == _PHOTOMETRIC_INTERPRETATION and sop_class in GREYS


_INCREMENT = tag_of("FrameIncrementPointer")


def _is_pointed_to(error: IodError, case: _Case) -> bool:
    if error.kind not in ("missing", "incomplete_module") or len(error.tag_path.steps) > 1:
        return False
    if _INCREMENT not in case.shown:
        return False
    pointers = case.shown[_INCREMENT].value
    return _last_tag(error) in (pointers if isinstance(pointers, Iterable) else (pointers,))


HELD_BACK: tuple[tuple[str, Callable[[IodError, _Case], bool]], ...] = (
    ("a retired attribute may stay where an earlier edition had it (PS3.6 6)", _is_retired),
    ("the attribute may stand in any data set and any item", _stands_in_any_item),
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
    ("IOD027 says that what Frame Increment Pointer points to is not there", _is_pointed_to),
    (
        "Parallel Reduction Factor Second In-plane is required of MR Spectroscopy only (PS3.3 "
        "C.8.13.5.5)",
        lambda error, case: is_for_spectroscopy_only(error, case.sop_class),
    ),
    (
        "the SOP class enumerates Photometric Interpretation, and IOD021 says what is none of its "
        "values (PS3.3 C.8.2.1, C.8.3.1, C.8.9.4, C.8.8.3)",
        lambda error, case: (
            error.kind in _KIND_OF_LIST.values() and is_said_by_a_rule(error, case.sop_class)
        ),
    ),
)
"""Known false errors of dicom-validator, or what a rule says better: why, and how it is told."""


def _last_tag(error: IodError) -> int:
    return parse_tag(error.tag_path.steps[-1])


def _at(dataset: pydicom.Dataset, steps: tuple[str, ...]) -> Iterator[DataElement]:
    tag = parse_tag(steps[0])
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
    "InvalidValue": "characters",
    "InvalidSequence": "characters",
}


def _validator(table: IodTable, sop_class: str, shown: pydicom.Dataset) -> Any:
    """Return a validator that has validated; its `unlisted` are values outside of their lists."""
    from dicom_validator.validator.dicom_info import DicomInfo
    from dicom_validator.validator.error_handler import NullValidationResultHandler
    from dicom_validator.validator.iod_validator import IODValidator
    from dicom_validator.validator.validation_result import Status

    class Validator(IODValidator):
        module = ""
        unlisted: set[IodError]

        def _validate_module(self, module: Any, module_name: str, *others: Any) -> Any:
            around, self.module = self.module, module_name
            try:
                return super()._validate_module(module, module_name, *others)
            finally:
                self.module = around

        def _validate_attribute(self, tag_id: Any, attribute: Any) -> Any:
            # Apart from the rest: its own way names one fault of an attribute, and compares
            # padding, empty values and texts where numbers should be, too.
            if "enums" not in attribute:
                return super()._validate_attribute(tag_id, attribute)
            dataset = self._dataset_stack[-1].dataset
            if tag_id.tag in dataset:
                value = dataset[tag_id.tag].value
                for each in attribute["enums"]:
                    condition = each.get("cond")
                    if condition and not self._object_is_required_or_allowed(condition)[0]:
                        continue
                    if has_other_value(value, each):
                        kind = _KIND_OF_LIST["defined" in each, "current" in each]
                        path, type_ = _path_of(tag_id), attribute["type"]
                        self.unlisted.add(IodError(kind, path, self.module, type_))
            plain = {key: of for key, of in attribute.items() if key != "enums"}
            return super()._validate_attribute(tag_id, plain)

        def _tag_matches(self, tag_value: Any, operator: Any, values: list[Any]) -> bool:
            # A value of a kind that cannot be compared (bytes, an item) equals nothing.
            try:
                return bool(super()._tag_matches(tag_value, operator, values))
            except Exception:  # noqa: BLE001
                return False

        def validate(self) -> Any:
            # Its own way takes the SOP class from the data set, where it may be missing.
            result: Any = self.result
            result.reset()
            self.unlisted = set()
            result.sop_class_uid = sop_class
            self._validate_sop_class()
            return result

    info = DicomInfo({}, table.iods, table.modules)
    validator = Validator(shown, info, error_handler=NullValidationResultHandler())
    result = validator.validate()
    if result.status not in (Status.Passed, Status.Failed):
        raise RuntimeError(result.status.name)
    return validator


def _validate(
    table: IodTable, sop_class: str, shown: pydicom.Dataset
) -> Iterator[tuple[IodError, _Case]]:
    iod = table.iods[sop_class]
    validator = _validator(table, sop_class, shown)
    for error in validator.unlisted:
        yield error, _Case(table, sop_class, iod, shown, "General")
    for module, errors in validator.result.module_errors.items():
        for place, error in errors.items():
            path = _path_of(place)
            scope = error.scope.name
            kind = _KIND_OF_CODE[error.code.name]
            if kind == "not_allowed" and scope != "General":
                kind = "functional_group"
            elif kind == "missing" and len(path.steps) == 1 and _may_be_absent(iod, module):
                kind = "incomplete_module"
            attribute_type = str(getattr(error.type, "value", error.type))
            if (
                kind == "not_allowed"
                and not attribute_type.startswith("1")
                and all(each.is_empty for each in _at(shown, path.steps))
            ):
                kind = "not_allowed_empty"
            kinds = {kind}
            if error.code.name == "InvalidValue":
                kinds = _faults(shown, path.steps) or kinds
            for each in sorted(kinds):
                yield (
                    IodError(
                        each,
                        path,
                        "" if module == "General" else module,
                        "" if attribute_type == "Undefined" else attribute_type,
                    ),
                    _Case(table, sop_class, iod, shown, scope),
                )


def has_other_value(value: Any, value_list: dict[str, Any]) -> bool:
    """Say whether one of an attribute's values is none of those that a list has.

    An empty one is none at all, and a text where there should be a number has another VR: both
    are found elsewhere.

    Parameters
    ----------
    value
        As pydicom decodes it, of one value or several.
    value_list
        ``val``, and ``index`` where it is for one of the values only, from 1.
    """
    from pydicom.multival import MultiValue

    values: Any = value if isinstance(value, (MultiValue, list)) else [value]
    index = value_list.get("index")
    if index:
        values = values[index - 1 : index]
    listed = value_list["val"]
    if isinstance(listed[0], int):
        return any(isinstance(one, (int, float)) and one not in listed for one in values)
    texts = (one.strip(" \0") for one in values if isinstance(one, str))
    return any(text and text not in listed for text in texts)


def _path_of(place: DicomTag) -> TagPath:
    return TagPath(tuple(format_tag(tag) for tag in (*(place.parents or ()), place.tag)))


def _faults(shown: pydicom.Dataset, steps: tuple[str, ...]) -> set[str]:
    """Return what is wrong with the values at a place."""
    found: set[str] = set()
    for element in _at(shown, steps):
        found |= decoded_faults(element.VR, element.value)
    return found


def _may_be_absent(iod: dict[str, Any], name: str) -> bool:
    """Whether a module is optional, or required by a condition that nobody could read."""
    module = iod["modules"].get(name)
    return module is not None and module["use"] != "M" and "cond" not in module
