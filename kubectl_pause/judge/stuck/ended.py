"""A pod that is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.judge.stuck.reason import Reason, describe, finding
from kubectl_pause.pasting import command_line, kubectl_line

if TYPE_CHECKING:
    from kubectl_pause.facts.pod_trail import PodTrail
    from kubectl_pause.judge.stuck.steps import OnNode

_GONE = "what made it makes another in its place; the object stays until it is deleted, or as the oldest of very many"


def of_completed(_trail: PodTrail, _on_node: OnNode) -> Reason:
    """All containers ended well."""
    return Reason("it has done its work: all its containers ended with exit code 0, and are not started again")


def of_failed(trail: PodTrail, _on_node: OnNode) -> Reason:
    """The kubelet rejected or evicted it, or a container failed that is not started again."""
    pod, status = trail.pod, trail.pod.status
    if status.reason:
        words = status.message or status.reason
        remedy = f"{kubectl_line('describe', 'node', pod.spec.node_name)}" if pod.spec.node_name else describe(pod)
        cause = finding("pod/rejected", pod, f"{status.reason}: {words}", [f"status.reason {status.reason}"], remedy)
        return Reason(f"it is over, and does not come back: {status.reason}", cause, _GONE if pod.controller else None)
    failed = [
        (each.name, each.state.terminated)
        for each in pod.statuses
        if each.state and each.state.terminated and each.state.terminated.exit_code
    ]
    if not failed:
        return Reason("it has failed, and the API keeps no reason")
    name, ended = failed[0]
    why = f" ({ended.reason})" if ended.reason not in (None, "Error") else ""
    message = f"container {name} ended with exit code {ended.exit_code}{why}, and is not started again"
    line = command_line("kubectl", "logs", "-n", pod.metadata.namespace or "", pod.metadata.name, "-c", name)
    cause = finding("container/ended", pod, message, [f"restartPolicy {pod.spec.restart_policy or 'Never'}"], line, severity="warning")
    return Reason("it has failed", cause, _GONE if pod.controller else None)
