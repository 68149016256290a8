"""Whose each process is: the sandbox and container that it belongs to, and how that is known. Zombies too.

A zombie has left most of its namespaces and, on cgroup v1, its cgroup; `ns/pid` and the cgroup v2 path stay (proc_cgroup_show and
pidns_get of the kernel). So a ladder, the surest step first: cgroup path, PID namespace, parents, the shim that it is a child of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from kubectl_pause.facts.kernel.cgroup import cgroup_paths, pod_of_path
from kubectl_pause.facts.kernel.process import ancestors
from kubectl_pause.facts.known_programs import SHIM_NAMES
from kubectl_pause.facts.record import Record

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.facts.node_facts import NodeFacts
    from kubectl_pause.join.ownership import Ownership

Confidence = Literal["certain", "likely", "possible"]
Step = Literal["cgroup", "pid-namespace", "parent", "shim"]


class Place(Record, frozen=True):
    """A sandbox by its id and, where it is known which one, a container of it by name."""

    sandbox: str
    container: str | None


class Attribution(Record, frozen=True):
    """Where a process belongs. `through` is the ancestor or the shim that told it, None for the process's own evidence.

    `possible` is all that can be said of a live process whose cgroup is no pod's: to be in a pod's PID namespace, or a child of its
    processes, is no proof of belonging to it.
    """

    place: Place
    by: Step
    confidence: Confidence
    through: int | None = None


def places(facts: NodeFacts) -> dict[str, Place]:
    """The place of every sandbox and container id that the runtime knows, older attempts too."""
    found = {bundle.sandbox_id: Place(bundle.sandbox_id, None) for bundle in facts.bundles.values()}
    found |= {bundle.id: Place(bundle.sandbox_id, bundle.container_name or None) for bundle in facts.bundles.values()}
    found |= {container.id: Place(container.sandbox_id, container.name) for container in facts.containers or ()}
    found |= {pod.id: Place(pod.id, None) for pod in facts.pods or ()}
    return found | {bundle.id: Place(bundle.id, None) for bundle in facts.bundles.values() if bundle.kind == "sandbox"}


def attribute(facts: NodeFacts, ownership: Ownership, known: Mapping[str, Place]) -> dict[int, Attribution]:
    """The attribution of each process that has one. `known` are the `places` of ids."""
    found = _by_cgroup(facts, ownership, known)
    spaces = _pid_namespaces(facts, found)
    shims = trusted_shims(facts, ownership, known)
    found |= _by_descent(facts, found)
    others = [process for process in facts.processes.values() if process.pid not in found]
    for process in others:
        space = spaces.get(process.namespaces.get("pid", 0))
        if space:
            place, confidence = space
            found[process.pid] = Attribution(place, "pid-namespace", "possible" if _is_elsewhere(process) else confidence)
    settled = dict(found)
    for process in others:
        if process.pid not in settled and process.pid not in shims:
            told = _by_ancestor(facts, process, settled, shims)
            if told:
                found[process.pid] = told
    return found


def shims_of_the_node(facts: NodeFacts, ownership: Ownership) -> Iterator[tuple[Process, str]]:
    """Shims, and the id that each serves. Any process may call itself one: these are in the node's PID namespace and no container."""
    for pid, identifier in facts.shims.items():
        process = facts.processes.get(pid)
        if process is None or process.comm not in SHIM_NAMES or process.is_dead or not ownership.is_outside(pid):
            continue
        if process.namespaces.get("pid") == facts.host.get("pid", -1):
            yield process, identifier


def trusted_shims(facts: NodeFacts, ownership: Ownership, known: Mapping[str, Place]) -> dict[int, Place]:
    """Shims of what is known, by pid, and what they serve."""
    return {shim.pid: known[identifier] for shim, identifier in shims_of_the_node(facts, ownership) if identifier in known}


def _is_elsewhere(process: Process) -> bool:
    return bool(process.cgroups) and not process.is_dead


