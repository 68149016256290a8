"""`kubectl pause-inspect options`."""

from __future__ import annotations

from dataclasses import fields
from typing import get_type_hints

from kubectl_pause.cli.exit_codes import ExitCode
from kubectl_pause.cli.flags import KubeFlags
from kubectl_pause.cli.terminal import put


def options() -> int:
    """List the flags that choose the cluster and the user; every command that reads a cluster accepts them.

    \b
    Examples:
      kubectl pause-inspect options
    """
    from kubectl_pause.render.columns import Column, table

    hints = get_type_hints(KubeFlags, include_extras=True)
    rows = []
    for each in fields(KubeFlags):
        [option] = hints[each.name].__metadata__
        names = sorted([option.default, *option.param_decls], key=len)  # typer has the first where a default would be
        rows.append([", ".join(names), option.metavar or "", option.help])
    lines = table([Column("FLAG"), Column("VALUE"), Column("MEANS")], rows)
    put("These flags mean what they mean in kubectl.\n\n" + "".join(line + "\n" for line in lines))
    return ExitCode.DONE
