"""What may this user do? Asked of the API server itself, which alone knows: SelfSubjectAccessReview and SelfSubjectReview."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from kubectl_pause.access.rest import Api

_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_WHO_AM_I = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


@dataclass(frozen=True, slots=True)
class Right:
    """A verb on a resource: in one namespace, or with None in all of them (or on what lies in none)."""

    verb: str
    resource: str
    subresource: str = ""
    group: str = ""
    namespace: str | None = None

    @property
    def target(self) -> str:
        """The resource as a role names it: `pods/exec`."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


def is_allowed(api: Api, right: Right, timeout: float) -> bool | None:
    """The server's answer, None where there was none within `timeout` seconds that could be read."""
    attributes = {
        "namespace": right.namespace or "", "verb": right.verb, "group": right.group, "resource": right.resource,
        "subresource": right.subresource,
    }  # fmt: skip
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": attributes}}
    try:
        allowed = json.loads(api.post(_REVIEWS, json.dumps(review).encode(), timeout=timeout))["status"]["allowed"]
    except (PauseInspectError, ValueError, RecursionError, KeyError, TypeError):
        return None
    return allowed if isinstance(allowed, bool) else None


def own_name(api: Api, timeout: float) -> str | None:
    """The user's name as the server has it (Kubernetes 1.28 and later), None where it does not say."""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    try:
        name = json.loads(api.post(_WHO_AM_I, json.dumps(review).encode(), timeout=timeout))["status"]["userInfo"]["username"]
    except (PauseInspectError, ValueError, RecursionError, KeyError, TypeError):
        return None
    return name if isinstance(name, str) and name else None
