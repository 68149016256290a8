"""Drift: where a container's namespace is shared otherwise than its pod's spec and its runtime's rules lead one to expect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.join.runtime_at_work import is_half_way
from kubectl_pause.judge.namespaces.expected_sharing import expected_sharing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kubectl_pause.facts.api import Pod
    from kubectl_pause.facts.node_facts import NodeFacts
    from kubectl_pause.report import Container, ContainerNamespace, SandboxNamespace


def mark_drift(facts: NodeFacts, containers: Sequence[Container], sandbox: Mapping[str, SandboxNamespace], pod: Pod, runtime: str) -> None:
    """Write into each container's namespaces what is expected, and whether it differs; what cannot be told stays null."""
    for container in containers:
        if not container.namespaces or container.pid is None or is_half_way(facts, container.pid):
            continue
        told = expected_sharing(pod, container.name, runtime, facts.mounts.cgroup)
        for kind, namespace in container.namespaces.items():
            if kind in told:
                namespace.expected = told[kind].sharing
                namespace.drift = _drift(kind, namespace, sandbox[kind], containers)


def _drift(kind: str, namespace: ContainerNamespace, sandbox: SandboxNamespace, containers: Sequence[Container]) -> bool | None:
    """None where what it is compared with is not known: a sandbox whose pause is gone, a target that has no process."""
    expected, seen = namespace.expected or "", namespace.sharing
    if seen == "unknown":
        return None
    if seen in (expected, "host"):
        return seen != expected
    if expected == "pod" and sandbox.inode is None:
        return None
    if expected.startswith("container:"):
        target = _inode(containers, expected.removeprefix("container:"), kind)
        return None if target is None else target != namespace.inode
    return True


def _inode(containers: Sequence[Container], name: str, kind: str) -> int | None:
    found = next((each for each in containers if each.name == name and each.namespaces), None)
    return found.namespaces[kind].inode if found and found.namespaces else None
