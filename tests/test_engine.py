"""The memo changes no verdict, the number of processes no result, a dying worker no run."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pydicom
import pytest
from click.testing import CliRunner
from pydicom import dcmwrite
from pydicom.dataset import Dataset

from auditor import workers
from auditor.asking import judge_structures
from auditor.cli import main
from auditor.conformance.panel import Panel, Reports, present
from auditor.engine import Auditor, Partial
from auditor.facts import InstanceFacts, UndeclaredRead
from auditor.judgement import ask, blame
from auditor.model import Outcome
from auditor.packing import Columns, pack, unpack
from auditor.paths import rules_folder
from auditor.reading.reader import Reader
from auditor.redaction import Hasher
from auditor.registry import RuleSet, load
from auditor.sources import SourceFile, open_source
from auditor.store import TABLES
from auditor.tally import Structure, Tally
from auditor.testing import dataset_of
from auditor.workers import Job, Workers, walk_files

KEY = b"k" * 32
DATA = Path(pydicom.__file__).parent / "data"
SHARED = Path(__file__).parents[1].parent / "shared" / "corpus"


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load([rules_folder()])


def roots() -> list[Path]:
    return [DATA, *([SHARED] if SHARED.exists() else [])]


def files_of(root: Path) -> list[SourceFile]:
    with open_source(root) as source:
        return [file for file in source.files() if not file.problem]


@pytest.mark.parametrize("root", roots(), ids=lambda root: root.name)
def test_a_memoised_verdict_is_the_unmemoised_one(rules: RuleSet, root: Path) -> None:
    """For every file: what the shared memo says, a fresh auditor says of it alone."""
    shared = Auditor(rules, KEY)
    compared = 0
    for file in [*files_of(root), *files_of(root)]:
        reading = shared._reader.read(file.location)
        if reading.facts is None:
            continue
        entry = shared._judge(reading, reading.facts)
        alone = Auditor(rules, KEY)
        again = alone._reader.read(file.location)
        assert again.facts is not None
        direct = alone.verdict(again.sop_class, again.facts, again.tokens)
        assert entry.verdict == direct, file.path
        assert entry.digest == alone._judge(again, again.facts).digest, file.path
        compared += 1
    assert compared > 150


@pytest.mark.parametrize("root", roots(), ids=lambda root: root.name)
def test_a_structures_report_is_that_of_each_of_its_files(rules: RuleSet, root: Path) -> None:
    """Referees, asked once per structure, say what they say of every file by itself."""
    auditor = Auditor(rules, KEY)
    names = present()
    reports: dict[bytes, Reports] = {}
    shared = 0
    for file in files_of(root):
        reading = auditor._reader.read(file.location)
        if reading.facts is None or reading.facts.complete == "header":
            continue
        structure = auditor._judge(reading, reading.facts).structure
        assert structure is not None
        if structure in reports:
            shared += 1
        else:
            one = Structure(reading.sop_class, file.path, file.location)
            reports.update(judge_structures([(structure, one, names)]))
        # Both referees remember what they were shown: these two have never seen anything.
        assert reports[structure] == Panel().judge(file.location, reading.sop_class, names), (
            file.path
        )
    assert shared > 20


def audit_folder(root: Path, out: Path, jobs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DICOM_AUDIT_KEY", "a key for tests, long enough")
    done = CliRunner().invoke(
        main, ["scan", str(root), "-o", str(out), "--jobs", str(jobs), "--quiet"]
    )
    assert done.exit_code in (0, 3), done.output


def plain_result(out: Path) -> str:
    result = json.loads((out / "result.json").read_text())
    result["tool"]["elapsed_s"] = result["tool"]["started"] = None
    return json.dumps(result)


def test_one_process_and_four_give_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "CHUNK", 7)
    for jobs in (1, 4):
        audit_folder(DATA, tmp_path / str(jobs), jobs, monkeypatch)
    assert plain_result(tmp_path / "1") == plain_result(tmp_path / "4")
    for table in ("instances", "references", "numbers", "companions", "elements", "findings"):
        ours, theirs = (pq.read_table(tmp_path / jobs / table) for jobs in ("1", "4"))
        assert ours.equals(theirs), table


def test_chunks_of_any_size_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audit_folder(DATA, tmp_path / "whole", 1, monkeypatch)
    monkeypatch.setattr(workers, "CHUNK", 7)
    audit_folder(DATA, tmp_path / "cut", 1, monkeypatch)
    assert plain_result(tmp_path / "whole") == plain_result(tmp_path / "cut")


def test_a_full_forest_is_renewed_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from auditor.reading.places import Forest

    audit_folder(DATA, tmp_path / "large", 1, monkeypatch)
    monkeypatch.setattr(Forest, "LIMIT", 3000)
    monkeypatch.setattr("auditor.engine.MEMO_TOKENS", 500)
    audit_folder(DATA, tmp_path / "small", 1, monkeypatch)
    assert plain_result(tmp_path / "large") == plain_result(tmp_path / "small")


# What a worker's death costs. The killing files are told by name, in a module-level
# function: a spawned worker gets nothing else.


def deadly(files: list[tuple[str, ...]]) -> Partial:
    partial = Partial()
    for path, *_ in files:
        if path.startswith("killer"):
            os.kill(os.getpid(), signal.SIGKILL)
        partial.tally.files["ok"] += 1
    partial.tables["companions"] = pack([(path,) for path, *_ in files])
    return partial


def test_a_file_that_kills_its_worker_is_found_and_the_rest_goes_on(
    rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "CHUNK", 5)
    monkeypatch.setattr(workers, "_work", deadly)
    names = [f"file{number:02}" for number in range(23)]
    names[7] = "killer one"
    names[19] = "killer two"
    files = [SourceFile(name, f"/nowhere/{name}") for name in names]
    job = Job(rules.folders, (), KEY)
    total = Tally()
    seen: list[str] = []
    with Workers(job, 2) as started:
        for partial in walk_files(started, files):
            total.merge(partial.tally)
            seen += [path for path, *_ in unpack(partial.tables.get("companions", Columns()))]
            died = unpack(partial.tables.get("instances", Columns()))
            seen += [f"{path}: {reason}" for path, _, reason, *_ in died]
    dead = [f"killer {which}: {workers.READER_DIED}" for which in ("one", "two")]
    assert total.files == {"ok": 21, "unreadable": 2}
    assert [name for name in seen if name.startswith("killer")] == dead
    assert [name.partition(":")[0] for name in seen] == names


# What a rule that raises costs.


RAISES = '''
from auditor import Finding, rule

@rule(id="FAIR901", category="annotation", severity="error", confidence="high",
      reads=("PatientName",), reference="none")
def raises(instance):
    """It raises.

    Why it matters
    --------------
    w

    How to fix
    ----------
    f
    """
    raise ValueError(instance.text("PatientName"))
    yield Finding("")

@rule(id="FAIR902", category="annotation", severity="error", confidence="high",
      reads=("PatientID",), reference="none")
def undeclared(instance):
    """It looks at what it does not declare.

    Why it matters
    --------------
    w

    How to fix
    ----------
    f
    """
    if instance.text("PatientName"):
        yield Finding("never")
'''


def test_a_rule_that_raises_is_an_error_and_leaks_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "mine.py").write_text(RAISES)
    dataset = Dataset()
    dataset.PatientName = "Planted^Person"
    path = tmp_path / "one.dcm"
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "2.25.1"
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    pydicom.dcmwrite(path, dataset, enforce_file_format=True)
    auditor = Auditor(load([folder]), KEY)
    partial = auditor.chunk([SourceFile("one.dcm", str(path))])
    (signature,) = partial.tally.signatures.values()
    assert signature.verdict.outcomes == (Outcome.ERROR, Outcome.ERROR)
    assert [found[0][0] for found in signature.verdict.findings] == [
        "the rule raised ValueError at mine.py:17",
        "the rule raised UndeclaredRead of PatientName at mine.py:33",
    ]
    assert "Planted" not in repr(partial)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ReferencedImageSequence.PatientName", " of ReferencedImageSequence.PatientName"),
        # What a rule made of a value is not shown.
        ("Planted^Person", ""),
    ],
)
def test_an_undeclared_read_names_what_the_standard_names(name: str, said: str) -> None:
    assert blame(UndeclaredRead(name)) == f"UndeclaredRead{said}"


def test_facts_hold_nothing_but_what_the_rules_declare(rules: RuleSet) -> None:
    """No token of an image keeps a value that no rule reads."""
    auditor = Auditor(rules, KEY)
    reading = auditor._reader.read(str(DATA / "test_files" / "CT_small.dcm"))
    kept = {token.place.keyword for token in reading.tokens if token.value and token.place.keyword}
    assert "PatientName" not in kept
    of_the_pixels = {
        *("SamplesPerPixel", "PhotometricInterpretation", "Rows", "Columns", "BitsAllocated"),
        *("BitsStored", "HighBit", "PixelRepresentation"),
    }
    assert kept == {"SpecificCharacterSet", "Modality", "ImageType", *of_the_pixels}


def test_the_same_facts_for_every_rule_are_built_once(rules: RuleSet) -> None:
    auditor = Auditor(rules, KEY)
    reading = auditor._reader.read(str(DATA / "test_files" / "CT_small.dcm"))
    assert reading.facts is not None
    facts = InstanceFacts(reading.tokens, reading.facts)
    first = facts.for_rule(["Modality"])
    assert first.text("Modality") == "CT"
    assert facts.for_rule(["PatientID"])._root is first._root


def test_the_audited_folder_is_not_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(DATA / "test_files" / "dicomdirtests", copy)
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in copy.rglob("*")
              if path.is_file()}  # fmt: skip
    audit_folder(copy, tmp_path / "out", 1, monkeypatch)
    after = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in copy.rglob("*")
             if path.is_file()}  # fmt: skip
    assert before == after


def test_of_a_cut_object_rules_judge_what_comes_before_the_cut(
    tmp_path: Path, rules: RuleSet
) -> None:
    """Tags ascend: Modality is known in an object that breaks off among the patient's."""
    whole = (DATA / "test_files" / "CT_small.dcm").read_bytes()
    path = tmp_path / "cut.dcm"
    path.write_bytes(whole[: whole.index(b"\x10\x00\x20\x00LO") + 10])
    auditor = Auditor(rules, KEY)
    reading = auditor._reader.read(str(path))
    assert reading.facts is not None
    assert reading.facts.complete == "header"
    facts = InstanceFacts(reading.tokens, reading.facts)
    said = {
        rule: ask(rules.get(rule), facts, reading.sop_class, reading.facts)[0]
        for rule in ("SR002", "DEID104", "DEID201", "PRIV001", "FILE002")
    }
    assert said == {
        "SR002": Outcome.NOT_APPLICABLE,
        "DEID104": Outcome.NOT_EVALUATED,
        "DEID201": Outcome.NOT_EVALUATED,
        "PRIV001": Outcome.NOT_EVALUATED,
        "FILE002": Outcome.FAIL,
    }


