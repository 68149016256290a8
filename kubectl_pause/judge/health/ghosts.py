"""`container/ghost`: processes of a container that the runtime calls exited go on, beside those of the container made in its place.

Left by the sudden death of a shim (containerd 2.x deletes the sandbox and marks its containers exited, and kills none of them): the
application runs twice, the old one behind a network that was taken down, until the pod is deleted, when the kubelet kills by cgroup.
Nothing else shows it. A process in its last moments looks alike: so it has to live at two looks, and to have lost its shim.

`container/no-shim`: the same where the runtime has not heard of it, and calls the container running (older containerd, containerd#8285).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.facts.known_programs import SHIM_NAMES
from kubectl_pause.judge.made_anew import made_anew
from kubectl_pause.judge.namespaces.findings import name_of
from kubectl_pause.report import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.facts.runtime.cri import CriContainer
    from kubectl_pause.join.joined_node import JoinedNode
    from kubectl_pause.report import Sandbox

_MOST_LINES = 5


def ghost_findings(node: JoinedNode) -> Iterator[tuple[str, Finding]]:
    """Findings with the sandbox that each is told of, by its id: the current one of the pod."""
    yield from _without_shim(node)
    for container in node.facts.containers or ():
        if container.state != "exited":
            continue
        members = [node.facts.processes[pid] for pid in node.ownership.members.get(container.id, ())]
        left = [process for process in members if not process.is_dead]
        pod = node.pod(container.sandbox_id)
        current = next((sandbox for sandbox in node.sandboxes.values() if sandbox.current and pod and sandbox.pod.uid == pod.uid), None)
        if left and current and _are_nobodys(node, left):
            yield current.id, _ghost(node, container, current, left)


def _without_shim(node: JoinedNode) -> Iterator[tuple[str, Finding]]:
    """A main process is a child of its shim for as long as that lives."""
    running = {container.id for container in node.facts.containers or () if container.state == "running"}
    for sandbox, container, process in node.main_processes():
        if sandbox.holder == "virtual" or container.id not in running or not _are_nobodys(node, [process]):
            continue
        lasting = _at_both_looks(node, [process])
        yield (
            sandbox.id,
            Finding(
                code="container/no-shim",
                severity="critical",
                subject=name_of(sandbox.pod, container.name),
                message="its shim is gone, and the runtime calls it running: nobody will tell the runtime of its end",
                evidence=[
                    f"pid {process.pid} ({process.comm}) is the child of pid {process.ppid}, and of no shim",
                    *(["so at both looks"] if lasting else []),
                ],
                confidence="certain" if lasting else "likely",
                remedy=f"{made_anew(sandbox.pod)}  # where that hangs, restart the runtime on the node",
            ),
        )


def _at_both_looks(node: JoinedNode, processes: Sequence[Process]) -> bool:
    looks = (node.window.first, node.window.second) if node.window else ()
    return bool(looks) and all(process.key in look.child_faults for process in processes for look in looks)


def _are_nobodys(node: JoinedNode, processes: Sequence[Process]) -> bool:
    """Whether the node's init has adopted all of them that have no parent among them: what made them is gone."""
    pids, init = {process.pid for process in processes}, node.facts.processes.get(1)
    return init is not None and init.comm not in SHIM_NAMES and all(process.ppid in (1, *pids) for process in processes)


def _ghost(node: JoinedNode, container: CriContainer, current: Sandbox, processes: Sequence[Process]) -> Finding:
    again = next((each for each in current.containers if each.name == container.name and each.state == "running"), None)
    beside = f", beside its container of now (pid {again.pid})" if again else ""
    lasting = _at_both_looks(node, processes)
    told = [
        f"pid {each.pid} ({each.comm}), state {each.state}, child of pid {each.ppid}, in its cgroup" for each in processes[:_MOST_LINES]
    ]
    return Finding(
        code="container/ghost",
        severity="critical",
        subject=name_of(current.pod, container.name),
        message=f"the runtime calls container {container.id[:13]} exited, and its processes go on{beside}",
        evidence=[*told, "no shim has them, which would tell the runtime of their end", *(["there at both looks"] if lasting else [])],
        confidence="certain" if lasting else "likely",
        remedy=f"{made_anew(current.pod)}  # the kubelet kills all that is left in the pod's cgroup then",
    )
