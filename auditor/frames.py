"""An audit as tables: `auditor.load(OUT).findings()` and the like, for pandas."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.result import AuditResult, ResultError, read_result
from auditor.store import MANIFEST, TABLES

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

FAILURES = ("collection", "rule", "tag_path", "message", "SeriesInstanceUID", "count", "example")
"""Columns of `Audit.failures`."""


def load(out: str | Path) -> Audit:
    """Read an audit.

    Parameters
    ----------
    out
        An audit folder, or a ``result.json`` alone: it has no tables of instances, elements
        and the like, and its findings do not say in which series.

    Raises
    ------
    ResultError
        If there is no result, or not of a version that can be read.
    """
    path = Path(out)
    if not path.is_dir():
        return Audit(read_result(path))
    result = read_result(path / "result.json")
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        manifest = None
    if not isinstance(manifest, dict) or not (path / "findings").is_dir():
        return Audit(result)
    if not manifest.get("complete"):
        raise ResultError("the audit was cut short")
    return Audit(result, path, str(manifest.get("key", "")))


@dataclass(frozen=True, slots=True)
class Audit:
    """One audit; every method but `failures` returns a new pandas data frame.

    Attributes
    ----------
    result
        All that ``result.json`` says.
    folder
        Where the tables are; None if there is only the result.
    key
        Tells the key of the hashes from others; "" if it was random and is forgotten.
    """

    result: AuditResult
    folder: Path | None = None
    key: str = ""

    def collections(self) -> pd.DataFrame:
        """Return a line per collection: its counts, score and coverage."""
        return self._frame(
            {**asdict(each.counts), "score": each.overall, "coverage": each.coverage}
            for each in self.result.collections
        )

    def categories(self) -> pd.DataFrame:
        """Return a line per collection and category: score, coverage, checks."""
        return self._frame(
            [asdict(category) for category in each.categories] for each in self.result.collections
        )

    def rules(self) -> pd.DataFrame:
        """Return a line per collection and rule: its outcome, and what it counted."""
        return self._frame(
            [
                {name: value for name, value in asdict(rule).items() if name != "findings"}
                for rule in each.rules
            ]
            for each in self.result.collections
        )

    def findings(self) -> pd.DataFrame:
        """Return a line per finding and series, with what is said of the rule.

        `SeriesInstanceUID` is a keyed hash, and missing where the rule knows no series.
        """
        import pandas as pd

        said = ["id", "category", "severity", "confidence", "unit", "title", "reference"]
        found = pd.DataFrame(self.failures().to_pandas(types_mapper=_nullable))
        rules = self.rules().reindex(columns=["collection", "repository", *said])
        return found.merge(
            rules.rename(columns={"id": "rule"}), on=["collection", "rule"], how="left"
        )

    def instances(self) -> pd.DataFrame:
        """Return a line per file that is DICOM or should be; see `auditor.store.TABLES`."""
        return self._table("instances")

    def references(self) -> pd.DataFrame:
        """Return a line per object and object that it refers to."""
        return self._table("references")

    def elements(self) -> pd.DataFrame:
        """Return a line per tag path and VR: in how many instances it is, and is empty."""
        return self._table("elements")

    def companions(self) -> pd.DataFrame:
        """Return a line per file that is not DICOM."""
        return self._table("companions")

    def failures(self) -> pa.Table:
        """Return what failed, by finding and series: the columns of `FAILURES`.

        Raises
        ------
        ResultError
            If the table cannot be read.
        """
        import pyarrow as pa

        types: dict[str, str] = {**dict(TABLES["findings"]), "collection": "string"}
        schema = pa.schema([(name, getattr(pa, types[name])()) for name in FAILURES])
        if self.folder is not None:
            read = self._read("findings")
            # Audits of earlier versions did not keep the series.
            if set(FAILURES) <= set(read.column_names):
                return read.select(FAILURES).cast(schema)
        rows = [
            (each.name, rule.id, found.tag_path, found.message, None, found.count, example)
            for each in self.result.collections
            for rule in each.rules
            for found in rule.findings
            for example in [next(iter(found.examples), "")]
        ]
        columns = zip(*rows, strict=True) if rows else [() for _ in FAILURES]
        return pa.table([list(column) for column in columns], schema=schema)

    def _frame(self, lines: Any) -> pd.DataFrame:
        """Build a frame of what each collection gives, with its name and repository first."""
        import pandas as pd

        rows = []
        for each, given in zip(self.result.collections, lines, strict=True):
            start = {"collection": each.name, "repository": each.repository}
            rows += [{**start, **line} for line in (given if isinstance(given, list) else [given])]
        return pd.DataFrame(rows)

    def _table(self, name: str) -> pd.DataFrame:
        import pandas as pd

        if self.folder is None:
            raise ResultError(f"the table of {name} is not with this result")
        return pd.DataFrame(self._read(name).to_pandas(types_mapper=_nullable))

    def _read(self, name: str) -> pa.Table:
        import pyarrow as pa
        from pyarrow import parquet

        assert self.folder is not None
        try:
            parts = [
                parquet.read_table(file, partitioning=None)
                for file in sorted((self.folder / name).glob("*.parquet"))
            ]
            return pa.concat_tables(parts) if parts else pa.table({})
        except (OSError, pa.ArrowException) as error:
            raise ResultError(
                f"the table of {name} cannot be read ({type(error).__name__})"
            ) from error


def _nullable(kind: pa.DataType) -> Any:
    """Keep whole numbers whole: a hash of 64 bits with a gap beside it must not be rounded."""
    import pandas as pd
    import pyarrow as pa

    return {pa.uint64(): pd.UInt64Dtype(), pa.int64(): pd.Int64Dtype()}.get(kind)
