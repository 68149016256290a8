"""The flags that say how a report is shown, as dataclasses for `flags.with_shared_flags`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Optional, TypeAlias

import typer

from kubectl_pause.cli.flags import OUTPUT, flag
from kubectl_pause.errors import PauseInspectError

_FORMS = "wide, json, yaml, name, jsonpath=TEMPLATE, jsonpath-as-json=TEMPLATE or custom-columns=HEADING:PATH,..."


def _tell_columns(context: typer.Context, asked: bool) -> None:
    """`--help-columns`: prints the columns of the verb's table, and ends the program."""
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
        Optional[str], flag(OUTPUT, "--sort-by", metavar="COLUMN", help="Sort rows by a column's name, or by a path such as .pod.name.")
    ] = None
    help_columns: Annotated[
        bool, flag(OUTPUT, "--help-columns", is_eager=True, callback=_tell_columns, help="List the columns with their paths, and exit.")
    ] = False


def _refuse_format(context: typer.Context, output: str | None) -> None:
    """Refuses `-o FILE`, which was once accepted. Raises PauseInspectError."""
    if output is None:
        return
    from kubectl_pause.pasting import command_line

    verb = str(context.info_name)
    hint = f"give the file with -f: {command_line('kubectl', 'pause-inspect', verb, '...', '-f', output)}"
    raise PauseInspectError("WrongUsage", f"-o is a format, and {verb} has only one", hint)


@dataclass(frozen=True, slots=True)
class FileFlags:
    """Where a verb writes its file."""

    file: Annotated[str, flag(OUTPUT, "--filename", "-f", metavar="FILE", help="File to write; - is stdout.")]
    output: Annotated[Optional[str], typer.Option("--output", "-o", hidden=True, is_eager=True, callback=_refuse_format)] = None


NodeNames: TypeAlias = Annotated[Optional[list[str]], typer.Option("--node", metavar="NAME", help="A node; may be repeated.")]
"""Nodes by a flag, as well as by their names."""

Captured: TypeAlias = Annotated[
    Optional[list[str]],
    flag(OUTPUT, "--from", metavar="FILE", help="Read captures saved by `snapshot` instead of a cluster; may be repeated."),
]


@dataclass(frozen=True, slots=True)
class ViewFlags(OutputFlags):
    """How the report is shown, and whether it is of captures."""

    captured: Captured = None


@dataclass(frozen=True, slots=True)
class WhyFlags(OutputFlags):
    """How explanations are shown, and from where they are taken."""

    captured: Annotated[
        Optional[list[str]],
        flag(
            OUTPUT, "--from", metavar="DUMP", help="Read what `kubectl get pods,events,nodes,leases -A -o json` printed; may be repeated."
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class SandboxOutputFlags(OutputFlags):
    """How sandboxes are shown, also as a tree."""

    output: Annotated[Optional[str], flag(OUTPUT, "--output", "-o", metavar="FORMAT", help=f"tree, {_FORMS}")] = None
    processes: Annotated[
        bool, flag(OUTPUT, "--processes", help="Add each sandbox's processes to the report; -o tree always shows them.")
    ] = False

    @property
    def needs_processes(self) -> bool:
        """Whether the report has to have them."""
        return self.processes or self.output == "tree"


@dataclass(frozen=True, slots=True)
class SandboxViewFlags(SandboxOutputFlags):
    """How sandboxes are shown, and whether they are of captures."""

    captured: Captured = None


@dataclass(frozen=True, slots=True)
class NodeViewFlags(SandboxViewFlags):
    """How sandboxes are shown, also by their networks."""

    output: Annotated[Optional[str], flag(OUTPUT, "--output", "-o", metavar="FORMAT", help=f"tree, network, {_FORMS}")] = None
