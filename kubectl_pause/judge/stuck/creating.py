"""A pod that has not run yet: the scheduler, volumes, the sandbox with its network, images, init containers, in this order.

The kubelet mounts volumes before it asks for a sandbox, makes the sandbox before it pulls an image, and runs init containers before the
others (`syncPod`). An event of an earlier step proves nothing once a later one was reached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from kubectl_pause.facts.pod_trail import moment_of
from kubectl_pause.join.sandboxes import pod_identity
from kubectl_pause.judge.made_anew import made_anew
from kubectl_pause.judge.stuck.reason import RETRY, Reason, circumstances, finding, judge_event, name_of, seconds_since, seen, since
from kubectl_pause.judge.stuck.scheduling import judge_scheduling
from kubectl_pause.judge.stuck.steps import SANDBOX_READY, condition_of
from kubectl_pause.judge.stuck.waiting import of_waiting_container
from kubectl_pause.known_causes.networks import NETWORKS
from kubectl_pause.known_causes.sandboxes import PAUSE_IMAGE, SANDBOXES
from kubectl_pause.known_causes.volumes import VOLUMES
from kubectl_pause.pasting import as_word, command_line

if TYPE_CHECKING:
    from datetime import datetime

    from kubectl_pause.facts.api import Condition, Pod
    from kubectl_pause.facts.pod_trail import PodTrail
    from kubectl_pause.judge.stuck.steps import OnNode
    from kubectl_pause.report import Finding

_EARLY_SECONDS = 15
"""Most sandboxes are made in a second or two, and a failure is told at once: before this nothing is said of a pod without an event."""
_SCHEDULER_SECONDS = 10
_STALE_SECONDS = 400
"""A kubelet that goes on failing says so at each try, and once it is held back (25 events on a pod) still every 5 min."""
_BEFORE_SANDBOX = (
    "FailedMount", "FailedAttachVolume", "FailedMapVolume", "FailedPrepareDynamicResources", "VolumePermissionChangeInProgress",
)  # fmt: skip
_OF_SANDBOX = ("FailedCreatePodSandBox", "NetworkNotReady", "FailedCreatePodContainer", "FailedSync", "FailedKillPod")
_RETRY_MOUNT = "the kubelet tries again, in steps that double up to 2 min"


def of_unscheduled(trail: PodTrail, _on_node: OnNode) -> Reason:
    """A pod that is bound to no node."""
    pod = trail.pod
    waited = since(trail, moment_of(pod.metadata.creation_timestamp))
    if pod.spec.scheduling_gates:
        gates = ", ".join(gate.name for gate in pod.spec.scheduling_gates)
        message = f"no scheduler looks at it until its scheduling gates are removed: {gates}"
        named = command_line("kubectl", "get", "pod", "-n", pod.metadata.namespace or "", pod.metadata.name, "-o", "yaml")
        look = f"{named}  # which program owns these gates?"
        cause = finding(
            "pod/gated", pod, message, [f"spec.schedulingGates: {gates}"], look, whose="none", heals="when: that program removes them",
            severity="info",
        )  # fmt: skip
        return Reason(f"it has waited {waited} at a gate, for a program to let it through", cause)
    scheduled = condition_of(pod, "PodScheduled")
    event = trail.newest("FailedScheduling", "NotTriggerScaleUp", "TriggeredScaleUp")
    if (scheduled and scheduled.status == "False") or event:
        return _not_scheduled(trail, scheduled, waited)
    if (age := seconds_since(trail, moment_of(pod.metadata.creation_timestamp))) is not None and age < _SCHEDULER_SECONDS:
        return Reason("it was created a moment ago, and waits for the scheduler")
    scheduler = pod.spec.scheduler_name or "default-scheduler"
    line = "kubectl get pods -n kube-system -l component=kube-scheduler"
    cause = finding(
        "pod/no-scheduler", pod, f"no scheduler has looked at it: it asks for {scheduler}",
        ["it has no condition PodScheduled"], f"does {as_word(scheduler)} run? {line}", whose="scheduler", scope="cluster",
        heals="when: that scheduler runs", confidence="likely",
    )  # fmt: skip
    return Reason(f"it has waited {waited} for a scheduler", cause)


def _not_scheduled(trail: PodTrail, scheduled: Condition | None, waited: str) -> Reason:
    """The scheduler's newest word, then the autoscaler's."""
    pod = trail.pod
    said = [scheduled.message] if scheduled and scheduled.message else []
    evidence = [f"condition PodScheduled: {scheduled.reason or 'False'}"] if scheduled else []
    for event in trail.events or ():
        if event.reason in ("FailedScheduling", "NotTriggerScaleUp", "TriggeredScaleUp") and event.message:
            said.append(event.message)
            evidence.append(f"event {event.reason}, {seen(trail, event)}: {event.message}")
    around = circumstances(trail)
    judged = [cause for words in said if (cause := judge_scheduling(words, around, name_of(pod), evidence))]
    then = "the scheduler tries again when pods or nodes change, and every 5 min"
    if judged:
        return Reason(f"no node takes it: it has waited {waited} to be scheduled", judged[0], then)
    words = said[0] if said else (scheduled.reason if scheduled else None) or "the scheduler gave no reason"
    look = "kubectl get nodes -o wide; kubectl describe nodes  # labels, taints and allocated resources, against what the pod asks for"
    cause = finding(
        "pod/unscheduled", pod, words, evidence, look, whose="scheduler", scope="cluster", heals="when: nodes change", confidence="likely"
    )
    return Reason(f"no node takes it: it has waited {waited} to be scheduled", cause, then)


def of_creating(trail: PodTrail, on_node: OnNode) -> Reason:
    """A pod that is bound to a node, and of which some container has not run yet."""
    if _has_sandbox(trail.pod, on_node):
        return of_waiting_container(trail)
    return _of_sandbox(trail, on_node)


def _has_sandbox(pod: Pod, on_node: OnNode) -> bool:
    """By the kubelet's condition, the runtime's own list, or that a container has run or is past its sandbox."""
    condition = condition_of(pod, SANDBOX_READY)
    if condition:
        return condition.status == "True"
    if any(sandbox.state == "ready" for sandbox in on_node.sandboxes):
        return True
    for status in pod.statuses:
        state = status.state
        if state and (state.running or state.terminated):
            return True
        if state and state.waiting and state.waiting.reason not in (None, "ContainerCreating", "PodInitializing"):
            return True
    return False


def _of_sandbox(trail: PodTrail, on_node: OnNode) -> Reason:
    pod = trail.pod
    began = _began(pod)
    waited = since(trail, began)
    event = trail.newest(*_BEFORE_SANDBOX, *_OF_SANDBOX)
    if event:
        before = event.reason in _BEFORE_SANDBOX
        cause = judge_event(
            trail, event, VOLUMES if before else (*PAUSE_IMAGE, *NETWORKS, *SANDBOXES), "pod/volume" if before else "sandbox/not-made"
        )
        ago = seconds_since(trail, event.last_seen)
        if ago is None or ago > _STALE_SECONDS:
            cause = replace(cause, confidence="possible")
        what = "a volume or device, and has no sandbox before" if before else "its sandbox and network"
        return Reason(f"it has waited {waited} for {what}", cause, _RETRY_MOUNT if before else RETRY)
    if lost := _never_again(trail, on_node):
        return Reason(f"its sandbox is gone, and the kubelet does not create another: it has waited {waited}", lost)
    on_it = next((each for each in on_node.findings if each.severity == "critical"), None)
    if on_it:
        return Reason(f"it has waited {waited} for its sandbox and network, and the node shows what is wrong there", on_it)
    if early := _early(trail, began):
        return early
    if trail.events is None:
        return Reason(f"it has waited {waited} for its sandbox and network; events, which would tell why, could not be read")
    message = "nothing tells why its sandbox is not there: no event of it, which is how a network plugin or a runtime that hangs looks"
    evidence = ["no event of the pod tells of a failure", f"condition {SANDBOX_READY} is not True"]
    look = "on the node: ps -eo pid,ppid,stat,etime,comm --sort=etime  # children of containerd or crio that are no shims"
    cause = finding(
        "sandbox/not-made", pod, message, evidence, look, whose="runtime", heals="when: what hangs goes on", confidence="possible"
    )
    return Reason(f"it has waited {waited} for its sandbox and network", cause, "the kubelet gives the runtime 4 min, and tries again then")


def _early(trail: PodTrail, began: datetime | None) -> Reason | None:
    """A pod of which nothing can be said yet."""
    seconds, waited = seconds_since(trail, began), since(trail, began)
    if trail.pod.status.start_time is None:
        return Reason(f"it was bound to its node {waited} ago, and the kubelet has not taken it yet")
    if seconds is not None and seconds < _EARLY_SECONDS:
        return Reason(f"its sandbox is being made since {waited}: too early to tell")
    return None


def _never_again(trail: PodTrail, on_node: OnNode) -> Finding | None:
    """A pod of restartPolicy Never that had a sandbox: computePodActions creates a second one only where containers may be restarted."""
    pod = trail.pod
    had = [status.name for status in pod.statuses if status.container_id]
    if pod.spec.restart_policy != "Never" or not had:
        return None
    evidence = [
        f"restartPolicy Never, and container {', '.join(had)} was created in a sandbox before",
        f"condition {SANDBOX_READY} is not True",
        *(f"sandbox {each.id[:13]}: attempt {each.attempt}, {each.state}" for each in on_node.sandboxes),
    ]
    message = "its sandbox ended, as at a reboot of the node, and with restartPolicy Never the kubelet does not create another"
    return finding("sandbox/not-recreated", pod, message, evidence, made_anew(pod_identity(pod)), whose="kubelet", confidence="likely")


def _began(pod: Pod) -> datetime | None:
    """When the kubelet took the pod, or it was bound to its node."""
    scheduled = condition_of(pod, "PodScheduled")
    return moment_of(pod.status.start_time) or moment_of(scheduled.last_transition_time if scheduled else None)
