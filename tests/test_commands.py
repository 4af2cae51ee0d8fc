"""Commands that rules carry: of known tools, about attributes that exist, and of use."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import duckdb
import highdicom
import numpy as np
import pytest
from click.testing import CliRunner
from pydicom import Dataset, config, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate, generate_fragments
from pydicom.pixels.utils import get_expected_length, pack_bits
from pydicom.sr.codedict import codes
from pydicom.uid import (
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
    generate_uid,
)
from pydicom.valuerep import DA

from auditor.cli import main
from auditor.literal import WHOLE, ask_about
from auditor.model import Outcome, Scope
from auditor.reading.fallback import lenient
from auditor.result import RuleResult, read_result
from auditor.standard.dictionary import keyword_of, tag_of
from auditor.standard.sop_classes import SEGMENTATION
from auditor.store import TABLES, TableWriter
from auditor.testing import dataset_of
from tests.rules.cases import Case, all_rules, get_rule
from tests.rules.test_every_rule import CASES

COMMANDS = {rule.id: rule.doc.command.split("\n") for rule in all_rules().rules}

OPTIONS = {
    "dcmconv": {"+Fm", "+st"},
    "dcmdump": {"+F", "+P", "+U8", "+r", "+sd"},
    "dcmj2pnm": {"--write-png"},
    "dcmodify": {"-e", "-ea", "-ep", "-gin", "-i", "-imt", "-m", "-ma", "-nb"},
    "dd": {"bs", "conv", "count", "if", "of"},
    "dsrdump": {"+Pc", "+Pn", "+Pt", "-Ec", "-Ee", "-Er"},
    "duckdb": {"-c"},
    "find": {"-empty", "-name", "-not", "-type"},
    "gunzip": set(),
    "mv": set(),
}
"""The programs that commands call, and the options that they give them."""

LIBRARIES = ("pydicom", "highdicom")

NAMES: dict[str, Any] = {
    # What a line of pydicom or highdicom is written with: names of those, and of Python.
    "CodeContentItem": highdicom.sr.CodeContentItem,
    "CodedConcept": highdicom.sr.CodedConcept,
    "AlgorithmIdentificationSequence": highdicom.AlgorithmIdentificationSequence,
    "PlaneOrientationSequence": highdicom.PlaneOrientationSequence,
    "DA": DA,
    "Dataset": Dataset,
    "Path": Path,
    "codes": codes,
    "dcmread": dcmread,
    "encapsulate": encapsulate,
    "generate_fragments": generate_fragments,
    "generate_uid": generate_uid,
    "get_expected_length": get_expected_length,
    "np": np,
    "pack_bits": pack_bits,
    "timedelta": timedelta,
}

every_rule = pytest.mark.parametrize("rule_id", COMMANDS)


def statements(rule_id: str) -> Iterator[tuple[str, str]]:
    """Yield what is said to each tool, and which: a quoted text may go over several lines."""
    lines: list[str] = []
    for line in COMMANDS[rule_id]:
        tool, colon, rest = line.partition(": ")
        if not lines and colon and tool in (*LIBRARIES, "CTP"):
            yield tool, rest
            continue
        lines.append(line)
        if "\n".join(lines).count('"') % 2 == 0:
            text = "\n".join(lines)
            yield shlex.split(text)[0], text
            lines = []
    assert not lines


def queries(rule_id: str) -> list[str]:
    """Return what a rule's commands ask DuckDB."""
    return [shlex.split(text)[2] for tool, text in statements(rule_id) if tool == "duckdb"]


@every_rule
def test_a_rule_has_a_command_that_a_person_can_read(rule_id: str) -> None:
    lines = COMMANDS[rule_id]
    assert 1 <= len(list(filter(None, lines))) <= 6
    assert all(len(line) <= 96 for line in lines)


