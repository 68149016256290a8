"""Run one of the user's own programs (a credential plugin, kubectl) with a deadline, and leave nothing of it behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LAST_WORDS_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ChildEnd:
    """How a program ended. `code` is None for one that was killed at its deadline."""

    code: int | None
    stdout: bytes
    stderr: bytes
    """Empty where it went to the terminal."""


def stdin_is_terminal() -> bool:
    """Whether a program that asks something can be answered."""
    return sys.stdin is not None and sys.stdin.isatty()


def stderr_is_terminal() -> bool:
    """Whether what a program says on stderr is seen by somebody at once."""
    return sys.stderr is not None and sys.stderr.isatty()


def run_child(command: Sequence[str], environment: Mapping[str, str], seconds: float, *, may_ask: bool = False) -> ChildEnd:
    """Run `command` to its end or for `seconds`. Raises OSError where it cannot be started.

    stderr goes to the terminal where there is one, because a code to log in with is of use only while the program waits. `may_ask`
    leaves it stdin; without, it gets a session of its own, so that its children end with it.
    """
    with subprocess.Popen(
        command,
        stdin=None if may_ask else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=None if stderr_is_terminal() else subprocess.PIPE,
        env=dict(environment),
        start_new_session=not may_ask,
    ) as process:
        try:
            stdout, stderr = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            _end(process, group=not may_ask)
            return ChildEnd(None, b"", _last_words(process))
        except BaseException:
            _end(process, group=not may_ask)
            raise
    return ChildEnd(process.returncode, stdout, stderr or b"")


def _last_words(process: subprocess.Popen[bytes]) -> bytes:
    """What was on stderr already; a child that left the session may hold the pipe open for ever."""
    try:
        return process.communicate(timeout=_LAST_WORDS_SECONDS)[1] or b""
    except subprocess.TimeoutExpired as error:
        return error.stderr or b""
    finally:
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def _end(process: subprocess.Popen[bytes], *, group: bool) -> None:
    try:
        if group and hasattr(os, "killpg"):  # Windows has no process groups of this kind
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except ProcessLookupError:
        return
