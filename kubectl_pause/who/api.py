"""What the API's pods and nodes alone tell of a question: its answer, or the nodes that know it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kubectl_pause.facts.kernel.cgroup import parse_path, pod_of_path
from kubectl_pause.join.sandboxes import pod_identity
from kubectl_pause.report import Answer
from kubectl_pause.who.advice import ON_CLUSTER, node_address_evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kubectl_pause.facts.api import Node, Pod
    from kubectl_pause.who.question import Question, Reading

NAMED_THINGS = ("uid", "pod", "node")
"""Readings that the API may answer for itself: nothing of a node need be read."""
KNOWN_TO_API = (*NAMED_THINGS, "container", "pod-pid", "id", "address", "cgroup")
"""Readings by which the API may know a pod, and so its node."""
_ENDED = ("Succeeded", "Failed")


def answers_of_api(question: Question, pods: Sequence[Pod], nodes: Sequence[Node]) -> list[Answer]:
    """Pods that are named by name or uid, and nodes by name or address. A pod that is not scheduled has no answer: no node is its."""
    return [answer for reading in question.readings for answer in _answers(question.asked, reading, pods, nodes)]


def for_nodes(question: Question, pods: Sequence[Pod], *, answered: bool) -> Question | None:
    """What of a question only nodes can answer; None where nothing is left."""

    def is_left(reading: Reading) -> bool:
        if reading.kind in ("pod", "node"):
            return False
        if answered:
            return reading.kind == "id" or (reading.kind == "container" and any(_names(reading, pod) for pod in pods))
        return not (reading.kind == "cgroup" and namespaces.intersection(pod.metadata.namespace for pod in pods))

    namespaces = {reading.within for reading in question.readings if reading.kind == "pod"}
    left = tuple(filter(is_left, question.readings))
    return replace(question, readings=left) if left else None


def nodes_of(question: Question, pods: Iterable[Pod]) -> set[str]:
    """Nodes of the pods that a reading of the question names, of those that live where there are any: what an ended one had is another's.

    Empty where the API cannot know: pids, namespaces, sandboxes, veths.
    """
    named = [pod for pod in pods for reading in question.readings if pod.spec.node_name and _names(reading, pod)]
    living = [pod for pod in named if pod.status.phase not in _ENDED]
    return {pod.spec.node_name for pod in living or named if pod.spec.node_name}


def unscheduled(question: Question, pods: Iterable[Pod]) -> list[Pod]:
    """Pods that the question names and that are on no node yet."""
    return [pod for pod in pods for reading in question.readings if not pod.spec.node_name and _names(reading, pod)]


def _answers(asked: str, reading: Reading, pods: Sequence[Pod], nodes: Sequence[Node]) -> Iterator[Answer]:
    if reading.kind in ("pod", "uid"):
        named = [pod for pod in pods if pod.spec.node_name and _names(reading, pod)]
        for pod in sorted(named, key=lambda pod: pod.status.phase in _ENDED):
            yield _of_pod(asked, reading, pod)
    elif reading.kind == "node":
        on_node = sum(pod.spec.node_name == reading.text for pod in pods)
        if on_node or any(node.metadata.name == reading.text for node in nodes):
            yield _of_node(asked, reading, reading.text, [f"the node's name; pods that the API has on it: {on_node}"])
    elif reading.kind == "address":
        sharing: dict[str, list[str]] = {node.metadata.name: [] for node in nodes if reading.text in node.addresses}
        for pod in pods:
            living = pod.spec.node_name and pod.status.phase not in _ENDED
            if living and pod.spec.host_network and reading.text in pod.addresses:
                sharing.setdefault(pod.spec.node_name or "", []).append(f"{pod.metadata.namespace}/{pod.metadata.name}")
        for node, names in sharing.items():
            yield _of_node(asked, reading, node, node_address_evidence(names))


def _of_pod(asked: str, reading: Reading, pod: Pod) -> Answer:
    identity = pod_identity(pod)
    known_by = f"the pod's {'uid' if reading.kind == 'uid' else 'name'}, by the API alone; phase {pod.status.phase or 'unknown'}"
    return Answer(
        asked=asked,
        understood_as=reading.phrase,
        node=pod.spec.node_name or "",
        pod=identity,
        role="pod",
        known_by=[known_by, *(["it is being deleted"] if pod.metadata.deletion_timestamp else [])],
        confidence="certain",
        next_step=ON_CLUSTER.pod(identity.namespace, identity.name),
    )


def _of_node(asked: str, reading: Reading, node: str, known_by: list[str]) -> Answer:
    return Answer(
        asked=asked,
        understood_as=reading.phrase,
        node=node,
        role="node",
        known_by=known_by,
        confidence="certain",
        next_step=ON_CLUSTER.sandboxes_of(node),
    )


def _names(reading: Reading, pod: Pod) -> bool:
    if reading.kind == "address":
        return reading.text in pod.addresses
    if reading.kind == "uid":
        return reading.text in (pod.metadata.uid, pod.runtime_uid)
    if reading.kind in ("pod", "pod-pid", "container"):
        named = pod.metadata.name == reading.text and reading.within in (None, pod.metadata.namespace)
        return named and (reading.kind != "container" or reading.part in [status.name for status in pod.statuses])
    if reading.kind == "id":
        return any(identifier.startswith(reading.text) for identifier in _container_ids(pod))
    if reading.kind == "cgroup":
        path = reading.text if reading.text.startswith("/") else f"/{reading.text}"
        named_ids = {owner.container_id for owner in parse_path(path)}
        return pod_of_path(path) == pod.runtime_uid or not named_ids.isdisjoint(_container_ids(pod))
    return False


def _container_ids(pod: Pod) -> set[str]:
    identifiers = set()
    for status in pod.statuses:
        identifiers.add(status.container_id)
        if status.state and status.state.terminated:
            identifiers.add(status.state.terminated.container_id)
    return {identifier.rpartition("//")[2] for identifier in identifiers if identifier}
