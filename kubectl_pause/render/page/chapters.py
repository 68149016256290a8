"""What stands on the page, chapter by chapter: texts and tables, with no word of HTML."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kubectl_pause.pasting import command_line
from kubectl_pause.render.check_view import SEVERITIES, FindingRow, finding_rows, summary
from kubectl_pause.render.node_view import COLUMNS, SandboxRow
from kubectl_pause.render.not_read import hidden_processes, not_read
from kubectl_pause.render.page.page_table import PageTable, listed, page_table
from kubectl_pause.render.page.pod_chapter import PodChapter, missing_chapter, sandbox_chapter
from kubectl_pause.render.page.unread import Unread, unread_parts
from kubectl_pause.render.plain_text import age
from kubectl_pause.render.zombies.zombies_view import group_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubectl_pause.report import Finding, NodeReport, PidScope, Report, Sandbox, ZombieGroup

_MOST_OF_LIMITS = 20
_VERDICTS = {
    "does-not-reap": "its PID 1 does not reap",
    "unlikely": "its PID 1 hardly reaps",
    "unknown": "whether its PID 1 reaps cannot be told",
    "likely": "its PID 1 seems to reap",
    "able": "its PID 1 can reap",
    "reaps": "its PID 1 has reaped",
    "nothing-to-reap": "nothing is left to reap for its PID 1",
    "not-by-pause": "the node's own: the node's init reaps",
}
"""The worst first; what a verdict means, in words for a person."""


@dataclass(frozen=True, slots=True)
class FindingPart:
    """A finding, on which node, and the number of its pod's chapter; None for one of the node itself."""

    finding: Finding
    node: str
    pod: str
    chapter: int | None


@dataclass(frozen=True, slots=True)
class ZombiePart:
    """Zombies of one parent; `whose` they are is a pod or a node. `arguments` are the parent's, "" where they were not asked for."""

    whose: str
    group: ZombieGroup
    text: str
    arguments: str
    chapter: int | None


@dataclass(frozen=True, slots=True)
class Page:
    """All chapters; a table is None where it would have no rows."""

    title: str
    version: str
    started_at: str
    summary: str
    missing: str
    """What could not be read, in a sentence; "" where all was."""
    counts: dict[str, int]
    nodes: PageTable | None
    findings: list[FindingPart] = field(default_factory=list)
    pods: list[PodChapter] = field(default_factory=list)
    others: PageTable | None = None
    zombies: list[ZombiePart] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    """What the count of zombies leaves out."""
    reapers: PageTable | None = None
    limits: PageTable | None = None
    unread: list[Unread] = field(default_factory=list)


def chapters(report: Report, *, named: bool) -> Page:
    """Everything that the page says. `named`: every pod has a chapter of its own, else those with findings alone."""
    rows = finding_rows(report)
    pods, others, numbers = _pods(report, named=named)
    return Page(
        title=_title(report, named=named),
        version=report.tool_version,
        started_at=report.started_at,
        summary=summary(report, rows),
        missing=_sentence(not_read(report)),
        counts={severity: sum(row.finding.severity == severity for row in rows) for severity in SEVERITIES},
        nodes=_nodes(report.nodes, rows),
        findings=[_finding_part(row, numbers) for row in rows],
        pods=pods,
        others=listed("Other pods" if pods else "Pods", COLUMNS, others, of_many=len(report.nodes) > 1),
        zombies=list(_zombies(report.nodes, numbers)),
        hidden=[text for node in report.nodes if (text := hidden_processes(node))],
        reapers=_reapers(report.nodes),
        limits=_limits(report.nodes),
        unread=unread_parts(report),
    )


def _sentence(clauses: list[str]) -> str:
    text = "; ".join(clauses)
    return f"Not all was read: {text}." if text else ""


def _title(report: Report, *, named: bool) -> str:
    if named:
        pods = {f"{sandbox.pod.namespace}/{sandbox.pod.name}" for node in report.nodes for sandbox in node.sandboxes}
        pods |= {f"{missing.pod.namespace}/{missing.pod.name}" for node in report.nodes for missing in node.pods_without_sandbox}
        return f"Pod {next(iter(pods))}" if len(pods) == 1 else f"{len(pods)} pods"
    return f"Node {report.nodes[0].name}" if len(report.nodes) == 1 else f"{len(report.nodes)} nodes"


def _nodes(nodes: list[NodeReport], rows: list[FindingRow]) -> PageTable | None:
    headings = ["Node", "Findings", "Sandboxes", "Containers", "Zombies", "Tasks", "Looks", "Captured", "Runtime", "Kernel"]
    cells = []
    for node in nodes:
        findings: Counter[str] = Counter(row.finding.severity for row in rows if row.node is node)
        zombies = sum(len(sandbox.zombies or ()) for sandbox in node.sandboxes) + len(node.host_zombies or ())
        runtime = f"{node.runtime.name} {node.runtime.version or ''}".strip() if node.runtime else "unknown"
        cells.append([
            node.name,
            ", ".join(f"{findings[severity]} {severity}" for severity in SEVERITIES if findings[severity]) or "none",
            str(len(node.sandboxes)) if node.sources.runtime else "unknown",
            str(sum(len(sandbox.containers) for sandbox in node.sandboxes)) if node.sources.runtime else "unknown",
            str(zombies),
            f"{_number(node.pids.current)} of {_number(node.pids.max)}",
            "one" if node.window_seconds is None else f"two, {node.window_seconds:.1f} s apart",
            node.captured_at or "unknown",
            f"{runtime}, cgroup {node.cgroup or 'unknown'}",
            node.kernel or "unknown",
        ])  # fmt: skip
    return page_table("Nodes", headings, cells)


