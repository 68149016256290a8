"""The pod view: the sandbox a pod stands on, who holds it, its containers, and which namespaces are shared with whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.facts.kernel.process import NAMESPACE_TYPES
from kubectl_pause.notes import RUNTIME_UNREAD
from kubectl_pause.pasting import command_line
from kubectl_pause.render.columns import LABEL, Cell, Column, labelled, table
from kubectl_pause.render.evidence import finding_lines, proof_lines, stranger_lines
from kubectl_pause.render.node_view import sandbox_age
from kubectl_pause.render.plain_text import age, short_id

if TYPE_CHECKING:
    from kubectl_pause.report import Container, ContainerNamespace, NodeReport, PodIdentity, PodWithoutSandbox, Report, Sandbox

_MADE_BY = {"docker": "made by Docker", "podman": "made by podman", "hand-made": "made by hand"}
"""Pods of `local` that neither an API nor a CRI runtime knows."""
_LEAST_TELLING = ("user", "mnt", "cgroup", "time")
"""Namespaces that a terminal without room for all goes without, the last first: they are the same in ordinary pods."""
_NOTABLE = ("net", "ipc", "uts", "pid")
"""Namespaces whose sharing with the node is worth a colour: user, cgroup and time are the node's in ordinary pods."""


def pod_view(report: Report, *, wide: bool, width: int | None, colour: bool, headings: bool = True) -> str:
    """Every pod of the report, a block each, with a blank line in between; `headings` are those of the tables in it."""
    blocks = []
    width = None if wide else width
    for node in report.nodes:
        older: dict[str, list[Sandbox]] = {}
        for sandbox in node.sandboxes:
            if not sandbox.current:
                older.setdefault(sandbox.pod.uid, []).append(sandbox)
        blocks += [
            _block(node, sandbox, older.get(sandbox.pod.uid, []), wide=wide, width=width, headings=headings, colour=colour)
            for sandbox in node.sandboxes
            if sandbox.current
        ]
        blocks += [_without(node, each, width=width, headings=headings, colour=colour) for each in node.pods_without_sandbox]
        unread = [finding for finding in node.findings if finding.code.startswith("node/")]
        blocks += [finding_lines(unread, width=width, colour=colour)[1:]] if unread else []
    return "\n".join("".join(line + "\n" for line in block) for block in blocks)


def _block(  # noqa: PLR0913 (one block's surroundings)
    node: NodeReport, sandbox: Sandbox, older: list[Sandbox], *, wide: bool, width: int | None, headings: bool, colour: bool
) -> list[str]:
    whole_id = width is None or len(sandbox.id) + LABEL <= width
    pairs = sandbox_lines(node, sandbox, older, whole_id=whole_id)
    lines = [line for label, text in pairs for line in labelled(label, text, width)]
    lines += ["", *_containers(sandbox.containers, width=width, headings=headings, colour=colour), *_arguments(sandbox, width)]
    lines += ["", *_namespaces(sandbox, wide=wide, width=width, headings=headings, colour=colour), *_differences(sandbox, width=width)]
    lines += stranger_lines(sandbox.strangers, width=width, colour=colour)
    lines += finding_lines(sandbox.findings, width=width, colour=colour)
    return lines + proof_lines(sandbox.proofs, width=width)


def sandbox_lines(node: NodeReport, sandbox: Sandbox, older: list[Sandbox], *, whole_id: bool) -> list[tuple[str, str]]:
    """What is said of a sandbox and its pod before all tables: labels, "" for one that goes on, and texts."""
    attempt = "attempt unknown (crictl would tell)" if sandbox.attempt is None else f"attempt {sandbox.attempt}"
    facts = [sandbox.state or "state unknown", *([] if sandbox.pod.kind in _MADE_BY else [attempt])]
    old = sandbox_age(node, sandbox)
    if old is not None:
        facts.append(f"{age(old)} old")
    return [
        _head(node, sandbox.pod),
        ("Node", _node_line(node)),
        ("Sandbox", f"{short_id(sandbox.id)}  {', '.join(facts)}"),
        *([("", sandbox.id)] if whole_id else []),  # the short one is above
        ("Held by", holder_text(sandbox)),
        *_alive(sandbox),
        ("IP", ", ".join(sandbox.ips) or "-"),
        ("Runtime", f"handler {sandbox.runtime_handler or 'default'}, pause image {sandbox.image or 'unknown'}"),
        *(("Older", _older(node, each)) for each in older),
        *_notes(sandbox.notes),
    ]


