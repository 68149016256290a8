"""A pod whose containers have all run: why it is not ready, or that nothing stops it.

A kubelet tells of a probe that fails at each try only at first: after 25 events on a pod it is held to one in 5 min. So an event counts
that is newer than the container's start, whatever its age.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.facts.pod_trail import moment_of
from kubectl_pause.judge.stuck.reason import Reason, describe, finding, seen, since
from kubectl_pause.judge.stuck.steps import condition_of
from kubectl_pause.judge.stuck.waiting import crashing, of_waiting_container
from kubectl_pause.notes import VIRTUAL

if TYPE_CHECKING:
    from kubectl_pause.facts.pod_trail import PodTrail
    from kubectl_pause.judge.stuck.steps import OnNode


def of_running(trail: PodTrail, on_node: OnNode) -> Reason:
    """Ready, or why not."""
    ready = condition_of(trail.pod, "Ready")
    if ready and ready.status == "True":
        return _ready(on_node)
    for question in (_waits, _ended, _probe, _gate):
        if reason := question(trail):
            return reason
    return Reason("its containers are ready; the pod is about to be")


def _ready(on_node: OnNode) -> Reason:
    checked = ["the API calls it ready"]
    if on_node.was_read:
        there = [sandbox for sandbox in on_node.sandboxes if sandbox.current]
        checked.append("its sandbox is there" if there else "its node shows no sandbox of it")
        if any(VIRTUAL in sandbox.notes for sandbox in there):
            return Reason(f"nothing seen stops it: {', '.join(checked)}, and a sandboxed runtime hides its processes from the node")
        checked.append("what else its node shows stands below" if on_node.findings else "its node shows nothing wrong with it")
    return Reason(f"nothing stops it: {', '.join(checked)}")


def _waits(trail: PodTrail) -> Reason | None:
    for status in trail.pod.status.container_statuses or ():
        if status.state and status.state.waiting:
            crashes = status.state.waiting.reason == "CrashLoopBackOff"
            return crashing(trail, status) if crashes else of_waiting_container(trail)
    return None


def _ended(trail: PodTrail) -> Reason | None:
    pod = trail.pod
    for status in pod.status.container_statuses or ():
        ended = status.state.terminated if status.state else None
        if ended is None:
            continue
        message = f"container {status.name} has ended with exit code {ended.exit_code}"
        policy = pod.spec.restart_policy or "Always"
        stays = policy == "Never" or (policy == "OnFailure" and ended.exit_code == 0)
        if not stays and status.restart_count:  # since 1.36 it is shown so between two restarts, and as waiting only at the end
            return crashing(trail, status)
        then = f"restartPolicy {policy}: it is not started again" if stays else "the kubelet starts it again"
        cause = finding("container/ended", pod, message, [f"state of {status.name}: terminated"], describe(pod), severity="warning")
        return Reason(message, cause, then)
    return None


def _probe(trail: PodTrail) -> Reason | None:
    statuses = trail.pod.status.container_statuses or []
    unready = [status.name for status in statuses if not status.ready]
    if not unready:
        return None
    names = ", ".join(unready)
    running = [status.state.running for status in statuses if status.state and status.state.running]
    newest = max(filter(None, (moment_of(each.started_at) for each in running)), default=None)
    event = trail.newest("Unhealthy")
    if event and event.last_seen and (newest is None or event.last_seen >= newest):
        words = " ".join((event.message or "a probe fails").split())
        evidence = [f"event Unhealthy, {seen(trail, event)}: {words}", f"not ready: {names}"]
        cause = finding("pod/probe", trail.pod, words, evidence, describe(trail.pod), severity="warning")
        return Reason(f"its containers run, and a probe of {names} fails", cause, "it becomes ready once its probes succeed")
    return Reason(f"its containers run, the newest since {since(trail, newest)}, and no probe has called {names} ready yet")


def _gate(trail: PodTrail) -> Reason | None:
    ready = condition_of(trail.pod, "Ready")
    words = (ready.message or ready.reason) if ready else None
    if not words:
        return None
    cause = finding("pod/readiness-gate", trail.pod, words, [f"condition Ready: {words}"], describe(trail.pod), severity="info")
    return Reason("its containers are ready, and the pod is not", cause)
