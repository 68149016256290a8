"""The part of a node's report that was asked for: pods by uid, or by what a command line names in a saved capture."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kubectl_pause.errors import PauseInspectError
from kubectl_pause.report import Failure
from kubectl_pause.select.target_names import near_names, node_name, parse_target

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from kubectl_pause.facts.node_facts import NodeFacts
    from kubectl_pause.report import Container, NodeReport, PodIdentity, PodWithoutSandbox, Sandbox
    from kubectl_pause.select.target_names import Target

_HASH = "[a-z0-9]{1,10}"
_OWNERS = {
    "deployment": ("ReplicaSet", _HASH),
    "statefulset": ("StatefulSet", ""),
    "daemonset": ("DaemonSet", ""),
    "replicaset": ("ReplicaSet", ""),
    "job": ("Job", ""),
}
"""How a workload is recognised from a pod's owner: a Deployment owns its pods through a ReplicaSet `NAME-HASH`."""


def choose_captured(
    facts: Mapping[str, NodeFacts], nodes: Sequence[NodeReport], names: Sequence[str], selector: str | None, namespace: str | None
) -> tuple[list[NodeReport], list[Failure]]:
    """The captured nodes with only the pods meant, and what is not among them. `namespace` None takes pods of any: a capture has no
    current one. `facts` are those of the captures by their names. Raises PauseInspectError for a name or selector that makes no sense.
    """
    known = [(pod, containers) for node in nodes for pod, containers in _pods_with_containers(node)]
    sandboxes = [sandbox for node in nodes for sandbox in node.sandboxes]
    if names:
        meant = {name: _meant(parse_target(name), known, sandboxes, namespace) for name in names}
    else:
        fits = by_labels(selector or "", labels_by_uid(facts.values()) if selector else {})
        meant = {selector or "-A": {pod.uid for pod, _ in known if fits(pod) and namespace in (None, pod.namespace)}}
    where = f"in namespace {namespace!r} of" if namespace else "in"
    failures = [
        Failure(
            reason="NotFound",
            message=f"{name!r} not found {where} {', '.join(facts)}",
            hint=near_names(name.rpartition("/")[2], [pod.name for pod, _ in known])
            or "kubectl pause-inspect node --from FILE lists the pods in it",
        )
        for name, uids in meant.items()
        if not uids
    ]
    uids = {uid for each in meant.values() for uid in each}
    chosen = [only_pods(node, by_uid(uids)) for node in nodes]
    return [node for node in chosen if pods_of(node)], failures


def _meant(
    target: Target, known: Sequence[tuple[PodIdentity, list[Container]]], sandboxes: Sequence[Sandbox], namespace: str | None
) -> set[str]:
    """The uids of the pods that a target names: by name, else by a container of theirs, else by the beginning of an id."""
    for way in (target, target.as_container):
        if way is None:
            continue
        wanted = by_name(way.kind, way.name, way.namespace or namespace)
        uids = {
            pod.uid
            for pod, containers in known
            if wanted(pod) and namespace in (None, pod.namespace) and way.container in (None, *(container.name for container in containers))
        }
        if uids:
            return uids
    if not target.is_like_id or target.kind != "pod":
        return set()
    return {
        sandbox.pod.uid
        for sandbox in sandboxes
        if namespace in (None, sandbox.pod.namespace)
        and any(each.startswith(target.name) for each in (sandbox.id, sandbox.pod.uid, *(one.id or "" for one in sandbox.containers)))
    }


def _pods_with_containers(node: NodeReport) -> list[tuple[PodIdentity, list[Container]]]:
    shown: list[Sandbox | PodWithoutSandbox] = [*node.sandboxes, *node.pods_without_sandbox]
    return [(each.pod, each.containers) for each in shown]


def choose_nodes(nodes: Sequence[NodeReport], names: Sequence[str]) -> tuple[list[NodeReport], list[Failure]]:
    """The captured nodes that are named, all without names, and what no capture is of."""
    names = [node_name(name) for name in names]
    known = [node.name for node in nodes]
    failures = [
        Failure(
            reason="NodeNotFound",
            message=f"no capture of node {name!r}",
            hint=near_names(name, known) or f"captured: {', '.join(known)}",
            node=name,
        )
        for name in names
        if name not in known
    ]
    return [node for node in nodes if not names or node.name in names], failures


def only_pods(node: NodeReport, wanted: Callable[[PodIdentity], bool]) -> NodeReport:
    """The node with only the sandboxes, older ones too, of the pods wanted."""
    import msgspec

    return msgspec.structs.replace(
        node,
        sandboxes=[sandbox for sandbox in node.sandboxes if wanted(sandbox.pod)],
        pods_without_sandbox=[each for each in node.pods_without_sandbox if wanted(each.pod)],
    )


def pods_of(node: NodeReport) -> list[PodIdentity]:
    """Every pod of the node that has a sandbox, or should have."""
    return [sandbox.pod for sandbox in node.sandboxes] + [each.pod for each in node.pods_without_sandbox]


def by_uid(uids: Collection[str]) -> Callable[[PodIdentity], bool]:
    """Pods with one of these runtime uids."""
    return lambda pod: pod.uid in uids


def by_name(kind: str, name: str, namespace: str | None) -> Callable[[PodIdentity], bool]:
    """Pods that `kind`/`name` names in a capture; `namespace` None is any."""

    def wanted(pod: PodIdentity) -> bool:
        if namespace is not None and pod.namespace != namespace:
            return False
        if kind == "pod":
            return pod.name == name
        owner, suffix = _OWNERS[kind]
        pattern = f"{owner}/{re.escape(name)}" + (f"-{suffix}" if suffix else "")
        return re.fullmatch(pattern, pod.owner or "") is not None

    return wanted


def by_labels(selector: str, labels: dict[str, dict[str, str]]) -> Callable[[PodIdentity], bool]:
    """Pods whose labels (by runtime uid) fit an equality selector: `a=b,c!=d,e,!f`. Raises PauseInspectError for set-based ones."""
    tests = [_label_test(term.strip()) for term in selector.split(",") if term.strip()]
    return lambda pod: all(test(labels.get(pod.uid, {})) for test in tests)


def _label_test(term: str) -> Callable[[dict[str, str]], bool]:
    match = re.fullmatch(r"(!?)([A-Za-z0-9._/-]+)(?:(==|=|!=)([A-Za-z0-9._-]*))?", term)
    if match is None or (match[1] and match[3]):
        raise PauseInspectError(
            "WrongUsage", f"-l: {term!r} is not understood with --from", "use key=value, key!=value, key or !key, joined by commas"
        )
    negated, key, operator, value = match.groups()
    if operator is None:
        return lambda labels: (key in labels) != bool(negated)
    if operator == "!=":
        return lambda labels: labels.get(key) != value
    return lambda labels: labels.get(key) == value


def labels_by_uid(nodes: Iterable[NodeFacts]) -> dict[str, dict[str, str]]:
    """Labels of the pods of nodes, by the uid that the runtime uses: the API's where it is there, else crictl's."""
    labels: dict[str, dict[str, str]] = {}
    for facts in nodes:
        labels.update({pod.uid: dict(pod.labels) for pod in facts.pods or () if pod.uid})
        labels.update({pod.runtime_uid: pod.metadata.labels or {} for pod in (facts.api.pods if facts.api else ())})
    return labels
