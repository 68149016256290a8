"""`kubectl pause-inspect demo`."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
from typing import TYPE_CHECKING, Annotated

import typer

from kubectl_pause.cli import finishing, terminal
from kubectl_pause.cli.exit_codes import ExitCode
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.signals import EndedBySignal, signals_into

if TYPE_CHECKING:
    from kubectl_pause.demo.waiting import Patience
    from kubectl_pause.report import NodeReport

_PATIENCE_WITH_PEOPLE = 600.0
_WIDTH = 80
_SIGNALLED = 128
_LINES = 4096


def demo(
    step: Annotated[bool, typer.Option("--step", help="Wait for Enter after each step.")] = False,
) -> int:
    """Create a pod by hand on this Linux host, inspect it, explain each line, and remove it: no cluster needed.

    The pod has namespaces, a pause, two containers, an orphan that is reaped and one that remains a zombie. It works as root, and as an
    ordinary user if the kernel lets users create namespaces. Nothing is left, however it ends.

    \b
    Examples:
      kubectl pause-inspect demo --step
    """
    if not sys.platform.startswith("linux"):
        message = f"the demo makes namespaces of a Linux kernel, and this is {sys.platform}"
        raise PauseInspectError("NotLinux", message, "run it on a Linux host")
    if step and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise PauseInspectError("WrongUsage", "--step waits for Enter, and this is not a terminal", "leave out --step")
    from kubectl_pause.demo.story import Stage, Story
    from kubectl_pause.demo.waiting import Patience

    with signals_into(threading.Event()) as received:
        _end_with_my_parent()
        patience = Patience(received)
        try:
            stage = Stage(put=terminal.put, show=_show, next_step=lambda: _wait_for_enter(patience) if step else None, bold=_bold)
            shown = Story(stage, patience).tell()
        except EndedBySignal as ended:
            return _interrupted(ended.number)
        except PauseInspectError:
            if not received:
                raise
            return _interrupted(received[0])  # Ctrl-C reaches the collector too, which then says that it failed
    if not shown:
        raise PauseInspectError("NotShown", "the demo could not show all that it says: see `NOT SHOWN` above", "please report this output")
    return ExitCode.DONE


def _end_with_my_parent() -> None:
    """SIGTERM when whoever started this is gone, even by kill -9: nobody is there to see the rest."""
    from kubectl_pause.demo.libc import signal_me_when_my_parent_dies

    parent = os.getppid()
    signal_me_when_my_parent_dies(signal.SIGTERM)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def _interrupted(number: int) -> int:
    from kubectl_pause.cli.terminal import print_error

    with contextlib.suppress(OSError):  # stderr may be a terminal that has gone
        print_error(f"interrupted by {signal.Signals(number).name}; the demo's pod is removed", "")
    return _SIGNALLED + number


def _show(node: NodeReport) -> None:
    from kubectl_pause.render.pod_view import pod_view

    report = finishing.start_report()
    report.nodes.append(node)
    terminal.put(pod_view(report, wide=False, width=min(_WIDTH, terminal.width() or _WIDTH), colour=terminal.colour()))


def _bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m" if terminal.colour() else text


def _wait_for_enter(patience: Patience) -> None:
    terminal.put("\n   Enter for the next step ... ")
    patience.until(_line_came, "Enter", _PATIENCE_WITH_PEOPLE)


def _line_came() -> bool:
    if not select.select([sys.stdin], [], [], 0)[0]:
        return False
    try:
        os.read(sys.stdin.fileno(), _LINES)
    except OSError:  # the terminal has gone
        raise EndedBySignal(signal.SIGHUP) from None
    return True
