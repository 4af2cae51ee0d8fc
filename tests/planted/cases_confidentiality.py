"""Claims held against the confidentiality profile."""

from __future__ import annotations

from tests.planted.harness import Planted

CASES = (
    Planted(
        "flag without a method",
        "Patient Identity Removed is YES, and no method is named",
        lambda release: release.drop(
            "DeidentificationMethod", "DeidentificationMethodCodeSequence"
        ),
        ("DEID101",),
    ),
)
