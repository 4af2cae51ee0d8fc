"""What pipelines are given does what it says: action, hook, GitLab example, image."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass, field
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


@dataclass
class Ran:
    """What the action did: the code it ended with, its outputs, and what it wrote or used."""

    code: int = 0
    outputs: dict[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    summary: str = ""
    errors: str = ""


def said_by(text: str, values: dict[str, str]) -> str:
    """Put in what an expression stands for, as the runner does; what is not set is empty."""
    expression = r"\$\{\{ ((?:inputs|steps|github)\.[\w.-]+) \}\}"
    text = re.sub(expression, lambda found: values.get(found[1], ""), text)
    assert "${{" not in text
    return text


def is_wanted(condition: str, values: dict[str, str]) -> bool:
    """Whether a step runs: all that its `if` compares is so."""
    found = re.fullmatch(r"\$\{\{ (.+) \}\}", condition)
    assert found
    for each in found[1].split(" && "):
        compared = re.fullmatch(r"([\w.-]+) (==|!=) '(\w*)'", each)
        assert compared, each
        name, sign, text = compared.groups()
        if (values.get(name, "") == text) is not (sign == "=="):
            return False
    return True


def act(workspace: Path, inputs: dict[str, str]) -> Ran:
    """Run the steps of the action as its runner does: scripts, but the installation."""
    action = yaml("action.yml")
    defaults = {name: str(each.get("default", "")) for name, each in action["inputs"].items()}
    values = {f"inputs.{name}": text for name, text in (defaults | inputs).items()}
    output, summary = workspace / "output", workspace / "summary"
    ran = Ran()
    for step in action["runs"]["steps"]:
        name = step.get("name") or step["uses"].split("@")[0]
        if name == "Install" or not is_wanted(step.get("if", "${{ inputs.path != '' }}"), values):
            continue
        ran.names.append(name)
        if "run" not in step:
            continue
        # What the runner would put into the script itself is text that somebody else writes.
        assert "${{" not in step["run"]
        output.write_text("")
        done = run(
            "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"],
            cwd=workspace,
            PYTHONPATH=str(ROOT),
            RUNNER_TEMP=str(workspace / "runner"),
            GITHUB_OUTPUT=str(output),
            GITHUB_STEP_SUMMARY=str(summary),
            **{variable: said_by(text, values) for variable, text in step["env"].items()},
        )  # fmt: skip
        for line in output.read_text().splitlines():
            key, _, text = line.partition("=")
            values[f"steps.{step['id']}.outputs.{key}"] = text
        ran.errors += done.stderr
        ran.code = done.returncode
        if ran.code:
            break
    ran.outputs = {name: said_by(it["value"], values) for name, it in action["outputs"].items()}
    ran.summary = summary.read_text() if summary.exists() else ""
    return ran


REPORTS = {
    "result.json",
    *(f"report.{each}" for each in ("html", "sarif", "junit.xml", "md", "csv")),
}
UPLOADS = ["github/codeql-action/upload-sarif", "actions/upload-artifact"]


def reports(workspace: Path) -> set[str]:
    return {path.name for path in (workspace / "dicom-audit").glob("re*")} - {"references"}


def test_the_action_scans_reports_and_gates(workspace: Path) -> None:
    ran = act(workspace, {"path": "data", "key": "a key of a test, long enough"})
    assert (ran.code, ran.outputs["exit-code"]) == (0, "0"), ran.errors
    assert ran.names[-4:] == ["Scan", "Report", UPLOADS[1], "Gate"]
    assert ran.summary.startswith("## DICOM audit")
    assert reports(workspace) == REPORTS


def test_the_action_fails_after_its_report_is_written(workspace: Path) -> None:
    inputs = {"path": "data", "gate-args": "--fail-on=warning\n\n--min-score=iod=100\n"}
    ran = act(workspace, inputs)
    assert (ran.code, ran.outputs["exit-code"]) == (1, "1")
    assert ran.summary.startswith("## DICOM audit")


def test_an_incomplete_audit_has_its_report_and_fails_the_action(workspace: Path) -> None:
    (workspace / "data" / "1.dcm").unlink()
    ran = act(workspace, {"path": "data", "upload-sarif": "true"})
    assert (ran.code, ran.outputs["exit-code"]) == (3, "3")
    assert ran.names[-5:] == ["Scan", "Report", *UPLOADS, "Gate"]
    assert ran.summary.startswith("## DICOM audit")
    assert reports(workspace) == REPORTS


def test_what_the_scan_fails_on_fails_the_action_where_the_gate_passes(workspace: Path) -> None:
    ran = act(workspace, {"path": "data", "scan-args": "--fail-on=warning"})
    assert (ran.code, ran.outputs["exit-code"]) == (1, "1")
    assert ran.summary.startswith("## DICOM audit")
    assert reports(workspace) == REPORTS


def test_a_scan_without_result_has_no_report_and_no_older_one(workspace: Path) -> None:
    assert act(workspace, {"path": "data"}).code == 0
    ran = act(workspace, {"path": "data", "scan-args": "--no-such-option"})
    assert (ran.code, ran.outputs["exit-code"]) == (2, "2")
    assert ran.names[-2:] == ["Scan", "Gate"]


@pytest.mark.parametrize("name", ["path", "out", "scan-args", "gate-args"])
def test_no_input_of_the_action_is_run(workspace: Path, name: str) -> None:
    inputs = {"path": "data", name: '$(touch owned)`touch owned`;touch owned\n"; touch owned; "'}
    act(workspace, inputs)
    assert not list(workspace.rglob("owned"))


def test_the_action_publishes_what_it_writes() -> None:
    action = yaml("action.yml")
    used = {step["uses"].split("@")[0]: step for step in action["runs"]["steps"] if "uses" in step}
    assert used["github/codeql-action/upload-sarif"]["with"]["sarif_file"].endswith("/report.sarif")
    assert "result.json" in used["actions/upload-artifact"]["with"]["path"]
    gate = action["runs"]["steps"][-1]
    assert gate["id"] == "gate"


REFUSED = "no wheel of it for this platform"

SHIM = """#!/bin/sh
echo "$@" >> '{log}'
case "$*" in
  *"-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
  *referee*) {referee} ;;
