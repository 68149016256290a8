"""The verbs, gathered: each is the function of the module that bears its name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import typer

from kubectl_pause.cli.terminal import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Iterable

VERBS = ("pod", "node", "local", "who", "zombies", "demo", "snapshot", "cleanup", "access", "version")


def app_with(verbs: Iterable[str]) -> typer.Typer:
    """The program with these verbs only: building the flags of all of them takes longer than typer's own start."""
    app = typer.Typer(
        name=PROGRAM,
        help="Which sandbox a pod stands on, which pause process holds it, and who shares its namespaces.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_group)
    for verb in verbs:
        app.command()(getattr(import_module(f"kubectl_pause.cli.{verb}"), verb))
    return app


def _group() -> None:  # else typer takes a single verb for the whole program
    pass
