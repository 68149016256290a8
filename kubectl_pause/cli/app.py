"""The verbs, gathered."""

from __future__ import annotations

import typer

from kubectl_pause.cli.demo import demo
from kubectl_pause.cli.local import local
from kubectl_pause.cli.node import node
from kubectl_pause.cli.pod import pod
from kubectl_pause.cli.snapshot import snapshot
from kubectl_pause.cli.version import version
from kubectl_pause.cli.who import who
from kubectl_pause.cli.zombies import zombies

PROGRAM = "kubectl pause-inspect"
VERBS = {"pod": pod, "node": node, "local": local, "who": who, "zombies": zombies, "demo": demo, "snapshot": snapshot, "version": version}

app = typer.Typer(
    name=PROGRAM,
    help="Which sandbox a pod stands on, which pause process holds it, and who shares its namespaces.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _verb in VERBS.values():
    app.command()(_verb)
