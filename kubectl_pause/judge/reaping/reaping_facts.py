"""What reaping is judged by: the node as `who` searches it, the readings of processes that could reap, the two looks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_pause.join.init_process import init_process
from kubectl_pause.join.joined_node import inspect_node
from kubectl_pause.join.two_looks import window_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubectl_pause.facts.looks import ProcessKey
    from kubectl_pause.facts.node_facts import NodeFacts
    from kubectl_pause.facts.pid_limits import Freezer, PidLimit
    from kubectl_pause.facts.process import Process
    from kubectl_pause.facts.reapers import Reading
    from kubectl_pause.join.joined_node import InspectedNode
    from kubectl_pause.join.two_looks import Window
    from kubectl_pause.report import NodeReport, Sandbox


@dataclass(frozen=True, slots=True)
class ReapingFacts:
    """`first` is PID 1 of each PID namespace but the node's. `window` is None where there was one look.
    `zombies_in` counts zombies by PID namespace.
    `sandbox_of_holder` and `container_of_init` tell what a pid stands for in the report; an application that others have joined, as
    Docker and `nsenter` allow, is in both.
    """

    node: InspectedNode
    first: Mapping[int, Process]
    window: Window | None
    zombies_in: Mapping[int, int]
    sandbox_of_holder: Mapping[int, str]
    container_of_init: Mapping[int, tuple[str, str]]

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
        return self.node.facts.capture.header.get("machine", "")

    @property
    def host_pid_namespace(self) -> int | None:
        """The node's own PID namespace."""
        return self.node.facts.host.get("pid")

    def dead_seconds(self, process: Process) -> float | None:
        """How long ago a zombie died, about, at the moment of the report; never more than since it was started."""
        age = self.node.facts.last_runs.age(process.pid)
        moment = self.window.base.uptime if self.window else _uptime(self.node.facts)
        if age is None or moment is None:
            return age
        return min(age, max(0.0, moment - process.start_ticks / TICKS))


TICKS = 100
"""USER_HZ, in which /proc/PID/stat counts, on every architecture that runs containers."""


def key_of(process: Process) -> ProcessKey:
    """What a process is known by at both looks."""
    return process.pid, process.start_ticks


def reaping_facts(facts: NodeFacts, report: NodeReport, earlier: NodeFacts | None = None) -> ReapingFacts:
    """`earlier` are the facts of an older capture of the same node."""
    host = facts.host.get("pid")
    node = inspect_node(facts, report)
    of_lone = {
        process.pid: (identifier, container.name)
        for identifier, container in node.lone.items()
        if (process := init_process(facts, identifier, [container.pid]))
    }
    return ReapingFacts(
        node=node,
        first={
            process.namespaces["pid"]: process
            for process in facts.processes.values()
            if process.ns_pids[-1:] == (1,) and process.namespaces.get("pid", host) != host
        },
        window=window_of(facts, earlier),
        zombies_in=Counter(each.namespaces["pid"] for each in facts.processes.values() if each.is_zombie and "pid" in each.namespaces),
        sandbox_of_holder={sandbox.pid: sandbox.id for sandbox in report.sandboxes if sandbox.pid},
        container_of_init=of_lone | dict(_inits(facts, report.sandboxes)),
    )


def _inits(facts: NodeFacts, sandboxes: list[Sandbox]) -> list[tuple[int, tuple[str, str]]]:
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
    try:
        return float(next(iter(facts.capture.looks), facts.capture.header)["uptime"])
    except (KeyError, ValueError):
        return None
