"""`kubectl pause-inspect who`."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from kubectl_pause.cli import reading, terminal
from kubectl_pause.cli.flags import CaptureFlags, KubeFlags, ViewFlags, with_shared_flags
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubectl_pause.analysis.inspected_node import InspectedNode
    from kubectl_pause.analysis.who_question import Question
    from kubectl_pause.cluster.node_capture import NodeCapture
    from kubectl_pause.cluster.rest import Api
    from kubectl_pause.facts.capture import Capture
    from kubectl_pause.report import Answer, Report


@with_shared_flags
def who(
    things: Annotated[
        list[str],
        typer.Argument(
            metavar="X...",
            help="A pid of the node, [NAMESPACE/]POD:PID, a container or sandbox id or its beginning, an inode or path of a namespace, "
            "a pod's IP, a veth, a cgroup path.",
        ),
    ],
    nodes: Annotated[Optional[list[str]], typer.Option("--node", metavar="NAME", help="Node to search; may be repeated.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Search all nodes of the cluster.")] = False,
    local: Annotated[bool, typer.Option("--local", help="Search this host, with no cluster.")] = False,
    kube: KubeFlags = KubeFlags(),
    capture: CaptureFlags = CaptureFlags(),
    view: ViewFlags = ViewFlags(),
) -> int:
    """Tell which pod and container a process, id, namespace, address, interface or cgroup belongs to, and how that is known.

    kubectl pause-inspect who 4711 --node worker-1

    kubectl pause-inspect who 10.244.1.7 shop/web-0:1

    kubectl pause-inspect who --local /proc/4711/ns/net
    """
    started = time.monotonic()
    reading.check_view(view)
    given = {"--from": bool(view.captured), "--local": local, "--all": every, "--node": bool(nodes)}
    places = [flag for flag, is_given in given.items() if is_given]
    if len(places) > 1:
        raise PauseInspectError("WrongUsage", f"{' and '.join(places)} cannot be used together", "give one place to search")
    report = reading.start_report()
    questions = _questions(things, report)
    search = Search(report)
    if view.captured:
        search.captures(_in_namespace(questions, kube.namespace), reading.read_files(view.captured))
    elif local:
        search.captures(_in_namespace(questions, kube.namespace), [_this_host(capture)])
    elif questions:
        _on_cluster(search, questions, kube, capture, nodes or [], every=every)
    search.finish(questions)
    return reading.finish(report, view, started, lambda report: _text(report, view))


@dataclass(slots=True)
class Search:
    """Answers gathered node by node into `report`, and for each question what was looked for in vain."""

    report: Report
    found: dict[str, list[Answer]] = field(default_factory=dict)
    in_vain: dict[str, list[str]] = field(default_factory=dict)

    def captures(self, questions: Sequence[Question], captures: Sequence[tuple[str, Capture]]) -> None:
        """Ask captures, each with a name for errors."""
        from kubectl_pause.analysis.inspected_node import inspect_node
        from kubectl_pause.analysis.node_facts import node_facts
        from kubectl_pause.analysis.node_report import report_of

        for name, each in captures:
            with reading.one_row(name, self.report):
                facts = node_facts(each, name)
                self.node(questions, inspect_node(facts, report_of(facts, name)))

    def node(self, questions: Sequence[Question], node: InspectedNode) -> None:
        """Ask one node."""
        from kubectl_pause.analysis.findings import source_findings
        from kubectl_pause.analysis.who import answer
        from kubectl_pause.analysis.who_in_vain import looked_for

        for finding in source_findings(node.report.name, node.report.sources):
            terminal.warn(f"{finding.subject}: {finding.message}; {'; '.join(finding.evidence)}")
        for question in questions:
            answers = answer(question, node)
            self.found.setdefault(question.asked, []).extend(answers)
            if not answers:
                self.in_vain.setdefault(question.asked, []).append(looked_for(question, node))

    def finish(self, questions: Sequence[Question]) -> None:
        """Put the answers into the report in the order of the questions, and an error for each that no node could answer."""
        from kubectl_pause.report import Failure

        for question in questions:
            answers, searched = self.found.get(question.asked, []), self.in_vain.get(question.asked, [])
            self.report.answers += answers
            if searched and not answers:
                more = f" and {len(searched) - _FEW} nodes more" if len(searched) > _FEW else ""
                message = f"{question.asked!r} is not found: {'; '.join(searched[:_FEW])}{more}"
                hint = "kubectl pause-inspect node --all lists every sandbox; a process may have ended since you saw it"
                self.report.errors.append(Failure(reason="NotFound", message=message, hint=hint))


_FEW = 3


def _this_host(flags: CaptureFlags) -> tuple[str, Capture]:
    import os

    from kubectl_pause.node.this_host import capture_this_host

    return os.uname().nodename, capture_this_host(timeout=flags.inspector().timeout, use_crictl=flags.crictl)


def _text(report: Report, view: ViewFlags) -> str:
    from kubectl_pause.render.who_view import who_view

    return who_view(report, wide=view.output == "wide", width=terminal.width(), headings=not view.no_headers, colour=terminal.colour())


def _questions(things: Sequence[str], report: Report) -> list[Question]:
    """What can be looked for; the rest becomes errors of the report."""
    from kubectl_pause.analysis.who_question import parse_question

    questions = []
    for thing in dict.fromkeys(things):
        try:
            questions.append(parse_question(thing))
        except PauseInspectError as error:
            report.errors.append(reading.failure_of(error))
    return questions


def _in_namespace(questions: Sequence[Question], namespace: str | None) -> list[Question]:
    """`POD:PID` means a pod of this namespace; None: of any."""
    from dataclasses import replace

    def within(question: Question) -> Question:
        readings = (replace(each, within=each.within or namespace) if each.kind == "pod-pid" else each for each in question.readings)
        return replace(question, readings=tuple(readings))

    return [within(question) for question in questions]


def _on_cluster(
    search: Search, questions: Sequence[Question], kube: KubeFlags, capture: CaptureFlags, names: Sequence[str], *, every: bool
) -> None:
    from kubectl_pause.cluster.kubeconfig import connect
    from kubectl_pause.cluster.targets import find_nodes

    api = connect(kube.connection(capture.inspector().timeout))
    asked = _in_namespace(questions, api.namespace)
    if names or every:
        nodes, failures = find_nodes(api, names, every=every)
        search.report.errors += failures
        by_node = dict.fromkeys(nodes, asked)
    else:
        by_node = _by_node(api, asked, search.report)

    def captured(node: str, answer: NodeCapture) -> None:
        search.captures(by_node[node], [(node, answer.capture)])

    reading.capture_each(api, list(by_node), capture, captured, search.report)


def _by_node(api: Api, questions: Sequence[Question], report: Report) -> dict[str, list[Question]]:
    """Where to ask what: the only node there is, else the nodes of the pods that the API knows by what was asked."""
    from kubectl_pause.analysis.who_nodes import nodes_of
    from kubectl_pause.cluster.objects import list_nodes, list_pods
    from kubectl_pause.report import Failure

    known = [node.metadata.name for node in list_nodes(api)]
    if len(known) == 1:
        return {known[0]: list(questions)}
    pods = list_pods(api, None)
    by_node: dict[str, list[Question]] = {}
    for question in questions:
        nodes = nodes_of(question, pods)
        for node in sorted(nodes):
            by_node.setdefault(node, []).append(question)
        if not nodes:
            meant = " or ".join(each.phrase for each in question.readings)
            message = (
                f"on which node? the API knows of no {meant} among {len(pods)} pods; pids, namespaces, sandboxes and veths only nodes know"
            )
            report.errors.append(
                Failure(reason="NodeUnknown", message=message, hint="name the node with --node NAME, or search all with --all")
            )
    return by_node
