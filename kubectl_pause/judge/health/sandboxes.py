"""Faults of sandboxes, of their shims and of their containers' place in cgroups.

`sandbox/two-ready`: the kubelet stops the old sandbox of a pod before it makes the new one (kubelet `computePodActions`, reason "more
than 1 sandboxes"), so two ready ones are no transition. `shim/stopped`: a shim that does not run hears of no exit, and the runtime asks
it in vain: CRI goes on to call its containers running, and a delete hangs without an event. `container/no-cgroup`: no limit of its pod
holds for a process that was moved out of its cgroup, and the kubelet does not see what it uses.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from kubectl_pause.judge.health.ghosts import ghost_findings
from kubectl_pause.judge.health.network import network_findings
from kubectl_pause.judge.made_anew import made_anew
from kubectl_pause.judge.namespaces.findings import name_of
from kubectl_pause.judge.reaping.halted import halt_of
from kubectl_pause.pasting import command_line
from kubectl_pause.report import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_pause.join.joined_node import JoinedNode
    from kubectl_pause.report import Sandbox


def health_findings(node: JoinedNode) -> dict[str, list[Finding]]:
    """Findings of each sandbox that has any, by its id."""
    findings: dict[str, list[Finding]] = defaultdict(list)
    of_runtime = (*_two_ready(node), *_stopped_shims(node), *_without_cgroup(node))
    for identifier, finding in (*of_runtime, *network_findings(node), *ghost_findings(node)):
        findings[identifier].append(finding)
    return dict(findings)


def _two_ready(node: JoinedNode) -> Iterator[tuple[str, Finding]]:
    """Told of the current sandbox of the pod. By the runtime's own list alone: state files do not tell a stopped sandbox."""
    ready: dict[str, list[Sandbox]] = defaultdict(list)
    for pod in node.facts.pods or ():
        sandbox = node.sandboxes.get(pod.id)
        if sandbox and pod.uid and pod.state == "ready":
            ready[pod.uid].append(sandbox)
    for uid, sandboxes in ready.items():
        if len(sandboxes) > 1:
            current = next((sandbox for sandbox in sandboxes if sandbox.current), sandboxes[0])
            look = command_line("crictl", "pods", "--label", f"io.kubernetes.pod.uid={uid}")
            yield (
                current.id,
                Finding(
                    code="sandbox/two-ready",
                    severity="critical",
                    subject=name_of(current.pod),
                    message=f"{len(sandboxes)} sandboxes of this pod are ready: the kubelet ends all with their containers, and makes one",
                    evidence=[f"sandbox {sandbox.id[:13]} is ready, attempt {sandbox.attempt}" for sandbox in sandboxes],
                    confidence="certain",
                    remedy=f"on the node: {look}  # where it lasts or comes back, a second program makes sandboxes there",
                ),
            )


def _stopped_shims(node: JoinedNode) -> Iterator[tuple[str, Finding]]:
    """A shim may serve a whole pod or one container; each is told once, of the sandbox that it serves."""
    for pid, place in node.shims.items():
        process, sandbox = node.facts.processes[pid], node.sandboxes.get(place.sandbox)
        halt = halt_of(process, node.facts.frozen, node.facts.processes)
        if sandbox is None or halt is None or process.state == "t":  # a debugger stops what it watches at every call
            continue
        yield (
            sandbox.id,
            Finding(
                code="shim/stopped",
                severity="critical",
                subject=name_of(sandbox.pod),
                message=f"its shim {process.comm} (pid {pid}) {halt.words}: the runtime hears of no container's end, and a delete hangs",
                evidence=[f"state {process.state} in /proc/{pid}/status", "what crictl and the API call running may have ended by now"],
                confidence="certain",
                remedy=halt.remedy,
            ),
        )


def _without_cgroup(node: JoinedNode) -> Iterator[tuple[str, Finding]]:
    for sandbox, container, process in node.main_processes():
        if process.pid not in node.ownership.without_cgroup or container.state != "running":
            continue
        yield (
            sandbox.id,
            Finding(
                code="container/no-cgroup",
                severity="warning",
                subject=name_of(sandbox.pod, container.name),
                message="its main process is in no cgroup of its pod: no limit holds for it, and nothing that it uses is counted",
                evidence=[
                    f"pid {process.pid} ({process.comm}) is what the runtime started, and a child of the sandbox's shim {process.ppid}",
                    f"no cgroup of the pod in /proc/{process.pid}/cgroup",
                ],
                confidence="certain",
                remedy=f"{made_anew(sandbox.pod)}  # and look for what writes into cgroup.procs on the node",
            ),
        )
