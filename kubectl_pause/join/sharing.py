"""Namespaces of a sandbox and of its containers: what each one is shared with.

Inodes are compared, never names. `host` is tested before `pod`: where a pod uses the node's namespace, sandbox and containers are
equal only because both are the node's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.facts.kernel.mounts import canonical_path
from kubectl_pause.facts.kernel.process import NAMESPACE_TYPES
from kubectl_pause.report import ContainerNamespace, SandboxNamespace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.facts.node_facts import NodeFacts

_OCI_NAMES = {"net": "network", "mnt": "mount"}
"""OCI runtime spec names where they differ from those of /proc/PID/ns."""


def sandbox_namespaces(facts: NodeFacts, holder: Process | None, paths: Mapping[str, str]) -> dict[str, SandboxNamespace]:
    """The eight namespaces of a sandbox, from its holder, else from the mounts that its OCI spec names; who holds them is not told here.

    `paths` are `linux.namespaces` of that spec by OCI type. A path that is mounted no more says nothing.
    """
    by_path = {(mount.type, mount.path): mount.inode for mount in facts.mounts.namespaces}
    namespaces = {}
    for kind in NAMESPACE_TYPES:
        path = canonical_path(paths.get(_OCI_NAMES.get(kind, kind), ""))
        inode = holder.namespaces.get(kind) if holder else by_path.get((kind, path))
        host = None if inode is None or kind not in facts.host else inode == facts.host[kind]
        namespaces[kind] = SandboxNamespace(inode=inode, host=host)
    return namespaces


def container_namespaces(
    facts: NodeFacts,
    init: Process,
    sandbox: Mapping[str, SandboxNamespace],
    others: Iterable[tuple[str, Process]],
) -> dict[str, ContainerNamespace]:
    """The eight namespaces of a container's init process, each marked with what it is shared with.

    `others` are the init processes of the pod's other containers by name. `own` is said only where the sandbox's namespace is known,
    or could never be the container's (mnt); else `unknown`.
    """
    neighbours = list(others)
    namespaces = {}
    for kind in NAMESPACE_TYPES:
        inode = init.namespaces.get(kind)
        others_of_kind = _makers_first(init, neighbours) if kind == "pid" else neighbours
        namespaces[kind] = ContainerNamespace(inode=inode, sharing=_sharing(facts, kind, inode, sandbox[kind], others_of_kind))
    return namespaces


def _makers_first(init: Process, neighbours: list[tuple[str, Process]]) -> list[tuple[str, Process]]:
    """PID 1 of a namespace made it; ephemeral containers that target its container only joined, be they one or several."""
    if init.ns_pids[-1:] == (1,):
        return []
    return sorted(neighbours, key=lambda neighbour: neighbour[1].ns_pids[-1:] != (1,))


def _sharing(facts: NodeFacts, kind: str, inode: int | None, sandbox: SandboxNamespace, neighbours: list[tuple[str, Process]]) -> str:
    if inode is None:
        return "unknown"
    if kind not in facts.host:
        return "unknown"
    if inode == facts.host[kind]:
        return "host"
    if inode == sandbox.inode:
        return "pod"
    for name, process in neighbours:
        if process.namespaces.get(kind) == inode:
            return f"container:{name}"
    never_the_sandboxes = kind in ("mnt", "pid", "cgroup")
    return "own" if sandbox.inode is not None or never_the_sandboxes else "unknown"
