"""`kubectl pause-inspect cleanup`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from kubectl_pause.cli import terminal
from kubectl_pause.cli.exit_codes import ExitCode
from kubectl_pause.cli.flags import KubeFlags, with_shared_flags
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.pasting import command_line

if TYPE_CHECKING:
    from kubectl_pause.capture.leftovers import Leftovers

FORMATS = ("json", "yaml")
_LONGEST_REQUEST = 60.0


@with_shared_flags
def cleanup(
    runs: Annotated[Optional[list[str]], typer.Argument(metavar="[RUN...]", help="Run ids, as the list shows them; all without.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Delete those of runs that may be going on too, by whomever.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Delete, without asking, what is left of runs that are over, or of those named.")
    ] = False,
    output: Annotated[Optional[str], typer.Option("--output", "-o", metavar="FORMAT", help="json or yaml.")] = None,
    no_headers: Annotated[bool, typer.Option("--no-headers", help="Leave out the column names.")] = False,
    kube: KubeFlags = KubeFlags(),
) -> int:
    """List the inspector pods and Jobs that are on the cluster, in all namespaces or that of -n; delete with --yes those that were left.

    Those of runs that may be going on, by whomever, are listed too, and deleted only where the run is named, or with --all. On a terminal
    the list is followed by a question.

    kubectl pause-inspect cleanup

    kubectl pause-inspect cleanup --yes
    """
    from kubectl_pause.access.kubeconfig import connect
    from kubectl_pause.capture.leftovers import find_leftovers, remove_leftovers

    if output is not None and output not in FORMATS:
        message = f"unable to match a printer suitable for the output format {output!r}"
        raise PauseInspectError("WrongUsage", message, f"allowed formats are: {', '.join(FORMATS)}")
    api = connect(kube.connection(_LONGEST_REQUEST))
    found = find_leftovers(api, kube.namespace, runs or [])
    unknown = [run for run in runs or [] if run not in {each.run for each in found.items}]
    chosen = [each for each in found.items if each.over or runs or every]
    if chosen and not yes and output is None and sys.stdin.isatty() and sys.stdout.isatty():
        terminal.put(_text(found, no_headers=no_headers))
        what = "this object" if len(chosen) == 1 else f"these {len(chosen)} objects"
        yes = typer.confirm(f"Delete {what}{'' if len(chosen) == len(found.items) else ' of runs that are over'}?")
        if not yes:
            return ExitCode.DONE
    if yes:
        remove_leftovers(api, chosen)
    _show(found, output, no_headers=no_headers)
    return _outcome(found, unknown, deleted=yes)


def _show(found: Leftovers, output: str | None, *, no_headers: bool) -> None:
    from kubectl_pause.render.document import as_json, as_yaml

    if output is None:
        terminal.put(_text(found, no_headers=no_headers))
    else:
        terminal.put({"json": as_json, "yaml": as_yaml}[output](found))


def _text(found: Leftovers, *, no_headers: bool) -> str:
    from kubectl_pause.render.leftovers_view import leftovers_view

    return leftovers_view(found, width=terminal.width(), headings=not no_headers)


def _outcome(found: Leftovers, unknown: list[str], *, deleted: bool) -> int:
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
        print(f"{len(going_on)} of runs that may be going on stay: name the run, or give --all", file=sys.stderr)
    if not found.items and not found.errors and not unknown:
        print("nothing of ours is on the cluster" if deleted else "nothing found", file=sys.stderr)
    if not (found.errors or unknown or kept):
        return ExitCode.DONE
    return ExitCode.PARTIAL if any(each not in kept for each in found.items) else ExitCode.ERROR
