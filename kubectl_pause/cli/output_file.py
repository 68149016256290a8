"""What is written to a file instead of stdout: all or nothing."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from kubectl_pause.cli import terminal
from kubectl_pause.errors import PauseInspectError


def writable(file: str) -> Path | None:
    """Where it goes, links followed; None for `-`, which is stdout. Raises PauseInspectError before anything is asked of a cluster."""
    if file == "-":
        return None
    target = Path(file).resolve()
    try:
        writable = bool(file) and not target.is_dir() and target.parent.is_dir()
    except OSError:  # a name that is too long, a directory that may not be entered
        writable = False
    if not writable:
        raise PauseInspectError("CannotWrite", f"{file!r} is not a file that could be written", "give a file in a directory that exists")
    return target


def write(target: Path | None, data: bytes) -> None:
    """All or nothing for a file: a reader never sees half of it, and an older one stays until the new one is whole.

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
