"""What a capture tells of the node itself: its system, its runtime, the moment, and what the report stands on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from kubectl_pause.facts.pod_trail import written
from kubectl_pause.facts.record import Record
from kubectl_pause.report import CrictlSource, NodePids, RuntimeInfo, Sources

if TYPE_CHECKING:
    from kubectl_pause.facts.node_facts import NodeFacts


class AboutNode(Record, frozen=True):
    """As the report has it; `name` is the API's where it was asked."""

    name: str
    kernel: str | None
    os: str | None
    runtime: RuntimeInfo | None
    cgroup: Literal["v1", "v2", "hybrid"] | None
    captured_at: str | None
    seconds: float | None
    sources: Sources
    pids: NodePids


def about_node(facts: NodeFacts, name: str) -> AboutNode:
    """`name` is used where the capture itself has no API part that says it."""
    header = facts.header
    return AboutNode(
        name=facts.api.node_name if facts.api else name,
        kernel=header.kernel or None,
        os=_os_name(facts),
        runtime=_runtime(facts),
        cgroup=_cgroup_version(facts),
        captured_at=moment(header.now),
        seconds=facts.api.seconds if facts.api else None,
        sources=_sources(facts),
        pids=NodePids(current=header.tasks, max=header.pid_max, threads_max=header.threads_max),
    )


def _sources(facts: NodeFacts) -> Sources:
    crictl = facts.crictl
    asked = crictl is not None and facts.pods is not None
    return Sources(
        crictl=CrictlSource(path=crictl.get("path", ""), version=crictl.get("version"), socket=crictl.get("socket"))
        if crictl is not None and asked
        else None,
        crictl_failure=facts.crictl_failure,
        bundles=bool(facts.bundles),
        runtime=facts.pods is not None or bool(facts.bundles) or facts.of_this_host or facts.local.asked,  # this host may have none at all
        descriptors_cut=not facts.fds.whole,
        api=bool(facts.api and facts.api.pods),  # none at all: we were not allowed to list them
        notes=facts.notes,
    )


def _runtime(facts: NodeFacts) -> RuntimeInfo | None:
    if facts.runtime:
        return RuntimeInfo(name=facts.runtime.name, version=facts.runtime.version or None)
    told = facts.api.node.status.node_info.container_runtime_version if facts.api and facts.api.node else None
    if told:
        name, _, version = told.partition("://")
        return RuntimeInfo(name=name, version=version or None)
    names = {bundle.runtime for bundle in facts.bundles.values()}
    return RuntimeInfo(name=names.pop()) if len(names) == 1 else None


def _os_name(facts: NodeFacts) -> str | None:
    """As the API has it, else as the node's own os-release."""
    by_api = facts.api.node.status.node_info.os_image if facts.api and facts.api.node else None
    return by_api or facts.os_name


def _cgroup_version(facts: NodeFacts) -> Literal["v1", "v2", "hybrid"] | None:
    known: dict[str | None, Literal["v1", "v2", "hybrid"]] = {"v1": "v1", "v2": "v2", "hybrid": "hybrid"}
    return known.get(facts.mounts.cgroup)


def moment(seconds: int | None) -> str | None:
    """Seconds since the epoch as RFC 3339."""
    if seconds is None:
        return None
    return written(datetime.fromtimestamp(seconds, UTC), "auto")
