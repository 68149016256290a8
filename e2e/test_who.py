"""`who X` on a real node, for each kind of input, living processes and zombies; the truth is taken on the node in the same test."""

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
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.access import Cluster, Json
    from e2e.runtime_truth import TrueSandbox

MANIFEST = Path(__file__).parent / "manifests" / "who.yaml"
NAMESPACE = "pause-inspect-who"
PODS = ("orphaned", "shared")
GUEST = "pause-inspect-who-guest"
"""systemd unit of the node: an operator's nsenter, in namespaces of pod `orphaned` and in no pod's cgroup."""
ZOMBIES = """for p in /proc/[0-9]*; do
	grep -qs '^State:.Z' $p/status || continue
	echo "${p#/proc/} $(sed -n 's/^PPid:.//p' $p/status) $(sed -n 's/^NSpid:.*[^0-9]//p' $p/status)"
done"""
SHIMS = "for p in /proc/[0-9]*; do grep -qs containerd-shim $p/comm && echo ${p#/proc/} $(tr '\\0' ' ' <$p/cmdline); done; true"
PINS = "for f in /run/netns/*; do stat -L -c '%i %n' $f; done"


@dataclass(frozen=True, slots=True)
class Scene:
    """Sandboxes by pod, the zombie child of each pod's app as pid on the node and in the pod, and the stranger's pid."""

    cluster: Cluster
    sandboxes: dict[str, TrueSandbox]
    zombies: dict[str, tuple[int, int]]
    guest: int

    def answers(self, *asked: object) -> list[Json]:
        """The plugin's answers, all of one capture of the node."""
        found = self.cluster.report("who", *map(str, asked), "--node", self.cluster.node)["answers"]
        assert isinstance(found, list)
        return found

    def container(self, pod: str, name: str) -> tuple[str, int]:
        """Id and pid of a running container."""
        found = next(each for each in self.sandboxes[pod].newest() if each.name == name)
        assert found.pid is not None
        return found.id, found.pid

    def pause(self, pod: str) -> int:
        """Pid of the pod's pause process."""
        pid = self.sandboxes[pod].pid
        assert pid is not None
        return pid


@pytest.fixture(scope="module")
def scenes(clusters: dict[str, Cluster]) -> Iterator[dict[str, Scene]]:
    """The pods on each cluster; gone before any other test looks at the node."""
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
    cluster.kubectl("apply", "-f", "-", stdin=Template(MANIFEST.read_text()).substitute(NODE=cluster.node, NAMESPACE=NAMESPACE))
    for pod in PODS:
        wait_for(f"[{cluster.label}] pod {pod} ready", partial(_ready, cluster, pod))
    uids = {cluster.get("pod", pod, "-n", NAMESPACE)["metadata"]["uid"]: pod for pod in PODS}
    sandboxes = {uids[each.uid]: each for each in runtime_truth.sandboxes(cluster) if each.uid in uids}
    apps = {container.pid: pod for pod, each in sandboxes.items() for container in each.newest() if container.name == "app"}
    zombies = wait_for(f"[{cluster.label}] a zombie in each pod", partial(_zombies, cluster, apps))
    joined = sandboxes["orphaned"].pid
    cluster.on_node(f"systemd-run --quiet --collect --unit={GUEST} nsenter -t {joined} -n -i sleep 86400")
    guest = wait_for(f"[{cluster.label}] the guest in the pod's network", partial(_guest, cluster, joined))
    return Scene(cluster, sandboxes, zombies, guest)


def _ready(cluster: Cluster, pod: str) -> bool:
    statuses = cluster.get("pod", pod, "-n", NAMESPACE)["status"].get("containerStatuses") or []
    return bool(statuses) and all(status["ready"] for status in statuses)


def _zombies(cluster: Cluster, apps: dict[int | None, str]) -> dict[str, tuple[int, int]] | None:
    rows = [tuple(map(int, line.split())) for line in cluster.on_node(ZOMBIES, root=False).splitlines()]
    found = {apps[parent]: (pid, inside) for pid, parent, inside in rows if parent in apps}
    return found if len(found) == len(PODS) else None


def _guest(cluster: Cluster, joined: int | None) -> int | None:
    pid = int(cluster.on_node(f"systemctl show -p MainPID --value {GUEST}").strip() or 0)
    if not pid or joined is None:
        return None
    inodes = runtime_truth.namespaces(cluster, [pid, joined])
    return pid if inodes.get(pid, {}).get("net") == inodes[joined]["net"] else None


def _end(cluster: Cluster) -> None:
    cluster.on_node(f"systemctl stop {GUEST} 2>/dev/null; true")
    cluster.remove_namespace(NAMESPACE)


def _is(answer: Json, pod: str, role: str | None, pid: int | None) -> None:
    """Checks what an answer says."""
    assert (answer["pod"] or {}).get("name") == pod, answer
    assert (answer["role"], answer["pid"]) == (role, pid), answer
    assert answer["knownBy"], answer


def test_processes(scene: Scene) -> None:
    _, app = scene.container("orphaned", "app")
    _, side = scene.container("orphaned", "side")
    for asked, role, pid in ((app, "container:app", app), (side, "container:side", side), (scene.pause("orphaned"), "pause", None)):
        for form in (asked, f"/proc/{asked}"):
            (answer,) = scene.answers(form)
            _is(answer, "orphaned", role, pid or scene.pause("orphaned"))
            assert answer["confidence"] == "certain"


