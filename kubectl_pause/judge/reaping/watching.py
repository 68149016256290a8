"""What was seen of each pause while it was watched, and how much may be said of it.

With tracefs and no event lost: it reaped N. With lost events N is not exact, and said so. With the counters of /proc alone: it reaped at
least one (child_faults, cminflt, grew), it reaped none (it never ran), or it cannot be told (it ran).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kubectl_pause.facts.record import Record
from kubectl_pause.facts.watch import Counted, End, Events, Gone, Head, Look
from kubectl_pause.watch_report import WatchedPause, WatchEnd, WatchLine, WatchStart, WatchTick

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.facts.watch import Fact
    from kubectl_pause.report import NodeReport, Sandbox

REASONS = {
    "off": "tracefs was not to be used",
    "absent": "the node has no tracefs, or not these events",
    "refused": "the kernel refused a trace instance",
    "untranslated": "the node's PID namespace is not the kernel's first, and its pids could not be translated",
}


class WatchedSandbox(Record, frozen=True):
    """A pause to watch: whose it is, and when it started in clock ticks, by which a pid that is used again is told."""

    sandbox: Sandbox
    pid: int
    start_ticks: int
    adopts: bool


@dataclass(slots=True)
class _Pause:
    """What is known of one pause so far."""

    watched: WatchedSandbox
    events: Events | None = None
    first: Counted | None = None
    last: Counted | None = None
    reaps: int = 0
    gone: bool = False
    changed: bool = True

    def take(self, fact: Events | Counted | Gone) -> None:
        self.changed = True
        if isinstance(fact, Gone) or (isinstance(fact, Counted) and fact.start_ticks != self.watched.start_ticks):
            self.gone = True
        elif isinstance(fact, Events):
            self.events = fact
            self.reaps = max(self.reaps, fact.reaps)
        else:
            self.first, self.last = self.first or fact, fact

    def shown(self, *, traced: bool) -> WatchedPause:
        pod, first, last = self.watched.sandbox.pod, self.first, self.last
        runs = last.runs - first.runs if first and last and first.runs is not None and last.runs is not None else None
        grew = bool(first and last and last.child_faults > first.child_faults)
        return WatchedPause(
            namespace=pod.namespace,
            pod=pod.name,
            uid=pod.uid,
            owner=pod.owner,
            pid=self.watched.pid,
            adopts=self.watched.adopts,
            reaped=self.reaps if traced else None,
            reaped_any=True if grew or (traced and self.reaps > 0) else False if runs == 0 or traced else None,
            signals=(self.events.signals if self.events else 0) if traced else None,
            forged=(self.events.forged if self.events else 0) if traced else None,
            runs=runs,
            state=last.state if last and not self.gone else None,
            gone=self.gone,
        )


@dataclass(slots=True)
class NodeWatching:
    """The watch of one node: facts in, lines of the report out."""

    node: str
    watched: Iterable[WatchedSandbox]
    head: Head | None = None
    look: Look | None = None
    instance: str | None = None
    _began: float = 0.0
    _pauses: dict[int, _Pause] = field(init=False)

    def __post_init__(self) -> None:
        self._pauses = {each.pid: _Pause(each) for each in self.watched}

    def take(self, fact: Fact, time: str) -> WatchLine | None:
        """A line where the fact completes one: the first look starts the report, each later one is a tick."""
        if isinstance(fact, Head):
            self.head = self.head or fact
        elif isinstance(fact, End):
            self.instance = fact.instance
        elif isinstance(fact, Look):
            return self._looked(fact, time) if self.head else None
        elif fact.pid in self._pauses and not self._pauses[fact.pid].gone:
            self._pauses[fact.pid].take(fact)
        return None

    @property
    def all_gone(self) -> bool:
        """No pause that was watched is left."""
        return all(pause.gone for pause in self._pauses.values())

    def end(self, time: str, why: str | None = None) -> WatchEnd:
        """The last line; `why` the watch was cut, None where it was not."""
        return WatchEnd(
            node=self.node,
            time=time,
            seconds=self._seconds,
            lost=self.look.lost if self.look else 0,
            exact=self._exact,
            complete=why is None and self.instance is not None,
            why=why,
            pauses=self._shown(self._pauses.values()),
        )

    def _looked(self, look: Look, time: str) -> WatchLine:
        first = self.look is None
        self.look = look
        changed = [pause for pause in self._pauses.values() if pause.changed]
        for pause in changed:
            pause.changed = False
        if first and self.head:
            self._began = look.uptime
            return WatchStart(
                node=self.node,
                time=time,
                source="tracefs" if self.head.traced else "counters",
                reason=REASONS.get(self.head.reason or ""),
                pauses=self._shown(self._pauses.values()),
            )
        return WatchTick(node=self.node, time=time, seconds=self._seconds, lost=look.lost, exact=self._exact, pauses=self._shown(changed))

    @property
    def _seconds(self) -> float:
        return round(self.look.uptime - self._began, 2) if self.look else 0.0

    @property
    def _exact(self) -> bool:
        return bool(self.head and self.head.traced and self.look and self.look.lost == 0)

    def _shown(self, pauses: Iterable[_Pause]) -> list[WatchedPause]:
        traced = bool(self.head and self.head.traced)
        shown = [pause.shown(traced=traced) for pause in pauses]
        return sorted(shown, key=lambda each: (each.namespace, each.pod, each.pid))


def watched_sandboxes(report: NodeReport, processes: Mapping[int, Process]) -> list[WatchedSandbox]:
    """The sandboxes of a node's report that a living pause of Kubernetes holds; how another program waits is not known."""
    found = []
    for sandbox in report.sandboxes:
        process = processes.get(sandbox.pid or 0)
        if sandbox.holder != "pause" or process is None:
            continue
        spaces = [space for space in sandbox.pid_namespaces or () if space.reaper and space.reaper.pid == process.pid]
        adopts = any(space.verdict != "nothing-to-reap" for space in spaces)
        found.append(WatchedSandbox(sandbox, process.pid, process.start_ticks, adopts))
    return found
