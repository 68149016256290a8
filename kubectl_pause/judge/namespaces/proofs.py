"""Proofs: the commands by which a person can check on the node what the report says of a pod's namespaces.

Two processes are in one namespace exactly where their links in /proc/PID/ns are equal (namespaces(7)); what each command printed is
what the collector read there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.facts.kernel.process import NAMESPACE_TYPES
from kubectl_pause.judge.namespaces.findings import in_words
from kubectl_pause.pasting import command_line
from kubectl_pause.report import Proof

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_pause.facts.node_facts import NodeFacts
    from kubectl_pause.judge.namespaces.drift import Comparisons
    from kubectl_pause.report import Sandbox, SandboxNamespace


def proofs(facts: NodeFacts, sandbox: Sandbox, compared: Comparisons) -> list[Proof]:
    """Type by type: the node's link, the sandbox's, each container's. Nothing for a sandboxed runtime, of which links prove nothing."""
    if sandbox.holder == "virtual":
        return []
    return [proof for kind in NAMESPACE_TYPES for proof in _of_type(facts, sandbox, kind, compared)]


def _of_type(facts: NodeFacts, sandbox: Sandbox, kind: str, compared: Comparisons) -> Iterator[Proof]:
    if kind in facts.host:
        yield _link(1, kind, facts.host[kind], "the node's")
    of_sandbox = sandbox.namespaces[kind]
    if of_sandbox.inode is not None:
        yield _of_sandbox(sandbox, kind, of_sandbox.inode, of_sandbox)
    for container in sandbox.containers:
        namespace = container.namespaces[kind] if container.namespaces else None
        if container.pid is None or namespace is None or namespace.inode is None:
            continue
        shows = f"{container.name}: {in_words(namespace.sharing)}"
        if namespace.sharing in ("host", "pod"):
            shows += ", the same link"
        comparison = compared.get((container.id or "", kind))
        if comparison and comparison.drift:
            shows += f"; expected {in_words(comparison.expectation.sharing)}"
        yield _link(container.pid, kind, namespace.inode, shows)


def _of_sandbox(sandbox: Sandbox, kind: str, inode: int, namespace: SandboxNamespace) -> Proof:
    """By the process that holds it; without one (CRI-O drops it) by the mount that the runtime made."""
    whose = (
        "not told, pid 1's could not be read" if namespace.host is None else "the node's" if namespace.host else "the pod's, not the node's"
    )
    if sandbox.pid is not None:
        return _link(sandbox.pid, kind, inode, f"{sandbox.holder_command}: {whose}")
    path = next(each for each in namespace.held_by if each.startswith("/"))
    return Proof(command=command_line("stat", "-L", "-c", f"{kind}:[%i]", path), prints=f"{kind}:[{inode}]", shows=f"sandbox: {whose}")


def _link(pid: int, kind: str, inode: int, shows: str) -> Proof:
    return Proof(command=f"readlink /proc/{pid}/task/{pid}/ns/{kind}", prints=f"{kind}:[{inode}]", shows=shows)
