"""The pages in a browser: sorted, filtered, opened, printed, and read by people of all kinds.

Pictures of every page at both widths are left in ``artefacts/pages``.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from auditor.render import write_comparison, write_report
from auditor.result import AuditResult, EvidenceHeld, EvidenceResult
from auditor.side_by_side import Compared
from auditor.survey import Agreement, Comparison, Difference, Survey, survey
from auditor.survey_view import survey_page
from auditor.view import COMPARABILITY
from tests.sample_result import (
    TOOL,
    audit,
    careful,
    careless,
    empty,
    hostile_audit,
    many,
    million,
    review,
    undecided,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PICTURES = Path(__file__).parents[1] / "artefacts" / "pages"

# It may neither look for updates nor for anything else: the pages are files.
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

OTHER = replace(TOOL, ruleset="sha256:0a11", standard_edition="2024c")


def _surveyed() -> Survey:
    """Survey 184 collections, one of them by an index, with another table beside them."""
    held = [EvidenceHeld("SEG", third, f"202{1 + third}-04-10") for third in (False, True)]
    indexed = replace(
        careless(),
        name="a_collection_with_a_name_of_several_parts",
        evidence=EvidenceResult(segmentations=True, beside=False, clinical=True, held=held),
    )
    made = survey([many(179, 5), audit(careful(), careless(), review(), undecided(), indexed)])
    agreement = Agreement("seg", 3, 1, 1, 1, 0, -0.5)
    differences = tuple(
        Difference(row.name, "seg", False, True, row.since.get("seg", "")) for row in made.rows[:40]
    )
    return replace(made, against=Comparison(4, 3, ("Elsewhere",), (agreement,), differences))


PAGES: dict[str, tuple[Callable[..., None], Callable[[], Any]]] = {
    "report-careless": (write_report, lambda: audit(careless())),
    "report-careful": (write_report, lambda: audit(careful())),
    "report-empty": (write_report, lambda: audit(empty())),
    "report-hostile": (write_report, hostile_audit),
    "report-million": (write_report, lambda: audit(million())),
    "comparison": (
        write_comparison,
        lambda: [audit(careful(), careless()), audit(review()), audit(undecided(), empty())],
    ),
    "comparison-careless": (write_comparison, lambda: [audit(careless())]),
    "comparison-mixed": (
        write_comparison,
        lambda: [audit(careful(), careless()), audit(review(), undecided(), tool=OTHER)],
    ),
    "comparison-empty": (write_comparison, lambda: [audit(empty()), audit()]),
    "comparison-hostile": (write_comparison, lambda: [hostile_audit(), hostile_audit()]),
    "comparison-large": (write_comparison, lambda: [many(40, 25)]),
    "comparison-huge": (write_comparison, lambda: [many()]),
    "survey": (lambda made, path: path.write_bytes(survey_page(made)), _surveyed),
}


LARGEST = ("report-million", "comparison-huge")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        # Continuous integration installs it: there, a test that is skipped is one that is lost.
        assert os.environ.get("BROWSER_TESTS") != "required", "there is no Chromium"
        pytest.skip("there is no Chromium: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield made
        made.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("pages")

    def made(name: str) -> Path:
        path = folder / f"{name}.html"
        if not path.exists():
            write, build = PAGES[name]
            write(build(), path)
        return path

    return made


@contextmanager
def opened(browser: Browser, path: Path, width: int = 1400, **options: Any) -> Iterator[Page]:
    """Open a page that may load nothing and say nothing on the console."""
    context = browser.new_context(viewport={"width": width, "height": 900}, **options)
    page = context.new_page()
    page.set_default_timeout(20_000)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    url = path.as_uri()

    def asked(request: Request) -> None:
        if request.url != url:
            said.append(request.url)

    page.on("request", asked)
    page.goto(url)
    yield page
    context.close()
    assert said == []


def violations(page: Page) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    options = {"runOnly": rules, "resultTypes": ["violations"]}
    found: list[dict[str, Any]] = Axe().run(page, options=options).response["violations"]
    return [f"{each['id']}: {node['html'][:200]}" for each in found for node in each["nodes"][:3]]


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (400, "light"), (1400, "dark")])
@pytest.mark.parametrize("name", [name for name in PAGES if name not in LARGEST])
def test_everybody_can_read_it(
    name: str, width: int, scheme: Any, browser: Browser, pages: Callable[[str], Path]
) -> None:
    with opened(browser, pages(name), width, color_scheme=scheme) as page:
        assert violations(page) == []
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) <= 0
        PICTURES.mkdir(parents=True, exist_ok=True)
        if scheme == "light":
            page.screenshot(path=PICTURES / f"{name}-{width}.png", full_page=True)


SHORTEN = """(rows) => {
  const rest = (list) => [...list].slice(rows).forEach((each) => each.remove());
  for (const body of document.querySelectorAll("tbody")) rest(body.rows);
  for (const each of document.querySelectorAll("ol, ul")) rest(each.children);
  for (const each of document.querySelectorAll(".category")) {
    rest(each.querySelectorAll(":scope > details"));
  }
}"""
"""Leaves the first rows of every list: axe takes more than a minute for all, and they are alike."""


@pytest.mark.parametrize("name", LARGEST)
def test_everybody_can_read_the_largest(
    name: str, browser: Browser, pages: Callable[[str], Path]
) -> None:
    with opened(browser, pages(name)) as page:
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) <= 0
        page.evaluate(SHORTEN, 100)
        assert violations(page) == []


def column(page: Page, table: str, number: int) -> list[str]:
    """What the rows that can be seen are sorted by."""
    found: list[str] = page.eval_on_selector_all(
        f"#{table} tbody tr:not(.group)",
        "(rows, number) => rows.filter((row) => row.checkVisibility())"
        ".map((row) => row.cells[number].dataset.sort ?? row.cells[number].textContent)",
        number,
    )
    return found


def names(page: Page) -> list[str]:
    return column(page, "heat", 0)


def test_a_click_on_a_heading_sorts_and_what_is_not_known_stays_last(
    browser: Browser, pages: Callable[[str], Path]
) -> None:
    with opened(browser, pages("comparison")) as page:
        page.get_by_label("Group by repository").uncheck()
        heading = page.locator("#heat thead th", has_text="Overall")
        heading.get_by_role("button").click()
        assert heading.get_attribute("aria-sort") == "ascending"
        up = column(page, "heat", 2)
        assert up[-1] == ""
        assert up[:-1] == sorted(up[:-1], key=float)
        # The same by keyboard, and the other way.
        heading.get_by_role("button").focus()
        page.keyboard.press("Enter")
        assert heading.get_attribute("aria-sort") == "descending"
        assert column(page, "heat", 2) == [*reversed(up[:-1]), ""]


def test_rows_are_filtered_by_verdict_repository_and_text(
    browser: Browser, pages: Callable[[str], Path]
) -> None:
    with opened(browser, pages("comparison-large")) as page:
        assert len(names(page)) == 40
        page.get_by_label("Repository", exact=True).select_option(label="Repository 3")
        own = names(page)
        assert len(own) == 6
        assert page.locator("#heat .group:visible").count() == 1
        page.get_by_label("Show rows with").first.fill("collection-000")
        assert names(page) == [each for each in own if each.startswith("collection-000")]
        assert page.locator("output").first.text_content() == f"{len(names(page))} of 40 rows"
        page.get_by_label("Repository", exact=True).select_option(label="all")
        page.get_by_label("Show rows with").first.fill("")
        assert len(names(page)) == 40
        page.get_by_label("Not ready for release").uncheck()
        assert names(page) == []
        page.get_by_label("Not ready for release").check()
        # The rules have a filter of their own.
        page.get_by_label("Show rows with").last.fill("Segmentation")
        assert set(column(page, "differences", 4)) == {"Segmentation"}


def test_a_survey_is_sorted_and_filtered(browser: Browser, pages: Callable[[str], Path]) -> None:
    with opened(browser, pages("survey")) as page:
        rows = page.locator("#surveyed tbody tr")
        assert rows.count() == 184
        search = page.get_by_label("Show rows with").first
        search.fill("collection-000")
        assert len(column(page, "surveyed", 0)) == 10
        search.fill("of_several")
        assert column(page, "surveyed", 0) == ["a_collection_with_a_name_of_several_parts"]
        search.fill("")
        page.locator("#surveyed th button", has_text="Subjects").click()
        subjects = [int(each) for each in column(page, "surveyed", 4)]
        assert subjects == sorted(subjects)
        page.locator("#differing th button", has_text="Held here since").click()
        page.locator("#differing th button", has_text="Held here since").click()
        assert column(page, "differing", 4)[0] == "2021-04-10"


def test_a_rule_shows_who_fails_it(browser: Browser, pages: Callable[[str], Path]) -> None:
    with opened(browser, pages("comparison-large")) as page:
        rule = page.locator("#differences tbody tr").nth(7)
        failing = rule.locator("td").nth(1).get_attribute("data-sort")
        rule.locator("summary").click()
        first = rule.locator("li bdi").first.text_content()
        rule.get_by_role("button").click()
        shown = names(page)
        assert str(len(shown)) == failing
        assert first in shown
        page.get_by_role("button", name="show all again").click()
        assert len(names(page)) == 40


def pair(page: Page) -> str:
    return re.sub(r"\s+", " ", page.locator("table.pair").text_content() or "").strip()


def test_script_and_server_lay_two_side_by_side_alike(
    browser: Browser, pages: Callable[[str], Path]
) -> None:
    with opened(browser, pages("comparison")) as page:
        before = pair(page)
        assert "careless-mixed" in before
        left, right = page.get_by_label("Compare"), page.get_by_label("with", exact=True)
        chosen = left.input_value()
        left.select_option(label="review-mr-brain")
        after = pair(page)
        assert "review-mr-brain" in after
        assert "careless-mixed" not in after
        assert page.get_by_role("status").last.text_content() == "Rules that differ: 2"
        left.select_option(chosen)

        # The words of the notation stand in the server's alone.
        def lines(text: str) -> str:
            return re.sub(r"as CSV, enough.*?report|as DICOM SEG.*?NIfTI|none| ", "", text)

        assert lines(pair(page)) == lines(before)
        assert right.input_value() != chosen


def test_two_ticked_rows_are_laid_side_by_side(
    browser: Browser, pages: Callable[[str], Path]
) -> None:
    with opened(browser, pages("comparison-mixed")) as page:
        for name in ("careful-ct-lung", "undecided-seg"):
            page.get_by_label(name).check()
        said = page.get_by_role("status").last.text_content() or ""
        assert f"not comparable. {COMPARABILITY}" in said
        assert "Not told here" in pair(page)
        page.get_by_label("only the rows that I tick").check()
        assert set(names(page)) == {"careful-ct-lung", "undecided-seg"}


def test_it_works_without_its_script(browser: Browser, pages: Callable[[str], Path]) -> None:
    with opened(browser, pages("comparison"), java_script_enabled=False) as page:
        rows = page.locator("#heat tbody tr:not(.group)")
        assert rows.count() == 5
        page.get_by_label("Not ready for release").uncheck()
        assert [row.is_visible() for row in rows.all()].count(True) == 4
        page.get_by_label("empty").check()
        page.get_by_label("review-mr-brain").check()
        page.get_by_label("only the rows that I tick").check()
        assert [row.is_visible() for row in rows.all()].count(True) == 2
        details = page.locator("#differences details").first
        assert not details.locator("li").first.is_visible()
        details.locator("summary").press("Enter")
        assert details.locator("li").first.is_visible()
        assert "careless-mixed" in pair(page)


def test_everything_is_reached_by_keyboard(browser: Browser, pages: Callable[[str], Path]) -> None:
    with opened(browser, pages("comparison")) as page:
        reached = set()
        for _ in range(120):
            page.keyboard.press("Tab")
            reached.add(
                page.evaluate(
                    "() => { const on = document.activeElement; return on.localName + ' ' + "
                    "(on.ariaLabel ?? on.closest('label, summary')?.textContent ?? "
                    "on.textContent).trim(); }"
                )
            )
        for wanted in (
            "a Skip to the content",
            "div Scores by collection and category",
            "input only the rows that I tick",
            "button Overall",
            "input careless-mixed",
            "div Table of the two",
        ):
            assert wanted in reached, wanted
        assert any(each.startswith("summary DEID101") for each in reached)


@pytest.mark.parametrize("name", ["report-careless", "comparison", "comparison-hostile"])
def test_paper_shows_what_is_folded_and_no_controls(
    name: str, browser: Browser, pages: Callable[[str], Path]
) -> None:
    with opened(browser, pages(name)) as page:
        closed = page.locator("details:not([open])").count()
        assert closed
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.locator("details:not([open])").count() == 0
        page.emulate_media(media="print")
        assert page.locator(".tools:visible").count() == 0
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator("details:not([open])").count() == closed
        paper = page.pdf(path=PICTURES / f"{name}.pdf", prefer_css_page_size=True)
        sizes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", paper)
        assert sizes
        wide = [float(width) > float(height) for width, height in sizes]
        assert any(wide) == name.startswith("comparison")


def test_the_huge_page_is_all_there(browser: Browser, pages: Callable[[str], Path]) -> None:
    path = pages("comparison-huge")
    assert path.stat().st_size < 3_000_000
    with opened(browser, path, 400) as page:
        assert page.locator("#heat tbody tr:not(.group)").count() == 500
        listed = page.locator("#differences tbody tr").count()
        assert listed >= 400
        left = page.locator("#differences-more").text_content()
        assert left == f"{1000 - listed} rules not shown; see result.json"
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) <= 0
        for width in (400, 1400):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=PICTURES / f"comparison-huge-{width}.png")
        # By label would ask for the name of each of the page's elements.
        page.locator("select[aria-label=Compare]").select_option(index=400)
        rows = page.locator("table.pair tbody").last.locator("tr")
        assert rows.count() > 50


def test_states_say_what_the_rules_said(browser: Browser, pages: Callable[[str], Path]) -> None:
    """The script reads of every rule and collection what the result holds."""
    results: list[AuditResult] = PAGES["comparison"][1]()
    view = Compared(results).view()
    order = [row.name for group in view.heat.groups for row in group.rows]
    rules = {
        (one.name, rule.id): rule
        for result in results
        for one in result.collections
        for rule in one.rules
    }
    with opened(browser, pages("comparison")) as page:
        seen = 0
        for place, name in enumerate(order):
            other = "empty" if name != "empty" else "careful-ct-lung"
            page.get_by_label("Compare").select_option(str(place))
            page.get_by_label("with", exact=True).select_option(str(order.index(other)))
            for row in page.locator("table.pair tbody").last.locator("tr:not(.group)").all():
                words = row.locator("td").first.text_content() or ""
                rule = rules.get((name, row.locator(".id").text_content() or ""))
                if rule is None:
                    # The empty collection was asked by no rule.
                    assert (name, words) == ("empty", "not run")
                elif words.endswith((" fail", " fails")):
                    verb = "fails" if rule.failed == 1 else "fail"
                    assert words == f"{rule.failed:,} of {rule.applicable:,} {verb}"
                else:
                    unjudged = "not evaluated" if rule.not_evaluated else "passes"
                    assert words == {
                        "pass": unjudged,
                        "not_applicable": "not applicable",
                        "not_evaluated": "not evaluated",
                        "error": "broke down",
                    }.get(rule.outcome)
                seen += 1
        assert seen > 20
