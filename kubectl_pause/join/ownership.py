"""Whose each process is: the first step of the join, on which every other one stands.

By its cgroup, which the kernel alone writes; where no cgroup tells of a container that a runtime or an engine has, by the pid that it
names; on this host also by the namespaces of pods made by hand.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from kubectl_pause.facts.kernel.cgroup import cgroup_paths, owner_of_process, pod_of_path
from kubectl_pause.facts.record import Record
from kubectl_pause.join.hand_made import hand_made_pods, unit_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.facts.node_facts import NodeFacts
    from kubectl_pause.facts.runtime.engine_containers import EngineContainer
    from kubectl_pause.join.hand_made import HandMadePod


class Ownership(Record, frozen=True):
    """What belongs to which container or sandbox id; a pod made by hand has `unit_id` for one."""

    owner: Mapping[int, str]
    """Container or sandbox id by pid; a process of no container is absent."""
    members: Mapping[str, list[int]]
    """The reverse."""
    hand_made: tuple[HandMadePod, ...]
    """Pods that no runtime made; none on a node of a cluster."""
    without_cgroup: frozenset[int]
    """Main processes of containers that are in no cgroup of their pod: the runtime names them, and its shim is their parent."""

    @property
    def launchers(self) -> frozenset[int]:
        """`unshare` and `nsenter` that wait for what they started in a pod made by hand: of the pod, in some of its namespaces only."""
        return frozenset().union(*(pod.launchers for pod in self.hand_made))

    def is_outside(self, pid: int) -> bool:
        """In no container: only there does a name say what a process is. The node may be a container itself."""
        return self.owner.get(pid) in (None, self.owner.get(1))


def own(facts: NodeFacts) -> Ownership:
    """Find the owner of every process of a node."""
    owner, members = _by_cgroup(facts.processes, _known_ids(facts))
    without_cgroup = _by_runtime(facts, owner, members)
    _by_engine(facts.processes, facts.local.containers, owner, members)
    made = hand_made_pods(facts.processes, owner, facts.host) if facts.of_this_host else []
    for pod in made:
        for init, pids in pod.units:
            members[unit_id(init)] = list(pids)
            owner.update(dict.fromkeys(pids, unit_id(init)))
    return Ownership(owner, members, tuple(made), without_cgroup)


def _known_ids(facts: NodeFacts) -> set[str]:
    """Every id that a runtime or an engine names: a cgroup may have one of these, whatever its form."""
    told = (*(facts.pods or ()), *(facts.containers or ()), *facts.local.containers)
    of_containers = (*facts.bundles.values(), *(facts.containers or ()))
    return {*facts.bundles, *(each.id for each in told), *(each.sandbox_id for each in of_containers)}


def _by_cgroup(processes: Mapping[int, Process], known: set[str]) -> tuple[dict[int, str], dict[str, list[int]]]:
    """Many processes share one cgroup text, so each text is parsed once."""
    by_text: dict[str, str | None] = {}
    owner: dict[int, str] = {}
    members: dict[str, list[int]] = {}
    for process in processes.values():
        if process.cgroups not in by_text:
            of_text = owner_of_process(process.cgroups, known)
            by_text[process.cgroups] = of_text.container_id if of_text else None
        identifier = by_text[process.cgroups]
        if identifier:
            owner[process.pid] = identifier
            members.setdefault(identifier, []).append(process.pid)
    return owner, members


def _by_runtime(facts: NodeFacts, owner: dict[int, str], members: dict[str, list[int]]) -> frozenset[int]:
    """The pid alone proves nothing, as the kernel may have used it again: it has to be a child of the shim that serves the container.

    A virtual machine is that of all containers of its pod, and of none.
    """
    claims = Counter(bundle.pid for bundle in facts.bundles.values())
    moved = set()
    for bundle in facts.bundles.values():
        process = facts.processes.get(bundle.pid or 0)
        if process is None or process.is_dead or not process.cgroups or bundle.kind != "container":
            continue
        outside = all(owner.get(pid) in (None, owner.get(1)) for pid in (process.pid, process.ppid))
        served = facts.shims.get(process.ppid) in (bundle.id, bundle.sandbox_id)
        if outside and served and claims[process.pid] == 1:
            owner[process.pid] = bundle.id
            members.setdefault(bundle.id, []).append(process.pid)
            if bundle.pod_uid not in (pod_of_path(path) for path in cgroup_paths(process.cgroups)):
                moved.add(process.pid)
    return frozenset(moved)


def _by_engine(
    processes: Mapping[int, Process], containers: Iterable[EngineContainer], owner: dict[int, str], members: dict[str, list[int]]
) -> None:
    """A container has the process that its engine names where no cgroup tells of any (rootless podman on cgroup v1)."""
    for container in containers:
        pid = container.pid
        if pid is not None and pid in processes and pid not in owner and container.id not in members:
            owner[pid] = container.id
            members[container.id] = [pid]
