"""`kubectl pause-inspect explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Optional

import typer

from kubectl_pause.cli import terminal
from kubectl_pause.cli.exit_codes import ExitCode
from kubectl_pause.errors import PauseInspectError

if TYPE_CHECKING:
    from collections.abc import Collection


def explain(
    code: Annotated[
        Optional[str], typer.Argument(metavar="[CODE]", help="Code of a finding, such as zombie/no-init; without, list all codes.")
    ] = None,
    output: Annotated[Optional[str], typer.Option("--output", "-o", metavar="FORMAT", help="json.")] = None,
) -> int:
    """Explain the code of a finding: what proves it, what is easily mistaken for it, what to do, and where the rule comes from.

    No cluster is read. docs/findings.md has the same text.

    \b
    Examples:
      kubectl pause-inspect explain zombie/no-init
      kubectl pause-inspect explain
    """
    from kubectl_pause.finding_codes.table import CODES
    from kubectl_pause.render.documents.outputs import check_form
    from kubectl_pause.render.explain_view import codes_as_json, explained, list_of_codes

    check_form(output, ("json",))
    if code is not None and code not in CODES:
        raise PauseInspectError("WrongUsage", f"no finding has the code {code!r}", _near(code, CODES))
    found = CODES[code] if code is not None else None
    if output:
        terminal.put(codes_as_json(found or list(CODES.values())))
    else:
        width = terminal.width()
        terminal.put(explained(found, width) if found else list_of_codes(CODES.values(), width))
    return ExitCode.DONE


def _near(code: str, known: Collection[str]) -> str:
    """What may have been meant: codes that are written much alike, else those of which it is a half."""
    from kubectl_pause.select.target_names import near_names

    halves = ", ".join(each for each in known if code in each.split("/"))
    return near_names(code, known) or (f"did you mean {halves}?" if halves else f"{terminal.PROGRAM} explain lists all codes")
