"""What the page says of one pod: its sandbox, containers, namespaces, reapers, task limits and processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kubectl_pause.facts.kernel.process import NAMESPACE_TYPES
from kubectl_pause.pasting import command_line
from kubectl_pause.render.evidence import STRANGERS, stranger_rows
from kubectl_pause.render.page.page_table import PageTable, listed, page_table
from kubectl_pause.render.plain_text import age
from kubectl_pause.render.pod_view import CONTAINERS, container_rows, differences, missing_lines, namespace_rows, sandbox_lines
from kubectl_pause.render.tree.branches import Branch
from kubectl_pause.render.tree.tree_view import holder_branch
from kubectl_pause.render.zombies.zombies_view import REAPERS, ZOMBIES, ReaperRow, ZombieRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubectl_pause.report import NodeReport, PodWithoutSandbox, Sandbox

_MOST_ROWS = 20
_MOST_PROCESSES = 40
_DEEPEST = 8
"""Lists in lists: what is deeper stands beside its parent, so that lines on a phone keep their room."""


@dataclass(frozen=True, slots=True)
class PodChapter:
    """One pod. `facts` are labels, each with its texts; `tree` is the process that holds its namespaces, with what hangs on it."""

    number: int
    name: str
    facts: list[tuple[str, list[str]]]
    tables: list[PageTable]
    differences: list[str] = field(default_factory=list)
    tree: Branch | None = None
    findings: int = 0


def sandbox_chapter(node: NodeReport, sandbox: Sandbox, older: list[Sandbox], *, number: int, of_many: bool) -> PodChapter:
    """The chapter of a pod with a sandbox; `older` are those that it had before."""
    name = _name(node, f"{sandbox.pod.namespace}/{sandbox.pod.name}", of_many=of_many)
    name += "" if sandbox.current else ", older sandbox"
    reapers = [ReaperRow(node, sandbox, space) for space in sandbox.pid_namespaces or ()]
    zombies = [ZombieRow(node, sandbox, zombie) for zombie in sandbox.zombies or ()]
    tables = [
        page_table(f"Containers of {name}", _headings(CONTAINERS), container_rows(sandbox.containers)),
        page_table(f"Namespaces of {name}", ["Of", *NAMESPACE_TYPES], namespace_rows(sandbox, wide=False)),
        page_table(
            f"Processes that joined or left {name}",
            _headings(STRANGERS),
            stranger_rows(sandbox.strangers[:_MOST_ROWS]),
            more=max(0, len(sandbox.strangers) - _MOST_ROWS),
        ),
        listed(f"Reapers of {name}", REAPERS, reapers, without=("POD", "PIDS", "LIMITED-BY")),
        listed(f"Zombies of {name}", ZOMBIES, zombies[:_MOST_ROWS], more=max(0, len(zombies) - _MOST_ROWS)),
        _limits(sandbox, name),
    ]
    return PodChapter(
        number=number,
        name=name,
        facts=_facts([*sandbox_lines(node, sandbox, older, whole_id=True), *_arguments(sandbox)]),
        tables=[table for table in tables if table],
        differences=differences(sandbox),
        tree=None if sandbox.processes is None else _bounded(holder_branch(sandbox)),
        findings=len(sandbox.findings),
    )


def missing_chapter(node: NodeReport, pod: PodWithoutSandbox, *, number: int, of_many: bool) -> PodChapter:
    """The chapter of a pod for which no sandbox was seen."""
    name = _name(node, f"{pod.pod.namespace}/{pod.pod.name}", of_many=of_many)
    table = page_table(f"Containers of {name}", _headings(CONTAINERS), container_rows(pod.containers))
    return PodChapter(number=number, name=name, facts=_facts(missing_lines(node, pod)), tables=[table] if table else [])


def _name(node: NodeReport, pod: str, *, of_many: bool) -> str:
    return f"{pod} on {node.name}" if of_many else pod


def _headings(columns: Iterable[object]) -> list[str]:
    return [str(getattr(column, "heading", "")) for column in columns]


def _facts(lines: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """A label that is "" goes on with the one before; two blanks, which part texts in a terminal, are a comma here."""
    facts: list[tuple[str, list[str]]] = []
    for label, written in lines:
        text = written.replace("  ", ", ")
        if label or not facts:
            facts.append((label, [text]))
        else:
            facts[-1][1].append(text)
    return facts


def _arguments(sandbox: Sandbox) -> list[tuple[str, str]]:
    reapers = [space.reaper for space in sandbox.pid_namespaces or () if space.reaper and space.reaper.arguments]
    return [("Arguments", f"pid {reaper.pid}: {command_line(*reaper.arguments or ())}") for reaper in reapers]


def _limits(sandbox: Sandbox, name: str) -> PageTable | None:
    """Every limit on tasks that applies, the one with the least room marked."""
    pids = sandbox.pids
    rows = [
        [
            scope.scope + (" (binds first)" if pids and scope.scope == pids.limited_by else ""),
            f"{scope.current} of {scope.max}",
            f"{100 * scope.current / max(scope.max, 1):.1f} %",
            "-" if scope.zombies is None else str(scope.zombies),
            "-" if scope.refused is None else str(scope.refused),
            age(scope.seconds_left) if scope.growth_per_second else "-",
        ]
        for scope in (pids.scopes if pids else ())
    ]
    return page_table(f"Task limits of {name}", ["Limit", "Tasks", "Full", "Zombies", "Refused forks", "Full in"], rows)


def _bounded(root: Branch) -> Branch:
    """The tree with at most so many branches, and none too deep."""
    left = _MOST_PROCESSES
    dropped = 0

    def copied(branch: Branch, depth: int) -> list[Branch]:
        nonlocal left, dropped
        if left <= 0:
            dropped += 1
        left -= 1
        keep = left >= 0
        below = [copy for child in branch.branches for copy in copied(child, depth + 1)]
        own = [Branch(branch.text.replace("  ", ", "), branch.style, below if depth < _DEEPEST else [])] if keep else below
        return own + (below if keep and depth >= _DEEPEST else [])

    [whole] = copied(root, 0)
    if dropped:
        whole.branches.append(Branch(f"and {dropped} more: -o tree of the verb pod has them all", "dim"))
    return whole
