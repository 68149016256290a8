"""What keeps a node's runtime from making or taking down any sandbox: its network's configuration and programs, room on disk.

containerd takes the first CNI configuration in the order of names, and hears of a new file only by its being written: one that is moved in
is not seen (internal/cri/server, cni_conf_syncer.go). Each plugin type has to be a file in a folder of programs (libcni, FindInPath).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from kubectl_pause.facts.known_programs import RUNTIME_DAEMONS
from kubectl_pause.judge.guards import YOUNG_SECONDS, age_of, is_fresh
from kubectl_pause.pasting import ON_THE_NODE, as_word, command_line
from kubectl_pause.report import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubectl_pause.facts.kernel.process import Process
    from kubectl_pause.facts.runtime.health import RuntimeHealth
    from kubectl_pause.join.joined_node import JoinedNode

_COMM = 15
"""The kernel cuts a comm to so many bytes."""
_HUNG_SECONDS = 10
_MOST = 5


def runtime_findings(node: JoinedNode) -> list[Finding]:
    """Of the node itself; none where the collector was not asked to look."""
    health = node.facts.health
    if health is None:
        return []
    return [
        *_network(node, health),
        *_programs(node, health),
        *_hung_plugins(node, health),
        *_cache(node, health),
        *_leases(node, health),
        *_full(node, health),
    ]


def _finding(  # noqa: PLR0913, PLR0917 (what a finding is made of)
    node: JoinedNode,
    code: str,
    message: str,
    evidence: list[str],
    remedy: str,
    severity: Literal["info", "warning", "critical"] = "critical",
) -> Finding:
    subject = f"node {node.about.name}"
    return Finding(code=code, severity=severity, subject=subject, message=message, evidence=evidence, confidence="certain", remedy=remedy)


def _network(node: JoinedNode, health: RuntimeHealth) -> Iterator[Finding]:
    if health.network_ready is not False or is_fresh(node.facts, _daemons(node)):  # its add-on is a pod, which comes first
        return
    evidence = [f"NetworkReady is false: {health.network_words or 'no further word'} (crictl info)"]
    evidence += [f"its last look at configurations: {health.cni_load}"] if health.cni_load else []
    if health.configurations and "no network config found" in health.cni_load:
        message = "a network configuration is there, and the runtime has not read it: it sees one that is written, not one that is moved in"
        evidence.append(f"configurations there: {health.configurations}")
        remedy = 'on the node: cd /etc/cni/net.d && for f in *.conf*; do cat "$f" >/tmp/cni && cat /tmp/cni >"$f"; done'
        yield _finding(node, "cni/not-reloaded", message, evidence, remedy)
        return
    message = "the runtime has no network for pods: none that wants one is made or taken down, and no old sandbox is collected"
    remedy = "see the pods of the network add-on on this node; on the node: ls -l /etc/cni/net.d"
    yield _finding(node, "cni/no-config", message, evidence, remedy)


def _programs(node: JoinedNode, health: RuntimeHealth) -> Iterator[Finding]:
    if health.programs is None:
        return
    missing = ", ".join(kind for kind in health.plugin_types if kind not in health.programs)
    if not missing:
        return
    message = f"CNI plugins that the configuration names are not installed: {missing}; no pod with a network is made or taken down"
    evidence = [
        f"configured: {', '.join(health.plugin_types)}",
        f"{len(health.programs)} programs are where the runtime looks for plugins, and not these",
    ]
    yield _finding(node, "cni/no-binary", message, evidence, f"put {as_word(missing)} where crictl info names PluginDirs")


def _hung_plugins(node: JoinedNode, health: RuntimeHealth) -> Iterator[Finding]:
    """Nothing else tells of these: a creation has 4 min, and there is no event before."""
    daemons = {process.pid for process in _daemons(node)}
    names = {kind[:_COMM]: kind for kind in health.plugin_types}
    for process in node.facts.processes.values():
        age = age_of(node.facts, process)
        if process.ppid in daemons and process.comm in names and not process.is_dead and age is not None and age > _HUNG_SECONDS:
            message = f"the CNI plugin {names[process.comm]} is at work for {age:.0f} s: its pod is not made or taken down before it ends"
            evidence = [f"pid {process.pid} ({process.comm}), state {process.state}, child of the runtime, pid {process.ppid}"]
            remedy = f"see its log, and on the node in what it waits: cat /proc/{process.pid}/wchan"
            yield _finding(node, "cni/hung", message, evidence, remedy)


def _cache(node: JoinedNode, health: RuntimeHealth) -> Iterator[Finding]:
    """Containerd from 2.0 on (libcni 1.2.3) drops such a file; before, the sandbox cannot be taken down."""
    if not health.empty_results:
        return
    names = ", ".join(health.empty_results[:3]) + (f" and {len(health.empty_results) - 3} more" if len(health.empty_results) > 3 else "")  # noqa: PLR2004
    message = "files of the CNI cache are empty: a runtime with a libcni before 1.2.3 cannot take down the sandboxes that they are of"
    yield _finding(node, "cni/cache-broken", message, [f"size 0: {names}"], "on the node: find /var/lib/cni/results -size 0", "info")


def _leases(node: JoinedNode, health: RuntimeHealth) -> Iterator[Finding]:
    """host-local has no word for taking back what a sandbox left that is gone; a lease is there before its sandbox is listed."""
    now = node.facts.header.now
    if node.facts.pods is not None and now is not None:
        listed = {pod.id for pod in node.facts.pods}
        leases = [lease for lease in health.leases if lease.network == health.network]  # others may be an engine's
        stale = [lease for lease in leases if lease.sandbox not in listed and now - lease.made_at > YOUNG_SECONDS]
        if stale:
            message = f"{len(stale)} addresses are leased to sandboxes that are not there: no pod gets them until the leases are removed"
            evidence = [f"{lease.address} of sandbox {lease.sandbox[:13]}, which the runtime does not list" for lease in stale[:_MOST]]
            evidence += [f"and {len(stale) - _MOST} more"] if len(stale) > _MOST else []
            paths = command_line("rm", *(lease.path for lease in stale[:_MOST]))
            yield _finding(node, "ipam/stale", message, evidence, f"on the node, once each is seen not to be listed: {paths}", "warning")


def _full(node: JoinedNode, health: RuntimeHealth) -> Iterator[Finding]:
    """Reserved blocks count as free here: what is said is full for root, too."""
    for place in health.file_systems:
        blocks, inodes = place.blocks and not place.free_blocks, place.inodes and not place.free_inodes
        if blocks or inodes:
            what = "bytes" if blocks else "inodes"
            message = f"{place.path} has no {what} left: no sandbox can be made"
            evidence = [f"blocks {place.free_blocks} of {place.blocks} free, inodes {place.free_inodes} of {place.inodes} free"]
            remedy = f"{ON_THE_NODE}{command_line('df', '-h', place.path)}; {command_line('df', '-i', place.path)}"
            yield _finding(node, "disk/full", message, evidence, remedy)


def _daemons(node: JoinedNode) -> list[Process]:
    return [
        process
        for process in node.facts.processes.values()
        if process.comm in RUNTIME_DAEMONS and node.ownership.is_outside(process.pid) and not process.is_dead
    ]
