"""A container that waits though its pod's sandbox is there: an image, a spec that names what is not there, an init container, a crash.

The reasons are the kubelet's own words in `state.waiting.reason` (pkg/kubelet/container, pkg/kubelet/images, pkg/kubelet/kuberuntime).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kubectl_pause.facts.pod_trail import moment_of
from kubectl_pause.judge.stuck.ends import describe_end, end_cause
from kubectl_pause.judge.stuck.reason import RETRY, Reason, circumstances, finding, image_of, name_of, seen, since, span
from kubectl_pause.judge.stuck.recognise import judge_text
from kubectl_pause.judge.stuck.sidecars import of_sidecar
from kubectl_pause.judge.stuck.steps import NEVER_RAN
from kubectl_pause.known_causes.containers import CONTAINERS, HOOKS
from kubectl_pause.known_causes.images import IMAGES, PULL_SECRET
from kubectl_pause.pasting import as_word, command_line

if TYPE_CHECKING:
    from kubectl_pause.facts.api import ContainerStatus, Pod, StateDetail
    from kubectl_pause.facts.pod_trail import PodTrail
    from kubectl_pause.known_causes.cause import Cause
    from kubectl_pause.report import Finding

_OF_IMAGE = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError", "RegistryUnavailable",
     "SignatureValidationFailed", "ErrImagePullCredentials"}
)  # fmt: skip
_PULL_BACKOFF = "the kubelet tries again, in steps that double up to 5 min"
_CRASH_BACKOFF = "the kubelet starts it again, in steps that double from 10 s up to 5 min"
_BACK_OFF = re.compile(r"back-off (?:(?P<minutes>\d+)m)?(?:(?P<seconds>\d+)s)? restarting failed container")


def of_waiting_container(trail: PodTrail) -> Reason:
    """The first container that waits, in the order in which the kubelet starts them."""
    pod = trail.pod
    for of_init, statuses in ((True, pod.status.init_container_statuses), (False, pod.status.container_statuses)):
        for status in statuses or ():
            state = status.state
            if state and state.waiting and state.waiting.reason not in ("PodInitializing", "ContainerCreating", None):
                return _of_reason(trail, status, state.waiting.reason or "", state.waiting.message or "")
            if of_init and state and state.running and not _is_sidecar(pod, status.name):
                return _init_runs(trail, status)
            if of_init and state and state.running and not status.started:
                return of_sidecar(trail, status)
            if state and state.waiting:
                return _being_made(trail, status)
    return Reason("its sandbox is there, and its containers are being made")


def _of_reason(trail: PodTrail, status: ContainerStatus, reason: str, words: str) -> Reason:
    name = status.name
    if reason == "CrashLoopBackOff":
        return crashing(trail, status)
    evidence = [f"container {name} waits: {reason}" + (f": {words}" if words else "")]
    if reason in _OF_IMAGE:
        return _of_image(trail, status, reason, words, evidence)
    if reason == "PostStartHookError":
        cause = _judged(trail, name, words or "the hook failed", HOOKS, evidence, "container/hook")
        return Reason(f"container {name} is killed each time since its postStart hook fails", cause, _CRASH_BACKOFF)
    is_config = reason == "CreateContainerConfigError"
    told = None if words else _of_failures(trail, name)
    cause = told or _judged(trail, name, words or reason, CONTAINERS, evidence, "pod/config" if is_config else "container/not-made")
    return Reason(
        f"container {name} cannot be created or started: {reason}", cause, RETRY if reason.startswith("CreateContainer") else _CRASH_BACKOFF
    )


def _of_image(trail: PodTrail, status: ContainerStatus, reason: str, words: str, evidence: list[str]) -> Reason:
    name = status.name
    pulls = [event for event in trail.events or () if event.reason == "Failed" and "pull image" in (event.message or "")]
    if pulls:
        evidence.append(f"event Failed, {seen(trail, pulls[0])}: {pulls[0].message}")
    secret = trail.newest("FailedToRetrieveImagePullSecret")
    then = None if reason == "InvalidImageName" else _PULL_BACKOFF
    if reason == "ErrImageNeverPull":
        cause = finding(
            "pod/image", trail.pod, f"container {name}: its image is not on the node, and imagePullPolicy is Never", evidence,
            "load the image on the node (ctr -n k8s.io images import FILE), or set imagePullPolicy IfNotPresent", whose="spec",
            heals="when: the image is loaded",
        )  # fmt: skip
        return Reason(f"it waits for the image of container {name}", cause, then)
    said = max((words, pulls[0].message or "" if pulls else ""), key=len)
    cause = _judged(trail, name, said or reason, IMAGES, evidence, "pod/image")
    if secret and cause.code in ("image/denied", "pod/image"):
        cause = _judged(
            trail, name, secret.message or "", (PULL_SECRET,), [*evidence, f"event {secret.reason}: {secret.message}"], "pod/image"
        )
    return Reason(f"it waits for the image of container {name}", cause, then)


def _judged(trail: PodTrail, name: str, words: str, causes: tuple[Cause, ...], evidence: list[str], code: str) -> Finding:  # noqa: PLR0913, PLR0917
    """What the words about a container prove; where they are not known, the words, and where more of them stand."""
    pod = trail.pod
    around = circumstances(trail, container=name, text=words)
    known = judge_text(words, causes, around, f"{name_of(pod)} container {name}", evidence)
    look = f"on node {as_word(pod.spec.node_name or 'NODE')}: journalctl -u kubelet -u containerd -u crio --since -10min"
    if code == "pod/image":
        look = f"can it be pulled at all? on the node: {command_line('crictl', 'pull', image_of(pod, name) or 'IMAGE')}"
    return known or finding(code, pod, f"container {name}: {words}", evidence, look, confidence="likely")


def _being_made(trail: PodTrail, status: ContainerStatus) -> Reason:
    """Nothing wrong: an image is pulled, or a container is created just now; or what the newest event says against it."""
    newest = trail.newest("Pulling", "Created", "Failed")
    if newest and newest.reason == "Pulling":
        return Reason(f"an image is being pulled since {since(trail, newest.last_seen)}: {newest.message or 'no word of which'}")
    if newest and newest.reason == "Failed" and (cause := _of_failures(trail, status.name)):
        return Reason(f"its sandbox is there, and container {status.name} could not be created", cause, RETRY)
    return Reason(f"its sandbox is there, and container {status.name} is being created")


def _of_failures(trail: PodTrail, name: str) -> Finding | None:
    """What the events Failed of the pod prove, the newest first; one that says more than that time ran out goes before."""
    found = []
    for event in trail.events or ():
        if event.reason != "Failed" or not event.message:
            continue
        causes, code = (IMAGES, "pod/image") if "pull image" in event.message else (CONTAINERS, "container/not-made")
        found.append(_judged(trail, name, event.message, causes, [f"event Failed, {seen(trail, event)}: {event.message}"], code))
    return next((each for each in found if each.code not in ("runtime/no-answer", "container/not-made")), found[0] if found else None)


def _init_runs(trail: PodTrail, status: ContainerStatus) -> Reason:
    pod = trail.pod
    running = status.state.running if status.state else None
    began = moment_of(running.started_at) if running else None
    message = f"its init container {status.name} is still at work, and the others wait until it has ended"
    cause = finding(
        "pod/init-running", pod, message, [f"init container {status.name} runs since {since(trail, began)}"],
        command_line("kubectl", "logs", "-n", pod.metadata.namespace or "", pod.metadata.name, "-c", status.name), severity="info",
        whose="none", heals="when: it ends",
    )  # fmt: skip
    return Reason(f"it waits for its init container {status.name}, which runs since {since(trail, began)}", cause)


def crashing(trail: PodTrail, status: ContainerStatus) -> Reason:
    """A container that ends again and again."""
    pod, name = trail.pod, status.name
    states = [state.terminated for state in (status.state, status.last_state) if state]
    ended = next(filter(None, states), None)
    if ended and ended.reason in NEVER_RAN and ended.reason != "OOMKilled":
        evidence = [f"container {name}, {counted(status.restart_count)}: {ended.message or ended.reason}"]
        cause = _judged(trail, name, ended.message or ended.reason or "", CONTAINERS, evidence, "container/not-made")
        return Reason(f"the runtime cannot start container {name}", cause, _CRASH_BACKOFF)
    how = describe_end(ended) if ended else "ended"
    evidence = [f"container {name}: {counted(status.restart_count)}, the last run {how}"]
    if ended and ended.message:
        evidence.append(f"its last words: {ended.message}")
    found = end_cause(trail, name, ended, loops=True) if ended else None
    subject = f"{name_of(pod)} container {name}"
    logs = command_line("kubectl", "logs", "--previous", "-n", pod.metadata.namespace or "", pod.metadata.name, "-c", name)
    if found is None or found.cause.code == "container/ended":
        whose = found.cause.at_fault if found else None
        cause = finding(
            "pod/crash-loop", pod, f"container {name} {how}, {counted(status.restart_count)} by now", evidence, logs, whose=whose,
            confidence="likely" if whose else "certain",
        )  # fmt: skip
    else:
        known = found.finding(subject, evidence)
        cause = replace(known, message=f"container {name} {how}, {counted(status.restart_count)} by now: {known.message}")
    return Reason(f"container {name} ends as soon as it is started", cause, _next_start(trail, status, ended))


def counted(restarts: int) -> str:
    """`1 restart`, `4 restarts`."""
    return f"{restarts} restart" + ("" if restarts == 1 else "s")


def _next_start(trail: PodTrail, status: ContainerStatus, ended: StateDetail | None) -> str | None:
    """When the kubelet starts it again: its pause stands in the state (`back-off 2m40s restarting failed container=…`)."""
    finished = moment_of(ended.finished_at) if ended else None
    if finished is None:
        return None
    waiting = status.state.waiting if status.state else None
    said = _BACK_OFF.match((waiting.message if waiting else None) or "")
    if said is None:
        return _CRASH_BACKOFF
    pause = int(said["minutes"] or 0) * 60 + int(said["seconds"] or 0)
    left = pause - (trail.now - finished).total_seconds()
    when = f"in about {span(left)}" if left > 0 else "within seconds: its pause is over"
    return f"the kubelet starts it again {when} (it pauses {span(pause)}, twice as long each time up to 5 min)"


def _is_sidecar(pod: Pod, name: str) -> bool:
    return any(each.name == name and each.restart_policy == "Always" for each in pod.spec.init_containers or ())
