"""The join on recorded nodes: what was true of each pod when the node was recorded, by the notes taken there, is what the report says.

See `report_lines.line` for how a line is read.
"""

from __future__ import annotations

import pytest

from kubectl_pause import notes
from kubectl_pause.facts.kernel.process import NAMESPACE_TYPES
from kubectl_pause.inspect_node import inspect_capture
from tests.nodes.report_lines import collected, kind_with_api, lines, recorded_report, sandbox_of, table
from tests.recorded_nodes import NODES, _archive, recorded_capture

CONTAINERD_16 = table("""
default/crashing#0          328d2f55fc7fc ready    pause:980  | PPPPHPHH | app:exited
default/created-only#0      92464e4dae87f ready    pause:1758 | PPPPHPHH | app:created
default/done#0              fee0f5beed2e6 notready none       | -------- | app:exited
default/guaranteed#0        4cb3d37bb09d8 ready    pause:1340 | PPPPHPHH | app:running:1386:PPPoHoHH
default/host-network#0      77eca8a1cc7d6 ready    pause:569  | HPHPHPHH | app:running:616:HPHoHoHH
default/host-pid-ipc#0      f2e869e5145c3 ready    pause:681  | PHPHHPHH | app:running:728:PHPHHoHH
default/pause-killed#0      3deae6110eb40 notready none       | P------- | app:running:1878:P??oHoHH
default/sandbox-recreated#1 b73c613ac1342 ready    pause:1646 | PPPPHPHH | app:running:1693:PPPoHoHH
*default/sandbox-recreated#0 e9637b3349a47 notready none      | -------- | app:exited
default/shared-pid#0        91bfc7c2def70 ready    pause:315  | PPPPHPHH | app:running:358:PPPPHoHH orphans:running:408:PPPPHoHH
default/web#0               12c27ffb1206c ready    pause:92   | PPPPHPHH | app:running:192:PPPoHoHH setup:exited \
    sidecar:running:248:PPPoHoHH
default/zombies#0           c447bec59f1f5 ready    pause:476  | PPPPHPHH | app:running:521:PPPoHoHH
kube-system/etcd-node-v16#0 c37d12756fd98 ready    pause:1231 | HPHPHPHH | etcd:running:1275:HPHoHoHH
""")
CONTAINERD_17 = table("""
default/crashing#0          83ee5d021b0a5 ready    pause:1001 | PPPPHPHH | app:exited
default/created-only#0      798c99c710c0a ready    pause:1802 | PPPPHPHH | app:created
default/done#0              402d47338796f notready none       | -------- | app:exited
default/guaranteed#0        727f4bdabe625 ready    pause:1368 | PPPPHPHH | app:running:1414:PPPoHoHH
default/host-network#0      ccca452475401 ready    pause:579  | HPHPHPHH | app:running:625:HPHoHoHH
default/host-pid-ipc#0      01a745fac0037 ready    pause:693  | PHPHHPHH | app:running:739:PHPHHoHH
default/pause-killed#0      07fae0b2dcbf4 notready none       | P------- | app:running:1921:P??oHoHH
default/sandbox-recreated#1 8667909088cb1 ready    pause:1686 | PPPPHPHH | app:running:1734:PPPoHoHH
*default/sandbox-recreated#0 9e1f9f9c51310 notready none      | -------- | app:exited
default/shared-pid#0        0fda13d8ee3f4 ready    pause:326  | PPPPHPHH | app:running:371:PPPPHoHH orphans:running:417:PPPPHoHH
default/web#0               886e9608d9cf8 ready    pause:99   | PPPPHPHH | app:running:214:PPPoHoHH setup:exited \
    sidecar:running:257:PPPoHoHH
default/zombies#0           4d53f11a9d4ed ready    pause:487  | PPPPHPHH | app:running:530:PPPoHoHH
kube-system/etcd-node-v17#0 50067fc859763 ready    pause:1260 | HPHPHPHH | etcd:running:1303:HPHoHoHH
""")
CRIO = table("""
kube-system/node-agent-v8k2p#0     57343336272c8 ready    none      | HPP----- | agent:running:755:HPPoHoHH
kube-system/static-web-crio-node#0 b7dd46b8c43b2 ready    none      | PPP----- | web:running:1237:PPPoHoHH
ops/inspector-hostpid#0            ea2794a3e9381 ready    none      | PHP----- | shell:running:857:PHPHHoHH
shop/batch-job-tq4zn#0             ad39da7ec41ab ready    none      | PPP----- | bad:exited good:exited
shop/restarted-0#1                 1a313ffa670ac ready    none      | PPP----- | app:running:1531:PPPoHoHH
*shop/restarted-0#0                d17cb66e3c47d notready none      | -------- | app:exited
shop/shared-pid#0                  c3477e0c23cd2 ready    pause:577 | PPPPHPHH | forgetful:running:613:PPPPHoHH \
    orphaner:running:668:PPPPHoHH
shop/userns-pod#0                  c48b6a344eb2b ready    none      | PPP-P--- | app:running:1347:PPPoPoHH
shop/web-6d5f9c7b8-x2x7k#0         69682a3da607b ready    none      | PPP----- | app:running:313:PPPoHoHH sidecar:running:367:PPPoHoHH
""")
KEPT_INFRA = table("""
shop/web-6d5f9c7b8-n5r9w#0 680abb15a2f68 ready pause:2759 | PPPPHPHH | app:running:2800:PPPoHoHH sidecar:running:2854:PPPoHoHH
""")
KIND = table("""
default/crashing#0          61637cb94f5a0 ready    pause:121298 | PPPPHPHH | app:exited
default/done#0              398ffb6e85f4d notready none         | -------- | app:exited
default/host-network#0      b96ee0a4099cd ready    pause:121072 | HPHPHPHH | app:running:121305:HPHoHoHH
default/host-pid-ipc#0      6bad83d0c2700 ready    pause:121073 | PHPHHPHH | app:running:121433:PHPHHoHH
default/missing-image#0     857e530e2eeba ready    pause:121440 | PPPPHPHH | app:waiting
default/nginx#0             7bf6d56440f23 ready    pause:830    | PPPPHPHH | app:running:955:PPPoHoHH side:running:1031:PPPoHoHH
default/sandbox-recreated#1 6311a006c375f ready    pause:122180 | PPPPHPHH | app:running:122204:PPPoHoHH
*default/sandbox-recreated#0 f0e26b7fe1dcc notready none        | -------- | app:exited
default/shared#0            558f269c52677 ready    pause:904    | PPPPHPHH | app:running:984:PPPPHoHH
default/shared-pid#0        46fb844dc325e ready    pause:121070 | PPPPHPHH | app:running:121478:PPPPHoHH
default/web#0               829c0f551b887 ready    pause:121019 | PPPPHPHH | init/setup:exited app:running:121675:PPPoHoHH \
    sidecar:running:121744:PPPoHoHH ephemeral/dbg:running:121891:PPP=HoHH
default/zombie#0            3cb7ec516d459 ready    pause:921    | PPPPHPHH | app:running:963:PPPoHoHH
default/zombies#0           ccb7009db08bc ready    pause:121071 | PPPPHPHH | app:running:121441:PPPoHoHH
kube-system/etcd-pi-control-plane#0                    92ae31caab1db ready pause:403 | HPHPHPHH | etcd:running:471:HPHoHoHH
kube-system/kube-apiserver-pi-control-plane#0          ffdd097cfdb8b ready pause:399 | HPHPHPHH | kube-apiserver:running:518:HPHoHoHH
kube-system/kube-controller-manager-pi-control-plane#0 3183b99629f71 ready pause:398 | HPHPHPHH | \
    kube-controller-manager:running:519:HPHoHoHH
kube-system/kube-proxy-xjvs8#0                         dce288b802962 ready pause:710 | HPHPHPHH | kube-proxy:waiting
kube-system/kube-scheduler-pi-control-plane#0          2c22faf10e04b ready pause:417 | HPHPHPHH | kube-scheduler:running:520:HPHoHoHH
""")


