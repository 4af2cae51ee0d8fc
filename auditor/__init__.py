"""dicom-auditor: judges a downloaded collection of DICOM objects with small rules.

What a rule file imports is here, and `load`, which reads an audit for pandas; everything else
is the engine's.
"""

from auditor.collection import CollectionFacts
from auditor.facts import InstanceFacts, Item
from auditor.frames import Audit, load
from auditor.model import (
    ANY,
    Finding,
    Selector,
    TagPath,
    Undecided,
    Units,
    comparison,
    for_sop_classes,
    judge,
    rule,
    summary,
)
from auditor.reading.places import Element, Place

__all__ = [
    "ANY",
    "Audit",
    "CollectionFacts",
    "Element",
    "Finding",
    "InstanceFacts",
    "Item",
    "Place",
    "Selector",
    "TagPath",
    "Undecided",
    "Units",
    "comparison",
    "for_sop_classes",
    "judge",
    "load",
    "rule",
    "summary",
]
