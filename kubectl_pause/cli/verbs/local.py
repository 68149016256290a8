"""`kubectl pause-inspect local`."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from kubectl_pause.cli import finishing, terminal
from kubectl_pause.cli.durations import seconds
from kubectl_pause.cli.flags import with_shared_flags
from kubectl_pause.cli.output_flags import SandboxOutputFlags
from kubectl_pause.cli.sources.this_host import sample_of_run
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from kubectl_pause.report import NodeReport, PodIdentity, Report

_SHORTEST_ID = 4


@with_shared_flags
def local(
    names: Annotated[
        Optional[list[str]],
        typer.Argument(metavar="[NAME...]", help="Pods: NAME, docker/NAME, podman/NAME, NAMESPACE/NAME, or the beginning of an id."),
    ] = None,
    timeout: Annotated[str, typer.Option("--timeout", metavar="TIME", help="Limit for reading this host.")] = "30s",
    crictl: Annotated[
        bool, typer.Option("--crictl/--no-crictl", show_default=False, help="Ask crictl if this host has it (default), or not.")
    ] = True,
    engines: Annotated[
        bool, typer.Option("--engines/--no-engines", show_default=False, help="Ask Docker and podman if they run (default), or not.")
    ] = True,
    fds: Annotated[bool, typer.Option("--fds", help="Also find namespaces that an open file descriptor keeps alive.")] = False,
    prove: Annotated[bool, typer.Option("--prove", help="Print the commands that check each claim by hand.")] = False,
    output: SandboxOutputFlags = SandboxOutputFlags(),
) -> int:
    """Show the pods of this Linux host, without a cluster: those of a CRI runtime, of Docker and podman, and those made by hand.

    root sees all of them, another user only some. A container of Docker or podman that shares no namespace with another container
    is not a pod, and is left out.

    \b
    Examples:
      kubectl pause-inspect local
      kubectl pause-inspect local pause-20027 -o wide
    """
    started = time.monotonic()
    limit = seconds(timeout, "--timeout")
    if not 1 <= limit <= 3600:  # noqa: PLR2004 (an hour)
        raise PauseInspectError("WrongUsage", f"--timeout: {timeout} is out of range", "give a time between 1s and 1h")
    from kubectl_pause.capture.local.this_host import CollectorRun

    with CollectorRun(use_crictl=crictl, use_engines=engines, timeout=limit, fds=fds) as run:  # which reads while all else is loaded
        from kubectl_pause.render.documents.outputs import parse_output
        from kubectl_pause.render.row_kinds import SANDBOX_ROWS

        finishing.check_view(output, SANDBOX_ROWS)
        host = sample_of_run(run).inspect(prove=prove, processes=output.needs_processes)
    report = finishing.start_report()
    report.nodes.append(_chosen(host, names, report) if names else host)
    if parse_output(output.output).is_view:
        _tell_limits(host, engines=engines)
    return finishing.finish(report, output, started, lambda report: _text(report, output, whole=not names), SANDBOX_ROWS)


def _text(report: Report, output: SandboxOutputFlags, *, whole: bool) -> str:
    wide, width, colour = output.output == "wide", terminal.width(), terminal.colour()
    if output.output == "tree":
        return finishing.tree_text(report, by_node=False)
    if whole:
        from kubectl_pause.render.node_view import node_view

        return node_view(report, wide=wide, width=width, headings=not output.no_headers, colour=colour, sort_by=output.sort_by)
    from kubectl_pause.render.pod_view import pod_view

    return pod_view(report, wide=wide, width=width, headings=not output.no_headers, colour=colour)


def _tell_limits(host: NodeReport, *, engines: bool) -> None:
    """What the table does not say for itself: that it is empty, and what could not be read."""
    from kubectl_pause.render.plain_text import visible

    if not host.sandboxes:
        makers = [*(["a CRI runtime"] if host.sources.runtime else []), *(["Docker", "podman"] if engines else []), "hand"]
        print(f"no pods found on this host; looked for those made by {', '.join(makers)}", file=sys.stderr)
        if not host.sources.runtime:
            print("note: no CRI runtime was read: there is none, or this user may not read it", file=sys.stderr)
    for note in host.sources.notes:
        print(f"note: {visible(note, 1000)}", file=sys.stderr)


def _chosen(host: NodeReport, names: list[str], report: Report) -> NodeReport:
    """The host with the pods named; a name that fits none is an error of the report."""
    from kubectl_pause.report import Failure
    from kubectl_pause.select.captured_pods import only_pods, pods_of

    known = pods_of(host)
    for name in names:
        if not any(_is_named(pod, name) for pod in known):
            from kubectl_pause.select.target_names import near_names

            hint = near_names(name, [pod.name for pod in known]) or "kubectl pause-inspect local lists the pods of this host"
            report.errors.append(Failure(reason="NotFound", message=f"no pod {name!r} on this host", hint=hint))
    return only_pods(host, lambda pod: any(_is_named(pod, name) for name in names))


def _is_named(pod: PodIdentity, name: str) -> bool:
    return name in (pod.name, f"{pod.namespace}/{pod.name}") or (len(name) >= _SHORTEST_ID and pod.uid.startswith(name))
