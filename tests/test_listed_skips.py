"""A skip that stands in no list fails its run, with one worker and with several."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SKIPPING = """
import pytest
from tests.listed_skips import pytest_sessionfinish, pytest_terminal_summary
"""


@pytest.mark.parametrize(
    ("reason", "code", "workers"), [("needs Linux", 0, []), ("needs Linux and busybox", 1, []), ("no reason", 1, ["-n", "1"])]
)
def test_a_skip(reason: str, code: int, workers: list[str], tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(SKIPPING)
    (tmp_path / "test_it.py").write_text(f"import pytest\n\ndef test_it():\n    pytest.skip({reason!r})\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *workers]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == code, ended.stdout
    assert (f"1 x {reason}" in ended.stdout) == (code == 1)
