"""What there is beyond images, tied to images and patients, in the study's notation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pydicom import uid
from pydicom.dataset import FileMetaDataset

from auditor.cli import main
from auditor.description import DescriptionError, parse_description
from auditor.evidence import notation
from auditor.result import EvidenceForm, EvidenceResult, EvidenceTable, read_result
from auditor.testing import dataset_of

ROOT = "1.2.826.0.1.3680043.10.555"


def image(folder: Path, name: str, patient: str, series: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    dataset = dataset_of(
        {
            "SOPClassUID": uid.CTImageStorage,
            "SOPInstanceUID": f"{ROOT}.{series}.{len(list(folder.iterdir()))}",
            "SeriesInstanceUID": f"{ROOT}.{series}",
            "StudyInstanceUID": f"{ROOT}.9",
            "PatientID": patient,
            "Modality": "CT",
        }
    )
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(folder / name, enforce_file_format=True)


def audited(folder: Path) -> tuple[EvidenceResult, dict[str, str], list[str]]:
    out = folder.parent / "out"
    done = CliRunner().invoke(
        main, ["scan", str(folder), "-o", str(out), "--jobs", "1", "--quiet", "--select", "ANNO001"]
    )
    assert done.exit_code == 0, done.output
    collection = read_result(out / "result.json").collections[0]
    assert collection.evidence is not None
    return collection.evidence, collection.annotation, collection.notes


def test_ties_and_tables_of_a_collection(tmp_path: Path) -> None:
    root = tmp_path / "ct"
    image(root / "one", "0001.dcm", "P-1", "1")
    image(root / "two", "0002.dcm", "P-2", "2")
    image(root / "two", "0003.dcm", "P-2", "3")
    (root / "labels").mkdir()
    outline = '<LidcReadMessage><readingSession uid="{}"/></LidcReadMessage>'
    (root / "labels" / "a.xml").write_text(outline.format(f"{ROOT}.2"))  # names its series
    (root / "labels" / "0003.xml").write_text(outline.format("none"))  # is called as its image
    (root / "one" / "b.xml").write_text(outline.format("none"))  # lies beside its one series
    (root / "two" / "c.xml").write_text(outline.format("none"))  # lies beside two
    (root / "one" / "deep").mkdir()
    (root / "one" / "deep" / "d.xml").write_text(outline.format("none"))  # below it: not beside
    (root / "labels" / "P-1_outline.xml").write_text(outline.format("none"))  # names its patient
    (root / "clinical.csv").write_text("case_id,age,stage\nP-1,60,II\nP-2,61,I\nP-7,9,I\n")
    (root / "genes.csv").write_text("case_id,egfr\nX-1,1\n")
    (root / "collection.toml").write_text('pathology = "Lung cancer"\naccess = "open"\n')
    found, said, notes = audited(root)
    outlines = next(each for each in found.forms if each.form == "annotation")
    assert (outlines.format, outlines.files) == ("XML", 6)
    assert (outlines.to_images, outlines.to_patients) == (3, 1)
    assert [(each.path, each.patients, each.rows) for each in found.tables] == [
        ("clinical.csv", 2, 3)
    ]
    assert found.tables[0].columns == ["patient", "age", "stage or grade"]
    assert found.patients_joined == 2
    assert said == {"CI": "Yb (CSV)", "A/S": "Y (XML)", "CR": "N"}
    assert found.described == {"pathology": "Lung cancer", "access": "open"}
    assert notes == []


def test_a_description_that_is_wrong_is_not_used_and_said_to_be(tmp_path: Path) -> None:
    root = tmp_path / "ct"
    image(root, "0001.dcm", "P-1", "1")
    (root / "collection.toml").write_text('colour = "Quagga"\n')
    found, _, notes = audited(root)
    assert found.described == {}
    assert notes == ["collection.toml has a key that is not known: it was not used."]


@pytest.mark.parametrize(
    "text",
    [
        "a = ",
        "title = " + "1" * 5000,
        "title = " + "[" * 5000,
        "title = 1",
        "access = 'somehow'",
        f"title = '{'a' * 201}'",
        "third_party = 1",
        "[[third_party]]\nholds = 'nothing'",
        "[[third_party]]\nholds = 'SEG'\nsource = 1",
        "[[third_party]]\nholds = 'SEG'\ncolour = 'red'",
    ],
)
def test_a_wrong_description_is_refused(text: str) -> None:
    with pytest.raises(DescriptionError) as refused:
        parse_description(text.encode())
    assert "'" not in str(refused.value)


def test_a_description_says_what_others_made() -> None:
    texts, third = parse_description(
        b'title = " A "\nspecies = "human"\n[[third_party]]\nholds = "SEG"\nsource = "others"\n'
    )
    assert texts == {"title": "A", "species": "human"}
    assert third == [{"holds": "SEG", "source": "others"}]
    with pytest.raises(DescriptionError):
        parse_description(b"\xff")


TABLE = EvidenceTable("a.csv", "CSV", 1, 1, ["patient", "age"])


@pytest.mark.parametrize(
    ("found", "modalities", "expected"),
    [
        (EvidenceResult(), 1, ("N", "N", "N")),
        (EvidenceResult(segmentations=True, reports=True), 1, ("N", "Y*", "Y*")),
        (
            EvidenceResult(
                segmentations=True,
                structure_sets=True,
                forms=[
                    EvidenceForm("NIfTI", "annotation", 1, 0, 0),
                    EvidenceForm("PNG", "image", 1, 0, 0),
                    EvidenceForm("XML", "report", 1, 0, 0),
                ],
                third_party=[{"holds": "SEG"}, {"holds": "annotation"}],
            ),
            1,
            ("N", "Y*a, YR, Ya (NIfTI)", "Y (XML)"),
        ),
        (EvidenceResult(tables=[TABLE]), 1, ("Yb (CSV)", "N", "N")),
        (EvidenceResult(tables=[TABLE]), 2, ("Y (CSV)", "N", "N")),
        (
            EvidenceResult(tables=[EvidenceTable("a", "XLS", 1, 1, ["age"], names_images=True)]),
            2,
            ("Yb (XLS)", "N", "N"),
        ),
    ],
)
def test_the_notation_is_the_studys(
    found: EvidenceResult, modalities: int, expected: tuple[str, str, str]
) -> None:
    said = notation(found, modalities)
    assert (said["CI"], said["A/S"], said["CR"]) == expected


def test_no_key_and_no_heading_is_written(tmp_path: Path) -> None:
    root = tmp_path / "ct"
    image(root, "0001.dcm", "Quagga-1", "1")
    (root / "clinical.csv").write_text("patient_id,age,Quagga\nQuagga-1,60,Quagga\n")
    found, _, _ = audited(root)
    assert found.patients_joined == 1
    written: list[Any] = [
        (tmp_path / "out" / name).read_text() for name in ("result.json", "report.html")
    ]
    assert not any("Quagga" in text for text in written)
    json.loads(written[0])
    tables = (tmp_path / "out" / "keys").iterdir()
    assert not any(b"Quagga" in path.read_bytes() for path in tables)
