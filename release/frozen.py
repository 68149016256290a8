"""The program with everything it needs in one directory, made by PyInstaller from the wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from release.notices import third_party_notices

ROOT = Path(__file__).resolve().parent.parent
SPEC = ROOT / "release" / "pause_inspect.spec"


def freeze(wheel: Path, work: Path, moment: int) -> Path:
    """The directory with the program, its libraries, LICENSE and notices. `work` is emptied first."""
    shutil.rmtree(work, ignore_errors=True)
    unpacked = work / "wheel"
    with zipfile.ZipFile(wheel) as file:
        file.extractall(unpacked)
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level=WARN"]
    command += [f"--distpath={work}", f"--workpath={work / 'work'}", str(SPEC)]
    same_each_time = {"PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": str(moment)}
    subprocess.run(command, check=True, cwd=work, env={**os.environ, **same_each_time, "RELEASE_WHEEL": str(unpacked)})
    folder = work / "frozen"
    for dist_info in (folder / "_internal").glob("*.dist-info"):
        shutil.rmtree(dist_info)  # their licences are in the notices, and nothing asks for the rest
    shutil.copy(ROOT / "LICENSE", folder / "LICENSE")
    notices = third_party_notices(frozen_modules(work / "work"), frozen_libraries(work / "work"))
    (folder / "THIRD_PARTY_NOTICES.txt").write_text(notices, encoding="utf-8")
    return folder


def frozen_modules(work: Path) -> set[str]:
    """Top-level names of the modules that went in, by PyInstaller's own tables."""
    names = [name for name, _, kind in _table(work, "PYZ") if kind.startswith("PYMODULE")]
    names += [name for name, _, kind in _table(work, "Analysis") if kind == "EXTENSION"]
    return {Path(name).parts[0].split(".")[0] for name in names}


def frozen_libraries(work: Path) -> list[Path]:
    """Shared libraries that went in, where they lay."""
    return [Path(source) for _, source, kind in _table(work, "Analysis") if kind == "BINARY"]


def _table(work: Path, of: str) -> list[tuple[str, str, str]]:
    from PyInstaller.utils.misc import load_py_data_struct

    (table,) = work.rglob(f"{of}-00.toc")
    rows = [row for part in load_py_data_struct(str(table)) if isinstance(part, list) for row in part]
    return [row for row in rows if isinstance(row, tuple) and len(row) == 3]  # noqa: PLR2004 (name, source, kind)
