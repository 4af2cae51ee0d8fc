"""What stands for the code and the tables that judge: other code may judge otherwise."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from pathlib import Path

SHOWING = frozenset(
    {
        "cards",
        "catalogue",
        "charts",
        "cli",
        "console",
        "deid_diff",
        "demo",
        "diff",
        "formats",
        "frames",
        "gate",
        "progress",
        "render",
        "scanning",
        "scorecard",
        "settings",
        "side_by_side",
        "survey",
        "survey_view",
        "terminal",
        "testing",
        "view",
        "waivers",
    }
)
"""What only shows a result, or compares results: it changes no verdict."""

_BUNDLED = "_bundled"
"""Where a wheel has the rules and profiles, which have digests of their own."""


@cache
def code_digest(here: Path = Path(__file__).parent) -> str:
    """Return a digest of all modules and tables of a package but those that only show.

    Parameters
    ----------
    here
        The folder of the package. A checkout and an installed wheel of it have one digest.
    """
    digest = blake2b(digest_size=8)
    for file in sorted(here.rglob("*")):
        path = file.relative_to(here)
        first = path.parts[0].removesuffix(".py")
        if first in SHOWING or first == _BUNDLED:
            continue
        if file.suffix in (".py", ".gz", ".toml"):
            digest.update(path.as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
