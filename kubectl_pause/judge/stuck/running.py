"""A pod whose containers have all run: why it is not ready, or that nothing stops it.

A kubelet tells of a probe that fails at each try only at first: after 25 events on a pod it is held to one in 5 min. So an event counts
that is newer than the container's start, whatever its age.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from kubectl_pause.facts.pod_trail import moment_of
from kubectl_pause.join.sandboxes import pod_identity
from kubectl_pause.judge.made_anew import made_anew
from kubectl_pause.judge.stuck.ends import end_cause
from kubectl_pause.judge.stuck.reason import Reason, circumstances, finding, name_of, seconds_since, seen, since
from kubectl_pause.judge.stuck.recognise import judge_text
from kubectl_pause.judge.stuck.restarts import decide_restart, overdue, sidecars_with_startup_probe
from kubectl_pause.judge.stuck.sidecars import startup_budget
from kubectl_pause.judge.stuck.steps import condition_of
from kubectl_pause.judge.stuck.waiting import crashing, of_waiting_container
from kubectl_pause.known_causes.kubelet_faults import known_fault
from kubectl_pause.known_causes.probes import PROBES
from kubectl_pause.known_causes.rejections import RESIZES
from kubectl_pause.notes import VIRTUAL
from kubectl_pause.pasting import command_line, kubectl_line

if TYPE_CHECKING:
    from kubectl_pause.facts.pod_trail import PodTrail
    from kubectl_pause.judge.stuck.steps import OnNode


_ONCE_IT_SUCCEEDS = "it becomes ready once its probes succeed"


def of_running(trail: PodTrail, on_node: OnNode) -> Reason:
    """Ready, or why not."""
    ready = condition_of(trail.pod, "Ready")
    if resize := _resize(trail):
        return resize
    if ready and ready.status == "True":
        return _ready(on_node)
    for question in (_waits, _ended, _probe, _gate):
        if reason := question(trail):
            return reason
    return Reason("its containers are ready; the pod is about to be")


def _resize(trail: PodTrail) -> Reason | None:
    """An in-place resize that the kubelet refuses, puts off or cannot finish; one that is going on is no finding."""
    for kind in ("PodResizePending", "PodResizeInProgress"):
        condition = condition_of(trail.pod, kind)
        if condition is None or condition.status != "True" or condition.reason not in ("Infeasible", "Deferred", "Error"):
            continue
        words = condition.message or condition.reason
        evidence = [f"condition {kind} {condition.reason}: {words}"]
        cause = judge_text(words, RESIZES, circumstances(trail), name_of(trail.pod), evidence)
        return Reason("it runs with its old size: it cannot be resized in place", cause and replace(cause, severity="warning"))
    return None


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
            found = end_cause(trail, status.name, ended, loops=False)
            evidence = [f"state of {status.name}: terminated, exit code {ended.exit_code}", why]
            subject = f"{name_of(pod)} container {status.name}"
            meant = finding("container/ended", pod, message, evidence, None, whose="none", severity="info")
            cause = replace(found.finding(subject, evidence), severity="warning") if found else meant
            reasons.append((1 if ended.exit_code else 2, Reason(message, cause, then)))
    return min(reasons, key=lambda each: each[0])[1] if reasons else None


def _not_restarted(trail: PodTrail, name: str, message: str, why: str) -> Reason:
    """A restart that was due and has not come."""
    pod = trail.pod
    message = f"{message}, and was not started again, as it should have been within 5 min"
    evidence = [f"state of {name}: terminated", why]
    version = trail.kubelet_version
    if (fault := known_fault("restart-not-due", version)) and (sidecars := sidecars_with_startup_probe(pod)):
        evidence.append(f"kubelet {version}, sidecars {', '.join(each.name for each in sidecars)}: {fault.says} ({fault.source})")
    remedy = made_anew(pod_identity(pod))
    cause = finding("container/not-restarted", pod, message, evidence, remedy, whose="kubelet", severity="warning", confidence="likely")
    return Reason(message, cause)


def _probe(trail: PodTrail) -> Reason | None:
    statuses = trail.pod.status.container_statuses or []
    unready = [status.name for status in statuses if not status.ready]
    if not unready:
        return None
    names = ", ".join(unready)
    running = [status.state.running for status in statuses if status.state and status.state.running]
    newest = max(filter(None, (moment_of(each.started_at) for each in running)), default=None)
    if starting := _within_budget(trail):
        return Reason(f"its container {starting} is starting, within the time that its startup probe gives it")
    event = trail.newest("Unhealthy")
    if event and event.last_seen and (newest is None or event.last_seen >= newest):
        words = " ".join((event.message or "a probe fails").split())
        evidence = [f"event Unhealthy, {seen(trail, event)}: {words}", f"not ready: {names}"]
        around = circumstances(trail, container=unready[0], text=event.message or "", times=event.times)
        logs = command_line("kubectl", "logs", "-n", around.namespace, around.pod, "-c", unready[0])
        cause = judge_text(event.message or "", PROBES, around, f"{name_of(trail.pod)} container {unready[0]}", evidence)
        cause = cause or finding(
            "pod/probe", trail.pod, words, evidence, f"{logs}  # what the program says at that time", whose="application",
            heals="when: the probe succeeds", confidence="likely",
        )  # fmt: skip
        then = None if words.startswith("Readiness") else "the kubelet restarts the container when that probe has failed too often"
        return Reason(f"its containers run, and a probe of {names} fails", replace(cause, severity="warning"), then or _ONCE_IT_SUCCEEDS)
    return Reason(f"its containers run, the newest since {since(trail, newest)}, and no probe has called {names} ready yet")


def _within_budget(trail: PodTrail) -> str | None:
    """A container whose startup probe has not succeeded yet, and may still fail."""
    probes = {each.name: each.startup_probe for each in trail.pod.spec.containers or () if each.startup_probe}
    for status in trail.pod.status.container_statuses or ():
        running = status.state.running if status.state else None
        runs = seconds_since(trail, moment_of(running.started_at)) if running else None
        if status.started is False and status.name in probes and runs is not None and runs < startup_budget(probes[status.name]):
            return status.name
    return None


def _gate(trail: PodTrail) -> Reason | None:
    ready = condition_of(trail.pod, "Ready")
    words = (ready.message or ready.reason) if ready else None
    if not words:
        return None
    look = kubectl_line("get", "pod", trail.pod.metadata.name, trail.pod.metadata.namespace) + " -o yaml  # readinessGates and conditions"
    cause = finding(
        "pod/readiness-gate", trail.pod, words, [f"condition Ready: {words}"], look, whose="controller",
        heals="when: the program that owns the gate sets its condition", severity="info",
    )  # fmt: skip
    return Reason("its containers are ready, and the pod is not", cause)
