"""`kubectl pause-inspect pod`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from kubectl_pause.cli import finishing, terminal
from kubectl_pause.cli.flags import CaptureFlags, KubeFlags, with_shared_flags
from kubectl_pause.cli.output_flags import SandboxViewFlags
from kubectl_pause.cli.pod_choice import check_names
from kubectl_pause.cli.sources.choice import choose_source
from kubectl_pause.cli.sources.source import Pods
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from kubectl_pause.report import Report


@with_shared_flags
def pod(
    names: Annotated[
        Optional[list[str]],
        typer.Argument(metavar="[TYPE/]NAME...", help="Pods; or workloads, which stand for their pods: deploy/, sts/, ds/, rs/, job/."),
    ] = None,
    selector: Annotated[Optional[str], typer.Option("--selector", "-l", metavar="LABELS", help="Pods with these labels.")] = None,
    all_namespaces: Annotated[bool, typer.Option("--all-namespaces", "-A", help="Pods of all namespaces.")] = False,
    prove: Annotated[bool, typer.Option("--prove", help="Print the commands that check each namespace by hand.")] = False,
    kube: KubeFlags = KubeFlags(),
    capture: CaptureFlags = CaptureFlags(),
    view: SandboxViewFlags = SandboxViewFlags(),
) -> int:
    """Show the sandbox behind a pod: its pause process, its containers, and which namespaces they share.

    \b
    Examples:
      kubectl pause-inspect pod nginx
      kubectl pause-inspect pod -n shop deploy/web -o wide
      kubectl pause-inspect pod nginx -o tree
    """
    started = time.monotonic()
    from kubectl_pause.render.row_kinds import SANDBOX_ROWS

    finishing.check_view(view, SANDBOX_ROWS)
    if not names and not selector and not all_namespaces:
        raise PauseInspectError("WrongUsage", "which pod?", "give NAME or TYPE/NAME, or select with -l or -A")
    check_names(names or [], selector, all_namespaces=all_namespaces)
    report = finishing.start_report()
    source = choose_source(Pods(names or [], selector, all_namespaces, kube.namespace), kube, capture, files=view.captured)
    report.nodes += source.reports(report, lambda node: node.inspect(prove=prove, processes=view.needs_processes))
    return finishing.finish(report, view, started, lambda report: _text(report, view), SANDBOX_ROWS)


def _text(report: Report, view: SandboxViewFlags) -> str:
    if view.output == "tree":
        return finishing.tree_text(report, by_node=False)
    from kubectl_pause.render.pod_view import pod_view

    return pod_view(report, wide=view.output == "wide", width=terminal.width(), headings=not view.no_headers, colour=terminal.colour())
