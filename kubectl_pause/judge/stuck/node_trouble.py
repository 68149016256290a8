"""Whether a pod's node can do anything for it at all: told by the API alone, with no wait for an inspector pod.

A kubelet renews its lease each 10 s; it is valid for 40 s, and the node's Ready becomes Unknown at 50 s. A runtime that hangs shows in
Ready after 30 s (or 130 s, where the call itself hangs); then all work on pods stops (kubelet "Skipping pod synchronization").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.facts.pod_trail import moment_of
from kubectl_pause.judge.stuck.messages import verdict_on
from kubectl_pause.judge.stuck.reason import Reason, finding, name_of, seen, span
from kubectl_pause.pasting import command_line, kubectl_line
from kubectl_pause.report import Finding

if TYPE_CHECKING:
    from kubectl_pause.facts.api import Condition
    from kubectl_pause.facts.pod_trail import PodTrail

_LEASE_SECONDS = 40
_RECENT_SECONDS = 180
"""The kubelet's garbage collection fails once a minute: what was seen in the last three is going on."""
_NETWORK = ("cni/no-config",)


def node_trouble(trail: PodTrail) -> Reason | None:
    """What keeps the node from doing anything for the pod, None where nothing is known to."""
    pod, name = trail.pod, trail.pod.spec.node_name or ""
    subject, look = f"node {name}", kubectl_line("describe", "node", name)
    if trail.node_is_gone:
        message = f"its node {name} does not exist any more: no kubelet runs it"
        cause = finding("node/gone", pod, message, [f"GET nodes/{name}: not found"], None)
        return Reason("its node is gone", cause, "the control plane deletes pods of nodes that are gone, within a few minutes (PodGC)")
    ready = next((each for each in (trail.node.status.conditions if trail.node else None) or () if each.type == "Ready"), None)
    silent = _silent_kubelet(trail, subject, ready)
    if silent:
        then = "Ready=Unknown for 5 min: its pods are evicted, and stay Terminating until the kubelet is back or the node is deleted"
        return Reason("its node's kubelet is silent: nothing happens to it there", silent, then)
    too_large = _list_too_large(trail, subject)
    if too_large:
        return Reason("its node's kubelet cannot list what runs there", too_large)
    if ready is None or ready.status != "False":
        return None
    return _not_ready(trail, subject, ready, look)


def _silent_kubelet(trail: PodTrail, subject: str, ready: Condition | None) -> Finding | None:
    evidence = []
    renewed = moment_of(trail.lease.spec.renew_time) if trail.lease else None
    valid = (trail.lease.spec.lease_duration_seconds if trail.lease else None) or _LEASE_SECONDS
    if renewed and (silence := (trail.now - renewed).total_seconds()) > valid:
        evidence.append(f"its lease is valid for {valid} s, and was renewed last {span(silence)} ago")
    if ready and ready.status == "Unknown":
        evidence.append(f"Ready is Unknown since {ready.last_transition_time}: {ready.message or ready.reason or 'no further word'}")
    if not evidence:
        return None
    return Finding(
        code="kubelet/silent",
        severity="critical",
        subject=subject,
        message="its kubelet says nothing any more: nothing is started, stopped or reported there",
        evidence=evidence,
        confidence="certain",
        remedy=f"on the node: {command_line('systemctl', 'status', 'kubelet')}  # or is the machine off, or cut from the API server?",
    )


def _list_too_large(trail: PodTrail, subject: str) -> Finding | None:
    for event in trail.node_events or ():
        recent = event.last_seen and (trail.now - event.last_seen).total_seconds() < _RECENT_SECONDS
        if recent and event.reason == "ContainerGCFailed":
            words = event.message or ""
            known = verdict_on(words, subject, [f"event ContainerGCFailed, {seen(trail, event)}: {words}"])
            if known and known.code == "node/list-too-large":
                return known
    return None


def _not_ready(trail: PodTrail, subject: str, ready: Condition, look: str) -> Reason | None:
    words = ready.message or ready.reason or "no further word"
    evidence = [f"Ready is False since {ready.last_transition_time}: {words}"]
    known = verdict_on(words, subject, evidence)
    if known and known.code in _NETWORK:
        if trail.pod.spec.host_network:
            return None
        return Reason("its node has no network for pods", known, "the kubelet tries again each second until the runtime has a network")
    code, message, remedy = "node/not-ready", f"the node is not ready: {words}", look
    if "PLEG is not healthy" in words:
        code = "node/pleg"
        message = "the kubelet gets no list of what runs from its runtime, and leaves all pods alone"
        remedy = "on the node: crictl pods  # does it answer? see the runtime's log, and the load of the machine"
    elif "container runtime" in words and ("down" in words or "not responding" in words):
        code = "runtime/silent"
        message = "the container runtime does not answer the kubelet: nothing is started or stopped there"
        remedy = "on the node: systemctl status containerd crio"
    return Reason(
        f"its node is not ready, and {name_of(trail.pod)} waits for it",
        Finding(code=code, severity="critical", subject=subject, message=message, evidence=evidence, confidence="certain", remedy=remedy),
    )
