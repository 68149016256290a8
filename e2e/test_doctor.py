"""Faults made on a real node, each undone again: what `check` and `why` say of them, how soon, and that they are silent after. A table.

A pod with root's rights makes them, in the node's own namespaces. They are those of which nothing else tells, or tells too late.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from e2e.patient import LIMIT_SEEN, LIMIT_SILENT, SPACE, Patient
from tests.waiting import wait_for

if TYPE_CHECKING:
    from e2e.access import Json


def test_a_network_namespace_that_was_unmounted(patient: Patient) -> None:
    patient.make("no-ip")
    path = patient.netns("no-ip")
    with patient.fault("sandbox/no-ip", "no-ip", undone=lambda: patient.remove("no-ip")):
        patient.on_node(f"umount {path}")


def test_the_node_s_own_network_over_a_pod_s(patient: Patient) -> None:
    patient.make("over")
    path = patient.netns("over")
    with patient.fault("netns/of-node", "over", undone=lambda: patient.on_node(f"umount {path}")):
        patient.on_node(f"mount --bind /proc/1/ns/net {path}")
    assert [holder for holder in patient.sandbox("over")["namespaces"]["net"]["heldBy"] if holder.startswith("/")] == [path]
    patient.remove("over")


def test_a_shim_that_died_suddenly(patient: Patient) -> None:
    """containerd calls its containers exited, and kills none of them; the kubelet makes others beside them."""
    patient.make("ghost")
    shim = patient.shim("ghost")
    with patient.fault("container/ghost", "ghost", undone=lambda: patient.remove("ghost")):
        patient.on_node(f"kill -9 {shim}")


def test_a_shim_that_is_stopped(patient: Patient) -> None:
    patient.make("deaf")
    shim = patient.shim("deaf")
    with patient.fault("shim/stopped", "deaf", undone=lambda: patient.on_node(f"kill -CONT {shim}")):
        patient.on_node(f"kill -STOP {shim}")
    patient.remove("deaf")


def test_a_volume_that_somebody_works_in(patient: Patient) -> None:
    """The pod is over and stays, without any event, until that process has ended."""
    volume: Json = {"volumes": [{"name": "memory", "emptyDir": {"medium": "Memory"}}], "terminationGracePeriodSeconds": 1}
    patient.make("stays", spec=volume, container={"volumeMounts": [{"name": "memory", "mountPath": "/memory"}]})
    uid = patient.cluster.get("pod", "stays", "-n", SPACE)["metadata"]["uid"]
    place = f"/var/lib/kubelet/pods/{uid}/volumes/kubernetes.io~empty-dir/memory"
    at_work = f"cd {place} && echo $$ >/run/pause-inspect-at-work && exec sleep 900"
    with patient.fault("pod/volume-busy", "stays", undone=lambda: patient.on_node("kill $(cat /run/pause-inspect-at-work)")):
        patient.on_node(f"setsid sh -c '{at_work}' >/dev/null 2>&1 </dev/null &")
        patient.cluster.kubectl("delete", "pod", "stays", "-n", SPACE, "--wait=false")
    patient.cluster.kubectl("wait", "--for=delete", "pod/stays", "-n", SPACE, "--timeout=150s")


def test_a_plugin_that_is_gone(patient: Patient) -> None:
    """Without any pod that waits for it."""
    plugin = patient.plugin()
    with patient.fault("cni/no-binary", undone=lambda: patient.on_node(f"mv /opt/cni/away-{plugin} /opt/cni/bin/{plugin}")):
        patient.on_node(f"mv /opt/cni/bin/{plugin} /opt/cni/away-{plugin}")


def test_a_plugin_that_hangs(patient: Patient) -> None:
    with patient.fault("cni/hung", stuck="waits", undone=patient.let_plugin_go):
        patient.have_plugin_hang()
        patient.make("waits", ready=False)
    patient.remove("waits")


def test_no_free_address(patient: Patient) -> None:
    """Every address of the node's range is leased to somebody that is not there."""
    place = "$(dirname $(find /run/cni-ipam-state /var/lib/cni/networks -name last_reserved_ip.0 2>/dev/null | head -n 1))"
    patient.make("gives-the-range")
    one = patient.sandbox("gives-the-range")["ips"][0].rpartition(".")[0]
    leases = f"cd {place} && for n in $(seq 1 254); do [ -e {one}.$n ] || printf 'pause-inspect\\r\\neth0' >{one}.$n; done"
    ends = f"cd {place} && grep -l ^pause-inspect {one}.* | xargs rm -f"
    with patient.fault("ipam/full", stuck="no-address", undone=lambda: patient.on_node(ends)):
        patient.on_node(leases)
        patient.make("no-address", ready=False)
    patient.remove("no-address")
    patient.remove("gives-the-range")


