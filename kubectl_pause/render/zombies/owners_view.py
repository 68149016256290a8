"""Zombies by owner: the summary below the zombies view, and `-o owners`, a message to each team that can be sent as it is."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from kubectl_pause.render.columns import command_lines
from kubectl_pause.render.listing import ListedColumn
from kubectl_pause.render.plain_text import age, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kubectl_pause.report import NodeReport, PodIdentity, Report, Sandbox, ZombieGroup

_COLUMNS = 78
"""Of a message: what mail and chat show without breaking it again."""
_LONGEST = 1000
_MOST_PODS = 10


@dataclass(frozen=True, slots=True)
class OwnerRow:
    """The zombies of one workload on all nodes; `stay` is None where there was one look."""

    namespace: str
    owner: str
    nodes: list[str]
    pods: int
    count: int
    stay: int | None
    why: list[str]


OWNERS: tuple[ListedColumn[OwnerRow], ...] = (
    ListedColumn("NAMESPACE", least=9, path="", value=lambda row: row.namespace, about="Namespace of the workload."),
    ListedColumn("WORKLOAD", least=12, path="", value=lambda row: row.owner,
                 about="What a person would change: a Deployment, say, or the pod itself."),
    ListedColumn("NODES", least=8, rank=2, path="", of_many=True, value=lambda row: ",".join(row.nodes), about="On which nodes."),
    ListedColumn("PODS", rank=3, path="", value=lambda row: str(row.pods), about="How many of its pods have zombies."),
    ListedColumn("ZOMBIES", path="", value=lambda row: str(row.count), about="How many zombies they have."),
    ListedColumn("STAY", rank=1, path="", value=lambda row: "?" if row.stay is None else str(row.stay),
                 about="How many of these two looks saw; ? after one look."),
    ListedColumn("WHY", least=12, cut="end", rank=4, path="", value=lambda row: ", ".join(row.why) or "-", about="What is wrong."),
)  # fmt: skip
"""What is said of a workload, below everything."""


def owner_rows(report: Report) -> list[OwnerRow]:
    """One row per namespace and workload, those with the most zombies that stay in front."""
    by_owner = _by_owner(report, lambda pod: pod.workload or pod.owner)
    rows = []
    for (namespace, name), owned in by_owner.items():
        groups = [group for _, sandbox in owned for group in sandbox.zombie_groups]
        looks = [zombie.lasting for _, sandbox in owned for zombie in sandbox.zombies or ()]
        rows.append(
            OwnerRow(
                namespace=namespace,
                owner=name,
                nodes=sorted({node for node, _ in owned}),
                pods=len({sandbox.pod.uid for _, sandbox in owned}),
                count=sum(group.count for group in groups),
                stay=looks.count(True) if any(look is not None for look in looks) else None,
                why=list(dict.fromkeys(group.verdict for group in groups if group.transient < group.count)),
            )
        )
    return sorted(rows, key=lambda row: -(row.stay or row.count))


@dataclass(frozen=True, slots=True)
class _Fault:
    """Zombies of one workload with one cause, in perhaps several pods."""

    group: ZombieGroup
    places: list[tuple[NodeReport, Sandbox, ZombieGroup]]


def owner_messages(report: Report) -> str:
    """A message for each namespace and workload with zombies that stay: what, since when, why, what to do. Plain text, 78 columns."""
    messages = []
    for (namespace, owner), owned in sorted(_by_owner(report, lambda pod: pod.workload).items()):
        faults = _faults(report, {sandbox.id for _, sandbox in owned})
        if faults:
            kind, _, name = owner.partition("/")
            messages.append(_message(f"{kind} {name} in namespace {namespace}", faults))
    return "\n\n".join(messages) or "No pod has zombies that stay.\n"


def _by_owner(report: Report, owner_of: Callable[[PodIdentity], str | None]) -> dict[tuple[str, str], list[tuple[str, Sandbox]]]:
    """Node and sandbox of those with zombies, by namespace and workload; a pod without one is its own."""
    by_owner: dict[tuple[str, str], list[tuple[str, Sandbox]]] = {}
    for node in report.nodes:
        for sandbox in node.sandboxes:
            if sandbox.zombies:
                owner = (sandbox.pod.namespace, owner_of(sandbox.pod) or f"Pod/{sandbox.pod.name}")
                by_owner.setdefault(owner, []).append((node.name, sandbox))
    return by_owner


def _faults(report: Report, sandboxes: set[str]) -> list[_Fault]:
    """By verdict, container, who the parent is and what is to be done, in the order of the report."""
    faults: dict[tuple[object, ...], _Fault] = {}
    for node in report.nodes:
        for sandbox in node.sandboxes:
            for group in sandbox.zombie_groups if sandbox.id in sandboxes else ():
                if group.transient < group.count:
                    alike = group.verdict, group.container, group.parent.role, group.parent.comm, tuple(group.remedies)
                    faults.setdefault(alike, _Fault(group, [])).places.append((node, sandbox, group))
    return list(faults.values())


def _message(whose: str, faults: list[_Fault]) -> str:
    count = sum(group.count - group.transient for fault in faults for _, _, group in fault.places)
    it, them = ("1 zombie", "It holds a process number") if count == 1 else (f"{count} zombies", "Each holds a process number")
    lines = _wrapped(f"{whose}: {it}.")
    lines += ["", *_wrapped(
        "A zombie is a process that has ended and that its parent has not waited for. "
        f"{them} until then; once a limit of those is reached, nothing more can be started there."
    )]  # fmt: skip
    for fault in faults:
        lines += ["", *_fault_lines(fault)]
    return "".join(line + "\n" for line in lines)


def _fault_lines(fault: _Fault) -> list[str]:
    group, lines = fault.group, []
    names: dict[str, int] = {}
    for _, _, one in fault.places:
        for name, count in one.names.items():
            names[name] = names.get(name, 0) + count
    of = ", ".join(f"{count} {name}" for name, count in names.items())
    container = f"in container {group.container}, " if group.container else ""
    lines += _point("What", f"{of}; {container}below {group.parent.comm or 'a parent'} ({group.parent.role})")
    places = [f"{sandbox.pod.name} on node {node.name} (parent pid {one.parent.pid})" for node, sandbox, one in fault.places]
    more = [f"and {len(places) - _MOST_PODS} more pods"] if len(places) > _MOST_PODS else []
    for place in [*places[:_MOST_PODS], *more]:
        lines += _wrapped(place, "  in pod " if place not in more else "  ")
    lines += _point("Since when", _since(fault.places))
    sure = "" if group.confidence == "certain" else f" ({group.confidence})"
    lines += _point("Why", group.message + sure)
    for index, remedy in enumerate(group.remedies):
        lines += _point("or" if index else "What to do", remedy)
    return lines


def _since(places: Iterable[tuple[NodeReport, Sandbox, ZombieGroup]]) -> str:
    """When the oldest and the newest died, about; the time of the look where only that is known."""
    oldest, newest, looked = None, None, []
    for node, _, group in places:
        looked.append(node.captured_at or "")
        if group.oldest_seconds is not None:
            oldest = max(oldest or 0.0, group.oldest_seconds)
            newest = group.newest_seconds if newest is None else min(newest, group.newest_seconds or 0.0)
    seen = min(filter(None, looked), default="")
    when = f", seen at {seen}" if seen else ""
    if oldest is None:
        return f"not known{when}"
    between = age(oldest) if age(oldest) == age(newest) else f"{age(newest)} to {age(oldest)}"
    return f"{_moment(seen, oldest)}dead for about {between}{when}"


def _moment(seen: str, seconds: float) -> str:
    try:
        began = datetime.fromisoformat(seen) - timedelta(seconds=seconds)
    except (ValueError, OverflowError):
        return ""
    return f"since about {began.isoformat(sep=' ', timespec='minutes').replace('+00:00', ' UTC')}, "


def _point(label: str, text: str) -> list[str]:
    """`Label: text`; a command to paste stands on lines of its own, and is broken between words alone, as a shell takes it."""
    command, mark, remark = text.partition("  # ")
    if not command.startswith("kubectl "):
        return _wrapped(text, f"{label}: ")
    return [*_wrapped(f"{remark}:" if mark else "", f"{label}: "), *_command(command)]


def _command(command: str) -> list[str]:
    return [f"    {line}" for line in command_lines(visible(command, _LONGEST), _COLUMNS - 4)]


def _wrapped(text: str, first: str = "") -> list[str]:
    shown = visible(text, _LONGEST)
    indent = "  " if first else ""
    return textwrap.wrap(
        first + shown, _COLUMNS, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )
