"""`zombies --watch`: what was made to happen under a real pause, and what was said of it; and no trace instance is left behind."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pytest

from e2e.access import BUSYBOX, LIMIT_RUN, Cluster, Json
from tests.waiting import wait_for

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

NAMESPACE = "pause-inspect-watch"
KEEPER = "keeper"
LONG = ("--for", "90s")
"""So long a watch ends by itself, where what is waited for never comes."""
INTERRUPTED = (130, "error: interrupted by SIGINT; the inspector pods are deleted\n")
ORPHANS = 107
EACH = 249
"""With their parent as many as one container may have: systemd gives a scope 15 % of a node's tasks, 2048 where that is a container."""
INSTANCES = "readlink /proc/1/ns/pid; ls /sys/kernel/tracing/instances"
"""All nodes of one machine share its kernel's; a name of ours ends with the PID namespace of its node."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A cluster with the pods of this file: `adopts`, whose two containers share pause's PID namespace, and a keeper of the node."""

    cluster: Cluster
    started: list[subprocess.Popen[str]]

    def start(self, *words: str, pod: str = "adopts") -> Watching:
        """A watch of a pod that is on by now."""
        process = self.cluster.start("zombies", pod, "-n", NAMESPACE, "--watch", "--debug-namespace", NAMESPACE, *words)
        self.started.append(process)
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first, process.communicate(timeout=LIMIT_RUN)
        return Watching(process, json.loads(first))

    def inside(self, script: str, container: str = "one", pod: str = "adopts") -> str:
        """A shell script run in a container."""
        return self.cluster.kubectl("exec", "-n", NAMESPACE, pod, "-c", container, "--", "sh", "-c", script)

    def on_node(self, script: str) -> str:
        """A shell script run in the node's own mount namespace."""
        return self.cluster.kubectl("exec", "-n", NAMESPACE, KEEPER, "--", "nsenter", "-t", "1", "-m", "/bin/sh", "-c", script)

    def instances(self) -> list[str]:
        """Trace instances of ours that are there, of this node."""
        space, *names = self.on_node(INSTANCES).split()
        return [name for name in names if name.startswith("kpi-") and name.endswith(f"-{space.strip('pid:[]')}")]

    def burst(self) -> None:
        """In each container a parent that waits for nothing ends, and pause is handed all of its zombies at one instant, and itself."""
        forgetful = f"for i in $(seq {EACH}); do sleep 0.3 & done; exec sleep 3"
        for container in ("one", "two"):
            self.inside(f"setsid sh -c '{forgetful}' >/dev/null 2>&1 &", container)


@dataclass(slots=True)
class Watching:
    """A run of the plugin that has said its first line."""

    process: subprocess.Popen[str]
    first: Json

    def once(self, shows: Callable[[Json], bool]) -> tuple[int, list[Json], str]:
        """Interrupted when a line shows what is meant, however long that takes to happen: as `finish`, the lines until then too."""
        process, lines = self.process, []
        assert process.stdout is not None
        assert process.stderr is not None
        for text in process.stdout:
            lines.append(json.loads(text))
            if shows(lines[-1]):
                break
        process.send_signal(signal.SIGINT)
        lines += [json.loads(text) for text in process.stdout]
        return process.wait(LIMIT_RUN), lines, process.stderr.read()

    def finish(self, number: signal.Signals | None = None) -> tuple[int, list[Json], str]:
        """Exit code, the lines after the first, stderr."""
        if number:
            self.process.send_signal(number)
        stdout, stderr = self.process.communicate(timeout=LIMIT_RUN)
        return self.process.returncode, [json.loads(line) for line in stdout.splitlines()], stderr


def _pod(name: str, containers: list[str], **more: object) -> Json:
    made = [{"name": each, "image": BUSYBOX, "command": ["sleep", "86400"]} for each in containers]
    spec = {"terminationGracePeriodSeconds": 0, "tolerations": [{"operator": "Exists"}], "containers": made, **more}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec}