def _by_cgroup(facts: NodeFacts, ownership: Ownership, known: Mapping[str, Place]) -> dict[int, Attribution]:
    found = {pid: Attribution(known[owner], "cgroup", "certain") for pid, owner in ownership.owner.items() if owner in known}
    told = [(pod.uid, pod.id) for pod in facts.pods or ()]
    told += [(bundle.pod_uid, bundle.sandbox_id) for bundle in facts.bundles.values()]
    sandboxes: dict[str, set[str]] = {}
    for pod, sandbox in told:
        if pod:  # a sandbox without a uid is no pod's that could be named so
            sandboxes.setdefault(pod, set()).add(sandbox)
    for pid, owner in ownership.owner.items():
        if owner in known:
            continue
        # a container that the runtime has removed: its path still names the pod, which says enough where that has one sandbox
        uid = next(filter(None, map(pod_of_path, cgroup_paths(facts.processes[pid].cgroups))), None)
        of_pod = sandboxes.get(uid, set()) if uid else set()
        if len(of_pod) == 1:
            found[pid] = Attribution(Place(next(iter(of_pod)), None), "cgroup", "certain")
    return found


def _pid_namespaces(facts: NodeFacts, found: Mapping[int, Attribution]) -> dict[int, tuple[Place, Confidence]]:
    """Whose each PID namespace is, by the cgroups of those in it; never the node's.

    One container's processes alone: that container's. Several of one pod (shareProcessNamespace, an ephemeral container's target): the
    pod's, no more. With a foreign pod's process among them (nsenter): that of the pod whose process is PID 1 in it.
    """
    host = facts.host.get("pid")
    members: dict[int, set[Place]] = {}
    first: dict[int, Place] = {}
    for pid, attribution in found.items():
        process = facts.processes[pid]
        inode = process.namespaces.get("pid")
        if inode is None or host is None or inode == host:
            continue
        members.setdefault(inode, set()).add(attribution.place)
        if process.ns_pids[-1:] == (1,):
            first[inode] = attribution.place
    owners: dict[int, tuple[Place, Confidence]] = {}
    for inode, inside in members.items():
        sandboxes = {place.sandbox for place in inside}
        if len(inside) == 1:
            owners[inode] = next(iter(inside)), "certain"
        elif len(sandboxes) == 1:
            owners[inode] = Place(sandboxes.pop(), None), "certain"
        elif inode in first:
            owners[inode] = Place(first[inode].sandbox, None), "likely"
    return owners


def _by_descent(facts: NodeFacts, found: Mapping[int, Attribution]) -> dict[int, Attribution]:
    """Processes that were moved into a cgroup of no pod, as a nested runtime does, and that a process of a container has started."""
    moved: dict[int, Attribution] = {}
    for process in facts.processes.values():
        if process.pid in found or not _is_elsewhere(process):
            continue
        ancestor = starter(facts, process, found)
        if ancestor is not None:
            moved[process.pid] = Attribution(found[ancestor].place, "parent", "likely", ancestor)
    return moved


def starter(facts: NodeFacts, process: Process, known: Container[int]) -> int | None:
    """The nearest ancestor among the `known` pids, where every parent on the way has started its child.

    PID 1 of a PID namespace may have adopted a child in that namespace from anybody who had joined it, so that proves nothing.
    """
    child = process
    for parent in ancestors(facts.processes, process):
        adopts = parent.ns_pids[-1:] == (1,) and parent.namespaces.get("pid") == child.namespaces.get("pid")
        if adopts:
            return None
        if parent.pid in known:
            return parent.pid
        child = parent
    return None


def _by_ancestor(facts: NodeFacts, process: Process, settled: Mapping[int, Attribution], shims: Mapping[int, Place]) -> Attribution | None:
    """From the nearest ancestor that has a place, or the shim on the way; the node's init and the kubelet end the search."""
    sure = not _is_elsewhere(process)
    for parent in ancestors(facts.processes, process):
        if parent.pid in shims:
            return Attribution(shims[parent.pid], "shim", "likely" if sure else "possible", parent.pid)
        if parent.pid in settled:
            above = settled[parent.pid]
            certain = sure and above.confidence != "possible"
            return Attribution(above.place, "parent", "likely" if certain else "possible", parent.pid)
        if parent.comm == "kubelet":
            return None
        sure = False
    return None
