"""Whether a pod's node can do anything for it at all: told by the API alone, with no wait for an inspector pod.

A kubelet renews its lease each 10 s; it is valid for 40 s, and the node's Ready becomes Unknown at 50 s. A runtime that hangs shows in
Ready after 30 s (or 130 s, where the call itself hangs); then all work on pods stops (kubelet "Skipping pod synchronization").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from kubectl_pause.facts.pod_trail import moment_of
from kubectl_pause.judge.stuck.frames import parse_aggregate
from kubectl_pause.judge.stuck.reason import MINUTE, Reason, circumstances, finding, name_of, seen, span
from kubectl_pause.judge.stuck.recognise import judge_text, recognise
from kubectl_pause.known_causes.nodes import NODES
from kubectl_pause.known_causes.sandboxes import SANDBOXES
from kubectl_pause.pasting import command_line, kubectl_line
from kubectl_pause.report import Finding

if TYPE_CHECKING:
    from kubectl_pause.facts.api import Condition
    from kubectl_pause.facts.pod_trail import PodTrail

_LEASE_SECONDS = 40
_RECENT_SECONDS = 180
"""The kubelet's garbage collection fails once a minute: what was seen in the last three is going on."""
_NETWORK = ("cni/no-config",)
_STARTING_SECONDS = 3 * MINUTE
"""A kubelet that has just started hears from its runtime within seconds."""


def node_trouble(trail: PodTrail) -> Reason | None:
    """What keeps the node from doing anything for the pod, None where nothing is known to."""
    pod, name = trail.pod, trail.pod.spec.node_name or ""
    subject, look = f"node {name}", kubectl_line("describe", "node", name)
    if trail.node_is_gone:
        message = f"its node {name} does not exist any more: no kubelet runs it"
        cause = finding(
            "node/gone", pod, message, [f"GET nodes/{name}: not found"], None, whose="none", scope="node",
            heals="when: the control plane deletes it",
        )  # fmt: skip
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
        confidence="certain" if renewed else "likely",
        remedy=f"on the node: {command_line('systemctl', 'status', 'kubelet')}  # or is the machine off, or cut from the API server?",
        at_fault="kubelet",
        scope="node",
        heals_itself="when: the machine is on and reaches the API server",
    )


def _list_too_large(trail: PodTrail, subject: str) -> Finding | None:
    for event in trail.node_events or ():
        recent = event.last_seen and (trail.now - event.last_seen).total_seconds() < _RECENT_SECONDS
        if recent and event.reason == "ContainerGCFailed":
            words = event.message or ""
            rows = [row for row in SANDBOXES if row.code == "node/list-too-large"]
            if known := judge_text(words, rows, circumstances(trail), subject, [f"event ContainerGCFailed, {seen(trail, event)}: {words}"]):
                return known
    return None


def _not_ready(trail: PodTrail, subject: str, ready: Condition, look: str) -> Reason | None:
    """The first trouble of the kubelet's list that explains the others, by the order of the table."""
    words = ready.message or ready.reason or "no further word"
    evidence = [f"Ready is False since {ready.last_transition_time}: {words}"]
    since = moment_of(ready.last_transition_time)
    lasts = since is not None and (trail.now - since).total_seconds() > _STARTING_SECONDS
    around = replace(circumstances(trail), is_lasting=lasts)
    parts = parse_aggregate(words)
    found = next((each for row in NODES for part in parts if (each := recognise(part, (row,), around))), None)
    if found and found.cause.code in _NETWORK:
        if trail.pod.spec.host_network:
            return None
        known = found.finding(subject, evidence)
        return Reason("its node has no network for pods", known, "the kubelet tries again each second until the runtime has a network")
    summary = f"its node is not ready, and {name_of(trail.pod)} waits for it"
    if found:
        return Reason(summary, found.finding(subject, evidence))
    return Reason(
        summary,
        Finding(
            code="node/not-ready",
            severity="critical",
            subject=subject,
            message=f"the node is not ready: {words}",
            evidence=evidence,
            confidence="likely",
            remedy=look,
            at_fault="kubelet",
            scope="node",
            heals_itself="no",
        ),
    )
