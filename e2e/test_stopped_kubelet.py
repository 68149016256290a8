"""A node whose kubelet is gone is told in seconds, long before it is NotReady: one that stopped, and one that hangs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from e2e.access import BUSYBOX, Cluster
from e2e.watched_objects import objects_of_ours
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

SPACE = "pause-inspect-kubelet"
LIMIT_BACK = 50
WITNESS = f"""
apiVersion: v1
kind: Pod
metadata: {{name: switch, namespace: {SPACE}}}
spec:
  nodeName: NODE
  hostPID: true
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
  tolerations: [{{operator: Exists}}]
  containers:
  - name: switch
    image: "{BUSYBOX}"
    command: [chroot, /proc/1/root, /bin/sh, -c, "trap 'systemctl BACK kubelet' EXIT; systemctl AWAY kubelet; sleep AWAY_FOR"]
    securityContext: {{privileged: true}}
"""
"""A pod of the node itself switches its kubelet off and on again: nothing that goes through a kubelet could."""


@pytest.fixture(scope="module")
def place(running: dict[str, Cluster]) -> Iterator[Cluster]:
    """One cluster, with a namespace of its own."""
    cluster = next(iter(running.values()))
    cluster.make_namespace(SPACE)
    yield cluster
    wait_for("the kubelet to be back", lambda: _renewed(cluster), LIMIT_BACK)
    cluster.remove_namespace(SPACE)


def _renewed(cluster: Cluster) -> bool:
    before = _lease(cluster)
    time.sleep(1)
    return _lease(cluster) != before


def _lease(cluster: Cluster) -> str:
    return str(cluster.get("lease", cluster.node, "-n", "kube-node-lease")["spec"]["renewTime"])


@pytest.mark.parametrize(
    ("switch", "words", "limit"),
    [
        (("stop", "start", "5"), "connection refused", 8),
        (("kill -s STOP", "kill -s CONT", "21"), "did not renew its lease", 20),
    ],
    ids=["stopped", "hanging"],
)
def test_a_kubelet_that_is_away(
    place: Cluster, switch: tuple[str, str, str], words: str, limit: float, capsys: pytest.CaptureFixture[str]
) -> None:
    away, back, seconds_away = switch
    place.kubectl("delete", "pod", "switch", "-n", SPACE, "--ignore-not-found", "--force", "--grace-period=0")
    place.kubectl(
        "apply",
        "-f",
        "-",
        stdin=WITNESS.replace("NODE", place.node).replace("AWAY_FOR", seconds_away).replace("AWAY", away).replace("BACK", back),
    )
    wait_for("the kubelet to be away", lambda: _is_away(place), 20)
    started = time.monotonic()
    ended = place.plugin("node", place.node, "--debug-namespace", SPACE, "--timeout", "50s")
    seconds = time.monotonic() - started
    with capsys.disabled():
        print(f"\nkubelet {away}: told after {seconds:.1f} s: {ended.stderr.splitlines()[0][:150]}")
    assert (ended.code, ended.stdout) == (1, "")
    assert words in ended.stderr
    assert "kubelet" in ended.stderr
    assert "--debug-namespace" not in ended.stderr, "another namespace would not help"
    assert seconds < limit
    assert objects_of_ours(place, SPACE) == [], ended.stderr
    wait_for("the kubelet to be back", lambda: _renewed(place), LIMIT_BACK)


def _is_away(cluster: Cluster) -> bool:
    """Whether the kubelet does not answer the API server."""
    try:
        cluster.kubectl("get", "--raw", f"/api/v1/nodes/{cluster.node}/proxy/healthz", "--request-timeout=1s")
    except AssertionError:
        return True
    return False
