"""What a file beside DICOM holds: a mask, outlines, a report, a table, or only an image.

The kind of a file says how it is written, not what for: NIfTI is a mask or a converted image, XML
an outline or an invoice. What tells them apart is in the values and in the words of published
formats. Of what is in a file nothing is kept but a class, counts, and keys to be hashed.
"""

from __future__ import annotations

import csv
import json
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from auditor.reading.companions import decode
from auditor.reading.spreadsheets import TAIL, has_small_directory

FORMS: dict[str, str] = {
    "mask": "masks",
    "contours": "outlines, boxes or points",
    "report": "reports in text",
    "table": "tables",
    "image": "converted images",
}
"""What a companion holds, to plain words; "" where its bytes do not tell."""

TEXT_LIMIT = 1 << 20
"""Bytes of a file of text that are looked through."""

VALUES_LIMIT = 48 << 20
"""Bytes of a volume or picture, inflated, in which values are looked for."""

CHUNKS = 100_000
"""Chunks of a PNG that are stepped over: a sparse file costs nothing and has any number of them."""

LABELS = 64
"""Distinct values that a mask has at most; a picture of a patient soon has more."""

FEWEST = 4096
"""Values that have to be looked at to say that there are only a few distinct ones."""

KEYS = 2500
"""Keys of one kind that are taken from one file."""

COLUMNS = 4
"""Columns of a table whose values may be keys."""

COLUMN_WORDS: dict[str, re.Pattern[str]] = {
    "patient": re.compile(
        r"(patient|subject|participant|case|pt|submitter|person)(id|number|no|num|name|identifier)?"
        r"|(tcga|collection)?(patient|subject|participant|case)(id|s)?|casesubmitterid|bcrpatientbarcode"
    ),
    "image": re.compile(
        r"(sop|image|img|instance|file|dicom|scan)(sop)?(instance)?(uid|id|name|path|file|filepath)?s?|"
        r"(original|cropped)?(image|roimask)filepath|filename|seriesuid"
    ),
    "series": re.compile(r"series(instance)?(uid|id|number|description)?"),
    "study": re.compile(r"(study|exam)(instance)?(uid|id)?"),
    "modality": re.compile(r"(imaging|scan|image)?modality"),
    "age": re.compile(r"(patient|subject)?age(at.*|years?)?"),
    "sex": re.compile(r"(patient|subject)?(sex|gender)"),
    "race or ethnicity": re.compile(r"race|ethnicity|ethnicgroup"),
    "diagnosis": re.compile(
        r"diagnos[ie]s?|primarydiagnosis|patholog(y|ical.*)|histolog(y|ical.*)|disease(type|status)?|"
        r"cancertype|tumou?rtype|label|class|target|finding.*|abnormality(type|id)?|assessment"
    ),
    "stage or grade": re.compile(r".*stage.*|.*grade|birads|gleason.*|[tnm]|tnm|laterality|side"),
    "size": re.compile(r".*(diameter|volume|size|length|width)(mm|cm|ml)?"),
    "treatment": re.compile(r".*(treatment|therapy|surgery|chemo|radiation|drug|dose).*"),
    "outcome": re.compile(
        r".*(survival|outcome|vital.*status|death|dead|progression|recurrence|response|event|deadstatus"
        r"|relapse|followup).*"
    ),
    "laboratory or genes": re.compile(
        r".*(mutation|gene|egfr|kras|alk|idh1?|mgmt|her2|psa|rtpcr|pcr|wbc|lab.*|codeletion|receptor"
        r"|expression|hpv.*|smoking.*|bmi|weight|height).*"
    ),
}
"""What a column of a table is for, by its heading: the word that may be shown."""

_KEY_WORDS = frozenset({"patient", "image", "series", "study"})

CLINICAL = frozenset(COLUMN_WORDS) - _KEY_WORDS - {"modality"}

