"""`-o tree`: pod, sandbox, holder, containers, processes, each below what it stands on, with namespaces and zombies."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from kubectl_pause.facts.kernel.process import NAMESPACE_TYPES
from kubectl_pause.notes import RUNTIME_UNREAD
from kubectl_pause.render.plain_text import short_id
from kubectl_pause.render.pod_view import holder_text
from kubectl_pause.render.tree.branches import Branch, drawn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubectl_pause.report import Container, NodeReport, PodIdentity, PodWithoutSandbox, Report, Sandbox, SandboxProcess, Zombie

_MOST_ZOMBIES = 3
"""More of one parent are one line."""
_MOST_PIDS = 5
_DEEPEST = 100
"""A process below so many others hangs on none of them: the lines would be longer than anybody could read."""
_STATES = {"T": "stopped", "t": "traced", "X": "dead", "D": "in the kernel"}


def pods_tree(report: Report, *, unicode: bool, width: int | None, colour: bool) -> str:
    """A tree for each pod, with a blank line in between."""
    roots = [root for node in report.nodes for root in _pods(node)]
    return "\n".join(_lines(root, unicode=unicode, width=width, colour=colour) for root in roots)


def nodes_tree(report: Report, *, unicode: bool, width: int | None, colour: bool) -> str:
    """A tree for each node, with the zombies that are no pod's."""
    return "\n".join(_lines(_node(node), unicode=unicode, width=width, colour=colour) for node in report.nodes)


def _lines(root: Branch, *, unicode: bool, width: int | None, colour: bool) -> str:
    return "".join(line + "\n" for line in drawn(root, unicode=unicode, width=width, colour=colour))


def _node(node: NodeReport) -> Branch:
    runtime = f"  {node.runtime.name} {node.runtime.version or ''}".rstrip() if node.runtime else ""
    unread = [] if node.sources.runtime else [Branch(RUNTIME_UNREAD, "warn")]
    return Branch(f"node {node.name}{runtime}", branches=[*unread, *_pods(node), *_zombies_of_host(node.host_zombies or ())])


def _pods(node: NodeReport) -> list[Branch]:
    """Pods in the report's order, the sandboxes of each together, the current one first."""
    of_pod: dict[tuple[str, str, str], list[Sandbox]] = {}
    for sandbox in node.sandboxes:
        of_pod.setdefault((sandbox.pod.uid, sandbox.pod.namespace, sandbox.pod.name), []).append(sandbox)
    pods = []
    for sandboxes in of_pod.values():
        in_order = sorted(sandboxes, key=lambda sandbox: not sandbox.current)
        pods.append(Branch(_pod_text(node, in_order[0].pod), branches=[_sandbox(sandbox) for sandbox in in_order]))
    return pods + [_without_sandbox(node, pod) for pod in node.pods_without_sandbox]


def _pod_text(node: NodeReport, pod: PodIdentity) -> str:
    phase = pod.phase or ("not known to the API" if node.sources.api else "")
    return f"pod {pod.namespace}/{pod.name}  {phase}".rstrip()


def _without_sandbox(node: NodeReport, pod: PodWithoutSandbox) -> Branch:
    why = "no sandbox" if node.sources.runtime else f"sandbox unknown: {RUNTIME_UNREAD}"
    return Branch(_pod_text(node, pod.pod), branches=[Branch(why, branches=[Branch(_container_text(each)) for each in pod.containers])])


def _sandbox(sandbox: Sandbox) -> Branch:
    attempt = "" if sandbox.attempt is None else f", attempt {sandbox.attempt}"
    older = "" if sandbox.current else ", older"
    return Branch(f"sandbox {short_id(sandbox.id)}  {sandbox.state or 'state unknown'}{attempt}{older}", branches=[holder_branch(sandbox)])


def holder_branch(sandbox: Sandbox) -> Branch:
    """The process that holds the namespaces, or that there is none; on it hang its children, the containers, and who came from outside."""
    own = [kind for kind in NAMESPACE_TYPES if kind in sandbox.namespaces and sandbox.namespaces[kind].host is False]
    host = [kind for kind in NAMESPACE_TYPES if kind in sandbox.namespaces and sandbox.namespaces[kind].host]
    holds = "; ".join(filter(None, (f"holds {' '.join(own)}" if own else "", f"the node's {' '.join(host)}" if host else "")))
    strangers = {stranger.pid for stranger in sandbox.strangers}
    processes = [process for process in sandbox.processes or () if process.pid not in strangers]
    zombies = {zombie.pid: zombie for zombie in sandbox.zombies or ()}
    below = _Processes(processes, zombies, sandbox)
    branches = below.of_holder()
    for container in sandbox.containers:
        branches.append(Branch(_container_text(container), branches=below.of_container(container.name)))
    branches += [
        Branch(
            f"{stranger.comm}, pid {stranger.pid}  {stranger.kind} {' '.join(stranger.namespaces)}"
            + (f", and {stranger.descendants} below it" if stranger.descendants else ""),
            "warn",
        )
        for stranger in sandbox.strangers
    ]
    return Branch(f"{holder_text(sandbox)}  {holds}".rstrip(), branches=branches)


