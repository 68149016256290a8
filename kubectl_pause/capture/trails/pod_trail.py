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
_QUESTIONS = 5


def read_trail(api: Api, pod: Pod) -> PodTrail:
    """The pod again, as it is now, with its events, and those of its node, the node and its lease.

    Raises nothing: a pod that is gone meanwhile is told as it was.
    """
    node, namespace, name = pod.spec.node_name or "", pod.metadata.namespace or "", pod.metadata.name
    missing: set[str] = set()
    unread: list[str] = []

    def attempt(what: str, read: Callable[[], Seen]) -> Seen | None:
        try:
            return read()
        except ApiError as error:
            missing.update([what] if error.is_missing else [])
            unread.append(f"{what}: {error.message}")
        except PauseInspectError as error:
            unread.append(f"{what}: {error.message}")
        return None

    of_pod, of_node, lease_of = f"pod {namespace}/{name}", f"node {node}", f"lease of node {node}"
    # A kubelet reports events of its node in namespace default, whatever uid it gives the node (pkg/kubelet, nodeRef).
    about_pod = f"involvedObject.uid={pod.metadata.uid}"
    about_node = f"involvedObject.kind=Node,involvedObject.name={node}"
    with ThreadPoolExecutor(max_workers=_QUESTIONS, thread_name_prefix="trail") as executor:
        again = executor.submit(attempt, of_pod, lambda: get_pod(api, namespace, name))
        events = executor.submit(attempt, "events of the pod", lambda: list_events(api, namespace, about_pod))
        nodes = executor.submit(attempt, of_node, lambda: get_node(api, node)) if node else None
        node_events = executor.submit(attempt, "events of the node", lambda: list_events(api, "default", about_node)) if node else None
        lease = executor.submit(attempt, lease_of, lambda: get_lease(api, node)) if node else None
    now, seen, seen_on_node = again.result(), events.result(), node_events.result() if node_events else None
    return PodTrail(
        pod=now if now and now.metadata.uid == pod.metadata.uid else pod,
        now=api.clock.now(),
        events=None if seen is None else newest_first(seen),
        node=nodes.result() if nodes else None,
        node_is_gone=of_node in missing,
        node_events=None if seen_on_node is None else newest_first(seen_on_node),
        lease=lease.result() if lease else None,
        unread=tuple(sorted(what for what in unread if not (of_node in missing and what.startswith((of_node, lease_of))))),
    )
