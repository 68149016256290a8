"""What a narrow table says of a note or a finding, in a word or two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause import notes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubectl_pause.report import Finding

_BRIEF = {
    notes.VIRTUAL: "virtual",
    notes.INFRA_DROPPED: "no pause",
    notes.STOPPED: "",  # the state says it
    notes.PAUSE_GONE: "pause gone",
    notes.NO_INFRA: "no infra",
    notes.NO_PROCESS: "no process",
    notes.OLDER: "older",
    notes.NOT_IN_API: "not in API",
    notes.DELETING: "deleting",
}


_FINDINGS = {
    "namespace/drift": "drift",
    "namespace/left": "left",
    "namespace/joined": "joined",
    "sandbox/pause-gone": "",  # the note says it
    "process/halted": "halted",
    "sandbox/two-ready": "two ready",
    "shim/stopped": "shim stopped",
    "sandbox/no-ip": "no address",
    "netns/of-node": "node's network",
    "container/ghost": "ghost",
    "container/no-cgroup": "no cgroup",
    "container/no-shim": "no shim",
    "netns/pinned": "pinned",
}
_KINDS = {"zombie": "zombies", "pids": "pids"}
"""Of these a table says no more than that there are some: `zombies` tells the rest."""


def findings_in_brief(findings: Iterable[Finding]) -> list[str]:
    """What kinds of findings there are, a word each; the code of one that has no shorter word."""
    words = (_FINDINGS.get(finding.code, _KINDS.get(finding.code.partition("/")[0], finding.code)) for finding in findings)
    return list(dict.fromkeys(filter(None, words)))


def in_brief(note: str) -> str:
    """A note for a table's last column; "" where another column says it already."""
    return _BRIEF.get(note, note)
