"""A node read through a pod that is there already (a node agent, say): nothing is created, and nothing is left in it.

The collector goes in by stdin, as a pod of ours has it in its environment.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kubectl_pause.access.exec_stream import ExecCancelled, ExecNotReady, exec_in_pod
from kubectl_pause.access.objects import get_pod, list_pods
from kubectl_pause.access.rest import ApiError
from kubectl_pause.capture import inspector_pod
from kubectl_pause.capture.answers.node_answer import NodeCapture, is_answer, with_api_view, without_answer
from kubectl_pause.capture.answers.proof import check_proof
from kubectl_pause.capture.capture_run import ApiSide
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.facts.capture import read_capture
from kubectl_pause.pasting import kubectl_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_pause.access.rest import Api
    from kubectl_pause.capture.capture_run import CaptureRun
    from kubectl_pause.facts.api import Pod

_RUN = 'eval "$(cat)"'
_HINT = (
    "choose one with hostPID and the capabilities SYS_PTRACE, SYS_CHROOT and DAC_READ_SEARCH, or leave --via out: an inspector pod is "
    "made then"
)
_OF_THE_CONTAINER = ("ProofFailed", "CollectorFailed", "ImageLacksTool")
"""Reasons for which the pod's next container may do."""


def capture_through(run: CaptureRun, via: str | Pod) -> NodeCapture:
    """Capture one node. `via` is NAMESPACE/POD, POD, ds/NAME, or a pod on that node that was just read.

    The first container that proves to read the node is used, the privileged ones before the others. Raises PauseInspectError: no such pod
    on that node, one that cannot see it, one whose image lacks a tool, no answer in time.
    """
    started = time.monotonic()
    api_side = ApiSide(run)
    pod = _pod_on(run.api, via, run.node) if isinstance(via, str) else via

    def meanwhile() -> None:
        api_side.begin()
        if run.meanwhile:
            run.meanwhile()

    collected = _first_that_reads(run, pod, meanwhile)
    node, pods = api_side.seen(started + run.options.timeout)
    ours = inspector_pod.LABELS.items() <= (pod.metadata.labels or {}).items()
    uid = pod.metadata.uid if ours else None
    return with_api_view(collected, run.node, node, pods, inspector_uid=uid, started=started)


def _pod_on(api: Api, via: str, node: str) -> Pod:
    kind, slash, name = via.rpartition("/")
    if kind.lower() in ("ds", "daemonset", "daemonsets"):
        pods = list_pods(api, api.namespace, {"fieldSelector": f"spec.nodeName={node}"})
        owned = [pod for pod in pods if pod.controller == ("DaemonSet", name)]
        if not owned:
            what = f"node {node}: DaemonSet {api.namespace}/{name} has no pod there"
            raise PauseInspectError("NotFound", what, kubectl_line("get", "ds", name, api.namespace))
        return min(owned, key=lambda pod: not pod.spec.host_pid)  # who may make a pod can name any owner; hostPID is what cannot be forged
    namespace = kind if slash else api.namespace
    try:
        pod = get_pod(api, namespace, name)
    except ApiError as error:
        raise PauseInspectError(error.reason, f"--via: {error.message}", error.hint or "give NAMESPACE/POD, POD or ds/NAME") from None
    if pod.spec.node_name != node:
        where = f"is on node {pod.spec.node_name}" if pod.spec.node_name else "is on no node yet"
        what = f"--via: pod {_name(pod)} {where}, and node {node} is to be read"
        raise PauseInspectError("WrongUsage", what, "name a pod on that node, or ds/NAME")
    return pod


def _containers(pod: Pod) -> list[str]:
    """Those to try, the privileged ones first. Raises PauseInspectError without the node's PID namespace: none can tell anything then."""
    if not pod.spec.host_pid:
        what = f"--via: pod {_name(pod)} has a PID namespace of its own (no hostPID): it cannot see the node's processes"
        raise PauseInspectError("NotSupported", what, _HINT)
    return [each.name for each in sorted(pod.spec.containers or (), key=lambda each: not each.is_privileged)]


def _first_that_reads(run: CaptureRun, pod: Pod, meanwhile: Callable[[], None]) -> NodeCapture:
    """Raises the first container's trouble where none does, and any trouble at once that is no container's own."""
    deadline = time.monotonic() + run.options.timeout
    troubles: list[PauseInspectError] = []
    for container in _containers(pod):
        try:
            answer = _exec(run, pod, container, deadline - time.monotonic(), meanwhile if not troubles else None)
            capture = read_capture(answer, f"node {run.node}, through pod {_name(pod)}")
            check_proof(capture, run.node, f"container {container} of pod {_name(pod)}", _HINT)
        except PauseInspectError as error:
            if error.reason not in _OF_THE_CONTAINER:
                raise
            troubles.append(error)
        else:
            return NodeCapture(capture, answer)
    raise troubles[0]


def _exec(run: CaptureRun, pod: Pod, container: str, seconds: float, meanwhile: Callable[[], None] | None) -> bytes:
    settings = [f"{name}={value}" for name, value in inspector_pod.settings(run.options, run.node).items()]
    try:
        result = exec_in_pod(
            run.api,
            pod.metadata.namespace or "",
            pod.metadata.name,
            container,
            ["env", *settings, "sh", "-c", _RUN],
            deadline_seconds=seconds,
            stdin=inspector_pod.collector().encode(),
            cancelled=run.cancelled,
            meanwhile=meanwhile,
        )
    except ExecCancelled as error:
        raise PauseInspectError("Interrupted", f"node {run.node}: interrupted", error.hint) from None
    except ExecNotReady as error:
        raise PauseInspectError("ContainerNotRunning", f"node {run.node}: pod {_name(pod)} does not run: {error.message}", _HINT) from None
    except PauseInspectError as error:
        raise PauseInspectError(error.reason, f"node {run.node}: through pod {_name(pod)}: {error.message}", error.hint or _HINT) from None
    if is_answer(result):
        return result.stdout
    raise without_answer(result, f"node {run.node}: in pod {_name(pod)} the collector", _HINT)


def _name(pod: Pod) -> str:
    return f"{pod.metadata.namespace}/{pod.metadata.name}"
