"""Every sandbox of a node as the report shows it, without what judges say: who holds it, its namespaces, its containers."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Literal

from kubectl_pause import notes
from kubectl_pause.facts.kernel.mounts import canonical_path
from kubectl_pause.facts.known_programs import PAUSE_NAMES
from kubectl_pause.facts.record import Record
from kubectl_pause.join.about_node import moment
from kubectl_pause.join.containers import running_id, sandbox_containers, with_api_containers
from kubectl_pause.join.holders import held
from kubectl_pause.join.init_process import init_process, unconfirmed
from kubectl_pause.join.inventory import is_virtual, newest_first
from kubectl_pause.join.sharing import sandbox_namespaces
from kubectl_pause.report import PodIdentity, PodWithoutSandbox, Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kubectl_pause.facts.api import Pod
    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.facts.node_facts import NodeFacts
    from kubectl_pause.join.holders import Holders
    from kubectl_pause.join.inventory import SandboxEntry
    from kubectl_pause.join.ownership import Ownership


class WithoutHolder(Enum):
    """Why no process holds the namespaces of a sandbox; the value is the report's sentence."""

    PAUSE_GONE = notes.PAUSE_GONE
    STOPPED = notes.STOPPED
    INFRA_DROPPED = notes.INFRA_DROPPED
    NO_INFRA = notes.NO_INFRA
    NO_PROCESS = notes.NO_PROCESS


class JoinedSandbox(Record, frozen=True):
    """`shown` is what the report has of it, without answers of judges; `pod` the API's; `without_holder` None where a process holds it."""

    shown: Sandbox
    pod: Pod | None
    without_holder: WithoutHolder | None


def join_sandboxes(facts: NodeFacts, ownership: Ownership, holders: Holders, entries: Iterable[SandboxEntry]) -> Iterator[JoinedSandbox]:
    """By namespace and name of their pods; those of one pod newest first."""
    by_pod: dict[str, list[SandboxEntry]] = {}
    for entry in entries:
        by_pod.setdefault(entry.uid or entry.id, []).append(entry)
    for group in sorted(by_pod.values(), key=lambda group: (group[0].namespace, group[0].name, group[0].uid)):
        for index, entry in enumerate(newest_first(group)):
            yield _sandbox(facts, ownership, holders, entry, current=index == 0)


def _sandbox(facts: NodeFacts, ownership: Ownership, holders: Holders, entry: SandboxEntry, *, current: bool) -> JoinedSandbox:
    virtual = is_virtual(ownership, entry)
    holder = None if virtual else init_process(facts, ownership, entry.id, entry.pids)
    without = _without_holder(facts, ownership, entry) if holder is None and not virtual else None
    claim = unconfirmed(facts, ownership, entry.id, entry.pids) if without else None
    of_holder = [notes.VIRTUAL] if virtual else [*([without.value] if without else []), *([claim] if claim else [])]
    namespaces = sandbox_namespaces(facts, holder, entry.paths)
    containers = sandbox_containers(facts, ownership, entry, namespaces, virtual=virtual)
    if current and entry.pod:
        containers = with_api_containers(entry.pod, containers)
    shown = Sandbox(
        id=entry.id,
        pod=_identity(entry.pod, entry),
        current=current,
        state=_state(facts, entry),
        attempt=entry.attempt,
        created_at=_time_of_nanoseconds(entry.created_at),
        ips=_ips(facts, ownership, entry, current=current),
        runtime_handler=entry.runtime_handler or None,
        image=entry.image or None,
        pid=holder.pid if holder else None,
        holder="virtual" if virtual else _holder(holder),
        holder_command=holder.comm if holder else None,
        namespaces=held(holders, namespaces, holder.pid if holder else None),
        containers=containers,
        notes=[*of_holder, *_notes(facts, entry, current=current)],
    )
    return JoinedSandbox(shown, entry.pod, without)


def _state(facts: NodeFacts, entry: SandboxEntry) -> Literal["ready", "notready"] | None:
    """What the runtime says; without its word, a sandbox that never had a process is ready while its namespaces are mounted."""
    if entry.state == "ready" or (entry.state is None and _held_by_mounts(facts, entry)):
        return "ready"
    return "notready" if entry.state == "notready" else None


