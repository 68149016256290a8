"""The way of a pod up, and down again: which steps are done, where it stands, and how long each took.

Times are the API's: those of conditions (whole seconds), of containers and of the deletion. `PodReadyToStartContainers` is a condition
since Kubernetes 1.29; where there is none, the runtime's own word stands for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from kubectl_pause.facts.pod_trail import moment_of, written
from kubectl_pause.facts.record import Record
from kubectl_pause.report import Step

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from kubectl_pause.facts.api import Condition, ContainerStatus, Pod
    from kubectl_pause.facts.pod_trail import PodTrail
    from kubectl_pause.facts.runtime.log import NodeLog
    from kubectl_pause.report import Finding, Sandbox

SANDBOX_READY = "PodReadyToStartContainers"


class OnNode(Record, frozen=True):
    """What the node itself shows of the pod; `was_read` is false where it did not answer or was not asked."""

    was_read: bool = False
    sandboxes: Sequence[Sandbox] = ()
    """Of this pod, the current one first."""
    findings: Sequence[Finding] = ()
    """Of these sandboxes, and of the node's runtime."""
    log: NodeLog | None = None
    """Lines about this pod; None where no log was asked for."""


@dataclass(slots=True)
class _Way:
    """Steps put behind one another: all before the first that is not done are done, all behind it are ahead."""

    began: datetime | None
    now: datetime
    steps: list[Step] = field(default_factory=list)
    stands: bool = False

    def step(self, name: str, *, done: bool | None, at: datetime | None = None, proof: str | None = None) -> None:
        """`done` None is unknown; `at` is when it was done."""
        if self.stands:
            self.steps.append(Step(name=name, state="ahead"))  # type: ignore[arg-type]
            return
        end = at if done else self.now if done is False else None
        took = max(0.0, (end - self.began).total_seconds()) if end and self.began else None
        self.steps.append(
            Step(
                name=name,  # type: ignore[arg-type]
                state="unknown" if done is None else "done" if done else "here",
                ended_at=written(at) if done and at else None,
                seconds=round(took, 3) if took is not None else None,
                proof=proof,
            )
        )
        self.began, self.stands = (at or self.began) if done else self.began, done is False


def condition_of(pod: Pod, kind: str) -> Condition | None:
    """A condition of the pod, None where it has none of that type."""
    return next((condition for condition in pod.status.conditions or () if condition.type == kind), None)


def steps_up(trail: PodTrail, on_node: OnNode) -> list[Step]:
    """From its creation to Ready."""
    pod = trail.pod
    way = _Way(moment_of(pod.metadata.creation_timestamp), trail.now)
    scheduled = condition_of(pod, "PodScheduled")
    where = f"node {pod.spec.node_name}" if pod.spec.node_name else scheduled and (scheduled.message or scheduled.reason)
    way.step("scheduled", done=bool(pod.spec.node_name), at=_since(scheduled, "True"), proof=where or None)
    taken = moment_of(pod.status.start_time)
    way.step("taken", done=taken is not None, at=taken, proof="status.startTime, set by the kubelet" if taken else None)
    _sandbox_up(way, pod, on_node)
    if pod.spec.init_containers:
        initialized = condition_of(pod, "Initialized")
        done = bool(initialized and initialized.status == "True")
        proof = "condition Initialized" if done else _first_waiting(pod.status.init_container_statuses or ())
        way.step("initialized", done=done, at=_since(initialized, "True"), proof=proof)
    statuses = pod.status.container_statuses or []
    started = bool(statuses) and all(has_started(status) for status in statuses)
    first_runs = [_started_at(status) for status in statuses if not status.restart_count]  # of one started again the first run is forgotten
    last = max(filter(None, first_runs), default=None) if len(first_runs) == len(statuses) else None
    way.step("started", done=started, at=last, proof="all containers have run" if started else _first_waiting(statuses))
    ready = condition_of(pod, "Ready")
    done = bool(ready and ready.status == "True") or pod.status.phase == "Succeeded"
    proof = (ready.message or ready.reason) if ready and not done else None
    way.step("ready", done=done, at=_since(ready, "True"), proof=proof)
    return way.steps


