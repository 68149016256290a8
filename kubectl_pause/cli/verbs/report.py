"""`kubectl pause-inspect report`."""

from __future__ import annotations

import time
from typing import Annotated, Optional

import typer

from kubectl_pause.cli import finishing
from kubectl_pause.cli.durations import sample_seconds
from kubectl_pause.cli.flags import CaptureFlags, KubeFlags, with_shared_flags
from kubectl_pause.cli.output_file import writable, write
from kubectl_pause.cli.output_flags import Captured, FileFlags  # noqa: TC001 (typer reads them)
from kubectl_pause.cli.pod_choice import check_names, forget_the_node
from kubectl_pause.cli.sources.choice import choose_source
from kubectl_pause.cli.sources.source import Nodes, Pods
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.select.target_names import split_nodes


@with_shared_flags
def report(
    to: FileFlags,
    names: Annotated[
        Optional[list[str]],
        typer.Argument(
            metavar="[TYPE/]NAME...", help="Pods, workloads (their pods), or node/NAME. Without pods, -n, -l and -A: whole nodes."
        ),
    ] = None,
    selector: Annotated[Optional[str], typer.Option("--selector", "-l", metavar="LABELS", help="Pods with these labels.")] = None,
    all_namespaces: Annotated[bool, typer.Option("--all-namespaces", "-A", help="Pods of all namespaces.")] = False,
    nodes: Annotated[Optional[list[str]], typer.Option("--node", metavar="NAME", help="All pods of a node; may be repeated.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All pods of all nodes.")] = False,
    local: Annotated[bool, typer.Option("--local", help="All pods of this host, without a cluster.")] = False,
    captured: Captured = None,
    sample: Annotated[str, typer.Option("--sample", metavar="TIME", help="Time between the two samples; 0 takes one sample.")] = "1s",
    kube: KubeFlags = KubeFlags(),
    capture: CaptureFlags = CaptureFlags(),
) -> int:
    """Write one HTML page about pods, nodes or captures: findings with evidence and what to do, namespaces, zombies, task limits.

    The page is self-contained and has no JavaScript. Pods you name, and pods with findings, are shown in full; the rest in a table.

    \b
    Examples:
      kubectl pause-inspect report -n shop web-0 -f web-0.html
      kubectl pause-inspect report --node worker-1 -f worker-1.html
      kubectl pause-inspect report -n shop -l app=web -f web.html
      kubectl pause-inspect report --all -f cluster.html
      kubectl pause-inspect report --from worker-1.capture -f worker-1.html
    """
    started = time.monotonic()
    pods, named = split_nodes(names or [])
    nodes = [*named, *(nodes or [])]
    check_names(pods, selector, all_namespaces=all_namespaces)
    of_pods = bool(pods or selector or all_namespaces)
    _check_places({"pods": of_pods, "--node": bool(nodes), "--all": every, "--local": local})
    if captured and (every or local):
        flag = "--all" if every else "--local"
        raise PauseInspectError("WrongUsage", f"--from and {flag} cannot be used together", f"leave out {flag}: every capture is shown")
    wait = sample_seconds(sample)
    target = writable(to.file)
    document = finishing.start_report()
    of_pods = of_pods or (kube.namespace is not None and not nodes)
    scope = Pods(pods, selector, all_namespaces, kube.namespace) if of_pods else Nodes(nodes, every)
    source = choose_source(scope, kube, capture, files=captured, local=local, sample=wait)
    document.nodes += source.reports(document, lambda node: node.inspect(processes=True))
    if of_pods:
        forget_the_node(document.nodes, ("pids/", "node/"))
    finishing.end_report(document, started)
    if document.nodes:
        from kubectl_pause.render.page.report_page import report_page

        write(target, report_page(document, named=of_pods).encode())
    return finishing.tell_errors(document)


def _check_places(given: dict[str, bool]) -> None:
    places = [place for place, is_given in given.items() if is_given]
    if len(places) > 1:
        raise PauseInspectError("WrongUsage", f"{' and '.join(places)} cannot be used together", "choose one of them")
