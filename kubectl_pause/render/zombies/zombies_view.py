"""The zombies view: a block per pod that has some, a line for a node that has none, and a summary by owner for a message to a team."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_pause.notes import RESTARTED, RUNTIME_UNREAD, SEVERAL_BOOTS, VIRTUAL
from kubectl_pause.render.columns import labelled, painted, remedy_lines
from kubectl_pause.render.evidence import argument_lines
from kubectl_pause.render.listing import ListedColumn, in_order, listing
from kubectl_pause.render.not_read import hidden_processes
from kubectl_pause.render.plain_text import age
from kubectl_pause.render.zombies.owners_view import OWNERS, owner_rows

if TYPE_CHECKING:
    from kubectl_pause.report import NodeReport, PidNamespace, PidScope, Report, Sandbox, Zombie, ZombieGroup

_NODE = "Node"
_MOST_ROWS = 20
"""Zombies shown one by one with `-o wide`, of each pod; JSON has all."""
_MOST_EVIDENCE = 8
_STYLES = {"critical": "bad", "warning": "warn", "info": "dim"}


@dataclass(frozen=True, slots=True)
class ZombieRow:
    """A zombie of a pod, or with `sandbox` None of the node itself."""

    node: NodeReport
    sandbox: Sandbox | None
    zombie: Zombie


@dataclass(frozen=True, slots=True)
class ReaperRow:
    """A PID namespace of a pod."""

    node: NodeReport
    sandbox: Sandbox
    space: PidNamespace


def zombie_rows(report: Report) -> list[ZombieRow]:
    """A row for each zombie of each node."""
    rows: list[ZombieRow] = []
    for node in report.nodes:
        rows += [ZombieRow(node, sandbox, zombie) for sandbox in node.sandboxes for zombie in sandbox.zombies or ()]
        rows += [ZombieRow(node, None, zombie) for zombie in node.host_zombies or ()]
    return rows


def zombie_document(row: ZombieRow) -> dict[str, object]:
    """What paths see of a row: the report's object, with the name of its node as `node` and its pod as `pod`, null for the node's own."""
    import msgspec

    return {"node": row.node.name, "pod": msgspec.to_builtins(row.sandbox.pod) if row.sandbox else None, **msgspec.to_builtins(row.zombie)}


def zombies_view(  # noqa: PLR0913 (a view's surroundings)
    report: Report, *, wide: bool, width: int | None, headings: bool, colour: bool, of_many: bool = False, sort_by: str | None = None
) -> str:
    """Every node of the report; `sort_by` orders the zombies of each pod, which `wide` lists.

    `of_many` says that several nodes were asked for. Raises PauseInspectError for a `sort_by` that fits nothing.
    """
    of_many = of_many or len(report.nodes) > 1
    width = None if wide else width
    blocks: list[list[str]] = []
    quiet_before = False
    for node in report.nodes:
        quiet = not wide and not node.host_zombies and not any(sandbox.zombies for sandbox in node.sandboxes)
        if quiet and quiet_before:
            blocks[-1] += _head(node, width)
        else:
            blocks.append(_head(node, width))
        blocks += (below := _node(node, _Look(wide, width, headings, colour, of_many, sort_by)))
        quiet_before = quiet and not below
    rows = owner_rows(report)
    if rows:
        blocks.append(listing(OWNERS, rows, of_many=of_many, width=width, headings=headings, colour=colour))
    return "\n".join("".join(line + "\n" for line in block) for block in blocks)


@dataclass(frozen=True, slots=True)
class _Look:
    """How everything is shown."""

    wide: bool
    width: int | None
    headings: bool
    colour: bool
    of_many: bool
    sort_by: str | None


def _node(node: NodeReport, look: _Look) -> list[list[str]]:
    """The blocks of one node below its heading."""
    blocks = [_pod(node, sandbox, look) for sandbox in node.sandboxes if sandbox.zombies]
    if node.host_zombies:
        blocks.append(_host(node, look))
    findings = [finding for finding in node.findings if finding.code.startswith("pids/")]
    blocks += [labelled("PIDs", f"{finding.severity}: {finding.message}", look.width) for finding in findings]
    if look.wide and node.sandboxes:
        spaces = [ReaperRow(node, sandbox, space) for sandbox in node.sandboxes for space in sandbox.pid_namespaces or ()]
        blocks.append(listing(REAPERS, spaces, of_many=look.of_many, headings=look.headings))
    return blocks


def _head(node: NodeReport, width: int | None) -> list[str]:
    pods = sum(bool(sandbox.zombies) for sandbox in node.sandboxes)
    count = sum(len(sandbox.zombies or ()) for sandbox in node.sandboxes)
    own = len(node.host_zombies or ())
    looks = "one look" if node.window_seconds is None else f"two looks {node.window_seconds:.1f} s apart"
    visible = sum(VIRTUAL not in sandbox.notes for sandbox in node.sandboxes)
    everywhere = node.sources.runtime and (visible or not node.sandboxes)
    told = f"no zombies in {_counted(visible, 'sandbox', 'sandboxes')}" if everywhere else "no zombies seen"
    if count or own:
        parts = [f"{_counted(count, 'zombie')} in {_counted(pods, 'pod')}"] if count else []
        told = ", ".join([*parts, *([f"{_counted(own, 'zombie')} of the node itself"] if own else [])])
    notes = "".join(f"; {note}" for note in node.sources.notes if note in (RESTARTED, SEVERAL_BOOTS))
    notes += f"; {hidden}" if (hidden := hidden_processes(node)) else ""
    if not node.sources.runtime:
        notes += f"; {RUNTIME_UNREAD}"
    elif node.sources.crictl_failure:
        notes += f"; {node.sources.crictl_failure}"
    return labelled(_NODE, f"{node.name}: {told} ({looks}){notes}", width)


def _pod(node: NodeReport, sandbox: Sandbox, look: _Look) -> list[str]:
    owner = f"  owner {sandbox.pod.owner}" if sandbox.pod.owner else ""
    older = "" if sandbox.current else "  (older sandbox)"
    lines = labelled("Pod", f"{sandbox.pod.namespace}/{sandbox.pod.name}{owner}{older}", look.width)
    lines += [line for group in sandbox.zombie_groups for line in _group(group, look.width, colour=look.colour)]
    if sandbox.pids:
        lines += [line for line in _pids(sandbox.pids.scopes, sandbox.pids.limited_by, look.width) if line]
    return lines + _one_by_one([ZombieRow(node, sandbox, zombie) for zombie in sandbox.zombies or ()], look)


def _host(node: NodeReport, look: _Look) -> list[str]:
    lines = labelled("Host", f"{node.name} itself", look.width)
    lines += [line for group in node.host_zombie_groups for line in _group(group, look.width, colour=look.colour)]
    return lines + _one_by_one([ZombieRow(node, None, zombie) for zombie in node.host_zombies or ()], look)


def _group(group: ZombieGroup, width: int | None, *, colour: bool) -> list[str]:
    lines = labelled("Zombies", group_text(group), width) + argument_lines(group.parent.arguments, "  Parent", width)
    if group.transient == group.count:
        return lines
    sure = "" if group.confidence == "certain" else f" ({group.confidence})"
    style = _STYLES[group.severity] if colour else ""
    lines += [painted(line, style) for line in labelled("  Why", f"{group.message}{sure}  [{group.verdict}]", width)]
    more = [f"and {len(group.evidence) - _MOST_EVIDENCE} more"] if len(group.evidence) > _MOST_EVIDENCE else []
    lines += [line for each in [*group.evidence[:_MOST_EVIDENCE], *more] for line in labelled("", each, width)]
    for index, remedy in enumerate(group.remedies):
        lines += remedy_lines("  or" if index else "  To do", remedy, width)
    return lines


def group_text(group: ZombieGroup) -> str:
    """How many zombies of which names, since when, and the pids of the first."""
    names = ", ".join(f"{count} {name}" for name, count in group.names.items())
    others = group.count - sum(group.names.values())
    names += f", {others} of other names" if others else ""
    pids = ", ".join(map(str, group.pids)) + (", ..." if group.count > len(group.pids) else "")
    gone = f", {group.transient} gone at the second look" if group.transient else ""
    return f"{names}{_ages(group)}{gone}; {'pid' if group.count == 1 else 'pids'} {pids}"


def _ages(group: ZombieGroup) -> str:
    if group.oldest_seconds is None:
        return ""
    newest, oldest = age(group.newest_seconds), age(group.oldest_seconds)
    return f", dead for ~{oldest}" if newest == oldest else f", dead for ~{newest} to ~{oldest}"


def _pids(scopes: list[PidScope], first: str | None, width: int | None) -> list[str]:
    """The limit that binds first, and what zombies hold of it."""
    scope = next((each for each in scopes if each.scope == first), None)
    return labelled("PIDs", scope_text(scope), width) if scope else []


def scope_text(scope: PidScope) -> str:
    """A limit on tasks: how full it is, since when it grows."""
    told = f"{scope.current} of {scope.max} tasks ({scope.scope} binds first)"
    if scope.zombies and scope.zombies <= scope.current:
        told += f", {_counted(scope.zombies, 'zombie')} among them ({100 * scope.zombies / scope.current:.0f} %)"
    if scope.seconds_left is not None and scope.growth_per_second:
        told += f"; growing by {scope.growth_per_second:g}/s, full in {age(scope.seconds_left)}"
    if scope.refused:
        told += f"; {scope.refused} forks refused so far"
    return told


def _one_by_one(rows: list[ZombieRow], look: _Look) -> list[str]:
    if not look.wide:
        return []
    ordered = in_order(ZOMBIES, rows, look.sort_by, zombie_document)
    more = [f"  and {len(rows) - _MOST_ROWS} more: -o json has all"] if len(rows) > _MOST_ROWS else []
    return [*listing(ZOMBIES, ordered[:_MOST_ROWS], of_many=look.of_many, headings=look.headings, indent=2), *more]


def _ended(row: ZombieRow) -> str:
    zombie = row.zombie
    if zombie.kind == "dead-leader":
        return "threads live"
    return f"signal {zombie.signal}" if zombie.signal else f"exit {zombie.exit_code}"


def _parent(row: ZombieRow) -> str:
    return f"{row.zombie.parent.comm or '?'} {row.zombie.ppid} ({row.zombie.parent.role})"


def _reaper(row: ReaperRow) -> str:
    return f"{row.space.reaper.comm} {row.space.reaper.pid}" if row.space.reaper else "-"


def _has_reaped(row: ReaperRow) -> str:
    return row.space.reaper.has_reaped if row.space.reaper and row.space.reaper.role == "pause" else "-"


def _room(row: ReaperRow) -> str:
    pids = row.sandbox.pids
    return f"{pids.current}/{pids.max}" if pids and pids.max is not None else "-"


ZOMBIES: tuple[ListedColumn[ZombieRow], ...] = (
    ListedColumn("NODE", path=".node", of_many=True, value=lambda row: row.node.name, about="The node that was read."),
    ListedColumn("PID", path=".pid", value=lambda row: str(row.zombie.pid), about="The zombie's pid, as the node counts."),
    ListedColumn("NSPID", path=".nsPid", value=lambda row: str(row.zombie.ns_pid or "-"), about="Its pid in its own PID namespace."),
    ListedColumn("NAME", path=".comm", value=lambda row: row.zombie.comm, about="The name of its program."),
    ListedColumn("AGE", path=".ageSeconds", value=lambda row: age(row.zombie.age_seconds), order=lambda row: row.zombie.age_seconds,
                 about="For how long it has been dead, about."),
    ListedColumn("STAYS", path=".lasting", value=lambda row: {True: "yes", False: "no", None: "-"}[row.zombie.lasting],
                 about="Whether a second look saw it too."),
    ListedColumn("ENDED", path=".exitCode", value=_ended, about="Its exit code, or the signal that ended it."),
    ListedColumn("CONTAINER", path=".container", value=lambda row: row.zombie.container or "-", about="The container it is of."),
    ListedColumn("PARENT", path=".parent.pid", value=_parent, about="The process that has to wait for it, and its role."),
    ListedColumn("KNOWN-BY", path=".attributedBy", value=lambda row: row.zombie.attributed_by or "-", about="How its pod is known."),
)  # fmt: skip
"""What is said of a zombie, with -o wide."""
REAPERS: tuple[ListedColumn[ReaperRow], ...] = (
    ListedColumn("NODE", path="", of_many=True, value=lambda row: row.node.name, about="The node that was read."),
    ListedColumn("POD", path="", value=lambda row: f"{row.sandbox.pod.namespace}/{row.sandbox.pod.name}", about="The pod."),
    ListedColumn("PID-NAMESPACE", path="", value=lambda row: str(row.space.inode or "-"), about="Its inode."),
    ListedColumn("MEMBERS", path="", value=lambda row: ",".join(row.space.members), about="Which of the pod's containers are in it."),
    ListedColumn("PROCESSES", path="", value=lambda row: "-" if row.space.processes is None else str(row.space.processes),
                 about="How many processes are in it."),
    ListedColumn("ZOMBIES", path="", value=lambda row: str(row.space.zombies), about="How many of them are zombies."),
    ListedColumn("PID-1", path="", value=_reaper, about="Its PID 1, which should reap."),
    ListedColumn("SIGCHLD", path="", value=lambda row: row.space.reaper.handles_sigchld if row.space.reaper else "-",
                 about="What that does about children that end."),
    ListedColumn("REAPS", path="", value=lambda row: row.space.verdict, about="Whether it reaps."),
    ListedColumn("HAS-REAPED", path="", value=_has_reaped, about="Whether a pause has reaped anything so far."),
    ListedColumn("PIDS", path="", value=_room, about="Tasks of those allowed where the room is least."),
    ListedColumn("LIMITED-BY", path="", value=lambda row: (row.sandbox.pids and row.sandbox.pids.limited_by) or "-",
                 about="Whose limit that is."),
)  # fmt: skip
"""What is said of a PID namespace of a pod, with -o wide."""


def _counted(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"
