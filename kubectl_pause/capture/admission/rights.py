"""The rights that each way of use takes, and which of them this user has: what `kubectl pause-inspect access` prints.

The list is that of docs/rbac, which `tests/cli/test_access.py` compares with it.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from kubectl_pause.access.access_reviews import Right, is_allowed, own_name
from kubectl_pause.capture.admission.preflight import WAYS_BACK
from kubectl_pause.capture.admission.rehearsal import refusal_of_pod
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from kubectl_pause.access.rest import Api
    from kubectl_pause.capture.inspector_pod import InspectorOptions

_AT_ONCE = 8
_PATIENCE_SECONDS = 5.0
ANY_NODE = "any-node"
"""The name of the node in the rehearsed pod: admission looks at the pod, and a node is no matter of it."""
LEASES_NAMESPACE = "kube-node-lease"


@dataclass(frozen=True, slots=True)
class Need:
    """A right and what it is for. `without` is what happens without it, where a run does not fail."""

    use: str
    right: Right
    without: str = ""


_BARE = "the pod is a bare one: after kill -9 its finished object stays until cleanup"


def needs(inspector: str, pods: str, transport: str = "exec") -> list[Need]:
    """Everything that docs/rbac grants: for the inspector's namespace, and for that of the pods asked for.

    Of a `transport` that is `log`, the right to read logs in place of that to exec.
    """
    here = {"namespace": inspector}
    there = {"namespace": pods}
    apps = ("deployments", "statefulsets", "daemonsets", "replicasets")
    workload = "its pods are named one by one, or chosen by -l"
    by_exec = [
        Need("inspector", replace(WAYS_BACK["exec"], **here)),
        Need("inspector", Right("create", "pods", "exec", **here), "nothing, before Kubernetes 1.35"),
    ]
    return [
        *(Need("inspector", Right(verb, "pods", **here)) for verb in ("create", "get", "delete")),
        *([Need("inspector", replace(WAYS_BACK["log"], **here))] if transport == "log" else by_exec),
        *(Need("inspector", Right(verb, "jobs", group="batch", **here), _BARE) for verb in ("create", "delete")),
        Need("node", Right("get", "nodes")),
        Need("node", Right("list", "nodes"), "each node is named: no --all"),
        Need("node", Right("list", "pods"), "names come from the runtime, pods without a sandbox are not seen"),
        Need(
            "node",
            Right("get", "leases", group="coordination.k8s.io", namespace=LEASES_NAMESPACE),
            "a kubelet that hangs is told later",
        ),
        Need("pod", Right("get", "pods", **there)),
        Need("pod", Right("list", "pods", **there), "each pod is named: no -l, and no workloads"),
        *(Need("pod", Right("get", kind, group="apps", **there), workload) for kind in apps),
        Need("pod", Right("get", "jobs", group="batch", **there), workload),
        Need("cleanup", Right("list", "pods")),
        Need("cleanup", Right("list", "jobs", group="batch")),
        Need("cleanup", Right("delete", "pods", **here)),
        Need("cleanup", Right("delete", "jobs", group="batch", **here)),
    ]


class Answer(msgspec.Struct, rename="camel"):
    """One right. `allowed` is null where the server did not answer; `namespace` is null for all namespaces."""

    use: str
    verb: str
    resource: str
    group: str
    namespace: str | None
    allowed: bool | None
    without: str | None
    """What happens without it; null where the run fails."""


class Admission(msgspec.Struct, rename="camel"):
    """Whether the server would store the inspector pod: Pod Security, quota, webhooks. Null where it could not be asked."""

    admitted: bool | None
    why: str | None = None
    hint: str | None = None


class AccessList(msgspec.Struct, rename="camel"):
    """The document of `access -o json`. `user` is null where the server does not say who it takes us for."""

    api_version: str
    kind: str
    user: str | None
    inspector_namespace: str
    namespace: str
    admission: Admission
    rights: list[Answer]


USES = ("inspector", "node", "pod", "cleanup")
"""The roles of docs/rbac, each for a way of use."""
USUAL = ("inspector", "node", "pod")
"""What is asked about where no use is named: `cleanup` is for what a killed run left, and no other verb needs it."""


def access_list(api: Api, options: InspectorOptions, pods_namespace: str, uses: Collection[str] = USUAL) -> AccessList:
    """Ask for every right of these uses at the same time, and rehearse the pod. Never raises for a single answer that is missing."""
    asked = [need for need in needs(options.namespace, pods_namespace, options.transport) if need.use in uses]
    impersonated = next((value for name, value in api.connection.impersonation if name == "Impersonate-User"), None)
    with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="access") as executor:
        user = executor.submit(own_name, api, _PATIENCE_SECONDS)
        admission = executor.submit(_admission, api, options)
        allowed = list(executor.map(lambda need: is_allowed(api, need.right, _PATIENCE_SECONDS), asked))
    return AccessList(
        "pause-inspect/v1",
        "AccessList",
        impersonated or user.result(),
        options.namespace,
        pods_namespace,
        admission.result() if _may_create(asked, allowed) is not False else Admission(None),
        [_answer(need, said) for need, said in zip(asked, allowed, strict=True)],
    )


def _may_create(asked: Sequence[Need], allowed: Sequence[bool | None]) -> bool | None:
    """Where pods may not be created, the rehearsal's answer says just that, and nothing of admission."""
    creating = (said for need, said in zip(asked, allowed, strict=True) if need.use == "inspector" and need.right.verb == "create")
    return next(creating, None)


