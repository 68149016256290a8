"""What goes to stderr while a run is on, and how wide and colourful stdout may be."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from typing import TYPE_CHECKING

from kubectl_pause.render.plain_text import visible

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self


class ReaderLeft(Exception):  # noqa: N818 (no error: `| head -1`)
    """Whoever read stdout closed it. Not an OSError, which typer would turn into an exit code of its own."""


def put(text: str) -> None:
    """Write to stdout, now. Raises ReaderLeft."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise ReaderLeft from None


def warn(text: str) -> None:
    """A line on stderr, never cut: the name to delete, or the command that does it, may stand at its end."""
    print(f"warning: {visible(text, len(text))}", file=sys.stderr)


class Progress:
    """One line on stderr that is written over, only where stderr is a terminal; warnings stay.

    Use as a context manager; `say` and `warn` may be called from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._width = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._lock:
            self._wipe()

    def say(self, text: str) -> None:
        """What is being waited for now."""
        if not self._live:
            return
        with self._lock:
            self._wipe()
            line = visible(text)[: max(10, shutil.get_terminal_size().columns - 1)]
            sys.stderr.write(line)
            sys.stderr.flush()
            self._width = len(line)

    def warn(self, text: str) -> None:
        """Something the user should know, on a line of its own."""
        with self._lock:
            self._wipe()
            warn(text)

    def _wipe(self) -> None:
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()
            self._width = 0


def colour() -> bool:
    """Colour only on a terminal that can, and never where NO_COLOR is set, even empty (as kubectl)."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def width() -> int | None:
    """Columns of the terminal that stdout is, else None."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
