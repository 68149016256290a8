"""`kubectl pause-inspect who`."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from kubectl_pause.cli import finishing, terminal
from kubectl_pause.cli.flags import CaptureFlags, KubeFlags, with_shared_flags
from kubectl_pause.cli.output_flags import ViewFlags
from kubectl_pause.cli.sources.captures import read_files
from kubectl_pause.cli.sources.cluster import captures_of_nodes
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_pause.facts.capture import Capture
    from kubectl_pause.report import Finding, Report
    from kubectl_pause.who.question import Question
    from kubectl_pause.who.search import Search


@partial(with_shared_flags, without=("args",))
def who(
    things: Annotated[
        list[str],
        typer.Argument(
            metavar="X...",
            help="What a log or another tool printed: a pid or thread id of the node, [NAMESPACE/]POD:PID, a pod's name, uid or volume "
            "path, POD/CONTAINER, a container or sandbox id or its beginning, an inode or path of a namespace, an IP, IP:PORT or URL, a "
            "veth, a cgroup path, node/NAME.",
        ),
    ],
    nodes: Annotated[Optional[list[str]], typer.Option("--node", metavar="NAME", help="Node to search; may be repeated.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Search all nodes of the cluster.")] = False,
    local: Annotated[bool, typer.Option("--local", help="Search this host, without a cluster.")] = False,
    kube: KubeFlags = KubeFlags(),
    capture: CaptureFlags = CaptureFlags(),
    view: ViewFlags = ViewFlags(),
) -> int:
    """Find the pod and container that a process, id, name, namespace, address, interface or cgroup belongs to, and say how that is known.

    Paste anything. If it can mean several things, you get every match.

    \b
    Examples:
      kubectl pause-inspect who 4711 --node worker-1
      kubectl pause-inspect who 10.244.1.7 shop/web-0:1
      kubectl pause-inspect who --local /proc/4711/ns/net
    """
    from kubectl_pause.who.advice import Way
    from kubectl_pause.who.search import Search, within_namespace

    started = time.monotonic()
    from kubectl_pause.render.row_kinds import ANSWER_ROWS

    finishing.check_view(view, ANSWER_ROWS)
    given = {"--from": bool(view.captured), "--local": local, "--all": every, "--node": bool(nodes)}
    places = [flag for flag, is_given in given.items() if is_given]
    if len(places) > 1:
        raise PauseInspectError("WrongUsage", f"{' and '.join(places)} cannot be used together", "choose one of them")
    report = finishing.start_report()
    questions = _questions(things, report, local=local)
    way = Way(files=view.captured or (), local=local)
    search = Search(way)
    if view.captured or local:
        questions = within_namespace(questions, kube.namespace, ("pod-pid", "pod", "container"))
        for source, captured in [_this_host(capture)] if local else read_files(view.captured or ()):
            with finishing.one_row(source, report):
                _warn(search.ask(questions, captured, source))
    elif questions:
        questions = _on_cluster(search, questions, kube, capture, nodes or [], report, every=every)
    report.answers += search.answered(questions)
    report.errors += search.unanswered(questions)
    return finishing.finish(report, view, started, lambda report: _text(report, view), ANSWER_ROWS)


def _warn(findings: Sequence[Finding]) -> None:
    for finding in findings:
        terminal.warn(f"{finding.subject}: {finding.message}; {'; '.join(finding.evidence)}")


def _this_host(flags: CaptureFlags) -> tuple[str, Capture]:
    import os

    from kubectl_pause.capture.local.this_host import capture_this_host

    return os.uname().nodename, capture_this_host(timeout=flags.inspector().timeout, use_crictl=flags.crictl)


def _text(report: Report, view: ViewFlags) -> str:
    from kubectl_pause.render.who_view import who_view

    wide, width, colour = view.output == "wide", terminal.width(), terminal.colour()
    return who_view(report, wide=wide, width=width, headings=not view.no_headers, colour=colour, sort_by=view.sort_by)


def _questions(things: Sequence[str], report: Report, *, local: bool) -> list[Question]:
    """What can be looked for; the rest becomes errors of the report."""
    from kubectl_pause.capture.local.this_host import own_namespaces
    from kubectl_pause.who.question import parse_question

    own = own_namespaces() if local else {}
    questions = []
    for thing in dict.fromkeys(things):
        try:
            questions.append(parse_question(thing, own))
        except PauseInspectError as error:
            report.errors.append(finishing.failure_of(error))
    return questions


def _on_cluster(
    search: Search,
    questions: Sequence[Question],
    kube: KubeFlags,
    capture: CaptureFlags,
    names: Sequence[str],
    report: Report,
    *,
    every: bool,
) -> list[Question]:
    """The questions as they were asked: a bare POD:PID is of the current namespace, a pod's name of any but one that was named."""
    from kubectl_pause.access.kubeconfig import connect
    from kubectl_pause.who.search import within_namespace
    from kubectl_pause.who.targets import who_targets

    api = connect(kube.connection(capture.inspector().timeout))
    asked = within_namespace(questions, api.namespace, ("pod-pid",))
    asked = within_namespace(asked, kube.namespace, ("pod", "container"))
    targets = who_targets(api, asked, names, every=every)
    search.start_with(targets.answers, targets.pod_names)
    report.errors += targets.failures
    if targets.by_node or capture.dry_run is not None:
        for node, captured in captures_of_nodes(api, list(targets.by_node), capture, report):
            with finishing.one_node(node, report):
                _warn(search.ask(targets.by_node[node], captured.capture, node))
    return asked
