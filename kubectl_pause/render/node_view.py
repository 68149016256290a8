"""The node view: one line per sandbox, the sandboxes of several nodes in one table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from kubectl_pause.render.columns import Cell
from kubectl_pause.render.evidence import finding_lines
from kubectl_pause.render.in_brief import findings_in_brief, in_brief
from kubectl_pause.render.listing import ListedColumn, in_order, listing
from kubectl_pause.render.plain_text import age, short_id

if TYPE_CHECKING:
    from kubectl_pause.report import Container, NodeReport, PodIdentity, PodWithoutSandbox, Report, Sandbox


@dataclass(frozen=True, slots=True)
class SandboxRow:
    """A sandbox of a node, or a pod of it for which none was seen."""

    node: NodeReport
    sandbox: Sandbox | None = None
    missing: PodWithoutSandbox | None = None

    @property
    def pod(self) -> PodIdentity:
        """Whose row it is."""
        if self.sandbox:
            return self.sandbox.pod
        if self.missing is None:
            raise ValueError("a row is of a sandbox or of a pod without one")
        return self.missing.pod

    @property
    def containers(self) -> list[Container]:
        """Of the sandbox, or those that the pod should have."""
        shown = self.sandbox or self.missing
        return shown.containers if shown else []


def sandbox_rows(report: Report) -> list[SandboxRow]:
    """A row for each sandbox of each node, and for each pod without one."""
    rows: list[SandboxRow] = []
    for node in report.nodes:
        rows += [SandboxRow(node, sandbox=sandbox) for sandbox in node.sandboxes]
        rows += [SandboxRow(node, missing=missing) for missing in node.pods_without_sandbox]
    return rows


def sandbox_document(row: SandboxRow) -> dict[str, object]:
    """What paths see of a row: the report's object, with the name of its node as `node`."""
    import msgspec

    return {"node": row.node.name, **msgspec.to_builtins(row.sandbox or row.missing)}


def node_view(  # noqa: PLR0913 (a table's surroundings)
    report: Report, *, wide: bool, width: int | None, headings: bool, colour: bool, of_many: bool = False, sort_by: str | None = None
) -> str:
    """One table, with what was found of each node itself below it; without `headings` the rows alone, for a script.

    `of_many` says that several nodes were asked for: each row names its own. Raises PauseInspectError for a `sort_by` that fits nothing.
    """
    rows = in_order(COLUMNS, sandbox_rows(report), sort_by, sandbox_document)
    of_many = of_many or len(report.nodes) > 1
    lines = listing(COLUMNS, rows, wide=wide, of_many=of_many, width=width, headings=headings, colour=colour) if rows else []
    if headings:
        for node in report.nodes:
            lines += finding_lines(node.findings, width=None if wide else width, colour=colour)
    return "".join(line + "\n" for line in lines)


def _name(row: SandboxRow) -> str:
    return f"{row.pod.namespace}/{row.pod.name}"


def _state(row: SandboxRow) -> Cell:
    if row.sandbox is None:
        return Cell("-" if row.node.sources.runtime else "unknown")
    return Cell(row.sandbox.state or "unknown", "dim" if row.sandbox.state == "notready" else "")


def _attempt(row: SandboxRow) -> str:
    return "-" if row.sandbox is None or row.sandbox.attempt is None else str(row.sandbox.attempt)


def _pid(row: SandboxRow) -> str:
    return str((row.sandbox and row.sandbox.pid) or "-")


def _holder(row: SandboxRow) -> str:
    if row.sandbox:
        return row.sandbox.holder
    return "none" if row.node.sources.runtime else "-"


def _run(row: SandboxRow) -> str:
    told = running(row.containers)
    return told if row.sandbox or row.node.sources.runtime else f"?/{told.partition('/')[2]}"


def _age(row: SandboxRow) -> float | None:
    return sandbox_age(row.node, row.sandbox) if row.sandbox else None


