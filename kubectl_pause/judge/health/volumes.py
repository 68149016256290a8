"""`pod/volume-busy`: a pod whose containers have ended stays until the kubelet has unmounted its volumes, and somebody works in one.

SyncTerminatedPod (kubelet) waits for that without an event; it tries again in steps that double up to 2 min.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.facts.pod_trail import moment_of
from kubectl_pause.join.sandboxes import pod_identity
from kubectl_pause.judge.namespaces.findings import name_of
from kubectl_pause.pasting import command_line
from kubectl_pause.report import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_pause.facts.api import Pod
    from kubectl_pause.facts.kernel.volumes import PodVolumes, VolumeUser
    from kubectl_pause.join.joined_node import JoinedNode

RELEASE_SECONDS = 60
"""Volumes are unmounted, and the cgroup goes, within so long where nothing keeps them."""
_MOST = 5


def volume_findings(node: JoinedNode) -> Iterator[Finding]:
    """Of pods that are being deleted."""
    volumes, api = node.facts.volumes, node.facts.api
    if not volumes or api is None:
        return
    ready = {sandbox.pod.uid for sandbox in node.sandboxes.values() if sandbox.state == "ready"}
    for pod in api.pods:
        now, due = moment_of(api.captured_at), moment_of(pod.metadata.deletion_timestamp)
        held = volumes.get(pod.metadata.uid)
        runs = any(status.state and status.state.running for status in pod.statuses)
        if (
            now
            and due
            and (now - due).total_seconds() > RELEASE_SECONDS
            and held
            and held.users
            and not runs
            and pod.metadata.uid not in ready
        ):
            yield _busy(node, pod, held)


def _busy(node: JoinedNode, pod: Pod, held: PodVolumes) -> Finding:
    def told(user: VolumeUser) -> str:
        process = node.facts.processes.get(user.pid)
        return f"pid {user.pid} ({process.comm if process else 'gone'}): its {user.by.replace('/', ' ')} is in {user.volume}"

    pids = list(dict.fromkeys(user.pid for user in held.users))
    evidence = [told(user) for user in held.users[:_MOST]]
    evidence += [f"and {len(held.users) - _MOST} more"] if len(held.users) > _MOST else []
    look = command_line("ps", "-o", "pid,ppid,user,lstart,comm", "-p", ",".join(map(str, pids[:_MOST])))
    return Finding(
        code="pod/volume-busy",
        severity="warning",
        subject=name_of(pod_identity(pod)),
        message="its containers have ended, and a volume of it cannot be unmounted: a process works in it",
        evidence=[*evidence, "that volume is still mounted, and no container of the pod runs"],
        confidence="certain",
        remedy=f"on node {node.about.name}: {look}  # once it has ended, or has left, the kubelet unmounts within 2 min",
    )