@every_rule
def test_a_command_is_of_a_known_tool_and_of_attributes_that_exist(rule_id: str) -> None:
    for tool, text in statements(rule_id):
        if tool == "CTP":
            element = ET.fromstring(text)  # noqa: S314 - our own text
            tag = element.attrib["t"]
            if tag != "privategroups":
                assert keyword_of(int(tag, 16)) == element.attrib["n"]
        elif tool not in LIBRARIES:
            words = shlex.split(text)
            given = {
                word.partition("=")[0] for word in words[1:] if word[0] in "+-" or tool == "dd"
            }
            assert given <= OPTIONS[tool]
            # What dcmodify does by default leaves what was removed in FILE.bak.
            assert tool != "dcmodify" or words[1] == "-nb"
            assert tool not in ("dcmodify", "gunzip") or words[-1].startswith("FILE")
        for group, element_number in re.findall(r"\(([0-9A-F]{4}),([0-9A-F]{4})\)", text):
            assert keyword_of(int(group + element_number, 16)), text
        for tag_path, value in re.findall(r'-(?:i|m|ma) "([^"=]*)=([^"]*)"', text):
            assert re.fullmatch(r"TAG|(\([0-9A-F]{4},[0-9A-F]{4}\)(\[[0NM]\]\.)?)+", tag_path)
            assert value == value.strip()
        for name in re.findall(r'\+(?:P|st) "?([\w,]+)', text):
            group, _, number = name.partition(",")
            assert name == "TAG" or (
                keyword_of(int(group + number, 16)) if number else tag_of(name)
            )


@pytest.mark.parametrize("program", [name for name in OPTIONS if name.startswith(("dcm", "dsr"))])
def test_the_options_are_those_of_the_program(program: str) -> None:
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    said = subprocess.run([program, "--help"], check=False, capture_output=True, text=True).stdout
    assert set(re.findall(r"[+-][\w=+-]+", said)) >= OPTIONS[program]


# -- Commands that mend -------------------------------------------------------------------------

