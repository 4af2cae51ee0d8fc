"""Build the packaged list of publicly known private creators.

Run as ``python tools/build_private_creators.py SAFE_PRIVATE_JSON``; the names come from
pydicom's private dictionary and from PS3.15 Table E.3.10-1.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

from pydicom import __version__
from pydicom._private_dict import private_dictionaries

TABLE = Path(__file__).parents[1] / "auditor" / "standard" / "private_creators.txt.gz"


# The RSNA Clinical Trial Processor's, which no dictionary lists.
DEIDENTIFIERS = ("CTP",)


def main() -> None:
    """Write the table."""
    safe = {row["private_creator"] for row in json.loads(Path(sys.argv[1]).read_text())}
    names = sorted({name.strip() for name in (*private_dictionaries, *safe, *DEIDENTIFIERS)})
    stamp = f"# private creators of pydicom {__version__} and of PS3.15 Table E.3.10-1 (2023b)"
    text = "\n".join([stamp, *names]) + "\n"
    TABLE.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main()
