"""`kubectl pause-inspect schema`."""

from __future__ import annotations

from typing import Annotated

import typer

from kubectl_pause.cli.exit_codes import ExitCode
from kubectl_pause.cli.terminal import put
from kubectl_pause.errors import PauseInspectError


def schema(
    document: Annotated[
        str,
        typer.Argument(
            metavar="[DOCUMENT]", help="report (-o json and yaml), watch (a line of `zombies --watch`) or diff (`diff -o json`)."
        ),
    ] = "report",
) -> int:
    """Print the JSON Schema of the report, of a line of `zombies --watch`, or of `diff -o json`.

    \b
    Examples:
      kubectl pause-inspect schema
      kubectl pause-inspect schema watch
    """
    from kubectl_pause.schema import DOCUMENTS, as_text

    if document not in DOCUMENTS:
        raise PauseInspectError("WrongUsage", f"no document {document!r}", f"it is one of {', '.join(DOCUMENTS)}")
    put(as_text(document))
    return ExitCode.DONE
