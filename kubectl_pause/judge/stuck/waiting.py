"""A container that waits though its pod's sandbox is there: an image, a spec that names what is not there, an init container, a crash.

The reasons are the kubelet's own words in `state.waiting.reason` (pkg/kubelet/container, pkg/kubelet/images, pkg/kubelet/kuberuntime).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kubectl_pause.facts.pod_trail import moment_of
from kubectl_pause.judge.stuck.messages import verdict_on
from kubectl_pause.judge.stuck.reason import RETRY, Reason, describe, finding, name_of, seconds_since, seen, since
from kubectl_pause.judge.stuck.steps import NEVER_RAN
from kubectl_pause.pasting import command_line

if TYPE_CHECKING:
    from kubectl_pause.facts.api import ContainerStatus, Pod, SpecContainer
    from kubectl_pause.facts.pod_trail import PodTrail

_OF_IMAGE = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError", "RegistryUnavailable",
     "SignatureValidationFailed", "ErrImagePullCredentials"}
)  # fmt: skip
_PULL_BACKOFF = "the kubelet tries again, in steps that double up to 5 min"
_CRASH_BACKOFF = "the kubelet starts it again, in steps that double from 10 s up to 5 min"
_OUT_OF_MEMORY = 137


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
                return Reason(f"its sidecar {status.name} has started, and is not up yet: the others wait for it")
            if state and state.waiting:
                return _being_made(trail, status)
    return Reason("its sandbox is there, and its containers are being made")


def _of_reason(trail: PodTrail, status: ContainerStatus, reason: str, words: str) -> Reason:
    pod, name = trail.pod, status.name
    if reason == "CrashLoopBackOff":
        return crashing(trail, status)
    evidence = [f"container {name} waits: {reason}" + (f": {words}" if words else "")]
    if reason in _OF_IMAGE:
        return _of_image(trail, status, reason, words, evidence)
    if reason == "CreateContainerConfigError":
        cause = finding("pod/config", pod, f"container {name}: {words or reason}", evidence, describe(pod))
        absent = "not found" in words or "couldn't find key" in words  # else its user, or a subPath
        return Reason(
            f"container {name} " + ("names something that is not there" if absent else "cannot be made as it is asked for"), cause, RETRY
        )
    failed = trail.newest("Failed")
    words = words or (failed.message or "" if failed else "")
    known = verdict_on(words, f"{name_of(pod)} container {name}", evidence)
    cause = known or finding("container/not-made", pod, f"container {name}: {words or reason}", evidence, describe(pod))
    return Reason(f"the runtime could not make or start container {name}", cause, _CRASH_BACKOFF)


def _of_image(trail: PodTrail, status: ContainerStatus, reason: str, words: str, evidence: list[str]) -> Reason:
    pod, name = trail.pod, status.name
    image = next((each.image for each in _spec_containers(pod) if each.name == name), None) or "its image"
    pulls = [event for event in trail.events or () if event.reason == "Failed" and "pull image" in (event.message or "")]
    if pulls:
        evidence.append(f"event Failed, {seen(trail, pulls[0])}: {pulls[0].message}")
    told = max((words, pulls[0].message or "" if pulls else ""), key=len)
    remedy = f"can it be pulled at all? {command_line('crictl', 'pull', image)} on the node; is the name right?"
    if re.search(r"401|403|unauthorized|denied|authentication required", told, re.IGNORECASE):
        remedy += " The registry refuses: spec.imagePullSecrets, or those of its ServiceAccount"
    elif reason == "ErrImageNeverPull":
        remedy = "imagePullPolicy is Never, and the image is not on the node: load it there, or allow to pull it"
    cause = finding("pod/image", pod, f"container {name}: {image} cannot be had ({reason})", evidence, remedy)
    return Reason(f"it waits for the image of container {name}", cause, None if reason == "InvalidImageName" else _PULL_BACKOFF)


def _being_made(trail: PodTrail, status: ContainerStatus) -> Reason:
    """Nothing wrong: an image is pulled, or a container is made just now."""
    pull = trail.newest("Pulling", "Pulled")
    if pull and pull.reason == "Pulling":
        return Reason(f"an image is being pulled since {since(trail, pull.last_seen)}: {pull.message or 'no word of which'}")
    return Reason(f"its sandbox is there, and container {status.name} is being made")


def _init_runs(trail: PodTrail, status: ContainerStatus) -> Reason:
    pod = trail.pod
    running = status.state.running if status.state else None
    began = moment_of(running.started_at) if running else None
    message = f"its init container {status.name} is still at work, and the others wait until it has ended"
    cause = finding(
        "pod/init-running", pod, message, [f"init container {status.name} runs since {since(trail, began)}"],
        command_line("kubectl", "logs", "-n", pod.metadata.namespace or "", pod.metadata.name, "-c", status.name), severity="info",
    )  # fmt: skip
    return Reason(f"it waits for its init container {status.name}, which runs since {since(trail, began)}", cause)


def crashing(trail: PodTrail, status: ContainerStatus) -> Reason:
    """A container that ends again and again."""
    pod, name = trail.pod, status.name
    states = [state.terminated for state in (status.state, status.last_state) if state]
    ended = next(filter(None, states), None)
    if ended and ended.reason in NEVER_RAN:
        return _not_started(trail, name, ended.message or ended.reason or "", status.restart_count)
    how = "ended"
    if ended:
        how = f"ended with exit code {ended.exit_code}" + (f" ({ended.reason})" if ended.reason not in (None, "Error", "Completed") else "")
    evidence = [f"container {name}: {status.restart_count} restarts, the last run {how}"]
    if ended and ended.message:
        evidence.append(f"its last word: {ended.message}")
    remedy = command_line("kubectl", "logs", "--previous", "-n", pod.metadata.namespace or "", pod.metadata.name, "-c", name)
    if ended and ended.reason == "OOMKilled":
        remedy += "  # it was killed at its memory limit"
    elif ended and ended.exit_code == _OUT_OF_MEMORY:
        remedy += "  # 137 is SIGKILL: see events for a liveness probe, and the node's log for memory"
    cause = finding("pod/crash-loop", pod, f"container {name} {how}, {status.restart_count} times by now", evidence, remedy)
    ago = seconds_since(trail, moment_of(ended.finished_at) if ended else None)
    return Reason(f"container {name} ends as soon as it is started", cause, _CRASH_BACKOFF if ago is not None else None)


def _not_started(trail: PodTrail, name: str, words: str, times: int) -> Reason:
    """Its sandbox is there, and the runtime cannot start the program in it."""
    pod, evidence = trail.pod, [f"container {name}, {times} times: {words}"]
    known = verdict_on(words, f"{name_of(pod)} container {name}", evidence)
    cause = known or finding("container/not-made", pod, f"container {name}: {words}", evidence, describe(pod))
    return Reason(f"the runtime cannot start container {name}", cause, _CRASH_BACKOFF)


def _is_sidecar(pod: Pod, name: str) -> bool:
    return any(each.name == name and each.restart_policy == "Always" for each in pod.spec.init_containers or ())


def _spec_containers(pod: Pod) -> list[SpecContainer]:
    return [*(pod.spec.init_containers or ()), *(pod.spec.containers or ()), *(pod.spec.ephemeral_containers or ())]
