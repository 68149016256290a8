"""Processes of the runtime that are half way between the node and a container, for a moment.

`runc create` and `runc exec` put their child into the container's cgroup first and into its namespaces after (libcontainer, nsexec.c);
a CNI plugin enters a pod's network namespace and leaves it; the files of one process in /proc are read one after another. None of
these is a stranger, and what such a process shows is not what its container will have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.facts.kernel.process import TICKS_PER_SECOND, ancestors
from kubectl_pause.facts.known_programs import OCI_RUNTIMES, RUNC_STAGES, RUNTIME_DAEMONS, SHIM_NAMES

if TYPE_CHECKING:
    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.facts.node_facts import NodeFacts
    from kubectl_pause.join.ownership import Ownership

_DAEMONS = (*RUNTIME_DAEMONS, "kubelet")
_STARTERS = (*OCI_RUNTIMES, "exe")
_STARTING_SECONDS = 10.0


def is_half_way(facts: NodeFacts, ownership: Ownership, pid: int) -> bool:
    """Whether the process is one of the runtime's own: a daemon's child, or what becomes a container's process under a shim."""
    process = facts.processes.get(pid)
    if process is None:
        return False
    for ancestor in ancestors(facts.processes, process):
        if ancestor.comm in _DAEMONS and ownership.is_outside(ancestor.pid):
            return True
        if ancestor.comm in SHIM_NAMES and ownership.is_outside(ancestor.pid):
            return _is_starter(facts, process)
    return False


def _is_starter(facts: NodeFacts, process: Process) -> bool:
    """An OCI runtime before it became the container's program, by the name that it had when the reading began.

    runc calls its stages so; runc and crun run sealed copies of themselves, which are called `exe` or like the descriptor's number.
    An application may have such a name too, but starting takes no longer than some seconds.
    """
    named = process.comm in _STARTERS or process.comm.isdigit()
    return process.comm.startswith(RUNC_STAGES) or (named and _is_young(facts, process))


def _is_young(facts: NodeFacts, process: Process) -> bool:
    """Started while the node was read, or seconds before."""
    read_at = facts.header.uptime
    return read_at is not None and process.start_ticks / TICKS_PER_SECOND > read_at - _STARTING_SECONDS