def _older(node: NodeReport, sandbox: Sandbox) -> str:
    attempt = "attempt unknown" if sandbox.attempt is None else f"attempt {sandbox.attempt}"
    old = sandbox_age(node, sandbox)
    told = [f"{short_id(sandbox.id)}  {sandbox.state or 'state unknown'}", attempt, *([] if old is None else [f"{age(old)} old"])]
    return ", ".join(told)


def _without(node: NodeReport, pod: PodWithoutSandbox, *, width: int | None, headings: bool, colour: bool) -> list[str]:
    lines = [line for label, text in missing_lines(node, pod) for line in labelled(label, text, width)]
    return [*lines, "", *_containers(pod.containers, width=width, headings=headings, colour=colour)]


def missing_lines(node: NodeReport, pod: PodWithoutSandbox) -> list[tuple[str, str]]:
    """The same of a pod for which no sandbox was seen."""
    return [
        _head(node, pod.pod),
        ("Node", _node_line(node)),
        ("Sandbox", _no_sandbox(node)),
        *([(pod.pod.phase or "Status", ": ".join(filter(None, (pod.reason, pod.message))))] if pod.reason or pod.message else []),
        *_notes(pod.notes),
    ]


def _no_sandbox(node: NodeReport) -> str:
    if not node.sources.runtime:
        return f"unknown: {RUNTIME_UNREAD}"
    return "none seen on the node" + ("" if node.sources.crictl else "; without crictl a stopped one cannot be seen")


def _notes(notes: list[str]) -> list[tuple[str, str]]:
    return [("Note" if index == 0 else "", note) for index, note in enumerate(notes)]


def _head(node: NodeReport, pod: PodIdentity) -> tuple[str, str]:
    told = [_MADE_BY.get(pod.kind or "") or pod.phase or ("not known to the API" if node.sources.api else "the API was not asked")]
    if pod.kind == "static":
        told.append("static pod")
    if pod.owner:
        told.append(f"owner {pod.owner}")
    return "Pod", f"{pod.namespace}/{pod.name}  {', '.join(told)}"


def _node_line(node: NodeReport) -> str:
    runtime = f"{node.runtime.name} {node.runtime.version or ''}".strip() if node.runtime else "runtime unknown"
    failure = node.sources.crictl_failure
    crictl = "" if node.sources.crictl else f", read without crictl{f': {failure}' if failure else ''}"
    return f"{node.name}  {runtime}, cgroup {node.cgroup or 'unknown'}{crictl}"


def holder_text(sandbox: Sandbox) -> str:
    """The process that keeps the namespaces alive, or what does where there is none."""
    if sandbox.holder == "virtual":
        return "a sandboxed runtime (gVisor, Kata)"
    if sandbox.pid is not None:
        return f"{sandbox.holder_command}, pid {sandbox.pid}"
    mounted = sorted({path for each in sandbox.namespaces.values() for path in each.held_by if path.startswith("/")})
    return f"no process; mounted at {', '.join(mounted)}" if mounted else "no process"


def _alive(sandbox: Sandbox) -> list[tuple[str, str]]:
    """What keeps namespaces alive where it is not plain: no process is in them, or somebody has them open."""
    told = []
    for by, mark in (("mount", "/"), ("open descriptor", "fd:")):
        empty = [kind for kind, each in sandbox.namespaces.items() if each.processes == 0 and each.held_by]
        only = [kind for kind in empty if all(holder.startswith(mark) for holder in sandbox.namespaces[kind].held_by)]
        if only:
            told.append(
                f"{', '.join(only)} by {'its' if len(only) == 1 else 'their'} {by}{'' if len(only) == 1 else 's'} alone, no process is left"
            )
    opened = [
        f"{kind} open in pid {holder.removeprefix('fd:').replace('/', ', descriptor ')}"
        for kind, each in sandbox.namespaces.items()
        for holder in each.held_by
        if holder.startswith("fd:")
    ]
    return [("Alive" if index == 0 else "", text) for index, text in enumerate(told + opened)]