_UID = re.compile(rb"(?<![\d.])[12](?:\.(?:0|[1-9]\d*)){4,}(?![\d.])")
_CONTOUR_XML = re.compile(
    r"LidcReadMessage|readingSession|edgeMap|ImageAnnotationCollection|ImageAnnotation\b|<bndbox|"
    r"ASAP_Annotation|<Region\b|<Vertices|<polygon\b|Point_(?:px|mm)|ROIPoints|<contour\b",
    re.IGNORECASE,
)
_REPORT_XML = re.compile(
    r"<ClinicalDocument\b|<AbstractText\s+Label=|<(?:findings|impression)\b", re.IGNORECASE
)
_SECTION = re.compile(
    r"^[ \t*#]{0,8}(findings?|impressions?|indications?|clinical (?:history|information)|"
    r"techniques?|comparison|conclusions?|examination|report)[ \t*]{0,8}:",
    re.IGNORECASE | re.MULTILINE,
)
_BOX = re.compile(r"\d+(?: [01]?\.\d+){4,}")
_CONTOUR_KEY = re.compile(
    r'"(segmentation|bbox|polygons?|contours?|shapes|regions|rois?|edgeMap|imageAnnotations|'
    r'ImageAnnotationCollection|labelGroups|keypoints|lesions|nodules|boundingBox(?:es)?)"\s*:\s*[\[{]',
    re.IGNORECASE,
)
_REPORT_KEY = re.compile(r'"(findings|impression|report(?:_?text)?)"\s*:\s*"', re.IGNORECASE)
_COORDINATES = (
    {"x", "y", "width", "height"},
    {"xmin", "ymin", "xmax", "ymax"},
    {"coordx", "coordy", "coordz"},
    {"x1", "y1", "x2", "y2"},
    {"startx", "starty"},
    {"encodedpixels"},
    {"bbox"},
    {"polygon"},
)
# No tag goes on past the next "<": each byte is looked at once.
_SHARED = re.compile(rb"<t(?:\s[^<>]*)?>([^<]{1,64})</t>")


@dataclass(slots=True)
class Contents:
    """What a companion holds.

    Attributes
    ----------
    form
        A key of `FORMS`, or "".
    columns
        Of a table: keys of `COLUMN_WORDS` that its headings name, ``+`` between them.
    rows
        Of a table: rows that were looked at.
    keys
        What may name an object or a patient: ``uid``, or ``column`` and its place. They are
        values of the file, to be hashed and forgotten.
    """

    form: str = ""
    columns: str = ""
    rows: int = 0
    keys: dict[str, set[bytes]] = field(default_factory=dict)


def contents(descriptor: int, kind: str, size: int) -> Contents:
    """Look into a companion. Never raises for what is in it; bounded in bytes and keys.

    Parameters
    ----------
    descriptor
        The opened file.
    kind
        As `auditor.reading.companions.classify` gives it.
    size
        Bytes of the file.
    """
    reader = _READERS.get(kind)
    if reader is None:
        return Contents()
    try:
        return reader(descriptor, size)
    except (
        ValueError, OSError, struct.error, zlib.error, zipfile.BadZipFile, csv.Error,
        RecursionError, RuntimeError, EOFError, LookupError, OverflowError,
    ):  # fmt: skip
        # Not what it says it is.
        return Contents()


# -- Volumes and pictures -----------------------------------------------------------------


def _pieces(descriptor: int, start: int) -> Iterator[bytes]:
    """Yield a file from a place on, piece by piece."""
    while piece := os.pread(descriptor, 1 << 18, start):
        start += len(piece)
        yield piece


def _inflated(pieces: Iterable[bytes], wbits: int) -> Iterator[bytes]:
    """Yield what is inflated, up to the end of the stream or `VALUES_LIMIT` bytes that went in."""
    inflater = zlib.decompressobj(wbits)
    taken = 0
    for given in pieces:
        piece = given
        while piece and not inflater.eof:
            yield inflater.decompress(piece, 1 << 18)
            piece = inflater.unconsumed_tail
        # A header of gzip may have a name without an end: much goes in, and nothing comes out.
        taken += len(given)
        if inflater.eof or taken >= VALUES_LIMIT:
            return


def _values(pieces: Iterable[bytes], code: str, skip: int = 0) -> str:
    """Return ``mask`` or ``image`` by the distinct values, "" if there is but one or little to see.

    Parameters
    ----------
    pieces
        Bytes of the values.
    code
        Of `struct`, with byte order: ``<h``.
    skip
        Bytes before the first value.
    """
    import numpy as np

    kind = np.dtype(code)
    seen: set[float] = set()
    before = last = b""
    looked = 0
    for given in pieces:
        looked += len(given)
        if skip >= len(given):
            skip -= len(given)
            continue
        piece = before + given[skip:]
        skip = 0
        whole = len(piece) - len(piece) % kind.itemsize
        before, piece = piece[whole:], piece[:whole]
        # Air and background come in long runs.
        if piece and piece != last:
            found = np.unique(np.frombuffer(piece, kind))
            if kind.kind == "f" and not np.array_equal(found, np.floor(found)):
                return "image"
            seen.update(found[: LABELS + 1].tolist())
            last = piece
        if len(seen) > LABELS:
            return "image"
        if looked > VALUES_LIMIT:
            break
    enough = looked >= FEWEST * kind.itemsize
    return "mask" if enough and len(seen) > 1 else ""


