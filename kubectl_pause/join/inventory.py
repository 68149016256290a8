"""Sandboxes and containers of a node, told by the runtime through crictl, or by its state files, joined to API pods."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from kubectl_pause.facts.numbers import whole_number
from kubectl_pause.join.inspectors import Inspectors, find_inspectors

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kubectl_pause.facts.api import ContainerStatus, Pod
    from kubectl_pause.facts.node_facts import NodeFacts
    from kubectl_pause.facts.runtime.bundle import Bundle
    from kubectl_pause.join.ownership import Ownership

_INT32_DIGITS = 10


@dataclass(slots=True)
class ContainerEntry:
    """A container before its process is known. `created_at` orders attempts (nanoseconds, 0 unknown)."""

    id: str
    name: str
    state: str | None
    attempt: int | None
    created_at: int
    pid: int | None
    restarts: int | None = None


@dataclass(slots=True)
class SandboxEntry:
    """A sandbox before its holder is known. `pids` are what the runtime claims, best first; `kind` is None for one of a CRI runtime."""

    id: str
    name: str
    namespace: str
    uid: str
    state: str | None
    attempt: int | None
    created_at: int | None
    runtime_handler: str
    image: str
    ips: tuple[str, ...]
    pids: list[int | None]
    paths: Mapping[str, str]
    runtime_type: str
    spoofed: bool
    kind: Literal["docker", "podman", "hand-made"] | None = None
    pod: Pod | None = None
    containers: list[ContainerEntry] = field(default_factory=list)


def inventory(facts: NodeFacts, ownership: Ownership) -> tuple[list[SandboxEntry], list[Pod]]:
    """Every sandbox of the node with its containers, and the node's pods that have none. Inspectors are left out, other runs' too."""
    sandboxes = _from_crictl(facts) if facts.pods is not None else _from_bundles(facts, ownership)
    inspectors = _inspectors(facts, sandboxes)
    labels = {pod.id: pod.labels for pod in facts.pods or ()}
    entries = {
        entry.id: entry
        for entry in sandboxes
        if not inspectors.has(uid=entry.uid, namespace=entry.namespace, name=entry.name, labels=labels.get(entry.id))
    }
    for container_sandbox, container in _containers(facts, ownership):
        if container_sandbox in entries:
            entries[container_sandbox].containers.append(container)
    pods = _pods_by_runtime_name(facts)
    for entry in entries.values():
        entry.pod = pods.get((entry.uid, entry.namespace, entry.name))
    with_sandbox = {entry.uid for entry in entries.values()}
    ours = inspectors.beside | {inspectors.own}
    without = [pod for pod in pods.values() if pod.runtime_uid not in with_sandbox and pod.runtime_uid not in ours]
    return list(entries.values()), without


def _inspectors(facts: NodeFacts, sandboxes: Iterable[SandboxEntry]) -> Inspectors:
    """Our own namespace is where the runtime has our own pod."""
    own = facts.api.inspector_uid if facts.api else None
    namespace = next((entry.namespace for entry in sandboxes if own and entry.uid == own), None)
    return find_inspectors(own, namespace, facts.api.pods if facts.api else ())


def newest_first(entries: Iterable[SandboxEntry]) -> list[SandboxEntry]:
    """Sandboxes of one pod, the current one first: ready before all, then the highest attempt, then the newest."""
    return sorted(entries, key=lambda entry: (entry.state != "ready", -(entry.attempt or 0), -(entry.created_at or 0), entry.id))


def is_virtual(ownership: Ownership, entry: SandboxEntry) -> bool:
    """Whether it is gVisor or Kata: one process for the whole pod, whose namespaces on the node are not the pod's.

    Their names are the administrator's choice; one pid for several containers, in the cgroup of none of them, tells too.
    """
    pids = [each.pid for each in entry.containers if each.pid and ownership.owner.get(each.pid) != each.id]
    if len(set(pids)) < len(pids):
        return True
    names = f"{entry.runtime_handler} {entry.runtime_type} {entry.pod.spec.runtime_class_name if entry.pod else ''}".lower()
    return any(word in names for word in ("gvisor", "runsc", "kata"))


def _pods_by_runtime_name(facts: NodeFacts) -> dict[tuple[str, str, str], Pod]:
    """By the uid that the runtime uses, namespace and name: a uid alone could be claimed by an annotation."""
    pods = facts.api.pods if facts.api else []
    return {(pod.runtime_uid, pod.metadata.namespace or "", pod.metadata.name): pod for pod in pods}


def _from_crictl(facts: NodeFacts) -> list[SandboxEntry]:
    entries = []
    for pod in facts.pods or ():
        status, bundle = facts.statuses.get(pod.id), facts.bundles.get(pod.id)
        entries.append(
            SandboxEntry(
                id=pod.id,
                name=pod.name,
                namespace=pod.namespace,
                uid=pod.uid,
                state=pod.state,
                attempt=pod.attempt,
                created_at=pod.created_at,
                runtime_handler=pod.runtime_handler or (status.runtime_handler if status else ""),
                image=(status.image if status else "") or (bundle.image if bundle else ""),
                ips=(status.ips if status else ()) or (bundle.ips if bundle else ()),
                pids=[status.pid if status else None, bundle.pid if bundle else None],
                paths=(status.namespace_paths if status else None) or (bundle.namespace_paths if bundle else {}),
                runtime_type=status.runtime_type if status else "",
                spoofed=(status.spoofed if status else False) or (bundle.spoofed if bundle else False),
            )
        )
    return entries


def _from_bundles(facts: NodeFacts, ownership: Ownership) -> list[SandboxEntry]:
    """A bundle is there from start to stop, so its sandbox is ready when its process lives, or when it never had one (CRI-O)."""
    entries = []
    for bundle in facts.bundles.values():
        if bundle.kind != "sandbox":
            continue
        alive = bool(ownership.members.get(bundle.id))
        entries.append(
            SandboxEntry(
                id=bundle.id,
                name=bundle.pod_name,
                namespace=bundle.pod_namespace,
                uid=bundle.pod_uid,
                state="ready" if alive else None,
                attempt=bundle.attempt,
                created_at=None,
                runtime_handler=bundle.runtime_handler,
                image=bundle.image,
                ips=bundle.ips,
                pids=[bundle.pid],
                paths=bundle.namespace_paths,
                runtime_type="",
                spoofed=bundle.spoofed,
            )
        )
    known = {entry.id for entry in entries}
    return entries + [_of_container(bundle) for bundle in _one_per_sandbox(facts.bundles.values()) if bundle.sandbox_id not in known]


def _one_per_sandbox(bundles: Iterable[Bundle]) -> Iterable[Bundle]:
    return {bundle.sandbox_id: bundle for bundle in bundles if bundle.kind == "container"}.values()


def _of_container(bundle: Bundle) -> SandboxEntry:
    """A sandbox whose own bundle is gone (its pause process was killed) while a container of it is still there."""
    return SandboxEntry(
        id=bundle.sandbox_id,
        name=bundle.pod_name,
        namespace=bundle.pod_namespace,
        uid=bundle.pod_uid,
        state=None,
        attempt=None,
        created_at=None,
        runtime_handler=bundle.runtime_handler,
        image="",
        ips=(),
        pids=[],
        paths={},
        runtime_type="",
        spoofed=False,
    )


def _containers(facts: NodeFacts, ownership: Ownership) -> Iterable[tuple[str, ContainerEntry]]:
    """Pairs of sandbox id and container, the newest attempt of each name only."""
    newest: dict[tuple[str, str], ContainerEntry] = {}
    for sandbox_id, entry in _every_container(facts, ownership):
        key = sandbox_id, entry.name or entry.id
        if key not in newest or _age_order(entry) > _age_order(newest[key]):
            newest[key] = entry
    return [(sandbox_id, entry) for (sandbox_id, _), entry in newest.items()]


def _age_order(entry: ContainerEntry) -> tuple[int, int, bool]:
    return entry.attempt or 0, entry.created_at, entry.state == "running"


def _every_container(facts: NodeFacts, ownership: Ownership) -> Iterable[tuple[str, ContainerEntry]]:
    if facts.containers is None:
        for bundle in facts.bundles.values():
            if bundle.kind == "container":
                state = "running" if ownership.members.get(bundle.id) else "unknown"
                yield bundle.sandbox_id, ContainerEntry(bundle.id, bundle.container_name, state, bundle.attempt, 0, bundle.pid)
        return
    for container in facts.containers:
        known = facts.bundles.get(container.id)
        pid = known.pid if known and container.state == "running" else None
        restarts = whole_number(container.annotations.get("io.kubernetes.container.restartCount", ""), _INT32_DIGITS)
        yield (
            container.sandbox_id,
            ContainerEntry(container.id, container.name, container.state, container.attempt, container.created_at or 0, pid, restarts),
        )


def status_of(pod: Pod | None, name: str) -> ContainerStatus | None:
    """The API's status of a container by name."""
    return next((status for status in pod.statuses if status.name == name), None) if pod else None
