"""Rule docstrings to ``docs/rules.md`` and the README's table; fails when they have drifted.

Run as ``python -m auditor.catalogue [--check]``.
"""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

from auditor.model import CATEGORIES, Rule
from auditor.registry import RuleSet
from auditor.words import unit_word

BEGIN, END = "<!-- rules -->", "<!-- /rules -->"


def explain(rule: Rule) -> str:
    """Return all that is known of one rule as plain text."""
    parts = [
        f"{rule.id}  {rule.doc.title}",
        f"category {rule.category} · severity {rule.severity} · confidence {rule.confidence} · "
        f"counted per {unit_word(rule.unit)}",
        f"Why it matters: {rule.doc.why}",
        f"How to fix: {rule.doc.fix}",
    ]
    if rule.doc.command:
        parts.append("Command:\n" + "\n".join(f"  {line}" for line in rule.doc.command.split("\n")))
    if rule.doc.example:
        parts.append(f"Example: {rule.doc.example}")
    parts += [f"Reads: {', '.join(rule.reads)}", f"Reference: {rule.reference}"]
    return "\n\n".join(parts)


def catalogue(rules: RuleSet) -> str:
    """Return ``docs/rules.md``."""
    lines = [
        "# Rules",
        "",
        "Generated from the rules' docstrings by `python -m auditor.catalogue`.",
    ]
    for category, group in groupby(rules.rules, key=lambda rule: rule.category):
        lines += ["", f"## {CATEGORIES[category]}"]
        for rule in group:
            lines += [
                "",
                f"### {rule.id}: {rule.doc.title}",
                "",
                f"Severity **{rule.severity}**, confidence **{rule.confidence}**, counted per "
                f"{unit_word(rule.unit)}. Reference: {rule.reference}.",
                "",
                f"**Why it matters.** {rule.doc.why}",
                "",
                f"**How to fix.** {rule.doc.fix}",
            ]
            if rule.doc.command:
                lines += ["", "```", *rule.doc.command.split("\n"), "```"]
            if rule.doc.example:
                lines += ["", f"**Example.** {rule.doc.example}"]
            lines += ["", f"Reads: {', '.join(f'`{name}`' for name in rule.reads)}."]
    return "\n".join(lines) + "\n"


def table(rules: RuleSet) -> str:
    """Return the README's table of rules."""
    rows = [
        f"| {rule.id} | {CATEGORIES[rule.category]} | {rule.severity} | {rule.doc.title} |"
        for rule in rules.rules
    ]
    return "\n".join(["| id | category | severity | what it finds |", "|---|---|---|---|", *rows])


def with_table(readme: str, rules: RuleSet) -> str:
    """Return the README with the table between its markers made anew."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table(rules)}\n{END}{after}"


def main() -> int:
    """Write both files, or with ``--check`` say whether they have drifted."""
    from auditor.paths import rules_folder
    from auditor.registry import load

    root = Path(__file__).parents[1]
    rules = load([rules_folder()])
    readme = root / "README.md"
    wanted = {
        root / "docs" / "rules.md": catalogue(rules),
        readme: with_table(readme.read_text(encoding="utf-8"), rules),
    }
    drifted = [
        path
        for path, text in wanted.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if "--check" in sys.argv[1:]:
        for path in drifted:
            sys.stderr.write(f"{path.name} has drifted: run python -m auditor.catalogue\n")
        return 1 if drifted else 0
    for path in drifted:
        path.write_text(wanted[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
