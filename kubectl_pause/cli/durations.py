"""Durations as kubectl takes them."""

from __future__ import annotations

import re

from kubectl_pause.errors import PauseInspectError

_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_UNIT_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST_SECONDS = 86400.0
_LONGEST_TEXT = 20
LONGEST_KEEP = 3600.0
LONGEST_SAMPLE = 60.0
"""Seconds between two looks at most: the inspector pod waits so long, and nothing passes through the exec's connection."""


def seconds(text: str, flag: str) -> float:
    """`30s`, `500ms`, `1h5m`, a bare number of seconds; 0 is none. Raises PauseInspectError, also for more than a day."""
    if len(text) > _LONGEST_TEXT:
        raise PauseInspectError("WrongUsage", f"{flag}: {text[:20]}... is not a duration", "write it as 30s, 2m or 1h5m")
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return _bounded(float(text), text, flag)
    if not re.fullmatch(f"(?:{_PART.pattern})+", text):
        raise PauseInspectError("WrongUsage", f"{flag}: {text!r} is not a duration", "write it as 30s, 2m or 1h5m")
    return _bounded(sum(float(number) * _UNIT_SECONDS[unit] for number, unit in _PART.findall(text)), text, flag)


def _bounded(value: float, text: str, flag: str) -> float:
    if value > _LONGEST_SECONDS:
        raise PauseInspectError("WrongUsage", f"{flag}: {text} is longer than a day", "write it as 30s, 2m or 1h5m")
    return value


def sample_seconds(text: str) -> float:
    """The time between two looks. Raises PauseInspectError for what is no time, or too long a one."""
    wait = seconds(text, "--sample")
    if wait > LONGEST_SAMPLE:
        hint = "give 0 (one look) to 60s; for longer, compare two captures: kubectl pause-inspect zombies --from A --from B"
        raise PauseInspectError("WrongUsage", f"--sample: {text} is too long", hint)
    return wait


def keep_seconds(text: str | None) -> float:
    """How long an inspector pod is kept; 0 for None. Raises PauseInspectError as `sample_seconds`."""
    wait = seconds(text, "--keep") if text is not None else 0.0
    if wait > LONGEST_KEEP:
        raise PauseInspectError(
            "WrongUsage", f"--keep: {text} is too long", "a pod that makes root on the node possible stays for an hour at most: 1h"
        )
    return wait
