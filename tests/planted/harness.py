"""Defects planted in a clean release, and whether a scan reports them.

A module ``cases_TOPIC.py`` beside this one holds ``CASES``, a tuple of `Planted`; the first
line of its docstring is the topic. All cases, and each clean release that they change, are
scanned in one go by the way that ``dicom-audit`` takes. A clean release must stay without a
finding of `FAMILIES` at severity warning or error.

Run as ``python -m tests.planted.harness`` to write the table of what was detected into
``docs/accuracy.md``.
"""

from __future__ import annotations

import importlib
import io
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from pydicom import config
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from auditor.audit import audit
from auditor.judgement import is_referee_rule
from auditor.paths import profiles_folder, rules_folder
from auditor.profile import read_profile
from auditor.reading.fallback import lenient
from auditor.registry import RuleSet, load
from auditor.result import CollectionResult
from auditor.sources import open_source
from auditor.steps import Progress
from auditor.store import AuditFolder
from auditor.testing import dataset_of
from auditor.walking import Collection
from auditor.workers import Job

FAMILIES = ("DEID", "PRIV", "PIX", "SEG", "SR", "RT", "REF", "FILE", "IOD", "CONS", "ANNO")
"""Families of rules that a clean release is held to, and that cases are planted for.

Rules that only show what a referee says are left out: it is counted apart, on real files.
"""

UNPLANTED = {
    "they pass on what a referee says, which is counted on real files under Conformance": tuple(
        f"IOD{number:03d}" for number in range(1, 18)
    ),
    "they say what there is, which is no defect": (
        *("SEG001", "SEG107", "SR001", "SR003", "SR004", "SR005"),
        *("RT001", "RT003", "ANNO001"),
    ),
    "they read pixels with `--ocr`, which is counted under Text in pixels": (
        "PIX011",
        "PIX012",
        "PIX013",
        "PIX014",
    ),
}
"""Why no defect is planted, to the rules that this holds for."""

DOCUMENT = Path(__file__).parents[2] / "docs" / "accuracy.md"
BEGIN, END = "<!-- planted: begin -->", "<!-- planted: end -->"


@dataclass
class Release:
    """A collection as it is to be written: change it, and it is written changed.

    Attributes
    ----------
    instances
        Path inside the collection to data set; each has its ``file_meta``.
    rewrite
        Path of an instance to a function of the file's bytes, for what no data set can
        say: a preamble, bytes behind the data set.
    companions
        Path to content of what is no DICOM.
    """

    instances: dict[str, Dataset] = field(default_factory=dict)
    rewrite: dict[str, Callable[[bytes], bytes]] = field(default_factory=dict)
    companions: dict[str, bytes] = field(default_factory=dict)

    @property
    def first(self) -> Dataset:
        """The first instance, where it is enough that one is bad."""
        return next(iter(self.instances.values()))

    @property
    def datasets(self) -> tuple[Dataset, ...]:
        """All instances."""
        return tuple(self.instances.values())

    def set(self, **values: Any) -> None:
        """Set attributes of every instance, by keyword; a list of mappings is a sequence."""
        for dataset in self.datasets:
            dataset.update(dataset_of(values))

    def drop(self, *keywords: str) -> None:
        """Take attributes out of every instance."""
        for dataset in self.datasets:
            for keyword in keywords:
                if keyword in dataset:
                    delattr(dataset, keyword)

    def private(self, group: int, creator: str, element: int, vr: str, value: Any) -> None:
        """Add a private element, with its creator, to every instance."""
        for dataset in self.datasets:
            dataset.private_block(group, creator, create=True).add_new(element, vr, value)

    def add(self, path: str, dataset: Dataset) -> None:
        """Add an instance, with its file meta made of it."""
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        self.instances[path] = dataset

    def write(self, folder: Path) -> None:
        """Write it under a folder."""
        for path, dataset in self.instances.items():
            buffer = io.BytesIO()
            with _careless():
                dataset.save_as(buffer, enforce_file_format=True)
            _write(folder / path, self.rewrite.get(path, bytes)(buffer.getvalue()))
        for path, content in self.companions.items():
            _write(folder / path, content)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@contextmanager
def _careless() -> Iterator[None]:
    """Let pydicom write what is wrong on purpose without a word, and restore its settings."""
    before = config.settings.writing_validation_mode
    with lenient():
        config.settings.writing_validation_mode = config.IGNORE
        try:
            yield
        finally:
            config.settings.writing_validation_mode = before


def uid(*parts: object) -> str:
    """Return a UID that depends on nothing but what it is for (PS3.5 B.2)."""
    digest = blake2b(repr(parts).encode(), digest_size=16).digest()
    return f"2.25.{int.from_bytes(digest)}"


def codes(*values: str) -> list[dict[str, str]]:
    """Return items of De-identification Method Code Sequence for codes of CID 7050."""
    return [
        {"CodeValue": value, "CodingSchemeDesignator": "DCM", "CodeMeaning": MEANINGS[value]}
        for value in values
    ]


