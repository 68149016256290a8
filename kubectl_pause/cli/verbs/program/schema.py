"""`kubectl pause-inspect schema`."""

from __future__ import annotations

from typing import Annotated

import typer

from kubectl_pause.cli.exit_codes import ExitCode
from kubectl_pause.cli.terminal import put
from kubectl_pause.errors import PauseInspectError


def schema(
    document: Annotated[
        str, typer.Argument(metavar="[DOCUMENT]", help="report (of -o json and yaml), watch (a line of `zombies --watch`) or diff.")
    ] = "report",
) -> int:
    """Print the JSON Schema of what the other verbs print.

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
