"""The entry point: run a verb, and turn whatever happens into an exit code and at most two lines."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from kubectl_pause.cli.dry_run import DryRunDone
from kubectl_pause.cli.exit_codes import ExitCode
from kubectl_pause.cli.terminal import ReaderLeft
from kubectl_pause.cluster.signals import EndedBySignal
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Sequence


def main() -> NoReturn:
    """The console script `kubectl-pause_inspect`."""
    for number, name in ((0, "stdin"), (1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:  # closed by the shell: `>&-`
            setattr(sys, name, open(os.devnull, "r" if number == 0 else "w"))  # noqa: SIM115, PTH123 (for the whole run)
    gc.set_threshold(100_000)  # a short run makes much that lives to its end: looking for cycles in it costs 3 % of it
    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except (OSError, ReaderLeft) as error:
        code = _output_lost(error)
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    sys.exit(code)


def _output_lost(error: OSError | ReaderLeft) -> int:
    """The reader left, as `| head` does, or there is no room: what is still buffered goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, (BrokenPipeError, ReaderLeft)):
        return ExitCode.DONE
    print_error(f"the output could not be written: {error.strerror}", "write it to where there is room")
    return ExitCode.ERROR


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; nothing but BrokenPipeError and ReaderLeft gets out."""
    try:
        return _run(arguments)
    except PauseInspectError as error:
        print_error(error.message, error.hint)
        return ExitCode.ERROR
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED


def print_error(message: str, hint: str) -> None:
    """One line of what happened, one of what to do next, on stderr."""
    from kubectl_pause.render.plain_text import visible

    print(f"error: {visible(message, 2000)}", file=sys.stderr)
    if hint:
        print(f"  next: {visible(hint, 2000)}", file=sys.stderr)


def _run(arguments: Sequence[str]) -> int:
    import typer

    from kubectl_pause.cli.app import PROGRAM, VERBS, app_with
    from kubectl_pause.cli.argument_order import normalise

    mentioned = dict.fromkeys(word for word in arguments if word in VERBS)
    command = typer.main.get_command(app_with(mentioned or VERBS))
    flags = [parameter for verb in getattr(command, "commands", {}).values() for parameter in verb.params]
    options = [flag for flag in flags if getattr(flag, "param_type_name", "") == "option"]
    switches = {name for flag in options if getattr(flag, "is_flag", False) for name in [*flag.opts, *flag.secondary_opts]}
    valued = {name for flag in options if not getattr(flag, "is_flag", False) for name in flag.opts}
    words = normalise(arguments, VERBS, valued, switches | {"-h", "--help"})
    try:
        result = command.main(args=words or ["--help"], prog_name=PROGRAM, standalone_mode=False)
    except typer.Exit as ended:
        return ended.exit_code
    except typer.Abort:
        return ExitCode.INTERRUPTED
    except DryRunDone:
        return ExitCode.DONE
    except EndedBySignal as ended:
        print_error(f"interrupted by {signal.Signals(ended.number).name}; the inspector pods are deleted", "")
        return 128 + ended.number
    except Exception as error:
        usage = getattr(error, "format_message", None)  # typer has its own copy of click and gives its errors no public name
        if usage is None:
            raise
        context = getattr(error, "ctx", None)
        print_error(usage(), f"{context.command_path if context else PROGRAM} --help")
        return ExitCode.ERROR
    return result if isinstance(result, int) else ExitCode.DONE
