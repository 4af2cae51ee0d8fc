"""Values stay home: what is planted in a collection appears in nothing that is written."""

from __future__ import annotations

import html
import json
import os
import re
import struct
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pyarrow import parquet
from pydicom import config, uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID

import auditor
from auditor.demo import build_demo
from auditor.formats import FORMATS
from auditor.redaction import KEY_VARIABLE

MARK = "Qz7Planted"
"""In every planted text. No output has another reason to hold it."""

NUMBERS = (47513, 27513, 3735192845, 735192846, 7351.25, 73519.284, 8351928473519284, 735192847)
"""Planted where only a number can stand; the last also as IS."""

DIGITS = ("19470613", "031759.271828", str(NUMBERS[-1]), "735192.848", "097Y", "7351.42.97531")
"""Planted where only digits are legal: date, time, IS, DS, age, the end of every UID."""

RULES = '''
from collections.abc import Iterator

from auditor import CollectionFacts, Finding, InstanceFacts, Units, judge, rule


def documented(**said):
    def decorate(check):
        check.__doc__ = """Raises.

        Why it matters
        --------------
        It quotes.

        How to fix
        ----------
        Not.
        """
        return rule(confidence="high", severity="error", reference="none", **said)(check)
    return decorate


@documented(id="DEID901", category="deidentification", reads=("PatientName", "PatientComments"))
def quotes(instance: InstanceFacts) -> Iterator[Finding]:
    raise ValueError(instance.text("PatientName") + instance.text("PatientComments"))
    yield


@judge(name="quoting", applies=lambda place: place.vr == "PN")
def quoting(element):
    raise ValueError(element.text)


@documented(id="DEID902", category="deidentification", reads=("judge:quoting",))
def asks(instance: InstanceFacts) -> Iterator[Finding]:
    yield from instance.judged("quoting")


@documented(
    id="CONS901",
    category="consistency",
    scope="collection",
    reads=("instances.path", "instances.PatientName"),
    applies=lambda collection: Units(1),
)
def over_all(collection: CollectionFacts) -> Iterator[Finding]:
    raise ValueError("Qz7Planted", collection.rows("SELECT * FROM instances"))
    yield
'''


@dataclass
class Planter:
    """Makes texts that no other text contains, and hostile ones among them."""

    count: int = 0

    def text(self, pattern: str = "{}") -> str:
        self.count += 1
        return pattern.replace("{}", f"{MARK}{self.count:04d}")

    def value(self, vr: str) -> Any:
        """Return a value for a VR: as long as it may be, and not always legal."""
        if vr in ("SH", "AE", "CS"):
            return self.text()
        patterns = {
            "PN": "{}^Quincy^=Ideo^Graph",
            "UR": "https://{}.example/?a",
            "LT": "<script>alert('{}')</script>\r\n=cmd|'{}'!A1",
            "UT": "<script>alert('{}')</script>\x1b[31m\x07",
            "ST": "=HYPERLINK({})",
            "LO": "</script><b>{}",
            "UC": "{}\\{}b",
            "DA": DIGITS[0],
            "TM": DIGITS[1],
            "DT": DIGITS[0] + DIGITS[1],
            "IS": DIGITS[2],
            "DS": DIGITS[3],
            "AS": DIGITS[4],
            "UI": f"1.2.826.0.1.3680043.10.555.{DIGITS[5]}.{self.count}",
        }
        return self.text(patterns[vr])

    def binary(self, vr: str) -> Any:
        if vr in ("OB", "OW", "UN", "OD", "OF", "OL", "OV"):
            return self.text("{}--").encode()  # 16 bytes: whole words of every width
        return {
            "US": NUMBERS[0],
            "SS": -NUMBERS[1],
            "UL": NUMBERS[2],
            "SL": NUMBERS[3],
            "FL": NUMBERS[4],
            "FD": NUMBERS[5],
            "SV": -NUMBERS[6],
            "UV": NUMBERS[6],
            "AT": 0x47114712,
        }[vr]

    def fill(self, dataset: Dataset, *, uids: bool) -> None:
        """Plant in every text at every depth; the structure and the classes stay."""
        for element in dataset:
            if element.VR == "SQ":
                for item in element.value:
                    self.fill(item, uids=uids)
            elif element.VR in ("PN", "LT", "ST", "LO", "SH", "UT", "UC", "AE", "CS", "DA", "TM"):
                element.value = self.value(element.VR)
            elif element.VR == "UI" and uids and "ClassUID" not in element.keyword:
                element.value = UID(self.value("UI"))


