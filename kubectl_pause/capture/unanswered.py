"""Why a node does not answer: what refuses the inspector pod, exec in it, or keeps it from starting, and the next step in each case."""

from __future__ import annotations

import contextlib
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from kubectl_pause.access.objects import get_node, get_pod
from kubectl_pause.capture import inspector_pod
from kubectl_pause.capture.admission.refusals import explained
from kubectl_pause.capture.kubelet.stalled_runtime import SANDBOX_READY, unreached, without_runtime
from kubectl_pause.capture.node_images import may_serve
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.pasting import kubectl_line

if TYPE_CHECKING:
    from kubectl_pause.access.api_errors import ApiError
    from kubectl_pause.access.exec_stream import ExecNotReady
    from kubectl_pause.access.rest import Api
    from kubectl_pause.capture.inspector_pod import InspectorOptions
    from kubectl_pause.capture.kubelet.lease import KubeletLease
    from kubectl_pause.facts.api import Node, Pod


_IDLE = re.compile(r"PLEG is not healthy|container runtime is down|container runtime .*not responding")


def node_trouble(node: Node) -> PauseInspectError | None:
    """Why no kubelet will answer on this node, or None. One that says NotReady itself (no CNI, say) still starts our pod."""
    name = node.metadata.name
    if (node.status.node_info.operating_system or "").lower() == "windows":
        return PauseInspectError(
            "WindowsNode", f"node {name} runs Windows, which has no /proc and no pause to inspect", "kubectl get nodes -L kubernetes.io/os"
        )
    labels = node.metadata.labels or {}
    if labels.get("type") == "virtual-kubelet" or labels.get("eks.amazonaws.com/compute-type") == "fargate":
        what = f"node {name} is a virtual one: its pods run elsewhere, and no machine of that name can be read"
        return PauseInspectError("VirtualNode", what, "name the nodes to read, or choose pods on others: kubectl get nodes -L type")
    for condition in node.status.conditions or ():
        if condition.type == "Ready" and condition.status == "Unknown":
            word = condition.message or condition.reason or "no further word"
            return PauseInspectError("NodeNotReady", f"node {name} is NotReady: {word}", kubectl_line("describe", "node", name))
    return None


def idle_kubelet(node: Node) -> PauseInspectError | None:
    """Why a kubelet that has taken no note of our pod never will: without its runtime's list it leaves all pods alone (`syncLoop`)."""
    for condition in node.status.conditions or ():
        word = condition.message or condition.reason or ""
        if condition.type == "Ready" and condition.status == "False" and _IDLE.search(word):
            what = f"node {node.metadata.name} is NotReady, and its kubelet leaves all pods alone, ours too: {word}"
            return PauseInspectError("NodeNotReady", what, kubectl_line("describe", "node", node.metadata.name))
    return None


def timed_out(  # noqa: PLR0913, PLR0917 (all that is known by then)
    api: Api, node: str, options: InspectorOptions, name: str, lease: KubeletLease, failure: str
) -> PauseInspectError:
    """The time is over: what was waited for, and the last word on it; `failure` is why its sandbox was not made, where that is known."""
    pod: Pod | None = None
    with contextlib.suppress(PauseInspectError):
        pod = get_pod(api, options.namespace, name)
    if pod and any(each.type == SANDBOX_READY and each.status == "True" for each in pod.status.conditions or ()):
        failure = ""  # a later try was well
    more, hint = (None if failure else without_runtime(node, pod, lease)) or (
        f"; its sandbox was not made: {failure}" if failure else "",
        f"wait longer with --timeout, or look: {kubectl_line('describe', 'node', node)}",
    )
    return PauseInspectError(
        "Timeout",
        f"node {node}: no answer within {options.timeout:g} s while waiting for the inspector pod "
        f"{options.namespace}/{name}; last word: {inspector_pod.last_word(pod)}{more}",
        hint,
    )


def other_kubelet(node: str, refused: ExecNotReady) -> PauseInspectError:
    """Another kubelet answers for this node: it does not know a pod that runs."""
    return PauseInspectError(
        "OtherKubelet",
        f"node {node}: the inspector pod runs, but the kubelet that the API server asks for it does not know it: {refused.message}",
        f"the API server reaches another node's kubelet: do several nodes have the InternalIP of {node}? kubectl get nodes -o wide; "
        "kubectl exec fails alike",
    )


def with_other_images(api: Api, node: str, trouble: PauseInspectError) -> PauseInspectError:
    """For an image that cannot be had: those that the node has already."""
    there = may_serve(api, node) if trouble.reason == "ImageNotPulled" else []
    if not there:
        return trouble
    return PauseInspectError(trouble.reason, trouble.message, f"{trouble.hint}; this node has already, and may serve: {', '.join(there)}")


def exec_refused(api: Api, node: str, error: ApiError) -> PauseInspectError:
    """Who refused exec on a pod that was let in: the API server, a proxy before it, or what lies behind it."""
    if error.reason == "KubeletUnreachable":
        with contextlib.suppress(PauseInspectError):
            if trouble := node_trouble(get_node(api, node)):
                return trouble
    if without := unreached(node, error):
        return without
    if error.is_forbidden and not error.status_reason and error.reason != "KubeletRefuses":
        what = "exec was refused by a proxy in front of the API server (HTTP 403, without a Kubernetes Status)"
        hint = (
            "kubectl proxy refuses exec unless started with --reject-paths='^$'; or connect to the API server directly, or: --transport log"
        )
        return PauseInspectError("ProxyRefusesExec", f"node {node}: {what}", hint)
    if error.status == HTTPStatus.BAD_REQUEST and "pgrade request required" in error.message:
        what = f"a proxy between you and the API server does not let websockets through: {error.message}"
        hint = (
            "kubectl exec fails alike: have the proxy pass Connection: Upgrade, or connect to the API server directly, or: --transport log"
        )
        return PauseInspectError("ProxyDropsUpgrade", f"node {node}: {what}", hint)
    more = "; where logs may be read: --transport log" if error.is_forbidden and "pods/exec" in error.message else ""
    return PauseInspectError(error.reason, f"node {node}: {error.message}", error.hint + more)


def creation_refused(node: str, namespace: str, error: ApiError) -> PauseInspectError:
    """Why the pod was not let in, as far as the server's words are known."""
    if known := explained(error, namespace):
        return PauseInspectError(known.reason, f"node {node}: {known.message}", known.hint)
    hint = error.hint
    if not hint and error.status in (400, 403, 422):
        hint = "the cluster's admission refuses it, by a rule that is not known here; it may not hold in all namespaces: --debug-namespace"
    return PauseInspectError(error.reason, f"node {node}: {error.message}", hint)
