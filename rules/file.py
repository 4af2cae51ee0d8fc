"""Integrity: files can be read, whole, as what they say they are (PS3.10)."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import CollectionFacts, Finding, InstanceFacts, Selector, TagPath, Units, rule


def _all_dicom(collection: CollectionFacts) -> Units:
    return Units(collection.count("SELECT count(*) FROM instances"))


@rule(
    id="FILE001",
    category="integrity",
    severity="error",
    confidence="high",
    scope="collection",
    unit="file",
    reads=("instances.path", "instances.status", "instances.reason"),
    reference="PS3.10 7",
    applies=_all_dicom,
)
def unreadable(collection: CollectionFacts) -> Iterator[Finding]:
    """A file cannot be read at all.

    Why it matters
    --------------
    Whatever it holds was not audited, and nobody who downloads it can use it.

    How to fix
    ----------
    Download the file again and compare its checksum with the archive's; mend permissions
    and links; remove what is not part of the collection.

    Command
    -------
    duckdb -c "SELECT collection, path, reason FROM 'OUT/instances/*.parquet'
    WHERE status = 'unreadable'"

    Example
    -------
    A download that broke off within the first bytes, or a link that leads out of the folder.
    """
    for reason, count, paths in collection.rows(
        "SELECT reason, count(*), min(path, 5) FROM instances WHERE status = 'unreadable' "
        "GROUP BY reason ORDER BY reason"
    ):
        yield Finding(f"unreadable: {reason}", count=count, examples=tuple(paths))


@rule(
    id="FILE002",
    category="integrity",
    severity="error",
    confidence="high",
    reads=("file:complete",),
    reference="PS3.5 7.1",
)
def cut_short(instance: InstanceFacts) -> Iterator[Finding]:
    """The data set or its pixel data cannot be read to its end.

    Why it matters
    --------------
    The object is incomplete: pixels or attributes are lost, and readers fail or show garbage.
    What stands after the break was not audited.

    How to fix
    ----------
    Download or export the object again. There is no repair: the bytes are not there.

    Command
    -------
    duckdb -c "SELECT collection, path, reason FROM 'OUT/instances/*.parquet'
    WHERE status = 'partial'"

    Example
    -------
    Pixel Data declares 524,288 bytes and the file ends after 400,000 of them.
    """
    complete = instance.file("complete")
    if complete == "pixel data":
        yield Finding("the pixel data is cut short")
    elif complete == "header":
        yield Finding("the data set is cut short, or cannot be read to its end")


@rule(
    id="FILE003",
    category="integrity",
    severity="error",
    confidence="high",
    reads=("file:meta",),
    reference="PS3.10 7.1",
)
def file_meta(instance: InstanceFacts) -> Iterator[Finding]:
    """The File Meta Information is missing or incomplete.

    Why it matters
    --------------
    Without it nothing says how the data set is encoded; many readers refuse the file, the
    others guess.

    How to fix
    ----------
    Write the object again with a library that makes the File Meta Information, for example
    pydicom's `dcmwrite(..., enforce_file_format=True)` or dcmtk's `dcmconv +F`.

    Command
    -------
    dcmconv +Fm FILE NEW-FILE

    Example
    -------
    A treatment plan exported as a bare data set, without preamble and group 0002.
    """
    meta = instance.file("meta")
    if meta == "absent":
        yield Finding("the File Meta Information is missing")
    elif meta == "incomplete":
        yield Finding(
            "the File Meta Information lacks its Transfer Syntax UID, Media Storage SOP Class "
            "UID or Media Storage SOP Instance UID"
        )


def _can_be_compared(instance: InstanceFacts) -> bool:
    said = {instance.file("sop_class"), instance.file("sop_instance")}
    # One pair that agrees says nothing of a pair that is not there; one that differs is enough.
    return "absent" not in said or "different" in said


@rule(
    id="FILE004",
    category="integrity",
    severity="error",
    confidence="high",
    reads=("file:sop_class", "file:sop_instance"),
    reference="PS3.10 7.1",
    applies=Selector(when=_can_be_compared),
)
def meta_disagrees(instance: InstanceFacts) -> Iterator[Finding]:
    """File Meta Information and data set name different objects.

    Why it matters
    --------------
    Archives index by one and send by the other: the object is filed twice, or lost. It is
    also what careless de-identification leaves behind, and then the old UID links back to
    the patient's original object.

    How to fix
    ----------
    Write the data set's SOP Class UID and SOP Instance UID into (0002,0002) and (0002,0003),
    for example with pydicom's `dcmwrite(..., enforce_file_format=True)`.

    Command
    -------
    dcmconv +Fm FILE NEW-FILE

    Example
    -------
    SOP Instance UID was replaced in the data set; (0002,0003) still has the original one.
    """
    if instance.file("sop_class") == "different":
        yield Finding("Media Storage SOP Class UID (0002,0002) is not the data set's SOP Class UID")
    if instance.file("sop_instance") == "different":
        yield Finding(
            "Media Storage SOP Instance UID (0002,0003) is not the data set's SOP Instance UID"
        )


def _every_file(collection: CollectionFacts) -> Units:
    return Units(
        collection.count(
            "SELECT (SELECT count(*) FROM instances) + (SELECT count(*) FROM companions)"
        )
    )


@rule(
    id="FILE005",
    category="integrity",
    severity="warning",
    confidence="high",
    scope="collection",
    unit="file",
    reads=("instances.path", "companions.path", "companions.kind"),
    reference="PS3.10 7",
    applies=_every_file,
)
def zero_bytes(collection: CollectionFacts) -> Iterator[Finding]:
    """A file has no content.

    Why it matters
    --------------
    A failed download or a full disk leaves such files: what should be there is missing, and
    nothing else says so.

    How to fix
    ----------
    Download the file again, or remove it if it is not part of the collection. Files whose name
    starts with a dot are left out: tools make empty ones on purpose.

    Command
    -------
    find COLLECTION -type f -empty -not -name ".*"

    Example
    -------
    `series-3/00017.dcm` with 0 bytes.
    """
    for count, paths in collection.rows(
        "SELECT count(*), min(path, 5) FROM companions WHERE kind = 'empty' "
        "AND NOT regexp_matches(path, '(^|/)[.][^/]*$') HAVING count(*) > 0"
    ):
        yield Finding("the file is empty", count=count, examples=tuple(paths))


_HAS_PREAMBLE = Selector(when=lambda instance: instance.file("preamble") != "absent")


@rule(
    id="FILE006",
    category="integrity",
    severity="error",
    confidence="high",
    reads=("file:preamble",),
    reference="PS3.10 7.1, 7.5",
    applies=_HAS_PREAMBLE,
)
def executable_preamble(instance: InstanceFacts) -> Iterator[Finding]:
    """The preamble is the start of a program.

    Why it matters
    --------------
    The file is a DICOM object and an executable at once: it passes as an image and runs when
    it is started.

    How to fix
    ----------
    Overwrite the first 128 bytes with zeros, and find out where the file came from.

    Command
    -------
    dd if=/dev/zero of=FILE bs=128 count=1 conv=notrunc

    Example
    -------
    A preamble that begins with the two letters of a Windows program.
    """
    if instance.file("preamble") == "executable":
        yield Finding("the preamble begins like an executable file or a script")


@rule(
    id="FILE007",
    category="integrity",
    severity="warning",
    confidence="medium",
    reads=("file:preamble",),
    reference="PS3.10 7.1",
    applies=_HAS_PREAMBLE,
)
def text_in_preamble(instance: InstanceFacts) -> Iterator[Finding]:
    """The preamble holds text.

    Why it matters
    --------------
    No de-identification tool looks there, and no reader shows it: what is written there
    leaves the institution unseen.

    How to fix
    ----------
    Overwrite the first 128 bytes with zeros unless a format that shares the file (TIFF)
    needs them.

    Command
    -------
    dd if=/dev/zero of=FILE bs=128 count=1 conv=notrunc

    Example
    -------
    The name of the exporting application, or of its user.
    """
    if instance.file("preamble") == "text":
        yield Finding("the preamble holds readable text")


_NO_DEFECT = (
    "big endian",  # a transfer syntax of its own, retired
    "the file meta information names no transfer syntax",  # FILE003 says it
    # Legal, and no more than the audit follows.
    "sequences are nested deeper",
    "more elements than",
)


@rule(
    id="FILE008",
    category="integrity",
    severity="warning",
    confidence="medium",
    reads=("file:surprise", "file:meta"),
    reference="PS3.5 7.1, 7.5",
    applies=Selector(when=lambda instance: instance.file("meta") != "absent"),
)
def odd_encoding(instance: InstanceFacts) -> Iterator[Finding]:
    """The data set is not encoded as its transfer syntax says.

    Why it matters
    --------------
    A lenient reader gets through; a strict one stops, or reads other values than were meant.

    How to fix
    ----------
    Read the object with a lenient library and write it again, then compare. Where a VR does not
    exist, reading stops there and names the attribute: see IOD012. Elements of the groups 0000
    and 0002, of messages and of the head of a file, are none of a data set.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: elements = list(dataset.iterall())
    pydicom: for tag in [t for t in dataset.keys() if t.group in (0, 2)]: del dataset[tag]
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    A VR that does not exist; an item that is longer than its sequence.
    """
    surprise = instance.file("surprise")
    if surprise and not surprise.startswith(_NO_DEFECT):
        yield Finding(f"not encoded as declared: {surprise}")


@rule(
    id="FILE009",
    category="integrity",
    severity="error",
    confidence="high",
    reads=("file:identified",),
    reference="PS3.3 C.12.1",
    applies=Selector(when=lambda instance: instance.file("identified") != "directory"),
)
def unidentified(instance: InstanceFacts) -> Iterator[Finding]:
    """The data set does not say what it is, or which one.

    Why it matters
    --------------
    SOP Class UID and SOP Instance UID are what everything else hangs on: archives file by
    them, references point at them, and without a class nothing can be checked.

    How to fix
    ----------
    Export the object again from its source; a UID made up afterwards breaks every reference
    to it.

    Command
    -------
    duckdb -c "SELECT collection, tag_path, count, example FROM 'OUT/findings/*.parquet'
    WHERE rule = 'FILE009'"

    Example
    -------
    A header reduced to the attributes of the pixels.
    """
    said = instance.file("identified")
    if said in ("no SOP Class UID", "neither"):
        yield Finding("SOP Class UID is missing or empty", TagPath.of("SOPClassUID"))
    if said in ("no SOP Instance UID", "neither"):
        yield Finding("SOP Instance UID is missing or empty", TagPath.of("SOPInstanceUID"))


@rule(
    id="FILE010",
    category="integrity",
    severity="warning",
    confidence="high",
    scope="collection",
    unit="file",
    reads=("instances.path", "companions.path", "companions.kind"),
    reference="PS3.10 7",
    applies=_every_file,
)
def packed(collection: CollectionFacts) -> Iterator[Finding]:
    """A DICOM file is packed with gzip, and was not audited.

    Why it matters
    --------------
    What is in it counts as no DICOM here: neither its content nor its absence from the
    series was judged.

    How to fix
    ----------
    Unpack it with `gunzip` and audit again, or publish it unpacked: a reader of DICOM opens
    no gzip.

    Command
    -------
    gunzip FILE.gz

    Example
    -------
    `slice-017.dcm.gz` beside slices that are not packed.
    """
    for count, paths in collection.rows(
        "SELECT count(*), min(path, 5) FROM companions WHERE kind = 'dicom_gzip' "
        "HAVING count(*) > 0"
    ):
        yield Finding("a DICOM file packed with gzip", count=count, examples=tuple(paths))
