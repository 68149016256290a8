"""`kubectl pause-inspect node`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from kubectl_pause.cli import finishing, terminal
from kubectl_pause.cli.flags import FleetFlags, KubeFlags, with_shared_flags
from kubectl_pause.cli.output_flags import NodeNames, NodeViewFlags
from kubectl_pause.cli.sources.choice import choose_source
from kubectl_pause.cli.sources.source import Nodes
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from kubectl_pause.cli.sources.source import NodeSample
    from kubectl_pause.join.network.ledger import Ledger
    from kubectl_pause.render.row_kinds import RowKind
    from kubectl_pause.report import NodeReport, Report


@with_shared_flags
def node(
    names: Annotated[Optional[list[str]], typer.Argument(metavar="[NAME...]", help="Nodes; may be left out if there is only one.")] = None,
    nodes: NodeNames = None,
    every: Annotated[bool, typer.Option("--all", help="All nodes of the cluster.")] = False,
    kube: KubeFlags = KubeFlags(),
    capture: FleetFlags = FleetFlags(),
    view: NodeViewFlags = NodeViewFlags(),
) -> int:
    """List every sandbox on a node, one line each: its pod, its state, its pause process and its running containers.

    \b
    Examples:
      kubectl pause-inspect node worker-1
      kubectl pause-inspect node --all -o wide
      kubectl pause-inspect node worker-1 -o tree
      kubectl pause-inspect node worker-1 -o network
    """
    started = time.monotonic()
    from kubectl_pause.render.row_kinds import NETWORK_ROWS, NODE_ROWS

    of_network = view.output == "network"
    rows: RowKind[Any] = NETWORK_ROWS if of_network else NODE_ROWS
    finishing.check_view(view, rows)
    named = [*(names or ()), *(nodes or ())]
    report = finishing.start_report()
    ledgers: list[Ledger] | None = [] if of_network else None
    source = choose_source(Nodes(named, every), kube, capture, files=view.captured, health="network" if of_network else "no")
    report.nodes += source.reports(
        report, lambda node: node.inspect(processes=view.needs_processes) if ledgers is None else _entered(node, ledgers)
    )
    of_many = every or len(named) > 1 or len(report.nodes) + len(report.errors) > 1
    finishing.warn_of_nodes(report, view)
    return finishing.finish(report, view, started, lambda report: _text(report, view, ledgers, of_many=of_many), rows)


def _text(report: Report, view: NodeViewFlags, ledgers: list[Ledger] | None, *, of_many: bool) -> str:
    if view.output == "tree":
        return finishing.tree_text(report, by_node=True)
    width, colour, headings, sort_by = terminal.width(), terminal.colour(), not view.no_headers, view.sort_by
    if ledgers is not None:
        from kubectl_pause.render.network.ledger_view import ledger_view

        names = {node.name for node in report.nodes}
        shown = sorted((ledger for ledger in ledgers if ledger.node in names), key=lambda ledger: ledger.node)
        for ledger in shown:
            if ledger.unowned is None:
                terminal.warn(f"node {ledger.node}: what has no owner is not known: nothing of its container runtime could be read")
        return ledger_view(shown, width=width, headings=headings, colour=colour, of_many=of_many, sort_by=sort_by)
    from kubectl_pause.render.node_view import node_view

    wide = view.output == "wide"
    return node_view(report, wide=wide, width=width, headings=headings, colour=colour, of_many=of_many, sort_by=sort_by)


def _entered(sample: NodeSample, ledgers: list[Ledger]) -> NodeReport:
    """The report of a node, whose ledger is put to the others. Raises PauseInspectError for a capture that has nothing for one."""
    from kubectl_pause.inspect_node import judge_node
    from kubectl_pause.join.joined_node import join_node
    from kubectl_pause.join.network.ledger import network_ledger

    facts, source = sample.facts, sample.source
    if facts.health is None or facts.links is None:
        hint = "take it again: kubectl pause-inspect snapshot NODE --network -f FILE"
        raise PauseInspectError("NotRecorded", f"{source}: the capture has no links and leases, which -o network shows", hint)
    node = join_node(facts, source, sample.earlier)
    ledgers.append(network_ledger(node, facts.health, facts.links))
    return judge_node(node)
