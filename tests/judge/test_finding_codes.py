"""The table of codes has every code that the program can emit once, and no other, and says all of each."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from kubectl_pause.finding_codes.finding_code import FindingCode
from kubectl_pause.finding_codes.table import CODES, SECTIONS
from kubectl_pause.known_causes.all import ALL

JUDGE = Path(__file__).parents[2] / "kubectl_pause" / "judge"
OF_MESSAGES = {row.code for _, row in ALL}
CODE = re.compile(
    r"(?:namespace|sandbox|shim|process|pids|zombie|node|pod|container|image|cni|ipam|netns|disk|runtime|kubelet|schedule|volume|probe|cgroup)"
    r"/[a-z]+(?:-[a-z]+)*"
)
ROWS = [row for section in SECTIONS for row in section.codes]


TREES = [ast.parse(path.read_text()) for path in JUDGE.rglob("*.py")]


def constants(node: ast.AST) -> set[str]:
    return {each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)}


def emitted() -> set[str]:
    """String constants of the judges that have the form of a code, none of them anything else, and the codes of messages."""
    return {text for tree in TREES for text in constants(tree) if CODE.fullmatch(text)} | OF_MESSAGES


def beside_one_another() -> list[tuple[set[str], set[str]]]:
    """Codes and severities that are arguments of one call."""
    calls = [node for tree in TREES for node in ast.walk(tree) if isinstance(node, ast.Call)]
    arguments = [[*call.args, *(keyword.value for keyword in call.keywords)] for call in calls]
    texts = [set().union(*(constants(each) for each in own if not isinstance(each, ast.Call))) for own in arguments]
    return [({each for each in own if CODE.fullmatch(each)}, own & {"info", "warning", "critical"}) for own in texts]


def test_every_code_has_one_row():
    assert sorted(row.code for row in ROWS) == sorted(emitted())
    assert len(emitted()) > 10


def test_severities_are_those_of_the_judges():
    pairs = [(codes, told) for codes, told in beside_one_another() if codes and told]
    assert len(pairs) > 15
    assert [
        (codes, told) for codes, told in pairs if any(word not in " ".join(CODES[each].severity for each in codes) for word in told)
    ] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.code)
def test_a_row_is_whole_and_names_codes_that_are_there(row: FindingCode):
    assert re.match(r"(info|warning|critical)\b", row.severity)
    texts = (row.meaning, row.evidence, row.alike, row.remedy, row.source)
    assert all(text == " ".join(text.split()) and text.endswith(".") for text in texts if text)
    assert all((row.meaning, row.evidence, row.remedy, row.source))
    assert "|" not in row.severity + row.meaning, "they stand in a table of docs/findings.md"
    named = {text for told in texts for text in re.findall(r"`([^`]+)`", told) if CODE.fullmatch(text)}
    assert named <= CODES.keys() - {row.code}
