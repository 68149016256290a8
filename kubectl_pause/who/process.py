"""Who a process is: the pod and container it belongs to, or what it is to the node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_pause.facts.kernel.cgroup import cgroup_paths
from kubectl_pause.facts.kernel.process import NAMESPACE_TYPES
from kubectl_pause.facts.known_programs import SHIM_NAMES
from kubectl_pause.join.runtime_at_work import is_half_way

if TYPE_CHECKING:
    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.join.attribution import Attribution, Confidence, Place
    from kubectl_pause.join.joined_node import JoinedNode


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One thing that an input means on a node; the fields are those of `report.Answer`."""

    role: str | None
    known_by: list[str]
    confidence: Confidence = "certain"
    place: Place | None = None
    pid: int | None = None


def who_is(node: JoinedNode, process: Process) -> list[Found]:
    """One answer; one for each pod where a process of no pod is in the namespaces of several."""
    attribution = node.attributions.get(process.pid)
    if attribution and (attribution.by == "cgroup" or process.is_dead):
        return [_member(node, process, attribution)]
    if process.pid in node.shims:
        place = node.shims[process.pid]
        serves = f"container {place.container}" if place.container else f"sandbox {place.sandbox}"
        return [Found(role="runtime", place=place, pid=process.pid, known_by=[f"its arguments name {serves}", _outside(node, process)])]
    started = attribution is not None and attribution.by == "parent" and attribution.confidence == "likely"
    joined = [] if started else _joined(node, process)
    if joined:
        return joined
    if attribution:
        return [_of_ancestor(node, process, attribution)]
    return [_of_the_node(node, process)]


def _member(node: JoinedNode, process: Process, attribution: Attribution) -> Found:
    place, sandbox = attribution.place, node.sandboxes.get(attribution.place.sandbox)
    evidence = [_step(node, process, attribution)]
    is_init = process.pid == node.init_pid(place)
    if is_init:
        pause = sandbox is not None and sandbox.holder == "pause"
        role = f"container:{place.container}" if place.container else "pause" if pause else "sandbox"
    else:
        role = f"process:{place.container}" if place.container else "process"
    if is_init:
        claimed = any(bundle.pid == process.pid and node.known.get(bundle.id) == place for bundle in node.facts.bundles.values())
        claimed = claimed or any(status.pid == process.pid and status.id == place.sandbox for status in node.facts.statuses.values())
        evidence += ["the runtime names it as the init process"] if claimed else []
    if process.is_dead:
        evidence.append(_death(node, process))
    if place.sandbox in node.lone:
        evidence.append(f"{node.lone[place.sandbox].engine} has it as container {place.container}, which shares no namespace: no pod")
    elif sandbox is None:
        evidence.append("the report leaves this sandbox out: it is a pod of this program")
    return Found(role=role, place=place, pid=process.pid, known_by=evidence, confidence=attribution.confidence)


def _step(node: JoinedNode, process: Process, attribution: Attribution) -> str:
    whose = f"container {attribution.place.container}" if attribution.place.container else "the sandbox"
    through = node.process_text(attribution.through or 0)
    if attribution.by == "cgroup":
        sandbox = node.sandboxes.get(attribution.place.sandbox)
        if sandbox and sandbox.pod.kind == "hand-made":
            return "its namespaces: the pod was made by hand, no runtime tells of it"
        return f"cgroup {_cgroup(process)}"
    if attribution.by == "pid-namespace":
        inode = process.namespaces.get("pid")
        shared = "" if attribution.place.container else ", whose containers may share it"
        return f"its PID namespace {inode} is that of {whose}{shared}"
    if attribution.by == "parent":
        child = "child" if attribution.through == process.ppid else "descendant"
        return f"{child} of {through}, a process of {whose}"
    return f"child of the shim {through}, which serves {whose}"


def _death(node: JoinedNode, process: Process) -> str:
    parent = node.process_text(process.ppid)
    if not process.is_zombie:
        return f"its leader has ended, {process.threads - 1} of its threads live on; child of {parent}"
    return f"zombie: it has ended, and its parent {parent} has not waited for it"


def _joined(node: JoinedNode, process: Process) -> list[Found]:
    """For each pod that has namespaces which the process is in."""
    half_way = is_half_way(node.facts, node.ownership, process.pid)
    role, why = ("runtime", "the runtime works on it") if half_way else ("stranger", "it has joined them, it is not the pod's")
    joined: dict[str, list[tuple[str, Place]]] = {}
    for kind in NAMESPACE_TYPES:
        for place in node.owners.get((kind, process.namespaces.get(kind, 0)), []):
            joined.setdefault(place.sandbox, []).append((kind, place))
    answers = []
    for of_pod in joined.values():
        kinds = list(dict.fromkeys(kind for kind, _ in of_pod))
        of_container = next((place for _, place in of_pod if place.container), of_pod[0][1])
        whose = f"container {of_container.container}" if of_container.container else "the pod"
        evidence = [f"it is in namespaces of {whose}: {', '.join(kinds)}", f"{_outside(node, process)}: {why}"]
        answers.append(Found(role=role, place=of_container, pid=process.pid, known_by=evidence))
    return answers


def _of_ancestor(node: JoinedNode, process: Process, attribution: Attribution) -> Found:
    evidence = [_step(node, process, attribution), _outside(node, process)]
    started = f"process:{attribution.place.container}" if attribution.place.container else "process"
    role = "runtime" if attribution.by == "shim" else started if attribution.confidence == "likely" else None
    return Found(role=role, place=attribution.place, pid=process.pid, known_by=evidence, confidence=attribution.confidence)


def _of_the_node(node: JoinedNode, process: Process) -> Found:
    pid = process.pid
    if pid == 1:
        return Found(role="host", pid=pid, known_by=["the node's init: PID 1 of the node"])
    own = process.namespaces.get("pid")
    if process.is_dead or own is None or own != node.facts.host.get("pid"):
        evidence = [_outside(node, process)]
        if own is not None and own != node.facts.host.get("pid"):
            evidence.append(f"its PID namespace {own} is neither the node's nor a pod's")
        if process.is_dead:
            evidence.append(_death(node, process))
        return Found(role=None, pid=pid, known_by=[*evidence, "nothing else tells whose it is"], confidence="possible")
    evidence = ["it is in the node's PID namespace", _outside(node, process)]
    role = "runtime" if process.comm in SHIM_NAMES and pid in node.facts.shims else "host"
    return Found(role=role, pid=pid, known_by=evidence)


def _outside(node: JoinedNode, process: Process) -> str:
    if not process.cgroups:
        return "its cgroup could not be read"
    owner = node.ownership.owner.get(process.pid)
    known = f"of container {owner[:13]}, which the runtime does not know" if owner else "of no pod"
    return f"its cgroup {_cgroup(process)} is {known}"


def _cgroup(process: Process) -> str:
    return next(iter(cgroup_paths(process.cgroups)), "/")
