"""What the user named, as words: no cluster is asked, so that reading files does not load the way to one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_pause.errors import PauseInspectError
from kubectl_pause.pasting import command_line

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


_OF_NO_PODS = frozenset({
    "svc", "service", "services", "cm", "configmap", "configmaps", "secret", "secrets", "ing", "ingress", "ingresses", "cj", "cronjob",
    "cronjobs", "pvc", "persistentvolumeclaim", "persistentvolumeclaims", "pv", "ns", "namespace", "namespaces", "hpa", "ep", "endpoints",
    "sa", "serviceaccount", "serviceaccounts", "pdb", "ev", "event", "events",
})  # fmt: skip
"""Types of kubectl that stand for no pods here: what is in front of the slash is a namespace otherwise."""
_NODES = ("node", "nodes", "no")
_SHORTEST_ID = 8


@dataclass(frozen=True, slots=True)
class Target:
    """One argument of the command line: `kind` is `pod` or a key of WORKLOADS; `namespace` None is that of the command line.

    `container` is set where `NAMESPACE/POD/CONTAINER` was given. `NAMESPACE/NAME` may as well be `POD/CONTAINER`: `as_container` is that.
    """

    kind: str
    name: str
    namespace: str | None = None
    container: str | None = None

    @property
    def as_container(self) -> Target | None:
        """The other way to read two words with a slash; None where there is none."""
        return None if self.namespace is None or self.container else Target(self.kind, self.namespace, None, self.name)

    @property
    def is_like_id(self) -> bool:
        """Whether the name may be the beginning of a sandbox's, container's or pod's id, as the tables print them."""
        return self.namespace is None and re.fullmatch(rf"[0-9a-f-]{{{_SHORTEST_ID},64}}", self.name) is not None


def parse_target(argument: str) -> Target:
    """`NAME`, `pod/NAME`, `deploy/NAME`, `deployments.apps/NAME`, `NAMESPACE/NAME`, `POD/CONTAINER`, `NAMESPACE/POD/CONTAINER`.

    Raises PauseInspectError for another type.
    """
    kind, slash, name = argument.rpartition("/")
    words = argument.split("/")
    if not all(words) or len(words) > 3:  # noqa: PLR2004 (NAMESPACE/POD/CONTAINER)
        raise PauseInspectError(
            "WrongUsage", f"{argument!r} is not the name of a pod", "use NAME, NAMESPACE/NAME or TYPE/NAME, for example deploy/web"
        )
    if not slash:
        return Target("pod", name)
    word = words[0].lower().split(".")[0]
    if word in _NODES and len(words) == 2:  # noqa: PLR2004 (TYPE/NAME)
        hint = f"{command_line('kubectl', 'pause-inspect', 'node', name)}, or zombies and report of it"
        raise PauseInspectError("UnknownType", f"{argument!r} is a node, and pods are asked for", hint)
    is_type = word in ALIASES or word in _OF_NO_PODS or "." in words[0]
    if word in ALIASES and len(words) == 2:  # noqa: PLR2004 (TYPE/NAME)
        return Target(ALIASES[word], name)
    if is_type:
        types = ", ".join(sorted(set(ALIASES.values())))
        raise PauseInspectError("UnknownType", f"cannot look for pods of {argument!r}", f"types known: {types}")
    if "/" in kind:
        return Target("pod", words[1], namespace=words[0], container=name)
    return Target("pod", name, namespace=kind)


def split_nodes(arguments: Iterable[str]) -> tuple[list[str], list[str]]:
    """Arguments that name pods, and those that name a node as kubectl does: `node/NAME`."""
    words = list(arguments)
    nodes = [word for word in words if word.count("/") == 1 and node_name(word) != word]
    return [word for word in words if word not in nodes], nodes


def node_name(argument: str) -> str:
    """`NAME` of `NAME` or `node/NAME`, as kubectl takes it."""
    kind, slash, name = argument.partition("/")
    return name if slash and kind.lower() in _NODES else argument


def near_names(name: str, known: Iterable[str]) -> str:
    """`did you mean A, B?` or ""."""
    import difflib

    names = list(known)
    longer = [each for each in names if each.startswith(f"{name}-")]  # a workload's name for one of its pods
    near = list(dict.fromkeys([*longer, *difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.65)]))[:3]
    return f"did you mean {', '.join(near)}?" if near else ""
