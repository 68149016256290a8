"""API answers decoded into the few fields this program reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

import msgspec

from kubectl_pause.errors import PauseInspectError
from kubectl_pause.facts.api import Node, NodeList, Pod, PodList
from kubectl_pause.facts.decoding import decode_json
from kubectl_pause.facts.pod_trail import Event, EventList, Lease, LeaseList

if TYPE_CHECKING:
    from kubectl_pause.access.rest import Api

Kind = TypeVar("Kind")


def decode(body: bytes, kind: type[Kind], what: str) -> Kind:
    """`body` as `kind`. Raises PauseInspectError where something between us and the API server answered instead of it."""
    try:
        return decode_json(body, kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        start = body[:80].decode("utf-8", "backslashreplace")
        raise PauseInspectError(
            "UnreadableAnswer",
            f"the API server's answer for {what} cannot be read: {error}; it begins with {start!r}",
            "is a proxy or a login page in between? try: kubectl get --raw /version",
        ) from None


def segment(name: str) -> str:
    """A name as one segment of a path, whatever it holds. Raises PauseInspectError for one that would change the path."""
    if name in ("", ".", ".."):
        raise PauseInspectError("WrongUsage", f"{name!r} is no name of a Kubernetes object", "give the name as kubectl get shows it")
    return quote(name, safe="")


def get_pod(api: Api, namespace: str, name: str, timeout: float | None = None) -> Pod:
    """One pod. Raises ApiError (404 where there is none)."""
    path = f"/api/v1/namespaces/{segment(namespace)}/pods/{segment(name)}"
    return decode(api.get(path, timeout=timeout), Pod, f"pod {namespace}/{name}")


def get_log(api: Api, namespace: str, pod: str, container: str, timeout: float | None = None) -> bytes:
    """What a container has written so far, both streams, since its last rotation. Raises ApiError, 400 where it waits to start."""
    path = f"/api/v1/namespaces/{segment(namespace)}/pods/{segment(pod)}/log"
    return api.get_text(path, {"container": container}, timeout=timeout)


def get_node(api: Api, name: str) -> Node:
    """One node. Raises ApiError (404 where there is none)."""
    return decode(api.get(f"/api/v1/nodes/{segment(name)}"), Node, f"node {name}")


def list_pods(api: Api, namespace: str | None, query: dict[str, str] | None = None) -> list[Pod]:
    """Pods of a namespace, or of all with None. `query`: `labelSelector`, `fieldSelector`."""
    path = f"/api/v1/namespaces/{segment(namespace)}/pods" if namespace else "/api/v1/pods"
    return [pod for page in api.list_pages(path, query) for pod in decode(page, PodList, "pods").items or ()]


def list_nodes(api: Api) -> list[Node]:
    """All nodes."""
    return [node for page in api.list_pages("/api/v1/nodes", None) for node in decode(page, NodeList, "nodes").items or ()]


def get_lease(api: Api, node: str, timeout: float | None = None) -> Lease:
    """The lease by which a node's kubelet says that it lives. Raises ApiError."""
    path = f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{segment(node)}"
    return decode(api.get(path, timeout=timeout), Lease, f"lease of node {node}")


def list_events(api: Api, namespace: str, of: str) -> list[Event]:
    """Events in a namespace about one object: `of` is a field selector as `involvedObject.uid=...`."""
    path = f"/api/v1/namespaces/{segment(namespace)}/events"
    return [event for page in api.list_pages(path, {"fieldSelector": of}) for event in decode(page, EventList, "events").items or ()]


def list_all_events(api: Api, namespace: str | None) -> list[Event]:
    """Every event of a namespace, or of all with None."""
    path = f"/api/v1/namespaces/{segment(namespace)}/events" if namespace else "/api/v1/events"
    return [event for page in api.list_pages(path, None) for event in decode(page, EventList, "events").items or ()]


def list_leases(api: Api) -> dict[str, Lease]:
    """The leases of all nodes, by the node's name."""
    pages = api.list_pages("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases", None)
    return {lease.metadata.name: lease for page in pages for lease in decode(page, LeaseList, "leases of the nodes").items or ()}