def test_one_memo_entry_is_of_one_sop_class(tmp_path: Path, rules: RuleSet) -> None:
    """Two files of file meta alone share every token; what applies to them is not the same."""
    files = []
    for name, sop_class in (("a", ".1.1.2"), ("b", ".1.1.66.4"), ("c", ".1.1.2")):
        dataset = Dataset()
        dataset.file_meta = pydicom.dataset.FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4" + sop_class  # type: ignore[assignment]
        dataset.file_meta.MediaStorageSOPInstanceUID = "2.25.1"  # type: ignore[assignment]
        path = tmp_path / f"{name}.dcm"
        pydicom.dcmwrite(path, dataset, enforce_file_format=True)
        files.append(SourceFile(path.name, str(path)))
    together = Auditor(rules, KEY).chunk(files).tally
    apart = Tally()
    for file in files:
        apart.merge(Auditor(rules, KEY).chunk([file]).tally)
    assert len(together.signatures) == 2
    assert together == apart


BREAKS = '''
from auditor import ANY, Finding, Units, judge, rule

DOC = """{title}

Why it matters
--------------
w

How to fix
----------
f
"""

def say(check, title):
    check.__doc__ = DOC.format(title=title)
    return check

def numbers(instance):
    yield Finding("words")
    yield Finding(1)

def less(collection):
    return Units(-5)

def nothing(_):
    return iter(())

common = dict(category="annotation", severity="error", confidence="high", reference="none")
a = rule(id="FAIR901", reads=("PatientID",), **common)(say(numbers, "A number for a message."))
b = rule(id="FAIR902", scope="collection", unit="collection", reads=("instances.path",),
         applies=less, **common)(say(nothing, "Less than nothing to judge."))

@judge(name="cannot", applies=lambda place: 1 / 0)
def cannot(element):
    """It cannot say where it looks."""

@judge(name="list", applies=lambda place: True)
def lists(element):
    """It says a list."""
    return ["x"]

c = rule(id="FAIR903", reads=("judge:cannot",), **common)(
    say(lambda instance: iter(instance.judged("cannot")), "It reads a judge that breaks."))
d = rule(id="FAIR904", reads=("judge:list",), **common)(
    say(lambda instance: iter(instance.judged("list")), "It reads a judge that says a list."))
'''


