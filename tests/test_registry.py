"""Rules are loaded from folders, and what they say of themselves is checked."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import auditor
from auditor import judging_code
from auditor.judging_code import SHOWING, code_digest
from auditor.model import CATEGORIES, FAMILIES, parse_doc
from auditor.paths import rules_folder
from auditor.reading.reader import FileFacts
from auditor.registry import RegistryError, RuleSet, load, ruleset_of
from auditor.store import TABLES, WALKED

HEAD = "from auditor import Finding, Selector, Units, judge, rule\n"
DOC = '''"""A title.

Why it matters
--------------
Because.

How to fix
----------
So.
"""'''
SAID = {
    "id": '"CONS901"',
    "category": '"consistency"',
    "severity": '"error"',
    "confidence": '"high"',
    "reads": '("Modality",)',
    "reference": '"PS3.3"',
}
OF_COLLECTION = {
    "scope": '"collection"',
    "reads": '("instances.path",)',
    "applies": "lambda facts: Units(1)",
}


def a_rule(doc: str = DOC, **said: str) -> str:
    described = ", ".join(f"{name}={value}" for name, value in {**SAID, **said}.items())
    text = doc.replace("\n", "\n    ")
    return f"@rule({described})\ndef check(facts):\n    {text}\n    yield Finding('x')\n"


def loaded(folder: Path, *texts: str) -> RuleSet:
    folder.mkdir(exist_ok=True)
    for number, text in enumerate(texts):
        (folder / f"topic_{number}.py").write_text(HEAD + text)
    return load([folder])


def test_the_built_in_rules_load_in_order_of_category() -> None:
    rules = load([rules_folder()])
    order = list(CATEGORIES)
    places = [(order.index(rule.category), rule.id) for rule in rules.rules]
    assert places == sorted(places)
    assert {rule.category for rule in rules.rules} == set(CATEGORIES)
    assert rules.judges


def test_a_rule_has_all_that_was_said_of_it(tmp_path: Path) -> None:
    [rule] = loaded(tmp_path / "r", a_rule()).rules
    assert (rule.id, rule.category, rule.severity, rule.confidence) == (
        "CONS901",
        "consistency",
        "error",
        "high",
    )
    assert (rule.doc.title, rule.doc.why, rule.doc.fix) == ("A title.", "Because.", "So.")
    assert (rule.reads, rule.reference, rule.unit) == (("Modality",), "PS3.3", "instance")


@pytest.mark.parametrize("id", ["CONS1", "CONS0001", "cons901", "901", "", "CONS90\\u0661"])
def test_an_id_is_letters_and_three_digits(tmp_path: Path, id: str) -> None:
    with pytest.raises(RegistryError, match="not letters and three digits"):
        loaded(tmp_path / "r", a_rule(id=f'"{id}"'))


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"id": '"ZZZ901"'}, "the id starts with none of FILE"),
        ({"category": '"looks"'}, "a rule of CONS belongs to the category consistency"),
        ({"category": '"iod"'}, "a rule of CONS belongs to the category consistency"),
        ({"severity": '"fatal"'}, "severity 'fatal' is none of info, warning, error"),
        ({"confidence": '"total"'}, "confidence 'total' is none of low, medium, high"),
        ({"scope": '"world"'}, "scope 'world' is none of instance, collection"),
        ({"unit": '"pixel"'}, "unit 'pixel' is none of instance, series, study, patient, file"),
        ({"unit": '"patient"'}, "an instance rule counts instances or series"),
        ({"reference": '""'}, "no reference is given"),
        ({"reads": "()"}, "reads is empty"),
        ({"reads": '("Modality")'}, "reads must be a tuple: add a comma, ('Modality',)"),
        ({"reads": '("Modalty",)'}, "PS3.6 has no attribute 'Modalty'"),
        ({"reads": '("SegmentSequence.Nothing",)'}, "PS3.6 has no attribute"),
        ({"reads": '("file:colour",)'}, "there is no file fact 'colour'"),
        ({"reads": '("referee:nobody",)'}, "there is no referee 'nobody'"),
        ({"reads": '("star:sign",)'}, "'star:sign' is nothing that can be read"),
        ({"reads": '("judge:nobody",)'}, "CONS901 reads judge:nobody, which does not exist"),
        ({"reads": '("referee:dicom-validator", "Modality")'}, "reads nothing else"),
        (
            {"reads": '("referee:dicom-validator",)', "applies": "Selector(frozenset())"},
            "applies to any object",
        ),
        ({"applies": "lambda facts: True"}, "must be a Selector"),
        ({**OF_COLLECTION, "applies": "Selector()"}, "must be a function that returns Units"),
        ({**OF_COLLECTION, "reads": '("Modality",)'}, "is no TABLE.COLUMN of instances"),
        ({**OF_COLLECTION, "reads": '("findings.rule",)'}, "is no TABLE.COLUMN of instances"),
        ({**OF_COLLECTION, "reads": '("instances.colour",)'}, "is no TABLE.COLUMN of instances"),
        ({**OF_COLLECTION, "reads": '("instances.",)'}, "is no TABLE.COLUMN of instances"),
    ],
)
def test_what_cannot_be_true_is_refused(tmp_path: Path, said: dict[str, str], says: str) -> None:
    with pytest.raises(RegistryError) as refusal:
        loaded(tmp_path / "r", a_rule(**said))
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("category='looks', reads=()", "it is of no category"),
        ("category='iod', reads=(), unit='patient'", "a summary counts instances or series"),
        ("category='iod', reads=('referee:dciodvfy',)", "a summary reads no referee"),
        ("category='iod', reads=('Modality')", "reads must be a tuple: add a comma"),
        ("category='iod', reads=('Modalty',)", "PS3.6 has no attribute 'Modalty'"),
        ("category='iod', reads=('judge:nobody',)", "summary much reads judge:nobody"),
    ],
)
def test_a_summary_is_held_to_what_it_says(tmp_path: Path, said: str, says: str) -> None:
    text = "from auditor import summary\n@summary(name='much', {})\ndef count(facts):\n    'How.'\n"
    good = text.format("category='iod', reads=()")
    assert [each.name for each in loaded(tmp_path / "a", good).summaries] == ["much"]
    with pytest.raises(RegistryError, match=says):
        loaded(tmp_path / "b", text.format(said))
    with pytest.raises(RegistryError, match="summary much exists twice"):
        loaded(tmp_path / "c", good, good)
    with pytest.raises(RegistryError, match="it has no docstring"):
        loaded(tmp_path / "d", good.replace("'How.'", "pass"))


def test_a_folder_has_something_to_judge_by_itself(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=r"no rule in .*nothing \(subfolders are not looked"):
        loaded(tmp_path / "nothing", "HELP = 1\n")
    judge = "@judge(name='much', applies=bool)\ndef much(element):\n    'How.'\n"
    summary = "from auditor import summary\n@summary(name='m', category='iod', reads=())\n"
    for name, text in (("judges", judge), ("sums", summary + "def m(facts):\n    'How.'\n")):
        assert not loaded(tmp_path / name, text).rules


@pytest.mark.parametrize("part", ["A title.", "Because.", "So."])
def test_a_rule_says_what_why_and_how_to_fix(tmp_path: Path, part: str) -> None:
    with pytest.raises(RegistryError, match="the docstring has no"):
        loaded(tmp_path / "r", a_rule(doc=DOC.replace(part, "")))


@pytest.mark.parametrize(
    "reads",
    [
        *(f"file:{fact}" for fact in FileFacts._fields),
        "private",
        "SegmentSequence.SegmentLabel",
        "referee:dicom-validator",
    ],
)
def test_what_an_instance_rule_may_read(tmp_path: Path, reads: str) -> None:
    assert loaded(tmp_path / "r", a_rule(reads=f'("{reads}",)')).rules[0].reads == (reads,)


@pytest.mark.parametrize("table", WALKED)
def test_a_collection_rule_may_read_every_column_of_the_walk(tmp_path: Path, table: str) -> None:
    reads = tuple(f"{table}.{column}" for column, _ in TABLES[table])
    said = {**OF_COLLECTION, "reads": repr(reads)}
    assert loaded(tmp_path / "r", a_rule(**said)).rules[0].reads == reads


def test_every_family_belongs_to_a_category(tmp_path: Path) -> None:
    texts = [
        a_rule(id=f'"{family}999"', category=f'"{category}"')
        for family, category in FAMILIES.items()
    ]
    assert len(loaded(tmp_path / "r", *texts).rules) == len(FAMILIES)


def test_an_id_exists_once_in_all_folders(tmp_path: Path) -> None:
    loaded(tmp_path / "a", a_rule())
    loaded(tmp_path / "b", a_rule())
    with pytest.raises(RegistryError, match=r"topic_0\.py: rule CONS901 exists twice"):
        load([tmp_path / "a", tmp_path / "b"])


def test_a_judge_exists_once(tmp_path: Path) -> None:
    text = '@judge(name="twin", applies=lambda place: True)\ndef {}(element): "Said."\n'
    with pytest.raises(RegistryError, match="judge twin exists twice"):
        loaded(tmp_path / "r", text.format("first"), text.format("second"))


def test_folders_may_hold_files_of_one_name_and_import_their_own(tmp_path: Path) -> None:
    for folder, name in (("a", "CONS901"), ("b", "CONS902")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "helper.py").write_text(f'ID = "{name}"\n')
        text = HEAD + "from .helper import ID\n" + a_rule(id="ID")
        (tmp_path / folder / "topic.py").write_text(text)
    rules = load([tmp_path / "a", tmp_path / "b"])
    assert [rule.id for rule in rules.rules] == ["CONS901", "CONS902"]
    assert "helper" not in sys.modules
    assert "topic" not in sys.modules


def test_a_rule_that_is_imported_is_not_a_second_one(tmp_path: Path) -> None:
    rules = loaded(tmp_path / "r", a_rule(), "from .topic_0 import check\n")
    assert [rule.id for rule in rules.rules] == ["CONS901"]


def test_a_folder_of_rules_exists(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="no such folder of rules"):
        load([tmp_path / "none"])


def test_the_digest_is_of_the_text_and_of_the_choice(tmp_path: Path) -> None:
    rules = loaded(tmp_path / "a", a_rule(), a_rule(id='"CONS902"'))
    same = loaded(tmp_path / "b", a_rule(), a_rule(id='"CONS902"'))
    other = loaded(tmp_path / "c", a_rule(), a_rule(id='"CONS902"', severity='"info"'))
    assert rules.digest == same.digest != other.digest
    assert rules.only((), ()).digest == rules.digest
    assert rules.only(["consistency"], ()).digest == rules.digest
    fewer = {rules.only(["CONS901"], ()).digest, rules.only((), ["CONS901"]).digest}
    assert len(fewer | {rules.digest}) == 3


def test_rules_are_chosen_by_id_and_category(tmp_path: Path) -> None:
    rules = loaded(
        tmp_path / "r",
        a_rule(),
        a_rule(id='"CONS902"'),
        a_rule(id='"IOD901"', category='"iod"'),
    )

    def chosen(select: list[str], ignore: list[str]) -> list[str]:
        return [rule.id for rule in rules.only(select, ignore).rules]

    assert chosen([], []) == ["IOD901", "CONS901", "CONS902"]
    assert chosen(["iod", "CONS901"], []) == ["IOD901", "CONS901"]
    assert chosen(["consistency"], ["CONS901"]) == ["CONS902"]
    assert chosen([], ["consistency", "iod"]) == []
    with pytest.raises(RegistryError, match="no rule and no category is called 'CONS9'"):
        chosen(["CONS9"], [])


def test_rules_that_are_left_out_are_counted_by_category(tmp_path: Path) -> None:
    rules = loaded(
        tmp_path / "r",
        a_rule(),
        a_rule(id='"CONS902"'),
        a_rule(id='"IOD901"', category='"iod"'),
    )
    assert rules.left_out == rules.only((), ()).left_out == {}
    assert rules.only((), ["CONS901"]).left_out == {"consistency": 1}
    assert rules.only(["CONS901"], ()).left_out == {"consistency": 1, "iod": 1}
    twice = rules.only((), ["CONS901"]).only((), ["CONS902"])
    assert twice.left_out == {"consistency": 2}


def test_one_rule_is_got_by_its_id(tmp_path: Path) -> None:
    rules = loaded(tmp_path / "r", a_rule())
    assert rules.get("CONS901") is rules.rules[0]
    with pytest.raises(RegistryError, match="no rule is called 'CONS902'"):
        rules.get("CONS902")


def test_of_a_command_the_lines_stay_lines() -> None:
    doc = parse_doc(
        """Title of
    two lines.

    How to fix
    ----------
    Like
    this.

    Command
    -------
    dcmodify -ma "(0010,0010)=" FILE
    dcmdump FILE
    """
    )
    assert doc.title == "Title of two lines."
    assert doc.fix == "Like this."
    assert doc.command == 'dcmodify -ma "(0010,0010)=" FILE\ndcmdump FILE'


def test_the_rule_set_is_all_that_judges_and_nothing_that_shows(tmp_path: Path) -> None:
    def digest() -> str:
        code_digest.cache_clear()
        return code_digest(tmp_path)

    (tmp_path / "_bundled" / "rules").mkdir(parents=True)
    showing = ("view.py", "result.schema.json", "_bundled/rules/deid.py")
    for name in ("identifiers.py", *showing):
        (tmp_path / name).write_text("1", encoding="utf-8")
    before = digest()
    for name in showing:
        (tmp_path / name).write_text("2", encoding="utf-8")
    assert digest() == before
    (tmp_path / "identifiers.py").write_text("2", encoding="utf-8")
    assert digest() != before
    rules = load([rules_folder()])
    assert ruleset_of(rules.only(["DEID101"], ())) != ruleset_of(rules)


def test_what_the_package_offers_is_there() -> None:
    for name in auditor.__all__:
        assert getattr(getattr(auditor, name), "__name__", "ANY") == name
    with pytest.raises(AttributeError, match="nothing"):
        _ = auditor.nothing


def test_nothing_that_judges_imports_what_only_shows() -> None:
    package = Path(judging_code.__file__).parent
    wrong = []
    for file in package.rglob("*.py"):
        room = file.relative_to(package).parts[0].removesuffix(".py")
        # The package itself offers what an audit gives to pandas, and `python -m` is the command.
        if room in SHOWING or room in ("__init__", "__main__", "_bundled"):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [each.name for each in node.names] if isinstance(node, ast.Import) else []
            wrong += [
                f"{file.name} imports {module}"
                for module in modules
                if module.startswith("auditor.") and module.split(".")[1] in SHOWING
            ]
    assert wrong == []