_NIFTI_TYPES = {2: "B", 4: "h", 8: "i", 16: "f", 64: "d", 256: "b", 512: "H", 768: "I", 1024: "q"}
_LABEL_INTENT = 1002


def _nifti(descriptor: int, _size: int) -> Contents:
    head = os.pread(descriptor, 2, 0)

    def data() -> Iterator[bytes]:
        pieces = _pieces(descriptor, 0)
        return _inflated(pieces, 16 + zlib.MAX_WBITS) if head == b"\x1f\x8b" else pieces

    header = b""
    for piece in data():
        header += piece
        if len(header) >= 544:
            break
    order = "<" if header[:4] in (b"\x5c\x01\0\0", b"\x1c\x02\0\0") else ">"
    if struct.unpack_from(order + "i", header)[0] == 348:
        intent, datatype = struct.unpack_from(order + "2h", header, 68)
        offset = int(struct.unpack_from(order + "f", header, 108)[0])
        single = header[344:348] == b"n+1\0"
    else:
        datatype = struct.unpack_from(order + "h", header, 12)[0]
        offset = struct.unpack_from(order + "q", header, 168)[0]
        intent = struct.unpack_from(order + "i", header, 504)[0]
        single = header[4:8] == b"n+2\0"
    if intent == _LABEL_INTENT:
        return Contents("mask")
    code = _NIFTI_TYPES.get(datatype)
    if code is None or not single or not 0 <= offset < 1 << 20:
        return Contents()
    return Contents(_values(data(), order + code, offset))


_NRRD_TYPES = {
    "uchar": "B", "unsigned char": "B", "uint8": "B", "uint8_t": "B", "char": "b",
    "signed char": "b", "int8": "b", "short": "h", "int16": "h", "signed short": "h",
    "ushort": "H", "unsigned short": "H", "uint16": "H", "int": "i", "int32": "i", "uint": "I",
    "unsigned int": "I", "uint32": "I", "float": "f", "double": "d",
}  # fmt: skip


def _nrrd(descriptor: int, _size: int) -> Contents:
    head = os.pread(descriptor, 1 << 16, 0)
    header, separator, _ = head.partition(b"\n\n")
    if b"\r\n\r\n" in head[: len(header)]:
        header, separator, _ = head.partition(b"\r\n\r\n")
    text = header.decode("latin-1")
    # 3D Slicer names each segment so.
    if re.search(r"^Segment\d+_(?:ID|Name|LabelValue):=", text, re.MULTILINE):
        return Contents("mask")
    fields = {
        name.strip().lower(): value.strip()
        for name, colon, value in (line.partition(":") for line in text.splitlines())
        if colon
    }
    code = _NRRD_TYPES.get(fields.get("type", ""))
    if code is None or not separator or "data file" in fields or "datafile" in fields:
        return Contents()
    order = ">" if fields.get("endian") == "big" else "<"
    pieces = _pieces(descriptor, len(header) + len(separator))
    encoding = fields.get("encoding", "")
    if encoding in ("gzip", "gz"):
        pieces = _inflated(pieces, 16 + zlib.MAX_WBITS)
    elif encoding != "raw":
        return Contents()
    return Contents(_values(pieces, order + code))


_META_TYPES = {
    "MET_UCHAR": "B", "MET_CHAR": "b", "MET_USHORT": "H", "MET_SHORT": "h", "MET_UINT": "I",
    "MET_INT": "i", "MET_FLOAT": "f", "MET_DOUBLE": "d",
}  # fmt: skip


