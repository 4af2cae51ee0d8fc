"""A profile is data, and wrong data is refused with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model import CATEGORIES, Confidence, Severity
from auditor.paths import profiles_folder, rules_folder
from auditor.profile import Profile, ProfileError, read_profile
from auditor.registry import load

DEFAULT = (profiles_folder() / "default.toml").read_text()
RULES = load([rules_folder()])
IDS = [rule.id for rule in RULES.rules]


def changed(folder: Path, change: str, to: str) -> Profile:
    assert change in DEFAULT
    path = folder / "p.toml"
    path.write_text(DEFAULT.replace(change, to, 1))
    return read_profile(path, IDS)


@pytest.fixture
def default() -> Profile:
    return read_profile(profiles_folder() / "default.toml", IDS)


def test_the_default_is_complete(default: Profile) -> None:
    assert default.name == "default"
    assert set(default.severity_weights) == set(Severity)
    assert set(default.confidence_factors) == set(Confidence)
    assert set(default.category_weights) == set(CATEGORIES)
    assert default.unreadable_share == 0.01


def test_a_weight_is_severity_times_confidence(default: Profile) -> None:
    for rule in RULES.rules:
        assert default.weight(rule) == (
            default.severity_weights[rule.severity] * default.confidence_factors[rule.confidence]
        )
    weights = default.severity_weights
    assert weights[Severity.ERROR] > weights[Severity.WARNING] > weights[Severity.INFO] == 0


def test_a_rule_can_have_a_weight_of_its_own(tmp_path: Path) -> None:
    profile = changed(tmp_path, "[rule_weights]", "[rule_weights]\nDEID101 = 7.5")
    assert profile.weight(RULES.get("DEID101")) == 7.5
    assert profile.weight(RULES.get("DEID102")) == 10


def test_a_rule_can_have_another_severity(tmp_path: Path) -> None:
    profile = changed(tmp_path, "[severities]", '[severities]\nDEID101 = "info"')
    assert profile.severity(RULES.get("DEID101")) is Severity.INFO
    assert profile.weight(RULES.get("DEID101")) == 0
    assert profile.severity(RULES.get("DEID102")) is Severity.ERROR


@pytest.mark.parametrize(
    ("change", "to", "says"),
    [
        ('name = "default"', "", "name is missing"),
        ('name = "default"', "name = 3", "name is missing"),
        ('name = "default"', 'name = ""', "name is missing"),
        ("[limits]", "[colours]\n[limits]", "unknown key 'colours'"),
        ("error = 10", "", "severity_weights: error is missing"),
        ("error = 10", "error = -1", "severity_weights.error is not a number from 0 to"),
        ("error = 10", "error = nan", "severity_weights.error is not a number from 0 to"),
        ("error = 10", "error = inf", "severity_weights.error is not a number from 0 to"),
        ("error = 10", "error = true", "severity_weights.error is not a number from 0 to"),
        ("error = 10", "error = '10'", "severity_weights.error is not a number from 0 to"),
        ("error = 10", f"error = 1{'0' * 400}", "severity_weights.error is not a number from 0"),
        ("error = 10", "error = 10\nfatal = 20", "severity_weights: unknown key 'fatal'"),
        ("high = 1.0", "", "confidence_factors: high is missing"),
        ("iod = 2", "", "category_weights: iod is missing"),
        ("iod = 2", "iod = 2\nlooks = 1", "category_weights: unknown key 'looks'"),
        ("[rule_weights]", "[rule_weights]\nNONE001 = 1", "rule_weights: no rule is called"),
        ("[rule_weights]", "[rule_weights]\nDEID101 = 'x'", "rule_weights.DEID101 is not a number"),
        ("[severities]", "[severities]\nNONE001 = 'info'", "severities: no rule is called"),
        ("[severities]", "[severities]\nDEID101 = 'fatal'", "DEID101 is none of info"),
        ("[severities]", "[severities]\nDEID101 = []", "DEID101 is none of info"),
        ("unreadable_share = 0.01", "unreadable_share = 1.01", "limits.unreadable_share is not"),
        ("unreadable_share = 0.01", "unreadable = 1", "limits: unknown key 'unreadable'"),
        ("[limits]\n", "[x]\n", "unknown key 'x'"),
        ('name = "default"', 'name = "default"\nrule_weights = 3\n', "is not TOML"),
        # Python makes no number of more than 4300 digits, nor writes one.
        ("error = 10", f"error = 1{'0' * 5000}", "is not TOML: a number is too long"),
        ("[severities]", f"[severities]\nDEID101 = 0x{'f' * 5000}", "none of info"),
        ("error = 10", f"error = {'[' * 5000}", "is not TOML: "),
    ],
)
def test_what_is_wrong_is_refused(tmp_path: Path, change: str, to: str, says: str) -> None:
    with pytest.raises(ProfileError) as refusal:
        changed(tmp_path, change, to)
    message = str(refusal.value)
    assert message.startswith("profile p.toml: ")
    assert says in message
    assert "\n" not in message


def test_a_table_is_a_table(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text('name = "x"\nlimits = 3')
    with pytest.raises(ProfileError, match="limits is not a table"):
        read_profile(tmp_path / "p.toml", IDS)


def test_limits_may_be_left_out(tmp_path: Path) -> None:
    text = DEFAULT.partition("[limits]")[0]
    (tmp_path / "p.toml").write_text(text)
    assert read_profile(tmp_path / "p.toml", IDS).unreadable_share == 0.01


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_profile_or_are_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(data)
    with pytest.raises(ProfileError):
        read_profile(path, IDS)
