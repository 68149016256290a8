"""`kubectl pause-inspect node`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from kubectl_pause.cli import reading, terminal
from kubectl_pause.cli.flags import FleetFlags, KubeFlags, with_shared_flags
from kubectl_pause.cli.output_flags import SandboxViewFlags

if TYPE_CHECKING:
    from kubectl_pause.report import NodeReport, Report


@with_shared_flags
def node(
    names: Annotated[
        Optional[list[str]], typer.Argument(metavar="[NAME...]", help="Nodes; may be left out where there is only one.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All nodes of the cluster.")] = False,
    kube: KubeFlags = KubeFlags(),
    capture: FleetFlags = FleetFlags(),
    view: SandboxViewFlags = SandboxViewFlags(),
) -> int:
    """List every sandbox of a node, one line each: whose it is, its state, the pause process, containers running.

    \b
    Examples:
      kubectl pause-inspect node worker-1
      kubectl pause-inspect node --all -o wide
      kubectl pause-inspect node worker-1 -o tree
    """
    started = time.monotonic()
    from kubectl_pause.render.row_kinds import SANDBOX_ROWS

    reading.check_view(view, SANDBOX_ROWS)
    report = reading.start_report()
    if view.captured:
        from kubectl_pause.select.captured_pods import choose_nodes

        nodes, failures = choose_nodes(_from_files(view, report), names or [])
        report.nodes += nodes
        report.errors += failures
    else:
        _from_cluster(names or [], report, kube, capture, every=every, processes=view.needs_processes)
    of_many = every or len(names or []) > 1 or len(view.captured or []) > 1
    reading.warn_of_nodes(report, view)
    return reading.finish(report, view, started, lambda report: _text(report, view, of_many=of_many), SANDBOX_ROWS)


def _text(report: Report, view: SandboxViewFlags, *, of_many: bool) -> str:
    if view.output == "tree":
        return reading.tree_text(report, by_node=True)
    from kubectl_pause.render.node_view import node_view

    wide, width, colour = view.output == "wide", terminal.width(), terminal.colour()
    headings, sort_by = not view.no_headers, view.sort_by
    return node_view(report, wide=wide, width=width, headings=headings, colour=colour, of_many=of_many, sort_by=sort_by)


def _from_cluster(names: list[str], report: Report, kube: KubeFlags, capture: FleetFlags, *, every: bool, processes: bool) -> None:
    from kubectl_pause.access.kubeconfig import connect
    from kubectl_pause.select.targets import find_nodes

    api = connect(kube.connection(capture.inspector().timeout))
    nodes, failures = find_nodes(api, names, every=every)
    report.errors += failures
    for _, whole in reading.reports_of_nodes(api, nodes, capture, report, processes=processes):
        report.nodes.append(whole)


def _from_files(view: SandboxViewFlags, report: Report) -> list[NodeReport]:
    facts = reading.facts_of(reading.read_files(view.captured or []), report)
    return reading.reports_of(facts, report, processes=view.needs_processes)
