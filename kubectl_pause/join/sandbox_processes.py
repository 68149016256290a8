"""The processes of each sandbox, as far as they are attributed to it: what `-o tree` and `--processes` show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_pause.report import SandboxProcess

if TYPE_CHECKING:
    from kubectl_pause.join.joined_node import JoinedNode


def sandbox_processes(node: JoinedNode) -> dict[str, list[SandboxProcess]]:
    """By sandbox id, in the order of pids; the holder and zombies are among them, shims are not."""
    processes: dict[str, list[SandboxProcess]] = {identifier: [] for identifier in node.sandboxes}
    for pid, attribution in sorted(node.attributions.items()):
        process = node.facts.processes[pid]
        if pid in node.shims or attribution.place.sandbox not in processes:
            continue
        processes[attribution.place.sandbox].append(
            SandboxProcess(
                pid=pid,
                ns_pid=process.ns_pids[-1] if process.ns_pids else None,
                ppid=process.ppid,
                comm=process.comm,
                state=process.state,
                container=attribution.place.container,
                attributed_by=attribution.by,
                confidence=attribution.confidence,
            )
        )
    return processes