def _number(value: int | None) -> str:
    return "unknown" if value is None else str(value)


def _finding_part(row: FindingRow, numbers: dict[int, int]) -> FindingPart:
    pod = f"{row.pod.namespace}/{row.pod.name}" if row.pod else ""
    return FindingPart(row.finding, row.node.name, pod, numbers.get(id(row.finding)))


def _pods(report: Report, *, named: bool) -> tuple[list[PodChapter], list[SandboxRow], dict[int, int]]:
    """Chapters, the rows of all other pods, and the numbers of the chapters by the identities of their sandboxes and findings."""
    pods: list[PodChapter] = []
    others: list[SandboxRow] = []
    numbers: dict[int, int] = {}
    of_many = len(report.nodes) > 1
    for node in report.nodes:
        older: dict[str, list[Sandbox]] = {}
        for sandbox in node.sandboxes:
            if not sandbox.current:
                older.setdefault(sandbox.pod.uid, []).append(sandbox)
        for sandbox in node.sandboxes:
            if not (named or sandbox.findings):
                others.append(SandboxRow(node, sandbox=sandbox))
                continue
            numbers |= dict.fromkeys(map(id, (sandbox, *sandbox.findings)), len(pods) + 1)
            elder = older.get(sandbox.pod.uid, []) if sandbox.current else []
            pods.append(sandbox_chapter(node, sandbox, elder, number=len(pods) + 1, of_many=of_many))
        for missing in node.pods_without_sandbox:
            if named:
                pods.append(missing_chapter(node, missing, number=len(pods) + 1, of_many=of_many))
            else:
                others.append(SandboxRow(node, missing=missing))
    return pods, others, numbers


def _zombies(nodes: list[NodeReport], numbers: dict[int, int]) -> Iterable[ZombiePart]:
    for node in nodes:
        for group in node.host_zombie_groups:
            yield ZombiePart(f"node {node.name} itself", group, group_text(group), _arguments(group), None)
        for sandbox in node.sandboxes:
            whose = f"{sandbox.pod.namespace}/{sandbox.pod.name}"
            for group in sandbox.zombie_groups:
                yield ZombiePart(whose, group, group_text(group), _arguments(group), numbers.get(id(sandbox)))


def _arguments(group: ZombieGroup) -> str:
    return command_line(*group.parent.arguments) if group.parent.arguments else ""


def _reapers(nodes: list[NodeReport]) -> PageTable | None:
    """How many PID namespaces of pods there are of each verdict."""
    spaces = [space for node in nodes for sandbox in node.sandboxes for space in sandbox.pid_namespaces or ()]
    verdicts = Counter(space.verdict for space in spaces)
    zombies: Counter[str] = Counter()
    for space in spaces:
        zombies[space.verdict] += space.zombies
    known = [*_VERDICTS, *(verdict for verdict in verdicts if verdict not in _VERDICTS)]
    rows = [[verdict, str(verdicts[verdict]), str(zombies[verdict]), _VERDICTS.get(verdict, "")] for verdict in known if verdicts[verdict]]
    return page_table("PID namespaces of pods, by whether their PID 1 reaps", ["Reaps", "Namespaces", "Zombies", "In words"], rows)


def _limits(nodes: list[NodeReport]) -> PageTable | None:
    """The pods with the least room for tasks."""
    scopes: list[tuple[NodeReport, Sandbox, PidScope]] = []
    for node in nodes:
        for sandbox in node.sandboxes:
            pids = sandbox.pids
            scopes += [(node, sandbox, scope) for scope in (pids.scopes if pids else ()) if pids and scope.scope == pids.limited_by]
    scopes.sort(key=lambda fuller: -fuller[2].current / max(fuller[2].max, 1))
    rows = [
        [
            f"{sandbox.pod.namespace}/{sandbox.pod.name}",
            *([node.name] if len(nodes) > 1 else []),
            f"{scope.current} of {scope.max}",
            f"{100 * scope.current / max(scope.max, 1):.1f} %",
            scope.scope,
            _number(scope.zombies),
            _number(scope.refused),
            age(scope.seconds_left) if scope.growth_per_second else "-",
        ]
        for node, sandbox, scope in scopes[:_MOST_OF_LIMITS]
    ]
    node_heading = ["Node"] if len(nodes) > 1 else []
    headings = ["Pod", *node_heading, "Tasks", "Full", "Limited by", "Zombies", "Refused forks", "Full in"]
    return page_table("Pods with the least room for tasks", headings, rows, more=max(0, len(scopes) - _MOST_OF_LIMITS))
