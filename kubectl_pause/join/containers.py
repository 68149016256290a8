"""Containers of a sandbox: their init processes, their namespaces, and what the API knows of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from kubectl_pause.join.init_process import init_process
from kubectl_pause.join.inventory import status_of
from kubectl_pause.join.sharing import container_namespaces
from kubectl_pause.report import Container

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubectl_pause.facts.api import ContainerStatus, Pod
    from kubectl_pause.facts.node_facts import NodeFacts
    from kubectl_pause.join.inventory import SandboxEntry
    from kubectl_pause.join.ownership import Ownership
    from kubectl_pause.report import SandboxNamespace

Kind = Literal["app", "init", "sidecar", "ephemeral"]


def sandbox_containers(
    facts: NodeFacts, ownership: Ownership, entry: SandboxEntry, namespaces: Mapping[str, SandboxNamespace], *, virtual: bool
) -> list[Container]:
    """The containers that the runtime has for this sandbox, those that start first in front."""
    running = {
        container.id: process
        for container in entry.containers
        if not virtual
        and container.state not in ("exited", "created")
        and (process := init_process(facts, ownership, container.id, [container.pid]))
    }
    containers = []
    for container in sorted(entry.containers, key=lambda each: _spec_order(entry.pod, each.name)):
        init = running.get(container.id)
        status = status_of(entry.pod, container.name)
        same_attempt = bool(status) and _bare_id(status) == container.id
        neighbours = [(other.name, running[other.id]) for other in entry.containers if other.id in running and other is not container]
        containers.append(
            Container(
                name=container.name,
                kind=_kind(entry.pod, container.name),
                id=container.id,
                pid=init.pid if init else None,
                state=container.state,
                reason=_reason(status) if same_attempt else None,
                restarts=status.restart_count if status and same_attempt else container.restarts,
                namespaces=container_namespaces(facts, init, namespaces, neighbours) if init else None,
            )
        )
    return containers


def with_api_containers(pod: Pod, containers: list[Container]) -> list[Container]:
    """The containers, and behind them those of the spec that the runtime does not show: not made yet, or gone by now."""
    known = {container.name for container in containers}
    added = list(containers)
    for name, kind in _spec_containers(pod):
        if name in known:
            continue
        status = status_of(pod, name)
        added.append(
            Container(
                name=name,
                kind=kind,
                id=_bare_id(status) or None,
                state=_api_state(pod, status),
                reason=_reason(status),
                restarts=status.restart_count if status else None,
            )
        )
    return sorted(added, key=lambda container: _spec_order(pod, container.name))


def _spec_containers(pod: Pod) -> list[tuple[str, Kind]]:
    spec = pod.spec
    first: list[tuple[str, Kind]] = [
        (each.name, "sidecar" if each.restart_policy == "Always" else "init") for each in spec.init_containers or ()
    ]
    return [
        *first,
        *((each.name, "app") for each in spec.containers or ()),
        *((each.name, "ephemeral") for each in spec.ephemeral_containers or ()),
    ]


def _kind(pod: Pod | None, name: str) -> Kind | None:
    return dict(_spec_containers(pod)).get(name) if pod else None


def _spec_order(pod: Pod | None, name: str) -> tuple[int, str]:
    names = [each for each, _ in _spec_containers(pod)] if pod else []
    return (names.index(name) if name in names else len(names)), name


def _bare_id(status: ContainerStatus | None) -> str:
    """`containerd://ID` without its scheme; a terminated container's id stands in its state."""
    if status is None:
        return ""
    terminated = status.state.terminated if status.state else None
    return (status.container_id or (terminated.container_id if terminated else None) or "").rpartition("//")[2]


def running_id(status: ContainerStatus) -> str:
    """The id of a container that runs by the API's word, "" for any other."""
    return _bare_id(status) if status.state and status.state.running else ""


def _api_state(pod: Pod, status: ContainerStatus | None) -> str:
    """One that has an id was made once; running by the API's word alone is no proof; in a pod that is over, nothing waits."""
    state = status.state if status else None
    if state and state.running:
        return "unknown"
    if _bare_id(status):
        return "exited"
    return "unknown" if pod.status.phase in ("Failed", "Succeeded") else "waiting"


def _reason(status: ContainerStatus | None) -> str | None:
    state = status.state if status else None
    if state is None:
        return None
    detail = state.waiting or state.terminated
    return detail.reason if detail else None
