"""The packaged tables of the standard: what is in them, and that they say what it says."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary

from auditor.standard import sop_classes, tables
from auditor.standard.dictionary import (
    EDITION,
    entry_of,
    keyword_of,
    name_of,
    tag_of,
    vr_of,
)
from auditor.standard.editions import StandardError, fetch_edition, installed_editions
from auditor.standard.iods import (
    ALWAYS_READ,
    packaged_iods,
    packaged_tags_read_by_value,
    tag_of_key,
)
from auditor.standard.tables import read_table

ROOT = Path(__file__).parents[1]
TABLES = ("dictionary.tsv.gz", "iods.json.gz", "read_by_value.tsv.gz", "uids.tsv.gz")


def rows() -> list[list[str]]:
    return [line.split("\t") for line in read_table("dictionary.tsv.gz").split("\n")]


def attributes(level: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, value in level.items():
        if key != "include":
            yield key, value
            yield from attributes(value.get("items", {}))


def includes(level: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from level.get("include", ())
    for key, value in level.items():
        if key != "include":
            yield from includes(value.get("items", {}))


def conditions(plain: Any) -> Iterator[dict[str, Any]]:
    """Every condition that names a tag, everywhere below."""
    if isinstance(plain, dict):
        if "op" in plain:
            yield plain
        for value in plain.values():
            yield from conditions(value)
    elif isinstance(plain, list):
        for value in plain:
            yield from conditions(value)


# -- the dictionary ------------------------------------------------------------------------


def test_dictionary_has_every_row() -> None:
    masked = [row for row in rows() if "x" in row[0]]
    assert (len(rows()) - len(masked), len(masked)) == (5257, 88)


def test_dictionary_agrees_with_pydicom() -> None:
    """But for attributes newer than pydicom's edition and two that it names otherwise."""
    renamed = {
        tag: (row[4], keyword_of(tag))
        for tag, row in DicomDictionary.items()
        if row[4] != keyword_of(tag)
    }
    assert (
        renamed.items()
        <= {
            0x003A0320: ("SummarizedFilterLookupTable", "SummarizedFilterLookupTableSequence"),
            0x003A0325: ("AnalogFilterType", "AnalogFilterTypeCodeSequence"),
        }.items()
    )
    for tag, (vr, vm, name, *_) in DicomDictionary.items():
        entry = entry_of(tag)
        assert entry.vr == ("UN" if vr == "NONE" else vr), keyword_of(tag)
        if tag not in renamed:
            assert name.startswith(entry.name), name
            assert entry.vm.startswith(vm), keyword_of(tag)


def test_dictionary_has_repeating_groups_as_pydicom() -> None:
    for mask, (vr, vm, name, _, keyword) in RepeatersDictionary.items():
        tag = int(mask.replace("x", "2"), 16)
        assert entry_of(tag)[:4] == (vr, vm, keyword, name)


def test_names_carry_no_sentence() -> None:
    assert max(len(row[4]) for row in rows()) <= 90
    assert name_of(0x00000000) == "Command Group Length"
    assert name_of(0x00100010) == "Patient's Name"


def test_keywords_are_unique_and_lead_back() -> None:
    keywords = Counter(row[1] for row in rows() if row[1])
    assert max(keywords.values()) == 1
    # A retired repeating group may begin where another attribute has a tag of its own.
    in_use = [row[1] for row in rows() if row[1] and row[5] != "R"]
    assert all(keyword_of(tag_of(keyword)) == keyword for keyword in in_use)
    assert tag_of("OverlayData") == 0x60003000
    with pytest.raises(KeyError):
        tag_of("NoSuchKeyword")


@pytest.mark.parametrize(
    ("tag", "vr", "name"),
    [
        (0x00280106, "US or SS", "Smallest Image Pixel Value"),
        (0x60023000, "OB or OW", "Overlay Data"),
        (0x00280000, "UL", "Group Length"),
        (0x00090000, "UL", "Private Group Length"),
        (0x00090010, "LO", "Private Creator"),
        (0x000900FF, "LO", "Private Creator"),
        (0x00091001, "UN", ""),
        (0x00090001, "UN", ""),
        (0x00104321, "UN", ""),
    ],
)
def test_entries_that_no_row_has(tag: int, vr: str, name: str) -> None:
    assert (vr_of(tag), name_of(tag)) == (vr, name)


def test_unknown_tags_do_not_fill_memory() -> None:
    for tag in range(0x00110000, 0x00110000 + 20_000):
        vr_of(tag)
    assert entry_of.cache_info().currsize <= 8192


# -- SOP Classes ----------------------------------------------------------------------------


def test_objects_of_no_patient_are_those_whose_iod_has_none() -> None:
    iods, patient = packaged_iods(), (0x00100020,)
    without = {uid for uid in sop_classes._tables().iods if not iods.types_at(uid, patient)}
    assert sop_classes.OF_NO_PATIENT - {sop_classes.MEDIA_STORAGE_DIRECTORY} == without


