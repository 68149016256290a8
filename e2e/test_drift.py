"""Processes that leave or join a pod's namespaces on purpose are reported with the right subject; a name cannot mislead."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

import pytest

from e2e import runtime_truth
from e2e.moments import sandboxes_of
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.access import Cluster, Json

MANIFEST = Path(__file__).parent / "manifests" / "drift.yaml"
NAMESPACE = "pause-inspect-drift"
CONTAINERS = {"healthy": ["app"], "left": ["app"], "drifting": ["app", "steady"], "joined": ["app"], "hostile": ["app"]}
GUESTS = {"pause-inspect-guest-of-pause": "-n -i -u", "pause-inspect-guest-of-app": "-a"}
"""systemd units of the node that join the pod `joined`: the process of an operator, which is in no cgroup of a pod."""
HOSTILE = "p\n\x1b[2J) R [b]"
HOSTILE_SHOWN = "p\\x0a\\x1b[2J) R [b]"


@dataclass(frozen=True, slots=True)
class Scene:
    """A node's report while all this goes on. `left_by` is, by pod, each process of its app that is outside of the sandbox's network."""

    cluster: Cluster
    report: Json
    uids: dict[str, str]
    left_by: dict[str, list[int]]

    def sandbox(self, pod: str) -> Json:
        """The one sandbox of a pod."""
        (sandbox,) = sandboxes_of(self.report, self.uids[pod])
        return sandbox

    def findings(self, pod: str) -> list[tuple[str, str]]:
        """Code and subject of each finding about a pod."""
        return sorted((each["code"], each["subject"]) for each in self.sandbox(pod)["findings"])


@pytest.fixture(scope="module")
def scenes(clusters: dict[str, Cluster]) -> Iterator[dict[str, Scene]]:
    """The pods on each cluster; they and their guests are gone before any other test looks at the node."""
    with ThreadPoolExecutor() as executor:
        try:
            made = {label: executor.submit(_scene, cluster) for label, cluster in clusters.items()}
            yield {label: future.result() for label, future in made.items()}
        finally:
            list(executor.map(_end, clusters.values()))


@pytest.fixture(scope="module")
def scene(scenes: dict[str, Scene], label: str) -> Scene:
    return scenes[label]


def _scene(cluster: Cluster) -> Scene:
    cluster.make_namespace(NAMESPACE)
    cluster.kubectl("apply", "-f", "-", stdin=Template(MANIFEST.read_text()).safe_substitute(NODE=cluster.node, NAMESPACE=NAMESPACE))
    for pod in CONTAINERS:
        wait_for(f"[{cluster.label}] pod {pod} ready", partial(_ready, cluster, pod))
    uids = {pod: cluster.get("pod", pod, "-n", NAMESPACE)["metadata"]["uid"] for pod in CONTAINERS}
    apps = {
        sandbox.uid: container.pid
        for sandbox in runtime_truth.sandboxes(cluster)
        if sandbox.uid in uids.values()
        for container in sandbox.newest()
        if container.name == "app" and container.pid
    }
    for unit, namespaces in GUESTS.items():
        cluster.on_node(f"systemd-run --quiet --collect --unit={unit} nsenter -t {apps[uids['joined']]} {namespaces} sleep 86400")
    left_by = {
        pod: wait_for(f"[{cluster.label}] a process of pod {pod} that left its network", partial(_strayed, cluster, apps[uids[pod]], count))
        for pod, count in {"left": 1, "hostile": 2}.items()
    }
    return Scene(cluster, cluster.report("node", cluster.node), uids, left_by)


def _end(cluster: Cluster) -> None:
    cluster.on_node(f"systemctl stop {' '.join(GUESTS)}; true")
    cluster.remove_namespace(NAMESPACE)


def _ready(cluster: Cluster, pod: str) -> bool:
    statuses = cluster.get("pod", pod, "-n", NAMESPACE)["status"].get("containerStatuses") or ()
    return [each["name"] for each in statuses if each["ready"]] == CONTAINERS[pod]


def _strayed(cluster: Cluster, app: int, count: int) -> list[int] | None:
    """Processes in the PID namespace of `app` that are in another network, once there are `count` of them."""
    text = cluster.on_node(
        f"own=$(readlink /proc/{app}/ns/pid) net=$(readlink /proc/{app}/ns/net); for p in /proc/[0-9]*; do "
        '[ "$(readlink $p/ns/pid)" = "$own" ] && [ "$(readlink $p/ns/net)" != "$net" ] && echo ${p#/proc/}; done; true',
        root=False,
    )
    return sorted(map(int, text.split())) if len(text.split()) == count else None


def strangers(scene: Scene, pod: str) -> list[Json]:
    found = scene.sandbox(pod)["strangers"]
    assert isinstance(found, list)
    return found


def test_a_healthy_pod_with_a_probe_that_always_runs_has_no_strangers(scene: Scene) -> None:
    assert (strangers(scene, "healthy"), scene.findings("healthy")) == ([], [])
    for each in scene.sandbox("healthy")["containers"]:
        assert [kind for kind, namespace in each["namespaces"].items() if namespace["drift"] is not False] == []


def test_a_process_that_left_the_pods_network(scene: Scene) -> None:
    (container,) = scene.sandbox("left")["containers"]
    assert (container["namespaces"]["net"]["sharing"], container["namespaces"]["net"]["drift"]) == ("pod", False)
    (stranger,) = strangers(scene, "left")
    assert stranger == {
        "pid": scene.left_by["left"][0],
        "comm": "sleep",
        "kind": "left",
        "namespaces": ["net"],
        "container": "app",
        "parentPid": container["pid"],
        "parentComm": "sh",
        "descendants": 0,
    }
    assert [code for code, _ in scene.findings("left")] == ["namespace/left"]


def test_a_container_whose_init_process_itself_left(scene: Scene) -> None:
    app, steady = scene.sandbox("drifting")["containers"]
    net = app["namespaces"]["net"]
    assert (app["name"], net["sharing"], net["expected"], net["drift"]) == ("app", "own", "pod", True)
    assert [kind for kind, each in app["namespaces"].items() if each["drift"]] == ["net"]
    assert [kind for kind, each in steady["namespaces"].items() if each["drift"]] == []
    assert [code for code, _ in scene.findings("drifting")] == ["namespace/drift"]


def test_a_process_of_the_node_that_joined(scene: Scene) -> None:
    found = strangers(scene, "joined")
    assert [each["kind"] for each in found] == ["joined"] * 2
    by_unit = {unit: int(scene.cluster.on_node(f"systemctl show -p MainPID --value {unit}")) for unit in GUESTS}
    of_pause, of_app = by_unit.values()
    told = {each["pid"]: each for each in found}
    assert (told[of_pause]["comm"], set(told[of_pause]["namespaces"]), told[of_pause]["container"], told[of_pause]["descendants"]) == (
        "sleep",
        {"net", "ipc", "uts"},
        None,
        0,
    )
    # nsenter stays outside of the PID namespace and forks the one that is inside
    assert (told[of_app]["comm"], told[of_app]["container"], told[of_app]["descendants"]) == ("nsenter", "app", 1)
    assert {"net", "ipc", "uts", "mnt"} <= set(told[of_app]["namespaces"])
    assert {code for code, _ in scene.findings("joined")} == {"namespace/joined"}


def test_a_name_made_to_mislead_is_escaped_in_every_view(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    cluster, pids = scene.cluster, scene.left_by["hostile"]
    assert [(each["comm"], each["descendants"]) for each in strangers(scene, "hostile")] == [(HOSTILE, 1)]
    views = {
        "pod": cluster.plugin("pod", "-n", NAMESPACE, "hostile"),
        "pod --prove": cluster.plugin("pod", "-n", NAMESPACE, "hostile", "--prove"),
        "pod -o yaml": cluster.plugin("pod", "-n", NAMESPACE, "hostile", "-o", "yaml"),
        "pod -o json": cluster.plugin("pod", "-n", NAMESPACE, "hostile", "-o", "json"),
        "node": cluster.plugin("node", cluster.node),
        "who": cluster.plugin("who", str(pids[0]), "--node", cluster.node),
    }
    with capsys.disabled():
        print(f"\n[{cluster.label}] `lsns` on the node: {cluster.on_node('lsns; echo exit code $?').strip()}")
        print(
            *(f"[{cluster.label}] {view}: {line}" for view, ended in views.items() for line in ended.stdout.splitlines() if "[2J" in line),
            sep="\n",
        )
    for view, ended in views.items():
        assert (ended.code, ended.stderr) == (0, ""), view
        assert "\x1b" not in ended.stdout, view
        assert [line for line in ended.stdout.splitlines() if line.startswith("[2J")] == [], view
    named = [view for view, ended in views.items() if HOSTILE_SHOWN in ended.stdout]
    assert named == ["pod", "pod --prove", "who"]  # the node view names no process
