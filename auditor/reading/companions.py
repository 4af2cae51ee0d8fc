"""Tells what a file is that is not DICOM, by its first bytes and not by its name.

The name decides only where bytes cannot: a table of comma-separated values is plain text,
and a zip or OLE2 container may show what it holds too late for the first bytes.
"""

from __future__ import annotations

import codecs
import json
import re
import zlib
from collections.abc import Iterable
from typing import Literal

from auditor.reading.detect import is_dicom

KINDS: dict[str, str] = {
    "nifti": "NIfTI-1 or NIfTI-2, also gzip-compressed",
    "nrrd": "NRRD",
    "metaimage": "MetaImage (MHD, MHA)",
    "analyze": "Analyze 7.5 header",
    "csv": "Comma- or tab-separated values",
    "xls": "Spreadsheet (XLS, XLSX, ODS)",
    "xml": "XML",
    "json": "JSON",
    "png": "PNG image",
    "jpeg": "JPEG or JPEG 2000 image",
    "tiff": "TIFF image, also SVS and BigTIFF",
    "image": "Other image (BMP, GIF, PNM, WebP)",
    "hdf5": "HDF5",
    "matlab": "MATLAB data",
    "numpy": "NumPy array",
    "archive": "Archive or compressed file, not opened",
    "dicom_gzip": "DICOM inside gzip, not opened",
    "dicom_damaged": "What is left of a DICOM file whose start is lost",
    "pdf": "PDF",
    "office": "Office document (DOC, DOCX, PPTX, ODT, RTF)",
    "text": "Plain text",
    "empty": "Empty file",
    "other": "Other",
}
"""Kind to plain title. No file is of any other kind."""

