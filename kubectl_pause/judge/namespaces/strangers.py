"""Strangers: processes in a pod's namespaces but in none of its cgroups, and those in its cgroups that left its namespaces.

Whatever a runtime starts for a pod, exec'd processes and probes too, is in both. So one that is in the namespaces alone was put there
by somebody (`nsenter`, a privileged pod), and one that is in the cgroup alone made or joined others (`unshare`, a nested runtime).
Zombies have lost both and prove nothing; see `half_way` for what a runtime does for a moment.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from kubectl_pause.facts.kernel.cgroup import cgroup_paths, pod_of_path
from kubectl_pause.facts.kernel.process import NAMESPACE_TYPES, ancestors
from kubectl_pause.join.attribution import starter
from kubectl_pause.join.runtime_at_work import is_half_way
from kubectl_pause.report import Stranger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.facts.node_facts import NodeFacts
    from kubectl_pause.join.joined_node import JoinedNode
    from kubectl_pause.report import Container, Sandbox

_TELLING = ("net", "ipc", "uts", "pid", "user")
"""Types whose leaving is told. Many services unshare their mounts, systemd its cgroup namespace: of these it is told beside another."""


@dataclass(slots=True)
class _Found:
    """A stranger before it is known whether its parent is one too."""

    process: Process
    kind: Literal["joined", "left"]
    namespaces: list[str] = field(default_factory=list)
    container: str | None = None


def find_strangers(node: JoinedNode) -> dict[str, list[Stranger]]:
    """The strangers of each sandbox by its id, by pid, of a chain of parents and children only the first."""
    facts = node.facts
    judged = [sandbox for sandbox in node.sandboxes.values() if sandbox.holder != "virtual"]
    by_member = {identifier: sandbox for sandbox in judged for identifier in _ids(sandbox)}
    rooms = _rooms(facts, judged)
    found: dict[str, dict[int, _Found]] = defaultdict(dict)
    launchers = node.ownership.launchers
    for process in facts.processes.values():
        if process.is_dead or not process.cgroups or process.pid in launchers:
            continue
        for sandbox, stranger in (*_joined(node, process, rooms), *_left(node, process, by_member)):
            if not is_half_way(facts, node.ownership, process.pid):
                found[sandbox.id][process.pid] = stranger
    return {sandbox.id: _first_of_each_chain(facts, found[sandbox.id]) for sandbox in judged}


def _ids(sandbox: Sandbox) -> list[str]:
    return [sandbox.id, *(container.id for container in sandbox.containers if container.id)]


def _rooms(facts: NodeFacts, sandboxes: Iterable[Sandbox]) -> dict[tuple[str, int], list[tuple[Sandbox, str | None]]]:
    """Whose each namespace is that is not the node's: a sandbox's, or one container's by name."""
    rooms: dict[tuple[str, int], list[tuple[Sandbox, str | None]]] = defaultdict(list)
    for sandbox in sandboxes:
        for kind, of_sandbox in sandbox.namespaces.items():
            if of_sandbox.inode is not None and of_sandbox.host is False:
                rooms[kind, of_sandbox.inode].append((sandbox, None))
        for container in sandbox.containers:
            for kind, of_container in (container.namespaces or {}).items():
                inode = of_container.inode
                if inode is not None and kind in facts.host and inode not in (facts.host[kind], sandbox.namespaces[kind].inode):
                    rooms[kind, inode].append((sandbox, container.name))
    return rooms


def _joined(
    node: JoinedNode, process: Process, rooms: Mapping[tuple[str, int], list[tuple[Sandbox, str | None]]]
) -> Iterator[tuple[Sandbox, _Found]]:
    """The process as one in namespaces of sandboxes whose cgroups it is not in."""
    found: dict[str, tuple[Sandbox, _Found]] = {}
    for kind in NAMESPACE_TYPES:
        for sandbox, container in rooms.get((kind, process.namespaces.get(kind, 0)), ()):
            stranger = found.setdefault(sandbox.id, (sandbox, _Found(process, "joined")))[1]
            stranger.namespaces += [kind] if kind not in stranger.namespaces else []
            stranger.container = stranger.container or container
    for sandbox, stranger in found.values():
        if not _belongs(node, process, sandbox):
            yield sandbox, stranger


def _belongs(node: JoinedNode, process: Process, sandbox: Sandbox) -> bool:
    """In a cgroup of the pod: of one of its containers, older attempts too, or beside them; or started by one that is, and moved.

    What is below a main process that has no cgroup may be its own child, or have been adopted: it is accused of nothing.
    """
    ids, ownership = _ids(sandbox), node.ownership
    own = {pid for each in ids for pid in ownership.members.get(each, ())}
    if process.pid in own or starter(node.facts, process, own):
        return True
    if any(parent.pid in own and parent.pid in ownership.without_cgroup for parent in ancestors(node.facts.processes, process)):
        return True
    return sandbox.pod.uid in (pod_of_path(path) for path in cgroup_paths(process.cgroups))


def _left(node: JoinedNode, process: Process, by_member: Mapping[str, Sandbox]) -> Iterator[tuple[Sandbox, _Found]]:
    """The process as one in a sandbox's cgroup whose namespaces are neither the sandbox's nor its container's."""
    owner = node.ownership.owner.get(process.pid, "")
    sandbox = by_member.get(owner)
    if sandbox is None or process.pid == sandbox.pid:
        return
    container = next((each for each in sandbox.containers if each.id == owner), None)
    gone = [kind for kind, inode in process.namespaces.items() if inode not in _home(sandbox, container, kind, inode)]
    if any(kind in _TELLING for kind in gone):
        ordered = [kind for kind in NAMESPACE_TYPES if kind in gone]
        yield sandbox, _Found(process, "left", ordered, container.name if container else None)


def _home(sandbox: Sandbox, container: Container | None, kind: str, inode: int) -> set[int | None]:
    """The inodes that a process of this container may have; any, where it is not known what its container has."""
    if container is None:
        own = sandbox.namespaces[kind].inode
        return {inode if own is None else own}
    if container.namespaces is None or container.namespaces[kind].inode is None:
        return {inode}
    return {sandbox.namespaces[kind].inode, container.namespaces[kind].inode}


def _first_of_each_chain(facts: NodeFacts, found: Mapping[int, _Found]) -> list[Stranger]:
    """Those whose parent is no stranger of the same kind; the others are counted with the first of their chain."""
    below: dict[int, int] = defaultdict(int)
    first = {pid: _first(found, pid) for pid in found}
    for pid, root in first.items():
        below[root] += pid != root
    return [_stranger(facts, found[pid], below[pid]) for pid in sorted(found) if first[pid] == pid]


def _first(found: Mapping[int, _Found], pid: int) -> int:
    """The topmost of a chain; a made-up capture may have parents that make a ring, whose lowest pid is then the first."""
    seen = {pid}
    while (parent := found[pid].process.ppid) in found and found[parent].kind == found[pid].kind:
        if parent in seen:
            return min(seen)
        seen.add(parent)
        pid = parent
    return pid


def _stranger(facts: NodeFacts, found: _Found, descendants: int) -> Stranger:
    process = found.process
    parent = facts.processes.get(process.ppid)
    return Stranger(
        pid=process.pid,
        comm=process.comm,
        kind=found.kind,
        namespaces=found.namespaces,
        container=found.container,
        parent_pid=process.ppid or None,
        parent_comm=parent.comm if parent else None,
        descendants=descendants,
    )
