"""What keeps each namespace alive: processes in it, mounts of it (nsfs), open descriptors of it.

namespaces(7): a namespace lives as long as any of these does. Seen are the processes' main threads, the mount table of pid 1, and
descriptors where the collector was asked to look: a thread alone, or a mount in another mount namespace, is not seen.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from kubectl_pause.facts.kernel.process import NAMESPACE_TYPES
from kubectl_pause.facts.record import Record
from kubectl_pause.report import LeftoverNamespace, SandboxNamespace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kubectl_pause.facts.node_facts import NodeFacts
    from kubectl_pause.report import Sandbox

_FEW = 4
"""Processes named as holders of one namespace, and descriptors: the first, that is the oldest, ones."""

_FEW_OF = 20

Namespace = tuple[str, int]


class Holders(Record, frozen=True):
    """By type and inode: pids from the oldest, paths of mounts, descriptors as `fd:PID/N`. `host` are the node's own.

    `unreadable` are the types of which too few links could be read to say that a namespace has no process (an ordinary user's view).
    """

    processes: Mapping[Namespace, Sequence[int]]
    mounts: Mapping[Namespace, Sequence[str]]
    descriptors: Mapping[Namespace, Sequence[str]]
    host: frozenset[Namespace]
    unreadable: frozenset[str]


def find_holders(facts: NodeFacts) -> Holders:
    """All holders of a node, indexed once."""
    processes: dict[Namespace, list[int]] = defaultdict(list)
    for process in sorted(facts.processes.values(), key=lambda each: (each.start_ticks, each.pid)):
        for namespace in process.namespaces.items():
            processes[namespace].append(process.pid)
    mounts: dict[Namespace, list[str]] = defaultdict(list)
    for mount in sorted(facts.mounts.namespaces, key=lambda each: each.path):
        mounts[mount.type, mount.inode].append(mount.path)
    types = {inode: kind for kind, inode in (*processes, *mounts)} if facts.fds.descriptors else {}
    descriptors: dict[Namespace, list[str]] = defaultdict(list)
    for each in facts.fds.descriptors:
        kind = types.get(each.inode, each.type)  # no two namespaces of whatever type have one inode (proc_alloc_inum)
        if kind:
            descriptors[kind, each.inode].append(f"fd:{each.pid}/{each.fd}")
    return Holders(dict(processes), dict(mounts), dict(descriptors), frozenset(facts.host.items()), _unreadable(facts))


def _unreadable(facts: NodeFacts) -> frozenset[str]:
    """A process that ends while it is read has no links either: a few such are no reason to say nothing."""
    if 1 not in facts.processes:  # /proc hides processes: which namespaces have some in them cannot be told
        return frozenset(NAMESPACE_TYPES)
    living = [each for each in facts.processes.values() if not each.is_dead]
    missing = {kind: sum(kind not in each.namespaces for each in living) for kind in NAMESPACE_TYPES}
    return frozenset(kind for kind, count in missing.items() if kind not in facts.host or count * _FEW_OF > len(living))


def held(holders: Holders, namespaces: Mapping[str, SandboxNamespace], own: int | None) -> dict[str, SandboxNamespace]:
    """The namespaces of a sandbox with who holds each: its `own` process first. Who else is in the node's own says nothing of the pod."""
    return {kind: _held(holders, kind, namespace, own) for kind, namespace in namespaces.items()}


def _held(holders: Holders, kind: str, namespace: SandboxNamespace, own: int | None) -> SandboxNamespace:
    if namespace.inode is None:
        return namespace
    inside = holders.processes.get((kind, namespace.inode), ())
    first = [own] if own is not None and own in inside else []
    pids = first if namespace.host else [*first, *(pid for pid in inside if pid != own)]
    return SandboxNamespace(
        inode=namespace.inode,
        host=namespace.host,
        held_by=[f"pid:{pid}" for pid in pids[:_FEW]] + _without_process(holders, (kind, namespace.inode)),
        processes=None if namespace.host else len(inside),
    )


def leftovers(holders: Holders, sandboxes: Iterable[Sandbox]) -> list[LeftoverNamespace]:
    """Namespaces with no process in them that no sandbox names: what mounts and descriptors alone keep alive."""
    named = {(kind, each.inode) for sandbox in sandboxes for kind, each in sandbox.namespaces.items()}
    held = {*holders.mounts, *holders.descriptors} - named - holders.host - holders.processes.keys()
    return [
        LeftoverNamespace(type=kind, inode=inode, held_by=_without_process(holders, (kind, inode)))
        for kind, inode in sorted(held)
        if kind not in holders.unreadable
    ]


def _without_process(holders: Holders, namespace: Namespace) -> list[str]:
    return [*holders.mounts.get(namespace, ()), *list(holders.descriptors.get(namespace, ()))[:_FEW]]
