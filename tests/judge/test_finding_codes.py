"""The table of codes has every code that the program can emit once, and no other, and says all of each."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from kubectl_pause.finding_codes.finding_code import FindingCode
from kubectl_pause.finding_codes.table import CODES, SECTIONS

JUDGE = Path(__file__).parents[2] / "kubectl_pause" / "judge"
CODE = re.compile(
    r"(?:namespace|sandbox|shim|process|pids|zombie|node|pod|container|image|cni|ipam|netns|disk|runtime|kubelet)/[a-z]+(?:-[a-z]+)*"
)
ROWS = [row for section in SECTIONS for row in section.codes]


def emitted() -> set[str]:
    """String constants of the judges that have the form of a code: none of them is anything else."""
    trees = [ast.parse(path.read_text()) for path in JUDGE.rglob("*.py")]
    texts = [node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return {text for text in texts if CODE.fullmatch(text)}


def test_every_code_has_one_row():
    assert sorted(row.code for row in ROWS) == sorted(emitted())
    assert len(emitted()) > 10


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.code)
def test_a_row_is_whole_and_names_codes_that_are_there(row: FindingCode):
    assert re.match(r"(info|warning|critical)\b", row.severity)
    texts = (row.meaning, row.evidence, row.alike, row.remedy, row.source)
    assert all(text == " ".join(text.split()) and text.endswith(".") for text in texts if text)
    assert all((row.meaning, row.evidence, row.remedy, row.source))
    named = {text for told in texts for text in re.findall(r"`([^`]+)`", told) if CODE.fullmatch(text)}
    assert named <= CODES.keys() - {row.code}
