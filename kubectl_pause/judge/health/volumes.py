"""`pod/volume-busy`: a pod whose containers have ended stays until the kubelet has unmounted its volumes, and somebody works in one.

SyncTerminatedPod (kubelet) waits for that without an event; it tries again in steps that double up to 2 min.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.facts.pod_trail import moment_of
from kubectl_pause.join.sandboxes import pod_identity
from kubectl_pause.judge.namespaces.findings import name_of
from kubectl_pause.pasting import as_word, command_line
from kubectl_pause.report import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_pause.facts.api import Pod
    from kubectl_pause.facts.kernel.volumes import VolumeUser
    from kubectl_pause.join.joined_node import JoinedNode

RELEASE_SECONDS = 60
"""Volumes are unmounted, and the cgroup goes, within so long where nothing keeps them."""
_MOST = 5


def volume_findings(node: JoinedNode) -> Iterator[Finding]:
    """Of pods that are being deleted. Who works in a volume may leave it in a moment, so it is likely at most."""
    volumes, api = node.facts.volumes, node.facts.api
    if not volumes or api is None:
        return
    ready = {sandbox.pod.uid for sandbox in node.sandboxes.values() if sandbox.state == "ready"}
    for pod in api.pods:
        held = volumes.get(pod.metadata.uid)
        users = [user for user in held.users if _sees_the_node_s_mounts(node, user)] if held else []
        runs = any(status.state and status.state.running for status in pod.statuses)
        if users and not runs and pod.metadata.uid not in ready and _is_overdue(pod, api.captured_at):
            yield _busy(node, pod, users)


def _is_overdue(pod: Pod, captured_at: str) -> bool:
    now, due = moment_of(captured_at), moment_of(pod.metadata.deletion_timestamp)
    return bool(now and due and (now - due).total_seconds() > RELEASE_SECONDS)


def _sees_the_node_s_mounts(node: JoinedNode, user: VolumeUser) -> bool:
    """In a mount namespace of its own it may be at work in a copy of the mount, which keeps nobody from an umount of this one."""
    process = node.facts.processes.get(user.pid)
    return process is not None and process.namespaces.get("mnt") == node.facts.host.get("mnt")


def _busy(node: JoinedNode, pod: Pod, users: list[VolumeUser]) -> Finding:
    def told(user: VolumeUser) -> str:
        return f"pid {user.pid} ({node.facts.processes[user.pid].comm}): its {user.by.replace('/', ' ')} is in {user.volume}"

    pids = list(dict.fromkeys(user.pid for user in users))
    evidence = [told(user) for user in users[:_MOST]]
    evidence += [f"and {len(users) - _MOST} more"] if len(users) > _MOST else []
    look = command_line("ps", "-o", "pid,ppid,user,lstart,comm", "-p", ",".join(map(str, pids[:_MOST])))
    return Finding(
        code="pod/volume-busy",
        severity="warning",
        subject=name_of(pod_identity(pod)),
        message="no container of it runs, and a process works in a volume of it, which cannot be unmounted before that has left",
        evidence=[*evidence, "that volume is still mounted"],
        confidence="likely",
        remedy=f"on node {as_word(node.about.name)}: {look}  # once it has ended, or has left, the kubelet unmounts within 2 min",
    )
