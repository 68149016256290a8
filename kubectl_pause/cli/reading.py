"""What every reading verb does: get captures of nodes from a cluster or from files, and print the report made of them."""

from __future__ import annotations

import os
import sys
import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubectl_pause import __version__
from kubectl_pause.cli.dry_run import dry_run
from kubectl_pause.cli.exit_codes import ExitCode
from kubectl_pause.cli.fleet_line import fleet_line
from kubectl_pause.cli.terminal import Progress, can_write, colour, print_error, put, warn, width
from kubectl_pause.errors import ForeignReason, PauseInspectError
from kubectl_pause.notes import RUNTIME_UNREAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from kubectl_pause.access.rest import Api
    from kubectl_pause.capture.answers.node_answer import NodeCapture
    from kubectl_pause.capture.inspector_pod import Health
    from kubectl_pause.capture.local.this_host import CollectorRun
    from kubectl_pause.cli.flags import CaptureFlags
    from kubectl_pause.cli.output_flags import OutputFlags
    from kubectl_pause.facts.api import Pod
    from kubectl_pause.facts.capture import Capture
    from kubectl_pause.facts.node_facts import NodeFacts
    from kubectl_pause.render.row_kinds import RowKind
    from kubectl_pause.report import Failure, NodeReport, Report


def check_view(view: OutputFlags, kind: RowKind[Any]) -> None:
    """Raises PauseInspectError for an output format that does not exist, an expression that is none, a column that `kind` has not."""
    from kubectl_pause.render.documents.outputs import parse_output
    from kubectl_pause.render.listing import check_sort_by

    parse_output(view.output, kind)
    check_sort_by(kind.columns, view.sort_by)


def start_report() -> Report:
    """An empty report that begins now."""
    from kubectl_pause.facts.pod_trail import written
    from kubectl_pause.report import Report

    return Report(tool_version=__version__, started_at=written(datetime.now(UTC)), nodes=[], errors=[])


def read_files(paths: Sequence[str]) -> list[tuple[str, Capture]]:
    """Captures from files, each with a name for errors. Raises PauseInspectError for the first that cannot be read."""
    from kubectl_pause.facts.capture import read_capture

    captures = []
    for path in paths:
        hint = "give a file made by: kubectl pause-inspect snapshot"
        try:
            if path != "-" and Path(path).exists() and not (Path(path).is_file() or Path(path).is_dir()):
                raise PauseInspectError("NoSuchFile", f"{path}: not a regular file", hint)
            data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        except OSError as error:
            raise PauseInspectError("NoSuchFile", f"{path}: {error.strerror}", hint) from None
        captures.append((path, read_capture(data, path)))
    return captures


@contextmanager
def one_row(source: str, report: Report, *, node: str | None = None) -> Iterator[None]:
    """A defect of this program in the block, on the data of one node or file, becomes an error of `report` beside the others' rows."""
    try:
        yield
    except PauseInspectError:
        raise
    except Exception as error:  # noqa: BLE001 (whatever it is, it must not cost the others)
        what = f"{source}: its answer could not be understood: {type(error).__name__}: {error}"
        hint = "please report this with a capture: kubectl pause-inspect snapshot NODE -f FILE"
        report.errors.append(failure_of(PauseInspectError("InternalError", what, hint), node=node))


def facts_of(captures: Sequence[tuple[str, Capture]], report: Report) -> dict[str, NodeFacts]:
    """The facts of each capture by its name. Raises PauseInspectError for a capture that makes no sense."""
    from kubectl_pause.facts.node_facts import node_facts

    facts: dict[str, NodeFacts] = {}
    for source, capture in captures:
        with one_row(source, report):
            facts[source] = node_facts(capture, source)
    return facts


def reports_of(facts: Mapping[str, NodeFacts], report: Report, *, prove: bool = False, processes: bool = False) -> list[NodeReport]:
    """A report of each node."""
    from kubectl_pause.inspect_node import inspect_node

    nodes: list[NodeReport] = []
    for source, of_node in facts.items():
        with one_row(source, report):
            nodes.append(inspect_node(of_node, source, prove=prove, processes=processes))
    return nodes