MENDS: dict[str, Mapping[str, str]] = {
    "DEID101": {},
    "DEID102": {"YES-OR-NO": "YES"},
    "DEID103": {},
    "DEID105": {"N": "0", "CODE": "113100"},
    "DEID106": {"TAG": "(0012,0062)", "YES-OR-NO": "YES"},
    "DEID107": {},
    "DEID108": {"YES-OR-NO": "NO"},
    "DEID109": {},
    "DEID201": {},
    "DEID202": {},
    "DEID203": {},
    "DEID305": {"CODE": "113107", "UNMODIFIED-MODIFIED-OR-REMOVED": "MODIFIED"},
    "DEID306": {"UNMODIFIED-MODIFIED-OR-REMOVED": "MODIFIED"},
    "DEID307": {"CODE": "113100"},
    "DEID308": {"UNMODIFIED-MODIFIED-OR-REMOVED": "MODIFIED", "YES-OR-NO": "NO"},
    "DEID309": {"N": "0", "CODE": "113100"},
    "DEID320": {"TAG": "(0008,1010)"},
    "DEID401": {"TAG": "(0020,4000)"},
    "DEID402": {"TAG": "(0020,4000)"},
    "DEID403": {"TAG": "(0020,4000)"},
    "PIX001": {"YES-OR-NO": "NO"},
    "PIX002": {"YES-OR-NO": "NO"},
    "PIX003": {"YES-OR-NO": "NO"},
    "PIX004": {"YES-OR-NO": "NO"},
    "PRIV003": {},
    "PRIV101": {"TAG": "(0029,1020)"},
    "PRIV102": {
        "GROUP": "0x0019",
        "PRIVATE-CREATOR": "GEMS_ACQU_01",
        "SAFE-UNSAFE-OR-MIXED": "SAFE",
    },
    "PRIV201": {"TAG": "0x0019100C", "VR": "IS", "VALUE": '"1000"'},
    "PRIV202": {},
    "PRIV301": {"KEYWORD": "DiffusionBValue", "TAG": "0x0019100C"},
    "IOD021": {"TAG": "(0028,0101)", "VALUE": "8"},
    "IOD023": {"PHOTOMETRIC-INTERPRETATION": "RGB"},
    "IOD024": {"METHOD": "ISO_10918_1"},
    "IOD025": {},
    "IOD031": {"UID": "1.2.03"},
    "IOD032": {},
    "IOD033": {"CHARACTER-SET": "ISO_IR 100"},
    "IOD034": {"TAG": "(0020,0037)", "VALUE": "1\\\\0\\\\0\\\\0\\\\1\\\\0"},
    "IOD035": {"TAG": "0x0020000E"},
    "SEG101": {},
    "SEG102": {
        "SEGMENTATION-TYPE": "FRACTIONAL",
        "PROBABILITY-OR-OCCUPANCY": "OCCUPANCY",
        "MAXIMUM": "255",
    },
    "SEG103": {"N": "1", "NUMBER": "2"},
    "SEG104": {},
    "SEG106": {},
    "SEG108": {"N": "0", "UID": "2.25.1"},
    "SEG109": {"OLD-CODE": "T-62000", "CODE": "10200004", "SCHEME": "SCT", "CODE-MEANING": "Liver"},
    "SEG110": {
        "OLD-CODE": "Quagga^Zelda",
        "CODE": "10200004",
        "SCHEME": "SCT",
        "CODE-MEANING": "Liver",
    },
    "SEG111": {
        "OLD-CODE": "10200005",
        "CODE": "10200004",
        "SCHEME": "SCT",
        "CODE-MEANING": "Liver",
    },
    "SEG112": {"N": "1"},
    "SEG113": {"N": "0", "CODE": "10200004", "SCHEME": "SCT"},
    "SEG114": {"MAXIMUM": "255"},
    "SEG116": {"NO-YES-OR-UNDEFINED": "NO"},
    "SEG202": {"N": "0", "NUMBER": "1"},
    "SEG203": {},
    "SEG204": {"N": "2", "INDEX-VALUES": "2\\\\2"},
    "SEG208": {"N": "0", "M": "3", "UID": "2.25.8", "SOP-CLASS-UID": "1.2.840.10008.5.1.4.1.1.2"},
    "SEG210": {"KEYWORD": "DerivationCodeSequence", "CODE": "113076"},
    "SEG401": {"N": "1", "UID": "2.25.7"},
    "SEG402": {
        "N": "0",
        "AUTOMATIC-SEMIAUTOMATIC-OR-MANUAL": "MANUAL",
        "FAMILY": "codes.DCM.ArtificialIntelligence",
    },
    "SEG404": {"N": "0"},
    "SEG501": {"NUMBER": "1"},
    "SEG502": {},
    "SEG601": {"UNIT": "mm2/s"},
    "SEG602": {},
    "SEG603": {},
    "SR002": {"MODALITY": "OT"},
    "SR101": {"COMPLETE-OR-PARTIAL": "COMPLETE", "VERIFIED-OR-UNVERIFIED": "UNVERIFIED"},
    "SR102": {},
    "SR103": {"N": "0", "VALUE-TYPE": "TEXT"},
    "SR104": {"N": "0", "RELATIONSHIP-TYPE": "CONTAINS"},
    "SR105": {"N": "0"},
    "SR106": {"CODE": "121106"},
    "SR107": {"WRONG-UNIT": "HU", "UNIT": "[hnsf'U]"},
    "SR108": {"WRONG-UNIT": "mm", "UNIT": "mm"},
    "SR111": {"OLD-CODE": "1211060", "CODE": "121106", "SCHEME": "DCM"},
    "SR112": {"OLD-CODE": "G-C0E3", "CODE": "363698007", "SCHEME": "SCT"},
    "SR113": {"OLD-CODE": "1", "CODE": "118565006", "SCHEME": "SCT"},
    "SR202": {"N": "0"},
    "SR203": {"N": "0", "VALUE-TYPE": "PNAME", "RELATIONSHIP-TYPE": "HAS OBS CONTEXT"},
    "SR205": {"N": "6].ContentSequence[1", "FACTOR": "100", "UNIT": "mGy.cm"},
    "SR206": {"N": "1"},
    "SR207": {"N": "0"},
    "SR208": {"OLD": "1", "NEW": "0"},
    "RT002": {"MODALITY": "OT"},
    "RT101": {"TAG": "(3006,0039)[0].(3006,0084)", "NUMBER": "1"},
    "RT104": {"N": "0", "M": "0", "CONTOUR-TYPE": "OPEN_NONPLANAR"},
    "RT105": {},
    "RT106": {"N": "1", "NAME": "OTHER"},
    "RT107": {"N": "0", "NAME": "Lung_L"},
    "RT108": {"N": "1", "UID": "2.25.1"},
    "RT109": {"N": "0", "SOP-CLASS-UID": "1.2.840.10008.5.1.4.1.1.2", "UID": "2.25.2"},
    "RT110": {"N": "0"},
    "RT202": {"N": "0", "M": "1"},
    "RT203": {"N": "1", "NUMBER": "3"},
    "RT205": {"PATIENT-OR-TREATMENT_DEVICE": "PATIENT", "UID": "2.25.1"},
    "RT207": {"APPROVAL-STATUS": "APPROVED"},
    "RT301": {"GY-OR-RELATIVE": "GY"},
    "RT302": {"DOSE-TYPE": "PHYSICAL", "DOSE-SUMMATION-TYPE": "PLAN"},
    "RT303": {"DOSE-OF-ONE-COUNT": "0.001"},
    "RT304": {"OFFSETS": '["0", "1", "2"]'},
    "RT305": {"NUMBER": "1", "UID": "2.25.1"},
    "RT401": {"NORMAL-OR-NON_NORMAL": "NORMAL", "UID": "2.25.1"},
}
"""Rules whose command mends an object that fails them, and what stands for its capitals."""


