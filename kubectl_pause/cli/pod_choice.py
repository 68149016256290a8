"""Which pods a command line means, on a cluster and in captures: what `pod` and `zombies` have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_pause.access.rest import Api
    from kubectl_pause.cli.sources.source import Pods
    from kubectl_pause.facts.api import Pod
    from kubectl_pause.report import NodeReport, Report
    from kubectl_pause.select.targets import PodTargets


_FEW = 5


def check_names(names: Sequence[str], selector: str | None, *, all_namespaces: bool) -> None:
    """Raises PauseInspectError where names and a selection are given together."""
    if names and (selector or all_namespaces):
        flag = "-A" if all_namespaces else "-l"
        raise PauseInspectError("WrongUsage", f"names and {flag} cannot be used together", f"leave out {flag}, or the names")


def uids_by_node(api: Api, pods: Pods, report: Report) -> dict[str, set[str]]:
    """The runtime uids of the pods meant, by their node; one that is not found, or named and not scheduled, is an error of the report."""
    from kubectl_pause.cli.terminal import warn
    from kubectl_pause.select.targets import without_node

    found = find_pods_of(api, pods)
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


def find_pods_of(api: Api, pods: Pods) -> PodTargets:
    """See `find_pods`."""
    from kubectl_pause.select.targets import find_pods

    return find_pods(api, pods.names, selector=pods.selector, all_namespaces=pods.all_namespaces, namespace_flag=pods.namespace)


def pods_meant(api: Api, pods: Pods) -> list[Pod]:
    """The pods that a command line means by now, none for a workload that has none. Raises PauseInspectError where it cannot be told."""
    try:
        return list(find_pods_of(api, pods).pods)
    except PauseInspectError as error:
        if error.reason == "NoPods":
            return []
        raise


def forget_the_node(nodes: Sequence[NodeReport], kept: tuple[str, ...]) -> None:
    """Where pods were asked for, what is the node's own is left out; of its findings those stay whose codes begin as in `kept`."""
    for node in nodes:
        node.host_zombies = None
        node.host_zombie_groups = []
        node.findings = [finding for finding in node.findings if finding.code.startswith(kept)]
