"""Faults that may take more of a node with them than is meant (containerd itself ends where it gets no thread), for a cluster to spare:

make e2e T=e2e/test_doctor_by_hand.py. No lane of CI has these.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from e2e.patient import LIMIT_SILENT, SPACE, Patient, in_background, pod_of, until_told
from tests.waiting import wait_for

if TYPE_CHECKING:
    from e2e.access import Json

OWN_LIMIT = """mine=$(grep -E ':pids:|^0::' /proc/$(pidof containerd)/cgroup | head -n 1 | cut -d: -f3)
for place in /sys/fs/cgroup/pids$mine /sys/fs/cgroup$mine; do
	if [ -e $place/pids.max ]; then echo $place; break; fi
done"""


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
