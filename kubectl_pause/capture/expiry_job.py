"""A Job that starts no pod of its own: it owns the inspector pod, and takes it along when its time is over.

So nothing is left even after kill -9, and no object either. The Job controller fails it at `activeDeadlineSeconds`, the
TTL-after-finished controller (Kubernetes 1.23) then deletes it at once, and the garbage collector what it owns: measured at 1.34,
both were gone within a second of the deadline. With `parallelism: 0` its own template never runs.

Why the inspector is not the Job's own pod: what refuses it (Pod Security, SCC, webhooks, quota) would be told to the Job controller
alone, the security context constraints would be those of its service account instead of the user's, and the pod's name would have
to be looked for.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from kubectl_pause.capture.inspector_pod import InspectorOptions

API_VERSION, KIND = "batch/v1", "Job"


def manifest(name: str, labels: dict[str, str], options: InspectorOptions) -> dict[str, object]:
    """The Job as it is created: as long-lived as the pod, and by itself harmless in any namespace."""
    container = {
        "name": "never-started",
        "image": options.image,
        "resources": {"requests": {"cpu": "1m", "memory": "1Mi"}, "limits": {"cpu": "1m", "memory": "1Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": name, "namespace": options.namespace, "labels": labels},
        "spec": {
            "parallelism": 0,
            "completions": 1,
            "backoffLimit": 0,
            "activeDeadlineSeconds": options.lifetime,
            "ttlSecondsAfterFinished": 0,
            "template": {"spec": {"restartPolicy": "Never", "automountServiceAccountToken": False, "containers": [container]}},
        },
    }


def owner_reference(answer: bytes) -> dict[str, object] | None:
    """What makes a pod the property of the Job just created; None where the server changed the Job so that it would never expire.

    A queueing controller (Kueue) suspends Jobs, whose clock then stands still; a server before 1.21 drops the ttl.
    Raises PauseInspectError for an answer that is no Job.
    """
    try:
        job: dict[str, Any] = json.loads(answer)
        metadata, spec = job["metadata"], job["spec"]
        reference: dict[str, object] = {"apiVersion": API_VERSION, "kind": KIND, "name": str(metadata["name"]), "uid": str(metadata["uid"])}
        expires = spec.get("ttlSecondsAfterFinished") == 0 and not spec.get("suspend") and spec.get("parallelism") == 0
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        message = "the API server's answer to creating the inspector's Job cannot be read"
        raise PauseInspectError("UnreadableAnswer", message, "is a proxy in between? try: kubectl get --raw /version") from None
    return reference if expires else None
