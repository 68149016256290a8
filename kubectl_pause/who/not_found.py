"""What was looked for on a node, and where, when `who X` found nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.facts.kernel.cgroup import parse_path, pod_of_path
from kubectl_pause.who.answer import pods_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_pause.join.joined_node import JoinedNode
    from kubectl_pause.who.question import Question, Reading


def looked_for(question: Question, node: JoinedNode) -> str:
    """`no process 904 among 151 processes; ... (node NAME, captured at TIME)`."""
    searched = "; ".join(_IN_VAIN[reading.kind](node, reading) for reading in question.readings)
    return f"{searched} (node {node.about.name}, captured at {node.about.captured_at or 'an unknown time'})"


def _pod_pid(node: JoinedNode, reading: Reading) -> str:
    pod = reading.phrase.partition(" inside ")[2]
    if pods_named(node, reading):
        return f"no process with pid {reading.number} inside {pod}"
    return f"no {pod} among {_sandboxes(node)}"


def _inode(node: JoinedNode, reading: Reading) -> str:
    searched = f"{_processes(node)} and {len(node.facts.mounts.namespaces)} mounts of namespaces"
    return f"no {f'{reading.within} ' if reading.within else ''}namespace has inode {reading.number} in {searched}"


def _link(node: JoinedNode, reading: Reading) -> str:
    if reading.number in node.facts.processes:
        return f"{node.process_text(reading.number)} has no {reading.within} namespace any more"
    return _pid(node, reading)


def _pid(node: JoinedNode, reading: Reading) -> str:
    return f"no process {reading.number} among {_processes(node)}"


def _thread(node: JoinedNode, reading: Reading) -> str:
    """The node knows: the capture has threads of a few processes only."""
    if reading.part:
        return f"no process {reading.part} among {_processes(node)}"
    if reading.number in node.facts.processes:
        return f"{node.process_text(reading.number)} is a process"
    return f"it may be a thread: on the node, grep Tgid /proc/{reading.number}/status"


def _container(node: JoinedNode, reading: Reading) -> str:
    names = [container.name for sandbox in pods_named(node, reading) for container in sandbox.containers]
    pod = reading.phrase.partition(" of ")[2]
    if not pods_named(node, reading):
        return f"no {pod} among {_sandboxes(node)}"
    return f"{pod} has no container {reading.part}, it has {', '.join(dict.fromkeys(names)) or 'none'}"


def _cgroup(_node: JoinedNode, reading: Reading) -> str:
    path = f"/{reading.text.lstrip('/')}"
    uid, containers = pod_of_path(path), [owner.container_id for owner in parse_path(path)]
    named = [*([f"pod uid {uid}"] if uid else []), *(f"container {each}" for each in containers)]
    told = f"; the path names {' and '.join(named)}, which this node does not know" if named else ""
    return f"no pod, container or process in cgroup {reading.text}{told}"


def _interface(node: JoinedNode, reading: Reading) -> str:
    searched = [*(["CNI results"] if node.facts.statuses else []), *(["routes"] if node.facts.routes is not None else [])]
    if not searched:
        return f"interface {reading.text}: the capture has neither routes nor CNI results"
    said = f"no interface {reading.text} in {' and '.join(searched)}"
    if reading.number:
        said += f", and interface {reading.number} of the node, its other end if a pod printed it, is not known to be a pod's"
    return said


def _processes(node: JoinedNode) -> str:
    return f"{len(node.facts.processes)} processes"


def _sandboxes(node: JoinedNode) -> str:
    return f"{len(node.sandboxes)} sandboxes"


def _id(node: JoinedNode, reading: Reading) -> str:
    containers = sum(place.container is not None for place in node.known.values())
    return f"no id of {_sandboxes(node)} and {containers} containers begins with {reading.text}"


_IN_VAIN: dict[str, Callable[[JoinedNode, Reading], str]] = {
    "pid": _pid,
    "thread": _thread,
    "pod-pid": _pod_pid,
    "id": _id,
    "uid": lambda node, reading: f"none of {_sandboxes(node)} is of a pod with uid {reading.text}",
    "pod": lambda node, reading: f"no {reading.phrase} among {_sandboxes(node)}",
    "container": _container,
    "node": lambda _, reading: f"no node {reading.text}",
    "inode": _inode,
    "link": _link,
    "mount": lambda _, reading: f"no namespace is mounted at {reading.text}, and no sandbox's spec names that path",
    "address": lambda node, reading: f"none of {_sandboxes(node)} has address {reading.text}",
    "interface": _interface,
    "cgroup": _cgroup,
}
