"""Text of a node made harmless and readable in a terminal."""

from __future__ import annotations

import re
import unicodedata

_LONGEST = 253
"""Longest text shown whole: that of a Kubernetes name; anything longer is cut, with a mark."""


def visible(text: str, longest: int = _LONGEST) -> str:
    """`text` on one line with nothing that a terminal would act on: control, bidi and invisible characters as `\\xNN` or `\\uNNNN`."""
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    if cut.isascii() and cut.isprintable():
        return cut
    return "".join(character if _harmless(character) else _escaped(character) for character in cut)


_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef\U0001d159\U00016fe4]"
)
"""Marks and letters that are drawn as nothing: the default-ignorable ones that Python calls printable, and a few blank ones."""


def _harmless(character: str) -> bool:
    return character.isprintable() and not _INVISIBLE.match(character)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 (two, four and eight digits)


def columns_of(text: str) -> int:
    """How many columns of a terminal a harmless text takes: characters of East Asia take two, marks upon another character none."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(character) for character in text)


def _columns_of(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def short_id(identifier: str) -> str:
    """The first 13 digits, as crictl shows them; every runtime takes them back."""
    return identifier[:13]


def age(seconds: float | None) -> str:
    """As kubectl: `45s`, `3m20s`, `5h`, `12d`; `-` where unknown."""
    if seconds is None or seconds < 0:
        return "-"
    whole = int(seconds)
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if whole < 120:  # noqa: PLR2004 (as kubectl shortens ages)
        return f"{whole}s"
    if minutes < 10:  # noqa: PLR2004 (as kubectl shortens ages)
        return f"{minutes}m{whole % 60}s" if whole % 60 else f"{minutes}m"
    if hours < 3:  # noqa: PLR2004 (as kubectl shortens ages)
        return f"{minutes}m"
    if hours < 48:  # noqa: PLR2004 (as kubectl shortens ages)
        return f"{hours}h"
    return f"{days}d"