@contextmanager
def _in(folder: Path) -> Iterator[None]:
    before, validation = Path.cwd(), config.settings.writing_validation_mode
    os.chdir(folder)
    with lenient():
        config.settings.writing_validation_mode = config.IGNORE
        try:
            yield
        finally:
            config.settings.writing_validation_mode = validation
            os.chdir(before)


def _filled(text: str, words: Mapping[str, str]) -> str:
    for name, word in words.items():
        text = re.sub(rf"(?<![A-Za-z-]){name}(?![A-Za-z-])", word.replace("\\", r"\\"), text)
    return text


def _run(rule_id: str, words: Mapping[str, str]) -> Dataset:
    """Do in this folder what a rule's command says, to FILE; return what became of it."""
    for tool, text in statements(rule_id):
        if tool == "dcmodify":
            subprocess.run(shlex.split(_filled(text, words)), check=True, capture_output=True)
    lines = [_filled(text, words) for tool, text in statements(rule_id) if tool in LIBRARIES]
    if lines:
        exec("\n".join(lines), dict(NAMES))  # noqa: S102 - our own text
    written = Path("NEW-FILE")
    return dcmread(written if written.exists() else "FILE", force=True)


def _write(literal: Mapping[Any, Any]) -> None:
    dataset = dataset_of(literal)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.preamble = bytes(128)
    dataset.save_as("FILE", enforce_file_format=False)


def _needs_dcmodify(rule_id: str) -> bool:
    return any(tool == "dcmodify" for tool, _ in statements(rule_id))


@pytest.mark.parametrize("rule_id", MENDS)
def test_a_command_mends_what_the_rule_found(rule_id: str, tmp_path: Path) -> None:
    if _needs_dcmodify(rule_id) and not shutil.which("dcmodify"):
        pytest.skip("dcmodify is not installed")
    rule = get_rule(rule_id)
    said: list[object] = []
    for number, case in enumerate(CASES[rule_id]):
        if case.outcome is not Outcome.FAIL:
            continue
        folder = tmp_path / str(number)
        folder.mkdir()
        with _in(folder):
            _write(case.dataset)
            try:
                mended = _run(rule_id, MENDS[rule_id])
            except (subprocess.CalledProcessError, AttributeError, KeyError, IndexError) as error:
                said.append(error)
                continue
            bare = Dataset()
            bare.update(mended)
            facts = WHOLE._replace(**case.file)
            said.append(ask_about(rule, all_rules().judges, bare, facts, case.path)[0])
    assert {Outcome.PASS, Outcome.NOT_APPLICABLE} & set(said), said


# -- Commands that mend pixel data, documents and tables ------------------------------------------


def _image(**changed: Any) -> Dataset:
    """Return an image of two frames, 4 x 4, whose pixels are all different."""
    pixels = np.arange(32, dtype="<u2").reshape(2, 4, 4)
    made = dataset_of(
        {
            "SOPClassUID": "1.2.840.10008.5.1.4.1.1.7.3",
            "SOPInstanceUID": "2.25.1",
            "SamplesPerPixel": 1,
            "PhotometricInterpretation": "MONOCHROME2",
            "NumberOfFrames": "2",
            "Rows": 4,
            "Columns": 4,
            "BitsAllocated": 16,
            "BitsStored": 16,
            "HighBit": 15,
            "PixelRepresentation": 0,
            "PixelData": pixels.tobytes(),
            **changed,
        }
    )
    made["PixelData"].VR = "OW"
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return made


def _compressed(dataset: Dataset) -> Dataset:
    dataset.compress(RLELossless, generate_instance_uid=False)
    return dataset


def _short_of_an_offset(dataset: Dataset) -> Dataset:
    frames = list(generate_fragments(_compressed(dataset).PixelData))[1:]
    offsets = bytes(4)
    dataset.PixelData = b"\xfe\xff\x00\xe0" + len(offsets).to_bytes(4, "little") + offsets
    for frame in frames:
        dataset.PixelData += b"\xfe\xff\x00\xe0" + len(frame).to_bytes(4, "little") + frame
    return dataset


def _of_words(dataset: Dataset) -> Dataset:
    _compressed(dataset)["PixelData"].VR = "OW"
    return dataset


def _by_another_name(dataset: Dataset) -> Dataset:
    _compressed(dataset).file_meta.TransferSyntaxUID = JPEG2000Lossless
    return dataset


