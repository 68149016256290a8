"""What a question about a pod is answered with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from kubectl_pause.facts.record import Record
from kubectl_pause.judge.stuck.messages import verdict_on
from kubectl_pause.pasting import kubectl_line
from kubectl_pause.report import Finding

if TYPE_CHECKING:
    from datetime import datetime

    from kubectl_pause.facts.api import Pod
    from kubectl_pause.facts.pod_trail import Event, PodTrail

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
    severity: Literal["info", "warning", "critical"] = "critical",
    confidence: Literal["certain", "likely", "possible"] = "certain",
) -> Finding:
    """A finding about the pod."""
    return Finding(
        code=code, severity=severity, subject=name_of(pod), message=message, evidence=evidence, confidence=confidence, remedy=remedy
    )


def of_event(trail: PodTrail, event: Event, code: str) -> Finding:
    """What an event's own words prove; where they are not known, the words under `code`."""
    pod, words = trail.pod, " ".join((event.message or "no word").split())
    evidence = [f"event {event.reason}, {seen(trail, event)}: {words}"]
    known = verdict_on(words, name_of(pod), evidence)
    return known or finding(code, pod, words, evidence, describe(pod))


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
