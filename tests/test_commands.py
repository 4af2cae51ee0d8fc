"""Commands that rules carry: of known tools, about attributes that exist."""

from __future__ import annotations

import re
import shlex
from xml.etree import ElementTree as ET

import pytest

from auditor.paths import rules_folder
from auditor.registry import load
from auditor.standard.dictionary import keyword_of, tag_of

COMMANDS = {
    rule.id: rule.doc.command.split("\n")
    for rule in load([rules_folder()]).rules
    if rule.doc.command
}
PROGRAMS = {"dcmodify", "dcmconv", "dcmj2pnm", "dd", "gunzip"}
LIBRARIES = {"pydicom", "highdicom"}


def test_the_rules_that_are_mended_by_a_command_have_one() -> None:
    assert {"DEID101", "DEID201", "PRIV001", "PRIV003", "IOD001", "FILE004"} <= set(COMMANDS)


@pytest.mark.parametrize("rule_id", COMMANDS)
def test_a_command_is_of_a_known_tool_and_of_attributes_that_exist(rule_id: str) -> None:
    for line in COMMANDS[rule_id]:
        tool, colon, rest = line.partition(": ")
        if tool == "CTP":
            element = ET.fromstring(rest)  # noqa: S314 - our own text
            tag = element.attrib["t"]
            if tag != "privategroups":
                assert keyword_of(int(tag, 16)) == element.attrib["n"]
        elif colon and tool in LIBRARIES:
            assert re.fullmatch(r"[\w.]+\(.*\)", rest)
        else:
            words = shlex.split(line)
            assert words[0] in PROGRAMS
            # What dcmodify does by default leaves what was removed in FILE.bak.
            assert words[0] != "dcmodify" or words[1] == "-nb"
            assert words[0] not in ("dcmodify", "gunzip") or words[-1].startswith("FILE")
        for group, element_number in re.findall(r"\(([0-9A-F]{4}),([0-9A-F]{4})\)", line):
            assert keyword_of(int(group + element_number, 16)), line
        for tag_path, value in re.findall(r'-(?:i|m|ma) "([^"=]*)=([^"]*)"', line):
            assert re.fullmatch(r"TAG|(\([0-9A-F]{4},[0-9A-F]{4}\)(\[0\]\.)?)+", tag_path)
            assert value == value.strip()


def test_the_command_for_names_mends_each_attribute_that_the_rule_looks_at() -> None:
    mended = set(re.findall(r"\([0-9A-F]{4},[0-9A-F]{4}\)", "\n".join(COMMANDS["DEID201"])))
    names = ("PatientName", "OtherPatientNames", "ResponsiblePerson")
    assert mended == {f"({tag_of(name) >> 16:04X},{tag_of(name) & 0xFFFF:04X})" for name in names}
