"""A dump of the API: what `kubectl get pods,events,nodes,… -A -o json` (or `-o yaml`) prints, in one file or several.

For people who may not touch the cluster, and for must-gather folders. A list, a single object and several YAML documents are all taken; of
kinds that nobody asks about, only the times are read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from kubectl_pause.errors import PauseInspectError
from kubectl_pause.facts.api import Node, Pod
from kubectl_pause.facts.pod_trail import Event, Lease, PodTrail, moment_of, newest_first
from kubectl_pause.facts.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TIME_KEY = re.compile(r"(?:time|timestamp|startedat|finishedat)$", re.IGNORECASE)
_ANCHOR, _ALIAS = re.compile(rb"[:\-,\[{]\s*&([\w-]+)"), re.compile(rb"[:\-,\[{]\s*\*([\w-]+)")
_AHEAD = ("deletiontimestamp", "expirationtimestamp")
"""Times that may lie ahead of the dump."""
_DEEPEST = 40
NODE_LEASES = "kube-node-lease"


class Dump(Record, frozen=True, dict=True):
    """The objects of a dump. `now` is the newest time in it: when it was made, as far as it tells."""

    now: datetime
    pods: list[Pod]
    nodes: dict[str, Node]
    events: list[Event] | None
    """None where no event is in it, so that none can be said to be absent."""
    leases: dict[str, Lease]

    def trail_of(self, pod: Pod) -> PodTrail:
        """What the dump says of one pod."""
        name = pod.spec.node_name or ""
        unread = [] if self.events is not None else ["events: none are in the dump"]
        if name and name not in self.nodes:
            unread.append(f"node {name}: it is not in the dump")
        return PodTrail(
            pod=pod,
            now=self.now,
            events=None if self.events is None else newest_first(self._of_pods.get(_names(pod), [])),
            node=self.nodes.get(name),
            node_is_gone=bool(name and self.nodes and name not in self.nodes),
            node_events=None if self.events is None else newest_first(self._of_nodes.get(name, [])),
            lease=self.leases.get(name),
            unread=tuple(unread),
        )

    @cached_property
    def _of_pods(self) -> dict[tuple[str, str, str], list[Event]]:
        """Events by namespace, name and uid of their pod; an event without a uid is of any pod with that name."""
        known: dict[tuple[str, str], set[str]] = defaultdict(set)
        for pod in self.pods:
            namespace, name, uid = _names(pod)
            known[namespace, name].add(uid)
        found: dict[tuple[str, str, str], list[Event]] = defaultdict(list)
        for event in self.events or ():
            about = event.involved_object
            if about and about.kind == "Pod":
                place = about.namespace or "default", about.name
                for uid in {about.uid} if about.uid else known.get(place, ()):
                    found[(*place, uid)].append(event)
        return found

    @cached_property
    def _of_nodes(self) -> dict[str, list[Event]]:
        found: dict[str, list[Event]] = defaultdict(list)
        for event in self.events or ():
            if event.involved_object and event.involved_object.kind == "Node":
                found[event.involved_object.name].append(event)
        return found


def is_dump(content: bytes) -> bool:
    """Whether the bytes look like objects of the API, as JSON or YAML, and not like a capture."""
    start = content[:4096].lstrip()
    return start.startswith((b"{", b"[")) or re.search(rb"^(?:apiVersion|kind|items|- apiVersion):", start, re.MULTILINE) is not None


def read_dump(files: Iterable[tuple[str, bytes]]) -> Dump:
    """Names of files and what they hold. Raises PauseInspectError for a file that holds no objects, and where none is a pod."""
    kinds: dict[str, list[Any]] = defaultdict(list)
    newest = datetime.min.replace(tzinfo=UTC)
    for name, content in files:
        for document in _documents(name, content):
            newest = max(newest, *_times(document, 0), newest)
            for item in _items(document):
                kinds[str(item.get("kind"))].append(item)
    pods = [_converted(item, Pod) for item in kinds["Pod"]]
    if not pods:
        raise PauseInspectError(
            "WrongUsage", "the dump holds no pod", "make one with: kubectl get pods,events,nodes,leases -A -o json >dump.json"
        )
    nodes = [_converted(item, Node) for item in kinds["Node"]]
    leases = {
        item["metadata"]["name"]: _converted(item, Lease)
        for item in kinds["Lease"]
        if (item.get("metadata") or {}).get("namespace") == NODE_LEASES
    }
    events = [_converted(item, Event) for item in kinds["Event"]]
    return Dump(newest, pods, {node.metadata.name: node for node in nodes}, events if kinds["Event"] else None, leases)


def _documents(name: str, content: bytes) -> Iterator[Any]:
    try:
        if content.lstrip()[:1] in (b"{", b"["):
            yield msgspec.json.decode(content)
            return
        import yaml

        _refuse_aliases(content)
        yield from yaml.load_all(content, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise _unreadable(name, error) from error
    except Exception as error:
        import yaml

        if isinstance(error, yaml.YAMLError):
            raise _unreadable(name, error) from error
        raise


def _refuse_aliases(content: bytes) -> None:
    """Kubectl writes none, and a few lines of them stand for gigabytes."""
    if set(_ANCHOR.findall(content)) & set(_ALIAS.findall(content)):
        raise ValueError("it has YAML aliases")


def _unreadable(name: str, error: Exception) -> PauseInspectError:
    return PauseInspectError(
        "WrongUsage", f"{name} is neither a capture nor a dump of the API: {str(error).splitlines()[0]}",
        "give what `snapshot` wrote, or what `kubectl get pods,events,nodes -A -o json` printed",
    )  # fmt: skip


def _items(document: Any) -> Iterator[dict[str, Any]]:
    if isinstance(document, list):
        for each in document:
            yield from _items(each)
    elif isinstance(document, dict):
        items = document.get("items")
        if isinstance(items, list):
            kind = str(document.get("kind") or "").removesuffix("List")
            yield from ({"kind": kind, **item} for item in items if isinstance(item, dict))
        elif "kind" in document:
            yield document


def _times(document: Any, depth: int) -> Iterator[datetime]:
    """Moments that have passed, wherever they stand."""
    if depth > _DEEPEST:
        return
    if isinstance(document, dict):
        for key, value in document.items():
            if isinstance(value, dict | list):
                yield from _times(value, depth + 1)
            elif _TIME_KEY.search(str(key)) and str(key).lower() not in _AHEAD:
                moment = value if isinstance(value, datetime) else moment_of(str(value))
                if moment:
                    yield moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    elif isinstance(document, list):
        for each in document:
            yield from _times(each, depth + 1)


def _converted(item: dict[str, Any], kind: type[Any]) -> Any:
    try:
        return msgspec.convert(msgspec.to_builtins(item), kind)
    except (msgspec.ValidationError, TypeError) as error:
        name = (item.get("metadata") or {}).get("name")
        raise PauseInspectError(
            "WrongUsage", f"{item.get('kind')} {name} of the dump is not one: {error}", "take the dump again with -o json"
        ) from error


def _names(pod: Pod) -> tuple[str, str, str]:
    return pod.metadata.namespace or "default", pod.metadata.name, pod.metadata.uid
