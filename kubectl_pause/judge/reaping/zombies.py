"""Every zombie of a node: whose it is and how that is known, which process should wait for it, how it ended and how long ago.

A process of state Z with other threads alive (`dead-leader`) is none yet: nobody can reap it before they end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kubectl_pause.facts.kernel.process import ancestors
from kubectl_pause.judge.reaping.roles import role_of
from kubectl_pause.report import Zombie, ZombieParent

if TYPE_CHECKING:
    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.join.attribution import Attribution
    from kubectl_pause.judge.reaping.reaping_facts import ReapingFacts


@dataclass(slots=True)
class Zombies:
    """Those of each sandbox by its id, and those of the node itself and of containers that are no pods, oldest pid first."""

    by_sandbox: dict[str, list[Zombie]] = field(default_factory=dict)
    host: list[Zombie] = field(default_factory=list)


def find_zombies(facts: ReapingFacts) -> Zombies:
    """All zombies but the collector's own children, and those of sandboxes that the report leaves out (the inspector's)."""
    found = Zombies({identifier: [] for identifier in facts.node.sandboxes})
    parents: dict[int, ZombieParent] = {}
    own = facts.node.facts.header.collector
    for process in sorted(facts.processes.values(), key=lambda process: process.pid):
        if process.state != "Z" or any(ancestor.pid == own for ancestor in ancestors(facts.processes, process)):
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
    return ZombieParent(pid=pid, comm=process.comm if process else None, arguments=facts.arguments(pid), role=str(role_of(facts, process)))
