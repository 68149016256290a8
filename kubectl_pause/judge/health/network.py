"""Faults of a sandbox's network that one look proves, and that nothing shows before it is too late.

`sandbox/no-ip`: its network namespace is gone from under a ready sandbox. The kubelet looks at this only at the next event of the pod, and
makes all containers anew then (`podSandboxChanged`, "has no IP address"). `netns/of-node`: the node's own network namespace is mounted over
the sandbox's; the next stop of the sandbox runs the CNI plugin's delete in it, which takes away the node's own link of the pod's name.
`netns/pinned`: it is mounted on itself, so that the path is busy when the runtime wants to remove it; each retry takes one mount away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.facts.kernel.mounts import canonical_path
from kubectl_pause.judge.namespaces.findings import name_of
from kubectl_pause.pasting import command_line
from kubectl_pause.report import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_pause.facts.runtime.cri import CriSandboxStatus
    from kubectl_pause.join.joined_node import JoinedNode
    from kubectl_pause.report import PodIdentity


def network_findings(node: JoinedNode) -> Iterator[tuple[str, Finding]]:
    """Findings with the sandbox that each is of, by its id."""
    of_networks = sorted((mount for mount in node.facts.mounts.namespaces if mount.type == "net"), key=lambda mount: mount.stacked)
    mounts = {mount.path: mount for mount in of_networks}  # of several the topmost
    for status in node.facts.statuses.values():
        sandbox = node.sandboxes.get(status.id)
        path = canonical_path(status.namespace_paths.get("network", ""))
        if sandbox is None or not path or sandbox.state != "ready" or status.in_node_network:
            continue
        mount = mounts.get(path)
        if mount and mount.inode == node.facts.host.get("net"):
            yield sandbox.id, _of_node(sandbox.pod, status, path, mount.inode)
        elif status.state == "ready" and status.net_namespace_closed and not status.ips:
            yield sandbox.id, _no_ip(sandbox.pod, status, path)
        elif mount and mount.stacked:
            yield sandbox.id, _pinned(sandbox.pod, path, mount.stacked)


def _of_node(pod: PodIdentity, status: CriSandboxStatus, path: str, inode: int) -> Finding:
    return Finding(
        code="netns/of-node",
        severity="critical",
        subject=name_of(pod),
        message="the node's own network namespace is mounted where this pod's should be: once the pod is stopped, its network plugin takes "
        "down a link of the node, which may cut it off",
        evidence=[f"sandbox {status.id[:13]}: {path}", f"that mount is net:[{inode}], which is the node's (pid 1)"],
        confidence="certain",
        remedy=f"on the node, before anything stops that pod: {command_line('umount', path)}",
    )


def _no_ip(pod: PodIdentity, status: CriSandboxStatus, path: str) -> Finding:
    return Finding(
        code="sandbox/no-ip",
        severity="critical",
        subject=name_of(pod),
        message="its network namespace is not mounted any more, and its sandbox has no address: its containers go on as they are until one "
        "of them ends, then all are made anew",
        evidence=[
            f"sandbox {status.id[:13]} is ready, its network namespace closed (crictl inspectp)",
            f"no namespace is mounted at {path}",
        ],
        confidence="certain",
        remedy="nothing brings it back: let the pod be made anew at a time of your choice, and look for what unmounted "
        f"{command_line(path)}",
    )


def _pinned(pod: PodIdentity, path: str, below: int) -> Finding:
    return Finding(
        code="netns/pinned",
        severity="warning",
        subject=name_of(pod),
        message="its network namespace is mounted more than once, one mount on the other: the runtime cannot take it away at once, and "
        "each retry of the kubelet takes one",
        evidence=[f"{path}: {below + 1} mounts, each on the one before (/proc/1/mountinfo)"],
        confidence="certain",
        remedy=f"on the node: {command_line('umount', path)}  # once, and check again: one umount may take several mounts away; and see "
        "what mounts /run with Bidirectional propagation",
    )
