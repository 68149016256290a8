"""What the API says of one pod, all of it asked at once: each part that may not be read is named, and the rest is worth as much."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from kubectl_pause.access.objects import get_lease, get_node, get_pod, list_events
from kubectl_pause.access.rest import ApiError
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.facts.pod_trail import PodTrail, newest_first

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_pause.access.rest import Api
    from kubectl_pause.facts.api import Pod

Seen = TypeVar("Seen")


def read_trail(api: Api, pod: Pod) -> PodTrail:
    """The pod again, as it is now, with its events, node, the node's events and lease.

    Raises nothing: a pod that is gone meanwhile is told as it was.
    """
    node, namespace, name = pod.spec.node_name, pod.metadata.namespace or "", pod.metadata.name
    unread: list[str] = []
    gone: list[str] = []

    def attempt(what: str, read: Callable[[], Seen]) -> Seen | None:
        try:
            return read()
        except ApiError as error:
            if what.startswith("node ") and error.is_missing:
                gone.append(what)
                return None
            unread.append(f"{what}: {error.message}")
        except PauseInspectError as error:
            unread.append(f"{what}: {error.message}")
        return None

    with ThreadPoolExecutor(max_workers=5, thread_name_prefix="trail") as executor:
        now_seen = executor.submit(attempt, f"pod {namespace}/{name}", lambda: get_pod(api, namespace, name))
        events = executor.submit(
            attempt, "events of the pod", lambda: newest_first(list_events(api, namespace, f"involvedObject.uid={pod.metadata.uid}"))
        )
        of_node = executor.submit(attempt, f"node {node}", lambda: get_node(api, node)) if node else None
        # A kubelet reports events of its node in namespace default, with the node's name for a uid (kubelet, nodeRef).
        node_events = (
            executor.submit(
                attempt,
                "events of the node",
                lambda: newest_first(list_events(api, "default", f"involvedObject.kind=Node,involvedObject.name={node}")),
            )
            if node
            else None
        )
        lease = executor.submit(attempt, f"lease of node {node}", lambda: get_lease(api, node)) if node else None
    again = now_seen.result()
    return PodTrail(
        pod=again if again and again.metadata.uid == pod.metadata.uid else pod,
        now=api.clock.now(),
        events=events.result(),
        node=of_node.result() if of_node else None,
        node_is_gone=bool(gone),
        node_events=node_events.result() if node_events else None,
        lease=lease.result() if lease else None,
        unread=tuple(sorted(unread)),
    )
