"""The part of a node's report that was asked for: pods by uid, or by what a command line names in a saved capture."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from kubectl_pause.report import NodeReport, PodIdentity

_HASH = "[a-z0-9]{1,10}"
_OWNERS = {
    "deployment": ("ReplicaSet", _HASH),
    "statefulset": ("StatefulSet", ""),
    "daemonset": ("DaemonSet", ""),
    "replicaset": ("ReplicaSet", ""),
    "job": ("Job", ""),
}
"""How a workload is recognised from a pod's owner: a Deployment owns its pods through a ReplicaSet `NAME-HASH`."""


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