TEXTS = "PN LO SH LT ST UT UC UR AE CS DA TM DT IS DS AS UI".split()  # noqa: SIM905 - as PS3.5 does
BINARIES = "OB OW UN OD OF OL OV US SS UL SL FL FD SV UV AT".split()  # noqa: SIM905
IN_COLUMNS = (
    "Modality", "Manufacturer", "ManufacturerModelName", "StudyDate", "BodyPartExamined",
    "PatientSex", "PatientIdentityRemoved",
    "BurnedInAnnotation", "PatientID", "PatientName", "PatientComments", "PatientAddress",
    "PatientBirthDate", "SOPInstanceUID", "SeriesInstanceUID",
    "StudyInstanceUID", "FrameOfReferenceUID", "DeidentificationMethod", "ClinicalTrialSponsorName",
    "RecognizableVisualFeatures", "LongitudinalTemporalInformationModified", "SpecificCharacterSet",
)  # fmt: skip


def of_every_vr(planter: Planter) -> Dataset:
    """An object with a value of every VR: public, in three sequences, private, orphaned."""
    from pydicom.datadict import dictionary_VR

    inner = Dataset()
    for number, vr in enumerate(TEXTS, 1):
        inner.add_new(0x00191000 + number, vr, planter.value(vr))
    for number, vr in enumerate(BINARIES, 0x40):
        inner.add_new(0x00191000 + number, vr, planter.binary(vr))
    inner.add_new(0x00190010, "LO", planter.text())
    inner.add_new(0x00212001, "LO", planter.text())  # nobody reserved its block
    inner.add_new(0x00210030, "LO", planter.text("<b>{}\x1b[2J"))
    inner.add_new(0x00213001, "SH", planter.value("SH"))
    dataset = Dataset()
    for keyword in IN_COLUMNS[:-1]:
        setattr(dataset, keyword, planter.value(dictionary_VR(keyword)))
    dataset.update(inner)
    dataset.SOPClassUID = uid.CTImageStorage
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator = planter.value("SH"), planter.value("SH")
    code.CodeMeaning = planter.value("LO")
    code.add(inner[0x00190010])
    code.add(inner[0x00191003])
    dataset.DeidentificationMethodCodeSequence = [code]
    request = Dataset()
    request.RequestedProcedureDescription = planter.value("LO")
    request.RequestedProcedureCodeSequence = [code]
    request.ReferencedStudySequence = [inner]
    dataset.RequestAttributesSequence = [request]
    dataset.OriginalAttributesSequence = [request]
    dataset.TextValue = planter.value("UT")
    dataset.SelectorURValue = planter.value("UR")
    dataset.LongCodeValue = planter.value("UC")
    dataset.StationAETitle = planter.value("AE")
    dataset.Rows, dataset.Columns = 2, 2
    return dataset


def meta(planter: Planter, syntax: str) -> FileMetaDataset:
    said = FileMetaDataset()
    said.MediaStorageSOPClassUID = uid.CTImageStorage
    said.MediaStorageSOPInstanceUID = UID(planter.value("UI"))
    said.TransferSyntaxUID = UID(syntax)
    said.ImplementationClassUID = UID(planter.value("UI"))
    said.ImplementationVersionName = planter.value("SH")
    said.SourceApplicationEntityTitle = planter.value("AE")
    said.SendingApplicationEntityTitle = planter.value("AE")
    said.PrivateInformationCreatorUID = UID(planter.value("UI"))
    said.PrivateInformation = planter.binary("OB")
    return said


