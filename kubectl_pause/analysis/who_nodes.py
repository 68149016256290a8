"""Which nodes to ask about a question, told by the API's pods alone: containers, pods, addresses and pod cgroups are known there."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from kubectl_pause.facts.cgroup import parse_path, pod_of_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubectl_pause.analysis.who_question import Question, Reading
    from kubectl_pause.facts.api import Pod


def nodes_of(question: Question, pods: Iterable[Pod]) -> set[str]:
    """Nodes of the pods that a reading of the question names. Empty where the API cannot know: pids, namespaces, sandboxes, veths."""
    return {pod.spec.node_name for pod in pods for reading in question.readings if pod.spec.node_name and _names(reading, pod)}


def _names(reading: Reading, pod: Pod) -> bool:
    if reading.kind == "address":
        return any(_same(address.ip, reading.text) for address in pod.status.pod_ips or ())
    if reading.kind == "pod-pid":
        return pod.metadata.name == reading.text and reading.within in (None, pod.metadata.namespace)
    if reading.kind == "id":
        return any(identifier.startswith(reading.text) for identifier in _container_ids(pod))
    if reading.kind == "cgroup":
        path = reading.text if reading.text.startswith("/") else f"/{reading.text}"
        named = {owner.container_id for owner in parse_path(path)}
        return pod_of_path(path) == pod.runtime_uid or not named.isdisjoint(_container_ids(pod))
    return False


def _container_ids(pod: Pod) -> set[str]:
    found = set()
    for status in pod.statuses:
        found.add(status.container_id)
        for state in (status.state,):
            if state and state.terminated:
                found.add(state.terminated.container_id)
    return {identifier.rpartition("//")[2] for identifier in found if identifier}


def _same(address: str | None, asked: str) -> bool:
    try:
        return str(ipaddress.ip_address(address or "")) == asked
    except ValueError:
        return False
