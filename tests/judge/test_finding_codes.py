"""docs/findings.md names every code of a finding that the program can emit, and no other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
CODE = re.compile(
    r"(?:namespace|sandbox|shim|process|pids|zombie|node|pod|container|image|cni|ipam|netns|disk|runtime|kubelet)/[a-z]+(?:-[a-z]+)*"
)
ROW = re.compile(r"^\| `([^`]+)` \| (info|warning|critical)[^|]* \| [^|]+ \| [^|]+ \| [^|]+ \|$")


def documented() -> list[str]:
    rows = [line for line in (ROOT / "docs" / "findings.md").read_text().splitlines() if line.startswith("| `")]
    matches = [ROW.match(row) for row in rows]
    assert all(matches), [row for row, match in zip(rows, matches, strict=True) if match is None]
    return [match[1] for match in matches if match]


def emitted() -> set[str]:
    """String constants of the judges that have the form of a code: none of them is anything else."""
    trees = [ast.parse(path.read_text()) for path in (ROOT / "kubectl_pause" / "judge").rglob("*.py")]
    texts = [node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return {text for text in texts if CODE.fullmatch(text)}


def test_every_code_has_one_row():
    assert sorted(documented()) == sorted(emitted())
    assert len(emitted()) > 10
