"""Every setting of a pod that decides about namespaces: what should be, what the node has, and what the plugin says are the same."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

import pytest

from e2e import runtime_truth
from e2e.access import BUSYBOX, Cluster, Json
from e2e.moments import sandboxes_of
from e2e.namespace_words import KINDS, SANDBOX, real, reported, written
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.namespace_words import Rows

MANIFEST = Path(__file__).parent / "manifests" / "settings.yaml"
NAMESPACE = "pause-inspect-settings"
SLEEP = {"image": BUSYBOX, "command": ["sleep", "86400"]}
JOINERS = ("debug-app",)
DEBUGGED = ("default", "shared-pid", "host-pid")
NEEDS_USER_NAMESPACES = ("user-namespace", "user-namespace-shared-pid")

# Written by hand, from the CRI's NamespaceMode as the kubelet sets it (hostNetwork, hostPID, hostIPC: NODE; shareProcessNamespace: POD,
# else CONTAINER; targetContainerName: TARGET where it would be CONTAINER; hostUsers false: POD) and containerd's rules: the UTS namespace
# is the node's exactly where the network's is; no time namespace is ever made; a cgroup namespace is made on cgroup v2 (`v2` below: there
# the container's own, else the node's) for each container that is not privileged, and never for the sandbox.
# Columns as in KINDS; `=app` is the namespace of the container `app`.
TRUTH = {
    "default": {
        SANDBOX: "pod pod pod pod host pod host host",
        "sidecar": "pod pod pod own host own v2 host",
        "app": "pod pod pod own host own v2 host",
        "second": "pod pod pod own host own v2 host",
        "debug": "pod pod pod own host own v2 host",
        "debug-app": "pod pod pod =app host own v2 host",
    },
    "initializing": {
        SANDBOX: "pod pod pod pod host pod host host",
        "sidecar": "pod pod pod own host own v2 host",
        "setup": "pod pod pod own host own v2 host",
    },
    "host-network": {
        SANDBOX: "host pod host pod host pod host host",
        "app": "host pod host own host own v2 host",
    },
    "host-pid": {
        SANDBOX: "pod pod pod host host pod host host",
        "app": "pod pod pod host host own v2 host",
        "debug": "pod pod pod host host own v2 host",
        "debug-app": "pod pod pod host host own v2 host",
    },
    "host-ipc": {
        SANDBOX: "pod host pod pod host pod host host",
        "app": "pod host pod own host own v2 host",
    },
    "host-everything": {
        SANDBOX: "host host host host host pod host host",
        "app": "host host host host host own v2 host",
    },
    "shared-pid": {
        SANDBOX: "pod pod pod pod host pod host host",
        "sidecar": "pod pod pod pod host own v2 host",
        "app": "pod pod pod pod host own v2 host",
        "debug": "pod pod pod pod host own v2 host",
        "debug-app": "pod pod pod pod host own v2 host",
    },
    "user-namespace": {
        SANDBOX: "pod pod pod pod pod pod host host",
        "app": "pod pod pod own pod own v2 host",
    },
    "user-namespace-shared-pid": {
        SANDBOX: "pod pod pod pod pod pod host host",
        "app": "pod pod pod pod pod own v2 host",
    },
    "privileged": {
        SANDBOX: "pod pod pod pod host pod host host",
        "app": "pod pod pod own host own host host",
        "plain": "pod pod pod own host own v2 host",
    },
}


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a node: its report, the node's own inodes, and by pod the inodes of its sandbox and containers by name.

    `impossible` says why this node cannot run a pod, by pod.
    """

    cluster: Cluster
    report: Json
    uids: dict[str, str]
    unified: bool
    host: dict[str, int]
    inodes: dict[str, dict[str, dict[str, int]]]
    impossible: dict[str, str]

    def truth(self, pod: str) -> Rows:
        """The rows of TRUTH as they should be on this node."""
        return written(TRUTH[pod], unified=self.unified)

    def real(self, pod: str) -> Rows:
        """What the inodes on the node say."""
        return real(self.inodes[pod], self.host, JOINERS)

    def told(self, pod: str, field: str = "sharing") -> Rows:
        """What the report says."""
        (sandbox,) = sandboxes_of(self.report, self.uids[pod])
        return reported(sandbox, field)


@pytest.fixture(scope="module")
def looks(clusters: dict[str, Cluster]) -> Iterator[dict[str, Look]]:
    """A look at each cluster's node; the pods go when all have been compared."""
    with ThreadPoolExecutor() as executor:
        try:
            found = {label: executor.submit(_look, cluster) for label, cluster in clusters.items()}
            yield {label: future.result() for label, future in found.items()}
        finally:
            list(executor.map(lambda cluster: cluster.remove_namespace(NAMESPACE), clusters.values()))


@pytest.fixture(scope="module")
def look(looks: dict[str, Look], label: str) -> Look:
    return looks[label]


def _look(cluster: Cluster) -> Look:
    cluster.make_namespace(NAMESPACE)
    cluster.kubectl("apply", "-f", "-", stdin=Template(MANIFEST.read_text()).substitute(NODE=cluster.node, NAMESPACE=NAMESPACE))
    for pod in DEBUGGED:
        _add_ephemeral_containers(cluster, pod)
    impossible = {pod: why for pod in NEEDS_USER_NAMESPACES if (why := _why_impossible(cluster, pod))}
    wanted = {pod: set(TRUTH[pod]) - {SANDBOX} for pod in TRUTH if pod not in impossible}
    for pod, names in wanted.items():
        wait_for(f"[{cluster.label}] {', '.join(sorted(names))} of pod {pod} running", partial(_all_running, cluster, pod, names))
    uids = {pod: cluster.get("pod", pod, "-n", NAMESPACE)["metadata"]["uid"] for pod in wanted}
    pids = _pids(cluster, uids)
    inodes = runtime_truth.namespaces(cluster, sorted({1, *(pid for of_pod in pids.values() for pid in of_pod.values())}))
    return Look(
        cluster=cluster,
        report=cluster.report("node", cluster.node),
        uids=uids,
        unified=cluster.on_node("stat -fc %T /sys/fs/cgroup").strip() == "cgroup2fs",
        host=inodes[1],
        inodes={pod: {name: inodes[pid] for name, pid in of_pod.items()} for pod, of_pod in pids.items()},
        impossible=impossible,
    )


