"""`kubectl pause-inspect snapshot`."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from kubectl_pause.cli import reading
from kubectl_pause.cli.exit_codes import ExitCode
from kubectl_pause.cli.flags import CaptureFlags, KubeFlags, with_shared_flags
from kubectl_pause.errors import PauseInspectError


@with_shared_flags
def snapshot(
    name: Annotated[str, typer.Argument(metavar="NODE", help="The node to capture.")],
    file: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Where to write the capture; `-` is stdout.")],
    kube: KubeFlags = KubeFlags(),
    capture: CaptureFlags = CaptureFlags(),
) -> int:
    """Save one moment of a node to a file, for `--from` on the other verbs.

    It holds process names, namespaces, cgroups and what the runtime says of its sandboxes; no environment variables, no arguments.

    kubectl pause-inspect snapshot worker-1 -o worker-1.capture
    """
    from kubectl_pause.cluster.kubeconfig import connect
    from kubectl_pause.cluster.targets import find_nodes

    if file == "-" and sys.stdout.isatty():
        raise PauseInspectError("WrongUsage", "a capture is binary and would disturb the terminal", "give a file with -o, or redirect")
    report = reading.start_report()
    api = connect(kube.connection())
    nodes, failures = find_nodes(api, [name], every=False)
    report.errors += failures
    saved: list[bytes] = []
    reading.capture_each(api, nodes, capture, lambda _, data: saved.append(data), report)
    for error in report.errors:
        raise PauseInspectError(error.reason, error.message, error.hint or "")
    _write(file, saved[0])
    return ExitCode.DONE


def _write(file: str, data: bytes) -> None:
    """All or nothing: a reader never sees half a capture, and one that was there before is kept until the new one is whole."""
    if file == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    target = Path(file)
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise PauseInspectError("CannotWrite", f"{file}: {error.strerror}", "give a file in a directory that you may write to") from None
