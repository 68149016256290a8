"""Two looks at the processes of one node: what lasted in between, and what a process did.

The second look is in the capture itself (the collector waited), or the first is an older capture of the same boot. A process is known
by its pid and start time, so a pid that was used again is another process. What may be said of the difference: a zombie in both was
there all the time; child_faults (cminflt) grew: the process reaped in between; it was never put on a CPU: it reaped nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_pause.facts.pid_limits import parse_pid_limits
from kubectl_pause.facts.reapers import parse_counters, parse_stats

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubectl_pause.analysis.node_facts import NodeFacts
    from kubectl_pause.facts.process import Process, Stat
    from kubectl_pause.facts.reapers import Counters

ProcessKey = tuple[int, int]
"""pid and start time in clock ticks: what one process never shares with another of the same boot."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look. `uptime` in seconds; `tasks` of each cgroup by path, `node_tasks` of all."""

    uptime: float
    zombies: frozenset[ProcessKey]
    child_faults: Mapping[ProcessKey, int]
    counters: Mapping[int, Counters]
    tasks: Mapping[str, int]
    node_tasks: int | None


@dataclass(frozen=True, slots=True)
class Window:
    """Two looks, `first` before `second`; `base` is the one that the report shows."""

    first: Look
    second: Look
    base: Look

    @property
    def seconds(self) -> float:
        """Time between the looks."""
        return self.second.uptime - self.first.uptime

    @property
    def seconds_after_base(self) -> float:
        """How much longer than at the report's moment a lasting zombie is known to have been there."""
        return self.second.uptime - self.base.uptime

    def lasted(self, key: ProcessKey) -> bool | None:
        """Whether a zombie of the report was there at both looks; None for one that is newer than the first."""
        if key not in self.first.zombies:
            return None
        return key in self.second.zombies

    def reaped(self, key: ProcessKey) -> bool | None:
        """Whether the process waited for children in between; False where it may only have waited for ones without a fault."""
        before, after = self.first.child_faults.get(key), self.second.child_faults.get(key)
        return None if before is None or after is None else after > before

    def idle(self, key: ProcessKey) -> bool | None:
        """Whether a process of one thread never ran in between."""
        if key not in self.first.child_faults or key not in self.second.child_faults:
            return None
        before, after = self.first.counters.get(key[0]), self.second.counters.get(key[0])
        if before is None or after is None or before.runs is None or after.runs is None:
            return None
        return before.runs == after.runs

    def wake_ups(self, key: ProcessKey) -> int | None:
        """How often it went back to sleep: about as many signals, deaths among them, or more at once."""
        before, after = self.first.counters.get(key[0]), self.second.counters.get(key[0])
        if before is None or after is None or before.voluntary is None or after.voluntary is None:
            return None
        return after.voluntary - before.voluntary


def window_of(facts: NodeFacts, earlier: NodeFacts | None = None) -> Window | None:
    """The window of a capture with a second look in it, or of two captures; None where there was one look, or a reboot in between."""
    base = first_look(facts)
    if base is None:
        return None
    if earlier is not None:
        before = first_look(earlier)
        comparable = before is not None and not rebooted(facts, earlier) and before.uptime < base.uptime
        return Window(before, base, base) if before and comparable else None
    after = second_look(facts)
    return Window(base, after, base) if after and after.uptime > base.uptime else None


def moment_of(facts: NodeFacts) -> tuple[int, float]:
    """When a capture was taken: by the node's clock, and within one second by its uptime."""
    header = facts.capture.header
    now, look = header.get("now", ""), first_look(facts)
    return int(now) if now.isascii() and now.isdigit() and len(now) < 12 else 0, look.uptime if look else 0.0  # noqa: PLR2004 (a time)


def rebooted(facts: NodeFacts, earlier: NodeFacts) -> bool:
    """Whether the node was started anew between two captures: they cannot be compared."""
    return facts.capture.header.get("boot") != earlier.capture.header.get("boot")


def first_look(facts: NodeFacts) -> Look | None:
    """The look at the capture's processes; None where the collector was an older one that did not say when."""
    moment = next(iter(facts.capture.looks), {})
    counters = parse_counters(facts.capture.content("reapers"))
    return _look(moment, facts.processes, counters, facts.capture.content("pids"))


def second_look(facts: NodeFacts) -> Look | None:
    """The second look of a capture, None where the collector was not told to wait for one."""
    if len(facts.capture.looks) < 2:  # noqa: PLR2004 (two looks)
        return None
    content = facts.capture.content("look2")
    return _look(facts.capture.looks[1], parse_stats(content), parse_counters(content), facts.capture.content("pids2"))


def _look(
    moment: Mapping[str, str], processes: Mapping[int, Process] | Mapping[int, Stat], counters: Mapping[int, Counters], pids: bytes
) -> Look | None:
    try:
        uptime = float(moment["uptime"])
    except (KeyError, ValueError):
        return None
    tasks = moment.get("tasks", "")
    return Look(
        uptime=uptime,
        zombies=frozenset((pid, each.start_ticks) for pid, each in processes.items() if each.state == "Z"),
        child_faults={(pid, each.start_ticks): each.child_faults for pid, each in processes.items()},
        counters=counters,
        tasks={path: limit.current for path, limit in parse_pid_limits(pids).items()},
        node_tasks=int(tasks) if tasks.isascii() and tasks.isdigit() and len(tasks) < 12 else None,  # noqa: PLR2004 (more are no tasks)
    )
