"""A sidecar that runs and is not up yet: the other containers wait for its startup probe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.facts.pod_trail import moment_of
from kubectl_pause.join.sandboxes import pod_identity
from kubectl_pause.judge.made_anew import made_anew
from kubectl_pause.judge.stuck.reason import Reason, finding, seconds_since, since
from kubectl_pause.known_causes.kubelet_faults import known_fault

if TYPE_CHECKING:
    from kubectl_pause.facts.api import ContainerStatus, Handler
    from kubectl_pause.facts.pod_trail import PodTrail

_THRESHOLD, _PERIOD = 3, 10
"""`failureThreshold` and `periodSeconds` of a probe where the spec names none (pkg/apis/core/v1/defaults.go)."""
_SLACK = 60.0


def startup_budget(probe: Handler | None) -> float:
    """Seconds that a startup probe gives a container before the kubelet kills it; 0 without a probe."""
    if probe is None:
        return 0.0
    return (probe.initial_delay_seconds or 0) + (probe.failure_threshold or _THRESHOLD) * (probe.period_seconds or _PERIOD)


def of_sidecar(trail: PodTrail, status: ContainerStatus) -> Reason:
    """A sidecar that runs and has not started in the kubelet's eyes: for how long it may, and that it should have been killed since."""
    pod = trail.pod
    running = status.state.running if status.state else None
    began = moment_of(running.started_at) if running else None
    runs = seconds_since(trail, began)
    probe = next((each.startup_probe for each in pod.spec.init_containers or () if each.name == status.name), None)
    budget = startup_budget(probe)
    summary = f"its sidecar {status.name} has started, and is not up yet: the others wait for it"
    if probe is None or runs is None or runs <= budget + _SLACK:
        return Reason(summary, next=f"the kubelet restarts it when its startup probe has failed for {budget:.0f} s" if probe else None)
    evidence = [f"sidecar {status.name} runs since {since(trail, began)}, not started; its startup probe allows {budget:.0f} s"]
    if fault := known_fault("sidecar-not-probed", trail.kubelet_version):
        evidence.append(f"kubelet {trail.kubelet_version}: {fault.says} ({fault.source})")
    message = f"the kubelet does not probe sidecar {status.name} any more, and so never starts the other containers"
    cause = finding(
        "container/sidecar-forgotten", pod, message, evidence, made_anew(pod_identity(pod)), whose="kubelet", confidence="likely"
    )
    return Reason(summary, cause)
