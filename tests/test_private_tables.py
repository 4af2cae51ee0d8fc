"""The packaged table of private elements, against what it was built from."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.standard.private import (
    Standing,
    is_known_creator,
    private_entry,
    safe_elements,
    standing,
)


def test_every_row_of_the_safe_private_table_is_in_it(shared: Path) -> None:
    rows = json.loads((shared / "standard" / "ps315_e3_10_1_safe_private.json").read_text())
    assert len(rows) == 479
    assert len({row["private_creator"] for row in rows}) == 20
    for row in rows:
        tag = int(row["tag"][1:5] + "10" + row["tag"][8:10], 16)
        assert standing(row["private_creator"], tag) is Standing.SAFE, row["tag"]
    listed = sum(len(safe_elements(creator)) for creator in {r["private_creator"] for r in rows})
    assert listed == len(rows)


def test_it_says_what_pydicoms_dictionary_says() -> None:
    from pydicom._private_dict import private_dictionaries

    seen = 0
    for creator, entries in private_dictionaries.items():
        assert is_known_creator(creator)
        for key, (vr, vm, name, _) in entries.items():
            if key.count("x") == 2 and not key.endswith("xx"):
                seen += 1
                tag = int(key.replace("xx", "10"), 16)
                entry = private_entry(creator, tag)
                assert entry is not None
                # Where both have an element, the standard is right.
                if entry.safe:
                    continue
                assert vr in ("UN", "OB_OW", "US or SS") or entry.vr == vr
                assert entry.vm == vm
                plain = " ".join(name.split())
                assert entry.name in ("", plain, plain.strip("[]"))
    assert seen > 8000


@pytest.mark.parametrize(
    ("creator", "tag", "expected"),
    [
        ("SIEMENS MR HEADER", 0x0019100C, Standing.SAFE),
        # The block is an accident of the file, and so is padding.
        ("SIEMENS MR HEADER", 0x0019F00C, Standing.SAFE),
        ("SIEMENS MR HEADER ", 0x0019100C, Standing.SAFE),
        # The group is not.
        ("SIEMENS MR HEADER", 0x0021100C, Standing.NAMELESS),
        ("GEMS_ACQU_01", 0x00191018, Standing.KNOWN),
        ("GEMS_ACQU_01", 0x001910FE, Standing.NAMELESS),
        # A dictionary that has the element and no name for it does not know it.
        ("SIEMENS MR SDI 02", 0x00211106, Standing.NAMELESS),
        # A vendor that only the table of what stands in for public attributes has.
        ("Image Private Header", 0x00651009, Standing.KNOWN),
        ("Image Private Header", 0x00651010, Standing.NAMELESS),
        ("ACME 1.0", 0x00191018, Standing.UNKNOWN_CREATOR),
        ("", 0x00191018, Standing.ORPHAN),
        ("  ", 0x00191018, Standing.ORPHAN),
    ],
)
def test_the_standing_of_an_element(creator: str, tag: int, expected: Standing) -> None:
    assert standing(creator, tag) is expected


def test_a_repeating_group_is_known_in_each() -> None:
    assert private_entry("DLX_ANNOT_01", 0x70011004) is not None
    assert private_entry("DLX_ANNOT_01", 0x70031004) is not None
    assert private_entry("DLX_ANNOT_01", 0x71031004) is None


def test_nothing_in_a_name_can_break_a_report() -> None:
    for creator, number in (("GEMS_ACQU_01", 0x23), ("GEMS_ACQU_01", 0x24)):
        entry = private_entry(creator, 0x00191000 | number)
        assert entry is not None
        assert entry.name.count("[") == entry.name.count("]")


def test_it_needs_no_pydicom() -> None:
    code = (
        "import sys; from auditor.standard.private import standing;"
        "print(standing('GEMS_ACQU_01', 0x00191018).name, 'pydicom' in sys.modules)"
    )
    root = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    )
    assert done.stdout.split() == ["KNOWN", "False"]
