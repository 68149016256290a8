"""What stands in the way, made for real: each refusal and each state of a node is told, in how many seconds printed, and leaves nothing."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from e2e.access import BUSYBOX, Cluster, Ended
from e2e.clusters.commands import Runner
from e2e.clusters.engines import find_engine
from e2e.clusters.settings import cache_directory
from e2e.watched_objects import objects_of_ours
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from e2e.access import Json

    Closed = Callable[[Cluster], AbstractContextManager[None]]

SPACE = "pause-inspect-placement"
QUOTA = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "small"}, "spec": {"hard": {"requests.cpu": "1m"}}}
LIMIT_RANGE = {
    "apiVersion": "v1",
    "kind": "LimitRange",
    "metadata": {"name": "narrow"},
    "spec": {"limits": [{"type": "Container", "max": {"memory": "32Mi"}}]},
}
TAINT = "pause-inspect-test=yes"
KUBELET_CONFIGURATION = "/var/lib/kubelet/config.yaml"
LIMIT_CONDITION = 120


@dataclass(frozen=True, slots=True)
class Refusal:
    """`made` is applied, or a label of the namespace; the error holds `words`, the next step `then`."""

    made: Json | str
    words: str
    then: str


REFUSALS = {
    "Pod Security": Refusal("pod-security.kubernetes.io/enforce=baseline", 'violates PodSecurity "baseline', "enforce=privileged"),
    "quota": Refusal(QUOTA, "exceeded quota: small", "kubectl describe quota small"),
    "LimitRange": Refusal(LIMIT_RANGE, "maximum memory usage per Container is 32Mi", "kubectl describe limitrange"),
}


@pytest.fixture
def place(running: dict[str, Cluster]) -> Iterator[Cluster]:
    """One cluster, with a namespace of its own for each test."""
    cluster = next(iter(running.values()))
    cluster.make_namespace(SPACE)
    yield cluster
    cluster.remove_namespace(SPACE)


def timed(cluster: Cluster, capsys: pytest.CaptureFixture[str], what: str) -> Ended:
    """A run in that namespace; its seconds and its word are printed as a row of the table."""
    started = time.monotonic()
    ended = cluster.plugin("node", cluster.node, "--debug-namespace", SPACE, "--timeout", "40s")
    seconds = time.monotonic() - started
    with capsys.disabled():
        print(f"\n{what:14} {seconds:5.1f} s  exit code {ended.code}  {ended.stderr[:150].strip()}")
    assert objects_of_ours(cluster, SPACE) == []
    return ended


@pytest.mark.parametrize("what", REFUSALS)
def test_refused(place: Cluster, capsys: pytest.CaptureFixture[str], what: str) -> None:
    refusal = REFUSALS[what]
    if isinstance(refusal.made, str):
        place.kubectl("label", "namespace", SPACE, refusal.made, "--overwrite")
    else:
        place.kubectl("apply", "-n", SPACE, "-f", "-", stdin=json.dumps(refusal.made))
    if what == "quota":  # until the controller has counted, any pod is refused with other words
        wait_for("the quota to be counted", lambda: place.get("quota", "small", "-n", SPACE).get("status", {}).get("used"))
    ended = timed(place, capsys, what)
    assert (ended.code, ended.stdout) == (1, "")
    told, following = ended.stderr.splitlines()
    assert refusal.words in told
    assert refusal.then in following


@contextmanager
def cordoned(cluster: Cluster) -> Iterator[None]:
    """No new pod is scheduled there."""
    cluster.kubectl("cordon", cluster.node)
    try:
        yield
    finally:
        cluster.kubectl("uncordon", cluster.node)


@contextmanager
def tainted(cluster: Cluster) -> Iterator[None]:
    """No pod may start there or stay there that does not tolerate it."""
    for effect in ("NoSchedule", "NoExecute"):
        cluster.kubectl("taint", "node", cluster.node, f"{TAINT}:{effect}")
    try:
        yield
    finally:
        cluster.kubectl("taint", "node", cluster.node, f"{TAINT.partition('=')[0]}-")


@pytest.mark.parametrize("closed", [cordoned, tainted])
def test_a_node_that_is_closed_to_others_is_read(place: Cluster, capsys: pytest.CaptureFixture[str], closed: Closed) -> None:
    with closed(place):
        ended = timed(place, capsys, getattr(closed, "__name__", ""))
    assert (ended.code, ended.stderr) == (0, "")


def millicores(text: str) -> int:
    """`250m` or `2`."""
    return int(text[:-1]) if text.endswith("m") else round(float(text) * 1000)


def test_a_full_node(place: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    """One pod asks for all the CPU that is left: the kubelet rejects ours, and its word is told."""
    pods = place.get("pods", "-A", "--field-selector", f"spec.nodeName={place.node},status.phase!=Succeeded,status.phase!=Failed")["items"]
    asked = [
        millicores(container.get("resources", {}).get("requests", {}).get("cpu", "0"))
        for pod in pods
        for container in pod["spec"]["containers"]
    ]
    room = millicores(place.get("node", place.node)["status"]["allocatable"]["cpu"]) - sum(asked)
    container = {
        "name": "greedy", "image": BUSYBOX, "command": ["sleep", "86400"], "resources": {"requests": {"cpu": f"{room}m"}},
    }  # fmt: skip
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "greedy", "namespace": SPACE},
        "spec": {"nodeName": place.node, "terminationGracePeriodSeconds": 0, "containers": [container]},
    }
    place.kubectl("apply", "-f", "-", stdin=json.dumps(pod))
    place.kubectl("wait", "-n", SPACE, "--for=condition=Ready", "pod/greedy", "--timeout=50s")
    ended = timed(place, capsys, "full node")
    assert (ended.code, ended.stdout) == (1, "")
    told, following = ended.stderr.splitlines()
    assert "OutOfcpu" in told
    assert "requested: 10" in told
    assert following.startswith("  next: kubectl describe node")


@dataclass(frozen=True, slots=True)
class Pressure:
    """What a kubelet measures, the node's condition that it sets, and what the plugin says; no `words` where the pod is let in."""

    signal: str
    condition: str
    words: tuple[str, ...]

    def configuration(self) -> str:
        """No node has that much of it, so the threshold is met at once ("100%" would be taken for none).

        With an hour of grace the kubelet reports the condition and rejects pods, but evicts no pod and removes no image of other tests.
        """
        return f"evictionSoft: {{{self.signal}: 1Ei}}\nevictionSoftGracePeriod: {{{self.signal}: 1h}}\n"


