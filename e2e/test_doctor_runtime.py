"""Faults of a node's runtime: sandboxes made by another hand, images, file systems, limits, mounts and shims. The table goes on here.

Some of them keep every new process from starting, an exec too: they are undone by the exec that made them.
"""

from __future__ import annotations

import json
import re
import select
from typing import TYPE_CHECKING

import pytest

from e2e.patient import LIMIT_SILENT, SPACE, Patient, pod_of
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from e2e.access import Json

LIMIT_EXEC = 60
OWN_LIMIT = """mine=$(grep -E ':pids:|^0::' /proc/$(pidof containerd)/cgroup | head -n 1 | cut -d: -f3)
for place in /sys/fs/cgroup/pids$mine /sys/fs/cgroup$mine; do
	if [ -e $place/pids.max ]; then echo $place; break; fi
done"""
MAKING = """touch /run/pause-inspect-goes-on
n=100
while [ -e /run/pause-inspect-goes-on ] && [ $n -lt 400 ]; do
	n=$((n+1))
	cat >/run/pause-inspect-sandbox.json <<END
CONFIG
END
	crictl runp /run/pause-inspect-sandbox.json
	sleep 0.5
done"""
"""Goes on making sandboxes, and no more than three hundred."""
LOST = {"leaked": "ab" * 32, "unlisted": "cd" * 32}
"""Ids of what is made in the runtime's own namespace behind the back of its CRI."""


def in_background(patient: Patient, script: str) -> str:
    """What starts a script on the node, which is put there now."""
    patient.on_node(f"cat >/run/pause-inspect-script <<'END-OF-SCRIPT'\n{script}\nEND-OF-SCRIPT")
    return "setsid sh /run/pause-inspect-script >/run/pause-inspect-script.log 2>&1 </dev/null &"


def until_told(patient: Patient, make: str, undo: str) -> Callable[[], object]:
    """Make a fault, in an exec that goes on: what is answered lets it undo that. So does the end of the exec, whatever ends it."""
    process = patient.begin(f"{{ {make}; }} >/dev/null 2>&1 && echo made && read -r word; {{ {undo}; }} >/dev/null 2>&1; echo undone")
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], LIMIT_EXEC)
    assert ready, "the fault was not made in time"
    assert process.stdout.readline() == "made\n"

    def undone() -> None:
        said, _ = process.communicate("go\n", timeout=LIMIT_EXEC)
        assert said == "undone\n"

    return undone


@pytest.fixture(scope="module", autouse=True)
def lost(patient: Patient) -> Iterator[None]:
    """What has to be five minutes old is made first, and looked at last."""
    if patient.cluster.label == "without-crictl":
        yield
        return
    image = patient.on_node("ctr -n k8s.io images ls -q | grep busybox | head -n 1")
    for identifier in LOST.values():
        patient.on_node(f"ctr -n k8s.io run -d --null-io {image} {identifier} sleep 86400 >/dev/null 2>&1 </dev/null")
    patient.on_node(f"ctr -n k8s.io task kill -s KILL {LOST['leaked']}")
    yield
    for identifier in LOST.values():
        patient.on_node(f"ctr -n k8s.io task rm -f {identifier}; ctr -n k8s.io container rm {identifier}")


def sandbox_of(name: str, uid: str, attempt: int, parent: str) -> Json:
    """As a kubelet writes it."""
    labels = {"io.kubernetes.pod.uid": uid, "io.kubernetes.pod.name": name, "io.kubernetes.pod.namespace": SPACE}
    metadata = {"name": name, "namespace": SPACE, "uid": uid, "attempt": attempt}
    return {"metadata": metadata, "labels": labels, "log_directory": "/tmp", "linux": {"cgroup_parent": parent}}


