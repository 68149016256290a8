"""From what the user named to pods and nodes: the select stage."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from kubectl_pause.access.objects import decode, get_node, get_pod, list_nodes, list_pods, segment
from kubectl_pause.access.rest import ApiError
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.pasting import command_line, kubectl_line
from kubectl_pause.report import Failure
from kubectl_pause.select.target_names import WORKLOADS, Target, near_names, node_name, parse_target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_pause.access.rest import Api
    from kubectl_pause.facts.api import Pod


@dataclass(slots=True)
class PodTargets:
    """Pods to look at, and what could not be found. `named` has the uids of those that were named themselves, not selected."""

    pods: list[Pod] = field(default_factory=list)
    named: set[str] = field(default_factory=set)
    failures: list[Failure] = field(default_factory=list)


def find_pods(
    api: Api, arguments: Sequence[str], *, selector: str | None, all_namespaces: bool, namespace_flag: str | None = None
) -> PodTargets:
    """The pods that were named or selected. One that is not found is a failure beside the others.

    `namespace_flag` is what -n says. Raises PauseInspectError where nothing can be asked at all (connection, rights, usage), and where a
    pod is named with a namespace other than that of -n.
    """
    namespace = None if all_namespaces else api.namespace
    found = PodTargets()
    if not arguments:
        pods = list_pods(api, namespace, {"labelSelector": selector} if selector else None)
        if not pods:
            where = "in any namespace" if all_namespaces else f"in namespace {api.namespace}"
            which = f"with labels {selector!r} " if selector else ""
            check_namespace(api, namespace)
            found.failures.append(
                Failure(reason="NoPods", message=f"no pod {which}found {where}", hint="kubectl get pods -A --show-labels")
            )
        found.pods = pods
        return found
    for target in dict.fromkeys(parse_target(argument) for argument in arguments):
        try:
            pods = _pods_of(api, target)
        except ApiError as error:
            pods = _pods_of_container(api, target, error)
        if not pods:
            found.failures.append(_not_found(api, target))
        if any(namespace_flag not in (None, pod.metadata.namespace) for pod in pods):
            raise PauseInspectError(
                "WrongUsage",
                f"pod {target.namespace}/{target.name} is not in namespace {namespace_flag!r}, which -n names",
                f"leave out -n, or the namespace {target.namespace!r}",
            )
        found.pods.extend(pods)
        found.named.update(pod.metadata.uid for pod in pods if target.kind == "pod")
    found.pods = list({pod.metadata.uid: pod for pod in found.pods}.values())
    return found


def check_namespace(api: Api, namespace: str | None) -> None:
    """Raises PauseInspectError with near names where the namespace does not exist; silent where we may not ask."""
    if namespace is None:
        return
    try:
        api.get(f"/api/v1/namespaces/{segment(namespace)}")
    except ApiError as error:
        if not error.is_missing:
            return
        near = near_names(namespace, _names(api, "/api/v1/namespaces"))
        raise PauseInspectError("NamespaceNotFound", f"namespace {namespace!r} not found", near or "kubectl get namespaces") from None


def without_node(targets: PodTargets) -> tuple[list[Pod], list[Pod], list[Failure]]:
    """Pods bound to a node, those that are not and that nobody named, and a failure for what was named and is not.

    Where none at all is bound, the first that waits is a failure too: there is nothing else to answer.
    """
    bound = [pod for pod in targets.pods if pod.spec.node_name]
    waiting = [pod for pod in targets.pods if not pod.spec.node_name]
    failures = [not_scheduled(pod) for pod in waiting if pod.metadata.uid in targets.named]
    unnamed = [pod for pod in waiting if pod.metadata.uid not in targets.named]
    if unnamed and not bound and not failures:
        failures.append(not_scheduled(unnamed.pop(0), others=len(unnamed)))
        unnamed = []
    return bound, unnamed, failures


def not_scheduled(pod: Pod, others: int = 0) -> Failure:
    """With the scheduler's own word, or that of whoever failed the pod."""
    unmet = [each for each in pod.status.conditions or () if each.type == "PodScheduled" and each.status != "True"]
    why = (unmet[0].message or unmet[0].reason) if unmet else pod.status.message or pod.status.reason
    name = f"{pod.metadata.namespace}/{pod.metadata.name}"
    message = f"pod {name} is not scheduled yet, so no node has a sandbox for it" + (f": {why}" if why else "")
    return Failure(
        reason="NotScheduled",
        message=f"{message} (and {others} more)" if others else message,
        hint=kubectl_line("describe", "pod", pod.metadata.name, pod.metadata.namespace),
        pod=name,
    )


def find_nodes(api: Api, names: Sequence[str], *, every: bool) -> tuple[list[str], list[Failure]]:
    """Node names to look at. `every` asks for all; without names, the only node of a one-node cluster.

    A node that is named is asked for by its name alone; where we may not ask, it is taken to be there, and the run will tell.
    """
    if names and every:
        raise PauseInspectError("WrongUsage", "node names and --all cannot be used together", "leave out one of them")
    if names:
        wanted = dict.fromkeys(map(node_name, names))
        missing = [name for name in wanted if not _may_exist(api, name)]
        known = _names(api, "/api/v1/nodes") if missing else []
        failures = [
            Failure(
                reason="NodeNotFound", message=f"node {name!r} not found", hint=near_names(name, known) or "kubectl get nodes", node=name
            )
            for name in missing
        ]
        return [name for name in wanted if name not in missing], failures
    known = [node.metadata.name for node in list_nodes(api)]
    if every or len(known) == 1:
        return known, []
    some = ", ".join(known[:5]) + (", ..." if len(known) > 5 else "")  # noqa: PLR2004 (a few)
    raise PauseInspectError("WrongUsage", "which node?", f"name one of {some}, or use --all")