def reports_of_captures(facts: Mapping[str, NodeFacts], report: Report, *, processes: bool = False) -> list[NodeReport]:
    """A report per node: of two captures of one boot of a node the later, compared with the earlier. Raises PauseInspectError for three."""
    from kubectl_pause.inspect_node import inspect_node
    from kubectl_pause.join.two_looks import comparable, of_several_boots
    from kubectl_pause.notes import SEVERAL_BOOTS

    nodes: list[NodeReport] = []
    alone = of_several_boots(facts)
    for earlier, later in comparable(facts):
        with one_row(later, report):
            node = inspect_node(facts[later], later, processes=processes, earlier=facts[earlier] if earlier else None)
            node.sources.notes += [SEVERAL_BOOTS] if later in alone else []
            nodes.append(node)
    return nodes


def reports_of_nodes(
    api: Api, nodes: Sequence[str], flags: CaptureFlags, report: Report,
    *, prove: bool = False, processes: bool = False, sample: float = 0.0, health: Health = "no",
) -> Iterator[tuple[str, NodeReport]]:  # fmt: skip
    """The report of each node, with proofs and processes if asked, as they come; a node that fails becomes an error of `report`."""
    for node, capture in captures_of_nodes(api, nodes, flags, report, sample=sample, health=health, meanwhile=_load_inspection):
        from kubectl_pause.inspect_node import inspect_capture

        with one_node(node, report):
            whole = inspect_capture(capture.capture, node, prove=prove, processes=processes)
            del capture  # it is far larger than its report, and would live until the next one comes
            yield node, whole


def _load_inspection() -> None:
    import kubectl_pause.inspect_node  # noqa: F401 (what takes the longest to load of all)


def reports_from_inside(api: Api, pods: Sequence[Pod], report: Report, *, sample: float, timeout: float, parallel: int) -> list[NodeReport]:
    """What each pod's own containers see of it, by node; a container that cannot be read becomes an error of `report` beside the others."""
    from concurrent.futures import ThreadPoolExecutor

    from msgspec.structs import replace

    from kubectl_pause.capture.inside_pod import read_inside
    from kubectl_pause.facts.inside import running_ids
    from kubectl_pause.inspect_inside import inspect_inside

    def read(pod: Pod, container: str) -> Capture | PauseInspectError:
        try:
            return read_inside(api, pod, container, sample=sample, timeout=timeout)
        except PauseInspectError as error:
            return error

    nodes: dict[str, NodeReport] = {}
    with ThreadPoolExecutor(max_workers=parallel) as executor:
        asked = [(pod, {name: executor.submit(read, pod, name) for name in running_ids(pod)}) for pod in pods]
        for pod, readings in asked:
            where = f"{pod.metadata.namespace}/{pod.metadata.name}"
            outcomes = {name: reading.result() for name, reading in readings.items()}
            report.errors += [failure_of(each, pod=where) for each in outcomes.values() if isinstance(each, PauseInspectError)]
            captures = {name: each for name, each in outcomes.items() if not isinstance(each, PauseInspectError)}
            if captures:
                with one_node(pod.spec.node_name or "", report):
                    node = inspect_inside(captures, pod)
                    nodes.setdefault(node.name, replace(node, sandboxes=[])).sandboxes.extend(node.sandboxes)
    return list(nodes.values())


