"""What one needs to know of a cluster when a test has failed: nodes, pods in trouble, events, the kubelet's last lines."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from e2e.access import kubectl_program
from e2e.clusters.commands import Runner
from e2e.clusters.engines import find_engine
from e2e.clusters.settings import cache_directory
from e2e.clusters.steps import StepFailedError

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.access import Cluster

_LIMIT = 15
_EVENTS, _KUBELET, _PODS = 25, 25, 40
_LINE = 300
_QUIET = ("Running", "Completed")


def what_happened(cluster: Cluster, log: Path) -> str:
    """A page of text; what cannot be read says so in its place."""
    pods = [line for line in _kubectl(cluster, "get", "pods", "-A", "-o", "wide") if not any(word in line for word in _QUIET)]
    events = _kubectl(cluster, "get", "events", "-A", "--sort-by=.lastTimestamp")
    parts = {
        "nodes": _kubectl(cluster, "get", "nodes", "-o", "wide"),
        "pods that neither run nor are complete": pods[-_PODS:],
        "newest events": events[-_EVENTS:],
        f"the kubelet of {cluster.node}": _kubelet(cluster, log),
    }
    return "\n".join(line[:_LINE] for title, lines in parts.items() for line in (f"# {title}", *lines))


def _kubectl(cluster: Cluster, *words: str) -> list[str]:
    argv = [kubectl_program(), "--kubeconfig", str(cluster.kubeconfig), f"--request-timeout={_LIMIT}s", *words]
    try:
        ended = subprocess.run(argv, capture_output=True, text=True, timeout=_LIMIT + 2, check=False)
    except subprocess.TimeoutExpired:
        return [f"kubectl {' '.join(words)}: no answer within {_LIMIT} s"]
    return (ended.stdout or ended.stderr).splitlines()


def _kubelet(cluster: Cluster, log: Path) -> list[str]:
    if cluster.label == "given":
        return ["not read: the cluster of E2E_KUBECONFIG is no container of ours"]
    words = ("exec", cluster.node, "journalctl", "-u", "kubelet", "-n", str(_KUBELET), "--no-pager", "-o", "short-precise")
    try:
        return find_engine(Runner(log), cache_directory()).run(*words, limit=_LIMIT).splitlines()
    except StepFailedError as error:
        return str(error).splitlines()