def _containers(containers: list[Container], *, width: int | None, headings: bool, colour: bool) -> list[str]:
    return table(CONTAINERS, container_rows(containers), width=width, headings=headings, colour=colour)


CONTAINERS = (
    Column("CONTAINER", least=12), Column("KIND", rank=3),
    Column("ID", least=8, turn=0, cut="id", rank=1), Column("PID", rank=1), Column("STATE", least=12),
    Column("RESTARTS", rank=2),
)  # fmt: skip


def container_rows(containers: list[Container]) -> list[list[str | Cell]]:
    """A row of CONTAINERS for each."""
    return [
        [
            container.name,
            container.kind or "-",
            short_id(container.id or "-"),
            str(container.pid or "-"),
            f"{container.state or 'unknown'} ({container.reason})" if container.reason else container.state or "unknown",
            "-" if container.restarts is None else str(container.restarts),
        ]
        for container in containers
    ]


def _arguments(sandbox: Sandbox, width: int | None) -> list[str]:
    """What PID 1 of each PID namespace of the pod was called with, where that was asked for."""
    reapers = [space.reaper for space in sandbox.pid_namespaces or () if space.reaper and space.reaper.arguments]
    lines = [line for each in reapers for line in labelled("Arguments", f"pid {each.pid}: {command_line(*each.arguments or ())}", width)]
    return ["", *lines] if lines else []


def _namespaces(sandbox: Sandbox, *, wide: bool, width: int | None, headings: bool, colour: bool) -> list[str]:
    return table(NAMESPACES, namespace_rows(sandbox, wide=wide), width=width, headings=headings, colour=colour)


NAMESPACES = (
    Column("NAMESPACES", least=10),
    *(
        Column(kind.upper(), least=max(4, len(kind)), rank=_LEAST_TELLING.index(kind) + 1 if kind in _LEAST_TELLING else 0)
        for kind in NAMESPACE_TYPES
    ),
)


def namespace_rows(sandbox: Sandbox, *, wide: bool) -> list[list[str | Cell]]:
    """The matrix, rows of NAMESPACES: host, pod, own, or the container it is shared with; `-` where there is no process to ask."""
    rows: list[list[str | Cell]] = [["(sandbox)", *(_sandbox_cell(sandbox, kind, wide=wide) for kind in NAMESPACE_TYPES)]]
    rows += [
        [container.name, *(_cell(container.namespaces[kind], kind, wide=wide) for kind in NAMESPACE_TYPES)]
        for container in sandbox.containers
        if container.namespaces is not None
    ]
    return rows


def _sandbox_cell(sandbox: Sandbox, kind: str, *, wide: bool) -> Cell:
    namespace = sandbox.namespaces[kind]
    word = {None: "-", True: "host", False: "pod"}[namespace.host]
    inode = f" {namespace.inode}" if wide and namespace.inode else ""
    return Cell(word + inode, "warn" if word == "host" and kind in _NOTABLE else "")


def _cell(namespace: ContainerNamespace, kind: str, *, wide: bool) -> Cell:
    word = namespace.sharing.replace("container:", "=")
    inode = f" {namespace.inode}" if wide and namespace.inode else ""
    notable = namespace.drift or (word == "host" and kind in _NOTABLE)
    return Cell(word + ("!" if namespace.drift else "") + inode, "warn" if notable else "")


def _differences(sandbox: Sandbox, *, width: int | None) -> list[str]:
    return [line for difference in differences(sandbox) for line in labelled("!", difference, width)]


def differences(sandbox: Sandbox) -> list[str]:
    """A text for each `!` of the matrix; why it is expected and what it means is said with the findings."""
    return [
        f"{kind} of {container.name}: expected {(namespace.expected or '').replace('container:', '=')}"
        for container in sandbox.containers
        for kind, namespace in (container.namespaces or {}).items()
        if namespace.drift
    ]
