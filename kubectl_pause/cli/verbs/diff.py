"""`kubectl pause-inspect diff`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kubectl_pause import __version__
from kubectl_pause.cli import finishing, terminal
from kubectl_pause.cli.flags import with_shared_flags
from kubectl_pause.cli.output_flags import OutputFlags
from kubectl_pause.cli.sources.captures import read_files
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from kubectl_pause.difference_report import Difference, Moment
    from kubectl_pause.facts.node_facts import NodeFacts
    from kubectl_pause.report import NodeReport

_BOOTED = "the node was started anew between the captures: every process of the earlier one is gone, and pids mean others"
_UNNAMED = "a capture does not tell its node (it was made without the API): nobody knows whether both are of one"


@with_shared_flags
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="The earlier capture, saved by `snapshot`; `-` is stdin.")],
    after: Annotated[str, typer.Argument(metavar="B", help="The later one.")],
    any_node: Annotated[bool, typer.Option("--any-node", help="Accept captures of different nodes.")] = False,
    view: OutputFlags = OutputFlags(),
) -> int:
    """Compare two captures of a node: the sandboxes, pauses, containers and zombies that came, went or changed, one line each.

    Exit codes are those of diff: 0 nothing changed, 1 something changed, 2 the captures could not be compared.

    \b
    Examples:
      kubectl pause-inspect diff monday.capture tuesday.capture
      kubectl pause-inspect diff monday.capture tuesday.capture -o json
    """
    from kubectl_pause.render.difference_view import difference_view
    from kubectl_pause.render.documents.outputs import as_output, parse_output
    from kubectl_pause.render.row_kinds import CHANGE_ROWS

    finishing.check_view(view, CHANGE_ROWS)
    if before == after == "-":
        raise PauseInspectError("WrongUsage", "stdin holds one capture, not two", "name a file for one of them")
    difference = _compared(before, after, any_node=any_node)
    for note in difference.notes:
        terminal.warn(note)
    output, headings = parse_output(view.output), not view.no_headers
    if output.is_table:
        width, colour = terminal.width(), terminal.colour()
        terminal.put(difference_view(difference, width=width, headings=headings, colour=colour, sort_by=view.sort_by))
    else:
        terminal.put(as_output(output, CHANGE_ROWS, difference, headings=headings, sort_by=view.sort_by))
    return 1 if difference.changes else 0


def _compared(before: str, after: str, *, any_node: bool) -> Difference:
    """Raises PauseInspectError for a capture that cannot be read, one without any sandbox known, and two different nodes."""
    from kubectl_pause.compare_reports import changes_between, not_comparable
    from kubectl_pause.difference_report import Difference
    from kubectl_pause.facts.node_facts import node_facts
    from kubectl_pause.inspect_node import inspect_node

    captures = [read_files([source])[0] for source in (before, after)]
    old, new = [node_facts(capture, source) for source, capture in captures]
    same_node = old.api.node_name == new.api.node_name if old.api and new.api else None
    if same_node is False and not any_node:
        names = f"{before} is of {_node_name(old)} and {after} of {_node_name(new)}"
        raise PauseInspectError("DifferentNodes", f"these are captures of different nodes: {names}", "give two of one node, or --any-node")
    same_boot = old.header.boot == new.header.boot if old.header.boot and new.header.boot else None
    reports = [inspect_node(facts, source) for facts, source in ((old, before), (new, after))]
    for report, source in zip(reports, (before, after), strict=True):
        if not report.sources.runtime:
            message = f"{source}: nothing of the container runtime could be read there, so its sandboxes are unknown"
            raise PauseInspectError("RuntimeUnread", message, "take another capture: kubectl pause-inspect snapshot NODE -f FILE")
    rebooted = same_boot is False and same_node is not False
    notes = [*([_UNNAMED] if same_node is None else []), *([_BOOTED] if rebooted else []), *not_comparable(*reports)]
    moments = [_moment(source, facts, report) for source, facts, report in zip((before, after), (old, new), reports, strict=True)]
    return Difference(
        tool_version=__version__,
        before=moments[0],
        after=moments[1],
        same_node=same_node,
        same_boot=same_boot,
        notes=notes,
        changes=changes_between(*reports),
    )


def _moment(source: str, facts: NodeFacts, report: NodeReport) -> Moment:
    from kubectl_pause.difference_report import Moment

    return Moment(source=source, node=_node_name(facts), captured_at=report.captured_at, boot=facts.header.boot or None)


def _node_name(facts: NodeFacts) -> str | None:
    return facts.api.node_name if facts.api else None
