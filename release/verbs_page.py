"""Writes docs/verbs.md from the program itself: `make docs`. A test holds the file to it."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import typer

from kubectl_pause.cli.app import VERBS, app_with
from kubectl_pause.cli.exit_codes import ExitCode

TARGET = Path(__file__).parent.parent / "docs" / "verbs.md"
HEAD = """# Verbs, flags and exit codes

Made by `make docs` from the program. The flags that choose the cluster and the user are kubectl's:
`kubectl pause-inspect options` lists them.
"""


def reference() -> str:
    """The whole page."""
    command: Any = typer.main.get_command(app_with(VERBS))
    parts = [HEAD, *(_verb(name, command.commands[name]) for name in VERBS), _exit_codes()]
    return "\n".join(parts)


def _verb(name: str, command: Any) -> str:
    text = inspect.cleandoc(command.help or "")
    prose, _, examples = text.partition("Examples:\n")
    lines = [f"## {name}", "", *_paragraphs(prose)]
    if examples:
        lines += ["```sh", *(line.strip() for line in examples.strip().splitlines()), "```", ""]
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    options = [parameter for parameter in command.params if parameter.param_type_name == "option" and not parameter.hidden]
    rows = [f"| `{_escaped(argument.human_readable_name)}` | {_escaped(argument.help or '')} |" for argument in arguments]
    rows += [f"| {_names(option)} | {_escaped(option.help or '')} |" for option in options if option.help]
    if rows:
        lines += ["| argument or flag | means |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def _paragraphs(prose: str) -> list[str]:
    paragraphs = [" ".join(paragraph.replace("\b", "").split()) for paragraph in prose.split("\n\n")]
    return [line for paragraph in filter(None, paragraphs) for line in (paragraph, "")]


def _names(option: Any) -> str:
    names = ", ".join(f"`{name}`" for name in sorted([*option.opts, *option.secondary_opts], key=len))
    value = "" if option.is_flag else f" `{_escaped(option.metavar or '')}`"
    return names + value


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def _exit_codes() -> str:
    rows = [f"| {code.value} | {_EXIT_CODES[code]} |" for code in ExitCode]
    return "\n".join(["## Exit codes", "", "| code | means |", "|---|---|", *rows, ""])


_EXIT_CODES = {
    ExitCode.DONE: "done",
    ExitCode.ERROR: "error or wrong usage, as kubectl; `diff`: something changed; `access`: a permission is missing",
    ExitCode.TROUBLE: "`diff` alone: the captures could not be compared",
    ExitCode.FINDINGS: "`check --fail-on`: a certain finding of that severity or worse",
    ExitCode.PARTIAL: "partial: a node or pod failed, the rest is reported",
    ExitCode.INTERRUPTED: "ended by SIGINT, 143 by SIGTERM; the inspector pods are deleted first",
}

if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")
