"""Has each overlay of a data set judged as the first.

Groups 6000 to 601E repeat (PS3.5 7.6): what they hold is the Overlay Plane Module of PS3.3 C.9.2,
up to 16 times. Both referees know its attributes in group 6000 only; of any other they say that
its attributes are not expected, and not that one is missing. So the data set is shown without the
others, and once more for each of them, with that one as its first. A referee that is a program of
its own is shown it once all the same, or an object with 16 overlays would start 16 processes: what
it says of the overlay that it sees holds for all that are like it, and of the others it says
nothing. The curves, 5000 to 501E, are retired and in no IOD of today.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from auditor.conformance.vocabulary import IodError, RefereeReport
from auditor.model import TagPath, format_tag

if TYPE_CHECKING:
    import pydicom

FIRST = 0x6000

FURTHER = range(0x6002, 0x6020, 2)
"""The groups of all overlays but the first."""


def repeated(tag: int) -> tuple[int, ...]:
    """Return the tags of an attribute: of one of the first overlay, those in all overlays."""
    if tag >> 16 != FIRST:
        return (tag,)
    return tuple((group << 16) + (tag & 0xFFFF) for group in (FIRST, *FURTHER))


def judge_overlays(
    dataset: pydicom.Dataset, judge: Callable[[pydicom.Dataset], RefereeReport]
) -> RefereeReport:
    """Judge a data set and its further overlays.

    Parameters
    ----------
    dataset
        Is not changed.
    judge
        A referee's way to judge what it is shown.
    """
    groups = sorted({tag.group for tag in dataset.keys()} & {*FURTHER})  # noqa: SIM118
    if not groups:
        return judge(dataset)
    report = judge(_with_one(dataset, FIRST))
    errors = set(report.errors)
    for group in groups:
        if report.status != "judged":
            return report
        shown = judge(_with_one(dataset, group))
        if shown.status != "judged":
            return shown
        errors |= {_moved(error, group) for error in shown.errors if _is_of_first(error)}
    return replace(report, errors=tuple(sorted(errors)))


def judge_one_overlay(
    dataset: pydicom.Dataset,
    judge: Callable[[pydicom.Dataset], RefereeReport],
    write: Callable[[pydicom.Dataset], bytes],
) -> RefereeReport:
    """Judge a data set with the first of its overlays; the referee is asked once.

    Parameters
    ----------
    dataset
        Is not changed.
    judge
        A referee's way to judge what it is shown.
    write
        What it is shown of a data set: equal bytes get equal verdicts.

    Returns
    -------
    RefereeReport
        Its errors of the overlay stand at all overlays that are shown alike; the others are
        its `RefereeReport.unshown`.
    """
    groups = sorted({tag.group for tag in dataset.keys()} & {FIRST, *FURTHER})  # noqa: SIM118
    if groups in ([], [FIRST]):
        return judge(dataset)
    first, *others = (_with_one(dataset, group) for group in groups)
    report, seen = judge(first), write(first)
    alike = [True, *(write(each) == seen for each in others)]
    errors = {error for error in report.errors if not _is_of_first(error)}
    for group in (group for group, is_alike in zip(groups, alike, strict=True) if is_alike):
        errors |= {_moved(error, group) for error in report.errors if _is_of_first(error)}
    unshown = tuple(group for group, is_alike in zip(groups, alike, strict=True) if not is_alike)
    return replace(report, errors=tuple(sorted(errors)), unshown=unshown)


def _with_one(dataset: pydicom.Dataset, group: int) -> pydicom.Dataset:
    """Return a data set with one overlay, which is its first."""
    from pydicom import Dataset
    from pydicom.dataelem import DataElement, RawDataElement
    from pydicom.tag import Tag

    made = Dataset()
    # Values that were left in the file are read from there.
    made.filename = getattr(dataset, "filename", None)
    for tag in dataset.keys():  # noqa: SIM118 - its elements would be read
        if tag.is_private or tag.group < 4:
            continue  # of which no referee is shown anything
        element: DataElement | RawDataElement = dataset.get_item(tag, keep_deferred=True)
        if tag.group == group:
            first = Tag(FIRST, tag.element)
            if isinstance(element, RawDataElement):
                made[first] = element._replace(tag=first)
            else:
                made[first] = DataElement(first, element.VR, element.value, already_converted=True)
        elif tag.group not in (FIRST, *FURTHER):
            made[tag] = element
    return made


def _is_of_first(error: IodError) -> bool:
    return error.tag_path.steps[0].startswith(f"({FIRST:04X},")


def _moved(error: IodError, group: int) -> IodError:
    first, *others = error.tag_path.steps
    tag = (group << 16) + int(first[6:10], 16)
    return replace(error, tag_path=TagPath((format_tag(tag), *others)))
