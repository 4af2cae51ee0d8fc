"""`result.schema.json` accepts every result, refuses wrong ones, and names what is written."""

from __future__ import annotations

import copy
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from auditor import model, result
from tests.sample_result import SAMPLES, audit, careless, empty

SCHEMA = json.loads(
    (Path(__file__).parents[1] / "auditor" / "result.schema.json").read_text("utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA)


def _plain() -> dict[str, Any]:
    return audit(careless()).to_dict()


def _change(plain: dict[str, Any], where: str, value: object) -> dict[str, Any]:
    """Set what stands at a path of dots; None deletes it."""
    *way, last = where.split(".")
    target: Any = plain
    for step in way:
        target = target[int(step) if step.isdigit() else step]
    if value is None:
        del target[last]
    else:
        target[last] = value
    return plain


def test_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"hostile", "huge"}))
def test_every_sample_validates_as_written(name: str, tmp_path: Path) -> None:
    # The hostile sample breaks the contract on purpose: its units are markup. The huge one is
    # made of the others.
    path = tmp_path / "result.json"
    SAMPLES[name]().write(path)
    VALIDATOR.validate(json.loads(path.read_text("utf-8")))


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("schema", "dicom-auditor/result/2"),
        ("schema", None),
        ("tool", None),
        ("tool.ruleset", None),
        ("tool.standard_edition", None),
        ("tool.profile", 1),
        ("collections", None),
        ("collections.0.name", None),
        ("collections.0.repository", None),
        ("collections.0.counts", None),
        ("collections.0.counts.partial", None),
        ("collections.0.counts.signatures", None),
        ("collections.0.counts.files", -1),
        ("collections.0.counts.bytes", 1.5),
        ("collections.0.categories", None),
        ("collections.0.categories.0.score", 101),
        ("collections.0.categories.0.score", "100"),
        ("collections.0.categories.0.score", None),
        ("collections.0.categories.0.coverage", 100),
        ("collections.0.rules.0.outcome", "passed"),
        ("collections.0.rules.0.outcome", None),
        ("collections.0.rules.0.severity", "critical"),
        ("collections.0.rules.0.confidence", "sure"),
        ("collections.0.rules.0.unit", "slice"),
        ("collections.0.rules.0.findings", None),
        ("collections.0.rules.0.findings.0.count", 0),
        ("collections.0.rules.0.findings.0.examples", "a.dcm"),
        ("collections.0.inventory.modality", [{"value": "CT"}]),
        ("collections.0.companions.CSV", "4"),
    ],
)
def test_wrong_result_is_refused(where: str, value: object) -> None:
    plain = _plain()
    assert VALIDATOR.is_valid(plain)
    assert not VALIDATOR.is_valid(_change(plain, where, value))


@pytest.mark.parametrize("where", ["added", "tool.added", "collections.0.rules.0.added"])
def test_fields_may_be_added(where: str) -> None:
    assert VALIDATOR.is_valid(_change(_plain(), where, {"any": "thing"}))


def test_score_may_be_null() -> None:
    plain = audit(empty()).to_dict()
    assert plain["collections"][0]["categories"][0]["score"] is None
    assert VALIDATOR.is_valid(plain)


@pytest.mark.parametrize(
    ("definition", "written"),
    [
        ("tool", result.Tool),
        ("collection", result.CollectionResult),
        ("counts", result.Counts),
        ("category", result.CategoryResult),
        ("rule", result.RuleResult),
        ("finding", result.GroupedFinding),
        ("inventory_row", result.InventoryRow),
        ("waiver", result.WaiverResult),
        ("conformance", result.ConformanceResult),
        ("iod", result.IodResult),
        ("module", result.ModuleResult),
        ("disagreement", result.Disagreement),
        ("objects", result.ObjectsResult),
        ("object_kind", result.ObjectKind),
        ("object_link", result.ObjectLink),
        ("deidentification", result.Deidentification),
        ("claim", result.Claim),
        ("carried_attribute", result.CarriedAttribute),
        ("expectation", result.Expectation),
        ("private", result.Private),
        ("private_creator", result.PrivateCreator),
        ("private_vendor", result.PrivateVendor),
        ("reports", result.Reports),
        ("segments", result.Segments),
        ("segment_kind", result.SegmentKind),
        ("evidence", result.EvidenceResult),
        ("evidence_form", result.EvidenceForm),
        ("evidence_held", result.EvidenceHeld),
        ("evidence_table", result.EvidenceTable),
    ],
)
def test_schema_names_exactly_what_is_written(definition: str, written: Any) -> None:
    assert set(SCHEMA["$defs"][definition]["properties"]) == {each.name for each in fields(written)}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("severity", model.Severity),
        ("confidence", model.Confidence),
        ("outcome", model.Outcome),
        ("unit", model.Unit),
        ("scope", model.Scope),
    ],
)
def test_words_are_those_of_the_model(name: str, words: Any) -> None:
    assert set(SCHEMA["$defs"]["rule"]["properties"][name]["enum"]) == {str(each) for each in words}


def test_every_required_name_is_described() -> None:
    for each in (SCHEMA, *SCHEMA["$defs"].values()):
        assert set(each.get("required", ())) <= set(each.get("properties", ()))


def test_reading_what_was_written_gives_the_same(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    written = audit(careless())
    expected = copy.deepcopy(written)
    written.write(path)
    assert result.read_result(path) == expected
