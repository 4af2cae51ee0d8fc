"""How workers come and go, seen from outside: each audit here is a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pydicom
import pytest
from click.testing import CliRunner

from auditor.cli import main
from auditor.paths import rules_folder

ROOT = str(Path(__file__).parents[1])
DATA = Path(pydicom.__file__).parent / "data" / "test_files" / "dicomdirtests"

THREAD = "threading.Thread(target=threading.Event().wait, daemon=True).start()"

SCRIPT = """
import os, sys, threading
from pathlib import Path
from auditor.workers import Job, Workers

def process_and_way(_):
    return os.getpid(), "copied" if __name__ == "__main__" else "started"

def told():
    with Workers(Job((Path(sys.argv[1]),), (), b"k" * 32), 2) as workers:
        for worker, way in workers.run(process_and_way, [[1]], lambda _: (0, "")):
            print(worker, way, flush=True)
        threading.Event().wait()
"""


def start(before: str, tmp_path: Path) -> tuple[subprocess.Popen[str], int, str]:
    script = tmp_path / "script.py"
    guarded = f"if __name__ == '__main__':\n    {before}\n    told()\n"
    script.write_text(SCRIPT + guarded, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, str(script), str(rules_folder())],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": ROOT},
    )
    assert process.stdout is not None
    worker, way = process.stdout.readline().split()
    return process, int(worker), way


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the threads of a process")
@pytest.mark.parametrize(("before", "expected"), [("pass", "copied"), (THREAD, "started")])
def test_a_process_is_copied_only_while_it_has_one_thread(
    before: str, expected: str, tmp_path: Path
) -> None:
    process, _, way = start(before, tmp_path)
    process.terminate()
    process.communicate()
    assert way == expected


@pytest.mark.parametrize("before", ["pass", THREAD], ids=["copied", "started"])
def test_workers_end_with_a_parent_that_is_killed(before: str, tmp_path: Path) -> None:
    process, worker, _ = start(before, tmp_path)
    os.kill(worker, 0)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    # As long as it takes: without the watch, workers wait for ever.
    for _ in range(600):
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        if _is_dead(worker):
            return
        time.sleep(0.1)
    os.kill(worker, signal.SIGKILL)
    pytest.fail("the worker outlived the process that made it")


def _is_dead(process: int) -> bool:
    """Whether it ended, and only nobody has asked for its exit code."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def test_a_script_whose_workers_cannot_start_is_told_so(tmp_path: Path) -> None:
    # Without the guard, each worker runs the script again; a copied one would not.
    script = tmp_path / "script.py"
    script.write_text(f"{SCRIPT}{THREAD}\ntold()\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script), str(rules_folder())],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": ROOT},
    )
    assert done.returncode == 1
    assert "worker processes cannot start here" in done.stderr


def test_copied_workers_give_what_one_process_gives(tmp_path: Path) -> None:
    for jobs in ("1", "2"):
        command = str(DATA), "--jobs", jobs, "--quiet"
        subprocess.run(
            [sys.executable, "-m", "auditor", "scan", *command, "-o", str(tmp_path / jobs)],
            check=True,
            env={**os.environ, "DICOM_AUDIT_KEY": "k" * 32, "PYTHONPATH": ROOT},
        )
    one, two = (
        json.loads((tmp_path / jobs / "result.json").read_text())["collections"]
        for jobs in ("1", "2")
    )
    assert one == two
    for table in ("instances", "references", "companions", "elements", "findings"):
        ours, theirs = (pq.read_table(tmp_path / jobs / table) for jobs in ("1", "2"))
        assert ours.equals(theirs), table


ENDING = '''
"""It is asked when all files are read, and workers wait for more."""
import os, signal
from auditor import CollectionFacts, Units, rule

@rule(
    id="CONS901", category="consistency", scope="collection", unit="collection",
    severity="info", confidence="high",
    reads=("instances.path",), applies=lambda _: Units(1), reference="none",
)
def ends(_: CollectionFacts):
    """All processes are asked to end.

    Why it matters
    --------------
    A terminal asks all of them at once.

    How to fix
    ----------
    Nothing is wrong.
    """
    os.SEND(os.WHOM(), signal.NAME)
    return ()
'''


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="there are no groups of processes")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize(("send", "whom"), [("killpg", "getpgrp"), ("kill", "getpid")])
def test_a_scan_that_is_asked_to_end_says_so_once_and_leaves_nothing(
    name: str, send: str, whom: str, tmp_path: Path
) -> None:
    if signal.getsignal(getattr(signal, name)) is signal.SIG_IGN:
        pytest.skip("these tests were told to ignore it, as by nohup, and so is what they start")
    rules, passing = tmp_path / "rules", tmp_path / "tmp"
    rules.mkdir()
    passing.mkdir()
    text = ENDING.replace("SEND", send).replace("WHOM", whom).replace("NAME", name)
    (rules / "ending.py").write_text(text, encoding="utf-8")
    archive = shutil.make_archive(str(tmp_path / "c"), "zip", DATA)
    options = ["--jobs", "2", "--rules", str(rules), "-o", str(tmp_path / "out"), "--quiet"]
    done = subprocess.run(
        [sys.executable, "-m", "auditor", "scan", archive, *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": ROOT, "TMPDIR": str(passing)},
    )
    assert done.returncode == 3
    assert done.stderr == "dicom-audit: interrupted: the audit is not complete\n"
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["complete"] is False
    assert not list(passing.iterdir())


def test_workers_that_were_started_anew_leave_nothing_behind(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    told = SCRIPT.replace("        threading.Event().wait()\n", "    os._exit(0)\n")
    script.write_text(f"{told}if __name__ == '__main__':\n    {THREAD}\n    told()\n")
    done = subprocess.run(
        [sys.executable, str(script), str(rules_folder())],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": ROOT},
    )
    assert done.returncode == 0
    assert done.stdout.split()[1] == "started"
    assert done.stderr == ""


def test_where_no_process_can_be_started_one_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("auditor.workers.ProcessPoolExecutor", refused)
    out = str(tmp_path / "out")
    done = CliRunner().invoke(main, ["scan", str(DATA), "-o", out, "--jobs", "2", "--quiet"])
    assert done.exit_code == 3
    assert done.stderr == (
        "dicom-audit: worker processes cannot start here (Read-only file system): use --jobs 1\n"
    )