def test_a_pid_inside_a_pod_may_be_that_of_several_containers(scene: Scene) -> None:
    _, app = scene.container("orphaned", "app")
    _, side = scene.container("orphaned", "side")
    answers = scene.answers(f"{NAMESPACE}/orphaned:1")
    roles = {(each["role"], each["pid"]) for each in answers}
    assert roles == {("pause", scene.pause("orphaned")), ("container:app", app), ("container:side", side)}
    (answer,) = scene.answers(f"{NAMESPACE}/shared:1")
    _is(answer, "shared", "pause", scene.pause("shared"))


@pytest.mark.parametrize("pod", PODS)
def test_zombies(scene: Scene, pod: str) -> None:
    pid, inside = scene.zombies[pod]
    _, parent = scene.container(pod, "app")
    answers = scene.answers(pid, f"{NAMESPACE}/{pod}:{inside}")
    assert len(answers) == 2
    for answer in answers:
        assert answer["pod"]["name"] == pod
        assert answer["pid"] == pid
        assert answer["role"] in ("process:app", "process") if pod == "shared" else answer["role"] == "process:app"
        assert any("zombie" in each and f"parent pid {parent} " in each for each in answer["knownBy"])
        assert answer["confidence"] == "certain"


def test_the_node_s_own_and_the_runtime_s(scene: Scene) -> None:
    kubelet = int(scene.cluster.on_node("systemctl show -p MainPID --value kubelet"))
    sandbox = scene.sandboxes["shared"].id
    shim = next(int(line.split()[0]) for line in scene.cluster.on_node(SHIMS, root=False).splitlines() if f"-id {sandbox}" in line)
    init, service, runtime = scene.answers(1, kubelet, shim)
    assert [each["role"] for each in (init, service)] == ["host", "host"]
    assert service["comm"] == "kubelet"
    _is(runtime, "shared", "runtime", shim)
    assert runtime["sandbox"] == sandbox


def test_a_stranger_is_a_member_of_namespaces(scene: Scene) -> None:
    (answer,) = scene.answers(scene.guest)
    _is(answer, "orphaned", "stranger", scene.guest)
    assert "net, ipc" in answer["knownBy"][0]
    assert GUEST in answer["knownBy"][1]


def test_ids_namespaces_addresses_interfaces_and_cgroups(scene: Scene) -> None:
    cluster, sandbox, pause = scene.cluster, scene.sandboxes["orphaned"].id, scene.pause("orphaned")
    app_id, app = scene.container("orphaned", "app")
    inodes = runtime_truth.namespaces(cluster, [pause, app])
    pins = dict(line.split() for line in cluster.on_node(PINS).splitlines())
    link = cluster.kubectl("exec", "-n", NAMESPACE, "orphaned", "-c", "app", "--", "cat", "/sys/class/net/eth0/iflink").strip()
    veth = cluster.on_node(f"grep -lx {link} /sys/class/net/*/ifindex").split("/")[4]
    paths = [line.split(":", 2)[2] for line in cluster.on_node(f"cat /proc/{pause}/cgroup").splitlines() if sandbox in line]
    ip = cluster.get("pod", "orphaned", "-n", NAMESPACE)["status"]["podIP"]
    net = inodes[pause]["net"]
    of_sandbox = [sandbox, sandbox[:10], f"containerd://{sandbox}", ip, veth, paths[0], f"/sys/fs/cgroup/pids{paths[0]}"]
    of_namespace = [net, f"net:[{net}]", f"/proc/{app}/ns/net", pins[str(net)], f"/var{pins[str(net)]}"]
    of_container = [app_id, app_id[:10], f"containerd://{app_id}"]
    own = f"mnt:[{inodes[app]['mnt']}]"
    answers = scene.answers(*of_sandbox, *of_namespace, *of_container, own)
    by_asked = {each["asked"]: each for each in answers}
    assert len(answers) == len(by_asked) == len(of_sandbox) + len(of_namespace) + len(of_container) + 1
    for role, asked, pid in (("sandbox", of_sandbox, pause), ("namespace", of_namespace, pause), ("container:app", of_container, app)):
        for each in asked:
            _is(by_asked[str(each)], "orphaned", role, pid)
    _is(by_asked[own], "orphaned", "namespace", app)
    assert by_asked[own]["container"] == "app"


def test_what_is_not_there_and_a_saved_moment(scene: Scene, tmp_path: Path) -> None:
    ended = scene.cluster.plugin("who", "4194304", str(scene.pause("shared")), "--node", scene.cluster.node)
    assert ended.code == 4
    assert "the pause process of pod" in ended.stdout
    assert ended.stderr.startswith("error: '4194304' is not found: no process 4194304 among ")
    file = tmp_path / "node.capture"
    assert scene.cluster.plugin("snapshot", scene.cluster.node, "-f", str(file)).code == 0
    asked = [str(scene.zombies["shared"][0]), scene.sandboxes["shared"].id, f"shared:{scene.zombies['shared'][1]}"]
    nowhere = {"KUBECONFIG": str(tmp_path / "no-kubeconfig")}
    saved = json.loads(scene.cluster.plugin("who", *asked, "-n", NAMESPACE, "--from", str(file), "-o", "json", environment=nowhere).stdout)
    live = scene.cluster.report("who", *asked, "-n", NAMESPACE, "--node", scene.cluster.node)
    assert saved["answers"] == live["answers"]
    assert len(saved["answers"]) == 3
