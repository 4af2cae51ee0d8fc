"""Options from a file: the same words as on the command line, or an error that names them."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from auditor.cli import main
from auditor.settings import KEYS, SettingsError, read_settings


def test_no_file_says_nothing(tmp_path: Path) -> None:
    assert read_settings(tmp_path) == ("", {})


def test_names_become_those_of_the_parameters(tmp_path: Path) -> None:
    (tmp_path / "dicom-audit.toml").write_text(
        'fail-on = "error"\nshow-values = false\nrules = ["a", "/b"]\n'
        'profile = "p.toml"\njobs = 2\n'
    )
    name, options = read_settings(tmp_path)
    assert name == "dicom-audit.toml"
    assert options == {
        "fail_on": "error",
        "show_values": False,
        "rule_folders": [str(tmp_path / "a"), "/b"],
        "profile": str(tmp_path / "p.toml"),
        "jobs": 2,
    }


def test_every_key_is_an_option_of_scan_or_gate() -> None:
    options = {
        flag
        for command in ("scan", "gate")
        for option in main.commands[command].params
        if isinstance(option, click.Option)
        for flag in option.opts
    }
    assert {f"--{key}" for key in KEYS} < options


def test_the_file_of_its_own_comes_first(tmp_path: Path) -> None:
    (tmp_path / "dicom-audit.toml").write_text("jobs = 1")
    (tmp_path / "pyproject.toml").write_text("[tool.dicom-audit]\njobs = 2\nunknown = 3")
    assert read_settings(tmp_path) == ("dicom-audit.toml", {"jobs": 1})


@pytest.mark.parametrize("text", ["", "[project]\nname = 'x'", "[tool.other]\njobs = 'x'"])
def test_a_pyproject_of_others_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "dicom-audit.toml").write_text("# nothing yet")
    (tmp_path / "pyproject.toml").write_text(text)
    assert read_settings(tmp_path) == ("", {})


@pytest.mark.parametrize("key", ["color", "fail_on", "out", "name", "each", "path"])
def test_an_unknown_key_is_named(tmp_path: Path, key: str) -> None:
    (tmp_path / "dicom-audit.toml").write_text(f"{key} = 1")
    with pytest.raises(SettingsError, match=rf"dicom-audit\.toml: unknown key '{key}'"):
        read_settings(tmp_path)


@pytest.mark.parametrize("key", KEYS)
def test_a_value_of_another_type_is_refused(tmp_path: Path, key: str) -> None:
    (tmp_path / "dicom-audit.toml").write_text(f"{key} = 1.5")
    with pytest.raises(SettingsError, match=f"{key} must be"):
        read_settings(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("jobs = ", r"\(at end of document\)$"),
        ("jobs = " + "1" * 5000, "a number is too long, or it is nested too deep$"),
        ("jobs = " + "[" * 5000, "a number is too long, or it is nested too deep$"),
    ],
)
def test_what_is_no_toml_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "dicom-audit.toml").write_text(text)
    with pytest.raises(SettingsError, match=rf"^dicom-audit\.toml: is not TOML: .*{said}"):
        read_settings(tmp_path)


def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "dicom-audit.toml").write_text("jobs = 1")
    monkeypatch.setattr(Path, "read_text", denied)
    with pytest.raises(SettingsError, match=r"toml: cannot be read \(Permission denied\)"):
        read_settings(tmp_path)
