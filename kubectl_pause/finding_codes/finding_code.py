"""What is known of a code, whatever node it is found on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FindingCode:
    """Sentences of English; what is between backticks is a command, a path, a name or another code."""

    code: str
    severity: str
    """`info`, `warning` or `critical`, and where it may be another."""
    meaning: str
    evidence: str
    """What proves it, and where that leaves it less than certain."""
    alike: str
    """What looks like it and is healthy, or has another code."""
    remedy: str
    """What to do, and what happens by itself."""
    source: str
    """Where the rule comes from: a file, a page or an issue of what is judged, or the judge itself where the rule is this project's."""
