"""A pod that is being deleted: its grace, its containers, its sandbox and network, its volumes, its finalizers, in the kubelet's order.

SyncTerminatingPod kills the containers and the sandbox, SyncTerminatedPod waits for the volumes to be unmounted and the cgroup to go,
and only then the kubelet deletes the object with a grace of 0; finalizers keep it even then (pkg/kubelet).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from kubectl_pause.facts.pod_trail import moment_of
from kubectl_pause.facts.record import Record
from kubectl_pause.judge.health.volumes import RELEASE_SECONDS
from kubectl_pause.judge.stuck.ends import KILLED, describe_end, end_cause
from kubectl_pause.judge.stuck.reason import RETRY, Reason, circumstances, finding, judge_event, name_of, seconds_since, span
from kubectl_pause.judge.stuck.recognise import judge_text
from kubectl_pause.known_causes.containers import PRE_STOP
from kubectl_pause.known_causes.kubelet_faults import known_fault
from kubectl_pause.known_causes.networks import NETWORKS
from kubectl_pause.known_causes.sandboxes import SANDBOXES
from kubectl_pause.known_causes.volumes import UNMOUNT
from kubectl_pause.pasting import as_word, command_line

if TYPE_CHECKING:
    from kubectl_pause.facts.api import Pod
    from kubectl_pause.facts.pod_trail import PodTrail
    from kubectl_pause.judge.stuck.steps import OnNode
    from kubectl_pause.report import Finding

_RECENT_SECONDS = 300
_KILL_SECONDS = 15
"""So long after the end of the grace nothing is said of a container that still runs: it is killed, and that takes its time."""
_NO_FINALIZERS = '{"metadata":{"finalizers":null}}'


class _Deletion(Record, frozen=True):
    """`over` seconds ago the grace ended, less than 0 while it lasts; `running` are the containers that run, says the API."""

    trail: PodTrail
    on_node: OnNode
    grace: int
    over: float
    running: list[str]

    @property
    def pod(self) -> Pod:
        return self.trail.pod

    @property
    def held_up(self) -> Finding | None:
        """What the node shows that keeps a container from ending."""
        return next((each for each in self.on_node.findings if each.code in ("shim/stopped", "process/halted")), None)


def of_terminating(trail: PodTrail, on_node: OnNode) -> Reason:
    """Why it is not gone yet."""
    metadata = trail.pod.metadata
    deletion = _Deletion(
        trail,
        on_node,
        grace=metadata.deletion_grace_period_seconds or 0,
        over=seconds_since(trail, moment_of(metadata.deletion_timestamp)) or 0.0,
        running=[status.name for status in trail.pod.statuses if status.state and status.state.running],
    )
    for question in (_finalizers, _static, _in_grace, _kubelet_fails, _runs, _sandbox_stays):
        if reason := question(deletion):
            return reason
    return _not_released(deletion)


def _finalizers(deletion: _Deletion) -> Reason | None:
    pod, finalizers = deletion.pod, deletion.pod.metadata.finalizers or []
    if not finalizers or deletion.grace or deletion.running:
        return None
    names = ", ".join(finalizers)
    message = f"its node has nothing more to do: it is kept by {names} until whoever put that there takes it away"
    evidence = [f"metadata.finalizers: {names}", "deletionGracePeriodSeconds is 0: nothing of it runs any more"]
    patch = ("kubectl", "patch", "pod", "-n", pod.metadata.namespace or "", pod.metadata.name, "--type=merge", "-p", _NO_FINALIZERS)
    remedy = f"see the controller that these names belong to; where that is gone for good: {command_line(*patch)}"
    return Reason(
        "it is over, and finalizers keep its object",
        finding(
            "pod/finalizer", pod, message, evidence, remedy, whose="controller", heals="when: that controller removes them", severity="info"
        ),
    )


def _static(deletion: _Deletion) -> Reason | None:
    pod = deletion.pod
    if "kubernetes.io/config.mirror" not in (pod.metadata.annotations or {}):
        return None
    message = "it is a static pod: the kubelet makes its object anew for as long as the manifest is on the node"
    remedy = f"on node {as_word(pod.spec.node_name or '')}: move its manifest out of the staticPodPath of the kubelet"
    return Reason(
        "deleting it does not end it", finding("pod/static", pod, message, ["annotation kubernetes.io/config.mirror"], remedy, whose="spec")
    )


def _in_grace(deletion: _Deletion) -> Reason | None:
    over = deletion.over
    if not deletion.running or over >= _KILL_SECONDS or (deletion.held_up and over > 0):
        return None
    left = f"it ends within {span(-over)}" if over < 0 else "its containers are being killed"
    then = "the kubelet kills what runs at the end of the grace" if over < 0 else None
    names = ", ".join(deletion.running)
    hook = deletion.trail.newest("FailedPreStopHook", "UnfinishedPreStopHook")
    cause = None
    if hook and hook.message:
        evidence = [f"event {hook.reason}: {hook.message}"]
        cause = judge_text(hook.message, PRE_STOP, circumstances(deletion.trail), name_of(deletion.pod), evidence)
    cause = cause or _probe_canceled(deletion.trail)
    return Reason(
        f"it is in its grace period of {deletion.grace} s: {left}; still running: {names}",
        cause and replace(cause, severity="warning"),
        then,
    )


def _kubelet_fails(deletion: _Deletion) -> Reason | None:
    trail = deletion.trail
    event = trail.newest("FailedKillPod", "FailedSync", "FailedCreatePodSandBox")
    ago = seconds_since(trail, event.last_seen) if event else None
    if event is None or ago is None or ago > _RECENT_SECONDS:
        return None
    summary = f"it was to be gone {span(deletion.over)} ago, and the kubelet fails to take it down"
    return Reason(summary, judge_event(trail, event, (*NETWORKS, *UNMOUNT, *SANDBOXES), "pod/not-killed", teardown=True), RETRY)


def _runs(deletion: _Deletion) -> Reason | None:
    pod, running, over = deletion.pod, deletion.running, span(deletion.over)
    if not running:
        return None
    if deletion.held_up:
        return Reason(f"it was to be gone {over} ago, and its node shows what holds it up", deletion.held_up)
    message = f"{', '.join(running)} runs {over} after its grace, though the kubelet kills it then"
    remedy = (
        "on its node: crictl ps; ps -eo pid,ppid,stat,wchan:20,comm  # D is a process that waits in the kernel, which no SIGKILL ends; T a "
        "shim that is stopped, which hears of no end"
    )
    evidence = [f"container {name} is running, says the API" for name in running]
    cause = finding(
        "pod/not-killed", pod, message, evidence, remedy, whose="node-kernel", heals="when: the process leaves the kernel",
        confidence="likely",
    )  # fmt: skip
    return Reason(f"it was to be gone {over} ago, and still runs", cause, RETRY)


def _sandbox_stays(deletion: _Deletion) -> Reason | None:
    ready = [sandbox for sandbox in deletion.on_node.sandboxes if sandbox.state == "ready"]
    if not ready:
        return None
    message = "its containers have ended, and its sandbox is still there: its network is being taken down, or that hangs"
    evidence = [f"sandbox {sandbox.id[:13]} is ready" for sandbox in ready]
    look = "on the node: ps -eo pid,ppid,stat,etime,comm --sort=etime  # a CNI plugin below the runtime"
    cause = finding(
        "pod/sandbox-stays", deletion.pod, message, evidence, look, whose="network-plugin", heals="when: the plugin ends",
        severity="warning", confidence="likely",
    )  # fmt: skip
    return Reason("its containers have ended, its sandbox has not", cause, RETRY)


def _killed(deletion: _Deletion) -> Finding | None:
    """A container that did not end by itself within the grace period."""
    for status in deletion.pod.statuses:
        ended = status.state.terminated if status.state else None
        if ended and ended.exit_code == KILLED and ended.reason != "OOMKilled":
            found = end_cause(deletion.trail, status.name, ended, loops=False)
            evidence = [f"container {status.name} {describe_end(ended)}"]
            known = found.finding(f"{name_of(deletion.pod)} container {status.name}", evidence) if found else None
            return replace(known, severity="info") if known else None
    return None


def _probe_canceled(trail: PodTrail) -> Finding | None:
    """The words of a kubelet that stops exec probes too early."""
    event, fault = trail.newest("Unhealthy"), known_fault("exec-probe-canceled", trail.kubelet_version)
    if event is None or fault is None or "context canceled" not in (event.message or ""):
        return None
    evidence = [f"event Unhealthy: {event.message}", f"kubelet {trail.kubelet_version}: {fault.says} ({fault.source})"]
    look = "kubectl get endpointslices -o yaml  # route on the condition terminating, or upgrade the kubelet"
    return finding(
        "probe/ending", trail.pod, f"the kubelet does not take it out of service while it ends: {fault.says}", evidence, look,
        whose="kubelet", heals="when: the kubelet is upgraded", severity="warning",
    )  # fmt: skip


def _not_released(deletion: _Deletion) -> Reason:
    pod, finalizers = deletion.pod, deletion.pod.metadata.finalizers or []
    if deletion.over < RELEASE_SECONDS:
        then = "it is gone within a minute"
        return Reason("its containers have ended; the kubelet takes down the rest", _killed(deletion), then)
    then = "the kubelet tries to unmount again, in steps that double up to 2 min"
    summary = f"its containers have ended, and it was to be gone {span(deletion.over)} ago"
    if busy := next((each for each in deletion.on_node.findings if each.code == "pod/volume-busy"), None):
        return Reason(summary, busy, then)
    message = (
        "its containers have ended, and the kubelet has not let go of it: a volume in use cannot be unmounted, or its cgroup is not empty"
    )
    evidence = ["no container of it runs, says the API"]
    evidence += [f"finalizers beside that: {', '.join(finalizers)}"] if finalizers else []
    look = command_line("grep", pod.metadata.uid, "/proc/1/mountinfo")
    remedy = f"on node {as_word(pod.spec.node_name or '')}: {look}  # who uses these: fuser -vm PATH"
    cause = finding(
        "pod/volume-busy", pod, message, evidence, remedy, whose="node-kernel", heals="when: nothing uses it any more",
        severity="warning", confidence="possible",
    )  # fmt: skip
    return Reason(summary, cause, then)
