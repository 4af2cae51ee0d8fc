"""Asks a rule about an object that was never a file: its attributes are given."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Any

from pydicom.dataset import Dataset
from pydicom.filebase import DicomFileLike
from pydicom.filewriter import write_dataset

from auditor.facts import InstanceFacts
from auditor.judgement import ask
from auditor.model import Comparison, Judge, Outcome, Rule
from auditor.planning import RulesPlan
from auditor.reading.columns import GATHERED
from auditor.reading.places import Forest
from auditor.reading.reader import FileFacts, Reader
from auditor.reading.runs import walk_dataset
from auditor.reading.walker import Walk

WHOLE = FileFacts("zero", "present", "same", "same")
"""Of a file with nothing odd about it."""


def ask_about(
    rule: Rule,
    judges: dict[str, Judge | Comparison],
    literal: Mapping[str, str] | Dataset,
    facts: FileFacts = WHOLE,
    path: str = "",
) -> tuple[Outcome, tuple[tuple[str, str], ...]]:
    """Ask one instance rule about one object, by the way that the engine takes.

    Parameters
    ----------
    rule
        One that asks no referee.
    judges
        Those that it reads, by name.
    literal
        Keyword to value, or a data set.
    facts
        Of its file.
    path
        Of its file inside the collection.

    Returns
    -------
    Outcome and tuple
        As `auditor.judgement.ask` has them.
    """
    dataset = literal if isinstance(literal, Dataset) else _dataset(literal.items())
    data = _written(dataset)
    sop_class = str(dataset.get("SOPClassUID", ""))
    forest = Forest(lambda uid: RulesPlan(uid, [rule], judges))
    walk = Walk(len(data), [None] * len(GATHERED))
    walk_dataset(data, 0, forest.tree(sop_class, False), walk, False)
    Reader(forest).compare(walk, path)
    return ask(rule, InstanceFacts(walk.tokens, facts, sop_class=sop_class), sop_class, facts)


def _dataset(items: Iterable[tuple[str, Any]]) -> Dataset:
    dataset = Dataset()
    for keyword, value in items:
        setattr(dataset, keyword, value)
    return dataset


def _written(dataset: Dataset) -> bytes:
    # Writing by tag order in explicit VR is all that pydicom is asked for here.
    buffer = io.BytesIO()
    stream = DicomFileLike(buffer)
    stream.is_little_endian, stream.is_implicit_VR = True, False
    write_dataset(stream, dataset)
    return buffer.getvalue()
