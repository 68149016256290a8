"""A pod whose containers have all run: why it is not ready, or that nothing stops it.

A kubelet tells of a probe that fails at each try only at first: after 25 events on a pod it is held to one in 5 min. So an event counts
that is newer than the container's start, whatever its age.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.facts.pod_trail import moment_of
from kubectl_pause.join.sandboxes import pod_identity
from kubectl_pause.judge.made_anew import made_anew
from kubectl_pause.judge.stuck.reason import Reason, describe, finding, seen, since
from kubectl_pause.judge.stuck.restarts import decide_restart, overdue, sidecars_with_startup_probe
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
    """Of the containers that have ended, the one that matters most: a restart that has not come, then a failure, then any."""
    pod = trail.pod
    reasons: list[tuple[int, Reason]] = []
    for status in pod.status.container_statuses or ():
        ended = status.state.terminated if status.state else None
        if ended is None:
            continue
        message = f"container {status.name} has ended with exit code {ended.exit_code}"
        starts_again, why = decide_restart(pod, status.name, ended.exit_code)
        ended_at = moment_of(ended.finished_at)
        if starts_again and overdue(trail, ended_at):
            reasons.append((0, _not_restarted(trail, status.name, f"{message} {since(trail, ended_at)} ago", why)))
        elif starts_again and status.restart_count:  # since 1.36 it is shown so between two restarts, and as waiting only at the end
            reasons.append((1, crashing(trail, status)))
        else:
            then = f"{why}: the kubelet starts it again" if starts_again else f"{why}: it is not started again"
            cause = finding("container/ended", pod, message, [f"state of {status.name}: terminated"], describe(pod), severity="warning")
            reasons.append((1 if ended.exit_code else 2, Reason(message, cause, then)))
    return min(reasons, key=lambda each: each[0])[1] if reasons else None


def _not_restarted(trail: PodTrail, name: str, message: str, why: str) -> Reason:
    """A restart that was due and has not come."""
    pod = trail.pod
    message = f"{message}, and was not started again, as it should have been within 5 min"
    evidence = [f"state of {name}: terminated", why]
    info = trail.node.status.node_info if trail.node else None
    version = (info.kubelet_version if info else None) or ""
    if version.startswith("v1.35.") and (sidecars := sidecars_with_startup_probe(pod)):
        named = ", ".join(each.name for each in sidecars)
        known = "after its own restart it waits for their startup probes for ever (kubernetes/kubernetes#137885)"
        evidence.append(f"kubelet {version}, sidecars {named}: {known}; 1.36 and a later 1.35 do not")
    remedy = made_anew(pod_identity(pod))
    return Reason(message, finding("container/ended", pod, message, evidence, remedy, severity="warning"))


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
