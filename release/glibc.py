"""The oldest glibc that a frozen build runs on: the newest version that any of its ELF files asks for."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_MAGIC = b"\x7fELF"
_NEEDED = re.compile(r"\bName: GLIBC_(\d+(?:\.\d+)+)")

Version = tuple[int, ...]


def glibc_floor(folder: Path) -> tuple[Version, Path]:
    """The version, and the file that asks for it. Raises ValueError where no file asks for any, CalledProcessError where readelf fails."""
    needs = [(version, path) for path in elf_files(folder) for version in needed_versions(_readelf(path))]
    if not needs:
        raise ValueError(f"no ELF file below {folder} asks for glibc")
    return max(needs)


def elf_files(folder: Path) -> Iterable[Path]:
    """Programs and libraries, told by their first bytes."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                if file.read(4) == _MAGIC:
                    yield path


def needed_versions(text: str) -> set[Version]:
    """Of what `readelf --version-info` says: of the section `.gnu.version_r`, what is needed, not what a library itself offers."""
    needed = text.partition("Version needs section")[2].partition("Version definition section")[0]
    return {tuple(int(part) for part in found.split(".")) for found in _NEEDED.findall(needed)}


def _readelf(path: Path) -> str:
    command = ["readelf", "--wide", "--version-info", str(path)]
    return subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}).stdout
