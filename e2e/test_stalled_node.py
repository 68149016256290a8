"""A node whose kubelet or runtime is gone or hangs, before a run and during one, and a crictl that hangs: what is told, and how soon."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pytest

from e2e.access import BUSYBOX, NAMESPACE, Cluster, Ended, Json
from e2e.clusters.commands import Runner
from e2e.clusters.engines import find_engine
from e2e.clusters.settings import cache_directory
from e2e.watched_objects import objects_of_ours
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SPACE = "pause-inspect-stalled"
LIMIT_AWAY, LIMIT_SWITCH, LIMIT_BACK = 30, 120, 180
SAMPLE = 6
NOBODY = "pause-inspect-nobody"
"""A Node object without a machine."""
AWAY_FILE = "pause-inspect-away"
"""In /var/log of the node, which a kubelet serves whatever its runtime does."""
COLLECTING = "until grep -lzsq ^USE_CRICTL= /proc/[0-9]*/environ; do sleep 0.1; done; sleep 1; "
BACK_FILE, GO_FILE = "/run/pause-inspect-back", "/run/pause-inspect-go"
TOLD = f"n=0; while [ ! -e {GO_FILE} ] && [ $n -lt GO_TENTHS ]; do sleep 0.1; n=$((n+1)); done; "
"""A runtime that is stopped while it starts the switch takes the switch along: it waits until it is told that it runs."""
SWITCH = f"""trap 'systemctl BACK; rm -f /var/log/{AWAY_FILE} {BACK_FILE} {GO_FILE}' EXIT
WAIT systemctl AWAY; touch /var/log/{AWAY_FILE}; n=0
while [ ! -e {BACK_FILE} ] && [ $n -lt TENTHS ]; do sleep 0.1; n=$((n+1)); done"""
"""Run by a pod of the node itself, which goes on and puts all back without a kubelet: nothing that goes through one could."""


@dataclass(frozen=True, slots=True)
class Stall:
    """What happens to a unit of the node, `during` a run (a second after the collector began) or before it, until the run has ended.

    On a cluster that is no container of ours it is back after `seconds`. `words` are said of it; `timeout` of the run is the only end
    of some.
    """

    unit: str
    hangs: bool
    during: bool
    seconds: int
    words: tuple[str, ...]
    timeout: int = 50

    def __str__(self) -> str:
        return f"{self.unit}-{'hangs' if self.hangs else 'stopped'}-{'during' if self.during else 'before'}"

    def script(self, seconds: int) -> str:
        """What the switch runs on the node; after `seconds` all is back without being asked."""
        away, back = ("kill -s STOP", "kill -s CONT") if self.hangs else ("stop", "start")
        script = SWITCH.replace("BACK", f"{back} {self.unit}", 1).replace("TENTHS", str(seconds * 10))
        told = TOLD.replace("GO_TENTHS", str(LIMIT_AWAY * 10 if seconds == LIMIT_SWITCH else 20))
        return script.replace("WAIT", COLLECTING if self.during else told).replace(" AWAY;", f" {away} {self.unit};")


STALLS = (
    Stall("kubelet", hangs=False, during=False, seconds=5, words=("connection refused", "kubelet")),
    Stall("kubelet", hangs=True, during=False, seconds=21, words=("did not renew its lease", "kubelet")),
    Stall("kubelet", hangs=False, during=True, seconds=8, words=("kubelet",)),
    Stall("kubelet", hangs=True, during=True, seconds=30, words=("stopped renewing its lease",), timeout=20),
    Stall("containerd", hangs=False, during=False, seconds=5, words=("reaches no container runtime",)),
    Stall("containerd", hangs=True, during=False, seconds=20, words=("container runtime", "may hang"), timeout=16),
    Stall("containerd", hangs=False, during=True, seconds=8, words=("reaches no container runtime",)),
    Stall("containerd", hangs=True, during=True, seconds=18, words=("container runtime may hang",), timeout=8),
)


@pytest.fixture(scope="module")
def place(running: dict[str, Cluster]) -> Iterator[Cluster]:
    """One cluster, with a namespace of its own."""
    cluster = next(iter(running.values()))
    cluster.make_namespace(SPACE)
    yield cluster
    cluster.remove_namespace(SPACE)


@contextmanager
def switched(cluster: Cluster, stall: Stall, log: Path) -> Iterator[None]:
    """The unit goes away, for the run or while it lasts, and is back afterwards: the switch has ended, as only a whole node can tell."""
    given = cluster.label == "given"
    cluster.kubectl("delete", "pod", "switch", "-n", SPACE, "--ignore-not-found", "--force", "--grace-period=0")
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(_switch(cluster.node, stall.script(stall.seconds if given else LIMIT_SWITCH))))
    try:
        if stall.during or not given:
            running = partial(_phase, cluster)
            wait_for("the switch to run", lambda: running() == "Running", LIMIT_AWAY, instead=running)
        if not stall.during:
            if not given:
                find_engine(Runner(log), cache_directory()).run("exec", cluster.node, "touch", GO_FILE)
            wait_for(f"{stall.unit} to be away", partial(_is_away, cluster, stall), LIMIT_AWAY)
        yield
    finally:
        if not given:
            find_engine(Runner(log), cache_directory()).run("exec", cluster.node, "touch", BACK_FILE)
        phase = partial(_phase, cluster)
        wait_for(f"{stall.unit} to be back", lambda: phase() == "Succeeded", LIMIT_BACK, instead=phase)


def _switch(node: str, script: str) -> Json:
    container = {
        "name": "switch",
        "image": BUSYBOX,
        "command": ["chroot", "/proc/1/root", "/bin/sh", "-c", script],
        "securityContext": {"privileged": True},
    }
    spec = {
        "nodeName": node,
        "hostPID": True,
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 0,
        "tolerations": [{"operator": "Exists"}],
        "containers": [container],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "switch", "namespace": SPACE}, "spec": spec}


def _phase(cluster: Cluster) -> str:
    return str(cluster.get("pod", "switch", "-n", SPACE)["status"]["phase"])


def _is_away(cluster: Cluster, stall: Stall) -> bool:
    """Whether the kubelet does not answer the API server; of the runtime, whether the kubelet serves the switch's mark."""
    path = "healthz" if stall.unit == "kubelet" else f"logs/{AWAY_FILE}"
    try:
        cluster.kubectl("get", "--raw", f"/api/v1/nodes/{cluster.node}/proxy/{path}", "--request-timeout=1s")
    except AssertionError:
        return stall.unit == "kubelet"
    return stall.unit != "kubelet"


