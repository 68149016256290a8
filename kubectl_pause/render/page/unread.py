"""What could not be read, so that nobody takes it for what is not there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_pause.notes import RUNTIME_UNREAD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_pause.report import NodeReport, Report


@dataclass(frozen=True, slots=True)
class Unread:
    """Of which node or pod something is missing, what, and what to do about it, "" where nothing can be done."""

    subject: str
    what: str
    hint: str = ""


def unread_parts(report: Report) -> list[Unread]:
    """What failed, and what each node's report goes without."""
    failed = [
        Unread(failure.pod or (f"node {failure.node}" if failure.node else ""), f"{failure.message} [{failure.reason}]", failure.hint or "")
        for failure in report.errors
    ]
    return [*failed, *(Unread(f"node {node.name}", what) for node in report.nodes for what in _of_node(node))]


def _of_node(node: NodeReport) -> Iterator[str]:
    sources = node.sources
    if not sources.runtime:
        yield RUNTIME_UNREAD
    elif sources.crictl is None:
        why = sources.crictl_failure or "no crictl was asked"
        yield f"{why}: attempts and ages of sandboxes are unknown, and stopped ones are not seen"
    if not sources.api:
        yield "the API was not asked: phases of pods, and what their specs ask for, are unknown"
    if sources.descriptors_cut:
        yield "more descriptors are open on namespaces than are looked at"
    yield from sources.notes
