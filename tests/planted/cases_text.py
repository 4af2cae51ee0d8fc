"""Identifiers in their own attributes, in text, elsewhere in the file, in pixels, beside it."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

from pydicom.uid import (
    UID,
    ComprehensiveSRStorage,
    CTImageStorage,
    EncapsulatedCDAStorage,
    EncapsulatedPDFStorage,
    MRImageStorage,
    SecondaryCaptureImageStorage,
    UltrasoundImageStorage,
    XRayAngiographicImageStorage,
)

from auditor.testing import dataset_of
from tests.planted.harness import Planted, Release, basic_ct, codes, ct_with_options, uid

NAME = "Quagga^Zelda"
RECORD = "7041385"


def text(keyword: str, value: str) -> Callable[[Release], object]:
    """Plant a value in an attribute of every instance."""
    return lambda release: release.set(**{keyword: value})


def private(vr: str, value: Any, **more: Any) -> Callable[[Release], object]:
    """Plant a value in a private element, and others in attributes."""

    def change(release: Release) -> None:
        release.set(**more)
        release.private(0x0029, "SIEMENS CSA HEADER", 0x60, vr, value)

    return change


def own(keyword: str, value: str, elsewhere: str, text: str) -> Callable[[Release], object]:
    """Plant a value in its own attribute, and again in a text."""
    return lambda release: release.set(**{keyword: value, elsewhere: text})


def clean_report() -> Release:
    """Return a release with a structured report."""
    release = basic_ct()
    finding = {
        "RelationshipType": "CONTAINS",
        "ValueType": "TEXT",
        "ConceptNameCodeSequence": [
            {"CodeValue": "121071", "CodingSchemeDesignator": "DCM", "CodeMeaning": "Finding"}
        ],
        "TextValue": "no nodule",
    }
    title = {"CodeValue": "18748-4", "CodingSchemeDesignator": "LN", "CodeMeaning": "Report"}
    document = dataset_of(
        {
            "SOPClassUID": ComprehensiveSRStorage,
            "SOPInstanceUID": uid("report"),
            "StudyInstanceUID": uid("study", 1),
            "SeriesInstanceUID": uid("series of reports"),
            "Modality": "SR",
            "PatientName": "CASE-001",
            "PatientID": "CASE-001",
            "PatientIdentityRemoved": "YES",
            "DeidentificationMethod": "PS3.15 Basic Application Level Confidentiality Profile",
            "DeidentificationMethodCodeSequence": codes("113100", "113104"),
            "LongitudinalTemporalInformationModified": "REMOVED",
            "ValueType": "CONTAINER",
            "ContinuityOfContent": "SEPARATE",
            "CompletionFlag": "COMPLETE",
            "VerificationFlag": "UNVERIFIED",
            "ConceptNameCodeSequence": [title],
            "ContentSequence": [finding],
        }
    )
    release.add("case-001/report.dcm", document)
    return release


def say(value: str) -> Callable[[Release], object]:
    """Plant a value in the text item of the report."""

    def change(release: Release) -> None:
        release.instances["case-001/report.dcm"].ContentSequence[0].TextValue = value

    return change


def kind(
    sop_class: str, *types: str, drop: bool = True, **values: Any
) -> Callable[[Release], object]:
    """Make the images be of another SOP class and Image Type, and say nothing of their text."""

    def change(release: Release) -> None:
        release.set(**values)
        for dataset in release.datasets:
            dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = UID(sop_class)
            if types:
                dataset.ImageType = list(types)
        if drop:
            release.drop("BurnedInAnnotation")

    return change


def behind(content: bytes) -> Callable[[Release], object]:
    """Plant bytes behind the data set of one file."""

    def change(release: Release) -> None:
        release.rewrite[next(iter(release.instances))] = lambda file: file + content

    return change


def meta(keyword: str, value: Any) -> Callable[[Release], object]:
    """Plant a value in the File Meta Information."""

    def change(release: Release) -> None:
        for dataset in release.datasets:
            setattr(dataset.file_meta, keyword, value)

    return change


def moved(path: str, **values: Any) -> Callable[[Release], object]:
    """Move one file to another path."""

    def change(release: Release) -> None:
        release.set(**values)
        old = next(iter(release.instances))
        release.instances[path] = release.instances.pop(old)

    return change


def beside(path: str, content: bytes) -> Callable[[Release], object]:
    """Put a file beside the images."""
    return lambda release: release.companions.update({path: content})


def workbook(*headings: str) -> bytes:
    """Return a spreadsheet of one row."""
    cells = "".join(f'<c t="inlineStr"><is><t>{each}</t></is></c>' for each in headings)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        book.writestr("xl/worksheets/sheet1.xml", f"<sheetData><row>{cells}</row></sheetData>")
    return out.getvalue()


def pdf(page: str) -> bytes:
    """Return what of a PDF of one page is looked at."""
    stream = zlib.compress(page.encode())
    whole = b"%PDF-1.7\n<< /Filter /FlateDecode >> stream\n" + stream + b"\nendstream"
    return whole + b"\n" * (len(whole) % 2)


def head(release: Release) -> None:
    """Make it a head of which nobody says that it has no face."""
    release.set(BodyPartExamined="HEAD")
    release.drop("RecognizableVisualFeatures")


def icon(release: Release) -> None:
    """Add an icon."""
    release.set(IconImageSequence=[{"Rows": 8, "Columns": 8}])


def overlay(release: Release) -> None:
    """Add an overlay."""
    for dataset in release.datasets:
        dataset.add_new((0x6000, 0x0010), "US", 16)
        dataset.add_new((0x6000, 0x0011), "US", 16)
        dataset.add_new((0x6000, 0x3000), "OW", bytes(32))


def padding(release: Release) -> None:
    """Add padding with words in it."""
    for dataset in release.datasets:
        dataset.add_new((0xFFFC, 0xFFFC), "OB", bytes(16) + b"Quagga Zelda")


def wrongly_encoded(release: Release) -> None:
    """Write a description in Latin-1, and declare UTF-8."""
    release.set(SpecificCharacterSet="ISO_IR 192")
    for dataset in release.datasets:
        dataset.add_new((0x0008, 0x103E), "UN", b"Sch\xe4del")


def private_meta(release: Release) -> None:
    """Add private information to the File Meta Information."""
    for dataset in release.datasets:
        dataset.file_meta.PrivateInformationCreatorUID = UID(uid("creator"))
        dataset.file_meta.PrivateInformation = b"Quagga"


TEXT = (
    Planted("title", "A title and a name in Study Description",
            text("StudyDescription", "for Dr. Quagga"), ("DEID401",), ct_with_options),
    Planted("label", "*Patient name:* in Image Comments",
            text("ImageComments", "Patient name: Quagga, Zelda"), ("DEID401",), ct_with_options),
    Planted("given name", "A common given name with a family name in Series Description",
            text("SeriesDescription", "John^Quagga"), ("DEID401",), ct_with_options),
    Planted("record number", "A labelled record number in Image Comments",
            text("ImageComments", f"MRN {RECORD}"), ("DEID402",), ct_with_options),
    Planted("social security", "A social security number in Study Comments",
            text("StudyComments", "212-17-4821"), ("DEID402",), ct_with_options),
    Planted("telephone", "A telephone number in Image Comments",
            text("ImageComments", "call 555-234-2048"), ("DEID403",), ct_with_options),
    Planted("e-mail", "An e-mail address in Study Description",
            text("StudyDescription", "zelda@quagga.org"), ("DEID403",), ct_with_options),
    Planted("street", "A street address in Patient Comments",
            text("PatientComments", "12 Quagga Street"), ("DEID403",), ct_with_options),
    Planted("web address", "The address of an internal server in Image Comments",
            text("ImageComments", "http://pacs.quagga.org/4711"), ("DEID404",), ct_with_options),
    Planted("IP address", "An IP address in Image Comments",
            text("ImageComments", "from 192.168.4.17"), ("DEID404",), ct_with_options),
    Planted("user path", "The path of a user's folder in a private element",
            private("ST", "/home/quagga/export/1.dcm"), ("DEID404",), ct_with_options),
    Planted("date", "A date in Series Description",
            text("SeriesDescription", "compared to 2003-07-15"), ("DEID405",), ct_with_options),
    Planted("age", "An age over 89 in Patient's Age",
            text("PatientAge", "093Y"), ("DEID406",), ct_with_options),
    Planted("age in text", "An age over 89 in Image Comments",
            text("ImageComments", "93 year old"), ("DEID406",), ct_with_options),
    Planted("script", "A description in Han script",
            lambda release: release.set(
                SpecificCharacterSet="ISO_IR 192", SeriesDescription="胸部検査"),
            ("DEID407",), ct_with_options),
    Planted("not decoded", "A description in another character set than the declared one",
            wrongly_encoded,
            ("DEID407",), ct_with_options),
    Planted("bare number", "Seven digits without a label in Image Comments",
            text("ImageComments", f"see {RECORD}"), ("DEID408",), ct_with_options),
    Planted("private name", "A name as VR PN writes it, in a private LO",
            private("LO", NAME), ("DEID408",), ct_with_options),
    Planted("name in a report", "A signature in a text item of a structured report",
            say("signed by Zelda Quagga"), ("DEID401",), clean_report),
    Planted("telephone in a report", "A telephone number in a text item of a structured report",
            say("discussed, tel. 030 4501204"), ("DEID403",), clean_report),
)  # fmt: skip

OF_PERSONS = (
    Planted("patient's name", "A patient's name", text("PatientName", NAME), ("DEID201",)),
    Planted("birth name", "A patient's birth name",
            text("PatientBirthName", NAME), ("DEID202", "DEID301")),
    Planted("address", "A patient's address",
            text("PatientAddress", "7 Quagga Lane"), ("DEID202", "DEID301")),
    Planted("own telephone", "A patient's telephone number",
            text("PatientTelephoneNumbers", "030 4501204"), ("DEID202", "DEID301")),
    Planted("birth date", "A birth date",
            text("PatientBirthDate", "19610423"), ("DEID202",)),
    Planted("physician", "The referring physician's name",
            text("ReferringPhysicianName", NAME), ("DEID203",)),
    Planted("operator", "An operator's name",
            text("OperatorsName", NAME), ("DEID203", "DEID301")),
)  # fmt: skip

OWN = (
    Planted("own name in text", "The patient's name again in Study Description",
            own("PatientName", NAME, "StudyDescription", "QUAGGA ZELDA"), ("DEID411",)),
    Planted("own name in private text", "The patient's name again in a private LO",
            private("LO", "x Zelda Quagga", PatientName=NAME), ("DEID411",)),
    Planted("own name in private bytes", "The patient's name again in private binary data",
            private("OB", b"\0\1\2Quagga^Zelda\0\xff", PatientName=NAME), ("DEID411",)),
    Planted("own number in text", "The patient's number again in Image Comments",
            own("PatientID", RECORD, "ImageComments", f"pat {RECORD}"), ("DEID411",)),
    Planted("own accession number", "The accession number again in Series Description",
            own("AccessionNumber", RECORD, "SeriesDescription", f"A {RECORD}"), ("DEID411",)),
    Planted("own birth date", "The birth date again in Image Comments",
            own("PatientBirthDate", "19700203", "ImageComments", "born 03.02.1970"),
            ("DEID411", "DEID405")),
    Planted("physician again", "The referring physician's name again in Study Description",
            own("ReferringPhysicianName", NAME, "StudyDescription", "ref Quagga, Zelda"),
            ("DEID412",)),
    Planted("institution again", "The institution's name again in a private LO",
            private("LO", "QUAGGA GENERAL", InstitutionName="Quagga General"), ("DEID412",)),
    Planted("own name in a path", "A folder with the patient's name",
            moved("Quagga_Zelda/1.dcm", PatientName=NAME), ("DEID413",)),
    Planted("own number in a path", "A file named for the patient's number",
            moved(f"case-001/P{RECORD}_1.dcm", PatientID=f"P{RECORD}"), ("DEID413",)),
    Planted("name in a path", "A folder named for a person of whom no object says anything",
            moved("QUAGGA^ZELDA/1.dcm"), ("DEID414",)),
    Planted("number in a path", "A companion with a record number in its name",
            beside(f"scans/MRN {RECORD}.txt", b"nothing"), ("DEID414",)),
)  # fmt: skip

ELSEWHERE = (
    Planted("companion", "A CSV with a column for names and birth dates",
            beside("clinical.csv", b"patient_name,DateOfBirth,stage\n"), ("DEID451",)),
    Planted("workbook", "A spreadsheet with a column for record numbers",
            beside("clinical.xlsx", workbook("MRN", "stage")), ("DEID451",)),
    Planted("letter", "A PDF beside the images",
            beside("letters/1.pdf", b"%PDF-1.7\n"), ("DEID452",)),
    Planted("JSON companion", "A JSON file with a key for the record number",
            beside("clinical.json", b'{"MRN": "1", "stage": 2}'), ("DEID451",)),
    Planted("text behind", "Text behind the pixel data",
            behind(b"Quagga Zelda, exported by Tilly"), ("DEID461",)),
    Planted("padding", "Text in Data Set Trailing Padding",
            padding, ("DEID461",)),
    Planted("AE title", "A hospital's AE title in the File Meta Information",
            meta("SourceApplicationEntityTitle", "QUAGGA_CT1"), ("DEID462",)),
    Planted("private in meta", "Private information in the File Meta Information",
            private_meta, ("DEID463",)),
    Planted("overlay", "An overlay", overlay, ("DEID464",)),
    Planted("icon", "An icon image", icon, ("DEID464",)),
    Planted("clinical document", "A CDA document inside an object",
            kind(EncapsulatedCDAStorage, MIMETypeOfEncapsulatedDocument="text/XML",
                 EncapsulatedDocument=b"<ClinicalDocument/>"), ("DEID465",)),
    Planted("name in XML", "A name in the text of a CDA document inside an object",
            kind(EncapsulatedCDAStorage, MIMETypeOfEncapsulatedDocument="text/XML",
                 EncapsulatedDocument=b"<a><title>Seen by Dr. Quagga</title></a>"), ("DEID466",)),
    Planted("number in a PDF", "A record number on a page of a PDF inside an object",
            kind(EncapsulatedPDFStorage, MIMETypeOfEncapsulatedDocument="application/pdf",
                 EncapsulatedDocument=pdf(f"BT (MRN {RECORD}) Tj ET")), ("DEID466",)),
)  # fmt: skip

PIXELS = (
    Planted("ultrasound", "An ultrasound image without Burned In Annotation",
            kind(UltrasoundImageStorage), ("PIX001",)),
    Planted("secondary capture", "A secondary capture without Burned In Annotation",
            kind(SecondaryCaptureImageStorage), ("PIX001",)),
    Planted("angiogram", "An angiogram without Burned In Annotation",
            kind(XRayAngiographicImageStorage), ("PIX001",)),
    Planted("PDF", "An encapsulated PDF without Burned In Annotation",
            kind(EncapsulatedPDFStorage), ("PIX001",)),
    Planted("screen capture", "A screen capture without Burned In Annotation",
            kind(SecondaryCaptureImageStorage, "DERIVED", "SECONDARY", "SCREEN SAVE"),
            ("PIX001", "PIX002")),
    Planted("dose report", "A dose report among the CT images without Burned In Annotation",
            kind(CTImageStorage, "DERIVED", "SECONDARY", "DOSE_INFO"), ("PIX002",)),
    Planted("scout", "A CT localizer without Burned In Annotation",
            kind(CTImageStorage, "ORIGINAL", "PRIMARY", "LOCALIZER"), ("PIX003",)),
    Planted("face in CT", "A head CT without Recognizable Visual Features", head, ("PIX004",)),
    Planted("face in MR", "A head MR with Recognizable Visual Features YES",
            kind(MRImageStorage, drop=False, BodyPartExamined="BRAIN",
                 RecognizableVisualFeatures="YES"),
            ("PIX004", "DEID108")),
)  # fmt: skip

CASES = (*OF_PERSONS, *TEXT, *OWN, *ELSEWHERE, *PIXELS)
