"""`kubectl pause-inspect snapshot`."""

from __future__ import annotations

import sys
from functools import partial
from typing import Annotated, Optional

import typer

from kubectl_pause.cli import finishing
from kubectl_pause.cli.exit_codes import ExitCode
from kubectl_pause.cli.flags import CaptureFlags, KubeFlags, with_shared_flags
from kubectl_pause.cli.output_file import refuse_existing, writable, write
from kubectl_pause.cli.output_flags import FileFlags, NodeNames  # noqa: TC001 (typer reads them)
from kubectl_pause.cli.sources.cluster import captures_of_nodes
from kubectl_pause.errors import ForeignReason, PauseInspectError


@partial(with_shared_flags, without=("parallel",))
def snapshot(
    to: FileFlags,
    name: Annotated[
        Optional[str], typer.Argument(metavar="[NODE]", help="The node to capture; may be left out if there is only one.")
    ] = None,
    nodes: NodeNames = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    redact: Annotated[
        bool,
        typer.Option("--redact", help="For a bug report: replace names, labels, ids and addresses by pseudonyms, the same for the same."),
    ] = False,
    network: Annotated[
        bool,
        typer.Option("--network", help="Also save what `node -o network` shows and `check` reports about CNI: leases, links, plugins."),
    ] = False,
    kube: KubeFlags = KubeFlags(),
    capture: CaptureFlags = CaptureFlags(),
) -> int:
    """Save one moment of a node to a file, which the other commands read with --from.

    It has process names, namespaces, cgroups and what the runtime reports about its sandboxes. It has no environment variables, and
    arguments of processes only with --args.

    \b
    Examples:
      kubectl pause-inspect snapshot worker-1 -f worker-1.capture
    """
    from kubectl_pause.access.kubeconfig import connect
    from kubectl_pause.select.targets import find_nodes

    if to.file == "-" and sys.stdout.isatty():
        raise PauseInspectError("WrongUsage", "a capture is binary and would disturb the terminal", "give a file with -f, or redirect")
    names = [*([name] if name else []), *(nodes or [])]
    if len(names) > 1:
        raise PauseInspectError("WrongUsage", f"a snapshot is of one node, not of {', '.join(names)}", "name one of them")
    target = writable(to.file)
    if not force:
        refuse_existing(target)
    report = finishing.start_report()
    api = connect(kube.connection(capture.inspector().timeout))
    found, failures = find_nodes(api, names, every=False)
    report.errors += failures
    captures = captures_of_nodes(api, found, capture, report, health="network" if network else "no")
    saved = [captured.file() for _, captured in captures]
    for error in report.errors:
        raise PauseInspectError(ForeignReason(error.reason), error.message, error.hint or "")
    write(target, _redacted(saved[0], found[0]) if redact else saved[0], replace=force)
    return ExitCode.DONE


def _redacted(data: bytes, name: str) -> bytes:
    from kubectl_pause.redaction.capture import redacted_file

    return redacted_file(data, f"node {name}")
