"""Every zombie of a node: whose it is and how that is known, which process should wait for it, how it ended and how long ago.

A process of state Z with other threads alive (`dead-leader`) is none yet: nobody can reap it before they end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kubectl_pause.facts.known_programs import OCI_RUNTIMES, RUNC_STAGES, RUNTIME_DAEMONS, SHIM_NAMES
from kubectl_pause.report import Zombie, ZombieParent

if TYPE_CHECKING:
    from kubectl_pause.facts.process import Process
    from kubectl_pause.join.attribution import Attribution
    from kubectl_pause.judge.reaping.reaping_facts import ReapingFacts

_RUNTIME_NAMES = (*SHIM_NAMES, *RUNTIME_DAEMONS, *OCI_RUNTIMES)
"""Processes by which a runtime starts containers and commands in them."""
_LONGEST_LINE = 16


@dataclass(slots=True)
class Zombies:
    """Those of each sandbox by its id, and those of the node itself and of containers that are no pods, oldest pid first."""

    by_sandbox: dict[str, list[Zombie]] = field(default_factory=dict)
    host: list[Zombie] = field(default_factory=list)


def find_zombies(facts: ReapingFacts) -> Zombies:
    """All zombies but the collector's own children, and those of sandboxes that the report leaves out (the inspector's)."""
    found = Zombies({identifier: [] for identifier in facts.node.sandboxes})
    parents: dict[int, ZombieParent] = {}
    own = _collector(facts)
    for process in sorted(facts.processes.values(), key=lambda process: process.pid):
        if process.state != "Z" or _descends(facts, process, own):
            continue
        if process.ppid not in parents:
            parents[process.ppid] = _parent(facts, process.ppid)
        attribution = facts.node.attributions.get(process.pid)
        zombie = _zombie(facts, process, parents[process.ppid], attribution)
        if attribution is None or attribution.place.sandbox in facts.node.lone:
            found.host.append(zombie)
        elif attribution.place.sandbox in found.by_sandbox:
            found.by_sandbox[attribution.place.sandbox].append(zombie)
    return found


def _zombie(facts: ReapingFacts, process: Process, parent: ZombieParent, attribution: Attribution | None) -> Zombie:
    signal = process.exit_code & 0x7F
    dead = process.is_zombie
    age = facts.dead_seconds(process) if dead else None
    return Zombie(
        pid=process.pid,
        ns_pid=process.ns_pids[-1] if len(process.ns_pids) > 1 else None,
        comm=process.comm,
        ppid=process.ppid,
        parent=parent,
        container=_container(facts, process, attribution),
        exit_code=process.exit_code >> 8 & 0xFF if dead and not signal else None,
        signal=signal if dead and signal else None,
        age_seconds=None if age is None else round(age, 3),
        lasting=facts.window.lasted(process.key) if facts.window else None,
        attributed_by=attribution.by if attribution else None,
        confidence=attribution.confidence if attribution else None,
        kind="zombie" if dead else "dead-leader",
    )


def _container(facts: ReapingFacts, process: Process, attribution: Attribution | None) -> str | None:
    """The container's name: its own evidence, else the runtime's word for a main process, else its live parent's."""
    if attribution is None:
        return None
    if attribution.place.container:
        return attribution.place.container
    if process.pid in facts.container_of_init:
        return facts.container_of_init[process.pid][1]
    parent = facts.node.attributions.get(process.ppid)
    same_pod = parent is not None and parent.place.sandbox == attribution.place.sandbox
    return parent.place.container if parent and same_pod else None


def _parent(facts: ReapingFacts, pid: int) -> ZombieParent:
    process = facts.processes.get(pid)
    if process is None:
        return ZombieParent(pid=pid, role="unknown")
    return ZombieParent(pid=pid, comm=process.comm, role=role_of(facts, process))


def role_of(facts: ReapingFacts, process: Process) -> str:
    """What a process is to a pod: `pause`, `container:NAME` (PID 1 of that container's own PID namespace), `process:NAME`, `runtime`,
    `kubelet` or `host`.
    """
    pid = process.pid
    if pid in facts.container_of_init:
        name = facts.container_of_init[pid][1]
        return f"container:{name}" if _is_first(facts, process) else f"process:{name}"
    if pid in facts.sandbox_of_holder:
        return "pause"
    attribution = facts.node.attributions.get(pid)
    if _is_outside(facts, process):
        runtime = process.comm in _RUNTIME_NAMES or process.comm.startswith(RUNC_STAGES)
        if runtime or pid in facts.node.shims:
            return "runtime"
        if attribution is None:
            return "kubelet" if process.comm == "kubelet" else "host"
    if attribution is None:
        return "unknown"
    return f"process:{attribution.place.container or '?'}"


def _is_first(facts: ReapingFacts, process: Process) -> bool:
    """Whether a container's main process is PID 1 of its PID namespace. Where that was not read, it is in one of the container's own,
    unless it is seen to be in the pod's or in the node's.
    """
    if process.ns_pids:
        return process.ns_pids[-1] == 1
    sandbox = facts.node.sandboxes.get(facts.container_of_init[process.pid][0])
    shared = sandbox.namespaces["pid"].inode if sandbox and "pid" in sandbox.namespaces else None
    return process.namespaces.get("pid") not in {shared, facts.host_pid_namespace} - {None}


def _is_outside(facts: ReapingFacts, process: Process) -> bool:
    """In the node's PID namespace and in no container's cgroup: only there does a name say what a process is."""
    return process.namespaces.get("pid") == facts.host_pid_namespace and facts.node.ownership.is_outside(process.pid)


def _collector(facts: ReapingFacts) -> int | None:
    told = facts.node.facts.capture.header.get("self", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 12 else None  # noqa: PLR2004 (digits of a pid)


def _descends(facts: ReapingFacts, process: Process, ancestor: int | None) -> bool:
    if ancestor is None:
        return False
    for _ in range(_LONGEST_LINE):
        if process.ppid == ancestor:
            return True
        parent = facts.processes.get(process.ppid)
        if parent is None or parent.pid == 1:
            return False
        process = parent
    return False