PRESSURES = {
    "disk": Pressure("nodefs.available", "DiskPressure", ("Evicted", "[DiskPressure]", "df -h")),
    "PIDs": Pressure("pid.available", "PIDPressure", ("Evicted", "[PIDPressure]", "ps -eL")),
    "memory": Pressure("memory.available", "MemoryPressure", ()),
}


@contextmanager
def pressed(cluster: Cluster, pressure: Pressure, log: Path) -> Iterator[None]:
    """The kubelet, started again with that threshold, says that the node is under pressure; with its own configuration it does not."""
    engine = find_engine(Runner(log), cache_directory())
    kept = f"{KUBELET_CONFIGURATION}.kept"

    def on_node(script: str) -> None:
        engine.run("exec", "-i", cluster.node, "sh", "-ec", script, stdin=pressure.configuration().encode())

    def becomes(status: str) -> None:
        def shown() -> str | None:
            conditions = cluster.get("node", cluster.node)["status"]["conditions"]
            return next((each["status"] for each in conditions if each["type"] == pressure.condition), None)

        wait_for(f"{pressure.condition} to be {status}", lambda: shown() == status, LIMIT_CONDITION, instead=shown)

    try:
        on_node(f"cp {KUBELET_CONFIGURATION} {kept}; cat >>{KUBELET_CONFIGURATION}; systemctl restart kubelet")
        becomes("True")
        _wait_for_a_rejection(cluster)
        yield
    finally:
        on_node(f"[ ! -e {kept} ] || mv {kept} {KUBELET_CONFIGURATION}; systemctl restart kubelet")
        becomes("False")


def _wait_for_a_rejection(cluster: Cluster) -> None:
    """A kubelet that was just started tells the first pod's status after ten seconds, any later one's at once: this is the first."""
    container = {"name": "first", "image": BUSYBOX, "command": ["sleep", "86400"]}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "first", "namespace": SPACE},
        "spec": {"nodeName": cluster.node, "terminationGracePeriodSeconds": 0, "containers": [container]},
    }
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(pod))

    def status() -> Json:
        shown = cluster.get("pod", "first", "-n", SPACE)["status"]
        assert isinstance(shown, dict)
        return shown

    wait_for("a pod of no requests to be rejected", lambda: status().get("reason") == "Evicted", LIMIT_CONDITION, instead=status)


@pytest.mark.parametrize("what", PRESSURES)
def test_pressure(place: Cluster, capsys: pytest.CaptureFixture[str], tmp_path: Path, what: str) -> None:
    """What the kubelet rejects is told in its words; a pod that asks for memory is let in where memory is short."""
    if place.label == "given":
        pytest.skip("E2E_KUBECONFIG gives one cluster; its kubelet keeps its configuration")
    pressure = PRESSURES[what]
    with pressed(place, pressure, tmp_path / "log"):
        ended = timed(place, capsys, f"{what} pressure")
    if not pressure.words:
        assert (ended.code, ended.stderr) == (0, "")
        return
    assert (ended.code, ended.stdout) == (1, "")
    told, following = ended.stderr.splitlines()
    assert told.startswith(f"error: node {place.node} refused the inspector pod: ")
    assert following.startswith("  next: ")
    for word in pressure.words:
        assert word in ended.stderr
