"""A pod that is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.judge.stuck.ends import describe_end, end_cause
from kubectl_pause.judge.stuck.reason import Reason, circumstances, finding, name_of
from kubectl_pause.judge.stuck.recognise import judge_text
from kubectl_pause.judge.stuck.restarts import decide_restart
from kubectl_pause.judge.stuck.steps import condition_of
from kubectl_pause.known_causes.rejections import REJECTIONS
from kubectl_pause.pasting import kubectl_line

if TYPE_CHECKING:
    from kubectl_pause.facts.api import Pod
    from kubectl_pause.facts.pod_trail import PodTrail
    from kubectl_pause.judge.stuck.steps import OnNode
    from kubectl_pause.report import Finding


def of_completed(_trail: PodTrail, _on_node: OnNode) -> Reason:
    """All containers ended well."""
    return Reason("it has done its work: all its containers ended with exit code 0, and are not started again")


def of_failed(trail: PodTrail, _on_node: OnNode) -> Reason:
    """The kubelet rejected or evicted it, or a container failed that is not started again."""
    pod, status = trail.pod, trail.pod.status
    then = _next(pod)
    if status.reason:
        return Reason(f"it is over, and does not come back: {status.reason}", _rejected(trail, status.reason, status.message or ""), then)
    disrupted = condition_of(pod, "DisruptionTarget")
    if disrupted and disrupted.status == "True":
        reason = disrupted.reason or "DisruptionTarget"
        return Reason(f"it is over, and does not come back: {reason}", _rejected(trail, reason, disrupted.message or ""), then)
    failed = [
        (each.name, each.state.terminated)
        for each in pod.statuses
        if each.state and each.state.terminated and each.state.terminated.exit_code
    ]
    if not failed:
        return Reason("it has failed, and the API keeps no reason")
    name, ended = failed[0]
    _, policy = decide_restart(pod, name, ended.exit_code)
    found = end_cause(trail, name, ended, loops=False)
    evidence = [f"container {name} {describe_end(ended)}", policy]
    cause = found.finding(f"{name_of(pod)} container {name}", evidence) if found else None
    return Reason(f"it has failed: container {name} {describe_end(ended)}, and is not started again", cause, then)


def _rejected(trail: PodTrail, reason: str, words: str) -> Finding:
    """By the message, or where it says nothing that is known by the reason."""
    pod = trail.pod
    around, evidence = circumstances(trail), [f"status.reason {reason}: {words}"]
    for text in (words, reason):
        if text and (known := judge_text(text, REJECTIONS, around, name_of(pod), evidence)):
            return known
    look = f"{kubectl_line('describe', 'node', pod.spec.node_name)}" if pod.spec.node_name else "kubectl get nodes"
    return finding("pod/rejected", pod, f"{reason}: {words or reason}", evidence, look, confidence="likely")


def _next(pod: Pod) -> str | None:
    """What its controller does, by its kind; None where nobody creates another."""
    if pod.controller is None:
        return None
    kind, name = pod.controller
    if kind == "Job":
        return f"Job {name} creates another, unless it has reached its backoffLimit; the object remains until it is deleted"
    return f"{kind} {name} creates another; this object remains until it is deleted, or as the oldest of very many"
