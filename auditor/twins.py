"""Images of two patients that may be one: whether their pixels are the same, byte for byte.

The walk never reads pixel data. What it does read says which images can be the same at all:
those of one kind, size and place in space. A bounded number of them is read after the walk,
where an audit is asked to (``scan --twins N``).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from auditor.collection import CollectionFacts
from auditor.masks import Where
from auditor.sources import Source

if TYPE_CHECKING:
    import duckdb

BYTES_LIMIT = 1 << 28
"""Bytes of pixel data of one image that are read."""

_ALIKE = (
    *("SOPClassUID", "TransferSyntaxUID", "Rows", "Columns", "NumberOfFrames"),
    *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"),
)

COLUMNS = tuple(
    f"instances.{column}"
    for column in ("path", "status", "PatientID", "StudyInstanceUID", "SeriesInstanceUID", *_ALIKE)
)
"""What has to be declared to ask for `CANDIDATES`."""

_EVERY_IMAGE = "instances WHERE status = 'ok' AND Rows > 0"
_IMAGES = f"{_EVERY_IMAGE} AND PatientID IS NOT NULL"
_SHOWN = ", ".join(f"coalesce({column}::VARCHAR, '')" for column in _ALIKE)

CANDIDATES = (
    "SELECT path, PatientID, SeriesInstanceUID, "  # noqa: S608 - our own names
    f"md5(concat_ws('|', {_SHOWN})) AS alike FROM {_IMAGES} "
    "QUALIFY min(PatientID) OVER (PARTITION BY alike) <> max(PatientID) OVER (PARTITION BY alike)"
)
"""Images that agree in all this with one of another patient."""

HOW_MANY = (
    f"SELECT sum(images) FROM (SELECT count(*) AS images FROM {_IMAGES} "  # noqa: S608
    f"GROUP BY {_SHOWN} HAVING min(PatientID) <> max(PatientID))"
)
"""How many `CANDIDATES` there are, in less time."""

NAMELESS = (
    "SELECT sum(images) FROM (SELECT count(*) FILTER (PatientID IS NULL) AS images "  # noqa: S608
    f"FROM {_EVERY_IMAGE} AND EXISTS (FROM {_EVERY_IMAGE} AND PatientID IS NULL) "
    f"GROUP BY {_SHOWN} HAVING min(coalesce(StudyInstanceUID, 0)) <> "
    "max(coalesce(StudyInstanceUID, 0)))"
)
"""How many images agree with one of another study, and nobody knows of which patient they are."""


class Row(NamedTuple):
    """What the pixel data of one image is.

    Attributes
    ----------
    path
        Place inside the collection.
    pixels
        A hash of the bytes of the pixel data; None if all are the same, as in an empty image.
    reason
        Why they were not read, in plain words.
    """

    path: str
    pixels: int | None = None
    reason: str = ""


def choose(
    connection: duckdb.DuckDBPyConnection, instances: Path, source: Source, limit: int
) -> list[Where]:
    """Return the images to look at: one of each series first, from small groups to large ones.

    Which image of a series comes first depends on where it lies, so that of two series with the
    same images the same are read.
    """
    facts = CollectionFacts(connection, {"instances": instances}, COLUMNS)
    paths = {
        path
        for (path,) in facts.rows(
            "SELECT path FROM (SELECT path, alike, "  # noqa: S608 - our own names
            "count(*) OVER (PARTITION BY alike) AS size, "
            "row_number() OVER (PARTITION BY SeriesInstanceUID ORDER BY alike, path) AS turn "
            f"FROM ({CANDIDATES})) ORDER BY turn, size, alike, path LIMIT ?",
            [limit],
        )
    }
    if not paths:
        return []
    return [(file.path, file.location) for file in source.files() if file.path in paths]


def read_pixels(chosen: Sequence[Where]) -> list[Row]:
    """Hash the pixel data of some images. Never raises for what is in them."""
    from auditor.decoding import WillNotDecode, check_not_deflated
    from auditor.reading.fallback import lenient
    from auditor.reading.stored_pixels import pixels_of

    rows = []
    for path, location in chosen:
        try:
            with lenient():
                check_not_deflated(location)
            read = pixels_of(location, "", BYTES_LIMIT)
        except WillNotDecode as error:
            rows.append(Row(path, reason=str(error)))
        except Exception as error:  # noqa: BLE001
            # The text of an exception can quote the file; its type cannot.
            rows.append(Row(path, reason=f"a file that cannot be read ({type(error).__name__})"))
        else:
            problem = read.problem or ("" if read.digest else "no pixel data")
            known = None if read.blank or problem else int.from_bytes(read.digest[:8])
            rows.append(Row(path, known, problem))
    return rows


def died(where: Where) -> list[Row]:
    """Return the row of an image on which the reader died."""
    return [Row(where[0], reason="the reader died on it")]
