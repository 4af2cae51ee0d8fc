"""The content tree, units, codes, and the packaged templates."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.facts import InstanceFacts
from auditor.model import Outcome
from auditor.planning import RulesPlan
from auditor.reading.places import Forest
from auditor.standard.codes import is_known_group
from auditor.standard.dictionary import tag_of
from auditor.structured_report import templates
from auditor.structured_report.content import Code, ContentTree, is_kept
from auditor.structured_report.templates import (
    ROOTS,
    Row,
    compared_numbers,
    constraints,
    template,
)
from auditor.structured_report.ucum import is_unit
from tests.rules.cases import all_rules, get_rule, passes
from tests.rules.documents import CT_IMAGE, code, container, document, measurements, num, text

GOOD = """
1 mm mm2 cm3 /min g/ml{SUVbw} [hnsf'U] mm[Hg] mGy.cm {events} 10*3/uL m[H2O] %[slope] kg.m/s2
(g.m)/s2 dB[10.nV] [degF] mL/min/{1.73_m2} cal_[15] 100/m 4.[pi].10*-7.N/A2 ml Kibit
mmol/kg{WetWeight} [m/s2/Hz^0.5]
"""

BAD = """
mmHg MM sec HU pixels mm//s mm/ (mm mm) {a}{b} degC { Ki cc kmin .mm mm..s 2mm (m/s)2 µm k{x}y
"""


@pytest.mark.parametrize("unit", GOOD.split())
def test_units_of_ucum(unit: str) -> None:
    assert is_unit(unit)


@pytest.mark.parametrize("unit", ["", " mm", "m m", "m" * 65, *BAD.split()])
def test_units_that_ucum_does_not_have(unit: str) -> None:
    assert not is_unit(unit)


def test_units_of_the_standards_context_groups_are_units() -> None:
    from pydicom.sr._concepts_dict import concepts

    units = [code for by_code in concepts["UCUM"].values() for code in by_code]  # type: ignore[attr-defined]
    assert len(units) > 90
    assert [unit for unit in units if not is_unit(unit)] == []


@given(st.text(max_size=70))
def test_any_text_is_a_unit_or_none(text: str) -> None:
    assert is_unit(text) in (True, False)


TEMPLATES = templates._table().templates

UNITS = st.recursive(
    st.sampled_from(["m", "kg", "s2", "[degF]", "{x}"]),
    lambda inner: (
        st.builds("{}.{}".format, inner, inner) | st.builds("({})/{}".format, inner, inner)
    ),
    max_leaves=6,
)


@given(UNITS)
def test_products_and_quotients_of_units_are_units(unit: str) -> None:
    assert is_unit(unit) is (len(unit) <= 64)


def test_a_code_is_complete_with_value_scheme_and_meaning() -> None:
    assert Code("1", "DCM").is_complete
    assert not Code("1", "").is_complete
    assert not Code("", "DCM").is_complete
    assert not Code("1", "DCM", has_meaning=False).is_complete
    assert Code("urn:oid:1.2", "").is_complete


def test_no_text_of_a_report_is_kept() -> None:
    """Text, names, numbers, dates and UIDs are in no token: they make no signature."""
    content = tag_of("ContentSequence")
    for keyword in ("TextValue", "PersonName", "UID", "Date", "Time", "DateTime", "GraphicData"):
        assert not is_kept((tag_of(keyword),))
        assert not is_kept((content, content, tag_of(keyword)))
    measured = tag_of("MeasuredValueSequence")
    assert not is_kept((content, measured, tag_of("NumericValue")))
    names = tag_of("ConceptNameCodeSequence")
    assert not is_kept((content, names, tag_of("CodeMeaning")))
    assert is_kept((names, tag_of("CodeValue")))
    assert is_kept((content, content, names, tag_of("CodeValue")))
    assert not is_kept((names, content, tag_of("CodeValue")))


def tree_of(literal: dict[str, object]) -> ContentTree:
    """Return the content tree of a data set, by the way that the engine takes."""
    found: list[ContentTree] = []
    rule = get_rule("SR103")

    original = InstanceFacts.content

    def content(facts: InstanceFacts) -> ContentTree:
        found.append(original(facts))
        return found[-1]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(InstanceFacts, "content", content)
        passes(literal).ask(rule)
    return found[0]


def test_the_tree_knows_positions() -> None:
    tree = tree_of(document(text("121106"), container("121070", num("121206"))))
    assert [item.value_type for item in tree.items] == ["CONTAINER", "TEXT", "CONTAINER", "NUM"]
    assert tree.target((1,)) is tree.root
    assert tree.target((1, 2, 1)) is tree.items[3]
    for nowhere in ((), (2,), (1, 3), (1, 0), (1, 2, 1, 1)):
        assert tree.target(nowhere) is None
    assert str(tree.items[3].path) == "(0040,A730)/(0040,A730)"


def test_it_is_asked_for_by_reports_only() -> None:
    plan = RulesPlan(CT_IMAGE, [get_rule("SR103")], {})
    place = Forest(lambda _: plan).tree(CT_IMAGE).child(0x0040A040, "CS")
    assert not plan.attention(place).keep


def rows(some: tuple[Row, ...]) -> list[Row]:
    return [each for row in some for each in (row, *rows(row.rows))]


def test_every_include_and_every_context_group_is_known() -> None:
    for tid in TEMPLATES:
        for row in rows(template(tid).rows):
            assert bool(row.include) is not bool(row.value_type)
            assert not row.include or row.include in TEMPLATES
            assert row.requirement in ("M", "MC", "U", "UC")
            # The source has no words for the condition of TID 1420, rows 2 and 3.
            has_condition = row.condition is not None or tid == "1420"
            assert row.requirement != "MC" or has_condition, (tid, row.name)
            for group in (*row.concept_groups, *row.value_groups, *row.units_groups):
                # Languages and countries are lists of other standards.
                assert is_known_group(group) or group in (5000, 5001), (tid, group)
            assert not row.units or is_unit(row.units), row.units
            assert row.most is None or row.least <= row.most


def test_the_templates_of_the_measurement_report_are_there() -> None:
    named = """
    1500 1204 1001 1002 1003 1004 1005 1006 1007 1008 1009 1010 1600 1601 1602 1603 1604 1605 1606
    1607 1410 1411 1419 1420 1501 1502 300 310 315 320 321 1000 4108 10001 10002 10003 10004 10005
    10006 10007 10011 10012 10013 10014 10015 2010
    """
    assert set(named.split()) <= set(TEMPLATES)
    assert any(tid.startswith("4019") for tid in TEMPLATES)
    assert set(ROOTS) <= set(TEMPLATES)


def test_only_the_dose_check_has_conditions_that_compare_numbers() -> None:
    """A forward estimate with the value that alerts or notifies: of TID 10015."""
    assert compared_numbers() == {
        ("113905", "113903"), ("113906", "113904"), ("113913", "113911"), ("113914", "113912"),
    }  # fmt: skip


def test_facts_of_templates_against_the_standard() -> None:
    """Rows that were looked up in PS3.16 by hand."""
    (root,) = template("1500").rows
    assert root.concept_groups == (7021,)
    assert template("1500").extensible
    assert not template("2010").extensible
    by_name = {row.name: row for row in rows(template("10013").rows)}
    assert by_name["DLP"].units == "mGy.cm"
    assert by_name["DLP"].requirement == "M"
    assert by_name["CT Acquisition Type"].value_groups == (10013,)
    assert by_name["Pitch Factor"].requirement == "MC"


def test_relationships_of_sop_classes() -> None:
    basic = constraints("1.2.840.10008.5.1.4.1.1.88.11")
    assert basic is not None
    assert "NUM" not in basic["CONTAINER"]["CONTAINS"][0]
    comprehensive = constraints("1.2.840.10008.5.1.4.1.1.88.33")
    assert comprehensive is not None
    assert "NUM" in comprehensive["NUM"]["INFERRED FROM"][1]
    assert constraints("1.2.840.10008.5.1.4.1.1.2") is None


def test_the_script_makes_the_packaged_table(shared: Path, tmp_path: Path) -> None:
    source = shared / "standard" / "sr_templates.xml"
    script = Path(templates.__file__).parents[2] / "tools" / "build_templates.py"
    code = (
        f"import runpy,sys; sys.argv=['', {str(source)!r}]; "
        f"module=runpy.run_path({str(script)!r}); "
        f"module['main'].__globals__['TABLE']=__import__('pathlib').Path({str(tmp_path / 't')!r}); "
        "module['main']()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    packaged = Path(templates.__file__).parents[1] / "standard" / "templates.json.gz"
    # Unpacked: another zlib may pack the same table otherwise.
    built = (tmp_path / "t").read_bytes()
    assert gzip.decompress(built) == gzip.decompress(packaged.read_bytes())


CONCEPTS = ["126010", "125007", "121071", "111030", "112039", "113854", "121005", "1,99X"]
KINDS = ["CONTAINER", "TEXT", "CODE", "NUM", "SCOORD", "IMAGE", "UIDREF", "PNAME", ""]
RELATED = ["CONTAINS", "HAS OBS CONTEXT", "HAS CONCEPT MOD", "INFERRED FROM", ""]


def _items(inside: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.builds(
        lambda kind, related, name, below, value: {
            **code(name, value),
            "ValueType": kind,
            "RelationshipType": related,
            "ContentSequence": below,
        },
        st.sampled_from(KINDS),
        st.sampled_from(RELATED),
        st.sampled_from(CONCEPTS),
        st.lists(inside, max_size=4),
        st.sampled_from(["121006", "121007", "113856"]),
    )


ITEMS = st.recursive(st.just(num("410668003,SCT")), _items, max_leaves=12)


@given(
    items=st.lists(ITEMS, max_size=4),
    tid=st.sampled_from(ROOTS),
    rule_id=st.sampled_from([rule.id for rule in all_rules().rules if "content" in rule.reads]),
)
def test_no_tree_makes_a_rule_raise(items: list[dict[str, object]], tid: str, rule_id: str) -> None:
    said = passes(document(*items, template=tid)).ask(get_rule(rule_id))
    assert said.outcome is not Outcome.ERROR, said


def test_a_report_of_thousands_of_groups_is_judged() -> None:
    groups = [container("125007", *[num("410668003,SCT")] * 3) for _ in range(1000)]
    conformance = tree_of(measurements(*groups)).conformance
    assert conformance is not None
    assert not conformance.problems
