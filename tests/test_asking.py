"""Who asks the referees changes nothing of what they say, and a worker's death costs one answer."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from auditor import asking
from auditor.asking import Answers, Question, ask_referees
from auditor.conformance.cache import ENVIRONMENT
from auditor.conformance.panel import Reports
from auditor.conformance.vocabulary import DICOM_VALIDATOR, RefereeReport
from auditor.paths import rules_folder
from auditor.tally import Structure
from auditor.testing import dataset_of
from auditor.workers import Job, Workers

CT = "1.2.840.10008.5.1.4.1.1.2"


def structures(folder: Path, names: list[str]) -> dict[bytes, Structure]:
    """Write an object of each name, no two with the same attributes missing."""
    made = {}
    for number, name in enumerate(names):
        dataset = Dataset()
        dataset.update(dataset_of({"SOPClassUID": CT, "SOPInstanceUID": f"1.2.{number}"}))
        dataset.Rows = number + 1
        if number % 2:
            dataset.PatientID = ""
        path = folder / name
        dataset.save_as(path, implicit_vr=False, little_endian=True)
        made[bytes([number])] = Structure(CT, name, str(path))
    return made


def job() -> Job:
    return Job((rules_folder(),), (), b"k" * 32)


def deadly(batch: list[Question]) -> dict[bytes, Reports]:
    if any(one.path.startswith("killer") for _, one, _ in batch):
        os.kill(os.getpid(), signal.SIGKILL)
    return {digest: dict.fromkeys(names, RefereeReport("judged")) for digest, _, names in batch}


def test_few_and_many_questions_get_the_same_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT, "off")
    known = structures(tmp_path, [f"file{number}" for number in range(4)])
    with Workers(job(), 2) as workers:
        here = ask_referees(workers, known)
        monkeypatch.setattr(asking, "FEW", 0)
        there = ask_referees(workers, known)
    assert here == there
    assert here[b"\0"][DICOM_VALIDATOR].errors != here[b"\1"][DICOM_VALIDATOR].errors


def test_a_worker_that_dies_of_an_object_costs_that_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT, "off")
    monkeypatch.setattr(asking, "FEW", 0)
    monkeypatch.setattr(asking, "judge_structures", deadly)
    known = structures(tmp_path, ["one", "killer", "two"])
    with Workers(job(), 2) as workers:
        said = ask_referees(workers, known)
    statuses = [said[digest][DICOM_VALIDATOR].status for digest in sorted(known)]
    assert statuses == ["judged", "error", "judged"]
    assert said[b"\1"][DICOM_VALIDATOR].reason == "the referee died on this object"


def test_asked_is_about_the_first_object_of_a_structure_however_fast_the_answers_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one process each part is asked about at once, with two when the part before is."""
    monkeypatch.setenv(ENVIRONMENT, "off")
    known = structures(tmp_path, ["first", "second", "third"])
    later = {digest: replace(one, path="a", location="gone") for digest, one in known.items()}
    said = []
    for count in (1, 2):
        with Workers(job(), count) as workers:
            answers = Answers(workers)
            for digest, one in known.items():
                answers.ask({digest: one})
            answers.ask(later)
            answers.wait()
            said.append(answers.all(later))
    assert said[0] == said[1]
    assert {each[DICOM_VALIDATOR].status for each in said[0].values()} == {"judged"}


def test_only_a_few_are_asked_about_before_all_files_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT, "off")
    monkeypatch.setattr(asking, "FEW", 1)
    known = structures(tmp_path, ["first", "second"])
    asked: list[int] = []
    real = asking.ask_referees

    def counted(workers: Workers, some: dict[bytes, Structure]) -> dict[bytes, Reports]:
        asked.append(len(some))
        return real(workers, some)

    monkeypatch.setattr(asking, "ask_referees", counted)
    with Workers(job(), 1) as workers:
        answers = Answers(workers)
        answers.ask(known)
        assert asked == [1]
        assert set(answers.all(known)) == set(known)
    assert asked == [1, 1]


def test_each_part_is_asked_about_when_the_part_before_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT, "off")
    asked: list[set[bytes]] = []

    def counted(_: Workers, some: dict[bytes, Structure]) -> dict[bytes, Reports]:
        asked.append(set(some))
        return {digest: {} for digest in some}

    monkeypatch.setattr(asking, "ask_referees", counted)
    known = structures(tmp_path, ["first", "second"])
    with Workers(job(), 1) as workers:
        answers = Answers(workers)
        for digest, one in known.items():
            answers.ask({digest: one})
    assert asked == [{digest} for digest in known]
