"""The report of one node, assembled from its facts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from kubectl_pause import notes
from kubectl_pause.facts.mounts import canonical_path
from kubectl_pause.facts.node_facts import NodeFacts, node_facts
from kubectl_pause.join.containers import running_id, sandbox_containers, with_api_containers
from kubectl_pause.join.holders import find_holders, leftovers, name_holders
from kubectl_pause.join.init_process import PAUSE_NAMES, init_process, unconfirmed
from kubectl_pause.join.inventory import SandboxEntry, inventory, is_virtual, newest_first
from kubectl_pause.join.local_pods import local_pods
from kubectl_pause.join.sharing import sandbox_namespaces
from kubectl_pause.judge.namespaces.drift import mark_drift
from kubectl_pause.judge.namespaces.findings import node_findings, sandbox_findings, source_findings
from kubectl_pause.judge.namespaces.proofs import proofs
from kubectl_pause.judge.namespaces.strangers import find_strangers
from kubectl_pause.judge.reaping.judge import judge_reaping
from kubectl_pause.report import (
    CrictlSource,
    NodePids,
    NodeReport,
    PodIdentity,
    PodWithoutSandbox,
    RuntimeInfo,
    Sandbox,
    Sources,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubectl_pause.facts.api import Pod
    from kubectl_pause.facts.capture import Capture
    from kubectl_pause.facts.process import Process

_LONGEST_NUMBER = 20


def node_report(capture: Capture, name: str, *, prove: bool = False) -> NodeReport:
    """Everything that one capture tells of its node. `name` is used where the capture itself has no API part that says it.

    `prove` fills each sandbox's proofs.
    """
    return report_of(node_facts(capture, name), name, prove=prove)


def report_of(facts: NodeFacts, name: str, *, prove: bool = False, earlier: NodeFacts | None = None) -> NodeReport:
    """The same from facts that are parsed already. `earlier` is an older capture of the same node, to compare the processes with."""
    entries, without = inventory(facts)
    entries += local_pods(facts)
    by_pod: dict[str, list[SandboxEntry]] = {}
    for entry in entries:
        by_pod.setdefault(entry.uid or entry.id, []).append(entry)
    sandboxes = [
        _sandbox(facts, entry, current=index == 0)
        for group in sorted(by_pod.values(), key=lambda group: (group[0].namespace, group[0].name, group[0].uid))
        for index, entry in enumerate(newest_first(group))
    ]
    name = facts.api.node_name if facts.api else name
    holders = find_holders(facts)
    for sandbox in sandboxes:
        name_holders(holders, sandbox)
    find_strangers(facts, sandboxes)
    left_over = leftovers(holders, sandboxes)
    pods = {entry.id: entry.pod for entry in entries}
    runtime = _runtime(facts)
    for sandbox in sandboxes:
        sandbox.findings = sandbox_findings(facts, sandbox, pods[sandbox.id], runtime.name if runtime else None)
        sandbox.proofs = proofs(facts, sandbox) if prove else None
    header = facts.capture.header
    sources = _sources(facts)
    report = NodeReport(
        name=name,
        kernel=header.get("kernel") or None,
        os=_os_name(facts),
        runtime=runtime,
        cgroup=_cgroup_version(facts),
        captured_at=_time(header.get("now")),
        seconds=facts.api.seconds if facts.api else None,
        sources=sources,
        pids=NodePids(current=_number(header, "tasks"), max=_number(header, "pid_max"), threads_max=_number(header, "threads_max")),
        sandboxes=sandboxes,
        pods_without_sandbox=[_without_sandbox(pod) for pod in without],
        leftover_namespaces=left_over,
        findings=[*source_findings(name, sources), *node_findings(name, left_over)],
    )
    judge_reaping(facts, report, earlier)
    return report


def _sandbox(facts: NodeFacts, entry: SandboxEntry, *, current: bool) -> Sandbox:
    virtual = is_virtual(facts, entry)
    holder = None if virtual else init_process(facts, entry.id, entry.pids)
    namespaces = sandbox_namespaces(facts, holder, entry.paths)
    containers = sandbox_containers(facts, entry, namespaces, virtual=virtual)
    runtime = _runtime(facts)
    if entry.pod and runtime and not virtual:
        mark_drift(facts, containers, namespaces, entry.pod, runtime.name)
    if current and entry.pod:
        containers = with_api_containers(entry.pod, containers)
    return Sandbox(
        id=entry.id,
        pod=_identity(entry.pod, entry),
        current=current,
        state=_state(facts, entry),
        attempt=entry.attempt,
        created_at=_time_of_nanoseconds(entry.created_at),
        ips=_ips(facts, entry, current=current),
        runtime_handler=entry.runtime_handler or None,
        image=entry.image or None,
        pid=holder.pid if holder else None,
        holder="virtual" if virtual else _holder(holder),
        holder_command=holder.comm if holder else None,
        namespaces=namespaces,
        containers=containers,
        notes=_notes(facts, entry, holder, virtual=virtual, current=current),
    )


def _state(facts: NodeFacts, entry: SandboxEntry) -> Literal["ready", "notready"] | None:
    """What the runtime says; without its word, a sandbox that never had a process is ready while its namespaces are mounted."""
    if entry.state == "ready" or (entry.state is None and _held_by_mounts(facts, entry)):
        return "ready"
    return "notready" if entry.state == "notready" else None


def _outlived(facts: NodeFacts, entry: SandboxEntry) -> bool:
    """Its containers have processes, though the runtime calls it not ready, or has forgotten it while it keeps theirs."""
    known = {*facts.bundles, *(pod.id for pod in facts.pods or ()), *(pod.id for pod in facts.local.pods)}
    gone = entry.state == "notready" or (entry.state is None and entry.id not in known)
    return gone and not entry.spoofed and any(facts.members.get(container.id) for container in entry.containers)


def _held_by_mounts(facts: NodeFacts, entry: SandboxEntry) -> bool:
    """CRI-O without an infra container: the paths that the spec names are there. They go when the sandbox is stopped."""
    return entry.spoofed and bool({canonical_path(path) for path in entry.paths.values()} & {each.path for each in facts.mounts.namespaces})


def _holder(holder: Process | None) -> Literal["pause", "other", "none"]:
    if holder is None:
        return "none"
    return "pause" if holder.comm in PAUSE_NAMES else "other"


def _notes(facts: NodeFacts, entry: SandboxEntry, holder: Process | None, *, virtual: bool, current: bool) -> list[str]:
    told = []
    if virtual:
        told.append(notes.VIRTUAL)
    elif holder is None:
        told.append(_without_holder(facts, entry))
    claim = None if virtual else unconfirmed(facts, entry.id, entry.pids)
    if claim and holder is None:
        told.append(claim)
    if not current:
        told.append(notes.OLDER)
    if facts.api and facts.api.pods and entry.pod is None:
        told.append(notes.NOT_IN_API)
    if entry.pod and entry.pod.metadata.deletion_timestamp:
        told.append(notes.DELETING)
    return told


def _without_holder(facts: NodeFacts, entry: SandboxEntry) -> str:
    """Why no process holds the namespaces."""
    if _outlived(facts, entry):
        return notes.PAUSE_GONE
    if entry.state == "notready":
        return notes.STOPPED
    if _held_by_mounts(facts, entry):
        return notes.INFRA_DROPPED
    return notes.NO_INFRA if entry.kind == "podman" else notes.NO_PROCESS


def _ips(facts: NodeFacts, entry: SandboxEntry, *, current: bool) -> list[str]:
    """What the runtime says; for the current sandbox else what the API says (a hostNetwork pod has the node's).

    Only a ready sandbox has an address, or one whose containers outlived it: that of a completed pod may be another's by now. The API's
    word is not taken where it still tells of a container that is not in this sandbox: its address may be the last sandbox's.
    """
    ready = _state(facts, entry) == "ready"
    if entry.ips or not ready or not current or entry.pod is None:
        return list(entry.ips) if ready or _outlived(facts, entry) else []
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
        kind="static" if static else "api",
    )


def _without_sandbox(pod: Pod) -> PodWithoutSandbox:
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


def _sources(facts: NodeFacts) -> Sources:
    crictl = facts.capture.crictl
    asked = crictl is not None and facts.pods is not None
    of_this_host = "reader" in facts.capture.header  # one of no cluster may have no runtime at all
    by_engine = any(name.startswith(("docker.", "podman.")) for name in facts.capture.sections)
    return Sources(
        crictl=CrictlSource(path=crictl.get("path", ""), version=crictl.get("version"), socket=crictl.get("socket"))
        if crictl is not None and asked
        else None,
        crictl_failure=facts.crictl_failure,
        bundles=bool(facts.bundles),
        runtime=facts.pods is not None or bool(facts.bundles) or of_this_host or by_engine,
        descriptors_cut=not facts.fds.whole,
        api=bool(facts.api and facts.api.pods),  # none at all: we were not allowed to list them
        notes=facts.notes,
    )


def _runtime(facts: NodeFacts) -> RuntimeInfo | None:
    if facts.runtime:
        return RuntimeInfo(name=facts.runtime.name, version=facts.runtime.version or None)
    told = facts.api.node.status.node_info.container_runtime_version if facts.api and facts.api.node else None
    if told:
        name, _, version = told.partition("://")
        return RuntimeInfo(name=name, version=version or None)
    names = {bundle.runtime for bundle in facts.bundles.values()}
    return RuntimeInfo(name=names.pop()) if len(names) == 1 else None


def _os_name(facts: NodeFacts) -> str | None:
    """As the API has it, else as the node's own os-release."""
    by_api = facts.api.node.status.node_info.os_image if facts.api and facts.api.node else None
    return by_api or facts.os_name


def _cgroup_version(facts: NodeFacts) -> Literal["v1", "v2", "hybrid"] | None:
    known: dict[str | None, Literal["v1", "v2", "hybrid"]] = {"v1": "v1", "v2": "v2", "hybrid": "hybrid"}
    return known.get(facts.mounts.cgroup)


def _number(header: Mapping[str, str], key: str) -> int | None:
    text = header.get(key, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < _LONGEST_NUMBER else None


def _time(seconds: str | None) -> str | None:
    if not seconds or not (seconds.isascii() and seconds.isdigit()) or len(seconds) > 11:  # noqa: PLR2004 (year 5138)
        return None
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")


def _time_of_nanoseconds(nanoseconds: int | None) -> str | None:
    return _time(str(nanoseconds // 10**9)) if nanoseconds and nanoseconds > 0 else None
