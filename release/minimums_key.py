"""A hash of what decides whether the oldest allowed dependencies still serve: `make minimums` runs again only where it is another.

That is pyproject.toml, the locks, and every product file that imports a package which is not Python's own or ours.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
_OWN = sys.stdlib_module_names | {"kubectl_pause"}


def imports_of_others(source: str) -> set[str]:
    """Top-level names of the packages that a module imports, anywhere in it, and that are neither Python's nor this project's."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names - _OWN


def key() -> str:
    """The hash, 16 hexadecimal digits."""
    sources = sorted((ROOT / "kubectl_pause").rglob("*.py"))
    files = [
        ROOT / "pyproject.toml",
        *sorted([*ROOT.glob("requirements*.lock"), *ROOT.glob("release/requirements*.lock")]),
        *(each for each in sources if _uses_others(each)),
    ]
    digest = hashlib.sha256(sys.version.encode())
    for file in files:
        digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _uses_others(file: Path) -> bool:
    return bool(imports_of_others(file.read_text(encoding="utf-8")))


if __name__ == "__main__":
    print(key())
