"""Measure how fast `dicom-audit scan` is against reading the same files with pydicom.

    python benchmarks/run.py bench-data                 speed
    python benchmarks/run.py bench-data --memory        also peak memory, 10,000 and 100,000 files

All is measured in one run and in turns, so that a machine that slows down slows down
everything. A scan is timed as a whole process from its start to its end, the baselines in a
process that has already imported what it needs. All files have been read once before:
what is compared is work, not disks.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import pydicom
from pydicom import config

SAMPLE_STEP = 10
"""A baseline reads every tenth file in the order of paths, which keeps the mix of kinds."""


@dataclass
class Measure:
    """What one contender did, in files per second, once per repeat."""

    name: str
    rates: list[float] = field(default_factory=list)

    @property
    def best(self) -> float:
        """Return the rate of the fastest repeat."""
        return max(self.rates)

    @property
    def median(self) -> float:
        """Return the rate of the middle repeat."""
        return statistics.median(self.rates)


@dataclass(frozen=True)
class Scan:
    """One run of `dicom-audit scan` as a process."""

    seconds: float
    peak_bytes: int


def main() -> None:
    """Measure and print Markdown."""
    parser = argparse.ArgumentParser(description="measure speed and memory of a scan")
    parser.add_argument("folder", type=Path, help="made by make_data.py")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--memory", action="store_true", help="only with make_data.py --memory")
    arguments = parser.parse_args()
    print(machine(), flush=True)
    speed(arguments.folder / "18000", arguments.repeats)
    if arguments.memory:
        memory(arguments.folder)


def machine() -> str:
    """Describe where this ran, as far as it explains a number."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("pydicom", "dicom-validator"))
    return (
        f"{processor()}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, dicom-auditor {version('dicom-auditor')}, {packages}."
    )


def processor() -> str:
    """Name the processor; Linux tells it only in a file."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def speed(folder: Path, repeats: int) -> None:
    """Time all contenders in turns and print their rates and the ratios against the goals."""
    files = sorted(str(path) for path in folder.rglob("*.dcm"))
    if not files:
        raise SystemExit(f"{folder} holds no files; run benchmarks/make_data.py first")
    warm(files)
    sample = files[::SAMPLE_STEP]
    baselines = {
        "a": (Measure("a: `dcmread(stop_before_pixels=True)`"), read),
        "b": (Measure("b: the same and every element's value"), read_values),
        "c": (Measure("c: dicom-validator on every file"), validator()),
    }
    second_referee = dciodvfy()
    if second_referee:
        baselines["d"] = (Measure("d: dciodvfy on every file, a process each"), second_referee)
    one, two = Measure("`scan --jobs 1`"), Measure("`scan --jobs 2`")
    again = Measure("`scan --jobs 1`, second run")
    without = Measure("`scan --jobs 1`, no referee")
    fewer = Measure("`scan --jobs 1`, no de-identification, no private data")
    for repeat in range(repeats):
        for measure, work in baselines.values():
            measure.rates.append(len(sample) / seconds(work, sample))
        # Thousands of processes leave a machine slower for a while: this one has it.
        scan(folder, 2)
        unasked = ",".join(referee_rules())
        without.rates.append(len(files) / scan(folder, 1, "off", "--ignore", unasked).seconds)
        left_out = "deidentification,private"
        fewer.rates.append(len(files) / scan(folder, 1, "off", "--ignore", left_out).seconds)
        # One core and two find an empty cache, and come after a scan each.
        with tempfile.TemporaryDirectory() as cache:
            one.rates.append(len(files) / scan(folder, 1, cache).seconds)
            again.rates.append(len(files) / scan(folder, 1, cache).seconds)
        with tempfile.TemporaryDirectory() as cache:
            two.rates.append(len(files) / scan(folder, 2, cache).seconds)
        print(f"repeat {repeat + 1} of {repeats} done", file=sys.stderr, flush=True)

    measures = [measure for measure, _ in baselines.values()] + [one, two, again, without, fewer]
    print(f"\n{len(files):,} files, baselines on {len(sample):,} of them, {repeats} repeats.\n")
    print("| | files/s, best | files/s, median |\n|---|---:|---:|")
    for measure in measures:
        print(f"| {measure.name} | {measure.best:,.0f} | {measure.median:,.0f} |")
    print("\n| ratio | best | median | goal | reached |\n|---|---:|---:|---:|---|")
    goals = {"a": 2.5, "b": 10.0, "c": 25.0, "d": 30.0}
    for name, faster, slower, goal in (
        *((f"`scan --jobs 1` to {key}", one, baselines[key][0], goals[key]) for key in baselines),
        ("`scan --jobs 2` to `--jobs 1`", two, one, 1.7),
        ("second run to one without referees", again, without, 1.0),
        ("all rules to all but de-identification and private data", one, fewer, 0.75),
    ):
        median = faster.median / slower.median
        reached = "yes" if median >= goal else "no"
        best = faster.best / slower.best
        print(f"| {name} | {best:.2f} | {median:.2f} | {goal:g} | {reached} |")


def memory(folder: Path) -> None:
    """Print what only many files show: how memory grows, and what a second core gives."""
    goal = 1.3
    few, many = (scan(folder / str(total), 1) for total in (10_000, 100_000))
    # The run above has warmed the files up; each number of cores then has two tries.
    one, both = (min(scan(folder / "100000", jobs).seconds for _ in "12") for jobs in (1, 2))
    ratio = many.peak_bytes / few.peak_bytes
    print("\n| peak memory | MB |\n|---|---:|")
    print(f"| 10,000 files | {few.peak_bytes / 1e6:.0f} |")
    print(f"| 100,000 files | {many.peak_bytes / 1e6:.0f} |")
    reached = "yes" if ratio <= goal else "no"
    print(f"\nRatio {ratio:.2f}, goal at most {goal}, reached: {reached}.")
    print(f"\n100,000 files: {one:.1f} s on one core, {both:.1f} s on two, {one / both:.2f} times.")


def warm(files: list[str]) -> None:
    """Read all files, so that the first contender does not pay for the disk."""
    for path in files:
        Path(path).read_bytes()


def seconds(work: Callable[[str], object], paths: list[str]) -> float:
    """Time `work` on all paths."""
    started = time.perf_counter()
    for path in paths:
        work(path)
    return time.perf_counter() - started


def read(path: str) -> None:
    """Do what the cheapest reader of metadata does."""
    pydicom.dcmread(path, stop_before_pixels=True)


def read_values(path: str) -> None:
    """Read as a rule engine without laziness would: every element's value, nested ones too."""
    for element in pydicom.dcmread(path, stop_before_pixels=True).iterall():
        _ = element.value


