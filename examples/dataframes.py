"""What fails, in how many series, and where first: ``python examples/dataframes.py OUT``."""

from __future__ import annotations

import sys

import auditor


def main(out: str) -> None:
    """Print the rules of severity error that fail, the most frequent first."""
    audit = auditor.load(out)
    found = audit.findings()
    errors = found[found["severity"] == "error"]
    worst = errors.groupby(["collection", "rule", "title"], as_index=False).agg(
        findings=("count", "sum"),
        series=("SeriesInstanceUID", "nunique"),
        example=("example", "first"),
    )
    print(worst.sort_values("findings", ascending=False).head(10).to_string(index=False))


if __name__ == "__main__":
    main(sys.argv[1])
