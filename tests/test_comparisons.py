"""Comparisons see the elements of one object, however it is read, and leave only verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID

from auditor import Element, Finding, InstanceFacts, Place, comparison, rule
from auditor.judgement import ask
from auditor.model import Outcome
from auditor.planning import RulesPlan
from auditor.reading.places import CUT_OFF, Forest
from auditor.reading.reader import Reader, Reading
from auditor.testing import dataset_of

WANTED = {"EchoTime", "RepetitionTime", "DiffusionBValue"}


@comparison(name="times", applies=lambda place: place.keyword in WANTED)
def times(elements: Sequence[Element]) -> Iterator[tuple[Place, str]]:
    """Whether the first two elements have one value; how many there are."""
    yield elements[0].place, "same" if len({each.value for each in elements[:2]}) == 1 else "other"
    yield elements[0].place, f"of {len(elements)}"


@rule(
    id="CONS999",
    category="consistency",
    severity="info",
    confidence="high",
    reads=("judge:times",),
    reference="PS3.3",
)
def says_it(instance: InstanceFacts) -> Iterator[Finding]:
    """What the comparison said."""
    for path, verdict in instance.judged("times"):
        yield Finding(verdict, path)


def make_reader(check: Any = times) -> Reader:
    return Reader(Forest(lambda uid: RulesPlan(uid, [says_it], {"times": check})))


def said(reading: Reading) -> set[str]:
    assert reading.facts is not None
    view = InstanceFacts(reading.tokens, reading.facts)
    _, found = ask(says_it, view, reading.sop_class, reading.facts)
    return {message for message, _ in found}


def write(path: Path, syntax: str = "1.2.840.10008.1.2.1", **values: Any) -> str:
    literal = {"SOPClassUID": "1.2.3", "SOPInstanceUID": "1.2.4", "PatientID": "A", **values}
    dataset = dataset_of(literal)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.save_as(path, enforce_file_format=True)
    return str(path)


def test_the_values_leave_no_trace_in_the_signature(tmp_path: Path) -> None:
    reader = make_reader()
    one = reader.read(write(tmp_path / "1", EchoTime="5", RepetitionTime="5"))
    two = reader.read(write(tmp_path / "2", EchoTime="7", RepetitionTime="7"))
    three = reader.read(write(tmp_path / "3", EchoTime="7", RepetitionTime="8"))
    assert one.tokens == two.tokens
    assert one.tokens != three.tokens
    assert said(one) == {"same", "of 2"}
    assert said(three) == {"other", "of 2"}


def test_what_a_run_repeats_is_compared_in_every_file(tmp_path: Path) -> None:
    """Elements before, inside and behind what changes, over enough files to make runs."""
    reader = make_reader()
    for number in range(24):
        same = number % 3
        location = write(
            tmp_path / str(number),
            EchoTime="5",
            InstanceNumber=str(number),
            RepetitionTime="5" if same else str(number),
            SharedFunctionalGroupsSequence=[{"DiffusionBValue": 7.0}],
        )
        reading = reader.read(location)
        assert reading.tokens
        assert said(reading) == said(make_reader().read(location))
        assert said(reading) == {"same" if same else "other", "of 3"}


@pytest.mark.parametrize(
    "syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"]
)
def test_every_way_of_reading_compares(tmp_path: Path, syntax: str) -> None:
    location = write(tmp_path / "a", syntax, EchoTime="5", RepetitionTime="5")
    assert said(make_reader().read(location)) == {"same", "of 2"}


@pytest.mark.parametrize(
    "syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"]
)
def test_where_an_item_begins_is_told_to_who_wants_the_sequence(
    tmp_path: Path, syntax: str
) -> None:
    wanted = {"EchoTime", "PerFrameFunctionalGroupsSequence"}

    @comparison(name="times", applies=lambda place: place.keyword in wanted)
    def by_item(elements: Sequence[Element]) -> Iterator[tuple[Place, str]]:
        """What there is, in order."""
        marks = ("|" if each.place.vr == "SQ" else each.text for each in elements)
        yield elements[0].place, "".join(marks)

    items: list[dict[str, str]] = [{"EchoTime": "5"}, {}, {"EchoTime": "7"}]
    location = write(tmp_path / "a", syntax, PerFrameFunctionalGroupsSequence=items)
    assert said(make_reader(by_item).read(location)) == {"|5||7"}


@pytest.mark.parametrize(
    ("limit", "expected"), [(9, "|5||7"), (4, "|5||cut off"), (3, "|5|cut off")]
)
def test_one_is_told_that_there_was_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, expected: str
) -> None:
    wanted = {"EchoTime", "PerFrameFunctionalGroupsSequence"}

    @comparison(name="times", applies=lambda place: place.keyword in wanted or place.tag == CUT_OFF)
    def by_item(elements: Sequence[Element]) -> Iterator[tuple[Place, str]]:
        """What there is, in order."""
        marks = ("|" if each.place.vr == "SQ" else each.text for each in elements[:-1])
        last = elements[-1]
        yield (
            elements[0].place,
            "".join([*marks, "cut off" if last.place.tag == CUT_OFF else last.text]),
        )

    monkeypatch.setattr("auditor.reading.walker.COMPARED_LIMIT", limit)
    items: list[dict[str, str]] = [{"EchoTime": "5"}, {}, {"EchoTime": "7"}]
    location = write(tmp_path / "a", PerFrameFunctionalGroupsSequence=items)
    assert said(make_reader(by_item).read(location)) == {expected}


def test_a_value_that_is_too_long_is_left_out_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @comparison(name="times", applies=lambda place: place.keyword in WANTED or place.tag == CUT_OFF)
    def tags(elements: Sequence[Element]) -> Iterator[tuple[Place, str]]:
        """What there is, in order."""
        yield (
            elements[0].place,
            " ".join(
                "cut off" if each.place.tag == CUT_OFF else each.place.keyword for each in elements
            ),
        )

    monkeypatch.setattr("auditor.reading.walker.COMPARED_VALUE", 4)
    reader = make_reader(tags)
    long = write(tmp_path / "a", EchoTime="5.1234", RepetitionTime="7")
    assert said(reader.read(long)) == {"RepetitionTime cut off"}
    short = write(tmp_path / "b", RepetitionTime="7")
    assert said(reader.read(short)) == {"RepetitionTime"}


def test_one_that_raises_is_the_error_of_the_rules_that_read_it(tmp_path: Path) -> None:
    @comparison(name="times", applies=lambda place: place.keyword in WANTED)
    def broken(elements: Sequence[Element]) -> Iterator[tuple[Place, str]]:
        """Raise."""
        yield elements[99].place, "never"

    reading = make_reader(broken).read(write(tmp_path / "a", EchoTime="5"))
    assert reading.facts is not None
    outcome, _ = ask(says_it, InstanceFacts(reading.tokens, reading.facts), "", reading.facts)
    assert outcome is Outcome.ERROR


def test_verdicts_are_no_elements(tmp_path: Path) -> None:
    reading = make_reader().read(write(tmp_path / "a", EchoTime="5"))
    verdicts = [token for token in reading.tokens if token.is_verdict]
    assert verdicts
    assert not any(token.structure for token in verdicts)
    assert reading.facts is not None
    view = InstanceFacts(reading.tokens, reading.facts)
    assert view.has("EchoTime")
    assert not view.private()


def test_the_vr_of_a_private_element_is_known_only_where_somebody_wrote_it(tmp_path: Path) -> None:
    private = {(0x0009, 0x0010): ("LO", "ACME"), (0x0009, 0x1001): ("UN", b"12")}
    found = {}
    for name, syntax in (("explicit", "1.2.840.10008.1.2.1"), ("implicit", "1.2.840.10008.1.2")):
        location = write(tmp_path / name, syntax)
        dataset = pydicom.dcmread(location)
        dataset.update(dataset_of(private))
        dataset.save_as(location)
        reading = make_reader().read(location)
        assert reading.facts is not None
        found[name] = reading
    views = {name: InstanceFacts(each.tokens, each.facts) for name, each in found.items()}  # type: ignore[arg-type]
    assert [each.vr for each in views["explicit"].private()] == ["UN"]
    assert [each.vr for each in views["implicit"].private()] == [""]
    digests = [{t.digest for t in each.tokens if t.place.is_private} for each in found.values()]
    assert digests[0] != digests[1]


def test_what_stands_in_an_unknown_sequence_has_no_vr_of_its_own(tmp_path: Path) -> None:
    """PS3.5 6.2.2: inside an element of VR UN and undefined length is implicit VR."""
    location = write(tmp_path / "a")
    inside = b"".join(
        [
            b"\x09\x00\x10\x00\x04\x00\x00\x00ACME",
            b"\x09\x00\x01\x10\x02\x00\x00\x0012",
        ]
    )
    item = b"\xfe\xff\x00\xe0" + len(inside).to_bytes(4, "little") + inside
    element = b"\x09\x00\x02\x10UN\0\0\xff\xff\xff\xff" + item + b"\xfe\xff\xdd\xe0\0\0\0\0"
    creator = b"\x09\x00\x10\x00LO\x04\x00ACME"
    with Path(location).open("ab") as file:
        # Behind group 0010 would be out of order; the walker does not mind.
        file.write(creator + element)
    reading = make_reader().read(location)
    assert reading.facts is not None
    assert not reading.facts.surprise
    view = InstanceFacts(reading.tokens, reading.facts)
    vrs = {len(each.path.steps): each.vr for each in view.private()}
    assert vrs == {1: "", 2: ""}
