"""Arguments of processes that could reap, from the collector's `args` section: `PID WORD...`, only where they were asked for.

Between words stands byte 1, for a newline in one byte 2: a process writes what it likes into its arguments, and so never a record.
"""

from __future__ import annotations

import re

from kubectl_pause.facts.lines import lines_of

LONGEST = 1024
"""Bytes of one process at most."""
CUT = "..."
"""What the last word ends in where there was more."""
_LINE = re.compile(rb"([1-9][0-9]{0,11}) ([^\n]+)")


def parse_arguments(content: bytes) -> dict[int, tuple[str, ...]]:
    """Words by pid. A process has no line where it has none (a kernel thread, a zombie) or where the total was used up."""
    found: dict[int, tuple[str, ...]] = {}
    for line in lines_of(content):
        match = _LINE.fullmatch(line)
        if match:
            text, more = match[2][:LONGEST], match[2][LONGEST:]
            words = [_word(each) for each in text.removesuffix(b"\x01").split(b"\x01")]
            if more.strip(b"\x01"):
                words[-1] += CUT
            found.setdefault(int(match[1]), tuple(words))
    return found


def _word(data: bytes) -> str:
    return data.replace(b"\x02", b"\n").decode("utf-8", "backslashreplace")