def making(patient: Patient, name: str, uid: str, like: str) -> str:
    """A script that goes on making sandboxes of such a pod, which the kubelet ends again and again."""
    parent = patient.on_node(f"crictl inspectp {patient.sandbox(like)['id']} | grep -m1 cgroup_parent | cut -d'\"' -f4")
    config = json.dumps(sandbox_of(name, uid, 7, parent)).replace('"attempt": 7', '"attempt": $n')
    return in_background(patient, MAKING.replace("CONFIG", config))


def stop_making(patient: Patient) -> None:
    patient.on_node("rm -f /run/pause-inspect-goes-on")


def test_two_ready_sandboxes(patient: Patient) -> None:
    """The kubelet ends both within seconds; what makes them goes on."""
    patient.make("twice")
    uid = patient.sandbox("twice")["pod"]["uid"]
    with patient.fault("sandbox/two-ready", "twice", undone=lambda: stop_making(patient)):
        patient.on_node(making(patient, "twice", uid, "twice"))
    patient.remove("twice")


def test_a_sandbox_of_nobody(patient: Patient) -> None:
    """No finding, as the kubelet takes it down: the listing says that the API knows no such pod, and `check` counts it."""
    patient.make("model")
    patient.on_node(making(patient, "orphan", "11111111-2222-3333-4444-555555555555", "model"))

    def rows() -> list[str]:
        listed = patient.cluster.plugin("node", patient.cluster.node, "--no-headers").stdout.splitlines()
        return [line for line in listed if line.startswith(f"{SPACE}/orphan ")]

    wait_for("the orphan", lambda: rows() and all(row.endswith("not in API") for row in rows()), LIMIT_SILENT, 1, instead=rows)
    said = patient.cluster.plugin("check", patient.cluster.node).stdout
    assert re.search(r"sandboxes \(\d+ of pods that the API does not know\)", said), said
    stop_making(patient)
    wait_for("the kubelet to have collected it", lambda: not rows(), LIMIT_SILENT, 1, instead=rows)
    patient.remove("model")


def test_a_main_process_that_is_taken_out_of_its_cgroup(patient: Patient) -> None:
    patient.make("unlimited")
    pid = patient.sandbox("unlimited")["containers"][0]["pid"]
    with patient.fault("container/no-cgroup", "unlimited", undone=lambda: patient.remove("unlimited")):
        patient.on_node(f"for d in /sys/fs/cgroup /sys/fs/cgroup/*; do [ ! -e $d/cgroup.procs ] || echo {pid} >$d/cgroup.procs; done")


def test_a_network_namespace_that_is_mounted_on_itself(patient: Patient) -> None:
    """Told while all is well, and by the kubelet's words once it fails to take the pod down."""
    patient.make("pinned", spec={"terminationGracePeriodSeconds": 1})
    path = patient.netns("pinned")
    with patient.fault("netns/pinned", "pinned", undone=lambda: patient.take("netns/pinned")):
        patient.on_node(f"mount --bind {path} {path} && mount --bind {path} {path}")
    assert patient.netns("pinned") == path
    patient.remove("pinned")


def test_a_network_namespace_that_is_mounted_elsewhere(patient: Patient) -> None:
    """A private copy of the mounts keeps nothing; another path keeps the namespace, which nobody has then."""
    patient.make("kept")
    path = patient.netns("kept")
    with patient.fault(
        "namespace/outlived", undone=lambda: patient.on_node("umount /run/pause-inspect-kept; kill $(cat /run/pause-inspect-copy)")
    ):
        copy = "echo $$ >/run/pause-inspect-copy; exec sleep 600"
        patient.on_node(f"setsid unshare -m --propagation private sh -c '{copy}' >/dev/null 2>&1 </dev/null &")
        patient.on_node(f"touch /run/pause-inspect-kept && mount --bind {path} /run/pause-inspect-kept")
        patient.remove("kept")


def test_a_file_of_the_cni_cache_that_is_empty(patient: Patient) -> None:
    patient.make("uncached")
    name = patient.sandbox("uncached")["id"]
    with patient.fault("cni/cache-broken", undone=lambda: patient.remove("uncached")):
        patient.on_node(f"truncate -s 0 /var/lib/cni/results/*{name}*")


