"""What a cgroup of the node's own is: a service, or what holds pods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.facts.kernel.cgroup import cgroup_paths
from kubectl_pause.who.process import Found

if TYPE_CHECKING:
    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.join.joined_node import JoinedNode


def cgroup_of_the_node(node: JoinedNode, path: str) -> list[Found]:
    """A cgroup of the node's own: one of its services, or one that holds pods."""
    wanted = _spellings(path)
    paths = {pid: _own_paths(process) for pid, process in node.facts.processes.items()}
    inside = [pid for pid, own in paths.items() if any(path.endswith(wanted) for path in own)]
    below = [pid for pid, own in paths.items() if any(f"{each}/" in path for each in wanted for path in own)]
    limits = node.facts.limits
    tasks = next((limit.current for own, limit in limits.items() if own and f"/{own}".endswith(wanted)), None)
    if not inside and not below and tasks is None:
        return []
    pods = {node.attributions[pid].place.sandbox for pid in below if pid in node.attributions and node.attributions[pid].by == "cgroup"}
    evidence = ["a cgroup of the node's own"]
    evidence += [f"{counted(len(pods), 'pod', 'pods')} below it"] if pods else []
    of_pods = any(pid in node.ownership.owner for pid in inside)
    evidence += [f"{counted(len(inside), 'process', 'processes')} in it{'' if of_pods else ', of no pod'}"] if inside else []
    evidence += [f"{counted(tasks, 'task', 'tasks')} charged to it"] if tasks is not None else []
    return [Found(role="host", pid=min(inside, default=None), known_by=evidence)]


def _spellings(path: str) -> tuple[str, ...]:
    """A cgroup's path with and without `/sys/fs/cgroup` and a controller before it."""
    whole = path.rstrip("/")
    below = whole.removeprefix("/sys/fs/cgroup")
    without = "/" + below.lstrip("/").partition("/")[2]
    return tuple(each for each in {whole, below, *([without] if below != whole else [])} if each.strip("/"))


def _own_paths(process: Process) -> list[str]:
    return [path.removesuffix(" (deleted)") for path in cgroup_paths(process.cgroups)]


def counted(count: int, one: str, many: str) -> str:
    """`1 pod`, `2 pods`."""
    return f"{count} {one if count == 1 else many}"