def _brief_notes(row: SandboxRow) -> str:
    if row.missing:
        return ": ".join(filter(None, (row.missing.pod.phase, row.missing.reason)))
    sandbox = row.sandbox
    return ", ".join([*findings_in_brief(sandbox.findings), *filter(None, map(in_brief, sandbox.notes))]) if sandbox else ""


def _whole_notes(row: SandboxRow) -> str:
    if row.missing:
        seen, phase = "no sandbox seen" if row.node.sources.runtime else "sandbox unknown", row.missing.pod.phase or "of unknown phase"
        return f"{seen}, pod is {phase}" + (f": {row.missing.reason}" if row.missing.reason else "")
    if row.sandbox is None:
        return ""
    return "; ".join([*(f"{finding.message} [{finding.code}]" for finding in row.sandbox.findings), *filter(in_brief, row.sandbox.notes)])


def _handler(row: SandboxRow) -> str:
    return (row.sandbox and row.sandbox.runtime_handler) or "-"


def _image(row: SandboxRow) -> str:
    return (row.sandbox and row.sandbox.image) or "-"


COLUMNS: tuple[ListedColumn[SandboxRow], ...] = (
    ListedColumn("NODE", least=10, path=".node", of_many=True, value=lambda row: row.node.name, about="The node that was read."),
    ListedColumn("POD", least=16, path=".pod.name", value=_name, about="Namespace and name of the pod."),
    ListedColumn("SANDBOX", least=8, turn=0, cut="id", path=".id", value=lambda row: short_id(row.sandbox.id) if row.sandbox else "-",
                 about="The sandbox's id, or its beginning."),
    ListedColumn("STATE", rank=2, path=".state", value=_state, about="Whether the sandbox is ready, as the runtime says."),
    ListedColumn("ATTEMPT", least=3, turn=0, cut="end", rank=6, path=".attempt", value=_attempt,
                 about="How many sandboxes the pod had before this one."),
    ListedColumn("AGE", wide=True, path=".createdAt", value=lambda row: age(_age(row)), order=_age,
                 about="Time from the sandbox's creation to the capture."),
    ListedColumn("PID", rank=4, path=".pid", value=_pid, about="The process that holds the namespaces, as the node counts pids."),
    ListedColumn("HOLDER", wide=True, path=".holder", value=_holder, about="What holds them: pause, other, none or virtual."),
    ListedColumn("RUN", rank=3, path=".containers[*].state", value=_run, about="Containers that run, of all but the init containers."),
    ListedColumn("IP", least=11, turn=2, rank=5, path=".ips", value=lambda row: next(iter(row.sandbox.ips), "-") if row.sandbox else "-",
                 whole=lambda row: (",".join(row.sandbox.ips) if row.sandbox else "") or "-", about="The pod's addresses."),
    ListedColumn("HANDLER", wide=True, path=".runtimeHandler", value=_handler, about="The runtime handler; - is the default."),
    ListedColumn("PAUSE-IMAGE", wide=True, path=".image", value=_image, about="The image of the pause process."),
    ListedColumn("OWNER", wide=True, path=".pod.owner", value=lambda row: row.pod.owner or "-", about="What controls the pod."),
    ListedColumn("NOTES", least=7, cut="end", rank=1, path=".notes", value=_brief_notes, whole=_whole_notes,
                 about="What is wrong or worth knowing, a word each; whole with -o wide."),
)  # fmt: skip
"""What is said of a sandbox, in this order."""


def running(containers: list[Container]) -> str:
    """`running/total` as kubectl's READY counts: init containers are left out."""
    counted = [container for container in containers if container.kind != "init"]
    return f"{sum(container.state == 'running' for container in counted)}/{len(counted)}"


def sandbox_age(node: NodeReport, sandbox: Sandbox) -> float | None:
    """Seconds from the sandbox's creation to the capture, both by the node's own clock."""
    if not sandbox.created_at or not node.captured_at:
        return None
    return (datetime.fromisoformat(node.captured_at) - datetime.fromisoformat(sandbox.created_at)).total_seconds()
