"""Shims of the kubelet's containerd that serve what CRI does not list: nobody will ever ask them to end.

containerd cleans them up when it is started, and only where their bundle is still there (core/runtime/v2/shim_load.go; containerd#6860,
containerd#9309, containerd#12344). A sandbox is listed only when it is nearly made, so a young one is none. Shims of another containerd,
or of another of its namespaces (docker, nerdctl, buildkit), are not Kubernetes'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.join.attribution import shims_of_the_node
from kubectl_pause.judge.guards import YOUNG_SECONDS, age_of
from kubectl_pause.pasting import command_line
from kubectl_pause.report import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.join.joined_node import JoinedNode

_MOST_LINES = 5


def lost_shim_findings(node: JoinedNode) -> Iterator[Finding]:
    """Likely and never certain: list and processes are not read in one moment. None where crictl did not list both kinds."""
    facts = node.facts
    if facts.pods is None or facts.containers is None:
        return
    listed = {pod.id for pod in facts.pods} | {container.id for container in facts.containers}
    served = {facts.shim_addresses.get(pid) for pid in node.shims} - {None}
    for shim, identifier in shims_of_the_node(facts, node.ownership):
        age = age_of(facts, shim)
        ours = facts.shim_addresses.get(shim.pid) in served
        if ours and identifier not in listed and age is not None and age > YOUNG_SECONDS:
            yield _lost(node, shim, identifier)


def _lost(node: JoinedNode, shim: Process, identifier: str) -> Finding:
    alive = [child for child in node.facts.processes.values() if child.ppid == shim.pid and not child.is_dead]
    told = [f"pid {child.pid} ({child.comm}) is its child" for child in alive[:_MOST_LINES]] or ["it has no live child"]
    if alive:
        code = "shim/unlisted"
        message = f"shim {shim.pid} keeps processes alive that the runtime does not list: no kubelet knows of them, and none will end them"
        remedy = f"on the node: {command_line('ctr', '-n', 'k8s.io', 'tasks', 'ls')}  # is it there, made by hand? else restart containerd"
    else:
        code = "shim/leaked"
        message = f"shim {shim.pid} serves nothing that the runtime lists, and has no process: it was left behind"
        remedy = f"restart containerd on the node, which cleans such up; if it stays, end it there: {command_line('kill', str(shim.pid))}"
    return Finding(
        code=code,
        severity="warning",
        subject=f"node {node.about.name}",
        message=message,
        evidence=[f"it says to serve {identifier[:13]}, which is in no answer of crictl pods and ps -a", *told],
        confidence="likely",
        remedy=remedy,
    )
