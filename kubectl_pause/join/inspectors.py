"""Pods of this program on the node: its own run's, those of runs beside it, and those of earlier runs that are not cleared away yet.

No operator wants to see them. A pod of somebody else that has but the name, or the labels, is none of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kubectl_pause.facts.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kubectl_pause.facts.api import Pod

INSPECTOR_NAME = re.compile(r"pause-inspect-([0-9a-f]{10})")
"""Names of this program's own pods, with the run's id."""
_MANAGED_BY, _TOOL, _RUN = "app.kubernetes.io/managed-by", "kubectl-pause-inspect", "pause-inspect/run"
_DEFAULT_NAMESPACE = "kube-system"


class Inspectors(Record, frozen=True):
    """What is known of them: our own pod's uid and namespace (None where unknown), uids that the API told of, and those beside ours."""

    own: str | None
    namespace: str | None
    told_by_api: frozenset[str]
    beside: frozenset[str]

    def has(self, *, uid: str, namespace: str, name: str, labels: Mapping[str, str] | None) -> bool:
        """Whether a sandbox is that of an inspector pod. `labels` are those that crictl tells, None without crictl."""
        return uid in self.beside or (uid != "" and uid == self.own) or self._is_unknown_to_api(uid, namespace, name, labels)

    def _is_unknown_to_api(self, uid: str, namespace: str, name: str, labels: Mapping[str, str] | None) -> bool:
        """One that was deleted before the API was asked, and not cleared away yet, or that was made afterwards."""
        named = INSPECTOR_NAME.fullmatch(name)
        where = namespace in (_DEFAULT_NAMESPACE, self.namespace)
        return uid not in self.told_by_api and where and named is not None and (labels is None or _has_labels(labels, named[1]))


def find_inspectors(own: str | None, namespace: str | None, pods: Iterable[Pod]) -> Inspectors:
    """The inspectors of a node. `own` is the uid of this run's pod, `namespace` the one that it is in, `pods` the API's of the node.

    Pods of other runs count in that namespace alone: who may make pods with hostPID there needs no disguise.
    """
    told = list(pods)
    beside = frozenset(pod.runtime_uid for pod in told if namespace and pod.metadata.namespace == namespace and is_of_a_run(pod))
    return Inspectors(own, namespace, frozenset(pod.metadata.uid for pod in told), beside)


def is_of_a_run(pod: Pod) -> bool:
    """Whether a pod has our labels, a name made of the run's id, and the node's namespaces that such a pod has."""
    named, spec = INSPECTOR_NAME.fullmatch(pod.metadata.name), pod.spec
    return named is not None and _has_labels(pod.metadata.labels or {}, named[1]) and bool(spec.host_pid and spec.host_network)


def _has_labels(labels: Mapping[str, str], run: str) -> bool:
    return labels.get(_MANAGED_BY) == _TOOL and labels.get(_RUN) == run
