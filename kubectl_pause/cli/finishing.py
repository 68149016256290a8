"""The frame of every verb that makes a report: begin it, turn what fails into its errors, print it, and choose the exit code."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kubectl_pause import __version__
from kubectl_pause.cli.exit_codes import ExitCode
from kubectl_pause.cli.terminal import can_write, colour, print_error, put, warn, width
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.notes import RUNTIME_UNREAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kubectl_pause.cli.output_flags import OutputFlags
    from kubectl_pause.render.row_kinds import RowKind
    from kubectl_pause.report import Failure, Report


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