def _metaimage(descriptor: int, _size: int) -> Contents:
    head = os.pread(descriptor, 1 << 14, 0)
    fields: dict[str, str] = {}
    at = 0
    while "ElementDataFile" not in fields and (end := head.find(b"\n", at)) >= 0:
        name, _, value = head[at:end].decode("latin-1").partition("=")
        fields[name.strip()] = value.strip()
        at = end + 1
    code = _META_TYPES.get(fields.get("ElementType", ""))
    if code is None or fields.get("ElementDataFile") != "LOCAL":
        return Contents()  # the values are in another file, which may lie anywhere
    order = ">" if fields.get("BinaryDataByteOrderMSB", "").lower() == "true" else "<"
    pieces = _pieces(descriptor, at)
    if fields.get("CompressedData", "").lower() == "true":
        pieces = _inflated(pieces, zlib.MAX_WBITS)
    return Contents(_values(pieces, order + code))


_PNG_FILTERED = 24
"""Distinct bytes in the filtered lines of a picture with few colours: a filter stores differences,
and there are few of those between few values."""


def _png(descriptor: int, size: int) -> Contents:
    head = os.pread(descriptor, 33, 0)
    if len(head) < 33:
        return Contents()
    depth, colour, interlaced = head[24], head[25], head[28]
    if depth == 1:
        return Contents("mask")
    if interlaced or depth == 16:
        return Contents()
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    line = 1 + (int.from_bytes(head[16:20], "big") * channels * depth + 7) // 8
    if line > TEXT_LIMIT:
        return Contents()
    seen: set[int] = set()
    buffer = bytearray()  # lines of a million bytes may come in pieces of ten
    looked = 0
    for piece in _inflated(_png_data(descriptor, size), zlib.MAX_WBITS):
        buffer += piece
        looked += len(piece)
        whole = len(buffer) // line
        for number in range(whole):
            seen.update(buffer[number * line + 1 : (number + 1) * line])
        del buffer[: whole * line]
        if len(seen) > _PNG_FILTERED:
            return Contents("image")
        if looked > VALUES_LIMIT:
            break
    return Contents("mask" if looked >= FEWEST and len(seen) > 1 else "")


def _png_data(descriptor: int, size: int) -> Iterator[bytes]:
    at = 8
    for _ in range(CHUNKS):
        header = os.pread(descriptor, 8, at) if at + 8 <= size else b""
        name = header[4:]
        # A chunk is named by four letters (PNG, 5.3).
        if len(name) < 4 or not name.isalpha() or name == b"IEND":
            return
        at += 8
        end = at + int.from_bytes(header[:4], "big")
        while (
            name == b"IDAT"
            and at < end
            and (piece := os.pread(descriptor, min(end - at, 1 << 18), at))
        ):
            at += len(piece)
            yield piece
        at = end + 4


# -- Text ---------------------------------------------------------------------------------


def _head(descriptor: int) -> bytes:
    return os.pread(descriptor, TEXT_LIMIT, 0)


def _uids(data: bytes) -> dict[str, set[bytes]]:
    """Return what looks like UIDs of objects: those that the standard registers are none."""
    found = (
        match.group()
        for match in _UID.finditer(data)
        if 14 < len(match.group()) <= 64 and not match.group().startswith(b"1.2.840.10008.")
    )
    uids = set(islice(found, KEYS))
    return {"uid": uids} if uids else {}


def _xml(descriptor: int, _size: int) -> Contents:
    data = _head(descriptor)
    text = decode(data) or ""
    form = ""
    if _CONTOUR_XML.search(text):
        form = "contours"
    elif _REPORT_XML.search(text):
        form = "report"
    return Contents(form, keys=_uids(data))


def _json(descriptor: int, size: int) -> Contents:
    data = _head(descriptor)
    text = decode(data) or ""
    form = ""
    if _CONTOUR_KEY.search(text):
        form = "contours"
    elif _REPORT_KEY.search(text):
        form = "report"
    made = Contents(form, keys=_uids(data))
    if not form and size <= TEXT_LIMIT:
        records = json.loads(text)
        if isinstance(records, list) and records and all(isinstance(e, dict) for e in records):
            names = list(dict.fromkeys(str(name) for name in records[0]))
            _table(made, names, ([str(each.get(n, "")) for n in names] for each in records))
    return made


def _text(descriptor: int, size: int) -> Contents:
    data = _head(descriptor)
    text = (decode(data) or "")[: 1 << 16]
    sections = {match.group(1).lower() for match in _SECTION.finditer(text)}
    if len(sections) > 1:
        return Contents("report", keys=_uids(data))
    lines = [line.strip() for line in text.splitlines()[:64] if line.strip()]
    boxes = bool(lines) and all(map(_BOX.fullmatch, lines[: -1 if size > 1 << 16 else None]))
    return Contents("contours" if boxes else "", keys=_uids(data))