def _add_ephemeral_containers(cluster: Cluster, pod: str) -> None:
    """One of its own and one that targets `app`, as `kubectl debug` adds them."""
    added = [{"name": "debug", **SLEEP}, {"name": "debug-app", "targetContainerName": "app", **SLEEP}]
    patch = json.dumps({"spec": {"ephemeralContainers": added}})
    cluster.kubectl("patch", "pod", pod, "-n", NAMESPACE, "--subresource", "ephemeralcontainers", "-p", patch)


def _why_impossible(cluster: Cluster, pod: str) -> str:
    """Empty where the pod runs; else what the API or the runtime has against user namespaces."""
    if cluster.get("pod", pod, "-n", NAMESPACE)["spec"].get("hostUsers") is not False:
        return "the API server drops hostUsers: false (feature gate UserNamespacesSupport)"

    # A first refusal decides nothing: the kubelet tries again, and what failed may have been a race inside the runtime.
    refusals = partial(_refusals, cluster, pod)
    try:
        wait_for(f"[{cluster.label}] pod {pod} running", lambda: _running(cluster, pod) or None, instead=refusals)
    except AssertionError:
        refused = refusals()
        if cluster.label == "given" and refused:
            return f"the node cannot make its sandbox: {refused[-1]}"
        raise
    return ""


def _refusals(cluster: Cluster, pod: str) -> list[str]:
    """What the kubelet said each time that it could not make the pod's sandbox."""
    chosen = f"--field-selector=involvedObject.name={pod},reason=FailedCreatePodSandBox"
    return [event["message"] for event in cluster.get("events", "-n", NAMESPACE, chosen)["items"]]


def _all_running(cluster: Cluster, pod: str, names: set[str]) -> bool:
    return _running(cluster, pod) == names


def _running(cluster: Cluster, pod: str) -> set[str]:
    status = cluster.get("pod", pod, "-n", NAMESPACE)["status"]
    kinds = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
    return {each["name"] for kind in kinds for each in status.get(kind) or () if "running" in each["state"]}


def _pids(cluster: Cluster, uids: dict[str, str]) -> dict[str, dict[str, int]]:
    """The pids of sandbox and running containers, by pod and name, as the runtime says."""
    names = {uid: pod for pod, uid in uids.items()}
    found: dict[str, dict[str, int]] = {}
    for sandbox in runtime_truth.sandboxes(cluster):
        if sandbox.uid in names:
            processes = [(SANDBOX, sandbox.pid), *((each.name, each.pid) for each in sandbox.newest())]
            found[names[sandbox.uid]] = {name: pid for name, pid in processes if pid}
    return found


@pytest.mark.parametrize("pod", TRUTH)
def test_expected_is_real_is_told(look: Look, pod: str) -> None:
    if pod in look.impossible:
        pytest.skip(f"[{look.cluster.label}] NO USER NAMESPACE WAS TESTED: {look.impossible[pod]}")
    truth = look.truth(pod)
    assert look.real(pod) == truth
    assert look.told(pod) == truth
    assert look.told(pod, "expected") == truth


def test_nothing_drifts_on_a_fresh_cluster(look: Look) -> None:
    namespaces = [
        (sandbox["pod"]["name"], container["name"], kind, container["namespaces"][kind]["drift"])
        for node in look.report["nodes"]
        for sandbox in node["sandboxes"]
        for container in sandbox["containers"]
        if container["namespaces"]
        for kind in KINDS
    ]
    assert len(namespaces) >= len(KINDS) * sum(len(rows) - 1 for pod, rows in TRUTH.items() if pod not in look.impossible)
    assert [each for each in namespaces if each[-1] is not False] == []
    (node,) = look.report["nodes"]
    assert [node["findings"], *(sandbox["findings"] for sandbox in node["sandboxes"] if sandbox["findings"])] == [[]]
    assert [sandbox["pod"]["name"] for sandbox in node["sandboxes"] if sandbox["strangers"]] == []


def test_the_table(look: Look, capsys: pytest.CaptureFixture[str]) -> None:
    """What was compared, to be read: one line a container, `=` where the node's inodes and the report agree with what should be."""
    lines = [f"  {'POD':26}{'CONTAINER':11}{''.join(f'{kind.upper():7}' for kind in KINDS)}NODE  REPORT"]
    for pod in (pod for pod in TRUTH if pod not in look.impossible):
        found, seen = look.real(pod), look.told(pod)
        for name, row in look.truth(pod).items():
            marks = f"{'=' if found[name] == row else found[name]!s:6}{'=' if seen[name] == row else seen[name]!s}"
            lines.append(f"  {pod:26}{name:11}{''.join(f'{word:7}' for word in row)}{marks}")
    lines += [f"  {pod:26}NOT TESTED: {why}" for pod, why in look.impossible.items()]
    with capsys.disabled():
        print(f"\n{look.cluster.label}, cgroup {'v2' if look.unified else 'v1'}", *lines, sep="\n")
    assert [line for line in lines[1:] if not line.endswith("=     =") and "NOT TESTED" not in line] == []
    assert len(lines) == 1 + len(look.impossible) + sum(len(rows) for pod, rows in TRUTH.items() if pod not in look.impossible)