def test_a_pause_image_that_is_gone(patient: Patient) -> None:
    """`why` and `check` say so at once: their own pod cannot be made either, and its events tell."""
    image = patient.on_node("crictl images -o json | grep -o 'registry.k8s.io/pause:[0-9.]*' | head -n 1")
    assert image
    undo = f"ctr -n k8s.io images tag pause-inspect-pause {image}; ctr -n k8s.io images rm pause-inspect-pause"
    undone = until_told(patient, f"ctr -n k8s.io images tag {image} pause-inspect-pause; ctr -n k8s.io images rm {image}", undo)
    with patient.fault("image/pause-missing", stuck="no-pause", undone=undone):
        patient.make("no-pause", ready=False)
    patient.remove("no-pause")


def test_a_file_system_of_the_runtime_that_is_full(patient: Patient) -> None:
    """Of inodes, on /run: the node stays Ready, and no condition of it tells."""
    _, size, used, *_ = patient.on_node("df -i /run | tail -n 1").split()
    undone = until_told(patient, f"mount -o remount,nr_inodes={int(used) + 2} /run", f"mount -o remount,nr_inodes={size} /run")
    with patient.fault("disk/full", stuck="no-room", undone=undone):
        patient.make("no-room", ready=False)
    patient.remove("no-room")


def test_a_runtime_that_may_start_no_more_processes(patient: Patient) -> None:
    """Its own limit: the event says only that runc ended with exit status 2."""
    cgroup = patient.on_node(OWN_LIMIT)
    undone = until_told(patient, f"cat {cgroup}/pids.current >{cgroup}/pids.max", f"echo max >{cgroup}/pids.max")
    with patient.fault("pids/runtime-full", stuck="no-process", undone=undone):
        patient.make("no-process", ready=False)
    patient.remove("no-process")


def test_a_name_that_the_runtime_keeps(patient: Patient) -> None:
    """A kubelet that is started anew asks again for a sandbox that is still being made, behind a network plugin that hangs."""
    with patient.fault("sandbox/name-reserved", stuck="again", undone=patient.let_plugin_go):
        patient.have_plugin_hang()
        patient.make("again", ready=False)
        wait_for("the plugin to hang", lambda: patient.why("again") == "cni/hung", LIMIT_SILENT, 1)
        patient.on_node(in_background(patient, "systemctl restart kubelet"))
    patient.remove("again")


def test_shims_of_what_no_list_has(patient: Patient) -> None:
    """Made when this module began: for five minutes they may be a sandbox in the making."""
    node = f"node {patient.cluster.node}"
    wanted = [("shim/leaked", node), ("shim/unlisted", node)]
    wait_for("both", lambda: sorted(patient.findings()) == wanted, 400, 5, instead=patient.findings)


def test_a_list_that_is_too_large(patient: Patient) -> None:
    """Finished pods whose annotations fill more than one message may hold: the kubelet sees no pod any more."""
    pods: list[Json] = []
    for number in range(70):
        pod = pod_of(f"large-{number}", patient.cluster.node, {"hostNetwork": True, "restartPolicy": "Never"}, {"command": ["true"]})
        pod["metadata"]["annotations"] = {"example.org/large": "x" * 250_000}
        pods.append(pod)

    def undo() -> None:
        patient.cluster.kubectl(
            "delete", "pods", "-n", SPACE, "--force", "--grace-period=0", *(pod["metadata"]["name"] for pod in pods[:-1])
        )
        patient.on_node("for id in $(crictl pods --state notready -q); do crictl rmp $id; done")

    with patient.fault("node/list-too-large", stuck="large-69", undone=undo):
        for pod in pods:
            patient.cluster.kubectl("create", "-f", "-", stdin=json.dumps(pod))
        said = wait_for("`check` to say so, too", patient.findings, LIMIT_SILENT, 1)
        assert said == [("node/list-too-large", f"node {patient.cluster.node}")]
    patient.remove("large-69")
