"""Pods of this program on the node: its own run's, those of runs beside it, and those of earlier runs that are not cleared away yet.

No operator wants to see them. A pod of somebody else that has but the name, or the labels, is none of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kubectl_pause.facts.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable

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

    def has(self, *, uid: str, namespace: str, name: str) -> bool:
        """Whether a sandbox is that of an inspector pod."""
        return uid in self.beside or (uid != "" and uid == self.own) or self._is_unknown_to_api(uid, namespace, name)

    def _is_unknown_to_api(self, uid: str, namespace: str, name: str) -> bool:
        """One that was deleted before the API was asked, and not cleared away yet, or that was made afterwards."""
        unknown = uid not in self.told_by_api if self.told_by_api else namespace in (_DEFAULT_NAMESPACE, self.namespace)
        return unknown and INSPECTOR_NAME.fullmatch(name) is not None


def find_inspectors(own: str | None, namespace: str | None, pods: Iterable[Pod]) -> Inspectors:
    """The inspectors of a node. `own` is the uid of this run's pod, `namespace` the one that it is in, `pods` the API's of the node.

    Pods of other runs count in that namespace alone: who may make privileged pods there needs no disguise.
    """
    told = list(pods)
    beside = frozenset(pod.runtime_uid for pod in told if namespace and pod.metadata.namespace == namespace and is_of_a_run(pod))
    return Inspectors(own, namespace, frozenset(pod.metadata.uid for pod in told), beside)


def is_of_a_run(pod: Pod) -> bool:
    """Whether a pod has our labels, a name made of the run's id, and the node's namespaces that such a pod has."""
    named, labels, spec = INSPECTOR_NAME.fullmatch(pod.metadata.name), pod.metadata.labels or {}, pod.spec
    return (
        named is not None
        and labels.get(_MANAGED_BY) == _TOOL
        and labels.get(_RUN) == named[1]
        and bool(spec.host_pid and spec.host_network)
    )
