"""The privileged pod that reads a node: its manifest, its birth, and its end.

No hostPath (a private mount of `/` would pin other pods' network namespaces), no token, read-only root, no priority class;
hostNetwork so that it starts where CNI is what is broken. It ends by itself: the sleep, and `activeDeadlineSeconds` behind it.
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from kubectl_pause.cluster.objects import segment
from kubectl_pause.cluster.rest import ApiError
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from kubectl_pause.cluster.rest import Api
    from kubectl_pause.facts.api import Pod

DEFAULT_IMAGE = "docker.io/library/busybox:1.36"
DEFAULT_NAMESPACE = "kube-system"
CONTAINER = "collector"
LABELS = {"app.kubernetes.io/name": "kubectl-pause-inspect", "app.kubernetes.io/managed-by": "kubectl-pause-inspect"}
RUN_LABEL = "pause-inspect/run"
COMMAND = ("sh", "-c", 'eval "$COLLECTOR"')
"""The collector travels in the pod's environment: an exec request's URL is too short a place for it behind some proxies."""

_DELETE_SECONDS = 5.0
_UNCERTAIN_SECONDS = 12.0
_FATAL_REASONS = {
    "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError",
    "CreateContainerConfigError", "CreateContainerError", "RunContainerError",
}  # fmt: skip
_IMAGE_REASONS = {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError"}


@dataclass(frozen=True, slots=True)
class InspectorOptions:
    """How to run it. `timeout` in seconds bounds everything from its creation to the last byte of its answer.

    `sample_seconds` is how long the collector waits for a second look at the processes; 0 is one look.
    """

    image: str = DEFAULT_IMAGE
    namespace: str = DEFAULT_NAMESPACE
    timeout: float = 60.0
    use_crictl: bool = True
    read_fds: bool = False
    sample_seconds: float = 0.0


def new_name() -> str:
    """A name that no earlier run has used; `pause-inspect-` and ten hex digits mark it as ours."""
    return f"pause-inspect-{secrets.token_hex(5)}"


def manifest(name: str, node: str, options: InspectorOptions) -> dict[str, object]:
    """The pod as it is created."""
    lifetime = int(options.timeout) + 30
    script = resources.files("kubectl_pause.node").joinpath("collector.sh").read_text(encoding="utf-8")
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": options.namespace,
            "labels": {**LABELS, RUN_LABEL: name.rpartition("-")[2]},
        },
        "spec": {
            "nodeName": node,
            "hostPID": True,
            "hostNetwork": True,
            "restartPolicy": "Never",
            "activeDeadlineSeconds": lifetime,
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "tolerations": [{"operator": "Exists"}],
            "containers": [
                {
                    "name": CONTAINER,
                    "image": options.image,
                    "imagePullPolicy": "IfNotPresent",
                    "command": ["sh", "-c", f"trap 'exit 0' TERM INT; sleep {lifetime} & wait"],
                    "env": [
                        {"name": "COLLECTOR", "value": script.replace("$", "$$")},
                        {"name": "USE_CRICTL", "value": "yes" if options.use_crictl else "no"},
                        {"name": "READ_FDS", "value": "yes" if options.read_fds else "no"},
                        {"name": "SAMPLE_SECONDS", "value": f"{options.sample_seconds:g}"},
                    ],
                    "securityContext": {"privileged": True, "readOnlyRootFilesystem": True, "runAsUser": 0},
                    "resources": {
                        "requests": {"cpu": "10m", "memory": "16Mi"},
                        "limits": {"cpu": "1", "memory": "256Mi"},
                    },
                }
            ],
        },
    }


def create(api: Api, body: dict[str, object], namespace: str) -> str:
    """Create the pod and return its uid. Raises ApiError."""
    answer = api.post(f"/api/v1/namespaces/{segment(namespace)}/pods", json.dumps(body).encode())
    try:
        uid = json.loads(answer)["metadata"]["uid"]
    except (ValueError, KeyError, TypeError):
        raise PauseInspectError("UnreadableAnswer", "the API server's answer to creating the inspector pod cannot be read", "") from None
    return str(uid)


def delete(api: Api, namespace: str, name: str, *, created: bool) -> str | None:
    """Delete the pod at once. None when it is gone, else why it may still be there; never raises for a failed request.

    Where it is not known to be `created` (the request to create it got no answer), "not found" proves nothing: the server may still be
    at work on it. So it is asked again until the time is over, and then said.
    """
    body = json.dumps({"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0, "propagationPolicy": "Background"}).encode()
    until = time.monotonic() + (_DELETE_SECONDS if created else _UNCERTAIN_SECONDS)
    while True:
        try:
            api.delete(f"/api/v1/namespaces/{segment(namespace)}/pods/{segment(name)}", body, timeout=_DELETE_SECONDS)
        except ApiError as error:
            if error.status == 404 and created:  # noqa: PLR2004
                return None
            why = error.message if created else "the API server did not say whether it was created"
            if error.status in (401, 403):
                return why
        except PauseInspectError as error:
            why = error.message
        else:
            return None
        if time.monotonic() > until:
            return why
        time.sleep(0.2)


def trouble(pod: Pod, options: InspectorOptions) -> PauseInspectError | None:
    """Why this pod will never answer, in the kubelet's words, or None while it may."""
    node = pod.spec.node_name
    for status in pod.status.container_statuses or ():
        ended = status.state.terminated if status.state else None
        if ended and pod.status.phase == "Failed" and not pod.status.reason:
            message = f"{ended.reason or 'Failed'}: {(ended.message or f'exit code {ended.exit_code}').strip()}"
            return PauseInspectError(
                ended.reason or "NotStarted",
                f"node {node} cannot start the inspector pod: {message}",
                "name an image with busybox: --image",
            )
    if pod.status.phase == "Failed":
        word, message = pod.status.reason or "Failed", pod.status.message or "the inspector pod ended"
        return PauseInspectError(word, f"node {node} refused the inspector pod: {word}: {message.strip()}", f"kubectl describe node {node}")
    for status in pod.status.container_statuses or ():
        waiting = status.state.waiting if status.state else None
        if waiting and waiting.reason in _FATAL_REASONS:
            message = f"{waiting.reason}: {waiting.message or 'no further word'}"
            if waiting.reason in _IMAGE_REASONS:
                return PauseInspectError(
                    "ImageNotPulled",
                    f"node {node} cannot get the image {options.image!r}: {message}",
                    "name an image with busybox that this node can have: --image",
                )
            return PauseInspectError(
                waiting.reason or "NotStarted", f"node {node} cannot start the inspector pod: {message}", f"kubectl describe node {node}"
            )
    return None


def last_word(pod: Pod | None) -> str:
    """The last thing that the kubelet said of the pod, for the message of a time-out."""
    if pod is None:
        return "the API server was not heard of it"
    for status in pod.status.container_statuses or ():
        waiting = status.state.waiting if status.state else None
        if waiting:
            return f"{waiting.reason}{': ' + waiting.message if waiting.message else ''}"
    if not pod.status.container_statuses:
        return "the kubelet has not taken note of the pod"
    return f"phase {pod.status.phase}"
