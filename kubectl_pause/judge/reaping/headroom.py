"""How many more tasks a pod and its node may have: every limit that applies, which one binds first, and what share zombies hold.

A zombie is charged until it is reaped (kernel: pids_release), in its own cgroup and in every one above. Limits are those of the
container, the pod, each ancestor, and the kernel's pid_max and threads-max; the one with the least room left binds first.

A second of growth is mostly noise. So a time until a limit is full is given for a pod or a container alone, and only where its own zombies
grew between the two samples, or it is half full already.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from kubectl_pause.facts.kernel.cgroup import owner_of_path
from kubectl_pause.facts.record import Record
from kubectl_pause.report import Finding, NodePids, Pids, PidScope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kubectl_pause.facts.kernel.pid_limits import PidLimit
    from kubectl_pause.judge.reaping.judge import NodeReaping
    from kubectl_pause.judge.reaping.reaping_facts import ReapingFacts
    from kubectl_pause.report import Sandbox, Zombie

_FULL_SHARE = 0.9
_HALF = 0.5
_KERNEL = ("kernel.pid_max", "kernel.threads-max")


class Headroom(Record, frozen=True):
    """Limits of one node. `paths` has the cgroup of each container or sandbox id, `charged` the zombies of each cgroup and those below.

    `refused` are the forks that failed in each cgroup and those below, `more_zombies` how many zombies more the second sample saw there
    than the first, by their parents.
    """

    facts: ReapingFacts
    node: NodePids
    paths: Mapping[str, str]
    charged: Mapping[str, int]
    refused: Mapping[str, int]
    more_zombies: Mapping[str, int]

    def of_sandbox(self, sandbox: Sandbox) -> Pids | None:
        """The limits of a sandbox; None where its cgroup was not seen."""
        own = {container.id: container.name for container in sandbox.containers if container.id in self.paths}
        scopes = [self._scope(f"container:{name}", self.paths[identifier]) for identifier, name in own.items() if identifier]
        below = next((self.paths[each] for each in (sandbox.id, *filter(None, own)) if each in self.paths), None)
        if below is None:
            return None
        pod, *ancestors = _above(below) or [""]
        scopes += [self._scope("pod", pod), *(self._scope(f"cgroup:/{path}", path) for path in ancestors), *self.of_kernel()]
        known = [scope for scope in scopes if scope]
        first = min(known, key=lambda scope: scope.max - scope.current, default=None)
        charged = self.facts.limits.get(pod)
        return Pids(
            current=first.current if first else charged.current if charged else None,
            max=first.max if first else None,
            limited_by=first.scope if first else None,
            scopes=known,
        )

    def of_kernel(self) -> list[PidScope | None]:
        """The kernel's two limits on all tasks of the node."""
        window = self.facts.window
        before, after = (window.first.node_tasks, window.second.node_tasks) if window else (None, None)
        growth = None if window is None or before is None or after is None else (after - before) / window.seconds
        if self.node.current is None:
            return []
        return [
            PidScope(scope=name, current=self.node.current, max=limit, zombies=self.node.zombies, growth_per_second=_rounded(growth))
            for name, limit in zip(_KERNEL, (self.node.max, self.node.threads_max), strict=True)
            if limit is not None
        ]

    def _scope(self, name: str, path: str) -> PidScope | None:
        limit: PidLimit | None = self.facts.limits.get(path)
        if limit is None or limit.allowed is None:
            return None
        window = self.facts.window
        before, after = (window.first.tasks.get(path), window.second.tasks.get(path)) if window else (None, None)
        growth = None if window is None or before is None or after is None else (after - before) / window.seconds
        zombies = self.charged.get(path, 0)
        scope = PidScope(
            scope=name,
            current=limit.current,
            max=limit.allowed,
            # More zombies than tasks: they are charged elsewhere, or the two were read too far apart.
            zombies=zombies if zombies <= limit.current else None,
            refused=self.refused.get(path),
            growth_per_second=_rounded(growth),
        )
        own = name == "pod" or name.startswith("container:")
        if own and growth and growth > 0 and (self.more_zombies.get(path, 0) > 0 or limit.current >= limit.allowed * _HALF):
            scope.seconds_left = round((limit.allowed - limit.current) / growth, 1) if limit.allowed > limit.current else None
        return scope


class NodeHeadroom(Record, frozen=True):
    """How many more tasks the node and each sandbox may have, and what is nearly used up. A limit above the pods is the node's."""

    pids: NodePids
    findings: list[Finding]
    pids_of: dict[str, Pids | None]
    """By sandbox; None where its cgroup was not seen."""
    findings_of: dict[str, list[Finding]]


def judge_headroom(facts: ReapingFacts, reaping: NodeReaping) -> NodeHeadroom:
    """Every limit that applies, with the zombies that are charged to it."""
    room = _headroom(facts, reaping)
    shared = {scope.scope: scope for scope in room.of_kernel() if scope}
    pids_of: dict[str, Pids | None] = {}
    findings_of: dict[str, list[Finding]] = {}
    for sandbox in facts.node.sandboxes.values():
        pids = pids_of[sandbox.id] = room.of_sandbox(sandbox) if facts.limits else None
        scopes = pids.scopes if pids else []
        shared |= {scope.scope: scope for scope in scopes if scope.scope.startswith("cgroup:")}
        own = [scope for scope in scopes if scope.scope not in shared]
        findings_of[sandbox.id] = _findings(f"{sandbox.pod.namespace}/{sandbox.pod.name}", own)
    return NodeHeadroom(room.node, _findings(f"node {facts.node.about.name}", shared.values()), pids_of, findings_of)


