"""What dcentvfy of dicom3tools says of what differs between files, beside CONS021 to CONS024.

An audit does not run it: it would have to be given every file, dies of a whole set for one file
that it cannot read, and writes values. Its answer depends on the attribute and the SOP Class and
is a packaged table; here the installed program is asked again. It finds nothing that the rules
do not.
"""

from __future__ import annotations

import itertools
import re
import runpy
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from auditor.conformance.dciodvfy import find_program
from auditor.engine import Auditor
from auditor.model import TagPath
from auditor.packing import unpack
from auditor.paths import rules_folder
from auditor.reading.columns import ENTITY_ATTRIBUTES
from auditor.registry import load
from auditor.sources import open_source
from auditor.standard.dictionary import tag_of, vr_of
from auditor.standard.entities import (
    EQUIPMENT,
    FRAME_OF_REFERENCE,
    PATIENT,
    SERIES,
    STUDY,
    compared_by_dcentvfy,
)
from auditor.standard.sop_classes import iod_of
from auditor.store import TABLES
from auditor.testing import ask_collection
from tests.planted.harness import basic_ct

CORPUS = Path(__file__).parents[1].parent / "shared" / "corpus"
DCIODVFY = find_program()
LINE = re.compile(
    r"Error - (?:String|Numeric|Numeric string) attribute has different value"
    r" - Element=<(\w+)> IE=<(Patient|Study|Series|Equipment|FrameOfReference)>"
)
OTHER_RULES = {"PatientSex", "Modality", "PatientIdentityRemoved", "DeidentificationMethod"}
"""Which rules of their own compare, or which say what was done to an object."""

VALUES = {
    "AS": ("030Y", "031Y"),
    "CS": ("A", "B"),
    "DA": ("20010101", "20010102"),
    "DS": ("1", "2"),
    "FD": (1.0, 2.0),
    "IS": ("1", "2"),
    "TM": ("10", "11"),
    "UI": ("1.2.3", "1.2.4"),
    "US": (1, 2),
    "US or SS": (1, 2),
}

pytestmark = pytest.mark.skipif(DCIODVFY is None, reason="dicom3tools is not installed")


def by_dcentvfy(files: Iterable[Path]) -> set[str] | None:
    """Return the attributes that differ where they must not; None if the program dies."""
    assert DCIODVFY is not None
    program = DCIODVFY.with_name(DCIODVFY.name.replace("dciodvfy", "dcentvfy"))
    command = [str(program), *map(str, files)]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    if done.returncode not in (0, 1):
        return None
    return {match[1] for match in LINE.finditer(done.stderr.decode("latin-1"))}


def by_rules(folder: Path) -> tuple[set[str], list[Path]]:
    """Return the attributes that the rules report, and the files that are whole."""
    rules = load([rules_folder()])
    with open_source(folder) as source:
        files = list(source.files())
    tables = Auditor(rules, b"k" * 32).chunk(files).tables
    whole = {row[0] for row in unpack(tables["instances"]) if row[1] == "ok"}
    names = [name for name, _ in TABLES["entities"]]
    rows = [dict(zip(names, row, strict=True)) for row in unpack(tables["entities"])]
    said = {
        place
        for rule_id in ("CONS021", "CONS022", "CONS023", "CONS024")
        for place in ask_collection(rules, rule_id, entities=rows).places
    }
    found = {keyword for keyword in ENTITY_ATTRIBUTES if str(TagPath.of(keyword)) in said}
    return found, [Path(file.location) for file in files if file.path in whole]


NOT_COMPARED = {"InstitutionName", "InstitutionAddress", "InstitutionalDepartmentName"} | {
    "EthnicGroups"
}
"""Which it takes to be of no entity, or does not know yet."""


def test_what_differs_between_two_slices_both_find(tmp_path: Path) -> None:
    release = basic_ct()
    first, second, *_ = release.datasets
    for keyword in (*PATIENT, *STUDY, *SERIES, *EQUIPMENT, *FRAME_OF_REFERENCE):
        vr = vr_of(tag_of(keyword))
        one, other = VALUES.get(vr, ("One", "Other"))
        for dataset, value in ((first, one), (second, other)):
            dataset.add_new(tag_of(keyword), "US" if vr == "US or SS" else vr, value)
    release.write(tmp_path)
    ours, files = by_rules(tmp_path)
    theirs = by_dcentvfy(files)
    assert ours == set(ENTITY_ATTRIBUTES)
    assert theirs is not None
    assert theirs == ours - NOT_COMPARED


@pytest.fixture(scope="module")
def tool() -> dict[str, Any]:
    return runpy.run_path(str(Path(__file__).parents[1] / "tools" / "ask_dcentvfy.py"))


def test_the_packaged_table_is_what_the_program_says(tool: dict[str, Any]) -> None:
    rows = [line.split("\t") for line in tool["table"]().split("\n")]
    said = {uid: set(without.split(" ")) for uids, without in rows for uid in uids.split(" ")}
    for keyword in ("FrameOfReferenceUID", *ENTITY_ATTRIBUTES):
        compared = {uid for uid, without in said.items() if keyword not in without}
        assert set(compared_by_dcentvfy(keyword)) == compared, keyword


def test_two_sop_classes_are_compared_in_what_it_compares_in_each(tool: dict[str, Any]) -> None:
    """At least in that: where one is unknown to it, it goes by the other."""
    ask = tool["ask"]
    # CT, a mammogram, raw data, a report, a key object selection, a structure set.
    classes = ("2", "1.2", "66", "88.33", "88.59", "481.3")
    for one, other in itertools.combinations(classes, 2):
        pair = [f"1.2.840.10008.5.1.4.1.1.{end}" for end in (one, other)]
        for shared, attributes in tool["SHARED"].items():
            both = {
                keyword for keyword in attributes if {*pair} <= {*compared_by_dcentvfy(keyword)}
            }
            assert both <= ask(shared, [attributes], *pair)


def test_of_most_iods_it_knows_the_entities() -> None:
    assert len({iod_of(uid) for uid in compared_by_dcentvfy("PatientName")}) > 100
    assert not compared_by_dcentvfy("EthnicGroups")


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the folder of real files is not there")
def test_on_real_files_it_finds_nothing_that_the_rules_do_not() -> None:
    compared = 0
    for folder in sorted(path for path in CORPUS.iterdir() if path.is_dir()):
        ours, files = by_rules(folder)
        theirs = by_dcentvfy(files)
        if theirs is not None:
            assert theirs - ours <= OTHER_RULES, folder.name
            compared += 1
    assert compared > 15