@pytest.fixture(scope="module")
def scene(running: dict[str, Cluster], label: str) -> Iterator[Scene]:
    cluster = running[label]
    cluster.make_namespace(NAMESPACE)
    keeper = _pod(KEEPER, ["keeper"], hostPID=True)
    keeper["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    pods = [
        _pod("adopts", ["one", "two"], shareProcessNamespace=True),
        _pod("ends", ["one"], shareProcessNamespace=True),
        _pod("alone", ["one"]),
        keeper,
    ]
    for pod in pods:
        pod["spec"]["nodeName"] = cluster.node
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": pods}))
    wait_for(f"[{label}] the pods to watch", partial(_ready, cluster, len(pods)))
    scene = Scene(cluster, [])
    yield scene
    for process in scene.started:  # one of a test that failed may still be on
        process.kill()
        process.communicate(timeout=LIMIT_RUN)
    cluster.remove_namespace(NAMESPACE)


def _ready(cluster: Cluster, number: int) -> bool:
    told = [pod["status"].get("containerStatuses") or [{}] for pod in cluster.get("pods", "-n", NAMESPACE)["items"]]
    return len(told) == number and all(status.get("ready") for statuses in told for status in statuses)


def test_reaps_are_counted_and_a_forged_signal_is_told_apart(scene: Scene) -> None:
    watching = scene.start(*LONG)
    assert (watching.first["kind"], watching.first["source"]) == ("start", "tracefs")
    scene.inside(f"for i in $(seq {ORPHANS}); do (sleep 0.5 &) ; done; kill -CHLD 1")
    code, lines, stderr = watching.once(lambda line: any((pause["signals"] or 0) > ORPHANS for pause in line.get("pauses", ())))
    assert (code, stderr) == INTERRUPTED
    end = lines[-1]
    (pause,) = end["pauses"]
    assert (end["kind"], end["complete"], end["exact"], end["lost"]) == ("end", True, True, 0)
    assert (pause["reaped"], pause["forged"], pause["signals"]) == (ORPHANS, 1, ORPHANS + 1)
    assert [line["kind"] for line in lines[:-1]] == ["tick"] * len(lines[:-1])
    assert scene.instances() == []


def test_five_hundred_at_one_instant_are_five_hundred(scene: Scene) -> None:
    watching = scene.start(*LONG)
    scene.burst()
    _, lines, _ = watching.once(lambda line: any((pause["reaped"] or 0) >= 2 * EACH + 2 for pause in line.get("pauses", ())))
    (pause,) = lines[-1]["pauses"]
    assert (pause["reaped"], pause["forged"], lines[-1]["exact"]) == (500, 0, True)


def test_lost_events_are_told_and_the_number_is_not_called_exact(scene: Scene) -> None:
    watching = scene.start(*LONG, "--trace-buffer-kb", "4")
    scene.burst()
    _, lines, _ = watching.once(lambda line: line.get("lost", 0) > 0)
    end = lines[-1]
    assert end["lost"] > 0
    assert not end["exact"]
    assert end["pauses"][0]["reapedAny"]


def test_a_pause_to_which_no_orphan_comes(scene: Scene) -> None:
    watching = scene.start("--for", "2s", pod="alone")
    code, lines, _ = watching.finish()
    (pause,) = lines[-1]["pauses"]
    assert (code, pause["adopts"], pause["reaped"], pause["reapedAny"]) == (0, False, 0, False)


def test_without_tracefs_the_counters_say_less(scene: Scene) -> None:
    watching = scene.start(*LONG, "--no-tracefs")
    assert (watching.first["source"], watching.first["reason"]) == ("counters", "tracefs was not to be used")
    scene.inside("for i in 1 2 3; do (sleep 0.2 &) ; done")
    code, lines, _ = watching.once(lambda line: any(pause["reapedAny"] for pause in line.get("pauses", ())))
    (pause,) = lines[-1]["pauses"]
    assert (code, pause["reaped"], pause["forged"], pause["reapedAny"], lines[-1]["exact"]) == (130, None, None, True, False)
    assert pause["runs"] > 0


