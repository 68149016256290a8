"""`kubectl pause-inspect cleanup`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from kubectl_pause.cli import finishing, terminal
from kubectl_pause.cli.exit_codes import ExitCode
from kubectl_pause.cli.flags import KubeFlags, with_shared_flags
from kubectl_pause.cli.output_flags import OutputFlags
from kubectl_pause.pasting import command_line

if TYPE_CHECKING:
    from kubectl_pause.capture.leftovers import Leftovers

_LONGEST_REQUEST = 60.0


@with_shared_flags
def cleanup(
    runs: Annotated[Optional[list[str]], typer.Argument(metavar="[RUN...]", help="Runs, or names from the list; without, all.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Also delete those of runs that may still be active, whoever started them.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Delete without asking: what finished runs left, or the runs named.")] = False,
    view: OutputFlags = OutputFlags(),
    kube: KubeFlags = KubeFlags(),
) -> int:
    """List inspector pods and Jobs on the cluster, in all namespaces or that of -n. With --yes, delete those whose run is over.

    Runs that may still be active are listed, and deleted only by name or with --all. On a terminal the list is followed by a question.

    \b
    Examples:
      kubectl pause-inspect cleanup
      kubectl pause-inspect cleanup --yes
    """
    from kubectl_pause.access.kubeconfig import connect
    from kubectl_pause.capture.leftovers import find_leftovers, remove_leftovers, run_named
    from kubectl_pause.render.documents.outputs import parse_output
    from kubectl_pause.render.row_kinds import LEFTOVER_ROWS

    finishing.check_view(view, LEFTOVER_ROWS)
    as_table = parse_output(view.output).is_table
    api = connect(kube.connection(_LONGEST_REQUEST))
    runs = [run_named(run) for run in runs or []]
    found = find_leftovers(api, kube.namespace, runs)
    unknown = [run for run in runs if run not in {left.run for left in found.items}]
    chosen = [left for left in found.items if left.over or runs or every]
    if chosen and not yes and as_table and sys.stdin.isatty() and sys.stdout.isatty():
        terminal.put(_text(found, view))
        what = "this object" if len(chosen) == 1 else f"these {len(chosen)} objects"
        yes = typer.confirm(f"Delete {what}{'' if len(chosen) == len(found.items) else ' of runs that are over'}?")
        if not yes:
            return ExitCode.DONE
    if yes:
        remove_leftovers(api, chosen)
    _show(found, view)
    where = f"in namespace {kube.namespace}" if kube.namespace else "in any namespace"
    return _outcome(found, unknown, where, deleted=yes)


def _show(found: Leftovers, view: OutputFlags) -> None:
    from kubectl_pause.render.documents.outputs import as_output, parse_output
    from kubectl_pause.render.row_kinds import LEFTOVER_ROWS

    output = parse_output(view.output)
    headings = not view.no_headers
    shown = _text(found, view) if output.is_table else as_output(output, LEFTOVER_ROWS, found, headings=headings, sort_by=view.sort_by)
    terminal.put(shown)


def _text(found: Leftovers, view: OutputFlags) -> str:
    from kubectl_pause.render.leftovers_view import leftovers_view

    return leftovers_view(found, width=terminal.width(), headings=not view.no_headers, sort_by=view.sort_by)


def _outcome(found: Leftovers, unknown: list[str], where: str, *, deleted: bool) -> int:
    """Say what went wrong and what is still there; the exit code says whether all, some or nothing could be done."""
    from kubectl_pause.cli.terminal import print_error

    for error in found.errors:
        print_error(error.message, error.hint or "")
    for run in unknown:
        print_error(f"nothing of a run {run!r} was found", "kubectl pause-inspect cleanup")
    kept = [each for each in found.items if each.deleted is False]
    for each in kept:
        name = f"{each.kind.lower()} {each.namespace}/{each.name}"
        print_error(
            f"{name} could not be deleted: {each.error}",
            command_line("kubectl", "auth", "can-i", "delete", f"{each.kind.lower()}s", "-n", each.namespace),
        )
    going_on = [each for each in found.items if each.deleted is None]
    if deleted and going_on:
        print(f"{len(going_on)} of runs that may still be active remain: name the run, or use --all", file=sys.stderr)
    if not found.items and not found.errors and not unknown:
        print(f"no inspector pods or Jobs found {where}", file=sys.stderr)
    if not (found.errors or unknown or kept):
        return ExitCode.DONE
    return ExitCode.PARTIAL if any(each not in kept for each in found.items) else ExitCode.ERROR
