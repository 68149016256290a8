"""The collector's looks at all processes, from its `#look` lines and the sections that belong to each: one, or two some seconds apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.facts.kernel.pid_limits import parse_pid_limits
from kubectl_pause.facts.kernel.reapers import parse_counters, parse_stats
from kubectl_pause.facts.numbers import COUNT_DIGITS, seconds, whole_number
from kubectl_pause.facts.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubectl_pause.facts.capture import Capture
    from kubectl_pause.facts.kernel.pid_limits import PidLimit
    from kubectl_pause.facts.kernel.process import Process, ProcessKey, Stat
    from kubectl_pause.facts.kernel.reapers import Counters, Reading


class Look(Record, frozen=True):
    """One look at the processes of a node."""

    uptime: float
    """When, in seconds since the node started."""
    zombies: Mapping[ProcessKey, int]
    """Those that were zombies then, and the pid of the parent of each."""
    child_faults: Mapping[ProcessKey, int]
    """cminflt of each process: it grows with every child that is waited for."""
    counters: Mapping[int, Counters]
    """By pid; of processes that could reap."""
    tasks: Mapping[str, int]
    """Tasks charged to each cgroup, by its path."""
    node_tasks: int | None
    """Tasks of the whole node; None where the collector did not say."""


def parse_looks(
    capture: Capture, processes: Mapping[int, Process], readings: Mapping[int, Reading], limits: Mapping[str, PidLimit]
) -> tuple[Look, ...]:
    """The look that the other facts are of, and the second where the collector waited for one.

    Nothing where the collector was an older one that did not say when it looked.
    """
    counters = {pid: reading.counters for pid, reading in readings.items()}
    first = _look(next(iter(capture.looks), {}), processes, counters, limits)
    if first is None:
        return ()
    if len(capture.looks) == 1:
        return (first,)
    content = capture.content("look2")
    second = _look(capture.looks[1], parse_stats(content), parse_counters(content), parse_pid_limits(capture.content("pids2")))
    return (first, second) if second else (first,)


def _look(
    moment: Mapping[str, str],
    processes: Mapping[int, Process] | Mapping[int, Stat],
    counters: Mapping[int, Counters],
    limits: Mapping[str, PidLimit],
) -> Look | None:
    uptime = seconds(moment.get("uptime", ""))
    if uptime is None:
        return None
    return Look(
        uptime=uptime,
        zombies={(pid, process.start_ticks): process.ppid for pid, process in processes.items() if process.state == "Z"},
        child_faults={(pid, process.start_ticks): process.child_faults for pid, process in processes.items()},
        counters=counters,
        tasks={path: limit.current for path, limit in limits.items()},
        node_tasks=whole_number(moment.get("tasks", ""), COUNT_DIGITS),
    )