@pytest.mark.parametrize("stall", STALLS, ids=str)
def test_a_unit_that_is_away(place: Cluster, stall: Stall, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("zombies", "--node", place.node, "--sample", f"{SAMPLE}s") if stall.during else ("node", place.node)
    with switched(place, stall, tmp_path / "log"):
        ended, seconds = timed(place, *words, "--debug-namespace", SPACE, "--timeout", f"{stall.timeout}s")
    with capsys.disabled():
        print(f"\n{stall}: told after {seconds:.1f} s: {ended.stderr[:300]}")
    assert (ended.code, ended.stdout) == (1, "")
    what, following = ended.stderr.splitlines()
    assert what.startswith("error: ")
    assert following.startswith("  next: ")
    for word in (place.node, *stall.words):
        assert word in ended.stderr
    assert "--debug-namespace" not in ended.stderr, "another namespace would not help"
    wait_for("nothing of ours to be left", lambda: not objects_of_ours(place, SPACE), instead=partial(objects_of_ours, place, SPACE))


def timed(cluster: Cluster, *words: str) -> tuple[Ended, float]:
    """A run of the plugin, and its seconds."""
    started = time.monotonic()
    ended = cluster.plugin(*words)
    return ended, time.monotonic() - started


def static_sandboxes(node: Json) -> list[str]:
    """Ids of the sandboxes that stay: other tests' pods may still be ending on the node."""
    return [each["id"] for each in node["sandboxes"] if each["pod"]["namespace"] == "kube-system"]


def test_a_node_that_nobody_answers_for_costs_one_row_of_all(place: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": NOBODY}}
    place.kubectl("apply", "-f", "-", stdin=json.dumps(node))
    try:
        ready = {"status": {"conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}]}}
        place.kubectl("patch", "node", NOBODY, "--subresource=status", "--type=merge", "-p", json.dumps(ready))
        ended, seconds = timed(place, "node", "--all", "--timeout", "8s", "--debug-namespace", SPACE, "-o", "json")
        with capsys.disabled():
            print(f"\na node without a machine: told after {seconds:.1f} s: {ended.stderr[:300]}")
        assert ended.code == 4
        report = json.loads(ended.stdout)
        (whole,) = [each for each in report["nodes"] if each["name"] == place.node]
        alone = json.loads(place.plugin("node", place.node, "--debug-namespace", SPACE, "-o", "json").stdout)["nodes"][0]
        assert static_sandboxes(whole) == static_sandboxes(alone) != []
        what, following = ended.stderr.splitlines()
        assert what.startswith(f"error: node {NOBODY}: ")
        assert following.startswith("  next: does a kubelet run for this node?")
        assert objects_of_ours(place, SPACE) == []
    finally:
        place.kubectl("delete", "node", NOBODY)


def test_a_crictl_that_hangs(clusters: dict[str, Cluster], capsys: pytest.CaptureFixture[str]) -> None:
    cluster = next((each for each in clusters.values() if each.crictl), None)
    if cluster is None and "given" in clusters:
        pytest.skip("E2E_KUBECONFIG gives one cluster; its node has no crictl that could hang")
    assert cluster, "no node has crictl"
    assert cluster.crictl
    kept = f"{cluster.crictl}.kept"
    try:
        cluster.on_node(f"mv {cluster.crictl} {kept}; printf '#!/bin/sh\\nsleep 600\\n' >{cluster.crictl}; chmod +x {cluster.crictl}")
        ended, seconds = timed(cluster, "node", cluster.node, "--timeout", "15s", "-o", "json")
    finally:
        cluster.on_node(f"[ ! -e {kept} ] || mv {kept} {cluster.crictl}")
    (node,) = json.loads(ended.stdout)["nodes"]
    (finding,) = node["findings"]
    with capsys.disabled():
        print(f"\ncrictl hangs: a report after {seconds:.1f} s: {finding['message']}: {finding['evidence']}")
    assert ended.code == 0
    assert (finding["code"], finding["severity"]) == ("node/crictl-failed", "warning")
    pods = {each["pod"]["name"]: each for each in node["sandboxes"] if each["pod"]["namespace"] == NAMESPACE}
    assert {"nginx", "shared-pid", "host-network"} <= set(pods)
    assert [each["name"] for each in pods["shared-pid"]["containers"]] == ["one", "two"]
    wait_for("the hanging crictl to be gone", lambda: not hanging(cluster), instead=partial(hanging, cluster))


def hanging(cluster: Cluster) -> list[str]:
    """Processes of the node that run the crictl that hangs."""
    return cluster.on_node("grep -lzxs 600 /proc/[0-9]*/cmdline; true").split()
