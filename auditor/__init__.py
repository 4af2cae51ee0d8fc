"""dicom-auditor: judges a downloaded collection of DICOM objects with small rules.

What every rule file needs is here, and `load`, which reads an audit for pandas. Rules that look
closer take more from the rooms of the engine: tables from `auditor.standard`, what a text looks
like from `auditor.identifiers`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_ELSEWHERE = {
    "Audit": "frames",
    "CollectionFacts": "collection",
    "Element": "reading.places",
    "InstanceFacts": "facts",
    "Item": "facts",
    "Place": "reading.places",
    "load": "frames",
}
"""Where a name is, if not in `auditor.model`."""


def __getattr__(name: str) -> Any:
    """Load a name when it is asked for: a command that reads no file needs none of them."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"auditor.{_ELSEWHERE.get(name, 'model')}"), name)
    globals()[name] = found
    return found
