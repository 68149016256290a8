"""A run's objects without a run: made here, or checked by the server with `dryRun=All`, which stores nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kubectl_pause.access.objects import segment
from kubectl_pause.access.rest import ApiError
from kubectl_pause.capture import expiry_job, inspector_pod
from kubectl_pause.capture.admission.refusals import REASONS, explained
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from kubectl_pause.access.rest import Api
    from kubectl_pause.capture.inspector_pod import InspectorOptions


def objects_of(node: str, options: InspectorOptions) -> list[dict[str, object]]:
    """The Job and the pod. The pod's owner is missing: only the server gives the Job the uid that it is named by."""
    name = inspector_pod.new_name()
    return [expiry_job.manifest(name, inspector_pod.labels(name), options), inspector_pod.manifest(name, node, options)]


def rehearse(api: Api, node: str, options: InspectorOptions) -> list[dict[str, object]]:
    """The same as the server would store them. Raises PauseInspectError with what would let a refused one in."""
    job, pod = objects_of(node, options)
    where = f"namespaces/{segment(options.namespace)}"
    stored = [_tried(api, f"/apis/batch/v1/{where}/jobs", job, options), _tried(api, f"/api/v1/{where}/pods", pod, options)]
    for each in stored:
        each.get("metadata", {}).pop("managedFields", None)
    return [dict(each) for each in stored]


def refusal_of_pod(api: Api, node: str, options: InspectorOptions) -> PauseInspectError | None:
    """Why the server would not store the pod, in words that help; None where it would. Raises PauseInspectError without an answer."""
    pod = inspector_pod.manifest(inspector_pod.new_name(), node, options)
    try:
        _tried(api, f"/api/v1/namespaces/{segment(options.namespace)}/pods", pod, options)
    except ApiError as error:
        return error
    except PauseInspectError as error:
        if error.reason in REASONS:
            return error
        raise
    return None


def _tried(api: Api, path: str, body: dict[str, object], options: InspectorOptions) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = json.loads(api.post(path, json.dumps(body).encode(), {"dryRun": "All"}))
    except ApiError as error:
        raise explained(error, options.namespace) or error from None
    except (ValueError, RecursionError):
        raise PauseInspectError("UnreadableAnswer", f"the API server's answer to a dry run of {path} cannot be read", "") from None
    return answer
