"""A node joined: its facts, whose each process and each namespace is, its sandboxes and pods. Nothing is judged here yet.

Every judge takes it, and so does `who`; it is made once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.facts.record import Record
from kubectl_pause.join.about_node import about_node
from kubectl_pause.join.attribution import Place, attribute, places, trusted_shims
from kubectl_pause.join.holders import find_holders, leftovers
from kubectl_pause.join.inventory import inventory
from kubectl_pause.join.local_pods import local_pods, lone_containers
from kubectl_pause.join.ownership import own
from kubectl_pause.join.sandboxes import join_sandboxes
from kubectl_pause.join.two_looks import rebooted, window_of
from kubectl_pause.report import PodIdentity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from kubectl_pause.facts.api import Pod
    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.facts.node_facts import NodeFacts
    from kubectl_pause.facts.runtime.engine_containers import EngineContainer
    from kubectl_pause.join.about_node import AboutNode
    from kubectl_pause.join.attribution import Attribution
    from kubectl_pause.join.ownership import Ownership
    from kubectl_pause.join.sandboxes import JoinedSandbox
    from kubectl_pause.join.two_looks import Window
    from kubectl_pause.report import Container, LeftoverNamespace, Sandbox


class JoinedNode(Record, frozen=True):
    """One node at one moment."""

    facts: NodeFacts
    ownership: Ownership
    about: AboutNode
    joined: Mapping[str, JoinedSandbox]
    """Sandboxes by id, in the report's order."""
    sandboxes: Mapping[str, Sandbox]
    """The same as the report shows them, without answers of judges."""
    pods_without_sandbox: Sequence[Pod]
    leftovers: Sequence[LeftoverNamespace]
    """Namespaces that outlived their last process and that no sandbox names."""
    known: Mapping[str, Place]
    """What each id of the report and of the runtime stands for."""
    attributions: Mapping[int, Attribution]
    """Where each process belongs, by pid."""
    shims: Mapping[int, Place]
    """Shims that are believed, and what they serve, by pid."""
    owners: Mapping[tuple[str, int], list[Place]]
    """Whose each namespace is by type and inode, never the node's own."""
    populations: Mapping[tuple[str, int], int]
    """How many processes are in each namespace."""
    lone: Mapping[str, EngineContainer]
    """The engines' containers that are no pods, by id: the place of such a one has its own id for a sandbox."""
    window: Window | None
    """Two looks at the processes; None where there was one."""
    restarted: bool
    """Whether the node was started anew since the earlier capture, which then says nothing."""

    @property
    def api_pods(self) -> Sequence[Pod]:
        """The API's pods of the node; none where it was not asked."""
        return self.facts.api.pods if self.facts.api else ()

    def pod(self, sandbox: str) -> PodIdentity | None:
        """The pod of a sandbox, also of one that the report leaves out: the inspector's own."""
        if sandbox in self.sandboxes:
            return self.sandboxes[sandbox].pod
        for pod in self.facts.pods or ():
            if pod.id == sandbox:
                return PodIdentity(namespace=pod.namespace, name=pod.name, uid=pod.uid)
        bundle = self.facts.bundles.get(sandbox)
        return PodIdentity(namespace=bundle.pod_namespace, name=bundle.pod_name, uid=bundle.pod_uid) if bundle else None

    def main_processes(self) -> Iterator[tuple[Sandbox, Container, Process]]:
        """Containers that have a live main process, with it and with their sandbox."""
        for sandbox in self.sandboxes.values():
            for container in sandbox.containers:
                process = self.facts.processes.get(container.pid or 0)
                if process and not process.is_dead:
                    yield sandbox, container, process

    def init_pid(self, place: Place) -> int | None:
        """The process that stands for a place: the sandbox's holder, or the container's init process."""
        if place.sandbox in self.lone:
            return self.lone[place.sandbox].pid
        sandbox = self.sandboxes.get(place.sandbox)
        if sandbox is None or place.container is None:
            return sandbox.pid if sandbox else None
        return next((each.pid for each in sandbox.containers if each.name == place.container), None)

    def process_text(self, pid: int) -> str:
        """`pid 904 (pause)`, with no name for one that is not among the processes."""
        process = self.facts.processes.get(pid)
        return f"pid {pid} ({process.comm})" if process else f"pid {pid}"


def join_node(facts: NodeFacts, name: str, earlier: NodeFacts | None = None) -> JoinedNode:
    """Join the facts of a node. `name` is its own where no API part says it; `earlier` are the facts of an older capture of it."""
    ownership = own(facts)
    holders = find_holders(facts)
    entries, without = inventory(facts, ownership)
    joined = list(join_sandboxes(facts, ownership, holders, [*entries, *local_pods(facts, ownership)]))
    sandboxes = {each.shown.id: each.shown for each in joined}
    lone = lone_containers(facts)
    known = _known(facts, sandboxes.values(), lone)
    return JoinedNode(
        facts=facts,
        ownership=ownership,
        about=about_node(facts, name),
        joined={each.shown.id: each for each in joined},
        sandboxes=sandboxes,
        pods_without_sandbox=without,
        leftovers=leftovers(holders, sandboxes.values()),
        known=known,
        attributions=attribute(facts, ownership, known),
        shims=trusted_shims(facts, ownership, known),
        owners=_owners(sandboxes.values()),
        populations=_populations(facts),
        lone=lone,
        window=window_of(facts, earlier),
        restarted=earlier is not None and rebooted(facts, earlier),
    )


def _known(facts: NodeFacts, sandboxes: Iterable[Sandbox], lone: Mapping[str, EngineContainer]) -> dict[str, Place]:
    known = places(facts)
    for sandbox in sandboxes:
        known.setdefault(sandbox.id, Place(sandbox.id, None))
        known |= {each.id: Place(sandbox.id, each.name) for each in sandbox.containers if each.id}
    return known | {identifier: Place(identifier, container.name) for identifier, container in lone.items()}


def _populations(facts: NodeFacts) -> dict[tuple[str, int], int]:
    populations: dict[tuple[str, int], int] = {}
    for process in facts.processes.values():
        for namespace in process.namespaces.items():
            populations[namespace] = populations.get(namespace, 0) + 1
    return populations


def _owners(sandboxes: Iterable[Sandbox]) -> dict[tuple[str, int], list[Place]]:
    owners: dict[tuple[str, int], list[Place]] = {}
    for sandbox in sandboxes:
        for kind, of_sandbox in sandbox.namespaces.items():
            if of_sandbox.inode is not None and of_sandbox.host is False:
                owners.setdefault((kind, of_sandbox.inode), []).append(Place(sandbox.id, None))
        for container in sandbox.containers:
            for kind, of_container in (container.namespaces or {}).items():
                if of_container.inode is not None and of_container.sharing == "own":
                    owners.setdefault((kind, of_container.inode), []).append(Place(sandbox.id, container.name))
    return owners
