"""Two captures of one kind node by this program's own collector, a second apart, once with crictl and once without.

The truth was written down from `crictl pods`, `ps`, `inspectp`, `inspect` and `readlink /proc/PID/ns/*` on the node at that moment.
"""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_pause.inspect_node import inspect_capture
from tests.nodes.report_lines import as_json, collected, lines, sandbox_of, table

NODE = "pause-inspect-e2e-control-plane"
TRUTH = table(
    """
default/nginx#0            fd3ef603011d5 ready    pause:1219 | PPPPHPHH | init/setup:exited web:running:1288:PPPoHoHH \
    side:running:1319:PPPoHoHH
default/rec-crashing#0     8d30d1f3f420c ready    pause:4838 | PPPPHPHH | app:exited
default/rec-done#0         dc7979c00d0ef notready none       | -------- | app:exited
default/rec-host-network#0 4b23b6d17f234 ready    pause:4728 | HPHPHPHH | app:running:4945:HPHoHoHH
default/rec-host-pid-ipc#0 63272385a242c ready    pause:4792 | PHPHHPHH | app:running:5027:PHPHHoHH
default/rec-nginx#0        f856e413a61df ready    pause:4674 | PPPPHPHH | init/setup:exited nginx:running:5240:PPPoHoHH \
    sidecar:running:5298:PPPoHoHH
default/rec-no-image#0     8cdc0a09aaefc ready    pause:4926 | PPPPHPHH | app:waiting
default/rec-recreated#1    e9d55f9ba8d7c ready    pause:5593 | PPPPHPHH | app:running:5617:PPPoHoHH
*default/rec-recreated#0   f4df8cd491ddd notready none       | -------- | app:exited
default/rec-shared-pid#0   40c060a33d9bd ready    pause:4730 | PPPPHPHH | app:running:4951:PPPPHoHH other:running:5184:PPPPHoHH
kube-system/etcd-NODE#0                    892ffb6234d16 ready pause:388  | HPHPHPHH | etcd:running:552:HPHoHoHH
kube-system/kube-apiserver-NODE#0          9867a657b16a6 ready pause:400  | HPHPHPHH | kube-apiserver:running:501:HPHoHoHH
kube-system/kube-controller-manager-NODE#0 80763f1752060 ready pause:417  | HPHPHPHH | kube-controller-manager:running:500:HPHoHoHH
kube-system/kube-scheduler-NODE#0          d516b025877cd ready pause:424  | HPHPHPHH | kube-scheduler:running:536:HPHoHoHH
kube-system/priv#0                         50e6a19b0bf3d ready pause:2629 | HPHHHPHH | c:running:2654:HPHHHoHH
""".replace("NODE", NODE)
)

INODES = {  # readlink /proc/PID/ns/TYPE: net ipc uts pid user mnt cgroup time
    1: "4026532432 4026532505 4026532504 4026532506 4026531837 4026532503 4026532507 4026531834",
    4674: "4026532627 4026533301 4026533300 4026533302 4026531837 4026533299 4026532507 4026531834",
    5240: "4026532627 4026533301 4026533300 4026533338 4026531837 4026533335 4026532507 4026531834",
    5298: "4026532627 4026533301 4026533300 4026533334 4026531837 4026533331 4026532507 4026531834",
    4730: "4026532871 4026533308 4026533307 4026533309 4026531837 4026533306 4026532507 4026531834",
    4951: "4026532871 4026533308 4026533307 4026533309 4026531837 4026533332 4026532507 4026531834",
    4728: "4026532432 4026533304 4026532504 4026533305 4026531837 4026533303 4026532507 4026531834",
    5027: "4026533013 4026532505 4026533311 4026532506 4026531837 4026533333 4026532507 4026531834",
    388: "4026532432 4026532509 4026532504 4026532510 4026531837 4026532508 4026532507 4026531834",
    552: "4026532432 4026532509 4026532504 4026532527 4026531837 4026532526 4026532507 4026531834",
}


def test_with_crictl_the_report_is_what_the_runtime_itself_said():
    report = inspect_capture(collected("with-crictl"), "-")
    assert lines(report) == TRUTH
    assert report.pods_without_sandbox == []
    assert (report.name, report.os, report.cgroup) == (NODE, "Debian GNU/Linux 12 (bookworm)", "hybrid")
    assert report.runtime is not None
    assert (report.runtime.name, report.runtime.version) == ("containerd", "2.2.9")
    assert report.sources.crictl is not None
    assert report.sources.crictl.socket == "/run/containerd/containerd.sock"


def test_without_crictl_all_is_the_same_but_attempts_and_what_has_ended():
    report = inspect_capture(collected("without-crictl"), "-")
    assert lines(report) == [each.replace("#0", "#?").replace("#1", "#?") for each in TRUTH if " notready " not in each]
    assert report.sources.crictl is None
    [done] = report.pods_without_sandbox
    assert (done.pod.name, done.pod.phase) == ("rec-done", "Succeeded")
    assert [(each.name, each.state, each.reason) for each in done.containers] == [("app", "exited", "Completed")]


@pytest.mark.parametrize("name", ["with-crictl", "without-crictl"])
def test_inodes_are_those_of_readlink(name):
    seen: dict[int, str] = {}
    for sandbox in inspect_capture(collected(name), "-").sandboxes:
        for pid, namespaces in [(sandbox.pid, sandbox.namespaces), *((each.pid, each.namespaces) for each in sandbox.containers)]:
            if pid and namespaces:
                seen[pid] = " ".join(str(each.inode) for each in namespaces.values())
    assert {pid: seen[pid] for pid in INODES if pid != 1} == {pid: told for pid, told in INODES.items() if pid != 1}


def test_both_ways_give_one_report_apart_from_what_only_crictl_knows():
    with_it: Any = as_json(inspect_capture(collected("with-crictl"), "-"))
    without: Any = as_json(inspect_capture(collected("without-crictl"), "-"))
    for report in (with_it, without):
        for key in ("capturedAt", "seconds", "sources", "pids", "podsWithoutSandbox"):
            report.pop(key)
        report["sandboxes"] = [each for each in report["sandboxes"] if each["state"] == "ready"]
        for sandbox in report["sandboxes"]:
            sandbox.pop("attempt")
            sandbox.pop("createdAt")
    assert with_it == without


def test_what_the_kubelet_says_of_a_container_stands_beside_its_state():
    report = inspect_capture(collected("with-crictl"), "-")
    told = {pod: (each.state, each.reason, each.restarts) for pod in ("rec-no-image", "rec-crashing", "rec-recreated")
            for each in sandbox_of(report, pod).containers}  # fmt: skip
    assert told == {
        "rec-no-image": ("waiting", "ImagePullBackOff", 0),
        "rec-crashing": ("exited", "Error", 3),
        "rec-recreated": ("running", None, 1),
    }


@pytest.mark.parametrize("name", ["with-crictl", "without-crictl"])
def test_the_inspector_s_own_pods_are_no_part_of_the_report(name):
    capture = collected(name)
    raw = b"".join(section.content for section in capture.sections.values()) + b"".join(each.config for each in capture.bundles)
    assert b'"pause-inspect-' in raw
    report = inspect_capture(capture, "-")
    named = [each.pod.name for each in report.sandboxes] + [each.pod.name for each in report.pods_without_sandbox]
    assert not [pod for pod in named if pod.startswith("pause-inspect-")]