def captures_of_nodes(
    api: Api, nodes: Sequence[str], flags: CaptureFlags, report: Report,
    *, sample: float = 0.0, health: Health = "no", logs_of: Mapping[str, Sequence[str]] | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> Iterator[tuple[str, NodeCapture]]:  # fmt: skip
    """The capture of each node, as they come, `sample` seconds between two looks; a node that fails becomes an error of `report`."""
    from kubectl_pause.capture.fan_out import TooManyFailures, capture_nodes

    options = flags.inspector(sample, health=health, logs_of=logs_of)
    if flags.dry_run is not None:
        for error in report.errors:
            raise PauseInspectError(ForeignReason(error.reason), error.message, error.hint or "")
        dry_run(api, nodes, options, flags.dry_run)
    with (
        Progress(api.log.step if api.log.is_on else None) as progress,
        closing(
            capture_nodes(
                api, nodes, options, bounds=flags.bounds(), warn=progress.warn, meanwhile=meanwhile,
                say=progress.say if len(nodes) == 1 else api.log.step,
                show=lambda standing: progress.show(fleet_line(standing)) if len(nodes) > 1 else None,
            )
        ) as outcomes,
    ):  # fmt: skip
        try:
            for node, outcome in outcomes:
                if isinstance(outcome, PauseInspectError):
                    report.errors.append(failure_of(outcome, node=node))
                else:
                    yield node, outcome
                del outcome  # it would live until the next one comes
        except TooManyFailures as error:
            report.errors.append(failure_of(error))


def report_of_this_host(*, timeout: float = 30.0, use_crictl: bool = True, use_engines: bool = True, sample: float = 0.0) -> NodeReport:
    """What `node` shows of a node, and the pods of Docker, of podman and those made by hand beside it.

    With `sample` there is a second look so many seconds later. Raises PauseInspectError.
    """
    from kubectl_pause.capture.local.this_host import CollectorRun

    with CollectorRun(use_crictl=use_crictl, use_engines=use_engines, timeout=timeout + sample, sample=sample) as run:
        return report_of_run(run)


def report_of_run(run: CollectorRun, *, prove: bool = False, processes: bool = False) -> NodeReport:
    """The same of a collector that is at work. `prove` fills each sandbox's proofs, `processes` its processes. Raises PauseInspectError."""
    from kubectl_pause.inspect_node import inspect_capture  # while it reads

    return inspect_capture(run.capture(), os.uname().nodename, prove=prove, processes=processes)


@contextmanager
def one_node(node: str, report: Report) -> Iterator[None]:
    """Whatever goes wrong in the block with the answer of a node becomes an error of `report` beside the others' rows."""
    try:
        with one_row(f"node {node}", report, node=node):
            yield
    except PauseInspectError as error:
        report.errors.append(failure_of(error, node=node))


def failure_of(error: PauseInspectError, *, node: str | None = None, pod: str | None = None) -> Failure:
    """An error as the report's `errors` has it."""
    from kubectl_pause.report import Failure

    return Failure(reason=error.reason, message=error.message, hint=error.hint or None, node=node, pod=pod)


def finish(report: Report, view: OutputFlags, started: float, text: Callable[[Report], str], kind: RowKind[Any]) -> int:
    """Print the report and its errors; the exit code says whether all, some or nothing could be read.

    Raises PauseInspectError where a path of `-o` or `--sort-by` does not fit the report.
    """
    from kubectl_pause.render.documents.outputs import as_output, parse_output

    end_report(report, started)
    output = parse_output(view.output, kind)
    if output.form == "json":
        from kubectl_pause.render.documents.document import json_pieces

        put(json_pieces(report))
    else:
        put(text(report) if output.is_view else as_output(output, kind, report, headings=not view.no_headers, sort_by=view.sort_by))
    return tell_errors(report)


def end_report(report: Report, started: float) -> None:
    """Nothing more comes: how long it took, and the nodes in the order of their names."""
    report.seconds = round(time.monotonic() - started, 3)
    report.nodes.sort(key=lambda node: node.name)


def tell_errors(report: Report) -> int:
    """Print the errors of the report; the exit code says whether all, some or nothing could be read."""
    for error in report.errors:
        print_error(error.message, error.hint or "")
    if not report.errors:
        return ExitCode.DONE
    seen = bool(report.answers or report.explanations or report.nodes)
    return ExitCode.PARTIAL if seen else ExitCode.ERROR


def warn_of_nodes(report: Report, view: OutputFlags) -> None:
    """What a table without headings, or one without rows, does not say: what was found of each node itself, and that it has no pods."""
    from kubectl_pause.render.documents.outputs import parse_output

    if not parse_output(view.output).is_view:
        return
    for node in report.nodes:
        if not node.sandboxes and not node.pods_without_sandbox:
            warn(f"node {node.name} has no sandboxes" if node.sources.runtime else f"node {node.name}: {RUNTIME_UNREAD}")
        for finding in node.findings if view.no_headers and view.output != "network" else ():
            warn(f"{finding.subject}: {finding.message} [{finding.code}]")


def tree_text(report: Report, *, by_node: bool) -> str:
    """`-o tree`, in the characters that stdout can write."""
    from kubectl_pause.render.tree.branches import UNICODE
    from kubectl_pause.render.tree.tree_view import nodes_tree, pods_tree

    draw = nodes_tree if by_node else pods_tree
    return draw(report, unicode=can_write("".join(UNICODE)), width=width(), colour=colour())
