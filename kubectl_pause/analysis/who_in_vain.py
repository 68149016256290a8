"""What was looked for on a node, and where, when `who X` found nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.analysis.who import pods_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_pause.analysis.inspected_node import InspectedNode
    from kubectl_pause.analysis.who_question import Question, Reading


def looked_for(question: Question, node: InspectedNode) -> str:
    """`no process 904 among 151 processes; ... (node NAME, captured at TIME)`."""
    searched = "; ".join(_IN_VAIN[reading.kind](node, reading) for reading in question.readings)
    return f"{searched} (node {node.report.name}, captured at {node.report.captured_at or 'an unknown time'})"


def _pod_pid(node: InspectedNode, reading: Reading) -> str:
    pod = reading.phrase.partition(" inside ")[2]
    if pods_named(node, reading):
        return f"no process with pid {reading.number} inside {pod}"
    return f"no {pod} among {_sandboxes(node)}"


def _inode(node: InspectedNode, reading: Reading) -> str:
    searched = f"{_processes(node)} and {len(node.facts.mounts.namespaces)} mounts of namespaces"
    return f"no {f'{reading.within} ' if reading.within else ''}namespace has inode {reading.number} in {searched}"


def _link(node: InspectedNode, reading: Reading) -> str:
    if reading.number in node.facts.processes:
        return f"{node.process_text(reading.number)} has no {reading.within} namespace any more"
    return _pid(node, reading)


def _pid(node: InspectedNode, reading: Reading) -> str:
    return f"no process {reading.number} among {_processes(node)}"


def _interface(node: InspectedNode, reading: Reading) -> str:
    searched = [*(["CNI results"] if node.facts.statuses else []), *(["routes"] if node.facts.routes is not None else [])]
    if not searched:
        return f"interface {reading.text}: the capture has neither routes nor CNI results"
    return f"no interface {reading.text} in {' and '.join(searched)}"


def _processes(node: InspectedNode) -> str:
    return f"{len(node.facts.processes)} processes"


def _sandboxes(node: InspectedNode) -> str:
    return f"{len(node.report.sandboxes)} sandboxes"


def _id(node: InspectedNode, reading: Reading) -> str:
    containers = sum(place.container is not None for place in node.known.values())
    return f"no id of {_sandboxes(node)} and {containers} containers begins with {reading.text}"


_IN_VAIN: dict[str, Callable[[InspectedNode, Reading], str]] = {
    "pid": _pid,
    "pod-pid": _pod_pid,
    "id": _id,
    "inode": _inode,
    "link": _link,
    "mount": lambda _, reading: f"no namespace is mounted at {reading.text}, and no sandbox's spec names that path",
    "address": lambda node, reading: f"none of {_sandboxes(node)} has address {reading.text}",
    "interface": _interface,
    "cgroup": lambda _, reading: f"no pod, container or process in cgroup {reading.text}",
}
