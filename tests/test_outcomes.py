"""What was counted of a rule comes out as it was counted, in a few series and in many."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyarrow import parquet

from auditor.outcomes import write_findings
from auditor.result import GroupedFinding, RuleResult
from auditor.store import TableWriter
from auditor.tally import RuleTally, Seen

PLACES = (("is missing", "(0008,0060)"), ("is empty", "(0010,0020)"))


@pytest.mark.parametrize("many", [0, 1, 300])
def test_a_finding_has_a_row_for_each_series(tmp_path: Path, many: int) -> None:
    tally = RuleTally()
    for message, place in PLACES:
        tally.series[message, place] = {n: Seen(n + 1, f"{message}/{n}") for n in range(many)}
    result = RuleResult("X001", "iod", "error", "high", "fail", 9, 9, "series")
    result.findings = [GroupedFinding(place, said, many, [], "", "low") for said, place in PLACES]
    file = tmp_path / "findings.parquet"
    with TableWriter(file, "findings", "ct") as writer:
        write_findings(writer, result, tally)
    rows = parquet.read_table(file).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        ("ct", "X001", "iod", "error", "low", "series", place, said, n, n + 1, f"{said}/{n}")
        for said, place in PLACES
        for n in range(many)
    ]