def _may_exist(api: Api, node: str) -> bool:
    try:
        get_node(api, node)
    except ApiError as error:
        if error.is_missing:
            return False
        if not error.is_forbidden:
            raise
    return True


def _pods_of(api: Api, target: Target) -> list[Pod]:
    """The pods of a target; [] where the pod has no such container. Raises ApiError where there is no such object."""
    if target.kind == "pod":
        pod = get_pod(api, target.namespace or api.namespace, target.name)
        return [pod] if target.container in (None, *_containers_of(pod)) else []
    group, plural, kind = WORKLOADS[target.kind]
    what = f"{kind} {api.namespace}/{target.name}"
    workload = decode(api.get(f"/apis/{group}/namespaces/{segment(api.namespace)}/{plural}/{segment(target.name)}"), _Workload, what)
    selector = label_selector(workload.spec.selector)
    pods = list_pods(api, api.namespace, {"labelSelector": selector}) if selector else []
    if not pods:
        raise PauseInspectError("NoPods", f"{what} has no pods", kubectl_line("describe", target.kind, target.name, api.namespace))
    return pods


def _pods_of_container(api: Api, target: Target, error: ApiError) -> list[Pod]:
    """`A/B` read as POD/CONTAINER where there is no pod B in a namespace A, or we may not look there; raises `error` if that is no help."""
    other = target.as_container
    if not (error.is_forbidden or error.is_missing) or (other is None and error.is_forbidden):
        raise error
    if other is None:
        return []
    try:
        pods = _pods_of(api, other)
    except ApiError:
        pods = []
    if not pods and error.is_forbidden:
        raise error
    return pods


def _containers_of(pod: Pod) -> list[str]:
    spec = pod.spec
    return [each.name for each in (*(spec.init_containers or ()), *(spec.containers or ()), *(spec.ephemeral_containers or ()))]


def _not_found(api: Api, target: Target) -> Failure:
    if target.namespace:
        return _not_found_in_namespace(api, target)
    check_namespace(api, api.namespace)
    if target.is_like_id and target.kind == "pod":
        return Failure(
            reason="NotFound",
            message=f"pod {target.name!r} not found in namespace {api.namespace!r}",
            hint=f"if it is an id, only nodes know it: {command_line('kubectl', 'pause-inspect', 'who', target.name, '--all')}",
            pod=f"{api.namespace}/{target.name}",
        )
    if target.kind == "pod":
        path, what = f"/api/v1/namespaces/{segment(api.namespace)}/pods", "pod"
    else:
        group, plural, _ = WORKLOADS[target.kind]
        path, what = f"/apis/{group}/namespaces/{segment(api.namespace)}/{plural}", target.kind
    hint = (
        near_names(target.name, _names(api, path))
        or f"{command_line('kubectl', 'get', what, '-A')} | {command_line('grep', '-F', '--', target.name)}"
    )
    name = f"{api.namespace}/{target.name}"
    return Failure(
        reason="NotFound",
        message=f"{what} {target.name!r} not found in namespace {api.namespace!r}",
        hint=hint,
        pod=name,
    )


def _not_found_in_namespace(api: Api, target: Target) -> Failure:
    """Of `NAMESPACE/NAME`, and of `POD/CONTAINER`, which look alike."""
    name = f"{target.namespace}/{target.name}"
    namespace = target.namespace or ""
    message = f"pod {target.name!r} not found in namespace {namespace!r}"
    if target.container:
        message = f"{name!r} is no pod with a container {target.container!r}"
    elif target.as_container:
        message += f", and pod {namespace!r} with a container {target.name!r} not in namespace {api.namespace!r}"
    near = near_names(target.name, _names(api, f"/api/v1/namespaces/{segment(namespace)}/pods"))
    return Failure(reason="NotFound", message=message, hint=near or command_line("kubectl", "get", "pods", "-n", namespace), pod=name)


class _Named(msgspec.Struct, frozen=True):
    name: str = ""


class _Item(msgspec.Struct, frozen=True):
    metadata: _Named = _Named()


class _Items(msgspec.Struct):
    items: list[_Item] | None = None


def _names(api: Api, path: str) -> list[str]:
    """Names below a path, for near names only: empty where we may not list."""
    try:
        return [item.metadata.name for page in api.list_pages(path, None) for item in decode(page, _Items, path).items or ()]
    except PauseInspectError:
        return []


class _Requirement(msgspec.Struct):
    key: str
    operator: str
    values: list[str] | None = None


class LabelSelector(msgspec.Struct, rename="camel"):
    """`metav1.LabelSelector`."""

    match_labels: dict[str, str] | None = None
    match_expressions: list[_Requirement] | None = None


class _WorkloadSpec(msgspec.Struct):
    selector: LabelSelector = msgspec.field(default_factory=LabelSelector)


class _Workload(msgspec.Struct):
    spec: _WorkloadSpec = msgspec.field(default_factory=_WorkloadSpec)


def label_selector(selector: LabelSelector) -> str:
    """As the `labelSelector` query writes it: `a=b,c in (d,e),f,!g`."""
    terms = [f"{key}={value}" for key, value in (selector.match_labels or {}).items()]
    for each in selector.match_expressions or ():
        values = ",".join(each.values or ())
        forms = {
            "In": f"{each.key} in ({values})",
            "NotIn": f"{each.key} notin ({values})",
            "Exists": each.key,
            "DoesNotExist": f"!{each.key}",
        }
        if each.operator in forms:
            terms.append(forms[each.operator])
    return ",".join(terms)
