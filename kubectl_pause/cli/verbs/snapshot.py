"""`kubectl pause-inspect snapshot`."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from kubectl_pause.cli import reading, terminal
from kubectl_pause.cli.exit_codes import ExitCode
from kubectl_pause.cli.flags import CaptureFlags, KubeFlags, with_shared_flags
from kubectl_pause.errors import ForeignReason, PauseInspectError


@with_shared_flags
def snapshot(
    name: Annotated[str, typer.Argument(metavar="NODE", help="The node to capture.")],
    file: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Where to write the capture; `-` is stdout.")],
    redact: Annotated[
        bool,
        typer.Option("--redact", help="Replace names, labels, ids and addresses by pseudonyms that join as they did, for a bug report."),
    ] = False,
    kube: KubeFlags = KubeFlags(),
    capture: CaptureFlags = CaptureFlags(),
) -> int:
    """Save one moment of a node to a file, for `--from` on the other verbs.

    It holds process names, namespaces, cgroups and what the runtime says of its sandboxes; no environment variables, and no arguments
    without --args.

    \b
    Examples:
      kubectl pause-inspect snapshot worker-1 -o worker-1.capture
    """
    from kubectl_pause.access.kubeconfig import connect
    from kubectl_pause.select.targets import find_nodes

    if file == "-" and sys.stdout.isatty():
        raise PauseInspectError("WrongUsage", "a capture is binary and would disturb the terminal", "give a file with -o, or redirect")
    target = None if file == "-" else _writable(file)
    report = reading.start_report()
    api = connect(kube.connection(capture.inspector().timeout))
    nodes, failures = find_nodes(api, [name], every=False)
    report.errors += failures
    saved = [captured.file() for _, captured in reading.captures_of_nodes(api, nodes, capture, report)]
    for error in report.errors:
        raise PauseInspectError(ForeignReason(error.reason), error.message, error.hint or "")
    _write(target, _redacted(saved[0], nodes[0]) if redact else saved[0])
    return ExitCode.DONE


def _redacted(data: bytes, name: str) -> bytes:
    from kubectl_pause.redaction.capture import redacted_file

    return redacted_file(data, f"node {name}")


def _writable(file: str) -> Path:
    """Where the capture goes, links followed. Raises PauseInspectError before anything is asked of a cluster."""
    target = Path(file).resolve()
    try:
        writable = bool(file) and not target.is_dir() and target.parent.is_dir()
    except OSError:  # a name that is too long, a directory that may not be entered
        writable = False
    if not writable:
        raise PauseInspectError("CannotWrite", f"{file!r} is not a file that could be written", "give a file in a directory that exists")
    return target


def _write(target: Path | None, data: bytes) -> None:
    """All or nothing for a file: a reader never sees half a capture, and an older one stays until the new one is whole.

    A pipe or a device (`-o /dev/stdout`) is written to, never replaced; None is stdout.
    """
    if target is None:
        with terminal.writing():
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        return
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(data)
            return
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise PauseInspectError("CannotWrite", f"{target}: {error.strerror}", "give a file in a directory that you may write to") from None
