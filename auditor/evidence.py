# ruff: noqa: S608 - what stands in a query is this file's own, never a value from a collection.
"""What a collection has beyond images: annotation, reports, clinical tables, in whatever format.

How that is tied to the images is asked of UIDs that a file names, of its name, and of the folder
that it lies in; how a table is tied to patients, of the values of its key columns. All are
compared as keyed hashes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.collection import CollectionFacts, Tables
from auditor.inventory import IS_INSTANCE
from auditor.reading.contents import CLINICAL
from auditor.standard.sop_classes import (
    ANNOTATIONS,
    FIDUCIALS,
    KEY_OBJECT_SELECTION,
    PARAMETRIC_MAP,
    PRESENTATION_STATES,
    RADIOTHERAPY,
    REGISTRATIONS,
    RT_STRUCTURE_SET,
    SEGMENTATIONS,
    STRUCTURED_REPORTS,
)

if TYPE_CHECKING:
    import duckdb

    from auditor.result import EvidenceResult, EvidenceTable

_SR = "1.2.840.10008.5.1.4.1.1.88."
CLINICAL_REPORTS = frozenset(_SR + end for end in ("11", "22", "33", "34", "50", "65", "70"))
"""SOP classes of reports on a patient; dose reports and logs report on an apparatus."""

ANNOTATION_NAME = (
    r"(?i)(?:^|[^a-z])(?:seg|segmentation|mask|label|labelmap|roi|annotation|contour|lesion|"
    r"tumou?r|nodule|bbox|ground.?truth|gt)s?(?:[^a-z/][^/]*)?(?:/[^/]*)?$"
)
"""Words in a companion's name, or in its folder's, that say it annotates: where its bytes do not
tell a mask from an image, nothing else does."""

ANNOTATION_KINDS = {
    "nifti": "NIfTI",
    "nrrd": "NRRD",
    "metaimage": "MetaImage",
    "analyze": "Analyze",
    "xml": "XML",
    "json": "JSON",
    "csv": "CSV",
    "xls": "XLS",
    "text": "text",
    "png": "PNG",
    "tiff": "TIFF",
    "hdf5": "HDF5",
}
"""Kinds of companion that can hold annotation or reports, as the notation writes them."""

_BY_NAME = sorted(set(ANNOTATION_KINDS) - {"text"})

TABLES_SHOWN = 20
"""Tables that are named in a result, those with the most patients."""

READS = (
    "instances.path",
    "instances.status",
    "instances.SOPClassUID",
    "instances.MediaStorageSOPClassUID",
    "instances.SOPInstanceUID",
    "instances.SeriesInstanceUID",
    "instances.PatientID",
    "companions.path",
    "companions.kind",
    "companions.form",
    "companions.columns",
    "companions.rows",
    "keys.path",
    "keys.role",
    "keys.key",
)
"""What the queries here read: a rule that uses them declares the same."""

_FOLDER = "regexp_replace(path, '[^/]*$', '')"
_NAME = "regexp_replace(path, '^.*/', '')"
_STEM = f"lower(regexp_replace({_NAME}, '(?i)(\\.seg)?\\.[a-z0-9]{{1,5}}(\\.gz)?$', ''))"
# What says that a file annotates stands behind what it has in common with its image.
_BARE = (
    f"regexp_replace({_STEM}, '[-_. ]*(seg|segmentation|mask|label|labelmap|roi|annotation|contour|"
    "gt|bbox|lesion|tumou?r|nodule)s?[0-9]*$', '')"
)

_MADE_FROM_IMAGES = ", ".join(
    f"'{each}'"
    for each in sorted(
        SEGMENTATIONS
        | ANNOTATIONS
        | STRUCTURED_REPORTS
        | RADIOTHERAPY
        | PRESENTATION_STATES
        | REGISTRATIONS
        | FIDUCIALS
        | {KEY_OBJECT_SELECTION, PARAMETRIC_MAP}
    )
)

_FORM = (
    "CASE WHEN coalesce(form, '') IN ('', 'table') AND kind IN ({kinds}) "
    "AND regexp_matches(path, '{name}') THEN 'annotation' "
    "WHEN form IN ('mask', 'contours') THEN 'annotation' ELSE coalesce(form, '') END"
).format(kinds=", ".join(f"'{kind}'" for kind in _BY_NAME), name=ANNOTATION_NAME.replace("'", "''"))

_TIED = f"""
WITH images AS (
    SELECT {_FOLDER} AS folder, {_STEM} AS stem, SOPInstanceUID, SeriesInstanceUID, PatientID,
           coalesce(SOPClassUID, '') NOT IN ({_MADE_FROM_IMAGES}) AS is_image
    FROM instances WHERE {IS_INSTANCE} AND EXISTS (SELECT 1 FROM companions)
), objects AS (
    SELECT SOPInstanceUID AS key FROM images UNION SELECT SeriesInstanceUID FROM images
), around AS (
    SELECT DISTINCT SeriesInstanceUID, string_split(folder, '/') AS parts FROM images WHERE is_image
), single AS (
    SELECT folder FROM (
        SELECT SeriesInstanceUID, unnest([
            array_to_string(parts[1:depth], '/') || CASE depth WHEN 0 THEN '' ELSE '/' END
            FOR depth IN range(0, len(parts))
        ]) AS folder FROM around
    ) GROUP BY folder HAVING count(DISTINCT SeriesInstanceUID) = 1
), stems AS (
    SELECT stem FROM images GROUP BY stem HAVING count(*) = 1
), patients AS (
    SELECT DISTINCT PatientID AS key FROM images WHERE PatientID IS NOT NULL
), named AS (
    SELECT DISTINCT path FROM keys WHERE role <> 'name' AND key IN (SELECT key FROM objects)
), owned AS (
    SELECT DISTINCT path FROM keys WHERE role <> 'uid' AND key IN (SELECT key FROM patients)
), keyed AS (
    SELECT DISTINCT path FROM keys WHERE role LIKE 'column%' AND key IN (SELECT key FROM patients)
), beside AS (
    SELECT path, kind, rows, coalesce(columns, '') AS columns, {_FORM} AS form,
           {_FOLDER} AS folder, {_BARE} AS stem
    FROM companions
)
SELECT path, kind, form, columns, rows,
       CASE WHEN path IN (SELECT path FROM named) OR stem IN (SELECT stem FROM stems)
                 OR (folder, stem) IN (SELECT (folder, stem) FROM images)
                 OR (form <> 'table' AND folder IN (SELECT folder FROM single)) THEN 'image'
            WHEN path IN (SELECT path FROM owned) THEN 'patient' ELSE '' END AS tie,
       path IN (SELECT path FROM named) AS names_images,
       path IN (SELECT path FROM keyed) AS joins,
       path IN (SELECT path FROM keys WHERE role LIKE 'column%') AS has_keys
