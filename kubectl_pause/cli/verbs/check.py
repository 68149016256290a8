"""`kubectl pause-inspect check`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from kubectl_pause.cli import reading, terminal
from kubectl_pause.cli.config_file import read_defaults
from kubectl_pause.cli.durations import sample_seconds
from kubectl_pause.cli.exit_codes import ExitCode
from kubectl_pause.cli.flags import FleetFlags, KubeFlags, with_shared_flags
from kubectl_pause.cli.output_flags import ViewFlags
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_pause.report import Report


@with_shared_flags
def check(
    names: Annotated[
        Optional[list[str]], typer.Argument(metavar="[NAME...]", help="Nodes; may be left out where there is only one.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All nodes of the cluster.")] = False,
    fail_on: Annotated[
        Optional[str],
        typer.Option("--fail-on", metavar="SEVERITY", help="End with exit code 3 for a certain finding so bad: info, warning or critical."),
    ] = None,
    ignored: Annotated[
        Optional[list[str]],
        typer.Option("--ignore", metavar="CODE", help="Leave out findings with this code, beside the config file's; may be repeated."),
    ] = None,
    sample: Annotated[str, typer.Option("--sample", metavar="TIME", help="Time between two looks; 0 is one look.")] = "1s",
    kube: KubeFlags = KubeFlags(),
    capture: FleetFlags = FleetFlags(),
    view: ViewFlags = ViewFlags(),
) -> int:
    """Tell what is wrong with the sandboxes of a node, worst first: drift, lost or stopped pauses, zombies, limits that are reached.

    Two looks tell zombies that stay from those that are gone in a moment. `explain CODE` tells more of a finding.

    \b
    Examples:
      kubectl pause-inspect check worker-1
      kubectl pause-inspect check --all --fail-on warning
      kubectl pause-inspect check --all --ignore namespace/outlived -o wide
    """
    from kubectl_pause.render.row_kinds import FINDING_ROWS

    started = time.monotonic()
    reading.check_view(view, FINDING_ROWS)
    _check_severity(fail_on)
    wait = sample_seconds(sample)
    report = reading.start_report()
    if view.captured:
        _from_files(view, names or [], report)
    else:
        _from_cluster(names or [], report, kube, capture, wait, every=every)
    _leave_out(report, [*(ignored or []), *read_defaults().ignored_findings])
    for node in report.nodes:
        for note in node.sources.notes:
            terminal.warn(f"node {node.name}: not looked at: {note}")
    code = reading.finish(report, view, started, lambda report: _text(report, view, of_many=len(report.nodes) > 1), FINDING_ROWS)
    return ExitCode.FINDINGS if code == ExitCode.DONE and fail_on and _is_reached(report, fail_on) else code


def _check_severity(fail_on: str | None) -> None:
    from kubectl_pause.render.check_view import SEVERITIES

    if fail_on is not None and fail_on not in SEVERITIES:
        raise PauseInspectError("WrongUsage", f"--fail-on: {fail_on!r} is no severity", f"give one of: {', '.join(reversed(SEVERITIES))}")


def _is_reached(report: Report, fail_on: str) -> bool:
    """Whether a finding is at least so bad, and certain: what is only likely ends no build."""
    from kubectl_pause.render.check_view import SEVERITIES, finding_rows

    counted = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    return any(row.finding.severity in counted and row.finding.confidence == "certain" for row in finding_rows(report))


def _leave_out(report: Report, codes: Sequence[str]) -> None:
    for node in report.nodes:
        node.findings = [finding for finding in node.findings if finding.code not in codes]
        for sandbox in node.sandboxes:
            sandbox.findings = [finding for finding in sandbox.findings if finding.code not in codes]


def _from_files(view: ViewFlags, names: list[str], report: Report) -> None:
    from kubectl_pause.select.captured_pods import choose_nodes

    facts = reading.facts_of(reading.read_files(view.captured or []), report)
    nodes, failures = choose_nodes(reading.reports_of_captures(facts, report), names)
    report.nodes += nodes
    report.errors += failures


def _from_cluster(names: list[str], report: Report, kube: KubeFlags, capture: FleetFlags, wait: float, *, every: bool) -> None:
    from kubectl_pause.access.kubeconfig import connect
    from kubectl_pause.select.targets import find_nodes

    api = connect(kube.connection(capture.inspector().timeout))
    nodes, failures = find_nodes(api, names, every=every)
    report.errors += failures
    for _, whole in reading.reports_of_nodes(api, nodes, capture, report, sample=wait, health="yes"):
        report.nodes.append(whole)


def _text(report: Report, view: ViewFlags, *, of_many: bool) -> str:
    from kubectl_pause.render.check_view import check_view

    wide, width, colour = view.output == "wide", terminal.width(), terminal.colour()
    return check_view(report, wide=wide, width=width, headings=not view.no_headers, colour=colour, of_many=of_many, sort_by=view.sort_by)
