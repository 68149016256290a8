"""Numbers as text from a node: what is none, or has more digits than it may have, is None and never an error."""

from __future__ import annotations

import re

PID_DIGITS = 11
"""More than any pid has (the kernel's most is 2^22)."""
COUNT_DIGITS = 19
"""A count that fits into 64 bits."""
TIME_DIGITS = 11
"""Seconds since the epoch, until the year 5138."""
_SECONDS = re.compile(r"\d{1,12}(?:\.\d{1,9})?")


def whole_number(text: str, digits: int) -> int | None:
    """A number of at most so many decimal digits, without a sign."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


def seconds(text: str) -> float | None:
    """A time in seconds, as /proc/uptime writes it."""
    return float(text) if _SECONDS.fullmatch(text) else None
