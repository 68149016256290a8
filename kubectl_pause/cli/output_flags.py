"""The flags that say how a report is shown, as dataclasses for `flags.with_shared_flags`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Optional, TypeAlias

import typer

from kubectl_pause.cli.flags import OUTPUT, flag

_FORMS = "wide, json, yaml, name, jsonpath=TEMPLATE, jsonpath-as-json=TEMPLATE or custom-columns=HEADING:PATH,..."


def _tell_columns(context: typer.Context, asked: bool) -> None:
    """`--help-columns`: what the verb's table has, from the list that the table is made of."""
    if not asked:
        return
    from kubectl_pause.cli import terminal
    from kubectl_pause.render.listing import help_on
    from kubectl_pause.render.row_kinds import BY_VERB

    kind = BY_VERB[context.info_name or ""]
    tables = [help_on(columns, terminal.width()) for columns in (kind.columns, *kind.others)]
    terminal.put("\n".join("".join(line + "\n" for line in lines) for lines in tables))
    raise typer.Exit


@dataclass(frozen=True, slots=True)
class OutputFlags:
    """How the report is shown."""

    output: Annotated[Optional[str], flag(OUTPUT, "--output", "-o", metavar="FORMAT", help=_FORMS)] = None
    no_headers: Annotated[bool, flag(OUTPUT, "--no-headers", help="Leave out the column names.")] = False
    sort_by: Annotated[
        Optional[str], flag(OUTPUT, "--sort-by", metavar="COLUMN", help="Order of the rows: a column's name, or a path as .pod.name.")
    ] = None
    help_columns: Annotated[
        bool, flag(OUTPUT, "--help-columns", is_eager=True, callback=_tell_columns, help="List the columns with their paths, and exit.")
    ] = False


Captured: TypeAlias = Annotated[
    Optional[list[str]],
    flag(OUTPUT, "--from", metavar="FILE", help="Read captures saved by `snapshot` instead of a cluster; may be repeated."),
]


@dataclass(frozen=True, slots=True)
class ViewFlags(OutputFlags):
    """How the report is shown, and from where it is taken."""

    captured: Captured = None


@dataclass(frozen=True, slots=True)
class SandboxOutputFlags(OutputFlags):
    """How sandboxes are shown: as a tree, too."""

    output: Annotated[Optional[str], flag(OUTPUT, "--output", "-o", metavar="FORMAT", help=f"tree, {_FORMS}")] = None
    processes: Annotated[
        bool, flag(OUTPUT, "--processes", help="Put each sandbox's processes into the report; -o tree shows them without it.")
    ] = False

    @property
    def needs_processes(self) -> bool:
        """Whether the report has to have them."""
        return self.processes or self.output == "tree"


@dataclass(frozen=True, slots=True)
class SandboxViewFlags(SandboxOutputFlags):
    """How sandboxes are shown, and from where the report is taken."""

    captured: Captured = None


@dataclass(frozen=True, slots=True)
class NodeViewFlags(SandboxViewFlags):
    """How sandboxes are shown: by their networks, too."""

    output: Annotated[Optional[str], flag(OUTPUT, "--output", "-o", metavar="FORMAT", help=f"tree, network, {_FORMS}")] = None
