"""Answers to `who X` on one node: every reading of X is looked up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kubectl_pause.facts.api import canonical_address
from kubectl_pause.facts.kernel.cgroup import owner_of_path, parse_path, pod_of_path
from kubectl_pause.join.attribution import Place
from kubectl_pause.report import Answer
from kubectl_pause.who.advice import ON_CLUSTER, Way, node_address_evidence
from kubectl_pause.who.cgroup import cgroup_of_the_node, counted
from kubectl_pause.who.namespace import at_mount, whose_namespace
from kubectl_pause.who.process import Found, who_is

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kubectl_pause.join.joined_node import JoinedNode
    from kubectl_pause.report import Container, PodIdentity, Sandbox
    from kubectl_pause.who.question import Question, Reading


def answer(question: Question, node: JoinedNode, way: Way = ON_CLUSTER) -> list[Answer]:
    """Every answer that the node has, reading by reading. None where it knows of no such thing. `way` is how to ask for more."""
    return [
        Answer(
            asked=question.asked,
            understood_as=reading.phrase,
            node=node.about.name,
            pod=pod,
            sandbox=found.place.sandbox if found.place else None,
            container=found.place.container if found.place else None,
            pid=found.pid,
            comm=_comm(node, found.pid),
            role=found.role,
            known_by=found.known_by,
            confidence=found.confidence,
            next_step=_next_step(way, reading, pod),
        )
        for reading in question.readings
        for found in _LOOK_UP[reading.kind](node, reading)
        for pod in [node.pod(found.place.sandbox) if found.place else None]
    ]


def _next_step(way: Way, reading: Reading, pod: PodIdentity | None) -> str | None:
    """A name or a uid asks for a pod, not for whose something is."""
    if reading.kind == "node":
        return way.sandboxes_of(reading.text)
    return way.pod(pod.namespace, pod.name) if pod and reading.kind in ("pod", "uid") else None


def _comm(node: JoinedNode, pid: int | None) -> str | None:
    process = node.facts.processes.get(pid) if pid else None
    return process.comm if process else None


def _pid(node: JoinedNode, reading: Reading) -> list[Found]:
    process = node.facts.processes.get(reading.number)
    return who_is(node, process) if process else []


def _thread(node: JoinedNode, reading: Reading) -> list[Found]:
    """The process of a thread: of those whose threads were read, or as the text itself says it."""
    leader = int(reading.part or 0) or node.facts.threads.get(reading.number, 0)
    process = node.facts.processes.get(leader)
    if process is None or leader == reading.number:
        return []
    evidence = f"the text says so: a thread of {node.process_text(leader)}" if reading.part else f"a thread of {node.process_text(leader)}"
    return [replace(found, known_by=[evidence, *found.known_by]) for found in who_is(node, process)]


def _uid(node: JoinedNode, reading: Reading) -> list[Found]:
    """Sandboxes of a pod by its uid; the API's uid of a static pod's mirror is not the runtime's, which is a hash."""
    uids = {reading.text, *(pod.runtime_uid for pod in node.api_pods if pod.metadata.uid == reading.text)}
    return _sandboxes(node, lambda sandbox: sandbox.pod.uid in uids, f"the pod's uid is {reading.text}")


def _pod(node: JoinedNode, reading: Reading) -> list[Found]:
    named = {sandbox.id for sandbox in pods_named(node, reading)}
    return _sandboxes(node, lambda sandbox: sandbox.id in named, "the pod's name")


def _sandboxes(node: JoinedNode, fits: Callable[[Sandbox], bool], evidence: str) -> list[Found]:
    """Newest sandboxes of pods, those that are ready first."""
    fitting = [sandbox for sandbox in node.sandboxes.values() if sandbox.current and fits(sandbox)]
    fitting.sort(key=lambda sandbox: sandbox.state != "ready")
    return [
        Found(role="sandbox", place=Place(sandbox.id, None), pid=sandbox.pid, known_by=[evidence, f"its newest sandbox, {_state(sandbox)}"])
        for sandbox in fitting
    ]


def _state(thing: Sandbox | Container) -> str:
    return thing.state or "in a state that is not known"


