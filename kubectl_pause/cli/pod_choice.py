"""Which pods a command line means, on a cluster and in captures: what `pod` and `zombies` have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kubectl_pause.access.rest import Api
    from kubectl_pause.facts.node_facts import NodeFacts
    from kubectl_pause.report import NodeReport, Report


_FEW = 5


def check_names(names: Sequence[str], selector: str | None, *, all_namespaces: bool) -> None:
    """Raises PauseInspectError where names and a selection are given together."""
    if names and (selector or all_namespaces):
        flag = "-A" if all_namespaces else "-l"
        raise PauseInspectError("WrongUsage", f"names and {flag} cannot be used together", f"leave out {flag}, or the names")


def uids_by_node(api: Api, names: Sequence[str], selector: str | None, report: Report, *, all_namespaces: bool) -> dict[str, set[str]]:
    """The runtime uids of the pods meant, by their node; one that is not found, or named and not scheduled, is an error of the report."""
    from kubectl_pause.cli.terminal import warn
    from kubectl_pause.select.targets import find_pods, without_node

    found = find_pods(api, names, selector=selector, all_namespaces=all_namespaces)
    bound, waiting, unscheduled = without_node(found)
    report.errors += found.failures + unscheduled
    if waiting:
        few = ", ".join(f"{pod.metadata.namespace}/{pod.metadata.name}" for pod in waiting[:_FEW])
        more = f" and {len(waiting) - _FEW} more" if len(waiting) > _FEW else ""
        warn(f"not scheduled yet, so no node has a sandbox for them: {few}{more}")
    uids: dict[str, set[str]] = {}
    for each in bound:
        uids.setdefault(each.spec.node_name or "", set()).add(each.runtime_uid)
    return uids


def choose_captured(
    facts: Mapping[str, NodeFacts],
    nodes: Sequence[NodeReport],
    names: Sequence[str],
    selector: str | None,
    report: Report,
    namespace: str | None,
) -> list[NodeReport]:
    """The captured nodes with only the pods meant. `namespace` None takes pods of any: a capture has no current one."""
    from kubectl_pause.facts.node_facts import labels_by_uid
    from kubectl_pause.report import Failure
    from kubectl_pause.select.captured_pods import by_labels, by_name, only_pods, pods_of
    from kubectl_pause.select.target_names import near_names, parse_target

    if names:
        tests = {name: by_name(target.kind, target.name, namespace) for name in names for target in [parse_target(name)]}
    else:
        fits = by_labels(selector or "", labels_by_uid(facts.values()) if selector else {})
        tests = {selector or "-A": lambda pod: fits(pod) and namespace in (None, pod.namespace)}
    for name, test in tests.items():
        if not any(test(pod) for node in nodes for pod in pods_of(node)):
            known = [pod.name for node in nodes for pod in pods_of(node)]
            hint = near_names(name, known) or "kubectl pause-inspect node --from FILE lists the pods in it"
            where = f"in namespace {namespace!r} of" if namespace else "in"
            message = f"{name!r} not found {where} {', '.join(facts)}"
            report.errors.append(Failure(reason="NotFound", message=message, hint=hint))
    chosen = [only_pods(node, lambda pod: any(test(pod) for test in tests.values())) for node in nodes]
    return [node for node in chosen if pods_of(node)]
