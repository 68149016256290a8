"""Pods made by hand: a process that holds namespaces, and processes from elsewhere that have joined them.

`unshare ... chroot rootfs /pause`, then `nsenter -t PAUSE -n -i -u -- unshare --pid --mount --fork chroot rootfs COMMAND`. No runtime
tells of them; what proves them is in /proc. A process enters a namespace by being born in it (its parent is in it), by making it, or
by joining it (setns(2)). So a namespace that one process tree made and nobody joined has one *way in*, a member whose parent is
outside, and is no pod: a lone `unshare`, a service with PrivateNetwork, a browser's or an application's sandbox. Two ways in that are
really two are a pod.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from kubectl_pause.facts.known_programs import PAUSE_NAMES
from kubectl_pause.facts.record import Record
from kubectl_pause.join.groups import connected

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from kubectl_pause.facts.kernel.process import Process

SHARED_TYPES = ("net", "ipc", "uts", "pid")
"""Namespaces that make containers a pod (the four that CRI's NamespaceOption knows, uts going with net); all others may differ."""

_LAUNCHERS = ("unshare", "nsenter")
"""util-linux's and busybox's tools, which wait for their child where they had to fork."""
_DEEPEST = 1000
"""Generations looked at: more than any tree has, and an end for parents that make a ring, which only a made-up capture can hold."""
_ADOPTERS = ("systemd", "init")
"""Besides pid 1, systemd's user manager takes orphans (PR_SET_CHILD_SUBREAPER): their parent says nothing of where they came from."""

Namespace = tuple[str, int]


class HandMadePod(Record, frozen=True):
    """A pod that no runtime made. `units` are what was started in it, oldest first: an init process and the pids of all its processes.

    The holder is the init process of one of them: pause where there is one, else PID 1 of a joined PID namespace, else the oldest.
    `launchers` are the processes that wait for an init process of theirs, in some of its namespaces but not in all.
    """

    holder: Process
    units: tuple[tuple[Process, tuple[int, ...]], ...]
    launchers: frozenset[int]


def unit_id(init: Process) -> str:
    """What stands for a container id, in the report and in `Ownership`."""
    return f"pid-{init.pid}"


def hand_made_pods(processes: Mapping[int, Process], owned: Mapping[int, str], host: Mapping[str, int]) -> list[HandMadePod]:
    """Every pod made by hand, of the processes that no runtime owns by its cgroup. `host` are the node's own namespaces."""
    finder = _Finder(processes, owned, host)
    joined = finder.joined()
    if not joined:
        return []
    roots: dict[int, set[Namespace]] = {}
    for pid in finder.isolated:
        of_process = finder.namespaces(pid) & joined
        if of_process:
            roots.setdefault(finder.top(pid, joined), set()).update(of_process)
    finder.roots = roots.keys()
    pods = [finder.pod(group, joined) for group in connected(roots)]
    return [pod for pod in pods if len(pod.units) > 1]


class _Finder:
    """The processes in question by pid, and who is whose child among them."""

    def __init__(self, processes: Mapping[int, Process], owned: Mapping[int, str], host: Mapping[str, int]) -> None:
        self.host = host
        self.free = {pid: each for pid, each in processes.items() if each.namespaces and pid not in owned and each.state not in "ZX"}
        types = [kind for kind in SHARED_TYPES if kind in host]
        self.isolated = {
            pid: frozenset((kind, each.namespaces[kind]) for kind in types if each.namespaces.get(kind, host[kind]) != host[kind])
            for pid, each in self.free.items()
            if any(each.namespaces.get(kind, host[kind]) != host[kind] for kind in types)
        }
        self.roots: Collection[int] = ()
        """The ways into all joined namespaces, once they are known: where one process tree of a pod ends and another begins."""
        self.children: dict[int, list[int]] = defaultdict(list)
        for each in processes.values():
            if each.pid not in owned:
                self.children[each.ppid].append(each.pid)

    def namespaces(self, pid: int) -> frozenset[Namespace]:
        """Those of the shared types that are not the host's."""
        return self.isolated.get(pid, frozenset())

    def joined(self) -> frozenset[Namespace]:
        """Namespaces with two ways in at least."""
        ways_in: dict[Namespace, list[int]] = defaultdict(list)
        for pid, namespaces in self.isolated.items():
            for each in namespaces - self.namespaces(self.free[pid].ppid):
                ways_in[each].append(pid)
        return frozenset(each for each, pids in ways_in.items() if len(pids) > 1 and len(self.separate(pids)) > 1)

    def separate(self, roots: Iterable[int]) -> list[Process]:
        """The init processes behind ways in, oldest first, without those that are no way in of their own.

        One that has all eight namespaces in common with an older one, its own mount namespace among them, was put into that container
        (`nsenter -a`, as `docker exec`). One that has them in common and was adopted is most likely an orphan of the older one.
        """
        found: list[Process] = []
        seen: list[Mapping[str, int]] = []
        for init in sorted(map(self.init, roots), key=_age):
            own_root = init.namespaces.get("mnt") != self.host.get("mnt")
            if init.namespaces in seen and (own_root or self._was_adopted(init)):
                continue
            found.append(init)
            seen.append(init.namespaces)
        return found

    def _was_adopted(self, process: Process) -> bool:
        parent = self.free.get(process.ppid)
        return process.ppid in (0, 1) or (parent is not None and parent.comm in _ADOPTERS)

    def top(self, pid: int, joined: frozenset[Namespace]) -> int:
        """The way in above a process: as far up as its parents share a joined namespace with it."""
        for _ in range(_DEEPEST):
            parent = self.free[pid].ppid
            if not self.namespaces(parent) & self.namespaces(pid) & joined:
                break
            pid = parent
        return pid

    def init(self, root: int) -> Process:
        """What a launcher launched: it waits in the namespaces it joined while its only child is in the PID namespace it asked for."""
        process = self.free[root]
        for _ in range(_DEEPEST):
            children = [self.free[pid] for pid in self.children[process.pid] if pid in self.free]
            if len(children) != 1 or process.comm in PAUSE_NAMES or children[0].pid in self.roots:
                break
            if children[0].namespaces.get("pid") == process.namespaces.get("pid") and process.comm not in _LAUNCHERS:
                break
            process = children[0]
        return process

    def pod(self, roots: list[int], joined: frozenset[Namespace]) -> HandMadePod:
        """The pod of connected ways in."""
        inits = self.separate(roots)
        root_of = {self.init(root).pid: root for root in reversed(roots)}
        units = tuple((init, tuple(self._tree(root_of[init.pid], init.pid))) for init in inits)

        def order(process: Process) -> tuple[bool, bool, int, int]:
            namespace = "pid", process.namespaces.get("pid", 0)
            made_it = process.ns_pids[-1:] == (1,) and namespace in joined
            return process.comm not in PAUSE_NAMES, not made_it, *_age(process)

        launchers = frozenset(pid for root in roots for pid in self._above(self.init(root).pid, root))
        return HandMadePod(holder=min(inits, key=order), units=units, launchers=launchers)

    def _above(self, pid: int, root: int) -> list[int]:
        """The pids from the parent of an init process up to its way in."""
        above: list[int] = []
        while pid != root and len(above) < _DEEPEST:
            pid = self.free[pid].ppid
            above.append(pid)
        return above

    def _tree(self, root: int, first: int) -> Iterator[int]:
        """A way in and all that descends from it, zombies too, down to where another way in begins; the init process first."""
        yield first
        seen, waiting = {first}, [root, first]
        while waiting:
            pid = waiting.pop()
            if pid not in seen:
                seen.add(pid)
                yield pid
            waiting += [child for child in self.children[pid] if child not in self.roots and child not in seen]


def _age(process: Process) -> tuple[int, int]:
    return process.start_ticks, process.pid
