"""What pipelines are given does what it says: action, hook, GitLab example, image."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydicom.data import get_testdata_file

from auditor.paths import rules_folder
from auditor.registry import load
from auditor.waivers import read_waivers

ROOT = Path(__file__).parents[1]


def yaml(name: str) -> Any:
    # Both of the tools that check these files bring it.
    module = pytest.importorskip("ruamel.yaml", reason="check-jsonschema is not installed")
    return module.YAML(typ="safe", pure=True).load((ROOT / name).read_text("utf-8"))


def run(*command: object, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ("github-actions", "action.yml"),
        ("github-workflows", "examples/github-workflow.yml"),
        ("gitlab-ci", "examples/gitlab-ci.yml"),
    ],
)
def test_the_file_is_valid(schema: str, name: str) -> None:
    pytest.importorskip("check_jsonschema", reason="check-jsonschema is not installed")
    builtin = f"vendor.{schema}"
    done = run(sys.executable, "-m", "check_jsonschema", "--builtin-schema", builtin, name)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace with a collection, and the command where pipelines have it."""
    (tmp_path / "data").mkdir()
    shutil.copy(str(get_testdata_file("CT_small.dcm")), tmp_path / "data" / "1.dcm")
    for folder in ("bin", "dicom-audit/bin"):
        (tmp_path / "runner" / folder).mkdir(parents=True)
        command = tmp_path / "runner" / folder / "dicom-audit"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m auditor "$@"\n')
        command.chmod(0o755)
    return tmp_path


def steps(workspace: Path, inputs: dict[str, str]) -> tuple[int, dict[str, str], str]:
    """Run the steps of the action that are scripts, as its runner does, but the installation."""
    action = yaml("action.yml")
    values = {name: str(each.get("default", "")) for name, each in action["inputs"].items()}
    values |= inputs
    output, summary = workspace / "output", workspace / "summary"
    for step in action["runs"]["steps"]:
        if "run" not in step or step["name"] == "Install":
            continue
        # What the runner would put into the script itself is text that somebody else writes.
        assert "${{" not in step["run"]
        given = {
            name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: values[found[1]], text)
            for name, text in step["env"].items()
        }
        assert not any("${{" in text for text in given.values())
        done = run(
            "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"],
            cwd=workspace,
            PYTHONPATH=str(ROOT),
            RUNNER_TEMP=str(workspace / "runner"),
            GITHUB_OUTPUT=str(output),
            GITHUB_STEP_SUMMARY=str(summary),
            **given,
        )  # fmt: skip
        if done.returncode:
            break
    said = (
        dict(line.split("=", 1) for line in output.read_text().splitlines())
        if output.exists()
        else {}
    )
    return done.returncode, said, summary.read_text() if summary.exists() else done.stderr


def test_the_action_scans_reports_and_gates(workspace: Path) -> None:
    code, said, summary = steps(workspace, {"path": "data", "key": "a key of a test"})
    assert (code, said) == (0, {"exit-code": "0"}), summary
    assert summary.startswith("## DICOM audit")
    names = {path.name for path in (workspace / "dicom-audit").glob("re*")}
    expected = {"html", "sarif", "junit.xml", "md", "csv"}
    assert names == {"result.json", "references", *(f"report.{each}" for each in expected)}


def test_the_action_fails_after_its_report_is_written(workspace: Path) -> None:
    inputs = {"path": "data", "gate-args": "--fail-on=warning\n\n--min-score=iod=100\n"}
    code, said, summary = steps(workspace, inputs)
    assert (code, said) == (1, {"exit-code": "1"})
    assert summary.startswith("## DICOM audit")


def test_nothing_to_audit_fails_the_action(workspace: Path) -> None:
    (workspace / "data" / "1.dcm").unlink()
    assert steps(workspace, {"path": "data"})[0] == 3


@pytest.mark.parametrize("name", ["path", "out", "scan-args", "gate-args"])
def test_no_input_of_the_action_is_run(workspace: Path, name: str) -> None:
    inputs = {"path": "data", name: '$(touch owned)`touch owned`;touch owned\n"; touch owned; "'}
    steps(workspace, inputs)
    assert not list(workspace.rglob("owned"))


def test_the_action_publishes_what_it_writes() -> None:
    action = yaml("action.yml")
    used = {step["uses"].split("@")[0]: step for step in action["runs"]["steps"] if "uses" in step}
    assert used["github/codeql-action/upload-sarif"]["with"]["sarif_file"].endswith("/report.sarif")
    assert "result.json" in used["actions/upload-artifact"]["with"]["path"]
    gate = action["runs"]["steps"][-1]
    assert gate["id"] == "gate"


def test_every_pipeline_installs_the_same_referees() -> None:
    for name in ("action.yml", "examples/gitlab-ci.yml", "Dockerfile"):
        lines = (ROOT / name).read_text().splitlines()
        installs = [line for line in lines if re.search(r"\bpip (install|wheel) ", line)]
        assert installs, name
        assert all("[referee]" in each for each in installs), name


def test_the_gitlab_example_runs(workspace: Path) -> None:
    job = yaml("examples/gitlab-ci.yml")["dicom-audit"]
    script = "\n".join(job["script"])
    path = f"{workspace / 'runner' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = run("bash", "-euc", script, cwd=workspace, PYTHONPATH=str(ROOT), PATH=path)
    assert done.returncode == 0, done.stderr
    for name in (*job["artifacts"]["paths"], *job["artifacts"]["reports"].values()):
        assert (workspace / name).is_file(), name


def test_the_hook_is_one_and_runs(workspace: Path) -> None:
    pytest.importorskip("pre_commit", reason="pre-commit is not installed")
    done = run(sys.executable, "-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    [hook] = yaml(".pre-commit-hooks.yaml")
    path = f"{workspace / 'runner' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    for level, code in (("error", 0), ("warning", 1)):
        arguments = ["--out", "audit", "--fail-on", level, "data"]
        command = [*hook["entry"].split(), *arguments]
        done = run(*command, cwd=workspace, PYTHONPATH=str(ROOT), PATH=path)
        assert done.returncode == code, done.stderr


def test_the_image_is_built_from_what_the_build_needs(tmp_path: Path) -> None:
    """Run the build step of the image, without an index, on what is copied into it."""
    text = (ROOT / "Dockerfile").read_text("utf-8")
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    for line in re.findall(r"^COPY (.+)$", text, re.MULTILINE):
        *sources, target = line.split()
        for source in sources:
            assert f"!{source}" in ignored
            if (ROOT / source).is_dir():
                kept = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / source, tmp_path / target, ignore=kept)
            else:
                shutil.copy(ROOT / source, tmp_path / target / source)
    assert "pip wheel --no-cache-dir --wheel-dir /wheels '.[referee]'" in text
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet")
    done = run(*pip, "--no-build-isolation", "--no-deps", "-w", tmp_path / "w", ".", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    assert "referee" in project["optional-dependencies"]
    [wheel] = (tmp_path / "w").glob("*.whl")
    assert wheel.name.startswith("dicom_auditor-")


def test_the_image_runs_as_nobody_and_starts_the_command() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    assert re.search(r"^USER 65534:65534$", text, re.MULTILINE)
    assert re.search(r'^ENTRYPOINT \["dicom-audit"\]$', text, re.MULTILINE)


def test_the_example_of_waivers_is_one() -> None:
    known = {rule.id for rule in load([rules_folder()]).rules}
    assert len(read_waivers(ROOT / "examples" / "waivers.toml", known)) == 2