def test_a_rule_that_breaks_the_contract_is_that_rules_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "breaks.py").write_text(BREAKS)
    monkeypatch.setenv("DICOM_AUDIT_KEY", "a key for tests, long enough")
    options = ["--jobs", "1", "--quiet", "--rules", str(folder)]
    done = CliRunner().invoke(
        main,
        ["scan", str(DATA / "charset_files"), "-o", str(tmp_path / "out"), *options],
    )
    assert done.exit_code == 3
    (collection,) = json.loads((tmp_path / "out" / "result.json").read_text())["collections"]
    said = {rule["id"]: rule["outcome"] for rule in collection["rules"]}
    assert {said[f"FAIR90{number}"] for number in range(1, 5)} == {"error"}
    assert said["DEID104"] == "fail"
    assert collection["counts"]["unreadable"] == 0


def test_an_item_refuses_what_its_rule_does_not_declare() -> None:
    """Whatever other rules declare: a verdict must not depend on which rules run."""
    from auditor.reading.places import Forest
    from tests.test_reading import KeepAll

    reader = Reader(Forest(lambda _: KeepAll()))
    reading = reader.read(str(DATA / "test_files" / "rtplan.dcm"))
    assert reading.facts is not None
    facts = InstanceFacts(reading.tokens, reading.facts)
    (beam, *_) = facts.for_rule(["BeamSequence.BeamName"]).items("BeamSequence")
    assert beam.filled("BeamName")
    for question in (beam.has, beam.filled, beam.text, beam.values, beam.items):
        with pytest.raises(UndeclaredRead):
            question("BeamType")
    (whole, *_) = facts.for_rule(["BeamSequence"]).items("BeamSequence")
    assert whole.items("ControlPointSequence")[0].filled("ControlPointIndex")