esac
"""
"""A Python, and a pip, that only write down what they are told; `referee` is done to the extra."""


def shim(folder: Path, name: str, log: Path, *, has_referee: bool) -> None:
    folder.mkdir(exist_ok=True)
    referee = "exit 0" if has_referee else f"echo '{REFUSED}' >&2; exit 1"
    command = folder / name
    command.write_text(SHIM.format(log=log, referee=referee))
    command.chmod(0o755)


@pytest.mark.parametrize("has_referee", [True, False])
@pytest.mark.parametrize("name", ["action.yml", "examples/gitlab-ci.yml", "Dockerfile"])
def test_what_has_no_second_referee_is_installed_without(
    name: str, has_referee: bool, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    for each in ("python", "pip"):
        shim(tmp_path / "bin", each, log, has_referee=has_referee)
    if name == "action.yml":
        [script] = [
            each["run"] for each in yaml(name)["runs"]["steps"] if each.get("name") == "Install"
        ]
        scripts = [script]
    elif name == "Dockerfile":
        scripts = [script for _, script in image_steps()]
    else:
        scripts = yaml(name)["dicom-audit"]["before_script"]
    for script in scripts:
        log.unlink(missing_ok=True)
        done = run(
            "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script,
            PATH=f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
            RUNNER_TEMP=str(tmp_path),
            ACTION_PATH="/the/action",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        asked = [line for line in log.read_text().splitlines() if "venv" not in line]
        assert "referee]" in asked[0]
        # The same again, but for the extra.
        assert asked[1:] == ([] if has_referee else [asked[0].replace("[referee]", "")])
        if name == "action.yml":
            assert ("::warning::" in done.stdout) is not has_referee


def gitlab(workspace: Path) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run the script of the example; return also what of its artefacts is not there."""
    job = yaml("examples/gitlab-ci.yml")["dicom-audit"]
    script = "\n".join(job["script"])
    path = f"{workspace / 'runner' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = run("bash", "-euc", script, cwd=workspace, PYTHONPATH=str(ROOT), PATH=path)
    named = (*job["artifacts"]["paths"], *job["artifacts"]["reports"].values())
    return done, [name for name in named if not (workspace / name).is_file()]