def _admission(api: Api, options: InspectorOptions) -> Admission:
    try:
        refusal = refusal_of_pod(api, ANY_NODE, options)
    except PauseInspectError as error:
        return Admission(None, error.message, error.hint or None)
    return Admission(True) if refusal is None else Admission(False, refusal.message, refusal.hint or None)


def _answer(need: Need, allowed: bool | None) -> Answer:  # noqa: FBT001 (three values)
    right = need.right
    return Answer(need.use, right.verb, right.target, right.group, right.namespace, allowed, need.without or None)


def granting_manifest(found: AccessList) -> list[dict[str, object]]:
    """Roles with exactly what is missing, and their bindings to this user: [] where nothing is, else what `kubectl apply` takes."""
    by_namespace: dict[str | None, list[Answer]] = {}
    for answer in found.rights:
        if answer.allowed is False:
            by_namespace.setdefault(answer.namespace, []).append(answer)
    return [document for namespace, missing in by_namespace.items() for document in _role_and_binding(found.user, namespace, missing)]


_RBAC = "rbac.authorization.k8s.io"


def _role_and_binding(user: str | None, namespace: str | None, missing: Sequence[Answer]) -> list[dict[str, object]]:
    kind = "ClusterRole" if namespace is None else "Role"
    verbs: dict[tuple[str, str], list[str]] = {}
    for answer in missing:
        of_resource = verbs.setdefault((answer.group, answer.resource), [])
        if answer.verb not in of_resource:  # two ways of use may take the same right
            of_resource.append(answer.verb)
    rules = [{"apiGroups": [group], "resources": [resource], "verbs": each} for (group, resource), each in verbs.items()]
    name = _name_for(user, rules)
    metadata = {"name": name, **({} if namespace is None else {"namespace": namespace})}
    return [
        {"apiVersion": f"{_RBAC}/v1", "kind": kind, "metadata": metadata, "rules": rules},
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": f"{kind}Binding",
            "metadata": metadata,
            "subjects": [_subject(user)],
            "roleRef": {"apiGroup": _RBAC, "kind": kind, "name": name},
        },
    ]


def _name_for(user: str | None, rules: object) -> str:
    """Another name for another user and for other rules: `kubectl apply` must not take away what an earlier answer granted."""
    return "pause-inspect-" + hashlib.sha256(json.dumps([user, rules]).encode()).hexdigest()[:10]


_ACCOUNT = "system:serviceaccount:"
_ACCOUNT_PARTS = 4


def _subject(user: str | None) -> dict[str, str]:
    parts = (user or "").split(":")
    if user and user.startswith(_ACCOUNT) and len(parts) == _ACCOUNT_PARTS:
        return {"kind": "ServiceAccount", "namespace": parts[2], "name": parts[3]}
    return {"apiGroup": _RBAC, "kind": "User", "name": user or "USER"}
