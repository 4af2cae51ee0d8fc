"""Build the packaged table of private data elements.

Run as ``python tools/build_private.py SAFE_PRIVATE_JSON``. What a public dictionary says of
an element comes from pydicom's private dictionary, of vendors that it does not have from
``private_abuse.toml``; which elements are safe to keep, from PS3.15 Table E.3.10-1. See
`auditor.standard.private` for the form of the table.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from pathlib import Path

from pydicom import __version__
from pydicom._private_dict import private_dictionaries

from auditor.standard.private import DEIDENTIFIERS
from auditor.standard.private_abuse import rows as abuse_rows

TABLE = Path(__file__).parents[1] / "auditor" / "standard" / "private.tsv.gz"

NAMELESS = re.compile(
    r"(<internal.*|internal data|private( data)?( element)?|private (element )?creator|"
    r"unknown|dummy|reserved|unused|private data element|\?*)",
    re.IGNORECASE,
)
"""What pydicom's dictionary has for a name where nobody knows one."""

VRS = re.compile(r"[A-Z]{2}")

Row = tuple[str, str, str, bool]
"""VR, VM and name (each "" where unknown), and whether Table E.3.10-1 lists the element."""


def main() -> None:
    """Write the table."""
    rows: dict[str, dict[str, Row]] = {}
    for creator, entries in private_dictionaries.items():
        known = rows.setdefault(creator.strip(), {})
        # An entry of one block only (``00E11021``) gives way to one of any (``00E1xx21``).
        for key, (vr, vm, name, _) in sorted(
            entries.items(), key=lambda entry: entry[0].count("x") == 2
        ):
            step = _step(key)
            if step:
                known[step] = (_vr(vr), vm, _name(name), False)
    for row in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
        group, element = re.fullmatch(r"\((\w{4}),xx(\w{2})\)", row["tag"]).groups()  # type: ignore[union-attr]
        known = rows.setdefault(row["private_creator"].strip(), {})
        step = (group + element).upper()
        vr, vm, name, _ = known.get(step, ("", "", "", False))
        known[step] = (_vr(row["vr"]) or vr, row["vm"] or vm, name or _fact(row["meaning"]), True)
    for row in abuse_rows():
        # Of a vendor that no dictionary has, this is all that is known.
        if row.creator and row.creator not in private_dictionaries:
            known = rows.setdefault(row.creator, {})
            known.setdefault(f"{row.group:04X}{row.number:02X}", (row.vr, "", row.of, False))
    for creator in DEIDENTIFIERS:
        rows.setdefault(creator, {})
    stamp = f"# private data elements: pydicom {__version__}; PS3.15 Table E.3.10-1 (2023b)"
    blocks = ["\n".join([creator, *_lines(known)]) for creator, known in sorted(rows.items())]
    text = stamp + "\n" + "\n\n".join(blocks) + "\n"
    TABLE.write_bytes(gzip.compress(text.encode(), mtime=0))


def _step(key: str) -> str:
    """Return group and last two digits of the element; "" for what is no data element."""
    if key.endswith("xx"):
        return ""  # pydicom's rows for private creators, (gggg,00bb)
    return (key[:4] + key[6:]).upper().replace("X", "x")


def _vr(vr: str) -> str:
    """Return a VR if it is just one; UN in a dictionary says that nobody knows."""
    vr = vr.strip()
    return vr if VRS.fullmatch(vr) and vr != "UN" else ""


def _name(name: str) -> str:
    name = re.sub(r"^\[(.*)\]$", r"\1", " ".join(name.split()))
    return "" if NAMELESS.fullmatch(name) else name


def _fact(meaning: str) -> str:
    """Return the attribute's name, without what Table E.3.10-1 explains after it."""
    return " ".join(meaning.split()).split(" - ")[0][:64]


def _lines(known: dict[str, Row]) -> list[str]:
    return [
        "\t".join([step, vr, vm, name, *(["S"] if safe else [])])
        for step, (vr, vm, name, safe) in sorted(known.items())
    ]


if __name__ == "__main__":
    main()
