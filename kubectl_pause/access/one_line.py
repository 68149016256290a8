"""Words from elsewhere (a server, a plugin), made fit for one line of an error message."""

from __future__ import annotations

LONGEST = 1500


def one_line(text: str) -> str:
    """The text on one line without control characters, cut at LONGEST characters."""
    words = " ".join(text.split())
    clean = "".join(character if character.isprintable() else "?" for character in words)
    return clean if len(clean) <= LONGEST else clean[: LONGEST - 1] + "…"