MEANINGS = {
    "113100": "Basic Application Confidentiality Profile",
    "113101": "Clean Pixel Data Option",
    "113102": "Clean Recognizable Visual Features Option",
    "113103": "Clean Graphics Option",
    "113104": "Clean Structured Content Option",
    "113105": "Clean Descriptors Option",
    "113106": "Retain Longitudinal Temporal Information Full Dates Option",
    "113107": "Retain Longitudinal Temporal Information Modified Dates Option",
    "113108": "Retain Patient Characteristics Option",
    "113109": "Retain Device Identity Option",
    "113110": "Retain UIDs Option",
    "113111": "Retain Safe Private Option",
    "113112": "Retain Institution Identity Option",
}
"""Codes of CID 7050, with their meanings in PS3.16."""


def ct_slice(patient: int, number: int) -> Dataset:
    """Return one slice of a CT, de-identified by the Basic Profile and nothing else."""
    dataset = dataset_of(
        {
            "SOPClassUID": CTImageStorage,
            "SOPInstanceUID": uid("instance", patient, number),
            "StudyInstanceUID": uid("study", patient),
            "SeriesInstanceUID": uid("series", patient),
            "FrameOfReferenceUID": uid("frame", patient),
            "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
            "StudyDate": "",
            "ContentDate": "",
            "StudyTime": "",
            "ContentTime": "",
            "AccessionNumber": "",
            "ReferringPhysicianName": "",
            "Modality": "CT",
            "Manufacturer": "",
            "PatientName": f"CASE-{patient:03d}",
            "PatientID": f"CASE-{patient:03d}",
            "PatientBirthDate": "",
            "PatientSex": "",
            "PatientIdentityRemoved": "YES",
            "DeidentificationMethod": "PS3.15 Basic Application Level Confidentiality Profile",
            "DeidentificationMethodCodeSequence": codes("113100"),
            "LongitudinalTemporalInformationModified": "REMOVED",
            "StudyID": "",
            "SeriesNumber": "1",
            "InstanceNumber": str(number),
            "PositionReferenceIndicator": "",
            "ImagePositionPatient": [0, 0, 5 * number],
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
            "SliceThickness": "5",
            "KVP": "120",
            "AcquisitionNumber": "1",
            "SamplesPerPixel": 1,
            "PhotometricInterpretation": "MONOCHROME2",
            "Rows": 16,
            "Columns": 16,
            "PixelSpacing": [1, 1],
            "BitsAllocated": 16,
            "BitsStored": 12,
            "HighBit": 11,
            "PixelRepresentation": 0,
            "BurnedInAnnotation": "NO",
            "RecognizableVisualFeatures": "NO",
            "RescaleIntercept": "-1024",
            "RescaleSlope": "1",
        }
    )
    pixels = (((row * 7 + patient + number) % 200).to_bytes(2, "little") for row in range(256))
    dataset.add_new((0x7FE0, 0x0010), "OW", b"".join(pixels))
    return dataset


def basic_ct() -> Release:
    """Return a CT of two patients, two slices each, by the Basic Profile."""
    release = Release()
    for patient in (1, 2):
        for number in (1, 2):
            release.add(f"case-{patient:03d}/{number}.dcm", ct_slice(patient, number))
    return release


def ct_with_options() -> Release:
    """Return the same CT with options that retain dates, device, patient and safe private."""
    release = basic_ct()
    release.set(
        DeidentificationMethodCodeSequence=codes(
            "113100", "113105", "113107", "113108", "113109", "113111"
        ),
        LongitudinalTemporalInformationModified="MODIFIED",
        StudyDate="20010412",
        SeriesDate="20010412",
        ContentDate="20010412",
        StudyTime="101500",
        ContentTime="101500",
        PatientSex="F",
        PatientAge="054Y",
        Manufacturer="SIEMENS",
        ManufacturerModelName="Sensation 64",
        StudyDescription="CT CHEST",
        SeriesDescription="5mm axial",
    )
    # PS3.15 Table E.3.10-1 lists it as safe.
    release.private(0x0019, "SIEMENS MR HEADER", 0x0C, "IS", "1000")
    return release


@dataclass(frozen=True)
class Planted:
    """A defect that is planted in a clean release.

    Parameters
    ----------
    name
        A few words, unique in its module.
    plants
        What is planted, in words that a data steward understands.
    change
        Changes the clean release; what it returns is not looked at.
    rules
        Ids of rules of which each must report it.
    of
        Makes the clean release. It is scanned as it is, too.
    """

    name: str
    plants: str
    change: Callable[[Release], object]
    rules: tuple[str, ...]
    of: Callable[[], Release] = basic_ct


@lru_cache(maxsize=1)
def all_cases() -> dict[str, tuple[Planted, ...]]:
    """Return the cases of all modules, by topic."""
    topics = {}
    for file in sorted(Path(__file__).parent.glob("cases_*.py")):
        module = importlib.import_module(f"tests.planted.{file.stem}")
        topic = (module.__doc__ or file.stem).strip().splitlines()[0].rstrip(".")
        topics[topic] = tuple(module.CASES)
    return topics


