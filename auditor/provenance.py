"""Who made a result: version, rules, tables and profile of the tool, and how it was called."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

from auditor.conformance.panel import present, stamps
from auditor.registry import ruleset_of
from auditor.result import Tool
from auditor.standard import confidentiality
from auditor.standard.dictionary import EDITION

if TYPE_CHECKING:
    from auditor.profile import Profile
    from auditor.registry import RuleSet


def tool_version() -> str:
    """Return the version of this tool."""
    return version("dicom-auditor")


def provenance(
    rules: RuleSet, profile: Profile, *, elapsed: float, started: str, command: str
) -> Tool:
    """Return what made a result.

    Parameters
    ----------
    rules, profile
        What was judged by.
    elapsed
        Seconds that it took.
    started
        When, by ISO 8601.
    command
        How the tool was called, without where anything lies.
    """
    return Tool(
        version=tool_version(),
        ruleset=ruleset_of(rules),
        standard_edition=EDITION,
        confidentiality_edition=confidentiality.EDITION,
        profile=profile.stamp,
        unreadable_share=profile.unreadable_share,
        elapsed_s=round(elapsed, 3),
        python=".".join(map(str, sys.version_info[:3])),
        started=started,
        command=command,
        referees=", ".join(f"{name} {stamps()[name].split()[0]}" for name in present()),
    )
