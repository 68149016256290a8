"""What a process is to a pod, as far as reaping goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from kubectl_pause.facts.known_programs import OCI_RUNTIMES, RUNC_STAGES, RUNTIME_DAEMONS, SHIM_NAMES
from kubectl_pause.facts.record import Record

if TYPE_CHECKING:
    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.judge.reaping.reaping_facts import ReapingFacts

_RUNTIME_NAMES = (*SHIM_NAMES, *RUNTIME_DAEMONS, *OCI_RUNTIMES)
"""Processes by which a runtime starts containers and commands in them."""


Kind = Literal["pause", "container", "process", "runtime", "kubelet", "host", "unknown"]


class Role(Record, frozen=True):
    """`container` is PID 1 of that container's own PID namespace, `process` another process of it; its text is the report's."""

    kind: Kind
    container: str | None = None
    """Its name; None where it is not known which one, or for a role outside of containers."""

    def __str__(self) -> str:
        return f"{self.kind}:{self.container or ('?' if self.container is None else '')}" if self.is_of_container else self.kind

    @property
    def is_of_container(self) -> bool:
        """Whether it is an application's process, and not the sandbox's or one outside of the pod."""
        return self.kind in ("container", "process")


def role_of(facts: ReapingFacts, process: Process | None) -> Role:
    """The role of a process; `unknown` of one that was not seen."""
    if process is None:
        return Role("unknown")
    if process.pid in facts.container_of_init:
        return Role("container" if _is_first(facts, process) else "process", facts.container_of_init[process.pid][1])
    if process.pid in facts.sandbox_of_holder:
        return Role("pause")
    attribution = facts.node.attributions.get(process.pid)
    if _is_outside(facts, process):
        if process.comm in _RUNTIME_NAMES or process.comm.startswith(RUNC_STAGES) or process.pid in facts.node.shims:
            return Role("runtime")
        if attribution is None:
            return Role("kubelet" if process.comm == "kubelet" else "host")
    return Role("process", attribution.place.container or None) if attribution else Role("unknown")


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
