"""`kubectl pause-inspect why`."""

from __future__ import annotations

import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from kubectl_pause.cli import finishing, terminal
from kubectl_pause.cli.flags import CaptureFlags, KubeFlags, with_shared_flags
from kubectl_pause.cli.output_flags import WhyFlags
from kubectl_pause.cli.pod_choice import check_names
from kubectl_pause.cli.sources.cluster import captures_of_nodes
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from kubectl_pause.access.rest import Api
    from kubectl_pause.facts.dump import Dump
    from kubectl_pause.facts.pod_trail import PodTrail
    from kubectl_pause.facts.runtime.log import NodeLog
    from kubectl_pause.report import NodeReport, Report

_TRAILS_AT_ONCE = 4
"""Pods whose trail is read at the same time: each takes five requests."""


@with_shared_flags
def why(
    names: Annotated[
        Optional[list[str]],
        typer.Argument(metavar="[TYPE/]NAME...", help="Pods, or workloads that stand for theirs: deploy/, sts/, ds/, rs/, job/."),
    ] = None,
    selector: Annotated[Optional[str], typer.Option("--selector", "-l", metavar="LABELS", help="Pods with these labels.")] = None,
    all_namespaces: Annotated[
        bool, typer.Option("--all-namespaces", "-A", help="Every pod that is not well, of all namespaces, worst first; asks the API alone.")
    ] = False,
    kube: KubeFlags = KubeFlags(),
    capture: CaptureFlags = CaptureFlags(),
    view: WhyFlags = WhyFlags(),
) -> int:
    """Explain why a pod is stuck: what stops it, whose problem that is, what proves it, and what happens next.

    Asks the API first: the pod, its events, its node. Then reads the node where that leaves something open, with what its kubelet and
    runtime logged about the pod in the last 15 minutes. `explain CODE` says more about a cause.

    With --from it asks no cluster: it reads what `kubectl get pods,events,nodes,leases -A -o json` printed, or a must-gather folder.

    \b
    Examples:
      kubectl pause-inspect why web-0
      kubectl pause-inspect why -n shop deploy/web -o wide
      kubectl pause-inspect why -A
      kubectl pause-inspect why --from dump.json -A
    """
    from kubectl_pause.render.row_kinds import EXPLANATION_ROWS

    started = time.monotonic()
    finishing.check_view(view, EXPLANATION_ROWS)
    if not names and not selector and not all_namespaces:
        raise PauseInspectError("WrongUsage", "which pod?", "give NAME or TYPE/NAME, select with -l, or take all that are not well with -A")
    check_names(names or [], selector, all_namespaces=all_namespaces)
    report = finishing.start_report()
    if view.captured:
        from kubectl_pause.cli.sources.dumps import read_dumps

        _explain_dumped(read_dumps(view.captured), names or [], selector, kube.namespace, report)
    else:
        from kubectl_pause.access.kubeconfig import connect

        api = connect(kube.connection(capture.inspector().timeout))
        if all_namespaces:
            _explain_all(api, report)
        else:
            _explain(api, _trails(api, names or [], selector, kube.namespace, report), capture, report)
    return finishing.finish(report, view, started, lambda report: _text(report, view, many=all_namespaces), EXPLANATION_ROWS)


def _explain_all(api: Api, report: Report) -> None:
    """Every pod that is not well, by the API alone."""
    from kubectl_pause.capture.trails.api_dump import read_dump_of_cluster

    dump, unread = read_dump_of_cluster(api)
    for what in unread:
        terminal.warn(f"could not be read: {what}")
    _explain_dumped(dump, [], None, None, report)


def _explain_dumped(dump: Dump, names: list[str], selector: str | None, namespace: str | None, report: Report) -> None:
    """The pods that are named; without names those that are not well, the worst first."""
    from kubectl_pause.inspect_node import explain_pod
    from kubectl_pause.judge.stuck.why import is_well, worst_first
    from kubectl_pause.select.dumped_pods import choose_dumped

    pods, failures = choose_dumped(dump, names, selector, namespace)
    report.errors += failures
    for pod in pods:
        with finishing.one_row(f"pod {pod.metadata.namespace}/{pod.metadata.name}", report):
            report.explanations.append(explain_pod(dump.trail_of(pod), None))
    if names:
        return
    report.explanations = worst_first(each for each in report.explanations if not is_well(each))
    if not report.explanations and not report.errors:
        looked = "1 pod: it is" if len(pods) == 1 else f"{len(pods)} pods: each is"
        terminal.warn(f"looked at {looked} ready or complete, as far as the API says")


def _trails(api: Api, names: list[str], selector: str | None, namespace: str | None, report: Report) -> list[PodTrail]:
    from kubectl_pause.capture.trails.pod_trail import read_trail
    from kubectl_pause.select.targets import find_pods

    found = find_pods(api, names, selector=selector, all_namespaces=False, namespace_flag=namespace)
    report.errors += found.failures
    with ThreadPoolExecutor(max_workers=_TRAILS_AT_ONCE) as executor:
        return list(executor.map(lambda pod: read_trail(api, pod), found.pods))


def _explain(api: Api, trails: list[PodTrail], flags: CaptureFlags, report: Report) -> None:
    """In the order in which the pods were named; a node that could not be read is an error, and its pods are explained by the API alone."""
    from kubectl_pause.capture.trails.pod_trail import read_trail
    from kubectl_pause.facts.node_facts import node_facts
    from kubectl_pause.inspect_node import explain_pod, inspect_node
    from kubectl_pause.judge.stuck.why import needs_node

    asked = [(trail.pod.spec.node_name or "") if needs_node(trail) else None for trail in trails]
    uids: dict[str, list[str]] = defaultdict(list)
    for trail, node in zip(trails, asked, strict=True):
        if node is not None:
            uids[node].append(trail.pod.runtime_uid)
    nodes: dict[str | None, tuple[NodeReport, NodeLog | None]] = {}
    for name, captured in captures_of_nodes(api, sorted(uids), flags, report, health="yes", logs_of=uids) if uids else ():
        with finishing.one_node(name, report):
            facts = node_facts(captured.capture, name)
            nodes[name] = inspect_node(facts, name), facts.log
    for before, node in zip(trails, asked, strict=True):
        trail = read_trail(api, before.pod) if node is not None and node not in nodes else before  # what kept us out is known by now
        pod = trail.pod
        with finishing.one_row(f"pod {pod.metadata.namespace}/{pod.metadata.name}", report):
            report.explanations.append(explain_pod(trail, *nodes.get(node, (None, None))))


def _text(report: Report, view: WhyFlags, *, many: bool) -> str:
    from kubectl_pause.render.why_view import why_view

    wide, width, colour = view.output == "wide", terminal.width(), terminal.colour()
    return why_view(report, wide=wide, width=width, headings=not view.no_headers, colour=colour, sort_by=view.sort_by, many=many)