def _container(node: JoinedNode, reading: Reading) -> list[Found]:
    return [
        Found(
            role=f"container:{container.name}",
            place=Place(sandbox.id, container.name),
            pid=container.pid,
            known_by=[f"the name of the container, which is {_state(container)}"],
        )
        for sandbox in pods_named(node, reading)
        for container in sandbox.containers
        if sandbox.current and container.name == reading.part
    ]


def _node(node: JoinedNode, reading: Reading) -> list[Found]:
    if reading.text != node.about.name:
        return []
    pods = len({sandbox.pod.uid or sandbox.id for sandbox in node.sandboxes.values()})
    return [Found(role="node", known_by=[f"the node's name; {counted(pods, 'pod has', 'pods have')} sandboxes on it"])]


def _pod_pid(node: JoinedNode, reading: Reading) -> list[Found]:
    """Processes that the pod itself counts under this number: those in its PID namespaces, strangers too, or with hostPID its own."""
    sandboxes = {sandbox.id for sandbox in pods_named(node, reading)}
    spaces = {inode for (kind, inode), places in node.owners.items() if kind == "pid" and any(each.sandbox in sandboxes for each in places)}
    answers = []
    for process in node.facts.processes.values():
        if reading.number not in (process.ns_pids[1:] or process.ns_pids):
            continue
        attribution = node.attributions.get(process.pid)
        if process.namespaces.get("pid") in spaces or (attribution and attribution.place.sandbox in sandboxes):
            answers += [found for found in who_is(node, process) if found.place and found.place.sandbox in sandboxes]
    return answers


def pods_named(node: JoinedNode, reading: Reading) -> list[Sandbox]:
    """Sandboxes of the pods that a reading names, of any namespace where it names none."""
    return [each for each in node.sandboxes.values() if each.pod.name == reading.text and reading.within in (None, each.pod.namespace)]


def _id(node: JoinedNode, reading: Reading) -> list[Found]:
    known = [identifier for identifier in node.known if identifier.startswith(reading.text)]
    strange = [identifier for identifier in node.ownership.members if identifier.startswith(reading.text) and identifier not in node.known]
    return [_identified(node, each) for each in known] + [
        Found(
            role=None,
            pid=node.ownership.members[each][0],
            known_by=[f"container {each} by the cgroups of {len(node.ownership.members[each])} processes; the runtime does not know it"],
        )
        for each in strange
    ]


def _identified(node: JoinedNode, identifier: str, *first: str) -> Found:
    place = node.known[identifier]
    sandbox = node.sandboxes.get(place.sandbox)
    if place.container is None:
        state = f"the runtime's sandbox {identifier}" + (f", {sandbox.state}" if sandbox and sandbox.state else "")
        return Found(role="sandbox", place=place, pid=node.init_pid(place), known_by=[*first, state])
    if place.sandbox in node.lone:
        lone = node.lone[place.sandbox]
        told = f"{lone.engine}'s container {identifier}, {lone.state}, which shares no namespace with another: no pod"
        return Found(role=f"container:{lone.name}", place=place, pid=lone.pid, known_by=[*first, told])
    newest = next((each for each in sandbox.containers if each.id == identifier), None) if sandbox else None
    state = f", {newest.state}" if newest and newest.state else ", an older attempt" if sandbox else ""
    return Found(
        role=f"container:{place.container}",
        place=place,
        pid=newest.pid if newest else None,
        known_by=[*first, f"the runtime's container {identifier}{state}"],
    )


def _inode(node: JoinedNode, reading: Reading) -> list[Found]:
    return whose_namespace(node, reading.number, reading.within)


def _link(node: JoinedNode, reading: Reading) -> list[Found]:
    process, kind = node.facts.processes.get(reading.number), reading.within or ""
    inode = process.namespaces.get(kind) if process else None
    return whose_namespace(node, inode, kind) if inode is not None else []


def _mount(node: JoinedNode, reading: Reading) -> list[Found]:
    return at_mount(node, reading.text)


