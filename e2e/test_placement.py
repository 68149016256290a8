"""What stands in the way, made for real: each refusal and each state of a node is told within seconds, and leaves nothing."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from e2e.access import BUSYBOX, Cluster, Ended
from e2e.watched_objects import objects_of_ours
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

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
