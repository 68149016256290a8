"""A pod that has not run yet: the scheduler, volumes, the sandbox with its network, images, init containers, in this order.

The kubelet mounts volumes before it asks for a sandbox, makes the sandbox before it pulls an image, and runs init containers before the
others (`syncPod`). An event of an earlier step proves nothing once a later one was reached.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kubectl_pause.facts.pod_trail import moment_of
from kubectl_pause.judge.stuck.reason import RETRY, Reason, describe, finding, of_event, seconds_since, seen, since
from kubectl_pause.judge.stuck.steps import SANDBOX_READY, condition_of
from kubectl_pause.judge.stuck.waiting import of_waiting_container
from kubectl_pause.pasting import as_word, command_line, kubectl_line

if TYPE_CHECKING:
    from datetime import datetime

    from kubectl_pause.facts.api import Pod
    from kubectl_pause.facts.pod_trail import Event, PodTrail
    from kubectl_pause.judge.stuck.steps import OnNode
    from kubectl_pause.report import Finding

_EARLY_SECONDS = 15
"""Most sandboxes are made in a second or two, and a failure is told at once: before this nothing is said of a pod without an event."""
_SCHEDULER_SECONDS = 10
_STALE_SECONDS = 400
"""A kubelet that goes on failing says so at each try, and once it is held back (25 events on a pod) still every 5 min."""
_BEFORE_SANDBOX = ("FailedMount", "FailedAttachVolume", "FailedMapVolume", "FailedPrepareDynamicResources")
_OF_SANDBOX = ("FailedCreatePodSandBox", "NetworkNotReady", "FailedCreatePodContainer", "FailedSync", "FailedKillPod")
_MISSING_OBJECT = re.compile(r'(?P<kind>configmap|secret|persistentvolumeclaim)s? "(?:[^"/]*/)?(?P<name>[^"]+)" not found', re.IGNORECASE)
_RETRY_MOUNT = "the kubelet tries again, in steps that double up to 2 min"


def of_unscheduled(trail: PodTrail, _on_node: OnNode) -> Reason:
    """A pod that is bound to no node."""
    pod = trail.pod
    waited = since(trail, moment_of(pod.metadata.creation_timestamp))
    if pod.spec.scheduling_gates:
        gates = ", ".join(gate.name for gate in pod.spec.scheduling_gates)
        message = f"no scheduler looks at it until its scheduling gates are taken away: {gates}"
        cause = finding("pod/gated", pod, message, [f"spec.schedulingGates: {gates}"], describe(pod), severity="info")
        return Reason(f"it has waited {waited} at a gate, for a program to let it through", cause)
    scheduled = condition_of(pod, "PodScheduled")
    if scheduled and scheduled.status == "False":
        words = scheduled.message or scheduled.reason or "the scheduler gave no reason"
        event = trail.newest("FailedScheduling")
        evidence = [f"condition PodScheduled: {scheduled.reason or 'False'}"]
        evidence += [f"event FailedScheduling, {seen(trail, event)}"] if event else []
        cause = finding("pod/unscheduled", pod, words, evidence, describe(pod))
        then = "the scheduler tries again when pods or nodes change, and every 5 min"
        return Reason(f"no node takes it: it has waited {waited} to be scheduled", cause, then)
    if (age := seconds_since(trail, moment_of(pod.metadata.creation_timestamp))) is not None and age < _SCHEDULER_SECONDS:
        return Reason("it was created a moment ago, and waits for the scheduler")
    scheduler = pod.spec.scheduler_name or "default-scheduler"
    line = "kubectl get pods -n kube-system -l component=kube-scheduler"
    cause = finding(
        "pod/no-scheduler", pod, f"no scheduler has looked at it: it asks for {scheduler}",
        ["it has no condition PodScheduled"], f"does {as_word(scheduler)} run? {line}", confidence="likely",
    )  # fmt: skip
    return Reason(f"it has waited {waited} for a scheduler", cause)


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
        cause = _of_volume(trail, event) if before else of_event(trail, event, "sandbox/not-made")
        ago = seconds_since(trail, event.last_seen)
        if ago is None or ago > _STALE_SECONDS:
            cause = replace(cause, confidence="possible")
        what = "a volume or device, and has no sandbox before" if before else "its sandbox and network"
        return Reason(f"it has waited {waited} for {what}", cause, _RETRY_MOUNT if before else RETRY)
    on_it = next((each for each in on_node.findings if each.severity == "critical"), None)
    if on_it:
        return Reason(f"it has waited {waited} for its sandbox and network, and the node shows what is wrong there", on_it)
    if pod.status.start_time is None:
        return Reason(f"it was bound to its node {waited} ago, and the kubelet has not taken it yet")
    seconds = seconds_since(trail, began)
    if seconds is not None and seconds < _EARLY_SECONDS:
        return Reason(f"its sandbox is being made since {waited}: too early to tell")
    if trail.events is None:
        return Reason(f"it has waited {waited} for its sandbox and network; events, which would tell why, could not be read")
    message = "nothing tells why its sandbox is not there: no event of it, which is how a network plugin or a runtime that hangs looks"
    evidence = ["no event of the pod tells of a failure", f"condition {SANDBOX_READY} is not True"]
    look = "on the node: ps -eo pid,ppid,stat,etime,comm --sort=etime  # children of containerd or crio that are no shims"
    cause = finding("sandbox/not-made", pod, message, evidence, look, confidence="possible")
    return Reason(f"it has waited {waited} for its sandbox and network", cause, "the kubelet gives the runtime 4 min, and tries again then")


def _of_volume(trail: PodTrail, event: Event) -> Finding:
    pod, words = trail.pod, " ".join((event.message or "no word").split())
    missing = _MISSING_OBJECT.search(words)
    remedy = describe(pod)
    if missing:
        remedy = f"{kubectl_line('get', missing['kind'].lower(), missing['name'], pod.metadata.namespace)}  # make it, or name another"
    elif event.reason == "FailedPrepareDynamicResources":
        claims = command_line("kubectl", "get", "resourceclaims", "-n", pod.metadata.namespace or "")
        remedy = f"{claims}  # and see the log of the resource's driver on this node"
    return finding("pod/volume", pod, words, [f"event {event.reason}, {seen(trail, event)}: {words}"], remedy)


def _began(pod: Pod) -> datetime | None:
    """When the kubelet took the pod, or it was bound to its node."""
    scheduled = condition_of(pod, "PodScheduled")
    return moment_of(pod.status.start_time) or moment_of(scheduled.last_transition_time if scheduled else None)
