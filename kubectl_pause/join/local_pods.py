"""Pods of this host that no CRI runtime knows, as sandboxes: those of Docker and podman, and those made by hand.

For an engine a pod is a group: containers that joined another one's namespaces (`--net=container:pause`), or a pod of podman. A
container that joined none and that none joined is no pod.
"""

from __future__ import annotations

from collections import Counter
from itertools import count
from typing import TYPE_CHECKING, Literal

from kubectl_pause.facts.kernel.process import TICKS_PER_SECOND
from kubectl_pause.facts.known_programs import PAUSE_NAMES
from kubectl_pause.facts.record import Record
from kubectl_pause.join.groups import connected
from kubectl_pause.join.hand_made import HandMadePod, unit_id
from kubectl_pause.join.init_process import init_process
from kubectl_pause.join.inventory import ContainerEntry, SandboxEntry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.facts.node_facts import NodeFacts
    from kubectl_pause.facts.runtime.engine_containers import Engine, EngineContainer
    from kubectl_pause.join.ownership import Ownership

BY_HAND = "by hand"
"""What stands for a namespace in the identity of a pod made by hand."""

_SHORT_ID = 12


def local_pods(facts: NodeFacts, ownership: Ownership) -> list[SandboxEntry]:
    """Every such pod with its containers."""
    return [*_of_engines(facts, ownership), *(_by_hand(facts, pod) for pod in ownership.hand_made)]


def lone_containers(facts: NodeFacts) -> dict[str, EngineContainer]:
    """The engines' containers that share no namespace with another, by id: no pods, but known by their names."""
    containers, targets, groups = _grouped(facts)
    lone = [members[0] for members in groups if not _is_pod(members, containers, targets)]
    return {each: containers[each] for each in lone}


def _of_engines(facts: NodeFacts, ownership: Ownership) -> list[SandboxEntry]:
    containers, targets, groups = _grouped(facts)
    return [
        _engine_pod(facts, ownership, _Group([containers[member] for member in members], targets))
        for members in groups
        if _is_pod(members, containers, targets)
    ]


def _is_pod(members: list[str], containers: Mapping[str, EngineContainer], targets: Mapping[str, list[str]]) -> bool:
    return len(members) > 1 or bool(targets[members[0]] or containers[members[0]].pod_id)


def _grouped(facts: NodeFacts) -> tuple[dict[str, EngineContainer], dict[str, list[str]], list[list[str]]]:
    """The engines' containers by id, whom each of them joined, and the ids of those that belong together."""
    cri = {*facts.bundles, *(each.id for each in (*(facts.pods or ()), *(facts.containers or ())))}  # cri-dockerd's are Docker's too
    containers = {each.id: each for each in facts.local.containers if each.id not in cri}
    targets = {each.id: _targets(each, containers) for each in containers.values()}
    marks = {each.id: {each.id, *targets[each.id], *([each.pod_id] if each.pod_id else ())} for each in containers.values()}
    return containers, targets, [list(members) for members in connected(marks)]


def _targets(container: EngineContainer, containers: Mapping[str, EngineContainer]) -> list[str]:
    """Ids of the containers that it joined. One that is there no more stays as it was named."""
    named = {each.name: each.id for each in containers.values() if each.engine == container.engine}
    return [target if target in containers else named.get(target, target) for target in container.targets]


class _Group(Record, frozen=True):
    """Containers of one pod, and whom each of them joined."""

    containers: list[EngineContainer]
    targets: Mapping[str, list[str]]

    @property
    def engine(self) -> Engine:
        return self.containers[0].engine

    @property
    def pod_id(self) -> str:
        return next((each.pod_id for each in self.containers if each.pod_id), "")

    def holder(self) -> EngineContainer | None:
        """The pod's infra container, else the one joined most; None where that one was removed, or the pod was made without."""
        infra = next((each for each in self.containers if each.infra), None)
        if infra:
            return infra
        joined = self._joined()
        there = [each for each in self.containers if joined[each.id]]
        return max(there, key=lambda each: (joined[each.id], not self.targets[each.id], -(each.created_at or 0)), default=None)

    def id(self) -> str:
        """The holder's, also of one that is gone; else the pod's."""
        holder = self.holder()
        if holder:
            return holder.id
        joined = self._joined()
        return joined.most_common(1)[0][0] if joined else self.pod_id

    def _joined(self) -> Counter[str]:
        return Counter(target for each in self.containers for target in self.targets[each.id])