def test_a_lease_that_a_sandbox_left(patient: Patient) -> None:
    place = "$(dirname $(find /run/cni-ipam-state /var/lib/cni/networks -name last_reserved_ip.0 2>/dev/null | head -n 1))"
    patient.make("has-a-lease")
    address = patient.sandbox("has-a-lease")["ips"][0].rpartition(".")[0] + ".253"
    with patient.fault("ipam/stale", undone=lambda: patient.on_node(f"rm {place}/{address}")):
        patient.on_node(f"cd {place} && printf '{'ab' * 32}\\r\\neth0' >{address} && touch -d @$(($(date +%s) - 600)) {address}")
    patient.remove("has-a-lease")


def test_the_network_of_a_fresh_pod_in_one_row(patient: Patient) -> None:
    """Its host end by its number is the node's own word: a veth of a pod is gone with it."""
    patient.make("in-the-ledger")
    sandbox = patient.sandbox("in-the-ledger")
    ended = patient.cluster.plugin("node", patient.cluster.node, "-o", "network", "--no-headers")
    assert ended.code == 0, ended.stderr
    rows = [re.split(r" {2,}", line) for line in ended.stdout.splitlines()]
    ((_, address, veth, lease, netns),) = [row for row in rows if row[0] == f"{SPACE}/in-the-ledger"]
    assert address == ",".join(sandbox["ips"])
    assert netns == f"{sandbox['namespaces']['net']['inode']} {patient.netns('in-the-ledger')}"
    number, other_end = patient.on_node(f"cat /sys/class/net/{veth}/ifindex /sys/class/net/{veth}/iflink").split()
    script = "cat /sys/class/net/eth0/iflink /sys/class/net/eth0/ifindex"
    assert patient.cluster.kubectl("exec", "-n", SPACE, "in-the-ledger", "--", "sh", "-c", script).split() == [number, other_end]
    network, _, leased = lease.partition(" (")[0].partition("/")
    assert leased == sandbox["ips"][0]
    said = patient.on_node(
        f"head -n 1 /run/cni-ipam-state/{network}/{leased} 2>/dev/null || head -n 1 /var/lib/cni/networks/{network}/{leased}"
    )
    assert said.strip() == sandbox["id"]
    patient.remove("in-the-ledger")

    def left() -> set[str]:
        after = patient.cluster.plugin("node", patient.cluster.node, "-o", "network", "--no-headers").stdout
        return {veth, netns} & {cell for line in after.splitlines() for cell in re.split(r" {2,}", line)}

    wait_for("its veth and its namespace to be gone", lambda: not left(), LIMIT_SILENT, 1, instead=left)


def test_no_network_and_one_that_is_moved_back(patient: Patient) -> None:
    """containerd hears of a file that is written, and not of one that is moved in, which a copy from another file system is not."""
    away, back = (
        "mkdir -p /etc/cni/pause-inspect-away && mv /etc/cni/net.d/* /etc/cni/pause-inspect-away/",
        "mv /etc/cni/pause-inspect-away/* /etc/cni/net.d/",
    )
    written = "cd /etc/cni/net.d && for f in *.conf*; do cat $f >/run/pause-inspect-one && cat /run/pause-inspect-one >$f; done"
    try:
        patient.on_node(away)
        began = time.monotonic()
        node = f"node {patient.cluster.node}"
        wait_for("cni/no-config", lambda: ("cni/no-config", node) in patient.findings(), LIMIT_SEEN, 1, instead=patient.findings)
        patient.rows.append(("cni/no-config", "check", node, f"{time.monotonic() - began:.1f} s", "-"))
        with patient.fault("cni/not-reloaded", undone=lambda: patient.on_node(written)):
            patient.on_node(back)
    finally:
        patient.on_node(f"{back} 2>/dev/null; {written}; rm -rf /etc/cni/pause-inspect-away /run/pause-inspect-one")


def test_a_kubelet_that_is_stopped(patient: Patient) -> None:
    """Told by its lease, with no wait for an inspector pod. It is put back by the node itself: nothing goes through a stopped kubelet."""
    patient.make("left-alone")
    stop = "p=$(systemctl show -p MainPID --value kubelet); (sleep 2; kill -STOP $p; sleep 75; kill -CONT $p) >/dev/null 2>&1 &"
    patient.on_node(f"setsid sh -c '{stop}'")
    began = time.monotonic()
    wait_for("kubelet/silent", lambda: patient.why("left-alone") == "kubelet/silent", 70, 1)
    asked = time.monotonic()
    assert patient.why("left-alone") == "kubelet/silent"
    took = time.monotonic() - asked
    wait_for("the kubelet to be back", lambda: patient.why("left-alone") is None, LIMIT_SILENT, 1)
    patient.rows.append(("kubelet/silent", "why", "left-alone", f"{asked - began:.1f} s", f"asked: {took:.1f} s"))
    patient.remove("left-alone")
