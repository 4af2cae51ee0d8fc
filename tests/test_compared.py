"""What comparisons are asked, and that what they said is remembered within bounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest

from auditor import Element, Place, comparison
from auditor.paths import rules_folder
from auditor.planning import RulesPlan
from auditor.reading import reader as reader_module
from auditor.reading.places import Forest
from auditor.reading.reader import _COUNTER, Reader
from auditor.registry import load

# The folder, not pydicom's look-up: that one downloads what is not bundled.
DATA = Path(pydicom.__file__).parent / "data"


@pytest.mark.parametrize(
    ("path", "compared"),
    [
        ("a/IM_0012.dcm", "a/IM_#.dcm"),
        ("a/00017.dcm", "a/#.dcm"),
        ("a/1-012.dcm", "a/#.dcm"),
        ("a/1.2.840.113619.2.55.3.604688119.971.dcm", "a/#.dcm"),
        ("a/0b5f8a52-6d6f-4b0e-9d6d-0c4f8b8f2c11.dcm", "a/#.dcm"),
        ("quagga/12", "quagga/#"),
        # A number of a hospital, and a date, are not what counts files.
        ("a/7041385.dcm", "a/7041385.dcm"),
        ("a/70413.dcm", "a/70413.dcm"),
        ("a/1970-02-03.dcm", "a/1970-02-03.dcm"),
        ("7041385/1.dcm", "7041385/#.dcm"),
    ],
)
def test_what_only_counts_files_is_not_compared(path: str, compared: str) -> None:
    assert _COUNTER.sub("#", path) == compared


def test_what_comparisons_say_is_remembered_within_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forgetting what was said changes nothing of what is said."""

    @comparison(name="sizes", applies=lambda place: place.keyword in ("PatientID", "Rows"))
    def sizes(elements: Sequence[Element]) -> Iterator[tuple[Place, str]]:
        yield elements[0].place, str(len(elements[0].value))

    rule = replace(load([rules_folder()]).get("DEID411"), reads=("judge:sizes",))
    dataset = pydicom.dcmread(str(DATA / "test_files" / "MR_small.dcm"))
    for number in range(40):
        dataset.PatientID = "Q" * (number % 7)
        dataset.save_as(tmp_path / f"{number}.dcm")

    def said(limit: int) -> list[list[tuple[str, str]]]:
        monkeypatch.setattr(reader_module, "COMPARED_BYTES", limit)
        reader = Reader(Forest(lambda uid: RulesPlan(uid, [rule], {"sizes": sizes})))
        readings = [reader.read(str(tmp_path / f"{number}.dcm")) for number in range(40)]
        assert len(reader._told) <= (1 if not limit else 40)
        return [[pair for token in each.tokens for pair in token.classes] for each in readings]

    expected = [[("sizes", str((number % 7) + number % 7 % 2))] for number in range(40)]
    assert said(0) == said(1 << 24) == expected
