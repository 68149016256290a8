"""The entry point: run a verb, and turn whatever happens into an exit code and at most two lines."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from kubectl_pause.cli.dry_run import DryRunDone
from kubectl_pause.cli.exit_codes import ExitCode
from kubectl_pause.cli.terminal import PROGRAM, OutputLost, ReaderLeft, prepare_streams, print_error, writing
from kubectl_pause.errors import PauseInspectError
from kubectl_pause.signals import EndedBySignal

if TYPE_CHECKING:
    from collections.abc import Sequence


def main() -> NoReturn:
    """The console script `kubectl-pause_inspect`."""
    prepare_streams()
    gc.set_threshold(100_000)  # a short run makes much that lives to its end: looking for cycles in it costs 3 % of it
    try:
        code = run(sys.argv[1:])
        if sys.stdout.writable():
            with writing():
                sys.stdout.flush()
    except (OutputLost, ReaderLeft) as error:
        code = _output_lost(error)
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    except OSError as error:
        code = _failed(error)
    except Exception as error:  # noqa: BLE001 (a defect of ours is told in a line, not in a traceback)
        print_error(
            f"this is a defect of {PROGRAM}: {type(error).__name__}: {error}{_place_of(error)}", "please report it with what you ran"
        )
        code = _failure_code(sys.argv[1:])
    sys.exit(code)


def complete(words: Sequence[str]) -> NoReturn:
    """The console script `kubectl_complete-pause_inspect`, and `__complete` of the plugin: candidates for the last of the words.

    Whatever happens, nothing but them is printed, and the exit code is 0.
    """
    from kubectl_pause.cli.completing.candidates import answer

    try:
        sys.stdout.write(answer(words))
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(ExitCode.DONE)


def _failed(error: OSError) -> int:
    """An OSError that nobody expected. It is the output's where stdout takes nothing any more: typer writes help by itself."""
    try:
        if not sys.stdout.writable():
            return _output_lost(OutputLost("it is closed"))
        with writing():
            sys.stdout.flush()
    except (OutputLost, ReaderLeft) as lost:
        return _output_lost(lost)
    file = f"{error.filename}: " if error.filename else ""
    print_error(f"{file}{error.strerror or error}", "is it there, and may you read it?" if file else "")
    return _failure_code(sys.argv[1:])


def _place_of(error: Exception) -> str:
    """Where it was raised: what a report of a defect needs of a traceback."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f" (line {trace.tb_lineno} of {os.path.basename(trace.tb_frame.f_code.co_filename)})" if trace else ""  # noqa: PTH119 (no path)


def _output_lost(error: OutputLost | ReaderLeft) -> int:
    """The reader left, as `| head` does, or there is no room: what is still buffered goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    failure = _failure_code(sys.argv[1:])
    if isinstance(error, ReaderLeft):
        return ExitCode.DONE if failure == ExitCode.ERROR else failure  # of `diff` 0 would say that nothing has changed
    print_error(f"the output could not be written: {error.why}", "write it to where there is room")
    return failure


def _failure_code(arguments: Sequence[str]) -> ExitCode:
    """1 is no failure of `diff`, but its answer."""
    from kubectl_pause.cli.app import VERBS

    return ExitCode.TROUBLE if next((word for word in arguments if word in VERBS), "") == "diff" else ExitCode.ERROR


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; ReaderLeft, OutputLost, OSError and defects get out."""
    try:
        return _run(arguments)
    except PauseInspectError as error:
        print_error(error.message, error.hint)
        return _failure_code(arguments)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED


def _run(arguments: Sequence[str]) -> int:
    import typer

    from kubectl_pause.cli.app import VERBS, app_with, flag_names
    from kubectl_pause.cli.argument_order import VERB_ALIASES, normalise, verb_asked

    # Only a verb in front is one for certain: behind a flag the same word may be the flag's value.
    arguments = verb_asked(arguments)
    command = typer.main.get_command(app_with(arguments[:1] if arguments and arguments[0] in VERBS else VERBS))
    valued, switches = flag_names(command)
    words = normalise(arguments, (*VERBS, *VERB_ALIASES, "help"), valued, switches | {"-h", "--help"})
    try:
        result = command.main(args=verb_asked(words), prog_name=PROGRAM, standalone_mode=False)
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
        return _failure_code(arguments)
    return result if isinstance(result, int) else ExitCode.DONE
