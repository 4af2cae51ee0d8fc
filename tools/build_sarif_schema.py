"""Make the schema that the tests hold SARIF files against.

``python tools/build_sarif_schema.py sarif-schema-2.1.0.json`` takes the file that OASIS
publishes (errata 01, repository oasis-tcs/sarif-spec, folder sarif-2.1/schema) and keeps what
a validator needs: titles and descriptions are left out.
"""

from __future__ import annotations

import json
import lzma
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "tests" / "sarif-2.1.0.schema.json.xz"


def bare(node: Any, is_map_of_names: bool = False) -> Any:
    """Return a schema without its prose; a property may itself be called `description`."""
    if isinstance(node, list):
        return [bare(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        name: bare(value, name in ("properties", "definitions") and not is_map_of_names)
        for name, value in node.items()
        if is_map_of_names or name not in ("title", "description")
    }


def main(source: Path) -> None:
    """Write the schema."""
    schema = bare(json.loads(source.read_text(encoding="utf-8")))
    text = json.dumps(schema, separators=(",", ":"), sort_keys=True)
    TARGET.write_bytes(lzma.compress(text.encode(), preset=9))
    print(f"{TARGET.name}: {len(text):,} characters, {TARGET.stat().st_size:,} bytes packed")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
