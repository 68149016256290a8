"""Which process is the init process of a container, or the holder of a sandbox, and whether that is proven.

A pid that the runtime names is believed only when the process is there and its cgroup names the same id: pids are used again, and
CRI-O keeps the pid of an exited container. Where the runtime names none, the cgroup tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.facts.node_facts import NodeFacts
    from kubectl_pause.join.ownership import Ownership


def init_process(facts: NodeFacts, ownership: Ownership, identifier: str, claimed: Iterable[int | None]) -> Process | None:
    """The init process of a container or sandbox id: a claimed pid that its cgroup confirms, else the one its cgroup shows."""
    for pid in claimed:
        if pid and ownership.owner.get(pid) == identifier:
            return facts.processes[pid]
    return _by_cgroup(facts, ownership, identifier)


def unconfirmed(facts: NodeFacts, ownership: Ownership, identifier: str, claimed: Iterable[int | None]) -> str | None:
    """One sentence on a pid that the runtime claims for `identifier` and the node does not confirm, or None."""
    for pid in claimed:
        if not pid or ownership.owner.get(pid) == identifier:
            continue
        process = facts.processes.get(pid)
        if process is None:
            return f"the runtime names pid {pid}, which is not among the node's processes"
        other = ownership.owner.get(pid)
        return f"the runtime names pid {pid}, whose cgroup is that of {other[:13] if other else 'no container'}"
    return None


def _by_cgroup(facts: NodeFacts, ownership: Ownership, identifier: str) -> Process | None:
    """The earliest process of the cgroup whose parent is outside it: what the runtime started. Later ones are exec'd."""
    pids = ownership.members.get(identifier, ())
    entered = [facts.processes[pid] for pid in pids if ownership.owner.get(facts.processes[pid].ppid) != identifier]
    in_own_namespace = [process for process in entered if process.ns_pids[-1:] == (1,)]
    return min(in_own_namespace or entered, key=lambda process: (process.start_ticks, process.pid), default=None)
