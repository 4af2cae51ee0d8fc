"""PS3.15 Table E.1-1 as packaged, what its actions come to, and what a value visibly is."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pyarrow import parquet

from auditor.audit import audit
from auditor.paths import profiles_folder, rules_folder
from auditor.profile import read_profile
from auditor.registry import load
from auditor.result import CollectionResult
from auditor.sources import open_source
from auditor.standard.confidentiality import (
    EDITION,
    OPTIONS,
    Method,
    Row,
    confidentiality_table,
    permitted,
)
from auditor.standard.dictionary import name_of, tag_of, vr_of
from auditor.standard.iods import packaged_iods
from auditor.standard.sop_classes import MEDIA_STORAGE_DIRECTORY
from auditor.steps import Progress
from auditor.store import AuditFolder
from auditor.walking import Collection
from auditor.workers import Job
from tests.rules.cases import PLANT, get_rule, passes

TABLE = confidentiality_table()
CT = "1.2.840.10008.5.1.4.1.1.2"
SEG = "1.2.840.10008.5.1.4.1.1.66.4"
DOCUMENT = Path(__file__).parents[1] / "docs" / "deidentification.md"


# -- The table --------------------------------------------------------------------------------


def test_it_has_all_rows() -> None:
    rows = [*TABLE.by_tag.values(), *(row for _, _, row in TABLE.repeating), TABLE.private]
    assert len(rows) == len(TABLE) == 657
    # As published for the edition.
    assert Counter(row.basic for row in rows) == {
        "X": 417,
        "D": 93,
        "U": 55,
        "Z": 42,
        "X/D": 23,
        "X/Z": 11,
        "X/Z/D": 8,
        "Z/D": 6,
        "X/Z/U*": 2,
    }
    assert {code for row in rows for code in row.options} == OPTIONS - {
        Method.CLEAN_PIXEL_DATA,
        Method.CLEAN_VISUAL_FEATURES,
    }


def test_it_is_what_it_was_built_from(shared: Path) -> None:
    plain = json.loads((shared / "standard" / "ps315_e1_1.json").read_text(encoding="utf-8"))
    assert plain["edition"].startswith(EDITION)
    for row in plain["rows"]:
        written = row["tag"].strip("()").replace(",", "")
        ours = TABLE.private if "odd" in written else TABLE.row(int(written.replace("x", "0"), 16))
        assert ours is not None
        assert ours.basic == row["basic_profile"]
        assert sorted(ours.options.values()) == sorted(row["options"].values())


def test_its_tags_are_of_the_dictionary() -> None:
    """But for those that PS3.6 got after the edition of the packaged dictionary."""
    unknown = {tag for tag in TABLE.by_tag if not name_of(tag)}
    assert len(unknown) <= 12, [f"{tag:08X}" for tag in sorted(unknown)]


ANONYMIZERS = {
    # It has masks for the repeating groups and no row for private elements.
    "(50xx,xxxx)",
    "(60xx,3000)",
    "(60xx,4000)",
    "private attributes",
    # Newer than its edition, 2026c.
    "(3004,007F)",
}
"""Rows that dicom-anonymizer writes otherwise or lacks; the document lists them."""


def test_the_basic_profile_is_that_of_another_tool() -> None:
    """dicom-anonymizer has read the table by itself."""
    fields = pytest.importorskip(
        "dicomanonymizer.dicom_anonymization_databases.dicomfields_2026c",
        reason="dicom-anonymizer is not installed",
    )
    theirs: dict[str, str] = {}
    for name in dir(fields):
        if name.endswith("_TAGS") and name != "ALL_TAGS":
            action = name.removesuffix("_TAGS").replace("_STAR", "*").replace("_", "/")
            for tag in getattr(fields, name):
                if len(tag) == 2:
                    theirs[f"({tag[0]:04X},{tag[1]:04X})"] = action
                else:  # group, element and a mask of each
                    row = TABLE.row(tag[0] << 16 | tag[1])
                    assert row is not None
                    assert row.basic == action
    ours = {f"({tag >> 16:04X},{tag & 0xFFFF:04X})": row for tag, row in TABLE.by_tag.items()}
    assert {tag: row.basic for tag, row in ours.items() if tag in theirs} == theirs
    assert ours.keys() - theirs.keys() == {"(3004,007F)"}
    text = DOCUMENT.read_text(encoding="utf-8")
    assert all(tag in text for tag in ANONYMIZERS)


@pytest.mark.parametrize(
    ("tag", "basic", "options"),
    [
        (tag_of("PatientName"), "Z", {}),
        (tag_of("StationName"), "X/Z/D", {"113109": "K"}),
        (0x60023000, "X", {"113103": "C"}),  # Overlay Data of the second overlay
        (0x601E4000, "X", {"113103": "C"}),
        (0x50040110, "X", {"113103": "C"}),  # a curve
        (0x00191001, "X", {"113111": "C"}),  # private
        (0x50051010, "X", {"113111": "C"}),  # a private group among the curves
    ],
)
def test_a_row_is_found(tag: int, basic: str, options: dict[str, str]) -> None:
    row = TABLE.row(tag)
    assert row is not None
    assert (row.basic, row.options) == (basic, options)


@pytest.mark.parametrize("keyword", ["Modality", "Rows", "PixelData", "OverlayRows"])
def test_of_what_is_harmless_there_is_no_row(keyword: str) -> None:
    assert TABLE.row(tag_of(keyword)) is None


# -- What a claim asks for --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claimed", "action"),
    [
        ((), "X"),
        (("113109",), "K"),
        (("113107",), "C"),
        (("113107", "113109"), "K"),
        (("113105",), "X"),
    ],
)
def test_options_do_otherwise_than_the_profile(claimed: tuple[str, ...], action: str) -> None:
    row = Row("X", {"113106": "K", "113107": "C", "113109": "K"})
    assert row.action(frozenset({"113100", *claimed})) == action


@pytest.mark.parametrize(
    ("action", "types", "simple"),
    [
        ("X", {"1"}, "X"),
        ("X/Z", {"3"}, "X"),
        ("X/Z", {"2"}, "Z"),
        ("X/Z", set(), "X"),
        ("X/D", {"1"}, "D"),
        ("X/D", {"2"}, "D"),  # one of them leaves it there
        ("X/Z/D", {"3"}, "X"),
        ("X/Z/D", {"2"}, "Z"),
        ("X/Z/D", {"1"}, "D"),
        ("X/Z/U*", {"1"}, "U"),
        ("Z/D", {"3"}, "Z"),
        ("Z/D", {"1"}, "D"),
        # Where nobody can tell, each may be the right one.
        ("X/Z/D", {"1C"}, "XD"),
        ("X/Z/D", {"2C"}, "XZ"),
        ("X/Z/D", {"1", "3"}, "XD"),
        ("X/Z/D", None, "XZD"),
        ("X", None, "X"),
    ],
)
def test_a_compound_action_resolves_by_type(
    action: str, types: set[str] | None, simple: str
) -> None:
    assert permitted(action, None if types is None else frozenset(types)) == set(simple)


@pytest.mark.parametrize(
    ("sop_class", "path", "types"),
    [
        (CT, ("StudyDate",), {"2"}),
        (CT, ("StationName",), {"3"}),
        (CT, ("ContentDate",), {"2C"}),
        (SEG, ("ContentDate",), {"1", "2C"}),  # General Image and SEG Image differ
        (CT, ("RequestAttributesSequence", "RequestedProcedureDescription"), {"3"}),
        (
            SEG,
            (
                "PerFrameFunctionalGroupsSequence",
                "DerivationImageSequence",
                "SourceImageSequence",
            ),
            {"2"},
        ),
        (CT, ("SegmentSequence",), set()),  # a CT has none
        (CT, ("SegmentSequence", "SegmentLabel"), None),
        ("1.2.3", ("StudyDate",), None),
    ],
)
def test_an_attribute_has_a_type_at_its_place(
    sop_class: str, path: tuple[str, ...], types: set[str] | None
) -> None:
    assert packaged_iods().types_at(sop_class, tuple(map(tag_of, path))) == types


# -- What a value visibly is ------------------------------------------------------------------


def kept(**values: Any) -> bool:
    """Whether a claim without codes is told that an attribute is kept."""
    dataset = {"SOPClassUID": CT, "PatientIdentityRemoved": "YES", **values}
    return bool(passes(dataset).ask(get_rule("DEID320")).findings)


@pytest.mark.parametrize(
    "text",
    [
        "ANON", "Anonymous", "anonymized", "DE-IDENTIFIED", "REMOVED", "^^^", "NONE", "n/a", "XXX",
        "0", "000000", "unknown", "not available", "PSEUDO17", "-",
    ],
)  # fmt: skip
def test_a_text_that_says_it_is_replaced(text: str) -> None:
    assert not kept(StationName=text)


@pytest.mark.parametrize("text", [PLANT, "CT01", "12345", "ANON QUAGGA", "MR", "測"])
def test_a_text_that_does_not_say_so(text: str) -> None:
    assert kept(StationName=text, SpecificCharacterSet="ISO_IR 192")


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("SeriesDate", "20040119"),
        ("SeriesDate", "2004.01.19"),
        ("SeriesTime", "1015"),
        ("SeriesTime", "101517.250000"),
        ("AcquisitionDateTime", "20040119101517.25+0100"),
        ("DateOfLastCalibration", ["20040101", "20040119"]),
    ],
)
def test_a_date_that_looks_true(keyword: str, text: Any) -> None:
    assert kept(**{keyword: text})


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("SeriesDate", "19000101"),
        ("SeriesDate", "20040101"),
        ("SeriesDate", "19580702"),
        ("SeriesDate", "00000000"),
        ("SeriesDate", "20040019"),
        ("SeriesDate", "2004"),
        ("SeriesDate", "QUAGGA"),
        ("SeriesTime", "000000"),
        ("SeriesTime", "120000.00"),
        ("SeriesTime", "10"),
        ("AcquisitionDateTime", "20000101101517"),
    ],
)
def test_a_date_that_does_not(keyword: str, text: str) -> None:
    assert not kept(**{keyword: text})


def test_every_row_is_looked_at() -> None:
    """Whatever the VR, a value where the profile removes one is seen."""
    samples: dict[str, Any] = {
        "AS": "054Y", "CS": "QUAGGA", "DA": "20040119", "DT": "20040119101517", "IS": "17",
        "DS": "17.5", "TM": "101517", "UI": "1.2.3", "SQ": [{"Rows": 1}], "US": 17, "UL": 17,
        "FD": 17.5, "FL": 17.5, "SS": 17, "SL": 17, "OB": b"ab", "OW": b"ab", "UN": b"ab",
        "AT": 17,
    }  # fmt: skip
    missed = []
    for tag, row in TABLE.by_tag.items():
        vr = vr_of(tag)[:2]
        only_references = vr == "SQ" and set(row.options) == {Method.RETAIN_UIDS}
        if row.basic != "X" or tag >> 16 in (0, 2) or not name_of(tag) or only_references:
            continue
        value = samples.get(vr, PLANT)
        dataset: dict[Any, Any] = {"SOPClassUID": CT, "PatientIdentityRemoved": "YES"}
        dataset[tag >> 16, tag & 0xFFFF] = (vr, value)
        if not passes(dataset).ask(get_rule("DEID320")).findings:
            missed.append(f"{tag:08X} {vr}")
    assert not missed


# -- Real files -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("audit") / "audit"


@pytest.fixture(scope="module")
def real(shared: Path, real_folder: Path) -> dict[str, CollectionResult]:
    """Audit the real files by the rules that reproduce what was seen in them."""
    wanted = ("DEID103", "DEID320", "FILE004", "PRIV003")
    everything = load([rules_folder()])
    rules = everything.only(wanted, ())
    roots = (shared / "corpus", Path(pydicom.__file__).parent / "data")
    results, _ = audit(
        [Collection(open_source(root), root.name) for root in roots],
        job=Job(rules.folders, tuple(rule.id for rule in rules.rules), b"k" * 32),
        jobs=1,
        rules=rules,
        profile=read_profile(
            profiles_folder() / "default.toml", [rule.id for rule in everything.rules]
        ),
        folder=AuditFolder(real_folder),
        progress=Progress(),
    )
    return {result.name: result for result in results}


def failed(real: dict[str, CollectionResult], rule_id: str, about: str = "") -> int:
    """Count over both folders how many instances fail a rule, or have a finding at or of it."""
    rules = [rule for result in real.values() for rule in result.rules if rule.id == rule_id]
    if not about:
        return sum(rule.failed for rule in rules)
    return sum(
        finding.count
        for rule in rules
        for finding in rule.findings
        if about in (finding.tag_path or finding.message)
    )


def test_what_was_seen_in_real_files_is_reproduced(real: dict[str, CollectionResult]) -> None:
    """The counts were made by hand and stand beside the files."""
    assert failed(real, "DEID103") == 62
    assert failed(real, "PRIV003") == 62
    assert failed(real, "DEID320", "(0008,1010)") == 22
    assert failed(real, "FILE004", "(0002,0003)") == 30


def test_so_are_the_missing_series(real: dict[str, CollectionResult], real_folder: Path) -> None:
    """26 by hand, one of them a DICOMDIR without a record: a directory is of no series."""
    assert len(real) == 2
    tables = [parquet.read_table(file) for file in (real_folder / "instances").iterdir()]
    missing = [
        row["MediaStorageSOPClassUID"]
        for table in tables
        for row in table.to_pylist()
        if row["SeriesInstanceUID"] is None and row["status"] != "unreadable"
    ]
    assert missing.count(MEDIA_STORAGE_DIRECTORY) == 8
    assert len(missing) - 8 == 25