def test_where_tracefs_is_refused_the_counters_are_watched(scene: Scene) -> None:
    """The node's tracefs is made read-only, for the node alone."""
    place = "/sys/kernel/tracing"
    scene.on_node(f"mount --bind {place} {place} && mount -o remount,bind,ro {place}")
    try:
        watching = scene.start(*LONG)
        scene.inside("kill -CHLD 1")
        code, lines, _ = watching.once(lambda line: any(pause["runs"] for pause in line.get("pauses", ())))
    finally:
        scene.on_node(f"umount {place}")
    assert (watching.first["source"], watching.first["reason"]) == ("counters", "the kernel refused a trace instance")
    (pause,) = lines[-1]["pauses"]
    assert (code, pause["reapedAny"]) == (130, None), "it ran, and no child's fault came: a forged signal, or a child without a fault"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_ends_the_watch_with_its_numbers(scene: Scene, number: signal.Signals) -> None:
    watching = scene.start()
    scene.inside("(sleep 0.1 &)")
    wait_for("the instance", scene.instances)
    code, lines, stderr = watching.finish(number)
    assert scene.instances() == []
    assert scene.cluster.leftovers(NAMESPACE) == []
    assert code == 128 + number
    assert stderr == f"error: interrupted by {number.name}; the inspector pods are deleted\n"
    assert (lines[-1]["kind"], lines[-1]["complete"], lines[-1]["pauses"][0]["reaped"]) == ("end", True, 1)


def test_after_kill_9_of_the_client_the_watcher_takes_its_instance_away(scene: Scene) -> None:
    watching = scene.start()
    assert scene.instances() != []
    watching.process.kill()
    watching.process.communicate(timeout=LIMIT_RUN)
    wait_for("no instance", lambda: scene.instances() == [], 10)
    _remove_inspectors(scene.cluster)


def test_after_kill_9_of_all_on_the_node_the_next_run_removes_the_instance(scene: Scene) -> None:
    watching = scene.start()
    (instance,) = scene.instances()
    main = instance.split("-")[1]
    # By the mount namespace: it is the container's own.
    scene.on_node(
        f"m=$(readlink /proc/{main}/ns/mnt); for p in /proc/[0-9]*; do [ $(readlink $p/ns/mnt) = $m ] && kill -9 ${{p#/proc/}}; done; true"
    )
    code, lines, stderr = watching.finish()
    assert (code, lines[-1]["complete"]) == (1, False)
    assert len(stderr.splitlines()) == 2
    assert scene.instances() == [instance]
    scene.start("--for", "1s").finish()
    assert scene.instances() == []


def test_kill_9_of_the_main_shell_alone_leaves_nothing(scene: Scene) -> None:
    watching = scene.start()
    (instance,) = scene.instances()
    scene.on_node(f"kill -9 {instance.split('-')[1]}")
    wait_for("no instance", lambda: scene.instances() == [], 10)
    watching.finish(signal.SIGINT)


def test_a_pod_that_ends_while_it_is_watched_ends_the_watch(scene: Scene) -> None:
    watching = scene.start(pod="ends")
    scene.cluster.kubectl("delete", "pod", "-n", NAMESPACE, "ends", "--grace-period=0", "--force")
    code, lines, stderr = watching.finish()
    assert (code, stderr, lines[-1]["complete"]) == (0, "", True)
    assert [each["gone"] for each in lines[-1]["pauses"]] == [True]


def test_pods_that_come_and_go_are_named(scene: Scene) -> None:
    cluster = scene.cluster
    watching = scene.cluster.start("zombies", "--node", cluster.node, "--watch", "--for", "60s")
    try:
        assert watching.stdout is not None
        assert json.loads(watching.stdout.readline())["kind"] == "start"
        cluster.kubectl("run", "late", "-n", NAMESPACE, f"--image={BUSYBOX}", "--restart=Never", "--", "sleep", "600")
        came = next(line for line in map(json.loads, watching.stdout) if f"{NAMESPACE}/late" in line.get("came", []))
        assert (came["kind"], came["node"]) == ("pods", cluster.node)
        cluster.kubectl("delete", "pod", "late", "-n", NAMESPACE, "--grace-period=0", "--force")
        went = next(line for line in map(json.loads, watching.stdout) if f"{NAMESPACE}/late" in line.get("went", []))
        assert (went["kind"], went["node"]) == ("pods", cluster.node)
    finally:
        watching.send_signal(signal.SIGINT)
        watching.communicate(timeout=60)


def test_a_pod_that_is_not_there(scene: Scene) -> None:
    ended = scene.cluster.plugin("zombies", "no-such-pod", "-n", NAMESPACE, "--watch", "--for", "2s")
    assert (ended.code, ended.stdout) == (1, "")
    assert "no-such-pod" in ended.stderr


def _remove_inspectors(cluster: Cluster) -> None:
    for name in cluster.leftovers(NAMESPACE):
        cluster.kubectl("delete", name, "-n", NAMESPACE, "--grace-period=0", "--force")
