"""One moment of a node: what the runtime says, and what the plugin reports, while nothing that is compared changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from e2e import runtime_truth
from e2e.access import NAMESPACE, Cluster, Json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.runtime_truth import TrueSandbox

TRIES = 6
MIRROR, CONFIG_HASH = "kubernetes.io/config.mirror", "kubernetes.io/config.hash"


@dataclass(frozen=True, slots=True)
class Moment:
    """`truth` by pod name, the plugin's `node` document and one `pod` document for each namespace, and the inodes of every pid named."""

    cluster: Cluster
    pods: dict[str, Json]
    truth: dict[str, list[TrueSandbox]]
    node: Json
    named: list[Json]
    inodes: dict[int, dict[str, int]]

    @property
    def node_report(self) -> Json:
        """The node's part of the `node` document."""
        (node,) = self.node["nodes"]
        assert isinstance(node, dict)
        return node

    @property
    def static_pods(self) -> list[str]:
        """Names of the static pods of the node."""
        return sorted(name for name, pod in self.pods.items() if MIRROR in pod["metadata"].get("annotations", {}))

    def uid(self, pod: str) -> str:
        """The uid by which the runtime knows the pod."""
        return runtime_uid(self.pods[pod])

    def reported(self, pod: str) -> list[Json]:
        """The `node` document's sandboxes of a pod, the current one first."""
        return sandboxes_of(self.node, self.uid(pod))

    def without_sandbox(self, pod: str) -> list[Json]:
        """The `node` document's entries of a pod for which no sandbox was seen."""
        return without_sandbox_of(self.node, self.uid(pod))


def runtime_uid(pod: Json) -> str:
    """The uid by which the runtime knows a pod: a static pod's is its config hash."""
    metadata = pod["metadata"]
    uid = metadata.get("annotations", {}).get(CONFIG_HASH, metadata["uid"])
    assert isinstance(uid, str)
    return uid


def sandboxes_of(report: Json, uid: str) -> list[Json]:
    """Sandboxes of a pod in a report, the current one first, without what is counted and goes on changing."""
    found = [without_counts(sandbox) for node in report["nodes"] for sandbox in node["sandboxes"] if sandbox["pod"]["uid"] == uid]
    return sorted(found, key=lambda sandbox: not sandbox["current"])


COUNTED = ("pids", "pidNamespaces", "zombies", "zombieGroups")


def without_counts(sandbox: Json) -> Json:
    """A sandbox without its tasks, zombies and reapers: two looks at a living pod differ there."""
    return {key: value for key, value in sandbox.items() if key not in COUNTED}


def without_sandbox_of(report: Json, uid: str) -> list[Json]:
    """A pod's entries in `podsWithoutSandbox`."""
    return [each for node in report["nodes"] for each in node["podsWithoutSandbox"] if each["pod"]["uid"] == uid]


def take_moment(cluster: Cluster) -> Moment:
    """Asks the runtime, the plugin, and the runtime again, until the runtime's two answers are equal."""
    difference = ""
    for _ in range(TRIES):
        pods = _compared_pods(cluster)
        before = _truth(cluster, pods)
        node = cluster.report("node", cluster.node)
        named = [
            cluster.report("pod", "-n", namespace, *sorted(name for name, pod in pods.items() if pod["metadata"]["namespace"] == namespace))
            for namespace in sorted({pod["metadata"]["namespace"] for pod in pods.values()})
        ]
        inodes = runtime_truth.namespaces(cluster, sorted({1, *_pids(before), *_reported_pids(node)}))
        after = _truth(cluster, pods)
        if before == after:
            return Moment(cluster, pods, before, node, named, inodes)
        difference = "; ".join(f"{name}: {before[name]} became {after[name]}" for name in before if before[name] != after[name])
    message = f"[{cluster.label}] the node did not keep still in {TRIES} tries: {difference}"
    raise AssertionError(message)


def _compared_pods(cluster: Cluster) -> dict[str, Json]:
    """The test pods and the static pods of the node, by name."""
    items = cluster.get("pods", "-A", f"--field-selector=spec.nodeName={cluster.node}")["items"]
    return {
        pod["metadata"]["name"]: pod
        for pod in items
        if pod["metadata"]["namespace"] == NAMESPACE or MIRROR in pod["metadata"].get("annotations", {})
    }


def _truth(cluster: Cluster, pods: dict[str, Json]) -> dict[str, list[TrueSandbox]]:
    by_uid = {runtime_uid(pod): name for name, pod in pods.items()}
    found: dict[str, list[TrueSandbox]] = {name: [] for name in pods}
    for sandbox in runtime_truth.sandboxes(cluster):
        if sandbox.uid in by_uid:
            found[by_uid[sandbox.uid]].append(sandbox)
    return found


def _pids(truth: dict[str, list[TrueSandbox]]) -> Iterator[int]:
    for sandbox in (sandbox for each in truth.values() for sandbox in each):
        yield from (pid for pid in [sandbox.pid, *(container.pid for container in sandbox.containers)] if pid)


def _reported_pids(report: Json) -> Iterator[int]:
    for sandbox in (sandbox for node in report["nodes"] for sandbox in node["sandboxes"]):
        yield from (each["pid"] for each in [sandbox, *sandbox["containers"]] if each["pid"])
