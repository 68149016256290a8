"""Run one of the user's own programs (a credential plugin, kubectl) with a deadline, and leave nothing of it behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_LAST_WORDS_SECONDS = 1.0
_HAS_GROUPS = hasattr(os, "killpg")
"""Windows has no process groups of this kind."""


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


def run_child(
    command: Sequence[str], environment: Mapping[str, str], seconds: float, *, may_ask: bool = False, is_heard: bool = False
) -> ChildEnd:
    """Run `command` to its end or for `seconds`. Raises OSError where it cannot be started.

    With `is_heard` stderr goes to the terminal where there is one: a code to log in with is of use only while the program waits. `may_ask`
    leaves it stdin, and lends it the terminal while it runs; without, it gets a session of its own. Either way its children are a
    group, which ends with it where it has to be ended.
    """
    process = subprocess.Popen(  # not `with`, which waits for its end however long that takes
        command,
        stdin=None if may_ask else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=None if is_heard and stderr_is_terminal() else subprocess.PIPE,
        env=dict(environment),
        start_new_session=not may_ask,
        process_group=0 if may_ask and _HAS_GROUPS else None,
    )
    try:
        with _terminal_lent_to(process.pid) if may_ask and _HAS_GROUPS else nullcontext():
            stdout, stderr = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        _end(process)
        return ChildEnd(None, b"", _last_words(process))
    except BaseException:
        _end(process)
        _last_words(process)
        raise
    if may_ask and process.returncode == -signal.SIGINT:
        raise KeyboardInterrupt  # Ctrl-C went to the group that had the terminal
    return ChildEnd(process.returncode, stdout, stderr or b"")


@contextmanager
def _terminal_lent_to(group: int) -> Iterator[None]:
    """Make `group` the terminal's foreground group, as a shell does for a job: else it would be stopped when it reads."""
    terminal = sys.stdin.fileno()
    try:
        own = os.tcgetpgrp(terminal)
    except OSError:  # a terminal, but not the one that controls this session
        yield
        return
    if own != os.getpgrp():  # we are in the background ourselves, and have nothing to lend
        yield
        return
    try:
        _give(terminal, group)
        os.killpg(group, signal.SIGCONT)  # it may have asked before it was allowed to
    except OSError:  # it has ended already
        pass
    try:
        yield
    finally:
        _give(terminal, own)


def _give(terminal: int, group: int) -> None:
    """tcsetpgrp(3), also from the background: there SIGTTOU has to be blocked."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        os.tcsetpgrp(terminal, group)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


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
        with suppress(subprocess.TimeoutExpired):
            process.wait(_LAST_WORDS_SECONDS)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        if _HAS_GROUPS:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except (ProcessLookupError, PermissionError):  # has ended, or is another user's by now (sudo)
        return