def _container_text(container: Container) -> str:
    kind = "" if container.kind in (None, "app") else f"{container.kind} "
    state = f"{container.state or 'unknown'}" + (f" ({container.reason})" if container.reason else "")
    shared: dict[str, list[str]] = {}
    for namespace in NAMESPACE_TYPES:
        seen = (container.namespaces or {}).get(namespace)
        if seen:
            shared.setdefault(seen.sharing.replace("container:", "="), []).append(namespace + ("!" if seen.drift else ""))
    namespaces = "; ".join(f"{sharing}: {' '.join(kinds)}" for sharing, kinds in sorted(shared.items(), key=_order_of_sharing))
    return f"{kind}container {container.name}  {state}  {namespaces}".rstrip()


def _order_of_sharing(shared: tuple[str, list[str]]) -> tuple[int, str]:
    words = ("own", "pod", "host", "unknown")
    return (words.index(shared[0]) if shared[0] in words else 1, shared[0])


class _Processes:
    """The processes of one sandbox: each is shown once, below its parent where that is one of them, else below its container."""

    def __init__(self, processes: list[SandboxProcess], zombies: dict[int, Zombie], sandbox: Sandbox) -> None:
        self.zombies = zombies
        self.holder = sandbox.pid
        self.names = {container.name for container in sandbox.containers}
        mains = {container.pid for container in sandbox.containers if container.pid is not None}
        by_pid = {process.pid: process for process in processes}
        self.children: dict[int, list[SandboxProcess]] = {}
        self.roots: dict[str | None, list[SandboxProcess]] = {}
        for process in processes:
            parent = by_pid.get(process.ppid)
            if process.pid == self.holder and process.pid not in mains:
                continue
            if parent is not None and process.pid not in mains and not _in_a_ring(process, by_pid):
                self.children.setdefault(parent.pid, []).append(process)
            else:
                self.roots.setdefault(process.container if process.container in self.names else None, []).append(process)

    def of_holder(self) -> list[Branch]:
        """What the holder has for children, and what is the pod's but no container's."""
        mains = self.roots.get(None, [])
        held_by_container = any(root.pid == self.holder for roots in self.roots.values() for root in roots)
        children = [] if self.holder is None or held_by_container else self.children.get(self.holder, [])
        return self._branches([*children, *mains], None)

    def of_container(self, name: str) -> list[Branch]:
        """Its processes whose parents are none of the sandbox's."""
        return self._branches(self.roots.get(name, []), name)

    def _branches(self, processes: list[SandboxProcess], container: str | None, depth: int = 0) -> list[Branch]:
        """Processes with what hangs on them; many zombies that nothing hangs on are one line."""
        idle = [process for process in processes if process.state == "Z" and process.pid not in self.children]
        many = len(idle) > _MOST_ZOMBIES
        branches = []
        for process in processes:
            if many and process.state == "Z" and process.pid not in self.children:
                continue
            below = self._branches(self.children.get(process.pid, []), process.container, depth + 1) if depth < _DEEPEST else []
            style = "bad" if process.state == "Z" else "dim" if process.confidence == "possible" else ""
            branches.append(Branch(self._text(process, container), style, below))
        return [*branches, *([_many_zombies((process.comm, process.pid) for process in idle)] if many else [])]

    def _text(self, process: SandboxProcess, container: str | None) -> str:
        inside = f" ({process.ns_pid} inside)" if process.ns_pid is not None and process.ns_pid != process.pid else ""
        remarks = [self._state(process)]
        if process.container != container and process.container is not None:
            remarks.append(f"of container {process.container}")
        remarks.append("possibly of this pod" if process.confidence == "possible" else "")
        return f"{process.comm}, pid {process.pid}{inside}  {', '.join(filter(None, remarks))}".rstrip()

    def _state(self, process: SandboxProcess) -> str:
        if process.state == "Z":
            zombie = self.zombies.get(process.pid)
            return "ended, other threads of it live" if zombie and zombie.kind == "dead-leader" else "zombie"
        return _STATES.get(process.state, "")


def _in_a_ring(process: SandboxProcess, by_pid: dict[int, SandboxProcess]) -> bool:
    """Whether it is its own ancestor, as in a made-up capture, or too deep: it is a root then, so that nothing is lost."""
    ancestor, steps = by_pid.get(process.ppid), 0
    while ancestor is not None and steps < _DEEPEST:
        if ancestor.pid == process.pid:
            return True
        ancestor, steps = by_pid.get(ancestor.ppid), steps + 1
    return steps == _DEEPEST


def _zombies_of_host(zombies: Iterable[Zombie]) -> list[Branch]:
    """Those of no pod, below their parents."""
    of_parent: dict[tuple[str, int], list[Zombie]] = {}
    for zombie in zombies:
        of_parent.setdefault((zombie.parent.comm or "?", zombie.parent.pid), []).append(zombie)
    branches = []
    for (comm, pid), children in of_parent.items():
        alone = [Branch(f"{zombie.comm}, pid {zombie.pid}  zombie", "bad") for zombie in children]
        below = alone if len(children) <= _MOST_ZOMBIES else [_many_zombies((zombie.comm, zombie.pid) for zombie in children)]
        branches.append(Branch(f"{comm}, pid {pid}  of the node", branches=below))
    return branches


def _many_zombies(named: Iterable[tuple[str, int]]) -> Branch:
    zombies = list(named)
    counts = ", ".join(f"{count} {comm}" for comm, count in Counter(comm for comm, _ in zombies).most_common(_MOST_PIDS))
    pids = ", ".join(str(pid) for _, pid in zombies[:_MOST_PIDS])
    more = ", ..." if len(zombies) > _MOST_PIDS else ""
    return Branch(f"{len(zombies)} zombies: {counts} (pids {pids}{more})", "bad")
