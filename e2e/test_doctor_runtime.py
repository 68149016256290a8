"""Faults of a node's runtime: sandboxes made by another hand, a missing image, mounts, cgroups and shims. The table goes on here.

Five minutes more than a lane of CI has: make e2e T=e2e/test_doctor_runtime.py
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from e2e.patient import LIMIT_SILENT, SPACE, Patient, in_background, until_told
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.access import Json

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


@pytest.fixture(scope="module", autouse=True)
def lost(patient: Patient) -> Iterator[None]:
    """What has to be five minutes old is made first, and looked at last."""
    image = patient.on_node("ctr -n k8s.io images ls -q | grep busybox | head -n 1")
    patient.apart |= {"shim/leaked", "shim/unlisted"}
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


def test_shims_of_what_no_list_has(patient: Patient) -> None:
    """Made when this module began: for five minutes they may be a sandbox in the making."""

    def seen() -> list[str]:
        return sorted(finding["code"] for finding in patient.documents() if finding["code"] in patient.apart)

    wait_for("both", lambda: seen() == ["shim/leaked", "shim/unlisted"], 400, 5, instead=seen)
