"""The documents that are made of the rules' docstrings say what the rules say."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import auditor
from auditor import catalogue
from auditor.model import CATEGORIES
from auditor.paths import rules_folder
from auditor.registry import load

RULES = load([rules_folder()])
ROOT = Path(auditor.__file__).parents[1]
README = "# A title\n\n<!-- rules -->\nOUTDATED\n<!-- /rules -->\n\nThe end.\n"


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.id)
def test_all_of_a_rule_is_documented(rule: auditor.model.Rule) -> None:
    text = catalogue.catalogue(RULES)
    section = text.partition(f"### {rule.id}: ")[2].partition("\n### ")[0].partition("\n## ")[0]
    for said in (rule.doc.title, rule.doc.why, rule.doc.fix, rule.doc.example, rule.reference):
        assert said in section
        assert said in catalogue.explain(rule)
    for name in rule.reads:
        assert f"`{name}`" in section
        assert name in catalogue.explain(rule)
    assert rule.severity in section
    assert rule.confidence in section


def test_rules_stand_under_their_category_in_order() -> None:
    text = catalogue.catalogue(RULES)
    heads = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert heads == list(CATEGORIES.values())
    ids = [line[4:].partition(":")[0] for line in text.splitlines() if line.startswith("### ")]
    assert ids == [rule.id for rule in RULES.rules]


def test_the_table_has_a_row_for_each_rule() -> None:
    rows = catalogue.table(RULES).splitlines()[2:]
    assert [row.split("|")[1].strip() for row in rows] == [rule.id for rule in RULES.rules]
    assert {row.count("|") for row in rows} == {5}


def test_the_table_is_made_anew_between_its_markers_only() -> None:
    made = catalogue.with_table(README, RULES)
    assert made.startswith("# A title\n\n<!-- rules -->\n| id |")
    assert made.endswith("|\n<!-- /rules -->\n\nThe end.\n")
    assert "OUTDATED" not in made
    assert catalogue.with_table(made, RULES) == made


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the catalogue takes for its own checkout."""
    monkeypatch.setattr(catalogue, "__file__", str(tmp_path / "auditor" / "catalogue.py"))
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(README)
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["catalogue", *arguments])
    return catalogue.main()


def test_a_drift_is_found_and_mended(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--check") == 1
    said = capsys.readouterr().err.splitlines()
    assert [line.partition(" ")[0] for line in said] == ["rules.md", "README.md"]
    assert not (checkout / "docs" / "rules.md").exists()
    assert run(monkeypatch) == 0
    assert run(monkeypatch, "--check") == 0
    assert capsys.readouterr().err == ""
    page = checkout / "docs" / "rules.md"
    page.write_text(page.read_text().replace("Why it matters", "Why", 1))
    assert run(monkeypatch, "--check") == 1
    assert capsys.readouterr().err.startswith("rules.md has drifted")


def test_the_documents_of_this_checkout_have_not_drifted() -> None:
    """`make catalogue` writes them."""
    if not (ROOT / "pyproject.toml").is_file():
        pytest.skip("this is not a checkout")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme == catalogue.with_table(readme, RULES)
    assert (ROOT / "docs" / "rules.md").read_text(encoding="utf-8") == catalogue.catalogue(RULES)