FROM beside WHERE form <> ''
"""


def tied(facts: CollectionFacts) -> str:
    """Return the name of a table with a row for each companion that holds something.

    Its columns are ``path``, ``kind``, ``form``, ``columns``, ``rows``, what it is tied to
    (``tie``), and whether it names images, joins patients and has keys at all.
    """
    there = facts.count("SELECT count(*) FROM companions")
    # Most collections have nothing beside their images: then nothing is looked for.
    return facts.kept(_TIED if there else f"SELECT * FROM ({_TIED}) LIMIT 0")


def evidence(connection: duckdb.DuckDBPyConnection, tables: Tables) -> EvidenceResult:
    """Return what there is beyond images."""
    # Rules share the queries above, and are loaded before anything is read.
    from auditor.result import EvidenceForm, EvidenceResult

    facts = CollectionFacts(connection, tables, READS)
    forms = facts.rows(
        f"SELECT kind, form, count(*) AS n, count(*) FILTER (tie = 'image'), "
        f"count(*) FILTER (tie = 'patient'), min(path) FROM {tied(facts)} "
        "GROUP BY kind, form ORDER BY n DESC, kind, form"
    )
    joined = facts.rows(
        f"SELECT path, kind, columns, rows, names_images, patients FROM {tied(facts)} "
        "JOIN (SELECT path, count(DISTINCT key) AS patients FROM keys WHERE role LIKE 'column%' "
        f"AND key IN (SELECT PatientID FROM instances WHERE {IS_INSTANCE}) GROUP BY path) "
        f"USING (path) WHERE form IN ('table', 'report') ORDER BY patients DESC, path"
    )
    clinical = [row for row in joined if set(row[2].split("+")) & CLINICAL]
    classes = {
        uid
        for (uid,) in facts.rows(f"SELECT DISTINCT SOPClassUID FROM instances WHERE {IS_INSTANCE}")
    }
    return EvidenceResult(
        segmentations=bool(classes & (SEGMENTATIONS | ANNOTATIONS)),
        structure_sets=RT_STRUCTURE_SET in classes,
        reports=bool(classes & CLINICAL_REPORTS),
        forms=[
            EvidenceForm(ANNOTATION_KINDS.get(kind, kind), form, files, images, patients, example)
            for kind, form, files, images, patients, example in forms
        ],
        tables=[_table(row) for row in clinical[:TABLES_SHOWN]],
        tables_left_out=max(0, len(clinical) - TABLES_SHOWN),
        patients_joined=facts.count(
            "SELECT count(DISTINCT key) FROM keys WHERE list_contains(?, path) "
            f"AND key IN (SELECT PatientID FROM instances WHERE {IS_INSTANCE})",
            [[row[0] for row in clinical]],
        ),
    )


def _table(row: tuple[Any, ...]) -> EvidenceTable:
    from auditor.result import EvidenceTable

    path, kind, columns, rows, names_images, patients = row
    return EvidenceTable(
        path=path,
        format=ANNOTATION_KINDS.get(kind, kind),
        rows=rows or 0,
        patients=patients,
        columns=[word for word in columns.split("+") if word],
        names_images=names_images,
    )


def notation(found: EvidenceResult, modalities: int) -> dict[str, str]:
    """Write what there is in the study's notation.

    ``Y*`` in DICOM (SEG or ANN; SR), ``YR`` as an RT Structure Set, ``Y (NIfTI)`` in another
    format, ``N`` none found; ``a`` made by a third party, ``b`` enough to rebuild an SR.

    Parameters
    ----------
    modalities
        Modalities of images: a table about patients of a single one says which images it means.
    """
    third = {each.get("holds", "") for each in found.third_party}

    def codes(there: bool, holds: str, code: str) -> list[str]:
        # An index tells for each object who made it; a description only that others made some.
        makers = {each.third_party for each in found.held if each.holds == holds}
        return [code + "a" * made for made in sorted(makers or {holds in third}) if there]

    annotation = codes(found.segmentations, "SEG", "Y*") + codes(found.structure_sets, "RT", "YR")
    mark = "Ya" if "annotation" in third else "Y"
    formats = sorted({each.format for each in found.forms if each.form == "annotation"})
    annotation += [f"{mark} ({each})" for each in formats]
    report = codes(found.reports, "SR", "Y*")
    texts = sorted({each.format for each in found.forms if each.form == "report"})
    report += [f"{'Ya' if 'report' in third else 'Y'} ({each})" for each in texts]
    clinical = sorted({each.format for each in found.tables})
    enough = modalities == 1 or any(
        each.names_images or "modality" in each.columns for each in found.tables
    )
    return {
        "CI": ", ".join(f"{'Yb' if enough else 'Y'} ({each})" for each in clinical)
        or ("Y" if found.clinical else "N"),
        "A/S": ", ".join(annotation) or "N",
        "CR": ", ".join(report) or "N",
    }