def save(path: Path, dataset: Dataset, planter: Planter, syntax: str) -> bytes:
    """Write with a planted preamble and file meta; return the bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.file_meta = meta(planter, syntax)
    dataset.preamble = planter.text("{}").ljust(128).encode()
    known = uid.UID(syntax) in (uid.ExplicitVRBigEndian, uid.ImplicitVRLittleEndian) or (
        uid.UID(syntax) == uid.DeflatedExplicitVRLittleEndian
    )
    implicit = syntax == uid.ImplicitVRLittleEndian
    dataset.save_as(
        path,
        enforce_file_format=False,
        **({} if known else {"implicit_vr": implicit, "little_endian": True}),
    )
    return path.read_bytes()


def plant(folder: Path) -> Planter:
    """Fill a folder with a collection in which every value is planted."""
    planter = Planter()
    explicit = uid.ExplicitVRLittleEndian
    for number, syntax in enumerate(
        (
            explicit,
            uid.ImplicitVRLittleEndian,
            uid.ExplicitVRBigEndian,
            uid.DeflatedExplicitVRLittleEndian,
            f"1.2.826.0.1.3680043.10.555.{DIGITS[5]}",
        )
    ):
        whole = save(folder / f"{number}.dcm", of_every_vr(planter), planter, syntax)
        (folder / f"{number}-cut.dcm").write_bytes(whole[: len(whole) * 2 // 3])
    bare = save(folder / "bare.dcm", of_every_vr(planter), planter, explicit)
    at = bare.index(b"\x08\x00\x05\x00") if b"\x08\x00\x05\x00" in bare else bare.index(b"\x08\x00")
    (folder / "bare.dcm").write_bytes(bare[at:])
    strange = of_every_vr(planter)
    strange.SOPClassUID = UID(planter.value("UI"))
    strange.SpecificCharacterSet = "ISO_IR 100"
    strange.PatientName = planter.text("{}^\xc4")
    data = save(folder / "charset.dcm", strange, planter, explicit)
    (folder / "charset.dcm").write_bytes(data.replace(b"ISO_IR 100", MARK.encode()))
    wrong = of_every_vr(planter)
    wrongly = {"Rows": (0x00280010, "US"), "WindowCenter": (0x00281050, "DS")}
    wrongly["PatientBirthDate"] = (0x00100030, "DA")
    for tag, _ in wrongly.values():
        wrong.add_new(tag, "LO", planter.text())
    data = save(folder / "wrong.dcm", wrong, planter, explicit)
    for tag, vr in wrongly.values():
        # What is declared as a number or a date holds a text.
        start = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
        data = data.replace(start + b"LO", start + vr.encode())
    (folder / "wrong.dcm").write_bytes(data)
    for number, path in enumerate(_objects(folder.parent / "demo")):
        dataset = pydicom.dcmread(path)
        planter.fill(dataset, uids=number % 2 == 0)
        save(folder / "objects" / f"{number}.dcm", dataset, planter, explicit)
    for name in ("labels.csv", "clinical.json", "notes.txt", "roi.xml", "table.xlsx", "a.nrrd"):
        starts = {"clinical.json": '{"a": "{}"}', "roi.xml": "<a>{}</a>", "a.nrrd": "NRRD0004\n{}"}
        (folder / name).write_text(planter.text(starts.get(name, "id,name\n1,{}\n")))
    return planter


def _objects(folder: Path) -> Iterator[Path]:
    """Yield, of each modality of the demonstration, one object twice."""
    met: set[str] = set()
    for collection in build_demo(folder):
        for path in sorted(collection.path.rglob("*.dcm")):
            try:
                modality = str(pydicom.dcmread(path).Modality)
            except (pydicom.errors.InvalidDicomError, AttributeError, EOFError):
                continue
            if modality not in met:
                met.add(modality)
                yield path
                yield path


def run(cwd: Path, *arguments: object, key: str = "") -> subprocess.CompletedProcess[bytes]:
    environment = {name: value for name, value in os.environ.items() if name != KEY_VARIABLE}
    environment["PYTHONPATH"] = str(Path(auditor.__file__).parents[1])
    if key:
        environment[KEY_VARIABLE] = key
    return subprocess.run(
        [sys.executable, "-m", "auditor", *map(str, arguments)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        check=False,
    )


def cells(folder: Path) -> Iterator[Any]:
    """Yield every cell of every table, and what Parquet keeps beside them."""
    for file in sorted(folder.rglob("*.parquet")):
        table = parquet.read_table(file)
        yield from (str(each) for each in (table.schema.metadata or {}).items())
        for column in table.column_names:
            yield column
            yield from table[column].to_pylist()


def written(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield each file below a folder as text: as it is, and as a reader sees it."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        raw = file.read_bytes().decode("latin-1")
        yield file.name, raw
        if file.suffix == ".html":
            yield file.name, html.unescape(file.read_text(encoding="utf-8"))
        if file.suffix == ".json":
            yield file.name, repr(json.loads(file.read_text(encoding="utf-8")))


def leaks(texts: dict[str, str], numbers: set[float]) -> list[str]:
    """Return the planted values that can be found, and where."""
    wanted = re.compile(
        "|".join(
            [re.escape(MARK) + r"\d*", *(rf"(?<![\d.]){re.escape(each)}" for each in DIGITS[:5])]
            + [re.escape(DIGITS[5])]
            + [rf"(?<![\d.]){re.escape(str(each))}(?![\d.])" for each in NUMBERS]
        ),
        re.IGNORECASE,
    )
    found = [f"{where}: {match}" for where, text in texts.items() for match in wanted.findall(text)]
    return found + [f"a number in a table: {each}" for each in NUMBERS if each in numbers]


def found_in(folder: Path, *runs: subprocess.CompletedProcess[bytes]) -> list[str]:
    texts: dict[str, str] = {}
    numbers: set[float] = set()
    for number, (name, text) in enumerate(written(folder)):
        texts[f"{number} {name}"] = text
    for each in cells(folder):
        if isinstance(each, str):
            texts["tables"] = texts.get("tables", "") + "\n" + each
        elif isinstance(each, int | float):
            numbers.add(abs(each))
    for done in runs:
        name = " ".join(done.args[3:5])
        texts[f"stdout of {name}"] = done.stdout.decode("utf-8", "replace")
        texts[f"stderr of {name}"] = done.stderr.decode("utf-8", "replace")
    return leaks(texts, numbers)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `collection`, and `rules` that quote what they see when they raise."""
    folder = tmp_path_factory.mktemp("leaks")
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom is asked to write what it finds wrong
        patch.setattr(config.settings, "reading_validation_mode", config.IGNORE)
        patch.setattr(config.settings, "writing_validation_mode", config.IGNORE)
        plant(folder / "collection")
    (folder / "rules").mkdir()
    (folder / "rules" / "quoting.py").write_text(RULES)
    return folder


