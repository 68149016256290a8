"""What the report says in a sentence, and what a narrow table says of it in a word or two. None of these is a warning."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubectl_pause.report import Finding

VIRTUAL = "the pod runs in a sandboxed runtime: the node's view of its namespaces means nothing"
INFRA_DROPPED = "no pause process: CRI-O drops the infra container where no PID namespace is shared; mounts hold the namespaces"
STOPPED = "no pause process: the sandbox is stopped"
PAUSE_GONE = "the pause process is gone while containers still run"
NO_INFRA = "no infra container holds the namespaces: the pod was made without one, or it was removed"
NO_PROCESS = "no process was found in the sandbox's cgroup"
OLDER = "older sandbox of this pod"
NOT_IN_API = "the API knows no such pod on this node"
DELETING = "the pod is being deleted"

RUNTIME_UNREAD = "its container runtime could not be read: which sandboxes it has is unknown"

_BRIEF = {
    VIRTUAL: "virtual",
    INFRA_DROPPED: "no pause",
    STOPPED: "",  # the state says it
    PAUSE_GONE: "pause gone",
    NO_INFRA: "no infra",
    NO_PROCESS: "no process",
    OLDER: "older",
    NOT_IN_API: "not in API",
    DELETING: "deleting",
}


_FINDINGS = {
    "namespace/drift": "drift",
    "namespace/left": "left",
    "namespace/joined": "joined",
    "sandbox/pause-gone": "",  # the note says it
    "process/halted": "halted",
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


SEVERAL_BOOTS = "another of the captures is of a node of this name that was started at another time: captures of two boots are not compared"
"""A node that was started anew between two captures, or one of another cluster: the zombies of one are not those of the other."""