def drawn_rows(rules: RuleSet, folder: Path) -> list[tuple[object, ...]]:
    """Return target, frames, drawing and box of what a structure set refers to."""

    def contour(name: str, data: Sequence[float], frames: object = None) -> dict[str, object]:
        image = {"ReferencedSOPInstanceUID": name} | (
            {"ReferencedFrameNumber": frames} if frames else {}
        )
        return {
            "ContourImageSequence": [image],
            "ContourGeometricType": "CLOSED_PLANAR",
            "ContourData": data,
        }

    flat, other = [0, 0, 5, 8, 0, 5, 8, 8, 5], [4, 4, 5, 12, 4, 5, 12, 12, 5]
    oblique = [0, 0, 0, 9, 1, 1, 2, 9, 2]
    contours = [
        contour("2.25.1", flat, 1), contour("2.25.1", other, 1), contour("2.25.1", flat, 2),
        contour("2.25.1", [0, 0, 7, 8, 0, 7, 8, 8, 7], 2), contour("2.25.1", oblique),
        contour("2.25.1", oblique), contour("2.25.2", flat, [3, 5]), contour("2.25.2", [1, 2], 4),
    ]  # fmt: skip
    made = {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.481.3",
        "SOPInstanceUID": "2.25.9",
        "ROIContourSequence": [{"ReferencedROINumber": 1, "ContourSequence": contours}],
    }
    path = folder / "structures.dcm"
    dcmwrite(path, dataset_of(made), implicit_vr=False, little_endian=True, force_encoding=True)
    rows = unpack(
        Auditor(rules, KEY).chunk([SourceFile(path.name, str(path))]).tables["references"]
    )
    targets = {Hasher(KEY)(f"2.25.{number}".encode()): number for number in (1, 2)}
    at = [name for name, _ in TABLES["references"]].index("ReferencedSOPInstanceUID")
    return [(targets[row[at]], *row[-9:]) for row in rows]


def test_what_is_drawn_elsewhere_in_an_image_has_a_row_of_its_own(
    rules: RuleSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = [(0, 0, 0, 0, 0, 0), (2, 2, 9, 9, 2, 2), (9, 9, 1, 1, 1, 1)]
    nothing = (None,) * 6
    rows = drawn_rows(rules, tmp_path)
    assert Counter((row[:3], row[4:]) for row in rows) == Counter(
        [
            ((1, 1, 1), (0, 12, 0, 12, 5, 5)),
            ((1, 2, 2), (0, 8, 0, 8, 5, 5)),
            ((1, 2, 2), (0, 8, 0, 8, 7, 7)),
            *(((1, None, None), point) for point in points * 2),
            ((2, 3, 5), (0, 8, 0, 8, 5, 5)),
            # Contour Data that is no points says nothing.
            ((2, 4, 4), nothing),
        ]
    )
    numbers = {row[3] for row in rows}
    assert numbers == {None, 1, 2, 3, 4, 5, 6}
    oblique = [row[3] for row in rows if row[1] is None]
    assert sorted(map(oblique.count, set(oblique))) == [3, 3]
    # Of more than is told apart nothing is numbered, and every target keeps its row.
    monkeypatch.setattr("auditor.rows.MOST_DRAWINGS", 2)
    rows = drawn_rows(rules, tmp_path)
    assert {row[3] for row in rows} == {None}
    assert {row[0] for row in rows} == {1, 2}
    assert sum(row[4:] != nothing for row in rows) == 2
