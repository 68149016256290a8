"""The house: imports go from later stages to earlier ones alone, in no circle (docs/architecture.md)."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "kubectl_pause"
STAGES = (
    {"errors", "pasting", "notes", "signals", "report", "watch_report", "difference_report", "schema", "finding_codes", "kubectl_pause"}
    | {"known_causes"},
    {"facts"},
    {"access"},
    {"select"},
    {"capture"},
    {"join"},
    {"judge"},
    {"inspect_node", "inspect_inside"},
    {"who", "redaction", "compare_reports"},
    {"render"},
    {"demo"},
    {"cli"},
    {"__main__"},
)
"""Folders and modules of the package, the earlier ones first; those of one set import nothing of each other but words."""
MOST_LINES = 300
MOST_FILES = 18


def modules() -> dict[str, Path]:
    found = {}
    for path in PACKAGE.rglob("*.py"):
        name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = path
    return found


def imports() -> dict[str, set[str]]:
    """What each module imports of the package, for types alone too."""
    known = modules()
    found: dict[str, set[str]] = defaultdict(set)
    for module, path in known.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("kubectl_pause"):
                for name in node.names:
                    inside = f"{node.module}.{name.name}"
                    found[module].add(inside if inside in known else node.module)
            elif isinstance(node, ast.Import):
                found[module] |= {name.name for name in node.names if name.name.startswith("kubectl_pause")}
    return found


def stage(module: str) -> int:
    parts = module.split(".")
    place = parts[1] if len(parts) > 1 else parts[0]
    (index,) = [index for index, places in enumerate(STAGES) if place in places]
    return index


def test_every_module_has_a_stage_and_imports_earlier_ones_alone():
    against = [(module, other) for module, others in imports().items() for other in others if stage(other) > stage(module)]
    assert against == []
    assert len(imports()) > 100


def test_no_circle():
    """Modules that import nothing of those left are taken away, over and over: a circle is what stays."""
    left = {module: set(others) for module, others in imports().items()}
    while free := [module for module, others in left.items() if not others & left.keys() - {module}]:
        for module in free:
            del left[module]
    assert left == {}


@pytest.mark.parametrize("place", ["facts", "join", "judge", "who", "render"])
def test_only_access_and_capture_touch_the_world(place):
    """No file, no process, no socket, no clock and no environment in what only thinks."""
    worldly = {"os", "pathlib", "socket", "subprocess", "ssl", "urllib3", "time", "tempfile", "shutil", "select"}
    guilty = []
    for module, path in modules().items():
        if module.split(".")[1:2] != [place]:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            guilty += [(module, name) for name in names if name.split(".")[0] in worldly]
    assert guilty == []


def test_a_long_file_says_why_and_no_folder_is_crowded():
    for path in modules().values():
        text = path.read_text()
        docstring = ast.get_docstring(ast.parse(text)) or ""
        assert len(text.splitlines()) <= MOST_LINES or "long" in docstring.lower(), f"{path}: shorten it, or say in its docstring why not"
    for folder in {path.parent for path in modules().values()}:
        files = [path for path in folder.iterdir() if path.is_file()]
        assert len(files) <= MOST_FILES, f"{folder} holds {len(files)} files"