_MAGIC: tuple[tuple[str, tuple[bytes, ...]], ...] = (
    ("png", (b"\x89PNG\r\n\x1a\n",)),
    ("jpeg", (b"\xff\xd8\xff", b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51\0")),
    ("tiff", (b"II*\0", b"MM\0*", b"II+\0\x08\0\0\0", b"MM\0+\0\x08\0\0")),
    ("image", (b"GIF87a", b"GIF89a")),
    ("pdf", (b"%PDF-",)),
    ("office", (b"{\\rtf",)),
    ("numpy", (b"\x93NUMPY",)),
    ("matlab", (b"MATLAB 5.0 MAT-file", b"MATLAB 7.3 MAT-file")),
    (
        "archive",
        (
            b"PK\x05\x06",  # a zip without members
            b"PK\x07\x08",  # a part of one
            b"BZh",
            b"\xfd7zXZ\0",
            b"7z\xbc\xaf\x27\x1c",
            b"Rar!\x1a\x07",
            b"\x28\xb5\x2f\xfd",  # zstd
            b"\x04\x22\x4d\x18",  # lz4
        ),
    ),
)
_BYTE_ORDERS: tuple[Literal["little", "big"], ...] = ("little", "big")
_HDF5 = b"\x89HDF\r\n\x1a\n"
_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SUFFIX_OF_CONTAINER = {
    **dict.fromkeys(("xls", "xlsx", "xlsm", "xlsb", "ods"), "xls"),
    **dict.fromkeys(("doc", "docx", "ppt", "pptx", "odt", "odp"), "office"),
}
_ZIP_MEMBER = re.compile(rb"PK\x03\x04.{26}(xl/|word/|ppt/|\[Content_Types\]\.xml)", re.DOTALL)
_SOP_CLASS = re.compile(
    # SOPClassUID or MediaStorageSOPClassUID: tag, VR or length, and a UID that DICOM gives.
    rb"(?:\x08\x00\x16\x00|\x02\x00\x02\x00|\x00\x08\x00\x16)(?:UI..|..\0\0|\0\0..)1\.2\.840\.10008\.",
    re.DOTALL,
)
_META_IMAGE = re.compile(rb"\A\s*[A-Za-z]\w*[ \t]*=")
_XML = re.compile(r"<(\?xml\b|!--|!DOCTYPE (?!html)|(?!html)[a-z_][\w.:-]*[\s/>])", re.IGNORECASE)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_INFLATED = 1024
"""Enough to see a NIfTI or DICOM header in a gzip file."""


def classify(head: bytes, size: int, name: str) -> str:
    """Return the kind of a file that is not DICOM: a key of `KINDS`.

    Parameters
    ----------
    head
        The first bytes of the file: all of it, or 4 KiB and more.
    size
        The size of the file in bytes.
    name
        Its name or path; only what follows the last dot is looked at.
    """
    if size == 0:
        return "empty"
    suffix = name.rpartition(".")[2].lower()
    for kind, marks in _MAGIC:
        if head.startswith(marks):
            return kind
    return (
        _volume(head, size)
        or _container(head, suffix)
        or _damaged(head)
        or _text(head, size, suffix)
        or _old_image(head)
        or "other"
    )


def _volume(head: bytes, size: int) -> str:
    for order in _BYTE_ORDERS:
        header_size = int.from_bytes(head[:4], order)
        if header_size == 540 and head[4:12] in (b"n+2\0\r\n\x1a\n", b"ni2\0\r\n\x1a\n"):
            return "nifti"
        if header_size == 348:
            if head[344:348] in (b"n+1\0", b"ni1\0"):
                return "nifti"
            rank = int.from_bytes(head[40:42], order)
            if size >= 348 and 1 <= rank <= 7:
                return "analyze"
    if re.match(rb"NRRD000\d", head):
        return "nrrd"
    if _META_IMAGE.match(head) and b"NDims" in head and b"DimSize" in head:
        return "metaimage"
    # An HDF5 file may start with a block of the user's, of 512 bytes or a doubling of that.
    if any(head[at : at + 8] == _HDF5 for at in (0, 512, 1024, 2048)):
        return "hdf5"
    return ""


def _container(head: bytes, suffix: str) -> str:
    if head.startswith(_OLE2):
        if any(stream.encode("utf-16-le") in head for stream in ("Workbook", "Book\0")):
            return "xls"
        return _SUFFIX_OF_CONTAINER.get(suffix, "office")
    if head.startswith(b"PK\x03\x04"):
        if head[30:38] == b"mimetype" and b"opendocument." in head[38:100]:
            return "xls" if b"opendocument.spreadsheet" in head[38:100] else "office"
        found = {match.group(1) for match in _ZIP_MEMBER.finditer(head)}
        if b"xl/" in found:
            return "xls"
        if found:
            return _SUFFIX_OF_CONTAINER.get(suffix, "office")
        return _SUFFIX_OF_CONTAINER.get(suffix, "archive")
    if head.startswith(b"\x1f\x8b"):
        inner = _inflate(head)
        if is_dicom(inner):
            return "dicom_gzip"
        return "nifti" if _volume(inner, len(inner)) == "nifti" else "archive"
    return "archive" if head[257:262] == b"ustar" else ""


def _inflate(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(head, _INFLATED)
    except zlib.error:
        return b""


def _damaged(head: bytes) -> str:
    return "dicom_damaged" if _SOP_CLASS.search(head, 0, 2048) else ""


def _text(head: bytes, size: int, suffix: str) -> str:
    text = decode(head)
    if text is None:
        return ""
    start = text.lstrip()
    if _XML.match(start):
        return "xml"
    if start[:1] in ("{", "[") and _is_json(text, len(head) >= size, suffix):
        return "json"
    # Nothing but the name can tell a table from a sentence with commas.
    return "csv" if suffix in ("csv", "tsv") else "text"


def _is_json(text: str, whole: bool, suffix: str) -> bool:
    """Return whether text that starts with a bracket is JSON, or JSON line by line."""
    if suffix in ("json", "jsonl", "ndjson", "geojson"):
        return True
    if whole:
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            return False
        return True
    return re.match(r'\s*(\{\s*"[^"\n]*"\s*:|\[\s*[{\["])', text) is not None


def decode(head: bytes) -> str | None:
    """Return what is text, or None if it is not."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = head.decode("utf-16", "ignore")
        return None if "\0" in text else text
    if not head or _CONTROL.search(head):
        return None
    try:
        # Incremental: the head may end inside a character.
        return codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    except UnicodeDecodeError:
        # An older encoding, which one does not matter here: binary data has control bytes.
        return head.decode("latin-1")


def _old_image(head: bytes) -> str:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image"
    if (
        head[:2] == b"BM"
        and head[6:10] == b"\0\0\0\0"
        and head[14:18] in (b"\x28\0\0\0", b"\x0c\0\0\0")
    ):
        return "image"
    return "image" if re.match(rb"P[1-7]\s+(#.*\n\s*)*\d", head) else ""


HEADINGS: dict[str, str] = {
    "name": "names of persons",
    "birth date": "birth dates",
    "record number": "medical record, insurance or national numbers",
    "contact": "addresses, telephone numbers or e-mail",
}
"""What the headings of a table may name, to plain words."""

_HEADING = {
    "name": re.compile(
        r"(patients?|pat|pt|subjects?|participants?|first|last|family|given|sur|full|middle|maiden|"
        r"physicians?|doctors?|radiologists?|referring|operators?|mothers?)?(name|names)|"
        r"(patient|referring|performing)(physician|name).*|(vor|nach|familien|patienten)name|"
        r"nom|prenom|nombre|apellidos?|cognome|radiologist|surgeon"
    ),
    "birth date": re.compile(
        r"(patients?|subjects?|pat|pt)?(birth(date|day)|dateofbirth|birthdt|dob|bday)|"
        r"geburtsdatum|gebdat|datedenaissance|fechadenacimiento"
    ),
    "record number": re.compile(
        r"(patients?|pat|pt|hospital|hosp|epic)?(mrn|medrec(no|num)?|medicalrecord(no|num|number|id)?|"
        r"ssn|socialsecurity(no|number)?|nhs(no|number)|insurance(no|number|id)|cpr(nr|no|number)?|"
        r"chart(no|number)|accession(no|num|number)?|fallnummer|versichertennummer|personnummer)"
    ),
    "contact": re.compile(
        r"(patients?|home|street|mailing|postal)?(address|addr|phone|phone(no|number)|telephone|tel|"
        r"mobile|email|emailaddress)|zip|zipcode|postcode|adresse|telefon"
    ),
}
_NO_PERSON = re.compile(
    r"^(series|study|file|column|variable|collection|roi|structure|site|device)"
)


def headings(head: bytes, kind: str) -> str | None:
    """Return which of `HEADINGS` the headings of a table name, ``+`` between them.

    Parameters
    ----------
    head
        The first bytes of the file.
    kind
        As `classify` gives it.

    Returns
    -------
    str or None
        None if it is no table whose headings can be read here. A plain `name` alone is not
        taken for a person's: files, structures and columns have names too.
    """
    if kind not in ("csv", "json"):
        return None
    text = decode(head)
    if text is None:
        return None
    if kind == "csv":
        # Lines of comment may stand above the headings.
        lines = (line for line in text.splitlines()[:32] if not line.startswith("#"))
        words = re.split(r"[,;\t|]", next(lines, ""))[:2048]
    else:
        words = re.findall(r'"([^"\\\n]{1,64})"\s*:', text)[:2048]
    return named(words)


def named(words: Iterable[str]) -> str:
    """Return which of `HEADINGS` some words name that head columns, ``+`` between them."""
    found = {_heading(word) for word in words} - {""}
    return "+".join(name for name in HEADINGS if name in found)


def _heading(word: str) -> str:
    bare = re.sub(r"[^a-z]", "", word.casefold().replace("é", "e").replace("'s", ""))
    if bare in ("name", "names", "address", "tel") or _NO_PERSON.match(bare):
        return ""
    return next((name for name, pattern in _HEADING.items() if pattern.fullmatch(bare)), "")