def validator() -> Callable[[str], None]:
    """Return dicom-validator with the tables that a scan uses, its findings thrown away."""
    from dicom_validator.validator.dicom_file_validator import DicomFileValidator
    from dicom_validator.validator.dicom_info import DicomInfo
    from dicom_validator.validator.error_handler import NullValidationResultHandler

    from auditor.standard.iods import packaged_iods

    table = packaged_iods()
    # Without the dictionary, which it only words its findings with.
    info = DicomInfo({}, table.iods, table.modules)
    judge = DicomFileValidator(info, error_handler=NullValidationResultHandler())

    def validate(path: str) -> None:
        with reading_mode_restored():
            judge.validate(path)

    return validate


def referee_rules() -> list[str]:
    """Return the ids of the rules that pass on what a referee says."""
    from auditor.judgement import is_referee_rule
    from auditor.paths import rules_folder
    from auditor.registry import load

    return [rule.id for rule in load([rules_folder()]).rules if is_referee_rule(rule)]


def dciodvfy() -> Callable[[str], None] | None:
    """Return dciodvfy as it is used, its findings thrown away; None if it is not installed."""
    from auditor.conformance.dciodvfy import find_program

    program = find_program()
    if program is None:
        return None
    command = [str(program), "-new"]

    def judge(path: str) -> None:
        subprocess.run(
            [*command, path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        )

    return judge


@contextmanager
def reading_mode_restored() -> Iterator[None]:
    """Undo what dicom-validator does to pydicom for good, or the others would gain by it."""
    mode = config.settings.reading_validation_mode
    try:
        yield
    finally:
        config.settings.reading_validation_mode = mode


def scan(folder: Path, jobs: int, cache: str = "off", *options: str) -> Scan:
    """Run a scan as a user does, from the start of the process to its end.

    Parameters
    ----------
    folder
        What to scan.
    jobs
        Processes.
    cache
        Folder of the referees' verdicts; by default none that an earlier scan left is used.
    options
        More of the command line.

    Raises
    ------
    SystemExit
        If the scan does not end well: its time would mean nothing.
    """
    with tempfile.TemporaryDirectory() as out, tempfile.TemporaryFile() as said:
        command = [sys.executable, "-m", "auditor", "scan", str(folder)]
        command += ["-o", f"{out}/audit", "--jobs", str(jobs), "--quiet", *options]
        environment = {**os.environ, "DICOM_AUDIT_CACHE": cache}
        # As on a user's machine, where modules are compiled once and not at each start.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        started = time.perf_counter()
        with subprocess.Popen(command, stdout=said, stderr=said, env=environment) as process:
            # wait4 gives the peak of this process and its own children, not of all before it.
            _, status, usage = os.wait4(process.pid, 0)
            elapsed = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            sys.stderr.buffer.write(said.read())
            raise SystemExit(f"the scan ended with {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2): bytes there, KiB elsewhere
    return Scan(elapsed, usage.ru_maxrss * unit)


if __name__ == "__main__":
    main()