@pytest.mark.parametrize(
    ("node", "truth"),
    [
        ("containerd-1.6.20", CONTAINERD_16),
        ("containerd-1.7.24", CONTAINERD_17),
        ("crio-1.34.11", CRIO),
        ("crio-1.34.11-infra", CRIO[:8] + KEPT_INFRA + CRIO[8:]),
    ],
)
def test_the_report_is_the_truth_that_was_noted_when_the_node_was_recorded(node, truth):
    report = recorded_report(node)
    assert lines(report) == truth
    assert report.sources.crictl is not None
    assert report.sources.bundles
    assert not report.sources.notes


def test_kind_with_the_api_s_pods_knows_kinds_of_containers_and_static_pods():
    report = inspect_capture(kind_with_api(), "-")
    assert (report.name, report.cgroup, report.kernel) == ("pi-control-plane", "hybrid", "6.18.0")
    assert lines(report) == KIND
    static = [each.pod.name for each in report.sandboxes if each.pod.kind == "static"]
    assert static == [f"{name}-pi-control-plane" for name in ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")]
    assert all(each.pod.phase for each in report.sandboxes)
    debugger = next(each for each in sandbox_of(report, "web").containers if each.name == "dbg")
    assert debugger.namespaces is not None
    assert debugger.namespaces["pid"].sharing == "container:app"


@pytest.mark.parametrize(("node", "truth"), [("containerd-1.6.20", CONTAINERD_16), ("containerd-1.7.24", CONTAINERD_17)])
def test_containerd_s_bundles_alone_tell_all_but_attempts_and_what_has_ended(node, truth):
    told = []
    for each in truth:
        name, rest = each.split("#", 1)
        front, namespaces, containers = rest[2:].split(" | ")
        if " notready " in front and "running" not in containers:
            continue
        running = " ".join(word for word in containers.split() if ":running:" in word) or "-"
        if name == "default/pause-killed":  # its sandbox has no bundle any more: only its container's tells of it
            front, namespaces, running = front.replace("notready", "?"), "--------", running.replace(":P??o", ":???o")
        told.append(f"{name}#? {front} | {namespaces} | {running}")
    report = recorded_report(node, crictl=False)
    assert lines(report) == told
    assert report.sources.crictl is None
    assert [each.created_at for each in report.sandboxes if each.created_at] == []


@pytest.mark.parametrize(("node", "truth"), [("crio-1.34.11", CRIO), ("crio-1.34.11-infra", CRIO[:8] + KEPT_INFRA + CRIO[8:])])
def test_cri_o_s_bundles_alone_tell_all_but_how_things_ended(node, truth):
    told = [each.replace(":exited", ":unknown").replace(" notready ", " ? ") for each in truth]
    assert lines(recorded_report(node, crictl=False)) == told


@pytest.mark.parametrize(
    ("node", "crictl"), [("kind-containerd-2.2.9", True), *((node, crictl) for node in NODES[1:] for crictl in (True, False))]
)
def test_every_inode_is_the_one_that_readlink_gave_on_the_node(node, crictl):
    links = {
        name.split("/")[1]: dict(row.split(" ", 1) for row in data.decode().splitlines())
        for name, data in _archive(node).items()
        if name.startswith("proc/") and name.endswith("/ns")
    }
    checked = 0
    for sandbox in recorded_report(node, crictl=crictl).sandboxes:
        held = [(sandbox.pid, sandbox.namespaces)] + [(each.pid, each.namespaces or {}) for each in sandbox.containers]
        for pid, namespaces in held:
            for kind, namespace in namespaces.items() if pid else ():
                assert links[str(pid)][kind] == f"{kind}:[{namespace.inode}]", (sandbox.pod.name, pid, kind)
                checked += 1
    assert checked >= 80


@pytest.mark.parametrize("crictl", [True, False])
@pytest.mark.parametrize(
    ("pod", "uuid", "net", "ipc", "uts"),
    [  # the pins that the node's own listing showed, by the last digits of their inodes
        ("web-6d5f9c7b8-x2x7k", "47329783", 533112, 533111, 533110),
        ("node-agent-v8k2p", "5ccde319", 532665, 534657, 534656),
        ("inspector-hostpid", "4f344f67", 534661, 532663, 534660),
        ("batch-job-tq4zn", "67b9cc9c", 534735, 534734, 534733),
        ("restarted-0", "4c738a94", 534808, 534807, 534806),
        ("static-web-crio-node", "e4902325", 534883, 534882, 534881),
        ("userns-pod", "64b7d18f", 534959, 534958, 534957),
    ],
)
def test_cri_o_without_an_infra_container_is_known_by_its_pins(  # noqa: PLR0917 (a row of the table)
    pod, uuid, net, ipc, uts, crictl
):
    sandbox = sandbox_of(recorded_report("crio-1.34.11", crictl=crictl), pod)
    assert (sandbox.holder, sandbox.pid, sandbox.holder_command) == ("none", None, None)
    for kind, digits in (("net", net), ("ipc", ipc), ("uts", uts)):
        namespace = sandbox.namespaces[kind]
        assert namespace.inode == 4026000000 + digits
        assert any(path.startswith(f"/run/{kind}ns/{uuid}") for path in namespace.held_by)
    assert notes.INFRA_DROPPED in sandbox.notes


@pytest.mark.parametrize("crictl", [True, False])
def test_a_stopped_sandbox_is_not_alive_again_because_its_inode_numbers_were_given_to_the_next(crictl):
    old = sandbox_of(recorded_report("crio-1.34.11", crictl=crictl), "restarted-0", current=False)
    assert all(namespace.inode is None and not namespace.held_by for namespace in old.namespaces.values())
    assert old.state != "ready"
    assert notes.INFRA_DROPPED not in old.notes
    assert notes.OLDER in old.notes


def test_a_sandbox_whose_pause_was_killed_says_so_and_keeps_its_network():
    killed = sandbox_of(recorded_report("containerd-1.6.20"), "pause-killed")
    assert killed.notes == [notes.PAUSE_GONE]
    assert [path for path in killed.namespaces["net"].held_by if path.startswith("/run/netns/cni-")]
    assert sandbox_of(recorded_report("containerd-1.6.20", crictl=False), "pause-killed").notes == [notes.PAUSE_GONE]
    assert sandbox_of(recorded_report("containerd-1.6.20"), "done").notes == [notes.STOPPED]


@pytest.mark.parametrize("crictl", [True, False])
@pytest.mark.parametrize("node", ["containerd-1.6.20", "crio-1.34.11", "crio-1.34.11-infra"])
def test_nothing_is_wrong_with_a_healthy_pod(node, crictl):
    report = recorded_report(node, crictl=crictl)
    assert report.findings == []
    assert report.leftover_namespaces == []
    assert {sandbox.pod.name for sandbox in report.sandboxes if sandbox.findings} <= {"pause-killed"}
    assert not any(sandbox.strangers for sandbox in report.sandboxes)
    assert sandbox_of(report, "shared-pid").notes == []


def test_namespaces_are_always_all_eight_in_one_order():
    for name in ("with-crictl", "without-crictl"):
        for sandbox in inspect_capture(collected(name), "-").sandboxes:
            assert tuple(sandbox.namespaces) == NAMESPACE_TYPES
            assert all(tuple(each.namespaces) == NAMESPACE_TYPES for each in sandbox.containers if each.namespaces)


def test_the_same_capture_gives_the_same_report():
    first, second = (inspect_capture(recorded_capture("crio-1.34.11-infra"), "-") for _ in range(2))
    assert first == second
