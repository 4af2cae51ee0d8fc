"""A wheel in an empty environment is the checkout: same rules, templates, profiles, standard."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from auditor import paths

ROOT = Path(__file__).parents[1]
CONTENT = {"rules": "rules", "reports/templates": "templates", "profiles": "profiles"}
GENERATED = {"__pycache__", "build", "dist", "demo", "bench-data", "artefacts"}


def _run(*command: object, cwd: Path) -> str:
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_file_of_the_program_has_its_job_written_down() -> None:
    rooms = (ROOT / "docs" / "architecture.md").read_text().partition("## The rooms")[2]
    rooms = rooms.partition("\n## ")[0]
    folder = ROOT / "auditor"
    named = {path.name for path in folder.glob("*.py")} - {"__init__.py", "__main__.py"}
    named |= {path.name for path in (folder / "reading").glob("*.py")} - {"__init__.py"}
    assert {name for name in named if f"{name}`" not in rooms} == set()


def _sources() -> list[str]:
    """List the files of the project: what git tracks or would, or all that is not generated."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        listed = _run("git", "ls-files", "-co", "--exclude-standard", "-z", cwd=ROOT).split("\0")
        return sorted(name for name in listed if name and (ROOT / name).is_file())
    return sorted(
        name.as_posix()
        for path in ROOT.rglob("*")
        if path.is_file()
        for name in [path.relative_to(ROOT)]
        if not any(part.startswith(".") or part in GENERATED for part in name.parts)
    )


def test_it_is_installed_from_where_it_is() -> None:
    # No index has it, and what has its name there one day need not be it.
    by_name = re.compile(r"pip install (?!.*(?:--no-index|git\+))[^#]*dicom-auditor")
    told = [
        (name, line)
        for name in _sources()
        if not name.startswith("tests/") and not name.endswith((".png", ".gz"))
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines()
        if by_name.search(line)
    ]
    assert told == []
    with (ROOT / "pyproject.toml").open("rb") as file:
        extras = set(tomllib.load(file)["project"]["optional-dependencies"]) - {"dev"}
    [asked] = re.findall(
        r"`pip install '\.\[(.*)\]'` in the clone", (ROOT / "README.md").read_text()
    )
    assert set(asked.split(",")) == extras


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a wheel from a copy, so that nothing is written into the checkout."""
    copy = tmp_path_factory.mktemp("copy")
    for name in _sources():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name)
    out = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet")
    _run(*pip, "--no-build-isolation", "--no-deps", "--wheel-dir", out, copy, cwd=out)
    [built] = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def members(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into an empty environment; return its interpreter."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=sys.platform != "win32")
    here = {"base": str(folder), "platbase": str(folder)}
    site = Path(sysconfig.get_path("purelib", "venv", here))
    interpreter = Path(sysconfig.get_path("scripts", "venv", here)) / Path(sys.executable).name
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", interpreter)
    _run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=folder)
    # Dependencies are those of the tests, so that no index is asked. A line of a .pth file is
    # only a folder: the checkout's editable install, a .pth itself, does not come with it.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return interpreter


def _said(python: Path, cwd: Path, *arguments: str) -> str:
    # -I: neither the working folder nor the environment's variables may lend a module.
    return _run(python, "-I", "-m", "auditor", *arguments, cwd=cwd)


def test_every_pattern_of_data_files_matches_one() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    for package, patterns in told["package-data"].items():
        folder = ROOT / told["package-dir"].get(package, package.replace(".", "/"))
        for pattern in patterns:
            assert list(folder.glob(pattern)), (package, pattern)


def test_nothing_but_auditor_becomes_importable(members: list[str]) -> None:
    tops = {PurePosixPath(name).parts[0] for name in members}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"auditor"}


def test_the_wheel_holds_every_file_of_the_package(members: list[str]) -> None:
    expected = set()
    for name in _sources():
        path = PurePosixPath(name)
        if path.parts[0] == "auditor":
            expected.add(name)
        for folder, bundled in CONTENT.items():
            if path.is_relative_to(folder):
                inside = path.relative_to(folder).as_posix()
                expected.add(f"auditor/_bundled/{bundled}/{inside}")
    packed = {name for name in members if name.startswith("auditor/")}
    assert packed == expected


def test_content_is_found_inside_the_package(python: Path, tmp_path: Path) -> None:
    script = (
        "import json, auditor.paths as p;"
        "print(json.dumps({f.name: sorted(x.name for x in f.iterdir() if x.is_file())"
        " for f in (p.rules_folder(), p.templates_folder(), p.profiles_folder())}))"
    )
    found: dict[str, Any] = json.loads(_run(python, "-I", "-c", script, cwd=tmp_path))
    here = {
        folder.name: sorted(path.name for path in folder.iterdir() if path.is_file())
        for folder in (paths.rules_folder(), paths.templates_folder(), paths.profiles_folder())
    }
    assert found == here
    assert all(here.values())


@pytest.mark.parametrize("command", ["rules", "standard"])
def test_the_installed_command_says_what_the_checkout_says(
    python: Path, tmp_path: Path, command: str
) -> None:
    installed = _said(python, tmp_path, command)
    assert installed == _run(sys.executable, "-m", "auditor", command, cwd=ROOT)
    assert installed.strip()


def test_a_wheel_and_a_checkout_have_one_rule_set(python: Path, tmp_path: Path) -> None:
    script = (
        "from auditor.paths import rules_folder; from auditor.registry import load, ruleset_of;"
        "print(ruleset_of(load([rules_folder()])))"
    )
    installed = _run(python, "-I", "-c", script, cwd=tmp_path)
    assert installed == _run(sys.executable, "-c", script, cwd=ROOT)


def test_the_version_is_that_of_pyproject(python: Path, tmp_path: Path) -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        version = tomllib.load(file)["project"]["version"]
    assert version in _said(python, tmp_path, "--version")


def test_the_command_is_installed(python: Path, tmp_path: Path) -> None:
    command = shutil.which("dicom-audit", path=str(python.parent))
    assert command
    assert _run(command, "--version", cwd=tmp_path) == _said(python, tmp_path, "--version")


def test_content_beside_an_installed_package_is_never_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "auditor").mkdir()
    (tmp_path / "rules").mkdir()
    monkeypatch.setattr(paths, "_PACKAGE", tmp_path / "auditor")
    with pytest.raises(FileNotFoundError, match="installed without its rules"):
        paths.rules_folder()
    (tmp_path / "pyproject.toml").touch()
    assert paths.rules_folder() == tmp_path / "rules"


def test_bundled_content_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bundled = tmp_path / "auditor" / "_bundled" / "profiles"
    bundled.mkdir(parents=True)
    (tmp_path / "profiles").mkdir()
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.setattr(paths, "_PACKAGE", tmp_path / "auditor")
    assert paths.profiles_folder() == bundled
