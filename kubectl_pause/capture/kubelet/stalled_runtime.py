"""A container runtime that is gone or hangs: told by what the kubelet says of an exec and of the inspector pod.

A kubelet renews its lease, and its node stays Ready, for minutes while its runtime hangs: it waits for the runtime with everything else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kubectl_pause.access.objects import get_pod
from kubectl_pause.capture import inspector_pod
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.pasting import kubectl_line

if TYPE_CHECKING:
    from kubectl_pause.access.rest import Api, ApiError
    from kubectl_pause.capture.kubelet.lease import KubeletLease
    from kubectl_pause.facts.api import Pod

_REQUEST_SECONDS = 2.0
SANDBOX_READY = "PodReadyToStartContainers"
"""A pod's condition since Kubernetes 1.29."""
_UNREACHED = re.compile(r"code = Unavailable\b.*\bdial unix (/[^\s:]+)")


def unreached(node: str, error: ApiError) -> PauseInspectError | None:
    """For an exec that the kubelet could not hand to its runtime, whose socket it names; None for any other refusal."""
    found = _UNREACHED.search(error.message)
    if not found:
        return None
    what = f"node {node}: its kubelet reaches no container runtime at {found[1]}: {error.message}"
    return PauseInspectError("RuntimeUnreachable", what, _of_runtime(node))


def stalled(node: str, error: PauseInspectError, api: Api, pod: tuple[str, str], lease: KubeletLease) -> PauseInspectError:
    """For an exec that did not end in time: who does not answer, as far as lease and pod (namespace and name) tell."""
    what = f"node {node}: {error.message}"
    if lease.silent:
        hint = f"is the kubelet running? on the node: systemctl status kubelet; or: {kubectl_line('describe', 'node', node)}"
        return PauseInspectError("KubeletSilent", f"{what}; its kubelet has stopped renewing its lease", hint)
    try:
        ours = get_pod(api, *pod, timeout=_REQUEST_SECONDS)
    except PauseInspectError:
        return PauseInspectError(error.reason, what, error.hint)
    if inspector_pod.is_running(ours):
        may = "the inspector pod runs, so the kubelet or the container runtime may hang since then, or the node be slow"
        hint = "on the node: systemctl status kubelet containerd; or allow more time with --timeout"
        return PauseInspectError(error.reason, f"{what}; {may}", hint)
    what += f"; the inspector pod was not started; last word: {inspector_pod.last_word(ours)}"
    if told := without_runtime(node, ours, lease):
        return PauseInspectError("RuntimeSilent", what + told[0], told[1])
    return PauseInspectError(error.reason, what, error.hint)


def without_runtime(node: str, pod: Pod | None, lease: KubeletLease) -> tuple[str, str] | None:
    """How a sentence on a pod that was not started goes on, and what to do; None where nothing points to the runtime."""
    if pod is None:
        return None
    if not pod.status.container_statuses:
        return (", though it renews its lease: its container runtime may hang", _of_runtime(node)) if lease.renewed else None
    if any(each.type == SANDBOX_READY and each.status == "False" for each in pod.status.conditions or ()):
        return "; the pod's sandbox was not made: the container runtime or its network plugin may hang", _of_runtime(node)
    return None


def _of_runtime(node: str) -> str:
    described = kubectl_line("describe", "node", node)
    return f"is the container runtime running? on the node: systemctl status containerd, or crio; or: {described}"
