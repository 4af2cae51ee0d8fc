"""What the README shows of a run is what the program prints."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.conformance.dciodvfy import find_program
from auditor.demo import build_demo

ROOT = Path(__file__).parents[1]
_BLOCK = re.compile(r"<!-- run -->.*?```\n\$ \S*dicom-audit (.*?)\n(.*?)```", re.DOTALL)


@pytest.mark.skipif(
    find_program() is None, reason="dicom3tools is not installed: one referee says less than two"
)
def test_the_run_in_the_readme_is_what_is_printed(tmp_path: Path) -> None:
    found = _BLOCK.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert found is not None
    build_demo(tmp_path / "demo" / "files")
    done = subprocess.run(
        [sys.executable, "-m", "auditor", *shlex.split(found[1])],
        cwd=tmp_path,
        # Wide enough for every line of the table.
        env={**os.environ, "COLUMNS": "200", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert [line.rstrip() for line in done.stdout.splitlines()] == found[2].splitlines()
    # As the sentence above the block has it.
    assert done.returncode == 3
