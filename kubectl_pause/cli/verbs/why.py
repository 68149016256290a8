"""`kubectl pause-inspect why`."""

from __future__ import annotations

import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from kubectl_pause.cli import finishing, terminal
from kubectl_pause.cli.flags import CaptureFlags, KubeFlags, with_shared_flags
from kubectl_pause.cli.output_flags import OutputFlags
from kubectl_pause.cli.pod_choice import check_names
from kubectl_pause.cli.sources.cluster import captures_of_nodes
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from kubectl_pause.access.rest import Api
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
    kube: KubeFlags = KubeFlags(),
    capture: CaptureFlags = CaptureFlags(),
    view: OutputFlags = OutputFlags(),
) -> int:
    """Tell why a pod is stuck: the first thing that stops it on its way up or down, what proves it, and what happens by itself.

    Events, conditions and the node's lease are asked first; the node itself is read where they leave something to tell, with what its
    kubelet and runtime logged of the pod in the last 15 minutes.
    `explain CODE` tells more of a cause.

    \b
    Examples:
      kubectl pause-inspect why web-0
      kubectl pause-inspect why -n shop deploy/web -o wide
    """
    from kubectl_pause.access.kubeconfig import connect
    from kubectl_pause.render.row_kinds import EXPLANATION_ROWS

    started = time.monotonic()
    finishing.check_view(view, EXPLANATION_ROWS)
    if not names and not selector:
        raise PauseInspectError("WrongUsage", "which pod?", "give NAME or TYPE/NAME, or select with -l")
    check_names(names or [], selector, all_namespaces=False)
    report = finishing.start_report()
    api = connect(kube.connection(capture.inspector().timeout))
    _explain(api, _trails(api, names or [], selector, report), capture, report)
    return finishing.finish(report, view, started, lambda report: _text(report, view), EXPLANATION_ROWS)


def _trails(api: Api, names: list[str], selector: str | None, report: Report) -> list[PodTrail]:
    from kubectl_pause.capture.pod_trail import read_trail
    from kubectl_pause.select.targets import find_pods

    found = find_pods(api, names, selector=selector, all_namespaces=False)
    report.errors += found.failures
    with ThreadPoolExecutor(max_workers=_TRAILS_AT_ONCE) as executor:
        return list(executor.map(lambda pod: read_trail(api, pod), found.pods))


def _explain(api: Api, trails: list[PodTrail], flags: CaptureFlags, report: Report) -> None:
    """In the order in which the pods were named; a node that could not be read is an error, and its pods are told by the API alone."""
    from kubectl_pause.capture.pod_trail import read_trail
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
        trail = read_trail(api, before.pod) if node is not None and node not in nodes else before  # what kept us out is told by now
        pod = trail.pod
        with finishing.one_row(f"pod {pod.metadata.namespace}/{pod.metadata.name}", report):
            report.explanations.append(explain_pod(trail, *nodes.get(node, (None, None))))


def _text(report: Report, view: OutputFlags) -> str:
    from kubectl_pause.render.why_view import why_view

    wide, width, colour = view.output == "wide", terminal.width(), terminal.colour()
    return why_view(report, wide=wide, width=width, headings=not view.no_headers, colour=colour, sort_by=view.sort_by)
