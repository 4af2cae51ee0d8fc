"""The index of the NCI Imaging Data Commons: a line for each series, instead of files.

It comes as Parquet in the package ``idc-index-data`` (extra ``idc``), a version of the index for
each version of the repository; nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from auditor.description import LENGTH
from auditor.sources.base import SourceError, printable

if TYPE_CHECKING:
    import duckdb

PREFIX = "idc:"
"""What the user writes before a collection of the repository; alone, it is all of them."""

REPOSITORY = "NCI Imaging Data Commons"

SERIES = "series"
"""Name of the table that `Index.read` makes."""

_HASHED = ("SeriesInstanceUID", "StudyInstanceUID", "PatientID")

VALUES = ("SOPClassUID", "Modality", "Manufacturer", "ManufacturerModelName", "PatientSex")
"""Attributes that the index gives as one of the series' objects has them, neither rewritten nor
put together from several."""


class About(NamedTuple):
    """What the repository says of a collection, and whether it has clinical tables of it."""

    described: dict[str, str]
    clinical: bool


class Index:
    """The index, or a stand-in for it in tests.

    Parameters
    ----------
    folder
        Holds ``idc_index.parquet`` and ``collections_index.parquet``.
    version
        Of the package; its first number is the repository's.
    """

    def __init__(self, folder: Path, version: str) -> None:
        self._folder, self.version = folder, version

    @classmethod
    def installed(cls) -> Index:
        """Return the index that the extra ``idc`` installs.

        Raises
        ------
        SourceError
            If it is not installed.
        """
        from importlib.metadata import PackageNotFoundError, distribution

        try:
            package = distribution("idc-index-data")
        except PackageNotFoundError:
            raise SourceError(
                "idc: needs the extra `idc`: pip install '.[idc]' in a clone"
            ) from None
        return cls(Path(str(package.locate_file("idc_index_data"))), package.version)

    def read(
        self, connection: duckdb.DuckDBPyConnection, wanted: Iterable[str], key: bytes
    ) -> list[str]:
        """Read the series of collections into the table `SERIES`, sorted by collection.

        Parameters
        ----------
        connection
            Gets the table.
        wanted
            Ids of collections, with ``-`` for ``_`` or capitals if need be; none for all.
        key
            Of the hashes that stand for UIDs and patient IDs.

        Returns
        -------
        list of str
            Ids of the collections, sorted.

        Raises
        ------
        SourceError
            If the index cannot be read, or a collection is not in it.
        """
        import duckdb

        names = sorted({name.strip().lower().replace("-", "_") for name in wanted})
        # 64 bits of a hash with a secret in front: to be told apart, not to be reversed.
        hashed = ", ".join(
            f'md5_number_lower(\'{key.hex()}\' || "{name}") AS "{name}"' for name in _HASHED
        )
        plain = ", ".join(f'"{name}"' for name in VALUES)
        chosen = "WHERE list_contains(?, collection_id)" if names else ""
        try:
            connection.execute(
                f'CREATE TABLE "{SERIES}" AS SELECT collection_id AS collection, '  # noqa: S608 - our own names
                "analysis_result_id AS third_party, crdc_series_uuid AS path, 'ok' AS status, "
                "CAST(instanceCount AS BIGINT) AS instances, "
                f"CAST(1e6 * series_size_MB AS BIGINT) AS bytes, {plain}, {hashed}, "
                "TransferSyntaxUID, license_short_name AS license, "
                "CAST(series_init_idc_version AS BIGINT) AS since, "
                # What rules fall back to where there is no SOP Class UID; here there always is.
                "CAST(NULL AS VARCHAR) AS MediaStorageSOPClassUID, "
                f"FROM read_parquet(?) {chosen} ORDER BY collection_id, path",
                [self._file("idc_index"), *([names] if names else [])],
            )
            rows = connection.execute(
                f'SELECT DISTINCT collection FROM "{SERIES}" ORDER BY collection'  # noqa: S608
            ).fetchall()
        except duckdb.Error as error:
            raise SourceError(f"the index cannot be read ({type(error).__name__})") from None
        found = [str(name) for (name,) in rows]
        missing = [printable(name) for name in names if name not in found]
        if missing:
            raise SourceError(f"no such collection in the index: {', '.join(missing)}")
        return found

    def about(self, connection: duckdb.DuckDBPyConnection) -> dict[str, About]:
        """Return what the repository says of each collection, by its id."""
        rows = connection.execute(
            "SELECT collection_id, collection_name, species, cancer_types, tumor_locations, "
            "list_contains(list_transform(string_split(coalesce(supporting_data, ''), ','), "
            "lambda part: trim(part)), 'Clinical') FROM read_parquet(?)",
            [self._file("collections_index")],
        ).fetchall()
        keys = ("title", "species", "pathology", "region")
        return {
            str(name): About(
                # All of it can be had by anybody, under its licence.
                {"access": "open"}
                | {key: str(text)[:LENGTH] for key, text in zip(keys, texts, strict=True) if text},
                clinical,
            )
            for name, *texts, clinical in rows
        }

    def dates(self, connection: duckdb.DuckDBPyConnection) -> dict[int, str]:
        """Return the date of each version of the repository, as far as the package has them."""
        import duckdb

        try:
            rows = connection.execute(
                "SELECT CAST(idc_version AS BIGINT), CAST(version_timestamp AS VARCHAR)[:10] "
                "FROM read_parquet(?)",
                [self._file("version_metadata_index")],
            ).fetchall()
        except duckdb.Error:
            # The first packages of the index lack it; then nothing is said of dates.
            return {}
        return {version: day for version, day in rows if version is not None and day}

    def _file(self, name: str) -> str:
        import glob

        return glob.escape(str(self._folder / f"{name}.parquet"))


def asked(paths: Iterable[Path]) -> list[str] | None:
    """Return the collections that paths such as ``idc:NAME`` name; None if none does.

    All collections are an empty list. What exists under such a name is a path.

    Raises
    ------
    SourceError
        If some do and some do not: they are not comparable, so not one audit.
    """
    given = list(paths)
    named = [path for path in given if str(path).startswith(PREFIX) and not path.exists()]
    if not named:
        return None
    if len(named) < len(given):
        raise SourceError("an index and files are two audits: scan them apart, then compare")
    names = [str(path).removeprefix(PREFIX) for path in named]
    return [] if "" in names else names