def _headroom(facts: ReapingFacts, reaping: NodeReaping) -> Headroom:
    """Find the cgroups of the report's containers, and charge their zombies to them and to all above."""
    paths: dict[str, str] = {}
    for path in facts.limits:
        owner = owner_of_path(f"/{path}")
        if owner and not owner.below and not owner.is_monitor:
            paths.setdefault(owner.container_id, path)
    charged: Counter[str] = Counter()
    for sandbox in facts.node.sandboxes.values():
        ids = {container.name: container.id for container in sandbox.containers if container.id}
        pod = next((paths[each] for each in (sandbox.id, *ids.values()) if each in paths), None)
        for zombie in reaping.by_sandbox[sandbox.id].zombies:
            own = _charged_to(facts, zombie, paths, ids)
            below = own or pod
            for path in [*([own] if own else []), *(_above(below) if below else [])]:
                charged[path] += 1
    known = facts.node.about.pids
    node = NodePids(current=known.current, max=known.max, threads_max=known.threads_max, zombies=reaping.total)
    return Headroom(facts, node, paths, charged, _refused(facts), _more_zombies(facts, paths))


def _more_zombies(facts: ReapingFacts, paths: Mapping[str, str]) -> Mapping[str, int]:
    """By cgroup, those below it included. Both samples are counted alike: a zombie stands in its parent's cgroup."""
    by_parent: Counter[int] = Counter()
    if facts.window is not None:
        by_parent.update(facts.window.second.zombies.values())
        by_parent.subtract(facts.window.first.zombies.values())
    more: Counter[str] = Counter()
    for parent, count in by_parent.items():
        path = paths.get(facts.node.ownership.owner.get(parent) or "")
        for each in [path, *_above(path)] if path else ():
            more[each] += count
    return more


def _charged_to(facts: ReapingFacts, zombie: Zombie, paths: Mapping[str, str], ids: Mapping[str, str]) -> str | None:
    """The cgroup of a zombie's container; None for that of an attempt that has ended: its charge stays with the pod alone.

    cgroup v1 shows no path of a zombie, so there its container's name has to do.
    """
    owner = facts.node.ownership.owner.get(zombie.pid)
    return paths.get(owner or ids.get(zombie.container or "", ""))


def _refused(facts: ReapingFacts) -> Mapping[str, int]:
    """Forks that failed in each cgroup and those below, by whatever limit.

    From 6.11 on v2 counts so itself; older kernels, and v1 in all, count where the task is that forks, whichever limit above refused it.
    """
    told = {path: limit.refused for path, limit in facts.limits.items() if limit.refused is not None}
    of_node = facts.node.facts
    version = re.match(r"(\d{1,4})\.(\d{1,4})", of_node.header.kernel)
    if of_node.mounts.cgroup == "v2" and version and (int(version[1]), int(version[2])) >= _COUNTS_ABOVE:
        return told
    summed = Counter(told)
    for path, count in told.items():
        for above in _above(path):
            if above in told:
                summed[above] += count
    return summed


_COUNTS_ABOVE = (6, 11)


def _findings(subject: str, scopes: Iterable[PidScope]) -> list[Finding]:
    """Limits that are nearly used up."""
    return [_finding(subject, scope) for scope in scopes if scope.current >= scope.max * _FULL_SHARE]


def _finding(subject: str, scope: PidScope) -> Finding:
    full = scope.current >= scope.max
    evidence = [f"{scope.scope}: {scope.current} of {scope.max} tasks"]
    if scope.zombies:
        evidence.append(f"{scope.zombies} of them are zombies")
    if scope.refused:
        evidence.append(f"{scope.refused} forks in it were refused since the cgroup was made (pids.events)")
    if scope.seconds_left is not None:
        evidence.append(f"at {scope.growth_per_second:.1f} more each second it is full in {scope.seconds_left:.0f} s")
    return Finding(
        code="pids/full" if full else "pids/almost-full",
        severity="critical" if full else "warning",
        subject=subject,
        message=f"{'no' if full else 'few'} more processes can be started: {_limit(scope.scope)} is {scope.max}, {scope.current} charged",
        evidence=evidence,
        confidence="certain",
    )


def _limit(scope: str) -> str:
    """`pod` and `container:app` as the limit that a sentence speaks of."""
    kind, colon, name = scope.partition(":")
    return "the pod's limit" if scope == "pod" else f"the limit of {kind} {name}" if colon else scope


def _rounded(growth: float | None) -> float | None:
    return None if growth is None else round(growth, 2)


def _above(path: str) -> list[str]:
    """Every cgroup above one, the nearest first, the root left out."""
    parts = path.split("/")
    return ["/".join(parts[:length]) for length in range(len(parts) - 1, 0, -1)]
