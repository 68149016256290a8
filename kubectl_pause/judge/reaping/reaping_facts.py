"""What reaping is judged by: the joined node, and what its pids and PID namespaces stand for."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from kubectl_pause.facts.kernel.process import TICKS_PER_SECOND
from kubectl_pause.facts.record import Record
from kubectl_pause.join.init_process import init_process
from kubectl_pause.pasting import ON_THE_NODE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kubectl_pause.facts.kernel.pid_limits import Freezer, PidLimit
    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.facts.kernel.reapers import Reading
    from kubectl_pause.facts.node_facts import NodeFacts
    from kubectl_pause.join.joined_node import JoinedNode
    from kubectl_pause.join.two_looks import Window
    from kubectl_pause.report import Sandbox


class ReapingFacts(Record, frozen=True):
    """An application that others have joined, as Docker and `nsenter` allow, is a holder and an init process."""

    node: JoinedNode
    first: Mapping[int, Process]
    """PID 1 of each PID namespace but the node's."""
    zombies_in: Mapping[int, int]
    """How many zombies are in each PID namespace."""
    sandbox_of_holder: Mapping[int, str]
    """Ids of sandboxes by the pid that holds them."""
    container_of_init: Mapping[int, tuple[str, str]]
    """Sandbox id and name of containers by the pid of their main process."""
    where: str = ON_THE_NODE
    """How a line begins that can be run where these pids hold."""

    @property
    def window(self) -> Window | None:
        """Two looks at the processes; None where there was one."""
        return self.node.window

    @property
    def processes(self) -> Mapping[int, Process]:
        """All processes of the node by pid."""
        return self.node.facts.processes

    @property
    def readings(self) -> Mapping[int, Reading]:
        """Processes that could reap, looked at closely."""
        return self.node.facts.readings

    @property
    def executables(self) -> Mapping[int, str]:
        """Paths of executables by pid; of processes that could reap."""
        return self.node.facts.executables

    def arguments(self, pid: int) -> list[str] | None:
        """Arguments of a process that could reap; None where they were not asked for, or it has none."""
        words = self.node.facts.arguments.get(pid)
        return None if words is None else list(words)

    @property
    def limits(self) -> Mapping[str, PidLimit]:
        """Tasks charged and allowed by cgroup; empty where the collector did not look."""
        return self.node.facts.limits

    @property
    def frozen(self) -> Mapping[str, Freezer] | None:
        """Frozen cgroups; None where the collector did not look."""
        return self.node.facts.frozen

    @property
    def machine(self) -> str:
        """The node's `uname -m`, "" where it is not known."""
        return self.node.facts.header.machine

    @property
    def host_pid_namespace(self) -> int | None:
        """The node's own PID namespace."""
        return self.node.facts.host.get("pid")

    def dead_seconds(self, process: Process) -> float | None:
        """How long ago a zombie died, about, at the moment of the report; never more than since it was started."""
        age = self.node.facts.last_runs.age(process.pid, process.processor)
        moment = self.window.base.uptime if self.window else _uptime(self.node.facts)
        if age is None or moment is None:
            return age
        return min(age, max(0.0, moment - process.start_ticks / TICKS_PER_SECOND))


def reaping_facts(node: JoinedNode, where: str = ON_THE_NODE) -> ReapingFacts:
    """Index what reaping is judged by. Remedies that are commands begin with `where`."""
    facts = node.facts
    host = facts.host.get("pid")
    of_lone = {
        process.pid: (identifier, container.name)
        for identifier, container in node.lone.items()
        if (process := init_process(facts, node.ownership, identifier, [container.pid]))
    }
    return ReapingFacts(
        node=node,
        first={
            process.namespaces["pid"]: process
            for process in facts.processes.values()
            if process.ns_pids[-1:] == (1,) and process.namespaces.get("pid", host) != host
        },
        zombies_in=Counter(each.namespaces["pid"] for each in facts.processes.values() if each.is_zombie and "pid" in each.namespaces),
        sandbox_of_holder={sandbox.pid: sandbox.id for sandbox in node.sandboxes.values() if sandbox.pid},
        container_of_init=of_lone | dict(_inits(facts, node.sandboxes.values())),
        where=where,
    )


def _inits(facts: NodeFacts, sandboxes: Iterable[Sandbox]) -> list[tuple[int, tuple[str, str]]]:
    """Main processes of containers. A dead one's cgroup is not to be seen on v1, so the runtime's word counts for a zombie."""
    found = []
    for sandbox in sandboxes:
        for container in sandbox.containers:
            bundle = facts.bundles.get(container.id or "")
            claimed = facts.processes.get(bundle.pid) if bundle and bundle.pid else None
            pid = container.pid or (claimed.pid if claimed and claimed.state == "Z" else None)
            if pid:
                found.append((pid, (sandbox.id, container.name)))
    return found


def _uptime(facts: NodeFacts) -> float | None:
    return facts.looks[0].uptime if facts.looks else facts.header.uptime
