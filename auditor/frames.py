"""An audit as tables: `auditor.load(OUT).findings()` and the like, for pandas."""

from __future__ import annotations

import glob
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.result import AuditResult, CollectionResult, ResultError, read_result
from auditor.store import MANIFEST, TABLES, table_file

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

FAILURES = ("rule", "tag_path", "message", "SeriesInstanceUID", "count", "example")
"""Columns of `Audit.failures`, after the number and the name of the collection."""


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

        said = ["category", "severity", "confidence", "unit", "title", "reference"]
        rules = pd.DataFrame(
            [
                (number, each.repository, rule.id, *(getattr(rule, name) for name in said))
                for number, each in enumerate(self.result.collections)
                for rule in each.rules
            ],
            columns=["number", "repository", "rule", *said],
        ).astype({"number": "Int64"})
        found = pd.DataFrame(self.failures().to_pandas(types_mapper=_nullable))
        return found.merge(rules, on=["number", "rule"], how="left").drop(columns="number")

    def instances(self) -> pd.DataFrame:
        """Return a line per file that is DICOM or should be; see `auditor.store.TABLES`."""
        return self._table("instances")

    def judged(self) -> pd.DataFrame:
        """Return a line per finding of an instance rule and signature that it is of."""
        return self._table("judged")

    def files(self, rule: str, tag_path: str = "") -> pd.DataFrame:
        """Return a line per file that a rule found something in, and what, in order.

        Parameters
        ----------
        rule
            Id of a rule about single objects: of one about the whole collection, the findings
            have examples.
        tag_path
            Of the findings at this place alone.

        Raises
        ------
        ResultError
            If the audit did not keep of which files its findings are.
        """
        import pandas as pd

        from auditor.collection import connect

        parts = []
        for number, each in enumerate(self.result.collections, 1):
            tables = [self._file(name, number) for name in ("instances", "judged")]
            assert self.folder is not None
            with connect(self.folder) as connection:
                found = connection.execute(
                    "SELECT DISTINCT ? AS repository, ? AS collection, path, tag_path, message "
                    "FROM read_parquet(?) JOIN read_parquet(?) USING (signature) "
                    "WHERE rule = ? AND (? = '' OR tag_path = ?) ORDER BY path, tag_path, message",
                    [each.repository, each.name, *tables, rule, tag_path, tag_path],
                )
                parts.append(found.df())
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()

    def _file(self, table: str, number: int) -> str:
        """Return the file of a table of a collection, as a pattern that only it matches."""
        file = None if self.folder is None else table_file(self.folder, table, number)
        if file is None or not file.is_file():
            raise ResultError("the audit did not keep of which files its findings are")
        return glob.escape(str(file))

    def references(self) -> pd.DataFrame:
        """Return a line per object and object that it refers to."""
        return self._table("references")

    def numbers(self) -> pd.DataFrame:
        """Return a line per number of a part of an object, or that refers to such a part."""
        return self._table("numbers")

    def extents(self) -> pd.DataFrame:
        """Return a line per image of several frames: how far they reach."""
        return self._table("extents")

    def elements(self) -> pd.DataFrame:
        """Return a line per tag path and VR: in how many instances it is, and is empty."""
        return self._table("elements")

    def companions(self) -> pd.DataFrame:
        """Return a line per file that is not DICOM."""
        return self._table("companions")

    def failures(self) -> pa.Table:
        """Return what failed, by finding and series.

        The columns are ``number`` (the collection's place in the result: its name need not be
        its own), ``collection`` and `FAILURES`.

        Raises
        ------
        ResultError
            If the table cannot be read.
        """
        import pyarrow as pa

        types = dict(TABLES["findings"])
        schema = pa.schema(
            [("number", pa.int64()), ("collection", pa.string())]
            + [(name, getattr(pa, types[name])()) for name in FAILURES]
        )
        parts = [
            self._failures(number, each, schema)
            for number, each in enumerate(self.result.collections)
        ]
        return pa.concat_tables(parts) if parts else schema.empty_table()

    def _failures(self, number: int, collection: CollectionResult, schema: pa.Schema) -> pa.Table:
        import pyarrow as pa

        if self.folder is not None:
            read = _read(table_file(self.folder, "findings", number + 1))
            # Audits of earlier versions did not keep the series.
            if set(FAILURES) <= set(read.column_names):
                same = [pa.repeat(number, len(read)), pa.repeat(collection.name, len(read))]
                chosen = read.select(FAILURES).columns
                return pa.table([*same, *chosen], names=schema.names).cast(schema)
        rows = [
            (number, collection.name, rule.id, found.tag_path, found.message, None, found.count,
             next(iter(found.examples), ""))
            for rule in collection.rules
            for found in rule.findings
        ]  # fmt: skip
        columns = list(zip(*rows, strict=True)) or [()] * len(schema)
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
        import pyarrow as pa

        if self.folder is None:
            raise ResultError(f"the table of {name} is not with this result")
        numbers = range(1, len(self.result.collections) + 1)
        parts = [_read(table_file(self.folder, name, number)) for number in numbers]
        table = pa.concat_tables(parts) if parts else pa.table({})
        return pd.DataFrame(table.to_pandas(types_mapper=_nullable))


def _read(file: Path) -> pa.Table:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return parquet.read_table(file, partitioning=None)
    except (OSError, pa.ArrowException) as error:
        name = f"{file.parent.name}/{file.name}"
        raise ResultError(f"{name} cannot be read ({type(error).__name__})") from error


def _nullable(kind: pa.DataType) -> Any:
    """Keep whole numbers whole: a hash of 64 bits with a gap beside it must not be rounded."""
    import pandas as pd
    import pyarrow as pa

    return {pa.uint64(): pd.UInt64Dtype(), pa.int64(): pd.Int64Dtype()}.get(kind)
