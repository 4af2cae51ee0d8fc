"""The pages: self-contained, inert, bounded, readable."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.paths import templates_folder
from auditor.render import (
    _environment,
    compile_report,
    report_page,
    write_comparison,
    write_report,
)
from auditor.result import MUST_AGREE, AuditResult, CollectionResult
from auditor.view import COMPARABILITY
from tests.sample_result import (
    NASTY,
    SAMPLES,
    TOOL,
    audit,
    careful,
    careless,
    empty,
    hostile_audit,
    huge,
    million,
    review,
    undecided,
)

LARGEST = 3_000_000


class Page(HTMLParser):
    """What a browser would make of a page, as far as it matters here."""

    VOID = frozenset({"meta", "br", "wbr", "link", "img", "input"})

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.ids: list[str] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        where = self.open[-1] if self.open else ""
        {"script": self.scripts, "style": self.styles}.get(where, self.text).append(data)

    def said(self) -> str:
        return " ".join(" ".join(self.text).split())

    def value(self, tag: str, name: str) -> list[str]:
        return [value for each, key, value in self.attributes if (each, key) == (tag, name)]


def report(result: AuditResult, folder: Path) -> Page:
    path = folder / "report.html"
    write_report(result, path)
    return Page(path.read_text("utf-8"))


def comparison(results: list[AuditResult], folder: Path) -> Page:
    path = folder / "comparison.html"
    write_comparison(results, path)
    return Page(path.read_text("utf-8"))


ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "script", "svg", "symbol", "path", "circle",
    "rect", "use", "text", "a", "header", "main", "footer", "section", "article", "div", "p", "h1",
    "h2", "h3", "h4", "h5", "ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "thead",
    "tbody", "tr", "th", "td", "details", "summary", "span", "b", "br", "wbr", "small", "code",
    "bdi", "abbr", "fieldset", "legend", "label", "input", "i", "pre",
}  # fmt: skip


def check_inert(page: Page) -> None:
    """Nothing in the page acts but the one script, and nothing is loaded."""
    assert page.tags <= ALLOWED
    assert len(page.scripts) == len(page.styles) == 1
    (policy,) = [each for each in page.value("meta", "content") if "default-src" in each]
    for kind, (body,) in (("script", page.scripts), ("style", page.styles)):
        digest = b64encode(sha256(body.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "url(" not in page.styles[0]
    assert "@import" not in page.styles[0]
    for tag, name, value in page.attributes:
        assert not name.startswith("on")
        assert name not in ("style", "src", "srcdoc", "action")
        if name == "href":
            assert value.startswith("#"), (tag, value)


def check_links(page: Page) -> None:
    assert len(page.ids) == len(set(page.ids))
    for value in page.value("a", "href") + page.value("use", "href"):
        assert value[1:] in page.ids
    for value in page.value("section", "aria-labelledby"):
        assert value in page.ids


@pytest.mark.parametrize("name", SAMPLES)
def test_every_report_is_self_contained_and_well_formed(name: str, tmp_path: Path) -> None:
    page = report(SAMPLES[name](), tmp_path)
    check_inert(page)
    check_links(page)
    assert (tmp_path / "report.html").stat().st_size < LARGEST


@pytest.mark.parametrize("name", SAMPLES)
def test_every_comparison_is_self_contained_and_well_formed(name: str, tmp_path: Path) -> None:
    page = comparison([SAMPLES[name](), audit(review())], tmp_path)
    check_inert(page)
    check_links(page)
    assert (tmp_path / "comparison.html").stat().st_size < LARGEST


def test_report_says_what_a_release_manager_needs(tmp_path: Path) -> None:
    said = report(audit(careless()), tmp_path).said()
    for text in (
        "Not ready for release",
        "4 rules of severity error fail. Start with DEID101.",
        "2 files could not be read",
        "Fix first",
        "Write De-identification Method or its code sequence",
        "18,340 of 18,340 objects (100\u00a0%)".replace("\u00a0", " "),
        "DeidentificationMethod (0012,0063)",
        "patient-001/series-0/00001.dcm",
        "Confidence medium",
        "PS3.15 Table E.1-1",
        "What was not evaluated, and why",
        "No table of references.",
        "Passed (2)",
        "Not applicable (1)",
        "GE MEDICAL SYSTEMS",
        "Segmentation Storage",
        "as DICOM SEG or ANN, by a third party; as DICOM RT; as NIfTI",
        "sha256:5f0c9d41c2b3a7e8",
        "2025e",
    ):
        assert text in said, text


def test_a_report_needs_no_template_that_was_not_compiled_before() -> None:
    _environment.cache_clear()
    compile_report()
    before = set(_environment().cache or ())
    report_page(audit(careful()))
    assert set(_environment().cache or ()) == before


def test_careful_collection_is_told_apart(tmp_path: Path) -> None:
    said = report(audit(careful()), tmp_path).said()
    assert "No obstacle to release" in said
    assert "Not ready for release" not in said
    assert "Fix first" not in said


@pytest.mark.parametrize("made", [audit(), audit(empty())])
def test_nothing_is_not_a_pass(made: AuditResult, tmp_path: Path) -> None:
    said = report(made, tmp_path).said()
    assert "Nothing to judge" in said
    assert "This is not a pass." in said
    assert "Passed (" not in said


def test_hostile_values_come_out_as_text(tmp_path: Path) -> None:
    page = report(hostile_audit(), tmp_path)
    check_inert(page)
    said = page.said()
    for text in NASTY[:4]:
        assert text in said
    assert "{{ 7*7 }}" in said
    source = (tmp_path / "report.html").read_text("utf-8")
    assert "z" * 1_501 not in source
    assert not re.search("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\x00-\x09\x0b-\x1f]", source)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.text(st.characters(), max_size=30), min_size=1, max_size=9))
def test_no_value_whatever_becomes_markup(values: list[str], tmp_path: Path) -> None:
    page = report(hostile_audit(values), tmp_path)
    check_inert(page)
    check_links(page)
    check_inert(comparison([hostile_audit(values)], tmp_path))


def test_500_collections_are_all_there_and_fit(tmp_path: Path) -> None:
    page = report(huge(500), tmp_path)
    assert (tmp_path / "report.html").stat().st_size < LARGEST
    names = re.findall(r"collection-\d{4}", page.said())
    assert len(set(names)) == 500
    assert len([each for each in page.ids if re.fullmatch(r"c\d+", each)]) == 500
    # However short a section is, it says what to fix first, and where to look.
    assert page.said().count("Fix first") >= 250
    assert "for example patient-" in page.said()
    assert "dicom-audit report OUT --only NAME -o FOLDER" in page.said()


def test_a_shortened_page_keeps_what_to_fix_first_and_where(tmp_path: Path) -> None:
    page = report(huge(80), tmp_path)
    assert (tmp_path / "report.html").stat().st_size < LARGEST
    check_links(page)
    said = page.said()
    assert said.count("Fix first") >= 40
    assert ("ol", "class", "places") in page.attributes
    assert "dicom-audit report OUT --only NAME -o FOLDER" in said
    assert "--only" not in report(audit(careless()), tmp_path).said()


def test_the_audit_of_a_million_instances_fits_with_all_it_says(tmp_path: Path) -> None:
    page = report(audit(million()), tmp_path)
    assert (tmp_path / "report.html").stat().st_size < LARGEST
    check_links(page)
    said = page.said()
    for text in ("1,000,000", "400,000 of 1,000,000", "What the referees say", "Fix first"):
        assert text in said


def test_even_the_longest_names_fit(tmp_path: Path) -> None:
    worst = "\u202e<" * 100
    made: list[CollectionResult] = []
    for _ in range(700):
        one = empty()
        one.name = one.repository = worst
        one.categories = [
            replace(one.categories[0], id=f"{worst}{position}", title=worst, reason=worst)
            for position in range(30)
        ]
        made.append(one)
    page = report(audit(*made), tmp_path)
    check_inert(page)
    assert (tmp_path / "report.html").stat().st_size < LARGEST
    assert "500 collections not shown; see result.json" in page.said()


def test_comparison_says_what_differs(tmp_path: Path) -> None:
    other = replace(TOOL, ruleset="sha256:another", standard_edition="2024c")
    said = comparison(
        [audit(careful(), careless()), audit(undecided(), tool=other)], tmp_path
    ).said()
    assert "These scores are not comparable" in said
    assert "differ in rule set and edition of the standard" in said
    assert "sha256:another" in said
    assert "Rule set (differs)" in said
    assert "Profile Referees of conformance Version" in said
    assert "Careful Archive 2 collections" in said


def test_all_pages_say_alike_when_scores_can_be_compared(tmp_path: Path) -> None:
    assert all(name in COMPARABILITY for name in MUST_AGREE)
    made = audit(careful(), careless())
    assert COMPARABILITY in report(made, tmp_path).said()
    assert COMPARABILITY in comparison([made], tmp_path).said()
    # The script says it of two rows that somebody picks.
    assert f'data-comparability="{COMPARABILITY}"' in (tmp_path / "comparison.html").read_text(
        "utf-8"
    )
    documented = " ".join((Path(__file__).parents[1] / "docs/report.md").read_text("utf-8").split())
    assert COMPARABILITY.removesuffix(".") in documented


def test_comparison_has_numbers_and_coverage_in_every_cell_with_a_score(tmp_path: Path) -> None:
    page = comparison([audit(careless())], tmp_path)
    said = page.said()
    assert "These scores are comparable" in said
    assert "48.4 18,057/ 37,320 99.9 %" in said
    assert "not known" in said
    assert "not known 0 %" not in said
    # What the icon says is there for who cannot see it.
    for words in ("error", "warning", "not fully judged"):
        assert ("svg", "aria-label", words) in page.attributes


def test_even_the_longest_names_can_be_compared(tmp_path: Path) -> None:
    worst = "\u202e<" * 100
    made: list[CollectionResult] = []
    for place in range(700):
        one = careless()
        one.name = one.repository = worst
        one.annotation = {"CI": worst, "A/S": worst, "CR": worst}
        one.categories = [
            replace(one.categories[0], id=f"{worst}{position}", title=worst, reason=worst)
            for position in range(30)
        ]
        one.rules = [
            replace(rule, id=f"{worst}{number}", title=worst, failed=place % 7, unit=worst)
            for number, rule in enumerate(one.rules)
        ]
        made.append(one)
    page = comparison([audit(*made)], tmp_path)
    check_inert(page)
    assert (tmp_path / "comparison.html").stat().st_size < LARGEST
    assert "500 collections not shown; see result.json" in page.said()


def test_same_result_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_report(audit(careless(), careful()), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_every_head_cell_says_how_it_sorts(tmp_path: Path) -> None:
    page = comparison([audit(careful(), careless())], tmp_path)
    assert page.value("table", "data-sortable") == ["", ""]
    assert set(page.value("th", "data-kind")) == {"text", "number"}
    numbers = [each for each in page.value("td", "data-sort") if each]
    assert [float(each) for each in numbers]


# -- colours


def _palettes() -> list[dict[str, str]]:
    style = (templates_folder() / "report.css").read_text("utf-8")
    blocks = re.findall(r":root \{\s*color-scheme: \w+;(.*?)\}", style, re.DOTALL)
    return [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for block in blocks]


def _luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    parts = [int(colour[position : position + 2], 16) / 255 for position in (1, 3, 5)]
    linear = [
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _shades() -> list[dict[str, str]]:
    style = (templates_folder() / "report.css").read_text("utf-8")
    blocks = re.findall(r":root \{\s*--s1: (.*?)\}", style, re.DOTALL)
    return [dict(re.findall(r"--(s\d): (#[0-9a-f]{6});", f"--s1: {block}")) for block in blocks]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)))[::-1]
    return (light + 0.05) / (dark + 0.05)


def test_shades_of_the_heat_map_bear_text_and_icons() -> None:
    shades = _shades()
    assert [sorted(each) for each in shades] == [["s1", "s2", "s3", "s4", "s5"]] * 2
    for palette, grounds in zip(_palettes(), shades, strict=True):
        for ground in grounds.values():
            assert _contrast(palette["text"], ground) >= 4.5
            # WCAG 2.2, 1.4.11: what is not text.
            for tone in ("error", "warning", "ok", "info", "unknown"):
                assert _contrast(palette[tone], ground) >= 3, (tone, ground)


def test_text_has_contrast_in_light_and_dark() -> None:
    palettes = _palettes()
    assert len(palettes) == 2
    tones = ("error", "warning", "ok", "info", "unknown", "absent")
    for palette in palettes:
        pairs = list(product(("text", "soft", "link", *tones), ("page", "card", "sunk")))
        pairs += [(tone, f"{tone}-ground") for tone in tones]
        pairs += [("text", f"{tone}-ground") for tone in tones]
        for ink, ground in pairs:
            assert _contrast(palette[ink], palette[ground]) >= 4.5, (ink, ground)