def test_families_are_sop_classes() -> None:
    families = {
        "SEGMENTATIONS": 4,
        "STRUCTURED_REPORTS": 24,
        "RADIOTHERAPY": 28,
        "PRESENTATION_STATES": 14,
        "REGISTRATIONS": 2,
        "FIDUCIALS": 1,
        "ANNOTATIONS": 1,
    }
    members: list[str] = []
    for name, count in families.items():
        family = getattr(sop_classes, name)
        assert len(family) == count, name
        assert all(sop_classes.sop_class_name(uid) for uid in family), name
        members += family
    assert len(set(members)) == len(members)


def test_families_are_complete() -> None:
    names = {uid: sop_classes.sop_class_name(uid) for uid in sop_classes._tables().sop_classes}
    for words, family in (
        ("SR Storage", sop_classes.STRUCTURED_REPORTS),
        ("Segmentation Storage", sop_classes.SEGMENTATIONS),
        ("Presentation State Storage", sop_classes.PRESENTATION_STATES),
        ("Registration Storage", sop_classes.REGISTRATIONS),
    ):
        assert {uid for uid, name in names.items() if words in name} <= family
    assert {uid for uid in names if ".1.1.481." in uid} <= sop_classes.RADIOTHERAPY


def test_names_of_uids() -> None:
    assert sop_classes.sop_class_name("1.2.840.10008.5.1.4.1.1.2") == "CT Image Storage"
    assert sop_classes.iod_of("1.2.840.10008.5.1.4.1.1.2") == "CT Image"
    retired = "1.2.840.10008.5.1.4.1.1.6"
    assert (sop_classes.sop_class_name(retired), sop_classes.iod_of(retired)) == (
        "Ultrasound Image Storage",
        "",
    )
    assert sop_classes.sop_class_name("1.2.3") == ""
    assert sop_classes.transfer_syntax_name("1.2.840.10008.1.2.5") == "RLE Lossless"
    assert sop_classes.transfer_syntax_name("1.2.840.10008.5.1.4.1.1.2") == ""


# -- IODs -----------------------------------------------------------------------------------


def test_iods_are_all_there() -> None:
    table = packaged_iods()
    distinct = {id(iod): iod for iod in table.iods.values()}.values()
    assert table.edition == EDITION
    assert len(table.iods) == 179
    assert len(distinct) == 170
    assert sum(bool(iod["group_macros"]) for iod in distinct) == 29
    # One of them stands twice: General Image, for images without an image plane.
    assert len(table.modules) == 671


def test_the_table_of_conditions_is_that_of_the_package() -> None:
    document = (ROOT / "docs" / "standard.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| ([^|]+) \| (\d+(?: \| \d+){5}) \|$", document, re.MULTILINE))
    table = packaged_iods()
    for uid in table.iods:
        counts = (*table.conditions(uid), *table.value_lists(uid))
        assert rows[sop_classes.iod_of(uid)] == " | ".join(map(str, counts))


def test_iods_hold_together() -> None:
    table = packaged_iods()
    for iod in table.iods.values():
        for module in (*iod["modules"].values(), *iod["group_macros"].values()):
            assert module["ref"] in table.modules
            assert module["use"] in ("M", "C", "U")
    for module in table.modules.values():
        for included in includes(module):
            assert included["ref"] in table.modules or included["ref"] == "FuncGroup"
        for key, attribute in attributes(module):
            assert name_of(tag_of_key(key)), key
            assert attribute["type"] in ("1", "1C", "2", "2C", "3")


def test_conditions_can_be_evaluated() -> None:
    table = packaged_iods()
    found = list(conditions([table.modules, table.iods]))
    assert len(found) > 1000
    for condition in found:
        tag = tag_of_key(condition["tag"])
        assert keyword_of(tag)
        assert tag >> 16 != 0x7FE0, "pixel data is not read"
        assert condition["op"] in {"+", "-", "++", "=", "!=", ">", "<", "=>"}
        assert condition["index"] != 1, "the first value is number 0, the second number 2"


def test_known_attributes() -> None:
    table = packaged_iods()
    patient, ct = table.modules["C.7.1.1"], table.modules["C.8.2.1"]
    assert patient["(0010,0010)"] == {"type": "2"}
    assert ct["(0018,0060)"]["type"] == "2"
    sop_common = table.modules["C.12.1"]
    assert sop_common["(0008,0018)"] == {"type": "1"}


