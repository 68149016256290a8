"""What goes to stderr while a run is on, and how wide and colourful stdout may be."""

from __future__ import annotations

import codecs
import io
import os
import shutil
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kubectl_pause.render.plain_text import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType
    from typing import Self


PROGRAM = "kubectl pause-inspect"


class ReaderLeft(Exception):  # noqa: N818 (no error: `| head -1`)
    """Whoever read stdout closed it. Not an OSError, which typer would turn into an exit code of its own."""


class OutputLost(Exception):  # noqa: N818 (said to the user by main)
    """stdout takes no more: no room, or closed. `why` in the system's words."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def prepare_streams() -> None:
    """What a stream's encoding does not have is escaped. A stream that the shell closed takes nothing, and stdout says so when asked to."""
    for number, name in ((0, "stdin"), (1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:  # closed by the shell: `>&-`
            # stdout is opened for reading, so that each write to it fails as it would have
            setattr(sys, name, open(os.devnull, "w" if number == 2 else "r", encoding="utf-8"))  # noqa: SIM115, PTH123, PLR2004 (for the whole run)
    codecs.register_error(_ESCAPED, _written_otherwise)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.writable():
            stream.reconfigure(errors=_ESCAPED)


_ESCAPED = "pause-inspect-escaped"
_MARK, _PLAIN_MARK = "…", "~"
"""What stands where a text was cut, and what an encoding without it gets: one column too, so that tables stay aligned."""


def _written_otherwise(error: UnicodeError) -> tuple[str | bytes, int]:
    if isinstance(error, UnicodeEncodeError) and error.object[error.start] == _MARK:
        return _PLAIN_MARK, error.start + 1
    if isinstance(error, UnicodeEncodeError):
        mark = error.object.find(_MARK, error.start, error.end)
        if mark > 0:
            error.end = mark
    return codecs.backslashreplace_errors(error)


def put(text: str | Iterable[str]) -> None:
    """Write a text, or its pieces one after another, to stdout, now. Raises ReaderLeft and OutputLost."""
    with writing():
        for piece in [text] if isinstance(text, str) else text:
            sys.stdout.write(piece)
        sys.stdout.flush()


@contextmanager
def writing() -> Iterator[None]:
    """Whatever fails in the block is the fault of stdout. Raises ReaderLeft and OutputLost."""
    try:
        yield
    except BrokenPipeError:
        raise ReaderLeft from None
    except OSError as error:
        raise OutputLost(error.strerror or "it is closed") from None


def print_error(message: str, hint: str) -> None:
    """One line of what happened, one of what to do next, on stderr."""
    print(f"error: {visible(message, 2000)}", file=sys.stderr)
    if hint:
        print(f"  next: {visible(hint, 2000)}", file=sys.stderr)


def warn(text: str) -> None:
    """A line on stderr, never cut: the name to delete, or the command that does it, may stand at its end."""
    print(f"warning: {visible(text, len(text))}", file=sys.stderr)


class Progress:
    """One line on stderr that is written over, only where stderr is a terminal; warnings stay.

    With `step`, which `-v` gives, every line stays, and is written by it.
    Use as a context manager; `say` and `warn` may be called from any thread.
    """

    def __init__(self, step: Callable[[str], None] | None = None) -> None:
        self._lock = threading.Lock()
        self._step = step
        self._live = step is None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._width = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._lock:
            self._wipe()

    def say(self, text: str) -> None:
        """What is being waited for now."""
        if self._step:
            self._step(text)
        self.show(text)

    def show(self, text: str) -> None:
        """The same, only on the line that is written over: no step of its own."""
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


def can_write(text: str) -> bool:
    """Whether the encoding of stdout has these characters."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
