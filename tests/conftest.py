"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

# No test reads or fills the cache of who runs it.
os.environ["DICOM_AUDIT_CACHE"] = "off"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real files and tables that a developer may have beside the checkout; skips where not."""
    folder = Path(__file__).parents[1].parent / "shared"
    if not folder.is_dir():
        pytest.skip("there is no folder of shared data beside the checkout")
    return folder
