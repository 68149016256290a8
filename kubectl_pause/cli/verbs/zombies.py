"""`kubectl pause-inspect zombies`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from kubectl_pause.cli import finishing, terminal, watching
from kubectl_pause.cli.durations import sample_seconds
from kubectl_pause.cli.flags import FleetFlags, KubeFlags, with_shared_flags
from kubectl_pause.cli.output_flags import ViewFlags
from kubectl_pause.cli.pod_choice import check_names, forget_the_node, pods_meant
from kubectl_pause.cli.sources.choice import choose_source
from kubectl_pause.cli.sources.source import Nodes, NodeSample, Pods
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.select.target_names import split_nodes

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubectl_pause.capture.node_watch import WatchPlan
    from kubectl_pause.facts.api import Pod
    from kubectl_pause.report import Report


@with_shared_flags
def zombies(
    names: Annotated[
        Optional[list[str]],
        typer.Argument(metavar="[TYPE/]NAME...", help="Pods, workloads (their pods), or node/NAME; without, all pods of the namespace."),
    ] = None,
    selector: Annotated[Optional[str], typer.Option("--selector", "-l", metavar="LABELS", help="Pods with these labels.")] = None,
    all_namespaces: Annotated[bool, typer.Option("--all-namespaces", "-A", help="Pods of all namespaces.")] = False,
    nodes: Annotated[Optional[list[str]], typer.Option("--node", metavar="NAME", help="All zombies of a node; may be repeated.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All zombies of all nodes.")] = False,
    local: Annotated[bool, typer.Option("--local", help="All zombies of this host, without a cluster.")] = False,
    inside: Annotated[
        bool,
        typer.Option("--inside", help="Read inside the pods' own containers. Needs exec and a shell in them, and no right on nodes."),
    ] = False,
    sample: Annotated[str, typer.Option("--sample", metavar="TIME", help="Time between the two samples; 0 takes one sample.")] = "1s",
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Watch pause reap zombies, live.")] = False,
    interval: Annotated[str, typer.Option("--interval", metavar="TIME", help="With --watch: time between samples.")] = "1s",
    duration: Annotated[
        Optional[str], typer.Option("--for", metavar="TIME", help="With --watch: how long; without, until Ctrl-C, an hour at most.")
    ] = None,
    tracefs: Annotated[
        bool, typer.Option("--tracefs/--no-tracefs", show_default=False, help="With --watch: count every reap by tracefs (default) or not.")
    ] = True,
    trace_buffer: Annotated[int, typer.Option("--trace-buffer-kb", min=4, max=16384, hidden=True)] = 128,
    kube: KubeFlags = KubeFlags(),
    capture: FleetFlags = FleetFlags(),
    view: ViewFlags = ViewFlags(),
) -> int:
    """List zombies: whose they are, which process should have reaped them, whether it is able to, and what to do.

    A zombie is a process that has exited and that its parent has not reaped. Two samples show which zombies remain; two captures of one
    node (--from A --from B) do the same.

    \b
    Examples:
      kubectl pause-inspect zombies -n shop
      kubectl pause-inspect zombies --all --sample 3s
      kubectl pause-inspect zombies -A -o owners
      kubectl pause-inspect zombies web-0 --watch --for 30s
      kubectl pause-inspect zombies -n shop --inside
    """
    started = time.monotonic()
    from kubectl_pause.render.row_kinds import ZOMBIE_ROWS

    finishing.check_view(view, ZOMBIE_ROWS)
    pods, named = split_nodes(names or [])
    nodes = [*named, *(nodes or [])]
    check_names(pods, selector, all_namespaces=all_namespaces)
    of_pods = bool(pods or selector or all_namespaces)
    _check_places({"--from": bool(view.captured), "--local": local, "--all": every, "--node": bool(nodes)}, of_pods=of_pods)
    if inside and (watch or local or every or nodes or view.captured):
        raise PauseInspectError("WrongUsage", "--inside reads inside pods alone", "leave out --watch, --local, --all, --node and --from")
    plan = watching.WatchFlags(watch, duration, interval, trace_buffer, tracefs).plan()
    watching.check_watch(view, plan, local=local)
    wait = sample_seconds(sample)
    report = finishing.start_report()
    whole = every or local or bool(nodes) or (bool(view.captured) and not of_pods and kube.namespace is None)
    scope = Nodes(nodes, every) if whole else Pods(pods, selector, all_namespaces, kube.namespace)
    if plan:
        return _watch(scope, plan, report, kube, capture, view)
    source = choose_source(scope, kube, capture, files=view.captured, local=local, inside=inside, sample=wait)
    report.nodes += source.reports(report, NodeSample.inspect)
    if not whole:
        forget_the_node(report.nodes, ("pids/",))
    of_many = every or len(nodes) > 1
    return finishing.finish(report, view, started, _text(view, of_many=of_many), ZOMBIE_ROWS)


def _check_places(given: dict[str, bool], *, of_pods: bool) -> None:
    places = [flag for flag, is_given in given.items() if is_given]
    if len(places) > 1:
        raise PauseInspectError("WrongUsage", f"{' and '.join(places)} cannot be used together", "choose one of them")
    if of_pods and places and places != ["--from"]:
        raise PauseInspectError("WrongUsage", f"pods and {places[0]} cannot be used together", f"leave out {places[0]}, or the pods")


def _text(view: ViewFlags, *, of_many: bool) -> Callable[[Report], str]:
    def text(report: Report) -> str:
        from kubectl_pause.render.zombies.zombies_view import zombies_view

        wide, width, colour = view.output == "wide", terminal.width(), terminal.colour()
        headings, sort_by = not view.no_headers, view.sort_by
        return zombies_view(report, wide=wide, width=width, headings=headings, colour=colour, of_many=of_many, sort_by=sort_by)

    return text


def _watch(scope: Pods | Nodes, plan: WatchPlan, report: Report, kube: KubeFlags, capture: FleetFlags, view: ViewFlags) -> int:
    from functools import partial

    from kubectl_pause.access.kubeconfig import connect
    from kubectl_pause.cli.pods_meanwhile import pods_of_nodes
    from kubectl_pause.cli.sources.cluster import nodes_with_pods

    api = connect(kube.connection(capture.inspector().timeout))
    found = nodes_with_pods(api, scope, report)
    pods_now: Callable[[], list[Pod]]
    pods_now = partial(pods_of_nodes, api, list(found)) if isinstance(scope, Nodes) else partial(pods_meant, api, scope)
    return watching.watch(api, found, pods_now, plan, capture, view, report)
