"""Drift: where a container's namespace is shared otherwise than its pod's spec and its runtime's rules lead one to expect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.facts.record import Record
from kubectl_pause.join.runtime_at_work import is_half_way
from kubectl_pause.judge.namespaces.expected_sharing import Expectation, expected_sharing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kubectl_pause.join.joined_node import JoinedNode
    from kubectl_pause.join.sandboxes import JoinedSandbox
    from kubectl_pause.report import Container, ContainerNamespace, SandboxNamespace

ContainerId = str


class Comparison(Record, frozen=True):
    """What is expected of a namespace, and whether it differs: None where what it is compared with is not known."""

    expectation: Expectation
    drift: bool | None


Comparisons = dict[tuple[ContainerId, str], Comparison]
"""By the container's id and the namespace's type; what cannot be told is absent."""


def compare_with_spec(node: JoinedNode) -> Comparisons:
    """Every namespace of every container that has a process, as far as its spec and the runtime's rules are known."""
    return {key: comparison for joined in node.joined.values() for key, comparison in _of_sandbox(node, joined)}


def _of_sandbox(node: JoinedNode, joined: JoinedSandbox) -> Iterator[tuple[tuple[ContainerId, str], Comparison]]:
    sandbox, runtime = joined.shown, node.about.runtime
    if joined.pod is None or runtime is None or sandbox.holder == "virtual":
        return
    for container in sandbox.containers:
        if not container.namespaces or container.id is None or container.pid is None:
            continue
        if is_half_way(node.facts, node.ownership, container.pid):
            continue
        expected = expected_sharing(joined.pod, container.name, runtime.name, node.facts.mounts.cgroup)
        for kind, namespace in container.namespaces.items():
            if kind in expected:
                drift = _drift(kind, namespace, expected[kind].sharing, sandbox.namespaces, sandbox.containers)
                yield (container.id, kind), Comparison(expected[kind], drift)


def _drift(
    kind: str, namespace: ContainerNamespace, expected: str, sandbox: Mapping[str, SandboxNamespace], containers: Sequence[Container]
) -> bool | None:
    """None where what it is compared with is not known: a sandbox whose pause is gone, a target that has no process."""
    seen = namespace.sharing
    if seen == "unknown":
        return None
    if seen in (expected, "host"):
        return seen != expected
    if expected == "pod" and sandbox[kind].inode is None:
        return None
    if expected.startswith("container:"):
        target = _inode(containers, expected.removeprefix("container:"), kind)
        return None if target is None else target != namespace.inode
    return True


def _inode(containers: Sequence[Container], name: str, kind: str) -> int | None:
    target = next((each for each in containers if each.name == name and each.namespaces), None)
    return target.namespaces[kind].inode if target and target.namespaces else None
