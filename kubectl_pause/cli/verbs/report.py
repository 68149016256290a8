"""`kubectl pause-inspect report`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from kubectl_pause.cli import reading
from kubectl_pause.cli.durations import sample_seconds
from kubectl_pause.cli.flags import CaptureFlags, KubeFlags, with_shared_flags
from kubectl_pause.cli.output_file import writable, write
from kubectl_pause.cli.output_flags import Captured, FileFlags  # noqa: TC001 (typer reads them)
from kubectl_pause.cli.pod_choice import forget_the_node, uids_by_node
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from kubectl_pause.report import Report


@with_shared_flags
def report(
    to: FileFlags,
    names: Annotated[
        Optional[list[str]],
        typer.Argument(metavar="[TYPE/]NAME...", help="Pods, or workloads that stand for theirs. Without: whole nodes."),
    ] = None,
    nodes: Annotated[Optional[list[str]], typer.Option("--node", metavar="NAME", help="All of a node; may be repeated.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All of every node.")] = False,
    captured: Captured = None,
    sample: Annotated[str, typer.Option("--sample", metavar="TIME", help="Time between two looks; 0 is one look.")] = "1s",
    kube: KubeFlags = KubeFlags(),
    capture: CaptureFlags = CaptureFlags(),
) -> int:
    """Write one HTML page of pods, nodes or captures: findings with evidence and what to do, namespaces, zombies, task limits.

    It needs nothing else, and no script. Pods that are named, and those with findings, are shown whole, all others in a table.

    \b
    Examples:
      kubectl pause-inspect report -n shop web-0 -f web-0.html
      kubectl pause-inspect report --node worker-1 -f worker-1.html
      kubectl pause-inspect report --all -f cluster.html
      kubectl pause-inspect report --from worker-1.capture -f worker-1.html
    """
    started = time.monotonic()
    _check_places({"pods": bool(names), "--node": bool(nodes), "--all": every})
    if captured and every:
        raise PauseInspectError("WrongUsage", "--from and --all cannot be used together", "leave out --all: every capture is shown")
    wait = sample_seconds(sample)
    target = writable(to.file)
    document = reading.start_report()
    if captured:
        _from_files(captured, names or [], nodes or [], kube.namespace, document)
    elif names:
        _of_pods(names, document, kube, capture, wait)
    else:
        _of_nodes(nodes or [], document, kube, capture, wait, every=every)
    if names:
        forget_the_node(document.nodes, ("pids/", "node/"))
    reading.end_report(document, started)
    if document.nodes:
        from kubectl_pause.render.page.report_page import report_page

        write(target, report_page(document, named=bool(names)).encode())
    return reading.tell_errors(document)


def _check_places(given: dict[str, bool]) -> None:
    places = [place for place, is_given in given.items() if is_given]
    if len(places) > 1:
        raise PauseInspectError("WrongUsage", f"{' and '.join(places)} cannot be used together", "give one place to look at")


def _from_files(paths: list[str], names: list[str], nodes: list[str], namespace: str | None, document: Report) -> None:
    from kubectl_pause.select.captured_pods import choose_captured, choose_nodes

    facts = reading.facts_of(reading.read_files(paths), document)
    reports = reading.reports_of_captures(facts, document, processes=True)
    chosen, failures = choose_captured(facts, reports, names, None, namespace) if names else choose_nodes(reports, nodes)
    document.nodes += chosen
    document.errors += failures


def _of_pods(names: list[str], document: Report, kube: KubeFlags, capture: CaptureFlags, wait: float) -> None:
    from kubectl_pause.access.kubeconfig import connect
    from kubectl_pause.select.captured_pods import by_uid, only_pods

    api = connect(kube.connection(capture.inspector().timeout))
    uids = uids_by_node(api, names, None, document, all_namespaces=False)
    for node, whole in reading.reports_of_nodes(api, sorted(uids), capture, document, processes=True, sample=wait):
        document.nodes.append(only_pods(whole, by_uid(uids[node])))


def _of_nodes(names: list[str], document: Report, kube: KubeFlags, capture: CaptureFlags, wait: float, *, every: bool) -> None:
    from kubectl_pause.access.kubeconfig import connect
    from kubectl_pause.select.targets import find_nodes

    api = connect(kube.connection(capture.inspector().timeout))
    chosen, failures = find_nodes(api, names, every=every)
    document.errors += failures
    for _, whole in reading.reports_of_nodes(api, chosen, capture, document, processes=True, sample=wait):
        document.nodes.append(whole)