def _address(node: JoinedNode, reading: Reading) -> list[Found]:
    answers, of_host = [], []
    for sandbox in node.sandboxes.values():
        if reading.text not in map(canonical_address, sandbox.ips):
            continue
        if _uses_node_network(node, sandbox):
            of_host.append(f"{sandbox.pod.namespace}/{sandbox.pod.name}")
            continue
        evidence = [f"address of the sandbox{f', which is {sandbox.state}' if sandbox.state else ''}"]
        if reading.text in (leads := _leads_to(node)):
            evidence.append(f"the node's route to it leads through {leads[reading.text]}")
        answers.append(Found(role="sandbox", place=Place(sandbox.id, None), pid=sandbox.pid, known_by=evidence))
    api_node = node.facts.api.node if node.facts.api else None
    if of_host or (api_node and reading.text in api_node.addresses):
        return [Found(role="node", known_by=node_address_evidence(of_host)), *answers]
    return answers or _past_address(node, reading)


def _uses_node_network(node: JoinedNode, sandbox: Sandbox) -> bool:
    host = sandbox.namespaces["net"].host
    return bool(any(pod.runtime_uid == sandbox.pod.uid and pod.spec.host_network for pod in node.api_pods) if host is None else host)


def _past_address(node: JoinedNode, reading: Reading) -> list[Found]:
    """Pods that the API still names with an address that no sandbox has by now."""
    uids = {pod.runtime_uid for pod in node.api_pods if reading.text in pod.addresses}
    past = "the API still names the pod with it, but no sandbox has the address now"
    return [
        Found(role="sandbox", place=Place(each.id, None), pid=each.pid, known_by=[past], confidence="possible")
        for each in node.sandboxes.values()
        if each.current and each.pod.uid in uids
    ]


def _leads_to(node: JoinedNode) -> dict[str, str]:
    return {address: interface for interface, addresses in (node.facts.routes or {}).items() for address in addresses}


def _interface(node: JoinedNode, reading: Reading) -> list[Found]:
    """By its name on the node; else, where a pod printed `eth0@if9`, by its other end: whether one did, the text does not say."""
    answers = _interface_named(node, reading.text)
    other_end = node.facts.interfaces.get(reading.number)
    if answers or other_end is None:
        return answers
    evidence = f"if a pod printed it, its other end is interface {reading.number} of the node, {other_end}"
    return [replace(found, known_by=[evidence, *found.known_by], confidence="possible") for found in _interface_named(node, other_end)]


def _interface_named(node: JoinedNode, name: str) -> list[Found]:
    by_result = [each.id for each in node.facts.statuses.values() if name in each.host_interfaces and each.id in node.sandboxes]
    if len(by_result) > 1:
        return [
            Found(role="host", known_by=[f"the CNI results of {len(by_result)} sandboxes name it: a bridge of the node's, no one pod's"])
        ]
    evidence = {each: ["the sandbox's CNI result names it"] for each in by_result}
    for address in (node.facts.routes or {}).get(name, ()):
        for sandbox in node.sandboxes.values():
            if address in map(canonical_address, sandbox.ips) and not sandbox.namespaces["net"].host:
                evidence.setdefault(sandbox.id, []).append(f"the node's route to {address}, the pod's address, leads through it")
    return [Found(role="sandbox", place=node.known[each], pid=node.sandboxes[each].pid, known_by=told) for each, told in evidence.items()]


def _cgroup(node: JoinedNode, reading: Reading) -> list[Found]:
    path = reading.text if reading.text.startswith("/") else f"/{reading.text}"
    named = [owner.container_id for owner in parse_path(path)]
    owner = owner_of_path(path, node.known)
    if owner and owner.container_id in node.known:
        return [_identified(node, owner.container_id, "the path ends in this id, or in a cgroup below it")]
    uid = pod_of_path(path)
    of_pod = [sandbox for sandbox in node.sandboxes.values() if uid and sandbox.pod.uid == uid]
    if of_pod:
        evidence = [f"the path names pod uid {uid}"] + [f"container {each[:13]} in it is not known to the runtime" for each in named[:1]]
        return [Found(role="sandbox", place=Place(each.id, None), pid=each.pid, known_by=evidence) for each in of_pod if each.current]
    if named or uid:
        return []
    return cgroup_of_the_node(node, path)


_LOOK_UP: dict[str, Callable[[JoinedNode, Reading], Iterable[Found]]] = {
    "pid": _pid,
    "thread": _thread,
    "pod-pid": _pod_pid,
    "id": _id,
    "uid": _uid,
    "pod": _pod,
    "container": _container,
    "node": _node,
    "inode": _inode,
    "link": _link,
    "mount": _mount,
    "address": _address,
    "interface": _interface,
    "cgroup": _cgroup,
}
