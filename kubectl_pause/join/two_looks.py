"""Two looks at the processes of one node: what lasted in between, and what a process did.

The second look is in the capture itself (the collector waited), or the first is an older capture of the same boot. A process is known
by its pid and start time, so a pid that was used again is another process. What may be said of the difference: a zombie in both was
there all the time; child_faults (cminflt) grew: the process reaped in between; it was never put on a CPU: it reaped nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.errors import PauseInspectError
from kubectl_pause.facts.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubectl_pause.facts.kernel.process import ProcessKey
    from kubectl_pause.facts.looks import Look
    from kubectl_pause.facts.node_facts import NodeFacts


class Window(Record, frozen=True):
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
    if not facts.looks:
        return None
    base, *after = facts.looks
    if earlier is not None:
        before = next(iter(earlier.looks), None)
        comparable = before is not None and not rebooted(facts, earlier) and before.uptime < base.uptime
        return Window(before, base, base) if before and comparable else None
    return Window(base, after[0], base) if after and after[0].uptime > base.uptime else None


def comparable(facts: Mapping[str, NodeFacts]) -> list[tuple[str | None, str]]:
    """Captures by their names as pairs of an earlier and a later one of one boot of a node; alone where there is no other.

    Nodes of two clusters may have one name, and a node started anew has other processes: these are two pairs. Raises PauseInspectError
    for three captures of one.
    """
    by_node: dict[tuple[str, str], list[str]] = {}
    for source, of_node in facts.items():
        boot = of_node.header.boot or source
        by_node.setdefault((of_node.api.node_name if of_node.api else "", boot), []).append(source)
    pairs: list[tuple[str | None, str]] = []
    for same in by_node.values():
        if len(same) > len(("earlier", "later")):
            raise PauseInspectError("WrongUsage", f"{', '.join(same)} are captures of one node", "give two of them: --from A --from B")
        *earlier, later = sorted(same, key=lambda source: _moment_of(facts[source]))
        pairs.append((earlier[0] if earlier else None, later))
    return pairs


def of_several_boots(facts: Mapping[str, NodeFacts]) -> set[str]:
    """Captures by their names of which another one is of a node of the same name that was started at another time."""
    boots: dict[str, set[str]] = {}
    for of_node in facts.values():
        if of_node.api and of_node.header.boot:
            boots.setdefault(of_node.api.node_name, set()).add(of_node.header.boot)
    return {source for source, of_node in facts.items() if of_node.api and len(boots.get(of_node.api.node_name, ())) > 1}


def _moment_of(facts: NodeFacts) -> tuple[int, float]:
    """When a capture was taken: by the node's clock, and within one second by its uptime."""
    look = next(iter(facts.looks), None)
    return facts.header.now or 0, look.uptime if look else 0.0


def rebooted(facts: NodeFacts, earlier: NodeFacts) -> bool:
    """Whether the node was started anew between two captures: they cannot be compared."""
    return facts.header.boot != earlier.header.boot
