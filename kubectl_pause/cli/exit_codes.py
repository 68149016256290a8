"""What the process ends with, as the README documents it."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """0 done; 1 error or wrong usage, as kubectl (of `diff`: the captures differ); 2 error or wrong usage of `diff`; 3 a finding at or
    above `--fail-on`; 4 some nodes or pods failed, the rest is reported; 130 interrupted (128 + the signal's number for another signal).
    """

    DONE = 0
    ERROR = 1
    TROUBLE = 2
    FINDINGS = 3
    PARTIAL = 4
    INTERRUPTED = 130
