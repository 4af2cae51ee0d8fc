"""Where the content that comes with the engine lies: rules, templates, profiles.

In a checkout they are folders at the top of the repository. A wheel carries them inside
the package (``[tool.setuptools.package-dir]`` in ``pyproject.toml``), so that nothing but
`auditor` becomes importable.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def rules_folder() -> Path:
    """Return the folder of the built-in rules."""
    return _content("rules", "rules")


def templates_folder() -> Path:
    """Return the folder of the report templates."""
    return _content("templates", "reports/templates")


def profiles_folder() -> Path:
    """Return the folder of the built-in profiles."""
    return _content("profiles", "profiles")


def _content(installed: str, checkout: str) -> Path:
    """Find one folder of content.

    Raises
    ------
    FileNotFoundError
        If the folder is in neither place. A folder that happens to stand beside an
        installed package is never taken: only a checkout has `pyproject.toml` there.
    """
    bundled = _PACKAGE / "_bundled" / installed
    if bundled.is_dir():
        return bundled
    root = _PACKAGE.parent
    if (root / "pyproject.toml").is_file() and (root / checkout).is_dir():
        return root / checkout
    raise FileNotFoundError(f"dicom-auditor is installed without its {installed}; install it again")
