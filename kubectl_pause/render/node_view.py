"""The node view: one line per sandbox."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from kubectl_pause.notes import findings_in_brief, in_brief
from kubectl_pause.render.columns import Cell, Column, table
from kubectl_pause.render.evidence import finding_lines
from kubectl_pause.render.plain_text import age, short_id, visible

if TYPE_CHECKING:
    from kubectl_pause.report import Container, NodeReport, PodWithoutSandbox, Report, Sandbox

_DEFAULT = (
    Column("POD", 16), Column("SANDBOX", 8, turn=0, cut="id"), Column("STATE"), Column("ATTEMPT", 3, turn=0, cut="end"), Column("PID"),
    Column("RUN"), Column("IP", 11, turn=2), Column("NOTES", 8, cut="end"),
)  # fmt: skip
_WIDE = (
    Column("POD"), Column("SANDBOX"), Column("STATE"), Column("ATTEMPT"), Column("AGE"), Column("PID"), Column("HOLDER"),
    Column("RUN"), Column("IP"), Column("HANDLER"), Column("PAUSE-IMAGE"), Column("OWNER"), Column("NOTES"),
)  # fmt: skip


def node_view(report: Report, *, wide: bool, width: int | None, headings: bool, colour: bool) -> str:
    """Every node of the report, one table each; a line above it names the node where there are several."""
    lines: list[str] = []
    for node in report.nodes:
        if len(report.nodes) > 1 and headings:
            lines += ["", _heading(node)] if lines else [_heading(node)]
        rows = [_row(node, sandbox, wide=wide) for sandbox in node.sandboxes]
        rows += [_missing_row(node, each, wide=wide) for each in node.pods_without_sandbox]
        lines += table(_WIDE if wide else _DEFAULT, rows, width=None if wide else width, headings=headings, colour=colour)
        lines += finding_lines(node.findings, width=None if wide else width, colour=colour)
    return "".join(line + "\n" for line in lines)


def _heading(node: NodeReport) -> str:
    runtime = f"{node.runtime.name} {node.runtime.version or ''}".strip() if node.runtime else "runtime unknown"
    return visible(f"Node {node.name} ({runtime}, kernel {node.kernel or 'unknown'}, cgroup {node.cgroup or 'unknown'})")


def _row(node: NodeReport, sandbox: Sandbox, *, wide: bool) -> list[str | Cell]:
    name = f"{sandbox.pod.namespace}/{sandbox.pod.name}"
    state = Cell(sandbox.state or "unknown", "dim" if sandbox.state == "notready" else "")
    attempt = "-" if sandbox.attempt is None else str(sandbox.attempt)
    pid = str(sandbox.pid or "-")
    ip = ",".join(sandbox.ips) if wide else next(iter(sandbox.ips), "-")
    notes = ", ".join([*findings_in_brief(sandbox.findings), *filter(None, map(in_brief, sandbox.notes))])
    run = running(sandbox.containers)
    if not wide:
        return [name, short_id(sandbox.id), state, attempt, pid, run, ip or "-", notes]
    return [
        name, short_id(sandbox.id), state, attempt, age(sandbox_age(node, sandbox)), pid, sandbox.holder, run, ip or "-",
        sandbox.runtime_handler or "-", sandbox.image or "-", sandbox.pod.owner or "-", notes,
    ]  # fmt: skip


def _missing_row(node: NodeReport, missing: PodWithoutSandbox, *, wide: bool) -> list[str | Cell]:
    pod, run = missing.pod, running(missing.containers)
    name, phase = f"{pod.namespace}/{pod.name}", pod.phase or "of unknown phase"
    state, seen = "-", "no sandbox seen"
    if not node.sources.runtime:
        state, seen, run = "unknown", "sandbox unknown", f"?/{run.partition('/')[2]}"
    if not wide:
        return [name, "-", state, "-", "-", run, "-", ": ".join(filter(None, (pod.phase, missing.reason)))]
    note = f"{seen}, pod is {phase}" + (f": {missing.reason}" if missing.reason else "")
    return [name, "-", state, "-", "-", "-", "none" if node.sources.runtime else "-", run, "-", "-", "-", pod.owner or "-", note]


def running(containers: list[Container]) -> str:
    """`running/total` as kubectl's READY counts: init containers are left out."""
    counted = [container for container in containers if container.kind != "init"]
    return f"{sum(container.state == 'running' for container in counted)}/{len(counted)}"


def sandbox_age(node: NodeReport, sandbox: Sandbox) -> float | None:
    """Seconds from the sandbox's creation to the capture, both by the node's own clock."""
    if not sandbox.created_at or not node.captured_at:
        return None
    return (datetime.fromisoformat(node.captured_at) - datetime.fromisoformat(sandbox.created_at)).total_seconds()