def test_tags_read_by_value_are_what_conditions_read() -> None:
    table, packaged = packaged_iods(), packaged_tags_read_by_value()
    assert packaged == {uid: table.tags_read_by_value(uid) for uid in table.iods}
    ct = packaged["1.2.840.10008.5.1.4.1.1.2"]
    assert ct >= ALWAYS_READ
    assert tag_of("ImageType") in ct
    assert tag_of("PatientID") not in ct
    sr = packaged["1.2.840.10008.5.1.4.1.1.88.33"]
    assert tag_of("ValueType") in sr
    assert table.tags_read_by_value("1.2.3") == frozenset()


# -- the package -----------------------------------------------------------------------------


def test_tables_are_stamped_and_small() -> None:
    for name in TABLES:
        stamp = gzip.decompress((ROOT / "auditor" / "standard" / name).read_bytes()).decode()
        stamp = stamp.partition("\n")[0]
        assert stamp.startswith(f"# DICOM {EDITION}; ")
        assert "NEMA" in stamp
        assert "Apache-2.0" in stamp
    folder = ROOT / "auditor" / "standard"
    assert sum(file.stat().st_size for file in folder.glob("*.gz")) < 1 << 20


def test_a_table_of_another_edition_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.gz").write_bytes(gzip.compress(b"# DICOM 1999a; old\nbody"))
    monkeypatch.setattr(tables, "_FOLDER", tmp_path)
    with pytest.raises(RuntimeError, match="not of edition"):
        read_table("x.gz")


def test_no_wording_of_the_standard_is_packaged() -> None:
    """Only names of modules are of several words, and none is a sentence."""
    strings = set(re.findall(r'"([^"]* [^"]*)"', read_table("iods.json.gz")))
    for text in strings:
        assert len(text.split()) <= 11, text
        assert not re.search(r"\b(shall|required|may be|if)\b", text, re.IGNORECASE), text


def test_tables_need_no_pydicom() -> None:
    code = (
        "import sys, auditor.conformance.dciodvfy as e, auditor.conformance.dicom_validator as c\n"
        "import auditor.standard.dictionary as d, auditor.standard.sop_classes as s\n"
        "d.tag_of('PatientID'); s.iod_of('x'); c.tags_read_by_value('x')\n"
        "c.fault_of('CS', b'CT', ())\n"
        "sys.exit('pydicom' in sys.modules or 'dicom_validator' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_build_script_makes_what_is_packaged(shared: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "auditor", tmp_path / "auditor")
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    for name in TABLES[1:]:  # the first is needed to import the package at all
        (tmp_path / "auditor" / "standard" / name).unlink()
    source = shared / "standard" / EDITION
    subprocess.run(
        [sys.executable, "tools/build_standard.py", source],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        check=True,
        capture_output=True,
    )
    for name in TABLES:
        built = tmp_path / "auditor" / "standard" / name
        packaged = ROOT / "auditor" / "standard" / name
        # Unpacked: another zlib may pack the same table otherwise.
        assert gzip.decompress(built.read_bytes()) == gzip.decompress(packaged.read_bytes()), name


# -- other editions ---------------------------------------------------------------------------


def test_installed_editions(tmp_path: Path) -> None:
    assert installed_editions(tmp_path / "missing") == (EDITION,)
    for name, complete in (("2026a", True), ("2026b", False), ("nonsense", True)):
        (tmp_path / name / "json").mkdir(parents=True)
        if complete:
            (tmp_path / name / "json" / "iod_info.json").write_text("{}")
    assert installed_editions(tmp_path) == (EDITION, "2026a")


@pytest.mark.parametrize("edition", ["2026a", "current"])
def test_fetching_without_a_network_is_one_plain_line(
    edition: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def no_network(*_: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr("dicom_validator.spec_reader.edition_reader.urlretrieve", no_network)
    with pytest.raises(StandardError, match=f"edition {edition} cannot be fetched") as error:
        fetch_edition(edition, tmp_path)
    assert "\n" not in str(error.value)
    assert capfd.readouterr() == ("", "")


def test_what_is_no_edition_is_not_asked_for(tmp_path: Path) -> None:
    with pytest.raises(StandardError, match="is no edition"):
        fetch_edition("../2026a", tmp_path)


def test_an_unwritable_folder_is_one_plain_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StandardError, match="cannot be fetched"):
        fetch_edition("2026a", tmp_path / "file")


def test_a_fetched_edition_is_read(shared: Path, tmp_path: Path) -> None:
    """The folder that dicom-validator's reader makes is of the same shape as our table."""
    shutil.copytree(shared / "standard" / "dicom-validator", tmp_path / "editions")
    for file in (tmp_path / "editions").rglob("*"):
        file.chmod(0o755 if file.is_dir() else 0o644)
    (tmp_path / "editions").chmod(0o755)
    table = fetch_edition("2025e", tmp_path / "editions")
    assert table.edition == "2025e"
    assert tag_of("ImageType") in table.tags_read_by_value("1.2.840.10008.5.1.4.1.1.2")
