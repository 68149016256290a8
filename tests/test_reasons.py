"""docs/errors.md has a row for every reason of an error that is this program's own, in the order of the alphabet, and no other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from kubectl_pause.errors import Reason

ROOT = Path(__file__).parent.parent
ROW = re.compile(r"\| `([A-Za-z]+)` \| [^|]{10,} \| [^|]{5,} \|")


def test_every_reason_has_one_row():
    rows = [line for line in (ROOT / "docs" / "errors.md").read_text().splitlines() if line.startswith("| `")]
    assert [match[1] for row in rows if (match := ROW.fullmatch(row))] == sorted(get_args(Reason))
    assert len(rows) == len(get_args(Reason)) > 50


def test_every_reason_is_used():
    sources = "\n".join(path.read_text() for path in (ROOT / "kubectl_pause").rglob("*.py") if path.name != "errors.py")
    assert [reason for reason in get_args(Reason) if f'"{reason}"' not in sources] == []
