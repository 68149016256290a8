"""The verbs, gathered: each is the function of the module that bears its name."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import TYPE_CHECKING

import typer

from kubectl_pause.cli.terminal import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_WHERE_TO_BEGIN = f'"{PROGRAM} VERB --help" has examples; "{PROGRAM} access" tells whether you may do all of this on your cluster.'
_CONNECTION_FLAGS = f'Use "{PROGRAM} options" for the flags of the connection, which are kubectl\'s.'
_OF_PROGRAM = ("explain", "schema", "completion", "options", "version")
"""Verbs that tell of the program itself, in the folder `program`."""
VERBS = (
    "pod",
    "node",
    "local",
    "who",
    "zombies",
    "check",
    "why",
    "report",
    "demo",
    "snapshot",
    "diff",
    "cleanup",
    "access",
    *_OF_PROGRAM,
)


def app_with(verbs: Iterable[str]) -> typer.Typer:
    """The program with these verbs only: building the flags of all of them takes longer than typer's own start."""
    app = typer.Typer(
        name=PROGRAM,
        help="Which sandbox a pod stands on, which pause process holds it, and who shares its namespaces.",
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
        app.command(short_help=_first_sentence(function), epilog=_CONNECTION_FLAGS if takes_connection else None)(function)
    return app


def flag_names(command: object) -> tuple[set[str], set[str]]:
    """The names of the flags of all its verbs: those that take a value, and those that take none."""
    flags = [parameter for verb in getattr(command, "commands", {}).values() for parameter in verb.params]
    options = [flag for flag in flags if getattr(flag, "param_type_name", "") == "option"]
    switches = {name for flag in options if getattr(flag, "is_flag", False) for name in [*flag.opts, *flag.secondary_opts]}
    return {name for flag in options if not getattr(flag, "is_flag", False) for name in flag.opts}, switches


def _first_sentence(verb: Callable[..., int]) -> str:
    """Whole, for the list of verbs, which cuts what it shortens itself."""
    paragraph = (verb.__doc__ or "").split("\n\n")[0]
    return " ".join(paragraph.split())


def _group() -> None:  # else typer takes a single verb for the whole program
    pass
