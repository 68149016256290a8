"""A pod whose sandbox was made anew: the five reasons of the kubelet for it (pkg/kubelet/kuberuntime/util, PodSandboxChanged).

No sandbox; more than one ready; the newest is not ready; the network mode of it is not the spec's; it has no address. Kubernetes before
1.35 gives none of them a word in the API, so that mostly the fact alone is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.judge.stuck.reason import finding, seconds_since, seen
from kubectl_pause.judge.stuck.steps import SANDBOX_READY, condition_of

if TYPE_CHECKING:
    from kubectl_pause.facts.pod_trail import PodTrail
    from kubectl_pause.judge.stuck.steps import OnNode
    from kubectl_pause.report import Finding

_RECENT_SECONDS = 600


def made_anew_often(trail: PodTrail, on_node: OnNode) -> list[Finding]:
    """That its sandbox was made anew in the last ten minutes, with what is known of why; none where it was not."""
    pod = trail.pod
    event = trail.newest("SandboxChanged")
    ago = seconds_since(trail, event.last_seen) if event else None
    if event is None or ago is None or ago > _RECENT_SECONDS:
        return []
    evidence = [f"event SandboxChanged, {seen(trail, event)}"]
    evidence += [f"sandbox {each.id[:13]}: attempt {each.attempt}, {each.state}" for each in on_node.sandboxes if each.attempt]
    condition = condition_of(pod, SANDBOX_READY)
    word = condition.message if condition and condition.status == "False" else None
    message = "its sandbox was made anew, and with it all its containers and its address"
    message += f": {word}" if word else "; why stands in no event: the old one had ended, or had no address"
    look = "on the node: journalctl -u containerd -u crio -u kubelet  # the exit of the old sandbox, just before the event"
    return [finding("sandbox/made-anew", pod, message, evidence, look, severity="info" if event.times == 1 else "warning")]
