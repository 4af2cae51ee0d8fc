"""Annotation and tables beside the images."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable

from tests.planted.harness import Planted, Release, basic_ct


def mask() -> bytes:
    """Return a mask as NIfTI-1, of two voxels."""
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, 2, 1, 1, 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, 2, 8)
    struct.pack_into("<f", header, 108, 352.0)
    header[344:348] = b"n+1\0"
    return gzip.compress(bytes(header) + b"\0\1", mtime=0)


def beside(path: str, content: bytes) -> Callable[[Release], None]:
    def change(release: Release) -> None:
        release.companions[path] = content

    return change


def with_table() -> Release:
    """Return the CT with a table of stages, by Patient ID."""
    release = basic_ct()
    release.companions["clinical.csv"] = b"PatientID,stage\nCASE-001,2\nCASE-002,3\n"
    return release


CASES = (
    Planted("masks in NIfTI", "A mask as NIfTI, and none in DICOM",
            beside("masks/0007.nii.gz", mask()), ("ANNO002", "ANNO003")),
    Planted("tied to the patient", "A mask as NIfTI named for a patient and for no image",
            beside("masks/CASE-001.nii.gz", mask()), ("ANNO003",)),
    Planted("masks as images", "A series described as masks and stored as CT images",
            lambda release: release.set(SeriesDescription="lung mask"), ("ANNO004",)),
    Planted("table of others", "A table by patients, none of whom is in the collection",
            beside("clinical.csv", b"PatientID,stage\nP1,2\nP2,3\n"), ("ANNO005",), with_table),
)  # fmt: skip
