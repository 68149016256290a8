"""The zombies view: a block per pod that has some, a line for a node that has none, and a summary by owner for a message to a team."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.notes import RUNTIME_UNREAD
from kubectl_pause.render.columns import Cell, Column, labelled, painted, table
from kubectl_pause.render.plain_text import age

if TYPE_CHECKING:
    from kubectl_pause.report import NodeReport, PidScope, Report, Sandbox, Zombie, ZombieGroup

_NODE = "Node"
_MOST_ROWS = 20
"""Zombies shown one by one with `-o wide`, of each pod; JSON has all."""
_MOST_EVIDENCE = 8
_STYLES = {"critical": "bad", "warning": "warn", "info": "dim"}
_ZOMBIES = (
    Column("PID"), Column("NSPID"), Column("NAME"), Column("AGE"), Column("STAYS"), Column("ENDED"), Column("CONTAINER"),
    Column("PARENT"), Column("KNOWN-BY"),
)  # fmt: skip
_REAPERS = (
    Column("POD"), Column("PID-NAMESPACE"), Column("MEMBERS"), Column("PROCESSES"), Column("ZOMBIES"), Column("PID-1"), Column("SIGCHLD"),
    Column("REAPS"), Column("HAS-REAPED"), Column("PIDS"), Column("LIMITED-BY"),
)  # fmt: skip
_SUMMARY = (
    Column("NAMESPACE", 9), Column("WORKLOAD", 12), Column("PODS"), Column("ZOMBIES"), Column("STAY"), Column("WHY", 12, cut="end"),
)  # fmt: skip


def zombies_view(report: Report, *, wide: bool, width: int | None, headings: bool, colour: bool) -> str:
    """Every node of the report."""
    width = None if wide else width
    blocks: list[list[str]] = []
    quiet_before = False
    for node in report.nodes:
        quiet = not wide and not node.host_zombies and not any(sandbox.zombies for sandbox in node.sandboxes)
        if quiet and quiet_before:
            blocks[-1] += _head(node, width)
        else:
            blocks.append(_head(node, width))
        blocks += _node(node, wide=wide, width=width, headings=headings, colour=colour)
        quiet_before = quiet and blocks[-1][0].startswith(_NODE)
    rows = _summary(report)
    if rows:
        blocks.append(table(_SUMMARY, rows, width=width, headings=headings, colour=colour))
    return "\n".join("".join(line + "\n" for line in block) for block in blocks)


def _node(node: NodeReport, *, wide: bool, width: int | None, headings: bool, colour: bool) -> list[list[str]]:
    """The blocks of one node below its heading."""
    blocks = [_pod(sandbox, wide=wide, width=width, colour=colour) for sandbox in node.sandboxes if sandbox.zombies]
    if node.host_zombies:
        blocks.append(_host(node, wide=wide, width=width, colour=colour))
    findings = [finding for finding in node.findings if finding.code.startswith("pids/")]
    blocks += [labelled("PIDs", f"{finding.severity}: {finding.message}", width) for finding in findings]
    if wide and node.sandboxes:
        blocks.append(table(_REAPERS, [row for sandbox in node.sandboxes for row in _reapers(sandbox)], headings=headings))
    return blocks


def _head(node: NodeReport, width: int | None) -> list[str]:
    pods = sum(bool(sandbox.zombies) for sandbox in node.sandboxes)
    count = sum(len(sandbox.zombies or ()) for sandbox in node.sandboxes)
    own = len(node.host_zombies or ())
    looks = "one look" if node.window_seconds is None else f"two looks {node.window_seconds:.1f} s apart"
    told = f"no zombies in {_counted(len(node.sandboxes), 'sandbox', 'sandboxes')}"
    if count or own:
        parts = [f"{_counted(count, 'zombie')} in {_counted(pods, 'pod')}"] if count else []
        told = ", ".join([*parts, *([f"{_counted(own, 'zombie')} of the node itself"] if own else [])])
    notes = "".join(f"; {note}" for note in node.sources.notes if "captures" in note)
    if not node.sources.runtime:
        notes += f"; {RUNTIME_UNREAD}"
    elif node.sources.crictl_failure:
        notes += f"; {node.sources.crictl_failure}"
    return labelled(_NODE, f"{node.name}: {told} ({looks}){notes}", width)


def _pod(sandbox: Sandbox, *, wide: bool, width: int | None, colour: bool) -> list[str]:
    owner = f"  owner {sandbox.pod.owner}" if sandbox.pod.owner else ""
    older = "" if sandbox.current else "  (older sandbox)"
    lines = labelled("Pod", f"{sandbox.pod.namespace}/{sandbox.pod.name}{owner}{older}", width)
    lines += [line for group in sandbox.zombie_groups for line in _group(group, width, colour=colour)]
    if sandbox.pids:
        lines += [line for line in _pids(sandbox.pids.scopes, sandbox.pids.limited_by, width) if line]
    if wide:
        lines += _one_by_one(sandbox.zombies or [])
    return lines


def _host(node: NodeReport, *, wide: bool, width: int | None, colour: bool) -> list[str]:
    lines = labelled("Host", f"{node.name} itself", width)
    lines += [line for group in node.host_zombie_groups for line in _group(group, width, colour=colour)]
    return lines + (_one_by_one(node.host_zombies or []) if wide else [])


def _group(group: ZombieGroup, width: int | None, *, colour: bool) -> list[str]:
    names = ", ".join(f"{count} {name}" for name, count in group.names.items())
    others = group.count - sum(group.names.values())
    names += f", {others} of other names" if others else ""
    pids = ", ".join(map(str, group.pids)) + (", ..." if group.count > len(group.pids) else "")
    gone = f", {group.transient} gone at the second look" if group.transient else ""
    told = f"{names}{_ages(group)}{gone}; {'pid' if group.count == 1 else 'pids'} {pids}"
    lines = labelled("Zombies", told, width)
    if group.transient == group.count:
        return lines
    sure = "" if group.confidence == "certain" else f" ({group.confidence})"
    style = _STYLES[group.severity] if colour else ""
    lines += [painted(line, style) for line in labelled("  Why", f"{group.message}{sure}  [{group.verdict}]", width)]
    more = [f"and {len(group.evidence) - _MOST_EVIDENCE} more"] if len(group.evidence) > _MOST_EVIDENCE else []
    lines += [line for each in [*group.evidence[:_MOST_EVIDENCE], *more] for line in labelled("", each, width)]
    for index, remedy in enumerate(group.remedies):
        lines += labelled("  or" if index else "  To do", remedy, width)
    return lines


def _ages(group: ZombieGroup) -> str:
    if group.oldest_seconds is None:
        return ""
    newest, oldest = age(group.newest_seconds), age(group.oldest_seconds)
    return f", dead for ~{oldest}" if newest == oldest else f", dead for ~{newest} to ~{oldest}"


def _pids(scopes: list[PidScope], first: str | None, width: int | None) -> list[str]:
    """The limit that binds first, and what zombies hold of it."""
    scope = next((each for each in scopes if each.scope == first), None)
    if scope is None:
        return []
    told = f"{scope.current} of {scope.max} tasks ({scope.scope} binds first)"
    if scope.zombies:
        told += f", {_counted(scope.zombies, 'zombie')} among them ({100 * scope.zombies / max(scope.current, 1):.0f} %)"
    if scope.seconds_left is not None and scope.growth_per_second:
        told += f"; growing by {scope.growth_per_second:g}/s, full in {age(scope.seconds_left)}"
    if scope.refused:
        told += f"; {scope.refused} forks refused so far"
    return labelled("PIDs", told, width)


def _one_by_one(zombies: list[Zombie]) -> list[str]:
    stays = {True: "yes", False: "no", None: "-"}
    rows = [
        [
            str(zombie.pid), str(zombie.ns_pid or "-"), zombie.comm, age(zombie.age_seconds), stays[zombie.lasting], _ended(zombie),
            zombie.container or "-", f"{zombie.parent.comm or '?'} {zombie.ppid} ({zombie.parent.role})", zombie.attributed_by or "-",
        ]
        for zombie in zombies[:_MOST_ROWS]
    ]  # fmt: skip
    more = [f"  and {len(zombies) - _MOST_ROWS} more: -o json has all"] if len(zombies) > _MOST_ROWS else []
    return [*table(_ZOMBIES, rows, indent=2), *more]


def _ended(zombie: Zombie) -> str:
    if zombie.kind == "dead-leader":
        return "threads live"
    return f"signal {zombie.signal}" if zombie.signal else f"exit {zombie.exit_code}"


def _reapers(sandbox: Sandbox) -> list[list[str]]:
    pids = sandbox.pids
    room = f"{pids.current}/{pids.max}" if pids and pids.max is not None else "-"
    return [
        [
            f"{sandbox.pod.namespace}/{sandbox.pod.name}",
            str(space.inode or "-"),
            ",".join(space.members),
            "-" if space.processes is None else str(space.processes),
            str(space.zombies),
            f"{space.reaper.comm} {space.reaper.pid}" if space.reaper else "-",
            space.reaper.handles_sigchld if space.reaper else "-",
            space.verdict,
            space.reaper.has_reaped if space.reaper and space.reaper.role == "pause" else "-",
            room,
            pids.limited_by or "-" if pids else "-",
        ]
        for space in sandbox.pid_namespaces or ()
    ]


def _summary(report: Report) -> list[list[str | Cell]]:
    """One row per namespace and workload, those with the most zombies that stay in front."""
    by_owner: dict[tuple[str, str], list[Sandbox]] = {}
    for sandbox in (each for node in report.nodes for each in node.sandboxes if each.zombies):
        by_owner.setdefault((sandbox.pod.namespace, sandbox.pod.owner or f"Pod/{sandbox.pod.name}"), []).append(sandbox)
    rows: list[tuple[int, list[str | Cell]]] = []
    for (namespace, owner), sandboxes in by_owner.items():
        groups = [group for sandbox in sandboxes for group in sandbox.zombie_groups]
        count = sum(group.count for group in groups)
        stay = sum(zombie.lasting is True for sandbox in sandboxes for zombie in sandbox.zombies or ())
        looked_twice = any(zombie.lasting is not None for sandbox in sandboxes for zombie in sandbox.zombies or ())
        why = dict.fromkeys(group.verdict for group in groups if group.transient < group.count)
        pods = len({sandbox.pod.uid for sandbox in sandboxes})
        cells: list[str | Cell] = [namespace, owner, str(pods), str(count), str(stay) if looked_twice else "?", ", ".join(why) or "-"]
        rows.append((stay or count, cells))
    return [cells for _, cells in sorted(rows, key=lambda row: -row[0])]


def _counted(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"
