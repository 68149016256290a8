"""Codes that stand for words of Kubernetes, runtimes and plugins: made from the tables of causes that `why` matches."""

from __future__ import annotations

from kubectl_pause.finding_codes.finding_code import FindingCode
from kubectl_pause.known_causes.all import ALL
from kubectl_pause.known_causes.meanings import MEANINGS


class _Words(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return name.upper()


def _code(code: str) -> FindingCode:
    meaning, alike = MEANINGS[code]
    rows = [(place, cause) for place, cause in ALL if cause.code == code]
    whose = sorted({cause.at_fault for _, cause in rows})
    mild = " or info" if "none" in whose else ""
    places = sorted({place for place, _ in rows}) or ["kubelet_faults"]
    steps = [f"Where {_plain(cause.says)}: {_plain(cause.step)}." for _, cause in rows]
    return FindingCode(
        code=code,
        severity=f"critical, warning where the pod runs{mild}",
        meaning=meaning,
        evidence="The message of an event, a condition or a container's state, taken apart: what failed, on which path, with which error. "
        + (f"At fault, by the message: {', '.join(whose)}." if whose else "And the version of the kubelet."),
        alike=alike,
        remedy=" ".join(steps) or "See the remedy of the finding.",
        source="Messages as their programs print them: " + ", ".join(f"`kubectl_pause/known_causes/{place}.py`" for place in places) + ".",
    )


def _plain(text: str) -> str:
    return " ".join(text.format_map(_Words()).split()).rstrip(".: ")


CODES_FROM_MESSAGES = tuple(_code(code) for code in sorted(MEANINGS))
"""By name; those that only the judges themselves bring are explained as the others."""
