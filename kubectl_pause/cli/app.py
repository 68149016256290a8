"""The verbs, gathered: each is the function of the module that bears its name."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from kubectl_pause.cli.terminal import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_WHAT_IT_IS = (
    "See the sandbox behind any pod: its pause process, who shares which namespaces, who should reap its zombies, and what is wrong."
)
_WHERE_TO_BEGIN = f'"{PROGRAM} COMMAND --help" shows examples. "{PROGRAM} access" says whether you are allowed to do this on your cluster.'
_CONNECTION_FLAGS = f'Use "{PROGRAM} options" for kubectl\'s flags that choose the cluster and the user.'
_OF_PROGRAM = ("explain", "schema", "completion", "options", "version")
"""Verbs about the program itself, in the folder `program`."""
HEADINGS = {
    "Look at pods": ("pod", "node", "who", "local"),
    "Find what is wrong": ("why", "check", "zombies"),
    "Offline and reports": ("report", "snapshot", "diff"),
    "Set-up and help": ("access", "cleanup", "demo", *_OF_PROGRAM),
}
"""The headings of `--help`, and the verbs under each. The layout is plain text, so that rich is not loaded."""
_OPTIONS = "Options"
VERBS = tuple(verb for verbs in HEADINGS.values() for verb in verbs)


def app_with(verbs: Iterable[str]) -> typer.Typer:
    """The program with these verbs only: building the flags of all of them takes longer than typer's own start."""
    app = typer.Typer(
        name=PROGRAM,
        cls=_GroupedVerbs,
        help=_WHAT_IT_IS,
        epilog=_WHERE_TO_BEGIN,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_group)
    for verb in verbs:
        place = "verbs.program" if verb in _OF_PROGRAM else "verbs"
        function = getattr(import_module(f"kubectl_pause.cli.{place}.{verb}"), verb)
        takes_connection = "kubeconfig" in inspect.signature(function).parameters
        app.command(
            cls=_GroupedFlags,
            short_help=_first_sentence(function),
            epilog=_CONNECTION_FLAGS if takes_connection else None,
            rich_help_panel=next(heading for heading, listed in HEADINGS.items() if verb in listed),
        )(function)
    return app


def flag_names(command: object) -> tuple[set[str], set[str]]:
    """The names of the flags of all its verbs: those that take a value, and those that take none."""
    flags = [parameter for verb in getattr(command, "commands", {}).values() for parameter in verb.params]
    options = [flag for flag in flags if getattr(flag, "param_type_name", "") == "option"]
    switches = {name for flag in options if getattr(flag, "is_flag", False) for name in [*flag.opts, *flag.secondary_opts]}
    return {name for flag in options if not getattr(flag, "is_flag", False) for name in flag.opts}, switches


def _first_sentence(verb: Callable[..., int]) -> str:
    """The first paragraph of its docstring, on one line, for the list of verbs."""
    paragraph = (verb.__doc__ or "").split("\n\n")[0]
    return " ".join(paragraph.split())


def _group() -> None:  # else typer takes a single verb for the whole program
    pass


class _GroupedVerbs(TyperGroup):
    """Lists the commands under the heading that each names as its `rich_help_panel`."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 (typer calls it)
        """Writes them to `formatter`, in the order in which they were added."""
        rows = [(command.rich_help_panel, (name, command.short_help or "")) for name, command in self.commands.items()]  # type: ignore[attr-defined]
        _write_sections(formatter, rows)


class _GroupedFlags(TyperCommand):
    """Lists the arguments first, then the flags under the heading that each names as its `rich_help_panel`."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Writes them to `formatter`; flags without a heading stand before the others."""
        shown = [(parameter, record) for parameter in self.get_params(ctx) if (record := parameter.get_help_record(ctx)) is not None]
        arguments = [("Arguments", record) for parameter, record in shown if parameter.param_type_name == "argument"]
        flags = [(parameter.rich_help_panel or _OPTIONS, record) for parameter, record in shown if parameter.param_type_name == "option"]  # type: ignore[attr-defined]
        _write_sections(formatter, [*arguments, *sorted(flags, key=lambda row: row[0] != _OPTIONS)])


def _write_sections(formatter: Any, rows: Sequence[tuple[str, tuple[str, str]]]) -> None:
    for heading in dict.fromkeys(heading for heading, _ in rows):
        with formatter.section(heading):
            formatter.write_dl([row for of, row in rows if of == heading])
