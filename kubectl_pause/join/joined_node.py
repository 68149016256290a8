"""A node as `who` searches it: its facts, its report, and whose each process and each namespace is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_pause.join.attribution import Attribution, Place, attribute, places, trusted_shims
from kubectl_pause.join.local_pods import lone_containers
from kubectl_pause.report import PodIdentity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kubectl_pause.facts.api import Pod
    from kubectl_pause.facts.engine_containers import EngineContainer
    from kubectl_pause.facts.node_facts import NodeFacts
    from kubectl_pause.report import NodeReport, Sandbox


@dataclass(frozen=True, slots=True)
class InspectedNode:
    """`known` are the ids of the report and of the runtime, `owners` whose each namespace is by type and inode, never the node's own.

    `populations` are how many processes are in each namespace. `lone` are the engines' containers that are no pods, by id: the place of
    such a one has its own id for a sandbox.
    """

    facts: NodeFacts
    report: NodeReport
    sandboxes: Mapping[str, Sandbox]
    known: Mapping[str, Place]
    attributions: Mapping[int, Attribution]
    shims: Mapping[int, Place]
    owners: Mapping[tuple[str, int], list[Place]]
    populations: Mapping[tuple[str, int], int]
    lone: Mapping[str, EngineContainer]

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


def inspect_node(facts: NodeFacts, report: NodeReport) -> InspectedNode:
    """Everything of a node that answers are looked up in, computed once."""
    known = places(facts)
    for sandbox in report.sandboxes:
        known.setdefault(sandbox.id, Place(sandbox.id, None))
        known |= {each.id: Place(sandbox.id, each.name) for each in sandbox.containers if each.id}
    lone = lone_containers(facts)
    known |= {identifier: Place(identifier, container.name) for identifier, container in lone.items()}
    populations: dict[tuple[str, int], int] = {}
    for process in facts.processes.values():
        for namespace in process.namespaces.items():
            populations[namespace] = populations.get(namespace, 0) + 1
    return InspectedNode(
        facts=facts,
        report=report,
        sandboxes={sandbox.id: sandbox for sandbox in report.sandboxes},
        known=known,
        attributions=attribute(facts, known),
        shims=trusted_shims(facts, known),
        owners=_owners(report),
        populations=populations,
        lone=lone,
    )


def _owners(report: NodeReport) -> dict[tuple[str, int], list[Place]]:
    owners: dict[tuple[str, int], list[Place]] = {}
    for sandbox in report.sandboxes:
        for kind, of_sandbox in sandbox.namespaces.items():
            if of_sandbox.inode is not None and of_sandbox.host is False:
                owners.setdefault((kind, of_sandbox.inode), []).append(Place(sandbox.id, None))
        for container in sandbox.containers:
            for kind, of_container in (container.namespaces or {}).items():
                if of_container.inode is not None and of_container.sharing == "own":
                    owners.setdefault((kind, of_container.inode), []).append(Place(sandbox.id, container.name))
    return owners