def test_the_gitlab_example_runs(workspace: Path) -> None:
    done, missing = gitlab(workspace)
    assert (done.returncode, missing) == (0, []), done.stderr


def test_the_gitlab_example_reports_an_incomplete_audit(workspace: Path) -> None:
    (workspace / "data" / "1.dcm").unlink()
    done, missing = gitlab(workspace)
    assert (done.returncode, missing) == (3, [])


def test_the_gitlab_example_ends_as_the_scan_where_there_is_no_result(workspace: Path) -> None:
    shutil.rmtree(workspace / "data")
    done, missing = gitlab(workspace)
    assert (done.returncode, "report" in done.stderr) == (2, False)
    assert missing


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


def image_steps() -> list[tuple[int, str]]:
    """The number of the stage, and the script, of each RUN of the image."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text("utf-8"))
    stage, found = 0, []
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        stage += word == "FROM"
        if word == "RUN":
            found.append((stage, re.sub(r"^\s*(--mount=\S+\s+)*", "", rest)))
    return found


def test_the_steps_of_the_image_run_in_empty_folders(tmp_path: Path) -> None:
    """Run both stages of the image, without an index, on what is copied into it."""
    text = (ROOT / "Dockerfile").read_text("utf-8")
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    source, wheels, empty = tmp_path / "src", tmp_path / "wheels", tmp_path / "empty"
    source.mkdir()
    for line in re.findall(r"^COPY (.+)$", text, re.MULTILINE):
        *names, target = line.split()
        for name in names:
            assert f"!{name}" in ignored
            if (ROOT / name).is_dir():
                kept = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / name, source / target, ignore=kept)
            else:
                shutil.copy(ROOT / name, source / target / name)
    [(one, build), (two, install)] = image_steps()
    assert (one, two) == (1, 2)
    # What it depends on is here already, and no index is: pip is told so, and nothing else.
    here = sysconfig.get_path("purelib")
    settings = {
        "PIP_NO_DEPS": "1",
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "false",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    venv.create(empty, with_pip=True)
    path = f"{empty / 'bin'}{os.pathsep}{os.environ['PATH']}"
    # What builds is found here; where it is installed, nothing is.
    for script, folder, found in ((build, source, here), (install, tmp_path, "")):
        told = script.replace("/wheels", str(wheels))
        done = run("sh", "-ec", told, cwd=folder, PATH=path, PYTHONPATH=found, **settings)
        assert done.returncode == 0, done.stdout + done.stderr
    [wheel] = wheels.iterdir()
    assert wheel.name.startswith("dicom_auditor-")
    [entry] = re.findall(r'^ENTRYPOINT \["(.+)"\]$', text, re.MULTILINE)
    [default] = re.findall(r'^CMD \["(.+)"\]$', text, re.MULTILINE)
    done = run(empty / "bin" / entry, default, cwd=tmp_path, PYTHONPATH=here)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Usage: dicom-audit")
    # With the rules of the wheel, and not those of the repository.
    done = run(
        empty / "bin" / "python",
        "-c",
        "from auditor.paths import rules_folder; print(rules_folder())",
        cwd=tmp_path,
        PYTHONPATH=here,
    )
    assert done.stdout.startswith(str(empty)), done.stderr


def test_the_image_runs_as_nobody_and_starts_the_command() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    assert re.search(r"^USER 65534:65534$", text, re.MULTILINE)
    assert re.search(r'^ENTRYPOINT \["dicom-audit"\]$', text, re.MULTILINE)


def test_the_example_of_waivers_is_one() -> None:
    known = {rule.id for rule in load([rules_folder()]).rules}
    assert len(read_waivers(ROOT / "examples" / "waivers.toml", known)) == 2
