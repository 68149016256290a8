"""`kubectl pause-inspect pod`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from kubectl_pause.cli import reading, terminal
from kubectl_pause.cli.flags import CaptureFlags, KubeFlags, ViewFlags, with_shared_flags
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from kubectl_pause.report import NodeReport, Report


@with_shared_flags
def pod(
    names: Annotated[
        Optional[list[str]],
        typer.Argument(metavar="[TYPE/]NAME...", help="Pods, or workloads that stand for theirs: deploy/, sts/, ds/, rs/, job/."),
    ] = None,
    selector: Annotated[Optional[str], typer.Option("--selector", "-l", metavar="LABELS", help="Pods with these labels.")] = None,
    all_namespaces: Annotated[bool, typer.Option("--all-namespaces", "-A", help="Pods of all namespaces.")] = False,
    prove: Annotated[bool, typer.Option("--prove", help="Show the commands by which the namespaces can be checked by hand.")] = False,
    kube: KubeFlags = KubeFlags(),
    capture: CaptureFlags = CaptureFlags(),
    view: ViewFlags = ViewFlags(),
) -> int:
    """Show the sandbox that a pod stands on: who holds it, its containers, and which namespaces they share.

    kubectl pause-inspect pod nginx

    kubectl pause-inspect pod -n shop deploy/web -o wide
    """
    started = time.monotonic()
    reading.check_view(view)
    if not names and not selector and not all_namespaces:
        raise PauseInspectError("WrongUsage", "which pod?", "give NAME or TYPE/NAME, or select with -l or -A")
    if names and (selector or all_namespaces):
        flag = "-A" if all_namespaces else "-l"
        raise PauseInspectError("WrongUsage", f"names and {flag} cannot be used together", f"leave out {flag}, or the names")
    report = reading.start_report()
    if view.captured:
        _from_files(names or [], selector, report, view, None if all_namespaces else kube.namespace, prove=prove)
    else:
        _from_cluster(names or [], selector, report, kube, capture, all_namespaces=all_namespaces, prove=prove)
    return reading.finish(report, view, started, lambda report: _text(report, view))


def _text(report: Report, view: ViewFlags) -> str:
    from kubectl_pause.render.pod_view import pod_view

    return pod_view(report, wide=view.output == "wide", width=terminal.width(), colour=terminal.colour())


def _from_cluster(
    names: list[str], selector: str | None, report: Report, kube: KubeFlags, capture: CaptureFlags, *, all_namespaces: bool, prove: bool
) -> None:
    from kubectl_pause.analysis.choice import by_uid, only_pods
    from kubectl_pause.cluster.kubeconfig import connect
    from kubectl_pause.cluster.targets import find_pods, without_node

    api = connect(kube.connection(capture.inspector().timeout))
    found = find_pods(api, names, selector=selector, all_namespaces=all_namespaces)
    bound, unscheduled = without_node(found.pods)
    report.errors += found.failures + unscheduled
    uids: dict[str, set[str]] = {}
    for each in bound:
        uids.setdefault(each.spec.node_name or "", set()).add(each.runtime_uid)

    def done(node: str, whole: NodeReport) -> None:
        report.nodes.append(only_pods(whole, by_uid(uids[node])))

    reading.read_nodes(api, sorted(uids), capture, done, report, prove=prove)


def _from_files(names: list[str], selector: str | None, report: Report, view: ViewFlags, namespace: str | None, *, prove: bool) -> None:
    """`namespace` None takes a pod of that name from whichever namespace has it: a capture has no current one."""
    from kubectl_pause.analysis.choice import by_labels, by_name, only_pods, pods_of
    from kubectl_pause.analysis.node_facts import labels_by_uid
    from kubectl_pause.analysis.node_report import node_report
    from kubectl_pause.cluster.target_names import near_names, parse_target
    from kubectl_pause.report import Failure

    captures = reading.read_files(view.captured or [])
    nodes = [node_report(each, source, prove=prove) for source, each in captures]
    if names:
        tests = {name: by_name(target.kind, target.name, namespace) for name in names for target in [parse_target(name)]}
    else:
        fits = by_labels(selector or "", labels_by_uid([each for _, each in captures]) if selector else {})
        tests = {selector or "-A": lambda pod: fits(pod) and namespace in (None, pod.namespace)}
    for name, test in tests.items():
        if not any(test(pod) for node in nodes for pod in pods_of(node)):
            known = [pod.name for node in nodes for pod in pods_of(node)]
            hint = near_names(name, known) or "kubectl pause-inspect node --from FILE lists the pods in it"
            where = f"in namespace {namespace!r} of" if namespace else "in"
            message = f"{name!r} not found {where} {', '.join(view.captured or [])}"
            report.errors.append(Failure(reason="NotFound", message=message, hint=hint))
    chosen = [only_pods(node, lambda pod: any(test(pod) for test in tests.values())) for node in nodes]
    report.nodes += [node for node in chosen if pods_of(node)]
