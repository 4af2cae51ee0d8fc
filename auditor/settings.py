"""Options from ``dicom-audit.toml`` or ``[tool.dicom-audit]``; the command line wins.

Here they get their names and types. Which values an option can have is asked of the option itself,
in `auditor.cli`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from auditor.files import TomlError, read_toml

FILE = "dicom-audit.toml"

KEYS: dict[str, type] = {
    "repository": str,
    "jobs": int,
    "rules": list,
    "select": list,
    "ignore": list,
    "profile": str,
    "ocr": int,
    "masks": int,
    "twins": int,
    "fail-on": str,
    "require": list,
    "min-score": list,
    "min-coverage": list,
    "waivers": str,
    "quiet": bool,
    "show-values": bool,
}
"""Options that may be set in a file, and their types."""

_WORDS = {str: "a text", int: "a whole number", list: "a list of texts", bool: "true or false"}
_PARAMETERS = {"rules": "rule_folders"}


class SettingsError(Exception):
    """A configuration file is wrong; the message is one plain line."""


def read_settings(folder: Path) -> tuple[str, dict[str, Any]]:
    """Return the options set in a folder, by the names that click gives them.

    ``dicom-audit.toml`` is looked at first, then ``pyproject.toml``; the first that says
    something is used. Relative paths in it are relative to the folder.

    Returns
    -------
    tuple
        The name of the file that was used, "" if none says anything; and the options.

    Raises
    ------
    SettingsError
        If a file is not TOML, or names a key that does not exist, or has a value of another type
        than the key's.
    """
    for name, tables in ((FILE, ()), ("pyproject.toml", ("tool", "dicom-audit"))):
        path = folder / name
        if not path.exists():
            continue
        try:
            values: Any = read_toml(path)
        except TomlError as error:
            raise SettingsError(f"{name}: {error}") from None
        for key in tables:
            values = values.get(key, {})
            if not isinstance(values, dict):
                raise SettingsError(f"{name}: {key} is not a table")
        if values:
            return name, _validated(values, name, folder)
    return "", {}


def _validated(values: dict[str, Any], name: str, folder: Path) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for key, value in values.items():
        if key not in KEYS:
            raise SettingsError(f"{name}: unknown key {key!r}")
        if not _fits(value, KEYS[key]):
            raise SettingsError(f"{name}: {key} must be {_WORDS[KEYS[key]]}")
        checked[_PARAMETERS.get(key, key.replace("-", "_"))] = _placed(key, value, folder)
    return checked


def _fits(value: Any, kind: type) -> bool:
    if isinstance(value, list) and not all(isinstance(item, str) for item in value):
        return False
    return type(value) is kind  # not isinstance: true is no number of processes


def _placed(key: str, value: Any, folder: Path) -> Any:
    if key == "rules":
        return [str(folder / item) for item in value]
    return str(folder / value) if key in ("profile", "waivers") else value
