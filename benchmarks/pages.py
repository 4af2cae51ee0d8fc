"""Measure how large the largest pages are, and how long a browser takes to open them.

    python -m benchmarks.pages                          an audit of 1,000,000 instances, and a
                                                        comparison of 500 collections
    python -m benchmarks.pages --repeats 9

Each page is opened in headless Chromium in turns with an empty page, which says how much of the
time is the browser's own, and how busy the machine is. *Opened* is from the request to the first
frame after the ``load`` event; the processor's time is that of the page's process.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from playwright.sync_api import sync_playwright

from auditor.render import write_comparison, write_report
from tests.sample_result import audit, many, million

if TYPE_CHECKING:
    from playwright.sync_api import Browser

OPENED = """() => new Promise((done) =>
  requestAnimationFrame(() => setTimeout(() =>
    done([performance.now(), document.getElementsByTagName("*").length]))))"""


class Opening(NamedTuple):
    """One opening of a page: seconds, seconds of the processor, elements in it."""

    seconds: float
    busy: float
    elements: int


def write_pages(folder: Path) -> dict[str, Path]:
    """Write the pages that are measured, by what they are of; the empty one first."""
    paths = {
        "an empty page": folder / "empty.html",
        "the report on 1,000,000 instances": folder / "report.html",
        "the comparison of 500 collections by 1,000 rules": folder / "comparison.html",
    }
    empty, report, comparison = paths.values()
    empty.write_text("<!DOCTYPE html><title>Empty</title><p>Empty", encoding="utf-8")
    write_report(audit(million()), report)
    write_comparison([many()], comparison)
    return paths


def open_page(browser: Browser, path: Path) -> Opening:
    """Open a page in a window of its own."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    session = browser.new_browser_cdp_session()

    def busy() -> dict[int, float]:
        processes: list[dict[str, Any]] = session.send("SystemInfo.getProcessInfo")["processInfo"]
        return {each["id"]: each["cpuTime"] for each in processes if each["type"] == "renderer"}

    before = busy()
    page.goto(path.as_uri())
    opened, elements = page.evaluate(OPENED)
    spent = sum(seconds - before.get(process, 0.0) for process, seconds in busy().items())
    session.detach()
    context.close()
    return Opening(opened / 1000, spent, elements)


def table(paths: dict[str, Path], opened: dict[str, list[Opening]]) -> str:
    """Return the figures as a table in Markdown: medians."""
    empty = statistics.median(each.seconds for each in opened[next(iter(paths))])
    lines = [
        "| page | MB | elements | opened | to an empty page | of the processor |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, path in paths.items():
        seconds = statistics.median(each.seconds for each in opened[name])
        busy = statistics.median(each.busy for each in opened[name])
        lines.append(
            f"| {name} | {path.stat().st_size / 1e6:.2f} | {opened[name][0].elements:,} "
            f"| {seconds:.2f} s | {seconds / empty:.1f} | {busy:.2f} s |"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Open the pages in turns and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args(arguments).repeats
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        paths = write_pages(Path(folder))
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        opened: dict[str, list[Opening]] = {name: [] for name in paths}
        for _ in range(repeats):
            for name, path in paths.items():
                opened[name].append(open_page(browser, path))
        browser.close()
        print(f"Medians of {repeats}; load of the machine {os.getloadavg()[0]:.1f}.\n")
        print(table(paths, opened))


if __name__ == "__main__":
    main()