def _csv(descriptor: int, size: int) -> Contents:
    data = _head(descriptor)
    text = decode(data) or ""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if size > len(data):
        lines = lines[:-1]  # it may be cut
    if not lines:
        return Contents()
    separator = max("\t;,|", key=lines[0].count)
    rows = csv.reader(lines, delimiter=separator)
    names = next(rows, [])
    made = Contents("table", keys=_uids(data))
    _table(made, names, rows)
    return made


def _xlsx(descriptor: int, size: int) -> Contents:
    """Look at the texts of a workbook; which cell holds which of them is not looked at."""
    tail = os.pread(descriptor, TAIL, max(0, size - TAIL))
    if size > VALUES_LIMIT or not has_small_directory(tail):
        return Contents("table")  # the directory of a zip is read as a whole
    with (
        os.fdopen(os.dup(descriptor), "rb") as file,
        zipfile.ZipFile(file) as book,
        book.open("xl/sharedStrings.xml") as strings,
    ):
        data = strings.read(4 * TEXT_LIMIT)
    texts = [match.group(1).strip() for match in islice(_SHARED.finditer(data), 50_000)]
    made = Contents("table", keys=_uids(data))
    # The first row is written first, as a rule.
    named = [_word(text.decode("utf-8", "replace")) for text in texts[:64]]
    made.columns = "+".join(word for word in COLUMN_WORDS if word in named)
    values = set(islice((text for text in texts if 0 < len(text) <= 64), 4 * KEYS))
    if values:
        made.keys["column"] = values
    return made


def _table(made: Contents, names: list[str], rows: Iterable[list[str]]) -> None:
    """Fill in what the headings and the rows of a table say."""
    bare = [_bare(name) for name in names[:2048]]
    words = [_word(name) for name in names[:2048]]
    made.form = "table"
    if any(wanted <= set(bare) for wanted in _COORDINATES):
        made.form = "contours"
    elif {"findings", "impression", "report", "reporttext"} & set(bare):
        made.form = "report"
    made.columns = "+".join(word for word in COLUMN_WORDS if word in words)
    named = [number for number, word in enumerate(words) if word in _KEY_WORDS]
    values: dict[int, set[bytes]] = {number: set() for number in (*named, 0)[:COLUMNS]}
    for row in rows:
        made.rows += 1
        for number, found in values.items():
            if number < len(row) and len(found) < KEYS:
                value = row[number].strip()
                if 0 < len(value) <= 64:
                    found.add(value.encode())
    made.keys.update({f"column {number}": found for number, found in values.items() if found})


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name[:64].casefold())


def _word(name: str) -> str:
    """Return what a column is for, "" if its heading does not tell."""
    bare = _bare(name)
    return next((word for word, pattern in COLUMN_WORDS.items() if pattern.fullmatch(bare)), "")


_READERS = {
    "nifti": _nifti,
    "nrrd": _nrrd,
    "metaimage": _metaimage,
    "png": _png,
    "xml": _xml,
    "json": _json,
    "text": _text,
    "csv": _csv,
    "xls": _xlsx,
}


# -- Names --------------------------------------------------------------------------------

_MASK_WORDS = re.compile(
    r"(?i)[-_. ]*(?:seg(?:mentation)?s?|masks?|labels?|labelmap|rois?|annotations?|contours?|gt|"
    r"bbox|lesions?|tumou?rs?|nodules?|report|pred)\d*$"
)
_ENDING = re.compile(r"(?i)(?:\.seg)?\.(?:nii|hdr|img|nrrd|nhdr|mhd|mha|[a-z0-9]{2,5})(?:\.gz)?$")

NAMES = 12
"""Parts of a path that may be a patient's ID."""


def stem(path: str) -> str:
    """Return the name of a file without its ending, and without words that say it annotates."""
    name = _ENDING.sub("", path.rpartition("/")[2])
    while (shorter := _MASK_WORDS.sub("", name)) != name and shorter:
        name = shorter
    return name


def name_keys(path: str) -> set[bytes]:
    """Return parts of a path that may be the ID of a patient: folders, and the stem by parts."""
    own = stem(path)
    found = [*path.split("/")[:-1][-4:], own]
    for match in re.finditer(r"[-_. ]", own):
        found += [own[: match.start()], own[match.end() :]]
    return {each.encode() for each in found[:NAMES] if each}