def _sandbox_up(way: _Way, pod: Pod, on_node: OnNode) -> None:
    condition = condition_of(pod, SANDBOX_READY)
    sandbox = next((sandbox for sandbox in on_node.sandboxes if sandbox.state == "ready"), None)
    shown = None
    if sandbox:
        which = f"sandbox {sandbox.id[:13]}" + (f", attempt {sandbox.attempt}" if sandbox.attempt is not None else "")
        shown = f"{which}, {', '.join(sandbox.ips) or 'no address of its own'}"
    any_started = any(has_started(status) for status in pod.statuses)
    if condition:
        done: bool | None = condition.status == "True" or sandbox is not None or any_started
    else:
        done = sandbox is not None or any_started or (False if on_node.was_read or _waits_for_sandbox(pod) else None)
    named = f"condition {SANDBOX_READY} is {condition.status}" if condition else None
    way.step("sandbox", done=done, at=_since(condition, "True"), proof=shown or named)


def steps_down(trail: PodTrail, on_node: OnNode) -> list[Step]:
    """From the moment that its deletion was asked for until the API forgets it."""
    pod = trail.pod
    ends = moment_of(pod.metadata.deletion_timestamp)
    grace = pod.metadata.deletion_grace_period_seconds or 0
    way = _Way(ends - timedelta(seconds=grace) if ends else None, trail.now)
    running = [status for status in pod.statuses if status.state and status.state.running]
    stopped = not running and bool(pod.statuses)
    finished = max((moment for status in pod.statuses if (moment := _finished_at(status))), default=None)
    in_grace = ends is not None and trail.now < ends and bool(running)
    way.step("grace", done=not in_grace, at=min(filter(None, (ends, finished)), default=None), proof=f"{grace} s of grace")
    proof = (
        f"still running: {', '.join(status.name for status in running)}" if running else "all containers have ended" if stopped else None
    )
    way.step("stopped", done=stopped or not pod.statuses, at=finished, proof=proof)
    ready = [sandbox for sandbox in on_node.sandboxes if sandbox.state == "ready"]
    if on_node.was_read:
        still = f"sandbox {ready[0].id[:13]} is still ready" if ready else "the runtime has no ready sandbox of it"
        way.step("sandbox", done=not ready, proof=still)
    else:
        way.step("sandbox", done=None)
    finalizers = pod.metadata.finalizers or []
    way.step("released", done=False, proof=f"finalizers left: {', '.join(finalizers)}" if finalizers else None)
    return way.steps


def _waits_for_sandbox(pod: Pod) -> bool:
    statuses = [*(pod.status.init_container_statuses or ()), *(pod.status.container_statuses or ())]
    return bool(statuses) and not any(has_started(status) for status in statuses)


def _first_waiting(statuses: Sequence[ContainerStatus]) -> str | None:
    for status in statuses:
        if status.state and status.state.waiting and status.state.waiting.reason:
            return f"{status.name}: {status.state.waiting.reason}"
        if status.state and status.state.running:
            return f"{status.name}: running"
    return None


NEVER_RAN = ("StartError", "ContainerCannotRun")
"""Reasons of a state `terminated` of what was never started (pkg/kubelet, containerd: exit code 128)."""


def has_started(status: ContainerStatus) -> bool:
    """Whether a container has ever run, as far as its present and last state tell."""
    states = [state for state in (status.state, status.last_state) if state]
    ended = [state.terminated for state in states if state.terminated]
    return any(state.running for state in states) or any(each.reason not in NEVER_RAN for each in ended)


def _started_at(status: ContainerStatus) -> datetime | None:
    detail = status.state and (status.state.running or status.state.terminated)
    return moment_of(detail.started_at) if detail else None


def _finished_at(status: ContainerStatus) -> datetime | None:
    detail = status.state and status.state.terminated
    return moment_of(detail.finished_at) if detail else None


def _since(condition: Condition | None, status: str) -> datetime | None:
    return moment_of(condition.last_transition_time) if condition and condition.status == status else None