def _outlived(facts: NodeFacts, ownership: Ownership, entry: SandboxEntry) -> bool:
    """Its containers have processes, though the runtime calls it not ready, or has forgotten it while it keeps theirs."""
    known = {*facts.bundles, *(pod.id for pod in facts.pods or ()), *(pod.id for pod in facts.local.pods)}
    gone = entry.state == "notready" or (entry.state is None and entry.id not in known)
    return gone and not entry.spoofed and any(ownership.members.get(container.id) for container in entry.containers)


def _held_by_mounts(facts: NodeFacts, entry: SandboxEntry) -> bool:
    """CRI-O without an infra container: the paths that the spec names are there. They go when the sandbox is stopped."""
    return entry.spoofed and bool({canonical_path(path) for path in entry.paths.values()} & {each.path for each in facts.mounts.namespaces})


def _holder(holder: Process | None) -> Literal["pause", "other", "none"]:
    if holder is None:
        return "none"
    return "pause" if holder.comm in PAUSE_NAMES else "other"


def _notes(facts: NodeFacts, entry: SandboxEntry, *, current: bool) -> list[str]:
    told = []
    if not current:
        told.append(notes.OLDER)
    if facts.api and facts.api.pods and entry.pod is None:
        told.append(notes.NOT_IN_API)
    if entry.pod and entry.pod.metadata.deletion_timestamp:
        told.append(notes.DELETING)
    return told


def _without_holder(facts: NodeFacts, ownership: Ownership, entry: SandboxEntry) -> WithoutHolder:
    if _outlived(facts, ownership, entry):
        return WithoutHolder.PAUSE_GONE
    if entry.state == "notready":
        return WithoutHolder.STOPPED
    if _held_by_mounts(facts, entry):
        return WithoutHolder.INFRA_DROPPED
    return WithoutHolder.NO_INFRA if entry.kind == "podman" else WithoutHolder.NO_PROCESS


def _ips(facts: NodeFacts, ownership: Ownership, entry: SandboxEntry, *, current: bool) -> list[str]:
    """What the runtime says; for the current sandbox else what the API says (a hostNetwork pod has the node's).

    Only a ready sandbox has an address, or one whose containers outlived it: that of a completed pod may be another's by now. The API's
    word is not taken where it still tells of a container that is not in this sandbox: its address may be the last sandbox's.
    """
    ready = _state(facts, entry) == "ready"
    if entry.ips or not ready or not current or entry.pod is None:
        return list(entry.ips) if ready or _outlived(facts, ownership, entry) else []
    ids = {each.id for each in entry.containers}
    told = [running_id(status) for status in entry.pod.statuses]
    if any(each and each not in ids for each in told):
        return []
    return [address.ip for address in entry.pod.status.pod_ips or () if address.ip]


def _identity(pod: Pod | None, entry: SandboxEntry) -> PodIdentity:
    if pod is None:
        return PodIdentity(namespace=entry.namespace, name=entry.name, uid=entry.uid, kind=entry.kind)
    return pod_identity(pod)


def pod_identity(pod: Pod) -> PodIdentity:
    """The API's pod as the report names it."""
    owners = pod.metadata.owner_references or []
    owner = next((owner for owner in owners if owner.controller), None)
    static = "kubernetes.io/config.mirror" in (pod.metadata.annotations or {})
    return PodIdentity(
        namespace=pod.metadata.namespace or "default",
        name=pod.metadata.name,
        uid=pod.runtime_uid,
        phase=pod.status.phase,
        owner=f"{owner.kind}/{owner.name}" if owner else None,
        workload=None if static or pod.controller is None else "/".join(pod.controller),
        kind="static" if static else "api",
    )


def without_sandbox(pod: Pod) -> PodWithoutSandbox:
    """A pod of the API for which the runtime shows no sandbox."""
    conditions = pod.status.conditions or ()
    unmet = [each for each in conditions if each.status == "False" and (each.message or each.reason)]
    told = [f"{each.type}: {each.message or each.reason}" for each in unmet]
    return PodWithoutSandbox(
        pod=pod_identity(pod),
        reason=pod.status.reason,
        message=pod.status.message,
        containers=with_api_containers(pod, []),
        notes=told,
    )


def _time_of_nanoseconds(nanoseconds: int | None) -> str | None:
    return moment(nanoseconds // 10**9) if nanoseconds and nanoseconds > 0 else None