def _engine_pod(facts: NodeFacts, ownership: Ownership, group: _Group) -> SandboxEntry:
    holder, identifier = group.holder(), group.id()
    names = {pod.id: pod.name for pod in facts.local.pods}
    state = None if holder is None else "ready" if holder.state == "running" else "notready"
    return _entry(
        kind=group.engine,
        identifier=identifier,
        name=names.get(group.pod_id) or (holder.name if holder else identifier[:_SHORT_ID]),
        uid=group.pod_id or identifier,
        state=state,
        created_at=holder.created_at if holder else None,
        image=holder.image if holder else "",
        pid=holder.pid if holder else None,
        containers=[
            ContainerEntry(each.id, each.name, each.state, None, each.created_at or 0, each.pid)
            for each in group.containers
            if not each.infra and not (each is holder and _is_pause(facts, ownership, each))
        ],
    )


def _is_pause(facts: NodeFacts, ownership: Ownership, container: EngineContainer) -> bool:
    """By its process; one that is stopped by its image: `registry.k8s.io/pause:3.10.1`."""
    process = init_process(facts, ownership, container.id, [container.pid])
    if process:
        return process.comm in PAUSE_NAMES
    return container.image.rpartition("/")[2].partition(":")[0].partition("@")[0] in PAUSE_NAMES


def _by_hand(facts: NodeFacts, pod: HandMadePod) -> SandboxEntry:
    holder = pod.holder
    inits = [init for init, _ in pod.units if init is not holder or holder.comm not in PAUSE_NAMES]
    return _entry(
        kind="hand-made",
        identifier=unit_id(holder),
        name=f"{holder.comm}-{holder.pid}",
        uid=unit_id(holder),
        state="ready",
        created_at=_started(facts, holder),
        image="",
        pid=holder.pid,
        containers=[
            ContainerEntry(unit_id(init), name, "running", None, 0, init.pid)
            for init, name in zip(inits, _names([init.comm for init in inits]), strict=True)
        ],
    )


def _names(commands: list[str]) -> list[str]:
    """Process names made unique: `sleep`, `sleep-2`."""
    names: list[str] = []
    for command in commands:
        further = (f"{command}-{number}" for number in count(2))
        names.append(command if command not in names else next(name for name in further if name not in names))
    return names


def _started(facts: NodeFacts, process: Process) -> int | None:
    """Nanoseconds since the epoch, by the node's clock and its uptime."""
    now, uptime = facts.header.now, facts.header.uptime
    if now is None or uptime is None:
        return None
    return int((now - uptime + process.start_ticks / TICKS_PER_SECOND) * 10**9)


def _entry(  # noqa: PLR0913 (what differs between the three kinds)
    *,
    kind: Literal["docker", "podman", "hand-made"],
    identifier: str,
    name: str,
    uid: str,
    state: str | None,
    created_at: int | None,
    image: str,
    pid: int | None,
    containers: list[ContainerEntry],
) -> SandboxEntry:
    return SandboxEntry(
        id=identifier,
        name=name,
        namespace=BY_HAND if kind == "hand-made" else kind,
        uid=uid,
        state=state,
        attempt=None,
        created_at=created_at,
        runtime_handler="",
        image=image,
        ips=(),
        pids=[pid],
        paths={},
        runtime_type="",
        spoofed=False,
        kind=kind,
        containers=containers,
    )
