"""What a report has not read, so that no sentence of a view calls that well, empty or healthy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.notes import VIRTUAL
from kubectl_pause.pasting import command_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_pause.report import NodeReport, Report, Sandbox

_FEW = 5


def unread_nodes(report: Report) -> list[str]:
    """Names of the nodes that were asked for and could not be read."""
    read = {node.name for node in report.nodes}
    return list(dict.fromkeys(error.node for error in report.errors if error.node and error.node not in read))


def nodes_read(report: Report) -> str:
    """`2 nodes`, or `1 of 2 nodes`; without a total where an error does not say how many nodes it cost."""
    count, unread = len(report.nodes), len(unread_nodes(report))
    if unread and not _of_no_node(report):
        return f"{count} of {count + unread} nodes"
    return f"{count} node{'' if count == 1 else 's'}"


def not_read(report: Report) -> list[str]:
    """A clause for each kind of thing that was asked for and not read; empty where all was read."""
    clauses = []
    if unread := unread_nodes(report):
        clauses.append(f"{len(unread)} could not be read: {_few(unread)}")
    clauses += _of_no_node(report)
    if blind := [node.name for node in report.nodes if not node.sources.runtime]:
        clauses.append(f"the container runtime could not be read on {_few(blind)}, so sandboxes there are unknown")
    return clauses


def _of_no_node(report: Report) -> list[str]:
    return list(dict.fromkeys(error.message for error in report.errors if not error.node))


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more


def hidden_processes(node: NodeReport) -> str:
    """What a count of zombies leaves out: pods of sandboxed runtimes (gVisor, Kata), with a command that reads them; "" where none run."""
    pods = [sandbox for sandbox in node.sandboxes if sandbox.current and VIRTUAL in sandbox.notes]
    if not pods:
        return ""
    whose = _name(pods[0]) if len(pods) == 1 else f"{len(pods)} pods"
    command = command_line("kubectl", "pause-inspect", "zombies", "-n", pods[0].pod.namespace, pods[0].pod.name, "--inside")
    return f"the node does not see the processes of {whose} in a sandboxed runtime; to read them: {command}"


def _name(sandbox: Sandbox) -> str:
    return f"{sandbox.pod.namespace}/{sandbox.pod.name}"
