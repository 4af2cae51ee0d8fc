"""Write into docs/standard.md how many conditions and values of each IOD a machine can check.

python tools/count_conditions.py
"""

from __future__ import annotations

from pathlib import Path

from auditor.standard.iods import packaged_iods
from auditor.standard.sop_classes import iod_of

DOCUMENT = Path(__file__).parents[1] / "docs" / "standard.md"
BEGIN, END = "<!-- conditions: begin -->", "<!-- conditions: end -->"


def table() -> str:
    """Return the table as Markdown, IODs by name."""
    iods = packaged_iods()
    counts = {iod_of(uid): (*iods.conditions(uid), *iods.value_lists(uid)) for uid in iods.iods}
    read, unread, *values = map(sum, zip(*counts.values(), strict=True))
    current, older, terms, older_terms = values
    lines = [
        f"Over all {len(counts)} IODs, {read:,} conditions are checked and {unread:,} are not; "
        f"{current:,} lists of enumerated values are current and {older:,} are of 2020 only; of "
        f"defined terms {terms:,} and {older_terms:,}. What several IODs have counts in each.",
        "",
        "| IOD | conditions checked | not | values, current | of 2020 | terms, current | of 2020 |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [f"| {name} | {' | '.join(map(str, counts[name]))} |" for name in sorted(counts)]
    return "\n".join(lines)


def renew(document: str) -> str:
    """Return a document with the table between its markers made anew."""
    head, _, rest = document.partition(BEGIN)
    return f"{head}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    DOCUMENT.write_text(renew(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
