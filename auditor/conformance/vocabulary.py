"""What a referee can say, and what several of them say together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from auditor.model import Confidence, TagPath

DICOM_VALIDATOR, DCIODVFY = "dicom-validator", "dciodvfy"

REFEREES = (DICOM_VALIDATOR, DCIODVFY)
"""All referees that there are, by name. The first is always there, the second if installed."""

ITEM_LIMIT = 200_000
"""Items of a data set that a referee is shown: pydicom makes a data set of each, for each."""

KINDS = {
    "missing": "a Type 1 or 2 attribute is missing",
    "condition": "a Type 1C or 2C attribute is missing, and its condition holds",
    "incomplete_module": "a Type 1 or 2 attribute of a module that need not be there is missing",
    "empty": "a Type 1 attribute is empty",
    "not_allowed": "an attribute is present where its condition forbids it",
    "not_allowed_empty": "the same, and it is of Type 2C and empty, so that nothing is said by it",
    "unexpected": "an attribute is in no module of the IOD",
    "enumerated_value": "a value is none of the enumerated values",
    "defined_term": "a value is none of the defined terms",
    "vr": "an attribute is written with a VR that is not its own",
    "vm": "an attribute has too few or too many values or items",
    "length": "a value is longer, or shorter, than its VR allows",
    "characters": "a value has characters, or a form, that its VR does not allow",
    "functional_group": "a functional group is in the wrong sequence, or in both",
}
"""The kinds of error, of both referees. That of a condition is told by `Opinion` only: to the
referees its attribute is missing."""

NOT_IN_OLDER_LIST, NO_OLDER_TERM = "not_in_older_list", "no_older_term"
"""Kinds of what is no error unless another referee says so: a value is none of those that an older
edition enumerates, or defines (`auditor.conformance.panel.settle`)."""

OF_OLDER_LISTS = {NOT_IN_OLDER_LIST: "enumerated_value", NO_OLDER_TERM: "defined_term"}
"""What they are where another referee says so too."""


OLDER_LIST = (
    "the list of values is of an edition of 2020, and no referee that knows a newer one finds the "
    "value wrong"
)
"""Why a value that is not enumerated is held back."""

OLDER_TERMS = (
    "the list of terms is of an edition of 2020, and no referee that knows a newer one misses the "
    "value there"
)
"""Why a value that is no defined term is held back."""


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
        ``judged``, ``unknown_sop_class`` (retired or private), ``no_sop_class``, ``absent``
        (the referee is not installed), ``not_shown`` (too many items), ``error``. Only ``judged``
        without errors is a pass.
    errors
        Sorted and distinct.
    reason
        In plain words, why there is no verdict.
    held_back
        Of `errors` that are known to be none: why, sorted and distinct.
    conditions
        Of the IOD: how many this referee reads, and how many no machine can; of one that
        counts none, zeros.
    unshown
        Groups of overlays of which the referee was shown nothing
        (`auditor.conformance.overlays`).
    """

    status: str
    errors: tuple[IodError, ...] = ()
    reason: str = ""
    held_back: tuple[str, ...] = ()
    conditions: tuple[int, int] = (0, 0)
    unshown: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Opinion:
    """One thing that is wrong, with all who say so.

    Attributes
    ----------
    kind, tag_path, type
        As in `IodError`; where the referees differ, as the first of `REFEREES` has it.
    modules
        That ask for it, each with the attribute's type there.
    referees
        Who say so, in the order of `REFEREES`.
    """

    kind: str
    tag_path: TagPath
    type: str
    modules: tuple[str, ...]
    referees: tuple[str, ...]

    @property
    def confidence(self) -> Confidence:
        """High if both referees say so, medium if one does."""
        return Confidence.HIGH if len(self.referees) > 1 else Confidence.MEDIUM


# dciodvfy does not tell whether a module need be there, nor that it is a functional group
# that is where it must not be; of a value that is wrong twice over each names what it came
# upon first: the same defect has two names then.
_ONE_DEFECT = {
    "incomplete_module": "missing",
    "functional_group": "not_allowed",
    "characters": "length",
}


def agree(reports: Mapping[str, RefereeReport]) -> tuple[Opinion, ...]:
    """Put what the referees say of one data set together, defect by defect.

    Parameters
    ----------
    reports
        By name of the referee; those that did not judge have no errors.
    """
    together: dict[tuple[str, TagPath], list[tuple[str, IodError]]] = {}
    for referee in REFEREES:
        for error in reports[referee].errors if referee in reports else ():
            defect = (_ONE_DEFECT.get(error.kind, error.kind), error.tag_path)
            together.setdefault(defect, []).append((referee, error))
    return tuple(_opinion(said) for _, said in sorted(together.items()))


def _opinion(said: list[tuple[str, IodError]]) -> Opinion:
    referee, first = said[0]
    # The referees write the names of modules differently: one's names are enough.
    named = [error for who, error in said if who == referee and error.module]
    modules = (f"Type {each.type}, {each.module}" if each.type else each.module for each in named)
    # Of what one referee asks for twice, the stricter counts: Type 1 before Type 2.
    strictest = min(each.type for who, each in said if who == referee)
    kinds = {each.kind for who, each in said if who == referee}
    kind = first.kind if len(kinds) == 1 else next(each for each in KINDS if each in kinds)
    if kind == "missing" and strictest.endswith("C"):
        kind = "condition"
    return Opinion(
        kind,
        first.tag_path,
        strictest,
        tuple(dict.fromkeys(modules)),
        tuple(dict.fromkeys(who for who, _ in said)),
    )
