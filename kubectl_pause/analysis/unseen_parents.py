"""Zombies whose parent could not be looked at: a process of the host, or of a pod made by hand, which of the two is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_pause.report import NodeReport

_OF_THE_NODE, _UNKNOWN = "zombie/host-process", "zombie/unknown-parent"


def accuse_nobody_unseen(report: NodeReport) -> None:
    """Take back, in place, what was said of the node where its process was not seen: no finding is made of it."""
    for group in report.host_zombie_groups:
        if group.verdict != _OF_THE_NODE or group.parent.role != "unknown":
            continue
        name = f"{group.parent.comm} (pid {group.parent.pid})" if group.parent.comm else f"pid {group.parent.pid}"
        group.verdict, group.severity, group.confidence = _UNKNOWN, "info", "possible"
        group.message = f"{name} does not wait for its children; whether it is the node's or a pod's could not be seen"
        group.remedies = []
        report.findings = [
            each for each in report.findings if each.code != _OF_THE_NODE or each.evidence != group.evidence or name not in each.message
        ]