def _binary(**changed: Any) -> Dataset:
    mask = np.tile(np.arange(8) % 2, 4).astype("u1")
    made = _image(SegmentationType="BINARY", SOPClassUID=SEGMENTATION, BitsAllocated=8, **changed)
    made.update(dataset_of({"BitsStored": 8, "HighBit": 7, "PixelData": mask.tobytes()}))
    return made


PIXELS: dict[str, tuple[Callable[[], Dataset], bytes, Mapping[str, str]]] = {
    "DEID461": (_image, b"TEXT OF AN ARCHIVE BEHIND THE PIXELS", {}),
    "FILE020": (_image, b"TEXT OF AN ARCHIVE BEHIND THE PIXELS", {}),
    "FILE022": (lambda: _image(PixelData=bytes(96)), b"", {}),
    "FILE023": (lambda: _short_of_an_offset(_image()), b"", {}),
    "FILE026": (lambda: _of_words(_image()), b"", {}),
    "IOD022": (lambda: _image(BitsStored=12), b"", {}),
    "SEG115": (_binary, b"", {}),
}


def _scan(path: str, rule_id: str, out: str) -> RuleResult:
    """Audit a file of this folder by one rule, by the way that a person takes."""
    said = CliRunner().invoke(main, ["scan", path, "-o", out, "--select", rule_id, "--jobs", "1"])
    assert said.exit_code in (0, 3), said.output
    (collection,) = read_result(Path(out) / "result.json").collections
    (result,) = (each for each in collection.rules if each.id == rule_id)
    return result


@pytest.mark.parametrize("rule_id", PIXELS)
def test_a_command_mends_the_pixel_data(rule_id: str, tmp_path: Path) -> None:
    make, behind, words = PIXELS[rule_id]
    with _in(tmp_path):
        make().save_as("FILE", enforce_file_format=True)
        with Path("FILE").open("ab") as stream:
            stream.write(behind)
        before = _scan("FILE", rule_id, "BEFORE")
        for tool, text in statements(rule_id):
            if tool == "dcmconv":
                if not shutil.which(tool):
                    pytest.skip("dcmconv is not installed")
                subprocess.run(shlex.split(text), check=True)
        _run(rule_id, words)
        after = _scan("NEW-FILE", rule_id, "AFTER")
    assert (before.failed, after.failed) == (1, 0)
    assert after.applicable or after.not_applicable


# -- Commands that show how far a defect reaches --------------------------------------------------

EXCUSED = {"REF001", "REF003", "REF004", "REF006", "REF009"}
"""Rules that excuse some of what their query shows: copies, and what former versions named."""

WHAT_THERE_IS = {"ANNO001", "CONS006", "PRIV002", "PRIV004", "RT001", "SEG001", "SR001"}
"""Rules whose command shows what there is, and not what is wrong."""


def _tables(query: str, case: Case) -> None:
    """Write into OUT what an audit of the case would write there, as far as it is asked for."""
    for table in set(re.findall(r"'OUT/(\w+)/", query)):
        folder = Path("OUT", table)
        folder.mkdir(parents=True)
        names = [name for name, _ in TABLES[table]]
        with TableWriter(folder / "0001.parquet", table, "test") as writer:
            for number, row in enumerate(getattr(case, table, ())):
                full = {"path": f"{number}.dcm", "status": "ok", **row}
                writer.add([tuple(full.get(name) for name in names)])


def _rows(query: str, folder: Path, case: Case) -> list[tuple[Any, ...]]:
    folder.mkdir()
    with _in(folder):
        _tables(query, case)
        with duckdb.connect() as connection:
            return connection.execute(query).fetchall()


QUERIES = [
    (rule_id, query) for rule_id in COMMANDS for query in queries(rule_id) if "OUT/" in query
]


@pytest.mark.parametrize(("rule_id", "query"), QUERIES, ids=[each for each, _ in QUERIES])
def test_a_query_shows_what_the_rule_found_and_no_more(
    rule_id: str, query: str, tmp_path: Path
) -> None:
    assert _rows(query, tmp_path / "none", Case(Outcome.PASS)) == [] or rule_id in WHAT_THERE_IS
    if "OUT/findings/" in query or get_rule(rule_id).scope is not Scope.COLLECTION:
        return
    for number, case in enumerate(CASES[rule_id]):
        found = _rows(query, tmp_path / str(number), case)
        if case.outcome is Outcome.FAIL:
            assert found or rule_id in WHAT_THERE_IS, case
        elif case.outcome is Outcome.PASS and rule_id not in WHAT_THERE_IS | EXCUSED:
            assert not found, case