@pytest.mark.parametrize("jobs", [1, 2])
def test_nothing_planted_is_written_or_printed(planted: Path, tmp_path: Path, jobs: int) -> None:
    quoting = ("--rules", planted / "rules")
    out = tmp_path / "out"
    scan = run(tmp_path, "scan", planted / "collection", "-o", out, "--jobs", jobs, *quoting)
    assert scan.returncode == 3, scan.stderr.decode()
    result = json.loads((out / "result.json").read_text())["collections"][0]
    outcomes = {rule["id"]: rule["outcome"] for rule in result["rules"]}
    assert outcomes["DEID901"] == outcomes["DEID902"] == outcomes["CONS901"] == "error"
    assert result["counts"]["dicom"] > 10
    runs = [
        scan,
        run(tmp_path, "report", out),
        run(tmp_path, "report", out, "--format", "json"),
        run(tmp_path, "report", out, "--format", ",".join(FORMATS), "-o", out / "reports"),
        run(tmp_path, "diff", out, out, "--format", ",".join(FORMATS), "-o", out / "changes"),
        run(tmp_path, "diff", out, out),
        run(tmp_path, "compare", out, out, "-o", out / "compare.html"),
        run(tmp_path, "gate", out),
        run(tmp_path, "gate", out, "--new-only", "--baseline", out),
        run(tmp_path, "rules", *quoting),
        run(tmp_path, "explain", "DEID901", *quoting),
        run(tmp_path, "survey", out, "-o", out / "survey.html"),
        run(tmp_path, "survey", out, "--format", "csv"),
        run(tmp_path, "survey", out, "--format", "json"),
        run(tmp_path, "deid-diff", *2 * [planted / "collection"], "-o", out / "deid"),
    ]
    assert [done.returncode for done in runs] == [3, 0, 0, 0, 0, 0, 0, 1, 3, 0, 0, 0, 0, 0, 3]
    assert found_in(out, *runs) == []
    for done in runs:
        assert b"\x1b" not in done.stdout + done.stderr


