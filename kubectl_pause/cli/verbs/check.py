"""`kubectl pause-inspect check`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from kubectl_pause.cli import finishing, terminal
from kubectl_pause.cli.config_file import read_defaults
from kubectl_pause.cli.durations import sample_seconds
from kubectl_pause.cli.exit_codes import ExitCode
from kubectl_pause.cli.flags import FleetFlags, KubeFlags, with_shared_flags
from kubectl_pause.cli.output_flags import NodeNames, ViewFlags
from kubectl_pause.cli.sources.choice import choose_source
from kubectl_pause.cli.sources.source import Nodes, NodeSample
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_pause.report import Report


@with_shared_flags
def check(
    names: Annotated[Optional[list[str]], typer.Argument(metavar="[NAME...]", help="Nodes; may be left out if there is only one.")] = None,
    nodes: NodeNames = None,
    every: Annotated[bool, typer.Option("--all", help="All nodes of the cluster.")] = False,
    fail_on: Annotated[
        Optional[str],
        typer.Option(
            "--fail-on", metavar="SEVERITY", help="Exit with 3 if a certain finding is this severe or worse: info, warning or critical."
        ),
    ] = None,
    ignored: Annotated[
        Optional[list[str]],
        typer.Option(
            "--ignore",
            metavar="CODE",
            help="Leave out findings with this code, as well as those of the configuration file; may be repeated.",
        ),
    ] = None,
    sample: Annotated[str, typer.Option("--sample", metavar="TIME", help="Time between the two samples; 0 takes one sample.")] = "1s",
    kube: KubeFlags = KubeFlags(),
    capture: FleetFlags = FleetFlags(),
    view: ViewFlags = ViewFlags(),
) -> int:
    """List what is wrong with the sandboxes of a node, worst first.

    It finds namespaces that differ from the spec (drift), lost or stopped pauses, zombies, and task limits that are reached. Two
    samples show which zombies remain. `explain CODE` says more about a finding.

    \b
    Examples:
      kubectl pause-inspect check worker-1
      kubectl pause-inspect check --all --fail-on warning
      kubectl pause-inspect check --all --ignore namespace/outlived -o wide
    """
    from kubectl_pause.render.row_kinds import FINDING_ROWS

    started = time.monotonic()
    finishing.check_view(view, FINDING_ROWS)
    _check_severity(fail_on)
    wait = sample_seconds(sample)
    named = [*(names or ()), *(nodes or ())]
    report = finishing.start_report()
    source = choose_source(Nodes(named, every), kube, capture, files=view.captured, sample=wait, health="yes")
    report.nodes += source.reports(report, NodeSample.inspect)
    _leave_out(report, [*(ignored or []), *read_defaults().ignored_findings])
    for node in report.nodes:
        for note in node.sources.notes:
            terminal.warn(f"node {node.name}: not looked at: {note}")
    code = finishing.finish(report, view, started, lambda report: _text(report, view, of_many=len(report.nodes) > 1), FINDING_ROWS)
    return ExitCode.FINDINGS if code == ExitCode.DONE and fail_on and _is_reached(report, fail_on) else code


def _check_severity(fail_on: str | None) -> None:
    from kubectl_pause.render.check_view import SEVERITIES

    if fail_on is not None and fail_on not in SEVERITIES:
        raise PauseInspectError(
            "WrongUsage", f"--fail-on: {fail_on!r} is not a severity", f"give one of: {', '.join(reversed(SEVERITIES))}"
        )


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


def _text(report: Report, view: ViewFlags, *, of_many: bool) -> str:
    from kubectl_pause.render.check_view import check_view

    wide, width, colour = view.output == "wide", terminal.width(), terminal.colour()
    return check_view(report, wide=wide, width=width, headings=not view.no_headers, colour=colour, of_many=of_many, sort_by=view.sort_by)
