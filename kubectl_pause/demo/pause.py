"""A pause in Python that does what Kubernetes' does: `python -m kubectl_pause.demo.pause [-v]`.

Source: `build/pause/linux/pause.c` of Kubernetes v1.34.4. It exits 0 on SIGINT and SIGTERM, waits for whatever dies as its child
(as PID 1 of a PID namespace that is every orphan of it), and sleeps else.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from kubectl_pause import __version__
from kubectl_pause.demo.libc import SleepUntilSignal, ignore_stopped_children, set_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

_IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)
"""Python starts with these ignored; a C program does not, and SigIgn in /proc/PID/status would tell."""


def main(arguments: Sequence[str]) -> int:
    """Run as pause until SIGINT or SIGTERM; with `-v` anywhere in the arguments print the version and return 0."""
    if any(argument.lower() == "-v" for argument in arguments):
        print(f"pause.py {__version__}")
        return 0
    set_name("pause")
    if os.getpid() != 1:
        _say("Warning: pause should be the first process")
    for number in _IGNORED_BY_PYTHON:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, _shut_down)
    signal.signal(signal.SIGTERM, _shut_down)
    signal.signal(signal.SIGCHLD, reap)
    ignore_stopped_children()
    return sleep_forever()


def reap(_number: int, _frame: FrameType | None) -> None:
    """A handler of SIGCHLD: wait for every child that is dead. One signal may stand for several deaths."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0] > 0:
            pass


def sleep_forever() -> NoReturn:
    """Sleep, and run the handlers of SIGINT, SIGTERM and SIGCHLD when they come."""
    until_signal = SleepUntilSignal((signal.SIGINT, signal.SIGTERM, signal.SIGCHLD))
    while True:
        until_signal.sleep()


def _shut_down(number: int, _frame: FrameType | None) -> NoReturn:
    _say(f"Shutting down, got signal: {signal.strsignal(number)}")
    os._exit(0)


def _say(text: str) -> None:
    with contextlib.suppress(OSError):  # a closed stderr is no reason to end
        os.write(2, f"{text}\n".encode())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
