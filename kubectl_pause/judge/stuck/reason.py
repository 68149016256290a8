"""What a question about a pod is answered with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from kubectl_pause.facts.pod_trail import moment_of
from kubectl_pause.facts.record import Record
from kubectl_pause.judge.stuck.recognise import LASTING_SECONDS, LASTING_TIMES, ON_WINDOWS, Circumstances, judge_text
from kubectl_pause.pasting import as_word, kubectl_line
from kubectl_pause.report import AtFault, Finding, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from kubectl_pause.facts.api import Pod
    from kubectl_pause.facts.pod_trail import Event, PodTrail
    from kubectl_pause.known_causes.cause import Cause

MINUTE, HOUR = 60, 3600
RETRY = "the kubelet tries again every 10 to 15 s"
"""Of a sandbox, a container and the end of a pod: its pause after an error (pkg/kubelet, pod_workers.go)."""


class Reason(Record, frozen=True):
    """`cause` None: nothing stops it, or nothing tells what does, as `summary` says. `next` is what happens by itself, and when."""

    summary: str
    cause: Finding | None = None
    next: str | None = None


def name_of(pod: Pod) -> str:
    """`NAMESPACE/NAME`."""
    return f"{pod.metadata.namespace}/{pod.metadata.name}"


def describe(pod: Pod) -> str:
    """The line that shows all that the API knows of it."""
    return kubectl_line("describe", "pod", pod.metadata.name, pod.metadata.namespace)


def finding(  # noqa: PLR0913 (what a finding is made of)
    code: str,
    pod: Pod,
    message: str,
    evidence: list[str],
    remedy: str | None,
    *,
    whose: AtFault | None = None,
    scope: Scope = "pod",
    heals: str = "no",
    severity: Literal["info", "warning", "critical"] = "critical",
    confidence: Literal["certain", "likely", "possible"] = "certain",
) -> Finding:
    """A finding about the pod; without `whose` nobody can be named, and nothing is said of scope and healing either."""
    return Finding(
        code=code,
        severity=severity,
        subject=name_of(pod),
        message=message,
        evidence=evidence,
        confidence=confidence,
        remedy=remedy,
        at_fault=whose,
        scope=scope if whose else None,
        heals_itself=heals if whose else None,
    )


def circumstances(trail: PodTrail, *, container: str = "", text: str = "", times: int = 1, teardown: bool = False) -> Circumstances:
    """What stands around a message about the pod, or about one of its containers; `times` is how often it was seen."""
    pod, node = trail.pod, trail.node
    waited = seconds_since(trail, moment_of(pod.status.start_time or pod.metadata.creation_timestamp))
    runtime = (node.status.node_info.container_runtime_version if node else None) or ""
    system = (node.status.node_info.operating_system if node else None) or ""
    ids = [status.container_id or "" for status in pod.statuses]
    return Circumstances(
        namespace=pod.metadata.namespace or "",
        pod=pod.metadata.name,
        node=pod.spec.node_name or "",
        container=container,
        image=image_of(pod, container) or "",
        is_lasting=times >= LASTING_TIMES or text.startswith("(combined from similar events)") or (waited or 0) > LASTING_SECONDS,
        is_deleted=bool(pod.metadata.deletion_timestamp),
        is_teardown=teardown,
        is_old_kubelet=re.match(r"v1\.(?:1?\d|2[0-3])\.", trail.kubelet_version or "") is not None,
        is_windows=system.lower() == "windows",
        is_crio=runtime.startswith("cri-o") or any(each.startswith("cri-o") for each in ids) or text.startswith("container create failed"),
    )


def image_of(pod: Pod, container: str) -> str | None:
    """The image that the spec names for a container."""
    spec = pod.spec
    named = [*(spec.init_containers or ()), *(spec.containers or ()), *(spec.ephemeral_containers or ())]
    return next((each.image for each in named if each.name == container), None)


def judge_event(trail: PodTrail, event: Event, causes: Iterable[Cause], code: str, *, teardown: bool = False) -> Finding:
    """What an event's own words prove; where they are not known, the words under `code`, with what would tell more."""
    pod, words = trail.pod, " ".join((event.message or "no word").split())
    evidence = [f"event {event.reason}, {seen(trail, event)}: {words}"]
    around = circumstances(trail, text=event.message or "", times=event.times, teardown=teardown)
    known = judge_text(event.message or "", causes, around, name_of(pod), evidence)
    node = pod.spec.node_name or "NODE"
    look = (
        ON_WINDOWS
        if around.is_windows
        else f"on node {as_word(node)}: journalctl -u kubelet -u containerd -u crio --since -10min  # what the same minute says there"
    )
    if known:
        return known
    whose: AtFault | None = {"sandbox/not-made": "runtime", "pod/volume": "storage"}.get(code)  # type: ignore[assignment]
    scope: Scope = "node" if code == "sandbox/not-made" else "pod"
    return finding(code, pod, words, evidence, look, whose=whose, scope=scope, confidence="possible")


def seen(trail: PodTrail, event: Event) -> str:
    """`12 times, last 8 s ago`."""
    last = event.last_seen
    ago = f"{span((trail.now - last).total_seconds())} ago" if last else "at an unknown time"
    return f"{event.times} times, last {ago}" if event.times > 1 else ago


def span(seconds: float) -> str:
    """A time in a sentence: `45 s`, `12 min`, `3 h`."""
    seconds = max(0.0, seconds)
    if seconds < 2 * MINUTE:
        return f"{seconds:.0f} s"
    return f"{seconds / MINUTE:.0f} min" if seconds < 2 * HOUR else f"{seconds / HOUR:.0f} h"


def seconds_since(trail: PodTrail, moment: datetime | None) -> float | None:
    """How long ago that was, None where it is not known."""
    return (trail.now - moment).total_seconds() if moment else None


def since(trail: PodTrail, moment: datetime | None) -> str:
    """The same in words."""
    seconds = seconds_since(trail, moment)
    return "for an unknown time" if seconds is None else span(seconds)
