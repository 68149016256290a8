"""From what a pod's own containers see to the report of that pod: each PID namespace judged alone, by the judges of a node's.

Pids are those of the namespace in which they are: of several containers each may have its own pid 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from kubectl_pause.facts.inside import UNSEEN, inside_facts
from kubectl_pause.join.containers import with_api_containers
from kubectl_pause.join.joined_node import join_node
from kubectl_pause.join.sandboxes import pod_identity
from kubectl_pause.judge.reaping.judge import judge_reaping
from kubectl_pause.judge.reaping.reaping_facts import reaping_facts
from kubectl_pause.notes import FROM_INSIDE
from kubectl_pause.pasting import command_line
from kubectl_pause.report import Finding, NodePids, NodeReport, Pids, PidScope, Sandbox, SandboxNamespace, Sources, ZombieGroup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubectl_pause.facts.api import Pod
    from kubectl_pause.facts.capture import Capture
    from kubectl_pause.facts.kernel.pid_limits import PidLimit
    from kubectl_pause.judge.reaping.judge import Reaping

Told = TypeVar("Told", Finding, ZombieGroup)


def inspect_inside(captures: Mapping[str, Capture], pod: Pod) -> NodeReport:
    """`captures` by the container in which each was read. Raises CaptureError for one that makes no sense."""
    merged = _empty(pod)
    seen: set[int] = set()
    window = None
    for container, capture in captures.items():
        node = join_node(inside_facts(capture, pod, container), pod.spec.node_name or "")
        spaces = {process.namespaces["pid"] for process in node.facts.processes.values() if "pid" in process.namespaces}
        reaping = judge_reaping(reaping_facts(node, f"{_exec_line(pod, container)} "))
        window = node.window or window
        for identifier, told in reaping.by_sandbox.items():
            if not told.spaces or any(space.inode not in seen for space in told.spaces):
                merged = _with(merged, node.sandboxes[identifier], told)
        merged = replace(merged, pids=_with_limit(merged.pids, node.facts.limits.get(_OWN), container))
        seen |= spaces
    return NodeReport(
        name=pod.spec.node_name or "",
        sources=Sources(api=True, notes=[FROM_INSIDE]),
        pids=NodePids(),
        sandboxes=[replace(merged, containers=with_api_containers(pod, merged.containers))],
        window_seconds=round(window.seconds, 3) if window else None,
    )


def _empty(pod: Pod) -> Sandbox:
    kinds = ("net", "ipc", "uts", "pid", "user", "mnt", "cgroup", "time")
    return Sandbox(
        id=UNSEEN,
        pod=pod_identity(pod),
        current=True,
        holder="unknown",
        namespaces={kind: SandboxNamespace() for kind in kinds},
        containers=[],
        pid_namespaces=[],
        zombies=[],
        notes=[FROM_INSIDE],
    )


_OWN = ""
"""A container sees its own cgroup as the root of all."""


def _with_limit(pids: Pids | None, limit: PidLimit | None, container: str) -> Pids | None:
    """The tasks of one container added; the one with the least room is told first."""
    if limit is None or limit.allowed is None:
        return pids
    scope = PidScope(scope=f"container:{container}", current=limit.current, max=limit.allowed, refused=limit.refused)
    scopes = [*(pids.scopes if pids else ()), scope]
    least = min(scopes, key=lambda each: each.max - each.current)
    return Pids(current=least.current, max=least.max, limited_by=least.scope, scopes=scopes)


def _with(merged: Sandbox, shown: Sandbox, told: Reaping) -> Sandbox:
    """One container's view added. A PID namespace that another one has shown already is not told again."""
    known = {each.name for each in merged.containers}
    inodes = {space.inode for space in merged.pid_namespaces or ()}
    return replace(
        merged,
        id=shown.id if merged.id == UNSEEN else merged.id,
        holder="pause" if shown.holder == "pause" else merged.holder,
        pid=shown.pid or merged.pid,
        holder_command=shown.holder_command or merged.holder_command,
        containers=[*merged.containers, *(each for each in shown.containers if each.pid and each.name not in known)],
        pid_namespaces=[*(merged.pid_namespaces or ()), *(space for space in told.spaces or () if space.inode not in inodes)],
        zombies=[*(merged.zombies or ()), *told.zombies],
        zombie_groups=[*merged.zombie_groups, *map(_seen_from_inside, told.groups)],
        findings=[*merged.findings, *map(_seen_from_inside, told.findings)],
    )


def _exec_line(pod: Pod, container: str) -> str:
    """How a command is run where the pids of a container hold."""
    return command_line("kubectl", "exec", "-n", pod.metadata.namespace or "default", pod.metadata.name, "-c", container, "--")


def _seen_from_inside(told: Told) -> Told:
    return replace(told, evidence=[*told.evidence, "seen from inside: pids are those of this PID namespace"])
