"""Whether the kubelet starts a container again that has ended: its own decision (ContainerShouldRestart in pkg/api/v1/pod/util.go).

Since Kubernetes 1.35 a container may have a restart policy of its own, and rules by exit code before that (KEP-5307).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.judge.stuck.reason import seconds_since

if TYPE_CHECKING:
    from datetime import datetime

    from kubectl_pause.facts.api import Pod, SpecContainer
    from kubectl_pause.facts.pod_trail import PodTrail

_LONGEST_BACKOFF = 300.0
"""Seconds between two starts of a container at most (MaxContainerBackOff in pkg/kubelet/kubelet.go); a cluster may set less."""
_SLACK = 60.0


def decide_restart(pod: Pod, name: str, exit_code: int | None) -> tuple[bool, str]:
    """Whether the kubelet starts container `name` again after this exit code, and what says so: `restartPolicy Never of the container`."""
    spec = next((each for each in pod.spec.containers or () if each.name == name), None)
    if spec and spec.restart_policy:
        for rule in spec.restart_policy_rules or ():
            if rule.action in ("Restart", "RestartAllContainers") and rule.exit_codes and rule.exit_codes.holds(exit_code):
                return True, f"restartPolicyRules of the container: {rule.action} for exit code {exit_code}"
        return _of_policy(spec.restart_policy, exit_code), f"restartPolicy {spec.restart_policy} of the container"
    policy = pod.spec.restart_policy or "Always"
    return _of_policy(policy, exit_code), f"restartPolicy {policy}"


def _of_policy(policy: str, exit_code: int | None) -> bool:
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


def overdue(trail: PodTrail, ended_at: datetime | None) -> bool:
    """Whether a restart that was due after at most the longest back-off has not come."""
    ago = seconds_since(trail, ended_at)
    return ago is not None and ago > _LONGEST_BACKOFF + _SLACK


def sidecars_with_startup_probe(pod: Pod) -> list[SpecContainer]:
    """Init containers that go on running, and whose startup the others wait for."""
    return [each for each in pod.spec.init_containers or () if each.restart_policy == "Always" and each.startup_probe]
