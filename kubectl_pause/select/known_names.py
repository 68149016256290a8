"""Names that are on the cluster now, for completion: one request each, and no more than a page of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kubectl_pause.access.objects import decode, segment
from kubectl_pause.select.target_names import ALIASES, WORKLOADS

if TYPE_CHECKING:
    from kubectl_pause.access.rest import Api

MOST_NAMES = 500


class _Named(msgspec.Struct):
    name: str = ""


class _Object(msgspec.Struct):
    metadata: _Named = msgspec.field(default_factory=_Named)


class _List(msgspec.Struct):
    items: list[_Object] | None = None


class _Spec(msgspec.Struct, rename="camel"):
    init_containers: list[_Named] | None = None
    containers: list[_Named] | None = None
    ephemeral_containers: list[_Named] | None = None


class _Pod(msgspec.Struct):
    spec: _Spec = msgspec.field(default_factory=_Spec)


def namespaces(api: Api) -> list[str]:
    """Raises PauseInspectError, as all of these do, where the API does not tell."""
    return _names(api, "/api/v1/namespaces")


def nodes(api: Api) -> list[str]:
    """Names of nodes."""
    return _names(api, "/api/v1/nodes")


def pods(api: Api, namespace: str) -> list[str]:
    """Names of the pods of a namespace."""
    return _names(api, f"/api/v1/namespaces/{segment(namespace)}/pods")


def workloads(api: Api, namespace: str, kind: str) -> list[str]:
    """Names of what a kind, or one of kubectl's names for it (`deploy`), has in a namespace; pods for `pod`."""
    if ALIASES[kind] == "pod":
        return pods(api, namespace)
    version, plural, _ = WORKLOADS[ALIASES[kind]]
    return _names(api, f"/apis/{version}/namespaces/{segment(namespace)}/{plural}")


def containers(api: Api, namespace: str, pod: str) -> list[str]:
    """Names of a pod's containers, init and ephemeral ones too. Raises ApiError (404 where there is no such pod)."""
    body = api.get(f"/api/v1/namespaces/{segment(namespace)}/pods/{segment(pod)}")
    spec = decode(body, _Pod, f"pod {namespace}/{pod}").spec
    every = [*(spec.init_containers or ()), *(spec.containers or ()), *(spec.ephemeral_containers or ())]
    return [container.name for container in every]


def _names(api: Api, path: str) -> list[str]:
    listed = decode(api.get(path, {"limit": str(MOST_NAMES)}), _List, path)
    return [item.metadata.name for item in listed.items or ()]
