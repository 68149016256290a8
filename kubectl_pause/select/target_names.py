"""What the user named, as words: no cluster is asked, so that reading files does not load the way to one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Iterable

WORKLOADS = {
    "deployment": ("apps/v1", "deployments", "Deployment"),
    "statefulset": ("apps/v1", "statefulsets", "StatefulSet"),
    "daemonset": ("apps/v1", "daemonsets", "DaemonSet"),
    "replicaset": ("apps/v1", "replicasets", "ReplicaSet"),
    "job": ("batch/v1", "jobs", "Job"),
}
"""Kinds that stand for their pods: API group and version, plural, kind."""

ALIASES = {
    "pod": "pod", "pods": "pod", "po": "pod",
    "deployment": "deployment", "deployments": "deployment", "deploy": "deployment",
    "statefulset": "statefulset", "statefulsets": "statefulset", "sts": "statefulset",
    "daemonset": "daemonset", "daemonsets": "daemonset", "ds": "daemonset",
    "replicaset": "replicaset", "replicasets": "replicaset", "rs": "replicaset",
    "job": "job", "jobs": "job",
}  # fmt: skip
"""kubectl's short names, without the API group that may follow after a dot."""


@dataclass(frozen=True, slots=True)
class Target:
    """One argument of the command line: `kind` is `pod` or a key of WORKLOADS."""

    kind: str
    name: str


def parse_target(argument: str) -> Target:
    """`NAME`, `pod/NAME`, `deploy/NAME`, `deployments.apps/NAME`. Raises PauseInspectError for another type."""
    kind, slash, name = argument.rpartition("/")
    word = kind.lower().split(".")[0]
    if slash and word not in ALIASES:
        raise PauseInspectError(
            "UnknownType",
            f"cannot look for pods of {argument!r}",
            f"types known: {', '.join(sorted(set(ALIASES.values())))}",
        )
    if not name or "/" in kind:
        raise PauseInspectError("WrongUsage", f"{argument!r} names no pod", "use NAME or TYPE/NAME, for example deploy/web")
    return Target(ALIASES[word] if slash else "pod", name)


def near_names(name: str, known: Iterable[str]) -> str:
    """`did you mean A, B?` or ""."""
    import difflib

    names = list(known)
    longer = [each for each in names if each.startswith(f"{name}-")]  # a workload's name for one of its pods
    near = list(dict.fromkeys([*longer, *difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.65)]))[:3]
    return f"did you mean {', '.join(near)}?" if near else ""