def clean_releases() -> dict[str, Callable[[], Release]]:
    """Return what makes the clean releases, by name."""
    makers = {basic_ct, ct_with_options}
    makers |= {case.of for cases in all_cases().values() for case in cases}
    by_name = {f"{maker.__module__}.{maker.__name__}": maker for maker in makers}
    return dict(sorted(by_name.items()))


@lru_cache(maxsize=1)
def rules_at_work() -> RuleSet:
    """Return the rules of `FAMILIES`."""
    rules = load([rules_folder()])
    wanted = (rule for rule in rules.rules if rule.id.startswith(FAMILIES))
    return rules.only([rule.id for rule in wanted if not is_referee_rule(rule)], ())


def scan(releases: Mapping[str, Release]) -> dict[str, CollectionResult]:
    """Write releases to disk, audit each as a collection, return the results by name."""
    rules = rules_at_work()
    known = [rule.id for rule in load([rules_folder()]).rules]
    job = Job(
        rules.folders, tuple(rule.id for rule in rules.rules), b"k" * 32, masks=10_000, twins=10_000
    )
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        collections = []
        for number, (title, release) in enumerate(releases.items()):
            # The folder's name must not say anything: paths are looked at too.
            folder = top / "data" / f"{number:04d}"
            release.write(folder)
            collections.append(Collection(open_source(folder), title))
        results, _ = audit(
            collections,
            job=job,
            jobs=1,
            rules=rules,
            profile=read_profile(profiles_folder() / "default.toml", known),
            folder=AuditFolder(top / "audit"),
            progress=Progress(),
        )
    return {result.name: result for result in results}


def reported(result: CollectionResult) -> dict[str, str]:
    """Return the ids of the rules that found something, to severity."""
    return {rule.id: rule.severity for rule in result.rules if rule.findings}


@dataclass(frozen=True)
class Detection:
    """What a scan of all cases and of all clean releases gave.

    Attributes
    ----------
    cases
        Topic and case to ids of rules that reported something.
    clean
        Name of a clean release to ids of rules that reported a warning or an error.
    """

    cases: dict[tuple[str, str], frozenset[str]]
    clean: dict[str, frozenset[str]]


@lru_cache(maxsize=1)
def detect() -> Detection:
    """Scan every case and every clean release, once."""
    releases: dict[str, Release] = {}
    for topic, cases in all_cases().items():
        for case in cases:
            release = case.of()
            case.change(release)
            releases[f"{topic}|{case.name}"] = release
    for name, make in clean_releases().items():
        releases[f"|{name}"] = make()
    found: dict[tuple[str, str], frozenset[str]] = {}
    clean: dict[str, frozenset[str]] = {}
    for title, result in scan(releases).items():
        topic, _, name = title.partition("|")
        said = reported(result)
        if topic:
            found[topic, name] = frozenset(said)
        else:
            clean[name] = frozenset(rule for rule, severity in said.items() if severity != "info")
    return Detection(found, clean)


def table() -> str:
    """Return the table of what was detected, as Markdown."""
    detection = detect()
    planted = [(topic, case) for topic, cases in all_cases().items() for case in cases]
    rules = {rule for _, case in planted for rule in case.rules}
    missing = {
        (topic, case.name): set(case.rules) - detection.cases[topic, case.name]
        for topic, case in planted
    }
    detected = sum(not rules for rules in missing.values())
    false = sum(map(bool, detection.clean.values()))
    lines = [
        f"{detected} of {len(planted)} planted defects are reported by every rule that must; "
        f"{false} of {len(detection.clean)} clean releases have a warning or an error. "
        f"The defects are planted for {len(rules)} of {len(rules) + _unplanted()} rules.",
    ]
    for topic, cases in all_cases().items():
        lines += ["", f"### {topic}", "", "| planted | reported by | detected |", "|---|---|---|"]
        lines += [
            f"| {case.plants} | {', '.join(case.rules)} | {_yes(missing[topic, case.name])} |"
            for case in cases
        ]
    lines += ["", "### Rules for which nothing is planted", "", "| rules | why |", "|---|---|"]
    lines += [f"| {', '.join(ids)} | {why} |" for why, ids in UNPLANTED.items()]
    return "\n".join(lines)


def _unplanted() -> int:
    return sum(map(len, UNPLANTED.values()))


def _yes(missing: Iterable[str]) -> str:
    return f"not by {', '.join(sorted(missing))}" if missing else "yes"


def renew(document: str) -> str:
    """Return a document with the table between its markers made anew."""
    head, _, rest = document.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{table()}\n{END}{tail}"


def main() -> None:
    """Write the table into `DOCUMENT`."""
    DOCUMENT.write_text(renew(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"wrote the table of {len(detect().cases)} cases into {DOCUMENT.name}\n")


if __name__ == "__main__":
    # The modules of cases import this one by its name: there must not be two of it.
    importlib.import_module("tests.planted.harness").main()