def test_show_values_warns_and_shows(planted: Path, tmp_path: Path) -> None:
    """Also proves that the search above finds what is there."""
    out = tmp_path / "out"
    scan = run(tmp_path, "scan", planted / "collection", "-o", out, "--jobs", 1, "--show-values")
    assert scan.stderr.startswith(b"WARNING: --show-values")
    assert any("tables: Qz7Planted" in each for each in found_in(out))


def test_values_are_not_shown_without_asking(planted: Path, tmp_path: Path) -> None:
    scan = run(tmp_path, "scan", planted / "collection", "-o", tmp_path / "out", "--jobs", 1)
    assert b"WARNING" not in scan.stderr


def test_a_number_is_shown_only_where_it_can_count(tmp_path: Path) -> None:
    image = pydicom.dcmread(str(pydicom.data.get_testdata_file("CT_small.dcm")))
    image.InstanceNumber = image.NumberOfFrames = NUMBERS[-1]  # a record number, say
    image.save_as(tmp_path / "a.dcm")
    run(tmp_path, "scan", "a.dcm", "-o", "out", "--jobs", 1)
    assert found_in(tmp_path / "out") == []


def hashes(out: Path) -> list[Any]:
    table = parquet.read_table(next((out / "instances").glob("*.parquet")))
    return [table[name].to_pylist() for name in ("PatientID", "SOPInstanceUID", "PatientName")]


def test_hashes_are_of_the_key(planted: Path, tmp_path: Path) -> None:
    one_file = planted / "collection" / "0.dcm"
    for name, key in (("a", "k" * 20), ("b", "k" * 20), ("c", "o" * 20), ("d", ""), ("e", "")):
        assert run(tmp_path, "scan", one_file, "-o", tmp_path / name, key=key).returncode == 0
    a, b, c, d, e = (hashes(tmp_path / name) for name in "abcde")
    assert all(value for column in a for value in column)
    assert a == b
    assert a not in (c, d, e)
    assert d != e


def test_hostile_names_come_out_as_text(tmp_path: Path) -> None:
    collection = tmp_path / "<script>alert(1)<b>"
    image = pydicom.data.get_testdata_file("CT_small.dcm")
    names = ("=cmd()|x!A1.dcm", "\x1b[31mred.dcm", "<img src=x onerror=y>.dcm", "new\nline.dcm")
    for name in names:
        collection.mkdir(exist_ok=True)
        (collection / name).write_bytes(Path(str(image)).read_bytes()[:300])
    out = tmp_path / "out"
    scan = run(tmp_path, "scan", collection, "-o", out, "--jobs", 1)
    compare = run(tmp_path, "compare", out, "-o", out / "compare.html")
    printed = scan.stdout + scan.stderr + compare.stdout + compare.stderr
    assert b"\x1b" not in printed
    for page in (out / "report.html", out / "compare.html"):
        text = page.read_text()
        assert "\x1b" not in text
        assert "<script>alert" not in text
        assert "<img src" not in text
        assert "&lt;script&gt;alert" in text
    result = (out / "result.json").read_text()
    assert "\x1b" not in result
    unreadable = next(
        rule for rule in json.loads(result)["collections"][0]["rules"] if rule["id"] == "FILE001"
    )
    shown = {example for each in unreadable["findings"] for example in each["examples"]}
    assert shown == {"=cmd()|x!A1.dcm", "\\x1b[31mred.dcm", names[2], "new\\x0aline.dcm"}
