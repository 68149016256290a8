"""What is told below a table: findings, strangers, and the commands that prove a claim."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.pasting import command_line
from kubectl_pause.render.columns import Cell, Column, labelled, painted, remedy_lines, table
from kubectl_pause.render.plain_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kubectl_pause.report import Finding, Proof, Stranger

_STYLES = {"warning": "warn", "critical": "bad"}
_MOST_STRANGERS = 20
_LONGEST_LINE = 1000


def finding_lines(findings: Iterable[Finding], *, width: int | None, colour: bool) -> list[str]:
    """Each finding: its severity, subject and message; its code; its evidence, a line each; what to do next."""
    lines: list[str] = []
    for finding in findings:
        first, *rest = labelled(finding.severity, f"{finding.subject}: {finding.message}", width)
        style = _STYLES.get(finding.severity, "") if colour else ""
        lines += ["", painted(first[: len(finding.severity)], style) + first[len(finding.severity) :], *rest]
        for each in (f"{finding.code}, {finding.confidence}", *(f"- {each}" for each in finding.evidence)):
            lines += labelled("", each, width)
        if finding.remedy:
            lines += remedy_lines("  next:", finding.remedy, width)
    return lines


def stranger_lines(strangers: Sequence[Stranger], *, width: int | None, colour: bool) -> list[str]:
    """A table of them, nothing where there are none; of very many the first."""
    if not strangers:
        return []
    more = len(strangers) - _MOST_STRANGERS
    return [
        "",
        *table(STRANGERS, stranger_rows(strangers[:_MOST_STRANGERS]), width=width, colour=colour),
        *([f"and {more} more: -o json has them all"] if more > 0 else []),
    ]


STRANGERS = (
    Column("STRANGER", least=8), Column("PID"), Column("HAS"), Column("NAMESPACES"), Column("CONTAINER", least=8),
    Column("PARENT", least=8),
    Column("BELOW"),
)  # fmt: skip


def stranger_rows(strangers: Sequence[Stranger]) -> list[list[str | Cell]]:
    """A row of STRANGERS for each."""
    return [
        [
            each.comm,
            str(each.pid),
            Cell(each.kind, "warn"),
            ",".join(each.namespaces),
            each.container or "-",
            f"{each.parent_comm or 'pid'} {each.parent_pid}" if each.parent_pid else "-",
            str(each.descendants or "-"),
        ]
        for each in strangers
    ]


def proof_lines(proofs: Sequence[Proof] | None, *, width: int | None) -> list[str]:
    """Lines to paste into a shell on the node: a command, and as its comment what it printed and what that shows."""
    if proofs is None:
        return []
    if not proofs:
        return ["", "# no proof: the node's view of a sandboxed runtime's namespaces means nothing"]
    lines = ["", "# on the node, as root; two that print the same are one namespace"]
    room = max((len(each.command) for each in proofs if len(each.command) < _ORDINARY), default=0)
    for each in proofs:
        command, prints, shows = (visible(text, _LONGEST_LINE) for text in (each.command, each.prints, each.shows))
        line = f"{command:<{room}}  # {prints}  {shows}"
        if width is None or len(line) <= width:
            lines.append(line)
        else:
            lines += [f"{command:<{room}}  # {prints}", *(f"#{part[1:]}" for part in labelled("", shows, width))]
    return lines


def argument_lines(arguments: Sequence[str] | None, label: str, width: int | None) -> list[str]:
    """The arguments of a process as a shell would take them, nothing where they were not asked for."""
    return labelled(label, command_line(*arguments), width) if arguments else []


_ORDINARY = 60
"""Characters of a command on a link in /proc; one on a mount may be longer, and stands out to the right."""
